/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-externs-private.h"

#include "base/ebpf-error.h"
#include "ebpf-test-btf.h"
#include "ebpf-test.h"
#include "elf/ebpf-elf.h"
#include "object/ebpf-collection.h"
#include "object/ebpf-kconfig-value-private.h"
#include "object/ebpf-map.h"
#include "object/ebpf-program.h"
#include "object/ebpf-variable.h"
#include "spec/ebpf-program-spec-private.h"
#include "sys/ebpf-kallsyms-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define BIG_ENDIAN_HOST (G_BYTE_ORDER == G_BIG_ENDIAN)

static EbpfBtf *
parse (TestBtf *builder)
{
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);

  g_assert_no_error (error);
  return btf;
}

/* --- values of the configuration */

typedef struct
{
  guint32 i8, u8, b1, u16, i32, u32, i64, u64, b4, text, one_char, bools, tristate, other_enum;
} Types;

static EbpfBtf *
build_types (Types *t)
{
  g_autoptr (TestBtf) b = test_btf_new (BIG_ENDIAN_HOST);

  t->i8 = test_btf_int (b, "char", 1, TEST_BTF_SIGNED);
  t->u8 = test_btf_int (b, "unsigned char", 1, 0);
  t->b1 = test_btf_int (b, "_Bool", 1, TEST_BTF_BOOL);
  t->u16 = test_btf_int (b, "unsigned short", 2, 0);
  t->i32 = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  t->u32 = test_btf_int (b, "unsigned int", 4, 0);
  t->i64 = test_btf_int (b, "long", 8, TEST_BTF_SIGNED);
  t->u64 = test_btf_const (b, test_btf_int (b, "unsigned long", 8, 0));
  t->b4 = test_btf_int (b, "bool4", 4, TEST_BTF_BOOL);
  t->text = test_btf_array (b, t->i8, t->u32, 6);
  t->one_char = test_btf_array (b, t->i8, t->u32, 1);
  t->bools = test_btf_array (b, t->b1, t->u32, 6);
  t->tristate = test_btf_enum (b, "libbpf_tristate", 4, FALSE);
  test_btf_value (b, "TRI_NO", 0);
  t->other_enum = test_btf_enum (b, "other", 4, FALSE);
  test_btf_value (b, "A", 0);

  return parse (b);
}

