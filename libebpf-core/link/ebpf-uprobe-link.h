/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-perf-event-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_UPROBE_LINK (ebpf_uprobe_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfUprobeLink, ebpf_uprobe_link, EBPF, UPROBE_LINK, EbpfPerfEventLink)

EBPF_AVAILABLE_IN_ALL
EbpfUprobeLink *ebpf_uprobe_link_new (EbpfProgram *program,
                                      const char *binary,
                                      const char *symbol,
                                      guint64 offset,
                                      int pid,
                                      gboolean at_return,
                                      guint64 cookie,
                                      GError **error);

G_END_DECLS
