/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Everything right, but its module brings no driver. */

#include "test-note.h"

TEST_NOTE ("no-driver", 4005)

static const guint32 map_types[] = { 4005, 0 };

G_MODULE_EXPORT extern const EbpfPluginInfo ebpf_plugin_info;
const EbpfPluginInfo ebpf_plugin_info = {
  .magic = EBPF_PLUGIN_MAGIC,
  .abi = EBPF_PLUGIN_ABI,
  .size = sizeof (EbpfPluginInfo),
  .class_size = sizeof (EbpfMapDriverClass),
  .nick = "no-driver",
  .map_types = map_types,
  .type_name = "TestNoDriver",
};

G_MODULE_EXPORT void g_io_module_load (GIOModule *module);
void
g_io_module_load (GIOModule *module)
{
}

G_MODULE_EXPORT void g_io_module_unload (GIOModule *module);
void
g_io_module_unload (GIOModule *module)
{
}
