/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-private.h"
#include "spec/ebpf-program-spec.h"

G_BEGIN_DECLS

/* What a program that is bound to its hook when it is loaded (tp_btf, fentry, LSM, iterators …) is
 * bound to: a type in the kernel's BTF, or in another program's. */
typedef struct
{
  guint32 btf_id;     /* 0: this program is not bound to anything */
  int btf_fd;         /* of the module's BTF, or the program; 0 for vmlinux */
  GPtrArray *modules; /* keeps btf_fd open */
  gint member;        /* struct_ops: which one of the struct's; or -1 */
} EbpfAttachTarget;

/* Reads no BTF for a program that needs none. */
gboolean ebpf_attach_target_resolve (EbpfAttachTarget *self, EbpfProgramSpec *spec, GError **error);
void ebpf_attach_target_clear (EbpfAttachTarget *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EbpfAttachTarget, ebpf_attach_target_clear)

/* The same without looking at this kernel: how the hook is called in a kernel's BTF, and what kind
 * of type it is there. @name: NULL where the program is not bound to anything. What only a process
 * can look up (struct_ops, a function of one certain module) is %EBPF_ERROR_NOT_SUPPORTED. */
gboolean
ebpf_attach_target_describe (EbpfProgramSpec *spec, char **name, EbpfBtfKind *kind, GError **error);

G_END_DECLS
