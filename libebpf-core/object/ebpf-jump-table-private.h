/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map.h"
#include "spec/ebpf-code-private.h"

G_BEGIN_DECLS

/* A map of @table for one program to be loaded with: filled and frozen, as the verifier wants it.
 * @name: what errors call it. */
EbpfMap *ebpf_jump_table_create (const EbpfJumpTable *table, const char *name, GError **error);

G_END_DECLS
