/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-kconfig-value-private.h"

#include "base/ebpf-error-private.h"

#include <errno.h>
#include <string.h>

static gboolean
set_wrong_type (GError **error, const char *value, const char *wanted)
{
  ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0, "its value is %s, which needs %s", value,
                  wanted);
  return FALSE;
}

static guint32
int_encoding (const struct btf_type *type)
{
  return BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type));
}

/* Integers in the machine's byte order. */
static gboolean
store (gpointer data, gsize size, guint64 value)
{
  guint8 v8 = (guint8) value;
  guint16 v16 = (guint16) value;
  guint32 v32 = (guint32) value;

  switch (size)
    {
    case 1:
      memcpy (data, &v8, 1);
      return TRUE;
    case 2:
      memcpy (data, &v16, 2);
      return TRUE;
    case 4:
      memcpy (data, &v32, 4);
      return TRUE;
    case 8:
      memcpy (data, &value, 8);
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
ebpf_kconfig_put_number (EbpfBtf *btf,
                         guint32 type_id,
                         gboolean negative,
                         guint64 magnitude,
                         gpointer data,
                         gsize size,
                         GError **error)
{
  const struct btf_type *type = ebpf_btf_peek (btf, ebpf_btf_strip (btf, type_id));
  g_autofree char *text = g_strdup_printf ("%s%" G_GUINT64_FORMAT, negative ? "-" : "", magnitude);
  guint bits = (guint) size * 8;
  guint64 limit;

  if (type == NULL || ebpf_btf_kind_of (type) != EBPF_BTF_KIND_INT || type->size != size ||
      (size != 1 && size != 2 && size != 4 && size != 8))
    return set_wrong_type (error, text, "an integer");

  if (int_encoding (type) & BTF_INT_BOOL)
    limit = negative ? 0 : 1;
  else if (int_encoding (type) & BTF_INT_SIGNED)
    limit = ((guint64) 1 << (bits - 1)) - (negative ? 0 : 1);
  else
    limit = negative ? 0 : (bits == 64 ? G_MAXUINT64 : ((guint64) 1 << bits) - 1);

  if (magnitude > limit)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "its value is %s, which does not fit %s of %u bits%s", text,
                      int_encoding (type) & BTF_INT_BOOL ? "a bool" : "an integer", bits,
                      int_encoding (type) & BTF_INT_SIGNED ? " with a sign" : "");
      return FALSE;
    }

  return store (data, size, negative ? -magnitude : magnitude);
}

static gboolean
put_tristate (EbpfBtf *btf,
              const struct btf_type *type,
              char value,
              gpointer data,
              gsize size,
              GError **error)
{
  const char text[2] = { value, '\0' };
  guint kind = ebpf_btf_kind_of (type);

  if (kind == EBPF_BTF_KIND_ENUM && size == 4 &&
      strcmp (ebpf_btf_name_of (btf, type), "libbpf_tristate") == 0)
    return store (data, size, value == 'y' ? 1 : value == 'm' ? 2 : 0);

  if (kind == EBPF_BTF_KIND_INT && type->size == size && size == 1)
    {
      if (!(int_encoding (type) & BTF_INT_BOOL))
        return store (data, size, (guchar) value);
      if (value != 'm')
        return store (data, size, value == 'y');
      return set_wrong_type (error, text, "enum libbpf_tristate rather than bool");
    }

  return set_wrong_type (error, text, "bool, char or enum libbpf_tristate");
}

static gboolean
put_string (EbpfBtf *btf,
            const struct btf_type *type,
            const char *value,
            gpointer data,
            gsize size,
            GError **error)
{
  gsize length = strlen (value);
  const struct btf_array *array;
  const struct btf_type *element;

  if (length < 2 || value[length - 1] != '"')
    {
      ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "its value %s is a text without an end",
                      value);
      return FALSE;
    }

  array = ebpf_btf_tail_of (type);
  element = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ARRAY
                ? ebpf_btf_peek (btf, ebpf_btf_strip (btf, array->type))
                : NULL;
  if (element == NULL || ebpf_btf_kind_of (element) != EBPF_BTF_KIND_INT || element->size != 1 ||
      (int_encoding (element) & BTF_INT_BOOL) || array->nelems != size || size == 0)
    return set_wrong_type (error, value, "an array of char");

  memset (data, 0, size);
  memcpy (data, value + 1, MIN (length - 2, size - 1));
  return TRUE;
}

gboolean
ebpf_kconfig_put_value (EbpfBtf *btf,
                        guint32 type_id,
                        const char *value,
                        gpointer data,
                        gsize size,
                        GError **error)
{
  const struct btf_type *type = ebpf_btf_peek (btf, ebpf_btf_strip (btf, type_id));
  gboolean negative = FALSE;
  guint64 magnitude;
  const char *digits = value;
  char *end;

  if (type == NULL)
    return set_wrong_type (error, value, "a variable with a type");

  if (value[0] != '\0' && value[1] == '\0' && strchr ("ynm", value[0]) != NULL)
    return put_tristate (btf, type, value[0], data, size, error);
  if (value[0] == '"')
    return put_string (btf, type, value, data, size, error);

  if (*digits == '-')
    {
      negative = TRUE;
      digits++;
    }
  errno = 0;
  magnitude = g_ascii_isdigit (*digits) ? g_ascii_strtoull (digits, &end, 0) : 0;
  if (!g_ascii_isdigit (*digits) || *end != '\0' || errno != 0)
    {
      ebpf_error_set (
          error, EBPF_ERROR_MALFORMED, 0,
          "its value %s is neither y, n or m nor a text in quotes nor a number of 64 bits", value);
      return FALSE;
    }

  return ebpf_kconfig_put_number (btf, type_id, negative, magnitude, data, size, error);
}
