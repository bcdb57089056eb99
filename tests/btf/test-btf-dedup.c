/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder.h"
#include "btf/ebpf-btf-dedup.h"
#include "btf/ebpf-btf-private.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <string.h>

typedef guint Id;

/* Builders fail here only where a test is wrong. */
static GError *no_error;
#define NEW ebpf_btf_builder_new ()
#define ADD(kind, ...) ebpf_btf_builder_add_##kind (__VA_ARGS__, &no_error)

static EbpfBtf *
finish (EbpfBtfBuilder *builder)
{
  EbpfBtf *btf;

  g_assert_no_error (no_error);
  btf = ebpf_btf_builder_build (builder, &no_error);
  g_assert_no_error (no_error);
  return btf;
}

static Id
add_int (EbpfBtfBuilder *builder)
{
  return ADD (int, builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED);
}

/* struct NAME { struct TARGET *next; int value; }, with an int and a pointer of its own */
static Id
add_node (EbpfBtfBuilder *builder, const char *name, Id target)
{
  Id integer = add_int (builder);
  Id pointer = ADD (pointer, builder, target);
  Id id = ADD (struct, builder, name, 16);

  ADD (member, builder, "next", pointer, 0, 0);
  ADD (member, builder, "value", integer, 64, 0);
  return id;
}

static EbpfBtf *
merge (EbpfBtf *first, EbpfBtf *second)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  EbpfBtf *merged;

  g_ptr_array_add (list, first);
  if (second != NULL)
    g_ptr_array_add (list, second);
  merged = ebpf_btf_merge (list, &error);
  g_assert_no_error (error);
  return merged;
}

static gsize
count_named (EbpfBtf *btf, const char *name)
{
  gsize n;
  g_autofree guint *ids = ebpf_btf_find_all (btf, name, &n);

  return n;
}

/* Whether two types say the same, all the way down: another way to ask than the one that is tested.
 * A declaration may have become a definition. */
static gboolean
same (EbpfBtf *a, guint32 a_id, EbpfBtf *b, guint32 b_id, GHashTable *assumed)
{
  const struct btf_type *first = ebpf_btf_peek (a, a_id), *second = ebpf_btf_peek (b, b_id);
  const guint32 *words, *other;
  gint64 key = (gint64) a_id << 32 | b_id;
  guint vlen;

  if (first == NULL || second == NULL)
    return first == second;
  if (!g_hash_table_add (assumed, g_memdup2 (&key, sizeof key)))
    return TRUE;
  if (strcmp (ebpf_btf_name_of (a, first), ebpf_btf_name_of (b, second)) != 0)
    return FALSE;
  if (ebpf_btf_kind_of (first) == EBPF_BTF_KIND_FWD &&
      ebpf_btf_kind_of (second) ==
          (ebpf_btf_kflag_of (first) ? EBPF_BTF_KIND_UNION : EBPF_BTF_KIND_STRUCT))
    return TRUE;
  if (first->info != second->info)
    return FALSE;

  words = ebpf_btf_tail_of (first);
  other = ebpf_btf_tail_of (second);
  vlen = ebpf_btf_vlen_of (first);
#define SAME_NAME(i)                                                                               \
  (strcmp (ebpf_btf_peek_name (a, words[i]), ebpf_btf_peek_name (b, other[i])) == 0)
#define SAME_TYPE(i) same (a, words[i], b, other[i], assumed)

  switch (ebpf_btf_kind_of (first))
    {
    case EBPF_BTF_KIND_INT:
      return first->size == second->size && words[0] == other[0];
    case EBPF_BTF_KIND_FWD:
    case EBPF_BTF_KIND_FLOAT:
      return first->size == second->size;
    case EBPF_BTF_KIND_ARRAY:
      return SAME_TYPE (0) && SAME_TYPE (1) && words[2] == other[2];
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      for (guint i = 0; i < vlen; i++)
        if (!SAME_NAME (3 * i) || !SAME_TYPE (3 * i + 1) || words[3 * i + 2] != other[3 * i + 2])
          return FALSE;
      return first->size == second->size;
    case EBPF_BTF_KIND_ENUM:
      for (guint i = 0; i < vlen; i++)
        if (!SAME_NAME (2 * i) || words[2 * i + 1] != other[2 * i + 1])
          return FALSE;
      return first->size == second->size;
    case EBPF_BTF_KIND_ENUM64:
      for (guint i = 0; i < vlen; i++)
        if (!SAME_NAME (3 * i) || memcmp (&words[3 * i + 1], &other[3 * i + 1], 8) != 0)
          return FALSE;
      return first->size == second->size;
    case EBPF_BTF_KIND_FUNC_PROTO:
      for (guint i = 0; i < vlen; i++)
        if (!SAME_NAME (2 * i) || !SAME_TYPE (2 * i + 1))
          return FALSE;
      break;
    case EBPF_BTF_KIND_VAR:
    case EBPF_BTF_KIND_DECL_TAG:
      if (words[0] != other[0])
        return FALSE;
      break;
    case EBPF_BTF_KIND_DATASEC:
      for (guint i = 0; i < vlen; i++)
        if (!SAME_TYPE (3 * i) || memcmp (&words[3 * i + 1], &other[3 * i + 1], 8) != 0)
          return FALSE;
      return first->size == second->size;
    default:
      break;
    }

  return same (a, first->type, b, second->type, assumed);
}

