/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

#define EBPF_TYPE_PROGRAM_SPEC (ebpf_program_spec_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfProgramSpec, ebpf_program_spec, EBPF, PROGRAM_SPEC, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfProgramSpec *ebpf_program_spec_new (const char *name, EbpfProgramType program_type);

EBPF_AVAILABLE_IN_ALL
EbpfProgramSpec *ebpf_program_spec_copy (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_program_spec_get_name (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_program_spec_get_section (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_section (EbpfProgramSpec *self, const char *section);

EBPF_AVAILABLE_IN_ALL
EbpfProgramType ebpf_program_spec_get_program_type (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_program_type (EbpfProgramSpec *self, EbpfProgramType program_type);

EBPF_AVAILABLE_IN_ALL
EbpfAttachType ebpf_program_spec_get_attach_type (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_spec_has_attach_type (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_attach_type (EbpfProgramSpec *self, EbpfAttachType attach_type);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_program_spec_get_attach_to (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_attach_to (EbpfProgramSpec *self, const char *attach_to);

EBPF_AVAILABLE_IN_ALL
guint ebpf_program_spec_get_program_flags (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_program_flags (EbpfProgramSpec *self, guint program_flags);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_program_spec_get_license (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_license (EbpfProgramSpec *self, const char *license);

EBPF_AVAILABLE_IN_ALL
guint ebpf_program_spec_get_kernel_version (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_kernel_version (EbpfProgramSpec *self, guint kernel_version);

EBPF_AVAILABLE_IN_ALL
guint ebpf_program_spec_get_ifindex (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_ifindex (EbpfProgramSpec *self, guint ifindex);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_spec_get_autoload (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_autoload (EbpfProgramSpec *self, gboolean autoload);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_spec_get_autoattach (EbpfProgramSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_autoattach (EbpfProgramSpec *self, gboolean autoattach);

EBPF_AVAILABLE_IN_ALL
EbpfByteOrder ebpf_program_spec_get_byte_order (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_program_spec_get_n_instructions (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_program_spec_get_instructions (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_spec_set_instructions (EbpfProgramSpec *self,
                                             EbpfAssembler *assembler,
                                             GError **error);

EBPF_AVAILABLE_IN_ALL
char **ebpf_program_spec_list_undefined_symbols (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_spec_set_constant (EbpfProgramSpec *self,
                                         const char *symbol,
                                         guint64 value,
                                         GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_spec_define_function (EbpfProgramSpec *self,
                                            const char *symbol,
                                            EbpfAssembler *body,
                                            GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_spec_redirect_map (EbpfProgramSpec *self,
                                         const char *from,
                                         const char *to,
                                         GError **error);

EBPF_AVAILABLE_IN_ALL
char *ebpf_program_spec_compute_tag (EbpfProgramSpec *self, GChecksumType checksum_type);

EBPF_AVAILABLE_IN_ALL
char *ebpf_program_spec_disassemble (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
char **ebpf_program_spec_list_map_references (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_program_spec_get_btf (EbpfProgramSpec *self);

G_END_DECLS
