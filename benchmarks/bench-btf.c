/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's type information: what it takes to open it and find something, in time and memory. */

#include "bench.h"

#include <bpf/btf.h>
#include <stdio.h>

static const char *const types[] = {
  "task_struct", "sk_buff",  "file",      "inode", "net_device",
  "sock",        "bpf_prog", "mm_struct", "page",  "vm_area_struct",
};

static const char *const functions[] = {
  "vfs_read",       "vfs_write",      "do_sys_openat2",  "tcp_sendmsg",     "schedule",
  "bpf_prog_alloc", "dev_queue_xmit", "wake_up_process", "kmem_cache_free", "security_file_open",
};

static gboolean
find_ours (void)
{
  EbpfBtf *btf = ebpf_btf_get_kernel (NULL);
  guint n = 0;

  if (btf == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    n += ebpf_btf_find (btf, types[i], EBPF_BTF_KIND_STRUCT, NULL) != 0;
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    n += ebpf_btf_find (btf, functions[i], EBPF_BTF_KIND_FUNC, NULL) != 0;

  return n >= G_N_ELEMENTS (types);
}

static double
open_ours (gpointer data)
{
  double start = bench_cpu_now ();

  return find_ours () ? bench_cpu_now () - start : -1;
}

static double
open_peer (gpointer data)
{
  double start = bench_cpu_now (), stop;
  struct btf *btf = btf__load_vmlinux_btf ();
  guint n = 0;

  if (btf == NULL)
    return -1;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    n += btf__find_by_name_kind (btf, types[i], BTF_KIND_STRUCT) > 0;
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    n += btf__find_by_name_kind (btf, functions[i], BTF_KIND_FUNC) > 0;
  stop = bench_cpu_now ();

  btf__free (btf);
  return n >= G_N_ELEMENTS (types) ? stop - start : -1;
}

/* Bytes of memory that are this process's own. */
static double
private_memory (void)
{
  FILE *file = fopen ("/proc/self/smaps_rollup", "re");
  char line[256];
  unsigned long kib, dirty = 0;

  if (file == NULL)
    return -1;
  while (fgets (line, sizeof line, file) != NULL)
    if (sscanf (line, "Private_Dirty: %lu kB", &kib) == 1)
      dirty = kib;
  fclose (file);

  return dirty * 1024.0;
}

static double
measure_ours (gpointer data)
{
  double before, after;

  /* Once before, so that what it takes to measure is there. */
  private_memory ();
  before = private_memory ();
  if (before < 0 || !find_ours ())
    return -1;
  after = private_memory ();

  /* Never 0, so that there is a ratio. */
  return MAX (after - before, 1);
}

static double
allowance (gpointer data)
{
  return 1 << 20;
}

gboolean
bench_btf_find (double *ours, double *peer, GError **error)
{
  if (!bench_compare (open_ours, open_peer, NULL, TRUE, 40, ours, peer, error))
    return FALSE;

  *ours /= 1000;
  *peer /= 1000;
  return TRUE;
}

gboolean
bench_btf_memory (double *ours, double *peer, GError **error)
{
  if (!bench_compare (measure_ours, allowance, NULL, TRUE, 8, ours, peer, error))
    return FALSE;

  *ours /= 1024;
  *peer /= 1024;
  return TRUE;
}
