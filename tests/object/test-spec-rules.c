/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an application can change in specs, and what a load makes of it. */

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <ebpf.h>
#include <unistd.h>

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
load (EbpfCollectionSpec *spec)
{
  EbpfCollection *collection = ebpf_collection_new (spec);
  g_autoptr (GError) error = NULL;

  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  return collection;
}

static void
assert_refused (EbpfCollectionSpec *spec, EbpfError code, const char *pattern)
{
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (gint) code, pattern);
}

static guint
run (EbpfCollection *collection, const char *name)
{
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GError) error = NULL;
  guint returned = 0;

  ebpf_program_test_run (ebpf_collection_get_program (collection, name), packet, 1, &returned, NULL,
                         NULL, &error);
  g_assert_no_error (error);

  return returned;
}

static guint64
first_value (EbpfCollection *collection, const char *map)
{
  g_autoptr (GError) error = NULL;
  guint32 key = 0;
  guint64 value = 0;

  ebpf_map_lookup_raw (ebpf_collection_get_map (collection, map), &key, &value, 0, &error);
  g_assert_no_error (error);

  return value;
}

/* --- symbols */

static void
test_constants (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("constants.bpf.o");
  EbpfProgramSpec *program = ebpf_collection_spec_get_program (spec, "use_constants");
  g_autoptr (EbpfProgramSpec) untouched = ebpf_program_spec_copy (program);
  g_autoptr (EbpfCollection) collection = NULL;
  g_auto (GStrv) before = NULL;
  g_auto (GStrv) after = NULL;
  g_auto (GStrv) of_copy = NULL;
  g_autoptr (GError) error = NULL;

  before = ebpf_program_spec_list_undefined_symbols (program);
  g_assert_cmpuint (g_strv_length (before), ==, 2);
  g_assert_true (g_strv_contains ((const char *const *) before, "WIDE_CONSTANT"));
  g_assert_true (g_strv_contains ((const char *const *) before, "SMALL_CONSTANT"));

  g_assert_false (ebpf_program_spec_set_constant (program, "NO_CONSTANT", 1, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*use_constants*NO_CONSTANT*");
  g_clear_error (&error);

  if (!ebpf_test_require_bpf ())
    return;
  assert_refused (spec, EBPF_ERROR_RELOCATION,
                  "*constants.bpf.o: program \"use_constants\"*_CONSTANT*set_constant*");

  g_assert_true (ebpf_program_spec_set_constant (program, "SMALL_CONSTANT", 21, &error));
  g_assert_no_error (error);
  assert_refused (spec, EBPF_ERROR_RELOCATION, "*WIDE_CONSTANT*");
  g_assert_true (ebpf_program_spec_set_constant (program, "WIDE_CONSTANT",
                                                 G_GUINT64_CONSTANT (0xfedcba9876543210), &error));
  g_assert_no_error (error);
  after = ebpf_program_spec_list_undefined_symbols (program);
  g_assert_cmpuint (g_strv_length (after), ==, 0);
  of_copy = ebpf_program_spec_list_undefined_symbols (untouched);
  g_assert_cmpuint (g_strv_length (of_copy), ==, 2);

  collection = load (spec);
  g_assert_cmpuint (run (collection, "use_constants"), ==, 42);
  g_assert_cmphex (first_value (collection, "here"), ==, G_GUINT64_CONSTANT (0xfedcba9876543210));
}

/* "defined_nowhere (x)": what is in the map of that name, and x. */
static EbpfAssembler *
write_body (const char *map)
{
  EbpfAssembler *body = ebpf_assembler_new ();

  ebpf_assembler_emit (body, 0xbf, 6, 1, 0, 0);   /* r6 = r1 */
  ebpf_assembler_emit (body, 0x7a, 10, 0, -8, 0); /* *(u64 *) (r10 - 8) = 0 */
  ebpf_assembler_emit (body, 0xbf, 2, 10, 0, 0);  /* r2 = r10 - 8 */
  ebpf_assembler_emit (body, 0x07, 2, 0, 0, -8);
  ebpf_assembler_emit_load_map (body, 1, map);
  ebpf_assembler_emit_call (body, 1);                   /* bpf_map_lookup_elem () */
  ebpf_assembler_emit_jump (body, 0x15, 0, 0, 0, "no"); /* if (r0 == 0) goto no */
  ebpf_assembler_emit (body, 0x61, 0, 0, 0, 0);         /* r0 = *(u32 *) r0 */
  ebpf_assembler_mark (body, "no");
  ebpf_assembler_emit (body, 0x0f, 0, 6, 0, 0); /* r0 += r6 */
  ebpf_assembler_emit_exit (body);

  return body;
}

static void
test_define_function (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("undefined.bpf.o");
  EbpfProgramSpec *program = ebpf_collection_spec_get_program (spec, "calls_nowhere");
  g_autoptr (EbpfProgramSpec) untouched = ebpf_program_spec_copy (program);
  g_autoptr (EbpfAssembler) body = write_body ("numbers");
  g_autoptr (EbpfAssembler) unfinished = ebpf_assembler_new ();
  g_autoptr (EbpfMapSpec) map = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GBytes) key = g_bytes_new_static ("\0\0\0\0", 4);
  const guint32 number = 41;
  g_autoptr (GBytes) value = g_bytes_new (&number, sizeof number);
  g_auto (GStrv) symbols = NULL;
  g_autoptr (GError) error = NULL;
  guint n_before = ebpf_program_spec_get_n_instructions (program);

  /* Reading it is no error, loading it is one that names the function and the instruction. */
  if (ebpf_test_require_bpf ())
    assert_refused (
        spec, EBPF_ERROR_RELOCATION,
        "*program \"calls_nowhere\": instruction 1 refers to \"defined_nowhere\", which "
        "nothing defines; *ebpf_program_spec_define_function*");

  g_assert_false (ebpf_program_spec_define_function (program, "no_such_function", body, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);
  ebpf_assembler_emit_jump (unfinished, 0x05, 0, 0, 0, "nowhere");
  g_assert_false (
      ebpf_program_spec_define_function (program, "defined_nowhere", unfinished, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_cmpuint (ebpf_program_spec_get_n_instructions (program), ==, n_before);

  g_assert_true (ebpf_program_spec_define_function (program, "defined_nowhere", body, &error));
  g_assert_no_error (error);
  symbols = ebpf_program_spec_list_undefined_symbols (program);
  g_assert_cmpuint (g_strv_length (symbols), ==, 0);
  g_assert_cmpuint (ebpf_program_spec_get_n_instructions (untouched), ==, n_before);
  g_assert_false (ebpf_program_spec_define_function (program, "defined_nowhere", body, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  map = ebpf_map_spec_new ("numbers", EBPF_MAP_TYPE_ARRAY, 4, 4, 1);
  ebpf_map_spec_add_content (map, key, value);
  ebpf_collection_spec_add_map (spec, map, &error);
  g_assert_no_error (error);

  if (!ebpf_test_require_bpf ())
    return;
  collection = load (spec);
  g_assert_cmpuint (run (collection, "calls_nowhere"), ==, 42);

  /* With its records: the kernel knows two functions by name. */
  {
    struct bpf_prog_info info = { 0 };
    guint32 size = sizeof info;
    EbpfProgram *live = ebpf_collection_get_program (collection, "calls_nowhere");
    union bpf_attr attr = { 0 };

    attr.info.bpf_fd = (guint32) ebpf_program_peek_fd (live);
    attr.info.info_len = size;
    attr.info.info = (guint64) (guintptr) &info;
    g_assert_cmpint (syscall (SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr), ==, 0);
    g_assert_cmpuint (info.nr_func_info, ==, 2);
    g_assert_cmpuint (info.nr_line_info, >=, 2);
  }
}

/* Code that names a map which is nowhere: not in the collection, and not given. */
static void
test_missing_map (void)
{
  g_autoptr (EbpfAssembler) code = write_body ("nowhere");
  g_autoptr (EbpfCollectionSpec) by_hand = ebpf_collection_spec_new ();
  g_autoptr (EbpfCollectionSpec) externs = load_spec ("externs.bpf.o");
  g_autoptr (EbpfProgramSpec) spec =
      ebpf_program_spec_new ("refers", EBPF_PROGRAM_TYPE_SOCKET_FILTER);
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_program_spec_set_instructions (spec, code, &error);
  g_assert_no_error (error);
  ebpf_collection_spec_add_program (by_hand, spec, &error);
  g_assert_no_error (error);
  assert_refused (by_hand, EBPF_ERROR_RELOCATION,
                  "program \"refers\": instruction 4 refers to map \"nowhere\", which is not "
                  "there; *");

  program = ebpf_program_new (spec, NULL, &error);
  g_assert_null (program);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "*instruction 4 refers to map \"nowhere\"*replace_map*");
  g_clear_error (&error);

  /* The kernel's configuration is a map, too. */
  program =
      ebpf_program_new (ebpf_collection_spec_get_program (externs, "read_externs"), NULL, &error);
  g_assert_null (program);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "*instruction * refers to map \".*\", which is not there*");
}

static void
test_undefined (void)
{
  g_autoptr (EbpfCollectionSpec) called = load_spec ("undefined.bpf.o");
  g_autoptr (EbpfCollectionSpec) loaded = load_spec ("constants.bpf.o");
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_program_spec_set_constant (
      ebpf_collection_spec_get_program (called, "calls_nowhere"), "defined_nowhere", 1, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_RELOCATION);

  if (!ebpf_test_require_bpf ())
    return;
  assert_refused (called, EBPF_ERROR_RELOCATION,
                  "*undefined.bpf.o: program \"calls_nowhere\"*defined_nowhere*");

  /* What does not refer to it can be had. */
  ebpf_program_spec_set_autoload (ebpf_collection_spec_get_program (loaded, "use_constants"),
                                  FALSE);
  collection = load (loaded);
  g_assert_cmpuint (run (collection, "use_none"), ==, 3);
}

static void
test_redirect (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("constants.bpf.o");
  EbpfProgramSpec *program = ebpf_collection_spec_get_program (spec, "use_constants");
  g_autoptr (EbpfCollection) collection = NULL;
  g_auto (GStrv) references = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_program_spec_redirect_map (program, "there", "here", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*use_constants*there*");
  g_clear_error (&error);

  g_assert_true (ebpf_program_spec_redirect_map (program, "here", "there", &error));
  g_assert_no_error (error);
  references = ebpf_program_spec_list_map_references (program);
  g_assert_cmpuint (g_strv_length (references), ==, 1);
  g_assert_cmpstr (references[0], ==, "there");
  g_assert_true (ebpf_program_spec_set_constant (program, "SMALL_CONSTANT", 1, &error));
  g_assert_true (ebpf_program_spec_set_constant (program, "WIDE_CONSTANT", 5, &error));

  if (!ebpf_test_require_bpf ())
    return;
  collection = load (spec);
  run (collection, "use_constants");
  g_assert_cmpuint (first_value (collection, "here"), ==, 0);
  g_assert_cmpuint (first_value (collection, "there"), ==, 5);
}

/* --- whether a program is the one */

static char *
query_tag (EbpfProgram *program)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) info = ebpf_program_query_info (program, &error);
  char *tag = NULL;

  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "tag", "s", &tag));

  return tag;
}

static void
test_tag (void)
{
  /* With maps, with variables, with subprograms and callbacks, with neither. */
  static const char *const objects[] = { "parts.bpf.o", "variables.bpf.o", "subprograms.bpf.o",
                                         "minimal.bpf.o" };

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 12))
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (EbpfCollectionSpec) spec = load_spec (objects[i]);
      g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
      g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
      g_autoptr (GPtrArray) programs = NULL;
      g_autoptr (GError) error = NULL;

      if (i == 0)
        ebpf_load_options_select_program (options, "part_good");
      ebpf_collection_load (collection, options, NULL, &error);
      g_assert_no_error (error);
      programs = ebpf_collection_list_programs (collection);
      g_assert_cmpuint (programs->len, >, 0);

      for (guint j = 0; j < programs->len; j++)
        {
          EbpfProgram *program = g_ptr_array_index (programs, j);
          EbpfProgramSpec *its_spec =
              ebpf_collection_spec_get_program (spec, ebpf_program_get_name (program));
          g_autofree char *tag = query_tag (program);
          g_autofree char *old = ebpf_program_spec_compute_tag (its_spec, G_CHECKSUM_SHA1);
          g_autofree char *new = ebpf_program_spec_compute_tag (its_spec, G_CHECKSUM_SHA256);

          g_test_message ("%s: %s, %s or %s", ebpf_program_get_name (program), tag, old, new);
          g_assert_cmpuint (strlen (old), ==, 16);
          g_assert_cmpstr (old, !=, new);
          g_assert_true (g_str_equal (tag, old) || g_str_equal (tag, new));
        }
    }
}

