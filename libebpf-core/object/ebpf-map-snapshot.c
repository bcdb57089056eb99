/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-snapshot-private.h"

#include "base/ebpf-error-private.h"
#include "object/ebpf-map-struct-private.h"
#include "plugin/ebpf-map-driver-private.h"

#include <errno.h>
#include <string.h>

/**
 * EbpfMapSnapshot:
 *
 * Entries of a map, copied out of it: all of them ([method@Map.snapshot]), or a batch
 * ([method@Map.lookup_batch]).
 *
 * Keys lie in one block of memory and values in another, one after the other: a script reads them
 * with two calls and no object for each. It never changes.
 */
struct _EbpfMapSnapshot
{
  GObject parent_instance;

  EbpfMap *map;
  guint n_entries;
  GBytes *keys;
  GBytes *packed; /* values as the kernel has them */
  GBytes *values; /* plain */
  gsize key_size;
  gsize packed_size;
  gsize value_stride;
};

typedef enum
{
  PROP_MAP = 1,
  PROP_N_ENTRIES,
  N_PROPS
} MapSnapshotProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfMapSnapshot, ebpf_map_snapshot, G_TYPE_OBJECT)

gboolean
ebpf_map_slab_reserve (EbpfMapSlab *slab, guint capacity)
{
  gpointer keys, values;

  if (capacity <= slab->capacity)
    return TRUE;

  keys = g_try_realloc_n (slab->keys, capacity, MAX (slab->key_size, 1));
  if (keys != NULL)
    slab->keys = keys;
  values = g_try_realloc_n (slab->values, capacity, MAX (slab->value_size, 1));
  if (values != NULL)
    slab->values = values;
  if (keys == NULL || values == NULL)
    {
      errno = ENOMEM;
      return FALSE;
    }

  /* What the kernel leaves alone (padding) must not be somebody's old memory. */
  memset (slab->keys + slab->capacity * slab->key_size, 0,
          (capacity - slab->capacity) * slab->key_size);
  memset (slab->values + slab->capacity * slab->value_size, 0,
          (capacity - slab->capacity) * slab->value_size);
  slab->capacity = capacity;

  return TRUE;
}

void
ebpf_map_slab_clear (EbpfMapSlab *slab)
{
  g_clear_pointer (&slab->keys, g_free);
  g_clear_pointer (&slab->values, g_free);
  slab->n_entries = slab->capacity = 0;
}

static void
ebpf_map_snapshot_finalize (GObject *object)
{
  EbpfMapSnapshot *self = EBPF_MAP_SNAPSHOT (object);

  g_clear_pointer (&self->keys, g_bytes_unref);
  g_clear_pointer (&self->packed, g_bytes_unref);
  g_clear_pointer (&self->values, g_bytes_unref);
  g_clear_object (&self->map);

  G_OBJECT_CLASS (ebpf_map_snapshot_parent_class)->finalize (object);
}

static void
ebpf_map_snapshot_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfMapSnapshot *self = EBPF_MAP_SNAPSHOT (object);

  switch ((MapSnapshotProperty) prop_id)
    {
    case PROP_MAP:
      g_value_set_object (value, self->map);
      break;
    case PROP_N_ENTRIES:
      g_value_set_uint (value, self->n_entries);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_snapshot_class_init (EbpfMapSnapshotClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_map_snapshot_finalize;
  object_class->get_property = ebpf_map_snapshot_get_property;

  /**
   * EbpfMapSnapshot:map: (getter get_map)
   *
   * The map that the entries are of.
   */
  properties[PROP_MAP] = g_param_spec_object ("map", NULL, NULL, EBPF_TYPE_MAP, flags);

  /**
   * EbpfMapSnapshot:n-entries: (getter get_n_entries)
   *
   * How many entries there are.
   */
  properties[PROP_N_ENTRIES] = g_param_spec_uint ("n-entries", NULL, NULL, 0, G_MAXUINT, 0, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_map_snapshot_init (EbpfMapSnapshot *self)
{
  self->keys = g_bytes_new (NULL, 0);
  self->packed = g_bytes_ref (self->keys);
  self->values = g_bytes_ref (self->keys);
}

static GBytes *
packed_at (EbpfMapSnapshot *self, guint index)
{
  return g_bytes_new_from_bytes (self->packed, (gsize) index * self->packed_size,
                                 self->packed_size);
}

/* All values in their plain form. */
static gboolean
unpack (EbpfMapSnapshot *self, GError **error)
{
  g_autoptr (GByteArray) values = g_byte_array_new ();

  for (guint i = 0; i < self->n_entries; i++)
    {
      g_autoptr (GBytes) packed = packed_at (self, i);
      g_autoptr (GBytes) plain =
          ebpf_map_driver_unpack_value (self->map->driver, self->map, packed, error);
      gsize size;
      gconstpointer data;

      if (plain == NULL)
        return FALSE;

      data = g_bytes_get_data (plain, &size);
      if (i == 0)
        self->value_stride = size;
      if (size != self->value_stride ||
          (guint64) self->n_entries * self->value_stride > G_MAXUINT32)
        {
          g_autofree char *what = ebpf_map_describe (self->map);

          ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                          "%s: values of different lengths, or more than 4 GiB of them, do not fit "
                          "into a snapshot; iterate",
                          what);
          return FALSE;
        }
      g_byte_array_append (values, data, (guint) size);
    }

  g_bytes_unref (self->values);
  self->values = g_byte_array_free_to_bytes (g_steal_pointer (&values));

  return TRUE;
}

EbpfMapSnapshot *
ebpf_map_snapshot_new (EbpfMap *map, EbpfMapSlab *slab, GError **error)
{
  g_autoptr (EbpfMapSnapshot) self = g_object_new (EBPF_TYPE_MAP_SNAPSHOT, NULL);
  gsize keys_size = slab->n_entries * slab->key_size;
  gsize values_size = slab->n_entries * slab->value_size;

  self->map = g_object_ref (map);
  self->n_entries = slab->n_entries;
  self->key_size = slab->key_size;
  self->packed_size = slab->value_size;
  self->value_stride = slab->value_size;

  if (slab->n_entries > 0)
    {
      g_bytes_unref (self->keys);
      g_bytes_unref (self->packed);
      /* Much of it may be spare. */
      self->keys = g_bytes_new_take (g_realloc (slab->keys, MAX (keys_size, 1)), keys_size);
      self->packed = g_bytes_new_take (g_realloc (slab->values, MAX (values_size, 1)), values_size);
      slab->keys = slab->values = NULL;
    }
  ebpf_map_slab_clear (slab);

  if (!ebpf_map_driver_has_packed_values (map->driver))
    {
      g_bytes_unref (self->values);
      self->values = g_bytes_ref (self->packed);
    }
  else if (!unpack (self, error))
    {
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * ebpf_map_snapshot_get_map: (get-property map)
 * @self: a snapshot
 *
 * Gets the map that the entries are of.
 *
 * Returns: (transfer none) (nullable): the map; %NULL for an object that is no map's
 */
EbpfMap *
ebpf_map_snapshot_get_map (EbpfMapSnapshot *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), NULL);

  return self->map;
}

/**
 * ebpf_map_snapshot_get_n_entries: (get-property n-entries)
 * @self: a snapshot
 *
 * Gets how many entries there are.
 *
 * Returns: the number
 */
guint
ebpf_map_snapshot_get_n_entries (EbpfMapSnapshot *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), 0);

  return self->n_entries;
}

