/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <elf.h>
#include <gio/gio.h>
#include <string.h>

/* Damages object files of the host's byte order. */
typedef struct
{
  guint8 *data;
  gsize size;
} ElfEdit;

static inline void
elf_edit_init (ElfEdit *self, GBytes *bytes)
{
  gconstpointer data = g_bytes_get_data (bytes, &self->size);

  self->data = g_memdup2 (data, self->size);
}

static inline GBytes *
elf_edit_finish (ElfEdit *self)
{
  return g_bytes_new_take (g_steal_pointer (&self->data), self->size);
}

static inline Elf64_Ehdr *
elf_edit_header (ElfEdit *self)
{
  return (Elf64_Ehdr *) (gpointer) self->data;
}

static inline Elf64_Shdr *
elf_edit_nth_section (ElfEdit *self, guint n)
{
  return (Elf64_Shdr *) (gpointer) (self->data + elf_edit_header (self)->e_shoff) + n;
}

static inline Elf64_Shdr *
elf_edit_section (ElfEdit *self, const char *name)
{
  Elf64_Ehdr *header = elf_edit_header (self);
  const char *names =
      (char *) self->data + elf_edit_nth_section (self, header->e_shstrndx)->sh_offset;

  for (guint i = 1; i < header->e_shnum; i++)
    if (strcmp (names + elf_edit_nth_section (self, i)->sh_name, name) == 0)
      return elf_edit_nth_section (self, i);

  g_error ("no section %s", name);
}

static inline gpointer
elf_edit_contents (ElfEdit *self, const char *name)
{
  return self->data + elf_edit_section (self, name)->sh_offset;
}

static inline Elf64_Sym *
elf_edit_symbol (ElfEdit *self, const char *name)
{
  Elf64_Shdr *symtab = elf_edit_section (self, ".symtab");
  Elf64_Sym *symbols = (gpointer) (self->data + symtab->sh_offset);
  const char *names = (char *) self->data + elf_edit_nth_section (self, symtab->sh_link)->sh_offset;

  for (guint i = 1; i < symtab->sh_size / sizeof *symbols; i++)
    if (strcmp (names + symbols[i].st_name, name) == 0)
      return &symbols[i];

  g_error ("no symbol %s", name);
}

/* Renames in place; the new name must not be longer. */
static inline void
elf_edit_rename (char *name, const char *new_name)
{
  g_assert_cmpuint (strlen (new_name), <=, strlen (name));
  strcpy (name, new_name);
}

static inline char *
elf_edit_symbol_name (ElfEdit *self, const char *name)
{
  Elf64_Shdr *symtab = elf_edit_section (self, ".symtab");

  return (char *) self->data + elf_edit_nth_section (self, symtab->sh_link)->sh_offset +
         elf_edit_symbol (self, name)->st_name;
}
