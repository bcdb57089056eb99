/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-reader-source-private.h"

typedef struct
{
  GSource source;
  gpointer tag;
} ReaderSource;

static gboolean
reader_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);

  return callback != NULL ? callback (user_data) : G_SOURCE_REMOVE;
}

static GSourceFuncs reader_source_funcs = { .dispatch = reader_source_dispatch };

GSource *
ebpf_reader_source_new (int fd, const char *name)
{
  GSource *source = g_source_new (&reader_source_funcs, sizeof (ReaderSource));

  ((ReaderSource *) source)->tag = g_source_add_unix_fd (source, fd, G_IO_IN);
  g_source_set_name (source, name);

  return source;
}

gboolean
ebpf_reader_source_is_ready (GSource *source)
{
  return (g_source_query_unix_fd (source, ((ReaderSource *) source)->tag) & G_IO_IN) != 0;
}

void
ebpf_reader_source_arm (GSource *source, gboolean watch, gint64 delay_us)
{
  if (g_source_is_destroyed (source))
    return;

  g_source_modify_unix_fd (source, ((ReaderSource *) source)->tag, watch ? G_IO_IN : 0);
  g_source_set_ready_time (source, delay_us >= 0 ? g_get_monotonic_time () + delay_us : -1);
}
