/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map-snapshot.h"

G_BEGIN_DECLS

/* Entries as they come: keys and values, these in the kernel's form, in one slab each. */
typedef struct
{
  guint8 *keys;
  guint8 *values;
  gsize key_size;
  gsize value_size;
  guint n_entries;
  guint capacity;
} EbpfMapSlab;

/* FALSE with errno: what is there stays. */
gboolean ebpf_map_slab_reserve (EbpfMapSlab *slab, guint capacity);
void ebpf_map_slab_clear (EbpfMapSlab *slab);

/* Takes what is in @slab and leaves it empty. NULL with @error where the driver cannot unpack. */
EbpfMapSnapshot *ebpf_map_snapshot_new (EbpfMap *map, EbpfMapSlab *slab, GError **error);

G_END_DECLS
