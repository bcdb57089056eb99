/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "linker/ebpf-linker-private.h"

/* Names that files share: of all definitions one counts, and all references mean it. */

/* Where a symbol belongs to by its type information: ".ksyms" and ".kconfig" are the kernel's. NULL
 * where nothing is known. */
static const char *
declared_section (EbpfLinkerInput *input, const char *name)
{
  guint32 id = GPOINTER_TO_UINT (g_hash_table_lookup (input->types, name));

  return id != 0 ? ebpf_linker_input_datasec (input, id) : NULL;
}

static const char *
kernel_section (EbpfLinkerInput *input, const char *name)
{
  const char *section = declared_section (input, name);

  return section != NULL && (g_str_equal (section, ".ksyms") || g_str_equal (section, ".kconfig"))
             ? section
             : NULL;
}

static const char *
word_for (EbpfLinkerInput *input, const EbpfElfSymbol *symbol)
{
  const char *section = declared_section (input, symbol->name);

  if (section != NULL && g_str_equal (section, ".maps"))
    return "map";

  return symbol->type == STT_FUNC ? "function" : "variable";
}

static gboolean
is_defined (const EbpfElfSymbol *symbol)
{
  return symbol->section != 0 || symbol->special != SHN_UNDEF;
}

/* What was overridden stays in the section, which may refer to itself by distances; but nothing in
 * there counts any more. */
static void
bury (EbpfLinkerPart *part, const EbpfElfSymbol *symbol)
{
  EbpfLinkerPlace *place = &part->places[symbol->section];
  EbpfLinkerRange range = { symbol->value, symbol->value + symbol->size };

  if (symbol->section == 0 || symbol->size == 0)
    return;

  if (place->dead == NULL)
    place->dead = g_array_new (FALSE, FALSE, sizeof (EbpfLinkerRange));
  g_array_append_val (place->dead, range);
}

static gboolean
both_defined (EbpfLinkerRun *self,
              EbpfLinkerGlobal *global,
              guint32 part,
              guint32 index,
              GError **error)
{
  const EbpfElfSymbol *symbol = &self->parts[part].input->elf->symbols[index];
  const EbpfElfSymbol *other = ebpf_linker_global_symbol (self, global);

  if (!global->weak && symbol->binding != STB_WEAK)
    {
      const char *word = word_for (self->parts[part].input, symbol);

      if (global->part == part)
        ebpf_error_set (error, EBPF_ERROR_EXISTS, 0, "%s: %s %s is defined twice in it",
                        ebpf_linker_run_name (self, part), word, symbol->name);
      else
        ebpf_error_set (error, EBPF_ERROR_EXISTS, 0,
                        "%s: %s %s is defined in %s too; declare it extern in one of them, or make "
                        "one static or __weak",
                        ebpf_linker_run_name (self, part), word, symbol->name,
                        ebpf_linker_run_name (self, global->part));
      return FALSE;
    }

  if (global->weak && symbol->binding != STB_WEAK)
    {
      bury (&self->parts[global->part], other);
      global->part = part;
      global->symbol = index;
      global->weak = FALSE;
    }
  else
    {
      bury (&self->parts[part], symbol);
    }

  return TRUE;
}

/* The kernel's names are not defined by files, and each is of one kind. */
static gboolean
check_kernel_section (EbpfLinkerRun *self,
                      const EbpfLinkerGlobal *global,
                      guint32 part,
                      const EbpfElfSymbol *symbol,
                      GError **error)
{
  EbpfLinkerInput *input = self->parts[part].input, *other = self->parts[global->part].input;
  const char *section = is_defined (symbol) ? NULL : kernel_section (input, symbol->name);
  const char *other_section = global->defined ? NULL : kernel_section (other, symbol->name);

  if (g_strcmp0 (section, other_section) == 0)
    return TRUE;

  /* What has no type says nothing. */
  if ((section == NULL && !is_defined (symbol) &&
       !g_hash_table_contains (input->types, symbol->name)) ||
      (other_section == NULL && !global->defined &&
       !g_hash_table_contains (other->types, symbol->name)))
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0, "%s: %s is %s, but in %s it is %s",
                  input->name, symbol->name,
                  section != NULL       ? "the kernel's"
                  : is_defined (symbol) ? "defined"
                                        : "another file's",
                  other->name,
                  other_section != NULL && section != NULL ? "so in another way"
                  : other_section != NULL                  ? "the kernel's"
                  : global->defined                        ? "defined"
                                                           : "another file's");
  return FALSE;
}

