/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
GObject *ebpf_open_pin (const char *path, EbpfAccessFlags flags, GError **error);

#define EBPF_TYPE_PIN_WALKER (ebpf_pin_walker_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfPinWalker, ebpf_pin_walker, EBPF, PIN_WALKER, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfPinWalker *ebpf_pin_walker_new (const char *root, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_pin_walker_next (EbpfPinWalker *self, GError **error);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_pin_walker_get_path (EbpfPinWalker *self);

EBPF_AVAILABLE_IN_ALL
GObject *ebpf_pin_walker_get_object (EbpfPinWalker *self);

G_END_DECLS
