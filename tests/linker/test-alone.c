/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-program-spec-private.h"

#include "sys/ebpf-sys-private.h"

#include "link-test.h"

#include <string.h>

/* An object that is linked with no other one is the same to a reader, whatever its bytes are. */

static char *
describe (EbpfBtfType *type)
{
  return type != NULL ? ebpf_btf_type_to_declaration (type, "x") : NULL;
}

static void
assert_same_type (EbpfBtfType *a, EbpfBtfType *b)
{
  g_autofree char *text_a = describe (a);
  g_autofree char *text_b = describe (b);

  g_assert_cmpstr (text_a, ==, text_b);
}

static void
assert_same_bytes (GBytes *a, GBytes *b)
{
  g_assert_true ((a == NULL) == (b == NULL));
  g_assert_true (a == NULL || g_bytes_equal (a, b));
}

static void
assert_same_map (EbpfMapSpec *a, EbpfMapSpec *b)
{
  EbpfMapSpec *inner_a = ebpf_map_spec_get_inner_map (a), *inner_b;
  const char *const *tags_a = ebpf_map_spec_get_tags (a);
  const char *const *tags_b = ebpf_map_spec_get_tags (b);
  const char *const none[] = { NULL };

  g_assert_cmpstr (ebpf_map_spec_get_name (a), ==, ebpf_map_spec_get_name (b));
  g_assert_cmpint (ebpf_map_spec_get_map_type (a), ==, ebpf_map_spec_get_map_type (b));
  g_assert_cmpuint (ebpf_map_spec_get_key_size (a), ==, ebpf_map_spec_get_key_size (b));
  g_assert_cmpuint (ebpf_map_spec_get_value_size (a), ==, ebpf_map_spec_get_value_size (b));
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (a), ==, ebpf_map_spec_get_max_entries (b));
  g_assert_cmpuint (ebpf_map_spec_get_map_flags (a), ==, ebpf_map_spec_get_map_flags (b));
  g_assert_cmpuint (ebpf_map_spec_get_map_extra (a), ==, ebpf_map_spec_get_map_extra (b));
  g_assert_cmpuint (ebpf_map_spec_get_numa_node (a), ==, ebpf_map_spec_get_numa_node (b));
  g_assert_cmpint (ebpf_map_spec_get_pinning (a), ==, ebpf_map_spec_get_pinning (b));
  g_assert_cmpint (ebpf_map_spec_get_autocreate (a), ==, ebpf_map_spec_get_autocreate (b));
  g_assert_true (g_strv_equal (tags_a != NULL ? tags_a : none, tags_b != NULL ? tags_b : none));
  assert_same_type (ebpf_map_spec_get_key_type (a), ebpf_map_spec_get_key_type (b));
  assert_same_type (ebpf_map_spec_get_value_type (a), ebpf_map_spec_get_value_type (b));

  g_assert_cmpuint (ebpf_map_spec_get_n_contents (a), ==, ebpf_map_spec_get_n_contents (b));
  for (guint i = 0; i < ebpf_map_spec_get_n_contents (a); i++)
    {
      assert_same_bytes (ebpf_map_spec_get_content_key (a, i),
                         ebpf_map_spec_get_content_key (b, i));
      assert_same_bytes (ebpf_map_spec_get_content_value (a, i),
                         ebpf_map_spec_get_content_value (b, i));
      g_assert_cmpstr (ebpf_map_spec_get_content_reference (a, i), ==,
                       ebpf_map_spec_get_content_reference (b, i));
    }

  inner_b = ebpf_map_spec_get_inner_map (b);
  g_assert_true ((inner_a == NULL) == (inner_b == NULL));
  if (inner_a != NULL)
    assert_same_map (inner_a, inner_b);
}

/* What a type is called; "" for one that has no name. */
static const char *
type_name (EbpfBtf *btf, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (btf, id);

  return type != NULL ? ebpf_btf_name_of (btf, type) : "(void)";
}

