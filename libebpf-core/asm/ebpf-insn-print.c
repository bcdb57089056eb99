/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Source: the instruction set, Documentation/bpf/standardization/instruction-set.rst, and the words
 * of the verifier's log, kernel/bpf/disasm.c, of Linux 6.18. */

#include "asm/ebpf-instruction-private.h"

/* Newer than the headers of the oldest build machine. */
#define MODE_MEMSX 0x80
#define OP_JCOND 0xe0
#define ATOMIC_LOAD_ACQUIRE 0x100
#define ATOMIC_STORE_RELEASE 0x110
#define OFF_ADDR_SPACE_CAST 1

static const char *const alu_words[] = {
  [BPF_OP (BPF_ADD) >> 4] = "+=",  [BPF_OP (BPF_SUB) >> 4] = "-=",
  [BPF_OP (BPF_MUL) >> 4] = "*=",  [BPF_OP (BPF_DIV) >> 4] = "/=",
  [BPF_OP (BPF_OR) >> 4] = "|=",   [BPF_OP (BPF_AND) >> 4] = "&=",
  [BPF_OP (BPF_LSH) >> 4] = "<<=", [BPF_OP (BPF_RSH) >> 4] = ">>=",
  [BPF_OP (BPF_MOD) >> 4] = "%=",  [BPF_OP (BPF_XOR) >> 4] = "^=",
  [BPF_OP (BPF_MOV) >> 4] = "=",   [BPF_OP (BPF_ARSH) >> 4] = "s>>=",
  [BPF_OP (BPF_END) >> 4] = NULL,
};

static const char *const jump_words[] = {
  [BPF_OP (BPF_JEQ) >> 4] = "==",   [BPF_OP (BPF_JGT) >> 4] = ">",
  [BPF_OP (BPF_JGE) >> 4] = ">=",   [BPF_OP (BPF_JSET) >> 4] = "&",
  [BPF_OP (BPF_JNE) >> 4] = "!=",   [BPF_OP (BPF_JSGT) >> 4] = "s>",
  [BPF_OP (BPF_JSGE) >> 4] = "s>=", [BPF_OP (BPF_JLT) >> 4] = "<",
  [BPF_OP (BPF_JLE) >> 4] = "<=",   [BPF_OP (BPF_JSLT) >> 4] = "s<",
  [BPF_OP (BPF_JSLE) >> 4] = "s<=",
};

#define HELPER_NAME(name, ...) [BPF_FUNC_##name] = "bpf_" #name
static const char *const helper_names[] = { __BPF_FUNC_MAPPER (HELPER_NAME) };
#undef HELPER_NAME

static guint
bits_of (guint8 code)
{
  switch (BPF_SIZE (code))
    {
    case BPF_B:
      return 8;
    case BPF_H:
      return 16;
    case BPF_W:
      return 32;
    default:
      return 64;
    }
}

static void
print_invalid (GString *text, const EbpfInsn *insn)
{
  g_string_append_printf (text, "(invalid opcode 0x%02x, dst %u, src %u, offset %d, imm %d)",
                          insn->code, insn->dst, insn->src, insn->off, insn->imm);
}

static void
print_alu (GString *text, const EbpfInsn *insn)
{
  gboolean wide = BPF_CLASS (insn->code) == BPF_ALU64;
  gboolean by_register = BPF_SRC (insn->code) == BPF_X;
  guint op = BPF_OP (insn->code);
  char reg = wide ? 'r' : 'w';
  const char *word = op >> 4 < G_N_ELEMENTS (alu_words) ? alu_words[op >> 4] : NULL;

  if (op == BPF_END)
    {
      /* The unconditional swap is the 64-bit class's own. */
      g_string_append_printf (text, "r%u = %s%d r%u", insn->dst,
                              wide          ? "bswap"
                              : by_register ? "be"
                                            : "le",
                              insn->imm, insn->dst);
      return;
    }

  if (op == BPF_NEG)
    {
      g_string_append_printf (text, "%c%u = -%c%u", reg, insn->dst, reg, insn->dst);
      return;
    }

  if (word == NULL)
    {
      print_invalid (text, insn);
      return;
    }

  if (op == BPF_MOV && by_register && insn->off != 0)
    {
      if (wide && insn->off == OFF_ADDR_SPACE_CAST)
        g_string_append_printf (text, "r%u = addr_space_cast(r%u, %u, %u)", insn->dst, insn->src,
                                (guint32) insn->imm >> 16, (guint32) insn->imm & 0xffff);
      else
        g_string_append_printf (text, "%c%u = (s%d)%c%u", reg, insn->dst, insn->off, reg,
                                insn->src);
      return;
    }

  g_string_append_printf (text, "%c%u %s", reg, insn->dst,
                          (op == BPF_DIV || op == BPF_MOD) && insn->off == 1 ? "s" : "");
  if (by_register)
    g_string_append_printf (text, "%s %c%u", word, reg, insn->src);
  else
    g_string_append_printf (text, "%s %d", word, insn->imm);
}

