/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "asm/ebpf-insn-private.h"
#include "btf/ebpf-ext-info-private.h"

G_BEGIN_DECLS

/* Applies CO-RE relocations to @insns in place. @targets: EbpfBtf, vmlinux first, then modules
 * (split on it). Candidates for a local type are looked for once and kept in @cache, which is good
 * for one pair of @local and @targets (any number of programs). */
typedef struct _EbpfCoreCache EbpfCoreCache;
EbpfCoreCache *ebpf_core_cache_new (EbpfBtf *local, GPtrArray *targets);
void ebpf_core_cache_free (EbpfCoreCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfCoreCache, ebpf_core_cache_free)

gboolean ebpf_core_relocate (EbpfCoreCache *cache,
                             EbpfInsn *insns,
                             gsize n_insns,
                             const EbpfCoreRelo *relos,
                             gsize n_relos,
                             const char *program_name,
                             GError **error);

/* Immediate of the call, and of the load, that replace an impossible access; the program loader
 * looks for them in the verifier's log. */
#define EBPF_CORE_POISON_CALL 195896080
#define EBPF_CORE_POISON_LOAD 0xbad2310

/* Whether two types of two BTFs are alike as CO-RE's type existence has it (kfuncs, ksyms). */
gboolean
ebpf_core_types_compatible (EbpfBtf *local, guint32 local_id, EbpfBtf *target, guint32 target_id);

G_END_DECLS
