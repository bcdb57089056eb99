/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Programs that load programs: what they make has to be what a load makes. */

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/keyctl.h>

#include <ebpf.h>

#include "ebpf-test.h"

#define SLEEPABLE (1u << 4)

static EbpfCollectionSpec *
open_object (const char *object)
{
  g_autofree char *path = ebpf_test_object (object);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return spec;
}

static gboolean
require_loader (void)
{
  return ebpf_test_require_bpf () && ebpf_test_require_kernel (5, 17);
}

/* By way of a file, which is the longest way. */
static EbpfLoader *
make_loader (EbpfCollectionSpec *spec, EbpfLoaderFlags flags)
{
  g_autoptr (EbpfLoader) made = NULL;
  g_autoptr (EbpfLoader) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;

  made = ebpf_loader_new (spec, flags, &error);
  g_assert_no_error (error);
  bytes = ebpf_loader_to_bytes (made);
  read = ebpf_loader_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  again = ebpf_loader_to_bytes (read);
  g_assert_true (g_bytes_equal (bytes, again));

  return g_steal_pointer (&read);
}

static EbpfCollection *
load (EbpfLoader *loader)
{
  g_autoptr (GError) error = NULL;
  EbpfCollection *collection = ebpf_loader_load (loader, NULL, NULL, &error);

  if (collection == NULL && ebpf_error_get_log (error) != NULL)
    g_test_message ("%s", ebpf_error_get_log (error));
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_LOADED);
  return collection;
}

static int
sys_bpf (enum bpf_cmd command, union bpf_attr *attr)
{
  return (int) syscall (SYS_bpf, command, attr, sizeof *attr);
}

static void
get_info (int fd, gpointer info, guint32 size)
{
  union bpf_attr attr;

  memset (info, 0, size);
  memset (&attr, 0, sizeof attr);
  attr.info.bpf_fd = (guint32) fd;
  attr.info.info_len = size;
  attr.info.info = (guint64) (guintptr) info;
  g_assert_cmpint (sys_bpf (BPF_OBJ_GET_INFO_BY_FD, &attr), ==, 0);
}

/* --- as a load makes them */

static void
compare_maps (EbpfMap *expected, EbpfMap *map, gboolean is_section)
{
  g_assert_cmpstr (ebpf_map_get_name (map), ==, ebpf_map_get_name (expected));
  g_assert_cmpint (ebpf_map_get_map_type (map), ==, ebpf_map_get_map_type (expected));
  g_assert_cmpuint (ebpf_map_get_key_size (map), ==, ebpf_map_get_key_size (expected));
  g_assert_cmpuint (ebpf_map_get_value_size (map), ==, ebpf_map_get_value_size (expected));
  g_assert_cmpuint (ebpf_map_get_max_entries (map), ==, ebpf_map_get_max_entries (expected));
  g_assert_cmphex (ebpf_map_get_map_flags (map), ==, ebpf_map_get_map_flags (expected));
  g_assert_cmphex (ebpf_map_get_map_extra (map), ==, ebpf_map_get_map_extra (expected));
  g_assert_cmpint (ebpf_map_is_frozen (map), ==, ebpf_map_is_frozen (expected));
  g_assert_cmpint (ebpf_map_get_key_type (map) != NULL, ==,
                   ebpf_map_get_key_type (expected) != NULL);
  g_assert_cmpint (ebpf_map_get_value_type (map) != NULL, ==,
                   ebpf_map_get_value_type (expected) != NULL);

  if (is_section)
    {
      const guint32 zero = 0;
      g_autoptr (GBytes) key = g_bytes_new (&zero, sizeof zero);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) expected_value = ebpf_map_lookup_bytes (expected, key, &error);
      g_autoptr (GBytes) value = NULL;

      g_assert_no_error (error);
      value = ebpf_map_lookup_bytes (map, key, &error);
      g_assert_no_error (error);
      g_assert_true (g_bytes_equal (value, expected_value));
    }
}

/* The same number of entries by the same keys. */
static void
compare_contents (EbpfMap *expected, EbpfMap *map)
{
  guint max_entries = ebpf_map_get_max_entries (map);

  if (ebpf_map_get_key_size (map) != sizeof (guint32))
    return;

  for (guint32 i = 0; i < MIN (max_entries, 64); i++)
    {
      g_autoptr (GBytes) key = g_bytes_new (&i, sizeof i);
      g_autoptr (GBytes) expected_value = ebpf_map_lookup_bytes (expected, key, NULL);
      g_autoptr (GBytes) value = ebpf_map_lookup_bytes (map, key, NULL);

      g_assert_cmpint (value != NULL, ==, expected_value != NULL);
    }
}

