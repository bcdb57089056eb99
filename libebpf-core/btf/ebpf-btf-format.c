/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-shape-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* A value in one line, for people: pid=12 comm="bash" state=RUNNING. */

/* Elements of an array that are written before the rest is counted. */
#define MAX_ELEMENTS 64

typedef struct
{
  EbpfBtf *btf;
  GString *text;
  guint64 budget;
  EbpfFormatFlags flags;
  guint level; /* of indentation */
} Printer;

static gboolean
take_budget (Printer *printer, guint depth, GError **error)
{
  if (depth <= EBPF_BTF_MAX_VALUE_DEPTH && printer->budget > 0)
    {
      printer->budget--;
      return TRUE;
    }

  ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                  depth > EBPF_BTF_MAX_VALUE_DEPTH ? "the value is nested too deeply"
                                                   : "the value has too many parts");
  return FALSE;
}

/* Between what stands side by side: a space, or a new line. */
static void
separate (Printer *printer, gboolean first)
{
  if (printer->flags & EBPF_FORMAT_FLAGS_LINES)
    {
      if (printer->text->len > 0)
        g_string_append_c (printer->text, '\n');
      for (guint i = 0; i < printer->level; i++)
        g_string_append (printer->text, "  ");
    }
  else if (!first)
    {
      g_string_append_c (printer->text, ' ');
    }
}

static void
open_bracket (Printer *printer, char bracket)
{
  g_string_append_c (printer->text, bracket);
  printer->level++;
}

static void
close_bracket (Printer *printer, char bracket, gboolean empty)
{
  printer->level--;
  if (!empty)
    separate (printer, TRUE);
  g_string_append_c (printer->text, bracket);
}

static gboolean
is_zero (const guint8 *data, gsize size)
{
  return size == 0 || (data[0] == 0 && memcmp (data, data + 1, size - 1) == 0);
}

static gboolean print_value (Printer *printer,
                             const EbpfBtfShape *shape,
                             const guint8 *data,
                             guint depth,
                             GError **error);

static void
print_integer (Printer *printer, const EbpfBtfShape *shape, guint64 value)
{
  const char *name;

  if (shape->kind == EBPF_BTF_SHAPE_BOOLEAN && value <= 1)
    {
      g_string_append (printer->text, value ? "true" : "false");
      return;
    }

  name =
      ebpf_btf_shape_is_enum (shape) ? ebpf_btf_enum_name (printer->btf, shape->type, value) : NULL;
  if (name != NULL)
    g_string_append (printer->text, name);
  else if (ebpf_btf_shape_is_pointer (shape))
    g_string_append_printf (printer->text, "0x%" G_GINT64_MODIFIER "x", value);
  else if (shape->is_signed)
    g_string_append_printf (printer->text, "%" G_GINT64_FORMAT, (gint64) value);
  else
    g_string_append_printf (printer->text, "%" G_GUINT64_FORMAT, value);
}

static void
print_float (Printer *printer, const EbpfBtfShape *shape, const guint8 *data)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  gdouble value;
  gfloat single;

  if (shape->size == sizeof value)
    {
      memcpy (&value, data, sizeof value);
      g_ascii_dtostr (buffer, sizeof buffer, value);
    }
  else
    {
      memcpy (&single, data, sizeof single);
      g_ascii_formatd (buffer, sizeof buffer, "%.9g", single);
    }
  g_string_append (printer->text, buffer);
}

static void
print_bytes (Printer *printer, const guint8 *data, gsize size)
{
  gsize i;

  for (i = 0; i < size && i < MAX_ELEMENTS; i++)
    g_string_append_printf (printer->text, "%02x", data[i]);
  if (i < size)
    g_string_append_printf (printer->text, "… (%" G_GSIZE_FORMAT " bytes)", size);
  if (size == 0)
    g_string_append_c (printer->text, '-');
}

