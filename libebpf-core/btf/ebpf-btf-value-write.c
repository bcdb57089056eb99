/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-shape-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* GVariant to bytes. The destination is zeroed once, at the start: what is left out stays zero, and
 * the members of a union, given together as they are read, do not wipe out each other's padding. */

/* Members that are looked at for one value: more than any real one has, and done in a second. */
#define MAX_MEMBERS (1 << 24)

typedef struct
{
  EbpfBtf *btf;
  guint64 budget; /* members looked at */
} Writer;

static gboolean write_value (Writer *writer,
                             const EbpfBtfShape *shape,
                             GVariant *variant,
                             guint8 *data,
                             guint depth,
                             GError **error);

static gboolean
refuse_type (GVariant *variant, const char *wanted, GError **error)
{
  ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0, "a value of type \"%s\" where %s is wanted",
                  g_variant_get_type_string (variant), wanted);
  return FALSE;
}

/* What is in a "v", and in that; a new reference. */
static GVariant *
unwrap (GVariant *variant)
{
  GVariant *inner = g_variant_ref (variant);

  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT))
    {
      GVariant *next = g_variant_get_variant (inner);

      g_variant_unref (inner);
      inner = next;
    }

  return inner;
}

/* --- scalars -------------------------------------------------------------------------------------- */

/* An integer of whatever type. @negative: it is below zero, and *value the bits of it. */
static gboolean
get_integer (GVariant *variant, guint64 *value, gboolean *negative)
{
  gint64 number = 0;

  *negative = FALSE;
  switch (g_variant_classify (variant))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      *value = g_variant_get_boolean (variant);
      return TRUE;
    case G_VARIANT_CLASS_BYTE:
      *value = g_variant_get_byte (variant);
      return TRUE;
    case G_VARIANT_CLASS_UINT16:
      *value = g_variant_get_uint16 (variant);
      return TRUE;
    case G_VARIANT_CLASS_UINT32:
      *value = g_variant_get_uint32 (variant);
      return TRUE;
    case G_VARIANT_CLASS_UINT64:
      *value = g_variant_get_uint64 (variant);
      return TRUE;
    case G_VARIANT_CLASS_INT16:
      number = g_variant_get_int16 (variant);
      break;
    case G_VARIANT_CLASS_INT32:
      number = g_variant_get_int32 (variant);
      break;
    case G_VARIANT_CLASS_INT64:
      number = g_variant_get_int64 (variant);
      break;
    default:
      return FALSE;
    }

  *value = number;
  *negative = number < 0;
  return TRUE;
}

static gboolean
find_enum_value (Writer *writer, const struct btf_type *type, const char *name, guint64 *value)
{
  const guint32 *words = ebpf_btf_tail_of (type);
  guint n_words = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64 ? 3 : 2, i;

  for (i = 0; i < ebpf_btf_vlen_of (type); i++)
    if (strcmp (ebpf_btf_peek_name (writer->btf, words[n_words * i]), name) == 0)
      {
        *value = ebpf_btf_enum_value (type, i);
        return TRUE;
      }

  return FALSE;
}

/* The bits of a number for an integer or boolean of @bits bits. */
static gboolean
to_bits (Writer *writer,
         const EbpfBtfShape *shape,
         guint bits,
         GVariant *variant,
         guint64 *value,
         GError **error)
{
  gboolean negative, fits;

  if (ebpf_btf_shape_is_enum (shape) && g_variant_is_of_type (variant, G_VARIANT_TYPE_STRING))
    {
      const char *name = g_variant_get_string (variant, NULL);

      if (!find_enum_value (writer, shape->type, name, value))
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "enum %s has no value \"%s\"",
                          ebpf_btf_name_of (writer->btf, shape->type), name);
          return FALSE;
        }
      return TRUE;
    }

  if (!get_integer (variant, value, &negative))
    return refuse_type (variant,
                        shape->kind == EBPF_BTF_SHAPE_BOOLEAN ? "a boolean"
                        : ebpf_btf_shape_is_enum (shape)      ? "a number or the name of a value"
                                                              : "an integer",
                        error);

  if (shape->is_signed && negative)
    fits = bits == 64 || (gint64) *value >= -((gint64) 1 << (bits - 1));
  else if (negative)
    fits = FALSE;
  else if (shape->is_signed)
    fits = *value <= (G_GUINT64_CONSTANT (1) << (bits - 1)) - 1;
  else
    fits = bits == 64 || *value >> bits == 0;

  if (!fits)
    {
      g_autofree char *text = g_variant_print (variant, FALSE);

      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "%s does not fit %s integer of %u bits", text,
                      shape->is_signed ? "a signed" : "an unsigned", bits);
      return FALSE;
    }

  return TRUE;
}

