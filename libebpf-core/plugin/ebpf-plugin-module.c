/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/ebpf-plugin-module-private.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/ebpf-error-private.h"
#include "plugin/ebpf-plugin-registry.h"

#define PREFIX "libebpf-"
#define SUFFIX "." G_MODULE_SUFFIX

/* No plug-in serves more types than that: a list without an end is not followed. */
#define MAX_MAP_TYPES 256

/* What every version of EbpfPluginInfo has. */
#define COMMON_SIZE (offsetof (EbpfPluginInfo, map_types) + sizeof (gpointer))

void
ebpf_plugin_record_free (EbpfPluginRecord *record)
{
  g_free (record->nick);
  g_free (record->path);
  g_free (record->description);
  g_clear_pointer (&record->map_types, g_variant_unref);
  g_clear_object (&record->driver);
  g_clear_error (&record->error);
  g_free (record);
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

static GVariant *
types_to_variant (const guint32 *map_types)
{
  gsize n = 0;

  if (map_types != NULL)
    while (n < MAX_MAP_TYPES && map_types[n] != 0)
      n++;

  return g_variant_ref_sink (
      g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, map_types, n, sizeof (guint32)));
}

static void
describe (EbpfPluginRecord *record, const EbpfPluginInfo *info)
{
  if (info->nick != NULL && *info->nick != '\0')
    {
      g_free (record->nick);
      record->nick = g_utf8_make_valid (info->nick, -1);
    }
  g_free (record->description);
  record->description =
      info->description != NULL ? g_utf8_make_valid (info->description, -1) : NULL;
  g_clear_pointer (&record->map_types, g_variant_unref);
  record->map_types = types_to_variant (info->map_types);
}

static EbpfPluginRecord *
record_new (const char *path)
{
  EbpfPluginRecord *record = g_new0 (EbpfPluginRecord, 1);
  g_autofree char *basename = path != NULL ? g_path_get_basename (path) : NULL;

  record->path = g_strdup (path);
  if (basename != NULL)
    {
      record->nick = ebpf_plugin_module_nick_of (basename);
      if (record->nick == NULL)
        record->nick = g_filename_display_name (basename);
    }
  record->map_types = types_to_variant (NULL);

  return record;
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
      dladdr ((gpointer) ebpf_plugin_module_load, &ours_info) == 0 ||
      theirs_info.dli_fbase == ours_info.dli_fbase)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_PLUGIN_ABI, 0,
                  "plug-in %s is linked against another copy of the library (%s) than this process "
                  "uses (%s); use a plug-in that belongs to the latter",
                  path, theirs_info.dli_fname, ours_info.dli_fname);
  return FALSE;
}

static gboolean
check_info (const EbpfPluginInfo *info, const char *path, EbpfPluginRecord *record, GError **error)
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

  if (info->size >= COMMON_SIZE)
    describe (record, info);

  if (info->abi != EBPF_PLUGIN_ABI)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN_ABI, 0,
                      "plug-in %s was built for plug-in ABI %u, this library has %u; %s", path,
                      info->abi, EBPF_PLUGIN_ABI,
                      info->abi < EBPF_PLUGIN_ABI
                          ? "rebuild the plug-in against the library that is installed"
                          : "install the library that the plug-in was built against");
      return FALSE;
    }

  if (info->size < sizeof (EbpfPluginInfo) || info->class_size != sizeof (EbpfMapDriverClass))
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN_ABI, 0,
                      "plug-in %s was built with other sizes (info %u, class %u bytes) than this "
                      "library's (%u, %u); rebuild it against the library that is installed",
                      path, info->size, info->class_size, (guint) sizeof (EbpfPluginInfo),
                      (guint) sizeof (EbpfMapDriverClass));
      return FALSE;
    }

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

/* Reads the plug-in's description without calling anything in it. The module is closed again. */
static gboolean
check_module (const char *path, EbpfPluginRecord *record, GError **error)
{
  GModule *module;
  gpointer symbol;
  gboolean valid = FALSE;

  module = g_module_open (path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  if (module == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0, "plug-in %s cannot be loaded: %s", path,
                      g_module_error ());
      return FALSE;
    }

  if (!g_module_symbol (module, "ebpf_plugin_info", &symbol) || symbol == NULL)
    ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                    "%s is not a plug-in of this library: it has no symbol ebpf_plugin_info (see "
                    "EBPF_DEFINE_PLUGIN)",
                    path);
  else
    valid = check_same_library (module, path, error) && check_info (symbol, path, record, error);

  if (valid)
    record->priority = ((const EbpfPluginInfo *) symbol)->priority;

  g_module_close (module);

  return valid;
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

static EbpfMapDriver *
make_driver (const EbpfPluginRecord *record, GType type)
{
  return g_object_new (type, "nick", record->nick, "map-types", record->map_types, "thread-safe",
                       TRUE, NULL);
}

EbpfPluginRecord *
ebpf_plugin_module_load (const char *path)
{
  g_autoptr (EbpfPluginRecord) record = record_new (path);
  GIOModule *module;
  GType type;

  if (!check_module (path, record, &record->error))
    return g_steal_pointer (&record);

  /* From here on the module stays: its types cannot be taken back. */
  module = g_io_module_new (path);
  if (!g_type_module_use (G_TYPE_MODULE (module)))
    {
      ebpf_error_set (&record->error, EBPF_ERROR_PLUGIN, 0,
                      "plug-in %s cannot be loaded as a GIO module", path);
      return g_steal_pointer (&record);
    }

  type = find_type (G_TYPE_MODULE (module));
  if (type == G_TYPE_INVALID || !g_type_is_a (type, EBPF_TYPE_MAP_DRIVER) ||
      G_TYPE_IS_ABSTRACT (type))
    {
      ebpf_error_set (&record->error, EBPF_ERROR_PLUGIN, 0,
                      "plug-in %s did not bring a map driver to the extension point "
                      "\"" EBPF_PLUGIN_EXTENSION_POINT "\"",
                      path);
      return g_steal_pointer (&record);
    }

  record->driver = make_driver (record, type);

  return g_steal_pointer (&record);
}

EbpfPluginRecord *
ebpf_plugin_module_new_builtin (const EbpfPluginInfo *info)
{
  EbpfPluginRecord *record = record_new (NULL);

  describe (record, info);
  record->priority = info->priority;
  record->driver = make_driver (record, info->get_type ());

  return record;
}
