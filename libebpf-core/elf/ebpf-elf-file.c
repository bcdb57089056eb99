/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include "elf/ebpf-elf-raw-private.h"

#include <stdarg.h>
#include <string.h>

/* The container: sections, symbols and relocations. Nothing outside the file is looked at. */

void
ebpf_elf_set_error (EbpfElf *self,
                    GError **error,
                    EbpfError code,
                    const EbpfElfSection *section,
                    gint64 offset,
                    const char *format,
                    ...)
{
  g_autoptr (GString) where = g_string_new (self->source);
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  if (section != NULL)
    g_string_append_printf (where, ": section %s", section->name);
  if (offset >= 0)
    g_string_append_printf (where, "%s offset 0x%" G_GINT64_MODIFIER "x",
                            section != NULL ? "," : ":", (guint64) offset);

  ebpf_error_set (error, code, 0, "%s: %s", where->str, what);
}

static void
section_clear (EbpfElfSection *section)
{
  g_clear_pointer (&section->ref_name, g_ref_string_release);
  g_clear_pointer (&section->insns, g_free);
  g_clear_pointer (&section->relocs, g_array_unref);
  g_clear_pointer (&section->calls, g_array_unref);
}

void
ebpf_elf_free (EbpfElf *self)
{
  for (guint32 i = 0; i < self->n_sections; i++)
    section_clear (&self->sections[i]);
  for (guint32 i = 0; i < self->n_symbols; i++)
    g_clear_pointer (&self->symbols[i].ref_name, g_ref_string_release);

  g_free (self->sections);
  g_free (self->symbols);
  g_free (self->symbol_order);
  g_free (self->functions);
  g_free (self->license);
  g_clear_pointer (&self->arena, g_ref_string_release);
  g_clear_pointer (&self->sections_by_name, g_hash_table_unref);
  g_clear_pointer (&self->ext_sections, g_hash_table_unref);
  g_clear_pointer (&self->datasecs, g_hash_table_unref);
  g_clear_pointer (&self->tags, g_hash_table_unref);
  g_clear_pointer (&self->externs, g_hash_table_unref);
  g_clear_pointer (&self->map_symbols, g_hash_table_unref);
  g_clear_pointer (&self->jump_tables, g_array_unref);
  g_clear_pointer (&self->jump_table_symbols, g_hash_table_unref);
  g_clear_pointer (&self->struct_ops, g_hash_table_unref);
  g_clear_object (&self->btf);
  g_clear_object (&self->spec);
  g_free (self);
}

static const char *
machine_name (guint machine)
{
  static const struct
  {
    guint machine;
    const char *name;
  } names[] = {
    { EM_386, "Intel 80386" },
    { EM_X86_64, "x86-64" },
    { EM_ARM, "Arm" },
    { EM_AARCH64, "AArch64" },
    { EM_RISCV, "RISC-V" },
    { EM_S390, "IBM S/390" },
    { EM_PPC, "PowerPC" },
    { EM_PPC64, "64-bit PowerPC" },
    { EM_MIPS, "MIPS" },
    { EM_SPARCV9, "SPARC V9" },
    { 258 /* EM_LOONGARCH */, "LoongArch" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].machine == machine)
      return names[i].name;

  return NULL;
}