static gboolean
write_float (const EbpfBtfShape *shape, GVariant *variant, guint8 *data, GError **error)
{
  gboolean negative;
  gdouble number;
  gfloat single;
  guint64 value;

  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_DOUBLE))
    number = g_variant_get_double (variant);
  else if (get_integer (variant, &value, &negative))
    number = negative ? (gdouble) (gint64) value : (gdouble) value;
  else
    return refuse_type (variant, "a number", error);

  single = (gfloat) number;
  memcpy (data, shape->size == 8 ? (gconstpointer) &number : &single, shape->size);
  return TRUE;
}

static gboolean
write_bytes (gconstpointer source, gsize n, const EbpfBtfShape *shape, guint8 *data, GError **error)
{
  /* A text that fills its array has no room for the zero at the end, and needs none. */
  if (n > shape->n_elements &&
      !(n == shape->n_elements + 1 && ((const char *) source)[n - 1] == '\0'))
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%" G_GSIZE_FORMAT " bytes where there is room for %" G_GSIZE_FORMAT, n,
                      shape->n_elements);
      return FALSE;
    }

  n = MIN (n, shape->n_elements);
  if (n > 0)
    memcpy (data, source, n);
  memset (data + n, 0, shape->n_elements - n);
  return TRUE;
}

static gboolean
write_text_or_bytes (const EbpfBtfShape *shape, GVariant *variant, guint8 *data, GError **error)
{
  gconstpointer bytes;
  gsize n;

  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_BYTESTRING))
    bytes = g_variant_get_fixed_array (variant, &n, 1);
  else if (g_variant_is_of_type (variant, G_VARIANT_TYPE_STRING))
    bytes = g_variant_get_string (variant, &n);
  else
    return refuse_type (variant, "text or an array of bytes", error);

  return write_bytes (bytes, n, shape, data, error);
}

/* Bytes, a number, or one that no GVariant has as text. */
static gboolean
write_long_integer (const EbpfBtfShape *shape, GVariant *variant, guint8 *data, GError **error)
{
  EbpfBtfNumber number = { { 0 } };
  gboolean negative = FALSE, is_number;
  guint64 value;

  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_BYTESTRING))
    return write_text_or_bytes (shape, variant, data, error);

  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_STRING))
    {
      is_number =
          ebpf_btf_number_from_string (g_variant_get_string (variant, NULL), &number, &negative);
    }
  else
    {
      is_number = get_integer (variant, &value, &negative);
      if (!is_number)
        return refuse_type (variant, "an integer, its digits, or an array of bytes", error);
      if (negative)
        value = 0 - value;
      number.words[0] = (guint32) value;
      number.words[1] = (guint32) (value >> 32);
    }

  if (!is_number || !ebpf_btf_write_number (shape, data, &number, negative))
    {
      g_autofree char *text = g_variant_print (variant, FALSE);

      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "%s does not fit %s integer of %" G_GSIZE_FORMAT " bits", text,
                      shape->is_signed ? "a signed" : "an unsigned", shape->size * 8);
      return FALSE;
    }

  return TRUE;
}

/* --- arrays and structs --------------------------------------------------------------------------- */

static gboolean
write_array (Writer *writer,
             const EbpfBtfShape *shape,
             GVariant *variant,
             guint8 *data,
             guint depth,
             GError **error)
{
  EbpfBtfShape element;
  gsize n, i;

  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_ARRAY) &&
      !g_variant_is_of_type (variant, G_VARIANT_TYPE_TUPLE))
    return refuse_type (variant, "an array", error);

  if (!ebpf_btf_shape_init (&element, writer->btf, shape->element_id, error))
    return FALSE;

  n = g_variant_n_children (variant);
  if (n > shape->n_elements)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%" G_GSIZE_FORMAT " elements where there is room for %" G_GSIZE_FORMAT, n,
                      shape->n_elements);
      return FALSE;
    }

  for (i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (variant, i);

      if (!write_value (writer, &element, child, data + i * element.size, depth + 1, error))
        {
          g_prefix_error (error, "[%" G_GSIZE_FORMAT "]: ", i);
          return FALSE;
        }
    }

  memset (data + n * element.size, 0, (shape->n_elements - n) * element.size);
  return TRUE;
}

