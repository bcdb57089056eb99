/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "linker/ebpf-linker-private.h"

#include <libelf.h>
#include <string.h>

/* The container. It is put together in memory, so that nothing of the system is needed; libelf gives
 * it its byte order. */

typedef struct
{
  EbpfLinkerRun *run;
  GByteArray *image;
  GByteArray *strings;
  GHashTable *offsets; /* string -> its offset */
  GArray *headers;     /* of Elf64_Shdr */
} Writer;

static void
writer_clear (Writer *self)
{
  g_clear_pointer (&self->image, g_byte_array_unref);
  g_byte_array_unref (self->strings);
  g_hash_table_unref (self->offsets);
  g_array_unref (self->headers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Writer, writer_clear)

static guint32
add_string (Writer *self, const char *string)
{
  gpointer known;
  guint32 offset = self->strings->len;

  if (g_hash_table_lookup_extended (self->offsets, string, NULL, &known))
    return GPOINTER_TO_UINT (known);

  g_byte_array_append (self->strings, (const guint8 *) string, strlen (string) + 1);
  g_hash_table_insert (self->offsets, g_strdup (string), GUINT_TO_POINTER (offset));

  return offset;
}

static void
align (Writer *self, guint64 alignment)
{
  static const guint8 zeros[8] = { 0 };
  guint64 target = (self->image->len + alignment - 1) & ~(alignment - 1);

  while (self->image->len < target)
    g_byte_array_append (self->image, zeros, (guint) MIN (sizeof zeros, target - self->image->len));
}

/* A section with the bytes that follow; returns its index. */
static guint32
add_section (Writer *self, const char *name, Elf64_Shdr header, gconstpointer data)
{
  header.sh_name = add_string (self, name);
  align (self, MAX (header.sh_addralign, 1));
  header.sh_offset = self->image->len;
  if (data != NULL && header.sh_size > 0)
    g_byte_array_append (self->image, data, (guint) header.sh_size);
  g_array_append_val (self->headers, header);

  return self->headers->len - 1;
}

/* Converts an array of one type to the file's byte order, in place. */
static gboolean
translate (Writer *self, gpointer data, gsize size, Elf_Type type, GError **error)
{
  Elf_Data from = { .d_buf = data, .d_type = type, .d_size = size, .d_version = EV_CURRENT };
  Elf_Data to = from;

  if (size == 0 ||
      elf64_xlatetof (&to, &from, self->run->big_endian ? ELFDATA2MSB : ELFDATA2LSB) != NULL)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_FAILED, 0, "the linked file cannot be written: %s",
                  elf_errmsg (-1));
  return FALSE;
}

static void
add_outputs (Writer *self)
{
  for (guint32 i = 0; i < self->run->outputs->len; i++)
    {
      const EbpfLinkerOutput *output = ebpf_linker_run_nth_output (self->run, i);
      Elf64_Shdr header = {
        .sh_type = output->type,
        .sh_flags = output->flags,
        .sh_size = output->size,
        .sh_addralign = output->alignment,
        .sh_entsize = output->entry_size,
      };

      add_section (self, output->name, header, output->data);
    }
}

static gboolean
add_relocations (Writer *self, guint32 symtab, GError **error)
{
  for (guint32 i = 0; i < self->run->outputs->len; i++)
    {
      const EbpfLinkerOutput *output = ebpf_linker_run_nth_output (self->run, i);
      guint n = output->relocs->len;
      g_autofree Elf64_Rel *rels = g_new0 (Elf64_Rel, MAX (n, 1));
      g_autofree char *name = g_strconcat (".rel", output->name, NULL);
      Elf64_Shdr header = {
        .sh_type = SHT_REL,
        .sh_flags = SHF_INFO_LINK,
        .sh_size = n * sizeof *rels,
        .sh_link = symtab,
        .sh_info = i + 1,
        .sh_addralign = 8,
        .sh_entsize = sizeof *rels,
      };

      if (n == 0)
        continue;

      for (guint r = 0; r < n; r++)
        {
          const EbpfLinkerReloc *reloc = &g_array_index (output->relocs, EbpfLinkerReloc, r);

          rels[r].r_offset = reloc->offset;
          rels[r].r_info = ELF64_R_INFO ((guint64) reloc->symbol, reloc->type);
        }

      if (!translate (self, rels, header.sh_size, ELF_T_REL, error))
        return FALSE;

      add_section (self, name, header, rels);
    }

  return TRUE;
}

static void
add_bytes (Writer *self, const char *name, GBytes *bytes)
{
  Elf64_Shdr header = { .sh_type = SHT_PROGBITS, .sh_addralign = 4 };
  gconstpointer data;
  gsize size;

  if (bytes == NULL)
    return;

  data = g_bytes_get_data (bytes, &size);
  header.sh_size = size;
  add_section (self, name, header, data);
}

