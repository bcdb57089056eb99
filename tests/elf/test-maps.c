/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>

#include "ebpf-test.h"

static EbpfCollectionSpec *
open_object (const char *name)
{
  g_autofree char *path = ebpf_test_object (name);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  g_assert_true (EBPF_IS_COLLECTION_SPEC (spec));
  g_assert_cmpstr (ebpf_collection_spec_get_source (spec), ==, path);

  return spec;
}

/* Each test is run for the object of either byte order: the specs must be the same. */
static const char *
object_name (gconstpointer data, const char *name)
{
  static char buffer[64];

  g_snprintf (buffer, sizeof buffer, "%s%s.bpf.o", name,
              GPOINTER_TO_INT (data) == EBPF_BYTE_ORDER_BIG_ENDIAN ? ".be" : "");
  return buffer;
}

static void
assert_type (EbpfBtfType *type, const char *name, gint64 size)
{
  if (name == NULL)
    {
      g_assert_null (type);
      return;
    }

  g_assert_nonnull (type);
  g_assert_cmpstr (ebpf_btf_type_get_name (type), ==, name);
  g_assert_cmpint (ebpf_btf_type_get_size (type), ==, size);
}

static void
test_definitions (gconstpointer data)
{
  static const struct
  {
    const char *name;
    guint map_type, key_size, value_size, max_entries, flags;
    guint64 extra;
    const char *key, *value;
  } expected[] = {
    { "hash", 1, 8, 24, 1024, 1, 0, "map_key", "value" },
    { "array", 2, 4, 24, 16, 0, 0, "__u32", "value_t" },
    { "lru_hash", 9, 12, 40, 100, 0, 0, NULL, NULL },
    { "percpu_hash", 5, 4, 8, 128, 0, 0, "__u32", "__u64" },
    { "percpu_array", 6, 4, 24, 4, 0, 0, "__u32", "value" },
    { "lru_percpu_hash", 10, 4, 8, 64, 0, 0, "__u32", "__u64" },
    { "lpm_trie", 11, 8, 4, 255, 1, 0, "lpm_key", "__u32" },
    { "queue", 22, 0, 4, 10, 0, 0, NULL, "__u32" },
    { "stack", 23, 0, 8, 10, 0, 0, NULL, NULL },
    { "bloom_filter", 30, 0, 8, 1000, 0, 3, NULL, "__u64" },
    { "stack_trace", 7, 4, 1016, 100, 0, 0, NULL, NULL },
    { "perf_events", 4, 4, 4, 0, 0, 0, NULL, NULL },
    { "ring_buffer", 27, 0, 0, 4096, 0, 0, NULL, NULL },
    { "typed_ring_buffer", 27, 0, 24, 8192, 0, 0, NULL, "value" },
    { "user_ring_buffer", 31, 0, 0, 4096, 0, 0, NULL, NULL },
    { "task_storage", 29, 4, 24, 0, 1, 0, "int", "value" },
    { "cgroup_array", 8, 4, 4, 2, 0, 0, "__u32", "__u32" },
    { "devmap_hash", 25, 4, 8, 8, 0, 0, "__u32", "bpf_devmap_val" },
    { "sockhash", 18, 8, 8, 8, 0, 0, "__u64", "__u64" },
    { "on_node", 1, 4, 4, 8, 4, 0, "__u32", "__u32" },
  };
  g_autoptr (EbpfCollectionSpec) spec = open_object (object_name (data, "maps"));
  g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (spec);

  g_assert_cmpuint (maps->len, ==, G_N_ELEMENTS (expected));

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, expected[i].name);

      g_test_message ("%s", expected[i].name);
      g_assert_nonnull (map);
      g_assert_cmpstr (ebpf_map_spec_get_name (map), ==, expected[i].name);
      g_assert_cmpuint (ebpf_map_spec_get_map_type (map), ==, expected[i].map_type);
      g_assert_cmpuint (ebpf_map_spec_get_key_size (map), ==, expected[i].key_size);
      g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, expected[i].value_size);
      g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, expected[i].max_entries);
      g_assert_cmpuint (ebpf_map_spec_get_map_flags (map), ==, expected[i].flags);
      g_assert_cmpuint (ebpf_map_spec_get_map_extra (map), ==, expected[i].extra);
      g_assert_cmpuint (ebpf_map_spec_get_pinning (map), ==, EBPF_PINNING_NONE);
      g_assert_cmpuint (ebpf_map_spec_get_n_contents (map), ==, 0);
      g_assert_null (ebpf_map_spec_get_inner_map (map));
      g_assert_false (ebpf_map_spec_is_data_section (map));
      g_assert_true (ebpf_map_spec_get_autocreate (map));
      assert_type (ebpf_map_spec_get_key_type (map), expected[i].key, expected[i].key_size);
      assert_type (ebpf_map_spec_get_value_type (map), expected[i].value, expected[i].value_size);
    }
}

