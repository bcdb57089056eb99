/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl.h"

#include "ebpfctl-contents.h"
#include "ebpfctl-json.h"
#include "ebpfctl-terminal.h"
#include "ebpfctl-value.h"

#include <errno.h>
#include <glib-unix.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define EXAMPLE_PREFIX "example:"
#define EXAMPLE_FOLDER "/org/ebpf-core/examples/"
#define EXAMPLE_SUFFIX ".bpf.o"

typedef struct
{
  gboolean json;
  double seconds; /* negative: until a signal */
  GMainLoop *loop;
  GCancellable *cancellable; /* a signal while it loads */
  gboolean ended;
  gboolean load_done;
  gboolean decode_failed; /* it was told of */
  EbpfCollection *collection;
  GPtrArray *readers;
  GPtrArray *links;
  GError *error; /* of what runs in the main loop */
} Run;

/* "exec, net": the examples that are embedded. */
static char *
list_examples (void)
{
  g_auto (GStrv) names =
      g_resources_enumerate_children (EXAMPLE_FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  char **name;

  if (names == NULL || names[0] == NULL)
    return NULL;

  for (name = names; *name != NULL; name++)
    if (g_str_has_suffix (*name, EXAMPLE_SUFFIX))
      (*name)[strlen (*name) - strlen (EXAMPLE_SUFFIX)] = '\0';

  return g_strjoinv (", ", names);
}

static EbpfCollectionSpec *
open_example (const char *name, GError **error)
{
  g_autofree char *path = g_strconcat (EXAMPLE_FOLDER, name, EXAMPLE_SUFFIX, NULL);
  g_autofree char *source = g_strconcat (EXAMPLE_PREFIX, name, NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  EbpfCollectionSpec *spec;

  if (bytes == NULL)
    {
      g_autofree char *names = list_examples ();

      if (names != NULL)
        g_set_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                     "there is no example “%s”; there is: %s", name, names);
      else
        g_set_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                     "there is no example “%s”: this ebpfctl was built without examples", name);
      return NULL;
    }

  spec = ebpf_collection_spec_new_from_bytes (bytes, error);
  if (spec != NULL)
    ebpf_collection_spec_set_source (spec, source);
  return spec;
}

static EbpfCollectionSpec *
open_spec (const char *file, GError **error)
{
  if (g_str_has_prefix (file, EXAMPLE_PREFIX))
    return open_example (file + strlen (EXAMPLE_PREFIX), error);

  return ebpf_collection_spec_new_from_path (file, error);
}

static void
print_record (Run *run, EbpfReader *reader, GVariant *record)
{
  const char *map = ebpf_map_get_name (ebpf_reader_get_map (reader));

  if (run->json)
    {
      g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);

      ebpfctl_json_begin_object (json, NULL);
      ebpfctl_json_add_string (json, "map", map);
      ebpfctl_json_add_variant (json, "record", record);
      ebpfctl_json_end_object (json);
      ebpfctl_json_print (json);
    }
  else
    {
      g_autofree char *clean_map = ebpfctl_terminal_clean (map);
      g_autofree char *text = ebpfctl_value_to_text (record);

      printf ("%s%s%s  %s\n", ebpfctl_terminal_begin_style (stdout, EBPFCTL_STYLE_DIM), clean_map,
              ebpfctl_terminal_end_style (stdout, EBPFCTL_STYLE_DIM), text);
    }
}

static void
on_records (EbpfReader *reader, EbpfRecordBatch *batch, gpointer user_data)
{
  Run *run = user_data;

  for (guint i = 0; i < ebpf_record_batch_get_n_records (batch); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) record = ebpf_record_batch_decode (batch, i, &error);

      if (record == NULL)
        {
          g_autoptr (GBytes) bytes = ebpf_record_batch_get_record (batch, i);

          /* A record shorter than its type, say: the bytes are better than nothing. */
          if (!run->decode_failed)
            ebpfctl_print_error (error->message);
          run->decode_failed = TRUE;
          record = g_variant_ref_sink (
              g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
        }

      print_record (run, reader, record);
    }

  fflush (stdout);
}

static gboolean
on_end (gpointer user_data)
{
  Run *run = user_data;

  run->ended = TRUE;
  g_cancellable_cancel (run->cancellable);
  g_main_loop_quit (run->loop);

  return G_SOURCE_CONTINUE;
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  ebpf_collection_load_finish (EBPF_COLLECTION (source), result, &run->error);
  run->load_done = TRUE;
}

