/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-iterator.h"
#include "object/ebpf-map-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>

#include "ebpf-test.h"

static EbpfMap *
create (EbpfMapType type, guint key_size, guint value_size, guint max_entries)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("iterated", type, key_size, value_size, max_entries);
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);

  return map;
}

static void
fill (EbpfMap *map, guint32 n)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *key = g_malloc0 (ebpf_map_get_key_size (map));
  g_autofree guint8 *value = g_malloc0 (ebpf_map_get_value_size (map));

  for (guint32 i = 0; i < n; i++)
    {
      memcpy (key, &i, sizeof i);
      memcpy (value, &i, sizeof i);
      g_assert_true (ebpf_map_update_raw (map, key, value, 0, &error));
      g_assert_no_error (error);
    }
}

static guint32
get_u32 (GBytes *bytes)
{
  guint32 value;

  memcpy (&value, g_bytes_get_data (bytes, NULL), sizeof value);
  return value;
}

/* Each of the keys 0 to n-1 exactly once, with its value. */
static void
check_all (EbpfMap *map, guint n, gboolean delete)
{
  g_autoptr (EbpfMapIterator) iterator = ebpf_map_iterate (map);
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *seen = g_malloc0 (MAX (n, 1));
  guint n_seen = 0;

  while (ebpf_map_iterator_next (iterator, &error))
    {
      g_autoptr (GBytes) key = ebpf_map_iterator_get_key_bytes (iterator);
      g_autoptr (GBytes) value = ebpf_map_iterator_get_value_bytes (iterator, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (key), ==, ebpf_map_get_key_size (map));
      g_assert_cmpuint (g_bytes_get_size (value), ==, ebpf_map_get_value_size (map));
      g_assert_cmpuint (get_u32 (key), <, n);
      g_assert_cmpuint (get_u32 (value), ==, get_u32 (key));
      g_assert_cmpuint (seen[get_u32 (key)]++, ==, 0);
      n_seen++;
      if (delete)
        g_assert_true (ebpf_map_delete_key_bytes (map, key, NULL));
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n_seen, ==, n);
  g_assert_false (ebpf_map_iterator_next (iterator, &error));
  g_assert_no_error (error);
}

typedef struct
{
  EbpfSysCommand command;
  int errsv;
  guint n_calls;
  EbpfMap *map; /* to be disturbed */
  guint n_disturbances;
} Fault;

static int
refuse (EbpfSysCommand command, gpointer user_data)
{
  Fault *fault = user_data;

  if (command != fault->command)
    return 0;

  fault->n_calls++;
  return fault->errsv;
}

typedef struct
{
  EbpfMapType type;
  guint key_size;
  guint value_size;
  guint max_entries;
  guint n;
} Shape;

static const Shape shapes[] = {
  { EBPF_MAP_TYPE_HASH, 4, 4, 100, 0 },         { EBPF_MAP_TYPE_HASH, 4, 4, 1, 1 },
  { EBPF_MAP_TYPE_HASH, 12, 40, 20000, 19999 }, { EBPF_MAP_TYPE_HASH, 8, 3000, 500, 500 },
  { EBPF_MAP_TYPE_LRU_HASH, 4, 8, 1000, 100 },  { EBPF_MAP_TYPE_ARRAY, 4, 8, 10000, 10000 },
  { EBPF_MAP_TYPE_ARRAY, 4, 40000, 17, 17 },    { EBPF_MAP_TYPE_ARRAY, 4, 4, 1, 1 },
};

static void
test_batch (void)
{
  Fault fault = { .command = EBPF_SYS_MAP_LOOKUP_BATCH };

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 6))
    return;

  ebpf_sys_set_fault_func (refuse, &fault);
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      const Shape *shape = &shapes[i];
      g_autoptr (EbpfMap) map =
          create (shape->type, shape->key_size, shape->value_size, shape->max_entries);

      fill (map, shape->n);
      fault.n_calls = 0;
      check_all (map, shape->n, FALSE);
      /* Far less than one call an entry. */
      g_assert_cmpuint (fault.n_calls, <=, shape->n / 16 + 4);
      g_assert_cmpuint (fault.n_calls, >, 0);
    }
  ebpf_sys_set_fault_func (NULL, NULL);
}

