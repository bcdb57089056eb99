/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What /proc/kallsyms says about a name. */
typedef struct
{
  guint64 address; /* 0 where it is hidden from this process */
  guint64 other;   /* another address of the same name */
  gboolean found;
  gboolean ambiguous; /* @other is set */
} EbpfKallsym;

/* Fills in each EbpfKallsym of @symbols (name, utf8 -> EbpfKallsym), which start out zeroed, in one
 * pass. It goes to the end even where all are found: what tells that a name is ambiguous comes last.
 *
 * A kernel without kallsyms has no such names, which is no error. */
gboolean ebpf_kallsyms_resolve (GHashTable *symbols, GError **error);

/* The same with another file. */
gboolean ebpf_kallsyms_resolve_file (GHashTable *symbols, const char *path, GError **error);

/* Whether system calls have a wrapper of their own on this kernel, so that what BPF programs attach to
 * is called __x64_sys_bpf rather than sys_bpf. */
gboolean ebpf_sys_has_syscall_wrapper (void);

G_END_DECLS
