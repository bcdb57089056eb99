/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include <string.h>

#include "btf/ebpf-core-spec-private.h"

/* Operations that the kernel calls: each variable of .struct_ops or .struct_ops.link becomes a map
 * whose one value is the variable, in the layout of the object file. What it gives for pointers to
 * functions are programs: references, whose key is the offset of the member. */

#define SECTION_LINK ".link"

typedef struct
{
  EbpfElf *elf;
  EbpfElfSection *section;
  const char *name;
  const struct btf_type *type; /* the struct */
  guint64 offset;              /* in the section */
  guint64 size;
  EbpfMapSpec *map;
} Variable;

static void
variable_clear (gpointer data)
{
  Variable *variable = data;

  g_clear_object (&variable->map);
}

static gboolean variable_error (const Variable *self,
                                GError **error,
                                EbpfError code,
                                gint64 offset,
                                const char *format,
                                ...) G_GNUC_PRINTF (5, 6);

static gboolean
variable_error (const Variable *self,
                GError **error,
                EbpfError code,
                gint64 offset,
                const char *format,
                ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_elf_set_error (self->elf, error, code, self->section, offset, "map %s: %s", self->name,
                      what);
  return FALSE;
}

/* The name of the member at this offset; NULL where it is no pointer to a function. */
static const char *
find_function_member (EbpfBtf *btf, const struct btf_type *type, guint64 offset)
{
  const struct btf_member *members = ebpf_btf_tail_of (type);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      const struct btf_type *member;
      guint32 bit_offset, bit_size;

      ebpf_btf_member_bits (btf, type, i, &bit_offset, &bit_size);
      if (bit_size != 0 || bit_offset != offset * 8)
        continue;

      member = ebpf_btf_peek (btf, ebpf_btf_strip (btf, members[i].type));
      if (member == NULL || ebpf_btf_kind_of (member) != BTF_KIND_PTR)
        continue;

      member = ebpf_btf_peek (btf, ebpf_btf_strip (btf, member->type));
      if (member != NULL && ebpf_btf_kind_of (member) == BTF_KIND_FUNC_PROTO)
        return ebpf_btf_peek_name (btf, members[i].name_off);
    }

  return NULL;
}

/* The same for every name of one piece of code, and for as long as the file is read. */
static gpointer
section_key (const EbpfElfFunction *function)
{
  return &function->section->insns[function->start];
}

static EbpfProgramType
program_type_of (const EbpfElfFunction *function)
{
  EbpfProgramType type;

  ebpf_section_name_parse (function->section->name, &type, NULL, NULL, NULL, NULL);
  return type;
}

/* One pointer in the variable's value. */
static gboolean
add_function (const Variable *self, const EbpfElfRelocation *relocation, GError **error)
{
  EbpfElf *elf = self->elf;
  const EbpfElfSymbol *symbol = &elf->symbols[relocation->symbol];
  const guint64 offset = relocation->offset - self->offset;
  const char *struct_name = ebpf_btf_name_of (elf->btf, self->type);
  const char *member = find_function_member (elf->btf, self->type, offset);
  const EbpfElfFunction *function = NULL;
  g_autoptr (GBytes) key = NULL;
  g_autofree char *attach_to = NULL;
  guint32 key_offset = (guint32) offset;

  if (member == NULL)
    return variable_error (self, error, EBPF_ERROR_RELOCATION, (gint64) relocation->offset,
                           "it refers to %s where struct %s has no pointer to a function",
                           ebpf_elf_symbol_name (elf, symbol), struct_name);

  if (symbol->section != 0 && symbol->type != STT_SECTION && symbol->value % sizeof (EbpfInsn) == 0)
    function = ebpf_elf_function_at (elf, &elf->sections[symbol->section],
                                     symbol->value / sizeof (EbpfInsn));

  if (function == NULL || !ebpf_elf_is_program (elf, function) ||
      program_type_of (function) != EBPF_PROGRAM_TYPE_STRUCT_OPS)
    return variable_error (self, error, EBPF_ERROR_RELOCATION, (gint64) relocation->offset,
                           "member %s is set to %s, which is no program of a section struct_ops",
                           member, ebpf_elf_symbol_name (elf, symbol));

  /* The flavour is this object's own ("ops___v2"). What a program is for when it is for two
   * different operations depends on which of the maps are loaded. */
  attach_to = g_strdup_printf ("%.*s:%s", (int) ebpf_core_essential_length (struct_name),
                               struct_name, member);
  if (ebpf_elf_struct_ops_member (elf, function) == NULL)
    g_hash_table_insert (elf->struct_ops, section_key (function), g_steal_pointer (&attach_to));

  key = g_bytes_new (&key_offset, sizeof key_offset);
  ebpf_map_spec_add_reference (self->map, key, function->symbol->name);

  return TRUE;
}

static gboolean
make_map (Variable *self, const guint8 *data, guint32 type_id, GError **error)
{
  const guint32 zero = 0;
  g_autoptr (GBytes) key = g_bytes_new (&zero, sizeof zero);
  g_autoptr (GBytes) value = g_bytes_new (data + self->offset, self->size);
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (self->elf->btf, type_id);

  self->map =
      ebpf_map_spec_new (self->name, EBPF_MAP_TYPE_STRUCT_OPS, sizeof zero, (guint) self->size, 1);
  if (g_str_has_suffix (self->section->name, SECTION_LINK))
    ebpf_map_spec_set_map_flags (self->map, EBPF_MAP_FLAGS_LINK);
  ebpf_map_spec_set_autocreate (self->map, self->section->name[0] != '?');
  ebpf_map_spec_set_value_type (self->map, type);
  ebpf_map_spec_add_content (self->map, key, value);

  return ebpf_elf_add_map (self->elf, self->map, self->section, (gint64) self->offset, error);
}

