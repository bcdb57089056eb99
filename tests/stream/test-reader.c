/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The base class, over a reader whose records are numbers in a queue. */

#include <ebpf.h>
#include <string.h>
#include <unistd.h>

#include "ebpf-test.h"

#define TEST_TYPE_READER (test_reader_get_type ())
G_DECLARE_FINAL_TYPE (TestReader, test_reader, TEST, READER, EbpfReader)

struct _TestReader
{
  EbpfReader parent_instance;

  GAsyncQueue *numbers;
  int pipe[2];
  guint64 lost;
  gboolean broken;
  guint n_drains;
  guint *n_closed;
};

G_DEFINE_FINAL_TYPE (TestReader, test_reader, EBPF_TYPE_READER)

static gssize
test_reader_drain (EbpfReader *reader,
                   gsize max_records,
                   EbpfRecordFunc func,
                   gpointer user_data,
                   guint64 *n_lost,
                   GError **error)
{
  TestReader *self = TEST_READER (reader);
  gboolean go_on = TRUE;
  gsize n = 0;

  self->n_drains++;
  if (self->broken)
    {
      g_set_error_literal (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, "broken");
      return -1;
    }

  *n_lost += self->lost;
  self->lost = 0;

  while (go_on && n < max_records)
    {
      gpointer item = g_async_queue_try_pop (self->numbers);
      guint64 number = GPOINTER_TO_UINT (item);
      char byte;

      if (item == NULL)
        break;

      g_assert_cmpint (read (self->pipe[0], &byte, 1), ==, 1);
      go_on = func (&number, sizeof number, 7, user_data);
      n++;
    }

  return (gssize) n;
}

static int
test_reader_get_poll_fd (EbpfReader *reader)
{
  return TEST_READER (reader)->pipe[0];
}

static void
test_reader_close (EbpfReader *reader)
{
  TestReader *self = TEST_READER (reader);

  close (self->pipe[0]);
  close (self->pipe[1]);
  if (self->n_closed != NULL)
    ++*self->n_closed;
}

static void
test_reader_finalize (GObject *object)
{
  g_async_queue_unref (TEST_READER (object)->numbers);

  G_OBJECT_CLASS (test_reader_parent_class)->finalize (object);
}

static void
test_reader_class_init (TestReaderClass *klass)
{
  EbpfReaderClass *reader_class = EBPF_READER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = test_reader_finalize;
  reader_class->drain = test_reader_drain;
  reader_class->get_poll_fd = test_reader_get_poll_fd;
  reader_class->close = test_reader_close;
}

static void
test_reader_init (TestReader *self)
{
  self->numbers = g_async_queue_new ();
  g_assert_no_errno (pipe (self->pipe));
}

static TestReader *
new_reader (guint *n_closed)
{
  TestReader *self = g_object_new (TEST_TYPE_READER, NULL);

  self->n_closed = n_closed;

  return self;
}

static void
put (TestReader *self, guint number)
{
  g_async_queue_push (self->numbers, GUINT_TO_POINTER (number));
  g_assert_cmpint (write (self->pipe[1], "x", 1), ==, 1);
}

static void
put_range (TestReader *self, guint first, guint last)
{
  for (guint i = first; i <= last; i++)
    put (self, i);
}

typedef struct
{
  guint next;   /* the number that is expected */
  guint last;   /* the last that will come */
  guint ignore; /* so many batches are not looked at */
  guint n_batches;
  gboolean done;
  GThread *thread;
} Receiver;

static void
check_batch (Receiver *receiver, EbpfRecordBatch *batch)
{
  guint n = ebpf_record_batch_get_n_records (batch);

  for (guint i = 0; i < n; i++)
    {
      guint64 number;
      gsize size;

      memcpy (&number, ebpf_record_batch_peek_record (batch, i, &size), sizeof number);
      g_assert_cmpuint (size, ==, sizeof number);
      g_assert_cmpuint (number, ==, receiver->next);
      g_assert_cmpint (ebpf_record_batch_get_cpu (batch, i), ==, 7);
      receiver->next++;
    }

  receiver->n_batches++;
  if (receiver->next > receiver->last)
    receiver->done = TRUE;
}

