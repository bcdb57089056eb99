/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-parse-private.h"

G_BEGIN_DECLS

/* What is needed of a type before it can be used: that it was declared, behind a pointer, or that it
 * is complete. */
typedef enum
{
  EBPF_BTF_DUMP_DECLARED,
  EBPF_BTF_DUMP_COMPLETE,
  EBPF_BTF_DUMP_N_NEEDS
} EbpfBtfDumpNeed;

/* How a struct or union is written so that C lays it out as the type information has it. */
typedef struct
{
  guint32 align; /* of what is written, in bytes */
  guint32 is_known : 1;
  guint32 is_packed : 1;
  guint32 is_aligned : 1; /* a union: larger than its members by an attribute */
  guint32 is_padded : 1;  /* a union: larger than its members, by one more */
  guint32 is_opaque : 1;  /* C has no such layout: written as bytes */
} EbpfBtfDumpLayout;

typedef struct
{
  EbpfBtf *btf;
  GString *out;
  GError *error; /* the first; printing goes on until somebody looks */

  /* Anonymous types are written wherever they are used, so that a small blob can stand for endless
   * text. */
  gsize max_length;
  guint64 parts_left;

  guint8 *states[EBPF_BTF_DUMP_N_NEEDS]; /* by id */
  EbpfBtfDumpLayout *layouts;            /* by id */

  GHashTable *tags; /* names of struct, union and enum in use -> how often they were wanted */
  GHashTable *identifiers; /* the same of all other names */
  GHashTable *names;       /* id -> name */
  GHashTable *decl_tags;   /* id -> GArray of ids */
} EbpfBtfDump;

/* names: what C takes as such, and no two alike */

const char *ebpf_btf_dump_type_name (EbpfBtfDump *self, guint32 id);
char *ebpf_btf_dump_new_identifier (EbpfBtfDump *self, const char *name);

/* A word that C takes as a name; @fallback where there is nothing to make one of. */
char *ebpf_btf_dump_clean_name (const char *name, const char *fallback);

/* The struct or union that a forward declaration is about, or itself where there is none. */
guint32 ebpf_btf_dump_resolve_forward (EbpfBtf *btf, guint32 id);

/* The C spelling of an integer or floating point type, or NULL where that needs a typedef. */
const char *ebpf_btf_dump_builtin_name (EbpfBtf *btf, const struct btf_type *type);

/* layout */

/* Once those of all that is in it by value are known. */
void ebpf_btf_dump_compute_layout (EbpfBtfDump *self, guint32 id);

/* Of what is written for a type; FALSE where it has no size. */
gboolean ebpf_btf_dump_measure (EbpfBtfDump *self, guint32 id, guint64 *size, guint32 *align);

/* printing */

void ebpf_btf_dump_print_declaration (EbpfBtfDump *self, guint32 id);
void ebpf_btf_dump_print_definition (EbpfBtfDump *self, guint32 id);
void ebpf_btf_dump_print_function (EbpfBtfDump *self, guint32 id);

/* Whether a function carries this tag. */
gboolean ebpf_btf_dump_has_tag (EbpfBtfDump *self, guint32 id, const char *tag);

G_END_DECLS
