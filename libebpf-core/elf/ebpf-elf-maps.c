/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf-private.h"

#include <string.h>

#include "spec/ebpf-map-type.h"

/* Maps defined by types: each variable of .maps is a struct whose members are the definition.
 * Numbers are the length of an array pointed to (__uint), or the first value of an enumeration
 * (__ulong); types are pointed to. Source: tools/lib/bpf/bpf_helpers.h of the kernel. */

/* libbpf's names for the values of "pinning". */
enum
{
  PIN_NONE = 0,
  PIN_BY_NAME = 1,
};

typedef struct
{
  EbpfElf *elf;
  const EbpfElfSection *section;
  const EbpfElfSymbol *symbol;
  const char *name;
  gboolean inner;
} Context;

/* More than are known, so that no member can be there twice too often. */
#define MAX_FIELDS 64

/* What a definition said about keys or values. */
typedef struct
{
  const char *what;
  gboolean has_size;
  gboolean has_type;
  guint32 size;
  guint32 type_id;
} Part;

static gboolean definition_error (const Context *context, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
definition_error (const Context *context, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_elf_set_error (context->elf, error, EBPF_ERROR_MALFORMED, context->section,
                      (gint64) context->symbol->value, "map %s: %s", context->name, what);

  return FALSE;
}

static gboolean
read_number (const Context *context,
             const char *field,
             guint32 type_id,
             guint64 max,
             guint64 *value,
             GError **error)
{
  EbpfBtf *btf = context->elf->btf;
  const struct btf_type *type = ebpf_btf_peek (btf, ebpf_btf_strip (btf, type_id));
  guint kind = type != NULL ? ebpf_btf_kind_of (type) : BTF_KIND_UNKN;

  if (kind == BTF_KIND_PTR)
    {
      const struct btf_type *array = ebpf_btf_peek (btf, ebpf_btf_strip (btf, type->type));

      if (array == NULL || ebpf_btf_kind_of (array) != BTF_KIND_ARRAY)
        return definition_error (context, error, "%s is not written as a number (__uint)", field);

      *value = ((const struct btf_array *) ebpf_btf_tail_of (array))->nelems;
    }
  else if ((kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64) && ebpf_btf_vlen_of (type) > 0)
    {
      if (kind == BTF_KIND_ENUM)
        {
          const struct btf_enum *first = ebpf_btf_tail_of (type);

          *value = (guint32) first->val;
        }
      else
        {
          const guint32 *first = ebpf_btf_tail_of (type);

          /* name, low half, high half */
          *value = first[1] | (guint64) first[2] << 32;
        }
    }
  else
    {
      return definition_error (context, error, "%s is not written as a number (__uint or __ulong)",
                               field);
    }

  if (*value > max)
    return definition_error (context, error, "%s is %" G_GUINT64_FORMAT ", more than %u", field,
                             *value, (guint) max);

  return TRUE;
}

static gboolean
set_size (const Context *context, Part *part, guint64 size, gboolean is_type, GError **error)
{
  if (size > G_MAXUINT32)
    return definition_error (context, error, "the %s type has %" G_GUINT64_FORMAT " bytes",
                             part->what, size);

  if ((part->has_size || part->has_type) && part->size != size)
    return definition_error (
        context, error, "%s_size and the type of the %s disagree: %u and %u bytes", part->what,
        part->what, is_type ? part->size : (guint) size, is_type ? (guint) size : part->size);

  part->size = (guint32) size;

  return TRUE;
}

static gboolean
read_type (const Context *context, Part *part, guint32 type_id, GError **error)
{
  EbpfBtf *btf = context->elf->btf;
  const struct btf_type *pointer = ebpf_btf_peek (btf, ebpf_btf_strip (btf, type_id));
  gint64 size;

  if (pointer == NULL || ebpf_btf_kind_of (pointer) != BTF_KIND_PTR)
    return definition_error (context, error, "%s is not written as a type (__type)", part->what);

  size = ebpf_btf_size_of (btf, pointer->type);
  if (size < 0)
    return definition_error (context, error, "the type of the %s has no size", part->what);

  if (!set_size (context, part, (guint64) size, TRUE, error))
    return FALSE;

  part->has_type = TRUE;
  part->type_id = pointer->type;

  return TRUE;
}

/* The members of a definition that are numbers. */
typedef struct
{
  guint64 type;
  guint64 max_entries;
  guint64 map_flags;
  guint64 map_extra;
  guint64 numa_node;
  guint64 pinning;
} Numbers;

static const struct
{
  const char *name;
  gsize offset;
  guint64 max;
} number_fields[] = {
  { "type", G_STRUCT_OFFSET (Numbers, type), G_MAXUINT32 },
  { "max_entries", G_STRUCT_OFFSET (Numbers, max_entries), G_MAXUINT32 },
  { "map_flags", G_STRUCT_OFFSET (Numbers, map_flags), G_MAXUINT32 },
  { "map_extra", G_STRUCT_OFFSET (Numbers, map_extra), G_MAXUINT64 },
  { "numa_node", G_STRUCT_OFFSET (Numbers, numa_node), G_MAXUINT32 },
  { "pinning", G_STRUCT_OFFSET (Numbers, pinning), G_MAXUINT32 },
};

/* What the member "values" says. */
typedef struct
{
  gboolean given;
  guint32 offset; /* in the definition */
  gboolean are_programs;
  EbpfMapSpec *inner_map;
} Values;

static EbpfMapSpec *
parse_definition (const Context *context, guint32 struct_id, Values *values, GError **error);

/* __array (values, …): the template of inner maps, or the prototype of the programs. */
static gboolean
read_values (const Context *context, Values *values, guint32 type_id, GError **error)
{
  EbpfBtf *btf = context->elf->btf;
  const struct btf_type *array = ebpf_btf_peek (btf, ebpf_btf_strip (btf, type_id));
  const struct btf_type *pointer, *target;
  guint32 target_id;

  if (array == NULL || ebpf_btf_kind_of (array) != BTF_KIND_ARRAY ||
      ((const struct btf_array *) ebpf_btf_tail_of (array))->nelems != 0)
    return definition_error (context, error, "values is not written as a list (__array)");

  pointer = ebpf_btf_peek (
      btf, ebpf_btf_strip (btf, ((const struct btf_array *) ebpf_btf_tail_of (array))->type));
  if (pointer == NULL || ebpf_btf_kind_of (pointer) != BTF_KIND_PTR)
    return definition_error (context, error, "values is not a list of pointers");

  target_id = ebpf_btf_strip (btf, pointer->type);
  target = ebpf_btf_peek (btf, target_id);
  values->given = TRUE;

  if (target != NULL && ebpf_btf_kind_of (target) == BTF_KIND_FUNC_PROTO)
    {
      values->are_programs = TRUE;
      return TRUE;
    }

  if (target != NULL && ebpf_btf_kind_of (target) == BTF_KIND_STRUCT)
    {
      g_autofree char *name = g_strconcat (context->name, ".inner", NULL);
      Context inner_context = *context;

      inner_context.inner = TRUE;
      inner_context.name = name;
      values->inner_map = parse_definition (&inner_context, target_id, NULL, error);

      return values->inner_map != NULL;
    }

  return definition_error (context, error, "values points neither to maps nor to programs");
}

static gboolean
read_member (const Context *context,
             const char *field,
             guint32 type,
             Part *key,
             Part *value,
             Numbers *numbers,
             GError **error)
{
  guint64 number;
  Part *part;

  if (g_str_equal (field, "key"))
    return read_type (context, key, type, error);

  if (g_str_equal (field, "value"))
    return read_type (context, value, type, error);

  if (g_str_equal (field, "key_size") || g_str_equal (field, "value_size"))
    {
      part = field[0] == 'k' ? key : value;
      if (!read_number (context, field, type, G_MAXUINT32, &number, error) ||
          !set_size (context, part, number, FALSE, error))
        return FALSE;

      part->has_size = TRUE;
      return TRUE;
    }

  for (gsize i = 0; i < G_N_ELEMENTS (number_fields); i++)
    if (g_str_equal (field, number_fields[i].name))
      return read_number (context, field, type, number_fields[i].max,
                          G_STRUCT_MEMBER_P (numbers, number_fields[i].offset), error);

  if ((context->elf->flags & EBPF_OPEN_FLAGS_RELAXED_MAPS) != 0)
    {
      g_debug ("%s: map %s: \"%s\" is not known of a map", context->elf->source, context->name,
               field);
      return TRUE;
    }

  return definition_error (context, error, "\"%s\" is not known of a map", field);
}

/* @values: NULL for an inner map, which has none; its inner map is the caller's to free. */
static EbpfMapSpec *
parse_definition (const Context *context, guint32 struct_id, Values *values, GError **error)
{
  EbpfBtf *btf = context->elf->btf;
  const struct btf_type *definition = ebpf_btf_peek (btf, struct_id);
  const struct btf_member *members = ebpf_btf_tail_of (definition);
  guint n_members = ebpf_btf_vlen_of (definition);
  Part key = { .what = "key" }, value = { .what = "value" };
  Numbers numbers = { 0 };
  EbpfMapSpec *map;

  if (n_members > MAX_FIELDS)
    {
      definition_error (context, error, "its definition has %u members", n_members);
      return NULL;
    }

  for (guint i = 0; i < n_members; i++)
    {
      const char *field = ebpf_btf_peek_name (btf, members[i].name_off);
      guint32 bit_offset, bit_size;

      if (!g_str_equal (field, "values"))
        {
          if (!read_member (context, field, members[i].type, &key, &value, &numbers, error))
            return NULL;
          continue;
        }

      if (values == NULL || i != n_members - 1)
        {
          definition_error (context, error,
                            values == NULL
                                ? "an inner map cannot have values: maps of maps have two levels"
                                : "values must be the last member");
          return NULL;
        }

      /* The fd of a map or a program; 0 stands for what it has to be. */
      if (value.has_size && value.size == 0)
        value.has_size = FALSE;
      if (!set_size (context, &value, sizeof (guint32), FALSE, error) ||
          !read_values (context, values, members[i].type, error))
        return NULL;

      ebpf_btf_member_bits (btf, definition, i, &bit_offset, &bit_size);
      values->offset = bit_offset / 8;
    }

  if (numbers.pinning > PIN_BY_NAME || (context->inner && numbers.pinning != PIN_NONE))
    {
      if (context->inner)
        definition_error (context, error, "an inner map cannot be pinned");
      else
        definition_error (context, error, "pinning is %u, and only 0 and 1 are known",
                          (guint) numbers.pinning);
      return NULL;
    }

  if (values != NULL && values->given &&
      !(values->are_programs ? ebpf_map_type_holds_programs ((EbpfMapType) numbers.type)
                             : ebpf_map_type_holds_maps ((EbpfMapType) numbers.type)) &&
      numbers.type <= EBPF_MAP_TYPE_INSN_ARRAY)
    {
      definition_error (context, error, "its values are %s, which maps of type %s do not hold",
                        values->are_programs ? "programs" : "maps",
                        ebpf_map_type_to_string ((EbpfMapType) numbers.type));
      g_clear_object (&values->inner_map);
      return NULL;
    }

  map = ebpf_map_spec_new (context->name, (EbpfMapType) numbers.type, key.size, value.size,
                           (guint) numbers.max_entries);
  ebpf_map_spec_set_map_flags (map, (guint) numbers.map_flags);
  ebpf_map_spec_set_map_extra (map, numbers.map_extra);
  ebpf_map_spec_set_numa_node (map, (guint) numbers.numa_node);
  ebpf_map_spec_set_pinning (map, numbers.pinning == PIN_BY_NAME ? EBPF_PINNING_BY_NAME
                                                                 : EBPF_PINNING_NONE);
  if (values != NULL && values->inner_map != NULL)
    ebpf_map_spec_set_inner_map (map, values->inner_map);

  if (key.has_type)
    {
      g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (btf, key.type_id);

      ebpf_map_spec_set_key_type (map, type);
    }

  if (value.has_type)
    {
      g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (btf, value.type_id);

      ebpf_map_spec_set_value_type (map, type);
    }

  return map;
}

/* Where the symbols of a definition are, and what was said of its values. */
typedef struct
{
  Context context;
  EbpfMapSpec *map;
  Values values;
} Definition;

static void
definition_clear (gpointer data)
{
  Definition *definition = data;

  g_clear_object (&definition->map);
  g_clear_object (&definition->values.inner_map);
}

static gboolean
add_value (const Definition *definition, const EbpfElfRelocation *relocation, GError **error)
{
  const Context *context = &definition->context;
  EbpfElf *elf = context->elf;
  const EbpfElfSymbol *target = &elf->symbols[relocation->symbol];
  guint64 offset = relocation->offset - context->symbol->value;
  const char *name;
  g_autoptr (GBytes) key = NULL;
  guint32 index;

  if (!definition->values.given || offset < definition->values.offset ||
      (offset - definition->values.offset) % 8 != 0)
    {
      ebpf_elf_set_error (elf, error, EBPF_ERROR_RELOCATION, context->section,
                          (gint64) relocation->offset,
                          "map %s: the relocation to %s is not of one of its values", context->name,
                          ebpf_elf_symbol_name (elf, target));
      return FALSE;
    }

  if (target->section == 0)
    {
      ebpf_elf_set_error (elf, error, EBPF_ERROR_RELOCATION, context->section,
                          (gint64) relocation->offset, "map %s: its value %s is defined nowhere",
                          context->name, ebpf_elf_symbol_name (elf, target));
      return FALSE;
    }

  if (definition->values.are_programs)
    {
      const EbpfElfFunction *function = ebpf_elf_function_at (elf, &elf->sections[target->section],
                                                              target->value / sizeof (EbpfInsn));

      if (function == NULL || target->value % sizeof (EbpfInsn) != 0 ||
          target->type == STT_SECTION || !ebpf_elf_is_program (elf, function))
        {
          ebpf_elf_set_error (elf, error, EBPF_ERROR_RELOCATION, context->section,
                              (gint64) relocation->offset, "map %s: its value %s is not a program",
                              context->name, ebpf_elf_symbol_name (elf, target));
          return FALSE;
        }

      name = function->symbol->name;
    }
  else
    {
      const EbpfElfSymbol *map = g_hash_table_lookup (elf->map_symbols, target);

      if (map == NULL)
        {
          ebpf_elf_set_error (elf, error, EBPF_ERROR_RELOCATION, context->section,
                              (gint64) relocation->offset, "map %s: its value %s is not a map",
                              context->name, ebpf_elf_symbol_name (elf, target));
          return FALSE;
        }

      name = map->name;
    }

  if (ebpf_map_spec_get_key_size (definition->map) != sizeof index)
    return definition_error (context, error,
                             "values are given, but for keys of %u bytes; they need keys of 4",
                             ebpf_map_spec_get_key_size (definition->map));

  index = (guint32) ((offset - definition->values.offset) / 8);
  if (elf->swapped)
    index = GUINT32_SWAP_LE_BE (index);

  key = g_bytes_new (&index, sizeof index);
  ebpf_map_spec_add_reference (definition->map, key, name);

  return TRUE;
}

static int
compare_definitions (gconstpointer a, gconstpointer b)
{
  const Definition *definition_a = a, *definition_b = b;
  guint64 value_a = definition_a->context.symbol->value;
  guint64 value_b = definition_b->context.symbol->value;

  return value_a < value_b ? -1 : value_a > value_b;
}

/* Nothing but zeros, and slots that relocations fill: in these the GNU assembler leaves the value of the
 * symbol, which says nothing that the relocation does not. */
static gboolean
check_bytes (EbpfElf *self, const EbpfElfSection *section, const guint8 *data, GError **error)
{
  g_autoptr (GArray) relocations = ebpf_elf_read_relocations (self, section, error);
  guint next = 0;

  if (relocations == NULL)
    return FALSE;

  for (guint64 i = 0; i < section->size; i++)
    if (data[i] != 0)
      {
        const char *name = "no map";
        guint64 slot;

        while (next < relocations->len &&
               g_array_index (relocations, EbpfElfRelocation, next).offset + 8 <= i)
          next++;
        if (next < relocations->len &&
            (slot = g_array_index (relocations, EbpfElfRelocation, next).offset) <= i)
          {
            i = slot + 7;
            continue;
          }

        for (guint32 s = 0; s < section->n_symbols; s++)
          {
            const EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (self, section, s);

            if (symbol->name[0] != '\0' && symbol->value <= i && i - symbol->value < symbol->size)
              name = symbol->name;
          }

        ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, (gint64) i,
                            "this byte, of %s, is not zero; nothing but values can be initialised",
                            name);
        return FALSE;
      }

  return TRUE;
}

