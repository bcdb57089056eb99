/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbered records of 64 bytes, one a run, and a count for each CPU: what a script reads. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct record
{
  __u64 number;
  __u64 big; /* beyond what a double holds exactly */
  __u32 cpu;
  __s32 negative;
  char text[16];
  __u8 bytes[24];
};

struct
{
  __uint (type, BPF_MAP_TYPE_RINGBUF);
  __type (value, struct record);
  __uint (max_entries, 1 << 20);
} records SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type (key, __u32);
  __type (value, __u64);
  __uint (max_entries, 1);
} runs SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_HASH);
  __type (key, __u32);
  __type (value, struct record);
  __uint (max_entries, 16);
} kept SEC (".maps");

__u64 next_number;
__u64 dropped;
const volatile __u32 last_byte = 7;

SEC ("tc")
int
produce (struct __sk_buff *skb)
{
  __u32 zero = 0;
  __u64 *count = bpf_map_lookup_elem (&runs, &zero);
  struct record *record;

  if (count)
    *count += 1;

  record = bpf_ringbuf_reserve (&records, sizeof *record, 0);
  if (!record)
    {
      dropped++;
      return 1;
    }

  __builtin_memset (record, 0, sizeof *record);
  record->number = next_number++;
  record->big = 0xfffffffffffffff1ull;
  record->cpu = bpf_get_smp_processor_id ();
  record->negative = -5;
  record->text[0] = 'h';
  record->text[1] = 'i';
  record->bytes[23] = last_byte;
  bpf_ringbuf_submit (record, 0);

  return 0;
}

char _license[] SEC ("license") = "GPL";
