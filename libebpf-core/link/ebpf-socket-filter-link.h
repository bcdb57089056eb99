/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_SOCKET_FILTER_LINK (ebpf_socket_filter_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfSocketFilterLink,
                      ebpf_socket_filter_link,
                      EBPF,
                      SOCKET_FILTER_LINK,
                      EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfSocketFilterLink *
ebpf_socket_filter_link_new (EbpfProgram *program, int socket_fd, GError **error);

G_END_DECLS
