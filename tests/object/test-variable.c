/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include <ebpf.h>

#include "ebpf-test.h"

static EbpfCollectionSpec *
load_spec (void)
{
  g_autofree char *path = ebpf_test_object ("variables.bpf.o");
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return spec;
}

static EbpfCollection *
load (EbpfCollectionSpec *spec)
{
  EbpfCollection *collection = ebpf_collection_new (spec);
  g_autoptr (GError) error = NULL;

  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);

  return collection;
}

static void
run (EbpfCollection *collection)
{
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GError) error = NULL;

  ebpf_program_test_run (ebpf_collection_get_program (collection, "touch"), packet, 1, NULL, NULL,
                         NULL, &error);
  g_assert_no_error (error);
}

static EbpfVariable *
get (EbpfCollection *collection, const char *name)
{
  EbpfVariable *variable = ebpf_collection_get_variable (collection, name);

  g_assert_nonnull (variable);
  return variable;
}

#define READ(type, collection, name)                                                               \
  ({                                                                                               \
    type value_;                                                                                   \
    g_autoptr (GError) error_ = NULL;                                                              \
                                                                                                   \
    ebpf_variable_read_raw (get (collection, name), &value_, sizeof value_, &error_);              \
    g_assert_no_error (error_);                                                                    \
    value_;                                                                                        \
  })

#define WRITE(type, collection, name, new_value)                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const type value_ = (new_value);                                                               \
    g_autoptr (GError) error_ = NULL;                                                              \
                                                                                                   \
    ebpf_variable_write_raw (get (collection, name), &value_, sizeof value_, &error_);             \
    g_assert_no_error (error_);                                                                    \
  }                                                                                                \
  G_STMT_END

static void
test_initial (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  EbpfVariable *variable;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load (spec);
  g_assert_cmphex (READ (guint8, collection, "data_u8"), ==, 0x12);
  g_assert_cmphex (READ (guint16, collection, "data_u16"), ==, 0x1234);
  g_assert_cmpint (READ (gint32, collection, "data_s32"), ==, -5);
  g_assert_cmphex (READ (guint64, collection, "data_u64"), ==, 0x1122334455667788);
  g_assert_cmpuint (READ (guint32, collection, "data_weak"), ==, 77);
  g_assert_cmpuint (READ (guint64, collection, "bss_counter"), ==, 0);
  g_assert_cmpuint (READ (guint32, collection, "ro_limit"), ==, 1000);
  g_assert_cmpuint (READ (guint32, collection, "ro_custom"), ==, 31337);
  g_assert_cmpuint (READ (guint32, collection, "data_custom"), ==, 4711);

  variable = get (collection, "data_u16");
  g_assert_cmpstr (ebpf_variable_get_name (variable), ==, "data_u16");
  g_assert_cmpuint (ebpf_variable_get_size (variable), ==, 2);
  g_assert_false (ebpf_variable_get_read_only (variable));
  g_assert_true (ebpf_variable_get_map (variable) == ebpf_collection_get_map (collection, ".data"));
  g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_variable_get_btf_type (variable)), ==, "__u16");
  g_assert_true (ebpf_variable_get_read_only (get (collection, "ro_limit")));
}

static void
test_shared (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfCollection) other = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load (spec);
  other = load (spec);

  /* What the program writes is seen, and what is written the program sees. */
  run (collection);
  run (collection);
  g_assert_cmpuint (READ (guint64, collection, "bss_counter"), ==, 2);
  g_assert_cmphex (READ (guint8, collection, "data_u8"), ==, 0x14);
  g_assert_cmpuint (READ (guint16, collection, "data_u16"), ==, 0x1234 + 2000);
  g_assert_cmpint (READ (gint32, collection, "data_s32"), ==, -5 - 18);

  WRITE (guint64, collection, "bss_counter", 1000);
  WRITE (guint32, collection, "data_custom", 5);
  run (collection);
  g_assert_cmpuint (READ (guint64, collection, "bss_counter"), ==, 1001);
  g_assert_cmpuint (READ (guint32, collection, "bss_custom"), ==, 31337 + 5 + 5);

  /* Each collection has its own. */
  g_assert_cmpuint (READ (guint64, other, "bss_counter"), ==, 0);
}

