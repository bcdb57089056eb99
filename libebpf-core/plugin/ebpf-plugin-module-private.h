/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plugin/ebpf-plugin-define.h"

G_BEGIN_DECLS

typedef enum
{
  EBPF_PLUGIN_FOUND,   /* described, not opened yet */
  EBPF_PLUGIN_OPENING, /* its code may come back to the registry meanwhile */
  EBPF_PLUGIN_READY,
  EBPF_PLUGIN_REFUSED,
} EbpfPluginState;

/* A plug-in that was found, as a module or linked in. */
typedef struct
{
  EbpfPluginState state;
  char *nick;
  char *path;                 /* NULL where it is linked in */
  const EbpfPluginInfo *info; /* only where it is linked in */
  char *description;          /* may be NULL */
  guint32 *map_types;         /* what it says it serves, as far as that could be read */
  gsize n_map_types;
  int priority;
  EbpfMapDriver *driver; /* where it is ready */
  GError *error;         /* why it was refused */
} EbpfPluginRecord;

void ebpf_plugin_record_free (EbpfPluginRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfPluginRecord, ebpf_plugin_record_free)

/* Its map types, "au", floating. */
GVariant *ebpf_plugin_record_map_types_to_variant (const EbpfPluginRecord *record);

/* Finds out from a module's file what it says of itself, without opening it as a module; never
 * NULL. */
EbpfPluginRecord *ebpf_plugin_module_describe (const char *path);

/* A plug-in that is linked in. */
EbpfPluginRecord *ebpf_plugin_module_new_builtin (const EbpfPluginInfo *info);

/* Makes the driver of a plug-in that is not opened yet; afterwards it is ready or refused. Nothing
 * in a module is called before its ABI was checked. A module that was used stays loaded. */
void ebpf_plugin_record_open (EbpfPluginRecord *record);

/* "ringbuf" for "libebpf-ringbuf.so"; NULL for a name that is not one of a plug-in module. */
char *ebpf_plugin_module_nick_of (const char *basename);

/* What is linked in, ended by NULL; from a file that the build generates. */
extern const EbpfPluginInfo *const ebpf_plugin_builtins[];

G_END_DECLS
