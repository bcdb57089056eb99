/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each type of map that the kernel has: made, filled, read back, gone through where that can be, and
 * closed. */

#include <ebpf.h>

#include "ebpf-test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* NULL, and a skip, where this kernel does not have the type: the error has to say so. */
static EbpfMap *
new_map (EbpfMapType type, guint key_size, guint value_size, guint max_entries, const char *nick)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("every", type, key_size, value_size, max_entries);
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  if (!ebpf_test_require_bpf ())
    return NULL;

  map = ebpf_map_new (spec, &error);
  if (g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED))
    {
      g_assert_nonnull (strstr (error->message, ebpf_map_type_to_string (type)));
      g_assert_nonnull (strstr (error->message, "Linux"));
      g_test_skip (error->message);
      return NULL;
    }
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_map_get_map_type (map), ==, type);
  if (nick != NULL)
    g_assert_cmpstr (ebpf_map_driver_get_nick (ebpf_map_get_driver (map)), ==, nick);

  return map;
}

static void
put (EbpfMap *map, GVariant *key, GVariant *value)
{
  g_autoptr (GError) error = NULL;

  ebpf_map_update (map, key, value, EBPF_UPDATE_FLAGS_ANY, &error);
  g_assert_no_error (error);
}

/* As g_variant_print () shows it. */
static void
expect (EbpfMap *map, GVariant *key, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = ebpf_map_lookup (map, key, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = g_variant_print (value, FALSE);
  g_assert_cmpstr (text, ==, expected);
}

static void
expect_error (EbpfMap *map, GVariant *key, GVariant *value, int code, const char *pattern)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_map_update (map, key, value, EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, code, pattern);
}

static void
expect_n_entries (EbpfMap *map, guint expected)
{
  g_autoptr (EbpfMapIterator) iterator = ebpf_map_iterate (map);
  g_autoptr (EbpfMapSnapshot) snapshot = NULL;
  g_autoptr (GVariant) all = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (ebpf_map_iterator_next (iterator, &error))
    {
      g_autoptr (GVariant) key = ebpf_map_iterator_get_key (iterator, &error);
      g_autoptr (GVariant) value = ebpf_map_iterator_get_value (iterator, &error);

      g_assert_no_error (error);
      g_assert_nonnull (key);
      g_assert_nonnull (value);
      n++;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, expected);

  snapshot = ebpf_map_snapshot (map, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_snapshot_get_n_entries (snapshot), ==, expected);
  all = ebpf_map_snapshot_to_variant (snapshot, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_n_children (all), ==, expected);
}

