/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include <string.h>

/* Makes programs of functions: to each is appended, once, every function that it reaches by calls
 * or by address, as the kernel wants it. */

/* The kernel takes no longer programs (BPF_COMPLEXITY_LIMIT_INSNS). */
#define MAX_INSNS 1000000

/* How much all programs of an object may have together, in instructions and records, beyond a
 * multiple of what is in the file: many small programs that call one large function must not turn a
 * small file into gigabytes. */
#define BASE_BUDGET (G_GUINT64_CONSTANT (1) << 20)
#define BUDGET_FACTOR 64

typedef struct
{
  EbpfElf *elf;
  guint32 serial;    /* of the program; see EbpfElfFunction.placed_in */
  GPtrArray *placed; /* of EbpfElfFunction, in their order */
  guint64 budget;
  guint32 n_insns;
} Linker;

static guint64
count_targets (EbpfElf *self, const EbpfElfFunction *function)
{
  guint64 n = 0;

  for (guint32 i = function->jump_tables[0]; i < function->jump_tables[1]; i++)
    n += g_array_index (self->jump_tables, EbpfJumpTable, i).n_targets;

  return n;
}

static guint64
count_records (EbpfElf *self, const EbpfElfFunction *function)
{
  return count_targets (self, function) + (guint64) (function->end - function->start) +
         (function->relocs[1] - function->relocs[0]) +
         (function->func_infos[1] - function->func_infos[0]) +
         (function->line_infos[1] - function->line_infos[0]) +
         (function->core_relos[1] - function->core_relos[0]);
}

static gboolean
place (Linker *linker, const EbpfElfFunction *program, EbpfElfFunction *function, GError **error)
{
  guint32 n_insns = function->end - function->start;
  guint64 cost = count_records (linker->elf, function);

  if (function->placed_in == linker->serial)
    return TRUE;

  if (n_insns > MAX_INSNS - linker->n_insns || cost > linker->budget)
    {
      ebpf_elf_set_error (linker->elf, error, EBPF_ERROR_LIMIT, program->section,
                          (gint64) program->start * (gint64) sizeof (EbpfInsn),
                          "program %s becomes too long with all that it calls: %s takes it, or all "
                          "programs together, over the limit",
                          program->symbol->name, function->symbol->name);
      return FALSE;
    }

  function->placed_in = linker->serial;
  function->placed_at = linker->n_insns;
  linker->n_insns += n_insns;
  linker->budget -= cost;
  g_ptr_array_add (linker->placed, function);

  return TRUE;
}

static void
append (EbpfElf *self, EbpfCode *code, const EbpfElfFunction *function)
{
  const EbpfElfSection *section = function->section;
  guint32 base = code->insns->len;
  guint32 first_table = code->jump_tables->len;

  g_array_append_vals (code->insns, section->insns + function->start,
                       function->end - function->start);

  if (function->relocs[1] > function->relocs[0])
    {
      guint first = code->relocs->len;

      g_array_append_vals (code->relocs,
                           &g_array_index (section->relocs, EbpfReloc, function->relocs[0]),
                           function->relocs[1] - function->relocs[0]);
      for (guint i = first; i < code->relocs->len; i++)
        {
          EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);

          reloc->insn += base - function->start;
          if (reloc->kind == EBPF_RELOC_JUMP_TABLE)
            reloc->addend += (gint64) first_table - (gint64) function->jump_tables[0];
          g_ref_string_acquire (reloc->symbol);
        }
    }

  for (guint32 i = function->jump_tables[0]; i < function->jump_tables[1]; i++)
    ebpf_code_add_jump_table (code, &g_array_index (self->jump_tables, EbpfJumpTable, i),
                              (gint64) base - (gint64) function->start);

#define APPEND_RECORDS(field, type)                                                                \
  if (function->field[1] > function->field[0])                                                     \
    {                                                                                              \
      guint first = code->field->len;                                                              \
                                                                                                   \
      g_array_append_vals (code->field,                                                            \
                           &g_array_index (section->ext->field, type, function->field[0]),         \
                           function->field[1] - function->field[0]);                               \
      for (guint i = first; i < code->field->len; i++)                                             \
        g_array_index (code->field, type, i).insn += base - function->start;                       \
    }

  APPEND_RECORDS (func_infos, EbpfFuncInfo)
  APPEND_RECORDS (line_infos, EbpfLineInfo)
  APPEND_RECORDS (core_relos, EbpfCoreRelo)
