/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-program-spec-private.h"

#include <ebpf.h>

#include "ebpf-test.h"

static EbpfCollectionSpec *
open_object (gconstpointer byte_order, const char *name)
{
  g_autofree char *file = g_strdup_printf (
      "%s%s.bpf.o", name, GPOINTER_TO_INT (byte_order) == EBPF_BYTE_ORDER_BIG_ENDIAN ? ".be" : "");
  g_autofree char *path = ebpf_test_object (file);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);

  return spec;
}

static const EbpfCode *
get_code (EbpfCollectionSpec *spec, const char *program)
{
  EbpfProgramSpec *self = ebpf_collection_spec_get_program (spec, program);

  g_assert_nonnull (self);
  return ebpf_program_spec_peek_code (self);
}

static const EbpfInsn *
nth_insn (const EbpfCode *code, guint n)
{
  g_assert_cmpuint (n, <, code->insns->len);
  return &g_array_index (code->insns, EbpfInsn, n);
}

/* The name of the function that starts at this instruction of the program, by its function
 * records. */
static const char *
function_at (EbpfCollectionSpec *spec, const EbpfCode *code, gint64 insn)
{
  EbpfBtf *btf = ebpf_collection_spec_get_btf (spec);

  for (guint i = 0; i < code->func_infos->len; i++)
    {
      const EbpfFuncInfo *info = &g_array_index (code->func_infos, EbpfFuncInfo, i);

      if (info->insn == insn)
        return ebpf_btf_name_of (btf, ebpf_btf_peek (btf, info->type_id));
    }

  return NULL;
}

/* Of whatever code: tables sorted and inside of it, every call to the start of a function, each
 * function there once. */
/* An arena has as many bytes as its variables, at least. */
static guint
size_of_map (EbpfMapSpec *map)
{
  if (ebpf_map_spec_get_map_type (map) == EBPF_MAP_TYPE_ARENA)
    return (guint) g_bytes_get_size (ebpf_map_spec_get_content_value (map, 0));

  return ebpf_map_spec_get_value_size (map);
}

static void
check_code (EbpfCollectionSpec *spec, const EbpfCode *code)
{
  g_autoptr (GHashTable) functions = g_hash_table_new (g_str_hash, g_str_equal);
  guint last = 0;

  g_assert_cmpuint (code->insns->len, >, 0);
  g_assert_cmpuint (code->func_infos->len, >, 0);
  g_assert_cmpuint (g_array_index (code->func_infos, EbpfFuncInfo, 0).insn, ==, 0);

  for (guint i = 0; i < code->func_infos->len; i++)
    {
      guint insn = g_array_index (code->func_infos, EbpfFuncInfo, i).insn;

      g_assert_cmpuint (insn, <, code->insns->len);
      g_assert_true (i == 0 || insn > last);
      last = insn;
      g_assert_true (g_hash_table_add (functions, (gpointer) function_at (spec, code, insn)));

      /* Each but the first starts behind the end of another. */
      if (insn > 0)
        g_assert_cmpuint (nth_insn (code, insn - 1)->code, ==, EBPF_OP_EXIT);
    }

  for (guint i = 0; i < code->line_infos->len; i++)
    {
      guint insn = g_array_index (code->line_infos, EbpfLineInfo, i).insn;

      g_assert_cmpuint (insn, <, code->insns->len);
      g_assert_true (i == 0 || insn > last);
      last = insn;
    }

  for (guint i = 0; i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);
      const EbpfInsn *insn = nth_insn (code, reloc->insn);

      g_assert_true (i == 0 || reloc->insn > last);
      last = reloc->insn;

      switch (reloc->kind)
        {
        case EBPF_RELOC_MAP:
          g_assert_true (ebpf_insn_is_ldimm64 (insn));
          g_assert_cmpuint (insn->src, ==, EBPF_PSEUDO_MAP_FD);
          g_assert_nonnull (ebpf_collection_spec_get_map (spec, reloc->symbol));
          break;

        case EBPF_RELOC_MAP_VALUE:
          g_assert_true (ebpf_insn_is_ldimm64 (insn));
          g_assert_cmpuint (insn->src, ==, EBPF_PSEUDO_MAP_VALUE);
          g_assert_cmpint (insn[0].imm, ==, 0);
          g_assert_cmpint (insn[1].imm, ==, reloc->addend);
          g_assert_cmpint (reloc->addend, <,
                           size_of_map (ebpf_collection_spec_get_map (spec, reloc->symbol)));
          break;

        case EBPF_RELOC_JUMP_TABLE:
          g_assert_true (ebpf_insn_is_ldimm64 (insn));
          g_assert_cmpuint (insn->src, ==, EBPF_PSEUDO_MAP_VALUE);
          g_assert_cmpint (reloc->addend, <, code->jump_tables->len);
          break;

        case EBPF_RELOC_KSYM:
          g_assert_true (ebpf_insn_is_ldimm64 (insn));
          g_assert_cmpuint (reloc->btf_id, !=, 0);
          break;

        case EBPF_RELOC_KFUNC:
          g_assert_cmpuint (insn->code, ==, EBPF_OP_CALL);
          g_assert_cmpuint (reloc->btf_id, !=, 0);
          break;

        case EBPF_RELOC_OTHER:
          g_assert_true (ebpf_insn_is_ldimm64 (insn) || insn->code == EBPF_OP_CALL);
          g_assert_cmpuint (reloc->btf_id, ==, 0);
          break;

        default:
          g_assert_not_reached ();
        }
    }

  for (guint i = 0, r = 0; i < code->insns->len; i++)
    {
      const EbpfInsn *insn = nth_insn (code, i);

      while (r < code->relocs->len && g_array_index (code->relocs, EbpfReloc, r).insn < i)
        r++;

      if (r < code->relocs->len && g_array_index (code->relocs, EbpfReloc, r).insn == i)
        ;
      else if (ebpf_insn_is_call (insn) ||
               (ebpf_insn_is_ldimm64 (insn) && insn->src == EBPF_PSEUDO_FUNC))
        g_assert_nonnull (function_at (spec, code, (gint64) i + 1 + insn->imm));

      if (ebpf_insn_is_ldimm64 (insn))
        i++;
    }
}

