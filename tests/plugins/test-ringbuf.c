/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "producer.h"

static EbpfMapDriver *
find_driver (void)
{
  g_autoptr (GError) error = NULL;
  EbpfMapDriver *driver = ebpf_plugin_registry_find_driver (ebpf_plugin_registry_get_default (),
                                                            EBPF_MAP_TYPE_RINGBUF, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_driver_get_nick (driver), ==, "ringbuf");

  return driver;
}

static void
test_fixup (void)
{
  const guint page_size = (guint) sysconf (_SC_PAGESIZE);
  const struct
  {
    guint size;
    guint expected;
  } cases[] = {
    { 1, page_size },
    { page_size, page_size },
    { page_size + 1, 2 * page_size },
    { 3 * page_size, 4 * page_size },
    { 1u << 30, 1u << 30 },
    { (1u << 30) + 1, 1u << 31 },
    { 1u << 31, 1u << 31 },
  };
  g_autoptr (EbpfMapDriver) driver = find_driver ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfMapSpec) spec =
          ebpf_map_spec_new ("ring", EBPF_MAP_TYPE_RINGBUF, 4, 24, cases[i].size);
      g_autoptr (GError) error = NULL;

      g_assert_true (ebpf_map_driver_fixup_spec (driver, spec, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (ebpf_map_spec_get_max_entries (spec), ==, cases[i].expected);
      g_assert_cmpuint (ebpf_map_spec_get_key_size (spec), ==, 0);
      g_assert_cmpuint (ebpf_map_spec_get_value_size (spec), ==, 0);
    }
}

static void
test_user_ringbuf (void)
{
  const guint page_size = (guint) sysconf (_SC_PAGESIZE);
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("user", EBPF_MAP_TYPE_USER_RINGBUF, 0, 0, 3 * page_size - 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 1))
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_get_max_entries (map), ==, 4 * page_size);

  g_assert_null (ebpf_map_open_reader (map, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "*user*programs read*");
  ebpf_map_close (map);
}

static void
test_fixup_errors (void)
{
  g_autoptr (EbpfMapDriver) driver = find_driver ();
  g_autoptr (EbpfMapSpec) empty = ebpf_map_spec_new ("empty", EBPF_MAP_TYPE_RINGBUF, 0, 0, 0);
  g_autoptr (EbpfMapSpec) huge =
      ebpf_map_spec_new ("huge", EBPF_MAP_TYPE_RINGBUF, 0, 0, (1u << 31) + 1);
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_map_driver_fixup_spec (driver, empty, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*map empty*max_entries*power of two*page size*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_driver_fixup_spec (driver, huge, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*map huge*");
}

static void
test_explain (void)
{
  g_autoptr (EbpfMapDriver) driver = find_driver ();
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("ring", EBPF_MAP_TYPE_RINGBUF, 0, 0, 5000);
  g_autofree char *size = ebpf_map_driver_explain_create_error (driver, spec, EINVAL);
  g_autofree char *memory = ebpf_map_driver_explain_create_error (driver, spec, ENOMEM);
  g_autofree char *other = ebpf_map_driver_explain_create_error (driver, spec, EPERM);

  g_assert_nonnull (strstr (size, "5000"));
  g_assert_nonnull (strstr (size, "page size"));
  g_assert_nonnull (strstr (memory, "max_entries"));
  g_assert_null (other);
}

static void
test_created (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("ring", EBPF_MAP_TYPE_RINGBUF, 4, 24, 5000);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_get_max_entries (map), ==, 8192);
  g_assert_true (ebpf_map_has_reader (map));
  /* A load does not change the spec. */
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (spec), ==, 5000);
}

/* Records of all sizes, many times around the ring, with discarded ones between them. */
static void
test_wrap (void)
{
  g_autoptr (Producer) producer = producer_new (16384);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  guint64 next = 0;

  if (producer == NULL)
    return;

  producer_set (producer, "discard_every", 3);
  reader = ebpf_map_open_reader (producer->ring, NULL, &error);
  g_assert_no_error (error);

  for (guint round = 0; round < 500; round++)
    {
      g_autoptr (EbpfRecordBatch) batch = NULL;
      guint n = 1 + round % 40;

      producer_run (producer, "stream_ring", n);
      batch = ebpf_reader_read (reader, 0, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (batch);
      g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, n);

      for (guint i = 0; i < n; i++)
        {
          gsize size;
          gconstpointer data = ebpf_record_batch_peek_record (batch, i, &size);

          g_assert_cmpuint (producer_check (data, size, 0), ==, next);
          g_assert_cmpint (ebpf_record_batch_get_cpu (batch, i), ==, -1);
          next++;
        }
    }

  g_assert_cmpuint (producer_get (producer, "dropped"), ==, 0);
  g_assert_cmpuint (ebpf_reader_get_lost (reader), ==, 0);
  g_assert_null (ebpf_reader_read (reader, 0, NULL, &error));
  g_assert_no_error (error);
}

