/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>
#include <linux/bpf.h>

#include "ebpf-test.h"

typedef struct
{
  guint opcode, dst, src;
  gint offset;
  gint64 immediate;
  const char *text;
} Row;

/* As the kernel's verifier prints them. */
static const Row rows[] = {
  { BPF_ALU64 | BPF_ADD | BPF_X, 1, 2, 0, 0, "r1 += r2" },
  { BPF_ALU64 | BPF_SUB | BPF_K, 1, 0, 0, -5, "r1 -= -5" },
  { BPF_ALU | BPF_MOV | BPF_X, 1, 2, 0, 0, "w1 = w2" },
  { BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 8, 0, "r1 = (s8)r2" },
  { BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 1, 1 << 16, "r1 = addr_space_cast(r2, 1, 0)" },
  { BPF_ALU64 | BPF_ARSH | BPF_K, 1, 0, 0, 32, "r1 s>>= 32" },
  { BPF_ALU64 | BPF_DIV | BPF_X, 1, 2, 1, 0, "r1 s/= r2" },
  { BPF_ALU | BPF_MOD | BPF_K, 1, 0, 1, 7, "w1 s%= 7" },
  { BPF_ALU64 | BPF_NEG, 3, 0, 0, 0, "r3 = -r3" },
  { BPF_ALU | BPF_END | BPF_TO_BE, 1, 0, 0, 16, "r1 = be16 r1" },
  { BPF_ALU | BPF_END | BPF_TO_LE, 1, 0, 0, 64, "r1 = le64 r1" },
  { BPF_ALU64 | BPF_END, 1, 0, 0, 32, "r1 = bswap32 r1" },
  { BPF_LDX | BPF_MEM | BPF_W, 1, 6, 16, 0, "r1 = *(u32 *)(r6 +16)" },
  { BPF_LDX | 0x80 | BPF_H, 1, 6, -2, 0, "r1 = *(s16 *)(r6 -2)" },
  { BPF_STX | BPF_MEM | BPF_DW, 10, 1, -8, 0, "*(u64 *)(r10 -8) = r1" },
  { BPF_ST | BPF_MEM | BPF_B, 10, 0, -1, 9, "*(u8 *)(r10 -1) = 9" },
  { BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_ADD, "lock *(u64 *)(r1 +0) += r2" },
  { BPF_STX | BPF_ATOMIC | BPF_W, 1, 2, 4, BPF_OR, "lock *(u32 *)(r1 +4) |= r2" },
  { BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_XOR | BPF_FETCH,
    "r2 = atomic64_fetch_xor((u64 *)(r1 +0), r2)" },
  { BPF_STX | BPF_ATOMIC | BPF_W, 1, 2, 0, BPF_XCHG, "r2 = atomic_xchg((u32 *)(r1 +0), r2)" },
  { BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_CMPXCHG,
    "r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)" },
  { BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, 0x100, "r1 = load_acquire((u64 *)(r2 +0))" },
  { BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, 0x110, "store_release((u64 *)(r1 +0), r2)" },
  { BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 12, "r0 = *(u16 *)skb[12]" },
  { BPF_LD | BPF_IND | BPF_B, 0, 7, 0, 3, "r0 = *(u8 *)skb[r7 + 3]" },
  { BPF_LD | BPF_IMM | BPF_DW, 1, 0, 0, 0x123456789abcdef, "r1 = 0x123456789abcdef" },
  { BPF_LD | BPF_IMM | BPF_DW, 1, 1, 0, 5, "r1 = map[fd:5]" },
  { BPF_LD | BPF_IMM | BPF_DW, 1, 2, 0, 5 | (gint64) 8 << 32, "r1 = map[fd:5][0]+8" },
  { BPF_LD | BPF_IMM | BPF_DW, 1, 4, 0, 12, "r1 = func[pc+12]" },
  { BPF_JMP | BPF_JA, 0, 0, -3, 0, "goto -3" },
  { BPF_JMP32 | BPF_JA, 0, 0, 0, 70000, "gotol +70000" },
  { BPF_JMP | 0xe0, 0, 0, 4, 0, "may_goto +4" },
  { BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2, 5, "if r1 == 0x5 goto +2" },
  { BPF_JMP32 | BPF_JSGT | BPF_X, 1, 2, 2, 0, "if w1 s> w2 goto +2" },
  { BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem, "call bpf_map_lookup_elem#1" },
  { BPF_JMP | BPF_CALL, 0, 0, 0, 195896080, "call unknown#195896080" },
  { BPF_JMP | BPF_CALL, 0, 1, 0, 7, "call pc+7" },
  { BPF_JMP | BPF_CALL, 0, 2, 0, 77, "call kfunc#77" },
  { BPF_JMP | BPF_EXIT, 0, 0, 0, 0, "exit" },
  { BPF_ALU64 | 0xf0, 1, 2, 3, 4, "(invalid opcode 0xf7, dst 1, src 2, offset 3, imm 4)" },
};

static void
test_print (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EbpfInstruction) instruction = ebpf_instruction_new (
          rows[i].opcode, rows[i].dst, rows[i].src, rows[i].offset, rows[i].immediate);
      g_autofree char *text = ebpf_instruction_to_string (instruction);

      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

/* No opcode is anything but printed. */
static void
test_print_all (void)
{
  for (guint opcode = 0; opcode <= G_MAXUINT8; opcode++)
    for (guint src = 0; src < 8; src++)
      {
        g_autoptr (EbpfInstruction) instruction = ebpf_instruction_new (opcode, 1, src, 1, 0x7f);
        g_autofree char *text = ebpf_instruction_to_string (instruction);

        g_assert_cmpuint (strlen (text), >, 0);
      }
}