static gboolean
check_header (EbpfElf *self, Elf64_Ehdr *header, GError **error)
{
  const char *name;
  guint16 machine;
  guint encoding;

  if (self->image_size < EI_NIDENT || memcmp (self->image, ELFMAG, SELFMAG) != 0)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_NOT_ELF, NULL, -1,
                          self->image_size == 0 ? "the file is empty"
                                                : "this is not an ELF file: its first bytes are "
                                                  "not those of one");
      return FALSE;
    }

  encoding = self->image[EI_DATA];
  if (encoding != ELFDATA2LSB && encoding != ELFDATA2MSB)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL, EI_DATA,
                          "byte order %u does not exist", encoding);
      return FALSE;
    }

  self->swapped = (encoding == ELFDATA2LSB) != (G_BYTE_ORDER == G_LITTLE_ENDIAN);

  /* At the same place in 32-bit files: an object of another machine is called that, whatever else
   * is odd about it. */
  if (self->image_size >= G_STRUCT_OFFSET (Elf64_Ehdr, e_machine) + sizeof machine)
    {
      memcpy (&machine, self->image + G_STRUCT_OFFSET (Elf64_Ehdr, e_machine), sizeof machine);
      if (self->swapped)
        machine = GUINT16_SWAP_LE_BE (machine);

      /* Early versions of LLVM left the machine out. */
      if (machine != EM_BPF && machine != EM_NONE)
        {
          name = machine_name (machine);
          ebpf_elf_set_error (self, error, EBPF_ERROR_WRONG_MACHINE, NULL,
                              G_STRUCT_OFFSET (Elf64_Ehdr, e_machine),
                              "the object is of machine %u (%s), not of BPF; compile it with "
                              "clang --target=bpf",
                              machine, name != NULL ? name : "unknown");
          return FALSE;
        }
    }

  if (self->image[EI_CLASS] != ELFCLASS64)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_WRONG_MACHINE, NULL, EI_CLASS,
                          "this is not a 64-bit ELF file; BPF objects are");
      return FALSE;
    }

  if (self->image_size < sizeof (Elf64_Ehdr))
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL, -1,
                          "the file is cut off: it has %zu bytes, its header alone needs %zu",
                          self->image_size, sizeof (Elf64_Ehdr));
      return FALSE;
    }

  if (self->image[EI_VERSION] != EV_CURRENT)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL, EI_VERSION,
                          "version %u of the format is not known", self->image[EI_VERSION]);
      return FALSE;
    }

  ebpf_elf_raw_header (header, self->image, self->swapped);
  if (header->e_type != ET_REL)
    {
      ebpf_elf_set_error (
          self, error, EBPF_ERROR_MALFORMED, NULL, G_STRUCT_OFFSET (Elf64_Ehdr, e_type),
          "this is an ELF file of type %u, not a relocatable object", header->e_type);
      return FALSE;
    }

  return TRUE;
}

/* The number of sections, with the header table inside the file; 0 with @error where not. @names: index of
 * the section with their names. */
static guint32
check_section_table (EbpfElf *self, const Elf64_Ehdr *header, guint32 *names, GError **error)
{
  guint64 room, n_sections = header->e_shnum;
  Elf64_Shdr first;

  if (header->e_shoff == 0)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL,
                          G_STRUCT_OFFSET (Elf64_Ehdr, e_shoff), "the file has no sections");
      return 0;
    }

  if (header->e_shoff > self->image_size ||
      self->image_size - header->e_shoff < sizeof (Elf64_Shdr))
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL, (gint64) header->e_shoff,
                          "the section headers lie outside the file, which has %zu bytes; is it "
                          "cut off?",
                          self->image_size);
      return 0;
    }

  room = (self->image_size - header->e_shoff) / sizeof (Elf64_Shdr);

  if (header->e_shentsize != sizeof (Elf64_Shdr))
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL,
                          G_STRUCT_OFFSET (Elf64_Ehdr, e_shentsize),
                          "section headers are of %u bytes instead of %zu", header->e_shentsize,
                          sizeof (Elf64_Shdr));
      return 0;
    }

  /* What does not fit into the header is in the null section's. */
  ebpf_elf_raw_section (&first, self->image + header->e_shoff, self->swapped);
  *names = header->e_shstrndx == SHN_XINDEX ? first.sh_link : header->e_shstrndx;
  if (n_sections == 0)
    n_sections = first.sh_size;

  if (n_sections == 0 || n_sections > room || n_sections > G_MAXUINT32)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL, (gint64) header->e_shoff,
                          "not all section headers lie inside the file, which has %zu bytes; is "
                          "it cut off?",
                          self->image_size);
      return 0;
    }

  return (guint32) n_sections;
}

/* Up to this many are looked through: few names are asked for. */
#define SECTIONS_WITHOUT_TABLE 128

/* Longer names are damage, and would let a small file have the same bytes looked at many times. */
#define MAX_NAME 4096

