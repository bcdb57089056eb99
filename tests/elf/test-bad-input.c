/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>

#include "ebpf-test.h"
#include "elf-edit.h"

/* Each case damages a good object and says what must be said about it. */
typedef struct
{
  const char *name;
  const char *object;
  void (*damage) (ElfEdit *edit);
  EbpfError code;
  const char *message;
} Case;

static void
machine (ElfEdit *edit)
{
  elf_edit_header (edit)->e_machine = EM_X86_64;
}

static void
unknown_machine (ElfEdit *edit)
{
  elf_edit_header (edit)->e_machine = 0x7777;
}

static void
class_32 (ElfEdit *edit)
{
  edit->data[EI_CLASS] = ELFCLASS32;
}

static void
no_byte_order (ElfEdit *edit)
{
  edit->data[EI_DATA] = 3;
}

/* Claims the other byte order: every number reads as nonsense, the machine first. */
static void
other_byte_order (ElfEdit *edit)
{
  edit->data[EI_DATA] = edit->data[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
}

static void
executable_file (ElfEdit *edit)
{
  elf_edit_header (edit)->e_type = ET_EXEC;
}

static void
no_sections (ElfEdit *edit)
{
  elf_edit_header (edit)->e_shoff = 0;
}

static void
section_table_outside (ElfEdit *edit)
{
  elf_edit_header (edit)->e_shoff = edit->size + 64;
}

static void
section_table_at_end (ElfEdit *edit)
{
  elf_edit_header (edit)->e_shoff = G_MAXUINT64 - 8;
}

static void
too_many_sections (ElfEdit *edit)
{
  elf_edit_header (edit)->e_shnum = 0xfe00;
}

static void
section_header_size (ElfEdit *edit)
{
  elf_edit_header (edit)->e_shentsize = 40;
}

static void
section_outside (ElfEdit *edit)
{
  elf_edit_section (edit, "socket")->sh_offset = edit->size;
}

static void
section_too_long (ElfEdit *edit)
{
  elf_edit_section (edit, "socket")->sh_size = G_MAXUINT64 - 4;
}

static void
section_name_outside (ElfEdit *edit)
{
  elf_edit_section (edit, "socket")->sh_name = 0x10000000;
}

static void
section_names_open (ElfEdit *edit)
{
  Elf64_Shdr *names = elf_edit_nth_section (edit, elf_edit_header (edit)->e_shstrndx);

  edit->data[names->sh_offset + names->sh_size - 1] = 'x';
}

static void
section_names_nowhere (ElfEdit *edit)
{
  elf_edit_header (edit)->e_shstrndx = 1000;
}

static void
section_name_not_utf8 (ElfEdit *edit)
{
  Elf64_Shdr *names = elf_edit_nth_section (edit, elf_edit_header (edit)->e_shstrndx);

  edit->data[names->sh_offset + elf_edit_section (edit, "license")->sh_name] = 0xff;
}

static void
no_symbols (ElfEdit *edit)
{
  elf_edit_section (edit, ".symtab")->sh_type = SHT_PROGBITS;
}

static void
odd_symbol_table (ElfEdit *edit)
{
  elf_edit_section (edit, ".symtab")->sh_entsize = 23;
}

static void
symbol_section (ElfEdit *edit)
{
  elf_edit_symbol (edit, "accept_all")->st_shndx = 999;
}

static void
symbol_value (ElfEdit *edit)
{
  elf_edit_symbol (edit, "accept_all")->st_value = 0x1000;
}

static void
symbol_size (ElfEdit *edit)
{
  elf_edit_symbol (edit, "accept_all")->st_size = G_MAXUINT64;
}

static void
symbol_name (ElfEdit *edit)
{
  elf_edit_symbol (edit, "accept_all")->st_name = 0x7fffffff;
}

static void
function_size (ElfEdit *edit)
{
  elf_edit_symbol (edit, "accept_all")->st_size = 12;
}

static void
no_function (ElfEdit *edit)
{
  elf_edit_symbol (edit, "accept_all")->st_info = ELF64_ST_INFO (STB_LOCAL, STT_NOTYPE);
}

static void
functions_overlap (ElfEdit *edit)
{
  elf_edit_symbol (edit, "first")->st_size = 24;
}

static void
odd_code (ElfEdit *edit)
{
  elf_edit_symbol (edit, "accept_all")->st_size = 8;
  elf_edit_section (edit, "socket")->sh_size = 12;
}

static void
cut_load (ElfEdit *edit)
{
  guint8 *code = elf_edit_contents (edit, "socket");

  /* The last instruction becomes the first half of a load of 64 bits. */
  code[elf_edit_section (edit, "socket")->sh_size - 8] = 0x18;
}

static Elf64_Rel *
relocation (ElfEdit *edit, const char *section, guint n)
{
  return (Elf64_Rel *) elf_edit_contents (edit, section) + n;
}

static void
relocation_symbol (ElfEdit *edit)
{
  relocation (edit, ".relsocket", 0)->r_info = ELF64_R_INFO (100000, 1);
}

static void
relocation_no_symbol (ElfEdit *edit)
{
  relocation (edit, ".relsocket", 0)->r_info = ELF64_R_INFO (0, 1);
}

static void
relocation_unaligned (ElfEdit *edit)
{
  relocation (edit, ".relsocket", 0)->r_offset += 4;
}

static void
relocation_outside (ElfEdit *edit)
{
  relocation (edit, ".relsocket", 0)->r_offset = 0x100000;
}

static void
relocation_in_load (ElfEdit *edit)
{
  relocation (edit, ".relsocket", 0)->r_offset += 8;
}

static void
relocation_of_move (ElfEdit *edit)
{
  relocation (edit, ".relsocket", 0)->r_offset -= 8;
}

static void
relocation_twice (ElfEdit *edit)
{
  relocation (edit, ".relsocket", 1)->r_offset = relocation (edit, ".relsocket", 0)->r_offset;
}

static void
relocation_target (ElfEdit *edit)
{
  elf_edit_section (edit, ".relsocket")->sh_info = 5000;
}

static void
relocation_addends (ElfEdit *edit)
{
  elf_edit_section (edit, ".relsocket")->sh_type = SHT_RELA;
}

static void
relocation_to_license (ElfEdit *edit)
{
  Elf64_Sym *symbols = elf_edit_contents (edit, ".symtab");

  relocation (edit, ".relsocket", 0)->r_info =
      ELF64_R_INFO ((guint64) (elf_edit_symbol (edit, "_license") - symbols), 1);
}

static void
map_undefined (ElfEdit *edit)
{
  elf_edit_symbol (edit, "array")->st_shndx = SHN_UNDEF;
}

static void
call_middle (ElfEdit *edit)
{
  guint8 *code = elf_edit_contents (edit, "socket");

  /* entry_twice calls by an immediate that counts from the section's start. */
  code[8 + 4] += 1;
}

static void
data_outside (ElfEdit *edit)
{
  Elf64_Rel *rel = relocation (edit, ".relsocket", 0);
  guint8 *code = elf_edit_contents (edit, "socket");

  code[rel->r_offset + 6] = 0x7f;
}

static void
map_initialised (ElfEdit *edit)
{
  guint8 *maps = elf_edit_contents (edit, ".maps");

  maps[elf_edit_symbol (edit, "lpm_trie")->st_value + 3] = 1;
}

static void
map_static (ElfEdit *edit)
{
  elf_edit_symbol (edit, "lru_hash")->st_info = ELF64_ST_INFO (STB_LOCAL, STT_OBJECT);
}

static void
map_not_named (ElfEdit *edit)
{
  elf_edit_rename (elf_edit_symbol_name (edit, "lpm_trie"), "lpm_tree");
}

/* Renames a string of the type information. */
static void
rename_in_btf (ElfEdit *edit, const char *from, const char *to)
{
  Elf64_Shdr *btf = elf_edit_section (edit, ".BTF");
  guint8 *found = memmem (edit->data + btf->sh_offset, btf->sh_size, from, strlen (from) + 1);

  g_assert_nonnull (found);
  elf_edit_rename ((char *) found, to);
}

static void
map_unknown_field (ElfEdit *edit)
{
  rename_in_btf (edit, "map_extra", "map_extry");
}

static void
map_wrong_kind (ElfEdit *edit)
{
  /* What was a number becomes a type. */
  rename_in_btf (edit, "map_extra", "value");
}

static void
map_unknown_pinning (ElfEdit *edit)
{
  rename_in_btf (edit, "pinning", "pin_how");
}

static void
value_not_a_map (ElfEdit *edit)
{
  Elf64_Sym *symbols = elf_edit_contents (edit, ".symtab");

  relocation (edit, ".rel.maps", 0)->r_info =
      ELF64_R_INFO ((guint64) (elf_edit_symbol (edit, "lookup") - symbols), 2);
}

static void
value_not_a_slot (ElfEdit *edit)
{
  /* In the middle of the definition, not behind it. */
  relocation (edit, ".rel.maps", 0)->r_offset = elf_edit_symbol (edit, "outer_array")->st_value;
}

static void
value_in_other_map (ElfEdit *edit)
{
  relocation (edit, ".rel.maps", 0)->r_offset = elf_edit_symbol (edit, "inner_a")->st_value;
}

static void
value_undefined (ElfEdit *edit)
{
  elf_edit_symbol (edit, "tail_one")->st_shndx = SHN_UNDEF;
}

static void
value_not_a_program (ElfEdit *edit)
{
  Elf64_Sym *symbols = elf_edit_contents (edit, ".symtab");

  relocation (edit, ".rel.maps", 0)->r_info =
      ELF64_R_INFO ((guint64) (elf_edit_symbol (edit, "jump_table") - symbols), 2);
}

static void
no_btf (ElfEdit *edit)
{
  elf_edit_section (edit, ".BTF")->sh_type = SHT_NULL;
}

static void
btf_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, ".BTF")->sh_flags |= SHF_COMPRESSED;
}

