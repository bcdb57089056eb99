/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Several functions a section, optional ones, sections with flags, and one that nobody knows. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC ("xdp")
int
first (struct xdp_md *ctx)
{
  return XDP_PASS;
}

SEC ("xdp")
int
second (struct xdp_md *ctx)
{
  return ctx->ingress_ifindex == 1 ? XDP_DROP : XDP_PASS;
}

SEC ("xdp")
int
third (struct xdp_md *ctx)
{
  return XDP_ABORTED;
}

SEC ("xdp.frags/cpumap")
int
on_cpu (struct xdp_md *ctx)
{
  return XDP_PASS;
}

SEC ("?tp/sched/sched_process_exec")
int
optional (void *ctx)
{
  return 0;
}

SEC ("tc")
int
classify (struct __sk_buff *skb)
{
  return 0;
}

SEC ("syscall")
int
called (void *ctx)
{
  return 42;
}

SEC ("cgroup/connect4")
int
on_connect (struct bpf_sock_addr *ctx)
{
  return 1;
}

SEC ("nobody_knows_this/one")
int
unknown (void *ctx)
{
  return 0;
}

int my_version SEC ("version") = 0x060100;

/* Any section whose name starts like this is the license. */
char _license[] SEC ("license.v2") = "GPL";
