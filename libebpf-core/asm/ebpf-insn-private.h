/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "sys/ebpf-abi-private.h"

G_BEGIN_DECLS

/* One slot of code in the host's byte order, as the kernel takes it. A 64-bit immediate load is
 * two. */
typedef struct
{
  guint8 code;
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  guint8 dst : 4;
  guint8 src : 4;
#else
  guint8 src : 4;
  guint8 dst : 4;
#endif
  gint16 off;
  gint32 imm;
} EbpfInsn;

G_STATIC_ASSERT (sizeof (EbpfInsn) == 8);

/* src of a 64-bit immediate load (BPF_LD | BPF_IMM | BPF_DW) and of a call. */
enum
{
  EBPF_PSEUDO_MAP_FD = 1,
  EBPF_PSEUDO_MAP_VALUE = 2,
  EBPF_PSEUDO_BTF_ID = 3,
  EBPF_PSEUDO_FUNC = 4,
  EBPF_PSEUDO_MAP_IDX = 5,
  EBPF_PSEUDO_MAP_IDX_VALUE = 6,

  EBPF_PSEUDO_CALL = 1,
  EBPF_PSEUDO_KFUNC_CALL = 2,
};

#define EBPF_OP_LDIMM64 (BPF_LD | BPF_IMM | BPF_DW)
#define EBPF_OP_CALL (BPF_JMP | BPF_CALL)
#define EBPF_OP_EXIT (BPF_JMP | BPF_EXIT)

static inline gboolean
ebpf_insn_is_ldimm64 (const EbpfInsn *insn)
{
  return insn->code == EBPF_OP_LDIMM64;
}

/* A bpf-to-bpf call. */
static inline gboolean
ebpf_insn_is_call (const EbpfInsn *insn)
{
  return insn->code == EBPF_OP_CALL && insn->src == EBPF_PSEUDO_CALL;
}

/* Reads @n instructions of a file in the given byte order into the host's. */
void ebpf_insn_decode (EbpfInsn *dest, gconstpointer src, gsize n, gboolean swapped);

G_END_DECLS
