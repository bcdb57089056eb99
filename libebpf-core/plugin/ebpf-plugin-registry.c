/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/ebpf-plugin-registry-private.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/ebpf-error-private.h"
#include "plugin/ebpf-map-driver-private.h"
#include "plugin/ebpf-plain-map-driver-private.h"
#include "plugin/ebpf-plugin-module-private.h"

/**
 * EbpfPluginRegistry:
 *
 * Knows the map drivers of this process and finds the one that serves a type of map.
 *
 * Drivers come from plug-in modules, called `libebpf-NICK.so`, in the folders of the environment
 * variable `EBPF_PLUGIN_PATH` (separated by colons; not read in a process that runs with elevated
 * privileges, see `AT_SECURE` in getauxval(3)) and in the library's own plug-in folder, which lies
 * beside the library itself; from
 * plug-ins that were linked into the library; and from the application, by
 * [method@PluginRegistry.add_driver]. The folders are searched once, when a driver is first asked
 * for. Where two modules have the same file name, the first found counts.
 *
 * What a module serves is read from its file. It is loaded when a map type that it serves is first
 * asked for; where it then turns out not to be usable, the next one that serves the type is taken.
 *
 * All methods may be called from any thread.
 */
struct _EbpfPluginRegistry
{
  GObject parent_instance;

  /* Recursive: what a module does while it is loaded may come back here. */
  GRecMutex lock;
  gboolean scanned;
  GPtrArray *folders;
  GPtrArray *records; /* of EbpfPluginRecord, in the order in which they were found */
  GPtrArray *added;   /* of EbpfMapDriver, those of the application, the last added first */
  EbpfMapDriver *plain;
};

G_DEFINE_FINAL_TYPE (EbpfPluginRegistry, ebpf_plugin_registry, G_TYPE_OBJECT)

static void
ebpf_plugin_registry_finalize (GObject *object)
{
  EbpfPluginRegistry *self = EBPF_PLUGIN_REGISTRY (object);

  g_ptr_array_unref (self->folders);
  g_ptr_array_unref (self->records);
  g_ptr_array_unref (self->added);
  g_object_unref (self->plain);
  g_rec_mutex_clear (&self->lock);

  G_OBJECT_CLASS (ebpf_plugin_registry_parent_class)->finalize (object);
}

static void
ebpf_plugin_registry_class_init (EbpfPluginRegistryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ebpf_plugin_registry_finalize;
}

static void
ebpf_plugin_registry_init (EbpfPluginRegistry *self)
{
  g_rec_mutex_init (&self->lock);
  self->folders = g_ptr_array_new_with_free_func (g_free);
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) ebpf_plugin_record_free);
  self->added = g_ptr_array_new_with_free_func (g_object_unref);
  self->plain = ebpf_plain_map_driver_new ();
  ebpf_map_driver_bind (self->plain, NULL);
}

static gboolean
contains (const guint32 *map_types, gsize n, guint32 map_type)
{
  for (gsize i = 0; i < n; i++)
    if (map_types[i] == map_type)
      return TRUE;

  return FALSE;
}

static gboolean
driver_serves (EbpfMapDriver *driver, guint32 map_type)
{
  gsize n;
  const guint32 *types =
      g_variant_get_fixed_array (ebpf_map_driver_get_map_types (driver), &n, sizeof (guint32));

  return contains (types, n, map_type);
}

static void
add_record (EbpfPluginRegistry *self, EbpfPluginRecord *record)
{
  if (record->error != NULL)
    g_debug ("%s", record->error->message);

  g_ptr_array_add (self->records, record);
}

static gboolean
open_record (EbpfPluginRecord *record, GError **error)
{
  if (record->state == EBPF_PLUGIN_FOUND)
    ebpf_plugin_record_open (record);

  if (record->state == EBPF_PLUGIN_REFUSED)
    {
      g_propagate_error (error, g_error_copy (record->error));
      return FALSE;
    }

  return TRUE;
}

static void
open_all (EbpfPluginRegistry *self)
{
  for (guint i = 0; i < self->records->len; i++)
    {
      EbpfPluginRecord *record = g_ptr_array_index (self->records, i);

      if (record->state == EBPF_PLUGIN_FOUND)
        ebpf_plugin_record_open (record);
    }
}

/* Of those that serve the type and may be usable, the one of the highest priority, the first found
 * of several. */
