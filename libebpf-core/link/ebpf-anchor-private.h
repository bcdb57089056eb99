/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-anchor.h"

G_BEGIN_DECLS

/* The flags of bpf(2) that say where, and what it is told relative to: a descriptor or an id, or 0. */
gboolean
ebpf_anchor_apply (const EbpfAnchor *self, guint32 *flags, guint32 *relative, GError **error);

G_END_DECLS
