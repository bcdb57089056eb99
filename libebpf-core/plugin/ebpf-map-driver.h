/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

#define EBPF_TYPE_MAP_DRIVER (ebpf_map_driver_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (EbpfMapDriver, ebpf_map_driver, EBPF, MAP_DRIVER, GObject)

/**
 * EbpfMapDriverClass:
 * @parent_class: the parent class
 * @fixup_spec: makes a spec fit for the kernel before a map is created from it. The spec is a copy
 * of the caller's
 * @check_compatible: whether an existing map can stand in for a spec (which was fixed up); the
 * error lists every difference
 * @explain_create_error: a hint for people on why creating a map of this spec failed with this
 * errno
 * @get_value_buffer_size: bytes that the kernel reads and writes for one value
 * @key_to_variant: decodes a key
 * @key_from_variant: encodes a key
 * @value_to_variant: decodes a value as the kernel gave it (see @get_value_buffer_size)
 * @value_from_variant: encodes a value as the kernel takes it
 * @pack_value: from a value's plain bytes to the kernel's form
 * @unpack_value: from the kernel's form to a value's plain bytes
 * @value_from_object: the value that stands for a map or program put into the map
 * @value_to_object: the map or program that a value stands for
 * @open_reader: opens a stream of the records in the map; options are the plug-in's own
 * @query_n_possible_values: values held for one key: 1, or the number of possible CPUs
 * @get_memory_size: bytes that can be mapped into memory, from the first on; 0 where it cannot be
 * @query_tests_values: whether a lookup without a key takes a value and says if that is in the map
 * @query_is_per_cpu: whether the map holds a value for each CPU
 * @query_is_array: whether all keys have values from the start, and always will
 *
 * What a plug-in implements: how to drive one or several types of map.
 *
 * Each virtual function has a working default, which treats the map as one of plain keys and values
 * laid out as its BTF types say. A function that returns %FALSE or %NULL without having set its
 * error is taken to have failed.
 */
struct _EbpfMapDriverClass
{
  GObjectClass parent_class;

  gboolean (*fixup_spec) (EbpfMapDriver *self, EbpfMapSpec *spec, GError **error);
  gboolean (*check_compatible) (EbpfMapDriver *self,
                                EbpfMapSpec *spec,
                                EbpfMap *map,
                                GError **error);
  char *(*explain_create_error) (EbpfMapDriver *self, EbpfMapSpec *spec, int errsv);
  gsize (*get_value_buffer_size) (EbpfMapDriver *self, EbpfMap *map);
  GVariant *(*key_to_variant) (EbpfMapDriver *self, EbpfMap *map, GBytes *key, GError **error);
  GBytes *(*key_from_variant) (EbpfMapDriver *self, EbpfMap *map, GVariant *key, GError **error);
  GVariant *(*value_to_variant) (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error);
  GBytes *(*value_from_variant) (EbpfMapDriver *self,
                                 EbpfMap *map,
                                 GVariant *value,
                                 GError **error);
  GBytes *(*pack_value) (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error);
  GBytes *(*unpack_value) (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error);
  GBytes *(*value_from_object) (EbpfMapDriver *self, EbpfMap *map, GObject *object, GError **error);
  GObject *(*value_to_object) (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error);
  EbpfReader *(*open_reader) (EbpfMapDriver *self, EbpfMap *map, GVariant *options, GError **error);
  guint (*query_n_possible_values) (EbpfMapDriver *self, EbpfMap *map);
  guint64 (*get_memory_size) (EbpfMapDriver *self, EbpfMap *map);
  gboolean (*query_tests_values) (EbpfMapDriver *self, EbpfMap *map);
  gboolean (*query_is_per_cpu) (EbpfMapDriver *self, EbpfMap *map);
  gboolean (*query_is_array) (EbpfMapDriver *self, EbpfMap *map);

  /*< private >*/
  gpointer padding[8];
};

EBPF_AVAILABLE_IN_ALL
const char *ebpf_map_driver_get_nick (EbpfMapDriver *self);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_map_driver_get_map_types (EbpfMapDriver *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_driver_get_thread_safe (EbpfMapDriver *self);

/* Calls of the virtual functions. The core and applications that wrap drivers use these: they check
 * results and errors, and bring a driver that lives in a script to its own thread. */

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_driver_fixup_spec (EbpfMapDriver *self, EbpfMapSpec *spec, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_driver_check_compatible (EbpfMapDriver *self,
                                           EbpfMapSpec *spec,
                                           EbpfMap *map,
                                           GError **error);

EBPF_AVAILABLE_IN_ALL
char *ebpf_map_driver_explain_create_error (EbpfMapDriver *self, EbpfMapSpec *spec, int errsv);

EBPF_AVAILABLE_IN_ALL
gsize ebpf_map_driver_get_value_buffer_size (EbpfMapDriver *self, EbpfMap *map);

EBPF_AVAILABLE_IN_ALL
GVariant *
ebpf_map_driver_key_to_variant (EbpfMapDriver *self, EbpfMap *map, GBytes *key, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *
ebpf_map_driver_key_from_variant (EbpfMapDriver *self, EbpfMap *map, GVariant *key, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *
ebpf_map_driver_value_to_variant (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_driver_value_from_variant (EbpfMapDriver *self,
                                            EbpfMap *map,
                                            GVariant *value,
                                            GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *
ebpf_map_driver_pack_value (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *
ebpf_map_driver_unpack_value (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_map_driver_value_from_object (EbpfMapDriver *self,
                                           EbpfMap *map,
                                           GObject *object,
                                           GError **error);

EBPF_AVAILABLE_IN_ALL
GObject *
ebpf_map_driver_value_to_object (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfReader *
ebpf_map_driver_open_reader (EbpfMapDriver *self, EbpfMap *map, GVariant *options, GError **error);

EBPF_AVAILABLE_IN_ALL
guint ebpf_map_driver_query_n_possible_values (EbpfMapDriver *self, EbpfMap *map);

EBPF_AVAILABLE_IN_ALL
guint64 ebpf_map_driver_get_memory_size (EbpfMapDriver *self, EbpfMap *map);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_driver_query_tests_values (EbpfMapDriver *self, EbpfMap *map);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_driver_query_is_per_cpu (EbpfMapDriver *self, EbpfMap *map);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_driver_query_is_array (EbpfMapDriver *self, EbpfMap *map);

G_END_DECLS