static void
test_one_by_one (void)
{
  static const int answers[] = { EINVAL, 524, EPERM, ENOSYS };

  if (!ebpf_test_require_bpf ())
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      const Shape *shape = &shapes[i];
      g_autoptr (EbpfMap) map =
          create (shape->type, shape->key_size, shape->value_size, shape->max_entries);
      Fault fault = { .command = EBPF_SYS_MAP_LOOKUP_BATCH,
                      .errsv = answers[i % G_N_ELEMENTS (answers)] };

      fill (map, shape->n);
      ebpf_sys_set_fault_func (refuse, &fault);
      check_all (map, shape->n, FALSE);
      ebpf_sys_set_fault_func (NULL, NULL);
      g_assert_cmpuint (fault.n_calls, ==, 1);
    }
}

static void
test_delete_meanwhile (void)
{
  Fault fault = { .command = EBPF_SYS_MAP_LOOKUP_BATCH, .errsv = EINVAL };
  g_autoptr (EbpfMap) map = NULL;
  guint32 key;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 4, 10000);
  fill (map, 10000);
  check_all (map, 10000, TRUE);
  g_assert_false (ebpf_map_next_key_raw (map, NULL, &key, NULL));

  fill (map, 10000);
  ebpf_sys_set_fault_func (refuse, &fault);
  check_all (map, 10000, TRUE);
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_false (ebpf_map_next_key_raw (map, NULL, &key, NULL));
}

/* A writer that takes away the key on which the iterator stands and puts it back when it has
 * started again: n times. */
static int
disturb (EbpfSysCommand command, gpointer user_data)
{
  static gboolean inside;
  Fault *fault = user_data;
  guint32 key;

  if (inside)
    return 0;
  if (command == EBPF_SYS_MAP_LOOKUP_BATCH)
    return EINVAL;
  if (command != EBPF_SYS_MAP_GET_NEXT_KEY || fault->n_disturbances == 0)
    return 0;

  /* In the middle: the fifth call of each round. */
  if (++fault->n_calls % 5 != 0)
    return 0;

  inside = TRUE;
  fault->n_disturbances--;
  /* All go and come back, so whatever the iterator stood on was not there. */
  for (key = 0; key < 8; key++)
    ebpf_map_delete_key_raw (fault->map, &key, NULL);
  inside = FALSE;
  return 0;
}

static void
test_disturbed (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;
  Fault fault = { .n_disturbances = 1 };
  guint n = 0;

  if (!ebpf_test_require_bpf ())
    return;

  /* Entries 8 and above stay all the time, and each of them comes once. */
  map = create (EBPF_MAP_TYPE_HASH, 4, 4, 64);
  fill (map, 64);
  fault.map = map;
  ebpf_sys_set_fault_func (disturb, &fault);
  iterator = ebpf_map_iterate (map);
  while (ebpf_map_iterator_next (iterator, &error))
    {
      g_autoptr (GBytes) key = ebpf_map_iterator_get_key_bytes (iterator);

      n += get_u32 (key) >= 8;
    }
  ebpf_sys_set_fault_func (NULL, NULL);

  g_assert_no_error (error);
  g_assert_cmpuint (fault.n_disturbances, ==, 0);
  g_assert_cmpuint (n, ==, 56);
}

/* Every question for the next key is asked after the map was emptied and filled in the meantime
 * with one key: it looks as if the end never came. */
static int
spin (EbpfSysCommand command, gpointer user_data)
{
  static gboolean inside;
  Fault *fault = user_data;
  guint32 key, value = 0;

  if (inside)
    return 0;
  if (command == EBPF_SYS_MAP_LOOKUP_BATCH)
    return EINVAL;
  if (command != EBPF_SYS_MAP_GET_NEXT_KEY)
    return 0;

  inside = TRUE;
  key = fault->n_calls % 2;
  ebpf_map_delete_key_raw (fault->map, &key, NULL);
  key = ++fault->n_calls % 2;
  ebpf_map_update_raw (fault->map, &key, &value, 0, NULL);
  inside = FALSE;
  return 0;
}

static void
test_busy (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;
  Fault fault = { 0 };

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 4, 4);
  fill (map, 1);
  fault.map = map;
  iterator = ebpf_map_iterate (map);
  ebpf_sys_set_fault_func (spin, &fault);
  g_assert_false (ebpf_map_iterator_next (iterator, &error));
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BUSY);
  g_assert_cmpuint (fault.n_calls, <, 10000);
}

static int
never_now (EbpfSysCommand command, gpointer user_data)
{
  return command == EBPF_SYS_MAP_LOOKUP_BATCH ? EAGAIN : 0;
}

/* The kernel never gets to read: an error, and not a loop without end. */
static void
test_busy_batches (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 6))
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 4, 20000);
  fill (map, 20000);
  iterator = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (iterator, &error));
  ebpf_sys_set_fault_func (never_now, NULL);
  while (ebpf_map_iterator_next (iterator, &error))
    n++;
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BUSY);
  g_assert_cmpuint (n, <, 20000);
}

