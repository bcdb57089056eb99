/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-verifier-log-private.h"

#include <errno.h>
#include <string.h>

guint32
ebpf_verifier_log_next_size (guint32 size, guint32 true_size, int errsv)
{
  if (errsv != ENOSPC || size >= EBPF_VERIFIER_LOG_MAX)
    return 0;

  if (true_size > size)
    return MIN (true_size, EBPF_VERIFIER_LOG_MAX);

  if (size < EBPF_VERIFIER_LOG_START)
    return EBPF_VERIFIER_LOG_START;

  return size > EBPF_VERIFIER_LOG_MAX / 2 ? EBPF_VERIFIER_LOG_MAX : size * 2;
}

char *
ebpf_verifier_log_extract (const char *buffer, gsize size)
{
  gsize start = 0, end;
  const char *invalid;

  if (buffer == NULL)
    return NULL;

  end = strnlen (buffer, size);
  while (end > 0 && g_ascii_isspace (buffer[end - 1]))
    end--;

  /* Whole empty lines go, the indentation of the first line with text stays. */
  for (gsize i = 0; i < end && g_ascii_isspace (buffer[i]); i++)
    if (buffer[i] == '\n')
      start = i + 1;

  if (start >= end)
    return NULL;

  /* Source lines are printed as they were compiled, in whatever encoding. */
  if (!g_utf8_validate_len (buffer + start, end - start, &invalid))
    return g_utf8_make_valid (buffer + start, (gssize) (end - start));

  return g_strndup (buffer + start, end - start);
}

/* The log is walked backwards, a line at a time: it can be many megabytes long and what counts is
 * at its end. */
typedef struct
{
  const char *text;
  gsize length;
} Line;

static gboolean
previous_line (const char *log, gsize *position, Line *line)
{
  gsize end = *position, start;

  if (end == 0)
    return FALSE;

  start = end;
  while (start > 0 && log[start - 1] != '\n')
    start--;

  line->text = log + start;
  line->length = end - start;
  while (line->length > 0 && g_ascii_isspace (line->text[line->length - 1]))
    line->length--;

  *position = start > 0 ? start - 1 : 0;
  return TRUE;
}

static gboolean
line_has_prefix (const Line *line, const char *prefix)
{
  gsize length = strlen (prefix);

  return line->length >= length && memcmp (line->text, prefix, length) == 0;
}

static char *
line_dup (const Line *line)
{
  char *text = g_strndup (line->text, line->length);

  return g_strstrip (text);
}

/* What the verifier prints after it has said why. */
static gboolean
is_statistics (const Line *line)
{
  return line_has_prefix (line, "processed ") || line_has_prefix (line, "verification time ") ||
         line_has_prefix (line, "stack depth ");
}

static gboolean
needs_context (const Line *line)
{
  return line_has_prefix (line, "\t") || line_has_prefix (line, "invalid bpf_context access") ||
         (line->length > 1 && line->text[0] == 'R' && g_ascii_isdigit (line->text[1]));
}

/* The text of a section: what follows the heading up to an empty line or the next heading. */
static char *
dup_section (const char *text)
{
  g_autoptr (GString) joined = g_string_new (NULL);

  while (*text != '\0')
    {
      const char *end = strchrnul (text, '\n');
      g_autofree char *line = g_strndup (text, (gsize) (end - text));
      gboolean indented = g_ascii_isspace (line[0]);

      g_strstrip (line);
      if (line[0] == '\0' || (!indented && g_str_has_suffix (line, ":")))
        break;

      if (joined->len > 0)
        g_string_append_c (joined, ' ');
      g_string_append (joined, line);
      text = *end == '\0' ? end : end + 1;
    }

  /* A sentence there, part of a line in a message. */
  if (joined->len > 0 && joined->str[joined->len - 1] == '.')
    g_string_truncate (joined, joined->len - 1);

  return joined->len > 0 ? g_strdup (joined->str) : NULL;
}

