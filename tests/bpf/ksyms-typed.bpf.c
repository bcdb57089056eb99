/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A variable of the kernel with its type. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

extern const int bpf_prog_active __ksym;

int active = -1;

SEC ("raw_tp/sys_enter")
int
read_active (void *ctx)
{
  const int *value = bpf_this_cpu_ptr (&bpf_prog_active);

  active = *value;
  return 0;
}

char _license[] SEC ("license") = "GPL";
