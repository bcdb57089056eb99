/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MAP_MODEL (ebpf_map_model_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfMapModel, ebpf_map_model, EBPF, MAP_MODEL, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfMapModel *ebpf_map_model_new (EbpfMap *map, guint interval);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_model_get_map (EbpfMapModel *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_model_get_interval (EbpfMapModel *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_model_set_interval (EbpfMapModel *self, guint interval);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_model_refresh (EbpfMapModel *self, GError **error);

G_END_DECLS
