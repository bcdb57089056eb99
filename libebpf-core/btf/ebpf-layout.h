/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

#define EBPF_TYPE_LAYOUT (ebpf_layout_get_type ())

EBPF_AVAILABLE_IN_ALL
GType ebpf_layout_get_type (void) G_GNUC_CONST;

EBPF_AVAILABLE_IN_ALL
EbpfLayout *ebpf_layout_new (EbpfBtfType *type, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfLayout *ebpf_layout_ref (EbpfLayout *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_layout_unref (EbpfLayout *self);

EBPF_AVAILABLE_IN_ALL
gsize ebpf_layout_get_size (EbpfLayout *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_layout_get_n_fields (EbpfLayout *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_layout_get_field_name (EbpfLayout *self, guint index);

EBPF_AVAILABLE_IN_ALL
EbpfLayoutFormat ebpf_layout_get_field_format (EbpfLayout *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_layout_get_field_offset (EbpfLayout *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_layout_get_field_size (EbpfLayout *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_layout_get_field_count (EbpfLayout *self, guint index);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_layout_get_field_is_array (EbpfLayout *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_layout_get_field_bit_offset (EbpfLayout *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_layout_get_field_bit_size (EbpfLayout *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfLayout, ebpf_layout_unref)

G_END_DECLS
