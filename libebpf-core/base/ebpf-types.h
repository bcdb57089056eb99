/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/ebpf-version-macros.h"

G_BEGIN_DECLS

/* Every public type, so that a header of a lower room can name one of a higher room. */

/* btf */
typedef struct _EbpfBtf EbpfBtf;
typedef struct _EbpfBtfType EbpfBtfType;
typedef struct _EbpfBtfBuilder EbpfBtfBuilder;
typedef struct _EbpfLayout EbpfLayout;

/* asm */
typedef struct _EbpfInstruction EbpfInstruction;
typedef struct _EbpfAssembler EbpfAssembler;

/* spec */
typedef struct _EbpfCollectionSpec EbpfCollectionSpec;
typedef struct _EbpfMapSpec EbpfMapSpec;
typedef struct _EbpfProgramSpec EbpfProgramSpec;
typedef struct _EbpfVariableSpec EbpfVariableSpec;

/* plugin */
typedef struct _EbpfMapDriver EbpfMapDriver;
typedef struct _EbpfPluginRegistry EbpfPluginRegistry;

/* object */
typedef struct _EbpfLoadOptions EbpfLoadOptions;
typedef struct _EbpfCollection EbpfCollection;
typedef struct _EbpfMap EbpfMap;
typedef struct _EbpfMapCursor EbpfMapCursor;
typedef struct _EbpfMapIterator EbpfMapIterator;
typedef struct _EbpfMapSnapshot EbpfMapSnapshot;
typedef struct _EbpfMemory EbpfMemory;
typedef struct _EbpfProgram EbpfProgram;
typedef struct _EbpfVariable EbpfVariable;

/* link */
typedef struct _EbpfLink EbpfLink;

/* loader */
typedef struct _EbpfLoader EbpfLoader;

/* stream */
typedef struct _EbpfMapEntry EbpfMapEntry;
typedef struct _EbpfMapModel EbpfMapModel;
typedef struct _EbpfReader EbpfReader;
typedef struct _EbpfRecordBatch EbpfRecordBatch;

G_END_DECLS
