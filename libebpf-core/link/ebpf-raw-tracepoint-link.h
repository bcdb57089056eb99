/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_RAW_TRACEPOINT_LINK (ebpf_raw_tracepoint_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfRawTracepointLink,
                      ebpf_raw_tracepoint_link,
                      EBPF,
                      RAW_TRACEPOINT_LINK,
                      EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfRawTracepointLink *ebpf_raw_tracepoint_link_new (EbpfProgram *program,
                                                     const char *name,
                                                     guint64 cookie,
                                                     GError **error);

G_END_DECLS
