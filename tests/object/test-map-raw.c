/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The raw forms promise one system call and nothing else, and iteration that its buffers are used again. This
 * program counts what malloc is asked for. */

#include <ebpf.h>
#include <unistd.h>

#include "ebpf-test.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_COUNT 1

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);
void *malloc (size_t size);
void *calloc (size_t n, size_t size);
void *realloc (void *memory, size_t size);

static __thread gboolean counting;
static __thread guint n_allocations;

void *
malloc (size_t size)
{
  n_allocations += counting;
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  n_allocations += counting;
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  n_allocations += counting;
  return __libc_realloc (memory, size);
}
#else
#define CAN_COUNT 0
static gboolean counting;
static guint n_allocations;
#endif

/* Whether what is counted can be relied on; skips the test where not. */
static gboolean
can_count (void)
{
  if (!ebpf_test_require_bpf ())
    return FALSE;

  if (!CAN_COUNT)
    {
      g_test_skip ("malloc cannot be counted here");
      return FALSE;
    }

  /* The counter itself works, for both of GLib's ways to take memory. */
  n_allocations = 0;
  counting = TRUE;
  g_free (g_malloc (1));
  g_slice_free1 (48, g_slice_alloc (48));
  counting = FALSE;
  g_assert_cmpuint (n_allocations, ==, 2);
  n_allocations = 0;

  return TRUE;
}

static void
test_no_allocation (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("raw", EBPF_MAP_TYPE_HASH, 4, 8, 64);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  guint n_found = 0, n_missed = 0, n_updated = 0, n_deleted = 0, n_taken = 0;

  if (!can_count ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);

  counting = TRUE;
  for (guint32 key = 0; key < 100; key++)
    {
      guint64 value = key;
      guint32 next;

      n_updated += ebpf_map_update_raw (map, &key, &value, 0, NULL);
      if (ebpf_map_lookup_raw (map, &key, &value, 0, NULL))
        n_found++;
      else
        n_missed++;
      ebpf_map_next_key_raw (map, &key, &next, NULL);
    }
  for (guint32 key = 0; key < 100; key++)
    {
      guint64 value;

      if (key < 32)
        n_deleted += ebpf_map_delete_key_raw (map, &key, NULL);
      else
        n_taken += ebpf_map_lookup_and_delete_raw (map, &key, &value, 0, NULL) && value == key;
    }
  counting = FALSE;

  g_assert_cmpuint (n_allocations, ==, 0);
  g_assert_cmpuint (n_updated, ==, 64);
  g_assert_cmpuint (n_found, ==, 64);
  g_assert_cmpuint (n_missed, ==, 36);
  g_assert_cmpuint (n_deleted, ==, 32);
  g_assert_cmpuint (n_taken, ==, 32);
}

#define N_ENTRIES 20000

/* Steps of one iteration, and how often memory was taken after the first step, which makes the buffers. */
static guint
count_steps (EbpfMap *map, guint32 *sum, guint *n_after_first)
{
  g_autoptr (EbpfMapIterator) iterator = ebpf_map_iterate (map);
  guint n = 0;

  n_allocations = 0;
  counting = TRUE;
  while (ebpf_map_iterator_next (iterator, NULL))
    {
      gconstpointer key, value;

      ebpf_map_iterator_peek (iterator, &key, &value);
      *sum += *(const guint32 *) key;
      if (n++ == 0)
        n_allocations = 0;
    }
  counting = FALSE;
  *n_after_first = n_allocations;

  return n;
}

static void
test_iteration (gconstpointer data)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("walked", GPOINTER_TO_INT (data), 4, 8, N_ENTRIES);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree guint32 *keys = g_new (guint32, N_ENTRIES);
  g_autofree guint8 *values = NULL;
  const guint32 expected = (guint32) ((guint64) N_ENTRIES * (N_ENTRIES - 1) / 2);
  guint n_after_first;
  guint32 sum = 0;

  if (!can_count ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  for (guint32 i = 0; i < N_ENTRIES; i++)
    keys[i] = i;
  values = g_malloc0_n (N_ENTRIES, ebpf_map_get_value_buffer_size (map));
  ebpf_map_update_batch_raw (map, keys, values, N_ENTRIES, 0, NULL, &error);
  g_assert_no_error (error);

  /* Many batches, and one set of buffers: a batch that did not fit takes larger ones, a few times at most. */
  g_assert_cmpuint (count_steps (map, &sum, &n_after_first), ==, N_ENTRIES);
  g_assert_cmpuint (sum, ==, expected);
  g_assert_cmpuint (n_after_first, ==, 0);
}

int
main (int argc, char *argv[])
{
  /* Slices of memory are cut from larger pieces, and the piece alone would be counted. GLib reads this when it
   * takes its first, which is before main (). */
  if (g_strcmp0 (g_getenv ("G_SLICE"), "always-malloc") != 0)
    {
      g_setenv ("G_SLICE", "always-malloc", TRUE);
      execv ("/proc/self/exe", argv);
    }

  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-raw/no-allocation", test_no_allocation);
  ebpf_test_add_data ("/object/map-raw/iteration", GINT_TO_POINTER (EBPF_MAP_TYPE_HASH),
                      test_iteration);
  ebpf_test_add_data ("/object/map-raw/iteration-per-cpu",
                      GINT_TO_POINTER (EBPF_MAP_TYPE_PERCPU_HASH), test_iteration);
  ebpf_test_add_data ("/object/map-raw/iteration-array", GINT_TO_POINTER (EBPF_MAP_TYPE_ARRAY),
                      test_iteration);

  return g_test_run ();
}
