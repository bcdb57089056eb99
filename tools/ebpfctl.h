/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf.h>

G_BEGIN_DECLS

/* Exit statuses. */
enum
{
  EBPFCTL_DONE = 0,
  EBPFCTL_FAILED = 1,
  EBPFCTL_USAGE = 2,
};

/* Every command: takes its own name and arguments, returns the exit status. */
int ebpfctl_btf (int argc, char **argv);
int ebpfctl_inspect (int argc, char **argv);
int ebpfctl_link (int argc, char **argv);
int ebpfctl_load (int argc, char **argv);
int ebpfctl_loader (int argc, char **argv);
int ebpfctl_plugins (int argc, char **argv);
int ebpfctl_run (int argc, char **argv);

/* Parses the options of a command, and prints its help where that was asked for. Where it returns
 * FALSE, the command returns EBPFCTL_USAGE. */
gboolean ebpfctl_parse_options (int argc,
                                char **argv,
                                const GOptionEntry *entries,
                                const char *parameters,
                                const char *summary,
                                const char *description);

/* One line on stderr with the way to the command's help; returns EBPFCTL_USAGE. */
int ebpfctl_usage_error (const char *command, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "ebpfctl: MESSAGE", one line on stderr. */
void ebpfctl_print_error (const char *message);

/* The above; returns EBPFCTL_FAILED. */
int ebpfctl_fail (const GError *error);

/* The word of an EbpfError's code; "io" and "failed" for what is not one of the library. */
const char *ebpfctl_error_code_nick (const GError *error);

/* Where the kernel refused for want of a privilege, what is missing in one line; otherwise @error.
 */
const GError *ebpfctl_explain_refusal (const GError *error, GError **explained);

/* The single FILE among the arguments left over; NULL after a message. */
const char *ebpfctl_take_file (const char *command, char **files);

G_END_DECLS
