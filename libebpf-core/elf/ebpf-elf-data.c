/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Sections of variables: each an array of one entry, and the variables in it. */

/* What a file may ask for without holding it (.bss), all sections together: a small file must not
 * be able to take a machine's memory. Beyond a threshold the zeros are mapped, not allocated. */
#define MAX_ZEROS (G_GUINT64_CONSTANT (1) << 30)
#define MAPPED_ZEROS (G_GUINT64_CONSTANT (1) << 20)

typedef struct
{
  gpointer data;
  gsize size;
} Mapping;

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;

  munmap (mapping->data, mapping->size);
  g_free (mapping);
}

static GBytes *
new_zeros (gsize size)
{
  Mapping *mapping;
  gpointer data;

  if (size < MAPPED_ZEROS)
    return g_bytes_new_take (g_malloc0 (size), size);

  data = mmap (NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED)
    return NULL;

  mapping = g_new (Mapping, 1);
  mapping->data = data;
  mapping->size = size;

  return g_bytes_new_with_free_func (data, size, mapping_free, mapping);
}

static GBytes *
read_contents (EbpfElf *self, const EbpfElfSection *section, guint64 *zeros, GError **error)
{
  const guint8 *data;
  GBytes *bytes;

  if (section->type != SHT_NOBITS)
    {
      data = ebpf_elf_get_data (self, section, error);
      return data != NULL ? g_bytes_new (data, section->size) : NULL;
    }

  if (section->size > MAX_ZEROS || *zeros > MAX_ZEROS - section->size)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_LIMIT, section, -1,
                          "it asks for %" G_GUINT64_FORMAT " bytes of zeros; an object may ask for "
                          "no more than 1 GiB in all",
                          section->size);
      return NULL;
    }

  bytes = new_zeros (section->size);
  if (bytes == NULL)
    {
      int errsv = errno;

      ebpf_error_set (error, EBPF_ERROR_LIMIT, errsv,
                      "%s: section %s: no memory for its %" G_GUINT64_FORMAT " bytes: %s",
                      self->source, section->name, section->size, g_strerror (errsv));
      return NULL;
    }

  *zeros += section->size;

  return bytes;
}

static EbpfMapSpec *
new_data_map (EbpfElf *self, const char *name, guint32 size, GBytes *contents, gboolean constant)
{
  EbpfMapSpec *map = ebpf_map_spec_new (name, EBPF_MAP_TYPE_ARRAY, sizeof (guint32), size, 1);
  guint32 zero = 0;
  g_autoptr (GBytes) key = g_bytes_new (&zero, sizeof zero);
  guint32 datasec = GPOINTER_TO_UINT (g_hash_table_lookup (self->datasecs, name));

  if (constant)
    ebpf_map_spec_set_map_flags (map, EBPF_MAP_FLAGS_RDONLY_PROG);
  ebpf_map_spec_set_data_section (map, constant);
  ebpf_map_spec_add_content (map, key, contents);

  if (datasec != 0)
    {
      g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (self->btf, datasec);

      ebpf_map_spec_set_value_type (map, type);
    }

  return map;
}

/* @map: where they are while the program runs. */
static gboolean
load_variables (EbpfElf *self,
                const EbpfElfSection *section,
                const char *map,
                GBytes *contents,
                GError **error)
{
  g_auto (EbpfElfVariables) types = { 0 };

  if (!ebpf_elf_variables_init (&types, self, section, error))
    return FALSE;

  for (guint32 i = 0; i < section->n_symbols; i++)
    {
      const EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (self, section, i);
      const struct btf_var_secinfo *info;
      g_autoptr (EbpfBtfType) type = NULL;
      g_autoptr (EbpfVariableSpec) variable = NULL;
      g_autoptr (GBytes) value = NULL;
      g_auto (GStrv) tags = NULL;

      if (symbol->type == STT_SECTION || symbol->name[0] == '\0' || symbol->name[0] == '.' ||
          symbol->size == 0 || (symbol->binding != STB_GLOBAL && symbol->binding != STB_WEAK) ||
          symbol->visibility == STV_HIDDEN || symbol->visibility == STV_INTERNAL)
        continue;

      info = ebpf_elf_variables_find (&types, symbol->name);
      if (info != NULL)
        {
          if (info->offset != symbol->value || info->size != symbol->size)
            {
              ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, section, (gint64) symbol->value,
                                  "variable %s is of %" G_GUINT64_FORMAT
                                  " bytes by its symbol, but of %u bytes at 0x%x by its type",
                                  symbol->name, symbol->size, info->size, info->offset);
              return FALSE;
            }

          type = ebpf_btf_get_type_by_id (self->btf, ebpf_btf_peek (self->btf, info->type)->type);
          tags = ebpf_elf_get_tags (self, info->type);
        }

      value = g_bytes_new_from_bytes (contents, symbol->value, symbol->size);
      variable = ebpf_variable_spec_new (symbol->name, map, (guint) symbol->value, value, type);
      ebpf_variable_spec_set_tags (variable, (const char *const *) tags);
      if (!ebpf_elf_add_variable (self, variable, section, (gint64) symbol->value, error))
        return FALSE;
    }

  return TRUE;
}

/* What the compiler leaves behind after moving a string to the stack has neither. */
static gboolean
is_needed (EbpfElf *self, const EbpfElfSection *section)
{
  if (section->referenced)
    return TRUE;

  for (guint32 i = 0; i < section->n_symbols; i++)
    if (ebpf_elf_nth_symbol (self, section, i)->type != STT_SECTION)
      return TRUE;

  return FALSE;
}

