/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>

#include "btf/ebpf-core-relocation-private.h"
#include "ebpf-test.h"
#include "object/ebpf-externs-private.h"
#include "object/ebpf-verifier-log-private.h"

/* Logs that kernels wrote: 5.10, 6.1, 6.18 and 7.3. */
static const char classic_log[] =
    "func#0 @0\n"
    "0: R1=ctx(off=0,imm=0) R10=fp0\n"
    "; return value; @ first.bpf.c:7\n"
    "0: (95) exit\n"
    "R0 !read_ok\n"
    "processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
    "mark_read 0\n";

static const char sectioned_log[] =
    "0: R1=ctx() R10=fp0\n"
    "0: (95) exit\n"
    "R0 !read_ok\n"
    "\n"
    "Verification failed: Register Type Safety: Unreadable register\n"
    "\n"
    "Reason:\n"
    "  R0 has never been initialized on this path,\n"
    "  so the verifier cannot use it as an input.\n"
    "\n"
    "At:\n"
    "  insn 0\n"
    "        | ^-- error: R0 is not readable\n"
    "  Instruction context:\n"
    "  >>> 0 | (95) exit\n"
    "\n"
    "Causal path:\n"
    "  no retained diagnostic events on this path\n"
    "\n"
    "Suggestion:\n"
    "  Initialize R0 on every path before this instruction.\n"
    "\n"
    "processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
    "mark_read 0\n";

typedef struct
{
  const char *name;
  const char *log;
  const char *reason; /* NULL: none */
} ReasonCase;

static const ReasonCase reason_cases[] = {
  { "classic-with-context", classic_log, "0: (95) exit: R0 !read_ok" },
  { "sectioned", sectioned_log,
    "R0 has never been initialized on this path, so the verifier cannot use it as an input" },
  { "sectioned-without-text", "Verification failed: Some Class: Some problem\n\nReason:\n\nAt:\n",
    "Some Class: Some problem" },
  { "sectioned-next-heading", "x\nVerification failed: A\nReason:\n  why\nAt:\n  insn 0\n", "why" },
  { "sectioned-cut-off", "x\nVerification failed: A: B\nReason:", "A: B" },
  { "sectioned-last-of-two",
    "Verification failed: A\nReason:\n  first\n\nVerification failed: B\nReason:\n  second\n",
    "second" },
  { "plain-line",
    "0: (85) call 12345\ninvalid func unknown#12345\nprocessed 1 insns (limit 1000000)\n",
    "invalid func unknown#12345" },
  { "context-access", "1: (61) r0 = *(u32 *)(r1 +400)\ninvalid bpf_context access off=400 size=4\n",
    "1: (61) r0 = *(u32 *)(r1 +400): invalid bpf_context access off=400 size=4" },
  { "tab", "arg#0 is bad\n\tbecause of this\n", "arg#0 is bad: because of this" },
  { "register-alone", "R1 is odd", "R1 is odd" },
  { "word-that-starts-with-r", "Result is bad\n", "Result is bad" },
  { "statistics-and-empty-lines",
    "too complex\n\nverification time 12 usec\nstack depth 0+0\nprocessed 9 insns (limit 1)\n\n",
    "too complex" },
  { "statistics-alone", "processed 0 insns (limit 1000000) max_states_per_insn 0\n", NULL },
  { "infinite-loop",
    "; for (;;) @ a.c:3\n4: (05) goto pc-2\ninfinite loop detected at insn 3\n"
    "cur state: R1=ctx() R10=fp0 fp-8=mmmm????\nold state: R1=ctx() R10=fp0 fp-8=mmmm????\n"
    "processed 12 insns (limit 1000000)\n",
    "infinite loop detected at insn 3" },
  { "states-alone", "cur state: R1=ctx()\nold state: R1=ctx()\n", NULL },
  { "empty", "", NULL },
  { "empty-lines", "\n\n  \n", NULL },
  { "source-that-says-reason", "; Reason:\n1: (95) exit\nAt program exit it is odd\n",
    "At program exit it is odd" },
};

