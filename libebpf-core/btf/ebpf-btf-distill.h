/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_distill (EbpfBtf *self, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_relocate (EbpfBtf *self, EbpfBtf *base, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_permute (EbpfBtf *self, const guint *order, gsize n_order, GError **error);

G_END_DECLS
