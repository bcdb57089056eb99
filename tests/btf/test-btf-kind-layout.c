/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Type information that says how long the types of each kind are: kinds that nobody knows yet. */

#include "base/ebpf-error.h"
#include "btf/ebpf-btf-builder.h"
#include "btf/ebpf-btf-dedup.h"
#include "btf/ebpf-btf-loaded.h"
#include "btf/ebpf-btf-minimizer-private.h"
#include "btf/ebpf-btf-parse-private.h"
#include "btf/ebpf-core-spec-private.h"

#include "sys/ebpf-sys-private.h"

#include <string.h>
#include <unistd.h>

#include "common/ebpf-test.h"

#define NOVEL 25
#define INFO(kind, vlen) ((guint32) (kind) << 24 | (vlen))

static const char strings[] = "\0int\0novel\0holder\0a\0p\0own";
enum
{
  STR_INT = 1,
  STR_NOVEL = 5,
  STR_HOLDER = 11,
  STR_A = 18,
  STR_P = 20,
  STR_OWN = 22,
};

/* 1: int; 2: struct novel of a kind to come, with two words and two parts of a word; 3: novel *;
 * 4: struct holder { int a; novel *p; }; 5: typedef int own */
static const guint32 types[] = {
  STR_INT,
  INFO (EBPF_BTF_KIND_INT, 0),
  4,
  1 << 24 | 32,
  STR_NOVEL,
  INFO (NOVEL, 2),
  77,
  0xdeadbeef,
  0xffffffff,
  1,
  2,
  0,
  INFO (EBPF_BTF_KIND_PTR, 0),
  2,
  STR_HOLDER,
  INFO (EBPF_BTF_KIND_STRUCT, 2),
  16,
  STR_A,
  1,
  0,
  STR_P,
  3,
  64,
  STR_OWN,
  INFO (EBPF_BTF_KIND_TYPEDEF, 0),
  1,
};

/* @n_kinds: of the layout; 0 for none. The other byte order is that of the whole blob. */
static GBytes *
make_blob (guint n_kinds, guint info_size, guint element_size)
{
  GByteArray *blob = g_byte_array_new ();
  guint32 header[8] = { 0,
                        n_kinds > 0 ? 32 : 24,
                        0,
                        sizeof types,
                        sizeof types + n_kinds * 4,
                        sizeof strings,
                        sizeof types,
                        n_kinds * 4 };
  const guint8 start[] = { BTF_MAGIC & 0xff, BTF_MAGIC >> 8, 1, 0 };

  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    memcpy (header, start, sizeof start);
  else
    memcpy (header, (const guint8[]){ BTF_MAGIC >> 8, BTF_MAGIC & 0xff, 1, 0 }, 4);
  g_byte_array_append (blob, (const guint8 *) header, n_kinds > 0 ? 32 : 24);
  g_byte_array_append (blob, (const guint8 *) types, sizeof types);
  for (guint kind = 0; kind < n_kinds; kind++)
    {
      EbpfBtfKindLayout entry = { info_size, element_size, 0x1234 };

      if (kind < ebpf_btf_known_layout.n_kinds)
        entry = ebpf_btf_known_layout.kinds[kind];
      g_byte_array_append (blob, (const guint8 *) &entry, sizeof entry);
    }
  g_byte_array_append (blob, (const guint8 *) strings, sizeof strings);

  return g_byte_array_free_to_bytes (blob);
}

static EbpfBtf *
make_btf (void)
{
  g_autoptr (GBytes) blob = make_blob (NOVEL + 1, 8, 4);
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_new_from_bytes (blob, NULL, &error);

  g_assert_no_error (error);
  return btf;
}

static void
check_novel (EbpfBtf *btf)
{
  g_autoptr (EbpfBtfType) novel = ebpf_btf_get_type_by_id (btf, 2);
  g_autoptr (EbpfBtfType) holder = ebpf_btf_get_type_by_id (btf, 4);
  g_autoptr (EbpfBtfType) own = ebpf_btf_get_type_by_id (btf, 5);
  g_autofree char *text = ebpf_btf_type_to_declaration (novel, NULL);
  const guint32 *words = ebpf_btf_tail_of (ebpf_btf_peek (btf, 2));
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_btf_has_layout (btf));
  g_assert_cmpuint (ebpf_btf_get_n_types (btf), ==, 6);
  g_assert_cmpint (ebpf_btf_type_get_kind (novel), ==, NOVEL);
  g_assert_cmpstr (ebpf_btf_type_get_name (novel), ==, "novel");
  g_assert_cmpint (ebpf_btf_type_get_size (novel), ==, -1);
  g_assert_cmpuint (ebpf_btf_type_get_n_members (novel), ==, 0);
  g_assert_cmpuint (words[0], ==, 0xdeadbeef);
  g_assert_cmpuint (words[3], ==, 2);
  g_assert_nonnull (text);
  g_assert_cmpstr (ebpf_btf_type_get_name (holder), ==, "holder");
  g_assert_cmpint (ebpf_btf_type_get_size (own), ==, 4);
  g_assert_cmpuint (ebpf_btf_find (btf, "own", EBPF_BTF_KIND_TYPEDEF, &error), ==, 5);
  g_assert_cmpuint (ebpf_btf_find (btf, "novel", EBPF_BTF_KIND_VOID, &error), ==, 2);
  g_assert_no_error (error);
}