static void
test_values (void)
{
  Types t;
  g_autoptr (EbpfBtf) btf = build_types (&t);
  const struct
  {
    const char *value;
    guint32 type;
    guint size;
    int code; /* -1: fits */
    guint64 number;
  } cases[] = {
    { "y", t.b1, 1, -1, 1 },
    { "n", t.b1, 1, -1, 0 },
    { "m", t.b1, 1, EBPF_ERROR_WRONG_TYPE, 0 },
    { "y", t.tristate, 4, -1, 1 },
    { "n", t.tristate, 4, -1, 0 },
    { "m", t.tristate, 4, -1, 2 },
    { "m", t.i8, 1, -1, 'm' },
    { "y", t.u8, 1, -1, 'y' },
    { "y", t.i32, 4, EBPF_ERROR_WRONG_TYPE, 0 },
    { "y", t.other_enum, 4, EBPF_ERROR_WRONG_TYPE, 0 },
    { "y", t.b4, 4, EBPF_ERROR_WRONG_TYPE, 0 },
    { "y", 0, 1, EBPF_ERROR_WRONG_TYPE, 0 },
    { "1000", t.i32, 4, -1, 1000 },
    { "0x10", t.u64, 8, -1, 16 },
    { "010", t.u16, 2, -1, 8 },
    { "0xffffffffffffffff", t.u64, 8, -1, G_MAXUINT64 },
    { "0x10000000000000000", t.u64, 8, EBPF_ERROR_MALFORMED, 0 },
    { "0xffffffffffffffff", t.i64, 8, EBPF_ERROR_WRONG_SIZE, 0 },
    { "127", t.i8, 1, -1, 127 },
    { "128", t.i8, 1, EBPF_ERROR_WRONG_SIZE, 0 },
    { "-128", t.i8, 1, -1, 0x80 },
    { "-129", t.i8, 1, EBPF_ERROR_WRONG_SIZE, 0 },
    { "255", t.u8, 1, -1, 255 },
    { "256", t.u8, 1, EBPF_ERROR_WRONG_SIZE, 0 },
    { "-1", t.u32, 4, EBPF_ERROR_WRONG_SIZE, 0 },
    { "-1", t.i64, 8, -1, G_MAXUINT64 },
    { "1", t.b1, 1, -1, 1 },
    { "2", t.b1, 1, EBPF_ERROR_WRONG_SIZE, 0 },
    { "1", t.tristate, 4, EBPF_ERROR_WRONG_TYPE, 0 },
    { "1", t.text, 6, EBPF_ERROR_WRONG_TYPE, 0 },
    { "12x", t.i32, 4, EBPF_ERROR_MALFORMED, 0 },
    { "--1", t.i32, 4, EBPF_ERROR_MALFORMED, 0 },
    { "- 1", t.i32, 4, EBPF_ERROR_MALFORMED, 0 },
    { "yes", t.b1, 1, EBPF_ERROR_MALFORMED, 0 },
    { "\"", t.text, 6, EBPF_ERROR_MALFORMED, 0 },
    { "\"abc", t.text, 6, EBPF_ERROR_MALFORMED, 0 },
    { "\"abc\"", t.bools, 6, EBPF_ERROR_WRONG_TYPE, 0 },
    { "\"abc\"", t.i32, 4, EBPF_ERROR_WRONG_TYPE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      guint8 data[10];
      guint64 number = 0;

      /* Bytes around it are not written to. */
      memset (data, 0xaa, sizeof data);
      if (!ebpf_kconfig_put_value (btf, cases[i].type, cases[i].value, data + 1, cases[i].size,
                                   &error))
        {
          g_assert_error (error, EBPF_ERROR, cases[i].code);
          if (cases[i].code != EBPF_ERROR_WRONG_SIZE)
            g_assert_nonnull (strstr (error->message, cases[i].value));
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpint (cases[i].code, ==, -1);
      g_assert_cmphex (data[0], ==, 0xaa);
      g_assert_cmphex (data[1 + cases[i].size], ==, 0xaa);
      for (guint j = 0; j < cases[i].size; j++)
        number |= (guint64) data[1 + j] << 8 * (BIG_ENDIAN_HOST ? cases[i].size - 1 - j : j);
      g_assert_cmphex (number, ==, cases[i].number);
    }
}

static void
test_strings (void)
{
  Types t;
  g_autoptr (EbpfBtf) btf = build_types (&t);
  g_autoptr (GError) error = NULL;
  char data[7];

  memset (data, 'x', sizeof data);
  g_assert_true (ebpf_kconfig_put_value (btf, t.text, "\"abc\"", data, 6, &error));
  g_assert_cmpmem (data, 7, "abc\0\0\0x", 7);
  /* Cut, but ended. */
  g_assert_true (ebpf_kconfig_put_value (btf, t.text, "\"abcdefgh\"", data, 6, &error));
  g_assert_cmpmem (data, 7, "abcde\0x", 7);
  g_assert_true (ebpf_kconfig_put_value (btf, t.text, "\"\"", data, 6, &error));
  g_assert_cmpmem (data, 7, "\0\0\0\0\0\0x", 7);
  memset (data, 'x', sizeof data);
  g_assert_true (ebpf_kconfig_put_value (btf, t.one_char, "\"abc\"", data, 1, &error));
  g_assert_cmpmem (data, 2, "\0x", 2);
  g_assert_no_error (error);
}

static EbpfCollectionSpec *
build_kconfig_spec (gboolean weak)
{
  g_autoptr (TestBtf) b = test_btf_new (BIG_ENDIAN_HOST);
  EbpfCollectionSpec *spec = ebpf_collection_spec_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  guint32 u32 = test_btf_int (b, "unsigned int", 4, 0);
  guint32 boolean = test_btf_int (b, "_Bool", 1, TEST_BTF_BOOL);
  guint32 version = test_btf_var (b, "LINUX_KERNEL_VERSION", u32, 2);
  guint32 cookie = test_btf_var (b, "LINUX_HAS_BPF_COOKIE", boolean, 2);
  guint32 wrapper = test_btf_var (b, "LINUX_HAS_SYSCALL_WRAPPER", u32, 2);
  guint32 future = test_btf_var (b, "LINUX_HAS_SOMETHING", u32, 2);
  guint32 given = test_btf_var (b, "CONFIG_EBPF_CORE_TEST", u32, 2);
  guint32 absent = test_btf_var (b, "CONFIG_EBPF_CORE_ABSENT", u32, 2);

  btf = parse (b);
  ebpf_collection_spec_set_btf (spec, btf);
  ebpf_collection_spec_add_kconfig_extern (spec, "LINUX_KERNEL_VERSION", version, 0, 4, FALSE);
  ebpf_collection_spec_add_kconfig_extern (spec, "LINUX_HAS_BPF_COOKIE", cookie, 4, 1, FALSE);
  ebpf_collection_spec_add_kconfig_extern (spec, "LINUX_HAS_SYSCALL_WRAPPER", wrapper, 8, 4, FALSE);
  ebpf_collection_spec_add_kconfig_extern (spec, "LINUX_HAS_SOMETHING", future, 12, 4, weak);
  ebpf_collection_spec_add_kconfig_extern (spec, "CONFIG_EBPF_CORE_TEST", given, 16, 4, weak);
  ebpf_collection_spec_add_kconfig_extern (spec, "CONFIG_EBPF_CORE_ABSENT", absent, 20, 4, weak);

  return spec;
}

static void
test_kconfig_bytes (void)
{
  g_autoptr (EbpfCollectionSpec) weak = build_kconfig_spec (TRUE);
  g_autoptr (EbpfCollectionSpec) strong = build_kconfig_spec (FALSE);
  g_autoptr (EbpfExterns) externs = ebpf_externs_new (weak, NULL);
  g_autoptr (EbpfExterns) failing = ebpf_externs_new (strong, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const guint32 *words;
  gsize size;

  ebpf_externs_set_kconfig_text (externs, "# comment\nCONFIG_EBPF_CORE_TEST=4711\n");
  bytes = ebpf_externs_kconfig_bytes (externs, &error);
  g_assert_no_error (error);
  words = g_bytes_get_data (bytes, &size);
  g_assert_cmpuint (size, ==, 24);
  g_assert_cmpuint (words[0], ==, ebpf_sys_get_kernel_version_code ());
  g_assert_cmpuint (((const guint8 *) words)[4], ==,
                    ebpf_sys_has_feature (EBPF_FEATURE_BPF_COOKIE));
  g_assert_cmpuint (words[2], <=, 1);
  g_assert_cmpuint (words[3], ==, 0);
  g_assert_cmpuint (words[4], ==, 4711);
  g_assert_cmpuint (words[5], ==, 0);

  g_assert_null (ebpf_externs_kconfig_bytes (failing, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*LINUX_HAS_SOMETHING; CONFIG_EBPF_CORE_TEST; "
                                  "CONFIG_EBPF_CORE_ABSENT*__weak*");
  g_clear_error (&error);

  ebpf_externs_set_kconfig_text (failing, "CONFIG_EBPF_CORE_TEST=\"text\"\n");
  g_assert_null (ebpf_externs_kconfig_bytes (failing, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE,
                                  "extern CONFIG_EBPF_CORE_TEST: its value is \"text\"*");
  g_clear_error (&error);

  ebpf_externs_set_kconfig_text (failing, "CONFIG_EBPF_CORE_TEST=\n");
  g_assert_null (ebpf_externs_kconfig_bytes (failing, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, "*given*line 1*");
}

/* Values that no configuration has: the version is an integer of 4 bytes, what there is or is not an
 * integer of any size. */
static void
test_linux_values (void)
{
  static const guint sizes[] = { 1, 2, 4, 8 };
  static const struct
  {
    const char *name;
    gboolean any_size;
  } names[] = {
    { "LINUX_KERNEL_VERSION", FALSE },
    { "LINUX_HAS_SYSCALL_WRAPPER", TRUE },
    { "LINUX_HAS_BPF_COOKIE", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      {
        g_autoptr (TestBtf) b = test_btf_new (BIG_ENDIAN_HOST);
        guint32 integer = test_btf_int (b, "integer", sizes[j], 0);
        guint32 variable = test_btf_var (b, names[i].name, integer, 2);
        g_autoptr (EbpfBtf) btf = parse (b);
        g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new ();
        g_autoptr (EbpfExterns) externs = ebpf_externs_new (spec, NULL);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) bytes = NULL;
        guint64 expected = ebpf_sys_get_kernel_version_code ();
        guint64 value = 0;
        const guint8 *data;

        if (i == 1)
          expected = ebpf_sys_has_syscall_wrapper ();
        else if (i == 2)
          expected = ebpf_sys_has_feature (EBPF_FEATURE_BPF_COOKIE);

        ebpf_collection_spec_set_btf (spec, btf);
        ebpf_collection_spec_add_kconfig_extern (spec, names[i].name, variable, 0, sizes[j], FALSE);
        bytes = ebpf_externs_kconfig_bytes (externs, &error);
        if (!names[i].any_size && sizes[j] != 4)
          {
            g_assert_null (bytes);
            ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE,
                                            "extern LINUX_KERNEL_VERSION: *4 bytes*");
            continue;
          }

        g_assert_no_error (error);
        g_assert_cmpuint (g_bytes_get_size (bytes), ==, sizes[j]);
        data = g_bytes_get_data (bytes, NULL);
        for (guint k = 0; k < sizes[j]; k++)
          value |= (guint64) data[k] << 8 * (BIG_ENDIAN_HOST ? sizes[j] - 1 - k : k);
        g_assert_cmpuint (value, ==, expected);
      }
}

/* --- symbols */

/* A program of one slot of each kind of reference. */
typedef struct
{
  EbpfCollectionSpec *spec;
  EbpfProgramSpec *program;
  EbpfCode *code;
  EbpfInsn *insns;
  GArray *fd_array;
} Program;

static void
program_init (Program *self, EbpfBtf *btf)
{
  self->spec = ebpf_collection_spec_new ();
  self->program = ebpf_program_spec_new ("prog", EBPF_PROGRAM_TYPE_SOCKET_FILTER);
  if (btf != NULL)
    ebpf_program_spec_set_btf (self->program, btf);
  self->code = ebpf_code_new ();
  self->fd_array = g_array_new (FALSE, FALSE, sizeof (int));
}

static void
program_add (Program *self, EbpfRelocKind kind, const char *symbol, guint32 btf_id, gboolean weak)
{
  EbpfInsn insns[2] = { 0 };

  insns[0].code = kind == EBPF_RELOC_KFUNC ? EBPF_OP_CALL : EBPF_OP_LDIMM64;
  insns[0].dst = kind == EBPF_RELOC_KFUNC ? 0 : 1;
  insns[0].src = kind == EBPF_RELOC_KFUNC ? EBPF_PSEUDO_CALL : 0;
  insns[0].imm = -1;
  insns[1].imm = -1;
  ebpf_code_add_reloc (self->code, self->code->insns->len, kind, symbol, 0);
  g_array_append_vals (self->code->insns, insns, kind == EBPF_RELOC_KFUNC ? 1 : 2);
  g_array_index (self->code->relocs, EbpfReloc, self->code->relocs->len - 1).btf_id = btf_id;
  g_array_index (self->code->relocs, EbpfReloc, self->code->relocs->len - 1).weak = weak;
}

static gboolean
program_apply (Program *self, EbpfBtf *kernel, GError **error)
{
  g_autoptr (EbpfExterns) externs = NULL;

  self->insns = g_memdup2 (self->code->insns->data, self->code->insns->len * sizeof (EbpfInsn));
  ebpf_program_spec_take_code (self->program, self->code);
  ebpf_collection_spec_add_program (self->spec, self->program, error);
  externs = ebpf_externs_new (self->spec, kernel);

  return ebpf_externs_apply (externs, self->program, self->insns, self->fd_array, error);
}

static void
program_clear (Program *self)
{
  g_clear_pointer (&self->insns, g_free);
  g_clear_pointer (&self->fd_array, g_array_unref);
  g_clear_object (&self->program);
  g_clear_object (&self->spec);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Program, program_clear)

typedef struct
{
  guint32 var, void_var, func, func_v2, wrong_func, wrong_var;
} Ids;

static EbpfBtf *
build_local (Ids *ids)
{
  g_autoptr (TestBtf) b = test_btf_new (BIG_ENDIAN_HOST);
  guint32 i32 = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  guint32 ptr = test_btf_ptr (b, 0);
  guint32 proto = test_btf_func_proto (b, i32);
  guint32 other;

  test_btf_param (b, NULL, i32);
  ids->var = test_btf_var (b, "variable", i32, 2);
  ids->void_var = test_btf_var (b, "_text", test_btf_const (b, 0), 2);
  ids->func = test_btf_func (b, "function", proto, 2);
  ids->func_v2 = test_btf_func (b, "function___v2", proto, 2);
  other = test_btf_func_proto (b, ptr);
  test_btf_param (b, NULL, i32);
  test_btf_param (b, NULL, i32);
  ids->wrong_func = test_btf_func (b, "function___v3", other, 2);
  ids->wrong_var = test_btf_var (b, "variable", ptr, 2);

  return parse (b);
}

static EbpfBtf *
build_kernel (guint32 *var, guint32 *func)
{
  g_autoptr (TestBtf) b = test_btf_new (BIG_ENDIAN_HOST);
  guint32 u64, i32, proto;

  /* Types of another kind by the same name are not meant. */
  test_btf_struct (b, "variable", 4);
  test_btf_struct (b, "function", 4);
  u64 = test_btf_int (b, "long", 8, TEST_BTF_SIGNED);
  i32 = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  proto = test_btf_func_proto (b, u64);
  test_btf_param (b, "x", i32);
  *var = test_btf_var (b, "variable", i32, 1);
  *func = test_btf_func (b, "function", proto, 1);

  return parse (b);
}

static void
test_typed (void)
{
  Ids ids;
  guint32 var, func;
  g_autoptr (EbpfBtf) local = build_local (&ids);
  g_autoptr (EbpfBtf) kernel = build_kernel (&var, &func);
  g_auto (Program) program = { 0 };
  g_autoptr (GError) error = NULL;
  const EbpfInsn *insn;

  program_init (&program, local);
  program_add (&program, EBPF_RELOC_KSYM, "variable", ids.var, FALSE);
  program_add (&program, EBPF_RELOC_KFUNC, "function", ids.func, FALSE);
  program_add (&program, EBPF_RELOC_KFUNC, "function___v2", ids.func_v2, TRUE);
  program_add (&program, EBPF_RELOC_KSYM, "function", ids.func, FALSE);
  program_add (&program, EBPF_RELOC_KFUNC, "function___v3", ids.wrong_func, TRUE);
  program_add (&program, EBPF_RELOC_KSYM, "function___v3", ids.wrong_func, TRUE);
  program_add (&program, EBPF_RELOC_KFUNC, "nothing", ids.func, TRUE);
  program_add (&program, EBPF_RELOC_KSYM, "no_variable", ids.var, TRUE);
  g_assert_true (program_apply (&program, kernel, &error));
  g_assert_no_error (error);

  insn = program.insns;
  g_assert_cmpuint (insn[0].src, ==, EBPF_PSEUDO_BTF_ID);
  g_assert_cmpuint (insn[0].dst, ==, 1);
  g_assert_cmpint (insn[0].imm, ==, var);
  g_assert_cmpint (insn[1].imm, ==, 0);
  insn += 2;
  for (guint i = 0; i < 2; i++, insn++)
    {
      g_assert_cmpuint (insn->code, ==, EBPF_OP_CALL);
      g_assert_cmpuint (insn->src, ==, EBPF_PSEUDO_KFUNC_CALL);
      g_assert_cmpint (insn->imm, ==, func);
      g_assert_cmpint (insn->off, ==, 0);
    }
  g_assert_cmpuint (insn[0].src, ==, EBPF_PSEUDO_BTF_ID);
  g_assert_cmpint (insn[0].imm, ==, func);
  g_assert_cmpint (insn[1].imm, ==, 0);
  insn += 2;

  /* What is not there, or is something else. */
  g_assert_cmpuint (insn[0].src, ==, 0);
  g_assert_cmpint (insn[0].imm, ==, 0xdedc0de);
  g_assert_cmpint (insn[1].imm, ==, 0);
  g_assert_cmpint (insn[2].imm, ==, 0);
  g_assert_cmpuint (insn[1].src, ==, 0);
  insn += 3;
  g_assert_cmpint (insn[0].imm, ==, 0xdedc0de);
  g_assert_cmpint (insn[1].imm, ==, 0);
  g_assert_cmpint (insn[2].imm, ==, 0);
  g_assert_cmpuint (program.fd_array->len, ==, 0);
}

static void
test_typed_errors (void)
{
  Ids ids;
  guint32 var, func;
  g_autoptr (EbpfBtf) local = build_local (&ids);
  g_autoptr (EbpfBtf) kernel = build_kernel (&var, &func);
  const struct
  {
    EbpfRelocKind kind;
    const char *symbol;
    guint32 id;
    gboolean weak;
    int code;
    const char *pattern;
  } cases[] = {
    { EBPF_RELOC_KSYM, "no_variable", ids.var, FALSE, EBPF_ERROR_NOT_FOUND,
      "it needs *no variable no_variable*" },
    { EBPF_RELOC_KFUNC, "nothing", ids.func, FALSE, EBPF_ERROR_NOT_FOUND, "*no function nothing*" },
    { EBPF_RELOC_KFUNC, "function", ids.wrong_func, FALSE, EBPF_ERROR_INCOMPATIBLE,
      "*declares function function with type*not what vmlinux has*" },
    { EBPF_RELOC_KSYM, "variable", ids.wrong_var, TRUE, EBPF_ERROR_INCOMPATIBLE,
      "*declares variable variable with type*" },
    { EBPF_RELOC_KFUNC, "function", 0, TRUE, EBPF_ERROR_BTF, "*does not say what*" },
    { EBPF_RELOC_KFUNC, "function", ids.var, FALSE, EBPF_ERROR_BTF, "*does not say what*" },
    { EBPF_RELOC_KFUNC, "function", 9999, FALSE, EBPF_ERROR_BTF, "*does not say what*" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Program) program = { 0 };
      g_autoptr (GError) error = NULL;

      program_init (&program, local);
      program_add (&program, cases[i].kind, cases[i].symbol, cases[i].id, cases[i].weak);
      g_assert_false (program_apply (&program, kernel, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, cases[i].code, cases[i].pattern);
    }

  /* All that is missing, once each. */
  {
    g_auto (Program) program = { 0 };
    g_autoptr (GError) error = NULL;

    program_init (&program, local);
    program_add (&program, EBPF_RELOC_KFUNC, "nothing", ids.func, FALSE);
    program_add (&program, EBPF_RELOC_KFUNC, "nothing", ids.func, FALSE);
    program_add (&program, EBPF_RELOC_KSYM, "no_variable", ids.var, FALSE);
    g_assert_false (program_apply (&program, kernel, &error));
    g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
    g_assert_cmpstr (
        error->message, ==,
        "it needs what the kernel does not give: the kernel's type information has no "
        "function nothing; the kernel's type information has no variable no_variable; load "
        "the module that has it, or declare it __weak and ask for it before use");
  }

  /* A reference from an instruction that cannot hold it, and from none. */
  {
    g_auto (Program) program = { 0 };
    g_autoptr (GError) error = NULL;

    program_init (&program, local);
    program_add (&program, EBPF_RELOC_KSYM, "variable", ids.var, FALSE);
    g_array_index (program.code->insns, EbpfInsn, 0).code = BPF_ALU64 | BPF_MOV | BPF_K;
    g_assert_false (program_apply (&program, kernel, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION,
                                    "*no load of 64 bits");
  }
  {
    g_auto (Program) program = { 0 };
    g_autoptr (GError) error = NULL;

    program_init (&program, local);
    program_add (&program, EBPF_RELOC_KSYM, "variable", ids.var, FALSE);
    g_array_set_size (program.code->insns, 1);
    g_assert_false (program_apply (&program, kernel, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_RELOCATION, "*behind the end*");
  }
}

static guint64
address_of (const char *name)
{
  g_autofree char *text = NULL;
  g_autofree char *line = g_strdup_printf (" %s\n", name);
  const char *found;

  if (!g_file_get_contents ("/proc/kallsyms", &text, NULL, NULL))
    return 0;
  found = strstr (text, line);
  if (found == NULL)
    return 0;
  while (found > text && found[-1] != '\n')
    found--;

  return g_ascii_strtoull (found, NULL, 16);
}

static void
test_untyped (void)
{
  Ids ids;
  g_autoptr (EbpfBtf) local = build_local (&ids);
  guint64 address = address_of ("_text");

  if (address == 0)
    {
      g_test_skip ("the addresses of the kernel's symbols are hidden");
      return;
    }

  {
    g_auto (Program) program = { 0 };
    g_autoptr (GError) error = NULL;

    program_init (&program, local);
    program_add (&program, EBPF_RELOC_KSYM, "_text", ids.void_var, FALSE);
    program_add (&program, EBPF_RELOC_KSYM, "ebpf_core_no_such_symbol", ids.void_var, TRUE);
    g_assert_true (program_apply (&program, NULL, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (program.insns[0].src, ==, 0);
    g_assert_cmphex ((guint64) (guint32) program.insns[1].imm << 32 |
                         (guint32) program.insns[0].imm,
                     ==, address);
    g_assert_cmpint (program.insns[2].imm, ==, 0);
    g_assert_cmpint (program.insns[3].imm, ==, 0);
  }

  /* Without type information there is nothing else it could be. */
  {
    g_auto (Program) program = { 0 };
    g_autoptr (GError) error = NULL;

    program_init (&program, NULL);
    program_add (&program, EBPF_RELOC_KSYM, "ebpf_core_no_such_symbol", 0, FALSE);
    program_add (&program, EBPF_RELOC_KSYM, "ebpf_core_nor_this", 0, FALSE);
    g_assert_false (program_apply (&program, NULL, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                    "*ebpf_core_no_such_symbol is not in /proc/kallsyms; "
                                    "ebpf_core_nor_this is not*");
  }
}

/* With a list of symbols of our own in place of the kernel's, as another user or another kernel would
 * see it. */
static void
kallsyms_in_subprocess (void)
{
  static const char text[] = "0000000000000000 T hidden\n"
                             "ffffffff81000020 t twice\n"
                             "ffffffffa0000040 t twice\t[module]\n"
                             "ffffffff81000030 T _text\n";
  static const struct
  {
    const char *name;
    gboolean weak;
    int code; /* -1: it is there, or may be missing */
    const char *pattern;
  } cases[] = {
    { "hidden", FALSE, EBPF_ERROR_PERMISSION, "*address of hidden is hidden*kptr_restrict*" },
    { "hidden", TRUE, -1, NULL },
    { "twice", FALSE, EBPF_ERROR_RELOCATION,
      "*twice is ambiguous*0xffffffff81000020*0xffffffffa0000040*" },
    { "twice", TRUE, EBPF_ERROR_RELOCATION, "*twice is ambiguous*" },
    { "absent", TRUE, -1, NULL },
  };
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  Ids ids;
  g_autoptr (EbpfBtf) local = build_local (&ids);
  int fd = g_file_open_tmp ("kallsyms-XXXXXX", &path, &error);

  g_assert_no_error (error);
  close (fd);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
  g_assert_no_errno (mount (path, "/proc/kallsyms", NULL, MS_BIND, NULL));

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Program) program = { 0 };
      gboolean done;

      program_init (&program, local);
      program_add (&program, EBPF_RELOC_KSYM, "_text", ids.void_var, FALSE);
      program_add (&program, EBPF_RELOC_KSYM, cases[i].name, ids.void_var, cases[i].weak);
      done = program_apply (&program, NULL, &error);
      if (cases[i].code != -1)
        {
          g_assert_false (done);
          ebpf_test_assert_error_matches (error, EBPF_ERROR, cases[i].code, cases[i].pattern);
          g_clear_error (&error);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmphex ((guint32) program.insns[0].imm, ==, 0x81000030);
      g_assert_cmphex ((guint32) program.insns[1].imm, ==, 0xffffffff);
      g_assert_cmphex ((guint32) program.insns[2].imm, ==, 0);
      g_assert_cmphex ((guint32) program.insns[3].imm, ==, 0);
    }

  g_unlink (path);
}

/* Without type information of the kernel, anywhere. */
static void
no_kernel_in_subprocess (void)
{
  static const char *const folders[] = { "/sys/kernel/btf", "/boot", "/lib/modules",
                                         "/usr/lib/debug" };
  g_autoptr (GError) error = NULL;
  Ids ids;
  g_autoptr (EbpfBtf) local = build_local (&ids);

  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    if (g_file_test (folders[i], G_FILE_TEST_IS_DIR))
      g_assert_no_errno (mount ("tmpfs", folders[i], "tmpfs", 0, NULL));

  for (guint weak = 0; weak < 2; weak++)
    {
      g_auto (Program) program = { 0 };
      gboolean done;

      program_init (&program, local);
      program_add (&program, EBPF_RELOC_KFUNC, "function", ids.func, weak);
      program_add (&program, EBPF_RELOC_KSYM, "function", ids.func, weak);
      program_add (&program, EBPF_RELOC_KSYM, "variable", ids.var, weak);
      done = program_apply (&program, NULL, &error);
      if (!weak)
        {
          g_assert_false (done);
          ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                          "*function function: *CONFIG_DEBUG_INFO_BTF*");
          g_clear_error (&error);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmphex (program.insns[0].imm, ==, 0xdedc0de);
      g_assert_cmpuint (program.insns[0].src, ==, 0);
      for (guint i = 1; i < 5; i++)
        g_assert_cmphex (program.insns[i].imm, ==, 0);
    }
}

static void
run_in_subprocess (void (*func) (void))
{
  if (g_test_subprocess ())
    {
      func ();
      return;
    }

  if (!ebpf_test_require_mounts ())
    return;

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_kallsyms (void)
{
  run_in_subprocess (kallsyms_in_subprocess);
}

static void
test_no_kernel (void)
{
  run_in_subprocess (no_kernel_in_subprocess);
}

/* --- real objects */

static EbpfCollection *
open_object (const char *name)
{
  g_autofree char *path = ebpf_test_object (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return ebpf_collection_new (spec);
}

static guint64
read_variable (EbpfCollection *collection, const char *name)
{
  EbpfVariable *variable = ebpf_collection_get_variable (collection, name);
  g_autoptr (GError) error = NULL;
  guint64 v64;
  guint32 v32;

  g_assert_nonnull (variable);
  if (ebpf_variable_get_size (variable) == sizeof v64)
    {
      ebpf_variable_read_raw (variable, &v64, sizeof v64, &error);
      g_assert_no_error (error);
      return v64;
    }

  ebpf_variable_read_raw (variable, &v32, sizeof v32, &error);
  g_assert_no_error (error);
  return v32;
}

static void
run_on_packet (EbpfCollection *collection, const char *name)
{
  EbpfProgram *program = ebpf_collection_get_program (collection, name);
  guint8 packet[64] = { 0 };
  g_autoptr (GBytes) data = g_bytes_new (packet, sizeof packet);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (program);
  g_assert_true (ebpf_program_test_run (program, data, 1, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
test_load_kconfig (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = open_object ("externs.bpf.o");
  ebpf_collection_load (collection, NULL, NULL, &error);
  if (g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND) &&
      strstr (error->message, "config.gz") != NULL)
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);

  /* The verifier knows the values: nobody changes them any more. */
  {
    EbpfMap *map = ebpf_collection_get_map (collection, ".kconfig");
    guint8 value[64] = { 0 };
    guint32 key = 0;

    g_assert_nonnull (map);
    g_assert_cmpuint (ebpf_map_get_map_flags (map) & EBPF_MAP_FLAGS_RDONLY_PROG, !=, 0);
    g_assert_false (ebpf_map_update_raw (map, &key, value, EBPF_UPDATE_FLAGS_ANY, &error));
    g_assert_cmpint (ebpf_error_get_errno (error), ==, EPERM);
    g_clear_error (&error);
  }

  run_on_packet (collection, "read_externs");
  g_assert_cmpuint (read_variable (collection, "version"), ==, ebpf_sys_get_kernel_version_code ());
  g_assert_cmpuint (read_variable (collection, "hz"), >=, 100);
  g_assert_cmpuint (read_variable (collection, "missing"), ==, 0);
  g_assert_cmphex (read_variable (collection, "address"), ==, address_of ("bpf_prog_active"));

  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

static void
test_load_ksyms (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 2))
    return;
  if (address_of ("_text") == 0)
    {
      g_test_skip ("the addresses of the kernel's symbols are hidden");
      return;
    }

  collection = open_object ("ksyms.bpf.o");
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);

  run_on_packet (collection, "use_symbols");
  g_assert_cmphex (read_variable (collection, "text"), ==, address_of ("_text"));
  g_assert_cmpuint (read_variable (collection, "missing"), ==, 0);
  g_assert_cmpuint (read_variable (collection, "length"), ==, 64);

  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

/* The verifier wants the variable's address, for which the kernel needs CONFIG_KALLSYMS_ALL. */
static void
test_load_typed (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfBtf) kernel = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) context = g_bytes_new_static ("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  g_autofree char *text = NULL;
  guint32 active;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  kernel = ebpf_btf_get_kernel (&error);
  g_assert_no_error (error);
  collection = open_object ("ksyms-typed.bpf.o");
  ebpf_collection_load (collection, NULL, NULL, &error);

  if (ebpf_btf_lookup (kernel, "bpf_prog_active", EBPF_BTF_KIND_VAR) == 0)
    {
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
      g_assert_nonnull (strstr (error->message, "no variable bpf_prog_active"));
    }
  else if (g_file_get_contents ("/proc/kallsyms", &text, NULL, NULL) &&
           strstr (text, " bpf_prog_active\n") == NULL)
    {
      /* It was asked for by its id, but this kernel does not know its address. */
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, "kernel symbol 'bpf_prog_active'"));
      g_test_skip ("this kernel has no addresses of variables (CONFIG_KALLSYMS_ALL)");
    }
  else
    {
      g_assert_no_error (error);
      g_assert_true (ebpf_program_run (ebpf_collection_get_program (collection, "read_active"),
                                       context, NULL, NULL, &error));
      g_assert_no_error (error);
      active = (guint32) read_variable (collection, "active");
      g_assert_cmpuint (active, <=, 16);
    }

  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

static void
test_load_missing (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = open_object ("ksyms-missing.bpf.o");
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "program \"use_missing\""));
  g_assert_nonnull (strstr (error->message, "no_such_symbol is not in /proc/kallsyms"));
  g_assert_nonnull (strstr (error->message, "no variable no_such_variable"));
  g_assert_nonnull (strstr (error->message, "no function no_such_kfunc"));
  ebpf_btf_drop_kernel ();
}

/* The kernel has the records of functions and lines that the object had. */
static void
assert_ext_info (EbpfProgram *program)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (ebpf_program_get_spec (program));
  struct bpf_prog_info info = { 0 };
  g_autofree EbpfLineInfo *lines = g_new0 (EbpfLineInfo, code->line_infos->len);
  g_autofree EbpfFuncInfo *functions = g_new0 (EbpfFuncInfo, code->func_infos->len);
  union bpf_attr attr = { 0 };
  guint next = 0;

  g_assert_cmpuint (code->line_infos->len, >, 1);
  g_assert_cmpuint (code->func_infos->len, ==, 1);
  info.nr_line_info = code->line_infos->len;
  info.line_info_rec_size = sizeof (EbpfLineInfo);
  info.line_info = EBPF_PTR_TO_U64 (lines);
  info.nr_func_info = code->func_infos->len;
  info.func_info_rec_size = sizeof (EbpfFuncInfo);
  info.func_info = EBPF_PTR_TO_U64 (functions);
  attr.info.bpf_fd = (guint32) ebpf_program_peek_fd (program);
  attr.info.info_len = sizeof info;
  attr.info.info = EBPF_PTR_TO_U64 (&info);
  g_assert_no_errno (ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &attr, sizeof attr));

  g_assert_cmpuint (info.btf_id, !=, 0);
  g_assert_cmpuint (info.nr_func_info, ==, 1);
  g_assert_cmpuint (functions[0].insn, ==, 0);
  g_assert_cmpuint (functions[0].type_id, ==,
                    g_array_index (code->func_infos, EbpfFuncInfo, 0).type_id);

  /* The verifier took out what is never reached, with its lines. */
  g_assert_cmpuint (info.nr_line_info, >, 1);
  g_assert_cmpuint (info.nr_line_info, <=, code->line_infos->len);
  for (guint i = 0; i < code->line_infos->len && next < info.nr_line_info; i++)
    {
      const EbpfLineInfo *line = &g_array_index (code->line_infos, EbpfLineInfo, i);

      next += lines[next].line_col == line->line_col && lines[next].line_off == line->line_off &&
              lines[next].file_name_off == line->file_name_off;
    }
  g_assert_cmpuint (next, ==, info.nr_line_info);
}

/* Calls of functions in a program of another kind, one of them weak and not there. */
static void
test_load_kfuncs (void)
{
  EbpfProgram *program;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 2))
    return;

  collection = open_object ("kfuncs.bpf.o");
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  program = ebpf_collection_get_program (collection, "call");
  g_assert_nonnull (program);
  assert_ext_info (program);
  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

/* Functions of a module, and of none where the kernel has not got it: they are weak. */
static void
test_load_module_kfuncs (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfBtf) kernel = NULL;
  g_autoptr (GError) error = NULL;
  gboolean in_kernel, in_module;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 2))
    return;

  kernel = ebpf_btf_get_kernel (&error);
  g_assert_no_error (error);
  in_kernel = ebpf_btf_lookup (kernel, "bpf_skb_ct_lookup", EBPF_BTF_KIND_FUNC) != 0;
  in_module = g_file_test ("/sys/kernel/btf/nf_conntrack", G_FILE_TEST_EXISTS);

  collection = open_object ("kfunc-module.bpf.o");
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  run_on_packet (collection, "look_up");
  g_assert_cmpuint (read_variable (collection, "is_there"), ==, in_kernel || in_module);
  if (in_kernel || in_module)
    g_assert_cmpint ((gint32) read_variable (collection, "answer"), <, 0);
  else
    g_test_message ("no module nf_conntrack; only that they are missing was tested");

  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

/* A variable of a module, by its type: the program gets its address through the module's own type
 * information in the kernel. */
static void
test_load_module_variable (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfBtf) kernel = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gboolean in_kernel, in_module;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 12))
    return;

  kernel = ebpf_btf_get_kernel (&error);
  g_assert_no_error (error);
  in_kernel = ebpf_btf_lookup (kernel, "xt_recseq", EBPF_BTF_KIND_VAR) != 0;
  in_module = g_file_test ("/sys/kernel/btf/x_tables", G_FILE_TEST_EXISTS);

  collection = open_object ("ksym-module.bpf.o");
  ebpf_collection_load (collection, NULL, NULL, &error);
  if (in_kernel && g_file_get_contents ("/proc/kallsyms", &text, NULL, NULL) &&
      strstr (text, " xt_recseq\n") == NULL)
    {
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, "kernel symbol 'xt_recseq'"));
      g_test_skip ("x_tables is no module here, and this kernel has no addresses of variables "
                   "(CONFIG_KALLSYMS_ALL)");
      ebpf_btf_drop_kernel ();
      return;
    }
  g_assert_no_error (error);
  run_on_packet (collection, "read_variable");
  g_assert_cmpuint (read_variable (collection, "is_there"), ==, in_kernel || in_module);
  g_assert_cmpuint (read_variable (collection, "was_read"), ==, in_kernel || in_module);

  /* A writer counts up before and after: nobody is at it now. */
  if (in_kernel || in_module)
    g_assert_cmpuint (read_variable (collection, "sequence") % 2, ==, 0);
  else
    g_assert_cmpuint (read_variable (collection, "sequence"), ==, 77);
  if (!in_kernel && !in_module)
    g_test_message ("no module x_tables; only that it is missing was tested");

  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/externs/values", test_values);
  ebpf_test_add ("/object/externs/strings", test_strings);
  ebpf_test_add ("/object/externs/kconfig-bytes", test_kconfig_bytes);
  ebpf_test_add ("/object/externs/linux-values", test_linux_values);
  ebpf_test_add ("/object/externs/typed", test_typed);
  ebpf_test_add ("/object/externs/typed-errors", test_typed_errors);
  ebpf_test_add ("/object/externs/untyped", test_untyped);
  ebpf_test_add ("/object/externs/kallsyms", test_kallsyms);
  ebpf_test_add ("/object/externs/no-kernel", test_no_kernel);
  ebpf_test_add ("/object/externs/load-kconfig", test_load_kconfig);
  ebpf_test_add ("/object/externs/load-ksyms", test_load_ksyms);
  ebpf_test_add ("/object/externs/load-typed", test_load_typed);
  ebpf_test_add ("/object/externs/load-kfuncs", test_load_kfuncs);
  ebpf_test_add ("/object/externs/load-module-kfuncs", test_load_module_kfuncs);
  ebpf_test_add ("/object/externs/load-module-variable", test_load_module_variable);
  ebpf_test_add ("/object/externs/load-missing", test_load_missing);

  return g_test_run ();
}
