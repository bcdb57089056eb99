/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Loading what an object asks for, and loading in two steps. */

#include <string.h>

#include <ebpf.h>

#include "ebpf-test.h"

#define OBJECT "parts.bpf.o"

/* --- objects that ask for something: a property for each name; "map:", "program:" … in front */

typedef struct
{
  GObject parent_instance;
  GHashTable *values; /* property -> object */
} Asker;

typedef struct
{
  GObjectClass parent_class;
} AskerClass;

typedef struct
{
  GType type;
  const char *name;
  const char *symbol;
} Property;

static void
asker_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  Asker *self = (Asker *) object;

  g_hash_table_insert (self->values, g_strdup (pspec->name), g_value_dup_object (value));
}

static void
asker_finalize (GObject *object)
{
  GObjectClass *parent_class = g_type_class_peek (G_TYPE_OBJECT);

  g_hash_table_unref (((Asker *) object)->values);
  parent_class->finalize (object);
}

static void
asker_init (GTypeInstance *instance, gpointer klass)
{
  ((Asker *) instance)->values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

static void
asker_class_init (gpointer klass, gpointer data)
{
  const Property *wanted = data;

  G_OBJECT_CLASS (klass)->set_property = asker_set_property;
  G_OBJECT_CLASS (klass)->finalize = asker_finalize;

  for (guint i = 0; wanted[i].name != NULL; i++)
    {
      GParamSpec *pspec =
          g_param_spec_object (wanted[i].name, NULL, NULL, wanted[i].type, G_PARAM_WRITABLE);

      if (wanted[i].symbol != NULL)
        ebpf_param_spec_set_symbol (pspec, wanted[i].symbol);
      g_object_class_install_property (G_OBJECT_CLASS (klass), i + 1, pspec);
    }
}

/* An object of a new class with these properties. */
static GObject *
ask_for (const Property *wanted)
{
  static guint n_types;
  g_autofree char *name = g_strdup_printf ("Asker%u", n_types++);
  GTypeInfo info = {
    .class_size = sizeof (AskerClass),
    .class_init = asker_class_init,
    .class_data = wanted,
    .instance_size = sizeof (Asker),
    .instance_init = asker_init,
  };

  return g_object_new (g_type_register_static (G_TYPE_OBJECT, name, &info, 0), NULL);
}

static gpointer
got (GObject *asker, const char *property)
{
  return g_hash_table_lookup (((Asker *) asker)->values, property);
}

static guint
n_got (GObject *asker)
{
  return g_hash_table_size (((Asker *) asker)->values);
}

/* --- helpers */

static EbpfCollection *
new_collection (const char *object)
{
  g_autofree char *path = ebpf_test_object (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return ebpf_collection_new (spec);
}

static guint
run (EbpfProgram *program)
{
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GError) error = NULL;
  guint returned = 0;

  g_assert_nonnull (program);
  ebpf_program_test_run (program, packet, 1, &returned, NULL, NULL, &error);
  g_assert_no_error (error);

  return returned;
}

static guint64
first_value (EbpfMap *map)
{
  g_autoptr (GError) error = NULL;
  guint32 key = 0;
  guint64 value = 0;

  ebpf_map_lookup_raw (map, &key, &value, 0, &error);
  g_assert_no_error (error);

  return value;
}

static void
assert_empty (EbpfCollection *collection)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_list_maps (collection);
  g_autoptr (GPtrArray) programs = ebpf_collection_list_programs (collection);
  g_autoptr (GPtrArray) variables = ebpf_collection_list_variables (collection);

  g_assert_cmpuint (maps->len, ==, 0);
  g_assert_cmpuint (programs->len, ==, 0);
  g_assert_cmpuint (variables->len, ==, 0);
}

/* --- loading what is asked for */

static void
count_object (EbpfCollection *collection, GObject *object, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_only_what_is_asked_for (void)
{
  const Property wanted[] = {
    { EBPF_TYPE_PROGRAM, "part-good", NULL },
    { EBPF_TYPE_MAP, "counts", "part_counts" },
    { 0, NULL, NULL },
  };
  g_autoptr (EbpfCollection) collection = new_collection (OBJECT);
  g_autoptr (GObject) target = NULL;
  g_autoptr (GError) error = NULL;
  guint n_maps = 0, n_programs = 0, n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  target = ask_for (wanted);
  g_signal_connect (collection, "map-created", G_CALLBACK (count_object), &n_maps);
  g_signal_connect (collection, "program-loaded", G_CALLBACK (count_object), &n_programs);

  /* What the verifier and the kernel would refuse is not tried. */
  n_fds = ebpf_test_count_fds ();
  g_assert_true (ebpf_collection_load_target (collection, target, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_programs, ==, 1);
  g_assert_cmpuint (n_maps, ==, 2); /* and .rodata */
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_LOADED);
  g_assert_cmpfloat (ebpf_collection_get_progress (collection), ==, 1);

  /* It is all the target's, and .rodata lives on in the program. */
  assert_empty (collection);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds + 2);
  ebpf_collection_close (collection);
  g_assert_cmpuint (n_got (target), ==, 2);
  g_assert_cmpuint (run (got (target, "part-good")), ==, 7);
  g_assert_cmpuint (run (got (target, "part-good")), ==, 7);
  g_assert_cmpuint (first_value (got (target, "counts")), ==, 2);
}