/* The string at @offset of a string table; NULL where there is none that can be a name. */
static const char *
string_at (const EbpfElfSection *strings, guint64 offset)
{
  const char *string;
  gsize length;

  if (strings->data == NULL || offset >= strings->size)
    return offset == 0 && strings->size == 0 ? "" : NULL;

  /* That the table ends in a zero was checked when it was chosen. */
  string = (const char *) strings->data + offset;
  for (length = 0; length < MAX_NAME && (signed char) string[length] > 0; length++)
    ;

  /* Nearly all names are ASCII and end here. */
  if (G_UNLIKELY (length == MAX_NAME || string[length] != '\0'))
    {
      length = strnlen (string, MAX_NAME);
      if (length == MAX_NAME || !g_utf8_validate_len (string, length, NULL))
        return NULL;
    }

  return string;
}

static gboolean
check_string_table (EbpfElf *self, guint64 index, const char *what, GError **error)
{
  const EbpfElfSection *strings;

  if (index == 0 || index >= self->n_sections || self->sections[index].type != SHT_STRTAB)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL, -1,
                          "section %" G_GUINT64_FORMAT ", which should hold the names of %s, is no "
                          "string table",
                          index, what);
      return FALSE;
    }

  strings = &self->sections[index];
  if (strings->size > 0 && strings->data[strings->size - 1] != '\0')
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, strings, (gint64) strings->size - 1,
                          "the names of %s do not end in a zero", what);
      return FALSE;
    }

  return TRUE;
}

static EbpfElfSectionKind
classify (const EbpfElfSection *section)
{
  const char *name = section->name;

  if (section->type == SHT_PROGBITS && (section->flags & SHF_EXECINSTR) != 0)
    return section->size > 0 ? EBPF_ELF_SECTION_CODE : EBPF_ELF_SECTION_OTHER;

  /* So begin all that mean anything. */
  if (section->type == SHT_NULL || (name[0] != '.' && name[0] != '?' && name[0] != 'm'))
    return EBPF_ELF_SECTION_OTHER;

  /* What most files have most of. */
  if (strncmp (name, ".rel", 4) == 0 || strncmp (name, ".debug", 6) == 0)
    return EBPF_ELF_SECTION_OTHER;

  if (g_str_has_prefix (name, ".data") || g_str_has_prefix (name, ".rodata") ||
      strcmp (name, ".bss") == 0 || g_str_has_prefix (name, ".bss."))
    return EBPF_ELF_SECTION_DATA;

  if (section->type != SHT_PROGBITS && section->type != SHT_NOBITS)
    return EBPF_ELF_SECTION_OTHER;

  if (g_str_equal (name, ".maps"))
    return EBPF_ELF_SECTION_MAPS;

  if (g_str_has_prefix (name, "maps"))
    return EBPF_ELF_SECTION_LEGACY_MAPS;

  if (g_str_equal (name, ".jumptables") && section->type == SHT_PROGBITS)
    return EBPF_ELF_SECTION_JUMP_TABLES;

  if (g_str_equal (name, ".addr_space.1"))
    return EBPF_ELF_SECTION_ARENA;

  name += name[0] == '?';
  if (section->type == SHT_PROGBITS &&
      (g_str_equal (name, ".struct_ops") || g_str_equal (name, ".struct_ops.link")))
    return EBPF_ELF_SECTION_STRUCT_OPS;

  return EBPF_ELF_SECTION_OTHER;
}