/* Several at once, each with its own place, and one that is left in the middle. */
static void
test_several (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapIterator) first = NULL;
  g_autoptr (EbpfMapIterator) second = NULL;
  g_autoptr (EbpfMapIterator) left = NULL;
  g_autoptr (GError) error = NULL;
  guint n_first = 0, n_second = 0;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 4, 300);
  fill (map, 300);
  first = ebpf_map_iterate (map);
  second = ebpf_map_iterate (map);
  left = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (left, &error));
  while (ebpf_map_iterator_next (first, &error))
    {
      n_first++;
      if (n_first % 2 == 0)
        n_second += ebpf_map_iterator_next (second, &error);
    }
  while (ebpf_map_iterator_next (second, &error))
    n_second++;
  g_assert_no_error (error);
  g_assert_cmpuint (n_first, ==, 300);
  g_assert_cmpuint (n_second, ==, 300);
}

/* By hand: from no key to the one behind the last. */
static void
test_next_key (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GBytes) key = NULL;
  g_autoptr (GBytes) long_key = g_bytes_new_static ("12345", 5);
  g_autoptr (GError) error = NULL;
  guint8 seen[64] = { 0 };
  guint n = 0;
  guint32 raw;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 4, 64);
  g_assert_null (ebpf_map_next_key_bytes (map, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  fill (map, 64);
  key = ebpf_map_next_key_bytes (map, NULL, &error);
  while (key != NULL)
    {
      GBytes *next;

      g_assert_cmpuint (seen[get_u32 (key)]++, ==, 0);
      n++;
      next = ebpf_map_next_key_bytes (map, key, &error);
      g_bytes_unref (g_steal_pointer (&key));
      key = next;
    }
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*(ENOENT)");
  g_assert_cmpint (ebpf_error_get_errno (error), ==, ENOENT);
  g_clear_error (&error);
  g_assert_cmpuint (n, ==, 64);

  /* Where the key is not there, at the first again. */
  raw = 1000;
  g_assert_true (ebpf_map_next_key_raw (map, &raw, &raw, &error));
  g_assert_null (ebpf_map_next_key_bytes (map, long_key, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
}

static void
test_errors (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;
  Fault fault = { .command = EBPF_SYS_MAP_LOOKUP_BATCH };

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 6))
    return;

  /* Fails between two batches, once and for all. */
  map = create (EBPF_MAP_TYPE_ARRAY, 4, 4, 10000);
  iterator = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (iterator, &error));
  fault.errsv = EIO;
  ebpf_sys_set_fault_func (refuse, &fault);
  while (ebpf_map_iterator_next (iterator, &error))
    ;
  ebpf_sys_set_fault_func (NULL, NULL);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_IO,
                                  "map 'iterated': reading a batch: *(EIO)");
  g_clear_error (&error);
  g_assert_false (ebpf_map_iterator_next (iterator, &error));
  g_assert_no_error (error);

  /* Closed between two batches. */
  g_object_unref (iterator);
  iterator = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (iterator, &error));
  ebpf_map_close (map);
  while (ebpf_map_iterator_next (iterator, &error))
    ;
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

static void
test_variants (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 8, 16);
  fill (map, 3);
  iterator = ebpf_map_iterate (map);
  while (ebpf_map_iterator_next (iterator, &error))
    {
      g_autoptr (GVariant) key = ebpf_map_iterator_get_key (iterator, &error);
      g_autoptr (GVariant) value = ebpf_map_iterator_get_value (iterator, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (g_variant_get_type_string (key), ==, "ay");
      g_assert_cmpuint (g_variant_n_children (value), ==, 8);
      n++;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 3);
}

int
main (int argc, char *argv[])
{
  /* Modules link the shared library; this is the static one. */
  g_unsetenv ("EBPF_PLUGIN_PATH");
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-iterator/batch", test_batch);
  ebpf_test_add ("/object/map-iterator/one-by-one", test_one_by_one);
  ebpf_test_add ("/object/map-iterator/delete-meanwhile", test_delete_meanwhile);
  ebpf_test_add ("/object/map-iterator/disturbed", test_disturbed);
  ebpf_test_add ("/object/map-iterator/busy", test_busy);
  ebpf_test_add ("/object/map-iterator/busy-batches", test_busy_batches);
  ebpf_test_add ("/object/map-iterator/several", test_several);
  ebpf_test_add ("/object/map-iterator/next-key", test_next_key);
  ebpf_test_add ("/object/map-iterator/errors", test_errors);
  ebpf_test_add ("/object/map-iterator/variants", test_variants);

  return g_test_run ();
}
