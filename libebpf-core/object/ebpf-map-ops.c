/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-struct-private.h"

#include "plugin/ebpf-map-driver-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* How much of a key an error shows. */
#define MAX_SHOWN 32

char *
ebpf_map_format_bytes (gconstpointer data, gsize size)
{
  const guint8 *bytes = data;
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < MIN (size, MAX_SHOWN); i++)
    g_string_append_printf (text, "%s%02x", i > 0 ? " " : "", bytes[i]);
  if (size > MAX_SHOWN)
    g_string_append (text, " …");

  return g_string_free (text, FALSE);
}

/* EPERM has three reasons that have nothing to do with privileges. */
static const char *
explain_refusal (EbpfMap *self, gboolean writing, EbpfError *code)
{
  int fd = ebpf_map_use_fd (self);
  int mode = fcntl (fd, F_GETFL);
  guint64 frozen = 0;

  if (writing &&
      (ebpf_map_is_frozen (self) || (ebpf_map_read_fdinfo (fd, "frozen", &frozen) && frozen != 0)))
    {
      *code = EBPF_ERROR_READ_ONLY;
      return "the map is frozen";
    }
  if (writing && mode >= 0 && (mode & O_ACCMODE) == O_RDONLY)
    {
      *code = EBPF_ERROR_READ_ONLY;
      return "the map was opened for reading only";
    }
  if (!writing && mode >= 0 && (mode & O_ACCMODE) == O_WRONLY)
    return "the map was opened for writing only";

  return NULL;
}

static void
set_error (EbpfMap *self,
           GError **error,
           int errsv,
           const char *doing,
           gboolean writing,
           gconstpointer key)
{
  g_autofree char *what = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *where = NULL;
  EbpfError code = ebpf_sys_error_code (errsv);
  const char *hint = NULL;

  /* Another thread closed it meanwhile: what the kernel said is about nothing. */
  if (ebpf_map_check_open (self, error) < 0)
    return;

  what = ebpf_map_describe (self);

  if (key != NULL && self->key_size > 0)
    {
      shown = ebpf_map_format_bytes (key, self->key_size);
      where = g_strdup_printf (" key %s", shown);
    }

  switch (errsv)
    {
    case ENOENT:
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, errsv, "%s: %s%s: no such entry (ENOENT)", what,
                      doing, where != NULL ? where : "");
      return;
    case EEXIST:
      ebpf_error_set (error, EBPF_ERROR_EXISTS, errsv,
                      "%s: %s%s: there is such an entry already (EEXIST)", what, doing,
                      where != NULL ? where : "");
      return;
    case E2BIG:
    case ENOSPC:
      ebpf_error_set (error, EBPF_ERROR_LIMIT, errsv,
                      "%s: %s%s: it does not fit (%s); the map has %u entries at most", what, doing,
                      where != NULL ? where : "", ebpf_sys_errno_name (errsv), self->max_entries);
      return;
    case EPERM:
    case EACCES:
      hint = explain_refusal (self, writing, &code);
      break;
    case EINVAL:
      /* Sizes were checked by then. */
      if (writing)
        hint = "this type of map may not allow it, or not these flags";
      break;
    case EUSERS:
      hint = "this kernel finds the first key by one that is not in the map only, and no such key "
             "was found";
      break;
    case EOPNOTSUPP:
    case 524: /* ENOTSUPP */
      hint = "this type of map does not allow it, on this kernel";
      break;
    default:
      break;
    }

  ebpf_sys_set_error_with_hint (error, code, errsv, hint, "%s: %s%s", what, doing,
                                where != NULL ? where : "");
}

void
ebpf_map_set_error (EbpfMap *self, GError **error, int errsv, const char *doing, gconstpointer key)
{
  if (error != NULL)
    set_error (self, error, errsv, doing, FALSE, key);
}

void
ebpf_map_set_error_writing (EbpfMap *self,
                            GError **error,
                            int errsv,
                            const char *doing,
                            gconstpointer key)
{
  if (error != NULL)
    set_error (self, error, errsv, doing, TRUE, key);
}

/* Raw */

