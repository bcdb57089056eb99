/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What no compiler writes: each is an error that says what is wrong, soon, and through every way that it
 * can be asked for. Two candidates that disagree are in test-core-candidates.c. */

#include <string.h>

#include <ebpf.h>

#include "common/ebpf-test.h"

#define N_NESTED 1000000

static EbpfBtf *
build (EbpfBtfBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_builder_build (builder, &error);

  g_assert_no_error (error);
  return btf;
}

static void
assert_not_built (EbpfBtfBuilder *builder, const char *pattern)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_builder_build (builder, &error);

  g_assert_null (btf);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, pattern);
}

static guint
add_int (EbpfBtfBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  guint id = ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);

  g_assert_no_error (error);
  return id;
}

/* A struct that has itself as a member: at once, in an array, behind a name, in another one. */
static void
test_contains_itself (void)
{
  for (guint way = 0; way < 4; way++)
    {
      g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
      guint inner = 1;

      ebpf_btf_builder_add_struct (builder, "snake", 8, NULL);
      if (way > 0)
        inner = 2;
      ebpf_btf_builder_add_member (builder, "tail", inner, 0, 0, NULL);
      switch (way)
        {
        case 1:
          ebpf_btf_builder_add_array (builder, 1, 1, 1, NULL);
          break;
        case 2:
          ebpf_btf_builder_add_typedef (builder, "snake_t", 1, NULL);
          break;
        case 3:
          ebpf_btf_builder_add_union (builder, "other", 8, NULL);
          ebpf_btf_builder_add_member (builder, "head", 1, 0, 0, NULL);
          break;
        default:
          break;
        }
      assert_not_built (builder, "type 1 snake at offset 0 contains itself*");
    }
}

static void
test_references (void)
{
  g_autoptr (EbpfBtfBuilder) ids = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) cycle = ebpf_btf_builder_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtfBuilder) good = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) none = NULL;
  g_autoptr (GError) error = NULL;
  guint32 *words;
  gsize size;

  ebpf_btf_builder_add_pointer (ids, 0xfffff, NULL);
  assert_not_built (ids, "type 1 at offset 0 refers to type 1048575*");

  ebpf_btf_builder_add_const (cycle, 2, NULL);
  ebpf_btf_builder_add_volatile (cycle, 1, NULL);
  assert_not_built (cycle, "type 1 at offset 0 contains itself*");

  add_int (good);
  btf = build (good);
  bytes = ebpf_btf_encode (btf, G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_LITTLE_ENDIAN
                                                                : EBPF_BYTE_ORDER_BIG_ENDIAN);
  words = g_bytes_unref_to_data (g_steal_pointer (&bytes), &size);
  words[6] = 0x7fffffff; /* the name of the first type, behind 24 bytes of header */
  bytes = g_bytes_new_take (words, size);
  none = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_null (none);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF,
                                  "type 1 at offset 0 has a name at offset 2147483647*");
}

