/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include <string.h>

/* Functions, and what their instructions refer to. Everything is counted in instructions from the
 * start of a section; each section's code is decoded once. */

static gboolean
is_function_symbol (const EbpfElfSymbol *symbol)
{
  if (symbol->name[0] == '\0')
    return FALSE;

  /* clang before version 8 gave functions no type; local symbols without one are jump targets. */
  return symbol->type == STT_FUNC || (symbol->type == STT_NOTYPE && symbol->binding != STB_LOCAL);
}

static void
reloc_clear (gpointer data)
{
  EbpfReloc *reloc = data;

  g_clear_pointer (&reloc->symbol, g_ref_string_release);
}

static gboolean
decode_section (EbpfElf *self, EbpfElfSection *section, GError **error)
{
  const guint8 *data = ebpf_elf_get_data (self, section, error);

  if (data == NULL)
    return FALSE;

  if (section->size % sizeof (EbpfInsn) != 0 || section->size / sizeof (EbpfInsn) > G_MAXINT32)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                          "its %" G_GUINT64_FORMAT " bytes are not a number of 8-byte instructions",
                          section->size);
      return FALSE;
    }

  section->n_insns = (guint32) (section->size / sizeof (EbpfInsn));
  section->insns = g_new (EbpfInsn, section->n_insns);
  ebpf_insn_decode (section->insns, data, section->n_insns, self->swapped);

  section->relocs = g_array_new (FALSE, FALSE, sizeof (EbpfReloc));
  g_array_set_clear_func (section->relocs, reloc_clear);
  section->calls = g_array_new (FALSE, FALSE, sizeof (EbpfElfCall));

  if (self->ext_sections != NULL)
    section->ext = g_hash_table_lookup (self->ext_sections, section->name);

  return TRUE;
}

/* Functions of a section, by their start. They may have gaps (left by a linker) but not overlap,
 * except for one and the same function under several names. */
static gboolean
find_section_functions (EbpfElf *self, EbpfElfSection *section, GArray *functions, GError **error)
{
  section->first_function = functions->len;

  for (guint32 i = 0; i < section->n_symbols; i++)
    {
      const EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (self, section, i);
      EbpfElfFunction function = { .section = section, .symbol = symbol };
      EbpfElfFunction *previous = NULL;

      if (!is_function_symbol (symbol) || symbol->value == section->size)
        continue;

      if (symbol->value % sizeof (EbpfInsn) != 0 || symbol->size % sizeof (EbpfInsn) != 0)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, (gint64) symbol->value,
                              "function %s, of %" G_GUINT64_FORMAT
                              " bytes, does not start and end between instructions",
                              symbol->name, symbol->size);
          return FALSE;
        }

      function.start = (guint32) (symbol->value / sizeof (EbpfInsn));
      function.end = function.start + (guint32) (symbol->size / sizeof (EbpfInsn));

      if (functions->len > section->first_function)
        previous = &g_array_index (functions, EbpfElfFunction, functions->len - 1);

      /* A function without a size reaches up to the next. */
      if (previous != NULL && previous->start == function.start)
        {
          if (previous->end == previous->start && function.end == function.start)
            continue;

          if (previous->end == previous->start)
            previous->end = function.end;
          else if (function.end == function.start)
            function.end = previous->end;
        }
      else if (previous != NULL && previous->end == previous->start)
        {
          previous->end = function.start;
        }

      if (previous != NULL && previous->end > function.start &&
          (previous->start != function.start || previous->end != function.end))
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, (gint64) symbol->value,
                              "functions %s and %s overlap", previous->symbol->name, symbol->name);
          return FALSE;
        }

      g_array_append_val (functions, function);
    }

  if (functions->len > section->first_function)
    {
      EbpfElfFunction *last = &g_array_index (functions, EbpfElfFunction, functions->len - 1);

      if (last->end == last->start)
        last->end = section->n_insns;
    }
  else
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                          "it has code, but no symbol says which functions");
      return FALSE;
    }

  section->n_functions = functions->len - section->first_function;

  return TRUE;
}

gboolean
ebpf_elf_find_functions (EbpfElf *self, GError **error)
{
  g_autoptr (GArray) functions = g_array_new (FALSE, TRUE, sizeof (EbpfElfFunction));

  for (guint32 i = 1; i < self->n_sections; i++)
    {
      EbpfElfSection *section = &self->sections[i];

      if (section->kind == EBPF_ELF_SECTION_CODE &&
          (!decode_section (self, section, error) ||
           !find_section_functions (self, section, functions, error)))
        return FALSE;
    }

  self->n_functions = functions->len;
  self->functions =
      (EbpfElfFunction *) (gpointer) g_array_free (g_steal_pointer (&functions), FALSE);

  return TRUE;
}

