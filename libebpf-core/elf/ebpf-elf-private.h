/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <elf.h>

#include "asm/ebpf-insn-private.h"
#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-private.h"
#include "btf/ebpf-ext-info-private.h"
#include "elf/ebpf-elf.h"
#include "spec/ebpf-code-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-map-spec-private.h"
#include "spec/ebpf-program-spec-private.h"
#include "spec/ebpf-section-name.h"
#include "spec/ebpf-variable-spec-private.h"

G_BEGIN_DECLS

/* What a section is to this room. */
typedef enum
{
  EBPF_ELF_SECTION_OTHER,
  EBPF_ELF_SECTION_CODE,
  EBPF_ELF_SECTION_DATA,        /* .data*, .rodata*, .bss* */
  EBPF_ELF_SECTION_MAPS,        /* .maps */
  EBPF_ELF_SECTION_LEGACY_MAPS, /* maps* */
  EBPF_ELF_SECTION_STRUCT_OPS,  /* .struct_ops, .struct_ops.link, both also with a "?" in front */
  EBPF_ELF_SECTION_JUMP_TABLES, /* .jumptables */
  EBPF_ELF_SECTION_ARENA,       /* .addr_space.1: variables in an arena */
} EbpfElfSectionKind;

typedef struct
{
  const char *name; /* in the file's bytes; valid UTF-8 */
  GRefString *ref_name;
  EbpfElfSectionKind kind;
  guint32 index;
  guint32 type;
  guint32 info;
  guint64 flags;
  guint64 offset; /* in the file */
  guint64 size;
  const guint8 *data; /* @size bytes inside the file, or NULL where the file holds none */
  guint32 link;
  guint64 entry_size;
  guint64 alignment;
  guint32 relocations;  /* index of the section with its relocations, or 0 */
  guint32 first_symbol; /* into EbpfElf.symbol_order: those defined here, by value */
  guint32 n_symbols;
  gboolean referenced; /* data: some code uses it */

  /* code */
  EbpfInsn *insns;
  guint32 n_insns;
  guint32 first_function; /* into EbpfElf.functions: sorted by their start */
  guint32 n_functions;
  GArray *relocs; /* of EbpfReloc, sorted by insn; insn counts from the section's start */
  GArray *calls;  /* of EbpfElfCall, sorted likewise */
  const EbpfExtSection *ext;
} EbpfElfSection;

typedef struct
{
  const char *name; /* as above; "" where there is none */
  GRefString *ref_name;
  guint64 value;
  guint64 size;
  guint32 section; /* index; 0: undefined, absolute, common */
  guint16 special; /* the number that stands for the section in the file */
  guint8 type;
  guint8 binding;
  guint8 visibility;
} EbpfElfSymbol;

/* A stretch of a code section. */
typedef struct
{
  const EbpfElfSection *section;
  const EbpfElfSymbol *symbol;
  guint32 start;
  guint32 end;

  /* What of the section's tables belongs to it: from, to. */
  guint32 relocs[2];
  guint32 calls[2];
  guint32 func_infos[2];
  guint32 line_infos[2];
  guint32 core_relos[2];
  guint32 jump_tables[2]; /* into EbpfElf.jump_tables */

  /* While a program is linked: in which it was placed last, and where. */
  guint32 placed_in;
  guint32 placed_at;
} EbpfElfFunction;

/* An instruction that calls a function, or loads its address. */
typedef struct
{
  guint32 insn;
  guint32 function; /* into EbpfElf.functions */
  gboolean address;
} EbpfElfCall;

/* What the object file leaves to the kernel to define. */
typedef struct
{
  guint32 btf_id; /* of its VAR or FUNC */
  gboolean is_function;
  gboolean is_kconfig;
  guint32 offset; /* kconfig: in the map */
  guint32 size;   /* kconfig */
} EbpfElfExtern;

