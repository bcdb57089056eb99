/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-private.h"

#include "base/ebpf-error.h"
#include "ebpf-test-btf.h"
#include "ebpf-test.h"

#include <string.h>
#include <unistd.h>

static EbpfBtf *
parse (TestBtf *builder)
{
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);

  g_assert_no_error (error);
  return btf;
}

static void
assert_refused (GBytes *bytes, EbpfBtf *base, const char *pattern)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_bytes (bytes, base, &error);

  g_assert_null (btf);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, pattern);
}

static void
assert_builder_refused (TestBtf *builder, const char *pattern)
{
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);

  assert_refused (bytes, NULL, pattern);
}

enum
{
  INT = 1,
  CHAR,
  POINTER,
  ARRAY,
  STRUCT,
  TYPEDEF,
  CONST,
  ENUM,
  ENUM64,
  PROTO,
  FUNC,
  VAR,
  DATASEC,
  FLOAT,
  DECL_TAG,
  TYPE_TAG,
  FWD,
  UNION,
  VOLATILE,
  RESTRICT,
};

/* One type of every kind. */
static TestBtf *
build_all_kinds (gboolean big_endian)
{
  TestBtf *b = test_btf_new (big_endian);

  g_assert_cmpuint (test_btf_int (b, "int", 4, TEST_BTF_SIGNED), ==, INT);
  test_btf_int (b, "char", 1, TEST_BTF_SIGNED);
  test_btf_ptr (b, STRUCT);
  test_btf_array (b, CHAR, INT, 16);
  test_btf_struct (b, "event", 32);
  test_btf_member (b, "pid", INT, 0);
  test_btf_bitfield (b, "low", INT, 32, 3);
  test_btf_bitfield (b, "high", INT, 35, 5);
  test_btf_member (b, "next", POINTER, 64);
  test_btf_member (b, "comm", ARRAY, 128);
  test_btf_typedef (b, "event_t", STRUCT);
  test_btf_const (b, TYPEDEF);
  test_btf_enum (b, "state", 4, TRUE);
  test_btf_value (b, "OFF", -1);
  test_btf_value (b, "ON", 1);
  test_btf_enum64 (b, "wide", 8, FALSE);
  test_btf_value (b, "HUGE", G_GINT64_CONSTANT (0x1234567890));
  test_btf_func_proto (b, INT);
  test_btf_param (b, "ctx", POINTER);
  test_btf_func (b, "handle", PROTO, BTF_FUNC_GLOBAL);
  test_btf_var (b, "last", TYPEDEF, BTF_VAR_GLOBAL_ALLOCATED);
  test_btf_datasec (b, ".bss", 32);
  test_btf_section_var (b, VAR, 0, 32);
  test_btf_float (b, "double", 8);
  test_btf_decl_tag (b, "tagged", STRUCT, 0);
  test_btf_type_tag (b, "user", STRUCT);
  test_btf_fwd (b, "later", FALSE);
  test_btf_union (b, "either", 4);
  test_btf_member (b, "number", INT, 0);
  test_btf_volatile (b, INT);
  g_assert_cmpuint (test_btf_restrict (b, POINTER), ==, RESTRICT);

  return b;
}