/* A load leaves out a weak function that the kernel declares in another way; this cannot see how. */
static gboolean
has_strange_function (EbpfProgram *program)
{
  return strcmp (ebpf_program_get_name (program), "use_symbols") == 0;
}

static void
compare_programs (EbpfProgram *expected, EbpfProgram *program)
{
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  struct bpf_prog_info expected_info, info;

  get_info (ebpf_program_peek_fd (expected), &expected_info, sizeof expected_info);
  get_info (ebpf_program_peek_fd (program), &info, sizeof info);
  g_assert_cmpstr (info.name, ==, expected_info.name);
  g_assert_cmpuint (info.type, ==, expected_info.type);
  if (!has_strange_function (expected))
    g_assert_cmpuint (info.xlated_prog_len, ==, expected_info.xlated_prog_len);
  g_assert_cmpuint (info.nr_map_ids, ==, expected_info.nr_map_ids);
  g_assert_cmpuint (info.nr_func_info, ==, expected_info.nr_func_info);
  if (!has_strange_function (expected))
    g_assert_cmpuint (info.nr_line_info, ==, expected_info.nr_line_info);
  g_assert_cmpint (info.btf_id != 0, ==, expected_info.btf_id != 0);
  g_assert_cmpuint (info.attach_btf_id, ==, expected_info.attach_btf_id);
  g_assert_cmpuint (info.gpl_compatible, ==, expected_info.gpl_compatible);

  if (info.type == BPF_PROG_TYPE_SOCKET_FILTER || info.type == BPF_PROG_TYPE_SCHED_CLS)
    {
      guint expected_value = 0, value = 0;
      g_autoptr (GError) error = NULL;

      ebpf_program_test_run (expected, packet, 1, &expected_value, NULL, NULL, &error);
      g_assert_no_error (error);
      ebpf_program_test_run (program, packet, 1, &value, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (value, ==, expected_value);
    }
}

static gboolean
is_section (EbpfCollectionSpec *spec, EbpfMap *map)
{
  return ebpf_map_spec_is_data_section (
      ebpf_collection_spec_get_map (spec, ebpf_map_get_name (map)));
}

static guint
compare_collections (EbpfCollectionSpec *spec, EbpfCollection *expected, EbpfCollection *collection)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_list_maps (expected);
  g_autoptr (GPtrArray) programs = ebpf_collection_list_programs (expected);
  g_autoptr (GPtrArray) variables = ebpf_collection_list_variables (expected);
  g_autoptr (GPtrArray) own_maps = ebpf_collection_list_maps (collection);
  g_autoptr (GPtrArray) own_programs = ebpf_collection_list_programs (collection);

  g_assert_cmpuint (own_maps->len, ==, maps->len);
  g_assert_cmpuint (own_programs->len, ==, programs->len);
  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMap *map = g_ptr_array_index (maps, i);

      compare_maps (map, g_ptr_array_index (own_maps, i), is_section (spec, map));
      compare_contents (map, g_ptr_array_index (own_maps, i));
    }
  for (guint i = 0; i < variables->len; i++)
    {
      EbpfVariable *variable = g_ptr_array_index (variables, i);
      EbpfVariable *own =
          ebpf_collection_get_variable (collection, ebpf_variable_get_name (variable));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = ebpf_variable_get_bytes (variable, &error);
      g_autoptr (GBytes) own_bytes = NULL;

      g_assert_nonnull (own);
      own_bytes = ebpf_variable_get_bytes (own, NULL);
      g_assert_true (g_bytes_equal (own_bytes, bytes));
    }
  for (guint i = 0; i < programs->len; i++)
    compare_programs (g_ptr_array_index (programs, i), g_ptr_array_index (own_programs, i));

  return programs->len;
}

/* What a program cannot make, and what the error says. */
static const struct
{
  const char *object;
  const char *pattern;
} refused[] = {
  { "arena.bpf.o", "*map \"arena\" cannot be made*" },
  { "struct-ops.bpf.o", "*map \"*\" cannot be made*laid out*" },
  { "congestion.bpf.o", "*map \"*\" cannot be made*laid out*" },
  { "jumptables.bpf.o", "*program \"*\": instruction * jumps by a table*" },
  { "pinning.bpf.o", "*map \"*\" cannot be made*shared by a pin*" },
  { "pinning-run.bpf.o", "*map \"*\" cannot be made*shared by a pin*" },
};

static const char *
find_refusal (const char *object)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    if (strcmp (refused[i].object, object) == 0)
      return refused[i].pattern;

  return NULL;
}