static void
test_tags (gconstpointer data)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object (object_name (data, "maps"));
  const char *const *tags =
      ebpf_map_spec_get_tags (ebpf_collection_spec_get_map (spec, "percpu_hash"));

  g_assert_nonnull (tags);
  g_assert_cmpuint (g_strv_length ((char **) tags), ==, 2);
  g_assert_true (g_strv_contains (tags, "counts"));
  g_assert_true (g_strv_contains (tags, "by-uid"));

  tags = ebpf_map_spec_get_tags (ebpf_collection_spec_get_map (spec, "hash"));
  g_assert_true (tags == NULL || tags[0] == NULL);
}

static void
test_pinning (void)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object ("pinning.bpf.o");

  g_assert_cmpuint (
      ebpf_map_spec_get_pinning (ebpf_collection_spec_get_map (spec, "shared_counts")), ==,
      EBPF_PINNING_BY_NAME);
  g_assert_cmpuint (ebpf_map_spec_get_pinning (ebpf_collection_spec_get_map (spec, "own_counts")),
                    ==, EBPF_PINNING_NONE);
}

static guint32
content_index (EbpfMapSpec *map, guint i, gconstpointer byte_order)
{
  GBytes *key = ebpf_map_spec_get_content_key (map, i);
  guint32 value;

  g_assert_cmpuint (g_bytes_get_size (key), ==, 4);
  memcpy (&value, g_bytes_get_data (key, NULL), 4);

  return GPOINTER_TO_INT (byte_order) == EBPF_BYTE_ORDER_BIG_ENDIAN ? GUINT32_FROM_BE (value)
                                                                    : GUINT32_FROM_LE (value);
}

static void
test_map_in_map (gconstpointer data)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object (object_name (data, "map-in-map"));
  EbpfMapSpec *outer = ebpf_collection_spec_get_map (spec, "outer_array");
  EbpfMapSpec *inner = ebpf_map_spec_get_inner_map (outer);

  g_assert_cmpuint (ebpf_map_spec_get_map_type (outer), ==, EBPF_MAP_TYPE_ARRAY_OF_MAPS);
  g_assert_cmpuint (ebpf_map_spec_get_key_size (outer), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (outer), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (outer), ==, 3);

  g_assert_nonnull (inner);
  g_assert_cmpstr (ebpf_map_spec_get_name (inner), ==, "outer_array.inner");
  g_assert_cmpuint (ebpf_map_spec_get_map_type (inner), ==, EBPF_MAP_TYPE_ARRAY);
  g_assert_cmpuint (ebpf_map_spec_get_key_size (inner), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (inner), ==, 8);
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (inner), ==, 4);

  /* Slot 1 is empty. */
  g_assert_cmpuint (ebpf_map_spec_get_n_contents (outer), ==, 2);
  g_assert_cmpuint (content_index (outer, 0, data), ==, 0);
  g_assert_cmpstr (ebpf_map_spec_get_content_reference (outer, 0), ==, "inner_a");
  g_assert_cmpuint (content_index (outer, 1, data), ==, 2);
  g_assert_cmpstr (ebpf_map_spec_get_content_reference (outer, 1), ==, "inner_b");

  outer = ebpf_collection_spec_get_map (spec, "outer_hash");
  inner = ebpf_map_spec_get_inner_map (outer);
  g_assert_cmpuint (ebpf_map_spec_get_map_type (outer), ==, EBPF_MAP_TYPE_HASH_OF_MAPS);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (outer), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_n_contents (outer), ==, 0);
  g_assert_cmpuint (ebpf_map_spec_get_map_type (inner), ==, EBPF_MAP_TYPE_HASH);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (inner), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (inner), ==, 2);
}

