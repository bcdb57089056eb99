/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>
#include <string.h>

#include "ebpf-test.h"

static GBytes *
bytes_of_u32 (guint32 value)
{
  return g_bytes_new (&value, sizeof value);
}

static EbpfCollectionSpec *
make_spec (void)
{
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new ();
  g_autoptr (EbpfMapSpec) map = ebpf_map_spec_new ("counts", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (EbpfProgramSpec) program =
      ebpf_program_spec_new ("on_packet", EBPF_PROGRAM_TYPE_SOCKET_FILTER);
  g_autoptr (GBytes) value = bytes_of_u32 (7);
  g_autoptr (EbpfVariableSpec) variable =
      ebpf_variable_spec_new ("limit", ".rodata", 4, value, NULL);

  g_assert_true (ebpf_collection_spec_add_map (spec, map, NULL));
  g_assert_true (ebpf_collection_spec_add_program (spec, program, NULL));
  g_assert_true (ebpf_collection_spec_add_variable (spec, variable, NULL));

  return g_steal_pointer (&spec);
}

static void
test_names (void)
{
  g_autoptr (EbpfCollectionSpec) spec = make_spec ();
  g_autoptr (EbpfMapSpec) twin = ebpf_map_spec_new ("counts", EBPF_MAP_TYPE_ARRAY, 4, 4, 1);
  g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (spec);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (ebpf_collection_spec_get_map (spec, "counts"));
  g_assert_null (ebpf_collection_spec_get_map (spec, "on_packet"));
  g_assert_nonnull (ebpf_collection_spec_get_program (spec, "on_packet"));
  g_assert_nonnull (ebpf_collection_spec_get_variable (spec, "limit"));
  g_assert_cmpuint (maps->len, ==, 1);

  g_assert_false (ebpf_collection_spec_add_map (spec, twin, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS, "*two maps*\"counts\"*");
}

static void
test_copy (void)
{
  g_autoptr (EbpfCollectionSpec) spec = make_spec ();
  g_autoptr (EbpfMapSpec) inner = ebpf_map_spec_new ("inner", EBPF_MAP_TYPE_ARRAY, 4, 4, 1);
  g_autoptr (EbpfCollectionSpec) copy = NULL;
  g_autoptr (GBytes) key = bytes_of_u32 (1);
  g_autoptr (GBytes) eight = bytes_of_u32 (8);
  g_autoptr (GBytes) value = NULL;
  EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, "counts");
  EbpfMapSpec *map_copy;

  ebpf_map_spec_set_map_flags (map, EBPF_MAP_FLAGS_NO_PREALLOC);
  ebpf_map_spec_set_inner_map (map, inner);
  ebpf_map_spec_add_content (map, key, eight);
  ebpf_map_spec_add_reference (map, key, "other");

  copy = ebpf_collection_spec_copy (spec);
  map_copy = ebpf_collection_spec_get_map (copy, "counts");
  g_assert_true (map_copy != map);
  g_assert_cmpuint (ebpf_map_spec_get_map_flags (map_copy), ==, EBPF_MAP_FLAGS_NO_PREALLOC);
  g_assert_cmpuint (ebpf_map_spec_get_n_contents (map_copy), ==, 2);
  g_assert_cmpstr (ebpf_map_spec_get_content_reference (map_copy, 1), ==, "other");
  g_assert_null (ebpf_map_spec_get_content_value (map_copy, 1));
  g_assert_true (ebpf_map_spec_get_inner_map (map_copy) != inner);

  ebpf_map_spec_set_max_entries (map_copy, 99);
  ebpf_map_spec_clear_contents (map_copy);
  g_assert_true (ebpf_variable_spec_set_bytes (ebpf_collection_spec_get_variable (copy, "limit"),
                                               eight, NULL));

  g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, 16);
  g_assert_cmpuint (ebpf_map_spec_get_n_contents (map), ==, 2);
  value = ebpf_variable_spec_get_bytes (ebpf_collection_spec_get_variable (spec, "limit"));
  g_assert_cmpmem (g_bytes_get_data (value, NULL), g_bytes_get_size (value), &(guint32){ 7 },
                   sizeof (guint32));
}

