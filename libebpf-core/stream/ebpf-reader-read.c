/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-reader-private.h"

#include "base/ebpf-error-private.h"
#include "stream/ebpf-reader-source-private.h"
#include "stream/ebpf-record-batch-private.h"

/* Waits for records, for the end of the time (FALSE), or for either cancellable. */
static gboolean
wait_for_records (EbpfReader *self, int fd, gint64 deadline, GCancellable *cancellable)
{
  EbpfReaderPrivate *priv = ebpf_reader_peek_private (self);
  GPollFD fds[3] = { { .fd = fd, .events = G_IO_IN } };
  guint n_fds = 1;
  int timeout_ms = -1;
  int n_ready;

  if (deadline >= 0)
    {
      gint64 left_us = deadline - g_get_monotonic_time ();

      timeout_ms = left_us <= 0 ? 0 : (int) MIN ((left_us + 999) / 1000, G_MAXINT);
    }

  /* The thread that runs the reader's source may take the records out and keep them. */
  if (ebpf_reader_is_running (self) && (timeout_ms < 0 || timeout_ms > 20))
    timeout_ms = 20;

  if (g_cancellable_make_pollfd (priv->closing, &fds[n_fds]))
    n_fds++;
  if (cancellable != NULL && g_cancellable_make_pollfd (cancellable, &fds[n_fds]))
    n_fds++;

  n_ready = g_poll (fds, n_fds, timeout_ms);

  g_cancellable_release_fd (priv->closing);
  if (cancellable != NULL)
    g_cancellable_release_fd (cancellable);

  return n_ready != 0 || deadline < 0 || g_get_monotonic_time () < deadline;
}

/**
 * ebpf_reader_read:
 * @self: a reader
 * @timeout_ms: how long to wait, in milliseconds; 0 not to wait, -1 to wait for ever
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: return location for an error; %EBPF_ERROR_CLOSED where the reader is closed, also by
 * another thread meanwhile
 *
 * Waits until there are records and takes out a batch of them: those that were kept first.
 *
 * Where the time is over and there is no record, the result is %NULL without an error.
 *
 * Returns: (nullable) (transfer full): a batch; or %NULL, with @error set or where the time is over
 */
EbpfRecordBatch *
ebpf_reader_read (EbpfReader *self, int timeout_ms, GCancellable *cancellable, GError **error)
{
  g_autoptr (EbpfRecordBatch) batch = NULL;
  gint64 deadline = timeout_ms >= 0 ? g_get_monotonic_time () + timeout_ms * (gint64) 1000 : -1;
  gboolean in_time = timeout_ms != 0, waited = FALSE;
  int fd;

  g_return_val_if_fail (EBPF_IS_READER (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!ebpf_reader_enter (self, error))
    return NULL;

  fd = ebpf_reader_get_fd (self, error);

  while (fd >= 0)
    {
      g_autoptr (GError) local_error = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        break;

      batch = ebpf_reader_take_kept (self);
      if (batch == NULL)
        batch = ebpf_reader_drain_batch (self, &local_error);

      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          break;
        }

      if (batch != NULL || !in_time)
        break;

      /* Readable, and still nothing: a record that is being written. */
      if (waited)
        g_usleep (100);

      in_time = wait_for_records (self, fd, deadline, cancellable);
      waited = TRUE;
    }

  ebpf_reader_leave (self);

  return g_steal_pointer (&batch);
}

static gboolean
on_waiter_ready (gpointer user_data)
{
  EbpfReaderWaiter *waiter = user_data;
  g_autoptr (EbpfReader) self = g_object_ref (g_task_get_source_object (waiter->task));
  EbpfReaderPrivate *priv = ebpf_reader_peek_private (self);
  g_autoptr (GError) error = NULL;
  EbpfRecordBatch *batch = NULL;
  gboolean waits;

  g_mutex_lock (&priv->lock);
  waits = g_queue_find (&priv->waiters, waiter) != NULL;
  g_mutex_unlock (&priv->lock);

  if (!waits)
    return G_SOURCE_REMOVE;

  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (waiter->task), &error))
    batch = ebpf_reader_drain_batch (self, &error);

  if (error != NULL)
    {
      gboolean removed;

      g_mutex_lock (&priv->lock);
      removed = g_queue_remove (&priv->waiters, waiter);
      g_mutex_unlock (&priv->lock);

      if (removed)
        ebpf_reader_complete_waiter (waiter, NULL, g_steal_pointer (&error));
      return G_SOURCE_REMOVE;
    }

  if (batch == NULL)
    {
      ebpf_reader_source_arm (waiter->source, FALSE, EBPF_READER_BUSY_DELAY_US);
      return G_SOURCE_CONTINUE;
    }

  g_mutex_lock (&priv->lock);
  g_queue_push_tail (&priv->kept, batch);
  g_mutex_unlock (&priv->lock);
  ebpf_reader_serve_waiters (self);
  ebpf_reader_source_arm (waiter->source, TRUE, -1);

  return G_SOURCE_CONTINUE;
}

static gboolean
is_waiter_pending (gpointer reader)
{
  return ebpf_reader_is_pending (reader);
}

