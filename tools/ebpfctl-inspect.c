/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl.h"

#include "ebpfctl-json.h"
#include "ebpfctl-table.h"
#include "ebpfctl-terminal.h"

#include <stdio.h>

/* The word, or the number as a string where the library has none. */
static char *
word_or_number (const char *word, guint number)
{
  return word != NULL ? g_strdup (word) : g_strdup_printf ("%u", number);
}

static char *
dup_map_type (EbpfMapSpec *map)
{
  EbpfMapType type = ebpf_map_spec_get_map_type (map);

  return word_or_number (ebpf_map_type_to_string (type), type);
}

static char *
dup_program_type (EbpfProgramSpec *program)
{
  EbpfProgramType type = ebpf_program_spec_get_program_type (program);

  return word_or_number (ebpf_program_type_to_string (type), type);
}

static char *
dup_attach_type (EbpfProgramSpec *program)
{
  EbpfAttachType type = ebpf_program_spec_get_attach_type (program);

  if (!ebpf_program_spec_has_attach_type (program))
    return NULL;

  return word_or_number (ebpf_attach_type_to_string (type), type);
}

static char *
dup_pinning (EbpfMapSpec *map)
{
  g_autoptr (GEnumClass) enum_class = g_type_class_ref (EBPF_TYPE_PINNING);
  EbpfPinning pinning = ebpf_map_spec_get_pinning (map);
  const GEnumValue *value = g_enum_get_value (enum_class, (int) pinning);

  return word_or_number (value != NULL ? value->value_nick : NULL, pinning);
}

/* "mmapable rdonly-prog", what has no word as a number in the end. */
static char *
dup_map_flags (EbpfMapSpec *map)
{
  g_autoptr (GFlagsClass) flags_class = g_type_class_ref (EBPF_TYPE_MAP_FLAGS);
  guint flags = ebpf_map_spec_get_map_flags (map);
  GString *text = g_string_new (NULL);
  const GFlagsValue *value;

  while (flags != 0 && (value = g_flags_get_first_value (flags_class, flags)) != NULL &&
         value->value != 0)
    {
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", value->value_nick);
      flags &= ~value->value;
    }

  if (flags != 0)
    g_string_append_printf (text, "%s%#x", text->len > 0 ? " " : "", flags);
  else if (text->len == 0)
    g_string_append_c (text, '-');

  return g_string_free (text, FALSE);
}

static char *
dup_variable_type (EbpfVariableSpec *variable)
{
  EbpfBtfType *type = ebpf_variable_spec_get_btf_type (variable);

  return type != NULL ? ebpf_btf_type_to_declaration (type, NULL) : NULL;
}

static const char *
byte_order_nick (EbpfCollectionSpec *spec)
{
  return ebpf_collection_spec_get_byte_order (spec) == EBPF_BYTE_ORDER_BIG_ENDIAN ? "big-endian"
                                                                                  : "little-endian";
}

