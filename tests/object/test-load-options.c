/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a load can be told. */

#include <string.h>

#include <ebpf.h>
#include <glib/gstdio.h>

#include "ebpf-test.h"

static EbpfCollectionSpec *
load_spec (const char *object)
{
  g_autofree char *path = ebpf_test_object (object);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return spec;
}

static EbpfCollection *
load (const char *object, EbpfLoadOptions *options, GError **error)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec (object);
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);

  return ebpf_collection_load (collection, options, NULL, error) ? g_steal_pointer (&collection)
                                                                 : NULL;
}

static guint
run (EbpfCollection *collection, const char *name)
{
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GError) error = NULL;
  guint returned = 0;

  ebpf_program_test_run (ebpf_collection_get_program (collection, name), packet, 1, &returned, NULL,
                         NULL, &error);
  g_assert_no_error (error);

  return returned;
}

static guint64
read_number (EbpfCollection *collection, const char *name)
{
  g_autoptr (GError) error = NULL;
  guint64 value = 0;

  ebpf_variable_read_raw (ebpf_collection_get_variable (collection, name), &value, sizeof value,
                          &error);
  g_assert_no_error (error);

  return value;
}

static void
test_properties (void)
{
  g_autoptr (EbpfLoadOptions) options =
      g_object_new (EBPF_TYPE_LOAD_OPTIONS, "kconfig", "CONFIG_A=y\n", "log-disabled", TRUE, NULL);
  g_autofree char *kconfig = NULL;
  gboolean log_disabled = FALSE;

  g_object_get (options, "kconfig", &kconfig, "log-disabled", &log_disabled, NULL);
  g_assert_cmpstr (kconfig, ==, "CONFIG_A=y\n");
  g_assert_true (log_disabled);
  g_assert_cmpstr (ebpf_load_options_get_kconfig (options), ==, kconfig);
  ebpf_load_options_set_kconfig (options, NULL);
  g_assert_null (ebpf_load_options_get_kconfig (options));
  ebpf_load_options_set_log_disabled (options, FALSE);
  g_assert_false (ebpf_load_options_get_log_disabled (options));
}

/* It goes before the kernel's own, and comes from wherever the load runs. */
static void
test_kconfig (void)
{
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfCollection) damaged = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  ebpf_load_options_set_kconfig (options, "# mine\nCONFIG_HZ=123456\nCONFIG_NO_SUCH_OPTION=m\n"
                                          "CONFIG_DEFAULT_HOSTNAME=\"\001\"\n");
  collection = load ("externs.bpf.o", options, &error);
  g_assert_no_error (error);
  run (collection, "read_externs");
  g_assert_cmpuint (read_number (collection, "hz"), ==, 123456);
  /* 2: the option is there; 4: the name starts with a 1. */
  g_assert_cmpuint (read_number (collection, "missing") & 6, ==, 6);

  /* A value that does not fit its variable is an error that names it. */
  ebpf_load_options_set_kconfig (options, "CONFIG_HZ=\"text\"\n");
  damaged = load ("externs.bpf.o", options, &error);
  g_assert_null (damaged);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "CONFIG_HZ"));
}

static void
test_log_disabled (void)
{
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfCollection) without = NULL;
  g_autoptr (EbpfCollection) fine = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load ("rejected.bpf.o", options, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_VERIFIER);
  g_assert_nonnull (ebpf_error_get_log (error));
  g_clear_error (&error);

  ebpf_load_options_set_log_disabled (options, TRUE);
  ebpf_load_options_set_log_level (options, 2);
  without = load ("rejected.bpf.o", options, &error);
  g_assert_nonnull (error);
  g_assert_null (ebpf_error_get_log (error));
  g_assert_nonnull (strstr (error->message, "unchecked"));
  g_assert_cmpint (ebpf_error_get_errno (error), !=, 0);
  g_clear_error (&error);

  fine = load ("minimal.bpf.o", options, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_program_get_verifier_log (ebpf_collection_get_program (fine, "accept_all")));
}

static EbpfBtf *
build_elsewhere (guint offset)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  guint int_id;
  EbpfBtf *btf;

  int_id = ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  g_assert_no_error (error);
  ebpf_btf_builder_add_struct (builder, "ebpf_elsewhere", offset + 4, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_btf_builder_add_member (builder, "first", int_id, 0, 0, &error));
  g_assert_true (ebpf_btf_builder_add_member (builder, "second", int_id, offset * 8, 0, &error));
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);

  return btf;
}

