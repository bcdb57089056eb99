/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where XDP programs redirect packets to: devices, CPUs, AF_XDP sockets.
 *
 * The value of a device or a CPU is `a{sv}`: `ifindex` (`u`) or `queue-size` (`u`), and, where values
 * have 8 bytes, `program` (`u`), the id of the XDP program that runs there; 0 or absent is none. A
 * plain number, or the name of a device (`s`), can be written too; a program also as a descriptor
 * (`h`). The value of a socket is its descriptor, `h`, and cannot be read. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <net/if.h>
#include <string.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfRedirectDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfRedirectDriverClass;

EBPF_DEFINE_PLUGIN (EbpfRedirectDriver,
                    ebpf_redirect_driver,
                    "redirect",
                    "Where XDP programs send packets: devices, CPUs, AF_XDP sockets",
                    EBPF_MAP_TYPE_DEVMAP,
                    EBPF_MAP_TYPE_DEVMAP_HASH,
                    EBPF_MAP_TYPE_CPUMAP,
                    EBPF_MAP_TYPE_XSKMAP)

/* struct bpf_devmap_val and struct bpf_cpumap_val of include/uapi/linux/bpf.h. A program is written as
 * its descriptor and read as its id. */
typedef struct
{
  guint32 target;
  gint32 program;
} Value;

static gboolean
is_device_map (EbpfMapType type)
{
  return type == EBPF_MAP_TYPE_DEVMAP || type == EBPF_MAP_TYPE_DEVMAP_HASH;
}

static const char *
get_target_name (EbpfMap *map)
{
  return is_device_map (ebpf_map_get_map_type (map)) ? "ifindex" : "queue-size";
}

static gboolean
ebpf_redirect_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  EbpfMapType type = ebpf_map_spec_get_map_type (spec);
  guint key_size = ebpf_map_spec_get_key_size (spec);
  guint value_size = ebpf_map_spec_get_value_size (spec);
  gboolean has_program = type != EBPF_MAP_TYPE_XSKMAP;

  if ((key_size != 0 && key_size != sizeof (guint32)) ||
      (value_size != 0 && value_size != sizeof (guint32) &&
       !(has_program && value_size == sizeof (Value))))
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_SIZE, 0,
          "map %s: the keys of a %s have 4 bytes and its values %s, not %u and %u",
          ebpf_map_spec_get_name (spec), ebpf_map_type_to_string (type),
          has_program ? "4 or 8" : "4", key_size, value_size);
      return FALSE;
    }

  ebpf_map_spec_set_key_size (spec, sizeof (guint32));
  if (value_size == 0)
    ebpf_map_spec_set_value_size (spec, sizeof (guint32));

  /* As many CPUs as there can be is what a large number means. */
  if (type == EBPF_MAP_TYPE_CPUMAP)
    {
      guint n_cpus = ebpf_get_n_possible_cpus ();
      guint max_entries = ebpf_map_spec_get_max_entries (spec);

      if (max_entries == 0 || max_entries > n_cpus)
        ebpf_map_spec_set_max_entries (spec, n_cpus);
    }

  /* The kernel takes no types for them. */
  ebpf_map_spec_set_key_type (spec, NULL);
  ebpf_map_spec_set_value_type (spec, NULL);

  return TRUE;
}

static gboolean
ebpf_redirect_driver_check_compatible (EbpfMapDriver *driver,
                                       EbpfMapSpec *spec,
                                       EbpfMap *map,
                                       GError **error)
{
  g_autoptr (EbpfMapSpec) marked = ebpf_map_spec_copy (spec);

  /* The kernel sets this flag on its own, and does not take it. */
  if (is_device_map (ebpf_map_get_map_type (map)))
    ebpf_map_spec_set_map_flags (marked,
                                 ebpf_map_spec_get_map_flags (spec) |
                                     (ebpf_map_get_map_flags (map) & EBPF_MAP_FLAGS_RDONLY_PROG));

  return EBPF_MAP_DRIVER_CLASS (ebpf_redirect_driver_parent_class)
      ->check_compatible (driver, marked, map, error);
}

static char *
ebpf_redirect_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  if (errsv == EINVAL && ebpf_map_spec_get_max_entries (spec) == 0)
    return g_strdup ("max_entries is 0");
  if (errsv == EINVAL && ebpf_map_spec_get_value_size (spec) == sizeof (Value))
    return g_strdup ("values of 8 bytes, which have a program, came with Linux 5.8 (devices) and "
                     "5.9 (CPUs)");

  return NULL;
}

static GVariant *
ebpf_redirect_driver_value_to_variant (EbpfMapDriver *driver,
                                       EbpfMap *map,
                                       GBytes *bytes,
                                       GError **error)
{
  gsize size = g_bytes_get_size (bytes);
  Value value = { 0 };
  GVariantDict dict;

  if (size != ebpf_map_get_value_size (map) || size > sizeof value)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: a value has %u bytes, not %" G_GSIZE_FORMAT,
                             ebpf_map_get_name (map), ebpf_map_get_value_size (map), size);
      return NULL;
    }

  memcpy (&value, g_bytes_get_data (bytes, NULL), size);
  if (ebpf_map_get_map_type (map) == EBPF_MAP_TYPE_XSKMAP)
    return g_variant_ref_sink (g_variant_new_handle ((gint32) value.target));

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, get_target_name (map), "u", value.target);
  if (size == sizeof value)
    g_variant_dict_insert (&dict, "program", "u", (guint32) value.program);

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

typedef struct
{
  Value value;
  EbpfProgram *program;
} HeldValue;

static void
held_value_free (gpointer data)
{
  HeldValue *held = data;

  g_clear_object (&held->program);
  g_free (held);
}

