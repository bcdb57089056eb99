/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Operations for the kernel to call. The structs are not the kernel's: members are in another order,
 * many are missing, and one more is there. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

struct sock;

#ifndef __VMLINUX_H__
struct tcp_congestion_ops
{
  char name[16];
  void (*cong_avoid) (struct sock *sk, __u32 ack, __u32 acked);
  __u32 (*undo_cwnd) (struct sock *sk);
  __u32 (*ssthresh) (struct sock *sk);
  __u32 flags;
};
#endif

struct tcp_congestion_ops___newer
{
  __u32 (*undo_cwnd) (struct sock *sk);
  void (*from_the_future) (struct sock *sk);
  __u32 (*ssthresh) (struct sock *sk);
  __u64 not_set;
  void (*cong_avoid) (struct sock *sk, __u32 ack, __u32 acked);
  char name[16];
};

SEC ("struct_ops/half")
__u32
half (unsigned long long *ctx)
{
  return 2;
}

SEC ("struct_ops")
__u32
undo (unsigned long long *ctx)
{
  return 10;
}

SEC ("struct_ops")
void
avoid (unsigned long long *ctx)
{
}

SEC ("struct_ops")
void
future (unsigned long long *ctx)
{
}

/* For a map that is left out alone. */
SEC ("struct_ops")
__u32
optional (unsigned long long *ctx)
{
  return 3;
}

SEC (".struct_ops")
struct tcp_congestion_ops plain = {
  .name = "ebpf_test_plain",
  .flags = 1,
  .ssthresh = (void *) half,
  .undo_cwnd = (void *) undo,
  .cong_avoid = (void *) avoid,
};

SEC (".struct_ops.link")
struct tcp_congestion_ops___newer newer = {
  .name = "ebpf_test_newer",
  .ssthresh = (void *) half,
  .undo_cwnd = (void *) undo,
  .cong_avoid = (void *) avoid,
  .from_the_future = (void *) future,
};

SEC ("?.struct_ops.link")
struct tcp_congestion_ops left_out = {
  .name = "ebpf_test_out",
  .undo_cwnd = (void *) undo,
  .ssthresh = (void *) half,
  .cong_avoid = (void *) avoid,
};

SEC ("?.struct_ops")
struct tcp_congestion_ops left_out_too = {
  .name = "ebpf_test_out2",
  .ssthresh = (void *) optional,
};

/* What cannot be copied into the kernel's struct. */
struct tcp_congestion_ops___array
{
  char name[8];
};

struct tcp_congestion_ops___kind
{
  __u64 ssthresh;
};

struct tcp_congestion_ops___size
{
  __u64 flags;
};

struct links___of_a_list
{
  void *next;
  void *prev;
};

struct tcp_congestion_ops___inner
{
  struct links___of_a_list list;
};

struct tcp_congestion_ops___bits
{
  __u32 flags : 4;
};

SEC ("?.struct_ops") struct tcp_congestion_ops___array bad_array = { .name = "ebpf_8" };
SEC ("?.struct_ops") struct tcp_congestion_ops___kind bad_kind = { .ssthresh = 1 };
SEC ("?.struct_ops") struct tcp_congestion_ops___size bad_size = { .flags = 1 };
SEC ("?.struct_ops") struct tcp_congestion_ops___inner bad_inner = { .list.prev = (void *) 8 };
SEC ("?.struct_ops") struct tcp_congestion_ops___inner good_inner = { .list.prev = 0 };
SEC ("?.struct_ops") struct tcp_congestion_ops___bits bad_bits = { .flags = 1 };

char _license[] SEC ("license") = "GPL";
