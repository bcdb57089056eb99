/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-sys-private.h"
#include "sys/ebpf-system.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* include/uapi/linux/capability.h */
#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT 38
#define CAP_BPF_BIT 39

#define HAS(set, bit) (((set) >> (bit)) & 1)

char *
ebpf_sys_read_file (const char *path)
{
  g_autofree char *contents = NULL;

  if (!g_file_get_contents (path, &contents, NULL, NULL))
    return NULL;

  return g_strchomp (g_steal_pointer (&contents));
}

/* The value of "FIELD:\tVALUE" in /proc/self/status; per thread, as the kernel sees it. */
static char *
read_status (const char *status, const char *field)
{
  gsize length = strlen (field);

  for (const char *line = status; line != NULL; line = strchr (line, '\n'))
    {
      if (*line == '\n')
        line++;
      if (strncmp (line, field, length) == 0 && line[length] == ':')
        {
          const char *value = line + length + 1;

          return g_strstrip (g_strndup (value, strcspn (value, "\n")));
        }
    }

  return NULL;
}

static guint64
parse_number (const char *text, guint base)
{
  return text != NULL ? g_ascii_strtoull (text, NULL, base) : 0;
}

static gboolean
has_capabilities (guint64 effective)
{
  if (HAS (effective, CAP_SYS_ADMIN_BIT))
    return TRUE;

  return ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (5, 8, 0) &&
         HAS (effective, CAP_BPF_BIT) && HAS (effective, CAP_PERFMON_BIT);
}

static const char *
describe_capabilities (guint64 effective)
{
  if (ebpf_sys_get_kernel_version_code () < EBPF_SYS_KERNEL_VERSION (5, 8, 0))
    return "CAP_SYS_ADMIN";
  if (HAS (effective, CAP_BPF_BIT))
    return "CAP_PERFMON beside the CAP_BPF it has";
  if (HAS (effective, CAP_PERFMON_BIT))
    return "CAP_BPF beside the CAP_PERFMON it has";

  return "CAP_BPF and CAP_PERFMON";
}

/* Capabilities of a user namespace that is not the first one mean nothing to bpf(2). */
static gboolean
is_in_user_namespace (void)
{
  g_autofree char *map = ebpf_sys_read_file ("/proc/self/uid_map");
  guint64 numbers[3];
  char *cursor = map;

  if (map == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    numbers[i] = g_ascii_strtoull (cursor, &cursor, 10);

  return numbers[0] != 0 || numbers[1] != 0 || numbers[2] != G_MAXUINT32;
}

/* Whether the system call is there at all: an impossible command is EINVAL (or EPERM to the
 * unprivileged) where it is. */
static gboolean
has_bpf_syscall (void)
{
  guint64 attr = 0;

  return ebpf_sys_bpf ((EbpfSysCommand) -1, &attr, sizeof attr) >= 0 || errno != ENOSYS;
}

static char *
read_own_status (void)
{
  char *status = ebpf_sys_read_file ("/proc/thread-self/status");

  return status != NULL ? status : ebpf_sys_read_file ("/proc/self/status");
}

static gboolean
has_seccomp_filter (const char *status)
{
  g_autofree char *mode = read_status (status, "Seccomp");

  return parse_number (mode, 10) == 2;
}

static char *
explain_capabilities (const char *status)
{
  g_autofree char *text = read_status (status, "CapEff");
  g_autofree char *sysctl = NULL;
  guint64 effective = parse_number (text, 16);

  if (text != NULL ? has_capabilities (effective) : geteuid () == 0)
    return NULL;

  sysctl = ebpf_sys_read_file ("/proc/sys/kernel/unprivileged_bpf_disabled");

  return g_strdup_printf ("this process (uid %u) needs root, or %s%s%s%s", (guint) geteuid (),
                          describe_capabilities (effective),
                          sysctl != NULL ? "; kernel.unprivileged_bpf_disabled is " : "",
                          sysctl != NULL ? sysctl : "",
                          has_seccomp_filter (status) ? "; a seccomp filter is active too" : "");
}

static char *
explain_surroundings (const char *status)
{
  g_autofree char *lockdown = NULL;
  struct rlimit limit;

  if (is_in_user_namespace ())
    return g_strdup ("this process has its capabilities in a user namespace only; run it as root "
                     "outside of the container");
  if (has_seccomp_filter (status))
    return g_strdup ("a seccomp filter is active and may refuse bpf(2)");

  lockdown = ebpf_sys_read_file ("/sys/kernel/security/lockdown");
  if (lockdown != NULL && strchr (lockdown, '[') != NULL && strstr (lockdown, "[none]") == NULL)
    return g_strdup_printf ("the kernel is locked down (%s)", lockdown);

  if (ebpf_sys_get_kernel_version_code () < EBPF_SYS_KERNEL_VERSION (5, 11, 0) &&
      getrlimit (RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    return g_strdup_printf ("RLIMIT_MEMLOCK of %" G_GUINT64_FORMAT " bytes may be too low",
                            (guint64) limit.rlim_cur);

  return NULL;
}

char *
ebpf_sys_explain_privileges (void)
{
  int errsv = errno;
  g_autofree char *status = read_own_status ();
  char *explanation;

  if (!has_bpf_syscall ())
    {
      explanation = g_strdup (has_seccomp_filter (status)
                                  ? "bpf(2) is kept from this process by a seccomp filter, or the "
                                    "kernel was built without CONFIG_BPF_SYSCALL"
                                  : "the kernel was built without CONFIG_BPF_SYSCALL");
    }
  else
    {
      explanation = explain_capabilities (status);
      if (explanation == NULL)
        explanation = explain_surroundings (status);
    }

  errno = errsv;
  return explanation;
}

/**
 * ebpf_check_privileges:
 * @error: return location for an error
 *
 * Checks whether this process may load eBPF programs: that the kernel has bpf(2), that it may be
 * called, and that the process has `CAP_BPF` and `CAP_PERFMON` (before Linux 5.8, and as root:
 * `CAP_SYS_ADMIN`).
 *
 * The error says in one line what is missing. A map that was received as a file descriptor
 * can be used without any of it.
 *
 * Returns: whether programs can be loaded
 */
gboolean
ebpf_check_privileges (GError **error)
{
  g_autofree char *status = NULL;
  g_autofree char *missing = NULL;
  EbpfSysMapCreate attr;
  int fd, errsv;

  memset (&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = 4;
  attr.max_entries = 1;

  fd = ebpf_sys_bpf (EBPF_SYS_MAP_CREATE, &attr, sizeof attr);
  errsv = errno;
  if (fd < 0)
    {
      ebpf_sys_set_error (error, errsv, "bpf(2) cannot be used");
      return FALSE;
    }
  ebpf_sys_clear_fd (&fd);

  /* Arrays may be had without privilege where the sysctl is 0; programs worth having may not. */
  status = read_own_status ();
  missing = explain_capabilities (status);
  if (missing != NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_PERMISSION, EPERM, "programs cannot be loaded: %s",
                      missing);
      return FALSE;
    }

  return TRUE;
}
