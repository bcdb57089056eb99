/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of such a map is a socket: the kernel takes its file descriptor and gives back its
 * cookie (SO_COOKIE), for which values need 8 bytes. As a GVariant it is the cookie, `t`; a
 * descriptor, `h` or any integer, is what is written, and so is a GSocket as an object. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <string.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfSocketDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfSocketDriverClass;

EBPF_DEFINE_PLUGIN (EbpfSocketDriver,
                    ebpf_socket_driver,
                    "socket",
                    "Arrays and hashes whose values are sockets",
                    EBPF_MAP_TYPE_SOCKMAP,
                    EBPF_MAP_TYPE_SOCKHASH,
                    EBPF_MAP_TYPE_REUSEPORT_SOCKARRAY)

static gboolean
ebpf_socket_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  guint value_size = ebpf_map_spec_get_value_size (spec);

  if (value_size != 0 && value_size != sizeof (guint32) && value_size != sizeof (guint64))
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_SIZE, 0, "map %s: the values of a %s have 4 or 8 bytes, not %u",
          ebpf_map_spec_get_name (spec),
          ebpf_map_type_to_string (ebpf_map_spec_get_map_type (spec)), value_size);
      return FALSE;
    }

  if (value_size == 0)
    ebpf_map_spec_set_value_size (spec, sizeof (guint64));
  /* The kernel takes no types of the others. */
  if (ebpf_map_spec_get_map_type (spec) != EBPF_MAP_TYPE_REUSEPORT_SOCKARRAY)
    ebpf_map_spec_set_value_type (spec, NULL);

  return TRUE;
}

static char *
ebpf_socket_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  if (errsv != EINVAL)
    return NULL;
  if (ebpf_map_spec_get_max_entries (spec) == 0)
    return g_strdup ("max_entries is 0");
  if (ebpf_map_spec_get_map_type (spec) != EBPF_MAP_TYPE_SOCKHASH &&
      ebpf_map_spec_get_key_size (spec) != sizeof (guint32))
    return g_strdup_printf ("its keys have 4 bytes, not %u", ebpf_map_spec_get_key_size (spec));

  return NULL;
}

static GVariant *
ebpf_socket_driver_value_to_variant (EbpfMapDriver *driver,
                                     EbpfMap *map,
                                     GBytes *value,
                                     GError **error)
{
  guint64 cookie;

  /* With 4 bytes there is no reading; what is here then is what somebody wants to write. */
  if (g_bytes_get_size (value) != sizeof cookie)
    return EBPF_MAP_DRIVER_CLASS (ebpf_socket_driver_parent_class)
        ->value_to_variant (driver, map, value, error);

  memcpy (&cookie, g_bytes_get_data (value, NULL), sizeof cookie);

  return g_variant_ref_sink (g_variant_new_uint64 (cookie));
}

static GBytes *
ebpf_socket_driver_value_from_variant (EbpfMapDriver *driver,
                                       EbpfMap *map,
                                       GVariant *value,
                                       GError **error)
{
  g_autoptr (GVariant) inner = ebpf_plugin_unbox (value);
  g_autofree char *text = NULL;
  guint64 fd;

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_HANDLE))
    return ebpf_plugin_new_fd_bytes (g_variant_get_handle (inner), ebpf_map_get_value_size (map),
                                     NULL);
  if (ebpf_plugin_get_number (inner, G_MAXINT32, &fd))
    return ebpf_plugin_new_fd_bytes ((int) fd, ebpf_map_get_value_size (map), NULL);

  text = g_variant_print (inner, TRUE);
  ebpf_plugin_set_error (
      error, EBPF_ERROR_WRONG_TYPE, 0,
      "map %s: a value is the descriptor of a socket (h), not %.100s; what is read is its cookie",
      ebpf_map_get_name (map), text);
  return NULL;
}

static GBytes *
ebpf_socket_driver_value_from_object (EbpfMapDriver *driver,
                                      EbpfMap *map,
                                      GObject *object,
                                      GError **error)
{
  if (!G_IS_SOCKET (object))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0, "map %s holds sockets, not a %s",
                             ebpf_map_get_name (map), G_OBJECT_TYPE_NAME (object));
      return NULL;
    }

  if (g_socket_is_closed (G_SOCKET (object)))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_CLOSED, 0,
                             "the socket cannot be put into map %s: it is closed",
                             ebpf_map_get_name (map));
      return NULL;
    }

  return ebpf_plugin_new_fd_bytes (g_socket_get_fd (G_SOCKET (object)),
                                   ebpf_map_get_value_size (map), object);
}

static void
ebpf_socket_driver_class_init (EbpfSocketDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_socket_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_socket_driver_explain_create_error;
  driver_class->value_to_variant = ebpf_socket_driver_value_to_variant;
  driver_class->value_from_variant = ebpf_socket_driver_value_from_variant;
  driver_class->value_from_object = ebpf_socket_driver_value_from_object;
}

static void
ebpf_socket_driver_init (EbpfSocketDriver *self)
{
}
