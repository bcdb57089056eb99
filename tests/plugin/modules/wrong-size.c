/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* In memory too small, whatever its file says. */

#include "test-note.h"

TEST_NOTE ("small", 4004)

static const guint32 map_types[] = { 4004, 0 };

G_MODULE_EXPORT extern const EbpfPluginInfo ebpf_plugin_info;
const EbpfPluginInfo ebpf_plugin_info = {
  .magic = EBPF_PLUGIN_MAGIC,
  .abi = EBPF_PLUGIN_ABI,
  .size = sizeof (EbpfPluginInfo),
  .class_size = sizeof (EbpfMapDriverClass) - 8,
  .nick = "small",
  .map_types = map_types,
};
