/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-pin-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "sys/ebpf-sys-private.h"

#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC 0xcafe4a11
#endif

/* The kernel answers EPERM to most of what can be wrong with a path. */
static char *
explain_path (const char *path, EbpfError *code)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  struct statfs fs;

  if (statfs (folder, &fs) < 0)
    {
      *code = ebpf_sys_error_code (errno);
      return g_strdup_printf ("the folder \"%s\" cannot be used: %s", folder, g_strerror (errno));
    }

  if ((guint32) fs.f_type != BPF_FS_MAGIC)
    {
      *code = EBPF_ERROR_INVALID_ARGUMENT;
      return g_strdup_printf ("\"%s\" is not in a bpffs; one is mounted by \"mount -t bpf bpf "
                              "/sys/fs/bpf\"",
                              folder);
    }

  if (strchr (name, '.') != NULL)
    {
      *code = EBPF_ERROR_INVALID_ARGUMENT;
      return g_strdup ("a name in a bpffs has no dots");
    }

  return NULL;
}

static gboolean
set_pin_error (GError **error, int errsv, const char *what, const char *path)
{
  EbpfError code = ebpf_sys_error_code (errsv);
  g_autofree char *hint = errsv != EEXIST ? explain_path (path, &code) : NULL;

  ebpf_sys_set_error_with_hint (error, code, errsv, hint, "pinning %s at \"%s\"", what, path);
  return FALSE;
}

gboolean
ebpf_sys_pin (int fd, const char *what, char **pin_path, const char *path, GError **error)
{
  g_autofree char *old = NULL;
  EbpfSysObj attr;

  if (*path == '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "pinning %s: the path is empty", what);
      return FALSE;
    }

  if (*pin_path != NULL)
    {
      if (strcmp (*pin_path, path) == 0 && access (path, F_OK) == 0)
        return TRUE;

      if (renameat2 (AT_FDCWD, *pin_path, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        {
          g_free (*pin_path);
          *pin_path = g_strdup (path);
          return TRUE;
        }

      /* Gone meanwhile, or in another bpffs: then it is pinned anew. */
      if (errno != ENOENT && errno != EXDEV)
        return set_pin_error (error, errno, what, path);
    }

  memset (&attr, 0, sizeof attr);
  attr.pathname = EBPF_PTR_TO_U64 (path);
  attr.bpf_fd = (guint32) fd;
  if (ebpf_sys_bpf (EBPF_SYS_OBJ_PIN, &attr, sizeof attr) < 0)
    return set_pin_error (error, errno, what, path);

  old = g_steal_pointer (pin_path);
  *pin_path = g_strdup (path);
  if (old != NULL && strcmp (old, path) != 0 && unlink (old) < 0 && errno != ENOENT)
    g_debug ("%s is still pinned at \"%s\" too: %s", what, old, g_strerror (errno));

  return TRUE;
}

gboolean
ebpf_sys_unpin (const char *what, char **pin_path, GError **error)
{
  if (*pin_path == NULL)
    return TRUE;

  if (unlink (*pin_path) < 0 && errno != ENOENT)
    {
      ebpf_sys_set_error (error, errno, "unpinning %s from \"%s\"", what, *pin_path);
      return FALSE;
    }

  g_clear_pointer (pin_path, g_free);
  return TRUE;
}

int
ebpf_sys_get_pinned (const char *path, guint32 flags)
{
  EbpfSysObj attr;

  memset (&attr, 0, sizeof attr);
  attr.pathname = EBPF_PTR_TO_U64 (path);
  attr.file_flags = flags;

  return ebpf_sys_bpf (EBPF_SYS_OBJ_GET, &attr, sizeof attr);
}
