/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is opened, loaded, looked up in and drained. With BENCH_CORE, programs also read kernel
 * structures whose layout the loader has to find out. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define RECORD_SIZE 64

struct record
{
  __u64 number;
  __u8 payload[RECORD_SIZE - 8];
};

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 256);
} array SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, __u64);
  __type (value, struct record);
  __uint (max_entries, 1024);
} hash SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_RINGBUF);
  __uint (max_entries, 1 << 20);
} ring SEC (".maps");

const volatile __u32 n_records = 1024;
__u64 next_number;
__u64 n_dropped;

/* Run by BPF_PROG_TEST_RUN: fills the ring. */
SEC ("tc")
int
fill (struct __sk_buff *skb)
{
  __u32 i;

  for (i = 0; i < 1024 && i < n_records; i++)
    {
      struct record *record = bpf_ringbuf_reserve (&ring, sizeof *record, 0);

      if (record == NULL)
        {
          n_dropped++;
          return 1;
        }

      record->number = next_number++;
      __builtin_memset (record->payload, 7, sizeof record->payload);
      bpf_ringbuf_submit (record, BPF_RB_NO_WAKEUP);
    }

  return 0;
}

SEC ("socket")
int
count_packets (struct __sk_buff *skb)
{
  __u32 key = skb->len & 255;
  __u64 *value = bpf_map_lookup_elem (&array, &key);

  if (value != NULL)
    __sync_fetch_and_add (value, 1);

  return 0;
}

static __attribute__ ((noinline)) int
remember (__u64 key, __u64 number)
{
  struct record record = { .number = number };

  return (int) bpf_map_update_elem (&hash, &key, &record, BPF_ANY);
}

SEC ("tracepoint/sched/sched_process_exec")
int
on_exec (void *ctx)
{
  return remember (bpf_get_current_pid_tgid (), bpf_ktime_get_ns ());
}

SEC ("raw_tp/sys_enter")
int
on_sys_enter (struct bpf_raw_tracepoint_args *ctx)
{
  return remember (bpf_get_current_pid_tgid (), ctx->args[1]);
}

#ifdef BENCH_CORE

#ifndef __VMLINUX_H__
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct mm_struct
{
  unsigned long start_stack;
  unsigned long task_size;
};

struct nsproxy
{
  struct net *net_ns;
};

struct task_struct
{
  int pid;
  int tgid;
  int prio;
  unsigned int flags;
  __u64 start_time;
  struct mm_struct *mm;
  struct nsproxy *nsproxy;
  struct task_struct *real_parent;
  struct task_struct *group_leader;
};

#pragma clang attribute pop
#endif

SEC ("raw_tp/sched_process_fork")
int
on_fork (struct bpf_raw_tracepoint_args *ctx)
{
  struct task_struct *parent = (struct task_struct *) ctx->args[0];
  struct task_struct *child = (struct task_struct *) ctx->args[1];
  __u64 sum = 0;

  sum += BPF_CORE_READ (parent, pid) + BPF_CORE_READ (child, tgid);
  sum += BPF_CORE_READ (parent, start_time) + BPF_CORE_READ (child, prio);
  sum += BPF_CORE_READ (child, real_parent, tgid) + BPF_CORE_READ (child, mm, start_stack);
  if (bpf_core_field_exists (child->nsproxy))
    sum += (unsigned long) BPF_CORE_READ (child, nsproxy, net_ns);
  sum += bpf_core_type_size (struct task_struct) + bpf_core_field_size (child->flags);

  return remember (BPF_CORE_READ (child, group_leader, pid), sum);
}

SEC ("raw_tp/sched_process_exit")
int
on_exit (struct bpf_raw_tracepoint_args *ctx)
{
  struct task_struct *task = (struct task_struct *) ctx->args[0];

  return remember (BPF_CORE_READ (task, pid), BPF_CORE_READ (task, mm, task_size));
}

#endif

char _license[] SEC ("license") = "GPL";