static void
print_long_integer (Printer *printer, const EbpfBtfShape *shape, const guint8 *data)
{
  EbpfBtfNumber number;
  gboolean negative = ebpf_btf_read_number (shape, data, &number);
  g_autofree char *digits = ebpf_btf_number_to_string (&number, negative);

  g_string_append (printer->text, digits);
}

static void
print_chars (Printer *printer, const guint8 *data, gsize size)
{
  gssize length = ebpf_btf_text_length (data, size), i;

  if (printer->flags & EBPF_FORMAT_FLAGS_NO_STRINGS)
    {
      print_bytes (printer, data, size);
      return;
    }
  if (length < 0)
    {
      /* What is left behind the zero by somebody who reused the buffer is no news. */
      gsize until = strnlen ((const char *) data, size);

      if (until == 0 || until == size || (length = ebpf_btf_text_length (data, until)) < 0)
        {
          print_bytes (printer, data, size);
          return;
        }
    }

  g_string_append_c (printer->text, '"');
  for (i = 0; i < length; i++)
    {
      guint8 c = data[i];

      if (c == '"' || c == '\\')
        g_string_append_printf (printer->text, "\\%c", c);
      else if (c == '\n')
        g_string_append (printer->text, "\\n");
      else if (c == '\t')
        g_string_append (printer->text, "\\t");
      else if (c < 0x20 || c == 0x7f)
        g_string_append_printf (printer->text, "\\x%02x", c);
      else if (c == 0xc2 && i + 1 < length && data[i + 1] < 0xa0)
        {
          /* The control characters of the upper half: terminals obey them too. */
          g_string_append_printf (printer->text, "\\u%04x", data[i + 1]);
          i++;
        }
      else
        g_string_append_c (printer->text, c);
    }
  g_string_append_c (printer->text, '"');
}

static gboolean
print_array (Printer *printer,
             const EbpfBtfShape *shape,
             const guint8 *data,
             guint depth,
             GError **error)
{
  EbpfBtfShape element;
  gsize n = shape->n_elements, i;

  if (!ebpf_btf_shape_init (&element, printer->btf, shape->element_id, error))
    return FALSE;
  if (element.size == 0)
    n = 0;

  open_bracket (printer, '[');
  for (i = 0; i < n && i < MAX_ELEMENTS; i++)
    {
      separate (printer, i == 0);
      if (!print_value (printer, &element, data + i * element.size, depth + 1, error))
        return FALSE;
    }
  if (i < n)
    {
      separate (printer, FALSE);
      g_string_append_printf (printer->text, "… (%" G_GSIZE_FORMAT " in all)", n);
    }
  close_bracket (printer, ']', n == 0);

  return TRUE;
}

