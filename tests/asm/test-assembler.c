/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "asm/ebpf-assembler-private.h"
#include "base/ebpf-error.h"
#include "ebpf-test.h"
#include "sys/ebpf-sys-private.h"

#include <unistd.h>

static void
test_labels (void)
{
  g_autoptr (EbpfAssembler) assembler = ebpf_assembler_new ();
  g_autoptr (GArray) insns = NULL;
  g_autoptr (GArray) references = NULL;
  g_autoptr (GError) error = NULL;
  const EbpfInsn *code;

  ebpf_assembler_emit_jump (assembler, BPF_JMP | BPF_CALL, 0, 0, 0, "sub");        /* 0 */
  ebpf_assembler_emit_jump (assembler, EBPF_OP_LDIMM64, 4, 0, 0, "sub");           /* 1, 2 */
  ebpf_assembler_emit_jump (assembler, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 5, "end"); /* 3 */
  ebpf_assembler_emit_jump (assembler, BPF_JMP32 | BPF_JA, 0, 0, 0, "end");        /* 4 */
  ebpf_assembler_mark (assembler, "end");
  ebpf_assembler_emit_exit (assembler); /* 5 */
  ebpf_assembler_mark (assembler, "sub");
  ebpf_assembler_emit_exit (assembler); /* 6 */

  g_assert_true (ebpf_assembler_finish (assembler, &insns, &references, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (insns->len, ==, 7);
  g_assert_cmpuint (references->len, ==, 0);
  code = &g_array_index (insns, EbpfInsn, 0);
  g_assert_true (ebpf_insn_is_call (&code[0]));
  g_assert_cmpint (code[0].imm, ==, 5);
  g_assert_cmpuint (code[1].src, ==, EBPF_PSEUDO_FUNC);
  g_assert_cmpuint (code[1].dst, ==, 4);
  g_assert_cmpint (code[1].imm, ==, 4);
  g_assert_cmpint (code[3].off, ==, 1);
  g_assert_cmpint (code[3].imm, ==, 5);
  g_assert_cmpint (code[4].imm, ==, 0);
}

static void
test_label_behind_the_end (void)
{
  g_autoptr (EbpfAssembler) assembler = ebpf_assembler_new ();
  g_autoptr (GArray) insns = NULL;
  g_autoptr (GArray) references = NULL;
  g_autoptr (GError) error = NULL;

  ebpf_assembler_emit_jump (assembler, BPF_JMP | BPF_JA, 0, 0, 0, "end");
  ebpf_assembler_mark (assembler, "end");
  g_assert_false (ebpf_assembler_finish (assembler, &insns, &references, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "instruction 0*\"end\"*no instruction*");
}

/* What comes out of it runs: atomics do what they say, jumps lead where they should. */
static void
test_run (void)
{
  g_autoptr (EbpfAssembler) assembler = NULL;
  g_autoptr (GArray) insns = NULL;
  g_autoptr (GArray) references = NULL;
  g_autoptr (GError) error = NULL;
  EbpfSysProgLoad load = { 0 };
  EbpfSysTestRun run = { 0 };
  guint8 packet[64] = { 0 };
  char log[4096] = "";
  int fd;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 12))
    return;

  assembler = ebpf_assembler_new ();
  ebpf_assembler_emit (assembler, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 40);
  ebpf_assembler_emit_move (assembler, 1, 2);
  /* r1 = fetch_add: 40, and 42 in memory; r1 = xchg: 42, and 40 in memory */
  ebpf_assembler_emit (assembler, BPF_STX | 0xc0 | BPF_DW, 10, 1, -8, BPF_ADD | 1);
  ebpf_assembler_emit_jump (assembler, BPF_JMP | BPF_JNE | BPF_K, 1, 0, 40, "wrong");
  ebpf_assembler_emit (assembler, BPF_STX | 0xc0 | BPF_DW, 10, 1, -8, 0xe1);
  ebpf_assembler_emit_jump (assembler, BPF_JMP | BPF_JNE | BPF_K, 1, 0, 42, "wrong");
  /* r0 = cmpxchg: 40 is there, 7 goes in */
  ebpf_assembler_emit_move (assembler, 0, 40);
  ebpf_assembler_emit_move (assembler, 1, 7);
  ebpf_assembler_emit (assembler, BPF_STX | 0xc0 | BPF_DW, 10, 1, -8, 0xf1);
  ebpf_assembler_emit_jump (assembler, BPF_JMP | BPF_JNE | BPF_K, 0, 0, 40, "wrong");
  ebpf_assembler_emit (assembler, BPF_LDX | BPF_MEM | BPF_DW, 0, 10, -8, 0);
  ebpf_assembler_emit_exit (assembler);
  ebpf_assembler_mark (assembler, "wrong");
  ebpf_assembler_emit_move (assembler, 0, 1);
  ebpf_assembler_emit_exit (assembler);
  g_assert_true (ebpf_assembler_finish (assembler, &insns, &references, &error));

  load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  load.insns = EBPF_PTR_TO_U64 (insns->data);
  load.insn_cnt = insns->len;
  load.license = EBPF_PTR_TO_U64 ("GPL");
  load.log_buf = EBPF_PTR_TO_U64 (log);
  load.log_size = sizeof log;
  load.log_level = 1;
  fd = ebpf_sys_bpf (EBPF_SYS_PROG_LOAD, &load, sizeof load);
  if (fd < 0)
    g_error ("%s", log);

  run.prog_fd = fd;
  run.data_in = EBPF_PTR_TO_U64 (packet);
  run.data_size_in = sizeof packet;
  g_assert_no_errno (ebpf_sys_bpf (EBPF_SYS_PROG_TEST_RUN, &run, sizeof run));
  g_assert_cmpuint (run.retval, ==, 7);
  close (fd);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/assembler/labels", test_labels);
  ebpf_test_add ("/assembler/label-behind-the-end", test_label_behind_the_end);
  ebpf_test_add ("/assembler/run", test_run);

  return g_test_run ();
}
