/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-json.h"

#include <math.h>
#include <stdio.h>

/* Deeper levels stay in one line also where the format is EBPFCTL_JSON_PRETTY. */
#define PRETTY_DEPTH 2

struct _EbpfctlJson
{
  GString *text;
  EbpfctlJsonFormat format;
  guint depth;
  gboolean is_empty; /* nothing yet inside what was begun last */
};

EbpfctlJson *
ebpfctl_json_new (EbpfctlJsonFormat format)
{
  EbpfctlJson *self = g_new0 (EbpfctlJson, 1);

  self->text = g_string_new (NULL);
  self->format = format;
  self->is_empty = TRUE;

  return self;
}

void
ebpfctl_json_free (EbpfctlJson *self)
{
  g_string_free (self->text, TRUE);
  g_free (self);
}

static void
break_line (EbpfctlJson *self, guint depth)
{
  g_string_append_printf (self->text, "\n%*s", (int) depth * 2, "");
}

static void
append_string (EbpfctlJson *self, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);
  const char *p;

  g_string_append_c (self->text, '"');
  for (p = valid; *p != '\0'; p++)
    {
      guchar c = (guchar) *p;

      if (c == '"' || c == '\\')
        g_string_append_printf (self->text, "\\%c", c);
      else if (c == '\n')
        g_string_append (self->text, "\\n");
      else if (c == '\t')
        g_string_append (self->text, "\\t");
      else if (c < 0x20 || c == 0x7f)
        g_string_append_printf (self->text, "\\u%04x", c);
      else
        g_string_append_c (self->text, (char) c);
    }
  g_string_append_c (self->text, '"');
}

/* What stands before every value: a comma, a line break, a name. */
static void
begin_value (EbpfctlJson *self, const char *name)
{
  if (self->depth > 0)
    {
      if (!self->is_empty)
        g_string_append_c (self->text, ',');

      if (self->format == EBPFCTL_JSON_PRETTY && self->depth <= PRETTY_DEPTH)
        break_line (self, self->depth);
      else if (!self->is_empty)
        g_string_append_c (self->text, ' ');
    }

  if (name != NULL)
    {
      append_string (self, name);
      g_string_append (self->text, ": ");
    }

  self->is_empty = FALSE;
}

static void
begin_container (EbpfctlJson *self, const char *name, char bracket)
{
  begin_value (self, name);
  g_string_append_c (self->text, bracket);
  self->depth++;
  self->is_empty = TRUE;
}

static void
end_container (EbpfctlJson *self, char bracket)
{
  g_assert (self->depth > 0);

  self->depth--;
  if (!self->is_empty && self->format == EBPFCTL_JSON_PRETTY && self->depth < PRETTY_DEPTH)
    break_line (self, self->depth);
  g_string_append_c (self->text, bracket);
  self->is_empty = FALSE;
}

void
ebpfctl_json_begin_object (EbpfctlJson *self, const char *name)
{
  begin_container (self, name, '{');
}

void
ebpfctl_json_end_object (EbpfctlJson *self)
{
  end_container (self, '}');
}

void
ebpfctl_json_begin_array (EbpfctlJson *self, const char *name)
{
  begin_container (self, name, '[');
}

void
ebpfctl_json_end_array (EbpfctlJson *self)
{
  end_container (self, ']');
}

void
ebpfctl_json_add_null (EbpfctlJson *self, const char *name)
{
  begin_value (self, name);
  g_string_append (self->text, "null");
}

void
ebpfctl_json_add_boolean (EbpfctlJson *self, const char *name, gboolean value)
{
  begin_value (self, name);
  g_string_append (self->text, value ? "true" : "false");
}

void
ebpfctl_json_add_int (EbpfctlJson *self, const char *name, gint64 value)
{
  begin_value (self, name);
  g_string_append_printf (self->text, "%" G_GINT64_FORMAT, value);
}

void
ebpfctl_json_add_uint (EbpfctlJson *self, const char *name, guint64 value)
{
  begin_value (self, name);
  g_string_append_printf (self->text, "%" G_GUINT64_FORMAT, value);
}

