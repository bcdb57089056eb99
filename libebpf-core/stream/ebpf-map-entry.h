/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MAP_ENTRY (ebpf_map_entry_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfMapEntry, ebpf_map_entry, EBPF, MAP_ENTRY, GObject)

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_entry_get_key (EbpfMapEntry *self);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_entry_get_value (EbpfMapEntry *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_entry_dup_key_bytes (EbpfMapEntry *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_entry_dup_value_bytes (EbpfMapEntry *self);

EBPF_AVAILABLE_IN_ALL
char *ebpf_map_entry_dup_key_text (EbpfMapEntry *self);

EBPF_AVAILABLE_IN_ALL
char *ebpf_map_entry_dup_value_text (EbpfMapEntry *self);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_entry_get_field (EbpfMapEntry *self, const char *name);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_entry_get_number (EbpfMapEntry *self, const char *name, double *number);

EBPF_AVAILABLE_IN_ALL
int ebpf_map_entry_compare (EbpfMapEntry *self, EbpfMapEntry *other, const char *name);

EBPF_AVAILABLE_IN_ALL
int ebpf_map_entry_compare_keys (EbpfMapEntry *self, EbpfMapEntry *other);

G_END_DECLS
