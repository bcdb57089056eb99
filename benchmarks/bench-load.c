/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From an object file to programs in the kernel. Each sample is a process of its own, as each run
 * of a tool is: that includes what a library does once, such as registering its types. */

#include "bench.h"

#include <bpf/libbpf.h>

#define PLAIN_OBJECT BENCH_OBJECTS "/bench.bpf.o"
#define CORE_OBJECT BENCH_OBJECTS "/bench-core.bpf.o"
#define KSYMS_OBJECT BENCH_OBJECTS "/bench-ksyms.bpf.o"
#define MANY_OBJECT BENCH_OBJECTS "/bench-many.bpf.o"
#define NO_RELOCATIONS_OBJECT BENCH_OBJECTS "/bench-plain.bpf.o"

static double
open_ours (gpointer data)
{
  double start = bench_cpu_now ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (data, &error);
  double stop = bench_cpu_now ();

  if (spec == NULL)
    {
      g_printerr ("%s\n", error->message);
      return -1;
    }

  return stop - start;
}

static double
open_peer (gpointer data)
{
  double start = bench_cpu_now ();
  struct bpf_object *object = bpf_object__open_file (data, NULL);
  double stop = bench_cpu_now ();

  if (object == NULL)
    return -1;

  bpf_object__close (object);
  return stop - start;
}

static double
load_ours (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (data, &error);
  g_autoptr (EbpfCollection) collection = NULL;
  double start, stop;
  gboolean loaded;

  if (spec == NULL)
    {
      g_printerr ("%s\n", error->message);
      return -1;
    }

  start = bench_now ();
  collection = ebpf_collection_new (spec);
  loaded = ebpf_collection_load (collection, NULL, NULL, &error);
  stop = bench_now ();

  if (!loaded)
    {
      g_printerr ("%s\n", error->message);
      return -1;
    }

  return stop - start;
}

static double
load_peer (gpointer data)
{
  struct bpf_object *object = bpf_object__open_file (data, NULL);
  double start, stop;
  int result;

  if (object == NULL)
    return -1;

  start = bench_now ();
  result = bpf_object__load (object);
  stop = bench_now ();
  bpf_object__close (object);

  return result == 0 ? stop - start : -1;
}

static gboolean
compare (BenchFunc ours,
         BenchFunc peer,
         const char *object,
         gboolean forked,
         guint n_samples,
         double *ours_us,
         double *peer_us,
         GError **error)
{
  if (!bench_compare (ours, peer, (gpointer) object, forked, n_samples, ours_us, peer_us, error))
    return FALSE;

  *ours_us /= 1000;
  *peer_us /= 1000;
  return TRUE;
}

gboolean
bench_open (double *ours, double *peer, GError **error)
{
  return compare (open_ours, open_peer, CORE_OBJECT, TRUE, 200, ours, peer, error);
}

/* In a process that has done it before. */
gboolean
bench_open_again (double *ours, double *peer, GError **error)
{
  return compare (open_ours, open_peer, CORE_OBJECT, FALSE, 1000, ours, peer, error);
}

gboolean
bench_load (double *ours, double *peer, GError **error)
{
  return compare (load_ours, load_peer, PLAIN_OBJECT, TRUE, 60, ours, peer, error);
}

gboolean
bench_load_core (double *ours, double *peer, GError **error)
{
  return compare (load_ours, load_peer, CORE_OBJECT, TRUE, 40, ours, peer, error);
}

gboolean
bench_load_many (double *ours, double *peer, GError **error)
{
  return compare (load_ours, load_peer, MANY_OBJECT, TRUE, 40, ours, peer, error);
}

gboolean
bench_load_ksyms (double *ours, double *peer, GError **error)
{
  return compare (load_ours, load_peer, KSYMS_OBJECT, TRUE, 40, ours, peer, error);
}

/* What relocations cost: the load less that of the same instructions without any, which is the
 * second of the two here, when all that is done once has been done. */
static double
first_work (gpointer data)
{
  double with = load_ours (data), without = load_ours ((gpointer) NO_RELOCATIONS_OBJECT);

  return with < 0 || without < 0 ? -1 : MAX (with - without, 0);
}

static double
second_work (gpointer data)
{
  double with = 0, without = 0;

  if (load_ours (data) < 0 || load_ours ((gpointer) NO_RELOCATIONS_OBJECT) < 0)
    return -1;

  /* The fastest of a few: the difference is small beside either. */
  for (guint i = 0; i < 8; i++)
    {
      double one = load_ours (data), other = load_ours ((gpointer) NO_RELOCATIONS_OBJECT);

      if (one < 0 || other < 0)
        return -1;
      with = i == 0 ? one : MIN (with, one);
      without = i == 0 ? other : MIN (without, other);
    }

  return MAX (with - without, 0);
}

/* Ours against ours: the peer is the first load. */
gboolean
bench_load_many_again (double *ours, double *peer, GError **error)
{
  return compare (second_work, first_work, MANY_OBJECT, TRUE, 20, ours, peer, error);
}
