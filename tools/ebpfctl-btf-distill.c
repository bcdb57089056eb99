/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-btf.h"

#include "ebpfctl-json.h"

#include <stdio.h>

static gboolean
write_part (const char *path, EbpfBtf *btf, EbpfctlJson *json, const char *name, GError **error)
{
  g_autoptr (GBytes) bytes = ebpf_btf_encode (btf, ebpf_btf_get_byte_order (btf));
  guint n_types = ebpf_btf_get_n_types (btf) - ebpf_btf_get_first_id (btf);

  if (!g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes),
                            error))
    return FALSE;

  if (json != NULL)
    {
      ebpfctl_json_begin_object (json, name);
      ebpfctl_json_add_string (json, "output", path);
      ebpfctl_json_add_uint (json, "types", n_types);
      ebpfctl_json_add_uint (json, "bytes", g_bytes_get_size (bytes));
      ebpfctl_json_end_object (json);
    }
  else
    {
      printf ("%s: %u types, %" G_GSIZE_FORMAT " bytes\n", path, n_types, g_bytes_get_size (bytes));
    }

  return TRUE;
}

int
ebpfctl_btf_distill (int argc, char **argv)
{
  gboolean json = FALSE;
  g_autofree char *base_path = NULL;
  g_autofree char *output = NULL;
  g_autofree char *base_output = NULL;
  g_auto (GStrv) files = NULL;
  const GOptionEntry entries[] = {
    { "base", 'b', 0, G_OPTION_ARG_FILENAME, &base_path,
      "What FILE is split from (default: /sys/kernel/btf/vmlinux)", "BASE" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "File to write, and OUT.base", "OUT" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
    { NULL },
  };
  g_autoptr (EbpfBtf) base = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) distilled = NULL;
  g_autoptr (EbpfctlJson) writer = NULL;
  g_autoptr (GError) error = NULL;
  const char *path;

  if (!ebpfctl_parse_options (
          argc, argv, entries, "FILE",
          "Makes the type information of a kernel module independent of the one build of the\n"
          "kernel that it was made for: with a small base of its own, from which its types are\n"
          "found in any other build that still has them.",
          "The two files are what sections .BTF and .BTF.base of the module have:\n"
          "  ebpfctl btf distill -b vmlinux -o module.btf module.ko\n"
          "  objcopy --update-section .BTF=module.btf --add-section .BTF.base=module.btf.base "
          "module.ko\n"))
    return EBPFCTL_USAGE;

  path = ebpfctl_take_file (argv[0], files);
  if (path == NULL)
    return EBPFCTL_USAGE;
  if (output == NULL)
    return ebpfctl_usage_error (argv[0], "where to? -o FILE");

  base = ebpf_btf_new_from_path (base_path != NULL ? base_path : "/sys/kernel/btf/vmlinux", NULL,
                                 &error);
  if (base == NULL)
    return ebpfctl_fail (error);
  btf = ebpf_btf_new_from_path (path, base, &error);
  if (btf == NULL)
    return ebpfctl_fail (error);
  distilled = ebpf_btf_distill (btf, &error);
  if (distilled == NULL)
    {
      g_prefix_error (&error, "%s: ", path);
      return ebpfctl_fail (error);
    }

  base_output = g_strconcat (output, ".base", NULL);
  if (json)
    {
      writer = ebpfctl_json_new (EBPFCTL_JSON_PRETTY);
      ebpfctl_json_begin_object (writer, NULL);
    }
  if (!write_part (output, distilled, writer, "btf", &error) ||
      !write_part (base_output, ebpf_btf_get_base (distilled), writer, "base", &error))
    return ebpfctl_fail (error);
  if (json)
    {
      ebpfctl_json_end_object (writer);
      ebpfctl_json_print (writer);
    }

  return EBPFCTL_DONE;
}
