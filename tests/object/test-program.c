/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "btf/ebpf-btf.h"
#include "ebpf-test.h"
#include "elf/ebpf-elf.h"
#include "object/ebpf-load-options-private.h"
#include "object/ebpf-map.h"
#include "object/ebpf-program-loader-private.h"
#include "object/ebpf-program.h"
#include "spec/ebpf-program-spec-private.h"
#include "sys/ebpf-sys-private.h"

#define N_ELEMENTS_AND(array) array, G_N_ELEMENTS (array)

static EbpfProgramSpec *
make_spec (const char *name, EbpfProgramType type, const EbpfInsn *insns, gsize n_insns)
{
  EbpfProgramSpec *spec = ebpf_program_spec_new (name, type);
  EbpfCode *code = ebpf_code_new ();

  g_array_append_vals (code->insns, insns, (guint) n_insns);
  ebpf_program_spec_take_code (spec, code);
  ebpf_program_spec_set_license (spec, "GPL");

  return spec;
}

static const EbpfInsn return_seven[] = {
  { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst = 0, .imm = 7 },
  { .code = EBPF_OP_EXIT },
};

static const EbpfInsn return_zero[] = {
  { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst = 0, .imm = 0 },
  { .code = EBPF_OP_EXIT },
};

static const EbpfInsn no_return_value[] = {
  { .code = EBPF_OP_EXIT },
};

static EbpfProgramSpec *
load_spec (const char *object, const char *name)
{
  g_autofree char *path = ebpf_test_object (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) collection = ebpf_collection_spec_new_from_path (path, &error);
  EbpfProgramSpec *spec;

  g_assert_no_error (error);
  spec = ebpf_collection_spec_get_program (collection, name);
  g_assert_nonnull (spec);
  if (ebpf_program_spec_get_license (spec) == NULL)
    ebpf_program_spec_set_license (spec, ebpf_collection_spec_get_license (collection));

  return g_object_ref (spec);
}