typedef struct
{
  const char *source; /* what errors call the file */
  const guint8 *image;
  gsize image_size;
  EbpfOpenFlags flags;
  gboolean swapped; /* of the other byte order than the host's */
  gboolean
      values_added; /* instructions hold the values of the symbols that they are relocated to */

  EbpfElfSection *sections; /* [0] is the null section */
  guint32 n_sections;
  GHashTable *sections_by_name; /* the first of each name; NULL where there are few */
  EbpfElfSymbol *symbols;
  guint32 n_symbols;
  guint32 symtab;        /* index of the section; 0: none */
  guint32 *symbol_order; /* symbol numbers, by section, then value */

  EbpfBtf *btf;             /* NULL where there is none */
  GHashTable *ext_sections; /* section name -> EbpfExtSection; NULL likewise */
  GHashTable *datasecs;     /* name -> type id */
  GHashTable *tags;         /* type id -> GPtrArray of names; NULL where there are none */
  GHashTable *externs;      /* name -> EbpfElfExtern */

  EbpfElfFunction *functions;
  guint32 n_functions;
  GArray *jump_tables; /* of EbpfJumpTable; targets count from the start of the section */
  GHashTable *jump_table_symbols; /* EbpfElfSymbol -> its last index there, plus 1 */
  guint64 n_jump_targets;         /* of all of them */
  GHashTable *map_symbols;        /* EbpfElfSymbol -> EbpfElfSymbol: those that became maps */
  GHashTable *struct_ops; /* first instruction of a program -> "struct:member" that it is for */
  GRefString *arena;      /* the map that variables of .addr_space.1 live in, or NULL */

  char *license;
  guint32 version;
  EbpfCollectionSpec *spec;
} EbpfElf;

/* ebpf-elf.c: the bytes of a file, of a size that an object may have. */
GBytes *ebpf_elf_read_file (const char *path, GError **error);

/* ebpf-elf-file.c: the container. @bytes must outlive the result. */
EbpfElf *ebpf_elf_open (GBytes *bytes, const char *source, GError **error);
void ebpf_elf_free (EbpfElf *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfElf, ebpf_elf_free)

/* Sets an error that names the file, the section (NULL: none), and the offset in it (-1: none). */
void ebpf_elf_set_error (EbpfElf *self,
                         GError **error,
                         EbpfError code,
                         const EbpfElfSection *section,
                         gint64 offset,
                         const char *format,
                         ...) G_GNUC_PRINTF (6, 7);

/* Adds to the spec; an error says where the second of two of one name was found (offset -1: nowhere in
 * particular). */
gboolean ebpf_elf_add_map (EbpfElf *self,
                           EbpfMapSpec *map,
                           const EbpfElfSection *section,
                           gint64 offset,
                           GError **error);
gboolean ebpf_elf_add_program (EbpfElf *self,
                               EbpfProgramSpec *program,
                               const EbpfElfSection *section,
                               gint64 offset,
                               GError **error);
gboolean ebpf_elf_add_variable (EbpfElf *self,
                                EbpfVariableSpec *variable,
                                const EbpfElfSection *section,
                                gint64 offset,
                                GError **error);

/* NULL where there is none of this name. */
EbpfElfSection *ebpf_elf_find_section (EbpfElf *self, const char *name);

/* The bytes of a section that must have some. NULL with @error where they are compressed, or where
 * the file holds none. */
const guint8 *ebpf_elf_get_data (EbpfElf *self, const EbpfElfSection *section, GError **error);

guint32 ebpf_elf_read_u32 (EbpfElf *self, const guint8 *data);

/* The symbols defined in @section, by their value. */
static inline EbpfElfSymbol *
ebpf_elf_nth_symbol (EbpfElf *self, const EbpfElfSection *section, guint32 n)
{
  return &self->symbols[self->symbol_order[section->first_symbol + n]];
}

/* What messages call a symbol. */
const char *ebpf_elf_symbol_name (EbpfElf *self, const EbpfElfSymbol *symbol);

GRefString *ebpf_elf_symbol_ref_name (EbpfElfSymbol *symbol);
GRefString *ebpf_elf_section_ref_name (EbpfElfSection *section);

/* The relocations of @section, checked for a symbol that exists and an offset inside the section,
 * sorted by offset. Empty where there are none. */
