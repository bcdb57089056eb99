/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each process does: its system calls and the programs that it started, counted in a hash table. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct process
{
  __u64 system_calls;
  __u64 programs; /* that it executed */
  __u32 user;
  char name[16];
};

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, __u32);
  __type (value, struct process);
  __uint (max_entries, 16384);
} processes SEC (".maps");

static struct process *
get_process (void)
{
  __u32 pid = bpf_get_current_pid_tgid () >> 32;
  struct process *process = bpf_map_lookup_elem (&processes, &pid);
  struct process new = { 0 };

  if (process)
    return process;

  new.user = bpf_get_current_uid_gid ();
  bpf_get_current_comm (&new.name, sizeof new.name);
  bpf_map_update_elem (&processes, &pid, &new, BPF_NOEXIST);

  return bpf_map_lookup_elem (&processes, &pid);
}

SEC ("raw_tracepoint/sys_enter")
int
on_system_call (void *context)
{
  struct process *process = get_process ();

  if (process)
    __sync_fetch_and_add (&process->system_calls, 1);

  return 0;
}

SEC ("raw_tracepoint/sched_process_exec")
int
on_exec (void *context)
{
  struct process *process = get_process ();

  if (process)
    {
      __sync_fetch_and_add (&process->programs, 1);
      /* It is called otherwise now. */
      bpf_get_current_comm (&process->name, sizeof process->name);
    }

  return 0;
}

SEC ("raw_tracepoint/sched_process_exit")
int
on_exit (void *context)
{
  __u64 both = bpf_get_current_pid_tgid ();
  __u32 pid = both >> 32;

  /* The thread that the process is called by is the last to go. */
  if (pid == (__u32) both)
    bpf_map_delete_elem (&processes, &pid);

  return 0;
}

char _license[] SEC ("license") = "GPL";