static void
test_variables (void)
{
  const Property wanted[] = {
    { EBPF_TYPE_VARIABLE, "part-total", NULL },
    { EBPF_TYPE_PROGRAM, "part-total-up", NULL },
    { EBPF_TYPE_VARIABLE_SPEC, "step", "part_step" },
    { 0, NULL, NULL },
  };
  g_autoptr (EbpfCollection) collection = new_collection (OBJECT);
  g_autoptr (GObject) target = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  target = ask_for (wanted);
  g_assert_true (ebpf_collection_load_target (collection, target, NULL, NULL, &error));
  g_assert_no_error (error);
  ebpf_collection_close (collection);
  g_assert_cmpuint (run (got (target, "part-total-up")), ==, 8);

  value = ebpf_variable_get_value (got (target, "part-total"), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint64 (value), ==, 2);
  g_assert_true (EBPF_IS_VARIABLE_SPEC (got (target, "step")));
}

static void
test_nothing (void)
{
  static const Property wanted[] = { { 0, NULL, NULL } };
  g_autoptr (EbpfCollection) collection = new_collection (OBJECT);
  g_autoptr (GObject) target = ask_for (wanted);
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  g_assert_true (ebpf_collection_load_target (collection, target, NULL, NULL, &error));
  g_assert_no_error (error);
  assert_empty (collection);
}

