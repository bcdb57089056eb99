/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A ring that the application writes and programs drain. Its size has to be a power of two and a
 * multiple of the page size: it is rounded up. The kernel knows of no entries in it. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <unistd.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfUserRingbufDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfUserRingbufDriverClass;

EBPF_DEFINE_PLUGIN (EbpfUserRingbufDriver,
                    ebpf_user_ringbuf_driver,
                    "user-ringbuf",
                    "Ring buffers that the application writes to",
                    EBPF_MAP_TYPE_USER_RINGBUF)

static gboolean
ebpf_user_ringbuf_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  const guint page_size = (guint) sysconf (_SC_PAGESIZE);
  guint size = ebpf_map_spec_get_max_entries (spec);
  guint64 rounded = page_size;

  while (rounded < size)
    rounded *= 2;

  if (size == 0 || rounded > G_MAXUINT32)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                             "map %s: max_entries of a user-ringbuf is its size in bytes, a power "
                             "of two and a multiple of the page size (%u), not %u",
                             ebpf_map_spec_get_name (spec), page_size, size);
      return FALSE;
    }

  ebpf_map_spec_set_max_entries (spec, (guint) rounded);
  /* The value type of a definition is the type of its records; the kernel wants no sizes. */
  ebpf_map_spec_set_key_size (spec, 0);
  ebpf_map_spec_set_value_size (spec, 0);

  return TRUE;
}

static char *
ebpf_user_ringbuf_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  if (errsv == ENOMEM || errsv == E2BIG)
    return g_strdup_printf ("a ring buffer of %u bytes is more than the kernel can give; make "
                            "max_entries smaller",
                            ebpf_map_spec_get_max_entries (spec));

  return NULL;
}

static void
ebpf_user_ringbuf_driver_class_init (EbpfUserRingbufDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_user_ringbuf_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_user_ringbuf_driver_explain_create_error;
}

static void
ebpf_user_ringbuf_driver_init (EbpfUserRingbufDriver *self)
{
}
