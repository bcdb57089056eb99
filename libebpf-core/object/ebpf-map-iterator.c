/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-iterator.h"

#include "object/ebpf-map-struct-private.h"

#include <errno.h>
#include <string.h>

/* What a batch aims at, in bytes and in entries. */
#define BATCH_BYTES (64u << 10)
#define MIN_BATCH 16u
#define HUGE_ENTRY (1u << 20)
#define MAX_BATCH 4096u

/* How often the kernel may say that it could not read on for others who write. */
#define MAX_TRIES 1024u

/* How often somebody may delete the key that we stand on before we give up. */
#define MAX_RESTARTS 64u

/**
 * EbpfMapIterator:
 *
 * Goes through the entries of a map. See [method@Map.iterate].
 *
 * ```c
 * while (ebpf_map_iterator_next (iterator, &error))
 *   {
 *     g_autoptr (GVariant) key = ebpf_map_iterator_get_key (iterator, NULL);
 *     …
 *   }
 * ```
 *
 * Entries are fetched in batches where the kernel has that for the type of map (Linux 5.6), one by
 * one elsewhere. The order is the kernel's. An entry that exists all the time is delivered; one
 * that comes or goes meanwhile may be or not, and in a map that others write to at the same time an
 * entry can come twice. Deleting the entry at hand is fine. Where others delete faster than this
 * can read it ends with %EBPF_ERROR_BUSY.
 */
struct _EbpfMapIterator
{
  GObject parent_instance;

  EbpfMap *map;
  enum
  {
    STATE_NEW,
    STATE_BATCH,
    STATE_KEYS,
    STATE_DONE
  } state;
  gboolean has_entry;

  gsize key_size;
  gsize value_size; /* in the kernel's form */

  /* Batches */
  guint8 *keys;
  guint8 *values;
  guint8 *token; /* where the next batch starts; twice, for in and out */
  gsize token_size;
  guint capacity;
  guint n_entries;
  guint index;
  gboolean has_token;
  gboolean last_batch;
  guint64 n_delivered;

  /* Keys collected beforehand */
  GPtrArray *all_keys;
  guint next_key;

  /* The entry at hand, made when asked for */
  GBytes *key;
  GBytes *value;
};

G_DEFINE_FINAL_TYPE (EbpfMapIterator, ebpf_map_iterator, G_TYPE_OBJECT)

static void
clear_entry (EbpfMapIterator *self)
{
  self->has_entry = FALSE;
  g_clear_pointer (&self->key, g_bytes_unref);
  g_clear_pointer (&self->value, g_bytes_unref);
}

static void
ebpf_map_iterator_finalize (GObject *object)
{
  EbpfMapIterator *self = EBPF_MAP_ITERATOR (object);

  clear_entry (self);
  g_free (self->keys);
  g_free (self->values);
  g_free (self->token);
  g_clear_pointer (&self->all_keys, g_ptr_array_unref);
  g_clear_object (&self->map);

  G_OBJECT_CLASS (ebpf_map_iterator_parent_class)->finalize (object);
}

static void
ebpf_map_iterator_class_init (EbpfMapIteratorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ebpf_map_iterator_finalize;
}

static void
ebpf_map_iterator_init (EbpfMapIterator *self)
{
}

EbpfMapIterator *
ebpf_map_iterator_new (EbpfMap *map)
{
  EbpfMapIterator *self = g_object_new (EBPF_TYPE_MAP_ITERATOR, NULL);

  self->map = g_object_ref (map);

  return self;
}

/* Batches */

static gboolean
allocate_batch (EbpfMapIterator *self, guint capacity)
{
  g_free (self->keys);
  g_free (self->values);
  self->keys = g_try_malloc0_n (capacity, MAX (self->key_size, 1));
  self->values = g_try_malloc0_n (capacity, MAX (self->value_size, 1));
  self->capacity = capacity;

  if (self->keys != NULL && self->values != NULL)
    return TRUE;

  errno = ENOMEM;
  return FALSE;
}

