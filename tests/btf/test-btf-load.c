/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

#include "ebpf-test-btf.h"
#include "ebpf-test.h"
#include "sys/ebpf-sys-private.h"

#include <string.h>
#include <unistd.h>

static EbpfBtf *
parse (TestBtf *builder)
{
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);

  g_assert_no_error (error);
  return btf;
}

static void
assert_loads (EbpfBtf *btf)
{
  g_autoptr (GError) error = NULL;
  int fd = ebpf_btf_load_into_kernel (btf, &error);

  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 3);
  close (fd);
}

/* Every kind there is, and what only objects have. */
static EbpfBtf *
make_object (void)
{
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  guint32 integer = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  guint32 proto, unnamed, var, tagged, other, kfunc, ksym, kconfig, dotted, section;

  test_btf_int (b, "signed char", 1, TEST_BTF_SIGNED | BTF_INT_CHAR);
  test_btf_float (b, "double", 8);
  test_btf_enum64 (b, "wide", 8, TRUE);
  test_btf_value (b, "LOW", G_MININT64);
  test_btf_enum (b, "narrow", 4, TRUE);
  test_btf_value (b, "MINUS", -1);
  tagged = test_btf_type_tag (b, "user", integer);
  test_btf_ptr (b, tagged);
  other = test_btf_struct (b, "Option<u32>", 4);
  test_btf_member (b, "0", integer, 0);
  test_btf_decl_tag (b, "tag me", other, -1);
  proto = test_btf_func_proto (b, integer);
  test_btf_param (b, "ctx", integer);
  unnamed = test_btf_func_proto (b, integer);
  test_btf_param (b, NULL, integer);
  test_btf_param (b, NULL, 0);
  test_btf_func (b, "entry", proto, BTF_FUNC_GLOBAL);
  test_btf_func (b, "", proto, BTF_FUNC_STATIC);
  test_btf_func (b, "local.llvm.4711", unnamed, BTF_FUNC_STATIC);
  kfunc = test_btf_func (b, "bpf_kfunc", unnamed, BTF_FUNC_EXTERN);
  ksym = test_btf_var (b, "ksym", test_btf_const (b, 0), BTF_VAR_GLOBAL_EXTERN);
  kconfig = test_btf_var (b, "CONFIG_HZ", integer, BTF_VAR_GLOBAL_EXTERN);
  var = test_btf_var (b, "counter", integer, BTF_VAR_GLOBAL_ALLOCATED);
  dotted = test_btf_var (b, "f.counter", integer, BTF_VAR_STATIC);
  test_btf_datasec (b, ".bss", 8);
  test_btf_section_var (b, var, 0, 4);
  test_btf_section_var (b, dotted, 4, 4);
  test_btf_datasec (b, ".ksyms", 0);
  test_btf_section_var (b, ksym, 0, 0);
  test_btf_section_var (b, kfunc, 0, 0);
  section = test_btf_datasec (b, ".kconfig", 0);
  test_btf_section_var (b, kconfig, 0, 4);
  test_btf_datasec (b, "?.struct_ops/odd", 0);
  test_btf_datasec (b, ".ksyms.other", 0);
  test_btf_section_var (b, kfunc, 0, 0);
  test_btf_datasec (b, "?.data/odd", 4);
  test_btf_section_var (b, var, 0, 4);
  test_btf_decl_tag (b, "late", var, -1);
  g_assert_cmpuint (section, >, 0);

  return parse (b);
}

/* What gcc writes and the kernel refuses: a number in a forward declaration, an array whose index has no
 * type. */
static void
test_gnu (void)
{
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) clean = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  gboolean features[EBPF_N_FEATURES];
  guint32 integer = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  guint32 array = test_btf_array (b, integer, 0, 0);
  guint32 fwd = test_btf_fwd (b, "sock", TRUE);
  const struct btf_array *checked;
  struct btf_type *type;

  test_btf_ptr (b, fwd);
  btf = parse (b);
  type = (struct btf_type *) ebpf_btf_peek (btf, fwd);
  type->type = 1;

  for (guint i = 0; i < EBPF_N_FEATURES; i++)
    features[i] = TRUE;
  bytes = ebpf_btf_sanitize (btf, features);
  clean = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_peek (clean, fwd)->type, ==, 0);
  g_assert_true (ebpf_btf_kflag_of (ebpf_btf_peek (clean, fwd)));
  checked = ebpf_btf_tail_of (ebpf_btf_peek (clean, array));
  g_assert_cmpuint (checked->index_type, !=, 0);
  g_assert_cmpuint (ebpf_btf_size_of (clean, checked->index_type), ==, 4);
  g_assert_cmpuint (checked->type, ==, integer);

  if (!ebpf_test_require_bpf ())
    return;
  assert_loads (btf);
}

