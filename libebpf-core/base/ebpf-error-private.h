/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-error.h"

G_BEGIN_DECLS

/* Sets an error of the domain that carries @errsv, for ebpf_error_get_errno (). The message is
 * used as it is: it must already say what the kernel answered (see ebpf_sys_set_error ()). */
void ebpf_error_set (GError **error, EbpfError code, int errsv, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Gives @error the whole verifier log; a no-op where @error is NULL or of another domain. */
void ebpf_error_set_log (GError *error, const char *log);

/* The same as g_propagate_prefixed_error (), but keeps errno and log. */
void ebpf_error_propagate_prefixed (GError **dest, GError *src, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS
