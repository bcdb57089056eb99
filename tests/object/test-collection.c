/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <ebpf.h>

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
new_collection (const char *object)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec (object);

  return ebpf_collection_new (spec);
}

static void
assert_loads (EbpfCollection *collection, EbpfLoadOptions *options)
{
  g_autoptr (GError) error = NULL;
  gboolean loaded = ebpf_collection_load (collection, options, NULL, &error);

  if (!loaded && ebpf_error_get_log (error) != NULL)
    g_test_message ("%s", ebpf_error_get_log (error));
  g_assert_no_error (error);
  g_assert_true (loaded);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_LOADED);
}

static guint
run_program (EbpfCollection *collection, const char *name)
{
  EbpfProgram *program = ebpf_collection_get_program (collection, name);
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GError) error = NULL;
  guint returned = 0;

  g_assert_nonnull (program);
  ebpf_program_test_run (program, packet, 1, &returned, NULL, NULL, &error);
  g_assert_no_error (error);

  return returned;
}

/* Whether the kernel still has it; maps and programs go some time after their last user does. */
static gboolean
has_id (enum bpf_cmd command, guint id)
{
  union bpf_attr attr;
  int fd;

  memset (&attr, 0, sizeof attr);
  attr.map_id = id;
  fd = (int) syscall (SYS_bpf, command, &attr, sizeof attr);
  if (fd >= 0)
    close (fd);

  return fd >= 0 || errno != ENOENT;
}

static void
assert_gone (enum bpf_cmd command, GArray *ids)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  for (guint i = 0; i < ids->len; i++)
    while (has_id (command, g_array_index (ids, guint, i)))
      {
        g_assert_cmpint (g_get_monotonic_time (), <, end);
        g_usleep (1000);
      }
}

static void
collect_ids (EbpfCollection *collection, GArray *map_ids, GArray *program_ids)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_list_maps (collection);
  g_autoptr (GPtrArray) programs = ebpf_collection_list_programs (collection);

  for (guint i = 0; i < maps->len; i++)
    {
      guint id = ebpf_map_get_id (g_ptr_array_index (maps, i));

      g_assert_cmpuint (id, >, 0);
      g_array_append_val (map_ids, id);
    }
  for (guint i = 0; i < programs->len; i++)
    {
      guint id = ebpf_program_get_id (g_ptr_array_index (programs, i));

      g_assert_cmpuint (id, >, 0);
      g_array_append_val (program_ids, id);
    }
}

/* --- what is told, and when */

typedef struct
{
  GThread *thread;
  GString *events;
  double progress;
  gboolean done;
  GError *error;
  gboolean loaded;
  GCancellable *cancellable;
  EbpfCollection *close_on_map;
} Witness;

static void
on_map_created (EbpfCollection *collection, EbpfMap *map, gpointer user_data)
{
  Witness *witness = user_data;

  g_assert_true (g_thread_self () == witness->thread);
  g_assert_true (EBPF_IS_MAP (map));
  g_assert_true (ebpf_map_is_open (map));
  g_assert_false (witness->done);
  g_string_append_printf (witness->events, "map:%s ", ebpf_map_get_name (map));
  if (witness->cancellable != NULL)
    g_cancellable_cancel (witness->cancellable);
  if (witness->close_on_map != NULL)
    ebpf_collection_close (witness->close_on_map);
}

static void
on_program_loaded (EbpfCollection *collection, EbpfProgram *program, gpointer user_data)
{
  Witness *witness = user_data;

  g_assert_true (g_thread_self () == witness->thread);
  g_assert_true (ebpf_program_is_open (program));
  g_assert_false (witness->done);
  g_string_append_printf (witness->events, "program:%s ", ebpf_program_get_name (program));
}

static void
on_progress (EbpfCollection *collection, GParamSpec *pspec, gpointer user_data)
{
  Witness *witness = user_data;
  double progress = ebpf_collection_get_progress (collection);

  g_assert_true (g_thread_self () == witness->thread);
  g_assert_cmpfloat (progress, >, witness->progress);
  g_assert_cmpfloat (progress, <=, 1);
  witness->progress = progress;
}

static void
on_state (EbpfCollection *collection, GParamSpec *pspec, gpointer user_data)
{
  static const char *const names[] = { "new", "loading", "loaded", "failed", "closed" };
  Witness *witness = user_data;

  g_assert_true (g_thread_self () == witness->thread);
  g_string_append_printf (witness->events, "%s ", names[ebpf_collection_get_state (collection)]);
}

static void
on_closed (EbpfCollection *collection, gpointer user_data)
{
  Witness *witness = user_data;

  g_string_append (witness->events, "signal:closed ");
}

static void
on_loaded (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Witness *witness = user_data;

  g_assert_true (g_thread_self () == witness->thread);
  witness->loaded = ebpf_collection_load_finish (EBPF_COLLECTION (object), result, &witness->error);
  g_assert_true (witness->loaded == (witness->error == NULL));
  witness->done = TRUE;
}

