/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gmodule.h>

#include "plugin/ebpf-map-driver.h"

G_BEGIN_DECLS

/**
 * EBPF_PLUGIN_MAGIC: (skip)
 *
 * First word of every plug-in's `ebpf_plugin_info`.
 */
#define EBPF_PLUGIN_MAGIC (0x45425046u)

/**
 * EBPF_PLUGIN_ABI: (skip)
 *
 * The version of what plug-ins and library must agree about: the class structs of [class@MapDriver]
 * and [class@Reader], and the entry points.
 */
#define EBPF_PLUGIN_ABI (1u)

/**
 * EBPF_PLUGIN_EXTENSION_POINT: (skip)
 *
 * The name of the GIO extension point that plug-ins implement.
 */
#define EBPF_PLUGIN_EXTENSION_POINT "ebpf-map-driver"

/**
 * EbpfPluginInfo: (skip)
 * @magic: %EBPF_PLUGIN_MAGIC
 * @abi: the %EBPF_PLUGIN_ABI that the plug-in was built for
 * @size: size of this struct
 * @class_size: size of the driver's base class
 * @nick: the plug-in's short name
 * @description: one line about it
 * @map_types: the numbers of the map types that it serves, ended by 0
 * @type_name: name of the driver's GType
 * @priority: the highest wins where several serve a map type
 * @get_type: the driver's GType, for a plug-in that is linked in
 *
 * What a plug-in says about itself, in its symbol `ebpf_plugin_info`. The library reads it before
 * it calls anything in the plug-in. The members up to @map_types keep their places in every
 * version.
 */
typedef struct
{
  guint32 magic;
  guint32 abi;
  guint32 size;
  guint32 class_size;
  const char *nick;
  const char *description;
  const guint32 *map_types;
  const char *type_name;
  gint32 priority;
  GType (*get_type) (void);
} EbpfPluginInfo;

#define EBPF_PLUGIN_INFO_INIT_(TypeName, plugin_nick, text, types, type_func)                      \
  {                                                                                                \
    .magic = EBPF_PLUGIN_MAGIC, .abi = EBPF_PLUGIN_ABI, .size = (guint32) sizeof (EbpfPluginInfo), \
    .class_size = (guint32) sizeof (EbpfMapDriverClass), .nick = plugin_nick, .description = text, \
    .map_types = types, .type_name = #TypeName, .priority = 0, .get_type = type_func,              \
  }

#define EBPF_PLUGIN_PASTE_(a, b) a##b
#define EBPF_PLUGIN_SYMBOL_(nick) EBPF_PLUGIN_PASTE_ (ebpf_plugin_static_, nick)

/**
 * EBPF_DEFINE_PLUGIN: (skip)
 * @TypeName: the driver's type, CamelCase; its structs are the plug-in's own
 * @type_name: the same in lower case, words separated by `_`
 * @nick: the plug-in's short name, a string; its module is called `libebpf-NICK.so`
 * @description: one line about it, a string
 * @...: the map types that it serves
 *
 * Defines a plug-in: the driver's type, derived from [class@MapDriver], and the entry points of its
 * module. The source goes on to define `type_name_class_init ()` and `type_name_init ()`, as for
 * `G_DEFINE_TYPE`.
 *
 * With `-DEBPF_PLUGIN_STATIC=SYMBOL` the same source makes the twin that is linked into the
 * library: no entry points, but `ebpf_plugin_static_SYMBOL`.
 */
#ifdef EBPF_PLUGIN_STATIC

#define EBPF_DEFINE_PLUGIN(TypeName, type_name, nick, description, ...)                            \
  static GType type_name##_get_type (void);                                                        \
  G_DEFINE_TYPE (TypeName, type_name, EBPF_TYPE_MAP_DRIVER)                                        \
  static const guint32 type_name##_map_types[] = { __VA_ARGS__, 0 };                               \
  extern const EbpfPluginInfo EBPF_PLUGIN_SYMBOL_ (EBPF_PLUGIN_STATIC);                            \
  const EbpfPluginInfo EBPF_PLUGIN_SYMBOL_ (EBPF_PLUGIN_STATIC) = EBPF_PLUGIN_INFO_INIT_ (         \
      TypeName, nick, description, type_name##_map_types, type_name##_get_type);

#else

#define EBPF_DEFINE_PLUGIN(TypeName, type_name, nick, description, ...)                            \
  static GType type_name##_get_type (void);                                                        \
  G_DEFINE_DYNAMIC_TYPE (TypeName, type_name, EBPF_TYPE_MAP_DRIVER)                                \
  static void type_name##_class_finalize (TypeName##Class *klass) { (void) klass; }                \
  static const guint32 type_name##_map_types[] = { __VA_ARGS__, 0 };                               \
  G_MODULE_EXPORT extern const EbpfPluginInfo ebpf_plugin_info;                                    \
  const EbpfPluginInfo ebpf_plugin_info = EBPF_PLUGIN_INFO_INIT_ (                                 \
      TypeName, nick, description, type_name##_map_types, type_name##_get_type);                   \
  G_MODULE_EXPORT void g_io_module_load (GIOModule *module);                                       \
  void g_io_module_load (GIOModule *module)                                                        \
  {                                                                                                \
    type_name##_register_type (G_TYPE_MODULE (module));                                            \
    g_io_extension_point_implement (EBPF_PLUGIN_EXTENSION_POINT, type_name##_get_type (), nick,    \
                                    ebpf_plugin_info.priority);                                    \
  }                                                                                                \
  G_MODULE_EXPORT void g_io_module_unload (GIOModule *module);                                     \
  void g_io_module_unload (GIOModule *module) { (void) module; }                                   \
  G_MODULE_EXPORT char **g_io_module_query (void);                                                 \
  char **g_io_module_query (void)                                                                  \
  {                                                                                                \
    char *points[] = { (char *) EBPF_PLUGIN_EXTENSION_POINT, NULL };                               \
                                                                                                   \
    return g_strdupv (points);                                                                     \
  }

#endif

G_END_DECLS
