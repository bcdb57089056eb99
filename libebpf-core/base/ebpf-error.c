/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/ebpf-error-private.h"

#include <stdarg.h>

typedef struct
{
  int errsv;
  char *log;
} EbpfErrorPrivate;

static void
ebpf_error_private_init (EbpfErrorPrivate *priv)
{
  priv->errsv = 0;
  priv->log = NULL;
}

static void
ebpf_error_private_copy (const EbpfErrorPrivate *src, EbpfErrorPrivate *dest)
{
  dest->errsv = src->errsv;
  dest->log = g_strdup (src->log);
}

static void
ebpf_error_private_clear (EbpfErrorPrivate *priv)
{
  g_free (priv->log);
}

G_DEFINE_EXTENDED_ERROR (EbpfError, ebpf_error)

/**
 * ebpf_error_get_errno:
 * @error: an error of any domain
 *
 * Gets the errno with which the kernel answered.
 *
 * Returns: a positive errno, or 0 where the error did not come from a system call
 */
int
ebpf_error_get_errno (const GError *error)
{
  if (error == NULL || error->domain != EBPF_ERROR)
    return 0;

  return ebpf_error_get_private (error)->errsv;
}

/**
 * ebpf_error_get_log:
 * @error: an error of any domain
 *
 * Gets the whole log that the kernel's verifier wrote about a rejected program.
 *
 * A binding that cannot keep the log with the error finds it in
 * [property@Collection:verifier-log] too.
 *
 * Returns: (nullable) (transfer none): the log, or %NULL where there is none
 */
const char *
ebpf_error_get_log (const GError *error)
{
  if (error == NULL || error->domain != EBPF_ERROR)
    return NULL;

  return ebpf_error_get_private (error)->log;
}

void
ebpf_error_set (GError **error, EbpfError code, int errsv, const char *format, ...)
{
  va_list args;

  if (error == NULL)
    return;

  g_return_if_fail (*error == NULL);

  va_start (args, format);
  *error = g_error_new_valist (EBPF_ERROR, code, format, args);
  va_end (args);

  /* Names out of a damaged file are not text yet, and a message that is none breaks whoever shows it. */
  if (!g_utf8_validate ((*error)->message, -1, NULL))
    {
      char *raw = (*error)->message;

      (*error)->message = g_utf8_make_valid (raw, -1);
      g_free (raw);
    }

  ebpf_error_get_private (*error)->errsv = errsv;
}

void
ebpf_error_set_log (GError *error, const char *log)
{
  EbpfErrorPrivate *priv;

  if (error == NULL || error->domain != EBPF_ERROR)
    return;

  priv = ebpf_error_get_private (error);
  g_free (priv->log);
  priv->log = g_strdup (log);
}

void
ebpf_error_propagate_prefixed (GError **dest, GError *src, const char *format, ...)
{
  g_autofree char *prefix = NULL;
  va_list args;

  if (dest == NULL)
    {
      g_error_free (src);
      return;
    }

  va_start (args, format);
  prefix = g_strdup_vprintf (format, args);
  va_end (args);

  g_propagate_error (dest, src);
  g_prefix_error_literal (dest, prefix);
}
