/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-program-spec-private.h"

#include "asm/ebpf-assembler-private.h"
#include "base/ebpf-error-private.h"

#include <string.h>

/* What an application can do about the symbols that a program's code refers to. Code is shared
 * between the copies of a spec: a change is made to a copy of it. */

/**
 * ebpf_program_spec_list_undefined_symbols:
 * @self: a program spec
 *
 * Lists the symbols that the code refers to and nothing defines or declares, such as constants of
 * inline assembly, or functions of another file. A program with such a symbol, unless it is weak,
 * cannot be loaded before [method@ProgramSpec.set_constant] gave it a value, or
 * [method@ProgramSpec.define_function] a body.
 *
 * Returns: (transfer full) (array zero-terminated=1): the names, each once
 */
char **
ebpf_program_spec_list_undefined_symbols (EbpfProgramSpec *self)
{
  g_autoptr (GPtrArray) names = NULL;
  const EbpfCode *code;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  code = ebpf_program_spec_peek_code (self);
  names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);

      if (reloc->kind == EBPF_RELOC_OTHER &&
          !g_ptr_array_find_with_equal_func (names, reloc->symbol, g_str_equal, NULL))
        g_ptr_array_add (names, g_strdup (reloc->symbol));
    }
  g_ptr_array_add (names, NULL);

  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

/**
 * ebpf_program_spec_set_constant:
 * @self: a program spec
 * @symbol: the name of a symbol that nothing defines
 * @value: what it is
 * @error: return location for an error
 *
 * Gives a value to a symbol that the code loads as a 64-bit constant, as inline assembly does:
 * `asm volatile ("%0 = LIMIT ll" : "=r" (limit))`.
 *
 * All loads of @symbol in this program get it. Fails with %EBPF_ERROR_NOT_FOUND where there is
 * none, and with %EBPF_ERROR_RELOCATION where it is called instead.
 *
 * Returns: whether it was set
 */
gboolean
ebpf_program_spec_set_constant (EbpfProgramSpec *self,
                                const char *symbol,
                                guint64 value,
                                GError **error)
{
  g_autoptr (EbpfCode) copy = NULL;
  guint n_set = 0;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), FALSE);
  g_return_val_if_fail (symbol != NULL, FALSE);

  copy = ebpf_code_copy (ebpf_program_spec_peek_code (self));
  for (guint i = copy->relocs->len; i-- > 0;)
    {
      const EbpfReloc *reloc = &g_array_index (copy->relocs, EbpfReloc, i);
      EbpfInsn *insn;
      guint64 sum;

      if (reloc->kind != EBPF_RELOC_OTHER || strcmp (reloc->symbol, symbol) != 0)
        continue;

      insn = &g_array_index (copy->insns, EbpfInsn, reloc->insn);
      if (reloc->insn + 1 >= copy->insns->len || !ebpf_insn_is_ldimm64 (insn))
        {
          ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                          "program \"%s\": instruction %u does not load \"%s\", it calls it: that "
                          "needs a function, not a value",
                          ebpf_program_spec_get_name (self), reloc->insn, symbol);
          return FALSE;
        }

      sum = value + (guint64) reloc->addend;
      insn[0].imm = (gint32) (guint32) sum;
      insn[1].imm = (gint32) (guint32) (sum >> 32);
      g_array_remove_index (copy->relocs, i);
      n_set++;
    }

  if (n_set == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                      "program \"%s\" refers to no \"%s\" that is not defined",
                      ebpf_program_spec_get_name (self), symbol);
      return FALSE;
    }

  ebpf_program_spec_take_code (self, g_steal_pointer (&copy));
  return TRUE;
}

/* The code of @body, with what it refers to, behind that of @code. */
static guint32
append_body (EbpfCode *code, GArray *insns, GArray *references)
{
  guint32 start = code->insns->len;

  g_array_append_vals (code->insns, insns->data, insns->len);
  for (guint i = 0; i < references->len; i++)
    {
      const EbpfAssemblerReference *reference =
          &g_array_index (references, EbpfAssemblerReference, i);

      ebpf_code_add_reloc (code, start + reference->insn, EBPF_RELOC_MAP, reference->map_name, 0);
    }

  return start;
}

/* Makes the calls of @symbol, and the loads of its address, lead to @start. Returns how many there
 * were. */
static guint
resolve_function (EbpfCode *code, const char *symbol, guint32 start)
{
  guint n_resolved = 0;

  for (guint i = code->relocs->len; i-- > 0;)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);
      EbpfInsn *insn;

      if (reloc->kind != EBPF_RELOC_OTHER || strcmp (reloc->symbol, symbol) != 0)
        continue;

      insn = &g_array_index (code->insns, EbpfInsn, reloc->insn);
      insn->src = insn->code == EBPF_OP_CALL ? EBPF_PSEUDO_CALL : EBPF_PSEUDO_FUNC;
      insn->imm = (gint32) start - (gint32) reloc->insn - 1;
      if (insn->code != EBPF_OP_CALL)
        insn[1].imm = 0;
      g_array_remove_index (code->relocs, i);
      n_resolved++;
    }

  return n_resolved;
}

/* The kernel wants to know all functions of a program or none, and each one's first line. */
static void
add_records (EbpfCode *code, EbpfBtf *btf, const char *symbol, guint32 start)
{
  guint32 btf_id = btf != NULL ? ebpf_btf_lookup (btf, symbol, EBPF_BTF_KIND_FUNC) : 0;

  if (btf_id != 0 && code->func_infos->len > 0)
    {
      EbpfFuncInfo func = { .insn = start, .type_id = btf_id };
      EbpfLineInfo line = { .insn = start };

      g_array_append_val (code->func_infos, func);
      if (code->line_infos->len > 0)
        g_array_append_val (code->line_infos, line);
      return;
    }

  g_array_set_size (code->func_infos, 0);
  g_array_set_size (code->line_infos, 0);
}

