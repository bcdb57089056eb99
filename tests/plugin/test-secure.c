/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process with the privileges of another user's file does not take code from where its caller says:
 * this program runs a copy of itself that is setuid. */

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ebpf-test.h"
#include "plugin/ebpf-plugin-registry.h"

#define NOBODY 65534

static const char *program;

/* The child: what it would load code from. */
static int
print_folders (void)
{
  g_auto (GStrv) folders = ebpf_plugin_registry_list_folders (ebpf_plugin_registry_get_default ());
  g_autoptr (GVariant) plugins =
      ebpf_plugin_registry_list_plugins (ebpf_plugin_registry_get_default ());

  printf ("secure %lu\n", getauxval (AT_SECURE));
  for (gsize i = 0; folders[i] != NULL; i++)
    printf ("folder %s\n", folders[i]);
  for (gsize i = 0; i < g_variant_n_children (plugins); i++)
    {
      g_autoptr (GVariant) plugin = g_variant_get_child_value (plugins, i);
      const char *path = "";

      g_variant_lookup (plugin, "path", "&s", &path);
      printf ("plug-in %s\n", path);
    }

  return 0;
}

static char *
run (const char *path, const char *folder)
{
  const char *argv[] = { path, "--folders", NULL };
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (GError) error = NULL;
  char *output = NULL;
  int status;

  environment = g_environ_setenv (environment, "EBPF_PLUGIN_PATH", folder, TRUE);
  g_spawn_sync (NULL, (char **) argv, environment, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL,
                &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    {
      g_test_skip (error->message);
      g_free (output);
      return NULL;
    }

  return output;
}

static void
test_plugin_path (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *module = NULL;
  g_autofree char *contents = NULL;
  g_autofree char *open_output = NULL;
  g_autofree char *secure_output = NULL;
  gsize size;

  if (geteuid () != 0)
    {
      g_test_skip ("only root can give a file to another user");
      return;
    }

  folder = g_dir_make_tmp ("ebpf-secure-XXXXXX", &error);
  g_assert_no_error (error);
  g_assert_no_errno (chmod (folder, 0755));
  copy = g_build_filename (folder, "program", NULL);
  module = g_build_filename (folder, "libebpf-planted.so", NULL);
  g_assert_true (g_file_get_contents (program, &contents, &size, &error));
  g_assert_true (g_file_set_contents (copy, contents, (gssize) size, &error));
  g_assert_true (g_file_set_contents (module, "", 0, &error));

  /* As anybody's program it takes the folder. */
  g_assert_no_errno (chmod (copy, 0755));
  open_output = run (copy, folder);
  if (open_output != NULL)
    {
      g_assert_nonnull (strstr (open_output, "secure 0\n"));
      g_assert_nonnull (strstr (open_output, "libebpf-planted.so"));

      g_assert_no_errno (chown (copy, NOBODY, NOBODY));
      g_assert_no_errno (chmod (copy, 04755));
      secure_output = run (copy, folder);
    }
  if (secure_output != NULL && strstr (secure_output, "secure 1\n") == NULL)
    {
      g_test_skip ("the folder for temporary files is mounted without setuid");
    }
  else if (secure_output != NULL)
    {
      g_assert_null (strstr (secure_output, folder));
      g_assert_null (strstr (secure_output, "libebpf-planted.so"));
    }

  g_unlink (module);
  g_unlink (copy);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  if (argc == 2 && g_str_equal (argv[1], "--folders"))
    return print_folders ();

  program = "/proc/self/exe";
  ebpf_test_init (&argc, &argv);
  ebpf_test_add ("/plugin/secure/plugin-path", test_plugin_path);

  return g_test_run ();
}
