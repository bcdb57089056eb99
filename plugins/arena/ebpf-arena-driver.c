/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Such a map has neither keys nor values: it is memory that programs and applications share, as many
 * pages as max_entries says (ebpf_map_get_memory ()). Pointers into it are the same for both where
 * it is mapped at the address in map_extra, which the kernel then insists on. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <unistd.h>

#define MAX_SIZE (G_GUINT64_CONSTANT (1) << 32)

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfArenaDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfArenaDriverClass;

EBPF_DEFINE_PLUGIN (EbpfArenaDriver,
                    ebpf_arena_driver,
                    "arena",
                    "Memory that programs and applications share",
                    EBPF_MAP_TYPE_ARENA)

static guint64
get_page_size (void)
{
  return (guint64) sysconf (_SC_PAGESIZE);
}

static gboolean
ebpf_arena_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  const char *name = ebpf_map_spec_get_name (spec);
  guint n_pages = ebpf_map_spec_get_max_entries (spec);

  if (ebpf_map_spec_get_key_size (spec) != 0 || ebpf_map_spec_get_value_size (spec) != 0)
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_SIZE, 0,
          "map %s: an arena has neither keys nor values, so their sizes must be 0, not %u and %u",
          name, ebpf_map_spec_get_key_size (spec), ebpf_map_spec_get_value_size (spec));
      return FALSE;
    }

  if (n_pages == 0 || n_pages > MAX_SIZE / get_page_size ())
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                             "map %s: max_entries of an arena is its size in pages, 1 to "
                             "%" G_GUINT64_FORMAT ", not %u",
                             name, MAX_SIZE / get_page_size (), n_pages);
      return FALSE;
    }

  ebpf_map_spec_set_map_flags (spec, ebpf_map_spec_get_map_flags (spec) | EBPF_MAP_FLAGS_MMAPABLE);
  ebpf_map_spec_set_key_type (spec, NULL);
  ebpf_map_spec_set_value_type (spec, NULL);

  return TRUE;
}

static char *
ebpf_arena_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  guint64 start = ebpf_map_spec_get_map_extra (spec);
  guint64 size = ebpf_map_spec_get_max_entries (spec) * get_page_size ();

  if (errsv == EINVAL && start % get_page_size () != 0)
    return g_strdup_printf (
        "map_extra is the address where it is mapped, so a multiple of the page "
        "size, not 0x%" G_GINT64_MODIFIER "x",
        start);
  if (errsv == ERANGE || (errsv == EINVAL && start != 0 && start >> 32 != (start + size - 1) >> 32))
    return g_strdup_printf ("%" G_GUINT64_FORMAT " bytes from 0x%" G_GINT64_MODIFIER
                            "x on go over an address whose lower 32 bits are 0",
                            size, start);
  if (errsv == EOPNOTSUPP)
    return g_strdup ("arenas need a processor whose JIT compiler has them, such as x86-64 and "
                     "arm64");

  return NULL;
}

static void
ebpf_arena_driver_class_init (EbpfArenaDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_arena_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_arena_driver_explain_create_error;
}

static void
ebpf_arena_driver_init (EbpfArenaDriver *self)
{
}
