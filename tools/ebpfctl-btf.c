/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-btf.h"

#include <stdio.h>

static const struct
{
  const char *name; /* as errors and help call it */
  const char *word;
  const char *summary;
  int (*run) (int argc, char **argv);
} commands[] = {
  { "btf dump", "dump", "Print type information as C, JSON or text", ebpfctl_btf_dump },
  { "btf minimize", "minimize", "Make the little of a kernel's types that some objects need",
    ebpfctl_btf_minimize },
  { "btf distill", "distill", "Make a module's types independent of the kernel's build",
    ebpfctl_btf_distill },
};

static int
print_help (void)
{
  printf ("Usage:\n"
          "  ebpfctl btf COMMAND [OPTION…] [ARGUMENT…]\n"
          "\n"
          "Works with type information (BTF).\n"
          "\n"
          "Commands:\n");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    printf ("  %-10s  %s\n", commands[i].word, commands[i].summary);
  printf ("\n"
          "“ebpfctl btf COMMAND --help” tells more of a command.\n"
          "\n"
          "Examples:\n"
          "  ebpfctl btf dump /sys/kernel/btf/vmlinux > vmlinux.h\n"
          "  ebpfctl btf dump --type task_struct /sys/kernel/btf/vmlinux\n");

  return EBPFCTL_DONE;
}

int
ebpfctl_btf (int argc, char **argv)
{
  if (argc < 2)
    return ebpfctl_usage_error (argv[0], "which command?");
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    return print_help ();

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i].word))
      {
        g_autofree char **args = g_new0 (char *, argc);

        args[0] = (char *) commands[i].name;
        for (int j = 2; j < argc; j++)
          args[j - 1] = argv[j];
        return commands[i].run (argc - 1, args);
      }

  return ebpfctl_usage_error (argv[0], "no command is called “%s”", argv[1]);
}
