/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-btf.h"

#include "ebpfctl-json.h"

#include <stdio.h>

static EbpfBtf *
minimize (const char *kernel_path, char **objects, GError **error)
{
  g_autoptr (EbpfBtf) kernel = ebpf_btf_new_from_path (kernel_path, NULL, error);
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func (g_object_unref);

  if (kernel == NULL)
    return NULL;

  for (gsize i = 0; objects[i] != NULL; i++)
    {
      EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (objects[i], error);

      if (spec == NULL)
        return NULL;
      g_ptr_array_add (specs, spec);
    }

  return ebpf_btf_minimize (kernel, specs, error);
}

int
ebpfctl_btf_minimize (int argc, char **argv)
{
  gboolean json = FALSE;
  g_autofree char *output = NULL;
  g_auto (GStrv) rest = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "File to write", "FILE" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, "KERNEL-BTF OBJECT…" },
    { NULL },
  };
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpfctl_parse_options (
          argc, argv, entries, NULL,
          "Takes out of a kernel's type information what it needs to adapt objects to that kernel: "
          "a few kilobytes, to be shipped with them for kernels that do not bring their own.",
          "KERNEL-BTF is /sys/kernel/btf/vmlinux, a copy of it, or an ELF file with a section "
          ".BTF.\n"
          "\n"
          "Examples:\n"
          "  ebpfctl btf minimize -o small.btf /sys/kernel/btf/vmlinux monitor.bpf.o\n"))
    return EBPFCTL_USAGE;

  if (output == NULL)
    return ebpfctl_usage_error (argv[0], "where to? -o FILE");
  if (rest == NULL || rest[0] == NULL)
    return ebpfctl_usage_error (argv[0], "which KERNEL-BTF?");
  if (rest[1] == NULL)
    return ebpfctl_usage_error (argv[0], "which OBJECT?");

  btf = minimize (rest[0], rest + 1, &error);
  if (btf == NULL)
    return ebpfctl_fail (error);

  bytes = ebpf_btf_encode (btf, ebpf_btf_get_byte_order (btf));
  if (!g_file_set_contents (output, g_bytes_get_data (bytes, NULL),
                            (gssize) g_bytes_get_size (bytes), &error))
    return ebpfctl_fail (error);

  if (json)
    {
      g_autoptr (EbpfctlJson) writer = ebpfctl_json_new (EBPFCTL_JSON_PRETTY);

      ebpfctl_json_begin_object (writer, NULL);
      ebpfctl_json_add_string (writer, "output", output);
      ebpfctl_json_add_int (writer, "types", ebpf_btf_get_n_types (btf) - 1);
      ebpfctl_json_add_int (writer, "bytes", (gint64) g_bytes_get_size (bytes));
      ebpfctl_json_end_object (writer);
      ebpfctl_json_print (writer);
    }
  else
    {
      printf ("%s: %u types, %" G_GSIZE_FORMAT " bytes\n", output, ebpf_btf_get_n_types (btf) - 1,
              g_bytes_get_size (bytes));
    }

  return EBPFCTL_DONE;
}
