/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder.h"
#include "btf/ebpf-btf-private.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <string.h>
#include <unistd.h>

/* Every kind there is, with a struct that points to itself. */
typedef struct
{
  guint u32, i64, character, number, node, pointer, flags, array, values, big, declared, name,
      fixed, changing, only, tagged, attributed, callback, function, variable, section, note, hint;
} Ids;

static Ids
add_everything (EbpfBtfBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  guint next = ebpf_btf_builder_get_n_types (builder);
  Ids ids;

#define ADD(field, call)                                                                           \
  ids.field = ebpf_btf_builder_add_##call;                                                         \
  g_assert_no_error (error);                                                                       \
  g_assert_cmpuint (ids.field, ==, next++)
#define PART(call)                                                                                 \
  g_assert_true (ebpf_btf_builder_add_##call);                                                     \
  g_assert_no_error (error)

  ADD (u32, int (builder, "unsigned int", 4, EBPF_BTF_INT_ENCODING_UNSIGNED, &error));
  ADD (i64, int (builder, "long", 8, EBPF_BTF_INT_ENCODING_SIGNED, &error));
  ADD (character, int (builder, "char", 1, EBPF_BTF_INT_ENCODING_CHAR, &error));
  ADD (number, float (builder, "double", 8, &error));
  ADD (node, struct(builder, "node", 40, &error));
  PART (member (builder, "next", ids.node + 1, 0, 0, &error));
  PART (member (builder, "name", ids.node + 3, 64, 0, &error));
  PART (member (builder, NULL, ids.node + 2, 192, 0, &error));
  PART (member (builder, "low", ids.u32, 256, 3, &error));
  PART (member (builder, "high", ids.u32, 259, 29, &error));
  ADD (pointer, pointer (builder, ids.node, &error));
  ADD (flags, union(builder, NULL, 8, &error));
  PART (member (builder, "word", ids.u32, 0, 0, &error));
  PART (member (builder, "wide", ids.i64, 0, 0, &error));
  ADD (array, array (builder, ids.character, ids.u32, 16, &error));
  ADD (values, enum(builder, "state", 4, TRUE, &error));
  PART (enumerator (builder, "STATE_NONE", -1, &error));
  PART (enumerator (builder, "STATE_SOME", 7, &error));
  ADD (big, enum64 (builder, "mask", 8, FALSE, &error));
  PART (enumerator (builder, "MASK_TOP", G_MININT64, &error));
  ADD (declared, forward (builder, "hidden", EBPF_BTF_KIND_UNION, &error));
  ADD (name, typedef(builder, "node_t", ids.node, &error));
  ADD (fixed, const(builder, ids.u32, &error));
  ADD (changing, volatile(builder, ids.u32, &error));
  ADD (only, restrict(builder, ids.pointer, &error));
  ADD (tagged, type_tag (builder, "user", ids.node, &error));
  ADD (attributed, type_attribute (builder, "address_space(1)", ids.node, &error));
  ADD (callback, prototype (builder, ids.i64, &error));
  PART (parameter (builder, "node", ids.pointer, &error));
  PART (parameter (builder, NULL, 0, &error));
  ADD (function, function (builder, "visit", ids.callback, EBPF_BTF_LINKAGE_GLOBAL, &error));
  ADD (variable, variable (builder, "count", ids.u32, EBPF_BTF_LINKAGE_STATIC, &error));
  ADD (section, section (builder, ".data", 4, &error));
  PART (section_entry (builder, ids.variable, 0, 4, &error));
  ADD (note, declaration_tag (builder, "kptr", ids.node, 0, &error));
  ADD (hint, declaration_attribute (builder, "hot", ids.function, -1, &error));
#undef ADD
#undef PART

  g_assert_cmpuint (ebpf_btf_builder_get_n_types (builder), ==, next);
  return ids;
}

static void
check_kind (EbpfBtf *btf, guint id, EbpfBtfKind kind, const char *name)
{
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (btf, id);

  g_assert_nonnull (type);
  g_assert_cmpint (ebpf_btf_type_get_kind (type), ==, kind);
  g_assert_cmpstr (ebpf_btf_type_get_name (type), ==, name);
}

static void
check_everything (EbpfBtf *btf, const Ids *ids)
{
  g_autoptr (EbpfBtfType) node = ebpf_btf_get_type_by_id (btf, ids->node);
  g_autoptr (EbpfBtfType) state = ebpf_btf_get_type_by_id (btf, ids->values);
  g_autoptr (EbpfBtfType) mask = ebpf_btf_get_type_by_id (btf, ids->big);
  g_autofree char *declaration = NULL;

  check_kind (btf, ids->u32, EBPF_BTF_KIND_INT, "unsigned int");
  check_kind (btf, ids->number, EBPF_BTF_KIND_FLOAT, "double");
  check_kind (btf, ids->node, EBPF_BTF_KIND_STRUCT, "node");
  check_kind (btf, ids->pointer, EBPF_BTF_KIND_PTR, "");
  check_kind (btf, ids->flags, EBPF_BTF_KIND_UNION, "");
  check_kind (btf, ids->array, EBPF_BTF_KIND_ARRAY, "");
  check_kind (btf, ids->values, EBPF_BTF_KIND_ENUM, "state");
  check_kind (btf, ids->big, EBPF_BTF_KIND_ENUM64, "mask");
  check_kind (btf, ids->declared, EBPF_BTF_KIND_FWD, "hidden");
  check_kind (btf, ids->name, EBPF_BTF_KIND_TYPEDEF, "node_t");
  check_kind (btf, ids->fixed, EBPF_BTF_KIND_CONST, "");
  check_kind (btf, ids->changing, EBPF_BTF_KIND_VOLATILE, "");
  check_kind (btf, ids->only, EBPF_BTF_KIND_RESTRICT, "");
  check_kind (btf, ids->tagged, EBPF_BTF_KIND_TYPE_TAG, "user");
  check_kind (btf, ids->attributed, EBPF_BTF_KIND_TYPE_TAG, "address_space(1)");
  check_kind (btf, ids->callback, EBPF_BTF_KIND_FUNC_PROTO, "");
  check_kind (btf, ids->function, EBPF_BTF_KIND_FUNC, "visit");
  check_kind (btf, ids->variable, EBPF_BTF_KIND_VAR, "count");
  check_kind (btf, ids->section, EBPF_BTF_KIND_DATASEC, ".data");
  check_kind (btf, ids->note, EBPF_BTF_KIND_DECL_TAG, "kptr");
  check_kind (btf, ids->hint, EBPF_BTF_KIND_DECL_TAG, "hot");
  g_assert_false (ebpf_btf_kflag_of (ebpf_btf_peek (btf, ids->tagged)));
  g_assert_true (ebpf_btf_kflag_of (ebpf_btf_peek (btf, ids->attributed)));

  g_assert_cmpuint (ebpf_btf_type_get_n_members (node), ==, 5);
  g_assert_cmpint (ebpf_btf_type_get_size (node), ==, 40);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_offset (node, 1), ==, 64);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_size (node, 1), ==, 0);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_offset (node, 4), ==, 259);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_size (node, 4), ==, 29);
  g_assert_cmpint (ebpf_btf_type_get_member_value (state, 0), ==, -1);
  g_assert_cmpint (ebpf_btf_type_get_member_value (mask, 0), ==, G_MININT64);
}