#undef APPEND_RECORDS
}

/* Points the calls and addresses in @function's copy to the copies of what they mean. */
static void
fix_calls (Linker *linker, EbpfCode *code, const EbpfElfFunction *function)
{
  for (guint32 i = function->calls[0]; i < function->calls[1]; i++)
    {
      const EbpfElfCall *call = &g_array_index (function->section->calls, EbpfElfCall, i);
      const EbpfElfFunction *target = &linker->elf->functions[call->function];
      guint32 at = function->placed_at + (call->insn - function->start);
      EbpfInsn *insn = &g_array_index (code->insns, EbpfInsn, at);

      insn->src = call->address ? EBPF_PSEUDO_FUNC : EBPF_PSEUDO_CALL;
      insn->imm = (gint32) target->placed_at - (gint32) at - 1;
      if (call->address)
        insn[1].imm = 0;
    }
}

#define EXCEPTION_CALLBACK "exception_callback:"

/* The function that the program names by a tag for what bpf_throw () leaves to be done: the verifier
 * finds it by the same tag, so it must be there though nothing calls it. NULL where there is none. */
static EbpfElfFunction *
find_exception_callback (EbpfElf *self, const EbpfElfFunction *program)
{
  g_auto (GStrv) tags = NULL;

  if (self->tags == NULL)
    return NULL;

  tags = ebpf_elf_get_tags (self,
                            ebpf_btf_lookup (self->btf, program->symbol->name, EBPF_BTF_KIND_FUNC));

  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    {
      if (!g_str_has_prefix (tags[i], EXCEPTION_CALLBACK))
        continue;

      for (guint32 f = 0; f < self->n_functions; f++)
        {
          EbpfElfFunction *function = &self->functions[f];

          if (!ebpf_elf_is_program (self, function) &&
              g_str_equal (function->symbol->name, tags[i] + strlen (EXCEPTION_CALLBACK)))
            return function;
        }
    }

  return NULL;
}

/* Places what the functions from @first on call, and what that calls. The list grows while it is
 * walked; a function is in it once, so recursion ends. */
static gboolean
place_callees (Linker *linker, const EbpfElfFunction *program, guint first, GError **error)
{
  for (guint i = first; i < linker->placed->len; i++)
    {
      const EbpfElfFunction *function = g_ptr_array_index (linker->placed, i);

      for (guint32 c = function->calls[0]; c < function->calls[1]; c++)
        {
          const EbpfElfCall *call = &g_array_index (function->section->calls, EbpfElfCall, c);

          if (!place (linker, program, &linker->elf->functions[call->function], error))
            return FALSE;
        }
    }

  return TRUE;
}

/* gcc before version 14 writes no records of functions, though it describes their types: without records,
 * the verifier takes no callbacks. All functions have one, or none has: those of gcc may have been linked with
 * clang's. */
static void
add_func_infos (Linker *linker, EbpfCode *code)
{
  g_autoptr (GArray) infos = NULL;
  guint r = 0;

  if (linker->elf->btf == NULL || linker->placed->len == 1 ||
      code->func_infos->len == linker->placed->len)
    return;

  infos = g_array_sized_new (FALSE, FALSE, sizeof (EbpfFuncInfo), linker->placed->len);
  for (guint i = 0; i < linker->placed->len; i++)
    {
      const EbpfElfFunction *function = g_ptr_array_index (linker->placed, i);
      EbpfFuncInfo info = { .insn = function->placed_at };

      while (r < code->func_infos->len &&
             g_array_index (code->func_infos, EbpfFuncInfo, r).insn < info.insn)
        r++;
      if (r < code->func_infos->len &&
          g_array_index (code->func_infos, EbpfFuncInfo, r).insn == info.insn)
        info = g_array_index (code->func_infos, EbpfFuncInfo, r);
      else
        info.type_id =
            ebpf_btf_lookup (linker->elf->btf, function->symbol->name, EBPF_BTF_KIND_FUNC);

      if (info.type_id == 0)
        {
          g_array_set_size (code->func_infos, 0);
          return;
        }
      g_array_append_val (infos, info);
    }

  g_array_set_size (code->func_infos, 0);
  g_array_append_vals (code->func_infos, infos->data, infos->len);
}