static gboolean
load_section (EbpfElf *self, const EbpfElfSection *section, guint64 *zeros, GError **error)
{
  g_autoptr (GBytes) contents = NULL;
  g_autoptr (EbpfMapSpec) map = NULL;

  if (section->type != SHT_PROGBITS && section->type != SHT_NOBITS)
    {
      ebpf_elf_set_error (
          self, error, EBPF_ERROR_NOT_SUPPORTED, section, -1,
          "it is called like a section of variables, but is of type %u, which holds "
          "none",
          section->type);
      return FALSE;
    }

  if (section->size > G_MAXUINT32)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_LIMIT, section, -1,
                          "%" G_GUINT64_FORMAT " bytes are more than a map can hold",
                          section->size);
      return FALSE;
    }

  contents = read_contents (self, section, zeros, error);
  if (contents == NULL)
    return FALSE;

  map = new_data_map (self, section->name, (guint32) section->size, contents,
                      g_str_has_prefix (section->name, ".rodata"));
  if (!ebpf_elf_add_map (self, map, section, -1, error))
    return FALSE;

  return load_variables (self, section, section->name, contents, error);
}

gboolean
ebpf_elf_load_data (EbpfElf *self, GError **error)
{
  guint64 zeros = 0;

  for (guint32 i = 1; i < self->n_sections; i++)
    {
      const EbpfElfSection *section = &self->sections[i];

      if (section->kind == EBPF_ELF_SECTION_DATA && section->size > 0 &&
          is_needed (self, section) && !load_section (self, section, &zeros, error))
        return FALSE;
    }

  return TRUE;
}

/* The only arena of the object. */
static EbpfMapSpec *
find_arena (EbpfElf *self, const EbpfElfSection *section, GError **error)
{
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->spec);
  EbpfMapSpec *arena = NULL;

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (maps, i);

      if (!ebpf_map_spec_is_memory (map))
        continue;

      if (arena != NULL)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_NOT_SUPPORTED, section, -1,
                              "it has variables of an arena, and there are two: %s and %s",
                              ebpf_map_spec_get_name (arena), ebpf_map_spec_get_name (map));
          return NULL;
        }

      arena = map;
    }

  if (arena == NULL)
    ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                        "it has variables of an arena, but .maps defines none");

  return arena;
}

/* Variables in the address space of an arena: the arena's memory starts with them. */
gboolean
ebpf_elf_load_arena (EbpfElf *self, GError **error)
{
  const guint32 zero = 0;

  for (guint32 i = 1; i < self->n_sections; i++)
    {
      const EbpfElfSection *section = &self->sections[i];
      g_autoptr (GBytes) contents = NULL;
      g_autoptr (GBytes) key = NULL;
      EbpfMapSpec *arena;
      guint64 zeros = 0;

      if (section->kind != EBPF_ELF_SECTION_ARENA || section->size == 0)
        continue;

      arena = find_arena (self, section, error);
      if (arena == NULL)
        return FALSE;

      if (self->arena != NULL || section->size > G_MAXUINT32)
        {
          ebpf_elf_set_error (
              self, error, EBPF_ERROR_LIMIT, section, -1,
              "more than one section, or more than 4 GiB, do not fit into an arena");
          return FALSE;
        }

      contents = read_contents (self, section, &zeros, error);
      if (contents == NULL)
        return FALSE;

      self->arena = g_ref_string_new (ebpf_map_spec_get_name (arena));
      key = g_bytes_new (&zero, sizeof zero);
      ebpf_map_spec_add_content (arena, key, contents);
      if (!load_variables (self, section, self->arena, contents, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
ebpf_elf_load_kconfig (EbpfElf *self, GError **error)
{
  guint32 id = GPOINTER_TO_UINT (g_hash_table_lookup (self->datasecs, ".kconfig"));
  const struct btf_var_secinfo *members;
  const struct btf_type *datasec;
  g_autoptr (EbpfMapSpec) map = NULL;
  g_autoptr (GHashTable) strong = NULL;
  g_autoptr (GBytes) contents = NULL;
  guint32 size = 0;

  if (id == 0)
    return TRUE;

  datasec = ebpf_btf_peek (self->btf, id);
  members = ebpf_btf_tail_of (datasec);

  /* An extern that no code uses has no symbol; its absence from the kernel harms nobody. */
  strong = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint32 i = 0; i < self->n_symbols; i++)
    if (self->symbols[i].section == 0 && self->symbols[i].binding == STB_GLOBAL)
      g_hash_table_add (strong, (gpointer) self->symbols[i].name);

  for (guint i = 0; i < ebpf_btf_vlen_of (datasec); i++)
    {
      const struct btf_type *var = ebpf_btf_peek (self->btf, members[i].type);
      const char *name = ebpf_btf_name_of (self->btf, var);
      const EbpfElfExtern *one = g_hash_table_lookup (self->externs, name);

      size = MAX (size, one->offset + one->size);
      ebpf_collection_spec_add_kconfig_extern (self->spec, name, one->btf_id, one->offset,
                                               one->size, !g_hash_table_contains (strong, name));
    }

  if (size == 0)
    return TRUE;

  contents = new_zeros (size);
  if (contents == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, errno, "%s: no memory for .kconfig", self->source);
      return FALSE;
    }

  map = new_data_map (self, ".kconfig", size, contents, TRUE);
  return ebpf_elf_add_map (self, map, NULL, -1, error);
}