static void
test_kinds (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  Ids ids = add_everything (builder);

  g_assert_cmpuint (ids.u32, ==, 1);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  check_everything (btf, &ids);
}

/* The same types in either byte order; encoding leaves the builder as it was. */
static void
test_byte_orders (void)
{
  const EbpfByteOrder orders[] = { EBPF_BYTE_ORDER_LITTLE_ENDIAN, EBPF_BYTE_ORDER_BIG_ENDIAN };
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  Ids ids = add_everything (builder);

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_autoptr (GBytes) bytes = ebpf_btf_builder_encode (builder, orders[i], &error);
      g_autoptr (GBytes) again = ebpf_btf_builder_encode (builder, orders[i], &error);
      g_autoptr (EbpfBtf) btf = NULL;
      const guint8 *data;

      g_assert_no_error (error);
      g_assert_true (g_bytes_equal (bytes, again));
      data = g_bytes_get_data (bytes, NULL);
      g_assert_cmphex (data[0], ==, orders[i] == EBPF_BYTE_ORDER_BIG_ENDIAN ? 0xeb : 0x9f);

      btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (ebpf_btf_get_byte_order (btf), ==, orders[i]);
      check_everything (btf, &ids);
    }
}

static gsize
count_string (GBytes *bytes, const char *string)
{
  gsize size, n = 0;
  const char *data = g_bytes_get_data (bytes, &size);

  for (gsize i = 0; i + strlen (string) + 1 <= size; i++)
    n += memcmp (data + i, string, strlen (string) + 1) == 0 && (i == 0 || data[i - 1] == '\0');
  return n;
}

