/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl.h"

#include "ebpfctl-json.h"

#include <stdio.h>

int
ebpfctl_link (int argc, char **argv)
{
  gboolean json = FALSE;
  g_autofree char *output = NULL;
  g_auto (GStrv) files = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "File to write", "FILE" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, "FILE…" },
    { NULL },
  };
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  guint n_files = 0;

  if (!ebpfctl_parse_options (
          argc, argv, entries, NULL,
          "Links several object files into one: what a file declares extern and another one "
          "defines, functions, variables and maps, is found by its name.\n"
          "It needs no privilege and makes no use of the kernel.",
          "Sections of one name become one, a weak definition gives way to one that is not, and "
          "type information is merged. Debug information (DWARF) is left out.\n"
          "\n"
          "Examples:\n"
          "  ebpfctl link -o monitor.bpf.o main.bpf.o filter.bpf.o\n"))
    return EBPFCTL_USAGE;

  if (output == NULL)
    return ebpfctl_usage_error (argv[0], "where to? -o FILE");
  if (files == NULL || files[0] == NULL)
    return ebpfctl_usage_error (argv[0], "which FILE?");

  for (; files[n_files] != NULL; n_files++)
    if (!ebpf_linker_add_file (linker, files[n_files], &error))
      return ebpfctl_fail (error);

  bytes = ebpf_linker_finish (linker, &error);
  if (bytes == NULL || !g_file_set_contents (output, g_bytes_get_data (bytes, NULL),
                                             (gssize) g_bytes_get_size (bytes), &error))
    return ebpfctl_fail (error);

  if (json)
    {
      g_autoptr (EbpfctlJson) writer = ebpfctl_json_new (EBPFCTL_JSON_PRETTY);

      ebpfctl_json_begin_object (writer, NULL);
      ebpfctl_json_add_string (writer, "output", output);
      ebpfctl_json_add_int (writer, "files", n_files);
      ebpfctl_json_add_int (writer, "bytes", (gint64) g_bytes_get_size (bytes));
      ebpfctl_json_end_object (writer);
      ebpfctl_json_print (writer);
    }
  else
    {
      printf ("%s: %u files, %" G_GSIZE_FORMAT " bytes\n", output, n_files,
              g_bytes_get_size (bytes));
    }

  return EBPFCTL_DONE;
}
