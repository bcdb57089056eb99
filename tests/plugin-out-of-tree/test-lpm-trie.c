/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>

static GVariant *
bytes_of (guint8 number)
{
  const guint8 bytes[] = { number, 0, 0, 0 };

  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, sizeof bytes, 1);
}

static void
test_found (void)
{
  g_autoptr (EbpfMapDriver) driver = NULL;
  g_autoptr (GError) error = NULL;

  driver = ebpf_plugin_registry_find_driver (ebpf_plugin_registry_get_default (),
                                             EBPF_MAP_TYPE_LPM_TRIE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_driver_get_nick (driver), ==, "lpm-trie");
}

static void
test_used (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("routes", EBPF_MAP_TYPE_LPM_TRIE, 8, 4, 16);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) key = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  map = ebpf_map_new (spec, &error);
  if (g_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);

  g_assert_true (ebpf_map_update (map, g_variant_new_string ("10.0.0.0/8"), bytes_of (1),
                                  EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_update (map, g_variant_new_string ("10.1.0.0/16"), bytes_of (2),
                                  EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);

  /* The longest prefix wins. */
  value = ebpf_map_lookup (map, g_variant_new_string ("10.1.2.3"), &error);
  g_assert_no_error (error);
  key = g_variant_ref_sink (bytes_of (2));
  g_assert_cmpvariant (value, key);
  g_clear_pointer (&key, g_variant_unref);

  iterator = ebpf_map_iterate (map);
  while (ebpf_map_iterator_next (iterator, &error))
    {
      key = ebpf_map_iterator_get_key (iterator, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_equal (g_variant_get_string (key, NULL), "10.0.0.0/8") ||
                     g_str_equal (g_variant_get_string (key, NULL), "10.1.0.0/16"));
      g_clear_pointer (&key, g_variant_unref);
      n++;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 2);

  g_assert_false (ebpf_map_update (map, g_variant_new_string ("fe80::/10"), bytes_of (3),
                                   EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/out-of-tree/lpm-trie/found", test_found);
  g_test_add_func ("/out-of-tree/lpm-trie/used", test_used);

  return g_test_run ();
}
