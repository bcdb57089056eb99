/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-shape-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-parse-private.h"

#include <string.h>

/* C's `char`, in contrast to `signed char` and `unsigned char`, holds text. */
static gboolean
is_char (EbpfBtf *btf, const struct btf_type *type)
{
  guint32 encoding;

  if (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_INT || type->size != 1)
    return FALSE;

  encoding = BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type));
  return (encoding & BTF_INT_CHAR) != 0 || strcmp (ebpf_btf_name_of (btf, type), "char") == 0;
}

static gboolean
is_word (gsize size)
{
  return size == 1 || size == 2 || size == 4 || size == 8;
}

static gboolean
init_array (EbpfBtfShape *self, EbpfBtf *btf, GError **error)
{
  const struct btf_array *array = ebpf_btf_tail_of (self->type);
  const struct btf_type *element;
  guint32 encoding;
  gint64 size;

  self->kind = EBPF_BTF_SHAPE_ARRAY;
  self->element_id = array->type;
  self->n_elements = array->nelems;
  size = ebpf_btf_size_of (btf, array->type);
  if (size < 0)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "type %u at offset %u is an array of type %u, which has no size", self->id,
                      ebpf_btf_offset_of (btf, self->id), array->type);
      return FALSE;
    }
  self->element_size = size;

  element = ebpf_btf_peek (btf, ebpf_btf_strip (btf, array->type));
  if (element == NULL || ebpf_btf_kind_of (element) != EBPF_BTF_KIND_INT || element->size != 1)
    return TRUE;

  encoding = BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (element));
  if (is_char (btf, element))
    self->kind = EBPF_BTF_SHAPE_CHARS;
  else if ((encoding & (BTF_INT_SIGNED | BTF_INT_BOOL)) == 0)
    self->kind = EBPF_BTF_SHAPE_BYTES;

  return TRUE;
}

gboolean
ebpf_btf_shape_init (EbpfBtfShape *self, EbpfBtf *btf, guint32 id, GError **error)
{
  const struct btf_type *type;
  guint32 stripped = ebpf_btf_strip (btf, id), encoding;
  gint64 size;

  type = ebpf_btf_peek (btf, stripped);
  if (type != NULL && ebpf_btf_kind_of (type) == EBPF_BTF_KIND_VAR)
    {
      stripped = ebpf_btf_strip (btf, type->type);
      type = ebpf_btf_peek (btf, stripped);
    }

  size = type != NULL ? ebpf_btf_size_of (btf, stripped) : -1;
  if (size < 0)
    {
      const struct btf_type *named = ebpf_btf_peek (btf, id);
      const char *name = named != NULL ? ebpf_btf_name_of (btf, named) : "void";

      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "type %u%s%s at offset %u has no size, so there are no values of it", id,
                      name[0] != '\0' ? " " : "", name, ebpf_btf_offset_of (btf, id));
      return FALSE;
    }

  memset (self, 0, sizeof *self);
  self->type = type;
  self->id = stripped;
  self->size = size;

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_INT:
      encoding = BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type));
      self->is_signed = (encoding & BTF_INT_SIGNED) != 0;
      self->kind = !is_word (size)                  ? EBPF_BTF_SHAPE_BYTES
                   : (encoding & BTF_INT_BOOL) != 0 ? EBPF_BTF_SHAPE_BOOLEAN
                                                    : EBPF_BTF_SHAPE_INTEGER;
      break;

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      self->is_signed = ebpf_btf_kflag_of (type);
      self->kind = is_word (size) ? EBPF_BTF_SHAPE_INTEGER : EBPF_BTF_SHAPE_BYTES;
      break;

    case EBPF_BTF_KIND_PTR:
      self->kind = EBPF_BTF_SHAPE_INTEGER;
      break;

    case EBPF_BTF_KIND_FLOAT:
      self->kind = size == 4 || size == 8 ? EBPF_BTF_SHAPE_FLOAT : EBPF_BTF_SHAPE_BYTES;
      break;

    case EBPF_BTF_KIND_ARRAY:
      return init_array (self, btf, error);

    default:
      self->kind = EBPF_BTF_SHAPE_STRUCT;
      return TRUE;
    }

  if (self->kind == EBPF_BTF_SHAPE_BYTES)
    {
      self->element_size = 1;
      self->n_elements = size;
    }

  return TRUE;
}

const char *
ebpf_btf_field_name (EbpfBtf *btf, const struct btf_type *type, guint index)
{
  const guint32 *words = ebpf_btf_tail_of (type);
  const struct btf_type *var;
  const char *name;

  /* A member begins with its name, a variable of a section with its type; both are three words. */
  if (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_DATASEC)
    {
      name = ebpf_btf_peek_name (btf, words[3 * index]);
    }
  else
    {
      var = ebpf_btf_peek (btf, words[3 * index]);
      name = var != NULL ? ebpf_btf_name_of (btf, var) : "";
    }

  /* No compiler writes other names, and no GVariant can have them. */
  return g_utf8_validate (name, -1, NULL) ? name : "";
}

