/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Programs on the functions of another program: freplace, fentry and fexit. */

#include "link-test.h"

#include <string.h>

/* XDP_DROP from each of the three functions, as digits. */
#define ALL_DROPPED 111

typedef struct
{
  EbpfCollection *target_collection;
  EbpfProgram *target;
  EbpfCollectionSpec *spec;
} Fixture;

static void
fixture_clear (Fixture *self)
{
  if (self->target_collection != NULL)
    ebpf_collection_close (self->target_collection);
  g_clear_object (&self->target_collection);
  g_clear_object (&self->spec);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static gboolean
fixture_init (Fixture *self)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return FALSE;

  spec = link_test_open ("replaceable.bpf.o", 0);
  self->target_collection = link_test_load (spec, NULL);
  self->target = ebpf_collection_get_program (self->target_collection, "decide");
  g_assert_nonnull (self->target);
  self->spec = link_test_open ("replacing.bpf.o", 0);
  return TRUE;
}

static EbpfProgramSpec *
get_spec (Fixture *self, const char *name)
{
  return ebpf_collection_spec_get_program (self->spec, name);
}

/* The program alone; NULL and a skip where the kernel has no such hooks. */
static EbpfCollection *
load_one (Fixture *self, const char *name)
{
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (self->spec);
  g_autoptr (GError) error = NULL;

  ebpf_load_options_select_program (options, name);
  if (ebpf_collection_load (collection, options, NULL, &error))
    return g_steal_pointer (&collection);

  if (!g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED))
    g_assert_no_error (error);
  g_test_skip (error->message);
  return NULL;
}

static guint
run (Fixture *self)
{
  static const guint8 packet[64];
  g_autoptr (GBytes) data = g_bytes_new_static (packet, sizeof packet);
  g_autoptr (GError) error = NULL;
  guint result = 0;

  ebpf_program_test_run (self->target, data, 1, &result, NULL, NULL, &error);
  g_assert_no_error (error);
  return result;
}

static guint64
get_variable (EbpfCollection *collection, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value =
      ebpf_variable_get_value (ebpf_collection_get_variable (collection, name), &error);

  g_assert_no_error (error);
  return g_variant_get_uint64 (value);
}

