/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A type that the kernel does not have, but that some other type information may. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct ebpf_elsewhere
{
  int first;
  int second;
} __attribute__ ((preserve_access_index));

SEC ("socket")
int
where (struct __sk_buff *skb)
{
  struct ebpf_elsewhere *elsewhere = (void *) 0;

  if (!bpf_core_type_exists (struct ebpf_elsewhere))
    return 77;

  return __builtin_preserve_field_info (elsewhere->second, BPF_FIELD_BYTE_OFFSET);
}

char _license[] SEC ("license") = "GPL";
