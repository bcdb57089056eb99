/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "linker/ebpf-linker-private.h"

#include <string.h>

/* Sections of one name, one behind the other. */

/* What the result may hold, as of what is read; and what files may ask for without holding it, where
 * another one has bytes for that section. */
#define MAX_BYTES (G_GUINT64_CONSTANT (1) << 30)
#define MAX_FILLED (G_GUINT64_CONSTANT (1) << 24)

/* No map can be larger. */
#define MAX_SIZE ((guint64) G_MAXUINT32)

static EbpfLinkerOutput *
new_output (const EbpfElfSection *section, const EbpfLinkerSection *info, guint32 part)
{
  EbpfLinkerOutput *self = g_new0 (EbpfLinkerOutput, 1);

  self->name = section->name;
  self->type = section->type;
  self->flags = section->flags & ~((guint64) SHF_GROUP | SHF_INFO_LINK | SHF_LINK_ORDER);
  self->alignment = 1;
  self->entry_size = info->entry_size;
  self->first_input = part;
  self->relocs = g_array_new (FALSE, FALSE, sizeof (EbpfLinkerReloc));
  self->func_infos = g_array_new (FALSE, FALSE, sizeof (EbpfFuncInfo));
  self->line_infos = g_array_new (FALSE, FALSE, sizeof (EbpfLineInfo));
  self->core_relos = g_array_new (FALSE, FALSE, sizeof (EbpfCoreRelo));

  return self;
}

static gboolean
is_unique (const char *name)
{
  return g_str_equal (name, "license") || g_str_equal (name, "version");
}

static gboolean
place_section (EbpfLinkerRun *self,
               GHashTable *by_name,
               guint32 part,
               const EbpfElfSection *section,
               GError **error)
{
  const EbpfLinkerSection *info = &self->parts[part].input->sections[section->index];
  EbpfLinkerPlace *place = &self->parts[part].places[section->index];
  EbpfElf *elf = self->parts[part].input->elf;
  EbpfLinkerOutput *output;
  gpointer known;

  if (!g_hash_table_lookup_extended (by_name, section->name, NULL, &known))
    {
      known = GUINT_TO_POINTER (self->outputs->len);
      g_ptr_array_add (self->outputs, new_output (section, info, part));
      g_hash_table_insert (by_name, (gpointer) section->name, known);
    }

  place->output = GPOINTER_TO_UINT (known);
  output = ebpf_linker_run_nth_output (self, place->output);

  if (((output->flags ^ section->flags) & (SHF_EXECINSTR | SHF_ALLOC | SHF_TLS)) != 0)
    {
      ebpf_elf_set_error (elf, error, EBPF_ERROR_INCOMPATIBLE, section, -1,
                          "it is of another kind (flags 0x%" G_GINT64_MODIFIER
                          "x) than the section of this name of %s (0x%" G_GINT64_MODIFIER "x)",
                          section->flags, ebpf_linker_run_name (self, output->first_input),
                          output->flags);
      return FALSE;
    }

  /* add_file () has seen that they are the same. */
  if (is_unique (section->name) && output->size > 0 && section->size > 0)
    {
      place->duplicate = TRUE;
      return TRUE;
    }

  /* Strings that may be merged stay so only where all of them are. */
  if ((output->flags & (SHF_MERGE | SHF_STRINGS)) != (section->flags & (SHF_MERGE | SHF_STRINGS)) ||
      output->entry_size != info->entry_size)
    {
      output->flags &= ~((guint64) SHF_MERGE | SHF_STRINGS);
      output->entry_size = 0;
    }
  output->flags |= section->flags & SHF_WRITE;
  if (section->type == SHT_PROGBITS)
    output->type = SHT_PROGBITS;
  output->alignment = MAX (output->alignment, info->alignment);

  place->offset = (output->size + info->alignment - 1) & ~(info->alignment - 1);
  if (section->size > MAX_SIZE || place->offset > MAX_SIZE - section->size)
    {
      ebpf_elf_set_error (elf, error, EBPF_ERROR_LIMIT, section, -1,
                          "with its %" G_GUINT64_FORMAT
                          " bytes the linked section would be larger than 4 GiB",
                          section->size);
      return FALSE;
    }
  output->size = place->offset + section->size;

  return TRUE;
}

static gboolean
check_sizes (EbpfLinkerRun *self, GError **error)
{
  guint64 bytes = 0, filled = 0;

  for (guint32 i = 0; i < self->outputs->len; i++)
    {
      const EbpfLinkerOutput *output = ebpf_linker_run_nth_output (self, i);

      if (output->type == SHT_PROGBITS)
        bytes += output->size;
    }

  for (guint32 i = 0; i < self->n_parts; i++)
    for (guint32 j = 1; j < self->parts[i].input->elf->n_sections; j++)
      {
        const EbpfLinkerPlace *place = &self->parts[i].places[j];
        const EbpfElfSection *section = &self->parts[i].input->elf->sections[j];

        if (place->output != EBPF_LINKER_NONE && section->type == SHT_NOBITS &&
            ebpf_linker_run_nth_output (self, place->output)->type == SHT_PROGBITS)
          filled += section->size;
      }

  if (bytes <= MAX_BYTES && filled <= MAX_FILLED)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                  "what is linked would have %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT
                  " of them zeros in sections that %s and others have bytes for; that is too much",
                  bytes, filled, ebpf_linker_run_name (self, 0));
  return FALSE;
}

