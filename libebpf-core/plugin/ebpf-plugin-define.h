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
 * it calls anything in the plug-in; what decides whether a module is opened at all is its
 * `EbpfPluginNote`. The members up to @map_types keep their places in every version.
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

/**
 * EBPF_PLUGIN_MAX_MAP_TYPES: (skip)
 *
 * How many map types a plug-in can serve.
 */
#define EBPF_PLUGIN_MAX_MAP_TYPES (64)

/**
 * EBPF_PLUGIN_NOTE_NAME: (skip)
 *
 * The name of the ELF note in which a module describes itself.
 */
#define EBPF_PLUGIN_NOTE_NAME "ebpf-core"

/**
 * EbpfPluginNote: (skip)
 * @name_size: size of the note's name with its end
 * @desc_size: size of what follows the name
 * @type: %EBPF_PLUGIN_MAGIC
 * @name: %EBPF_PLUGIN_NOTE_NAME, filled up with zeros
 * @abi: the %EBPF_PLUGIN_ABI that the plug-in was built for
 * @info_size: size of `EbpfPluginInfo`
 * @class_size: size of the driver's base class
 * @priority: the highest wins where several serve a map type
 * @n_map_types: number of @map_types
 * @map_types: the numbers of the map types that it serves
 * @nick: the plug-in's short name
 * @description: one line about it
 *
 * What a plug-in's module says about itself in a note of its ELF file, section `.note.ebpf-core`.
 * It has no pointers, so the library reads it without the dynamic linker: a module is not opened
 * before a map type that it serves is asked for. The members keep their places in every version;
 * later ones follow behind @description.
 */
typedef struct
{
  guint32 name_size;
  guint32 desc_size;
  guint32 type;
  char name[12];
  guint32 abi;
  guint32 info_size;
  guint32 class_size;
  gint32 priority;
  guint32 n_map_types;
  guint32 map_types[EBPF_PLUGIN_MAX_MAP_TYPES];
  char nick[64];
  char description[256];
} EbpfPluginNote;

/* Linkers keep notes, also where they leave out what nothing points to. */
#define EBPF_PLUGIN_NOTE_SECTION_ __attribute__ ((section (".note.ebpf-core"), used, aligned (4)))

#define EBPF_PLUGIN_NOTE_INIT_(plugin_nick, text, n_types, ...)                                    \
  {                                                                                                \
    .name_size = (guint32) sizeof (EBPF_PLUGIN_NOTE_NAME),                                         \
    .desc_size = (guint32) (sizeof (EbpfPluginNote) - G_STRUCT_OFFSET (EbpfPluginNote, abi)),      \
    .type = EBPF_PLUGIN_MAGIC, .name = EBPF_PLUGIN_NOTE_NAME, .abi = EBPF_PLUGIN_ABI,              \
    .info_size = (guint32) sizeof (EbpfPluginInfo),                                                \
    .class_size = (guint32) sizeof (EbpfMapDriverClass), .priority = 0,                            \
    .n_map_types = (guint32) (n_types), .map_types = { __VA_ARGS__ }, .nick = plugin_nick,         \
    .description = text,                                                                           \
  }

/* Compile errors here: a nick or description that is too long, or too many map types. */
#define EBPF_PLUGIN_CHECK_SIZES_(plugin_nick, text, types)                                         \
  G_STATIC_ASSERT (sizeof (plugin_nick) <= sizeof (((EbpfPluginNote *) 0)->nick));                 \
  G_STATIC_ASSERT (sizeof (text) <= sizeof (((EbpfPluginNote *) 0)->description));                 \
  G_STATIC_ASSERT (sizeof (types) / sizeof (types[0]) <= EBPF_PLUGIN_MAX_MAP_TYPES + 1);

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
 * @nick: the plug-in's short name, a string of at most 63 bytes; its module is called
 * `libebpf-NICK.so`
 * @description: one line about it, a string of at most 255 bytes
 * @...: the map types that it serves, at most 64
 *
 * Defines a plug-in: the driver's type, derived from [class@MapDriver], the entry points of its
 * module, and the note by which the library knows of it without opening it. The source goes on to define `type_name_class_init ()` and `type_name_init ()`, as for
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
  EBPF_PLUGIN_CHECK_SIZES_ (nick, description, type_name##_map_types)                              \
  extern const EbpfPluginInfo EBPF_PLUGIN_SYMBOL_ (EBPF_PLUGIN_STATIC);                            \
  const EbpfPluginInfo EBPF_PLUGIN_SYMBOL_ (EBPF_PLUGIN_STATIC) = EBPF_PLUGIN_INFO_INIT_ (         \
      TypeName, nick, description, type_name##_map_types, type_name##_get_type);

#else

#define EBPF_DEFINE_PLUGIN(TypeName, type_name, nick, description, ...)                            \
  static GType type_name##_get_type (void);                                                        \
  G_DEFINE_DYNAMIC_TYPE (TypeName, type_name, EBPF_TYPE_MAP_DRIVER)                                \
  static void type_name##_class_finalize (TypeName##Class *klass) { (void) klass; }                \
  static const guint32 type_name##_map_types[] = { __VA_ARGS__, 0 };                               \
  EBPF_PLUGIN_CHECK_SIZES_ (nick, description, type_name##_map_types)                              \
  static const EbpfPluginNote type_name##_note EBPF_PLUGIN_NOTE_SECTION_ =                         \
      EBPF_PLUGIN_NOTE_INIT_ (nick, description, G_N_ELEMENTS (type_name##_map_types) - 1,         \
                              __VA_ARGS__);                                                        \
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
