/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_type_is_per_cpu (EbpfMapType map_type);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_type_holds_maps (EbpfMapType map_type);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_type_holds_programs (EbpfMapType map_type);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_type_needs_no_prealloc (EbpfMapType map_type);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_type_has_no_max_entries (EbpfMapType map_type);

EBPF_AVAILABLE_IN_ALL
char *ebpf_sanitize_name (const char *text);

G_END_DECLS
