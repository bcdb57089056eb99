/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A decoded value as one line for people: `pid=4711 comm="bash" address=[7f 00 00 01]`. */
char *ebpfctl_value_to_text (GVariant *value);

/* Whether there is nothing but zeros in it, as in an array's entry that nobody has written. */
gboolean ebpfctl_value_is_zero (GVariant *value);

/* The sum of an array of integers: unsigned, or signed where @is_signed says so. FALSE where it is
 * not such an array or the sum has no room. */
gboolean ebpfctl_value_sum (GVariant *value, guint64 *sum, gboolean *is_signed);

G_END_DECLS