static void
test_all_objects (void)
{
  const char *folder = g_getenv ("EBPF_TEST_OBJECTS");
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n_programs = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (EbpfCollectionSpec) spec = NULL;
      g_autoptr (GError) error = NULL;
      GPtrArray *programs;

      /* Those alone have something missing. */
      if (!g_str_has_suffix (name, ".bpf.o") || g_str_has_prefix (name, "link-"))
        continue;

      g_test_message ("%s", name);
      spec = ebpf_collection_spec_new_from_path (path, &error);
      if (g_str_has_prefix (name, "limit"))
        {
          g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
          continue;
        }

      g_assert_no_error (error);
      programs = ebpf_collection_spec_peek_programs (spec);
      for (guint i = 0; i < programs->len; i++)
        {
          check_code (spec, ebpf_program_spec_peek_code (g_ptr_array_index (programs, i)));
          n_programs++;
        }
    }

  g_assert_cmpuint (n_programs, >, 20);
}

/* Follows the call at instruction @n. */
static const char *
callee (EbpfCollectionSpec *spec, const EbpfCode *code, guint n)
{
  const EbpfInsn *insn = nth_insn (code, n);

  g_assert_true (ebpf_insn_is_call (insn) ||
                 (ebpf_insn_is_ldimm64 (insn) && insn->src == EBPF_PSEUDO_FUNC));

  return function_at (spec, code, (gint64) n + 1 + insn->imm);
}