static void
test_all_objects (gconstpointer data)
{
  EbpfLoaderFlags flags = GPOINTER_TO_UINT (data);
  const char *folder = g_getenv ("EBPF_TEST_OBJECTS");
  g_autoptr (GDir) dir = NULL;
  const char *name;
  guint n_programs = 0, n_refused = 0;

  if (!require_loader ())
    return;
  if ((flags & EBPF_LOADER_FLAGS_HASHED) && !ebpf_test_require_kernel (6, 18))
    return;

  dir = g_dir_open (folder, 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (EbpfCollectionSpec) spec = NULL;
      g_autoptr (EbpfCollection) expected = NULL;
      g_autoptr (EbpfCollection) collection = NULL;
      g_autoptr (EbpfLoader) loader = NULL;
      g_autoptr (GError) error = NULL;
      const char *refusal = find_refusal (name);

      if (!g_str_has_suffix (name, ".bpf.o") || g_str_has_suffix (name, ".be.bpf.o"))
        continue;
      spec = ebpf_collection_spec_new_from_path (path, NULL);
      if (spec == NULL)
        continue;

      if (refusal != NULL)
        {
          loader = ebpf_loader_new (spec, flags, &error);
          g_assert_null (loader);
          ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, refusal);
          n_refused++;
          continue;
        }

      /* Both take it, or neither does. */
      g_test_message ("%s", name);
      expected = ebpf_collection_new (spec);
      if (ebpf_collection_load (expected, NULL, NULL, NULL))
        {
          loader = make_loader (spec, flags);
          collection = load (loader);
          n_programs += compare_collections (spec, expected, collection);
        }
      else
        {
          loader = ebpf_loader_new (spec, flags, &error);
          if (loader != NULL)
            collection = ebpf_loader_load (loader, NULL, NULL, &error);
          g_assert_null (collection);
          g_assert_true (error->domain == EBPF_ERROR);
        }

      ebpf_collection_close (expected);
      if (collection != NULL)
        ebpf_collection_close (collection);
    }

  g_assert_cmpuint (n_refused, ==, G_N_ELEMENTS (refused));
  g_assert_cmpuint (n_programs, >, 60);
}

/* --- what the caller says */

static void
assert_variable (EbpfCollection *collection, const char *name, const char *expected)
{
  EbpfVariable *variable = ebpf_collection_get_variable (collection, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autofree char *text = NULL;

  g_assert_nonnull (variable);
  value = ebpf_variable_get_value (variable, &error);
  g_assert_no_error (error);
  text = g_variant_print (value, FALSE);
  g_assert_cmpstr (text, ==, expected);
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

static void
test_constants (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autoptr (EbpfCollection) first = NULL;
  g_autoptr (EbpfCollection) second = NULL;
  g_autoptr (GError) error = NULL;
  GVariantDict constants;

  if (!require_loader ())
    return;

  spec = open_object ("variables.bpf.o");
  loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  first = load (loader);

  g_variant_dict_init (&constants, NULL);
  g_variant_dict_insert (&constants, "ro_limit", "u", 7);
  g_variant_dict_insert (&constants, "data_u16", "q", 100);
  g_variant_dict_insert (&constants, "bss_counter", "t", G_GUINT64_CONSTANT (41));
  ebpf_collection_spec_set_constants (ebpf_loader_get_spec (loader),
                                      g_variant_dict_end (&constants), &error);
  g_assert_no_error (error);
  second = load (loader);

  /* The verifier knew the constants, and the programs see what was set. */
  assert_variable (first, "ro_limit", "1000");
  assert_variable (second, "ro_limit", "7");
  g_assert_cmpuint (run_program (first, "touch"), ==, 1);
  g_assert_cmpuint (run_program (second, "touch"), ==, 42);
  assert_variable (first, "data_u16", "5660");
  assert_variable (second, "data_u16", "107");
  assert_variable (second, "data_text", "'aello'");

  /* Constants are frozen, and stay what they are. */
  g_assert_true (ebpf_variable_get_read_only (ebpf_collection_get_variable (second, "ro_limit")));

  /* The spec that it was made from is nobody's any more. */
  g_assert_true (ebpf_collection_spec_get_variable (spec, "ro_limit") !=
                 ebpf_collection_spec_get_variable (ebpf_loader_get_spec (loader), "ro_limit"));
  {
    g_autoptr (GVariant) value =
        ebpf_variable_spec_get_value (ebpf_collection_spec_get_variable (spec, "ro_limit"), &error);

    g_assert_cmpuint (g_variant_get_uint32 (value), ==, 1000);
  }
}

static void
test_max_entries (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GPtrArray) maps = NULL;
  const char *changed = NULL;

  if (!require_loader ())
    return;

  spec = open_object ("maps.bpf.o");
  loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  maps = ebpf_collection_spec_list_maps (ebpf_loader_get_spec (loader));
  for (guint i = 0; i < maps->len && changed == NULL; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (maps, i);

      if (ebpf_map_spec_get_map_type (map) == EBPF_MAP_TYPE_HASH)
        {
          ebpf_map_spec_set_max_entries (map, 4321);
          changed = ebpf_map_spec_get_name (map);
        }
    }
  g_assert_nonnull (changed);

  collection = load (loader);
  g_assert_cmpuint (ebpf_map_get_max_entries (ebpf_collection_get_map (collection, changed)), ==,
                    4321);
}

static void
test_kconfig (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autoptr (EbpfLoadOptions) options = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!require_loader ())
    return;

  spec = open_object ("externs.bpf.o");
  loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  options = ebpf_load_options_new ();
  ebpf_load_options_set_kconfig (options, "CONFIG_HZ=1234\nCONFIG_BPF_SYSCALL=y\n");
  collection = ebpf_loader_load (loader, options, NULL, &error);
  g_assert_no_error (error);

  /* What the kernel defines: numbers were filled in, and what is weak and not there is 0. */
  run_program (collection, "read_externs");
  assert_variable (collection, "hz", "1234");
  assert_variable (collection, "missing", "0");
}

