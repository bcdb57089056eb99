/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-map-spec-private.h"

#include <ebpf.h>

#include "ebpf-test.h"

static EbpfCollectionSpec *
open_object (gconstpointer byte_order, const char *name)
{
  g_autofree char *file = g_strdup_printf (
      "%s%s.bpf.o", name, GPOINTER_TO_INT (byte_order) == EBPF_BYTE_ORDER_BIG_ENDIAN ? ".be" : "");
  g_autofree char *path = ebpf_test_object (file);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  g_assert_cmpint (ebpf_collection_spec_get_byte_order (spec), ==, GPOINTER_TO_INT (byte_order));

  return spec;
}

static const struct
{
  const char *name;
  const char *section;
  guint offset;
  gboolean constant;
  const char *type;
  guint width; /* of the numbers that @bytes are, little endian */
  guint size;
  const char *bytes;
} variables[] = {
  { "data_u8", ".data", 0, FALSE, "__u8", 1, 1, "\x12" },
  { "data_u16", ".data", 2, FALSE, "__u16", 2, 2, "\x34\x12" },
  { "data_s32", ".data", 4, FALSE, "__s32", 4, 4, "\xfb\xff\xff\xff" },
  { "data_u64", ".data", 8, FALSE, "__u64", 8, 8, "\x88\x77\x66\x55\x44\x33\x22\x11" },
  { "data_bool", ".data", 16, FALSE, "_Bool", 1, 1, "\1" },
  { "data_text", ".data", 17, FALSE, "", 1, 16, "hello\0\0\0\0\0\0\0\0\0\0\0" },
  { "data_array", ".data", 36, FALSE, "", 4, 16, "\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0" },
  { "data_point", ".data", 52, FALSE, "point", 4, 8, "\xff\xff\xff\xff\2\0\0\0" },
  { "data_color", ".data", 60, FALSE, "color", 4, 4, "\7\0\0\0" },
  { "data_weak", ".data", 64, FALSE, "__u32", 4, 4, "\x4d\0\0\0" },
  { "tagged_variable", ".data", 72, FALSE, "__u32", 4, 4, "\5\0\0\0" },
  { "bss_counter", ".bss", 0, FALSE, "__u64", 8, 8, "\0\0\0\0\0\0\0\0" },
  { "bss_points", ".bss", 8, FALSE, "", 4, 24, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" },
  { "bss_custom", ".bss.custom", 0, FALSE, "__u32", 4, 4, "\0\0\0\0" },
  { "ro_limit", ".rodata", 0, TRUE, "", 4, 4, "\xe8\3\0\0" },
  { "ro_offset", ".rodata", 8, TRUE, "", 8, 8, "\xf7\xff\xff\xff\xff\xff\xff\xff" },
  { "ro_name", ".rodata", 16, TRUE, "", 1, 8, "abc\0\0\0\0\0" },
  { "ro_flag", ".rodata", 24, TRUE, "", 1, 1, "\0" },
  { "ro_custom", ".rodata.custom", 0, TRUE, "", 4, 4, "\x69\x7a\0\0" },
  { "data_custom", ".data.custom", 0, FALSE, "__u32", 4, 4, "\x67\x12\0\0" },
};

/* The expected bytes in the object's byte order. */
static GBytes *
in_byte_order (gconstpointer byte_order, const char *bytes, guint size, guint width)
{
  guint8 *copy = g_memdup2 (bytes, size);

  if (GPOINTER_TO_INT (byte_order) == EBPF_BYTE_ORDER_BIG_ENDIAN)
    for (guint i = 0; i < size; i += width)
      for (guint k = 0; k < width; k++)
        copy[i + k] = (guint8) bytes[i + width - 1 - k];

  return g_bytes_new_take (copy, size);
}

static void
test_variables (gconstpointer byte_order)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "variables");
  g_autoptr (GPtrArray) list = ebpf_collection_spec_list_variables (spec);

  g_assert_cmpuint (list->len, ==, G_N_ELEMENTS (variables));
  g_assert_null (ebpf_collection_spec_get_variable (spec, "data_hidden"));
  g_assert_null (ebpf_collection_spec_get_variable (spec, "data_static"));
  g_assert_null (ebpf_collection_spec_get_variable (spec, "bss_static"));

  for (gsize i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      EbpfVariableSpec *variable = ebpf_collection_spec_get_variable (spec, variables[i].name);
      g_autoptr (GBytes) expected =
          in_byte_order (byte_order, variables[i].bytes, variables[i].size, variables[i].width);
      g_autoptr (GBytes) bytes = NULL;
      EbpfBtfType *type;

      g_test_message ("%s", variables[i].name);
      g_assert_nonnull (variable);
      g_assert_cmpstr (ebpf_variable_spec_get_name (variable), ==, variables[i].name);
      g_assert_cmpstr (ebpf_variable_spec_get_section (variable), ==, variables[i].section);
      g_assert_cmpuint (ebpf_variable_spec_get_offset (variable), ==, variables[i].offset);
      g_assert_cmpuint (ebpf_variable_spec_get_size (variable), ==, variables[i].size);
      g_assert_cmpint (ebpf_variable_spec_get_constant (variable), ==, variables[i].constant);

      bytes = ebpf_variable_spec_get_bytes (variable);
      g_assert_true (g_bytes_equal (bytes, expected));

      type = ebpf_variable_spec_get_btf_type (variable);
      g_assert_nonnull (type);
      g_assert_cmpint (ebpf_btf_type_get_size (type), ==, variables[i].size);
      if (g_str_equal (variables[i].name, "tagged_variable"))
        {
          const char *const *tags = ebpf_variable_spec_get_tags (variable);

          g_assert_cmpuint (g_strv_length ((char **) tags), ==, 2);
          g_assert_true (g_strv_contains (tags, "first"));
          g_assert_true (g_strv_contains (tags, "second"));
        }
      else
        {
          g_assert_null (ebpf_variable_spec_get_tags (variable));
        }
      if (variables[i].type[0] != '\0')
        g_assert_cmpstr (ebpf_btf_type_get_name (type), ==, variables[i].type);
    }
}