static gboolean
is_same (EbpfBtf *a, guint32 a_id, EbpfBtf *b, guint32 b_id)
{
  g_autoptr (GHashTable) assumed =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  return same (a, a_id, b, b_id, assumed);
}

typedef struct
{
  EbpfBtf *btf;
  guint32 id;
  gboolean found;
} Search;

static gboolean
compare_with (EbpfBtf *merged, guint32 id, gpointer user_data)
{
  Search *search = user_data;

  search->found = is_same (search->btf, search->id, merged, id);
  return !search->found;
}

/* Every type with a name is still there as it was. */
static void
assert_all_there (EbpfBtf *btf, EbpfBtf *merged)
{
  for (guint32 id = ebpf_btf_get_first_id (btf); id < ebpf_btf_get_n_types (btf); id++)
    {
      const char *name = ebpf_btf_name_of (btf, ebpf_btf_peek (btf, id));
      Search search = { btf, id, FALSE };

      if (name[0] == '\0')
        continue;

      /* A declaration may have become a definition, which has the same name. */
      ebpf_btf_foreach_named (merged, name, compare_with, &search);
      if (!search.found)
        g_error ("type %u %s is not as it was", id, name);
    }
}

/* Structs that point to themselves and to each other, in another order. */
static void
test_cycles (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtfBuilder) other = NEW;
  g_autoptr (EbpfBtf) first = NULL;
  g_autoptr (EbpfBtf) second = NULL;
  g_autoptr (EbpfBtf) merged = NULL;

  add_node (builder, "self", 3);
  add_node (builder, "ping", 9);
  add_node (builder, "pong", 6);
  add_node (other, "pong", 6);
  add_node (other, "ping", 3);
  add_node (other, "self", 9);
  first = finish (builder);
  second = finish (other);

  merged = merge (first, second);
  g_assert_cmpuint (count_named (merged, "self"), ==, 1);
  g_assert_cmpuint (count_named (merged, "ping"), ==, 1);
  g_assert_cmpuint (count_named (merged, "pong"), ==, 1);
  g_assert_cmpuint (count_named (merged, "int"), ==, 1);
  g_assert_cmpuint (ebpf_btf_get_n_types (merged), ==, 1 + 1 + 3 + 3);
  assert_all_there (first, merged);
  assert_all_there (second, merged);
}

/* A declaration becomes the definition, also for what is only alike because of that. */
static void
test_declarations (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtfBuilder) other = NEW;
  g_autoptr (EbpfBtf) first = NULL;
  g_autoptr (EbpfBtf) second = NULL;
  g_autoptr (EbpfBtf) merged = NULL;

  /* a -> b -> a, with b only declared; and the other way round. */
  add_node (builder, "a", 4);
  ADD (forward, builder, "b", EBPF_BTF_KIND_STRUCT);
  ADD (forward, builder, "nowhere", EBPF_BTF_KIND_STRUCT);
  ADD (forward, builder, "a", EBPF_BTF_KIND_UNION);
  add_node (other, "b", 4);
  ADD (forward, other, "a", EBPF_BTF_KIND_STRUCT);
  ADD (forward, other, "nowhere", EBPF_BTF_KIND_STRUCT);
  add_node (other, "a", 3);
  first = finish (builder);
  second = finish (other);

  merged = merge (first, second);
  /* union a stays; int, two pointers, two structs, two declarations */
  g_assert_cmpuint (count_named (merged, "a"), ==, 2);
  g_assert_cmpuint (count_named (merged, "b"), ==, 1);
  g_assert_cmpuint (count_named (merged, "nowhere"), ==, 1);
  g_assert_cmpuint (ebpf_btf_get_n_types (merged), ==, 1 + 1 + 2 + 2 + 2);
  assert_all_there (first, merged);
  assert_all_there (second, merged);
}

