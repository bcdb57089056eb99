/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map.h"

G_BEGIN_DECLS

/* Creates the map of @spec. @btf_fd: the object's BTF in the kernel, for the types of key and
 * value, or -1. Neither contents nor freezing nor pinning: see ebpf_map_populate_raw () and the
 * collection. */
EbpfMap *ebpf_map_create (EbpfMapSpec *spec, int btf_fd, GError **error);

/* The driver's fix-ups on a copy of @spec. */
EbpfMapSpec *ebpf_map_fixup_spec (EbpfMapSpec *spec, GError **error);

/* Whether @self can stand in for @spec (not fixed up yet); the error lists all differences. */
gboolean ebpf_map_check_compatible (EbpfMap *self, EbpfMapSpec *spec, GError **error);

/* Takes the types and the full name of the spec that the map was made from, or replaced. */
void ebpf_map_adopt_spec (EbpfMap *self, EbpfMapSpec *spec);

/* Maps the memory of a BPF_F_MMAPABLE array, once; NULL with @error. Unmapped with the map.
 * @writable: whether it could be mapped for writing. */
gpointer ebpf_map_peek_memory (EbpfMap *self, gsize *size, gboolean *writable, GError **error);

G_END_DECLS
