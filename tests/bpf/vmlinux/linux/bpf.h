/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stands in for the kernel's header where the tests' sources are built from a vmlinux.h alone, which
 * ebpfctl wrote (see tests/tools/test-vmlinux.py). */

#pragma once

#ifndef BPF_NO_KFUNC_PROTOTYPES
#define BPF_NO_KFUNC_PROTOTYPES
#endif

#include "vmlinux.h"
