/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "asm/ebpf-insn-private.h"

G_BEGIN_DECLS

/* Writes one instruction, of one slot or of two, as the kernel's verifier does in its log. */
void ebpf_insn_print (GString *text, const EbpfInsn *insn, gint64 immediate);

G_END_DECLS