static EbpfPluginRecord *
find_record (EbpfPluginRegistry *self, guint32 map_type)
{
  EbpfPluginRecord *best = NULL;

  for (guint i = 0; i < self->records->len; i++)
    {
      EbpfPluginRecord *record = g_ptr_array_index (self->records, i);

      if ((record->state == EBPF_PLUGIN_FOUND || record->state == EBPF_PLUGIN_READY) &&
          (best == NULL || record->priority > best->priority) &&
          contains (record->map_types, record->n_map_types, map_type))
        best = record;
    }

  return best;
}

/* A module of the same file name hides those that come later, be they whole or not. A plug-in that
 * is linked in counts as a module of its nick. */
static gboolean
is_hidden (EbpfPluginRegistry *self, const char *name)
{
  g_autofree char *nick = ebpf_plugin_module_nick_of (name);

  for (guint i = 0; i < self->records->len; i++)
    {
      const EbpfPluginRecord *record = g_ptr_array_index (self->records, i);

      if (record->path == NULL ? g_strcmp0 (record->nick, nick) == 0
                               : g_strcmp0 (strrchr (record->path, '/') + 1, name) == 0)
        return TRUE;
    }

  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
scan_folder (EbpfPluginRegistry *self, const char *folder)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;

  for (guint i = 0; i < self->folders->len; i++)
    if (g_str_equal (g_ptr_array_index (self->folders, i), folder))
      return;

  g_ptr_array_add (self->folders, g_strdup (folder));

  dir = g_dir_open (folder, 0, &error);
  if (dir == NULL)
    {
      g_debug ("plug-in folder: %s", error->message);
      return;
    }

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *nick = ebpf_plugin_module_nick_of (name);

      if (nick != NULL)
        g_ptr_array_add (names, g_strdup (name));
    }

  /* What the folder's order happens to be must not decide which plug-in serves a type. */
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);

      if (is_hidden (self, g_ptr_array_index (names, i)))
        g_debug ("plug-in %s: one of this name was found before", path);
      else
        add_record (self, ebpf_plugin_module_describe (path));
    }
}

/* Stops at the object in the process that this very code is in, and takes its path. dladdr (3) would
 * look through all symbols as well. */
static int
find_library (struct dl_phdr_info *object, size_t size, void *user_data)
{
  ElfW (Addr) here = (ElfW (Addr)) & ebpf_plugin_builtins;
  char **path = user_data;

  for (guint i = 0; i < object->dlpi_phnum; i++)
    {
      const ElfW (Phdr) *segment = &object->dlpi_phdr[i];

      if (segment->p_type == PT_LOAD &&
          here - object->dlpi_addr - segment->p_vaddr < segment->p_memsz)
        {
          /* The program itself has no name here. */
          *path =
              realpath (*object->dlpi_name != '\0' ? object->dlpi_name : "/proc/self/exe", NULL);
          return 1;
        }
    }

  return 0;
}

/* The plug-in folder as it lies to the library that runs, or NULL where there is none. */
static char *
dup_folder_beside_library (void)
{
  g_autofree char *library = NULL;
  g_autofree char *dirname = NULL;
  g_autofree char *folder = NULL;

  dl_iterate_phdr (find_library, &library);
  if (library == NULL)
    return NULL;

  dirname = g_path_get_dirname (library);
  folder = g_build_filename (dirname, EBPF_PLUGIN_SUBDIR, NULL);

  return g_file_test (folder, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&folder) : NULL;
}

static void
scan (EbpfPluginRegistry *self)
{
  g_autofree char *beside = NULL;
  const char *path;

  if (self->scanned)
    return;

  self->scanned = TRUE;

  for (gsize i = 0; ebpf_plugin_builtins[i] != NULL; i++)
    add_record (self, ebpf_plugin_module_new_builtin (ebpf_plugin_builtins[i]));

  path = getauxval (AT_SECURE) == 0 ? g_getenv ("EBPF_PLUGIN_PATH") : NULL;
  if (path != NULL)
    {
      g_auto (GStrv) folders = g_strsplit (path, G_SEARCHPATH_SEPARATOR_S, -1);

      for (gsize i = 0; folders[i] != NULL; i++)
        if (*folders[i] != '\0')
          scan_folder (self, folders[i]);
    }

  /* Beside the library: so a copy of an installation, and a build folder, work where they are. */
  beside = dup_folder_beside_library ();
  if (beside != NULL)
    scan_folder (self, beside);
  else
    scan_folder (self, EBPF_PLUGIN_DIR);
}

