/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the verifier must reject: a read through a pointer that may be NULL. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 1);
} map SEC (".maps");

SEC ("socket")
int
unchecked (struct __sk_buff *skb)
{
  __u32 key = 0;
  __u64 *value = bpf_map_lookup_elem (&map, &key);

  return *value;
}

char _license[] SEC ("license") = "GPL";
