/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints every program that is started, and at the end how many each user started.
 * exec [SECONDS [OBJECT]]; without SECONDS, until Ctrl-C. */

#include <ebpf.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>

#include "exec.h"

/* Short for an example: a library would hand the error on. */
static void
must (const GError *error)
{
  if (error == NULL)
    return;
  g_printerr ("exec: %s\n", error->message);
  exit (EXIT_FAILURE);
}

static void
on_records (EbpfReader *reader, EbpfRecordBatch *batch, gpointer user_data)
{
  for (guint i = 0; i < ebpf_record_batch_get_n_records (batch); i++)
    {
      gsize size;
      const struct event *event = ebpf_record_batch_peek_record (batch, i, &size);

      if (size >= sizeof *event)
        printf ("%7u %7u %7u %12.3f  %.16s\n", event->pid, event->parent, event->uid,
                event->start / 1e9, event->comm);
    }
}

static gboolean
on_stop (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  guint seconds = argc > 1 ? strtoul (argv[1], NULL, 10) : 0;

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_autoptr (EbpfCollectionSpec) spec =
      ebpf_collection_spec_new_from_path (argc > 2 ? argv[2] : EXEC_OBJECT, &error);
  must (error);
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
  ebpf_collection_load (collection, NULL, NULL, &error);
  must (error);

  g_autoptr (EbpfReader) reader =
      ebpf_map_open_reader (ebpf_collection_get_map (collection, "events"), NULL, &error);
  must (error);
  g_signal_connect (reader, "records", G_CALLBACK (on_records), NULL);
  printf ("%7s %7s %7s %12s  %s\n", "PID", "PARENT", "UID", "STARTED", "COMMAND");
  ebpf_reader_start (reader, &error);
  must (error);
  g_autoptr (GPtrArray) links = ebpf_collection_attach_all (collection, &error);
  must (error);

  g_unix_signal_add (SIGINT, on_stop, loop);
  g_unix_signal_add (SIGTERM, on_stop, loop);
  if (seconds > 0)
    g_timeout_add_seconds (seconds, on_stop, loop);
  g_main_loop_run (loop);

  g_autoptr (EbpfMapIterator) counts =
      ebpf_map_iterate (ebpf_collection_get_map (collection, "execs_by_uid"));
  while (ebpf_map_iterator_next (counts, &error))
    {
      g_autoptr (GVariant) uid = ebpf_map_iterator_get_key (counts, NULL);
      g_autoptr (GVariant) per_cpu = ebpf_map_iterator_get_value (counts, NULL);
      gsize n_cpus;
      const guint64 *n = g_variant_get_fixed_array (per_cpu, &n_cpus, sizeof *n);
      guint64 sum = 0;

      for (gsize i = 0; i < n_cpus; i++)
        sum += n[i];
      printf ("uid %u started %" G_GUINT64_FORMAT "\n", g_variant_get_uint32 (uid), sum);
    }
  must (error);

  return EXIT_SUCCESS;
}
