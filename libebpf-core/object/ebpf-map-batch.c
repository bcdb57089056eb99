/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many entries with one call (Linux 5.6), and one by one where the kernel does not have that for the
 * type of map: which it is, is found out by trying, so that nothing is asked of the kernel that it
 * would refuse to somebody without privileges. */

#include "object/ebpf-map-cursor-private.h"
#include "object/ebpf-map-iterator.h"
#include "object/ebpf-map-snapshot-private.h"
#include "object/ebpf-map-struct-private.h"

#include "plugin/ebpf-map-driver-private.h"

#include <errno.h>
#include <string.h>

/* How much is fetched where nobody says, and what a snapshot starts with: what is allocated follows
 * from what is there, not from max_entries, which may be huge in a map that is nearly empty. */
#define DEFAULT_WANTED 1024u
#define FIRST_WANTED 256u

int
ebpf_map_batch (EbpfMap *self,
                EbpfSysCommand command,
                gconstpointer in,
                gpointer out,
                gconstpointer keys,
                gconstpointer values,
                guint *n_entries,
                guint64 flags)
{
  const guint n_wanted = *n_entries;
  EbpfSysMapBatch attr;
  int ret;

  memset (&attr, 0, sizeof attr);
  attr.in_batch = EBPF_PTR_TO_U64 (in);
  attr.out_batch = EBPF_PTR_TO_U64 (out);
  attr.keys = EBPF_PTR_TO_U64 (keys);
  attr.values = EBPF_PTR_TO_U64 (values);
  attr.count = n_wanted;
  attr.map_fd = (guint32) ebpf_map_use_fd (self);
  attr.elem_flags = flags;

  ret = ebpf_sys_bpf (command, &attr, sizeof attr);
  /* A kernel that does not know the call leaves the number alone. */
  *n_entries = ret == 0 || attr.count < n_wanted ? MIN (attr.count, n_wanted) : 0;
  if (ret < 0 && errno == ENOENT)
    *n_entries = MIN (attr.count, n_wanted);

  return ret;
}

/* What a kernel answers that has no such call for this type of map. */
static gboolean
is_unsupported (int errsv)
{
  return errsv == EINVAL || errsv == EOPNOTSUPP || errsv == 524 /* ENOTSUPP */ || errsv == ENOSYS;
}

/* Reading */

static gboolean
check_cursor (EbpfMap *self, EbpfMapCursor *cursor, GError **error)
{
  g_autofree char *what = NULL;

  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;

  if (cursor->map != self)
    {
      g_autofree char *other =
          cursor->map != NULL ? ebpf_map_describe (cursor->map) : g_strdup ("no map");

      what = ebpf_map_describe (self);
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "a cursor for %s cannot be used with %s", other, what);
      return FALSE;
    }

  if (self->key_size == 0)
    {
      what = ebpf_map_describe (self);
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "%s has no keys to go through; take its values out one by one", what);
      return FALSE;
    }

  return TRUE;
}