/* Tail calls and inner maps, filled by the program with what it made itself. */
static void
test_references (void)
{
  static const char *const objects[] = { "prog-array.bpf.o", "map-in-map.bpf.o" };
  guint n_filled = 0;

  if (!require_loader ())
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (EbpfCollectionSpec) spec = open_object (objects[i]);
      g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (spec);
      g_autoptr (EbpfLoader) loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
      g_autoptr (EbpfCollection) collection = load (loader);

      for (guint j = 0; j < maps->len; j++)
        {
          EbpfMapSpec *map_spec = g_ptr_array_index (maps, j);
          EbpfMap *map = ebpf_collection_get_map (collection, ebpf_map_spec_get_name (map_spec));

          for (guint k = 0; k < ebpf_map_spec_get_n_contents (map_spec); k++)
            {
              const char *name = ebpf_map_spec_get_content_reference (map_spec, k);
              EbpfProgram *program;
              g_autoptr (GBytes) value = NULL;
              g_autoptr (GError) error = NULL;
              guint32 id;

              if (name == NULL)
                continue;
              value =
                  ebpf_map_lookup_bytes (map, ebpf_map_spec_get_content_key (map_spec, k), &error);
              g_assert_no_error (error);
              g_assert_cmpuint (g_bytes_get_size (value), ==, sizeof id);
              memcpy (&id, g_bytes_get_data (value, NULL), sizeof id);
              program = ebpf_collection_get_program (collection, name);
              g_assert_cmpuint (id, ==,
                                program != NULL
                                    ? ebpf_program_get_id (program)
                                    : ebpf_map_get_id (ebpf_collection_get_map (collection, name)));
              n_filled++;
            }
        }
    }

  g_assert_cmpuint (n_filled, >=, 4);
}

/* --- failures */

static void
assert_fails (const char *object, EbpfError code, const char *pattern, gboolean with_log)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object (object);
  g_autoptr (EbpfLoader) loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  guint n_fds = ebpf_test_count_fds ();

  collection = ebpf_loader_load (loader, NULL, NULL, &error);
  g_assert_null (collection);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (gint) code, pattern);
  g_assert_cmpint (ebpf_error_get_log (error) != NULL, ==, with_log);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
}

static void
test_failures (void)
{
  if (!require_loader ())
    return;

  assert_fails ("rejected.bpf.o", EBPF_ERROR_VERIFIER,
                "*rejected.bpf.o: program \"unchecked\": the verifier rejected it:*value*", TRUE);
  assert_fails ("core-missing.bpf.o", EBPF_ERROR_RELOCATION, "*program \"read_missing\": *", TRUE);
  assert_fails ("ksyms-missing.bpf.o", EBPF_ERROR_NOT_FOUND,
                "*looking for the kernel's no_such_variable: *ENOENT*", FALSE);
  assert_fails ("parts.bpf.o", EBPF_ERROR_INVALID_ARGUMENT,
                "*creating map \"part_broken_map\": *EINVAL*", FALSE);
}

