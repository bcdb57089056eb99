/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many entries at once, with the kernel's batch calls and without; and memory. */

#include "object/ebpf-map-cursor.h"
#include "object/ebpf-map-iterator.h"
#include "object/ebpf-map-private.h"
#include "object/ebpf-map-snapshot.h"
#include "object/ebpf-memory.h"
#include "sys/ebpf-sys-private.h"
#include "sys/ebpf-system.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ebpf-test.h"

#define N_ENTRIES 5000u

static EbpfMap *
new_map (EbpfMapType type, guint max_entries, guint flags)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("batch", type, 4, 8, max_entries);
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  ebpf_map_spec_set_map_flags (spec, flags);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);

  return map;
}

static void
fill (EbpfMap *map, guint n_entries)
{
  g_autofree guint32 *keys = g_new (guint32, n_entries);
  g_autofree guint64 *values = g_new (guint64, n_entries);
  g_autoptr (GError) error = NULL;
  guint n_done;

  for (guint i = 0; i < n_entries; i++)
    {
      keys[i] = i;
      values[i] = i * 3;
    }
  g_assert_true (ebpf_map_update_batch_raw (map, keys, values, n_entries, 0, &n_done, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_done, ==, n_entries);
}

/* Each key once, with its value. */
static void
check (EbpfMapSnapshot *snapshot, guint8 *seen)
{
  const guint32 *keys = g_bytes_get_data (ebpf_map_snapshot_get_keys (snapshot), NULL);
  const guint64 *values = g_bytes_get_data (ebpf_map_snapshot_get_values (snapshot), NULL);
  guint n = ebpf_map_snapshot_get_n_entries (snapshot);

  g_assert_cmpuint (g_bytes_get_size (ebpf_map_snapshot_get_keys (snapshot)), ==, n * 4);
  g_assert_cmpuint (g_bytes_get_size (ebpf_map_snapshot_get_values (snapshot)), ==, n * 8);
  g_assert_cmpuint (ebpf_map_snapshot_get_key_size (snapshot), ==, 4);
  g_assert_cmpuint (ebpf_map_snapshot_get_value_stride (snapshot), ==, 8);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (keys[i], <, N_ENTRIES);
      g_assert_cmpuint (values[i], ==, keys[i] * 3);
      seen[keys[i]]++;
    }
}

static void
check_all (const guint8 *seen)
{
  for (guint i = 0; i < N_ENTRIES; i++)
    g_assert_cmpuint (seen[i], ==, 1);
}

static int
no_batches (EbpfSysCommand command, gpointer user_data)
{
  switch ((int) command)
    {
    case EBPF_SYS_MAP_LOOKUP_BATCH:
    case EBPF_SYS_MAP_LOOKUP_AND_DELETE_BATCH:
    case EBPF_SYS_MAP_UPDATE_BATCH:
    case EBPF_SYS_MAP_DELETE_BATCH:
      return EINVAL;
    default:
      return 0;
    }
}

