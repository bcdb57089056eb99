/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-core-relocation-private.h"

G_BEGIN_DECLS

/* Finds what CO-RE looks at in a kernel's BTF, and makes one that has nothing else. Relocations
 * come out the same against either, but for ids of types, which are those of the BTF. */
typedef struct _EbpfBtfMinimizer EbpfBtfMinimizer;
EbpfBtfMinimizer *ebpf_btf_minimizer_new (EbpfBtf *kernel);
void ebpf_btf_minimizer_free (EbpfBtfMinimizer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfBtfMinimizer, ebpf_btf_minimizer_free)

gboolean ebpf_btf_minimizer_add (EbpfBtfMinimizer *self,
                                 EbpfBtf *local,
                                 const EbpfCoreRelo *relo,
                                 GError **error);

EbpfBtf *ebpf_btf_minimizer_finish (EbpfBtfMinimizer *self, GError **error);

G_END_DECLS
