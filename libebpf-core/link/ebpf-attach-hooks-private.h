/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-attach-options-private.h"
#include "link/ebpf-link.h"

G_BEGIN_DECLS

/* How ebpf_program_attach () attaches to hooks whose options need more than to be passed on. @word:
 * the first word of the section; @attach_to: what comes behind it; both may be NULL. */
EbpfLink *ebpf_attach_iter (EbpfProgram *program,
                            const char *word,
                            const char *attach_to,
                            const EbpfAttachOptions *options,
                            GError **error);
EbpfLink *ebpf_attach_kprobe_multi (EbpfProgram *program,
                                    const char *word,
                                    const char *attach_to,
                                    const EbpfAttachOptions *options,
                                    GError **error);
EbpfLink *ebpf_attach_uprobe_multi (EbpfProgram *program,
                                    const char *word,
                                    const char *attach_to,
                                    const EbpfAttachOptions *options,
                                    GError **error);
EbpfLink *ebpf_attach_device (EbpfProgram *program,
                              const char *word,
                              const char *attach_to,
                              const EbpfAttachOptions *options,
                              GError **error);
EbpfLink *ebpf_attach_netns (EbpfProgram *program,
                             const char *word,
                             const char *attach_to,
                             const EbpfAttachOptions *options,
                             GError **error);
EbpfLink *ebpf_attach_netfilter (EbpfProgram *program,
                                 const char *word,
                                 const char *attach_to,
                                 const EbpfAttachOptions *options,
                                 GError **error);

/* Whether the iterator of that name needs not be told what it is about. */
gboolean ebpf_attach_iter_is_complete (const char *attach_to);

G_END_DECLS
