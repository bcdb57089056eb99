/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf.h>

G_BEGIN_DECLS

/* One comparison: how long we take, and how long the peer does. */
typedef struct
{
  const char *name;
  const char *unit;
  double limit; /* of ours / peer */
  /* Fills both, in the unit; FALSE with an error. */
  gboolean (*run) (double *ours, double *peer, GError **error);
} Bench;

/* Does the work once and gives the time of what is measured of it, in nanoseconds, or a negative
 * number after saying why on standard error. */
typedef double (*BenchFunc) (gpointer data);

/* Takes samples of both in turn, and gives the median of each.
 *
 * With @forked each sample is taken in a process of its own, so that nothing one sample learned
 * helps the next. */
gboolean bench_compare (BenchFunc ours,
                        BenchFunc peer,
                        gpointer data,
                        gboolean forked,
                        guint n_samples,
                        double *ours_ns,
                        double *peer_ns,
                        GError **error);

/* CLOCK_MONOTONIC, in nanoseconds: for what waits, as loads do for the kernel. */
double bench_now (void);

/* Time of the processor that this thread took, in its own code and in the kernel's: for what only computes. What
 * others do on the machine at the same time counts for neither side. */
double bench_cpu_now (void);

/* The same for each of @data, and every sample in a process of its own: the sums of the medians. */
gboolean bench_compare_each (BenchFunc ours,
                             BenchFunc peer,
                             GPtrArray *data,
                             guint n_samples,
                             double *ours_ns,
                             double *peer_ns,
                             GError **error);

/* Takes one sample in a process of its own. */
double bench_run_forked (BenchFunc func, gpointer data);

/* Something that is to be said below the table. */
void bench_note (const char *format, ...) G_GNUC_PRINTF (1, 2);

gboolean bench_open_all (double *ours, double *peer, GError **error);
gboolean bench_load_all (double *ours, double *peer, GError **error);
gboolean bench_load_all_together (double *ours, double *peer, GError **error);
gboolean bench_open (double *ours, double *peer, GError **error);
gboolean bench_open_again (double *ours, double *peer, GError **error);
gboolean bench_load (double *ours, double *peer, GError **error);
gboolean bench_btf_find (double *ours, double *peer, GError **error);
gboolean bench_btf_memory (double *ours, double *peer, GError **error);
gboolean bench_load_many (double *ours, double *peer, GError **error);
gboolean bench_load_many_again (double *ours, double *peer, GError **error);
gboolean bench_load_ksyms (double *ours, double *peer, GError **error);
gboolean bench_load_core (double *ours, double *peer, GError **error);
gboolean bench_lookup (double *ours, double *peer, GError **error);
gboolean bench_update (double *ours, double *peer, GError **error);
gboolean bench_delete (double *ours, double *peer, GError **error);
gboolean bench_iterate (double *ours, double *peer, GError **error);
gboolean bench_iterate_per_cpu (double *ours, double *peer, GError **error);
gboolean bench_lookup_variant (double *ours, double *peer, GError **error);
gboolean bench_refresh (double *ours, double *peer, GError **error);
gboolean bench_ring (double *ours, double *peer, GError **error);
gboolean bench_ring_batch (double *ours, double *peer, GError **error);

G_END_DECLS
