/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys and values as GVariants of the types that the application names. */

#include <ebpf.h>

#include <string.h>

#include "ebpf-test.h"

typedef struct
{
  guint8 kind;
  guint32 pid;
  guint16 port;
} Key;

typedef struct
{
  guint64 count;
  double mean;
} Value;

static EbpfMap *
new_map (EbpfMapType type, guint key_size, guint value_size)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("variants", type, key_size, value_size, 8);
  g_autoptr (GError) error = NULL;
  EbpfMap *map = ebpf_map_new (spec, &error);

  g_assert_no_error (error);
  return map;
}

static void
set_types (EbpfMap *map, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_map_set_key_variant_type (map, G_VARIANT_TYPE (key), &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_set_value_variant_type (map, G_VARIANT_TYPE (value), &error));
  g_assert_no_error (error);
}

static void
expect (EbpfMap *map, GVariant *key, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = ebpf_map_lookup (map, key, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = g_variant_print (value, TRUE);
  g_assert_cmpstr (text, ==, expected);
}

/* As a struct of C, padding and all. */
static void
test_struct (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) copy = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GVariant) key_read = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  Key key = { 0 };
  Value value = { 0 };

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_HASH, sizeof key, sizeof value);
  g_assert_null (ebpf_map_get_key_variant_type (map));
  set_types (map, "(yuq)", "(td)");
  g_assert_true (g_variant_type_equal (ebpf_map_get_key_variant_type (map), "(yuq)"));
  g_assert_true (g_variant_type_equal (ebpf_map_get_value_variant_type (map), "(td)"));

  g_assert_true (ebpf_map_update (map, g_variant_new_parsed ("(byte 3, uint32 4711, uint16 80)"),
                                  g_variant_new_parsed ("(uint64 18446744073709551615, 1.5)"),
                                  EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);

  key.kind = 3;
  key.pid = 4711;
  key.port = 80;
  g_assert_true (ebpf_map_lookup_raw (map, &key, &value, 0, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (value.count, ==, G_MAXUINT64);
  g_assert_cmpfloat (value.mean, ==, 1.5);
  expect (map, g_variant_new_parsed ("(byte 3, uint32 4711, uint16 80)"),
          "(uint64 18446744073709551615, 1.5)");

  iterator = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (iterator, &error));
  key_read = ebpf_map_iterator_get_key (iterator, &error);
  text = g_variant_print (key_read, TRUE);
  g_assert_cmpstr (text, ==, "(byte 0x03, uint32 4711, uint16 80)");

  /* A copy of the object knows it, too. */
  copy = ebpf_map_dup (map, &error);
  expect (copy, key_read, "(uint64 18446744073709551615, 1.5)");

  /* Padding that somebody else did not clear is no part of what is read. */
  memset (&key, 0xff, sizeof key);
  key.kind = 4;
  key.pid = 1;
  key.port = 2;
  g_assert_true (ebpf_map_delete_key (map, key_read, &error));
  g_assert_true (ebpf_map_update_raw (map, &key, &value, 0, &error));
  g_clear_object (&iterator);
  g_clear_pointer (&key_read, g_variant_unref);
  g_clear_pointer (&text, g_free);
  iterator = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (iterator, &error));
  key_read = ebpf_map_iterator_get_key (iterator, &error);
  text = g_variant_print (key_read, TRUE);
  g_assert_cmpstr (text, ==, "(byte 0x04, uint32 1, uint16 2)");

  /* Back to bytes. */
  g_assert_true (ebpf_map_set_value_variant_type (map, NULL, &error));
  g_assert_null (ebpf_map_get_value_variant_type (map));
  g_clear_pointer (&key_read, g_variant_unref);
  key_read = ebpf_map_iterator_get_value (iterator, &error);
  g_assert_cmpstr (g_variant_get_type_string (key_read), ==, "ay");
}

