/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-test.h"

#include <glib/gstdio.h>

static EbpfCollectionSpec *
open_linked (const char *first, const char *second)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec;

  bytes = link_objects (&error, first, second, NULL);
  g_assert_no_error (error);
  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);

  return spec;
}

/* bpf_loop () is of Linux 5.17. */
static EbpfCollection *
load_linked (const char *first, const char *second, gboolean with_loop)
{
  g_autoptr (EbpfCollectionSpec) spec = open_linked (first, second);
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  ebpf_program_spec_set_autoload (ebpf_collection_spec_get_program (spec, "entry_loop"), with_loop);
  collection = ebpf_collection_new (spec);
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);

  return g_steal_pointer (&collection);
}

static void
assert_returns (EbpfCollection *collection, const char *name, int value)
{
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  EbpfProgram *program = ebpf_collection_get_program (collection, name);
  g_autoptr (GError) error = NULL;
  guint returned = 0;

  g_assert_nonnull (program);
  ebpf_program_test_run (program, packet, 1, &returned, NULL, NULL, &error);
  g_assert_no_error (error);
  if ((int) returned != value)
    g_error ("%s returned %d instead of %d", name, (int) returned, value);
}

static gint64
get_number (EbpfCollection *collection, const char *name)
{
  EbpfVariable *variable = ebpf_collection_get_variable (collection, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  g_assert_nonnull (variable);
  value = ebpf_variable_get_value (variable, &error);
  g_assert_no_error (error);

  return g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64) ? (gint64) g_variant_get_uint64 (value)
                                                             : g_variant_get_int32 (value);
}

static void
check_programs (EbpfCollection *collection)
{
  /* Each file's own function, variable and constant. */
  assert_returns (collection, "entry_static_a", 1 + 11 + 1000);
  assert_returns (collection, "entry_static_a", 1 + 12 + 1000);
  assert_returns (collection, "entry_static_b", 2 * (1 + 22 + 2000));
  assert_returns (collection, "entry_static_b", 2 * (1 + 24 + 2000));

  /* Calls to the other file, and from there back. */
  assert_returns (collection, "entry_extern", 20 + 3 + 5);
  assert_returns (collection, "entry_there_and_back", 2 * 21 + 1);
  assert_returns (collection, "entry_hidden", 8 + 77);

  /* Weak and strong, in both directions; a_double () has counted once, chosen () of a never. */
  g_assert_cmpint (get_number (collection, "a_seen"), ==, 1);
  assert_returns (collection, "entry_weak_data", 2 + 30);

  /* b_counter += 5; b_table[2]; b_constant */
  assert_returns (collection, "entry_data", (3 + 5) * 10000 + 13 * 100 + 9);
  assert_returns (collection, "entry_data", (3 + 10) * 10000 + 13 * 100 + 9);
  g_assert_cmpint (get_number (collection, "b_counter"), ==, 13);
  g_assert_cmpint (get_number (collection, "a_value"), ==, 5);

  /* One map, seen by both. */
  assert_returns (collection, "entry_maps", 1 * 10 + 0);
  assert_returns (collection, "entry_both_maps", 55);
  assert_returns (collection, "entry_maps", 2 * 10 + 2);
}

static void
test_run (void)
{
  g_autoptr (EbpfCollection) collection = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load_linked ("link-a.bpf.o", "link-b.bpf.o", FALSE);
  check_programs (collection);
  assert_returns (collection, "entry_weak", (1 + 2) * 1000000 + (1 + 100) * 1000 + (1 + 1));
}

/* The other way round the result is the same, but for what is weak in both. */
static void
test_order (void)
{
  g_autoptr (EbpfCollection) collection = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load_linked ("link-b.bpf.o", "link-a.bpf.o", FALSE);
  check_programs (collection);
  assert_returns (collection, "entry_weak", (1 + 2) * 1000000 + (1 + 100) * 1000 + (1 + 2));
}

/* The address of a static function behind others of its section. */
static void
test_callback (void)
{
  g_autoptr (EbpfCollection) collection = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 17))
    return;

  collection = load_linked ("link-a.bpf.o", "link-b.bpf.o", TRUE);
  assert_returns (collection, "entry_loop", 7);
}

