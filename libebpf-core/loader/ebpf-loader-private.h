/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "loader/ebpf-loader-writer-private.h"
#include "loader/ebpf-loader.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-map-spec-private.h"
#include "spec/ebpf-program-spec-private.h"

G_BEGIN_DECLS

/* What the program does, one after the other; numbered from 1. */
typedef enum
{
  EBPF_LOADER_STEP_BTF,
  EBPF_LOADER_STEP_MAP,
  EBPF_LOADER_STEP_FILL,
  EBPF_LOADER_STEP_FREEZE,
  EBPF_LOADER_STEP_ADDRESS,
  EBPF_LOADER_STEP_TYPE,
  EBPF_LOADER_STEP_PROGRAM,
  EBPF_LOADER_N_STEP_KINDS
} EbpfLoaderStepKind;

typedef struct
{
  EbpfLoaderStepKind kind;
  char *name; /* of the map, symbol or program */
} EbpfLoaderStep;

/* Part of the data. */
typedef struct
{
  guint32 offset;
  guint32 size; /* 0: there is none */
} EbpfLoaderRange;

struct _EbpfLoader
{
  GObject parent_instance;

  /* What it makes and nothing else: its maps and programs are those of the context, in order.
   * Programs have no code here where they came from a file. */
  EbpfCollectionSpec *spec;
  GBytes *insns;
  GBytes *data;
  gboolean hashed;
  GPtrArray *steps;    /* of EbpfLoaderStep */
  EbpfLoaderRange btf; /* of the spec's type information */
  GArray *values;      /* of EbpfLoaderRange, one a map: its bytes where it is a section */
  GBytes *signature;   /* or NULL */
  gint keyring_id;
};

/* A loader without anything in it. */
EbpfLoader *ebpf_loader_new_empty (void);
void ebpf_loader_add_step (EbpfLoader *self, EbpfLoaderStepKind kind, const char *name);

/* Bytes of the context of so many, or 0 where that would be too much. */
guint32 ebpf_loader_context_size (gsize n_maps, gsize n_programs);

/* The parts of the context. */
guint32 ebpf_loader_map_offset (guint map);
guint32 ebpf_loader_program_offset (EbpfLoader *self, guint program);

/* Writes program and data for what @source has; @self is an empty one. */
gboolean ebpf_loader_generate (EbpfLoader *self, EbpfCollectionSpec *source, GError **error);

/* The file. */
GBytes *ebpf_loader_encode (EbpfLoader *self);
gboolean ebpf_loader_decode (EbpfLoader *self, GBytes *bytes, GError **error);

G_END_DECLS
