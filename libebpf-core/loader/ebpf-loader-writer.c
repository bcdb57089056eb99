/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "loader/ebpf-loader-writer-private.h"

#include <errno.h>
#include <string.h>

#define FUNC_SYS_BPF 166
#define FUNC_SYS_CLOSE 168

#define SHA256_WORDS 4

/* A conditional jump reaches 32768 instructions back; a step is never as long as the rest. */
#define MAX_REACH 24000

#define MOV_REG (BPF_ALU64 | BPF_MOV | BPF_X)
#define MOV_IMM (BPF_ALU64 | BPF_MOV | BPF_K)
#define ADD_REG (BPF_ALU64 | BPF_ADD | BPF_X)
#define ADD_IMM (BPF_ALU64 | BPF_ADD | BPF_K)
#define LOAD32 (BPF_LDX | BPF_MEM | BPF_W)
#define LOAD64 (BPF_LDX | BPF_MEM | BPF_DW)
#define STORE32 (BPF_STX | BPF_MEM | BPF_W)
#define STORE64 (BPF_STX | BPF_MEM | BPF_DW)
#define STORE32_IMM (BPF_ST | BPF_MEM | BPF_W)
#define JUMP (BPF_JMP | BPF_JA)

static EbpfInsn *
insn_at (EbpfLoaderWriter *self, guint index)
{
  return &g_array_index (self->insns, EbpfInsn, index);
}

void
ebpf_loader_writer_emit (EbpfLoaderWriter *self,
                         guint8 code,
                         guint8 dst,
                         guint8 src,
                         gint16 off,
                         gint32 imm)
{
  EbpfInsn insn = { .code = code, .off = off, .imm = imm };

  insn.dst = dst & 0xf;
  insn.src = src & 0xf;
  g_array_append_val (self->insns, insn);
}

static gint16
jump_back (EbpfLoaderWriter *self, guint target)
{
  return (gint16) ((gint) target - (gint) self->insns->len - 1);
}

/* The start of struct bpf_map is the hash that was taken of its value when it was asked for, once
 * it was frozen (Linux 6.18; before, it is something else, which no hash is equal to). */
static void
emit_hash_check (EbpfLoaderWriter *self)
{
  for (guint i = 0; i < SHA256_WORDS; i++)
    {
      ebpf_loader_writer_emit (self, EBPF_OP_LDIMM64, 1, EBPF_PSEUDO_MAP_IDX, 0, 0);
      ebpf_loader_writer_emit (self, 0, 0, 0, 0, 0);
      ebpf_loader_writer_emit (self, LOAD64, 2, 1, (gint16) (i * sizeof (guint64)), 0);
      self->hash_insns[i] = self->insns->len;
      ebpf_loader_writer_emit (self, EBPF_OP_LDIMM64, 3, 0, 0, 0);
      ebpf_loader_writer_emit (self, 0, 0, 0, 0, 0);
      ebpf_loader_writer_emit (self, MOV_IMM, EBPF_LOADER_REG_RESULT, 0, 0, -EBADMSG);
      ebpf_loader_writer_emit (self, BPF_JMP | BPF_JNE | BPF_X, 2, 3,
                               jump_back (self, self->cleanup), 0);
    }
}

