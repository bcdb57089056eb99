/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_LINKER (ebpf_linker_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfLinker, ebpf_linker, EBPF, LINKER, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfLinker *ebpf_linker_new (void);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_linker_add_file (EbpfLinker *self, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_linker_add_bytes (EbpfLinker *self, const char *name, GBytes *bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_linker_finish (EbpfLinker *self, GError **error);

G_END_DECLS
