/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf.h>

G_BEGIN_DECLS

/* Prints what is in the maps of a collection that have no reader, and its writable variables. A map
 * that cannot be listed is told of on stderr. JSON: one object a line, {"map", "key", "value"} or
 * {"variable", "value"}; a per-CPU value is an array and has its "sum" beside it where it has one.
 */
void ebpfctl_contents_print (EbpfCollection *collection, gboolean as_json);

G_END_DECLS