static void
check_all_kinds (EbpfBtf *btf)
{
  static const guint kinds[] = { 0,  1,  1,  2,  3,  4,  8, 10, 6, 19, 13,
                                 12, 14, 15, 16, 17, 18, 7, 5,  9, 11 };
  const struct btf_type *type;
  const struct btf_member *members;
  const struct btf_array *array;
  const guint32 *words;
  guint32 offset, bits;
  guint id;

  g_assert_cmpuint (ebpf_btf_get_n_types (btf), ==, RESTRICT + 1);
  g_assert_cmpuint (ebpf_btf_get_first_id (btf), ==, 1);
  g_assert_null (ebpf_btf_peek (btf, 0));
  g_assert_null (ebpf_btf_peek (btf, RESTRICT + 1));

  for (id = 1; id <= RESTRICT; id++)
    g_assert_cmpuint (ebpf_btf_kind_of (ebpf_btf_peek (btf, id)), ==, kinds[id]);

  type = ebpf_btf_peek (btf, STRUCT);
  g_assert_cmpstr (ebpf_btf_name_of (btf, type), ==, "event");
  g_assert_cmpuint (ebpf_btf_vlen_of (type), ==, 5);
  g_assert_true (ebpf_btf_kflag_of (type));
  members = ebpf_btf_tail_of (type);
  g_assert_cmpstr (ebpf_btf_peek_name (btf, members[4].name_off), ==, "comm");
  ebpf_btf_member_bits (btf, type, 2, &offset, &bits);
  g_assert_cmpuint (offset, ==, 35);
  g_assert_cmpuint (bits, ==, 5);
  ebpf_btf_member_bits (btf, type, 4, &offset, &bits);
  g_assert_cmpuint (offset, ==, 128);
  g_assert_cmpuint (bits, ==, 0);

  array = ebpf_btf_tail_of (ebpf_btf_peek (btf, ARRAY));
  g_assert_cmpuint (array->type, ==, CHAR);
  g_assert_cmpuint (array->index_type, ==, INT);
  g_assert_cmpuint (array->nelems, ==, 16);

  words = ebpf_btf_tail_of (ebpf_btf_peek (btf, ENUM64));
  g_assert_cmphex (words[1], ==, 0x34567890);
  g_assert_cmphex (words[2], ==, 0x12);

  g_assert_cmpuint (ebpf_btf_strip (btf, CONST), ==, STRUCT);
  g_assert_cmpuint (ebpf_btf_strip (btf, POINTER), ==, POINTER);
  g_assert_cmpuint (ebpf_btf_strip (btf, 0), ==, 0);
  g_assert_cmpint (ebpf_btf_size_of (btf, CONST), ==, 32);
  g_assert_cmpint (ebpf_btf_size_of (btf, ARRAY), ==, 16);
  g_assert_cmpint (ebpf_btf_size_of (btf, POINTER), ==, 8);
  g_assert_cmpint (ebpf_btf_size_of (btf, VAR), ==, 32);
  g_assert_cmpint (ebpf_btf_size_of (btf, FUNC), ==, -1);
  g_assert_cmpint (ebpf_btf_size_of (btf, FWD), ==, -1);
  g_assert_cmpint (ebpf_btf_size_of (btf, 0), ==, -1);
  g_assert_cmpuint (ebpf_btf_align_of (btf, STRUCT), ==, 8);
  g_assert_cmpuint (ebpf_btf_align_of (btf, ARRAY), ==, 1);

  g_assert_cmpuint (ebpf_btf_lookup (btf, "event", BTF_KIND_STRUCT), ==, STRUCT);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "event", BTF_KIND_UNION), ==, 0);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "event", 0), ==, STRUCT);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "even", 0), ==, 0);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "pid", 0), ==, 0);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "", 0), ==, 0);
  g_assert_cmpuint (ebpf_btf_lookup (btf, ".bss", BTF_KIND_DATASEC), ==, DATASEC);
}

static void
test_kinds (gconstpointer data)
{
  gboolean big_endian = GPOINTER_TO_INT (data);
  g_autoptr (TestBtf) builder = build_all_kinds (big_endian);
  g_autoptr (EbpfBtf) btf = parse (builder);
  g_autoptr (EbpfBtf) again = NULL;
  g_autoptr (GBytes) bytes = ebpf_btf_get_bytes (btf);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ebpf_btf_get_byte_order (btf), ==,
                   big_endian ? EBPF_BYTE_ORDER_BIG_ENDIAN : EBPF_BYTE_ORDER_LITTLE_ENDIAN);
  check_all_kinds (btf);

  /* What it gives out is whole, and of this machine's order. */
  again = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_btf_get_byte_order (again), ==,
                   G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_LITTLE_ENDIAN
                                                   : EBPF_BYTE_ORDER_BIG_ENDIAN);
  check_all_kinds (again);
}

