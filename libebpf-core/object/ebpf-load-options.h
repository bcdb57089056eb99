/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

#define EBPF_TYPE_LOAD_OPTIONS (ebpf_load_options_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfLoadOptions, ebpf_load_options, EBPF, LOAD_OPTIONS, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfLoadOptions *ebpf_load_options_new (void);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_load_options_get_pin_path (EbpfLoadOptions *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_set_pin_path (EbpfLoadOptions *self, const char *pin_path);

EBPF_AVAILABLE_IN_ALL
EbpfAccessFlags ebpf_load_options_get_pin_access_flags (EbpfLoadOptions *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_set_pin_access_flags (EbpfLoadOptions *self, EbpfAccessFlags flags);

EBPF_AVAILABLE_IN_ALL
guint ebpf_load_options_get_log_level (EbpfLoadOptions *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_set_log_level (EbpfLoadOptions *self, guint log_level);

EBPF_AVAILABLE_IN_ALL
guint ebpf_load_options_get_log_size (EbpfLoadOptions *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_set_log_size (EbpfLoadOptions *self, guint log_size);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_load_options_get_log_disabled (EbpfLoadOptions *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_set_log_disabled (EbpfLoadOptions *self, gboolean log_disabled);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_load_options_get_kconfig (EbpfLoadOptions *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_set_kconfig (EbpfLoadOptions *self, const char *kconfig);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_load_options_get_kernel_btf (EbpfLoadOptions *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_set_kernel_btf (EbpfLoadOptions *self, EbpfBtf *kernel_btf);

EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_add_relocation_target (EbpfLoadOptions *self, EbpfBtf *btf);

EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_replace_map (EbpfLoadOptions *self, const char *name, EbpfMap *map);

EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_select_program (EbpfLoadOptions *self, const char *name);

EBPF_AVAILABLE_IN_ALL
void ebpf_load_options_select_map (EbpfLoadOptions *self, const char *name);

G_END_DECLS
