/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "asm/ebpf-insn-private.h"
#include "btf/ebpf-ext-info-private.h"

G_BEGIN_DECLS

/* Applies CO-RE relocations to instructions, in place. Candidates for a local type are looked for
 * once, and each distinct relocation is worked out once; the cache is good for one pair of @local
 * and
 * @targets (any number of programs, one thread at a time).
 *
 * @targets: EbpfBtf, vmlinux first, then what is split on it. NULL is the running kernel: then
 * neither its BTF nor that of its modules is opened before a relocation needs it.
 *
 * A local type is looked for by its name without flavour ("foo___x" is "foo") and by its kind;
 * flavours of the target are ignored the same way. The first target shadows the others: only a type
 * that it does not have is looked for in the rest. Where several types of a name are found, all
 * relocations of a program against one local type go to the same one of them, the one that leaves
 * the fewest impossible; two that are as good, but give different values, are an error. */
typedef struct _EbpfCoreCache EbpfCoreCache;
EbpfCoreCache *ebpf_core_cache_new (EbpfBtf *local, GPtrArray *targets);
void ebpf_core_cache_free (EbpfCoreCache *cache);

/* Where a type is looked for that none of @targets has, nor a module of the running kernel. With one,
 * a running kernel without type information is no error. */
void ebpf_core_cache_add_target (EbpfCoreCache *cache, EbpfBtf *btf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfCoreCache, ebpf_core_cache_free)

gboolean ebpf_core_relocate (EbpfCoreCache *cache,
                             EbpfInsn *insns,
                             gsize n_insns,
                             const EbpfCoreRelo *relos,
                             gsize n_relos,
                             GError **error);

/* Immediate of the call, and of the load into r10, that replace an impossible access; the program
 * loader looks for them in the verifier's log. */
#define EBPF_CORE_POISON_CALL 195896080
#define EBPF_CORE_POISON_LOAD 0xbad2310

/* "byte offset of struct task_struct.pid", for messages; any bytes can be in @relo. */
char *ebpf_core_relo_describe (EbpfBtf *local, const EbpfCoreRelo *relo);

/* Whether two types of two BTFs are alike as CO-RE's type existence has it (kfuncs, ksyms). */
gboolean
ebpf_core_types_compatible (EbpfBtf *local, guint32 local_id, EbpfBtf *target, guint32 target_id);

G_END_DECLS