static void
test_subprograms (gconstpointer byte_order)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "subprograms");
  g_autoptr (GPtrArray) programs = ebpf_collection_spec_list_programs (spec);
  const EbpfCode *code;

  /* What is in .text is no program. */
  g_assert_cmpuint (programs->len, ==, 5);
  g_assert_null (ebpf_collection_spec_get_program (spec, "global_add"));
  g_assert_null (ebpf_collection_spec_get_program (spec, "twice"));

  code = get_code (spec, "entry_twice");
  g_assert_cmpuint (code->func_infos->len, ==, 2);
  g_assert_cmpstr (function_at (spec, code, 0), ==, "entry_twice");
  g_assert_cmpstr (callee (spec, code, 1), ==, "twice");
  g_assert_cmpuint (code->insns->len, ==, 3 + 7);

  /* Called by relocation, and within .text by an immediate; there once. */
  code = get_code (spec, "entry_chain");
  g_assert_cmpuint (code->func_infos->len, ==, 4);
  g_assert_cmpstr (callee (spec, code, 1), ==, "twice");
  g_assert_cmpstr (callee (spec, code, 3), ==, "twice_plus_one");
  g_assert_cmpuint (code->insns->len, ==, 5 + 7 + 10 + 7);

  code = get_code (spec, "entry_all");
  g_assert_cmpuint (code->func_infos->len, ==, 5);
  g_assert_cmpstr (callee (spec, code, 1), ==, "twice_plus_one");
  g_assert_cmpstr (callee (spec, code, 3), ==, "weak_seven");
  g_assert_cmpstr (callee (spec, code, 6), ==, "global_add");
  g_assert_cmpuint (code->relocs->len, ==, 3);

  code = get_code (spec, "entry_none");
  g_assert_cmpuint (code->func_infos->len, ==, 1);
  g_assert_cmpuint (code->insns->len, ==, 2);
  g_assert_cmpuint (nth_insn (code, 0)->code, ==, BPF_ALU | BPF_MOV | BPF_K);
  g_assert_cmpint (nth_insn (code, 0)->imm, ==, 5);
  g_assert_cmpuint (nth_insn (code, 1)->code, ==, EBPF_OP_EXIT);
}

/* A hidden function is static to the verifier, a global one is not. */
static void
test_hidden (gconstpointer byte_order)
{
  static const struct
  {
    const char *name;
    guint linkage;
  } expected[] = {
    { "hidden_read", BTF_FUNC_STATIC },
    { "twice", BTF_FUNC_STATIC },
    { "global_add", BTF_FUNC_GLOBAL },
    { "entry_hidden", BTF_FUNC_GLOBAL },
  };
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "subprograms");
  EbpfBtf *btf = ebpf_collection_spec_get_btf (spec);

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      guint32 id = ebpf_btf_lookup (btf, expected[i].name, BTF_KIND_FUNC);

      g_test_message ("%s", expected[i].name);
      g_assert_cmpuint (id, !=, 0);
      g_assert_cmpuint (ebpf_btf_vlen_of (ebpf_btf_peek (btf, id)), ==, expected[i].linkage);
    }
}

static void
test_callbacks (gconstpointer byte_order)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "callbacks");
  const EbpfCode *code = get_code (spec, "sum_elements");
  g_autoptr (GPtrArray) targets = g_ptr_array_new ();

  for (guint i = 0; i < code->insns->len; i++)
    if (ebpf_insn_is_ldimm64 (nth_insn (code, i)))
      {
        if (nth_insn (code, i)->src == EBPF_PSEUDO_FUNC)
          g_ptr_array_add (targets, (gpointer) callee (spec, code, i));
        i++;
      }

  g_assert_cmpuint (targets->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (targets, 0), ==, "add_element");
  g_assert_cmpstr (g_ptr_array_index (targets, 1), ==, "add_index");

  /* The program, two callbacks, and what one of them calls. */
  g_assert_cmpuint (code->func_infos->len, ==, 4);
  g_assert_cmpuint (get_code (spec, "sum_indices")->func_infos->len, ==, 2);
}

/* The verifier finds it by the tag; what it calls has to be there, too. */
static void
test_exception_callback (void)
{
  g_autoptr (EbpfCollectionSpec) spec =
      open_object (GINT_TO_POINTER (EBPF_BYTE_ORDER_LITTLE_ENDIAN), "exceptions");
  const EbpfCode *code = get_code (spec, "throws");

  g_assert_cmpuint (code->func_infos->len, ==, 4);
  g_assert_cmpstr (function_at (spec, code, 0), ==, "throws");
  g_assert_cmpstr (callee (spec, code, 1), ==, "check");
  g_assert_cmpstr (function_at (spec, code, g_array_index (code->func_infos, EbpfFuncInfo, 2).insn),
                   ==, "handle");
  g_assert_cmpstr (function_at (spec, code, g_array_index (code->func_infos, EbpfFuncInfo, 3).insn),
                   ==, "count");
}