/* Off the main loop, so that Ctrl-C ends it without leaving a pin behind. */
static gboolean
load (Run *run, GError **error)
{
  ebpf_collection_load_async (run->collection, NULL, run->cancellable, on_loaded, run);
  while (!run->load_done)
    g_main_context_iteration (NULL, TRUE);

  if (run->error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&run->error));
  return FALSE;
}

static gboolean
open_readers (Run *run, GError **error)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_list_maps (run->collection);

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMap *map = maps->pdata[i];
      g_autoptr (EbpfReader) reader = NULL;

      if (!ebpf_map_has_reader (map))
        continue;

      reader = ebpf_map_open_reader (map, NULL, error);
      if (reader == NULL)
        return FALSE;

      g_signal_connect (reader, "records", G_CALLBACK (on_records), run);
      if (!ebpf_reader_start (reader, error))
        return FALSE;
      g_ptr_array_add (run->readers, g_steal_pointer (&reader));
    }

  return TRUE;
}

static gboolean
attach (Run *run, const char *file, GError **error)
{
  g_autoptr (GPtrArray) programs = ebpf_collection_list_programs (run->collection);

  for (guint i = 0; i < programs->len; i++)
    {
      EbpfProgram *program = programs->pdata[i];
      EbpfProgramSpec *spec = ebpf_program_get_spec (program);
      const char *section = spec != NULL ? ebpf_program_spec_get_section (spec) : NULL;
      g_autofree char *message = NULL;

      /* Operations are attached with their map. */
      if (ebpf_program_can_attach (program) ||
          ebpf_program_get_program_type (program) == EBPF_PROGRAM_TYPE_STRUCT_OPS)
        continue;

      message =
          g_strdup_printf ("not attached: program %s, for its section “%s” does not say where",
                           ebpf_program_get_name (program), section != NULL ? section : "");
      ebpfctl_print_error (message);
    }

  run->links = ebpf_collection_attach_all (run->collection, error);
  if (run->links == NULL)
    return FALSE;

  if (run->links->len == 0)
    {
      g_set_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                   "%s: no program's section says where to attach it", file);
      return FALSE;
    }

  if (!run->json)
    {
      for (guint i = 0; i < run->links->len; i++)
        {
          EbpfLink *link = run->links->pdata[i];
          EbpfProgram *program = ebpf_link_get_program (link);
          g_autofree char *name =
              program != NULL ? ebpfctl_terminal_clean (ebpf_program_get_name (program)) : NULL;
          g_autofree char *target = ebpfctl_terminal_clean (
              ebpf_link_get_target (link) ? ebpf_link_get_target (link) : "");

          fprintf (stderr, "Attached %s%s%s.%s\n", name != NULL ? name : "",
                   name != NULL && *target != '\0' ? " to " : "", target,
                   i + 1 == run->links->len && run->seconds < 0 ? " Ctrl-C ends." : "");
        }
    }

  return TRUE;
}

/* What was written before the programs were taken off their hooks, and not read yet. */
static void
drain (Run *run)
{
  for (guint i = 0; i < run->readers->len; i++)
    {
      EbpfReader *reader = run->readers->pdata[i];
      guint n_records;

      ebpf_reader_stop (reader);
      do
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (EbpfRecordBatch) batch = ebpf_reader_read (reader, 0, NULL, &error);

          n_records = batch != NULL ? ebpf_record_batch_get_n_records (batch) : 0;
          if (n_records > 0)
            on_records (reader, batch, run);
        }
      while (n_records > 0);
    }
}

static void
print_losses (Run *run)
{
  for (guint i = 0; i < run->readers->len; i++)
    {
      EbpfReader *reader = run->readers->pdata[i];
      const char *map = ebpf_map_get_name (ebpf_reader_get_map (reader));
      guint64 lost = ebpf_reader_get_lost (reader);

      if (lost == 0)
        continue;

      if (run->json)
        {
          g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);

          ebpfctl_json_begin_object (json, NULL);
          ebpfctl_json_add_string (json, "map", map);
          ebpfctl_json_add_uint (json, "lost", lost);
          ebpfctl_json_end_object (json);
          ebpfctl_json_print (json);
        }
      else
        {
          g_autofree char *message =
              g_strdup_printf ("%" G_GUINT64_FORMAT " records of map %s were lost", lost, map);

          ebpfctl_print_error (message);
        }
    }
}