static void
test_externs (void)
{
  g_autoptr (EbpfBtf) btf = make_object ();
  g_autoptr (EbpfBtf) clean = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  gboolean features[EBPF_N_FEATURES];
  const struct btf_type *type;
  const struct btf_var_secinfo *vars;
  guint i;

  for (i = 0; i < EBPF_N_FEATURES; i++)
    features[i] = TRUE;
  bytes = ebpf_btf_sanitize (btf, features);
  clean = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);

  /* Types keep their numbers, kinds and, where they can, names; an int is added. */
  g_assert_cmpuint (ebpf_btf_get_n_types (clean), ==, ebpf_btf_get_n_types (btf) + 1);
  for (i = 1; i < ebpf_btf_get_n_types (btf); i++)
    if (i == ebpf_btf_lookup (btf, "?.struct_ops/odd", 0) ||
        i == ebpf_btf_lookup (btf, ".ksyms.other", 0))
      /* A section in which no variable is. */
      g_assert_cmpuint (ebpf_btf_kind_of (ebpf_btf_peek (clean, i)), ==, EBPF_BTF_KIND_INT);
    else
      g_assert_cmpuint (ebpf_btf_kind_of (ebpf_btf_peek (clean, i)), ==,
                        ebpf_btf_kind_of (ebpf_btf_peek (btf, i)));

  g_assert_cmpuint (ebpf_btf_lookup (clean, "entry", BTF_KIND_FUNC), ==,
                    ebpf_btf_lookup (btf, "entry", BTF_KIND_FUNC));
  g_assert_cmpuint (ebpf_btf_lookup (clean, "local_llvm_4711", BTF_KIND_FUNC), ==,
                    ebpf_btf_lookup (btf, "local.llvm.4711", BTF_KIND_FUNC));
  g_assert_cmpuint (ebpf_btf_lookup (clean, "Option_u32_", BTF_KIND_STRUCT), !=, 0);
  g_assert_cmpuint (ebpf_btf_lookup (clean, "_.data_odd", BTF_KIND_DATASEC), !=, 0);
  type = ebpf_btf_peek (clean, ebpf_btf_lookup (clean, "entry", BTF_KIND_FUNC));
  g_assert_cmpuint (ebpf_btf_vlen_of (type), ==, BTF_FUNC_GLOBAL);
  type = ebpf_btf_peek (clean, ebpf_btf_lookup (clean, "local_llvm_4711", BTF_KIND_FUNC));
  g_assert_cmpuint (ebpf_btf_vlen_of (type), ==, BTF_FUNC_STATIC);
  type = ebpf_btf_peek (clean, ebpf_btf_lookup (clean, "bpf_kfunc", BTF_KIND_FUNC));
  g_assert_cmpuint (ebpf_btf_vlen_of (type), ==, BTF_FUNC_GLOBAL);

  type = ebpf_btf_peek (clean, ebpf_btf_lookup (clean, ".ksyms", BTF_KIND_DATASEC));
  g_assert_cmpuint (ebpf_btf_vlen_of (type), ==, 1);
  g_assert_cmpuint (type->size, ==, 4);
  vars = ebpf_btf_tail_of (type);
  g_assert_cmpuint (vars[0].size, ==, 4);
  type = ebpf_btf_peek (clean, ebpf_btf_lookup (clean, "ksym", BTF_KIND_VAR));
  g_assert_cmpuint (type->type, ==, ebpf_btf_get_n_types (btf));
  g_assert_cmpuint (*(const guint32 *) ebpf_btf_tail_of (type), ==, BTF_VAR_GLOBAL_ALLOCATED);

  /* What was laid out stays as it was. */
  type = ebpf_btf_peek (clean, ebpf_btf_lookup (clean, ".bss", BTF_KIND_DATASEC));
  vars = ebpf_btf_tail_of (type);
  g_assert_cmpuint (vars[1].offset, ==, 4);
}

/* With each thing that a kernel may not know left out, what is written is right, and this kernel,
 * which knows less too, takes it. */
