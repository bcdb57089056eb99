/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "ebpf-perf-ring.h"

G_BEGIN_DECLS

#define EBPF_TYPE_PERF_ARRAY_READER (ebpf_perf_array_reader_get_type ())
G_DECLARE_FINAL_TYPE (EbpfPerfArrayReader,
                      ebpf_perf_array_reader,
                      EBPF,
                      PERF_ARRAY_READER,
                      EbpfReader)

EbpfReader *
ebpf_perf_array_reader_new (EbpfMap *map, const EbpfPerfRingOptions *options, GError **error);

G_END_DECLS
