/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl.h"

#include "ebpfctl-json.h"
#include "ebpfctl-terminal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  gboolean json;
  gboolean log;
  char *pin_path;
  char **programs;
  char **max_entries;
  char **files;
} Arguments;

typedef struct
{
  guint n_maps;
  guint n_programs;
  gint64 open_us;
  gint64 load_us;
  GPtrArray *left_out; /* of EbpfProgramSpec: what nobody asked for, and what is of no known type */
} Outcome;

/* Splits "MAP=N". A map's name may itself have no '=' in it, as symbols have none. */
static gboolean
parse_max_entries (const char *argument, char **map, guint *n)
{
  const char *equals = strrchr (argument, '=');
  guint64 number;

  if (equals == NULL || equals == argument ||
      !g_ascii_string_to_unsigned (equals + 1, 10, 1, G_MAXUINT32, &number, NULL))
    return FALSE;

  *map = g_strndup (argument, (gsize) (equals - argument));
  *n = (guint) number;
  return TRUE;
}

static gboolean
resize_maps (EbpfCollectionSpec *spec, char **max_entries, GError **error)
{
  for (; max_entries != NULL && *max_entries != NULL; max_entries++)
    {
      g_autofree char *name = NULL;
      EbpfMapSpec *map;
      guint n = 0;

      if (!parse_max_entries (*max_entries, &name, &n))
        g_assert_not_reached (); /* it was checked before */

      map = ebpf_collection_spec_get_map (spec, name);
      if (map == NULL)
        {
          g_set_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                       "%s: there is no map “%s” to give %u entries",
                       ebpf_collection_spec_get_source (spec), name, n);
          return FALSE;
        }
      ebpf_map_spec_set_max_entries (map, n);
    }

  return TRUE;
}

static void
count (EbpfCollection *collection, Outcome *outcome)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_list_maps (collection);
  g_autoptr (GPtrArray) programs = ebpf_collection_list_programs (collection);

  outcome->n_maps = maps->len;
  outcome->n_programs = programs->len;
}

/* What `ebpfctl loader` wrote. */
static gboolean
run_loader (EbpfLoader *loader, const Arguments *arguments, Outcome *outcome, GError **error)
{
  g_autoptr (EbpfCollection) collection = NULL;
  gint64 begin;

  if (arguments->programs != NULL || arguments->pin_path != NULL)
    {
      g_set_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                   "%s: a loader program takes neither --program nor --pin-path",
                   arguments->files[0]);
      return FALSE;
    }
  if (!resize_maps (ebpf_loader_get_spec (loader), arguments->max_entries, error))
    return FALSE;

  begin = g_get_monotonic_time ();
  collection = ebpf_loader_load (loader, NULL, NULL, error);
  if (collection == NULL)
    return FALSE;
  outcome->load_us = g_get_monotonic_time () - begin;

  count (collection, outcome);
  ebpf_collection_close (collection);
  return TRUE;
}

static GPtrArray *
list_left_out (EbpfCollectionSpec *spec, EbpfCollection *collection)
{
  g_autoptr (GPtrArray) programs = ebpf_collection_spec_list_programs (spec);
  GPtrArray *list = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < programs->len; i++)
    if (ebpf_collection_get_program (collection, ebpf_program_spec_get_name (programs->pdata[i])) ==
        NULL)
      g_ptr_array_add (list, g_object_ref (programs->pdata[i]));

  return list;
}

static gboolean
load (const Arguments *arguments, Outcome *outcome, GError **error)
{
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  GError *local_error = NULL;
  gint64 begin, opened, loaded;
  char **name;

  begin = g_get_monotonic_time ();
  spec = ebpf_collection_spec_new_from_path (arguments->files[0], &local_error);
  if (g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_ELF))
    loader = ebpf_loader_new_from_path (arguments->files[0], NULL);
  opened = g_get_monotonic_time ();
  outcome->open_us = opened - begin;
  if (loader != NULL)
    {
      g_clear_error (&local_error);
      return run_loader (loader, arguments, outcome, error);
    }
  if (spec == NULL)
    {
      g_propagate_error (error, local_error);
      return FALSE;
    }

  if (!resize_maps (spec, arguments->max_entries, error))
    return FALSE;

  if (arguments->pin_path != NULL)
    ebpf_load_options_set_pin_path (options, arguments->pin_path);
  for (name = arguments->programs; name != NULL && *name != NULL; name++)
    {
      if (ebpf_collection_spec_get_program (spec, *name) == NULL)
        {
          g_set_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "%s: there is no program “%s”",
                       ebpf_collection_spec_get_source (spec), *name);
          return FALSE;
        }
      ebpf_load_options_select_program (options, *name);
    }

  collection = ebpf_collection_new (spec);
  opened = g_get_monotonic_time ();
  if (!ebpf_collection_load (collection, options, NULL, error))
    return FALSE;
  loaded = g_get_monotonic_time ();
  outcome->load_us = loaded - opened;

  count (collection, outcome);
  outcome->left_out = list_left_out (spec, collection);

  if (!ebpf_collection_remove_pins (collection, error))
    return FALSE;
  ebpf_collection_close (collection);

  return TRUE;
}

static void
print_json_failure (const GError *error, const char *log)
{
  g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);

  ebpfctl_json_begin_object (json, NULL);
  ebpfctl_json_add_boolean (json, "ok", FALSE);
  ebpfctl_json_begin_object (json, "error");
  ebpfctl_json_add_string (json, "code", ebpfctl_error_code_nick (error));
  ebpfctl_json_add_int (json, "errno", ebpf_error_get_errno (error));
  ebpfctl_json_add_string (json, "message", error->message);
  ebpfctl_json_add_string (json, "log", log);
  ebpfctl_json_end_object (json);
  ebpfctl_json_end_object (json);
  ebpfctl_json_print (json);
}

