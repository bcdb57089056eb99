/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-map-entry-private.h"

#include "object/ebpf-map.h"
#include "plugin/ebpf-map-driver.h"

#include <string.h>

/**
 * EbpfMapEntry:
 *
 * A key of a map and its value, in an [class@MapModel]. The object stays the same for as long as the
 * key is in the map; when the value changes its properties say so.
 *
 * Keys and values are decoded when they are asked for, so what is not on the screen costs nothing.
 */

typedef enum
{
  PROP_KEY = 1,
  PROP_VALUE,
  PROP_KEY_TEXT,
  PROP_VALUE_TEXT,
  N_PROPS
} MapEntryProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfMapEntry, ebpf_map_entry, G_TYPE_OBJECT)

EbpfMapEntryShape *
ebpf_map_entry_shape_new (EbpfMap *map)
{
  EbpfMapEntryShape *shape = g_rc_box_new0 (EbpfMapEntryShape);

  shape->map = g_object_ref (map);
  shape->key_size = ebpf_map_get_key_size (map);
  shape->value_size = ebpf_map_get_value_buffer_size (map);

  return shape;
}

static void
shape_clear (gpointer data)
{
  EbpfMapEntryShape *shape = data;

  g_clear_object (&shape->map);
}

void
ebpf_map_entry_shape_unref (EbpfMapEntryShape *shape)
{
  g_rc_box_release_full (shape, shape_clear);
}

static void
ebpf_map_entry_finalize (GObject *object)
{
  EbpfMapEntry *self = EBPF_MAP_ENTRY (object);

  g_clear_pointer (&self->key, g_variant_unref);
  g_clear_pointer (&self->value, g_variant_unref);
  g_clear_pointer (&self->shape, ebpf_map_entry_shape_unref);
  g_free (self->data);

  G_OBJECT_CLASS (ebpf_map_entry_parent_class)->finalize (object);
}

static void
ebpf_map_entry_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfMapEntry *self = EBPF_MAP_ENTRY (object);

  switch ((MapEntryProperty) prop_id)
    {
    case PROP_KEY:
      g_value_set_variant (value, ebpf_map_entry_get_key (self));
      break;
    case PROP_VALUE:
      g_value_set_variant (value, ebpf_map_entry_get_value (self));
      break;
    case PROP_KEY_TEXT:
      g_value_take_string (value, ebpf_map_entry_dup_key_text (self));
      break;
    case PROP_VALUE_TEXT:
      g_value_take_string (value, ebpf_map_entry_dup_value_text (self));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_entry_class_init (EbpfMapEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_map_entry_finalize;
  object_class->get_property = ebpf_map_entry_get_property;

  /**
   * EbpfMapEntry:key: (getter get_key)
   *
   * The key.
   */
  properties[PROP_KEY] = g_param_spec_variant ("key", NULL, NULL, G_VARIANT_TYPE_ANY, NULL, flags);

  /**
   * EbpfMapEntry:value: (getter get_value)
   *
   * The value.
   */
  properties[PROP_VALUE] =
      g_param_spec_variant ("value", NULL, NULL, G_VARIANT_TYPE_ANY, NULL, flags);

  /**
   * EbpfMapEntry:key-text:
   *
   * The key, as text for people.
   */
  properties[PROP_KEY_TEXT] = g_param_spec_string ("key-text", NULL, NULL, "", flags);

  /**
   * EbpfMapEntry:value-text:
   *
   * The value, as text for people.
   */
  properties[PROP_VALUE_TEXT] = g_param_spec_string ("value-text", NULL, NULL, "", flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_map_entry_init (EbpfMapEntry *self)
{
}

EbpfMapEntry *
ebpf_map_entry_new (EbpfMapEntryShape *shape, gconstpointer key, gconstpointer value)
{
  EbpfMapEntry *self = g_object_new (EBPF_TYPE_MAP_ENTRY, NULL);

  self->shape = g_rc_box_acquire (shape);
  self->data = g_malloc (shape->key_size + shape->value_size);
  memcpy (self->data, key, shape->key_size);
  memcpy (self->data + shape->key_size, value, shape->value_size);

  return self;
}

gboolean
ebpf_map_entry_update (EbpfMapEntry *self, gconstpointer value)
{
  guint8 *own = self->data + self->shape->key_size;

  if (memcmp (own, value, self->shape->value_size) == 0)
    return FALSE;

  memcpy (own, value, self->shape->value_size);
  g_clear_pointer (&self->value, g_variant_unref);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUE_TEXT]);

  return TRUE;
}

/**
 * ebpf_map_entry_dup_key_bytes:
 * @self: an entry
 *
 * Copies the key's bytes.
 *
 * Returns: (transfer full): the bytes
 */
GBytes *
ebpf_map_entry_dup_key_bytes (EbpfMapEntry *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), NULL);

  return self->shape != NULL ? g_bytes_new (self->data, self->shape->key_size)
                             : g_bytes_new (NULL, 0);
}