static void
btf_damaged (ElfEdit *edit)
{
  guint8 *btf = elf_edit_contents (edit, ".BTF");

  btf[0] = 0;
}

static void
btf_ext_damaged (ElfEdit *edit)
{
  guint8 *ext = elf_edit_contents (edit, ".BTF.ext");

  memset (ext + 4, 0xff, 4);
}

static void
code_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, "socket")->sh_flags |= SHF_COMPRESSED;
}

static void
data_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, ".data")->sh_flags |= SHF_COMPRESSED;
}

static void
maps_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, ".maps")->sh_flags |= SHF_COMPRESSED;
}

static void
legacy_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, "maps")->sh_flags |= SHF_COMPRESSED;
}

static void
btf_ext_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, ".BTF.ext")->sh_flags |= SHF_COMPRESSED;
}

static void
license_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, "license")->sh_flags |= SHF_COMPRESSED;
}

static void
relocations_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, ".relsocket")->sh_flags |= SHF_COMPRESSED;
}

static void
data_type (ElfEdit *edit)
{
  elf_edit_section (edit, ".data")->sh_type = SHT_NOTE;
}

static void
relocation_size (ElfEdit *edit)
{
  elf_edit_section (edit, ".relsocket")->sh_entsize = 12;
}

static void
relocation_half (ElfEdit *edit)
{
  elf_edit_section (edit, ".relsocket")->sh_size -= 8;
}

