/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One program for each of the younger hooks, none of which is loaded unless asked for: not every
 * kernel has them. Each counts in its slot of "counts". */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

#define TC_NEXT (-1)
#define TC_PASS 0
#define FILTER_DROP 0
#define FILTER_ACCEPT 1

enum
{
  ATTACH_INGRESS,
  ATTACH_EGRESS,
  ATTACH_ANY_TC,
  ATTACH_NETFILTER,
  ATTACH_LOOKUP,
  ATTACH_ENTRY,
  ATTACH_RETURN,
  ATTACH_SESSION,
  ATTACH_KERNEL,
  N_ATTACHES,
};

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, N_ATTACHES);
} counts SEC (".maps");

/* The order in which programs of one hook ran, as digits. */
__u64 order = 0;
__u64 last_cookie = 0;
const volatile __u32 target_pid = 0;

#ifndef __VMLINUX_H__
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;
struct bpf_map;
struct cgroup;
struct bpf_nf_ctx;

struct bpf_iter_meta
{
  struct seq_file *seq;
  __u64 session_id;
  __u64 seq_num;
};

struct bpf_iter__task
{
  struct bpf_iter_meta *meta;
  struct task_struct *task;
};

struct bpf_iter__bpf_map_elem
{
  struct bpf_iter_meta *meta;
  struct bpf_map *map;
  void *key;
  void *value;
};

struct bpf_iter__cgroup
{
  struct bpf_iter_meta *meta;
  struct cgroup *cgroup;
};

#pragma clang attribute pop
#endif

static __always_inline void
count (__u32 hook)
{
  __u64 *value = bpf_map_lookup_elem (&counts, &hook);

  if (value != NULL)
    __sync_fetch_and_add (value, 1);
}

SEC ("?iter/task")
int
every_task (struct bpf_iter__task *ctx)
{
  static const char format[] = "%d %s\n";
  struct task_struct *task = ctx->task;
  __u64 args[2];

  if (task == NULL)
    return 0;

  args[0] = task->tgid;
  args[1] = (__u64) (unsigned long) task->comm;
  bpf_seq_printf (ctx->meta->seq, format, sizeof format, args, sizeof args);
  return 0;
}

SEC ("?iter/bpf_map_elem")
int
every_entry (struct bpf_iter__bpf_map_elem *ctx)
{
  __u64 *value = ctx->value;

  if (value != NULL)
    bpf_seq_write (ctx->meta->seq, value, sizeof *value);
  return 0;
}

SEC ("?iter/cgroup")
int
every_cgroup (struct bpf_iter__cgroup *ctx)
{
  char byte = '.';

  if (ctx->cgroup != NULL)
    bpf_seq_write (ctx->meta->seq, &byte, sizeof byte);
  return 0;
}

SEC ("?tc/ingress")
int
on_ingress (struct __sk_buff *skb)
{
  count (ATTACH_INGRESS);
  order = order * 10 + 1;
  return TC_NEXT;
}

SEC ("?tcx/egress")
int
on_egress (struct __sk_buff *skb)
{
  count (ATTACH_EGRESS);
  return TC_NEXT;
}

SEC ("?tc")
int
on_any (struct __sk_buff *skb)
{
  count (ATTACH_ANY_TC);
  order = order * 10 + 2;
  return TC_NEXT;
}

SEC ("?netkit/primary")
int
on_netkit (struct __sk_buff *skb)
{
  return TC_NEXT;
}

SEC ("?netfilter")
int
on_filter (struct bpf_nf_ctx *ctx)
{
  count (ATTACH_NETFILTER);
  return FILTER_ACCEPT;
}

SEC ("?sk_lookup")
int
on_lookup (struct bpf_sk_lookup *ctx)
{
  count (ATTACH_LOOKUP);
  return SK_PASS;
}

SEC ("?uprobe.multi")
int
on_entry (void *ctx)
{
  last_cookie = bpf_get_attach_cookie (ctx);
  count (ATTACH_ENTRY);
  return 0;
}

SEC ("?uretprobe.multi")
int
on_return (void *ctx)
{
  count (ATTACH_RETURN);
  return 0;
}

SEC ("?uprobe.session")
int
on_session (void *ctx)
{
  count (ATTACH_SESSION);
  return 0;
}

/* All that the section says: the functions below of whatever process loads it. */
SEC ("?uprobe.multi//proc/self/exe:attach_test_*")
int
on_pattern (void *ctx)
{
  count (ATTACH_ENTRY);
  return 0;
}

SEC ("?kprobe.multi/__*sys_getpgi?")
int
on_kernel (void *ctx)
{
  if (bpf_get_current_pid_tgid () >> 32 == target_pid)
    count (ATTACH_KERNEL);
  return 0;
}

SEC ("?kretprobe.multi")
int
on_kernel_return (void *ctx)
{
  if (bpf_get_current_pid_tgid () >> 32 == target_pid)
    count (ATTACH_KERNEL);
  return 0;
}

char _license[] SEC ("license") = "GPL";
