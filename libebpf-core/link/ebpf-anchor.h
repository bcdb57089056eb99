/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_ANCHOR (ebpf_anchor_get_type ())

typedef struct _EbpfAnchor EbpfAnchor;

EBPF_AVAILABLE_IN_ALL
GType ebpf_anchor_get_type (void) G_GNUC_CONST;

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_head (void);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_tail (void);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_before_link (EbpfLink *link);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_after_link (EbpfLink *link);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_before_link_id (guint id);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_after_link_id (guint id);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_before_program (EbpfProgram *program);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_after_program (EbpfProgram *program);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_before_program_id (guint id);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_new_after_program_id (guint id);

EBPF_AVAILABLE_IN_ALL
EbpfAnchor *ebpf_anchor_ref (EbpfAnchor *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_anchor_unref (EbpfAnchor *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfAnchor, ebpf_anchor_unref)

G_END_DECLS
