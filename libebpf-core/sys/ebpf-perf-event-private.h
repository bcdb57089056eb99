/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-error-private.h"

#include <linux/perf_event.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* perf_event_open(2). Sets attr->size; the fd is of 3 or above and has FD_CLOEXEC. -1 with errno.
 * A field that the kernel is too old for is answered with E2BIG. */
int ebpf_perf_event_open (struct perf_event_attr *attr, pid_t pid, int cpu, int group_fd);

/* PERF_EVENT_IOC_ENABLE, _DISABLE, _SET_BPF, _ID. 0, or -1 with errno. */
int ebpf_perf_event_enable (int fd);
int ebpf_perf_event_disable (int fd);
int ebpf_perf_event_set_bpf (int fd, int program_fd);
int ebpf_perf_event_get_id (int fd, guint64 *id);

/* The same as ebpf_sys_set_error (), but the hint for a missing privilege is about perf events:
 * CAP_PERFMON and the sysctl kernel.perf_event_paranoid. */
void ebpf_perf_event_set_error (GError **error, int errsv, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS
