/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-uprobe-link.h"

#include <errno.h>

#include "link/ebpf-binary-private.h"
#include "link/ebpf-perf-event-link-private.h"
#include "sys/ebpf-perf-event-private.h"

/**
 * EbpfUprobeLink:
 *
 * A program on a function of a program or shared library, where it is entered or where it returns.
 */

struct _EbpfUprobeLink
{
  EbpfPerfEventLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfUprobeLink, ebpf_uprobe_link, EBPF_TYPE_PERF_EVENT_LINK)

static void
ebpf_uprobe_link_class_init (EbpfUprobeLinkClass *klass)
{
}

static void
ebpf_uprobe_link_init (EbpfUprobeLink *self)
{
}

static char *
describe_target (const char *binary, const char *symbol, guint64 offset, gboolean at_return)
{
  GString *target = g_string_new (at_return ? "uretprobe " : "uprobe ");

  g_string_append_printf (target, "%s:%s", binary, symbol != NULL ? symbol : "");
  if (symbol == NULL || offset != 0)
    g_string_append_printf (target, "%s0x%" G_GINT64_MODIFIER "x", symbol != NULL ? "+" : "",
                            offset);

  return g_string_free (target, FALSE);
}

/**
 * ebpf_uprobe_link_new:
 * @program: a program of type `kprobe`
 * @binary: (type filename): a path; or the name of a program in `PATH` (`bash`); or the file name
 *   of a shared library (`libc.so.6`)
 * @symbol: (nullable): a function of the binary, `name` or `name@VERSION`; or %NULL for a place
 *   that @offset alone gives
 * @offset: bytes from the start of the function, or of the file where @symbol is %NULL
 * @pid: the process whose calls count; -1 for every process, 0 for this one
 * @at_return: whether the program runs when the function returns
 * @cookie: what `bpf_get_attach_cookie ()` gives the program (Linux 5.15), or 0
 * @error: return location for an error
 *
 * Attaches a program to a function of a program or shared library. Needs Linux 4.17.
 *
 * Returns: (transfer full): the attachment
 */
EbpfUprobeLink *
ebpf_uprobe_link_new (EbpfProgram *program,
                      const char *binary,
                      const char *symbol,
                      guint64 offset,
                      int pid,
                      gboolean at_return,
                      guint64 cookie,
                      GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_KPROBE };
  g_autofree char *target = NULL;
  g_autofree char *path = NULL;
  guint64 start = 0;
  int program_fd, event_fd, errsv;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (binary != NULL, NULL);
  g_return_val_if_fail (pid >= -1, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = describe_target (binary, symbol, offset, at_return);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  path = ebpf_binary_find (binary, pid, error);
  if (path == NULL || (symbol != NULL && !ebpf_binary_find_symbol (path, symbol, &start, error)))
    {
      GError *reason = error != NULL ? g_steal_pointer (error) : NULL;

      if (reason != NULL)
        ebpf_error_propagate_prefixed (error, reason, "attaching program \"%s\" to %s: ",
                                       ebpf_program_get_name (program), target);
      return NULL;
    }

  event_fd =
      ebpf_perf_event_link_open_probe ("uprobe", path, start + offset, pid, at_return, error);
  if (event_fd >= 0)
    return ebpf_perf_event_link_create (EBPF_TYPE_UPROBE_LINK, program, program_fd, event_fd,
                                        cookie, target, error);
  errsv = errno;

  if (errsv == 0)
    g_prefix_error (error, "attaching program \"%s\" to %s: ", ebpf_program_get_name (program),
                    target);
  else if (errsv == ESRCH)
    ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_FOUND, errsv, program, target,
                                "there is no such process");
  else if (errsv == 524 || errsv == EOPNOTSUPP)
    ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_SUPPORTED, errsv, program, target,
                                "the instruction there cannot be probed; it may be a trap");
  else if (errsv == EINVAL)
    ebpf_link_set_attach_error (error, EBPF_ERROR_INVALID_ARGUMENT, errsv, program, target,
                                "the place is not in the file or holds no instruction, or the "
                                "path does not lead to a regular file");
  else
    ebpf_perf_event_set_error (error, errsv, "attaching program \"%s\" to %s",
                               ebpf_program_get_name (program), target);
  return NULL;
}
