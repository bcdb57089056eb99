/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl.h"

#include "ebpfctl-terminal.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int help (int argc, char **argv);
static int version (int argc, char **argv);

static const struct
{
  const char *name;
  const char *summary;
  int (*run) (int argc, char **argv);
} commands[] = {
  { "inspect", "Show what is in an object file", ebpfctl_inspect },
  { "link", "Link several object files into one", ebpfctl_link },
  { "load", "Load an object into the kernel, say what happened, unload it", ebpfctl_load },
  { "loader", "Make a program of an object that loads it", ebpfctl_loader },
  { "run", "Load and attach an object and print its events", ebpfctl_run },
  { "btf", "Work with type information", ebpfctl_btf },
  { "plugins", "List the plug-ins for map types", ebpfctl_plugins },
  { "version", "Show the version", version },
  { "help", "Show this help, or that of a command", help },
};

gboolean
ebpfctl_parse_options (int argc,
                       char **argv,
                       const GOptionEntry *entries,
                       const char *parameters,
                       const char *summary,
                       const char *description)
{
  g_autoptr (GOptionContext) context = g_option_context_new (parameters);
  g_autofree char *program_name = g_strdup_printf ("ebpfctl %s", argv[0]);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) args = g_new0 (char *, argc + 1);
  int i;

  for (i = 0; i < argc; i++)
    args[i] = g_strdup (argv[i]);

  g_set_prgname (program_name);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, entries, NULL);

  if (!g_option_context_parse_strv (context, &args, &error))
    {
      ebpfctl_usage_error (argv[0], "%s", error->message);
      return FALSE;
    }

  return TRUE;
}

void
ebpfctl_print_error (const char *message)
{
  g_autofree char *clean = ebpfctl_terminal_clean (message);

  fflush (stdout);
  fprintf (stderr, "%sebpfctl:%s %s\n", ebpfctl_terminal_begin_style (stderr, EBPFCTL_STYLE_ERROR),
           ebpfctl_terminal_end_style (stderr, EBPFCTL_STYLE_ERROR), clean);
}

int
ebpfctl_usage_error (const char *command, const char *format, ...)
{
  g_autofree char *message = NULL;
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  line = g_strdup_printf ("%s; see “ebpfctl %s%s--help”", message, command ? command : "",
                          command ? " " : "");
  ebpfctl_print_error (line);

  return EBPFCTL_USAGE;
}

int
ebpfctl_fail (const GError *error)
{
  ebpfctl_print_error (error->message);

  return EBPFCTL_FAILED;
}

const char *
ebpfctl_error_code_nick (const GError *error)
{
  g_autoptr (GEnumClass) codes = g_type_class_ref (EBPF_TYPE_ERROR);
  const GEnumValue *code = NULL;

  if (error->domain == EBPF_ERROR)
    code = g_enum_get_value (codes, error->code);
  else if (error->domain == G_FILE_ERROR || error->domain == G_IO_ERROR)
    code = g_enum_get_value (codes, EBPF_ERROR_IO);

  /* The class is never unloaded, so the nick outlives the reference. */
  return code != NULL ? code->value_nick : "failed";
}

const GError *
ebpfctl_explain_refusal (const GError *error, GError **explained)
{
  if (!g_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION) &&
      !g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED))
    return error;

  return ebpf_check_privileges (explained) ? error : *explained;
}

const char *
ebpfctl_take_file (const char *command, char **files)
{
  if (files == NULL || files[0] == NULL)
    ebpfctl_usage_error (command, "which FILE?");
  else if (files[1] != NULL)
    ebpfctl_usage_error (command, "one FILE at a time: “%s” is too many", files[1]);
  else
    return files[0];

  return NULL;
}

static void
print_help (void)
{
  gsize i;

  printf ("Usage:\n"
          "  ebpfctl COMMAND [OPTION…] [ARGUMENT…]\n"
          "\n"
          "Look at eBPF object files, load them, and print what their programs see.\n"
          "\n"
          "Commands:\n");
  for (i = 0; i < G_N_ELEMENTS (commands); i++)
    printf ("  %-10s  %s\n", commands[i].name, commands[i].summary);
  printf ("\n"
          "“ebpfctl COMMAND --help” tells more of a command.\n"
          "\n"
          "Examples:\n"
          "  ebpfctl inspect monitor.bpf.o         what is in it; needs no privilege\n"
          "  sudo ebpfctl load monitor.bpf.o       does this kernel take it?\n"
          "  sudo ebpfctl run monitor.bpf.o        print its events until Ctrl-C\n"
          "  sudo ebpfctl run --for 5 example:exec see programs being started\n"
          "\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage.\n");
}

static int
version (int argc, char **argv)
{
  if (!ebpfctl_parse_options (argc, argv, (GOptionEntry[]){ { NULL } }, NULL, "Shows the version.",
                              NULL))
    return EBPFCTL_USAGE;

  printf ("ebpfctl %d.%d.%d\n", EBPF_MAJOR_VERSION, EBPF_MINOR_VERSION, EBPF_MICRO_VERSION);

  return EBPFCTL_DONE;
}

static int
run_command (int argc, char **argv)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[0], commands[i].name))
      return commands[i].run (argc, argv);

  return ebpfctl_usage_error (NULL, "no command is called “%s”", argv[0]);
}

static int
help (int argc, char **argv)
{
  if (argc > 1 && !g_str_equal (argv[1], "help") && argv[1][0] != '-')
    return run_command (2, (char *[]){ argv[1], (char *) "--help", NULL });

  print_help ();

  return EBPFCTL_DONE;
}

int
main (int argc, char **argv)
{
  int status;

  setlocale (LC_ALL, "");
  g_set_prgname ("ebpfctl");

  if (argc < 2)
    status = ebpfctl_usage_error (NULL, "which command?");
  else if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    status = help (1, argv);
  else if (g_str_equal (argv[1], "--version"))
    status = version (1, argv);
  else if (argv[1][0] == '-')
    status = ebpfctl_usage_error (NULL, "unknown option “%s”", argv[1]);
  else
    status = run_command (argc - 1, argv + 1);

  /* A full disk must not look like success. */
  if ((fflush (stdout) != 0 || ferror (stdout)) && status == EBPFCTL_DONE)
    {
      g_autofree char *message =
          g_strdup_printf ("cannot write the output: %s", g_strerror (errno));

      ebpfctl_print_error (message);
      status = EBPFCTL_FAILED;
    }

  return status;
}