static gboolean
load_values (EbpfElf *self, EbpfElfSection *section, GArray *definitions, GError **error)
{
  g_autoptr (GArray) relocations = ebpf_elf_read_relocations (self, section, error);
  guint d = 0;

  if (relocations == NULL)
    return FALSE;

  g_array_sort (definitions, compare_definitions);

  for (guint i = 0; i < relocations->len; i++)
    {
      const EbpfElfRelocation *relocation = &g_array_index (relocations, EbpfElfRelocation, i);
      const Definition *definition = NULL;

      for (; d < definitions->len; d++)
        {
          definition = &g_array_index (definitions, Definition, d);
          if (relocation->offset <
              definition->context.symbol->value + definition->context.symbol->size)
            break;
        }

      if (d == definitions->len || relocation->offset < definition->context.symbol->value)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_RELOCATION, section,
                              (gint64) relocation->offset, "the relocation to %s is in no map",
                              ebpf_elf_symbol_name (self, &self->symbols[relocation->symbol]));
          return FALSE;
        }

      if (!add_value (definition, relocation, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
ebpf_elf_load_maps (EbpfElf *self, GError **error)
{
  EbpfElfSection *section = ebpf_elf_find_section (self, ".maps");
  g_autoptr (GHashTable) symbols = NULL;
  g_autoptr (GArray) definitions = NULL;
  const struct btf_var_secinfo *members;
  const struct btf_type *datasec;
  const guint8 *data;

  if (section == NULL || section->kind != EBPF_ELF_SECTION_MAPS || section->size == 0)
    return TRUE;

  datasec = self->btf == NULL
                ? NULL
                : ebpf_btf_peek (self->btf,
                                 GPOINTER_TO_UINT (g_hash_table_lookup (self->datasecs, ".maps")));
  if (datasec == NULL)
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, section, -1,
                          "there is no type information to define the maps by; compile with -g");
      return FALSE;
    }

  data = ebpf_elf_get_data (self, section, error);
  if (data == NULL || !check_bytes (self, section, data, error))
    return FALSE;

  symbols = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint32 i = 0; i < section->n_symbols; i++)
    {
      EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (self, section, i);

      if (symbol->name[0] != '\0' && symbol->type != STT_SECTION)
        g_hash_table_insert (symbols, (gpointer) symbol->name, symbol);
    }

  if (g_hash_table_size (symbols) != ebpf_btf_vlen_of (datasec))
    {
      ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                          "there are %u symbols, but types for %u maps",
                          g_hash_table_size (symbols), ebpf_btf_vlen_of (datasec));
      return FALSE;
    }

  definitions = g_array_new (FALSE, TRUE, sizeof (Definition));
  g_array_set_clear_func (definitions, definition_clear);
  members = ebpf_btf_tail_of (datasec);

  for (guint i = 0; i < ebpf_btf_vlen_of (datasec); i++)
    {
      const struct btf_type *var = ebpf_btf_peek (self->btf, members[i].type);
      const struct btf_type *type;
      Definition definition = { .context = { .elf = self, .section = section } };
      Context *context = &definition.context;
      g_auto (GStrv) tags = NULL;
      guint32 struct_id;

      if (var == NULL || ebpf_btf_kind_of (var) != BTF_KIND_VAR)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_BTF, section, -1,
                              "type %u of the type information is no variable", members[i].type);
          return FALSE;
        }

      context->name = ebpf_btf_name_of (self->btf, var);
      context->symbol = g_hash_table_lookup (symbols, context->name);
      if (context->symbol == NULL)
        {
          ebpf_elf_set_error (self, error, EBPF_ERROR_MALFORMED, section, -1,
                              "map %s has a type, but no symbol", context->name);
          return FALSE;
        }

      if (context->symbol->binding == STB_LOCAL)
        return definition_error (context, error, "maps cannot be static");

      struct_id = ebpf_btf_strip (self->btf, var->type);
      type = ebpf_btf_peek (self->btf, struct_id);
      if (type == NULL || ebpf_btf_kind_of (type) != BTF_KIND_STRUCT)
        return definition_error (context, error, "it is not defined by a struct");

      definition.map = parse_definition (context, struct_id, &definition.values, error);
      if (definition.map == NULL)
        {
          definition_clear (&definition);
          return FALSE;
        }

      g_array_append_val (definitions, definition);

      tags = ebpf_elf_get_tags (self, members[i].type);
      ebpf_map_spec_set_tags (definition.map, (const char *const *) tags);

      if (!ebpf_elf_add_map (self, definition.map, section, (gint64) context->symbol->value, error))
        return FALSE;

      g_hash_table_insert (self->map_symbols, (gpointer) context->symbol,
                           (gpointer) context->symbol);
    }

  return load_values (self, section, definitions, error);
}