static GBytes *
copy_packed (EbpfMapEntry *self)
{
  return g_bytes_new (self->data + self->shape->key_size, self->shape->value_size);
}

/**
 * ebpf_map_entry_dup_value_bytes:
 * @self: an entry
 *
 * Copies the value's bytes, as [method@Map.lookup_bytes] gives them.
 *
 * Returns: (transfer full): the bytes; none where the map's driver cannot tell them
 */
GBytes *
ebpf_map_entry_dup_value_bytes (EbpfMapEntry *self)
{
  g_autoptr (GBytes) packed = NULL;
  g_autoptr (GError) error = NULL;
  GBytes *plain;

  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), NULL);

  if (self->shape == NULL)
    return g_bytes_new (NULL, 0);

  packed = copy_packed (self);
  plain = ebpf_map_driver_unpack_value (ebpf_map_get_driver (self->shape->map), self->shape->map,
                                        packed, &error);
  if (plain == NULL)
    {
      g_debug ("%s", error->message);
      return g_bytes_new (NULL, 0);
    }

  return plain;
}

/**
 * ebpf_map_entry_get_key: (get-property key)
 * @self: an entry
 *
 * Gets the key.
 *
 * Returns: (transfer none) (nullable): the key; %NULL where it cannot be decoded
 */
GVariant *
ebpf_map_entry_get_key (EbpfMapEntry *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), NULL);

  if (self->key == NULL && self->shape != NULL)
    {
      g_autoptr (GBytes) bytes = ebpf_map_entry_dup_key_bytes (self);
      g_autoptr (GError) error = NULL;

      self->key = ebpf_map_driver_key_to_variant (ebpf_map_get_driver (self->shape->map),
                                                  self->shape->map, bytes, &error);
      if (self->key == NULL)
        g_debug ("%s", error->message);
    }

  return self->key;
}

/**
 * ebpf_map_entry_get_value: (get-property value)
 * @self: an entry
 *
 * Gets the value, as it was at the last refresh.
 *
 * Returns: (transfer none) (nullable): the value; %NULL where it cannot be decoded
 */
GVariant *
ebpf_map_entry_get_value (EbpfMapEntry *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), NULL);

  if (self->value == NULL && self->shape != NULL)
    {
      g_autoptr (GBytes) bytes = copy_packed (self);
      g_autoptr (GError) error = NULL;

      self->value = ebpf_map_driver_value_to_variant (ebpf_map_get_driver (self->shape->map),
                                                      self->shape->map, bytes, &error);
      if (self->value == NULL)
        g_debug ("%s", error->message);
    }

  return self->value;
}

static char *
to_text (GVariant *variant)
{
  if (variant == NULL)
    return g_strdup ("?");
  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (variant, NULL);

  return g_variant_print (variant, FALSE);
}

/**
 * ebpf_map_entry_dup_key_text:
 * @self: an entry
 *
 * Makes a text of the key, for people.
 *
 * Returns: (transfer full): the text
 */
