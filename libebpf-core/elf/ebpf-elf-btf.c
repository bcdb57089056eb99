/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include <string.h>

/* Type information: of it, what the rest of this room needs to find by name. */

/* More than all options of a kernel's configuration together. */
#define MAX_KCONFIG_SIZE (1 << 20)

static void
fixup_free (gpointer data)
{
  EbpfBtfSectionFixup *fixup = data;

  g_hash_table_unref (fixup->offsets);
  g_clear_pointer (&fixup->static_offsets, g_hash_table_unref);
  g_free (fixup);
}

/* One walk over all types: they are many, and only few kinds matter here. */
static void
index_types (EbpfElf *self)
{
  guint32 n_types = ebpf_btf_get_n_types (self->btf);

  for (guint32 id = ebpf_btf_get_first_id (self->btf); id < n_types; id++)
    {
      const struct btf_type *type = ebpf_btf_peek (self->btf, id);
      const char *name;

      switch (ebpf_btf_kind_of (type))
        {
        case BTF_KIND_DATASEC:
          name = ebpf_btf_name_of (self->btf, type);
          if (!g_hash_table_contains (self->datasecs, name))
            g_hash_table_insert (self->datasecs, g_strdup (name), GUINT_TO_POINTER (id));
          break;

        case BTF_KIND_DECL_TAG:
          if (((const struct btf_decl_tag *) ebpf_btf_tail_of (type))->component_idx == -1)
            {
              GPtrArray *tags;

              if (self->tags == NULL)
                self->tags =
                    g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);

              tags = g_hash_table_lookup (self->tags, GUINT_TO_POINTER (type->type));
              if (tags == NULL)
                {
                  tags = g_ptr_array_new_null_terminated (1, g_free, TRUE);
                  g_hash_table_insert (self->tags, GUINT_TO_POINTER (type->type), tags);
                }

              g_ptr_array_add (tags, g_strdup (ebpf_btf_name_of (self->btf, type)));
            }
          break;

        default:
          break;
        }
    }
}

char **
ebpf_elf_get_tags (EbpfElf *self, guint32 type_id)
{
  GPtrArray *tags;

  if (self->tags == NULL)
    return NULL;

  tags = g_hash_table_lookup (self->tags, GUINT_TO_POINTER (type_id));

  return tags != NULL ? g_strdupv ((char **) tags->pdata) : NULL;
}

GHashTable *
ebpf_elf_index_variables (EbpfElf *self, const EbpfElfSection *section, GError **error)
{
  g_autoptr (GHashTable) variables = g_hash_table_new (g_str_hash, g_str_equal);
  const struct btf_var_secinfo *members;
  const struct btf_type *datasec;

  if (self->btf == NULL)
    return g_steal_pointer (&variables);

  datasec = ebpf_btf_peek (self->btf,
                           GPOINTER_TO_UINT (g_hash_table_lookup (self->datasecs, section->name)));
  if (datasec == NULL)
    return g_steal_pointer (&variables);

  members = ebpf_btf_tail_of (datasec);
  for (guint i = 0; i < ebpf_btf_vlen_of (datasec); i++)
    {
      const struct btf_type *var = ebpf_btf_peek (self->btf, members[i].type);

      if (var == NULL || ebpf_btf_kind_of (var) != BTF_KIND_VAR)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, section, -1,
                              "type %u of the type information is no variable", members[i].type);
          return NULL;
        }

      /* A static variable may have a global one's name, in an object linked of several. */
      if (((const struct btf_var *) ebpf_btf_tail_of (var))->linkage != BTF_VAR_STATIC)
        g_hash_table_insert (variables, (gpointer) ebpf_btf_name_of (self->btf, var),
                             (gpointer) &members[i]);
    }

  return g_steal_pointer (&variables);
}

static gboolean
add_extern (EbpfElf *self, const char *section, const char *name, EbpfElfExtern one, GError **error)
{
  if (g_hash_table_contains (self->externs, name))
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, ebpf_elf_find_section (self, ".BTF"), -1,
                          "%s is declared twice in %s", name, section);
      return FALSE;
    }

  g_hash_table_insert (self->externs, g_strdup (name), g_memdup2 (&one, sizeof one));

  return TRUE;
}