static void
assert_int (EbpfCollectionSpec *spec, const char *name, const char *section, int value)
{
  EbpfVariableSpec *variable = ebpf_collection_spec_get_variable (spec, name);
  g_autoptr (GVariant) got = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (variable);
  g_assert_cmpstr (ebpf_variable_spec_get_section (variable), ==, section);
  got = ebpf_variable_spec_get_value (variable, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_collection_spec_get_byte_order (spec) == EBPF_BYTE_ORDER_BIG_ENDIAN
                       ? GINT32_FROM_BE (g_variant_get_int32 (got))
                       : GINT32_FROM_LE (g_variant_get_int32 (got)),
                   ==, value);
}

/* What is said of the result without loading it, also of the other byte order. */
static void
test_spec (gconstpointer infix)
{
  g_autofree char *a = g_strdup_printf ("link-a%s.bpf.o", (const char *) infix);
  g_autofree char *b = g_strdup_printf ("link-b%s.bpf.o", (const char *) infix);
  g_autoptr (EbpfCollectionSpec) spec = open_linked (a, b);
  g_autoptr (GPtrArray) programs = ebpf_collection_spec_list_programs (spec);
  EbpfMapSpec *map;
  EbpfVariableSpec *variable;
  EbpfBtf *btf = ebpf_collection_spec_get_btf (spec);
  g_autofree guint *ids = NULL;
  g_autofree char *declaration = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_ids = 0;

  g_assert_cmpint (ebpf_collection_spec_get_byte_order (spec), ==,
                   ((const char *) infix)[0] != '\0' ? EBPF_BYTE_ORDER_BIG_ENDIAN
                                                     : EBPF_BYTE_ORDER_LITTLE_ENDIAN);
  g_assert_cmpstr (ebpf_collection_spec_get_license (spec), ==, "GPL");
  g_assert_cmpuint (programs->len, ==, 11);

  map = ebpf_collection_spec_get_map (spec, "a_map");
  g_assert_cmpint (ebpf_map_spec_get_map_type (map), ==, EBPF_MAP_TYPE_HASH);
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, 16);
  map = ebpf_collection_spec_get_map (spec, "b_map");
  g_assert_cmpint (ebpf_map_spec_get_map_type (map), ==, EBPF_MAP_TYPE_ARRAY);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 16);

  assert_int (spec, "a_value", ".data", 5);
  assert_int (spec, "b_counter", ".data", 3);
  assert_int (spec, "chosen_value", ".data", 2);
  assert_int (spec, "a_only_weak", ".data", 30);
  assert_int (spec, "b_constant", ".rodata", 9);

  /* The length that the definition has, not that of "extern int b_table[]". */
  variable = ebpf_collection_spec_get_variable (spec, "b_table");
  declaration = ebpf_btf_type_to_declaration (ebpf_variable_spec_get_btf_type (variable), NULL);
  g_assert_cmpstr (declaration, ==, "int [6]");

  /* Hidden, and each file's own. */
  g_assert_null (ebpf_collection_spec_get_variable (spec, "own"));
  g_assert_null (ebpf_collection_spec_get_program (spec, "a_hidden"));

  /* One of each type, and of what was declared and defined. */
  g_assert_cmpuint (ebpf_btf_find (btf, "__sk_buff", EBPF_BTF_KIND_STRUCT, &error), >, 0);
  g_assert_no_error (error);
  g_free (g_steal_pointer (&ids));
  ids = ebpf_btf_find_all (btf, "__sk_buff", &n_ids);
  g_assert_cmpuint (n_ids, ==, 1);
  g_free (g_steal_pointer (&ids));
  ids = ebpf_btf_find_all (btf, "b_add", &n_ids);
  g_assert_cmpuint (n_ids, ==, 1);
  g_free (g_steal_pointer (&ids));
  ids = ebpf_btf_find_all (btf, "a_map", &n_ids);
  g_assert_cmpuint (n_ids, ==, 1);
  g_free (g_steal_pointer (&ids));
  ids = ebpf_btf_find_all (btf, "chosen_value", &n_ids);
  g_assert_cmpuint (n_ids, ==, 1);
  g_free (g_steal_pointer (&ids));
  ids = ebpf_btf_find_all (btf, "own", &n_ids);
  g_assert_cmpuint (n_ids, ==, 2);
}

