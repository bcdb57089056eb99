/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>

#define FIRST_LOG_SIZE (64 * 1024)
#define MAX_LOG_SIZE (16 * 1024 * 1024)

static int
load (gconstpointer data, gsize size, char *log, guint32 log_size)
{
  EbpfSysBtfLoad attr = { 0 };

  attr.btf = EBPF_PTR_TO_U64 (data);
  attr.btf_size = size;
  if (log != NULL)
    {
      attr.btf_log_buf = EBPF_PTR_TO_U64 (log);
      attr.btf_log_size = log_size;
      attr.btf_log_level = 1;
    }

  return ebpf_sys_bpf (EBPF_SYS_BTF_LOAD, &attr, sizeof attr);
}

/* The line that says what is wrong: the last one. */
static char *
get_reason (const char *log)
{
  g_auto (GStrv) lines = g_strsplit (log, "\n", -1);
  guint i = g_strv_length (lines);

  while (i-- > 0)
    {
      g_strstrip (lines[i]);
      if (lines[i][0] != '\0')
        return g_strdup (lines[i]);
    }

  return NULL;
}

int
ebpf_btf_load_into_kernel (EbpfBtf *self, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *log = NULL;
  g_autofree char *reason = NULL;
  g_autoptr (GError) local_error = NULL;
  gboolean features[EBPF_N_FEATURES], has_all = TRUE;
  gconstpointer data;
  guint32 log_size;
  gsize size;
  guint i;
  int fd, errsv;

  if (self->base != NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "type information that is split from another cannot be loaded");
      return -1;
    }
  if (!ebpf_sys_has_feature (EBPF_FEATURE_BTF))
    {
      /* Without privileges it looks the same; then the kernel's own answer says more. */
      g_autofree char *missing = ebpf_sys_explain_privileges ();

      if (missing == NULL)
        {
          ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                          "this kernel takes no type information; it needs Linux %s with "
                          "CONFIG_DEBUG_INFO_BTF or CONFIG_BPF_SYSCALL",
                          ebpf_sys_feature_min_version (EBPF_FEATURE_BTF));
          return -1;
        }
    }

  for (i = 0; i < EBPF_N_FEATURES; i++)
    features[i] = TRUE;
  for (i = EBPF_FEATURE_BTF_FUNC; i <= EBPF_FEATURE_BTF_LAYOUT; i++)
    {
      if (i == EBPF_FEATURE_BTF_LAYOUT && self->layout.n_kinds == 0)
        continue;
      features[i] = ebpf_sys_has_feature (i);
      has_all = has_all && features[i];
    }

  /* Most need no change for a kernel that knows every kind: it is the judge of that. */
  if (has_all)
    {
      data = g_bytes_get_data (self->bytes, &size);
      fd = load (data, size, NULL, 0);
      if (fd >= 0)
        return fd;
    }

  bytes = ebpf_btf_sanitize (self, features);
  data = g_bytes_get_data (bytes, &size);
  fd = load (data, size, NULL, 0);
  if (fd >= 0)
    return fd;

  errsv = errno;
  if (errsv == EPERM || errsv == ENOSYS || errsv == ENOMEM)
    {
      ebpf_sys_set_error (error, errsv, "loading type information");
      return -1;
    }

  /* Once more, for the log. */
  for (log_size = FIRST_LOG_SIZE; log_size <= MAX_LOG_SIZE; log_size *= 4)
    {
      g_free (log);
      log = g_malloc0 (log_size);
      fd = load (data, size, log, log_size - 1);
      if (fd >= 0)
        return fd;
      errsv = errno;
      if (errsv != ENOSPC)
        break;
    }

  reason = get_reason (log);
  if (reason != NULL)
    ebpf_error_set (&local_error, EBPF_ERROR_BTF, errsv,
                    "loading type information: the kernel refuses it (%s): %s",
                    ebpf_sys_errno_name (errsv), reason);
  else
    ebpf_sys_set_error (&local_error, errsv, "loading type information");
  ebpf_error_set_log (local_error, log);
  g_propagate_error (error, g_steal_pointer (&local_error));

  return -1;
}
