/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-load-options.h"

G_BEGIN_DECLS

/* A copy that a load on another thread can keep. NULL gives default options. */
EbpfLoadOptions *ebpf_load_options_copy (EbpfLoadOptions *self);

/* name (utf8) -> EbpfMap; and names in the order in which they were given. Not to be changed. */
GHashTable *ebpf_load_options_peek_replacements (EbpfLoadOptions *self);
GPtrArray *ebpf_load_options_peek_selection (EbpfLoadOptions *self);
GPtrArray *ebpf_load_options_peek_map_selection (EbpfLoadOptions *self);
GPtrArray *ebpf_load_options_peek_relocation_targets (EbpfLoadOptions *self);

/* Only what is selected is loaded, even where that is nothing. */
void ebpf_load_options_be_selective (EbpfLoadOptions *self);
gboolean ebpf_load_options_is_selective (EbpfLoadOptions *self);

G_END_DECLS
