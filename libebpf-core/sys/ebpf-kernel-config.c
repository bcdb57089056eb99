/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-kernel-config-private.h"

#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

#define PREFIX "CONFIG_"
#define PROC_CONFIG "/proc/config.gz"

/* A configuration has about 300 KiB: one of this size is something else. */
#define MAX_SIZE (64 * 1024 * 1024)

GHashTable *
ebpf_kernel_config_new (const char *const *names)
{
  GHashTable *values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (; names != NULL && *names != NULL; names++)
    g_hash_table_insert (values, g_strdup (*names), NULL);

  return values;
}

static guint
count_unknown (GHashTable *values)
{
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  g_hash_table_iter_init (&iter, values);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    n += value == NULL;

  return n;
}

static gboolean
set_malformed (GError **error, const char *source, guint line, const char *what)
{
  ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "%s: line %u %s", source, line, what);
  return FALSE;
}

gboolean
ebpf_kernel_config_parse (GHashTable *values,
                          const char *text,
                          gsize length,
                          const char *source,
                          GError **error)
{
  const char *end = text + length;
  g_autoptr (GString) name = g_string_new (NULL);
  guint n_unknown = count_unknown (values);
  guint line = 0;

  while (text < end && n_unknown > 0)
    {
      const char *newline = memchr (text, '\n', (gsize) (end - text));
      const char *stop = newline != NULL ? newline : end;
      const char *start = text;
      const char *equals;
      gpointer key, value;

      line++;
      text = newline != NULL ? newline + 1 : end;

      if ((gsize) (stop - start) < strlen (PREFIX) || memcmp (start, PREFIX, strlen (PREFIX)) != 0)
        continue;

      equals = memchr (start, '=', (gsize) (stop - start));
      if (equals == NULL)
        return set_malformed (error, source, line, "names an option but has no \"=\"");
      while (stop > equals + 1 && g_ascii_isspace (stop[-1]))
        stop--;
      if (stop == equals + 1)
        return set_malformed (error, source, line, "gives an option no value");
      if (memchr (start, '\0', (gsize) (stop - start)) != NULL)
        return set_malformed (error, source, line, "has a zero byte in it");

      g_string_truncate (name, 0);
      g_string_append_len (name, start, equals - start);
      if (!g_hash_table_lookup_extended (values, name->str, &key, &value) || value != NULL)
        continue;

      g_hash_table_insert (values, g_strdup (name->str),
                           g_strndup (equals + 1, (gsize) (stop - equals - 1)));
      n_unknown--;
    }

  return TRUE;
}

gboolean
ebpf_kernel_config_read_file (GHashTable *values, const char *path, GError **error)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  gboolean done = FALSE;
  gzFile file;

  errno = 0;
  file = gzopen (path, "rbe");
  if (file == NULL)
    {
      int errsv = errno != 0 ? errno : ENOMEM;

      if (errsv == ENOENT)
        ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, errsv, "there is no %s", path);
      else
        ebpf_sys_set_error (error, errsv, "opening %s", path);
      return FALSE;
    }
  gzbuffer (file, 64 * 1024);

  for (;;)
    {
      guint have = text->len;
      int got;

      g_byte_array_set_size (text, have + 256 * 1024);
      got = gzread (file, text->data + have, 256 * 1024);
      if (got < 0)
        {
          int code;
          const char *message = gzerror (file, &code);

          if (code == Z_ERRNO)
            ebpf_sys_set_error (error, errno, "reading %s", path);
          else
            ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "%s: %s", path, message);
          break;
        }
      g_byte_array_set_size (text, have + (guint) got);

      if (got == 0)
        {
          int code;

          /* A stream that is cut off reads like one that ends. */
          gzerror (file, &code);
          if (code == Z_BUF_ERROR)
            ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "%s: the gzip stream is cut off", path);
          else
            done = ebpf_kernel_config_parse (values, (const char *) text->data, text->len, path,
                                             error);
          break;
        }
      if (text->len > MAX_SIZE)
        {
          ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "%s: larger than any configuration",
                          path);
          break;
        }
    }

  gzclose_r (file);
  return done;
}

gboolean
ebpf_kernel_config_read (GHashTable *values, GError **error)
{
  g_autofree char *boot_path = NULL;
  const char *paths[2];
  struct utsname name;

  if (count_unknown (values) == 0)
    return TRUE;

  uname (&name);
  boot_path = g_strdup_printf ("/boot/config-%s", name.release);
  paths[0] = boot_path;
  paths[1] = PROC_CONFIG;

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) local_error = NULL;

      if (ebpf_kernel_config_read_file (values, paths[i], &local_error))
        return TRUE;
      if (!g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
    }

  ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, ENOENT,
                  "how the kernel was configured is not known: there is neither %s nor " PROC_CONFIG
                  " (CONFIG_IKCONFIG_PROC)",
                  boot_path);
  return FALSE;
}
