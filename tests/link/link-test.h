/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf.h>

#include "ebpf-test.h"

G_BEGIN_DECLS

/* The slots of "counts" in hooks.bpf.c. */
enum
{
  HOOK_SOCKET,
  HOOK_TRACEPOINT,
  HOOK_RAW_TRACEPOINT,
  HOOK_TP_BTF,
  HOOK_UPROBE,
  HOOK_URETPROBE,
  HOOK_XDP,
  HOOK_CGROUP_INGRESS,
  HOOK_CGROUP_EGRESS,
};

/* Opens an object; with @target_pid above 0, programs for processes count that one alone. */
EbpfCollectionSpec *link_test_open (const char *object, int target_pid);

/* Loads it. @programs: NULL for all, or names that end with NULL. */
EbpfCollection *link_test_load (EbpfCollectionSpec *spec, const char *const *programs);

guint64 link_test_count (EbpfCollection *collection, guint slot);

/* A network namespace of this process alone, with "lo" up; FALSE and a skip where that cannot be
 * had. */
gboolean link_test_private_network (void);

/* A process that executes something each time it is told, and keeps its pid. */
typedef struct
{
  int pid;
  int to_child;
  int from_child;
} LinkTestExecer;

void link_test_execer_start (LinkTestExecer *self);
void link_test_execer_exec (LinkTestExecer *self);
void link_test_execer_stop (LinkTestExecer *self);

G_END_DECLS
