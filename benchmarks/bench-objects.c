/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All objects of tests/bpf: opened, and loaded. Both sides do the same ones: those that both can. Which those are is
 * found out first, and what is left out is said. */

#include "bench.h"

#include <bpf/libbpf.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

/* Objects that this library refuses on purpose, and why. For any other that libbpf takes and we do not there is
 * no result. */
static const struct
{
  const char *name;
  const char *why;
} refused[] = {
  { "limit.bpf.o", "made to be refused: 40 MiB of instructions out of a file of 480 KiB" },
};

/* Some objects pin their maps: each process has a bpffs of its own, which goes with it. */
static gboolean
enter_own_bpffs (void)
{
  return unshare (CLONE_NEWNS) == 0 && mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
         mount ("bpffs", "/sys/fs/bpf", "bpf", 0, NULL) == 0;
}

/* each function: all objects of @data, in this process; nothing is closed or freed in between */

static double
open_ours (gpointer data)
{
  GPtrArray *paths = data;
  double start = bench_cpu_now ();

  for (guint i = 0; i < paths->len; i++)
    if (ebpf_collection_spec_new_from_path (g_ptr_array_index (paths, i), NULL) == NULL)
      return -1;

  return bench_cpu_now () - start;
}

static double
open_peer (gpointer data)
{
  GPtrArray *paths = data;
  double start = bench_cpu_now ();

  for (guint i = 0; i < paths->len; i++)
    if (bpf_object__open_file (g_ptr_array_index (paths, i), NULL) == NULL)
      return -1;

  return bench_cpu_now () - start;
}

static double
load_one_ours (gpointer data)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  double start;

  if (!enter_own_bpffs ())
    return -1;
  spec = ebpf_collection_spec_new_from_path (data, NULL);
  if (spec == NULL)
    return -1;

  start = bench_now ();
  collection = ebpf_collection_new (spec);
  return ebpf_collection_load (collection, NULL, NULL, NULL) ? bench_now () - start : -1;
}

static double
load_one_peer (gpointer data)
{
  struct bpf_object *object;
  double start, stop;
  int result;

  if (!enter_own_bpffs ())
    return -1;
  object = bpf_object__open_file (data, NULL);
  if (object == NULL)
    return -1;

  start = bench_now ();
  result = bpf_object__load (object);
  stop = bench_now ();
  bpf_object__close (object);

  return result == 0 ? stop - start : -1;
}

/* Each object is gone before the next comes, as some pin maps of the same names. */
static double
load_ours (gpointer data)
{
  GPtrArray *paths = data;
  double sum = 0;

  for (guint i = 0; i < paths->len; i++)
    {
      double one = load_one_ours (g_ptr_array_index (paths, i));

      if (one < 0)
        return -1;
      sum += one;
    }

  return sum;
}

static double
load_peer (gpointer data)
{
  GPtrArray *paths = data;
  double sum = 0;

  for (guint i = 0; i < paths->len; i++)
    {
      double one = load_one_peer (g_ptr_array_index (paths, i));

      if (one < 0)
        return -1;
      sum += one;
    }

  return sum;
}

/* which objects */

static double
try_open_ours (gpointer data)
{
  return ebpf_collection_spec_new_from_path (data, NULL) != NULL ? 0 : -1;
}

static double
try_open_peer (gpointer data)
{
  return bpf_object__open_file (data, NULL) != NULL ? 0 : -1;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
add_name (GString *names, const char *name)
{
  g_string_append_printf (names, "%s%.*s", names->len > 0 ? ", " : "",
                          (int) (strlen (name) - strlen (".bpf.o")), name);
}

static const char *
why_refused (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    if (strcmp (refused[i].name, name) == 0)
      return refused[i].why;

  return NULL;
}

/* Paths of the objects that both can do; NULL with @error. */
static GPtrArray *
choose (const char *what, BenchFunc ours, BenchFunc peer, GError **error)
{
  g_autoptr (GDir) folder = g_dir_open (BENCH_TEST_OBJECTS, 0, error);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) chosen = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) neither = g_string_new (NULL);
  g_autoptr (GString) not_peer = g_string_new (NULL);
  const char *name;

  if (folder == NULL)
    return NULL;

  while ((name = g_dir_read_name (folder)) != NULL)
    if (g_str_has_suffix (name, ".bpf.o"))
      g_ptr_array_add (all, g_build_filename (BENCH_TEST_OBJECTS, name, NULL));
  g_ptr_array_sort (all, compare_paths);

  for (guint i = 0; i < all->len; i++)
    {
      char *path = g_ptr_array_index (all, i);
      g_autofree char *base = g_path_get_basename (path);
      gboolean by_ours = bench_run_forked (ours, path) >= 0;
      gboolean by_peer = bench_run_forked (peer, path) >= 0;

      if (by_ours && by_peer)
        {
          g_ptr_array_add (chosen, g_strdup (path));
        }
      else if (by_ours)
        {
          add_name (not_peer, base);
        }
      else if (!by_peer)
        {
          add_name (neither, base);
        }
      else if (why_refused (base) != NULL)
        {
          bench_note ("%s: without %s, which is %s", what, base, why_refused (base));
        }
      else
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                       "libbpf can do %s, libebpf-core cannot", base);
          return NULL;
        }
    }

  bench_note ("%s: %u of the %u objects in tests/bpf", what, chosen->len, all->len);
  if (not_peer->len > 0)
    bench_note ("%s: without those that libbpf %s refuses: %s", what, libbpf_version_string (),
                not_peer->str);
  if (neither->len > 0)
    bench_note ("%s: without those that neither takes here: %s", what, neither->str);

  return g_steal_pointer (&chosen);
}

static gboolean
finish (gboolean done, double *ours, double *peer)
{
  *ours /= 1000;
  *peer /= 1000;
  return done;
}

gboolean
bench_open_all (double *ours, double *peer, GError **error)
{
  g_autoptr (GPtrArray) paths = choose ("open-all-tests", try_open_ours, try_open_peer, error);

  return paths != NULL &&
         finish (bench_compare (open_ours, open_peer, paths, TRUE, 200, ours, peer, error), ours,
                 peer);
}

/* The same for both rows. */
static GPtrArray *
choose_loadable (GError **error)
{
  static GPtrArray *chosen;

  if (chosen == NULL)
    chosen = choose ("load-all-tests", load_one_ours, load_one_peer, error);

  return chosen;
}

gboolean
bench_load_all (double *ours, double *peer, GError **error)
{
  GPtrArray *paths = choose_loadable (error);

  return paths != NULL &&
         finish (bench_compare_each (load_one_ours, load_one_peer, paths, 15, ours, peer, error),
                 ours, peer);
}

gboolean
bench_load_all_together (double *ours, double *peer, GError **error)
{
  GPtrArray *paths = choose_loadable (error);

  return paths != NULL &&
         finish (bench_compare (load_ours, load_peer, paths, TRUE, 15, ours, peer, error), ours,
                 peer);
}
