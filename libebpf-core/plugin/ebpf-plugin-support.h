/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-error.h"

G_BEGIN_DECLS

/* What plug-ins need beyond what applications do. */

EBPF_AVAILABLE_IN_ALL
void ebpf_plugin_set_error (GError **error, EbpfError code, int errsv, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

EBPF_AVAILABLE_IN_ALL
void ebpf_plugin_set_system_error (GError **error, int errsv, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

EBPF_AVAILABLE_IN_ALL
int
ebpf_plugin_open_bpf_output (guint cpu, guint wakeup_events, guint wakeup_bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_plugin_unbox (GVariant *variant);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_plugin_get_number (GVariant *variant, guint64 limit, guint64 *number);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_plugin_new_fd_bytes (int fd, gsize size, GObject *holder);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_plugin_new_fd_bytes_take (int fd, gsize size);

EBPF_AVAILABLE_IN_ALL
char *ebpf_plugin_find_kernel_symbol (guint64 address, guint64 *offset, char **module);

G_END_DECLS
