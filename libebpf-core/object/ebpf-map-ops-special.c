/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What only some maps can: one CPU's value, telling whether a value is there; and the ids of all. */

#include "object/ebpf-map-struct-private.h"

#include "plugin/ebpf-map-driver-private.h"
#include "sys/ebpf-system.h"

#include <errno.h>
#include <string.h>

/* BPF_F_CPU of Linux 7.0: the buffer is the plain value of the CPU in the upper half of the flags. */
#define FLAG_CPU (G_GUINT64_CONSTANT (1) << 3)
/* BPF_F_ALL_CPUS of Linux 7.0: the plain value in the buffer is for each CPU. */
#define FLAG_ALL_CPUS (G_GUINT64_CONSTANT (1) << 4)
#define FLAGS_OF_CPU(cpu) (FLAG_CPU | (guint64) (cpu) << 32)

static void
sink (GVariant **variant)
{
  if (*variant != NULL)
    g_variant_ref_sink (*variant);
}

static gboolean
check_cpu (EbpfMap *self, guint cpu, GError **error)
{
  g_autofree char *what = NULL;
  guint n_values;

  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;

  n_values = ebpf_map_driver_query_is_per_cpu (self->driver, self)
                 ? ebpf_map_driver_query_n_possible_values (self->driver, self)
                 : 0;
  if (cpu < n_values)
    return TRUE;

  what = ebpf_map_describe (self);
  if (n_values == 0)
    ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0, "%s has no values of single CPUs", what);
  else
    ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                    "%s has values of %u CPUs, so CPU %u is not among them", what, n_values, cpu);
  return FALSE;
}

/* Plain bytes of one CPU's value. */
static GBytes *
lookup_slot (EbpfMap *self, GBytes *key, guint cpu, GError **error)
{
  g_autoptr (GBytes) packed = NULL;
  g_autoptr (GBytes) all = NULL;
  g_autofree guint8 *value = g_malloc0 (MAX (self->value_size, 1));
  GError *local_error = NULL;

  if (!check_cpu (self, cpu, error))
    return NULL;

  if (ebpf_map_lookup_raw (self, ebpf_map_key_data (self, key), value, FLAGS_OF_CPU (cpu),
                           &local_error))
    return g_bytes_new_take (g_steal_pointer (&value), self->value_size);
  if (ebpf_error_get_errno (local_error) != EINVAL)
    {
      g_propagate_error (error, local_error);
      return NULL;
    }

  /* An older kernel: all values, of which we take one. */
  g_error_free (local_error);
  packed = ebpf_map_lookup_packed (self, ebpf_map_key_data (self, key), FALSE, 0, error);
  if (packed == NULL)
    return NULL;
  all = ebpf_map_driver_unpack_value (self->driver, self, packed, error);
  if (all == NULL)
    return NULL;
  if (g_bytes_get_size (all) / MAX (self->value_size, 1) <= cpu)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "map driver %s gave %" G_GSIZE_FORMAT " bytes, without the value of CPU %u",
                      G_OBJECT_TYPE_NAME (self->driver), g_bytes_get_size (all), cpu);
      return NULL;
    }

  return g_bytes_new_from_bytes (all, (gsize) cpu * self->value_size, self->value_size);
}

/**
 * ebpf_map_lookup_cpu:
 * @self: a map with a value for each CPU
 * @key: (nullable): a key
 * @cpu: a CPU
 * @error: return location for an error
 *
 * Reads the value of one CPU. Before Linux 7.0 the kernel copies those of all.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_map_lookup_cpu (EbpfMap *self, GVariant *key, guint cpu, GError **error)
{
  g_autoptr (GBytes) key_bytes = NULL;
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GVariant) held = key;

  sink (&held);
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!ebpf_map_encode_key (self, key, &key_bytes, error))
    return NULL;
  value = lookup_slot (self, key_bytes, cpu, error);

  return value != NULL ? ebpf_map_driver_default_value_to_variant (self->driver, self, value, error)
                       : NULL;
}

/**
 * ebpf_map_lookup_cpu_bytes:
 * @self: a map with a value for each CPU
 * @key: (nullable): a key
 * @cpu: a CPU
 * @error: return location for an error
 *
 * Reads the value of one CPU, as bytes. Before Linux 7.0 the kernel copies those of all.
 *
 * Returns: (transfer full): [property@Map:value-size] bytes, or %NULL with @error set
 */
