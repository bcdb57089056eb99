/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-private.h"

#include "base/ebpf-error.h"
#include "btf/ebpf-layout.h"
#include "ebpf-test-btf.h"
#include "ebpf-test.h"

#include <string.h>

static EbpfBtf *
parse (TestBtf *builder)
{
  g_autoptr (GBytes) bytes = test_btf_to_bytes (builder);
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);

  g_assert_no_error (error);
  return btf;
}

/* The types of a C compiler. */
typedef struct
{
  EbpfBtf *btf;
  guint32 u8, i8, u16, i16, u32, i32, u64, i64, character, boolean, single, real, i128, pointer;
  guint32 state, wide, comm, bytes, bools, table, point, event, either, bits, hidden, flexible,
      section, fwd, handler, names, signed_bytes;
} Types;

static Types *
get_types (void)
{
  static Types types;
  g_autoptr (TestBtf) b = NULL;
  guint32 proto, var;

  if (types.btf != NULL)
    return &types;

  b = test_btf_new (FALSE);
  types.u8 = test_btf_int (b, "unsigned char", 1, 0);
  types.i8 = test_btf_int (b, "signed char", 1, TEST_BTF_SIGNED);
  types.u16 = test_btf_int (b, "unsigned short", 2, 0);
  types.i16 = test_btf_int (b, "short", 2, TEST_BTF_SIGNED);
  types.u32 = test_btf_int (b, "unsigned int", 4, 0);
  types.i32 = test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  types.u64 = test_btf_int (b, "unsigned long", 8, 0);
  types.i64 = test_btf_int (b, "long", 8, TEST_BTF_SIGNED);
  types.character = test_btf_int (b, "char", 1, TEST_BTF_SIGNED);
  types.boolean = test_btf_int (b, "_Bool", 1, TEST_BTF_BOOL);
  types.single = test_btf_float (b, "float", 4);
  types.real = test_btf_float (b, "double", 8);
  types.i128 = test_btf_int (b, "__int128", 16, TEST_BTF_SIGNED);
  types.pointer = test_btf_ptr (b, test_btf_const (b, types.character));
  types.state = test_btf_enum (b, "state", 4, FALSE);
  test_btf_value (b, "STOPPED", 0);
  test_btf_value (b, "RUNNING", 1);
  types.wide = test_btf_enum64 (b, "wide", 8, TRUE);
  test_btf_value (b, "LOWEST", G_MININT64);
  types.comm = test_btf_array (b, types.character, types.u32, 16);
  types.bytes = test_btf_array (b, types.u8, types.u32, 6);
  types.signed_bytes = test_btf_array (b, types.i8, types.u32, 3);
  types.bools = test_btf_array (b, types.boolean, types.u32, 3);
  types.table = test_btf_array (b, test_btf_array (b, types.u16, types.u32, 3), types.u32, 2);
  types.names = test_btf_array (b, types.comm, types.u32, 2);
  types.point = test_btf_struct (b, "point", 8);
  test_btf_member (b, "x", types.i32, 0);
  test_btf_member (b, "y", types.i32, 32);
  types.event = test_btf_struct (b, "event", 48);
  test_btf_member (b, "pid", types.u32, 0);
  test_btf_member (b, "state", types.state, 32);
  test_btf_member (b, "comm", types.comm, 64);
  test_btf_member (b, "where", types.point, 192);
  test_btf_member (b, "time", types.u64, 256);
  test_btf_member (b, "bytes", types.bytes, 320);
  types.either = test_btf_union (b, "either", 8);
  test_btf_member (b, "number", types.u64, 0);
  test_btf_member (b, "point", types.point, 0);
  test_btf_member (b, "flag", types.boolean, 0);
  test_btf_member (b, "single", types.single, 0);
  types.bits = test_btf_struct (b, "bits", 8);
  test_btf_bitfield (b, "low", types.u32, 0, 3);
  test_btf_bitfield (b, "sign", types.i32, 3, 5);
  test_btf_bitfield (b, NULL, types.u32, 8, 4);
  test_btf_bitfield (b, "on", types.boolean, 12, 1);
  test_btf_bitfield (b, "across", types.u64, 13, 51);
  types.hidden = test_btf_struct (b, "hidden", 16);
  test_btf_member (b, "before", types.u32, 0);
  {
    guint32 next = test_btf_n_types (b);

    test_btf_member (b, NULL, next, 32);
    test_btf_member (b, "after", types.u64, 64);
    test_btf_union (b, NULL, 4);
    test_btf_member (b, "a", types.u32, 0);
    test_btf_member (b, "b", types.u16, 0);
  }
  types.flexible = test_btf_struct (b, "flexible", 4);
  test_btf_member (b, "n", types.u32, 0);
  test_btf_member (b, "data", test_btf_n_types (b), 32);
  test_btf_array (b, types.u32, types.u32, 0);
  var = test_btf_var (b, "counter", types.u64, 1);
  types.section = test_btf_datasec (b, ".bss", 16);
  test_btf_section_var (b, var, 8, 8);
  types.fwd = test_btf_fwd (b, "later", FALSE);
  proto = test_btf_func_proto (b, types.i32);
  test_btf_param (b, "ctx", test_btf_n_types (b));
  test_btf_ptr (b, 0);
  types.handler = test_btf_ptr (b, proto);
  types.btf = parse (b);

  return &types;
}

static char *
read_text (guint32 id, gconstpointer data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value =
      ebpf_btf_value_to_variant (get_types ()->btf, id, data, size, &error);

  g_assert_no_error (error);
  g_variant_ref_sink (value);
  return g_variant_print (value, TRUE);
}

#define assert_reads(id, data, text)                                                               \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *got = read_text (id, data, sizeof (data));                                    \
    g_assert_cmpstr (got, ==, text);                                                               \
  }                                                                                                \
  G_STMT_END

/* Numbers are written in the order of this machine. */
#define RAW(type, ...) ((type[]){ __VA_ARGS__ })

