/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The smallest object: one socket filter, no map, no data. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC ("socket")
int
accept_all (struct __sk_buff *skb)
{
  return 0xffff;
}

char _license[] SEC ("license") = "Dual MIT/GPL";
