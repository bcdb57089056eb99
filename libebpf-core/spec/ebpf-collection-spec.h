/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "spec/ebpf-map-spec.h"
#include "spec/ebpf-program-spec.h"
#include "spec/ebpf-variable-spec.h"

G_BEGIN_DECLS

#define EBPF_TYPE_COLLECTION_SPEC (ebpf_collection_spec_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfCollectionSpec, ebpf_collection_spec, EBPF, COLLECTION_SPEC, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_collection_spec_new (void);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_collection_spec_copy (EbpfCollectionSpec *self);

EBPF_AVAILABLE_IN_ALL
char *ebpf_collection_spec_dup_name (EbpfCollectionSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_collection_spec_set_name (EbpfCollectionSpec *self, const char *name);

EBPF_AVAILABLE_IN_ALL
guint ebpf_collection_spec_get_kernel_version (EbpfCollectionSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_collection_spec_set_kernel_version (EbpfCollectionSpec *self, guint kernel_version);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_collection_spec_get_source (EbpfCollectionSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_collection_spec_set_source (EbpfCollectionSpec *self, const char *source);

EBPF_AVAILABLE_IN_ALL
EbpfByteOrder ebpf_collection_spec_get_byte_order (EbpfCollectionSpec *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_collection_spec_get_license (EbpfCollectionSpec *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_collection_spec_get_btf (EbpfCollectionSpec *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_spec_add_map (EbpfCollectionSpec *self, EbpfMapSpec *map, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_spec_add_program (EbpfCollectionSpec *self,
                                           EbpfProgramSpec *program,
                                           GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_spec_add_variable (EbpfCollectionSpec *self,
                                            EbpfVariableSpec *variable,
                                            GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMapSpec *ebpf_collection_spec_get_map (EbpfCollectionSpec *self, const char *name);

EBPF_AVAILABLE_IN_ALL
EbpfProgramSpec *ebpf_collection_spec_get_program (EbpfCollectionSpec *self, const char *name);

EBPF_AVAILABLE_IN_ALL
EbpfVariableSpec *ebpf_collection_spec_get_variable (EbpfCollectionSpec *self, const char *name);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_collection_spec_list_maps (EbpfCollectionSpec *self);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_collection_spec_list_programs (EbpfCollectionSpec *self);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_collection_spec_list_variables (EbpfCollectionSpec *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_spec_resize_section (EbpfCollectionSpec *self,
                                              const char *section,
                                              guint size,
                                              GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_collection_spec_set_constants (EbpfCollectionSpec *self, GVariant *constants, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_spec_assign (EbpfCollectionSpec *self, GObject *target, GError **error);

G_END_DECLS
