/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-value.h"

#include "ebpfctl-terminal.h"

static void append_value (GString *text, GVariant *value, gboolean is_top);

static void
append_string (GString *text, const char *string)
{
  g_autofree char *clean = ebpfctl_terminal_clean (string);
  g_auto (GStrv) parts = g_strsplit (clean, "\"", -1);
  g_autofree char *escaped = g_strjoinv ("\\\"", parts);

  g_string_append_printf (text, "\"%s\"", escaped);
}

static void
append_bytes (GString *text, GVariant *value)
{
  gsize n, i;
  const guint8 *bytes = g_variant_get_fixed_array (value, &n, 1);

  g_string_append_c (text, '[');
  for (i = 0; i < n; i++)
    g_string_append_printf (text, i > 0 ? " %02x" : "%02x", bytes[i]);
  g_string_append_c (text, ']');
}

static void
append_dictionary (GString *text, GVariant *value, gboolean is_top)
{
  gsize n = g_variant_n_children (value);
  gsize i;

  if (!is_top)
    g_string_append_c (text, '{');

  for (i = 0; i < n; i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (value, i);
      g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) member = g_variant_get_child_value (entry, 1);
      g_autofree char *name = ebpfctl_terminal_clean (g_variant_get_string (key, NULL));

      g_string_append_printf (text, "%s%s=", i > 0 ? " " : "", name);
      append_value (text, member, FALSE);
    }

  if (!is_top)
    g_string_append_c (text, '}');
}

static void
append_children (GString *text, GVariant *value, const char *brackets)
{
  gsize n = g_variant_n_children (value);
  gsize i;

  g_string_append_c (text, brackets[0]);
  for (i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (i > 0)
        g_string_append_c (text, ' ');
      append_value (text, child, FALSE);
    }
  g_string_append_c (text, brackets[1]);
}

static void
append_value (GString *text, GVariant *value, gboolean is_top)
{
  g_autoptr (GVariant) inner = NULL;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
      append_string (text, g_variant_get_string (value, NULL));
      return;
    case G_VARIANT_CLASS_BYTE:
      g_string_append_printf (text, "%u", g_variant_get_byte (value));
      return;
    case G_VARIANT_CLASS_VARIANT:
      inner = g_variant_get_variant (value);
      append_value (text, inner, is_top);
      return;
    case G_VARIANT_CLASS_ARRAY:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
        append_bytes (text, value);
      else if (g_variant_is_of_type (value, G_VARIANT_TYPE ("a{s*}")))
        append_dictionary (text, value, is_top);
      else
        append_children (text, value, "[]");
      return;
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
      append_children (text, value, "()");
      return;
    case G_VARIANT_CLASS_BOOLEAN:
    case G_VARIANT_CLASS_INT16:
    case G_VARIANT_CLASS_UINT16:
    case G_VARIANT_CLASS_INT32:
    case G_VARIANT_CLASS_UINT32:
    case G_VARIANT_CLASS_INT64:
    case G_VARIANT_CLASS_UINT64:
    case G_VARIANT_CLASS_HANDLE:
    case G_VARIANT_CLASS_DOUBLE:
    case G_VARIANT_CLASS_MAYBE:
    default:
      g_variant_print_string (value, text, FALSE);
      return;
    }
}

char *
ebpfctl_value_to_text (GVariant *value)
{
  GString *text = g_string_new (NULL);

  append_value (text, value, TRUE);
  return g_string_free (text, FALSE);
}

gboolean
ebpfctl_value_is_zero (GVariant *value)
{
  g_autoptr (GVariant) inner = NULL;
  gsize n, i;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
    {
      inner = g_variant_get_variant (value);
      return ebpfctl_value_is_zero (inner);
    }

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return *g_variant_get_string (value, NULL) == '\0';

  if (!g_variant_is_container (value))
    {
      const guint8 *bytes = g_variant_get_data (value);

      for (i = 0; i < g_variant_get_size (value); i++)
        if (bytes[i] != 0)
          return FALSE;
      return TRUE;
    }

  n = g_variant_n_children (value);
  for (i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);
      gboolean is_zero;

      if (g_variant_is_of_type (child, G_VARIANT_TYPE_DICT_ENTRY))
        {
          g_autoptr (GVariant) member = g_variant_get_child_value (child, 1);

          is_zero = ebpfctl_value_is_zero (member);
        }
      else
        {
          is_zero = ebpfctl_value_is_zero (child);
        }

      if (!is_zero)
        return FALSE;
    }

  return TRUE;
}

static gboolean
get_integer (GVariant *value, guint64 *bits, gboolean *is_signed)
{
  *is_signed = FALSE;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      *bits = g_variant_get_byte (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT16:
      *bits = g_variant_get_uint16 (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT32:
      *bits = g_variant_get_uint32 (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT64:
      *bits = g_variant_get_uint64 (value);
      return TRUE;
    case G_VARIANT_CLASS_INT16:
      *is_signed = TRUE;
      *bits = (guint64) g_variant_get_int16 (value);
      return TRUE;
    case G_VARIANT_CLASS_INT32:
      *is_signed = TRUE;
      *bits = (guint64) g_variant_get_int32 (value);
      return TRUE;
    case G_VARIANT_CLASS_INT64:
      *is_signed = TRUE;
      *bits = (guint64) g_variant_get_int64 (value);
      return TRUE;
    case G_VARIANT_CLASS_BOOLEAN:
    case G_VARIANT_CLASS_HANDLE:
    case G_VARIANT_CLASS_DOUBLE:
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
    default:
      return FALSE;
    }
}

gboolean
ebpfctl_value_sum (GVariant *value, guint64 *sum, gboolean *is_signed)
{
  gsize n, i;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY))
    return FALSE;

  *sum = 0;
  n = g_variant_n_children (value);
  for (i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);
      guint64 bits;
      gboolean overflow;

      if (!get_integer (child, &bits, is_signed))
        return FALSE;

      if (*is_signed)
        {
          gint64 signed_sum;

          overflow = __builtin_add_overflow ((gint64) *sum, (gint64) bits, &signed_sum);
          *sum = (guint64) signed_sum;
        }
      else
        {
          overflow = __builtin_add_overflow (*sum, bits, sum);
        }

      if (overflow)
        return FALSE;
    }

  return n > 0;
}
