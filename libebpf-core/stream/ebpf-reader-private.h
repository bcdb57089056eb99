/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "stream/ebpf-reader.h"

G_BEGIN_DECLS

/* The kernel says there is something, but it is not complete yet. */
#define EBPF_READER_BUSY_DELAY_US 1000

/* A read_async () that waits. */
typedef struct
{
  gatomicrefcount ref_count;
  GTask *task;
  GSource *source;
} EbpfReaderWaiter;

typedef struct
{
  EbpfMap *map;
  GMainContext *context;

  GMutex lock; /* of what follows; never held while other code is called */
  GCond drained;
  EbpfBtfType *record_type;
  GThread *drainer; /* who is in the drain function */
  guint n_users;    /* calls that need the descriptor or the buffer */
  gboolean closed;
  gboolean released; /* the class's close was called */
  gboolean running;
  gboolean emitting;
  guint64 lost;
  guint64 notified_lost;
  GQueue kept;    /* of EbpfRecordBatch, the oldest first */
  GQueue waiters; /* of EbpfReaderWaiter, the first first */
  GSource *source;
  gint64 retry_delay_us;
  GCancellable *closing; /* wakes a blocked read () */
} EbpfReaderPrivate;

EbpfReaderPrivate *ebpf_reader_peek_private (EbpfReader *self);

void ebpf_reader_set_closed_error (GError **error);

/* Calls that use the descriptor or the buffer are counted: what closes the reader meanwhile leaves
 * it to the last of them to free both. */
gboolean ebpf_reader_enter (EbpfReader *self, GError **error);
void ebpf_reader_leave (EbpfReader *self);
/* With the lock held, which is given up. */
void ebpf_reader_leave_locked (EbpfReader *self);

/* The descriptor to poll, or -1 with @error. Between enter and leave. */
int ebpf_reader_get_fd (EbpfReader *self, GError **error);

/* Whether the class knows of records that its descriptor may be silent about. */
gboolean ebpf_reader_is_pending (EbpfReader *self);

/* One thread at a time takes records out. */
gboolean ebpf_reader_begin_drain (EbpfReader *self, GError **error);
void ebpf_reader_end_drain (EbpfReader *self, guint64 n_lost);
gssize ebpf_reader_drain (EbpfReader *self,
                          gsize max_records,
                          EbpfRecordFunc func,
                          gpointer user_data,
                          guint64 *n_lost,
                          GError **error);

/* A batch of what lies ready, or NULL: with @error set, or where there is nothing. */
EbpfRecordBatch *ebpf_reader_drain_batch (EbpfReader *self, GError **error);

/* The oldest of the batches that were kept, or NULL. */
EbpfRecordBatch *ebpf_reader_take_kept (EbpfReader *self);

/* Hands kept batches to those that wait for one. */
void ebpf_reader_serve_waiters (EbpfReader *self);

/* Takes the list's reference of a waiter that was taken off the list, and @batch or @error. */
void ebpf_reader_complete_waiter (EbpfReaderWaiter *waiter, EbpfRecordBatch *batch, GError *error);
void ebpf_reader_waiter_unref (EbpfReaderWaiter *waiter);

/* Makes @context (NULL: the default one) the one that records are delivered in. Before start. */
void ebpf_reader_set_context (EbpfReader *self, GMainContext *context);

G_END_DECLS
