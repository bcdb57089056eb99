/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-tracepoint-link.h"

#include <errno.h>

#include "link/ebpf-perf-event-link-private.h"
#include "sys/ebpf-perf-event-private.h"
#include "sys/ebpf-tracefs-private.h"

/**
 * EbpfTracepointLink:
 *
 * A program on a tracepoint: one that gets the tracepoint's fields as its `format` file in tracefs
 * lists them.
 */

struct _EbpfTracepointLink
{
  EbpfPerfEventLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfTracepointLink, ebpf_tracepoint_link, EBPF_TYPE_PERF_EVENT_LINK)

static void
ebpf_tracepoint_link_class_init (EbpfTracepointLinkClass *klass)
{
}

static void
ebpf_tracepoint_link_init (EbpfTracepointLink *self)
{
}

/**
 * ebpf_tracepoint_link_new:
 * @program: a program of type `tracepoint`
 * @category: the tracepoint's category, such as `sched`
 * @name: its name, such as `sched_process_exec`
 * @cookie: what `bpf_get_attach_cookie ()` gives the program (Linux 5.15), or 0
 * @error: return location for an error
 *
 * Attaches a program to a tracepoint. tracefs need not be mounted: where it is not, a process with
 * CAP_SYS_ADMIN looks into a mount of its own (Linux 5.2). Needs Linux 4.7.
 *
 * Returns: (transfer full): the attachment
 */
EbpfTracepointLink *
ebpf_tracepoint_link_new (EbpfProgram *program,
                          const char *category,
                          const char *name,
                          guint64 cookie,
                          GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_TRACEPOINT };
  g_autofree char *target = NULL;
  struct perf_event_attr attr = { 0 };
  guint64 id;
  int program_fd, event_fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (category != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = g_strdup_printf ("tracepoint %s/%s", category, name);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  if (!ebpf_sys_get_tracepoint_id (category, name, &id, error))
    {
      g_prefix_error (error, "attaching program \"%s\": ", ebpf_program_get_name (program));
      return NULL;
    }

  attr.type = PERF_TYPE_TRACEPOINT;
  attr.config = id;
  attr.sample_period = 1;
  attr.wakeup_events = 1;

  /* The program runs on every CPU, whichever the event is opened for. */
  event_fd = ebpf_perf_event_open (&attr, -1, 0, -1);
  if (event_fd < 0)
    {
      ebpf_perf_event_set_error (error, errno,
                                 "attaching program \"%s\" to %s: opening a perf event",
                                 ebpf_program_get_name (program), target);
      return NULL;
    }

  return ebpf_perf_event_link_create (EBPF_TYPE_TRACEPOINT_LINK, program, program_fd, event_fd,
                                      cookie, target, error);
}
