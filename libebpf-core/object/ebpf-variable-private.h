/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map.h"
#include "object/ebpf-variable.h"
#include "spec/ebpf-variable-spec.h"

G_BEGIN_DECLS

/* The variable of @spec in @map, the live map of its section. */
EbpfVariable *ebpf_variable_new (EbpfVariableSpec *spec, EbpfMap *map);

G_END_DECLS