static gboolean
print_members (Printer *printer,
               const EbpfBtfShape *shape,
               const guint8 *data,
               gboolean *first,
               guint depth,
               GError **error)
{
  guint i;

  if (!take_budget (printer, depth, error))
    return FALSE;

  for (i = 0; i < ebpf_btf_vlen_of (shape->type); i++)
    {
      EbpfBtfField field;

      if (!take_budget (printer, depth, error))
        return FALSE;
      if (ebpf_btf_kind_of (shape->type) == EBPF_BTF_KIND_DATASEC &&
          !ebpf_btf_section_has_value (printer->btf, shape->type, i))
        continue;
      if (!ebpf_btf_field_init (&field, printer->btf, shape, i, error))
        return FALSE;

      if (ebpf_btf_field_is_inlined (&field))
        {
          if (!print_members (printer, &field.shape, data + field.bit_offset / 8, first, depth + 1,
                              error))
            return FALSE;
          continue;
        }
      if (field.name[0] == '\0')
        continue;
      if ((printer->flags & EBPF_FORMAT_FLAGS_NO_ZEROES) &&
          (field.bit_size != 0 ? ebpf_btf_field_read (&field, data) == 0
                               : is_zero (data + field.bit_offset / 8, field.shape.size)))
        continue;

      separate (printer, *first);
      *first = FALSE;
      if (!(printer->flags & EBPF_FORMAT_FLAGS_NO_NAMES))
        g_string_append_printf (printer->text, "%s=", field.name);
      if (field.bit_size != 0)
        print_integer (printer, &field.shape, ebpf_btf_field_read (&field, data));
      else if (!print_value (printer, &field.shape, data + field.bit_offset / 8, depth + 1, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
print_value (Printer *printer,
             const EbpfBtfShape *shape,
             const guint8 *data,
             guint depth,
             GError **error)
{
  gboolean first = TRUE;

  if (!take_budget (printer, depth, error))
    return FALSE;

  switch (shape->kind)
    {
    case EBPF_BTF_SHAPE_INTEGER:
    case EBPF_BTF_SHAPE_BOOLEAN:
      print_integer (printer, shape, ebpf_btf_read_integer (data, shape->size, shape->is_signed));
      return TRUE;

    case EBPF_BTF_SHAPE_FLOAT:
      print_float (printer, shape, data);
      return TRUE;

    case EBPF_BTF_SHAPE_CHARS:
      print_chars (printer, data, shape->n_elements);
      return TRUE;

    case EBPF_BTF_SHAPE_BYTES:
      if (ebpf_btf_shape_is_long_integer (shape))
        print_long_integer (printer, shape, data);
      else
        print_bytes (printer, data, shape->n_elements);
      return TRUE;

    case EBPF_BTF_SHAPE_ARRAY:
      return print_array (printer, shape, data, depth, error);

    case EBPF_BTF_SHAPE_STRUCT:
      if (depth > 0)
        open_bracket (printer, '{');
      if (!print_members (printer, shape, data, &first, depth, error))
        return FALSE;
      if (depth > 0)
        close_bracket (printer, '}', first);
      return TRUE;

    default:
      g_return_val_if_reached (FALSE);
    }
}

/**
 * ebpf_btf_type_format:
 * @self: a type
 * @bytes: a value; what is longer than the type is not looked at
 * @error: return location for an error
 *
 * Writes a value in one line, for people to read: `pid=12 comm="bash" state=RUNNING`.
 *
 * Nested structs are in braces, arrays in brackets, bytes in hexadecimal, pointers with `0x`. Of long
 * arrays only the beginning is written. There are no control characters in it.
 *
 * Returns: (transfer full): the text, or %NULL with @error set
 */
char *
ebpf_btf_type_format (EbpfBtfType *self, GBytes *bytes, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_btf_type_format_full (self, bytes, EBPF_FORMAT_FLAGS_NONE, NULL, error);
}

/**
 * ebpf_btf_type_format_full:
 * @self: a type
 * @bytes: a value; what is longer than the type is not looked at
 * @flags: how it is written
 * @n_bytes: (out) (optional): how many of @bytes the value has
 * @error: return location for an error
 *
 * Writes a value for people to read, as [method@BtfType.format] does, but as they like it.
 *
 * Returns: (transfer full): the text, or %NULL with @error set
 */
char *
ebpf_btf_type_format_full (EbpfBtfType *self,
                           GBytes *bytes,
                           EbpfFormatFlags flags,
                           gsize *n_bytes,
                           GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Printer printer = { .text = text, .flags = flags };
  EbpfBtfShape shape;
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  printer.btf = ebpf_btf_type_get_btf (self);
  data = g_bytes_get_data (bytes, &size);
  printer.budget = ebpf_btf_value_budget (size);

  if (!ebpf_btf_shape_init (&shape, printer.btf, ebpf_btf_type_get_id (self), error))
    return NULL;
  if (size < shape.size)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%" G_GSIZE_FORMAT " bytes are too few for a value of %" G_GSIZE_FORMAT, size,
                      shape.size);
      return NULL;
    }
  if (!print_value (&printer, &shape, data != NULL ? data : "", 0, error))
    return NULL;

  if (n_bytes != NULL)
    *n_bytes = shape.size;
  return g_string_free (g_steal_pointer (&text), FALSE);
}
