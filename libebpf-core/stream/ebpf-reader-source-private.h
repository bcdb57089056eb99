/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib-unix.h>

G_BEGIN_DECLS

/* A GSource over a descriptor that can be told not to look at it for a while. Its callback is a
 * GSourceFunc. */
/* @is_pending: asked, with the callback's data, whether to dispatch without waiting; may be NULL.
 */
GSource *ebpf_reader_source_new (int fd,
                                 const char *name,
                                 gboolean (*is_pending) (gpointer user_data),
                                 gpointer user_data);

/* Whether there was something when the source was dispatched. */
gboolean ebpf_reader_source_is_ready (GSource *source);

/* @watch: whether to look at the descriptor; @delay_us: dispatch after that time at the latest, or
 * -1. May be called from any thread. */
void ebpf_reader_source_arm (GSource *source, gboolean watch, gint64 delay_us);

G_END_DECLS