char *
ebpf_map_entry_dup_key_text (EbpfMapEntry *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), NULL);

  return to_text (ebpf_map_entry_get_key (self));
}

/**
 * ebpf_map_entry_dup_value_text:
 * @self: an entry
 *
 * Makes a text of the value, for people.
 *
 * Returns: (transfer full): the text
 */
char *
ebpf_map_entry_dup_value_text (EbpfMapEntry *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), NULL);

  return to_text (ebpf_map_entry_get_value (self));
}

/**
 * ebpf_map_entry_get_field:
 * @self: an entry
 * @name: a member of the struct that the value is
 *
 * Gets one member of the value, for a column of a table.
 *
 * Returns: (transfer full) (nullable): the member; %NULL where there is no such one
 */
GVariant *
ebpf_map_entry_get_field (EbpfMapEntry *self, const char *name)
{
  GVariant *value;

  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  value = ebpf_map_entry_get_value (self);
  if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    return NULL;

  return g_variant_lookup_value (value, name, NULL);
}

/**
 * ebpf_map_entry_get_number:
 * @self: an entry
 * @name: (nullable): a member of the struct that the value is, or %NULL for the value itself
 * @number: (out): the number
 *
 * Gets the value, or one member of it, as a number to sort by or to draw. Where there are several, as
 * with one for each CPU, it is their sum.
 *
 * Returns: whether it is a number
 */
gboolean
ebpf_map_entry_get_number (EbpfMapEntry *self, const char *name, double *number)
{
  g_autoptr (GVariant) variant = NULL;
  GVariant *value;
  gsize n;

  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), FALSE);
  g_return_val_if_fail (number != NULL, FALSE);

  *number = 0;
  value = name == NULL ? ebpf_map_entry_get_value (self) : NULL;
  variant = name != NULL    ? ebpf_map_entry_get_field (self, name)
            : value != NULL ? g_variant_ref (value)
                            : NULL;
  if (variant == NULL)
    return FALSE;

  n = g_variant_is_of_type (variant, G_VARIANT_TYPE_ARRAY) ? g_variant_n_children (variant) : 1;
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) one = g_variant_is_of_type (variant, G_VARIANT_TYPE_ARRAY)
                                     ? g_variant_get_child_value (variant, i)
                                     : g_variant_ref (variant);

      switch (*g_variant_get_type_string (one))
        {
        case 'b':
          *number += g_variant_get_boolean (one);
          break;
        case 'y':
          *number += g_variant_get_byte (one);
          break;
        case 'n':
          *number += g_variant_get_int16 (one);
          break;
        case 'q':
          *number += g_variant_get_uint16 (one);
          break;
        case 'i':
          *number += g_variant_get_int32 (one);
          break;
        case 'u':
          *number += g_variant_get_uint32 (one);
          break;
        case 'x':
          *number += (double) g_variant_get_int64 (one);
          break;
        case 't':
          *number += (double) g_variant_get_uint64 (one);
          break;
        case 'd':
          *number += g_variant_get_double (one);
          break;
        default:
          return FALSE;
        }
    }

  return n > 0;
}

/* Numbers of whatever sign and size as one that holds them all. */
static gboolean
get_integer (GVariant *variant, gboolean *negative, guint64 *number)
{
  gint64 value;

  switch (*g_variant_get_type_string (variant))
    {
    case 'b':
      value = g_variant_get_boolean (variant);
      break;
    case 'y':
      value = g_variant_get_byte (variant);
      break;
    case 'n':
      value = g_variant_get_int16 (variant);
      break;
    case 'q':
      value = g_variant_get_uint16 (variant);
      break;
    case 'i':
      value = g_variant_get_int32 (variant);
      break;
    case 'u':
      value = g_variant_get_uint32 (variant);
      break;
    case 'x':
      value = g_variant_get_int64 (variant);
      break;
    case 't':
      *negative = FALSE;
      *number = g_variant_get_uint64 (variant);
      return TRUE;
    default:
      return FALSE;
    }

  *negative = value < 0;
  *number = (guint64) value;
  return TRUE;
}