static void
assert_same_code (EbpfProgramSpec *a, EbpfProgramSpec *b)
{
  const EbpfCode *code_a = ebpf_program_spec_peek_code (a);
  const EbpfCode *code_b = ebpf_program_spec_peek_code (b);
  EbpfBtf *btf_a = ebpf_program_spec_get_btf (a), *btf_b = ebpf_program_spec_get_btf (b);

  g_assert_cmpmem (code_a->insns->data, code_a->insns->len * sizeof (EbpfInsn), code_b->insns->data,
                   code_b->insns->len * sizeof (EbpfInsn));

  g_assert_cmpuint (code_a->relocs->len, ==, code_b->relocs->len);
  for (guint i = 0; i < code_a->relocs->len; i++)
    {
      const EbpfReloc *reloc_a = &g_array_index (code_a->relocs, EbpfReloc, i);
      const EbpfReloc *reloc_b = &g_array_index (code_b->relocs, EbpfReloc, i);

      g_assert_cmpuint (reloc_a->insn, ==, reloc_b->insn);
      g_assert_cmpint (reloc_a->kind, ==, reloc_b->kind);
      g_assert_cmpstr (reloc_a->symbol, ==, reloc_b->symbol);
      g_assert_cmpint (reloc_a->addend, ==, reloc_b->addend);
      g_assert_cmpint (reloc_a->weak, ==, reloc_b->weak);
      if (reloc_a->btf_id != 0)
        g_assert_cmpstr (type_name (btf_a, reloc_a->btf_id), ==,
                         type_name (btf_b, reloc_b->btf_id));
    }

  g_assert_cmpuint (code_a->func_infos->len, ==, code_b->func_infos->len);
  for (guint i = 0; i < code_a->func_infos->len; i++)
    {
      const EbpfFuncInfo *info_a = &g_array_index (code_a->func_infos, EbpfFuncInfo, i);
      const EbpfFuncInfo *info_b = &g_array_index (code_b->func_infos, EbpfFuncInfo, i);

      g_assert_cmpuint (info_a->insn, ==, info_b->insn);
      g_assert_cmpstr (type_name (btf_a, info_a->type_id), ==, type_name (btf_b, info_b->type_id));
    }

  g_assert_cmpuint (code_a->line_infos->len, ==, code_b->line_infos->len);
  for (guint i = 0; i < code_a->line_infos->len; i++)
    {
      const EbpfLineInfo *info_a = &g_array_index (code_a->line_infos, EbpfLineInfo, i);
      const EbpfLineInfo *info_b = &g_array_index (code_b->line_infos, EbpfLineInfo, i);

      g_assert_cmpuint (info_a->insn, ==, info_b->insn);
      g_assert_cmpuint (info_a->line_col, ==, info_b->line_col);
      g_assert_cmpstr (ebpf_btf_peek_name (btf_a, info_a->file_name_off), ==,
                       ebpf_btf_peek_name (btf_b, info_b->file_name_off));
      g_assert_cmpstr (ebpf_btf_peek_name (btf_a, info_a->line_off), ==,
                       ebpf_btf_peek_name (btf_b, info_b->line_off));
    }

  g_assert_cmpuint (code_a->core_relos->len, ==, code_b->core_relos->len);
  for (guint i = 0; i < code_a->core_relos->len; i++)
    {
      const EbpfCoreRelo *relo_a = &g_array_index (code_a->core_relos, EbpfCoreRelo, i);
      const EbpfCoreRelo *relo_b = &g_array_index (code_b->core_relos, EbpfCoreRelo, i);

      g_assert_cmpuint (relo_a->insn, ==, relo_b->insn);
      g_assert_cmpuint (relo_a->kind, ==, relo_b->kind);
      g_assert_cmpstr (ebpf_btf_peek_name (btf_a, relo_a->access_str_off), ==,
                       ebpf_btf_peek_name (btf_b, relo_b->access_str_off));
      g_assert_cmpstr (type_name (btf_a, relo_a->type_id), ==, type_name (btf_b, relo_b->type_id));
    }
}

