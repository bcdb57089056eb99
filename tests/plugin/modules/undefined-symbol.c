/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A module that cannot be loaded: what it points to is nowhere. */

#include "test-note.h"

TEST_NOTE ("undefined-symbol", 4006)

extern int ebpf_test_no_such_symbol;

G_MODULE_EXPORT extern int *const ebpf_plugin_info;
int *const ebpf_plugin_info = &ebpf_test_no_such_symbol;
