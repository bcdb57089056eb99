/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf.h>

#define EBPF_INSIDE

#include "plugin/ebpf-plugin-define.h"
#include "plugin/ebpf-plugin-support.h"

#undef EBPF_INSIDE