static inline gboolean
operate (EbpfMap *self,
         EbpfSysCommand command,
         gconstpointer key,
         gconstpointer value,
         guint64 flags,
         GError **error)
{
  EbpfSysMapElem attr = {
    .map_fd = (guint32) ebpf_map_use_fd (self),
    .key = EBPF_PTR_TO_U64 (key),
    .value = EBPF_PTR_TO_U64 (value),
    .flags = flags,
  };
  int errsv;

  if (G_LIKELY (ebpf_sys_bpf_entry (command, &attr, sizeof attr) == 0))
    return TRUE;

  errsv = errno;
  if (G_UNLIKELY (errsv == EFAULT) && command == EBPF_SYS_MAP_GET_NEXT_KEY && key == NULL &&
      value != NULL)
    {
      errsv = ebpf_map_find_first_key (self, (gpointer) value);
      if (errsv == 0)
        return TRUE;
    }

  if (error == NULL)
    return FALSE;

  /* A closed map has the fd -1, which the kernel refuses without our looking first. */
  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;

  switch ((int) command)
    {
    case EBPF_SYS_MAP_LOOKUP_ELEM:
      set_error (self, error, errsv, "looking up", FALSE, key);
      break;
    case EBPF_SYS_MAP_UPDATE_ELEM:
      set_error (self, error, errsv, "updating", TRUE, key);
      break;
    case EBPF_SYS_MAP_DELETE_ELEM:
      set_error (self, error, errsv, "deleting", TRUE, key);
      break;
    case EBPF_SYS_MAP_LOOKUP_AND_DELETE_ELEM:
      set_error (self, error, errsv, "taking out", TRUE, key);
      break;
    default:
      set_error (self, error, errsv, "looking for the next key", FALSE, NULL);
      break;
    }

  return FALSE;
}

/**
 * ebpf_map_lookup_raw: (skip)
 * @self: a map
 * @key: (nullable): a buffer of [property@Map:key-size] bytes, or %NULL for a map without keys
 * @value: (not nullable): a buffer of [method@Map.get_value_buffer_size] bytes
 * @flags: 0, or `BPF_F_LOCK`
 * @error: return location for an error
 *
 * Reads the value of a key. One system call and nothing else; with @error %NULL not even an error
 * is made.
 *
 * Returns: whether @value was filled; where not, @error is %EBPF_ERROR_NOT_FOUND for a key that is
 * not there
 */
gboolean
ebpf_map_lookup_raw (EbpfMap *self,
                     gconstpointer key,
                     gpointer value,
                     guint64 flags,
                     GError **error)
{
  return operate (self, EBPF_SYS_MAP_LOOKUP_ELEM, key, value, flags, error);
}

/**
 * ebpf_map_update_raw: (skip)
 * @self: a map
 * @key: (nullable): a buffer of [property@Map:key-size] bytes, or %NULL for a map without keys
 * @value: (not nullable): a buffer of [method@Map.get_value_buffer_size] bytes
 * @flags: see [flags@UpdateFlags]
 * @error: return location for an error
 *
 * Writes the value of a key. One system call and nothing else.
 *
 * Returns: whether it was written
 */
gboolean
ebpf_map_update_raw (EbpfMap *self,
                     gconstpointer key,
                     gconstpointer value,
                     guint64 flags,
                     GError **error)
{
  return operate (self, EBPF_SYS_MAP_UPDATE_ELEM, key, value, flags, error);
}

/**
 * ebpf_map_delete_key_raw: (skip)
 * @self: a map
 * @key: (nullable): a buffer of [property@Map:key-size] bytes
 * @error: return location for an error
 *
 * Takes a key and its value away. One system call and nothing else.
 *
 * Returns: whether it was taken away
 */
gboolean
ebpf_map_delete_key_raw (EbpfMap *self, gconstpointer key, GError **error)
{
  return operate (self, EBPF_SYS_MAP_DELETE_ELEM, key, NULL, 0, error);
}

/**
 * ebpf_map_lookup_and_delete_raw: (skip)
 * @self: a map
 * @key: (nullable): a buffer of [property@Map:key-size] bytes, or %NULL for a map without keys
 * @value: (not nullable): a buffer of [method@Map.get_value_buffer_size] bytes
 * @flags: 0, or `BPF_F_LOCK`
 * @error: return location for an error
 *
 * Reads the value of a key and takes both away, in one step (queues and stacks: Linux 4.20, hashes:
 * Linux 5.14). One system call and nothing else.
 *
 * Returns: whether @value was filled
 */
