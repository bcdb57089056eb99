/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hooks beyond those of hooks.bpf.c: a perf event, functions of the kernel, cookies. */

#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

enum
{
  SLOT_SAMPLE,
  SLOT_FUNCTION,
  SLOT_CALL,
  SLOT_COOKIE,
  N_SLOTS,
};

struct
{
  __uint (type, BPF_MAP_TYPE_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, N_SLOTS);
} counts SEC (".maps");

static __always_inline void
add (__u32 slot, __u64 amount)
{
  __u64 *value = bpf_map_lookup_elem (&counts, &slot);

  if (value != NULL)
    __sync_fetch_and_add (value, amount);
}

SEC ("perf_event")
int
on_sample (struct bpf_perf_event_data *ctx)
{
  add (SLOT_SAMPLE, 1);
  return 0;
}

SEC ("kprobe/do_nanosleep")
int
on_sleep (void *ctx)
{
  add (SLOT_FUNCTION, 1);
  return 0;
}

SEC ("kretsyscall/getpgid")
int
on_call (void *ctx)
{
  add (SLOT_CALL, 1);
  return 0;
}

SEC ("uprobe")
int
with_cookie (void *ctx)
{
  add (SLOT_COOKIE, bpf_get_attach_cookie (ctx));
  return 0;
}

char _license[] SEC ("license") = "GPL";