static gboolean
read_sections (EbpfElf *self, const Elf64_Ehdr *header, GError **error)
{
  guint32 names = 0;
  g_autofree guint32 *name_offsets = NULL;

  self->n_sections = check_section_table (self, header, &names, error);
  if (self->n_sections == 0)
    return FALSE;

  self->sections = g_new0 (EbpfElfSection, self->n_sections);
  name_offsets = g_new0 (guint32, self->n_sections);

  for (guint32 i = 0; i < self->n_sections; i++)
    {
      EbpfElfSection *section = &self->sections[i];
      Elf64_Shdr shdr;

      section->name = "";
      section->index = i;

      /* The null section's fields have other meanings. */
      if (i == 0)
        continue;

      ebpf_elf_raw_section (&shdr, self->image + header->e_shoff + i * sizeof shdr, self->swapped);
      section->type = shdr.sh_type;
      section->link = shdr.sh_link;
      section->entry_size = shdr.sh_entsize;
      section->alignment = shdr.sh_addralign;
      section->info = shdr.sh_info;
      section->flags = shdr.sh_flags;
      section->offset = shdr.sh_offset;
      section->size = shdr.sh_size;
      name_offsets[i] = shdr.sh_name;

      if (shdr.sh_type == SHT_NOBITS || shdr.sh_type == SHT_NULL)
        continue;

      if (shdr.sh_offset > self->image_size || shdr.sh_size > self->image_size - shdr.sh_offset)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL,
                              (gint64) (header->e_shoff + i * sizeof (Elf64_Shdr)),
                              "section %u lies outside the file: it has %" G_GUINT64_FORMAT
                              " bytes at 0x%" G_GINT64_MODIFIER "x, and the file has %zu in all",
                              i, (guint64) shdr.sh_size, (guint64) shdr.sh_offset,
                              self->image_size);
          return FALSE;
        }

      section->data = self->image + shdr.sh_offset;
    }

  if (!check_string_table (self, names, "the sections", error))
    return FALSE;

  if (self->n_sections > SECTIONS_WITHOUT_TABLE)
    self->sections_by_name = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint32 i = 1; i < self->n_sections; i++)
    {
      EbpfElfSection *section = &self->sections[i];
      const char *name = string_at (&self->sections[names], name_offsets[i]);

      if (name == NULL)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL,
                              (gint64) (header->e_shoff + i * sizeof (Elf64_Shdr)),
                              "the name of section %u, at %u of the names, is outside of them, "
                              "too long or not UTF-8",
                              i, name_offsets[i]);
          return FALSE;
        }

      section->name = name;
      section->kind = classify (section);
      if (self->sections_by_name != NULL && section->type != SHT_NULL &&
          !g_hash_table_contains (self->sections_by_name, name))
        g_hash_table_insert (self->sections_by_name, (gpointer) name, section);
    }

  return TRUE;
}

static gboolean
read_symbol (EbpfElf *self,
             const EbpfElfSection *extended,
             const EbpfElfSection *strings,
             guint32 index,
             GError **error)
{
  const EbpfElfSection *symtab = &self->sections[self->symtab];
  EbpfElfSymbol *symbol = &self->symbols[index];
  gint64 offset = (gint64) index * (gint64) sizeof (Elf64_Sym);
  Elf64_Sym sym;

  ebpf_elf_raw_symbol (&sym, symtab->data + offset, self->swapped);

  symbol->name = string_at (strings, sym.st_name);
  if (symbol->name == NULL)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, symtab, offset,
                          "the name of symbol %u, at %u of the names, is outside of them, too "
                          "long or not UTF-8",
                          index, sym.st_name);
      return FALSE;
    }

  symbol->value = sym.st_value;
  symbol->size = sym.st_size;
  symbol->special = sym.st_shndx;
  symbol->type = ELF64_ST_TYPE (sym.st_info);
  symbol->binding = ELF64_ST_BIND (sym.st_info);
  symbol->visibility = ELF64_ST_VISIBILITY (sym.st_other);

  if (sym.st_shndx == SHN_XINDEX && extended != NULL)
    {
      if (extended->data == NULL || extended->size / sizeof (guint32) <= index)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, extended, -1,
                              "it does not say in which section symbol %s is", symbol->name);
          return FALSE;
        }
      symbol->section = ebpf_elf_read_u32 (self, extended->data + (gsize) index * sizeof (guint32));
    }
  else if (sym.st_shndx < SHN_LORESERVE)
    symbol->section = sym.st_shndx;

  if (symbol->section >= self->n_sections)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, symtab, offset,
                          "symbol %s is in section %u, and there are %u",
                          ebpf_elf_symbol_name (self, symbol), symbol->section, self->n_sections);
      return FALSE;
    }

  /* A symbol may stand right behind the last byte. */
  if (symbol->section != 0 && (symbol->value > self->sections[symbol->section].size ||
                               symbol->size > self->sections[symbol->section].size - symbol->value))
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, symtab, offset,
                          "symbol %s, of %" G_GUINT64_FORMAT " bytes at 0x%" G_GINT64_MODIFIER
                          "x, reaches outside its section %s of %" G_GUINT64_FORMAT " bytes",
                          ebpf_elf_symbol_name (self, symbol), symbol->size, symbol->value,
                          self->sections[symbol->section].name,
                          self->sections[symbol->section].size);
      return FALSE;
    }

  return TRUE;
}

