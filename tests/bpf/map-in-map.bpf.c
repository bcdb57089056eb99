/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Maps of maps: by template, by initial values, by both kinds of outer map. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 4);
};

struct inner inner_a SEC (".maps");
struct inner inner_b SEC (".maps");

/* Slot 1 stays empty. */
struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint (max_entries, 3);
  __type (key, __u32);
  __array (values, struct inner);
} outer_array SEC (".maps") = {
  .values = { [0] = &inner_a, [2] = &inner_b },
};

struct
{
  __uint (type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __uint (max_entries, 8);
  __type (key, __u32);
  __array (
      values,
      struct {
        __uint (type, BPF_MAP_TYPE_HASH);
        __type (key, __u32);
        __type (value, __u32);
        __uint (max_entries, 2);
      });
} outer_hash SEC (".maps");

SEC ("tc")
int
lookup (struct __sk_buff *skb)
{
  __u32 slot = 2;
  __u32 key = 1;
  __u64 *value;
  void *map = bpf_map_lookup_elem (&outer_array, &slot);

  if (map == NULL)
    return -1;

  value = bpf_map_lookup_elem (map, &key);
  return value != NULL ? (int) *value : -2;
}

char _license[] SEC ("license") = "GPL";
