/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"
#include "object/ebpf-collection.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
EbpfLink *ebpf_program_attach (EbpfProgram *self, GVariant *options, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_can_attach (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
EbpfLink *ebpf_map_attach (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_collection_attach_all (EbpfCollection *self, GError **error);

G_END_DECLS