static void
test_strings (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  guint first, second, none = 1;

  ebpf_btf_builder_add_typedef (builder, "word", 0, &error);
  ebpf_btf_builder_add_struct (builder, "word", 0, &error);
  ebpf_btf_builder_add_string (builder, "  return word;", &first, &error);
  ebpf_btf_builder_add_string (builder, "  return word;", &second, &error);
  ebpf_btf_builder_add_string (builder, NULL, &none, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (first, ==, second);
  g_assert_cmpuint (none, ==, 0);

  bytes = ebpf_btf_builder_encode (builder, EBPF_BYTE_ORDER_LITTLE_ENDIAN, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_string (bytes, "word"), ==, 1);
  g_assert_cmpuint (count_string (bytes, "  return word;"), ==, 1);

  btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_cmpstr (ebpf_btf_peek_name (btf, first), ==, "  return word;");
}

static void
test_empty (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_builder_build (builder, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (btf), ==, 1);
  g_assert_null (ebpf_btf_builder_get_base (builder));
}

/* Numbers and strings go on where the base's end; what the base has is not stored again. */
static void
test_split (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) split = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) base = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) reread = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_autoptr (EbpfBtfType) member = NULL;
  g_autoptr (EbpfBtfType) of_base = NULL;
  g_autoptr (GBytes) bytes = NULL;
  Ids ids = add_everything (builder);
  guint id, n;

  base = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  n = ebpf_btf_get_n_types (base);

  split = ebpf_btf_builder_new_split (base);
  g_assert_true (ebpf_btf_builder_get_base (split) == base);
  g_assert_cmpuint (ebpf_btf_builder_get_n_types (split), ==, n);
  id = ebpf_btf_builder_add_struct (split, "module_node", 48, &error);
  g_assert_cmpuint (id, ==, n);
  ebpf_btf_builder_add_member (split, "node", ids.node, 0, 0, &error);
  ebpf_btf_builder_add_member (split, "next", ids.pointer, 320, 0, &error);
  g_assert_no_error (error);

  bytes = ebpf_btf_builder_encode (split, EBPF_BYTE_ORDER_LITTLE_ENDIAN, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_string (bytes, "module_node"), ==, 1);
  g_assert_cmpuint (count_string (bytes, "next"), ==, 0);

  btf = ebpf_btf_builder_build (split, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_first_id (btf), ==, n);
  reread = ebpf_btf_new_from_bytes (bytes, base, &error);
  g_assert_no_error (error);
  type = ebpf_btf_find_type (reread, "module_node", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_btf_type_get_member_name (type, 1), ==, "next");
  member = ebpf_btf_type_get_member_type (type, 0);
  g_assert_cmpstr (ebpf_btf_type_get_name (member), ==, "node");

  /* A type of the base is there already. */
  of_base = ebpf_btf_get_type_by_id (base, ids.node);
  g_assert_cmpuint (ebpf_btf_builder_copy_type (split, of_base, &error), ==, ids.node);
  g_assert_cmpuint (ebpf_btf_builder_get_n_types (split), ==, n + 1);
}

