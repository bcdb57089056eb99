/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-json.h"
#include "ebpfctl-table.h"
#include "ebpfctl-terminal.h"
#include "ebpfctl-value.h"

#include <math.h>

static void
assert_json (const char *variant, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = g_variant_parse (NULL, variant, NULL, NULL, &error);
  g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);

  g_assert_no_error (error);
  ebpfctl_json_add_variant (json, NULL, value);
  g_assert_cmpstr (ebpfctl_json_peek (json), ==, expected);
}

static void
test_json_numbers (void)
{
  assert_json ("uint64 18446744073709551615", "18446744073709551615");
  assert_json ("int64 -9223372036854775808", "-9223372036854775808");
  assert_json ("byte 0xff", "255");
  assert_json ("int16 -1", "-1");
  assert_json ("uint16 65535", "65535");
  assert_json ("@i -2147483648", "-2147483648");
  assert_json ("uint32 4294967295", "4294967295");
  assert_json ("handle 3", "3");
  assert_json ("0.5", "0.5");
  assert_json ("true", "true");
}

static void
test_json_not_numbers (void)
{
  const double values[] = { NAN, INFINITY, -INFINITY };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);

      ebpfctl_json_add_double (json, NULL, values[i]);
      g_assert_cmpstr (ebpfctl_json_peek (json), ==, "null");
    }
}

static void
test_json_strings (void)
{
  const char *cases[][2] = {
    { "", "\"\"" },
    { "a\"b\\c", "\"a\\\"b\\\\c\"" },
    { "\n\t\r\033\177", "\"\\n\\t\\u000d\\u001b\\u007f\"" },
    { "größe", "\"größe\"" },
    { "a\xff"
      "b",
      "\"a\xef\xbf\xbd"
      "b\"" },
    { NULL, "null" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_LINE);

      ebpfctl_json_add_string (json, NULL, cases[i][0]);
      g_assert_cmpstr (ebpfctl_json_peek (json), ==, cases[i][1]);
    }
}

static void
test_json_containers (void)
{
  assert_json ("@au []", "[]");
  assert_json ("@a{sv} {}", "{}");
  assert_json ("@ay [1, 255]", "[1, 255]");
  assert_json ("{'a': <1>, 'b': <['x', 'y']>, 'c': <{'d': <uint64 7>}>}",
               "{\"a\": 1, \"b\": [\"x\", \"y\"], \"c\": {\"d\": 7}}");
  assert_json ("(1, 'a', @mi nothing, just 5)", "[1, \"a\", null, 5]");
  assert_json ("{uint32 1: 'a', 2: 'b'}", "[[1, \"a\"], [2, \"b\"]]");
}

static void
test_json_pretty (void)
{
  g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_PRETTY);

  ebpfctl_json_begin_object (json, NULL);
  ebpfctl_json_add_null (json, "none");
  ebpfctl_json_begin_array (json, "empty");
  ebpfctl_json_end_array (json);
  ebpfctl_json_begin_array (json, "items");
  for (guint i = 0; i < 2; i++)
    {
      ebpfctl_json_begin_object (json, NULL);
      ebpfctl_json_add_uint (json, "i", i);
      ebpfctl_json_add_boolean (json, "last", i == 1);
      ebpfctl_json_end_object (json);
    }
  ebpfctl_json_end_array (json);
  ebpfctl_json_end_object (json);

  g_assert_cmpstr (ebpfctl_json_peek (json), ==,
                   "{\n"
                   "  \"none\": null,\n"
                   "  \"empty\": [],\n"
                   "  \"items\": [\n"
                   "    {\"i\": 0, \"last\": false},\n"
                   "    {\"i\": 1, \"last\": true}\n"
                   "  ]\n"
                   "}");
}