/* Fills the batch. FALSE with errno: ENOENT at the end. */
static gboolean
fetch_batch (EbpfMapIterator *self)
{
  EbpfSysMapBatch attr;
  guint n_tries = 0;

  self->index = self->n_entries = 0;

  while (TRUE)
    {
      int fd = ebpf_map_peek_fd (self->map);
      int ret, errsv;

      memset (&attr, 0, sizeof attr);
      attr.in_batch = self->has_token ? EBPF_PTR_TO_U64 (self->token) : 0;
      attr.out_batch = EBPF_PTR_TO_U64 (self->token + self->token_size);
      attr.keys = EBPF_PTR_TO_U64 (self->keys);
      attr.values = EBPF_PTR_TO_U64 (self->values);
      attr.count = self->capacity;
      attr.map_fd = (guint32) fd;

      ret = ebpf_sys_bpf (EBPF_SYS_MAP_LOOKUP_BATCH, &attr, sizeof attr);
      errsv = errno;

      if (ret == 0 || errsv == ENOENT)
        {
          self->n_entries = MIN (attr.count, self->capacity);
          self->last_batch = ret < 0;
          self->has_token = TRUE;
          memcpy (self->token, self->token + self->token_size, self->token_size);

          if (self->n_entries > 0)
            return TRUE;
          if (self->last_batch)
            {
              errno = ENOENT;
              return FALSE;
            }
          /* Nothing, but not the end: entries went away while the kernel looked. */
          continue;
        }

      /* Nothing was handed out; the place is still that of before. */
      if ((errsv == EINTR || errsv == EAGAIN) && n_tries++ < MAX_TRIES)
        continue;

      /* A bucket of a hash has more entries than fit. */
      if (errsv == ENOSPC && self->capacity / 2 <= self->map->max_entries)
        {
          if (allocate_batch (self, self->capacity * 2))
            continue;
          errsv = errno;
        }

      errno = errsv;
      return FALSE;
    }
}

static gboolean
start_batches (EbpfMapIterator *self)
{
  gsize entry_size = self->key_size + self->value_size;
  guint capacity = (guint) (BATCH_BYTES / MAX (entry_size, 1));

  capacity = CLAMP (capacity, entry_size < HUGE_ENTRY ? MIN_BATCH : 1, MAX_BATCH);
  capacity = MIN (capacity, MAX (self->map->max_entries, 1));

  /* A token is a key or the number of a bucket. */
  self->token_size = MAX (self->key_size, 8);
  self->token = g_malloc0 (self->token_size * 2);

  return allocate_batch (self, capacity) && fetch_batch (self);
}

/* One key at a time */

static gboolean
collect_keys (EbpfMapIterator *self, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_bytes_hash, g_bytes_equal);
  g_autofree guint8 *key = g_malloc0 (MAX (self->key_size, 1));
  gconstpointer previous = NULL;
  guint n_restarts = 0;
  guint n_known = 0; /* known ones in a row */
  GError *local_error = NULL;

  self->all_keys = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  /* All keys first, in a tight loop: then it does not matter what becomes of the key at hand while
   * the application looks at it. Where somebody deletes the key that we stand on here, the kernel
   * starts again at the first, which is seen by meeting a known key. */
  while (ebpf_map_next_key_raw (self->map, previous, key, &local_error))
    {
      g_autoptr (GBytes) bytes = g_bytes_new (key, self->key_size);

      previous = key;
      if (!g_hash_table_contains (seen, bytes))
        {
          n_known = 0;
          g_hash_table_add (seen, bytes);
          g_ptr_array_add (self->all_keys, g_steal_pointer (&bytes));
          continue;
        }

      if (n_known == 0 || n_known > self->all_keys->len)
        {
          n_known = 0;
          if (++n_restarts > MAX_RESTARTS)
            {
              g_autofree char *what = ebpf_map_describe (self->map);

              ebpf_error_set (error, EBPF_ERROR_BUSY, 0,
                              "%s: entries are deleted faster than their keys can be read; try "
                              "again",
                              what);
              return FALSE;
            }
        }
      n_known++;
    }

  if (!g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, local_error);
      return FALSE;
    }

  g_error_free (local_error);
  return TRUE;
}

