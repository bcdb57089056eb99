/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-private.h"
#include "sys/ebpf-system.h"
#include "spec/ebpf-map-spec-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ebpf-test.h"

static void
check_refused (EbpfMapSpec *spec, EbpfError code, const char *pattern)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (gint) code, pattern);
  g_assert_nonnull (strstr (error->message, "creating map 'bad'"));
}

static EbpfMapSpec *
bad_spec (EbpfMapType type, guint key_size, guint value_size, guint max_entries, guint flags)
{
  EbpfMapSpec *spec = ebpf_map_spec_new ("bad", type, key_size, value_size, max_entries);

  ebpf_map_spec_set_map_flags (spec, flags);
  return spec;
}

static void
test_refused (void)
{
  static const struct
  {
    EbpfMapType type;
    guint key_size;
    guint value_size;
    guint max_entries;
    guint flags;
    EbpfError code;
    const char *pattern;
  } cases[] = {
    { EBPF_MAP_TYPE_HASH, 4, 8, 0, 0, EBPF_ERROR_INVALID_ARGUMENT,
      "*hash map (key 4, value 8, max_entries 0, flags 0x0): *(EINVAL); max_entries must not be "
      "0*" },
    { EBPF_MAP_TYPE_HASH, 0, 8, 1, 0, EBPF_ERROR_INVALID_ARGUMENT, "*a key of 4 bytes would do*" },
    { EBPF_MAP_TYPE_ARRAY, 8, 8, 1, 0, EBPF_ERROR_INVALID_ARGUMENT,
      "*a key of 4 bytes would do, one of 8 does not*" },
    { EBPF_MAP_TYPE_ARRAY, 4, 0, 1, 0, EBPF_ERROR_INVALID_ARGUMENT,
      "*a value of 4 bytes would do, one of 0 does not*" },
    { EBPF_MAP_TYPE_HASH, 4, 1u << 30, 1, 0, EBPF_ERROR_LIMIT,
      "*(E2BIG); a value of 4 bytes would do*" },
    { EBPF_MAP_TYPE_ARRAY, 4, 4, 1, EBPF_MAP_FLAGS_NO_PREALLOC, EBPF_ERROR_INVALID_ARGUMENT,
      "*does not take the flag BPF_F_NO_PREALLOC*" },
    { EBPF_MAP_TYPE_HASH, 4, 4, 1, EBPF_MAP_FLAGS_MMAPABLE, EBPF_ERROR_INVALID_ARGUMENT,
      "*does not take the flag BPF_F_MMAPABLE*" },
    { EBPF_MAP_TYPE_LPM_TRIE, 8, 4, 1, 0, EBPF_ERROR_INVALID_ARGUMENT,
      "*needs the flag BPF_F_NO_PREALLOC*" },
    { EBPF_MAP_TYPE_HASH, 4, 4, 1, 1u << 30, EBPF_ERROR_INVALID_ARGUMENT,
      "*flags 0x40000000 are the reason*" },
    { EBPF_MAP_TYPE_UNSPEC, 4, 4, 1, 0, EBPF_ERROR_INVALID_ARGUMENT, "*type of map is not set*" },
    { (EbpfMapType) 12345, 4, 4, 1, 0, EBPF_ERROR_NOT_SUPPORTED, "*does not know map type 12345*" },
  };

  if (!ebpf_test_require_bpf ())
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfMapSpec) spec =
          bad_spec (cases[i].type, cases[i].key_size, cases[i].value_size, cases[i].max_entries,
                    cases[i].flags);

      check_refused (spec, cases[i].code, cases[i].pattern);
      /* Asked without wanting to know why: no trying around, no crash. */
      g_assert_null (ebpf_map_new (spec, NULL));
    }
}

static int
fail (EbpfSysCommand command, gpointer user_data)
{
  return command == EBPF_SYS_MAP_CREATE ? GPOINTER_TO_INT (user_data) : 0;
}

static void
test_refused_otherwise (void)
{
  g_autoptr (EbpfMapSpec) spec = bad_spec (EBPF_MAP_TYPE_HASH, 4, 8, 1, 0);

  ebpf_sys_set_fault_func (fail, GINT_TO_POINTER (ENOMEM));
  check_refused (spec, EBPF_ERROR_LIMIT, "*(ENOMEM); 1 entries of 4 and 8 bytes*");
  ebpf_sys_set_fault_func (fail, GINT_TO_POINTER (EMFILE));
  check_refused (spec, EBPF_ERROR_LIMIT, "*(EMFILE); *RLIMIT_NOFILE*");
  ebpf_sys_set_fault_func (fail, GINT_TO_POINTER (EPERM));
  check_refused (spec, EBPF_ERROR_PERMISSION, "*(EPERM)*");
  ebpf_sys_set_fault_func (NULL, NULL);
}

static void
test_name (void)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("a name/that is-too long for it", EBPF_MAP_TYPE_ARRAY, 4, 4, 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_get_name (map), ==, "a name/that is-too long for it");
  other = ebpf_map_new_from_id (ebpf_map_get_id (map), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_get_name (other), ==, "anamethatistool");
}