/**
 * ebpf_plugin_registry_get_default:
 *
 * Gets the registry of this process.
 *
 * Returns: (transfer none): the registry
 */
EbpfPluginRegistry *
ebpf_plugin_registry_get_default (void)
{
  static gsize registry;

  if (g_once_init_enter (&registry))
    g_once_init_leave (&registry, (gsize) g_object_new (EBPF_TYPE_PLUGIN_REGISTRY, NULL));

  return (EbpfPluginRegistry *) registry;
}

/**
 * ebpf_plugin_registry_find_driver:
 * @self: the registry
 * @map_type: a map type, or any number
 * @error: return location for an error
 *
 * Finds the driver for a type of map: the one added last by the application, or else the plug-in
 * with the highest priority. A type that nobody serves gets a driver that treats its maps as plain
 * keys and values; so this does not fail for a type that is merely unknown. The plug-in is loaded
 * where it was not yet. Whether a plug-in that says it serves the type was refused can be seen from [method@PluginRegistry.list_plugins].
 *
 * Returns: (transfer full): the driver, or %NULL with @error set
 */
EbpfMapDriver *
ebpf_plugin_registry_find_driver (EbpfPluginRegistry *self, EbpfMapType map_type, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = NULL;
  EbpfPluginRecord *record;

  g_return_val_if_fail (EBPF_IS_PLUGIN_REGISTRY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  locker = g_rec_mutex_locker_new (&self->lock);
  scan (self);

  for (guint i = 0; i < self->added->len; i++)
    {
      EbpfMapDriver *driver = g_ptr_array_index (self->added, i);

      if (driver_serves (driver, (guint32) map_type))
        return g_object_ref (driver);
    }

  while ((record = find_record (self, (guint32) map_type)) != NULL)
    {
      if (record->state == EBPF_PLUGIN_FOUND)
        ebpf_plugin_record_open (record);
      if (record->state == EBPF_PLUGIN_READY)
        return g_object_ref (record->driver);

      g_debug ("map type %u has to do without plug-in \"%s\"", (guint) map_type, record->nick);
    }

  return g_object_ref (self->plain);
}

/**
 * ebpf_plugin_registry_add_driver:
 * @self: the registry
 * @driver: a driver with its properties set
 * @error: return location for an error
 *
 * Makes a driver known. It comes before the plug-ins and before those added earlier. A driver can
 * be added once only.
 *
 * Unless it is [property@MapDriver:thread-safe], its virtual functions are only called in the
 * calling thread, in the main context that is the thread-default one now.
 *
 * Returns: whether the driver can be used
 */
gboolean
ebpf_plugin_registry_add_driver (EbpfPluginRegistry *self, EbpfMapDriver *driver, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = NULL;

  g_return_val_if_fail (EBPF_IS_PLUGIN_REGISTRY (self), FALSE);
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (driver), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (g_variant_n_children (ebpf_map_driver_get_map_types (driver)) == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "map driver \"%s\" (%s) does not say which map types it serves; set its "
                      "property \"map-types\"",
                      ebpf_map_driver_get_nick (driver), G_OBJECT_TYPE_NAME (driver));
      return FALSE;
    }

  locker = g_rec_mutex_locker_new (&self->lock);

  if (g_ptr_array_find (self->added, driver, NULL))
    {
      ebpf_error_set (error, EBPF_ERROR_EXISTS, 0, "map driver \"%s\" is registered already",
                      ebpf_map_driver_get_nick (driver));
      return FALSE;
    }

  if (!ebpf_map_driver_is_bound (driver))
    {
      g_autoptr (GMainContext) context = NULL;

      if (!ebpf_map_driver_get_thread_safe (driver))
        context = g_main_context_ref_thread_default ();
      ebpf_map_driver_bind (driver, context);
    }

  g_ptr_array_insert (self->added, 0, g_object_ref (driver));

  return TRUE;
}

/**
 * ebpf_plugin_registry_add_type:
 * @self: the registry
 * @type: a type derived from [class@MapDriver]
 * @error: return location for an error
 *
 * Makes a driver of a type and adds it, as [method@PluginRegistry.add_driver] does. The type must
 * set [property@MapDriver:map-types] while an instance of it is made.
 *
 * Returns: whether the driver can be used
 */
