/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls in every direction: static and global functions in .text, from section to section, to the
 * same function from several programs, to one that calls on, and a weak one. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

__u64 calls;

static __noinline int
twice (int x)
{
  __sync_fetch_and_add (&calls, 1);
  return x * 2;
}

__noinline int
global_add (int a, int b)
{
  __sync_fetch_and_add (&calls, 1);
  return a + b;
}

static __noinline int
twice_plus_one (int x)
{
  return twice (x) + global_add (x, 1) - x;
}

__weak __noinline int
weak_seven (void)
{
  __sync_fetch_and_add (&calls, 1);
  return 7;
}

/* Of the section of programs, without being one: called by both. */
SEC ("socket")
int
entry_twice (struct __sk_buff *skb)
{
  return twice (21);
}

SEC ("socket")
int
entry_chain (struct __sk_buff *skb)
{
  return twice_plus_one (twice (3));
}

SEC ("tc")
int
entry_all (struct __sk_buff *skb)
{
  return twice_plus_one (1) + global_add (10, weak_seven ());
}

/* Global to the compiler; on its own, the verifier would not know that the pointer is one. */
__hidden __noinline int
hidden_read (__u64 *pointer)
{
  return *pointer;
}

SEC ("tc")
int
entry_hidden (struct __sk_buff *skb)
{
  __u64 local = 9;

  return hidden_read (&local);
}

SEC ("tc")
int
entry_none (struct __sk_buff *skb)
{
  return 5;
}

char _license[] SEC ("license") = "GPL";
