/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-raw-private.h"
#include "linker/ebpf-linker-private.h"

/* What one file brings along. Nothing of it is trusted; what is checked here is not looked at
 * again. */

/* A larger one would turn a small file into a large one, and nothing on this side needs it: an arena
 * is aligned to a page. */
#define MAX_ALIGNMENT (1 << 16)

/* SHT_LLVM_ODRTAB and what follows: of no meaning to a loader. */
#define IS_OF_COMPILER(type) ((type) >= SHT_LOOS && (type) <= SHT_HIOS)

void
ebpf_linker_input_free (EbpfLinkerInput *self)
{
  if (self->sections != NULL)
    for (guint32 i = 0; i < self->elf->n_sections; i++)
      g_clear_pointer (&self->sections[i].relocs, g_array_unref);

  g_free (self->sections);
  g_clear_pointer (&self->ext, g_hash_table_unref);
  g_clear_pointer (&self->types, g_hash_table_unref);
  g_clear_pointer (&self->datasecs, g_hash_table_unref);
  g_clear_object (&self->btf);
  g_clear_pointer (&self->elf, ebpf_elf_free);
  g_bytes_unref (self->bytes);
  g_free (self->name);
  g_free (self);
}

/* Debug information, and what compilers and assemblers leave behind. */
static gboolean
is_left_out (const EbpfElfSection *section)
{
  static const char *const prefixes[] = { ".debug", ".zdebug", ".eh_frame", ".comment",
                                          ".note",  ".llvm",   ".stab",     ".gnu." };

  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (section->name, prefixes[i]))
      return TRUE;

  /* Merged as what they are. */
  return g_str_equal (section->name, ".BTF") || g_str_equal (section->name, ".BTF.ext") ||
         g_str_equal (section->name, ".BTF.base");
}

/* One that has neither bytes nor names; compilers make a .text always. */
static gboolean
is_empty (EbpfLinkerInput *self, const EbpfElfSection *section)
{
  if (section->size > 0)
    return FALSE;

  for (guint32 i = 0; i < section->n_symbols; i++)
    if (ebpf_elf_nth_symbol (self->elf, section, i)->type != STT_SECTION)
      return FALSE;

  return TRUE;
}

static gboolean
read_section (EbpfLinkerInput *self, GHashTable *names, EbpfElfSection *section, GError **error)
{
  EbpfLinkerSection *result = &self->sections[section->index];

  switch (section->type)
    {
    case SHT_PROGBITS:
    case SHT_NOBITS:
      break;

    case SHT_NULL:
    case SHT_STRTAB:
    case SHT_SYMTAB:
    case SHT_SYMTAB_SHNDX:
    case SHT_REL:
    case SHT_RELA:
    case SHT_NOTE:
    case SHT_GROUP:
      return TRUE;

    default:
      if (IS_OF_COMPILER (section->type))
        return TRUE;

      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_NOT_SUPPORTED, section, -1,
                          "a section of type %u cannot be linked", section->type);
      return FALSE;
    }

  if (is_left_out (section) || is_empty (self, section))
    return TRUE;

  if (section->type == SHT_PROGBITS && ebpf_elf_get_data (self->elf, section, error) == NULL)
    return FALSE;

  /* Records of type information know sections by their names alone. */
  if (!g_hash_table_add (names, (gpointer) section->name))
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_NOT_SUPPORTED, section, -1,
                          "there are two sections of this name");
      return FALSE;
    }

  result->alignment = MAX (section->alignment, 1);
  result->entry_size = section->entry_size;

  if ((result->alignment & (result->alignment - 1)) != 0 || result->alignment > MAX_ALIGNMENT)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_MALFORMED, section, -1,
                          "it is aligned to %" G_GUINT64_FORMAT
                          " bytes, which is no power of two up to %d",
                          result->alignment, MAX_ALIGNMENT);
      return FALSE;
    }

  if ((section->flags & SHF_EXECINSTR) != 0)
    {
      if (section->type != SHT_PROGBITS || section->size % sizeof (EbpfInsn) != 0)
        {
          ebpf_elf_set_error (self->elf, error, EBPF_ERROR_MALFORMED, section, -1,
                              "its %" G_GUINT64_FORMAT
                              " bytes are not a number of 8-byte instructions",
                              section->size);
          return FALSE;
        }

      result->alignment = MAX (result->alignment, sizeof (EbpfInsn));
    }

  result->kept = TRUE;

  return TRUE;
}

static gboolean
read_sections (EbpfLinkerInput *self, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  self->sections = g_new0 (EbpfLinkerSection, self->elf->n_sections);

  for (guint32 i = 1; i < self->elf->n_sections; i++)
    if (!read_section (self, names, &self->elf->sections[i], error))
      return FALSE;

  return TRUE;
}