static GBytes *
code_of (EbpfAssembler *assembler)
{
  g_autoptr (EbpfProgramSpec) spec = ebpf_program_spec_new ("p", EBPF_PROGRAM_TYPE_SOCKET_FILTER);
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_program_spec_set_instructions (spec, assembler, &error));
  g_assert_no_error (error);
  return ebpf_program_spec_get_instructions (spec);
}

static void
test_round_trip (void)
{
  g_autoptr (EbpfAssembler) assembler = ebpf_assembler_new ();
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    ebpf_assembler_emit (assembler, rows[i].opcode, rows[i].dst, rows[i].src, rows[i].offset,
                         rows[i].immediate);

  bytes = code_of (assembler);
  list = ebpf_instruction_list_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, G_N_ELEMENTS (rows));
  for (guint i = 0; i < list->len; i++)
    {
      EbpfInstruction *instruction = g_ptr_array_index (list, i);
      g_autofree char *text = ebpf_instruction_to_string (instruction);

      g_assert_cmpuint (ebpf_instruction_get_opcode (instruction), ==, rows[i].opcode);
      g_assert_cmpint (ebpf_instruction_get_immediate (instruction), ==, rows[i].immediate);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_labels (void)
{
  g_autoptr (EbpfAssembler) assembler = ebpf_assembler_new ();
  g_autoptr (EbpfProgramSpec) spec = ebpf_program_spec_new ("p", EBPF_PROGRAM_TYPE_SOCKET_FILTER);
  g_auto (GStrv) maps = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  ebpf_assembler_mark (assembler, "start");
  ebpf_assembler_emit_load_map (assembler, 1, "counts");
  ebpf_assembler_emit_jump (assembler, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0, "end");
  ebpf_assembler_emit_move (assembler, 0, 0x100000000);
  ebpf_assembler_emit_jump (assembler, BPF_JMP | BPF_JA, 0, 0, 0, "start");
  ebpf_assembler_mark (assembler, "end");
  ebpf_assembler_emit_exit (assembler);

  g_assert_true (ebpf_program_spec_set_instructions (spec, assembler, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_program_spec_get_n_instructions (spec), ==, 7);
  maps = ebpf_program_spec_list_map_references (spec);
  g_assert_cmpstr (maps[0], ==, "counts");
  g_assert_null (maps[1]);
  text = ebpf_program_spec_disassemble (spec);
  g_assert_cmpstr (text, ==,
                   "   0: r1 = map[fd:0] ; counts\n"
                   "   2: if r1 == 0x0 goto +3\n"
                   "   3: r0 = 0x100000000\n"
                   "   5: goto -6\n"
                   "   6: exit\n");
}

static void
test_bad_labels (void)
{
  g_autoptr (EbpfProgramSpec) spec = ebpf_program_spec_new ("p", EBPF_PROGRAM_TYPE_SOCKET_FILTER);
  g_autoptr (EbpfAssembler) unset = ebpf_assembler_new ();
  g_autoptr (EbpfAssembler) twice = ebpf_assembler_new ();
  g_autoptr (EbpfAssembler) far = ebpf_assembler_new ();
  g_autoptr (GError) error = NULL;

  ebpf_assembler_emit_jump (unset, BPF_JMP | BPF_JA, 0, 0, 0, "nowhere");
  g_assert_false (ebpf_program_spec_set_instructions (spec, unset, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "instruction 0*\"nowhere\"*");
  g_clear_error (&error);

  ebpf_assembler_mark (twice, "here");
  ebpf_assembler_emit_exit (twice);
  ebpf_assembler_mark (twice, "here");
  g_assert_false (ebpf_program_spec_set_instructions (spec, twice, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS, "*\"here\"*twice*");
  g_clear_error (&error);

  ebpf_assembler_emit_jump (far, BPF_JMP | BPF_JA, 0, 0, 0, "end");
  for (guint i = 0; i < 40000; i++)
    ebpf_assembler_emit_move (far, 0, 0);
  ebpf_assembler_mark (far, "end");
  ebpf_assembler_emit_exit (far);
  g_assert_false (ebpf_program_spec_set_instructions (spec, far, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT, "*\"end\"*40000*");
  g_assert_cmpuint (ebpf_program_spec_get_n_instructions (spec), ==, 0);
}

static void
test_bad_bytes (void)
{
  static const guint8 half[8] = { BPF_LD | BPF_IMM | BPF_DW };
  g_autoptr (GBytes) odd = g_bytes_new_static (half, 7);
  g_autoptr (GBytes) cut = g_bytes_new_static (half, 8);
  g_autoptr (GBytes) empty = g_bytes_new_static (NULL, 0);
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (ebpf_instruction_list_from_bytes (odd, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, "7 bytes*");
  g_clear_error (&error);

  g_assert_null (ebpf_instruction_list_from_bytes (cut, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED,
                                  "instruction 0*second half*");
  g_clear_error (&error);

  list = ebpf_instruction_list_from_bytes (empty, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 0);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/asm/instruction/print", test_print);
  ebpf_test_add ("/asm/instruction/print-all", test_print_all);
  ebpf_test_add ("/asm/instruction/round-trip", test_round_trip);
  ebpf_test_add ("/asm/instruction/bad-bytes", test_bad_bytes);
  ebpf_test_add ("/asm/assembler/labels", test_labels);
  ebpf_test_add ("/asm/assembler/bad-labels", test_bad_labels);

  return g_test_run ();
}
