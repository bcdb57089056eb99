/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The name of the function that an address lies in, from /proc/kallsyms: read once, and again where
 * an address is not where it should be (modules and BPF programs come later). NULL where there is
 * none or addresses are hidden. @module: NULL for the kernel itself. Any thread. */
char *ebpf_kernel_symbols_find (guint64 address, guint64 *offset, char **module);

/* The same in another file, read for this call. */
char *
ebpf_kernel_symbols_find_in (const char *path, guint64 address, guint64 *offset, char **module);

/* Frees the table. */
void ebpf_kernel_symbols_drop (void);

G_END_DECLS