static void
test_gnu (void)
{
  g_autoptr (EbpfCollectionSpec) spec =
      open_object (GINT_TO_POINTER (EBPF_BYTE_ORDER_LITTLE_ENDIAN), "gnu");
  const EbpfCode *code = get_code (spec, "prog");
  static const gint offsets[] = { 0, 8, 24 };

  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    g_assert_cmpint (nth_insn (code, 2 * i + 1)->imm, ==, offsets[i]);

  g_assert_cmpuint (code->relocs->len, ==, 5);
  g_assert_cmpstr (g_array_index (code->relocs, EbpfReloc, 3).symbol, ==, "one");
  g_assert_cmpstr (g_array_index (code->relocs, EbpfReloc, 4).symbol, ==, "two");
}

static void
test_programs (gconstpointer byte_order)
{
  static const struct
  {
    const char *name;
    const char *section;
    guint type;
    gint attach_type;
    guint flags;
    const char *attach_to;
    gboolean autoload;
    guint n_insns;
  } expected[] = {
    { "first", "xdp", 6, 37, 0, NULL, TRUE, 2 },
    { "second", "xdp", 6, 37, 0, NULL, TRUE, 5 },
    { "third", "xdp", 6, 37, 0, NULL, TRUE, 2 },
    { "on_cpu", "xdp.frags/cpumap", 6, 35, 1 << 5, NULL, TRUE, 2 },
    { "optional", "tp/sched/sched_process_exec", 5, -1, 0, "sched/sched_process_exec", FALSE, 2 },
    { "classify", "tc", 3, -1, 0, NULL, TRUE, 2 },
    { "called", "syscall", 31, -1, 1 << 4, NULL, TRUE, 2 },
    { "on_connect", "cgroup/connect4", 18, 10, 0, NULL, TRUE, 2 },
    { "unknown", "nobody_knows_this/one", 0, -1, 0, NULL, TRUE, 2 },
  };
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "sections");
  g_autoptr (GPtrArray) programs = ebpf_collection_spec_list_programs (spec);

  g_assert_cmpstr (ebpf_collection_spec_get_license (spec), ==, "GPL");
  g_assert_cmpuint (programs->len, ==, G_N_ELEMENTS (expected));

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      /* In the order of the file. */
      EbpfProgramSpec *program = g_ptr_array_index (programs, i);

      g_test_message ("%s", expected[i].name);
      g_assert_cmpstr (ebpf_program_spec_get_name (program), ==, expected[i].name);
      g_assert_cmpstr (ebpf_program_spec_get_section (program), ==, expected[i].section);
      g_assert_cmpuint (ebpf_program_spec_get_program_type (program), ==, expected[i].type);
      g_assert_cmpint (ebpf_program_spec_has_attach_type (program), ==,
                       expected[i].attach_type >= 0);
      if (expected[i].attach_type >= 0)
        g_assert_cmpint (ebpf_program_spec_get_attach_type (program), ==, expected[i].attach_type);
      g_assert_cmpuint (ebpf_program_spec_get_program_flags (program), ==, expected[i].flags);
      g_assert_cmpstr (ebpf_program_spec_get_attach_to (program), ==, expected[i].attach_to);
      g_assert_cmpint (ebpf_program_spec_get_autoload (program), ==, expected[i].autoload);
      g_assert_cmpuint (ebpf_program_spec_get_n_instructions (program), ==, expected[i].n_insns);
      g_assert_cmpstr (ebpf_program_spec_get_license (program), ==, "GPL");
      g_assert_cmpuint (ebpf_program_spec_get_kernel_version (program), ==, 0x060100);
      g_assert_cmpint (ebpf_program_spec_get_byte_order (program), ==,
                       GPOINTER_TO_INT (byte_order));
      g_assert_true (ebpf_program_spec_get_btf (program) == ebpf_collection_spec_get_btf (spec));
    }
}

