/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is put on the functions of replaceable.bpf.c, which has to be loaded first. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

__u64 replaced = 0;
__u64 entered = 0;
__u64 left_with = 0;

SEC ("?freplace/verdict")
int
new_verdict (struct xdp_md *ctx)
{
  __sync_fetch_and_add (&replaced, 1);
  return XDP_PASS;
}

SEC ("?fentry/verdict")
int
on_entry (unsigned long long *ctx)
{
  __sync_fetch_and_add (&entered, 1);
  return 0;
}

/* Arguments, then what is returned. */
SEC ("?fexit/decide")
int
on_exit (unsigned long long *ctx)
{
  left_with = ctx[1];
  return 0;
}

/* For what has the name of a function of the kernel, too. */
SEC ("?fexit")
int
on_any_exit (unsigned long long *ctx)
{
  return 0;
}

SEC ("?tp_btf/sched_switch")
int
on_switch (unsigned long long *ctx)
{
  return 0;
}

char _license[] SEC ("license") = "GPL";