static void
table_size (ElfEdit *edit)
{
  elf_edit_symbol (edit, "BPF.JT.0.0")->st_size = 28;
}

static void
table_place (ElfEdit *edit)
{
  elf_edit_symbol (edit, "BPF.JT.0.0")->st_value = 4;
  elf_edit_symbol (edit, "BPF.JT.0.0")->st_size = 24;
  *(gint32 *) (gpointer) ((guint8 *) elf_edit_contents (edit, "syscall") + 16 + 3 * 8 + 4) = 4;
}

static void
table_nobody (ElfEdit *edit)
{
  elf_edit_symbol (edit, "BPF.JT.0.0")->st_size = 0;
}

static void
table_entry_half (ElfEdit *edit)
{
  guint64 *entries = elf_edit_contents (edit, ".jumptables");

  entries[2] += 4;
}

static void
table_entry_elsewhere (ElfEdit *edit)
{
  guint64 *entries = elf_edit_contents (edit, ".jumptables");

  entries[1] = 0;
}

static void
table_entry_far (ElfEdit *edit)
{
  guint64 *entries = elf_edit_contents (edit, ".jumptables");

  entries[3] = G_GUINT64_CONSTANT (1) << 40;
}

static void
table_compressed (ElfEdit *edit)
{
  elf_edit_section (edit, ".jumptables")->sh_flags |= SHF_COMPRESSED;
}

static void
arena_none (ElfEdit *edit)
{
  Elf64_Shdr *names = elf_edit_nth_section (edit, elf_edit_header (edit)->e_shstrndx);

  elf_edit_rename ((char *) edit->data + names->sh_offset +
                       elf_edit_section (edit, ".rodata.custom")->sh_name,
                   ".addr_space.1");
}

static void
variable_size (ElfEdit *edit)
{
  elf_edit_symbol (edit, "data_u64")->st_size = 4;
}

static void
variable_unnamed (ElfEdit *edit)
{
  static const char name[] = "\0data_u64";
  char *found = memmem (elf_edit_contents (edit, ".BTF"), elf_edit_section (edit, ".BTF")->sh_size,
                        name, sizeof name);

  g_assert_nonnull (found);
  found[1] = '\0';
}

static void
same_variable (ElfEdit *edit)
{
  elf_edit_rename (elf_edit_symbol_name (edit, "bss_custom"), "data_u8");
}

static void
same_program (ElfEdit *edit)
{
  elf_edit_rename (elf_edit_symbol_name (edit, "third"), "first");
}

static void
version_size (ElfEdit *edit)
{
  elf_edit_symbol (edit, "my_version")->st_size = 2;
  elf_edit_section (edit, "version")->sh_size = 2;
}

static void
zeros_2g (ElfEdit *edit)
{
  elf_edit_section (edit, ".bss")->sh_size = G_GUINT64_CONSTANT (1) << 31;
}

static void
zeros_5g (ElfEdit *edit)
{
  elf_edit_section (edit, ".bss")->sh_size = G_GUINT64_CONSTANT (5) << 30;
}