/**
 * ebpf_map_snapshot_get_keys:
 * @self: a snapshot
 *
 * Gets all keys, one after the other, each of [method@MapSnapshot.get_key_size] bytes.
 *
 * Returns: (transfer none): the keys
 */
GBytes *
ebpf_map_snapshot_get_keys (EbpfMapSnapshot *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), NULL);

  return self->keys;
}

/**
 * ebpf_map_snapshot_get_values:
 * @self: a snapshot
 *
 * Gets all values in the order of the keys, each of [method@MapSnapshot.get_value_stride] bytes, and
 * as [method@Map.lookup_bytes] gives it.
 *
 * Returns: (transfer none): the values
 */
GBytes *
ebpf_map_snapshot_get_values (EbpfMapSnapshot *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), NULL);

  return self->values;
}

/**
 * ebpf_map_snapshot_get_key_size:
 * @self: a snapshot
 *
 * Gets the length of a key.
 *
 * Returns: bytes
 */
guint
ebpf_map_snapshot_get_key_size (EbpfMapSnapshot *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), 0);

  return (guint) self->key_size;
}

/**
 * ebpf_map_snapshot_get_value_stride:
 * @self: a snapshot
 *
 * Gets how far one value is from the next: its length, or, where there is one for each CPU, that of
 * all of them.
 *
 * Returns: bytes
 */
guint
ebpf_map_snapshot_get_value_stride (EbpfMapSnapshot *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), 0);

  return (guint) self->value_stride;
}

static gboolean
check_index (EbpfMapSnapshot *self, guint index, GError **error)
{
  if (index < self->n_entries)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "there is no entry %u in a snapshot of %u",
                  index, self->n_entries);
  return FALSE;
}

/**
 * ebpf_map_snapshot_get_key:
 * @self: a snapshot
 * @index: an entry, from 0 on
 * @error: return location for an error
 *
 * Decodes the key of an entry.
 *
 * Returns: (transfer full): the key, or %NULL with @error set
 */
GVariant *
ebpf_map_snapshot_get_key (EbpfMapSnapshot *self, guint index, GError **error)
{
  g_autoptr (GBytes) key = NULL;

  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check_index (self, index, error))
    return NULL;
  key = g_bytes_new_from_bytes (self->keys, (gsize) index * self->key_size, self->key_size);

  return ebpf_map_driver_key_to_variant (self->map->driver, self->map, key, error);
}

/**
 * ebpf_map_snapshot_get_value:
 * @self: a snapshot
 * @index: an entry, from 0 on
 * @error: return location for an error
 *
 * Decodes the value of an entry.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_map_snapshot_get_value (EbpfMapSnapshot *self, guint index, GError **error)
{
  g_autoptr (GBytes) packed = NULL;

  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check_index (self, index, error))
    return NULL;
  packed = packed_at (self, index);

  return ebpf_map_driver_value_to_variant (self->map->driver, self->map, packed, error);
}

/**
 * ebpf_map_snapshot_to_variant:
 * @self: a snapshot
 * @error: return location for an error
 *
 * Decodes all entries.
 *
 * Returns: (transfer full): an array of keys with their values, `a(vv)`, or %NULL with @error set
 */
GVariant *
ebpf_map_snapshot_to_variant (EbpfMapSnapshot *self, GError **error)
{
  GVariantBuilder builder;

  g_return_val_if_fail (EBPF_IS_MAP_SNAPSHOT (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(vv)"));
  for (guint i = 0; i < self->n_entries; i++)
    {
      g_autoptr (GVariant) key = ebpf_map_snapshot_get_key (self, i, error);
      g_autoptr (GVariant) value = NULL;

      if (key != NULL)
        value = ebpf_map_snapshot_get_value (self, i, error);
      if (value == NULL)
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }

      g_variant_builder_add (&builder, "(vv)", key, value);
    }

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