static gboolean
next_by_key (EbpfMapIterator *self, GError **error)
{
  while (self->next_key < self->all_keys->len)
    {
      GBytes *key = g_ptr_array_index (self->all_keys, self->next_key++);
      GError *local_error = NULL;
      GBytes *value =
          ebpf_map_lookup_packed (self->map, g_bytes_get_data (key, NULL), FALSE, 0, &local_error);

      if (value != NULL)
        {
          self->key = g_bytes_ref (key);
          self->value = value;
          return TRUE;
        }

      /* Gone meanwhile, or an empty place in an array of maps or programs. */
      if (g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
        {
          g_error_free (local_error);
          continue;
        }

      g_propagate_error (error, local_error);
      return FALSE;
    }

  return FALSE;
}

static gboolean
next_in_batch (EbpfMapIterator *self, GError **error)
{
  const guint64 limit = 2 * (guint64) self->map->max_entries + 1024;

  if (self->index >= self->n_entries)
    {
      if (self->last_batch)
        return FALSE;
      if (self->n_delivered > limit)
        {
          g_autofree char *what = ebpf_map_describe (self->map);

          ebpf_error_set (error, EBPF_ERROR_BUSY, 0,
                          "%s: it changes faster than it can be read; try again", what);
          return FALSE;
        }
      if (!fetch_batch (self))
        {
          int errsv = errno;

          if (errsv != ENOENT && ebpf_map_check_open (self->map, error) >= 0)
            ebpf_map_set_error (self->map, error, errsv, "reading a batch", NULL);
          return FALSE;
        }
    }

  self->index++;
  self->n_delivered++;
  return TRUE;
}

static gboolean
start (EbpfMapIterator *self, GError **error)
{
  if (ebpf_map_check_open (self->map, error) < 0)
    return FALSE;

  self->key_size = self->map->key_size;
  self->value_size = ebpf_map_get_value_buffer_size (self->map);

  if (self->key_size == 0)
    {
      g_autofree char *what = ebpf_map_describe (self->map);

      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "%s has no keys to go through; take its values out one by one", what);
      return FALSE;
    }

  if (start_batches (self))
    {
      self->state = STATE_BATCH;
      return TRUE;
    }
  if (errno == ENOENT)
    {
      self->state = STATE_BATCH;
      self->last_batch = TRUE;
      return TRUE;
    }

  /* Not for this type, not on this kernel: whatever it is, the other way will say so, too. */
  g_debug ("map '%s': no batches (%s)", self->map->name, ebpf_sys_errno_name (errno));
  g_clear_pointer (&self->keys, g_free);
  g_clear_pointer (&self->values, g_free);
  self->state = STATE_KEYS;

  return collect_keys (self, error);
}

/**
 * ebpf_map_iterator_next:
 * @self: a map iterator
 * @error: return location for an error
 *
 * Goes to the next entry; at first to the first.
 *
 * Returns: %TRUE where there is one; %FALSE at the end, or with @error set
 */