static void
witness_init (Witness *witness, EbpfCollection *collection)
{
  memset (witness, 0, sizeof *witness);
  witness->thread = g_thread_self ();
  witness->events = g_string_new (NULL);
  g_signal_connect (collection, "map-created", G_CALLBACK (on_map_created), witness);
  g_signal_connect (collection, "program-loaded", G_CALLBACK (on_program_loaded), witness);
  g_signal_connect (collection, "notify::progress", G_CALLBACK (on_progress), witness);
  g_signal_connect (collection, "notify::state", G_CALLBACK (on_state), witness);
  g_signal_connect (collection, "closed", G_CALLBACK (on_closed), witness);
}

static void
witness_clear (Witness *witness)
{
  g_string_free (witness->events, TRUE);
  g_clear_error (&witness->error);
  g_clear_object (&witness->cancellable);
}

/* --- loading */

static void
test_load (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("hooks.bpf.o");
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (GPtrArray) variables = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMap *counts;
  Witness witness;
  guint32 key = 0, btf_id = 0;
  guint64 value = 0;

  if (!ebpf_test_require_bpf ())
    return;

  witness_init (&witness, collection);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_NEW);
  g_assert_null (ebpf_collection_get_map (collection, "counts"));
  assert_loads (collection, NULL);
  g_assert_true (g_str_has_prefix (witness.events->str, "loading map:"));
  g_assert_true (g_str_has_suffix (witness.events->str, "program:on_egress loaded "));
  g_assert_cmpfloat (witness.progress, ==, 1);

  maps = ebpf_collection_list_maps (collection);
  programs = ebpf_collection_list_programs (collection);
  variables = ebpf_collection_list_variables (collection);
  g_assert_cmpuint (maps->len, >=, 2);
  g_assert_cmpuint (programs->len, ==, 9);
  g_assert_cmpstr (ebpf_program_get_name (g_ptr_array_index (programs, 0)), ==, "on_packet");
  g_assert_cmpuint (variables->len, >=, 1);
  g_assert_null (ebpf_collection_get_program (collection, "no_such_program"));

  counts = ebpf_collection_get_map (collection, "counts");
  g_assert_nonnull (counts);
  run_program (collection, "on_packet");
  run_program (collection, "on_packet");
  g_assert_true (ebpf_map_lookup_raw (counts, &key, &value, 0, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (value, ==, 2);

  /* The types went along. */
  info = ebpf_program_query_info (ebpf_collection_get_program (collection, "on_packet"), &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "btf-id", "u", &btf_id));
  g_assert_cmpuint (btf_id, >, 0);

  /* Once is enough. */
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS, "*hooks.bpf.o*");
  g_clear_error (&error);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_LOADED);

  g_string_truncate (witness.events, 0);
  ebpf_collection_close (collection);
  ebpf_collection_close (collection);
  g_assert_cmpstr (witness.events->str, ==, "closed signal:closed ");
  g_assert_false (ebpf_map_is_open (counts = g_ptr_array_index (maps, 0)));
  g_assert_false (ebpf_program_is_open (g_ptr_array_index (programs, 0)));
  g_assert_null (ebpf_collection_get_map (collection, "counts"));
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);

  witness_clear (&witness);
}

static void
test_spec_stays (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("variables.bpf.o");
  g_autoptr (EbpfCollection) first = ebpf_collection_new (spec);
  g_autoptr (EbpfCollection) second = NULL;
  EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, ".data");
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;
  guint flags = ebpf_map_spec_get_map_flags (map);
  EbpfProgramSpec *program = ebpf_collection_spec_get_program (spec, "touch");

  if (!ebpf_test_require_bpf ())
    return;

  before = ebpf_program_spec_get_instructions (program);
  assert_loads (first, NULL);
  after = ebpf_program_spec_get_instructions (program);
  g_assert_true (g_bytes_equal (before, after));
  /* That its memory can be mapped is asked of the running kernel (Linux 5.5), not of the spec. */
  g_assert_cmphex (ebpf_map_spec_get_map_flags (map), ==, flags);
  g_assert_false (flags & EBPF_MAP_FLAGS_MMAPABLE);
  g_assert_true (ebpf_map_get_map_flags (ebpf_collection_get_map (first, ".data")) &
                 EBPF_MAP_FLAGS_MMAPABLE);
  g_assert_true (ebpf_collection_get_spec (first) != spec);

  second = ebpf_collection_new (spec);
  assert_loads (second, NULL);
}

static void
test_subprograms (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("subprograms.bpf.o");

  if (!ebpf_test_require_bpf ())
    return;

  assert_loads (collection, NULL);
  g_assert_cmpuint (run_program (collection, "entry_twice"), ==, 42);
  g_assert_cmpuint (run_program (collection, "entry_chain"), ==, 13);
  g_assert_cmpuint (run_program (collection, "entry_all"), ==, 20);
  g_assert_cmpuint (run_program (collection, "entry_none"), ==, 5);
}

