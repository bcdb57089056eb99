/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

/* What the kernel says of its map types, for those who write specs. What is done about it is up to
 * the drivers and to the kernel. */
enum
{
  EBPF_MAP_FACT_PER_CPU = 1 << 0,
  EBPF_MAP_FACT_MAPS = 1 << 1,
  EBPF_MAP_FACT_PROGRAMS = 1 << 2,
  EBPF_MAP_FACT_NO_PREALLOC = 1 << 3,
  EBPF_MAP_FACT_NO_MAX_ENTRIES = 1 << 4,
};

guint ebpf_map_type_peek_facts (EbpfMapType map_type);

G_END_DECLS