/* An object and its copy under other names: everything is there twice, and runs. */
static void
test_copy (void)
{
  g_autoptr (EbpfCollectionSpec) spec = open_linked ("subprograms.bpf.o", "link-copy.bpf.o");
  g_autoptr (GPtrArray) programs = ebpf_collection_spec_list_programs (spec);
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  static const struct
  {
    const char *name;
    int value;
  } results[] = {
    { "entry_twice", 42 },
    { "entry_chain", 2 * 6 + 7 - 6 },
    { "entry_all", (2 * 1 + 2 - 1) + 10 + 7 },
    { "entry_hidden", 9 },
    { "entry_none", 5 },
  };

  g_assert_cmpuint (programs->len, ==, 10);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autofree char *copy = g_strconcat ("copy_", results[i].name, NULL);
      EbpfProgramSpec *one = ebpf_collection_spec_get_program (spec, results[i].name);
      EbpfProgramSpec *two = ebpf_collection_spec_get_program (spec, copy);

      g_assert_nonnull (one);
      g_assert_nonnull (two);
      g_assert_cmpuint (ebpf_program_spec_get_n_instructions (one), ==,
                        ebpf_program_spec_get_n_instructions (two));
    }

  if (!ebpf_test_require_bpf ())
    return;

  collection = ebpf_collection_new (spec);
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autofree char *copy = g_strconcat ("copy_", results[i].name, NULL);

      assert_returns (collection, results[i].name, results[i].value);
      assert_returns (collection, copy, results[i].value);
    }

  /* Each has counted its own: twice once, 1 + 1 + 1 + 1 in the chain, 2 + 1 + 1 + … */
  g_assert_cmpint (get_number (collection, "calls"), >, 0);
  g_assert_cmpint (get_number (collection, "calls"), ==, get_number (collection, "copy_calls"));
}

/* What is not there yet may come later: linking in two steps is the same. */
static void
test_steps (void)
{
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) b = ebpf_test_object_bytes ("link-b.bpf.o");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) direct = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  first = link_objects (&error, "link-a.bpf.o", NULL);
  g_assert_no_error (error);

  spec = ebpf_collection_spec_new_from_bytes (first, &error);
  g_assert_null (spec);
  g_assert_nonnull (error);
  g_clear_error (&error);

  g_assert_true (ebpf_linker_add_bytes (linker, "first", first, &error));
  g_assert_true (ebpf_linker_add_bytes (linker, "b", b, &error));
  g_assert_no_error (error);
  bytes = ebpf_linker_finish (linker, &error);
  g_assert_no_error (error);

  direct = link_objects (&error, "link-a.bpf.o", "link-b.bpf.o", NULL);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (bytes, direct));

  if (!ebpf_test_require_bpf ())
    return;

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  ebpf_program_spec_set_autoload (ebpf_collection_spec_get_program (spec, "entry_loop"), FALSE);
  collection = ebpf_collection_new (spec);
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  check_programs (collection);
}