static void
test_refused (void)
{
  g_autoptr (EbpfCollectionSpec) foreign =
      open_object (G_BYTE_ORDER == G_LITTLE_ENDIAN ? "minimal.be.bpf.o" : "minimal.bpf.o");
  g_autoptr (EbpfCollectionSpec) undefined = open_object ("undefined.bpf.o");
  g_autoptr (EbpfCollectionSpec) hand_made = ebpf_collection_spec_new ();
  g_autoptr (EbpfProgramSpec) program = NULL;
  g_autoptr (EbpfAssembler) code = ebpf_assembler_new ();
  g_autoptr (EbpfLoader) loader = NULL;
  g_autoptr (GError) error = NULL;

  loader = ebpf_loader_new (foreign, EBPF_LOADER_FLAGS_NONE, &error);
  g_assert_null (loader);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BYTE_ORDER);
  g_clear_error (&error);

  loader = ebpf_loader_new (undefined, EBPF_LOADER_FLAGS_NONE, &error);
  g_assert_null (loader);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "*program \"calls_nowhere\": instruction 1 refers to "
                                  "\"defined_nowhere\", which nothing defines");
  g_clear_error (&error);

  ebpf_assembler_emit_move (code, 0, 0);
  ebpf_assembler_emit_exit (code);
  program = ebpf_program_spec_new ("replaces", EBPF_PROGRAM_TYPE_EXT);
  ebpf_program_spec_set_instructions (program, code, &error);
  g_assert_no_error (error);
  ebpf_collection_spec_add_program (hand_made, program, &error);
  g_assert_no_error (error);
  loader = ebpf_loader_new (hand_made, EBPF_LOADER_FLAGS_NONE, &error);
  g_assert_null (loader);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "program \"replaces\": *another program*");
  g_clear_error (&error);

  /* What is left out does not matter. */
  ebpf_program_spec_set_autoload (program, FALSE);
  loader = ebpf_loader_new (hand_made, EBPF_LOADER_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_loader_get_context_size (loader), ==, 24);
}

/* --- without the library */

static void
test_by_hand (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autofree guint8 *context = NULL;
  struct bpf_map_info info;
  union bpf_attr attr;
  const guint32 zero = 0;
  int map, loader_fd, fd;
  gsize size;

  if (!require_loader ())
    return;

  spec = open_object ("variables.bpf.o");
  loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  context = g_malloc0 (ebpf_loader_get_context_size (loader));

  /* An array with the data, a program with the instructions, one run. */
  memset (&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = (guint32) g_bytes_get_size (ebpf_loader_get_data (loader));
  attr.max_entries = 1;
  map = sys_bpf (BPF_MAP_CREATE, &attr);
  g_assert_cmpint (map, >, 0);

  memset (&attr, 0, sizeof attr);
  attr.map_fd = (guint32) map;
  attr.key = (guint64) (guintptr) &zero;
  attr.value = (guint64) (guintptr) g_bytes_get_data (ebpf_loader_get_data (loader), NULL);
  g_assert_cmpint (sys_bpf (BPF_MAP_UPDATE_ELEM, &attr), ==, 0);

  memset (&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_SYSCALL;
  attr.insns = (guint64) (guintptr) g_bytes_get_data (ebpf_loader_get_instructions (loader), &size);
  attr.insn_cnt = (guint32) (size / 8);
  attr.license = (guint64) (guintptr) "GPL";
  attr.prog_flags = SLEEPABLE;
  attr.fd_array = (guint64) (guintptr) &map;
  loader_fd = sys_bpf (BPF_PROG_LOAD, &attr);
  g_assert_cmpint (loader_fd, >, 0);

  memset (&attr, 0, sizeof attr);
  attr.test.prog_fd = (guint32) loader_fd;
  attr.test.ctx_in = (guint64) (guintptr) context;
  attr.test.ctx_size_in = ebpf_loader_get_context_size (loader);
  g_assert_cmpint (sys_bpf (BPF_PROG_TEST_RUN, &attr), ==, 0);
  g_assert_cmpint ((int) attr.test.retval, ==, 0);
  close (loader_fd);
  close (map);

  g_assert_cmpint (ebpf_loader_get_map_offset (loader, "no such map"), ==, -1);
  g_assert_cmpint (ebpf_loader_get_program_offset (loader, "no such program"), ==, -1);
  memcpy (&fd, context + ebpf_loader_get_map_offset (loader, ".rodata"), sizeof fd);
  get_info (fd, &info, sizeof info);
  g_assert_cmpstr (info.name, ==, ".rodata");
  memcpy (&fd, context + ebpf_loader_get_program_offset (loader, "touch"), sizeof fd);
  {
    struct bpf_prog_info program;

    get_info (fd, &program, sizeof program);
    g_assert_cmpstr (program.name, ==, "touch");
  }

  /* Whatever it gave is in the context, and nowhere else. */
  for (gsize at = 24; at < ebpf_loader_get_context_size (loader);)
    {
      gboolean is_map = at < (gsize) ebpf_loader_get_program_offset (loader, "touch");

      memcpy (&fd, context + at, sizeof fd);
      if (fd > 0)
        close (fd);
      at += is_map ? 16 : 4;
    }
}

/* --- hashes and signatures */

/* The file with one byte of the data changed: the license. */
static GBytes *
tamper (GBytes *bytes)
{
  static const char what[] = "GPL";
  gsize size;
  g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (bytes, &size), g_bytes_get_size (bytes));

  for (gsize i = 0; i + sizeof what <= size; i++)
    if (memcmp (data + i, what, sizeof what) == 0)
      {
        data[i] = 'X';
        return g_bytes_new_take (g_steal_pointer (&data), size);
      }

  g_assert_not_reached ();
}

static void
test_hashed (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autoptr (EbpfLoader) other = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) changed = NULL;
  g_autoptr (GError) error = NULL;

  if (!require_loader ())
    return;

  spec = open_object ("variables.bpf.o");
  loader = make_loader (spec, EBPF_LOADER_FLAGS_HASHED);
  g_assert_true (ebpf_loader_is_hashed (loader));
  bytes = ebpf_loader_to_bytes (loader);
  changed = tamper (bytes);
  other = ebpf_loader_new_from_bytes (changed, &error);
  g_assert_no_error (error);

  if (!ebpf_test_require_kernel (6, 18))
    {
      collection = ebpf_loader_load (loader, NULL, NULL, &error);
      g_assert_null (collection);
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
      return;
    }

  collection = load (loader);
  g_assert_cmpuint (run_program (collection, "touch"), ==, 1);
  ebpf_collection_close (collection);
  g_clear_object (&collection);

  collection = ebpf_loader_load (other, NULL, NULL, &error);
  g_assert_null (collection);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                  "*its data are not those that it was made with*");
}