static void
test_callbacks (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("callbacks.bpf.o");

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 17))
    return;

  assert_loads (collection, NULL);
  g_assert_cmpuint (run_program (collection, "sum_indices"), ==, 45);
  g_assert_cmpuint (run_program (collection, "sum_elements"), ==, 3);
}

static void
test_program_array (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("prog-array.bpf.o");
  g_autoptr (EbpfCollection) selected = new_collection ("prog-array.bpf.o");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();

  if (!ebpf_test_require_bpf ())
    return;

  assert_loads (collection, NULL);
  g_assert_cmpuint (run_program (collection, "entry"), ==, 11);

  /* What the table holds comes along. */
  ebpf_load_options_select_program (options, "entry");
  assert_loads (selected, options);
  g_assert_cmpuint (run_program (selected, "entry"), ==, 11);
}

static void
test_program_array_slot_left_out (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("prog-array.bpf.o");
  EbpfCollectionSpec *spec = ebpf_collection_get_spec (collection);

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_program_spec_set_autoload (ebpf_collection_spec_get_program (spec, "tail_one"), FALSE);
  assert_loads (collection, NULL);
  g_assert_null (ebpf_collection_get_program (collection, "tail_one"));
  g_assert_cmpuint (run_program (collection, "entry"), ==, 22);
}

static void
test_map_in_map (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("map-in-map.bpf.o");
  g_autoptr (GError) error = NULL;
  const guint32 key = 1;
  const guint64 value = 77;

  if (!ebpf_test_require_bpf ())
    return;

  assert_loads (collection, NULL);
  g_assert_true (ebpf_map_update_raw (ebpf_collection_get_map (collection, "inner_b"), &key, &value,
                                      0, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (run_program (collection, "lookup"), ==, 77);
}

static void
test_all_objects (void)
{
  /* Whatever comes with the tests and needs nothing of the kernel that it may not have. */
  static const char *const names[] = { "minimal.bpf.o", "empty.bpf.o", "legacy-maps.bpf.o",
                                       "events.bpf.o", "variables.bpf.o" };

  /* Atomic operations that fetch came with 5.12. */
  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 12))
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (EbpfCollection) collection = new_collection (names[i]);

      g_test_message ("%s", names[i]);
      assert_loads (collection, NULL);
    }
}