static void
test_set_before (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ();
  g_autoptr (EbpfCollectionSpec) unchanged = load_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  const guint32 limit = 3;
  const guint64 counter = 40;
  g_autoptr (GBytes) limit_bytes = g_bytes_new (&limit, sizeof limit);
  g_autoptr (GBytes) counter_bytes = g_bytes_new (&counter, sizeof counter);

  if (!ebpf_test_require_bpf ())
    return;

  /* A constant, and one of .bss, whose bytes are all zero otherwise. */
  g_assert_true (ebpf_variable_spec_set_bytes (ebpf_collection_spec_get_variable (spec, "ro_limit"),
                                               limit_bytes, &error));
  g_assert_true (ebpf_variable_spec_set_bytes (
      ebpf_collection_spec_get_variable (spec, "bss_counter"), counter_bytes, &error));
  g_assert_no_error (error);

  collection = load (spec);
  run (collection);
  g_assert_cmpuint (READ (guint32, collection, "ro_limit"), ==, 3);
  g_assert_cmpuint (READ (guint16, collection, "data_u16"), ==, 0x1234 + 3);
  g_assert_cmpuint (READ (guint64, collection, "bss_counter"), ==, 41);

  /* The map of constants is frozen, also for the map's own methods. */
  g_assert_true (ebpf_map_is_frozen (ebpf_collection_get_map (collection, ".rodata")));
  g_assert_false (ebpf_map_is_frozen (ebpf_collection_get_map (collection, ".data")));
}

