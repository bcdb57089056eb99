/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values with a spin lock in them. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct locked
{
  struct bpf_spin_lock lock;
  __u32 count;
};

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __uint (max_entries, 16);
  __type (key, __u32);
  __type (value, struct locked);
} locked_hash SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __uint (max_entries, 4);
  __type (key, __u32);
  __type (value, struct locked);
} locked_array SEC (".maps");
