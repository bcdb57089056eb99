/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-contents.h"

#include "ebpfctl-json.h"
#include "ebpfctl-table.h"
#include "ebpfctl-terminal.h"
#include "ebpfctl-value.h"
#include "ebpfctl.h"

#include <stdio.h>
#include <string.h>

static char *
dup_sum (GVariant *value)
{
  gboolean is_signed;
  guint64 sum;

  if (!ebpfctl_value_sum (value, &sum, &is_signed))
    return NULL;

  return is_signed ? g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) sum)
                   : g_strdup_printf ("%" G_GUINT64_FORMAT, sum);
}

static void
print_entry_json (EbpfMap *map, GVariant *key, GVariant *value, gboolean with_sum)
{
  g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);
  gboolean is_signed;
  guint64 sum;

  ebpfctl_json_begin_object (json, NULL);
  ebpfctl_json_add_string (json, "map", ebpf_map_get_name (map));
  ebpfctl_json_add_variant (json, "key", key);
  ebpfctl_json_add_variant (json, "value", value);
  if (with_sum && ebpfctl_value_sum (value, &sum, &is_signed))
    {
      if (is_signed)
        ebpfctl_json_add_int (json, "sum", (gint64) sum);
      else
        ebpfctl_json_add_uint (json, "sum", sum);
    }
  ebpfctl_json_end_object (json);
  ebpfctl_json_print (json);
}

static void
print_map (EbpfMap *map, gboolean as_json)
{
  g_autoptr (EbpfMapIterator) entries = ebpf_map_iterate (map);
  g_autoptr (EbpfctlTable) table = ebpfctl_table_new ();
  g_autoptr (GError) error = NULL;
  gboolean with_sum = ebpf_map_driver_query_is_per_cpu (ebpf_map_get_driver (map), map);
  gboolean is_array = ebpf_map_driver_query_is_array (ebpf_map_get_driver (map), map);
  const char *type = ebpf_map_type_to_string (ebpf_map_get_map_type (map));
  g_autofree char *clean_name = ebpfctl_terminal_clean (ebpf_map_get_name (map));
  guint64 n_zero = 0;

  ebpfctl_table_add_column (table, "KEY", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "VALUE", EBPFCTL_COLUMN_SHRINK);
  if (with_sum)
    ebpfctl_table_add_column (table, "SUM", EBPFCTL_COLUMN_RIGHT);

  while (ebpf_map_iterator_next (entries, &error))
    {
      g_autoptr (GVariant) key = ebpf_map_iterator_get_key (entries, &error);
      g_autoptr (GVariant) value = key ? ebpf_map_iterator_get_value (entries, &error) : NULL;
      g_autofree char *key_text = NULL;
      g_autofree char *value_text = NULL;
      g_autofree char *sum_text = NULL;

      if (value == NULL)
        {
          /* Gone meanwhile, or an empty slot of a map that holds objects. */
          if (!g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
            break;
          g_clear_error (&error);
          continue;
        }

      if (as_json)
        {
          print_entry_json (map, key, value, with_sum);
          continue;
        }

      /* Arrays are there in full from the start. */
      if (is_array && ebpfctl_value_is_zero (value))
        {
          n_zero++;
          continue;
        }

      key_text = ebpfctl_value_to_text (key);
      value_text = ebpfctl_value_to_text (value);
      ebpfctl_table_add_text (table, key_text);
      ebpfctl_table_add_text (table, value_text);
      if (with_sum)
        {
          sum_text = dup_sum (value);
          ebpfctl_table_add_text (table, sum_text);
        }
    }

  if (!as_json)
    {
      printf ("\n%s%s%s (%s)\n", ebpfctl_terminal_begin_style (stdout, EBPFCTL_STYLE_HEADING),
              clean_name, ebpfctl_terminal_end_style (stdout, EBPFCTL_STYLE_HEADING),
              type != NULL ? type : "type unknown");
      if (ebpfctl_table_get_n_rows (table) > 0)
        ebpfctl_table_print (table, 2);
      if (n_zero > 0)
        printf ("  %" G_GUINT64_FORMAT " %s of nothing but zeros\n", n_zero,
                n_zero == 1 ? "entry" : "entries");
      else if (ebpfctl_table_get_n_rows (table) == 0 && error == NULL)
        printf ("  empty\n");
    }

  if (error != NULL)
    {
      g_autofree char *message = g_strdup_printf ("the contents of map %s cannot be listed: %s",
                                                  clean_name, error->message);

      ebpfctl_print_error (message);
    }
}

static void
print_variables (EbpfCollection *collection, gboolean as_json)
{
  g_autoptr (GPtrArray) variables = ebpf_collection_list_variables (collection);
  g_autoptr (EbpfctlTable) table = ebpfctl_table_new ();

  ebpfctl_table_add_column (table, "VARIABLE", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "VALUE", EBPFCTL_COLUMN_SHRINK);

  for (guint i = 0; i < variables->len; i++)
    {
      EbpfVariable *variable = variables->pdata[i];
      g_autoptr (GVariant) value = NULL;
      g_autoptr (GError) error = NULL;

      if (ebpf_variable_get_read_only (variable))
        continue;

      value = ebpf_variable_get_value (variable, &error);
      if (value == NULL)
        {
          ebpfctl_print_error (error->message);
          continue;
        }

      if (as_json)
        {
          g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);

          ebpfctl_json_begin_object (json, NULL);
          ebpfctl_json_add_string (json, "variable", ebpf_variable_get_name (variable));
          ebpfctl_json_add_variant (json, "value", value);
          ebpfctl_json_end_object (json);
          ebpfctl_json_print (json);
        }
      else
        {
          g_autofree char *text = ebpfctl_value_to_text (value);

          ebpfctl_table_add_text (table, ebpf_variable_get_name (variable));
          ebpfctl_table_add_text (table, text);
        }
    }

  if (ebpfctl_table_get_n_rows (table) > 0)
    {
      printf ("\n");
      ebpfctl_table_print (table, 0);
    }
}

void
ebpfctl_contents_print (EbpfCollection *collection, gboolean as_json)
{
  EbpfCollectionSpec *spec = ebpf_collection_get_spec (collection);
  g_autoptr (GPtrArray) maps = ebpf_collection_list_maps (collection);

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMap *map = maps->pdata[i];
      EbpfMapSpec *map_spec = ebpf_collection_spec_get_map (spec, ebpf_map_get_name (map));

      /* Data sections are printed as their variables. */
      if (ebpf_map_has_reader (map) ||
          (map_spec != NULL && ebpf_map_spec_is_data_section (map_spec)))
        continue;

      print_map (map, as_json);
    }

  print_variables (collection, as_json);
}
