/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Symbols of the kernel: an address, a function that is called, one whose address is asked for, and
 * ones that are not there. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

#ifndef __VMLINUX_H__

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sk_buff
{
  unsigned int len;
};

#pragma clang attribute pop

#endif

extern const void _text __ksym;
extern const void no_such_symbol __ksym __weak;
extern const int no_such_variable __ksym __weak;
extern void *bpf_cast_to_kern_ctx (void *) __ksym;
extern void *bpf_cast_to_kern_ctx___strange (void *, int, int) __ksym __weak;
extern int no_such_kfunc (int) __ksym __weak;

__u64 text;
__u64 missing = 99;
__u32 length;

SEC ("tc")
int
use_symbols (struct __sk_buff *skb)
{
  struct sk_buff *kernel_skb;

  text = (__u64) &_text;
  missing = (__u64) &no_such_symbol;

  if (&no_such_variable != NULL)
    missing += 2;

  if (no_such_kfunc != NULL)
    missing += no_such_kfunc (1);
  if (bpf_cast_to_kern_ctx___strange != NULL)
    bpf_cast_to_kern_ctx___strange (skb, 1, 2);

  kernel_skb = bpf_cast_to_kern_ctx (skb);
  length = kernel_skb->len;

  return 0;
}

char _license[] SEC ("license") = "GPL";