static guint8
stricter (guint8 a, guint8 b)
{
  /* STV_INTERNAL, STV_HIDDEN, STV_PROTECTED, and the default before them. */
  if (a == STV_DEFAULT || b == STV_DEFAULT)
    return MAX (a, b);

  return MIN (a, b);
}

static gboolean
add_symbol (EbpfLinkerRun *self, guint32 part, guint32 index, GError **error)
{
  EbpfLinkerInput *input = self->parts[part].input;
  const EbpfElfSymbol *symbol = &input->elf->symbols[index];
  EbpfLinkerGlobal *global;

  if (!ebpf_linker_is_shared (symbol))
    return TRUE;

  /* The variable's bytes are another file's: there is no second one. */
  if (symbol->section != 0 && self->parts[part].places[symbol->section].duplicate)
    return TRUE;

  global = g_hash_table_lookup (self->by_name, symbol->name);
  if (global == NULL)
    {
      global = g_new0 (EbpfLinkerGlobal, 1);
      global->name = symbol->name;
      global->part = part;
      global->symbol = index;
      global->defined = is_defined (symbol);
      global->weak = symbol->binding == STB_WEAK;
      global->visibility = symbol->visibility;
      g_ptr_array_add (self->globals, global);
      g_hash_table_insert (self->by_name, (gpointer) symbol->name, global);
      return TRUE;
    }

  if (!check_kernel_section (self, global, part, symbol, error))
    return FALSE;

  global->visibility = stricter (global->visibility, symbol->visibility);

  if (is_defined (symbol) && global->defined)
    return both_defined (self, global, part, index, error);

  if (is_defined (symbol))
    {
      global->part = part;
      global->symbol = index;
      global->defined = TRUE;
      global->weak = symbol->binding == STB_WEAK;
    }
  else if (!global->defined)
    {
      global->weak = global->weak && symbol->binding == STB_WEAK;

      /* The one with a type is of more use. */
      if (!g_hash_table_contains (self->parts[global->part].input->types, symbol->name) &&
          g_hash_table_contains (input->types, symbol->name))
        {
          global->part = part;
          global->symbol = index;
        }
    }

  return TRUE;
}

/* Whether what a file says of a name agrees with what counts. */
static gboolean
check_agreement (EbpfLinkerRun *self, guint32 part, const EbpfElfSymbol *symbol, GError **error)
{
  const EbpfLinkerGlobal *global = g_hash_table_lookup (self->by_name, symbol->name);
  const EbpfElfSymbol *other;
  EbpfLinkerInput *input = self->parts[part].input, *other_input;
  guint32 id, other_id;

  if (global == NULL || global->part == part ||
      (symbol->section != 0 && self->parts[part].places[symbol->section].duplicate))
    return TRUE;

  other = ebpf_linker_global_symbol (self, global);
  other_input = self->parts[global->part].input;

  if (symbol->section != 0 && other->section != 0 &&
      (symbol->type == STT_FUNC) != (other->type == STT_FUNC))
    {
      ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                      "%s: %s is %s function, but in %s it is %s one", input->name, symbol->name,
                      symbol->type == STT_FUNC ? "a" : "no", other_input->name,
                      other->type == STT_FUNC ? "a" : "no");
      return FALSE;
    }

  if (input->btf == NULL && other_input->btf == NULL)
    return TRUE;

  if (input->btf == NULL || other_input->btf == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "%s: %s is shared with %s, but only one of the two files has type "
                      "information that says what it is; compile both with -g",
                      input->name, symbol->name, other_input->name);
      return FALSE;
    }

  id = GPOINTER_TO_UINT (g_hash_table_lookup (input->types, symbol->name));
  other_id = GPOINTER_TO_UINT (g_hash_table_lookup (other_input->types, symbol->name));

  /* Not every compiler says what is only declared. */
  if (id == 0)
    return TRUE;

  if (other_id == 0)
    {
      if (!global->defined)
        return TRUE;

      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "%s: %s has a type, but none in %s, which defines it; compile that with -g",
                      input->name, symbol->name, other_input->name);
      return FALSE;
    }

  return ebpf_linker_match (self, symbol->name, part, id, global->part, other_id, error);
}

/* Whether the symbol is one that is left; labels inside of a function are not. */
static gboolean
is_live (EbpfLinkerRun *self, guint32 part, const EbpfElfSymbol *symbol)
{
  const EbpfLinkerGlobal *global;

  if (symbol->type == STT_SECTION || symbol->type == STT_FILE || symbol->size == 0)
    return FALSE;

  if (!ebpf_linker_is_shared (symbol))
    return symbol->type != STT_NOTYPE;

  global = g_hash_table_lookup (self->by_name, symbol->name);

  return global != NULL && global->part == part &&
         ebpf_linker_global_symbol (self, global) == symbol;
}

