/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values with a spin lock: read and written under it, and never with it. */

#include <ebpf.h>

#include <string.h>

#include "ebpf-test.h"

typedef struct
{
  guint32 lock;
  guint32 count;
} Value;

static EbpfCollection *
load (void)
{
  g_autofree char *path = ebpf_test_object ("locked.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);
  g_autoptr (EbpfCollection) collection = NULL;

  g_assert_no_error (error);
  collection = ebpf_collection_new (spec);
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);

  return g_steal_pointer (&collection);
}

/* The lock that somebody writes is not taken over, and what is read has none. */
static void
check (EbpfMap *map, guint32 key, guint32 count)
{
  g_autoptr (GBytes) key_bytes = g_bytes_new (&key, sizeof key);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GVariant) number = NULL;
  g_autoptr (GError) error = NULL;
  Value value = { 0xffffffff, 0xffffffff };

  g_assert_true (ebpf_map_lookup_raw (map, &key, &value, EBPF_LOOKUP_FLAGS_LOCK, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (value.lock, ==, 0);
  g_assert_cmpuint (value.count, ==, count);

  bytes = ebpf_map_lookup_full_bytes (map, key_bytes, EBPF_LOOKUP_FLAGS_LOCK, &error);
  g_assert_no_error (error);
  memcpy (&value, g_bytes_get_data (bytes, NULL), sizeof value);
  g_assert_cmpuint (value.lock, ==, 0);
  g_assert_cmpuint (value.count, ==, count);

  variant = ebpf_map_lookup_full (map, g_variant_new_uint32 (key), EBPF_LOOKUP_FLAGS_LOCK, &error);
  g_assert_no_error (error);
  number = g_variant_lookup_value (variant, "count", G_VARIANT_TYPE_UINT32);
  g_assert_cmpuint (g_variant_get_uint32 (number), ==, count);

  /* Without the flag the same, but perhaps torn. */
  g_assert_true (ebpf_map_lookup_raw (map, &key, &value, 0, &error));
  g_assert_cmpuint (value.lock, ==, 0);
}

static void
check_map (EbpfMap *map, gboolean is_array)
{
  const guint32 keys[] = { 0, 1, 2, 3 };
  const Value values[] = { { 1, 10 }, { 1, 11 }, { 1, 12 }, { 1, 13 } };
  g_autoptr (EbpfMapCursor) cursor = NULL;
  g_autoptr (EbpfMapSnapshot) batch = NULL;
  g_autoptr (GError) error = NULL;
  guint32 key = 1;
  Value value = { 0xdead, 7 };
  guint n_done, n = 0;

  g_assert_true (ebpf_map_update_raw (map, &key, &value, 0, &error));
  g_assert_no_error (error);
  check (map, 1, 7);
  value.count = 8;
  g_assert_true (ebpf_map_update_raw (map, &key, &value,
                                      EBPF_UPDATE_FLAGS_LOCK | EBPF_UPDATE_FLAGS_EXIST, &error));
  g_assert_no_error (error);
  check (map, 1, 8);
  g_assert_true (ebpf_map_update (map, g_variant_new_uint32 (1),
                                  g_variant_new_parsed ("{'count': <uint32 9>}"),
                                  EBPF_UPDATE_FLAGS_LOCK, &error));
  g_assert_no_error (error);
  check (map, 1, 9);

  /* Many at once */
  g_assert_true (
      ebpf_map_update_batch_raw (map, keys, values, 4, EBPF_UPDATE_FLAGS_LOCK, &n_done, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_done, ==, 4);
  cursor = ebpf_map_cursor_new (map);
  while (!ebpf_map_cursor_is_at_end (cursor))
    {
      const guint32 *found;
      const Value *read;

      g_clear_object (&batch);
      batch = ebpf_map_lookup_batch (map, cursor, 4, EBPF_LOOKUP_FLAGS_LOCK, &error);
      g_assert_no_error (error);
      found = g_bytes_get_data (ebpf_map_snapshot_get_keys (batch), NULL);
      read = g_bytes_get_data (ebpf_map_snapshot_get_values (batch), NULL);
      for (guint i = 0; i < ebpf_map_snapshot_get_n_entries (batch); i++)
        {
          g_assert_cmpuint (read[i].lock, ==, 0);
          g_assert_cmpuint (read[i].count, ==, 10 + found[i]);
          n++;
        }
    }
  g_assert_cmpuint (n, ==, 4);

  if (is_array)
    return;

  g_assert_true (ebpf_map_delete_key_raw (map, &key, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_map_lookup_raw (map, &key, &value, EBPF_LOOKUP_FLAGS_LOCK, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

static void
test_locks (void)
{
  g_autoptr (EbpfCollection) collection = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load ();
  check_map (ebpf_collection_get_map (collection, "locked_hash"), FALSE);
  check_map (ebpf_collection_get_map (collection, "locked_array"), TRUE);
  ebpf_collection_close (collection);
}

/* A value without a lock has none to take. */
static void
test_no_lock (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("plain", EBPF_MAP_TYPE_ARRAY, 4, 8, 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  guint32 key = 0;
  Value value = { 0 };

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_false (ebpf_map_lookup_raw (map, &key, &value, EBPF_LOOKUP_FLAGS_LOCK, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (ebpf_map_update_raw (map, &key, &value, EBPF_UPDATE_FLAGS_LOCK, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-locks/locks", test_locks);
  ebpf_test_add ("/object/map-locks/no-lock", test_no_lock);

  return g_test_run ();
}
