/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-perf-event-private.h"

#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int
ebpf_perf_event_open (struct perf_event_attr *attr, pid_t pid, int cpu, int group_fd)
{
  long fd;

  attr->size = sizeof *attr;
  do
    fd = syscall (SYS_perf_event_open, attr, pid, cpu, group_fd,
                  (unsigned long) PERF_FLAG_FD_CLOEXEC);
  while (fd < 0 && errno == EINTR);

  return ebpf_sys_raise_fd ((int) fd);
}

static int
control (int fd, unsigned long request, unsigned long argument)
{
  int ret;

  do
    ret = ioctl (fd, request, argument);
  while (ret < 0 && errno == EINTR);

  return ret;
}

int
ebpf_perf_event_enable (int fd)
{
  return control (fd, PERF_EVENT_IOC_ENABLE, 0);
}

int
ebpf_perf_event_disable (int fd)
{
  return control (fd, PERF_EVENT_IOC_DISABLE, 0);
}

int
ebpf_perf_event_set_bpf (int fd, int program_fd)
{
  return control (fd, PERF_EVENT_IOC_SET_BPF, (unsigned long) program_fd);
}

int
ebpf_perf_event_get_id (int fd, guint64 *id)
{
  return control (fd, PERF_EVENT_IOC_ID, (unsigned long) id);
}

void
ebpf_perf_event_set_error (GError **error, int errsv, const char *format, ...)
{
  g_autofree char *what = NULL;
  g_autofree char *hint = NULL;
  g_autofree char *paranoid = NULL;
  va_list args;

  if (error == NULL)
    return;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  if (errsv == ENOSYS)
    hint = g_strdup ("the kernel was built without CONFIG_PERF_EVENTS, or a seccomp filter "
                     "keeps perf_event_open(2) from this process");
  else if (errsv == EPERM || errsv == EACCES)
    hint = ebpf_sys_explain_privileges ();
  if (hint == NULL && (errsv == EPERM || errsv == EACCES))
    {
      paranoid = ebpf_sys_read_file ("/proc/sys/kernel/perf_event_paranoid");
      hint = g_strdup_printf ("perf events need CAP_PERFMON; kernel.perf_event_paranoid is %s",
                              paranoid != NULL ? paranoid : "not there");
    }

  ebpf_sys_set_error_with_hint (error, ebpf_sys_error_code (errsv), errsv, hint, "%s", what);
}