gboolean
ebpf_linker_lay_out (EbpfLinkerRun *self, GError **error)
{
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint32 i = 0; i < self->n_parts; i++)
    {
      EbpfLinkerInput *input = self->parts[i].input;

      for (guint32 j = 1; j < input->elf->n_sections; j++)
        if (input->sections[j].kept &&
            !place_section (self, by_name, i, &input->elf->sections[j], error))
          return FALSE;
    }

  return check_sizes (self, error);
}

/* A reference in the middle of being moved. */
typedef struct
{
  EbpfLinkerRun *run;
  EbpfElf *elf;
  const EbpfElfSection *section;
  const EbpfLinkerReloc *reloc;
  const EbpfElfSymbol *symbol;
  guint8 *bytes;
} Reference;

static gboolean
reference_error (const Reference *self, GError **error, const char *what)
{
  ebpf_elf_set_error (self->elf, error, EBPF_ERROR_RELOCATION, self->section,
                      (gint64) self->reloc->offset, "the relocation to %s %s",
                      ebpf_elf_symbol_name (self->elf, self->symbol), what);
  return FALSE;
}

static guint32
get32 (const Reference *self, const guint8 *bytes)
{
  guint32 word;

  memcpy (&word, bytes, sizeof word);

  return self->run->swapped ? GUINT32_SWAP_LE_BE (word) : word;
}

static void
put32 (const Reference *self, guint8 *bytes, guint32 word)
{
  if (self->run->swapped)
    word = GUINT32_SWAP_LE_BE (word);
  memcpy (bytes, &word, sizeof word);
}

/* The immediate of an instruction: calls count instructions, loads of addresses bytes. */
static gboolean
move_immediate (const Reference *self, guint64 by, GError **error)
{
  guint8 *immediate = self->bytes + G_STRUCT_OFFSET (EbpfInsn, imm);
  gint64 value = (gint32) get32 (self, immediate);
  gboolean to_code = (self->elf->sections[self->symbol->section].flags & SHF_EXECINSTR) != 0;

  if (self->bytes[0] == EBPF_OP_CALL && to_code)
    value += (gint64) (by / sizeof (EbpfInsn));
  else if (self->bytes[0] == EBPF_OP_LDIMM64)
    value += (gint64) by;
  else
    return reference_error (self, error,
                            "is of an instruction that is neither a call of code nor a load of 64 "
                            "bits");

  /* An offset in data may be read as a number without a sign; one that was negative is none. */
  if (value < G_MININT32 || value > G_MAXINT32)
    return reference_error (self, error, "leads too far into the linked section");

  put32 (self, immediate, (guint32) (gint32) value);

  return TRUE;
}

static gboolean
move_word (const Reference *self, guint64 by, GError **error)
{
  gboolean is_wide = self->reloc->type != 3 && self->reloc->type != 4;
  guint64 value;

  if (!is_wide)
    {
      value = (guint64) get32 (self, self->bytes) + by;
      if (value > G_MAXUINT32)
        return reference_error (self, error, "leads too far into the linked section");

      put32 (self, self->bytes, (guint32) value);
      return TRUE;
    }

  memcpy (&value, self->bytes, sizeof value);
  if (self->run->swapped)
    value = GUINT64_SWAP_LE_BE (value);
  value += by;
  if (self->run->swapped)
    value = GUINT64_SWAP_LE_BE (value);
  memcpy (self->bytes, &value, sizeof value);

  return TRUE;
}

/* What some assemblers add and loaders add too, here once more: the symbol may be another file's. */
static void
take_value_out (const Reference *self)
{
  guint8 *immediate = self->bytes + G_STRUCT_OFFSET (EbpfInsn, imm);

  if (ebpf_elf_is_named_offset (self->symbol))
    put32 (self, immediate, get32 (self, immediate) - (guint32) self->symbol->value);
}

