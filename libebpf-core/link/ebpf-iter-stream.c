/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-iter-stream-private.h"

#include <errno.h>
#include <unistd.h>

#include "sys/ebpf-sys-private.h"

/* A GInputStream over a run of an iterator. Reading is what runs the program, so that there is nothing
 * to poll; that it ran for long and wrote nothing is told by EAGAIN. */

#define EBPF_TYPE_ITER_STREAM (ebpf_iter_stream_get_type ())
G_DECLARE_FINAL_TYPE (EbpfIterStream, ebpf_iter_stream, EBPF, ITER_STREAM, GInputStream)

struct _EbpfIterStream
{
  GInputStream parent_instance;

  char *what;
  int fd;
};

G_DEFINE_FINAL_TYPE (EbpfIterStream, ebpf_iter_stream, G_TYPE_INPUT_STREAM)

static gssize
ebpf_iter_stream_read (GInputStream *stream,
                       void *buffer,
                       gsize size,
                       GCancellable *cancellable,
                       GError **error)
{
  EbpfIterStream *self = EBPF_ITER_STREAM (stream);

  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      gssize n = read (self->fd, buffer, MIN (size, G_MAXSSIZE));

      if (n >= 0)
        return n;
      if (errno == EINTR || errno == EAGAIN)
        continue;

      ebpf_sys_set_error (error, errno, "reading what %s writes", self->what);
      return -1;
    }

  return -1;
}

static gboolean
ebpf_iter_stream_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  ebpf_sys_clear_fd (&EBPF_ITER_STREAM (stream)->fd);
  return TRUE;
}

static void
ebpf_iter_stream_finalize (GObject *object)
{
  EbpfIterStream *self = EBPF_ITER_STREAM (object);

  ebpf_sys_clear_fd (&self->fd);
  g_free (self->what);
  G_OBJECT_CLASS (ebpf_iter_stream_parent_class)->finalize (object);
}

static void
ebpf_iter_stream_class_init (EbpfIterStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ebpf_iter_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = ebpf_iter_stream_read;
  G_INPUT_STREAM_CLASS (klass)->close_fn = ebpf_iter_stream_close;
}

static void
ebpf_iter_stream_init (EbpfIterStream *self)
{
  self->fd = -1;
}

GInputStream *
ebpf_iter_stream_new (int fd, const char *what)
{
  EbpfIterStream *self = g_object_new (EBPF_TYPE_ITER_STREAM, NULL);

  self->fd = fd;
  self->what = g_strdup (what);
  return G_INPUT_STREAM (self);
}
