/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks for what no kernel has, without which it cannot do. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

extern const void no_such_symbol __ksym;
extern const int no_such_variable __ksym;
extern int no_such_kfunc (int) __ksym;

__u64 address;

SEC ("tc")
int
use_missing (struct __sk_buff *skb)
{
  const int *value = bpf_this_cpu_ptr (&no_such_variable);

  address = (__u64) &no_such_symbol;
  return no_such_kfunc (*value);
}

char _license[] SEC ("license") = "GPL";
