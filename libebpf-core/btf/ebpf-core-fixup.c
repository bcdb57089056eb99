/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-core-spec-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* What the verifier must not see alive: dead code may keep it. */
static void
poison (EbpfInsn *insn)
{
  gboolean is_load = ebpf_insn_is_ldimm64 (insn);

  memset (insn, 0, is_load ? 2 * sizeof *insn : sizeof *insn);
  if (is_load)
    {
      insn->code = EBPF_OP_LDIMM64;
      insn->dst = BPF_REG_10;
      insn->imm = EBPF_CORE_POISON_LOAD;
    }
  else
    {
      insn->code = EBPF_OP_CALL;
      insn->imm = EBPF_CORE_POISON_CALL;
    }
}

static gboolean
set_mismatch (GError **error, guint64 found, guint64 expected)
{
  ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                  "the instruction holds %" G_GINT64_FORMAT
                  " where its type information says %" G_GINT64_FORMAT,
                  (gint64) found, (gint64) expected);
  return FALSE;
}

static gboolean
set_too_large (GError **error, guint64 value, const char *what)
{
  ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                  "%" G_GINT64_FORMAT " does not fit the %s of the instruction", (gint64) value,
                  what);
  return FALSE;
}

static gboolean
apply_immediate (const EbpfCoreFixup *self, EbpfInsn *insn, GError **error)
{
  guint64 high = self->target >> 32;

  if (self->validate && (guint32) insn->imm != (guint32) self->local)
    return set_mismatch (error, (guint64) (gint64) insn->imm, self->local);

  /* 32 bits, or a negative number that is extended to 64. */
  if (high != 0 && self->target < (guint64) G_MININT32)
    return set_too_large (error, self->target, "immediate of 32 bits");

  insn->imm = (gint32) (guint32) self->target;
  return TRUE;
}

static gboolean
apply_load64 (const EbpfCoreFixup *self, EbpfInsn *insn, GError **error)
{
  guint64 found = (guint64) (guint32) insn[1].imm << 32 | (guint32) insn[0].imm;
  guint64 target = self->target;

  if (self->validate && found != self->local &&
      !(self->sign_unknown && (guint32) found == (guint32) self->local))
    return set_mismatch (error, found, self->local);

  /* The compiler knew: it wrote a negative number of 64 bits. */
  if (self->sign_unknown && (gint64) found < 0)
    target = (guint64) (gint64) (gint32) target;

  insn[0].imm = (gint32) (guint32) target;
  insn[1].imm = (gint32) (guint32) (target >> 32);
  return TRUE;
}

static guint
size_of_access (const EbpfInsn *insn)
{
  switch (BPF_SIZE (insn->code))
    {
    case BPF_B:
      return 1;
    case BPF_H:
      return 2;
    case BPF_W:
      return 4;
    default:
      return 8;
    }
}

/* FALSE where the access cannot be had in another size. */
static gboolean
resize_access (EbpfInsn *insn, guint32 from, guint32 to)
{
  gboolean is_atomic = BPF_CLASS (insn->code) == BPF_STX && BPF_MODE (insn->code) == BPF_ATOMIC;
  guint8 size;

  if (size_of_access (insn) != from)
    return FALSE;

  switch (to)
    {
    case 1:
      size = BPF_B;
      break;
    case 2:
      size = BPF_H;
      break;
    case 4:
      size = BPF_W;
      break;
    case 8:
      size = BPF_DW;
      break;
    default:
      return FALSE;
    }

  if (BPF_MODE (insn->code) != BPF_MEM && !(is_atomic && to >= 4))
    return FALSE;

  insn->code = (guint8) ((insn->code & ~BPF_SIZE (0xff)) | size);
  return TRUE;
}

static gboolean
apply_access (const EbpfCoreFixup *self, EbpfInsn *insn, GError **error)
{
  if (self->validate && (guint64) (gint64) insn->off != self->local)
    return set_mismatch (error, (guint64) (gint64) insn->off, self->local);

  if (self->bad_resize)
    {
      poison (insn);
      return TRUE;
    }

  if (self->target > G_MAXINT16)
    return set_too_large (error, self->target, "offset of 16 bits");

  if (self->local_size != self->target_size &&
      !resize_access (insn, self->local_size, self->target_size))
    {
      poison (insn);
      return TRUE;
    }

  insn->off = (gint16) self->target;
  return TRUE;
}

gboolean
ebpf_core_fixup_apply (const EbpfCoreFixup *self,
                       EbpfInsn *insns,
                       gsize n_insns,
                       guint32 index,
                       GError **error)
{
  EbpfInsn *insn;

  if (index >= n_insns)
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      "the program has %" G_GSIZE_FORMAT " instructions", n_insns);
      return FALSE;
    }

  insn = &insns[index];
  if (ebpf_insn_is_ldimm64 (insn) && (index + 1 == n_insns || insn[1].code != 0))
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0, "the load of 64 bits has no second half");
      return FALSE;
    }

  switch (BPF_CLASS (insn->code))
    {
    case BPF_ALU:
    case BPF_ALU64:
      if (BPF_SRC (insn->code) != BPF_K || BPF_OP (insn->code) == BPF_END)
        break;
      if (self->poison)
        poison (insn);
      else
        return apply_immediate (self, insn, error);
      return TRUE;

    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      if (self->poison)
        poison (insn);
      else
        return apply_access (self, insn, error);
      return TRUE;

    case BPF_LD:
      if (!ebpf_insn_is_ldimm64 (insn) || insn->src != 0 || insn->off != 0)
        break;
      if (self->poison)
        poison (insn);
      else
        return apply_load64 (self, insn, error);
      return TRUE;

    default:
      break;
    }

  ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                  "an instruction with opcode 0x%02x holds nothing that could be relocated",
                  insn->code);
  return FALSE;
}
