/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf-plugin.h>

G_BEGIN_DECLS

/* The ring of one CPU: a perf event and the memory it is written to. */
typedef struct _EbpfPerfRing EbpfPerfRing;

typedef struct
{
  gsize n_pages; /* a power of two, for each CPU */
  guint wakeup_events;
  guint wakeup_bytes;
} EbpfPerfRingOptions;

/* NULL with @error, which has the errno ENODEV for a CPU that is not online. */
EbpfPerfRing *ebpf_perf_ring_new (guint cpu, const EbpfPerfRingOptions *options, GError **error);
void ebpf_perf_ring_free (EbpfPerfRing *ring);

guint ebpf_perf_ring_get_cpu (EbpfPerfRing *ring);
int ebpf_perf_ring_get_fd (EbpfPerfRing *ring);

gboolean ebpf_perf_ring_has_data (EbpfPerfRing *ring);

/* Shows records, *max_records at most, and subtracts how many there were; *go_on becomes FALSE
 * where
 * @func wants no more. FALSE with @error where the ring is damaged. */
gboolean ebpf_perf_ring_drain (EbpfPerfRing *ring,
                               gsize *max_records,
                               EbpfRecordFunc func,
                               gpointer user_data,
                               gboolean *go_on,
                               guint64 *n_lost,
                               GError **error);

G_END_DECLS
