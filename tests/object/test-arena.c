/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>
#include <string.h>
#include <unistd.h>

#include "ebpf-test.h"

static EbpfCollectionSpec *
read_spec (void)
{
  g_autofree char *path = ebpf_test_object ("arena.bpf.o");
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return spec;
}

static void
test_spec (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  EbpfMapSpec *arena = ebpf_collection_spec_get_map (spec, "arena");
  EbpfVariableSpec *second = ebpf_collection_spec_get_variable (spec, "second");
  g_autoptr (GVariant) value = NULL;

  g_assert_null (ebpf_collection_spec_get_map (spec, ".addr_space.1"));
  g_assert_cmpuint (ebpf_map_spec_get_n_contents (arena), ==, 1);
  g_assert_cmpstr (ebpf_variable_spec_get_section (second), ==, "arena");
  g_assert_false (ebpf_variable_spec_get_constant (second));
  value = ebpf_variable_spec_get_value (second, NULL);
  g_assert_cmpint (g_variant_get_int64 (value), ==, 5);
}

static void
test_run (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GBytes) behind = NULL;
  g_autoptr (GError) error = NULL;
  EbpfVariable *second;
  guint result = 1;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 9))
    return;

  g_assert_true (ebpf_variable_spec_set_value (ebpf_collection_spec_get_variable (spec, "first"),
                                               g_variant_new_int32 (70), &error));
  collection = ebpf_collection_new (spec);
  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);

  second = ebpf_collection_get_variable (collection, "second");
  g_assert_true (ebpf_program_run (ebpf_collection_get_program (collection, "add"), NULL, &result,
                                   NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (result, ==, 0);
  value = ebpf_variable_get_value (second, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int64 (value), ==, 75);

  behind = ebpf_variable_get_bytes (ebpf_collection_get_variable (collection, "behind"), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (((const guint8 *) g_bytes_get_data (behind, NULL))[0], ==, 'x');
  g_assert_cmpuint (((const guint8 *) g_bytes_get_data (behind, NULL))[4999], ==, 'y');

  /* The other way round. */
  g_assert_true (ebpf_variable_set_value (second, g_variant_new_int64 (-1), &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_program_run (ebpf_collection_get_program (collection, "add"), NULL, &result,
                                   NULL, &error));
  g_clear_pointer (&value, g_variant_unref);
  value = ebpf_variable_get_value (second, &error);
  g_assert_cmpint (g_variant_get_int64 (value), ==, 69);

  ebpf_collection_close (collection);
}

/* Where its variables are: two of its three pages, the last ones since Linux 7.0. */
static gsize
place_of_variables (void)
{
  g_autofree char *version = ebpf_dup_kernel_version ();

  return g_ascii_strtoull (version, NULL, 10) >= 7 ? (gsize) sysconf (_SC_PAGESIZE) : 0;
}

/* Its variables need two pages. */
static void
test_too_small (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 9))
    return;

  ebpf_map_spec_set_max_entries (ebpf_collection_spec_get_map (spec, "arena"), 1);
  collection = ebpf_collection_new (spec);
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*arena*pages*");
}

/* An address is given once; where something is already, the load fails and that stays. */
static void
test_address (void)
{
  /* Above what the address sanitizer keeps for itself; below what the thread sanitizer does. */
#ifdef __SANITIZE_THREAD__
  const guint64 address = G_GUINT64_CONSTANT (1) << 38;
#else
  const guint64 address = G_GUINT64_CONSTANT (1) << 45;
#endif
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  g_autoptr (EbpfCollection) first = NULL;
  g_autoptr (EbpfCollection) second = NULL;
  g_autoptr (EbpfCollection) sharing = NULL;
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 9))
    return;

  ebpf_map_spec_set_map_extra (ebpf_collection_spec_get_map (spec, "arena"), address);
  first = ebpf_collection_new (spec);
  g_assert_true (ebpf_collection_load (first, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (*(int *) (guintptr) (address + place_of_variables ()), ==, 1234);

  /* Another object can share it: it finds the variables where they are. */
  ebpf_load_options_replace_map (options, "arena", ebpf_collection_get_map (first, "arena"));
  sharing = ebpf_collection_new (spec);
  g_assert_true (ebpf_collection_load (sharing, options, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (
      ebpf_program_run (ebpf_collection_get_program (sharing, "add"), NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  value = ebpf_variable_get_value (ebpf_collection_get_variable (first, "second"), &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int64 (value), ==, 5 + 1234);
  ebpf_collection_close (sharing);

  second = ebpf_collection_new (spec);
  g_assert_false (ebpf_collection_load (second, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_assert_cmpint (*(int *) (guintptr) (address + place_of_variables ()), ==, 1234);

  ebpf_collection_close (first);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/arena/spec", test_spec);
  ebpf_test_add ("/object/arena/run", test_run);
  ebpf_test_add ("/object/arena/too-small", test_too_small);
  ebpf_test_add ("/object/arena/address", test_address);

  return g_test_run ();
}
