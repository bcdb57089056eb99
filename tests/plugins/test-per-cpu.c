/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <string.h>

#include "producer.h"

static EbpfMap *
new_map (EbpfMapType map_type, guint value_size)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("m", map_type, 4, value_size, 4);
  g_autoptr (GError) error = NULL;
  EbpfMap *map = ebpf_map_new (spec, &error);

  g_assert_no_error (error);

  return map;
}

static GBytes *
key_bytes (guint32 key)
{
  return g_bytes_new (&key, sizeof key);
}

static void
test_sizes (void)
{
  static const EbpfMapType types[] = {
    EBPF_MAP_TYPE_PERCPU_HASH,
    EBPF_MAP_TYPE_PERCPU_ARRAY,
    EBPF_MAP_TYPE_LRU_PERCPU_HASH,
  };
  const guint n_cpus = ebpf_get_n_possible_cpus ();

  if (!ebpf_test_require_bpf ())
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (EbpfMap) map = new_map (types[i], 12);
      EbpfMapDriver *driver = ebpf_map_get_driver (map);

      g_assert_cmpstr (ebpf_map_driver_get_nick (driver), ==, "per-cpu");
      g_assert_cmpuint (ebpf_map_get_value_size (map), ==, 12);
      g_assert_cmpuint (ebpf_map_get_value_buffer_size (map), ==, 16 * n_cpus);
      g_assert_cmpuint (ebpf_map_driver_query_n_possible_values (driver, map), ==, n_cpus);
      g_assert_true (ebpf_map_driver_query_is_per_cpu (driver, map));
      g_assert_cmpint (ebpf_map_driver_query_is_array (driver, map), ==,
                       types[i] == EBPF_MAP_TYPE_PERCPU_ARRAY);
      g_assert_false (ebpf_map_has_reader (map));
    }
}

/* Bytes: those of all CPUs without padding. */
static void
test_bytes (void)
{
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GBytes) key = key_bytes (1);
  g_autofree guint8 *data = g_malloc (12 * n_cpus);
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GBytes) back = NULL;
  g_autofree guint8 *raw = g_malloc (16 * n_cpus);
  g_autoptr (GError) error = NULL;
  guint32 raw_key = 1;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_PERCPU_HASH, 12);
  for (guint i = 0; i < 12 * n_cpus; i++)
    data[i] = (guint8) (i + 1);
  value = g_bytes_new (data, 12 * n_cpus);
  g_assert_true (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);

  back = ebpf_map_lookup_bytes (map, key, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (value, back));

  /* The raw form is the kernel's own. */
  g_assert_true (ebpf_map_lookup_raw (map, &raw_key, raw, 0, &error));
  for (guint i = 0; i < n_cpus; i++)
    g_assert_cmpmem (raw + 16 * i, 12, data + 12 * i, 12);
}