/* Bytes that a relocation is about; 0 for a type that is not known. Source: "BPF Instruction Set",
 * Documentation/bpf/llvm_reloc.rst of the kernel. */
static guint
relocation_width (const EbpfElfSection *target, guint32 type)
{
  enum
  {
    R_64_64 = 1,
    R_64_ABS64 = 2,
    R_64_ABS32 = 3,
    R_64_NODYLD32 = 4,
    R_64_32 = 10,
  };

  if ((target->flags & SHF_EXECINSTR) != 0)
    return type == R_64_64 || type == R_64_32 ? sizeof (EbpfInsn) : 0;

  switch (type)
    {
    case R_64_64: /* clang before version 13, for data too */
    case R_64_ABS64:
      return 8;
    case R_64_ABS32:
    case R_64_NODYLD32:
      return 4;
    default:
      return 0;
    }
}

static gboolean
read_relocation (EbpfLinkerInput *self,
                 const EbpfElfSection *target,
                 const Elf64_Rel *rel,
                 guint index,
                 GError **error)
{
  EbpfLinkerReloc reloc = { .offset = rel->r_offset, .type = (guint32) ELF64_R_TYPE (rel->r_info) };
  guint64 symbol = ELF64_R_SYM (rel->r_info);
  guint width = relocation_width (target, reloc.type);
  gint64 where = (gint64) MIN (rel->r_offset, (guint64) G_MAXINT64);

  if (symbol == 0 || symbol >= self->elf->n_symbols)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_RELOCATION, target, where,
                          "relocation %u is to symbol %" G_GUINT64_FORMAT
                          ", which does not exist: there are %u",
                          index, symbol, self->elf->n_symbols);
      return FALSE;
    }

  reloc.symbol = (guint32) symbol;

  if (width == 0)
    {
      ebpf_elf_set_error (
          self->elf, error, EBPF_ERROR_NOT_SUPPORTED, target, where,
          "relocation %u, to symbol %s, is of type %u, which is not known here", index,
          ebpf_elf_symbol_name (self->elf, &self->elf->symbols[reloc.symbol]), reloc.type);
      return FALSE;
    }

  if (target->data == NULL || rel->r_offset >= target->size ||
      target->size - rel->r_offset < width ||
      ((target->flags & SHF_EXECINSTR) != 0 && rel->r_offset % sizeof (EbpfInsn) != 0))
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_RELOCATION, target, where,
                          "relocation %u, to symbol %s, is not of bytes of the section", index,
                          ebpf_elf_symbol_name (self->elf, &self->elf->symbols[reloc.symbol]));
      return FALSE;
    }

  g_array_append_val (self->sections[target->index].relocs, reloc);

  return TRUE;
}

static int
compare_relocs (gconstpointer a, gconstpointer b)
{
  const EbpfLinkerReloc *reloc_a = a, *reloc_b = b;

  return reloc_a->offset < reloc_b->offset ? -1 : reloc_a->offset > reloc_b->offset;
}

static gboolean
read_relocations (EbpfLinkerInput *self, const EbpfElfSection *table, GError **error)
{
  const EbpfElfSection *target;
  EbpfLinkerSection *result;
  guint n;

  if (table->info >= self->elf->n_sections)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_MALFORMED, table, -1,
                          "these are relocations of section %u, and there are %u", table->info,
                          self->elf->n_sections);
      return FALSE;
    }

  target = &self->elf->sections[table->info];
  result = &self->sections[table->info];
  if (!result->kept || table->size == 0)
    return TRUE;

  if (table->type == SHT_RELA)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_NOT_SUPPORTED, table, -1,
                          "relocations of %s have addends of their own (RELA), which BPF objects "
                          "have not",
                          target->name);
      return FALSE;
    }

  if (table->entry_size != sizeof (Elf64_Rel) || table->data == NULL ||
      table->link != self->elf->symtab || table->size % sizeof (Elf64_Rel) != 0 ||
      table->size / sizeof (Elf64_Rel) > G_MAXINT || (table->flags & SHF_COMPRESSED) != 0)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_MALFORMED, table, -1,
                          "the relocations of %s are not a table of %zu-byte entries that refer to "
                          "the symbol table",
                          target->name, sizeof (Elf64_Rel));
      return FALSE;
    }

  if (result->relocs != NULL)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_MALFORMED, table, -1,
                          "section %s has relocations already", target->name);
      return FALSE;
    }

  n = (guint) (table->size / sizeof (Elf64_Rel));
  result->relocs = g_array_sized_new (FALSE, FALSE, sizeof (EbpfLinkerReloc), n);

  for (guint i = 0; i < n; i++)
    {
      Elf64_Rel rel;

      ebpf_elf_raw_relocation (&rel, table->data + (gsize) i * sizeof rel, self->elf->swapped);
      if (!read_relocation (self, target, &rel, i, error))
        return FALSE;
    }

  g_array_sort (result->relocs, compare_relocs);

  for (guint i = 1; i < n; i++)
    {
      const EbpfLinkerReloc *reloc = &g_array_index (result->relocs, EbpfLinkerReloc, i);

      if (reloc->offset == reloc[-1].offset)
        {
          ebpf_elf_set_error (
              self->elf, error, EBPF_ERROR_RELOCATION, target, (gint64) reloc->offset,
              "it is relocated twice, to %s and to %s",
              ebpf_elf_symbol_name (self->elf, &self->elf->symbols[reloc[-1].symbol]),
              ebpf_elf_symbol_name (self->elf, &self->elf->symbols[reloc->symbol]));
          return FALSE;
        }
    }

  return TRUE;
}