static void
assert_text (const char *variant, const char *expected)
{
  g_autoptr (GVariant) value = g_variant_parse (NULL, variant, NULL, NULL, NULL);
  g_autofree char *text = ebpfctl_value_to_text (value);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_value_text (void)
{
  assert_text ("uint64 18446744073709551615", "18446744073709551615");
  assert_text ("'a\"b'", "\"a\\\"b\"");
  assert_text ("'a\033[1m'", "\"a\\x1b[1m\"");
  assert_text ("@ay [0, 1, 255]", "[00 01 ff]");
  assert_text ("@ay []", "[]");
  assert_text ("[uint32 1, 2]", "[1 2]");
  assert_text ("{'pid': <1>, 'at': <{'x': <2>}>}", "pid=1 at={x=2}");
  assert_text ("<{'pid': <1>}>", "pid=1");
  assert_text ("(1, 'x')", "(1 \"x\")");
}

static gboolean
is_zero (const char *variant)
{
  g_autoptr (GVariant) value = g_variant_parse (NULL, variant, NULL, NULL, NULL);

  return ebpfctl_value_is_zero (value);
}

static void
test_value_zero (void)
{
  g_assert_true (is_zero ("uint64 0"));
  g_assert_true (is_zero ("[0, 0]"));
  g_assert_true (is_zero ("@ay [0, 0]"));
  g_assert_true (is_zero ("''"));
  g_assert_true (is_zero ("{'a': <0>, 'b': <[0, 0]>, 'c': <''>, 'd': <false>}"));
  g_assert_false (is_zero ("uint64 256"));
  g_assert_false (is_zero ("[0, 1]"));
  g_assert_false (is_zero ("{'a': <0>, 'b': <[0, 1]>}"));
  g_assert_false (is_zero ("{'a': <'x'>}"));
}

static void
test_value_sum (void)
{
  const struct
  {
    const char *variant;
    gboolean ok;
    guint64 sum;
    gboolean is_signed;
  } cases[] = {
    { "[uint64 1, 2, 3]", TRUE, 6, FALSE },
    { "[uint32 4294967295, 1]", TRUE, 4294967296, FALSE },
    { "[-5, 2]", TRUE, (guint64) -3, TRUE },
    { "@ay [255, 1]", TRUE, 256, FALSE },
    { "[<uint64 1>, <uint64 2>]", FALSE, 0, FALSE },
    { "[uint64 18446744073709551615, 1]", FALSE, 0, FALSE },
    { "[int64 9223372036854775807, 1]", FALSE, 0, FALSE },
    { "@at []", FALSE, 0, FALSE },
    { "['a']", FALSE, 0, FALSE },
    { "uint64 5", FALSE, 0, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) value = g_variant_parse (NULL, cases[i].variant, NULL, NULL, NULL);
      gboolean is_signed;
      guint64 sum;

      g_test_message ("%s", cases[i].variant);
      g_assert_cmpint (ebpfctl_value_sum (value, &sum, &is_signed), ==, cases[i].ok);
      if (cases[i].ok)
        {
          g_assert_cmpuint (sum, ==, cases[i].sum);
          g_assert_cmpint (is_signed, ==, cases[i].is_signed);
        }
    }
}

static void
assert_clean (const char *text, const char *expected)
{
  g_autofree char *clean = ebpfctl_terminal_clean (text);

  g_assert_cmpstr (clean, ==, expected);
}

static void
test_clean (void)
{
  assert_clean ("", "");
  assert_clean ("two\nlines\n", "two lines");
  assert_clean ("a \n\t b", "a  b");
  assert_clean ("\033[31mred", "\\x1b[31mred");
  assert_clean ("\xff", "\xef\xbf\xbd");
  /* A right-to-left override would turn the rest of the line around. */
  assert_clean ("a\xe2\x80\xae"
                "b",
                "a\\u202eb");
}

/* Runs in a subprocess, whose stdout is compared. */
static void
print_table (const char *columns)
{
  g_autoptr (EbpfctlTable) table = ebpfctl_table_new ();

  g_setenv ("COLUMNS", columns, TRUE);
  ebpfctl_table_add_column (table, "NAME", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_column (table, "SIZE", EBPFCTL_COLUMN_RIGHT);
  ebpfctl_table_add_column (table, "TYPE", EBPFCTL_COLUMN_SHRINK);
  ebpfctl_table_add_text (table, "a_rather_long_name");
  ebpfctl_table_add_number (table, G_MAXUINT64);
  ebpfctl_table_add_text (table, "struct something");
  ebpfctl_table_add_text (table, "漢字");
  ebpfctl_table_add_number (table, 5);
  ebpfctl_table_add_text (table, NULL);
  ebpfctl_table_print (table, 2);
}

static void
test_table_wide (void)
{
  if (g_test_subprocess ())
    {
      print_table ("200");
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*  NAME                                SIZE  TYPE\n"
                             "  a_rather_long_name  18446744073709551615  struct something\n"
                             "  漢字                                   5  -\n*");
}

static void
test_table_narrow (void)
{
  if (g_test_subprocess ())
    {
      print_table ("46");
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*  a_rather_?  18446744073709551615  struct so?\n*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tools/json/numbers", test_json_numbers);
  g_test_add_func ("/tools/json/not-numbers", test_json_not_numbers);
  g_test_add_func ("/tools/json/strings", test_json_strings);
  g_test_add_func ("/tools/json/containers", test_json_containers);
  g_test_add_func ("/tools/json/pretty", test_json_pretty);
  g_test_add_func ("/tools/value/text", test_value_text);
  g_test_add_func ("/tools/value/zero", test_value_zero);
  g_test_add_func ("/tools/value/sum", test_value_sum);
  g_test_add_func ("/tools/terminal/clean", test_clean);
  g_test_add_func ("/tools/table/wide", test_table_wide);
  g_test_add_func ("/tools/table/narrow", test_table_narrow);

  return g_test_run ();
}