/**
 * ebpf_program_spec_define_function:
 * @self: a program spec
 * @symbol: the name of a function that the code calls and nothing defines
 * @body: what it does: r1 to r5 are its arguments, r0 what it returns
 * @error: return location for an error
 *
 * Gives a body to a function that was declared `extern` and is in no object file: it is put behind
 * the code, and all calls of @symbol, and what takes its address, lead there.
 *
 * Where the object's type information has the declaration, the verifier looks at the body as at any
 * global function: on its own, with arguments of those types.
 *
 * Fails with %EBPF_ERROR_NOT_FOUND where nothing refers to @symbol, with %EBPF_ERROR_RELOCATION
 * where it is neither called nor its address loaded, and where @body jumps to a label that was
 * never set.
 *
 * Returns: whether it was defined; where not, the code is as it was
 */
gboolean
ebpf_program_spec_define_function (EbpfProgramSpec *self,
                                   const char *symbol,
                                   EbpfAssembler *body,
                                   GError **error)
{
  g_autoptr (EbpfCode) copy = NULL;
  g_autoptr (GArray) insns = NULL;
  g_autoptr (GArray) references = NULL;
  guint32 start;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), FALSE);
  g_return_val_if_fail (symbol != NULL, FALSE);
  g_return_val_if_fail (EBPF_IS_ASSEMBLER (body), FALSE);

  if (!ebpf_assembler_finish (body, &insns, &references, error))
    return FALSE;

  copy = ebpf_code_copy (ebpf_program_spec_peek_code (self));
  for (guint i = 0; i < copy->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (copy->relocs, EbpfReloc, i);
      const EbpfInsn *insn = reloc->insn < copy->insns->len
                                 ? &g_array_index (copy->insns, EbpfInsn, reloc->insn)
                                 : NULL;

      if (reloc->kind != EBPF_RELOC_OTHER || strcmp (reloc->symbol, symbol) != 0)
        continue;
      if (insn == NULL || (insn->code != EBPF_OP_CALL &&
                           (!ebpf_insn_is_ldimm64 (insn) || reloc->insn + 1 >= copy->insns->len)))
        {
          ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                          "program \"%s\": instruction %u refers to \"%s\", but neither calls it "
                          "nor loads its address",
                          ebpf_program_spec_get_name (self), reloc->insn, symbol);
          return FALSE;
        }
    }

  start = append_body (copy, insns, references);
  if (resolve_function (copy, symbol, start) == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                      "program \"%s\" refers to no \"%s\" that is not defined",
                      ebpf_program_spec_get_name (self), symbol);
      return FALSE;
    }

  add_records (copy, ebpf_program_spec_get_btf (self), symbol, start);
  ebpf_program_spec_take_code (self, g_steal_pointer (&copy));
  return TRUE;
}

/**
 * ebpf_program_spec_redirect_map:
 * @self: a program spec
 * @from: the name of a map that the code refers to
 * @to: the name of another map
 * @error: return location for an error
 *
 * Makes the code refer to the map @to wherever it refers to @from. Fails with
 * %EBPF_ERROR_NOT_FOUND where it does not refer to @from.
 *
 * For a map that exists already, see [method@LoadOptions.replace_map].
 *
 * Returns: whether the code was changed
 */
gboolean
ebpf_program_spec_redirect_map (EbpfProgramSpec *self,
                                const char *from,
                                const char *to,
                                GError **error)
{
  g_autoptr (EbpfCode) copy = NULL;
  guint n_changed = 0;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), FALSE);
  g_return_val_if_fail (from != NULL, FALSE);
  g_return_val_if_fail (to != NULL, FALSE);

  copy = ebpf_code_copy (ebpf_program_spec_peek_code (self));
  for (guint i = 0; i < copy->relocs->len; i++)
    {
      EbpfReloc *reloc = &g_array_index (copy->relocs, EbpfReloc, i);

      if ((reloc->kind != EBPF_RELOC_MAP && reloc->kind != EBPF_RELOC_MAP_VALUE) ||
          strcmp (reloc->symbol, from) != 0)
        continue;

      g_ref_string_release (reloc->symbol);
      reloc->symbol = g_ref_string_new (to);
      n_changed++;
    }

  if (n_changed == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                      "program \"%s\" does not refer to a map \"%s\"",
                      ebpf_program_spec_get_name (self), from);
      return FALSE;
    }

  ebpf_program_spec_take_code (self, g_steal_pointer (&copy));
  return TRUE;
}

/**
 * ebpf_program_spec_compute_tag:
 * @self: a program spec
 * @checksum_type: %G_CHECKSUM_SHA1 as before Linux 6.18, %G_CHECKSUM_SHA256 as since then
 *
 * Computes the tag by which the kernel tells programs apart, from the code as it is in the object
 * file. It is that of the program in the kernel where nothing in the code depends on the kernel
 * (CO-RE, its symbols and functions); [method@Program.check_compatible] knows about those, too.
 *
 * Returns: (transfer full): 16 hexadecimal digits
 */
char *
ebpf_program_spec_compute_tag (EbpfProgramSpec *self, GChecksumType checksum_type)
{
  const EbpfCode *code;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);
  g_return_val_if_fail (g_checksum_type_get_length (checksum_type) > 0, NULL);

  code = ebpf_program_spec_peek_code (self);
  return ebpf_code_compute_tag (code, (const EbpfInsn *) (gpointer) code->insns->data,
                                checksum_type);
}
