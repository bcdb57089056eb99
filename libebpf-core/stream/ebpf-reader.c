/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-reader-private.h"

#include <string.h>

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-type.h"
#include "stream/ebpf-reader-source-private.h"
#include "stream/ebpf-record-batch-private.h"

/**
 * EbpfReader:
 *
 * A stream of records out of a map, from [method@Map.open_reader].
 *
 * There are three ways to get the records. [method@Reader.start] delivers them in batches, by the
 * signal [signal@Reader::records], in the main context that was the thread-default one when the
 * reader was made. [method@Reader.read] and [method@Reader.read_async] fetch one batch.
 * [method@Reader.consume], for C, shows each record where it lies.
 *
 * A batch that no handler looked at is kept and delivered again, before those that came later: a
 * script's interpreter cannot always be called (gjs drops signals while it collects garbage). To
 * look at a batch is to ask it for anything, or to keep a reference. When 16 batches are kept, the
 * reader leaves further records in the kernel's buffer.
 *
 * A reader that nobody holds a reference to stops. All methods may be called from any thread.
 */

#define MAX_KEPT 16

#define MIN_RETRY_DELAY_US 1000
#define MAX_RETRY_DELAY_US 50000

enum
{
  PROP_0,
  PROP_MAP,
  PROP_RECORD_TYPE,
  PROP_RUNNING,
  PROP_LOST,
  N_PROPS
};

enum
{
  SIGNAL_RECORDS,
  SIGNAL_FAILED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (EbpfReader, ebpf_reader, G_TYPE_OBJECT)

#define PRIV(self) ((EbpfReaderPrivate *) ebpf_reader_get_instance_private (self))

EbpfReaderPrivate *
ebpf_reader_peek_private (EbpfReader *self)
{
  return PRIV (self);
}

/* Emits kept batches, the oldest first, until one is not looked at. */
static void
emit_kept (EbpfReader *self)
{
  EbpfReaderPrivate *priv = PRIV (self);

  for (;;)
    {
      g_autoptr (EbpfRecordBatch) batch = NULL;
      gboolean seen;

      ebpf_reader_serve_waiters (self);

      if (!g_signal_has_handler_pending (self, signals[SIGNAL_RECORDS], 0, FALSE))
        return;

      g_mutex_lock (&priv->lock);
      if (priv->running && !priv->emitting)
        batch = g_queue_pop_head (&priv->kept);
      if (batch != NULL)
        priv->emitting = TRUE;
      g_mutex_unlock (&priv->lock);

      if (batch == NULL)
        return;

      ebpf_record_batch_clear_accessed (batch);
      g_signal_emit (self, signals[SIGNAL_RECORDS], 0, batch);
      seen = ebpf_record_batch_is_accessed (batch) ||
             g_atomic_int_get (&G_OBJECT (batch)->ref_count) > 1;

      g_mutex_lock (&priv->lock);
      priv->emitting = FALSE;
      if (seen)
        priv->retry_delay_us = 0;
      else if (!priv->closed)
        g_queue_push_head (&priv->kept, g_steal_pointer (&batch));
      g_mutex_unlock (&priv->lock);

      if (!seen)
        return;
    }
}

static void
notify_lost (EbpfReader *self)
{
  EbpfReaderPrivate *priv = PRIV (self);
  gboolean changed;

  g_mutex_lock (&priv->lock);
  changed = priv->lost != priv->notified_lost;
  priv->notified_lost = priv->lost;
  g_mutex_unlock (&priv->lock);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOST]);
}

static void
fail (EbpfReader *self, const GError *error)
{
  EbpfReaderPrivate *priv = PRIV (self);
  GQueue waiters;
  EbpfReaderWaiter *waiter;

  ebpf_reader_stop (self);

  g_mutex_lock (&priv->lock);
  waiters = priv->waiters;
  g_queue_init (&priv->waiters);
  g_mutex_unlock (&priv->lock);

  while ((waiter = g_queue_pop_head (&waiters)) != NULL)
    ebpf_reader_complete_waiter (waiter, NULL, g_error_copy (error));

  g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
}