static void
print_memory (GString *text, const EbpfInsn *insn, gboolean is_signed, guint base)
{
  g_string_append_printf (text, "*(%c%u *)(r%u %+d)", is_signed ? 's' : 'u', bits_of (insn->code),
                          base, insn->off);
}

static void
print_atomic (GString *text, const EbpfInsn *insn)
{
  guint bits = bits_of (insn->code);
  g_autofree char *place = g_strdup_printf ("(u%u *)(r%u %+d)", bits, insn->dst, insn->off);
  const char *prefix = bits == 64 ? "atomic64" : "atomic";

  switch (insn->imm)
    {
    case BPF_ADD:
    case BPF_AND:
    case BPF_OR:
    case BPF_XOR:
      g_string_append_printf (text, "lock *%s %s r%u", place, alu_words[insn->imm >> 4], insn->src);
      break;
    case BPF_ADD | BPF_FETCH:
    case BPF_AND | BPF_FETCH:
    case BPF_OR | BPF_FETCH:
    case BPF_XOR | BPF_FETCH:
      {
        gint32 op = insn->imm & ~BPF_FETCH;

        g_string_append_printf (text, "r%u = %s_fetch_%s(%s, r%u)", insn->src, prefix,
                                op == BPF_ADD   ? "add"
                                : op == BPF_AND ? "and"
                                : op == BPF_OR  ? "or"
                                                : "xor",
                                place, insn->src);
        break;
      }
    case BPF_XCHG:
      g_string_append_printf (text, "r%u = %s_xchg(%s, r%u)", insn->src, prefix, place, insn->src);
      break;
    case BPF_CMPXCHG:
      g_string_append_printf (text, "r0 = %s_cmpxchg(%s, r0, r%u)", prefix, place, insn->src);
      break;
    case ATOMIC_LOAD_ACQUIRE:
      /* This one alone reads from src into dst. */
      g_string_append_printf (text, "r%u = load_acquire((u%u *)(r%u %+d))", insn->dst, bits,
                              insn->src, insn->off);
      break;
    case ATOMIC_STORE_RELEASE:
      g_string_append_printf (text, "store_release(%s, r%u)", place, insn->src);
      break;
    default:
      print_invalid (text, insn);
      break;
    }
}

static void
print_store (GString *text, const EbpfInsn *insn)
{
  if (BPF_MODE (insn->code) == BPF_ATOMIC && BPF_CLASS (insn->code) == BPF_STX)
    {
      print_atomic (text, insn);
      return;
    }
  if (BPF_MODE (insn->code) != BPF_MEM)
    {
      print_invalid (text, insn);
      return;
    }

  print_memory (text, insn, FALSE, insn->dst);
  if (BPF_CLASS (insn->code) == BPF_STX)
    g_string_append_printf (text, " = r%u", insn->src);
  else
    g_string_append_printf (text, " = %d", insn->imm);
}

static void
print_load (GString *text, const EbpfInsn *insn)
{
  guint mode = BPF_MODE (insn->code);

  if (mode != BPF_MEM && mode != MODE_MEMSX)
    {
      print_invalid (text, insn);
      return;
    }

  g_string_append_printf (text, "r%u = ", insn->dst);
  print_memory (text, insn, mode == MODE_MEMSX, insn->src);
}

