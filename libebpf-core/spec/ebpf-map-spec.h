/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MAP_SPEC (ebpf_map_spec_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfMapSpec, ebpf_map_spec, EBPF, MAP_SPEC, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfMapSpec *ebpf_map_spec_new (const char *name,
                                EbpfMapType map_type,
                                guint key_size,
                                guint value_size,
                                guint max_entries);

EBPF_AVAILABLE_IN_ALL
EbpfMapSpec *ebpf_map_spec_copy (EbpfMapSpec *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_map_spec_get_name (EbpfMapSpec *self);

EBPF_AVAILABLE_IN_ALL
EbpfMapType ebpf_map_spec_get_map_type (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_map_type (EbpfMapSpec *self, EbpfMapType map_type);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_spec_get_map_type_number (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_map_type_number (EbpfMapSpec *self, guint map_type);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_spec_get_key_size (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_key_size (EbpfMapSpec *self, guint key_size);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_spec_get_value_size (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_value_size (EbpfMapSpec *self, guint value_size);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_spec_get_max_entries (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_max_entries (EbpfMapSpec *self, guint max_entries);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_spec_get_map_flags (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_map_flags (EbpfMapSpec *self, guint map_flags);

EBPF_AVAILABLE_IN_ALL
guint64 ebpf_map_spec_get_map_extra (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_map_extra (EbpfMapSpec *self, guint64 map_extra);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_spec_get_extra (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_extra (EbpfMapSpec *self, GBytes *extra);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_spec_get_numa_node (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_numa_node (EbpfMapSpec *self, guint numa_node);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_spec_get_ifindex (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_ifindex (EbpfMapSpec *self, guint ifindex);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_map_spec_get_exclusive_program (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_exclusive_program (EbpfMapSpec *self, const char *exclusive_program);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_spec_get_exclusive_hash (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_exclusive_hash (EbpfMapSpec *self, GBytes *exclusive_hash);

EBPF_AVAILABLE_IN_ALL
EbpfPinning ebpf_map_spec_get_pinning (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_pinning (EbpfMapSpec *self, EbpfPinning pinning);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_map_spec_get_key_type (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_key_type (EbpfMapSpec *self, EbpfBtfType *key_type);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_map_spec_get_value_type (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_value_type (EbpfMapSpec *self, EbpfBtfType *value_type);

EBPF_AVAILABLE_IN_ALL
EbpfMapSpec *ebpf_map_spec_get_inner_map (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_inner_map (EbpfMapSpec *self, EbpfMapSpec *inner_map);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_spec_get_autocreate (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_autocreate (EbpfMapSpec *self, gboolean autocreate);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_spec_get_autoattach (EbpfMapSpec *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_set_autoattach (EbpfMapSpec *self, gboolean autoattach);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_spec_is_data_section (EbpfMapSpec *self);

EBPF_AVAILABLE_IN_ALL
const char *const *ebpf_map_spec_get_tags (EbpfMapSpec *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_add_content (EbpfMapSpec *self, GBytes *key, GBytes *value);

EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_add_reference (EbpfMapSpec *self, GBytes *key, const char *name);

EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_add_object (EbpfMapSpec *self, GBytes *key, GObject *object);

EBPF_AVAILABLE_IN_ALL
void ebpf_map_spec_clear_contents (EbpfMapSpec *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_spec_get_n_contents (EbpfMapSpec *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_spec_get_content_key (EbpfMapSpec *self, guint index);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_spec_get_content_value (EbpfMapSpec *self, guint index);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_map_spec_get_content_reference (EbpfMapSpec *self, guint index);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_spec_set_member_value (EbpfMapSpec *self,
                                         const char *member,
                                         GVariant *value,
                                         GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_spec_get_member_value (EbpfMapSpec *self, const char *member, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_spec_set_member_program (EbpfMapSpec *self,
                                           const char *member,
                                           const char *program,
                                           GError **error);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_map_spec_get_member_program (EbpfMapSpec *self, const char *member);

EBPF_AVAILABLE_IN_ALL
GObject *ebpf_map_spec_get_content_object (EbpfMapSpec *self, guint index);

EBPF_AVAILABLE_IN_ALL
char *ebpf_map_spec_to_string (EbpfMapSpec *self);

G_END_DECLS