typedef struct
{
  guint64 offset;
  guint32 symbol;
} EbpfElfRelocation;
GArray *ebpf_elf_read_relocations (EbpfElf *self, const EbpfElfSection *section, GError **error);

/* ebpf-elf-btf.c: type information, and what it says of sections and externs. */
gboolean ebpf_elf_load_btf (EbpfElf *self, GError **error);

/* strv, or NULL */
char **ebpf_elf_get_tags (EbpfElf *self, guint32 type_id);

/* The global variables that type information has for a section, by name. */
typedef struct
{
  EbpfBtf *btf;
  const struct btf_var_secinfo *members;
  guint n_members;
  guint next;
  GHashTable *by_name; /* NULL where they are few */
} EbpfElfVariables;
gboolean ebpf_elf_variables_init (EbpfElfVariables *self,
                                  EbpfElf *elf,
                                  const EbpfElfSection *section,
                                  GError **error);
/* NULL where there is none of this name. */
const struct btf_var_secinfo *ebpf_elf_variables_find (EbpfElfVariables *self, const char *name);
void ebpf_elf_variables_clear (EbpfElfVariables *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EbpfElfVariables, ebpf_elf_variables_clear)

/* ebpf-elf-maps.c, ebpf-elf-legacy-maps.c, ebpf-elf-data.c: each adds to the spec. */
gboolean ebpf_elf_load_maps (EbpfElf *self, GError **error);
gboolean ebpf_elf_load_legacy_maps (EbpfElf *self, GError **error);
gboolean ebpf_elf_load_data (EbpfElf *self, GError **error);
gboolean ebpf_elf_load_arena (EbpfElf *self, GError **error);
gboolean ebpf_elf_load_kconfig (EbpfElf *self, GError **error);

/* ebpf-elf-struct-ops.c. */
gboolean ebpf_elf_load_struct_ops (EbpfElf *self, GError **error);

/* The member of a struct_ops map that the function is for, "struct:member"; or NULL. */
const char *ebpf_elf_struct_ops_member (EbpfElf *self, const EbpfElfFunction *function);

/* ebpf-elf-code.c: functions, and what their instructions refer to. Maps come first, data after. */
gboolean ebpf_elf_find_functions (EbpfElf *self, GError **error);
gboolean ebpf_elf_load_code (EbpfElf *self, GError **error);

/* GNU as before version 2.41 or so adds the value of a symbol with a name to what is in the
 * instruction, in bytes even for a call, where clang leaves that to the loader. */
static inline gboolean
ebpf_elf_may_hold_value (const EbpfInsn *insn, const EbpfElfSymbol *symbol)
{
  return ebpf_insn_is_ldimm64 (insn) ? (guint32) insn->imm >= symbol->value
                                     : (gint64) insn->imm == (gint64) symbol->value - 1;
}

static inline gboolean
ebpf_elf_is_named_offset (const EbpfElfSymbol *symbol)
{
  return symbol->section != 0 && symbol->type != STT_SECTION && symbol->value != 0;
}

/* Whether the file may be one of those. */
gboolean ebpf_elf_is_made_by_gcc (EbpfElf *self);

/* ebpf-elf-jump-tables.c: the table that starts at byte @offset of @section, or NULL. */
EbpfElfSymbol *
ebpf_elf_find_jump_table (EbpfElf *self, const EbpfElfSection *section, guint64 offset);

/* The number, in EbpfElf.jump_tables, of the table that @symbol is, as
 * @function, which is being read, uses it. */
gboolean ebpf_elf_read_jump_table (EbpfElf *self,
                                   const EbpfElfFunction *function,
                                   const EbpfElfSymbol *symbol,
                                   guint32 *index,
                                   GError **error);

/* The function that starts at instruction @start of @section, or NULL. */
EbpfElfFunction *ebpf_elf_function_at (EbpfElf *self, const EbpfElfSection *section, guint64 start);
gboolean ebpf_elf_is_program (EbpfElf *self, const EbpfElfFunction *function);

/* ebpf-elf-link.c: the programs, each with all it calls. */
gboolean ebpf_elf_link_programs (EbpfElf *self, GError **error);

G_END_DECLS
