/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-cursor-private.h"

/**
 * EbpfMapCursor:
 *
 * How far one has come in reading a map batch by batch, see [method@Map.lookup_batch]. It belongs to
 * the map that it was made for and cannot be used with another.
 */

typedef enum
{
  PROP_MAP = 1,
  PROP_AT_END,
  N_PROPS
} MapCursorProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfMapCursor, ebpf_map_cursor, G_TYPE_OBJECT)

static void
ebpf_map_cursor_finalize (GObject *object)
{
  EbpfMapCursor *self = EBPF_MAP_CURSOR (object);

  g_free (self->token);
  g_clear_object (&self->map);

  G_OBJECT_CLASS (ebpf_map_cursor_parent_class)->finalize (object);
}

static void
ebpf_map_cursor_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfMapCursor *self = EBPF_MAP_CURSOR (object);

  switch ((MapCursorProperty) prop_id)
    {
    case PROP_MAP:
      g_value_set_object (value, self->map);
      break;
    case PROP_AT_END:
      g_value_set_boolean (value, self->at_end);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_cursor_class_init (EbpfMapCursorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_map_cursor_finalize;
  object_class->get_property = ebpf_map_cursor_get_property;

  /**
   * EbpfMapCursor:map: (getter get_map)
   *
   * The map that it was made for.
   */
  properties[PROP_MAP] = g_param_spec_object ("map", NULL, NULL, EBPF_TYPE_MAP, flags);

  /**
   * EbpfMapCursor:at-end: (getter is_at_end)
   *
   * Whether there is nothing more to read.
   */
  properties[PROP_AT_END] = g_param_spec_boolean ("at-end", NULL, NULL, FALSE, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_map_cursor_init (EbpfMapCursor *self)
{
}

/**
 * ebpf_map_cursor_new:
 * @map: a map
 *
 * Makes a cursor that stands before the first entry.
 *
 * Returns: (transfer full): the cursor
 */
EbpfMapCursor *
ebpf_map_cursor_new (EbpfMap *map)
{
  EbpfMapCursor *self;

  g_return_val_if_fail (EBPF_IS_MAP (map), NULL);

  self = g_object_new (EBPF_TYPE_MAP_CURSOR, NULL);
  self->map = g_object_ref (map);
  self->token_size = MAX (ebpf_map_get_key_size (map), 8);
  self->token = g_malloc0 (2 * self->token_size);

  return self;
}

/**
 * ebpf_map_cursor_get_map: (get-property map)
 * @self: a cursor
 *
 * Gets the map that it was made for.
 *
 * Returns: (transfer none) (nullable): the map; %NULL for an object that nobody made for a map
 */
EbpfMap *
ebpf_map_cursor_get_map (EbpfMapCursor *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_CURSOR (self), NULL);

  return self->map;
}

/**
 * ebpf_map_cursor_is_at_end: (get-property at-end)
 * @self: a cursor
 *
 * Gets whether there is nothing more to read.
 *
 * Returns: %TRUE at the end
 */
gboolean
ebpf_map_cursor_is_at_end (EbpfMapCursor *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_CURSOR (self), TRUE);

  return self->at_end;
}

void
ebpf_map_cursor_set_at_end (EbpfMapCursor *self)
{
  if (self->at_end)
    return;

  self->at_end = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AT_END]);
}

/**
 * ebpf_map_cursor_rewind:
 * @self: a cursor
 *
 * Goes back to before the first entry.
 */
void
ebpf_map_cursor_rewind (EbpfMapCursor *self)
{
  g_return_if_fail (EBPF_IS_MAP_CURSOR (self));

  self->has_token = FALSE;
  self->by_key = FALSE;
  if (self->at_end)
    {
      self->at_end = FALSE;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AT_END]);
    }
}
