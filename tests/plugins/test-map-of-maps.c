/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "producer.h"

static EbpfMapSpec *
new_spec (EbpfMapType map_type)
{
  EbpfMapSpec *spec = ebpf_map_spec_new ("outer", map_type, 4, 0, 4);
  g_autoptr (EbpfMapSpec) inner = ebpf_map_spec_new ("inner", EBPF_MAP_TYPE_ARRAY, 4, 8, 2);

  ebpf_map_spec_set_inner_map (spec, inner);

  return spec;
}

static EbpfMap *
new_outer (EbpfMapType map_type)
{
  g_autoptr (EbpfMapSpec) spec = new_spec (map_type);
  g_autoptr (GError) error = NULL;
  EbpfMap *map = ebpf_map_new (spec, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_driver_get_nick (ebpf_map_get_driver (map)), ==, "map-of-maps");
  g_assert_cmpuint (ebpf_map_get_value_size (map), ==, 4);

  return map;
}

static EbpfMap *
new_inner (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("inner", EBPF_MAP_TYPE_ARRAY, 4, 8, 2);
  g_autoptr (GError) error = NULL;
  EbpfMap *map = ebpf_map_new (spec, &error);

  g_assert_no_error (error);

  return map;
}

static GVariant *
key_of (EbpfMap *map, guint32 key)
{
  g_autoptr (GBytes) bytes = g_bytes_new (&key, sizeof key);
  g_autoptr (GError) error = NULL;
  GVariant *variant = ebpf_map_key_to_variant (map, bytes, &error);

  g_assert_no_error (error);

  return variant;
}

