/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_UPROBE_MULTI_LINK (ebpf_uprobe_multi_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfUprobeMultiLink,
                      ebpf_uprobe_multi_link,
                      EBPF,
                      UPROBE_MULTI_LINK,
                      EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfUprobeMultiLink *ebpf_uprobe_multi_link_new (EbpfProgram *program,
                                                 const char *binary,
                                                 const char *const *symbols,
                                                 const guint64 *cookies,
                                                 gsize n_cookies,
                                                 int pid,
                                                 gboolean at_return,
                                                 GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfUprobeMultiLink *ebpf_uprobe_multi_link_new_for_offsets (EbpfProgram *program,
                                                             const char *binary,
                                                             const guint64 *offsets,
                                                             gsize n_offsets,
                                                             const guint64 *counter_offsets,
                                                             gsize n_counter_offsets,
                                                             const guint64 *cookies,
                                                             gsize n_cookies,
                                                             int pid,
                                                             gboolean at_return,
                                                             GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfUprobeMultiLink *ebpf_uprobe_multi_link_new_for_pattern (EbpfProgram *program,
                                                             const char *binary,
                                                             const char *pattern,
                                                             int pid,
                                                             gboolean at_return,
                                                             GError **error);

G_END_DECLS
