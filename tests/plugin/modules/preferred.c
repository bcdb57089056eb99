/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Wants to be asked before all others, and cannot be loaded: those others do it. */

#include <ebpf-plugin.h>

extern int ebpf_test_no_such_symbol;

static const EbpfPluginNote note EBPF_PLUGIN_NOTE_SECTION_ = {
  .name_size = sizeof EBPF_PLUGIN_NOTE_NAME,
  .desc_size = sizeof (EbpfPluginNote) - G_STRUCT_OFFSET (EbpfPluginNote, abi),
  .type = EBPF_PLUGIN_MAGIC,
  .name = EBPF_PLUGIN_NOTE_NAME,
  .abi = EBPF_PLUGIN_ABI,
  .info_size = sizeof (EbpfPluginInfo),
  .class_size = sizeof (EbpfMapDriverClass),
  .priority = 100,
  .n_map_types = 2,
  .map_types = { 4001, 4009 },
  .nick = "preferred",
  .description = "Before all others",
};

G_MODULE_EXPORT extern int *const ebpf_plugin_info;
int *const ebpf_plugin_info = &ebpf_test_no_such_symbol;
