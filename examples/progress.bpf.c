/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fifty programs over a few maps, each of which the verifier has to look at for a while: something to
 * show the progress of. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 64);
  __type (key, __u32);
  __type (value, __u64);
} counts SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __uint (max_entries, 1024);
  __type (key, __u32);
  __type (value, __u64);
} lengths SEC (".maps");

const volatile __u32 rounds = 100;

#define PROGRAM(number)                                                                            \
  SEC ("socket") int check_##number (struct __sk_buff *skb)                                        \
  {                                                                                                \
    __u32 key = number, length = skb->len;                                                         \
    __u64 one = 1, sum = 0, *count;                                                                \
                                                                                                   \
    for (__u32 i = 0; i < rounds && i < 100; i++)                                                  \
      sum += length >> (i & 15) & 1 ? i : 1;                                                       \
                                                                                                   \
    bpf_map_update_elem (&lengths, &length, &one, BPF_ANY);                                        \
    count = bpf_map_lookup_elem (&counts, &key);                                                   \
    if (count != NULL)                                                                             \
      __sync_fetch_and_add (count, sum);                                                           \
                                                                                                   \
    return number;                                                                                 \
  }

#define TEN(tens)                                                                                  \
  PROGRAM (tens##0)                                                                                \
  PROGRAM (tens##1)                                                                                \
  PROGRAM (tens##2)                                                                                \
  PROGRAM (tens##3)                                                                                \
  PROGRAM (tens##4)                                                                                \
  PROGRAM (tens##5)                                                                                \
  PROGRAM (tens##6)                                                                                \
  PROGRAM (tens##7)                                                                                \
  PROGRAM (tens##8)                                                                                \
  PROGRAM (tens##9)

TEN (1)
TEN (2)
TEN (3)
TEN (4)
TEN (5)

char _license[] SEC ("license") = "GPL";
