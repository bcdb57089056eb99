/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-btf.h"

#include <stdio.h>
#include <string.h>

/* The numbers of all types of these names. NULL after a message. */
static GArray *
find_types (EbpfBtf *btf, char **names)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint));

  for (; *names != NULL; names++)
    {
      gsize n_found;
      g_autofree guint *found = ebpf_btf_find_all (btf, *names, &n_found);

      if (found == NULL)
        {
          g_autofree char *message = g_strdup_printf ("no type is called “%s”", *names);

          ebpfctl_print_error (message);
          return NULL;
        }
      g_array_append_vals (ids, found, n_found);
    }

  return g_steal_pointer (&ids);
}

static int
print_c (EbpfBtf *btf, GArray *ids, gboolean plain)
{
  EbpfBtfDumpFlags flags = EBPF_BTF_DUMP_FLAGS_NONE;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!plain)
    flags = EBPF_BTF_DUMP_FLAGS_GUARD | EBPF_BTF_DUMP_FLAGS_PRESERVE_ACCESS |
            EBPF_BTF_DUMP_FLAGS_KFUNCS;

  text = ebpf_btf_dump_c (btf, ids != NULL ? (const guint *) (gpointer) ids->data : NULL,
                          ids != NULL ? ids->len : 0, flags, &error);
  if (text == NULL)
    return ebpfctl_fail (error);

  fputs (text, stdout);
  return EBPFCTL_DONE;
}

int
ebpfctl_btf_dump (int argc, char **argv)
{
  g_autofree char *format = NULL;
  g_autofree char *base_path = NULL;
  g_auto (GStrv) names = NULL;
  g_auto (GStrv) files = NULL;
  gboolean plain = FALSE;
  const GOptionEntry entries[] = {
    { "format", 'f', 0, G_OPTION_ARG_STRING, &format, "“c” (default), “json” or “raw”", "FORMAT" },
    { "type", 't', 0, G_OPTION_ARG_STRING_ARRAY, &names,
      "Only types of this name, and as C what they need; can be given again", "NAME" },
    { "base", 'b', 0, G_OPTION_ARG_FILENAME, &base_path,
      "What FILE is split from, such as /sys/kernel/btf/vmlinux for a module's", "BASE" },
    { "plain", 0, 0, G_OPTION_ARG_NONE, &plain,
      "As C: only the types, without guard, pragmas and kernel functions", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
    { NULL },
  };
  g_autoptr (EbpfBtf) base = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GError) error = NULL;
  const char *path;

  if (!ebpfctl_parse_options (
          argc, argv, entries, "FILE",
          "Prints the type information of an object file, of a kernel, or of a file that is\n"
          "nothing else.",
          "As C, the types of a kernel are what programs include as vmlinux.h:\n"
          "  ebpfctl btf dump /sys/kernel/btf/vmlinux > vmlinux.h\n"
          "Each struct has the layout it has in the kernel, and clang records accesses, so that\n"
          "programs run on other kernels too. Define BPF_NO_PRESERVE_ACCESS_INDEX before it to\n"
          "do without that, and BPF_NO_KFUNC_PROTOTYPES to leave out kernel functions.\n"))
    return EBPFCTL_USAGE;

  path = ebpfctl_take_file (argv[0], files);
  if (path == NULL)
    return EBPFCTL_USAGE;

  if (format == NULL)
    format = g_strdup ("c");
  if (!g_strv_contains ((const char *const[]){ "c", "json", "raw", NULL }, format))
    return ebpfctl_usage_error (argv[0], "no format is called “%s”", format);

  if (base_path != NULL)
    {
      base = ebpf_btf_new_from_path (base_path, NULL, &error);
      if (base == NULL)
        return ebpfctl_fail (error);
    }
  btf = ebpf_btf_new_from_path (path, base, &error);
  if (btf == NULL)
    return ebpfctl_fail (error);

  if (names != NULL)
    {
      ids = find_types (btf, names);
      if (ids == NULL)
        return EBPFCTL_FAILED;
    }

  if (g_str_equal (format, "c"))
    return print_c (btf, ids, plain);

  if (g_str_equal (format, "json"))
    ebpfctl_btf_print_json (btf, ids);
  else
    ebpfctl_btf_print_raw (btf, ids);

  return EBPFCTL_DONE;
}