void
ebpf_loader_writer_init (EbpfLoaderWriter *self, gboolean hashed)
{
  guint begin, loop, leave, skip;

  memset (self, 0, sizeof *self);
  self->insns = g_array_new (FALSE, FALSE, sizeof (EbpfInsn));
  self->data = g_byte_array_new ();
  self->slot_insns = g_array_new (FALSE, FALSE, sizeof (guint));
  self->hashed = hashed;
  ebpf_loader_writer_add (self, NULL, 8); /* the step */

  ebpf_loader_writer_emit (self, MOV_REG, EBPF_LOADER_REG_CONTEXT, 1, 0, 0);
  begin = self->insns->len;
  ebpf_loader_writer_emit (self, JUMP, 0, 0, 0, 0);

  /* The clean-up, in front of all that jumps there: for each slot … */
  self->cleanup = self->insns->len;
  ebpf_loader_writer_emit (self, MOV_IMM, 8, 0, 0, 0);
  loop = self->insns->len;
  self->n_slots_insn = loop;
  ebpf_loader_writer_emit (self, BPF_JMP | BPF_JGE | BPF_K, 8, 0, 0, 0);
  ebpf_loader_writer_slot (self, 1, 0);
  ebpf_loader_writer_emit (self, ADD_REG, 1, 8, 0, 0);
  ebpf_loader_writer_emit (self, LOAD32, 1, 1, 0, 0);
  skip = self->insns->len;
  ebpf_loader_writer_emit (self, BPF_JMP32 | BPF_JSLE | BPF_K, 1, 0, 0, 0);
  ebpf_loader_writer_emit (self, EBPF_OP_CALL, 0, 0, 0, FUNC_SYS_CLOSE);
  insn_at (self, skip)->off = (gint16) (self->insns->len - skip - 1);
  ebpf_loader_writer_emit (self, ADD_IMM, 8, 0, 0, sizeof (gint32));
  ebpf_loader_writer_emit (self, JUMP, 0, 0, jump_back (self, loop), 0);

  leave = self->insns->len;
  insn_at (self, loop)->off = (gint16) (leave - loop - 1);
  ebpf_loader_writer_emit (self, MOV_REG, 0, EBPF_LOADER_REG_RESULT, 0, 0);
  ebpf_loader_writer_emit (self, EBPF_OP_EXIT, 0, 0, 0, 0);
  insn_at (self, begin)->off = (gint16) (self->insns->len - begin - 1);

  if (hashed)
    emit_hash_check (self);
}

void
ebpf_loader_writer_clear (EbpfLoaderWriter *self)
{
  g_clear_pointer (&self->insns, g_array_unref);
  g_clear_pointer (&self->data, g_byte_array_unref);
  g_clear_pointer (&self->slot_insns, g_array_unref);
}

guint32
ebpf_loader_writer_add (EbpfLoaderWriter *self, gconstpointer data, gsize size)
{
  guint32 offset = self->data->len;
  gsize padded = (size + 7) & ~(gsize) 7;

  g_byte_array_set_size (self->data, offset + (guint) padded);
  memset (self->data->data + offset, 0, padded);
  if (data != NULL && size > 0)
    memcpy (self->data->data + offset, data, size);

  return offset;
}

guint32
ebpf_loader_writer_add_string (EbpfLoaderWriter *self, const char *string)
{
  return ebpf_loader_writer_add (self, string, strlen (string) + 1);
}

guint
ebpf_loader_writer_add_slot (EbpfLoaderWriter *self)
{
  return self->n_slots++;
}

void
ebpf_loader_writer_reach (EbpfLoaderWriter *self)
{
  if (self->insns->len - self->cleanup < MAX_REACH)
    return;

  /* Passed by, but for who comes to be taken further. */
  ebpf_loader_writer_emit (self, JUMP, 0, 0, 1, 0);
  ebpf_loader_writer_emit (self, JUMP, 0, 0, jump_back (self, self->cleanup), 0);
  self->cleanup = self->insns->len - 1;
}

void
ebpf_loader_writer_step (EbpfLoaderWriter *self, guint number)
{
  ebpf_loader_writer_reach (self);
  ebpf_loader_writer_address (self, 1, EBPF_LOADER_STEP_OFFSET);
  ebpf_loader_writer_emit (self, STORE32_IMM, 1, 0, 0, (gint32) number);
}

void
ebpf_loader_writer_address (EbpfLoaderWriter *self, guint8 reg, guint32 offset)
{
  ebpf_loader_writer_emit (self, EBPF_OP_LDIMM64, reg, EBPF_PSEUDO_MAP_IDX_VALUE, 0, 0);
  ebpf_loader_writer_emit (self, 0, 0, 0, 0, (gint32) offset);
}

void
ebpf_loader_writer_slot (EbpfLoaderWriter *self, guint8 reg, guint slot)
{
  guint index = self->insns->len;

  ebpf_loader_writer_address (self, reg, slot * sizeof (gint32));
  g_array_append_val (self->slot_insns, index);
}

void
ebpf_loader_writer_store_address (EbpfLoaderWriter *self, guint32 offset, guint32 target)
{
  ebpf_loader_writer_address (self, 1, offset);
  ebpf_loader_writer_address (self, 2, target);
  ebpf_loader_writer_emit (self, STORE64, 1, 2, 0, 0);
}

void
ebpf_loader_writer_store_slot_address (EbpfLoaderWriter *self, guint32 offset, guint slot)
{
  ebpf_loader_writer_address (self, 1, offset);
  ebpf_loader_writer_slot (self, 2, slot);
  ebpf_loader_writer_emit (self, STORE64, 1, 2, 0, 0);
}

