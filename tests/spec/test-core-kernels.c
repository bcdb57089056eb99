/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One object against two kernels that are not the running one: every instruction that comes of it is
 * compared with what follows from their types as another tool shows them (tests/data/README.md). */

#include "asm/ebpf-insn-private.h"
#include "btf/ebpf-core-spec-private.h"
#include "ebpf-test.h"
#include "elf/ebpf-elf.h"
#include "spec/ebpf-btf-minimize.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-program-spec-private.h"

#include <string.h>

static const char *const kernels[] = { "5.10", "6.1" };

static EbpfBtf *
open_kernel (const char *version)
{
  g_autofree char *name = g_strdup_printf ("core-linux-%s.btf", version);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_new_from_path (path, NULL, &error);

  g_assert_no_error (error);
  return btf;
}

/* As on a machine of the other byte order: the same places, but for the bits of bitfields, which count
 * from the other end there. */
static EbpfBtf *
open_foreign_kernel (const char *version)
{
  g_autoptr (EbpfBtf) kernel = open_kernel (version);
  g_autoptr (GBytes) bytes = ebpf_btf_encode (kernel, EBPF_BYTE_ORDER_BIG_ENDIAN);
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (ebpf_btf_get_byte_order (btf), ==, EBPF_BYTE_ORDER_BIG_ENDIAN);
  return btf;
}

/* clang 14 compiles what should be a match into a question for existence. */
static EbpfCollectionSpec *
open_object (void)
{
  static const char *const names[] = { "list_head___matching", "list_head___unlike" };
  g_autofree char *path = ebpf_test_object ("core.bpf.o");
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("core.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_path (path, NULL, &error);
  EbpfCollectionSpec *spec;

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      guint id = ebpf_btf_find (btf, names[i], EBPF_BTF_KIND_STRUCT, &error);
      GBytes *changed;

      g_assert_no_error (error);
      changed =
          ebpf_test_change_relocation (bytes, id, EBPF_CORE_TYPE_EXISTS, EBPF_CORE_TYPE_MATCHES);
      g_bytes_unref (bytes);
      bytes = changed;
    }

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  return spec;
}

/* relocation -> what the column of the kernel says. */
static GHashTable *
read_expectations (guint column)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "core-linux.tsv", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; lines[i] != NULL && lines[i][0] != '\0'; i++)
    {
      g_auto (GStrv) cells = g_strsplit (lines[i], "\t", -1);

      g_assert_cmpuint (g_strv_length (cells), ==, 1 + G_N_ELEMENTS (kernels));
      g_hash_table_insert (table, g_strdup (cells[0]), g_strdup (cells[1 + column]));
    }

  return table;
}

/* Writes the eight or sixteen bytes that are to be there: not by what is tested. */
static void
write_expected (guint8 *bytes, const char *value)
{
  static const guint8 poisoned_call[8] = { 0x85, 0, 0, 0, 0x10, 0x23, 0xad, 0x0b };
  static const guint8 poisoned_load[16] = { 0x18, 0x0a, 0, 0, 0x10, 0x23, 0xad, 0x0b };
  guint class = bytes[0] & 7;
  guint64 number;

  if (strcmp (value, "poison") == 0)
    {
      if (bytes[0] == 0x18)
        memcpy (bytes, poisoned_load, 16);
      else
        memcpy (bytes, poisoned_call, 8);
      return;
    }

  number = GUINT64_TO_LE (g_ascii_strtoull (value, NULL, 10));
  if (bytes[0] == 0x18)
    {
      memcpy (bytes + 4, &number, 4);
      memcpy (bytes + 12, (const guint8 *) &number + 4, 4);
    }
  else if (class == 1 || class == 2 || class == 3)
    {
      memcpy (bytes + 2, &number, 2);
    }
  else
    {
      memcpy (bytes + 4, &number, 4);
    }
}

static void
check_program (EbpfCollectionSpec *spec,
               EbpfProgramSpec *program,
               EbpfBtf *kernel,
               GHashTable *expectations,
               guint32 *kinds)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (program);
  gsize size = code->insns->len * sizeof (EbpfInsn);
  g_autofree EbpfInsn *insns = g_memdup2 (code->insns->data, size);
  g_autofree guint8 *expected = g_memdup2 (code->insns->data, size);
  EbpfBtf *local = ebpf_collection_spec_get_btf (spec);
  g_autoptr (GPtrArray) targets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (EbpfCoreCache) cache = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (targets, g_object_ref (kernel));
  cache = ebpf_core_cache_new (local, targets);
  g_assert_true (ebpf_core_relocate (cache, insns, code->insns->len,
                                     (gconstpointer) code->core_relos->data, code->core_relos->len,
                                     &error));
  g_assert_no_error (error);

  for (guint i = 0; i < code->core_relos->len; i++)
    {
      const EbpfCoreRelo *relo = &g_array_index (code->core_relos, EbpfCoreRelo, i);
      g_autofree char *what = ebpf_core_relo_describe (local, relo);
      g_autofree char *id = g_strdup_printf ("%u", relo->type_id);
      const char *value = g_hash_table_lookup (expectations, what);

      *kinds |= 1u << relo->kind;
      /* The object's own number. */
      if (relo->kind == EBPF_CORE_TYPE_ID_LOCAL)
        value = id;
      if (value == NULL)
        g_error ("nothing is expected of the %s, which became offset %d, immediate %d", what,
                 insns[relo->insn].off, insns[relo->insn].imm);
      write_expected (expected + relo->insn * sizeof (EbpfInsn), value);
    }

  for (guint i = 0; i < code->insns->len; i++)
    if (memcmp (&insns[i], expected + i * sizeof *insns, sizeof *insns) != 0)
      {
        g_test_message ("program %s, instruction %u: offset %d, immediate %d",
                        ebpf_program_spec_get_name (program), i, insns[i].off, insns[i].imm);
        g_test_fail ();
      }
  g_assert_cmpmem (insns, size, expected, size);
}

