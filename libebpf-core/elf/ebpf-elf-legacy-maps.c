/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

/* Maps defined by structs of numbers, as before type information. Loaders agree on the first five
 * and have fields of their own behind them, which no kernel knows: they are kept for the application,
 * and a map is only created where they are zero. */

static const char *const fields[] = { "type", "key_size", "value_size", "max_entries",
                                      "map_flags" };

/* Far more than any loader's struct has. */
#define MAX_DEFINITION 4096

static gboolean
load_map (EbpfElf *self,
          EbpfElfSection *section,
          EbpfElfSymbol *symbol,
          const guint8 *data,
          guint64 end,
          const struct btf_var_secinfo *info,
          GError **error)
{
  guint64 size = symbol->size != 0 ? symbol->size : end - symbol->value;
  guint32 numbers[G_N_ELEMENTS (fields)];
  g_autoptr (EbpfMapSpec) map = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      if (size < (i + 1) * sizeof (guint32))
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, (gint64) symbol->value,
                              "map %s: its definition of %" G_GUINT64_FORMAT " bytes has no %s",
                              symbol->name, size, fields[i]);
          return FALSE;
        }

      numbers[i] = ebpf_elf_read_u32 (self, data + symbol->value + i * sizeof (guint32));
    }

  if (size > MAX_DEFINITION)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, (gint64) symbol->value,
                          "map %s: its definition has %" G_GUINT64_FORMAT " bytes", symbol->name,
                          size);
      return FALSE;
    }

  map = ebpf_map_spec_new (symbol->name, (EbpfMapType) numbers[0], numbers[1], numbers[2],
                           numbers[3]);
  ebpf_map_spec_set_map_flags (map, numbers[4]);

  if (info != NULL)
    {
      g_auto (GStrv) tags = ebpf_elf_get_tags (self, info->type);

      ebpf_map_spec_set_tags (map, (const char *const *) tags);
    }

  if (size > sizeof numbers)
    {
      g_autoptr (GBytes) extra =
          g_bytes_new (data + symbol->value + sizeof numbers, (gsize) (size - sizeof numbers));

      ebpf_map_spec_set_extra (map, extra);
    }

  if (!ebpf_elf_add_map (self, map, section, (gint64) symbol->value, error))
    return FALSE;

  g_hash_table_insert (self->map_symbols, symbol, symbol);

  return TRUE;
}

static gboolean
load_section (EbpfElf *self, EbpfElfSection *section, GError **error)
{
  const guint8 *data = ebpf_elf_get_data (self, section, error);
  EbpfElfSymbol *pending = NULL;
  g_auto (EbpfElfVariables) types = { 0 };
  guint n_maps = 0;

  if (data == NULL)
    return FALSE;

  if (!ebpf_elf_variables_init (&types, self, section, error))
    return FALSE;

  for (guint32 i = 0; i < section->n_symbols; i++)
    {
      EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (self, section, i);

      if (symbol->name[0] == '\0' || symbol->type == STT_SECTION)
        continue;

      /* Where a symbol has no size, the definition reaches up to the next. */
      if (pending != NULL && !load_map (self, section, pending, data, symbol->value,
                                        ebpf_elf_variables_find (&types, pending->name), error))
        return FALSE;

      pending = symbol;
      n_maps++;
    }

  if (pending != NULL && !load_map (self, section, pending, data, section->size,
                                    ebpf_elf_variables_find (&types, pending->name), error))
    return FALSE;

  if (n_maps == 0)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                          "no symbol says where its maps are");
      return FALSE;
    }

  return TRUE;
}

gboolean
ebpf_elf_load_legacy_maps (EbpfElf *self, GError **error)
{
  for (guint32 i = 1; i < self->n_sections; i++)
    if (self->sections[i].kind == EBPF_ELF_SECTION_LEGACY_MAPS && self->sections[i].size > 0 &&
        !load_section (self, &self->sections[i], error))
      return FALSE;

  return TRUE;
}