static void
zeros_two_sections (ElfEdit *edit)
{
  elf_edit_section (edit, ".bss")->sh_size = G_GUINT64_CONSTANT (600) << 20;
  elf_edit_section (edit, ".bss.custom")->sh_size = G_GUINT64_CONSTANT (600) << 20;
}

static void
legacy_short (ElfEdit *edit)
{
  elf_edit_symbol (edit, "old_array")->st_size = 16;
}

static void
legacy_no_symbols (ElfEdit *edit)
{
  elf_edit_symbol (edit, "zero_tail")->st_name = 0;
}

static const Case cases[] = {
  { "machine", "minimal", machine, EBPF_ERROR_WRONG_MACHINE, "bytes: offset 0x12:*62*x86-64*" },
  { "unknown-machine", "minimal", unknown_machine, EBPF_ERROR_WRONG_MACHINE, "bytes:*unknown*" },
  { "class-32", "minimal", class_32, EBPF_ERROR_WRONG_MACHINE, "bytes:*64-bit*" },
  { "no-byte-order", "minimal", no_byte_order, EBPF_ERROR_MALFORMED, "bytes:*byte order 3*" },
  { "other-byte-order", "minimal", other_byte_order, EBPF_ERROR_WRONG_MACHINE, "bytes:*machine*" },
  { "executable", "minimal", executable_file, EBPF_ERROR_MALFORMED, "bytes:*type 2*" },
  { "no-sections", "minimal", no_sections, EBPF_ERROR_MALFORMED, "bytes:*no sections*" },
  { "section-table-outside", "minimal", section_table_outside, EBPF_ERROR_MALFORMED,
    "bytes: offset 0x*outside the file*" },
  { "section-table-at-end", "minimal", section_table_at_end, EBPF_ERROR_MALFORMED,
    "bytes:*outside the file*" },
  { "too-many-sections", "minimal", too_many_sections, EBPF_ERROR_MALFORMED,
    "bytes:*section headers*" },
  { "section-header-size", "minimal", section_header_size, EBPF_ERROR_MALFORMED,
    "bytes:*section headers*40*" },
  { "section-outside", "minimal", section_outside, EBPF_ERROR_MALFORMED,
    "bytes: offset 0x*section *outside the file*" },
  { "section-too-long", "minimal", section_too_long, EBPF_ERROR_MALFORMED,
    "bytes: offset 0x*section *outside the file*" },
  { "section-name-outside", "minimal", section_name_outside, EBPF_ERROR_MALFORMED,
    "bytes: offset 0x*name of section*" },
  { "section-name-not-utf8", "minimal", section_name_not_utf8, EBPF_ERROR_MALFORMED,
    "bytes: offset 0x*name of section*UTF-8*" },
  { "section-names-open", "minimal", section_names_open, EBPF_ERROR_MALFORMED,
    "bytes:*end in a zero*" },
  { "section-names-nowhere", "minimal", section_names_nowhere, EBPF_ERROR_MALFORMED,
    "bytes:*1000*string table*" },
  { "no-symbols", "minimal", no_symbols, EBPF_ERROR_MALFORMED, "bytes:*no symbol table*" },
  { "odd-symbol-table", "minimal", odd_symbol_table, EBPF_ERROR_MALFORMED,
    "bytes: section .symtab*" },
  { "symbol-section", "minimal", symbol_section, EBPF_ERROR_MALFORMED,
    "bytes: section .symtab, offset 0x*accept_all*section 999*" },
  { "symbol-value", "minimal", symbol_value, EBPF_ERROR_MALFORMED,
    "bytes: section .symtab, offset 0x*accept_all*0x1000*socket*" },
  { "symbol-size", "minimal", symbol_size, EBPF_ERROR_MALFORMED,
    "bytes: section .symtab, offset 0x*accept_all*socket*" },
  { "symbol-name", "minimal", symbol_name, EBPF_ERROR_MALFORMED,
    "bytes: section .symtab, offset 0x*name of symbol*" },
  { "function-size", "minimal", function_size, EBPF_ERROR_MALFORMED,
    "bytes: section socket, offset 0x0: function accept_all*" },
  { "no-function", "minimal", no_function, EBPF_ERROR_MALFORMED, "bytes: section socket*symbol*" },
  { "functions-overlap", "sections", functions_overlap, EBPF_ERROR_MALFORMED,
    "bytes: section xdp, offset 0x10: functions first and second overlap" },
  { "odd-code", "minimal", odd_code, EBPF_ERROR_MALFORMED, "bytes: section socket*12 bytes*" },
  { "cut-load", "minimal", cut_load, EBPF_ERROR_MALFORMED,
    "bytes: section socket, offset 0x8: function accept_all*64 bits*" },
  { "relocation-symbol", "maps", relocation_symbol, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x*symbol 100000*" },
  { "relocation-no-symbol", "maps", relocation_no_symbol, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x*symbol 0*" },
  { "relocation-unaligned", "maps", relocation_unaligned, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x34*hash*multiple of 8*" },
  { "relocation-outside", "maps", relocation_outside, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x100000*hash*outside*" },
  { "relocation-in-load", "maps", relocation_in_load, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x30*function use*hash*within*" },
  { "relocation-of-move", "maps", relocation_of_move, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x28*function use*hash*opcode*" },
  { "relocation-twice", "maps", relocation_twice, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x30*twice*" },
  { "relocation-target", "maps", relocation_target, EBPF_ERROR_MALFORMED,
    "bytes: section .relsocket*section 5000*" },
  { "relocation-addends", "maps", relocation_addends, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section .relsocket*RELA*" },
  { "relocation-to-license", "maps", relocation_to_license, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x30*_license*license*" },
  { "map-undefined", "maps", map_undefined, EBPF_ERROR_BTF,
    "bytes: section .BTF: *array*.maps*no symbol*" },
  { "call-middle", "subprograms", call_middle, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x8: function entry_twice*.text*no function starts" },
  { "data-outside", "variables", data_outside, EBPF_ERROR_RELOCATION,
    "bytes: section socket, offset 0x0: function touch*.bss*" },
  { "map-initialised", "maps", map_initialised, EBPF_ERROR_MALFORMED,
    "bytes: section .maps, offset 0x*lpm_trie*zero*" },
  { "map-static", "maps", map_static, EBPF_ERROR_MALFORMED,
    "bytes: section .maps, offset 0x*map lru_hash*static*" },
  { "map-not-named", "maps", map_not_named, EBPF_ERROR_BTF,
    "bytes: section .BTF: *lpm_trie*.maps*no symbol*" },
  { "map-unknown-field", "maps", map_unknown_field, EBPF_ERROR_MALFORMED,
    "bytes: section .maps, offset 0x*map bloom_filter*map_extry*" },
  { "map-wrong-kind", "maps", map_wrong_kind, EBPF_ERROR_MALFORMED,
    "bytes: section .maps, offset 0x*map bloom_filter*value*" },
  { "map-unknown-pinning", "pinning", map_unknown_pinning, EBPF_ERROR_MALFORMED,
    "bytes: section .maps, offset 0x*map *pin_how*" },
  { "value-not-a-map", "map-in-map", value_not_a_map, EBPF_ERROR_RELOCATION,
    "bytes: section .maps, offset 0x58: map outer_array*lookup*not a map*" },
  { "value-not-a-slot", "map-in-map", value_not_a_slot, EBPF_ERROR_RELOCATION,
    "bytes: section .maps, offset 0x40: map outer_array*inner_a*" },
  { "value-in-other-map", "map-in-map", value_in_other_map, EBPF_ERROR_RELOCATION,
    "bytes: section .maps, offset 0x0: map inner_a*" },
  { "value-undefined", "prog-array", value_undefined, EBPF_ERROR_RELOCATION,
    "bytes: section .maps, offset 0x*map jump_table*tail_one*nowhere*" },
  { "value-not-a-program", "prog-array", value_not_a_program, EBPF_ERROR_RELOCATION,
    "bytes: section .maps, offset 0x*map jump_table*not a program*" },
  { "no-btf", "maps", no_btf, EBPF_ERROR_BTF, "bytes: section .maps*compile with -g*" },
  { "btf-compressed", "maps", btf_compressed, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section .BTF*compressed*" },
  { "btf-damaged", "maps", btf_damaged, EBPF_ERROR_BTF, "bytes: section .BTF*" },
  { "btf-ext-damaged", "maps", btf_ext_damaged, EBPF_ERROR_BTF, "bytes: section .BTF.ext*" },
  { "code-compressed", "minimal", code_compressed, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section socket*compressed*" },
  { "data-compressed", "variables", data_compressed, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section .data: *compressed*" },
  { "maps-compressed", "maps", maps_compressed, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section .maps: *compressed*" },
  { "legacy-compressed", "legacy-maps", legacy_compressed, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section maps: *compressed*" },
  { "btf-ext-compressed", "maps", btf_ext_compressed, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section .BTF.ext: *compressed*" },
  { "license-compressed", "minimal", license_compressed, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section license: *compressed*" },
  { "relocations-compressed", "maps", relocations_compressed, EBPF_ERROR_MALFORMED,
    "bytes: section .relsocket: *" },
  { "data-type", "variables", data_type, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section .data: *type 7*" },
  { "relocation-size", "maps", relocation_size, EBPF_ERROR_MALFORMED,
    "bytes: section .relsocket: *16-byte*" },
  { "relocation-half", "maps", relocation_half, EBPF_ERROR_MALFORMED,
    "bytes: section .relsocket: *16-byte*" },
  { "arena-none", "variables", arena_none, EBPF_ERROR_MALFORMED,
    "bytes: section .addr_space.1: *arena*.maps defines none*" },
  { "table-size", "jumptables", table_size, EBPF_ERROR_MALFORMED,
    "bytes: section .jumptables, offset 0x0: jump table BPF.JT.0.0, of 28 bytes*8-byte*" },
  { "table-place", "jumptables", table_place, EBPF_ERROR_MALFORMED,
    "bytes: section .jumptables, offset 0x4: jump table BPF.JT.0.0*8-byte*" },
  { "table-nobody", "jumptables", table_nobody, EBPF_ERROR_RELOCATION,
    "bytes: section syscall, offset 0x28: function jump: *jump table at byte 0 *no symbol*" },
  { "table-entry-half", "jumptables", table_entry_half, EBPF_ERROR_RELOCATION,
    "bytes: section .jumptables, offset 0x10: entry 2 of jump table BPF.JT.0.0*jump of*syscall*" },
  { "table-entry-elsewhere", "jumptables", table_entry_elsewhere, EBPF_ERROR_RELOCATION,
    "bytes: section .jumptables, offset 0x8: entry 1 of jump table BPF.JT.0.0 is 0x0*" },
  { "table-entry-far", "jumptables", table_entry_far, EBPF_ERROR_RELOCATION,
    "bytes: section .jumptables, offset 0x18: entry 3 *0x10000000000*" },
  { "table-compressed", "jumptables", table_compressed, EBPF_ERROR_NOT_SUPPORTED,
    "bytes: section .jumptables: *compressed*" },
  { "variable-size", "variables", variable_size, EBPF_ERROR_BTF,
    "bytes: section .data, offset 0x8: variable data_u64*4 bytes*8 bytes*" },
  { "variable-unnamed", "variables", variable_unnamed, EBPF_ERROR_BTF,
    "bytes: *variable * of section .data, type * has no name" },
  { "same-variable", "variables", same_variable, EBPF_ERROR_EXISTS, "bytes: *data_u8*" },
  { "same-program", "sections", same_program, EBPF_ERROR_EXISTS,
    "bytes: section xdp, offset 0x38: *first*" },
  { "version-size", "sections", version_size, EBPF_ERROR_MALFORMED,
    "bytes: section version*2 bytes*" },
  { "zeros-2g", "variables", zeros_2g, EBPF_ERROR_LIMIT, "bytes: section .bss*" },
  { "zeros-5g", "variables", zeros_5g, EBPF_ERROR_LIMIT, "bytes: section .bss*" },
  { "zeros-two-sections", "variables", zeros_two_sections, EBPF_ERROR_LIMIT,
    "bytes: section .bss.custom*" },
  { "legacy-short", "legacy-maps", legacy_short, EBPF_ERROR_MALFORMED,
    "bytes: section maps, offset 0x14: map old_array*map_flags*" },
  { "legacy-no-symbols", "legacy-maps-long", legacy_no_symbols, EBPF_ERROR_MALFORMED,
    "bytes: section maps*symbol*" },
};

static void
test_case (gconstpointer data)
{
  const Case *test_case = data;
  g_autofree char *file = g_strconcat (test_case->object, ".bpf.o", NULL);
  g_autoptr (GBytes) good = ebpf_test_object_bytes (file);
  g_autoptr (GBytes) bad = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  ElfEdit edit;

  elf_edit_init (&edit, good);
  test_case->damage (&edit);
  bad = elf_edit_finish (&edit);

  spec = ebpf_collection_spec_new_from_bytes (bad, &error);
  if (error != NULL)
    g_test_message ("%s", error->message);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (int) test_case->code, test_case->message);
  g_assert_null (spec);
}

static void
assert_bytes (gconstpointer data, gsize size, EbpfError code, const char *pattern)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_null (spec);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (int) code, pattern);
}

static void
test_not_elf (void)
{
  assert_bytes ("", 0, EBPF_ERROR_NOT_ELF, "bytes:*empty*");
  assert_bytes ("#!/bin/sh\necho not an object\n", 28, EBPF_ERROR_NOT_ELF, "bytes:*not an ELF*");
  assert_bytes ("\x7f"
                "ELF",
                4, EBPF_ERROR_NOT_ELF, "bytes:*");
  assert_bytes ("\x7f"
                "ELF\2\1\1\0\0\0\0\0\0\0\0\0",
                16, EBPF_ERROR_MALFORMED, "bytes:*cut off*16 bytes*");
}

/* A relocation to nothing, from a real compiler. */
/* A matter of loading: the other programs of the object can do without it. */
static void
test_undefined (void)
{
  g_autofree char *path = ebpf_test_object ("undefined.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_auto (GStrv) symbols = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  symbols = ebpf_program_spec_list_undefined_symbols (
      ebpf_collection_spec_get_program (spec, "calls_nowhere"));
  g_assert_cmpuint (g_strv_length (symbols), ==, 1);
  g_assert_cmpstr (symbols[0], ==, "defined_nowhere");
}

static void
test_truncated (void)
{
  static const char *const objects[] = { "minimal.bpf.o", "map-in-map.bpf.o",
                                         "variables.be.bpf.o" };

  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (GBytes) bytes = ebpf_test_object_bytes (objects[i]);
      gsize size = g_bytes_get_size (bytes);

      for (gsize length = 0; length < size; length++)
        {
          g_autoptr (GBytes) cut = g_bytes_new (g_bytes_get_data (bytes, NULL), length);
          g_autoptr (EbpfCollectionSpec) spec = NULL;
          g_autoptr (GError) error = NULL;

          /* clang puts the section headers last: nothing shorter is whole. */
          spec = ebpf_collection_spec_new_from_bytes (cut, &error);
          g_assert_null (spec);
          g_assert_nonnull (error);
          g_assert_cmpuint (error->domain, ==, EBPF_ERROR);
          g_assert_true (g_str_has_prefix (error->message, "bytes: "));
        }
    }
}

/* Takes no memory for what is not there, and less than it claims for what may be. */
static void
test_zeros (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("variables.bpf.o");
  g_autoptr (GBytes) large = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMapSpec *map;
  ElfEdit edit;

  elf_edit_init (&edit, good);
  elf_edit_section (&edit, ".bss")->sh_size = 512 << 20;
  large = elf_edit_finish (&edit);

  spec = ebpf_collection_spec_new_from_bytes (large, &error);
  g_assert_no_error (error);
  map = ebpf_collection_spec_get_map (spec, ".bss");
  g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 512 << 20);
  g_assert_cmpuint (g_bytes_get_size (ebpf_map_spec_get_content_value (map, 0)), ==, 512 << 20);
}

/* Early versions of LLVM wrote no machine. */
static void
test_no_machine (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("minimal.bpf.o");
  g_autoptr (GBytes) old = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  ElfEdit edit;

  elf_edit_init (&edit, good);
  elf_edit_header (&edit)->e_machine = EM_NONE;
  old = elf_edit_finish (&edit);

  spec = ebpf_collection_spec_new_from_bytes (old, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ebpf_collection_spec_get_program (spec, "accept_all"));
}

/* clang before version 8: functions without a type, and without a size. */
static void
test_old_symbols (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("sections.bpf.o");
  g_autoptr (GBytes) old = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  static const char *const names[] = { "first", "second", "third" };
  static const guint lengths[] = { 2, 5, 2 };
  ElfEdit edit;

  elf_edit_init (&edit, good);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      Elf64_Sym *symbol = elf_edit_symbol (&edit, names[i]);

      symbol->st_info = ELF64_ST_INFO (STB_GLOBAL, STT_NOTYPE);
      symbol->st_size = 0;
    }
  old = elf_edit_finish (&edit);

  spec = ebpf_collection_spec_new_from_bytes (old, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpuint (
        ebpf_program_spec_get_n_instructions (ebpf_collection_spec_get_program (spec, names[i])),
        ==, lengths[i]);
}

/* What is local and has no type is a place to jump to, not a function; what has no name is nothing;
 * bytes that no function has are nobody's. */
static void
test_labels (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("sections.bpf.o");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  ElfEdit edit;

  elf_edit_init (&edit, good);
  elf_edit_symbol (&edit, "second")->st_info = ELF64_ST_INFO (STB_LOCAL, STT_NOTYPE);
  elf_edit_symbol (&edit, "classify")->st_name = 0;
  elf_edit_symbol (&edit, "on_cpu")->st_size = 8;
  bytes = elf_edit_finish (&edit);

  /* "classify" was all that its section had. */
  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_null (spec);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED,
                                  "bytes: section tc: *no symbol*");
  g_clear_error (&error);
  g_clear_pointer (&bytes, g_bytes_unref);

  elf_edit_init (&edit, good);
  elf_edit_symbol (&edit, "second")->st_info = ELF64_ST_INFO (STB_LOCAL, STT_NOTYPE);
  bytes = elf_edit_finish (&edit);
  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_collection_spec_get_program (spec, "second"));
  g_assert_cmpuint (
      ebpf_program_spec_get_n_instructions (ebpf_collection_spec_get_program (spec, "first")), ==,
      2);
  g_assert_cmpuint (
      ebpf_program_spec_get_n_instructions (ebpf_collection_spec_get_program (spec, "third")), ==,
      2);
}

/* A function under two names is two programs. */
static void
test_alias (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("sections.bpf.o");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  Elf64_Sym *first, *second;
  ElfEdit edit;

  elf_edit_init (&edit, good);
  first = elf_edit_symbol (&edit, "first");
  second = elf_edit_symbol (&edit, "second");
  second->st_value = first->st_value;
  second->st_size = first->st_size;
  bytes = elf_edit_finish (&edit);

  /* The gap that "second" leaves belongs to nobody. */
  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (
      ebpf_program_spec_get_n_instructions (ebpf_collection_spec_get_program (spec, "first")), ==,
      2);
  g_assert_cmpuint (
      ebpf_program_spec_get_n_instructions (ebpf_collection_spec_get_program (spec, "second")), ==,
      2);
  g_assert_cmpuint (
      ebpf_program_spec_get_n_instructions (ebpf_collection_spec_get_program (spec, "third")), ==,
      2);
}

/* A function that calls itself is the verifier's business; reading it must end. */
static void
test_recursion (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("subprograms.bpf.o");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  Elf64_Sym *chain;
  guint8 *text;
  gint32 target;
  ElfEdit edit;

  elf_edit_init (&edit, good);

  /* twice_plus_one, at 0xa0, calls twice in its second instruction: now itself. */
  chain = elf_edit_symbol (&edit, "twice_plus_one");
  text = elf_edit_contents (&edit, ".text");
  g_assert_cmpuint (text[chain->st_value + 8], ==, 0x85);
  target = -2;
  memcpy (text + chain->st_value + 12, &target, sizeof target);
  bytes = elf_edit_finish (&edit);

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (
      ebpf_program_spec_get_n_instructions (ebpf_collection_spec_get_program (spec, "entry_chain")),
      ==, 5 + 7 + 10 + 7);
}

/* A hundred programs that each need a copy of one large function. */
static void
test_limit (void)
{
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("limit.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_null (spec);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT,
                                  "bytes: section socket, offset 0x*: program *large*limit");
}

/* Random damage with a fixed seed: a spec or an error that names the file, never anything else. */
static void
test_mutations (void)
{
  static const char *const objects[] = { "callbacks.bpf.o",     "externs.be.bpf.o",
                                         "jumptables.bpf.o",    "legacy-maps.bpf.o",
                                         "map-in-map.bpf.o",    "maps.bpf.o",
                                         "prog-array.be.bpf.o", "sections.bpf.o",
                                         "subprograms.bpf.o",   "variables.bpf.o" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (20260101);
  guint n_good = 0, n_bad = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (GBytes) bytes = ebpf_test_object_bytes (objects[i]);
      gsize size;
      const guint8 *data = g_bytes_get_data (bytes, &size);

      for (guint round = 0; round < 2000; round++)
        {
          guint8 *copy = g_memdup2 (data, size);
          guint n_changes = (guint) g_rand_int_range (rand, 1, 5);
          g_autoptr (GBytes) bad = NULL;
          g_autoptr (EbpfCollectionSpec) spec = NULL;
          g_autoptr (GError) error = NULL;

          while (n_changes-- > 0)
            {
              /* The header, the tables at the end, and anything. */
              gsize at = 0;

              switch (g_rand_int_range (rand, 0, 4))
                {
                case 0:
                  at = (gsize) g_rand_int_range (rand, 0, 64);
                  break;
                case 1:
                case 2:
                  at = size - 1 - (gsize) g_rand_int_range (rand, 0, 64 * 30);
                  break;
                default:
                  at = (gsize) g_rand_int_range (rand, 0, (gint32) size);
                  break;
                }

              copy[at] = g_rand_boolean (rand) ? (guint8) g_rand_int (rand)
                                               : copy[at] ^ (1 << g_rand_int_range (rand, 0, 8));
            }

          bad = g_bytes_new_take (copy, size);
          spec = ebpf_collection_spec_new_from_bytes (bad, &error);
          g_assert_true ((spec == NULL) == (error != NULL));
          if (error != NULL)
            {
              g_assert_cmpuint (error->domain, ==, EBPF_ERROR);
              g_assert_true (g_str_has_prefix (error->message, "bytes: "));
            }

          n_good += spec != NULL;
          n_bad += spec == NULL;
        }
    }

  /* Neither always the same answer. */
  g_assert_cmpuint (n_good, >, 100);
  g_assert_cmpuint (n_bad, >, 100);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/elf/bad-input/not-elf", test_not_elf);
  ebpf_test_add ("/elf/bad-input/undefined", test_undefined);
  ebpf_test_add ("/elf/bad-input/truncated", test_truncated);
  ebpf_test_add ("/elf/bad-input/zeros", test_zeros);
  ebpf_test_add ("/elf/bad-input/no-machine", test_no_machine);
  ebpf_test_add ("/elf/bad-input/old-symbols", test_old_symbols);
  ebpf_test_add ("/elf/bad-input/labels", test_labels);
  ebpf_test_add ("/elf/bad-input/alias", test_alias);
  ebpf_test_add ("/elf/bad-input/recursion", test_recursion);
  ebpf_test_add ("/elf/bad-input/limit", test_limit);
  ebpf_test_add ("/elf/bad-input/mutations", test_mutations);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/elf/bad-input/", cases[i].name, NULL);

      ebpf_test_add_data (path, &cases[i], test_case);
    }

  return g_test_run ();
}