static gboolean
detach (Run *run, GError **error)
{
  gboolean ok = TRUE;

  for (guint i = 0; run->links != NULL && i < run->links->len; i++)
    if (!ebpf_link_detach (run->links->pdata[i], ok ? error : NULL))
      ok = FALSE;

  return ok;
}

static gboolean
run_file (Run *run, const char *file, GError **error)
{
  g_autoptr (EbpfCollectionSpec) spec = open_spec (file, error);

  if (spec == NULL)
    return FALSE;

  run->collection = ebpf_collection_new (spec);
  if (!load (run, error))
    {
      /* A Ctrl-C while it loads is an end like any other. */
      if (run->ended && error != NULL && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_clear_error (error);
          return TRUE;
        }
      return FALSE;
    }

  /* Readers first: nothing that the programs write may be missed. */
  if (!open_readers (run, error) || !attach (run, file, error))
    return FALSE;

  if (run->seconds >= 0)
    g_timeout_add ((guint) (run->seconds * 1000), on_end, run);
  if (!run->ended)
    g_main_loop_run (run->loop);

  if (!detach (run, error))
    return FALSE;

  drain (run);
  print_losses (run);
  ebpfctl_contents_print (run->collection, run->json);

  return TRUE;
}

static int
run_and_clean_up (Run *run, const char *file)
{
  const int signals[] = { SIGINT, SIGTERM, SIGHUP };
  guint sources[G_N_ELEMENTS (signals)];
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) pin_error = NULL;
  g_autoptr (GError) refusal = NULL;
  int status = EBPFCTL_DONE;

  run->loop = g_main_loop_new (NULL, FALSE);
  run->cancellable = g_cancellable_new ();
  run->readers = g_ptr_array_new_with_free_func (g_object_unref);
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    sources[i] = g_unix_signal_add (signals[i], on_end, run);

  if (!run_file (run, file, &error))
    {
      detach (run, NULL);
      status = ebpfctl_fail (ebpfctl_explain_refusal (error, &refusal));
    }

  for (guint i = 0; i < run->readers->len; i++)
    ebpf_reader_close (run->readers->pdata[i]);

  if (run->collection != NULL)
    {
      if (!ebpf_collection_remove_pins (run->collection, &pin_error))
        status = ebpfctl_fail (pin_error);
      ebpf_collection_close (run->collection);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    g_source_remove (sources[i]);
  g_clear_pointer (&run->links, g_ptr_array_unref);
  g_clear_pointer (&run->readers, g_ptr_array_unref);
  g_clear_object (&run->collection);
  g_clear_object (&run->cancellable);
  g_clear_pointer (&run->loop, g_main_loop_unref);

  return status;
}

static gboolean
parse_seconds (const char *text, double *seconds)
{
  char *end;

  errno = 0;
  *seconds = g_ascii_strtod (text, &end);

  return end != text && *end == '\0' && errno == 0 && isfinite (*seconds) && *seconds >= 0 &&
         *seconds <= G_MAXUINT / 1000;
}

int
ebpfctl_run (int argc, char **argv)
{
  Run run = { .seconds = -1 };
  g_autofree char *seconds = NULL;
  g_auto (GStrv) files = NULL;
  const GOptionEntry entries[] = {
    { "for", 'f', 0, G_OPTION_ARG_STRING, &seconds, "End after this time (default: on Ctrl-C)",
      "SECONDS" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &run.json, "Print JSON, one object a line", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
    { NULL },
  };
  g_autofree char *examples = list_examples ();
  g_autofree char *description = g_strdup_printf (
      "Examples:\n"
      "  sudo ebpfctl run monitor.bpf.o\n"
      "  sudo ebpfctl run --for 5 example:exec\n"
      "  sudo ebpfctl run --json example:exec | jq -c 'select(.record) | .record'\n"
      "\n"
      "Embedded examples: %s\n",
      examples != NULL ? examples : "none");
  const char *file;

  if (!ebpfctl_parse_options (
          argc, argv, entries, "FILE|example:NAME",
          "Loads an object, attaches its programs as their sections say, and prints each\n"
          "record of its event maps; at the end also the contents of its other maps.\n"
          "Nothing stays behind.",
          description) ||
      (file = ebpfctl_take_file (argv[0], files)) == NULL)
    return EBPFCTL_USAGE;

  if (seconds != NULL && !parse_seconds (seconds, &run.seconds))
    return ebpfctl_usage_error (argv[0], "--for takes a number of seconds, not “%s”", seconds);

  return run_and_clean_up (&run, file);
}
