/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-table.h"

#include "ebpfctl-terminal.h"

#include <string.h>

#define GAP 2
#define MIN_SHRUNK_WIDTH 6

typedef struct
{
  char *heading;
  EbpfctlColumnFlags flags;
  guint width;
} Column;

struct _EbpfctlTable
{
  GArray *columns;
  GPtrArray *cells;
};

static void
column_clear (gpointer data)
{
  Column *column = data;

  g_free (column->heading);
}

EbpfctlTable *
ebpfctl_table_new (void)
{
  EbpfctlTable *self = g_new0 (EbpfctlTable, 1);

  self->columns = g_array_new (FALSE, TRUE, sizeof (Column));
  g_array_set_clear_func (self->columns, column_clear);
  self->cells = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
ebpfctl_table_free (EbpfctlTable *self)
{
  g_array_unref (self->columns);
  g_ptr_array_unref (self->cells);
  g_free (self);
}

/* Columns of a terminal that valid UTF-8 takes. */
static guint
text_width (const char *text)
{
  guint width = 0;
  const char *p;

  for (p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!g_unichar_iszerowidth (c))
        width += g_unichar_iswide (c) ? 2 : 1;
    }

  return width;
}

void
ebpfctl_table_add_column (EbpfctlTable *self, const char *heading, EbpfctlColumnFlags flags)
{
  Column column = { g_strdup (heading), flags, text_width (heading) };

  g_assert (self->cells->len == 0);
  g_array_append_val (self->columns, column);
}

void
ebpfctl_table_add_text (EbpfctlTable *self, const char *text)
{
  Column *column;
  char *clean = ebpfctl_terminal_clean (text != NULL ? text : "-");

  column = &g_array_index (self->columns, Column, self->cells->len % self->columns->len);
  column->width = MAX (column->width, text_width (clean));
  g_ptr_array_add (self->cells, clean);
}

void
ebpfctl_table_add_number (EbpfctlTable *self, guint64 number)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, number);
  ebpfctl_table_add_text (self, text);
}

guint
ebpfctl_table_get_n_rows (EbpfctlTable *self)
{
  return self->cells->len / self->columns->len;
}

/* Takes from the widest column that may be cut, one terminal column at a time, until all fits. */
static void
fit (EbpfctlTable *self, guint available)
{
  guint total = (self->columns->len - 1) * GAP;
  guint i;

  for (i = 0; i < self->columns->len; i++)
    total += g_array_index (self->columns, Column, i).width;

  for (; total > available; total--)
    {
      Column *widest = NULL;

      for (i = 0; i < self->columns->len; i++)
        {
          Column *column = &g_array_index (self->columns, Column, i);

          if ((column->flags & EBPFCTL_COLUMN_SHRINK) && column->width > MIN_SHRUNK_WIDTH &&
              (widest == NULL || column->width > widest->width))
            widest = column;
        }

      if (widest == NULL)
        return;
      widest->width--;
    }
}

static void
append_cell (GString *line, const char *text, const Column *column, gboolean is_last)
{
  const char *ellipsis = g_get_charset (NULL) ? "…" : "~";
  guint width = text_width (text);
  guint end = width;
  const char *p = text;

  if (width > column->width)
    {
      /* One column for the ellipsis. */
      for (end = 0; *p != '\0'; p = g_utf8_next_char (p))
        {
          gunichar c = g_utf8_get_char (p);
          guint w = g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;

          if (end + w > column->width - 1)
            break;
          end += w;
        }
      g_string_append_len (line, text, p - text);
      g_string_append (line, ellipsis);
      end++;
    }
  else
    {
      if (column->flags & EBPFCTL_COLUMN_RIGHT)
        g_string_append_printf (line, "%*s", (int) (column->width - width), "");
      g_string_append (line, text);
      if (column->flags & EBPFCTL_COLUMN_RIGHT)
        end = column->width;
    }

  if (!is_last)
    g_string_append_printf (line, "%*s", (int) (column->width - end + GAP), "");
}

static void
print_row (EbpfctlTable *self, guint indent, const char *const *cells, EbpfctlStyle style)
{
  g_autoptr (GString) line = g_string_new (NULL);
  guint i;

  for (i = 0; i < self->columns->len; i++)
    append_cell (line, cells[i], &g_array_index (self->columns, Column, i),
                 i + 1 == self->columns->len);

  printf ("%*s%s%s%s\n", (int) indent, "", ebpfctl_terminal_begin_style (stdout, style), line->str,
          ebpfctl_terminal_end_style (stdout, style));
}

void
ebpfctl_table_print (EbpfctlTable *self, guint indent)
{
  guint width = ebpfctl_terminal_get_width ();
  g_autofree const char **headings = g_new0 (const char *, self->columns->len);
  guint i;

  g_assert (self->cells->len % self->columns->len == 0);

  if (width > 0)
    fit (self, width > indent ? width - indent : 1);

  for (i = 0; i < self->columns->len; i++)
    headings[i] = g_array_index (self->columns, Column, i).heading;
  print_row (self, indent, headings, EBPFCTL_STYLE_HEADING);

  for (i = 0; i < self->cells->len; i += self->columns->len)
    print_row (self, indent, (const char *const *) &self->cells->pdata[i], EBPFCTL_STYLE_PLAIN);
}