static gboolean
load_variable (Variable *self,
               const struct btf_var_secinfo *member,
               const guint8 *data,
               GError **error)
{
  EbpfBtf *btf = self->elf->btf;
  const struct btf_type *var = ebpf_btf_peek (btf, member->type);
  guint32 type_id;
  gint64 size;

  if (var == NULL || ebpf_btf_kind_of (var) != BTF_KIND_VAR)
    {
      ebpf_elf_set_error (self->elf, error, EBPF_ERROR_BTF, self->section, -1,
                          "type %u of the type information is no variable", member->type);
      return FALSE;
    }

  self->name = ebpf_btf_name_of (btf, var);
  self->offset = member->offset;
  type_id = ebpf_btf_strip (btf, var->type);
  self->type = ebpf_btf_peek (btf, type_id);
  if (self->type == NULL || ebpf_btf_kind_of (self->type) != BTF_KIND_STRUCT ||
      ebpf_btf_name_of (btf, self->type)[0] == '\0')
    return variable_error (self, error, EBPF_ERROR_MALFORMED, (gint64) self->offset,
                           "it is not of a struct with a name");

  size = ebpf_btf_size_of (btf, type_id);
  if (size <= 0 || size > G_MAXUINT32 || self->offset > self->section->size ||
      (guint64) size > self->section->size - self->offset)
    return variable_error (self, error, EBPF_ERROR_MALFORMED, (gint64) self->offset,
                           "its %" G_GINT64_FORMAT " bytes are not inside the section, which has "
                           "%" G_GUINT64_FORMAT,
                           size, self->section->size);

  self->size = (guint64) size;

  return make_map (self, data, type_id, error);
}

static int
compare_variables (gconstpointer a, gconstpointer b)
{
  const Variable *variable_a = a, *variable_b = b;

  return variable_a->offset < variable_b->offset ? -1 : variable_a->offset > variable_b->offset;
}

static gboolean
load_functions (EbpfElf *self,
                EbpfElfSection *section,
                const GArray *relocations,
                GArray *variables,
                GError **error)
{
  guint next = 0;

  g_array_sort (variables, compare_variables);

  for (guint i = 0; i < relocations->len; i++)
    {
      const EbpfElfRelocation *relocation = &g_array_index (relocations, EbpfElfRelocation, i);
      const Variable *variable = NULL;

      for (; next < variables->len; next++)
        {
          variable = &g_array_index (variables, Variable, next);
          if (relocation->offset < variable->offset + variable->size)
            break;
        }

      if (next == variables->len || relocation->offset < variable->offset)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_RELOCATION, section,
                              (gint64) relocation->offset, "the relocation to %s is in no variable",
                              ebpf_elf_symbol_name (self, &self->symbols[relocation->symbol]));
          return FALSE;
        }

      if (!add_function (variable, relocation, error))
        return FALSE;
    }

  return TRUE;
}

/* The section's bytes, with nothing where a pointer comes to be: there the GNU assembler leaves the value of
 * the symbol. */
static guint8 *
read_values (EbpfElf *self,
             const EbpfElfSection *section,
             const GArray *relocations,
             GError **error)
{
  const guint8 *data = ebpf_elf_get_data (self, section, error);
  guint8 *values;

  if (data == NULL)
    return NULL;

  values = g_memdup2 (data, section->size);
  for (guint i = 0; i < relocations->len; i++)
    {
      guint64 offset = g_array_index (relocations, EbpfElfRelocation, i).offset;

      memset (values + offset, 0, MIN (section->size - offset, 8));
    }

  return values;
}

static gboolean
load_section (EbpfElf *self, EbpfElfSection *section, GError **error)
{
  g_autoptr (GArray) variables = g_array_new (FALSE, TRUE, sizeof (Variable));
  g_autoptr (GArray) relocations = ebpf_elf_read_relocations (self, section, error);
  g_autofree guint8 *data = NULL;
  const struct btf_var_secinfo *members;
  const struct btf_type *datasec = NULL;

  if (relocations == NULL || (data = read_values (self, section, relocations, error)) == NULL)
    return FALSE;

  if (self->btf != NULL)
    datasec = ebpf_btf_peek (
        self->btf, GPOINTER_TO_UINT (g_hash_table_lookup (self->datasecs, section->name)));
  if (datasec == NULL)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, section, -1,
                          "there is no type information that says what is in it; compile with -g");
      return FALSE;
    }

  g_array_set_clear_func (variables, variable_clear);
  members = ebpf_btf_tail_of (datasec);

  for (guint i = 0; i < ebpf_btf_vlen_of (datasec); i++)
    {
      Variable variable = { .elf = self, .section = section };

      if (!load_variable (&variable, &members[i], data, error))
        {
          variable_clear (&variable);
          return FALSE;
        }

      g_array_append_val (variables, variable);
    }

  return load_functions (self, section, relocations, variables, error);
}

gboolean
ebpf_elf_load_struct_ops (EbpfElf *self, GError **error)
{
  for (guint32 i = 1; i < self->n_sections; i++)
    {
      EbpfElfSection *section = &self->sections[i];

      if (section->kind != EBPF_ELF_SECTION_STRUCT_OPS || section->size == 0)
        continue;

      if (self->struct_ops == NULL)
        self->struct_ops = g_hash_table_new_full (NULL, NULL, NULL, g_free);

      if (!load_section (self, section, error))
        return FALSE;
    }

  return TRUE;
}

const char *
ebpf_elf_struct_ops_member (EbpfElf *self, const EbpfElfFunction *function)
{
  return self->struct_ops != NULL ? g_hash_table_lookup (self->struct_ops, section_key (function))
                                  : NULL;
}
