/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_NETNS_LINK (ebpf_netns_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfNetnsLink, ebpf_netns_link, EBPF, NETNS_LINK, EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfNetnsLink *ebpf_netns_link_new (EbpfProgram *program, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfNetnsLink *ebpf_netns_link_new_for_fd (EbpfProgram *program, int netns_fd, GError **error);

G_END_DECLS
