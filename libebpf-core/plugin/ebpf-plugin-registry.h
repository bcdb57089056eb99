/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plugin/ebpf-map-driver.h"

G_BEGIN_DECLS

#define EBPF_TYPE_PLUGIN_REGISTRY (ebpf_plugin_registry_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfPluginRegistry, ebpf_plugin_registry, EBPF, PLUGIN_REGISTRY, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfPluginRegistry *ebpf_plugin_registry_get_default (void);

EBPF_AVAILABLE_IN_ALL
EbpfMapDriver *
ebpf_plugin_registry_find_driver (EbpfPluginRegistry *self, EbpfMapType map_type, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_plugin_registry_add_driver (EbpfPluginRegistry *self, EbpfMapDriver *driver, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_plugin_registry_add_type (EbpfPluginRegistry *self, GType type, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_plugin_registry_remove_driver (EbpfPluginRegistry *self, EbpfMapDriver *driver);

EBPF_AVAILABLE_IN_ALL
gboolean
ebpf_plugin_registry_load_module (EbpfPluginRegistry *self, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
GPtrArray *ebpf_plugin_registry_list_drivers (EbpfPluginRegistry *self);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_plugin_registry_list_plugins (EbpfPluginRegistry *self);

EBPF_AVAILABLE_IN_ALL
char **ebpf_plugin_registry_list_folders (EbpfPluginRegistry *self);

G_END_DECLS
