/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <string.h>

/* A local struct s { u32 a; u32 b; } and the relocations of its members. */
static EbpfBtf *
build_simple_local (EbpfCoreRelo *a, EbpfCoreRelo *b, const char *name)
{
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  guint32 u32 = test_btf_int (builder, "unsigned int", 4, 0);
  guint32 id = test_btf_struct (builder, name, 8);

  test_btf_member (builder, "a", u32, 0);
  test_btf_member (builder, "b", u32, 32);
  *a = (EbpfCoreRelo){ 0, id, test_btf_string (builder, "0:0"), OFFSET };
  *b = (EbpfCoreRelo){ 1, id, test_btf_string (builder, "0:1"), OFFSET };

  return core_parse (builder, NULL);
}

static void
add_simple (TestBtf *builder, const char *name, gint a, gint b)
{
  guint32 u32 = test_btf_int (builder, "unsigned int", 4, 0);

  test_btf_struct (builder, name, 64);
  if (a >= 0)
    test_btf_member (builder, "a", u32, (guint32) a * 8);
  if (b >= 0)
    test_btf_member (builder, "b", u32, (guint32) b * 8);
}

static void
init_movs (EbpfInsn insns[2])
{
  insns[0] = insns[1] = core_mov;
  insns[1].imm = 4;
}