static void
test_signature (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autoptr (EbpfLoader) read = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GBytes) signature = g_bytes_new_static ("no signature", 12);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  guint n_fds;

  spec = open_object ("minimal.bpf.o");
  loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  g_assert_null (ebpf_loader_get_signature (loader));
  ebpf_loader_set_signature (loader, signature, 1);

  bytes = ebpf_loader_to_bytes (loader);
  read = ebpf_loader_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (ebpf_loader_get_signature (read), signature));
  g_assert_cmpint (ebpf_loader_get_keyring (read), ==, 1);

  if (!require_loader ())
    return;

  /* Whether the kernel knows of signatures or not, it does not take this one. */
  n_fds = ebpf_test_count_fds ();
  collection = ebpf_loader_load (read, NULL, NULL, &error);
  g_assert_null (collection);
  g_assert_true (error->domain == EBPF_ERROR);
  g_assert_true (strstr (error->message, "the loader program") != NULL);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
}

static gboolean
run_openssl (const char *folder, const char *arguments)
{
  g_autofree char *line = g_strdup_printf ("openssl %s", arguments);
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autoptr (GError) error = NULL;
  gint status = 1;

  return g_spawn_sync (folder, argv, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                           G_SPAWN_STDERR_TO_DEV_NULL,
                       NULL, NULL, NULL, NULL, &status, &error) &&
         g_spawn_check_wait_status (status, &error);
}

static GBytes *
read_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize size;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, size);
}

