/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a compiler makes of all of a kernel is asked by tests/tools/test-vmlinux.py. */

#include <ebpf.h>

#include "ebpf-test.h"

#include <string.h>

typedef struct
{
  EbpfBtfBuilder *builder;
  guint u8, i32, u32, u64, boolean;
} Fixture;

/* All that is added to the fixture is correct as such. */
static guint
ok (guint id)
{
  g_assert_cmpuint (id, !=, 0);
  return id;
}

static void
fixture_init (Fixture *self)
{
  self->builder = ebpf_btf_builder_new ();
  self->u8 = ok (ebpf_btf_builder_add_int (self->builder, "unsigned char", 1, 0, NULL));
  self->i32 =
      ok (ebpf_btf_builder_add_int (self->builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, NULL));
  self->u32 = ok (ebpf_btf_builder_add_int (self->builder, "unsigned int", 4, 0, NULL));
  self->u64 = ok (ebpf_btf_builder_add_int (self->builder, "long unsigned int", 8, 0, NULL));
  self->boolean =
      ok (ebpf_btf_builder_add_int (self->builder, "_Bool", 1, EBPF_BTF_INT_ENCODING_BOOL, NULL));
}

static void
fixture_clear (Fixture *self)
{
  g_clear_object (&self->builder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
member (Fixture *self, const char *name, guint type, guint bit_offset, guint bit_size)
{
  g_autoptr (GError) error = NULL;

  ebpf_btf_builder_add_member (self->builder, name, type, bit_offset, bit_size, &error);
  g_assert_no_error (error);
}

static void
value (Fixture *self, const char *name, gint64 number)
{
  g_autoptr (GError) error = NULL;

  ebpf_btf_builder_add_enumerator (self->builder, name, number, &error);
  g_assert_no_error (error);
}

static guint
pointer (Fixture *self, guint to)
{
  return ok (ebpf_btf_builder_add_pointer (self->builder, to, NULL));
}

static char *
dump (Fixture *self, GError **error)
{
  g_autoptr (EbpfBtf) btf = ebpf_btf_builder_build (self->builder, error);

  return btf != NULL ? ebpf_btf_dump_c (btf, NULL, 0, EBPF_BTF_DUMP_FLAGS_NONE, error) : NULL;
}

static void
assert_dump (Fixture *self, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = dump (self, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_layout (void)
{
  g_auto (Fixture) self = { NULL };

  fixture_init (&self);

  /* Room that C leaves by itself, room that it does not, and bitfields on either side of it. */
  ok (ebpf_btf_builder_add_struct (self.builder, "holes", 40, NULL));
  member (&self, "a", self.u8, 0, 0);
  member (&self, "b", self.i32, 32, 0);
  member (&self, "c", self.u8, 96, 0);
  member (&self, "d", self.u32, 128, 3);
  member (&self, "e", self.u32, 135, 5);
  member (&self, "f", self.u64, 192, 0);

  ok (ebpf_btf_builder_add_struct (self.builder, "packed", 9, NULL));
  member (&self, "a", self.u8, 0, 0);
  member (&self, "b", self.u64, 8, 0);

  ok (ebpf_btf_builder_add_struct (self.builder, "straddling", 8, NULL));
  member (&self, "a", self.u32, 0, 20);
  member (&self, "b", self.u32, 20, 20);

  ok (ebpf_btf_builder_add_union (self.builder, "aligned", 64, NULL));
  member (&self, "a", self.u8, 0, 0);

  ok (ebpf_btf_builder_add_union (self.builder, "odd", 5, NULL));
  member (&self, "a", self.i32, 0, 0);

  ok (ebpf_btf_builder_add_struct (self.builder, "overlapping", 4, NULL));
  member (&self, "a", self.i32, 0, 0);
  member (&self, "b", self.u8, 16, 0);

  ok (ebpf_btf_builder_add_struct (self.builder, "empty", 0, NULL));

  assert_dump (&self, "struct holes {\n"
                      "\tunsigned char a;\n"
                      "\tint b;\n"
                      "\tint: 32;\n"
                      "\tunsigned char c;\n"
                      "\tint: 24;\n"
                      "\tunsigned int d: 3;\n"
                      "\tint: 4;\n"
                      "\tunsigned int e: 5;\n"
                      "\tlong unsigned int f;\n"
                      "\tlong: 64;\n"
                      "};\n\n"
                      "struct packed {\n"
                      "\tunsigned char a;\n"
                      "\tlong unsigned int b;\n"
                      "} __attribute__((packed));\n\n"
                      "struct straddling {\n"
                      "\tunsigned int a: 20;\n"
                      "\tunsigned int b: 20;\n"
                      "\tint: 24;\n"
                      "} __attribute__((packed));\n\n"
                      "union aligned {\n"
                      "\tunsigned char a;\n"
                      "} __attribute__((aligned(64)));\n\n"
                      "union odd {\n"
                      "\tint a;\n"
                      "\tunsigned char __padding_10[5];\n"
                      "} __attribute__((packed));\n\n"
                      "struct overlapping {\n"
                      "\t/* C has no way to lay out the members. */\n"
                      "\tunsigned char __bytes_11[4];\n"
                      "};\n\n"
                      "struct empty {\n"
                      "};\n\n");
}

static void
test_order (void)
{
  g_auto (Fixture) self = { NULL };
  guint node, list, item, alias;

  fixture_init (&self);

  /* Used before it is there: by pointer, by value, by a typedef, and by itself. */
  node = ok (ebpf_btf_builder_get_n_types (self.builder));
  item = node + 1;
  list = node + 2;
  alias = node + 3;
  ok (ebpf_btf_builder_add_struct (self.builder, "node", 32, NULL));
  member (&self, "next", node + 4, 0, 0);
  member (&self, "list", node + 5, 64, 0);
  member (&self, "item", alias, 128, 0);
  ok (ebpf_btf_builder_add_struct (self.builder, "item", 16, NULL));
  member (&self, "node", node + 4, 0, 0);
  member (&self, "value", self.u64, 64, 0);
  ok (ebpf_btf_builder_add_struct (self.builder, "list", 8, NULL));
  member (&self, "first", node + 4, 0, 0);
  ok (ebpf_btf_builder_add_typedef (self.builder, "item_t", item, NULL));
  pointer (&self, node);
  pointer (&self, list);

  assert_dump (&self, "struct node;\n\n"
                      "struct list;\n\n"
                      "struct item {\n"
                      "\tstruct node *node;\n"
                      "\tlong unsigned int value;\n"
                      "};\n\n"
                      "typedef struct item item_t;\n\n"
                      "struct node {\n"
                      "\tstruct node *next;\n"
                      "\tstruct list *list;\n"
                      "\titem_t item;\n"
                      "};\n\n"
                      "struct list {\n"
                      "\tstruct node *first;\n"
                      "};\n\n");
}

static void
test_names (void)
{
  g_auto (Fixture) self = { NULL };

  fixture_init (&self);
  ok (ebpf_btf_builder_add_struct (self.builder, "twice", 4, NULL));
  member (&self, "int", self.i32, 0, 0);
  ok (ebpf_btf_builder_add_struct (self.builder, "twice", 1, NULL));
  member (&self, "a", self.u8, 0, 0);
  ok (ebpf_btf_builder_add_enum (self.builder, "twice", 4, TRUE, NULL));
  value (&self, "ONE", 1);
  value (&self, "MINUS", -1);
  ok (ebpf_btf_builder_add_enum (self.builder, NULL, 1, FALSE, NULL));
  value (&self, "ONE", 1);
  ok (ebpf_btf_builder_add_enum64 (self.builder, "wide", 8, FALSE, NULL));
  value (&self, "SMALL", 1);
  value (&self, "LARGE", -1);
  ok (ebpf_btf_builder_add_enum64 (self.builder, "signed_wide", 8, TRUE, NULL));
  value (&self, "LEAST", G_MININT64);
  value (&self, "FAR", -G_GINT64_CONSTANT (5000000000));
  ok (ebpf_btf_builder_add_typedef (self.builder, "inline", self.u8, NULL));
  ok (ebpf_btf_builder_add_typedef (self.builder, "bool", self.boolean, NULL));
  ok (ebpf_btf_builder_add_typedef (
      self.builder, "strange_t",
      ok (ebpf_btf_builder_add_int (self.builder, "char16_t", 2, 0, NULL)), NULL));

  assert_dump (&self, "struct twice {\n"
                      "\tint int_;\n"
                      "};\n\n"
                      "struct twice___2 {\n"
                      "\tunsigned char a;\n"
                      "};\n\n"
                      "enum twice___3 {\n"
                      "\tONE = 1,\n"
                      "\tMINUS = -1,\n"
                      "};\n\n"
                      "enum {\n"
                      "\tONE___2 = 1,\n"
                      "} __attribute__((mode(QI)));\n\n"
                      "enum wide {\n"
                      "\tSMALL = 1,\n"
                      "\tLARGE = 18446744073709551615ULL,\n"
                      "};\n\n"
                      "enum signed_wide {\n"
                      "\tLEAST = (-9223372036854775807LL - 1),\n"
                      "\tFAR = -5000000000LL,\n"
                      "};\n\n"
                      "typedef unsigned char inline_;\n\n"
                      "#if !defined bool && (!defined __STDC_VERSION__ || __STDC_VERSION__ < "
                      "202311L)\n"
                      "typedef _Bool bool;\n\n"
                      "#endif\n\n"
                      "typedef unsigned short char16_t;\n\n"
                      "typedef char16_t strange_t;\n\n");
}

static void
test_declarators (void)
{
  g_auto (Fixture) self = { NULL };
  guint constant, proto, handler, table, tagged, flexible, row, rows, rows_pointer, inner,
      restricted;

  fixture_init (&self);
  constant = pointer (&self, ok (ebpf_btf_builder_add_const (self.builder, self.u8, NULL)));
  proto = ok (ebpf_btf_builder_add_prototype (self.builder, constant, NULL));
  g_assert_true (ebpf_btf_builder_add_parameter (self.builder, "context", self.i32, NULL));
  g_assert_true (ebpf_btf_builder_add_parameter (self.builder, NULL, 0, NULL));
  handler = pointer (&self, proto);
  table = ok (ebpf_btf_builder_add_array (self.builder, handler, self.u32, 4, NULL));
  tagged =
      pointer (&self, ok (ebpf_btf_builder_add_type_tag (self.builder, "rcu", self.i32, NULL)));
  flexible = ok (ebpf_btf_builder_add_array (self.builder, self.u8, self.u32, 0, NULL));
  row = ok (ebpf_btf_builder_add_array (self.builder, self.u8, self.u32, 4, NULL));
  rows = ok (ebpf_btf_builder_add_array (self.builder, row, self.u32, 2, NULL));
  restricted = ok (ebpf_btf_builder_add_const (
      self.builder, ok (ebpf_btf_builder_add_restrict (self.builder, pointer (&self, 0), NULL)),
      NULL));
  rows_pointer = pointer (&self, rows);
  inner = ok (ebpf_btf_builder_add_union (self.builder, NULL, 8, NULL));
  member (&self, "number", self.u64, 0, 0);
  member (&self, "rows", rows, 0, 0);

  ok (ebpf_btf_builder_add_struct (self.builder, "all", 72, NULL));
  member (&self, "table", table, 0, 0);
  member (&self, "tagged", tagged, 256, 0);
  member (&self, NULL, inner, 320, 0);
  member (&self, "inner", inner, 384, 0);
  member (&self, "rows", rows_pointer, 448, 0);
  member (&self, "restricted", restricted, 512, 0);
  member (&self, "flexible", flexible, 576, 0);

  assert_dump (&self, "struct all {\n"
                      "\tconst unsigned char *(*table[4])(int context, ...);\n"
                      "\tint __attribute__((btf_type_tag(\"rcu\"))) *tagged;\n"
                      "\tunion {\n"
                      "\t\tlong unsigned int number;\n"
                      "\t\tunsigned char rows[2][4];\n"
                      "\t};\n"
                      "\tunion {\n"
                      "\t\tlong unsigned int number;\n"
                      "\t\tunsigned char rows[2][4];\n"
                      "\t} inner;\n"
                      "\tunsigned char (*rows)[2][4];\n"
                      "\tvoid *const __restrict restricted;\n"
                      "\tunsigned char flexible[0];\n"
                      "};\n\n");
}

/* What C cannot say: a struct without a name that points to itself. */
static void
test_cycle (void)
{
  g_auto (Fixture) self = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  guint record;

  fixture_init (&self);
  record = ebpf_btf_builder_get_n_types (self.builder);
  ok (ebpf_btf_builder_add_struct (self.builder, NULL, 8, NULL));
  member (&self, "self", record + 1, 0, 0);
  pointer (&self, record);
  ok (ebpf_btf_builder_add_typedef (self.builder, "loop", record, NULL));

  text = dump (&self, &error);
  g_assert_null (text);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  g_assert_nonnull (strstr (error->message, "needs itself"));
}

/* Sixty unions in each other, each twice: a few hundred bytes that stand for 2^60 members. */
static void
test_explosion (void)
{
  g_auto (Fixture) self = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  guint inner, i;

  fixture_init (&self);
  inner = self.i32;
  for (i = 0; i < 60; i++)
    {
      guint outer = ok (ebpf_btf_builder_add_union (self.builder, NULL, 4, NULL));

      member (&self, "a", inner, 0, 0);
      member (&self, "b", inner, 0, 0);
      inner = outer;
    }
  ok (ebpf_btf_builder_add_typedef (self.builder, "bomb", inner, NULL));

  text = dump (&self, &error);
  g_assert_null (text);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
}

static void
test_definition (void)
{
  g_auto (Fixture) self = { NULL };
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *whole = NULL;
  guint missing = 1000, first;

  fixture_init (&self);
  first = ok (ebpf_btf_builder_add_struct (self.builder, "first", 4, NULL));
  member (&self, "a", self.i32, 0, 0);
  ok (ebpf_btf_builder_add_struct (self.builder, "other", 4, NULL));
  member (&self, "a", self.i32, 0, 0);
  ok (ebpf_btf_builder_add_struct (self.builder, "second", 4, NULL));
  member (&self, "first", first, 0, 0);

  btf = ebpf_btf_builder_build (self.builder, &error);
  g_assert_no_error (error);
  type = ebpf_btf_find_type (btf, "second", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);
  text = ebpf_btf_type_to_c_definition (type, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (
      text, ==, "struct first {\n\tint a;\n};\n\nstruct second {\n\tstruct first first;\n};\n\n");

  whole = ebpf_btf_dump_c (btf, NULL, 0,
                           EBPF_BTF_DUMP_FLAGS_GUARD | EBPF_BTF_DUMP_FLAGS_PRESERVE_ACCESS, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (whole, "#ifndef __VMLINUX_H__\n"));
  g_assert_true (g_str_has_suffix (whole, "#endif /* __VMLINUX_H__ */\n"));
  g_assert_nonnull (strstr (whole, "#pragma clang attribute push"));
  g_assert_nonnull (strstr (whole, "#pragma clang attribute pop"));
  g_assert_nonnull (strstr (whole, "struct other {"));

  g_assert_null (ebpf_btf_dump_c (btf, &missing, 1, EBPF_BTF_DUMP_FLAGS_NONE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf-dump/layout", test_layout);
  ebpf_test_add ("/btf-dump/order", test_order);
  ebpf_test_add ("/btf-dump/names", test_names);
  ebpf_test_add ("/btf-dump/declarators", test_declarators);
  ebpf_test_add ("/btf-dump/cycle", test_cycle);
  ebpf_test_add ("/btf-dump/explosion", test_explosion);
  ebpf_test_add ("/btf-dump/definition", test_definition);

  return g_test_run ();
}
