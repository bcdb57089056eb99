/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The layout of a ring buffer in memory is that of the kernel's kernel/bpf/ringbuf.c: a page with
 * the consumer's position, a page with the producers' position, and the data twice in a row, so
 * that a record that wraps around can be read in one piece. */

#include "ebpf-ringbuf-reader.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* A record's header: its length, of which two bits are flags, and the kernel's own offset. */
#define HEADER_SIZE 8
#define FLAG_BUSY (1u << 31)
#define FLAG_DISCARD (1u << 30)

struct _EbpfRingbufReader
{
  EbpfReader parent_instance;

  int fd;
  gsize page_size;
  gsize size; /* of the data: a power of two */
  gulong *consumer_position;
  gulong *producer_position;
  const guint8 *data;
};

G_DEFINE_FINAL_TYPE (EbpfRingbufReader, ebpf_ringbuf_reader, EBPF_TYPE_READER)

static gssize
ebpf_ringbuf_reader_drain (EbpfReader *reader,
                           gsize max_records,
                           EbpfRecordFunc func,
                           gpointer user_data,
                           guint64 *n_lost,
                           GError **error)
{
  EbpfRingbufReader *self = EBPF_RINGBUF_READER (reader);
  const gulong mask = self->size - 1;
  /* To tell the kernel of each record would make the page with the position travel between CPUs. To
   * tell it only at the end would leave programs without room. */
  const gulong publish_after = self->size / 4;
  gulong consumer = __atomic_load_n (self->consumer_position, __ATOMIC_RELAXED);
  gulong published = consumer;
  gulong producer;
  gboolean go_on = TRUE;
  gsize n = 0;

  do
    {
      producer = __atomic_load_n (self->producer_position, __ATOMIC_ACQUIRE);

      while (go_on && n < max_records && consumer != producer)
        {
          const guint8 *header = self->data + (consumer & mask);
          guint32 length = __atomic_load_n ((const guint32 *) header, __ATOMIC_ACQUIRE);
          gulong total;
          guint32 size;

          /* Still being written. What comes after it waits, so that the order is kept. */
          if (length & FLAG_BUSY)
            {
              go_on = FALSE;
              break;
            }

          size = length & ~(FLAG_BUSY | FLAG_DISCARD);
          total = ((gulong) size + HEADER_SIZE + 7) & ~(gulong) 7;
          if (total > producer - consumer || producer - consumer > self->size)
            {
              __atomic_store_n (self->consumer_position, consumer, __ATOMIC_RELEASE);
              ebpf_plugin_set_error (error, EBPF_ERROR_MALFORMED, 0,
                                     "ring buffer %s is damaged: a record of %u bytes at position "
                                     "%lu, where %lu bytes were written",
                                     ebpf_map_get_name (ebpf_reader_get_map (reader)), size,
                                     consumer, producer - consumer);
              return -1;
            }

          if (!(length & FLAG_DISCARD))
            {
              go_on = func (header + HEADER_SIZE, size, -1, user_data);
              n++;
            }

          consumer += total;
          if (consumer - published >= publish_after)
            {
              __atomic_store_n (self->consumer_position, consumer, __ATOMIC_RELEASE);
              published = consumer;
            }
        }

      if (consumer != published)
        {
          __atomic_store_n (self->consumer_position, consumer, __ATOMIC_RELEASE);
          published = consumer;
        }

      /* A program that wrote a record before it could see that we had caught up did not wake us:
       * look once more, after our position is to be seen. */
      __atomic_thread_fence (__ATOMIC_SEQ_CST);
    }
  while (go_on && n < max_records &&
         __atomic_load_n (self->producer_position, __ATOMIC_ACQUIRE) != consumer);

  return (gssize) n;
}

static int
ebpf_ringbuf_reader_get_poll_fd (EbpfReader *reader)
{
  return EBPF_RINGBUF_READER (reader)->fd;
}

static void
ebpf_ringbuf_reader_close (EbpfReader *reader)
{
  EbpfRingbufReader *self = EBPF_RINGBUF_READER (reader);

  if (self->producer_position != NULL)
    munmap (self->producer_position, self->page_size + 2 * self->size);
  self->producer_position = NULL;
  self->data = NULL;

  if (self->consumer_position != NULL)
    munmap (self->consumer_position, self->page_size);
  self->consumer_position = NULL;

  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static void
ebpf_ringbuf_reader_class_init (EbpfRingbufReaderClass *klass)
{
  EbpfReaderClass *reader_class = EBPF_READER_CLASS (klass);

  reader_class->drain = ebpf_ringbuf_reader_drain;
  reader_class->get_poll_fd = ebpf_ringbuf_reader_get_poll_fd;
  reader_class->close = ebpf_ringbuf_reader_close;
}

static void
ebpf_ringbuf_reader_init (EbpfRingbufReader *self)
{
  self->fd = -1;
  self->page_size = (gsize) sysconf (_SC_PAGESIZE);
}

/* NULL with @error. */
static gpointer
map_memory (EbpfRingbufReader *self, gsize offset, gsize size, int protection, GError **error)
{
  gpointer memory = mmap (NULL, size, protection, MAP_SHARED, self->fd, (off_t) offset);
  const char *name;
  int errsv = errno;

  if (memory != MAP_FAILED)
    return memory;

  name = ebpf_map_get_name (ebpf_reader_get_map (EBPF_READER (self)));
  if ((errsv == EPERM || errsv == EACCES) && (protection & PROT_WRITE))
    ebpf_plugin_set_error (error, EBPF_ERROR_PERMISSION, errsv,
                           "mapping the consumer page of ring buffer %s: %s; a descriptor that was "
                           "opened for reading only cannot take records out",
                           name, g_strerror (errsv));
  else
    ebpf_plugin_set_system_error (
        error, errsv, "mapping %" G_GSIZE_FORMAT " bytes of ring buffer %s", size, name);

  return NULL;
}

EbpfReader *
ebpf_ringbuf_reader_new (EbpfMap *map, GError **error)
{
  g_autoptr (EbpfRingbufReader) self = NULL;

  self = g_object_new (EBPF_TYPE_RINGBUF_READER, "map", map, NULL);
  ebpf_reader_set_record_type (EBPF_READER (self), ebpf_map_get_value_type (map));

  self->size = ebpf_map_get_max_entries (map);
  if (self->size == 0 || (self->size & (self->size - 1)) != 0)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_INCOMPATIBLE, 0,
                             "map %s cannot be a ring buffer: its size of %" G_GSIZE_FORMAT
                             " bytes is not a power of two",
                             ebpf_map_get_name (map), self->size);
      return NULL;
    }

  self->fd = ebpf_map_dup_fd (map, error);
  if (self->fd < 0)
    return NULL;

  self->consumer_position = map_memory (self, 0, self->page_size, PROT_READ | PROT_WRITE, error);
  if (self->consumer_position == NULL)
    return NULL;

  self->producer_position =
      map_memory (self, self->page_size, self->page_size + 2 * self->size, PROT_READ, error);
  if (self->producer_position == NULL)
    return NULL;

  self->data = (const guint8 *) self->producer_position + self->page_size;

  return EBPF_READER (g_steal_pointer (&self));
}
