/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How the kernel was configured. @values: name of an option with its CONFIG_ (utf8) -> value as it is
 * written ("y", "m", "n", "1000", "\"text\""; char *, owned by the table), NULL where it is not known
 * yet. Only options that are in the table are looked for, and a value that is there stays: the first
 * one wins. What "is not set" is not there. */

/* @source: what errors call the text. */
gboolean ebpf_kernel_config_parse (GHashTable *values,
                                   const char *text,
                                   gsize length,
                                   const char *source,
                                   GError **error);

/* A file, compressed by gzip or not. */
gboolean ebpf_kernel_config_read_file (GHashTable *values, const char *path, GError **error);

/* The running kernel's: /boot/config-RELEASE, or /proc/config.gz. Reads nothing where all is known
 * already; where there is neither, EBPF_ERROR_NOT_FOUND. */
gboolean ebpf_kernel_config_read (GHashTable *values, GError **error);

/* A new table of these names, without values. */
GHashTable *ebpf_kernel_config_new (const char *const *names);

G_END_DECLS