static void
test_copy_type (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) other = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) result = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_autoptr (EbpfBtfType) node = NULL;
  g_autoptr (EbpfBtfType) copy = NULL;
  g_autoptr (EbpfBtfType) next = NULL;
  g_autoptr (EbpfBtfType) next_target = NULL;
  Ids ids = add_everything (builder);
  guint id, n;

  btf = ebpf_btf_builder_build (builder, &error);
  ebpf_btf_builder_add_int (other, "other", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  type = ebpf_btf_get_type_by_id (btf, ids.name);
  id = ebpf_btf_builder_copy_type (other, type, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (id, ==, 2);

  /* The typedef, the struct, a pointer back to it, its array with element and index, its union with
   * a long: nothing else. */
  n = ebpf_btf_builder_get_n_types (other);
  g_assert_cmpuint (n, ==, 2 + 8);

  /* Once is enough, also for what came along. */
  g_assert_cmpuint (ebpf_btf_builder_copy_type (other, type, &error), ==, id);
  node = ebpf_btf_get_type_by_id (btf, ids.node);
  g_assert_cmpuint (ebpf_btf_builder_copy_type (other, node, &error), ==, id + 1);
  g_assert_cmpuint (ebpf_btf_builder_get_n_types (other), ==, n);

  result = ebpf_btf_builder_build (other, &error);
  g_assert_no_error (error);
  copy = ebpf_btf_find_type (result, "node", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_type_get_n_members (copy), ==, 5);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_size (copy, 3), ==, 3);
  next = ebpf_btf_type_get_member_type (copy, 0);
  g_assert_cmpuint (ebpf_btf_type_get_target_id (next), ==, ebpf_btf_type_get_id (copy));
}

static void
test_copy_all (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) other = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) split_builder = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) split = NULL;
  g_autoptr (EbpfBtf) result = NULL;
  Ids ids = add_everything (builder), moved;
  guint *word, n;

  btf = ebpf_btf_builder_build (builder, &error);
  ebpf_btf_builder_add_int (other, "other", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  g_assert_cmpuint (ebpf_btf_builder_copy_all (other, btf, &error), ==, 2);
  g_assert_no_error (error);

  moved = ids;
  for (word = (guint *) &moved; word < (guint *) (&moved + 1); word++)
    ++*word;
  result = ebpf_btf_builder_build (other, &error);
  g_assert_no_error (error);
  check_everything (result, &moved);

  /* All or nothing. */
  split_builder = ebpf_btf_builder_new_split (btf);
  ebpf_btf_builder_add_pointer (split_builder, ids.node, &error);
  split = ebpf_btf_builder_build (split_builder, &error);
  g_assert_no_error (error);
  n = ebpf_btf_builder_get_n_types (other);
  g_assert_cmpuint (ebpf_btf_builder_copy_all (other, split, &error), ==, 0);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (ebpf_btf_builder_get_n_types (other), ==, n);
  g_clear_error (&error);

  /* On the same base it can be. */
  g_assert_cmpuint (ebpf_btf_builder_copy_all (split_builder, split, &error), >, 0);
  g_assert_no_error (error);
}

