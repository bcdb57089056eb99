/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "asm/ebpf-assembler-private.h"

#include "base/ebpf-error-private.h"

/**
 * EbpfAssembler:
 *
 * Writes BPF code, instruction by instruction, with labels to jump to and maps by name.
 *
 * The operation codes are those of `<linux/bpf_common.h>` and `<linux/bpf.h>`. Give the finished code
 * to a program by [method@ProgramSpec.set_instructions].
 */
struct _EbpfAssembler
{
  GObject parent_instance;

  GArray *insns;      /* of EbpfInsn */
  GArray *references; /* of EbpfAssemblerReference */
  GArray *jumps;      /* of Jump */
  GHashTable *labels; /* name -> slot + 1 */
  char *duplicate;    /* the first label that was set twice */
};

typedef struct
{
  guint32 insn;
  char *label;
} Jump;

G_DEFINE_FINAL_TYPE (EbpfAssembler, ebpf_assembler, G_TYPE_OBJECT)

static void
jump_clear (gpointer data)
{
  g_free (((Jump *) data)->label);
}

static void
reference_clear (gpointer data)
{
  g_free (((EbpfAssemblerReference *) data)->map_name);
}

static void
ebpf_assembler_finalize (GObject *object)
{
  EbpfAssembler *self = EBPF_ASSEMBLER (object);

  g_array_unref (self->insns);
  g_array_unref (self->references);
  g_array_unref (self->jumps);
  g_hash_table_unref (self->labels);
  g_free (self->duplicate);

  G_OBJECT_CLASS (ebpf_assembler_parent_class)->finalize (object);
}

static void
ebpf_assembler_class_init (EbpfAssemblerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ebpf_assembler_finalize;
}

static GArray *
reference_array_new (void)
{
  GArray *references = g_array_new (FALSE, FALSE, sizeof (EbpfAssemblerReference));

  g_array_set_clear_func (references, reference_clear);
  return references;
}

