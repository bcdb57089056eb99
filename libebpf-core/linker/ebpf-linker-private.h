/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "elf/ebpf-elf-private.h"
#include "linker/ebpf-linker.h"

G_BEGIN_DECLS

/* What is not there: sections and symbols that are not kept. */
#define EBPF_LINKER_NONE G_MAXUINT32

typedef struct
{
  guint64 offset; /* in its section */
  guint32 symbol; /* of its file */
  guint32 type;
} EbpfLinkerReloc;

/* A section of a file, as far as no other file matters. */
typedef struct
{
  gboolean kept;
  guint64 alignment; /* a power of two */
  guint64 entry_size;
  GArray *relocs; /* of EbpfLinkerReloc, by offset; NULL where there are none */
} EbpfLinkerSection;

/* One file. It does not change any more once it is read. */
typedef struct
{
  char *name; /* what errors call it */
  GBytes *bytes;
  EbpfElf *elf;
  EbpfLinkerSection *sections; /* by index */
  gboolean values_added;       /* instructions hold the values of the symbols they refer to */

  EbpfBtf *btf;         /* as it is in the file; NULL where there is none */
  GHashTable *ext;      /* section name -> EbpfExtSection; NULL likewise */
  GHashTable *types;    /* name -> id of the FUNC or VAR that is not static */
  GHashTable *datasecs; /* id of a FUNC or VAR -> name of the section that it is in */
} EbpfLinkerInput;

EbpfLinkerInput *ebpf_linker_input_new (const char *name, GBytes *bytes, GError **error);
void ebpf_linker_input_free (EbpfLinkerInput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfLinkerInput, ebpf_linker_input_free)

/* The section in which type information puts a FUNC or VAR; NULL where it does in none. */
const char *ebpf_linker_input_datasec (EbpfLinkerInput *self, guint32 id);

/* Of what another definition has taken the place. */
typedef struct
{
  guint64 start;
  guint64 end;
} EbpfLinkerRange;

/* Where a section of a file went. */
typedef struct
{
  guint32 output;     /* into EbpfLinkerRun.outputs, or EBPF_LINKER_NONE */
  guint64 offset;     /* in it */
  gboolean duplicate; /* its bytes are another file's: the licence */
  GArray *dead;       /* of EbpfLinkerRange, sorted, apart; NULL where there is nothing */
} EbpfLinkerPlace;

/* A file while it is being linked. */
typedef struct
{
  EbpfLinkerInput *input;
  EbpfLinkerPlace *places; /* by section */
  guint32 *symbols;        /* by symbol: into EbpfLinkerRun.symbols, or EBPF_LINKER_NONE */
  guint32 *ids;            /* by type: what it is in all the types; 0 where it is left out */
} EbpfLinkerPart;

/* A section of the result. */
typedef struct
{
  const char *name;
  guint32 type;
  guint64 flags;
  guint64 alignment;
  guint64 entry_size;
  guint64 size;
  guint8 *data; /* NULL where it holds no bytes */
  guint32 first_input;
  GArray *relocs; /* of EbpfLinkerReloc; symbols are the result's */

  /* Records of type information, by instruction; ids are those of all the types, strings those of
   * the writer. */
  GArray *func_infos;
  GArray *line_infos;
  GArray *core_relos;
} EbpfLinkerOutput;

/* A symbol that files share by its name. */
typedef struct
{
  const char *name;
  guint32 part; /* that the symbol was taken from */
  guint32 symbol;
  gboolean defined;
  gboolean weak;
  gboolean dropped; /* nothing that is left needs it */
  guint8 visibility;
  guint32 index; /* into EbpfLinkerRun.symbols */
} EbpfLinkerGlobal;

/* A symbol of the result. */
typedef struct
{
  const char *name;
  guint8 info;
  guint8 visibility;
  guint32 section; /* into EbpfLinkerRun.outputs; EBPF_LINKER_NONE: see special */
  guint16 special;
  guint64 value;
  guint64 size;
} EbpfLinkerSymbol;

typedef struct
{
  EbpfLinkerPart *parts;
  guint32 n_parts;
  gboolean swapped;
  gboolean big_endian;

  GPtrArray *outputs;  /* of EbpfLinkerOutput */
  GPtrArray *globals;  /* of EbpfLinkerGlobal, in the order of their first appearance */
  GHashTable *by_name; /* name -> EbpfLinkerGlobal */
  GArray *symbols;     /* of EbpfLinkerSymbol; the first one is none */
  guint32 n_locals;

  GHashTable *matched; /* of pairs of types that are the same; see ebpf-linker-match.c */

  GBytes *btf; /* NULL where there is none */
  GBytes *btf_ext;
} EbpfLinkerRun;

static inline EbpfLinkerOutput *
ebpf_linker_run_nth_output (EbpfLinkerRun *self, guint32 n)
{
  return g_ptr_array_index (self->outputs, n);
}

static inline const char *
ebpf_linker_run_name (EbpfLinkerRun *self, guint32 part)
{
  return self->parts[part].input->name;
}

static inline EbpfElfSymbol *
ebpf_linker_global_symbol (EbpfLinkerRun *run, const EbpfLinkerGlobal *self)
{
  return &run->parts[self->part].input->elf->symbols[self->symbol];
}

/* Whether files share a symbol by its name. */
static inline gboolean
ebpf_linker_is_shared (const EbpfElfSymbol *symbol)
{
  return symbol->binding != STB_LOCAL;
}

/* Whether the place is of what was overridden. */
gboolean ebpf_linker_place_is_dead (const EbpfLinkerPlace *self, guint64 offset);

/* ebpf-linker-sections.c: where everything goes, and then the bytes, with what refers to them. */
gboolean ebpf_linker_lay_out (EbpfLinkerRun *self, GError **error);
gboolean ebpf_linker_copy (EbpfLinkerRun *self, GError **error);

/* ebpf-linker-symbols.c: who defines what, and then the table. */
gboolean ebpf_linker_resolve (EbpfLinkerRun *self, GError **error);
void ebpf_linker_make_symbols (EbpfLinkerRun *self);

/* ebpf-linker-match.c: whether what two files say of one name goes together. @id and @other_id are
 * FUNC or VAR. */
GHashTable *ebpf_linker_matched_new (void);
gboolean ebpf_linker_match (EbpfLinkerRun *self,
                            const char *name,
                            guint32 part,
                            guint32 id,
                            guint32 other_part,
                            guint32 other_id,
                            GError **error);

/* ebpf-linker-btf.c */
gboolean ebpf_linker_merge_btf (EbpfLinkerRun *self, GError **error);

/* ebpf-linker-write.c */
GBytes *ebpf_linker_write (EbpfLinkerRun *self, GError **error);

G_END_DECLS
