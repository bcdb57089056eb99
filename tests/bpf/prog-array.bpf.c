/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tail calls, with the table filled by the object file itself. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int tail_one (struct __sk_buff *skb);
int tail_two (struct __sk_buff *skb);

struct
{
  __uint (type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint (max_entries, 4);
  __uint (key_size, sizeof (__u32));
  __array (values, int (struct __sk_buff *));
} jump_table SEC (".maps") = {
  .values = { [0] = &tail_one, [3] = &tail_two },
};

SEC ("tc")
int
tail_one (struct __sk_buff *skb)
{
  return 11;
}

SEC ("tc")
int
tail_two (struct __sk_buff *skb)
{
  bpf_tail_call (skb, &jump_table, 0);
  return 22;
}

SEC ("tc")
int
entry (struct __sk_buff *skb)
{
  bpf_tail_call (skb, &jump_table, 3);
  return 33;
}

char _license[] SEC ("license") = "GPL";