void
ebpfctl_json_add_double (EbpfctlJson *self, const char *name, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  /* JSON has no word for infinities and not-a-number. */
  if (!isfinite (value))
    {
      ebpfctl_json_add_null (self, name);
      return;
    }

  begin_value (self, name);
  g_string_append (self->text, g_ascii_dtostr (buffer, sizeof buffer, value));
}

void
ebpfctl_json_add_string (EbpfctlJson *self, const char *name, const char *value)
{
  if (value == NULL)
    {
      ebpfctl_json_add_null (self, name);
      return;
    }

  begin_value (self, name);
  append_string (self, value);
}

static void
add_children (EbpfctlJson *self, const char *name, GVariant *value)
{
  gsize n = g_variant_n_children (value);
  gsize i;

  ebpfctl_json_begin_array (self, name);
  for (i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      ebpfctl_json_add_variant (self, NULL, child);
    }
  ebpfctl_json_end_array (self);
}

static void
add_dictionary (EbpfctlJson *self, const char *name, GVariant *value)
{
  gsize n = g_variant_n_children (value);
  gsize i;

  ebpfctl_json_begin_object (self, name);
  for (i = 0; i < n; i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (value, i);
      g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) member = g_variant_get_child_value (entry, 1);

      ebpfctl_json_add_variant (self, g_variant_get_string (key, NULL), member);
    }
  ebpfctl_json_end_object (self);
}

void
ebpfctl_json_add_variant (EbpfctlJson *self, const char *name, GVariant *value)
{
  g_autoptr (GVariant) inner = NULL;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      ebpfctl_json_add_boolean (self, name, g_variant_get_boolean (value));
      return;
    case G_VARIANT_CLASS_BYTE:
      ebpfctl_json_add_uint (self, name, g_variant_get_byte (value));
      return;
    case G_VARIANT_CLASS_INT16:
      ebpfctl_json_add_int (self, name, g_variant_get_int16 (value));
      return;
    case G_VARIANT_CLASS_UINT16:
      ebpfctl_json_add_uint (self, name, g_variant_get_uint16 (value));
      return;
    case G_VARIANT_CLASS_INT32:
      ebpfctl_json_add_int (self, name, g_variant_get_int32 (value));
      return;
    case G_VARIANT_CLASS_UINT32:
      ebpfctl_json_add_uint (self, name, g_variant_get_uint32 (value));
      return;
    case G_VARIANT_CLASS_INT64:
      ebpfctl_json_add_int (self, name, g_variant_get_int64 (value));
      return;
    case G_VARIANT_CLASS_UINT64:
      ebpfctl_json_add_uint (self, name, g_variant_get_uint64 (value));
      return;
    case G_VARIANT_CLASS_HANDLE:
      ebpfctl_json_add_int (self, name, g_variant_get_handle (value));
      return;
    case G_VARIANT_CLASS_DOUBLE:
      ebpfctl_json_add_double (self, name, g_variant_get_double (value));
      return;
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
      ebpfctl_json_add_string (self, name, g_variant_get_string (value, NULL));
      return;
    case G_VARIANT_CLASS_VARIANT:
      inner = g_variant_get_variant (value);
      ebpfctl_json_add_variant (self, name, inner);
      return;
    case G_VARIANT_CLASS_MAYBE:
      inner = g_variant_get_maybe (value);
      if (inner != NULL)
        ebpfctl_json_add_variant (self, name, inner);
      else
        ebpfctl_json_add_null (self, name);
      return;
    case G_VARIANT_CLASS_ARRAY:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE ("a{s*}")))
        add_dictionary (self, name, value);
      else
        add_children (self, name, value);
      return;
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
      add_children (self, name, value);
      return;
    default:
      g_assert_not_reached ();
    }
}

const char *
ebpfctl_json_peek (EbpfctlJson *self)
{
  return self->text->str;
}

void
ebpfctl_json_print (EbpfctlJson *self)
{
  g_assert (self->depth == 0);

  printf ("%s\n", self->text->str);
  g_string_truncate (self->text, 0);
  self->is_empty = TRUE;
}