static void
test_missing (void)
{
  const Property wanted[] = {
    { EBPF_TYPE_PROGRAM, "part-good", NULL },
    { EBPF_TYPE_MAP, "no-such-map", NULL },
    { EBPF_TYPE_VARIABLE, "no-such-variable", NULL },
    { EBPF_TYPE_PROGRAM, "part-counts", NULL },
    { 0, NULL, NULL },
  };
  const Property twice[] = {
    { EBPF_TYPE_PROGRAM, "one", "part_good" },
    { EBPF_TYPE_PROGRAM, "two", "part_good" },
    { 0, NULL, NULL },
  };
  const Property fine[] = { { EBPF_TYPE_PROGRAM, "part-good", NULL }, { 0, NULL, NULL } };
  g_autoptr (EbpfCollection) collection = new_collection (OBJECT);
  g_autoptr (GObject) target = ask_for (wanted);
  g_autoptr (GObject) doubled = ask_for (twice);
  g_autoptr (GObject) satisfied = ask_for (fine);
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_collection_load_target (collection, target, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*parts.bpf.o*no_such_map*no_such_variable*part_counts*");
  g_clear_error (&error);
  g_assert_cmpuint (n_got (target), ==, 0);

  g_assert_false (ebpf_collection_load_target (collection, doubled, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*part_good*");
  g_clear_error (&error);

  /* Neither of these used it up. */
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_NEW);
  if (!ebpf_test_require_bpf ())
    return;
  g_assert_true (ebpf_collection_load_target (collection, satisfied, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_got (satisfied), ==, 1);

  g_assert_false (ebpf_collection_load_target (collection, satisfied, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
}

static void
test_failure (void)
{
  const Property wanted[] = {
    { EBPF_TYPE_MAP, "part-counts", NULL },
    { EBPF_TYPE_PROGRAM, "part-good", NULL },
    { EBPF_TYPE_PROGRAM, "part-bad", NULL },
    { 0, NULL, NULL },
  };
  g_autoptr (EbpfCollection) collection = new_collection (OBJECT);
  g_autoptr (GObject) target = ask_for (wanted);
  g_autoptr (GError) error = NULL;
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  n_fds = ebpf_test_count_fds ();
  g_assert_false (ebpf_collection_load_target (collection, target, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_VERIFIER);
  g_assert_cmpuint (n_got (target), ==, 0);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_FAILED);
}

static void
test_program_array (void)
{
  const Property alone[] = { { EBPF_TYPE_PROGRAM, "part-jumper", NULL }, { 0, NULL, NULL } };
  const Property with_array[] = {
    { EBPF_TYPE_PROGRAM, "part-jumper", NULL },
    { EBPF_TYPE_MAP, "part-jumps", NULL },
    { 0, NULL, NULL },
  };
  const Property array_alone[] = { { EBPF_TYPE_MAP, "part-jumps", NULL }, { 0, NULL, NULL } };
  const Property empty[] = { { EBPF_TYPE_PROGRAM, "part-empty-jumper", NULL }, { 0, NULL, NULL } };
  g_autoptr (EbpfCollection) refused = new_collection (OBJECT);
  g_autoptr (EbpfCollection) kept = new_collection (OBJECT);
  g_autoptr (EbpfCollection) only_array = new_collection (OBJECT);
  g_autoptr (EbpfCollection) unfilled = new_collection (OBJECT);
  g_autoptr (GObject) forgetful = ask_for (alone);
  g_autoptr (GObject) keeper = ask_for (with_array);
  g_autoptr (GObject) array = ask_for (array_alone);
  g_autoptr (GObject) without = ask_for (empty);
  g_autoptr (GObject) entry = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  g_assert_false (ebpf_collection_load_target (refused, forgetful, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*part_jumps*");
  g_clear_error (&error);
  g_assert_cmpuint (n_got (forgetful), ==, 0);

  g_assert_true (ebpf_collection_load_target (kept, keeper, NULL, NULL, &error));
  g_assert_no_error (error);
  ebpf_collection_close (kept);
  g_assert_cmpuint (run (got (keeper, "part-jumper")), ==, 9);

  /* What is in it comes along, though nobody asked for a program. */
  g_assert_true (ebpf_collection_load_target (only_array, array, NULL, NULL, &error));
  g_assert_no_error (error);
  entry = ebpf_map_lookup_object (got (array, "part-jumps"), g_variant_new_uint32 (1), &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_PROGRAM (entry));

  /* An array that starts out empty may be nobody's. */
  g_assert_true (ebpf_collection_load_target (unfilled, without, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (run (got (without, "part-empty-jumper")), ==, 11);
}

typedef struct
{
  gboolean done;
  gboolean loaded;
  GError *error;
} Result;

static void
on_loaded (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Result *answer = user_data;

  answer->loaded =
      ebpf_collection_load_target_finish (EBPF_COLLECTION (object), result, &answer->error);
  answer->done = TRUE;
}

static void
test_async (void)
{
  const Property wanted[] = {
    { EBPF_TYPE_PROGRAM, "part-good", NULL },
    { EBPF_TYPE_MAP, "part-counts", NULL },
    { 0, NULL, NULL },
  };
  const Property missing[] = { { EBPF_TYPE_MAP, "no-such-map", NULL }, { 0, NULL, NULL } };
  g_autoptr (EbpfCollection) collection = new_collection (OBJECT);
  g_autoptr (GObject) target = ask_for (wanted);
  g_autoptr (GObject) hopeless = ask_for (missing);
  Result result = { 0 };

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_collection_load_target_async (collection, hopeless, NULL, NULL, on_loaded, &result);
  ebpf_test_wait_for (&result.done);
  g_assert_false (result.loaded);
  g_assert_error (result.error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&result.error);

  memset (&result, 0, sizeof result);
  ebpf_collection_load_target_async (collection, target, NULL, NULL, on_loaded, &result);
  g_assert_cmpuint (n_got (target), ==, 0);
  ebpf_test_wait_for (&result.done);
  g_assert_no_error (result.error);
  g_assert_true (result.loaded);
  g_assert_cmpuint (run (got (target, "part-good")), ==, 7);
  assert_empty (collection);
}

/* --- in two steps */

static void
leave_out_broken (EbpfCollection *collection)
{
  EbpfCollectionSpec *spec = ebpf_collection_get_spec (collection);

  ebpf_program_spec_set_autoload (ebpf_collection_spec_get_program (spec, "part_bad"), FALSE);
  ebpf_program_spec_set_autoload (ebpf_collection_spec_get_program (spec, "part_uses_broken"),
                                  FALSE);
  ebpf_map_spec_set_autocreate (ebpf_collection_spec_get_map (spec, "part_broken_map"), FALSE);
}

static void
test_prepare (void)
{
  g_autoptr (EbpfCollection) collection = new_collection (OBJECT);
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) code = NULL;
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (EbpfProgram) clone = NULL;
  g_autoptr (EbpfMap) taken = NULL;
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_get_spec (collection);
  EbpfProgramSpec *program = ebpf_collection_spec_get_program (spec, "part_good");
  const struct
  {
    guint8 code;
    guint8 registers;
    gint16 offset;
    gint32 immediate;
  } * insns;
  gboolean found = FALSE;
  gsize size;
  int fd;

  if (!ebpf_test_require_bpf ())
    return;

  leave_out_broken (collection);
  g_assert_null (ebpf_collection_dup_prepared_code (collection, "part_good"));
  g_assert_true (ebpf_collection_prepare (collection, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_PREPARED);
  g_assert_cmpfloat (ebpf_collection_get_progress (collection), <, 1);

  /* The maps are there, the programs are not. */
  programs = ebpf_collection_list_programs (collection);
  g_assert_cmpuint (programs->len, ==, 0);
  g_assert_nonnull (ebpf_collection_get_map (collection, "part_counts"));
  g_assert_cmpuint (first_value (ebpf_collection_get_map (collection, "part_counts")), ==, 0);

  /* The code has the map's descriptor in it, which the spec's does not. */
  before = ebpf_program_spec_get_instructions (program);
  code = ebpf_collection_dup_prepared_code (collection, "part_good");
  g_assert_nonnull (code);
  g_assert_cmpuint (g_bytes_get_size (code), ==, g_bytes_get_size (before));
  g_assert_false (g_bytes_equal (code, before));
  fd = ebpf_map_peek_fd (ebpf_collection_get_map (collection, "part_counts"));
  insns = g_bytes_get_data (code, &size);
  for (gsize i = 0; i < size / 8; i++)
    found |= insns[i].code == 0x18 && insns[i].registers >> 4 == 1 && insns[i].immediate == fd;
  g_assert_true (found);
  g_assert_null (ebpf_collection_dup_prepared_code (collection, "part_bad"));

  /* A program of its own, over the same maps. */
  ebpf_load_options_replace_map (options, "part_counts",
                                 ebpf_collection_get_map (collection, "part_counts"));
  ebpf_load_options_replace_map (options, ".rodata",
                                 ebpf_collection_get_map (collection, ".rodata"));
  clone = ebpf_program_new (program, options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (run (clone), ==, 7);
  g_assert_cmpuint (first_value (ebpf_collection_get_map (collection, "part_counts")), ==, 1);

  /* Not twice, not otherwise. */
  g_assert_false (ebpf_collection_prepare (collection, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (ebpf_collection_load (collection, options, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  taken = ebpf_collection_take_map (collection, "part_lonely");
  g_assert_nonnull (taken);
  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_LOADED);
  g_assert_cmpfloat (ebpf_collection_get_progress (collection), ==, 1);
  g_assert_null (ebpf_collection_get_map (collection, "part_lonely"));
  g_assert_cmpuint (run (ebpf_collection_get_program (collection, "part_good")), ==, 7);
  g_assert_cmpuint (first_value (ebpf_collection_get_map (collection, "part_counts")), ==, 2);
  g_assert_cmpuint (run (ebpf_collection_get_program (collection, "part_jumper")), ==, 9);

  ebpf_collection_close (collection);
  g_assert_true (ebpf_map_is_open (taken));
}

static void
test_prepare_failure (void)
{
  g_autoptr (EbpfCollection) no_map = new_collection (OBJECT);
  g_autoptr (EbpfCollection) no_program = new_collection (OBJECT);
  g_autoptr (EbpfCollection) abandoned = new_collection (OBJECT);
  g_autoptr (EbpfMap) taken = NULL;
  g_autoptr (GError) error = NULL;
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  n_fds = ebpf_test_count_fds ();
  g_assert_false (ebpf_collection_prepare (no_map, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*part_broken_map*");
  g_clear_error (&error);
  g_assert_cmpint (ebpf_collection_get_state (no_map), ==, EBPF_COLLECTION_STATE_FAILED);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);

  /* What was taken in between is not closed by a failure afterwards. */
  leave_out_broken (no_program);
  ebpf_program_spec_set_autoload (
      ebpf_collection_spec_get_program (ebpf_collection_get_spec (no_program), "part_bad"), TRUE);
  g_assert_true (ebpf_collection_prepare (no_program, NULL, NULL, &error));
  g_assert_no_error (error);
  taken = ebpf_collection_take_map (no_program, "part_lonely");
  g_assert_false (ebpf_collection_load (no_program, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_VERIFIER);
  g_clear_error (&error);
  assert_empty (no_program);
  g_assert_true (ebpf_map_is_open (taken));
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds + 1);

  leave_out_broken (abandoned);
  g_assert_true (ebpf_collection_prepare (abandoned, NULL, NULL, &error));
  g_assert_no_error (error);
  ebpf_collection_close (abandoned);
  assert_empty (abandoned);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds + 1);
  g_assert_false (ebpf_collection_load (abandoned, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

static void
on_prepared (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Result *answer = user_data;

  answer->loaded =
      ebpf_collection_prepare_finish (EBPF_COLLECTION (object), result, &answer->error);
  answer->done = TRUE;
}

static GThread *main_thread;

static void
count_signal (EbpfCollection *collection, GObject *object, gpointer user_data)
{
  guint *n = user_data;

  g_assert_true (g_thread_self () == main_thread);
  ++*n;
}

static void
test_prepare_async (void)
{
  g_autoptr (EbpfCollection) collection = new_collection (OBJECT);
  g_autoptr (EbpfCollection) no_map = new_collection (OBJECT);
  g_autoptr (EbpfCollection) abandoned = new_collection (OBJECT);
  g_autoptr (EbpfCollection) given_up = new_collection (OBJECT);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GBytes) code = NULL;
  g_autoptr (GError) error = NULL;
  Result result = { 0 };
  guint n_maps = 0, n_programs = 0, n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  main_thread = g_thread_self ();
  leave_out_broken (collection);
  g_signal_connect (collection, "map-created", G_CALLBACK (count_signal), &n_maps);
  g_signal_connect (collection, "program-loaded", G_CALLBACK (count_signal), &n_programs);
  ebpf_collection_prepare_async (collection, NULL, NULL, on_prepared, &result);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_LOADING);
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BUSY);
  g_clear_error (&error);
  ebpf_test_wait_for (&result.done);
  g_assert_no_error (result.error);
  g_assert_true (result.loaded);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_PREPARED);
  maps = ebpf_collection_list_maps (collection);
  g_assert_cmpuint (n_maps, ==, maps->len);
  g_assert_cmpuint (n_maps, >, 3);
  g_assert_cmpuint (n_programs, ==, 0);
  code = ebpf_collection_dup_prepared_code (collection, "part_good");
  g_assert_nonnull (code);

  /* Not twice; and the rest of it, afterwards. */
  memset (&result, 0, sizeof result);
  ebpf_collection_prepare_async (collection, NULL, NULL, on_prepared, &result);
  ebpf_test_wait_for (&result.done);
  g_assert_false (result.loaded);
  g_assert_error (result.error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&result.error);
  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_programs, >, 1);
  g_assert_cmpuint (run (ebpf_collection_get_program (collection, "part_good")), ==, 7);
  g_assert_cmpuint (first_value (ebpf_collection_get_map (collection, "part_counts")), ==, 1);
  ebpf_collection_close (collection);

  /* What cannot be, what is closed meanwhile, and what is given up leave nothing. */
  n_fds = ebpf_test_count_fds ();
  memset (&result, 0, sizeof result);
  ebpf_collection_prepare_async (no_map, NULL, NULL, on_prepared, &result);
  ebpf_test_wait_for (&result.done);
  g_assert_false (result.loaded);
  ebpf_test_assert_error_matches (result.error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*part_broken_map*");
  g_clear_error (&result.error);
  g_assert_cmpint (ebpf_collection_get_state (no_map), ==, EBPF_COLLECTION_STATE_FAILED);
  assert_empty (no_map);

  leave_out_broken (abandoned);
  memset (&result, 0, sizeof result);
  ebpf_collection_prepare_async (abandoned, NULL, NULL, on_prepared, &result);
  ebpf_collection_close (abandoned);
  ebpf_test_wait_for (&result.done);
  g_assert_false (result.loaded);
  g_assert_error (result.error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&result.error);
  assert_empty (abandoned);

  leave_out_broken (given_up);
  g_cancellable_cancel (cancellable);
  memset (&result, 0, sizeof result);
  ebpf_collection_prepare_async (given_up, NULL, cancellable, on_prepared, &result);
  ebpf_test_wait_for (&result.done);
  g_assert_false (result.loaded);
  g_assert_error (result.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&result.error);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/collection/target/only", test_only_what_is_asked_for);
  ebpf_test_add ("/collection/target/variables", test_variables);
  ebpf_test_add ("/collection/target/nothing", test_nothing);
  ebpf_test_add ("/collection/target/missing", test_missing);
  ebpf_test_add ("/collection/target/failure", test_failure);
  ebpf_test_add ("/collection/target/program-array", test_program_array);
  ebpf_test_add ("/collection/target/async", test_async);
  ebpf_test_add ("/collection/prepare", test_prepare);
  ebpf_test_add ("/collection/prepare/failure", test_prepare_failure);
  ebpf_test_add ("/collection/prepare/async", test_prepare_async);

  return g_test_run ();
}
