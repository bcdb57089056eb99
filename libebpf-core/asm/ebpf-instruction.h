/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_INSTRUCTION (ebpf_instruction_get_type ())

EBPF_AVAILABLE_IN_ALL
GType ebpf_instruction_get_type (void) G_GNUC_CONST;

EBPF_AVAILABLE_IN_ALL
EbpfInstruction *
ebpf_instruction_new (guint opcode, guint dst, guint src, gint offset, gint64 immediate);

EBPF_AVAILABLE_IN_ALL
EbpfInstruction *ebpf_instruction_ref (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_instruction_unref (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_instruction_get_opcode (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_instruction_get_dst (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_instruction_get_src (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
gint ebpf_instruction_get_offset (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
gint64 ebpf_instruction_get_immediate (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_instruction_get_size (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
char *ebpf_instruction_to_string (EbpfInstruction *self);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_instruction_list_from_bytes (GBytes *bytes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfInstruction, ebpf_instruction_unref)

G_END_DECLS
