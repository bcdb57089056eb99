/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program with functions for other programs to replace and to trace. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

/* Not known to the compiler to be always the same. */
__attribute__ ((noinline)) int
verdict (struct xdp_md *ctx)
{
  int action = XDP_DROP;

  asm volatile("" : "+r"(action) : "r"(ctx));
  return action;
}

__attribute__ ((noinline)) int
second_verdict (struct xdp_md *ctx)
{
  int action = XDP_DROP;

  asm volatile("" : "+r"(action) : "r"(ctx));
  return action;
}

static __attribute__ ((noinline)) int
hidden_verdict (struct xdp_md *ctx)
{
  int action = XDP_DROP;

  asm volatile("" : "+r"(action) : "r"(ctx));
  return action;
}

/* The verdicts of all, as digits. */
SEC ("xdp")
int
decide (struct xdp_md *ctx)
{
  return verdict (ctx) + 10 * second_verdict (ctx) + 100 * hidden_verdict (ctx);
}

char _license[] SEC ("license") = "GPL";
