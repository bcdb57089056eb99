/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stacks of a process's system calls: addresses in the kernel, and build ids of its own. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct
{
  __uint (type, BPF_MAP_TYPE_STACK_TRACE);
  __uint (key_size, 4);
  __uint (value_size, 32 * 8);
  __uint (max_entries, 256);
} kernel_stacks SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_STACK_TRACE);
  __uint (key_size, 4);
  __uint (value_size, 32 * 32);
  __uint (max_entries, 256);
  __uint (map_flags, BPF_F_STACK_BUILD_ID);
} user_stacks SEC (".maps");

__u32 watched;
int kernel_id = -1;
int user_id = -1;

SEC ("raw_tp/sys_enter")
int
watch (void *ctx)
{
  if (bpf_get_current_pid_tgid () >> 32 != watched)
    return 0;

  kernel_id = (int) bpf_get_stackid (ctx, &kernel_stacks, BPF_F_REUSE_STACKID);
  user_id = (int) bpf_get_stackid (ctx, &user_stacks, BPF_F_REUSE_STACKID | BPF_F_USER_STACK);
  return 0;
}

char _license[] SEC ("license") = "GPL";
