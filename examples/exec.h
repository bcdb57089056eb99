/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* What exec.bpf.c writes into its ring buffer. C code reads it as it is; the other languages get it
 * decoded by the type information that the compiler puts into exec.bpf.o. */
struct event
{
  __u64 start; /* when the process began, in nanoseconds since boot */
  __u32 pid;
  __u32 parent;
  __u32 uid;
  char comm[16];
};