static void
test_unaligned (void)
{
  g_autoptr (TestBtf) builder = build_all_kinds (FALSE);
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  gsize size, shift;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  for (shift = 1; shift < 4; shift++)
    {
      g_autofree guint8 *moved = g_malloc (size + shift);
      g_autoptr (GBytes) bytes_moved = NULL;
      g_autoptr (EbpfBtf) btf = NULL;

      memcpy (moved + shift, data, size);
      bytes_moved = g_bytes_new_static (moved + shift, size);
      btf = ebpf_btf_new_from_bytes (bytes_moved, NULL, NULL);
      g_assert_nonnull (btf);
      check_all_kinds (btf);
    }
}

static void
test_longer_header (void)
{
  g_autoptr (TestBtf) builder = build_all_kinds (TRUE);
  g_autoptr (GBytes) bytes = test_btf_to_bytes_with_header (builder, 40);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);

  g_assert_no_error (error);
  check_all_kinds (btf);
}

static void
test_empty (void)
{
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = parse (builder);
  g_autoptr (EbpfBtf) made = g_object_new (EBPF_TYPE_BTF, NULL);

  g_assert_cmpuint (ebpf_btf_get_n_types (btf), ==, 1);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "int", 0), ==, 0);

  /* A script may do this. */
  g_assert_cmpuint (ebpf_btf_get_n_types (made), ==, 1);
  g_assert_cmpuint (ebpf_btf_lookup (made, "int", 0), ==, 0);
  g_assert_null (ebpf_btf_peek (made, 1));
}

static void
test_names (void)
{
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = NULL;
  g_autofree guint *ids = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_ids;
  guint i;

  /* Names of every length around the eight bytes that are hashed at once, and each twice. */
  for (i = 1; i <= 40; i++)
    {
      g_autofree char *name = g_strnfill (i, 'x');

      test_btf_int (builder, name, 4, 0);
      test_btf_typedef (builder, name, 1);
    }
  btf = parse (builder);

  for (i = 1; i <= 40; i++)
    {
      g_autofree char *name = g_strnfill (i, 'x');
      g_autofree guint *found = ebpf_btf_find_all (btf, name, &n_ids);

      g_assert_cmpuint (ebpf_btf_lookup (btf, name, 0), ==, 2 * i - 1);
      g_assert_cmpuint (ebpf_btf_find (btf, name, EBPF_BTF_KIND_TYPEDEF, NULL), ==, 2 * i);
      g_assert_cmpuint (n_ids, ==, 2);
      g_assert_cmpuint (found[0], ==, 2 * i - 1);
      g_assert_cmpuint (found[1], ==, 2 * i);
    }

  ids = ebpf_btf_find_all (btf, "y", &n_ids);
  g_assert_null (ids);
  g_assert_cmpuint (n_ids, ==, 0);
  g_assert_cmpuint (ebpf_btf_find (btf, "y", EBPF_BTF_KIND_STRUCT, &error), ==, 0);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*struct*\"y\"*");
}

/* A name that everything has must not make the index quadratic. */
static void
test_one_name_for_all (void)
{
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = NULL;
  g_autofree guint *ids = NULL;
  guint32 name = test_btf_string (builder, "same");
  gint64 start;
  gsize n_ids;
  guint i;

  for (i = 0; i < 300000; i++)
    test_btf_raw (builder, name, BTF_KIND_FWD << 24, 0, NULL, 0);

  btf = parse (builder);
  start = g_get_monotonic_time ();
  ids = ebpf_btf_find_all (btf, "same", &n_ids);
  g_assert_cmpuint (n_ids, ==, 300000);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
}

