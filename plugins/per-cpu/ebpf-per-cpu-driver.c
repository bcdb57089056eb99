/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A per-CPU map holds one value of each key for every CPU that can ever be. The kernel copies them
 * all at once, each in a slot of a multiple of 8 bytes. The plain bytes of a value are those of all
 * CPUs one after the other without padding; as a GVariant it is an array with one element for each
 * CPU. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <string.h>

/* The least that the kernel's per-CPU allocator calls too much: PCPU_MIN_UNIT_SIZE. */
#define MAX_VALUE_SIZE (32 * 1024)

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfPerCpuDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfPerCpuDriverClass;

EBPF_DEFINE_PLUGIN (EbpfPerCpuDriver,
                    ebpf_per_cpu_driver,
                    "per-cpu",
                    "Hashes, arrays and storage with a value for each CPU",
                    EBPF_MAP_TYPE_PERCPU_HASH,
                    EBPF_MAP_TYPE_PERCPU_ARRAY,
                    EBPF_MAP_TYPE_LRU_PERCPU_HASH,
                    EBPF_MAP_TYPE_PERCPU_CGROUP_STORAGE)

static gsize
get_slot_size (EbpfMap *map)
{
  return ((gsize) ebpf_map_get_value_size (map) + 7) & ~(gsize) 7;
}

static char *
ebpf_per_cpu_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  guint value_size = ebpf_map_spec_get_value_size (spec);

  if ((errsv == E2BIG || errsv == EINVAL || errsv == ENOMEM) && value_size > MAX_VALUE_SIZE)
    return g_strdup_printf ("a per-CPU value of %u bytes is too large: the kernel allows %u",
                            value_size, MAX_VALUE_SIZE);

  if (errsv == ENOMEM)
    return g_strdup_printf (
        "%u entries of %u bytes for each of %u CPUs are more than the kernel can "
        "give; make max_entries smaller",
        ebpf_map_spec_get_max_entries (spec), value_size, ebpf_get_n_possible_cpus ());

  if (errsv == EINVAL && ebpf_map_spec_get_map_type (spec) == EBPF_MAP_TYPE_PERCPU_CGROUP_STORAGE &&
      ebpf_map_spec_get_max_entries (spec) != 0)
    return g_strdup ("cgroup storage has as many entries as cgroups; set max_entries to 0");

  return NULL;
}

static gsize
ebpf_per_cpu_driver_get_value_buffer_size (EbpfMapDriver *driver, EbpfMap *map)
{
  return get_slot_size (map) * ebpf_get_n_possible_cpus ();
}

static guint
ebpf_per_cpu_driver_query_n_possible_values (EbpfMapDriver *driver, EbpfMap *map)
{
  return ebpf_get_n_possible_cpus ();
}

static gboolean
ebpf_per_cpu_driver_query_is_per_cpu (EbpfMapDriver *driver, EbpfMap *map)
{
  return TRUE;
}

static gboolean
ebpf_per_cpu_driver_query_is_array (EbpfMapDriver *driver, EbpfMap *map)
{
  return ebpf_map_get_map_type (map) == EBPF_MAP_TYPE_PERCPU_ARRAY;
}

static gboolean
check_buffer (EbpfMap *map, GBytes *value, GError **error)
{
  gsize expected = get_slot_size (map) * ebpf_get_n_possible_cpus ();

  if (g_bytes_get_size (value) == expected)
    return TRUE;

  ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                         "map %s: a value of %u CPUs has %" G_GSIZE_FORMAT
                         " bytes as the kernel gives it, not %" G_GSIZE_FORMAT,
                         ebpf_map_get_name (map), ebpf_get_n_possible_cpus (), expected,
                         g_bytes_get_size (value));
  return FALSE;
}

static GVariant *
ebpf_per_cpu_driver_value_to_variant (EbpfMapDriver *driver,
                                      EbpfMap *map,
                                      GBytes *value,
                                      GError **error)
{
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  const gsize slot_size = get_slot_size (map);
  g_autoptr (GPtrArray) values = NULL;
  gboolean same_type = TRUE;
  GVariantBuilder builder;

  if (!check_buffer (map, value, error))
    return NULL;

  values = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  for (guint i = 0; i < n_cpus; i++)
    {
      g_autoptr (GBytes) slot =
          g_bytes_new_from_bytes (value, i * slot_size, ebpf_map_get_value_size (map));
      GVariant *element;

      element = EBPF_MAP_DRIVER_CLASS (ebpf_per_cpu_driver_parent_class)
                    ->value_to_variant (driver, map, slot, error);
      if (element == NULL)
        return NULL;

      g_ptr_array_add (values, g_variant_take_ref (element));
      same_type = same_type && g_variant_type_equal (g_variant_get_type (element),
                                                     g_variant_get_type (values->pdata[0]));
    }

  if (same_type)
    return g_variant_ref_sink (
        g_variant_new_array (NULL, (GVariant *const *) values->pdata, values->len));

  /* Text on one CPU and bytes that are no text on another. */
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (guint i = 0; i < values->len; i++)
    g_variant_builder_add (&builder, "v", g_ptr_array_index (values, i));

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
set_too_many (EbpfMap *map, gsize n, GError **error)
{
  ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                         "map %s: %" G_GSIZE_FORMAT " values for %u CPUs", ebpf_map_get_name (map),
                         n, ebpf_get_n_possible_cpus ());
}

