/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

#define EBPF_TYPE_LOADER (ebpf_loader_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfLoader, ebpf_loader, EBPF, LOADER, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfLoader *ebpf_loader_new (EbpfCollectionSpec *spec, EbpfLoaderFlags flags, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfLoader *ebpf_loader_new_from_bytes (GBytes *bytes, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfLoader *ebpf_loader_new_from_path (const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_loader_to_bytes (EbpfLoader *self);

EBPF_AVAILABLE_IN_ALL
EbpfCollectionSpec *ebpf_loader_get_spec (EbpfLoader *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_loader_get_instructions (EbpfLoader *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_loader_get_data (EbpfLoader *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_loader_is_hashed (EbpfLoader *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_loader_get_context_size (EbpfLoader *self);

EBPF_AVAILABLE_IN_ALL
gint ebpf_loader_get_map_offset (EbpfLoader *self, const char *name);

EBPF_AVAILABLE_IN_ALL
gint ebpf_loader_get_program_offset (EbpfLoader *self, const char *name);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_loader_get_signature (EbpfLoader *self);

EBPF_AVAILABLE_IN_ALL
gint ebpf_loader_get_keyring (EbpfLoader *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_loader_set_signature (EbpfLoader *self, GBytes *signature, gint keyring);

EBPF_AVAILABLE_IN_ALL
EbpfCollection *ebpf_loader_load (EbpfLoader *self,
                                  EbpfLoadOptions *options,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