static void
assert_same_program (EbpfProgramSpec *a, EbpfProgramSpec *b)
{
  g_assert_cmpstr (ebpf_program_spec_get_name (a), ==, ebpf_program_spec_get_name (b));
  g_assert_cmpstr (ebpf_program_spec_get_section (a), ==, ebpf_program_spec_get_section (b));
  g_assert_cmpint (ebpf_program_spec_get_program_type (a), ==,
                   ebpf_program_spec_get_program_type (b));
  g_assert_cmpint (ebpf_program_spec_get_attach_type (a), ==,
                   ebpf_program_spec_get_attach_type (b));
  g_assert_cmpstr (ebpf_program_spec_get_attach_to (a), ==, ebpf_program_spec_get_attach_to (b));
  g_assert_cmpuint (ebpf_program_spec_get_program_flags (a), ==,
                    ebpf_program_spec_get_program_flags (b));
  g_assert_cmpstr (ebpf_program_spec_get_license (a), ==, ebpf_program_spec_get_license (b));
  g_assert_cmpuint (ebpf_program_spec_get_kernel_version (a), ==,
                    ebpf_program_spec_get_kernel_version (b));
  g_assert_cmpint (ebpf_program_spec_get_autoload (a), ==, ebpf_program_spec_get_autoload (b));
  assert_same_code (a, b);
}

static void
assert_same_variable (EbpfVariableSpec *a, EbpfVariableSpec *b)
{
  g_autoptr (GBytes) bytes_a = ebpf_variable_spec_get_bytes (a);
  g_autoptr (GBytes) bytes_b = ebpf_variable_spec_get_bytes (b);

  g_assert_cmpstr (ebpf_variable_spec_get_name (a), ==, ebpf_variable_spec_get_name (b));
  g_assert_cmpstr (ebpf_variable_spec_get_section (a), ==, ebpf_variable_spec_get_section (b));
  g_assert_cmpuint (ebpf_variable_spec_get_offset (a), ==, ebpf_variable_spec_get_offset (b));
  assert_same_bytes (bytes_a, bytes_b);
  assert_same_type (ebpf_variable_spec_get_btf_type (a), ebpf_variable_spec_get_btf_type (b));
}

static const EbpfKconfigExtern *
find_kconfig (GArray *externs, const char *name)
{
  for (guint i = 0; i < externs->len; i++)
    if (g_str_equal (g_array_index (externs, EbpfKconfigExtern, i).name, name))
      return &g_array_index (externs, EbpfKconfigExtern, i);

  return NULL;
}

static void
assert_same_spec (EbpfCollectionSpec *a, EbpfCollectionSpec *b)
{
  g_autoptr (GPtrArray) maps_a = ebpf_collection_spec_list_maps (a);
  g_autoptr (GPtrArray) maps_b = ebpf_collection_spec_list_maps (b);
  g_autoptr (GPtrArray) programs_a = ebpf_collection_spec_list_programs (a);
  g_autoptr (GPtrArray) programs_b = ebpf_collection_spec_list_programs (b);
  g_autoptr (GPtrArray) variables_a = ebpf_collection_spec_list_variables (a);
  g_autoptr (GPtrArray) variables_b = ebpf_collection_spec_list_variables (b);
  GArray *externs_a = ebpf_collection_spec_peek_kconfig_externs (a);
  GArray *externs_b = ebpf_collection_spec_peek_kconfig_externs (b);

  g_assert_cmpint (ebpf_collection_spec_get_byte_order (a), ==,
                   ebpf_collection_spec_get_byte_order (b));
  g_assert_cmpstr (ebpf_collection_spec_get_license (a), ==, ebpf_collection_spec_get_license (b));

  g_assert_cmpuint (maps_a->len, ==, maps_b->len);
  for (guint i = 0; i < maps_a->len; i++)
    {
      EbpfMapSpec *map = maps_a->pdata[i];

      assert_same_map (map, ebpf_collection_spec_get_map (b, ebpf_map_spec_get_name (map)));
    }

  g_assert_cmpuint (programs_a->len, ==, programs_b->len);
  for (guint i = 0; i < programs_a->len; i++)
    assert_same_program (programs_a->pdata[i], programs_b->pdata[i]);

  g_assert_cmpuint (variables_a->len, ==, variables_b->len);
  for (guint i = 0; i < variables_a->len; i++)
    {
      EbpfVariableSpec *variable = variables_a->pdata[i];

      assert_same_variable (
          variable, ebpf_collection_spec_get_variable (b, ebpf_variable_spec_get_name (variable)));
    }

  g_assert_cmpuint (externs_a->len, ==, externs_b->len);
  for (guint i = 0; i < externs_a->len; i++)
    {
      const EbpfKconfigExtern *one = &g_array_index (externs_a, EbpfKconfigExtern, i);
      const EbpfKconfigExtern *other = find_kconfig (externs_b, one->name);

      g_assert_nonnull (other);
      g_assert_cmpuint (one->offset, ==, other->offset);
      g_assert_cmpuint (one->size, ==, other->size);
      g_assert_cmpint (one->weak, ==, other->weak);
    }
}