static void
assert_no_values (EbpfBtf *btf, guint id)
{
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (btf, id);
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GVariant) zero = g_variant_ref_sink (g_variant_new_int32 (0));
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ebpf_btf_type_get_size (type), ==, -1);
  g_assert_null (ebpf_btf_type_to_variant (type, bytes, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  g_clear_error (&error);
  g_assert_null (ebpf_btf_type_from_variant (type, zero, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  g_clear_error (&error);
  g_assert_null (ebpf_btf_type_format (type, bytes, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  g_clear_error (&error);
  g_assert_null (ebpf_layout_new (type, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
}

/* Arrays of arrays whose size no number holds, and a struct with such a member. */
static void
test_array_sizes (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) holder = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\0\0\0\0\0\0\0", 8);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  guint id = add_int (builder), inner = 0;

  for (guint i = 0; i < 10; i++)
    {
      id = ebpf_btf_builder_add_array (builder, id, 1, i == 0 ? 0x40000000 : G_MAXUINT32, &error);
      g_assert_no_error (error);
      inner = i == 1 ? id : inner;
    }
  ebpf_btf_builder_add_struct (builder, "holder", 8, &error);
  ebpf_btf_builder_add_member (builder, "huge", inner, 0, 0, &error);
  g_assert_no_error (error);
  btf = build (builder);

  for (guint i = 2; i <= id; i++)
    assert_no_values (btf, i);
  holder = ebpf_btf_find_type (btf, "holder", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_btf_type_to_variant (holder, bytes, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*has no size*");
  g_clear_error (&error);

  /* As C it is text or an error; nobody sums up what it would take. */
  text = ebpf_btf_dump_c (btf, NULL, 0, EBPF_BTF_DUMP_FLAGS_NONE, &error);
  g_assert_true ((text == NULL) == (error != NULL));
}

/* A pointer to a pointer, a million times. */
static void
test_nested_pointers (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) copy = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) once = NULL;
  g_autoptr (EbpfBtfType) deepest = NULL;
  g_autoptr (EbpfBtfType) named = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\1\0\0\0\0\0\0", 8);
  g_autoptr (GVariant) value = NULL;
  g_autofree char *declaration = NULL;
  g_autofree char *definition = NULL;
  g_autofree char *text = NULL;
  gint64 start = g_get_monotonic_time ();
  guint id = add_int (builder);

  for (guint i = 0; i < N_NESTED; i++)
    id = ebpf_btf_builder_add_pointer (builder, id, NULL);
  id = ebpf_btf_builder_add_typedef (builder, "deepest", id, &error);
  g_assert_no_error (error);
  btf = build (builder);
  named = ebpf_btf_get_type_by_id (btf, id);
  deepest = ebpf_btf_get_type_by_id (btf, id - 1);

  /* A value of it is one pointer. */
  g_assert_cmpint (ebpf_btf_type_get_size (named), ==, 8);
  value = ebpf_btf_type_to_variant (named, bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint64 (value), ==,
                    G_BYTE_ORDER == G_LITTLE_ENDIAN ? 1 : 1ull << 56);

  declaration = ebpf_btf_type_to_declaration (deepest, "x");
  g_assert_nonnull (declaration);
  g_assert_cmpuint (strlen (declaration), <, 1000);
  definition = ebpf_btf_type_to_c_definition (named, NULL);
  text = ebpf_btf_dump_c (btf, NULL, 0, EBPF_BTF_DUMP_FLAGS_NONE, &error);
  g_assert_null (text);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT, "*too deep*");
  g_clear_error (&error);

  once = ebpf_btf_dedup (btf, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (once), ==, ebpf_btf_get_n_types (btf));
  g_assert_cmpuint (ebpf_btf_builder_copy_type (copy, named, &error), !=, 0);
  g_assert_no_error (error);

  /* The sanitizers take their time. */
  g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
}

/* Tags are on what can have them, and on parts that are there. */
static void
test_tags (void)
{
  static const struct
  {
    guint kind; /* 0: int, 1: struct, 2: function, 3: pointer, 4: typedef, 5: variable */
    int component;
    gboolean works;
  } cases[] = {
    { 0, -1, FALSE }, { 3, -1, FALSE }, { 1, -1, TRUE }, { 1, 0, TRUE },  { 1, 1, FALSE },
    { 1, -2, FALSE }, { 2, -1, TRUE },  { 2, 1, TRUE },  { 2, 2, FALSE }, { 4, -1, TRUE },
    { 4, 0, FALSE },  { 5, -1, TRUE },  { 5, 0, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
      g_autoptr (EbpfBtf) btf = NULL;
      g_autoptr (GError) error = NULL;
      guint number = add_int (builder), ids[6] = { number };

      ids[1] = ebpf_btf_builder_add_struct (builder, "s", 4, &error);
      ebpf_btf_builder_add_member (builder, "m", number, 0, 0, &error);
      ids[2] = ebpf_btf_builder_add_prototype (builder, number, &error);
      ebpf_btf_builder_add_parameter (builder, "a", number, &error);
      ebpf_btf_builder_add_parameter (builder, "b", number, &error);
      ids[2] =
          ebpf_btf_builder_add_function (builder, "f", ids[2], EBPF_BTF_LINKAGE_GLOBAL, &error);
      ids[3] = ebpf_btf_builder_add_pointer (builder, number, &error);
      ids[4] = ebpf_btf_builder_add_typedef (builder, "t", number, &error);
      ids[5] =
          ebpf_btf_builder_add_variable (builder, "v", number, EBPF_BTF_LINKAGE_GLOBAL, &error);
      g_assert_no_error (error);
      if (ebpf_btf_builder_add_declaration_tag (builder, "tag", ids[cases[i].kind],
                                                cases[i].component, &error) != 0)
        btf = ebpf_btf_builder_build (builder, &error);

      if ((btf != NULL) != cases[i].works)
        g_error ("tag %u: %s", i, error != NULL ? error->message : "taken");
      if (btf == NULL)
        g_assert_true (error->domain == EBPF_ERROR && strstr (error->message, "tag") != NULL);
    }
}

/* Of types of one name and kind, find () gives the first; who wants to be sure asks for the only one. */
static void
test_only_one (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GError) error = NULL;
  guint number = add_int (builder), first, second, only;

  first = ebpf_btf_builder_add_typedef (builder, "several", number, &error);
  second = ebpf_btf_builder_add_typedef (builder, "several", first, &error);
  only = ebpf_btf_builder_add_struct (builder, "several", 4, &error);
  g_assert_no_error (error);
  btf = build (builder);

  g_assert_cmpuint (ebpf_btf_find (btf, "several", EBPF_BTF_KIND_TYPEDEF, &error), ==, first);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_find_unique (btf, "several", EBPF_BTF_KIND_STRUCT, &error), ==, only);
  g_assert_no_error (error);
  g_assert_cmpuint (second, !=, first);
  g_assert_cmpuint (ebpf_btf_find_unique (btf, "several", EBPF_BTF_KIND_TYPEDEF, &error), ==, 0);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                  "*typedef \"several\"*2 and 3*");
  g_clear_error (&error);
  g_assert_cmpuint (ebpf_btf_find_unique (btf, "several", EBPF_BTF_KIND_VOID, &error), ==, 0);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE);
  g_clear_error (&error);
  g_assert_cmpuint (ebpf_btf_find_unique (btf, "none", EBPF_BTF_KIND_VOID, &error), ==, 0);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/bad-input/contains-itself", test_contains_itself);
  ebpf_test_add ("/btf/bad-input/references", test_references);
  ebpf_test_add ("/btf/bad-input/array-sizes", test_array_sizes);
  ebpf_test_add ("/btf/bad-input/nested-pointers", test_nested_pointers);
  ebpf_test_add ("/btf/bad-input/tags", test_tags);
  ebpf_test_add ("/btf/bad-input/only-one", test_only_one);

  return g_test_run ();
}
