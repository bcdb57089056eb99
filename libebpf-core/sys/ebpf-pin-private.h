/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

#include <fcntl.h>

G_BEGIN_DECLS

/* Names in a bpffs, for maps, programs and links alike. @what: what errors call the object, such as
 * "map \"counts\"". @pin_path: the object's current pin or NULL, which becomes the new one. */

/* Pins @fd at @path, or moves the pin there. What is at @path is never replaced; the same path
 * again is no error. */
gboolean ebpf_sys_pin (int fd, const char *what, char **pin_path, const char *path, GError **error);

/* Takes the pin away. None, or one that somebody else took away already, is no error. */
gboolean ebpf_sys_unpin (const char *what, char **pin_path, GError **error);

/* Pins @fd at @path, which starts at the folder that @folder_fd is open for, where it is relative
 * (Linux 6.5). Nothing remembers such a pin: the folder may be in no place that has a path. */
gboolean
ebpf_sys_pin_at (int fd, const char *what, int folder_fd, const char *path, GError **error);

/* Opens what is pinned at @path: an fd, or -1 with @error. @folder_fd: what a relative path starts
 * at, or -1 for the working folder. Where @flags are none and the file may only be read, it is opened
 * for reading. @what: "map", "program", "link", "object". */
int ebpf_sys_open_pin (const char *what,
                       int folder_fd,
                       const char *path,
                       EbpfAccessFlags flags,
                       GError **error);

/* What a file descriptor is of. Info by fd does not tell: it fills the same bytes for each. */
typedef enum
{
  EBPF_SYS_KIND_OTHER,
  EBPF_SYS_KIND_MAP,
  EBPF_SYS_KIND_PROGRAM,
  EBPF_SYS_KIND_LINK,
  EBPF_SYS_KIND_CLOSED,  /* no open descriptor */
  EBPF_SYS_KIND_UNKNOWN, /* there is no /proc to say so */
} EbpfSysKind;

/* @target: (optional): what /proc calls the file. */
EbpfSysKind ebpf_sys_get_kind (int fd, char **target);

/* Whether it is of that kind, as far as can be known; @what begins the error. */
gboolean ebpf_sys_check_kind (int fd, EbpfSysKind kind, const char *what, GError **error);

/* The same for the folder of an existing file: whether @path is in a bpffs. */
gboolean ebpf_sys_is_bpffs (const char *path);

G_END_DECLS