/* Many at once: of each key the values of all CPUs in a row, and no fewer. */
static void
check_batch (EbpfMapType type)
{
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  const gsize stride = 12 * n_cpus;
  const guint32 keys[] = { 0, 1, 2, 3 };
  g_autoptr (EbpfMap) map = new_map (type, 12);
  g_autofree guint8 *data = g_malloc (4 * stride);
  g_autoptr (GBytes) key_array = g_bytes_new (keys, sizeof keys);
  g_autoptr (GBytes) values = NULL;
  g_autoptr (GBytes) short_values = NULL;
  g_autoptr (EbpfMapCursor) cursor = ebpf_map_cursor_new (map);
  g_autoptr (GError) error = NULL;
  guint n_done, n = 0;

  for (gsize i = 0; i < 4 * stride; i++)
    data[i] = (guint8) (i * 7 + 1);
  values = g_bytes_new (data, 4 * stride);
  short_values = g_bytes_new (data, 4 * stride - 12);

  g_assert_false (ebpf_map_update_batch_bytes (map, key_array, short_values, EBPF_UPDATE_FLAGS_ANY,
                                               &n_done, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*values of 4 keys*");
  g_assert_cmpuint (n_done, ==, 0);
  g_clear_error (&error);
  g_assert_true (
      ebpf_map_update_batch_bytes (map, key_array, values, EBPF_UPDATE_FLAGS_ANY, &n_done, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_done, ==, 4);

  while (!ebpf_map_cursor_is_at_end (cursor))
    {
      g_autoptr (EbpfMapSnapshot) batch =
          ebpf_map_lookup_batch (map, cursor, 3, EBPF_LOOKUP_FLAGS_NONE, &error);
      const guint32 *found;
      const guint8 *read;

      g_assert_no_error (error);
      if (ebpf_map_snapshot_get_n_entries (batch) == 0)
        continue;
      g_assert_cmpuint (ebpf_map_snapshot_get_value_stride (batch), ==, stride);
      found = g_bytes_get_data (ebpf_map_snapshot_get_keys (batch), NULL);
      read = g_bytes_get_data (ebpf_map_snapshot_get_values (batch), NULL);
      for (guint i = 0; i < ebpf_map_snapshot_get_n_entries (batch); i++, n++)
        g_assert_cmpmem (read + i * stride, stride, data + found[i] * stride, stride);
    }
  g_assert_cmpuint (n, ==, 4);

  if (type == EBPF_MAP_TYPE_PERCPU_ARRAY)
    return;

  /* Taken out one by one, where the kernel has that for the type (Linux 5.14), or all at once. */
  {
    g_autoptr (GBytes) key = key_bytes (2);
    g_autoptr (GBytes) taken = ebpf_map_lookup_and_delete_bytes (map, key, &error);
    g_autoptr (EbpfMapSnapshot) batch = NULL;

    if (taken != NULL)
      {
        g_assert_cmpmem (g_bytes_get_data (taken, NULL), g_bytes_get_size (taken),
                         data + 2 * stride, stride);
        g_assert_null (ebpf_map_lookup_bytes (map, key, NULL));
      }
    g_clear_error (&error);
    ebpf_map_cursor_rewind (cursor);
    n = taken != NULL;
    while (!ebpf_map_cursor_is_at_end (cursor))
      {
        g_clear_object (&batch);
        batch = ebpf_map_lookup_and_delete_batch (map, cursor, 4, EBPF_LOOKUP_FLAGS_NONE, &error);
        g_assert_no_error (error);
        n += ebpf_map_snapshot_get_n_entries (batch);
      }
    g_assert_cmpuint (n, ==, 4);
    g_assert_null (ebpf_map_next_key_bytes (map, NULL, NULL));
  }
}

static void
test_batch (void)
{
  if (!ebpf_test_require_bpf ())
    return;

  check_batch (EBPF_MAP_TYPE_PERCPU_HASH);
  check_batch (EBPF_MAP_TYPE_LRU_PERCPU_HASH);
  check_batch (EBPF_MAP_TYPE_PERCPU_ARRAY);
}

static void
test_fewer_and_more (void)
{
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GBytes) key = key_bytes (1);
  g_autofree guint8 *data = g_malloc0 (8 * (n_cpus + 1));
  g_autoptr (GBytes) one = NULL;
  g_autoptr (GBytes) all = NULL;
  g_autoptr (GBytes) too_many = g_bytes_new (data, 8 * (n_cpus + 1));
  g_autoptr (GBytes) uneven = g_bytes_new (data, 7);
  g_autoptr (GBytes) none = g_bytes_new (data, 0);
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_PERCPU_ARRAY, 8);
  memset (data, 0xff, 8 * n_cpus);
  all = g_bytes_new (data, 8 * n_cpus);
  one = g_bytes_new (data, 8);

  g_assert_true (ebpf_map_update_bytes (map, key, all, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_update_bytes (map, key, one, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);

  /* The rest is zero, not what was there. */
  back = ebpf_map_lookup_bytes (map, key, &error);
  g_assert_no_error (error);
  memset (data + 8, 0, 8 * (n_cpus - 1));
  g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), data, 8 * n_cpus);

  g_assert_false (ebpf_map_update_bytes (map, key, too_many, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
  g_clear_error (&error);
  g_assert_false (ebpf_map_update_bytes (map, key, uneven, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
  g_clear_error (&error);
  g_assert_false (ebpf_map_update_bytes (map, key, none, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
}

/* By BTF type: an array with an element for each CPU. */
static void
test_variant (void)
{
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) written = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree guint *cpus = NULL;
  GVariantBuilder builder;
  gsize n_online;
  EbpfMap *map;

  if (producer == NULL)
    return;

  map = ebpf_collection_get_map (producer->collection, "counts");
  cpus = ebpf_list_online_cpus (&n_online);
  for (gsize i = 0; i < n_online; i++)
    if (producer_move_to_cpu (cpus[i]))
      producer_run (producer, "count_cpu", 1);
  producer_move_anywhere ();

  value = ebpf_map_lookup (map, g_variant_new_uint32 (1), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (value), ==, "au");
  g_assert_cmpuint (g_variant_n_children (value), ==, n_cpus);
  for (gsize i = 0; i < n_online; i++)
    {
      guint32 number;

      g_variant_get_child (value, cpus[i], "u", &number);
      g_assert_cmpuint (number, ==, 1000 + cpus[i]);
    }

  /* What was read can be written, and so can boxed elements, and fewer. */
  g_assert_true (
      ebpf_map_update (map, g_variant_new_uint32 (0), value, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  written = ebpf_map_lookup (map, g_variant_new_uint32 (0), &error);
  g_assert_no_error (error);
  g_assert_cmpvariant (written, value);
  g_clear_pointer (&written, g_variant_unref);

  g_assert_true (ebpf_map_update (map, g_variant_new_uint32 (0),
                                  g_variant_new_parsed ("[<uint32 5>]"), EBPF_UPDATE_FLAGS_ANY,
                                  &error));
  g_assert_no_error (error);
  written = ebpf_map_lookup (map, g_variant_new_uint32 (0), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n_cpus; i++)
    {
      guint32 number;

      g_variant_get_child (written, i, "u", &number);
      g_assert_cmpuint (number, ==, i == 0 ? 5 : 0);
    }

  /* Not an array, and too long a one. */
  g_assert_false (ebpf_map_update (map, g_variant_new_uint32 (0), g_variant_new_uint32 (5),
                                   EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*each CPU*");
  g_clear_error (&error);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("au"));
  for (guint i = 0; i <= n_cpus; i++)
    g_variant_builder_add (&builder, "u", i);
  g_assert_false (ebpf_map_update (map, g_variant_new_uint32 (0), g_variant_builder_end (&builder),
                                   EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
}

/* Without a type each element is bytes; what was read can be written. */
static void
test_variant_without_type (void)
{
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GBytes) key = key_bytes (1);
  g_autofree guint8 *data = g_malloc (6 * n_cpus);
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GVariant) key_variant = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_LRU_PERCPU_HASH, 6);
  for (guint i = 0; i < 6 * n_cpus; i++)
    data[i] = (guint8) (i + 100);
  value = g_bytes_new (data, 6 * n_cpus);
  g_assert_true (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_ANY, &error));

  key_variant = ebpf_map_key_to_variant (map, key, &error);
  g_assert_no_error (error);
  variant = ebpf_map_lookup (map, key_variant, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_n_children (variant), ==, n_cpus);

  g_assert_true (ebpf_map_delete_key_bytes (map, key, &error));
  g_assert_true (ebpf_map_update (map, key_variant, variant, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  back = ebpf_map_lookup_bytes (map, key, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (back, value));
}

static void
test_iterate (void)
{
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autofree guint64 *values = g_new (guint64, n_cpus);
  g_autoptr (GError) error = NULL;
  guint n = 0, seen = 0;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_PERCPU_HASH, 8);
  for (guint32 i = 0; i < 4; i++)
    {
      for (guint cpu = 0; cpu < n_cpus; cpu++)
        values[cpu] = i * 100 + cpu;
      g_assert_true (ebpf_map_update_raw (map, &i, values, 0, &error));
    }

  iterator = ebpf_map_iterate (map);
  while (ebpf_map_iterator_next (iterator, &error))
    {
      g_autoptr (GBytes) key = ebpf_map_iterator_get_key_bytes (iterator);
      g_autoptr (GBytes) value = ebpf_map_iterator_get_value_bytes (iterator, &error);
      const guint64 *numbers;
      guint32 number;

      g_assert_no_error (error);
      memcpy (&number, g_bytes_get_data (key, NULL), sizeof number);
      g_assert_cmpuint (g_bytes_get_size (value), ==, 8 * n_cpus);
      numbers = g_bytes_get_data (value, NULL);
      for (guint cpu = 0; cpu < n_cpus; cpu++)
        g_assert_cmpuint (numbers[cpu], ==, number * 100 + cpu);
      seen |= 1u << number;
      n++;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 4);
  g_assert_cmpuint (seen, ==, 0xf);
}

static void
test_too_large (void)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("large", EBPF_MAP_TYPE_PERCPU_ARRAY, 4, 64 * 1024, 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_null (map);
  g_assert_cmpint (ebpf_error_get_errno (error), ==, E2BIG);
  g_assert_nonnull (strstr (error->message, "32768"));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/plugins/per-cpu/sizes", test_sizes);
  ebpf_test_add ("/plugins/per-cpu/bytes", test_bytes);
  ebpf_test_add ("/plugins/per-cpu/batch", test_batch);
  ebpf_test_add ("/plugins/per-cpu/fewer-and-more", test_fewer_and_more);
  ebpf_test_add ("/plugins/per-cpu/variant", test_variant);
  ebpf_test_add ("/plugins/per-cpu/variant-without-type", test_variant_without_type);
  ebpf_test_add ("/plugins/per-cpu/iterate", test_iterate);
  ebpf_test_add ("/plugins/per-cpu/too-large", test_too_large);

  return g_test_run ();
}
