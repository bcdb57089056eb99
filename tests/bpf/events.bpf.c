/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records by ring buffer and by perf event array, numbered, as many as the caller of the test run
 * asks for by the variable @count. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

struct event
{
  __u64 number;
  __u32 cpu;
  __u32 padding;
  char text[16];
};

struct
{
  __uint (type, BPF_MAP_TYPE_RINGBUF);
  __type (value, struct event);
  __uint (max_entries, 1 << 16);
} ring SEC (".maps");

struct
{
  __uint (type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __type (key, int);
  __type (value, struct event);
} perf SEC (".maps");

__u32 count = 1;
__u64 next_number;
__u64 dropped;

static __always_inline void
fill (struct event *event)
{
  /* In two steps: what returns the old number came with Linux 5.12. */
  event->number = next_number;
  __sync_fetch_and_add (&next_number, 1);
  event->cpu = bpf_get_smp_processor_id ();
  event->padding = 0;
  __builtin_memset (event->text, 0, sizeof event->text);
  event->text[0] = 'e';
  event->text[1] = 'v';
}

SEC ("tc")
int
emit_ring (struct __sk_buff *skb)
{
  __u32 i;

  for (i = 0; i < 1024 && i < count; i++)
    {
      struct event *event = bpf_ringbuf_reserve (&ring, sizeof *event, 0);

      if (event == NULL)
        {
          dropped++;
          continue;
        }

      fill (event);
      bpf_ringbuf_submit (event, 0);
    }

  return 0;
}

SEC ("tc")
int
emit_perf (struct __sk_buff *skb)
{
  __u32 i;

  for (i = 0; i < 1024 && i < count; i++)
    {
      struct event event;

      fill (&event);
      if (bpf_perf_event_output (skb, &perf, BPF_F_CURRENT_CPU, &event, sizeof event) != 0)
        dropped++;
    }

  return 0;
}

char _license[] SEC ("license") = "GPL";
