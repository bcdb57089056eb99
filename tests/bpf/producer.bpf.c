/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbered records of many sizes, through a ring buffer and a perf event array. A record begins with its
 * number and ends with the number's lowest byte. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MAX_SIZE 512

/* The verifier goes through each turn of a loop: 128 take it some 20 ms, and every test waits for that. */
#define MAX_COUNT 128

struct
{
  __uint (type, BPF_MAP_TYPE_RINGBUF);
  __uint (max_entries, 4096);
} ring SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint (key_size, 4);
  __uint (value_size, 4);
} perf SEC (".maps");

__u32 count = 1;        /* records in one run, at most MAX_COUNT */
__u32 fixed_size;       /* of a record; 0 for sizes between 16 and 512 */
__u32 discard_every;    /* reserve and discard one before each n-th record; 0 never */
__u64 next_number;
__u64 dropped;

static char record[MAX_SIZE];

static __always_inline __u32
fill (__u64 number)
{
  __u32 size = fixed_size != 0 ? fixed_size : 16 + number * 13 % 497;

  if (size < 16 || size > MAX_SIZE)
    size = 16;

  *(__u64 *) record = number;
  record[(size - 1) & (MAX_SIZE - 1)] = (char) number;

  return size;
}

SEC ("tc")
int
stream_ring (struct __sk_buff *skb)
{
  __u32 i;

  for (i = 0; i < MAX_COUNT && i < count; i++)
    {
      __u64 number = next_number;
      __u32 size = fill (number);

      if (discard_every != 0 && number % discard_every == 0)
        {
          void *unused = bpf_ringbuf_reserve (&ring, 40, 0);

          if (unused != NULL)
            bpf_ringbuf_discard (unused, 0);
        }

      if (size < 16 || size > MAX_SIZE)
        return 1;
      if (bpf_ringbuf_output (&ring, record, size, 0) == 0)
        next_number++;
      else
        dropped++;
    }

  return 0;
}

SEC ("tc")
int
stream_perf (struct __sk_buff *skb)
{
  __u32 i;

  for (i = 0; i < MAX_COUNT && i < count; i++)
    {
      __u32 size = fill (next_number);

      if (size < 16 || size > MAX_SIZE)
        return 1;
      next_number++;
      if (bpf_perf_event_output (skb, &perf, BPF_F_CURRENT_CPU, record, size) != 0)
        dropped++;
    }

  return 0;
}

/* A number is left in each per-CPU map, by the CPU that runs the program. */
struct
{
  __uint (type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type (key, __u32);
  __type (value, __u32);
  __uint (max_entries, 2);
} counts SEC (".maps");

SEC ("tc")
int
count_cpu (struct __sk_buff *skb)
{
  __u32 key = 1;
  __u32 *value = bpf_map_lookup_elem (&counts, &key);

  if (value != NULL)
    *value = 1000 + bpf_get_smp_processor_id ();

  return 0;
}

char _license[] SEC ("license") = "GPL";
