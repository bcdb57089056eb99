/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "linker/ebpf-linker-private.h"

#include <string.h>

/* Whether two files mean the same by a name. Values must be laid out the same way, down to the last
 * member. What is behind a pointer may be known to one file better than to the other, as most
 * declare only what they use of the kernel's types: there the name of a struct is enough. Names of
 * typedefs and qualifiers say nothing about the layout. */

/* Pairs of types that are looked at in all before it is given up. */
#define MAX_PAIRS (1 << 20)

typedef struct
{
  guint32 part;
  guint32 id;
  guint32 other_part;
  guint32 other_id;
  gboolean by_name; /* behind a pointer */
} Pair;

typedef struct
{
  EbpfLinkerRun *run;
  EbpfBtf *btf;
  EbpfBtf *other;
  guint32 part;
  guint32 other_part;
  GArray *todo; /* of Pair */
} Match;

static guint
pair_hash (gconstpointer key)
{
  const Pair *pair = key;
  guint hash = pair->id * 0x9e3779b1u ^ pair->other_id * 0x85ebca6bu;

  return hash ^ pair->part * 0xc2b2ae35u ^ pair->other_part * 0x27d4eb2fu ^ (guint) pair->by_name;
}

static gboolean
pair_equal (gconstpointer a, gconstpointer b)
{
  const Pair *first = a, *second = b;

  return first->part == second->part && first->id == second->id &&
         first->other_part == second->other_part && first->other_id == second->other_id &&
         first->by_name == second->by_name;
}

/* A pair stays in it for good: where one does not match, nothing is linked. */
GHashTable *
ebpf_linker_matched_new (void)
{
  return g_hash_table_new_full (pair_hash, pair_equal, g_free, NULL);
}

static void
push (Match *self, guint32 id, guint32 other_id, gboolean by_name)
{
  Pair pair = { self->part, ebpf_btf_strip (self->btf, id), self->other_part,
                ebpf_btf_strip (self->other, other_id), by_name };

  if (!g_hash_table_contains (self->run->matched, &pair))
    {
      g_hash_table_add (self->run->matched, g_memdup2 (&pair, sizeof pair));
      g_array_append_val (self->todo, pair);
    }
}

static gboolean
same_name (Match *self, const struct btf_type *type, const struct btf_type *other)
{
  return strcmp (ebpf_btf_name_of (self->btf, type), ebpf_btf_name_of (self->other, other)) == 0;
}

static gboolean
match_members (Match *self, const struct btf_type *type, const struct btf_type *other)
{
  const struct btf_member *members = ebpf_btf_tail_of (type);
  const struct btf_member *others = ebpf_btf_tail_of (other);

  if (type->size != other->size || ebpf_btf_vlen_of (type) != ebpf_btf_vlen_of (other))
    return FALSE;

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      guint32 offset, size, other_offset, other_size;

      ebpf_btf_member_bits (self->btf, type, i, &offset, &size);
      ebpf_btf_member_bits (self->other, other, i, &other_offset, &other_size);
      if (offset != other_offset || size != other_size ||
          strcmp (ebpf_btf_peek_name (self->btf, members[i].name_off),
                  ebpf_btf_peek_name (self->other, others[i].name_off)) != 0)
        return FALSE;

      push (self, members[i].type, others[i].type, FALSE);
    }

  return TRUE;
}

static gboolean
match_prototypes (Match *self, const struct btf_type *type, const struct btf_type *other)
{
  const struct btf_param *parameters = ebpf_btf_tail_of (type);
  const struct btf_param *others = ebpf_btf_tail_of (other);

  if (ebpf_btf_vlen_of (type) != ebpf_btf_vlen_of (other))
    return FALSE;

  push (self, type->type, other->type, FALSE);
  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    push (self, parameters[i].type, others[i].type, FALSE);

  return TRUE;
}

static gboolean
is_composite (guint kind)
{
  return kind == EBPF_BTF_KIND_STRUCT || kind == EBPF_BTF_KIND_UNION || kind == EBPF_BTF_KIND_FWD;
}

/* "struct", also where it is only declared. */
static guint
composite_kind (const struct btf_type *type)
{
  if (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_FWD)
    return ebpf_btf_kind_of (type);

  return ebpf_btf_kflag_of (type) ? EBPF_BTF_KIND_UNION : EBPF_BTF_KIND_STRUCT;
}

static gboolean
match_composites (Match *self,
                  const struct btf_type *type,
                  const struct btf_type *other,
                  gboolean by_name)
{
  if (composite_kind (type) != composite_kind (other) || !same_name (self, type, other))
    return FALSE;

  if (by_name && type->name_off != 0)
    return TRUE;

  /* Of an incomplete type, there is no value. */
  return ebpf_btf_kind_of (type) == ebpf_btf_kind_of (other) &&
         (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FWD || match_members (self, type, other));
}

/* What takes as many bytes is the same: files say "int" and "__u32" of one variable, and char is signed to one
 * compiler and a character to another. */
