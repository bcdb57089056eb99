/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <string.h>

/* --- one relocation of each kind, in a table -----------------------------------------------------
 */

typedef enum
{
  IMM,   /* mov r1, imm */
  IMM64, /* r1 = imm ll */
  LDX1,  /* loads of 1, 2, 4, 8 bytes */
  LDX2,
  LDX4,
  LDX8,
  ST4,   /* *(u32 *) (r1 + off) = 7 */
  STX4,  /* *(u32 *) (r1 + off) = r2 */
  LDXS4, /* a load that extends the sign */
} Form;

typedef enum
{
  GIVES,   /* the value expected */
  POISONS, /* is made impossible */
  FAILS,   /* is an error */
} Outcome;

typedef struct
{
  const char *name;
  const char *type; /* the local root */
  guint type_kind;
  const char *access;
  guint kind;
  Form form;
  gint64 found;
  Outcome outcome;
  gint64 expected;
  const char *error;
  guint expected_size; /* of the access; 0: unchanged */
} Case;

static const Case cases[] = {
  /* fields */
  { "moved", "task___mine", T_STRUCT, "0:1", OFFSET, LDX4, 4, GIVES, 32 },
  { "moved, stored", "task___mine", T_STRUCT, "0:1", OFFSET, ST4, 4, GIVES, 32 },
  { "moved, stored from a register", "task___mine", T_STRUCT, "0:1", OFFSET, STX4, 4, GIVES, 32 },
  { "moved, immediate", "task___mine", T_STRUCT, "0:1", OFFSET, IMM, 4, GIVES, 32 },
  { "moved, 64 bits", "task___mine", T_STRUCT, "0:1", OFFSET, IMM64, 4, GIVES, 32 },
  { "into anonymous ones", "task___mine", T_STRUCT, "0:0", OFFSET, LDX4, 0, GIVES, 16 + 12 },
  { "out of an anonymous one", "task___mine", T_STRUCT, "0:3:0", OFFSET, LDX8, 16, GIVES, 16 },
  { "deeper", "task___mine", T_STRUCT, "0:3:1", OFFSET, LDX4, 16, GIVES, 24 },
  { "nested", "task___mine", T_STRUCT, "0:4:1", OFFSET, LDX4, 28, GIVES, 48 },
  { "element", "task___mine", T_STRUCT, "0:5:2", OFFSET, LDX4, 40, GIVES, 64 },
  { "element too many there", "task___mine", T_STRUCT, "0:5:3", OFFSET, LDX4, 44, POISONS },
  { "element too many here", "task___mine", T_STRUCT, "0:5:4", OFFSET, LDX4, 48, FAILS, 0,
    "*element 4 of array*which has 4" },
  { "struct in array", "task___mine", T_STRUCT, "0:8:1:0", OFFSET, LDX4, 80, GIVES, 80 + 16 + 8 },
  { "root is an array", "task___mine", T_STRUCT, "1:1", OFFSET, IMM, 260, GIVES, 40032 },
  { "not there", "task___mine", T_STRUCT, "0:6", OFFSET, LDX4, 64, POISONS },
  { "not there, 64 bits", "task___mine", T_STRUCT, "0:6", OFFSET, IMM64, 64, POISONS },
  { "of another kind", "task___mine", T_STRUCT, "0:7", OFFSET, LDX4, 68, POISONS },
  { "type not there", "missing", T_STRUCT, "0:0", OFFSET, LDX4, 0, POISONS },
  { "typedef", "pair_t", T_TYPEDEF, "0:1", OFFSET, LDX4, 4, GIVES, 4 },
  { "typedef, moved", "pair_t", T_TYPEDEF, "0:0", OFFSET, LDX4, 0, GIVES, 8 },
  { "too far for an access", "task___mine", T_STRUCT, "0:11", OFFSET, LDX4, 96, FAILS, 0,
    "*39000 does not fit the offset*" },
  { "far in an immediate", "task___mine", T_STRUCT, "0:11", OFFSET, IMM, 96, GIVES, 39000 },
  { "real number", "task___mine", T_STRUCT, "0:13", OFFSET, LDX8, 112, GIVES, 144 },

  /* sizes of accesses */
  { "grows", "task___mine", T_STRUCT, "0:9", OFFSET, LDX4, 88, GIVES, 112, NULL, 8 },
  { "shrinks", "task___mine", T_STRUCT, "0:14", OFFSET, LDX8, 120, GIVES, 152, NULL, 2 },
  { "grows, immediate", "task___mine", T_STRUCT, "0:9", OFFSET, IMM, 88, GIVES, 112 },
  { "signed one grows", "task___mine", T_STRUCT, "0:10", OFFSET, LDX4, 92, POISONS },
  { "signed one grows, immediate", "task___mine", T_STRUCT, "0:10", OFFSET, IMM, 92, GIVES, 120 },
  { "grows beyond a register", "task___mine", T_STRUCT, "0:12", OFFSET, LDX8, 104, POISONS },
  { "a part is loaded", "task___mine", T_STRUCT, "0:9", OFFSET, LDX2, 88, POISONS },
  { "a part is loaded, same size", "task___mine", T_STRUCT, "0:1", OFFSET, LDX1, 4, GIVES, 32 },
  { "extends the sign", "task___mine", T_STRUCT, "0:9", OFFSET, LDXS4, 88, POISONS },

  /* what the instruction holds */
  { "wrong offset", "task___mine", T_STRUCT, "0:1", OFFSET, LDX4, 8, FAILS, 0,
    "*instruction holds 8*says 4*" },
  { "wrong immediate", "task___mine", T_STRUCT, "0:1", OFFSET, IMM, 8, FAILS, 0,
    "*instruction holds 8*says 4*" },
  { "wrong 64 bits", "task___mine", T_STRUCT, "0:1", OFFSET, IMM64, 0x100000004, FAILS, 0,
    "*instruction holds 4294967300*says 4*" },

  /* other properties of fields */
  { "size", "task___mine", T_STRUCT, "0:5", SIZE, IMM, 16, GIVES, 12 },
  { "size of integer", "task___mine", T_STRUCT, "0:9", SIZE, IMM, 4, GIVES, 8 },
  { "size of element", "task___mine", T_STRUCT, "0:5:2", SIZE, IMM, 4, GIVES, 4 },
  { "size of root", "task___mine", T_STRUCT, "0", SIZE, IMM, 256, GIVES, 40000 },
  { "size of nothing", "task___mine", T_STRUCT, "0:6", SIZE, IMM, 4, POISONS },
  { "exists", "task___mine", T_STRUCT, "0:1", EXISTS, IMM, 1, GIVES, 1 },
  { "does not exist", "task___mine", T_STRUCT, "0:6", EXISTS, IMM, 1, GIVES, 0 },
  { "exists as another kind", "task___mine", T_STRUCT, "0:7", EXISTS, IMM, 1, GIVES, 0 },
  { "type does not exist", "missing", T_STRUCT, "0:0", EXISTS, IMM, 1, GIVES, 0 },
  { "exists, 64 bits", "task___mine", T_STRUCT, "0:1", EXISTS, IMM64, 1, GIVES, 1 },
  { "unsigned", "task___mine", T_STRUCT, "0:1", SIGNED, IMM, 0, GIVES, 0 },
  { "signed", "task___mine", T_STRUCT, "0:10", SIGNED, IMM, 1, GIVES, 1 },
  { "signed elements", "task___mine", T_STRUCT, "0:5", SIGNED, IMM, 0, GIVES, 0 },
  { "sign of a pointer", "of_pointer_sign", T_STRUCT, "0:0", SIGNED, IMM, 0, FAILS, 0,
    "*neither an integer nor an enumeration*" },
  { "left shift of a whole field", "task___mine", T_STRUCT, "0:1", LSHIFT, IMM, 32, GIVES, 32 },
  { "right shift of a whole field", "task___mine", T_STRUCT, "0:9", RSHIFT, IMM, 32, GIVES, 0 },
  { "shift of an array", "task___mine", T_STRUCT, "0:5", RSHIFT, IMM, 0, FAILS, 0,
    "*no size that can be loaded*" },

  /* flexible arrays */
  { "past the end of a flexible one", "tail", T_STRUCT, "0:2", OFFSET, IMM, 20, GIVES, 8 },
  { "flexible there, but not last", "tail", T_STRUCT, "0:1", OFFSET, IMM, 4, GIVES, 0 },

  /* types */
  { "local id", "task___mine", T_STRUCT, "0", LOCAL_ID, IMM64, 99, GIVES, -1 },
  { "local id, 32 bits", "missing", T_STRUCT, "0", LOCAL_ID, IMM, 99, GIVES, -1 },
  { "target id", "task___mine", T_STRUCT, "0", TARGET_ID, IMM64, 99, GIVES, -2 },
  { "target id of nothing", "missing", T_STRUCT, "0", TARGET_ID, IMM64, 99, GIVES, 0 },
  { "type exists", "task___mine", T_STRUCT, "0", TYPE_EXISTS, IMM, 1, GIVES, 1 },
  { "type exists, typedef", "pair_t", T_TYPEDEF, "0", TYPE_EXISTS, IMM, 1, GIVES, 1 },
  { "type is only declared there", "missing", T_STRUCT, "0", TYPE_EXISTS, IMM, 1, GIVES, 0 },
  { "integer exists", "unsigned long", T_INT, "0", TYPE_EXISTS, IMM, 1, GIVES, 1 },
  { "declaration is nowhere", "declared", T_FWD, "0", TYPE_EXISTS, IMM, 1, GIVES, 0 },
  { "type size", "point", T_STRUCT, "0", TYPE_SIZE, IMM, 8, GIVES, 16 },
  { "type size of nothing", "missing", T_STRUCT, "0", TYPE_SIZE, IMM, 4, GIVES, 0 },
  { "matches", "match_ok", T_STRUCT, "0", MATCHES, IMM, 1, GIVES, 1 },
  { "does not match by sign", "match_sign", T_STRUCT, "0", MATCHES, IMM, 1, GIVES, 0 },
  { "does not match by member", "match_member", T_STRUCT, "0", MATCHES, IMM, 1, GIVES, 0 },
  { "does not match by length", "match_array", T_STRUCT, "0", MATCHES, IMM, 1, GIVES, 0 },
  { "enumeration matches", "match_enum", T_ENUM, "0", MATCHES, IMM, 1, GIVES, 1 },
  { "enumeration is larger", "state", T_ENUM, "0", MATCHES, IMM, 1, GIVES, 0 },
  { "nothing matches", "missing", T_STRUCT, "0", MATCHES, IMM, 1, GIVES, 0 },

  /* enumerations */
  { "value", "state", T_ENUM, "1", ENUM_VALUE, IMM, 2, GIVES, 7 },
  { "value of 64 bits", "state", T_ENUM, "0", ENUM_VALUE, IMM64, 1, GIVES, 0x200000000 },
  { "value of 64 bits does not fit", "state", T_ENUM, "0", ENUM_VALUE, IMM, 1, FAILS, 0,
    "*8589934592 does not fit the immediate*" },
  { "value is gone", "state", T_ENUM, "2", ENUM_VALUE, IMM, 3, POISONS },
  { "high value, zero-extended", "state", T_ENUM, "3", ENUM_VALUE, IMM64, 0xffffffff, GIVES, 8 },
  { "high value in 32 bits", "state", T_ENUM, "3", ENUM_VALUE, IMM, -1, GIVES, 8 },
  { "negative", "level", T_ENUM, "0", ENUM_VALUE, IMM64, -1, GIVES, -7 },
  { "negative in 32 bits", "level", T_ENUM, "0", ENUM_VALUE, IMM, -1, GIVES, -7 },
  { "becomes negative", "level", T_ENUM, "1", ENUM_VALUE, IMM64, 4, GIVES, -4 },
  { "narrower there", "wide", T_ENUM64, "0", ENUM_VALUE, IMM64, 0x100000001, GIVES, 0xfffffff0 },
  { "wrong value", "state", T_ENUM, "1", ENUM_VALUE, IMM, 3, FAILS, 0, "*holds 3*says 2*" },
  { "value exists", "state", T_ENUM, "1", ENUM_EXISTS, IMM, 1, GIVES, 1 },
  { "value does not exist", "state", T_ENUM, "2", ENUM_EXISTS, IMM, 1, GIVES, 0 },
  { "enumeration does not exist", "missing_enum", T_ENUM, "0", ENUM_EXISTS, IMM, 1, GIVES, 0 },
  { "value of nothing", "missing_enum", T_ENUM, "0", ENUM_VALUE, IMM, 1, POISONS },
  { "no such value here", "state", T_ENUM, "4", ENUM_VALUE, IMM, 1, FAILS, 0,
    "*not the number of a value*" },
  { "value of a struct", "task___mine", T_STRUCT, "0", ENUM_VALUE, IMM, 1, FAILS, 0,
    "*not the number of a value*" },

  /* access strings */
  { "empty", "task___mine", T_STRUCT, "", OFFSET, LDX4, 0, FAILS, 0, "*not a list*" },
  { "ends with a colon", "task___mine", T_STRUCT, "0:", OFFSET, LDX4, 0, FAILS, 0, "*not a list*" },
  { "starts with one", "task___mine", T_STRUCT, ":0", OFFSET, LDX4, 0, FAILS, 0, "*not a list*" },
  { "two of them", "task___mine", T_STRUCT, "0::1", OFFSET, LDX4, 0, FAILS, 0, "*not a list*" },
  { "letters", "task___mine", T_STRUCT, "x", OFFSET, LDX4, 0, FAILS, 0, "*not a list*" },
  { "letters behind", "task___mine", T_STRUCT, "0:1x", OFFSET, LDX4, 0, FAILS, 0, "*not a list*" },
  { "negative number", "task___mine", T_STRUCT, "0:-1", OFFSET, LDX4, 0, FAILS, 0, "*not a list*" },
  { "32 bits", "task___mine", T_STRUCT, "0:2147483648", OFFSET, LDX4, 0, FAILS, 0, "*not a list*" },
  { "no such member", "task___mine", T_STRUCT, "0:99", OFFSET, LDX4, 0, FAILS, 0,
    "*member 99 of type*task___mine*which has 15*" },
  { "into an integer", "task___mine", T_STRUCT, "0:0:0", OFFSET, LDX4, 0, FAILS, 0,
    "*neither a struct nor a union nor an array*" },
  { "into a pointer", "task___mine", T_STRUCT, "0:2:0", OFFSET, LDX4, 0, FAILS, 0,
    "*neither a struct nor a union nor an array*" },
  { "ends at what has no name", "task___mine", T_STRUCT, "0:3", OFFSET, LDX4, 16, FAILS, 0,
    "*a member without a name*" },
  { "too far away", "task___mine", T_STRUCT, "2147483647", OFFSET, IMM, 0, FAILS, 0, "*4 GiB*" },
  { "access of a type", "task___mine", T_STRUCT, "0:1", TYPE_SIZE, IMM, 0, FAILS, 0,
    "*should be \"0\"*" },
  { "a kind that is not known", "task___mine", T_STRUCT, "0", 13, IMM, 0, FAILS, 0,
    "*kind 13*not known*" },
};

