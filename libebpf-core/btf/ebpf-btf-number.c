/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Integers of up to 128 bits, which not every compiler has. */

#include "btf/ebpf-btf-shape-private.h"

#include <string.h>

#define N_WORDS G_N_ELEMENTS (((EbpfBtfNumber *) NULL)->words)

/* Byte @index of an integer of @size bytes, from the lowest on. */
static inline gsize
place (gsize index, gsize size)
{
  return G_BYTE_ORDER == G_LITTLE_ENDIAN ? index : size - 1 - index;
}

static void
negate (EbpfBtfNumber *self)
{
  guint64 carry = 1;

  for (gsize i = 0; i < N_WORDS; i++)
    {
      carry += (guint32) ~self->words[i];
      self->words[i] = (guint32) carry;
      carry >>= 32;
    }
}

gboolean
ebpf_btf_read_number (const EbpfBtfShape *shape, const guint8 *data, EbpfBtfNumber *number)
{
  gboolean negative = shape->is_signed && (data[place (shape->size - 1, shape->size)] & 0x80) != 0;

  memset (number, negative ? 0xff : 0, sizeof *number);
  for (gsize i = 0; i < shape->size; i++)
    {
      guint32 *word = &number->words[i / 4];
      guint shift = 8 * (i % 4);

      *word = (*word & ~((guint32) 0xff << shift)) | (guint32) data[place (i, shape->size)]
                                                         << shift;
    }
  if (negative)
    negate (number);

  return negative;
}

static gboolean
is_zero (const EbpfBtfNumber *self)
{
  for (gsize i = 0; i < N_WORDS; i++)
    if (self->words[i] != 0)
      return FALSE;

  return TRUE;
}

gboolean
ebpf_btf_write_number (const EbpfBtfShape *shape,
                       guint8 *data,
                       const EbpfBtfNumber *number,
                       gboolean negative)
{
  EbpfBtfNumber bits = *number, back;
  g_autofree guint8 *bytes = g_malloc (shape->size);

  if (negative)
    negate (&bits);
  for (gsize i = 0; i < shape->size; i++)
    bytes[place (i, shape->size)] = (guint8) (bits.words[i / 4] >> (8 * (i % 4)));

  /* It fits where it is the same when it is read. */
  if (ebpf_btf_read_number (shape, bytes, &back) != (negative && !is_zero (number)) ||
      memcmp (&back, number, sizeof back) != 0)
    return FALSE;

  memcpy (data, bytes, shape->size);
  return TRUE;
}

/* Divides by a small number and gives the rest. */
static guint32
divide (EbpfBtfNumber *self, guint32 by)
{
  guint64 rest = 0;

  for (gsize i = N_WORDS; i-- > 0;)
    {
      rest = rest << 32 | self->words[i];
      self->words[i] = (guint32) (rest / by);
      rest %= by;
    }

  return (guint32) rest;
}

char *
ebpf_btf_number_to_string (const EbpfBtfNumber *number, gboolean negative)
{
  EbpfBtfNumber left = *number;
  char digits[48];
  gsize at = sizeof digits - 1;

  digits[at] = '\0';
  do
    digits[--at] = (char) ('0' + divide (&left, 10));
  while (!is_zero (&left));
  if (negative)
    digits[--at] = '-';

  return g_strdup (digits + at);
}

gboolean
ebpf_btf_number_from_string (const char *text, EbpfBtfNumber *number, gboolean *negative)
{
  guint base = 10;

  memset (number, 0, sizeof *number);
  *negative = *text == '-';
  if (*negative)
    text++;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
    {
      base = 16;
      text += 2;
    }
  if (*text == '\0')
    return FALSE;

  for (; *text != '\0'; text++)
    {
      int digit = base == 16 ? g_ascii_xdigit_value (*text) : g_ascii_digit_value (*text);
      guint64 carry = (guint64) digit;

      if (digit < 0)
        return FALSE;
      for (gsize i = 0; i < N_WORDS; i++)
        {
          carry += (guint64) number->words[i] * base;
          number->words[i] = (guint32) carry;
          carry >>= 32;
        }
      if (carry != 0)
        return FALSE;
    }

  return TRUE;
}
