/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each call that running a loader program makes fails once, and from then on, in turn. What the
 * program itself calls is the kernel's own affair: test-loader.c. */

#include <errno.h>

#include "ebpf-test.h"
#include "elf/ebpf-elf.h"
#include "loader/ebpf-loader.h"
#include "object/ebpf-collection.h"
#include "sys/ebpf-sys-private.h"

typedef struct
{
  guint n_calls;
  guint first;
  guint n_failing;
  int errsv;
} Fault;

static int
fail (EbpfSysCommand command, gpointer user_data)
{
  Fault *fault = user_data;
  guint call = fault->n_calls++;

  return call >= fault->first && call - fault->first < fault->n_failing ? fault->errsv : 0;
}

static void
try_load (EbpfLoader *loader, Fault *fault)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  guint n_fds = ebpf_test_count_fds ();

  ebpf_sys_set_fault_func (fail, fault);
  collection = ebpf_loader_load (loader, NULL, NULL, &error);
  ebpf_sys_set_fault_func (NULL, NULL);

  if (collection == NULL)
    {
      g_assert_nonnull (error);
      g_assert_true (error->domain == EBPF_ERROR);
      g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
      return;
    }

  g_assert_no_error (error);
  ebpf_collection_close (collection);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
}

static void
test_faults (void)
{
  static const int answers[] = { EPERM, EINVAL, ENOMEM, EAGAIN };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfLoader) loader = NULL;
  g_autofree char *path = ebpf_test_object ("shapes.bpf.o");
  g_autoptr (GError) error = NULL;
  Fault none = { .first = G_MAXUINT };
  guint n_fds;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 17))
    return;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  loader = ebpf_loader_new (spec, EBPF_LOADER_FLAGS_NONE, &error);
  g_assert_no_error (error);

  try_load (loader, &none); /* what is probed once is known now */
  none.n_calls = 0;
  n_fds = ebpf_test_count_fds ();
  try_load (loader, &none);
  g_assert_cmpuint (none.n_calls, >, 4);

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    for (guint first = 0; first < none.n_calls; first++)
      {
        Fault once = { .first = first, .n_failing = 1, .errsv = answers[i] };
        Fault all = { .first = first, .n_failing = G_MAXUINT, .errsv = answers[i] };

        try_load (loader, &once);
        try_load (loader, &all);
      }

  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/loader/faults", test_faults);

  return g_test_run ();
}
