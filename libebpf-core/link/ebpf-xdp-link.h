/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_XDP_LINK (ebpf_xdp_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfXdpLink, ebpf_xdp_link, EBPF, XDP_LINK, EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfXdpLink *
ebpf_xdp_link_new (EbpfProgram *program, const char *interface, EbpfXdpFlags flags, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfXdpLink *ebpf_xdp_link_new_for_ifindex (EbpfProgram *program,
                                            guint ifindex,
                                            EbpfXdpFlags flags,
                                            GError **error);

G_END_DECLS
