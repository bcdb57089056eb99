/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include <string.h>

/* Type information: of it, what the rest of this room needs to find by name. */

/* Up to this many names are looked through; for more there are tables. */
#define EASILY_SEARCHED 32

/* More than all options of a kernel's configuration together. */
#define MAX_KCONFIG_SIZE (1 << 20)

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
            g_hash_table_insert (self->datasecs, (gpointer) name, GUINT_TO_POINTER (id));
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

gboolean
ebpf_elf_variables_init (EbpfElfVariables *self,
                         EbpfElf *elf,
                         const EbpfElfSection *section,
                         GError **error)
{
  const struct btf_type *datasec = NULL;

  memset (self, 0, sizeof *self);
  self->btf = elf->btf;
  if (elf->btf != NULL)
    datasec = ebpf_btf_peek (elf->btf,
                             GPOINTER_TO_UINT (g_hash_table_lookup (elf->datasecs, section->name)));
  if (datasec == NULL)
    return TRUE;

  self->members = ebpf_btf_tail_of (datasec);
  self->n_members = ebpf_btf_vlen_of (datasec);
  if (self->n_members > EASILY_SEARCHED)
    self->by_name = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->n_members; i++)
    {
      const struct btf_type *var = ebpf_btf_peek (elf->btf, self->members[i].type);

      if (var == NULL || ebpf_btf_kind_of (var) != BTF_KIND_VAR)
        {
          ebpf_elf_set_error (elf, error, EBPF_ERROR_BTF, section, -1,
                              "type %u of the type information is no variable",
                              self->members[i].type);
          return FALSE;
        }

      /* A static variable may have a global one's name, in an object linked of several. */
      if (self->by_name != NULL &&
          ((const struct btf_var *) ebpf_btf_tail_of (var))->linkage != BTF_VAR_STATIC)
        g_hash_table_insert (self->by_name, (gpointer) ebpf_btf_name_of (elf->btf, var),
                             (gpointer) &self->members[i]);
    }

  return TRUE;
}

const struct btf_var_secinfo *
ebpf_elf_variables_find (EbpfElfVariables *self, const char *name)
{
  if (self->by_name != NULL)
    return g_hash_table_lookup (self->by_name, name);

  /* Symbols and variables are both in the order of their offsets: mostly the next one is it. */
  for (guint i = 0; i < self->n_members; i++)
    {
      guint at = (self->next + i) % self->n_members;
      const struct btf_type *var = ebpf_btf_peek (self->btf, self->members[at].type);

      if (((const struct btf_var *) ebpf_btf_tail_of (var))->linkage != BTF_VAR_STATIC &&
          strcmp (ebpf_btf_name_of (self->btf, var), name) == 0)
        {
          self->next = at + 1;
          return &self->members[at];
        }
    }

  return NULL;
}

void
ebpf_elf_variables_clear (EbpfElfVariables *self)
{
  g_clear_pointer (&self->by_name, g_hash_table_unref);
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

  g_hash_table_insert (self->externs, (gpointer) name, g_memdup2 (&one, sizeof one));

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
index_kconfig (EbpfElf *self, guint32 *total_size, GError **error)
{
  guint32 id = GPOINTER_TO_UINT (g_hash_table_lookup (self->datasecs, ".kconfig"));
  const struct btf_type *datasec = ebpf_btf_peek (self->btf, id);
  const EbpfElfSection *btf_section = ebpf_elf_find_section (self, ".BTF");
  const struct btf_var_secinfo *members;
  guint64 end = 0;

  if (datasec == NULL)
    return TRUE;

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
    }

  *total_size = (guint32) end;

  return TRUE;
}

/* Where a section with more symbols than can be looked through has its variables. */
typedef struct
{
  const EbpfElfSection *section;
  GHashTable *global;
  GHashTable *local;
} Symbols;

static void
symbols_free (gpointer data)
{
  Symbols *symbols = data;

  g_hash_table_unref (symbols->global);
  g_hash_table_unref (symbols->local);
  g_free (symbols);
}

typedef struct
{
  EbpfElf *elf;
  EbpfElfSection kconfig; /* of which no file has one */
  GHashTable *symbols;    /* EbpfElfSection -> Symbols; NULL as long as it takes none */
} Fixup;

static gboolean
names_variable (const EbpfElfSymbol *symbol)
{
  return symbol->name[0] != '\0' && symbol->type != STT_SECTION;
}

static gconstpointer
find_fixup_section (const char *name, guint32 *size, gpointer user_data)
{
  Fixup *self = user_data;
  const EbpfElfSection *section = ebpf_elf_find_section (self->elf, name);

  if (section == NULL && strcmp (name, ".kconfig") == 0)
    section = &self->kconfig;
  if (section != NULL)
    *size = (guint32) section->size;

  return section;
}

