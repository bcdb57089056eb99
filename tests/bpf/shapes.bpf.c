/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values that are hard to print: the largest and smallest numbers, text that is not UTF-8 or has
 * control characters, nested structs, arrays, bit-fields. Written whenever a program is started. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

enum colour
{
  RED,
  GREEN = 7,
};

struct shapes
{
  __u64 largest;
  __s64 smallest;
  __s32 negative;
  __u8 flag : 1;
  __u8 bits : 7;
  enum colour colour;
  char text[8];
  char broken[8];
  __u8 bytes[4];
  struct
  {
    __s16 x;
    __s16 y;
  } points[2];
};

struct
{
  __uint (type, BPF_MAP_TYPE_RINGBUF);
  __uint (max_entries, 1 << 16);
  __type (value, struct shapes);
} records SEC (".maps");

struct pair
{
  __u32 left;
  __u32 right;
};

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __uint (max_entries, 4);
  __type (key, struct pair);
  __type (value, struct shapes);
} by_pair SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 5);
  __type (key, __u32);
  __type (value, __u64);
} slots SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, __s32);
} balance SEC (".maps");

__u64 largest;
char text[4] = "abc";
const volatile __u32 constant = 5;

SEC ("tracepoint/sched/sched_process_exec")
int
write_shapes (void *context)
{
  struct shapes shapes = {
    .largest = ~0ULL,
    .smallest = -0x7fffffffffffffffLL - 1,
    .negative = -1,
    .flag = 1,
    .bits = 100,
    .colour = GREEN,
    .text = "a\"\033\n\\",
    .broken = { 'a', (char) 0xff, 'b' },
    .bytes = { 0, 1, 254, 255 },
    .points = { { -1, 2 }, { 3, -4 } },
  };
  struct pair pair = { 1, 2 };
  __u32 slot = 3;
  __s32 *sum;

  bpf_ringbuf_output (&records, &shapes, sizeof shapes, 0);
  bpf_map_update_elem (&by_pair, &pair, &shapes, BPF_ANY);
  bpf_map_update_elem (&slots, &slot, &shapes.largest, BPF_ANY);

  slot = 0;
  sum = bpf_map_lookup_elem (&balance, &slot);
  if (sum != NULL)
    *sum = -constant;

  largest = shapes.largest;
  return 0;
}

char _license[] SEC ("license") = "GPL";