static void
test_relocation_targets (void)
{
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfBtf) elsewhere = build_elsewhere (20);
  g_autoptr (EbpfBtf) kernel = build_elsewhere (40);
  g_autoptr (EbpfCollection) without = NULL;
  g_autoptr (EbpfCollection) with = NULL;
  g_autoptr (EbpfCollection) shadowed = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  without = load ("core-elsewhere.bpf.o", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (run (without, "where"), ==, 77);

  ebpf_load_options_add_relocation_target (options, elsewhere);
  with = load ("core-elsewhere.bpf.o", options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (run (with, "where"), ==, 20);

  /* What is the kernel's goes first. */
  ebpf_load_options_set_kernel_btf (options, kernel);
  shadowed = load ("core-elsewhere.bpf.o", options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (run (shadowed, "where"), ==, 40);
}

static void
test_select_map (void)
{
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfLoadOptions) wrong = ebpf_load_options_new ();
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("parts.bpf.o");
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfCollection) failed = NULL;
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  /* One of them was not to be created by itself. */
  ebpf_map_spec_set_autocreate (ebpf_collection_spec_get_map (spec, "part_lonely"), FALSE);
  collection = ebpf_collection_new (spec);
  ebpf_load_options_select_map (options, "part_lonely");
  ebpf_load_options_select_map (options, "part_jumps");
  ebpf_load_options_select_map (options, "part_jumps");
  g_assert_true (ebpf_collection_load (collection, options, NULL, &error));
  g_assert_no_error (error);

  maps = ebpf_collection_list_maps (collection);
  programs = ebpf_collection_list_programs (collection);
  g_assert_cmpuint (maps->len, ==, 3);
  g_assert_cmpuint (programs->len, ==, 1);
  g_assert_nonnull (ebpf_collection_get_map (collection, "part_lonely"));
  g_assert_nonnull (ebpf_collection_get_map (collection, "part_jumps"));
  g_assert_nonnull (ebpf_collection_get_map (collection, "part_tail_counts"));
  g_assert_nonnull (ebpf_collection_get_program (collection, "part_tail"));

  ebpf_load_options_select_map (wrong, "no_such_map");
  ebpf_load_options_select_map (wrong, "nor_this");
  failed = load ("parts.bpf.o", wrong, &error);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*parts.bpf.o*no_such_map*nor_this*");
}

/* Several collections over the same global variables. */
static void
test_shared_sections (void)
{
  static const char *const sections[] = { ".data", ".bss", ".rodata" };
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfLoadOptions) wrong = ebpf_load_options_new ();
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("variables.bpf.o");
  g_autoptr (EbpfCollection) first = NULL;
  g_autoptr (EbpfCollection) second = NULL;
  g_autoptr (EbpfCollection) mismatch = NULL;
  g_autoptr (GError) error = NULL;
  guint32 limit = 5;
  g_autoptr (GBytes) bytes = g_bytes_new (&limit, sizeof limit);

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 12))
    return;

  /* Of its own, the second would have another constant: the shared section's counts. */
  first = ebpf_collection_new (spec);
  g_assert_true (ebpf_collection_load (first, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_variable_spec_set_bytes (ebpf_collection_spec_get_variable (spec, "ro_limit"),
                                               bytes, &error));
  for (gsize i = 0; i < G_N_ELEMENTS (sections); i++)
    ebpf_load_options_replace_map (options, sections[i],
                                   ebpf_collection_get_map (first, sections[i]));
  second = ebpf_collection_new (spec);
  g_assert_true (ebpf_collection_load (second, options, NULL, &error));
  g_assert_no_error (error);

  /* It is not filled again, either way a change is seen at once. */
  g_assert_cmpuint (run (first, "touch"), ==, 1);
  g_assert_cmpuint (run (second, "touch"), ==, 2);
  g_assert_cmpuint (read_number (first, "bss_counter"), ==, 2);
  g_assert_cmpuint (read_number (second, "bss_counter"), ==, 2);
  ebpf_variable_read_raw (ebpf_collection_get_variable (second, "ro_limit"), &limit, sizeof limit,
                          &error);
  g_assert_no_error (error);
  g_assert_cmpuint (limit, ==, 1000);

  /* Either can go without harm to the other. */
  ebpf_collection_close (first);
  g_assert_cmpuint (run (second, "touch"), ==, 3);
  g_assert_cmpuint (read_number (second, "bss_counter"), ==, 3);

  ebpf_load_options_replace_map (wrong, ".data", ebpf_collection_get_map (second, ".bss"));
  mismatch = load ("variables.bpf.o", wrong, &error);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE, "*.data*");
}

/* --- pins of a whole collection */