static int
compare_ranges (gconstpointer a, gconstpointer b)
{
  const EbpfLinkerRange *range_a = a, *range_b = b;

  return range_a->start < range_b->start ? -1 : range_a->start > range_b->start;
}

/* The number of ranges that start before @offset. */
static guint
count_before (const GArray *ranges, guint64 offset)
{
  guint low = 0, high = ranges->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (ranges, EbpfLinkerRange, middle).start < offset)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

/* Of what was overridden, leaves out what has another name that is not, and puts the rest in order.
 */
static void
settle_dead (EbpfLinkerRun *self, guint32 part, guint32 index)
{
  EbpfElf *elf = self->parts[part].input->elf;
  const EbpfElfSection *section = &elf->sections[index];
  EbpfLinkerPlace *place = &self->parts[part].places[index];
  g_autoptr (GArray) live = g_array_new (FALSE, FALSE, sizeof (EbpfLinkerRange));
  g_autoptr (GArray) dead = g_steal_pointer (&place->dead);
  guint64 end = 0;

  /* By their start; each end is the largest so far. */
  for (guint32 i = 0; i < section->n_symbols; i++)
    {
      const EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (elf, section, i);
      EbpfLinkerRange range = { symbol->value, 0 };

      if (!is_live (self, part, symbol))
        continue;

      end = MAX (end, symbol->value + symbol->size);
      range.end = end;
      g_array_append_val (live, range);
    }

  g_array_sort (dead, compare_ranges);
  place->dead = g_array_new (FALSE, FALSE, sizeof (EbpfLinkerRange));

  for (guint i = 0; i < dead->len; i++)
    {
      const EbpfLinkerRange *range = &g_array_index (dead, EbpfLinkerRange, i);
      EbpfLinkerRange *last = NULL;
      guint n = count_before (live, range->end);

      if (n > 0 && g_array_index (live, EbpfLinkerRange, n - 1).end > range->start)
        continue;

      if (place->dead->len > 0)
        last = &g_array_index (place->dead, EbpfLinkerRange, place->dead->len - 1);

      if (last != NULL && range->start <= last->end)
        last->end = MAX (last->end, range->end);
      else
        g_array_append_val (place->dead, *range);
    }
}

gboolean
ebpf_linker_place_is_dead (const EbpfLinkerPlace *self, guint64 offset)
{
  guint n;

  if (self->dead == NULL)
    return FALSE;

  n = count_before (self->dead, offset + 1);

  return n > 0 && g_array_index (self->dead, EbpfLinkerRange, n - 1).end > offset;
}

/* An extern that nothing but overridden code needs is not needed. */
static void
drop_unused (EbpfLinkerRun *self)
{
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) unused = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer key;

  for (guint32 i = 0; i < self->n_parts; i++)
    {
      const EbpfLinkerPart *part = &self->parts[i];

      for (guint32 j = 1; j < part->input->elf->n_sections; j++)
        {
          const GArray *relocs = part->input->sections[j].relocs;

          for (guint r = 0; relocs != NULL && r < relocs->len; r++)
            {
              const EbpfLinkerReloc *reloc = &g_array_index (relocs, EbpfLinkerReloc, r);
              const EbpfElfSymbol *symbol = &part->input->elf->symbols[reloc->symbol];
              EbpfLinkerGlobal *global;

              if (!ebpf_linker_is_shared (symbol) || is_defined (symbol))
                continue;

              global = g_hash_table_lookup (self->by_name, symbol->name);
              g_hash_table_add (ebpf_linker_place_is_dead (&part->places[j], reloc->offset) ? unused
                                                                                            : used,
                                global);
            }
        }
    }

  g_hash_table_iter_init (&iter, unused);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      EbpfLinkerGlobal *global = key;

      global->dropped = !global->defined && !g_hash_table_contains (used, global);
    }
}

