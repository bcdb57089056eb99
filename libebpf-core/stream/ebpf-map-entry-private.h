/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "stream/ebpf-map-entry.h"

G_BEGIN_DECLS

/* What entries of one map have in common, so that each takes little memory. */
typedef struct
{
  EbpfMap *map;
  gsize key_size;
  gsize value_size; /* in the kernel's form */
} EbpfMapEntryShape;

struct _EbpfMapEntry
{
  GObject parent_instance;

  EbpfMapEntryShape *shape; /* g_rc_box */
  guint8 *data;             /* key and value */
  GVariant *key;            /* decoded when asked for */
  GVariant *value;
  guint position;   /* in the model */
  guint generation; /* when it was last seen */
};

EbpfMapEntryShape *ebpf_map_entry_shape_new (EbpfMap *map);
void ebpf_map_entry_shape_unref (EbpfMapEntryShape *shape);

EbpfMapEntry *ebpf_map_entry_new (EbpfMapEntryShape *shape, gconstpointer key, gconstpointer value);

/* Whether the value was another one; tells everybody who listens then. */
gboolean ebpf_map_entry_update (EbpfMapEntry *self, gconstpointer value);

G_END_DECLS
