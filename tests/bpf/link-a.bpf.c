/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first of two objects to be linked: what it declares is in link-b.bpf.c, and the other way
 * round. */

#include "link-common.h"

/* Of the other object: a variable, an array that is used behind its start, functions, a map. */
extern int b_counter;
extern int b_table[];
extern const volatile int b_constant;
extern int b_add (int a, int b);
extern int b_calls_a (int x);

extern struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, struct shared_value);
} b_map SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __uint (max_entries, 16);
  __type (key, __u32);
  __type (value, __u64);
} a_map SEC (".maps");

/* Both have a variable, a constant and a function of these names; they have nothing to do with
 * each other. */
static volatile int own = 10;
static const volatile int own_constant = 1000;

/* Not the only ones of their sections, so that these do not start at 0 in what comes second. */
char a_padding[3] = { 1, 2, 3 };
__u64 a_seen;
int a_value = 5;
const volatile __u8 a_limit = 77;

__weak int chosen_value = 1;
__weak int a_only_weak = 30;

static __noinline int
helper (int x)
{
  own += 1;
  return x + own + own_constant;
}

/* Weak here, strong there. */
__weak __noinline int
chosen (int x)
{
  a_seen = 1000;
  return x + 1 + b_table[5];
}

/* Strong here, weak there. */
__noinline int
chosen_here (int x)
{
  return x + 100;
}

/* Weak in both: the first one counts. */
__weak __noinline int
first_of_two (int x)
{
  return x + 1;
}

__noinline int
a_double (int x)
{
  a_seen++;
  return x * 2;
}

__hidden __noinline int
a_hidden (const __u64 *pointer)
{
  return *pointer;
}

SEC ("socket")
int
entry_static_a (struct __sk_buff *skb)
{
  return helper (1);
}

SEC ("socket")
int
entry_extern (struct __sk_buff *skb)
{
  return b_add (20, 3);
}

SEC ("socket")
int
entry_there_and_back (struct __sk_buff *skb)
{
  return b_calls_a (21);
}

SEC ("socket")
int
entry_weak (struct __sk_buff *skb)
{
  return chosen (1) * 1000000 + chosen_here (1) * 1000 + first_of_two (1);
}

SEC ("socket")
int
entry_weak_data (struct __sk_buff *skb)
{
  return chosen_value + a_only_weak;
}

SEC ("tc")
int
entry_data (struct __sk_buff *skb)
{
  b_counter += a_value;
  return b_counter * 10000 + b_table[2] * 100 + b_constant;
}

SEC ("tc")
int
entry_maps (struct __sk_buff *skb)
{
  __u32 key = 0;
  struct shared_value *value = bpf_map_lookup_elem (&b_map, &key);
  __u64 seen = 55;

  if (!value)
    return -1;

  value->by_a += 1;
  bpf_map_update_elem (&a_map, &key, &seen, BPF_ANY);
  return value->by_a * 10 + value->by_b;
}

char _license[] SEC ("license") = "GPL";