static void
test_by_hand (void)
{
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new ();
  g_autoptr (EbpfMapSpec) map_spec = ebpf_map_spec_new ("entries", EBPF_MAP_TYPE_HASH, 4, 8, 4);
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  const guint32 key = 5;
  const guint64 value = 55;
  g_autoptr (GBytes) key_bytes = g_bytes_new (&key, sizeof key);
  g_autoptr (GBytes) value_bytes = g_bytes_new (&value, sizeof value);
  guint64 found = 0;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_map_spec_add_content (map_spec, key_bytes, value_bytes);
  g_assert_true (ebpf_collection_spec_add_map (spec, map_spec, &error));
  g_assert_no_error (error);

  collection = ebpf_collection_new (spec);
  assert_loads (collection, NULL);
  g_assert_true (ebpf_map_lookup_raw (ebpf_collection_get_map (collection, "entries"), &key, &found,
                                      0, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (found, ==, value);
}

/* --- options */

static void
test_select (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("pinning.bpf.o");
  g_autoptr (EbpfCollection) hooks = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfLoadOptions) unknown = ebpf_load_options_new ();
  g_autoptr (EbpfMapSpec) map_spec = ebpf_map_spec_new ("x", EBPF_MAP_TYPE_ARRAY, 4, 8, 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_load_options_select_program (options, "on_frame");
  assert_loads (hooks, options);
  programs = ebpf_collection_list_programs (hooks);
  g_assert_cmpuint (programs->len, ==, 1);
  g_assert_nonnull (ebpf_collection_get_map (hooks, "counts"));
  /* Its constant is what the others need. */
  g_assert_null (ebpf_collection_get_map (hooks, ".rodata"));
  g_assert_null (ebpf_collection_get_variable (hooks, "target_pid"));

  map = ebpf_map_new (map_spec, &error);
  g_assert_no_error (error);
  ebpf_load_options_select_program (unknown, "one_that_is_not");
  ebpf_load_options_select_program (unknown, "count");
  ebpf_load_options_select_program (unknown, "another");
  ebpf_load_options_replace_map (unknown, "no_such_map", map);
  g_assert_false (ebpf_collection_load (collection, unknown, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*pinning.bpf.o: *one_that_is_not*another*no_such_map*");
  g_assert_null (strstr (error->message, "\"count\""));
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_FAILED);
}

static void
test_select_without_type (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("minimal.bpf.o");
  g_autoptr (EbpfCollection) skips = new_collection ("minimal.bpf.o");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_program_spec_set_program_type (
      ebpf_collection_spec_get_program (ebpf_collection_get_spec (collection), "accept_all"),
      EBPF_PROGRAM_TYPE_UNSPEC);
  ebpf_program_spec_set_program_type (
      ebpf_collection_spec_get_program (ebpf_collection_get_spec (skips), "accept_all"),
      EBPF_PROGRAM_TYPE_UNSPEC);

  assert_loads (skips, NULL);
  programs = ebpf_collection_list_programs (skips);
  g_assert_cmpuint (programs->len, ==, 0);

  ebpf_load_options_select_program (options, "accept_all");
  g_assert_false (ebpf_collection_load (collection, options, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*accept_all*\"socket\"*");
}

static void
test_replace (void)
{
  g_autoptr (EbpfCollection) first = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfCollection) second = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfCollection) third = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfMapSpec) map_spec = ebpf_map_spec_new ("counts", EBPF_MAP_TYPE_ARRAY, 4, 4, 2);
  g_autoptr (EbpfMap) misfit = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMap *counts;
  guint32 key = 0;
  guint64 value = 0;

  if (!ebpf_test_require_bpf ())
    return;

  assert_loads (first, NULL);
  counts = ebpf_collection_get_map (first, "counts");

  /* Shared, data section and all; each collection has its own handle. */
  ebpf_load_options_replace_map (options, "counts", counts);
  ebpf_load_options_replace_map (options, ".rodata", ebpf_collection_get_map (first, ".rodata"));
  assert_loads (second, options);
  g_assert_true (ebpf_collection_get_map (second, "counts") != counts);
  g_assert_cmpuint (ebpf_map_get_id (ebpf_collection_get_map (second, "counts")), ==,
                    ebpf_map_get_id (counts));
  g_assert_cmpuint (ebpf_map_get_id (ebpf_collection_get_map (second, ".rodata")), ==,
                    ebpf_map_get_id (ebpf_collection_get_map (first, ".rodata")));
  run_program (second, "on_packet");
  ebpf_collection_close (second);
  g_assert_true (ebpf_map_is_open (counts));
  g_assert_true (ebpf_map_lookup_raw (counts, &key, &value, 0, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (value, ==, 1);

  misfit = ebpf_map_new (map_spec, &error);
  g_assert_no_error (error);
  ebpf_load_options_replace_map (options, "counts", misfit);
  g_assert_false (ebpf_collection_load (third, options, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                  "*hooks.bpf.o*counts*");
}

static void
test_left_out_map (void)
{
  g_autoptr (EbpfCollection) dead = new_collection ("poison.bpf.o");
  g_autoptr (EbpfCollection) alive = new_collection ("poison.bpf.o");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec;
  const guint8 yes = 1;
  g_autoptr (GBytes) bytes = g_bytes_new (&yes, 1);

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_load_options_select_program (options, "may_use_map");

  spec = ebpf_collection_get_spec (dead);
  ebpf_map_spec_set_autocreate (ebpf_collection_spec_get_map (spec, "optional"), FALSE);
  assert_loads (dead, options);
  g_assert_null (ebpf_collection_get_map (dead, "optional"));
  g_assert_cmpuint (run_program (dead, "may_use_map"), ==, 7);

  /* Once it can be reached, the error says what is missing, not which odd call was made. */
  spec = ebpf_collection_get_spec (alive);
  ebpf_map_spec_set_autocreate (ebpf_collection_spec_get_map (spec, "optional"), FALSE);
  g_assert_true (ebpf_variable_spec_set_bytes (
      ebpf_collection_spec_get_variable (spec, "use_optional"), bytes, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_collection_load (alive, options, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "*may_use_map*map \"optional\"*not to be created*");
}

/* --- pins */

static void
test_pinning (void)
{
  g_autoptr (EbpfCollection) first = new_collection ("pinning.bpf.o");
  g_autoptr (EbpfCollection) second = new_collection ("pinning.bpf.o");
  g_autoptr (EbpfCollection) third = new_collection ("pinning.bpf.o");
  g_autoptr (EbpfCollection) fourth = new_collection ("pinning.bpf.o");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GError) error = NULL;
  const char *bpffs = ebpf_test_bpffs ();
  g_autofree char *path = NULL;
  EbpfMap *map;

  if (bpffs == NULL || !ebpf_test_require_bpf ())
    return;

  g_assert_cmpstr (ebpf_load_options_get_pin_path (options), ==, "/sys/fs/bpf");
  path = g_build_filename (bpffs, "shared_counts", NULL);

  assert_loads (first, NULL);
  map = ebpf_collection_get_map (first, "shared_counts");
  g_assert_cmpstr (ebpf_map_get_pin_path (map), ==, path);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_null (ebpf_map_get_pin_path (ebpf_collection_get_map (first, "own_counts")));

  /* The second finds the first's. */
  assert_loads (second, options);
  g_assert_cmpuint (ebpf_map_get_id (ebpf_collection_get_map (second, "shared_counts")), ==,
                    ebpf_map_get_id (map));
  g_assert_cmpuint (ebpf_map_get_id (ebpf_collection_get_map (second, "own_counts")), !=,
                    ebpf_map_get_id (ebpf_collection_get_map (first, "own_counts")));

  /* It is not the second's to take away. */
  g_assert_true (ebpf_collection_remove_pins (second, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));

  ebpf_map_spec_set_max_entries (
      ebpf_collection_spec_get_map (ebpf_collection_get_spec (third), "shared_counts"), 99);
  g_assert_false (ebpf_collection_load (third, options, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                  "*pinning.bpf.o: *shared_counts*99*");
  g_clear_error (&error);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));

  /* The one that made it can, closed or not. */
  ebpf_collection_close (first);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (ebpf_collection_remove_pins (first, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (ebpf_collection_remove_pins (first, &error));

  /* A folder that is no bpffs. */
  ebpf_load_options_set_pin_path (options, "/tmp");
  g_assert_false (ebpf_collection_load (fourth, options, NULL, &error));
  g_assert_nonnull (strstr (error->message, "bpffs"));
}

static void
test_pin_undone (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("pinning.bpf.o");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GError) error = NULL;
  const char *bpffs = ebpf_test_bpffs ();
  g_autofree char *path = NULL;

  if (bpffs == NULL || !ebpf_test_require_bpf ())
    return;

  /* The maps are there, and pinned, before the program fails. */
  path = g_build_filename (bpffs, "shared_counts", NULL);
  ebpf_program_spec_set_attach_type (
      ebpf_collection_spec_get_program (ebpf_collection_get_spec (collection), "count"),
      EBPF_ATTACH_TYPE_CGROUP_INET_EGRESS);
  ebpf_program_spec_set_program_type (
      ebpf_collection_spec_get_program (ebpf_collection_get_spec (collection), "count"),
      EBPF_PROGRAM_TYPE_CGROUP_SOCK_ADDR);
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "\"count\""));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* --- failure */

static void
test_failure (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("rejected.bpf.o");
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GError) error = NULL;
  Witness witness;
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  witness_init (&witness, collection);
  n_fds = ebpf_test_count_fds ();
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_VERIFIER,
                                  "*rejected.bpf.o: program \"unchecked\": *R0*EACCES*");
  g_assert_cmpstr (witness.events->str, ==, "loading map:map failed ");
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_FAILED);
  g_assert_cmpstr (ebpf_collection_get_verifier_log (collection), ==, ebpf_error_get_log (error));
  g_assert_nonnull (ebpf_collection_get_verifier_log (collection));
  maps = ebpf_collection_list_maps (collection);
  g_assert_cmpuint (maps->len, ==, 0);
  g_clear_error (&error);

  /* It keeps failing, and still says why. */
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_VERIFIER, "*before*R0*");

  ebpf_collection_close (collection);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_CLOSED);
  witness_clear (&witness);
}

