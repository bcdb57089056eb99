/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-map-model.h"

#include "object/ebpf-map-iterator.h"
#include "object/ebpf-map.h"
#include "stream/ebpf-map-entry-private.h"

#include <string.h>

/**
 * EbpfMapModel:
 *
 * The entries of a map as a [iface@Gio.ListModel] of [class@MapEntry], for a list or table in a
 * window.
 *
 * The model reads the map now and then ([property@MapModel:interval]) in the main context that was
 * the thread-default one where it was made, and [method@MapModel.refresh] reads it at once. An entry
 * keeps its object for as long as its key is there. All entries that came and went are told by one
 * [signal@Gio.ListModel::items-changed] a refresh; those whose value changed by their own
 * properties.
 *
 * The order is that in which entries came. For another, put the model into a `GtkSortListModel` with a
 * sorter that uses [method@MapEntry.compare] or [method@MapEntry.compare_keys]. A value that changes is
 * no change of the list, so tell the sorter of it in [signal@MapModel::refreshed]:
 *
 * ```c
 * static void
 * on_refreshed (EbpfMapModel *model, guint n_changed, GtkSorter *sorter)
 * {
 *   gtk_sorter_changed (sorter, GTK_SORTER_CHANGE_DIFFERENT);
 * }
 * ```
 *
 * An entry takes about 150 bytes beside its key and its value. Reading 100,000 entries takes some tens of
 * milliseconds; choose the interval accordingly.
 */
struct _EbpfMapModel
{
  GObject parent_instance;

  EbpfMap *map;
  EbpfMapEntryShape *shape;
  GMainContext *context;
  GSource *timer;
  guint interval;

  GPtrArray *entries;
  guint generation;

  /* Entries by their key: open addressing, a power of two of places, at most half of them taken. */
  EbpfMapEntry **table;
  guint table_mask;

  gboolean refreshing;
};

typedef enum
{
  PROP_MAP = 1,
  PROP_INTERVAL,
  N_PROPS
} MapModelProperty;

static GParamSpec *properties[N_PROPS];
static guint failed_signal, refreshed_signal;

static void ebpf_map_model_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (EbpfMapModel,
                               ebpf_map_model,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      ebpf_map_model_list_model_init))

/* Eight bytes at a time, mixed by a multiplication. */
static guint
hash_key (const guint8 *key, gsize size)
{
  const guint64 factor = G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  guint64 hash = size, word;

  for (; size >= sizeof word; key += sizeof word, size -= sizeof word)
    {
      memcpy (&word, key, sizeof word);
      hash = (hash ^ word) * factor;
      hash ^= hash >> 32;
    }
  word = 0;
  memcpy (&word, key, size);
  hash = (hash ^ word) * factor;

  return (guint) (hash >> 32);
}

static EbpfMapEntry **
find_place (EbpfMapModel *self, const guint8 *key)
{
  guint place = hash_key (key, self->shape->key_size) & self->table_mask;

  while (self->table[place] != NULL &&
         memcmp (self->table[place]->data, key, self->shape->key_size) != 0)
    place = (place + 1) & self->table_mask;

  return &self->table[place];
}

static void
rebuild_table (EbpfMapModel *self, guint n_entries)
{
  guint size = 64;

  while (size / 2 < n_entries)
    size *= 2;

  g_free (self->table);
  self->table = g_new0 (EbpfMapEntry *, size);
  self->table_mask = size - 1;
  for (guint i = 0; i < self->entries->len; i++)
    {
      EbpfMapEntry *entry = g_ptr_array_index (self->entries, i);

      *find_place (self, entry->data) = entry;
    }
}

static GType
ebpf_map_model_get_item_type (GListModel *model)
{
  return EBPF_TYPE_MAP_ENTRY;
}

static guint
ebpf_map_model_get_n_items (GListModel *model)
{
  return EBPF_MAP_MODEL (model)->entries->len;
}