static gboolean
write_field (Writer *writer,
             const EbpfBtfField *field,
             GVariant *variant,
             guint8 *data,
             guint depth,
             GError **error)
{
  g_autoptr (GVariant) inner = NULL;
  guint64 value;

  if (field->bit_size == 0)
    return write_value (writer, &field->shape, variant, data + field->bit_offset / 8, depth + 1,
                        error);

  inner = unwrap (variant);
  if (!to_bits (writer, &field->shape, field->bit_size, inner, &value, error))
    return FALSE;

  ebpf_btf_write_bits (data, field->bit_offset, field->bit_size, value);
  return TRUE;
}

/* The field of this name, looked for in structs without a name too; @start is where its struct is. */
static gboolean
find_field (Writer *writer,
            const EbpfBtfShape *shape,
            const char *key,
            EbpfBtfField *field,
            gsize *start,
            guint depth)
{
  guint i;

  if (depth > EBPF_BTF_MAX_VALUE_DEPTH)
    return FALSE;

  for (i = 0; i < ebpf_btf_vlen_of (shape->type) && writer->budget > 0; i++)
    {
      const char *name = ebpf_btf_field_name (writer->btf, shape->type, i);

      writer->budget--;
      if (name[0] != '\0' && strcmp (name, key) != 0)
        continue;
      if ((ebpf_btf_kind_of (shape->type) == EBPF_BTF_KIND_DATASEC &&
           !ebpf_btf_section_has_value (writer->btf, shape->type, i)) ||
          !ebpf_btf_field_init (field, writer->btf, shape, i, NULL))
        continue;

      if (ebpf_btf_field_is_inlined (field))
        {
          EbpfBtfShape inner = field->shape;
          gsize inner_start = field->bit_offset / 8;

          if (find_field (writer, &inner, key, field, start, depth + 1))
            {
              *start += inner_start;
              return TRUE;
            }
        }
      else if (field->name[0] != '\0')
        {
          *start = 0;
          return TRUE;
        }
    }

  return FALSE;
}

static gboolean
write_dictionary (Writer *writer,
                  const EbpfBtfShape *shape,
                  GVariant *variant,
                  guint8 *data,
                  guint depth,
                  GError **error)
{
  gsize n = g_variant_n_children (variant), i;

  for (i = 0; i < n; i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (variant, i);
      g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) value = g_variant_get_child_value (entry, 1);
      const char *name = g_variant_get_string (key, NULL);
      EbpfBtfField field;
      gsize start;

      if (!find_field (writer, shape, name, &field, &start, depth))
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "%s %s has no member \"%s\"",
                          ebpf_btf_shape_is_union (shape) ? "union" : "struct",
                          ebpf_btf_name_of (writer->btf, shape->type), name);
          return FALSE;
        }
      if (!write_field (writer, &field, value, data + start, depth, error))
        {
          g_prefix_error (error, "%s: ", name);
          return FALSE;
        }
    }

  return TRUE;
}

/* As in an initializer of C: members in order, of a union the first. */
static gboolean
write_tuple (Writer *writer,
             const EbpfBtfShape *shape,
             GVariant *variant,
             gsize *index,
             guint8 *data,
             guint depth,
             GError **error)
{
  guint i;

  if (depth > EBPF_BTF_MAX_VALUE_DEPTH || writer->budget == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "nested too deeply");
      return FALSE;
    }

  for (i = 0; i < ebpf_btf_vlen_of (shape->type); i++)
    {
      g_autoptr (GVariant) child = NULL;
      EbpfBtfField field;

      if (*index >= g_variant_n_children (variant) || writer->budget == 0)
        return TRUE;
      writer->budget--;
      if (ebpf_btf_kind_of (shape->type) == EBPF_BTF_KIND_DATASEC &&
          !ebpf_btf_section_has_value (writer->btf, shape->type, i))
        continue;
      if (!ebpf_btf_field_init (&field, writer->btf, shape, i, error))
        return FALSE;

      if (ebpf_btf_field_is_inlined (&field))
        {
          if (!write_tuple (writer, &field.shape, variant, index, data + field.bit_offset / 8,
                            depth + 1, error))
            return FALSE;
        }
      else if (field.name[0] != '\0')
        {
          child = g_variant_get_child_value (variant, (*index)++);
          if (!write_field (writer, &field, child, data, depth, error))
            {
              g_prefix_error (error, "%s: ", field.name);
              return FALSE;
            }
        }
      else
        {
          continue;
        }

      if (ebpf_btf_shape_is_union (shape))
        break;
    }

  return TRUE;
}