static void
test_numbers (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) per_cpu = NULL;
  g_autoptr (GVariant) values = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_HASH, 4, 8);
  set_types (map, "u", "x");
  /* A number that fits is taken, whatever a script makes of it. */
  g_assert_true (ebpf_map_update (map, g_variant_new_int32 (5), g_variant_new_int32 (-2),
                                  EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  expect (map, g_variant_new_uint32 (5), "int64 -2");
  expect (map, g_variant_new_int64 (5), "int64 -2");
  g_assert_true (ebpf_map_set_value_variant_type (map, G_VARIANT_TYPE ("ai"), &error));
  expect (map, g_variant_new_uint32 (5), "[-2, -1]");
  g_assert_true (ebpf_map_set_value_variant_type (map, G_VARIANT_TYPE ("d"), &error));
  g_assert_true (ebpf_map_update (map, g_variant_new_uint32 (5), g_variant_new_double (0.25),
                                  EBPF_UPDATE_FLAGS_ANY, &error));
  expect (map, g_variant_new_uint32 (5), "0.25");
  /* A whole number is no other number's bytes. */
  g_assert_false (ebpf_map_update (map, g_variant_new_uint32 (5), g_variant_new_int32 (1),
                                   EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE,
                                  "map 'variants': a value is \"d\" of 8 bytes, not \"i\" of 4*");
  g_clear_error (&error);

  /* Of each CPU. */
  per_cpu = new_map (EBPF_MAP_TYPE_PERCPU_ARRAY, 4, 8);
  set_types (per_cpu, "u", "(uu)");
  g_assert_true (ebpf_map_update_all_cpus (per_cpu, g_variant_new_uint32 (1),
                                           g_variant_new_parsed ("(uint32 1, uint32 2)"),
                                           EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  values = ebpf_map_lookup (per_cpu, g_variant_new_uint32 (1), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (values), ==, "a(uu)");
  g_assert_cmpuint (g_variant_n_children (values), ==, ebpf_get_n_possible_cpus ());
  for (gsize i = 0; i < g_variant_n_children (values); i++)
    {
      guint32 a, b;

      g_variant_get_child (values, i, "(uu)", &a, &b);
      g_assert_cmpuint (a, ==, 1);
      g_assert_cmpuint (b, ==, 2);
    }
}

static void
test_refused (void)
{
  static const char *const bad[] = { "s",    "v",  "as",    "(us)", "t",     "q", "(uuu)",
                                     "(yy)", "mu", "a{uu}", "()",   "(u())", "o", "at" };
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) queue = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_HASH, 4, 4);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_false (ebpf_map_set_value_variant_type (map, G_VARIANT_TYPE (bad[i]), &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE,
                                      "map 'variants': a value of 4 bytes is not \"*");
      g_clear_error (&error);
    }
  g_assert_null (ebpf_map_get_value_variant_type (map));

  set_types (map, "(qq)", "(yyq)");
  g_assert_null (ebpf_map_lookup (map, g_variant_new_parsed ("(1, 2)"), &error));
  ebpf_test_assert_error_matches (
      error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE,
      "map 'variants': a key is \"(qq)\" of 4 bytes, not \"(ii)\" of 8*");
  g_clear_error (&error);
  g_assert_null (ebpf_map_lookup (map, g_variant_new_string ("abcd"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*not \"s\"*");
  g_clear_error (&error);

  queue = new_map (EBPF_MAP_TYPE_QUEUE, 0, 4);
  g_assert_false (ebpf_map_set_key_variant_type (queue, G_VARIANT_TYPE ("ay"), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_clear_error (&error);
  g_assert_true (ebpf_map_set_value_variant_type (queue, G_VARIANT_TYPE ("u"), &error));
  g_assert_true (
      ebpf_map_update (queue, NULL, g_variant_new_uint32 (9), EBPF_UPDATE_FLAGS_ANY, &error));
  expect (queue, NULL, "uint32 9");
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-variants/struct", test_struct);
  ebpf_test_add ("/object/map-variants/numbers", test_numbers);
  ebpf_test_add ("/object/map-variants/refused", test_refused);

  return g_test_run ();
}
