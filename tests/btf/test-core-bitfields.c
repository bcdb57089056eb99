/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <string.h>

static gint64
relocate_immediate (EbpfCoreCache *cache,
                    EbpfBtf *local,
                    const char *type,
                    const char *access,
                    guint kind,
                    gint32 found)
{
  g_autoptr (GError) error = NULL;
  EbpfInsn insn = core_mov;
  EbpfCoreRelo relo = { .kind = kind };

  relo.type_id = ebpf_btf_lookup (local, type, T_STRUCT);
  relo.access_str_off = core_find_string (local, access);
  insn.imm = found;
  ebpf_core_relocate (cache, &insn, 1, &relo, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (insn.code, ==, core_mov.code);

  return insn.imm;
}

/* The bits of a field one by one, as the compilers of either byte order lay them out. */
static guint64
read_bits (const guint8 *data, guint offset, guint size, gboolean big_endian)
{
  guint64 value = 0;

  for (guint i = 0; i < size; i++)
    {
      guint bit = offset + i;

      if (big_endian)
        value = value << 1 | ((data[bit / 8] >> (7 - bit % 8)) & 1);
      else
        value |= (guint64) ((data[bit / 8] >> (bit % 8)) & 1) << i;
    }

  return value;
}

static guint64
load (const guint8 *data, guint size, gboolean big_endian)
{
  guint64 value = 0;

  for (guint i = 0; i < size; i++)
    value |= (guint64) data[i] << 8 * (big_endian ? size - 1 - i : i);

  return value;
}

static void
test_bitfields (gconstpointer data)
{
  static const struct
  {
    const char *access;
    guint offset; /* of the target */
    guint size;
    gboolean is_signed;
    guint local_rshift;
  } fields[] = {
    { "0:0", 16, 3, FALSE, 61 }, { "0:1", 30, 7, FALSE, 57 }, { "0:2", 64, 9, TRUE, 59 },
    { "0:3", 0, 16, FALSE, 60 }, { "0:4", 96, 4, FALSE, 32 },
  };
  gboolean big_endian = GPOINTER_TO_INT (data);
  g_autoptr (TestBtf) local_builder = test_btf_new (big_endian);
  g_autoptr (TestBtf) target_builder = test_btf_new (big_endian);
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  guint8 memory[16];

  core_build_local (local_builder);
  core_build_target (target_builder);
  local = core_parse (local_builder, NULL);
  targets = core_targets (core_parse (target_builder, NULL));
  cache = ebpf_core_cache_new (local, targets);

  for (guint round = 0; round < 50; round++)
    for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
      {
        const char *access = fields[i].access;
        gint64 offset, size, left, right, is_signed;
        guint64 value, expected;

        for (guint j = 0; j < sizeof memory; j++)
          memory[j] = (guint8) g_test_rand_int ();

        /* The bitfields' own offsets and left shifts are not looked at; those of the plain field
         * are. */
        offset = relocate_immediate (cache, local, "bits", access, OFFSET, i == 4 ? 4 : 77);
        size = relocate_immediate (cache, local, "bits", access, SIZE, i == 4 ? 4 : 77);
        left = relocate_immediate (cache, local, "bits", access, LSHIFT, i == 4 ? 32 : 77);
        right = relocate_immediate (cache, local, "bits", access, RSHIFT,
                                    (gint32) fields[i].local_rshift);
        is_signed = relocate_immediate (cache, local, "bits", access, SIGNED, i == 2);

        g_assert_cmpint (offset % size, ==, 0);
        g_assert_cmpint (offset + size, <=, sizeof memory);
        g_assert_cmpint (is_signed, ==, fields[i].is_signed);

        value = load (memory + offset, (guint) size, big_endian) << left;
        expected = read_bits (memory, fields[i].offset, fields[i].size, big_endian);
        g_assert_cmphex (value >> right, ==, expected);
      }
}

static void
test_bitfield_too_wide (void)
{
  g_autoptr (TestBtf) a = test_btf_new (FALSE);
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (GPtrArray) targets = NULL;
  g_autoptr (EbpfCoreCache) cache = NULL;
  g_autoptr (GError) error = NULL;
  EbpfCoreRelo relo = { .kind = LSHIFT };
  EbpfInsn insn = core_mov;
  guint32 u64;

  u64 = test_btf_int (a, "u64", 8, 0);
  relo.type_id = test_btf_struct (a, "s", 8);
  test_btf_bitfield (a, "f", u64, 0, 40);
  relo.access_str_off = test_btf_string (a, "0:0");
  u64 = test_btf_int (b, "u64", 8, 0);
  test_btf_struct (b, "s", 16);
  test_btf_bitfield (b, "f", u64, 40, 40);

  local = core_parse (a, NULL);
  targets = core_targets (core_parse (b, NULL));
  cache = ebpf_core_cache_new (local, targets);
  g_assert_true (ebpf_core_relocate (cache, &insn, 1, &relo, 1, &error));
  g_assert_no_error (error);
  core_assert_poisoned (&insn);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add_data ("/btf/core/bitfields/little-endian", GINT_TO_POINTER (FALSE), test_bitfields);
  ebpf_test_add_data ("/btf/core/bitfields/big-endian", GINT_TO_POINTER (TRUE), test_bitfields);
  ebpf_test_add ("/btf/core/bitfields/too-wide", test_bitfield_too_wide);

  return g_test_run ();
}
