/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MAP_CURSOR (ebpf_map_cursor_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfMapCursor, ebpf_map_cursor, EBPF, MAP_CURSOR, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfMapCursor *ebpf_map_cursor_new (EbpfMap *map);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_cursor_get_map (EbpfMapCursor *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_cursor_is_at_end (EbpfMapCursor *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_map_cursor_rewind (EbpfMapCursor *self);

G_END_DECLS
