/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-reader-private.h"

#include "base/ebpf-error-private.h"
#include "stream/ebpf-record-batch-private.h"

/* Of one batch. */
#define MAX_RECORDS 4096
#define MAX_BYTES (1024 * 1024)

void
ebpf_reader_set_closed_error (GError **error)
{
  ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "the reader is closed");
}

void
ebpf_reader_waiter_unref (EbpfReaderWaiter *waiter)
{
  if (!g_atomic_ref_count_dec (&waiter->ref_count))
    return;

  g_object_unref (waiter->task);
  g_source_unref (waiter->source);
  g_free (waiter);
}

/* Takes the list's reference of a waiter that was taken off the list. */
void
ebpf_reader_complete_waiter (EbpfReaderWaiter *waiter, EbpfRecordBatch *batch, GError *error)
{
  g_source_destroy (waiter->source);
  if (batch != NULL)
    g_task_return_pointer (waiter->task, batch, g_object_unref);
  else
    g_task_return_error (waiter->task, error);
  ebpf_reader_waiter_unref (waiter);
}

/* Calls that use the descriptor or the buffer are counted: what closes the reader meanwhile leaves
 * it to the last of them to free both. */
void
ebpf_reader_leave_locked (EbpfReader *self)
{
  EbpfReaderPrivate *priv = ebpf_reader_peek_private (self);
  gboolean release;

  priv->n_users--;
  release = priv->closed && priv->n_users == 0 && !priv->released;
  if (release)
    priv->released = TRUE;
  g_mutex_unlock (&priv->lock);

  if (release && EBPF_READER_GET_CLASS (self)->close != NULL)
    EBPF_READER_GET_CLASS (self)->close (self);
}

gboolean
ebpf_reader_enter (EbpfReader *self, GError **error)
{
  EbpfReaderPrivate *priv = ebpf_reader_peek_private (self);
  gboolean entered;

  g_mutex_lock (&priv->lock);
  entered = !priv->closed;
  if (entered)
    priv->n_users++;
  g_mutex_unlock (&priv->lock);

  if (!entered)
    ebpf_reader_set_closed_error (error);

  return entered;
}

void
ebpf_reader_leave (EbpfReader *self)
{
  g_mutex_lock (&ebpf_reader_peek_private (self)->lock);
  ebpf_reader_leave_locked (self);
}

int
ebpf_reader_get_fd (EbpfReader *self, GError **error)
{
  EbpfReaderClass *klass = EBPF_READER_GET_CLASS (self);
  int fd = klass->get_poll_fd != NULL && klass->drain != NULL ? klass->get_poll_fd (self) : -1;

  if (fd < 0)
    ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                    "reader %s has no descriptor to wait for; its class must implement drain and "
                    "get_poll_fd",
                    G_OBJECT_TYPE_NAME (self));

  return fd;
}

gboolean
ebpf_reader_is_pending (EbpfReader *self)
{
  gboolean pending;

  if (EBPF_READER_GET_CLASS (self)->is_pending == NULL || !ebpf_reader_enter (self, NULL))
    return FALSE;

  pending = EBPF_READER_GET_CLASS (self)->is_pending (self);
  ebpf_reader_leave (self);

  return pending;
}

/* One thread at a time takes records out. */
gboolean
ebpf_reader_begin_drain (EbpfReader *self, GError **error)
{
  EbpfReaderPrivate *priv = ebpf_reader_peek_private (self);

  if (!ebpf_reader_enter (self, error))
    return FALSE;

  g_mutex_lock (&priv->lock);
  while (priv->drainer != NULL && priv->drainer != g_thread_self ())
    g_cond_wait (&priv->drained, &priv->lock);

  if (priv->drainer != NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_BUSY, 0,
                      "records cannot be read from inside the function that is shown one");
      ebpf_reader_leave_locked (self);
      return FALSE;
    }

  if (priv->closed)
    {
      ebpf_reader_set_closed_error (error);
      ebpf_reader_leave_locked (self);
      return FALSE;
    }

  priv->drainer = g_thread_self ();
  g_mutex_unlock (&priv->lock);

  return TRUE;
}

