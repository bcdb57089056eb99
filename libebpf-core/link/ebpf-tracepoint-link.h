/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-perf-event-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_TRACEPOINT_LINK (ebpf_tracepoint_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfTracepointLink,
                      ebpf_tracepoint_link,
                      EBPF,
                      TRACEPOINT_LINK,
                      EbpfPerfEventLink)

EBPF_AVAILABLE_IN_ALL
EbpfTracepointLink *ebpf_tracepoint_link_new (EbpfProgram *program,
                                              const char *category,
                                              const char *name,
                                              guint64 cookie,
                                              GError **error);

G_END_DECLS