/* See ebpf_elf_load_code (). */
static gboolean
has_values_added (EbpfLinkerInput *self)
{
  if (!ebpf_elf_is_made_by_gcc (self->elf))
    return FALSE;

  for (guint32 i = 1; i < self->elf->n_sections; i++)
    {
      const EbpfElfSection *section = &self->elf->sections[i];
      const GArray *relocs = self->sections[i].relocs;

      for (guint r = 0; relocs != NULL && r < relocs->len; r++)
        {
          const EbpfLinkerReloc *reloc = &g_array_index (relocs, EbpfLinkerReloc, r);
          const EbpfElfSymbol *symbol = &self->elf->symbols[reloc->symbol];
          EbpfInsn insn;

          if ((section->flags & SHF_EXECINSTR) == 0 || !ebpf_elf_is_named_offset (symbol))
            continue;

          ebpf_insn_decode (&insn, section->data + reloc->offset, 1, self->elf->swapped);
          if (!ebpf_elf_may_hold_value (&insn, symbol))
            return FALSE;
        }
    }

  return TRUE;
}

static gboolean
check_symbol (EbpfLinkerInput *self, guint32 index, GError **error)
{
  const EbpfElfSymbol *symbol = &self->elf->symbols[index];
  const char *name = ebpf_elf_symbol_name (self->elf, symbol);

  if (symbol->binding == STB_LOCAL)
    return TRUE;

  if (symbol->name[0] == '\0' || (symbol->binding != STB_GLOBAL && symbol->binding != STB_WEAK))
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_MALFORMED, NULL, -1,
                          "symbol %u, %s, is of binding %u%s", index, name, symbol->binding,
                          symbol->name[0] == '\0' ? " and has no name" : ", which is not known");
      return FALSE;
    }

  if (symbol->section == 0 && symbol->special != SHN_UNDEF && symbol->special != SHN_ABS)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_NOT_SUPPORTED, NULL, -1,
                          "symbol %s is in no section%s", name,
                          symbol->special == SHN_COMMON ? "; compile with -fno-common" : "");
      return FALSE;
    }

  if (symbol->section != 0 && !self->sections[symbol->section].kept)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_NOT_SUPPORTED,
                          &self->elf->sections[symbol->section], (gint64) symbol->value,
                          "symbol %s is in a section that is not linked", name);
      return FALSE;
    }

  return TRUE;
}

const char *
ebpf_linker_input_datasec (EbpfLinkerInput *self, guint32 id)
{
  return g_hash_table_lookup (self->datasecs, GUINT_TO_POINTER (id));
}

/* FUNC and VAR have it at different places. */
static guint
linkage_of (const struct btf_type *type)
{
  return ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FUNC
             ? ebpf_btf_vlen_of (type)
             : ((const struct btf_var *) ebpf_btf_tail_of (type))->linkage;
}

