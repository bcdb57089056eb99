/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TCP congestion controls: one without a link, two for the same link, one that is optional, and one
 * that lacks what the kernel demands. They do what Reno does, about, and count how often they are
 * asked. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

#ifndef __VMLINUX_H__
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sock;

struct tcp_sock
{
  __u32 snd_cwnd;
  __u32 snd_ssthresh;
};

#pragma clang attribute pop

struct tcp_congestion_ops
{
  char name[16];
  __u32 (*ssthresh) (struct sock *sk);
  void (*cong_avoid) (struct sock *sk, __u32 ack, __u32 acked);
  __u32 (*undo_cwnd) (struct sock *sk);
  void (*init) (struct sock *sk);
  void (*release) (struct sock *sk);
};
#endif

/* How often each was called. */
__u64 first_inits = 0;
__u64 second_inits = 0;
__u64 releases = 0;
__u64 avoids = 0;

/* The kernel gives the whole tcp_sock, whatever the prototype says. */
#define TCP_SOCK(ctx) ((struct tcp_sock *) (ctx)[0])

SEC ("struct_ops")
__u32
ssthresh (unsigned long long *ctx)
{
  __u32 half = TCP_SOCK (ctx)->snd_cwnd >> 1;

  return half > 2 ? half : 2;
}

SEC ("struct_ops")
void
cong_avoid (unsigned long long *ctx)
{
  struct tcp_sock *tcp = TCP_SOCK (ctx);
  __u32 cwnd = tcp->snd_cwnd;

  __sync_fetch_and_add (&avoids, 1);
  if (cwnd < 1000)
    tcp->snd_cwnd = cwnd + 1;
}

SEC ("struct_ops")
__u32
undo_cwnd (unsigned long long *ctx)
{
  return TCP_SOCK (ctx)->snd_cwnd;
}

SEC ("struct_ops/first_init")
void
first_init (unsigned long long *ctx)
{
  __sync_fetch_and_add (&first_inits, 1);
}

SEC ("struct_ops/second_init")
void
second_init (unsigned long long *ctx)
{
  __sync_fetch_and_add (&second_inits, 1);
}

SEC ("struct_ops/release")
void
release (unsigned long long *ctx)
{
  __sync_fetch_and_add (&releases, 1);
}

SEC ("struct_ops")
void
optional_init (unsigned long long *ctx)
{
}

SEC (".struct_ops")
struct tcp_congestion_ops plain = {
  .name = "ebpf_cc_plain",
  .ssthresh = (void *) ssthresh,
  .cong_avoid = (void *) cong_avoid,
  .undo_cwnd = (void *) undo_cwnd,
  .init = (void *) first_init,
  .release = (void *) release,
};

SEC (".struct_ops.link")
struct tcp_congestion_ops linked = {
  .name = "ebpf_cc_linked",
  .ssthresh = (void *) ssthresh,
  .cong_avoid = (void *) cong_avoid,
  .undo_cwnd = (void *) undo_cwnd,
  .init = (void *) first_init,
  .release = (void *) release,
};

/* The same name: what takes the other's place. */
SEC (".struct_ops.link")
struct tcp_congestion_ops successor = {
  .name = "ebpf_cc_linked",
  .ssthresh = (void *) ssthresh,
  .cong_avoid = (void *) cong_avoid,
  .undo_cwnd = (void *) undo_cwnd,
  .init = (void *) second_init,
  .release = (void *) release,
};

SEC ("?.struct_ops.link")
struct tcp_congestion_ops optional = {
  .name = "ebpf_cc_option",
  .ssthresh = (void *) ssthresh,
  .cong_avoid = (void *) cong_avoid,
  .undo_cwnd = (void *) undo_cwnd,
  .init = (void *) optional_init,
};

SEC ("?.struct_ops.link")
struct tcp_congestion_ops incomplete = {
  .name = "ebpf_cc_less",
  .ssthresh = (void *) ssthresh,
};

char _license[] SEC ("license") = "GPL";
