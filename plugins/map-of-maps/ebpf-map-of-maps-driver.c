/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of such a map is a map: the kernel takes its file descriptor and gives back its id. As
 * a GVariant it is the id, `u`; a descriptor, `h`, can be written too. The bytes forms are what the
 * kernel takes and gives. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <string.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfMapOfMapsDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfMapOfMapsDriverClass;

EBPF_DEFINE_PLUGIN (EbpfMapOfMapsDriver,
                    ebpf_map_of_maps_driver,
                    "map-of-maps",
                    "Arrays and hashes whose values are maps",
                    EBPF_MAP_TYPE_ARRAY_OF_MAPS,
                    EBPF_MAP_TYPE_HASH_OF_MAPS)

static const char *
describe_type (EbpfMapType map_type)
{
  const char *word = ebpf_map_type_to_string (map_type);

  return word != NULL ? word : "map of maps";
}

static gboolean
is_map_of_maps (EbpfMapSpec *spec)
{
  EbpfMapType map_type = ebpf_map_spec_get_map_type (spec);

  return map_type == EBPF_MAP_TYPE_ARRAY_OF_MAPS || map_type == EBPF_MAP_TYPE_HASH_OF_MAPS;
}

static gboolean
ebpf_map_of_maps_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  const char *name = ebpf_map_spec_get_name (spec);
  const char *type = describe_type (ebpf_map_spec_get_map_type (spec));
  EbpfMapSpec *inner = ebpf_map_spec_get_inner_map (spec);
  guint value_size = ebpf_map_spec_get_value_size (spec);

  if (value_size != 0 && value_size != sizeof (guint32))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the values of an %s have 4 bytes, not %u", name, type,
                             value_size);
      return FALSE;
    }
  ebpf_map_spec_set_value_size (spec, sizeof (guint32));

  if (inner == NULL)
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "map %s: an %s needs to know what its inner maps are like; set its inner "
          "map (in BPF C: __array (values, struct …))",
          name, type);
      return FALSE;
    }

  if (is_map_of_maps (inner))
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "map %s: its inner map is itself an %s; the kernel nests them once only", name,
          describe_type (ebpf_map_spec_get_map_type (inner)));
      return FALSE;
    }

  if (ebpf_map_spec_get_pinning (inner) != EBPF_PINNING_NONE)
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "map %s: its inner map asks to be pinned; it is a pattern only and cannot "
          "be",
          name);
      return FALSE;
    }

  return TRUE;
}

static char *
ebpf_map_of_maps_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  EbpfMapSpec *inner = ebpf_map_spec_get_inner_map (spec);
  const char *inner_type =
      inner != NULL ? ebpf_map_type_to_string (ebpf_map_spec_get_map_type (inner)) : NULL;

  switch (errsv)
    {
    case EINVAL:
      if (ebpf_map_spec_get_map_type (spec) == EBPF_MAP_TYPE_ARRAY_OF_MAPS &&
          ebpf_map_spec_get_key_size (spec) != sizeof (guint32))
        return g_strdup_printf ("the keys of an array-of-maps have 4 bytes, not %u",
                                ebpf_map_spec_get_key_size (spec));
      if (ebpf_map_spec_get_max_entries (spec) == 0)
        return g_strdup ("max_entries is 0");
      return NULL;
    case ENOTSUP:
    case 524: /* ENOTSUPP, the kernel's own */
      return g_strdup_printf ("a map of type %s cannot be an inner map",
                              inner_type != NULL ? inner_type : "unknown");
    default:
      return NULL;
    }
}

static GVariant *
ebpf_map_of_maps_driver_value_to_variant (EbpfMapDriver *driver,
                                          EbpfMap *map,
                                          GBytes *value,
                                          GError **error)
{
  guint32 id;

  if (g_bytes_get_size (value) != sizeof id)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the id of a map has 4 bytes, not %" G_GSIZE_FORMAT,
                             ebpf_map_get_name (map), g_bytes_get_size (value));
      return NULL;
    }

  memcpy (&id, g_bytes_get_data (value, NULL), sizeof id);

  return g_variant_ref_sink (g_variant_new_uint32 (id));
}

static GBytes *
ebpf_map_of_maps_driver_value_from_object (EbpfMapDriver *driver,
                                           EbpfMap *map,
                                           GObject *object,
                                           GError **error)
{
  if (!EBPF_IS_MAP (object))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0, "map %s holds maps, not a %s",
                             ebpf_map_get_name (map), G_OBJECT_TYPE_NAME (object));
      return NULL;
    }

  if (!ebpf_map_is_open (EBPF_MAP (object)))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_CLOSED, 0,
                             "map %s cannot be put into map %s: it is closed",
                             ebpf_map_get_name (EBPF_MAP (object)), ebpf_map_get_name (map));
      return NULL;
    }

  return ebpf_plugin_new_fd_bytes (ebpf_map_peek_fd (EBPF_MAP (object)), sizeof (guint32), object);
}

static GBytes *
ebpf_map_of_maps_driver_value_from_variant (EbpfMapDriver *driver,
                                            EbpfMap *map,
                                            GVariant *value,
                                            GError **error)
{
  g_autoptr (GVariant) unboxed = ebpf_plugin_unbox (value);
  g_autoptr (EbpfMap) inner = NULL;
  guint64 id;

  if (g_variant_is_of_type (unboxed, G_VARIANT_TYPE_HANDLE))
    return ebpf_plugin_new_fd_bytes (g_variant_get_handle (unboxed), sizeof (guint32), NULL);

  if (!ebpf_plugin_get_number (unboxed, G_MAXUINT32, &id))
    {
      g_autofree char *text = g_variant_print (unboxed, TRUE);

      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_TYPE, 0,
          "map %s: a value is the id of a map (u) or a descriptor (h), not %.100s",
          ebpf_map_get_name (map), text);
      return NULL;
    }

  inner = ebpf_map_new_from_id ((guint) id, error);
  if (inner == NULL)
    {
      g_prefix_error (error, "map %s: ", ebpf_map_get_name (map));
      return NULL;
    }

  return ebpf_plugin_new_fd_bytes (ebpf_map_peek_fd (inner), sizeof (guint32), G_OBJECT (inner));
}

static GObject *
ebpf_map_of_maps_driver_value_to_object (EbpfMapDriver *driver,
                                         EbpfMap *map,
                                         GBytes *value,
                                         GError **error)
{
  g_autoptr (GVariant) id = ebpf_map_of_maps_driver_value_to_variant (driver, map, value, error);

  if (id == NULL)
    return NULL;

  return (GObject *) ebpf_map_new_from_id (g_variant_get_uint32 (id), error);
}

static void
ebpf_map_of_maps_driver_class_init (EbpfMapOfMapsDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_map_of_maps_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_map_of_maps_driver_explain_create_error;
  driver_class->value_to_variant = ebpf_map_of_maps_driver_value_to_variant;
  driver_class->value_from_variant = ebpf_map_of_maps_driver_value_from_variant;
  driver_class->value_from_object = ebpf_map_of_maps_driver_value_from_object;
  driver_class->value_to_object = ebpf_map_of_maps_driver_value_to_object;
}

static void
ebpf_map_of_maps_driver_init (EbpfMapOfMapsDriver *self)
{
}
