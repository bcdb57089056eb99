/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include <string.h>

const EbpfInsn core_mov = { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst = 1 };

EbpfBtf *
core_parse (TestBtf *builder, EbpfBtf *base)
{
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_new_from_bytes (bytes, base, &error);

  g_assert_no_error (error);
  return btf;
}

GPtrArray *
core_targets (EbpfBtf *first)
{
  GPtrArray *targets = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (targets, first);
  return targets;
}

guint32
core_find_string (EbpfBtf *btf, const char *string)
{
  for (guint32 offset = 1;; offset++)
    {
      const char *candidate = ebpf_btf_peek_name (btf, offset);

      if (strcmp (candidate, string) == 0)
        return offset;
      g_assert_cmpuint (offset, <, 100000);
    }
}

const char *const core_access_strings[] = {
  "0",
  "1",
  "2",
  "3",
  "4",
  "0:0",
  "0:1",
  "0:2",
  "0:3",
  "0:4",
  "0:5",
  "0:6",
  "0:7",
  "0:8",
  "0:9",
  "0:10",
  "1:1",
  "0:99",
  "0:0:0",
  "0:5:2",
  "0:5:3",
  "0:5:4",
  "0:6:100",
  "0:7:1",
  "0:3:0",
  "0:3:1",
  "0:4:1",
  "0:4:0",
  "0:8:1:0",
  "0:2:0",
  "",
  "0:",
  ":0",
  "x",
  "0:1x",
  "0:-1",
  "0:2147483648",
  "0::1",
  "0:11",
  "0:12",
  "0:13",
  "0:14",
  "0:6:0",
  "2147483647",
};
const guint core_n_access_strings = G_N_ELEMENTS (core_access_strings);

/* The types that are the same on both sides come first, with the same ids. */
typedef struct
{
  guint32 i32, u32, u64, u16, u8, s64, ptr, i128, f64;
} Basic;

static void
add_basic (TestBtf *b, Basic *t)
{
  t->i32 = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  t->u32 = test_btf_int (b, "unsigned int", 4, 0);
  t->u64 = test_btf_int (b, "unsigned long", 8, 0);
  t->u16 = test_btf_int (b, "unsigned short", 2, 0);
  t->u8 = test_btf_int (b, "unsigned char", 1, 0);
  t->s64 = test_btf_int (b, "long", 8, TEST_BTF_SIGNED);
  t->ptr = test_btf_ptr (b, 0);
  t->i128 = test_btf_int (b, "__int128", 16, TEST_BTF_SIGNED);
  t->f64 = test_btf_float (b, "double", 8);
}

