/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-program-spec-private.h"

#include <ebpf.h>

#include "elf-edit.h"
#include "ebpf-test.h"

/* What gcc and the GNU assembler write otherwise than clang, made of clang's objects: so it is tested also
 * where there is no gcc for BPF. test-compilers.py has gcc's own. */

typedef struct
{
  const char *object;
  const char *section;
} Case;

/* The assembler leaves the value of a symbol in the place that a relocation fills. */
static void
fill_slots (ElfEdit *edit, const char *section)
{
  g_autofree char *name = g_strconcat (".rel", section, NULL);
  Elf64_Shdr *header = elf_edit_section (edit, name);
  const Elf64_Rel *relocations = elf_edit_contents (edit, name);
  guint8 *bytes = elf_edit_contents (edit, section);
  const guint64 value = 0x108;

  g_assert_cmpuint (header->sh_size, >, 0);
  for (guint i = 0; i < header->sh_size / sizeof *relocations; i++)
    memcpy (bytes + relocations[i].r_offset, &value, sizeof value);
}

static EbpfCollectionSpec *
open_edited (ElfEdit *edit)
{
  g_autoptr (GBytes) bytes = elf_edit_finish (edit);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_bytes (bytes, &error);

  g_assert_no_error (error);
  return spec;
}

static void
assert_same_maps (EbpfCollectionSpec *a, EbpfCollectionSpec *b)
{
  g_autoptr (GPtrArray) maps = ebpf_collection_spec_list_maps (a);
  guint n = 0;

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = maps->pdata[i];
      EbpfMapSpec *other = ebpf_collection_spec_get_map (b, ebpf_map_spec_get_name (map));

      g_assert_nonnull (other);
      g_assert_cmpuint (ebpf_map_spec_get_n_contents (map), ==,
                        ebpf_map_spec_get_n_contents (other));
      for (guint c = 0; c < ebpf_map_spec_get_n_contents (map); c++, n++)
        {
          GBytes *value = ebpf_map_spec_get_content_value (map, c);
          GBytes *other_value = ebpf_map_spec_get_content_value (other, c);

          g_assert_true (g_bytes_equal (ebpf_map_spec_get_content_key (map, c),
                                        ebpf_map_spec_get_content_key (other, c)));
          g_assert_cmpstr (ebpf_map_spec_get_content_reference (map, c), ==,
                           ebpf_map_spec_get_content_reference (other, c));
          g_assert_true ((value == NULL) == (other_value == NULL));
          g_assert_true (value == NULL || g_bytes_equal (value, other_value));
        }
    }

  g_assert_cmpuint (n, >, 0);
}

static void
test_slots (gconstpointer data)
{
  const Case *test_case = data;
  g_autofree char *file = g_strconcat (test_case->object, ".bpf.o", NULL);
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes (file);
  g_autoptr (EbpfCollectionSpec) usual = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  ElfEdit edit;

  usual = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  elf_edit_init (&edit, bytes);
  fill_slots (&edit, test_case->section);
  spec = open_edited (&edit);

  assert_same_maps (usual, spec);
}

/* No records of functions, but the types of all of them. */
static void
test_no_func_info (void)
{
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("callbacks.bpf.o");
  g_autoptr (EbpfCollectionSpec) usual = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (GError) error = NULL;
  ElfEdit edit;

  usual = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  elf_edit_init (&edit, bytes);
  elf_edit_section (&edit, ".BTF.ext")->sh_type = SHT_NULL;
  spec = open_edited (&edit);

  programs = ebpf_collection_spec_list_programs (spec);
  g_assert_cmpuint (programs->len, ==, 2);
  for (guint p = 0; p < programs->len; p++)
    {
      const char *name = ebpf_program_spec_get_name (programs->pdata[p]);
      const EbpfCode *code = ebpf_program_spec_peek_code (programs->pdata[p]);
      const EbpfCode *other =
          ebpf_program_spec_peek_code (ebpf_collection_spec_get_program (usual, name));

      g_assert_cmpuint (code->line_infos->len, ==, 0);
      g_assert_cmpuint (code->func_infos->len, >, 1);
      g_assert_cmpuint (code->func_infos->len, ==, other->func_infos->len);
      for (guint i = 0; i < code->func_infos->len; i++)
        {
          const EbpfFuncInfo *info = &g_array_index (code->func_infos, EbpfFuncInfo, i);
          const EbpfFuncInfo *wanted = &g_array_index (other->func_infos, EbpfFuncInfo, i);

          g_assert_cmpuint (info->insn, ==, wanted->insn);
          g_assert_cmpuint (info->type_id, ==, wanted->type_id);
        }
    }
}

/* All functions or none. */
static void
test_no_type_of_one (void)
{
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("callbacks.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  ElfEdit edit;

  elf_edit_init (&edit, bytes);
  elf_edit_section (&edit, ".BTF.ext")->sh_type = SHT_NULL;
  elf_edit_rename (elf_edit_symbol_name (&edit, "weight"), "height");
  spec = open_edited (&edit);

  g_assert_cmpuint (
      ebpf_program_spec_peek_code (ebpf_collection_spec_get_program (spec, "sum_elements"))
          ->func_infos->len,
      ==, 0);
}

static const Case cases[] = {
  { "map-in-map", ".maps" },
  { "prog-array", ".maps" },
  { "struct-ops", ".struct_ops" },
  { "struct-ops", ".struct_ops.link" },
};

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/elf/gnu/slots/%s%s", cases[i].object, cases[i].section);

      g_test_add_data_func (path, &cases[i], test_slots);
    }
  ebpf_test_add ("/elf/gnu/no-func-info", test_no_func_info);
  ebpf_test_add ("/elf/gnu/no-type-of-one", test_no_type_of_one);

  return g_test_run ();
}
