/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-sys-private.h"
#include "sys/ebpf-system.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ebpf-test.h"

static int
fail (EbpfSysCommand command, gpointer user_data)
{
  return GPOINTER_TO_INT (user_data);
}

static void
test_privileged (void)
{
  g_autoptr (GError) error = NULL;
  gboolean ok;

  if (geteuid () != 0 || !ebpf_test_require_bpf ())
    {
      g_test_skip ("needs root");
      return;
    }

  ok = ebpf_check_privileges (&error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
test_no_syscall (void)
{
  g_autoptr (GError) error = NULL;

  ebpf_sys_set_fault_func (fail, GINT_TO_POINTER (ENOSYS));
  g_assert_false (ebpf_check_privileges (&error));
  ebpf_sys_set_fault_func (NULL, NULL);

  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "*(ENOSYS); *CONFIG_BPF_SYSCALL*");
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_unprivileged (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (GError) error = NULL;

      g_assert_no_errno (setresuid (65534, 65534, 65534));
      g_assert_false (ebpf_check_privileges (&error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION,
                                      "*uid 65534*root*CAP_*");
      g_assert_nonnull (strstr (error->message, "kernel.unprivileged_bpf_disabled"));
      g_assert_null (strchr (error->message, '\n'));
      g_assert_cmpint (ebpf_error_get_errno (error), ==, EPERM);
      return;
    }

  if (geteuid () != 0 || !ebpf_test_require_bpf ())
    {
      g_test_skip ("needs root to give it up");
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_errno_kept (void)
{
  g_autofree char *explanation = NULL;

  errno = ENOMSG;
  explanation = ebpf_sys_explain_privileges ();
  g_assert_cmpint (errno, ==, ENOMSG);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/sys/privileges/privileged", test_privileged);
  ebpf_test_add ("/sys/privileges/no-syscall", test_no_syscall);
  ebpf_test_add ("/sys/privileges/unprivileged", test_unprivileged);
  ebpf_test_add ("/sys/privileges/errno-kept", test_errno_kept);

  return g_test_run ();
}