static gboolean
copy_reloc (EbpfLinkerRun *self,
            EbpfLinkerPart *part,
            const EbpfElfSection *section,
            const EbpfLinkerReloc *reloc,
            GError **error)
{
  const EbpfLinkerPlace *place = &part->places[section->index];
  EbpfLinkerOutput *output = ebpf_linker_run_nth_output (self, place->output);
  EbpfElf *elf = part->input->elf;
  EbpfLinkerReloc result = { place->offset + reloc->offset, part->symbols[reloc->symbol],
                             reloc->type };
  Reference reference = {
    self, elf, section, reloc, &elf->symbols[reloc->symbol], output->data + result.offset
  };

  if (ebpf_linker_place_is_dead (place, reloc->offset))
    return TRUE;

  if (result.symbol == EBPF_LINKER_NONE)
    return reference_error (&reference, error,
                            reference.symbol->section != 0 ? "leads to a section that is not linked"
                                                           : "leads to nothing");

  if (part->input->values_added && (section->flags & SHF_EXECINSTR) != 0)
    take_value_out (&reference);

  /* Symbols have moved with what they name; what is counted from a section's start has not. */
  if (reference.symbol->type == STT_SECTION && reference.symbol->section != 0)
    {
      guint64 by = part->places[reference.symbol->section].offset + reference.symbol->value;

      if (by != 0 &&
          !((section->flags & SHF_EXECINSTR) != 0 ? move_immediate (&reference, by, error)
                                                  : move_word (&reference, by, error)))
        return FALSE;
    }

  g_array_append_val (output->relocs, result);

  return TRUE;
}

/* Entries of a table of jumps count from the start of the section of code that jumps, which may not be
 * at the start of the linked one. Compilers leave no relocations for them (LLVM 22), or did: those have
 * moved them already. */
static void
move_jump_tables (EbpfLinkerRun *self,
                  EbpfLinkerPart *part,
                  const EbpfElfSection *section,
                  GHashTable *moved)
{
  const GArray *relocs = part->input->sections[section->index].relocs;
  EbpfElf *elf = part->input->elf;
  const guint64 by = part->places[section->index].offset;

  if (by == 0 || section->kind != EBPF_ELF_SECTION_CODE || relocs == NULL)
    return;

  for (guint i = 0; i < relocs->len; i++)
    {
      const EbpfLinkerReloc *reloc = &g_array_index (relocs, EbpfLinkerReloc, i);
      const EbpfElfSymbol *symbol = &elf->symbols[reloc->symbol];
      const EbpfElfSection *target = &elf->sections[symbol->section];
      const EbpfLinkerPlace *place = &part->places[symbol->section];
      Reference entry = { .run = self, .elf = elf };
      const EbpfElfSymbol *table;
      guint64 at = symbol->value;

      if (target->kind != EBPF_ELF_SECTION_JUMP_TABLES || place->output == EBPF_LINKER_NONE ||
          (part->input->sections[symbol->section].relocs != NULL &&
           part->input->sections[symbol->section].relocs->len > 0))
        continue;

      if (symbol->type == STT_SECTION && reloc->offset + sizeof (EbpfInsn) <= section->size)
        at += get32 (&entry, section->data + reloc->offset + G_STRUCT_OFFSET (EbpfInsn, imm));
      table = ebpf_elf_find_jump_table (elf, target, at);
      if (table == NULL || !g_hash_table_add (moved, (gpointer) table))
        continue;

      for (guint64 offset = 0; offset + sizeof (guint64) <= table->size; offset += sizeof (guint64))
        {
          static const EbpfLinkerReloc word = { 0 };

          entry.reloc = &word;
          entry.bytes = ebpf_linker_run_nth_output (self, place->output)->data + place->offset +
                        table->value + offset;
          move_word (&entry, by, NULL);
        }
    }
}

static gboolean
copy_section (EbpfLinkerRun *self,
              EbpfLinkerPart *part,
              const EbpfElfSection *section,
              GError **error)
{
  const EbpfLinkerPlace *place = &part->places[section->index];
  const GArray *relocs = part->input->sections[section->index].relocs;
  EbpfLinkerOutput *output;

  if (place->output == EBPF_LINKER_NONE || place->duplicate)
    return TRUE;

  output = ebpf_linker_run_nth_output (self, place->output);
  if (section->data != NULL && section->size > 0)
    memcpy (output->data + place->offset, section->data, section->size);

  for (guint i = 0; relocs != NULL && i < relocs->len; i++)
    if (!copy_reloc (self, part, section, &g_array_index (relocs, EbpfLinkerReloc, i), error))
      return FALSE;

  return TRUE;
}

gboolean
ebpf_linker_copy (EbpfLinkerRun *self, GError **error)
{
  for (guint32 i = 0; i < self->outputs->len; i++)
    {
      EbpfLinkerOutput *output = ebpf_linker_run_nth_output (self, i);

      if (output->type == SHT_PROGBITS)
        output->data = g_malloc0 (MAX (output->size, 1));
    }

  for (guint32 i = 0; i < self->n_parts; i++)
    for (guint32 j = 1; j < self->parts[i].input->elf->n_sections; j++)
      if (!copy_section (self, &self->parts[i], &self->parts[i].input->elf->sections[j], error))
        return FALSE;

  for (guint32 i = 0; i < self->n_parts; i++)
    {
      g_autoptr (GHashTable) moved = g_hash_table_new (NULL, NULL);

      for (guint32 j = 1; j < self->parts[i].input->elf->n_sections; j++)
        move_jump_tables (self, &self->parts[i], &self->parts[i].input->elf->sections[j], moved);
    }

  return TRUE;
}
