/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bench.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double
bench_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

double
bench_run_forked (BenchFunc func, gpointer data)
{
  double result = -1;
  int pipe_fds[2], status;
  pid_t pid;

  if (pipe (pipe_fds) != 0)
    return -1;

  pid = fork ();
  if (pid == 0)
    {
      result = func (data);
      _exit (write (pipe_fds[1], &result, sizeof result) == sizeof result ? 0 : 1);
    }

  close (pipe_fds[1]);
  if (pid > 0)
    {
      if (read (pipe_fds[0], &result, sizeof result) != sizeof result)
        result = -1;
      while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
        ;
    }
  close (pipe_fds[0]);

  return result;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double difference = *(const double *) a - *(const double *) b;

  return (difference > 0) - (difference < 0);
}

double
bench_cpu_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static double
median (GArray *samples)
{
  g_array_sort (samples, compare_doubles);
  return g_array_index (samples, double, samples->len / 2);
}

gboolean
bench_compare (BenchFunc ours,
               BenchFunc peer,
               gpointer data,
               gboolean forked,
               guint n_samples,
               double *ours_ns,
               double *peer_ns,
               GError **error)
{
  g_autoptr (GArray) ours_samples = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) peer_samples = g_array_new (FALSE, FALSE, sizeof (double));
  const BenchFunc funcs[2] = { ours, peer };

  /* The first round only warms what is shared: files in memory, the processor. */
  for (guint i = 0; i <= n_samples; i++)
    for (guint j = 0; j < 2; j++)
      {
        /* Who goes first changes, so that neither always finds what the other left. */
        guint which = (i + j) % 2;
        double sample = forked ? bench_run_forked (funcs[which], data) : funcs[which](data);

        if (sample < 0)
          {
            g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s could not do its work",
                         which == 0 ? "libebpf-core" : "the peer");
            return FALSE;
          }
        if (i > 0)
          g_array_append_vals (which == 0 ? ours_samples : peer_samples, &sample, 1);
      }

  *ours_ns = median (ours_samples);
  *peer_ns = median (peer_samples);
  return TRUE;
}

gboolean
bench_compare_each (BenchFunc ours,
                    BenchFunc peer,
                    GPtrArray *data,
                    guint n_samples,
                    double *ours_ns,
                    double *peer_ns,
                    GError **error)
{
  *ours_ns = *peer_ns = 0;

  for (guint i = 0; i < data->len; i++)
    {
      double ours_one, peer_one;

      if (!bench_compare (ours, peer, g_ptr_array_index (data, i), TRUE, n_samples, &ours_one,
                          &peer_one, error))
        return FALSE;

      *ours_ns += ours_one;
      *peer_ns += peer_one;
    }

  return TRUE;
}
