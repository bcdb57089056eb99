/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of such a map is a program to be called by bpf_tail_call (): the kernel takes its file
 * descriptor and gives back its id. As a GVariant it is the id, `u`; a descriptor, `h`, can be
 * written too. The bytes forms are what the kernel takes and gives.
 *
 * The kernel empties the array once nobody has it open or pinned, even while programs use it. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <string.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfProgramArrayDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfProgramArrayDriverClass;

EBPF_DEFINE_PLUGIN (EbpfProgramArrayDriver,
                    ebpf_program_array_driver,
                    "program-array",
                    "Arrays of programs for tail calls",
                    EBPF_MAP_TYPE_PROG_ARRAY)

static gboolean
ebpf_program_array_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  const char *name = ebpf_map_spec_get_name (spec);
  guint key_size = ebpf_map_spec_get_key_size (spec);
  guint value_size = ebpf_map_spec_get_value_size (spec);

  if ((key_size != 0 && key_size != sizeof (guint32)) ||
      (value_size != 0 && value_size != sizeof (guint32)))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: keys and values of a prog-array have 4 bytes, not %u and %u",
                             name, key_size, value_size);
      return FALSE;
    }

  ebpf_map_spec_set_key_size (spec, sizeof (guint32));
  ebpf_map_spec_set_value_size (spec, sizeof (guint32));

  /* The kernel takes no types for it. */
  ebpf_map_spec_set_key_type (spec, NULL);
  ebpf_map_spec_set_value_type (spec, NULL);

  return TRUE;
}

static char *
ebpf_program_array_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  if (errsv == EINVAL && ebpf_map_spec_get_max_entries (spec) == 0)
    return g_strdup ("max_entries is 0");
  if (errsv == EINVAL && ebpf_map_spec_get_map_flags (spec) != 0)
    return g_strdup_printf ("a prog-array takes no flags, not even 0x%x",
                            ebpf_map_spec_get_map_flags (spec));

  return NULL;
}

static GVariant *
ebpf_program_array_driver_value_to_variant (EbpfMapDriver *driver,
                                            EbpfMap *map,
                                            GBytes *value,
                                            GError **error)
{
  guint32 id;

  if (g_bytes_get_size (value) != sizeof id)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the id of a program has 4 bytes, not %" G_GSIZE_FORMAT,
                             ebpf_map_get_name (map), g_bytes_get_size (value));
      return NULL;
    }

  memcpy (&id, g_bytes_get_data (value, NULL), sizeof id);

  return g_variant_ref_sink (g_variant_new_uint32 (id));
}

static GBytes *
ebpf_program_array_driver_value_from_object (EbpfMapDriver *driver,
                                             EbpfMap *map,
                                             GObject *object,
                                             GError **error)
{
  if (!EBPF_IS_PROGRAM (object))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0, "map %s holds programs, not a %s",
                             ebpf_map_get_name (map), G_OBJECT_TYPE_NAME (object));
      return NULL;
    }

  if (!ebpf_program_is_open (EBPF_PROGRAM (object)))
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_CLOSED, 0, "program %s cannot be put into map %s: it is closed",
          ebpf_program_get_name (EBPF_PROGRAM (object)), ebpf_map_get_name (map));
      return NULL;
    }

  return ebpf_plugin_new_fd_bytes (ebpf_program_peek_fd (EBPF_PROGRAM (object)), sizeof (guint32),
                                   object);
}

static GBytes *
ebpf_program_array_driver_value_from_variant (EbpfMapDriver *driver,
                                              EbpfMap *map,
                                              GVariant *value,
                                              GError **error)
{
  g_autoptr (GVariant) unboxed = ebpf_plugin_unbox (value);
  g_autoptr (EbpfProgram) program = NULL;
  guint64 id;

  if (g_variant_is_of_type (unboxed, G_VARIANT_TYPE_HANDLE))
    return ebpf_plugin_new_fd_bytes (g_variant_get_handle (unboxed), sizeof (guint32), NULL);

  if (!ebpf_plugin_get_number (unboxed, G_MAXUINT32, &id))
    {
      g_autofree char *text = g_variant_print (unboxed, TRUE);

      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_TYPE, 0,
          "map %s: a value is the id of a program (u) or a descriptor (h), not %.100s",
          ebpf_map_get_name (map), text);
      return NULL;
    }

  program = ebpf_program_new_from_id ((guint) id, error);
  if (program == NULL)
    {
      g_prefix_error (error, "map %s: ", ebpf_map_get_name (map));
      return NULL;
    }

  return ebpf_plugin_new_fd_bytes (ebpf_program_peek_fd (program), sizeof (guint32),
                                   G_OBJECT (program));
}

static GObject *
ebpf_program_array_driver_value_to_object (EbpfMapDriver *driver,
                                           EbpfMap *map,
                                           GBytes *value,
                                           GError **error)
{
  g_autoptr (GVariant) id = ebpf_program_array_driver_value_to_variant (driver, map, value, error);

  if (id == NULL)
    return NULL;

  return (GObject *) ebpf_program_new_from_id (g_variant_get_uint32 (id), error);
}

static void
ebpf_program_array_driver_class_init (EbpfProgramArrayDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_program_array_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_program_array_driver_explain_create_error;
  driver_class->value_to_variant = ebpf_program_array_driver_value_to_variant;
  driver_class->value_from_variant = ebpf_program_array_driver_value_from_variant;
  driver_class->value_from_object = ebpf_program_array_driver_value_from_object;
  driver_class->value_to_object = ebpf_program_array_driver_value_to_object;
}

static void
ebpf_program_array_driver_init (EbpfProgramArrayDriver *self)
{
}
