/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What link-a.bpf.c and link-b.bpf.c both know of each other. */

#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

struct shared_value
{
  __u64 by_a;
  __u64 by_b;
};