static void
test_foreign_byte_order (void)
{
  g_autoptr (EbpfCollection) collection =
      new_collection (G_BYTE_ORDER == G_LITTLE_ENDIAN ? "minimal.be.bpf.o" : "minimal.bpf.o");
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BYTE_ORDER, "*minimal*big-endian*");
}

/* --- in the background */

static void
test_async (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfCollection) blocking = new_collection ("hooks.bpf.o");
  Witness witness, reference;

  if (!ebpf_test_require_bpf ())
    return;

  witness_init (&reference, blocking);
  assert_loads (blocking, NULL);

  witness_init (&witness, collection);
  ebpf_collection_load_async (collection, NULL, NULL, on_loaded, &witness);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_LOADING);
  ebpf_test_wait_for (&witness.done);
  g_assert_no_error (witness.error);
  g_assert_true (witness.loaded);

  /* The same is told, in the same order, and all of it before the callback. */
  g_assert_cmpstr (witness.events->str, ==, reference.events->str);
  g_assert_cmpfloat (witness.progress, ==, 1);
  g_assert_nonnull (ebpf_collection_get_program (collection, "on_packet"));
  run_program (collection, "on_packet");

  witness_clear (&witness);
  witness_clear (&reference);
}

/* A script drops its references some time later; descriptors do not wait for that. */
static void
test_async_close (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("maps.bpf.o");
  g_autoptr (GPtrArray) maps = NULL;
  Witness witness;
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  witness_init (&witness, collection);
  n_fds = ebpf_test_count_fds ();
  ebpf_collection_load_async (collection, NULL, NULL, on_loaded, &witness);
  ebpf_test_wait_for (&witness.done);
  g_assert_no_error (witness.error);
  /* GLib's pool of threads may have opened something of its own, once. */
  g_assert_cmpuint (ebpf_test_count_fds (), >, n_fds);

  maps = ebpf_collection_list_maps (collection);
  g_assert_cmpuint (maps->len, >, 3);
  for (guint i = 0; i < maps->len; i++)
    {
      g_autofree guint8 *key = g_malloc0 (ebpf_map_get_key_size (maps->pdata[i]) + 1);
      g_autofree guint8 *next = g_malloc0 (ebpf_map_get_key_size (maps->pdata[i]) + 1);

      (void) ebpf_map_next_key_raw (maps->pdata[i], NULL, next, NULL);
    }

  n_fds = ebpf_test_count_fds ();
  ebpf_collection_close (collection);
  g_assert_cmpuint (ebpf_test_count_fds (), <=, n_fds - maps->len);

  witness_clear (&witness);
}

