/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-kprobe-link.h"

#include <errno.h>
#include <string.h>

#include "link/ebpf-perf-event-link-private.h"
#include "sys/ebpf-perf-event-private.h"

/**
 * EbpfKprobeLink:
 *
 * A program on a function of the kernel, where it is entered or where it returns.
 */

struct _EbpfKprobeLink
{
  EbpfPerfEventLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfKprobeLink, ebpf_kprobe_link, EBPF_TYPE_PERF_EVENT_LINK)

/* What the machine's system call functions are called by: sys_open is __x64_sys_open. */
#if defined(__x86_64__)
#define SYSCALL_PREFIX "__x64_"
#elif defined(__i386__)
#define SYSCALL_PREFIX "__ia32_"
#elif defined(__aarch64__)
#define SYSCALL_PREFIX "__arm64_"
#elif defined(__s390x__)
#define SYSCALL_PREFIX "__s390x_"
#elif defined(__riscv)
#define SYSCALL_PREFIX "__riscv_"
#elif defined(__powerpc64__)
#define SYSCALL_PREFIX "__powerpc64_"
#else
#define SYSCALL_PREFIX NULL
#endif

static void
ebpf_kprobe_link_class_init (EbpfKprobeLinkClass *klass)
{
}

static void
ebpf_kprobe_link_init (EbpfKprobeLink *self)
{
}

static int
open_probe (const char *symbol, guint64 offset, gboolean at_return, GError **error)
{
  g_autofree char *prefixed = NULL;
  int fd = ebpf_perf_event_link_open_probe ("kprobe", symbol, offset, -1, at_return, error);

  /* Linux 5.10 and before answer EINVAL for a return probe on what does not exist. */
  if (fd >= 0 || (errno != ENOENT && errno != EINVAL) || SYSCALL_PREFIX == NULL ||
      !g_str_has_prefix (symbol, "sys_"))
    return fd;

  prefixed = g_strconcat (SYSCALL_PREFIX, symbol, NULL);
  return ebpf_perf_event_link_open_probe ("kprobe", prefixed, offset, -1, at_return, error);
}

/**
 * ebpf_kprobe_link_new:
 * @program: a program of type `kprobe`
 * @symbol: a function of the kernel; that of a system call can be given as `sys_NAME`
 * @offset: bytes into the function; 0 for its start
 * @at_return: whether the program runs when the function returns
 * @cookie: what `bpf_get_attach_cookie ()` gives the program (Linux 5.15), or 0
 * @error: return location for an error
 *
 * Attaches a program to a function of the kernel. Needs Linux 4.17 with CONFIG_KPROBES.
 *
 * Returns: (transfer full): the attachment
 */
EbpfKprobeLink *
ebpf_kprobe_link_new (EbpfProgram *program,
                      const char *symbol,
                      guint64 offset,
                      gboolean at_return,
                      guint64 cookie,
                      GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_KPROBE };
  g_autofree char *target = NULL;
  int program_fd, event_fd, errsv;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (symbol != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = offset == 0 ? g_strdup_printf ("%s %s", at_return ? "kretprobe" : "kprobe", symbol)
                       : g_strdup_printf ("%s %s+0x%" G_GINT64_MODIFIER "x",
                                          at_return ? "kretprobe" : "kprobe", symbol, offset);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  event_fd = open_probe (symbol, offset, at_return, error);
  if (event_fd >= 0)
    return ebpf_perf_event_link_create (EBPF_TYPE_KPROBE_LINK, program, program_fd, event_fd,
                                        cookie, target, error);
  errsv = errno;

  if (errsv == 0)
    g_prefix_error (error, "attaching program \"%s\" to %s: ", ebpf_program_get_name (program),
                    target);
  else if (errsv == ENOENT || (errsv == EINVAL && at_return))
    ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_FOUND, errsv, program, target,
                                "this kernel has no function of that name, or it may not be "
                                "probed (see /proc/kallsyms and kprobes/blacklist in debugfs)");
  else if (errsv == EADDRNOTAVAIL)
    ebpf_link_set_attach_error (error, EBPF_ERROR_INVALID_ARGUMENT, errsv, program, target,
                                "several functions have that name");
  else if (errsv == EILSEQ)
    ebpf_link_set_attach_error (error, EBPF_ERROR_INVALID_ARGUMENT, errsv, program, target,
                                "no instruction starts at that offset");
  else
    ebpf_perf_event_set_error (error, errsv, "attaching program \"%s\" to %s",
                               ebpf_program_get_name (program), target);
  return NULL;
}
