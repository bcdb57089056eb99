// SPDX-License-Identifier: LGPL-2.1-or-later

/* Tells of every program that is started, and counts them by user. */

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "exec.h"

char LICENSE[] SEC ("license") = "Dual BSD/GPL";

/* The kernel's own struct has some hundred fields; naming those we read is enough, for each is
 * looked up by its name in the running kernel when the program is loaded. A vmlinux.h, which
 * `ebpfctl btf dump` makes, has all of them, and can be included instead. */
#ifndef __VMLINUX_H__
struct task_struct
{
  int tgid;
  __u64 start_boottime;
  struct task_struct *real_parent;
} __attribute__ ((preserve_access_index));
#endif

struct
{
  __uint (type, BPF_MAP_TYPE_RINGBUF);
  __uint (max_entries, 256 * 1024);
  __type (value, struct event);
} events SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint (max_entries, 1024);
  __type (key, __u32);
  __type (value, __u64);
} execs_by_uid SEC (".maps");

/* Events that found no room in the ring buffer: nobody read it fast enough. */
__u64 dropped;

static void
count (__u32 uid)
{
  __u64 *n = bpf_map_lookup_elem (&execs_by_uid, &uid);
  __u64 one = 1;

  if (n)
    *n += 1; /* this CPU's own number, so nobody else writes it */
  else
    bpf_map_update_elem (&execs_by_uid, &uid, &one, BPF_ANY);
}

SEC ("tracepoint/sched/sched_process_exec")
int
on_exec (void *context)
{
  struct task_struct *task = (struct task_struct *) bpf_get_current_task ();
  __u32 uid = (__u32) bpf_get_current_uid_gid ();
  struct event *event;

  count (uid);

  event = bpf_ringbuf_reserve (&events, sizeof *event, 0);
  if (!event)
    {
      __sync_fetch_and_add (&dropped, 1);
      return 0;
    }

  event->start = BPF_CORE_READ (task, start_boottime);
  event->pid = bpf_get_current_pid_tgid () >> 32;
  event->parent = BPF_CORE_READ (task, real_parent, tgid);
  event->uid = uid;
  bpf_get_current_comm (event->comm, sizeof event->comm);

  bpf_ringbuf_submit (event, 0);
  return 0;
}
