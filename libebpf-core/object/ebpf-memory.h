/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MEMORY (ebpf_memory_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfMemory, ebpf_memory, EBPF, MEMORY, GObject)

EBPF_AVAILABLE_IN_ALL
guint64 ebpf_memory_get_size (EbpfMemory *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_memory_get_read_only (EbpfMemory *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_memory_read (EbpfMemory *self, guint64 offset, gsize size, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_memory_write (EbpfMemory *self, guint64 offset, GBytes *bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *
ebpf_memory_read_variant (EbpfMemory *self, guint64 offset, EbpfBtfType *type, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_memory_write_variant (EbpfMemory *self,
                                    guint64 offset,
                                    EbpfBtfType *type,
                                    GVariant *value,
                                    GError **error);

/* Atomic, on integers of 1, 2, 4 or 8 bytes at a multiple of their size */

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_memory_load (EbpfMemory *self, guint64 offset, guint size, guint64 *value, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_memory_store (EbpfMemory *self, guint64 offset, guint size, guint64 value, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_memory_add (EbpfMemory *self,
                          guint64 offset,
                          guint size,
                          guint64 value,
                          guint64 *previous,
                          GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_memory_exchange (EbpfMemory *self,
                               guint64 offset,
                               guint size,
                               guint64 value,
                               guint64 *previous,
                               GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_memory_compare_exchange (EbpfMemory *self,
                                       guint64 offset,
                                       guint size,
                                       guint64 expected,
                                       guint64 value,
                                       guint64 *previous,
                                       GError **error);

EBPF_AVAILABLE_IN_ALL
gpointer ebpf_memory_peek (EbpfMemory *self, guint64 offset, gsize size, GError **error);

EBPF_AVAILABLE_IN_ALL
gpointer ebpf_memory_peek_object (EbpfMemory *self,
                                  guint64 offset,
                                  gsize size,
                                  gsize alignment,
                                  gboolean writing,
                                  GError **error);

/**
 * EBPF_MEMORY_PEEK: (skip)
 * @memory: an [class@Memory]
 * @Type: a type of C
 * @offset: where in the memory an object of this type is
 * @writing: whether it is to be written
 * @error: return location for an error
 *
 * Gets a pointer to an object in the memory of a map: typed, and checked against the memory's size,
 * the type's alignment, and whether it may be written. The pointer is good for as long as @memory is
 * there. Access of integers through it is as atomic as the compiler makes it; for more see
 * `ebpf_memory_load()` and its like.
 */
#define EBPF_MEMORY_PEEK(memory, Type, offset, writing, error)                                     \
  ((Type *) ebpf_memory_peek_object ((memory), (offset), sizeof (Type), G_ALIGNOF (Type),          \
                                     (writing), (error)))

G_END_DECLS
