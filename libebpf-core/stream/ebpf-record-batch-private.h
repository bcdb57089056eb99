/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "stream/ebpf-record-batch.h"

G_BEGIN_DECLS

/* Whether an accessor was called since ebpf_record_batch_clear_accessed (). */
gboolean ebpf_record_batch_is_accessed (EbpfRecordBatch *self);
void ebpf_record_batch_clear_accessed (EbpfRecordBatch *self);

/* The same as the accessors, but the reader's own looking is no access. */
guint ebpf_record_batch_peek_n_records (EbpfRecordBatch *self);
gsize ebpf_record_batch_peek_size (EbpfRecordBatch *self);

G_END_DECLS
