/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Names in a bpffs, for maps, programs and links alike. @what: what errors call the object, such as
 * "map \"counts\"". @pin_path: the object's current pin or NULL, which becomes the new one. */

/* Pins @fd at @path, or moves the pin there. What is at @path is never replaced; the same path
 * again is no error. */
gboolean ebpf_sys_pin (int fd, const char *what, char **pin_path, const char *path, GError **error);

/* Takes the pin away. None, or one that somebody else took away already, is no error. */
gboolean ebpf_sys_unpin (const char *what, char **pin_path, GError **error);

/* Opens what is pinned at @path: an fd, or -1 with errno. @flags: BPF_F_RDONLY, BPF_F_WRONLY. */
int ebpf_sys_get_pinned (const char *path, guint32 flags);

G_END_DECLS
