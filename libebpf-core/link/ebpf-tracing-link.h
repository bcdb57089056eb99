/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_TRACING_LINK (ebpf_tracing_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfTracingLink, ebpf_tracing_link, EBPF, TRACING_LINK, EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfTracingLink *ebpf_tracing_link_new (EbpfProgram *program, guint64 cookie, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfTracingLink *ebpf_tracing_link_new_for_function (EbpfProgram *program,
                                                     EbpfProgram *target,
                                                     const char *function,
                                                     guint64 cookie,
                                                     GError **error);

G_END_DECLS
