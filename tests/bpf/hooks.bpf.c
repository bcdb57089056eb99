/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One program for each kind of hook. Each counts in its slot of "counts" how often it ran; those
 * that run for a process count only @target_pid, unless that is 0. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

enum
{
  HOOK_SOCKET,
  HOOK_TRACEPOINT,
  HOOK_RAW_TRACEPOINT,
  HOOK_TP_BTF,
  HOOK_UPROBE,
  HOOK_URETPROBE,
  HOOK_XDP,
  HOOK_CGROUP_INGRESS,
  HOOK_CGROUP_EGRESS,
  N_HOOKS,
};

const volatile __u32 target_pid = 0;

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, N_HOOKS);
} counts SEC (".maps");

static __always_inline void
count (__u32 hook)
{
  __u64 *value = bpf_map_lookup_elem (&counts, &hook);

  if (value != NULL)
    __sync_fetch_and_add (value, 1);
}

static __always_inline void
count_process (__u32 hook)
{
  __u32 pid = bpf_get_current_pid_tgid () >> 32;

  if (target_pid == 0 || pid == target_pid)
    count (hook);
}

SEC ("socket")
int
on_packet (struct __sk_buff *skb)
{
  count (HOOK_SOCKET);
  return skb->len;
}

SEC ("tracepoint/sched/sched_process_exec")
int
on_exec (void *ctx)
{
  count_process (HOOK_TRACEPOINT);
  return 0;
}

SEC ("raw_tp/sys_enter")
int
on_sys_enter (struct bpf_raw_tracepoint_args *ctx)
{
  count_process (HOOK_RAW_TRACEPOINT);
  return 0;
}

SEC ("tp_btf/sched_process_exec")
int
on_exec_btf (__u64 *ctx)
{
  struct task_struct *task = (struct task_struct *) ctx[0];
  __u32 pid = task->tgid;

  if (target_pid == 0 || pid == target_pid)
    count (HOOK_TP_BTF);

  return 0;
}

SEC ("uprobe")
int
on_function (void *ctx)
{
  count_process (HOOK_UPROBE);
  return 0;
}

SEC ("uretprobe")
int
on_return (void *ctx)
{
  count_process (HOOK_URETPROBE);
  return 0;
}

SEC ("xdp")
int
on_frame (struct xdp_md *ctx)
{
  count (HOOK_XDP);
  return XDP_PASS;
}

SEC ("cgroup_skb/ingress")
int
on_ingress (struct __sk_buff *skb)
{
  count (HOOK_CGROUP_INGRESS);
  return 1;
}

SEC ("cgroup_skb/egress")
int
on_egress (struct __sk_buff *skb)
{
  count (HOOK_CGROUP_EGRESS);
  return 1;
}

char _license[] SEC ("license") = "GPL";