void
ebpf_reader_end_drain (EbpfReader *self, guint64 n_lost)
{
  EbpfReaderPrivate *priv = ebpf_reader_peek_private (self);

  g_mutex_lock (&priv->lock);
  priv->lost += n_lost;
  priv->drainer = NULL;
  /* All: where it was closed meanwhile, the first does not drain and has nothing to pass on. */
  g_cond_broadcast (&priv->drained);
  ebpf_reader_leave_locked (self);
}

gssize
ebpf_reader_drain (EbpfReader *self,
                   gsize max_records,
                   EbpfRecordFunc func,
                   gpointer user_data,
                   guint64 *n_lost,
                   GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gssize n;

  if (EBPF_READER_GET_CLASS (self)->drain == NULL)
    {
      ebpf_reader_get_fd (self, error);
      return -1;
    }

  n = EBPF_READER_GET_CLASS (self)->drain (self, max_records, func, user_data, n_lost,
                                           &local_error);
  if (n >= 0)
    return n;

  if (local_error == NULL)
    ebpf_error_set (&local_error, EBPF_ERROR_PLUGIN, 0, "reader %s failed without saying why",
                    G_OBJECT_TYPE_NAME (self));
  g_propagate_error (error, g_steal_pointer (&local_error));

  return -1;
}

static gboolean
append_record (gconstpointer data, gsize size, int cpu, gpointer user_data)
{
  EbpfRecordBatch *batch = user_data;

  ebpf_record_batch_append (batch, data, size, cpu);

  return ebpf_record_batch_peek_size (batch) < MAX_BYTES;
}

/* A batch of what lies ready, or NULL: with @error set, or where there is nothing. */
EbpfRecordBatch *
ebpf_reader_drain_batch (EbpfReader *self, GError **error)
{
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) local_error = NULL;
  guint64 n_lost = 0;

  if (!ebpf_reader_begin_drain (self, error))
    return NULL;

  g_mutex_lock (&ebpf_reader_peek_private (self)->lock);
  batch = ebpf_record_batch_new (ebpf_reader_peek_private (self)->record_type);
  g_mutex_unlock (&ebpf_reader_peek_private (self)->lock);

  ebpf_reader_drain (self, MAX_RECORDS, append_record, batch, &n_lost, &local_error);
  ebpf_record_batch_add_lost (batch, n_lost);
  ebpf_reader_end_drain (self, n_lost);

  if (ebpf_record_batch_peek_n_records (batch) > 0 || n_lost > 0)
    {
      /* What was taken out cannot be put back; the error will come again. */
      if (local_error != NULL)
        g_debug ("reader: %s", local_error->message);
      return g_steal_pointer (&batch);
    }

  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));

  return NULL;
}

/* Hands kept batches to those that wait for one. */
void
ebpf_reader_serve_waiters (EbpfReader *self)
{
  EbpfReaderPrivate *priv = ebpf_reader_peek_private (self);

  for (;;)
    {
      EbpfRecordBatch *batch = NULL;
      EbpfReaderWaiter *waiter = NULL;

      g_mutex_lock (&priv->lock);
      if (!g_queue_is_empty (&priv->kept) && !g_queue_is_empty (&priv->waiters))
        {
          batch = g_queue_pop_head (&priv->kept);
          waiter = g_queue_pop_head (&priv->waiters);
        }
      g_mutex_unlock (&priv->lock);

      if (batch == NULL)
        return;

      ebpf_reader_complete_waiter (waiter, batch, NULL);
    }
}

EbpfRecordBatch *
ebpf_reader_take_kept (EbpfReader *self)
{
  EbpfReaderPrivate *priv = ebpf_reader_peek_private (self);
  EbpfRecordBatch *batch;

  g_mutex_lock (&priv->lock);
  batch = g_queue_pop_head (&priv->kept);
  g_mutex_unlock (&priv->lock);

  return batch;
}
