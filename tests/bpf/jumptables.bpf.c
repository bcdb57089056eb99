/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Jumps by a table (Linux 6.19), as clang 22 and later make them of switches; here they are written out,
 * for compilers that do not know the instruction. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

struct choice
{
  __u32 index;
};

/* "gotox r1" */
#define GOTOX_R1 ".byte 0x0d, 0x01, 0, 0, 0, 0, 0, 0\n"

/* Entries count bytes from the start of the section of the code. */
#define TABLE(name, start, a, b, c, d)                                                             \
  ".pushsection .jumptables,\"\",@progbits\n"                                                      \
  ".type " name ",@object\n" name ":\n"                                                            \
  ".quad " a " - " start "\n"                                                                      \
  ".quad " b " - " start "\n"                                                                      \
  ".quad " c " - " start "\n"                                                                      \
  ".quad " d " - " start "\n"                                                                      \
  ".size " name ", 32\n"                                                                           \
  ".popsection\n"

/* So that the next function is not at the start. */
SEC ("syscall")
__attribute__ ((naked)) int
nothing (struct choice *choice)
{
  asm volatile("Lsyscall:\n"
               "r0 = 0\n"
               "exit\n");
}

SEC ("syscall")
__attribute__ ((naked)) int
jump (struct choice *choice)
{
  asm volatile(TABLE ("BPF.JT.0.0", "Lsyscall", "L10", "L20", "L30",
                      "L10") "r2 = *(u32 *)(r1 + 0)\n"
                             "r2 &= 3\n"
                             "r2 <<= 3\n"
                             "r1 = BPF.JT.0.0 ll\n"
                             "r1 += r2\n"
                             "r1 = *(u64 *)(r1 + 0)\n" GOTOX_R1 "L10:\n"
                             "r0 = 10\n"
                             "exit\n"
                             "L20:\n"
                             "r0 = 20\n"
                             "exit\n"
                             "L30:\n"
                             "r0 = 30\n"
                             "exit\n");
}

/* One table for two jumps, and another table. */
SEC ("syscall")
__attribute__ ((naked)) int
jump_twice (struct choice *choice)
{
  asm volatile(TABLE ("BPF.JT.1.0", "Lsyscall", "L1", "L2", "L1", "L2") TABLE (
      "BPF.JT.1.1", "Lsyscall", "L3", "L4", "L3", "L4") "r6 = *(u32 *)(r1 + 0)\n"
                                                        "r6 &= 3\n"
                                                        "r6 <<= 3\n"
                                                        "r0 = 0\n"
                                                        "r1 = BPF.JT.1.0 ll\n"
                                                        "r1 += r6\n"
                                                        "r1 = *(u64 *)(r1 + 0)\n" GOTOX_R1 "L1:\n"
                                                        "r0 += 100\n"
                                                        "L2:\n"
                                                        "r0 += 1\n"
                                                        "if r0 > 101 goto L5\n"
                                                        "r1 = BPF.JT.1.1 ll\n"
                                                        "r1 += r6\n"
                                                        "r1 = *(u64 *)(r1 + 0)\n" GOTOX_R1 "L3:\n"
                                                        "r0 += 1000\n"
                                                        "r1 = BPF.JT.1.0 ll\n"
                                                        "r1 += r6\n"
                                                        "r1 = *(u64 *)(r1 + 0)\n" GOTOX_R1 "L4:\n"
                                                        "r0 += 5000\n"
                                                        "L5:\n"
                                                        "exit\n");
}

/* In a function that is called, which has another place in each program. */
static __noinline __attribute__ ((naked)) int
pick (__u32 index)
{
  asm volatile(TABLE ("BPF.JT.2.0", "Ltext", "L7", "L8", "L9",
                      "L9") "Ltext:\n"
                            "r2 = r1\n"
                            "r2 &= 3\n"
                            "r2 <<= 3\n"
                            "r1 = BPF.JT.2.0 ll\n"
                            "r1 += r2\n"
                            "r1 = *(u64 *)(r1 + 0)\n" GOTOX_R1 "L7:\n"
                            "r0 = 7\n"
                            "exit\n"
                            "L8:\n"
                            "r0 = 8\n"
                            "exit\n"
                            "L9:\n"
                            "r0 = 9\n"
                            "exit\n");
}

SEC ("syscall")
int
jump_below (struct choice *choice)
{
  return pick (choice->index);
}

SEC ("syscall")
int
jump_below_again (struct choice *choice)
{
  return 100 * pick (choice->index) + pick (choice->index + 1);
}

char _license[] SEC ("license") = "GPL";