/* One by one. Deleting starts at the first key each time, so that nothing is left behind. */
static gboolean
fetch_by_key (EbpfMap *self,
              EbpfMapCursor *cursor,
              gboolean take,
              gpointer keys,
              gpointer values,
              guint *n_entries,
              guint64 flags,
              GError **error)
{
  const gsize value_size = ebpf_map_get_value_buffer_size (self);
  const guint n_wanted = *n_entries;
  guint64 n_steps = 0;
  guint n = 0;

  cursor->by_key = TRUE;
  *n_entries = 0;

  while (n < n_wanted)
    {
      guint8 *key = (guint8 *) keys + n * self->key_size;
      guint8 *value = (guint8 *) values + n * value_size;
      GError *local_error = NULL;
      gboolean done;

      if (!ebpf_map_next_key_raw (self, cursor->has_token && !take ? cursor->token : NULL, key,
                                  &local_error))
        {
          *n_entries = n;
          if (g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
            {
              g_error_free (local_error);
              ebpf_map_cursor_set_at_end (cursor);
              return TRUE;
            }
          g_propagate_error (error, local_error);
          return FALSE;
        }

      /* Somebody deletes faster than we read. */
      if (n_steps++ > (guint64) self->max_entries * 2 + 1024)
        {
          g_autofree char *what = ebpf_map_describe (self);

          ebpf_error_set (error, EBPF_ERROR_BUSY, 0,
                          "%s: it changes faster than it can be read; try again", what);
          return FALSE;
        }

      memcpy (cursor->token, key, self->key_size);
      cursor->has_token = TRUE;
      done = take ? ebpf_map_lookup_and_delete_raw (self, key, value, flags, &local_error)
                  : ebpf_map_lookup_raw (self, key, value, flags, &local_error);
      if (!done && take && is_unsupported (ebpf_error_get_errno (local_error)))
        {
          g_clear_error (&local_error);
          done = ebpf_map_lookup_raw (self, key, value, flags, &local_error) &&
                 ebpf_map_delete_key_raw (self, key, &local_error);
        }
      if (done)
        {
          n++;
          continue;
        }

      /* Gone meanwhile, or an empty place. */
      if (g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
        {
          g_error_free (local_error);
          continue;
        }
      *n_entries = n;
      g_propagate_error (error, local_error);
      return FALSE;
    }

  *n_entries = n;
  return TRUE;
}

/* TRUE with what there is, or -1 as errno says: ENOSPC where more room is needed. */
static gboolean
fetch (EbpfMap *self,
       EbpfMapCursor *cursor,
       gboolean take,
       gpointer keys,
       gpointer values,
       guint *n_entries,
       guint64 flags,
       gboolean *no_room,
       GError **error)
{
  const EbpfSysCommand command =
      take ? EBPF_SYS_MAP_LOOKUP_AND_DELETE_BATCH : EBPF_SYS_MAP_LOOKUP_BATCH;
  const guint n_wanted = *n_entries;
  guint n_tries = 0;
  int errsv;

  *no_room = FALSE;
  if (cursor->by_key)
    return fetch_by_key (self, cursor, take, keys, values, n_entries, flags, error);

  while (TRUE)
    {
      *n_entries = n_wanted;
      if (ebpf_map_batch (self, command, cursor->has_token ? cursor->token : NULL,
                          cursor->token + cursor->token_size, keys, values, n_entries, flags) == 0)
        break;

      errsv = errno;
      if (errsv == ENOENT)
        {
          ebpf_map_cursor_set_at_end (cursor);
          return TRUE;
        }
      if (errsv == ENOSPC)
        {
          *no_room = TRUE;
          return FALSE;
        }
      /* Entries went away while the kernel looked. */
      if ((errsv == EAGAIN || errsv == EINTR) && n_tries++ < 1024)
        continue;
      if (!cursor->has_token && is_unsupported (errsv))
        {
          *n_entries = n_wanted;
          return fetch_by_key (self, cursor, take, keys, values, n_entries, flags, error);
        }

      *n_entries = 0;
      if (ebpf_map_check_open (self, error) >= 0)
        {
          if (take)
            ebpf_map_set_error_writing (self, error, errsv, "taking out a batch", NULL);
          else
            ebpf_map_set_error (self, error, errsv, "reading a batch", NULL);
        }
      return FALSE;
    }

  memcpy (cursor->token, cursor->token + cursor->token_size, cursor->token_size);
  cursor->has_token = TRUE;

  return TRUE;
}

/**
 * ebpf_map_lookup_batch_raw: (skip)
 * @self: a map
 * @cursor: a cursor of this map
 * @keys: (not nullable): a buffer for the keys, each of [property@Map:key-size] bytes
 * @values: (not nullable): a buffer for the values, each of [method@Map.get_value_buffer_size] bytes
 * @n_entries: (inout): how many entries fit, then how many there are
 * @flags: 0, or `BPF_F_LOCK`
 * @error: return location for an error
 *
 * Reads the next entries, for C. The last of them have been read when [property@MapCursor:at-end] is
 * %TRUE. A hash gives up with %EBPF_ERROR_LIMIT where fewer entries fit than have the same hash.
 *
 * Returns: whether they were read; what was read before an error is in the buffers, too
 */
gboolean
ebpf_map_lookup_batch_raw (EbpfMap *self,
                           EbpfMapCursor *cursor,
                           gpointer keys,
                           gpointer values,
                           guint *n_entries,
                           guint64 flags,
                           GError **error)
{
  gboolean no_room;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (EBPF_IS_MAP_CURSOR (cursor), FALSE);
  g_return_val_if_fail (n_entries != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!check_cursor (self, cursor, error) || cursor->at_end)
    {
      *n_entries = 0;
      return cursor->at_end && cursor->map == self && ebpf_map_is_open (self);
    }
  if (fetch (self, cursor, FALSE, keys, values, n_entries, flags, &no_room, error))
    return TRUE;

  if (no_room)
    {
      g_autofree char *what = ebpf_map_describe (self);

      ebpf_error_set (error, EBPF_ERROR_LIMIT, ENOSPC,
                      "%s: more entries have the same hash than fit into a batch of this size "
                      "(ENOSPC); make it larger",
                      what);
    }
  return FALSE;
}

/* Appends to @slab until the end of the map, or, where @n_wanted is not 0, until there are that many,
 * or a batch that needed more. */
static gboolean
fill_slab (EbpfMap *self,
           EbpfMapCursor *cursor,
           gboolean take,
           EbpfMapSlab *slab,
           guint n_wanted,
           guint64 flags,
           GError **error)
{
  const guint64 limit = (guint64) self->max_entries * 2 + 1024;
  guint room = n_wanted != 0 ? n_wanted : FIRST_WANTED;

  while (!cursor->at_end && (n_wanted == 0 || slab->n_entries < n_wanted))
    {
      gboolean no_room = FALSE, done;
      guint n;

      if (slab->n_entries > limit)
        {
          g_autofree char *what = ebpf_map_describe (self);

          ebpf_error_set (error, EBPF_ERROR_BUSY, 0,
                          "%s: it changes faster than it can be read; try again", what);
          return FALSE;
        }

      /* At least doubling, so that copying stays in proportion. */
      if (slab->capacity - slab->n_entries < room &&
          (slab->n_entries > G_MAXUINT32 / 2 - room ||
           !ebpf_map_slab_reserve (slab, slab->n_entries + MAX (slab->n_entries, room))))
        {
          ebpf_map_set_error (self, error, ENOMEM, "making room for its entries", NULL);
          return FALSE;
        }

      n = slab->capacity - slab->n_entries;
      if (n_wanted != 0)
        n = MIN (n, room);
      done = fetch (self, cursor, take, slab->keys + slab->n_entries * slab->key_size,
                    slab->values + slab->n_entries * slab->value_size, &n, flags, &no_room, error);
      if (!done && no_room)
        {
          /* More entries have the same hash than fit. */
          room = MAX (room, slab->capacity - slab->n_entries);
          room = room > G_MAXUINT32 / 4 ? room : room * 2;
          continue;
        }

      slab->n_entries += n;
      if (!done)
        return FALSE;
      /* What was asked for, or a part of it: the caller comes again. */
      if (n_wanted != 0 && n > 0)
        break;
    }

  return TRUE;
}

static EbpfMapSnapshot *
read_batch (EbpfMap *self,
            EbpfMapCursor *cursor,
            gboolean take,
            guint n_wanted,
            guint64 flags,
            GError **error)
{
  EbpfMapSlab slab = { .key_size = self->key_size };
  EbpfMapSnapshot *snapshot = NULL;
  GError *local_error = NULL;

  if (!check_cursor (self, cursor, error))
    return NULL;

  slab.value_size = ebpf_map_get_value_buffer_size (self);
  if (!fill_slab (self, cursor, take, &slab, n_wanted, flags, &local_error))
    {
      /* What was taken out is nowhere else any more. */
      if (!take || slab.n_entries == 0)
        {
          ebpf_map_slab_clear (&slab);
          g_propagate_error (error, local_error);
          return NULL;
        }
      g_debug ("%s", local_error->message);
      g_error_free (local_error);
    }

  snapshot = ebpf_map_snapshot_new (self, &slab, error);
  ebpf_map_slab_clear (&slab);

  return snapshot;
}

/**
 * ebpf_map_snapshot:
 * @self: a map
 * @error: return location for an error
 *
 * Copies all entries, in batches where the kernel has them for the type of map. An entry that is there
 * all the time is in the snapshot; one that comes or goes meanwhile may be or not.
 *
 * Returns: (transfer full): the entries, or %NULL with @error set: %EBPF_ERROR_BUSY where others
 * write faster than this can read
 */
EbpfMapSnapshot *
ebpf_map_snapshot (EbpfMap *self, GError **error)
{
  g_autoptr (EbpfMapCursor) cursor = NULL;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  cursor = ebpf_map_cursor_new (self);

  return read_batch (self, cursor, FALSE, 0, 0, error);
}

/**
 * ebpf_map_lookup_batch:
 * @self: a map
 * @cursor: a cursor of this map, which moves on
 * @n_wanted: how many entries to read, about; 0 for the library's choice
 * @flags: how to read
 * @error: return location for an error
 *
 * Reads the next entries. There can be fewer than wanted, and more where many have the same hash;
 * there is nothing more when [property@MapCursor:at-end] is %TRUE.
 *
 * Returns: (transfer full): the entries, or %NULL with @error set
 */
EbpfMapSnapshot *
ebpf_map_lookup_batch (EbpfMap *self,
                       EbpfMapCursor *cursor,
                       guint n_wanted,
                       EbpfLookupFlags flags,
                       GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (EBPF_IS_MAP_CURSOR (cursor), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return read_batch (self, cursor, FALSE, n_wanted != 0 ? n_wanted : DEFAULT_WANTED, flags, error);
}

/**
 * ebpf_map_lookup_and_delete_batch:
 * @self: a map
 * @cursor: a cursor of this map, which moves on
 * @n_wanted: how many entries to take, about; 0 for the library's choice
 * @flags: how to read
 * @error: return location for an error
 *
 * Reads the next entries and takes them out of the map. Like [method@Map.lookup_batch] else.
 *
 * Returns: (transfer full): the entries, or %NULL with @error set
 */
EbpfMapSnapshot *
ebpf_map_lookup_and_delete_batch (EbpfMap *self,
                                  EbpfMapCursor *cursor,
                                  guint n_wanted,
                                  EbpfLookupFlags flags,
                                  GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (EBPF_IS_MAP_CURSOR (cursor), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return read_batch (self, cursor, TRUE, n_wanted != 0 ? n_wanted : DEFAULT_WANTED, flags, error);
}

/* Writing */

static gboolean
write_batch (EbpfMap *self,
             const guint8 *keys,
             const guint8 *values,
             guint n_entries,
             guint64 flags,
             guint *n_done,
             GError **error)
{
  const EbpfSysCommand command =
      values != NULL ? EBPF_SYS_MAP_UPDATE_BATCH : EBPF_SYS_MAP_DELETE_BATCH;
  const gsize value_size = values != NULL ? ebpf_map_get_value_buffer_size (self) : 0;
  guint done = 0;

  if (n_done != NULL)
    *n_done = 0;
  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;
  if (n_entries == 0)
    return TRUE;

  /* The kernel's call does not take flags that create or replace only. */
  if ((flags & (EBPF_UPDATE_FLAGS_NOEXIST | EBPF_UPDATE_FLAGS_EXIST)) == 0 && self->key_size > 0)
    {
      guint n = n_entries;

      if (ebpf_map_batch (self, command, NULL, NULL, keys, values, &n, flags) == 0)
        {
          if (n_done != NULL)
            *n_done = n_entries;
          return TRUE;
        }
      /* The one that failed says why on its own. */
      done = n < n_entries ? n : 0;
    }

  for (; done < n_entries; done++)
    {
      gconstpointer key = self->key_size > 0 ? keys + (gsize) done * self->key_size : NULL;
      gboolean ok = values != NULL
                        ? ebpf_map_update_raw (self, key, values + done * value_size, flags, error)
                        : ebpf_map_delete_key_raw (self, key, error);

      if (n_done != NULL)
        *n_done = done;
      if (!ok)
        return FALSE;
    }

  if (n_done != NULL)
    *n_done = n_entries;
  return TRUE;
}

/**
 * ebpf_map_update_batch_raw: (skip)
 * @self: a map
 * @keys: (nullable): keys, each of [property@Map:key-size] bytes; %NULL for a map without keys
 * @values: (not nullable): values, each of [method@Map.get_value_buffer_size] bytes
 * @n_entries: how many there are
 * @flags: see [flags@UpdateFlags]
 * @n_done: (out) (optional): how many were written
 * @error: return location for an error
 *
 * Writes many entries, for C.
 *
 * Returns: whether all were written
 */
gboolean
ebpf_map_update_batch_raw (EbpfMap *self,
                           gconstpointer keys,
                           gconstpointer values,
                           guint n_entries,
                           guint64 flags,
                           guint *n_done,
                           GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (values != NULL || n_entries == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return write_batch (self, keys, values, n_entries, flags, n_done, error);
}

/**
 * ebpf_map_delete_batch_raw: (skip)
 * @self: a map
 * @keys: (nullable): keys, each of [property@Map:key-size] bytes
 * @n_entries: how many there are
 * @n_done: (out) (optional): how many were taken away
 * @error: return location for an error
 *
 * Takes many entries away, for C.
 *
 * Returns: whether all were taken away
 */
gboolean
ebpf_map_delete_batch_raw (EbpfMap *self,
                           gconstpointer keys,
                           guint n_entries,
                           guint *n_done,
                           GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return write_batch (self, keys, NULL, n_entries, 0, n_done, error);
}

/* How many keys these bytes are. */
static gboolean
count_keys (EbpfMap *self, GBytes *keys, guint *n_entries, GError **error)
{
  gsize size = g_bytes_get_size (keys);

  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;

  if (self->key_size == 0 || size % self->key_size != 0 || size / self->key_size > G_MAXUINT32)
    {
      g_autofree char *what = ebpf_map_describe (self);

      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%s: %" G_GSIZE_FORMAT " bytes are not a number of keys of %u bytes each",
                      what, size, self->key_size);
      return FALSE;
    }

  *n_entries = (guint) (size / self->key_size);
  return TRUE;
}

/**
 * ebpf_map_update_batch_bytes:
 * @self: a map
 * @keys: keys, one after the other
 * @values: as many values, one after the other, each as [method@Map.update_bytes] takes it
 * @flags: whether to create or replace
 * @n_done: (out) (optional): how many were written
 * @error: return location for an error
 *
 * Writes many entries, with one call where the kernel has that.
 *
 * Returns: whether all were written; where not, @n_done were, and @error is about the next
 */
gboolean
ebpf_map_update_batch_bytes (EbpfMap *self,
                             GBytes *keys,
                             GBytes *values,
                             EbpfUpdateFlags flags,
                             guint *n_done,
                             GError **error)
{
  g_autoptr (GByteArray) packed = NULL;
  gsize values_size, stride;
  guint n_entries;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (keys != NULL, FALSE);
  g_return_val_if_fail (values != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (n_done != NULL)
    *n_done = 0;
  if (!count_keys (self, keys, &n_entries, error))
    return FALSE;

  values_size = g_bytes_get_size (values);
  /* Without packing, they go to the kernel as they are. */
  stride =
      ebpf_map_driver_has_packed_values (self->driver)
          ? (gsize) self->value_size * ebpf_map_driver_query_n_possible_values (self->driver, self)
          : ebpf_map_get_value_buffer_size (self);
  if (values_size != n_entries * stride)
    {
      g_autofree char *what = ebpf_map_describe (self);

      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%s: the values of %u keys have %" G_GSIZE_FORMAT
                      " bytes, not %" G_GSIZE_FORMAT,
                      what, n_entries, n_entries * stride, values_size);
      return FALSE;
    }

  if (!ebpf_map_driver_has_packed_values (self->driver))
    return write_batch (self, g_bytes_get_data (keys, NULL), g_bytes_get_data (values, NULL),
                        n_entries, flags, n_done, error);

  packed = g_byte_array_new ();
  for (guint i = 0; i < n_entries; i++)
    {
      g_autoptr (GBytes) plain = g_bytes_new_from_bytes (values, i * stride, stride);
      g_autoptr (GBytes) value = ebpf_map_driver_pack_value (self->driver, self, plain, error);

      if (value == NULL)
        return FALSE;
      g_byte_array_append (packed, g_bytes_get_data (value, NULL),
                           (guint) g_bytes_get_size (value));
    }

  return write_batch (self, g_bytes_get_data (keys, NULL), packed->data, n_entries, flags, n_done,
                      error);
}

/**
 * ebpf_map_delete_batch_bytes:
 * @self: a map
 * @keys: keys, one after the other
 * @n_done: (out) (optional): how many were taken away
 * @error: return location for an error
 *
 * Takes many entries away, with one call where the kernel has that.
 *
 * Returns: whether all were taken away; where not, @n_done were, and @error is about the next
 */
gboolean
ebpf_map_delete_batch_bytes (EbpfMap *self, GBytes *keys, guint *n_done, GError **error)
{
  guint n_entries;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (keys != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (n_done != NULL)
    *n_done = 0;

  return count_keys (self, keys, &n_entries, error) &&
         write_batch (self, g_bytes_get_data (keys, NULL), NULL, n_entries, 0, n_done, error);
}

static gboolean
check_container (EbpfMap *self, GVariant *variant, const char *wanted, GError **error)
{
  g_autofree char *what = NULL;

  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;
  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_ARRAY) ||
      g_variant_is_of_type (variant, G_VARIANT_TYPE_TUPLE))
    return TRUE;

  what = ebpf_map_describe (self);
  ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0, "%s: %s are wanted, not \"%s\"", what, wanted,
                  g_variant_get_type_string (variant));
  return FALSE;
}

/* The driver may hand out bytes that keep something open (a descriptor), so all are kept until the
 * call is done. */
static gboolean
add_bytes (GByteArray *array, GPtrArray *kept, GBytes *bytes)
{
  g_byte_array_append (array, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  g_ptr_array_add (kept, bytes);

  return TRUE;
}

/**
 * ebpf_map_update_batch:
 * @self: a map
 * @entries: an array of keys with their values: pairs such as `a(us)` or `a(vv)`, or a dictionary
 * such as `a{sv}`
 * @flags: whether to create or replace
 * @n_done: (out) (optional): how many were written
 * @error: return location for an error
 *
 * Writes many entries, with one call where the kernel has that. Nothing is written where a key or a
 * value is not of the right type.
 *
 * Returns: whether all were written; where not, @n_done were, and @error is about the next
 */
gboolean
ebpf_map_update_batch (EbpfMap *self,
                       GVariant *entries,
                       EbpfUpdateFlags flags,
                       guint *n_done,
                       GError **error)
{
  g_autoptr (GByteArray) keys = g_byte_array_new ();
  g_autoptr (GByteArray) values = g_byte_array_new ();
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GVariant) held = entries;
  gsize n_entries;

  if (held != NULL)
    g_variant_ref_sink (held);
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (entries != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (n_done != NULL)
    *n_done = 0;
  if (!check_container (self, entries, "keys with their values, such as a(vv) or a{sv},", error))
    return FALSE;

  n_entries = g_variant_n_children (entries);
  for (gsize i = 0; i < n_entries; i++)
    {
      g_autoptr (GVariant) boxed = g_variant_get_child_value (entries, i);
      g_autoptr (GVariant) entry = g_variant_is_of_type (boxed, G_VARIANT_TYPE_VARIANT)
                                       ? g_variant_get_variant (boxed)
                                       : g_variant_ref (boxed);
      g_autoptr (GVariant) key = NULL;
      g_autoptr (GVariant) value = NULL;
      GBytes *bytes = NULL;

      if (!g_variant_is_container (entry) || g_variant_n_children (entry) != 2 ||
          g_variant_is_of_type (entry, G_VARIANT_TYPE_ARRAY))
        {
          g_autofree char *what = ebpf_map_describe (self);

          ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0,
                          "%s: entry %" G_GSIZE_FORMAT " is no key with its value, but \"%s\"",
                          what, i, g_variant_get_type_string (entry));
          return FALSE;
        }

      key = g_variant_get_child_value (entry, 0);
      value = g_variant_get_child_value (entry, 1);
      if (!ebpf_map_encode_key (self, key, &bytes, error))
        return FALSE;
      if (bytes != NULL)
        add_bytes (keys, kept, bytes);
      bytes = ebpf_map_driver_value_from_variant (self->driver, self, value, error);
      if (bytes == NULL)
        return FALSE;
      add_bytes (values, kept, bytes);
    }

  return write_batch (self, keys->data, values->data != NULL ? values->data : (guint8 *) "",
                      (guint) n_entries, flags, n_done, error);
}

/**
 * ebpf_map_delete_batch:
 * @self: a map
 * @keys: an array of keys
 * @n_done: (out) (optional): how many were taken away
 * @error: return location for an error
 *
 * Takes many entries away, with one call where the kernel has that. Nothing is taken away where a key
 * is not of the right type.
 *
 * Returns: whether all were taken away; where not, @n_done were, and @error is about the next
 */
gboolean
ebpf_map_delete_batch (EbpfMap *self, GVariant *keys, guint *n_done, GError **error)
{
  g_autoptr (GByteArray) array = g_byte_array_new ();
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GVariant) held = keys;
  gsize n_keys;

  if (held != NULL)
    g_variant_ref_sink (held);
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (keys != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (n_done != NULL)
    *n_done = 0;
  if (!check_container (self, keys, "keys in an array", error))
    return FALSE;

  n_keys = g_variant_n_children (keys);
  for (gsize i = 0; i < n_keys; i++)
    {
      g_autoptr (GVariant) key = g_variant_get_child_value (keys, i);
      GBytes *bytes = NULL;

      if (!ebpf_map_encode_key (self, key, &bytes, error))
        return FALSE;
      if (bytes != NULL)
        add_bytes (array, kept, bytes);
    }

  return write_batch (self, array->data, NULL, (guint) n_keys, 0, n_done, error);
}
