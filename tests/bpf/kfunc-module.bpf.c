/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Functions that are in a module on most kernels (nf_conntrack, Linux 5.18). */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

#ifndef __VMLINUX_H__
struct nf_conn
{
  unsigned long status;
};
#endif

struct bpf_ct_opts___here
{
  __s32 netns_id;
  __s32 error;
  __u8 l4proto;
  __u8 dir;
  __u8 reserved[2];
};

extern struct nf_conn *
bpf_skb_ct_lookup (struct __sk_buff *,
                   struct bpf_sock_tuple *,
                   __u32,
                   struct bpf_ct_opts___here *,
                   __u32)
__ksym __weak;
extern void bpf_ct_release (struct nf_conn *) __ksym __weak;

__u32 is_there;
int answer;

SEC ("tc")
int
look_up (struct __sk_buff *skb)
{
  struct bpf_ct_opts___here options = { .netns_id = -1, .l4proto = 6 };
  struct bpf_sock_tuple tuple = {};
  struct nf_conn *connection;

  if (bpf_skb_ct_lookup == NULL || bpf_ct_release == NULL)
    return 0;

  is_there = 1;
  connection = bpf_skb_ct_lookup (skb, &tuple, sizeof tuple.ipv4, &options, sizeof options);
  if (connection != NULL)
    bpf_ct_release (connection);
  else
    answer = options.error;

  return 0;
}

char _license[] SEC ("license") = "GPL";