/* Symbols are in the order of their values: of several static ones of a name, the first one is what may be at
 * the start of the section. */
static const EbpfElfSymbol *
search_symbols (EbpfElf *elf, const EbpfElfSection *section, const char *name, gboolean local)
{
  for (guint32 i = 0; i < section->n_symbols; i++)
    {
      const EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (elf, section, i);

      if ((symbol->binding == STB_LOCAL) == local && names_variable (symbol) &&
          strcmp (symbol->name, name) == 0)
        return symbol;
    }

  return NULL;
}

static const Symbols *
index_symbols (Fixup *self, const EbpfElfSection *section)
{
  Symbols *symbols;

  if (self->symbols == NULL)
    self->symbols = g_hash_table_new_full (NULL, NULL, NULL, symbols_free);

  symbols = g_hash_table_lookup (self->symbols, section);
  if (symbols != NULL)
    return symbols;

  symbols = g_new0 (Symbols, 1);
  symbols->global = g_hash_table_new (g_str_hash, g_str_equal);
  symbols->local = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint32 i = 0; i < section->n_symbols; i++)
    {
      const EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (self->elf, section, i);
      GHashTable *table = symbol->binding == STB_LOCAL ? symbols->local : symbols->global;

      if (names_variable (symbol) && !g_hash_table_contains (table, symbol->name))
        g_hash_table_insert (table, (gpointer) symbol->name, (gpointer) symbol);
    }
  g_hash_table_insert (self->symbols, (gpointer) section, symbols);

  return symbols;
}

static const EbpfElfSymbol *
find_symbol (Fixup *self, const EbpfElfSection *section, const char *name, gboolean local)
{
  const Symbols *symbols;

  if (section->n_symbols <= EASILY_SEARCHED)
    return search_symbols (self->elf, section, name, local);

  symbols = index_symbols (self, section);
  return g_hash_table_lookup (local ? symbols->local : symbols->global, name);
}

static gboolean
find_fixup_variable (gconstpointer section,
                     const char *name,
                     gboolean is_static,
                     guint32 *offset,
                     gpointer user_data)
{
  Fixup *self = user_data;
  const EbpfElfSymbol *symbol = NULL;

  if (section == &self->kconfig)
    {
      const EbpfElfExtern *one = g_hash_table_lookup (self->elf->externs, name);

      *offset = one != NULL ? one->offset : 0;
      return one != NULL;
    }

  if (!is_static)
    symbol = find_symbol (self, section, name, FALSE);
  if (symbol == NULL)
    symbol = find_symbol (self, section, name, TRUE);
  if (symbol != NULL)
    *offset = (guint32) symbol->value;

  return symbol != NULL;
}

static gboolean
check_sizes (EbpfElf *self, GError **error)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->datasecs);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      const EbpfElfSection *section = ebpf_elf_find_section (self, name);

      if (section != NULL && section->size > G_MAXUINT32)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_LIMIT, section, -1,
                              "%" G_GUINT64_FORMAT " bytes are more than a map can hold",
                              section->size);
          return FALSE;
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

static gboolean
fix_up (EbpfElf *self, const EbpfElfSection *btf_section, GError **error)
{
  Fixup context = { .elf = self };
  EbpfBtfFixup fixup = { find_fixup_section, find_fixup_variable, &context, NULL };
  GError *local_error = NULL;
  gboolean done = FALSE;
  guint32 size = 0;

  if (!index_kconfig (self, &size, error) || !check_sizes (self, error))
    return FALSE;

  context.kconfig.size = size;
  fixup.hidden_functions = collect_hidden_functions (self);
  done = ebpf_btf_fixup (self->btf, &fixup, &local_error);
  if (!done)
    ebpf_error_propagate_prefixed (error, local_error, "%s: section %s: ", self->source,
                                   btf_section->name);

  g_clear_pointer (&fixup.hidden_functions, g_hash_table_unref);
  g_clear_pointer (&context.symbols, g_hash_table_unref);
  return done;
}

gboolean
ebpf_elf_load_btf (EbpfElf *self, GError **error)
{
  const EbpfElfSection *section = ebpf_elf_find_section (self, ".BTF");
  EbpfByteOrder byte_order = self->image[EI_DATA] == ELFDATA2MSB ? EBPF_BYTE_ORDER_BIG_ENDIAN
                                                                 : EBPF_BYTE_ORDER_LITTLE_ENDIAN;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) ext_bytes = NULL;
  GError *local_error = NULL;
  const guint8 *data;

  /* Names stay where they are as long as self->btf does. */
  self->datasecs = g_hash_table_new (g_str_hash, g_str_equal);
  self->externs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

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

  if (!index_ksyms (self, error) || !fix_up (self, section, error))
    return FALSE;

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