static void
test_enums (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) once = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtfType) type = NULL;

  ADD (enum, builder, "state", 4, FALSE);
  ADD (pointer, builder, 1);
  ADD (enum, builder, "state", 4, FALSE);
  ADD (enumerator, builder, "STATE_A", 1);
  ADD (pointer, builder, 3);
  ADD (enum, builder, "mode", 4, FALSE);
  ADD (enumerator, builder, "MODE_A", 1);
  ADD (enum, builder, "mode", 4, FALSE);
  ADD (enumerator, builder, "MODE_A", 2);
  ADD (enum, builder, "mode", 4, FALSE);
  ADD (enum, builder, NULL, 4, FALSE);
  ADD (enumerator, builder, "X", 2);
  ADD (enum, builder, NULL, 4, FALSE);
  ADD (enumerator, builder, "X", 2);
  btf = finish (builder);

  once = ebpf_btf_dedup (btf, &error);
  g_assert_no_error (error);
  /* state, its pointer, mode twice and declared, for it could be either, the anonymous one */
  g_assert_cmpuint (count_named (once, "state"), ==, 1);
  g_assert_cmpuint (count_named (once, "mode"), ==, 3);
  g_assert_cmpuint (ebpf_btf_get_n_types (once), ==, 1 + 1 + 1 + 3 + 1);
  type = ebpf_btf_find_type (once, "state", EBPF_BTF_KIND_ENUM, &error);
  g_assert_cmpuint (ebpf_btf_type_get_n_members (type), ==, 1);
}

/* Two structs of one name that differ only far away stay apart, with all that leads to them, and a
 * declaration that may mean either. What does not lead there is shared. */
static void
test_conflicts (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtfBuilder) other = NEW;
  g_autoptr (EbpfBtfBuilder) third = NEW;
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) first = NULL;
  g_autoptr (EbpfBtf) second = NULL;
  g_autoptr (EbpfBtf) last = NULL;
  g_autoptr (EbpfBtf) merged = NULL;

  add_node (builder, "outer", 6);
  add_node (builder, "middle", 9);
  add_node (builder, "inner", 9);
  add_node (builder, "shared", 12);
  add_node (other, "outer", 6);
  add_node (other, "middle", 9);
  add_node (other, "inner", 0);
  add_node (other, "shared", 12);
  add_node (third, "middle", 4);
  ADD (forward, third, "inner", EBPF_BTF_KIND_STRUCT);
  first = finish (builder);
  second = finish (other);
  last = finish (third);

  g_ptr_array_add (list, first);
  g_ptr_array_add (list, second);
  g_ptr_array_add (list, last);
  merged = ebpf_btf_merge (list, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_named (merged, "outer"), ==, 2);
  g_assert_cmpuint (count_named (merged, "middle"), ==, 3);
  g_assert_cmpuint (count_named (merged, "inner"), ==, 3);
  g_assert_cmpuint (count_named (merged, "shared"), ==, 1);
  g_assert_cmpuint (count_named (merged, "int"), ==, 1);
  assert_all_there (first, merged);
  assert_all_there (second, merged);
  assert_all_there (last, merged);
}

/* Places in memory are not types: two variables of a name are two. */
static void
test_variables (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) merged = NULL;
  Id integer = add_int (builder);
  Id count = ADD (variable, builder, "count", integer, EBPF_BTF_LINKAGE_STATIC);
  Id proto = ADD (prototype, builder, integer);
  Id function = ADD (function, builder, "f", proto, EBPF_BTF_LINKAGE_STATIC);

  ADD (section, builder, ".bss", 4);
  ADD (section_entry, builder, count, 0, 4);
  ADD (declaration_tag, builder, "note", function, -1);
  ADD (declaration_tag, builder, "note", count, -1);
  btf = finish (builder);

  merged = merge (btf, btf);
  g_assert_cmpuint (count_named (merged, "count"), ==, 2);
  g_assert_cmpuint (count_named (merged, ".bss"), ==, 2);
  g_assert_cmpuint (count_named (merged, "f"), ==, 1);
  g_assert_cmpuint (count_named (merged, "note"), ==, 3);
  g_assert_cmpuint (count_named (merged, "int"), ==, 1);
}