/* Symbols and functions of the kernel. */
static gboolean
index_ksyms (EbpfElf *self, GError **error)
{
  guint32 id = GPOINTER_TO_UINT (g_hash_table_lookup (self->datasecs, ".ksyms"));
  const struct btf_type *datasec = ebpf_btf_peek (self->btf, id);
  const struct btf_var_secinfo *members;

  if (datasec == NULL)
    return TRUE;

  members = ebpf_btf_tail_of (datasec);
  for (guint i = 0; i < ebpf_btf_vlen_of (datasec); i++)
    {
      const struct btf_type *member = ebpf_btf_peek (self->btf, members[i].type);
      guint kind = member != NULL ? ebpf_btf_kind_of (member) : BTF_KIND_UNKN;
      EbpfElfExtern one = { .btf_id = members[i].type, .is_function = kind == BTF_KIND_FUNC };

      if (kind != BTF_KIND_FUNC && kind != BTF_KIND_VAR)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, ebpf_elf_find_section (self, ".BTF"), -1,
                              "type %u is in .ksyms, but neither a variable nor a function",
                              members[i].type);
          return FALSE;
        }

      if (!add_extern (self, ".ksyms", ebpf_btf_name_of (self->btf, member), one, error))
        return FALSE;
    }

  return TRUE;
}

/* Values of the kernel's configuration. The section exists in no file: it is laid out here, each
 * variable at the next place that suits its type. */
static gboolean
index_kconfig (EbpfElf *self, GHashTable *fixups, GError **error)
{
  guint32 id = GPOINTER_TO_UINT (g_hash_table_lookup (self->datasecs, ".kconfig"));
  const struct btf_type *datasec = ebpf_btf_peek (self->btf, id);
  const EbpfElfSection *btf_section = ebpf_elf_find_section (self, ".BTF");
  const struct btf_var_secinfo *members;
  EbpfBtfSectionFixup *fixup;
  guint64 end = 0;

  if (datasec == NULL)
    return TRUE;

  fixup = g_new0 (EbpfBtfSectionFixup, 1);
  fixup->offsets = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (fixups, (gpointer) ".kconfig", fixup);

  members = ebpf_btf_tail_of (datasec);
  for (guint i = 0; i < ebpf_btf_vlen_of (datasec); i++)
    {
      const struct btf_type *var = ebpf_btf_peek (self->btf, members[i].type);
      EbpfElfExtern one = { .btf_id = members[i].type, .is_kconfig = TRUE };
      const char *name;
      guint align;
      gint64 size;

      if (var == NULL || ebpf_btf_kind_of (var) != BTF_KIND_VAR)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, btf_section, -1,
                              "type %u is in .kconfig, but no variable", members[i].type);
          return FALSE;
        }

      name = ebpf_btf_name_of (self->btf, var);
      size = ebpf_btf_size_of (self->btf, var->type);
      align = MAX (ebpf_btf_align_of (self->btf, var->type), 1);
      if (size <= 0)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, btf_section, -1,
                              "%s of .kconfig has a type without a size", name);
          return FALSE;
        }

      end = (end + align - 1) / align * align;
      if (size > MAX_KCONFIG_SIZE || end + (guint64) size > MAX_KCONFIG_SIZE)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_LIMIT, btf_section, -1,
                              "with %s, .kconfig would have more than %u bytes", name,
                              MAX_KCONFIG_SIZE);
          return FALSE;
        }

      one.offset = (guint32) end;
      one.size = (guint32) size;
      end += (guint64) size;

      if (!add_extern (self, ".kconfig", name, one, error))
        return FALSE;

      g_hash_table_insert (fixup->offsets, (gpointer) name, GUINT_TO_POINTER (one.offset));
    }

  fixup->size = (guint32) end;

  return TRUE;
}