static guint
put_instruction (EbpfInsn insns[2], Form form, gint64 value)
{
  static const guint8 sizes[] = { [LDX1] = BPF_B, [LDX2] = BPF_H, [LDX4] = BPF_W, [LDX8] = BPF_DW };

  memset (insns, 0, 2 * sizeof *insns);
  insns[0].dst = 1;
  switch (form)
    {
    case IMM:
      insns[0].code = core_mov.code;
      insns[0].imm = (gint32) value;
      return 1;
    case IMM64:
      insns[0].code = EBPF_OP_LDIMM64;
      insns[0].imm = (gint32) value;
      insns[1].imm = (gint32) (value >> 32);
      return 2;
    case ST4:
      insns[0].code = BPF_ST | BPF_MEM | BPF_W;
      insns[0].imm = 7;
      break;
    case STX4:
      insns[0].code = BPF_STX | BPF_MEM | BPF_W;
      insns[0].src = 2;
      break;
    case LDXS4:
      insns[0].code = BPF_LDX | 0x80 | BPF_W;
      insns[0].src = 2;
      break;
    default:
      insns[0].code = BPF_LDX | BPF_MEM | sizes[form];
      insns[0].src = 2;
      break;
    }
  insns[0].off = (gint16) value;
  return 1;
}

static guint
size_of (const EbpfInsn *insn)
{
  switch (BPF_SIZE (insn->code))
    {
    case BPF_B:
      return 1;
    case BPF_H:
      return 2;
    case BPF_W:
      return 4;
    default:
      return 8;
    }
}