static void
test_read_only (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  const guint32 value = 5;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load (spec);
  g_assert_false (
      ebpf_variable_write_raw (get (collection, "ro_limit"), &value, sizeof value, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY, "*ro_limit*");
  g_assert_cmpuint (READ (guint32, collection, "ro_limit"), ==, 1000);
}

static void
test_sizes (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new ("123", 3);
  g_autoptr (GError) error = NULL;
  guint8 buffer[64];

  if (!ebpf_test_require_bpf ())
    return;

  collection = load (spec);
  g_assert_false (ebpf_variable_set_bytes (get (collection, "data_s32"), bytes, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*data_s32*4 bytes*3*");
  g_clear_error (&error);
  g_assert_false (ebpf_variable_read_raw (get (collection, "data_s32"), buffer, 8, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
  g_assert_cmpint (READ (gint32, collection, "data_s32"), ==, -5);
}

static void
test_values (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GVariant) text = NULL;
  g_autoptr (GVariant) point = NULL;
  g_autoptr (GVariant) array = NULL;
  g_autoptr (GVariant) number = NULL;
  g_autoptr (GError) error = NULL;
  gint32 x = 0, y = 0;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load (spec);
  text = ebpf_variable_get_value (get (collection, "data_text"), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (text, NULL), ==, "hello");

  point = ebpf_variable_get_value (get (collection, "data_point"), &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (point, "x", "i", &x));
  g_assert_true (g_variant_lookup (point, "y", "i", &y));
  g_assert_cmpint (x, ==, -1);
  g_assert_cmpint (y, ==, 2);

  array = ebpf_variable_get_value (get (collection, "data_array"), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_n_children (array), ==, 4);

  g_assert_true (ebpf_variable_set_value (get (collection, "data_u64"),
                                          g_variant_new_uint64 (G_MAXUINT64), &error));
  g_assert_no_error (error);
  number = ebpf_variable_get_value (get (collection, "data_u64"), &error);
  g_assert_cmpuint (g_variant_get_uint64 (number), ==, G_MAXUINT64);

  /* What was read can be written. */
  g_assert_true (ebpf_variable_set_value (get (collection, "data_point"), point, &error));
  g_assert_true (ebpf_variable_set_value (get (collection, "data_text"), text, &error));
  g_assert_true (ebpf_variable_set_value (get (collection, "data_array"), array, &error));
  g_assert_no_error (error);

  g_assert_false (ebpf_variable_set_value (get (collection, "data_u64"),
                                           g_variant_new_string ("many"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*data_u64*");
}

static void
test_closed (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfVariable) variable = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  const guint32 value = 5;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load (spec);
  variable = g_object_ref (get (collection, "data_custom"));
  WRITE (guint32, collection, "data_custom", 1);
  ebpf_collection_close (collection);
  bytes = ebpf_variable_get_bytes (variable, &error);
  g_assert_null (bytes);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED, "*data_custom*");
  g_clear_error (&error);
  g_assert_false (ebpf_variable_write_raw (variable, &value, sizeof value, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

/* The map of a section without the flag, as before Linux 5.5: reached by system calls. */
static void
test_without_memory (void)
{
  g_autoptr (EbpfCollectionSpec) plain = ebpf_collection_spec_new ();
  g_autoptr (EbpfCollection) holder = NULL;
  g_autoptr (EbpfMapSpec) map_spec = ebpf_map_spec_new ("section", EBPF_MAP_TYPE_ARRAY, 4, 8, 1);
  g_autoptr (EbpfVariableSpec) variable_spec = NULL;
  const guint32 initial = 7;
  g_autoptr (GBytes) value = g_bytes_new (&initial, sizeof initial);
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  variable_spec = ebpf_variable_spec_new ("word", "section", 4, value, NULL);
  g_assert_true (ebpf_collection_spec_add_map (plain, map_spec, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_collection_spec_add_variable (plain, variable_spec, &error));
  g_assert_no_error (error);
  holder = load (plain);
  g_assert_cmpuint (ebpf_map_get_map_flags (ebpf_collection_get_map (holder, "section")) &
                        EBPF_MAP_FLAGS_MMAPABLE,
                    ==, 0);
  g_assert_cmpuint (READ (guint32, holder, "word"), ==, 0);
  WRITE (guint32, holder, "word", 0xaabbccdd);
  g_assert_cmphex (READ (guint32, holder, "word"), ==, 0xaabbccdd);
  {
    const guint32 key = 0;
    guint32 words[2];

    g_assert_true (
        ebpf_map_lookup_raw (ebpf_collection_get_map (holder, "section"), &key, words, 0, &error));
    g_assert_cmphex (words[0], ==, 0);
    g_assert_cmphex (words[1], ==, 0xaabbccdd);
  }
}

static void
test_properties (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("", 1);
  g_autoptr (EbpfVariableSpec) without = NULL;
  const char *const *tags;
  gboolean read_only;
  guint size;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load (spec);
  g_object_get (get (collection, "ro_offset"), "name", &name, "size", &size, "read-only",
                &read_only, "map", &map, "btf-type", &type, NULL);
  g_assert_cmpstr (name, ==, "ro_offset");
  g_assert_cmpuint (size, ==, 8);
  g_assert_true (read_only);
  g_assert_nonnull (map);
  g_assert_nonnull (type);
  g_assert_null (ebpf_variable_get_tags (get (collection, "ro_offset")));

  tags = ebpf_variable_get_tags (get (collection, "tagged_variable"));
  g_assert_cmpuint (g_strv_length ((char **) tags), ==, 2);
  g_assert_true (g_strv_contains (tags, "first") && g_strv_contains (tags, "second"));

  without = ebpf_variable_spec_new ("untyped", ".data", 0, bytes, NULL);
  g_assert_null (ebpf_variable_spec_get_btf_type (without));
}

/* A table that is as long as the application says: the program, the memory and the type agree. */
static void
test_resized (void)
{
  g_autofree char *path = ebpf_test_object ("sized.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GVariantBuilder) builder = g_variant_builder_new (G_VARIANT_TYPE ("at"));
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  guint result, id;

  if (!ebpf_test_require_bpf ())
    return;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_collection_spec_resize_section (spec, ".data.table", 8 + 100 * 8, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 100; i++)
    g_variant_builder_add (builder, "t", (guint64) i);
  g_assert_true (ebpf_variable_spec_set_value (ebpf_collection_spec_get_variable (spec, "table"),
                                               g_variant_builder_end (builder), &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_collection_spec_set_constants (
      spec, g_variant_new_parsed ("{'table_length': <uint32 100>}"), &error));
  g_assert_no_error (error);

  collection = load (spec);
  g_assert_cmpuint (ebpf_map_get_value_size (ebpf_collection_get_map (collection, ".data.table")),
                    ==, 808);
  ebpf_program_test_run (ebpf_collection_get_program (collection, "look"), packet, 1, &result, NULL,
                         NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (result, ==, 1 + 99 * 100 / 2);
  value = ebpf_variable_get_value (get (collection, "table"), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_n_children (value), ==, 100);

  /* The kernel knows the type. */
  info = ebpf_map_query_info (ebpf_collection_get_map (collection, ".data.table"), &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "btf-id", "u", &id));
  g_assert_cmpuint (id, !=, 0);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/variable/initial", test_initial);
  ebpf_test_add ("/variable/shared", test_shared);
  ebpf_test_add ("/variable/set-before", test_set_before);
  ebpf_test_add ("/variable/read-only", test_read_only);
  ebpf_test_add ("/variable/sizes", test_sizes);
  ebpf_test_add ("/variable/values", test_values);
  ebpf_test_add ("/variable/closed", test_closed);
  ebpf_test_add ("/variable/without-memory", test_without_memory);
  ebpf_test_add ("/variable/properties", test_properties);
  ebpf_test_add ("/variable/resized", test_resized);

  return g_test_run ();
}
