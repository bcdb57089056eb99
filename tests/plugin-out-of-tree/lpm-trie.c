/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys of a trie for IPv4 networks, written as people do: "10.0.0.0/8". */

#include <ebpf-plugin.h>

#include <string.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} LpmTrieDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} LpmTrieDriverClass;

EBPF_DEFINE_PLUGIN (LpmTrieDriver,
                    lpm_trie_driver,
                    "lpm-trie",
                    "Tries of networks, with readable keys",
                    EBPF_MAP_TYPE_LPM_TRIE)

typedef struct
{
  guint32 prefix_length;
  guint8 address[4];
} Key;

static gboolean
lpm_trie_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  /* The kernel wants it said though there is no choice: BPF_F_NO_PREALLOC. */
  ebpf_map_spec_set_map_flags (spec, ebpf_map_spec_get_map_flags (spec) | 1);

  return TRUE;
}

static GVariant *
lpm_trie_driver_key_to_variant (EbpfMapDriver *driver, EbpfMap *map, GBytes *bytes, GError **error)
{
  Key key;

  if (g_bytes_get_size (bytes) != sizeof key)
    return EBPF_MAP_DRIVER_CLASS (lpm_trie_driver_parent_class)
        ->key_to_variant (driver, map, bytes, error);

  memcpy (&key, g_bytes_get_data (bytes, NULL), sizeof key);

  return g_variant_new_printf ("%u.%u.%u.%u/%u", key.address[0], key.address[1], key.address[2],
                               key.address[3], key.prefix_length);
}

static GBytes *
lpm_trie_driver_key_from_variant (EbpfMapDriver *driver,
                                  EbpfMap *map,
                                  GVariant *variant,
                                  GError **error)
{
  g_autoptr (GInetAddressMask) mask = NULL;
  GInetAddress *address;
  Key key;

  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_STRING))
    return EBPF_MAP_DRIVER_CLASS (lpm_trie_driver_parent_class)
        ->key_from_variant (driver, map, variant, error);

  mask = g_inet_address_mask_new_from_string (g_variant_get_string (variant, NULL), error);
  if (mask == NULL)
    return NULL;

  address = g_inet_address_mask_get_address (mask);
  if (g_inet_address_get_native_size (address) != sizeof key.address)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0,
                             "map %s: \"%s\" is not an IPv4 network", ebpf_map_get_name (map),
                             g_variant_get_string (variant, NULL));
      return NULL;
    }

  key.prefix_length = g_inet_address_mask_get_length (mask);
  memcpy (key.address, g_inet_address_to_bytes (address), sizeof key.address);

  return g_bytes_new (&key, sizeof key);
}

static void
lpm_trie_driver_class_init (LpmTrieDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = lpm_trie_driver_fixup_spec;
  driver_class->key_to_variant = lpm_trie_driver_key_to_variant;
  driver_class->key_from_variant = lpm_trie_driver_key_from_variant;
}

static void
lpm_trie_driver_init (LpmTrieDriver *self)
{
}