/* A key of our own, in a keyring of this process. 0 where the kernel has none, after a skip. */
static long
add_key (const char *folder)
{
  g_autoptr (GBytes) certificate = NULL;
  long key;

  if (!run_openssl (folder, "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem "
                            "-subj /CN=libebpf-core-test -days 1") ||
      !run_openssl (folder, "x509 -in cert.pem -outform DER -out cert.der"))
    {
      g_test_skip ("no openssl here to make keys with");
      return 0;
    }

  certificate = read_file (folder, "cert.der");
  if (syscall (SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
    {
      g_test_skip ("no keyring of this process");
      return 0;
    }
  key =
      syscall (SYS_add_key, "asymmetric", "libebpf-core-test", g_bytes_get_data (certificate, NULL),
               g_bytes_get_size (certificate), KEY_SPEC_SESSION_KEYRING);
  if (key < 0)
    {
      g_test_skip ("this kernel takes no keys of that kind");
      return 0;
    }

  return syscall (SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static void
remove_folder (const char *folder)
{
  static const char *const names[] = { "key.pem", "cert.pem", "cert.der", "code", "code.sig" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      unlink (path);
    }
  rmdir (folder);
}

static GBytes *
sign (const char *folder, GBytes *code, GBytes *data)
{
  g_autofree char *path = g_build_filename (folder, "code", NULL);
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_byte_array_append (all, g_bytes_get_data (code, NULL), (guint) g_bytes_get_size (code));
  if (data != NULL)
    g_byte_array_append (all, g_bytes_get_data (data, NULL), (guint) g_bytes_get_size (data));
  g_file_set_contents (path, (const char *) all->data, all->len, &error);
  g_assert_no_error (error);
  g_assert_true (run_openssl (folder, "cms -sign -binary -noattr -md sha256 -outform DER -signer "
                                      "cert.pem -inkey key.pem -in code -out code.sig"));
  return read_file (folder, "code.sig");
}

/* The kernel checks who signed the program; and it, or the program, that the data are those. */
static void
check_signed (const char *folder, gint keyring)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object ("variables.bpf.o");
  g_autoptr (EbpfCollectionSpec) other_spec = open_object ("minimal.bpf.o");
  g_autoptr (EbpfLoader) loader = make_loader (spec, EBPF_LOADER_FLAGS_HASHED);
  g_autoptr (EbpfLoader) other = make_loader (other_spec, EBPF_LOADER_FLAGS_HASHED);
  GBytes *code = ebpf_loader_get_instructions (loader);
  g_autoptr (GBytes) of_code = sign (folder, code, NULL);
  g_autoptr (GBytes) of_all = sign (folder, code, ebpf_loader_get_data (loader));
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  GBytes *signature = of_code;

  ebpf_loader_set_signature (loader, of_code, keyring);
  collection = ebpf_loader_load (loader, NULL, NULL, &error);
  if (g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED))
    {
      g_assert_true (strstr (error->message, "CONFIG_SYSTEM_DATA_VERIFICATION") != NULL);
      g_test_skip (error->message);
      return;
    }
  if (collection == NULL)
    {
      /* A later kernel, for which that is not enough. */
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_PERMISSION);
      g_clear_error (&error);
      signature = of_all;
      ebpf_loader_set_signature (loader, of_all, keyring);
      collection = load (loader);
    }
  g_assert_cmpuint (run_program (collection, "touch"), ==, 1);
  ebpf_collection_close (collection);
  g_clear_object (&collection);

  /* Of other code. */
  ebpf_loader_set_signature (other, signature, keyring);
  collection = ebpf_loader_load (other, NULL, NULL, &error);
  g_assert_null (collection);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION,
                                  "*loading the loader program: *its signature is perhaps not*");
}

static void
test_signed (void)
{
  g_autofree char *folder = NULL;
  g_autoptr (GError) error = NULL;
  long keyring;

  if (!require_loader () || !ebpf_test_require_kernel (6, 18))
    return;

  folder = g_dir_make_tmp ("ebpf-loader-XXXXXX", &error);
  g_assert_no_error (error);
  keyring = add_key (folder);
  if (keyring != 0)
    check_signed (folder, (gint) keyring);
  remove_folder (folder);
}

/* --- files */

static void
test_files (void)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object ("variables.bpf.o");
  g_autoptr (EbpfLoader) loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  g_autoptr (EbpfLoader) read = NULL;
  g_autoptr (GBytes) bytes = ebpf_loader_to_bytes (loader);
  g_autofree char *path = NULL;
  g_autofree char *object = ebpf_test_object ("minimal.bpf.o");
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *read_spec;
  int fd;

  fd = g_file_open_tmp ("ebpf-loader-XXXXXX", &path, &error);
  g_assert_no_error (error);
  close (fd);
  g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes),
                       &error);
  g_assert_no_error (error);
  read = ebpf_loader_new_from_path (path, &error);
  g_assert_no_error (error);
  unlink (path);

  read_spec = ebpf_loader_get_spec (read);
  g_assert_cmpstr (ebpf_collection_spec_get_license (read_spec), ==, "GPL");
  g_assert_cmpstr (
      ebpf_program_spec_get_section (ebpf_collection_spec_get_program (read_spec, "touch")), ==,
      "socket");
  {
    g_autoptr (GVariant) value = ebpf_variable_spec_get_value (
        ebpf_collection_spec_get_variable (read_spec, "data_point"), &error);
    g_autofree char *text = NULL;

    g_assert_no_error (error);
    text = g_variant_print (value, FALSE);
    g_assert_cmpstr (text, ==, "{'x': <-1>, 'y': <2>}");
  }

  g_clear_object (&read);
  read = ebpf_loader_new_from_path (path, &error);
  g_assert_null (read);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  read = ebpf_loader_new_from_path (object, &error);
  g_assert_null (read);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED,
                                  "*minimal.bpf.o: it is no loader*");
}

