/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the kernel's types look like from here, and what they really are: each of these is answered by
 * a relocation. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "common.h"

/* clang 14 has no relocation for this: what it compiles is the question whether the type exists, and
 * the tests change the kind. */
#if __clang_major__ >= 15
#define TYPE_MATCHES(type) bpf_core_type_matches (type)
#else
#define TYPE_MATCHES(type) bpf_core_type_exists (type)
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct___here
{
  int not_there;
  unsigned int sched_reset_on_fork : 1;
  unsigned int sched_migrated : 1;
  char comm[16];
  struct task_struct___here *group_leader;
  int tgid;
  int __state;
};

struct list_head___wrong
{
  int next;
};

struct list_head___matching
{
  struct list_head___matching *next;
};

struct list_head___unlike
{
  int next;
};

struct no_such_struct
{
  long a, b;
};

#pragma clang attribute pop

enum bpf_map_type___here
{
  BPF_MAP_TYPE_ARRAY___here = 77,
  BPF_MAP_TYPE_NOWHERE = 78,
};

/* One whose values change from version to version. */
enum cpuhp_state___here
{
  CPUHP_ONLINE___here = 5,
};

__u32 tgid;
__u32 leader_tgid;
__u32 reset_on_fork = 99;
char comm[16];

__u32 offset_of_tgid;
__u32 size_of_comm;
__u32 has_comm;
__u32 has_not_there = 99;
__u32 tgid_is_signed;
__u32 has_task;
__u32 has_no_such_struct = 99;
__u32 size_of_task;
__u32 local_id;
__u32 target_id;
__u64 map_type_array;
__u32 has_map_type_array;
__u64 cpuhp_online;
__u32 has_map_type_nowhere = 99;
__u32 has_wrong_next = 99;
__u32 has_next;
__u32 matches;
__u32 matches_unlike = 99;

__u32 executed_tgid;
__u32 executed_state;
__u32 executed_migrated = 99;
char executed_comm;

SEC ("raw_tp/sys_enter")
int
look (void *ctx)
{
  struct task_struct___here *task = (void *) bpf_get_current_task ();
  struct no_such_struct *nothing = (void *) task;

  tgid = BPF_CORE_READ (task, tgid);
  leader_tgid = BPF_CORE_READ (task, group_leader, tgid);
  reset_on_fork = BPF_CORE_READ_BITFIELD_PROBED (task, sched_reset_on_fork);
  BPF_CORE_READ_STR_INTO (&comm, task, comm);

  offset_of_tgid = bpf_core_field_offset (struct task_struct___here, tgid);
  size_of_comm = bpf_core_field_size (task->comm);
  has_comm = bpf_core_field_exists (task->comm);
  has_not_there = bpf_core_field_exists (task->not_there);
  tgid_is_signed = __builtin_preserve_field_info (task->tgid, BPF_FIELD_SIGNED);
  has_wrong_next = bpf_core_field_exists (((struct list_head___wrong *) 0)->next);

  has_next = bpf_core_field_exists (((struct list_head___matching *) 0)->next);

  has_task = bpf_core_type_exists (struct task_struct___here);
  has_no_such_struct = bpf_core_type_exists (struct no_such_struct);
  size_of_task = bpf_core_type_size (struct task_struct___here);
  local_id = bpf_core_type_id_local (struct task_struct___here);
  target_id = bpf_core_type_id_kernel (struct task_struct___here);

  map_type_array = bpf_core_enum_value (enum bpf_map_type___here, BPF_MAP_TYPE_ARRAY___here);
  has_map_type_array =
      bpf_core_enum_value_exists (enum bpf_map_type___here, BPF_MAP_TYPE_ARRAY___here);
  has_map_type_nowhere =
      bpf_core_enum_value_exists (enum bpf_map_type___here, BPF_MAP_TYPE_NOWHERE);

  cpuhp_online = bpf_core_enum_value (enum cpuhp_state___here, CPUHP_ONLINE___here);

  matches = TYPE_MATCHES (struct list_head___matching);
  matches_unlike = TYPE_MATCHES (struct list_head___unlike);

  /* Never reached, and poisoned. */
  if (has_not_there == 12345 && bpf_core_field_exists (task->not_there))
    tgid = BPF_CORE_READ (task, not_there);
  if (bpf_core_type_exists (struct no_such_struct))
    tgid = BPF_CORE_READ (nothing, b);

  return 0;
}

/* Loads from what the verifier knows to be a task: the offset is in the instruction. */
SEC ("tp_btf/sched_process_exec")
int
BPF_PROG (executed, struct task_struct___here *task)
{
  executed_tgid = task->tgid;
  executed_comm = task->comm[1];
  executed_migrated = BPF_CORE_READ_BITFIELD (task, sched_migrated);
  if (bpf_core_field_exists (task->__state))
    executed_state = task->__state;

  return 0;
}

char _license[] SEC ("license") = "GPL";
