/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "spec/ebpf-collection-spec.h"

G_BEGIN_DECLS

void ebpf_collection_spec_set_byte_order (EbpfCollectionSpec *self, EbpfByteOrder byte_order);
void ebpf_collection_spec_set_license (EbpfCollectionSpec *self, const char *license);
void ebpf_collection_spec_set_btf (EbpfCollectionSpec *self, EbpfBtf *btf);

/* In the order of the object file; not to be changed. */
GPtrArray *ebpf_collection_spec_peek_maps (EbpfCollectionSpec *self);
GPtrArray *ebpf_collection_spec_peek_programs (EbpfCollectionSpec *self);
GPtrArray *ebpf_collection_spec_peek_variables (EbpfCollectionSpec *self);

/* The bytes with which the data section @map starts out: its contents with the values of the
 * collection's variables written over them. */
GBytes *
ebpf_collection_spec_merge_data (EbpfCollectionSpec *self, EbpfMapSpec *map, GError **error);

/* An `extern … __kconfig`: what the loader has to fill into the map ".kconfig" at @offset. */
typedef struct
{
  char *name;
  guint32 btf_id; /* of its VAR in the object's BTF */
  guint32 offset;
  guint32 size;
  gboolean weak;
} EbpfKconfigExtern;

void ebpf_collection_spec_add_kconfig_extern (EbpfCollectionSpec *self,
                                              const char *name,
                                              guint32 btf_id,
                                              guint32 offset,
                                              guint32 size,
                                              gboolean weak);
GArray *ebpf_collection_spec_peek_kconfig_externs (EbpfCollectionSpec *self);

/* For who looks through many of them. */
const char *ebpf_variable_spec_peek_name (EbpfVariableSpec *self);

G_END_DECLS