static void
print_load_immediate (GString *text, const EbpfInsn *insn, gint64 immediate)
{
  guint32 low = (guint32) immediate, high = (guint32) ((guint64) immediate >> 32);

  switch (BPF_MODE (insn->code))
    {
    case BPF_ABS:
      g_string_append_printf (text, "r0 = *(u%u *)skb[%d]", bits_of (insn->code), insn->imm);
      return;
    case BPF_IND:
      g_string_append_printf (text, "r0 = *(u%u *)skb[r%u + %d]", bits_of (insn->code), insn->src,
                              insn->imm);
      return;
    case BPF_IMM:
      break;
    default:
      print_invalid (text, insn);
      return;
    }

  if (!ebpf_insn_is_ldimm64 (insn))
    {
      print_invalid (text, insn);
      return;
    }

  g_string_append_printf (text, "r%u = ", insn->dst);
  switch (insn->src)
    {
    case 0:
      g_string_append_printf (text, "0x%" G_GINT64_MODIFIER "x", (guint64) immediate);
      break;
    case EBPF_PSEUDO_MAP_FD:
      g_string_append_printf (text, "map[fd:%u]", low);
      break;
    case EBPF_PSEUDO_MAP_VALUE:
      g_string_append_printf (text, "map[fd:%u][0]+%u", low, high);
      break;
    case EBPF_PSEUDO_BTF_ID:
      g_string_append_printf (text, "btf[fd:%u, id:%u]", high, low);
      break;
    case EBPF_PSEUDO_FUNC:
      g_string_append_printf (text, "func[pc%+d]", (gint32) low);
      break;
    case EBPF_PSEUDO_MAP_IDX:
      g_string_append_printf (text, "map[idx:%u]", low);
      break;
    case EBPF_PSEUDO_MAP_IDX_VALUE:
      g_string_append_printf (text, "map[idx:%u][0]+%u", low, high);
      break;
    default:
      print_invalid (text, insn);
      break;
    }
}

static void
print_call (GString *text, const EbpfInsn *insn)
{
  const char *name = NULL;

  switch (insn->src)
    {
    case 0:
      if (insn->imm > 0 && (gsize) insn->imm < G_N_ELEMENTS (helper_names))
        name = helper_names[insn->imm];
      g_string_append_printf (text, "call %s#%d", name != NULL ? name : "unknown", insn->imm);
      break;
    case EBPF_PSEUDO_CALL:
      g_string_append_printf (text, "call pc%+d", insn->imm);
      break;
    case EBPF_PSEUDO_KFUNC_CALL:
      g_string_append_printf (text, "call kfunc#%d", insn->imm);
      break;
    default:
      print_invalid (text, insn);
      break;
    }
}

static void
print_jump (GString *text, const EbpfInsn *insn)
{
  gboolean wide = BPF_CLASS (insn->code) == BPF_JMP;
  guint op = BPF_OP (insn->code);
  char reg = wide ? 'r' : 'w';
  const char *word = op >> 4 < G_N_ELEMENTS (jump_words) ? jump_words[op >> 4] : NULL;

  if (op == BPF_CALL && wide)
    {
      if (BPF_SRC (insn->code) == BPF_X)
        g_string_append_printf (text, "callx r%u", insn->dst);
      else
        print_call (text, insn);
    }
  else if (op == BPF_EXIT && wide)
    g_string_append (text, "exit");
  else if (op == BPF_JA && wide && BPF_SRC (insn->code) == BPF_X)
    g_string_append_printf (text, "gotox r%u", insn->dst);
  else if (op == BPF_JA)
    /* The class of 32 bits has room for far jumps. */
    g_string_append_printf (text, "%s %+d", wide ? "goto" : "gotol", wide ? insn->off : insn->imm);
  else if (op == OP_JCOND && wide)
    g_string_append_printf (text, "may_goto %+d", insn->off);
  else if (word == NULL)
    print_invalid (text, insn);
  else if (BPF_SRC (insn->code) == BPF_X)
    g_string_append_printf (text, "if %c%u %s %c%u goto %+d", reg, insn->dst, word, reg, insn->src,
                            insn->off);
  else
    g_string_append_printf (text, "if %c%u %s 0x%x goto %+d", reg, insn->dst, word,
                            (guint32) insn->imm, insn->off);
}

void
ebpf_insn_print (GString *text, const EbpfInsn *insn, gint64 immediate)
{
  switch (BPF_CLASS (insn->code))
    {
    case BPF_ALU:
    case BPF_ALU64:
      print_alu (text, insn);
      break;
    case BPF_ST:
    case BPF_STX:
      print_store (text, insn);
      break;
    case BPF_LDX:
      print_load (text, insn);
      break;
    case BPF_LD:
      print_load_immediate (text, insn, immediate);
      break;
    default:
      print_jump (text, insn);
      break;
    }
}
