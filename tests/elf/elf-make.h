/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <elf.h>
#include <gio/gio.h>
#include <string.h>

/* Makes object files that no compiler at hand makes, of the host's byte order. */
typedef struct
{
  GArray *headers;  /* of Elf64_Shdr; [0] is null */
  GPtrArray *bytes; /* of GByteArray, one a section */
  GByteArray *section_names;
  GByteArray *names;
  GArray *symbols; /* of Elf64_Sym; [0] is null */
} ElfMake;

static inline guint
elf_make_string (GByteArray *table, const char *string)
{
  guint offset = table->len;

  if (string[0] == '\0')
    return 0;
  g_byte_array_append (table, (const guint8 *) string, (guint) strlen (string) + 1);
  return offset;
}

static inline guint
elf_make_section (ElfMake *self,
                  const char *name,
                  guint type,
                  guint flags,
                  gconstpointer data,
                  gsize size)
{
  Elf64_Shdr header = { .sh_type = type, .sh_flags = flags, .sh_size = size, .sh_addralign = 8 };
  GByteArray *bytes = g_byte_array_new ();

  header.sh_name = elf_make_string (self->section_names, name);
  if (data != NULL)
    g_byte_array_append (bytes, data, (guint) size);
  g_array_append_val (self->headers, header);
  g_ptr_array_add (self->bytes, bytes);

  return self->headers->len - 1;
}

static inline guint
elf_make_symbol (ElfMake *self,
                 const char *name,
                 guint section,
                 guint64 value,
                 guint64 size,
                 guint binding,
                 guint type)
{
  Elf64_Sym symbol = { .st_shndx = (Elf64_Section) section, .st_value = value, .st_size = size };

  symbol.st_name = elf_make_string (self->names, name);
  symbol.st_info = ELF64_ST_INFO (binding, type);
  g_array_append_val (self->symbols, symbol);

  return self->symbols->len - 1;
}

/* The relocations of each section are to be added in one go. */
static inline void
elf_make_relocation (ElfMake *self, guint section, guint64 offset, guint symbol)
{
  Elf64_Rel relocation = { .r_offset = offset, .r_info = ELF64_R_INFO ((guint64) symbol, 1) };
  Elf64_Shdr *last = &g_array_index (self->headers, Elf64_Shdr, self->headers->len - 1);

  if (last->sh_type != SHT_REL || last->sh_info != section)
    {
      elf_make_section (self, ".rel", SHT_REL, 0, NULL, 0);
      last = &g_array_index (self->headers, Elf64_Shdr, self->headers->len - 1);
      last->sh_info = section;
      last->sh_entsize = sizeof relocation;
    }

  g_byte_array_append (g_ptr_array_index (self->bytes, self->bytes->len - 1),
                       (guint8 *) &relocation, sizeof relocation);
  last->sh_size += sizeof relocation;
}

static inline void
elf_make_init (ElfMake *self)
{
  Elf64_Sym null = { 0 };

  self->headers = g_array_new (FALSE, TRUE, sizeof (Elf64_Shdr));
  self->bytes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  self->section_names = g_byte_array_new ();
  self->names = g_byte_array_new ();
  self->symbols = g_array_new (FALSE, TRUE, sizeof (Elf64_Sym));
  g_byte_array_append (self->section_names, (const guint8 *) "", 1);
  g_byte_array_append (self->names, (const guint8 *) "", 1);
  g_array_append_val (self->symbols, null);
  elf_make_section (self, "", SHT_NULL, 0, NULL, 0);
  memset (self->headers->data, 0, sizeof (Elf64_Shdr));
}

/* The file; @self is empty afterwards. */
static inline GBytes *
elf_make_finish (ElfMake *self)
{
  Elf64_Ehdr header = { .e_type = ET_REL,
                        .e_machine = EM_BPF,
                        .e_version = EV_CURRENT,
                        .e_ehsize = sizeof header,
                        .e_shentsize = sizeof (Elf64_Shdr) };
  GByteArray *file = g_byte_array_new ();
  guint strings, symtab, names;

  strings = elf_make_section (self, ".strtab", SHT_STRTAB, 0, self->names->data, self->names->len);
  symtab = elf_make_section (self, ".symtab", SHT_SYMTAB, 0, self->symbols->data,
                             self->symbols->len * sizeof (Elf64_Sym));
  names = elf_make_section (self, ".shstrtab", SHT_STRTAB, 0, NULL, 0);
  g_array_index (self->headers, Elf64_Shdr, symtab).sh_link = strings;
  g_array_index (self->headers, Elf64_Shdr, symtab).sh_entsize = sizeof (Elf64_Sym);
  g_array_index (self->headers, Elf64_Shdr, names).sh_size = self->section_names->len;
  g_byte_array_append (g_ptr_array_index (self->bytes, names), self->section_names->data,
                       self->section_names->len);

  g_byte_array_append (file, (guint8 *) &header, sizeof header);
  for (guint i = 1; i < self->headers->len; i++)
    {
      Elf64_Shdr *section = &g_array_index (self->headers, Elf64_Shdr, i);
      GByteArray *bytes = g_ptr_array_index (self->bytes, i);

      if (section->sh_type == SHT_REL)
        section->sh_link = symtab;
      g_byte_array_set_size (file, (file->len + 7) / 8 * 8);
      section->sh_offset = file->len;
      g_byte_array_append (file, bytes->data, bytes->len);
    }

  g_byte_array_set_size (file, (file->len + 7) / 8 * 8);
  memcpy (header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_shoff = file->len;
  header.e_shnum = (Elf64_Half) self->headers->len;
  header.e_shstrndx = (Elf64_Half) names;
  memcpy (file->data, &header, sizeof header);
  g_byte_array_append (file, (guint8 *) self->headers->data,
                       self->headers->len * (guint) sizeof (Elf64_Shdr));

  g_array_unref (self->headers);
  g_ptr_array_unref (self->bytes);
  g_byte_array_unref (self->section_names);
  g_byte_array_unref (self->names);
  g_array_unref (self->symbols);
  memset (self, 0, sizeof *self);

  return g_byte_array_free_to_bytes (file);
}
