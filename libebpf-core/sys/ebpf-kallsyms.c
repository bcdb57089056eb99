/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-kallsyms-private.h"

#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define KALLSYMS "/proc/kallsyms"
#define BUFFER_SIZE (256 * 1024)

/* Most of 120,000 names are none of those asked for; their length and first letter tell. */
typedef struct
{
  GHashTable *symbols;
  const char *path;
  gboolean lengths[256];
  gboolean letters[256];
  guint64 line;
} Scan;

static gboolean
set_malformed (const Scan *scan, const char *what, GError **error)
{
  ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "%s: line %" G_GUINT64_FORMAT " %s", scan->path,
                  scan->line, what);
  return FALSE;
}

/* "ffffffff81000000 T name", for a module's "\t[module]" behind. @line ends with a newline, which
 * may be overwritten. */
static gboolean
scan_line (Scan *scan, char *line, char *end, GError **error)
{
  EbpfKallsym *symbol;
  guint64 address = 0;
  char *p = line, *name, *tab;
  gsize length;

  scan->line++;
  for (; p < end && g_ascii_isxdigit (*p); p++)
    {
      if (p - line == 16)
        return set_malformed (scan, "starts with a number of more than 64 bits", error);
      address = address << 4 | (guint64) g_ascii_xdigit_value (*p);
    }

  if (p == line || end - p < 4 || p[0] != ' ' || p[2] != ' ')
    return set_malformed (scan, "is not an address, a letter and a name", error);

  name = p + 3;
  tab = memchr (name, '\t', (gsize) (end - name));
  if (tab == NULL)
    tab = end;
  length = (gsize) (tab - name);

  if (!scan->lengths[MIN (length, 255)] || !scan->letters[(guchar) name[0]])
    return TRUE;

  *tab = '\0';
  symbol = g_hash_table_lookup (scan->symbols, name);
  if (symbol == NULL)
    return TRUE;

  if (!symbol->found)
    {
      symbol->found = TRUE;
      symbol->address = address;
    }
  else if (symbol->address != address && !symbol->ambiguous)
    {
      symbol->ambiguous = TRUE;
      symbol->other = address;
    }

  return TRUE;
}

static gboolean
scan_file (Scan *scan, int fd, GError **error)
{
  g_autofree char *buffer = g_malloc (BUFFER_SIZE + 1);
  gsize have = 0;

  for (;;)
    {
      gssize got = read (fd, buffer + have, BUFFER_SIZE - have);
      char *line = buffer, *newline;

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          ebpf_sys_set_error (error, errno, "reading %s", scan->path);
          return FALSE;
        }

      have += (gsize) got;
      /* The last line may lack its newline. */
      if (got == 0 && have > 0)
        buffer[have++] = '\n';

      while ((newline = memchr (line, '\n', have - (gsize) (line - buffer))) != NULL)
        {
          if (!scan_line (scan, line, newline, error))
            return FALSE;
          line = newline + 1;
        }

      if (got == 0)
        return TRUE;

      have -= (gsize) (line - buffer);
      memmove (buffer, line, have);
      if (have == BUFFER_SIZE)
        {
          scan->line++;
          return set_malformed (scan, "has no end", error);
        }
    }
}

gboolean
ebpf_kallsyms_resolve_file (GHashTable *symbols, const char *path, GError **error)
{
  Scan scan = { .symbols = symbols, .path = path };
  GHashTableIter iter;
  gpointer name;
  gboolean done;
  int fd;

  if (g_hash_table_size (symbols) == 0)
    return TRUE;

  g_hash_table_iter_init (&iter, symbols);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      scan.lengths[MIN (strlen (name), 255)] = TRUE;
      scan.letters[*(const guchar *) name] = TRUE;
    }

  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    {
      if (errno == ENOENT)
        return TRUE;
      ebpf_sys_set_error (error, errno, "opening %s", path);
      return FALSE;
    }

  done = scan_file (&scan, fd, error);
  close (fd);
  return done;
}

gboolean
ebpf_kallsyms_resolve (GHashTable *symbols, GError **error)
{
  return ebpf_kallsyms_resolve_file (symbols, KALLSYMS, error);
}

/* Source: SYSCALL_WRAPPER in arch/ARCH/include/asm/syscall_wrapper.h. */
#if defined(__x86_64__)
#define WRAPPED_BPF "__x64_sys_bpf"
#elif defined(__i386__)
#define WRAPPED_BPF "__ia32_sys_bpf"
#elif defined(__aarch64__)
#define WRAPPED_BPF "__arm64_sys_bpf"
#elif defined(__s390x__)
#define WRAPPED_BPF "__s390x_sys_bpf"
#elif defined(__riscv)
#define WRAPPED_BPF "__riscv_sys_bpf"
#endif

gboolean
ebpf_sys_has_syscall_wrapper (void)
{
#ifdef WRAPPED_BPF
  static gsize known;

  /* Names are there for everybody, addresses or not. */
  if (g_once_init_enter (&known))
    {
      g_autoptr (GHashTable) symbols = g_hash_table_new (g_str_hash, g_str_equal);
      g_autoptr (GError) error = NULL;
      EbpfKallsym symbol = { 0 };

      g_hash_table_insert (symbols, (gpointer) WRAPPED_BPF, &symbol);
      if (!ebpf_kallsyms_resolve (symbols, &error))
        g_debug ("whether system calls are wrapped: %s", error->message);
      g_once_init_leave (&known, symbol.found ? 2 : 1);
    }

  return known == 2;
#else
  return FALSE;
#endif
}
