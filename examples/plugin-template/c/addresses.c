/* addresses.c */
#include <ebpf-plugin.h>
#include <gio/gio.h>

#include <string.h>

/* The driver is a GObject. It has no members of its own. */
typedef struct
{
  EbpfMapDriver parent_instance;
} AddressesDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} AddressesDriverClass;

/* Type, prefix of functions, nick, description, the map types that it drives. */
EBPF_DEFINE_PLUGIN (AddressesDriver,
                    addresses_driver,
                    "addresses",
                    "Tables of IPv4 addresses",
                    EBPF_MAP_TYPE_LRU_HASH)

#define PARENT EBPF_MAP_DRIVER_CLASS (addresses_driver_parent_class)

/* Before the kernel is asked for a map: a table that says no size gets one. */
static gboolean
addresses_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  if (ebpf_map_spec_get_max_entries (spec) == 0)
    ebpf_map_spec_set_max_entries (spec, 1024);

  return PARENT->fixup_spec (driver, spec, error);
}

/* From the kernel's bytes to what people read. */
static GVariant *
addresses_driver_key_to_variant (EbpfMapDriver *driver, EbpfMap *map, GBytes *key, GError **error)
{
  guint8 bytes[4];

  /* Not one of ours: as the library does it. */
  if (g_bytes_get_size (key) != sizeof bytes)
    return PARENT->key_to_variant (driver, map, key, error);

  memcpy (bytes, g_bytes_get_data (key, NULL), sizeof bytes);

  return g_variant_new_printf ("%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* And back. What is no text is left to the library, so that bytes and numbers work as before. */
static GBytes *
addresses_driver_key_from_variant (EbpfMapDriver *driver,
                                   EbpfMap *map,
                                   GVariant *key,
                                   GError **error)
{
  g_autoptr (GInetAddress) address = NULL;
  const char *text;

  if (!g_variant_is_of_type (key, G_VARIANT_TYPE_STRING))
    return PARENT->key_from_variant (driver, map, key, error);

  text = g_variant_get_string (key, NULL);
  address = g_inet_address_new_from_string (text);
  if (address == NULL || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV4)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                             "map %s: \"%s\" is not an IPv4 address", ebpf_map_get_name (map),
                             text);
      return NULL;
    }

  return g_bytes_new (g_inet_address_to_bytes (address), 4);
}

static void
addresses_driver_class_init (AddressesDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = addresses_driver_fixup_spec;
  driver_class->key_to_variant = addresses_driver_key_to_variant;
  driver_class->key_from_variant = addresses_driver_key_from_variant;
}

static void
addresses_driver_init (AddressesDriver *self)
{
}
