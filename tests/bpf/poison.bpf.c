/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What no kernel has: a field of its structs, read with and without asking first. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "common.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct___poison
{
  struct
  {
    int a;
    int no_such_field[4];
  } inner;
  long long another;
};

#pragma clang attribute pop

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 1);
} optional SEC (".maps");

const volatile bool use_optional = false;

SEC ("raw_tp/sys_enter")
int
reads_missing (void *ctx)
{
  struct task_struct___poison *task = (void *) bpf_get_current_task ();
  int value = 0;

  bpf_probe_read_kernel (&value, sizeof value, &task->inner.no_such_field[2]);
  return value;
}

SEC ("raw_tp/sys_enter")
int
asks_first (void *ctx)
{
  struct task_struct___poison *task = (void *) bpf_get_current_task ();
  int value = 0;

  if (bpf_core_field_exists (task->inner.no_such_field))
    bpf_probe_read_kernel (&value, sizeof value, &task->inner.no_such_field[2]);
  return value;
}

/* Loads without its map as long as the constant says so. */
SEC ("socket")
int
may_use_map (struct __sk_buff *skb)
{
  __u32 key = 0;
  __u64 *value;

  if (!use_optional)
    return 7;

  value = bpf_map_lookup_elem (&optional, &key);
  return value != NULL ? (int) *value : 8;
}

char _license[] SEC ("license") = "GPL";