static void
test_same_candidate_for_all (void)
{
  EbpfCoreRelo relos[2];
  EbpfInsn insns[2];
  g_autoptr (EbpfBtf) local = build_simple_local (&relos[0], &relos[1], "s");
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  g_autoptr (GError) error = NULL;

  /* The first has only a, the second both, the third only b: only the second serves both. */
  add_simple (builder, "s", 8, -1);
  add_simple (builder, "s", 16, 24);
  add_simple (builder, "s", -1, 32);
  targets = core_targets (core_parse (builder, NULL));
  cache = ebpf_core_cache_new (local, targets);

  init_movs (insns);
  g_assert_true (ebpf_core_relocate (cache, insns, 2, relos, 2, &error));
  g_assert_no_error (error);
  g_assert_cmpint (insns[0].imm, ==, 16);
  g_assert_cmpint (insns[1].imm, ==, 24);

  /* Alone, a is in two of them, and at different places. */
  init_movs (insns);
  g_assert_false (ebpf_core_relocate (cache, insns, 2, relos, 1, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                  "the byte offset of struct s.a is ambiguous*"
                                  "struct s [2] of vmlinux (8), struct s [4] of vmlinux (16)");
  g_assert_cmpint (insns[0].imm, ==, 0);
}

static void
test_alike_is_not_ambiguous (void)
{
  EbpfCoreRelo relos[2];
  EbpfInsn insns[2];
  g_autoptr (EbpfBtf) local = build_simple_local (&relos[0], &relos[1], "s");
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  g_autoptr (GError) error = NULL;

  add_simple (builder, "s", 8, 40);
  add_simple (builder, "s", 8, 48);
  targets = core_targets (core_parse (builder, NULL));
  cache = ebpf_core_cache_new (local, targets);

  init_movs (insns);
  g_assert_true (ebpf_core_relocate (cache, insns, 2, relos, 1, &error));
  g_assert_no_error (error);
  g_assert_cmpint (insns[0].imm, ==, 8);

  g_assert_false (ebpf_core_relocate (cache, insns, 2, relos, 2, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_RELOCATION);
}

static void
test_flavours_of_the_target (void)
{
  EbpfCoreRelo relos[2];
  EbpfInsn insns[2];
  g_autoptr (EbpfBtf) local = build_simple_local (&relos[0], &relos[1], "s___v2");
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  g_autoptr (GError) error = NULL;

  add_simple (builder, "s___old", 8, 12);
  add_simple (builder, "s____v2", 1, 2);
  add_simple (builder, "s___", 3, 4);
  add_simple (builder, "t___v2", 5, 6);
  targets = core_targets (core_parse (builder, NULL));
  cache = ebpf_core_cache_new (local, targets);

  init_movs (insns);
  g_assert_true (ebpf_core_relocate (cache, insns, 2, relos, 2, &error));
  g_assert_no_error (error);
  g_assert_cmpint (insns[0].imm, ==, 8);
  g_assert_cmpint (insns[1].imm, ==, 12);
}

static EbpfBtf *
build_split (EbpfBtf *base, TestBtf *base_builder, const char *name, gint a, gint b)
{
  g_autoptr (TestBtf) builder = test_btf_new_split (FALSE, test_btf_n_types (base_builder),
                                                    test_btf_strings_length (base_builder));

  add_simple (builder, name, a, b);
  return core_parse (builder, base);
}

static void
test_modules (void)
{
  EbpfCoreRelo relos[2], own[2];
  EbpfInsn insns[2];
  g_autoptr (EbpfBtf) local = build_simple_local (&relos[0], &relos[1], "s");
  g_autoptr (EbpfBtf) local_m = build_simple_local (&own[0], &own[1], "m___x");
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  g_autoptr (EbpfCoreCache) cache_m = NULL;
  g_autoptr (GError) error = NULL;
  EbpfCoreRelo id_relo;

  add_simple (builder, "s", 8, 12);
  targets = core_targets (core_parse (builder, NULL));
  g_ptr_array_add (targets, build_split (targets->pdata[0], builder, "s", 16, 20));
  g_ptr_array_add (targets, build_split (targets->pdata[0], builder, "m", 24, 28));

  /* vmlinux shadows its modules, and a type of it is not found twice through them. */
  cache = ebpf_core_cache_new (local, targets);
  init_movs (insns);
  g_assert_true (ebpf_core_relocate (cache, insns, 2, relos, 2, &error));
  g_assert_no_error (error);
  g_assert_cmpint (insns[0].imm, ==, 8);
  g_assert_cmpint (insns[1].imm, ==, 12);

  cache_m = ebpf_core_cache_new (local_m, targets);
  init_movs (insns);
  g_assert_true (ebpf_core_relocate (cache_m, insns, 2, own, 2, &error));
  g_assert_no_error (error);
  g_assert_cmpint (insns[0].imm, ==, 24);
  g_assert_cmpint (insns[1].imm, ==, 28);

  /* The id of a module's type is of no use without the module. */
  id_relo = own[0];
  id_relo.kind = TARGET_ID;
  id_relo.access_str_off = core_find_string (local_m, "0:0") + 2;
  g_assert_cmpstr (ebpf_btf_peek_name (local_m, id_relo.access_str_off), ==, "0");
  init_movs (insns);
  g_assert_true (ebpf_core_relocate (cache_m, insns, 2, &id_relo, 1, &error));
  g_assert_no_error (error);
  core_assert_poisoned (insns);

  id_relo.kind = TYPE_EXISTS;
  init_movs (insns);
  insns[0].imm = 1;
  g_assert_true (ebpf_core_relocate (cache_m, insns, 2, &id_relo, 1, &error));
  g_assert_no_error (error);
  g_assert_cmpint (insns[0].imm, ==, 1);

  /* Two modules that do not agree. */
  g_ptr_array_add (targets, build_split (targets->pdata[0], builder, "m", 32, 36));
  g_clear_pointer (&cache_m, ebpf_core_cache_free);
  cache_m = ebpf_core_cache_new (local_m, targets);
  init_movs (insns);
  g_assert_false (ebpf_core_relocate (cache_m, insns, 2, own, 2, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_RELOCATION);
}

/* --- what cannot be
 * --------------------------------------------------------------------------------- */

static void
assert_fails (EbpfBtf *local,
              GPtrArray *targets,
              const EbpfCoreRelo *relo,
              EbpfInsn *insns,
              gsize n_insns,
              int code,
              const char *pattern)
{
  g_autoptr (EbpfCoreCache) cache = ebpf_core_cache_new (local, targets);
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_core_relocate (cache, insns, n_insns, relo, 1, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, code, pattern);
}

static void
test_errors (void)
{
  EbpfCoreRelo relos[2], relo;
  EbpfInsn insns[2];
  g_autoptr (EbpfBtf) local = build_simple_local (&relos[0], &relos[1], "s");
  g_autoptr (EbpfBtf) nameless = NULL;
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (TestBtf) big = test_btf_new (TRUE);
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (GPtrArray) big_targets = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  static const guint8 bad_codes[] = {
    BPF_ALU64 | BPF_MOV | BPF_X, BPF_ALU | BPF_END | BPF_K,   BPF_JMP | BPF_EXIT,
    BPF_JMP | BPF_CALL,          BPF_JMP32 | BPF_JEQ | BPF_K, BPF_LD | BPF_ABS | BPF_W,
  };

  add_simple (builder, "s", 8, 12);
  targets = core_targets (core_parse (builder, NULL));

  init_movs (insns);
  relo = relos[0];
  relo.insn = 2;
  assert_fails (local, targets, &relo, insns, 2, EBPF_ERROR_RELOCATION,
                "instruction 2, relocation to the byte offset of struct s.a: "
                "the program has 2 instructions");

  relo = relos[0];
  relo.type_id = 4711;
  assert_fails (local, targets, &relo, insns, 2, EBPF_ERROR_RELOCATION, "*there is no type ?4711?");
  relo.type_id = 0;
  assert_fails (local, targets, &relo, insns, 2, EBPF_ERROR_RELOCATION, "*there is no type ?0?");
  relo = relos[0];
  relo.access_str_off = G_MAXUINT32;
  assert_fails (local, targets, &relo, insns, 2, EBPF_ERROR_RELOCATION, "*access string*");
  relo = relos[0];
  relo.kind = G_MAXUINT32;
  assert_fails (local, targets, &relo, insns, 2, EBPF_ERROR_NOT_SUPPORTED, "*not known");

  for (guint i = 0; i < G_N_ELEMENTS (bad_codes); i++)
    {
      init_movs (insns);
      insns[0].code = bad_codes[i];
      assert_fails (local, targets, &relos[0], insns, 2, EBPF_ERROR_RELOCATION,
                    "*nothing that could be relocated");
    }

  /* A load of 64 bits that is cut off, that is none, that refers to a map. */
  memset (insns, 0, sizeof insns);
  insns[0].code = EBPF_OP_LDIMM64;
  assert_fails (local, targets, &relos[0], insns, 1, EBPF_ERROR_RELOCATION, "*no second half");
  insns[1].code = BPF_JMP | BPF_EXIT;
  assert_fails (local, targets, &relos[0], insns, 2, EBPF_ERROR_RELOCATION, "*no second half");
  insns[1].code = 0;
  insns[0].src = EBPF_PSEUDO_MAP_FD;
  assert_fails (local, targets, &relos[0], insns, 2, EBPF_ERROR_RELOCATION, "*nothing that could*");

  init_movs (insns);
  assert_fails (local, none, &relos[0], insns, 2, EBPF_ERROR_INVALID_ARGUMENT,
                "*no type information*");
  add_simple (big, "s", 8, 12);
  big_targets = core_targets (core_parse (big, NULL));
  assert_fails (local, big_targets, &relos[0], insns, 2, EBPF_ERROR_BYTE_ORDER,
                "*little byte order*");

  nameless = build_simple_local (&relos[0], &relos[1], NULL);
  assert_fails (nameless, targets, &relos[0], insns, 2, EBPF_ERROR_NOT_SUPPORTED, "*has no name*");

  /* Which is fine as long as nobody looks for it. */
  {
    g_autoptr (EbpfCoreCache) cache = ebpf_core_cache_new (nameless, none);
    g_autoptr (GError) error = NULL;

    relo = relos[0];
    relo.kind = LOCAL_ID;
    relo.access_str_off += 2;
    g_assert_true (ebpf_core_relocate (cache, insns, 2, &relo, 1, &error));
    g_assert_no_error (error);
    g_assert_cmpint (insns[0].imm, ==, relo.type_id);
  }
}

/* Every kind against every id and every string of a blob: a result or an error, always soon. */
static void
test_describe (void)
{
  g_autoptr (TestBtf) builder = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) local = NULL;
  static const struct
  {
    const char *type;
    guint type_kind;
    const char *access;
    guint kind;
    const char *text;
  } texts[] = {
    { "task___mine", T_STRUCT, "0:8:1:0", OFFSET, "byte offset of struct task___mine.points[1].x" },
    { "task___mine", T_STRUCT, "0:3:1", EXISTS, "existence of struct task___mine.b" },
    { "task___mine", T_STRUCT, "1:1", SIZE, "size of struct task___mine[1].flags" },
    { "task___mine", T_STRUCT, "0:99", SIZE, "size of struct task___mine (0:99)" },
    { "pair_t", T_TYPEDEF, "0:1", RSHIFT, "right shift of pair_t.y" },
    { "state", T_ENUM, "0", ENUM_VALUE, "value of enum state::RUNNING" },
    { "task___mine", T_STRUCT, "0", MATCHES, "match of struct task___mine" },
    { "task___mine", T_STRUCT, "0", 77, "relocation of kind 77 of struct task___mine (0)" },
  };

  core_build_local (builder);
  local = core_parse (builder, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      EbpfCoreRelo relo = { .kind = texts[i].kind };
      g_autofree char *text = NULL;

      relo.type_id = ebpf_btf_lookup (local, texts[i].type, texts[i].type_kind);
      relo.access_str_off = core_find_string (local, texts[i].access);
      text = ebpf_core_relo_describe (local, &relo);
      g_assert_cmpstr (text, ==, texts[i].text);
    }
}

/* --- the running kernel
 * ----------------------------------------------------------------------------- */

/* The kernel's own task_struct, members first to last, against an object's that has them the
 * other way round. */
static void
test_kernel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (&error);
  g_autoptr (TestBtf) builder = test_btf_new (G_BYTE_ORDER == G_BIG_ENDIAN);
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  g_autoptr (GArray) relos = g_array_new (FALSE, TRUE, sizeof (EbpfCoreRelo));
  g_autofree EbpfInsn *insns = NULL;
  const struct btf_type *task;
  const struct btf_member *members;
  guint n_members, n_checked = 0;
  guint32 ptr, root;
  gint64 start;

  if (kernel == NULL)
    {
      g_test_skip (error->message);
      return;
    }

  task = ebpf_btf_peek (kernel, ebpf_btf_lookup (kernel, "task_struct", T_STRUCT));
  g_assert_nonnull (task);
  members = ebpf_btf_tail_of (task);
  n_members = ebpf_btf_vlen_of (task);
  g_assert_cmpuint (n_members, >, 50);

  ptr = test_btf_ptr (builder, 0);
  root = test_btf_struct (builder, "task_struct___object", 8 * n_members);
  for (guint i = 0; i < n_members; i++)
    {
      const char *name = ebpf_btf_peek_name (kernel, members[n_members - 1 - i].name_off);

      test_btf_member (builder, *name != '\0' ? name : "(none)", ptr, 64 * i);
    }
  for (guint i = 0; i < n_members; i++)
    {
      g_autofree char *access = g_strdup_printf ("0:%u", i);
      EbpfCoreRelo relo = { i, root, test_btf_string (builder, access), OFFSET };

      g_array_append_val (relos, relo);
    }
  local = core_parse (builder, NULL);
  insns = g_new (EbpfInsn, n_members);
  for (guint i = 0; i < n_members; i++)
    {
      insns[i] = core_mov;
      insns[i].imm = (gint32) (8 * i);
    }

  start = g_get_monotonic_time ();
  cache = ebpf_core_cache_new (local, NULL);
  g_assert_true (ebpf_core_relocate (cache, insns, n_members, (const EbpfCoreRelo *) relos->data,
                                     relos->len, &error));
  g_assert_no_error (error);
  g_test_message ("%u relocations took %" G_GINT64_FORMAT " microseconds", n_members,
                  g_get_monotonic_time () - start);

  for (guint i = 0; i < n_members; i++)
    {
      guint index = n_members - 1 - i;
      const char *name = ebpf_btf_peek_name (kernel, members[index].name_off);
      const struct btf_type *type =
          ebpf_btf_peek (kernel, ebpf_btf_strip (kernel, members[index].type));
      guint32 bit_offset, bit_size;

      if (*name == '\0')
        continue;
      if (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_PTR)
        {
          core_assert_poisoned (&insns[i]);
          continue;
        }
      ebpf_btf_member_bits (kernel, task, index, &bit_offset, &bit_size);
      g_assert_cmpint (insns[i].imm, ==, bit_offset / 8);
      n_checked++;
    }
  g_assert_cmpuint (n_checked, >, 20);

  g_clear_pointer (&cache, ebpf_core_cache_free);
  ebpf_btf_drop_kernel ();
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/core/candidates/same-for-all", test_same_candidate_for_all);
  ebpf_test_add ("/btf/core/candidates/alike", test_alike_is_not_ambiguous);
  ebpf_test_add ("/btf/core/candidates/flavours", test_flavours_of_the_target);
  ebpf_test_add ("/btf/core/candidates/modules", test_modules);
  ebpf_test_add ("/btf/core/errors", test_errors);
  ebpf_test_add ("/btf/core/describe", test_describe);
  ebpf_test_add ("/btf/core/kernel", test_kernel);

  return g_test_run ();
}