gboolean
ebpf_plugin_registry_add_type (EbpfPluginRegistry *self, GType type, GError **error)
{
  g_autoptr (EbpfMapDriver) driver = NULL;

  g_return_val_if_fail (EBPF_IS_PLUGIN_REGISTRY (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!g_type_is_a (type, EBPF_TYPE_MAP_DRIVER) || G_TYPE_IS_ABSTRACT (type))
    {
      const char *name = g_type_name (type);

      ebpf_error_set (
          error, EBPF_ERROR_WRONG_TYPE, 0,
          "type %s is not a map driver: it is not derived from EbpfMapDriver, or abstract",
          name != NULL ? name : "(none)");
      return FALSE;
    }

  driver = g_object_new (type, NULL);

  return ebpf_plugin_registry_add_driver (self, driver, error);
}

/**
 * ebpf_plugin_registry_remove_driver:
 * @self: the registry
 * @driver: a driver that was added
 *
 * Forgets a driver of the application. Maps that have it already keep it. Drivers of plug-ins stay.
 *
 * Returns: whether it was there
 */
gboolean
ebpf_plugin_registry_remove_driver (EbpfPluginRegistry *self, EbpfMapDriver *driver)
{
  g_autoptr (GRecMutexLocker) locker = NULL;
  guint place;

  g_return_val_if_fail (EBPF_IS_PLUGIN_REGISTRY (self), FALSE);
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (driver), FALSE);

  locker = g_rec_mutex_locker_new (&self->lock);

  if (!g_ptr_array_find (self->added, driver, &place))
    return FALSE;

  g_ptr_array_remove_index (self->added, place);

  return TRUE;
}

/**
 * ebpf_plugin_registry_load_module:
 * @self: the registry
 * @path: (type filename): path of a plug-in module
 * @error: return location for an error: %EBPF_ERROR_PLUGIN_ABI where it was made for another
 * version of the library, %EBPF_ERROR_PLUGIN where it cannot be loaded, %EBPF_ERROR_EXISTS where
 * the one of this path is loaded already
 *
 * Loads a plug-in from a file of any name.
 *
 * Returns: whether its driver can be used
 */
