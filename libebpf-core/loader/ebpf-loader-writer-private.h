/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "asm/ebpf-insn-private.h"
#include "sys/ebpf-abi-private.h"

G_BEGIN_DECLS

/* What a loader program is given and gives back: this, then an EbpfLoaderMap for each map, then a
 * descriptor (gint32) for each program. Source: struct bpf_loader_ctx of libbpf's skel_internal.h,
 * so that what runs such programs elsewhere, the kernel's own included, runs these. */
typedef struct
{
  guint32 size;
  guint32 flags;
  guint32 log_level;
  guint32 log_size;
  guint64 log_buf;
} EbpfLoaderContext;

/* In EbpfLoaderContext.flags: initial values are in the kernel's memory. */
#define EBPF_LOADER_CONTEXT_KERNEL 1u

typedef struct
{
  gint32 fd;
  guint32 max_entries;   /* 0: as it was made */
  guint64 initial_value; /* NULL: as it was made */
} EbpfLoaderMap;

G_STATIC_ASSERT (sizeof (EbpfLoaderContext) == 24);
G_STATIC_ASSERT (sizeof (EbpfLoaderMap) == 16);

/* Offsets in instructions are of 16 bits. */
#define EBPF_LOADER_MAX_CONTEXT G_MAXINT16

/* Where the data say which step was begun last: what a run that failed is explained by. */
#define EBPF_LOADER_STEP_OFFSET 0

/* The result of each call; the context; neither is lost in calls. */
#define EBPF_LOADER_REG_RESULT 7
#define EBPF_LOADER_REG_CONTEXT 6

#define EBPF_LOADER_FUNC_BTF_FIND 167
#define EBPF_LOADER_FUNC_KALLSYMS 179
#define EBPF_LOADER_FUNC_COPY_FROM_USER 148
#define EBPF_LOADER_FUNC_PROBE_READ_KERNEL 113

/* Writes a loader program and its data: the one value of the array that is its only map. The
 * program stops at the first call that fails, closes what it has opened, and returns the negative
 * errno.
 *
 * A slot is a place in the data for a file descriptor. All of them lie side by side, so that they
 * serve as the fd_array of the programs that are loaded: code refers to a map by its slot. */
typedef struct
{
  GArray *insns;      /* of EbpfInsn */
  GByteArray *data;   /* without the slots, which come last */
  GArray *slot_insns; /* of guint: the loads of an address that count from the first slot */
  guint n_slots;
  guint cleanup;       /* instruction to jump to when something failed; near enough */
  guint n_slots_insn;  /* instruction that is told how many slots there are */
  guint hash_insns[4]; /* instructions that are told the hash of the data */
  gboolean hashed;
} EbpfLoaderWriter;

void ebpf_loader_writer_init (EbpfLoaderWriter *self, gboolean hashed);
void ebpf_loader_writer_clear (EbpfLoaderWriter *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EbpfLoaderWriter, ebpf_loader_writer_clear)

/* Both return the offset, a multiple of 8. @data may be NULL: zeroes. */
guint32 ebpf_loader_writer_add (EbpfLoaderWriter *self, gconstpointer data, gsize size);
guint32 ebpf_loader_writer_add_string (EbpfLoaderWriter *self, const char *string);
guint ebpf_loader_writer_add_slot (EbpfLoaderWriter *self);

void ebpf_loader_writer_emit (EbpfLoaderWriter *self,
                              guint8 code,
                              guint8 dst,
                              guint8 src,
                              gint16 off,
                              gint32 imm);

/* Something new begins, which errors call by this number. Jumps to the end of it do not pass here. */
void ebpf_loader_writer_step (EbpfLoaderWriter *self, guint number);

/* To be called now and then within a long step, where no jump of the caller's own passes. */
void ebpf_loader_writer_reach (EbpfLoaderWriter *self);

/* @reg = the address of the data at @offset, or of a slot. Two instructions. */
void ebpf_loader_writer_address (EbpfLoaderWriter *self, guint8 reg, guint32 offset);
void ebpf_loader_writer_slot (EbpfLoaderWriter *self, guint8 reg, guint slot);

/* The address of @target goes into the data at @offset. Changes r1 and r2, as those below. */
void ebpf_loader_writer_store_address (EbpfLoaderWriter *self, guint32 offset, guint32 target);
void ebpf_loader_writer_store_slot_address (EbpfLoaderWriter *self, guint32 offset, guint slot);
/* The descriptor in @slot goes there. */
void ebpf_loader_writer_store_fd (EbpfLoaderWriter *self, guint32 offset, guint slot);

/* Calls bpf(2) with attributes in the data. The answer is the result. */
void ebpf_loader_writer_syscall (EbpfLoaderWriter *self,
                                 EbpfSysCommand command,
                                 guint32 attr,
                                 guint32 size);
void ebpf_loader_writer_call (EbpfLoaderWriter *self, gint32 helper);

/* Gives up where the result is negative. */
void ebpf_loader_writer_check (EbpfLoaderWriter *self);
/* The same, then the result is a descriptor to be kept. */
void ebpf_loader_writer_keep (EbpfLoaderWriter *self, guint slot);

/* Moves a descriptor into the context; it is the caller's then. */
void ebpf_loader_writer_give (EbpfLoaderWriter *self, guint slot, guint offset);

/* Closes what is left in slots, and ends with 0. Then nothing more can be written.
 * @insns, @data: (transfer full) */
void ebpf_loader_writer_finish (EbpfLoaderWriter *self, GBytes **insns, GBytes **data);

G_END_DECLS