static void
test_variable_size (void)
{
  g_autoptr (EbpfCollectionSpec) spec = make_spec ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("12345", 5);
  g_autoptr (GError) error = NULL;
  EbpfVariableSpec *variable = ebpf_collection_spec_get_variable (spec, "limit");

  g_assert_true (ebpf_variable_spec_get_constant (variable));
  g_assert_false (ebpf_variable_spec_set_bytes (variable, bytes, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE,
                                  "*\"limit\"*4 bytes, not 5*");
}

static void
test_missing_constants (void)
{
  g_autoptr (EbpfCollectionSpec) spec = make_spec ();
  g_autoptr (GVariant) constants =
      g_variant_ref_sink (g_variant_new_parsed ("{'a': <uint32 1>, 'b': <uint32 2>}"));
  g_autoptr (GVariant) wrong = g_variant_ref_sink (g_variant_new_string ("x"));
  g_autoptr (GVariant) untyped =
      g_variant_ref_sink (g_variant_new_parsed ("{'limit': <uint32 1>}"));
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_collection_spec_set_constants (spec, constants, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "no variable named \"a\", \"b\"");
  g_clear_error (&error);

  g_assert_false (ebpf_collection_spec_set_constants (spec, wrong, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*a{sv}*not as s");
  g_clear_error (&error);

  g_assert_false (ebpf_collection_spec_set_constants (spec, untyped, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*\"limit\"*clang -g*");
}

/* An application's object, with a property for each thing that it wants. */
typedef struct
{
  GObject parent_instance;

  EbpfMapSpec *counts;
  EbpfProgramSpec *handler;
  EbpfVariableSpec *missing;
} Target;

typedef struct
{
  GObjectClass parent_class;
} TargetClass;

static gboolean target_asks_for_missing;

static GType target_get_type (void);
G_DEFINE_TYPE (Target, target, G_TYPE_OBJECT)

static void
target_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  Target *self = (Target *) object;

  if (prop_id == 1)
    g_set_object (&self->counts, g_value_get_object (value));
  else if (prop_id == 2)
    g_set_object (&self->handler, g_value_get_object (value));
  else
    g_set_object (&self->missing, g_value_get_object (value));
}

static void
target_dispose (GObject *object)
{
  Target *self = (Target *) object;

  g_clear_object (&self->counts);
  g_clear_object (&self->handler);
  g_clear_object (&self->missing);
  G_OBJECT_CLASS (target_parent_class)->dispose (object);
}

static void
target_class_init (TargetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;
  GParamSpec *pspec;

  object_class->set_property = target_set_property;
  object_class->dispose = target_dispose;
  g_object_class_install_property (
      object_class, 1, g_param_spec_object ("counts", NULL, NULL, EBPF_TYPE_MAP_SPEC, flags));
  pspec = g_param_spec_object ("handler", NULL, NULL, EBPF_TYPE_PROGRAM_SPEC, flags);
  ebpf_param_spec_set_symbol (pspec, "on_packet");
  g_object_class_install_property (object_class, 2, pspec);
}

static void
target_init (Target *self)
{
  /* A property that nothing can fill, for the test that wants one. */
  if (target_asks_for_missing &&
      g_object_class_find_property (G_OBJECT_GET_CLASS (self), "not-there") == NULL)
    g_object_class_install_property (
        G_OBJECT_GET_CLASS (self), 3,
        g_param_spec_object ("not-there", NULL, NULL, EBPF_TYPE_VARIABLE_SPEC,
                             G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
}

static void
test_assign (void)
{
  g_autoptr (EbpfCollectionSpec) spec = make_spec ();
  g_autoptr (GObject) target = g_object_new (target_get_type (), NULL);
  g_autoptr (GObject) plain = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_collection_spec_assign (spec, target, &error));
  g_assert_no_error (error);
  g_assert_true (((Target *) target)->counts == ebpf_collection_spec_get_map (spec, "counts"));
  g_assert_true (((Target *) target)->handler ==
                 ebpf_collection_spec_get_program (spec, "on_packet"));

  /* Nothing asked for is nothing wrong. */
  g_assert_true (ebpf_collection_spec_assign (spec, plain, &error));
  g_assert_no_error (error);
}

static void
test_assign_missing (void)
{
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new ();
  g_autoptr (GObject) target = NULL;
  g_autoptr (GError) error = NULL;

  if (g_test_subprocess ())
    {
      target_asks_for_missing = TRUE;
      target = g_object_new (target_get_type (), NULL);
      g_assert_false (ebpf_collection_spec_assign (spec, target, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                      "Target*\"counts\"*\"on_packet\"*\"not_there\"*");
      g_assert_null (((Target *) target)->counts);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
assert_u32 (EbpfCollectionSpec *spec, const char *name, guint32 expected)
{
  g_autoptr (GVariant) value =
      ebpf_variable_spec_get_value (ebpf_collection_spec_get_variable (spec, name), NULL);

  g_assert_cmpuint (g_variant_get_uint32 (value), ==, expected);
}

/* All or nothing, as values or as bytes. */
static void
test_constants (void)
{
  static const struct
  {
    const char *constants;
    int code;
    const char *message;
  } wrong[] = {
    { "{'ro_limit': <uint32 5>, 'none': <1>, 'nowhere': <2>}", EBPF_ERROR_NOT_FOUND,
      "*variables.bpf.o: no variable named \"none\", \"nowhere\"" },
    { "{'ro_limit': <uint32 5>, 'data_text': <'seventeen letters'>}", EBPF_ERROR_WRONG_SIZE,
      "*data_text*" },
    { "{'ro_limit': <uint32 5>, 'ro_flag': <[byte 1, 1]>}", EBPF_ERROR_WRONG_TYPE, "*ro_flag*" },
    { "{'ro_limit': <'five'>}", EBPF_ERROR_WRONG_TYPE, "*ro_limit*" },
    { "{'ro_limit': <uint64 4294967296>}", 0, "*ro_limit*" },
  };
  g_autofree char *path = ebpf_test_object ("variables.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollectionSpec) before = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  before = ebpf_collection_spec_copy (spec);

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_test_message ("%s", wrong[i].constants);
      g_assert_false (ebpf_collection_spec_set_constants (
          spec, g_variant_new_parsed (wrong[i].constants), &error));
      if (wrong[i].code != 0)
        ebpf_test_assert_error_matches (error, EBPF_ERROR, wrong[i].code, wrong[i].message);
      else
        g_assert_true (g_pattern_match_simple (wrong[i].message, error->message));
      g_clear_error (&error);
      assert_u32 (spec, "ro_limit", 1000);
    }

  g_assert_true (ebpf_collection_spec_set_constants (
      spec,
      g_variant_new_parsed ("{'ro_limit': <uint32 5>, 'ro_name': <'xyz'>, 'ro_flag': <true>, "
                            "'data_point': <{'x': <7>, 'y': <8>}>}"),
      &error));
  g_assert_no_error (error);
  assert_u32 (spec, "ro_limit", 5);
  assert_u32 (before, "ro_limit", 1000);
}

static void
test_meta (void)
{
  static const struct
  {
    const char *source, *name;
  } names[] = {
    { "/usr/lib/monitor.bpf.o", "monitor" },
    { "monitor.o", "monitor" },
    { "some/folder/monitor", "monitor" },
    { "bytes", "bytes" },
    { "v1.2.bpf.o", "v1.2" },
    { ".o", ".o" },
  };
  g_autoptr (EbpfCollectionSpec) spec = make_spec ();
  g_autoptr (EbpfCollectionSpec) copy = NULL;
  g_autoptr (EbpfCollectionSpec) opened = NULL;
  g_autofree char *none = ebpf_collection_spec_dup_name (spec);
  g_autofree char *given = NULL;
  g_autofree char *path = ebpf_test_object ("sections.bpf.o");
  g_autofree char *from_path = NULL;
  g_autoptr (GError) error = NULL;
  guint version;

  g_assert_null (none);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = NULL;

      ebpf_collection_spec_set_source (spec, names[i].source);
      name = ebpf_collection_spec_dup_name (spec);
      g_assert_cmpstr (name, ==, names[i].name);
    }

  g_object_set (spec, "name", "my own", "kernel-version", 0x50a00u, NULL);
  copy = ebpf_collection_spec_copy (spec);
  g_object_get (copy, "name", &given, "kernel-version", &version, NULL);
  g_assert_cmpstr (given, ==, "my own");
  g_assert_cmpuint (version, ==, 0x50a00);
  g_assert_cmpuint (
      ebpf_program_spec_get_kernel_version (ebpf_collection_spec_get_program (copy, "on_packet")),
      ==, 0x50a00);

  /* What the object says, until somebody says something else. */
  opened = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  from_path = ebpf_collection_spec_dup_name (opened);
  g_assert_cmpstr (from_path, ==, "sections");
  g_assert_cmpuint (ebpf_collection_spec_get_kernel_version (opened), ==, 0x60100);
  ebpf_collection_spec_set_kernel_version (opened, 0);
  g_assert_cmpuint (
      ebpf_program_spec_get_kernel_version (ebpf_collection_spec_get_program (opened, "first")), ==,
      0);
}

static void
test_map_types (void)
{
  static const struct
  {
    EbpfMapType type;
    gboolean per_cpu, maps, programs, no_prealloc, no_entries;
  } facts[] = {
    { EBPF_MAP_TYPE_HASH, FALSE, FALSE, FALSE, FALSE, FALSE },
    { EBPF_MAP_TYPE_PERCPU_HASH, TRUE, FALSE, FALSE, FALSE, FALSE },
    { EBPF_MAP_TYPE_PERCPU_ARRAY, TRUE, FALSE, FALSE, FALSE, FALSE },
    { EBPF_MAP_TYPE_LRU_PERCPU_HASH, TRUE, FALSE, FALSE, FALSE, FALSE },
    { EBPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, TRUE, FALSE, FALSE, FALSE, TRUE },
    { EBPF_MAP_TYPE_CGROUP_STORAGE, FALSE, FALSE, FALSE, FALSE, TRUE },
    { EBPF_MAP_TYPE_CGRP_STORAGE, FALSE, FALSE, FALSE, TRUE, TRUE },
    { EBPF_MAP_TYPE_SK_STORAGE, FALSE, FALSE, FALSE, TRUE, TRUE },
    { EBPF_MAP_TYPE_INODE_STORAGE, FALSE, FALSE, FALSE, TRUE, TRUE },
    { EBPF_MAP_TYPE_TASK_STORAGE, FALSE, FALSE, FALSE, TRUE, TRUE },
    { EBPF_MAP_TYPE_LPM_TRIE, FALSE, FALSE, FALSE, TRUE, FALSE },
    { EBPF_MAP_TYPE_ARRAY_OF_MAPS, FALSE, TRUE, FALSE, FALSE, FALSE },
    { EBPF_MAP_TYPE_HASH_OF_MAPS, FALSE, TRUE, FALSE, FALSE, FALSE },
    { EBPF_MAP_TYPE_PROG_ARRAY, FALSE, FALSE, TRUE, FALSE, FALSE },
    { (EbpfMapType) 1000, FALSE, FALSE, FALSE, FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (facts); i++)
    {
      EbpfMapType type = facts[i].type;

      g_test_message ("%s", ebpf_map_type_to_string (type));
      g_assert_cmpint (ebpf_map_type_is_per_cpu (type), ==, facts[i].per_cpu);
      g_assert_cmpint (ebpf_map_type_holds_maps (type), ==, facts[i].maps);
      g_assert_cmpint (ebpf_map_type_holds_programs (type), ==, facts[i].programs);
      g_assert_cmpint (ebpf_map_type_needs_no_prealloc (type), ==, facts[i].no_prealloc);
      g_assert_cmpint (ebpf_map_type_has_no_max_entries (type), ==, facts[i].no_entries);
    }
}

static void
test_sanitize_name (void)
{
  static const struct
  {
    const char *text, *name;
  } names[] = {
    { "", "" },
    { "counts", "counts" },
    { "my-map", "mymap" },
    { "A_z.09", "A_z.09" },
    { "tab\tand space", "tabandspace" },
    { "Zähler", "Zhler" },
    { "exactly_fifteen", "exactly_fifteen" },
    { "this_one_is_too_long", "this_one_is_too" },
    { "-----------------after", "after" },
    { "…", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = ebpf_sanitize_name (names[i].text);

      g_assert_cmpstr (name, ==, names[i].name);
    }
}

/* Where the last variable is an array, it grows with its section. */
static void
test_resize (void)
{
  g_autofree char *path = ebpf_test_object ("variables.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollectionSpec) before = NULL;
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GError) error = NULL;
  EbpfVariableSpec *variable;
  EbpfMapSpec *map;
  const guint8 *data;
  gsize size;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  before = ebpf_collection_spec_copy (spec);

  g_assert_false (ebpf_collection_spec_resize_section (spec, ".nothing", 100, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (ebpf_collection_spec_resize_section (spec, ".data", 79, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*80*79*");
  g_clear_error (&error);
  g_assert_true (ebpf_collection_spec_resize_section (spec, ".data", 80, &error));
  g_assert_no_error (error);

  /* .bss ends in a static number: it grows, and has no type any more. */
  g_assert_true (ebpf_collection_spec_resize_section (spec, ".bss", 4096, &error));
  g_assert_no_error (error);
  map = ebpf_collection_spec_get_map (spec, ".bss");
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 4096);
  g_assert_null (ebpf_map_spec_get_value_type (map));
  g_assert_true (ebpf_collection_spec_get_btf (spec) == ebpf_collection_spec_get_btf (before));
  g_assert_cmpuint (g_bytes_get_size (ebpf_map_spec_get_content_value (map, 0)), ==, 4096);

  /* What it was copied from has not changed. */
  g_assert_cmpuint (ebpf_map_spec_get_value_size (ebpf_collection_spec_get_map (before, ".bss")),
                    ==, 36);
  g_clear_object (&spec);
  g_clear_pointer (&path, g_free);

  path = ebpf_test_object ("sized.bpf.o");
  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  g_clear_object (&before);
  before = ebpf_collection_spec_copy (spec);
  map = ebpf_collection_spec_get_map (spec, ".data.table");
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 24);

  g_assert_true (ebpf_collection_spec_resize_section (spec, ".data.table", 8 + 100 * 8, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 808);
  g_assert_cmpint (ebpf_btf_type_get_size (ebpf_map_spec_get_value_type (map)), ==, 808);
  variable = ebpf_collection_spec_get_variable (spec, "table");
  g_assert_cmpuint (ebpf_variable_spec_get_size (variable), ==, 800);
  g_assert_cmpint (ebpf_btf_type_get_size (ebpf_variable_spec_get_btf_type (variable)), ==, 800);
  value = ebpf_variable_spec_get_bytes (variable);
  data = g_bytes_get_data (value, &size);
  g_assert_cmpuint (size, ==, 800);
  g_assert_cmpmem (data, 16, "\5\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0", 16);
  for (gsize i = 16; i < size; i++)
    g_assert_cmpuint (data[i], ==, 0);
  g_assert_true (ebpf_program_spec_get_btf (ebpf_collection_spec_get_program (spec, "look")) ==
                 ebpf_collection_spec_get_btf (spec));
  variable = ebpf_collection_spec_get_variable (before, "table");
  g_assert_cmpuint (ebpf_variable_spec_get_size (variable), ==, 16);
  g_assert_cmpint (ebpf_btf_type_get_size (ebpf_variable_spec_get_btf_type (variable)), ==, 16);

  /* Not a number of elements. */
  g_assert_true (ebpf_collection_spec_resize_section (spec, ".data.table", 812, &error));
  g_assert_no_error (error);
  g_assert_null (ebpf_map_spec_get_value_type (map));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/spec/collection/names", test_names);
  ebpf_test_add ("/spec/collection/copy", test_copy);
  ebpf_test_add ("/spec/collection/variable-size", test_variable_size);
  ebpf_test_add ("/spec/collection/missing-constants", test_missing_constants);
  ebpf_test_add ("/spec/collection/constants", test_constants);
  ebpf_test_add ("/spec/collection/meta", test_meta);
  ebpf_test_add ("/spec/collection/map-types", test_map_types);
  ebpf_test_add ("/spec/collection/sanitize-name", test_sanitize_name);
  ebpf_test_add ("/spec/collection/resize", test_resize);
  ebpf_test_add ("/spec/collection/assign", test_assign);
  ebpf_test_add ("/spec/collection/assign-missing", test_assign_missing);

  return g_test_run ();
}
