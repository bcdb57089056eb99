/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-btf-minimize.h"

#include "base/ebpf-error.h"
#include "btf/ebpf-btf-builder.h"
#include "btf/ebpf-core-spec-private.h"
#include "ebpf-test.h"
#include "elf/ebpf-elf.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-program-spec-private.h"

#include <string.h>

static EbpfCollectionSpec *
open_object (const char *name)
{
  g_autofree char *path = ebpf_test_object (name);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return spec;
}

static GPtrArray *
list_of (gpointer first)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (list, g_object_ref (first));
  return list;
}

static EbpfInsn *
relocate (EbpfCollectionSpec *spec, EbpfProgramSpec *program, EbpfBtf *kernel, GError **error)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (program);
  g_autoptr (GPtrArray) targets = list_of (kernel);
  g_autoptr (EbpfCoreCache) cache =
      ebpf_core_cache_new (ebpf_collection_spec_get_btf (spec), targets);
  g_autofree EbpfInsn *insns = g_memdup2 (code->insns->data, code->insns->len * sizeof (EbpfInsn));

  if (!ebpf_core_relocate (cache, insns, code->insns->len, (gconstpointer) code->core_relos->data,
                           code->core_relos->len, error))
    return NULL;

  /* Numbers of types are of the one or the other. */
  for (guint i = 0; i < code->core_relos->len; i++)
    {
      const EbpfCoreRelo *relo = &g_array_index (code->core_relos, EbpfCoreRelo, i);

      if (relo->kind == EBPF_CORE_TYPE_ID_TARGET && insns[relo->insn].dst != BPF_REG_10)
        insns[relo->insn].imm = -1;
    }

  return g_steal_pointer (&insns);
}

/* Instructions are the same, to the byte, or the error is. */
static guint
compare (EbpfCollectionSpec *spec, EbpfBtf *all, EbpfBtf *small)
{
  GPtrArray *programs = ebpf_collection_spec_peek_programs (spec);
  guint n = 0;

  for (guint i = 0; i < programs->len; i++)
    {
      EbpfProgramSpec *program = g_ptr_array_index (programs, i);
      const EbpfCode *code = ebpf_program_spec_peek_code (program);
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) small_error = NULL;
      g_autofree EbpfInsn *insns = NULL;
      g_autofree EbpfInsn *small_insns = NULL;

      if (code->core_relos->len == 0)
        continue;
      insns = relocate (spec, program, all, &error);
      small_insns = relocate (spec, program, small, &small_error);
      if (error != NULL)
        {
          g_assert_nonnull (small_error);
          g_assert_cmpint (error->code, ==, small_error->code);
          continue;
        }
      g_assert_no_error (small_error);
      g_assert_cmpmem (insns, code->insns->len * sizeof *insns, small_insns,
                       code->insns->len * sizeof *insns);
      n += code->core_relos->len;
    }

  return n;
}

/* Against the running kernel, every object of the tests for itself and all of them at once. */
static void
test_objects (void)
{
  g_autofree char *some = ebpf_test_object ("core.bpf.o");
  g_autofree char *folder = g_path_get_dirname (some);
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (&error);
  g_autoptr (EbpfBtf) together = NULL;
  const char *name;
  guint n = 0;

  if (kernel == NULL)
    {
      g_test_skip (error->message);
      return;
    }

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      EbpfCollectionSpec *spec;

      if (!g_str_has_suffix (name, ".bpf.o") || g_str_has_suffix (name, ".be.bpf.o"))
        continue;
      spec = ebpf_collection_spec_new_from_path (path, NULL);
      if (spec != NULL)
        g_ptr_array_add (specs, spec);
    }
  g_assert_cmpuint (specs->len, >, 20);

  together = ebpf_btf_minimize (kernel, specs, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < specs->len; i++)
    {
      g_autoptr (GPtrArray) one = list_of (g_ptr_array_index (specs, i));
      g_autoptr (EbpfBtf) alone = ebpf_btf_minimize (kernel, one, &error);

      g_assert_no_error (error);
      n += compare (g_ptr_array_index (specs, i), kernel, together);
      compare (g_ptr_array_index (specs, i), kernel, alone);
      g_assert_cmpuint (ebpf_btf_get_n_types (alone), <=, ebpf_btf_get_n_types (together));
    }

  g_test_message ("%u relocations of %u objects need %u of %u types", n, specs->len,
                  ebpf_btf_get_n_types (together), ebpf_btf_get_n_types (kernel));
  g_assert_cmpuint (n, >, 30);
  g_assert_cmpuint (ebpf_btf_get_n_types (together), <, 200);
  ebpf_btf_drop_kernel ();
}

