/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Such a map has no keys and gives nothing back: updating adds a value, and whether a value was added
 * is asked by ebpf_map_has_value (). Values that never were are found now and then; how often is a
 * matter of the number of hash functions, which is in map_extra. */

#include <ebpf-plugin.h>

#include <errno.h>

#define MAX_HASHES 15

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfBloomFilterDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfBloomFilterDriverClass;

EBPF_DEFINE_PLUGIN (EbpfBloomFilterDriver,
                    ebpf_bloom_filter_driver,
                    "bloom-filter",
                    "Bloom filters",
                    EBPF_MAP_TYPE_BLOOM_FILTER)

static gboolean
ebpf_bloom_filter_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  if (ebpf_map_spec_get_key_size (spec) != 0)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: a bloom-filter has no keys, so key_size must be 0, not %u",
                             ebpf_map_spec_get_name (spec), ebpf_map_spec_get_key_size (spec));
      return FALSE;
    }

  if (ebpf_map_spec_get_map_extra (spec) > MAX_HASHES)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                             "map %s: map_extra is the number of hash functions, %d at most (0 for "
                             "the kernel's choice), not %" G_GUINT64_FORMAT,
                             ebpf_map_spec_get_name (spec), MAX_HASHES,
                             ebpf_map_spec_get_map_extra (spec));
      return FALSE;
    }

  ebpf_map_spec_set_key_type (spec, NULL);

  return TRUE;
}

static gboolean
ebpf_bloom_filter_driver_check_compatible (EbpfMapDriver *driver,
                                           EbpfMapSpec *spec,
                                           EbpfMap *map,
                                           GError **error)
{
  g_autoptr (EbpfMapSpec) chosen = ebpf_map_spec_copy (spec);

  /* What the kernel chose is not what 0 was. */
  if (ebpf_map_spec_get_map_extra (spec) == 0)
    ebpf_map_spec_set_map_extra (chosen, ebpf_map_get_map_extra (map));

  return EBPF_MAP_DRIVER_CLASS (ebpf_bloom_filter_driver_parent_class)
      ->check_compatible (driver, chosen, map, error);
}

static char *
ebpf_bloom_filter_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  if (errsv == EINVAL && ebpf_map_spec_get_max_entries (spec) == 0)
    return g_strdup ("max_entries, the number of values expected, is 0");
  if (errsv == EINVAL && ebpf_map_spec_get_value_size (spec) == 0)
    return g_strdup ("its values must have a size");
  if (errsv == EINVAL && (ebpf_map_spec_get_map_flags (spec) & EBPF_MAP_FLAGS_NO_PREALLOC) != 0)
    return g_strdup ("its memory is always allocated beforehand: BPF_F_NO_PREALLOC is not for it");

  return NULL;
}

static gboolean
ebpf_bloom_filter_driver_query_tests_values (EbpfMapDriver *driver, EbpfMap *map)
{
  return TRUE;
}

static void
ebpf_bloom_filter_driver_class_init (EbpfBloomFilterDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_bloom_filter_driver_fixup_spec;
  driver_class->check_compatible = ebpf_bloom_filter_driver_check_compatible;
  driver_class->explain_create_error = ebpf_bloom_filter_driver_explain_create_error;
  driver_class->query_tests_values = ebpf_bloom_filter_driver_query_tests_values;
}

static void
ebpf_bloom_filter_driver_init (EbpfBloomFilterDriver *self)
{
}
