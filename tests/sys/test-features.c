/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-sys-private.h"

#include <errno.h>

#include "ebpf-test.h"

static guint n_calls;

static int
count (EbpfSysCommand command, gpointer user_data)
{
  n_calls++;
  return GPOINTER_TO_INT (user_data);
}

static void
test_against_version (void)
{
  guint32 version = ebpf_sys_get_kernel_version_code ();

  if (!ebpf_test_require_bpf ())
    return;

  for (guint i = 0; i < EBPF_N_FEATURES; i++)
    {
      const char *min_version = ebpf_sys_feature_min_version (i);
      gboolean has = ebpf_sys_has_feature (i);

      g_test_message ("%s (%s): %s", ebpf_sys_feature_describe (i), min_version,
                      has ? "yes" : "no");
      g_assert_nonnull (ebpf_sys_feature_describe (i));

      /* Distributions backport, nobody takes away. */
      if (version >= ebpf_sys_parse_kernel_version (min_version))
        g_assert_true (has);

      /* What is known by the version is what the kernel would have said. */
      g_assert_cmpint (ebpf_sys_probe_feature (i), ==, has);
    }
}

static void
test_cache (void)
{
  if (!ebpf_test_require_bpf ())
    return;

  ebpf_sys_has_feature (EBPF_FEATURE_BTF);
  n_calls = 0;
  ebpf_sys_set_fault_func (count, GINT_TO_POINTER (EINVAL));
  g_assert_true (ebpf_sys_has_feature (EBPF_FEATURE_BTF));
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_cmpuint (n_calls, ==, 0);
}

static void
test_inconclusive (void)
{
  /* First of all tests, nothing is known: a refusal is no answer, and is not kept. */
  n_calls = 0;
  ebpf_sys_set_fault_func (count, GINT_TO_POINTER (ENOMEM));
  g_assert_cmpint (ebpf_sys_has_feature (EBPF_FEATURE_BPF_COOKIE), ==,
                   ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (5, 15, 0));
  g_assert_cmpuint (n_calls, ==, 1);
  ebpf_sys_has_feature (EBPF_FEATURE_BPF_COOKIE);
  g_assert_cmpuint (n_calls, ==, 2);

  ebpf_sys_set_fault_func (count, GINT_TO_POINTER (EINVAL));
  g_assert_false (ebpf_sys_has_feature (EBPF_FEATURE_PROBE_READ_KERNEL));
  g_assert_cmpuint (n_calls, ==, 3);
  g_assert_false (ebpf_sys_has_feature (EBPF_FEATURE_PROBE_READ_KERNEL));
  g_assert_cmpuint (n_calls, ==, 3);
  ebpf_sys_set_fault_func (NULL, NULL);
}

/* No kernel as new as that lacks it: not asked. */
static void
test_by_version (void)
{
  if (ebpf_sys_get_kernel_version_code () < EBPF_SYS_KERNEL_VERSION (5, 6, 0))
    {
      g_test_skip ("needs Linux 5.6");
      return;
    }

  n_calls = 0;
  ebpf_sys_set_fault_func (count, GINT_TO_POINTER (EINVAL));
  g_assert_true (ebpf_sys_has_feature (EBPF_FEATURE_PROG_NAME));
  g_assert_true (ebpf_sys_has_feature (EBPF_FEATURE_BTF_FUNC_GLOBAL));
  g_assert_true (ebpf_sys_has_feature (EBPF_FEATURE_ARRAY_MMAP));
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_cmpuint (n_calls, ==, 0);
}

/* What the cache must not remember for the other tests. */
static void
test_inconclusive_in_child (void)
{
  if (g_test_subprocess ())
    {
      test_inconclusive ();
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/sys/features/inconclusive", test_inconclusive_in_child);
  ebpf_test_add ("/sys/features/by-version", test_by_version);
  ebpf_test_add ("/sys/features/against-version", test_against_version);
  ebpf_test_add ("/sys/features/cache", test_cache);

  return g_test_run ();
}