static gboolean
write_struct (Writer *writer,
              const EbpfBtfShape *shape,
              GVariant *variant,
              guint8 *data,
              guint depth,
              GError **error)
{
  gsize index = 0;

  if (g_variant_is_of_type (variant, G_VARIANT_TYPE ("a{s*}")))
    return write_dictionary (writer, shape, variant, data, depth, error);

  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_TUPLE))
    return refuse_type (variant, "a dictionary by names or a tuple", error);

  if (!write_tuple (writer, shape, variant, &index, data, depth, error))
    return FALSE;
  if (index < g_variant_n_children (variant))
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "a tuple of %" G_GSIZE_FORMAT " for %s %s of %" G_GSIZE_FORMAT " members",
                      g_variant_n_children (variant),
                      ebpf_btf_shape_is_union (shape) ? "union" : "struct",
                      ebpf_btf_name_of (writer->btf, shape->type), index);
      return FALSE;
    }

  return TRUE;
}

static gboolean
write_value (Writer *writer,
             const EbpfBtfShape *shape,
             GVariant *variant,
             guint8 *data,
             guint depth,
             GError **error)
{
  g_autoptr (GVariant) unwrapped = NULL;
  guint64 value;

  if (depth > EBPF_BTF_MAX_VALUE_DEPTH)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "nested deeper than %d levels",
                      EBPF_BTF_MAX_VALUE_DEPTH);
      return FALSE;
    }

  variant = unwrapped = unwrap (variant);

  /* The bytes themselves will do for anything that is not made of bytes. */
  if ((shape->kind == EBPF_BTF_SHAPE_FLOAT || shape->kind == EBPF_BTF_SHAPE_STRUCT) &&
      g_variant_is_of_type (variant, G_VARIANT_TYPE_BYTESTRING))
    {
      gsize n;
      gconstpointer bytes = g_variant_get_fixed_array (variant, &n, 1);

      if (n != shape->size)
        {
          ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                          "%" G_GSIZE_FORMAT " bytes for a value of %" G_GSIZE_FORMAT, n,
                          shape->size);
          return FALSE;
        }
      if (n > 0)
        memcpy (data, bytes, n);
      return TRUE;
    }

  switch (shape->kind)
    {
    case EBPF_BTF_SHAPE_INTEGER:
    case EBPF_BTF_SHAPE_BOOLEAN:
      if (!to_bits (writer, shape, shape->size * 8, variant, &value, error))
        return FALSE;
      ebpf_btf_write_integer (data, shape->size, value);
      return TRUE;

    case EBPF_BTF_SHAPE_FLOAT:
      return write_float (shape, variant, data, error);

    case EBPF_BTF_SHAPE_BYTES:
      if (ebpf_btf_shape_is_long_integer (shape))
        return write_long_integer (shape, variant, data, error);
      G_GNUC_FALLTHROUGH;

    case EBPF_BTF_SHAPE_CHARS:
      return write_text_or_bytes (shape, variant, data, error);

    case EBPF_BTF_SHAPE_ARRAY:
      return write_array (writer, shape, variant, data, depth, error);

    case EBPF_BTF_SHAPE_STRUCT:
      return write_struct (writer, shape, variant, data, depth, error);

    default:
      g_return_val_if_reached (FALSE);
    }
}

gboolean
ebpf_btf_value_from_variant (EbpfBtf *self,
                             guint32 id,
                             GVariant *variant,
                             gpointer data,
                             gsize size,
                             GError **error)
{
  guint8 nothing[1];
  EbpfBtfShape shape;
  /* Looking for a name goes through the members in front of it, each time. */
  Writer writer = { self, MAX_MEMBERS };

  if (!ebpf_btf_shape_init (&shape, self, id, error))
    return FALSE;
  if (size < shape.size)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%" G_GSIZE_FORMAT " bytes have no room for a value of %" G_GSIZE_FORMAT,
                      size, shape.size);
      return FALSE;
    }

  /* There are types of no size, and no bytes need no address. */
  if (size > 0)
    memset (data, 0, size);
  else
    data = nothing;
  return write_value (&writer, &shape, variant, data, 0, error);
}