static char *
dup_sectioned_reason (const char *log)
{
  static const char title[] = "Verification failed:";
  gsize position = strlen (log);
  Line line;

  while (previous_line (log, &position, &line))
    {
      if (line.length == strlen ("Reason:") && line_has_prefix (&line, "Reason:"))
        {
          const char *end = strchrnul (line.text, '\n');
          char *reason = dup_section (*end == '\0' ? end : end + 1);

          if (reason != NULL)
            return reason;
        }
      else if (line_has_prefix (&line, title))
        {
          line.text += strlen (title);
          line.length -= strlen (title);
          return line.length > 0 ? line_dup (&line) : NULL;
        }
    }

  return NULL;
}

/* Behind the reason it prints the two states that are the same, one or more lines each. */
static gboolean
is_state (const Line *line)
{
  return line_has_prefix (line, "cur state:") || line_has_prefix (line, "old state:");
}

char *
ebpf_verifier_log_get_reason (const char *log)
{
  gsize position;
  Line line, before;
  char *reason;

  if (log == NULL)
    return NULL;

  /* Linux 7.3; the words stand at the start of a line, which source code (after "; ") never does.
   */
  if (g_str_has_prefix (log, "Verification failed:") ||
      strstr (log, "\nVerification failed:") != NULL)
    {
      reason = dup_sectioned_reason (log);
      if (reason != NULL)
        return reason;
    }

  position = strlen (log);
  do
    if (!previous_line (log, &position, &line))
      return NULL;
  while (line.length == 0 || is_statistics (&line) || is_state (&line));

  if (needs_context (&line))
    while (previous_line (log, &position, &before))
      if (before.length > 0)
        {
          g_autofree char *context = line_dup (&before);
          g_autofree char *last = line_dup (&line);

          return g_strdup_printf ("%s: %s", context, last);
        }

  return line_dup (&line);
}

char *
ebpf_verifier_log_get_source_line (const char *log)
{
  gsize position;
  Line line;

  if (log == NULL)
    return NULL;

  position = strlen (log);
  while (previous_line (log, &position, &line))
    if (line.length > 2 && line_has_prefix (&line, "; "))
      {
        line.text += 2;
        line.length -= 2;
        return line_dup (&line);
      }

  return NULL;
}

gboolean
ebpf_verifier_log_is_about_ext_info (const char *log)
{
  static const char *const words[] = { "func_info", "func info", "line_info", "line info" };
  g_autofree char *reason = ebpf_verifier_log_get_reason (log);

  if (reason == NULL)
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (strstr (reason, words[i]) != NULL)
      return TRUE;

  return FALSE;
}

/* "12: (18) …": the number at the start of the line that holds @position. */
static guint32
insn_of_line (const char *log, const char *position)
{
  const char *start = position;
  char *end;
  guint64 insn;

  while (start > log && start[-1] != '\n')
    start--;

  if (!g_ascii_isdigit (*start))
    return G_MAXUINT32;

  insn = g_ascii_strtoull (start, &end, 10);
  return *end == ':' && insn < G_MAXUINT32 ? (guint32) insn : G_MAXUINT32;
}

gboolean
ebpf_verifier_log_find_unknown_call (const char *log, guint32 *helper, guint32 *insn)
{
  static const char complaint[] = "invalid func unknown#";
  g_autofree char *call = NULL;
  const char *found, *trace;
  guint64 number;

  found = log != NULL ? g_strrstr (log, complaint) : NULL;
  if (found == NULL)
    return FALSE;

  number = g_ascii_strtoull (found + strlen (complaint), NULL, 10);
  if (number > G_MAXUINT32)
    return FALSE;

  call = g_strdup_printf ("(85) call unknown#%u", (guint32) number);
  trace = g_strrstr (log, call);

  *helper = (guint32) number;
  *insn = trace != NULL ? insn_of_line (log, trace) : G_MAXUINT32;
  return TRUE;
}

gboolean
ebpf_verifier_log_find_bad_load (const char *log, guint64 immediate, guint32 *insn)
{
  g_autofree char *load = NULL;
  const char *found;

  if (log == NULL)
    return FALSE;

  /* Nothing else loads r10: the verifier stops at the first that does. */
  load = g_strdup_printf ("(18) r10 = 0x%" G_GINT64_MODIFIER "x", immediate);
  found = g_strrstr (log, load);
  if (found == NULL)
    return FALSE;

  *insn = insn_of_line (log, found);
  return TRUE;
}