static gpointer
ebpf_map_model_get_item (GListModel *model, guint position)
{
  EbpfMapModel *self = EBPF_MAP_MODEL (model);

  return position < self->entries->len ? g_object_ref (g_ptr_array_index (self->entries, position))
                                       : NULL;
}

static void
ebpf_map_model_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = ebpf_map_model_get_item_type;
  iface->get_n_items = ebpf_map_model_get_n_items;
  iface->get_item = ebpf_map_model_get_item;
}

static void
stop_timer (EbpfMapModel *self)
{
  if (self->timer == NULL)
    return;

  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
ebpf_map_model_dispose (GObject *object)
{
  stop_timer (EBPF_MAP_MODEL (object));

  G_OBJECT_CLASS (ebpf_map_model_parent_class)->dispose (object);
}

static void
ebpf_map_model_finalize (GObject *object)
{
  EbpfMapModel *self = EBPF_MAP_MODEL (object);

  g_free (self->table);
  g_ptr_array_unref (self->entries);
  g_clear_pointer (&self->shape, ebpf_map_entry_shape_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->map);

  G_OBJECT_CLASS (ebpf_map_model_parent_class)->finalize (object);
}

static gboolean
on_timer (gpointer user_data)
{
  EbpfMapModel *self = g_object_ref (EBPF_MAP_MODEL (user_data));
  g_autoptr (GError) error = NULL;

  if (!ebpf_map_model_refresh (self, &error))
    {
      stop_timer (self);
      g_signal_emit (self, failed_signal, 0, error);
    }
  g_object_unref (self);

  /* Whoever stopped the timer has destroyed its source. */
  return G_SOURCE_CONTINUE;
}

static void
start_timer (EbpfMapModel *self)
{
  stop_timer (self);
  if (self->interval == 0 || self->map == NULL)
    return;

  self->timer = g_timeout_source_new (self->interval);
  g_source_set_static_name (self->timer, "EbpfMapModel");
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
ebpf_map_model_constructed (GObject *object)
{
  EbpfMapModel *self = EBPF_MAP_MODEL (object);

  G_OBJECT_CLASS (ebpf_map_model_parent_class)->constructed (object);

  if (self->map == NULL)
    return;

  self->shape = ebpf_map_entry_shape_new (self->map);
  rebuild_table (self, 0);
  start_timer (self);
}

static void
ebpf_map_model_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfMapModel *self = EBPF_MAP_MODEL (object);

  switch ((MapModelProperty) prop_id)
    {
    case PROP_MAP:
      g_value_set_object (value, self->map);
      break;
    case PROP_INTERVAL:
      g_value_set_uint (value, self->interval);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_model_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  EbpfMapModel *self = EBPF_MAP_MODEL (object);

  switch ((MapModelProperty) prop_id)
    {
    case PROP_MAP:
      self->map = g_value_dup_object (value);
      break;
    case PROP_INTERVAL:
      ebpf_map_model_set_interval (self, g_value_get_uint (value));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_model_class_init (EbpfMapModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = ebpf_map_model_constructed;
  object_class->dispose = ebpf_map_model_dispose;
  object_class->finalize = ebpf_map_model_finalize;
  object_class->get_property = ebpf_map_model_get_property;
  object_class->set_property = ebpf_map_model_set_property;

  /**
   * EbpfMapModel:map: (getter get_map)
   *
   * The map.
   */
  properties[PROP_MAP] =
      g_param_spec_object ("map", NULL, NULL, EBPF_TYPE_MAP, flags | G_PARAM_CONSTRUCT_ONLY);

  /**
   * EbpfMapModel:interval: (getter get_interval) (setter set_interval)
   *
   * How often the map is read, in milliseconds; 0 for never but by [method@MapModel.refresh].
   */
  properties[PROP_INTERVAL] = g_param_spec_uint ("interval", NULL, NULL, 0, G_MAXUINT, 0, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * EbpfMapModel::failed:
   * @self: the model
   * @error: why
   *
   * The map could not be read when it was time to, for instance because it was closed. It is not
   * tried again until the interval is set anew; the entries stay as they were.
   */
  failed_signal = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);

  /**
   * EbpfMapModel::refreshed:
   * @self: the model
   * @n_changed: how many entries came, went, or have another value
   *
   * The map was read, and something is not as it was. All other signals of it have been emitted.
   */
  refreshed_signal = g_signal_new ("refreshed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
ebpf_map_model_init (EbpfMapModel *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * ebpf_map_model_new:
 * @map: a map
 * @interval: how often to read it, in milliseconds, or 0 for when [method@MapModel.refresh] says
 *
 * Makes a model of a map's entries. It is empty until it was refreshed for the first time.
 *
 * Returns: (transfer full): the model
 */
EbpfMapModel *
ebpf_map_model_new (EbpfMap *map, guint interval)
{
  g_return_val_if_fail (EBPF_IS_MAP (map), NULL);

  return g_object_new (EBPF_TYPE_MAP_MODEL, "map", map, "interval", interval, NULL);
}

/**
 * ebpf_map_model_get_map: (get-property map)
 * @self: a model
 *
 * Gets the map.
 *
 * Returns: (transfer none) (nullable): the map; %NULL for a model that nobody made for a map
 */
EbpfMap *
ebpf_map_model_get_map (EbpfMapModel *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_MODEL (self), NULL);

  return self->map;
}

/**
 * ebpf_map_model_get_interval: (get-property interval)
 * @self: a model
 *
 * Gets how often the map is read.
 *
 * Returns: milliseconds; 0 for never
 */
guint
ebpf_map_model_get_interval (EbpfMapModel *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_MODEL (self), 0);

  return self->interval;
}

/**
 * ebpf_map_model_set_interval: (set-property interval)
 * @self: a model
 * @interval: milliseconds; 0 for never
 *
 * Sets how often the map is read. The first time is one interval from now.
 */
void
ebpf_map_model_set_interval (EbpfMapModel *self, guint interval)
{
  gboolean changed;

  g_return_if_fail (EBPF_IS_MAP_MODEL (self));

  changed = self->interval != interval;
  self->interval = interval;
  /* While it is being made, there is no map yet. */
  if (self->shape != NULL)
    start_timer (self);
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INTERVAL]);
}

/* The entry of @key. The kernel mostly gives keys in the order of the last time, so that the one after
 * the last is tried before the table. */
static EbpfMapEntry *
find_entry (EbpfMapModel *self, const guint8 *key, guint expected)
{
  if (expected < self->entries->len)
    {
      EbpfMapEntry *entry = g_ptr_array_index (self->entries, expected);

      if (memcmp (entry->data, key, self->shape->key_size) == 0)
        return entry;
    }

  return *find_place (self, key);
}

/* Takes out entries that are gone and puts in those that came; one signal for both. */
static void
apply (EbpfMapModel *self, GPtrArray *added, guint n_seen)
{
  const guint n_before = self->entries->len;
  guint first = 0, last_removed = 0, kept;
  g_autoptr (GPtrArray) before = NULL;

  if (n_seen == n_before && added->len == 0)
    return;

  before = self->entries;
  self->entries = g_ptr_array_new_full (n_seen + added->len, g_object_unref);
  first = n_before;
  for (guint i = 0; i < n_before; i++)
    {
      EbpfMapEntry *entry = g_ptr_array_index (before, i);

      if (entry->generation == self->generation)
        {
          g_ptr_array_add (self->entries, g_object_ref (entry));
          continue;
        }
      first = MIN (first, i);
      last_removed = i;
    }
  kept = self->entries->len;
  for (guint i = 0; i < added->len; i++)
    g_ptr_array_add (self->entries, g_object_ref (g_ptr_array_index (added, i)));
  for (guint i = first; i < self->entries->len; i++)
    ((EbpfMapEntry *) g_ptr_array_index (self->entries, i))->position = i;

  rebuild_table (self, self->entries->len);

  /* Behind the last that went nothing changed, unless something came. */
  if (added->len == 0)
    g_list_model_items_changed (G_LIST_MODEL (self), first, last_removed + 1 - first,
                                last_removed + 1 - first - (n_before - kept));
  else
    g_list_model_items_changed (G_LIST_MODEL (self), first, n_before - first,
                                self->entries->len - first);
}

/**
 * ebpf_map_model_refresh:
 * @self: a model
 * @error: return location for an error
 *
 * Reads the map now. To be called in the thread that the model was made in.
 *
 * Returns: whether it was read; where not, the entries stay as they were
 */
gboolean
ebpf_map_model_refresh (EbpfMapModel *self, GError **error)
{
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GPtrArray) added = NULL;
  g_autoptr (GPtrArray) changed = NULL;
  g_autofree guint8 *values = NULL;
  GError *local_error = NULL;
  guint n_seen = 0, expected = 0, n_changed;
  gsize n_values = 0, capacity = 0;

  g_return_val_if_fail (EBPF_IS_MAP_MODEL (self), FALSE);
  g_return_val_if_fail (self->map != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  /* Somebody who listens asks for it again. */
  if (self->refreshing)
    return TRUE;

  added = g_ptr_array_new_with_free_func (g_object_unref);
  changed = g_ptr_array_new ();
  self->generation++;

  iterator = ebpf_map_iterate (self->map);
  while (ebpf_map_iterator_next (iterator, &local_error))
    {
      gconstpointer key, value;
      EbpfMapEntry *entry;

      ebpf_map_iterator_peek (iterator, &key, &value);
      entry = find_entry (self, key, expected);
      if (entry == NULL)
        {
          entry = ebpf_map_entry_new (self->shape, key, value);
          entry->generation = self->generation;
          entry->position = G_MAXUINT;
          g_ptr_array_add (added, entry);
          if (self->entries->len + added->len > (self->table_mask + 1) / 2)
            {
              rebuild_table (self, (self->entries->len + added->len) * 2);
              for (guint i = 0; i < added->len; i++)
                {
                  EbpfMapEntry *other = g_ptr_array_index (added, i);

                  *find_place (self, other->data) = other;
                }
            }
          else
            {
              *find_place (self, key) = entry;
            }
          continue;
        }

      /* In a map that is written to meanwhile an entry can come twice. */
      if (entry->position != G_MAXUINT)
        {
          expected = entry->position + 1;
          if (entry->generation != self->generation)
            n_seen++;
        }
      entry->generation = self->generation;
      if (memcmp (entry->data + self->shape->key_size, value, self->shape->value_size) == 0)
        continue;

      /* Nobody hears of anything before all was read. */
      if (n_values == capacity)
        {
          capacity = MAX (64, capacity * 2);
          values = g_realloc_n (values, capacity, MAX (self->shape->value_size, 1));
        }
      memcpy (values + n_values * self->shape->value_size, value, self->shape->value_size);
      n_values++;
      g_ptr_array_add (changed, entry);
    }

  if (local_error != NULL)
    {
      /* Those that came are in the table. */
      rebuild_table (self, self->entries->len);
      g_propagate_error (error, local_error);
      return FALSE;
    }

  self->refreshing = TRUE;
  g_object_ref (self);
  /* A listener may let go of what it listened to; the entries that went are still held here. */
  for (guint i = 0; i < changed->len; i++)
    ebpf_map_entry_update (g_ptr_array_index (changed, i), values + i * self->shape->value_size);
  n_changed = changed->len + added->len + (self->entries->len - n_seen);
  apply (self, added, n_seen);
  self->refreshing = FALSE;
  if (n_changed > 0)
    g_signal_emit (self, refreshed_signal, 0, n_changed);
  g_object_unref (self);

  return TRUE;
}
