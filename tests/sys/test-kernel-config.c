/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-kernel-config-private.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

static const char config[] = "#\n"
                             "# Automatically generated\n"
                             "CONFIG_A=y\n"
                             "CONFIG_AB=m\n"
                             "# CONFIG_OFF is not set\n"
                             " CONFIG_INDENTED=y\n"
                             "CONFIG_NUMBER=1000\n"
                             "CONFIG_TEXT=\"a = b\"\r\n"
                             "CONFIG_A=n\n"
                             "CONFIG_LAST=0x10";

static GHashTable *
new_values (void)
{
  static const char *const names[] = { "CONFIG_A",      "CONFIG_AB",
                                       "CONFIG_OFF",    "CONFIG_INDENTED",
                                       "CONFIG_NUMBER", "CONFIG_TEXT",
                                       "CONFIG_LAST",   NULL };

  return ebpf_kernel_config_new (names);
}

static void
assert_values (GHashTable *values)
{
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_A"), ==, "y");
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_AB"), ==, "m");
  g_assert_null (g_hash_table_lookup (values, "CONFIG_OFF"));
  g_assert_null (g_hash_table_lookup (values, "CONFIG_INDENTED"));
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_NUMBER"), ==, "1000");
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_TEXT"), ==, "\"a = b\"");
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_LAST"), ==, "0x10");
}

