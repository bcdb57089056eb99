/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Source of the format: Documentation/bpf/btf.rst, "BTF ELF sections". A header of two tables is
 * one of before CO-RE (clang 9), of three one of today; a table is a record size and then, for each
 * section of code, its name, a number of records and the records. */

#include "btf/ebpf-ext-info-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

#define FIXED_HEADER_LENGTH 8
#define MIN_HEADER_LENGTH 24
#define CORE_HEADER_LENGTH 32

/* More than any version will need, and small enough that a damaged one is found out. */
#define MAX_RECORD_SIZE 1024

#define INSN_SIZE 8

typedef enum
{
  FUNCTIONS,
  LINES,
  RELOCATIONS,
  N_TABLES
} Table;

static const char *const table_names[N_TABLES] = { "functions", "lines", "relocations" };
static const guint32 record_sizes[N_TABLES] = { 8, 16, 16 };

typedef struct
{
  const guint8 *data;
  gsize size;
  gboolean swapped;
  EbpfBtf *btf;
  GHashTable *sections;
} Parser;

static inline guint32
get32 (const Parser *parser, gsize offset)
{
  guint32 word;

  memcpy (&word, parser->data + offset, sizeof word);
  return parser->swapped ? GUINT32_SWAP_LE_BE (word) : word;
}

static void
section_free (gpointer data)
{
  EbpfExtSection *section = data;

  g_array_unref (section->func_infos);
  g_array_unref (section->line_infos);
  g_array_unref (section->core_relos);
  g_free (section);
}

static EbpfExtSection *
ensure_section (Parser *parser, const char *name)
{
  EbpfExtSection *section = g_hash_table_lookup (parser->sections, name);

  if (section == NULL)
    {
      section = g_new (EbpfExtSection, 1);
      section->func_infos = g_array_new (FALSE, FALSE, sizeof (EbpfFuncInfo));
      section->line_infos = g_array_new (FALSE, FALSE, sizeof (EbpfLineInfo));
      section->core_relos = g_array_new (FALSE, FALSE, sizeof (EbpfCoreRelo));
      g_hash_table_insert (parser->sections, g_strdup (name), section);
    }

  return section;
}

static GArray *
records_of (EbpfExtSection *section, Table table)
{
  switch (table)
    {
    case FUNCTIONS:
      return section->func_infos;
    case LINES:
      return section->line_infos;
    case RELOCATIONS:
      return section->core_relos;
    case N_TABLES:
    default:
      g_return_val_if_reached (NULL);
    }
}

static gboolean
check_string (Parser *parser, guint32 string, Table table, gsize offset, GError **error)
{
  if (ebpf_btf_has_string (parser->btf, string))
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                  ".BTF.ext: the record of %s at offset %" G_GSIZE_FORMAT
                  " has a string at offset %u, which is beyond the end of the strings",
                  table_names[table], offset, string);
  return FALSE;
}

static gboolean
check_type (Parser *parser,
            guint32 id,
            gboolean is_function,
            Table table,
            gsize offset,
            GError **error)
{
  const struct btf_type *type = ebpf_btf_peek (parser->btf, id);

  if (type != NULL && (!is_function || ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FUNC))
    return TRUE;

  ebpf_error_set (
      error, EBPF_ERROR_BTF, 0,
      ".BTF.ext: the record of %s at offset %" G_GSIZE_FORMAT " refers to type %u, which %s",
      table_names[table], offset, id, type == NULL ? "does not exist" : "is no function");
  return FALSE;
}

static gboolean
parse_record (Parser *parser,
              GArray *records,
              guint index,
              Table table,
              gsize offset,
              GError **error)
{
  guint32 insn = get32 (parser, offset);

  if (insn % INSN_SIZE != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      ".BTF.ext: the record of %s at offset %" G_GSIZE_FORMAT
                      " is about byte %u of the code, where no instruction begins",
                      table_names[table], offset, insn);
      return FALSE;
    }
  insn /= INSN_SIZE;

  switch (table)
    {
    case FUNCTIONS:
      {
        EbpfFuncInfo info = { insn, get32 (parser, offset + 4) };

        if (!check_type (parser, info.type_id, TRUE, table, offset, error))
          return FALSE;
        g_array_index (records, EbpfFuncInfo, index) = info;
        return TRUE;
      }

    case LINES:
      {
        EbpfLineInfo info = { insn, get32 (parser, offset + 4), get32 (parser, offset + 8),
                              get32 (parser, offset + 12) };

        if (!check_string (parser, info.file_name_off, table, offset, error) ||
            !check_string (parser, info.line_off, table, offset, error))
          return FALSE;
        g_array_index (records, EbpfLineInfo, index) = info;
        return TRUE;
      }

    case RELOCATIONS:
      {
        EbpfCoreRelo relo = { insn, get32 (parser, offset + 4), get32 (parser, offset + 8),
                              get32 (parser, offset + 12) };

        if (!check_type (parser, relo.type_id, FALSE, table, offset, error) ||
            !check_string (parser, relo.access_str_off, table, offset, error))
          return FALSE;
        g_array_index (records, EbpfCoreRelo, index) = relo;
        return TRUE;
      }

    case N_TABLES:
    default:
      g_return_val_if_reached (FALSE);
    }
}

