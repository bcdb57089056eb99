/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-kallsyms-private.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static GHashTable *
new_symbols (const char *const *names)
{
  GHashTable *symbols = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  for (; *names != NULL; names++)
    g_hash_table_insert (symbols, (gpointer) *names, g_new0 (EbpfKallsym, 1));

  return symbols;
}

static gboolean
resolve_text (GHashTable *symbols, const char *text, gssize length, GError **error)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) local_error = NULL;
  int fd = g_file_open_tmp ("kallsyms-XXXXXX", &path, &local_error);
  gboolean done;

  g_assert_no_error (local_error);
  close (fd);
  g_file_set_contents (path, text, length, &local_error);
  g_assert_no_error (local_error);
  done = ebpf_kallsyms_resolve_file (symbols, path, error);
  g_unlink (path);

  return done;
}

static void
test_resolve (void)
{
  static const char *const names[] = { "first", "second", "hidden", "twice",     "alias",
                                       "last",  "absent", "fir",    "in_module", NULL };
  static const char text[] = "ffffffff81000000 T first\n"
                             "ffffffff81000010 t second\n"
                             "0000000000000000 D hidden\n"
                             "ffffffff81000020 t twice\n"
                             "ffffffff81000030 T alias\n"
                             "ffffffff81000030 T alias\n"
                             "ffffffffa0000000 t in_module\t[mod]\n"
                             "ffffffffa0000000 t firsts\n"
                             "ffffffffa0000040 t twice\t[mod]\n"
                             "ff T last";
  g_autoptr (GHashTable) symbols = new_symbols (names);
  g_autoptr (GError) error = NULL;
  EbpfKallsym *symbol;

  g_assert_true (resolve_text (symbols, text, -1, &error));
  g_assert_no_error (error);

#define ASSERT_AT(name, value)                                                                     \
  symbol = g_hash_table_lookup (symbols, name);                                                    \
  g_assert_true (symbol->found);                                                                   \
  g_assert_cmphex (symbol->address, ==, value);                                                    \
  g_assert_false (symbol->ambiguous)

  ASSERT_AT ("first", 0xffffffff81000000);
  ASSERT_AT ("second", 0xffffffff81000010);
  ASSERT_AT ("hidden", 0);
  ASSERT_AT ("alias", 0xffffffff81000030);
  ASSERT_AT ("in_module", 0xffffffffa0000000);
  ASSERT_AT ("last", 0xff);
#undef ASSERT_AT

  symbol = g_hash_table_lookup (symbols, "twice");
  g_assert_true (symbol->found && symbol->ambiguous);
  g_assert_cmphex (symbol->address, ==, 0xffffffff81000020);
  g_assert_cmphex (symbol->other, ==, 0xffffffffa0000040);

  g_assert_false (((EbpfKallsym *) g_hash_table_lookup (symbols, "absent"))->found);
  g_assert_false (((EbpfKallsym *) g_hash_table_lookup (symbols, "fir"))->found);
}

/* Lines that lie across the pieces in which the file is read. */
static void
test_long_file (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) symbols = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 40000; i++)
    {
      char *name = g_strdup_printf ("symbol_%u_%.*s", i, (int) (i % 40),
                                    "0123456789012345678901234567890123456789");

      g_string_append_printf (text, "%016x T %s\n", 0x1000 + i, name);
      g_ptr_array_add (names, name);
    }
  g_ptr_array_add (names, NULL);
  symbols = new_symbols ((const char *const *) names->pdata);

  g_assert_true (resolve_text (symbols, text->str, (gssize) text->len, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 40000; i++)
    {
      EbpfKallsym *symbol = g_hash_table_lookup (symbols, names->pdata[i]);

      g_assert_true (symbol->found);
      g_assert_cmphex (symbol->address, ==, 0x1000 + i);
    }
}