static int
compare_symbols (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const EbpfElf *self = user_data;
  guint32 index_a = *(const guint32 *) a, index_b = *(const guint32 *) b;
  const EbpfElfSymbol *symbol_a = &self->symbols[index_a], *symbol_b = &self->symbols[index_b];

  if (symbol_a->value != symbol_b->value)
    return symbol_a->value < symbol_b->value ? -1 : 1;

  return index_a < index_b ? -1 : index_a > index_b;
}

/* Groups the symbols by section: one pass to count, one to place, and a sort of each group. */
static void
order_symbols (EbpfElf *self)
{
  g_autofree guint32 *filled = g_new0 (guint32, self->n_sections);
  guint32 next = 0;

  self->symbol_order = g_new (guint32, MAX (self->n_symbols, 1));

  for (guint32 i = 0; i < self->n_symbols; i++)
    self->sections[self->symbols[i].section].n_symbols++;

  for (guint32 i = 0; i < self->n_sections; i++)
    {
      self->sections[i].first_symbol = next;
      next += self->sections[i].n_symbols;
    }

  for (guint32 i = 0; i < self->n_symbols; i++)
    {
      guint32 section = self->symbols[i].section;

      self->symbol_order[self->sections[section].first_symbol + filled[section]++] = i;
    }

  for (guint32 i = 1; i < self->n_sections; i++)
    if (self->sections[i].n_symbols > 1)
      g_qsort_with_data (self->symbol_order + self->sections[i].first_symbol,
                         (gint) self->sections[i].n_symbols, sizeof (guint32), compare_symbols,
                         self);
}

static gboolean
read_symbols (EbpfElf *self, GError **error)
{
  EbpfElfSection *symtab = NULL;
  const EbpfElfSection *extended = NULL;

  for (guint32 i = 1; i < self->n_sections; i++)
    {
      EbpfElfSection *section = &self->sections[i];

      if (section->type == SHT_SYMTAB)
        {
          if (symtab != NULL)
            {
              ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                                  "there is a symbol table already");
              return FALSE;
            }

          symtab = section;
          self->symtab = i;
        }
      else if (section->type == SHT_SYMTAB_SHNDX)
        {
          extended = section;
        }
    }

  if (symtab == NULL)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, NULL, -1,
                          "the file has no symbol table; was it stripped?");
      return FALSE;
    }

  if (symtab->entry_size != sizeof (Elf64_Sym) || symtab->size % sizeof (Elf64_Sym) != 0 ||
      (symtab->flags & SHF_COMPRESSED) != 0 || symtab->size / sizeof (Elf64_Sym) > G_MAXINT)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, symtab, -1,
                          "the symbol table is not one of %zu-byte symbols", sizeof (Elf64_Sym));
      return FALSE;
    }

  if (!check_string_table (self, symtab->link, "the symbols", error))
    return FALSE;

  if (symtab->size > 0)
    {
      self->n_symbols = (guint32) (symtab->size / sizeof (Elf64_Sym));
      self->symbols = g_new0 (EbpfElfSymbol, self->n_symbols);

      for (guint32 i = 0; i < self->n_symbols; i++)
        if (!read_symbol (self, extended, &self->sections[symtab->link], i, error))
          return FALSE;
    }

  order_symbols (self);

  return TRUE;
}