static gboolean
parse_table (Parser *parser, Table table, guint64 start, guint32 length, GError **error)
{
  gsize offset = start, end;
  guint32 record_size;

  if (length == 0)
    return TRUE;

  if (start + length > parser->size || length < 4)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      ".BTF.ext: the table of %s at offset %" G_GUINT64_FORMAT
                      ", %u bytes long, does not fit the section of %" G_GSIZE_FORMAT " bytes",
                      table_names[table], start, length, parser->size);
      return FALSE;
    }

  end = start + length;
  record_size = get32 (parser, offset);
  offset += 4;
  if (record_size < record_sizes[table] || record_size > MAX_RECORD_SIZE || record_size % 4 != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      ".BTF.ext: the table of %s at offset %" G_GUINT64_FORMAT
                      " has records of %u bytes",
                      table_names[table], start, record_size);
      return FALSE;
    }

  while (offset < end)
    {
      GArray *records;
      const char *name;
      guint32 name_offset, n_records, first, i;

      if (end - offset < 8)
        {
          ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                          ".BTF.ext: the table of %s is cut off at offset %" G_GSIZE_FORMAT,
                          table_names[table], offset);
          return FALSE;
        }

      name_offset = get32 (parser, offset);
      n_records = get32 (parser, offset + 4);
      if (!check_string (parser, name_offset, table, offset, error))
        return FALSE;

      name = ebpf_btf_peek_name (parser->btf, name_offset);
      if (name[0] == '\0' || n_records == 0 || n_records > (end - offset - 8) / record_size)
        {
          ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                          ".BTF.ext: the table of %s at offset %" G_GSIZE_FORMAT
                          " has %u records for section \"%s\"",
                          table_names[table], offset, n_records, name);
          return FALSE;
        }
      offset += 8;

      records = records_of (ensure_section (parser, name), table);
      first = records->len;
      g_array_set_size (records, first + n_records);
      for (i = 0; i < n_records; i++, offset += record_size)
        if (!parse_record (parser, records, first + i, table, offset, error))
          return FALSE;
    }

  return TRUE;
}

/* Every record begins with its instruction. */
static int
compare_records (gconstpointer a, gconstpointer b)
{
  guint32 first = *(const guint32 *) a, second = *(const guint32 *) b;

  return (first > second) - (first < second);
}

static void
sort_records (GArray *array)
{
  guint size = g_array_get_element_size (array), i;

  /* Compilers write them in order. */
  for (i = 1; i < array->len; i++)
    if (compare_records (array->data + (gsize) size * (i - 1), array->data + (gsize) size * i) > 0)
      {
        g_array_sort (array, compare_records);
        return;
      }
}

GHashTable *
ebpf_ext_info_parse (GBytes *bytes, EbpfBtf *btf, gboolean swapped, GError **error)
{
  g_autoptr (GHashTable) sections =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, section_free);
  Parser parser = { .swapped = swapped, .btf = btf, .sections = sections };
  GHashTableIter iter;
  gpointer value;
  guint32 header_length;
  guint16 magic;
  guint n_tables, i;

  parser.data = g_bytes_get_data (bytes, &parser.size);
  if (parser.size < MIN_HEADER_LENGTH)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      ".BTF.ext of %" G_GSIZE_FORMAT " bytes ends inside its header", parser.size);
      return NULL;
    }

  memcpy (&magic, parser.data, sizeof magic);
  if (swapped)
    magic = GUINT16_SWAP_LE_BE (magic);
  if (magic != BTF_MAGIC || parser.data[2] != BTF_VERSION || parser.data[3] != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      ".BTF.ext starts with 0x%04x, version %u, flags 0x%x instead of 0x%04x, 1, 0",
                      magic, parser.data[2], parser.data[3], BTF_MAGIC);
      return NULL;
    }

  header_length = get32 (&parser, 4);
  if (header_length < MIN_HEADER_LENGTH || header_length > parser.size)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      ".BTF.ext of %" G_GSIZE_FORMAT " bytes claims a header of %u bytes",
                      parser.size, header_length);
      return NULL;
    }

  n_tables = header_length >= CORE_HEADER_LENGTH ? N_TABLES : N_TABLES - 1;
  for (i = 0; i < n_tables; i++)
    {
      guint32 start = get32 (&parser, FIXED_HEADER_LENGTH + 8 * i);
      guint32 length = get32 (&parser, FIXED_HEADER_LENGTH + 8 * i + 4);

      if (!parse_table (&parser, i, (guint64) header_length + start, length, error))
        return NULL;
    }

  g_hash_table_iter_init (&iter, sections);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      EbpfExtSection *section = value;

      sort_records (section->func_infos);
      sort_records (section->line_infos);
      sort_records (section->core_relos);
    }

  return g_steal_pointer (&sections);
}
