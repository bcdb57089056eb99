/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-anchor.h"

G_BEGIN_DECLS

#define EBPF_TYPE_TCX_LINK (ebpf_tcx_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfTcxLink, ebpf_tcx_link, EBPF, TCX_LINK, EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfTcxLink *ebpf_tcx_link_new (EbpfProgram *program,
                                const char *interface,
                                EbpfAttachType attach_type,
                                EbpfAnchor *anchor,
                                guint64 expected_revision,
                                GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfTcxLink *ebpf_tcx_link_new_for_ifindex (EbpfProgram *program,
                                            guint ifindex,
                                            EbpfAttachType attach_type,
                                            EbpfAnchor *anchor,
                                            guint64 expected_revision,
                                            GError **error);

G_END_DECLS