void
core_build_local (TestBtf *b)
{
  Basic t;
  guint32 numbers, flexible, points, inner, anonymous, point, typedef_of, ptr_fwd;

  add_basic (b, &t);
  numbers = test_btf_array (b, t.u32, t.u32, 4);
  flexible = test_btf_array (b, t.u32, t.u32, 0);

  point = test_btf_struct (b, "point", 8);
  test_btf_member (b, "x", t.i32, 0);
  test_btf_member (b, "y", t.i32, 32);
  points = test_btf_array (b, point, t.u32, 2);

  anonymous = test_btf_union (b, NULL, 8);
  test_btf_member (b, "a", t.u64, 0);
  test_btf_member (b, "b", t.u32, 0);

  inner = test_btf_struct (b, "inner", 8);
  test_btf_member (b, "first", t.u32, 0);
  test_btf_member (b, "second", t.u32, 32);

  test_btf_struct (b, "task___mine", 256);
  test_btf_member (b, "pid", t.u32, 0);            /* 0 */
  test_btf_member (b, "flags", t.u32, 32);         /* 1 */
  test_btf_member (b, "parent", t.ptr, 64);        /* 2 */
  test_btf_member (b, NULL, anonymous, 128);       /* 3 */
  test_btf_member (b, "in", inner, 192);           /* 4 */
  test_btf_member (b, "list", numbers, 256);       /* 5 */
  test_btf_member (b, "not_there", t.u32, 512);    /* 6 */
  test_btf_member (b, "wrong_kind", t.u32, 544);   /* 7 */
  test_btf_member (b, "points", points, 576);      /* 8 */
  test_btf_member (b, "grows", t.u32, 704);        /* 9 */
  test_btf_member (b, "signed_grows", t.i32, 736); /* 10 */
  test_btf_member (b, "far", t.u32, 768);          /* 11 */
  test_btf_member (b, "huge", t.u64, 832);         /* 12 */
  test_btf_member (b, "real", t.f64, 896);         /* 13 */
  test_btf_member (b, "shrinks", t.u64, 960);      /* 14 */

  test_btf_struct (b, "tail", 8);
  test_btf_member (b, "n", t.u32, 0);
  test_btf_member (b, "fixed", numbers, 32);
  test_btf_member (b, "rest", flexible, 160);

  test_btf_struct (b, "bits", 8);
  test_btf_bitfield (b, "lead", t.u32, 0, 3);
  test_btf_bitfield (b, "mid", t.u32, 3, 7);
  test_btf_bitfield (b, "neg", t.i32, 10, 5);
  test_btf_bitfield (b, "plain_there", t.u32, 15, 4);
  test_btf_bitfield (b, "bits_there", t.u32, 32, 0);

  test_btf_enum (b, "state", 4, FALSE);
  test_btf_value (b, "RUNNING", 1);
  test_btf_value (b, "STOPPED___x", 2);
  test_btf_value (b, "GONE", 3);
  test_btf_value (b, "HIGH", (gint64) 0xffffffff);

  test_btf_enum (b, "level", 4, TRUE);
  test_btf_value (b, "LOW", -1);
  test_btf_value (b, "UP", 4);

  test_btf_enum64 (b, "wide", 8, FALSE);
  test_btf_value (b, "WIDE_A", 0x100000001);
  test_btf_value (b, "WIDE_B", 2);

  test_btf_struct (b, "missing", 4);
  test_btf_member (b, "a", t.u32, 0);
  test_btf_enum (b, "missing_enum", 4, FALSE);
  test_btf_value (b, "M", 1);

  typedef_of = test_btf_struct (b, NULL, 8);
  test_btf_member (b, "x", t.u32, 0);
  test_btf_member (b, "y", t.u32, 32);
  test_btf_typedef (b, "pair_t", typedef_of);

  test_btf_fwd (b, "declared", FALSE);
  ptr_fwd = test_btf_ptr (b, test_btf_fwd (b, "node", FALSE));
  test_btf_struct (b, "match_ok", 16);
  test_btf_member (b, "id", t.u32, 0);
  test_btf_member (b, "next", ptr_fwd, 64);
  test_btf_struct (b, "match_sign", 4);
  test_btf_member (b, "id", t.u32, 0);
  test_btf_struct (b, "match_member", 4);
  test_btf_member (b, "absent", t.u32, 0);
  test_btf_struct (b, "match_array", 16);
  test_btf_member (b, "list", numbers, 0);
  test_btf_enum (b, "match_enum", 4, FALSE);
  test_btf_value (b, "A", 1);
  test_btf_struct (b, "of_pointer_sign", 8);
  test_btf_member (b, "p", t.ptr, 0);

  for (guint i = 0; i < core_n_access_strings; i++)
    test_btf_string (b, core_access_strings[i]);
}