/* A full ring makes room again as it is read. */
static void
test_full (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;
  guint64 dropped;

  if (producer == NULL)
    return;

  reader = ebpf_map_open_reader (producer->ring, NULL, &error);
  g_assert_no_error (error);
  producer_run (producer, "stream_ring", 1000);
  dropped = producer_get (producer, "dropped");
  g_assert_cmpuint (dropped, >, 0);

  batch = ebpf_reader_read (reader, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 1000 - dropped);
  g_clear_object (&batch);

  producer_run (producer, "stream_ring", 1);
  batch = ebpf_reader_read (reader, 1000, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 1);
  g_assert_cmpuint (producer_get (producer, "dropped"), ==, dropped);
}

typedef struct
{
  guint64 next;
  guint64 last;
  gboolean done;
} Receiver;

static void
on_records (EbpfReader *reader, EbpfRecordBatch *batch, Receiver *receiver)
{
  guint n = ebpf_record_batch_get_n_records (batch);

  for (guint i = 0; i < n; i++)
    {
      gsize size;
      gconstpointer data = ebpf_record_batch_peek_record (batch, i, &size);

      g_assert_cmpuint (producer_check (data, size, 0), ==, receiver->next);
      receiver->next++;
    }

  receiver->done = receiver->next == receiver->last;
}

static gpointer
produce_in_thread (gpointer data)
{
  Producer *producer = data;

  for (guint i = 0; i < 1000; i++)
    {
      producer_run (producer, "stream_ring", 50);
      g_assert_cmpuint (producer_get (producer, "dropped"), ==, 0);
      if (i % 100 == 0)
        g_usleep (2000);
    }

  return NULL;
}