static void
test_reason (gconstpointer data)
{
  const ReasonCase *reason_case = data;
  g_autofree char *reason = ebpf_verifier_log_get_reason (reason_case->log);

  g_assert_cmpstr (reason, ==, reason_case->reason);
}

static void
test_no_log (void)
{
  guint32 number;

  g_assert_null (ebpf_verifier_log_get_reason (NULL));
  g_assert_null (ebpf_verifier_log_get_source_line (NULL));
  g_assert_false (ebpf_verifier_log_is_about_ext_info (NULL));
  g_assert_false (ebpf_verifier_log_find_unknown_call (NULL, &number, &number));
  g_assert_false (ebpf_verifier_log_find_bad_load (NULL, 1, &number));
  g_assert_null (ebpf_verifier_log_extract (NULL, 100));
}

static void
test_source_line (void)
{
  g_autofree char *classic = ebpf_verifier_log_get_source_line (classic_log);
  g_autofree char *none = ebpf_verifier_log_get_source_line (sectioned_log);

  g_assert_cmpstr (classic, ==, "return value; @ first.bpf.c:7");
  g_assert_null (none);
}

static void
test_ext_info (void)
{
  g_assert_true (ebpf_verifier_log_is_about_ext_info (
      "number of funcs in func_info doesn't match number of subprogs\nprocessed 0 insns\n"));
  g_assert_true (ebpf_verifier_log_is_about_ext_info ("missing bpf_line_info for func#0"));
  g_assert_true (ebpf_verifier_log_is_about_ext_info ("invalid type id 7 in func info\n"));
  g_assert_false (ebpf_verifier_log_is_about_ext_info (classic_log));
  /* Said of something that went well. */
  g_assert_false (
      ebpf_verifier_log_is_about_ext_info ("func_info is fine\n0: (95) exit\nR0 !read_ok"));
}

static void
test_poison (void)
{
  g_autofree char *call = NULL;
  g_autofree char *kfunc = NULL;
  guint32 helper, insn;

  call = g_strdup_printf ("3: (b7) r1 = 0\n4: (85) call unknown#%u\ninvalid func unknown#%u\n"
                          "processed 5 insns\n",
                          EBPF_CORE_POISON_CALL, EBPF_CORE_POISON_CALL);
  g_assert_true (ebpf_verifier_log_find_unknown_call (call, &helper, &insn));
  g_assert_cmpuint (helper, ==, EBPF_CORE_POISON_CALL);
  g_assert_cmpuint (insn, ==, 4);

  /* Without the line of the instruction, as with the log level of statistics alone. */
  kfunc = g_strdup_printf ("invalid func unknown#%u", EBPF_EXTERNS_POISON_CALL);
  g_assert_true (ebpf_verifier_log_find_unknown_call (kfunc, &helper, &insn));
  g_assert_cmpuint (helper, ==, EBPF_EXTERNS_POISON_CALL);
  g_assert_cmpuint (insn, ==, G_MAXUINT32);

  g_assert_false (ebpf_verifier_log_find_unknown_call (classic_log, &helper, &insn));
  g_assert_false (
      ebpf_verifier_log_find_unknown_call ("invalid func unknown#99999999999", &helper, &insn));

  g_assert_true (ebpf_verifier_log_find_bad_load (
      "17: (18) r10 = 0xbad2310\nframe pointer is read only\nprocessed 3 insns\n",
      EBPF_CORE_POISON_LOAD, &insn));
  g_assert_cmpuint (insn, ==, 17);
  g_assert_false (
      ebpf_verifier_log_find_bad_load ("17: (18) r1 = 0xbad2310\n", EBPF_CORE_POISON_LOAD, &insn));
}

static void
test_extract (void)
{
  static const char latin1[] = "; caf\xe9\nR0 !read_ok\n";
  g_autofree char *trimmed = ebpf_verifier_log_extract ("\n \n\tfirst\nlast\n\n\0rest", 20);
  g_autofree char *full = ebpf_verifier_log_extract ("abcdef", 3);
  g_autofree char *text = ebpf_verifier_log_extract (latin1, sizeof latin1);

  g_assert_cmpstr (trimmed, ==, "\tfirst\nlast");
  g_assert_cmpstr (full, ==, "abc");
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (g_str_has_suffix (text, "R0 !read_ok"));
  g_assert_null (ebpf_verifier_log_extract (" \n\n ", 4));
  g_assert_null (ebpf_verifier_log_extract ("", 0));
  g_assert_null (ebpf_verifier_log_extract ("\0abc", 4));
}

