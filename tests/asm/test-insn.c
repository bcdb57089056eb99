/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "asm/ebpf-insn-private.h"

#include "ebpf-test.h"

static void
test_decode (void)
{
  /* r1 = *(u32 *)(r10 - 8); if r2 != -2 goto +3; r3 = r4 */
  static const guint8 little[] = { 0x61, 0xa1, 0xf8, 0xff, 0,    0,    0, 0, 0x55, 0x02, 3, 0,
                                   0xfe, 0xff, 0xff, 0xff, 0xbf, 0x43, 0, 0, 0,    0,    0, 0 };
  static const guint8 big[] = { 0x61, 0x1a, 0xff, 0xf8, 0,    0,    0, 0, 0x55, 0x20, 0, 3,
                                0xff, 0xff, 0xff, 0xfe, 0xbf, 0x34, 0, 0, 0,    0,    0, 0 };
  EbpfInsn insns[2][3];
  guint i;

  ebpf_insn_decode (insns[0], little, 3, G_BYTE_ORDER != G_LITTLE_ENDIAN);
  ebpf_insn_decode (insns[1], big, 3, G_BYTE_ORDER != G_BIG_ENDIAN);
  ebpf_insn_decode (NULL, NULL, 0, TRUE);

  for (i = 0; i < 2; i++)
    {
      g_assert_cmphex (insns[i][0].code, ==, 0x61);
      g_assert_cmpuint (insns[i][0].dst, ==, 1);
      g_assert_cmpuint (insns[i][0].src, ==, 10);
      g_assert_cmpint (insns[i][0].off, ==, -8);
      g_assert_cmpint (insns[i][0].imm, ==, 0);
      g_assert_cmpuint (insns[i][1].dst, ==, 2);
      g_assert_cmpuint (insns[i][1].src, ==, 0);
      g_assert_cmpint (insns[i][1].off, ==, 3);
      g_assert_cmpint (insns[i][1].imm, ==, -2);
      g_assert_cmpuint (insns[i][2].dst, ==, 3);
      g_assert_cmpuint (insns[i][2].src, ==, 4);
    }
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);
  ebpf_test_add ("/insn/decode", test_decode);

  return g_test_run ();
}
