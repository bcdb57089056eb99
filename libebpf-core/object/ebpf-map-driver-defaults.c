/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/ebpf-map-driver-private.h"

#include "base/ebpf-enums-private.h"
#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-type.h"
#include "object/ebpf-map-struct-private.h"
#include "sys/ebpf-system.h"

#include <string.h>
#include <unistd.h>

/* These belong to the fd that creating the map answers with; the map itself does not keep them. */
#define FD_FLAGS (EBPF_MAP_FLAGS_RDONLY | EBPF_MAP_FLAGS_WRONLY)

static void
compare (GString *differences, const char *what, guint64 is, guint64 wanted, gboolean hexadecimal)
{
  if (is == wanted)
    return;

  g_string_append_printf (differences,
                          hexadecimal ? "%s%s is 0x%" G_GINT64_MODIFIER
                                        "x, not 0x%" G_GINT64_MODIFIER "x"
                                      : "%s%s is %" G_GUINT64_FORMAT ", not %" G_GUINT64_FORMAT,
                          differences->len > 0 ? "; " : "", what, is, wanted);
}

static char *
describe_type (EbpfMapType type)
{
  const char *word = ebpf_map_type_to_string (type);

  return word != NULL ? g_strdup (word) : g_strdup_printf ("%u", (guint) type);
}

gboolean
ebpf_map_driver_default_check_compatible (EbpfMapDriver *self,
                                          EbpfMapSpec *spec,
                                          EbpfMap *map,
                                          GError **error)
{
  g_autoptr (GString) differences = g_string_new (NULL);
  g_autofree char *what = NULL;

  if ((guint32) ebpf_map_spec_get_map_type (spec) != map->map_type)
    {
      g_autofree char *is = describe_type ((EbpfMapType) map->map_type);
      g_autofree char *wanted = describe_type (ebpf_map_spec_get_map_type (spec));

      g_string_append_printf (differences, "its type is %s, not %s", is, wanted);
    }
  compare (differences, "key-size", map->key_size, ebpf_map_spec_get_key_size (spec), FALSE);
  compare (differences, "value-size", map->value_size, ebpf_map_spec_get_value_size (spec), FALSE);
  compare (differences, "max-entries", map->max_entries, ebpf_map_spec_get_max_entries (spec),
           FALSE);
  compare (differences, "map-flags", map->map_flags & ~(guint) FD_FLAGS,
           ebpf_map_spec_get_map_flags (spec) & ~(guint) FD_FLAGS, TRUE);
  /* Before Linux 5.16 the kernel does not tell. */
  if (map->map_extra != 0)
    compare (differences, "map-extra", map->map_extra, ebpf_map_spec_get_map_extra (spec), TRUE);

  if (differences->len == 0)
    return TRUE;

  what = ebpf_map_describe (map);
  ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                  "%s (id %u) does not fit the description of '%s': %s", what, map->id,
                  ebpf_map_spec_get_name (spec), differences->str);
  return FALSE;
}

gsize
ebpf_map_driver_default_get_value_buffer_size (EbpfMapDriver *self, EbpfMap *map)
{
  /* The kernel writes a value for each CPU, whether or not there is a plug-in that knows what to do with
   * them, or one that has thought of it. */
  if (ebpf_map_type_peek_facts ((EbpfMapType) map->map_type) & EBPF_MAP_FACT_PER_CPU)
    return ((gsize) map->value_size + 7) / 8 * 8 * ebpf_get_n_possible_cpus ();

  return map->value_size;
}

/* A type that does not fit the bytes (an application's mistake, or a type of the records in the map
 * rather than of its values) is as good as none. */
static EbpfBtfType *
usable_type (EbpfBtfType *type, gsize size)
{
  if (type == NULL || ebpf_btf_type_get_size (type) != (gint64) size)
    return NULL;

  return type;
}

static GVariant *
decode_as (const GVariantType *type, GBytes *bytes)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new_from_bytes (type, bytes, FALSE));

  /* Padding need not be zeros. */
  return g_variant_get_normal_form (variant);
}

static GVariant *
decode (EbpfMap *map,
        EbpfBtfType *type,
        const GVariantType *variant_type,
        const char *what,
        gsize expected,
        GBytes *bytes,
        GError **error)
{
  gsize size = g_bytes_get_size (bytes);

  if (size != expected)
    {
      g_autofree char *name = ebpf_map_describe (map);

      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%s: a %s has %" G_GSIZE_FORMAT " bytes, not %" G_GSIZE_FORMAT, name, what,
                      expected, size);
      return NULL;
    }

  if (variant_type != NULL)
    return decode_as (variant_type, bytes);

  type = usable_type (type, size);
  if (type != NULL)
    return ebpf_btf_type_to_variant (type, bytes, error);

  return g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
}

