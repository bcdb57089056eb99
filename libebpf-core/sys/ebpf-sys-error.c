/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/resource.h>

/* An errno of the kernel's own that reaches us all the same. */
#define KERNEL_ENOTSUPP 524

typedef struct
{
  int errsv;
  const char *name;
} ErrnoName;

#define NAME(e)                                                                                    \
  {                                                                                                \
    e, #e                                                                                          \
  }

static const ErrnoName errno_names[] = {
  NAME (EPERM),
  NAME (ENOENT),
  NAME (ESRCH),
  NAME (EINTR),
  NAME (EIO),
  NAME (ENXIO),
  NAME (E2BIG),
  NAME (ENOEXEC),
  NAME (EBADF),
  NAME (ECHILD),
  NAME (EAGAIN),
  NAME (ENOMEM),
  NAME (EACCES),
  NAME (EFAULT),
  NAME (ENOTBLK),
  NAME (EBUSY),
  NAME (EEXIST),
  NAME (EXDEV),
  NAME (ENODEV),
  NAME (ENOTDIR),
  NAME (EISDIR),
  NAME (EINVAL),
  NAME (ENFILE),
  NAME (EMFILE),
  NAME (ENOTTY),
  NAME (ETXTBSY),
  NAME (EFBIG),
  NAME (ENOSPC),
  NAME (ESPIPE),
  NAME (EROFS),
  NAME (EMLINK),
  NAME (EPIPE),
  NAME (EDOM),
  NAME (ERANGE),
  NAME (EDEADLK),
  NAME (ENAMETOOLONG),
  NAME (ENOLCK),
  NAME (ENOSYS),
  NAME (ENOTEMPTY),
  NAME (ELOOP),
  NAME (ENOMSG),
  NAME (EIDRM),
  NAME (ENOSTR),
  NAME (ENODATA),
  NAME (ETIME),
  NAME (ENOLINK),
  NAME (EPROTO),
  NAME (EBADMSG),
  NAME (EOVERFLOW),
  NAME (ENOTUNIQ),
  NAME (EBADFD),
  NAME (EREMCHG),
  NAME (ELIBBAD),
  NAME (EILSEQ),
  NAME (ERESTART),
  NAME (EUSERS),
  NAME (ENOTSOCK),
  NAME (EDESTADDRREQ),
  NAME (EMSGSIZE),
  NAME (EPROTOTYPE),
  NAME (ENOPROTOOPT),
  NAME (EPROTONOSUPPORT),
  NAME (ESOCKTNOSUPPORT),
  NAME (EOPNOTSUPP),
  NAME (EPFNOSUPPORT),
  NAME (EAFNOSUPPORT),
  NAME (EADDRINUSE),
  NAME (EADDRNOTAVAIL),
  NAME (ENETDOWN),
  NAME (ENETUNREACH),
  NAME (ENETRESET),
  NAME (ECONNABORTED),
  NAME (ECONNRESET),
  NAME (ENOBUFS),
  NAME (EISCONN),
  NAME (ENOTCONN),
  NAME (ETIMEDOUT),
  NAME (ECONNREFUSED),
  NAME (EHOSTDOWN),
  NAME (EHOSTUNREACH),
  NAME (EALREADY),
  NAME (EINPROGRESS),
  NAME (ESTALE),
  NAME (EDQUOT),
  NAME (ECANCELED),
  NAME (ENOKEY),
  NAME (EKEYREJECTED),
  NAME (EOWNERDEAD),
  NAME (ENOTRECOVERABLE),
  { KERNEL_ENOTSUPP, "ENOTSUPP" },
};

const char *
ebpf_sys_errno_name (int errsv)
{
  g_autofree char *number = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (errno_names); i++)
    if (errno_names[i].errsv == errsv)
      return errno_names[i].name;

  number = g_strdup_printf ("errno %d", errsv);
  return g_intern_string (number);
}