GBytes *
ebpf_map_lookup_cpu_bytes (EbpfMap *self, GBytes *key, guint cpu, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_map_check_key (self, key, error) ? lookup_slot (self, key, cpu, error) : NULL;
}

static gboolean
update_slot (EbpfMap *self,
             GBytes *key,
             GBytes *value,
             guint cpu,
             EbpfUpdateFlags flags,
             GError **error)
{
  g_autofree char *what = NULL;
  GError *local_error = NULL;

  if (!check_cpu (self, cpu, error))
    return FALSE;

  if (ebpf_map_update_raw (self, ebpf_map_key_data (self, key), g_bytes_get_data (value, NULL),
                           flags | FLAGS_OF_CPU (cpu), &local_error))
    return TRUE;
  if (ebpf_error_get_errno (local_error) != EINVAL)
    {
      g_propagate_error (error, local_error);
      return FALSE;
    }

  /* Reading all, changing one and writing all would undo what the other CPUs did meanwhile. */
  g_error_free (local_error);
  what = ebpf_map_describe (self);
  ebpf_error_set (
      error, EBPF_ERROR_NOT_SUPPORTED, EINVAL,
      "%s: writing the value of one CPU alone came with Linux 7.0 (EINVAL); write those "
      "of all",
      what);
  return FALSE;
}

/* @value: plain bytes of one CPU's value. @cpu: none. */
static gboolean
update_all_slots (EbpfMap *self,
                  GBytes *key,
                  GBytes *value,
                  guint cpu,
                  EbpfUpdateFlags flags,
                  GError **error)
{
  g_autoptr (GByteArray) all = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GBytes) packed = NULL;
  GError *local_error = NULL;
  guint n_values;

  if (!check_cpu (self, 0, error))
    return FALSE;

  if (ebpf_map_update_raw (self, ebpf_map_key_data (self, key), g_bytes_get_data (value, NULL),
                           flags | FLAG_ALL_CPUS, &local_error))
    return TRUE;
  if (ebpf_error_get_errno (local_error) != EINVAL)
    {
      g_propagate_error (error, local_error);
      return FALSE;
    }
  g_error_free (local_error);

  /* An older kernel: as many values. */
  n_values = ebpf_map_driver_query_n_possible_values (self->driver, self);
  all = g_byte_array_new ();
  for (guint i = 0; i < n_values; i++)
    g_byte_array_append (all, g_bytes_get_data (value, NULL), self->value_size);
  plain = g_byte_array_free_to_bytes (g_steal_pointer (&all));
  packed = ebpf_map_driver_pack_value (self->driver, self, plain, error);

  return packed != NULL && ebpf_map_update_packed (self, key, packed, flags, error);
}

typedef gboolean (*UpdateFunc) (EbpfMap *self,
                                GBytes *key,
                                GBytes *value,
                                guint cpu,
                                EbpfUpdateFlags flags,
                                GError **error);

static gboolean
update_variant (EbpfMap *self,
                GVariant *key,
                GVariant *value,
                guint cpu,
                EbpfUpdateFlags flags,
                UpdateFunc update,
                GError **error)
{
  g_autoptr (GBytes) key_bytes = NULL;
  g_autoptr (GBytes) value_bytes = NULL;

  if (!ebpf_map_encode_key (self, key, &key_bytes, error))
    return FALSE;
  value_bytes = ebpf_map_driver_default_value_from_variant (self->driver, self, value, error);

  return value_bytes != NULL && update (self, key_bytes, value_bytes, cpu, flags, error);
}

