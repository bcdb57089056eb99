/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls of the kernel's functions: one that is there since Linux 6.2, and one that never is (weak).
 */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

extern struct task_struct *bpf_task_from_pid (int pid) __ksym;
extern void bpf_task_release (struct task_struct *task) __ksym;
extern int no_such_kfunc (int) __ksym __weak;

int found_tgid;

SEC ("tp_btf/sys_enter")
int
call (__u64 *ctx)
{
  struct task_struct *task = bpf_task_from_pid (1);

  if (no_such_kfunc != NULL)
    found_tgid = no_such_kfunc (1);

  if (task != NULL)
    {
      found_tgid = task->tgid;
      bpf_task_release (task);
    }

  return 0;
}

char _license[] SEC ("license") = "GPL";