static void
test_program_compatible (void)
{
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("core.bpf.o");
  g_autoptr (EbpfCollectionSpec) other = load_spec ("constants.bpf.o");
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (EbpfProgramSpec) changed = NULL;
  g_autoptr (EbpfCollection) others = NULL;
  g_autoptr (EbpfProgram) by_id = NULL;
  g_autoptr (GError) error = NULL;
  EbpfProgramSpec *constants = ebpf_collection_spec_get_program (other, "use_constants");

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 12))
    return;

  /* What the running kernel changes in the code counts. */
  collection = load (spec);
  programs = ebpf_collection_list_programs (collection);
  g_assert_cmpuint (programs->len, >, 0);
  for (guint i = 0; i < programs->len; i++)
    {
      EbpfProgram *program = g_ptr_array_index (programs, i);

      g_assert_true (ebpf_program_check_compatible (
          program, ebpf_collection_spec_get_program (spec, ebpf_program_get_name (program)),
          &error));
      g_assert_no_error (error);
    }

  /* So do constants, maps do not. */
  g_assert_true (ebpf_program_spec_set_constant (constants, "SMALL_CONSTANT", 1, &error));
  changed = ebpf_program_spec_copy (constants);
  g_assert_true (ebpf_program_spec_set_constant (constants, "WIDE_CONSTANT", 5, &error));
  g_assert_true (ebpf_program_spec_set_constant (changed, "WIDE_CONSTANT", 6, &error));
  others = load (other);
  by_id = ebpf_program_new_from_id (
      ebpf_program_get_id (ebpf_collection_get_program (others, "use_constants")), &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_program_spec_redirect_map (constants, "here", "there", &error));
  g_assert_true (ebpf_program_check_compatible (by_id, constants, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_program_check_compatible (by_id, changed, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                  "*use_constants*tag*");
  g_clear_error (&error);

  ebpf_program_spec_set_program_type (constants, EBPF_PROGRAM_TYPE_XDP);
  g_assert_false (ebpf_program_check_compatible (by_id, constants, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE, "*xdp*");
}

/* --- maps */

static void
test_map_compatible (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("wanted", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (EbpfMapSpec) perf =
      ebpf_map_spec_new ("perf", EBPF_MAP_TYPE_PERF_EVENT_ARRAY, 0, 0, 0);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) events = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_check_compatible (map, spec, &error));
  g_assert_no_error (error);

  /* What is filled in at creation is filled in for this, too. */
  events = ebpf_map_new (perf, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_check_compatible (events, perf, &error));
  g_assert_no_error (error);

  /* All of the differences at once. */
  ebpf_map_spec_set_map_type (spec, EBPF_MAP_TYPE_LRU_HASH);
  ebpf_map_spec_set_value_size (spec, 16);
  ebpf_map_spec_set_max_entries (spec, 17);
  g_assert_false (ebpf_map_check_compatible (map, spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE, "*lru*16*17*");
}

static void
test_extra (void)
{
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("legacy-maps-long.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = load_spec ("legacy-maps-long.bpf.o");
  EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, "zero_tail");
  g_autoptr (EbpfMapSpec) copy = NULL;
  g_autoptr (EbpfCollection) zero = NULL;
  g_autoptr (EbpfCollection) understood = NULL;
  g_autoptr (GBytes) property = NULL;
  const guint8 tail[] = { 0, 0, 0, 0, 2, 0, 0, 0 };
  g_autoptr (GBytes) extra = g_bytes_new (tail, sizeof tail);

  /* id and pinning of iproute2. */
  g_assert_cmpuint (g_bytes_get_size (ebpf_map_spec_get_extra (map)), ==, 8);
  if (!ebpf_test_require_bpf ())
    return;
  zero = load (spec);
  g_assert_nonnull (ebpf_collection_get_map (zero, "zero_tail"));

  ebpf_map_spec_set_extra (map, extra);
  copy = ebpf_map_spec_copy (map);
  assert_refused (spec, EBPF_ERROR_NOT_SUPPORTED, "*zero_tail*byte 4*extra*");

  ebpf_map_spec_set_extra (map, NULL);
  understood = load (spec);
  g_assert_nonnull (ebpf_collection_get_map (understood, "zero_tail"));
  g_object_get (copy, "extra", &property, NULL);
  g_assert_true (g_bytes_equal (property, extra));
}

static void
test_map_string (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("named", EBPF_MAP_TYPE_LRU_HASH, 12, 34, 56);
  g_autofree char *text = NULL;

  ebpf_map_spec_set_map_flags (spec, 0x78);
  text = ebpf_map_spec_to_string (spec);
  g_assert_true (g_pattern_match_simple ("*lru-hash*12*34*56*0x78*", text));
}

/* --- programs */

/* A program for one network device alone. */
static void
test_device (void)
{
  g_autoptr (EbpfProgramSpec) spec = ebpf_program_spec_new ("bound", EBPF_PROGRAM_TYPE_XDP);
  g_autoptr (EbpfAssembler) assembler = ebpf_assembler_new ();
  g_autoptr (EbpfProgram) bound = NULL;
  g_autoptr (EbpfProgram) nowhere = NULL;
  g_autoptr (EbpfProgramSpec) copy = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 3))
    return;

  ebpf_assembler_emit_move (assembler, 0, 2);
  ebpf_assembler_emit_exit (assembler);
  g_assert_true (ebpf_program_spec_set_instructions (spec, assembler, &error));
  g_assert_no_error (error);
  ebpf_program_spec_set_program_flags (spec, EBPF_PROGRAM_FLAGS_XDP_DEV_BOUND_ONLY);

  /* 1 is the loopback device, whose driver may not know of this; a device that is not there is
   * another matter. */
  ebpf_program_spec_set_ifindex (spec, 1);
  copy = ebpf_program_spec_copy (spec);
  g_assert_cmpuint (ebpf_program_spec_get_ifindex (copy), ==, 1);
  bound = ebpf_program_new (copy, NULL, &error);
  if (bound == NULL)
    g_assert_cmpint (ebpf_error_get_errno (error), ==, EOPNOTSUPP);
  g_clear_error (&error);

  ebpf_program_spec_set_ifindex (spec, 0x7fffffff);
  nowhere = ebpf_program_new (spec, NULL, &error);
  g_assert_null (nowhere);
  g_assert_cmpint (ebpf_error_get_errno (error), ==, EINVAL);
}

