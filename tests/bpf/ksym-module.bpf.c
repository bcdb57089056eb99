/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A variable that is in a module on most kernels (x_tables), for each CPU, and has a type. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

#ifndef __VMLINUX_H__
struct seqcount
{
  unsigned int sequence;
};
typedef struct seqcount seqcount_t;
#endif

extern const seqcount_t xt_recseq __ksym __weak;

__u32 is_there;
__u32 was_read;
__u32 sequence = 77;

SEC ("tc")
int
read_variable (struct __sk_buff *skb)
{
  const seqcount_t *count;

  if (&xt_recseq == NULL)
    return 0;

  is_there = 1;
  count = bpf_per_cpu_ptr (&xt_recseq, 0);
  if (count != NULL)
    {
      was_read = 1;
      /* Linux before 6.2 does not look through the typedef. */
      bpf_probe_read_kernel (&sequence, sizeof sequence, count);
    }

  return 0;
}

char _license[] SEC ("license") = "GPL";