static void
test_kernel (gconstpointer data)
{
  guint column = GPOINTER_TO_UINT (data);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfBtf) kernel = open_kernel (kernels[column]);
  g_autoptr (GHashTable) expectations = read_expectations (column);
  GPtrArray *programs;
  guint32 kinds = 0;

  if (G_BYTE_ORDER != G_LITTLE_ENDIAN)
    {
      g_test_skip ("the kernels are of little byte order");
      return;
    }

  spec = open_object ();
  programs = ebpf_collection_spec_peek_programs (spec);
  g_assert_cmpuint (programs->len, ==, 2);
  for (guint i = 0; i < programs->len; i++)
    check_program (spec, g_ptr_array_index (programs, i), kernel, expectations, &kinds);

  /* All kinds there are. */
  g_assert_cmphex (kinds, ==, (1u << EBPF_CORE_N_KINDS) - 1);
}

/* An object for machines of the other byte order, against such kernels. Its matches stay questions for
 * existence, as clang 14 compiles them. */
static void
test_foreign (gconstpointer data)
{
  static const struct
  {
    const char *relocation, *value;
  } others[] = {
    /* The first and the third of the 32 bits that are loaded. */
    { "left shift of struct task_struct___here.sched_reset_on_fork", "32" },
    { "left shift of struct task_struct___here.sched_migrated", "34" },
    { "existence of struct list_head___matching", "1" },
    { "existence of struct list_head___unlike", "1" },
  };
  guint column = GPOINTER_TO_UINT (data);
  g_autofree char *path = ebpf_test_object ("core.be.bpf.o");
  g_autoptr (EbpfBtf) kernel = open_foreign_kernel (kernels[column]);
  g_autoptr (GHashTable) expectations = read_expectations (column);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);
  GPtrArray *programs;
  guint32 kinds = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_hash_table_insert (expectations, g_strdup (others[i].relocation), g_strdup (others[i].value));

  programs = ebpf_collection_spec_peek_programs (spec);
  g_assert_cmpuint (programs->len, ==, 2);
  for (guint i = 0; i < programs->len; i++)
    check_program (spec, g_ptr_array_index (programs, i), kernel, expectations, &kinds);
  g_assert_cmphex (kinds, ==, ((1u << EBPF_CORE_N_KINDS) - 1) & ~(1u << EBPF_CORE_TYPE_MATCHES));
}

/* The small files have nothing that the object does not need. */
static void
test_small (gconstpointer data)
{
  g_autoptr (EbpfBtf) kernel = open_kernel (kernels[GPOINTER_TO_UINT (data)]);
  g_autofree char *path = ebpf_test_object ("core.bpf.o");
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) again = NULL;
  g_autoptr (GBytes) bytes = ebpf_btf_get_bytes (kernel);
  g_autoptr (GBytes) bytes_again = NULL;

  g_ptr_array_add (specs, ebpf_collection_spec_new_from_path (path, &error));
  g_assert_no_error (error);
  again = ebpf_btf_minimize (kernel, specs, &error);
  g_assert_no_error (error);
  bytes_again = ebpf_btf_get_bytes (again);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                   g_bytes_get_data (bytes_again, NULL), g_bytes_get_size (bytes_again));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
    {
      g_autofree char *path = g_strdup_printf ("/spec/core-kernels/linux-%s", kernels[i]);
      g_autofree char *foreign = g_strdup_printf ("/spec/core-kernels/big-endian-%s", kernels[i]);
      g_autofree char *small = g_strdup_printf ("/spec/core-kernels/small-%s", kernels[i]);

      ebpf_test_add_data (path, GUINT_TO_POINTER (i), test_kernel);
      ebpf_test_add_data (foreign, GUINT_TO_POINTER (i), test_foreign);
      ebpf_test_add_data (small, GUINT_TO_POINTER (i), test_small);
    }

  return g_test_run ();
}
