/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "asm/ebpf-insn-private.h"
#include "spec/ebpf-code-private.h"
#include "spec/ebpf-collection-spec-private.h"

G_BEGIN_DECLS

/* What an object file leaves to the kernel to define: `extern … __kconfig` and `__ksym`. One
 * context serves the load of one collection; whatever is looked up is looked up once for all its
 * programs.
 *
 * Nothing is read before it is needed: neither /proc/kallsyms nor the configuration nor the BTF of
 * modules is opened for a collection that does not ask for them. */
typedef struct _EbpfExterns EbpfExterns;

/* @kernel_btf: the running kernel's, where the caller has it already. Ids in it go to the kernel,
 * so a BTF that was given for CO-RE alone is not it: then NULL. */
EbpfExterns *ebpf_externs_new (EbpfCollectionSpec *spec, EbpfBtf *kernel_btf);
void ebpf_externs_free (EbpfExterns *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfExterns, ebpf_externs_free)

/* Lines of CONFIG_X=y that go before those of the running kernel. NULL for none. */
void ebpf_externs_set_kconfig_text (EbpfExterns *self, const char *text);

/* Contents of the map ".kconfig": @error names everything that is missing. NULL without @error
 * never happens; call it only where the collection has such a map. */
GBytes *ebpf_externs_kconfig_bytes (EbpfExterns *self, GError **error);

/* Patches all EBPF_RELOC_KSYM and EBPF_RELOC_KFUNC of @program's code into @insns, a copy of its
 * instructions that may be longer than it.
 *
 * @fd_array: of int, empty at first; becomes what goes into the fd_array of BPF_PROG_LOAD where it
 * has more than one element (the first stands for vmlinux and is 0). The descriptors in it, and
 * those that are in the code, belong to the list of kernel modules: they are good as long as @self
 * lives. */
gboolean ebpf_externs_apply (EbpfExterns *self,
                             EbpfProgramSpec *program,
                             EbpfInsn *insns,
                             GArray *fd_array,
                             GError **error);

/* What a symbol of the kernel is to the object. */
typedef enum
{
  EBPF_EXTERN_ADDRESS,  /* extern void x __ksym: an address */
  EBPF_EXTERN_VARIABLE, /* extern int x __ksym: type information */
  EBPF_EXTERN_FUNCTION,
} EbpfExternKind;

/* @btf: the object's. @reloc: an EBPF_RELOC_KSYM or EBPF_RELOC_KFUNC. */
EbpfExternKind ebpf_externs_classify (EbpfBtf *btf, const EbpfReloc *reloc);

/* Number of the helper whose call replaces that of a weak kernel function which is not there. The
 * verifier reports it only where it can be reached. */
#define EBPF_EXTERNS_POISON_CALL 0xdedc0de

G_END_DECLS