static void
test_async_failure (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("rejected.bpf.o");
  Witness witness;
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  witness_init (&witness, collection);
  n_fds = ebpf_test_count_fds ();
  ebpf_collection_load_async (collection, NULL, NULL, on_loaded, &witness);
  ebpf_test_wait_for (&witness.done);
  ebpf_test_assert_error_matches (witness.error, EBPF_ERROR, EBPF_ERROR_VERIFIER,
                                  "*rejected.bpf.o*unchecked*");
  g_assert_nonnull (ebpf_error_get_log (witness.error));
  g_assert_nonnull (ebpf_collection_get_verifier_log (collection));
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
  witness_clear (&witness);
}

static void
test_async_cancel (void)
{
  g_autoptr (EbpfCollection) before = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfCollection) during = new_collection ("hooks.bpf.o");
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GError) error = NULL;
  Witness witness;

  if (!ebpf_test_require_bpf ())
    return;

  g_cancellable_cancel (cancelled);
  witness_init (&witness, before);
  ebpf_collection_load_async (before, NULL, cancelled, on_loaded, &witness);
  ebpf_test_wait_for (&witness.done);
  g_assert_error (witness.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (witness.events->str, ==, "loading failed ");
  witness_clear (&witness);

  /* In the middle, from a handler of the load itself. */
  witness_init (&witness, during);
  witness.cancellable = g_cancellable_new ();
  g_assert_false (ebpf_collection_load (during, NULL, witness.cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_str_has_prefix (witness.events->str, "loading map:"));
  g_assert_true (g_str_has_suffix (witness.events->str, " failed "));
  maps = ebpf_collection_list_maps (during);
  g_assert_cmpuint (maps->len, ==, 0);
  witness_clear (&witness);
}

static void
test_close_while_loading (void)
{
  g_autoptr (EbpfCollection) blocking = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfCollection) background = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfCollection) first = new_collection ("minimal.bpf.o");
  g_autoptr (GError) error = NULL;
  Witness witness;
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  /* GLib opens a descriptor of its own when a task first goes to a thread. */
  witness_init (&witness, first);
  ebpf_collection_load_async (first, NULL, NULL, on_loaded, &witness);
  ebpf_test_wait_for (&witness.done);
  g_assert_no_error (witness.error);
  witness_clear (&witness);

  n_fds = ebpf_test_count_fds ();
  witness_init (&witness, blocking);
  witness.close_on_map = blocking;
  g_assert_false (ebpf_collection_load (blocking, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_assert_cmpint (ebpf_collection_get_state (blocking), ==, EBPF_COLLECTION_STATE_CLOSED);
  g_assert_true (g_str_has_suffix (witness.events->str, "closed signal:closed "));
  witness_clear (&witness);

  witness_init (&witness, background);
  ebpf_collection_load_async (background, NULL, NULL, on_loaded, &witness);
  ebpf_collection_close (background);
  ebpf_test_wait_for (&witness.done);
  g_assert_error (witness.error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_assert_cmpstr (witness.events->str, ==, "loading closed signal:closed ");
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
  witness_clear (&witness);
}

static void
test_async_twice (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("minimal.bpf.o");
  g_autoptr (GError) error = NULL;
  Witness first, second;

  if (!ebpf_test_require_bpf ())
    return;

  witness_init (&first, collection);
  memset (&second, 0, sizeof second);
  second.thread = g_thread_self ();
  ebpf_collection_load_async (collection, NULL, NULL, on_loaded, &first);
  ebpf_collection_load_async (collection, NULL, NULL, on_loaded, &second);
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BUSY);
  ebpf_test_wait_for (&second.done);
  ebpf_test_wait_for (&first.done);
  g_assert_no_error (first.error);
  g_assert_error (second.error, EBPF_ERROR, EBPF_ERROR_BUSY);
  g_clear_error (&second.error);
  witness_clear (&first);
}

/* Many at once, of one spec, none of which sees anything of the others. */
static void
test_async_many (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("variables.bpf.o");
  EbpfCollection *collections[8];
  Witness witnesses[8];

  if (!ebpf_test_require_bpf ())
    return;

  for (guint i = 0; i < G_N_ELEMENTS (collections); i++)
    {
      collections[i] = ebpf_collection_new (spec);
      witness_init (&witnesses[i], collections[i]);
      ebpf_collection_load_async (collections[i], NULL, NULL, on_loaded, &witnesses[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (collections); i++)
    {
      ebpf_test_wait_for (&witnesses[i].done);
      g_assert_no_error (witnesses[i].error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (collections); i++)
    {
      g_assert_cmpuint (run_program (collections[i], "touch"), ==, 1);
      g_object_unref (collections[i]);
      witness_clear (&witnesses[i]);
    }
}

static gpointer
load_in_own_context (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (EbpfCollection) collection = NULL;
  Witness witness;

  g_main_context_push_thread_default (context);
  collection = ebpf_collection_new (data);
  witness_init (&witness, collection);
  ebpf_collection_load_async (collection, NULL, NULL, on_loaded, &witness);
  while (!witness.done)
    g_main_context_iteration (context, TRUE);
  g_assert_no_error (witness.error);
  g_assert_cmpfloat (witness.progress, ==, 1);
  witness_clear (&witness);
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_async_other_context (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("hooks.bpf.o");
  GThread *threads[2];

  if (!ebpf_test_require_bpf ())
    return;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("loader", load_in_own_context, spec);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* --- who owns what */

typedef struct
{
  GObject parent_instance;
  EbpfMap *counts;
  EbpfProgram *program;
  EbpfVariable *variable;
  EbpfProgramSpec *spec;
} Target;

typedef struct
{
  GObjectClass parent_class;
} TargetClass;

enum
{
  TARGET_COUNTS = 1,
  TARGET_ON_PACKET,
  TARGET_TARGET_PID,
  TARGET_FRAME_SPEC,
};

GType target_get_type (void);
G_DEFINE_TYPE (Target, target, G_TYPE_OBJECT)

static void
target_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  Target *self = (Target *) object;

  switch (prop_id)
    {
    case TARGET_COUNTS:
      g_set_object (&self->counts, g_value_get_object (value));
      break;
    case TARGET_ON_PACKET:
      g_set_object (&self->program, g_value_get_object (value));
      break;
    case TARGET_TARGET_PID:
      g_set_object (&self->variable, g_value_get_object (value));
      break;
    default:
      g_set_object (&self->spec, g_value_get_object (value));
      break;
    }
}

static void
target_finalize (GObject *object)
{
  Target *self = (Target *) object;

  g_clear_object (&self->counts);
  g_clear_object (&self->program);
  g_clear_object (&self->variable);
  g_clear_object (&self->spec);
  G_OBJECT_CLASS (target_parent_class)->finalize (object);
}

static void
target_class_init (TargetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamSpec *pspec;

  object_class->set_property = target_set_property;
  object_class->finalize = target_finalize;
  g_object_class_install_property (
      object_class, TARGET_COUNTS,
      g_param_spec_object ("counts", NULL, NULL, EBPF_TYPE_MAP, G_PARAM_WRITABLE));
  g_object_class_install_property (
      object_class, TARGET_ON_PACKET,
      g_param_spec_object ("on-packet", NULL, NULL, EBPF_TYPE_PROGRAM, G_PARAM_WRITABLE));
  g_object_class_install_property (
      object_class, TARGET_TARGET_PID,
      g_param_spec_object ("target-pid", NULL, NULL, EBPF_TYPE_VARIABLE, G_PARAM_WRITABLE));
  pspec = g_param_spec_object ("frame", NULL, NULL, EBPF_TYPE_PROGRAM_SPEC, G_PARAM_WRITABLE);
  ebpf_param_spec_set_symbol (pspec, "on_frame");
  g_object_class_install_property (object_class, TARGET_FRAME_SPEC, pspec);
}

static void
target_init (Target *self)
{
}

static void
test_assign (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfCollection) lacking = new_collection ("minimal.bpf.o");
  g_autoptr (GObject) object = g_object_new (target_get_type (), NULL);
  g_autoptr (GObject) other = g_object_new (target_get_type (), NULL);
  g_autoptr (EbpfCollection) partly = NULL;
  g_autoptr (EbpfMap) taken = NULL;
  g_autoptr (GError) error_of_one = NULL;
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GError) error = NULL;
  Target *target = (Target *) object;

  if (!ebpf_test_require_bpf ())
    return;

  assert_loads (collection, NULL);
  g_assert_true (ebpf_collection_assign (collection, object, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_get_name (target->counts), ==, "counts");
  g_assert_cmpstr (ebpf_program_get_name (target->program), ==, "on_packet");
  g_assert_cmpstr (ebpf_variable_get_name (target->variable), ==, "target_pid");
  g_assert_cmpstr (ebpf_program_spec_get_name (target->spec), ==, "on_frame");
  g_assert_null (ebpf_collection_get_map (collection, "counts"));
  g_assert_null (ebpf_collection_get_program (collection, "on_packet"));

  /* What was assigned outlives the collection; the rest does not. */
  ebpf_collection_close (collection);
  g_assert_true (ebpf_map_is_open (target->counts));
  g_assert_true (ebpf_program_is_open (target->program));
  value = ebpf_variable_get_bytes (target->variable, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (value), ==, 4);

  /* All that is missing is said, and nothing is set. */
  assert_loads (lacking, NULL);
  g_assert_false (ebpf_collection_assign (lacking, other, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*counts*on_packet*target_pid*on_frame*");
  g_assert_null (((Target *) other)->counts);
  g_assert_nonnull (ebpf_collection_get_program (lacking, "accept_all"));

  /* One thing missing: all the rest stays where it is. */
  partly = new_collection ("hooks.bpf.o");
  assert_loads (partly, NULL);
  taken = ebpf_collection_take_map (partly, "counts");
  g_assert_false (ebpf_collection_assign (partly, other, &error_of_one));
  ebpf_test_assert_error_matches (error_of_one, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*counts*");
  g_assert_null (((Target *) other)->program);
  g_assert_nonnull (ebpf_collection_get_program (partly, "on_packet"));
}

static void
test_take (void)
{
  g_autoptr (EbpfCollection) collection = new_collection ("hooks.bpf.o");
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfProgram) program = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  assert_loads (collection, NULL);
  map = ebpf_collection_take_map (collection, "counts");
  program = ebpf_collection_take_program (collection, "on_packet");
  g_assert_nonnull (map);
  g_assert_nonnull (program);
  g_assert_null (ebpf_collection_take_map (collection, "counts"));
  g_assert_null (ebpf_collection_get_program (collection, "on_packet"));
  ebpf_collection_close (collection);
  g_assert_true (ebpf_map_is_open (map));
  g_assert_true (ebpf_program_is_open (program));
}

static void
test_properties (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("minimal.bpf.o");
  g_autoptr (EbpfCollection) collection = g_object_new (EBPF_TYPE_COLLECTION, "spec", spec, NULL);
  g_autoptr (EbpfCollection) bare = g_object_new (EBPF_TYPE_COLLECTION, NULL);
  g_autoptr (EbpfCollectionSpec) its_spec = NULL;
  g_autofree char *log = NULL;
  EbpfCollectionState state;
  double progress;

  g_object_get (collection, "spec", &its_spec, "state", &state, "progress", &progress,
                "verifier-log", &log, NULL);
  g_assert_nonnull (ebpf_collection_spec_get_program (its_spec, "accept_all"));
  g_assert_true (its_spec != spec);
  g_assert_cmpint (state, ==, EBPF_COLLECTION_STATE_NEW);
  g_assert_cmpfloat (progress, ==, 0);
  g_assert_null (log);

  g_assert_nonnull (ebpf_collection_get_spec (bare));
}

/* --- nothing is left */

static void
test_leaks (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("hooks.bpf.o");
  g_autoptr (GArray) map_ids = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GArray) program_ids = g_array_new (FALSE, FALSE, sizeof (guint));
  const guint n_loads = g_test_slow () ? 1000 : 100;
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  n_fds = ebpf_test_count_fds ();
  for (guint i = 0; i < n_loads; i++)
    {
      g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);

      assert_loads (collection, NULL);
      collect_ids (collection, map_ids, program_ids);
      /* By closing or by forgetting. */
      if (i % 2 == 0)
        ebpf_collection_close (collection);
    }

  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
  g_assert_cmpuint (program_ids->len, ==, n_loads * 9);
  assert_gone (BPF_MAP_GET_FD_BY_ID, map_ids);
  assert_gone (BPF_PROG_GET_FD_BY_ID, program_ids);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);
  ebpf_test_bpffs ();

  ebpf_test_add ("/collection/load", test_load);
  ebpf_test_add ("/collection/spec-stays", test_spec_stays);
  ebpf_test_add ("/collection/subprograms", test_subprograms);
  ebpf_test_add ("/collection/callbacks", test_callbacks);
  ebpf_test_add ("/collection/program-array", test_program_array);
  ebpf_test_add ("/collection/program-array/slot-left-out", test_program_array_slot_left_out);
  ebpf_test_add ("/collection/map-in-map", test_map_in_map);
  ebpf_test_add ("/collection/all-objects", test_all_objects);
  ebpf_test_add ("/collection/by-hand", test_by_hand);
  ebpf_test_add ("/collection/select", test_select);
  ebpf_test_add ("/collection/select/without-type", test_select_without_type);
  ebpf_test_add ("/collection/replace", test_replace);
  ebpf_test_add ("/collection/left-out-map", test_left_out_map);
  ebpf_test_add ("/collection/pinning", test_pinning);
  ebpf_test_add ("/collection/pinning/undone", test_pin_undone);
  ebpf_test_add ("/collection/failure", test_failure);
  ebpf_test_add ("/collection/foreign-byte-order", test_foreign_byte_order);
  ebpf_test_add ("/collection/async", test_async);
  ebpf_test_add ("/collection/async/failure", test_async_failure);
  ebpf_test_add ("/collection/async/close-referenced", test_async_close);
  ebpf_test_add ("/collection/async/cancel", test_async_cancel);
  ebpf_test_add ("/collection/async/close", test_close_while_loading);
  ebpf_test_add ("/collection/async/twice", test_async_twice);
  ebpf_test_add ("/collection/async/many", test_async_many);
  ebpf_test_add ("/collection/async/other-context", test_async_other_context);
  ebpf_test_add ("/collection/assign", test_assign);
  ebpf_test_add ("/collection/take", test_take);
  ebpf_test_add ("/collection/properties", test_properties);
  ebpf_test_add ("/collection/leaks", test_leaks);

  return g_test_run ();
}
