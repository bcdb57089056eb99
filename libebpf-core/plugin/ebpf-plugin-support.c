/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/ebpf-plugin-support.h"

#include <errno.h>
#include <stdarg.h>

#include "sys/ebpf-perf-event-private.h"
#include "sys/ebpf-sys-private.h"

/**
 * ebpf_plugin_set_error: (skip)
 * @error: return location for an error
 * @code: the error's code
 * @errsv: the errno with which the kernel answered, or 0
 * @format: printf format of the message
 * @...: its arguments
 *
 * Sets an error of the library's domain, for plug-ins.
 */
void
ebpf_plugin_set_error (GError **error, EbpfError code, int errsv, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_error_set (error, code, errsv, "%s", message);
}

/**
 * ebpf_plugin_set_system_error: (skip)
 * @error: return location for an error
 * @errsv: the errno with which the kernel answered
 * @format: printf format of what was being done to which object
 * @...: its arguments
 *
 * Sets an error from a failed system call, for plug-ins: the code follows from the errno, and what
 * the kernel answered is added to the message.
 */
void
ebpf_plugin_set_system_error (GError **error, int errsv, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_sys_set_error (error, errsv, "%s", message);
}

/**
 * ebpf_plugin_open_bpf_output: (skip)
 * @cpu: a CPU
 * @wakeup_events: number of records after which the descriptor polls readable, or 0
 * @wakeup_bytes: number of bytes after which it does, or 0; one of the two must be 0. Where both
 * are, every record wakes
 * @error: return location for an error; one with the errno ENODEV where the CPU is not online
 *
 * Opens the perf event that takes what BPF programs write to a perf event array on a CPU. It is
 * enabled; its ring still has to be mapped.
 *
 * Returns: the file descriptor, or -1 with @error set
 */
int
ebpf_plugin_open_bpf_output (guint cpu, guint wakeup_events, guint wakeup_bytes, GError **error)
{
  struct perf_event_attr attr = { 0 };
  int fd;

  g_return_val_if_fail (wakeup_events == 0 || wakeup_bytes == 0, -1);

  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_BPF_OUTPUT;
  attr.sample_type = PERF_SAMPLE_RAW;
  attr.sample_period = 1;
  if (wakeup_bytes > 0)
    {
      attr.watermark = 1;
      attr.wakeup_watermark = wakeup_bytes;
    }
  else
    {
      attr.wakeup_events = MAX (wakeup_events, 1);
    }

  fd = ebpf_perf_event_open (&attr, -1, (int) cpu, -1);
  if (fd < 0)
    {
      ebpf_perf_event_set_error (error, errno, "opening the perf event of CPU %u", cpu);
      return -1;
    }

  if (ebpf_perf_event_enable (fd) < 0)
    {
      ebpf_perf_event_set_error (error, errno, "enabling the perf event of CPU %u", cpu);
      ebpf_sys_clear_fd (&fd);
      return -1;
    }

  return fd;
}