static void
exercise (EbpfMapType type)
{
  g_autoptr (EbpfMap) map = new_map (type, N_ENTRIES, 0);
  g_autoptr (EbpfMapSnapshot) all = NULL;
  g_autoptr (EbpfMapCursor) cursor = NULL;
  g_autofree guint8 *seen = g_new0 (guint8, N_ENTRIES);
  g_autoptr (GError) error = NULL;
  guint n_batches = 0;

  fill (map, N_ENTRIES);
  all = ebpf_map_snapshot (map, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_snapshot_get_n_entries (all), ==, N_ENTRIES);
  check (all, seen);
  check_all (seen);

  memset (seen, 0, N_ENTRIES);
  cursor = ebpf_map_cursor_new (map);
  while (!ebpf_map_cursor_is_at_end (cursor))
    {
      g_autoptr (EbpfMapSnapshot) batch =
          ebpf_map_lookup_batch (map, cursor, 300, EBPF_LOOKUP_FLAGS_NONE, &error);

      g_assert_no_error (error);
      check (batch, seen);
      n_batches++;
    }
  check_all (seen);
  g_assert_cmpuint (n_batches, >=, N_ENTRIES / 300);

  /* From the start again, by a batch that is too small for any bucket but the emptiest. */
  memset (seen, 0, N_ENTRIES);
  ebpf_map_cursor_rewind (cursor);
  g_assert_false (ebpf_map_cursor_is_at_end (cursor));
  while (!ebpf_map_cursor_is_at_end (cursor))
    {
      g_autoptr (EbpfMapSnapshot) batch =
          ebpf_map_lookup_batch (map, cursor, 1, EBPF_LOOKUP_FLAGS_NONE, &error);

      g_assert_no_error (error);
      check (batch, seen);
    }
  check_all (seen);
  g_clear_object (&cursor);

  if (type == EBPF_MAP_TYPE_ARRAY)
    return;

  /* Some, then all the others. */
  {
    g_autofree guint32 *keys = g_new (guint32, 100);
    g_autoptr (GBytes) bytes = NULL;
    guint n_done = 4711;

    memset (seen, 0, N_ENTRIES);
    for (guint i = 0; i < 100; i++)
      {
        keys[i] = i * 2;
        seen[i * 2] = 1;
      }
    bytes = g_bytes_new (keys, 400);
    g_assert_true (ebpf_map_delete_batch_bytes (map, bytes, &n_done, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (n_done, ==, 100);

    /* The first is gone: what was done is said. */
    g_assert_false (ebpf_map_delete_batch_bytes (map, bytes, &n_done, &error));
    g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
    g_assert_cmpuint (n_done, ==, 0);
    g_clear_error (&error);
  }
  cursor = ebpf_map_cursor_new (map);
  while (!ebpf_map_cursor_is_at_end (cursor))
    {
      g_autoptr (EbpfMapSnapshot) batch =
          ebpf_map_lookup_and_delete_batch (map, cursor, 256, EBPF_LOOKUP_FLAGS_NONE, &error);

      g_assert_no_error (error);
      check (batch, seen);
    }
  check_all (seen);
  g_clear_object (&all);
  all = ebpf_map_snapshot (map, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_snapshot_get_n_entries (all), ==, 0);
}

static void
test_batches (void)
{
  if (!ebpf_test_require_bpf ())
    return;

  exercise (EBPF_MAP_TYPE_HASH);
  exercise (EBPF_MAP_TYPE_ARRAY);
}

static void
test_one_by_one (void)
{
  if (!ebpf_test_require_bpf ())
    return;

  ebpf_sys_set_fault_func (no_batches, NULL);
  exercise (EBPF_MAP_TYPE_HASH);
  exercise (EBPF_MAP_TYPE_ARRAY);
  ebpf_sys_set_fault_func (NULL, NULL);
}

static void
test_variants (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapSnapshot) snapshot = NULL;
  g_autoptr (GVariant) all = NULL;
  g_autoptr (GVariant) key = NULL;
  g_autoptr (GError) error = NULL;
  guint n_done;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_HASH, 4, 0);
  g_assert_true (ebpf_map_update_batch (map, g_variant_new_parsed ("[(<1>, <10>), (<2>, <20>)]"),
                                        EBPF_UPDATE_FLAGS_ANY, &n_done, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_done, ==, 2);
  g_assert_true (ebpf_map_update_batch (map, g_variant_new_parsed ("{3: 30}"),
                                        EBPF_UPDATE_FLAGS_NOEXIST, NULL, &error));

  /* What there is already stops it, and what was done is said. */
  g_assert_false (ebpf_map_update_batch (map, g_variant_new_parsed ("[(4, 40), (1, 11), (5, 50)]"),
                                         EBPF_UPDATE_FLAGS_NOEXIST, &n_done, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_assert_cmpuint (n_done, ==, 1);
  g_clear_error (&error);

  /* So does a map that is full, within the kernel's own call. */
  g_assert_false (ebpf_map_update_batch (map, g_variant_new_parsed ("[(1, 12), (5, 50), (6, 60)]"),
                                         EBPF_UPDATE_FLAGS_ANY, &n_done, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
  g_assert_cmpuint (n_done, ==, 1);
  g_clear_error (&error);

  snapshot = ebpf_map_snapshot (map, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_snapshot_get_map (snapshot) == map);
  all = ebpf_map_snapshot_to_variant (snapshot, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (all), ==, "a(vv)");
  g_assert_cmpuint (g_variant_n_children (all), ==, 4);

  g_assert_null (ebpf_map_snapshot_get_key (snapshot, 4, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*entry 4*");
  g_clear_error (&error);

  /* What was read can be written, and its keys taken away. */
  g_assert_true (ebpf_map_update_batch (map, all, EBPF_UPDATE_FLAGS_EXIST, &n_done, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_done, ==, 4);
  g_assert_true (ebpf_map_delete_batch (map, g_variant_new_parsed ("[1, 2]"), &n_done, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_done, ==, 2);

  /* Wrong types: nothing is done. */
  g_assert_false (
      ebpf_map_update_batch (map, g_variant_new_string ("x"), EBPF_UPDATE_FLAGS_ANY, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*a(vv)*\"s\"*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_update_batch (map, g_variant_new_parsed ("[1, 2]"),
                                         EBPF_UPDATE_FLAGS_ANY, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*entry 0*\"i\"*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_update_batch (map, g_variant_new_parsed ("[(<1>, <1>), (<'a'>, <2>)]"),
                                         EBPF_UPDATE_FLAGS_ANY, &n_done, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_assert_cmpuint (n_done, ==, 0);
  g_clear_error (&error);
  g_assert_false (ebpf_map_delete_batch (map, g_variant_new_int32 (1), NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
}

static void
test_bad_input (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (EbpfMapCursor) cursor = NULL;
  g_autoptr (GBytes) five = g_bytes_new_static ("12345", 5);
  g_autoptr (GBytes) four = g_bytes_new_static ("1234", 4);
  g_autoptr (GError) error = NULL;
  guint n = 1;
  guint32 key;
  guint64 value;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_HASH, 4, 0);
  other = new_map (EBPF_MAP_TYPE_HASH, 4, 0);
  cursor = ebpf_map_cursor_new (other);

  g_assert_null (ebpf_map_lookup_batch (map, cursor, 4, EBPF_LOOKUP_FLAGS_NONE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "a cursor for *cannot be used with*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_lookup_batch_raw (map, cursor, &key, &value, &n, 0, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_false (
      ebpf_map_update_batch_bytes (map, five, four, EBPF_UPDATE_FLAGS_ANY, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*5 bytes*4 bytes*");
  g_clear_error (&error);
  g_assert_false (
      ebpf_map_update_batch_bytes (map, four, four, EBPF_UPDATE_FLAGS_ANY, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*8 bytes, not 4*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_delete_batch_bytes (map, five, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
  g_clear_error (&error);

  ebpf_map_close (other);
  g_assert_null (ebpf_map_lookup_batch (other, cursor, 4, EBPF_LOOKUP_FLAGS_NONE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (ebpf_map_delete_batch_bytes (other, four, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (ebpf_map_get_memory (other, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

/* What a huge map that is nearly empty costs follows from what is in it. */
static void
test_huge_and_empty (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapSnapshot) snapshot = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start;
  guint n = 0;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_HASH, 1u << 22, EBPF_MAP_FLAGS_NO_PREALLOC);
  fill (map, 3);
  start = g_get_monotonic_time ();
  snapshot = ebpf_map_snapshot (map, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_snapshot_get_n_entries (snapshot), ==, 3);
  iterator = ebpf_map_iterate (map);
  while (ebpf_map_iterator_next (iterator, &error))
    n++;
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 3);
  /* Two passes of the kernel over its table. */
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
}

static void
test_memory (void)
{
  const gsize page = (gsize) sysconf (_SC_PAGESIZE);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) plain = NULL;
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("memory", EBPF_MAP_TYPE_ARRAY, 4, 12, 4);
  g_autoptr (EbpfMemory) memory = NULL;
  g_autoptr (EbpfMemory) again = NULL;
  g_autoptr (EbpfMemory) frozen = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("hello", 5);
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GError) error = NULL;
  guint32 key = 1;
  guint8 value[16] = { 0 };
  guint64 number;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_map_spec_set_map_flags (spec, EBPF_MAP_FLAGS_MMAPABLE);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  memory = ebpf_map_get_memory (map, &error);
  g_assert_no_error (error);
  again = ebpf_map_get_memory (map, &error);
  g_assert_true (memory == again);
  g_assert_cmpuint (ebpf_memory_get_size (memory), ==, 3 * 16 + 12);
  g_assert_false (ebpf_memory_get_read_only (memory));

  /* The second value starts at 16; a system call sees the same. */
  g_assert_true (ebpf_memory_write (memory, 16, bytes, &error));
  g_assert_true (ebpf_map_lookup_raw (map, &key, value, 0, &error));
  g_assert_cmpmem (value, 5, "hello", 5);
  back = ebpf_memory_read (memory, 16, 5, &error);
  g_assert_true (g_bytes_equal (back, bytes));

  g_assert_true (ebpf_memory_store (memory, 16, 4, 7, &error));
  g_assert_true (ebpf_memory_add (memory, 16, 4, 5, &number, &error));
  g_assert_cmpuint (number, ==, 7);
  g_assert_true (ebpf_memory_compare_exchange (memory, 16, 4, 12, 100, &number, &error));
  g_assert_cmpuint (number, ==, 12);
  g_assert_true (ebpf_memory_compare_exchange (memory, 16, 4, 12, 200, &number, &error));
  g_assert_cmpuint (number, ==, 100);
  g_assert_true (ebpf_memory_exchange (memory, 16, 2, 0x1ffff, &number, &error));
  g_assert_cmpuint (number, ==, 100);
  g_assert_true (ebpf_memory_load (memory, 16, 2, &number, &error));
  g_assert_cmpuint (number, ==, 0xffff);
  g_assert_true (ebpf_memory_load (memory, 17, 1, &number, &error));
  g_assert_cmpuint (number, ==, 0xff);

  /* The end is in bounds, nothing beyond; nothing wraps around. */
  g_assert_nonnull (ebpf_memory_peek (memory, 60, 0, &error));
  g_assert_null (ebpf_memory_peek (memory, 60, 1, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*'memory'*1 bytes at offset 60*60 bytes*");
  g_clear_error (&error);
  g_assert_null (ebpf_memory_read (memory, G_MAXUINT64 - 1, 4, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (ebpf_memory_read (memory, 1, G_MAXSIZE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (ebpf_memory_load (memory, 2, 4, &number, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*multiples*");
  g_clear_error (&error);
  g_assert_false (ebpf_memory_load (memory, 0, 3, &number, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  /* A copy of the object maps on its own, and sees the same. */
  {
    g_autoptr (EbpfMap) copy = ebpf_map_dup (map, &error);
    g_autoptr (EbpfMemory) other = ebpf_map_get_memory (copy, &error);

    g_assert_no_error (error);
    g_assert_true (other != memory);
    g_assert_true (ebpf_memory_load (other, 16, 2, &number, &error));
    g_assert_cmpuint (number, ==, 0xffff);
  }

  /* Pointers for C: bounds, alignment and rights are checked. */
  {
    guint32 *place = EBPF_MEMORY_PEEK (memory, guint32, 16, TRUE, &error);

    g_assert_no_error (error);
    *place = 0x01020304;
    g_assert_true (ebpf_memory_load (memory, 16, 4, &number, &error));
    g_assert_cmphex (number, ==, 0x01020304);
    *place = 0xffff;
    g_assert_null (EBPF_MEMORY_PEEK (memory, guint32, 17, FALSE, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                    "*aligned to 4 bytes is not at offset 17");
    g_clear_error (&error);
    g_assert_null (EBPF_MEMORY_PEEK (memory, guint64, 56, FALSE, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                    "*8 bytes at offset 56*");
    g_clear_error (&error);
  }

  /* It stands in the way of freezing, and outlives the map. */
  g_assert_false (ebpf_map_freeze (map, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BUSY);
  g_clear_error (&error);
  ebpf_map_close (map);
  g_assert_true (ebpf_memory_load (memory, 16, 2, &number, &error));
  g_assert_cmpuint (number, ==, 0xffff);
  g_clear_object (&map);

  /* A frozen map can be read. */
  map = ebpf_map_new (spec, &error);
  g_assert_true (ebpf_map_freeze (map, &error));
  g_assert_no_error (error);
  frozen = ebpf_map_get_memory (map, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_memory_get_read_only (frozen));
  g_assert_true (ebpf_memory_load (frozen, 0, 8, &number, &error));
  g_assert_cmpuint (number, ==, 0);
  g_assert_nonnull (EBPF_MEMORY_PEEK (frozen, guint64, 0, FALSE, &error));
  g_assert_null (EBPF_MEMORY_PEEK (frozen, guint64, 0, TRUE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY);
  g_clear_error (&error);
  g_assert_false (ebpf_memory_write (frozen, 0, bytes, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY);
  g_clear_error (&error);
  g_assert_false (ebpf_memory_store (frozen, 0, 8, 1, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY);
  g_clear_error (&error);

  plain = new_map (EBPF_MAP_TYPE_ARRAY, 4, 0);
  g_assert_null (ebpf_map_get_memory (plain, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*BPF_F_MMAPABLE*");
  g_assert_cmpuint (page, >, 0);
}

static void
test_list_ids (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autofree guint *ids = NULL;
  g_autoptr (GError) error = NULL;
  gboolean found = FALSE;
  gsize n_ids;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_ARRAY, 4, 0);
  ids = ebpf_map_list_ids (&n_ids, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < n_ids; i++)
    {
      if (i > 0)
        g_assert_cmpuint (ids[i], >, ids[i - 1]);
      found = found || ids[i] == ebpf_map_get_id (map);
    }
  g_assert_true (found);
}

/* A kernel that has single slots, as far as one can be made up: what it is asked. */
static guint64 seen_flags;

static int
watch_flags (EbpfSysCommand command, gpointer user_data)
{
  if (command == EBPF_SYS_MAP_LOOKUP_ELEM)
    seen_flags++;
  return 0;
}

static void
test_one_cpu (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_HASH, 4, 0);
  if (ebpf_get_n_possible_cpus () < 2)
    {
      g_test_skip ("there is one CPU only");
      return;
    }
  g_assert_null (ebpf_map_lookup_cpu (map, g_variant_new_uint32 (1), 1, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*single CPUs*");
  g_clear_error (&error);

  seen_flags = 0;
  ebpf_sys_set_fault_func (watch_flags, NULL);
  g_assert_null (
      ebpf_map_lookup_full (map, g_variant_new_uint32 (1), EBPF_LOOKUP_FLAGS_LOCK, &error));
  ebpf_sys_set_fault_func (NULL, NULL);
  /* No value here has a lock. */
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (seen_flags, ==, 1);
}

int
main (int argc, char *argv[])
{
  /* Modules link the shared library; this is the static one. */
  g_unsetenv ("EBPF_PLUGIN_PATH");
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-batch/batches", test_batches);
  ebpf_test_add ("/object/map-batch/one-by-one", test_one_by_one);
  ebpf_test_add ("/object/map-batch/variants", test_variants);
  ebpf_test_add ("/object/map-batch/bad-input", test_bad_input);
  ebpf_test_add ("/object/map-batch/huge-and-empty", test_huge_and_empty);
  ebpf_test_add ("/object/map-batch/one-cpu", test_one_cpu);
  ebpf_test_add ("/object/map-batch/memory", test_memory);
  ebpf_test_add ("/object/map-batch/list-ids", test_list_ids);

  return g_test_run ();
}
