/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpf-perf-array-reader.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

struct _EbpfPerfArrayReader
{
  EbpfReader parent_instance;

  /* A descriptor of our own: the kernel empties the array when the last one of those that it was
   * filled through is closed. */
  EbpfMap *map;
  GPtrArray *rings; /* of EbpfPerfRing */
  guint next;       /* the ring to begin with, so that a busy CPU does not starve the others */
  int epoll_fd;
};

G_DEFINE_FINAL_TYPE (EbpfPerfArrayReader, ebpf_perf_array_reader, EBPF_TYPE_READER)

static gssize
ebpf_perf_array_reader_drain (EbpfReader *reader,
                              gsize max_records,
                              EbpfRecordFunc func,
                              gpointer user_data,
                              guint64 *n_lost,
                              GError **error)
{
  EbpfPerfArrayReader *self = EBPF_PERF_ARRAY_READER (reader);
  gsize left = max_records;
  gboolean go_on = TRUE;
  guint i;

  for (i = 0; i < self->rings->len && go_on && left > 0; i++)
    {
      guint index = (self->next + i) % self->rings->len;

      if (!ebpf_perf_ring_drain (g_ptr_array_index (self->rings, index), &left, func, user_data,
                                 &go_on, n_lost, error))
        return -1;
    }

  if (self->rings->len > 0)
    self->next = (self->next + i) % self->rings->len;

  return (gssize) (max_records - left);
}

static gboolean
ebpf_perf_array_reader_is_pending (EbpfReader *reader)
{
  EbpfPerfArrayReader *self = EBPF_PERF_ARRAY_READER (reader);

  for (guint i = 0; i < self->rings->len; i++)
    if (ebpf_perf_ring_has_data (g_ptr_array_index (self->rings, i)))
      return TRUE;

  return FALSE;
}

static int
ebpf_perf_array_reader_get_poll_fd (EbpfReader *reader)
{
  return EBPF_PERF_ARRAY_READER (reader)->epoll_fd;
}

static void
ebpf_perf_array_reader_close (EbpfReader *reader)
{
  EbpfPerfArrayReader *self = EBPF_PERF_ARRAY_READER (reader);

  /* The array holds on to the events. */
  for (guint i = 0; i < self->rings->len; i++)
    {
      guint32 key = ebpf_perf_ring_get_cpu (g_ptr_array_index (self->rings, i));

      ebpf_map_delete_key_raw (self->map, &key, NULL);
    }

  g_ptr_array_set_size (self->rings, 0);
  g_clear_object (&self->map);
  if (self->epoll_fd >= 0)
    close (self->epoll_fd);
  self->epoll_fd = -1;
}

static void
ebpf_perf_array_reader_finalize (GObject *object)
{
  EbpfPerfArrayReader *self = EBPF_PERF_ARRAY_READER (object);

  g_ptr_array_unref (self->rings);

  G_OBJECT_CLASS (ebpf_perf_array_reader_parent_class)->finalize (object);
}

static void
ebpf_perf_array_reader_class_init (EbpfPerfArrayReaderClass *klass)
{
  EbpfReaderClass *reader_class = EBPF_READER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = ebpf_perf_array_reader_finalize;
  reader_class->drain = ebpf_perf_array_reader_drain;
  reader_class->is_pending = ebpf_perf_array_reader_is_pending;
  reader_class->get_poll_fd = ebpf_perf_array_reader_get_poll_fd;
  reader_class->close = ebpf_perf_array_reader_close;
}

static void
ebpf_perf_array_reader_init (EbpfPerfArrayReader *self)
{
  self->epoll_fd = -1;
  self->rings = g_ptr_array_new_with_free_func ((GDestroyNotify) ebpf_perf_ring_free);
}

/* Opens the ring of a CPU and puts it into the array. A CPU that went offline meanwhile is left
 * out. */
static gboolean
add_cpu (EbpfPerfArrayReader *self, guint32 cpu, const EbpfPerfRingOptions *options, GError **error)
{
  const char *name = ebpf_map_get_name (self->map);
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = cpu };
  g_autoptr (GError) local_error = NULL;
  EbpfPerfRing *ring;
  gint32 fd;

  ring = ebpf_perf_ring_new (cpu, options, &local_error);
  if (ring == NULL && ebpf_error_get_errno (local_error) == ENODEV)
    {
      g_debug ("reader of map %s: CPU %u is not online", name, cpu);
      return TRUE;
    }
  if (ring == NULL)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local_error),
                                  "opening a reader of map %s: ", name);
      return FALSE;
    }

  fd = ebpf_perf_ring_get_fd (ring);
  if (epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      ebpf_plugin_set_system_error (error, errno, "opening a reader of map %s: waiting for CPU %u",
                                    name, cpu);
      ebpf_perf_ring_free (ring);
      return FALSE;
    }

  if (!ebpf_map_update_raw (self->map, &cpu, &fd, 0, error))
    {
      ebpf_perf_ring_free (ring);
      return FALSE;
    }

  g_ptr_array_add (self->rings, ring);
  return TRUE;
}

/* The type that a definition gives for the value is that of the records, unless it is merely the 4
 * bytes that the kernel asks for. */
static void
adopt_record_type (EbpfPerfArrayReader *self)
{
  EbpfBtfType *value_type = ebpf_map_get_value_type (self->map);
  EbpfBtfKind kind;

  if (value_type == NULL)
    return;

  {
    g_autoptr (EbpfBtfType) resolved = ebpf_btf_type_resolve (value_type);

    kind = resolved != NULL ? ebpf_btf_type_get_kind (resolved) : EBPF_BTF_KIND_VOID;
  }

  if (kind == EBPF_BTF_KIND_STRUCT || kind == EBPF_BTF_KIND_UNION)
    ebpf_reader_set_record_type (EBPF_READER (self), value_type);
}

EbpfReader *
ebpf_perf_array_reader_new (EbpfMap *map, const EbpfPerfRingOptions *options, GError **error)
{
  g_autoptr (EbpfPerfArrayReader) self = NULL;
  g_autofree guint *cpus = NULL;
  gsize n_cpus;

  self = g_object_new (EBPF_TYPE_PERF_ARRAY_READER, "map", map, NULL);

  self->map = ebpf_map_dup (map, error);
  if (self->map == NULL)
    return NULL;

  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd < 0)
    {
      ebpf_plugin_set_system_error (error, errno, "opening a reader of map %s",
                                    ebpf_map_get_name (map));
      return NULL;
    }

  adopt_record_type (self);

  cpus = ebpf_list_online_cpus (&n_cpus);
  for (gsize i = 0; i < n_cpus; i++)
    {
      if (cpus[i] >= ebpf_map_get_max_entries (map))
        {
          g_debug ("reader of map %s: no room for CPU %u", ebpf_map_get_name (map), cpus[i]);
          continue;
        }

      if (!add_cpu (self, cpus[i], options, error))
        return NULL;
    }

  return EBPF_READER (g_steal_pointer (&self));
}