static void
test_split (void)
{
  g_autoptr (TestBtf) base_builder = build_all_kinds (FALSE);
  g_autoptr (EbpfBtf) base = parse (base_builder);
  guint32 first = test_btf_n_types (base_builder);
  g_autoptr (TestBtf) builder =
      test_btf_new_split (FALSE, first, test_btf_strings_length (base_builder));
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree guint *ids = NULL;
  gsize n_ids;

  test_btf_struct (builder, "module_thing", 40);
  test_btf_member (builder, "event", STRUCT, 0);
  test_btf_member (builder, "more", POINTER, 256);

  /* By a name of the base's strings: "event". */
  test_btf_raw (builder, ebpf_btf_peek (base, STRUCT)->name_off, BTF_KIND_TYPEDEF << 24, first,
                NULL, 0);
  bytes = test_btf_to_bytes (builder);
  btf = ebpf_btf_new_from_bytes (bytes, base, &error);
  g_assert_no_error (error);

  g_assert_true (ebpf_btf_get_base (btf) == base);
  g_assert_cmpuint (ebpf_btf_get_first_id (btf), ==, first);
  g_assert_cmpuint (ebpf_btf_get_n_types (btf), ==, first + 2);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "module_thing", BTF_KIND_STRUCT), ==, first);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "event", BTF_KIND_STRUCT), ==, STRUCT);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "event", BTF_KIND_TYPEDEF), ==, first + 1);
  g_assert_cmpuint (ebpf_btf_lookup (base, "module_thing", 0), ==, 0);
  g_assert_cmpint (ebpf_btf_size_of (btf, first + 1), ==, 40);
  ids = ebpf_btf_find_all (btf, "event", &n_ids);
  g_assert_cmpuint (n_ids, ==, 2);
  g_assert_cmpuint (ids[0], ==, STRUCT);
  g_assert_cmpuint (ids[1], ==, first + 1);

  /* Without its base, its ids are wrong. */
  assert_refused (bytes, NULL, "*");

  /* Both are of one machine. */
  {
    g_autoptr (GBytes) foreign =
        ebpf_btf_encode (btf, G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_BIG_ENDIAN
                                                              : EBPF_BYTE_ORDER_LITTLE_ENDIAN);
    g_autoptr (EbpfBtf) none = ebpf_btf_new_from_bytes (foreign, base, &error);

    g_assert_null (none);
    g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BYTE_ORDER);
  }
}

/* bad input */

static void
test_truncated (gconstpointer data)
{
  g_autoptr (TestBtf) builder = build_all_kinds (GPOINTER_TO_INT (data));
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  gsize size, i;
  const guint8 *all = g_bytes_get_data (bytes, &size);

  for (i = 0; i < size; i++)
    {
      /* A block of its own of just this size, so that a sanitizer sees a read past it. */
      g_autoptr (GBytes) part = g_bytes_new (all, i);

      assert_refused (part, NULL, "*");
    }
}

static void
test_header (void)
{
  g_autoptr (TestBtf) builder = build_all_kinds (FALSE);
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  gsize size, i;
  const guint8 *good = g_bytes_get_data (bytes, &size);
  static const struct
  {
    gsize offset;
    guint32 value;
    const char *pattern;
  } cases[] = {
    { 0, 0xdeadbeef, "*not type information*0xbeef*" },
    { 0, 0x0002eb9f, "*version 2*" },
    { 0, 0x0101eb9f, "*flags 0x1*" },
    { 4, 20, "*header of 20 bytes*" },
    { 4, 0xffffffff, "*header of 4294967295 bytes*" },
    { 8, 0xfffffff0, "*section of types*" },
    { 8, 2, "*section of types*" },
    { 12, 0xffffffff, "*section of types*" },
    { 12, 0x7ffffff0, "*section of types*" },
    { 16, 0xffffffff, "*section of strings*" },
    { 16, 0, "*overlap*" },
    { 20, 0xffffffff, "*section of strings*" },
    { 20, 0, "*section of strings*start and end*" },
    { 20, 3, "*section of strings*start and end*" },
  };

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree guint8 *bad = g_memdup2 (good, size);
      g_autoptr (GBytes) bad_bytes = NULL;
      guint32 value = GUINT32_TO_LE (cases[i].value);

      memcpy (bad + cases[i].offset, &value, sizeof value);
      bad_bytes = g_bytes_new (bad, size);
      assert_refused (bad_bytes, NULL, cases[i].pattern);
    }
}

