/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

#define EBPF_TYPE_BTF_TYPE (ebpf_btf_type_get_type ())

EBPF_AVAILABLE_IN_ALL
GType ebpf_btf_type_get_type (void) G_GNUC_CONST;

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_btf_type_ref (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_btf_type_unref (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_type_get_btf (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_id (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfKind ebpf_btf_type_get_kind (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_btf_type_get_name (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
gint64 ebpf_btf_type_get_size (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_target_id (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_btf_type_resolve (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_n_members (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_btf_type_get_member_name (EbpfBtfType *self, guint index);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_btf_type_get_member_type (EbpfBtfType *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_member_bit_offset (EbpfBtfType *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_member_bit_size (EbpfBtfType *self, guint index);

EBPF_AVAILABLE_IN_ALL
gint64 ebpf_btf_type_get_member_value (EbpfBtfType *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_n_elements (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_member_size (EbpfBtfType *self, guint index);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_index_id (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfIntEncoding ebpf_btf_type_get_int_encoding (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_int_bits (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_int_bit_offset (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfLinkage ebpf_btf_type_get_linkage (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
int ebpf_btf_type_get_component (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_type_get_kind_flag (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_type_get_alignment (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_type_is_signed (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfKind ebpf_btf_type_get_declared_kind (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
char **ebpf_btf_type_list_tags (EbpfBtfType *self, int component);

EBPF_AVAILABLE_IN_ALL
char *ebpf_btf_type_to_declaration (EbpfBtfType *self, const char *name);

EBPF_AVAILABLE_IN_ALL
char *ebpf_btf_type_to_c_definition (EbpfBtfType *self, GError **error);

EBPF_AVAILABLE_IN_ALL
char *ebpf_btf_type_get_variant_type_string (EbpfBtfType *self);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_btf_type_to_variant (EbpfBtfType *self, GBytes *bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_btf_type_from_variant (EbpfBtfType *self, GVariant *variant, GError **error);

EBPF_AVAILABLE_IN_ALL
char *ebpf_btf_type_format (EbpfBtfType *self, GBytes *bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
char *ebpf_btf_type_format_full (EbpfBtfType *self,
                                 GBytes *bytes,
                                 EbpfFormatFlags flags,
                                 gsize *n_bytes,
                                 GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *
ebpf_btf_type_to_variant_raw (EbpfBtfType *self, gconstpointer data, gsize size, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_type_from_variant_raw (EbpfBtfType *self,
                                         GVariant *variant,
                                         gpointer data,
                                         gsize size,
                                         GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfBtfType, ebpf_btf_type_unref)

G_END_DECLS
