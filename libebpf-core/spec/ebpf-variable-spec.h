/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_VARIABLE_SPEC (ebpf_variable_spec_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfVariableSpec, ebpf_variable_spec, EBPF, VARIABLE_SPEC, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfVariableSpec *ebpf_variable_spec_new (const char *name,
                                          const char *section,
                                          guint offset,
                                          GBytes *value,
                                          EbpfBtfType *btf_type);

EBPF_AVAILABLE_IN_ALL
EbpfVariableSpec *ebpf_variable_spec_copy (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_variable_spec_get_name (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_variable_spec_get_section (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_variable_spec_get_offset (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_variable_spec_get_size (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_variable_spec_get_constant (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_variable_spec_get_btf_type (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
const char *const *ebpf_variable_spec_get_tags (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_variable_spec_get_bytes (EbpfVariableSpec *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_variable_spec_set_bytes (EbpfVariableSpec *self, GBytes *bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_variable_spec_get_value (EbpfVariableSpec *self, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_variable_spec_set_value (EbpfVariableSpec *self, GVariant *value, GError **error);

G_END_DECLS
