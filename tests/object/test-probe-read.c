/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of helpers that the kernel does not have: the probe for them is made to fail, as it
 * does before Linux 5.5. */

#include <errno.h>

#include <ebpf.h>

#include "asm/ebpf-insn-private.h"
#include "ebpf-test.h"
#include "sys/ebpf-sys-private.h"

/* enum bpf_func_id */
#define PROBE_READ 4
#define KTIME_GET_NS 5
#define PROBE_READ_STR 45
#define PROBE_READ_USER 112
#define PROBE_READ_KERNEL 113
#define PROBE_READ_USER_STR 114
#define PROBE_READ_KERNEL_STR 115

static const gint32 called[] = { PROBE_READ_USER,       KTIME_GET_NS, PROBE_READ_KERNEL,
                                 PROBE_READ_USER_STR,   PROBE_READ,   PROBE_READ_STR,
                                 PROBE_READ_KERNEL_STR, KTIME_GET_NS };
static const gint32 old[] = { PROBE_READ, KTIME_GET_NS,   PROBE_READ,     PROBE_READ_STR,
                              PROBE_READ, PROBE_READ_STR, PROBE_READ_STR, KTIME_GET_NS };

/* Each reads some bytes of nowhere onto the stack. Before them, a number that looks like a call. */
static EbpfCollectionSpec *
make_spec (void)
{
  EbpfCollectionSpec *spec = ebpf_collection_spec_new ();
  g_autoptr (EbpfProgramSpec) program =
      ebpf_program_spec_new ("reads", EBPF_PROGRAM_TYPE_RAW_TRACEPOINT);
  g_autoptr (EbpfAssembler) code = ebpf_assembler_new ();
  g_autoptr (GError) error = NULL;

  ebpf_assembler_emit (code, EBPF_OP_LDIMM64, 7, 0, 0, PROBE_READ_KERNEL);
  for (gsize i = 0; i < G_N_ELEMENTS (called); i++)
    {
      ebpf_assembler_emit (code, 0xbf, 1, 10, 0, 0); /* r1 = r10 - 16 */
      ebpf_assembler_emit (code, 0x07, 1, 0, 0, -16);
      ebpf_assembler_emit_move (code, 2, 8);
      ebpf_assembler_emit_move (code, 3, 0);
      ebpf_assembler_emit_call (code, (guint) called[i]);
    }
  ebpf_assembler_emit_move (code, 0, 0);
  ebpf_assembler_emit_exit (code);
  ebpf_program_spec_set_instructions (program, code, &error);
  g_assert_no_error (error);
  ebpf_program_spec_set_license (program, "GPL");
  ebpf_collection_spec_add_program (spec, program, &error);
  g_assert_no_error (error);

  return spec;
}

static void
assert_calls (GBytes *code, const gint32 *expected)
{
  gsize size;
  const EbpfInsn *insns = g_bytes_get_data (code, &size);
  guint n_calls = 0;

  g_assert_cmpint (insns[0].imm, ==, PROBE_READ_KERNEL);
  for (gsize i = 0; i < size / sizeof *insns; i++)
    if (insns[i].code == EBPF_OP_CALL)
      {
        g_assert_cmpuint (n_calls, <, G_N_ELEMENTS (called));
        g_assert_cmpint (insns[i].imm, ==, expected[n_calls]);
        n_calls++;
      }
  g_assert_cmpuint (n_calls, ==, G_N_ELEMENTS (called));
}

static void
load_and_check (const gint32 *expected)
{
  g_autoptr (EbpfCollectionSpec) spec = make_spec ();
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
  g_autoptr (GBytes) code = NULL;
  g_autoptr (GError) error = NULL;
  gboolean done;

  done = ebpf_collection_prepare (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (done);
  code = ebpf_collection_dup_prepared_code (collection, "reads");
  assert_calls (code, expected);

  /* Later kernels still have the old helpers, where kernel and user space do not overlap. */
  done = ebpf_collection_load (collection, NULL, NULL, &error);
#if defined(__x86_64__)
  g_assert_no_error (error);
  g_assert_true (done);
#endif
}

/* What is known of a kernel is known once for a process: so each in its own. */
static void
test_present (void)
{
  if (g_test_subprocess ())
    {
      load_and_check (called);
      return;
    }

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 5))
    return;
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static int
refuse_load (EbpfSysCommand command, gpointer user_data)
{
  guint *n_refused = user_data;

  if (command != EBPF_SYS_PROG_LOAD)
    return 0;

  (*n_refused)++;
  return EINVAL;
}

static void
test_missing (void)
{
  if (g_test_subprocess ())
    {
      guint n_refused = 0;

      ebpf_sys_set_fault_func (refuse_load, &n_refused);
      g_assert_false (ebpf_sys_has_feature (EBPF_FEATURE_PROBE_READ_KERNEL));
      ebpf_sys_set_fault_func (NULL, NULL);
      g_assert_cmpuint (n_refused, ==, 1);
      load_and_check (old);
      return;
    }

  if (!ebpf_test_require_bpf ())
    return;
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/probe-read/present", test_present);
  ebpf_test_add ("/object/probe-read/missing", test_missing);

  return g_test_run ();
}
