/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/ebpf-plugin-module-private.h"

#include <dlfcn.h>
#include <string.h>

#include "base/ebpf-error-private.h"
#include "plugin/ebpf-map-driver-private.h"
#include "plugin/ebpf-plugin-note-private.h"
#include "plugin/ebpf-plugin-registry.h"

#define PREFIX "libebpf-"
#define SUFFIX "." G_MODULE_SUFFIX

void
ebpf_plugin_record_free (EbpfPluginRecord *record)
{
  g_free (record->nick);
  g_free (record->path);
  g_free (record->description);
  g_free (record->map_types);
  g_clear_object (&record->driver);
  g_clear_error (&record->error);
  g_free (record);
}

GVariant *
ebpf_plugin_record_map_types_to_variant (const EbpfPluginRecord *record)
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, record->map_types, record->n_map_types,
                                    sizeof *record->map_types);
}

char *
ebpf_plugin_module_nick_of (const char *basename)
{
  gsize length = strlen (basename);
  gsize around = strlen (PREFIX) + strlen (SUFFIX);

  /* The library itself is called libebpf-core-1. */
  if (length <= around || !g_str_has_prefix (basename, PREFIX) ||
      !g_str_has_suffix (basename, SUFFIX) || g_str_has_prefix (basename, PREFIX "core-"))
    return NULL;

  return g_strndup (basename + strlen (PREFIX), length - around);
}

static EbpfPluginRecord *
record_new (const char *path,
            const char *nick,
            const char *description,
            const guint32 *map_types,
            gsize n_map_types,
            int priority)
{
  EbpfPluginRecord *record = g_new0 (EbpfPluginRecord, 1);

  record->path = g_strdup (path);
  record->nick = g_utf8_make_valid (nick, -1);
  record->description = description != NULL ? g_utf8_make_valid (description, -1) : NULL;
  record->map_types = g_memdup2 (map_types, n_map_types * sizeof *map_types);
  record->n_map_types = n_map_types;
  record->priority = priority;

  return record;
}

static gboolean
check_abi (const char *path, guint abi, guint info_size, guint class_size, GError **error)
{
  if (abi != EBPF_PLUGIN_ABI)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN_ABI, 0,
                      "plug-in %s was built for plug-in ABI %u, this library has %u; %s", path, abi,
                      EBPF_PLUGIN_ABI,
                      abi < EBPF_PLUGIN_ABI
                          ? "rebuild the plug-in against the library that is installed"
                          : "install the library that the plug-in was built against");
      return FALSE;
    }

  if (info_size < sizeof (EbpfPluginInfo) || class_size != sizeof (EbpfMapDriverClass))
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN_ABI, 0,
                      "plug-in %s was built with other sizes (info %u, class %u bytes) than this "
                      "library's (%u, %u); rebuild it against the library that is installed",
                      path, info_size, class_size, (guint) sizeof (EbpfPluginInfo),
                      (guint) sizeof (EbpfMapDriverClass));
      return FALSE;
    }

  return TRUE;
}

EbpfPluginRecord *
ebpf_plugin_module_describe (const char *path)
{
  g_autoptr (EbpfPluginRecord) record = NULL;
  g_autoptr (GError) error = NULL;
  EbpfPluginNote note;

  if (ebpf_plugin_note_read (path, &note, &error))
    {
      record = record_new (path, note.nick, note.description, note.map_types, note.n_map_types,
                           note.priority);
      check_abi (path, note.abi, note.info_size, note.class_size, &record->error);
    }
  else
    {
      g_autofree char *basename = g_path_get_basename (path);
      g_autofree char *nick = ebpf_plugin_module_nick_of (basename);

      if (nick == NULL)
        nick = g_filename_display_name (basename);
      record = record_new (path, nick, NULL, NULL, 0, 0);
      record->error = g_steal_pointer (&error);
    }

  if (record->error != NULL)
    record->state = EBPF_PLUGIN_REFUSED;

  return g_steal_pointer (&record);
}

/* A module linked against another copy of the library would register its types a second time, which
 * GObject answers with abort (). */
static gboolean
check_same_library (GModule *module, const char *path, GError **error)
{
  gpointer theirs;
  Dl_info theirs_info, ours_info;

  if (!g_module_symbol (module, "ebpf_plugin_registry_get_default", &theirs))
    return TRUE;

  if (dladdr (theirs, &theirs_info) == 0 ||
      dladdr ((gpointer) ebpf_plugin_module_describe, &ours_info) == 0 ||
      theirs_info.dli_fbase == ours_info.dli_fbase)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_PLUGIN_ABI, 0,
                  "plug-in %s is linked against another copy of the library (%s) than this process "
                  "uses (%s); use a plug-in that belongs to the latter",
                  path, theirs_info.dli_fname, ours_info.dli_fname);
  return FALSE;
}

