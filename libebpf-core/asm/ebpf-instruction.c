/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "asm/ebpf-instruction.h"

#include <string.h>

#include "asm/ebpf-instruction-private.h"
#include "base/ebpf-error-private.h"

/**
 * EbpfInstruction:
 *
 * One instruction of BPF code, decoded. It does not change.
 *
 * A load of a 64-bit immediate is one instruction here, and two slots to the kernel: see
 * [method@Instruction.get_size].
 */
struct _EbpfInstruction
{
  EbpfInsn insn;
  gint64 immediate;
};

G_DEFINE_BOXED_TYPE (EbpfInstruction,
                     ebpf_instruction,
                     ebpf_instruction_ref,
                     ebpf_instruction_unref)

static EbpfInstruction *
instruction_new (const EbpfInsn *insn, gint64 immediate)
{
  EbpfInstruction *self = g_atomic_rc_box_new0 (EbpfInstruction);

  self->insn = *insn;
  self->immediate = immediate;
  return self;
}

/**
 * ebpf_instruction_new:
 * @opcode: the operation code, 0 to 255
 * @dst: the destination register, 0 to 10
 * @src: the source register, or what stands in its place
 * @offset: the offset, of 16 bits
 * @immediate: the immediate, of 32 bits, or of 64 for a 64-bit load
 *
 * Makes an instruction.
 *
 * Returns: (transfer full): a new instruction
 */
EbpfInstruction *
ebpf_instruction_new (guint opcode, guint dst, guint src, gint offset, gint64 immediate)
{
  EbpfInsn insn = {
    .code = (guint8) opcode,
    .dst = dst & 0xf,
    .src = src & 0xf,
    .off = (gint16) offset,
    .imm = (gint32) immediate,
  };

  g_return_val_if_fail (opcode <= G_MAXUINT8, NULL);
  g_return_val_if_fail (dst <= 0xf && src <= 0xf, NULL);
  g_return_val_if_fail (offset >= G_MININT16 && offset <= G_MAXINT16, NULL);

  return instruction_new (&insn, immediate);
}

/**
 * ebpf_instruction_ref:
 * @self: an instruction
 *
 * Takes a reference.
 *
 * Returns: (transfer full): the instruction
 */
EbpfInstruction *
ebpf_instruction_ref (EbpfInstruction *self)
{
  return g_atomic_rc_box_acquire (self);
}

/**
 * ebpf_instruction_unref:
 * @self: (transfer full): an instruction
 *
 * Drops a reference.
 */
void
ebpf_instruction_unref (EbpfInstruction *self)
{
  g_atomic_rc_box_release (self);
}

/**
 * ebpf_instruction_get_opcode:
 * @self: an instruction
 *
 * Gets the operation code.
 *
 * Returns: the code, 0 to 255
 */
guint
ebpf_instruction_get_opcode (EbpfInstruction *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->insn.code;
}

/**
 * ebpf_instruction_get_dst:
 * @self: an instruction
 *
 * Gets the destination register.
 *
 * Returns: the register's number
 */
guint
ebpf_instruction_get_dst (EbpfInstruction *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->insn.dst;
}

/**
 * ebpf_instruction_get_src:
 * @self: an instruction
 *
 * Gets the source register, or what stands in its place.
 *
 * Returns: the number
 */
guint
ebpf_instruction_get_src (EbpfInstruction *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->insn.src;
}

/**
 * ebpf_instruction_get_offset:
 * @self: an instruction
 *
 * Gets the offset: of memory in bytes, or of a jump in slots.
 *
 * Returns: the offset
 */
gint
ebpf_instruction_get_offset (EbpfInstruction *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->insn.off;
}

/**
 * ebpf_instruction_get_immediate:
 * @self: an instruction
 *
 * Gets the immediate; all 64 bits of a 64-bit load.
 *
 * Returns: the immediate
 */
gint64
ebpf_instruction_get_immediate (EbpfInstruction *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->immediate;
}

/**
 * ebpf_instruction_get_size:
 * @self: an instruction
 *
 * Gets how many slots of 8 bytes the instruction takes.
 *
 * Returns: 2 for a load of a 64-bit immediate, else 1
 */
guint
ebpf_instruction_get_size (EbpfInstruction *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return ebpf_insn_is_ldimm64 (&self->insn) ? 2 : 1;
}

/**
 * ebpf_instruction_to_string:
 * @self: an instruction
 *
 * Prints the instruction in the words of the kernel's verifier, such as `r1 = *(u32 *)(r6 +16)`.
 *
 * Returns: (transfer full): the text
 */
char *
ebpf_instruction_to_string (EbpfInstruction *self)
{
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_string_new (NULL);
  ebpf_insn_print (text, &self->insn, self->immediate);
  return g_string_free (text, FALSE);
}

/**
 * ebpf_instruction_list_from_bytes:
 * @bytes: code in the host's byte order, 8 bytes a slot
 * @error: return location for an error
 *
 * Decodes code, such as that of [method@ProgramSpec.get_instructions].
 *
 * Returns: (transfer container) (element-type EbpfInstruction): the instructions, or %NULL with
 *   %EBPF_ERROR_MALFORMED where the bytes end inside of one
 */
GPtrArray *
ebpf_instruction_list_from_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (GPtrArray) list = NULL;
  const guint8 *data;
  gsize size;

  g_return_val_if_fail (bytes != NULL, NULL);

  data = g_bytes_get_data (bytes, &size);
  if (size % sizeof (EbpfInsn) != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0,
                      "%" G_GSIZE_FORMAT " bytes are no whole number of instructions of 8 bytes",
                      size);
      return NULL;
    }

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) ebpf_instruction_unref);
  for (gsize i = 0; i < size; i += sizeof (EbpfInsn))
    {
      EbpfInsn insn, second;
      gint64 immediate;

      memcpy (&insn, data + i, sizeof insn);
      immediate = insn.imm;
      if (ebpf_insn_is_ldimm64 (&insn))
        {
          if (i + 2 * sizeof insn <= size)
            memcpy (&second, data + i + sizeof insn, sizeof second);
          if (i + 2 * sizeof insn > size || second.code != 0)
            {
              ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0,
                              "instruction %" G_GSIZE_FORMAT
                              ": the load of 64 bits has no second half",
                              i / sizeof insn);
              return NULL;
            }
          immediate = (gint64) ((guint64) (guint32) second.imm << 32 | (guint32) insn.imm);
          i += sizeof insn;
        }

      g_ptr_array_add (list, instruction_new (&insn, immediate));
    }

  return g_steal_pointer (&list);
}