static void
test_program_array (gconstpointer data)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object (object_name (data, "prog-array"));
  EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, "jump_table");

  g_assert_cmpuint (ebpf_map_spec_get_map_type (map), ==, EBPF_MAP_TYPE_PROG_ARRAY);
  g_assert_cmpuint (ebpf_map_spec_get_key_size (map), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 4);
  g_assert_null (ebpf_map_spec_get_inner_map (map));
  g_assert_cmpuint (ebpf_map_spec_get_n_contents (map), ==, 2);
  g_assert_cmpuint (content_index (map, 0, data), ==, 0);
  g_assert_cmpstr (ebpf_map_spec_get_content_reference (map, 0), ==, "tail_one");
  g_assert_cmpuint (content_index (map, 1, data), ==, 3);
  g_assert_cmpstr (ebpf_map_spec_get_content_reference (map, 1), ==, "tail_two");
}

static void
test_legacy (gconstpointer data)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object (object_name (data, "legacy-maps"));
  EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, "old_hash");

  g_assert_cmpuint (ebpf_map_spec_get_map_type (map), ==, EBPF_MAP_TYPE_HASH);
  g_assert_cmpuint (ebpf_map_spec_get_key_size (map), ==, 8);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 16);
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, 32);
  g_assert_cmpuint (ebpf_map_spec_get_map_flags (map), ==, EBPF_MAP_FLAGS_NO_PREALLOC);

  map = ebpf_collection_spec_get_map (spec, "old_array");
  g_assert_cmpuint (ebpf_map_spec_get_map_type (map), ==, EBPF_MAP_TYPE_ARRAY);
  g_assert_cmpuint (ebpf_map_spec_get_key_size (map), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 8);
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, 2);
  g_assert_cmpuint (ebpf_map_spec_get_map_flags (map), ==, 0);
}

static void
test_legacy_long (void)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object ("legacy-maps-long.bpf.o");
  EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, "zero_tail");

  g_assert_cmpuint (ebpf_map_spec_get_map_type (map), ==, EBPF_MAP_TYPE_ARRAY);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 8);
  g_assert_nonnull (ebpf_map_spec_get_extra (map));
  g_assert_cmpuint (g_bytes_get_size (ebpf_map_spec_get_extra (map)), ==, 8);
}

int
main (int argc, char **argv)
{
  gpointer little = GINT_TO_POINTER (EBPF_BYTE_ORDER_LITTLE_ENDIAN);
  gpointer big = GINT_TO_POINTER (EBPF_BYTE_ORDER_BIG_ENDIAN);

  ebpf_test_init (&argc, &argv);

  ebpf_test_add_data ("/elf/maps/definitions/little", little, test_definitions);
  ebpf_test_add_data ("/elf/maps/definitions/big", big, test_definitions);
  ebpf_test_add_data ("/elf/maps/tags/little", little, test_tags);
  ebpf_test_add_data ("/elf/maps/tags/big", big, test_tags);
  ebpf_test_add ("/elf/maps/pinning", test_pinning);
  ebpf_test_add_data ("/elf/maps/map-in-map/little", little, test_map_in_map);
  ebpf_test_add_data ("/elf/maps/map-in-map/big", big, test_map_in_map);
  ebpf_test_add_data ("/elf/maps/program-array/little", little, test_program_array);
  ebpf_test_add_data ("/elf/maps/program-array/big", big, test_program_array);
  ebpf_test_add_data ("/elf/maps/legacy/little", little, test_legacy);
  ebpf_test_add_data ("/elf/maps/legacy/big", big, test_legacy);
  ebpf_test_add ("/elf/maps/legacy-long", test_legacy_long);

  return g_test_run ();
}
