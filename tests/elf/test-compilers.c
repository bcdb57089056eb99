/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What compilers of the past left in their objects, and those of today leave still. */

#include <ebpf.h>

#include "ebpf-test.h"
#include "elf-make.h"

#define LDIMM64(dst, imm)                                                                          \
  { 0x18, dst, 0, imm }, { 0, 0, 0, 0 }
#define MOV(dst, imm)                                                                              \
  {                                                                                                \
    0xb7, dst, 0, imm                                                                              \
  }
#define CALL(imm)                                                                                  \
  {                                                                                                \
    0x85, 0x10, 0, imm                                                                             \
  }
#define EXIT                                                                                       \
  {                                                                                                \
    0x95, 0, 0, 0                                                                                  \
  }

typedef struct
{
  guint8 code;
  guint8 registers;
  gint16 offset;
  gint32 imm;
} Insn;

static EbpfCollectionSpec *
open_made (ElfMake *elf)
{
  g_autoptr (GBytes) bytes = elf_make_finish (elf);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_bytes (bytes, &error);

  g_assert_no_error (error);
  return spec;
}

static const Insn *
code_of (EbpfCollectionSpec *spec, const char *name, GBytes **bytes, guint n_insns)
{
  EbpfProgramSpec *program = ebpf_collection_spec_get_program (spec, name);

  g_assert_nonnull (program);
  g_assert_cmpuint (ebpf_program_spec_get_n_instructions (program), ==, n_insns);
  *bytes = ebpf_program_spec_get_instructions (program);
  return g_bytes_get_data (*bytes, NULL);
}

/* LLVM 7 and 9: constants that have no name, of no type (7) or of type "object" (9), in sections for
 * constants of one size; and names of the compiler's own, which start with a dot. */
static void
test_anonymous_constants (void)
{
  static const Insn code[] = { LDIMM64 (1, 0), LDIMM64 (2, 0), LDIMM64 (3, 0),
                               LDIMM64 (4, 8), MOV (0, 0),     EXIT };
  static const guint8 constants[64] = { 1, 2, 3 };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GPtrArray) variables = NULL;
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint text, cst32, rodata, unused, symbols[4];
  const Insn *insns;
  ElfMake elf;

  elf_make_init (&elf);
  text =
      elf_make_section (&elf, "socket", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, code, sizeof code);
  cst32 =
      elf_make_section (&elf, ".rodata.cst32", SHT_PROGBITS, SHF_ALLOC | SHF_MERGE, constants, 64);
  rodata = elf_make_section (&elf, ".rodata", SHT_PROGBITS, SHF_ALLOC, constants, 48);
  unused = elf_make_section (&elf, ".rodata.str1.1", SHT_PROGBITS,
                             SHF_ALLOC | SHF_MERGE | SHF_STRINGS, "text", 5);
  symbols[0] = elf_make_symbol (&elf, "", cst32, 32, 32, STB_LOCAL, STT_NOTYPE);
  symbols[1] = elf_make_symbol (&elf, "", cst32, 0, 32, STB_LOCAL, STT_OBJECT);
  symbols[2] = elf_make_symbol (&elf, ".L__const.prog.key", rodata, 16, 32, STB_LOCAL, STT_OBJECT);
  symbols[3] = elf_make_symbol (&elf, "", rodata, 0, 0, STB_LOCAL, STT_SECTION);
  elf_make_symbol (&elf, "", unused, 0, 0, STB_LOCAL, STT_SECTION);
  elf_make_symbol (&elf, ".exported", rodata, 0, 4, STB_GLOBAL, STT_OBJECT);
  elf_make_symbol (&elf, "prog", text, 0, sizeof code, STB_GLOBAL, STT_FUNC);
  for (guint i = 0; i < 4; i++)
    elf_make_relocation (&elf, text, 16 * i, symbols[i]);

  spec = open_made (&elf);
  insns = code_of (spec, "prog", &bytes, G_N_ELEMENTS (code));
  for (guint i = 0; i < 4; i++)
    {
      static const gint offsets[] = { 32, 0, 16, 8 };

      g_assert_cmpuint (insns[2 * i].registers >> 4, ==, 2); /* BPF_PSEUDO_MAP_VALUE */
      g_assert_cmpint (insns[2 * i].imm, ==, 0);
      g_assert_cmpint (insns[2 * i + 1].imm, ==, offsets[i]);
    }

  /* Nothing of it is a variable, and what nobody uses is no map. */
  variables = ebpf_collection_spec_list_variables (spec);
  g_assert_cmpuint (variables->len, ==, 0);
  maps = ebpf_collection_spec_list_maps (spec);
  g_assert_cmpuint (maps->len, ==, 2);
  g_assert_cmpuint (
      ebpf_map_spec_get_value_size (ebpf_collection_spec_get_map (spec, ".rodata.cst32")), ==, 64);
  g_assert_cmpuint (
      ebpf_map_spec_get_map_flags (ebpf_collection_spec_get_map (spec, ".rodata.cst32")), ==,
      EBPF_MAP_FLAGS_RDONLY_PROG);
}