static void
close_map (EbpfMap *map)
{
  g_autoptr (EbpfMap) held = map;
  g_autoptr (GError) error = NULL;

  ebpf_map_close (map);
  g_assert_null (ebpf_map_snapshot (map, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

/* Number keys and values, of 4 bytes each. */
static void
test_plain (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  gboolean is_array = type == EBPF_MAP_TYPE_ARRAY;
  EbpfMap *map = new_map (type, 4, 4, 8, "plain");
  g_autoptr (GError) error = NULL;

  if (map == NULL)
    return;

  put (map, g_variant_new_uint32 (3), g_variant_new_uint32 (33));
  expect (map, g_variant_new_uint32 (3), "[0x21, 0x00, 0x00, 0x00]");
  expect_n_entries (map, is_array ? 8 : 1);
  g_assert_cmpint (ebpf_map_delete_key (map, g_variant_new_uint32 (3), &error), !=, is_array);
  close_map (map);
}

static void
test_per_cpu (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  gboolean is_array = type == EBPF_MAP_TYPE_PERCPU_ARRAY;
  EbpfMap *map = new_map (type, 4, 4, 8, "per-cpu");
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  guint last = ebpf_get_n_possible_cpus () - 1;
  GVariantBuilder builder;

  if (map == NULL)
    return;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("au"));
  for (guint i = 0; i <= last; i++)
    g_variant_builder_add (&builder, "u", 100 + i);
  put (map, g_variant_new_uint32 (3), g_variant_builder_end (&builder));

  value = ebpf_map_lookup (map, g_variant_new_uint32 (3), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_n_children (value), ==, last + 1);
  expect_n_entries (map, is_array ? 8 : 1);

  /* One CPU's. */
  {
    g_autoptr (GVariant) one = ebpf_map_lookup_cpu (map, g_variant_new_uint32 (3), last, &error);
    g_autoptr (GVariant) same = g_variant_get_child_value (value, last);

    g_assert_no_error (error);
    g_assert_cmpvariant (one, same);
    g_assert_null (ebpf_map_lookup_cpu (map, g_variant_new_uint32 (3), last + 1, &error));
    g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
    g_clear_error (&error);
    if (ebpf_map_update_cpu (map, g_variant_new_uint32 (3), g_variant_new_uint32 (7), last,
                             EBPF_UPDATE_FLAGS_ANY, &error))
      {
        g_autoptr (GBytes) bytes = NULL;
        guint32 key = 3;
        g_autoptr (GBytes) key_bytes = g_bytes_new (&key, sizeof key);

        bytes = ebpf_map_lookup_cpu_bytes (map, key_bytes, last, &error);
        g_assert_no_error (error);
        g_assert_cmpmem (g_bytes_get_data (bytes, NULL), 4, ((guint8[]){ 7, 0, 0, 0 }), 4);
      }
    else
      {
        ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*Linux 7.0*");
      }
  }
  close_map (map);
}

/* Entries come with programs attached to control groups, so there are none here. */
static void
test_cgroup_storage (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  EbpfMap *map = new_map (type, 8, 4, 0, NULL);

  if (map == NULL)
    return;

  expect_error (map, g_variant_new_uint64 (1),
                type == EBPF_MAP_TYPE_CGROUP_STORAGE ? g_variant_new_uint32 (1)
                                                     : g_variant_new_parsed ("[@u 1]"),
                EBPF_ERROR_NOT_FOUND, "*every*");
  expect_n_entries (map, 0);
  close_map (map);
}

static EbpfProgram *
new_program (EbpfProgramType type, EbpfAttachType attach_type)
{
  g_autoptr (EbpfAssembler) assembler = ebpf_assembler_new ();
  g_autoptr (EbpfProgramSpec) spec = ebpf_program_spec_new ("nothing", type);
  g_autoptr (GError) error = NULL;
  EbpfProgram *program;

  ebpf_assembler_emit_move (assembler, 0, 2);
  ebpf_assembler_emit_exit (assembler);
  ebpf_program_spec_set_instructions (spec, assembler, &error);
  g_assert_no_error (error);
  ebpf_program_spec_set_license (spec, "GPL");
  if (attach_type != EBPF_ATTACH_TYPE_CGROUP_INET_INGRESS)
    ebpf_program_spec_set_attach_type (spec, attach_type);
  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);

  return program;
}

static void
test_program_array (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_PROG_ARRAY, 0, 0, 4, "program-array");
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GObject) found = NULL;
  g_autofree char *id = NULL;
  g_autoptr (GError) error = NULL;

  if (map == NULL)
    return;

  program = new_program (EBPF_PROGRAM_TYPE_SOCKET_FILTER, EBPF_ATTACH_TYPE_CGROUP_INET_INGRESS);
  put (map, g_variant_new_uint32 (1), g_variant_new_uint32 (ebpf_program_get_id (program)));
  id = g_strdup_printf ("%u", ebpf_program_get_id (program));
  expect (map, g_variant_new_uint32 (1), id);
  expect_n_entries (map, 1);
  g_assert_true (ebpf_map_update_object (map, g_variant_new_uint32 (2), G_OBJECT (program),
                                         EBPF_UPDATE_FLAGS_ANY, &error));
  expect_n_entries (map, 2);
  found = ebpf_map_lookup_object (map, g_variant_new_uint32 (2), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_program_get_id (EBPF_PROGRAM (found)), ==, ebpf_program_get_id (program));
  {
    g_autoptr (EbpfMapIterator) iterator = ebpf_map_iterate (map);
    guint n = 0;

    while (ebpf_map_iterator_next (iterator, &error))
      {
        g_autoptr (GObject) object = ebpf_map_iterator_get_object (iterator, &error);

        g_assert_no_error (error);
        g_assert_true (EBPF_IS_PROGRAM (object));
        n++;
      }
    g_assert_cmpuint (n, ==, 2);
  }
  g_assert_true (ebpf_map_delete_key (map, g_variant_new_uint32 (1), &error));
  expect_error (map, g_variant_new_uint32 (1), g_variant_new_string ("x"), EBPF_ERROR_WRONG_TYPE,
                "*every*program*");
  close_map (map);
}

static void
test_perf_event_array (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0, "perf-event-array");
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;

  if (map == NULL)
    return;

  /* Values are perf events; a reader puts them there. */
  reader = ebpf_map_open_reader (map, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&reader);
  close_map (map);
}

