/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <stdio.h>

G_BEGIN_DECLS

typedef enum
{
  EBPFCTL_STYLE_PLAIN,
  EBPFCTL_STYLE_HEADING,
  EBPFCTL_STYLE_DIM,
  EBPFCTL_STYLE_ERROR,
} EbpfctlStyle;

/* Columns that a line on stdout may have: of the terminal, or as COLUMNS says; 0 for no limit. */
guint ebpfctl_terminal_get_width (void);

/* The escape sequences around styled text; "" where @stream is no terminal or NO_COLOR is set. */
const char *ebpfctl_terminal_begin_style (FILE *stream, EbpfctlStyle style);
const char *ebpfctl_terminal_end_style (FILE *stream, EbpfctlStyle style);

/* Text that comes from a file or the kernel, safe for a terminal: valid UTF-8 and no control
 * characters; line breaks become spaces. */
char *ebpfctl_terminal_clean (const char *text);

G_END_DECLS