/* A linker may be asked again, also after an error; what could not be added has left nothing. */
static void
test_again (void)
{
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  g_autofree char *a = ebpf_test_object ("link-a.bpf.o");
  g_autofree char *b = ebpf_test_object ("link-b.bpf.o");
  g_autofree char *license = ebpf_test_object ("link-bad-license.bpf.o");
  g_autofree char *twice = ebpf_test_object ("link-bad-twice.bpf.o");
  g_autoptr (GBytes) none = NULL;
  g_autoptr (GBytes) one = NULL;
  g_autoptr (GBytes) two = NULL;
  g_autoptr (GBytes) three = NULL;
  g_autoptr (GError) error = NULL;

  none = ebpf_linker_finish (linker, &error);
  g_assert_null (none);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_true (ebpf_linker_add_file (linker, a, &error));
  g_assert_false (ebpf_linker_add_file (linker, license, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE);
  g_clear_error (&error);
  g_assert_true (ebpf_linker_add_file (linker, b, &error));

  one = ebpf_linker_finish (linker, &error);
  g_assert_no_error (error);
  two = ebpf_linker_finish (linker, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (one, two));

  g_assert_true (ebpf_linker_add_file (linker, twice, &error));
  three = ebpf_linker_finish (linker, &error);
  g_assert_null (three);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
}

static gboolean
loads (GBytes *bytes)
{
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_bytes (bytes, NULL);
  g_autoptr (EbpfCollection) collection = spec != NULL ? ebpf_collection_new (spec) : NULL;
  g_autoptr (GError) error = NULL;

  if (collection == NULL)
    return FALSE;

  ebpf_collection_load (collection, NULL, NULL, &error);
  if (error != NULL)
    g_test_message ("%s", error->message);

  return error == NULL;
}

/* What this kernel takes, it takes linked alone too. */
static void
test_load_alone (void)
{
  static const char *const objects[] = {
    "callbacks.bpf.o",  "core.bpf.o",     "externs.bpf.o",     "kfuncs.bpf.o",
    "ksyms.bpf.o",      "maps.bpf.o",     "map-in-map.bpf.o",  "minimal.bpf.o",
    "poison.bpf.o",     "sections.bpf.o", "ksyms-typed.bpf.o", "struct-ops.bpf.o",
    "exceptions.bpf.o", "shapes.bpf.o",   "subprograms.bpf.o", "variables.bpf.o",
  };
  guint n_loaded = 0;

  if (!ebpf_test_require_bpf ())
    return;

  for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (GBytes) original = ebpf_test_object_bytes (objects[i]);
      g_autoptr (GBytes) linked = NULL;
      g_autoptr (GError) error = NULL;
      gboolean expected = loads (original);

      linked = link_objects (&error, objects[i], NULL);
      g_assert_no_error (error);
      if (loads (linked) != expected)
        g_error ("%s: loads %s", objects[i], expected ? "only if not linked" : "only if linked");
      n_loaded += expected;
    }

  g_assert_cmpuint (n_loaded, >, 5);
}

/* Another reader of the same format: bpftool opens an object to write a skeleton. */
static void
test_other_reader (void)
{
  g_autofree char *bpftool = g_find_program_in_path ("bpftool");
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;
  g_autofree char *out = NULL;
  g_autofree char *errors = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (bpftool == NULL && g_file_test ("/usr/sbin/bpftool", G_FILE_TEST_IS_EXECUTABLE))
    bpftool = g_strdup ("/usr/sbin/bpftool");
  if (bpftool == NULL)
    {
      g_test_skip ("there is no bpftool");
      return;
    }

  bytes = link_objects (&error, "link-a.bpf.o", "link-b.bpf.o", NULL);
  g_assert_no_error (error);
  folder = g_dir_make_tmp ("ebpf-test-XXXXXX", &error);
  g_assert_no_error (error);
  path = g_build_filename (folder, "linked.bpf.o", NULL);
  g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes),
                       &error);
  g_assert_no_error (error);

  {
    const char *argv[] = { bpftool, "gen", "skeleton", path, NULL };

    g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &errors, &status,
                  &error);
  }
  g_assert_no_error (error);
  g_unlink (path);
  g_rmdir (folder);

  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("%s", errors);
  g_assert_nonnull (strstr (out, "entry_there_and_back"));
  g_assert_nonnull (strstr (out, "b_table"));
}

/* One file says that a variable is an int, the other that it is unsigned: bpftool links them, too. */
static void
test_signs (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      link_objects (&error, "link-sign.bpf.o", "link-a.bpf.o", "link-b.bpf.o", NULL);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autofree char *declaration = NULL;
  EbpfVariableSpec *counter;

  g_assert_no_error (error);
  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  counter = ebpf_collection_spec_get_variable (spec, "b_counter");
  declaration = ebpf_btf_type_to_declaration (ebpf_variable_spec_get_btf_type (counter), NULL);

  /* What the file says that defines it. */
  g_assert_cmpstr (declaration, ==, "int");
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/linker/run", test_run);
  ebpf_test_add ("/linker/order", test_order);
  ebpf_test_add ("/linker/signs", test_signs);
  ebpf_test_add ("/linker/callback", test_callback);
  ebpf_test_add_data ("/linker/spec/little-endian", "", test_spec);
  ebpf_test_add_data ("/linker/spec/big-endian", ".be", test_spec);
  ebpf_test_add ("/linker/copy", test_copy);
  ebpf_test_add ("/linker/steps", test_steps);
  ebpf_test_add ("/linker/again", test_again);
  ebpf_test_add ("/linker/load-alone", test_load_alone);
  ebpf_test_add ("/linker/other-reader", test_other_reader);

  return g_test_run ();
}
