/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An old definition with more fields than the kernel knows, all zero. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct long_map_def
{
  unsigned int type;
  unsigned int key_size;
  unsigned int value_size;
  unsigned int max_entries;
  unsigned int map_flags;
  unsigned int id;
  unsigned int pinning;
};

struct long_map_def SEC ("maps") zero_tail = {
  .type = BPF_MAP_TYPE_ARRAY,
  .key_size = 4,
  .value_size = 8,
  .max_entries = 1,
};

char _license[] SEC ("license") = "GPL";