gboolean
ebpf_map_iterator_next (EbpfMapIterator *self, GError **error)
{
  GError *local_error = NULL;
  gboolean found = FALSE;

  g_return_val_if_fail (EBPF_IS_MAP_ITERATOR (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  clear_entry (self);

  if (self->state == STATE_DONE)
    return FALSE;

  if (self->state != STATE_NEW || start (self, &local_error))
    found = self->state == STATE_BATCH ? next_in_batch (self, &local_error)
                                       : next_by_key (self, &local_error);

  if (!found)
    self->state = STATE_DONE;
  if (local_error != NULL)
    g_propagate_error (error, local_error);

  self->has_entry = found;
  return found;
}

static GBytes *
peek_key (EbpfMapIterator *self)
{
  if (self->key == NULL)
    self->key =
        g_bytes_new (self->keys + (gsize) (self->index - 1) * self->key_size, self->key_size);

  return self->key;
}

static GBytes *
peek_value (EbpfMapIterator *self)
{
  if (self->value == NULL)
    self->value =
        g_bytes_new (self->values + (gsize) (self->index - 1) * self->value_size, self->value_size);

  return self->value;
}

/**
 * ebpf_map_iterator_get_key:
 * @self: a map iterator that stands on an entry
 * @error: return location for an error
 *
 * Gets the key of the entry at hand.
 *
 * Returns: (transfer full): the key, or %NULL with @error set
 */
GVariant *
ebpf_map_iterator_get_key (EbpfMapIterator *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_ITERATOR (self), NULL);
  g_return_val_if_fail (self->has_entry, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_map_driver_key_to_variant (self->map->driver, self->map, peek_key (self), error);
}

/**
 * ebpf_map_iterator_get_value:
 * @self: a map iterator that stands on an entry
 * @error: return location for an error
 *
 * Gets the value of the entry at hand.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_map_iterator_get_value (EbpfMapIterator *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_ITERATOR (self), NULL);
  g_return_val_if_fail (self->has_entry, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_map_driver_value_to_variant (self->map->driver, self->map, peek_value (self), error);
}

/**
 * ebpf_map_iterator_get_key_bytes:
 * @self: a map iterator that stands on an entry
 *
 * Gets the key of the entry at hand, as bytes.
 *
 * Returns: (transfer full): the key
 */
GBytes *
ebpf_map_iterator_get_key_bytes (EbpfMapIterator *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_ITERATOR (self), NULL);
  g_return_val_if_fail (self->has_entry, NULL);

  return g_bytes_ref (peek_key (self));
}

/**
 * ebpf_map_iterator_get_value_bytes:
 * @self: a map iterator that stands on an entry
 * @error: return location for an error
 *
 * Gets the value of the entry at hand, as bytes: the same as [method@Map.lookup_bytes].
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GBytes *
ebpf_map_iterator_get_value_bytes (EbpfMapIterator *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_ITERATOR (self), NULL);
  g_return_val_if_fail (self->has_entry, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_map_driver_unpack_value (self->map->driver, self->map, peek_value (self), error);
}

/**
 * ebpf_map_iterator_get_object:
 * @self: a map iterator that stands on an entry
 * @error: return location for an error
 *
 * Opens the map or program that is the value of the entry at hand, as [method@Map.lookup_object] does.
 * It is closed when nobody holds it any more.
 *
 * Returns: (transfer full): an [class@Map] or [class@Program], or %NULL with @error set:
 * %EBPF_ERROR_NOT_FOUND where it is gone meanwhile
 */
GObject *
ebpf_map_iterator_get_object (EbpfMapIterator *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_ITERATOR (self), NULL);
  g_return_val_if_fail (self->has_entry, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_map_driver_value_to_object (self->map->driver, self->map, peek_value (self), error);
}

/**
 * ebpf_map_iterator_peek: (skip)
 * @self: a map iterator that stands on an entry
 * @key: (out) (optional): the key, of [property@Map:key-size] bytes
 * @value: (out) (optional): the value as the kernel has it, of [method@Map.get_value_buffer_size]
 * bytes
 *
 * Gets the entry at hand without a copy, for C. It is good until the iterator moves on.
 */
void
ebpf_map_iterator_peek (EbpfMapIterator *self, gconstpointer *key, gconstpointer *value)
{
  g_return_if_fail (EBPF_IS_MAP_ITERATOR (self));
  g_return_if_fail (self->has_entry);

  if (self->state == STATE_BATCH)
    {
      if (key != NULL)
        *key = self->keys + (gsize) (self->index - 1) * self->key_size;
      if (value != NULL)
        *value = self->values + (gsize) (self->index - 1) * self->value_size;
    }
  else
    {
      if (key != NULL)
        *key = g_bytes_get_data (self->key, NULL);
      if (value != NULL)
        *value = g_bytes_get_data (self->value, NULL);
    }
}
