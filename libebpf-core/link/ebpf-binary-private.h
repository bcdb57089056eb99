/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The path of a program or library that is given as a path, as a name that is in PATH, or as the
 * file name of a library ("libc.so.6"). With a @pid above 0, a library is first looked for in what
 * that process has mapped, and in its view of the file system. */
char *ebpf_binary_find (const char *name, int pid, GError **error);

/* Where in the file the function @symbol starts, which may be "name@VERSION". */
gboolean
ebpf_binary_find_symbol (const char *path, const char *symbol, guint64 *offset, GError **error);

/* Where all functions start whose names fit @pattern, with * and ?; each place once. @offsets: of
 * guint64, empty. */
gboolean
ebpf_binary_find_pattern (const char *path, const char *pattern, GArray *offsets, GError **error);

/* "symbol", "symbol+offset" and "offset", as sections write it. *symbol is NULL for the last. */
gboolean
ebpf_binary_parse_location (const char *text, char **symbol, guint64 *offset, GError **error);

G_END_DECLS
