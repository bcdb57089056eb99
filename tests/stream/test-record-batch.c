/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>
#include <string.h>

#include "ebpf-test.h"

static void
test_empty (void)
{
  g_autoptr (EbpfRecordBatch) batch = ebpf_record_batch_new (NULL);
  g_autoptr (GBytes) bytes = ebpf_record_batch_get_bytes (batch);
  g_autoptr (GBytes) offsets = ebpf_record_batch_get_offsets (batch);

  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 0);
  g_assert_cmpuint (ebpf_record_batch_get_lost (batch), ==, 0);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 0);
  g_assert_cmpuint (g_bytes_get_size (offsets), ==, 0);
  g_assert_null (ebpf_record_batch_get_record_type (batch));
}

static void
test_layout (void)
{
  g_autoptr (EbpfRecordBatch) batch = ebpf_record_batch_new (NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) offsets = NULL;
  g_autoptr (GBytes) record = NULL;
  const guint32 *places;
  const char *slab;
  gsize size;

  ebpf_record_batch_append (batch, "abc", 3, -1);
  ebpf_record_batch_append (batch, NULL, 0, 1);
  ebpf_record_batch_append (batch, "defghijkl", 9, 0);
  ebpf_record_batch_add_lost (batch, 3);
  ebpf_record_batch_add_lost (batch, 4);

  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 3);
  g_assert_cmpuint (ebpf_record_batch_get_lost (batch), ==, 7);
  g_assert_cmpint (ebpf_record_batch_get_cpu (batch, 0), ==, -1);
  g_assert_cmpint (ebpf_record_batch_get_cpu (batch, 1), ==, 1);
  g_assert_cmpint (ebpf_record_batch_get_cpu (batch, 2), ==, 0);

  bytes = ebpf_record_batch_get_bytes (batch);
  slab = g_bytes_get_data (bytes, &size);
  g_assert_cmpmem (slab, size, "abc\0\0\0\0\0defghijkl\0\0\0\0\0\0", 24);

  offsets = ebpf_record_batch_get_offsets (batch);
  places = g_bytes_get_data (offsets, &size);
  g_assert_cmpuint (size, ==, 24);
  g_assert_cmpuint (places[0], ==, 0);
  g_assert_cmpuint (places[1], ==, 3);
  g_assert_cmpuint (places[2], ==, 8);
  g_assert_cmpuint (places[3], ==, 0);
  g_assert_cmpuint (places[4], ==, 8);
  g_assert_cmpuint (places[5], ==, 9);

  record = ebpf_record_batch_get_record (batch, 2);
  g_assert_cmpmem (g_bytes_get_data (record, NULL), g_bytes_get_size (record), "defghijkl", 9);
  /* A part of the slab, not a copy. */
  g_assert_true (g_bytes_get_data (record, NULL) == slab + 8);
  g_assert_true (ebpf_record_batch_peek_record (batch, 2, &size) == slab + 8);
  g_assert_cmpuint (size, ==, 9);
}

static void
test_outlives_batch (void)
{
  EbpfRecordBatch *batch = ebpf_record_batch_new (NULL);
  g_autoptr (GBytes) record = NULL;
  g_autoptr (GBytes) offsets = NULL;

  ebpf_record_batch_append (batch, "xyz", 3, -1);
  record = ebpf_record_batch_get_record (batch, 0);
  offsets = ebpf_record_batch_get_offsets (batch);
  g_object_unref (batch);

  g_assert_cmpmem (g_bytes_get_data (record, NULL), g_bytes_get_size (record), "xyz", 3);
  g_assert_cmpuint (((const guint32 *) g_bytes_get_data (offsets, NULL))[1], ==, 3);
}

static void
test_many (void)
{
  g_autoptr (EbpfRecordBatch) batch = ebpf_record_batch_new (NULL);
  guint8 data[300];

  for (guint i = 0; i < 100000; i++)
    {
      gsize size = i % sizeof data;

      memset (data, (int) (i & 0xff), sizeof data);
      ebpf_record_batch_append (batch, data, size, (int) (i % 3) - 1);
    }

  g_assert_cmpuint (ebpf_record_batch_get_n_records (batch), ==, 100000);
  for (guint i = 0; i < 100000; i++)
    {
      gsize size;
      const guint8 *record = ebpf_record_batch_peek_record (batch, i, &size);

      g_assert_cmpuint (size, ==, i % sizeof data);
      g_assert_cmpuint ((guintptr) record % 8, ==, 0);
      g_assert_cmpint (ebpf_record_batch_get_cpu (batch, i), ==, (int) (i % 3) - 1);
      if (size > 0)
        {
          g_assert_cmpuint (record[0], ==, i & 0xff);
          g_assert_cmpuint (record[size - 1], ==, i & 0xff);
        }
    }
}

static void
test_decode_without_type (void)
{
  g_autoptr (EbpfRecordBatch) batch = ebpf_record_batch_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GVariant) expected = NULL;

  ebpf_record_batch_append (batch, "\1\2\3", 3, -1);
  variant = ebpf_record_batch_decode (batch, 0, &error);
  g_assert_no_error (error);
  expected = g_variant_ref_sink (g_variant_new_parsed ("[byte 1, 2, 3]"));
  g_assert_cmpvariant (variant, expected);
  g_assert_false (g_variant_is_floating (variant));
}

static void
test_properties (void)
{
  g_autoptr (EbpfRecordBatch) batch = ebpf_record_batch_new (NULL);
  guint n_records;
  guint64 lost;

  ebpf_record_batch_append (batch, "a", 1, -1);
  ebpf_record_batch_add_lost (batch, G_MAXUINT32 + (guint64) 1);
  g_object_get (batch, "n-records", &n_records, "lost", &lost, NULL);
  g_assert_cmpuint (n_records, ==, 1);
  g_assert_cmpuint (lost, ==, G_MAXUINT32 + (guint64) 1);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/stream/record-batch/empty", test_empty);
  ebpf_test_add ("/stream/record-batch/layout", test_layout);
  ebpf_test_add ("/stream/record-batch/outlives-batch", test_outlives_batch);
  ebpf_test_add ("/stream/record-batch/many", test_many);
  ebpf_test_add ("/stream/record-batch/decode-without-type", test_decode_without_type);
  ebpf_test_add ("/stream/record-batch/properties", test_properties);

  return g_test_run ();
}
