/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Symbols that nobody defines, in inline assembly, for the application to give them a value. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SYMBOL(name)                                                                               \
  ({                                                                                               \
    __u64 value;                                                                                   \
    asm volatile ("%0 = " #name " ll" : "=r"(value));                                              \
    value;                                                                                         \
  })

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, __u64);
} here SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, __u64);
} there SEC (".maps");

SEC ("socket")
int
use_constants (struct __sk_buff *skb)
{
  __u32 key = 0;
  __u64 *value = bpf_map_lookup_elem (&here, &key);

  if (value != NULL)
    *value = SYMBOL (WIDE_CONSTANT);

  return SYMBOL (SMALL_CONSTANT) + SYMBOL (SMALL_CONSTANT);
}

SEC ("socket")
int
use_none (struct __sk_buff *skb)
{
  return 3;
}

char _license[] SEC ("license") = "GPL";