static void
on_records (EbpfReader *reader, EbpfRecordBatch *batch, Receiver *receiver)
{
  if (receiver->thread != NULL)
    g_assert_true (g_thread_self () == receiver->thread);

  if (receiver->ignore > 0)
    {
      receiver->ignore--;
      return;
    }

  check_batch (receiver, batch);
}

static void
test_start (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  Receiver receiver = { .next = 1, .last = 10000, .thread = g_thread_self () };
  g_autoptr (GError) error = NULL;

  g_signal_connect (reader, "records", G_CALLBACK (on_records), &receiver);
  put_range (self, 1, 5000);
  g_assert_false (ebpf_reader_is_running (reader));
  g_assert_true (ebpf_reader_start (reader, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_reader_is_running (reader));
  g_assert_true (ebpf_reader_start (reader, &error));
  g_assert_cmpuint (receiver.n_batches, ==, 0);

  while (receiver.next <= 5000)
    g_main_context_iteration (NULL, TRUE);
  put_range (self, 5001, 10000);
  ebpf_test_wait_for (&receiver.done);

  /* In chunks, so that other sources get their turn. */
  g_assert_cmpuint (receiver.n_batches, >=, 4);

  ebpf_reader_stop (reader);
  g_assert_false (ebpf_reader_is_running (reader));
}

/* What gjs does while it collects garbage: the handler is connected, and not called. */
static void
test_unread_batches_come_again (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  Receiver receiver = { .next = 1, .last = 9000, .ignore = 7 };
  g_autoptr (GError) error = NULL;

  g_signal_connect (reader, "records", G_CALLBACK (on_records), &receiver);
  g_assert_true (ebpf_reader_start (reader, &error));
  put_range (self, 1, 9000);
  ebpf_test_wait_for (&receiver.done);
  g_assert_cmpuint (receiver.ignore, ==, 0);
  g_assert_cmpuint (receiver.next, ==, 9001);
}

static void
on_records_keep (EbpfReader *reader, EbpfRecordBatch *batch, GPtrArray *batches)
{
  g_ptr_array_add (batches, g_object_ref (batch));
}

/* A handler that keeps the batch for later has seen it. */
static void
test_held_batch_does_not_come_again (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  g_autoptr (GPtrArray) batches = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  g_signal_connect (self, "records", G_CALLBACK (on_records_keep), batches);
  g_assert_true (ebpf_reader_start (EBPF_READER (self), &error));
  put (self, 1);
  while (batches->len == 0)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 30; i++)
    {
      g_usleep (5000);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (batches->len, ==, 1);
}

/* Nobody listens: what is taken out stays bounded, and read () gets it in order. */
static void
test_kept_without_handler (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  Receiver receiver = { .next = 1, .last = 2000 };
  g_autoptr (GError) error = NULL;
  guint n_drains;

  g_assert_true (ebpf_reader_start (reader, &error));
  for (guint i = 1; i <= 2000; i += 20)
    {
      put_range (self, i, i + 19);
      for (guint j = 0; j < 3; j++)
        g_main_context_iteration (NULL, FALSE);
    }

  n_drains = self->n_drains;
  g_assert_cmpuint (n_drains, <=, 17);
  g_assert_cmpint (g_async_queue_length (self->numbers), >, 1000);

  while (!receiver.done)
    {
      g_autoptr (EbpfRecordBatch) batch = ebpf_reader_read (reader, 0, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (batch);
      check_batch (&receiver, batch);
    }
}

static void
test_read (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  gint64 before;

  g_assert_null (ebpf_reader_read (reader, 0, NULL, &error));
  g_assert_no_error (error);

  before = g_get_monotonic_time ();
  g_assert_null (ebpf_reader_read (reader, 50, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 50000);

  put_range (self, 1, 3);
  batch = ebpf_reader_read (reader, -1, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 3);
}

static gpointer
put_later (gpointer data)
{
  g_usleep (30000);
  put (data, 1);

  return NULL;
}

static void
test_read_waits (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("put", put_later, self);

  batch = ebpf_reader_read (EBPF_READER (self), 10000, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (batch);
  g_thread_join (thread);
}

static gpointer
cancel_later (gpointer data)
{
  g_usleep (30000);
  g_cancellable_cancel (data);

  return NULL;
}

static void
test_read_cancel (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_later, cancellable);

  g_assert_null (ebpf_reader_read (EBPF_READER (self), -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

static gpointer
close_later (gpointer data)
{
  g_usleep (30000);
  ebpf_reader_close (data);

  return NULL;
}

static void
test_close_wakes_read (void)
{
  guint n_closed = 0;
  g_autoptr (TestReader) self = new_reader (&n_closed);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("close", close_later, self);

  g_assert_null (ebpf_reader_read (EBPF_READER (self), -1, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_thread_join (thread);
  g_assert_cmpuint (n_closed, ==, 1);
}

static void
test_close (void)
{
  guint n_closed = 0;
  TestReader *self = new_reader (&n_closed);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (GError) error = NULL;

  ebpf_reader_close (reader);
  ebpf_reader_close (reader);
  g_assert_cmpuint (n_closed, ==, 1);

  g_assert_false (ebpf_reader_start (reader, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (ebpf_reader_read (reader, -1, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);

  g_object_unref (self);
  g_assert_cmpuint (n_closed, ==, 1);
}

static void
on_records_close (EbpfReader *reader, EbpfRecordBatch *batch, guint *n_calls)
{
  ++*n_calls;
  ebpf_reader_close (reader);
  g_assert_false (ebpf_reader_is_running (reader));
  /* The batch is whole though the reader is gone. */
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), >, 0);
}

static void
test_close_in_handler (void)
{
  guint n_closed = 0, n_calls = 0;
  g_autoptr (TestReader) self = new_reader (&n_closed);
  g_autoptr (GError) error = NULL;

  g_signal_connect (self, "records", G_CALLBACK (on_records_close), &n_calls);
  put_range (self, 1, 9000);
  g_assert_true (ebpf_reader_start (EBPF_READER (self), &error));
  while (n_calls == 0)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (n_calls, ==, 1);
  g_assert_cmpuint (n_closed, ==, 1);
}

static void
on_records_unref (EbpfReader *reader, EbpfRecordBatch *batch, EbpfReader **owner)
{
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), >, 0);
  g_clear_object (owner);
}

static void
test_unref_in_handler (void)
{
  guint n_closed = 0;
  TestReader *self = new_reader (&n_closed);
  EbpfReader *owner = EBPF_READER (self);
  g_autoptr (GError) error = NULL;

  g_signal_connect (self, "records", G_CALLBACK (on_records_unref), &owner);
  put (self, 1);
  g_assert_true (ebpf_reader_start (owner, &error));
  while (owner != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_closed, ==, 1);
}

static void
on_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

static void
wait_result (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_read_async (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;
  Receiver receiver = { .next = 1, .last = 2 };

  ebpf_reader_read_async (reader, NULL, on_result, &first);
  ebpf_reader_read_async (reader, NULL, on_result, &second);
  g_main_context_iteration (NULL, FALSE);
  g_assert_null (first);

  put (self, 1);
  wait_result (&first);
  g_assert_null (second);
  batch = ebpf_reader_read_finish (reader, first, &error);
  g_assert_no_error (error);
  check_batch (&receiver, batch);
  g_clear_object (&batch);

  put (self, 2);
  wait_result (&second);
  batch = ebpf_reader_read_finish (reader, second, &error);
  g_assert_no_error (error);
  check_batch (&receiver, batch);
  g_assert_true (receiver.done);
}

static void
test_read_async_running (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;
  Receiver receiver = { .next = 1, .last = 1 };

  /* Kept by the running reader, then asked for. */
  g_assert_true (ebpf_reader_start (reader, &error));
  put (self, 1);
  while (g_async_queue_length (self->numbers) > 0)
    g_main_context_iteration (NULL, TRUE);

  ebpf_reader_read_async (reader, NULL, on_result, &result);
  wait_result (&result);
  batch = ebpf_reader_read_finish (reader, result, &error);
  g_assert_no_error (error);
  check_batch (&receiver, batch);
  g_assert_true (receiver.done);
}

static void
test_read_async_cancel (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  ebpf_reader_read_async (reader, cancellable, on_result, &first);
  g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (cancellable);
  wait_result (&first);
  g_assert_null (ebpf_reader_read_finish (reader, first, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  ebpf_reader_read_async (reader, cancellable, on_result, &second);
  wait_result (&second);
  g_assert_null (ebpf_reader_read_finish (reader, second, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_read_async_close (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  ebpf_reader_read_async (reader, NULL, on_result, &result);
  ebpf_reader_close (reader);
  wait_result (&result);
  g_assert_null (ebpf_reader_read_finish (reader, result, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

static gboolean
count_record (gconstpointer data, gsize size, int cpu, gpointer user_data)
{
  guint *left = user_data;

  g_assert_cmpuint (size, ==, 8);
  --*left;

  return *left > 0;
}

static void
test_consume (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (GError) error = NULL;
  guint left = 100;

  g_assert_cmpint (ebpf_reader_consume (reader, 0, count_record, &left, &error), ==, 0);
  put_range (self, 1, 10);
  g_assert_cmpint (ebpf_reader_consume (reader, 4, count_record, &left, &error), ==, 4);
  left = 2;
  g_assert_cmpint (ebpf_reader_consume (reader, 0, count_record, &left, &error), ==, 2);
  left = 100;
  g_assert_cmpint (ebpf_reader_consume (reader, 0, count_record, &left, &error), ==, 4);
  g_assert_no_error (error);
}

/* Batches that were kept come first, and what is left of one is kept again. */
static void
test_consume_kept (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;
  Receiver receiver = { .next = 4, .last = 10 };
  guint left = 100;

  g_assert_true (ebpf_reader_start (reader, &error));
  put_range (self, 1, 10);
  while (g_async_queue_length (self->numbers) > 0)
    g_main_context_iteration (NULL, TRUE);
  ebpf_reader_stop (reader);

  g_assert_cmpint (ebpf_reader_consume (reader, 3, count_record, &left, &error), ==, 3);
  batch = ebpf_reader_read (reader, 0, NULL, &error);
  g_assert_no_error (error);
  check_batch (&receiver, batch);
  g_assert_true (receiver.done);
}

static gboolean
close_in_record (gconstpointer data, gsize size, int cpu, gpointer user_data)
{
  EbpfReader *reader = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_null (ebpf_reader_read (reader, 0, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BUSY);
  ebpf_reader_close (reader);

  return FALSE;
}

static void
test_consume_close (void)
{
  guint n_closed = 0;
  g_autoptr (TestReader) self = new_reader (&n_closed);
  g_autoptr (GError) error = NULL;

  put_range (self, 1, 10);
  g_assert_cmpint (ebpf_reader_consume (EBPF_READER (self), 0, close_in_record, self, &error), ==,
                   1);
  g_assert_no_error (error);
  g_assert_cmpuint (n_closed, ==, 1);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_lost (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  Receiver receiver = { .next = 1, .last = 1 };
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;
  guint n_notified = 0;

  g_signal_connect (reader, "notify::lost", G_CALLBACK (on_notify), &n_notified);
  g_signal_connect (reader, "records", G_CALLBACK (on_records), &receiver);

  self->lost = 5;
  batch = ebpf_reader_read (reader, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 0);
  g_assert_cmpuint (ebpf_record_batch_get_lost (batch), ==, 5);

  self->lost = 2;
  put (self, 1);
  g_assert_true (ebpf_reader_start (reader, &error));
  ebpf_test_wait_for (&receiver.done);
  g_assert_cmpuint (ebpf_reader_get_lost (reader), ==, 7);
  g_assert_cmpuint (n_notified, ==, 1);
}

static void
on_failed (EbpfReader *reader, GError *error, GError **place)
{
  g_assert_null (*place);
  *place = g_error_copy (error);
}

static void
test_failed (void)
{
  g_autoptr (TestReader) self = new_reader (NULL);
  EbpfReader *reader = EBPF_READER (self);
  g_autoptr (GError) failure = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (reader, "failed", G_CALLBACK (on_failed), &failure);
  self->broken = TRUE;
  put (self, 1);
  g_assert_true (ebpf_reader_start (reader, &error));
  while (failure == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (failure, EBPF_ERROR, EBPF_ERROR_MALFORMED);
  g_assert_false (ebpf_reader_is_running (reader));

  g_assert_null (ebpf_reader_read (reader, 0, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_MALFORMED);
}

typedef struct
{
  TestReader *reader;
  Receiver receiver;
} ContextTest;

static gpointer
run_in_context (gpointer data)
{
  ContextTest *test = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  test->reader = new_reader (NULL);
  test->receiver.thread = g_thread_self ();
  g_signal_connect (test->reader, "records", G_CALLBACK (on_records), &test->receiver);
  put_range (test->reader, 1, 100);
  g_assert_true (ebpf_reader_start (EBPF_READER (test->reader), &error));
  while (!test->receiver.done)
    g_main_context_iteration (context, TRUE);
  g_object_unref (test->reader);
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_context (void)
{
  ContextTest test = { .receiver = { .next = 1, .last = 100 } };
  GThread *thread = g_thread_new ("context", run_in_context, &test);

  g_thread_join (thread);
  g_assert_true (test.receiver.done);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/stream/reader/start", test_start);
  ebpf_test_add ("/stream/reader/unread-batches-come-again", test_unread_batches_come_again);
  ebpf_test_add ("/stream/reader/held-batch-does-not-come-again",
                 test_held_batch_does_not_come_again);
  ebpf_test_add ("/stream/reader/kept-without-handler", test_kept_without_handler);
  ebpf_test_add ("/stream/reader/read", test_read);
  ebpf_test_add ("/stream/reader/read-waits", test_read_waits);
  ebpf_test_add ("/stream/reader/read-cancel", test_read_cancel);
  ebpf_test_add ("/stream/reader/close", test_close);
  ebpf_test_add ("/stream/reader/close-wakes-read", test_close_wakes_read);
  ebpf_test_add ("/stream/reader/close-in-handler", test_close_in_handler);
  ebpf_test_add ("/stream/reader/unref-in-handler", test_unref_in_handler);
  ebpf_test_add ("/stream/reader/read-async", test_read_async);
  ebpf_test_add ("/stream/reader/read-async-running", test_read_async_running);
  ebpf_test_add ("/stream/reader/read-async-cancel", test_read_async_cancel);
  ebpf_test_add ("/stream/reader/read-async-close", test_read_async_close);
  ebpf_test_add ("/stream/reader/consume", test_consume);
  ebpf_test_add ("/stream/reader/consume-kept", test_consume_kept);
  ebpf_test_add ("/stream/reader/consume-close", test_consume_close);
  ebpf_test_add ("/stream/reader/lost", test_lost);
  ebpf_test_add ("/stream/reader/failed", test_failed);
  ebpf_test_add ("/stream/reader/context", test_context);

  return g_test_run ();
}
