/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder.h"
#include "btf/ebpf-btf-type.h"

#include "ebpf-test-btf.h"
#include "ebpf-test.h"

static GError *no_error;
#define ADD(kind, ...) ebpf_btf_builder_add_##kind (__VA_ARGS__, &no_error)

static EbpfBtf *
finish (EbpfBtfBuilder *builder)
{
  EbpfBtf *btf;

  g_assert_no_error (no_error);
  btf = ebpf_btf_builder_build (builder, &no_error);
  g_assert_no_error (no_error);
  return btf;
}

#define CHECK(getter, type_id, expected)                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autoptr (EbpfBtfType) checked = ebpf_btf_get_type_by_id (btf, type_id);                      \
    g_assert_cmpint (ebpf_btf_type_##getter (checked), ==, expected);                              \
  }                                                                                                \
  G_STMT_END

static void
test_numbers (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  const EbpfBtfIntEncoding encodings[] = {
    EBPF_BTF_INT_ENCODING_UNSIGNED,
    EBPF_BTF_INT_ENCODING_SIGNED,
    EBPF_BTF_INT_ENCODING_CHAR,
    EBPF_BTF_INT_ENCODING_BOOL,
  };
  guint ids[G_N_ELEMENTS (encodings)], values, wide;

  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++)
    ids[i] = ADD (int, builder, "i", 1u << i, encodings[i]);
  values = ADD (enum, builder, "signed", 4, TRUE);
  wide = ADD (enum64, builder, "unsigned", 8, FALSE);
  btf = finish (builder);

  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++)
    {
      CHECK (get_int_encoding, ids[i], encodings[i]);
      CHECK (is_signed, ids[i], encodings[i] == EBPF_BTF_INT_ENCODING_SIGNED);
      CHECK (get_alignment, ids[i], 1 << i);
    }
  CHECK (is_signed, values, TRUE);
  CHECK (is_signed, wide, FALSE);
  CHECK (get_int_encoding, values, EBPF_BTF_INT_ENCODING_UNSIGNED);
}

static void
test_alignment (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  guint character = ADD (int, builder, "char", 1, EBPF_BTF_INT_ENCODING_CHAR);
  guint number = ADD (int, builder, "long", 8, EBPF_BTF_INT_ENCODING_SIGNED);
  guint array = ADD (array, builder, number, character, 3);
  guint plain, packed;

  plain = ADD (struct, builder, "plain", 16);
  ADD (member, builder, "c", character, 0, 0);
  ADD (member, builder, "l", number, 64, 0);
  packed = ADD (struct, builder, "packed", 9);
  ADD (member, builder, "c", character, 0, 0);
  ADD (member, builder, "l", number, 8, 0);
  btf = finish (builder);

  CHECK (get_alignment, array, 8);
  CHECK (get_alignment, plain, 8);
  CHECK (get_alignment, packed, 1);
  CHECK (get_alignment, 0, 1);
}

static void
test_declarations (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_auto (GStrv) of_whole = NULL;
  g_auto (GStrv) of_member = NULL;
  g_auto (GStrv) none = NULL;
  guint integer = ADD (int, builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED);
  guint proto = ADD (prototype, builder, integer);
  guint function = ADD (function, builder, "f", proto, EBPF_BTF_LINKAGE_EXTERN);
  guint global = ADD (variable, builder, "g", integer, EBPF_BTF_LINKAGE_GLOBAL);
  guint local = ADD (variable, builder, "s", integer, EBPF_BTF_LINKAGE_STATIC);
  guint declared = ADD (forward, builder, "declared", EBPF_BTF_KIND_STRUCT);
  guint hidden = ADD (forward, builder, "hidden", EBPF_BTF_KIND_UNION);
  guint record = ADD (struct, builder, "record", 8);
  guint tag, attribute, type_tag;

  ADD (member, builder, "a", integer, 0, 0);
  ADD (member, builder, "b", integer, 32, 0);
  tag = ADD (declaration_tag, builder, "second", record, 1);
  ADD (declaration_tag, builder, "one", record, -1);
  attribute = ADD (declaration_attribute, builder, "two", record, -1);
  type_tag = ADD (type_tag, builder, "user", record);
  btf = finish (builder);

  CHECK (get_linkage, function, EBPF_BTF_LINKAGE_EXTERN);
  CHECK (get_linkage, global, EBPF_BTF_LINKAGE_GLOBAL);
  CHECK (get_linkage, local, EBPF_BTF_LINKAGE_STATIC);
  CHECK (get_declared_kind, declared, EBPF_BTF_KIND_STRUCT);
  CHECK (get_declared_kind, hidden, EBPF_BTF_KIND_UNION);
  CHECK (get_declared_kind, record, EBPF_BTF_KIND_VOID);
  CHECK (get_component, tag, 1);
  CHECK (get_component, attribute, -1);
  CHECK (get_kind_flag, tag, FALSE);
  CHECK (get_kind_flag, attribute, TRUE);
  CHECK (get_kind_flag, type_tag, FALSE);

  type = ebpf_btf_get_type_by_id (btf, record);
  of_whole = ebpf_btf_type_list_tags (type, -1);
  of_member = ebpf_btf_type_list_tags (type, 1);
  none = ebpf_btf_type_list_tags (type, 0);
  g_assert_cmpuint (g_strv_length (of_whole), ==, 2);
  g_assert_cmpstr (of_whole[0], ==, "one");
  g_assert_cmpstr (of_whole[1], ==, "two");
  g_assert_cmpuint (g_strv_length (of_member), ==, 1);
  g_assert_cmpstr (of_member[0], ==, "second");
  g_assert_cmpuint (g_strv_length (none), ==, 0);
}

/* Compilers of long ago put a bitfield's place into an integer of its own: before or after the
 * struct. */
static void
test_old_bitfields (void)
{
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  /* bits, offset, encoding */
  const guint32 three_at_0 = 3, five_at_3 = 3 << 16 | 5, four_bytes = 1u << 24, all = 32;

  /* 1: 3 bits; 2: the struct; 3: 5 bits behind those; 4: a whole int */
  test_btf_raw (builder, test_btf_string (builder, "unsigned int"),
                (guint32) EBPF_BTF_KIND_INT << 24, 4, &three_at_0, 1);
  test_btf_struct (builder, "old", 8);
  test_btf_member (builder, "low", 1, 0);
  test_btf_member (builder, "high", 3, 0);
  test_btf_member (builder, "last", 4, 32);
  test_btf_raw (builder, test_btf_string (builder, "unsigned int"),
                (guint32) EBPF_BTF_KIND_INT << 24, 4, &five_at_3, 1);
  test_btf_raw (builder, test_btf_string (builder, "int"), (guint32) EBPF_BTF_KIND_INT << 24, 4,
                (const guint32[]){ four_bytes | all }, 1);
  bytes = test_btf_to_bytes (builder);
  btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);

  type = ebpf_btf_get_type_by_id (btf, 2);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_offset (type, 0), ==, 0);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_size (type, 0), ==, 3);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_offset (type, 1), ==, 3);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_size (type, 1), ==, 5);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_offset (type, 2), ==, 32);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_size (type, 2), ==, 0);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/type/numbers", test_numbers);
  ebpf_test_add ("/btf/type/alignment", test_alignment);
  ebpf_test_add ("/btf/type/declarations", test_declarations);
  ebpf_test_add ("/btf/type/old-bitfields", test_old_bitfields);

  return g_test_run ();
}
