/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Maps of every type that can be made on its own, and every way to write a definition. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

struct map_key
{
  __u32 pid;
  __u32 cpu;
};

struct value
{
  __u64 count;
  char name[16];
};

typedef struct value value_t;

struct lpm_key
{
  __u32 prefixlen;
  __u8 address[4];
};

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, struct map_key);
  __type (value, struct value);
  __uint (max_entries, 1024);
  __uint (map_flags, BPF_F_NO_PREALLOC);
} hash SEC (".maps");

/* A typedef for the value, and sizes in another order. */
struct
{
  __uint (max_entries, 16);
  __type (value, value_t);
  __type (key, __u32);
  __uint (type, BPF_MAP_TYPE_ARRAY);
} array SEC (".maps");

/* Sizes instead of types. */
struct
{
  __uint (type, BPF_MAP_TYPE_LRU_HASH);
  __uint (key_size, 12);
  __uint (value_size, 40);
  __uint (max_entries, 100);
} lru_hash SEC (".maps");

/* A named struct, through a typedef, with a tag. */
typedef struct
{
  __uint (type, BPF_MAP_TYPE_PERCPU_HASH);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 128);
} percpu_hash_t;

percpu_hash_t percpu_hash SEC (".maps") __decl_tag ("counts") __decl_tag ("by-uid");

struct
{
  __uint (type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type (key, __u32);
  __type (value, struct value);
  __ulong (max_entries, 4);
} percpu_array SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 64);
} lru_percpu_hash SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_LPM_TRIE);
  __type (key, struct lpm_key);
  __type (value, __u32);
  __uint (max_entries, 255);
  __uint (map_flags, BPF_F_NO_PREALLOC);
} lpm_trie SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_QUEUE);
  __type (value, __u32);
  __uint (max_entries, 10);
} queue SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_STACK);
  __uint (value_size, 8);
  __uint (max_entries, 10);
} stack SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_BLOOM_FILTER);
  __type (value, __u64);
  __uint (max_entries, 1000);
  __uint (map_extra, 3);
} bloom_filter SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_STACK_TRACE);
  __uint (key_size, 4);
  __uint (value_size, 127 * 8);
  __uint (max_entries, 100);
} stack_trace SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint (key_size, 4);
  __uint (value_size, 4);
} perf_events SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_RINGBUF);
  __uint (max_entries, 4096);
} ring_buffer SEC (".maps");

/* A ring buffer that says what its records are. */
struct
{
  __uint (type, BPF_MAP_TYPE_RINGBUF);
  __type (value, struct value);
  __uint (max_entries, 8192);
} typed_ring_buffer SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_USER_RINGBUF);
  __uint (max_entries, 4096);
} user_ring_buffer SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint (map_flags, BPF_F_NO_PREALLOC);
  __type (key, int);
  __type (value, struct value);
} task_storage SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_CGROUP_ARRAY);
  __type (key, __u32);
  __type (value, __u32);
  __uint (max_entries, 2);
} cgroup_array SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_DEVMAP_HASH);
  __type (key, __u32);
  __type (value, struct bpf_devmap_val);
  __uint (max_entries, 8);
} devmap_hash SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_SOCKHASH);
  __type (key, __u64);
  __type (value, __u64);
  __uint (max_entries, 8);
} sockhash SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, __u32);
  __type (value, __u32);
  __uint (max_entries, 8);
  __uint (map_flags, BPF_F_NUMA_NODE);
  __uint (numa_node, 0);
} on_node SEC (".maps");

SEC ("socket")
int
use (struct __sk_buff *skb)
{
  struct map_key key = { .pid = 1 };
  __u32 index = 0;
  struct value *value = bpf_map_lookup_elem (&hash, &key);

  if (value != NULL)
    value->count++;

  value = bpf_map_lookup_elem (&array, &index);
  if (value != NULL)
    value->count++;

  return 0;
}

char _license[] SEC ("license") = "GPL";