/* When to look at the descriptor again, and whether to try again what was not looked at. */
static void
rearm (EbpfReader *self, GSource *source, gboolean busy)
{
  EbpfReaderPrivate *priv = PRIV (self);
  gint64 delay_us = -1;
  guint n_kept;

  g_mutex_lock (&priv->lock);
  n_kept = g_queue_get_length (&priv->kept);
  if (n_kept > 0)
    {
      priv->retry_delay_us =
          CLAMP (priv->retry_delay_us * 2, MIN_RETRY_DELAY_US, MAX_RETRY_DELAY_US);
      delay_us = priv->retry_delay_us;
    }
  if (busy)
    delay_us = EBPF_READER_BUSY_DELAY_US;
  g_mutex_unlock (&priv->lock);

  ebpf_reader_source_arm (source, n_kept < MAX_KEPT && !busy, delay_us);
}

static gboolean
on_source_ready (gpointer user_data)
{
  g_autoptr (EbpfReader) self = g_weak_ref_get (user_data);
  GSource *source = g_main_current_source ();
  g_autoptr (GError) error = NULL;
  EbpfReaderPrivate *priv;
  gboolean has_room, busy = FALSE;

  if (self == NULL)
    return G_SOURCE_REMOVE;

  priv = PRIV (self);
  g_mutex_lock (&priv->lock);
  has_room = g_queue_get_length (&priv->kept) < MAX_KEPT;
  g_mutex_unlock (&priv->lock);

  if (has_room && ebpf_reader_source_is_ready (source))
    {
      EbpfRecordBatch *batch = ebpf_reader_drain_batch (self, &error);

      if (error != NULL)
        {
          if (!g_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED))
            fail (self, error);
          return G_SOURCE_REMOVE;
        }

      busy = batch == NULL;
      if (batch != NULL)
        {
          g_mutex_lock (&priv->lock);
          g_queue_push_tail (&priv->kept, batch);
          g_mutex_unlock (&priv->lock);
        }
    }

  notify_lost (self);
  emit_kept (self);
  rearm (self, source, busy);

  return G_SOURCE_CONTINUE;
}

static gboolean
is_source_pending (gpointer reader)
{
  return ebpf_reader_is_pending (reader);
}

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
ebpf_reader_dispose (GObject *object)
{
  ebpf_reader_close (EBPF_READER (object));

  G_OBJECT_CLASS (ebpf_reader_parent_class)->dispose (object);
}

static void
ebpf_reader_finalize (GObject *object)
{
  EbpfReaderPrivate *priv = PRIV (EBPF_READER (object));

  g_clear_object (&priv->map);
  g_clear_object (&priv->closing);
  g_clear_pointer (&priv->context, g_main_context_unref);
  g_clear_pointer (&priv->record_type, ebpf_btf_type_unref);
  g_queue_clear_full (&priv->kept, g_object_unref);
  g_cond_clear (&priv->drained);
  g_mutex_clear (&priv->lock);

  G_OBJECT_CLASS (ebpf_reader_parent_class)->finalize (object);
}