/* clang leaves the sizes of sections and the offsets of global variables to be filled in. */
static gboolean
collect_fixups (EbpfElf *self, GHashTable *fixups, GError **error)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->datasecs);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      EbpfElfSection *section = ebpf_elf_find_section (self, name);
      EbpfBtfSectionFixup *fixup;

      if (section == NULL)
        continue;

      if (section->size > G_MAXUINT32)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_LIMIT, section, -1,
                              "%" G_GUINT64_FORMAT " bytes are more than a map can hold",
                              section->size);
          return FALSE;
        }

      fixup = g_new0 (EbpfBtfSectionFixup, 1);
      fixup->size = (guint32) section->size;
      fixup->offsets = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_insert (fixups, name, fixup);

      fixup->static_offsets = g_hash_table_new (g_str_hash, g_str_equal);

      for (guint32 i = 0; i < section->n_symbols; i++)
        {
          const EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (self, section, i);
          GHashTable *offsets =
              symbol->binding == STB_LOCAL ? fixup->static_offsets : fixup->offsets;

          /* By their value: of several static ones of a name, the first one is what may be at the
           * start of the section. */
          if (symbol->name[0] != '\0' && symbol->type != STT_SECTION &&
              !g_hash_table_contains (offsets, symbol->name))
            g_hash_table_insert (offsets, (gpointer) symbol->name,
                                 GUINT_TO_POINTER ((guint) symbol->value));
        }
    }

  return TRUE;
}

/* Names of functions that are global, but hidden; NULL where there are none. */
static GHashTable *
collect_hidden_functions (EbpfElf *self)
{
  GHashTable *names = NULL;

  for (guint32 i = 0; i < self->n_symbols; i++)
    {
      const EbpfElfSymbol *symbol = &self->symbols[i];

      if (symbol->type != STT_FUNC || symbol->section == 0 || symbol->binding == STB_LOCAL ||
          (symbol->visibility != STV_HIDDEN && symbol->visibility != STV_INTERNAL))
        continue;

      if (names == NULL)
        names = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_add (names, (gpointer) symbol->name);
    }

  return names;
}

gboolean
ebpf_elf_load_btf (EbpfElf *self, GError **error)
{
  const EbpfElfSection *section = ebpf_elf_find_section (self, ".BTF");
  EbpfByteOrder byte_order = self->image[EI_DATA] == ELFDATA2MSB ? EBPF_BYTE_ORDER_BIG_ENDIAN
                                                                 : EBPF_BYTE_ORDER_LITTLE_ENDIAN;
  g_autoptr (GHashTable) fixups = NULL;
  g_autoptr (GHashTable) hidden = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) ext_bytes = NULL;
  g_autoptr (EbpfBtf) fixed = NULL;
  GError *local_error = NULL;
  const guint8 *data;

  self->datasecs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->externs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (section == NULL)
    return TRUE;

  data = ebpf_elf_get_data (self, section, error);
  if (data == NULL)
    return FALSE;

  /* A copy, so that the types do not keep the whole file, with its debug information, alive. */
  bytes = g_bytes_new (data, section->size);
  self->btf = ebpf_btf_new_from_bytes (bytes, NULL, &local_error);
  if (self->btf == NULL)
    {
      ebpf_error_propagate_prefixed (error, local_error, "%s: section %s: ", self->source,
                                     section->name);
      return FALSE;
    }

  if (ebpf_btf_get_byte_order (self->btf) != byte_order)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, section, 0,
                          "the type information has another byte order than the file");
      return FALSE;
    }

  index_types (self);

  /* All names in it stay where they are until the end of this function. */
  fixups = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, fixup_free);
  if (!index_ksyms (self, error) || !index_kconfig (self, fixups, error) ||
      !collect_fixups (self, fixups, error))
    return FALSE;

  hidden = collect_hidden_functions (self);
  fixed = ebpf_btf_fixup (self->btf, fixups, hidden, &local_error);
  if (fixed == NULL)
    {
      ebpf_error_propagate_prefixed (error, local_error, "%s: section %s: ", self->source,
                                     section->name);
      return FALSE;
    }

  g_set_object (&self->btf, fixed);

  section = ebpf_elf_find_section (self, ".BTF.ext");
  if (section == NULL)
    return TRUE;

  data = ebpf_elf_get_data (self, section, error);
  if (data == NULL)
    return FALSE;

  ext_bytes = g_bytes_new_static (data, section->size);
  self->ext_sections = ebpf_ext_info_parse (ext_bytes, self->btf, self->swapped, &local_error);
  if (self->ext_sections == NULL)
    {
      ebpf_error_propagate_prefixed (error, local_error, "%s: section %s: ", self->source,
                                     section->name);
      return FALSE;
    }

  return TRUE;
}
