/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints every program that is started, and at the end how many each user started.
 * exec [SECONDS [OBJECT]]; without SECONDS, until Ctrl-C. */

#include <ebpf.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>

#include "exec.h"

static void
on_records (EbpfReader *reader, EbpfRecordBatch *batch, gpointer user_data)
{
  guint n_records = ebpf_record_batch_get_n_records (batch);
  guint i;

  for (i = 0; i < n_records; i++)
    {
      gsize size;
      const struct event *event = ebpf_record_batch_peek_record (batch, i, &size);

      if (size >= sizeof *event)
        printf ("%7u %7u %7u %12.3f  %.16s\n", event->pid, event->parent, event->uid,
                event->start / 1e9, event->comm);
    }
}

static gboolean
on_stop (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
monitor (const char *path, guint seconds, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (EbpfMapIterator) counts = NULL;
  g_autoptr (GError) local_error = NULL;

  if (!(spec = ebpf_collection_spec_new_from_path (path, error)))
    return FALSE;

  collection = ebpf_collection_new (spec);
  if (!ebpf_collection_load (collection, NULL, NULL, error))
    return FALSE;

  reader = ebpf_map_open_reader (ebpf_collection_get_map (collection, "events"), NULL, error);
  if (!reader)
    return FALSE;

  g_signal_connect (reader, "records", G_CALLBACK (on_records), NULL);
  printf ("%7s %7s %7s %12s  %s\n", "PID", "PARENT", "UID", "STARTED", "COMMAND");
  if (!ebpf_reader_start (reader, error) ||
      !(links = ebpf_collection_attach_all (collection, error)))
    return FALSE;

  g_unix_signal_add (SIGINT, on_stop, loop);
  g_unix_signal_add (SIGTERM, on_stop, loop);
  if (seconds > 0)
    g_timeout_add_seconds (seconds, on_stop, loop);
  g_main_loop_run (loop);

  counts = ebpf_map_iterate (ebpf_collection_get_map (collection, "execs_by_uid"));
  while (ebpf_map_iterator_next (counts, &local_error))
    {
      g_autoptr (GVariant) uid = ebpf_map_iterator_get_key (counts, error);
      g_autoptr (GVariant) per_cpu = uid ? ebpf_map_iterator_get_value (counts, error) : NULL;
      const guint64 *n;
      gsize n_cpus, i;
      guint64 sum = 0;

      if (!per_cpu)
        return FALSE;

      n = g_variant_get_fixed_array (per_cpu, &n_cpus, sizeof *n);
      for (i = 0; i < n_cpus; i++)
        sum += n[i];
      printf ("uid %u started %" G_GUINT64_FORMAT "\n", g_variant_get_uint32 (uid), sum);
    }

  if (local_error)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  guint seconds = argc > 1 ? strtoul (argv[1], NULL, 10) : 0;

  setvbuf (stdout, NULL, _IOLBF, 0);
  if (monitor (argc > 2 ? argv[2] : EXEC_OBJECT, seconds, &error))
    return EXIT_SUCCESS;

  g_printerr ("exec: %s\n", error->message);
  return EXIT_FAILURE;
}