static void
ebpf_assembler_init (EbpfAssembler *self)
{
  self->insns = g_array_new (FALSE, FALSE, sizeof (EbpfInsn));
  self->references = reference_array_new ();
  self->jumps = g_array_new (FALSE, FALSE, sizeof (Jump));
  g_array_set_clear_func (self->jumps, jump_clear);
  self->labels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * ebpf_assembler_new:
 *
 * Starts with no code.
 *
 * Returns: (transfer full): a new assembler
 */
EbpfAssembler *
ebpf_assembler_new (void)
{
  return g_object_new (EBPF_TYPE_ASSEMBLER, NULL);
}

/**
 * ebpf_assembler_emit:
 * @self: an assembler
 * @opcode: the operation code, 0 to 255
 * @dst: the destination register, 0 to 10
 * @src: the source register, or what stands in its place
 * @offset: the offset, of 16 bits
 * @immediate: the immediate: of 32 bits (signed or not), or of 64 for a 64-bit load, which takes two
 *   slots; for an atomic operation, which one it is
 *
 * Adds any instruction.
 */
void
ebpf_assembler_emit (EbpfAssembler *self,
                     guint opcode,
                     guint dst,
                     guint src,
                     gint offset,
                     gint64 immediate)
{
  EbpfInsn insn = {
    .code = (guint8) opcode,
    .dst = dst & 0xf,
    .src = src & 0xf,
    .off = (gint16) offset,
    .imm = (gint32) (guint32) immediate,
  };

  g_return_if_fail (EBPF_IS_ASSEMBLER (self));
  g_return_if_fail (opcode <= G_MAXUINT8);
  g_return_if_fail (dst <= BPF_REG_10 && src <= 0xf);
  g_return_if_fail (offset >= G_MININT16 && offset <= G_MAXINT16);
  g_return_if_fail (ebpf_insn_is_ldimm64 (&insn) ||
                    (immediate >= G_MININT32 && immediate <= (gint64) G_MAXUINT32));

  g_array_append_val (self->insns, insn);
  if (ebpf_insn_is_ldimm64 (&insn))
    {
      EbpfInsn second = { .imm = (gint32) (guint32) ((guint64) immediate >> 32) };

      g_array_append_val (self->insns, second);
    }
}

/**
 * ebpf_assembler_emit_move:
 * @self: an assembler
 * @dst: a register, 0 to 9
 * @immediate: a number
 *
 * Adds an instruction that sets a register to a number, of as many slots as that needs.
 */
void
ebpf_assembler_emit_move (EbpfAssembler *self, guint dst, gint64 immediate)
{
  gboolean is_short = immediate >= G_MININT32 && immediate <= G_MAXINT32;

  ebpf_assembler_emit (self, is_short ? BPF_ALU64 | BPF_MOV | BPF_K : EBPF_OP_LDIMM64, dst, 0, 0,
                       immediate);
}

/**
 * ebpf_assembler_emit_load_map:
 * @self: an assembler
 * @dst: a register, 0 to 9
 * @map_name: the name of a map of the collection
 *
 * Adds an instruction that sets a register to a map, which is found when the program is loaded.
 */
void
ebpf_assembler_emit_load_map (EbpfAssembler *self, guint dst, const char *map_name)
{
  EbpfAssemblerReference reference = { 0 };

  g_return_if_fail (EBPF_IS_ASSEMBLER (self));
  g_return_if_fail (map_name != NULL);

  reference.insn = self->insns->len;
  reference.map_name = g_strdup (map_name);
  g_array_append_val (self->references, reference);
  ebpf_assembler_emit (self, EBPF_OP_LDIMM64, dst, EBPF_PSEUDO_MAP_FD, 0, 0);
}

/**
 * ebpf_assembler_emit_call:
 * @self: an assembler
 * @helper: the number of a helper, `BPF_FUNC_…` of `<linux/bpf.h>`
 *
 * Adds the call of a helper. Its arguments are in registers 1 to 5, its result in 0.
 */
void
ebpf_assembler_emit_call (EbpfAssembler *self, guint helper)
{
  g_return_if_fail (helper <= G_MAXINT32);

  ebpf_assembler_emit (self, EBPF_OP_CALL, 0, 0, 0, helper);
}

/**
 * ebpf_assembler_emit_jump:
 * @self: an assembler
 * @opcode: a jump, such as `BPF_JMP | BPF_JEQ | BPF_K`; `BPF_JMP | BPF_CALL` calls the subprogram
 *   at the label, and `BPF_LD | BPF_IMM | BPF_DW` loads its address into @dst
 * @dst: the register to compare
 * @src: the register to compare with
 * @immediate: the number to compare with
 * @label: where to go, set by [method@Assembler.mark] before or after
 *
 * Adds a jump to a label.
 */
void
ebpf_assembler_emit_jump (EbpfAssembler *self,
                          guint opcode,
                          guint dst,
                          guint src,
                          gint64 immediate,
                          const char *label)
{
  Jump jump;

  g_return_if_fail (EBPF_IS_ASSEMBLER (self));
  g_return_if_fail (label != NULL);

  jump.insn = self->insns->len;
  jump.label = g_strdup (label);
  g_array_append_val (self->jumps, jump);
  if (opcode == EBPF_OP_CALL)
    ebpf_assembler_emit (self, opcode, 0, EBPF_PSEUDO_CALL, 0, 0);
  else if (opcode == EBPF_OP_LDIMM64)
    ebpf_assembler_emit (self, opcode, dst, EBPF_PSEUDO_FUNC, 0, 0);
  else
    ebpf_assembler_emit (self, opcode, dst, src, 0, immediate);
}

/**
 * ebpf_assembler_emit_exit:
 * @self: an assembler
 *
 * Adds the end of a function: it returns register 0.
 */
void
ebpf_assembler_emit_exit (EbpfAssembler *self)
{
  ebpf_assembler_emit (self, EBPF_OP_EXIT, 0, 0, 0, 0);
}

/**
 * ebpf_assembler_mark:
 * @self: an assembler
 * @label: a name, to be used once
 *
 * Sets a label before the next instruction.
 */
void
ebpf_assembler_mark (EbpfAssembler *self, const char *label)
{
  g_return_if_fail (EBPF_IS_ASSEMBLER (self));
  g_return_if_fail (label != NULL);

  if (!g_hash_table_insert (self->labels, g_strdup (label),
                            GUINT_TO_POINTER (self->insns->len + 1)) &&
      self->duplicate == NULL)
    self->duplicate = g_strdup (label);
}

static gboolean
resolve_jump (EbpfAssembler *self, GArray *insns, const Jump *jump, GError **error)
{
  EbpfInsn *insn = &g_array_index (insns, EbpfInsn, jump->insn);
  /* Where the distance has all of the immediate. */
  gboolean is_far = insn->code == (BPF_JMP32 | BPF_JA) || insn->code == EBPF_OP_CALL ||
                    ebpf_insn_is_ldimm64 (insn);
  guint slot = GPOINTER_TO_UINT (g_hash_table_lookup (self->labels, jump->label));
  gint64 distance;

  if (slot == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "instruction %u jumps to label \"%s\", which was never set", jump->insn,
                      jump->label);
      return FALSE;
    }

  if (slot - 1 >= insns->len)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "instruction %u jumps to label \"%s\", behind which there is no instruction",
                      jump->insn, jump->label);
      return FALSE;
    }

  distance = (gint64) slot - 1 - (jump->insn + 1);
  if (!is_far && (distance < G_MININT16 || distance > G_MAXINT16))
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "instruction %u jumps to label \"%s\", %" G_GINT64_FORMAT
                      " instructions away; a jump reaches %d (BPF_JMP32 | BPF_JA goes further)",
                      jump->insn, jump->label, distance, G_MAXINT16);
      return FALSE;
    }

  if (is_far)
    insn->imm = (gint32) distance;
  else
    insn->off = (gint16) distance;
  return TRUE;
}

gboolean
ebpf_assembler_finish (EbpfAssembler *self, GArray **insns, GArray **references, GError **error)
{
  g_autoptr (GArray) code = g_array_copy (self->insns);

  if (self->duplicate != NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_EXISTS, 0, "label \"%s\" was set twice", self->duplicate);
      return FALSE;
    }

  for (guint i = 0; i < self->jumps->len; i++)
    if (!resolve_jump (self, code, &g_array_index (self->jumps, Jump, i), error))
      return FALSE;

  *references = reference_array_new ();
  for (guint i = 0; i < self->references->len; i++)
    {
      EbpfAssemblerReference copy = g_array_index (self->references, EbpfAssemblerReference, i);

      copy.map_name = g_strdup (copy.map_name);
      g_array_append_val (*references, copy);
    }
  *insns = g_steal_pointer (&code);

  return TRUE;
}