static void
test_relocations (gconstpointer byte_order)
{
  static const struct
  {
    EbpfRelocKind kind;
    const char *symbol;
    gint64 addend;
    gboolean weak;
  } expected[] = {
    { EBPF_RELOC_KSYM, "no_such_variable", 0, TRUE },
    { EBPF_RELOC_KSYM, "no_such_symbol", 0, TRUE },
    { EBPF_RELOC_KSYM, "bpf_prog_active", 0, TRUE },
    { EBPF_RELOC_MAP_VALUE, ".kconfig", 0, FALSE },
    { EBPF_RELOC_MAP_VALUE, ".kconfig", 8, FALSE },
    { EBPF_RELOC_MAP_VALUE, ".kconfig", 16, TRUE },
    { EBPF_RELOC_MAP_VALUE, ".kconfig", 20, FALSE },
    { EBPF_RELOC_MAP_VALUE, ".kconfig", 21, TRUE },
    { EBPF_RELOC_MAP_VALUE, ".bss", 16, FALSE },
  };
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "externs");
  const EbpfCode *code = get_code (spec, "read_externs");

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      gboolean found = FALSE;

      for (guint r = 0; r < code->relocs->len; r++)
        {
          const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, r);

          found = found || (reloc->kind == expected[i].kind &&
                            g_str_equal (reloc->symbol, expected[i].symbol) &&
                            reloc->addend == expected[i].addend && reloc->weak == expected[i].weak);
        }

      g_test_message ("%s + %d", expected[i].symbol, (int) expected[i].addend);
      g_assert_true (found);
    }
}

/* Each table is one of the program's, and its targets are where the function is in the program. */
static void
test_jump_tables (gconstpointer byte_order)
{
  static const struct
  {
    const char *program;
    guint n_tables, n_relocs;
    guint targets[4];
  } expected[] = {
    { "nothing", 0, 0, { 0 } },
    { "jump", 1, 1, { 8, 10, 12, 8 } },
    { "jump_twice", 2, 3, { 9, 10, 9, 10 } },
    { "jump_below", 1, 1, { 3 + 8, 3 + 10, 3 + 12, 3 + 12 } },
    { "jump_below_again", 1, 1, { 0 } },
  };
  g_autoptr (EbpfCollectionSpec) spec = open_object (byte_order, "jumptables");

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      const EbpfCode *code = get_code (spec, expected[i].program);
      g_autoptr (EbpfCode) copy = ebpf_code_copy (code);
      const EbpfJumpTable *table;
      guint base;

      g_test_message ("%s", expected[i].program);
      g_assert_cmpuint (code->jump_tables->len, ==, expected[i].n_tables);
      g_assert_cmpuint (code->relocs->len, ==, expected[i].n_relocs);
      g_assert_cmpuint (copy->jump_tables->len, ==, expected[i].n_tables);
      if (expected[i].n_tables == 0)
        continue;

      table = &g_array_index (code->jump_tables, EbpfJumpTable, 0);
      g_assert_cmpuint (table->n_targets, ==, 4);
      g_assert_cmpmem (table->targets, 16,
                       g_array_index (copy->jump_tables, EbpfJumpTable, 0).targets, 16);
      if (expected[i].targets[0] != 0)
        for (guint k = 0; k < 4; k++)
          g_assert_cmpuint (table->targets[k], ==, expected[i].targets[k]);

      /* "r0 = …" is what is jumped to in these. */
      base = g_array_index (code->relocs, EbpfReloc, 0).insn;
      if (code->jump_tables->len == 1)
        for (guint k = 0; k < 4; k++)
          {
            g_assert_cmpuint (table->targets[k], >, base);
            g_assert_cmpuint (nth_insn (code, table->targets[k])->code, ==, 0xb7);
          }
    }

  /* One table for two of its jumps. */
  {
    const EbpfCode *code = get_code (spec, "jump_twice");

    g_assert_cmpint (g_array_index (code->relocs, EbpfReloc, 0).addend, ==, 0);
    g_assert_cmpint (g_array_index (code->relocs, EbpfReloc, 1).addend, ==, 1);
    g_assert_cmpint (g_array_index (code->relocs, EbpfReloc, 2).addend, ==, 0);
    g_assert_cmpstr (g_array_index (code->relocs, EbpfReloc, 2).symbol, ==, "BPF.JT.1.0");
  }
}