static void
print_json (EbpfCollectionSpec *spec)
{
  g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_PRETTY);
  g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (spec);
  g_autoptr (GPtrArray) programs = ebpf_collection_spec_list_programs (spec);
  g_autoptr (GPtrArray) variables = ebpf_collection_spec_list_variables (spec);
  guint i;

  ebpfctl_json_begin_object (json, NULL);
  ebpfctl_json_add_string (json, "byte_order", byte_order_nick (spec));
  ebpfctl_json_add_string (json, "license", ebpf_collection_spec_get_license (spec));

  ebpfctl_json_begin_array (json, "maps");
  for (i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = maps->pdata[i];
      g_autofree char *type = dup_map_type (map);
      g_autofree char *pinning = dup_pinning (map);

      ebpfctl_json_begin_object (json, NULL);
      ebpfctl_json_add_string (json, "name", ebpf_map_spec_get_name (map));
      ebpfctl_json_add_string (json, "type", type);
      ebpfctl_json_add_uint (json, "key_size", ebpf_map_spec_get_key_size (map));
      ebpfctl_json_add_uint (json, "value_size", ebpf_map_spec_get_value_size (map));
      ebpfctl_json_add_uint (json, "max_entries", ebpf_map_spec_get_max_entries (map));
      ebpfctl_json_add_uint (json, "flags", ebpf_map_spec_get_map_flags (map));
      ebpfctl_json_add_string (json, "pinning", pinning);
      ebpfctl_json_end_object (json);
    }
  ebpfctl_json_end_array (json);

  ebpfctl_json_begin_array (json, "programs");
  for (i = 0; i < programs->len; i++)
    {
      EbpfProgramSpec *program = programs->pdata[i];
      g_autofree char *type = dup_program_type (program);
      g_autofree char *attach_type = dup_attach_type (program);

      ebpfctl_json_begin_object (json, NULL);
      ebpfctl_json_add_string (json, "name", ebpf_program_spec_get_name (program));
      ebpfctl_json_add_string (json, "section", ebpf_program_spec_get_section (program));
      ebpfctl_json_add_string (json, "type", type);
      ebpfctl_json_add_string (json, "attach_type", attach_type);
      ebpfctl_json_add_string (json, "attach_to", ebpf_program_spec_get_attach_to (program));
      ebpfctl_json_add_boolean (json, "autoload", ebpf_program_spec_get_autoload (program));
      ebpfctl_json_add_uint (json, "instructions", ebpf_program_spec_get_n_instructions (program));
      ebpfctl_json_end_object (json);
    }
  ebpfctl_json_end_array (json);

  ebpfctl_json_begin_array (json, "variables");
  for (i = 0; i < variables->len; i++)
    {
      EbpfVariableSpec *variable = variables->pdata[i];
      g_autofree char *type = dup_variable_type (variable);

      ebpfctl_json_begin_object (json, NULL);
      ebpfctl_json_add_string (json, "name", ebpf_variable_spec_get_name (variable));
      ebpfctl_json_add_string (json, "section", ebpf_variable_spec_get_section (variable));
      ebpfctl_json_add_uint (json, "offset", ebpf_variable_spec_get_offset (variable));
      ebpfctl_json_add_uint (json, "size", ebpf_variable_spec_get_size (variable));
      ebpfctl_json_add_boolean (json, "constant", ebpf_variable_spec_get_constant (variable));
      ebpfctl_json_add_string (json, "type", type);
      ebpfctl_json_end_object (json);
    }
  ebpfctl_json_end_array (json);

  ebpfctl_json_end_object (json);
  ebpfctl_json_print (json);
}

static void
print_section (const char *title, EbpfctlTable *table)
{
  printf ("\n%s%s%s\n", ebpfctl_terminal_begin_style (stdout, EBPFCTL_STYLE_HEADING), title,
          ebpfctl_terminal_end_style (stdout, EBPFCTL_STYLE_HEADING));

  if (ebpfctl_table_get_n_rows (table) > 0)
    ebpfctl_table_print (table, 2);
  else
    printf ("  none\n");
}

static void
print_maps (EbpfCollectionSpec *spec)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (spec);
  g_autoptr (EbpfctlTable) table = ebpfctl_table_new ();
  guint i;

  ebpfctl_table_add_column (table, "NAME", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "TYPE", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "KEY", EBPFCTL_COLUMN_RIGHT);
  ebpfctl_table_add_column (table, "VALUE", EBPFCTL_COLUMN_RIGHT);
  ebpfctl_table_add_column (table, "ENTRIES", EBPFCTL_COLUMN_RIGHT);
  ebpfctl_table_add_column (table, "PINNING", EBPFCTL_COLUMN_LEFT);
  ebpfctl_table_add_column (table, "FLAGS", EBPFCTL_COLUMN_SHRINK);

  for (i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = maps->pdata[i];
      g_autofree char *type = dup_map_type (map);
      g_autofree char *pinning = dup_pinning (map);
      g_autofree char *flags = dup_map_flags (map);

      ebpfctl_table_add_text (table, ebpf_map_spec_get_name (map));
      ebpfctl_table_add_text (table, type);
      ebpfctl_table_add_number (table, ebpf_map_spec_get_key_size (map));
      ebpfctl_table_add_number (table, ebpf_map_spec_get_value_size (map));
      ebpfctl_table_add_number (table, ebpf_map_spec_get_max_entries (map));
      ebpfctl_table_add_text (table, pinning);
      ebpfctl_table_add_text (table, flags);
    }

  print_section ("Maps", table);
}

