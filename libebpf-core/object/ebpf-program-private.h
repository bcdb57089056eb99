/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-program.h"

G_BEGIN_DECLS

/* Emit `attached` and `detached`, for the link room. */
void ebpf_program_emit_attached (EbpfProgram *self, EbpfLink *link);
void ebpf_program_emit_detached (EbpfProgram *self, EbpfLink *link);

G_END_DECLS
