/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_CGROUP_LINK (ebpf_cgroup_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfCgroupLink, ebpf_cgroup_link, EBPF, CGROUP_LINK, EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfCgroupLink *ebpf_cgroup_link_new (EbpfProgram *program,
                                      const char *path,
                                      EbpfAttachType attach_type,
                                      GError **error);

G_END_DECLS
