/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-reader-source-private.h"

typedef struct
{
  GSource source;
  gpointer tag;
  EbpfReaderSourceFunc is_pending;
  /* As long as the source, which another thread may destroy while it is prepared here: the data of
   * its callback is gone then. */
  GWeakRef reader;
  gboolean pending;
  int watching; /* atomic */
} ReaderSource;

static gboolean
reader_source_prepare (GSource *source, int *timeout_ms)
{
  ReaderSource *self = (ReaderSource *) source;
  g_autoptr (GObject) reader = g_weak_ref_get (&self->reader);

  *timeout_ms = -1;
  self->pending = reader != NULL && g_atomic_int_get (&self->watching) && self->is_pending (reader);

  return self->pending;
}

static gboolean
reader_source_check (GSource *source)
{
  return ebpf_reader_source_is_ready (source);
}

static gboolean
reader_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);

  return callback != NULL ? callback (user_data) : G_SOURCE_REMOVE;
}

static void
reader_source_finalize (GSource *source)
{
  g_weak_ref_clear (&((ReaderSource *) source)->reader);
}

static GSourceFuncs reader_source_funcs = {
  .prepare = reader_source_prepare,
  .check = reader_source_check,
  .dispatch = reader_source_dispatch,
  .finalize = reader_source_finalize,
};

GSource *
ebpf_reader_source_new (int fd, const char *name, gpointer reader, EbpfReaderSourceFunc is_pending)
{
  GSource *source = g_source_new (&reader_source_funcs, sizeof (ReaderSource));
  ReaderSource *self = (ReaderSource *) source;

  self->tag = g_source_add_unix_fd (source, fd, G_IO_IN);
  self->is_pending = is_pending;
  g_weak_ref_init (&self->reader, reader);
  self->watching = TRUE;
  g_source_set_name (source, name);

  return source;
}

gboolean
ebpf_reader_source_is_ready (GSource *source)
{
  ReaderSource *self = (ReaderSource *) source;

  return g_atomic_int_get (&self->watching) &&
         (self->pending || (g_source_query_unix_fd (source, self->tag) & G_IO_IN) != 0);
}

void
ebpf_reader_source_arm (GSource *source, gboolean watch, gint64 delay_us)
{
  ReaderSource *self = (ReaderSource *) source;

  if (g_source_is_destroyed (source))
    return;

  g_atomic_int_set (&self->watching, watch);
  g_source_modify_unix_fd (source, self->tag, watch ? G_IO_IN : 0);
  g_source_set_ready_time (source, delay_us >= 0 ? g_get_monotonic_time () + delay_us : -1);
}
