/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Functions by address: static ones, a global one, one in another section than its user
 * (Linux 5.17). */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 4);
} numbers SEC (".maps");

__u64 total;

static long
add_index (__u32 index, void *data)
{
  *(__u64 *) data += index;
  return 0;
}

static __noinline __u64
weight (__u64 value)
{
  return value * 3;
}

static long
add_element (void *map, __u32 *key, __u64 *value, void *data)
{
  *(__u64 *) data += weight (*value);
  return 0;
}

SEC ("tc")
int
sum_indices (struct __sk_buff *skb)
{
  __u64 sum = 0;

  bpf_loop (10, add_index, &sum, 0);
  total = sum;
  return sum;
}

SEC ("tc")
int
sum_elements (struct __sk_buff *skb)
{
  __u64 sum = 0;

  bpf_for_each_map_elem (&numbers, add_element, &sum, 0);
  bpf_loop (3, add_index, &sum, 0);
  total = sum;
  return sum;
}

char _license[] SEC ("license") = "GPL";
