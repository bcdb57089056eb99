/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-reader-private.h"

#include "base/ebpf-error-private.h"
#include "plugin/ebpf-map-driver-private.h"

/* Methods of EbpfMap that need to know what a reader is. */

/**
 * ebpf_map_open_reader:
 * @self: a map
 * @options: (nullable): options of the map type's plug-in, `a{sv}`, or %NULL
 * @error: return location for an error; %EBPF_ERROR_NOT_SUPPORTED where a map of this type has no
 *   records
 *
 * Opens the stream of records in a map, such as a ring buffer or a perf event array. The reader
 * works on when the map is closed.
 *
 * Returns: (transfer full): a reader, or %NULL with @error set
 */
EbpfReader *
ebpf_map_open_reader (EbpfMap *self, GVariant *options, GError **error)
{
  g_autoptr (GVariant) owned = options != NULL ? g_variant_ref_sink (options) : NULL;
  EbpfReader *reader;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!ebpf_map_is_open (self))
    {
      ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "opening a reader of map %s: the map is closed",
                      ebpf_map_get_name (self));
      return NULL;
    }

  if (owned != NULL && !g_variant_is_of_type (owned, G_VARIANT_TYPE_VARDICT))
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0,
                      "opening a reader of map %s: options are of type %s instead of a{sv}",
                      ebpf_map_get_name (self), g_variant_get_type_string (owned));
      return NULL;
    }

  reader = ebpf_map_driver_open_reader (ebpf_map_get_driver (self), self, owned, error);

  /* A driver in a script made it in its own thread; the records belong to the caller. */
  if (reader != NULL)
    ebpf_reader_set_context (reader, g_main_context_get_thread_default ());

  return reader;
}

/**
 * ebpf_map_has_reader:
 * @self: a map
 *
 * Says whether records can be read from a map of this type, by [method@Map.open_reader].
 *
 * Returns: whether they can
 */
gboolean
ebpf_map_has_reader (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);

  return ebpf_map_driver_has_reader (ebpf_map_get_driver (self));
}
