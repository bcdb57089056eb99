/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The layout is that of struct perf_event_mmap_page and of the records, PERF_RECORD_SAMPLE and
 * PERF_RECORD_LOST, in the kernel's include/uapi/linux/perf_event.h. */

#include "ebpf-perf-ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a record's 16-bit size can say. */
#define MAX_RECORD_SIZE 65536

struct _EbpfPerfRing
{
  int fd;
  guint cpu;
  struct perf_event_mmap_page *control;
  gsize mapped_size;
  const guint8 *data;
  gsize size;      /* of the data: a power of two */
  guint8 *scratch; /* for a record that wraps around; made when first needed */
};

EbpfPerfRing *
ebpf_perf_ring_new (guint cpu, const EbpfPerfRingOptions *options, GError **error)
{
  gsize page_size = (gsize) sysconf (_SC_PAGESIZE);
  EbpfPerfRing *ring;
  gpointer memory;
  int fd;

  fd = ebpf_plugin_open_bpf_output (cpu, options->wakeup_events, options->wakeup_bytes, error);
  if (fd < 0)
    return NULL;

  ring = g_new0 (EbpfPerfRing, 1);
  ring->fd = fd;
  ring->cpu = cpu;
  ring->size = options->n_pages * page_size;
  ring->mapped_size = page_size + ring->size;

  memory = mmap (NULL, ring->mapped_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED)
    {
      int errsv = errno;

      if (errsv == EPERM || errsv == ENOMEM)
        ebpf_plugin_set_error (error, EBPF_ERROR_LIMIT, errsv,
                               "mapping %" G_GSIZE_FORMAT
                               " pages for the perf event of CPU %u: %s; "
                               "make pages-per-cpu smaller, or raise RLIMIT_MEMLOCK or the sysctl "
                               "kernel.perf_event_mlock_kb",
                               options->n_pages, cpu, g_strerror (errsv));
      else
        ebpf_plugin_set_system_error (
            error, errsv, "mapping %" G_GSIZE_FORMAT " pages for the perf event of CPU %u",
            options->n_pages, cpu);
      ebpf_perf_ring_free (ring);
      return NULL;
    }

  ring->control = memory;
  ring->data = (const guint8 *) memory + page_size;

  return ring;
}

void
ebpf_perf_ring_free (EbpfPerfRing *ring)
{
  if (ring->control != NULL)
    munmap (ring->control, ring->mapped_size);
  close (ring->fd);
  g_free (ring->scratch);
  g_free (ring);
}

guint
ebpf_perf_ring_get_cpu (EbpfPerfRing *ring)
{
  return ring->cpu;
}

int
ebpf_perf_ring_get_fd (EbpfPerfRing *ring)
{
  return ring->fd;
}

static guint64
load_head (EbpfPerfRing *ring)
{
  return __atomic_load_n (&ring->control->data_head, __ATOMIC_ACQUIRE);
}

static void
store_tail (EbpfPerfRing *ring, guint64 tail)
{
  __atomic_store_n (&ring->control->data_tail, tail, __ATOMIC_RELEASE);
}

gboolean
ebpf_perf_ring_has_data (EbpfPerfRing *ring)
{
  return load_head (ring) != __atomic_load_n (&ring->control->data_tail, __ATOMIC_RELAXED);
}

/* The bytes at a position, in one piece. */
static const guint8 *
get_bytes (EbpfPerfRing *ring, guint64 position, gsize size)
{
  gsize offset = (gsize) (position & (ring->size - 1));
  gsize first = ring->size - offset;

  if (size <= first)
    return ring->data + offset;

  if (ring->scratch == NULL)
    ring->scratch = g_malloc (MAX_RECORD_SIZE);
  memcpy (ring->scratch, ring->data + offset, first);
  memcpy (ring->scratch + first, ring->data, size - first);

  return ring->scratch;
}

static gboolean
set_damaged (EbpfPerfRing *ring, guint64 tail, guint64 head, guint size, GError **error)
{
  store_tail (ring, tail);
  ebpf_plugin_set_error (
      error, EBPF_ERROR_MALFORMED, 0,
      "the perf ring of CPU %u is damaged: a record of %u bytes at position %" G_GUINT64_FORMAT
      ", where %" G_GUINT64_FORMAT " bytes were written",
      ring->cpu, size, tail, head - tail);
  return FALSE;
}

gboolean
ebpf_perf_ring_drain (EbpfPerfRing *ring,
                      gsize *max_records,
                      EbpfRecordFunc func,
                      gpointer user_data,
                      gboolean *go_on,
                      guint64 *n_lost,
                      GError **error)
{
  /* Freed in bulk: the kernel reads the page that the position is on. */
  const guint64 publish_after = ring->size / 4;
  guint64 tail = __atomic_load_n (&ring->control->data_tail, __ATOMIC_RELAXED);
  guint64 published = tail;
  guint64 head = load_head (ring);

  while (*go_on && *max_records > 0 && tail != head)
    {
      struct perf_event_header header;
      const guint8 *record;

      if (head - tail > ring->size || head - tail < sizeof header)
        return set_damaged (ring, tail, head, 0, error);

      memcpy (&header, get_bytes (ring, tail, sizeof header), sizeof header);
      if (header.size < sizeof header || header.size > head - tail)
        return set_damaged (ring, tail, head, header.size, error);

      record = get_bytes (ring, tail, header.size);

      if (header.type == PERF_RECORD_SAMPLE)
        {
          guint32 size;

          if (header.size < sizeof header + sizeof size)
            return set_damaged (ring, tail, head, header.size, error);
          memcpy (&size, record + sizeof header, sizeof size);
          if (size > header.size - sizeof header - sizeof size)
            return set_damaged (ring, tail, head, header.size, error);

          *go_on = func (record + sizeof header + sizeof size, size, (int) ring->cpu, user_data);
          (*max_records)--;
        }
      else if (header.type == PERF_RECORD_LOST)
        {
          guint64 lost;

          /* The event's id, and the number. */
          if (header.size < sizeof header + 2 * sizeof lost)
            return set_damaged (ring, tail, head, header.size, error);
          memcpy (&lost, record + sizeof header + sizeof lost, sizeof lost);
          *n_lost += lost;
        }

      tail += header.size;
      if (tail - published >= publish_after)
        {
          store_tail (ring, tail);
          published = tail;
        }
    }

  if (tail != published)
    store_tail (ring, tail);

  return TRUE;
}
