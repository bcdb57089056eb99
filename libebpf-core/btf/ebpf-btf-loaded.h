/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
int ebpf_btf_load (EbpfBtf *self, GError **error);

EBPF_AVAILABLE_IN_ALL
guint *ebpf_btf_list_ids (gsize *n_ids, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_new_from_id (guint id, EbpfBtf *base, GError **error);

EBPF_AVAILABLE_IN_ALL
char **ebpf_btf_list_kernel_modules (GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_get_kernel_module (const char *name, GError **error);

G_END_DECLS