static void
test_malformed (void)
{
  static const struct
  {
    const char *text;
    const char *pattern;
  } cases[] = {
    { "ffffffff81000000 T first\nnonsense\n", "*: line 2 is not an address, a letter and a name" },
    { "\n", "*: line 1 is not*" },
    { "ff T\n", "*: line 1 is not*" },
    { "ffTTname\n", "*: line 1 is not*" },
    { "ffffffff8100000000 T first\n", "*: line 1 *more than 64 bits" },
  };
  static const char *const names[] = { "first", NULL };
  g_autofree char *endless = g_strnfill (300 * 1024, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GHashTable) symbols = new_symbols (names);
      g_autoptr (GError) error = NULL;

      g_assert_false (resolve_text (symbols, cases[i].text, -1, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, cases[i].pattern);
    }

  {
    g_autoptr (GHashTable) symbols = new_symbols (names);
    g_autoptr (GError) error = NULL;

    g_assert_false (resolve_text (symbols, endless, -1, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED,
                                    "*: line 1 has no end");
  }
}

static void
test_no_file (void)
{
  static const char *const names[] = { "first", NULL };
  g_autoptr (GHashTable) symbols = new_symbols (names);
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_kallsyms_resolve_file (symbols, "/no/such/file", &error));
  g_assert_no_error (error);
  g_assert_false (((EbpfKallsym *) g_hash_table_lookup (symbols, "first"))->found);

  g_assert_false (ebpf_kallsyms_resolve_file (symbols, "/", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (int) error->code, "reading /: *EISDIR*");
}

/* What this kernel says, against a slow reading of the same file. */
static void
test_kernel (void)
{
  static const char *const names[] = { "_text", "bpf_prog_load", "vfs_read", "no_such_symbol_",
                                       NULL };
  g_autoptr (GHashTable) symbols = new_symbols (names);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gint64 start;

  if (!g_file_get_contents ("/proc/kallsyms", &text, NULL, NULL) || *text == '\0')
    {
      g_test_skip ("there is no /proc/kallsyms");
      return;
    }

  start = g_get_monotonic_time ();
  g_assert_true (ebpf_kallsyms_resolve (symbols, &error));
  g_assert_no_error (error);
  g_test_message ("took %" G_GINT64_FORMAT " microseconds", g_get_monotonic_time () - start);

  lines = g_strsplit (text, "\n", -1);
  for (const char *const *name = names; *name != NULL; name++)
    {
      EbpfKallsym *symbol = g_hash_table_lookup (symbols, *name);
      gboolean found = FALSE;

      for (char **line = lines; *line != NULL && !found; line++)
        if (strlen (*line) > 19 && strcmp (*line + 19, *name) == 0)
          {
            found = TRUE;
            g_assert_cmphex (symbol->address, ==, g_ascii_strtoull (*line, NULL, 16));
          }
      g_assert_cmpint (symbol->found, ==, found);
    }
}

static void
test_syscall_wrapper (void)
{
#if defined(__x86_64__) || defined(__aarch64__)
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/kallsyms", &text, NULL, NULL) || *text == '\0')
    {
      g_test_skip ("there is no /proc/kallsyms");
      return;
    }
  g_assert_cmpint (ebpf_sys_has_syscall_wrapper (), ==,
                   strstr (text, " __x64_sys_openat\n") != NULL ||
                       strstr (text, " __arm64_sys_openat\n") != NULL);
#else
  ebpf_sys_has_syscall_wrapper ();
  g_test_skip ("nothing to compare with on this machine");
#endif
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/sys/kallsyms/resolve", test_resolve);
  ebpf_test_add ("/sys/kallsyms/long-file", test_long_file);
  ebpf_test_add ("/sys/kallsyms/malformed", test_malformed);
  ebpf_test_add ("/sys/kallsyms/no-file", test_no_file);
  ebpf_test_add ("/sys/kallsyms/kernel", test_kernel);
  ebpf_test_add ("/sys/kallsyms/syscall-wrapper", test_syscall_wrapper);

  return g_test_run ();
}