EbpfError
ebpf_sys_error_code (int errsv)
{
  switch (errsv)
    {
    case EPERM:
    case EACCES:
      return EBPF_ERROR_PERMISSION;
    case ENOENT:
    case ESRCH:
    case ENODEV:
    case ENXIO:
      return EBPF_ERROR_NOT_FOUND;
    case EEXIST:
    case EADDRINUSE:
      return EBPF_ERROR_EXISTS;
    case EINVAL:
    case EFAULT:
    case EBADF:
    case EBADFD:
    case EDOM:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOTSOCK:
    case EXDEV:
      return EBPF_ERROR_INVALID_ARGUMENT;
    case E2BIG:
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ERANGE:
    case EOVERFLOW:
    case ENOBUFS:
    case EMLINK:
    case EUSERS:
      return EBPF_ERROR_LIMIT;
    case EBUSY:
    case EAGAIN:
    case EINTR:
    case ETXTBSY:
    case EDEADLK:
    case ETIMEDOUT:
    case EINPROGRESS:
    case EALREADY:
    case ENOTEMPTY:
      return EBPF_ERROR_BUSY;
    case ENOSYS:
    case EOPNOTSUPP:
    case KERNEL_ENOTSUPP:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
    case EPFNOSUPPORT:
    case EAFNOSUPPORT:
    case ENOPROTOOPT:
    case ENOTTY:
      return EBPF_ERROR_NOT_SUPPORTED;
    case EROFS:
      return EBPF_ERROR_READ_ONLY;
    case EIO:
      return EBPF_ERROR_IO;
    default:
      return EBPF_ERROR_FAILED;
    }
}

const char *
ebpf_sys_strerror (int errsv)
{
  return errsv == KERNEL_ENOTSUPP ? "Operation not supported" : g_strerror (errsv);
}

static char *
explain_errno (int errsv)
{
  struct rlimit limit;

  switch (errsv)
    {
    case EPERM:
    case EACCES:
    case ENOSYS:
      return ebpf_sys_explain_privileges ();
    case EMFILE:
      if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
        return g_strdup_printf ("this process may have %" G_GUINT64_FORMAT " files open; raise "
                                "RLIMIT_NOFILE or close some",
                                (guint64) limit.rlim_cur);
      return NULL;
    case ENFILE:
      return g_strdup ("the system has too many files open; see the sysctl fs.file-max");
    case ENOMEM:
      return g_strdup ("the memory limit of the control group may be too low");
    default:
      return NULL;
    }
}

static void set_error_full (GError **error,
                            EbpfError code,
                            int errsv,
                            const char *hint,
                            const char *format,
                            va_list args) G_GNUC_PRINTF (5, 0);

static void
set_error_full (GError **error,
                EbpfError code,
                int errsv,
                const char *hint,
                const char *format,
                va_list args)
{
  g_autofree char *what = g_strdup_vprintf (format, args);

  ebpf_error_set (error, code, errsv, "%s: %s (%s)%s%s", what, ebpf_sys_strerror (errsv),
                  ebpf_sys_errno_name (errsv), hint != NULL ? "; " : "", hint != NULL ? hint : "");
}

void
ebpf_sys_set_error (GError **error, int errsv, const char *format, ...)
{
  g_autofree char *hint = NULL;
  va_list args;

  if (error == NULL)
    return;

  hint = explain_errno (errsv);
  va_start (args, format);
  set_error_full (error, ebpf_sys_error_code (errsv), errsv, hint, format, args);
  va_end (args);
}

void
ebpf_sys_set_error_with_hint (GError **error,
                              EbpfError code,
                              int errsv,
                              const char *hint,
                              const char *format,
                              ...)
{
  g_autofree char *explained = NULL;
  va_list args;

  if (error == NULL)
    return;

  if (hint == NULL)
    hint = explained = explain_errno (errsv);
  va_start (args, format);
  set_error_full (error, code, errsv, hint, format, args);
  va_end (args);
}