/* An object without relocations needs nothing. */
static void
test_nothing (void)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object ("minimal.bpf.o");
  g_autoptr (GPtrArray) specs = list_of (spec);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) empty = NULL;

  btf = ebpf_btf_minimize (ebpf_collection_spec_get_btf (spec), specs, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (btf), ==, 1);

  empty = ebpf_btf_minimize (ebpf_collection_spec_get_btf (spec), none, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (empty), ==, 1);
}

static void
test_refusals (void)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object ("core.bpf.o");
  g_autoptr (GPtrArray) specs = list_of (spec);
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) split_builder = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtf) kernel = ebpf_btf_builder_build (builder, &error);
  g_autoptr (EbpfBtf) split = NULL;
  g_autoptr (EbpfBtf) big = NULL;

  split_builder = ebpf_btf_builder_new_split (kernel);
  split = ebpf_btf_builder_build (split_builder, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_btf_minimize (split, specs, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  bytes = ebpf_btf_encode (kernel, EBPF_BYTE_ORDER_BIG_ENDIAN);
  big = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_btf_minimize (big, specs, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BYTE_ORDER, "*core.bpf.o*");
}

/* A kernel in which a name is there twice, and one type with a flavour: the choice is the same. */
static EbpfBtf *
make_kernel (gboolean ambiguous)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf;
  guint integer =
      ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  guint character =
      ebpf_btf_builder_add_int (builder, "char", 1, EBPF_BTF_INT_ENCODING_CHAR, &error);
  guint array = ebpf_btf_builder_add_array (builder, character, integer, 16, &error);
  guint unsigned_int =
      ebpf_btf_builder_add_int (builder, "unsigned int", 4, EBPF_BTF_INT_ENCODING_UNSIGNED, &error);
  guint pointer = ebpf_btf_builder_get_n_types (builder) + 2;

  for (guint i = 0; i < 2; i++)
    {
      ebpf_btf_builder_add_struct (builder, i == 0 ? "task_struct" : "task_struct___other", 64,
                                   &error);
      ebpf_btf_builder_add_member (builder, "unrelated", integer, 0, 0, &error);
      if (i == 0 || ambiguous)
        {
          ebpf_btf_builder_add_member (builder, "comm", array, i * 64 + 32, 0, &error);
          ebpf_btf_builder_add_member (builder, "group_leader", pointer, 256, 0, &error);
          ebpf_btf_builder_add_member (builder, "tgid", integer, 320, 0, &error);
        }
      ebpf_btf_builder_add_member (builder, "sched_reset_on_fork", unsigned_int, 352, 1, &error);
    }
  ebpf_btf_builder_add_pointer (builder, pointer - 2, &error);
  g_assert_no_error (error);

  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  return btf;
}

static void
test_choice (void)
{
  g_autoptr (EbpfCollectionSpec) spec = open_object ("core.bpf.o");
  g_autoptr (GPtrArray) specs = list_of (spec);

  for (guint ambiguous = 0; ambiguous < 2; ambiguous++)
    {
      g_autoptr (EbpfBtf) kernel = make_kernel (ambiguous);
      g_autoptr (GError) error = NULL;
      g_autoptr (EbpfBtf) small = ebpf_btf_minimize (kernel, specs, &error);
      g_autoptr (EbpfBtfType) task = NULL;
      guint n;

      g_assert_no_error (error);
      n = compare (spec, kernel, small);
      if (ambiguous)
        g_assert_cmpuint (n, ==, 0);
      else
        g_assert_cmpuint (n, >, 0);

      task = ebpf_btf_find_type (small, "task_struct", EBPF_BTF_KIND_STRUCT, &error);
      g_assert_no_error (error);
      g_assert_cmpint (ebpf_btf_type_get_size (task), ==, 64);
      g_assert_cmpuint (ebpf_btf_type_get_n_members (task), ==, 4);
      g_assert_cmpuint (ebpf_btf_find (small, "task_struct___other", EBPF_BTF_KIND_STRUCT, &error),
                        !=, 0);
    }
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/spec/btf-minimize/objects", test_objects);
  ebpf_test_add ("/spec/btf-minimize/nothing", test_nothing);
  ebpf_test_add ("/spec/btf-minimize/choice", test_choice);
  ebpf_test_add ("/spec/btf-minimize/refusals", test_refusals);

  return g_test_run ();
}
