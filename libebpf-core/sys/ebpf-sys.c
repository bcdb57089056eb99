/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 0 to 2 are what a program that closed its standard streams would write to. */
#define MIN_FD 3

/* The verifier gives up with EAGAIN when a signal arrives. */
#define MAX_AGAIN 16

EbpfSysFaultFunc ebpf_sys_fault_func;
gpointer ebpf_sys_fault_attr;
EbpfSysCommon *ebpf_sys_fault_common;
static gpointer fault_data;

void
ebpf_sys_set_fault_func (EbpfSysFaultFunc func, gpointer user_data)
{
  ebpf_sys_fault_func = NULL;
  fault_data = user_data;
  ebpf_sys_fault_func = func;
}

static gboolean
answers_with_fd (EbpfSysCommand command)
{
  switch (command)
    {
    case EBPF_SYS_MAP_CREATE:
    case EBPF_SYS_PROG_LOAD:
    case EBPF_SYS_OBJ_GET:
    case EBPF_SYS_PROG_GET_FD_BY_ID:
    case EBPF_SYS_MAP_GET_FD_BY_ID:
    case EBPF_SYS_RAW_TRACEPOINT_OPEN:
    case EBPF_SYS_BTF_LOAD:
    case EBPF_SYS_BTF_GET_FD_BY_ID:
    case EBPF_SYS_LINK_CREATE:
    case EBPF_SYS_LINK_GET_FD_BY_ID:
    case EBPF_SYS_ENABLE_STATS:
    case EBPF_SYS_ITER_CREATE:
    case EBPF_SYS_TOKEN_CREATE:
      return TRUE;
    default:
      return FALSE;
    }
}

/* Whether an interrupted call did nothing yet, so that calling again is the same as calling once.
 */
static gboolean
can_restart (EbpfSysCommand command)
{
  switch (command)
    {
    case EBPF_SYS_PROG_TEST_RUN:
    case EBPF_SYS_MAP_LOOKUP_AND_DELETE_ELEM:
    case EBPF_SYS_MAP_LOOKUP_BATCH:
    case EBPF_SYS_MAP_LOOKUP_AND_DELETE_BATCH:
    case EBPF_SYS_MAP_UPDATE_BATCH:
    case EBPF_SYS_MAP_DELETE_BATCH:
      return FALSE;
    default:
      return TRUE;
    }
}

/* Before Linux 5.11 the memory of maps and programs counted as locked, and a limit that was too
 * low was answered with EPERM. Returns whether trying again may help. */