static void
print_json_outcome (const Outcome *outcome)
{
  g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);

  ebpfctl_json_begin_object (json, NULL);
  ebpfctl_json_add_boolean (json, "ok", TRUE);
  ebpfctl_json_add_uint (json, "maps", outcome->n_maps);
  ebpfctl_json_add_uint (json, "programs", outcome->n_programs);
  ebpfctl_json_add_int (json, "open_us", outcome->open_us);
  ebpfctl_json_add_int (json, "load_us", outcome->load_us);
  ebpfctl_json_begin_array (json, "left_out");
  for (guint i = 0; outcome->left_out != NULL && i < outcome->left_out->len; i++)
    ebpfctl_json_add_string (json, NULL, ebpf_program_spec_get_name (outcome->left_out->pdata[i]));
  ebpfctl_json_end_array (json);
  ebpfctl_json_end_object (json);
  ebpfctl_json_print (json);
}

/* A section's name with a slip in it must not look like success. */
static void
print_unknown (const Outcome *outcome)
{
  for (guint i = 0; outcome->left_out != NULL && i < outcome->left_out->len; i++)
    {
      EbpfProgramSpec *program = outcome->left_out->pdata[i];
      g_autofree char *name = ebpfctl_terminal_clean (ebpf_program_spec_get_name (program));
      g_autofree char *section = NULL;

      if (ebpf_program_spec_get_program_type (program) != EBPF_PROGRAM_TYPE_UNSPEC)
        continue;

      section = ebpfctl_terminal_clean (ebpf_program_spec_get_section (program));
      printf ("Not loaded: %s, whose section \"%s\" does not say what type of program it is.\n",
              name, section);
    }
}

static int
run (const Arguments *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) refusal = NULL;
  Outcome outcome = { 0 };
  const GError *reason;
  const char *log;
  sigset_t signals, before;
  gboolean ok;

  /* A Ctrl-C waits until the pins that the load made are gone again. */
  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGHUP);
  sigprocmask (SIG_BLOCK, &signals, &before);
  ok = load (arguments, &outcome, &error);
  sigprocmask (SIG_SETMASK, &before, NULL);

  if (ok)
    {
      if (arguments->json)
        {
          print_json_outcome (&outcome);
        }
      else
        {
          printf (
              "Loaded %u %s and %u %s: read in %.1f ms, loaded in %.1f ms. All unloaded again.\n",
              outcome.n_maps, outcome.n_maps == 1 ? "map" : "maps", outcome.n_programs,
              outcome.n_programs == 1 ? "program" : "programs", outcome.open_us / 1e3,
              outcome.load_us / 1e3);
          print_unknown (&outcome);
        }
      g_clear_pointer (&outcome.left_out, g_ptr_array_unref);
      return EBPFCTL_DONE;
    }

  log = ebpf_error_get_log (error);
  reason = ebpfctl_explain_refusal (error, &refusal);

  if (arguments->json)
    {
      print_json_failure (reason, log);
      return EBPFCTL_FAILED;
    }

  if (arguments->log && log != NULL)
    printf ("%s%s", log, g_str_has_suffix (log, "\n") ? "" : "\n");

  return ebpfctl_fail (reason);
}

int
ebpfctl_load (int argc, char **argv)
{
  Arguments arguments = { 0 };
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &arguments.json, "Print JSON, also of a failure", NULL },
    { "program", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &arguments.programs,
      "Load this program and what it needs alone; may be repeated", "NAME" },
    { "max-entries", 'e', 0, G_OPTION_ARG_STRING_ARRAY, &arguments.max_entries,
      "Give a map this number of entries; may be repeated", "MAP=N" },
    { "pin-path", 0, 0, G_OPTION_ARG_FILENAME, &arguments.pin_path,
      "Where maps that ask for it are pinned (default: /sys/fs/bpf)", "DIR" },
    { "log", 'l', 0, G_OPTION_ARG_NONE, &arguments.log,
      "Print the verifier's whole log where it rejects a program", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments.files, NULL, NULL },
    { NULL },
  };
  int status = EBPFCTL_USAGE;
  char **argument;

  if (!ebpfctl_parse_options (
          argc, argv, entries, "FILE",
          "Loads an object, or runs what “ebpfctl loader” made of one, says what happened, and "
          "unloads it.\n"
          "Pins that this command makes are taken away again.",
          "Examples:\n"
          "  sudo ebpfctl load monitor.bpf.o\n"
          "  sudo ebpfctl load --program on_exec --max-entries events=65536 monitor.bpf.o\n"
          "  sudo ebpfctl load --json monitor.bpf.o | jq -r '.error.log // \"fine\"'\n") ||
      ebpfctl_take_file (argv[0], arguments.files) == NULL)
    goto out;

  for (argument = arguments.max_entries; argument != NULL && *argument != NULL; argument++)
    {
      g_autofree char *map = NULL;
      guint n;

      if (!parse_max_entries (*argument, &map, &n))
        {
          ebpfctl_usage_error (argv[0], "--max-entries takes MAP=N, not “%s”", *argument);
          goto out;
        }
    }

  status = run (&arguments);

out:
  g_free (arguments.pin_path);
  g_strfreev (arguments.programs);
  g_strfreev (arguments.max_entries);
  g_strfreev (arguments.files);
  return status;
}
