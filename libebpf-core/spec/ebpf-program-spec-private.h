/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "spec/ebpf-code-private.h"
#include "spec/ebpf-program-spec.h"

G_BEGIN_DECLS

/* @code: taken over; never changed from now on. */
void ebpf_program_spec_take_code (EbpfProgramSpec *self, EbpfCode *code);
const EbpfCode *ebpf_program_spec_peek_code (EbpfProgramSpec *self);
void ebpf_program_spec_set_btf (EbpfProgramSpec *self, EbpfBtf *btf);
void ebpf_program_spec_set_byte_order (EbpfProgramSpec *self, EbpfByteOrder byte_order);

/* The live program that it attaches to, an EbpfProgram, which this room does not know; or NULL. */
void ebpf_program_spec_set_target_object (EbpfProgramSpec *self, GObject *target);
GObject *ebpf_program_spec_peek_target_object (EbpfProgramSpec *self);

/* For who looks through many of them. */
const char *ebpf_program_spec_peek_name (EbpfProgramSpec *self);

G_END_DECLS
