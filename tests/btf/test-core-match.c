/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which types match, and which fields stand for which: each rule by a pair that is alike and one that
 * is not. */

#include "core-fixture.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <string.h>

typedef struct
{
  EbpfBtf *local;
  EbpfBtf *target;
} Pair;

static void
pair_clear (Pair *self)
{
  g_clear_object (&self->local);
  g_clear_object (&self->target);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

/* A struct with one member of each of some types. */
static guint32
holder (TestBtf *b, const char *name, guint32 type)
{
  guint32 id = test_btf_struct (b, name, 8);

  test_btf_member (b, "member", type, 0);
  return id;
}

typedef struct
{
  const char *name;
  gboolean matches;
} Expected;

/* The local types have the names that the table has; the target's are called the same, with another
 * flavour where there is one. */
static void
build (TestBtf *b, gboolean is_target)
{
  const char *flavour = is_target ? "___there" : "___here";
  guint32 i32, u32, i64, f64, id, inner, proto;
#define NAME(name) (g_strdup_printf ("%s%s", name, flavour))
#define HOLDER(name, type)                                                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    guint32 of = (type);                                                                           \
    g_autofree char *full = NAME (name);                                                           \
                                                                                                   \
    holder (b, full, of);                                                                          \
  }                                                                                                \
  G_STMT_END

  i32 = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  u32 = test_btf_int (b, "unsigned int", 4, 0);
  i64 = test_btf_int (b, "long", 8, TEST_BTF_SIGNED);
  f64 = test_btf_float (b, "double", 8);

  HOLDER ("same_int", i32);
  HOLDER ("other_sign", is_target ? test_btf_int (b, "number", 4, 0)
                                  : test_btf_int (b, "number", 4, TEST_BTF_SIGNED));
  HOLDER ("other_size",
          is_target ? test_btf_int (b, "word", 8, 0) : test_btf_int (b, "word", 4, 0));
  HOLDER ("other_name", is_target ? u32 : test_btf_int (b, "int2", 4, 0));
  HOLDER ("flavoured_int", test_btf_int (b, is_target ? "half" : "half___x", 2, 0));
  HOLDER ("same_float", f64);
  HOLDER ("float_is_int", is_target ? i64 : test_btf_float (b, "long", 8));
  HOLDER ("qualified", is_target ? i32 : test_btf_const (b, test_btf_typedef (b, "t", i32)));

  HOLDER ("same_array", test_btf_array (b, i32, u32, 2));
  HOLDER ("longer_array", test_btf_array (b, i32, u32, is_target ? 3 : 2));
  HOLDER ("array_of_other", test_btf_array (b, is_target ? i32 : u32, u32, 2));

  HOLDER ("pointer", test_btf_ptr (b, i32));
  HOLDER ("pointer_to_other", test_btf_ptr (b, is_target ? u32 : i32));
  HOLDER ("pointer_is_int", is_target ? i64 : test_btf_ptr (b, i32));
  HOLDER ("pointer_to_void", test_btf_ptr (b, 0));
  HOLDER ("pointer_to_void_here", test_btf_ptr (b, is_target ? i32 : 0));

  /* Behind a pointer a declaration is as good as the struct, and what is in it does not matter. */
  id = is_target ? test_btf_struct (b, "late", 4) : test_btf_fwd (b, "late", FALSE);
  HOLDER ("declared_here", test_btf_ptr (b, id));
  id = is_target ? test_btf_fwd (b, "early", FALSE) : test_btf_struct (b, "early", 4);
  HOLDER ("declared_there", test_btf_ptr (b, id));
  id = is_target ? test_btf_union (b, "either", 4) : test_btf_fwd (b, "either", FALSE);
  HOLDER ("declared_as_struct", test_btf_ptr (b, id));
  id = is_target ? test_btf_union (b, "which", 4) : test_btf_fwd (b, "which", TRUE);
  HOLDER ("declared_union", test_btf_ptr (b, id));
  id = test_btf_struct (b, "content", 8);
  test_btf_member (b, is_target ? "this" : "that", i32, 0);
  HOLDER ("pointer_to_content", test_btf_ptr (b, id));
  HOLDER ("content", id);
  HOLDER ("declared_by_value",
          is_target ? test_btf_struct (b, "value", 8) : test_btf_fwd (b, "value", FALSE));

  /* Every local member has to be there, whatever else is. */
  {
    g_autofree char *more = NAME ("more_there");
    g_autofree char *fewer = NAME ("fewer_there");
    g_autofree char *deep = NAME ("deep_flavours");
    g_autofree char *as_union = NAME ("union_there");
    g_autofree char *numbers = NAME ("enumerators");
    g_autofree char *gone = NAME ("enumerator_gone");
    g_autofree char *wide = NAME ("wide_enum");
    g_autofree char *values = NAME ("other_values");

    test_btf_struct (b, more, 16);
    test_btf_member (b, "a", i32, is_target ? 64 : 0);
    if (is_target)
      test_btf_member (b, "b", i32, 0);
    test_btf_struct (b, fewer, 16);
    test_btf_member (b, "a", i32, 0);
    if (!is_target)
      test_btf_member (b, "b", i32, 32);
    inner = test_btf_struct (b, is_target ? "inner" : "inner___mine", 8);
    test_btf_member (b, is_target ? "x" : "x___mine", i32, 0);
    test_btf_struct (b, deep, 8);
    test_btf_member (b, is_target ? "part___x" : "part", inner, 0);
    if (is_target)
      test_btf_union (b, as_union, 4);
    else
      test_btf_struct (b, as_union, 4);
    test_btf_member (b, "a", i32, 0);

    test_btf_enum (b, numbers, 4, FALSE);
    test_btf_value (b, is_target ? "ONE" : "ONE___x", 1);
    if (is_target)
      test_btf_value (b, "TWO", 2);
    test_btf_enum (b, gone, 4, FALSE);
    test_btf_value (b, is_target ? "SOME" : "NONE", 1);
    if (is_target)
      test_btf_enum64 (b, wide, 8, FALSE);
    else
      test_btf_enum (b, wide, 4, FALSE);
    test_btf_value (b, "WIDE", 1);
    test_btf_enum (b, values, 4, FALSE);
    test_btf_value (b, "VALUE", is_target ? 2 : 1);
  }

  proto = test_btf_func_proto (b, i32);
  test_btf_param (b, is_target ? "x" : "y", u32);
  HOLDER ("same_function", test_btf_ptr (b, proto));
  proto = test_btf_func_proto (b, i32);
  test_btf_param (b, "x", u32);
  if (is_target)
    test_btf_param (b, "y", u32);
  HOLDER ("more_parameters", test_btf_ptr (b, proto));
  proto = test_btf_func_proto (b, is_target ? 0 : i32);
  HOLDER ("returns_void", test_btf_ptr (b, proto));
  proto = test_btf_func_proto (b, i32);
  test_btf_param (b, "x", is_target ? i64 : i32);
  HOLDER ("other_parameter", test_btf_ptr (b, proto));
#undef HOLDER
#undef NAME
}