static GBytes *
bytes_u32 (guint32 value)
{
  return g_bytes_new (&value, sizeof value);
}

static GObject *
resolve_none (const char *name, gpointer user_data, GError **error)
{
  g_assert_cmpstr (name, ==, "other");
  (*(guint *) user_data)++;
  g_set_error_literal (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "no such map");
  return NULL;
}

static void
test_populate (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("filled", EBPF_MAP_TYPE_HASH, 4, 4, 2);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) one = bytes_u32 (1);
  g_autoptr (GBytes) two = bytes_u32 (2);
  g_autoptr (GBytes) three = bytes_u32 (3);
  guint32 value = 0;
  guint n_resolved = 0;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_map_spec_add_content (spec, one, two);
  ebpf_map_spec_add_content (spec, two, three);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_lookup_raw (map, g_bytes_get_data (two, NULL), &value, 0, &error));
  g_assert_cmpuint (value, ==, 3);
  g_assert_false (ebpf_map_is_frozen (map));
  g_clear_object (&map);

  ebpf_map_spec_add_content (spec, three, one);
  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT,
                                  "filling map 'filled', entry 3 of 3: map 'filled': *(E2BIG)*");
  g_clear_error (&error);

  ebpf_map_spec_clear_contents (spec);
  ebpf_map_spec_add_reference (spec, one, "other");
  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "filling map 'filled', entry 1 of 1: *'other'*");
  g_clear_error (&error);

  map = ebpf_map_create (spec, -1, &error);
  g_assert_no_error (error);
  g_assert_false (ebpf_map_populate (map, spec, resolve_none, &n_resolved, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "filling*no such map");
  g_assert_cmpuint (n_resolved, ==, 1);
}

