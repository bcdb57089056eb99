/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Programs and maps of which one can have some without the others. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int part_tail (struct __sk_buff *skb);

/* What it calls, and what it refers to, comes along. */
struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, __u64);
} part_counts SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, __u64);
} part_tail_counts SEC (".maps");

/* No program that can be loaded uses it. */
struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __uint (max_entries, 8);
  __type (key, __u32);
  __type (value, __u32);
} part_lonely SEC (".maps");

/* No kernel makes it: values of nothing. */
struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __uint (max_entries, 8);
  __uint (key_size, 4);
  __uint (value_size, 0);
  __uint (map_flags, 0x10000000);
} part_broken_map SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint (max_entries, 2);
  __uint (key_size, sizeof (__u32));
  __array (values, int (struct __sk_buff *));
} part_jumps SEC (".maps") = {
  .values = { [1] = &part_tail },
};

struct
{
  __uint (type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint (max_entries, 2);
  __type (key, __u32);
  __type (value, __u32);
} part_empty_jumps SEC (".maps");

const volatile __u32 part_step = 1;
__u64 part_total;

SEC ("socket")
int
part_good (struct __sk_buff *skb)
{
  __u32 key = 0;
  __u64 *value = bpf_map_lookup_elem (&part_counts, &key);

  if (value != NULL)
    *value += part_step;

  return 7;
}

SEC ("socket")
int
part_total_up (struct __sk_buff *skb)
{
  part_total += 2;
  return 8;
}

SEC ("socket")
int
part_bad (struct __sk_buff *skb)
{
  __u32 key = 0;
  __u32 *value = bpf_map_lookup_elem (&part_lonely, &key);

  return *value;
}

SEC ("socket")
int
part_uses_broken (struct __sk_buff *skb)
{
  __u32 key = 0;

  return bpf_map_lookup_elem (&part_broken_map, &key) != NULL;
}

SEC ("socket")
int
part_tail (struct __sk_buff *skb)
{
  __u32 key = 0;

  return bpf_map_lookup_elem (&part_tail_counts, &key) != NULL ? 9 : 0;
}

SEC ("socket")
int
part_jumper (struct __sk_buff *skb)
{
  bpf_tail_call (skb, &part_jumps, 1);
  return 10;
}

SEC ("socket")
int
part_empty_jumper (struct __sk_buff *skb)
{
  bpf_tail_call (skb, &part_empty_jumps, 1);
  return 11;
}

char _license[] SEC ("license") = "GPL";