EbpfElfFunction *
ebpf_elf_function_at (EbpfElf *self, const EbpfElfSection *section, guint64 start)
{
  guint32 low = section->first_function;
  guint32 high = section->first_function + section->n_functions;

  if (section->kind != EBPF_ELF_SECTION_CODE)
    return NULL;

  while (low < high)
    {
      guint32 middle = low + (high - low) / 2;

      if (self->functions[middle].start < start)
        low = middle + 1;
      else
        high = middle;
    }

  if (low == section->first_function + section->n_functions || self->functions[low].start != start)
    return NULL;

  return &self->functions[low];
}

/* What is in .text is there to be called; so is a static function in any section. */
gboolean
ebpf_elf_is_program (EbpfElf *self, const EbpfElfFunction *function)
{
  return function->symbol->binding != STB_LOCAL && strcmp (function->section->name, ".text") != 0;
}

/* Where relocations of one section are being applied. */
typedef struct
{
  EbpfElf *elf;
  EbpfElfSection *section;
  guint32 insn;
  const EbpfElfFunction *function;
} Context;

static gboolean relocation_error (const Context *context, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
relocation_error (const Context *context, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_elf_set_error (context->elf, error, EBPF_ERROR_RELOCATION, context->section,
                      (gint64) context->insn * (gint64) sizeof (EbpfInsn), "function %s: %s",
                      context->function->symbol->name, what);

  return FALSE;
}

static void
add_reloc (const Context *context,
           EbpfRelocKind kind,
           GRefString *symbol,
           gint64 addend,
           guint32 btf_id,
           gboolean weak)
{
  EbpfReloc reloc = {
    .insn = context->insn,
    .kind = kind,
    .symbol = g_ref_string_acquire (symbol),
    .addend = addend,
    .btf_id = btf_id,
    .weak = weak,
  };

  g_array_append_val (context->section->relocs, reloc);
}

/* Makes the instruction refer to the function that starts at byte @offset of @section. */
static gboolean
add_call (const Context *context,
          const EbpfElfSection *section,
          gint64 offset,
          gboolean address,
          GError **error)
{
  EbpfElf *elf = context->elf;
  EbpfElfFunction *function = NULL;
  EbpfElfCall call = { .insn = context->insn, .address = address };

  if (offset >= 0 && offset % (gint64) sizeof (EbpfInsn) == 0)
    function = ebpf_elf_function_at (elf, section, (guint64) offset / sizeof (EbpfInsn));

  if (function == NULL)
    return relocation_error (
        context, error, "it %s offset %" G_GINT64_FORMAT " of section %s, where no function starts",
        address ? "takes the address of" : "calls", offset, section->name);

  call.function = (guint32) (function - elf->functions);
  g_array_append_val (context->section->calls, call);

  return TRUE;
}

static gboolean
relocate_extern (const Context *context, EbpfElfSymbol *symbol, GError **error)
{
  EbpfElf *elf = context->elf;
  EbpfInsn *insn = &context->section->insns[context->insn];
  const EbpfElfExtern *one = g_hash_table_lookup (elf->externs, symbol->name);
  gboolean weak = symbol->binding == STB_WEAK;
  gboolean load = ebpf_insn_is_ldimm64 (insn);

  /* Not declared: a constant of inline assembly, or a function that was forgotten. The program that
   * has it cannot be loaded as it is; the others can. */
  if (one == NULL)
    {
      gint64 addend = 0;

      if (load)
        addend = (gint64) ((guint64) (guint32) insn[0].imm | (guint64) (guint32) insn[1].imm << 32);
      add_reloc (context, EBPF_RELOC_OTHER, ebpf_elf_symbol_ref_name (symbol), addend, 0, weak);
      return TRUE;
    }

  if (!load && !one->is_function)
    return relocation_error (context, error, "it calls %s, which is not a function", symbol->name);

  if (one->is_kconfig)
    {
      static GRefString *kconfig;

      if (g_once_init_enter (&kconfig))
        g_once_init_leave (&kconfig, g_ref_string_new_intern (".kconfig"));

      insn[0].src = EBPF_PSEUDO_MAP_VALUE;
      insn[0].imm = 0;
      insn[1].imm = (gint32) one->offset;
      add_reloc (context, EBPF_RELOC_MAP_VALUE, kconfig, one->offset, one->btf_id, weak);
      return TRUE;
    }

  if (load && (insn[0].imm != 0 || insn[1].imm != 0))
    return relocation_error (context, error, "it takes an address behind the kernel's %s",
                             symbol->name);

  add_reloc (context, load ? EBPF_RELOC_KSYM : EBPF_RELOC_KFUNC, ebpf_elf_symbol_ref_name (symbol),
             0, one->btf_id, weak);

  return TRUE;
}

static gboolean
relocate_map (const Context *context, const EbpfElfSymbol *symbol, GError **error)
{
  EbpfElf *elf = context->elf;
  EbpfInsn *insn = &context->section->insns[context->insn];
  EbpfElfSymbol *map = g_hash_table_lookup (elf->map_symbols, symbol);

  if (map == NULL)
    return relocation_error (context, error,
                             symbol->type == STT_SECTION
                                 ? "it refers to a map of %s that has no symbol of its own; is it "
                                   "static?"
                                 : "%s is not a map",
                             ebpf_elf_symbol_name (elf, symbol));

  if (insn[0].imm != 0 || insn[1].imm != 0)
    return relocation_error (context, error, "it takes an address inside the map %s", map->name);

  insn[0].src = EBPF_PSEUDO_MAP_FD;
  add_reloc (context, EBPF_RELOC_MAP, ebpf_elf_symbol_ref_name (map), 0, 0, FALSE);

  return TRUE;
}

static gboolean
relocate_data (const Context *context, const EbpfElfSymbol *symbol, GError **error)
{
  EbpfElfSection *target = &context->elf->sections[symbol->section];
  EbpfInsn *insn = &context->section->insns[context->insn];
  gint64 offset = (gint64) symbol->value + insn[0].imm;
  GRefString *map;

  /* The section is at most 4 GiB, or there will be no map of it. */
  if (offset < 0 || (guint64) offset > target->size || offset > G_MAXUINT32)
    return relocation_error (context, error,
                             "it refers to offset %" G_GINT64_FORMAT
                             " of section %s, which has %" G_GUINT64_FORMAT " bytes",
                             offset, target->name, target->size);

  if (target->kind == EBPF_ELF_SECTION_ARENA)
    map = context->elf->arena;
  else
    map = ebpf_elf_section_ref_name (target);

  target->referenced = TRUE;
  insn[0].src = EBPF_PSEUDO_MAP_VALUE;
  insn[0].imm = 0;
  insn[1].imm = (gint32) (guint32) offset;
  add_reloc (context, EBPF_RELOC_MAP_VALUE, map, offset, 0, FALSE);

  return TRUE;
}

static gboolean
relocate_jump_table (const Context *context, EbpfElfSymbol *symbol, GError **error)
{
  EbpfInsn *insn = &context->section->insns[context->insn];
  EbpfElf *elf = context->elf;
  EbpfElfSymbol *table;
  guint32 index;

  /* Assemblers may put the section in place of a local symbol. */
  table = ebpf_elf_find_jump_table (elf, &elf->sections[symbol->section],
                                    symbol->value + (guint64) (gint64) insn[0].imm);
  if (table == NULL || insn[1].imm != 0)
    return relocation_error (
        context, error,
        "it uses a jump table at byte %" G_GINT64_FORMAT " of section %s, where "
        "no symbol with a size says that there is one",
        (gint64) symbol->value + insn[0].imm, elf->sections[symbol->section].name);

  if (!ebpf_elf_read_jump_table (context->elf, context->function, table, &index, error))
    return FALSE;

  insn[0].src = EBPF_PSEUDO_MAP_VALUE;
  insn[0].imm = 0;
  add_reloc (context, EBPF_RELOC_JUMP_TABLE, ebpf_elf_symbol_ref_name (table), index, 0, FALSE);

  return TRUE;
}

static gboolean
relocate (const Context *context, EbpfElfSymbol *symbol, GError **error)
{
  EbpfElf *elf = context->elf;
  const EbpfElfSection *target = &elf->sections[symbol->section];
  EbpfInsn *insn = &context->section->insns[context->insn];
  gboolean load = ebpf_insn_is_ldimm64 (insn);

  if (elf->values_added && ebpf_elf_is_named_offset (symbol))
    insn->imm -= (gint32) symbol->value;

  if (!load && insn->code != EBPF_OP_CALL)
    return relocation_error (context, error,
                             "the relocation to %s is of an instruction (opcode 0x%02x) that is "
                             "neither a call nor a load of 64 bits",
                             ebpf_elf_symbol_name (elf, symbol), insn->code);

  if (!load && insn->src != EBPF_PSEUDO_CALL)
    return relocation_error (context, error, "the relocation to %s is of a call of a helper",
                             ebpf_elf_symbol_name (elf, symbol));

  if (symbol->section == 0)
    {
      if (symbol->special == SHN_UNDEF)
        return relocate_extern (context, symbol, error);

      return relocation_error (context, error, "%s is in no section",
                               ebpf_elf_symbol_name (elf, symbol));
    }

  if (target->kind == EBPF_ELF_SECTION_CODE)
    {
      /* A call's immediate counts instructions from the next, a load's counts bytes. */
      gint64 addend = load ? insn->imm : ((gint64) insn->imm + 1) * (gint64) sizeof (EbpfInsn);

      return add_call (context, target, (gint64) symbol->value + addend, load, error);
    }

  if (load &&
      (target->kind == EBPF_ELF_SECTION_MAPS || target->kind == EBPF_ELF_SECTION_LEGACY_MAPS))
    return relocate_map (context, symbol, error);

  if (load && (target->kind == EBPF_ELF_SECTION_DATA ||
               (target->kind == EBPF_ELF_SECTION_ARENA && elf->arena != NULL)))
    return relocate_data (context, symbol, error);

  if (load && target->kind == EBPF_ELF_SECTION_JUMP_TABLES)
    return relocate_jump_table (context, symbol, error);

  return relocation_error (
      context, error, "%s of section %s cannot be %s", ebpf_elf_symbol_name (elf, symbol),
      target->name, load ? "used: the section holds neither code, nor maps, nor data" : "called");
}

/* The index of the first record for instruction @insn or a later one. Every record starts with its
 * instruction's number. */
static guint32
lower_bound (const GArray *records, guint32 insn)
{
  guint size = g_array_get_element_size ((GArray *) records);
  guint32 low = 0, high = records->len;

  while (low < high)
    {
      guint32 middle = low + (high - low) / 2;
      guint32 value;

      memcpy (&value, records->data + (gsize) middle * size, sizeof value);
      if (value < insn)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

static void
set_ranges (EbpfElfFunction *function)
{
  const EbpfExtSection *ext = function->section->ext;

  if (ext == NULL)
    return;

  function->func_infos[0] = lower_bound (ext->func_infos, function->start);
  function->func_infos[1] = lower_bound (ext->func_infos, function->end);
  function->line_infos[0] = lower_bound (ext->line_infos, function->start);
  function->line_infos[1] = lower_bound (ext->line_infos, function->end);
  function->core_relos[0] = lower_bound (ext->core_relos, function->start);
  function->core_relos[1] = lower_bound (ext->core_relos, function->end);
}

/* Walks a function's code together with the relocations that fall into it. */
static gboolean
load_function (EbpfElf *self,
               EbpfElfSection *section,
               EbpfElfFunction *function,
               GArray *relocations,
               guint *next,
               GError **error)
{
  Context context = { .elf = self, .section = section, .function = function };

  function->relocs[0] = section->relocs->len;
  function->calls[0] = section->calls->len;
  function->jump_tables[0] = self->jump_tables != NULL ? self->jump_tables->len : 0;

  /* Relocations of the gap in front of it: of code that nobody can reach. */
  while (*next < relocations->len && g_array_index (relocations, EbpfElfRelocation, *next).offset <
                                         (guint64) function->start * sizeof (EbpfInsn))
    ++*next;

  for (guint32 i = function->start; i < function->end; i++)
    {
      const EbpfElfRelocation *relocation = NULL;
      const EbpfInsn *insn = &section->insns[i];
      gboolean load = ebpf_insn_is_ldimm64 (insn);
      guint32 width = load ? 2 : 1;

      context.insn = i;
      if (*next < relocations->len)
        relocation = &g_array_index (relocations, EbpfElfRelocation, *next);

      if (load && i + 1 >= function->end)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section,
                              (gint64) i * (gint64) sizeof (EbpfInsn),
                              "function %s ends within a load of 64 bits", function->symbol->name);
          return FALSE;
        }

      if (relocation != NULL && relocation->offset < (guint64) (i + width) * sizeof (EbpfInsn))
        {
          if (relocation->offset != (guint64) i * sizeof (EbpfInsn))
            return relocation_error (
                &context, error, "the relocation to %s is within this load of 64 bits",
                ebpf_elf_symbol_name (self, &self->symbols[relocation->symbol]));

          if (*next + 1 < relocations->len && relocation[1].offset == relocation->offset)
            return relocation_error (
                &context, error, "it is relocated twice, to %s and to %s",
                ebpf_elf_symbol_name (self, &self->symbols[relocation->symbol]),
                ebpf_elf_symbol_name (self, &self->symbols[relocation[1].symbol]));

          if (!relocate (&context, &self->symbols[relocation->symbol], error))
            return FALSE;

          ++*next;
        }
      else if (ebpf_insn_is_call (insn) || (load && insn->src == EBPF_PSEUDO_FUNC))
        {
          /* Within a section, assemblers may resolve these themselves. */
          gint64 target = ((gint64) i + 1 + insn->imm) * (gint64) sizeof (EbpfInsn);

          if (!add_call (&context, section, target, load, error))
            return FALSE;
        }

      if (load)
        i++;
    }

  function->relocs[1] = section->relocs->len;
  function->calls[1] = section->calls->len;
  function->jump_tables[1] = self->jump_tables != NULL ? self->jump_tables->len : 0;
  set_ranges (function);

  return TRUE;
}

static gboolean
load_section (EbpfElf *self, EbpfElfSection *section, GArray *relocations, GError **error)
{
  guint next = 0;

  for (guint32 i = 0; i < section->n_functions; i++)
    {
      EbpfElfFunction *function = &self->functions[section->first_function + i];

      if (i > 0 && function[-1].start == function->start)
        {
          /* Another name of the same code. */
          const EbpfElfSymbol *symbol = function->symbol;

          *function = function[-1];
          function->symbol = symbol;
        }
      else if (!load_function (self, section, function, relocations, &next, error))
        {
          return FALSE;
        }
    }

  return TRUE;
}

gboolean
ebpf_elf_is_made_by_gcc (EbpfElf *self)
{
  const EbpfElfSection *section = ebpf_elf_find_section (self, ".comment");

  return section != NULL && section->data != NULL &&
         memmem (section->data, section->size, "GCC:", 4) != NULL;
}

/* Whether all relocations to symbols with a value look as if it had been added already. Nothing in
 * the file says so. */
static gboolean
has_values_added (EbpfElf *self, GPtrArray *relocations)
{
  if (!ebpf_elf_is_made_by_gcc (self))
    return FALSE;

  for (guint32 i = 1; i < self->n_sections; i++)
    {
      const EbpfElfSection *section = &self->sections[i];
      const GArray *list = g_ptr_array_index (relocations, i);

      for (guint r = 0; list != NULL && r < list->len; r++)
        {
          const EbpfElfRelocation *relocation = &g_array_index (list, EbpfElfRelocation, r);
          const EbpfElfSymbol *symbol = &self->symbols[relocation->symbol];

          if (ebpf_elf_is_named_offset (symbol) &&
              !ebpf_elf_may_hold_value (&section->insns[relocation->offset / sizeof (EbpfInsn)],
                                        symbol))
            return FALSE;
        }
    }

  return TRUE;
}

static void
relocations_free (gpointer data)
{
  if (data != NULL)
    g_array_unref (data);
}

gboolean
ebpf_elf_load_code (EbpfElf *self, GError **error)
{
  g_autoptr (GPtrArray) relocations = g_ptr_array_new_with_free_func (relocations_free);

  g_ptr_array_set_size (relocations, (gint) self->n_sections);

  for (guint32 i = 1; i < self->n_sections; i++)
    if (self->sections[i].kind == EBPF_ELF_SECTION_CODE)
      {
        g_ptr_array_index (relocations, i) =
            ebpf_elf_read_relocations (self, &self->sections[i], error);
        if (g_ptr_array_index (relocations, i) == NULL)
          return FALSE;
      }

  self->values_added = has_values_added (self, relocations);

  for (guint32 i = 1; i < self->n_sections; i++)
    if (self->sections[i].kind == EBPF_ELF_SECTION_CODE &&
        !load_section (self, &self->sections[i], g_ptr_array_index (relocations, i), error))
      return FALSE;

  return TRUE;
}
