/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
void ebpf_param_spec_set_symbol (GParamSpec *pspec, const char *symbol);

EBPF_AVAILABLE_IN_ALL
char *ebpf_param_spec_dup_symbol (GParamSpec *pspec);

G_END_DECLS