/* Numbers by size, texts by letters, what has parts by its parts; of different types, the type. What is not
 * there comes first. */
static int
compare_variants (GVariant *a, GVariant *b)
{
  gboolean a_negative, b_negative;
  guint64 a_number, b_number;
  gsize n_a, n_b;

  if (a == NULL || b == NULL)
    return (a != NULL) - (b != NULL);

  if (get_integer (a, &a_negative, &a_number) && get_integer (b, &b_negative, &b_number))
    {
      if (a_negative != b_negative)
        return a_negative ? -1 : 1;
      return (a_number > b_number) - (a_number < b_number);
    }

  if (g_variant_is_of_type (a, G_VARIANT_TYPE_STRING) &&
      g_variant_is_of_type (b, G_VARIANT_TYPE_STRING))
    return g_utf8_collate (g_variant_get_string (a, NULL), g_variant_get_string (b, NULL));

  if (g_variant_is_of_type (a, G_VARIANT_TYPE_DOUBLE) &&
      g_variant_is_of_type (b, G_VARIANT_TYPE_DOUBLE))
    return (g_variant_get_double (a) > g_variant_get_double (b)) -
           (g_variant_get_double (a) < g_variant_get_double (b));

  if (!g_variant_is_container (a) || !g_variant_is_container (b))
    return strcmp (g_variant_get_type_string (a), g_variant_get_type_string (b));

  n_a = g_variant_n_children (a);
  n_b = g_variant_n_children (b);
  for (gsize i = 0; i < MIN (n_a, n_b); i++)
    {
      g_autoptr (GVariant) a_child = g_variant_get_child_value (a, i);
      g_autoptr (GVariant) b_child = g_variant_get_child_value (b, i);
      int order = compare_variants (a_child, b_child);

      if (order != 0)
        return order;
    }

  return (n_a > n_b) - (n_a < n_b);
}

/**
 * ebpf_map_entry_compare:
 * @self: an entry
 * @other: another one
 * @name: (nullable): a member of the struct that the values are, or %NULL for all of the value
 *
 * Compares the values of two entries, or one member of them, for a sorter of a table's column:
 * numbers by their size, also those that a script would round; numbers of all CPUs by their sum; texts
 * by the user's language; bytes, and what else has parts, by the parts in order. What cannot be decoded
 * comes first.
 *
 * Returns: below 0 where @self comes first, above 0 where @other does, 0 where neither
 */
int
ebpf_map_entry_compare (EbpfMapEntry *self, EbpfMapEntry *other, const char *name)
{
  g_autoptr (GVariant) a = NULL;
  g_autoptr (GVariant) b = NULL;

  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), 0);
  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (other), 0);

  if (name == NULL)
    {
      GVariant *value = ebpf_map_entry_get_value (self);
      double number, others;

      /* A counter for each CPU. */
      if (value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY) &&
          !g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING) &&
          ebpf_map_entry_get_number (self, NULL, &number) &&
          ebpf_map_entry_get_number (other, NULL, &others))
        return (number > others) - (number < others);

      return compare_variants (value, ebpf_map_entry_get_value (other));
    }

  a = ebpf_map_entry_get_field (self, name);
  b = ebpf_map_entry_get_field (other, name);
  return compare_variants (a, b);
}

/**
 * ebpf_map_entry_compare_keys:
 * @self: an entry
 * @other: another one
 *
 * Compares the keys of two entries, see [method@MapEntry.compare].
 *
 * Returns: below 0 where @self comes first, above 0 where @other does, 0 where neither
 */
int
ebpf_map_entry_compare_keys (EbpfMapEntry *self, EbpfMapEntry *other)
{
  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (self), 0);
  g_return_val_if_fail (EBPF_IS_MAP_ENTRY (other), 0);

  return compare_variants (ebpf_map_entry_get_key (self), ebpf_map_entry_get_key (other));
}