gboolean
ebpf_map_lookup_and_delete_raw (EbpfMap *self,
                                gconstpointer key,
                                gpointer value,
                                guint64 flags,
                                GError **error)
{
  return operate (self, EBPF_SYS_MAP_LOOKUP_AND_DELETE_ELEM, key, value, flags, error);
}

/**
 * ebpf_map_next_key_raw: (skip)
 * @self: a map
 * @key: (nullable): a key, or %NULL for the first
 * @next_key: (not nullable): a buffer of [property@Map:key-size] bytes, which may be @key
 * @error: return location for an error
 *
 * Finds the key after another. Where @key is not in a hash (any more) that is the first. One system
 * call and nothing else.
 *
 * Returns: whether @next_key was filled; where not, @error is %EBPF_ERROR_NOT_FOUND at the end
 */
gboolean
ebpf_map_next_key_raw (EbpfMap *self, gconstpointer key, gpointer next_key, GError **error)
{
  return operate (self, EBPF_SYS_MAP_GET_NEXT_KEY, key, next_key, 0, error);
}

/* GBytes */

gboolean
ebpf_map_check_key (EbpfMap *self, GBytes *key, GError **error)
{
  gsize size = key != NULL ? g_bytes_get_size (key) : 0;

  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;

  if (size != self->key_size)
    {
      g_autofree char *what = ebpf_map_describe (self);

      if (self->key_size == 0)
        ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                        "%s has no keys: give none instead of %" G_GSIZE_FORMAT " bytes", what,
                        size);
      else if (key == NULL)
        ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                        "%s: a key of %u bytes is needed, none was given", what, self->key_size);
      else
        ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                        "%s: a key has %u bytes, not %" G_GSIZE_FORMAT, what, self->key_size, size);
      return FALSE;
    }

  return TRUE;
}

gconstpointer
ebpf_map_key_data (EbpfMap *self, GBytes *key)
{
  return self->key_size > 0 ? g_bytes_get_data (key, NULL) : NULL;
}

GBytes *
ebpf_map_lookup_packed (EbpfMap *self,
                        gconstpointer key,
                        gboolean take,
                        guint64 flags,
                        GError **error)
{
  gsize size = ebpf_map_get_value_buffer_size (self);
  /* What the kernel leaves alone must not be somebody's old memory. */
  g_autofree guint8 *value = g_try_malloc0 (MAX (size, 1));
  gboolean done;

  if (value == NULL)
    {
      set_error (self, error, ENOMEM, "looking up", FALSE, key);
      return NULL;
    }

  /* What it would say of a buffer of zeros is not what anybody asks. */
  if (self->key_size == 0 && ebpf_map_driver_query_tests_values (self->driver, self))
    {
      g_autofree char *what = ebpf_map_describe (self);

      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "%s gives no values back; ask whether it has one (has_value)", what);
      return NULL;
    }

  if (take)
    done = ebpf_map_lookup_and_delete_raw (self, key, value, flags, error);
  else
    done = ebpf_map_lookup_raw (self, key, value, flags, error);

  return done ? g_bytes_new_take (g_steal_pointer (&value), size) : NULL;
}

static GBytes *
lookup_bytes (EbpfMap *self, GBytes *key, gboolean take, guint64 flags, GError **error)
{
  g_autoptr (GBytes) packed = NULL;

  if (!ebpf_map_check_key (self, key, error))
    return NULL;

  packed = ebpf_map_lookup_packed (self, ebpf_map_key_data (self, key), take, flags, error);
  if (packed == NULL)
    return NULL;

  return ebpf_map_driver_unpack_value (self->driver, self, packed, error);
}

/**
 * ebpf_map_lookup_bytes:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @error: return location for an error
 *
 * Reads the value of a key, as bytes. A map with a value for each CPU has them in a row, without
 * padding.
 *
 * Returns: (transfer full): the value, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND where there
 * is no such key
 */
GBytes *
ebpf_map_lookup_bytes (EbpfMap *self, GBytes *key, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return lookup_bytes (self, key, FALSE, 0, error);
}

