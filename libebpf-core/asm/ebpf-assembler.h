/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_ASSEMBLER (ebpf_assembler_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfAssembler, ebpf_assembler, EBPF, ASSEMBLER, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfAssembler *ebpf_assembler_new (void);

EBPF_AVAILABLE_IN_ALL
void ebpf_assembler_emit (EbpfAssembler *self,
                          guint opcode,
                          guint dst,
                          guint src,
                          gint offset,
                          gint64 immediate);

EBPF_AVAILABLE_IN_ALL
void ebpf_assembler_emit_move (EbpfAssembler *self, guint dst, gint64 immediate);

EBPF_AVAILABLE_IN_ALL
void ebpf_assembler_emit_load_map (EbpfAssembler *self, guint dst, const char *map_name);

EBPF_AVAILABLE_IN_ALL
void ebpf_assembler_emit_call (EbpfAssembler *self, guint helper);

EBPF_AVAILABLE_IN_ALL
void ebpf_assembler_emit_jump (EbpfAssembler *self,
                               guint opcode,
                               guint dst,
                               guint src,
                               gint64 immediate,
                               const char *label);

EBPF_AVAILABLE_IN_ALL
void ebpf_assembler_emit_exit (EbpfAssembler *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_assembler_mark (EbpfAssembler *self, const char *label);

G_END_DECLS