static void
check_case (const Case *c, EbpfBtf *local, EbpfBtf *target, EbpfCoreCache *cache)
{
  g_autoptr (GError) error = NULL;
  EbpfCoreRelo relo = { .kind = c->kind };
  EbpfInsn insns[2], before[2];
  guint n = put_instruction (insns, c->form, c->found);
  gboolean done;
  gint64 expected = c->expected;

  relo.type_id = ebpf_btf_lookup (local, c->type, c->type_kind);
  g_assert_cmpuint (relo.type_id, !=, 0);
  relo.access_str_off = *c->access != '\0' ? core_find_string (local, c->access) : 0;
  if (expected == -1 && c->kind == LOCAL_ID)
    expected = relo.type_id;
  if (expected == -2 && c->kind == TARGET_ID)
    expected = ebpf_btf_lookup (target, "task", T_STRUCT);

  memcpy (before, insns, sizeof insns);
  done = ebpf_core_relocate (cache, insns, n, &relo, 1, &error);

  if (c->outcome == FAILS)
    {
      g_assert_false (done);
      g_assert_nonnull (error);
      g_assert_true (error->domain == EBPF_ERROR);
      g_assert_true (g_str_has_prefix (error->message, "instruction 0, "));
      if (!g_pattern_match_simple (c->error, error->message))
        g_error ("%s: message \"%s\" does not match \"%s\"", c->name, error->message, c->error);
      g_assert_cmpmem (before, sizeof before, insns, sizeof insns);
      return;
    }

  g_assert_no_error (error);
  g_assert_true (done);

  if (c->outcome == POISONS)
    {
      core_assert_poisoned (insns);
      return;
    }

  g_assert_cmpuint (insns[0].dst, ==, 1);
  switch (c->form)
    {
    case IMM:
      g_assert_cmpint (insns[0].imm, ==, (gint32) expected);
      g_assert_cmpuint (insns[0].code, ==, before[0].code);
      break;
    case IMM64:
      g_assert_cmpint ((gint64) ((guint64) (guint32) insns[1].imm << 32 | (guint32) insns[0].imm),
                       ==, expected);
      g_assert_cmpuint (insns[0].code, ==, before[0].code);
      break;
    default:
      g_assert_cmpint (insns[0].off, ==, expected);
      g_assert_cmpuint (BPF_CLASS (insns[0].code), ==, BPF_CLASS (before[0].code));
      g_assert_cmpuint (size_of (insns), ==,
                        c->expected_size != 0 ? c->expected_size : size_of (before));
      break;
    }
}