/* A kind that is not known is passed over, and stays what it is in either byte order. */
static void
test_unknown_kind (void)
{
  g_autoptr (EbpfBtf) btf = make_btf ();
  g_autoptr (GBytes) blob = make_blob (NOVEL + 1, 8, 4);
  g_autoptr (GBytes) same = ebpf_btf_encode (btf, EBPF_BYTE_ORDER_HOST);
  g_autoptr (GBytes) foreign = ebpf_btf_encode (btf, EBPF_BYTE_ORDER_FOREIGN);
  g_autoptr (EbpfBtf) swapped = NULL;
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GError) error = NULL;

  check_novel (btf);
  g_assert_cmpmem (g_bytes_get_data (same, NULL), g_bytes_get_size (same),
                   g_bytes_get_data (blob, NULL), g_bytes_get_size (blob));

  swapped = ebpf_btf_new_from_bytes (foreign, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_btf_get_byte_order (swapped), ==, EBPF_BYTE_ORDER_FOREIGN);
  check_novel (swapped);
  g_assert_cmpuint (swapped->layout.kinds[NOVEL].flags, ==, 0x1234);
  back = ebpf_btf_encode (swapped, EBPF_BYTE_ORDER_HOST);
  g_assert_true (g_bytes_equal (back, blob));
}

static void
assert_refused (GBytes *blob, const char *reason)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_bytes (blob, NULL, &error);

  g_assert_null (btf);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  if (strstr (error->message, reason) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, reason);
}

static void
assert_header_refused (guint word, guint32 value)
{
  g_autoptr (GBytes) blob = make_blob (NOVEL + 1, 8, 4);
  gsize size;
  guint32 *words = g_bytes_unref_to_data (g_steal_pointer (&blob), &size);

  words[word] = value;
  blob = g_bytes_new_take (words, size);
  assert_refused (blob, "layout of kinds");
}

static void
test_bad_layouts (void)
{
  static const struct
  {
    guint n_kinds, info_size, element_size;
    const char *reason;
  } cases[] = {
    { 0, 0, 0, "kind 25, which is not known" },
    { NOVEL, 8, 4, "kind 25, which is not known, nor how long it is" },
    { NOVEL + 1, 7, 4, "kind 25" },
    { NOVEL + 1, 8, 3, "kind 25" },
    { NOVEL + 1, 8, 252, "2 parts, which go beyond the end" },
    { NOVEL + 1, 0, 0, "kind" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) blob =
          make_blob (cases[i].n_kinds, cases[i].info_size, cases[i].element_size);

      assert_refused (blob, cases[i].reason);
    }

  assert_header_refused (6, sizeof types + 1);
  assert_header_refused (6, sizeof types - 4);
  assert_header_refused (6, sizeof types + 4);
  assert_header_refused (6, 0xfffffffc);
  assert_header_refused (7, 6);
  assert_header_refused (7, 0xfffffffc);
  assert_header_refused (7, 4096);
}

/* What refers to numbers of types or strings cannot be renumbered where nobody knows it. */
static void
test_not_copied (void)
{
  g_autoptr (EbpfBtf) btf = make_btf ();
  g_autoptr (EbpfBtf) none = NULL;
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfType) novel = ebpf_btf_get_type_by_id (btf, 2);
  g_autoptr (EbpfBtfType) holder = ebpf_btf_get_type_by_id (btf, 4);
  g_autoptr (EbpfBtfType) own = ebpf_btf_get_type_by_id (btf, 5);
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  g_autoptr (GError) error = NULL;

  none = ebpf_btf_dedup (btf, &error);
  g_assert_null (none);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (error->message, "type 2 at offset 16 is of kind 25"));
  g_clear_error (&error);

  g_ptr_array_add (all, btf);
  none = ebpf_btf_merge (all, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_cmpuint (ebpf_btf_builder_copy_all (builder, btf, &error), ==, 0);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_cmpuint (ebpf_btf_builder_copy_type (builder, novel, &error), ==, 0);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_cmpuint (ebpf_btf_builder_copy_type (builder, holder, &error), ==, 0);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  /* The rest can. */
  g_assert_cmpuint (ebpf_btf_builder_copy_type (builder, own, &error), ==, 1);
  g_assert_no_error (error);

  /* So can values of it, but those of the unknown kind itself. */
  value = ebpf_btf_type_to_variant (holder, bytes, &error);
  g_assert_no_error (error);
  g_assert_nonnull (value);
  g_assert_null (ebpf_btf_type_to_variant (novel, bytes, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
}

/* As C, it is behind a pointer like void. */
static void
test_dump (void)
{
  g_autoptr (EbpfBtf) btf = make_btf ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = ebpf_btf_dump_c (btf, NULL, 0, EBPF_BTF_DUMP_FLAGS_NONE, &error);
  g_autofree char *none = NULL;
  const guint novel = 2;

  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "typedef int own;"));
  g_assert_nonnull (strstr (text, "void *p;"));

  none = ebpf_btf_dump_c (btf, &novel, 1, EBPF_BTF_DUMP_FLAGS_NONE, &error);
  g_assert_null (none);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (error->message, "kind 25"));
}