gboolean
ebpf_linker_resolve (EbpfLinkerRun *self, GError **error)
{
  for (guint32 i = 0; i < self->n_parts; i++)
    for (guint32 j = 1; j < self->parts[i].input->elf->n_symbols; j++)
      if (!add_symbol (self, i, j, error))
        return FALSE;

  for (guint32 i = 0; i < self->n_parts; i++)
    for (guint32 j = 1; j < self->parts[i].input->elf->n_symbols; j++)
      {
        const EbpfElfSymbol *symbol = &self->parts[i].input->elf->symbols[j];

        if (ebpf_linker_is_shared (symbol) && !check_agreement (self, i, symbol, error))
          return FALSE;
      }

  for (guint32 i = 0; i < self->n_parts; i++)
    for (guint32 j = 1; j < self->parts[i].input->elf->n_sections; j++)
      if (self->parts[i].places[j].dead != NULL)
        settle_dead (self, i, j);

  drop_unused (self);

  return TRUE;
}

static guint32
append_symbol (EbpfLinkerRun *self,
               const EbpfLinkerPart *part,
               const EbpfElfSymbol *symbol,
               guint8 binding)
{
  const EbpfLinkerPlace *place = &part->places[symbol->section];
  EbpfLinkerSymbol result = {
    .name = symbol->name,
    .info = ELF64_ST_INFO (binding, symbol->type),
    .visibility = symbol->visibility,
    .section = symbol->section != 0 ? place->output : EBPF_LINKER_NONE,
    .special = symbol->special,
    .value = symbol->value,
    .size = symbol->size,
  };

  if (symbol->section != 0)
    result.value += place->offset;
  g_array_append_val (self->symbols, result);

  return self->symbols->len - 1;
}

/* Which labels inside functions are referred to; the others are of no use. */
static guint8 *
find_referenced (const EbpfLinkerPart *part)
{
  guint8 *referenced = g_new0 (guint8, MAX (part->input->elf->n_symbols, 1));

  for (guint32 i = 1; i < part->input->elf->n_sections; i++)
    {
      const GArray *relocs = part->input->sections[i].relocs;

      for (guint r = 0; relocs != NULL && r < relocs->len; r++)
        referenced[g_array_index (relocs, EbpfLinkerReloc, r).symbol] = TRUE;
    }

  return referenced;
}

static void
make_locals (EbpfLinkerRun *self, EbpfLinkerPart *part)
{
  g_autofree guint8 *referenced = find_referenced (part);
  EbpfElf *elf = part->input->elf;

  for (guint32 i = 1; i < elf->n_symbols; i++)
    {
      const EbpfElfSymbol *symbol = &elf->symbols[i];
      const EbpfLinkerPlace *place = &part->places[symbol->section];

      if (symbol->binding != STB_LOCAL || symbol->type == STT_FILE)
        continue;

      if (symbol->section == 0 ? symbol->special != SHN_ABS : place->output == EBPF_LINKER_NONE)
        continue;

      /* Sections have the first symbols. */
      if (symbol->type == STT_SECTION && symbol->section != 0)
        part->symbols[i] = place->output + 1;
      else if (!place->duplicate && (referenced[i] || symbol->type != STT_NOTYPE))
        part->symbols[i] = append_symbol (self, part, symbol, STB_LOCAL);
    }
}

void
ebpf_linker_make_symbols (EbpfLinkerRun *self)
{
  for (guint32 i = 0; i < self->outputs->len; i++)
    {
      EbpfLinkerSymbol symbol = { .name = "",
                                  .info = ELF64_ST_INFO (STB_LOCAL, STT_SECTION),
                                  .section = i };

      g_array_append_val (self->symbols, symbol);
    }

  for (guint32 i = 0; i < self->n_parts; i++)
    make_locals (self, &self->parts[i]);

  self->n_locals = self->symbols->len;

  for (guint i = 0; i < self->globals->len; i++)
    {
      EbpfLinkerGlobal *global = g_ptr_array_index (self->globals, i);

      if (global->dropped)
        {
          global->index = EBPF_LINKER_NONE;
          continue;
        }

      global->index =
          append_symbol (self, &self->parts[global->part], ebpf_linker_global_symbol (self, global),
                         global->weak ? STB_WEAK : STB_GLOBAL);
      g_array_index (self->symbols, EbpfLinkerSymbol, global->index).visibility =
          global->visibility;
    }

  for (guint32 i = 0; i < self->n_parts; i++)
    {
      EbpfLinkerPart *part = &self->parts[i];

      for (guint32 j = 1; j < part->input->elf->n_symbols; j++)
        {
          const EbpfElfSymbol *symbol = &part->input->elf->symbols[j];
          const EbpfLinkerGlobal *global = ebpf_linker_is_shared (symbol)
                                               ? g_hash_table_lookup (self->by_name, symbol->name)
                                               : NULL;

          if (global != NULL)
            part->symbols[j] = global->index;
        }
    }
}
