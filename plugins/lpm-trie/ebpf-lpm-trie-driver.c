/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The key of such a map is the length of a prefix, in bits, and the bytes that it is of. As a
 * GVariant it is text where those bytes are as many as an IP address has, "10.0.0.0/8" or
 * "fe80::/10", and else length and bytes, `(uay)`. All forms can be written, and what the key's
 * type says; without a length the whole is meant. A lookup finds the longest prefix that fits. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <string.h>

#define IPV4_SIZE 4
#define IPV6_SIZE 16
#define MAX_DATA_SIZE 256
#define PREFIX_SIZE (sizeof (guint32))

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfLpmTrieDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfLpmTrieDriverClass;

EBPF_DEFINE_PLUGIN (EbpfLpmTrieDriver,
                    ebpf_lpm_trie_driver,
                    "lpm-trie",
                    "Tries that find the longest prefix, such as routing tables",
                    EBPF_MAP_TYPE_LPM_TRIE)

static gboolean
ebpf_lpm_trie_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  guint key_size = ebpf_map_spec_get_key_size (spec);

  if (key_size <= PREFIX_SIZE || key_size > PREFIX_SIZE + MAX_DATA_SIZE)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the key of an lpm-trie is 4 bytes of prefix length and 1 to "
                             "%d bytes of data, not %u bytes",
                             ebpf_map_spec_get_name (spec), MAX_DATA_SIZE, key_size);
      return FALSE;
    }

  /* The kernel wants it said though there is no choice. */
  ebpf_map_spec_set_map_flags (spec,
                               ebpf_map_spec_get_map_flags (spec) | EBPF_MAP_FLAGS_NO_PREALLOC);

  return TRUE;
}

static char *
ebpf_lpm_trie_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  if (errsv != EINVAL)
    return NULL;
  if (ebpf_map_spec_get_max_entries (spec) == 0)
    return g_strdup ("max_entries is 0");
  if (ebpf_map_spec_get_value_size (spec) == 0)
    return g_strdup ("the values of an lpm-trie have one byte at least");

  return NULL;
}

static GVariant *
ebpf_lpm_trie_driver_key_to_variant (EbpfMapDriver *driver,
                                     EbpfMap *map,
                                     GBytes *key,
                                     GError **error)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *text = NULL;
  const guint8 *data;
  guint32 prefix;
  gsize size;

  data = g_bytes_get_data (key, &size);
  if (size != ebpf_map_get_key_size (map) || size <= PREFIX_SIZE)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: a key has %u bytes, not %" G_GSIZE_FORMAT,
                             ebpf_map_get_name (map), ebpf_map_get_key_size (map), size);
      return NULL;
    }

  memcpy (&prefix, data, sizeof prefix);
  data += PREFIX_SIZE;
  size -= PREFIX_SIZE;

  if (size != IPV4_SIZE && size != IPV6_SIZE)
    return g_variant_ref_sink (g_variant_new (
        "(u@ay)", prefix, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data, size, 1)));

  address = g_inet_address_new_from_bytes (data, size == IPV4_SIZE ? G_SOCKET_FAMILY_IPV4
                                                                   : G_SOCKET_FAMILY_IPV6);
  text = g_inet_address_to_string (address);

  return g_variant_ref_sink (g_variant_new_printf ("%s/%u", text, prefix));
}

static GBytes *
new_key (EbpfMap *map, guint32 prefix, gconstpointer data, gsize size, GError **error)
{
  gsize expected = ebpf_map_get_key_size (map) - PREFIX_SIZE;
  guint8 *key;

  if (size != expected)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: a prefix is of %" G_GSIZE_FORMAT
                             " bytes, not %" G_GSIZE_FORMAT "%s",
                             ebpf_map_get_name (map), expected, size,
                             expected == IPV4_SIZE   ? "; its keys are IPv4 networks"
                             : expected == IPV6_SIZE ? "; its keys are IPv6 networks"
                                                     : "");
      return NULL;
    }

  if (prefix > size * 8)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                             "map %s: a prefix of %u bits is longer than the %" G_GSIZE_FORMAT
                             " bits that a key has",
                             ebpf_map_get_name (map), prefix, size * 8);
      return NULL;
    }

  key = g_malloc (PREFIX_SIZE + size);
  memcpy (key, &prefix, sizeof prefix);
  memcpy (key + PREFIX_SIZE, data, size);

  return g_bytes_new_take (key, PREFIX_SIZE + size);
}

static GBytes *
key_from_text (EbpfMap *map, const char *text, GError **error)
{
  const char *slash = strchr (text, '/');
  g_autofree char *address_text =
      slash != NULL ? g_strndup (text, (gsize) (slash - text)) : g_strdup (text);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (address_text);
  guint64 prefix;
  gsize size;

  if (address == NULL)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0,
                             "map %s: \"%.100s\" is not a network such as 10.0.0.0/8 or fe80::/10",
                             ebpf_map_get_name (map), text);
      return NULL;
    }

  size = g_inet_address_get_native_size (address);
  prefix = size * 8;
  if (slash != NULL && !g_ascii_string_to_unsigned (slash + 1, 10, 0, G_MAXUINT32, &prefix, NULL))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                             "map %s: \"%.100s\" has no number of bits after its slash",
                             ebpf_map_get_name (map), text);
      return NULL;
    }

  return new_key (map, (guint32) prefix, g_inet_address_to_bytes (address), size, error);
}

static GBytes *
ebpf_lpm_trie_driver_key_from_variant (EbpfMapDriver *driver,
                                       EbpfMap *map,
                                       GVariant *key,
                                       GError **error)
{
  g_autoptr (GVariant) inner = ebpf_plugin_unbox (key);

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_STRING))
    return key_from_text (map, g_variant_get_string (inner, NULL), error);

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_TUPLE) && g_variant_n_children (inner) == 2)
    {
      g_autoptr (GVariant) prefix = g_variant_get_child_value (inner, 0);
      g_autoptr (GVariant) boxed = g_variant_get_child_value (inner, 1);
      g_autoptr (GVariant) data = ebpf_plugin_unbox (boxed);
      guint64 number;

      if (g_variant_is_of_type (data, G_VARIANT_TYPE_BYTESTRING) &&
          ebpf_plugin_get_number (prefix, G_MAXUINT32, &number))
        return new_key (map, (guint32) number, g_variant_get_data (data), g_variant_get_size (data),
                        error);
    }

  /* By its type, or as plain bytes. */
  return EBPF_MAP_DRIVER_CLASS (ebpf_lpm_trie_driver_parent_class)
      ->key_from_variant (driver, map, inner, error);
}

static void
ebpf_lpm_trie_driver_class_init (EbpfLpmTrieDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_lpm_trie_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_lpm_trie_driver_explain_create_error;
  driver_class->key_to_variant = ebpf_lpm_trie_driver_key_to_variant;
  driver_class->key_from_variant = ebpf_lpm_trie_driver_key_from_variant;
}

static void
ebpf_lpm_trie_driver_init (EbpfLpmTrieDriver *self)
{
}
