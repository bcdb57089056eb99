/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A plug-in of the future. Calling anything in it would end the process. */

#include <ebpf-plugin.h>

static const guint32 map_types[] = { 4003, 0 };

static const EbpfPluginNote note EBPF_PLUGIN_NOTE_SECTION_ = {
  .name_size = sizeof EBPF_PLUGIN_NOTE_NAME,
  .desc_size = sizeof (EbpfPluginNote) - G_STRUCT_OFFSET (EbpfPluginNote, abi),
  .type = EBPF_PLUGIN_MAGIC,
  .name = EBPF_PLUGIN_NOTE_NAME,
  .abi = EBPF_PLUGIN_ABI + 41,
  .info_size = sizeof (EbpfPluginInfo) + 64,
  .class_size = sizeof (EbpfMapDriverClass) + 64,
  .n_map_types = 1,
  .map_types = { 4003 },
  .nick = "future",
  .description = "From the future",
};

/* Not even opened. */
static void __attribute__ ((constructor)) opened (void) { g_abort (); }

G_MODULE_EXPORT extern const EbpfPluginInfo ebpf_plugin_info;
const EbpfPluginInfo ebpf_plugin_info = {
  .magic = EBPF_PLUGIN_MAGIC,
  .abi = EBPF_PLUGIN_ABI + 41,
  .size = sizeof (EbpfPluginInfo) + 64,
  .class_size = sizeof (EbpfMapDriverClass) + 64,
  .nick = "future",
  .description = "From the future",
  .map_types = map_types,
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
