/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "spec/ebpf-program-spec.h"

G_BEGIN_DECLS

#define EBPF_TYPE_PROGRAM (ebpf_program_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfProgram, ebpf_program, EBPF, PROGRAM, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_program_new (EbpfProgramSpec *spec, EbpfLoadOptions *options, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_program_new_from_fd (int fd, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_program_new_from_id (guint id, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_program_new_from_pin (const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_program_new_from_pin_at (int folder_fd, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_check_compatible (EbpfProgram *self, EbpfProgramSpec *spec, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_program_dup (EbpfProgram *self, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_program_close (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_is_open (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
int ebpf_program_peek_fd (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
int ebpf_program_dup_fd (EbpfProgram *self, GError **error);

EBPF_AVAILABLE_IN_ALL
int ebpf_program_take_fd (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_program_get_name (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
EbpfProgramType ebpf_program_get_program_type (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_program_get_id (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
EbpfProgramSpec *ebpf_program_get_spec (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_program_get_pin_path (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_program_get_verifier_log (EbpfProgram *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_pin (EbpfProgram *self, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_pin_at (EbpfProgram *self, int folder_fd, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_unpin (EbpfProgram *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_program_query_info (EbpfProgram *self, GError **error);

EBPF_AVAILABLE_IN_ALL
char **ebpf_program_list_functions (EbpfProgram *self, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_program_spec_set_attach_target (EbpfProgramSpec *self,
                                          EbpfProgram *target,
                                          const char *function);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_program_spec_get_attach_target (EbpfProgramSpec *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_test_run (EbpfProgram *self,
                                GBytes *data,
                                guint repeat,
                                guint *return_value,
                                GBytes **data_out,
                                guint *duration,
                                GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_run (EbpfProgram *self,
                           GBytes *context,
                           guint *return_value,
                           GBytes **context_out,
                           GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_program_benchmark (EbpfProgram *self,
                                 GBytes *data,
                                 guint repeat,
                                 guint *duration,
                                 GError **error);

G_END_DECLS
