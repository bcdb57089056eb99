/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl.h"

#include "ebpfctl-json.h"

#include <stdio.h>

typedef struct
{
  gboolean json;
  gboolean hash;
  char *output;
  char **files;
} Arguments;

static int
run (const Arguments *arguments, const char *file)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_instructions, n_data;

  spec = ebpf_collection_spec_new_from_path (file, &error);
  if (spec != NULL)
    loader = ebpf_loader_new (
        spec, arguments->hash ? EBPF_LOADER_FLAGS_HASHED : EBPF_LOADER_FLAGS_NONE, &error);
  if (loader == NULL)
    return ebpfctl_fail (error);

  bytes = ebpf_loader_to_bytes (loader);
  if (!g_file_set_contents (arguments->output, g_bytes_get_data (bytes, NULL),
                            (gssize) g_bytes_get_size (bytes), &error))
    return ebpfctl_fail (error);

  n_instructions = g_bytes_get_size (ebpf_loader_get_instructions (loader)) / 8;
  n_data = g_bytes_get_size (ebpf_loader_get_data (loader));
  if (arguments->json)
    {
      g_autoptr (EbpfctlJson) writer = ebpfctl_json_new (EBPFCTL_JSON_PRETTY);

      ebpfctl_json_begin_object (writer, NULL);
      ebpfctl_json_add_string (writer, "output", arguments->output);
      ebpfctl_json_add_uint (writer, "instructions", n_instructions);
      ebpfctl_json_add_uint (writer, "data", n_data);
      ebpfctl_json_add_uint (writer, "bytes", g_bytes_get_size (bytes));
      ebpfctl_json_end_object (writer);
      ebpfctl_json_print (writer);
    }
  else
    {
      printf ("%s: %" G_GSIZE_FORMAT " instructions, %" G_GSIZE_FORMAT " bytes of data\n",
              arguments->output, n_instructions, n_data);
    }

  return EBPFCTL_DONE;
}

int
ebpfctl_loader (int argc, char **argv)
{
  Arguments arguments = { 0 };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &arguments.output, "File to write", "FILE" },
    { "hash", 0, 0, G_OPTION_ARG_NONE, &arguments.hash,
      "Let the program check its data, for signatures (Linux 6.18)", NULL },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &arguments.json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments.files, NULL, NULL },
    { NULL },
  };
  int status = EBPFCTL_USAGE;
  const char *file;

  if (!ebpfctl_parse_options (
          argc, argv, entries, "FILE",
          "Makes a BPF program of an object: one that loads it when it is run, maps, programs, "
          "relocations and all.\n"
          "It needs no privilege and makes no use of the kernel.",
          "What it writes is run by “ebpfctl load”, or by ebpf_loader_load () in an application.\n"
          "\n"
          "Examples:\n"
          "  ebpfctl loader -o monitor.bpfl monitor.bpf.o\n"
          "  sudo ebpfctl load monitor.bpfl\n"))
    goto out;

  if (arguments.output == NULL)
    {
      ebpfctl_usage_error (argv[0], "where to? -o FILE");
      goto out;
    }
  file = ebpfctl_take_file (argv[0], arguments.files);
  if (file != NULL)
    status = run (&arguments, file);

out:
  g_free (arguments.output);
  g_strfreev (arguments.files);
  return status;
}
