/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The folders are searched once in a process, so each test has a process of its own. */

#include <ebpf.h>
#include <glib/gstdio.h>
#include <string.h>

#include "ebpf-test.h"

static char *scratch;

/* A new folder in the scratch folder. */
static char *
make_folder (const char *name)
{
  char *path = g_build_filename (scratch, name, NULL);

  g_assert_no_errno (g_mkdir (path, 0700));

  return path;
}

/* Copies tests/plugin/modules/libtest-NAME.so. */
static void
install_module (const char *name, const char *folder, const char *file_name)
{
  g_autofree char *module = g_strdup_printf ("libtest-%s.so", name);
  g_autofree char *from = g_test_build_filename (G_TEST_BUILT, "plugin", "modules", module, NULL);
  g_autofree char *to = g_build_filename (folder, file_name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_file_get_contents (from, &contents, &length, &error);
  g_assert_no_error (error);
  g_file_set_contents (to, contents, (gssize) length, &error);
  g_assert_no_error (error);
}

static void
set_path (const char *first, ...)
{
  g_autoptr (GString) path = g_string_new (first);
  const char *folder;
  va_list args;

  va_start (args, first);
  while ((folder = va_arg (args, const char *)) != NULL)
    g_string_append_printf (path, ":%s", folder);
  va_end (args);

  g_setenv ("EBPF_PLUGIN_PATH", path->str, TRUE);
}

/* What list_plugins () says about the plug-in of a file name, or NULL. */
static GVariantDict *
find_plugin (const char *basename)
{
  g_autoptr (GVariant) plugins =
      ebpf_plugin_registry_list_plugins (ebpf_plugin_registry_get_default ());

  g_assert_cmpstr (g_variant_get_type_string (plugins), ==, "aa{sv}");
  for (gsize i = 0; i < g_variant_n_children (plugins); i++)
    {
      g_autoptr (GVariant) plugin = g_variant_get_child_value (plugins, i);
      g_autofree char *name = NULL;
      const char *path;

      g_assert_true (g_variant_lookup (plugin, "path", "&s", &path));
      name = g_path_get_basename (path);
      if (g_str_equal (name, basename))
        return g_variant_dict_new (plugin);
    }

  return NULL;
}

static void
assert_refused (const char *basename, const char *pattern)
{
  g_autoptr (GVariantDict) plugin = find_plugin (basename);
  const char *message;

  g_assert_nonnull (plugin);
  g_assert_true (g_variant_dict_lookup (plugin, "error", "&s", &message));
  if (!g_pattern_match_simple (pattern, message))
    g_error ("\"%s\" does not match \"%s\"", message, pattern);
}

static EbpfMapDriver *
find (guint32 map_type)
{
  g_autoptr (GError) error = NULL;
  EbpfMapDriver *driver = ebpf_plugin_registry_find_driver (ebpf_plugin_registry_get_default (),
                                                            (EbpfMapType) map_type, &error);

  g_assert_no_error (error);
  g_assert_nonnull (driver);

  return driver;
}

static void
assert_served_by (guint32 map_type, const char *nick)
{
  g_autoptr (EbpfMapDriver) driver = find (map_type);

  g_assert_cmpstr (ebpf_map_driver_get_nick (driver), ==, nick);
}

/* Names of the plug-in modules that are in this process, sorted, with commas between them. */
static char *
list_mapped (void)
{
  g_autoptr (GTree) names =
      g_tree_new_full ((GCompareDataFunc) (void (*) (void)) strcmp, NULL, g_free, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents ("/proc/self/maps", &contents, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (contents, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      const char *name = strrchr (lines[i], '/');

      if (name != NULL && g_str_has_prefix (name, "/libebpf-") && g_str_has_suffix (name, ".so"))
        g_tree_insert (names, g_strdup (name + 1), NULL);
    }
  for (GTreeNode *n = g_tree_node_first (names); n != NULL; n = g_tree_node_next (n))
    g_string_append_printf (text, "%s%s", text->len > 0 ? "," : "",
                            (const char *) g_tree_node_key (n));

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
assert_mapped (const char *expected)
{
  g_autofree char *mapped = list_mapped ();

  g_assert_cmpstr (mapped, ==, expected);
}

/* Plug-ins of this build: modules in EBPF_PLUGIN_PATH, or linked in. */
static void
test_own_plugins (void)
{
  static const struct
  {
    EbpfMapType map_type;
    const char *nick;
  } expected[] = {
    { EBPF_MAP_TYPE_RINGBUF, "ringbuf" },
    { EBPF_MAP_TYPE_PERF_EVENT_ARRAY, "perf-event-array" },
    { EBPF_MAP_TYPE_PERCPU_HASH, "per-cpu" },
    { EBPF_MAP_TYPE_PERCPU_ARRAY, "per-cpu" },
    { EBPF_MAP_TYPE_LRU_PERCPU_HASH, "per-cpu" },
    { EBPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, "per-cpu" },
    { EBPF_MAP_TYPE_ARRAY_OF_MAPS, "map-of-maps" },
    { EBPF_MAP_TYPE_HASH_OF_MAPS, "map-of-maps" },
  };
  g_autoptr (GPtrArray) drivers = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    assert_served_by (expected[i].map_type, expected[i].nick);

  drivers = ebpf_plugin_registry_list_drivers (ebpf_plugin_registry_get_default ());
  g_assert_cmpuint (drivers->len, >=, 4);
  for (guint i = 0; i < drivers->len; i++)
    g_assert_true (ebpf_map_driver_get_thread_safe (drivers->pdata[i]));
}

/* Types that are plain, that nobody serves, or that do not exist, work as plain bytes. */
static void
test_plain_types (void)
{
  assert_served_by (EBPF_MAP_TYPE_HASH, "plain");
  assert_served_by (EBPF_MAP_TYPE_ARRAY, "plain");
  assert_served_by (4711, "plain");
  assert_served_by (G_MAXUINT32, "plain");
}

static void
child_folders (void)
{
  g_autofree char *first = make_folder ("first");
  g_autofree char *second = make_folder ("second");
  g_autofree char *missing = g_build_filename (scratch, "missing", NULL);
  g_auto (GStrv) folders = NULL;
  g_autoptr (GVariantDict) plugin = NULL;
  g_autofree char *expected_path = g_build_filename (second, "libebpf-good.so", NULL);
  g_autoptr (GVariant) map_types = NULL;
  const char *nick, *path;

  install_module ("good", second, "libebpf-good.so");
  /* Names that are not those of plug-ins. */
  install_module ("wrong-abi", first, "libother.so");
  install_module ("wrong-abi", first, "libebpf-core-1.so");
  install_module ("wrong-abi", first, "libebpf-x.so.0");
  set_path (missing, first, second, first, NULL);

  assert_served_by (4001, "good");
  assert_served_by (4002, "good");

  folders = ebpf_plugin_registry_list_folders (ebpf_plugin_registry_get_default ());
  g_assert_cmpuint (g_strv_length (folders), ==, 4);
  g_assert_cmpstr (folders[0], ==, missing);
  g_assert_cmpstr (folders[1], ==, first);
  g_assert_cmpstr (folders[2], ==, second);

  plugin = find_plugin ("libebpf-good.so");
  g_assert_nonnull (plugin);
  g_assert_true (g_variant_dict_lookup (plugin, "nick", "&s", &nick));
  g_assert_cmpstr (nick, ==, "good");
  g_assert_true (g_variant_dict_lookup (plugin, "path", "&s", &path));
  g_assert_cmpstr (path, ==, expected_path);
  g_assert_true (g_variant_dict_lookup (plugin, "map_types", "@au", &map_types));
  g_assert_cmpuint (g_variant_n_children (map_types), ==, 2);
  g_assert_false (g_variant_dict_contains (plugin, "error"));
  g_assert_null (find_plugin ("libother.so"));
  g_assert_null (find_plugin ("libebpf-core-1.so"));
  g_assert_null (find_plugin ("libebpf-x.so.0"));
}

static void
child_refused (void)
{
  g_autofree char *folder = make_folder ("refused");
  g_autofree char *broken = g_build_filename (folder, "libebpf-broken.so", NULL);
  g_autoptr (GError) error = NULL;

  install_module ("wrong-abi", folder, "libebpf-future.so");
  install_module ("wrong-abi-inside", folder, "libebpf-inside.so");
  install_module ("wrong-size", folder, "libebpf-small.so");
  install_module ("wrong-magic", folder, "libebpf-magic.so");
  install_module ("no-info", folder, "libebpf-no-info.so");
  install_module ("no-driver", folder, "libebpf-no-driver.so");
  install_module ("undefined-symbol", folder, "libebpf-undefined.so");
  install_module ("good", folder, "libebpf-good.so");
  /* The same again: its type is taken. */
  install_module ("good", folder, "libebpf-the-same.so");
  g_file_set_contents (broken, "\177ELF and nothing more", -1, &error);
  g_assert_no_error (error);
  set_path (folder, NULL);

  /* Those that are whole work all the same, and the types of the others too. */
  assert_served_by (4001, "good");
  assert_served_by (4003, "plain");
  assert_served_by (4004, "plain");
  assert_served_by (4005, "plain");

  assert_refused ("libebpf-future.so", "*built for plug-in ABI 42, this library has 1; install*");
  assert_refused ("libebpf-inside.so", "*built for plug-in ABI 2, this library has 1; install*");
  assert_refused ("libebpf-small.so", "*other sizes*rebuild*");
  assert_refused ("libebpf-magic.so", "*0x12345678*EBPF_DEFINE_PLUGIN*");
  assert_refused ("libebpf-no-info.so", "*not a plug-in*ebpf-core*EBPF_DEFINE_PLUGIN*");
  assert_refused ("libebpf-no-driver.so", "*did not bring a map driver*");
  assert_refused ("libebpf-undefined.so", "*ebpf_test_no_such_symbol*");
  assert_refused ("libebpf-the-same.so", "*TestGoodDriver*already*");
  assert_refused ("libebpf-broken.so", "*libebpf-broken.so*");

  {
    g_autoptr (GVariantDict) plugin = find_plugin ("libebpf-future.so");
    const char *nick;

    /* What it says of itself can be read all the same. */
    g_assert_true (g_variant_dict_lookup (plugin, "nick", "&s", &nick));
    g_assert_cmpstr (nick, ==, "future");
    g_assert_true (g_variant_dict_lookup (plugin, "description", "&s", &nick));
    g_assert_cmpstr (nick, ==, "From the future");
  }
}

static void
child_duplicates (void)
{
  g_autofree char *first = make_folder ("one");
  g_autofree char *second = make_folder ("two");
  g_autofree char *expected = g_build_filename (first, "libebpf-good.so", NULL);
  g_autoptr (GVariant) plugins = NULL;
  guint n_found = 0;

  install_module ("good", first, "libebpf-good.so");
  install_module ("wrong-abi", second, "libebpf-good.so");
  set_path (first, second, NULL);

  assert_served_by (4001, "good");
  plugins = ebpf_plugin_registry_list_plugins (ebpf_plugin_registry_get_default ());
  for (gsize i = 0; i < g_variant_n_children (plugins); i++)
    {
      g_autoptr (GVariant) plugin = g_variant_get_child_value (plugins, i);
      const char *path;

      g_assert_true (g_variant_lookup (plugin, "path", "&s", &path));
      if (g_str_has_suffix (path, "libebpf-good.so"))
        {
          g_assert_cmpstr (path, ==, expected);
          n_found++;
        }
    }
  g_assert_cmpuint (n_found, ==, 1);
}

static void
child_load_module (void)
{
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  g_autofree char *folder = make_folder ("load");
  g_autofree char *good = g_build_filename (folder, "any-name.so", NULL);
  g_autofree char *bad = g_build_filename (folder, "bad.so", NULL);
  g_autofree char *missing = g_build_filename (folder, "missing.so", NULL);
  g_autoptr (EbpfMapSpec) spec = NULL;
  g_autoptr (EbpfMapDriver) driver = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *hint = NULL;

  install_module ("good", folder, "any-name.so");
  install_module ("wrong-abi", folder, "bad.so");
  g_unsetenv ("EBPF_PLUGIN_PATH");

  assert_served_by (4001, "plain");
  g_assert_false (ebpf_plugin_registry_load_module (registry, bad, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PLUGIN_ABI, "*bad.so*ABI 42*");
  g_clear_error (&error);
  g_assert_false (ebpf_plugin_registry_load_module (registry, missing, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PLUGIN, "*missing.so*");
  g_clear_error (&error);

  g_assert_true (ebpf_plugin_registry_load_module (registry, good, &error));
  g_assert_no_error (error);
  assert_served_by (4001, "good");
  g_assert_false (ebpf_plugin_registry_load_module (registry, good, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&error);

  /* Replaced by one that is whole: tried again, and its type is taken. */
  install_module ("good", folder, "bad.so");
  g_assert_false (ebpf_plugin_registry_load_module (registry, bad, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PLUGIN, "*TestGoodDriver*");

  /* And it is called. */
  driver = find (4001);
  spec = ebpf_map_spec_new ("m", (EbpfMapType) 4001, 4, 4, 1);
  hint = ebpf_map_driver_explain_create_error (driver, spec, 22);
  g_assert_cmpstr (hint, ==, "good says 22");
}

/* A module is opened when what it serves is asked for, not before, and once. */
static void
child_lazy (void)
{
  g_autofree char *folder = make_folder ("lazy");
  g_autoptr (GPtrArray) drivers = NULL;

  install_module ("good", folder, "libebpf-good.so");
  install_module ("undefined-symbol", folder, "libebpf-undefined.so");
  set_path (folder, NULL);

  assert_served_by (EBPF_MAP_TYPE_ARRAY, "plain");
  assert_served_by (4711, "plain");
  assert_mapped ("");
  assert_served_by (4002, "good");
  assert_mapped ("libebpf-good.so");
  assert_served_by (4006, "plain");
  assert_mapped ("libebpf-good.so");

  drivers = ebpf_plugin_registry_list_drivers (ebpf_plugin_registry_get_default ());
  g_assert_cmpuint (drivers->len, >=, 1);
  g_assert_cmpstr (ebpf_map_driver_get_nick (drivers->pdata[0]), ==, "good");
  assert_refused ("libebpf-undefined.so", "*ebpf_test_no_such_symbol*");
}

/* The same with the library's own plug-ins, and maps. */
static void
child_lazy_maps (void)
{
  g_autoptr (EbpfMapSpec) array_spec = ebpf_map_spec_new ("array", EBPF_MAP_TYPE_ARRAY, 4, 4, 1);
  g_autoptr (EbpfMapSpec) ring_spec = ebpf_map_spec_new ("ring", EBPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
  g_autoptr (EbpfMap) array = NULL;
  g_autoptr (EbpfMap) ring = NULL;
  g_autoptr (GVariantDict) plugin = NULL;
  g_autofree char *mapped = NULL;
  g_autoptr (GError) error = NULL;

  array = ebpf_map_new (array_spec, &error);
  g_assert_no_error (error);
  assert_mapped ("");

  ring = ebpf_map_new (ring_spec, &error);
  g_assert_no_error (error);
  mapped = list_mapped ();
  plugin = find_plugin ("libebpf-ringbuf.so");
  g_assert_cmpstr (mapped, ==, plugin != NULL ? "libebpf-ringbuf.so" : "");
}

/* One that goes before the others but does not work leaves its types to them. */
static void
child_preferred (void)
{
  g_autofree char *folder = make_folder ("preferred");

  install_module ("good", folder, "libebpf-good.so");
  install_module ("preferred", folder, "libebpf-preferred.so");
  set_path (folder, NULL);

  assert_served_by (4001, "good");
  assert_served_by (4009, "plain");
  assert_refused ("libebpf-preferred.so", "*ebpf_test_no_such_symbol*");
  assert_served_by (4001, "good");
}

static gpointer
find_in_thread (gpointer data)
{
  return find (4001);
}

static void
child_threads (void)
{
  g_autofree char *folder = make_folder ("threads");
  GThread *threads[8];

  install_module ("good", folder, "libebpf-good.so");
  set_path (folder, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("find", find_in_thread, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autoptr (EbpfMapDriver) driver = g_thread_join (threads[i]);

      g_assert_cmpstr (ebpf_map_driver_get_nick (driver), ==, "good");
    }
}

/* Where no plug-in was found, a refused map says where it was looked for. */
static void
child_no_folder (void)
{
  g_autofree char *missing = g_build_filename (scratch, "no-such-folder", NULL);
  g_autoptr (EbpfMapSpec) spec = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GVariant) plugins = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *pattern = g_strdup_printf ("*%s (no such folder)*", missing);

  set_path (missing, NULL);
  plugins = ebpf_plugin_registry_list_plugins (ebpf_plugin_registry_get_default ());
  spec = ebpf_map_spec_new ("ring", EBPF_MAP_TYPE_RINGBUF, 4, 8, 4096);
  map = ebpf_map_new (spec, &error);
  if (g_variant_n_children (plugins) > 0)
    {
      /* Linked in, or installed. */
      g_assert_no_error (error);
      return;
    }

  g_assert_null (map);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, pattern);
}

static void
run_child (gconstpointer data)
{
  g_autofree char *path = g_strdup_printf ("%s/subprocess", (const char *) data);

  g_test_trap_subprocess (path, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_no_folder (void)
{
  if (ebpf_test_require_bpf ())
    run_child ("/plugin/registry/no-folder");
}

static void
test_lazy_maps (void)
{
  if (ebpf_test_require_bpf () && ebpf_test_require_kernel (5, 8))
    run_child ("/plugin/registry/lazy-maps");
}

static void
remove_tree (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (dir != NULL)
    {
      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          remove_tree (child);
        }
      g_dir_close (dir);
    }
  g_remove (path);
}

typedef struct
{
  const char *path;
  void (*child) (void);
} ChildTest;

static void
in_scratch (gconstpointer data)
{
  const ChildTest *test = data;
  g_autoptr (GError) error = NULL;

  scratch = g_dir_make_tmp ("ebpf-registry-XXXXXX", &error);
  g_assert_no_error (error);
  test->child ();
  remove_tree (scratch);
  g_clear_pointer (&scratch, g_free);
}

int
main (int argc, char **argv)
{
  static const ChildTest children[] = {
    { "/plugin/registry/folders", child_folders },
    { "/plugin/registry/refused", child_refused },
    { "/plugin/registry/duplicates", child_duplicates },
    { "/plugin/registry/load-module", child_load_module },
    { "/plugin/registry/lazy", child_lazy },
    { "/plugin/registry/lazy-maps", child_lazy_maps },
    { "/plugin/registry/preferred", child_preferred },
    { "/plugin/registry/threads", child_threads },
    { "/plugin/registry/no-folder", child_no_folder },
  };

  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/plugin/registry/own-plugins", test_own_plugins);
  ebpf_test_add ("/plugin/registry/plain-types", test_plain_types);
  for (gsize i = 0; i < G_N_ELEMENTS (children); i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/subprocess", children[i].path);

      if (children[i].child == child_no_folder)
        ebpf_test_add (children[i].path, test_no_folder);
      else if (children[i].child == child_lazy_maps)
        ebpf_test_add (children[i].path, test_lazy_maps);
      else
        ebpf_test_add_data (children[i].path, children[i].path, run_child);
      g_test_add_data_func (path, &children[i], in_scratch);
    }

  return g_test_run ();
}
