/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/ebpf-error-private.h"

#include <errno.h>

#include "ebpf-test.h"

static void
test_errno_and_log (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) copy = NULL;
  g_autoptr (GError) prefixed = NULL;

  ebpf_error_set (&error, EBPF_ERROR_VERIFIER, EACCES, "program \"%s\": refused", "p");
  ebpf_error_set_log (error, "line 1\nline 2");
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_VERIFIER);
  g_assert_cmpint (ebpf_error_get_errno (error), ==, EACCES);

  copy = g_error_copy (error);
  g_assert_cmpint (ebpf_error_get_errno (copy), ==, EACCES);
  g_assert_cmpstr (ebpf_error_get_log (copy), ==, "line 1\nline 2");

  ebpf_error_propagate_prefixed (&prefixed, g_steal_pointer (&copy), "%s: ", "a.bpf.o");
  g_assert_cmpstr (prefixed->message, ==, "a.bpf.o: program \"p\": refused");
  g_assert_cmpint (ebpf_error_get_errno (prefixed), ==, EACCES);
  g_assert_cmpstr (ebpf_error_get_log (prefixed), ==, "line 1\nline 2");
}

static void
test_other_domain (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no");

  g_assert_cmpint (ebpf_error_get_errno (error), ==, 0);
  g_assert_null (ebpf_error_get_log (error));
  g_assert_cmpint (ebpf_error_get_errno (NULL), ==, 0);

  /* Where nobody wants to know, nothing is made. */
  ebpf_error_set (NULL, EBPF_ERROR_FAILED, 0, "%s", "lost");
  ebpf_error_propagate_prefixed (NULL, g_error_copy (error), "%s", "lost: ");
}

static void
test_not_text (void)
{
  g_autoptr (GError) error = NULL;

  ebpf_error_set (&error, EBPF_ERROR_MALFORMED, 0, "section \"%s\"",
                  "\xff\xfe"
                  "caf\xe9");
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_nonnull (strstr (error->message, "caf"));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/base/error/errno-and-log", test_errno_and_log);
  ebpf_test_add ("/base/error/other-domain", test_other_domain);
  ebpf_test_add ("/base/error/not-text", test_not_text);

  return g_test_run ();
}
