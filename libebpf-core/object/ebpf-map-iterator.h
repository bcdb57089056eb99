/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MAP_ITERATOR (ebpf_map_iterator_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfMapIterator, ebpf_map_iterator, EBPF, MAP_ITERATOR, GObject)

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_iterator_next (EbpfMapIterator *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_iterator_get_key (EbpfMapIterator *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_iterator_get_value (EbpfMapIterator *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_iterator_get_key_bytes (EbpfMapIterator *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_iterator_get_value_bytes (EbpfMapIterator *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GObject *ebpf_map_iterator_get_object (EbpfMapIterator *self, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_map_iterator_peek (EbpfMapIterator *self, gconstpointer *key, gconstpointer *value);

G_END_DECLS