static void
test_sections (gconstpointer byte_order)
{
  static const struct
  {
    const char *name;
    guint size;
    gboolean constant;
  } sections[] = {
    { ".data", 80, FALSE },       { ".rodata", 25, TRUE }, { ".rodata.custom", 4, TRUE },
    { ".data.custom", 4, FALSE }, { ".bss", 36, FALSE },   { ".bss.custom", 4, FALSE },
  };
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "variables");
  g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (spec);

  /* No map of .rodata.str1.1, which nothing refers to. */
  g_assert_cmpuint (maps->len, ==, G_N_ELEMENTS (sections));

  for (gsize i = 0; i < G_N_ELEMENTS (sections); i++)
    {
      EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, sections[i].name);
      EbpfBtfType *type;

      g_test_message ("%s", sections[i].name);
      g_assert_nonnull (map);
      g_assert_true (ebpf_map_spec_is_data_section (map));
      g_assert_cmpint (ebpf_map_spec_is_constant (map), ==, sections[i].constant);
      g_assert_cmpuint (ebpf_map_spec_get_map_type (map), ==, EBPF_MAP_TYPE_ARRAY);
      g_assert_cmpuint (ebpf_map_spec_get_key_size (map), ==, 4);
      g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, sections[i].size);
      g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, 1);
      g_assert_cmpuint (ebpf_map_spec_get_map_flags (map), ==,
                        sections[i].constant ? EBPF_MAP_FLAGS_RDONLY_PROG : 0);
      g_assert_cmpuint (ebpf_map_spec_get_n_contents (map), ==, 1);
      g_assert_cmpuint (g_bytes_get_size (ebpf_map_spec_get_content_value (map, 0)), ==,
                        sections[i].size);

      type = ebpf_map_spec_get_value_type (map);
      g_assert_nonnull (type);
      g_assert_cmpuint (ebpf_btf_type_get_kind (type), ==, EBPF_BTF_KIND_DATASEC);
      g_assert_cmpint (ebpf_btf_type_get_size (type), ==, sections[i].size);
    }

  /* Static and hidden variables are in the bytes, too. */
  {
    EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, ".data");
    const guint8 *bytes = g_bytes_get_data (ebpf_map_spec_get_content_value (map, 0), NULL);

    g_assert_cmpuint (bytes[68] + bytes[71], ==, 88);
    g_assert_cmpuint (bytes[76] + bytes[79], ==, 99);
  }
}

