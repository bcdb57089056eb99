/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>
#include <string.h>

#include "ebpf-test.h"

#define N_CHOICES 4

static const struct
{
  const char *program;
  guint expected[N_CHOICES];
  guint n_tables;
} cases[] = {
  { "nothing", { 0, 0, 0, 0 }, 0 },
  { "jump", { 10, 20, 30, 10 }, 1 },
  { "jump_twice", { 1202, 5001, 1202, 5001 }, 2 },
  { "jump_below", { 7, 8, 9, 9 }, 1 },
  { "jump_below_again", { 708, 809, 909, 907 }, 1 },
};

static EbpfCollection *
open_collection (void)
{
  g_autofree char *path = ebpf_test_object ("jumptables.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return ebpf_collection_new (spec);
}

static void
check (EbpfProgram *program, guint n)
{
  for (guint32 i = 0; i < N_CHOICES; i++)
    {
      g_autoptr (GBytes) context = g_bytes_new (&i, sizeof i);
      g_autoptr (GError) error = NULL;
      guint result = 0;

      g_test_message ("%s %u", cases[n].program, i);
      g_assert_true (ebpf_program_run (program, context, &result, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (result, ==, cases[n].expected[i]);
    }
}

static guint
count_maps (EbpfProgram *program)
{
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GVariant) ids = NULL;
  g_autoptr (GError) error = NULL;

  info = ebpf_program_query_info (program, &error);
  g_assert_no_error (error);
  ids = g_variant_lookup_value (info, "map-ids", NULL);
  return ids != NULL ? (guint) g_variant_n_children (ids) : 0;
}

static void
test_run (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfCollection) second = NULL;
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 19))
    return;

  collection = open_collection ();
  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);
  maps = ebpf_collection_list_maps (collection);
  g_assert_cmpuint (maps->len, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      EbpfProgram *program = ebpf_collection_get_program (collection, cases[i].program);

      check (program, i);
      /* A table that two jumps use is one map. */
      g_assert_cmpuint (count_maps (program), ==, cases[i].n_tables);
    }

  /* Each load has its own. */
  second = ebpf_collection_new (ebpf_collection_get_spec (collection));
  g_assert_true (ebpf_collection_load (second, NULL, NULL, &error));
  g_assert_no_error (error);
  ebpf_collection_close (collection);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (ebpf_collection_get_program (second, cases[i].program), i);
}

/* Behind the code of another file. */
static void
test_linked (void)
{
  g_autofree char *first = ebpf_test_object ("arena.bpf.o");
  g_autofree char *before = ebpf_test_object ("subprograms.bpf.o");
  g_autofree char *path = ebpf_test_object ("jumptables.bpf.o");
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GBytes) linked = NULL;
  g_autoptr (GError) error = NULL;

  ebpf_linker_add_file (linker, first, &error);
  g_assert_no_error (error);
  ebpf_linker_add_file (linker, before, &error);
  g_assert_no_error (error);
  ebpf_linker_add_file (linker, path, &error);
  g_assert_no_error (error);
  linked = ebpf_linker_finish (linker, &error);
  g_assert_no_error (error);

  /* Tables that lead elsewhere are not read. */
  spec = ebpf_collection_spec_new_from_bytes (linked, &error);
  g_assert_no_error (error);

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 19))
    return;

  collection = ebpf_collection_new (spec);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    ebpf_load_options_select_program (options, cases[i].program);
  g_assert_true (ebpf_collection_load (collection, options, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (ebpf_collection_get_program (collection, cases[i].program), i);
}

/* In two steps, alone, and with a log that is asked for. */
static void
test_ways (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfProgram) alone = NULL;
  g_autoptr (GBytes) code = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 19))
    return;

  collection = open_collection ();
  ebpf_load_options_set_log_level (options, 1);
  g_assert_true (ebpf_collection_prepare (collection, options, NULL, &error));
  g_assert_no_error (error);
  code = ebpf_collection_dup_prepared_code (collection, "jump");
  g_assert_nonnull (code);
  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);
  check (ebpf_collection_get_program (collection, "jump"), 1);

  alone = ebpf_program_new (
      ebpf_collection_spec_get_program (ebpf_collection_get_spec (collection), "jump_below"), NULL,
      &error);
  g_assert_no_error (error);
  check (alone, 3);
}

/* Older kernels have no such maps: that is said, and what to do; nothing is left. */
static void
test_old_kernel (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollection) without = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = open_collection ();
  if (ebpf_collection_load (collection, NULL, NULL, &error))
    {
      g_test_skip ("this kernel has maps of instructions");
      return;
    }

  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "*program \"jump\": *BPF.JT.0.0*Linux 6.19*-fno-jump-tables*");
  g_clear_error (&error);

  /* The others can be had. */
  without = open_collection ();
  ebpf_load_options_select_program (options, "nothing");
  g_assert_true (ebpf_collection_load (without, options, NULL, &error));
  g_assert_no_error (error);
  check (ebpf_collection_get_program (without, "nothing"), 0);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/jump-tables/run", test_run);
  ebpf_test_add ("/object/jump-tables/linked", test_linked);
  ebpf_test_add ("/object/jump-tables/ways", test_ways);
  ebpf_test_add ("/object/jump-tables/old-kernel", test_old_kernel);

  return g_test_run ();
}