/* Any integer whose value fits. */
static gboolean
get_integer (GVariant *variant, gsize size, guint64 *value)
{
  gboolean is_signed = TRUE;
  gint64 number;

  switch (g_variant_classify (variant))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      number = g_variant_get_boolean (variant);
      break;
    case G_VARIANT_CLASS_BYTE:
      number = g_variant_get_byte (variant);
      break;
    case G_VARIANT_CLASS_INT16:
      number = g_variant_get_int16 (variant);
      break;
    case G_VARIANT_CLASS_UINT16:
      number = g_variant_get_uint16 (variant);
      break;
    case G_VARIANT_CLASS_INT32:
      number = g_variant_get_int32 (variant);
      break;
    case G_VARIANT_CLASS_UINT32:
      number = g_variant_get_uint32 (variant);
      break;
    case G_VARIANT_CLASS_INT64:
      number = g_variant_get_int64 (variant);
      break;
    case G_VARIANT_CLASS_UINT64:
      number = (gint64) g_variant_get_uint64 (variant);
      is_signed = FALSE;
      break;
    case G_VARIANT_CLASS_HANDLE:
    case G_VARIANT_CLASS_DOUBLE:
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
    default:
      return FALSE;
    }

  *value = (guint64) number;
  if (size == 8)
    return TRUE;
  if (is_signed && number < 0)
    return number >= -(G_GINT64_CONSTANT (1) << (size * 8 - 1));

  return *value >> (size * 8) == 0;
}

static GBytes *
encode_integer (GVariant *variant, gsize size)
{
  guint64 value;
  guint8 value_8;
  guint16 value_16;
  guint32 value_32;

  if ((size != 1 && size != 2 && size != 4 && size != 8) || !get_integer (variant, size, &value))
    return NULL;

  switch (size)
    {
    case 1:
      value_8 = (guint8) value;
      return g_bytes_new (&value_8, size);
    case 2:
      value_16 = (guint16) value;
      return g_bytes_new (&value_16, size);
    case 4:
      value_32 = (guint32) value;
      return g_bytes_new (&value_32, size);
    default:
      return g_bytes_new (&value, size);
    }
}

static GBytes *
encode (EbpfMap *map,
        EbpfBtfType *type,
        const GVariantType *variant_type,
        const char *what,
        gsize size,
        GVariant *variant,
        GError **error)
{
  g_autoptr (GVariant) inner = g_variant_ref (variant);
  g_autofree char *name = NULL;
  GBytes *bytes = NULL;

  /* A script cannot always tell a variant from what is in it. */
  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT))
    {
      GVariant *child = g_variant_get_variant (inner);

      g_variant_unref (inner);
      inner = child;
    }

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_BYTESTRING) && g_variant_get_size (inner) == size)
    return g_variant_get_data_as_bytes (inner);

  if (variant_type != NULL)
    {
      if (g_variant_is_of_type (inner, variant_type) && g_variant_get_size (inner) == size)
        {
          g_autoptr (GVariant) normal = g_variant_get_normal_form (inner);

          return g_variant_get_data_as_bytes (normal);
        }
      if (strchr ("ynqiuxt", *g_variant_type_peek_string (variant_type)) != NULL)
        bytes = encode_integer (inner, size);
      if (bytes == NULL)
        {
          g_autofree char *wanted = g_variant_type_dup_string (variant_type);

          name = ebpf_map_describe (map);
          ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0,
                          "%s: a %s is \"%s\" of %" G_GSIZE_FORMAT
                          " bytes, not \"%s\" of %" G_GSIZE_FORMAT,
                          name, what, wanted, size, g_variant_get_type_string (inner),
                          g_variant_get_size (inner));
        }
      return bytes;
    }

  type = usable_type (type, size);
  if (type != NULL)
    {
      GError *local_error = NULL;

      bytes = ebpf_btf_type_from_variant (type, inner, &local_error);
      if (bytes == NULL)
        {
          name = ebpf_map_describe (map);
          ebpf_error_propagate_prefixed (error, local_error, "%s: the %s: ", name, what);
        }
      return bytes;
    }

  bytes = encode_integer (inner, size);
  if (bytes != NULL)
    return bytes;

  name = ebpf_map_describe (map);
  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_BYTESTRING))
    ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                    "%s: a %s has %" G_GSIZE_FORMAT " bytes, not %" G_GSIZE_FORMAT, name, what,
                    size, g_variant_get_size (inner));
  else
    ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0,
                    "%s: a %s is %" G_GSIZE_FORMAT " bytes of no known type, so \"ay\" of that "
                    "length%s, not \"%s\"",
                    name, what, size,
                    size == 1 || size == 2 || size == 4 || size == 8 ? " or an integer that fits"
                                                                     : "",
                    g_variant_get_type_string (inner));
  return NULL;
}

