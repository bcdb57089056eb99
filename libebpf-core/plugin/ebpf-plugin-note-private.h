/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plugin/ebpf-plugin-define.h"

G_BEGIN_DECLS

/* Reads the description that EBPF_DEFINE_PLUGIN put into a module's file. The module is not opened,
 * and nothing in the file is trusted: where this succeeds, the strings end, the map types are as
 * many as it says and none is 0. Whether the ABI fits is left to the caller. */
gboolean ebpf_plugin_note_read (const char *path, EbpfPluginNote *note, GError **error);

G_END_DECLS
