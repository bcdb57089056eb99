/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writing, taking away and going through entries, and what decoding costs. */

#include "bench.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N_OPERATIONS 4096
#define N_ENTRIES 1000000u
#define N_ITEMS 100000u
#define N_CHANGED (N_ITEMS / 100)

static EbpfMap *
new_map (EbpfMapType type, guint max_entries, guint flags, GError **error)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("bench", type, sizeof (guint32), sizeof (guint64), max_entries);

  ebpf_map_spec_set_map_flags (spec, flags);

  return ebpf_map_new (spec, error);
}

/* Keys from 0 on, with values of CPU 0 alone where there are several. */
static gboolean
fill (EbpfMap *map, guint n_entries, GError **error)
{
  const gsize value_size = ebpf_map_get_value_buffer_size (map);
  g_autofree guint32 *keys = g_new (guint32, n_entries);
  g_autofree guint8 *values = g_malloc0_n (n_entries, value_size);

  for (guint32 i = 0; i < n_entries; i++)
    {
      keys[i] = i;
      memcpy (values + i * value_size, &i, sizeof i);
    }

  return ebpf_map_update_batch_raw (map, keys, values, n_entries, 0, NULL, error);
}

static int
bare (int command, int fd, gconstpointer key, gconstpointer value)
{
  const guint size = offsetof (union bpf_attr, flags) + sizeof (guint64);
  union bpf_attr attr;

  memset (&attr, 0, size);
  attr.map_fd = (guint32) fd;
  attr.key = (guintptr) key;
  attr.value = (guintptr) value;

  return (int) syscall (SYS_bpf, command, &attr, size);
}

static double
update_ours (gpointer data)
{
  double start = bench_cpu_now ();

  for (guint32 i = 0; i < N_OPERATIONS; i++)
    {
      guint32 key = i & 255;
      guint64 value = i;

      if (!ebpf_map_update_raw (data, &key, &value, 0, NULL))
        return -1;
    }

  return (bench_cpu_now () - start) / N_OPERATIONS;
}

static double
update_peer (gpointer data)
{
  int fd = ebpf_map_peek_fd (data);
  double start = bench_cpu_now ();

  for (guint32 i = 0; i < N_OPERATIONS; i++)
    {
      guint32 key = i & 255;
      guint64 value = i;

      if (bare (BPF_MAP_UPDATE_ELEM, fd, &key, &value) != 0)
        return -1;
    }

  return (bench_cpu_now () - start) / N_OPERATIONS;
}

gboolean
bench_update (double *ours, double *peer, GError **error)
{
  g_autoptr (EbpfMap) map = new_map (EBPF_MAP_TYPE_ARRAY, 256, 0, error);

  return map != NULL &&
         bench_compare (update_ours, update_peer, map, FALSE, 1000, ours, peer, error);
}

/* What is taken away is put back between the measurements. */
static double
delete_ours (gpointer data)
{
  double start;

  if (!fill (data, N_OPERATIONS, NULL))
    return -1;

  start = bench_cpu_now ();
  for (guint32 key = 0; key < N_OPERATIONS; key++)
    if (!ebpf_map_delete_key_raw (data, &key, NULL))
      return -1;

  return (bench_cpu_now () - start) / N_OPERATIONS;
}

static double
delete_peer (gpointer data)
{
  int fd = ebpf_map_peek_fd (data);
  double start;

  if (!fill (data, N_OPERATIONS, NULL))
    return -1;

  start = bench_cpu_now ();
  for (guint32 key = 0; key < N_OPERATIONS; key++)
    if (bare (BPF_MAP_DELETE_ELEM, fd, &key, NULL) != 0)
      return -1;

  return (bench_cpu_now () - start) / N_OPERATIONS;
}

gboolean
bench_delete (double *ours, double *peer, GError **error)
{
  g_autoptr (EbpfMap) map = new_map (EBPF_MAP_TYPE_HASH, 2 * N_OPERATIONS, 0, error);

  return map != NULL &&
         bench_compare (delete_ours, delete_peer, map, FALSE, 500, ours, peer, error);
}

/* Both sides in turn go a part of the way, so that what else happens on the machine happens to both. */
#define SLICE 20000

typedef struct
{
  EbpfMap *map;
  EbpfMapIterator *iterator;
  guint8 *value;
  guint32 key;
  gboolean started;
  guint64 sums[2]; /* of what is to be 0 */
  guint counts[2];
} Iteration;

/* Each goes on where it was; at the end of the map it says how far that was. */
static double
iterate_ours (gpointer data)
{
  Iteration *self = data;
  double start = bench_cpu_now ();

  for (guint i = 0; i < SLICE && ebpf_map_iterator_next (self->iterator, NULL); i++)
    {
      gconstpointer key, value;

      ebpf_map_iterator_peek (self->iterator, &key, &value);
      self->sums[0] += *(const guint32 *) key - *(const guint32 *) value;
      self->counts[0]++;
    }

  return (bench_cpu_now () - start) / SLICE;
}

static double
iterate_peer (gpointer data)
{
  Iteration *self = data;
  int fd = ebpf_map_peek_fd (self->map);
  double start = bench_cpu_now ();
  guint32 next;

  for (guint i = 0;
       i < SLICE && bpf_map_get_next_key (fd, self->started ? &self->key : NULL, &next) == 0; i++)
    {
      if (bpf_map_lookup_elem (fd, &next, self->value) != 0)
        return -1;
      self->sums[1] += next - *(const guint32 *) (gpointer) self->value;
      self->counts[1]++;
      self->key = next;
      self->started = TRUE;
    }

  return (bench_cpu_now () - start) / SLICE;
}

