/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys and values by their types: those of an object file, and those that the kernel keeps. */

#include "btf/ebpf-btf-private.h"
#include "elf/ebpf-elf.h"
#include "object/ebpf-collection.h"
#include "object/ebpf-map-iterator.h"
#include "object/ebpf-map-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>

#include "ebpf-test.h"

struct key
{
  guint32 pid;
  guint32 cpu;
};

struct value
{
  guint64 count;
  char name[16];
};

static EbpfCollectionSpec *
read_spec (void)
{
  g_autofree char *path = ebpf_test_object ("maps.bpf.o");
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return spec;
}

static void
check_variants (EbpfMap *map)
{
  const struct key raw_key = { 1, 2 };
  struct value raw_value;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GVariant) key = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *literal;
  guint64 count;
  guint32 pid;
  const char *name;

  literal = g_variant_new_parsed ("{'count': <uint64 18446744073709551615>, 'name': <'me'>}");
  g_assert_true (ebpf_map_update (map, g_variant_new_parsed ("{'pid': <uint32 1>, 'cpu': <2>}"),
                                  literal, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);

  g_assert_true (ebpf_map_lookup_raw (map, &raw_key, &raw_value, 0, &error));
  g_assert_cmpuint (raw_value.count, ==, G_MAXUINT64);
  g_assert_cmpstr (raw_value.name, ==, "me");

  iterator = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (iterator, &error));
  key = ebpf_map_iterator_get_key (iterator, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (key, "pid", "u", &pid));
  g_assert_cmpuint (pid, ==, 1);

  value = ebpf_map_lookup (map, key, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (value, "count", "t", &count));
  g_assert_cmpuint (count, ==, G_MAXUINT64);
  g_assert_true (g_variant_lookup (value, "name", "&s", &name));
  g_assert_cmpstr (name, ==, "me");

  /* What was read can be written. */
  g_assert_true (ebpf_map_update (map, key, value, EBPF_UPDATE_FLAGS_EXIST, &error));
  g_assert_no_error (error);

  g_assert_null (ebpf_map_lookup (map, g_variant_new_string ("x"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "map '*': the key: *");
}

static void
test_from_object (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (ebpf_collection_spec_get_map (spec, "hash"), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_map_get_key_type (map)), ==, "map_key");
  check_variants (map);

  /* Without the type it is bytes. */
  ebpf_map_set_value_type (map, NULL);
  {
    g_autoptr (GVariant) value = ebpf_map_lookup (
        map, g_variant_new_parsed ("{'pid': <uint32 1>, 'cpu': <uint32 2>}"), &error);

    g_assert_no_error (error);
    g_assert_cmpstr (g_variant_get_type_string (value), ==, "ay");
    g_assert_cmpuint (g_variant_n_children (value), ==, sizeof (struct value));
  }
}

static guint n_creates;

static int
refuse_first (EbpfSysCommand command, gpointer user_data)
{
  if (command != EBPF_SYS_MAP_CREATE)
    return 0;

  return n_creates++ == 0 ? GPOINTER_TO_INT (user_data) : 0;
}

static void
test_from_kernel (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  EbpfMapSpec *map_spec = ebpf_collection_spec_get_map (spec, "hash");
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (EbpfMap) without = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  guint32 id;
  int btf_fd;

  if (!ebpf_test_require_bpf ())
    return;

  btf_fd = ebpf_btf_load_into_kernel (ebpf_btf_type_get_btf (ebpf_map_spec_get_key_type (map_spec)),
                                      &error);
  g_assert_no_error (error);

  map = ebpf_map_create (map_spec, btf_fd, &error);
  g_assert_no_error (error);
  info = ebpf_map_query_info (map, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "btf-value-type-id", "u", &id));
  g_assert_cmpuint (id, ==, ebpf_btf_type_get_id (ebpf_map_spec_get_value_type (map_spec)));

  /* Somebody else opens it and finds the types in the kernel. */
  other = ebpf_map_new_from_id (ebpf_map_get_id (map), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_map_get_key_type (other)), ==, "map_key");
  g_assert_cmpint (ebpf_btf_type_get_size (ebpf_map_get_value_type (other)), ==,
                   sizeof (struct value));
  check_variants (other);

  /* A type of map that takes no BTF is as good without. */
  n_creates = 0;
  ebpf_sys_set_fault_func (refuse_first, GINT_TO_POINTER (524));
  without = ebpf_map_create (map_spec, btf_fd, &error);
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (n_creates, ==, 2);
  g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_map_get_key_type (without)), ==, "map_key");

  ebpf_sys_clear_fd (&btf_fd);
}

static void
check_types (guint id, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfMap) map = ebpf_map_new_from_id (id, &error);
  g_autoptr (GVariant) info = NULL;
  guint32 key_id = 0, value_id = 0;

  g_assert_no_error (error);
  info = ebpf_map_query_info (map, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "btf-key-type-id", "u", &key_id));
  g_assert_true (g_variant_lookup (info, "btf-value-type-id", "u", &value_id));
  g_assert_cmpuint (key_id, !=, 0);
  g_assert_cmpuint (value_id, !=, 0);
  g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_map_get_key_type (map)), ==, key);
  g_assert_cmpstr (ebpf_btf_type_get_name (ebpf_map_get_value_type (map)), ==, value);

  /* Nothing but what the two consist of. */
  g_assert_cmpuint (ebpf_btf_get_n_types (ebpf_btf_type_get_btf (ebpf_map_get_value_type (map))), <,
                    12);
}

/* A key of the object's types and a value of the kernel's: neither is loaded whole. */
static void
test_of_two (void)
{
  g_autoptr (EbpfCollectionSpec) spec = read_spec ();
  g_autoptr (EbpfMapSpec) map_spec = ebpf_map_spec_new ("two", EBPF_MAP_TYPE_HASH, 8, 16, 4);
  g_autoptr (EbpfCollectionSpec) of_one = ebpf_collection_spec_new ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfBtf) kernel = NULL;
  g_autoptr (EbpfBtfType) value = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  kernel = ebpf_btf_get_kernel (&error);
  g_assert_no_error (error);
  value = ebpf_btf_find_type (kernel, "list_head", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);
  ebpf_map_spec_set_key_type (
      map_spec, ebpf_map_spec_get_key_type (ebpf_collection_spec_get_map (spec, "hash")));
  ebpf_map_spec_set_value_type (map_spec, value);

  map = ebpf_map_new (map_spec, &error);
  g_assert_no_error (error);
  check_types (ebpf_map_get_id (map), "map_key", "list_head");

  /* In a collection, whose types are others. */
  g_assert_true (ebpf_collection_spec_add_map (of_one, map_spec, &error));
  collection = ebpf_collection_new (of_one);
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  check_types (ebpf_map_get_id (ebpf_collection_get_map (collection, "two")), "map_key",
               "list_head");
  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

int
main (int argc, char *argv[])
{
  /* Modules link the shared library; this is the static one. */
  g_unsetenv ("EBPF_PLUGIN_PATH");
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-types/from-object", test_from_object);
  ebpf_test_add ("/object/map-types/from-kernel", test_from_kernel);
  ebpf_test_add ("/object/map-types/of-two", test_of_two);

  return g_test_run ();
}
