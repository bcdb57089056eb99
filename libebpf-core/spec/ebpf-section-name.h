/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-enums.h"

G_BEGIN_DECLS

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_section_name_parse (const char *section,
                                  EbpfProgramType *program_type,
                                  EbpfAttachType *attach_type,
                                  gboolean *has_attach_type,
                                  guint *program_flags,
                                  char **attach_to);

EBPF_AVAILABLE_IN_ALL
guint ebpf_section_name_register (const char *pattern,
                                  EbpfProgramType program_type,
                                  EbpfAttachType attach_type,
                                  gboolean has_attach_type,
                                  guint program_flags);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_section_name_unregister (guint id);

G_END_DECLS
