/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "asm/ebpf-assembler.h"
#include "asm/ebpf-insn-private.h"

G_BEGIN_DECLS

typedef struct
{
  guint32 insn;
  char *map_name; /* owned by the array that holds it */
} EbpfAssemblerReference;

/* The code with its jumps resolved, and the 64-bit loads that wait for a map's fd. */
gboolean ebpf_assembler_finish (EbpfAssembler *self,
                                GArray **insns,      /* of EbpfInsn */
                                GArray **references, /* of EbpfAssemblerReference */
                                GError **error);

G_END_DECLS
