/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Exceptions (Linux 6.7): a callback that nothing calls, found by a tag of the program's. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

extern void bpf_throw (__u64 cookie) __ksym;

int handled;

static __noinline int
count (int n)
{
  handled += n;
  return handled;
}

__noinline int
handle (__u64 cookie)
{
  return count ((int) cookie) + 40;
}

__noinline int
check (__u32 length)
{
  if (length != 1)
    bpf_throw (2);
  return 0;
}

SEC ("tc")
__decl_tag ("exception_callback:handle") int throws (struct __sk_buff *skb)
{
  return check (skb->len);
}

char _license[] SEC ("license") = "GPL";