#define REFUSED(call, code)                                                                        \
  G_STMT_START                                                                                     \
  {                                                                                                \
    guint n_before = ebpf_btf_builder_get_n_types (builder);                                       \
    g_assert_false (ebpf_btf_builder_add_##call);                                                  \
    g_assert_error (error, EBPF_ERROR, code);                                                      \
    g_assert_cmpuint (ebpf_btf_builder_get_n_types (builder), ==, n_before);                       \
    g_clear_error (&error);                                                                        \
  }                                                                                                \
  G_STMT_END

static void
test_names (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *long_name = g_strnfill (512, 'x');
  g_autofree char *fitting_name = g_strnfill (511, 'x');

  REFUSED (int (builder, "", 4, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (int (builder, NULL, 4, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (struct(builder, "two words", 4, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (struct(builder, "1st", 4, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (struct(builder, "a-b", 4, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (struct(builder, long_name, 4, &error), EBPF_ERROR_LIMIT);
  REFUSED (typedef(builder, NULL, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (forward (builder, NULL, EBPF_BTF_KIND_STRUCT, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (forward (builder, "x", EBPF_BTF_KIND_ENUM, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (type_tag (builder, "", 1, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (declaration_tag (builder, NULL, 1, -1, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (section (builder, ".da\nta", 4, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (variable (builder, ".", 0, 7, &error), EBPF_ERROR_INVALID_ARGUMENT);

  g_assert_cmpuint (ebpf_btf_builder_add_struct (builder, fitting_name, 4, &error), ==, 1);
  g_assert_cmpuint (ebpf_btf_builder_add_section (builder, "?.data/x", 4, &error), ==, 2);
  g_assert_cmpuint (
      ebpf_btf_builder_add_variable (builder, "f.count", 0, EBPF_BTF_LINKAGE_STATIC, &error), ==,
      3);
  g_assert_no_error (error);
}

static void
test_limits (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  guint id;

  /* nothing to add a part to */
  REFUSED (member (builder, "x", 1, 0, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (enumerator (builder, "X", 1, &error), EBPF_ERROR_INVALID_ARGUMENT);

  REFUSED (int (builder, "odd", 3, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (int (builder, "vast", 33, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (int (builder, "both", 4, 3, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (float (builder, "odd", 1, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (declaration_tag (builder, "x", 1, -2, &error), EBPF_ERROR_INVALID_ARGUMENT);

  ebpf_btf_builder_add_struct (builder, "s", 8, &error);
  REFUSED (parameter (builder, "x", 1, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (member (builder, "x", 1, 72, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);
  REFUSED (member (builder, "x", 1, 0, 129, &error), EBPF_ERROR_INVALID_ARGUMENT);
  ebpf_btf_builder_add_member (builder, "x", 1, 32, 0, &error);
  REFUSED (member (builder, "y", 1, 0, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);

  ebpf_btf_builder_add_union (builder, "u", 8, &error);
  REFUSED (member (builder, "x", 1, 8, 0, &error), EBPF_ERROR_INVALID_ARGUMENT);

  /* far members and bitfields exclude each other */
  ebpf_btf_builder_add_struct (builder, "far", 0x10000000, &error);
  ebpf_btf_builder_add_member (builder, "a", 1, 0x2000000, 0, &error);
  REFUSED (member (builder, "b", 1, 0x2000008, 1, &error), EBPF_ERROR_LIMIT);
  ebpf_btf_builder_add_struct (builder, "near", 0x10000000, &error);
  ebpf_btf_builder_add_member (builder, "a", 1, 8, 1, &error);
  REFUSED (member (builder, "b", 1, 0x2000000, 0, &error), EBPF_ERROR_LIMIT);

  ebpf_btf_builder_add_enum (builder, "signed", 4, TRUE, &error);
  REFUSED (enumerator (builder, "X", G_MAXUINT32, &error), EBPF_ERROR_INVALID_ARGUMENT);
  ebpf_btf_builder_add_enum (builder, "unsigned", 4, FALSE, &error);
  REFUSED (enumerator (builder, "X", -1, &error), EBPF_ERROR_INVALID_ARGUMENT);
  g_assert_true (ebpf_btf_builder_add_enumerator (builder, "X", G_MAXUINT32, &error));

  ebpf_btf_builder_add_prototype (builder, 0, &error);
  REFUSED (parameter (builder, "x", 0, &error), EBPF_ERROR_INVALID_ARGUMENT);
  ebpf_btf_builder_add_parameter (builder, NULL, 0, &error);
  REFUSED (parameter (builder, "x", 1, &error), EBPF_ERROR_INVALID_ARGUMENT);

  ebpf_btf_builder_add_section (builder, ".data", 8, &error);
  REFUSED (section_entry (builder, 1, 4, 8, &error), EBPF_ERROR_INVALID_ARGUMENT);
  ebpf_btf_builder_add_section_entry (builder, 1, 0, 4, &error);
  REFUSED (section_entry (builder, 1, 2, 4, &error), EBPF_ERROR_INVALID_ARGUMENT);
  g_assert_no_error (error);

  /* as many members as can be counted */
  id = ebpf_btf_builder_add_enum (builder, "many", 4, FALSE, &error);
  for (guint i = 0; i < 65535; i++)
    g_assert_true (ebpf_btf_builder_add_enumerator (builder, "SAME", i, &error));
  REFUSED (enumerator (builder, "SAME", 0, &error), EBPF_ERROR_LIMIT);
  g_assert_cmpuint (id, ==, ebpf_btf_builder_get_n_types (builder) - 1);
}

static void
test_too_many_types (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  guint n = 0;

  while (ebpf_btf_builder_add_pointer (builder, 0, &error) != 0)
    n++;
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
  g_assert_cmpuint (n, ==, 0xfffff);
  g_clear_error (&error);

  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_builder_copy_all (builder, btf, &error), ==, 0);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
}

/* Before Linux 6.3 the kernel loses its way from a section to types of its variables that come behind
 * it. */
static void
test_copy_section (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) other = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) result = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  guint id;
  int fd;

  ebpf_btf_builder_add_section (builder, ".data", 16, &error);
  ebpf_btf_builder_add_section_entry (builder, 2, 0, 4, &error);
  ebpf_btf_builder_add_section_entry (builder, 3, 8, 8, &error);
  ebpf_btf_builder_add_variable (builder, "count", 4, EBPF_BTF_LINKAGE_GLOBAL, &error);
  ebpf_btf_builder_add_variable (builder, "where", 6, EBPF_BTF_LINKAGE_GLOBAL, &error);
  ebpf_btf_builder_add_typedef (builder, "count_t", 5, &error);
  ebpf_btf_builder_add_volatile (builder, 8, &error);
  ebpf_btf_builder_add_restrict (builder, 7, &error);
  ebpf_btf_builder_add_pointer (builder, 4, &error);
  ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);

  type = ebpf_btf_get_type_by_id (btf, 1);
  id = ebpf_btf_builder_copy_type (other, type, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (id, ==, 8);
  g_assert_cmpuint (ebpf_btf_builder_copy_type (other, type, &error), ==, id);
  g_assert_cmpuint (ebpf_btf_builder_get_n_types (other), ==, 9);

  result = ebpf_btf_builder_build (other, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_find (result, ".data", EBPF_BTF_KIND_DATASEC, &error), ==, 8);
  g_assert_cmpuint (ebpf_btf_find (result, "count", EBPF_BTF_KIND_VAR, &error), <, 8);

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 2))
    return;
  fd = ebpf_btf_load_into_kernel (result, &error);
  g_assert_no_error (error);
  close (fd);
}

/* What can only be seen once all is there. */
static void
test_wrong_references (void)
{
  g_autoptr (EbpfBtfBuilder) beyond = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) cycle = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) function = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;

  ebpf_btf_builder_add_pointer (beyond, 2, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_btf_builder_build (beyond, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*type 1*refers to type 2*");
  g_clear_error (&error);

  /* And it can be mended. */
  ebpf_btf_builder_add_int (beyond, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  g_object_unref (ebpf_btf_builder_build (beyond, &error));
  g_assert_no_error (error);

  ebpf_btf_builder_add_struct (cycle, "s", 8, &error);
  ebpf_btf_builder_add_member (cycle, "s", 1, 0, 0, &error);
  g_assert_null (ebpf_btf_builder_encode (cycle, EBPF_BYTE_ORDER_BIG_ENDIAN, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*contains itself*");
  g_clear_error (&error);

  ebpf_btf_builder_add_int (function, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  ebpf_btf_builder_add_function (function, "f", 1, EBPF_BTF_LINKAGE_GLOBAL, &error);
  g_assert_null (ebpf_btf_builder_build (function, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*no prototype*");
}

/* The kernel is the judge of what it accepts. Attributes are newer than some kernels, so they are
 * left out. */
static void
test_kernel_accepts (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  guint u32, proto;
  int fd;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 2))
    return;

  u32 =
      ebpf_btf_builder_add_int (builder, "unsigned int", 4, EBPF_BTF_INT_ENCODING_UNSIGNED, &error);
  ebpf_btf_builder_add_struct (builder, "node", 24, &error);
  ebpf_btf_builder_add_member (builder, "next", 3, 0, 0, &error);
  ebpf_btf_builder_add_member (builder, "low", u32, 64, 3, &error);
  ebpf_btf_builder_add_member (builder, "values", 4, 96, 0, &error);
  ebpf_btf_builder_add_pointer (builder, 2, &error);
  ebpf_btf_builder_add_array (builder, u32, u32, 3, &error);
  ebpf_btf_builder_add_enum (builder, "state", 4, TRUE, &error);
  ebpf_btf_builder_add_enumerator (builder, "NONE", -1, &error);
  ebpf_btf_builder_add_enum64 (builder, "mask", 8, FALSE, &error);
  ebpf_btf_builder_add_enumerator (builder, "TOP", G_MININT64, &error);
  ebpf_btf_builder_add_forward (builder, "hidden", EBPF_BTF_KIND_STRUCT, &error);
  ebpf_btf_builder_add_typedef (builder, "node_t", 2, &error);
  ebpf_btf_builder_add_const (builder, u32, &error);
  ebpf_btf_builder_add_volatile (builder, u32, &error);
  ebpf_btf_builder_add_restrict (builder, 3, &error);
  ebpf_btf_builder_add_float (builder, "double", 8, &error);
  proto = ebpf_btf_builder_add_prototype (builder, u32, &error);
  ebpf_btf_builder_add_parameter (builder, "node", 3, &error);
  ebpf_btf_builder_add_function (builder, "visit", proto, EBPF_BTF_LINKAGE_STATIC, &error);
  ebpf_btf_builder_add_variable (builder, "count", u32, EBPF_BTF_LINKAGE_GLOBAL, &error);
  ebpf_btf_builder_add_section (builder, ".data", 4, &error);
  ebpf_btf_builder_add_section_entry (builder, ebpf_btf_builder_get_n_types (builder) - 2, 0, 4,
                                      &error);
  ebpf_btf_builder_add_declaration_tag (builder, "note", 2, 1, &error);
  ebpf_btf_builder_add_pointer (builder, ebpf_btf_builder_get_n_types (builder) + 1, &error);
  ebpf_btf_builder_add_type_tag (builder, "user", 2, &error);
  g_assert_no_error (error);

  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  fd = ebpf_btf_load_into_kernel (btf, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/builder/kinds", test_kinds);
  ebpf_test_add ("/btf/builder/byte-orders", test_byte_orders);
  ebpf_test_add ("/btf/builder/strings", test_strings);
  ebpf_test_add ("/btf/builder/empty", test_empty);
  ebpf_test_add ("/btf/builder/split", test_split);
  ebpf_test_add ("/btf/builder/copy-type", test_copy_type);
  ebpf_test_add ("/btf/builder/copy-section", test_copy_section);
  ebpf_test_add ("/btf/builder/copy-all", test_copy_all);
  ebpf_test_add ("/btf/builder/names", test_names);
  ebpf_test_add ("/btf/builder/limits", test_limits);
  ebpf_test_add ("/btf/builder/too-many-types", test_too_many_types);
  ebpf_test_add ("/btf/builder/wrong-references", test_wrong_references);
  ebpf_test_add ("/btf/builder/kernel-accepts", test_kernel_accepts);

  return g_test_run ();
}