/* --- variables */

static void
test_untyped_variable (void)
{
  const guint32 number = 0x01020304;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new ();
  g_autoptr (GBytes) initial = g_bytes_new_take (g_malloc0 (4), 4);
  g_autoptr (EbpfVariableSpec) variable =
      ebpf_variable_spec_new ("limit", ".rodata", 0, initial, NULL);
  g_autoptr (EbpfVariableSpec) namesake =
      ebpf_variable_spec_new ("limit", ".data", 0, initial, NULL);
  g_autoptr (GBytes) bytes = NULL;
  GVariantBuilder right, wrong, several;
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_collection_spec_add_variable (spec, variable, &error));
  g_assert_no_error (error);

  /* A name stands for one variable. */
  g_assert_false (ebpf_collection_spec_add_variable (spec, namesake, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS, "*limit*");
  g_clear_error (&error);

  g_variant_builder_init (&right, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (
      &right, "{sv}", "limit",
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, &number, sizeof number, 1));
  g_assert_true (ebpf_collection_spec_set_constants (spec, g_variant_builder_end (&right), &error));
  g_assert_no_error (error);
  bytes = ebpf_variable_spec_get_bytes (variable);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &number,
                   sizeof number);

  g_variant_builder_init (&wrong, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&wrong, "{sv}", "limit",
                         g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, &number, 3, 1));
  g_assert_false (
      ebpf_collection_spec_set_constants (spec, g_variant_builder_end (&wrong), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
  g_clear_error (&error);

  g_variant_builder_init (&several, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&several, "{sv}", "no_such", g_variant_new_uint32 (1));
  g_variant_builder_add (&several, "{sv}", "limit", g_variant_new_uint32 (1));
  g_variant_builder_add (&several, "{sv}", "nor_this", g_variant_new_uint32 (1));
  g_assert_false (
      ebpf_collection_spec_set_constants (spec, g_variant_builder_end (&several), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*no_such*nor_this*");
}

/* --- section names */

static void
test_section_name (void)
{
  g_autoptr (EbpfCollectionSpec) before = NULL;
  g_autoptr (EbpfCollectionSpec) after = NULL;
  EbpfProgramSpec *program;
  guint id = ebpf_section_name_register ("socket", EBPF_PROGRAM_TYPE_SCHED_CLS,
                                         EBPF_ATTACH_TYPE_TCX_INGRESS, TRUE, 0);

  g_assert_cmpuint (id, !=, 0);
  before = load_spec ("constants.bpf.o");
  g_assert_true (ebpf_section_name_unregister (id));
  g_assert_false (ebpf_section_name_unregister (id));
  after = load_spec ("constants.bpf.o");

  program = ebpf_collection_spec_get_program (before, "use_none");
  g_assert_cmpint (ebpf_program_spec_get_program_type (program), ==, EBPF_PROGRAM_TYPE_SCHED_CLS);
  g_assert_true (ebpf_program_spec_has_attach_type (program));
  program = ebpf_collection_spec_get_program (after, "use_none");
  g_assert_cmpint (ebpf_program_spec_get_program_type (program), ==,
                   EBPF_PROGRAM_TYPE_SOCKET_FILTER);
}

/* Maps and programs that are there already are what a new map starts out with. */
static void
test_live_contents (void)
{
  static const guint32 one = 1;
  g_autofree char *path = ebpf_test_object ("minimal.bpf.o");
  g_autoptr (GBytes) key = g_bytes_new (&one, sizeof one);
  g_autoptr (EbpfMapSpec) inner_spec = ebpf_map_spec_new ("inner", EBPF_MAP_TYPE_ARRAY, 4, 8, 4);
  g_autoptr (EbpfMapSpec) outer_spec =
      ebpf_map_spec_new ("outer", EBPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 2);
  g_autoptr (EbpfMapSpec) jumps_spec =
      ebpf_map_spec_new ("jumps", EBPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2);
  g_autoptr (EbpfMapSpec) wrong_spec =
      ebpf_map_spec_new ("wrong", EBPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2);
  g_autoptr (EbpfMapSpec) copy = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollectionSpec) together = ebpf_collection_spec_new ();
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfMap) inner = NULL;
  g_autoptr (EbpfMap) outer = NULL;
  g_autoptr (GObject) found = NULL;
  g_autoptr (GError) error = NULL;
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  program = ebpf_program_new (ebpf_collection_spec_get_program (spec, "accept_all"), NULL, &error);
  g_assert_no_error (error);
  inner = ebpf_map_new (inner_spec, &error);
  g_assert_no_error (error);

  ebpf_map_spec_set_inner_map (outer_spec, inner_spec);
  ebpf_map_spec_add_object (outer_spec, key, G_OBJECT (inner));
  copy = ebpf_map_spec_copy (outer_spec);
  g_assert_true (ebpf_map_spec_get_content_object (copy, 0) == G_OBJECT (inner));
  g_assert_null (ebpf_map_spec_get_content_reference (copy, 0));
  g_assert_null (ebpf_map_spec_get_content_value (copy, 0));
  outer = ebpf_map_new (copy, &error);
  g_assert_no_error (error);
  found = ebpf_map_lookup_object (outer, g_variant_new_uint32 (1), &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_MAP (found));
  g_assert_cmpuint (ebpf_map_get_id (EBPF_MAP (found)), ==, ebpf_map_get_id (inner));
  g_clear_object (&found);

  /* In a collection, too. */
  ebpf_map_spec_add_object (jumps_spec, key, G_OBJECT (program));
  g_assert_true (ebpf_collection_spec_add_map (together, jumps_spec, &error));
  collection = ebpf_collection_new (together);
  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);
  found = ebpf_map_lookup_object (ebpf_collection_get_map (collection, "jumps"),
                                  g_variant_new_uint32 (1), &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_PROGRAM (found));

  /* What cannot be in such a map is said, and nothing stays. */
  n_fds = ebpf_test_count_fds ();
  ebpf_map_spec_add_object (wrong_spec, key, G_OBJECT (inner));
  g_assert_null (ebpf_map_new (wrong_spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*wrong*");
  g_clear_error (&error);
  ebpf_map_close (inner);
  g_assert_null (ebpf_map_new (outer_spec, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds - 1);
}

/* The object's types as the kernel has them. */
static void
test_btf_fd (void)
{
  g_autofree char *path = ebpf_test_object ("variables.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *info_path = NULL;
  g_autofree char *info = NULL;
  int fd;

  if (!ebpf_test_require_bpf ())
    return;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  collection = ebpf_collection_new (spec);
  g_assert_cmpint (ebpf_collection_dup_btf_fd (collection, &error), ==, -1);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*variables.bpf.o*");
  g_clear_error (&error);

  g_assert_true (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_no_error (error);
  fd = ebpf_collection_dup_btf_fd (collection, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  info_path = g_strdup_printf ("/proc/self/fd/%d", fd);
  info = g_file_read_link (info_path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (info, ==, "anon_inode:btf");
  close (fd);

  ebpf_collection_close (collection);
  g_assert_cmpint (ebpf_collection_dup_btf_fd (collection, NULL), ==, -1);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/spec-rules/constants", test_constants);
  ebpf_test_add ("/spec-rules/define-function", test_define_function);
  ebpf_test_add ("/spec-rules/missing-map", test_missing_map);
  ebpf_test_add ("/spec-rules/undefined", test_undefined);
  ebpf_test_add ("/spec-rules/redirect", test_redirect);
  ebpf_test_add ("/spec-rules/tag", test_tag);
  ebpf_test_add ("/spec-rules/program-compatible", test_program_compatible);
  ebpf_test_add ("/spec-rules/map-compatible", test_map_compatible);
  ebpf_test_add ("/spec-rules/map-string", test_map_string);
  ebpf_test_add ("/spec-rules/extra", test_extra);
  ebpf_test_add ("/spec-rules/device", test_device);
  ebpf_test_add ("/spec-rules/untyped-variable", test_untyped_variable);
  ebpf_test_add ("/spec-rules/section-name", test_section_name);
  ebpf_test_add ("/spec-rules/live-contents", test_live_contents);
  ebpf_test_add ("/spec-rules/btf-fd", test_btf_fd);
  return g_test_run ();
}