static void
ebpf_reader_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfReader *self = EBPF_READER (object);

  switch (prop_id)
    {
    case PROP_MAP:
      g_value_set_object (value, PRIV (self)->map);
      break;
    case PROP_RECORD_TYPE:
      g_value_set_boxed (value, ebpf_reader_get_record_type (self));
      break;
    case PROP_RUNNING:
      g_value_set_boolean (value, ebpf_reader_is_running (self));
      break;
    case PROP_LOST:
      g_value_set_uint64 (value, ebpf_reader_get_lost (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_reader_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  EbpfReader *self = EBPF_READER (object);

  switch (prop_id)
    {
    case PROP_MAP:
      PRIV (self)->map = g_value_dup_object (value);
      break;
    case PROP_RECORD_TYPE:
      ebpf_reader_set_record_type (self, g_value_get_boxed (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_reader_class_init (EbpfReaderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ebpf_reader_dispose;
  object_class->finalize = ebpf_reader_finalize;
  object_class->get_property = ebpf_reader_get_property;
  object_class->set_property = ebpf_reader_set_property;

  /**
   * EbpfReader:map:
   *
   * The map whose records are read.
   */
  properties[PROP_MAP] = g_param_spec_object ("map", NULL, NULL, EBPF_TYPE_MAP,
                                              G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                  G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * EbpfReader:record-type:
   *
   * The type of a record, by which [method@RecordBatch.decode] decodes. To begin with what the
   * map's definition says.
   */
  properties[PROP_RECORD_TYPE] =
      g_param_spec_boxed ("record-type", NULL, NULL, EBPF_TYPE_BTF_TYPE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * EbpfReader:running:
   *
   * Whether records are delivered by signal.
   */
  properties[PROP_RUNNING] =
      g_param_spec_boolean ("running", NULL, NULL, FALSE,
                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * EbpfReader:lost:
   *
   * How many records are known to have been lost since the reader was opened. Notified while it
   * runs.
   */
  properties[PROP_LOST] =
      g_param_spec_uint64 ("lost", NULL, NULL, 0, G_MAXUINT64, 0,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * EbpfReader::records:
   * @self: the reader
   * @batch: records, in the order in which they were taken out
   *
   * Emitted with each batch of records while the reader runs, in its main context. A batch that no
   * handler looks at comes again.
   */
  signals[SIGNAL_RECORDS] = g_signal_new ("records", EBPF_TYPE_READER, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 1, EBPF_TYPE_RECORD_BATCH);

  /**
   * EbpfReader::failed:
   * @self: the reader
   * @error: what happened
   *
   * Emitted when a running reader cannot go on, for instance because the buffer is damaged. It was
   * stopped.
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed", EBPF_TYPE_READER, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
ebpf_reader_init (EbpfReader *self)
{
  EbpfReaderPrivate *priv = PRIV (self);

  g_mutex_init (&priv->lock);
  g_cond_init (&priv->drained);
  g_queue_init (&priv->kept);
  g_queue_init (&priv->waiters);
  priv->closing = g_cancellable_new ();
  priv->context = g_main_context_ref_thread_default ();
}

void
ebpf_reader_set_context (EbpfReader *self, GMainContext *context)
{
  EbpfReaderPrivate *priv = PRIV (self);

  if (context == NULL)
    context = g_main_context_default ();

  g_mutex_lock (&priv->lock);
  if (!priv->running)
    {
      g_main_context_ref (context);
      g_main_context_unref (priv->context);
      priv->context = context;
    }
  g_mutex_unlock (&priv->lock);
}

/**
 * ebpf_reader_get_map: (get-property map)
 * @self: a reader
 *
 * Gets the map whose records are read.
 *
 * Returns: (nullable) (transfer none): the map
 */
EbpfMap *
ebpf_reader_get_map (EbpfReader *self)
{
  g_return_val_if_fail (EBPF_IS_READER (self), NULL);

  return PRIV (self)->map;
}

/**
 * ebpf_reader_get_record_type: (get-property record-type)
 * @self: a reader
 *
 * Gets the type of a record.
 *
 * Returns: (nullable) (transfer none): the type, or %NULL where it is not known
 */
EbpfBtfType *
ebpf_reader_get_record_type (EbpfReader *self)
{
  g_return_val_if_fail (EBPF_IS_READER (self), NULL);

  return PRIV (self)->record_type;
}

/**
 * ebpf_reader_set_record_type: (set-property record-type)
 * @self: a reader
 * @record_type: (nullable): the type of a record, or %NULL for bytes
 *
 * Says what type the records are of. It counts for batches that are made from now on.
 */
void
ebpf_reader_set_record_type (EbpfReader *self, EbpfBtfType *record_type)
{
  EbpfReaderPrivate *priv;
  EbpfBtfType *old;

  g_return_if_fail (EBPF_IS_READER (self));

  priv = PRIV (self);
  if (record_type == priv->record_type)
    return;

  if (record_type != NULL)
    ebpf_btf_type_ref (record_type);

  g_mutex_lock (&priv->lock);
  old = priv->record_type;
  priv->record_type = record_type;
  g_mutex_unlock (&priv->lock);

  g_clear_pointer (&old, ebpf_btf_type_unref);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECORD_TYPE]);
}

/**
 * ebpf_reader_get_lost: (get-property lost)
 * @self: a reader
 *
 * Gets how many records are known to have been lost since the reader was opened. A ring buffer does
 * not count them: there the program sees that it gets no room.
 *
 * Returns: the number
 */
guint64
ebpf_reader_get_lost (EbpfReader *self)
{
  guint64 lost;

  g_return_val_if_fail (EBPF_IS_READER (self), 0);

  g_mutex_lock (&PRIV (self)->lock);
  lost = PRIV (self)->lost;
  g_mutex_unlock (&PRIV (self)->lock);

  return lost;
}

/**
 * ebpf_reader_is_running: (get-property running)
 * @self: a reader
 *
 * Says whether records are delivered by signal.
 *
 * Returns: whether they are
 */
gboolean
ebpf_reader_is_running (EbpfReader *self)
{
  gboolean running;

  g_return_val_if_fail (EBPF_IS_READER (self), FALSE);

  g_mutex_lock (&PRIV (self)->lock);
  running = PRIV (self)->running;
  g_mutex_unlock (&PRIV (self)->lock);

  return running;
}

/**
 * ebpf_reader_start:
 * @self: a reader
 * @error: return location for an error
 *
 * Begins to deliver records by [signal@Reader::records], in the main context that was the
 * thread-default one when the reader was made. A reader that runs goes on.
 *
 * Returns: whether it runs
 */
gboolean
ebpf_reader_start (EbpfReader *self, GError **error)
{
  EbpfReaderPrivate *priv;
  GWeakRef *weak_ref;
  int fd;

  g_return_val_if_fail (EBPF_IS_READER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_reader_enter (self, error))
    return FALSE;

  priv = PRIV (self);
  fd = ebpf_reader_get_fd (self, error);
  if (fd < 0)
    {
      ebpf_reader_leave (self);
      return FALSE;
    }

  g_mutex_lock (&priv->lock);
  if (priv->running)
    {
      ebpf_reader_leave_locked (self);
      return TRUE;
    }
  if (priv->closed)
    {
      ebpf_reader_leave_locked (self);
      ebpf_reader_set_closed_error (error);
      return FALSE;
    }

  weak_ref = g_new (GWeakRef, 1);
  g_weak_ref_init (weak_ref, self);
  priv->running = TRUE;
  priv->retry_delay_us = 0;
  priv->source = ebpf_reader_source_new (fd, "EbpfReader", self, is_source_pending);
  g_source_set_callback (priv->source, on_source_ready, weak_ref, weak_ref_free);
  /* What was kept before does not wait for new records. */
  if (!g_queue_is_empty (&priv->kept))
    g_source_set_ready_time (priv->source, 0);
  g_source_attach (priv->source, priv->context);
  ebpf_reader_leave_locked (self);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNNING]);

  return TRUE;
}

/**
 * ebpf_reader_stop:
 * @self: a reader
 *
 * Stops delivering records by signal. Those that were taken out and not looked at are kept for
 * [method@Reader.read] or another [method@Reader.start].
 */
void
ebpf_reader_stop (EbpfReader *self)
{
  EbpfReaderPrivate *priv;
  GSource *source;

  g_return_if_fail (EBPF_IS_READER (self));

  priv = PRIV (self);
  g_mutex_lock (&priv->lock);
  source = g_steal_pointer (&priv->source);
  priv->running = FALSE;
  g_mutex_unlock (&priv->lock);

  if (source == NULL)
    return;

  g_source_destroy (source);
  g_source_unref (source);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNNING]);
}

/**
 * ebpf_reader_close:
 * @self: a reader
 *
 * Stops the reader and frees what it holds. Records that were not delivered are dropped; who waits
 * for some gets %EBPF_ERROR_CLOSED. It can be closed more than once, and from inside a handler.
 */
void
ebpf_reader_close (EbpfReader *self)
{
  EbpfReaderPrivate *priv;
  GQueue kept, waiters;
  EbpfReaderWaiter *waiter;

  g_return_if_fail (EBPF_IS_READER (self));

  priv = PRIV (self);
  g_mutex_lock (&priv->lock);
  if (priv->closed)
    {
      g_mutex_unlock (&priv->lock);
      return;
    }
  priv->closed = TRUE;
  priv->n_users++;
  kept = priv->kept;
  g_queue_init (&priv->kept);
  waiters = priv->waiters;
  g_queue_init (&priv->waiters);
  g_mutex_unlock (&priv->lock);

  ebpf_reader_stop (self);
  g_cancellable_cancel (priv->closing);

  while ((waiter = g_queue_pop_head (&waiters)) != NULL)
    {
      GError *error = NULL;

      ebpf_reader_set_closed_error (&error);
      ebpf_reader_complete_waiter (waiter, NULL, error);
    }
  g_queue_clear_full (&kept, g_object_unref);

  ebpf_reader_leave (self);
}