static void
test_growth (void)
{
  guint32 size = EBPF_VERIFIER_LOG_START;
  guint n = 0;

  /* What does not say that the log was too small is no reason for a larger one. */
  g_assert_cmpuint (ebpf_verifier_log_next_size (size, 0, EINVAL), ==, 0);
  g_assert_cmpuint (ebpf_verifier_log_next_size (size, size * 8, EFAULT), ==, 0);

  /* Linux 6.4 says how much it needs. */
  g_assert_cmpuint (ebpf_verifier_log_next_size (size, 1234567, ENOSPC), ==, 1234567);
  g_assert_cmpuint (ebpf_verifier_log_next_size (size, G_MAXUINT32, ENOSPC), ==,
                    EBPF_VERIFIER_LOG_MAX);
  g_assert_cmpuint (ebpf_verifier_log_next_size (size, size, ENOSPC), ==, size * 2);
  g_assert_cmpuint (ebpf_verifier_log_next_size (128, 0, ENOSPC), ==, EBPF_VERIFIER_LOG_START);

  for (; size != 0; n++)
    {
      guint32 next = ebpf_verifier_log_next_size (size, 0, ENOSPC);

      g_assert_cmpuint (next, <=, EBPF_VERIFIER_LOG_MAX);
      g_assert_true (next == 0 || next > size);
      size = next;
    }
  g_assert_cmpuint (n, <=, EBPF_VERIFIER_LOG_ATTEMPTS);

  g_assert_cmpuint (ebpf_verifier_log_next_size (EBPF_VERIFIER_LOG_MAX, 0, ENOSPC), ==, 0);
  g_assert_cmpuint (ebpf_verifier_log_next_size (EBPF_VERIFIER_LOG_MAX - 1, 0, ENOSPC), ==,
                    EBPF_VERIFIER_LOG_MAX);
}

/* Whatever is in the log: a line of text or nothing. */
static void
test_any_bytes (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  static const char alphabet[] = "R0: \n\t;Reason:Verification failed:processed 1 insns#(18)";

  for (guint i = 0; i < 2000; i++)
    {
      char buffer[200];
      g_autofree char *log = NULL;
      g_autofree char *reason = NULL;
      g_autofree char *source = NULL;
      guint32 number;

      for (gsize j = 0; j < sizeof buffer; j++)
        buffer[j] = g_rand_int_range (rand, 0, 8) == 0
                        ? (char) g_rand_int_range (rand, 1, 256)
                        : alphabet[g_rand_int_range (rand, 0, (gint32) strlen (alphabet))];

      log = ebpf_verifier_log_extract (buffer, sizeof buffer);
      reason = ebpf_verifier_log_get_reason (log);
      source = ebpf_verifier_log_get_source_line (log);
      ebpf_verifier_log_find_unknown_call (log, &number, &number);
      g_assert_true (reason == NULL || strchr (reason, '\n') == NULL);
    }
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  for (gsize i = 0; i < G_N_ELEMENTS (reason_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/verifier-log/reason/", reason_cases[i].name, NULL);

      ebpf_test_add_data (path, &reason_cases[i], test_reason);
    }
  ebpf_test_add ("/verifier-log/none", test_no_log);
  ebpf_test_add ("/verifier-log/source-line", test_source_line);
  ebpf_test_add ("/verifier-log/ext-info", test_ext_info);
  ebpf_test_add ("/verifier-log/poison", test_poison);
  ebpf_test_add ("/verifier-log/extract", test_extract);
  ebpf_test_add ("/verifier-log/growth", test_growth);
  ebpf_test_add ("/verifier-log/any-bytes", test_any_bytes);

  return g_test_run ();
}
