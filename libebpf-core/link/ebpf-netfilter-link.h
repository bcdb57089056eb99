/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_NETFILTER_LINK (ebpf_netfilter_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfNetfilterLink, ebpf_netfilter_link, EBPF, NETFILTER_LINK, EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfNetfilterLink *ebpf_netfilter_link_new (EbpfProgram *program,
                                            EbpfNetfilterFamily family,
                                            EbpfNetfilterHook hook,
                                            int priority,
                                            EbpfNetfilterFlags flags,
                                            GError **error);

G_END_DECLS
