/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-ext-info-private.h"

#include "base/ebpf-error.h"
#include "ebpf-test-btf.h"
#include "ebpf-test.h"

#include <string.h>

typedef struct
{
  EbpfBtf *btf;
  guint32 integer, func;
  guint32 text, other, file, line, access; /* strings */
} Fixture;

static void
fixture_init (Fixture *fixture)
{
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  guint32 proto;

  fixture->integer = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  proto = test_btf_func_proto (b, fixture->integer);
  fixture->func = test_btf_func (b, "main", proto, 1);
  fixture->text = test_btf_string (b, ".text");
  fixture->other = test_btf_string (b, "xdp");
  fixture->file = test_btf_string (b, "a.c");
  fixture->line = test_btf_string (b, "return 0;");
  fixture->access = test_btf_string (b, "0:1");
  bytes = test_btf_to_bytes (b);
  fixture->btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);
}

static void
append (GByteArray *array, gboolean big_endian, guint n, ...)
{
  va_list args;

  va_start (args, n);
  while (n-- > 0)
    {
      guint32 word = va_arg (args, guint32);

      word = big_endian ? GUINT32_TO_BE (word) : GUINT32_TO_LE (word);
      g_byte_array_append (array, (const guint8 *) &word, sizeof word);
    }
  va_end (args);
}

/* @header_length: 24 before CO-RE, 32 with it, more later. @extra: words that a later version appends to
 * each record. */
static GBytes *
build (const Fixture *f, gboolean big_endian, guint32 header_length, guint extra)
{
  GByteArray *array = g_byte_array_new ();
  const guint8 start[] = { big_endian ? 0xeb : 0x9f, big_endian ? 0x9f : 0xeb, 1, 0 };
  guint32 func_size = 8 + 4 * extra, line_size = 16 + 4 * extra, core_size = 16 + 4 * extra;
  guint32 func_length = 4 + 8 + 2 * func_size + 8 + func_size, line_length = 4 + 8 + 2 * line_size,
          core_length = 4 + 8 + core_size;
  guint i;

#define EXTRA                                                                                      \
  for (i = 0; i < extra; i++)                                                                      \
  append (array, big_endian, 1, 0xdeadbeef)

  g_byte_array_append (array, start, sizeof start);
  append (array, big_endian, 5, header_length, 0, func_length, func_length, line_length);
  if (header_length >= 32)
    append (array, big_endian, 2, func_length + line_length, core_length);
  while (array->len < header_length)
    append (array, big_endian, 1, 0x12345678);

  append (array, big_endian, 1, func_size);
  append (array, big_endian, 2, f->text, 2);
  append (array, big_endian, 2, 64, f->func); /* not in order */
  EXTRA;
  append (array, big_endian, 2, 0, f->func);
  EXTRA;
  append (array, big_endian, 2, f->other, 1);
  append (array, big_endian, 2, 8, f->func);
  EXTRA;
  append (array, big_endian, 1, line_size);
  append (array, big_endian, 2, f->text, 2);
  append (array, big_endian, 4, 0, f->file, f->line, 7 << 10 | 3);
  EXTRA;
  append (array, big_endian, 4, 16, f->file, f->line, 8 << 10 | 1);
  EXTRA;
  append (array, big_endian, 1, core_size);
  append (array, big_endian, 2, f->text, 1);
  append (array, big_endian, 4, 24, f->integer, f->access, 8);
  EXTRA;
#undef EXTRA

  return g_byte_array_free_to_bytes (array);
}

static void
test_parse (gconstpointer data)
{
  gboolean big_endian = GPOINTER_TO_INT (data);
  static const guint32 header_lengths[] = { 24, 32, 40 };
  Fixture f;
  guint i, extra;

  fixture_init (&f);
  for (i = 0; i < G_N_ELEMENTS (header_lengths); i++)
    for (extra = 0; extra < 3; extra++)
      {
        g_autoptr (GBytes) bytes = build (&f, big_endian, header_lengths[i], extra);
        g_autoptr (GError) error = NULL;
        g_autoptr (GHashTable) sections = ebpf_ext_info_parse (
            bytes, f.btf, big_endian != (G_BYTE_ORDER == G_BIG_ENDIAN), &error);
        EbpfExtSection *text, *other;

        g_assert_no_error (error);
        g_assert_cmpuint (g_hash_table_size (sections), ==, 2);
        text = g_hash_table_lookup (sections, ".text");
        other = g_hash_table_lookup (sections, "xdp");

        /* Sorted, and counted in instructions. */
        g_assert_cmpuint (text->func_infos->len, ==, 2);
        g_assert_cmpuint (g_array_index (text->func_infos, EbpfFuncInfo, 0).insn, ==, 0);
        g_assert_cmpuint (g_array_index (text->func_infos, EbpfFuncInfo, 1).insn, ==, 8);
        g_assert_cmpuint (g_array_index (text->func_infos, EbpfFuncInfo, 1).type_id, ==, f.func);
        g_assert_cmpuint (text->line_infos->len, ==, 2);
        g_assert_cmpuint (g_array_index (text->line_infos, EbpfLineInfo, 1).insn, ==, 2);
        g_assert_cmpuint (g_array_index (text->line_infos, EbpfLineInfo, 1).line_col, ==,
                          8 << 10 | 1);
        g_assert_cmpuint (other->func_infos->len, ==, 1);
        g_assert_cmpuint (g_array_index (other->func_infos, EbpfFuncInfo, 0).insn, ==, 1);
        g_assert_cmpuint (other->line_infos->len, ==, 0);

        /* Without the third table in its header, what comes behind is not read as one. */
        g_assert_cmpuint (text->core_relos->len, ==, header_lengths[i] >= 32 ? 1 : 0);
        if (header_lengths[i] >= 32)
          {
            const EbpfCoreRelo *relo = &g_array_index (text->core_relos, EbpfCoreRelo, 0);

            g_assert_cmpuint (relo->insn, ==, 3);
            g_assert_cmpuint (relo->type_id, ==, f.integer);
            g_assert_cmpstr (ebpf_btf_peek_name (f.btf, relo->access_str_off), ==, "0:1");
            g_assert_cmpuint (relo->kind, ==, 8);
          }
      }
  g_object_unref (f.btf);
}

