/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "spec/ebpf-collection-spec.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_collection_spec_new_from_path (const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *
ebpf_collection_spec_new_from_path_full (const char *path, EbpfOpenFlags flags, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_collection_spec_new_from_bytes (GBytes *bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_collection_spec_new_from_bytes_full (GBytes *bytes,
                                                              const char *source,
                                                              EbpfOpenFlags flags,
                                                              GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *
ebpf_collection_spec_new_from_file (GFile *file, GCancellable *cancellable, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_collection_spec_new_from_file_async (GFile *file,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_collection_spec_new_from_file_finish (GAsyncResult *result,
                                                               GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_collection_spec_new_from_bytes_async (GBytes *bytes,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback,
                                                gpointer user_data);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_collection_spec_new_from_bytes_finish (GAsyncResult *result,
                                                                GError **error);

G_END_DECLS
