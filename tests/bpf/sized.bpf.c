/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A table of which the application says how long it is. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

__u64 table_filler SEC (".data.table") = 1;
__u64 table[2] SEC (".data.table") = { 5, 6 };
const volatile __u32 table_length = 2;

/* The sum of what is in the table. */
SEC ("socket")
int
look (struct __sk_buff *skb)
{
  __u64 sum = table_filler;
  __u32 i;

  for (i = 0; i < 1000; i++)
    {
      if (i >= table_length)
        break;
      sum += ((volatile __u64 *) table)[i];
    }

  return sum;
}

char _license[] SEC ("license") = "GPL";
