/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libFuzzer: anything as an object file. What is accepted is copied, and all of it is asked for. */

#include <ebpf.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
read_properties (gpointer object)
{
  guint n, i;
  GParamSpec **properties = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  for (i = 0; i < n; i++)
    if (properties[i]->flags & G_PARAM_READABLE)
      {
        g_auto (GValue) value = G_VALUE_INIT;

        g_value_init (&value, properties[i]->value_type);
        g_object_get_property (object, properties[i]->name, &value);
      }
  g_free (properties);
}

static void
read_all (EbpfCollectionSpec *spec)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (spec);
  g_autoptr (GPtrArray) programs = ebpf_collection_spec_list_programs (spec);
  g_autoptr (GPtrArray) variables = ebpf_collection_spec_list_variables (spec);
  guint i;

  read_properties (spec);
  for (i = 0; i < maps->len; i++)
    read_properties (maps->pdata[i]);
  for (i = 0; i < programs->len; i++)
    {
      read_properties (programs->pdata[i]);
      ebpf_program_spec_get_n_instructions (programs->pdata[i]);
    }
  for (i = 0; i < variables->len; i++)
    {
      g_autoptr (GVariant) value = NULL;

      read_properties (variables->pdata[i]);
      value = ebpf_variable_spec_get_value (variables->pdata[i], NULL);
    }
}

/* Each section of variables a little longer, by what fits an array, or by what does not. */
static void
resize_all (EbpfCollectionSpec *spec)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (spec);
  guint i;

  for (i = 0; i < maps->len; i++)
    {
      guint size = ebpf_map_spec_get_value_size (maps->pdata[i]);

      if (ebpf_map_spec_is_data_section (maps->pdata[i]) && size < 1 << 20)
        ebpf_collection_spec_resize_section (spec, ebpf_map_spec_get_name (maps->pdata[i]),
                                             size + (i % 2 == 0 ? 8 : 3), NULL);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollectionSpec) copy = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  if (spec == NULL)
    {
      g_assert (error != NULL && error->domain == EBPF_ERROR && error->message[0] != '\0');

      /* What is strange about the definitions of maps alone is passed over. */
      spec = ebpf_collection_spec_new_from_bytes_full (bytes, NULL, EBPF_OPEN_FLAGS_RELAXED_MAPS,
                                                       NULL);
      if (spec == NULL)
        return 0;
    }

  read_all (spec);
  copy = ebpf_collection_spec_copy (spec);
  resize_all (spec);
  read_all (spec);
  g_clear_object (&spec);
  read_all (copy);

  return 0;
}
