/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-memory.h"

G_BEGIN_DECLS

/* Takes a mapping of @mapped_size bytes of which the first @size mean something. @holes: pages may be
 * missing, so that touching them kills. */
EbpfMemory *ebpf_memory_new (const char *what,
                             gpointer data,
                             gsize size,
                             gsize mapped_size,
                             gboolean writable,
                             gboolean holes);

/* The whole, without checks. */
gpointer ebpf_memory_peek_data (EbpfMemory *self);

G_END_DECLS
