/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map-cursor.h"

G_BEGIN_DECLS

struct _EbpfMapCursor
{
  GObject parent_instance;

  EbpfMap *map;
  /* Where the next batch starts: a key or the number of a bucket; twice, for in and out. Without batch
   * calls, the last key. */
  guint8 *token;
  gsize token_size;
  gboolean has_token;
  gboolean by_key;
  gboolean at_end;
};

void ebpf_map_cursor_set_at_end (EbpfMapCursor *self);

G_END_DECLS