static void
test_table (gconstpointer data)
{
  gboolean big_endian = GPOINTER_TO_INT (data);
  g_autoptr (TestBtf) local_builder = test_btf_new (big_endian);
  g_autoptr (TestBtf) target_builder = test_btf_new (big_endian);
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) shared = NULL;

  core_build_local (local_builder);
  core_build_target (target_builder);
  local = core_parse (local_builder, NULL);
  targets = core_targets (core_parse (target_builder, NULL));
  shared = ebpf_core_cache_new (local, targets);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfCoreCache) fresh = ebpf_core_cache_new (local, targets);

      g_test_message ("%s", cases[i].name);
      check_case (&cases[i], local, targets->pdata[0], fresh);
      check_case (&cases[i], local, targets->pdata[0], shared);
      check_case (&cases[i], local, targets->pdata[0], shared);
    }
}

static void
test_any_relocation (void)
{
  g_autoptr (TestBtf) local_builder = test_btf_new (FALSE);
  g_autoptr (TestBtf) target_builder = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  guint done = 0, failed = 0;

  core_build_local (local_builder);
  core_build_target (target_builder);
  local = core_parse (local_builder, NULL);
  targets = core_targets (core_parse (target_builder, NULL));
  cache = ebpf_core_cache_new (local, targets);

  for (guint32 id = 0; id <= ebpf_btf_get_n_types (local) + 2; id++)
    for (guint s = 0; s < core_n_access_strings; s++)
      for (guint kind = 0; kind <= EBPF_CORE_N_KINDS; kind++)
        {
          EbpfCoreRelo relo = { 0, id, 0, kind };
          EbpfInsn insns[2];
          g_autoptr (GError) error = NULL;
          g_autofree char *text = NULL;

          if (*core_access_strings[s] != '\0')
            relo.access_str_off = test_btf_string (local_builder, core_access_strings[s]);
          put_instruction (insns, (id + s + kind) % (LDXS4 + 1), 0);
          if (ebpf_core_relocate (cache, insns, 2, &relo, 1, &error))
            {
              g_assert_no_error (error);
              done++;
            }
          else
            {
              g_assert_nonnull (error);
              g_assert_true (error->domain == EBPF_ERROR);
              failed++;
            }
          text = ebpf_core_relo_describe (local, &relo);
          g_assert_true (g_utf8_validate (text, -1, NULL));
        }

  g_assert_cmpuint (done, >, 100);
  g_assert_cmpuint (failed, >, 100);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add_data ("/btf/core/table/little-endian", GINT_TO_POINTER (FALSE), test_table);
  ebpf_test_add_data ("/btf/core/table/big-endian", GINT_TO_POINTER (TRUE), test_table);
  ebpf_test_add ("/btf/core/any-relocation", test_any_relocation);

  return g_test_run ();
}