static GBytes *
ebpf_per_cpu_driver_pack_value (EbpfMapDriver *driver, EbpfMap *map, GBytes *value, GError **error)
{
  const gsize value_size = ebpf_map_get_value_size (map);
  const gsize slot_size = get_slot_size (map);
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  const guint8 *data;
  guint8 *slots;
  gsize size;

  data = g_bytes_get_data (value, &size);
  if (size == 0 || size % value_size != 0)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: %" G_GSIZE_FORMAT
                             " bytes are not a number of values of %" G_GSIZE_FORMAT
                             " bytes each, one for each CPU",
                             ebpf_map_get_name (map), size, value_size);
      return NULL;
    }

  if (size / value_size > n_cpus)
    {
      set_too_many (map, size / value_size, error);
      return NULL;
    }

  slots = g_malloc0 (slot_size * n_cpus);
  for (gsize i = 0; i < size / value_size; i++)
    memcpy (slots + i * slot_size, data + i * value_size, value_size);

  return g_bytes_new_take (slots, slot_size * n_cpus);
}

static GBytes *
ebpf_per_cpu_driver_unpack_value (EbpfMapDriver *driver,
                                  EbpfMap *map,
                                  GBytes *value,
                                  GError **error)
{
  const gsize value_size = ebpf_map_get_value_size (map);
  const gsize slot_size = get_slot_size (map);
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  const guint8 *slots;
  guint8 *data;

  if (!check_buffer (map, value, error))
    return NULL;

  if (slot_size == value_size)
    return g_bytes_ref (value);

  slots = g_bytes_get_data (value, NULL);
  data = g_malloc (value_size * n_cpus);
  for (guint i = 0; i < n_cpus; i++)
    memcpy (data + i * value_size, slots + i * slot_size, value_size);

  return g_bytes_new_take (data, value_size * n_cpus);
}

static GBytes *
ebpf_per_cpu_driver_value_from_variant (EbpfMapDriver *driver,
                                        EbpfMap *map,
                                        GVariant *value,
                                        GError **error)
{
  const gsize value_size = ebpf_map_get_value_size (map);
  const gsize slot_size = get_slot_size (map);
  const guint n_cpus = ebpf_get_n_possible_cpus ();
  g_autofree guint8 *slots = NULL;
  gsize n;

  /* Bytes where there is no type to say what they mean: those of all CPUs. */
  if (ebpf_map_get_value_type (map) == NULL && value_size > 1 &&
      g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
    {
      g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (value);

      return ebpf_per_cpu_driver_pack_value (driver, map, bytes, error);
    }

  if ((!g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY) &&
       !g_variant_is_of_type (value, G_VARIANT_TYPE_TUPLE)) ||
      g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY))
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_TYPE, 0,
          "map %s: a value is an array with one element for each CPU, not \"%s\"",
          ebpf_map_get_name (map), g_variant_get_type_string (value));
      return NULL;
    }

  n = g_variant_n_children (value);
  if (n > n_cpus)
    {
      set_too_many (map, n, error);
      return NULL;
    }

  slots = g_malloc0 (slot_size * n_cpus);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);
      g_autoptr (GVariant) element = g_variant_is_of_type (child, G_VARIANT_TYPE_VARIANT)
                                         ? g_variant_get_variant (child)
                                         : g_variant_ref (child);
      g_autoptr (GBytes) bytes = NULL;

      bytes = EBPF_MAP_DRIVER_CLASS (ebpf_per_cpu_driver_parent_class)
                  ->value_from_variant (driver, map, element, error);
      if (bytes == NULL)
        {
          g_prefix_error (error, "CPU %" G_GSIZE_FORMAT ": ", i);
          return NULL;
        }

      if (g_bytes_get_size (bytes) != value_size)
        {
          ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                                 "map %s: the value for CPU %" G_GSIZE_FORMAT
                                 " has %" G_GSIZE_FORMAT " bytes instead of %" G_GSIZE_FORMAT,
                                 ebpf_map_get_name (map), i, g_bytes_get_size (bytes), value_size);
          return NULL;
        }

      memcpy (slots + i * slot_size, g_bytes_get_data (bytes, NULL), value_size);
    }

  return g_bytes_new_take (g_steal_pointer (&slots), slot_size * n_cpus);
}

static void
ebpf_per_cpu_driver_class_init (EbpfPerCpuDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->explain_create_error = ebpf_per_cpu_driver_explain_create_error;
  driver_class->get_value_buffer_size = ebpf_per_cpu_driver_get_value_buffer_size;
  driver_class->value_to_variant = ebpf_per_cpu_driver_value_to_variant;
  driver_class->value_from_variant = ebpf_per_cpu_driver_value_from_variant;
  driver_class->pack_value = ebpf_per_cpu_driver_pack_value;
  driver_class->unpack_value = ebpf_per_cpu_driver_unpack_value;
  driver_class->query_n_possible_values = ebpf_per_cpu_driver_query_n_possible_values;
  driver_class->query_is_per_cpu = ebpf_per_cpu_driver_query_is_per_cpu;
  driver_class->query_is_array = ebpf_per_cpu_driver_query_is_array;
}

static void
ebpf_per_cpu_driver_init (EbpfPerCpuDriver *self)
{
}
