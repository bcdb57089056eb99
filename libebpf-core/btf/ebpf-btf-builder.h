/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf.h"

G_BEGIN_DECLS

#define EBPF_TYPE_BTF_BUILDER (ebpf_btf_builder_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfBtfBuilder, ebpf_btf_builder, EBPF, BTF_BUILDER, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfBtfBuilder *ebpf_btf_builder_new (void);

EBPF_AVAILABLE_IN_ALL
EbpfBtfBuilder *ebpf_btf_builder_new_split (EbpfBtf *base);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_builder_get_base (EbpfBtfBuilder *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_get_n_types (EbpfBtfBuilder *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_builder_add_string (EbpfBtfBuilder *self,
                                      const char *string,
                                      guint *offset,
                                      GError **error);

/* numbers */

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_int (EbpfBtfBuilder *self,
                                const char *name,
                                guint size,
                                EbpfBtfIntEncoding encoding,
                                GError **error);

EBPF_AVAILABLE_IN_ALL
guint
ebpf_btf_builder_add_float (EbpfBtfBuilder *self, const char *name, guint size, GError **error);

/* what refers to another type */

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_pointer (EbpfBtfBuilder *self, guint type_id, GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_typedef (EbpfBtfBuilder *self,
                                    const char *name,
                                    guint type_id,
                                    GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_const (EbpfBtfBuilder *self, guint type_id, GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_volatile (EbpfBtfBuilder *self, guint type_id, GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_restrict (EbpfBtfBuilder *self, guint type_id, GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_type_tag (EbpfBtfBuilder *self,
                                     const char *value,
                                     guint type_id,
                                     GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_type_attribute (EbpfBtfBuilder *self,
                                           const char *value,
                                           guint type_id,
                                           GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_array (EbpfBtfBuilder *self,
                                  guint element_id,
                                  guint index_id,
                                  guint n_elements,
                                  GError **error);

/* lists, begun here and filled with what follows each */

EBPF_AVAILABLE_IN_ALL
guint
ebpf_btf_builder_add_struct (EbpfBtfBuilder *self, const char *name, guint size, GError **error);

EBPF_AVAILABLE_IN_ALL
guint
ebpf_btf_builder_add_union (EbpfBtfBuilder *self, const char *name, guint size, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_builder_add_member (EbpfBtfBuilder *self,
                                      const char *name,
                                      guint type_id,
                                      guint bit_offset,
                                      guint bit_size,
                                      GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_forward (EbpfBtfBuilder *self,
                                    const char *name,
                                    EbpfBtfKind kind,
                                    GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_enum (EbpfBtfBuilder *self,
                                 const char *name,
                                 guint size,
                                 gboolean is_signed,
                                 GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_enum64 (EbpfBtfBuilder *self,
                                   const char *name,
                                   guint size,
                                   gboolean is_signed,
                                   GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_builder_add_enumerator (EbpfBtfBuilder *self,
                                          const char *name,
                                          gint64 value,
                                          GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_prototype (EbpfBtfBuilder *self, guint return_id, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_builder_add_parameter (EbpfBtfBuilder *self,
                                         const char *name,
                                         guint type_id,
                                         GError **error);

/* what has a place in a program */

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_function (EbpfBtfBuilder *self,
                                     const char *name,
                                     guint prototype_id,
                                     EbpfBtfLinkage linkage,
                                     GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_variable (EbpfBtfBuilder *self,
                                     const char *name,
                                     guint type_id,
                                     EbpfBtfLinkage linkage,
                                     GError **error);

EBPF_AVAILABLE_IN_ALL
guint
ebpf_btf_builder_add_section (EbpfBtfBuilder *self, const char *name, guint size, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_builder_add_section_entry (EbpfBtfBuilder *self,
                                             guint type_id,
                                             guint offset,
                                             guint size,
                                             GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_declaration_tag (EbpfBtfBuilder *self,
                                            const char *value,
                                            guint type_id,
                                            int component,
                                            GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_add_declaration_attribute (EbpfBtfBuilder *self,
                                                  const char *value,
                                                  guint type_id,
                                                  int component,
                                                  GError **error);

/* copies */

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_copy_type (EbpfBtfBuilder *self, EbpfBtfType *type, GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_builder_copy_all (EbpfBtfBuilder *self, EbpfBtf *btf, GError **error);

/* the result */

EBPF_AVAILABLE_IN_ALL
void ebpf_btf_builder_set_layout (EbpfBtfBuilder *self, gboolean has_layout);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_btf_builder_encode (EbpfBtfBuilder *self, EbpfByteOrder byte_order, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_builder_build (EbpfBtfBuilder *self, GError **error);

G_END_DECLS
