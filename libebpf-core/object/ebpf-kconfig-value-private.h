/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-private.h"

G_BEGIN_DECLS

/* Writes a value of the kernel's configuration, as it is written there, into a variable of a type:
 *
 *   y, n, m    bool (not m), enum libbpf_tristate, char (the letter)
 *   "text"     array of char: cut to what fits with a zero behind it
 *   a number   integers, in any base that C knows; it has to fit
 *
 * @size: of @data, the variable's own; the rest of it is zero. */
gboolean ebpf_kconfig_put_value (EbpfBtf *btf,
                                 guint32 type_id,
                                 const char *value,
                                 gpointer data,
                                 gsize size,
                                 GError **error);

/* A number into an integer of any size. */
gboolean ebpf_kconfig_put_number (EbpfBtf *btf,
                                  guint32 type_id,
                                  gboolean negative,
                                  guint64 magnitude,
                                  gpointer data,
                                  gsize size,
                                  GError **error);

G_END_DECLS