static void
pair_init (Pair *self)
{
  g_autoptr (TestBtf) a = test_btf_new (FALSE);
  g_autoptr (TestBtf) b = test_btf_new (FALSE);

  build (a, FALSE);
  build (b, TRUE);
  self->local = core_parse (a, NULL);
  self->target = core_parse (b, NULL);
}

static guint32
find (EbpfBtf *btf, const char *name, const char *flavour)
{
  g_autofree char *full = g_strconcat (name, flavour, NULL);
  guint32 id = ebpf_btf_lookup (btf, full, EBPF_BTF_KIND_VOID);

  g_assert_cmpuint (id, !=, 0);
  return id;
}

static void
test_match (void)
{
  static const Expected cases[] = {
    { "same_int", TRUE },
    { "other_sign", FALSE },
    { "other_size", FALSE },
    { "other_name", FALSE },
    { "flavoured_int", TRUE },
    { "same_float", TRUE },
    { "float_is_int", FALSE },
    { "qualified", TRUE },
    { "same_array", TRUE },
    { "longer_array", FALSE },
    { "array_of_other", FALSE },
    { "pointer", TRUE },
    { "pointer_to_other", FALSE },
    { "pointer_is_int", FALSE },
    { "pointer_to_void", TRUE },
    { "pointer_to_void_here", FALSE },
    { "declared_here", TRUE },
    { "declared_there", TRUE },
    { "declared_as_struct", FALSE },
    { "declared_union", TRUE },
    { "pointer_to_content", TRUE },
    { "content", FALSE },
    { "declared_by_value", FALSE },
    { "more_there", TRUE },
    { "fewer_there", FALSE },
    { "deep_flavours", TRUE },
    { "union_there", FALSE },
    { "enumerators", TRUE },
    { "enumerator_gone", FALSE },
    { "wide_enum", FALSE },
    { "other_values", TRUE },
    { "same_function", TRUE },
    { "more_parameters", FALSE },
    { "returns_void", FALSE },
    { "other_parameter", FALSE },
  };
  g_auto (Pair) pair = { 0 };

  pair_init (&pair);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean matches =
          ebpf_core_types_match (pair.local, find (pair.local, cases[i].name, "___here"),
                                 pair.target, find (pair.target, cases[i].name, "___there"));

      if (matches != cases[i].matches)
        {
          g_test_message ("%s: %s", cases[i].name, matches ? "matches" : "does not match");
          g_test_fail ();
        }
    }
}