gboolean
ebpf_plugin_registry_load_module (EbpfPluginRegistry *self, const char *path, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = NULL;
  g_autofree char *absolute = NULL;
  EbpfPluginRecord *record;

  g_return_val_if_fail (EBPF_IS_PLUGIN_REGISTRY (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  /* dlopen (3) would search the system's folders for a name without a slash. */
  absolute = g_canonicalize_filename (path, NULL);

  locker = g_rec_mutex_locker_new (&self->lock);
  scan (self);

  for (guint i = 0; i < self->records->len; i++)
    {
      record = g_ptr_array_index (self->records, i);
      if (g_strcmp0 (record->path, absolute) != 0)
        continue;

      if (record->state == EBPF_PLUGIN_FOUND)
        return open_record (record, error);

      if (record->state != EBPF_PLUGIN_REFUSED)
        {
          ebpf_error_set (error, EBPF_ERROR_EXISTS, 0, "plug-in %s is loaded already", absolute);
          return FALSE;
        }

      /* It may have been replaced meanwhile. */
      g_ptr_array_remove_index (self->records, i);
      break;
    }

  record = ebpf_plugin_module_describe (absolute);
  add_record (self, record);

  return open_record (record, error);
}

/* Stable: those of the same priority stay in the order in which they were found. */
static gint
compare_priorities (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const EbpfPluginRecord *left = *(EbpfPluginRecord *const *) a;
  const EbpfPluginRecord *right = *(EbpfPluginRecord *const *) b;

  return (right->priority > left->priority) - (right->priority < left->priority);
}

/**
 * ebpf_plugin_registry_list_drivers:
 * @self: the registry
 *
 * Lists the drivers that can be found, the one to be preferred first. This loads all plug-ins.
 *
 * Returns: (transfer container) (element-type EbpfMapDriver): the drivers
 */
GPtrArray *
ebpf_plugin_registry_list_drivers (EbpfPluginRegistry *self)
{
  g_autoptr (GRecMutexLocker) locker = NULL;
  g_autoptr (GPtrArray) records = NULL;
  GPtrArray *drivers;

  g_return_val_if_fail (EBPF_IS_PLUGIN_REGISTRY (self), NULL);

  locker = g_rec_mutex_locker_new (&self->lock);
  scan (self);

  drivers = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->added->len; i++)
    g_ptr_array_add (drivers, g_object_ref (g_ptr_array_index (self->added, i)));

  open_all (self);
  records = g_ptr_array_new ();
  for (guint i = 0; i < self->records->len; i++)
    g_ptr_array_add (records, g_ptr_array_index (self->records, i));
  g_ptr_array_sort_with_data (records, compare_priorities, NULL);
  for (guint i = 0; i < records->len; i++)
    {
      const EbpfPluginRecord *record = g_ptr_array_index (records, i);

      if (record->driver != NULL)
        g_ptr_array_add (drivers, g_object_ref (record->driver));
    }

  return drivers;
}

/**
 * ebpf_plugin_registry_list_plugins:
 * @self: the registry
 *
 * Lists the plug-ins that were found, also those that were refused. All of them are loaded for
 * that: this is how one finds out why a plug-in does not work, and only loading it tells. Each is described by: `nick`
 * (`s`), `path` (`s`, "built-in" where it is linked in), `map_types` (`au`), `description` (`s`,
 * where known), and for one that was refused `error` (`s`).
 *
 * Returns: (transfer full): the plug-ins, `aa{sv}`
 */
GVariant *
ebpf_plugin_registry_list_plugins (EbpfPluginRegistry *self)
{
  g_autoptr (GRecMutexLocker) locker = NULL;
  GVariantBuilder builder;

  g_return_val_if_fail (EBPF_IS_PLUGIN_REGISTRY (self), NULL);

  locker = g_rec_mutex_locker_new (&self->lock);
  scan (self);
  open_all (self);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->records->len; i++)
    {
      const EbpfPluginRecord *record = g_ptr_array_index (self->records, i);
      g_autofree char *path =
          record->path != NULL ? g_filename_display_name (record->path) : g_strdup ("built-in");

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&builder, "{sv}", "nick", g_variant_new_string (record->nick));
      g_variant_builder_add (&builder, "{sv}", "path", g_variant_new_string (path));
      g_variant_builder_add (&builder, "{sv}", "map_types",
                             ebpf_plugin_record_map_types_to_variant (record));
      if (record->description != NULL)
        g_variant_builder_add (&builder, "{sv}", "description",
                               g_variant_new_string (record->description));
      if (record->error != NULL)
        g_variant_builder_add (&builder, "{sv}", "error",
                               g_variant_new_string (record->error->message));
      g_variant_builder_close (&builder);
    }

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/**
 * ebpf_plugin_registry_list_folders:
 * @self: the registry
 *
 * Lists the folders that are searched for plug-ins, in this order, be they there or not.
 *
 * Returns: (transfer full) (array zero-terminated=1) (element-type filename): the folders
 */
char **
ebpf_plugin_registry_list_folders (EbpfPluginRegistry *self)
{
  g_autoptr (GRecMutexLocker) locker = NULL;
  char **folders;

  g_return_val_if_fail (EBPF_IS_PLUGIN_REGISTRY (self), NULL);

  locker = g_rec_mutex_locker_new (&self->lock);
  scan (self);

  folders = g_new0 (char *, self->folders->len + 1);
  for (guint i = 0; i < self->folders->len; i++)
    folders[i] = g_strdup (g_ptr_array_index (self->folders, i));

  return folders;
}

char *
ebpf_plugin_registry_dup_problems (void)
{
  EbpfPluginRegistry *self = ebpf_plugin_registry_get_default ();
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  g_autoptr (GString) text = NULL;
  gboolean found = FALSE, refused = FALSE;

  scan (self);

  for (guint i = 0; i < self->records->len; i++)
    {
      const EbpfPluginRecord *record = g_ptr_array_index (self->records, i);

      if (record->state == EBPF_PLUGIN_REFUSED)
        refused = TRUE;
      else
        found = TRUE;
    }

  if (found && !refused)
    return NULL;

  text = g_string_new ("plug-ins for map types were searched for in ");
  for (guint i = 0; i < self->folders->len; i++)
    {
      const char *folder = g_ptr_array_index (self->folders, i);

      g_string_append_printf (text, "%s%s%s", i > 0 ? ", " : "", folder,
                              g_file_test (folder, G_FILE_TEST_IS_DIR) ? "" : " (no such folder)");
    }

  if (!found && !refused)
    g_string_append (text, " and none was found");

  for (guint i = 0; i < self->records->len; i++)
    {
      const EbpfPluginRecord *record = g_ptr_array_index (self->records, i);

      if (record->state == EBPF_PLUGIN_REFUSED)
        g_string_append_printf (text, "; %s", record->error->message);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}