static void
print_programs (EbpfCollectionSpec *spec)
{
  g_autoptr (GPtrArray) programs = ebpf_collection_spec_list_programs (spec);
  g_autoptr (EbpfctlTable) table = ebpfctl_table_new ();
  guint i;

  ebpfctl_table_add_column (table, "NAME", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "SECTION", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "TYPE", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "ATTACH TYPE", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "ATTACH TO", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "INSNS", EBPFCTL_COLUMN_RIGHT);

  for (i = 0; i < programs->len; i++)
    {
      EbpfProgramSpec *program = programs->pdata[i];
      g_autofree char *type = dup_program_type (program);
      g_autofree char *attach_type = dup_attach_type (program);

      ebpfctl_table_add_text (table, ebpf_program_spec_get_name (program));
      ebpfctl_table_add_text (table, ebpf_program_spec_get_section (program));
      ebpfctl_table_add_text (table, type);
      ebpfctl_table_add_text (table, attach_type);
      ebpfctl_table_add_text (table, ebpf_program_spec_get_attach_to (program));
      ebpfctl_table_add_number (table, ebpf_program_spec_get_n_instructions (program));
    }

  print_section ("Programs", table);
}

static void
print_variables (EbpfCollectionSpec *spec)
{
  g_autoptr (GPtrArray) variables = ebpf_collection_spec_list_variables (spec);
  g_autoptr (EbpfctlTable) table = ebpfctl_table_new ();
  guint i;

  ebpfctl_table_add_column (table, "NAME", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "SECTION", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "SIZE", EBPFCTL_COLUMN_RIGHT);
  ebpfctl_table_add_column (table, "CONSTANT", EBPFCTL_COLUMN_LEFT);
  ebpfctl_table_add_column (table, "TYPE", EBPFCTL_COLUMN_SHRINK);

  for (i = 0; i < variables->len; i++)
    {
      EbpfVariableSpec *variable = variables->pdata[i];
      g_autofree char *type = dup_variable_type (variable);

      ebpfctl_table_add_text (table, ebpf_variable_spec_get_name (variable));
      ebpfctl_table_add_text (table, ebpf_variable_spec_get_section (variable));
      ebpfctl_table_add_number (table, ebpf_variable_spec_get_size (variable));
      ebpfctl_table_add_text (table, ebpf_variable_spec_get_constant (variable) ? "yes" : "no");
      ebpfctl_table_add_text (table, type);
    }

  print_section ("Variables", table);
}

int
ebpfctl_inspect (int argc, char **argv)
{
  gboolean json = FALSE;
  g_auto (GStrv) files = NULL;
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
    { NULL },
  };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *clean_license = NULL;
  const char *file, *license;

  if (!ebpfctl_parse_options (
          argc, argv, entries, "FILE",
          "Shows the maps, programs and variables of an object file.\n"
          "It needs no privilege and makes no use of the kernel.",
          "Examples:\n"
          "  ebpfctl inspect monitor.bpf.o\n"
          "  ebpfctl inspect --json monitor.bpf.o | jq '.programs[].section'\n") ||
      (file = ebpfctl_take_file (argv[0], files)) == NULL)
    return EBPFCTL_USAGE;

  spec = ebpf_collection_spec_new_from_path (file, &error);
  if (spec == NULL)
    return ebpfctl_fail (error);

  if (json)
    {
      print_json (spec);
      return EBPFCTL_DONE;
    }

  license = ebpf_collection_spec_get_license (spec);
  clean_license = ebpfctl_terminal_clean (license != NULL ? license : "none given");
  printf ("Byte order: %s\nLicence:    %s\n", byte_order_nick (spec), clean_license);
  print_maps (spec);
  print_programs (spec);
  print_variables (spec);

  return EBPFCTL_DONE;
}
