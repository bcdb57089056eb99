/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

#define EBPF_TYPE_RECORD_BATCH (ebpf_record_batch_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfRecordBatch, ebpf_record_batch, EBPF, RECORD_BATCH, GObject)

EBPF_AVAILABLE_IN_ALL
EbpfRecordBatch *ebpf_record_batch_new (EbpfBtfType *record_type);

EBPF_AVAILABLE_IN_ALL
void ebpf_record_batch_append (EbpfRecordBatch *self, gconstpointer data, gsize size, int cpu);

EBPF_AVAILABLE_IN_ALL
void ebpf_record_batch_add_lost (EbpfRecordBatch *self, guint64 n_lost);

EBPF_AVAILABLE_IN_ALL
guint ebpf_record_batch_get_n_records (EbpfRecordBatch *self);

EBPF_AVAILABLE_IN_ALL
guint64 ebpf_record_batch_get_lost (EbpfRecordBatch *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_record_batch_get_bytes (EbpfRecordBatch *self);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_record_batch_get_offsets (EbpfRecordBatch *self);

EBPF_AVAILABLE_IN_ALL
gconstpointer ebpf_record_batch_peek_record (EbpfRecordBatch *self, guint index, gsize *size);

EBPF_AVAILABLE_IN_ALL
GBytes *ebpf_record_batch_get_record (EbpfRecordBatch *self, guint index);

EBPF_AVAILABLE_IN_ALL
int ebpf_record_batch_get_cpu (EbpfRecordBatch *self, guint index);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_record_batch_get_record_type (EbpfRecordBatch *self);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_record_batch_decode (EbpfRecordBatch *self, guint index, GError **error);

G_END_DECLS