static gboolean
on_child_source (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/**
 * ebpf_reader_read_async:
 * @self: a reader
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (nullable) (scope async) (closure user_data): called when there are records
 * @user_data: data for @callback
 *
 * Takes out a batch of records as soon as there are some: those that were kept first. It comes
 * before the signal where the reader runs.
 */
void
ebpf_reader_read_async (EbpfReader *self,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  EbpfReaderPrivate *priv;
  GError *error = NULL;
  GSource *child;
  EbpfReaderWaiter *waiter;
  int fd;

  g_return_if_fail (EBPF_IS_READER (self));

  priv = ebpf_reader_peek_private (self);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ebpf_reader_read_async);
  /* A batch that was taken out must not get lost because of a late cancellation. */
  g_task_set_check_cancellable (task, FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, &error) ||
      !ebpf_reader_enter (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  fd = ebpf_reader_get_fd (self, &error);
  if (fd < 0)
    {
      ebpf_reader_leave (self);
      g_task_return_error (task, error);
      return;
    }

  waiter = g_new0 (EbpfReaderWaiter, 1);
  g_atomic_ref_count_init (&waiter->ref_count);
  waiter->task = g_object_ref (task);
  waiter->source = ebpf_reader_source_new (fd, "EbpfReader.read", self, is_waiter_pending);
  g_atomic_ref_count_inc (&waiter->ref_count);
  g_source_set_callback (waiter->source, on_waiter_ready, waiter,
                         (GDestroyNotify) ebpf_reader_waiter_unref);
  if (cancellable != NULL)
    {
      child = g_cancellable_source_new (cancellable);
      g_source_set_callback (child, on_child_source, NULL, NULL);
      g_source_add_child_source (waiter->source, child);
      g_source_unref (child);
    }

  /* Attached in any case: only then does destroying it break the circle of references. */
  g_mutex_lock (&priv->lock);
  g_source_attach (waiter->source, g_task_get_context (task));
  if (priv->closed)
    {
      ebpf_reader_leave_locked (self);
      ebpf_reader_set_closed_error (&error);
      ebpf_reader_complete_waiter (waiter, NULL, error);
      return;
    }
  g_queue_push_tail (&priv->waiters, waiter);
  ebpf_reader_leave_locked (self);

  ebpf_reader_serve_waiters (self);
}

/**
 * ebpf_reader_read_finish:
 * @self: a reader
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Reader.read_async].
 *
 * Returns: (transfer full): a batch, or %NULL with @error set
 */
EbpfRecordBatch *
ebpf_reader_read_finish (EbpfReader *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EBPF_IS_READER (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Shows the records of a kept batch; what is not wanted any more is kept again. Returns how many
 * were shown. */
static gsize
show_batch (EbpfReader *self,
            EbpfRecordBatch *batch,
            gsize max_records,
            EbpfRecordFunc func,
            gpointer user_data,
            gboolean *go_on)
{
  guint n = ebpf_record_batch_get_n_records (batch);
  guint i = 0;

  while (i < n && i < max_records && *go_on)
    {
      gsize size;
      gconstpointer data = ebpf_record_batch_peek_record (batch, i, &size);

      *go_on = func (data, size, ebpf_record_batch_get_cpu (batch, i), user_data);
      i++;
    }

  if (i < n)
    {
      g_autoptr (EbpfRecordBatch) rest =
          ebpf_record_batch_new (ebpf_record_batch_get_record_type (batch));

      for (guint j = i; j < n; j++)
        {
          gsize size;
          gconstpointer data = ebpf_record_batch_peek_record (batch, j, &size);

          ebpf_record_batch_append (rest, data, size, ebpf_record_batch_get_cpu (batch, j));
        }

      g_mutex_lock (&ebpf_reader_peek_private (self)->lock);
      if (!ebpf_reader_peek_private (self)->closed)
        g_queue_push_head (&ebpf_reader_peek_private (self)->kept, g_steal_pointer (&rest));
      g_mutex_unlock (&ebpf_reader_peek_private (self)->lock);
    }

  return i;
}

/**
 * ebpf_reader_consume: (skip)
 * @self: a reader
 * @max_records: at most so many records; 0 for all that lie ready
 * @func: (scope call) (closure user_data): called with each record where it lies
 * @user_data: data for @func
 * @error: return location for an error
 *
 * Takes out the records that lie ready without copying them, and without waiting. @func may close
 * the reader, but not read from it.
 *
 * Returns: how many there were, or -1 with @error set
 */
gssize
ebpf_reader_consume (EbpfReader *self,
                     gsize max_records,
                     EbpfRecordFunc func,
                     gpointer user_data,
                     GError **error)
{
  EbpfRecordBatch *batch;
  gboolean go_on = TRUE;
  guint64 n_lost = 0;
  gsize n_shown = 0;
  gssize n = 0;

  g_return_val_if_fail (EBPF_IS_READER (self), -1);
  g_return_val_if_fail (func != NULL, -1);
  g_return_val_if_fail (error == NULL || *error == NULL, -1);

  if (max_records == 0)
    max_records = G_MAXSSIZE;

  if (!ebpf_reader_begin_drain (self, error))
    return -1;

  while (go_on && n_shown < max_records && (batch = ebpf_reader_take_kept (self)) != NULL)
    {
      n_shown += show_batch (self, batch, max_records - n_shown, func, user_data, &go_on);
      g_object_unref (batch);
    }

  if (go_on && n_shown < max_records)
    n = ebpf_reader_drain (self, max_records - n_shown, func, user_data, &n_lost,
                           n_shown == 0 ? error : NULL);

  ebpf_reader_end_drain (self, n_lost);

  return n < 0 && n_shown > 0 ? (gssize) n_shown : n < 0 ? -1 : n + (gssize) n_shown;
}