/* What differs in one thing only stays apart. */
static void
test_differences (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) once = NULL;
  g_autoptr (GError) error = NULL;
  Id a = add_int (builder), b = ADD (int, builder, "int", 4, EBPF_BTF_INT_ENCODING_UNSIGNED);

  ADD (int, builder, "int", 8, EBPF_BTF_INT_ENCODING_SIGNED);
  ADD (int, builder, "long", 4, EBPF_BTF_INT_ENCODING_SIGNED);
  ADD (const, builder, a);
  ADD (volatile, builder, a);
  ADD (const, builder, b);
  ADD (type_tag, builder, "x", a);
  ADD (type_tag, builder, "y", a);
  ADD (type_attribute, builder, "x", a);
  ADD (array, builder, a, a, 1);
  ADD (array, builder, a, a, 2);
  ADD (array, builder, a, b, 1);
  ADD (array, builder, b, a, 1);
  ADD (prototype, builder, a);
  ADD (prototype, builder, b);
  ADD (prototype, builder, a);
  ADD (parameter, builder, "x", a);
  ADD (prototype, builder, a);
  ADD (parameter, builder, "y", a);
  ADD (function, builder, "f", 18, EBPF_BTF_LINKAGE_STATIC);
  ADD (function, builder, "f", 18, EBPF_BTF_LINKAGE_GLOBAL);
  ADD (struct, builder, NULL, 8);
  ADD (member, builder, "x", a, 0, 0);
  ADD (struct, builder, NULL, 8);
  ADD (member, builder, "x", a, 32, 0);
  ADD (struct, builder, NULL, 4);
  ADD (member, builder, "x", a, 0, 0);
  ADD (union, builder, NULL, 4);
  ADD (member, builder, "x", a, 0, 0);
  btf = finish (builder);

  once = ebpf_btf_dedup (btf, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (once), ==, ebpf_btf_get_n_types (btf));
  g_assert_true (is_same (btf, 18, once, 18));
}

/* What the base has becomes the base's; the base stays as it is, also what it only declares. */
static void
test_split (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtfBuilder) split_builder = NULL;
  g_autoptr (EbpfBtf) base = NULL;
  g_autoptr (EbpfBtf) split = NULL;
  g_autoptr (EbpfBtf) once = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtfType) module = NULL;
  g_autoptr (EbpfBtfType) pointer = NULL;
  Id node, hidden, n;

  node = add_node (builder, "node", 3);
  hidden = ADD (forward, builder, "hidden", EBPF_BTF_KIND_STRUCT);
  ADD (pointer, builder, hidden);
  base = finish (builder);
  n = ebpf_btf_get_n_types (base);

  split_builder = ebpf_btf_builder_new_split (base);
  add_node (split_builder, "node", n + 2);
  ADD (forward, split_builder, "node", EBPF_BTF_KIND_STRUCT);
  ADD (forward, split_builder, "elsewhere", EBPF_BTF_KIND_STRUCT);
  add_node (split_builder, "hidden", n + 3);
  add_node (split_builder, "module", n + 4);
  split = finish (split_builder);

  once = ebpf_btf_dedup (split, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_btf_get_base (once) == base);
  /* elsewhere and a pointer to it, hidden with its pointer to node being the base's, module */
  g_assert_cmpuint (ebpf_btf_get_n_types (once) - n, ==, 4);
  g_assert_cmpuint (count_named (once, "node"), ==, 1);
  module = ebpf_btf_find_type (once, "module", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);
  pointer = ebpf_btf_type_get_member_type (module, 1);
  g_assert_cmpuint (ebpf_btf_type_get_id (pointer), ==, 1);
  g_assert_cmpuint (node, ==, 3);
  assert_all_there (split, once);
}

/* As many rounds as there are types would take for ever. */
static void
test_long_chains (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) once = NULL;
  g_autoptr (GError) error = NULL;
  Id end = add_int (builder), id = end;

  for (guint i = 0; i < 200000; i++)
    id = ADD (pointer, builder, id);
  id = end;
  for (guint i = 0; i < 200000; i++)
    id = ADD (pointer, builder, id);
  /* and one that leads back to its start, alike everywhere */
  id = ebpf_btf_builder_get_n_types (builder);
  for (guint i = 0; i < 100000; i++)
    ADD (pointer, builder, i < 99999 ? id + i + 1 : id);
  btf = finish (builder);

  once = ebpf_btf_dedup (btf, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (once), ==, 1 + 1 + 200000 + 1);
}