void
ebpf_loader_writer_store_fd (EbpfLoaderWriter *self, guint32 offset, guint slot)
{
  ebpf_loader_writer_address (self, 1, offset);
  ebpf_loader_writer_slot (self, 2, slot);
  ebpf_loader_writer_emit (self, LOAD32, 2, 2, 0, 0);
  ebpf_loader_writer_emit (self, STORE32, 1, 2, 0, 0);
}

void
ebpf_loader_writer_call (EbpfLoaderWriter *self, gint32 helper)
{
  ebpf_loader_writer_emit (self, EBPF_OP_CALL, 0, 0, 0, helper);
  ebpf_loader_writer_emit (self, MOV_REG, EBPF_LOADER_REG_RESULT, 0, 0, 0);
}

void
ebpf_loader_writer_syscall (EbpfLoaderWriter *self,
                            EbpfSysCommand command,
                            guint32 attr,
                            guint32 size)
{
  ebpf_loader_writer_emit (self, MOV_IMM, 1, 0, 0, (gint32) command);
  ebpf_loader_writer_address (self, 2, attr);
  ebpf_loader_writer_emit (self, MOV_IMM, 3, 0, 0, (gint32) size);
  ebpf_loader_writer_call (self, FUNC_SYS_BPF);
}

void
ebpf_loader_writer_check (EbpfLoaderWriter *self)
{
  ebpf_loader_writer_emit (self, BPF_JMP | BPF_JSLT | BPF_K, EBPF_LOADER_REG_RESULT, 0,
                           jump_back (self, self->cleanup), 0);
}

void
ebpf_loader_writer_keep (EbpfLoaderWriter *self, guint slot)
{
  ebpf_loader_writer_check (self);
  ebpf_loader_writer_slot (self, 1, slot);
  ebpf_loader_writer_emit (self, STORE32, 1, EBPF_LOADER_REG_RESULT, 0, 0);
}

void
ebpf_loader_writer_give (EbpfLoaderWriter *self, guint slot, guint offset)
{
  ebpf_loader_writer_reach (self);
  ebpf_loader_writer_slot (self, 1, slot);
  ebpf_loader_writer_emit (self, LOAD32, 2, 1, 0, 0);
  ebpf_loader_writer_emit (self, STORE32, EBPF_LOADER_REG_CONTEXT, 2, (gint16) offset, 0);
  ebpf_loader_writer_emit (self, STORE32_IMM, 1, 0, 0, 0);
}

void
ebpf_loader_writer_finish (EbpfLoaderWriter *self, GBytes **insns, GBytes **data)
{
  guint32 slots;

  ebpf_loader_writer_reach (self);
  ebpf_loader_writer_emit (self, MOV_IMM, EBPF_LOADER_REG_RESULT, 0, 0, 0);
  ebpf_loader_writer_emit (self, JUMP, 0, 0, jump_back (self, self->cleanup), 0);

  slots = ebpf_loader_writer_add (self, NULL, MAX (self->n_slots, 1) * sizeof (gint32));
  for (guint i = 0; i < self->slot_insns->len; i++)
    insn_at (self, g_array_index (self->slot_insns, guint, i) + 1)->imm += (gint32) slots;
  insn_at (self, self->n_slots_insn)->imm = (gint32) (self->n_slots * sizeof (gint32));

  if (self->hashed)
    {
      g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
      guint32 words[2 * SHA256_WORDS];
      gsize size = sizeof words;

      g_checksum_update (checksum, self->data->data, self->data->len);
      g_checksum_get_digest (checksum, (guint8 *) words, &size);
      /* As the halves of numbers of 64 bits lie in memory. */
      for (guint i = 0; i < SHA256_WORDS; i++)
        {
          guint low = G_BYTE_ORDER == G_LITTLE_ENDIAN ? 0 : 1;

          insn_at (self, self->hash_insns[i])->imm = (gint32) words[2 * i + low];
          insn_at (self, self->hash_insns[i] + 1)->imm = (gint32) words[2 * i + 1 - low];
        }
    }

  *insns = g_bytes_new (self->insns->data, self->insns->len * sizeof (EbpfInsn));
  *data = g_bytes_new (self->data->data, self->data->len);
}