/* Tells each section where its relocations are. Those of debug information are of no interest. */
static gboolean
assign_relocations (EbpfElf *self, GError **error)
{
  for (guint32 i = 1; i < self->n_sections; i++)
    {
      EbpfElfSection *section = &self->sections[i];
      EbpfElfSection *target;

      if (section->type != SHT_REL && section->type != SHT_RELA)
        continue;

      if (section->info >= self->n_sections)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                              "these are relocations of section %u, and there are %u",
                              section->info, self->n_sections);
          return FALSE;
        }

      target = &self->sections[section->info];
      if (target->kind != EBPF_ELF_SECTION_CODE && target->kind != EBPF_ELF_SECTION_MAPS &&
          target->kind != EBPF_ELF_SECTION_STRUCT_OPS)
        continue;

      if (section->type == SHT_RELA)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_NOT_SUPPORTED, section, -1,
                              "relocations of %s have addends of their own (RELA), which BPF "
                              "objects have not",
                              target->name);
          return FALSE;
        }

      if (target->relocations != 0)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                              "section %s has relocations already", target->name);
          return FALSE;
        }

      target->relocations = i;
    }

  return TRUE;
}

static gboolean
read_license_and_version (EbpfElf *self, GError **error)
{
  for (guint32 i = 1; i < self->n_sections; i++)
    {
      const EbpfElfSection *section = &self->sections[i];
      const guint8 *data;

      if (section->type != SHT_PROGBITS || (section->flags & SHF_EXECINSTR) != 0)
        continue;

      if (self->license == NULL && g_str_has_prefix (section->name, "license"))
        {
          g_autofree char *license = NULL;

          if (section->size == 0)
            continue;

          data = ebpf_elf_get_data (self, section, error);
          if (data == NULL)
            return FALSE;

          license = g_strndup ((const char *) data, section->size);
          self->license = g_utf8_make_valid (license, -1);
        }
      else if (self->version == 0 && g_str_has_prefix (section->name, "version"))
        {
          data = ebpf_elf_get_data (self, section, error);
          if (data == NULL)
            return FALSE;

          if (section->size != sizeof (guint32))
            {
              ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                                  "the kernel version has %" G_GUINT64_FORMAT " bytes instead of 4",
                                  section->size);
              return FALSE;
            }

          self->version = ebpf_elf_read_u32 (self, data);
        }
    }

  return TRUE;
}

EbpfElf *
ebpf_elf_open (GBytes *bytes, const char *source, GError **error)
{
  g_autoptr (EbpfElf) self = g_new0 (EbpfElf, 1);
  Elf64_Ehdr header;

  self->source = source;
  self->image = g_bytes_get_data (bytes, &self->image_size);

  if (!check_header (self, &header, error) || !read_sections (self, &header, error) ||
      !read_symbols (self, error) || !assign_relocations (self, error) ||
      !read_license_and_version (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

EbpfElfSection *
ebpf_elf_find_section (EbpfElf *self, const char *name)
{
  if (self->sections_by_name != NULL)
    return g_hash_table_lookup (self->sections_by_name, name);

  for (guint32 i = 1; i < self->n_sections; i++)
    {
      const char *other = self->sections[i].name;

      /* Most begin with a dot, and differ in what follows. */
      if (other[0] == name[0] && (name[0] == '\0' || other[1] == name[1]) &&
          self->sections[i].type != SHT_NULL && strcmp (other, name) == 0)
        return &self->sections[i];
    }

  return NULL;
}

const guint8 *
ebpf_elf_get_data (EbpfElf *self, const EbpfElfSection *section, GError **error)
{
  if ((section->flags & SHF_COMPRESSED) != 0)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_NOT_SUPPORTED, section, -1,
                          "the section is compressed; uncompress it with "
                          "llvm-objcopy --decompress-debug-sections");
      return NULL;
    }

  if (section->data == NULL)
    ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                        "the section has no bytes in the file");

  return section->data;
}

guint32
ebpf_elf_read_u32 (EbpfElf *self, const guint8 *data)
{
  guint32 value;

  memcpy (&value, data, sizeof value);

  return self->swapped ? GUINT32_SWAP_LE_BE (value) : value;
}