void
core_build_target (TestBtf *b)
{
  Basic t;
  guint32 numbers, flexible, points, inner, holder, anonymous, deep, point, typedef_of, node;
  guint32 ptr_node;

  /* Ids differ from those of the object. */
  test_btf_int (b, "char", 1, TEST_BTF_SIGNED | TEST_BTF_CHAR);
  add_basic (b, &t);
  numbers = test_btf_array (b, t.u32, t.u32, 3);
  flexible = test_btf_array (b, t.u32, t.u32, 0);

  point = test_btf_struct (b, "point", 16);
  test_btf_member (b, "z", t.i32, 0);
  test_btf_member (b, "y", t.i32, 32);
  test_btf_member (b, "x", t.i32, 64);
  points = test_btf_array (b, point, t.u32, 2);

  deep = test_btf_struct (b, NULL, 16);
  test_btf_member (b, "unrelated", t.u64, 0);
  test_btf_member (b, "b", t.u32, 64);
  test_btf_member (b, "pid", t.u32, 96);
  anonymous = test_btf_union (b, NULL, 16);
  test_btf_member (b, "a", t.u64, 0);
  test_btf_member (b, NULL, deep, 0);

  holder = test_btf_struct (b, NULL, 8);
  test_btf_member (b, "second", t.u32, 0);
  inner = test_btf_struct (b, "inner_renamed", 16);
  test_btf_member (b, "first", t.u32, 0);
  test_btf_member (b, NULL, holder, 64);

  test_btf_struct (b, "task", 40000);
  test_btf_member (b, "new", t.u64, 0);
  test_btf_member (b, "parent", t.ptr, 64);
  test_btf_member (b, NULL, anonymous, 128);
  test_btf_member (b, "flags", t.u32, 256);
  test_btf_member (b, "in", inner, 320);
  test_btf_member (b, "list", numbers, 448);
  test_btf_member (b, "wrong_kind", t.ptr, 576);
  test_btf_member (b, "points", points, 640);
  test_btf_member (b, "grows", t.u64, 896);
  test_btf_member (b, "signed_grows", t.s64, 960);
  test_btf_member (b, "huge", t.i128, 1024);
  test_btf_member (b, "real", t.f64, 1152);
  test_btf_member (b, "shrinks", t.u16, 1216);
  test_btf_member (b, "far", t.u32, 39000 * 8);

  test_btf_struct (b, "tail", 8);
  test_btf_member (b, "fixed", flexible, 0);
  test_btf_member (b, "n", t.u32, 0);
  test_btf_member (b, "rest", flexible, 64);

  test_btf_struct (b, "bits", 16);
  test_btf_member (b, "plain_there", t.u16, 0);
  test_btf_bitfield (b, "lead", t.u8, 16, 3);
  test_btf_bitfield (b, "mid", t.u16, 30, 7); /* across two of its type's size */
  test_btf_bitfield (b, "neg", t.i32, 64, 9);
  test_btf_bitfield (b, "bits_there", t.u32, 96, 4);

  test_btf_enum64 (b, "state", 8, FALSE);
  test_btf_value (b, "FIRST", 0);
  test_btf_value (b, "RUNNING", 0x200000000);
  test_btf_value (b, "STOPPED", 7);
  test_btf_value (b, "HIGH", 8);

  test_btf_enum (b, "level", 4, TRUE);
  test_btf_value (b, "UP", -4);
  test_btf_value (b, "LOW", -7);

  test_btf_enum (b, "wide", 4, FALSE);
  test_btf_value (b, "WIDE_A", 0xfffffff0);

  typedef_of = test_btf_struct (b, NULL, 12);
  test_btf_member (b, "z", t.u32, 0);
  test_btf_member (b, "y", t.u32, 32);
  test_btf_member (b, "x", t.u32, 64);
  test_btf_typedef (b, "pair_t", typedef_of);

  test_btf_fwd (b, "missing", FALSE);
  node = test_btf_struct (b, "node", 4);
  test_btf_member (b, "v", t.u32, 0);
  ptr_node = test_btf_ptr (b, node);
  test_btf_struct (b, "match_ok", 24);
  test_btf_member (b, "extra", t.u32, 0);
  test_btf_member (b, "next", ptr_node, 64);
  test_btf_member (b, "id", t.u32, 128);
  test_btf_struct (b, "match_sign", 4);
  test_btf_member (b, "id", t.i32, 0);
  test_btf_struct (b, "match_member", 4);
  test_btf_member (b, "present", t.u32, 0);
  test_btf_struct (b, "match_array", 12);
  test_btf_member (b, "list", numbers, 0);
  test_btf_enum (b, "match_enum", 4, FALSE);
  test_btf_value (b, "A", 9);
  test_btf_value (b, "B", 10);
  test_btf_struct (b, "of_pointer_sign", 8);
  test_btf_member (b, "p", t.ptr, 0);
}

void
core_assert_poisoned (const EbpfInsn *insn)
{
  if (ebpf_insn_is_ldimm64 (insn))
    {
      g_assert_cmpuint (insn[0].dst, ==, 10);
      g_assert_cmpint (insn[0].imm, ==, 0xbad2310);
      g_assert_cmpint (insn[1].imm, ==, 0);
      g_assert_cmpuint (insn[1].code, ==, 0);
    }
  else
    {
      g_assert_cmpuint (insn->code, ==, EBPF_OP_CALL);
      g_assert_cmpuint (insn->src, ==, 0);
      g_assert_cmpuint (insn->dst, ==, 0);
      g_assert_cmpint (insn->off, ==, 0);
      g_assert_cmpint (insn->imm, ==, 195896080);
    }
}
