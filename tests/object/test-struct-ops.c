/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Operations that the kernel calls: tcp_congestion_ops, which every kernel with BTF has. */

#include "elf/ebpf-elf.h"
#include "object/ebpf-collection.h"
#include "object/ebpf-map-struct-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-map-spec-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>

#include "ebpf-test.h"

#define ALGORITHMS "/proc/sys/net/ipv4/tcp_available_congestion_control"

static EbpfCollectionSpec *
read_spec (void)
{
  g_autofree char *path = ebpf_test_object ("struct-ops.bpf.o");
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return spec;
}

static void
test_spec (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  EbpfMapSpec *plain = ebpf_collection_spec_get_map (spec, "plain");
  EbpfMapSpec *newer = ebpf_collection_spec_get_map (spec, "newer");
  EbpfMapSpec *left_out = ebpf_collection_spec_get_map (spec, "left_out");
  EbpfProgramSpec *half = ebpf_collection_spec_get_program (spec, "half");
  guint n_references = 0;

  g_assert_cmpuint (ebpf_map_spec_get_map_type (plain), ==, EBPF_MAP_TYPE_STRUCT_OPS);
  g_assert_cmpuint (ebpf_map_spec_get_key_size (plain), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_value_size (plain), ==, 48);
  g_assert_cmpuint (ebpf_map_spec_get_map_flags (plain), ==, 0);
  g_assert_true (ebpf_map_spec_get_autocreate (plain));
  g_assert_cmpuint (ebpf_map_spec_get_map_flags (newer), ==, EBPF_MAP_FLAGS_LINK);
  g_assert_cmpuint (ebpf_map_spec_get_map_flags (left_out), ==, EBPF_MAP_FLAGS_LINK);
  g_assert_false (ebpf_map_spec_get_autocreate (left_out));

  g_assert_cmpstr (ebpf_program_spec_get_attach_to (half), ==, "tcp_congestion_ops:ssthresh");

  for (guint i = 0; i < ebpf_map_spec_get_n_contents (plain); i++)
    n_references += ebpf_map_spec_get_content_reference (plain, i) != NULL;
  g_assert_cmpuint (n_references, ==, 3);
}

/* Another type of map with a spec's contents; the specs of a collection stay as they are. */
static EbpfMapSpec *
with_value_type (EbpfMapSpec *spec, const char *name)
{
  EbpfMapSpec *copy = ebpf_map_spec_copy (spec);
  EbpfBtf *btf = ebpf_btf_type_get_btf (ebpf_map_spec_get_value_type (spec));
  g_autoptr (EbpfBtfType) type = ebpf_btf_find_type (btf, name, EBPF_BTF_KIND_STRUCT, NULL);

  ebpf_map_spec_set_value_type (copy, type);
  return copy;
}

