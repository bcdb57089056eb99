/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "spec/ebpf-map-spec.h"

G_BEGIN_DECLS

/* A map that stands for a section of an object file (.data, .rodata, .bss, .kconfig …): an array
 * with one entry, the section's bytes. @constant: frozen once filled. */
void ebpf_map_spec_set_data_section (EbpfMapSpec *self, gboolean constant);
/* Another value for the one entry of such a map. */
void ebpf_map_spec_replace_section (EbpfMapSpec *self, GBytes *contents);
gboolean ebpf_map_spec_is_constant (EbpfMapSpec *self);

/* Whether the map is memory and nothing else, which is shared: an arena. */
gboolean ebpf_map_spec_is_memory (EbpfMapSpec *self);

/* Names of the object file's btf_decl_tag annotations on this map; strv, may be NULL. */
void ebpf_map_spec_set_tags (EbpfMapSpec *self, const char *const *tags);

/* Changes the bytes of an entry that has any, and takes an entry away. */
void ebpf_map_spec_replace_content (EbpfMapSpec *self, guint index, GBytes *value);
void ebpf_map_spec_remove_content (EbpfMapSpec *self, guint index);

/* For who looks through many of them. */
const char *ebpf_map_spec_peek_name (EbpfMapSpec *self);

/* What the spec keeps of its entries: for ebpf-map-spec-contents.c alone. */
GPtrArray *ebpf_map_contents_new (void);
GPtrArray *ebpf_map_contents_copy (GPtrArray *contents);
GPtrArray *ebpf_map_spec_peek_contents (EbpfMapSpec *self);

G_END_DECLS