/* Any bytes are a loader or an error. */
static void
test_mutations (void)
{
  static const char *const objects[] = { "variables.bpf.o", "map-in-map.bpf.o", "externs.bpf.o" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (20251122);
  guint n_read = 0, n_refused = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (EbpfCollectionSpec) spec = open_object (objects[i]);
      g_autoptr (EbpfLoader) loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
      g_autoptr (GBytes) bytes = ebpf_loader_to_bytes (loader);
      gsize size;
      const guint8 *data = g_bytes_get_data (bytes, &size);

      for (guint round = 0; round < 3000; round++)
        {
          g_autofree guint8 *copy = g_memdup2 (data, size);
          gsize length = size;
          g_autoptr (GBytes) mutated = NULL;
          g_autoptr (EbpfLoader) read = NULL;
          g_autoptr (GError) error = NULL;

          if (round < 40)
            length = round < 20 ? round : size - (round - 19);
          else
            for (guint n = round % 4; n < 4; n++)
              {
                /* Most of it is at the end: names, offsets and sizes. */
                gsize from = round % 2 ? 0 : size * 3 / 4;

                copy[from + (gsize) g_rand_int_range (rand, 0, (gint) (size - from))] =
                    (guint8) g_rand_int_range (rand, 0, 256);
              }

          mutated = g_bytes_new (copy, length);
          read = ebpf_loader_new_from_bytes (mutated, &error);
          if (read != NULL)
            {
              g_autoptr (GBytes) again = ebpf_loader_to_bytes (read);

              g_assert_cmpuint (ebpf_loader_get_context_size (read), >=, 24);
              g_assert_nonnull (again);
              n_read++;
            }
          else
            {
              g_assert_true (error->domain == EBPF_ERROR);
              n_refused++;
            }
        }
    }

  g_assert_cmpuint (n_read, >, 100);
  g_assert_cmpuint (n_refused, >, 1000);
}

/* Jumps reach 32768 instructions; a loader is as long as it has to be. */
static void
test_long (void)
{
  const guint n_entries = 4000;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfMapSpec) first = NULL;
  g_autoptr (EbpfMapSpec) last = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  if (!require_loader ())
    return;

  spec = ebpf_collection_spec_new ();
  first = ebpf_map_spec_new ("many", EBPF_MAP_TYPE_HASH, 4, 4, n_entries);
  for (guint32 i = 0; i < n_entries; i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (&i, sizeof i);

      ebpf_map_spec_add_content (first, bytes, bytes);
    }
  ebpf_collection_spec_add_map (spec, first, &error);
  g_assert_no_error (error);

  loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  g_assert_cmpuint (g_bytes_get_size (ebpf_loader_get_instructions (loader)), >, 0);
  g_clear_object (&loader);

  /* By hand: contents are not part of what is read from a file, but of the program. */
  loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  g_assert_cmpuint (g_bytes_get_size (ebpf_loader_get_instructions (loader)) / 8, >, 2 * 32768);
  collection = load (loader);
  map = ebpf_collection_get_map (collection, "many");
  for (guint32 i = 0; i < n_entries; i += 371)
    {
      g_autoptr (GBytes) key = g_bytes_new (&i, sizeof i);
      g_autoptr (GBytes) value = ebpf_map_lookup_bytes (map, key, &error);

      g_assert_no_error (error);
      g_assert_true (g_bytes_equal (key, value));
    }
  ebpf_collection_close (collection);
  g_clear_object (&collection);
  g_clear_object (&loader);

  /* And from behind all of that, a failure finds its way back: nothing stays open. */
  last = ebpf_map_spec_new ("full", EBPF_MAP_TYPE_HASH, 4, 4, 1);
  for (guint32 i = 0; i < 2; i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (&i, sizeof i);

      ebpf_map_spec_add_content (last, bytes, bytes);
    }
  ebpf_collection_spec_add_map (spec, last, &error);
  g_assert_no_error (error);
  loader = make_loader (spec, EBPF_LOADER_FLAGS_NONE);
  collection = ebpf_loader_load (loader, NULL, NULL, &error);
  g_assert_null (collection);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT,
                                  "filling map \"full\": *E2BIG*");
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add_data ("/loader/all-objects", GUINT_TO_POINTER (EBPF_LOADER_FLAGS_NONE),
                      test_all_objects);
  ebpf_test_add_data ("/loader/all-objects-hashed", GUINT_TO_POINTER (EBPF_LOADER_FLAGS_HASHED),
                      test_all_objects);
  ebpf_test_add ("/loader/constants", test_constants);
  ebpf_test_add ("/loader/max-entries", test_max_entries);
  ebpf_test_add ("/loader/kconfig", test_kconfig);
  ebpf_test_add ("/loader/references", test_references);
  ebpf_test_add ("/loader/failures", test_failures);
  ebpf_test_add ("/loader/refused", test_refused);
  ebpf_test_add ("/loader/by-hand", test_by_hand);
  ebpf_test_add ("/loader/hashed", test_hashed);
  ebpf_test_add ("/loader/signature", test_signature);
  ebpf_test_add ("/loader/signed", test_signed);
  ebpf_test_add ("/loader/files", test_files);
  ebpf_test_add ("/loader/mutations", test_mutations);
  ebpf_test_add ("/loader/long", test_long);

  return g_test_run ();
}