const char *
ebpf_elf_symbol_name (EbpfElf *self, const EbpfElfSymbol *symbol)
{
  if (symbol->name[0] != '\0')
    return symbol->name;

  if (symbol->type == STT_SECTION && symbol->section < self->n_sections)
    return self->sections[symbol->section].name;

  return "(without a name)";
}

GRefString *
ebpf_elf_symbol_ref_name (EbpfElfSymbol *symbol)
{
  if (symbol->ref_name == NULL)
    symbol->ref_name = g_ref_string_new (symbol->name);

  return symbol->ref_name;
}

GRefString *
ebpf_elf_section_ref_name (EbpfElfSection *section)
{
  if (section->ref_name == NULL)
    section->ref_name = g_ref_string_new (section->name);

  return section->ref_name;
}

static int
compare_relocations (gconstpointer a, gconstpointer b)
{
  const EbpfElfRelocation *relocation_a = a, *relocation_b = b;

  if (relocation_a->offset != relocation_b->offset)
    return relocation_a->offset < relocation_b->offset ? -1 : 1;

  return 0;
}

GArray *
ebpf_elf_read_relocations (EbpfElf *self, const EbpfElfSection *section, GError **error)
{
  g_autoptr (GArray) result = g_array_new (FALSE, FALSE, sizeof (EbpfElfRelocation));
  const EbpfElfSection *table;
  gboolean sorted = TRUE;
  guint32 n;

  if (section->relocations == 0)
    return g_steal_pointer (&result);

  table = &self->sections[section->relocations];
  if (table->entry_size != sizeof (Elf64_Rel) || table->data == NULL ||
      table->size % sizeof (Elf64_Rel) != 0 || table->size / sizeof (Elf64_Rel) > G_MAXINT ||
      (table->flags & SHF_COMPRESSED) != 0)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, table, -1,
                          "the relocations of %s are not a table of %zu-byte entries",
                          section->name, sizeof (Elf64_Rel));
      return NULL;
    }

  if (table->link != self->symtab)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, table, -1,
                          "the relocations of %s refer to section %u, which is not the symbol "
                          "table",
                          section->name, table->link);
      return NULL;
    }

  n = (guint32) (table->size / sizeof (Elf64_Rel));
  if (n == 0)
    return g_steal_pointer (&result);

  g_array_set_size (result, n);

  for (guint32 i = 0; i < n; i++)
    {
      EbpfElfRelocation *relocation = &g_array_index (result, EbpfElfRelocation, i);
      Elf64_Rel rel;

      ebpf_elf_raw_relocation (&rel, table->data + (gsize) i * sizeof rel, self->swapped);

      if (ELF64_R_SYM (rel.r_info) == 0 || ELF64_R_SYM (rel.r_info) >= self->n_symbols)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_RELOCATION, section,
                              (gint64) MIN (rel.r_offset, (guint64) G_MAXINT64),
                              "relocation %u is to symbol %" G_GUINT64_FORMAT
                              ", which does not exist: there are %u",
                              i, (guint64) ELF64_R_SYM (rel.r_info), self->n_symbols);
          return NULL;
        }

      relocation->offset = rel.r_offset;
      relocation->symbol = (guint32) ELF64_R_SYM (rel.r_info);

      if (rel.r_offset >= section->size || section->size - rel.r_offset < 8 ||
          rel.r_offset % 8 != 0)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_RELOCATION, section,
                              (gint64) MIN (rel.r_offset, (guint64) G_MAXINT64),
                              "relocation %u, to symbol %s, is %s", i,
                              ebpf_elf_symbol_name (self, &self->symbols[relocation->symbol]),
                              rel.r_offset % 8 != 0 ? "not at a multiple of 8 bytes"
                                                    : "outside the section");
          return NULL;
        }

      sorted = sorted && (i == 0 || relocation[-1].offset <= relocation->offset);
    }

  if (!sorted)
    g_array_sort (result, compare_relocations);

  return g_steal_pointer (&result);
}
