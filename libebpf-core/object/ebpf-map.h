/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plugin/ebpf-map-driver.h"
#include "spec/ebpf-map-spec.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MAP (ebpf_map_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfMap, ebpf_map, EBPF, MAP, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_new (EbpfMapSpec *spec, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_new_full (EbpfMapSpec *spec, EbpfLoadOptions *options, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_new_from_fd (int fd, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_new_from_id (guint id, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_new_from_id_full (guint id, EbpfAccessFlags flags, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_new_from_pin (const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMap *
ebpf_map_new_from_pin_full (int folder_fd, const char *path, EbpfAccessFlags flags, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_map_dup (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_map_close (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_is_open (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
int ebpf_map_peek_fd (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
int ebpf_map_dup_fd (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
int ebpf_map_take_fd (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
char *ebpf_map_to_string (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_map_get_name (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
EbpfMapType ebpf_map_get_map_type (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_get_map_type_number (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_get_key_size (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_get_value_size (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_get_max_entries (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_get_map_flags (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
guint64 ebpf_map_get_map_extra (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_get_id (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_is_frozen (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_map_get_pin_path (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_map_get_key_type (EbpfMap *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_set_key_type (EbpfMap *self, EbpfBtfType *key_type);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_map_get_value_type (EbpfMap *self);
EBPF_AVAILABLE_IN_ALL
void ebpf_map_set_value_type (EbpfMap *self, EbpfBtfType *value_type);

EBPF_AVAILABLE_IN_ALL
const GVariantType *ebpf_map_get_key_variant_type (EbpfMap *self);
EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_set_key_variant_type (EbpfMap *self, const GVariantType *type, GError **error);

EBPF_AVAILABLE_IN_ALL
const GVariantType *ebpf_map_get_value_variant_type (EbpfMap *self);
EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_set_value_variant_type (EbpfMap *self, const GVariantType *type, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMapDriver *ebpf_map_get_driver (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
gsize ebpf_map_get_value_buffer_size (EbpfMap *self);

/* GVariant */

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_lookup (EbpfMap *self, GVariant *key, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update (EbpfMap *self,
                          GVariant *key,
                          GVariant *value,
                          EbpfUpdateFlags flags,
                          GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_delete_key (EbpfMap *self, GVariant *key, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_lookup_and_delete (EbpfMap *self, GVariant *key, GError **error);

/* GBytes: plain keys and values (a per-CPU value: one after the other, without padding) */

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_lookup_bytes (EbpfMap *self, GBytes *key, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_bytes (EbpfMap *self,
                                GBytes *key,
                                GBytes *value,
                                EbpfUpdateFlags flags,
                                GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_delete_key_bytes (EbpfMap *self, GBytes *key, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_lookup_and_delete_bytes (EbpfMap *self, GBytes *key, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_next_key_bytes (EbpfMap *self, GBytes *key, GError **error);

/* Raw: one system call and nothing else */

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_lookup_raw (EbpfMap *self,
                              gconstpointer key,
                              gpointer value,
                              guint64 flags,
                              GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_raw (EbpfMap *self,
                              gconstpointer key,
                              gconstpointer value,
                              guint64 flags,
                              GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_delete_key_raw (EbpfMap *self, gconstpointer key, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_lookup_and_delete_raw (EbpfMap *self,
                                         gconstpointer key,
                                         gpointer value,
                                         guint64 flags,
                                         GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_map_next_key_raw (EbpfMap *self, gconstpointer key, gpointer next_key, GError **error);

/* Maps and programs as values */

EBPF_AVAILABLE_IN_ALL
GObject *ebpf_map_lookup_object (EbpfMap *self, GVariant *key, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_object (EbpfMap *self,
                                 GVariant *key,
                                 GObject *object,
                                 EbpfUpdateFlags flags,
                                 GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_check_compatible (EbpfMap *self, EbpfMapSpec *spec, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMapIterator *ebpf_map_iterate (EbpfMap *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_freeze (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_pin (EbpfMap *self, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_pin_at (EbpfMap *self, int folder_fd, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_unpin (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_query_info (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_map_open_btf (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_key_to_variant (EbpfMap *self, GBytes *key, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_value_to_variant (EbpfMap *self, GBytes *value, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMemory *ebpf_map_get_memory (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
guint *ebpf_map_list_ids (gsize *n_ids, GError **error);

/* With flags */

EBPF_AVAILABLE_IN_ALL
GVariant *
ebpf_map_lookup_full (EbpfMap *self, GVariant *key, EbpfLookupFlags flags, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *
ebpf_map_lookup_full_bytes (EbpfMap *self, GBytes *key, EbpfLookupFlags flags, GError **error);

/* Whether a value is in a map that only says so */

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_has_value (EbpfMap *self, GVariant *value, gboolean *found, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_has_value_bytes (EbpfMap *self, GBytes *value, gboolean *found, GError **error);

/* The value of one CPU */

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_lookup_cpu (EbpfMap *self, GVariant *key, guint cpu, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_lookup_cpu_bytes (EbpfMap *self, GBytes *key, guint cpu, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_cpu (EbpfMap *self,
                              GVariant *key,
                              GVariant *value,
                              guint cpu,
                              EbpfUpdateFlags flags,
                              GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_cpu_bytes (EbpfMap *self,
                                    GBytes *key,
                                    GBytes *value,
                                    guint cpu,
                                    EbpfUpdateFlags flags,
                                    GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_all_cpus (EbpfMap *self,
                                   GVariant *key,
                                   GVariant *value,
                                   EbpfUpdateFlags flags,
                                   GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_all_cpus_bytes (EbpfMap *self,
                                         GBytes *key,
                                         GBytes *value,
                                         EbpfUpdateFlags flags,
                                         GError **error);

/* Many entries at once */

EBPF_AVAILABLE_IN_ALL
EbpfMapSnapshot *ebpf_map_snapshot (EbpfMap *self, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMapSnapshot *ebpf_map_lookup_batch (EbpfMap *self,
                                        EbpfMapCursor *cursor,
                                        guint n_wanted,
                                        EbpfLookupFlags flags,
                                        GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfMapSnapshot *ebpf_map_lookup_and_delete_batch (EbpfMap *self,
                                                   EbpfMapCursor *cursor,
                                                   guint n_wanted,
                                                   EbpfLookupFlags flags,
                                                   GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_batch (EbpfMap *self,
                                GVariant *entries,
                                EbpfUpdateFlags flags,
                                guint *n_done,
                                GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_batch_bytes (EbpfMap *self,
                                      GBytes *keys,
                                      GBytes *values,
                                      EbpfUpdateFlags flags,
                                      guint *n_done,
                                      GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_update_batch_raw (EbpfMap *self,
                                    gconstpointer keys,
                                    gconstpointer values,
                                    guint n_entries,
                                    guint64 flags,
                                    guint *n_done,
                                    GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_delete_batch (EbpfMap *self, GVariant *keys, guint *n_done, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_delete_batch_bytes (EbpfMap *self, GBytes *keys, guint *n_done, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_delete_batch_raw (EbpfMap *self,
                                    gconstpointer keys,
                                    guint n_entries,
                                    guint *n_done,
                                    GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_lookup_batch_raw (EbpfMap *self,
                                    EbpfMapCursor *cursor,
                                    gpointer keys,
                                    gpointer values,
                                    guint *n_entries,
                                    guint64 flags,
                                    GError **error);

G_END_DECLS