static void
check_object (const char *name, guint *n_good)
{
  g_autoptr (GBytes) original = ebpf_test_object_bytes (name);
  g_autoptr (GBytes) linked = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollectionSpec) linked_spec = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) linked_error = NULL;

  g_test_message ("%s", name);
  linked = link_objects (&error, name, NULL);
  g_assert_no_error (error);

  spec = ebpf_collection_spec_new_from_bytes (original, &error);
  linked_spec = ebpf_collection_spec_new_from_bytes (linked, &linked_error);
  if (spec == NULL)
    {
      /* Bad in the same way. */
      g_assert_null (linked_spec);
      g_assert_cmpstr (error->message, ==, linked_error->message);
      return;
    }

  g_assert_no_error (linked_error);
  assert_same_spec (spec, linked_spec);

  /* What is linked already does not change. */
  g_assert_true (ebpf_linker_add_bytes (linker, name, linked, &error));
  again = ebpf_linker_finish (linker, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (linked, again));

  ++*n_good;
}

static void
test_alone (void)
{
  const char *folder = g_getenv ("EBPF_TEST_OBJECTS");
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GError) error = NULL;
  const char *name;
  guint n_good = 0;

  g_assert_nonnull (folder);
  dir = g_dir_open (folder, 0, &error);
  g_assert_no_error (error);

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".bpf.o"))
      check_object (name, &n_good);

  g_assert_cmpuint (n_good, >, 30);
}

/* Functions that were overridden leave gaps, which records of others must not slip into: each line is
 * of the function that it is in. */
static void
test_records (void)
{
  static const struct
  {
    const char *function;
    const char *line;
  } expected[] = {
    { "entry_weak", "chosen (1) * 1000000" },
    { "chosen", "return x + 2;" },
    { "chosen_here", "return x + 100;" },
    { "first_of_two", "return x + 1;" },
  };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  const EbpfCode *code;
  EbpfBtf *btf;

  bytes = link_objects (&error, "link-a.bpf.o", "link-b.bpf.o", NULL);
  g_assert_no_error (error);
  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);

  code = ebpf_program_spec_peek_code (ebpf_collection_spec_get_program (spec, "entry_weak"));
  btf = ebpf_collection_spec_get_btf (spec);
  g_assert_cmpuint (code->func_infos->len, ==, G_N_ELEMENTS (expected));

  for (guint i = 0; i < code->func_infos->len; i++)
    {
      const EbpfFuncInfo *info = &g_array_index (code->func_infos, EbpfFuncInfo, i);
      guint end = i + 1 < code->func_infos->len ? info[1].insn : code->insns->len;
      gboolean found = FALSE;

      g_assert_cmpstr (type_name (btf, info->type_id), ==, expected[i].function);
      for (guint j = 0; j < code->line_infos->len; j++)
        {
          const EbpfLineInfo *line = &g_array_index (code->line_infos, EbpfLineInfo, j);

          if (line->insn >= info->insn && line->insn < end &&
              strstr (ebpf_btf_peek_name (btf, line->line_off), expected[i].line) != NULL)
            found = TRUE;
        }
      g_assert_true (found);
    }
}

