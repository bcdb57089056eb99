/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 8);
  __uint (pinning, LIBBPF_PIN_BY_NAME);
} shared_counts SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 1);
  __uint (pinning, LIBBPF_PIN_NONE);
} own_counts SEC (".maps");

SEC ("socket")
int
count (struct __sk_buff *skb)
{
  __u32 key = 0;
  __u64 one = 1;
  __u64 *value = bpf_map_lookup_elem (&own_counts, &key);

  if (value != NULL)
    __sync_fetch_and_add (value, 1);

  value = bpf_map_lookup_elem (&shared_counts, &key);
  if (value != NULL)
    __sync_fetch_and_add (value, 1);
  else
    bpf_map_update_elem (&shared_counts, &key, &one, BPF_ANY);

  return 0;
}

char _license[] SEC ("license") = "GPL";
