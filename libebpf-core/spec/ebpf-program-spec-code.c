/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-program-spec-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* What an application can do about the symbols that a program's code refers to. Code is shared
 * between the copies of a spec: a change is made to a copy of it. */

/**
 * ebpf_program_spec_list_undefined_symbols:
 * @self: a program spec
 *
 * Lists the symbols that the code refers to and nothing defines or declares, such as constants of
 * inline assembly. A program with such a symbol, unless it is weak, cannot be loaded before
 * [method@ProgramSpec.set_constant] gave it a value.
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
