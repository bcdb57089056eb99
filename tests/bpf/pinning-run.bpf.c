/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pinned map of pinning.bpf.c, in an object that can be attached. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 8);
  __uint (pinning, LIBBPF_PIN_BY_NAME);
} shared_counts SEC (".maps");

SEC ("tracepoint/sched/sched_process_exec")
int
mark (void *context)
{
  __u32 key = 1;
  __u64 one = 1;

  bpf_map_update_elem (&shared_counts, &key, &one, BPF_ANY);
  return 0;
}

char _license[] SEC ("license") = "GPL";
