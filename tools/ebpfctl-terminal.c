/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

guint
ebpfctl_terminal_get_width (void)
{
  const char *columns = g_getenv ("COLUMNS");
  struct winsize size;
  guint64 n;

  if (columns != NULL && g_ascii_string_to_unsigned (columns, 10, 1, G_MAXUINT16, &n, NULL))
    return (guint) n;

  if (isatty (STDOUT_FILENO) && ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
    return size.ws_col;

  return 0;
}

static gboolean
has_colour (FILE *stream)
{
  const char *no_colour = g_getenv ("NO_COLOR");

  return (no_colour == NULL || *no_colour == '\0') && isatty (fileno (stream)) &&
         g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

const char *
ebpfctl_terminal_begin_style (FILE *stream, EbpfctlStyle style)
{
  if (style == EBPFCTL_STYLE_PLAIN || !has_colour (stream))
    return "";

  switch (style)
    {
    case EBPFCTL_STYLE_HEADING:
      return "\033[1m";
    case EBPFCTL_STYLE_DIM:
      return "\033[2m";
    case EBPFCTL_STYLE_ERROR:
      return "\033[1;31m";
    case EBPFCTL_STYLE_PLAIN:
    default:
      return "";
    }
}

const char *
ebpfctl_terminal_end_style (FILE *stream, EbpfctlStyle style)
{
  return *ebpfctl_terminal_begin_style (stream, style) != '\0' ? "\033[0m" : "";
}

char *
ebpfctl_terminal_clean (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_sized_new (strlen (valid));
  const char *p;

  for (p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\n' || c == '\r' || c == '\t')
        {
          if (clean->len > 0 && clean->str[clean->len - 1] != ' ')
            g_string_append_c (clean, ' ');
        }
      else if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
        g_string_append_printf (clean, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
      else
        g_string_append_unichar (clean, c);
    }

  /* What a line break at the end left behind. */
  while (clean->len > 0 && clean->str[clean->len - 1] == ' ')
    g_string_truncate (clean, clean->len - 1);

  return g_string_free (clean, FALSE);
}