static void
on_count (GObject *object, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_load (void)
{
  g_autoptr (EbpfProgramSpec) spec = load_spec ("minimal.bpf.o", "accept_all");
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GError) error = NULL;
  guint n_closed = 0, n_notified = 0, returned = 0;

  if (!ebpf_test_require_bpf ())
    return;

  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_program_get_name (program), ==, "accept_all");
  g_assert_cmpint (ebpf_program_get_program_type (program), ==, EBPF_PROGRAM_TYPE_SOCKET_FILTER);
  g_assert_cmpuint (ebpf_program_get_id (program), >, 0);
  g_assert_true (ebpf_program_is_open (program));
  g_assert_cmpint (ebpf_program_peek_fd (program), >=, 3);
  g_assert_cmpint (fcntl (ebpf_program_peek_fd (program), F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  g_assert_null (ebpf_program_get_verifier_log (program));
  g_assert_null (ebpf_program_get_pin_path (program));
  g_assert_nonnull (ebpf_program_get_spec (program));

  g_assert_true (ebpf_program_test_run (program, packet, 1, &returned, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmphex (returned, ==, 0xffff);

  g_signal_connect (program, "closed", G_CALLBACK (on_count), &n_closed);
  g_signal_connect (program, "notify::open", G_CALLBACK (on_notify), &n_notified);
  ebpf_program_close (program);
  ebpf_program_close (program);
  g_assert_cmpuint (n_closed, ==, 1);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_false (ebpf_program_is_open (program));
  g_assert_cmpint (ebpf_program_peek_fd (program), ==, -1);
  g_assert_cmpint (ebpf_program_take_fd (program), ==, -1);

  g_assert_false (ebpf_program_test_run (program, packet, 1, NULL, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED, "*accept_all*");
}

static void
test_properties (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("props", EBPF_PROGRAM_TYPE_SOCKET_FILTER, N_ELEMENTS_AND (return_seven));
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfProgramSpec) its_spec = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  g_autofree char *pin_path = NULL;
  g_autofree char *log = NULL;
  EbpfProgramType type;
  gboolean open;
  guint id;

  if (!ebpf_test_require_bpf ())
    return;

  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);
  g_object_get (program, "name", &name, "program-type", &type, "id", &id, "open", &open, "pin-path",
                &pin_path, "verifier-log", &log, "spec", &its_spec, NULL);
  g_assert_cmpstr (name, ==, "props");
  g_assert_cmpint (type, ==, EBPF_PROGRAM_TYPE_SOCKET_FILTER);
  g_assert_cmpuint (id, ==, ebpf_program_get_id (program));
  g_assert_true (open);
  g_assert_null (pin_path);
  g_assert_null (log);
  /* What the caller does with the spec afterwards is not seen in the program's. */
  g_assert_true (its_spec != spec);
}

static void
test_rejected (void)
{
  g_autoptr (EbpfProgramSpec) spec = load_spec ("rejected.bpf.o", "unchecked");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapSpec) map_spec = ebpf_map_spec_new ("map", EBPF_MAP_TYPE_HASH, 4, 8, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) copy = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  /* Alone, it has nowhere to take its map from. */
  g_assert_null (ebpf_program_new (spec, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "program \"unchecked\": *map \"map\"*");
  g_clear_error (&error);

  map = ebpf_map_new (map_spec, &error);
  g_assert_no_error (error);
  ebpf_load_options_replace_map (options, "map", map);
  g_assert_null (ebpf_program_new (spec, options, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_VERIFIER,
                                  "program \"unchecked\": *rejected it: *R0*EACCES*");
  g_assert_cmpint (ebpf_error_get_errno (error), ==, EACCES);
  g_assert_null (strchr (error->message, '\n'));
  g_assert_nonnull (ebpf_error_get_log (error));
  g_assert_nonnull (strstr (ebpf_error_get_log (error), "processed "));
  /* The line records went along: the log says where in the source. */
  if (ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (6, 9, 0))
    g_assert_nonnull (strstr (error->message, "rejected.bpf.c:"));

  /* The log goes where the error goes. */
  copy = g_error_copy (error);
  g_assert_cmpstr (ebpf_error_get_log (copy), ==, ebpf_error_get_log (error));
}

static void
test_closed_map (void)
{
  g_autoptr (EbpfProgramSpec) spec = load_spec ("rejected.bpf.o", "unchecked");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapSpec) map_spec = ebpf_map_spec_new ("map", EBPF_MAP_TYPE_HASH, 4, 8, 1);
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (map_spec, &error);
  g_assert_no_error (error);
  ebpf_map_close (map);
  ebpf_load_options_replace_map (options, "map", map);
  g_assert_null (ebpf_program_new (spec, options, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED, "*\"map\"*closed*");
}

static void
test_bad_specs (void)
{
  g_autoptr (EbpfProgramSpec) untyped =
      make_spec ("untyped", EBPF_PROGRAM_TYPE_UNSPEC, N_ELEMENTS_AND (return_seven));
  g_autoptr (EbpfProgramSpec) empty = make_spec ("empty", EBPF_PROGRAM_TYPE_XDP, NULL, 0);
  g_autoptr (EbpfProgramSpec) foreign = NULL;
  g_autoptr (EbpfProgramSpec) undefined = NULL;
  g_autoptr (GError) error = NULL;
  EbpfCode *code;

  g_assert_null (ebpf_program_new (untyped, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "program \"untyped\": *type*");
  g_clear_error (&error);

  g_assert_null (ebpf_program_new (empty, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*no instructions*");
  g_clear_error (&error);

  /* Whichever this machine is, the other is refused, and both are named. */
  foreign = load_spec (G_BYTE_ORDER == G_LITTLE_ENDIAN ? "minimal.be.bpf.o" : "minimal.bpf.o",
                       "accept_all");
  g_assert_null (ebpf_program_new (foreign, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BYTE_ORDER, "*big-endian*");
  g_assert_nonnull (strstr (error->message, "little-endian"));
  g_clear_error (&error);

  undefined = ebpf_program_spec_new ("undefined", EBPF_PROGRAM_TYPE_XDP);
  code = ebpf_code_new ();
  g_array_append_vals (code->insns, return_seven, G_N_ELEMENTS (return_seven));
  ebpf_code_add_reloc (code, 0, EBPF_RELOC_OTHER, "defined_nowhere", 0);
  ebpf_program_spec_take_code (undefined, code);
  g_assert_null (ebpf_program_new (undefined, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "*instruction 0*defined_nowhere*");
  g_clear_error (&error);

  /* Relocations that do not fit the code. */
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (EbpfProgramSpec) broken = ebpf_program_spec_new ("broken", EBPF_PROGRAM_TYPE_XDP);

      code = ebpf_code_new ();
      g_array_append_vals (code->insns, return_seven, G_N_ELEMENTS (return_seven));
      ebpf_code_add_reloc (code, i, EBPF_RELOC_MAP, "map", 0);
      ebpf_program_spec_take_code (broken, code);
      g_assert_null (ebpf_program_new (broken, NULL, &error));
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_RELOCATION);
      g_clear_error (&error);
    }
}

static void
test_log_on_request (void)
{
  g_autoptr (EbpfProgramSpec) spec = NULL;
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfProgram) copy = NULL;
  g_autoptr (GArray) insns = g_array_new (FALSE, TRUE, sizeof (EbpfInsn));
  g_autoptr (GError) error = NULL;
  const char *log;

  if (!ebpf_test_require_bpf ())
    return;

  /* A log of several times the size that it is begun with. */
  for (guint i = 0; i < 3000; i++)
    {
      const EbpfInsn insn = { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst = 0, .imm = (gint32) i };

      g_array_append_val (insns, insn);
    }
  g_array_append_vals (insns, no_return_value, 1);
  spec = make_spec ("long_log", EBPF_PROGRAM_TYPE_SOCKET_FILTER, (const EbpfInsn *) insns->data,
                    insns->len);

  ebpf_load_options_set_log_level (options, 2);
  ebpf_load_options_set_log_size (options, 1);
  program = ebpf_program_new (spec, options, &error);
  g_assert_no_error (error);
  log = ebpf_program_get_verifier_log (program);
  g_assert_nonnull (log);
  g_assert_nonnull (strstr (log, "\n1: (b7) r0 = 1"));
  g_assert_nonnull (strstr (log, "\n2999: (b7) r0 = 2999"));
  g_assert_nonnull (strstr (log, "processed 3001 insns"));

  copy = ebpf_program_dup (program, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_program_get_verifier_log (copy), ==, log);
}

static void
test_too_complex (void)
{
  /* More open branches than the verifier keeps in mind (BPF_COMPLEXITY_LIMIT_JMP_SEQ). */
  const EbpfInsn load_length = { .code = BPF_LDX | BPF_MEM | BPF_W, .dst = 2, .src = 1 };
  g_autoptr (GArray) insns = g_array_new (FALSE, TRUE, sizeof (EbpfInsn));
  g_autoptr (EbpfProgramSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 3))
    return;

  g_array_append_val (insns, load_length);
  for (guint i = 0; i < 9000; i++)
    {
      const EbpfInsn insn = { .code = BPF_JMP | BPF_JEQ | BPF_K, .dst = 2, .imm = (gint32) i };

      g_array_append_val (insns, insn);
    }
  g_array_append_vals (insns, return_seven, G_N_ELEMENTS (return_seven));
  spec = make_spec ("branches", EBPF_PROGRAM_TYPE_SOCKET_FILTER, (const EbpfInsn *) insns->data,
                    insns->len);

  g_assert_null (ebpf_program_new (spec, NULL, &error));
  g_assert_nonnull (ebpf_error_get_log (error));
  /* Older kernels answer with the errno of a bug of theirs. */
  if (ebpf_error_get_errno (error) == E2BIG)
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_VERIFIER,
                                    "*8193 jumps*too complex*split it*");
  else
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_VERIFIER, "*8193 jumps*");
}

static void
test_bad_attach_type (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("misfit", EBPF_PROGRAM_TYPE_CGROUP_SOCK_ADDR, N_ELEMENTS_AND (return_seven));
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  /* Refused before the verifier looks: there is no log, and the error says what was asked for. */
  ebpf_program_spec_set_attach_type (spec, EBPF_ATTACH_TYPE_XDP);
  g_assert_null (ebpf_program_new (spec, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "program \"misfit\": *cgroup-sock-addr*xdp*EINVAL*");
  g_assert_null (ebpf_error_get_log (error));
}

static void
test_attach_target (void)
{
  g_autoptr (EbpfProgramSpec) fentry =
      make_spec ("entered", EBPF_PROGRAM_TYPE_TRACING, N_ELEMENTS_AND (return_zero));
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_program_spec_set_attach_type (fentry, EBPF_ATTACH_TYPE_TRACE_RAW_TP);
  g_assert_null (ebpf_program_new (fentry, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "program \"entered\": *which tracepoint*");
  g_clear_error (&error);

  if (!g_file_test ("/sys/kernel/btf/vmlinux", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("this kernel has no type information");
      return;
    }

  ebpf_program_spec_set_attach_to (fentry, "no_such_tracepoint");
  g_assert_null (ebpf_program_new (fentry, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*tracepoint \"no_such_tracepoint\"*btf_trace_*");
  g_clear_error (&error);

  ebpf_program_spec_set_attach_to (fentry, "sched_switch");
  program = ebpf_program_new (fentry, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&program);

  ebpf_program_spec_set_attach_type (fentry, EBPF_ATTACH_TYPE_TRACE_FENTRY);
  ebpf_program_spec_set_attach_to (fentry, "no_such_module:no_such_function");
  g_assert_null (ebpf_program_new (fentry, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*no_such_function*");
  g_clear_error (&error);

  /* Some kernels refuse this type, and say nothing but EPERM. */
  ebpf_program_spec_set_attach_to (fentry, "schedule");
  program = ebpf_program_new (fentry, NULL, &error);
  if (program == NULL)
    {
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                      "*refuses*tracing*trace-fentry*although*CONFIG_*");
      g_clear_error (&error);
    }

  ebpf_program_spec_set_program_type (fentry, EBPF_PROGRAM_TYPE_EXT);
  g_assert_null (ebpf_program_new (fentry, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*freplace*set_attach_target*");

  /* What was looked through keeps the modules' types open. */
  ebpf_btf_drop_kernel ();
}

static void
test_iterator_target (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("every_task", EBPF_PROGRAM_TYPE_TRACING, N_ELEMENTS_AND (return_zero));
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  guint32 id;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 8))
    return;
  if (!g_file_test ("/sys/kernel/btf/vmlinux", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("this kernel has no type information");
      return;
    }

  ebpf_program_spec_set_attach_type (spec, EBPF_ATTACH_TYPE_TRACE_ITER);
  ebpf_program_spec_set_attach_to (spec, "task");
  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);
  info = ebpf_program_query_info (program, &error);
  g_assert_no_error (error);
  if (g_variant_lookup (info, "attach-btf-id", "u", &id))
    g_assert_cmpuint (id, >, 0);
}

static void
test_core_poison (void)
{
  g_autoptr (EbpfProgramSpec) reads = load_spec ("poison.bpf.o", "reads_missing");
  g_autoptr (EbpfProgramSpec) asks = load_spec ("poison.bpf.o", "asks_first");
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;
  if (!g_file_test ("/sys/kernel/btf/vmlinux", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("this kernel has no type information");
      return;
    }

  g_assert_null (ebpf_program_new (reads, NULL, &error));
  ebpf_test_assert_error_matches (
      error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
      "program \"reads_missing\": *task_struct___poison.inner.no_such_field[2]*");
  g_assert_nonnull (ebpf_error_get_log (error));
  g_clear_error (&error);

  program = ebpf_program_new (asks, NULL, &error);
  g_assert_no_error (error);
}

/* --- what the kernel answers, told without a kernel */

/* What is said to do about it, besides what the kernel answers. */
static void
test_advice (void)
{
  static const struct
  {
    const char *log;
    int errsv;
    const char *pattern;
  } cases[] = {
    { "cannot call GPL-restricted function from non-GPL compatible program", EINVAL,
      "*GPL-restricted*(EINVAL)*its licence is \"Proprietary\"*SEC (\"license\")*" },
    { "struct ops programs must have a GPL compatible license", EINVAL, "*SEC (\"license\")*" },
    { "invalid func unknown#9999", EINVAL, "*#9999*older than the program*" },
    { "program of this type cannot use helper bpf_override_return#58", EINVAL,
      "*bpf_override_return*type*is xdp*" },
    { "calling kernel function bpf_task_acquire is not allowed", EACCES, "*type*is xdp*" },
    { "helper call might sleep in a non-sleepable prog", EINVAL, "*sections with \".s\"*" },
    { "ldimm64 failed to find the address for kernel symbol 'runqueues'.", ENOENT,
      "*CONFIG_KALLSYMS_ALL*" },
    { "R0 invalid mem access 'map_value_or_null'", EACCES, "*compare it with NULL*" },
    { "infinite loop detected at insn 2\ncur state: R10=fp0\nold state: R10=fp0", EINVAL,
      "*: infinite loop detected at insn 2: *bpf_loop*" },
    { "invalid access to packet, off=0 size=1, R1(id=0,off=0,r=0)\nR1 offset is outside of the "
      "packet",
      EACCES, "*outside of the packet*end of the packet first*" },
    { "R1 unbounded memory access, make sure to bounds check any such access", EACCES,
      "*limits first*" },
    { "verifier bug: something else", EFAULT, "*something else*kernel's log*" },
    { "something that needs no advice", EINVAL, "*something*see the verifier's log*" },
  };
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("advised", EBPF_PROGRAM_TYPE_XDP, N_ELEMENTS_AND (return_seven));

  ebpf_program_spec_set_license (spec, "Proprietary");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      ebpf_program_explain_rejection (spec, cases[i].errsv, cases[i].log, NULL, &error);
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_VERIFIER, cases[i].pattern);
      g_assert_cmpstr (ebpf_error_get_log (error), ==, cases[i].log);
    }
}

static void
test_explain (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("explained", EBPF_PROGRAM_TYPE_LSM, N_ELEMENTS_AND (return_seven));
  g_autoptr (EbpfProgramSpec) refers = NULL;
  g_autofree char *privileges = ebpf_sys_explain_privileges ();
  g_autofree char *log = NULL;
  g_autoptr (GError) error = NULL;
  EbpfCode *code;
  EbpfReloc reloc = { .insn = 5, .kind = EBPF_RELOC_KFUNC };

  ebpf_program_spec_set_attach_type (spec, EBPF_ATTACH_TYPE_LSM_MAC);

  ebpf_program_explain_rejection (spec, EPERM, NULL, NULL, &error);
  if (privileges == NULL)
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                    "*lsm*although the process has*CONFIG_BPF_LSM*");
  else
    g_assert_error (error, EBPF_ERROR, EBPF_ERROR_PERMISSION);
  g_clear_error (&error);

  /* The verifier may have run for a while before memory was out. */
  ebpf_program_explain_rejection (spec, ENOMEM, "0: (95) exit\nsomething", NULL, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
  g_clear_error (&error);

  /* EFAULT does not hide the log. */
  ebpf_program_explain_rejection (spec, EFAULT, "The sequence of 8193 jumps is too complex.\n",
                                  NULL, &error);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_VERIFIER,
                                  "*8193 jumps*EFAULT*bound its loops*");
  g_assert_nonnull (ebpf_error_get_log (error));
  g_clear_error (&error);

  ebpf_program_explain_rejection (spec, E2BIG, NULL, NULL, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
  g_clear_error (&error);

  ebpf_program_explain_rejection (spec, EINVAL, "processed 0 insns (limit 1000000)", "told before",
                                  &error);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*told before*");
  g_clear_error (&error);

  /* A weak function of the kernel that was called without a look whether it is there. */
  refers = ebpf_program_spec_new ("refers", EBPF_PROGRAM_TYPE_XDP);
  code = ebpf_code_new ();
  reloc.symbol = g_ref_string_new ("bpf_no_such_kfunc");
  g_array_append_val (code->relocs, reloc);
  ebpf_code_add_reloc (code, 8, EBPF_RELOC_MAP, "left_out", 0);
  ebpf_program_spec_take_code (refers, code);

  log = g_strdup_printf ("5: (85) call unknown#%u\ninvalid func unknown#%u\n",
                         EBPF_EXTERNS_POISON_CALL, EBPF_EXTERNS_POISON_CALL);
  ebpf_program_explain_rejection (refers, EINVAL, log, NULL, &error);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION, "*bpf_no_such_kfunc*");
  g_clear_error (&error);

  ebpf_program_explain_rejection (refers, EINVAL, "invalid func unknown#2001000001\n", NULL,
                                  &error);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "*instruction 8*\"left_out\"*");
  g_clear_error (&error);

  /* A number that no relocation has is the program's own doing. */
  ebpf_program_explain_rejection (refers, EINVAL, "invalid func unknown#2001000002\n", NULL,
                                  &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_VERIFIER);

  g_assert_cmpstr (ebpf_program_min_kernel_version (EBPF_PROGRAM_TYPE_XDP, FALSE, 0), ==, "4.8");
  g_assert_cmpstr (ebpf_program_min_kernel_version (EBPF_PROGRAM_TYPE_KPROBE, TRUE,
                                                    EBPF_ATTACH_TYPE_TRACE_KPROBE_SESSION),
                   ==, "6.10");
  g_assert_cmpstr (ebpf_program_min_kernel_version (EBPF_PROGRAM_TYPE_NETFILTER, TRUE,
                                                    EBPF_ATTACH_TYPE_TRACE_ITER),
                   ==, "6.4");
  g_assert_null (ebpf_program_min_kernel_version (4711, TRUE, 4711));
}

/* --- handles */

static void
test_handles (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("handles", EBPF_PROGRAM_TYPE_SOCKET_FILTER, N_ELEMENTS_AND (return_seven));
  g_autoptr (EbpfMapSpec) map_spec = ebpf_map_spec_new ("m", EBPF_MAP_TYPE_ARRAY, 4, 4, 1);
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfProgram) by_fd = NULL;
  g_autoptr (EbpfProgram) by_id = NULL;
  g_autoptr (EbpfProgram) copy = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  int fd;

  if (!ebpf_test_require_bpf ())
    return;

  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);

  fd = ebpf_program_dup_fd (program, &error);
  g_assert_no_error (error);
  by_fd = ebpf_program_new_from_fd (fd, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_program_peek_fd (by_fd), ==, fd);
  g_assert_cmpstr (ebpf_program_get_name (by_fd), ==, "handles");
  g_assert_cmpuint (ebpf_program_get_id (by_fd), ==, ebpf_program_get_id (program));
  g_assert_null (ebpf_program_get_spec (by_fd));

  by_id = ebpf_program_new_from_id (ebpf_program_get_id (program), &error);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_program_get_program_type (by_id), ==, EBPF_PROGRAM_TYPE_SOCKET_FILTER);

  copy = ebpf_program_dup (program, &error);
  g_assert_no_error (error);
  ebpf_program_close (program);
  g_assert_true (ebpf_program_is_open (copy));
  g_assert_null (ebpf_program_dup (program, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);

  fd = ebpf_program_take_fd (copy);
  g_assert_cmpint (fd, >=, 3);
  g_assert_false (ebpf_program_is_open (copy));
  close (fd);

  /* What is no program is closed, and named. */
  map = ebpf_map_new (map_spec, &error);
  g_assert_no_error (error);
  fd = ebpf_map_dup_fd (map, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_program_new_from_fd (fd, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*bpf-map*");
  g_clear_error (&error);

  g_assert_null (ebpf_program_new_from_id (G_MAXUINT32 - 1, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

static void
test_pin (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("pinned", EBPF_PROGRAM_TYPE_SOCKET_FILTER, N_ELEMENTS_AND (return_seven));
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfProgram) opened = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  const char *bpffs = ebpf_test_bpffs ();
  guint n_notified = 0;

  if (bpffs == NULL || !ebpf_test_require_bpf ())
    return;

  first = g_build_filename (bpffs, "test_first", NULL);
  second = g_build_filename (bpffs, "test_second", NULL);
  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (program, "notify::pin-path", G_CALLBACK (on_notify), &n_notified);

  g_assert_false (ebpf_program_pin (program, "", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (ebpf_program_pin (program, "/tmp/not-a-bpffs", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*bpffs*");
  g_clear_error (&error);
  g_assert_false (ebpf_program_pin (program, "/sys/fs/bpf/no/such/folder", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_cmpuint (n_notified, ==, 0);

  g_assert_true (ebpf_program_pin (program, first, &error));
  g_assert_true (ebpf_program_pin (program, first, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_program_get_pin_path (program), ==, first);
  g_assert_cmpuint (n_notified, ==, 1);

  opened = ebpf_program_new_from_pin (first, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_program_get_name (opened), ==, "pinned");
  g_assert_cmpuint (ebpf_program_get_id (opened), ==, ebpf_program_get_id (program));

  /* Moved, and nothing is left at the old place. */
  g_assert_true (ebpf_program_pin (program, second, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (first, G_FILE_TEST_EXISTS));

  /* What is there already is not replaced. */
  g_assert_false (ebpf_program_pin (opened, second, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&error);

  g_assert_true (ebpf_program_unpin (program, &error));
  g_assert_no_error (error);
  g_assert_null (ebpf_program_get_pin_path (program));
  g_assert_false (g_file_test (second, G_FILE_TEST_EXISTS));
  g_assert_true (ebpf_program_unpin (program, &error));
  g_assert_no_error (error);

  g_assert_null (ebpf_program_new_from_pin (second, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*test_second*");
}

static void
test_info (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("informed", EBPF_PROGRAM_TYPE_SOCKET_FILTER, N_ELEMENTS_AND (return_seven));
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GVariant) map_ids = NULL;
  g_autoptr (GError) error = NULL;
  const char *name, *tag, *type_name;
  gboolean gpl;
  guint32 id;

  if (!ebpf_test_require_bpf ())
    return;

  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);
  info = ebpf_program_query_info (program, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_is_of_type (info, G_VARIANT_TYPE_VARDICT));
  g_assert_true (g_variant_lookup (info, "id", "u", &id));
  g_assert_cmpuint (id, ==, ebpf_program_get_id (program));
  g_assert_true (g_variant_lookup (info, "name", "&s", &name));
  g_assert_cmpstr (name, ==, "informed");
  g_assert_true (g_variant_lookup (info, "type-name", "&s", &type_name));
  g_assert_cmpstr (type_name, ==, "socket-filter");
  g_assert_true (g_variant_lookup (info, "tag", "&s", &tag));
  g_assert_cmpuint (strlen (tag), ==, 16);
  g_assert_true (g_variant_lookup (info, "gpl-compatible", "b", &gpl));
  g_assert_true (gpl);
  map_ids = g_variant_lookup_value (info, "map-ids", G_VARIANT_TYPE ("au"));
  g_assert_nonnull (map_ids);
  g_assert_cmpuint (g_variant_n_children (map_ids), ==, 0);
}

/* --- running */

static void
test_test_run (void)
{
  /* Writes 0xaa into the first byte of the packet. */
  static const EbpfInsn insns[] = {
    { .code = BPF_LDX | BPF_MEM | BPF_W, .dst = 2, .src = 1, .off = 0 },
    { .code = BPF_LDX | BPF_MEM | BPF_W, .dst = 3, .src = 1, .off = 4 },
    { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst = 4, .src = 2 },
    { .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst = 4, .imm = 1 },
    { .code = BPF_JMP | BPF_JGT | BPF_X, .dst = 4, .src = 3, .off = 1 },
    { .code = BPF_ST | BPF_MEM | BPF_B, .dst = 2, .off = 0, .imm = 0xaa },
    { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst = 0, .imm = XDP_PASS },
    { .code = EBPF_OP_EXIT },
  };
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("packet", EBPF_PROGRAM_TYPE_XDP, N_ELEMENTS_AND (insns));
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GBytes) tiny = g_bytes_new ("x", 1);
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GError) error = NULL;
  guint returned = 0, duration = G_MAXUINT;

  if (!ebpf_test_require_bpf ())
    return;

  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_program_test_run (program, packet, 3, &returned, &out, &duration, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (returned, ==, XDP_PASS);
  g_assert_cmpuint (g_bytes_get_size (out), ==, 64);
  g_assert_cmphex (*(const guint8 *) g_bytes_get_data (out, NULL), ==, 0xaa);
  g_assert_cmpuint (duration, !=, G_MAXUINT);
  /* The caller's bytes are the caller's. */
  g_assert_cmphex (*(const guint8 *) g_bytes_get_data (packet, NULL), ==, 0);

  g_assert_true (ebpf_program_benchmark (program, packet, 1000, &duration, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (duration, <, 1000000);

  /* Older kernels take it all the same. */
  if (!ebpf_program_test_run (program, tiny, 1, NULL, NULL, NULL, &error))
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*14 bytes*");
}

static void
test_run_syscall (void)
{
  /* Copies the first eight bytes of its context over the next eight. */
  static const EbpfInsn insns[] = {
    { .code = BPF_LDX | BPF_MEM | BPF_DW, .dst = 2, .src = 1, .off = 0 },
    { .code = BPF_STX | BPF_MEM | BPF_DW, .dst = 1, .src = 2, .off = 8 },
    { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst = 0, .imm = 5 },
    { .code = EBPF_OP_EXIT },
  };
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("runs", EBPF_PROGRAM_TYPE_SYSCALL, N_ELEMENTS_AND (insns));
  g_autoptr (EbpfProgram) program = NULL;
  const guint64 in[2] = { 0x1122334455667788, 0 };
  g_autoptr (GBytes) context = g_bytes_new (in, sizeof in);
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GError) error = NULL;
  const guint64 *words;
  guint returned = 0;
  gsize size;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 14))
    return;

  ebpf_program_spec_set_program_flags (spec, EBPF_PROGRAM_FLAGS_SLEEPABLE);
  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_program_run (program, context, &returned, &out, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (returned, ==, 5);
  words = g_bytes_get_data (out, &size);
  g_assert_cmpuint (size, ==, sizeof in);
  g_assert_cmphex (words[1], ==, in[0]);
  g_assert_cmphex (((const guint64 *) g_bytes_get_data (context, NULL))[1], ==, 0);
}

static void
test_run_raw_tracepoint (void)
{
  static const EbpfInsn insns[] = {
    { .code = BPF_LDX | BPF_MEM | BPF_DW, .dst = 0, .src = 1, .off = 8 },
    { .code = EBPF_OP_EXIT },
  };
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("second_argument", EBPF_PROGRAM_TYPE_RAW_TRACEPOINT, N_ELEMENTS_AND (insns));
  g_autoptr (EbpfProgram) program = NULL;
  const guint64 in[2] = { 1, 42 };
  g_autoptr (GBytes) context = g_bytes_new (in, sizeof in);
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GError) error = NULL;
  guint returned = 0;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_program_run (program, context, &returned, &out, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (returned, ==, 42);
  g_assert_null (out);

  g_assert_false (ebpf_program_run (program, NULL, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
}

/* --- faults */

typedef struct
{
  guint n_calls;
  guint first;     /* from this call on … */
  guint n_failing; /* … that many fail */
  int errsv;
  EbpfSysCommand command; /* or G_MAXUINT: any */
} Fault;

static int
fail (EbpfSysCommand command, gpointer user_data)
{
  Fault *fault = user_data;
  guint call;

  if (fault->command != (EbpfSysCommand) G_MAXUINT && command != fault->command)
    return 0;

  call = fault->n_calls++;
  return call >= fault->first && call - fault->first < fault->n_failing ? fault->errsv : 0;
}

static void
test_faults (void)
{
  static const int errnos[] = { EPERM, EINVAL, ENOMEM, EMFILE };
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("faulty", EBPF_PROGRAM_TYPE_SOCKET_FILTER, N_ELEMENTS_AND (return_seven));
  g_autoptr (EbpfProgram) warm_up = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  /* What is probed once is not asked again. */
  warm_up = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (errnos); i++)
    {
      Fault fault = { 0, 0, G_MAXUINT, errnos[i], EBPF_SYS_PROG_LOAD };
      guint n_fds = ebpf_test_count_fds ();

      ebpf_sys_set_fault_func (fail, &fault);
      g_assert_null (ebpf_program_new (spec, NULL, &error));
      ebpf_sys_set_fault_func (NULL, NULL);
      g_assert_nonnull (error);
      g_assert_cmpint (ebpf_error_get_errno (error), ==, errnos[i]);
      g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
      g_clear_error (&error);
    }
}

static void
test_interrupted (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("interrupted", EBPF_PROGRAM_TYPE_SOCKET_FILTER, N_ELEMENTS_AND (return_seven));
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (GError) error = NULL;
  Fault fault = { 0, 0, 3, EAGAIN, EBPF_SYS_PROG_LOAD };

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_sys_set_fault_func (fail, &fault);
  program = ebpf_program_new (spec, NULL, &error);
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_no_error (error);
  g_assert_true (ebpf_program_is_open (program));
  g_assert_cmpuint (fault.n_calls, >=, 4);
}

/* The first answer is what counts: the second, with a log, may be another. */
static void
test_first_answer (void)
{
  g_autoptr (EbpfProgramSpec) spec =
      make_spec ("twice", EBPF_PROGRAM_TYPE_SOCKET_FILTER, N_ELEMENTS_AND (no_return_value));
  g_autoptr (GError) error = NULL;
  Fault fault = { 0, 1, G_MAXUINT, EFAULT, EBPF_SYS_PROG_LOAD };

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_sys_set_fault_func (fail, &fault);
  g_assert_null (ebpf_program_new (spec, NULL, &error));
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_nonnull (error);
  g_assert_cmpint (ebpf_error_get_errno (error), !=, EFAULT);
}

int
main (int argc, char *argv[])
{
  g_unsetenv ("EBPF_PLUGIN_PATH");
  ebpf_test_init (&argc, &argv);
  ebpf_test_bpffs ();

  ebpf_test_add ("/program/advice", test_advice);
  ebpf_test_add ("/program/load", test_load);
  ebpf_test_add ("/program/properties", test_properties);
  ebpf_test_add ("/program/rejected", test_rejected);
  ebpf_test_add ("/program/closed-map", test_closed_map);
  ebpf_test_add ("/program/bad-specs", test_bad_specs);
  ebpf_test_add ("/program/log-on-request", test_log_on_request);
  ebpf_test_add ("/program/too-complex", test_too_complex);
  ebpf_test_add ("/program/bad-attach-type", test_bad_attach_type);
  ebpf_test_add ("/program/attach-target", test_attach_target);
  ebpf_test_add ("/program/iterator-target", test_iterator_target);
  ebpf_test_add ("/program/core-poison", test_core_poison);
  ebpf_test_add ("/program/explain", test_explain);
  ebpf_test_add ("/program/handles", test_handles);
  ebpf_test_add ("/program/pin", test_pin);
  ebpf_test_add ("/program/info", test_info);
  ebpf_test_add ("/program/test-run", test_test_run);
  ebpf_test_add ("/program/run/syscall", test_run_syscall);
  ebpf_test_add ("/program/run/raw-tracepoint", test_run_raw_tracepoint);
  ebpf_test_add ("/program/faults", test_faults);
  ebpf_test_add ("/program/interrupted", test_interrupted);
  ebpf_test_add ("/program/first-answer", test_first_answer);

  return g_test_run ();
}
