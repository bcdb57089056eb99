/* test-addresses.c */
#include <ebpf.h>

int
main (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("seen", EBPF_MAP_TYPE_LRU_HASH, 4, 4, 0);
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  guint32 count = 7;

  map = ebpf_map_new (spec, &error);
  if (map == NULL)
    g_error ("%s", error->message);
  g_print ("driven by %s, %u entries\n", ebpf_map_driver_get_nick (ebpf_map_get_driver (map)),
           ebpf_map_get_max_entries (map));

  if (!ebpf_map_update (map, g_variant_new_string ("10.0.0.1"),
                        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, &count, 4, 1),
                        EBPF_UPDATE_FLAGS_ANY, &error))
    g_error ("%s", error->message);

  iterator = ebpf_map_iterate (map);
  while (ebpf_map_iterator_next (iterator, &error))
    {
      g_autoptr (GVariant) key = ebpf_map_iterator_get_key (iterator, NULL);
      g_autofree char *text = g_variant_print (key, FALSE);

      g_print ("key %s\n", text);
    }

  g_assert_false (ebpf_map_delete_key (map, g_variant_new_string ("localhost"), &error));
  g_print ("error: %s\n", error->message);

  return 0;
}
