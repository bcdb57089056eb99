/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Its file says that it fits; what it has in memory is of another version. Calling anything in it would
 * end the process. */

#include "test-note.h"

TEST_NOTE ("inside", 4008)

static const guint32 map_types[] = { 4008, 0 };

G_MODULE_EXPORT extern const EbpfPluginInfo ebpf_plugin_info;
const EbpfPluginInfo ebpf_plugin_info = {
  .magic = EBPF_PLUGIN_MAGIC,
  .abi = EBPF_PLUGIN_ABI + 1,
  .size = sizeof (EbpfPluginInfo),
  .class_size = sizeof (EbpfMapDriverClass),
  .nick = "inside",
  .map_types = map_types,
  .type_name = "TestInsideDriver",
};

G_MODULE_EXPORT void g_io_module_load (GIOModule *module);
void
g_io_module_load (GIOModule *module)
{
  g_abort ();
}

G_MODULE_EXPORT void g_io_module_unload (GIOModule *module);
void
g_io_module_unload (GIOModule *module)
{
  g_abort ();
}