static gboolean
update_bytes (EbpfMap *self,
              GBytes *key,
              GBytes *value,
              guint cpu,
              EbpfUpdateFlags flags,
              UpdateFunc update,
              GError **error)
{
  g_autoptr (GBytes) plain = NULL;

  if (!ebpf_map_check_key (self, key, error))
    return FALSE;
  plain = ebpf_map_driver_default_pack_value (self->driver, self, value, error);

  return plain != NULL && update (self, key, plain, cpu, flags, error);
}

/**
 * ebpf_map_update_cpu:
 * @self: a map with a value for each CPU
 * @key: (nullable): a key
 * @value: the value of that CPU
 * @cpu: a CPU
 * @flags: whether to create or replace
 * @error: return location for an error
 *
 * Writes the value of one CPU and leaves those of the others alone (Linux 7.0).
 *
 * Returns: whether it was written; %EBPF_ERROR_NOT_SUPPORTED on an older kernel
 */
gboolean
ebpf_map_update_cpu (EbpfMap *self,
                     GVariant *key,
                     GVariant *value,
                     guint cpu,
                     EbpfUpdateFlags flags,
                     GError **error)
{
  g_autoptr (GVariant) held_key = key;
  g_autoptr (GVariant) held_value = value;

  sink (&held_key);
  sink (&held_value);
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return update_variant (self, key, value, cpu, flags, update_slot, error);
}

/**
 * ebpf_map_update_cpu_bytes:
 * @self: a map with a value for each CPU
 * @key: (nullable): a key
 * @value: [property@Map:value-size] bytes
 * @cpu: a CPU
 * @flags: whether to create or replace
 * @error: return location for an error
 *
 * Writes the value of one CPU, as bytes, and leaves those of the others alone (Linux 7.0).
 *
 * Returns: whether it was written; %EBPF_ERROR_NOT_SUPPORTED on an older kernel
 */
gboolean
ebpf_map_update_cpu_bytes (EbpfMap *self,
                           GBytes *key,
                           GBytes *value,
                           guint cpu,
                           EbpfUpdateFlags flags,
                           GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return update_bytes (self, key, value, cpu, flags, update_slot, error);
}

/**
 * ebpf_map_update_all_cpus:
 * @self: a map with a value for each CPU
 * @key: (nullable): a key
 * @value: the value that each CPU gets
 * @flags: whether to create or replace
 * @error: return location for an error
 *
 * Writes the same value for each CPU. Since Linux 7.0 the kernel is given it once.
 *
 * Returns: whether it was written
 */
gboolean
ebpf_map_update_all_cpus (EbpfMap *self,
                          GVariant *key,
                          GVariant *value,
                          EbpfUpdateFlags flags,
                          GError **error)
{
  g_autoptr (GVariant) held_key = key;
  g_autoptr (GVariant) held_value = value;

  sink (&held_key);
  sink (&held_value);
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return update_variant (self, key, value, 0, flags, update_all_slots, error);
}

/**
 * ebpf_map_update_all_cpus_bytes:
 * @self: a map with a value for each CPU
 * @key: (nullable): a key
 * @value: [property@Map:value-size] bytes, which each CPU gets
 * @flags: whether to create or replace
 * @error: return location for an error
 *
 * Writes the same value for each CPU, as bytes. Since Linux 7.0 the kernel is given it once.
 *
 * Returns: whether it was written
 */
gboolean
ebpf_map_update_all_cpus_bytes (EbpfMap *self,
                                GBytes *key,
                                GBytes *value,
                                EbpfUpdateFlags flags,
                                GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return update_bytes (self, key, value, 0, flags, update_all_slots, error);
}