/* Relocations find what is known in a kernel that has more. */
static void
test_minimize (void)
{
  g_autoptr (EbpfBtf) btf = make_btf ();
  g_autoptr (EbpfBtfMinimizer) minimizer = ebpf_btf_minimizer_new (btf);
  g_autoptr (EbpfBtf) small = NULL;
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (GError) error = NULL;
  EbpfCoreRelo relo = { .kind = EBPF_CORE_FIELD_BYTE_OFFSET };
  guint32 id, access;
  guint number, pointer;

  number = ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  pointer = ebpf_btf_builder_add_pointer (builder, 0, &error);
  id = ebpf_btf_builder_add_struct (builder, "holder", 16, &error);
  ebpf_btf_builder_add_member (builder, "a", number, 0, 0, &error);
  ebpf_btf_builder_add_member (builder, "p", pointer, 64, 0, &error);
  ebpf_btf_builder_add_string (builder, "0:1", &access, &error);
  local = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);

  relo.type_id = id;
  relo.access_str_off = access;
  ebpf_btf_minimizer_add (minimizer, local, &relo, &error);
  g_assert_no_error (error);
  relo.kind = EBPF_CORE_TYPE_MATCHES;
  relo.access_str_off = 0;
  ebpf_btf_builder_add_string (builder, "0", &relo.access_str_off, &error);
  g_clear_object (&local);
  local = ebpf_btf_builder_build (builder, &error);
  ebpf_btf_minimizer_add (minimizer, local, &relo, &error);
  g_assert_no_error (error);
  small = ebpf_btf_minimizer_finish (minimizer, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_lookup (small, "holder", BTF_KIND_STRUCT), !=, 0);
  g_assert_cmpuint (small->unknown, ==, 0);
}

/* A kernel that does not know the layout gets none, and no kind that it does not know either. */
static void
test_load (void)
{
  g_autoptr (EbpfBtf) btf = make_btf ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtf) clean = NULL;
  g_autoptr (EbpfBtfType) replaced = NULL;
  gboolean features[EBPF_N_FEATURES];
  g_autoptr (GError) error = NULL;
  int fd;

  for (guint i = 0; i < EBPF_N_FEATURES; i++)
    features[i] = i != EBPF_FEATURE_BTF_LAYOUT;
  bytes = ebpf_btf_sanitize (btf, features);
  clean = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (ebpf_btf_has_layout (clean));
  g_assert_cmpuint (ebpf_btf_get_n_types (clean), ==, ebpf_btf_get_n_types (btf));
  replaced = ebpf_btf_get_type_by_id (clean, 2);
  g_assert_cmpint (ebpf_btf_type_get_kind (replaced), ==, EBPF_BTF_KIND_INT);

  if (!ebpf_test_require_bpf ())
    return;
  fd = ebpf_btf_load (btf, &error);
  g_assert_no_error (error);
  close (fd);
}

/* One's own: of all kinds that are known, between types and strings. */
static void
test_builder (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) dedup = NULL;
  g_autoptr (GError) error = NULL;
  const guint32 *header;
  int fd;

  ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  g_assert_no_error (error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  g_assert_false (ebpf_btf_has_layout (btf));
  g_clear_object (&btf);

  ebpf_btf_builder_set_layout (builder, TRUE);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_btf_has_layout (btf));
  bytes = ebpf_btf_encode (btf, EBPF_BYTE_ORDER_HOST);
  header = g_bytes_get_data (bytes, NULL);
  g_assert_cmpuint (header[1], ==, 32);
  g_assert_cmpuint (header[6], ==, 16);
  g_assert_cmpuint (header[7], ==, 4 * EBPF_BTF_N_KINDS);
  g_assert_cmpuint (header[4], ==, header[6] + header[7]);
  g_assert_cmpuint (btf->layout.kinds[EBPF_BTF_KIND_STRUCT].element_size, ==, 12);
  g_assert_cmpuint (btf->layout.kinds[EBPF_BTF_KIND_ARRAY].info_size, ==, 12);

  dedup = ebpf_btf_dedup (btf, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_btf_has_layout (dedup));

  if (!ebpf_test_require_bpf ())
    return;
  fd = ebpf_btf_load (btf, &error);
  g_assert_no_error (error);
  close (fd);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/kind-layout/unknown-kind", test_unknown_kind);
  ebpf_test_add ("/btf/kind-layout/bad", test_bad_layouts);
  ebpf_test_add ("/btf/kind-layout/not-copied", test_not_copied);
  ebpf_test_add ("/btf/kind-layout/dump", test_dump);
  ebpf_test_add ("/btf/kind-layout/minimize", test_minimize);
  ebpf_test_add ("/btf/kind-layout/load", test_load);
  ebpf_test_add ("/btf/kind-layout/builder", test_builder);

  return g_test_run ();
}
