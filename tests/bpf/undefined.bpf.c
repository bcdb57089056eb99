/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A call of a function that nobody defines, and that is no function of the kernel's either. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int defined_nowhere (int x);

SEC ("socket")
int
calls_nowhere (struct __sk_buff *skb)
{
  return defined_nowhere (1);
}

char _license[] SEC ("license") = "GPL";
