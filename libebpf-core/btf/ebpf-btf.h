/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

#define EBPF_TYPE_BTF (ebpf_btf_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfBtf, ebpf_btf, EBPF, BTF, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_new_from_bytes (GBytes *bytes, EbpfBtf *base, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_new_from_path (const char *path, EbpfBtf *base, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_get_kernel (GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_btf_drop_kernel (void);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_get_base (EbpfBtf *self);

EBPF_AVAILABLE_IN_ALL
EbpfByteOrder ebpf_btf_get_byte_order (EbpfBtf *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_get_n_types (EbpfBtf *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_get_first_id (EbpfBtf *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_btf_has_layout (EbpfBtf *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_btf_get_type_by_id (EbpfBtf *self, guint id);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_find (EbpfBtf *self, const char *name, EbpfBtfKind kind, GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_btf_find_unique (EbpfBtf *self, const char *name, EbpfBtfKind kind, GError **error);

EBPF_AVAILABLE_IN_ALL
guint *ebpf_btf_find_all (EbpfBtf *self, const char *name, gsize *n_ids);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_btf_find_type (EbpfBtf *self, const char *name, EbpfBtfKind kind, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_btf_get_bytes (EbpfBtf *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_btf_encode (EbpfBtf *self, EbpfByteOrder byte_order);

EBPF_AVAILABLE_IN_ALL
char *ebpf_btf_dump_c (EbpfBtf *self,
                       const guint *ids,
                       gsize n_ids,
                       EbpfBtfDumpFlags flags,
                       GError **error);

G_END_DECLS