/* What the kernel keeps of a program's source: its functions and lines, by instruction. */
static char *
describe_in_kernel (EbpfProgram *program)
{
  GString *text = g_string_new (NULL);
  g_autofree EbpfFuncInfo *funcs = NULL;
  g_autofree EbpfLineInfo *lines = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GError) error = NULL;
  struct bpf_prog_info counts, info = { 0 };
  int fd = ebpf_program_peek_fd (program);
  EbpfSysInfo attr = { 0 };

  g_assert_cmpint (ebpf_sys_get_info (fd, &counts, sizeof counts), ==, 0);
  funcs = g_new0 (EbpfFuncInfo, MAX (counts.nr_func_info, 1));
  lines = g_new0 (EbpfLineInfo, MAX (counts.nr_line_info, 1));
  info.func_info_rec_size = sizeof *funcs;
  info.nr_func_info = counts.nr_func_info;
  info.func_info = EBPF_PTR_TO_U64 (funcs);
  info.line_info_rec_size = sizeof *lines;
  info.nr_line_info = counts.nr_line_info;
  info.line_info = EBPF_PTR_TO_U64 (lines);
  attr.bpf_fd = (guint32) fd;
  attr.info_len = sizeof info;
  attr.info = EBPF_PTR_TO_U64 (&info);
  g_assert_cmpint (ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &attr, sizeof attr), ==, 0);

  btf = ebpf_btf_new_from_id (info.btf_id, NULL, &error);
  g_assert_no_error (error);

  for (guint32 i = 0, next = 0; i < info.nr_line_info; i++)
    {
      /* Each function begins with a line. */
      if (next < info.nr_func_info && funcs[next].insn == lines[i].insn)
        g_string_append_printf (text, "%s:\n", type_name (btf, funcs[next++].type_id));
      g_string_append_printf (text, "  %u: %s:%u:%u: %s\n", lines[i].insn,
                              ebpf_btf_peek_name (btf, lines[i].file_name_off),
                              lines[i].line_col >> 10, lines[i].line_col & 0x3ff,
                              ebpf_btf_peek_name (btf, lines[i].line_off));
      if (i + 1 == info.nr_line_info)
        g_assert_cmpuint (next, ==, info.nr_func_info);
    }
  g_assert_cmpuint (info.nr_func_info, >, 0);
  g_assert_cmpuint (info.nr_line_info, >=, info.nr_func_info);

  return g_string_free (text, FALSE);
}

/* Records are moved with their functions: to the kernel, a program that was linked with others has
 * the source that it has alone. */
static void
test_kernel_records (void)
{
  static const char *const objects[] = { "subprograms.bpf.o", "callbacks.bpf.o", "link-copy.bpf.o",
                                         "stacks.bpf.o", "links.bpf.o" };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfCollectionSpec) linked_spec = NULL;
  g_autoptr (EbpfCollection) linked = NULL;
  g_autoptr (GError) error = NULL;
  guint n_programs = 0, n_subprograms = 0;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 17))
    return;

  bytes = link_objects (&error, objects[0], objects[1], objects[2], objects[3], objects[4], NULL);
  g_assert_no_error (error);
  linked_spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  linked = ebpf_collection_new (linked_spec);
  ebpf_collection_load (linked, NULL, NULL, &error);
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autofree char *path = ebpf_test_object (objects[i]);
      g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);
      g_autoptr (EbpfCollection) alone = NULL;
      g_autoptr (GPtrArray) programs = NULL;

      g_assert_no_error (error);
      alone = ebpf_collection_new (spec);
      ebpf_collection_load (alone, NULL, NULL, &error);
      g_assert_no_error (error);
      programs = ebpf_collection_list_programs (alone);
      g_assert_cmpuint (programs->len, >, 0);

      for (guint j = 0; j < programs->len; j++)
        {
          EbpfProgram *program = g_ptr_array_index (programs, j);
          EbpfProgram *same = ebpf_collection_get_program (linked, ebpf_program_get_name (program));
          g_autofree char *expected = describe_in_kernel (program);
          g_autofree char *text = NULL;

          g_assert_nonnull (same);
          text = describe_in_kernel (same);
          g_assert_cmpstr (text, ==, expected);
          n_programs++;
          n_subprograms += strstr (text, "twice:\n") != NULL;
        }
    }

  g_assert_cmpuint (n_programs, >, 10);
  g_assert_cmpuint (n_subprograms, >, 4);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/linker/alone", test_alone);

  ebpf_test_add ("/linker/records", test_records);

  ebpf_test_add ("/linker/kernel-records", test_kernel_records);

  return g_test_run ();
}
