/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-dedup.h"

G_BEGIN_DECLS

/* The same as ebpf_btf_dedup (). @new_ids (NULL: of no interest) becomes what each type of @self, by
 * its id, is in the result; it may be set on failure too. */
EbpfBtf *ebpf_btf_dedup_with_ids (EbpfBtf *self, guint32 **new_ids, GError **error);

G_END_DECLS