GVariant *
ebpf_map_driver_default_key_to_variant (EbpfMapDriver *self,
                                        EbpfMap *map,
                                        GBytes *key,
                                        GError **error)
{
  return decode (map, ebpf_map_get_key_type (map), ebpf_map_peek_key_variant_type (map), "key",
                 map->key_size, key, error);
}

GBytes *
ebpf_map_driver_default_key_from_variant (EbpfMapDriver *self,
                                          EbpfMap *map,
                                          GVariant *key,
                                          GError **error)
{
  return encode (map, ebpf_map_get_key_type (map), ebpf_map_peek_key_variant_type (map), "key",
                 map->key_size, key, error);
}

GVariant *
ebpf_map_driver_default_value_to_variant (EbpfMapDriver *self,
                                          EbpfMap *map,
                                          GBytes *value,
                                          GError **error)
{
  gsize size = g_bytes_get_size (value);

  /* All that the kernel gave, and no plug-in that takes it apart. */
  if (size != map->value_size && size == ebpf_map_driver_default_get_value_buffer_size (self, map))
    return g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, value, TRUE));

  return decode (map, ebpf_map_get_value_type (map), ebpf_map_peek_value_variant_type (map),
                 "value", map->value_size, value, error);
}

GVariant *
ebpf_map_driver_default_value_to_variant_raw (EbpfMapDriver *self,
                                              EbpfMap *map,
                                              gconstpointer value,
                                              gsize size,
                                              GError **error)
{
  EbpfBtfType *type = usable_type (ebpf_map_get_value_type (map), size);
  g_autoptr (GBytes) bytes = NULL;

  if (type != NULL && size == map->value_size && ebpf_map_peek_value_variant_type (map) == NULL)
    return ebpf_btf_type_to_variant_raw (type, value, size, error);

  bytes = g_bytes_new (value, size);

  return ebpf_map_driver_default_value_to_variant (self, map, bytes, error);
}

GBytes *
ebpf_map_driver_default_value_from_variant (EbpfMapDriver *self,
                                            EbpfMap *map,
                                            GVariant *value,
                                            GError **error)
{
  return encode (map, ebpf_map_get_value_type (map), ebpf_map_peek_value_variant_type (map),
                 "value", map->value_size, value, error);
}

GBytes *
ebpf_map_driver_default_pack_value (EbpfMapDriver *self,
                                    EbpfMap *map,
                                    GBytes *value,
                                    GError **error)
{
  if (g_bytes_get_size (value) != map->value_size)
    {
      g_autofree char *name = ebpf_map_describe (map);

      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%s: a value has %u bytes, not %" G_GSIZE_FORMAT, name, map->value_size,
                      g_bytes_get_size (value));
      return NULL;
    }

  return g_bytes_ref (value);
}

static void
set_holds_none (EbpfMap *map, GError **error)
{
  g_autofree char *name = ebpf_map_describe (map);
  g_autofree char *type = describe_type ((EbpfMapType) map->map_type);

  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "%s is of type %s, which holds neither maps nor programs", name, type);
}

GBytes *
ebpf_map_driver_default_value_from_object (EbpfMapDriver *self,
                                           EbpfMap *map,
                                           GObject *object,
                                           GError **error)
{
  set_holds_none (map, error);
  return NULL;
}

GObject *
ebpf_map_driver_default_value_to_object (EbpfMapDriver *self,
                                         EbpfMap *map,
                                         GBytes *value,
                                         GError **error)
{
  set_holds_none (map, error);
  return NULL;
}

EbpfReader *
ebpf_map_driver_default_open_reader (EbpfMapDriver *self,
                                     EbpfMap *map,
                                     GVariant *options,
                                     GError **error)
{
  g_autofree char *name = ebpf_map_describe (map);
  g_autofree char *type = describe_type ((EbpfMapType) map->map_type);

  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "%s is of type %s, which is no stream of records; iterate over it", name, type);
  return NULL;
}

/* The kernel gives each value of an array a multiple of 8 bytes; behind the last there is only what
 * fills the page. */
guint64
ebpf_map_driver_default_get_memory_size (EbpfMapDriver *self, EbpfMap *map)
{
  const guint64 element = ((guint64) map->value_size + 7) & ~(guint64) 7;

  if (ebpf_map_is_arena (map))
    return (guint64) map->max_entries * (guint64) sysconf (_SC_PAGESIZE);
  if ((map->map_flags & EBPF_MAP_FLAGS_MMAPABLE) == 0 || map->value_size == 0 ||
      map->max_entries == 0)
    return 0;

  return element * (map->max_entries - 1) + map->value_size;
}

gboolean
ebpf_map_driver_default_query_is_array (EbpfMapDriver *self, EbpfMap *map)
{
  return map->map_type == EBPF_MAP_TYPE_ARRAY;
}
