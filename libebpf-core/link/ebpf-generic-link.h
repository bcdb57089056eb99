/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_GENERIC_LINK (ebpf_generic_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (EbpfGenericLink, ebpf_generic_link, EBPF, GENERIC_LINK, EbpfLink)

G_END_DECLS