static gboolean
check_tests_values (EbpfMap *self, GError **error)
{
  g_autofree char *what = NULL;

  if (ebpf_map_check_open (self, error) < 0)
    return FALSE;
  if (ebpf_map_driver_query_tests_values (self->driver, self))
    return TRUE;

  what = ebpf_map_describe (self);
  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "%s does not tell whether a value is in it; bloom filters do", what);
  return FALSE;
}

static gboolean
has_packed (EbpfMap *self, GBytes *packed, gboolean *found, GError **error)
{
  /* The kernel's call could write here; ours is not to be changed. */
  g_autofree guint8 *value = g_memdup2 (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed));
  GError *local_error = NULL;

  *found = ebpf_map_lookup_raw (self, NULL, value, 0, &local_error);
  if (local_error == NULL)
    return TRUE;
  if (g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
    {
      g_error_free (local_error);
      return TRUE;
    }

  g_propagate_error (error, local_error);
  return FALSE;
}

/**
 * ebpf_map_has_value:
 * @self: a map that only tells whether a value is in it: a bloom filter
 * @value: a value
 * @found: (out): whether it is: never wrong with %FALSE, now and then with %TRUE
 * @error: return location for an error
 *
 * Asks whether a value was put into the map.
 *
 * Returns: whether the map answered
 */
gboolean
ebpf_map_has_value (EbpfMap *self, GVariant *value, gboolean *found, GError **error)
{
  g_autoptr (GBytes) packed = NULL;
  g_autoptr (GVariant) held = value;

  sink (&held);
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (found != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  *found = FALSE;
  if (!check_tests_values (self, error))
    return FALSE;
  packed = ebpf_map_driver_value_from_variant (self->driver, self, value, error);

  return packed != NULL && has_packed (self, packed, found, error);
}

/**
 * ebpf_map_has_value_bytes:
 * @self: a map that only tells whether a value is in it: a bloom filter
 * @value: a value
 * @found: (out): whether it is: never wrong with %FALSE, now and then with %TRUE
 * @error: return location for an error
 *
 * Asks whether a value was put into the map, as bytes.
 *
 * Returns: whether the map answered
 */
gboolean
ebpf_map_has_value_bytes (EbpfMap *self, GBytes *value, gboolean *found, GError **error)
{
  g_autoptr (GBytes) packed = NULL;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (found != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  *found = FALSE;
  if (!check_tests_values (self, error))
    return FALSE;
  packed = ebpf_map_driver_pack_value (self->driver, self, value, error);

  return packed != NULL && has_packed (self, packed, found, error);
}

/**
 * ebpf_map_list_ids:
 * @n_ids: (out): how many
 * @error: return location for an error
 *
 * Lists the ids of all maps that there are at this moment, ascending; see [ctor@Map.new_from_id].
 * This takes `CAP_SYS_ADMIN`, and Linux 4.13.
 *
 * Returns: (transfer full) (array length=n_ids) (nullable): the ids, or %NULL with @error set
 */
guint *
ebpf_map_list_ids (gsize *n_ids, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (TRUE, FALSE, sizeof (guint));
  EbpfSysId attr;
  int errsv;

  g_return_val_if_fail (n_ids != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  *n_ids = 0;
  memset (&attr, 0, sizeof attr);
  while (ebpf_sys_bpf (EBPF_SYS_MAP_GET_NEXT_ID, &attr, sizeof attr) == 0)
    {
      guint id = attr.next_id;

      g_array_append_val (ids, id);
      memset (&attr, 0, sizeof attr);
      attr.id = id;
    }

  errsv = errno;
  if (errsv != ENOENT)
    {
      ebpf_sys_set_error_with_hint (error, ebpf_sys_error_code (errsv), errsv,
                                    errsv == EPERM ? "listing ids takes root, or CAP_SYS_ADMIN"
                                                   : NULL,
                                    "listing the ids of maps");
      return NULL;
    }

  *n_ids = ids->len;
  return (guint *) (gpointer) g_array_free (g_steal_pointer (&ids), FALSE);
}
