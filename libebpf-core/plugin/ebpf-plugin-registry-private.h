/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plugin/ebpf-plugin-registry.h"

G_BEGIN_DECLS

/* Where the kernel refused a map that the plain driver was asked to create: the folders that were
 * searched for plug-ins and the plug-ins that were refused, as a hint that begins in lower case and
 * has no full stop. NULL where plug-ins were found and all could be loaded. */
char *ebpf_plugin_registry_dup_problems (void);

G_END_DECLS