/* Takes @program, which may be NULL. */
static GBytes *
new_value (EbpfMap *map, guint32 target, gint32 program_fd, EbpfProgram *program)
{
  HeldValue *held = g_new (HeldValue, 1);

  held->value.target = target;
  held->value.program = program_fd;
  held->program = program;

  return g_bytes_new_with_free_func (&held->value, ebpf_map_get_value_size (map), held_value_free,
                                     held);
}

static gboolean
get_target (EbpfMap *map, GVariant *variant, guint32 *target, GError **error)
{
  g_autoptr (GVariant) inner = ebpf_plugin_unbox (variant);
  g_autofree char *text = NULL;
  guint64 number;

  if (ebpf_plugin_get_number (inner, G_MAXUINT32, &number))
    {
      *target = (guint32) number;
      return TRUE;
    }

  if (is_device_map (ebpf_map_get_map_type (map)) &&
      g_variant_is_of_type (inner, G_VARIANT_TYPE_STRING))
    {
      *target = if_nametoindex (g_variant_get_string (inner, NULL));
      if (*target != 0)
        return TRUE;
      ebpf_plugin_set_error (error, EBPF_ERROR_NOT_FOUND, ENODEV,
                             "map %s: there is no network device \"%s\"", ebpf_map_get_name (map),
                             g_variant_get_string (inner, NULL));
      return FALSE;
    }

  text = g_variant_print (inner, TRUE);
  ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0, "map %s: %s is a number%s, not %.100s",
                         ebpf_map_get_name (map), get_target_name (map),
                         is_device_map (ebpf_map_get_map_type (map)) ? " or a device's name" : "",
                         text);
  return FALSE;
}

static gboolean
get_program (EbpfMap *map, GVariant *variant, gint32 *fd, EbpfProgram **program, GError **error)
{
  g_autoptr (GVariant) inner = ebpf_plugin_unbox (variant);
  g_autofree char *text = NULL;
  guint64 id;

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_HANDLE))
    {
      *fd = g_variant_get_handle (inner);
      return TRUE;
    }

  if (ebpf_plugin_get_number (inner, G_MAXUINT32, &id))
    {
      if (id == 0)
        return TRUE;
      *program = ebpf_program_new_from_id ((guint) id, error);
      if (*program == NULL)
        {
          g_prefix_error (error, "map %s: ", ebpf_map_get_name (map));
          return FALSE;
        }
      *fd = ebpf_program_peek_fd (*program);
      return TRUE;
    }

  text = g_variant_print (inner, TRUE);
  ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0,
                         "map %s: program is an id (u) or a descriptor (h), not %.100s",
                         ebpf_map_get_name (map), text);
  return FALSE;
}

static GBytes *
value_from_dictionary (EbpfMap *map, GVariant *dictionary, GError **error)
{
  g_autoptr (EbpfProgram) program = NULL;
  gboolean has_target = FALSE;
  guint32 target = 0;
  gint32 program_fd = -1;
  const char *name;
  GVariantIter iter;
  GVariant *child;

  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_next (&iter, "{&s@v}", &name, &child))
    {
      g_autoptr (GVariant) boxed = child;

      if (g_str_equal (name, get_target_name (map)))
        {
          if (!get_target (map, boxed, &target, error))
            return NULL;
          has_target = TRUE;
        }
      else if (g_str_equal (name, "program") && ebpf_map_get_value_size (map) == sizeof (Value))
        {
          g_clear_object (&program);
          program_fd = -1;
          if (!get_program (map, boxed, &program_fd, &program, error))
            return NULL;
        }
      else
        {
          ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0,
                                 "map %s: its values have no \"%s\", but \"%s\"%s",
                                 ebpf_map_get_name (map), name, get_target_name (map),
                                 ebpf_map_get_value_size (map) == sizeof (Value)
                                     ? " and \"program\""
                                     : "; a program needs values of 8 bytes");
          return NULL;
        }
    }

  if (!has_target)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0, "map %s: a value needs \"%s\"",
                             ebpf_map_get_name (map), get_target_name (map));
      return NULL;
    }

  return new_value (map, target, program_fd, g_steal_pointer (&program));
}

static GBytes *
ebpf_redirect_driver_value_from_variant (EbpfMapDriver *driver,
                                         EbpfMap *map,
                                         GVariant *value,
                                         GError **error)
{
  g_autoptr (GVariant) inner = ebpf_plugin_unbox (value);
  guint32 target;

  if (ebpf_map_get_map_type (map) == EBPF_MAP_TYPE_XSKMAP)
    {
      if (g_variant_is_of_type (inner, G_VARIANT_TYPE_HANDLE))
        return ebpf_plugin_new_fd_bytes (g_variant_get_handle (inner), sizeof (guint32), NULL);
      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_TYPE, 0,
          "map %s: a value is the descriptor of an AF_XDP socket (h), not of type \"%s\"",
          ebpf_map_get_name (map), g_variant_get_type_string (inner));
      return NULL;
    }

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARDICT))
    return value_from_dictionary (map, inner, error);

  if (!get_target (map, inner, &target, error))
    return NULL;

  return new_value (map, target, -1, NULL);
}

static void
ebpf_redirect_driver_class_init (EbpfRedirectDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_redirect_driver_fixup_spec;
  driver_class->check_compatible = ebpf_redirect_driver_check_compatible;
  driver_class->explain_create_error = ebpf_redirect_driver_explain_create_error;
  driver_class->value_to_variant = ebpf_redirect_driver_value_to_variant;
  driver_class->value_from_variant = ebpf_redirect_driver_value_from_variant;
}

static void
ebpf_redirect_driver_init (EbpfRedirectDriver *self)
{
}
