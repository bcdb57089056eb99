/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads a field that no kernel has, and does so without asking first. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "common.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct___missing
{
  int not_there;
};

#pragma clang attribute pop

__u32 value;

SEC ("raw_tp/sys_enter")
int
read_missing (void *ctx)
{
  struct task_struct___missing *task = (void *) bpf_get_current_task ();

  value = BPF_CORE_READ (task, not_there);
  return 0;
}

char _license[] SEC ("license") = "GPL";