static gboolean
index_datasec (EbpfLinkerInput *self, const struct btf_type *datasec, guint32 id, GError **error)
{
  const struct btf_var_secinfo *infos = ebpf_btf_tail_of (datasec);

  for (guint i = 0; i < ebpf_btf_vlen_of (datasec); i++)
    {
      const struct btf_type *type = ebpf_btf_peek (self->btf, infos[i].type);
      guint kind = type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID;

      if ((kind != EBPF_BTF_KIND_VAR && kind != EBPF_BTF_KIND_FUNC) ||
          !g_hash_table_insert (self->datasecs, GUINT_TO_POINTER (infos[i].type),
                                (gpointer) ebpf_btf_name_of (self->btf, datasec)))
        {
          ebpf_elf_set_error (self->elf, error, EBPF_ERROR_BTF,
                              ebpf_elf_find_section (self->elf, ".BTF"), -1,
                              "type %u is in section %s of the types, number %u, but %s",
                              infos[i].type, ebpf_btf_name_of (self->btf, datasec), id,
                              kind != EBPF_BTF_KIND_VAR && kind != EBPF_BTF_KIND_FUNC
                                  ? "is neither a variable nor a function"
                                  : "it is in one already");
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
index_types (EbpfLinkerInput *self, GError **error)
{
  guint n = ebpf_btf_get_n_types (self->btf);

  for (guint32 id = 1; id < n; id++)
    {
      const struct btf_type *type = ebpf_btf_peek (self->btf, id);
      const char *name = ebpf_btf_name_of (self->btf, type);
      guint kind = ebpf_btf_kind_of (type);
      guint32 known;

      if (kind == EBPF_BTF_KIND_DATASEC && !index_datasec (self, type, id, error))
        return FALSE;

      if ((kind != EBPF_BTF_KIND_FUNC && kind != EBPF_BTF_KIND_VAR) || linkage_of (type) == 0)
        continue;

      /* What is defined rather than what is declared. */
      known = GPOINTER_TO_UINT (g_hash_table_lookup (self->types, name));
      if (known == 0 || linkage_of (ebpf_btf_peek (self->btf, known)) > linkage_of (type))
        g_hash_table_insert (self->types, (gpointer) name, GUINT_TO_POINTER (id));
    }

  return TRUE;
}

static GBytes *
section_bytes (EbpfLinkerInput *self, const EbpfElfSection *section, GError **error)
{
  const guint8 *data = ebpf_elf_get_data (self->elf, section, error);

  return data != NULL ? g_bytes_new (data, section->size) : NULL;
}

static gboolean
read_btf (EbpfLinkerInput *self, GError **error)
{
  const EbpfElfSection *section = ebpf_elf_find_section (self->elf, ".BTF");
  EbpfByteOrder byte_order = self->elf->image[EI_DATA] == ELFDATA2MSB
                                 ? EBPF_BYTE_ORDER_BIG_ENDIAN
                                 : EBPF_BYTE_ORDER_LITTLE_ENDIAN;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) ext_bytes = NULL;
  GError *local_error = NULL;

  self->types = g_hash_table_new (g_str_hash, g_str_equal);
  self->datasecs = g_hash_table_new (NULL, NULL);

  if (section == NULL)
    return TRUE;

  bytes = section_bytes (self, section, error);
  if (bytes == NULL)
    return FALSE;

  self->btf = ebpf_btf_new_from_bytes (bytes, NULL, &local_error);
  if (self->btf == NULL)
    {
      ebpf_error_propagate_prefixed (error, local_error, "%s: section %s: ", self->name,
                                     section->name);
      return FALSE;
    }

  if (ebpf_btf_get_byte_order (self->btf) != byte_order)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_BTF, section, 0,
                          "the type information has another byte order than the file");
      return FALSE;
    }

  if (!index_types (self, error))
    return FALSE;

  section = ebpf_elf_find_section (self->elf, ".BTF.ext");
  if (section == NULL)
    return TRUE;

  ext_bytes = section_bytes (self, section, error);
  if (ext_bytes == NULL)
    return FALSE;

  self->ext = ebpf_ext_info_parse (ext_bytes, self->btf, self->elf->swapped, &local_error);
  if (self->ext == NULL)
    {
      ebpf_error_propagate_prefixed (error, local_error, "%s: section %s: ", self->name,
                                     section->name);
      return FALSE;
    }

  return TRUE;
}

EbpfLinkerInput *
ebpf_linker_input_new (const char *name, GBytes *bytes, GError **error)
{
  g_autoptr (EbpfLinkerInput) self = g_new0 (EbpfLinkerInput, 1);

  self->name = g_strdup (name);
  self->bytes = g_bytes_ref (bytes);
  self->elf = ebpf_elf_open (bytes, self->name, error);

  if (self->elf == NULL || !read_sections (self, error))
    return NULL;

  for (guint32 i = 1; i < self->elf->n_sections; i++)
    if ((self->elf->sections[i].type == SHT_REL || self->elf->sections[i].type == SHT_RELA) &&
        !read_relocations (self, &self->elf->sections[i], error))
      return NULL;

  self->values_added = has_values_added (self);

  for (guint32 i = 1; i < self->elf->n_symbols; i++)
    if (!check_symbol (self, i, error))
      return NULL;

  if (!read_btf (self, error))
    return NULL;

  return g_steal_pointer (&self);
}