static void
test_ring (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  EbpfMap *map = new_map (type, 0, 0, 5000, NULL);
  g_autoptr (EbpfReader) reader = NULL;
  g_autoptr (GError) error = NULL;

  if (map == NULL)
    return;

  g_assert_cmpuint (ebpf_map_get_max_entries (map), ==, 8192);
  reader = ebpf_map_open_reader (map, NULL, &error);
  if (type == EBPF_MAP_TYPE_RINGBUF)
    g_assert_no_error (error);
  else
    g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_null (ebpf_map_snapshot (map, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_object (&reader);
  close_map (map);
}

static void
test_stack_trace (void)
{
  g_autofree char *path = ebpf_test_object ("stacks.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GVariant) frames = NULL;
  g_autoptr (GVariant) user_frames = NULL;
  g_autofree char *text = NULL;
  EbpfMap *kernel_stacks, *user_stacks;
  guint32 pid = (guint32) getpid ();
  gint32 id = -1, user_id = -1;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  kernel_stacks = ebpf_collection_get_map (collection, "kernel_stacks");
  user_stacks = ebpf_collection_get_map (collection, "user_stacks");
  g_assert_cmpstr (ebpf_map_driver_get_nick (ebpf_map_get_driver (kernel_stacks)), ==,
                   "stack-trace");
  g_assert_true (ebpf_variable_write_raw (ebpf_collection_get_variable (collection, "watched"),
                                          &pid, sizeof pid, &error));
  link = ebpf_program_attach (ebpf_collection_get_program (collection, "watch"), NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 10; i++)
    getppid ();
  ebpf_link_close (link);

  g_assert_true (ebpf_variable_read_raw (ebpf_collection_get_variable (collection, "kernel_id"),
                                         &id, sizeof id, &error));
  g_assert_true (ebpf_variable_read_raw (ebpf_collection_get_variable (collection, "user_id"),
                                         &user_id, sizeof user_id, &error));
  g_assert_cmpint (id, >=, 0);
  g_assert_cmpint (user_id, >=, 0);

  frames = ebpf_map_lookup (kernel_stacks, g_variant_new_uint32 ((guint32) id), &error);
  g_assert_no_error (error);
  text = g_variant_print (frames, FALSE);
  g_assert_cmpstr (g_variant_get_type_string (frames), ==, "aa{sv}");
  g_assert_cmpuint (g_variant_n_children (frames), >, 0);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, "'address'"));
  g_assert_nonnull (strstr (text, "syscall"));

  user_frames = ebpf_map_lookup (user_stacks, g_variant_new_uint32 ((guint32) user_id), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (user_frames), ==, "aa{sv}");
  g_assert_cmpuint (g_variant_n_children (user_frames), >, 0);
  g_clear_pointer (&text, g_free);
  text = g_variant_print (user_frames, FALSE);
  g_test_message ("%s", text);
  g_assert_true (strstr (text, "'build-id'") != NULL || strstr (text, "'address'") != NULL);

  {
    g_autoptr (EbpfMapSnapshot) snapshot = ebpf_map_snapshot (kernel_stacks, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (ebpf_map_snapshot_get_n_entries (snapshot), >, 0);
  }
  expect_error (kernel_stacks, g_variant_new_uint32 (1), g_variant_new_parsed ("@at [1]"),
                EBPF_ERROR_NOT_SUPPORTED, "*only the kernel*");
  ebpf_collection_close (collection);
}

/* The control group of the tests themselves, in the unified hierarchy. */
static char *
get_cgroup (void)
{
  static const char *const places[] = { "/sys/fs/cgroup/cgroup.procs",
                                        "/sys/fs/cgroup/unified/cgroup.procs" };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (access (places[i], F_OK) == 0)
      return g_path_get_dirname (places[i]);

  g_test_skip ("there is no cgroup2 file system");
  return NULL;
}

static void
test_cgroup_array (void)
{
  g_autofree char *cgroup = get_cgroup ();
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  if (cgroup == NULL)
    return;
  map = new_map (EBPF_MAP_TYPE_CGROUP_ARRAY, 0, 0, 4, "cgroup-array");
  if (map == NULL)
    return;

  put (map, g_variant_new_uint32 (1), g_variant_new_string (cgroup));
  g_assert_null (ebpf_map_lookup (map, g_variant_new_uint32 (1), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_true (ebpf_map_delete_key (map, g_variant_new_uint32 (1), &error));
  g_assert_no_error (error);
  expect_error (map, g_variant_new_uint32 (1), g_variant_new_string ("/nonexistent"),
                EBPF_ERROR_NOT_FOUND, "*/nonexistent*");
  expect_error (map, g_variant_new_uint32 (1), g_variant_new_boolean (TRUE), EBPF_ERROR_WRONG_TYPE,
                "*path of a control group*");
  close_map (map);
}

static void
test_lpm_trie (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_LPM_TRIE, 8, 1, 8, "lpm-trie");
  g_autoptr (GVariant) key = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;

  if (map == NULL)
    return;

  put (map, g_variant_new_string ("10.0.0.0/8"), g_variant_new_byte (8));
  put (map, g_variant_new_parsed ("(uint32 16, [byte 10, 1, 0, 0])"), g_variant_new_byte (16));
  expect (map, g_variant_new_string ("10.1.2.3"), "[0x10]");
  expect (map, g_variant_new_string ("10.2.2.3/32"), "[0x08]");
  expect_n_entries (map, 2);
  iterator = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (iterator, &error));
  key = ebpf_map_iterator_get_key (iterator, &error);
  g_assert_cmpstr (g_variant_get_type_string (key), ==, "s");
  put (map, key, g_variant_new_byte (1));
  expect_n_entries (map, 2);

  expect_error (map, g_variant_new_string ("fe80::/10"), g_variant_new_byte (1),
                EBPF_ERROR_WRONG_SIZE, "*IPv4*");
  expect_error (map, g_variant_new_string ("10.0.0.0/33"), g_variant_new_byte (1),
                EBPF_ERROR_INVALID_ARGUMENT, "*33 bits*");
  expect_error (map, g_variant_new_string ("10.0.0.0/x"), g_variant_new_byte (1),
                EBPF_ERROR_INVALID_ARGUMENT, "*slash*");
  expect_error (map, g_variant_new_string ("ten"), g_variant_new_byte (1), EBPF_ERROR_WRONG_TYPE,
                "*ten*10.0.0.0/8*");
  close_map (map);

  map = new_map (EBPF_MAP_TYPE_LPM_TRIE, 20, 1, 8, "lpm-trie");
  put (map, g_variant_new_string ("fe80::/10"), g_variant_new_byte (1));
  expect (map, g_variant_new_string ("fe80::1"), "[0x01]");
  g_clear_object (&iterator);
  g_clear_pointer (&key, g_variant_unref);
  iterator = ebpf_map_iterate (map);
  g_assert_true (ebpf_map_iterator_next (iterator, &error));
  key = ebpf_map_iterator_get_key (iterator, &error);
  g_assert_cmpstr (g_variant_get_string (key, NULL), ==, "fe80::/10");
  close_map (map);

  map = new_map (EBPF_MAP_TYPE_LPM_TRIE, 6, 1, 8, "lpm-trie");
  put (map, g_variant_new_parsed ("(9, [byte 1, 2])"), g_variant_new_byte (1));
  expect_n_entries (map, 1);
  expect_error (map, g_variant_new_parsed ("(9, [byte 1, 2, 3])"), g_variant_new_byte (1),
                EBPF_ERROR_WRONG_SIZE, "*2 bytes, not 3*");
  close_map (map);
}

static void
test_map_of_maps (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("outer", type, 4, 0, 4);
  g_autoptr (EbpfMapSpec) inner_spec = ebpf_map_spec_new ("inner", EBPF_MAP_TYPE_HASH, 4, 4, 4);
  g_autoptr (EbpfMap) inner = NULL;
  g_autoptr (GObject) found = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_map_spec_set_inner_map (spec, inner_spec);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  inner = ebpf_map_new (inner_spec, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_update_object (map, g_variant_new_uint32 (1), G_OBJECT (inner),
                                         EBPF_UPDATE_FLAGS_ANY, &error));
  found = ebpf_map_lookup_object (map, g_variant_new_uint32 (1), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_get_id (EBPF_MAP (found)), ==, ebpf_map_get_id (inner));
  expect_n_entries (map, 1);
  g_assert_true (ebpf_map_delete_key (map, g_variant_new_uint32 (1), &error));
  close_map (map);
}

static void
test_devices (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  EbpfMap *map = new_map (type, 0, 0, 4, "redirect");
  g_autoptr (EbpfProgram) program = NULL;
  g_autofree char *expected = NULL;

  if (map == NULL)
    return;

  expected = g_strdup_printf ("{'ifindex': <uint32 %u>}", if_nametoindex ("lo"));
  put (map, g_variant_new_uint32 (1), g_variant_new_string ("lo"));
  expect (map, g_variant_new_uint32 (1), expected);
  put (map, g_variant_new_uint32 (2), g_variant_new_uint32 (if_nametoindex ("lo")));
  expect (map, g_variant_new_uint32 (2), expected);
  expect_n_entries (map, 2);
  expect_error (map, g_variant_new_uint32 (1), g_variant_new_string ("nonexistent0"),
                EBPF_ERROR_NOT_FOUND, "*nonexistent0*");
  expect_error (map, g_variant_new_uint32 (1),
                g_variant_new_parsed ("{'ifindex': <1>, 'program': <1>}"), EBPF_ERROR_WRONG_TYPE,
                "*program*8 bytes*");
  expect_error (map, g_variant_new_uint32 (1), g_variant_new_parsed ("@a{sv} {}"),
                EBPF_ERROR_WRONG_TYPE, "*ifindex*");
  close_map (map);

  map = new_map (type, 4, 8, 4, "redirect");
  program = new_program (EBPF_PROGRAM_TYPE_XDP, EBPF_ATTACH_TYPE_XDP_DEVMAP);
  put (map, g_variant_new_uint32 (1),
       g_variant_new_parsed ("{'ifindex': <'lo'>, 'program': <uint32 %u>}",
                             ebpf_program_get_id (program)));
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) value = ebpf_map_lookup (map, g_variant_new_uint32 (1), &error);
    guint32 ifindex, id;

    g_assert_no_error (error);
    g_assert_true (g_variant_lookup (value, "ifindex", "u", &ifindex));
    g_assert_true (g_variant_lookup (value, "program", "u", &id));
    g_assert_cmpuint (ifindex, ==, if_nametoindex ("lo"));
    g_assert_cmpuint (id, ==, ebpf_program_get_id (program));
    /* What was read can be written. */
    put (map, g_variant_new_uint32 (2), value);
  }
  put (map, g_variant_new_uint32 (3), g_variant_new_parsed ("{'ifindex': <'lo'>}"));
  expect_n_entries (map, 3);
  close_map (map);
}