/* What a program is loaded with is what was set in its place. */
static void
test_merge (void)
{
  g_autoptr (EbpfCollectionSpec) spec =
      open_object (GINT_TO_POINTER (EBPF_BYTE_ORDER_LITTLE_ENDIAN), "variables");
  EbpfVariableSpec *variable = ebpf_collection_spec_get_variable (spec, "ro_limit");
  g_autoptr (GBytes) value = g_bytes_new_static ("\1\2\3\4", 4);
  g_autoptr (GBytes) merged = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_variable_spec_set_bytes (variable, value, &error));
  g_assert_no_error (error);

  merged = ebpf_collection_spec_merge_data (spec, ebpf_collection_spec_get_map (spec, ".rodata"),
                                            &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (merged), ==, 25);
  g_assert_cmpmem (g_bytes_get_data (merged, NULL), 4, "\1\2\3\4", 4);
}

static void
test_kconfig (gconstpointer byte_order)
{
  static const struct
  {
    const char *name;
    guint32 offset, size;
    gboolean weak;
  } expected[] = {
    { "LINUX_KERNEL_VERSION", 0, 4, FALSE },     { "CONFIG_HZ", 8, 8, FALSE },
    { "CONFIG_NO_SUCH_OPTION", 16, 4, TRUE },    { "CONFIG_BPF_SYSCALL", 20, 1, FALSE },
    { "CONFIG_DEFAULT_HOSTNAME", 21, 16, TRUE },
  };
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "externs");
  EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, ".kconfig");
  GArray *externs = ebpf_collection_spec_peek_kconfig_externs (spec);

  g_assert_nonnull (map);
  g_assert_true (ebpf_map_spec_is_data_section (map));
  g_assert_true (ebpf_map_spec_is_constant (map));
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 37);
  g_assert_cmpuint (ebpf_map_spec_get_map_flags (map), ==, EBPF_MAP_FLAGS_RDONLY_PROG);
  g_assert_cmpuint (externs->len, ==, G_N_ELEMENTS (expected));

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      gboolean found = FALSE;

      for (guint k = 0; k < externs->len; k++)
        {
          const EbpfKconfigExtern *one = &g_array_index (externs, EbpfKconfigExtern, k);
          g_autoptr (EbpfBtfType) type = NULL;

          if (!g_str_equal (one->name, expected[i].name))
            continue;

          found = TRUE;
          g_assert_cmpuint (one->offset, ==, expected[i].offset);
          g_assert_cmpuint (one->size, ==, expected[i].size);
          g_assert_cmpint (one->weak, ==, expected[i].weak);

          type = ebpf_btf_get_type_by_id (ebpf_collection_spec_get_btf (spec), one->btf_id);
          g_assert_cmpstr (ebpf_btf_type_get_name (type), ==, one->name);
        }

      g_assert_true (found);
    }

  /* Externs are not variables of the object. */
  g_assert_null (ebpf_collection_spec_get_variable (spec, "CONFIG_HZ"));
}

int
main (int argc, char **argv)
{
  gpointer little = GINT_TO_POINTER (EBPF_BYTE_ORDER_LITTLE_ENDIAN);
  gpointer big = GINT_TO_POINTER (EBPF_BYTE_ORDER_BIG_ENDIAN);

  ebpf_test_init (&argc, &argv);

  ebpf_test_add_data ("/elf/data/variables/little", little, test_variables);
  ebpf_test_add_data ("/elf/data/variables/big", big, test_variables);
  ebpf_test_add_data ("/elf/data/sections/little", little, test_sections);
  ebpf_test_add_data ("/elf/data/sections/big", big, test_sections);
  ebpf_test_add ("/elf/data/merge", test_merge);
  ebpf_test_add_data ("/elf/data/kconfig/little", little, test_kconfig);
  ebpf_test_add_data ("/elf/data/kconfig/big", big, test_kconfig);

  return g_test_run ();
}
