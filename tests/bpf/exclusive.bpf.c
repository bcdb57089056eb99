/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A map that one program alone is to use, which has a section of data, too. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "common.h"

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 1);
  __type (key, __u32);
  __type (value, __u64);
} secret SEC (".maps");

__u64 n_calls;

static __always_inline int
count (__u64 step)
{
  __u32 key = 0;
  __u64 *value = bpf_map_lookup_elem (&secret, &key);

  n_calls++;
  if (value != NULL)
    *value += step;
  return 0;
}

SEC ("raw_tp/sys_enter")
int
allowed (void *ctx)
{
  return count (1);
}

SEC ("raw_tp/sys_enter")
int
refused (void *ctx)
{
  return count (2);
}

char _license[] SEC ("license") = "GPL";