/**
 * ebpf_map_lookup_full_bytes:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @flags: how to read
 * @error: return location for an error
 *
 * Reads the value of a key as bytes, with flags.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GBytes *
ebpf_map_lookup_full_bytes (EbpfMap *self, GBytes *key, EbpfLookupFlags flags, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return lookup_bytes (self, key, FALSE, flags, error);
}

gboolean
ebpf_map_update_packed (EbpfMap *self,
                        GBytes *key,
                        GBytes *packed,
                        EbpfUpdateFlags flags,
                        GError **error)
{
  gsize expected = ebpf_map_get_value_buffer_size (self);

  /* The kernel reads as much as it expects, whatever there is. */
  if (g_bytes_get_size (packed) != expected)
    {
      g_autofree char *what = ebpf_map_describe (self);

      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "%s: map driver %s made a value of %" G_GSIZE_FORMAT
                      " bytes, not %" G_GSIZE_FORMAT,
                      what, G_OBJECT_TYPE_NAME (self->driver), g_bytes_get_size (packed), expected);
      return FALSE;
    }

  return ebpf_map_update_raw (self, ebpf_map_key_data (self, key), g_bytes_get_data (packed, NULL),
                              flags, error);
}

/**
 * ebpf_map_update_bytes:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @value: a value
 * @flags: whether to create or replace
 * @error: return location for an error
 *
 * Writes the value of a key, as bytes.
 *
 * Returns: whether it was written; where not, @error is %EBPF_ERROR_EXISTS, %EBPF_ERROR_NOT_FOUND
 * (as @flags say), %EBPF_ERROR_LIMIT where the map is full, %EBPF_ERROR_READ_ONLY where it is
 * frozen
 */
gboolean
ebpf_map_update_bytes (EbpfMap *self,
                       GBytes *key,
                       GBytes *value,
                       EbpfUpdateFlags flags,
                       GError **error)
{
  g_autoptr (GBytes) packed = NULL;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_map_check_key (self, key, error))
    return FALSE;

  packed = ebpf_map_driver_pack_value (self->driver, self, value, error);
  if (packed == NULL)
    return FALSE;

  return ebpf_map_update_packed (self, key, packed, flags, error);
}

/**
 * ebpf_map_delete_key_bytes:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @error: return location for an error
 *
 * Takes a key and its value away.
 *
 * Returns: whether it was taken away; where not, @error is %EBPF_ERROR_NOT_FOUND for a key that is
 * not there
 */
gboolean
ebpf_map_delete_key_bytes (EbpfMap *self, GBytes *key, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_map_check_key (self, key, error))
    return FALSE;

  return ebpf_map_delete_key_raw (self, ebpf_map_key_data (self, key), error);
}

/**
 * ebpf_map_lookup_and_delete_bytes:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @error: return location for an error
 *
 * Reads the value of a key and takes both away, in one step (queues and stacks: Linux 4.20, hashes:
 * Linux 5.14).
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GBytes *
ebpf_map_lookup_and_delete_bytes (EbpfMap *self, GBytes *key, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return lookup_bytes (self, key, TRUE, 0, error);
}

/**
 * ebpf_map_next_key_bytes:
 * @self: a map
 * @key: (nullable): a key, or %NULL for the first
 * @error: return location for an error
 *
 * Finds the key after another. Where @key is not in a hash (any more) that is the first;
 * [method@Map.iterate] copes with this.
 *
 * Returns: (transfer full): the next key, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND at the
 * end
 */
GBytes *
ebpf_map_next_key_bytes (EbpfMap *self, GBytes *key, GError **error)
{
  g_autofree guint8 *next = NULL;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (ebpf_map_check_open (self, error) < 0)
    return NULL;
  if (key != NULL && !ebpf_map_check_key (self, key, error))
    return NULL;

  next = g_malloc0 (MAX (self->key_size, 1));
  if (!ebpf_map_next_key_raw (self, key != NULL ? ebpf_map_key_data (self, key) : NULL, next,
                              error))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&next), self->key_size);
}

/* GVariant */

gboolean
ebpf_map_encode_key (EbpfMap *self, GVariant *key, GBytes **bytes, GError **error)
{
  *bytes = NULL;

  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;

  if (key == NULL || (self->key_size == 0 && g_variant_is_of_type (key, G_VARIANT_TYPE_UNIT)))
    return ebpf_map_check_key (self, NULL, error);

  *bytes = ebpf_map_driver_key_from_variant (self->driver, self, key, error);
  if (*bytes == NULL)
    return FALSE;

  if (!ebpf_map_check_key (self, *bytes, error))
    {
      g_clear_pointer (bytes, g_bytes_unref);
      return FALSE;
    }

  return TRUE;
}