static gboolean
match_integers (const struct btf_type *type, const struct btf_type *other)
{
  return type->size == other->size;
}

static gboolean
match_arrays (Match *self,
              const struct btf_type *type,
              const struct btf_type *other,
              gboolean by_name)
{
  const struct btf_array *array = ebpf_btf_tail_of (type);
  const struct btf_array *other_array = ebpf_btf_tail_of (other);

  /* "extern int list[];" */
  if (array->nelems != other_array->nelems && array->nelems != 0 && other_array->nelems != 0)
    return FALSE;

  push (self, array->type, other_array->type, by_name);

  return TRUE;
}

/* What the two types are themselves; what they consist of is left to be done. */
static gboolean
match_pair (Match *self, const Pair *pair)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, pair->id);
  const struct btf_type *other = ebpf_btf_peek (self->other, pair->other_id);
  guint kind, other_kind;

  if (type == NULL || other == NULL)
    return type == other;

  kind = ebpf_btf_kind_of (type);
  other_kind = ebpf_btf_kind_of (other);

  if (is_composite (kind) && is_composite (other_kind))
    return match_composites (self, type, other, pair->by_name);

  if (kind != other_kind)
    return FALSE;

  switch (kind)
    {
    case EBPF_BTF_KIND_INT:
      return match_integers (type, other);
    case EBPF_BTF_KIND_FLOAT:
      return type->size == other->size;
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      return type->size == other->size && same_name (self, type, other);
    case EBPF_BTF_KIND_PTR:
      push (self, type->type, other->type, TRUE);
      return TRUE;
    case EBPF_BTF_KIND_ARRAY:
      return match_arrays (self, type, other, pair->by_name);
    case EBPF_BTF_KIND_FUNC_PROTO:
      return match_prototypes (self, type, other);
    default:
      return FALSE;
    }
}

/* Nothing here recurses: types may be nested as deep as a file is long. */
static gboolean
run (Match *self)
{
  while (self->todo->len > 0)
    {
      Pair pair = g_array_index (self->todo, Pair, self->todo->len - 1);

      g_array_set_size (self->todo, self->todo->len - 1);
      if (g_hash_table_size (self->run->matched) > MAX_PAIRS || !match_pair (self, &pair))
        {
          g_array_set_size (self->todo, 0);
          return FALSE;
        }
    }

  return TRUE;
}

static const struct btf_type *
strip (EbpfBtf *btf, guint32 id)
{
  return ebpf_btf_peek (btf, ebpf_btf_strip (btf, id));
}

static guint
kind_or_void (const struct btf_type *type)
{
  return type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID;
}

static const struct btf_member *
find_member (EbpfBtf *btf, const struct btf_type *type, const char *name)
{
  const struct btf_member *members = ebpf_btf_tail_of (type);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    if (strcmp (ebpf_btf_peek_name (btf, members[i].name_off), name) == 0)
      return &members[i];

  return NULL;
}

static char *match_definitions (Match *self,
                                const struct btf_type *type,
                                const struct btf_type *other,
                                gboolean inner);

/* A member of a map's definition is a number (a pointer to an array of that length, or the first
 * value of an enumeration), a type (a pointer to it), or the list of the map's values. */
static gboolean
match_field (Match *self, guint32 id, guint32 other_id, gboolean inner)
{
  const struct btf_type *type = strip (self->btf, id), *other = strip (self->other, other_id);
  guint kind = kind_or_void (type);

  if (kind != kind_or_void (other))
    return FALSE;

  if (kind == EBPF_BTF_KIND_ENUM || kind == EBPF_BTF_KIND_ENUM64)
    return ebpf_btf_vlen_of (type) > 0 && ebpf_btf_vlen_of (other) > 0 &&
           ebpf_btf_enum_value (type, 0) == ebpf_btf_enum_value (other, 0);

  if (kind == EBPF_BTF_KIND_ARRAY && !inner)
    {
      const struct btf_array *array = ebpf_btf_tail_of (type);
      const struct btf_array *other_array = ebpf_btf_tail_of (other);
      const struct btf_type *pointer = strip (self->btf, array->type);
      const struct btf_type *other_pointer = strip (self->other, other_array->type);

      if (array->nelems != other_array->nelems || kind_or_void (pointer) != EBPF_BTF_KIND_PTR ||
          kind_or_void (other_pointer) != EBPF_BTF_KIND_PTR)
        return FALSE;

      type = strip (self->btf, pointer->type);
      other = strip (self->other, other_pointer->type);
      if (kind_or_void (type) == EBPF_BTF_KIND_STRUCT &&
          kind_or_void (other) == EBPF_BTF_KIND_STRUCT)
        {
          g_autofree char *field = match_definitions (self, type, other, TRUE);

          return field == NULL;
        }

      push (self, pointer->type, other_pointer->type, FALSE);
      return run (self);
    }

  if (kind != EBPF_BTF_KIND_PTR)
    return FALSE;

  /* The lengths of the arrays are numbers, or sizes: here, 0 is one too. */
  if (kind_or_void (strip (self->btf, type->type)) == EBPF_BTF_KIND_ARRAY &&
      kind_or_void (strip (self->other, other->type)) == EBPF_BTF_KIND_ARRAY)
    {
      const struct btf_array *array = ebpf_btf_tail_of (strip (self->btf, type->type));
      const struct btf_array *other_array = ebpf_btf_tail_of (strip (self->other, other->type));

      if (array->nelems != other_array->nelems)
        return FALSE;
    }

  push (self, type->type, other->type, FALSE);

  return run (self);
}

