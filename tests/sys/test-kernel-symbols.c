/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-kernel-symbols-private.h"

#include <glib/gstdio.h>

#include "ebpf-test.h"

static char *
find (const char *text, guint64 address)
{
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;
  g_autofree char *module = NULL;
  g_autoptr (GError) error = NULL;
  guint64 offset;
  int fd = g_file_open_tmp ("ebpf-symbols-XXXXXX", &path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  name = ebpf_kernel_symbols_find_in (path, address, &offset, &module);
  g_unlink (path);

  return name != NULL ? g_strdup_printf ("%s+%" G_GUINT64_FORMAT "[%s]", name, offset,
                                         module != NULL ? module : "")
                      : NULL;
}

static void
expect (const char *text, guint64 address, const char *expected)
{
  g_autofree char *found = find (text, address);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_find (void)
{
  /* Not in order, as modules are; data between; two names of one address. */
  static const char text[] = "ffffffff81000100 T second\n"
                             "ffffffff81000180 d data\n"
                             "ffffffff81000000 T first\n"
                             "ffffffff81000000 t alias\n"
                             "ffffffffc0000000 t in_module\t[some_module]\n"
                             "ffffffffc0010000 t bpf_prog_1\t[bpf]";

  expect (text, 0xffffffff81000000, "first+0[]");
  expect (text, 0xffffffff810000ff, "first+255[]");
  expect (text, 0xffffffff81000190, "second+144[]");
  expect (text, 0xffffffffc0000010, "in_module+16[some_module]");
  expect (text, 0xffffffffc0010001, "bpf_prog_1+1[bpf]");
  expect (text, 0xffffffff80ffffff, NULL);
  expect (text, 0xffffffffd0000000, NULL);
  expect (text, 0, NULL);
}

static void
test_nothing (void)
{
  expect ("", 0xffffffff81000000, NULL);
  expect ("\n\n", 0xffffffff81000000, NULL);
  /* Addresses are hidden. */
  expect ("0000000000000000 T first\n", 0xffffffff81000000, NULL);
  expect ("0000000000000000 T first\n", 0, NULL);
  expect ("ffffffff81000000", 0xffffffff81000000, NULL);
  expect ("ffffffff81000000 T", 0xffffffff81000000, NULL);
  expect ("ffffffff81000000 T ", 0xffffffff81000000, NULL);
  expect ("ffffffff81000000 T x\t", 0xffffffff81000000, "x+0[]");
  expect ("ffffffff81000000 T x\t[", 0xffffffff81000000, "x+0[]");
}

static void
test_running (void)
{
  g_autofree char *name = ebpf_kernel_symbols_find (0x1000, NULL, NULL);

  g_assert_null (name);
  ebpf_kernel_symbols_drop ();
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/sys/kernel-symbols/find", test_find);
  ebpf_test_add ("/sys/kernel-symbols/nothing", test_nothing);
  ebpf_test_add ("/sys/kernel-symbols/running", test_running);

  return g_test_run ();
}
