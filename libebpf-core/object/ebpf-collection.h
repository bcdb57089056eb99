/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-load-options.h"
#include "object/ebpf-map.h"
#include "object/ebpf-program.h"
#include "object/ebpf-variable.h"
#include "spec/ebpf-collection-spec.h"

G_BEGIN_DECLS

#define EBPF_TYPE_COLLECTION (ebpf_collection_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfCollection, ebpf_collection, EBPF, COLLECTION, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfCollection *ebpf_collection_new (EbpfCollectionSpec *spec);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_load (EbpfCollection *self,
                               EbpfLoadOptions *options,
                               GCancellable *cancellable,
                               GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_collection_load_async (EbpfCollection *self,
                                 EbpfLoadOptions *options,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_load_finish (EbpfCollection *self, GAsyncResult *result, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_load_target (EbpfCollection *self,
                                      GObject *target,
                                      EbpfLoadOptions *options,
                                      GCancellable *cancellable,
                                      GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_collection_load_target_async (EbpfCollection *self,
                                        GObject *target,
                                        EbpfLoadOptions *options,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_collection_load_target_finish (EbpfCollection *self, GAsyncResult *result, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_prepare (EbpfCollection *self,
                                  EbpfLoadOptions *options,
                                  GCancellable *cancellable,
                                  GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_collection_prepare_async (EbpfCollection *self,
                                    EbpfLoadOptions *options,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_collection_prepare_finish (EbpfCollection *self, GAsyncResult *result, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_collection_dup_prepared_code (EbpfCollection *self, const char *name);

EBPF_AVAILABLE_IN_ALL
int ebpf_collection_dup_btf_fd (EbpfCollection *self, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_collection_get_spec (EbpfCollection *self);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionState ebpf_collection_get_state (EbpfCollection *self);

EBPF_AVAILABLE_IN_ALL
double ebpf_collection_get_progress (EbpfCollection *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_collection_get_verifier_log (EbpfCollection *self);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_collection_get_map (EbpfCollection *self, const char *name);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_collection_get_program (EbpfCollection *self, const char *name);

EBPF_AVAILABLE_IN_ALL
EbpfVariable *ebpf_collection_get_variable (EbpfCollection *self, const char *name);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_collection_list_maps (EbpfCollection *self);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_collection_list_programs (EbpfCollection *self);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_collection_list_variables (EbpfCollection *self);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_collection_take_map (EbpfCollection *self, const char *name);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_collection_take_program (EbpfCollection *self, const char *name);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_assign (EbpfCollection *self, GObject *target, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_pin_maps (EbpfCollection *self, const char *folder, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_pin_programs (EbpfCollection *self, const char *folder, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_unpin_all (EbpfCollection *self, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_collection_remove_pins (EbpfCollection *self, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_collection_close (EbpfCollection *self);

G_END_DECLS
