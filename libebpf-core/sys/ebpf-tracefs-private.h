/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Opens the top folder of tracefs: where it is mounted, or else a mount of this process alone that
 * no path leads to (Linux 5.2, CAP_SYS_ADMIN). -1 with @error. */
int ebpf_sys_open_tracefs (GError **error);

/* The number that perf_event_open(2) knows the tracepoint @category/@name by. */
gboolean
ebpf_sys_get_tracepoint_id (const char *category, const char *name, guint64 *id, GError **error);

/* Where a file system of this type is mounted with its root visible: the paths in the order of
 * /proc/self/mountinfo; empty where it is not. */
GPtrArray *ebpf_sys_list_mounts (const char *fs_type);

/* The same, out of the text of a mountinfo file. */
GPtrArray *ebpf_sys_parse_mountinfo (const char *mountinfo, const char *fs_type);

G_END_DECLS
