/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The raw forms promise one system call and nothing else. This program counts what malloc is
 * asked for. */

#include <ebpf.h>

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

static void
test_no_allocation (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("raw", EBPF_MAP_TYPE_HASH, 4, 8, 64);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  guint n_found = 0, n_missed = 0, n_updated = 0;

  if (!ebpf_test_require_bpf ())
    return;
  if (!CAN_COUNT)
    {
      g_test_skip ("malloc cannot be counted here");
      return;
    }

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);

  /* The counter itself works. */
  counting = TRUE;
  g_free (g_malloc (1));
  counting = FALSE;
  g_assert_cmpuint (n_allocations, ==, 1);
  n_allocations = 0;

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
  counting = FALSE;

  g_assert_cmpuint (n_allocations, ==, 0);
  g_assert_cmpuint (n_updated, ==, 64);
  g_assert_cmpuint (n_found, ==, 64);
  g_assert_cmpuint (n_missed, ==, 36);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-raw/no-allocation", test_no_allocation);

  return g_test_run ();
}
