/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <string.h>

static void
test_essential_names (void)
{
  static const struct
  {
    const char *name;
    gsize length;
  } names[] = {
    { "", 0 },        { "a", 1 },      { "foo", 3 },      { "foo___x", 3 },
    { "foo___", 6 },  { "___foo", 6 }, { "foo____x", 8 }, { "foo___x___y", 7 },
    { "a___b", 1 },   { "_a___b", 2 }, { "a__b", 4 },     { "foo___x____y", 3 },
    { "a_____b", 7 }, { "___", 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_test_message ("%s", names[i].name);
      g_assert_cmpuint (ebpf_core_essential_length (names[i].name), ==, names[i].length);
    }

  g_assert_true (ebpf_core_essential_equal ("foo___a", "foo___b"));
  g_assert_false (ebpf_core_essential_equal ("foo___a", "fo"));
}

static void
test_compatible (void)
{
  g_autoptr (TestBtf) a = test_btf_new (FALSE);
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (EbpfBtf) target = NULL;
  guint32 int_a, int_b, s_a, s_b, u_b, proto_a, proto_b, proto_2, proto_ret, func_a, func_b, func_2;
  guint32 array_a, array_b, array_c, fwd_a, enum_a, enum64_b, proto_ptr, proto_ptr_b, const_b;

  int_a = test_btf_int (a, "int", 4, TEST_BTF_SIGNED);
  s_a = test_btf_struct (a, "s", 0);
  proto_a = test_btf_func_proto (a, int_a);
  test_btf_param (a, "x", test_btf_n_types (a) + 0);
  func_a = test_btf_ptr (a, s_a);
  func_a = test_btf_func (a, "f", proto_a, 2);
  array_a = test_btf_array (a, int_a, int_a, 3);
  fwd_a = test_btf_fwd (a, "s", FALSE);
  enum_a = test_btf_enum (a, "e", 4, FALSE);
  proto_ptr = test_btf_ptr (a, proto_a);

  int_b = test_btf_int (b, "other", 8, 0);
  s_b = test_btf_struct (b, "renamed", 8);
  test_btf_member (b, "x", int_b, 0);
  u_b = test_btf_union (b, "s", 0);
  proto_b = test_btf_func_proto (b, int_b);
  test_btf_param (b, "y", test_btf_n_types (b) + 0);
  func_b = test_btf_ptr (b, s_b);
  func_b = test_btf_func (b, "g", proto_b, 1);
  proto_2 = test_btf_func_proto (b, int_b);
  func_2 = test_btf_func (b, "g2", proto_2, 1);
  array_b = test_btf_array (b, int_b, int_b, 30);
  array_c = test_btf_array (b, s_b, int_b, 3);
  enum64_b = test_btf_enum64 (b, "e2", 8, FALSE);
  proto_ret = test_btf_func_proto (b, 0);
  test_btf_param (b, "y", proto_ret - 0);
  proto_ptr_b = test_btf_ptr (b, proto_b);
  const_b = test_btf_const (b, test_btf_typedef (b, "t", s_b));

  local = core_parse (a, NULL);
  target = core_parse (b, NULL);

#define COMPATIBLE(x, y) g_assert_true (ebpf_core_types_compatible (local, x, target, y))
#define INCOMPATIBLE(x, y) g_assert_false (ebpf_core_types_compatible (local, x, target, y))
  COMPATIBLE (0, 0);
  INCOMPATIBLE (0, int_b);
  INCOMPATIBLE (int_a, 0);
  COMPATIBLE (int_a, int_b);
  COMPATIBLE (s_a, s_b);
  COMPATIBLE (s_a, const_b);
  INCOMPATIBLE (s_a, u_b);
  INCOMPATIBLE (fwd_a, s_b);
  COMPATIBLE (proto_a, proto_b);
  COMPATIBLE (func_a, func_b);
  INCOMPATIBLE (func_a, func_2);
  COMPATIBLE (proto_ptr, proto_ptr_b);
  INCOMPATIBLE (proto_a, proto_2);
  INCOMPATIBLE (proto_a, proto_ret);
  COMPATIBLE (array_a, array_b);
  INCOMPATIBLE (array_a, array_c);
  COMPATIBLE (enum_a, enum64_b);
  INCOMPATIBLE (9999, int_b);
#undef COMPATIBLE
#undef INCOMPATIBLE
}

/* Types that hold each other twice, thirty deep: a naive comparison takes 2^30 steps. */
static void
build_explosive (TestBtf *b, guint32 *proto, guint32 *composite)
{
  guint32 i32 = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  guint32 inner = i32;

  for (guint i = 0; i < 14; i++)
    {
      guint32 next = test_btf_func_proto (b, inner == i32 ? i32 : 0);

      test_btf_param (b, "a", inner);
      test_btf_param (b, "b", inner);
      inner = test_btf_ptr (b, next);
    }
  *proto = inner;

  inner = test_btf_struct (b, NULL, 0);
  for (guint i = 0; i < 30; i++)
    {
      guint32 next = test_btf_struct (b, NULL, 0);

      test_btf_member (b, NULL, inner, 0);
      test_btf_member (b, NULL, inner, 0);
      inner = next;
    }
  *composite = test_btf_struct (b, "s", 4);
  test_btf_member (b, NULL, inner, 0);
  test_btf_member (b, "x", i32, 0);
}

static void
test_explosive (void)
{
  g_autoptr (TestBtf) a = test_btf_new (FALSE);
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  g_autoptr (GError) error = NULL;
  guint32 proto, composite, proto_b, composite_b;
  EbpfCoreRelo relo = { .kind = OFFSET };
  EbpfInsn insn = core_mov;

  build_explosive (a, &proto, &composite);
  relo.access_str_off = test_btf_string (a, "0:1");
  build_explosive (b, &proto_b, &composite_b);
  local = core_parse (a, NULL);
  targets = core_targets (core_parse (b, NULL));

  g_assert_true (ebpf_core_types_compatible (local, proto, targets->pdata[0], proto_b));
  g_assert_true (ebpf_core_types_match (local, proto, targets->pdata[0], proto_b));
  g_assert_false (ebpf_core_types_compatible (local, proto, targets->pdata[0], composite_b));
  ebpf_core_types_match (local, composite, targets->pdata[0], composite_b);

  cache = ebpf_core_cache_new (local, targets);
  relo.type_id = composite;
  g_assert_true (ebpf_core_relocate (cache, &insn, 1, &relo, 1, &error));
  g_assert_no_error (error);
  g_assert_cmpint (insn.imm, ==, 0);
  g_assert_cmpuint (insn.code, ==, core_mov.code);
}

/* A list whose nodes point at nodes. */
static void
test_recursive (void)
{
  g_autoptr (TestBtf) a = test_btf_new (FALSE);
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (EbpfBtf) target = NULL;
  TestBtf *both[2] = { a, b };

  for (guint i = 0; i < 2; i++)
    {
      guint32 proto;

      test_btf_struct (both[i], "node", 16);
      test_btf_member (both[i], "next", 2, 0);
      test_btf_member (both[i], "call", 3, 64);
      test_btf_ptr (both[i], 1);
      test_btf_ptr (both[i], 4);
      proto = test_btf_func_proto (both[i], 3);
      g_assert_cmpuint (proto, ==, 4);
      test_btf_param (both[i], "self", 3);
    }

  local = core_parse (a, NULL);
  target = core_parse (b, NULL);
  g_assert_true (ebpf_core_types_match (local, 1, target, 1));
  g_assert_true (ebpf_core_types_compatible (local, 4, target, 4));
  g_assert_false (ebpf_core_types_match (local, 1, target, 2));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/core/essential-names", test_essential_names);
  ebpf_test_add ("/btf/core/compatible", test_compatible);
  ebpf_test_add ("/btf/core/explosive", test_explosive);
  ebpf_test_add ("/btf/core/recursive", test_recursive);

  return g_test_run ();
}