/* LLVM up to 9: a call of a static function of the same section counts instructions, without a
 * relocation; of one of .text, it is relocated to the section and says how far into it. */
static void
test_relative_calls (void)
{
  static const Insn code[] = { CALL (3), CALL (1), EXIT, EXIT, MOV (0, 7), EXIT };
  static const Insn text_code[] = { MOV (0, 1), EXIT, MOV (0, 2), EXIT };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint section, text, symbol;
  const Insn *insns;
  ElfMake elf;

  elf_make_init (&elf);
  section =
      elf_make_section (&elf, "socket", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, code, sizeof code);
  text = elf_make_section (&elf, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text_code,
                           sizeof text_code);
  symbol = elf_make_symbol (&elf, "", text, 0, 0, STB_LOCAL, STT_SECTION);
  elf_make_symbol (&elf, "one", text, 0, 16, STB_LOCAL, STT_FUNC);
  elf_make_symbol (&elf, "two", text, 16, 16, STB_LOCAL, STT_FUNC);
  elf_make_symbol (&elf, "prog", section, 0, 32, STB_GLOBAL, STT_NOTYPE);
  elf_make_symbol (&elf, "seven", section, 32, 16, STB_LOCAL, STT_FUNC);
  elf_make_relocation (&elf, section, 8, symbol);

  spec = open_made (&elf);
  insns = code_of (spec, "prog", &bytes, 4 + 2 + 2);
  g_assert_cmpint (insns[0].imm, ==, 3);
  g_assert_cmpint (insns[4].imm, ==, 7);
  g_assert_cmpint (insns[1].imm, ==, 4);
  g_assert_cmpint (insns[6].imm, ==, 2);
}

/* Before clang 14 or so, types say neither how long a section is nor where its variables are: the
 * symbols do. */
static void
test_sizeless_sections (void)
{
  static const guint32 data[] = { 1, 2, 3 };
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GBytes) btf = NULL;
  g_autoptr (GBytes) value = NULL;
  guint id, second, third, section;
  EbpfMapSpec *map;
  ElfMake elf;

  id = ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, NULL);
  third = ebpf_btf_builder_add_variable (builder, "third", id, EBPF_BTF_LINKAGE_GLOBAL, NULL);
  second = ebpf_btf_builder_add_variable (builder, "second", id, EBPF_BTF_LINKAGE_GLOBAL, NULL);
  ebpf_btf_builder_add_section (builder, ".data", 0, NULL);
  ebpf_btf_builder_add_section_entry (builder, third, 0, 4, NULL);
  ebpf_btf_builder_add_section_entry (builder, second, 0, 4, NULL);
  btf = ebpf_btf_builder_encode (builder,
                                 G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_LITTLE_ENDIAN
                                                                 : EBPF_BYTE_ORDER_BIG_ENDIAN,
                                 NULL);
  elf_make_init (&elf);
  section =
      elf_make_section (&elf, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof data);
  elf_make_section (&elf, ".BTF", SHT_PROGBITS, 0, g_bytes_get_data (btf, NULL),
                    g_bytes_get_size (btf));
  elf_make_symbol (&elf, "second", section, 4, 4, STB_GLOBAL, STT_OBJECT);
  elf_make_symbol (&elf, "third", section, 8, 4, STB_GLOBAL, STT_OBJECT);

  spec = open_made (&elf);
  map = ebpf_collection_spec_get_map (spec, ".data");
  g_assert_cmpint (ebpf_btf_type_get_size (ebpf_map_spec_get_value_type (map)), ==, 12);
  g_assert_cmpuint (
      ebpf_variable_spec_get_offset (ebpf_collection_spec_get_variable (spec, "third")), ==, 8);
  value = ebpf_variable_spec_get_bytes (ebpf_collection_spec_get_variable (spec, "second"));
  g_assert_cmpmem (g_bytes_get_data (value, NULL), g_bytes_get_size (value), &data[1], 4);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/elf/compilers/anonymous-constants", test_anonymous_constants);
  ebpf_test_add ("/elf/compilers/relative-calls", test_relative_calls);
  ebpf_test_add ("/elf/compilers/sizeless-sections", test_sizeless_sections);

  return g_test_run ();
}
