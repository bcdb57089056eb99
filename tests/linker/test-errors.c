/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-test.h"

#include "../elf/elf-edit.h"

/* What does not go together, and what must be said about it: always of both files. */
typedef struct
{
  const char *object;
  const char *other;
  EbpfError code;
  const char *message;
} Case;

static const Case cases[] = {
  { "link-bad-variable", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-variable.bpf.o: b_counter is a variable \"long\", but in *link-b.bpf.o \"int\"" },
  { "link-bad-array", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-array.bpf.o: b_table is a variable \"int [7]\", but in *link-b.bpf.o \"int [6]\"" },
  { "link-bad-struct", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-struct.bpf.o: b_struct *but in *link-b.bpf.o *with other contents" },
  { "link-bad-function", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-function.bpf.o: b_add is a function \"*\", but in *link-b.bpf.o \"*\"" },
  { "link-bad-kind", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-kind.bpf.o: b_add is a variable, but in *link-b.bpf.o it is a function" },
  { "link-bad-map", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-map.bpf.o: map b_map *link-b.bpf.o*max_entries" },
  { "link-bad-map-value", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-map-value.bpf.o: map b_map *link-b.bpf.o*in value" },
  { "link-bad-map-field", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-map-field.bpf.o: map b_map *link-b.bpf.o*map_flags" },
  { "link-bad-map-is-variable", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-bad-map-is-variable.bpf.o: b_map is a variable, but in *link-b.bpf.o it is a map" },
  { "link-bad-map-twice", "link-b", EBPF_ERROR_EXISTS, "*: map b_map is defined in *extern*" },
  { "link-bad-twice", "link-b", EBPF_ERROR_EXISTS, "*function chosen is defined in *__weak*" },
  { "link-bad-kernel", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-b.bpf.o: b_add is defined, but in *link-bad-kernel.bpf.o it is the kernel's" },
  { "link-bad-no-types", "link-b", EBPF_ERROR_BTF,
    "*link-bad-no-types.bpf.o: b_add *link-b.bpf.o*-g*" },
  { "link-bad-license", "link-b", EBPF_ERROR_INCOMPATIBLE,
    "*link-b.bpf.o: its licence is \"GPL\", but that of *link-bad-license.bpf.o is \"Dual "
    "MIT/GPL\"*" },
  { "link-a", "link-b.be", EBPF_ERROR_BYTE_ORDER,
    "*link-b.be.bpf.o: it is of big byte order, but *link-a.bpf.o is of little*" },
  { "link-b.be", "link-a", EBPF_ERROR_BYTE_ORDER,
    "*link-a.bpf.o: it is of little byte order, but *link-b.be.bpf.o is of big*" },
};

static void
test_case (gconstpointer data)
{
  const Case *test_case = data;
  g_autofree char *object = g_strconcat (test_case->object, ".bpf.o", NULL);
  g_autofree char *other = g_strconcat (test_case->other, ".bpf.o", NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  bytes = link_objects (&error, object, other, NULL);
  g_assert_null (bytes);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (int) test_case->code, test_case->message);
  g_assert_nonnull (strstr (error->message, object));
  g_assert_nonnull (strstr (error->message, other));
}

/* Which comes first does not matter. */
static void
test_case_reversed (gconstpointer data)
{
  const Case *test_case = data;
  g_autofree char *object = g_strconcat (test_case->object, ".bpf.o", NULL);
  g_autofree char *other = g_strconcat (test_case->other, ".bpf.o", NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  bytes = link_objects (&error, other, object, NULL);
  g_assert_null (bytes);
  g_assert_error (error, EBPF_ERROR, (int) test_case->code);
  g_assert_nonnull (strstr (error->message, object));
  g_assert_nonnull (strstr (error->message, other));
}

static void
test_same_file (void)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  bytes = link_objects (&error, "minimal.bpf.o", "minimal.bpf.o", NULL);
  g_assert_null (bytes);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS, "*accept_all*minimal*");
}

static void
test_no_file (void)
{
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_linker_add_file (linker, "/nowhere/none.bpf.o", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*/nowhere/none*");
}

/* Damage of one file; the other one is whole. */
static void
assert_damage (void (*damage) (ElfEdit *), EbpfError code, const char *message)
{
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("link-a.bpf.o");
  g_autoptr (GBytes) other = ebpf_test_object_bytes ("link-b.bpf.o");
  g_autoptr (GBytes) bad = NULL;
  g_autoptr (GBytes) linked = NULL;
  g_autoptr (GError) error = NULL;
  ElfEdit edit;

  elf_edit_init (&edit, good);
  damage (&edit);
  bad = elf_edit_finish (&edit);

  if (ebpf_linker_add_bytes (linker, "bad", bad, &error) &&
      ebpf_linker_add_bytes (linker, "other", other, &error))
    linked = ebpf_linker_finish (linker, &error);
  g_assert_null (linked);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (int) code, message);
}

static void
alignment_odd (ElfEdit *edit)
{
  elf_edit_section (edit, ".data")->sh_addralign = 12;
}

static void
alignment_huge (ElfEdit *edit)
{
  elf_edit_section (edit, ".data")->sh_addralign = G_GUINT64_CONSTANT (1) << 40;
}

static void
code_odd (ElfEdit *edit)
{
  /* The last instruction of "tc" is of entry_maps. */
  elf_edit_symbol (edit, "entry_maps")->st_size -= 8;
  elf_edit_section (edit, "tc")->sh_size -= 4;
}

static void
kind_of_section (ElfEdit *edit)
{
  elf_edit_section (edit, ".rodata")->sh_flags |= SHF_EXECINSTR;
}

static void
relocation_type (ElfEdit *edit)
{
  Elf64_Rel *rel = elf_edit_contents (edit, ".relsocket");

  rel->r_info = ELF64_R_INFO (ELF64_R_SYM (rel->r_info), 99);
}

static void
relocation_of_move (ElfEdit *edit)
{
  Elf64_Rel *rel = elf_edit_contents (edit, ".rel.text");

  /* To .data, whose start is not where it was: one that follows the load. */
  for (guint i = 0; i < 5; i++)
    if (rel[i].r_offset == 0xd8)
      rel[i].r_offset += 24;
}

static void
symbol_common (ElfEdit *edit)
{
  elf_edit_symbol (edit, "b_counter")->st_shndx = SHN_COMMON;
}

static void
symbol_binding (ElfEdit *edit)
{
  elf_edit_symbol (edit, "b_counter")->st_info = ELF64_ST_INFO (7, STT_NOTYPE);
}

static void
symbol_left_out (ElfEdit *edit)
{
  Elf64_Sym *symbol = elf_edit_symbol (edit, "a_seen");

  for (guint i = 1; i < elf_edit_header (edit)->e_shnum; i++)
    if (elf_edit_nth_section (edit, i) == elf_edit_section (edit, ".BTF"))
      symbol->st_shndx = (Elf64_Half) i;
}

static void
btf_damaged (ElfEdit *edit)
{
  ((guint8 *) elf_edit_contents (edit, ".BTF"))[0] = 0;
}

static void
ext_damaged (ElfEdit *edit)
{
  memset ((guint8 *) elf_edit_contents (edit, ".BTF.ext") + 4, 0xff, 4);
}

static void
zeros_huge (ElfEdit *edit)
{
  elf_edit_section (edit, ".bss")->sh_size = G_GUINT64_CONSTANT (5) << 30;
}

static void
test_damage (void)
{
  assert_damage (alignment_odd, EBPF_ERROR_MALFORMED, "bad: section .data*12*");
  assert_damage (alignment_huge, EBPF_ERROR_MALFORMED, "bad: section .data*align*");
  assert_damage (code_odd, EBPF_ERROR_MALFORMED, "bad: section tc*8-byte*");
  assert_damage (kind_of_section, EBPF_ERROR_INCOMPATIBLE, "other: section .rodata*of bad*");
  assert_damage (relocation_type, EBPF_ERROR_NOT_SUPPORTED, "bad: section socket*type 99*");
  assert_damage (symbol_common, EBPF_ERROR_NOT_SUPPORTED, "bad:*b_counter*-fno-common");
  assert_damage (symbol_binding, EBPF_ERROR_MALFORMED, "bad:*b_counter*binding 7*");
  assert_damage (symbol_left_out, EBPF_ERROR_NOT_SUPPORTED, "bad: section .BTF*a_seen*");
  assert_damage (btf_damaged, EBPF_ERROR_BTF, "bad: section .BTF:*");
  assert_damage (ext_damaged, EBPF_ERROR_BTF, "bad: section .BTF.ext:*");
  assert_damage (zeros_huge, EBPF_ERROR_LIMIT, "bad: section .bss*4 GiB*");
}

/* What a relocation counts from a section's start cannot be counted on in anything. */
static void
test_moved_twice (void)
{
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("link-a.bpf.o");
  g_autoptr (GBytes) other = ebpf_test_object_bytes ("link-b.bpf.o");
  g_autoptr (GBytes) bad = NULL;
  g_autoptr (GBytes) linked = NULL;
  g_autoptr (GError) error = NULL;
  ElfEdit edit;

  elf_edit_init (&edit, good);
  relocation_of_move (&edit);
  bad = elf_edit_finish (&edit);

  g_assert_true (ebpf_linker_add_bytes (linker, "other", other, &error));
  g_assert_true (ebpf_linker_add_bytes (linker, "bad", bad, &error));
  linked = ebpf_linker_finish (linker, &error);
  g_assert_null (linked);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "bad: section .text, offset 0x*neither a call*");
}

static void
test_truncated (void)
{
  static const char *const objects[] = { "minimal.bpf.o", "map-in-map.be.bpf.o" };

  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (GBytes) bytes = ebpf_test_object_bytes (objects[i]);

      for (gsize length = 0; length < g_bytes_get_size (bytes); length++)
        {
          g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
          g_autoptr (GBytes) cut = g_bytes_new (g_bytes_get_data (bytes, NULL), length);
          g_autoptr (GError) error = NULL;

          g_assert_false (ebpf_linker_add_bytes (linker, "cut", cut, &error));
          g_assert_nonnull (error);
          g_assert_cmpuint (error->domain, ==, EBPF_ERROR);
          g_assert_true (g_str_has_prefix (error->message, "cut: "));
        }
    }
}

/* Random damage of one of two files with a fixed seed: an object that can be parsed, whatever is in
 * it, or an error; and what was parsed before and is linked is never a crash for the reader. */
static void
test_mutations (void)
{
  static const struct
  {
    const char *object;
    const char *other;
  } pairs[] = {
    { "link-a.bpf.o", "link-b.bpf.o" },          { "link-b.be.bpf.o", "link-a.be.bpf.o" },
    { "map-in-map.bpf.o", "callbacks.bpf.o" },   { "prog-array.be.bpf.o", "externs.be.bpf.o" },
    { "struct-ops.bpf.o", "legacy-maps.bpf.o" }, { "subprograms.bpf.o", "link-copy.bpf.o" },
    { "ksyms-typed.bpf.o", "variables.bpf.o" },  { "core.bpf.o", "kfuncs.bpf.o" },
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (20260202);
  guint n_good = 0, n_bad = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autoptr (GBytes) bytes = ebpf_test_object_bytes (pairs[i].object);
      g_autoptr (GBytes) other = ebpf_test_object_bytes (pairs[i].other);
      gsize size;
      const guint8 *data = g_bytes_get_data (bytes, &size);

      for (guint round = 0; round < 600; round++)
        {
          g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
          guint8 *copy = g_memdup2 (data, size);
          guint n_changes = (guint) g_rand_int_range (rand, 1, 5);
          g_autoptr (GBytes) bad = NULL;
          g_autoptr (GBytes) linked = NULL;
          g_autoptr (EbpfCollectionSpec) spec = NULL;
          g_autoptr (GError) error = NULL;
          gboolean added;

          while (n_changes-- > 0)
            {
              gsize at = g_rand_boolean (rand)
                             ? size - 1 - (gsize) g_rand_int_range (rand, 0, 64 * 30)
                             : (gsize) g_rand_int_range (rand, 0, (gint32) size);

              copy[at] = g_rand_boolean (rand) ? (guint8) g_rand_int (rand)
                                               : copy[at] ^ (1 << g_rand_int_range (rand, 0, 8));
            }

          bad = g_bytes_new_take (copy, size);
          added = ebpf_linker_add_bytes (linker, "bad", bad, &error);
          g_assert_true (added == (error == NULL));
          if (added && ebpf_linker_add_bytes (linker, "other", other, &error))
            linked = ebpf_linker_finish (linker, &error);
          g_assert_true ((linked == NULL) == (error != NULL));

          if (linked != NULL)
            {
              spec = ebpf_collection_spec_new_from_bytes (linked, NULL);
              n_good++;
            }
          else
            {
              g_assert_cmpuint (error->domain, ==, EBPF_ERROR);
              n_bad++;
            }
        }
    }

  g_assert_cmpuint (n_good, >, 100);
  g_assert_cmpuint (n_bad, >, 100);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/linker/errors/", cases[i].object, NULL);
      g_autofree char *reversed = g_strconcat (path, "/reversed", NULL);

      ebpf_test_add_data (path, &cases[i], test_case);
      ebpf_test_add_data (reversed, &cases[i], test_case_reversed);
    }

  ebpf_test_add ("/linker/errors/same-file", test_same_file);
  ebpf_test_add ("/linker/errors/no-file", test_no_file);
  ebpf_test_add ("/linker/errors/damage", test_damage);
  ebpf_test_add ("/linker/errors/moved", test_moved_twice);
  ebpf_test_add ("/linker/errors/truncated", test_truncated);
  ebpf_test_add ("/linker/errors/mutations", test_mutations);

  return g_test_run ();
}
