/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "loader/ebpf-loader-private.h"

G_BEGIN_DECLS

typedef struct
{
  EbpfMapSpec *spec;
  guint index; /* in the context */
  guint slot;
} EbpfLoaderMapPlan;

/* What is being written. */
typedef struct
{
  EbpfLoader *loader;
  EbpfCollectionSpec *source;
  EbpfLoaderWriter writer;
  GHashTable *maps;     /* name -> EbpfLoaderMapPlan */
  GHashTable *btfs;     /* EbpfBtf -> slot + 1 */
  GHashTable *symbols;  /* see ebpf-loader-generate-programs.c */
  GHashTable *programs; /* name -> slot + 1 */
} EbpfLoaderGenerator;

/* Begins a step of the program. */
void ebpf_loader_begin_step (EbpfLoaderGenerator *self, EbpfLoaderStepKind kind, const char *name);

/* The slot of @btf, which is loaded here where it was not before. @range: where it lies in the
 * data, or NULL. */
guint ebpf_loader_need_btf (EbpfLoaderGenerator *self, EbpfBtf *btf, EbpfLoaderRange *range);

/* The log that the caller of the program wants, into three fields of attributes. */
void ebpf_loader_store_log (EbpfLoaderGenerator *self,
                            guint32 level_offset,
                            guint32 size_offset,
                            guint32 buffer_offset);

void ebpf_loader_symbol_free (gpointer symbol);
gboolean
ebpf_loader_write_program (EbpfLoaderGenerator *self, EbpfProgramSpec *program, GError **error);

G_END_DECLS
