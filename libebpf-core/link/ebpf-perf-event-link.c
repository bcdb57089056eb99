/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-perf-event-link-private.h"

#include <errno.h>

#include "sys/ebpf-perf-event-private.h"
#include "sys/ebpf-probe-pmu-private.h"

/**
 * EbpfPerfEventLink:
 *
 * A program on a perf event. Tracepoints and probes are perf events too and have subclasses.
 */

G_DEFINE_TYPE (EbpfPerfEventLink, ebpf_perf_event_link, EBPF_TYPE_LINK)

static void
ebpf_perf_event_link_class_init (EbpfPerfEventLinkClass *klass)
{
}

static void
ebpf_perf_event_link_init (EbpfPerfEventLink *self)
{
}

gpointer
ebpf_perf_event_link_create (GType type,
                             EbpfProgram *program,
                             int program_fd,
                             int event_fd,
                             guint64 cookie,
                             const char *target,
                             GError **error)
{
  EbpfSysLinkCreate attr = { 0 };
  gboolean has_link = ebpf_sys_has_feature (EBPF_FEATURE_PERF_LINK);
  int fd = -1, errsv;

  if (!has_link && cookie != 0)
    {
      ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_SUPPORTED, 0, program, target,
                                  "cookies of perf events need Linux 5.15");
      ebpf_sys_clear_fd (&event_fd);
      return NULL;
    }

  if (has_link)
    {
      attr.prog_fd = (guint32) program_fd;
      attr.target_fd = (guint32) event_fd;
      attr.attach_type = EBPF_ATTACH_TYPE_PERF_EVENT;
      attr.perf_event.bpf_cookie = cookie;
      fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &attr, sizeof attr);
      if (fd < 0)
        goto fail;
    }
  else if (ebpf_perf_event_set_bpf (event_fd, program_fd) < 0)
    {
      goto fail;
    }

  if (ebpf_perf_event_enable (event_fd) < 0)
    goto fail;

  if (!has_link)
    return ebpf_link_announce (ebpf_link_create (type, program, event_fd, FALSE, "%s", target));

  /* The kernel's link holds the event. */
  ebpf_sys_clear_fd (&event_fd);
  return ebpf_link_announce (ebpf_link_create (type, program, fd, TRUE, "%s", target));

fail:
  errsv = errno;
  ebpf_sys_clear_fd (&fd);
  ebpf_sys_clear_fd (&event_fd);

  if (errsv == EINVAL)
    ebpf_link_set_attach_error (error, EBPF_ERROR_INCOMPATIBLE, errsv, program, target,
                                "the program's type does not fit the event, it reads beyond the "
                                "event's context, or it was loaded for another kernel version");
  else if (errsv == EEXIST)
    ebpf_link_set_attach_error (error, EBPF_ERROR_EXISTS, errsv, program, target,
                                "a perf event has one program at a time");
  else if (errsv == E2BIG)
    ebpf_link_set_attach_error (error, EBPF_ERROR_LIMIT, errsv, program, target,
                                "the kernel allows 64 programs on one event");
  else
    ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errsv, program, target, NULL);
  return NULL;
}

int
ebpf_perf_event_link_open_probe (const char *pmu,
                                 const char *name,
                                 guint64 offset,
                                 int pid,
                                 gboolean at_return,
                                 GError **error)
{
  struct perf_event_attr attr = { 0 };
  EbpfSysProbePmu probe;

  if (!ebpf_sys_get_probe_pmu (pmu, &probe, error))
    {
      errno = 0;
      return -1;
    }

  if (at_return && probe.retprobe_bit < 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0, "this kernel's %ss have no return probes",
                      pmu);
      errno = 0;
      return -1;
    }

  attr.type = probe.type;
  attr.config = at_return ? G_GUINT64_CONSTANT (1) << probe.retprobe_bit : 0;
  attr.config1 = EBPF_PTR_TO_U64 (name);
  attr.config2 = offset;

  /* A program on a probe runs on every CPU; the CPU is asked for by the kernel where there is no
   * process. */
  return ebpf_perf_event_open (&attr, pid, pid < 0 ? 0 : -1, -1);
}

/**
 * ebpf_perf_event_link_new:
 * @program: a program of type `perf-event`, or of that of the event
 * @event_fd: the file descriptor of a perf event; it stays the caller's
 * @cookie: what `bpf_get_attach_cookie ()` gives the program (Linux 5.15), or 0
 * @error: return location for an error
 *
 * Attaches a program to a perf event that the caller opened, and enables the event. Needs
 * Linux 4.9.
 *
 * Returns: (transfer full): the attachment
 */
EbpfPerfEventLink *
ebpf_perf_event_link_new (EbpfProgram *program, int event_fd, guint64 cookie, GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_PERF_EVENT, EBPF_PROGRAM_TYPE_KPROBE,
                                           EBPF_PROGRAM_TYPE_TRACEPOINT };
  g_autofree char *target = NULL;
  int program_fd, fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (event_fd >= 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = g_strdup_printf ("perf event of file descriptor %d", event_fd);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  fd = ebpf_sys_dup_fd (event_fd, error);
  if (fd < 0)
    return NULL;

  return ebpf_perf_event_link_create (EBPF_TYPE_PERF_EVENT_LINK, program, program_fd, fd, cookie,
                                      target, error);
}
