/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-error-private.h"
#include "sys/ebpf-abi-private.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

G_BEGIN_DECLS

/* bpf(2). Returns what the kernel returns, or -1 with errno set. Commands that answer with a file
 * descriptor answer with one of 3 or above that has FD_CLOEXEC set. EINTR is retried for commands
 * that can be; EAGAIN on a program load is retried a few times. */
int ebpf_sys_bpf (EbpfSysCommand command, gpointer attr, guint size);

/* The same with attributes that are common to all commands, and with none of the retries. A kernel
 * that does not have them answers EINVAL. */
int ebpf_sys_bpf_common (EbpfSysCommand command, gpointer attr, guint size, EbpfSysCommon *common);

/* Tests make calls fail: where set, called first; a positive return value becomes errno. Meanwhile
 * the attributes of the call are in the two variables. */
typedef int (*EbpfSysFaultFunc) (EbpfSysCommand command, gpointer user_data);
#define EBPF_SYS_FAULT_DONE (-1) /* the answer is 0, without the kernel */
extern gpointer ebpf_sys_fault_attr;
extern EbpfSysCommon *ebpf_sys_fault_common;
void ebpf_sys_set_fault_func (EbpfSysFaultFunc func, gpointer user_data);
extern EbpfSysFaultFunc ebpf_sys_fault_func;

/* The rest of ebpf_sys_bpf () after a first call that failed, with its errno. */
int ebpf_sys_bpf_again (EbpfSysCommand command, gpointer attr, guint size);

/* bpf(2) and nothing around it. On a processor that forgets in the kernel where calls return to,
 * each level of calls costs 10 ns of the 700 that a lookup takes, the C library's syscall () too. */
static inline int
ebpf_sys_bpf_bare (EbpfSysCommand command, gpointer attr, guint size)
{
#if defined(__x86_64__) && !defined(__ILP32__)
  long ret;

  __asm__ volatile("syscall"
                   : "=a"(ret)
                   : "a"((long) SYS_bpf), "D"((long) command), "S"(attr), "d"((long) size)
                   : "rcx", "r11", "memory");
  if (G_LIKELY (ret >= 0))
    return (int) ret;

  errno = (int) -ret;
  return -1;
#else
  return (int) syscall (SYS_bpf, (int) command, attr, size);
#endif
}

/* ebpf_sys_bpf () for what is done to an entry of a map. */
static inline int
ebpf_sys_bpf_entry (EbpfSysCommand command, gpointer attr, guint size)
{
  int ret;

  if (G_UNLIKELY (ebpf_sys_fault_func != NULL))
    return ebpf_sys_bpf (command, attr, size);

  ret = ebpf_sys_bpf_bare (command, attr, size);
  /* ENOENT is what a map without the key answers. */
  if (G_LIKELY (ret >= 0 || errno == ENOENT))
    return ret;

  return ebpf_sys_bpf_again (command, attr, size);
}

/* Turns @errsv into an error: "WHAT: ANSWER (ENAME); HINT". The code follows from errno; where a
 * privilege is missing (EPERM, EACCES without CAP_BPF …) or bpf(2) itself (ENOSYS), the hint says
 * which one and how to get it. */
