/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"
#include "object/ebpf-map.h"

G_BEGIN_DECLS

#define EBPF_TYPE_STRUCT_OPS_LINK (ebpf_struct_ops_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfStructOpsLink, ebpf_struct_ops_link, EBPF, STRUCT_OPS_LINK, EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfStructOpsLink *ebpf_struct_ops_link_new (EbpfMap *map, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_struct_ops_link_get_map (EbpfStructOpsLink *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_struct_ops_link_update_map (EbpfStructOpsLink *self, EbpfMap *map, GError **error);

G_END_DECLS
