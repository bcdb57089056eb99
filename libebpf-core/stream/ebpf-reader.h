/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map.h"
#include "stream/ebpf-record-batch.h"

G_BEGIN_DECLS

/**
 * EbpfRecordFunc:
 * @data: (array length=size) (element-type guint8): the record, in the buffer it was written to
 * @size: its length in bytes
 * @cpu: the CPU it was written on, or -1 where the map does not say
 * @user_data: data given with the function
 *
 * Called with each record where it lies; it may be overwritten after the call.
 *
 * Returns: whether to go on
 */
typedef gboolean (*EbpfRecordFunc) (gconstpointer data, gsize size, int cpu, gpointer user_data);

#define EBPF_TYPE_READER (ebpf_reader_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (EbpfReader, ebpf_reader, EBPF, READER, GObject)

/**
 * EbpfReaderClass:
 * @parent_class: the parent class
 * @drain: calls @func for the records that lie ready, @max_records at most, in place; @n_lost is
 * increased by records known to be lost. Returns how many there were, or -1 with an error
 * @get_poll_fd: a descriptor that polls readable while there are records
 * @close: frees what the reader holds; called once, after the last of the others
 * @is_pending: whether there are records, from memory and without a system call; for descriptors
 * that say only once that they are readable. May be left out
 *
 * The class of streams of records out of a map. A plug-in subclasses it for its map types.
 */
struct _EbpfReaderClass
{
  GObjectClass parent_class;

  gssize (*drain) (EbpfReader *self,
                   gsize max_records,
                   EbpfRecordFunc func,
                   gpointer user_data,
                   guint64 *n_lost,
                   GError **error);
  int (*get_poll_fd) (EbpfReader *self);
  void (*close) (EbpfReader *self);
  gboolean (*is_pending) (EbpfReader *self);

  /*< private >*/
  gpointer padding[7];
};

EBPF_AVAILABLE_IN_ALL
EbpfMap *ebpf_reader_get_map (EbpfReader *self);

EBPF_AVAILABLE_IN_ALL
EbpfBtfType *ebpf_reader_get_record_type (EbpfReader *self);

EBPF_AVAILABLE_IN_ALL
void ebpf_reader_set_record_type (EbpfReader *self, EbpfBtfType *record_type);

EBPF_AVAILABLE_IN_ALL
guint64 ebpf_reader_get_lost (EbpfReader *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_reader_is_running (EbpfReader *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_reader_start (EbpfReader *self, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_reader_stop (EbpfReader *self);

EBPF_AVAILABLE_IN_ALL
EbpfRecordBatch *
ebpf_reader_read (EbpfReader *self, int timeout_ms, GCancellable *cancellable, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_reader_read_async (EbpfReader *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

EBPF_AVAILABLE_IN_ALL
EbpfRecordBatch *ebpf_reader_read_finish (EbpfReader *self, GAsyncResult *result, GError **error);

EBPF_AVAILABLE_IN_ALL
gssize ebpf_reader_consume (EbpfReader *self,
                            gsize max_records,
                            EbpfRecordFunc func,
                            gpointer user_data,
                            GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_reader_close (EbpfReader *self);

EBPF_AVAILABLE_IN_ALL
EbpfReader *ebpf_map_open_reader (EbpfMap *self, GVariant *options, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_map_has_reader (EbpfMap *self);

G_END_DECLS