static void
test_constant (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new (".rodata", EBPF_MAP_TYPE_ARRAY, 4, 12, 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = bytes_u32 (0);
  g_autoptr (GBytes) value = g_bytes_new_static ("hello, world", 12);
  gboolean writable = TRUE;
  gconstpointer memory;
  gsize size;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_map_spec_set_map_flags (spec, EBPF_MAP_FLAGS_MMAPABLE | EBPF_MAP_FLAGS_RDONLY_PROG);
  ebpf_map_spec_set_data_section (spec, TRUE);
  ebpf_map_spec_add_content (spec, key, value);

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_is_frozen (map));

  memory = ebpf_map_peek_memory (map, &size, &writable, &error);
  g_assert_no_error (error);
  g_assert_false (writable);
  g_assert_cmpuint (size, ==, 12);
  g_assert_cmpmem (memory, size, "hello, world", 12);

  ebpf_map_close (map);
  g_assert_null (ebpf_map_peek_memory (map, &size, &writable, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

static void
test_memory (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("mapped", EBPF_MAP_TYPE_ARRAY, 4, 12, 1000);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) plain = NULL;
  g_autoptr (GError) error = NULL;
  gboolean writable = FALSE;
  guint32 key = 999;
  guint8 value[12];
  guint8 *memory;
  gsize size;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 5))
    return;

  plain = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_map_peek_memory (plain, &size, &writable, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "map 'mapped' *BPF_F_MMAPABLE*");
  g_clear_error (&error);

  ebpf_map_spec_set_map_flags (spec, EBPF_MAP_FLAGS_MMAPABLE);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  memory = ebpf_map_peek_memory (map, &size, &writable, &error);
  g_assert_no_error (error);
  g_assert_true (writable);
  g_assert_cmpuint (size, ==, 999 * 16 + 12);
  memcpy (memory + 999 * 16, "hello, world", 12);
  g_assert_true (ebpf_map_lookup_raw (map, &key, value, 0, &error));
  g_assert_cmpmem (value, 12, "hello, world", 12);
  g_assert_true (ebpf_map_peek_memory (map, NULL, NULL, &error) == memory);

  /* Mapped for writing, so it cannot be frozen. */
  g_assert_false (ebpf_map_freeze (map, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BUSY,
                                  "freezing map 'mapped': *(EBUSY); *mapped for writing");
}

static void
test_compatible (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("fits", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_check_compatible (map, spec, &error));
  g_assert_no_error (error);
  /* That flag is the file descriptor's. */
  ebpf_map_spec_set_map_flags (spec, EBPF_MAP_FLAGS_RDONLY);
  g_assert_true (ebpf_map_check_compatible (map, spec, &error));
  g_assert_no_error (error);

  ebpf_map_spec_set_map_type (spec, EBPF_MAP_TYPE_ARRAY);
  ebpf_map_spec_set_key_size (spec, 8);
  ebpf_map_spec_set_value_size (spec, 12);
  ebpf_map_spec_set_max_entries (spec, 17);
  ebpf_map_spec_set_map_flags (spec, EBPF_MAP_FLAGS_NO_PREALLOC);
  g_assert_false (ebpf_map_check_compatible (map, spec, &error));
  ebpf_test_assert_error_matches (
      error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
      "*'fits'*type is hash, not array; key-size is 4, not 8; value-size is 8, not 12; "
      "max-entries is 16, not 17; map-flags is 0x0, not 0x1");
}

static void
test_numa (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("numa", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  /* Without the flag the node is not meant. */
  ebpf_map_spec_set_numa_node (spec, 4000);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_clear_object (&map);

  ebpf_map_spec_set_map_flags (spec, EBPF_MAP_FLAGS_NUMA_NODE);
  g_assert_null (ebpf_map_new (spec, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  ebpf_map_spec_set_numa_node (spec, 0);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
}

static void
test_nesting (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("outer", EBPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 16);
  g_autoptr (EbpfMapSpec) inner = ebpf_map_spec_new ("inner", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_map_spec_set_inner_map (spec, inner);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);

  ebpf_map_spec_set_pinning (inner, EBPF_PINNING_BY_NAME);
  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "map 'outer': its inner map cannot be pinned");
  g_clear_error (&error);

  ebpf_map_spec_set_pinning (inner, EBPF_PINNING_NONE);
  ebpf_map_spec_set_max_entries (inner, 0);
  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "the inner map of 'outer': creating map 'inner'*not be 0*");
  g_clear_error (&error);
}

static int
fail_info (EbpfSysCommand command, gpointer user_data)
{
  return command == EBPF_SYS_OBJ_GET_INFO_BY_FD ? EPERM : 0;
}

static void
test_without_info (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("dumb", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (GError) error = NULL;
  gint fd;

  if (!ebpf_test_require_bpf ())
    return;

  /* An unprivileged process on 5.10: /proc has to do. */
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  fd = ebpf_map_dup_fd (map, &error);
  ebpf_sys_set_fault_func (fail_info, NULL);
  other = ebpf_map_new_from_fd (fd, &error);
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_map_get_map_type (other), ==, EBPF_MAP_TYPE_HASH);
  g_assert_cmpuint (ebpf_map_get_key_size (other), ==, 4);
  g_assert_cmpuint (ebpf_map_get_value_size (other), ==, 8);
  g_assert_cmpuint (ebpf_map_get_max_entries (other), ==, 16);
  g_assert_cmpuint (ebpf_map_get_id (other), ==, ebpf_map_get_id (map));
}

/* Where the plug-in is not installed, the values of all CPUs are bytes; none is written past a buffer. */
static void
test_per_cpu_without_plugin (void)
{
  const gsize n_cpus = ebpf_get_n_possible_cpus ();
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("counts", EBPF_MAP_TYPE_PERCPU_ARRAY, 4, 12, 2);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GBytes) key_bytes = g_bytes_new_static ("\1\0\0\0", 4);
  g_autoptr (GBytes) keys = g_bytes_new_static ("\0\0\0\0\1\0\0\0", 8);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) few = g_bytes_new_static ("0123456789ab", 12);
  g_autoptr (GBytes) pair = NULL;
  g_autoptr (GError) error = NULL;
  guint8 *all;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_driver_get_nick (ebpf_map_get_driver (map)), ==, "plain");
  g_assert_cmpuint (ebpf_map_get_value_buffer_size (map), ==, 16 * n_cpus);

  all = g_malloc0 (2 * 16 * n_cpus);
  for (gsize cpu = 0; cpu < 2 * n_cpus; cpu++)
    all[cpu * 16] = (guint8) (cpu + 1);
  pair = g_bytes_new_take (all, 2 * 16 * n_cpus);
  g_assert_true (
      ebpf_map_update_batch_bytes (map, keys, pair, EBPF_UPDATE_FLAGS_ANY, NULL, &error));
  g_assert_no_error (error);

  bytes = ebpf_map_lookup_bytes (map, key_bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), all + 16 * n_cpus,
                   16 * n_cpus);
  value = ebpf_map_lookup (map, g_variant_new_uint32 (1), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (value), ==, "ay");
  g_assert_cmpuint (g_variant_get_size (value), ==, 16 * n_cpus);

  g_assert_false (ebpf_map_update_bytes (map, key_bytes, few, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_PLUGIN);
}

int
main (int argc, char *argv[])
{
  /* Modules link the shared library; this is the static one. */
  g_unsetenv ("EBPF_PLUGIN_PATH");
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-create/refused", test_refused);
  ebpf_test_add ("/object/map-create/refused-otherwise", test_refused_otherwise);
  ebpf_test_add ("/object/map-create/name", test_name);
  ebpf_test_add ("/object/map-create/populate", test_populate);
  ebpf_test_add ("/object/map-create/constant", test_constant);
  ebpf_test_add ("/object/map-create/memory", test_memory);
  ebpf_test_add ("/object/map-create/compatible", test_compatible);
  ebpf_test_add ("/object/map-create/numa", test_numa);
  ebpf_test_add ("/object/map-create/nesting", test_nesting);
  ebpf_test_add ("/object/map-create/without-info", test_without_info);
  ebpf_test_add ("/object/map-create/per-cpu-without-plugin", test_per_cpu_without_plugin);

  return g_test_run ();
}
