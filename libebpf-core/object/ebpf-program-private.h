/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-program.h"

G_BEGIN_DECLS

/* Emit `attached` and `detached`, for the link room. */
void ebpf_program_emit_attached (EbpfProgram *self, EbpfLink *link);
void ebpf_program_emit_detached (EbpfProgram *self, EbpfLink *link);

/* @fd, @log: taken over. @spec: what it was loaded from. */
EbpfProgram *ebpf_program_new_loaded (int fd, EbpfProgramSpec *spec, char *log);

/* The program of a pin's file descriptor, which is taken in any case. */
EbpfProgram *
ebpf_program_new_from_pin_fd (int fd, const char *path, gboolean keep_path, GError **error);

/* FALSE with @error where it was closed. */
gboolean ebpf_program_check_open (EbpfProgram *self, const char *doing, GError **error);

/* The id of a function of the program in the BTF that it was loaded with; 0 with @error. */
guint32 ebpf_program_find_function (EbpfProgram *self, const char *name, GError **error);

G_END_DECLS
