/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A raw lookup against the bare system call, on the same map. */

#include "bench.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N_LOOKUPS 4096

static double
lookup_ours (gpointer data)
{
  EbpfMap *map = data;
  guint64 value;
  double start = bench_cpu_now ();

  for (guint32 i = 0; i < N_LOOKUPS; i++)
    {
      guint32 key = i & 255;

      if (!ebpf_map_lookup_raw (map, &key, &value, 0, NULL))
        return -1;
    }

  return (bench_cpu_now () - start) / N_LOOKUPS;
}

static double
lookup_peer (gpointer data)
{
  int fd = ebpf_map_peek_fd (data);
  guint64 value;
  double start = bench_cpu_now ();

  for (guint32 i = 0; i < N_LOOKUPS; i++)
    {
      guint32 key = i & 255;
      union bpf_attr attr;

      memset (&attr, 0, offsetof (union bpf_attr, flags) + sizeof attr.flags);
      attr.map_fd = (guint32) fd;
      attr.key = (guintptr) &key;
      attr.value = (guintptr) &value;
      if (syscall (SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr,
                   offsetof (union bpf_attr, flags) + sizeof attr.flags) != 0)
        return -1;
    }

  return (bench_cpu_now () - start) / N_LOOKUPS;
}

gboolean
bench_lookup (double *ours, double *peer, GError **error)
{
  g_autoptr (EbpfMapSpec) spec = NULL;
  g_autoptr (EbpfMap) map = NULL;

  spec = ebpf_map_spec_new ("bench", EBPF_MAP_TYPE_ARRAY, sizeof (guint32), sizeof (guint64), 256);
  map = ebpf_map_new (spec, error);
  if (map == NULL)
    return FALSE;

  return bench_compare (lookup_ours, lookup_peer, map, FALSE, 2000, ours, peer, error);
}