static void
test_types (void)
{
  static const guint32 zeros[3];
  guint32 words[3] = { 0, 0, 0 };
  TestBtf *b;

  b = test_btf_new (FALSE);
  test_btf_int (b, "int", 4, 0);
  test_btf_raw (b, 4711, BTF_KIND_FWD << 24, 0, NULL, 0);
  assert_builder_refused (b, "*type 2 at offset 16*name at offset 4711*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_struct (b, "s", 4);
  words[0] = 4711;
  test_btf_raw (b, 0, BTF_KIND_UNION << 24 | 1, 4, words, 3);
  assert_builder_refused (b, "*type 2 at offset 12*name at offset 4711*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_ptr (b, 2);
  assert_builder_refused (b, "*type 1 at offset 0 refers to type 2*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_raw (b, 0, 20u << 24, 0, NULL, 0);
  assert_builder_refused (b, "*type 1 at offset 0 is of kind 20*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_raw (b, 0, 0, 0, NULL, 0);
  assert_builder_refused (b, "*kind 0*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_raw (b, 0, BTF_KIND_STRUCT << 24 | 0xffff, 0, zeros, 3);
  assert_builder_refused (b, "*type 1 at offset 0 has 65535 parts*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_raw (b, 0, 0x7f000000u, 0, NULL, 0);
  assert_builder_refused (b, "*kind 127*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_int (b, "int", 4, 0);
  test_btf_func (b, "f", 1, 0);
  assert_builder_refused (b, "*function f*type 2*no prototype*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_int (b, "int", 4, 0);
  test_btf_datasec (b, ".data", 4);
  test_btf_section_var (b, 1, 0, 4);
  assert_builder_refused (b, "*section .data*lists type 1*");
  test_btf_free (b);
}

static void
test_cycles (void)
{
  TestBtf *b;

  b = test_btf_new (FALSE);
  test_btf_typedef (b, "self", 1);
  assert_builder_refused (b, "*type 1 self at offset 0*cycle*");
  test_btf_free (b);

  b = test_btf_new (TRUE);
  test_btf_int (b, "int", 4, 0);
  test_btf_const (b, 3);
  test_btf_volatile (b, 4);
  test_btf_typedef (b, "round", 2);
  assert_builder_refused (b, "*type 2 at offset 16*cycle*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_struct (b, "outer", 4);
  test_btf_member (b, "inner", 2, 0);
  test_btf_struct (b, "inner", 4);
  test_btf_member (b, "outer", 1, 0);
  assert_builder_refused (b, "*type 1 outer at offset 0*cycle*");
  test_btf_free (b);

  b = test_btf_new (FALSE);
  test_btf_array (b, 1, 1, 4);
  assert_builder_refused (b, "*cycle*");
  test_btf_free (b);

  /* This is none: a pointer may lead back. */
  b = test_btf_new (FALSE);
  test_btf_struct (b, "list", 8);
  test_btf_member (b, "next", 2, 0);
  test_btf_ptr (b, 1);
  g_object_unref (parse (b));
  test_btf_free (b);
}

/* Nothing here may take long, or much of the stack. */
static void
test_deep (void)
{
  g_autoptr (TestBtf) pointers = test_btf_new (FALSE);
  g_autoptr (TestBtf) arrays = test_btf_new (FALSE);
  g_autoptr (TestBtf) structs = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = NULL;
  guint i, j;

  test_btf_int (pointers, "int", 4, 0);
  for (i = 1; i <= 1000000; i++)
    test_btf_raw (pointers, 0, (i % 2 ? BTF_KIND_PTR : BTF_KIND_CONST) << 24, i, NULL, 0);
  btf = parse (pointers);
  g_assert_cmpint (ebpf_btf_size_of (btf, 1000000), ==, 8);
  g_clear_object (&btf);

  test_btf_int (arrays, "int", 4, 0);
  for (i = 1; i <= 100; i++)
    test_btf_array (arrays, i, 1, G_MAXUINT32);
  btf = parse (arrays);
  for (i = 2; i <= 100; i++)
    g_assert_cmpint (ebpf_btf_size_of (btf, i), ==, -1);
  g_assert_cmpuint (ebpf_btf_align_of (btf, 10), ==, 4);
  g_clear_object (&btf);

  /* 2 to the 60th paths from the outermost to the int. */
  test_btf_int (structs, "int", 4, 0);
  for (i = 1; i <= 60; i++)
    {
      test_btf_struct (structs, "s", 4);
      for (j = 0; j < 2; j++)
        test_btf_member (structs, "m", i, 0);
    }
  btf = parse (structs);
  g_assert_cmpuint (ebpf_btf_align_of (btf, 61), >=, 1);
}

static void
test_mutations (void)
{
  g_autoptr (TestBtf) builder = build_all_kinds (FALSE);
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  gsize size;
  const guint8 *good = g_bytes_get_data (bytes, &size);
  guint round, n_accepted = 0;

  for (round = 0; round < 20000; round++)
    {
      guint8 *bad = g_memdup2 (good, size);
      g_autoptr (GBytes) bad_bytes = NULL;
      g_autoptr (EbpfBtf) btf = NULL;
      guint n = g_rand_int_range (rand, 1, 6), i;

      while (n-- > 0)
        bad[g_rand_int_range (rand, 0, size)] = g_rand_boolean (rand)
                                                    ? g_rand_int_range (rand, 0, 24)
                                                    : g_rand_int_range (rand, 0, 256);

      bad_bytes = g_bytes_new_take (bad, size);
      btf = ebpf_btf_new_from_bytes (bad_bytes, NULL, NULL);
      if (btf == NULL)
        continue;

      n_accepted++;
      for (i = 0; i <= ebpf_btf_get_n_types (btf); i++)
        {
          const struct btf_type *type = ebpf_btf_peek (btf, i);
          guint32 offset, bits;
          guint j;

          ebpf_btf_strip (btf, i);
          ebpf_btf_size_of (btf, i);
          ebpf_btf_align_of (btf, i);
          if (type == NULL)
            continue;
          ebpf_btf_lookup (btf, ebpf_btf_name_of (btf, type), 0);
          if (ebpf_btf_kind_of (type) == BTF_KIND_STRUCT)
            for (j = 0; j < ebpf_btf_vlen_of (type); j++)
              ebpf_btf_member_bits (btf, type, j, &offset, &bits);
        }
    }

  /* The rest would say nothing if all were refused at the door. */
  g_assert_cmpuint (n_accepted, >, 1000);
}

/* files and the kernel */

static void
test_path (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TestBtf) builder = build_all_kinds (TRUE);
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  g_autofree char *path = NULL;
  EbpfBtf *btf;
  int fd;

  btf = ebpf_btf_new_from_path ("/nonexistent/file", NULL, &error);
  g_assert_null (btf);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*/nonexistent/file*");
  g_clear_error (&error);

  fd = g_file_open_tmp ("ebpf-test-XXXXXX", &path, &error);
  g_assert_no_error (error);
  close (fd);

  g_assert_true (
      g_file_set_contents (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error));
  btf = ebpf_btf_new_from_path (path, NULL, &error);
  g_assert_no_error (error);
  check_all_kinds (btf);
  g_object_unref (btf);

  g_assert_true (g_file_set_contents (path, "\177ELF nothing more", -1, &error));
  btf = ebpf_btf_new_from_path (path, NULL, &error);
  g_assert_null (btf);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_MALFORMED);
  g_assert_nonnull (strstr (error->message, path));
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (path, "hello, world: no types here", -1, &error));
  btf = ebpf_btf_new_from_path (path, NULL, &error);
  g_assert_null (btf);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  g_assert_nonnull (strstr (error->message, path));

  unlink (path);
}

static void
test_kernel (void)
{
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) again = NULL;
  g_autoptr (EbpfBtf) fresh = NULL;
  g_autoptr (EbpfBtf) checked = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  guint32 id, n_named = 0, i;

  if (!g_file_test ("/sys/kernel/btf/vmlinux", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("this kernel has no /sys/kernel/btf/vmlinux");
      return;
    }

  btf = ebpf_btf_get_kernel (&error);
  g_assert_no_error (error);
  again = ebpf_btf_get_kernel (&error);
  g_assert_true (btf == again);

  id = ebpf_btf_find (btf, "task_struct", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_btf_size_of (btf, id), >, 1000);
  g_assert_cmpuint (ebpf_btf_lookup (btf, "bpf_map_lookup_elem", 0), !=,
                    ebpf_btf_lookup (btf, "task_struct", 0));

  /* Each type with a name is found by it. */
  for (i = 1; i < ebpf_btf_get_n_types (btf); i++)
    {
      const struct btf_type *type = ebpf_btf_peek (btf, i);
      const char *name = ebpf_btf_name_of (btf, type);
      guint32 found;

      if (name[0] == '\0')
        continue;
      n_named++;
      found = ebpf_btf_lookup (btf, name, ebpf_btf_kind_of (type));
      g_assert_cmpuint (found, >, 0);
      g_assert_cmpuint (found, <=, i);
    }
  g_assert_cmpuint (n_named, >, 1000);

  /* What is not checked of the kernel's own holds for it nonetheless. */
  bytes = ebpf_btf_get_bytes (btf);
  checked = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (checked), ==, ebpf_btf_get_n_types (btf));

  ebpf_btf_drop_kernel ();
  fresh = ebpf_btf_get_kernel (&error);
  g_assert_true (fresh != btf);
}

static gpointer
get_kernel_thread (gpointer data)
{
  EbpfBtf *btf = ebpf_btf_get_kernel (NULL);

  if (btf != NULL)
    g_assert_cmpuint (ebpf_btf_lookup (btf, "task_struct", BTF_KIND_STRUCT), !=, 0);

  return btf;
}

static void
test_kernel_threads (void)
{
  GThread *threads[8];
  gpointer results[8];
  guint i;

  ebpf_btf_drop_kernel ();
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("btf", get_kernel_thread, NULL);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      results[i] = g_thread_join (threads[i]);
      g_assert_true (results[i] == results[0]);
    }
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_clear_object ((EbpfBtf **) &results[i]);
  ebpf_btf_drop_kernel ();
}

static void
test_kernel_modules (void)
{
  g_autoptr (GPtrArray) modules = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GError) error = NULL;
  guint i;

  if (!g_file_test ("/sys/kernel/btf/vmlinux", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("this kernel has no /sys/kernel/btf/vmlinux");
      return;
    }

  modules = ebpf_btf_get_kernel_modules (&error);
  g_assert_no_error (error);
  again = ebpf_btf_get_kernel_modules (&error);
  g_assert_true (modules == again);

  for (i = 0; i < modules->len; i++)
    {
      EbpfKernelModule *module = g_ptr_array_index (modules, i);

      g_assert_cmpstr (module->name, !=, "vmlinux");
      g_assert_nonnull (ebpf_btf_get_base (module->btf));
    }
  ebpf_btf_drop_kernel ();
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add_data ("/btf/kinds/little-endian", GINT_TO_POINTER (FALSE), test_kinds);
  ebpf_test_add_data ("/btf/kinds/big-endian", GINT_TO_POINTER (TRUE), test_kinds);
  ebpf_test_add ("/btf/unaligned", test_unaligned);
  ebpf_test_add ("/btf/longer-header", test_longer_header);
  ebpf_test_add ("/btf/empty", test_empty);
  ebpf_test_add ("/btf/names", test_names);
  ebpf_test_add ("/btf/one-name-for-all", test_one_name_for_all);
  ebpf_test_add ("/btf/split", test_split);
  ebpf_test_add_data ("/btf/bad/truncated", GINT_TO_POINTER (FALSE), test_truncated);
  ebpf_test_add_data ("/btf/bad/truncated-big-endian", GINT_TO_POINTER (TRUE), test_truncated);
  ebpf_test_add ("/btf/bad/header", test_header);
  ebpf_test_add ("/btf/bad/types", test_types);
  ebpf_test_add ("/btf/bad/cycles", test_cycles);
  ebpf_test_add ("/btf/bad/deep", test_deep);
  ebpf_test_add ("/btf/bad/mutations", test_mutations);
  ebpf_test_add ("/btf/path", test_path);
  ebpf_test_add ("/btf/kernel", test_kernel);
  ebpf_test_add ("/btf/kernel/threads", test_kernel_threads);
  ebpf_test_add ("/btf/kernel/modules", test_kernel_modules);

  return g_test_run ();
}