static void
test_cpus (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_CPUMAP, 0, 0, 100000, "redirect");

  if (map == NULL)
    return;

  g_assert_cmpuint (ebpf_map_get_max_entries (map), ==, ebpf_get_n_possible_cpus ());
  put (map, g_variant_new_uint32 (0), g_variant_new_uint32 (192));
  expect (map, g_variant_new_uint32 (0), "{'queue-size': <uint32 192>}");
  expect_n_entries (map, 1);
  expect_error (map, g_variant_new_uint32 (0), g_variant_new_string ("lo"), EBPF_ERROR_WRONG_TYPE,
                "*queue-size*");
  close_map (map);
}

static void
test_xsks (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_XSKMAP, 0, 0, 4, "redirect");
  const int n_descriptors = 64;
  g_autoptr (GError) error = NULL;
  int fd;

  if (map == NULL)
    return;

  fd = socket (AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd >= 0)
    {
      /* It can be there once it has a ring to receive into. */
      g_assert_cmpint (setsockopt (fd, SOL_XDP, XDP_RX_RING, &n_descriptors, sizeof n_descriptors),
                       ==, 0);
      put (map, g_variant_new_uint32 (1), g_variant_new_handle (fd));
      g_assert_null (ebpf_map_lookup (map, g_variant_new_uint32 (1), &error));
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
      g_clear_error (&error);
      g_assert_true (ebpf_map_delete_key (map, g_variant_new_uint32 (1), &error));
      close (fd);
    }
  expect_error (map, g_variant_new_uint32 (1), g_variant_new_uint32 (1), EBPF_ERROR_WRONG_TYPE,
                "*AF_XDP*");
  close_map (map);
}

