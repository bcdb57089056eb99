/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Addresses of symbols of the kernel, without a type: they are in kallsyms alone. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const void _text __ksym;
extern const void _etext __ksym;
extern const void bpf_prog_load __ksym __weak;
extern const void vfs_read __ksym __weak;
extern const void vfs_write __ksym __weak;
extern const void tcp_sendmsg __ksym __weak;
extern const void schedule __ksym __weak;
extern const void wake_up_process __ksym __weak;

__u64 addresses[8];

SEC ("socket")
int
store (struct __sk_buff *skb)
{
  addresses[0] = (__u64) &_text;
  addresses[1] = (__u64) &_etext;
  addresses[2] = (__u64) &bpf_prog_load;
  addresses[3] = (__u64) &vfs_read;
  addresses[4] = (__u64) &vfs_write;
  addresses[5] = (__u64) &tcp_sendmsg;
  addresses[6] = (__u64) &schedule;
  addresses[7] = (__u64) &wake_up_process;
  return 0;
}

char _license[] SEC ("license") = "GPL";
