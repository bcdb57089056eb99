/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "producer.h"

/* The kernel rounds a record up to 4 less than a multiple of 8. */
#define PADDING 7

static EbpfMapDriver *
find_driver (void)
{
  g_autoptr (GError) error = NULL;
  EbpfMapDriver *driver = ebpf_plugin_registry_find_driver (ebpf_plugin_registry_get_default (),
                                                            EBPF_MAP_TYPE_PERF_EVENT_ARRAY, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_driver_get_nick (driver), ==, "perf-event-array");

  return driver;
}

static void
test_fixup (void)
{
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  const struct
  {
    guint key_size, value_size, max_entries, expected;
  } cases[] = {
    { 0, 0, 0, n_cpus },           { 4, 4, 1, 1 },
    { 4, 0, n_cpus, n_cpus },      { 0, 4, n_cpus + 1, n_cpus },
    { 4, 4, G_MAXUINT32, n_cpus },
  };
  g_autoptr (EbpfMapDriver) driver = find_driver ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfMapSpec) spec =
          ebpf_map_spec_new ("events", EBPF_MAP_TYPE_PERF_EVENT_ARRAY, cases[i].key_size,
                             cases[i].value_size, cases[i].max_entries);
      g_autoptr (GError) error = NULL;

      g_assert_true (ebpf_map_driver_fixup_spec (driver, spec, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (ebpf_map_spec_get_key_size (spec), ==, 4);
      g_assert_cmpuint (ebpf_map_spec_get_value_size (spec), ==, 4);
      g_assert_cmpuint (ebpf_map_spec_get_max_entries (spec), ==, cases[i].expected);
    }
}

static void
test_fixup_errors (void)
{
  g_autoptr (EbpfMapDriver) driver = find_driver ();
  g_autoptr (EbpfMapSpec) key = ebpf_map_spec_new ("key", EBPF_MAP_TYPE_PERF_EVENT_ARRAY, 8, 4, 0);
  g_autoptr (EbpfMapSpec) value =
      ebpf_map_spec_new ("value", EBPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 24, 0);
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_map_driver_fixup_spec (driver, key, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*map key*keys*8*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_driver_fixup_spec (driver, value, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE,
                                  "*map value*values*24*");
}

static EbpfReader *
open_reader (Producer *producer, const char *options)
{
  g_autoptr (GError) error = NULL;
  EbpfReader *reader = ebpf_map_open_reader (
      producer->perf, options != NULL ? g_variant_new_parsed (options) : NULL, &error);

  g_assert_no_error (error);

  return reader;
}

/* Each record says the CPU that it was written on. */
static void
test_cpus (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  g_autofree guint *cpus = NULL;
  guint64 next = 0;
  gsize n_cpus;

  if (producer == NULL)
    return;

  reader = open_reader (producer, NULL);
  cpus = ebpf_list_online_cpus (&n_cpus);
  for (gsize i = 0; i < n_cpus; i++)
    {
      g_autoptr (EbpfRecordBatch) batch = NULL;
      g_autoptr (GError) error = NULL;

      if (!producer_move_to_cpu (cpus[i]))
        continue;

      producer_run (producer, "stream_perf", 10);
      batch = ebpf_reader_read (reader, 1000, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (batch);
      g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 10);
      for (guint j = 0; j < 10; j++)
        {
          gsize size;
          gconstpointer data = ebpf_record_batch_peek_record (batch, j, &size);

          g_assert_cmpuint (producer_check (data, size, PADDING), ==, next);
          g_assert_cmpint (ebpf_record_batch_get_cpu (batch, j), ==, (int) cpus[i]);
          next++;
        }
    }
  producer_move_anywhere ();
  g_assert_cmpuint (next, >, 0);
  g_assert_cmpuint (producer_get (producer, "dropped"), ==, 0);
}

/* The smallest ring, many times around: records that lie in two pieces. */
static void
test_wrap (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  guint64 next = 0;

  if (producer == NULL)
    return;

  producer_move_to_cpu (0);
  reader = open_reader (producer, "{'pages-per-cpu': <uint32 1>}");
  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (EbpfRecordBatch) batch = NULL;
      g_autoptr (GError) error = NULL;
      guint n = 1 + round % 6;

      producer_run (producer, "stream_perf", n);
      batch = ebpf_reader_read (reader, 0, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (batch);
      g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, n);
      for (guint i = 0; i < n; i++)
        {
          gsize size;
          gconstpointer data = ebpf_record_batch_peek_record (batch, i, &size);

          g_assert_cmpuint (producer_check (data, size, PADDING), ==, next);
          next++;
        }
    }
  producer_move_anywhere ();
  g_assert_cmpuint (ebpf_reader_get_lost (reader), ==, 0);
}

/* What does not fit is counted, and the count comes with the next record that does. */
static void
test_lost (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  guint64 received = 0, lost = 0;

  if (producer == NULL)
    return;

  producer_move_to_cpu (0);
  reader = open_reader (producer, "{'pages-per-cpu': <1>}");
  for (guint round = 0; round < 2; round++)
    {
      EbpfRecordBatch *batch;

      producer_run (producer, "stream_perf", round == 0 ? 500 : 1);
      while ((batch = ebpf_reader_read (reader, 0, NULL, &error)) != NULL)
        {
          received += ebpf_record_batch_get_n_records (batch);
          lost += ebpf_record_batch_get_lost (batch);
          g_object_unref (batch);
        }
      g_assert_no_error (error);
    }
  producer_move_anywhere ();

  g_assert_cmpuint (lost, >, 0);
  g_assert_cmpuint (received + lost, ==, 501);
  g_assert_cmpuint (ebpf_reader_get_lost (reader), ==, lost);
  g_assert_cmpuint (producer_get (producer, "dropped"), ==, lost);
}

