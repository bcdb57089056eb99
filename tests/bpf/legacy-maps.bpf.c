/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Definitions as structs of numbers, as they were before type information. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_map_def
{
  unsigned int type;
  unsigned int key_size;
  unsigned int value_size;
  unsigned int max_entries;
  unsigned int map_flags;
};

struct bpf_map_def SEC ("maps") old_hash = {
  .type = BPF_MAP_TYPE_HASH,
  .key_size = 8,
  .value_size = 16,
  .max_entries = 32,
  .map_flags = BPF_F_NO_PREALLOC,
};

struct bpf_map_def SEC ("maps") old_array = {
  .type = BPF_MAP_TYPE_ARRAY,
  .key_size = 4,
  .value_size = 8,
  .max_entries = 2,
};

SEC ("socket")
int
use (struct __sk_buff *skb)
{
  __u32 index = 0;
  __u64 key = 1;
  __u64 *value = bpf_map_lookup_elem (&old_array, &index);

  if (value != NULL)
    ++*value;

  return bpf_map_lookup_elem (&old_hash, &key) != NULL;
}

char _license[] SEC ("license") = "GPL";
