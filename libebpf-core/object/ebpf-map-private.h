/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map.h"

G_BEGIN_DECLS

/* Instead of a file descriptor: the types are loaded with the map, and only they; or there are none. */
#define EBPF_MAP_OWN_TYPES -1
#define EBPF_MAP_NO_TYPES -2

/* Creates the map of @spec. @btf_fd: in the kernel, the BTF of the types of key and value. Neither contents nor freezing nor pinning: see ebpf_map_populate () and the
 * collection. */
EbpfMap *ebpf_map_create (EbpfMapSpec *spec, int btf_fd, GError **error);

/* The live map or program of this name, for a content that refers to it: transfer full. NULL with
 * @error, or without where the entry is to stay empty. */
typedef GObject *(*EbpfMapResolveFunc) (const char *name, gpointer user_data, GError **error);

/* Puts the initial contents of @spec into @self, then freezes it where the spec is constant.
 * @resolve: for contents that refer to another object by name; where NULL, they are an error. */
gboolean ebpf_map_populate (EbpfMap *self,
                            EbpfMapSpec *spec,
                            EbpfMapResolveFunc resolve,
                            gpointer user_data,
                            GError **error);

/* The map of a pin's file descriptor, which is taken in any case. */
EbpfMap *ebpf_map_new_from_pin_fd (int fd, const char *path, gboolean keep_path, GError **error);

/* Where a map that asks to be pinned is, in @folder. */
char *ebpf_map_build_pin_path (EbpfMapSpec *spec, const char *folder, GError **error);

/* The map that is pinned at @path, if it fits @spec. */
EbpfMap *
ebpf_map_open_pinned (EbpfMapSpec *spec, const char *path, EbpfAccessFlags flags, GError **error);

/* Takes the types and the full name of the spec that the map was made from, or replaced. */
void ebpf_map_adopt_spec (EbpfMap *self, EbpfMapSpec *spec);

/* Maps the memory of a BPF_F_MMAPABLE array, once; NULL with @error. Ask again rather than keeping
 * it: it is unmapped when the map is closed.
 * @size: bytes from the first value to the end of the last; values are 8-byte aligned.
 * @writable: whether it could be mapped for writing. */
gpointer ebpf_map_peek_memory (EbpfMap *self, gsize *size, gboolean *writable, GError **error);

/* Whether the map is memory and nothing else; and puts its first bytes there (NULL: none). That also
 * gives it its address, which programs that use it need. */
gboolean ebpf_map_is_arena (EbpfMap *self);
/* Where the variables of the object file are in an arena: at its end where the kernel lets code refer
 * to that, so that none of them is at address 0, and what is behind it can be left out; else at its
 * start, as libbpf does. 0 for other maps. */
guint32 ebpf_map_peek_data_offset (EbpfMap *self);
void ebpf_map_place_data (EbpfMap *self, EbpfMapSpec *spec);
gboolean ebpf_map_fill_arena (EbpfMap *self, GBytes *contents, GError **error);

/* struct_ops: puts the operations where the kernel has them, ready for a link (BPF_F_LINK), or in use
 * from now on. Nothing is done where a map for links has them already. */
gboolean ebpf_map_register_struct_ops (EbpfMap *self, GError **error);

/* Takes operations out of use that are used without a link, by the map's fd. */
gboolean ebpf_map_unregister_struct_ops (int fd, const char *what, GError **error);

/* This thread will not use the map any more: whoever comes next may be its only user again. */
void ebpf_map_release_user (EbpfMap *self);

G_END_DECLS