static void
test_pin_all (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("variables.bpf.o");
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (EbpfProgram) program = NULL;
  g_autofree char *maps = NULL;
  g_autofree char *programs = NULL;
  g_autofree char *blocked = NULL;
  g_autofree char *map_path = NULL;
  g_autofree char *program_path = NULL;
  g_autofree char *blocking_path = NULL;
  g_autofree char *outside = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GError) error = NULL;
  guint n_files = 0;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 12) || ebpf_test_bpffs () == NULL)
    return;

  maps = g_build_filename (ebpf_test_bpffs (), "all-maps", NULL);
  programs = g_build_filename (ebpf_test_bpffs (), "all-programs", NULL);
  blocked = g_build_filename (ebpf_test_bpffs (), "blocked", NULL);
  map_path = g_build_filename (maps, "_data_custom", NULL);
  program_path = g_build_filename (programs, "touch", NULL);
  blocking_path = g_build_filename (blocked, "_data", NULL);

  collection = ebpf_collection_new (spec);
  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);

  /* Where one name is taken, none is pinned. */
  g_assert_cmpint (g_mkdir (blocked, 0700), ==, 0);
  other = ebpf_map_dup (ebpf_collection_get_map (collection, ".bss"), &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_pin (other, blocking_path, &error));
  g_assert_false (ebpf_collection_pin_maps (collection, blocked, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS, "*variables.bpf.o*_data*");
  g_clear_error (&error);
  dir = g_dir_open (blocked, 0, NULL);
  while (g_dir_read_name (dir) != NULL)
    n_files++;
  g_assert_cmpuint (n_files, ==, 1);
  g_assert_null (ebpf_map_get_pin_path (ebpf_collection_get_map (collection, ".bss")));
  g_assert_true (ebpf_map_unpin (other, &error));
  g_assert_cmpint (g_rmdir (blocked), ==, 0);

  g_assert_true (ebpf_collection_pin_maps (collection, maps, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_collection_pin_programs (collection, programs, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_get_pin_path (ebpf_collection_get_map (collection, ".data.custom")), ==,
                   map_path);
  program = ebpf_program_new_from_pin (program_path, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_program_check_compatible (
      program, ebpf_collection_spec_get_program (spec, "touch"), &error));
  g_assert_no_error (error);

  /* Again, elsewhere: they stay where they are. */
  g_assert_true (ebpf_collection_pin_maps (collection, programs, &error));
  g_assert_true (g_file_test (map_path, G_FILE_TEST_EXISTS));

  g_assert_true (ebpf_collection_unpin_all (collection, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (map_path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (program_path, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_rmdir (maps), ==, 0);
  g_assert_cmpint (g_rmdir (programs), ==, 0);

  /* Not in a bpffs: what was made for it is gone, too. */
  outside = g_build_filename (g_get_tmp_dir (), "ebpf-no-bpffs", NULL);
  g_assert_false (ebpf_collection_pin_programs (collection, outside, &error));
  g_assert_nonnull (error);
  g_assert_false (g_file_test (outside, G_FILE_TEST_EXISTS));
}

/* --- one spec, many threads */

#define N_THREADS 8
#define N_LOADS 20

static gpointer
load_repeatedly (gpointer data)
{
  EbpfCollectionSpec *spec = data;

  for (guint i = 0; i < N_LOADS; i++)
    {
      g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
      g_autoptr (GError) error = NULL;

      g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (run (collection, "touch"), ==, 1);
      g_assert_cmpuint (read_number (collection, "bss_counter"), ==, 1);
      ebpf_collection_close (collection);
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("variables.bpf.o");
  EbpfProgramSpec *program = ebpf_collection_spec_get_program (spec, "touch");
  EbpfMapSpec *data = ebpf_collection_spec_get_map (spec, ".data");
  g_autoptr (GBytes) code = ebpf_program_spec_get_instructions (program);
  g_autoptr (GBytes) value = g_bytes_ref (ebpf_map_spec_get_content_value (data, 0));
  g_autofree char *summary = ebpf_map_spec_to_string (data);
  g_autoptr (GBytes) code_after = NULL;
  g_autoptr (GBytes) value_after = NULL;
  g_autofree char *summary_after = NULL;
  GThread *threads[N_THREADS];

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 12))
    return;

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("loader", load_repeatedly, spec);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  code_after = ebpf_program_spec_get_instructions (program);
  value_after = g_bytes_ref (ebpf_map_spec_get_content_value (data, 0));
  summary_after = ebpf_map_spec_to_string (data);
  g_assert_true (g_bytes_equal (code, code_after));
  g_assert_true (g_bytes_equal (value, value_after));
  g_assert_cmpstr (summary, ==, summary_after);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);
  ebpf_test_bpffs ();

  ebpf_test_add ("/load-options/properties", test_properties);
  ebpf_test_add ("/load-options/kconfig", test_kconfig);
  ebpf_test_add ("/load-options/log-disabled", test_log_disabled);
  ebpf_test_add ("/load-options/relocation-targets", test_relocation_targets);
  ebpf_test_add ("/load-options/select-map", test_select_map);
  ebpf_test_add ("/load-options/shared-sections", test_shared_sections);
  ebpf_test_add ("/load-options/pin-all", test_pin_all);
  ebpf_test_add ("/load-options/threads", test_threads);

  return g_test_run ();
}