/* Maps are the same by what is said of them, in whatever order. Returns the member that is not, or
 * NULL. */
static char *
match_definitions (Match *self,
                   const struct btf_type *type,
                   const struct btf_type *other,
                   gboolean inner)
{
  const struct btf_member *members = ebpf_btf_tail_of (type);
  const struct btf_member *others = ebpf_btf_tail_of (other);

  /* No definition has more members; both are looked for in each other. */
  if (ebpf_btf_vlen_of (type) > 32 || ebpf_btf_vlen_of (other) > 32)
    return g_strdup ("number of members");

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      const char *name = ebpf_btf_peek_name (self->btf, members[i].name_off);
      const struct btf_member *theirs = find_member (self->other, other, name);

      if (theirs == NULL || !match_field (self, members[i].type, theirs->type, inner))
        return g_strdup (name);
    }

  for (guint i = 0; i < ebpf_btf_vlen_of (other); i++)
    {
      const char *name = ebpf_btf_peek_name (self->other, others[i].name_off);

      if (find_member (self->btf, type, name) == NULL)
        return g_strdup (name);
    }

  return NULL;
}

static gboolean
is_map (EbpfLinkerInput *input, guint32 id)
{
  const char *section = ebpf_linker_input_datasec (input, id);

  return section != NULL && g_str_equal (section, ".maps");
}

static const char *
word_for (EbpfLinkerInput *input, guint32 id)
{
  if (is_map (input, id))
    return "a map";

  return ebpf_btf_kind_of (ebpf_btf_peek (input->btf, id)) == EBPF_BTF_KIND_FUNC ? "a function"
                                                                                 : "a variable";
}

/* "int (int x, int y)" */
static char *
describe (EbpfLinkerInput *input, guint32 id)
{
  guint32 type_id = ebpf_btf_peek (input->btf, id)->type;
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (input->btf, type_id);
  char *text = type != NULL ? ebpf_btf_type_to_declaration (type, NULL) : NULL;

  return text != NULL ? text : g_strdup_printf ("type %u", type_id);
}

gboolean
ebpf_linker_match (EbpfLinkerRun *run_data,
                   const char *name,
                   guint32 part,
                   guint32 id,
                   guint32 other_part,
                   guint32 other_id,
                   GError **error)
{
  EbpfLinkerInput *input = run_data->parts[part].input;
  EbpfLinkerInput *other_input = run_data->parts[other_part].input;
  g_autoptr (GArray) todo = g_array_new (FALSE, FALSE, sizeof (Pair));
  Match match = { run_data, input->btf, other_input->btf, part, other_part, todo };
  const struct btf_type *type = ebpf_btf_peek (input->btf, id);
  const struct btf_type *other = ebpf_btf_peek (other_input->btf, other_id);
  g_autofree char *text = NULL;
  g_autofree char *other_text = NULL;

  if (ebpf_btf_kind_of (type) != ebpf_btf_kind_of (other) ||
      is_map (input, id) != is_map (other_input, other_id))
    {
      ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0, "%s: %s is %s, but in %s it is %s",
                      input->name, name, word_for (input, id), other_input->name,
                      word_for (other_input, other_id));
      return FALSE;
    }

  if (is_map (input, id))
    {
      const struct btf_type *map = strip (input->btf, type->type);
      const struct btf_type *other_map = strip (other_input->btf, other->type);
      g_autofree char *field = NULL;

      if (kind_or_void (map) == EBPF_BTF_KIND_STRUCT &&
          kind_or_void (other_map) == EBPF_BTF_KIND_STRUCT)
        {
          field = match_definitions (&match, map, other_map, FALSE);
          if (field == NULL)
            return TRUE;
        }

      ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                      "%s: map %s is not defined as in %s: they differ in %s", input->name, name,
                      other_input->name, field != NULL ? field : "what is no definition of a map");
      return FALSE;
    }

  push (&match, type->type, other->type, FALSE);
  if (run (&match))
    return TRUE;

  if (g_hash_table_size (run_data->matched) > MAX_PAIRS)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "%s: the types that it shares with %s are too many to be compared",
                      input->name, other_input->name);
      return FALSE;
    }

  text = describe (input, id);
  other_text = describe (other_input, other_id);
  ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0, "%s: %s is %s \"%s\", but in %s \"%s\"%s",
                  input->name, name, word_for (input, id), text, other_input->name, other_text,
                  g_str_equal (text, other_text) ? ", with other contents" : "");
  return FALSE;
}
