/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib-unix.h>
#include <glib-object.h>

G_BEGIN_DECLS

typedef gboolean (*EbpfReaderSourceFunc) (gpointer reader);

/* A GSource over a descriptor that can be told not to look at it for a while. Its callback is a
 * GSourceFunc. @is_pending: asked whether to dispatch without waiting, for as long as there is the
 * reader, which the source does not keep. */
GSource *
ebpf_reader_source_new (int fd, const char *name, gpointer reader, EbpfReaderSourceFunc is_pending);

/* Whether there was something when the source was dispatched. */
gboolean ebpf_reader_source_is_ready (GSource *source);

/* @watch: whether to look at the descriptor; @delay_us: dispatch after that time at the latest, or
 * -1. May be called from any thread. */
void ebpf_reader_source_arm (GSource *source, gboolean watch, gint64 delay_us);

G_END_DECLS
