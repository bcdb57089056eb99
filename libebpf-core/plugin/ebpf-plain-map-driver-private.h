/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plugin/ebpf-map-driver.h"

G_BEGIN_DECLS

/* The driver of every type that no plug-in serves: the defaults of EbpfMapDriver. */
#define EBPF_TYPE_PLAIN_MAP_DRIVER (ebpf_plain_map_driver_get_type ())
G_DECLARE_FINAL_TYPE (EbpfPlainMapDriver,
                      ebpf_plain_map_driver,
                      EBPF,
                      PLAIN_MAP_DRIVER,
                      EbpfMapDriver)

EbpfMapDriver *ebpf_plain_map_driver_new (void);

G_END_DECLS
