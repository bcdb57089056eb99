/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "producer.h"

#include <sched.h>
#include <string.h>

Producer *
producer_new (guint ring_size)
{
  g_autofree char *path = ebpf_test_object ("producer.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  Producer *producer;

  if (!ebpf_test_require_bpf ())
    return NULL;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  ebpf_map_spec_set_max_entries (ebpf_collection_spec_get_map (spec, "ring"), ring_size);

  producer = g_new0 (Producer, 1);
  producer->collection = ebpf_collection_new (spec);
  ebpf_collection_load (producer->collection, NULL, NULL, &error);
  g_assert_no_error (error);
  producer->ring = ebpf_collection_get_map (producer->collection, "ring");
  producer->perf = ebpf_collection_get_map (producer->collection, "perf");

  return producer;
}

void
producer_free (Producer *producer)
{
  ebpf_collection_close (producer->collection);
  g_object_unref (producer->collection);
  g_free (producer);
}

void
producer_set (Producer *producer, const char *variable, guint32 value)
{
  g_autoptr (GError) error = NULL;

  ebpf_variable_write_raw (ebpf_collection_get_variable (producer->collection, variable), &value,
                           sizeof value, &error);
  g_assert_no_error (error);
}

guint64
producer_get (Producer *producer, const char *variable)
{
  g_autoptr (GError) error = NULL;
  guint64 value;

  ebpf_variable_read_raw (ebpf_collection_get_variable (producer->collection, variable), &value,
                          sizeof value, &error);
  g_assert_no_error (error);

  return value;
}

/* As in producer.bpf.c. */
#define MAX_COUNT 128

void
producer_run (Producer *producer, const char *program, guint n)
{
  static const char packet[64];
  g_autoptr (GBytes) data = g_bytes_new_static (packet, sizeof packet);
  EbpfProgram *object = ebpf_collection_get_program (producer->collection, program);

  while (n > 0)
    {
      g_autoptr (GError) error = NULL;
      guint return_value = 1;

      producer_set (producer, "count", MIN (n, MAX_COUNT));
      ebpf_program_test_run (object, data, 1, &return_value, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (return_value, ==, 0);
      n -= MIN (n, MAX_COUNT);
    }
}

gsize
producer_size_of (guint64 number)
{
  return 16 + number * 13 % 497;
}

guint64
producer_check (gconstpointer data, gsize size, gsize padding)
{
  guint64 number;
  gsize expected;

  g_assert_cmpuint (size, >=, sizeof number);
  memcpy (&number, data, sizeof number);
  expected = producer_size_of (number);
  g_assert_cmpuint (size, >=, expected);
  g_assert_cmpuint (size, <=, expected + padding);
  g_assert_cmpuint (((const guint8 *) data)[expected - 1], ==, number & 0xff);

  return number;
}

gboolean
producer_move_to_cpu (guint cpu)
{
  cpu_set_t set;

  CPU_ZERO (&set);
  CPU_SET (cpu, &set);

  return sched_setaffinity (0, sizeof set, &set) == 0;
}

void
producer_move_anywhere (void)
{
  cpu_set_t set;

  memset (&set, 0xff, sizeof set);
  sched_setaffinity (0, sizeof set, &set);
}
