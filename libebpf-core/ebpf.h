/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#define EBPF_INSIDE

#include "base/ebpf-types.h"
#include "base/ebpf-enums.h"
#include "base/ebpf-enum-types.h"
#include "base/ebpf-error.h"
#include "sys/ebpf-system.h"
#include "asm/ebpf-instruction.h"
#include "asm/ebpf-assembler.h"
#include "btf/ebpf-btf.h"
#include "btf/ebpf-btf-type.h"
#include "btf/ebpf-layout.h"
#include "spec/ebpf-map-spec.h"
#include "spec/ebpf-program-spec.h"
#include "spec/ebpf-variable-spec.h"
#include "spec/ebpf-section-name.h"
#include "spec/ebpf-binding.h"
#include "spec/ebpf-collection-spec.h"
#include "elf/ebpf-elf.h"
#include "plugin/ebpf-map-driver.h"
#include "plugin/ebpf-plugin-registry.h"
#include "object/ebpf-load-options.h"
#include "object/ebpf-map.h"
#include "object/ebpf-map-iterator.h"
#include "object/ebpf-program.h"
#include "object/ebpf-variable.h"
#include "object/ebpf-collection.h"
#include "link/ebpf-link.h"
#include "link/ebpf-attach.h"
#include "stream/ebpf-record-batch.h"
#include "stream/ebpf-reader.h"

#undef EBPF_INSIDE