static void
test_functions (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_auto (GStrv) functions = NULL;
  g_auto (GStrv) same = NULL;
  g_autoptr (EbpfProgram) opened = NULL;
  g_autoptr (GError) error = NULL;

  if (!fixture_init (&fixture))
    return;

  functions = ebpf_program_list_functions (fixture.target, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (functions), ==, 4);
  g_assert_cmpstr (functions[0], ==, "decide");
  g_assert_true (g_strv_contains ((const char *const *) functions, "verdict"));
  g_assert_true (g_strv_contains ((const char *const *) functions, "second_verdict"));
  g_assert_true (g_strv_contains ((const char *const *) functions, "hidden_verdict"));

  /* By what the kernel has alone. */
  opened = ebpf_program_new_from_id (ebpf_program_get_id (fixture.target), &error);
  g_assert_no_error (error);
  same = ebpf_program_list_functions (opened, &error);
  g_assert_no_error (error);
  g_assert_true (g_strv_equal ((const char *const *) functions, (const char *const *) same));
  ebpf_program_close (opened);

  g_assert_null (ebpf_program_list_functions (opened, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_assert_cmpuint (run (&fixture), ==, ALL_DROPPED);
}

static void
expect_refusal (Fixture *fixture, const char *name, EbpfError code, const char *pattern)
{
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (fixture->spec);
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GError) error = NULL;

  ebpf_load_options_select_program (options, name);
  g_assert_false (ebpf_collection_load (collection, options, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (gint) code, pattern);
}

static void
test_errors (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (EbpfProgramSpec) bare_spec = NULL;
  g_autoptr (EbpfProgram) bare = NULL;
  g_autoptr (EbpfAssembler) assembler = ebpf_assembler_new ();
  g_autoptr (GError) error = NULL;
  EbpfProgramSpec *spec;

  if (!fixture_init (&fixture))
    return;

  spec = get_spec (&fixture, "new_verdict");
  g_assert_null (ebpf_program_spec_get_attach_target (spec));
  expect_refusal (&fixture, "new_verdict", EBPF_ERROR_INVALID_ARGUMENT,
                  "*new_verdict*\"verdict\"*set_attach_target*");

  ebpf_program_spec_set_attach_target (spec, fixture.target, "no_verdict");
  g_assert_true (ebpf_program_spec_get_attach_target (spec) == fixture.target);
  expect_refusal (&fixture, "new_verdict", EBPF_ERROR_NOT_FOUND,
                  "*\"decide\" has no function \"no_verdict\", but decide, *verdict*");

  ebpf_program_spec_set_attach_target (get_spec (&fixture, "on_any_exit"), fixture.target, NULL);
  expect_refusal (&fixture, "on_any_exit", EBPF_ERROR_INVALID_ARGUMENT,
                  "*which function of program \"decide\"*");
  ebpf_program_spec_set_attach_target (get_spec (&fixture, "on_switch"), fixture.target, NULL);
  expect_refusal (&fixture, "on_switch", EBPF_ERROR_INVALID_ARGUMENT, "*freplace, fentry*");

  /* Nothing is known of the functions of a program that was made by hand. */
  ebpf_assembler_emit_move (assembler, 0, 0);
  ebpf_assembler_emit_exit (assembler);
  bare_spec = ebpf_program_spec_new ("bare", EBPF_PROGRAM_TYPE_XDP);
  g_assert_true (ebpf_program_spec_set_instructions (bare_spec, assembler, &error));
  bare = ebpf_program_new (bare_spec, NULL, &error);
  g_assert_no_error (error);
  ebpf_program_spec_set_attach_target (spec, bare, "bare");
  expect_refusal (&fixture, "new_verdict", EBPF_ERROR_BTF, "*\"bare\"*no type information*");

  ebpf_program_close (bare);
  expect_refusal (&fixture, "new_verdict", EBPF_ERROR_CLOSED, "*\"bare\"*closed*");
  ebpf_program_spec_set_attach_target (spec, NULL, "verdict");
  g_assert_null (ebpf_program_spec_get_attach_target (spec));
}

static void
test_replace (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfTracingLink) second = NULL;
  g_autoptr (EbpfLink) again = NULL;
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (GError) error = NULL;
  EbpfProgram *program;

  if (!fixture_init (&fixture))
    return;

  /* The section says which function, and we whose. */
  ebpf_program_spec_set_attach_target (get_spec (&fixture, "new_verdict"), fixture.target, NULL);
  collection = load_one (&fixture, "new_verdict");
  if (collection == NULL)
    return;

  program = ebpf_collection_get_program (collection, "new_verdict");
  g_assert_cmpuint (run (&fixture), ==, ALL_DROPPED);
  links = ebpf_collection_attach_all (collection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (links->len, ==, 1);
  g_assert_cmpstr (ebpf_link_get_target (g_ptr_array_index (links, 0)), ==,
                   "function verdict of program \"decide\"");
  g_assert_cmpuint (run (&fixture), ==, 112);
  g_assert_cmpuint (get_variable (collection, "replaced"), ==, 1);

  g_assert_null (ebpf_tracing_link_new (program, 0, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);

  /* On another function at the same time; and not on one that the verifier has seen through. */
  second =
      ebpf_tracing_link_new_for_function (program, fixture.target, "second_verdict", 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (run (&fixture), ==, 122);
  g_assert_null (
      ebpf_tracing_link_new_for_function (program, fixture.target, "hidden_verdict", 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE, "*static*");
  g_clear_error (&error);
  g_assert_null (
      ebpf_tracing_link_new_for_function (program, fixture.target, "nothing", 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*nothing*verdict*");
  g_clear_error (&error);

  g_assert_true (ebpf_link_detach (EBPF_LINK (second), &error));
  g_clear_pointer (&links, g_ptr_array_unref);
  g_assert_cmpuint (run (&fixture), ==, ALL_DROPPED);

  /* It forgot which it was for, and the spec has not. */
  again = ebpf_program_attach (program, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (run (&fixture), ==, 112);
  ebpf_link_close (again);
  g_assert_cmpuint (run (&fixture), ==, ALL_DROPPED);
  ebpf_collection_close (collection);
}

static void
test_trace (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (EbpfCollection) entry = NULL;
  g_autoptr (EbpfCollection) exit_collection = NULL;
  g_autoptr (EbpfLink) entry_link = NULL;
  g_autoptr (EbpfLink) exit_link = NULL;
  g_autoptr (GError) error = NULL;

  if (!fixture_init (&fixture))
    return;

  ebpf_program_spec_set_attach_target (get_spec (&fixture, "on_entry"), fixture.target, NULL);
  ebpf_program_spec_set_attach_target (get_spec (&fixture, "on_exit"), fixture.target, NULL);
  entry = load_one (&fixture, "on_entry");
  if (entry == NULL)
    return;
  exit_collection = load_one (&fixture, "on_exit");
  g_assert_nonnull (exit_collection);

  entry_link = ebpf_program_attach (ebpf_collection_get_program (entry, "on_entry"), NULL, &error);
  g_assert_no_error (error);
  exit_link =
      ebpf_program_attach (ebpf_collection_get_program (exit_collection, "on_exit"), NULL, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (run (&fixture), ==, ALL_DROPPED);
  g_assert_cmpuint (get_variable (entry, "entered"), ==, 3);
  g_assert_cmpuint (get_variable (exit_collection, "left_with"), ==, ALL_DROPPED);

  ebpf_link_close (entry_link);
  ebpf_link_close (exit_link);
  g_assert_cmpuint (run (&fixture), ==, ALL_DROPPED);
  g_assert_cmpuint (get_variable (entry, "entered"), ==, 3);
  ebpf_collection_close (entry);
  ebpf_collection_close (exit_collection);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/link/replace/functions", test_functions);
  ebpf_test_add ("/link/replace/errors", test_errors);
  ebpf_test_add ("/link/replace/replace", test_replace);
  ebpf_test_add ("/link/replace/trace", test_trace);

  return g_test_run ();
}
