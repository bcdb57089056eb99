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

G_END_DECLS