/* A key in a script is often a literal that nobody else holds. */
static void
sink (GVariant **variant)
{
  if (*variant != NULL)
    g_variant_ref_sink (*variant);
}

/* What scripts do most: a number as key, and a value that its type alone says how to read. The same
 * without anything on the heap but the result. FALSE where it is not that. */
static gboolean
lookup_plainly (EbpfMap *self,
                GVariant *key,
                gboolean take,
                guint64 flags,
                GVariant **result,
                GError **error)
{
  guint64 number = 0;
  guint64 value[64];
  gboolean done;

  if (key == NULL || self->driver == NULL || self->value_size > sizeof value ||
      ebpf_map_get_value_buffer_size (self) != self->value_size ||
      *g_variant_get_type_string (key) != ebpf_map_get_key_letter (self) ||
      !ebpf_map_driver_has_plain_lookups (self->driver))
    return FALSE;

  *result = NULL;
  g_variant_store (key, &number);
  memset (value, 0, self->value_size);
  done = take ? ebpf_map_lookup_and_delete_raw (self, &number, value, flags, error)
              : ebpf_map_lookup_raw (self, &number, value, flags, error);
  if (done)
    *result = ebpf_map_driver_default_value_to_variant_raw (self->driver, self, value,
                                                            self->value_size, error);

  return TRUE;
}

static GVariant *
lookup_variant (EbpfMap *self, GVariant *key, gboolean take, guint64 flags, GError **error)
{
  g_autoptr (GBytes) key_bytes = NULL;
  g_autoptr (GBytes) packed = NULL;
  g_autoptr (GVariant) held = key;
  GVariant *result;

  sink (&held);
  if (lookup_plainly (self, key, take, flags, &result, error))
    return result;

  if (!ebpf_map_encode_key (self, key, &key_bytes, error))
    return NULL;

  packed = ebpf_map_lookup_packed (self, ebpf_map_key_data (self, key_bytes), take, flags, error);
  if (packed == NULL)
    return NULL;

  return ebpf_map_driver_value_to_variant (self->driver, self, packed, error);
}

/**
 * ebpf_map_lookup:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @error: return location for an error
 *
 * Reads the value of a key.
 *
 * Returns: (transfer full): the value, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND where there
 * is no such key
 */
GVariant *
ebpf_map_lookup (EbpfMap *self, GVariant *key, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return lookup_variant (self, key, FALSE, 0, error);
}

/**
 * ebpf_map_lookup_full:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @flags: how to read
 * @error: return location for an error
 *
 * Reads the value of a key, with flags.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_map_lookup_full (EbpfMap *self, GVariant *key, EbpfLookupFlags flags, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return lookup_variant (self, key, FALSE, flags, error);
}

/**
 * ebpf_map_update:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @value: a value
 * @flags: whether to create or replace
 * @error: return location for an error
 *
 * Writes the value of a key.
 *
 * Returns: whether it was written; where not, @error is %EBPF_ERROR_EXISTS, %EBPF_ERROR_NOT_FOUND
 * (as @flags say), %EBPF_ERROR_LIMIT where the map is full, %EBPF_ERROR_READ_ONLY where it is
 * frozen
 */
gboolean
ebpf_map_update (EbpfMap *self,
                 GVariant *key,
                 GVariant *value,
                 EbpfUpdateFlags flags,
                 GError **error)
{
  g_autoptr (GBytes) key_bytes = NULL;
  g_autoptr (GBytes) packed = NULL;
  g_autoptr (GVariant) held_key = key;
  g_autoptr (GVariant) held_value = value;

  sink (&held_key);
  sink (&held_value);
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_map_encode_key (self, key, &key_bytes, error))
    return FALSE;

  packed = ebpf_map_driver_value_from_variant (self->driver, self, value, error);
  if (packed == NULL)
    return FALSE;

  return ebpf_map_update_packed (self, key_bytes, packed, flags, error);
}

/**
 * ebpf_map_delete_key:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @error: return location for an error
 *
 * Takes a key and its value away.
 *
 * Returns: whether it was taken away; where not, @error is %EBPF_ERROR_NOT_FOUND for a key that is
 * not there
 */