static void
test_errors (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  EbpfMapSpec *plain = ebpf_collection_spec_get_map (spec, "plain");
  g_autoptr (EbpfMapSpec) untyped = NULL;
  g_autoptr (EbpfMapSpec) unknown = NULL;
  g_autoptr (EbpfMapSpec) set = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = g_bytes_new_static ("\0\0\0", 4);
  g_autoptr (GBytes) value = NULL;
  guint8 data[56] = { 0 };

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 6))
    return;

  untyped = ebpf_map_spec_copy (plain);
  ebpf_map_spec_set_value_type (untyped, NULL);
  g_assert_null (ebpf_map_new (untyped, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*plain*value-type*struct*");
  g_clear_error (&error);

  /* Its functions are programs, which a map alone does not know. */
  g_assert_null (ebpf_map_new (plain, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                  "*only a collection*");
  g_clear_error (&error);

  unknown = with_value_type (plain, "tcp_congestion_ops___newer");
  ebpf_map_spec_clear_contents (unknown);
  map = ebpf_map_new (unknown, &error);
  g_assert_no_error (error);
  ebpf_map_close (map);
  g_clear_object (&map);

  /* A member that this kernel does not have may not be set: here, not_set. */
  data[24] = 1;
  value = g_bytes_new (data, sizeof data);
  set = ebpf_map_spec_copy (unknown);
  ebpf_map_spec_add_content (set, key, value);
  g_assert_null (ebpf_map_new (set, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                  "*has no member not_set*");
}

static gboolean
is_registered (const char *name)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (ALGORITHMS, &text, NULL, NULL));
  return strstr (text, name) != NULL;
}

/* What the kernel makes of the value: it takes it, and knows the algorithm by the name that was in
 * another place of the object's struct. */
static void
test_load (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) value = NULL;
  const guint32 key = 0;
  EbpfMap *map;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 4))
    return;

  collection = ebpf_collection_new (spec);
  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);

  maps = ebpf_collection_list_maps (collection);
  programs = ebpf_collection_list_programs (collection);
  g_assert_cmpuint (maps->len, ==, 2);
  g_assert_cmpuint (programs->len, ==, 3);
  g_assert_null (ebpf_collection_get_program (collection, "future"));
  g_assert_null (ebpf_collection_get_program (collection, "optional"));
  g_assert_false (is_registered ("ebpf_test_plain"));

  map = ebpf_collection_get_map (collection, "plain");
  g_assert_cmpuint (ebpf_map_get_value_size (map), >, 48);
  value = ebpf_struct_ops_value_to_bytes (map->struct_ops, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_update_raw (map, &key, g_bytes_get_data (value, NULL), 0, &error));
  g_assert_no_error (error);
  g_assert_true (is_registered ("ebpf_test_plain"));

  /* The map is described by the kernel's struct, also to whoever opens it. */
  {
    g_autoptr (EbpfMap) opened = ebpf_map_new_from_id (ebpf_map_get_id (map), &error);

    g_assert_no_error (error);
    g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_map_get_value_type (map)), ==,
                     "bpf_struct_ops_tcp_congestion_ops");
    g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_map_get_value_type (opened)), ==,
                     "bpf_struct_ops_tcp_congestion_ops");
    ebpf_map_close (opened);
  }
  g_assert_true (ebpf_map_delete_key_raw (map, &key, &error));
  g_assert_no_error (error);
  g_assert_false (is_registered ("ebpf_test_plain"));
  g_clear_pointer (&value, g_bytes_unref);

  map = ebpf_collection_get_map (collection, "newer");
  value = ebpf_struct_ops_value_to_bytes (map->struct_ops, &error);
  g_assert_true (ebpf_map_update_raw (map, &key, g_bytes_get_data (value, NULL), 0, &error));
  g_assert_no_error (error);
  g_clear_pointer (&value, g_bytes_unref);

  ebpf_program_close (ebpf_collection_get_program (collection, "undo"));
  g_assert_null (ebpf_struct_ops_value_to_bytes (map->struct_ops, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED, "*undo*closed*");

  ebpf_collection_close (collection);
}

/* A program that is asked for by name is loaded without a map. */
static void
test_selected (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
  g_autoptr (EbpfCollection) second = ebpf_collection_new (spec);
  g_autoptr (EbpfLoadOptions) future = ebpf_load_options_new ();
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 6))
    return;

  ebpf_load_options_select_program (options, "optional");
  g_assert_true (ebpf_collection_load (collection, options, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (ebpf_collection_get_program (collection, "optional"));
  ebpf_collection_close (collection);

  ebpf_load_options_select_program (future, "future");
  g_assert_false (ebpf_collection_load (second, future, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "*no member \"from_the_future\"*");
}

/* Member by member, also of structs in it; what is of another shape cannot be told. */
static void
test_layout (void)
{
  static const struct
  {
    const char *map;
    const char *message;
  } cases[] = {
    { "bad_array", "*bad_array*name*8 elements*16*" },
    { "bad_kind", "*bad_kind*ssthresh*another kind*" },
    { "bad_size", "*bad_size*flags*8 bytes*4*" },
    { "bad_inner", "*bad_inner*prev*pointer*" },
    { "bad_bits", "*bad_bits*flags*bitfield*" },
    { "good_inner", NULL },
  };
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 6))
    return;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EbpfMap) map =
          ebpf_map_new (ebpf_collection_spec_get_map (spec, cases[i].map), &error);

      if (cases[i].message != NULL)
        ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                        cases[i].message);
      else
        g_assert_no_error (error);
      g_assert_cmpint (map != NULL, ==, cases[i].message == NULL);
    }
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/struct-ops/spec", test_spec);
  ebpf_test_add ("/object/struct-ops/errors", test_errors);
  ebpf_test_add ("/object/struct-ops/load", test_load);
  ebpf_test_add ("/object/struct-ops/selected", test_selected);

  ebpf_test_add ("/object/struct-ops/layout", test_layout);

  return g_test_run ();
}
