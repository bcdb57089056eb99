/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of such a map is a control group: the kernel takes the file descriptor of its folder,
 * and gives nothing back. As a GVariant it is that folder's path, `s`, or a descriptor, `h`. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <fcntl.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfCgroupArrayDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfCgroupArrayDriverClass;

EBPF_DEFINE_PLUGIN (EbpfCgroupArrayDriver,
                    ebpf_cgroup_array_driver,
                    "cgroup-array",
                    "Arrays of control groups",
                    EBPF_MAP_TYPE_CGROUP_ARRAY)

static gboolean
ebpf_cgroup_array_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  guint key_size = ebpf_map_spec_get_key_size (spec);
  guint value_size = ebpf_map_spec_get_value_size (spec);

  if ((key_size != 0 && key_size != sizeof (guint32)) ||
      (value_size != 0 && value_size != sizeof (guint32)))
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_SIZE, 0,
          "map %s: keys and values of a cgroup-array have 4 bytes, not %u and %u",
          ebpf_map_spec_get_name (spec), key_size, value_size);
      return FALSE;
    }

  ebpf_map_spec_set_key_size (spec, sizeof (guint32));
  ebpf_map_spec_set_value_size (spec, sizeof (guint32));
  ebpf_map_spec_set_key_type (spec, NULL);
  ebpf_map_spec_set_value_type (spec, NULL);

  return TRUE;
}

static char *
ebpf_cgroup_array_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  if (errsv == EINVAL && ebpf_map_spec_get_max_entries (spec) == 0)
    return g_strdup ("max_entries is 0");
  if (errsv == EINVAL && ebpf_map_spec_get_map_flags (spec) != 0)
    return g_strdup_printf ("a cgroup-array takes no flags, not even 0x%x",
                            ebpf_map_spec_get_map_flags (spec));

  return NULL;
}

static GBytes *
ebpf_cgroup_array_driver_value_from_variant (EbpfMapDriver *driver,
                                             EbpfMap *map,
                                             GVariant *value,
                                             GError **error)
{
  g_autoptr (GVariant) inner = ebpf_plugin_unbox (value);
  g_autofree char *text = NULL;
  guint64 number;

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_STRING))
    {
      const char *path = g_variant_get_string (inner, NULL);
      int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

      if (fd < 0)
        {
          ebpf_plugin_set_system_error (error, errno, "map %s: opening the control group \"%s\"",
                                        ebpf_map_get_name (map), path);
          return NULL;
        }
      return ebpf_plugin_new_fd_bytes_take (fd, sizeof (guint32));
    }

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_HANDLE))
    return ebpf_plugin_new_fd_bytes (g_variant_get_handle (inner), sizeof (guint32), NULL);
  if (ebpf_plugin_get_number (inner, G_MAXINT32, &number))
    return ebpf_plugin_new_fd_bytes ((int) number, sizeof (guint32), NULL);

  text = g_variant_print (inner, TRUE);
  ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0,
                         "map %s: a value is the path of a control group (s) or a descriptor (h), "
                         "not %.100s",
                         ebpf_map_get_name (map), text);
  return NULL;
}

static void
ebpf_cgroup_array_driver_class_init (EbpfCgroupArrayDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_cgroup_array_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_cgroup_array_driver_explain_create_error;
  driver_class->value_from_variant = ebpf_cgroup_array_driver_value_from_variant;
}

static void
ebpf_cgroup_array_driver_init (EbpfCgroupArrayDriver *self)
{
}