/* A field may stand for another of the same kind; enumerations and declarations want their name, or
 * none. */
static void
test_fields (void)
{
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = NULL;
  guint32 i32, u64, f32, f64, pointer, function, array, long_array, structure, uni, named,
      flavoured, other, nameless, wide, fwd, fwd_flavoured, other_fwd, proto;

  i32 = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  u64 = test_btf_int (b, "unsigned long", 8, 0);
  f32 = test_btf_float (b, "float", 4);
  f64 = test_btf_float (b, "double", 8);
  pointer = test_btf_ptr (b, i32);
  proto = test_btf_func_proto (b, 0);
  function = test_btf_ptr (b, proto);
  array = test_btf_array (b, i32, i32, 1);
  long_array = test_btf_array (b, u64, i32, 100);
  structure = test_btf_struct (b, "s", 4);
  uni = test_btf_union (b, "u", 8);
  named = test_btf_enum (b, "named", 4, FALSE);
  flavoured = test_btf_enum (b, "named___x", 1, FALSE);
  other = test_btf_enum (b, "other", 4, FALSE);
  nameless = test_btf_enum (b, NULL, 4, FALSE);
  wide = test_btf_enum64 (b, "named", 8, FALSE);
  fwd = test_btf_fwd (b, "f", FALSE);
  fwd_flavoured = test_btf_fwd (b, "f___x", FALSE);
  other_fwd = test_btf_fwd (b, "g", FALSE);
  btf = core_parse (b, NULL);

#define ALIKE(x, y) g_assert_true (ebpf_core_fields_compatible (btf, x, btf, y))
#define UNLIKE(x, y)                                                                               \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_false (ebpf_core_fields_compatible (btf, x, btf, y));                                 \
    g_assert_false (ebpf_core_fields_compatible (btf, y, btf, x));                                 \
  }                                                                                                \
  G_STMT_END
  ALIKE (i32, u64);
  ALIKE (f32, f64);
  ALIKE (pointer, function);
  ALIKE (array, long_array);
  ALIKE (structure, uni);
  ALIKE (named, flavoured);
  ALIKE (named, nameless);
  ALIKE (nameless, named);
  ALIKE (named, wide);
  ALIKE (fwd, fwd_flavoured);
  UNLIKE (named, other);
  UNLIKE (fwd, other_fwd);
  UNLIKE (i32, f64);
  UNLIKE (i32, pointer);
  UNLIKE (i32, named);
  UNLIKE (array, structure);
  UNLIKE (structure, pointer);
  UNLIKE (i32, 0);
#undef ALIKE
#undef UNLIKE
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/core/match", test_match);
  ebpf_test_add ("/btf/core/fields", test_fields);

  return g_test_run ();
}