static void
test_refusals (void)
{
  g_autoptr (EbpfBtfBuilder) builder = NEW;
  g_autoptr (EbpfBtfBuilder) split_builder = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  GBytes *bytes;

  g_assert_null (ebpf_btf_merge (list, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  add_int (builder);
  bytes = ebpf_btf_builder_encode (builder, EBPF_BYTE_ORDER_LITTLE_ENDIAN, &error);
  g_ptr_array_add (list, ebpf_btf_new_from_bytes (bytes, NULL, &error));
  g_bytes_unref (bytes);
  bytes = ebpf_btf_builder_encode (builder, EBPF_BYTE_ORDER_BIG_ENDIAN, &error);
  g_ptr_array_add (list, ebpf_btf_new_from_bytes (bytes, NULL, &error));
  g_bytes_unref (bytes);
  g_assert_no_error (error);
  g_assert_null (ebpf_btf_merge (list, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BYTE_ORDER);
  g_clear_error (&error);

  g_ptr_array_set_size (list, 1);
  split_builder = ebpf_btf_builder_new_split (g_ptr_array_index (list, 0));
  g_ptr_array_add (list, finish (split_builder));
  g_assert_null (ebpf_btf_merge (list, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
}

/* All that the test objects have, in one. */
static void
test_objects (void)
{
  g_autofree char *some = ebpf_test_object ("maps.bpf.o");
  g_autofree char *folder = g_path_get_dirname (some);
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  g_autoptr (EbpfBtf) merged = NULL;
  g_autoptr (EbpfBtf) again = NULL;
  const char *name;
  guint sum = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      EbpfBtf *btf;

      if (!g_str_has_suffix (name, ".bpf.o") || g_str_has_suffix (name, ".be.bpf.o"))
        continue;
      btf = ebpf_btf_new_from_path (path, NULL, NULL);
      if (btf == NULL)
        continue;
      sum += ebpf_btf_get_n_types (btf) - 1;
      g_ptr_array_add (list, btf);
    }
  g_assert_cmpuint (list->len, >, 20);

  merged = ebpf_btf_merge (list, &error);
  g_assert_no_error (error);
  g_test_message ("%u types of %u objects became %u", sum, list->len,
                  ebpf_btf_get_n_types (merged) - 1);
  g_assert_cmpuint (ebpf_btf_get_n_types (merged), <, sum);
  for (guint i = 0; i < list->len; i++)
    assert_all_there (g_ptr_array_index (list, i), merged);

  /* Nothing is left to be done. */
  again = ebpf_btf_dedup (merged, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (again), ==, ebpf_btf_get_n_types (merged));
}

/* The kernel's has been through such a process already, with another algorithm. */
static void
test_kernel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (&error);
  g_autoptr (EbpfBtf) once = NULL;
  g_autoptr (EbpfBtf) merged = NULL;
  gint64 start;
  guint n, n_places = 0;

  if (kernel == NULL)
    {
      g_test_skip (error->message);
      return;
    }

  n = ebpf_btf_get_n_types (kernel);
  once = ebpf_btf_dedup (kernel, &error);
  g_assert_no_error (error);
  start = g_get_monotonic_time ();
  merged = merge (kernel, kernel);
  g_test_message ("%u types: %u left of one, %u of two, in %" G_GINT64_FORMAT " ms", n,
                  ebpf_btf_get_n_types (once), ebpf_btf_get_n_types (merged),
                  (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpuint (ebpf_btf_get_n_types (once), <=, n);
  g_assert_cmpuint (ebpf_btf_get_n_types (once), >=, n - n / 100);

  /* Two of one are as many, but for its variables. */
  for (guint id = 1; id < n; id++)
    {
      guint kind = ebpf_btf_kind_of (ebpf_btf_peek (kernel, id));

      n_places += kind == EBPF_BTF_KIND_VAR || kind == EBPF_BTF_KIND_DATASEC;
    }
  g_assert_cmpuint (ebpf_btf_get_n_types (merged), ==, ebpf_btf_get_n_types (once) + n_places);
  ebpf_btf_drop_kernel ();
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/dedup/cycles", test_cycles);
  ebpf_test_add ("/btf/dedup/declarations", test_declarations);
  ebpf_test_add ("/btf/dedup/enums", test_enums);
  ebpf_test_add ("/btf/dedup/conflicts", test_conflicts);
  ebpf_test_add ("/btf/dedup/variables", test_variables);
  ebpf_test_add ("/btf/dedup/differences", test_differences);
  ebpf_test_add ("/btf/dedup/split", test_split);
  ebpf_test_add ("/btf/dedup/long-chains", test_long_chains);
  ebpf_test_add ("/btf/dedup/refusals", test_refusals);
  ebpf_test_add ("/btf/dedup/objects", test_objects);
  ebpf_test_add ("/btf/dedup/kernel", test_kernel);

  return g_test_run ();
}
