/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gmodule.h>

G_MODULE_EXPORT extern const guint32 ebpf_plugin_info[64];
const guint32 ebpf_plugin_info[64] = { 0x12345678 };