/* Takes all slices of both, several times through the map, and checks that each saw all of it. */
static gboolean
iterate (EbpfMapType type, double *ours, double *peer, GError **error)
{
  const guint n_slices = N_ENTRIES / SLICE, n_rounds = 3;
  g_autoptr (EbpfMap) map = new_map (type, N_ENTRIES, 0, error);
  g_autofree guint8 *value = NULL;
  double sums[2] = { 0, 0 };

  if (map == NULL || !fill (map, N_ENTRIES, error))
    return FALSE;
  value = g_malloc (ebpf_map_get_value_buffer_size (map));

  for (guint round = 0; round < n_rounds; round++)
    {
      g_autoptr (EbpfMapIterator) iterator = ebpf_map_iterate (map);
      Iteration self = { .map = map, .iterator = iterator, .value = value };

      for (guint slice = 0; slice < n_slices; slice++)
        for (guint i = 0; i < 2; i++)
          {
            guint which = (slice + i) % 2;
            double sample = which == 0 ? iterate_ours (&self) : iterate_peer (&self);

            if (sample < 0)
              self.counts[which] = 0;
            sums[which] += sample;
          }

      for (guint i = 0; i < 2; i++)
        if (self.counts[i] != N_ENTRIES || self.sums[i] != 0)
          {
            g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s did not see every entry",
                         i == 0 ? "libebpf-core" : "the peer");
            return FALSE;
          }
    }

  *ours = sums[0] / (n_slices * n_rounds);
  *peer = sums[1] / (n_slices * n_rounds);
  return TRUE;
}

gboolean
bench_iterate (double *ours, double *peer, GError **error)
{
  return iterate (EBPF_MAP_TYPE_HASH, ours, peer, error);
}

gboolean
bench_iterate_per_cpu (double *ours, double *peer, GError **error)
{
  return iterate (EBPF_MAP_TYPE_PERCPU_HASH, ours, peer, error);
}

static double
variant_ours (gpointer data)
{
  double start = bench_cpu_now ();

  for (guint32 i = 0; i < N_OPERATIONS; i++)
    {
      GVariant *value = ebpf_map_lookup (data, g_variant_new_uint32 (i & 255), NULL);

      if (value == NULL)
        return -1;
      g_variant_unref (value);
    }

  return (bench_cpu_now () - start) / N_OPERATIONS;
}

static double
variant_peer (gpointer data)
{
  guint8 value[64];
  double start = bench_cpu_now ();

  for (guint32 i = 0; i < N_OPERATIONS; i++)
    {
      guint32 key = i & 255;

      if (!ebpf_map_lookup_raw (data, &key, value, 0, NULL))
        return -1;
    }

  return (bench_cpu_now () - start) / N_OPERATIONS;
}

gboolean
bench_lookup_variant (double *ours, double *peer, GError **error)
{
  g_autoptr (EbpfCollectionSpec) spec =
      ebpf_collection_spec_new_from_path (BENCH_OBJECTS "/bench-maps.bpf.o", error);
  g_autoptr (EbpfMap) map = NULL;

  if (spec == NULL)
    return FALSE;
  map = ebpf_map_new (ebpf_collection_spec_get_map (spec, "records"), error);
  if (map == NULL)
    return FALSE;

  for (guint32 key = 0; key < 256; key++)
    if (!ebpf_map_update (map, g_variant_new_uint32 (key),
                          g_variant_new_parsed ("{'time': <uint64 1234567890123>, 'pid': <4711>, "
                                                "'cpu': <1>, 'status': <-1>, 'port': <80>, "
                                                "'comm': <'bash'>}"),
                          EBPF_UPDATE_FLAGS_ANY, error))
      return FALSE;

  return bench_compare (variant_ours, variant_peer, map, FALSE, 200, ours, peer, error);
}

typedef struct
{
  EbpfMap *map;
  EbpfMapModel *model;
  guint64 round;
} Refresh;

/* Changes one entry of a hundred, then refreshes, which is what counts. */
static double
refresh_ours (gpointer data)
{
  Refresh *refresh = data;
  double start;

  refresh->round++;
  for (guint32 i = 0; i < N_CHANGED; i++)
    {
      guint32 key = (guint32) ((i * 97 + refresh->round) % N_ITEMS);
      guint64 value = refresh->round << 32 | i;

      if (!ebpf_map_update_raw (refresh->map, &key, &value, 0, NULL))
        return -1;
    }

  start = bench_cpu_now ();
  if (!ebpf_map_model_refresh (refresh->model, NULL) ||
      g_list_model_get_n_items (G_LIST_MODEL (refresh->model)) != N_ITEMS)
    return -1;

  return bench_cpu_now () - start;
}

/* Nobody else has such a model: what it may take. */
static double
refresh_peer (gpointer data)
{
  return 60e6;
}

gboolean
bench_refresh (double *ours, double *peer, GError **error)
{
  Refresh refresh = { 0 };
  gboolean done;

  refresh.map = new_map (EBPF_MAP_TYPE_HASH, N_ITEMS, 0, error);
  if (refresh.map == NULL)
    return FALSE;

  refresh.model = ebpf_map_model_new (refresh.map, 0);
  done = fill (refresh.map, N_ITEMS, error) &&
         bench_compare (refresh_ours, refresh_peer, &refresh, FALSE, 40, ours, peer, error);
  *ours /= 1e6;
  *peer /= 1e6;
  g_object_unref (refresh.model);
  g_object_unref (refresh.map);

  return done;
}
