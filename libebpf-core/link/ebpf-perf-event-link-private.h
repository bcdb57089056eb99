/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link-private.h"
#include "link/ebpf-perf-event-link.h"

#include <linux/perf_event.h>

G_BEGIN_DECLS

/* Attaches @program to the event, whose fd is taken over in any case, enables it, and makes a link
 * of this type. */
gpointer ebpf_perf_event_link_create (GType type,
                                      EbpfProgram *program,
                                      int program_fd,
                                      int event_fd,
                                      guint64 cookie,
                                      const char *target,
                                      GError **error);

/* Where a probe of the PMU "kprobe" or "uprobe" goes. @name: a function's or a file's. @pid: -1 for
 * all processes. Returns the event's fd, or -1 with errno, or with errno 0 and @error set. */
int ebpf_perf_event_link_open_probe (const char *pmu,
                                     const char *name,
                                     guint64 offset,
                                     int pid,
                                     gboolean at_return,
                                     GError **error);

G_END_DECLS