void ebpf_sys_set_error (GError **error, int errsv, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* The same with a code and a hint of the caller's; where @hint is NULL, that of errno is taken. */
void ebpf_sys_set_error_with_hint (GError **error,
                                   EbpfError code,
                                   int errsv,
                                   const char *hint,
                                   const char *format,
                                   ...) G_GNUC_PRINTF (5, 6);

/* What errno means to a caller who does not know better. */
EbpfError ebpf_sys_error_code (int errsv);

/* g_strerror () that also knows the kernel's own 524, ENOTSUPP. */
const char *ebpf_sys_strerror (int errsv);

/* "EPERM" for EPERM; "errno 4711" for a number without a name. */
const char *ebpf_sys_errno_name (int errsv);

/* What is missing for bpf(2): root or capabilities, the sysctl, the kernel option. NULL where the
 * process seems to have all it needs. */
char *ebpf_sys_explain_privileges (void);

/* Closes *fd where it is not negative, and sets it to -1; errno stays. */
void ebpf_sys_clear_fd (int *fd);

/* Closes the file behind @fd, and leaves the number taken by one that nothing can be done with, until
 * it is closed: a thread that read the number before reaches no other file with it. FALSE where
 * that could not be done; then nothing was. */
gboolean ebpf_sys_retire_fd (int fd);

/* Moves an fd below 3 up; negative ones and errno pass. Takes @fd; -1 with errno. */
int ebpf_sys_raise_fd (int fd);

/* A copy of the fd of 3 or above with FD_CLOEXEC, or -1 with @error. */
int ebpf_sys_dup_fd (int fd, GError **error);

/* Opens the object with this id; @command is one of the EBPF_SYS_*_GET_FD_BY_ID. -1 with errno. */
int ebpf_sys_get_fd_by_id (EbpfSysCommand command, guint32 id);

/* Fills @info (zeroed first) from EBPF_SYS_OBJ_GET_INFO_BY_FD. -1 with errno. */
int ebpf_sys_get_info (int fd, gpointer info, guint32 size);

/* Makes @name fit for the kernel: other characters than [A-Za-z0-9_.] dropped, cut to 15. */
void ebpf_sys_copy_name (char dest[EBPF_SYS_NAME_SIZE], const char *name);

/* What this kernel can do. Probed once by trying; only conclusive answers are kept. */
typedef enum
{
  EBPF_FEATURE_BTF,                  /* 4.18: BPF_BTF_LOAD */
  EBPF_FEATURE_BTF_FUNC,             /* 5.0: function and line info */
  EBPF_FEATURE_BTF_FUNC_GLOBAL,      /* 5.6 */
  EBPF_FEATURE_BTF_DATASEC,          /* 5.2: VAR, DATASEC */
  EBPF_FEATURE_BTF_FLOAT,            /* 5.13 */
  EBPF_FEATURE_BTF_DECL_TAG,         /* 5.16 */
  EBPF_FEATURE_BTF_TYPE_TAG,         /* 5.17 */
  EBPF_FEATURE_BTF_ENUM64,           /* 6.0 */
  EBPF_FEATURE_BTF_LAYOUT,           /* 7.1: how long types of each kind are */
  EBPF_FEATURE_ARRAY_MMAP,           /* 5.5 */
  EBPF_FEATURE_GLOBAL_DATA,          /* 5.2 */
  EBPF_FEATURE_PROG_NAME,            /* 4.15: names of programs and maps */
  EBPF_FEATURE_EXPECTED_ATTACH_TYPE, /* 4.17 */
  EBPF_FEATURE_PERF_LINK,            /* 5.15: bpf_link over a perf event */
  EBPF_FEATURE_BPF_LINK,             /* 5.7 */
  EBPF_FEATURE_PROBE_READ_KERNEL,    /* 5.5 */
  EBPF_FEATURE_BPF_COOKIE,           /* 5.15 */
  EBPF_FEATURE_FULL_RANGE_OFFSET, /* 7.0: an arena's byte, whichever it is, in a load of 64 bits */
  EBPF_N_FEATURES
} EbpfFeature;

gboolean ebpf_sys_has_feature (EbpfFeature feature);

/* Asks the kernel itself, whatever is known already; for the tests. */
gboolean ebpf_sys_probe_feature (EbpfFeature feature);

/* "a ring buffer", "5.8" and so on live with who needs them; this is for the table above. */
const char *ebpf_sys_feature_describe (EbpfFeature feature);
const char *ebpf_sys_feature_min_version (EbpfFeature feature);

/* The Linux that brought this type of map, such as "5.8"; NULL for one that is not known here. */
const char *ebpf_sys_map_type_min_version (guint32 map_type);

/* Contents of a small text file without trailing white space, or NULL. */
char *ebpf_sys_read_file (const char *path);

/* "0-3,5" to { 0, 1, 2, 3, 5 }: guint. */
GArray *ebpf_sys_parse_cpu_list (const char *text, GError **error);

#define EBPF_SYS_KERNEL_VERSION(major, minor, micro)                                               \
  (((guint32) (major) << 16) + ((guint32) (minor) << 8) + (guint32) (micro))

/* The version code of "6.1.0-38-amd64", or 0. */
guint32 ebpf_sys_parse_kernel_version (const char *release);

/* LINUX_VERSION_CODE of the running kernel, from the vDSO note or uname. */
guint32 ebpf_sys_get_kernel_version_code (void);

/* Tests make the kernel older, or with 0 what it is. */
void ebpf_sys_set_kernel_version_code (guint32 version);

G_END_DECLS
