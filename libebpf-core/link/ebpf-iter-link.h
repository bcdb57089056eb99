/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "link/ebpf-link.h"
#include "object/ebpf-map.h"

G_BEGIN_DECLS

#define EBPF_TYPE_ITER_LINK (ebpf_iter_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfIterLink, ebpf_iter_link, EBPF, ITER_LINK, EbpfLink)

EBPF_AVAILABLE_IN_ALL
EbpfIterLink *ebpf_iter_link_new (EbpfProgram *program, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfIterLink *ebpf_iter_link_new_for_map (EbpfProgram *program, EbpfMap *map, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfIterLink *ebpf_iter_link_new_for_cgroup (EbpfProgram *program,
                                             const char *path,
                                             EbpfCgroupIterOrder order,
                                             GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfIterLink *ebpf_iter_link_new_for_task (EbpfProgram *program, int tid, int pid, GError **error);

EBPF_AVAILABLE_IN_ALL
GInputStream *ebpf_iter_link_open_stream (EbpfIterLink *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_iter_link_read_bytes (EbpfIterLink *self, GCancellable *cancellable, GError **error);

EBPF_AVAILABLE_IN_ALL
char **ebpf_iter_link_read_lines (EbpfIterLink *self, GCancellable *cancellable, GError **error);

G_END_DECLS