static gboolean
raise_memlock (EbpfSysCommand command)
{
  struct rlimit limit;

  if (command != EBPF_SYS_MAP_CREATE && command != EBPF_SYS_PROG_LOAD &&
      command != EBPF_SYS_BTF_LOAD)
    return FALSE;
  if (ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (5, 11, 0))
    return FALSE;
  if (getrlimit (RLIMIT_MEMLOCK, &limit) < 0)
    return FALSE;
  /* Another thread may have done it between our call and now. */
  if (limit.rlim_cur == RLIM_INFINITY)
    return TRUE;

  limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
  if (setrlimit (RLIMIT_MEMLOCK, &limit) == 0)
    return TRUE;

  if (getrlimit (RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
    return FALSE;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit (RLIMIT_MEMLOCK, &limit) == 0;
}

/* Whether a test answers in place of the kernel: with *@ret. */
static gboolean
is_made_up (EbpfSysCommand command, gpointer attr, EbpfSysCommon *common, int *ret)
{
  int errsv;

  ebpf_sys_fault_attr = attr;
  ebpf_sys_fault_common = common;
  errsv = ebpf_sys_fault_func (command, fault_data);
  if (errsv == 0)
    return FALSE;

  *ret = errsv > 0 ? -1 : 0;
  if (errsv > 0)
    errno = errsv;
  return TRUE;
}

static inline int
call_once (EbpfSysCommand command, gpointer attr, guint size)
{
  int ret;

  if (G_UNLIKELY (ebpf_sys_fault_func != NULL) && is_made_up (command, attr, NULL, &ret))
    return ret;

  return (int) syscall (SYS_bpf, (int) command, attr, size);
}

int
ebpf_sys_bpf_common (EbpfSysCommand command, gpointer attr, guint size, EbpfSysCommon *common)
{
  int ret;

  if (G_UNLIKELY (ebpf_sys_fault_func != NULL) && is_made_up (command, attr, common, &ret))
    return ret;

  ret = (int) syscall (SYS_bpf, (int) command | EBPF_SYS_COMMON_ATTRS, attr, size, common,
                       (guint) sizeof *common);
  if (ret >= 0 && answers_with_fd (command))
    ret = ebpf_sys_raise_fd (ret);

  return ret;
}

int
ebpf_sys_raise_fd (int fd)
{
  int raised, errsv;

  if (fd < 0 || fd >= MIN_FD)
    return fd;

  raised = fcntl (fd, F_DUPFD_CLOEXEC, MIN_FD);
  errsv = errno;
  close (fd);
  errno = errsv;

  return raised;
}

int
ebpf_sys_bpf_again (EbpfSysCommand command, gpointer attr, guint size)
{
  gboolean raised_memlock = FALSE, blocked = FALSE;
  sigset_t profiling, previous;
  guint n_again = 0;
  int ret;

  /* errno is that of the first call. */
  while (TRUE)
    {
      int errsv = errno;

      if (errsv == EINTR && can_restart (command))
        {
          /* nothing */
        }
      else if (errsv == EAGAIN && command == EBPF_SYS_PROG_LOAD && n_again++ < MAX_AGAIN)
        {
          /* A profiler's timer may come round faster than the verifier does. */
          if (!blocked)
            {
              sigemptyset (&profiling);
              sigaddset (&profiling, SIGPROF);
              blocked = pthread_sigmask (SIG_BLOCK, &profiling, &previous) == 0;
            }
        }
      else if (errsv == EPERM && !raised_memlock && raise_memlock (command))
        {
          raised_memlock = TRUE;
        }
      else
        {
          errno = errsv;
          ret = -1;
          break;
        }

      ret = call_once (command, attr, size);
      if (ret >= 0)
        break;
    }

  if (blocked)
    {
      int errsv = errno;

      pthread_sigmask (SIG_SETMASK, &previous, NULL);
      errno = errsv;
    }

  return ret;
}

int
ebpf_sys_bpf (EbpfSysCommand command, gpointer attr, guint size)
{
  int ret = call_once (command, attr, size);

  if (G_UNLIKELY (ret < 0))
    {
      /* What a map without the key answers; the fast path ends here. */
      if (errno == ENOENT)
        return -1;

      ret = ebpf_sys_bpf_again (command, attr, size);
    }

  if (G_UNLIKELY (ret >= 0 && ret < MIN_FD && answers_with_fd (command)))
    ret = ebpf_sys_raise_fd (ret);

  return ret;
}

void
ebpf_sys_clear_fd (int *fd)
{
  int errsv = errno;

  if (*fd >= 0)
    close (*fd);
  *fd = -1;

  errno = errsv;
}

gboolean
ebpf_sys_retire_fd (int fd)
{
  int errsv = errno;
  int nothing = eventfd (0, EFD_CLOEXEC);
  gboolean retired = nothing >= 0 && dup3 (nothing, fd, O_CLOEXEC) == fd;

  ebpf_sys_clear_fd (&nothing);
  errno = errsv;

  return retired;
}

int
ebpf_sys_dup_fd (int fd, GError **error)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, MIN_FD);

  if (copy < 0)
    ebpf_sys_set_error (error, errno, "duplicating file descriptor %d", fd);

  return copy;
}

int
ebpf_sys_get_fd_by_id (EbpfSysCommand command, guint32 id)
{
  EbpfSysId attr;

  memset (&attr, 0, sizeof attr);
  attr.id = id;

  return ebpf_sys_bpf (command, &attr, sizeof attr);
}

int
ebpf_sys_get_info (int fd, gpointer info, guint32 size)
{
  EbpfSysInfo attr;

  memset (info, 0, size);
  memset (&attr, 0, sizeof attr);
  attr.bpf_fd = (guint32) fd;
  attr.info_len = size;
  attr.info = EBPF_PTR_TO_U64 (info);

  return ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &attr, sizeof attr);
}

void
ebpf_sys_copy_name (char dest[EBPF_SYS_NAME_SIZE], const char *name)
{
  /* Dots came with Linux 5.2; before, a name with one is refused. */
  gboolean dots = ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (5, 2, 0);
  guint length = 0;

  memset (dest, 0, EBPF_SYS_NAME_SIZE);
  if (name == NULL)
    return;

  for (; *name != '\0' && length < EBPF_SYS_NAME_SIZE - 1; name++)
    if (g_ascii_isalnum (*name) || *name == '_' || (*name == '.' && dots))
      dest[length++] = *name;
}