gboolean
ebpf_map_delete_key (EbpfMap *self, GVariant *key, GError **error)
{
  g_autoptr (GBytes) key_bytes = NULL;
  g_autoptr (GVariant) held = key;

  sink (&held);
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_map_encode_key (self, key, &key_bytes, error))
    return FALSE;

  return ebpf_map_delete_key_raw (self, ebpf_map_key_data (self, key_bytes), error);
}

/**
 * ebpf_map_lookup_and_delete:
 * @self: a map
 * @key: (nullable): a key, or %NULL for a map without keys
 * @error: return location for an error
 *
 * Reads the value of a key and takes both away, in one step (queues and stacks: Linux 4.20, hashes:
 * Linux 5.14).
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_map_lookup_and_delete (EbpfMap *self, GVariant *key, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return lookup_variant (self, key, TRUE, 0, error);
}

/**
 * ebpf_map_lookup_object:
 * @self: a map that holds maps or programs
 * @key: (nullable): a key
 * @error: return location for an error
 *
 * Opens the map or program that is the value of a key.
 *
 * Returns: (transfer full): an [class@Map] or [class@Program], or %NULL with @error set
 */
GObject *
ebpf_map_lookup_object (EbpfMap *self, GVariant *key, GError **error)
{
  g_autoptr (GBytes) key_bytes = NULL;
  g_autoptr (GBytes) packed = NULL;
  g_autoptr (GVariant) held = key;

  sink (&held);
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!ebpf_map_encode_key (self, key, &key_bytes, error))
    return NULL;

  packed = ebpf_map_lookup_packed (self, ebpf_map_key_data (self, key_bytes), FALSE, 0, error);
  if (packed == NULL)
    return NULL;

  return ebpf_map_driver_value_to_object (self->driver, self, packed, error);
}

/**
 * ebpf_map_update_object:
 * @self: a map that holds maps or programs
 * @key: (nullable): a key
 * @object: an [class@Map] or [class@Program]
 * @flags: whether to create or replace
 * @error: return location for an error
 *
 * Puts a map or program into the map.
 *
 * Returns: whether it was put there
 */
gboolean
ebpf_map_update_object (EbpfMap *self,
                        GVariant *key,
                        GObject *object,
                        EbpfUpdateFlags flags,
                        GError **error)
{
  g_autoptr (GBytes) key_bytes = NULL;
  g_autoptr (GBytes) packed = NULL;
  g_autoptr (GVariant) held = key;

  sink (&held);
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (object), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_map_encode_key (self, key, &key_bytes, error))
    return FALSE;

  packed = ebpf_map_driver_value_from_object (self->driver, self, object, error);
  if (packed == NULL)
    return FALSE;

  return ebpf_map_update_packed (self, key_bytes, packed, flags, error);
}

static gboolean
check_driver (EbpfMap *self, GError **error)
{
  /* An object that was never a map has none. */
  return self->driver != NULL || ebpf_map_check_open (self, error) >= 0;
}

/**
 * ebpf_map_key_to_variant:
 * @self: a map
 * @key: the bytes of a key
 * @error: return location for an error
 *
 * Decodes a key.
 *
 * Returns: (transfer full): the key, or %NULL with @error set
 */
GVariant *
ebpf_map_key_to_variant (EbpfMap *self, GBytes *key, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return check_driver (self, error)
             ? ebpf_map_driver_key_to_variant (self->driver, self, key, error)
             : NULL;
}

/**
 * ebpf_map_value_to_variant:
 * @self: a map
 * @value: the bytes of a value, as [method@Map.lookup_bytes] gives them
 * @error: return location for an error
 *
 * Decodes a value.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_map_value_to_variant (EbpfMap *self, GBytes *value, GError **error)
{
  g_autoptr (GBytes) packed = NULL;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check_driver (self, error))
    return NULL;

  packed = ebpf_map_driver_pack_value (self->driver, self, value, error);
  if (packed == NULL)
    return NULL;

  return ebpf_map_driver_value_to_variant (self->driver, self, packed, error);
}

/**
 * ebpf_map_iterate:
 * @self: a map
 *
 * Starts to go through all entries. Several iterations may be under way at once.
 *
 * Returns: (transfer full): an iterator before the first entry
 */
EbpfMapIterator *
ebpf_map_iterate (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  return ebpf_map_iterator_new (self);
}