typedef struct
{
  guint64 n;
  guint64 last;
  gboolean done;
} Receiver;

static void
on_records (EbpfReader *reader, EbpfRecordBatch *batch, Receiver *receiver)
{
  receiver->n += ebpf_record_batch_get_n_records (batch);
  receiver->done = receiver->n >= receiver->last;
}

/* More than one batch holds, and no wake-up after the first: the kernel says it once only. */
static void
test_more_than_a_batch (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  Receiver receiver = { .last = 10000 };
  g_autoptr (GError) error = NULL;

  if (producer == NULL)
    return;

  producer_set (producer, "fixed_size", 20);
  reader = open_reader (producer, "{'pages-per-cpu': <256>}");
  producer_run (producer, "stream_perf", 10000);
  g_signal_connect (reader, "records", G_CALLBACK (on_records), &receiver);
  g_assert_true (ebpf_reader_start (reader, &error));
  ebpf_test_wait_for (&receiver.done);
  g_assert_cmpuint (receiver.n, ==, 10000);
}

/* Waiting with a threshold: fewer records do not wake, enough of them do. */
static void
test_wakeup_events (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;

  if (producer == NULL)
    return;

  reader = open_reader (producer, "{'wakeup-events': <uint32 100>}");
  /* The last look at the end of the time finds those that did not wake. */
  producer_run (producer, "stream_perf", 5);
  batch = ebpf_reader_read (reader, 50, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 5);
}

static gpointer
produce_later (gpointer data)
{
  g_usleep (30000);
  producer_run (data, "stream_perf", 1);

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

  reader = open_reader (producer, NULL);
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
test_close (void)
{
  g_autoptr (Producer) producer = producer_new (4096);
  g_autoptr (EbpfReader) reader = NULL;

  if (producer == NULL)
    return;

  reader = open_reader (producer, NULL);
  producer_run (producer, "stream_perf", 1);
  g_assert_cmpuint (producer_get (producer, "dropped"), ==, 0);

  /* The array is empty again: the program is told so. */
  ebpf_reader_close (reader);
  producer_run (producer, "stream_perf", 1);
  g_assert_cmpuint (producer_get (producer, "dropped"), ==, 1);
  g_clear_object (&reader);

  reader = open_reader (producer, NULL);
  producer_run (producer, "stream_perf", 1);
  g_assert_cmpuint (producer_get (producer, "dropped"), ==, 1);
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

  /* The kernel empties the array when the descriptor is closed through which it was filled. */
  reader = open_reader (producer, NULL);
  ebpf_map_close (producer->perf);
  producer_run (producer, "stream_perf", 2);
  batch = ebpf_reader_read (reader, 1000, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (batch);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 2);
}

static void
test_options (void)
{
  static const struct
  {
    const char *options;
    EbpfError code;
    const char *pattern;
  } cases[] = {
    { "{'pages': <1>}", EBPF_ERROR_INVALID_ARGUMENT, "*events*\"pages\"*pages-per-cpu*" },
    { "{'pages-per-cpu': <'many'>}", EBPF_ERROR_WRONG_TYPE, "*pages-per-cpu*many*" },
    { "{'pages-per-cpu': <-1>}", EBPF_ERROR_WRONG_TYPE, "*pages-per-cpu*" },
    { "{'pages-per-cpu': <0>}", EBPF_ERROR_INVALID_ARGUMENT, "*pages-per-cpu is 0*" },
    { "{'pages-per-cpu': <uint32 4294967295>}", EBPF_ERROR_INVALID_ARGUMENT, "*between 1 and*" },
    { "{'wakeup-events': <1>, 'wakeup-bytes': <1>}", EBPF_ERROR_INVALID_ARGUMENT, "*only one*" },
    { "{'pages-per-cpu': <1>, 'wakeup-bytes': <4096>}", EBPF_ERROR_INVALID_ARGUMENT,
      "*less than*" },
  };
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("events", EBPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_has_reader (map));

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfReader) reader =
          ebpf_map_open_reader (map, g_variant_new_parsed (cases[i].options), &error);

      g_assert_null (reader);
      ebpf_test_assert_error_matches (error, EBPF_ERROR, (int) cases[i].code, cases[i].pattern);
      g_clear_error (&error);
    }
}

/* An array that has no room for some CPUs serves the others. */
static void
test_small_array (void)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("events", EBPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_get_max_entries (map), ==, 1);
  reader = ebpf_map_open_reader (map, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_reader_read (reader, 0, NULL, &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/plugins/perf-event-array/fixup", test_fixup);
  ebpf_test_add ("/plugins/perf-event-array/fixup-errors", test_fixup_errors);
  ebpf_test_add ("/plugins/perf-event-array/cpus", test_cpus);
  ebpf_test_add ("/plugins/perf-event-array/wrap", test_wrap);
  ebpf_test_add ("/plugins/perf-event-array/lost", test_lost);
  ebpf_test_add ("/plugins/perf-event-array/more-than-a-batch", test_more_than_a_batch);
  ebpf_test_add ("/plugins/perf-event-array/wakeup-events", test_wakeup_events);
  ebpf_test_add ("/plugins/perf-event-array/wakes", test_wakes);
  ebpf_test_add ("/plugins/perf-event-array/close", test_close);
  ebpf_test_add ("/plugins/perf-event-array/outlives-map", test_outlives_map);
  ebpf_test_add ("/plugins/perf-event-array/options", test_options);
  ebpf_test_add ("/plugins/perf-event-array/small-array", test_small_array);

  return g_test_run ();
}
