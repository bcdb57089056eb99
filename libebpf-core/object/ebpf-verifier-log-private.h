/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the kernel's verifier writes, and how to read it. Pure: no system call here. */

/* The kernel takes no larger one: UINT_MAX >> 2 (kernel/bpf/log.c). */
#define EBPF_VERIFIER_LOG_MAX (G_MAXUINT32 >> 2)
#define EBPF_VERIFIER_LOG_START (64u * 1024)
#define EBPF_VERIFIER_LOG_ATTEMPTS 30

/* The size to try next with after a load that failed with @errsv though it had a log of @size
 * bytes, or 0 where a larger one is of no use. @true_size: what the kernel said it needs (Linux
 * 6.4), or 0. */
guint32 ebpf_verifier_log_next_size (guint32 size, guint32 true_size, int errsv);

/* The text in a buffer that the kernel wrote: up to the first zero, without empty lines around it,
 * in valid UTF-8; NULL where nothing is left. */
char *ebpf_verifier_log_extract (const char *buffer, gsize size);

/* The one line that says why, or NULL. Both of the classic log (the line before "processed N
 * insns", with the one before it where it cannot be understood alone) and of the sectioned one of
 * Linux 7.3 ("Reason:"). */
char *ebpf_verifier_log_get_reason (const char *log);

/* The line of the program's source that was being looked at, or NULL where the log has none. */
char *ebpf_verifier_log_get_source_line (const char *log);

/* Whether it is the function or line records that the verifier does not like, not the code. */
gboolean ebpf_verifier_log_is_about_ext_info (const char *log);

/* A reference to a map that was left out becomes a call of helper EBPF_MAP_POISON + index of the
 * relocation; dead code may keep it. */
#define EBPF_MAP_POISON 2001000000u
#define EBPF_MAP_POISON_MAX 999999u

/* Whether what the verifier did not like is a call of a helper that does not exist, as the loader
 * puts in place of what cannot be had. @insn: number of the instruction, or G_MAXUINT32 where the
 * log does not say. */
gboolean ebpf_verifier_log_find_unknown_call (const char *log, guint32 *helper, guint32 *insn);

/* The same for a 64-bit load of @immediate into r10. */
gboolean ebpf_verifier_log_find_bad_load (const char *log, guint64 immediate, guint32 *insn);

G_END_DECLS
