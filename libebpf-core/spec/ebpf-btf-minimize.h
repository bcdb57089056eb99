/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
EbpfBtf *ebpf_btf_minimize (EbpfBtf *self, GPtrArray *specs, GError **error);

G_END_DECLS
