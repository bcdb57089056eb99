/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MAP_SNAPSHOT (ebpf_map_snapshot_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfMapSnapshot, ebpf_map_snapshot, EBPF, MAP_SNAPSHOT, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_snapshot_get_map (EbpfMapSnapshot *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_snapshot_get_n_entries (EbpfMapSnapshot *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_snapshot_get_keys (EbpfMapSnapshot *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_snapshot_get_values (EbpfMapSnapshot *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_snapshot_get_key_size (EbpfMapSnapshot *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_snapshot_get_value_stride (EbpfMapSnapshot *self);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_snapshot_get_key (EbpfMapSnapshot *self, guint index, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_snapshot_get_value (EbpfMapSnapshot *self, guint index, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_snapshot_to_variant (EbpfMapSnapshot *self, GError **error);

G_END_DECLS