static void
test_kernel_functions (void)
{
  g_autoptr (EbpfCollectionSpec) spec =
      open_object (GINT_TO_POINTER (EBPF_BYTE_ORDER_LITTLE_ENDIAN), "kfuncs");
  const EbpfCode *code = get_code (spec, "call");
  EbpfBtf *btf = ebpf_collection_spec_get_btf (spec);
  guint n_calls = 0, n_weak = 0, n_addresses = 0;

  for (guint i = 0; i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);

      if (reloc->kind != EBPF_RELOC_KFUNC && reloc->kind != EBPF_RELOC_KSYM)
        continue;

      g_assert_cmpuint (ebpf_btf_kind_of (ebpf_btf_peek (btf, reloc->btf_id)), ==, BTF_KIND_FUNC);
      g_assert_cmpstr (ebpf_btf_name_of (btf, ebpf_btf_peek (btf, reloc->btf_id)), ==,
                       reloc->symbol);
      n_calls += reloc->kind == EBPF_RELOC_KFUNC;
      n_addresses += reloc->kind == EBPF_RELOC_KSYM;
      n_weak += reloc->weak;
    }

  g_assert_cmpuint (n_calls, ==, 3);
  g_assert_cmpuint (n_addresses, ==, 1);
  g_assert_cmpuint (n_weak, ==, 2);
}

static void
test_records (void)
{
  g_autoptr (EbpfCollectionSpec) spec =
      open_object (GINT_TO_POINTER (EBPF_BYTE_ORDER_LITTLE_ENDIAN), "hooks");
  const EbpfCode *code = get_code (spec, "on_exec_btf");
  const EbpfCoreRelo *relo;
  EbpfBtf *btf = ebpf_collection_spec_get_btf (spec);

  g_assert_cmpuint (code->core_relos->len, ==, 1);
  relo = &g_array_index (code->core_relos, EbpfCoreRelo, 0);
  g_assert_cmpuint (relo->insn, <, code->insns->len);
  g_assert_cmpuint (BPF_CLASS (nth_insn (code, relo->insn)->code), ==, BPF_LDX);
  g_assert_cmpstr (ebpf_btf_name_of (btf, ebpf_btf_peek (btf, relo->type_id)), ==, "task_struct");
  g_assert_cmpstr (ebpf_btf_peek_name (btf, relo->access_str_off), ==, "0:1");

  /* Of a section with one program, and of none. */
  g_assert_cmpuint (get_code (spec, "on_exec")->core_relos->len, ==, 0);
  g_assert_cmpuint (get_code (spec, "on_exec")->line_infos->len, >, 0);
}

int
main (int argc, char **argv)
{
  gpointer little = GINT_TO_POINTER (EBPF_BYTE_ORDER_LITTLE_ENDIAN);
  gpointer big = GINT_TO_POINTER (EBPF_BYTE_ORDER_BIG_ENDIAN);

  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/elf/code/all-objects", test_all_objects);
  ebpf_test_add_data ("/elf/code/programs/little", little, test_programs);
  ebpf_test_add_data ("/elf/code/programs/big", big, test_programs);
  ebpf_test_add_data ("/elf/code/subprograms/little", little, test_subprograms);
  ebpf_test_add_data ("/elf/code/subprograms/big", big, test_subprograms);
  ebpf_test_add_data ("/elf/code/hidden/little", little, test_hidden);
  ebpf_test_add_data ("/elf/code/hidden/big", big, test_hidden);
  ebpf_test_add_data ("/elf/code/callbacks/little", little, test_callbacks);
  ebpf_test_add_data ("/elf/code/callbacks/big", big, test_callbacks);
  ebpf_test_add ("/elf/code/gnu", test_gnu);
  ebpf_test_add ("/elf/code/exception-callback", test_exception_callback);
  ebpf_test_add_data ("/elf/code/relocations/little", little, test_relocations);
  ebpf_test_add_data ("/elf/code/relocations/big", big, test_relocations);
  ebpf_test_add_data ("/elf/code/jump-tables/little", little, test_jump_tables);
  ebpf_test_add_data ("/elf/code/jump-tables/big", big, test_jump_tables);
  ebpf_test_add ("/elf/code/kernel-functions", test_kernel_functions);
  ebpf_test_add ("/elf/code/records", test_records);

  return g_test_run ();
}