/* Written by another thread while the main context delivers: nothing lost, nothing doubled. */
static void
test_main_context (void)
{
  /* Room for all, so that a slow machine does not make a difference. */
  g_autoptr (Producer) producer = producer_new (1 << 25);
  Receiver receiver = { .last = 50000 };
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread;

  if (producer == NULL)
    return;

  reader = ebpf_map_open_reader (producer->ring, NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (reader, "records", G_CALLBACK (on_records), &receiver);
  g_assert_true (ebpf_reader_start (reader, &error));

  thread = g_thread_new ("produce", produce_in_thread, producer);
  ebpf_test_wait_for (&receiver.done);
  g_thread_join (thread);
  g_assert_cmpuint (receiver.next, ==, 50000);
}

static gpointer
produce_later (gpointer data)
{
  g_usleep (30000);
  producer_run (data, "stream_ring", 1);

  return NULL;
}

static void
test_wakes (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;

  if (producer == NULL)
    return;

  reader = ebpf_map_open_reader (producer->ring, NULL, &error);
  for (guint i = 0; i < 5; i++)
    {
      GThread *thread = g_thread_new ("produce", produce_later, producer);
      g_autoptr (EbpfRecordBatch) batch = ebpf_reader_read (reader, 10000, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (batch);
      g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 1);
      g_thread_join (thread);
    }
}

static void
test_outlives_map (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;

  if (producer == NULL)
    return;

  reader = ebpf_map_open_reader (producer->ring, NULL, &error);
  g_assert_no_error (error);
  producer_run (producer, "stream_ring", 3);
  ebpf_map_close (producer->ring);

  batch = ebpf_reader_read (reader, 1000, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 3);

  g_assert_null (ebpf_map_open_reader (producer->ring, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

/* A map that came from elsewhere: nothing is known but its descriptor. */
static void
test_from_fd (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;

  if (producer == NULL)
    return;

  map = ebpf_map_new_from_fd (ebpf_map_dup_fd (producer->ring, NULL), &error);
  g_assert_no_error (error);
  reader = ebpf_map_open_reader (map, NULL, &error);
  g_assert_no_error (error);
  producer_run (producer, "stream_ring", 2);
  batch = ebpf_reader_read (reader, 1000, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 2);
}

static gboolean
count_records (gconstpointer data, gsize size, int cpu, gpointer user_data)
{
  guint64 *next = user_data;

  g_assert_cmpuint (producer_check (data, size, 0), ==, *next);
  ++*next;

  return *next != 5;
}

static void
test_consume (void)
{
  g_autoptr (Producer) producer = producer_new (65536);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  guint64 next = 0;

  if (producer == NULL)
    return;

  reader = ebpf_map_open_reader (producer->ring, NULL, &error);
  producer_run (producer, "stream_ring", 20);
  /* Until the function wants no more, until there are enough, and all the rest. */
  g_assert_cmpint (ebpf_reader_consume (reader, 0, count_records, &next, &error), ==, 5);
  g_assert_cmpint (ebpf_reader_consume (reader, 3, count_records, &next, &error), ==, 3);
  g_assert_cmpint (ebpf_reader_consume (reader, 0, count_records, &next, &error), ==, 12);
  g_assert_cmpint (ebpf_reader_consume (reader, 0, count_records, &next, &error), ==, 0);
  g_assert_no_error (error);
}

static void
test_options (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("ring", EBPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
  g_autoptr (EbpfMapSpec) array_spec = ebpf_map_spec_new ("array", EBPF_MAP_TYPE_ARRAY, 4, 4, 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) array = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_map_open_reader (map, g_variant_new_parsed ("{'pages': <5>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*ring*\"pages\"*");
  g_clear_error (&error);
  g_assert_null (ebpf_map_open_reader (map, g_variant_new_string ("x"), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_clear_error (&error);

  array = ebpf_map_new (array_spec, &error);
  g_assert_no_error (error);
  g_assert_false (ebpf_map_has_reader (array));
  g_assert_null (ebpf_map_open_reader (array, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
}

/* A consumer position that cannot be: any process that has the ring can write one. */
static void
test_damaged (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  gulong *position;

  if (producer == NULL)
    return;

  reader = ebpf_map_open_reader (producer->ring, NULL, &error);
  g_assert_no_error (error);
  producer_run (producer, "stream_ring", 2);

  position = mmap (NULL, sizeof *position, PROT_READ | PROT_WRITE, MAP_SHARED,
                   ebpf_map_peek_fd (producer->ring), 0);
  g_assert_true (position != MAP_FAILED);
  *position += 1 << 20;

  g_assert_null (ebpf_reader_read (reader, 0, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, "*ring*damaged*");
  munmap (position, sizeof *position);
}

/* Two readers share the positions: what one takes out is not there for the other. */
static void
test_two_readers (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) first = NULL;
  g_autoptr (EbpfReader) second = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;

  if (producer == NULL)
    return;

  first = ebpf_map_open_reader (producer->ring, NULL, &error);
  second = ebpf_map_open_reader (producer->ring, NULL, &error);
  g_assert_no_error (error);
  producer_run (producer, "stream_ring", 2);
  batch = ebpf_reader_read (first, 0, NULL, &error);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 2);
  g_assert_null (ebpf_reader_read (second, 0, NULL, &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/plugins/ringbuf/fixup", test_fixup);
  ebpf_test_add ("/plugins/ringbuf/user", test_user_ringbuf);
  ebpf_test_add ("/plugins/ringbuf/fixup-errors", test_fixup_errors);
  ebpf_test_add ("/plugins/ringbuf/explain", test_explain);
  ebpf_test_add ("/plugins/ringbuf/created", test_created);
  ebpf_test_add ("/plugins/ringbuf/wrap", test_wrap);
  ebpf_test_add ("/plugins/ringbuf/full", test_full);
  ebpf_test_add ("/plugins/ringbuf/main-context", test_main_context);
  ebpf_test_add ("/plugins/ringbuf/wakes", test_wakes);
  ebpf_test_add ("/plugins/ringbuf/outlives-map", test_outlives_map);
  ebpf_test_add ("/plugins/ringbuf/from-fd", test_from_fd);
  ebpf_test_add ("/plugins/ringbuf/consume", test_consume);
  ebpf_test_add ("/plugins/ringbuf/options", test_options);
  ebpf_test_add ("/plugins/ringbuf/damaged", test_damaged);
  ebpf_test_add ("/plugins/ringbuf/two-readers", test_two_readers);

  return g_test_run ();
}
