/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-perf-event-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_KPROBE_LINK (ebpf_kprobe_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfKprobeLink, ebpf_kprobe_link, EBPF, KPROBE_LINK, EbpfPerfEventLink)

EBPF_AVAILABLE_IN_ALL
EbpfKprobeLink *ebpf_kprobe_link_new (EbpfProgram *program,
                                      const char *symbol,
                                      guint64 offset,
                                      gboolean at_return,
                                      guint64 cookie,
                                      GError **error);

G_END_DECLS
