/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The second of two objects to be linked; see link-a.bpf.c. */

#include "link-common.h"

extern int a_value;
extern const volatile __u8 a_limit;
extern int a_double (int x);
extern int a_hidden (const __u64 *pointer);

/* Said in another order, but the same. */
extern struct
{
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 16);
  __uint (type, BPF_MAP_TYPE_HASH);
} a_map SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, struct shared_value);
} b_map SEC (".maps");

static volatile int own = 20;
static const volatile int own_constant = 2000;

struct b_struct
{
  int x;
  int y;
} b_struct = { 1, 2 };

int b_counter = 3;
int b_table[6] = { 11, 12, 13, 14, 15, 16 };
const volatile int b_constant = 9;
int chosen_value = 2;

static __noinline int
helper (int x)
{
  own += 2;
  return x + own + own_constant;
}

static __noinline int
other_helper (int x)
{
  return helper (x) * 2;
}

__noinline int
chosen (int x)
{
  return x + 2;
}

__weak __noinline int
chosen_here (int x)
{
  return helper (x) + 200;
}

__weak __noinline int
first_of_two (int x)
{
  return x + 2;
}

__noinline int
b_add (int a, int b)
{
  return a + b + a_value;
}

__noinline int
b_calls_a (int x)
{
  return a_double (x) + 1;
}

SEC ("socket")
int
entry_static_b (struct __sk_buff *skb)
{
  return other_helper (1);
}

SEC ("socket")
int
entry_hidden (struct __sk_buff *skb)
{
  __u64 local = 8;

  return a_hidden (&local) + a_limit;
}

static long
add_one (__u64 index, void *context)
{
  *(int *) context += 1 + own_constant - 2000;
  return 0;
}

/* The address of a static function, which is not at the section's start. */
SEC ("tc")
int
entry_loop (struct __sk_buff *skb)
{
  int sum = 0;

  bpf_loop (7, add_one, &sum, 0);
  return sum;
}

SEC ("tc")
int
entry_both_maps (struct __sk_buff *skb)
{
  __u32 key = 0;
  __u64 *seen = bpf_map_lookup_elem (&a_map, &key);
  struct shared_value *value = bpf_map_lookup_elem (&b_map, &key);

  if (!seen || !value)
    return -1;

  value->by_b += 2;
  return *seen;
}

char _license[] SEC ("license") = "GPL";
