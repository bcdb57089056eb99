/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf-plugin.h>

G_BEGIN_DECLS

#define EBPF_TYPE_RINGBUF_READER (ebpf_ringbuf_reader_get_type ())
G_DECLARE_FINAL_TYPE (EbpfRingbufReader, ebpf_ringbuf_reader, EBPF, RINGBUF_READER, EbpfReader)

EbpfReader *ebpf_ringbuf_reader_new (EbpfMap *map, GError **error);

G_END_DECLS