static void
test_fixup_errors (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfMapDriver) driver = ebpf_plugin_registry_find_driver (
      ebpf_plugin_registry_get_default (), EBPF_MAP_TYPE_HASH_OF_MAPS, &error);
  g_autoptr (EbpfMapSpec) bare = ebpf_map_spec_new ("bare", EBPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4);
  g_autoptr (EbpfMapSpec) wide = new_spec (EBPF_MAP_TYPE_ARRAY_OF_MAPS);
  g_autoptr (EbpfMapSpec) nested = new_spec (EBPF_MAP_TYPE_ARRAY_OF_MAPS);
  g_autoptr (EbpfMapSpec) pinned = new_spec (EBPF_MAP_TYPE_ARRAY_OF_MAPS);

  g_assert_false (ebpf_map_driver_fixup_spec (driver, bare, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*map bare*hash-of-maps*inner map*");
  g_clear_error (&error);

  ebpf_map_spec_set_value_size (wide, 8);
  g_assert_false (ebpf_map_driver_fixup_spec (driver, wide, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*4 bytes, not 8*");
  g_clear_error (&error);

  ebpf_map_spec_set_inner_map (nested, pinned);
  g_assert_false (ebpf_map_driver_fixup_spec (driver, nested, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*nests*once*");
  g_clear_error (&error);

  ebpf_map_spec_set_pinning (ebpf_map_spec_get_inner_map (pinned), EBPF_PINNING_BY_NAME);
  g_assert_false (ebpf_map_driver_fixup_spec (driver, pinned, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*pinned*");
}

static void
check_objects (EbpfMapType map_type)
{
  g_autoptr (EbpfMap) outer = new_outer (map_type);
  g_autoptr (EbpfMap) inner = new_inner ();
  g_autoptr (GVariant) key = key_of (outer, 1);
  g_autoptr (GVariant) missing = key_of (outer, 2);
  g_autoptr (GObject) found = NULL;
  g_autoptr (GVariant) id = NULL;
  g_autoptr (GError) error = NULL;
  guint32 inner_key = 1;
  guint64 value = 4711;

  g_assert_true (
      ebpf_map_update_object (outer, key, G_OBJECT (inner), EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);

  /* The value is the id; what stands for it is the same map. */
  id = ebpf_map_lookup (outer, key, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (id), ==, "u");
  g_assert_cmpuint (g_variant_get_uint32 (id), ==, ebpf_map_get_id (inner));

  found = ebpf_map_lookup_object (outer, key, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_MAP (found));
  g_assert_true (ebpf_map_update_raw (inner, &inner_key, &value, 0, &error));
  value = 0;
  g_assert_true (ebpf_map_lookup_raw (EBPF_MAP (found), &inner_key, &value, 0, &error));
  g_assert_cmpuint (value, ==, 4711);
  g_clear_object (&found);

  /* Going through it gives the maps, past empty places, and keeps none of them open. */
  {
    g_autoptr (EbpfMapIterator) iterator = ebpf_map_iterate (outer);
    guint n_fds = ebpf_test_count_fds (), n = 0;

    while (ebpf_map_iterator_next (iterator, &error))
      {
        g_autoptr (GObject) object = ebpf_map_iterator_get_object (iterator, &error);

        g_assert_no_error (error);
        g_assert_cmpuint (ebpf_map_get_id (EBPF_MAP (object)), ==, ebpf_map_get_id (inner));
        n++;
      }
    g_assert_no_error (error);
    g_assert_cmpuint (n, ==, 1);
    g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
  }

  g_assert_null (ebpf_map_lookup_object (outer, missing, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

static void
test_objects (void)
{
  if (!ebpf_test_require_bpf ())
    return;

  check_objects (EBPF_MAP_TYPE_HASH_OF_MAPS);
  check_objects (EBPF_MAP_TYPE_ARRAY_OF_MAPS);
}

static void
test_variants (void)
{
  g_autoptr (EbpfMap) outer = NULL;
  g_autoptr (EbpfMap) inner = NULL;
  g_autoptr (GVariant) first = NULL;
  g_autoptr (GVariant) second = NULL;
  g_autoptr (GVariant) back = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  outer = new_outer (EBPF_MAP_TYPE_HASH_OF_MAPS);
  inner = new_inner ();
  first = key_of (outer, 1);
  second = key_of (outer, 2);

  /* By id, by descriptor, and as it was read. */
  g_assert_true (ebpf_map_update (outer, first, g_variant_new_uint32 (ebpf_map_get_id (inner)),
                                  EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  back = ebpf_map_lookup (outer, first, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint32 (back), ==, ebpf_map_get_id (inner));
  g_assert_true (ebpf_map_update (outer, second, back, EBPF_UPDATE_FLAGS_NOEXIST, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_update (outer, second, g_variant_new_handle (ebpf_map_peek_fd (inner)),
                                  EBPF_UPDATE_FLAGS_EXIST, &error));
  g_assert_no_error (error);

  /* As a script has it: boxed, and of its one type of number. */
  g_assert_true (ebpf_map_update (
      outer, first, g_variant_new_variant (g_variant_new_double (ebpf_map_get_id (inner))),
      EBPF_UPDATE_FLAGS_EXIST, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_map_update (outer, first,
                                   g_variant_new_double (ebpf_map_get_id (inner) + 0.5),
                                   EBPF_UPDATE_FLAGS_EXIST, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_clear_error (&error);

  g_assert_false (ebpf_map_update (outer, first, g_variant_new_string ("inner"),
                                   EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*outer*'inner'*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_update (outer, first, g_variant_new_uint32 (G_MAXUINT32),
                                   EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

static void
test_wrong_objects (void)
{
  g_autoptr (EbpfMap) outer = NULL;
  g_autoptr (EbpfMap) inner = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (EbpfMapSpec) other_spec = ebpf_map_spec_new ("other", EBPF_MAP_TYPE_HASH, 4, 8, 2);
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GVariant) key = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  outer = new_outer (EBPF_MAP_TYPE_HASH_OF_MAPS);
  inner = new_inner ();
  key = key_of (outer, 1);

  g_assert_false (ebpf_map_update_object (outer, key, object, EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*outer*GObject*");
  g_clear_error (&error);

  ebpf_map_close (inner);
  g_assert_false (
      ebpf_map_update_object (outer, key, G_OBJECT (inner), EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);

  /* A map that is not like the pattern is refused by the kernel. */
  other = ebpf_map_new (other_spec, &error);
  g_assert_no_error (error);
  g_assert_false (
      ebpf_map_update_object (outer, key, G_OBJECT (other), EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/plugins/map-of-maps/fixup-errors", test_fixup_errors);
  ebpf_test_add ("/plugins/map-of-maps/objects", test_objects);
  ebpf_test_add ("/plugins/map-of-maps/variants", test_variants);
  ebpf_test_add ("/plugins/map-of-maps/wrong-objects", test_wrong_objects);

  return g_test_run ();
}
