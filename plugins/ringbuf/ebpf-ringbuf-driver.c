/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpf-ringbuf-reader.h"

#include <errno.h>
#include <unistd.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfRingbufDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfRingbufDriverClass;

EBPF_DEFINE_PLUGIN (EbpfRingbufDriver,
                    ebpf_ringbuf_driver,
                    "ringbuf",
                    "Ring buffers, which all CPUs write to, and those which user space writes to",
                    EBPF_MAP_TYPE_RINGBUF,
                    EBPF_MAP_TYPE_USER_RINGBUF)

static guint
get_page_size (void)
{
  return (guint) sysconf (_SC_PAGESIZE);
}

/* The next power of two that is a multiple of the page size; 0 where 32 bits do not hold it. */
static guint
round_up_size (guint size)
{
  guint64 rounded = get_page_size ();

  while (rounded < size)
    rounded *= 2;

  return rounded <= G_MAXUINT32 ? (guint) rounded : 0;
}

static gboolean
ebpf_ringbuf_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  guint size = ebpf_map_spec_get_max_entries (spec);
  guint rounded = round_up_size (size);

  if (size == 0)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                             "map %s: a ring buffer of no bytes; set max_entries to its size in "
                             "bytes, a power of two and a multiple of the page size (%u)",
                             ebpf_map_spec_get_name (spec), get_page_size ());
      return FALSE;
    }

  if (rounded == 0)
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "map %s: a ring buffer of %u bytes is too large; the next power of two "
          "does not fit into 32 bits",
          ebpf_map_spec_get_name (spec), size);
      return FALSE;
    }

  ebpf_map_spec_set_max_entries (spec, rounded);
  /* The value type of a definition is the type of its records; the kernel wants no sizes. */
  ebpf_map_spec_set_key_size (spec, 0);
  ebpf_map_spec_set_value_size (spec, 0);

  return TRUE;
}

static char *
ebpf_ringbuf_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  guint size = ebpf_map_spec_get_max_entries (spec);
  guint page_size = get_page_size ();

  switch (errsv)
    {
    case EINVAL:
      if (size == 0 || size % page_size != 0 || (size & (size - 1)) != 0)
        return g_strdup_printf (
            "the size of a ring buffer must be a power of two and a multiple of "
            "the page size (%u), not %u",
            page_size, size);
      return NULL;
    case E2BIG:
    case ENOMEM:
      return g_strdup_printf ("a ring buffer of %u bytes is more than the kernel can give; make "
                              "max_entries smaller",
                              size);
    default:
      return NULL;
    }
}

static EbpfReader *
ebpf_ringbuf_driver_open_reader (EbpfMapDriver *driver,
                                 EbpfMap *map,
                                 GVariant *options,
                                 GError **error)
{
  if (ebpf_map_get_map_type (map) == EBPF_MAP_TYPE_USER_RINGBUF)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                             "opening a reader of map %s: it is a user-ringbuf, which this side "
                             "writes to and programs read",
                             ebpf_map_get_name (map));
      return NULL;
    }

  if (options != NULL && g_variant_n_children (options) > 0)
    {
      g_autoptr (GVariant) option = g_variant_get_child_value (options, 0);
      g_autoptr (GVariant) name = g_variant_get_child_value (option, 0);

      ebpf_plugin_set_error (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "opening a reader of map %s: a ring buffer has no option \"%s\", nor any "
          "other",
          ebpf_map_get_name (map), g_variant_get_string (name, NULL));
      return NULL;
    }

  return ebpf_ringbuf_reader_new (map, error);
}

static void
ebpf_ringbuf_driver_class_init (EbpfRingbufDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_ringbuf_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_ringbuf_driver_explain_create_error;
  driver_class->open_reader = ebpf_ringbuf_driver_open_reader;
}

static void
ebpf_ringbuf_driver_init (EbpfRingbufDriver *self)
{
}
