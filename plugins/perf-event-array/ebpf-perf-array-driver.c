/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reader's options:
 *   pages-per-cpu  pages of memory for each CPU, rounded up to a power of two; 64 to begin with
 *   wakeup-events  wake the reader after so many records (1 to begin with)
 *   wakeup-bytes   or after so many bytes
 * A record's size is rounded up by the kernel to 4 less than a multiple of 8, so up to 7 bytes
 * behind what the program wrote have no meaning. */

#include "ebpf-perf-array-reader.h"

#include <errno.h>
#include <unistd.h>

#define DEFAULT_PAGES 64
#define MAX_BYTES_PER_CPU (G_GUINT64_CONSTANT (1) << 30)

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfPerfArrayDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfPerfArrayDriverClass;

EBPF_DEFINE_PLUGIN (EbpfPerfArrayDriver,
                    ebpf_perf_array_driver,
                    "perf-event-array",
                    "Perf event arrays, with a ring for each CPU",
                    EBPF_MAP_TYPE_PERF_EVENT_ARRAY)

/* Whether the definition's type explains the size: it is that of the records then. */
static gboolean
is_type_size (EbpfBtfType *type, guint size)
{
  return type != NULL && ebpf_btf_type_get_size (type) == (gint64) size;
}

static gboolean
ebpf_perf_array_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  guint key_size = ebpf_map_spec_get_key_size (spec);
  guint value_size = ebpf_map_spec_get_value_size (spec);
  guint max_entries = ebpf_map_spec_get_max_entries (spec);
  guint n_cpus = ebpf_get_n_possible_cpus ();

  if (key_size != 0 && key_size != sizeof (guint32))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the keys of a perf event array have 4 bytes, not %u",
                             ebpf_map_spec_get_name (spec), key_size);
      return FALSE;
    }

  if (value_size != 0 && value_size != sizeof (guint32) &&
      !is_type_size (ebpf_map_spec_get_value_type (spec), value_size))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the values of a perf event array have 4 bytes, not %u",
                             ebpf_map_spec_get_name (spec), value_size);
      return FALSE;
    }

  ebpf_map_spec_set_key_size (spec, sizeof (guint32));
  ebpf_map_spec_set_value_size (spec, sizeof (guint32));
  if (max_entries == 0 || max_entries > n_cpus)
    ebpf_map_spec_set_max_entries (spec, n_cpus);

  return TRUE;
}

static gboolean
parse_options (EbpfMap *map, GVariant *dict, EbpfPerfRingOptions *options, GError **error)
{
  const guint64 page_size = (guint64) sysconf (_SC_PAGESIZE);
  guint32 pages = DEFAULT_PAGES, wakeup_events = 0, wakeup_bytes = 0;
  GVariantIter iter;
  const char *name;
  GVariant *value;
  guint64 number;

  if (dict != NULL)
    {
      g_variant_iter_init (&iter, dict);
      while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
        {
          g_autoptr (GVariant) owned = value;
          guint32 *place = g_str_equal (name, "pages-per-cpu")   ? &pages
                           : g_str_equal (name, "wakeup-events") ? &wakeup_events
                           : g_str_equal (name, "wakeup-bytes")  ? &wakeup_bytes
                                                                 : NULL;

          if (place == NULL)
            {
              ebpf_plugin_set_error (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                                     "opening a reader of map %s: no option \"%s\"; there are "
                                     "pages-per-cpu, wakeup-events and wakeup-bytes",
                                     ebpf_map_get_name (map), name);
              return FALSE;
            }

          if (!ebpf_plugin_get_number (owned, G_MAXUINT32, &number))
            {
              g_autofree char *text = g_variant_print (owned, FALSE);

              ebpf_plugin_set_error (
                  error, EBPF_ERROR_WRONG_TYPE, 0,
                  "opening a reader of map %s: option \"%s\" is a number, not %.100s",
                  ebpf_map_get_name (map), name, text);
              return FALSE;
            }
          *place = (guint32) number;
        }
    }

  options->n_pages = 1;
  while (options->n_pages < pages && options->n_pages * page_size < MAX_BYTES_PER_CPU)
    options->n_pages *= 2;
  options->wakeup_events = wakeup_events;
  options->wakeup_bytes = wakeup_bytes;

  if (pages == 0 || options->n_pages < pages)
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "opening a reader of map %s: pages-per-cpu is %u; it must be between 1 and "
          "%" G_GUINT64_FORMAT,
          ebpf_map_get_name (map), pages, MAX_BYTES_PER_CPU / page_size);
      return FALSE;
    }

  if (wakeup_events > 0 && wakeup_bytes > 0)
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "opening a reader of map %s: only one of wakeup-events and wakeup-bytes can "
          "be set",
          ebpf_map_get_name (map));
      return FALSE;
    }

  if (wakeup_bytes >= options->n_pages * page_size)
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "opening a reader of map %s: wakeup-bytes (%u) must be less than the ring of "
          "a CPU (%" G_GUINT64_FORMAT " bytes)",
          ebpf_map_get_name (map), wakeup_bytes, options->n_pages * page_size);
      return FALSE;
    }

  return TRUE;
}

static EbpfReader *
ebpf_perf_array_driver_open_reader (EbpfMapDriver *driver,
                                    EbpfMap *map,
                                    GVariant *options,
                                    GError **error)
{
  EbpfPerfRingOptions ring_options;

  if (!parse_options (map, options, &ring_options, error))
    return NULL;

  return ebpf_perf_array_reader_new (map, &ring_options, error);
}

static void
ebpf_perf_array_driver_class_init (EbpfPerfArrayDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_perf_array_driver_fixup_spec;
  driver_class->open_reader = ebpf_perf_array_driver_open_reader;
}

static void
ebpf_perf_array_driver_init (EbpfPerfArrayDriver *self)
{
}