/* A connected TCP socket; its other end and listener in @others. */
static int
connect_to_self (int others[2])
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  others[0] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (bind (others[0], (struct sockaddr *) &address, sizeof address) != 0 ||
      listen (others[0], 1) != 0 ||
      getsockname (others[0], (struct sockaddr *) &address, &length) != 0 ||
      connect (fd, (struct sockaddr *) &address, sizeof address) != 0)
    g_error ("no connection: %s", g_strerror (errno));
  others[1] = accept4 (others[0], NULL, NULL, SOCK_CLOEXEC);

  return fd;
}

static void
test_sockets (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  EbpfMap *map = new_map (type, 4, 0, 4, "socket");
  g_autoptr (GSocket) socket = NULL;
  g_autofree char *expected = NULL;
  g_autoptr (GError) error = NULL;
  int others[2], fd;
  guint64 cookie;
  socklen_t length = sizeof cookie;

  if (map == NULL)
    return;

  fd = connect_to_self (others);
  g_assert_cmpint (getsockopt (fd, SOL_SOCKET, SO_COOKIE, &cookie, &length), ==, 0);
  expected = g_strdup_printf ("%" G_GUINT64_FORMAT, cookie);
  socket = g_socket_new_from_fd (fd, &error);
  g_assert_no_error (error);

  put (map, g_variant_new_uint32 (1), g_variant_new_handle (fd));
  expect (map, g_variant_new_uint32 (1), expected);
  g_assert_true (ebpf_map_update_object (map, g_variant_new_uint32 (2), G_OBJECT (socket),
                                         EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  expect (map, g_variant_new_uint32 (2), expected);
  expect_n_entries (map, 2);
  expect_error (map, g_variant_new_uint32 (1), g_variant_new_string ("socket"),
                EBPF_ERROR_WRONG_TYPE, "*descriptor of a socket*");
  g_assert_false (ebpf_map_update_object (map, g_variant_new_uint32 (1), G_OBJECT (map),
                                          EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*EbpfMap*");
  close_map (map);
  close (others[0]);
  close (others[1]);
}

/* Of the maps whose values are sockets, the kernel takes the types of this one alone. */
static void
test_reuseport_types (void)
{
  static const EbpfMapType types[] = { EBPF_MAP_TYPE_SOCKMAP, EBPF_MAP_TYPE_SOCKHASH,
                                       EBPF_MAP_TYPE_REUSEPORT_SOCKARRAY };
  g_autofree char *path = ebpf_test_object ("maps.bpf.o");
  g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_path (path, NULL, NULL);
  g_autoptr (EbpfBtfType) word = ebpf_btf_find_type (btf, "unsigned int", EBPF_BTF_KIND_INT, NULL);

  g_assert_nonnull (word);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("typed", types[i], 4, 4, 1);
      g_autoptr (EbpfMapDriver) driver =
          ebpf_plugin_registry_find_driver (ebpf_plugin_registry_get_default (), types[i], NULL);
      g_autoptr (GError) error = NULL;

      ebpf_map_spec_set_key_type (spec, word);
      ebpf_map_spec_set_value_type (spec, word);
      g_assert_true (ebpf_map_driver_fixup_spec (driver, spec, &error));
      g_assert_no_error (error);
      g_assert_true ((ebpf_map_spec_get_value_type (spec) != NULL) ==
                     (types[i] == EBPF_MAP_TYPE_REUSEPORT_SOCKARRAY));
    }
}

static void
test_reuseport (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 0, 4, "socket");
  struct sockaddr_in address = { .sin_family = AF_INET };
  const int one = 1;
  guint64 cookie;
  socklen_t length = sizeof cookie;
  g_autofree char *expected = NULL;
  int fd;

  if (map == NULL)
    return;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), ==, 0);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (getsockopt (fd, SOL_SOCKET, SO_COOKIE, &cookie, &length), ==, 0);
  expected = g_strdup_printf ("%" G_GUINT64_FORMAT, cookie);

  put (map, g_variant_new_uint32 (1), g_variant_new_handle (fd));
  expect (map, g_variant_new_uint32 (1), expected);
  expect_n_entries (map, 1);
  close_map (map);
  close (fd);
}

