/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A description that fits, but what it has in memory does not. */

#include "test-note.h"

TEST_NOTE ("wrong-magic", 4007)

G_MODULE_EXPORT extern const guint32 ebpf_plugin_info[64];
const guint32 ebpf_plugin_info[64] = { 0x12345678 };
