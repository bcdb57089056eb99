/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the BPF sources share: kernel types, as far as they are used, whose offsets the loader fills
 * in, and what libbpf's headers of the platform floor do not have yet. */

#pragma once

/* A vmlinux.h has all types of the kernel. */
#ifndef __VMLINUX_H__
#include <stdbool.h>
#include <stddef.h>
#endif

#ifndef __ulong
#define __ulong_concat(a, b) a##b
#define __ulong_unique(counter, value, name)                                                       \
  enum                                                                                             \
  {                                                                                                \
    __ulong_concat (__unique_value, counter) = value                                               \
  } name
#define __ulong(name, value) __ulong_unique (__COUNTER__, value, name)
#endif

#ifndef __hidden
#define __hidden __attribute__ ((visibility ("hidden")))
#endif

#define __decl_tag(text) __attribute__ ((btf_decl_tag (text)))

#define MAP_TYPE_CGRP_STORAGE 32
#define MAP_TYPE_ARENA 33

#define ARRAY_SIZE(a) (sizeof (a) / sizeof ((a)[0]))

#ifndef __VMLINUX_H__

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct
{
  int pid;
  int tgid;
  char comm[16];
  struct task_struct *real_parent;
};

#pragma clang attribute pop

#endif