static void
test_read_scalars (void)
{
  Types *t = get_types ();

  assert_reads (t->u8, RAW (guint8, 200), "byte 0xc8");
  assert_reads (t->i8, RAW (gint8, -100), "int16 -100");
  assert_reads (t->u16, RAW (guint16, 65535), "uint16 65535");
  assert_reads (t->i16, RAW (gint16, -2), "int16 -2");
  assert_reads (t->u32, RAW (guint32, 4000000000u), "uint32 4000000000");
  assert_reads (t->i32, RAW (gint32, -3), "-3");
  assert_reads (t->u64, RAW (guint64, G_MAXUINT64), "uint64 18446744073709551615");
  assert_reads (t->i64, RAW (gint64, G_MININT64), "int64 -9223372036854775808");
  assert_reads (t->boolean, RAW (guint8, 1), "true");
  assert_reads (t->boolean, RAW (guint8, 2), "byte 0x02");
  assert_reads (t->real, RAW (gdouble, 0.5), "0.5");
  assert_reads (t->single, RAW (gfloat, 0.25), "0.25");
  assert_reads (t->pointer, RAW (guint64, 0xffff888000000000), "uint64 18446612682070032384");
  assert_reads (t->handler, RAW (guint64, 1), "uint64 1");
  assert_reads (t->state, RAW (guint32, 1), "uint32 1");
  assert_reads (t->wide, RAW (gint64, -1), "int64 -1");
  assert_reads (t->i128, RAW (guint8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
                "[byte 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, "
                "0x0d, 0x0e, 0x0f, 0x10]");
}

static void
test_read_arrays (void)
{
  Types *t = get_types ();
  char comm[16] = "bash";
  char names[2][16] = { "one", "two" };

  assert_reads (t->comm, comm, "'bash'");
  assert_reads (t->names, names, "['one', 'two']");
  memcpy (comm, "0123456789abcdef", 16);
  assert_reads (t->comm, comm, "'0123456789abcdef'");
  memset (comm, 0, sizeof comm);
  assert_reads (t->comm, comm, "''");

  /* No text: something behind the zero, or no UTF-8. */
  memcpy (comm, "a\0b", 3);
  assert_reads (t->comm, comm,
                "[byte 0x61, 0x00, 0x62, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, "
                "0x00, 0x00, 0x00, 0x00]");
  memset (comm, 0xff, sizeof comm);
  {
    g_autofree char *text = read_text (t->comm, comm, sizeof comm);

    g_assert_true (g_str_has_prefix (text, "[byte 0xff"));
  }

  /* Where one element is no text, none is. */
  names[1][0] = (char) 0xff;
  {
    g_autofree char *text = read_text (t->names, names, sizeof names);

    g_assert_true (g_str_has_prefix (text, "[[byte 0x6f, 0x6e, 0x65, 0x00"));
  }

  assert_reads (t->bytes, RAW (guint8, 1, 2, 3, 4, 5, 6),
                "[byte 0x01, 0x02, 0x03, 0x04, 0x05, 0x06]");
  assert_reads (t->signed_bytes, RAW (gint8, -1, 2, 3), "[int16 -1, 2, 3]");
  assert_reads (t->bools, RAW (guint8, 0, 1, 1), "[false, true, true]");
  assert_reads (t->bools, RAW (guint8, 0, 1, 7), "[byte 0x00, 0x01, 0x07]");
  assert_reads (t->table, RAW (guint16, 1, 2, 3, 4, 5, 6), "[[uint16 1, 2, 3], [4, 5, 6]]");
}

static void
test_read_structs (void)
{
  Types *t = get_types ();
  guint8 event[48] = { 0 };
  guint32 pid = 12, state = 1;
  gint32 y = -5;
  guint64 bits = 0;

  memcpy (event, &pid, 4);
  memcpy (event + 4, &state, 4);
  memcpy (event + 8, "bash", 4);
  memcpy (event + 28, &y, 4);
  assert_reads (t->event, event,
                "{'pid': <uint32 12>, 'state': <uint32 1>, 'comm': <'bash'>, "
                "'where': <{'x': <0>, 'y': <-5>}>, 'time': <uint64 0>, "
                "'bytes': <[byte 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]>}");
  assert_reads (t->either, RAW (guint64, 0),
                "{'number': <uint64 0>, 'point': <{'x': <0>, 'y': <0>}>, 'flag': <false>, "
                "'single': <0.0>}");
  assert_reads (
      t->hidden, RAW (guint32, 1, 2, 3, 0),
      G_BYTE_ORDER == G_LITTLE_ENDIAN
          ? "{'before': <uint32 1>, 'a': <uint32 2>, 'b': <uint16 2>, 'after': <uint64 3>}"
          : "{'before': <uint32 1>, 'a': <uint32 2>, 'b': <uint16 0>, "
            "'after': <uint64 12884901888>}");
  assert_reads (t->flexible, RAW (guint32, 7), "{'n': <uint32 7>, 'data': <@au []>}");
  assert_reads (t->section, RAW (guint64, 0, 9), "{'counter': <uint64 9>}");

  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    bits = 5 | (guint64) (-7 & 31) << 3 | (guint64) 1 << 12 | (guint64) 0x123456789abc << 13;
  else
    bits = (guint64) 5 << 61 | (guint64) (-7 & 31) << 56 | (guint64) 1 << 51 |
           (guint64) 0x123456789abc;
  assert_reads (t->bits, RAW (guint64, bits),
                "{'low': <uint32 5>, 'sign': <-7>, 'on': <true>, "
                "'across': <uint64 20015998343868>}");
}

static void
test_read_errors (void)
{
  Types *t = get_types ();
  g_autoptr (GError) error = NULL;
  guint8 data[64] = { 0 };

  g_assert_null (ebpf_btf_value_to_variant (t->btf, t->event, data, 47, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
  g_clear_error (&error);
  g_assert_null (ebpf_btf_value_to_variant (t->btf, t->fwd, data, 64, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*later*no size*");
  g_clear_error (&error);
  g_assert_null (ebpf_btf_value_to_variant (t->btf, 0, data, 64, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  g_clear_error (&error);
  g_assert_null (ebpf_btf_value_to_variant (t->btf, 4711, data, 64, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
}

/* --- writing -------------------------------------------------------------------------------------- */

static GBytes *
write_text (guint32 id, const char *text, GError **error)
{
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (get_types ()->btf, id);
  g_autoptr (GError) parse_error = NULL;
  g_autoptr (GVariant) variant = g_variant_parse (NULL, text, NULL, NULL, &parse_error);

  g_assert_no_error (parse_error);
  return ebpf_btf_type_from_variant (type, variant, error);
}

#define assert_writes(id, text, expected)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autoptr (GError) write_error = NULL;                                                         \
    g_autoptr (GBytes) written = write_text (id, text, &write_error);                              \
    g_assert_no_error (write_error);                                                               \
    g_assert_cmpmem (g_bytes_get_data (written, NULL), g_bytes_get_size (written), expected,       \
                     sizeof (expected));                                                           \
  }                                                                                                \
  G_STMT_END

static void
assert_refuses (guint32 id, const char *text, int code, const char *pattern)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = write_text (id, text, &error);

  g_assert_null (bytes);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, code, pattern);
}

static void
test_write (void)
{
  Types *t = get_types ();
  char comm[16] = "bash";
  guint8 event[48] = { 0 };
  guint32 pid = 12, state = 1;
  gint32 y = -5;

  assert_writes (t->u32, "7", RAW (guint32, 7));
  assert_writes (t->u32, "<<byte 7>>", RAW (guint32, 7));
  assert_writes (t->i8, "-128", RAW (gint8, -128));
  assert_writes (t->u64, "uint64 18446744073709551615", RAW (guint64, G_MAXUINT64));
  assert_writes (t->i64, "int64 -9223372036854775808", RAW (gint64, G_MININT64));
  assert_writes (t->state, "'RUNNING'", RAW (guint32, 1));
  assert_writes (t->wide, "'LOWEST'", RAW (gint64, G_MININT64));
  assert_writes (t->boolean, "true", RAW (guint8, 1));
  assert_writes (t->boolean, "byte 2", RAW (guint8, 2));
  assert_writes (t->real, "3", RAW (gdouble, 3));
  assert_writes (t->single, "0.25", RAW (gfloat, 0.25));
  assert_writes (t->single, "[byte 0, 0, 0, 0]", RAW (gfloat, 0));
  assert_writes (t->comm, "'bash'", comm);
  assert_writes (t->comm, "b'bash'", comm);
  memcpy (comm, "0123456789abcdef", 16);
  assert_writes (t->comm, "'0123456789abcdef'", comm);
  assert_writes (t->comm, "b'0123456789abcdef'", comm);
  assert_writes (t->bytes, "[byte 1, 2]", RAW (guint8, 1, 2, 0, 0, 0, 0));
  assert_writes (t->bytes, "'ab'", RAW (guint8, 'a', 'b', 0, 0, 0, 0));
  assert_writes (t->table, "[[1, 2, 3], [4]]", RAW (guint16, 1, 2, 3, 4, 0, 0));
  assert_writes (t->table, "((byte 1, 2, uint64 3), [4])", RAW (guint16, 1, 2, 3, 4, 0, 0));
  assert_writes (t->point, "{'y': <2>}", RAW (gint32, 0, 2));
  assert_writes (t->point, "{'x': 1, 'y': 2}", RAW (gint32, 1, 2));
  assert_writes (t->point, "(1, int64 2)", RAW (gint32, 1, 2));
  assert_writes (t->point, "@a{sv} {}", RAW (gint32, 0, 0));
  assert_writes (t->point, "[byte 0, 0, 0, 0, 0, 0, 0, 0]", RAW (gint32, 0, 0));
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    {
      assert_writes (t->hidden, "{'a': <5>, 'after': <6>}", RAW (guint32, 0, 5, 6, 0));
      assert_writes (t->hidden, "(4, 5, 6)", RAW (guint32, 4, 5, 6, 0));
    }
  assert_writes (t->section, "{'counter': <9>}", RAW (guint64, 0, 9));

  memcpy (event, &pid, 4);
  memcpy (event + 4, &state, 4);
  memcpy (event + 8, "bash", 4);
  memcpy (event + 28, &y, 4);
  assert_writes (
      t->event, "{'where': <(0, -5)>, 'comm': <'bash'>, 'pid': <12>, 'state': <'RUNNING'>}", event);
  assert_writes (t->event, "(12, 'RUNNING', 'bash', {'y': -5}, 0, '')", event);
}

static void
test_write_errors (void)
{
  Types *t = get_types ();

  assert_refuses (t->u8, "256", EBPF_ERROR_INVALID_ARGUMENT, "unsigned char: 256*8 bits*");
  assert_refuses (t->u8, "-1", EBPF_ERROR_INVALID_ARGUMENT, "*-1*unsigned*");
  assert_refuses (t->i8, "128", EBPF_ERROR_INVALID_ARGUMENT, "*128*signed*8 bits*");
  assert_refuses (t->i8, "-129", EBPF_ERROR_INVALID_ARGUMENT, "*");
  assert_refuses (t->i64, "uint64 9223372036854775808", EBPF_ERROR_INVALID_ARGUMENT, "*");
  assert_refuses (t->u64, "-1", EBPF_ERROR_INVALID_ARGUMENT, "*");
  assert_refuses (t->u32, "'7'", EBPF_ERROR_WRONG_TYPE, "*\"s\"*integer*");
  assert_refuses (t->u32, "0.5", EBPF_ERROR_WRONG_TYPE, "*\"d\"*");
  assert_refuses (t->state, "'FLYING'", EBPF_ERROR_INVALID_ARGUMENT, "*state*FLYING*");
  assert_refuses (t->comm, "'0123456789abcdefg'", EBPF_ERROR_WRONG_SIZE, "*17 bytes*16*");
  assert_refuses (t->comm, "7", EBPF_ERROR_WRONG_TYPE, "*text*");
  assert_refuses (t->bytes, "b'1234567'", EBPF_ERROR_WRONG_SIZE, "*");
  assert_refuses (t->table, "[[1, 2, 3, 4]]", EBPF_ERROR_WRONG_SIZE, "*[0]: 4 elements*3*");
  assert_refuses (t->table, "[[1], [2], [3]]", EBPF_ERROR_WRONG_SIZE, "*");
  assert_refuses (t->table, "7", EBPF_ERROR_WRONG_TYPE, "*array*");
  assert_refuses (t->event, "{'pdi': <1>}", EBPF_ERROR_INVALID_ARGUMENT,
                  "*struct event has no member \"pdi\"*");
  assert_refuses (t->event, "{'where': <{'z': <1>}>}", EBPF_ERROR_INVALID_ARGUMENT,
                  "struct event: where: *point*\"z\"*");
  assert_refuses (t->event, "{'pid': <'x'>}", EBPF_ERROR_WRONG_TYPE, "*pid*");
  assert_refuses (t->event, "7", EBPF_ERROR_WRONG_TYPE, "*dictionary*");
  assert_refuses (t->point, "(1, 2, 3)", EBPF_ERROR_WRONG_SIZE, "*tuple of 3*point of 2*");
  assert_refuses (t->point, "[byte 1]", EBPF_ERROR_WRONG_SIZE, "*1 bytes*8*");
  assert_refuses (t->bits, "{'low': <8>}", EBPF_ERROR_INVALID_ARGUMENT, "*low: 8*3 bits*");
  assert_refuses (t->bits, "{'sign': <-17>}", EBPF_ERROR_INVALID_ARGUMENT, "*sign: -17*5 bits*");
  assert_refuses (t->fwd, "7", EBPF_ERROR_BTF, "*no size*");
}

/* --- a value read can always be written back ------------------------------------------------------ */

typedef struct
{
  TestBtf *builder;
  GRand *rand;
  guint32 scalars[16];
  guint32 scalar_sizes[16];
  guint n_scalars;
} Maker;

static guint32
make_scalar (Maker *maker, guint32 *size)
{
  guint i = g_rand_int_range (maker->rand, 0, maker->n_scalars);

  *size = maker->scalar_sizes[i];
  return maker->scalars[i];
}

static guint32
make_type (Maker *maker, guint depth, guint32 *size)
{
  guint kind = g_rand_int_range (maker->rand, 0, depth == 0 ? 3 : 6);

  switch (kind)
    {
    case 0:
    case 1:
      return make_scalar (maker, size);

    case 2:
    case 3:
      {
        guint32 element, element_size, n = g_rand_int_range (maker->rand, 0, 5);

        element = kind == 2 ? make_scalar (maker, &element_size)
                            : make_type (maker, depth - 1, &element_size);
        *size = element_size * n;
        return test_btf_array (maker->builder, element, maker->scalars[0], n);
      }

    default:
      {
        guint32 ids[4], sizes[4], offset = 0, largest = 0, id;
        gboolean bits = g_rand_int_range (maker->rand, 0, 4) == 0;
        guint n = g_rand_int_range (maker->rand, 0, 5), i;
        static guint serial;

        for (i = 0; i < n; i++)
          {
            if (bits)
              ids[i] = make_scalar (maker, &sizes[i]);
            else
              ids[i] = make_type (maker, depth - 1, &sizes[i]);
            largest = MAX (largest, sizes[i]);
            offset += sizes[i] + i;
          }

        *size = kind == 4 ? offset : largest;
        id = kind == 4 ? test_btf_struct (maker->builder, "s", offset)
                       : test_btf_union (maker->builder, "u", largest);
        for (i = 0, offset = 0; i < n; i++)
          {
            g_autofree char *name = g_strdup_printf ("m%u", serial++);
            gboolean anonymous = g_rand_int_range (maker->rand, 0, 4) == 0;

            /* The first eight of the scalars are integers: they may be narrower than their type. */
            if (bits && ids[i] <= 8)
              test_btf_bitfield (maker->builder, name, ids[i], offset * 8 + (i > 0 ? 1 : 0),
                                 g_rand_int_range (maker->rand, 1, sizes[i] * 8));
            else
              test_btf_member (maker->builder, anonymous ? NULL : name, ids[i], offset * 8);

            /* Holes of different sizes. */
            if (kind == 4)
              offset += sizes[i] + i;
          }
        return id;
      }
    }
}

static void
test_round_trip (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20261122);
  guint round, n_values = 0;

  for (round = 0; round < 300; round++)
    {
      g_autoptr (TestBtf) builder = test_btf_new (FALSE);
      g_autoptr (EbpfBtf) btf = NULL;
      Maker maker = { builder, rand };
      guint32 roots[8], sizes[8];
      static const guint encodings[] = { 0, TEST_BTF_SIGNED };
      guint i, j, repeat;

      for (i = 0; i < 8; i++)
        {
          maker.scalar_sizes[i] = 1 << (i / 2);
          maker.scalars[i] = test_btf_int (builder, "i", 1 << (i / 2), encodings[i % 2]);
        }
      maker.scalars[i] = test_btf_int (builder, "char", 1, TEST_BTF_SIGNED);
      maker.scalar_sizes[i++] = 1;
      maker.scalars[i] = test_btf_int (builder, "bool", 1, TEST_BTF_BOOL);
      maker.scalar_sizes[i++] = 1;
      maker.scalars[i] = test_btf_float (builder, "float", 4);
      maker.scalar_sizes[i++] = 4;
      maker.scalars[i] = test_btf_float (builder, "double", 8);
      maker.scalar_sizes[i++] = 8;
      maker.scalars[i] = test_btf_int (builder, "wide", 16, 0);
      maker.scalar_sizes[i++] = 16;
      maker.scalars[i] = test_btf_enum (builder, "e", 2, FALSE);
      maker.scalar_sizes[i++] = 2;
      maker.scalars[i] = test_btf_array (builder, maker.scalars[8], 1, 4);
      maker.scalar_sizes[i++] = 4;
      maker.n_scalars = i;

      for (i = 0; i < G_N_ELEMENTS (roots); i++)
        roots[i] = make_type (&maker, 4, &sizes[i]);
      btf = parse (builder);

      for (i = 0; i < G_N_ELEMENTS (roots); i++)
        for (repeat = 0; repeat < 4; repeat++)
          {
            g_autofree guint8 *data = g_malloc0 (sizes[i] + 1);
            g_autofree guint8 *back = g_malloc (sizes[i] + 1);
            g_autoptr (GVariant) value = NULL;
            g_autoptr (GVariant) again = NULL;
            g_autoptr (EbpfBtfType) type = NULL;
            g_autoptr (EbpfLayout) layout = NULL;
            g_autoptr (GBytes) bytes = NULL;
            g_autofree char *line = NULL;
            g_autoptr (GError) error = NULL;

            /* Also what is mostly zeros, as text and booleans are. */
            for (j = 0; j < sizes[i]; j++)
              if (repeat % 2 == 0 || g_rand_int_range (rand, 0, 4) == 0)
                data[j] =
                    repeat < 2 ? g_rand_int_range (rand, 0, 256) : g_rand_int_range (rand, 0, 2);

            value = ebpf_btf_value_to_variant (btf, roots[i], data, sizes[i], &error);
            g_assert_no_error (error);
            g_variant_ref_sink (value);

            memset (back, 0xa5, sizes[i] + 1);
            if (!ebpf_btf_value_from_variant (btf, roots[i], value, back, sizes[i], &error))
              g_error ("%s: %s", error->message, g_variant_print (value, TRUE));
            g_assert_cmphex (back[sizes[i]], ==, 0xa5);

            again = ebpf_btf_value_to_variant (btf, roots[i], back, sizes[i], &error);
            g_assert_no_error (error);
            g_variant_ref_sink (again);
            if (!g_variant_equal (value, again))
              g_error ("%s became %s", g_variant_print (value, TRUE),
                       g_variant_print (again, TRUE));
            n_values++;

            type = ebpf_btf_get_type_by_id (btf, roots[i]);
            bytes = g_bytes_new (data, sizes[i]);
            line = ebpf_btf_type_format (type, bytes, &error);
            g_assert_no_error (error);
            g_assert_null (strchr (line, '\n'));
            layout = ebpf_layout_new (type, &error);
            g_assert_no_error (error);
            for (j = 0; j < ebpf_layout_get_n_fields (layout); j++)
              g_assert_cmpuint (ebpf_layout_get_field_offset (layout, j) +
                                    ebpf_layout_get_field_size (layout, j) *
                                        ebpf_layout_get_field_count (layout, j),
                                <=, ebpf_layout_get_size (layout));
          }
    }
  g_assert_cmpuint (n_values, ==, 300 * 8 * 4);
}

/* Every struct that the kernel has, of random bytes. */
static void
test_round_trip_kernel (void)
{
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  guint n = 0, n_refused = 0, id;

  if (!g_file_test ("/sys/kernel/btf/vmlinux", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("this kernel has no /sys/kernel/btf/vmlinux");
      return;
    }

  btf = ebpf_btf_get_kernel (&error);
  g_assert_no_error (error);
  for (id = 1; id < ebpf_btf_get_n_types (btf); id += 37)
    {
      gint64 size = ebpf_btf_size_of (btf, id);
      g_autofree guint8 *data = NULL;
      g_autofree guint8 *back = NULL;
      g_autoptr (GVariant) value = NULL;
      g_autoptr (GVariant) again = NULL;
      gint64 i;

      if (size < 0 || size > 4096)
        continue;

      data = g_malloc (size + 1);
      back = g_malloc (size + 1);
      for (i = 0; i < size; i++)
        data[i] = g_rand_int (rand);

      value = ebpf_btf_value_to_variant (btf, id, data, size, &error);
      if (g_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF))
        {
          /* A struct with a part whose size is not known. */
          n_refused++;
          g_clear_error (&error);
          continue;
        }
      g_assert_no_error (error);
      g_variant_ref_sink (value);
      ebpf_btf_value_from_variant (btf, id, value, back, size, &error);
      g_assert_no_error (error);
      again = ebpf_btf_value_to_variant (btf, id, back, size, &error);
      g_assert_no_error (error);
      g_variant_ref_sink (again);
      g_assert_true (g_variant_equal (value, again));
      n++;
    }
  g_test_message ("%u types, %u without a value", n, n_refused);
  g_assert_cmpuint (n, >, 100);
  g_assert_cmpuint (n_refused, <, n / 10);
  g_clear_object (&btf);
  ebpf_btf_drop_kernel ();
}

/* --- bad types ------------------------------------------------------------------------------------ */

static void
test_bad_types (void)
{
  TestBtf *b;
  EbpfBtf *btf;
  guint8 data[64] = { 0 };
  g_autoptr (GError) error = NULL;
  guint32 id, i;

  /* A member that goes beyond its struct. */
  b = test_btf_new (FALSE);
  test_btf_int (b, "int", 4, 0);
  id = test_btf_struct (b, "short", 4);
  test_btf_member (b, "far", 1, 8);
  btf = parse (b);
  g_assert_null (ebpf_btf_value_to_variant (btf, id, data, sizeof data, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BTF, "*far*");
  g_clear_error (&error);
  g_object_unref (btf);
  test_btf_free (b);

  /* Unions in unions: 3 to the 30th parts of one byte. */
  b = test_btf_new (FALSE);
  id = test_btf_int (b, "byte", 1, 0);
  for (i = 0; i < 20; i++)
    {
      guint32 inner = id;

      id = test_btf_union (b, "u", 1);
      test_btf_member (b, "a", inner, 0);
      test_btf_member (b, "b", inner, 0);
      test_btf_member (b, "c", inner, 0);
    }
  btf = parse (b);
  g_assert_null (ebpf_btf_value_to_variant (btf, id, data, sizeof data, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
  g_clear_error (&error);
  {
    g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (btf, id);
    g_autoptr (GBytes) bytes = g_bytes_new (data, 1);
    g_autofree char *line = ebpf_btf_type_format (type, bytes, &error);
    g_autoptr (EbpfLayout) layout = ebpf_layout_new (type, NULL);

    g_assert_null (line);
    g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
    g_clear_error (&error);
    g_assert_true (layout == NULL || ebpf_layout_get_n_fields (layout) < 100000);
  }
  g_object_unref (btf);
  test_btf_free (b);

  /* Deeper than a GVariant can be. */
  b = test_btf_new (FALSE);
  id = test_btf_int (b, "byte", 1, 0);
  for (i = 0; i < 60; i++)
    {
      guint32 inner = id;

      id = test_btf_struct (b, "s", 1);
      test_btf_member (b, "m", inner, 0);
    }
  btf = parse (b);
  g_assert_null (ebpf_btf_value_to_variant (btf, id, data, sizeof data, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
  g_clear_error (&error);
  g_object_unref (btf);
  test_btf_free (b);

  /* Four thousand million elements of nothing. */
  b = test_btf_new (FALSE);
  test_btf_struct (b, "nothing", 0);
  id = test_btf_array (b, 1, 1, G_MAXINT32);
  btf = parse (b);
  {
    g_autoptr (GVariant) value = ebpf_btf_value_to_variant (btf, id, data, 0, &error);

    g_assert_no_error (error);
    g_variant_ref_sink (value);
    g_assert_cmpuint (g_variant_n_children (value), ==, 0);
  }
  g_object_unref (btf);
  test_btf_free (b);

  /* A name that is no UTF-8 counts as none, and of two of a name the first counts. */
  b = test_btf_new (FALSE);
  test_btf_int (b, "int", 4, 0);
  id = test_btf_struct (b, "odd", 12);
  test_btf_member (b, "\xff\xfe", 1, 0);
  test_btf_member (b, "twice", 1, 32);
  test_btf_member (b, "twice", 1, 64);
  btf = parse (b);
  {
    g_autoptr (GVariant) value = ebpf_btf_value_to_variant (btf, id, data, 12, &error);

    g_assert_no_error (error);
    g_variant_ref_sink (value);
    g_assert_cmpuint (g_variant_n_children (value), ==, 1);
    g_assert_true (ebpf_btf_value_from_variant (btf, id, value, data, 12, &error));
    g_assert_no_error (error);
  }
  g_object_unref (btf);
  test_btf_free (b);
}

/* --- text ----------------------------------------------------------------------------------------- */

#define assert_formats(id, data, text)                                                             \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autoptr (EbpfBtfType) format_type = ebpf_btf_get_type_by_id (get_types ()->btf, id);         \
    g_autoptr (GBytes) format_bytes = g_bytes_new (data, sizeof (data));                           \
    g_autofree char *line = ebpf_btf_type_format (format_type, format_bytes, NULL);                \
    g_assert_cmpstr (line, ==, text);                                                              \
  }                                                                                                \
  G_STMT_END

/* An integer of 128 bits of its upper and its lower half. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define WIDE(high, low) RAW (guint64, low, high)
#else
#define WIDE(high, low) RAW (guint64, high, low)
#endif

static void
test_wide (void)
{
  Types *t = get_types ();

  assert_writes (t->i128, "uint64 18446744073709551615", WIDE (0, G_MAXUINT64));
  assert_writes (t->i128, "-2", WIDE (G_MAXUINT64, G_MAXUINT64 - 1));
  assert_writes (t->i128, "int64 -9223372036854775808", WIDE (G_MAXUINT64, (guint64) G_MININT64));
  assert_writes (t->i128, "'170141183460469231731687303715884105727'",
                 WIDE (G_MAXINT64, G_MAXUINT64));
  assert_writes (t->i128, "'-170141183460469231731687303715884105728'",
                 WIDE ((guint64) G_MININT64, 0));
  assert_writes (t->i128, "'0x10000000000000002'", WIDE (1, 2));
  assert_writes (t->i128, "'-0'", WIDE (0, 0));
  assert_refuses (t->i128, "'170141183460469231731687303715884105728'", EBPF_ERROR_INVALID_ARGUMENT,
                  "*signed integer of 128 bits*");
  assert_refuses (t->i128, "'0x100000000000000000000000000000000'", EBPF_ERROR_INVALID_ARGUMENT,
                  "*128 bits*");
  assert_refuses (t->i128, "'many'", EBPF_ERROR_INVALID_ARGUMENT, "*many*");
  assert_refuses (t->i128, "''", EBPF_ERROR_INVALID_ARGUMENT, "*");
  assert_refuses (t->i128, "'0x'", EBPF_ERROR_INVALID_ARGUMENT, "*");
  assert_refuses (t->i128, "2.5", EBPF_ERROR_WRONG_TYPE, "*");
}

static void
test_format (void)
{
  Types *t = get_types ();
  guint8 event[48] = { 0 };
  guint32 pid = 12, state = 1;
  char comm[16] = "a\"\n\x1b\xc2\x9b";

  memcpy (event, &pid, 4);
  memcpy (event + 4, &state, 4);
  memcpy (event + 8, "bash\0rest", 9);
  assert_formats (t->event, event,
                  "pid=12 state=RUNNING comm=\"bash\" where={x=0 y=0} time=0 bytes=000000000000");
  assert_formats (t->comm, comm, "\"a\\\"\\n\\x1b\\u009b\"");
  assert_formats (t->table, RAW (guint16, 1, 2, 3, 4, 5, 6), "[[1 2 3] [4 5 6]]");
  assert_formats (t->pointer, RAW (guint64, 0xffff888000000000), "0xffff888000000000");
  assert_formats (t->state, RAW (guint32, 9), "9");
  assert_formats (t->boolean, RAW (guint8, 1), "true");
  assert_formats (t->single, RAW (gfloat, 0.25), "0.25");
  assert_formats (t->i8, RAW (gint8, -3), "-3");
  assert_formats (t->i128, WIDE (0, 0), "0");
  assert_formats (t->i128, WIDE (0, 10), "10");
  assert_formats (t->i128, WIDE (G_MAXUINT64, G_MAXUINT64 - 41), "-42");
  assert_formats (t->i128, WIDE (1, 0), "18446744073709551616");
  assert_formats (t->i128, WIDE (G_MAXINT64, G_MAXUINT64),
                  "170141183460469231731687303715884105727");
  assert_formats (t->i128, WIDE ((guint64) G_MININT64, 0),
                  "-170141183460469231731687303715884105728");
}

static void
assert_declaration (guint32 id, const char *name, const char *text)
{
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (get_types ()->btf, id);
  g_autofree char *declaration = ebpf_btf_type_to_declaration (type, name);

  g_assert_cmpstr (declaration, ==, text);
}

static void
assert_format_full (guint32 id,
                    gconstpointer data,
                    gsize size,
                    EbpfFormatFlags flags,
                    const char *expected)
{
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (get_types ()->btf, id);
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize n_bytes = 0;

  text = ebpf_btf_type_format_full (type, bytes, flags, &n_bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpuint (n_bytes, ==, ebpf_btf_type_get_size (type));
}

static void
test_format_full (void)
{
  Types *t = get_types ();
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (t->btf, t->event);
  g_autoptr (GBytes) cut = NULL;
  g_autoptr (GError) error = NULL;
  guint8 event[64] = { 0 };
  guint16 table[6] = { 1, 2, 3, 0, 0, 0 };
  guint32 pid = 12, state = 1;

  memcpy (event, &pid, 4);
  memcpy (event + 4, &state, 4);
  memcpy (event + 8, "bash", 4);
  assert_format_full (t->event, event, 48, EBPF_FORMAT_FLAGS_NONE,
                      "pid=12 state=RUNNING comm=\"bash\" where={x=0 y=0} time=0 "
                      "bytes=000000000000");
  assert_format_full (t->event, event, 64, EBPF_FORMAT_FLAGS_NO_ZEROES,
                      "pid=12 state=RUNNING comm=\"bash\"");
  assert_format_full (t->event, event, 48,
                      EBPF_FORMAT_FLAGS_NO_ZEROES | EBPF_FORMAT_FLAGS_NO_NAMES |
                          EBPF_FORMAT_FLAGS_NO_STRINGS,
                      "12 RUNNING 62617368000000000000000000000000");
  assert_format_full (t->event, event, 48, EBPF_FORMAT_FLAGS_LINES,
                      "pid=12\nstate=RUNNING\ncomm=\"bash\"\nwhere={\n  x=0\n  y=0\n}\ntime=0\n"
                      "bytes=000000000000");
  assert_format_full (t->table, table, sizeof table, EBPF_FORMAT_FLAGS_LINES,
                      "[\n  [\n    1\n    2\n    3\n  ]\n  [\n    0\n    0\n    0\n  ]\n]");
  /* What is in an array stays where it is. */
  assert_format_full (t->table, table, sizeof table, EBPF_FORMAT_FLAGS_NO_ZEROES,
                      "[[1 2 3] [0 0 0]]");
  memset (event, 0, sizeof event);
  assert_format_full (t->event, event, 48, EBPF_FORMAT_FLAGS_NO_ZEROES, "");

  cut = g_bytes_new (event, 47);
  g_assert_null (ebpf_btf_type_format_full (type, cut, EBPF_FORMAT_FLAGS_NO_ZEROES, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE,
                                  "*47 bytes are too few for a value of 48*");
}

static void
test_declaration (void)
{
  Types *t = get_types ();
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_autofree char *declaration = NULL;

  assert_declaration (0, NULL, "void");
  assert_declaration (t->u32, "n", "unsigned int n");
  assert_declaration (t->event, "e", "struct event e");
  assert_declaration (t->either, NULL, "union either");
  assert_declaration (t->state, "s", "enum state s");
  assert_declaration (t->pointer, "p", "const char *p");
  assert_declaration (t->pointer, NULL, "const char *");
  assert_declaration (t->comm, "comm", "char comm[16]");
  assert_declaration (t->names, NULL, "char [2][16]");
  assert_declaration (t->handler, "f", "int (*f)(void *ctx)");
  assert_declaration (t->fwd, NULL, "struct later");
  assert_declaration (t->section, NULL, "section .bss");

  /* const struct { int a : 3; } *const volatile (*x)[2] */
  test_btf_int (b, "int", 4, TEST_BTF_SIGNED);
  test_btf_struct (b, NULL, 4);
  test_btf_bitfield (b, "a", 1, 0, 3);
  test_btf_const (b, 2);
  test_btf_ptr (b, 3);
  test_btf_volatile (b, 4);
  test_btf_const (b, 5);
  test_btf_array (b, 6, 1, 2);
  test_btf_ptr (b, 7);
  btf = parse (b);
  type = ebpf_btf_get_type_by_id (btf, 8);
  declaration = ebpf_btf_type_to_declaration (type, "x");
  g_assert_cmpstr (declaration, ==, "const struct { int a : 3; } *const volatile (*x)[2]");
}

/* struct { … *next; } without a name has itself as a part of its text. */
static void
test_endless_declaration (void)
{
  g_autoptr (TestBtf) b = test_btf_new (FALSE);
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_autofree char *declaration = NULL;

  test_btf_struct (b, NULL, 16);
  test_btf_member (b, "next", 2, 0);
  test_btf_member (b, "previous", 2, 64);
  test_btf_ptr (b, 1);
  btf = parse (b);
  type = ebpf_btf_get_type_by_id (btf, 1);
  declaration = ebpf_btf_type_to_declaration (type, "x");
  g_assert_true (g_str_has_prefix (declaration, "struct { struct { "));
  g_assert_true (g_str_has_suffix (declaration, " x"));
  g_assert_cmpuint (strlen (declaration), <, 64 * 1024);
}

static void
test_type_string (void)
{
  Types *t = get_types ();
  const struct
  {
    guint32 id;
    const char *string;
  } cases[] = {
    { t->u8, "y" },        { t->i8, "n" },     { t->u64, "t" },     { t->boolean, "b" },
    { t->single, "d" },    { t->i128, "ay" },  { t->pointer, "t" }, { t->wide, "x" },
    { t->comm, NULL },     { t->names, NULL }, { t->bytes, "ay" },  { t->table, "aaq" },
    { t->event, "a{sv}" }, { t->fwd, NULL },   { t->bools, "ab" },  { t->signed_bytes, "an" },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (t->btf, cases[i].id);
      g_autofree char *string = ebpf_btf_type_get_variant_type_string (type);

      g_assert_cmpstr (string, ==, cases[i].string);
    }
}

/* --- types and layouts ---------------------------------------------------------------------------- */

static void
test_type (void)
{
  Types *t = get_types ();
  g_autoptr (EbpfBtfType) event = ebpf_btf_get_type_by_id (t->btf, t->event);
  g_autoptr (EbpfBtfType) found = ebpf_btf_find_type (t->btf, "event", EBPF_BTF_KIND_STRUCT, NULL);
  g_autoptr (EbpfBtfType) member = ebpf_btf_type_get_member_type (event, 2);
  g_autoptr (EbpfBtfType) state = ebpf_btf_get_type_by_id (t->btf, t->state);
  g_autoptr (EbpfBtfType) bits = ebpf_btf_get_type_by_id (t->btf, t->bits);
  g_autoptr (EbpfBtfType) section = ebpf_btf_get_type_by_id (t->btf, t->section);
  g_autoptr (EbpfBtfType) none = ebpf_btf_get_type_by_id (t->btf, 0);

  g_assert_null (ebpf_btf_get_type_by_id (t->btf, 4711));
  g_assert_cmpuint (ebpf_btf_type_get_id (found), ==, t->event);
  g_assert_cmpint (ebpf_btf_type_get_kind (event), ==, EBPF_BTF_KIND_STRUCT);
  g_assert_cmpstr (ebpf_btf_type_get_name (event), ==, "event");
  g_assert_cmpint (ebpf_btf_type_get_size (event), ==, 48);
  g_assert_cmpuint (ebpf_btf_type_get_n_members (event), ==, 6);
  g_assert_cmpstr (ebpf_btf_type_get_member_name (event, 2), ==, "comm");
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_offset (event, 2), ==, 64);
  g_assert_cmpuint (ebpf_btf_type_get_n_elements (member), ==, 16);
  g_assert_cmpuint (ebpf_btf_type_get_target_id (member), ==, t->character);
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_size (bits, 1), ==, 5);
  g_assert_cmpstr (ebpf_btf_type_get_member_name (state, 1), ==, "RUNNING");
  g_assert_cmpint (ebpf_btf_type_get_member_value (state, 1), ==, 1);
  g_assert_null (ebpf_btf_type_get_member_type (state, 1));
  g_assert_cmpstr (ebpf_btf_type_get_member_name (section, 0), ==, "counter");
  g_assert_cmpuint (ebpf_btf_type_get_member_bit_offset (section, 0), ==, 64);
  g_assert_cmpint (ebpf_btf_type_get_kind (none), ==, EBPF_BTF_KIND_VOID);
  g_assert_cmpint (ebpf_btf_type_get_size (none), ==, -1);
  g_assert_cmpuint (ebpf_btf_type_get_n_members (none), ==, 0);
}

static void
assert_field (EbpfLayout *layout,
              const char *name,
              EbpfLayoutFormat format,
              guint offset,
              guint size,
              guint count)
{
  guint i;

  for (i = 0; i < ebpf_layout_get_n_fields (layout); i++)
    if (g_str_equal (ebpf_layout_get_field_name (layout, i), name))
      {
        g_assert_cmpint (ebpf_layout_get_field_format (layout, i), ==, format);
        g_assert_cmpuint (ebpf_layout_get_field_offset (layout, i), ==, offset);
        g_assert_cmpuint (ebpf_layout_get_field_size (layout, i), ==, size);
        g_assert_cmpuint (ebpf_layout_get_field_count (layout, i), ==, count);
        return;
      }

  g_error ("no field %s", name);
}

static void
test_layout (void)
{
  Types *t = get_types ();
  g_autoptr (EbpfBtfType) event = ebpf_btf_get_type_by_id (t->btf, t->event);
  g_autoptr (EbpfBtfType) bits = ebpf_btf_get_type_by_id (t->btf, t->bits);
  g_autoptr (EbpfBtfType) hidden = ebpf_btf_get_type_by_id (t->btf, t->hidden);
  g_autoptr (EbpfBtfType) table = ebpf_btf_get_type_by_id (t->btf, t->table);
  g_autoptr (EbpfBtfType) number = ebpf_btf_get_type_by_id (t->btf, t->u32);
  g_autoptr (EbpfBtfType) later = ebpf_btf_get_type_by_id (t->btf, t->fwd);
  g_autoptr (GError) error = NULL;
  EbpfLayout *layout;

  layout = ebpf_layout_new (event, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_layout_get_size (layout), ==, 48);
  g_assert_cmpuint (ebpf_layout_get_n_fields (layout), ==, 7);
  assert_field (layout, "pid", EBPF_LAYOUT_FORMAT_UNSIGNED, 0, 4, 1);
  assert_field (layout, "comm", EBPF_LAYOUT_FORMAT_STRING, 8, 16, 1);
  assert_field (layout, "where.y", EBPF_LAYOUT_FORMAT_SIGNED, 28, 4, 1);
  assert_field (layout, "bytes", EBPF_LAYOUT_FORMAT_BYTES, 40, 6, 1);
  ebpf_layout_unref (layout);

  layout = ebpf_layout_new (bits, &error);
  g_assert_no_error (error);
  assert_field (layout, "sign", EBPF_LAYOUT_FORMAT_SIGNED, 0, 1, 1);
  assert_field (layout, "across", EBPF_LAYOUT_FORMAT_UNSIGNED, 1, 7, 1);
  g_assert_cmpuint (ebpf_layout_get_field_bit_offset (layout, 3), ==, 5);
  g_assert_cmpuint (ebpf_layout_get_field_bit_size (layout, 3), ==, 51);
  ebpf_layout_unref (layout);

  layout = ebpf_layout_new (hidden, &error);
  g_assert_no_error (error);
  assert_field (layout, "b", EBPF_LAYOUT_FORMAT_UNSIGNED, 4, 2, 1);
  ebpf_layout_unref (layout);

  layout = ebpf_layout_new (table, &error);
  g_assert_no_error (error);
  assert_field (layout, "[1]", EBPF_LAYOUT_FORMAT_UNSIGNED, 6, 2, 3);
  g_assert_true (ebpf_layout_get_field_is_array (layout, 1));
  ebpf_layout_unref (layout);

  layout = ebpf_layout_new (number, &error);
  g_assert_no_error (error);
  assert_field (layout, "", EBPF_LAYOUT_FORMAT_UNSIGNED, 0, 4, 1);
  ebpf_layout_unref (layout);

  layout = ebpf_layout_new (later, &error);
  g_assert_null (layout);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
}

int
main (int argc, char **argv)
{
  int status;

  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf-value/read/scalars", test_read_scalars);
  ebpf_test_add ("/btf-value/read/arrays", test_read_arrays);
  ebpf_test_add ("/btf-value/read/structs", test_read_structs);
  ebpf_test_add ("/btf-value/read/errors", test_read_errors);
  ebpf_test_add ("/btf-value/write", test_write);
  ebpf_test_add ("/btf-value/write/errors", test_write_errors);
  ebpf_test_add ("/btf-value/round-trip", test_round_trip);
  ebpf_test_add ("/btf-value/round-trip/kernel", test_round_trip_kernel);
  ebpf_test_add ("/btf-value/bad-types", test_bad_types);
  ebpf_test_add ("/btf-value/wide", test_wide);
  ebpf_test_add ("/btf-value/format", test_format);
  ebpf_test_add ("/btf-value/format-full", test_format_full);
  ebpf_test_add ("/btf-value/declaration", test_declaration);
  ebpf_test_add ("/btf-value/endless-declaration", test_endless_declaration);
  ebpf_test_add ("/btf-value/type-string", test_type_string);
  ebpf_test_add ("/btf-value/type", test_type);
  ebpf_test_add ("/btf-value/layout", test_layout);

  status = g_test_run ();
  g_clear_object (&get_types ()->btf);
  return status;
}
