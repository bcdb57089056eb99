/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-binary-private.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <glib/gstdio.h>

#include "base/ebpf-error-private.h"
#include "ebpf-test.h"

int ebpf_test_probed_function (int x);
int ebpf_test_other_function (int x);

__attribute__ ((noinline)) int
ebpf_test_probed_function (int x)
{
  return x + 1;
}

__attribute__ ((noinline, weak)) int
ebpf_test_other_function (int x)
{
  return x * 3;
}

/* Where in its file the code at @address lies, as the kernel mapped it. */
static guint64
mapped_offset (gconstpointer address)
{
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  lines = g_strsplit (maps, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      unsigned long start, end, offset;

      if (sscanf (lines[i], "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
          (gulong) address >= start && (gulong) address < end)
        return (gulong) address - start + offset;
    }

  g_assert_not_reached ();
}

static void
test_self (void)
{
  g_autoptr (GError) error = NULL;
  guint64 offset;

  g_assert_true (
      ebpf_binary_find_symbol ("/proc/self/exe", "ebpf_test_probed_function", &offset, &error));
  g_assert_no_error (error);
  g_assert_cmphex (offset, ==, mapped_offset (ebpf_test_probed_function));

  g_assert_true (
      ebpf_binary_find_symbol ("/proc/self/exe", "ebpf_test_other_function", &offset, &error));
  g_assert_no_error (error);
  g_assert_cmphex (offset, ==, mapped_offset (ebpf_test_other_function));

  /* Called, but another's. */
  g_assert_false (ebpf_binary_find_symbol ("/proc/self/exe", "g_test_run", &offset, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "binary /proc/self/exe*g_test_run*imported*");
  g_clear_error (&error);

  g_assert_false (ebpf_binary_find_symbol ("/proc/self/exe", "no_such_thing", &offset, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*no function \"no_such_thing\"*");
}

static char *
dup_path_of (gconstpointer function)
{
  Dl_info info;

  g_assert_cmpint (dladdr (function, &info), !=, 0);
  return g_strdup (info.dli_fname);
}

static void
test_library (void)
{
  gpointer getppid_function = dlsym (RTLD_DEFAULT, "getppid");
  g_autofree char *path = dup_path_of (getppid_function);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *found = NULL;
  g_autofree char *mapped = NULL;
  g_autoptr (GError) error = NULL;
  guint64 offset, versioned;
  GStatBuf st[3];

  found = ebpf_binary_find (name, -1, &error);
  g_assert_no_error (error);
  mapped = ebpf_binary_find (name, getpid (), &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (mapped, "/proc/"));
  g_assert_no_errno (g_stat (path, &st[0]));
  g_assert_no_errno (g_stat (found, &st[1]));
  g_assert_no_errno (g_stat (mapped, &st[2]));
  g_assert_cmpuint (st[0].st_ino, ==, st[1].st_ino);
  g_assert_cmpuint (st[0].st_ino, ==, st[2].st_ino);

  g_assert_true (ebpf_binary_find_symbol (found, "getppid", &offset, &error));
  g_assert_no_error (error);
  g_assert_cmphex (offset, ==, mapped_offset (getppid_function));

#if defined(__x86_64__) && defined(__GLIBC__)
  g_assert_true (ebpf_binary_find_symbol (found, "getppid@GLIBC_2.2.5", &versioned, &error));
  g_assert_no_error (error);
  g_assert_cmphex (versioned, ==, offset);

  /* Two versions: the default one is what the name alone means. */
  g_assert_true (ebpf_binary_find_symbol (found, "pthread_cond_wait", &offset, &error));
  g_assert_no_error (error);
  g_assert_cmphex (offset, ==,
                   mapped_offset (dlvsym (RTLD_DEFAULT, "pthread_cond_wait", "GLIBC_2.3.2")));
  g_assert_true (
      ebpf_binary_find_symbol (found, "pthread_cond_wait@GLIBC_2.2.5", &versioned, &error));
  g_assert_no_error (error);
  g_assert_cmphex (versioned, ==,
                   mapped_offset (dlvsym (RTLD_DEFAULT, "pthread_cond_wait", "GLIBC_2.2.5")));
  g_assert_cmphex (versioned, !=, offset);

  g_assert_false (ebpf_binary_find_symbol (found, "getppid@GLIBC_99", &versioned, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_false (ebpf_binary_find_symbol (found, "memcpy", &versioned, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*memcpy*resolver*");
#else
  (void) versioned;
#endif
}

static void
test_find (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shell = NULL;

  shell = ebpf_binary_find ("sh", -1, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (shell, "/sh"));

  g_assert_null (ebpf_binary_find ("no-such-program-here", -1, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "binary no-such-program-here*PATH*");
  g_clear_error (&error);

  g_assert_null (ebpf_binary_find ("libnosuchthing.so.9", -1, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "binary libnosuchthing.so.9*LD_LIBRARY_PATH*");
  g_clear_error (&error);

  g_assert_null (ebpf_binary_find ("/no/such/path", -1, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "binary /no/such/path*ENOENT*");
}

static void
test_location (void)
{
  static const struct
  {
    const char *text;
    const char *symbol;
    guint64 offset;
    gboolean valid;
  } cases[] = {
    { "main", "main", 0, TRUE },
    { "main+16", "main", 16, TRUE },
    { "main+0x1f", "main", 0x1f, TRUE },
    { "memcpy@GLIBC_2.14+4", "memcpy@GLIBC_2.14", 4, TRUE },
    { "0x1234", NULL, 0x1234, TRUE },
    { "4096", NULL, 4096, TRUE },
    { "", NULL, 0, FALSE },
    { "+4", NULL, 0, FALSE },
    { "main+", NULL, 0, FALSE },
    { "main+x", NULL, 0, FALSE },
    { "main+-4", NULL, 0, FALSE },
    { "12ab", NULL, 0, FALSE },
    { "main+0xffffffffffffffffff", NULL, 0, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *symbol = NULL;
      guint64 offset;

      if (ebpf_binary_parse_location (cases[i].text, &symbol, &offset, &error))
        {
          g_assert_true (cases[i].valid);
          g_assert_cmpstr (symbol, ==, cases[i].symbol);
          g_assert_cmpuint (offset, ==, cases[i].offset);
        }
      else
        {
          g_assert_false (cases[i].valid);
          g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
        }
    }
}

/* Whatever the bytes are, the answer is an offset or an error. */
static void
test_damaged (void)
{
  g_autofree char *contents = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  gsize length;
  guint64 offset;
  int fd;

  fd = g_file_open_tmp ("ebpf-binary-XXXXXX", &path, &error);
  g_assert_no_error (error);
  close (fd);

  /* Empty, text, a BPF object: not what runs. */
  g_assert_true (g_file_set_contents (path, "", 0, &error));
  g_assert_false (ebpf_binary_find_symbol (path, "main", &offset, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_ELF);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "#!/bin/sh\n", -1, &error));
  g_assert_false (ebpf_binary_find_symbol (path, "main", &offset, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_ELF);
  g_clear_error (&error);
  {
    g_autofree char *object = ebpf_test_object ("minimal.bpf.o");

    g_assert_false (ebpf_binary_find_symbol (object, "main", &offset, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                    "*neither a program nor*");
    g_clear_error (&error);
  }

  g_assert_true (g_file_get_contents ("/bin/true", &contents, &length, &error));
  for (guint i = 0; i < 400; i++)
    {
      g_autofree char *damaged = g_memdup2 (contents, length);
      gsize kept = i % 4 == 0 ? (gsize) g_rand_int_range (rand, 0, (gint) length) : length;

      for (guint j = 0; j < 1 + i % 16; j++)
        {
          /* Headers are at both ends. */
          gsize at = (gsize) g_rand_int_range (rand, 0, j % 2 ? 4096 : (gint) length);

          if (j % 4 == 3)
            at = length - 1 - at;
          damaged[at] = (char) g_rand_int_range (rand, 0, 256);
        }

      g_assert_true (g_file_set_contents_full (path, damaged, (gssize) kept,
                                               G_FILE_SET_CONTENTS_NONE, 0600, &error));
      if (ebpf_binary_find_symbol (path, "main", &offset, &error))
        g_assert_no_error (error);
      else
        g_assert_error (error, EBPF_ERROR, error->code);
      g_clear_error (&error);
    }

  g_assert_no_errno (unlink (path));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/link/binary/self", test_self);
  ebpf_test_add ("/link/binary/library", test_library);
  ebpf_test_add ("/link/binary/find", test_find);
  ebpf_test_add ("/link/binary/location", test_location);
  ebpf_test_add ("/link/binary/damaged", test_damaged);

  return g_test_run ();
}
