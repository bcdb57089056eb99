/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl.h"

#include "ebpfctl-json.h"
#include "ebpfctl-table.h"

#include <stdio.h>

/* "ringbuf user-ringbuf"; a number where there is no word. */
static char *
dup_map_types (GVariant *map_types)
{
  GString *text = g_string_new (NULL);
  gsize n;
  const guint32 *types = g_variant_get_fixed_array (map_types, &n, sizeof *types);

  for (gsize i = 0; i < n; i++)
    {
      const char *word = ebpf_map_type_to_string ((EbpfMapType) types[i]);

      if (i > 0)
        g_string_append_c (text, ' ');
      if (word != NULL)
        g_string_append (text, word);
      else
        g_string_append_printf (text, "%u", types[i]);
    }

  return g_string_free (text, FALSE);
}

static void
print_json (GVariant *plugins)
{
  g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_PRETTY);

  ebpfctl_json_begin_array (json, NULL);
  for (gsize i = 0; i < g_variant_n_children (plugins); i++)
    {
      g_autoptr (GVariant) plugin = g_variant_get_child_value (plugins, i);
      g_autoptr (GVariant) map_types = g_variant_lookup_value (plugin, "map_types", NULL);
      const char *nick = NULL, *path = NULL, *description = NULL, *error = NULL;
      gsize n = 0;
      const guint32 *types =
          map_types != NULL ? g_variant_get_fixed_array (map_types, &n, sizeof *types) : NULL;

      g_variant_lookup (plugin, "nick", "&s", &nick);
      g_variant_lookup (plugin, "path", "&s", &path);
      g_variant_lookup (plugin, "description", "&s", &description);
      g_variant_lookup (plugin, "error", "&s", &error);

      ebpfctl_json_begin_object (json, NULL);
      ebpfctl_json_add_string (json, "nick", nick);
      ebpfctl_json_add_string (json, "path", path);
      ebpfctl_json_add_string (json, "description", description);
      ebpfctl_json_begin_array (json, "map_types");
      for (gsize j = 0; j < n; j++)
        {
          g_autofree char *number = g_strdup_printf ("%u", types[j]);
          const char *word = ebpf_map_type_to_string ((EbpfMapType) types[j]);

          ebpfctl_json_add_string (json, NULL, word != NULL ? word : number);
        }
      ebpfctl_json_end_array (json);
      ebpfctl_json_add_string (json, "error", error);
      ebpfctl_json_end_object (json);
    }
  ebpfctl_json_end_array (json);
  ebpfctl_json_print (json);
}

static void
print_table (GVariant *plugins)
{
  g_autoptr (EbpfctlTable) table = ebpfctl_table_new ();

  ebpfctl_table_add_column (table, "PLUG-IN", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "MAP TYPES", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "FROM", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "ERROR", EBPFCTL_COLUMN_SHRINK);

  for (gsize i = 0; i < g_variant_n_children (plugins); i++)
    {
      g_autoptr (GVariant) plugin = g_variant_get_child_value (plugins, i);
      g_autoptr (GVariant) map_types = g_variant_lookup_value (plugin, "map_types", NULL);
      g_autofree char *types = map_types != NULL ? dup_map_types (map_types) : NULL;
      const char *nick = NULL, *path = NULL, *error = NULL;

      g_variant_lookup (plugin, "nick", "&s", &nick);
      g_variant_lookup (plugin, "path", "&s", &path);
      g_variant_lookup (plugin, "error", "&s", &error);

      ebpfctl_table_add_text (table, nick);
      ebpfctl_table_add_text (table, types);
      ebpfctl_table_add_text (table, path);
      ebpfctl_table_add_text (table, error);
    }

  ebpfctl_table_print (table, 0);
}

int
ebpfctl_plugins (int argc, char **argv)
{
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  gboolean json = FALSE;
  g_auto (GStrv) rest = NULL;
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &rest, NULL, NULL },
    { NULL },
  };
  g_autoptr (GVariant) plugins = NULL;

  if (!ebpfctl_parse_options (argc, argv, entries, NULL,
                              "Lists the plug-ins for map types, and why one was refused.",
                              "Examples:\n"
                              "  ebpfctl plugins\n"
                              "  EBPF_PLUGIN_PATH=~/my-plugin/_build ebpfctl plugins --json\n"))
    return EBPFCTL_USAGE;
  if (rest != NULL && rest[0] != NULL)
    return ebpfctl_usage_error (argv[0], "“%s” is too many", rest[0]);

  plugins = ebpf_plugin_registry_list_plugins (registry);
  if (json)
    {
      print_json (plugins);
    }
  else if (g_variant_n_children (plugins) > 0)
    {
      print_table (plugins);
    }
  else
    {
      g_auto (GStrv) folders = ebpf_plugin_registry_list_folders (registry);
      g_autofree char *list = g_strjoinv (", ", folders);

      printf ("No plug-in in %s.\n", list);
    }

  return EBPFCTL_DONE;
}
