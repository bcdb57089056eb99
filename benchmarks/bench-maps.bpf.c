/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A map whose values are structs of six fields. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct record
{
  __u64 time;
  __u32 pid;
  __u32 cpu;
  __s32 status;
  __u16 port;
  char comm[16];
};

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, __u32);
  __type (value, struct record);
  __uint (max_entries, 256);
} records SEC (".maps");
