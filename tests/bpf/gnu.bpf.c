/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As gcc and the GNU assembler make it: the values of symbols are in the instructions already. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

asm(".section .comment,\"MS\",@progbits,1\n"
    ".string \"GCC: (12.2.0) 12.2.0\"\n"
    ".text\n");

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, __u64);
} one SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 2);
  __type (key, __u32);
  __type (value, __u64);
} two SEC (".maps");

/* At 0, 8 and 16; the size of a map's definition is 32. */
long first = 1;
long second = 2;
long third[2] = { 3, 4 };

SEC ("socket")
__attribute__ ((naked)) int
prog (struct __sk_buff *skb)
{
  asm volatile("r1 = first ll\n"
               "r2 = second + 8 ll\n"
               "r3 = third + 24 ll\n"
               "r4 = one ll\n"
               "r5 = two + 32 ll\n"
               "r0 = 0\n"
               "exit\n");
}

char _license[] SEC ("license") = "GPL";
