/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Draining a ring buffer that is filled beforehand: only taking the records out is measured. Each
 * side has a ring of its own. */

#include "bench.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

/* The program writes 1024 records a run; this many runs fill more than half of the ring. */
#define N_RUNS 8
#define N_RECORDS (1024 * N_RUNS)

typedef struct
{
  EbpfCollection *collection;
  EbpfReader *reader;
  struct bpf_object *object;
  struct ring_buffer *ring;
  guint64 n_records;
  guint64 sum;

  /* What a program that keeps the peer's records would write. */
  GByteArray *slab;
  GArray *ends;
} Rings;

static gboolean
fill (int program_fd)
{
  static const char packet[64] = { 0 };

  for (guint i = 0; i < N_RUNS; i++)
    {
      LIBBPF_OPTS (bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof packet,
                   .repeat = 1);

      if (bpf_prog_test_run_opts (program_fd, &options) != 0 || options.retval != 0)
        {
          g_printerr ("filling the ring failed\n");
          return FALSE;
        }
    }

  return TRUE;
}

/* Both look at the same part of each record. */
static inline void
take (Rings *self, gconstpointer data)
{
  guint64 number;

  memcpy (&number, data, sizeof number);
  self->sum += number;
  self->n_records++;
}

static gboolean
on_record_ours (gconstpointer data, gsize size, int cpu, gpointer user_data)
{
  take (user_data, data);
  return TRUE;
}

static int
on_record_peer (void *user_data, void *data, size_t size)
{
  take (user_data, data);
  return 0;
}

static int
on_record_peer_kept (void *user_data, void *data, size_t size)
{
  Rings *self = user_data;
  guint end;

  g_byte_array_append (self->slab, data, (guint) size);
  end = self->slab->len;
  g_array_append_val (self->ends, end);
  return 0;
}

static double
finish (Rings *self, double start)
{
  double stop = bench_cpu_now ();

  if (self->n_records != N_RECORDS)
    {
      g_printerr ("%" G_GUINT64_FORMAT " records came of %d\n", self->n_records, N_RECORDS);
      return -1;
    }

  return (stop - start) / N_RECORDS;
}

static int
get_program_fd (Rings *self)
{
  return ebpf_program_peek_fd (ebpf_collection_get_program (self->collection, "fill"));
}

static double
drain_ours (gpointer data)
{
  Rings *self = data;
  g_autoptr (GError) error = NULL;
  double start;

  if (!fill (get_program_fd (self)))
    return -1;

  self->n_records = 0;
  start = bench_cpu_now ();
  if (ebpf_reader_consume (self->reader, N_RECORDS, on_record_ours, self, &error) < 0)
    {
      g_printerr ("%s\n", error->message);
      return -1;
    }

  return finish (self, start);
}

/* Copied into batches, which is what an application in its main loop gets. */
static double
drain_batches (gpointer data)
{
  Rings *self = data;
  g_autoptr (GError) error = NULL;
  double start;

  if (!fill (get_program_fd (self)))
    return -1;

  self->n_records = 0;
  start = bench_cpu_now ();
  while (self->n_records < N_RECORDS)
    {
      g_autoptr (EbpfRecordBatch) batch = ebpf_reader_read (self->reader, 1000, NULL, &error);
      guint n;

      if (batch == NULL)
        {
          g_printerr ("%s\n", error != NULL ? error->message : "no record came");
          return -1;
        }

      n = ebpf_record_batch_get_n_records (batch);
      for (guint i = 0; i < n; i++)
        take (self, ebpf_record_batch_peek_record (batch, i, NULL));
    }

  return finish (self, start);
}

static double
drain_peer (gpointer data)
{
  Rings *self = data;
  double start;

  if (!fill (bpf_program__fd (bpf_object__find_program_by_name (self->object, "fill"))))
    return -1;

  self->n_records = 0;
  start = bench_cpu_now ();
  if (ring_buffer__consume (self->ring) < 0)
    return -1;

  return finish (self, start);
}

static double
drain_peer_kept (gpointer data)
{
  Rings *self = data;
  guint begin = 0;
  double start;

  if (!fill (bpf_program__fd (bpf_object__find_program_by_name (self->object, "fill"))))
    return -1;

  self->n_records = 0;
  start = bench_cpu_now ();
  self->slab = g_byte_array_new ();
  self->ends = g_array_new (FALSE, FALSE, sizeof (guint));
  if (ring_buffer__consume (self->ring) < 0)
    return -1;
  for (guint i = 0; i < self->ends->len; i++)
    {
      take (self, self->slab->data + begin);
      begin = g_array_index (self->ends, guint, i);
    }
  g_clear_pointer (&self->slab, g_byte_array_unref);
  g_clear_pointer (&self->ends, g_array_unref);

  return finish (self, start);
}

static gboolean
compare (BenchFunc ours,
         BenchFunc peer,
         ring_buffer_sample_fn on_record,
         double *ours_ns,
         double *peer_ns,
         GError **error)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfReader) reader = NULL;
  Rings rings = { 0 };
  gboolean done = FALSE;

  spec = ebpf_collection_spec_new_from_path (BENCH_OBJECTS "/bench.bpf.o", error);
  if (spec == NULL)
    return FALSE;
  collection = ebpf_collection_new (spec);
  if (!ebpf_collection_load (collection, NULL, NULL, error))
    return FALSE;
  reader = ebpf_map_open_reader (ebpf_collection_get_map (collection, "ring"), NULL, error);
  if (reader == NULL)
    return FALSE;

  rings.collection = collection;
  rings.reader = reader;
  rings.object = bpf_object__open_file (BENCH_OBJECTS "/bench.bpf.o", NULL);
  if (rings.object != NULL && bpf_object__load (rings.object) == 0)
    rings.ring = ring_buffer__new (bpf_object__find_map_fd_by_name (rings.object, "ring"),
                                   on_record, &rings, NULL);

  if (rings.ring != NULL)
    done = bench_compare (ours, peer, &rings, FALSE, 300, ours_ns, peer_ns, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the peer could not open its ring buffer");

  ring_buffer__free (rings.ring);
  bpf_object__close (rings.object);
  ebpf_reader_close (reader);
  return done;
}

gboolean
bench_ring (double *ours, double *peer, GError **error)
{
  return compare (drain_ours, drain_peer, on_record_peer, ours, peer, error);
}

gboolean
bench_ring_batch (double *ours, double *peer, GError **error)
{
  return compare (drain_batches, drain_peer_kept, on_record_peer_kept, ours, peer, error);
}
