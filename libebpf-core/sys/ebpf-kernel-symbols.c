/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-kernel-symbols-private.h"

#include <string.h>

#define KALLSYMS "/proc/kallsyms"

/* No function is as long: an address farther in is in something that came after the table. */
#define MAX_FUNCTION (1u << 20)

/* The least time between two readings, which take some 50 ms each. */
#define MIN_AGE (G_USEC_PER_SEC)

typedef struct
{
  guint64 address;
  guint32 name;   /* offset in the text */
  guint32 module; /* the same, or 0 */
} Symbol;

typedef struct
{
  char *text;
  GArray *symbols;
  gint64 time;
} Table;

static GMutex lock;
static Table *table;

static void
table_free (Table *self)
{
  g_free (self->text);
  g_array_unref (self->symbols);
  g_free (self);
}

static int
compare_symbols (gconstpointer a, gconstpointer b)
{
  const Symbol *one = a, *other = b;

  if (one->address != other->address)
    return one->address < other->address ? -1 : 1;
  /* In the order of the file. */
  return one->name < other->name ? -1 : one->name > other->name;
}

/* "ffffffff81000000 T name\t[module]"; what is no code is left out. Cuts @line up. */
static void
add_line (Table *self, char *line)
{
  char *end, *name, *tab;
  Symbol symbol = { 0 };

  symbol.address = g_ascii_strtoull (line, &end, 16);
  if (symbol.address == 0 || end[0] != ' ' || end[1] == '\0' || end[2] != ' ' || end[3] == '\0' ||
      strchr ("tTwW", end[1]) == NULL)
    return;

  name = end + 3;
  tab = strchr (name, '\t');
  symbol.name = (guint32) (name - self->text);
  if (tab != NULL)
    {
      gsize length = strlen (tab + 1);

      *tab = '\0';
      if (length > 2 && tab[1] == '[' && tab[length] == ']')
        {
          tab[length] = '\0';
          symbol.module = (guint32) (tab + 2 - self->text);
        }
    }

  g_array_append_vals (self->symbols, &symbol, 1);
}

static Table *
table_read (const char *path)
{
  Table *self = g_new0 (Table, 1);
  gsize length = 0;

  self->symbols = g_array_new (FALSE, FALSE, sizeof (Symbol));
  self->time = g_get_monotonic_time ();
  if (!g_file_get_contents (path, &self->text, &length, NULL) || length > G_MAXUINT32)
    return self;

  for (char *line = self->text; line != NULL && *line != '\0';)
    {
      char *newline = strchr (line, '\n');

      if (newline != NULL)
        *newline = '\0';
      add_line (self, line);
      line = newline != NULL ? newline + 1 : NULL;
    }

  g_array_sort (self->symbols, compare_symbols);

  return self;
}

static const Symbol *
table_find (Table *self, guint64 address)
{
  guint low = 0, high = self->symbols->len;
  const Symbol *found;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (self->symbols, Symbol, middle).address <= address)
        low = middle + 1;
      else
        high = middle;
    }

  if (low == 0)
    return NULL;

  found = &g_array_index (self->symbols, Symbol, low - 1);
  if (address - found->address >= MAX_FUNCTION)
    return NULL;

  /* Of several names of one address the first. */
  while (found != &g_array_index (self->symbols, Symbol, 0) && found[-1].address == found->address)
    found--;

  return found;
}

static char *
describe (Table *self, const Symbol *symbol, guint64 address, guint64 *offset, char **module)
{
  if (offset != NULL)
    *offset = symbol != NULL ? address - symbol->address : 0;
  if (module != NULL)
    *module = symbol != NULL && symbol->module != 0 ? g_strdup (self->text + symbol->module) : NULL;

  return symbol != NULL ? g_strdup (self->text + symbol->name) : NULL;
}

char *
ebpf_kernel_symbols_find (guint64 address, guint64 *offset, char **module)
{
  const Symbol *symbol = NULL;
  char *name;

  g_mutex_lock (&lock);

  if (table != NULL)
    symbol = table_find (table, address);
  if (symbol == NULL && (table == NULL || g_get_monotonic_time () - table->time > MIN_AGE))
    {
      g_clear_pointer (&table, table_free);
      table = table_read (KALLSYMS);
      symbol = table_find (table, address);
    }
  name = describe (table, symbol, address, offset, module);

  g_mutex_unlock (&lock);

  return name;
}

char *
ebpf_kernel_symbols_find_in (const char *path, guint64 address, guint64 *offset, char **module)
{
  Table *other = table_read (path);
  char *name = describe (other, table_find (other, address), address, offset, module);

  table_free (other);

  return name;
}

void
ebpf_kernel_symbols_drop (void)
{
  g_mutex_lock (&lock);
  g_clear_pointer (&table, table_free);
  g_mutex_unlock (&lock);
}