static void
test_older_kernels (void)
{
  g_autoptr (EbpfBtf) btf = make_object ();
  guint without;

  if (!ebpf_test_require_bpf ())
    return;

  for (without = EBPF_FEATURE_BTF; without <= EBPF_FEATURE_BTF_ENUM64; without++)
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (EbpfBtf) old = NULL;
      g_autoptr (GError) error = NULL;
      gboolean features[EBPF_N_FEATURES];
      guint gone = 0, i;
      EbpfSysBtfLoad attr = { 0 };
      char log[4096] = "";
      int fd;

      for (i = 0; i < EBPF_N_FEATURES; i++)
        features[i] = i < without && ebpf_sys_has_feature (i);
      if (without == EBPF_FEATURE_BTF_DATASEC)
        features[EBPF_FEATURE_BTF_FUNC_GLOBAL] = FALSE;
      bytes = ebpf_btf_sanitize (btf, features);
      old = ebpf_btf_new_from_bytes (bytes, NULL, &error);
      g_assert_no_error (error);

      for (i = 1; i < ebpf_btf_get_n_types (btf); i++)
        {
          guint kind = ebpf_btf_kind_of (ebpf_btf_peek (old, i));

          gone += kind != ebpf_btf_kind_of (ebpf_btf_peek (btf, i));
          g_assert_true (features[EBPF_FEATURE_BTF_ENUM64] || kind != EBPF_BTF_KIND_ENUM64);
          g_assert_true (features[EBPF_FEATURE_BTF_TYPE_TAG] || kind != EBPF_BTF_KIND_TYPE_TAG);
          g_assert_true (features[EBPF_FEATURE_BTF_DECL_TAG] || kind != EBPF_BTF_KIND_DECL_TAG);
          g_assert_true (features[EBPF_FEATURE_BTF_FLOAT] || kind != EBPF_BTF_KIND_FLOAT);
          g_assert_true (features[EBPF_FEATURE_BTF_DATASEC] || kind != EBPF_BTF_KIND_VAR);
          g_assert_true (features[EBPF_FEATURE_BTF_FUNC] || kind != EBPF_BTF_KIND_FUNC);
        }
      g_assert_cmpuint (gone, >, 0);

      attr.btf = EBPF_PTR_TO_U64 (g_bytes_get_data (bytes, NULL));
      attr.btf_size = g_bytes_get_size (bytes);
      attr.btf_log_buf = EBPF_PTR_TO_U64 (log);
      attr.btf_log_size = sizeof log - 1;
      attr.btf_log_level = 1;
      fd = ebpf_sys_bpf (EBPF_SYS_BTF_LOAD, &attr, sizeof attr);
      if (fd < 0)
        g_error ("without %s: %s", ebpf_sys_feature_describe (without), log);
      close (fd);
    }
}

static void
test_load (void)
{
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (TestBtf) empty = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) nothing = parse (empty);

  if (!ebpf_test_require_bpf ())
    return;

  btf = make_object ();
  assert_loads (btf);
  assert_loads (nothing);
}

static void
test_objects (void)
{
  const char *folder = g_getenv ("EBPF_TEST_OBJECTS");
  g_autoptr (GDir) dir = NULL;
  const char *name;
  guint n = 0;

  if (!ebpf_test_require_bpf ())
    return;

  dir = g_dir_open (folder, 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (EbpfBtf) btf = NULL;
      g_autoptr (GError) error = NULL;

      if (!g_str_has_suffix (name, ".bpf.o"))
        continue;

      btf = ebpf_btf_new_from_path (path, NULL, &error);
      if (g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
        continue;
      g_assert_no_error (error);
      g_test_message ("%s", name);

      /* Of the other byte order too: types have none of their own. */
      assert_loads (btf);
      n++;
    }
  g_assert_cmpuint (n, >, 0);
}

static void
test_refused (void)
{
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GError) error = NULL;
  guint before;
  int fd;

  if (!ebpf_test_require_bpf ())
    return;

  /* A member beyond the end of its struct. */
  test_btf_int (builder, "int", 4, TEST_BTF_SIGNED);
  test_btf_struct (builder, "small", 4);
  test_btf_member (builder, "far", 1, 4000);
  btf = parse (builder);

  before = ebpf_test_count_fds ();
  fd = ebpf_btf_load_into_kernel (btf, &error);
  g_assert_cmpint (fd, ==, -1);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, before);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*refuses it (EINVAL)*");
  g_assert_cmpint (ebpf_error_get_errno (error), ==, 22);
  g_assert_nonnull (strstr (ebpf_error_get_log (error), "small"));
}

/* --- data sections
 * -------------------------------------------------------------------------------- */