/* The module was opened: the last check before anything in it is called. */
static gboolean
check_info (const EbpfPluginInfo *info, const char *path, GError **error)
{
  if (info->magic != EBPF_PLUGIN_MAGIC)
    {
      ebpf_error_set (
          error, EBPF_ERROR_PLUGIN_ABI, 0,
          "plug-in %s: its ebpf_plugin_info begins with 0x%08x instead of 0x%08x; it was "
          "not made with EBPF_DEFINE_PLUGIN",
          path, info->magic, EBPF_PLUGIN_MAGIC);
      return FALSE;
    }

  if (!check_abi (path, info->abi, info->size, info->class_size, error))
    return FALSE;

  if (info->nick == NULL || info->type_name == NULL || info->map_types == NULL ||
      info->map_types[0] == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "plug-in %s does not say its nick, its type and the map types it serves",
                      path);
      return FALSE;
    }

  if (g_type_from_name (info->type_name) != G_TYPE_INVALID)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "plug-in %s: there is a type %s in this process already; two plug-ins cannot "
                      "define the same",
                      path, info->type_name);
      return FALSE;
    }

  return TRUE;
}

static GModule *
open_module (const char *path, GError **error)
{
  GModule *module = g_module_open (path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  gpointer symbol;

  if (module == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0, "plug-in %s cannot be loaded: %s", path,
                      g_module_error ());
      return NULL;
    }

  if (!g_module_symbol (module, "ebpf_plugin_info", &symbol) || symbol == NULL)
    ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                    "%s is not a plug-in of this library: it has no symbol ebpf_plugin_info (see "
                    "EBPF_DEFINE_PLUGIN)",
                    path);
  else if (check_same_library (module, path, error) && check_info (symbol, path, error))
    return module;

  g_module_close (module);

  return NULL;
}

/* The type that @module brought to the extension point. */
static GType
find_type (GTypeModule *module)
{
  GIOExtensionPoint *point = g_io_extension_point_lookup (EBPF_PLUGIN_EXTENSION_POINT);

  for (GList *l = g_io_extension_point_get_extensions (point); l != NULL; l = l->next)
    {
      GType type = g_io_extension_get_type (l->data);

      if (g_type_get_plugin (type) == G_TYPE_PLUGIN (module))
        return type;
    }

  return G_TYPE_INVALID;
}

static GType
load_type (const char *path, GError **error)
{
  GModule *opened = open_module (path, error);
  GIOExtensionPoint *point;
  GIOModule *module;
  gboolean used;
  GType type;

  if (opened == NULL)
    return G_TYPE_INVALID;

  point = g_io_extension_point_register (EBPF_PLUGIN_EXTENSION_POINT);
  g_io_extension_point_set_required_type (point, EBPF_TYPE_MAP_DRIVER);

  /* From here on the module stays: its types cannot be taken back. It is open already, so GIO only
   * counts it once more. */
  module = g_io_module_new (path);
  used = g_type_module_use (G_TYPE_MODULE (module));
  g_module_close (opened);
  if (!used)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0, "plug-in %s cannot be loaded as a GIO module",
                      path);
      return G_TYPE_INVALID;
    }

  type = find_type (G_TYPE_MODULE (module));
  if (type == G_TYPE_INVALID || !g_type_is_a (type, EBPF_TYPE_MAP_DRIVER) ||
      G_TYPE_IS_ABSTRACT (type))
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "plug-in %s did not bring a map driver to the extension point "
                      "\"" EBPF_PLUGIN_EXTENSION_POINT "\"",
                      path);
      return G_TYPE_INVALID;
    }

  return type;
}

EbpfPluginRecord *
ebpf_plugin_module_new_builtin (const EbpfPluginInfo *info)
{
  EbpfPluginRecord *record;
  gsize n_map_types = 0;

  while (info->map_types[n_map_types] != 0)
    n_map_types++;

  record = record_new (NULL, info->nick, info->description, info->map_types, n_map_types,
                       info->priority);
  record->info = info;

  return record;
}

void
ebpf_plugin_record_open (EbpfPluginRecord *record)
{
  GType type;

  g_return_if_fail (record->state == EBPF_PLUGIN_FOUND);

  record->state = EBPF_PLUGIN_OPENING;

  type =
      record->info != NULL ? record->info->get_type () : load_type (record->path, &record->error);
  if (type == G_TYPE_INVALID)
    {
      g_debug ("%s", record->error->message);
      record->state = EBPF_PLUGIN_REFUSED;
      return;
    }

  record->driver =
      g_object_new (type, "nick", record->nick, "map-types",
                    ebpf_plugin_record_map_types_to_variant (record), "thread-safe", TRUE, NULL);
  ebpf_map_driver_bind (record->driver, NULL);
  record->state = EBPF_PLUGIN_READY;
}
