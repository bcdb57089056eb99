/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-tracefs-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/ebpf-sys-private.h"

/* mountinfo writes space, tab, newline and backslash as three octal digits (proc(5)). */
static char *
unescape (const char *text)
{
  GString *plain = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++)
    if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
        p[3] <= '7')
      {
        g_string_append_c (plain, (char) ((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0')));
        p += 3;
      }
    else
      {
        g_string_append_c (plain, *p);
      }

  return g_string_free (plain, FALSE);
}

GPtrArray *
ebpf_sys_parse_mountinfo (const char *mountinfo, const char *fs_type)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) lines = g_strsplit (mountinfo, "\n", -1);

  /* id parent major:minor root mount-point options [optional]... - type source super-options */
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], " ", -1);
      guint n = g_strv_length (fields);
      guint dash = 6;

      while (dash < n && strcmp (fields[dash], "-") != 0)
        dash++;

      /* A root other than "/" is a part of the file system bound somewhere. */
      if (dash + 1 < n && strcmp (fields[dash + 1], fs_type) == 0 && strcmp (fields[3], "/") == 0)
        g_ptr_array_add (paths, unescape (fields[4]));
    }

  return paths;
}

GPtrArray *
ebpf_sys_list_mounts (const char *fs_type)
{
  g_autofree char *mountinfo = NULL;

  if (!g_file_get_contents ("/proc/self/mountinfo", &mountinfo, NULL, NULL))
    return g_ptr_array_new_with_free_func (g_free);

  return ebpf_sys_parse_mountinfo (mountinfo, fs_type);
}

/* Opens @path if tracefs is what lies there, so that a folder of the same name is not mistaken. */
static int
open_tracefs_at (const char *path, int *errsv)
{
  struct statfs fs;
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    {
      if (errno != ENOENT)
        *errsv = errno;
      return -1;
    }

  if (fstatfs (fd, &fs) == 0 && (guint32) fs.f_type == TRACEFS_MAGIC)
    return fd;

  close (fd);
  return -1;
}

static int
mount_tracefs (int *errsv)
{
  int context, fd = -1;

  /* By number: the C library's wrappers are younger than the platform floor of some. */
  context = (int) syscall (SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
  if (context < 0)
    {
      *errsv = errno;
      return -1;
    }

  if (syscall (SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
    fd = (int) syscall (SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
  if (fd < 0)
    *errsv = errno;

  close (context);
  return fd;
}

int
ebpf_sys_open_tracefs (GError **error)
{
  static const char *const canonical[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
  g_autoptr (GPtrArray) mounts = ebpf_sys_list_mounts ("tracefs");
  int errsv = 0, mount_errsv = 0;
  int fd;

  for (guint i = 0; i < mounts->len; i++)
    {
      fd = open_tracefs_at (g_ptr_array_index (mounts, i), &errsv);
      if (fd >= 0)
        return fd;
    }

  /* Looking into debugfs is what mounts tracefs there. */
  for (guint i = 0; i < G_N_ELEMENTS (canonical); i++)
    {
      fd = open_tracefs_at (canonical[i], &errsv);
      if (fd >= 0)
        return fd;
    }

  fd = mount_tracefs (&mount_errsv);
  if (fd >= 0)
    return fd;

  if (mounts->len > 0)
    ebpf_sys_set_error (error, errsv != 0 ? errsv : ENOENT, "opening tracefs, mounted on %s",
                        (char *) g_ptr_array_index (mounts, 0));
  else if (mount_errsv == ENODEV)
    ebpf_sys_set_error_with_hint (error, EBPF_ERROR_NOT_SUPPORTED, mount_errsv,
                                  "this kernel was built without CONFIG_FTRACE", "opening tracefs");
  else
    ebpf_sys_set_error_with_hint (
        error, mount_errsv == EPERM ? EBPF_ERROR_PERMISSION : EBPF_ERROR_NOT_FOUND, mount_errsv,
        "be root, or have root run: mount -t tracefs tracefs /sys/kernel/tracing",
        "tracefs is not mounted; mounting it for this process alone");
  return -1;
}

/* Names come from object files: nothing that leads out of the folder. */
static gboolean
is_plain_name (const char *name)
{
  if (!g_ascii_isalpha (name[0]) && name[0] != '_')
    return FALSE;

  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && *p != '_' && *p != '-')
      return FALSE;

  return TRUE;
}

gboolean
ebpf_sys_get_tracepoint_id (const char *category, const char *name, guint64 *id, GError **error)
{
  g_autofree char *path = g_strdup_printf ("events/%s/%s/id", category, name);
  char text[32] = { 0 };
  int tracefs, fd, errsv;
  gssize n;

  if (!is_plain_name (category) || !is_plain_name (name))
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "tracepoint \"%s/%s\": not the name of one; it takes the form CATEGORY/NAME, "
                      "such as sched/sched_process_exec",
                      category, name);
      return FALSE;
    }

  tracefs = ebpf_sys_open_tracefs (error);
  if (tracefs < 0)
    return FALSE;

  fd = openat (tracefs, path, O_RDONLY | O_CLOEXEC);
  errsv = errno;
  if (fd < 0 && errsv == ENOENT)
    {
      g_autofree char *folder = g_strdup_printf ("events/%s", category);
      gboolean known = faccessat (tracefs, folder, F_OK, 0) == 0;

      ebpf_sys_set_error_with_hint (error, EBPF_ERROR_NOT_FOUND, errsv,
                                    known ? "this kernel has the category, but no such event in it"
                                          : "this kernel has no such category of events",
                                    "tracepoint %s/%s", category, name);
    }
  else if (fd < 0)
    {
      ebpf_sys_set_error (error, errsv, "tracepoint %s/%s: opening %s", category, name, path);
    }
  close (tracefs);
  if (fd < 0)
    return FALSE;

  do
    n = read (fd, text, sizeof text - 1);
  while (n < 0 && errno == EINTR);
  errsv = errno;
  close (fd);

  if (n < 0)
    {
      ebpf_sys_set_error (error, errsv, "tracepoint %s/%s: reading %s", category, name, path);
      return FALSE;
    }

  g_strchomp (text);
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, id, NULL))
    {
      ebpf_error_set (error, EBPF_ERROR_IO, 0,
                      "tracepoint %s/%s: %s does not hold a number but \"%s\"", category, name,
                      path, text);
      return FALSE;
    }

  return TRUE;
}