static gboolean
add_symbols (Writer *self, guint32 strtab, GError **error)
{
  const GArray *symbols = self->run->symbols;
  g_autofree Elf64_Sym *syms = g_new0 (Elf64_Sym, symbols->len);
  Elf64_Shdr header = {
    .sh_type = SHT_SYMTAB,
    .sh_size = symbols->len * sizeof *syms,
    .sh_link = strtab,
    .sh_info = self->run->n_locals,
    .sh_addralign = 8,
    .sh_entsize = sizeof *syms,
  };

  for (guint i = 0; i < symbols->len; i++)
    {
      const EbpfLinkerSymbol *symbol = &g_array_index (symbols, EbpfLinkerSymbol, i);

      syms[i].st_name = add_string (self, symbol->name);
      syms[i].st_info = symbol->info;
      syms[i].st_other = symbol->visibility;
      syms[i].st_shndx = symbol->section != EBPF_LINKER_NONE ? (Elf64_Half) (symbol->section + 1)
                                                             : symbol->special;
      syms[i].st_value = symbol->value;
      syms[i].st_size = symbol->size;
    }

  if (!translate (self, syms, header.sh_size, ELF_T_SYM, error))
    return FALSE;

  add_section (self, ".symtab", header, syms);

  return TRUE;
}

static gboolean
finish (Writer *self, guint32 strtab, GError **error)
{
  Elf64_Ehdr *header;
  guint64 start;
  guint n = self->headers->len;

  align (self, 8);
  start = self->image->len;
  if (!translate (self, self->headers->data, n * sizeof (Elf64_Shdr), ELF_T_SHDR, error))
    return FALSE;
  g_byte_array_append (self->image, (const guint8 *) self->headers->data,
                       (guint) (n * sizeof (Elf64_Shdr)));

  header = (gpointer) self->image->data;
  memcpy (header->e_ident, ELFMAG, SELFMAG);
  header->e_ident[EI_CLASS] = ELFCLASS64;
  header->e_ident[EI_DATA] = self->run->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
  header->e_ident[EI_VERSION] = EV_CURRENT;
  header->e_type = ET_REL;
  header->e_machine = EM_BPF;
  header->e_version = EV_CURRENT;
  header->e_shoff = start;
  header->e_ehsize = sizeof *header;
  header->e_shentsize = sizeof (Elf64_Shdr);
  header->e_shnum = (Elf64_Half) n;
  header->e_shstrndx = (Elf64_Half) strtab;

  return translate (self, header, sizeof *header, ELF_T_EHDR, error);
}

GBytes *
ebpf_linker_write (EbpfLinkerRun *run, GError **error)
{
  g_auto (Writer) self = { .run = run };
  const Elf64_Ehdr file_header = { { 0 } };
  const Elf64_Shdr null_header = { 0 };
  Elf64_Shdr strings_header = { .sh_type = SHT_STRTAB, .sh_addralign = 1 };
  guint32 n_sections = 1 + run->outputs->len, symtab, strtab;

  self.image = g_byte_array_new ();
  self.strings = g_byte_array_new ();
  self.offsets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.headers = g_array_new (FALSE, FALSE, sizeof (Elf64_Shdr));
  add_string (&self, "");

  for (guint32 i = 0; i < run->outputs->len; i++)
    n_sections += ebpf_linker_run_nth_output (run, i)->relocs->len > 0;
  n_sections += (run->btf != NULL) + (run->btf_ext != NULL);
  symtab = n_sections++;
  strtab = n_sections++;
  if (n_sections >= SHN_LORESERVE)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "what is linked of %s and others has %u sections, which are too many",
                      ebpf_linker_run_name (run, 0), n_sections);
      return NULL;
    }

  g_byte_array_append (self.image, (const guint8 *) &file_header, sizeof file_header);
  g_array_append_val (self.headers, null_header);

  add_outputs (&self);
  if (!add_relocations (&self, symtab, error))
    return NULL;
  add_bytes (&self, ".BTF", run->btf);
  add_bytes (&self, ".BTF.ext", run->btf_ext);
  if (!add_symbols (&self, strtab, error))
    return NULL;

  /* Its own name is the last string. */
  add_string (&self, ".strtab");
  strings_header.sh_size = self.strings->len;
  add_section (&self, ".strtab", strings_header, self.strings->data);
  if (!finish (&self, strtab, error))
    return NULL;

  return g_byte_array_free_to_bytes (g_steal_pointer (&self.image));
}
