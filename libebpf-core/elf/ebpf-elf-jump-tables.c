/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include <string.h>

/* Tables for jumps whose target is computed (gotox). clang puts them into .jumptables: each is a
 * symbol, whose 8-byte entries are places in the section of the function that jumps, in bytes from its
 * start. Source: llvm/lib/Target/BPF/BPFAsmPrinter.cpp, tools/lib/bpf of the kernel. */

#define ENTRY_SIZE 8

/* A table is one function's, so all that are read cannot have many more entries than there are. */
#define MAX_OVERLAP 4

static void
jump_table_clear (gpointer data)
{
  EbpfJumpTable *table = data;

  g_clear_pointer (&table->targets, g_free);
}

EbpfElfSymbol *
ebpf_elf_find_jump_table (EbpfElf *self, const EbpfElfSection *section, guint64 offset)
{
  guint32 low = 0, high = section->n_symbols;

  while (low < high)
    {
      guint32 middle = low + (high - low) / 2;

      if (ebpf_elf_nth_symbol (self, section, middle)->value < offset)
        low = middle + 1;
      else
        high = middle;
    }

  for (; low < section->n_symbols; low++)
    {
      EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (self, section, low);

      if (symbol->value != offset)
        break;
      if (symbol->type != STT_SECTION && symbol->size > 0)
        return symbol;
    }

  return NULL;
}

static gboolean
read_targets (EbpfElf *self,
              const EbpfElfFunction *function,
              const EbpfElfSymbol *symbol,
              const EbpfElfSection *section,
              EbpfJumpTable *table,
              GError **error)
{
  const char *name = ebpf_elf_symbol_name (self, symbol);

  for (guint32 i = 0; i < table->n_targets; i++)
    {
      guint64 offset = symbol->value + (guint64) i * ENTRY_SIZE;
      guint64 place;

      memcpy (&place, section->data + offset, sizeof place);
      if (self->swapped)
        place = GUINT64_SWAP_LE_BE (place);

      if (place % sizeof (EbpfInsn) != 0 || place / sizeof (EbpfInsn) < function->start ||
          place / sizeof (EbpfInsn) >= function->end)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_RELOCATION, section, (gint64) offset,
                              "entry %u of jump table %s is 0x%" G_GINT64_MODIFIER
                              "x, which is no instruction of function %s of section %s",
                              i, name, place, function->symbol->name, function->section->name);
          return FALSE;
        }

      table->targets[i] = (guint32) (place / sizeof (EbpfInsn));
    }

  return TRUE;
}

gboolean
ebpf_elf_read_jump_table (EbpfElf *self,
                          const EbpfElfFunction *function,
                          const EbpfElfSymbol *symbol,
                          guint32 *index,
                          GError **error)
{
  const EbpfElfSection *section = &self->sections[symbol->section];
  const char *name = ebpf_elf_symbol_name (self, symbol);
  EbpfJumpTable table = { 0 };
  guint32 known;

  if (self->jump_tables == NULL)
    {
      self->jump_tables = g_array_new (FALSE, FALSE, sizeof (EbpfJumpTable));
      g_array_set_clear_func (self->jump_tables, jump_table_clear);
      self->jump_table_symbols = g_hash_table_new (NULL, NULL);
    }

  known = GPOINTER_TO_UINT (g_hash_table_lookup (self->jump_table_symbols, symbol));
  if (known > function->jump_tables[0])
    {
      *index = known - 1;
      return TRUE;
    }

  if (symbol->value % ENTRY_SIZE != 0 || symbol->size % ENTRY_SIZE != 0)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, (gint64) symbol->value,
                          "jump table %s, of %" G_GUINT64_FORMAT
                          " bytes, is no row of %u-byte entries",
                          name, symbol->size, ENTRY_SIZE);
      return FALSE;
    }

  if (ebpf_elf_get_data (self, section, error) == NULL)
    return FALSE;

  self->n_jump_targets += symbol->size / ENTRY_SIZE;
  if (self->n_jump_targets > section->size / ENTRY_SIZE * MAX_OVERLAP)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_LIMIT, section, (gint64) symbol->value,
                          "with jump table %s, more is used than there is: the tables overlap",
                          name);
      return FALSE;
    }

  table.n_targets = (guint32) (symbol->size / ENTRY_SIZE);
  table.targets = g_new (guint32, table.n_targets);
  if (!read_targets (self, function, symbol, section, &table, error))
    {
      jump_table_clear (&table);
      return FALSE;
    }

  g_array_append_val (self->jump_tables, table);
  *index = self->jump_tables->len - 1;
  g_hash_table_insert (self->jump_table_symbols, (gpointer) symbol, GUINT_TO_POINTER (*index + 1));

  return TRUE;
}
