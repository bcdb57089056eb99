/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "asm/ebpf-insn-private.h"
#include "btf/ebpf-ext-info-private.h"

G_BEGIN_DECLS

/* What an instruction refers to and the loader has to fill in. */
typedef enum
{
  EBPF_RELOC_MAP,        /* ldimm64: fd of the map @symbol */
  EBPF_RELOC_MAP_VALUE,  /* ldimm64: fd of the map @symbol, address of its byte @addend */
  EBPF_RELOC_KSYM,       /* ldimm64: address, or BTF id, of the kernel's @symbol */
  EBPF_RELOC_KFUNC,      /* call of the kernel's function @symbol */
  EBPF_RELOC_JUMP_TABLE, /* ldimm64: address of the table @addend of EbpfCode.jump_tables */
  EBPF_RELOC_OTHER,      /* a symbol that nothing defines; the caller may have patched the code */
} EbpfRelocKind;

typedef struct
{
  guint32 insn;
  EbpfRelocKind kind;
  GRefString *symbol;
  gint64 addend;
  guint32 btf_id; /* of the extern's VAR or FUNC in the object's BTF; 0 where there is none */
  gboolean weak;
} EbpfReloc;

/* Where an indirect jump may go. It becomes a map of the program's own. */
typedef struct
{
  guint32 n_targets;
  guint32 *targets; /* numbers of instructions */
} EbpfJumpTable;

/* The code of one program, whole: its own function, then every subprogram that it calls, with calls
 * and function addresses already pointing right. Immutable once it is in a spec, and shared. */
typedef struct
{
  GArray *insns;       /* of EbpfInsn */
  GArray *relocs;      /* of EbpfReloc, sorted by insn */
  GArray *func_infos;  /* of EbpfFuncInfo, sorted by insn */
  GArray *line_infos;  /* of EbpfLineInfo */
  GArray *core_relos;  /* of EbpfCoreRelo */
  GArray *jump_tables; /* of EbpfJumpTable */
} EbpfCode;

EbpfCode *ebpf_code_new (void);
EbpfCode *ebpf_code_ref (EbpfCode *self);
void ebpf_code_unref (EbpfCode *self);

void ebpf_code_add_reloc (EbpfCode *self,
                          guint32 insn,
                          EbpfRelocKind kind,
                          const char *symbol,
                          gint64 addend);

/* Returns its number. */
guint32 ebpf_code_add_jump_table (EbpfCode *self, const EbpfJumpTable *table, gint64 shift);

EbpfCode *ebpf_code_copy (const EbpfCode *self);

/* The kernel's tag of code that is @self's but for what was filled into @insns: 16 hexadecimal
 * digits. */
char *ebpf_code_compute_tag (const EbpfCode *self, const EbpfInsn *insns, GChecksumType checksum);

/* What that is cut from, as the kernel has it since Linux 6.18: 32 bytes. */
GBytes *ebpf_code_compute_digest (const EbpfCode *self, const EbpfInsn *insns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfCode, ebpf_code_unref)

G_END_DECLS