gboolean
ebpf_btf_field_init (EbpfBtfField *self,
                     EbpfBtf *btf,
                     const EbpfBtfShape *shape,
                     guint index,
                     GError **error)
{
  const struct btf_type *type = shape->type;
  guint64 bits;

  self->name = ebpf_btf_field_name (btf, type, index);
  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_DATASEC)
    {
      const struct btf_var_secinfo *info =
          (const struct btf_var_secinfo *) ebpf_btf_tail_of (type) + index;

      if (!ebpf_btf_shape_init (&self->shape, btf, info->type, error))
        return FALSE;
      if (info->offset > G_MAXUINT32 / 8)
        self->bit_offset = G_MAXUINT32;
      else
        self->bit_offset = info->offset * 8;
      self->bit_size = 0;
    }
  else
    {
      const struct btf_member *member = (const struct btf_member *) ebpf_btf_tail_of (type) + index;

      if (!ebpf_btf_shape_init (&self->shape, btf, member->type, error))
        return FALSE;
      ebpf_btf_member_bits (btf, type, index, &self->bit_offset, &self->bit_size);
    }

  bits = self->bit_size != 0 ? self->bit_size : (guint64) self->shape.size * 8;
  if (self->bit_offset + bits > (guint64) shape->size * 8 ||
      (self->bit_size == 0 && self->bit_offset % 8 != 0) ||
      (self->bit_size != 0 &&
       (self->bit_size > self->shape.size * 8 || (self->shape.kind != EBPF_BTF_SHAPE_INTEGER &&
                                                  self->shape.kind != EBPF_BTF_SHAPE_BOOLEAN))))
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "member %s at bit %u of type %u %s, at offset %u, does not fit it: that has "
                      "%" G_GSIZE_FORMAT " bytes",
                      self->name, self->bit_offset, shape->id, ebpf_btf_name_of (btf, type),
                      ebpf_btf_offset_of (btf, shape->id), shape->size);
      return FALSE;
    }

  return TRUE;
}

gboolean
ebpf_btf_section_has_value (EbpfBtf *btf, const struct btf_type *section, guint index)
{
  const struct btf_var_secinfo *info =
      (const struct btf_var_secinfo *) ebpf_btf_tail_of (section) + index;
  const struct btf_type *var = ebpf_btf_peek (btf, info->type);

  return var != NULL && ebpf_btf_kind_of (var) == EBPF_BTF_KIND_VAR &&
         ebpf_btf_size_of (btf, info->type) >= 0;
}

static inline guint
bit_shift (guint32 bit)
{
  /* From the least significant bit of a byte up, or from the most significant one down. */
  return G_BYTE_ORDER == G_LITTLE_ENDIAN ? bit % 8 : 7 - bit % 8;
}

guint64
ebpf_btf_read_bits (const guint8 *data, guint32 bit_offset, guint32 bit_size)
{
  guint64 value = 0;
  guint32 i;

  for (i = 0; i < bit_size; i++)
    {
      guint64 bit = (data[(bit_offset + i) / 8] >> bit_shift (bit_offset + i)) & 1;

      value |= bit << (G_BYTE_ORDER == G_LITTLE_ENDIAN ? i : bit_size - 1 - i);
    }

  return value;
}

void
ebpf_btf_write_bits (guint8 *data, guint32 bit_offset, guint32 bit_size, guint64 value)
{
  guint32 i;

  for (i = 0; i < bit_size; i++)
    {
      guint8 *byte = &data[(bit_offset + i) / 8];
      guint8 mask = 1 << bit_shift (bit_offset + i);

      if ((value >> (G_BYTE_ORDER == G_LITTLE_ENDIAN ? i : bit_size - 1 - i)) & 1)
        *byte |= mask;
      else
        *byte &= (guint8) ~mask;
    }
}

guint64
ebpf_btf_read_integer (const guint8 *data, gsize size, gboolean is_signed)
{
  guint16 half;
  guint32 word;
  guint64 value;

  switch (size)
    {
    case 1:
      return is_signed ? (guint64) (gint8) data[0] : data[0];
    case 2:
      memcpy (&half, data, sizeof half);
      return is_signed ? (guint64) (gint16) half : half;
    case 4:
      memcpy (&word, data, sizeof word);
      return is_signed ? (guint64) (gint32) word : word;
    case 8:
      memcpy (&value, data, sizeof value);
      return value;
    default:
      g_return_val_if_reached (0);
    }
}

void
ebpf_btf_write_integer (guint8 *data, gsize size, guint64 value)
{
  guint16 half = value;
  guint32 word = value;

  switch (size)
    {
    case 1:
      data[0] = value;
      break;
    case 2:
      memcpy (data, &half, sizeof half);
      break;
    case 4:
      memcpy (data, &word, sizeof word);
      break;
    case 8:
      memcpy (data, &value, sizeof value);
      break;
    default:
      g_return_if_reached ();
    }
}

guint64
ebpf_btf_field_read (const EbpfBtfField *self, const guint8 *data)
{
  guint64 value;

  if (self->bit_size == 0)
    return ebpf_btf_read_integer (data + self->bit_offset / 8, self->shape.size,
                                  self->shape.is_signed);

  value = ebpf_btf_read_bits (data, self->bit_offset, self->bit_size);
  if (self->shape.is_signed && self->bit_size < 64 && (value >> (self->bit_size - 1)) & 1)
    value |= G_MAXUINT64 << self->bit_size;

  return value;
}

gssize
ebpf_btf_text_length (const guint8 *data, gsize size)
{
  const guint8 *zero = size > 0 ? memchr (data, '\0', size) : NULL;
  gsize length = zero != NULL ? (gsize) (zero - data) : size, i;

  for (i = length; i < size; i++)
    if (data[i] != '\0')
      return -1;

  return g_utf8_validate_len ((const char *) data, length, NULL) ? (gssize) length : -1;
}

const char *
ebpf_btf_enum_name (EbpfBtf *btf, const struct btf_type *type, gint64 value)
{
  const guint32 *words = ebpf_btf_tail_of (type);
  guint n_words = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64 ? 3 : 2, i;

  for (i = 0; i < ebpf_btf_vlen_of (type); i++)
    if (ebpf_btf_enum_value (type, i) == value)
      return ebpf_btf_peek_name (btf, words[n_words * i]);

  return NULL;
}
