/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plugin/ebpf-map-driver.h"

G_BEGIN_DECLS

/* What EbpfMapDriver does where a subclass says nothing. Declared here, where it is wanted, and
 * implemented in the object room (ebpf-map-driver-defaults.c), which knows what an EbpfMap is: the
 * one place where a lower room calls into a higher one, and it does so without an #include. */
gboolean ebpf_map_driver_default_check_compatible (EbpfMapDriver *self,
                                                   EbpfMapSpec *spec,
                                                   EbpfMap *map,
                                                   GError **error);
gsize ebpf_map_driver_default_get_value_buffer_size (EbpfMapDriver *self, EbpfMap *map);
GVariant *ebpf_map_driver_default_key_to_variant (EbpfMapDriver *self,
                                                  EbpfMap *map,
                                                  GBytes *key,
                                                  GError **error);
GBytes *ebpf_map_driver_default_key_from_variant (EbpfMapDriver *self,
                                                  EbpfMap *map,
                                                  GVariant *key,
                                                  GError **error);
GVariant *ebpf_map_driver_default_value_to_variant (EbpfMapDriver *self,
                                                    EbpfMap *map,
                                                    GBytes *value,
                                                    GError **error);
GBytes *ebpf_map_driver_default_value_from_variant (EbpfMapDriver *self,
                                                    EbpfMap *map,
                                                    GVariant *value,
                                                    GError **error);
GBytes *ebpf_map_driver_default_pack_value (EbpfMapDriver *self,
                                            EbpfMap *map,
                                            GBytes *value,
                                            GError **error);
GBytes *ebpf_map_driver_default_value_from_object (EbpfMapDriver *self,
                                                   EbpfMap *map,
                                                   GObject *object,
                                                   GError **error);
GObject *ebpf_map_driver_default_value_to_object (EbpfMapDriver *self,
                                                  EbpfMap *map,
                                                  GBytes *value,
                                                  GError **error);
EbpfReader *ebpf_map_driver_default_open_reader (EbpfMapDriver *self,
                                                 EbpfMap *map,
                                                 GVariant *options,
                                                 GError **error);

gboolean ebpf_map_driver_default_query_is_array (EbpfMapDriver *self, EbpfMap *map);
guint64 ebpf_map_driver_default_get_memory_size (EbpfMapDriver *self, EbpfMap *map);

/* What the properties of a driver of the library's own would be set to; it is thread-safe. */
void ebpf_map_driver_describe (EbpfMapDriver *self, const char *nick);

/* Called by the registry, once, in the thread that registers the driver. @context: the context that
 * this thread runs, or NULL for a driver that may be called from any thread. From then on its
 * properties cannot change. */
void ebpf_map_driver_bind (EbpfMapDriver *self, GMainContext *context);
gboolean ebpf_map_driver_is_bound (EbpfMapDriver *self);

/* Whether its class overrides pack_value or unpack_value: where not, a value is its plain bytes. */
gboolean ebpf_map_driver_has_packed_values (EbpfMapDriver *self);

/* Whether its class leaves keys to be written, and values to be read, by the defaults: then nobody has
 * to be called for it. */
gboolean ebpf_map_driver_has_plain_lookups (EbpfMapDriver *self);

/* The default of value_to_variant, from memory. */
GVariant *ebpf_map_driver_default_value_to_variant_raw (EbpfMapDriver *self,
                                                        EbpfMap *map,
                                                        gconstpointer value,
                                                        gsize size,
                                                        GError **error);

/* Whether its class overrides open_reader. */
gboolean ebpf_map_driver_has_reader (EbpfMapDriver *self);

G_END_DECLS