/* First in, first out, or last. */
static void
test_queue (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  EbpfMap *map = new_map (type, 0, 4, 2, "queue-stack");
  g_autoptr (GVariant) popped = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (map == NULL)
    return;

  g_assert_null (ebpf_map_lookup (map, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);
  put (map, NULL, g_variant_new_uint32 (1));
  put (map, NULL, g_variant_new_uint32 (2));
  expect_error (map, NULL, g_variant_new_uint32 (3), EBPF_ERROR_LIMIT, "*2 entries*");
  expect (map, NULL,
          type == EBPF_MAP_TYPE_QUEUE ? "[0x01, 0x00, 0x00, 0x00]" : "[0x02, 0x00, 0x00, 0x00]");
  popped = ebpf_map_lookup_and_delete (map, NULL, &error);
  g_assert_no_error (error);
  expect (map, g_variant_new_tuple (NULL, 0),
          type == EBPF_MAP_TYPE_QUEUE ? "[0x02, 0x00, 0x00, 0x00]" : "[0x01, 0x00, 0x00, 0x00]");

  expect_error (map, g_variant_new_uint32 (1), g_variant_new_uint32 (3), EBPF_ERROR_WRONG_TYPE,
                "*every*");
  g_assert_null (ebpf_map_snapshot (map, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*no keys*");
  close_map (map);
}

static void
test_storage (gconstpointer data)
{
  EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  EbpfMap *map;
  g_autoptr (GVariant) key = NULL;
  g_autofree char *cgroup = NULL;
  g_autoptr (GError) error = NULL;
  int fd = -1;

  if (type == EBPF_MAP_TYPE_CGRP_STORAGE && (cgroup = get_cgroup ()) == NULL)
    return;
  map = new_map (type, 0, 4, 0, "storage");
  if (map == NULL)
    return;

  switch ((int) type)
    {
    case EBPF_MAP_TYPE_SK_STORAGE:
      fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      key = g_variant_new_handle (fd);
      break;
    case EBPF_MAP_TYPE_INODE_STORAGE:
      key = g_variant_new_string ("/proc/self/exe");
      break;
    case EBPF_MAP_TYPE_TASK_STORAGE:
      key = g_variant_new_int32 (getpid ());
      break;
    default:
      key = g_variant_new_string (cgroup);
      break;
    }
  g_variant_ref_sink (key);

  put (map, key, g_variant_new_uint32 (4711));
  expect (map, key, "4711");
  g_assert_null (ebpf_map_snapshot (map, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_true (ebpf_map_delete_key (map, key, &error));
  g_assert_no_error (error);
  g_assert_null (ebpf_map_lookup (map, key, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  expect_error (map, g_variant_new_boolean (TRUE), g_variant_new_uint32 (1), EBPF_ERROR_WRONG_TYPE,
                "*a descriptor (h)*");
  if (type == EBPF_MAP_TYPE_TASK_STORAGE)
    expect_error (map, g_variant_new_int32 (G_MAXINT32), g_variant_new_uint32 (1),
                  EBPF_ERROR_NOT_FOUND, "*process*");
  close_map (map);
  if (fd >= 0)
    close (fd);
}

static void
test_bloom_filter (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_BLOOM_FILTER, 0, 4, 1000, "bloom-filter");
  g_autoptr (GError) error = NULL;
  gboolean found;
  guint n_wrong = 0;

  if (map == NULL)
    return;

  for (guint32 i = 0; i < 50; i++)
    put (map, NULL, g_variant_new_uint32 (i));
  for (guint32 i = 0; i < 1000; i++)
    {
      g_assert_true (ebpf_map_has_value (map, g_variant_new_uint32 (i), &found, &error));
      g_assert_no_error (error);
      if (i < 50)
        g_assert_true (found);
      else
        n_wrong += found;
    }
  g_assert_cmpuint (n_wrong, <, 100);

  g_assert_null (ebpf_map_lookup (map, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*has_value*");
  close_map (map);
}

static void
test_arena (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_ARENA, 0, 0, 4, "arena");
  g_autoptr (EbpfMemory) memory = NULL;
  g_autoptr (EbpfMemory) again = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GError) error = NULL;
  guint64 number = 0;

  if (map == NULL)
    return;

  memory = ebpf_map_get_memory (map, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_memory_get_size (memory), ==, 4 * (guint64) sysconf (_SC_PAGESIZE));
  again = ebpf_map_get_memory (map, &error);
  g_assert_true (again == memory);
  bytes = g_bytes_new_static ("hello", 5);
  g_assert_true (ebpf_memory_write (memory, 4096 + 3, bytes, &error));
  back = ebpf_memory_read (memory, 4096 + 3, 5, &error);
  g_assert_true (g_bytes_equal (bytes, back));
  g_assert_true (ebpf_memory_store (memory, 8, 8, G_MAXUINT64, &error));
  g_assert_true (ebpf_memory_add (memory, 8, 8, 2, &number, &error));
  g_assert_cmpuint (number, ==, G_MAXUINT64);
  g_assert_true (ebpf_memory_load (memory, 8, 8, &number, &error));
  g_assert_cmpuint (number, ==, 1);
  close_map (map);
}

/* Places that indirect jumps of a program go to. */
static void
test_insn_array (void)
{
  EbpfMap *map = new_map (EBPF_MAP_TYPE_INSN_ARRAY, 4, 16, 4, "plain");
  g_autoptr (GError) error = NULL;

  if (map == NULL)
    return;

  /* struct bpf_insn_array_val: the first number is that of an instruction in the object. */
  g_assert_true (ebpf_map_set_value_variant_type (map, G_VARIANT_TYPE ("(uuuu)"), &error));
  g_assert_no_error (error);
  put (map, g_variant_new_uint32 (1),
       g_variant_new_parsed ("(uint32 7, uint32 0, uint32 0, uint32 0)"));
  expect (map, g_variant_new_uint32 (1), "(7, 0, 0, 0)");
  expect_n_entries (map, 4);
  close_map (map);
}

/* Made of a type of the kernel's own, so by an object file. */
static void
test_struct_ops (void)
{
  g_autofree char *path = ebpf_test_object ("struct-ops.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GBytes) key_bytes = g_bytes_new_static ("\0\0\0", 4);
  EbpfMap *map;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 4))
    return;

  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  map = ebpf_collection_get_map (collection, "plain");
  g_assert_cmpint (ebpf_map_get_map_type (map), ==, EBPF_MAP_TYPE_STRUCT_OPS);
  g_assert_cmpuint (ebpf_map_get_max_entries (map), ==, 1);
  /* Nothing is registered yet, and there is one key for what will be. */
  value = ebpf_map_lookup_bytes (map, key_bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (value), ==, ebpf_map_get_value_size (map));
  for (gsize i = 0; i < g_bytes_get_size (value); i++)
    g_assert_cmpuint (((const guint8 *) g_bytes_get_data (value, NULL))[i], ==, 0);
  expect_n_entries (map, 1);
  close_map (g_object_ref (map));
  ebpf_collection_close (collection);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    EbpfMapType type;
    GTestDataFunc func;
  } by_type[] = {
    { EBPF_MAP_TYPE_HASH, test_plain },
    { EBPF_MAP_TYPE_ARRAY, test_plain },
    { EBPF_MAP_TYPE_LRU_HASH, test_plain },
    { EBPF_MAP_TYPE_PERCPU_HASH, test_per_cpu },
    { EBPF_MAP_TYPE_PERCPU_ARRAY, test_per_cpu },
    { EBPF_MAP_TYPE_LRU_PERCPU_HASH, test_per_cpu },
    { EBPF_MAP_TYPE_CGROUP_STORAGE, test_cgroup_storage },
    { EBPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, test_cgroup_storage },
    { EBPF_MAP_TYPE_RINGBUF, test_ring },
    { EBPF_MAP_TYPE_USER_RINGBUF, test_ring },
    { EBPF_MAP_TYPE_ARRAY_OF_MAPS, test_map_of_maps },
    { EBPF_MAP_TYPE_HASH_OF_MAPS, test_map_of_maps },
    { EBPF_MAP_TYPE_DEVMAP, test_devices },
    { EBPF_MAP_TYPE_DEVMAP_HASH, test_devices },
    { EBPF_MAP_TYPE_SOCKMAP, test_sockets },
    { EBPF_MAP_TYPE_SOCKHASH, test_sockets },
    { EBPF_MAP_TYPE_QUEUE, test_queue },
    { EBPF_MAP_TYPE_STACK, test_queue },
    { EBPF_MAP_TYPE_SK_STORAGE, test_storage },
    { EBPF_MAP_TYPE_INODE_STORAGE, test_storage },
    { EBPF_MAP_TYPE_TASK_STORAGE, test_storage },
    { EBPF_MAP_TYPE_CGRP_STORAGE, test_storage },
  };

  ebpf_test_init (&argc, &argv);

  for (guint i = 0; i < G_N_ELEMENTS (by_type); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/plugins/every-type/%s", ebpf_map_type_to_string (by_type[i].type));

      ebpf_test_add_data (path, GUINT_TO_POINTER (by_type[i].type), by_type[i].func);
    }
  ebpf_test_add ("/plugins/every-type/prog-array", test_program_array);
  ebpf_test_add ("/plugins/every-type/perf-event-array", test_perf_event_array);
  ebpf_test_add ("/plugins/every-type/stack-trace", test_stack_trace);
  ebpf_test_add ("/plugins/every-type/cgroup-array", test_cgroup_array);
  ebpf_test_add ("/plugins/every-type/lpm-trie", test_lpm_trie);
  ebpf_test_add ("/plugins/every-type/cpumap", test_cpus);
  ebpf_test_add ("/plugins/every-type/xskmap", test_xsks);
  ebpf_test_add ("/plugins/every-type/reuseport-sockarray", test_reuseport);
  ebpf_test_add ("/plugins/every-type/reuseport-sockarray-types", test_reuseport_types);
  ebpf_test_add ("/plugins/every-type/bloom-filter", test_bloom_filter);
  ebpf_test_add ("/plugins/every-type/arena", test_arena);
  ebpf_test_add ("/plugins/every-type/insn-array", test_insn_array);
  ebpf_test_add ("/plugins/every-type/struct-ops", test_struct_ops);

  return g_test_run ();
}