static void
test_truncated (void)
{
  Fixture f;
  g_autoptr (GBytes) bytes = NULL;
  const guint8 *data;
  gsize size, i;

  fixture_init (&f);
  bytes = build (&f, G_BYTE_ORDER == G_BIG_ENDIAN, 32, 0);
  data = g_bytes_get_data (bytes, &size);
  for (i = 0; i < size; i++)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, i);
      g_autoptr (GError) error = NULL;

      g_assert_null (ebpf_ext_info_parse (part, f.btf, FALSE, &error));
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
    }
  g_object_unref (f.btf);
}

static void
test_bad (void)
{
  static const struct
  {
    gsize offset;
    guint32 value;
    const char *pattern;
  } cases[] = {
    { 0, 0xdeadbeef, "*starts with 0xbeef*" },
    { 0, 0x0002eb9f, "*version 2*" },
    { 4, 16, "*header of 16 bytes*" },
    { 4, 0xffffffff, "*header of 4294967295 bytes*" },
    { 8, 0xffffffff, "*table of functions*does not fit*" },
    { 12, 0xffffffff, "*table of functions*does not fit*" },
    { 12, 3, "*table of functions*does not fit*" },
    { 28, 0x7fffffff, "*table of relocations*does not fit*" },
    { 32, 4, "*functions*records of 4 bytes*" },
    { 32, 9, "*functions*records of 9 bytes*" },
    { 32, 0x80000000, "*functions*records of 2147483648 bytes*" },
    { 36, 0, "*2 records for section \"\"*" },
    { 36, 0x7fffffff, "*string at offset 2147483647*" },
    { 40, 0, "*0 records for section*" },
    { 40, 0x20000001, "*536870913 records for section*" },
    { 44, 4, "*functions at offset 44*byte 4 of the code*" },
    { 48, 1, "*type 1, which is no function*" },
    { 48, 4711, "*type 4711, which does not exist*" },
  };
  Fixture f;
  g_autoptr (GBytes) bytes = NULL;
  const guint8 *good;
  gsize size, i;

  fixture_init (&f);
  bytes = build (&f, FALSE, 32, 0);
  good = g_bytes_get_data (bytes, &size);
  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 *bad = g_memdup2 (good, size);
      g_autoptr (GBytes) bad_bytes = NULL;
      g_autoptr (GError) error = NULL;
      guint32 value = GUINT32_TO_LE (cases[i].value);

      memcpy (bad + cases[i].offset, &value, sizeof value);
      bad_bytes = g_bytes_new_take (bad, size);
      g_assert_null (ebpf_ext_info_parse (bad_bytes, f.btf, G_BYTE_ORDER == G_BIG_ENDIAN, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, cases[i].pattern);
    }
  g_object_unref (f.btf);
}

static void
test_mutations (void)
{
  Fixture f;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  const guint8 *good;
  gsize size;
  guint round, n_accepted = 0;

  fixture_init (&f);
  bytes = build (&f, FALSE, 32, 1);
  good = g_bytes_get_data (bytes, &size);
  for (round = 0; round < 20000; round++)
    {
      guint8 *bad = g_memdup2 (good, size);
      g_autoptr (GBytes) bad_bytes = NULL;
      g_autoptr (GHashTable) sections = NULL;
      guint n = g_rand_int_range (rand, 1, 4);

      while (n-- > 0)
        bad[g_rand_int_range (rand, 0, size)] = g_rand_int_range (rand, 0, 256);
      bad_bytes = g_bytes_new_take (bad, size);
      sections = ebpf_ext_info_parse (bad_bytes, f.btf, G_BYTE_ORDER == G_BIG_ENDIAN, NULL);
      n_accepted += sections != NULL;
    }
  g_assert_cmpuint (n_accepted, >, 100);
  g_object_unref (f.btf);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add_data ("/ext-info/little-endian", GINT_TO_POINTER (FALSE), test_parse);
  ebpf_test_add_data ("/ext-info/big-endian", GINT_TO_POINTER (TRUE), test_parse);
  ebpf_test_add ("/ext-info/truncated", test_truncated);
  ebpf_test_add ("/ext-info/bad", test_bad);
  ebpf_test_add ("/ext-info/mutations", test_mutations);

  return g_test_run ();
}