static EbpfCode *
link_program (Linker *linker, EbpfElfFunction *program, GError **error)
{
  EbpfElfFunction *callback = find_exception_callback (linker->elf, program);
  g_autoptr (EbpfCode) code = NULL;
  guint n_placed;

  linker->serial++;
  linker->n_insns = 0;
  g_ptr_array_set_size (linker->placed, 0);

  if (!place (linker, program, program, error) || !place_callees (linker, program, 0, error))
    return NULL;

  n_placed = linker->placed->len;
  if (callback != NULL && (!place (linker, program, callback, error) ||
                           !place_callees (linker, program, n_placed, error)))
    return NULL;

  code = ebpf_code_new ();
  for (guint i = 0; i < linker->placed->len; i++)
    append (linker->elf, code, g_ptr_array_index (linker->placed, i));
  for (guint i = 0; i < linker->placed->len; i++)
    fix_calls (linker, code, g_ptr_array_index (linker->placed, i));
  add_func_infos (linker, code);

  return g_steal_pointer (&code);
}

static EbpfProgramSpec *
new_program (EbpfElf *self, const EbpfElfFunction *function, EbpfCode *code)
{
  EbpfProgramSpec *program;
  const char *section = function->section->name;
  g_autofree char *attach_to = NULL;
  EbpfProgramType program_type;
  EbpfAttachType attach_type;
  gboolean has_attach_type;
  guint flags;

  ebpf_section_name_parse (section, &program_type, &attach_type, &has_attach_type, &flags,
                           &attach_to);

  program = ebpf_program_spec_new (function->symbol->name, program_type);
  ebpf_program_spec_set_autoload (program, section[0] != '?');
  ebpf_program_spec_set_section (program, section[0] == '?' ? section + 1 : section);
  if (has_attach_type)
    ebpf_program_spec_set_attach_type (program, attach_type);
  if (program_type == EBPF_PROGRAM_TYPE_STRUCT_OPS)
    ebpf_program_spec_set_attach_to (program, ebpf_elf_struct_ops_member (self, function));
  else if (attach_to != NULL)
    ebpf_program_spec_set_attach_to (program, attach_to);
  ebpf_program_spec_set_program_flags (program, flags);
  ebpf_program_spec_set_license (program, self->license != NULL ? self->license : "");
  ebpf_program_spec_set_kernel_version (program, self->version);
  ebpf_program_spec_set_byte_order (program, ebpf_collection_spec_get_byte_order (self->spec));
  if (self->btf != NULL)
    ebpf_program_spec_set_btf (program, self->btf);
  ebpf_program_spec_take_code (program, code);

  return program;
}

gboolean
ebpf_elf_link_programs (EbpfElf *self, GError **error)
{
  Linker linker = { .elf = self, .budget = BASE_BUDGET };
  g_autoptr (GPtrArray) placed = g_ptr_array_new ();

  linker.placed = placed;
  for (guint32 i = 0; i < self->n_functions; i++)
    linker.budget += BUDGET_FACTOR * count_records (self, &self->functions[i]);

  for (guint32 i = 0; i < self->n_functions; i++)
    {
      EbpfElfFunction *function = &self->functions[i];
      g_autoptr (EbpfProgramSpec) program = NULL;
      EbpfCode *code;

      if (!ebpf_elf_is_program (self, function))
        continue;

      code = link_program (&linker, function, error);
      if (code == NULL)
        return FALSE;

      program = new_program (self, function, code);
      if (!ebpf_elf_add_program (self, program, function->section, (gint64) function->symbol->value,
                                 error))
        return FALSE;
    }

  return TRUE;
}
