/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plugin/ebpf-plugin-define.h"

G_BEGIN_DECLS

/* A plug-in that was found: loaded, linked in, or refused. */
typedef struct
{
  char *nick;
  char *path;          /* NULL where it is linked in */
  char *description;   /* may be NULL */
  GVariant *map_types; /* "au"; what it says it serves, as far as that could be read */
  int priority;
  EbpfMapDriver *driver; /* NULL where it was refused */
  GError *error;         /* why */
} EbpfPluginRecord;

void ebpf_plugin_record_free (EbpfPluginRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfPluginRecord, ebpf_plugin_record_free)

/* Loads a module and makes its driver; never NULL. Nothing in the module is called before its ABI
 * was checked. A module that was used stays loaded. */
EbpfPluginRecord *ebpf_plugin_module_load (const char *path);

/* The driver of a plug-in that is linked in. */
EbpfPluginRecord *ebpf_plugin_module_new_builtin (const EbpfPluginInfo *info);

/* "ringbuf" for "libebpf-ringbuf.so"; NULL for a name that is not one of a plug-in module. */
char *ebpf_plugin_module_nick_of (const char *basename);

/* What is linked in, ended by NULL; from a file that the build generates. */
extern const EbpfPluginInfo *const ebpf_plugin_builtins[];

G_END_DECLS
