/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Does not go together with link-b.bpf.c, each time for another reason (LINK_BAD_…). */

#include "link-common.h"

#define LICENSE "GPL"

#if defined LINK_BAD_VARIABLE

extern long b_counter;
#define USE b_counter

/* Not so bad: as large as it is there. */
#elif defined LINK_SIGN

extern unsigned int b_counter;
#define USE b_counter

#elif defined LINK_BAD_ARRAY

extern int b_table[7];
#define USE b_table[6]

#elif defined LINK_BAD_STRUCT

struct b_struct
{
  int x;
  int z;
};
extern struct b_struct b_struct;
#define USE b_struct.x

#elif defined LINK_BAD_FUNCTION

extern int b_add (int a, long b);
#define USE b_add (1, 2)

#elif defined LINK_BAD_KIND

extern int b_add;
#define USE b_add

#elif defined LINK_BAD_MAP

extern struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 2);
  __type (key, __u32);
  __type (value, struct shared_value);
} b_map SEC (".maps");
#define USE bpf_map_lookup_elem (&b_map, &(__u32){ 0 }) != NULL

#elif defined LINK_BAD_MAP_VALUE

extern struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, __u64);
} b_map SEC (".maps");
#define USE bpf_map_lookup_elem (&b_map, &(__u32){ 0 }) != NULL

#elif defined LINK_BAD_MAP_FIELD

extern struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __uint (map_flags, BPF_F_MMAPABLE);
  __type (key, __u32);
  __type (value, struct shared_value);
} b_map SEC (".maps");
#define USE bpf_map_lookup_elem (&b_map, &(__u32){ 0 }) != NULL

#elif defined LINK_BAD_MAP_IS_VARIABLE

extern int b_map;
#define USE b_map

#elif defined LINK_BAD_MAP_TWICE

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, struct shared_value);
} b_map SEC (".maps");
#define USE bpf_map_lookup_elem (&b_map, &(__u32){ 0 }) != NULL

#elif defined LINK_BAD_TWICE

__noinline int
chosen (int x)
{
  return x + 3;
}
#define USE chosen (1)

#elif defined LINK_BAD_KERNEL

extern int b_add (int a, int b) __ksym;
#define USE b_add (1, 2)

#elif defined LINK_BAD_NO_TYPES

extern int b_add (int a, int b);
#define USE b_add (1, 2)

#elif defined LINK_BAD_LICENSE

#define USE 0
#undef LICENSE
#define LICENSE "Dual MIT/GPL"

#else

#define USE 0

#endif

SEC ("socket")
int
entry_bad (struct __sk_buff *skb)
{
  return USE;
}

char _license[] SEC ("license") = LICENSE;
