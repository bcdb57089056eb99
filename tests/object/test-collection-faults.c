/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each call that a load makes of the kernel fails once, and from then on, in turn. */

#include <errno.h>

#include "btf/ebpf-btf.h"
#include "ebpf-test.h"
#include "elf/ebpf-elf.h"
#include "object/ebpf-collection.h"
#include "sys/ebpf-sys-private.h"

typedef struct
{
  guint n_calls;
  guint first;
  guint n_failing;
  int errsv;
  EbpfSysCommand failed; /* the first */
} Fault;

static int
fail (EbpfSysCommand command, gpointer user_data)
{
  Fault *fault = user_data;
  guint call = fault->n_calls++;

  if (call == fault->first)
    fault->failed = command;

  return call >= fault->first && call - fault->first < fault->n_failing ? fault->errsv : 0;
}

static EbpfCollectionSpec *
load_spec (const char *object)
{
  g_autofree char *test_path = ebpf_test_object (object);
  g_autofree char *example_path = g_build_filename (g_getenv ("EBPF_TEST_EXAMPLES"), object, NULL);
  gboolean is_example = g_file_test (example_path, G_FILE_TEST_EXISTS);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec;
  EbpfVariableSpec *rounds;

  spec = ebpf_collection_spec_new_from_path (is_example ? example_path : test_path, &error);
  g_assert_no_error (error);

  /* How long the verifier looks at a program is of no interest here. */
  rounds = ebpf_collection_spec_get_variable (spec, "rounds");
  if (rounds != NULL)
    {
      ebpf_variable_spec_set_value (rounds, g_variant_new_uint32 (1), &error);
      g_assert_no_error (error);
    }

  return spec;
}

/* Loads with a fault, and says whether that went well. Whatever happened, it is over afterwards. */
static gboolean
try_load (EbpfCollectionSpec *spec, Fault *fault, const char *pin)
{
  g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (GError) error = NULL;
  guint n_fds = ebpf_test_count_fds ();
  gboolean loaded;

  ebpf_sys_set_fault_func (fail, fault);
  loaded = ebpf_collection_load (collection, NULL, NULL, &error);
  ebpf_sys_set_fault_func (NULL, NULL);

  if (!loaded)
    {
      g_assert_nonnull (error);
      g_assert_nonnull (error->message);
      g_assert_true (error->domain == EBPF_ERROR);
      g_assert_cmpint (ebpf_collection_get_state (collection), ==, EBPF_COLLECTION_STATE_FAILED);
      /* Before it is closed: a failure leaves nothing by itself. */
      g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
      maps = ebpf_collection_list_maps (collection);
      programs = ebpf_collection_list_programs (collection);
      g_assert_cmpuint (maps->len, ==, 0);
      g_assert_cmpuint (programs->len, ==, 0);
    }
  else
    {
      g_assert_no_error (error);
      g_assert_true (ebpf_collection_remove_pins (collection, &error));
      g_assert_no_error (error);
    }

  if (pin != NULL)
    g_assert_false (g_file_test (pin, G_FILE_TEST_EXISTS));
  ebpf_collection_close (collection);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);

  return loaded;
}

typedef struct
{
  const char *object;
  const char *pin;
  guint n_errnos;
} Case;

static const Case cases[] = {
  { "hooks.bpf.o", NULL, 6 },
  { "variables.bpf.o", NULL, 6 },
  { "pinning.bpf.o", "shared_counts", 6 },
  /* Fifty programs. */
  { "progress.bpf.o", NULL, 4 },
  /* Reads what the kernel says of its symbols, each time. */
  { "externs.bpf.o", NULL, 1 },
};

static void
test_faults (gconstpointer data)
{
  static const int errnos[] = { EPERM, EINVAL, ENOMEM, EAGAIN, EMFILE, ENOSPC };
  const Case *fault_case = data;
  g_autoptr (EbpfCollectionSpec) spec = load_spec (fault_case->object);
  g_autofree char *pin = NULL;
  Fault none = { 0 };
  guint n_failed = 0;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;
  if (fault_case->pin != NULL)
    {
      if (ebpf_test_bpffs () == NULL)
        return;
      pin = g_build_filename (ebpf_test_bpffs (), fault_case->pin, NULL);
    }

  /* Twice, for what is asked, or opened, once in the life of a process. */
  {
    g_autoptr (EbpfCollection) collection = ebpf_collection_new (spec);
    g_autoptr (GError) error = NULL;

    ebpf_collection_load (collection, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (ebpf_collection_remove_pins (collection, &error));
  }
  none.n_calls = 0;
  g_assert_true (try_load (spec, &none, pin));
  g_assert_cmpuint (none.n_calls, >, 2);

  for (guint i = 0; i < fault_case->n_errnos; i++)
    for (guint call = 0; call < none.n_calls; call++)
      {
        Fault once = { 0, call, 1, errnos[i] };
        Fault ever = { 0, call, G_MAXUINT, errnos[i] };
        gboolean loaded;

        /* Once may be made up for: by another try, or by doing without. The verifier is always asked
         * again where it gave up for a signal. */
        loaded = try_load (spec, &once, pin);
        if (errnos[i] == EAGAIN && once.n_calls > call && once.failed == EBPF_SYS_PROG_LOAD)
          g_assert_true (loaded);

        /* Now and then a load takes a call less: then nothing failed. */
        loaded = try_load (spec, &ever, pin);
        g_assert_true (loaded == (ever.n_calls <= call));
        n_failed += !loaded;
      }
  g_assert_cmpuint (n_failed, >=, fault_case->n_errnos * (none.n_calls - 1));

  /* The verifier gives up when a signal comes, and is asked again. */
  for (guint call = 0; call < none.n_calls; call++)
    {
      Fault again = { 0, call, 2, EINTR };

      g_assert_true (try_load (spec, &again, pin));
    }

  ebpf_btf_drop_kernel ();
}

int
main (int argc, char *argv[])
{
  g_unsetenv ("EBPF_PLUGIN_PATH");
  ebpf_test_init (&argc, &argv);
  ebpf_test_bpffs ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/collection/faults/", cases[i].object, NULL);

      ebpf_test_add_data (path, &cases[i], test_faults);
    }

  return g_test_run ();
}
