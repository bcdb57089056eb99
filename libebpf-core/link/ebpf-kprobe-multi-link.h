/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_KPROBE_MULTI_LINK (ebpf_kprobe_multi_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfKprobeMultiLink,
                      ebpf_kprobe_multi_link,
                      EBPF,
                      KPROBE_MULTI_LINK,
                      EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfKprobeMultiLink *ebpf_kprobe_multi_link_new (EbpfProgram *program,
                                                 const char *const *symbols,
                                                 const guint64 *cookies,
                                                 gsize n_cookies,
                                                 gboolean at_return,
                                                 GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfKprobeMultiLink *ebpf_kprobe_multi_link_new_for_addresses (EbpfProgram *program,
                                                               const guint64 *addresses,
                                                               gsize n_addresses,
                                                               const guint64 *cookies,
                                                               gsize n_cookies,
                                                               gboolean at_return,
                                                               GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfKprobeMultiLink *ebpf_kprobe_multi_link_new_for_pattern (EbpfProgram *program,
                                                             const char *pattern,
                                                             gboolean at_return,
                                                             GError **error);

G_END_DECLS
