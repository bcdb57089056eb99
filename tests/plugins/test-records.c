/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records decoded by the type that the object file gives, through both kinds of reader. */

#include "producer.h"

static EbpfCollection *
load_events (void)
{
  g_autofree char *path = ebpf_test_object ("events.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  collection = ebpf_collection_new (spec);
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);

  return g_steal_pointer (&collection);
}

static void
check_records (const char *map_name, const char *program, gboolean has_cpu)
{
  static const char packet[64];
  g_autoptr (GBytes) data = g_bytes_new_static (packet, sizeof packet);
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GError) error = NULL;
  guint32 count = 3;
  guint return_value;
  EbpfMap *map;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load_events ();
  map = ebpf_collection_get_map (collection, map_name);
  reader = ebpf_map_open_reader (map, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_reader_get_map (reader) == map);
  g_assert_nonnull (ebpf_reader_get_record_type (reader));
  g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_reader_get_record_type (reader)), ==, "event");

  ebpf_variable_write_raw (ebpf_collection_get_variable (collection, "count"), &count, sizeof count,
                           &error);
  g_assert_no_error (error);
  ebpf_program_test_run (ebpf_collection_get_program (collection, program), data, 1, &return_value,
                         NULL, NULL, &error);
  g_assert_no_error (error);

  batch = ebpf_reader_read (reader, 1000, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (batch);
  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, count);
  for (guint i = 0; i < count; i++)
    {
      g_autoptr (GVariant) record = ebpf_record_batch_decode (batch, i, &error);
      const char *text;
      guint64 number;
      guint32 cpu;

      g_assert_no_error (error);
      g_assert_true (g_variant_lookup (record, "number", "t", &number));
      g_assert_true (g_variant_lookup (record, "cpu", "u", &cpu));
      g_assert_true (g_variant_lookup (record, "text", "&s", &text));
      g_assert_cmpuint (number, ==, i);
      g_assert_cmpstr (text, ==, "ev");
      g_assert_cmpint (ebpf_record_batch_get_cpu (batch, i), ==, has_cpu ? (int) cpu : -1);
    }

  ebpf_reader_close (reader);
  ebpf_collection_close (collection);
}

static void
test_ringbuf (void)
{
  check_records ("ring", "emit_ring", FALSE);
}

static void
test_perf_event_array (void)
{
  check_records ("perf", "emit_perf", TRUE);
}

/* A record that is shorter than its type. */
static void
test_short_record (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (EbpfRecordBatch) batch = NULL;
  g_autoptr (GVariant) record = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load_events ();
  reader = ebpf_map_open_reader (ebpf_collection_get_map (collection, "ring"), NULL, &error);
  g_assert_no_error (error);
  batch = ebpf_record_batch_new (ebpf_reader_get_record_type (reader));
  ebpf_record_batch_append (batch, "1234", 4, -1);
  record = ebpf_record_batch_decode (batch, 0, &error);
  g_assert_null (record);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*4 bytes*event*32*");

  /* And bytes again where the type is taken away. */
  ebpf_reader_set_record_type (reader, NULL);
  g_assert_null (ebpf_reader_get_record_type (reader));
  ebpf_reader_close (reader);
  ebpf_collection_close (collection);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/plugins/records/ringbuf", test_ringbuf);
  ebpf_test_add ("/plugins/records/perf-event-array", test_perf_event_array);
  ebpf_test_add ("/plugins/records/short-record", test_short_record);

  return g_test_run ();
}
