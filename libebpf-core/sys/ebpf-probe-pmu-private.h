/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A dynamic PMU of /sys/bus/event_source/devices. */
typedef struct
{
  guint32 type;
  int retprobe_bit; /* in config, or -1 where the kernel has no return probes */
} EbpfSysProbePmu;

/* "kprobe" or "uprobe". The error says which kernel option is missing. */
gboolean ebpf_sys_get_probe_pmu (const char *name, EbpfSysProbePmu *pmu, GError **error);

G_END_DECLS
