/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
guint ebpf_get_n_possible_cpus (void);

EBPF_AVAILABLE_IN_ALL
guint *ebpf_list_online_cpus (gsize *n_cpus);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_check_privileges (GError **error);

EBPF_AVAILABLE_IN_ALL
char *ebpf_dup_kernel_version (void);

G_END_DECLS