static void
test_parse (void)
{
  g_autoptr (GHashTable) values = new_values ();
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_kernel_config_parse (values, config, strlen (config), "text", &error));
  g_assert_no_error (error);
  assert_values (values);

  /* The first one wins, over several texts too. */
  g_assert_true (
      ebpf_kernel_config_parse (values, "CONFIG_A=m\nCONFIG_OFF=m\n", 24, "text", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_A"), ==, "y");
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_OFF"), ==, "m");
}

static void
test_stops_early (void)
{
  static const char *const names[] = { "CONFIG_A", NULL };
  g_autoptr (GHashTable) values = ebpf_kernel_config_new (names);
  g_autoptr (GError) error = NULL;
  const char *text = "CONFIG_A=y\nCONFIG_BROKEN\n";

  g_assert_true (ebpf_kernel_config_parse (values, text, strlen (text), "text", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_A"), ==, "y");

  /* Nothing is opened for nothing. */
  g_assert_true (ebpf_kernel_config_read (values, &error));
  g_assert_no_error (error);
}

static void
test_malformed (void)
{
  static const struct
  {
    const char *text;
    gssize length;
    const char *pattern;
  } cases[] = {
    { "CONFIG_B=y\nCONFIG_BROKEN\n", -1, "text: line 2 names an option but has no*" },
    { "CONFIG_B=\n", -1, "text: line 1 gives an option no value" },
    { "CONFIG_B= \t\n", -1, "text: line 1 gives an option no value" },
    { "CONFIG_B=", -1, "text: line 1 gives an option no value" },
    { "CONFIG_B=a\0b\n", 13, "text: line 1 has a zero byte in it" },
  };
  static const char *const names[] = { "CONFIG_A", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GHashTable) values = ebpf_kernel_config_new (names);
      g_autoptr (GError) error = NULL;
      gsize length = cases[i].length >= 0 ? (gsize) cases[i].length : strlen (cases[i].text);

      g_assert_false (ebpf_kernel_config_parse (values, cases[i].text, length, "text", &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, cases[i].pattern);
    }
}

static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("config-XXXXXX", NULL);
  g_autofree char *plain = g_build_filename (folder, "plain", NULL);
  g_autofree char *packed = g_build_filename (folder, "packed", NULL);
  g_autofree char *cut = g_build_filename (folder, "cut", NULL);
  g_autofree char *bad = g_build_filename (folder, "bad", NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  const char *good[2] = { plain, packed };
  gsize length;
  gzFile file;

  g_file_set_contents (plain, config, -1, &error);
  g_assert_no_error (error);
  file = gzopen (packed, "wb");
  g_assert_cmpint (gzwrite (file, config, strlen (config)), ==, strlen (config));
  gzclose (file);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GHashTable) values = new_values ();

      g_assert_true (ebpf_kernel_config_read_file (values, good[i], &error));
      g_assert_no_error (error);
      assert_values (values);
    }

  g_file_get_contents (packed, &contents, &length, &error);
  g_assert_no_error (error);
  g_file_set_contents (cut, contents, (gssize) length / 2, &error);
  g_assert_no_error (error);
  memset (contents + length / 2, 0xff, length / 4);
  g_file_set_contents (bad, contents, (gssize) length, &error);
  g_assert_no_error (error);

  {
    g_autoptr (GHashTable) values = new_values ();

    g_assert_false (ebpf_kernel_config_read_file (values, cut, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, "*/cut: *");
    g_clear_error (&error);
    g_assert_false (ebpf_kernel_config_read_file (values, bad, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, "*/bad: *");
    g_clear_error (&error);
    g_assert_false (ebpf_kernel_config_read_file (values, folder, &error));
    g_assert_nonnull (error);
    g_clear_error (&error);
    g_unlink (plain);
    g_assert_false (ebpf_kernel_config_read_file (values, plain, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "there is no */plain");
  }

  g_unlink (packed);
  g_unlink (cut);
  g_unlink (bad);
  g_rmdir (folder);
}

/* There is no kernel with BPF but without this. */
static void
test_kernel (void)
{
  static const char *const names[] = { "CONFIG_BPF", "CONFIG_HZ", "CONFIG_NO_SUCH_THING", NULL };
  g_autoptr (GHashTable) values = ebpf_kernel_config_new (names);
  g_autoptr (GError) error = NULL;
  g_autofree char *boot = NULL;
  struct utsname name;

  g_assert_no_errno (uname (&name));
  boot = g_strdup_printf ("/boot/config-%s", name.release);
  if (!g_file_test (boot, G_FILE_TEST_EXISTS) &&
      !g_file_test ("/proc/config.gz", G_FILE_TEST_EXISTS))
    {
      g_assert_false (ebpf_kernel_config_read (values, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*/boot/config-*");
      g_test_skip (error->message);
      return;
    }

  g_assert_true (ebpf_kernel_config_read (values, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (g_hash_table_lookup (values, "CONFIG_BPF"), ==, "y");
  g_assert_cmpuint (g_ascii_strtoull (g_hash_table_lookup (values, "CONFIG_HZ"), NULL, 10), >=,
                    100);
  g_assert_null (g_hash_table_lookup (values, "CONFIG_NO_SUCH_THING"));
}

static gboolean
read_option (const char *name, char **value, GError **error)
{
  const char *const names[] = { name, NULL };
  g_autoptr (GHashTable) values = ebpf_kernel_config_new (names);

  if (!ebpf_kernel_config_read (values, error))
    return FALSE;

  *value = g_strdup (g_hash_table_lookup (values, name));
  return TRUE;
}

/* In folders of our own: /boot is read first, /proc is there for where it has nothing. */
static void
find_in_subprocess (void)
{
  g_autofree char *folder = g_dir_make_tmp ("config-XXXXXX", NULL);
  g_autofree char *in_proc = g_build_filename (folder, "config.gz", NULL);
  g_autofree char *in_boot = NULL;
  g_autofree char *value = NULL;
  g_autoptr (GError) error = NULL;
  struct utsname name;

  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount ("tmpfs", "/boot", "tmpfs", 0, NULL));
  g_assert_no_errno (uname (&name));
  in_boot = g_strdup_printf ("/boot/config-%s", name.release);

  if (g_file_test ("/proc/config.gz", G_FILE_TEST_EXISTS))
    {
      g_file_set_contents (in_proc, "CONFIG_A=\"proc\"\n", -1, &error);
      g_assert_no_error (error);
      g_assert_no_errno (mount (in_proc, "/proc/config.gz", NULL, MS_BIND, NULL));
      g_assert_true (read_option ("CONFIG_A", &value, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (value, ==, "\"proc\"");
      g_clear_pointer (&value, g_free);
      g_unlink (in_proc);
    }
  else
    {
      g_assert_false (read_option ("CONFIG_A", &value, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                      "*neither /boot/config-* nor /proc/config.gz*");
      g_clear_error (&error);
    }

  g_file_set_contents (in_boot, "CONFIG_A=\"boot\"\n", -1, &error);
  g_assert_no_error (error);
  g_assert_true (read_option ("CONFIG_A", &value, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (value, ==, "\"boot\"");

  /* What is there but cannot be read is not passed over. */
  g_unlink (in_boot);
  g_assert_no_errno (g_mkdir (in_boot, 0700));
  g_clear_pointer (&value, g_free);
  g_assert_false (read_option ("CONFIG_A", &value, &error));
  g_assert_nonnull (strstr (error->message, in_boot));
  g_rmdir (folder);
}

static void
test_find (void)
{
  if (g_test_subprocess ())
    {
      find_in_subprocess ();
      return;
    }

  if (!ebpf_test_require_mounts ())
    return;
  if (!g_file_test ("/boot", G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("there is no /boot to mount over");
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

/* Nothing is opened where no option is asked for: there is no descriptor to be had. */
static void
test_not_opened (void)
{
  static const char *const names[] = { "CONFIG_A", NULL };
  g_autoptr (GHashTable) nothing = ebpf_kernel_config_new (NULL);
  g_autoptr (GHashTable) values = ebpf_kernel_config_new (names);
  g_autoptr (GError) error = NULL;
  struct rlimit limit, none;
  gboolean read_nothing, read_something;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &limit));
  none = limit;
  none.rlim_cur = 0;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &none));
  read_nothing = ebpf_kernel_config_read (nothing, NULL);
  read_something = ebpf_kernel_config_read (values, &error);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));

  g_assert_true (read_nothing);
  g_assert_false (read_something);
  g_assert_cmpint (ebpf_error_get_errno (error), ==, EMFILE);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/sys/kernel-config/parse", test_parse);
  ebpf_test_add ("/sys/kernel-config/stops-early", test_stops_early);
  ebpf_test_add ("/sys/kernel-config/malformed", test_malformed);
  ebpf_test_add ("/sys/kernel-config/files", test_files);
  ebpf_test_add ("/sys/kernel-config/kernel", test_kernel);
  ebpf_test_add ("/sys/kernel-config/find", test_find);
  ebpf_test_add ("/sys/kernel-config/not-opened", test_not_opened);

  return g_test_run ();
}
