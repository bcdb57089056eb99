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

/* Paths relative to a descriptor: BPF_F_PATH_FD. */
#define FLAG_PATH_FD (1u << 14)

gboolean
ebpf_sys_is_bpffs (const char *path)
{
  struct statfs fs;

  return statfs (path, &fs) == 0 && (guint32) fs.f_type == BPF_FS_MAGIC;
}

/* EINVAL is also what a kernel answers that does not know the flag. */
static const char *
explain_folder (int folder_fd, int errsv)
{
  if (folder_fd < 0 || errsv != EINVAL ||
      ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (6, 5, 0))
    return NULL;

  return "paths that start at a folder's descriptor came with Linux 6.5";
}

gboolean
ebpf_sys_pin_at (int fd, const char *what, int folder_fd, const char *path, GError **error)
{
  g_autofree char *name = NULL;
  const char *hint;
  EbpfSysObj attr;
  EbpfError code;
  struct statfs fs;
  int errsv;

  if (*path == '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "pinning %s: the path is empty", what);
      return FALSE;
    }

  memset (&attr, 0, sizeof attr);
  attr.pathname = EBPF_PTR_TO_U64 (path);
  attr.bpf_fd = (guint32) fd;
  if (folder_fd >= 0)
    {
      attr.file_flags = FLAG_PATH_FD;
      attr.path_fd = folder_fd;
    }
  if (ebpf_sys_bpf (EBPF_SYS_OBJ_PIN, &attr, sizeof attr) == 0)
    return TRUE;

  errsv = errno;
  code = ebpf_sys_error_code (errsv);
  name = g_path_get_basename (path);
  hint = explain_folder (folder_fd, errsv);
  if (hint != NULL)
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
    }
  else if (errsv == EPERM && strchr (name, '.') != NULL)
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = "a name in a bpffs has no dots";
    }
  else if (folder_fd >= 0 && *path != '/' &&
           (fstatfs (folder_fd, &fs) < 0 || (guint32) fs.f_type != BPF_FS_MAGIC))
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = "the folder is not in a bpffs";
    }

  ebpf_sys_set_error_with_hint (error, code, errsv, hint,
                                "pinning %s at \"%s\" in the folder of descriptor %d", what, path,
                                folder_fd);
  return FALSE;
}

static int
get_pinned (int folder_fd, const char *path, guint32 flags)
{
  EbpfSysObj attr;

  memset (&attr, 0, sizeof attr);
  attr.pathname = EBPF_PTR_TO_U64 (path);
  attr.file_flags = flags;
  if (folder_fd >= 0)
    {
      attr.file_flags |= FLAG_PATH_FD;
      attr.path_fd = folder_fd;
    }

  return ebpf_sys_bpf (EBPF_SYS_OBJ_GET, &attr, sizeof attr);
}

int
ebpf_sys_open_pin (const char *what,
                   int folder_fd,
                   const char *path,
                   EbpfAccessFlags flags,
                   GError **error)
{
  const char *hint = NULL;
  EbpfError code;
  int fd, errsv;

  fd = get_pinned (folder_fd, path, flags);
  if (fd < 0 && errno == EACCES && flags == EBPF_ACCESS_FLAGS_NONE)
    fd = get_pinned (folder_fd, path, EBPF_ACCESS_FLAGS_RDONLY);
  if (fd >= 0)
    return fd;

  errsv = errno;
  code = ebpf_sys_error_code (errsv);
  /* Also the answer for a file that is not in a bpffs; else a matter of its mode. */
  if (errsv == EACCES)
    {
      hint = "the file must be a pin in a bpffs that this process may open like this";
    }
  else if (errsv == EINVAL)
    {
      hint = explain_folder (folder_fd, errsv);
      if (hint != NULL)
        code = EBPF_ERROR_NOT_SUPPORTED;
      else if (flags != EBPF_ACCESS_FLAGS_NONE)
        hint = "only maps are opened for reading or for writing, and not for both";
    }

  ebpf_sys_set_error_with_hint (error, code, errsv, hint, "opening the pinned %s \"%s\"", what,
                                path);
  return -1;
}

EbpfSysKind
ebpf_sys_get_kind (int fd, char **target)
{
  g_autofree char *name = NULL;
  EbpfSysKind kind = EBPF_SYS_KIND_OTHER;
  char path[64];

  g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  name = g_file_read_link (path, NULL);
  if (name == NULL)
    kind = access ("/proc/self/fd", F_OK) == 0 ? EBPF_SYS_KIND_CLOSED : EBPF_SYS_KIND_UNKNOWN;
  else if (g_str_equal (name, "anon_inode:bpf-map"))
    kind = EBPF_SYS_KIND_MAP;
  else if (g_str_equal (name, "anon_inode:bpf-prog"))
    kind = EBPF_SYS_KIND_PROGRAM;
  /* It has one name when it is made and another when it is opened again. */
  else if (g_str_equal (name, "anon_inode:bpf-link") || g_str_equal (name, "anon_inode:bpf_link"))
    kind = EBPF_SYS_KIND_LINK;

  if (target != NULL)
    *target = g_steal_pointer (&name);

  return kind;
}

gboolean
ebpf_sys_check_kind (int fd, EbpfSysKind kind, const char *what, GError **error)
{
  static const char *const names[] = { "that", "a map", "a program", "a link" };
  g_autofree char *target = NULL;
  EbpfSysKind is = ebpf_sys_get_kind (fd, &target);

  if (is == kind || is == EBPF_SYS_KIND_UNKNOWN)
    return TRUE;

  if (is == EBPF_SYS_KIND_CLOSED)
    ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, EBADF,
                    "%s: %d is not an open file descriptor (EBADF)", what, fd);
  else
    ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0, "%s is \"%s\", not %s", what, target,
                    names[kind]);

  return FALSE;
}
