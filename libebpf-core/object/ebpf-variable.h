/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_VARIABLE (ebpf_variable_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfVariable, ebpf_variable, EBPF, VARIABLE, GObject)

EBPF_AVAILABLE_IN_ALL
const char *ebpf_variable_get_name (EbpfVariable *self);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_variable_get_map (EbpfVariable *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_variable_get_size (EbpfVariable *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_variable_get_read_only (EbpfVariable *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_variable_get_btf_type (EbpfVariable *self);

EBPF_AVAILABLE_IN_ALL
const char *const *ebpf_variable_get_tags (EbpfVariable *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_variable_get_bytes (EbpfVariable *self, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_variable_set_bytes (EbpfVariable *self, GBytes *bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_variable_get_value (EbpfVariable *self, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_variable_set_value (EbpfVariable *self, GVariant *value, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_variable_read_raw (EbpfVariable *self, gpointer data, gsize size, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_variable_write_raw (EbpfVariable *self, gconstpointer data, gsize size, GError **error);

G_END_DECLS