typedef struct
{
  GHashTable *offsets; /* name -> offset */
  GHashTable *static_offsets;
} Offsets;

static gconstpointer
find_section (const char *name, guint32 *size, gpointer user_data)
{
  *size = 12;
  return strcmp (name, ".data") == 0 ? user_data : NULL;
}

static gboolean
find_variable (gconstpointer section,
               const char *name,
               gboolean is_static,
               guint32 *offset,
               gpointer user_data)
{
  Offsets *offsets = user_data;
  gpointer value;

  g_assert_true (section == user_data);
  if ((is_static || !g_hash_table_lookup_extended (offsets->offsets, name, NULL, &value)) &&
      !g_hash_table_lookup_extended (offsets->static_offsets, name, NULL, &value))
    return FALSE;

  *offset = GPOINTER_TO_UINT (value);
  return TRUE;
}

static void
test_fixup (void)
{
  g_autoptr (TestBtf) b = test_btf_new (TRUE);
  g_autoptr (GHashTable) hidden = g_hash_table_new (g_str_hash, g_str_equal);
  Offsets offsets = { g_hash_table_new (g_str_hash, g_str_equal),
                      g_hash_table_new (g_str_hash, g_str_equal) };
  EbpfBtfFixup fixup = { find_section, find_variable, &offsets, hidden };
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) wrong = NULL;
  g_autoptr (EbpfBtf) missing = NULL;
  g_autoptr (GError) error = NULL;
  const struct btf_var_secinfo *vars;
  guint32 integer = test_btf_int (b, "int", 4, 0);
  guint32 first = test_btf_var (b, "first", integer, BTF_VAR_GLOBAL_ALLOCATED);
  guint32 second = test_btf_var (b, "second", integer, BTF_VAR_STATIC);
  guint32 data, other;

  data = test_btf_datasec (b, ".data", 0);
  test_btf_section_var (b, second, 0, 4);
  test_btf_section_var (b, first, 0, 4);
  other = test_btf_datasec (b, ".other", 0);
  test_btf_section_var (b, first, 0, 4);
  btf = parse (b);
  wrong = parse (b);
  missing = parse (b);

  g_hash_table_insert (offsets.offsets, (gpointer) "first", GUINT_TO_POINTER (4));
  /* A static one is looked for among those. */
  g_hash_table_insert (offsets.offsets, (gpointer) "second", GUINT_TO_POINTER (0));
  g_hash_table_insert (offsets.static_offsets, (gpointer) "second", GUINT_TO_POINTER (8));
  g_assert_true (ebpf_btf_fixup (btf, &fixup, &error));
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_btf_get_byte_order (btf), ==, EBPF_BYTE_ORDER_BIG_ENDIAN);

  vars = ebpf_btf_tail_of (ebpf_btf_peek (btf, data));
  g_assert_cmpuint (ebpf_btf_peek (btf, data)->size, ==, 12);
  g_assert_cmpuint (vars[0].type, ==, first);
  g_assert_cmpuint (vars[0].offset, ==, 4);
  g_assert_cmpuint (vars[1].type, ==, second);
  g_assert_cmpuint (vars[1].offset, ==, 8);
  g_assert_cmpuint (ebpf_btf_peek (btf, other)->size, ==, 0);

  /* The second time there is nothing left to do. */
  g_assert_true (ebpf_btf_fixup (btf, &fixup, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (vars[0].offset, ==, 4);
  g_assert_cmpuint (vars[1].offset, ==, 8);

  g_hash_table_insert (offsets.offsets, (gpointer) "first", GUINT_TO_POINTER (10));
  g_assert_false (ebpf_btf_fixup (wrong, &fixup, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF,
                                  "*variable first*offset 10*.data*");
  g_clear_error (&error);

  g_hash_table_remove (offsets.offsets, "first");
  g_assert_false (ebpf_btf_fixup (missing, &fixup, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*variable first*no symbol*");

  g_hash_table_unref (offsets.offsets);
  g_hash_table_unref (offsets.static_offsets);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf-load/gnu", test_gnu);
  ebpf_test_add ("/btf-load/externs", test_externs);
  ebpf_test_add ("/btf-load/older-kernels", test_older_kernels);
  ebpf_test_add ("/btf-load/load", test_load);
  ebpf_test_add ("/btf-load/objects", test_objects);
  ebpf_test_add ("/btf-load/refused", test_refused);
  ebpf_test_add ("/btf-load/fixup", test_fixup);

  return g_test_run ();
}
