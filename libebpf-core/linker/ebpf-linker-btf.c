/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "linker/ebpf-linker-private.h"

#include "btf/ebpf-btf-dedup-private.h"
#include "btf/ebpf-btf-writer-private.h"

/* Type information of all files becomes one. Of a name that files share, the FUNC or VAR of the file
 * that defines it stays and stands for the others; sections are written anew, with the places that
 * their variables have now; then each type is left once.
 *
 * The kernel (kernel/bpf/btf.c) wants the variables of a section by their place, and no two at the
 * same. */

#define EXT_HEADER_LENGTH 32

typedef struct
{
  EbpfLinkerRun *run;
  GHashTable *representatives; /* name -> Representative */
  GPtrArray *datasecs;         /* of Datasec, in the order of their first appearance */
  GHashTable *datasec_ids;     /* name -> place in datasecs, from 1 */
  guint32 next_id;
} Merge;

typedef struct
{
  guint32 part;
  guint32 id;
} Representative;

typedef struct
{
  const char *name;
  guint32 size;
  GArray *infos; /* of struct btf_var_secinfo; ids are those of all the types */
} Datasec;

static void
datasec_free (gpointer data)
{
  Datasec *self = data;

  g_array_unref (self->infos);
  g_free (self);
}

static void
merge_clear (Merge *self)
{
  g_hash_table_unref (self->representatives);
  g_hash_table_unref (self->datasec_ids);
  g_ptr_array_unref (self->datasecs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Merge, merge_clear)

static gboolean
is_shared (const struct btf_type *type)
{
  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_FUNC:
      return ebpf_btf_vlen_of (type) != BTF_FUNC_STATIC;
    case EBPF_BTF_KIND_VAR:
      return ((const struct btf_var *) ebpf_btf_tail_of (type))->linkage != BTF_VAR_STATIC;
    default:
      return FALSE;
    }
}

static const Representative *
representative (Merge *self, const char *name)
{
  EbpfLinkerRun *run = self->run;
  const EbpfLinkerGlobal *global;
  Representative *result = g_hash_table_lookup (self->representatives, name);

  if (result != NULL)
    return result;

  result = g_new0 (Representative, 1);
  global = g_hash_table_lookup (run->by_name, name);
  if (global != NULL)
    {
      result->part = global->part;
      result->id =
          GPOINTER_TO_UINT (g_hash_table_lookup (run->parts[global->part].input->types, name));
    }

  /* What no symbol is of is only declared. */
  for (guint32 i = 0; result->id == 0 && i < run->n_parts; i++)
    {
      result->part = i;
      result->id = GPOINTER_TO_UINT (g_hash_table_lookup (run->parts[i].input->types, name));
    }

  if (global != NULL && global->dropped)
    result->id = 0;

  g_hash_table_insert (self->representatives, (gpointer) name, result);

  return result;
}

static gboolean
is_kept (Merge *self, guint32 part, guint32 id)
{
  EbpfBtf *btf = self->run->parts[part].input->btf;
  const struct btf_type *type = ebpf_btf_peek (btf, id);
  const Representative *one;

  if (!is_shared (type))
    return TRUE;

  one = representative (self, ebpf_btf_name_of (btf, type));

  return one->part == part && one->id == id;
}

/* Numbers for what stays. Tags stay with what they are on; sections come last. */
static void
assign_ids (Merge *self, guint32 part)
{
  EbpfBtf *btf = self->run->parts[part].input->btf;
  guint32 *ids = self->run->parts[part].ids;

  for (guint32 id = 1; id < ebpf_btf_get_n_types (btf); id++)
    {
      const struct btf_type *type = ebpf_btf_peek (btf, id);
      guint kind = ebpf_btf_kind_of (type);

      if (kind != EBPF_BTF_KIND_DATASEC && is_kept (self, part, id) &&
          (kind != EBPF_BTF_KIND_DECL_TAG || type->type == 0 || is_kept (self, part, type->type)))
        ids[id] = self->next_id++;
    }
}

static Datasec *
ensure_datasec (Merge *self, const char *name)
{
  Datasec *datasec;
  gpointer known = g_hash_table_lookup (self->datasec_ids, name);

  if (known == NULL)
    {
      datasec = g_new0 (Datasec, 1);
      datasec->name = name;
      datasec->infos = g_array_new (FALSE, FALSE, sizeof (struct btf_var_secinfo));
      g_ptr_array_add (self->datasecs, datasec);
      known = GUINT_TO_POINTER (self->datasecs->len);
      g_hash_table_insert (self->datasec_ids, (gpointer) name, known);
    }

  return g_ptr_array_index (self->datasecs, GPOINTER_TO_UINT (known) - 1);
}

/* Name of a variable of a section -> its symbol. Compilers leave it to the loader to fill in where
 * global variables are; static ones may have a name that is there twice, and are where the type
 * information says. From gcc it says of these, too, that they are at the start: so of several of a name, the
 * first one is what may be there. */
static GHashTable *
index_symbols (EbpfElf *elf, const EbpfElfSection *section, gboolean shared)
{
  GHashTable *symbols = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint32 i = 0; section != NULL && i < section->n_symbols; i++)
    {
      const EbpfElfSymbol *symbol = ebpf_elf_nth_symbol (elf, section, i);

      if (symbol->name[0] != '\0' && symbol->type != STT_SECTION &&
          ebpf_linker_is_shared (symbol) == shared &&
          !g_hash_table_contains (symbols, symbol->name))
        g_hash_table_insert (symbols, (gpointer) symbol->name, (gpointer) symbol);
    }

  return symbols;
}

static gboolean
add_variable (Merge *self,
              guint32 part,
              Datasec *datasec,
              const EbpfElfSection *section,
              GHashTable *symbols,
              GHashTable *statics,
              const struct btf_var_secinfo *info,
              GError **error)
{
  EbpfLinkerPart *data = &self->run->parts[part];
  EbpfBtf *btf = data->input->btf;
  const struct btf_type *type = ebpf_btf_peek (btf, info->type);
  const EbpfLinkerPlace *place = &data->places[section->index];
  const EbpfElfSymbol *symbol = NULL;
  struct btf_var_secinfo result = { data->ids[info->type], 0, info->size };
  guint64 offset = info->offset;

  if (is_shared (type))
    symbol = g_hash_table_lookup (symbols, ebpf_btf_name_of (btf, type));
  else if (offset == 0)
    symbol = g_hash_table_lookup (statics, ebpf_btf_name_of (btf, type));
  if (symbol != NULL)
    offset = symbol->value;
  else if (is_shared (type))
    {
      /* Not in this section of the file, but elsewhere: what is still to be linked. */
      g_array_append_val (datasec->infos, result);
      return TRUE;
    }

  if (offset > section->size || info->size > section->size - offset)
    {
      ebpf_elf_set_error (data->input->elf, error, EBPF_ERROR_BTF, section, (gint64) offset,
                          "variable %s of the type information, of %u bytes, is not inside of it",
                          ebpf_btf_name_of (btf, type), info->size);
      return FALSE;
    }

  /* Sections are at most as large as fits; see place_section (). */
  result.offset = (guint32) (place->offset + offset);
  if (!ebpf_linker_place_is_dead (place, offset))
    g_array_append_val (datasec->infos, result);

  return TRUE;
}

static gboolean
merge_datasec (Merge *self, guint32 part, guint32 id, GError **error)
{
  EbpfLinkerPart *data = &self->run->parts[part];
  EbpfBtf *btf = data->input->btf;
  const struct btf_type *type = ebpf_btf_peek (btf, id);
  const struct btf_var_secinfo *infos = ebpf_btf_tail_of (type);
  const char *name = ebpf_btf_name_of (btf, type);
  const EbpfElfSection *section = ebpf_elf_find_section (data->input->elf, name);
  g_autoptr (GHashTable) symbols = NULL;
  g_autoptr (GHashTable) statics = NULL;
  Datasec *datasec = ensure_datasec (self, name);

  if (section != NULL && data->places[section->index].output == EBPF_LINKER_NONE)
    section = NULL;
  if (section != NULL && data->places[section->index].duplicate)
    return TRUE;

  if (section != NULL)
    datasec->size =
        (guint32) ebpf_linker_run_nth_output (self->run, data->places[section->index].output)->size;

  symbols = index_symbols (data->input->elf, section, TRUE);
  statics = index_symbols (data->input->elf, section, FALSE);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      /* Those that others stand for are in these others' sections. */
      if (!is_kept (self, part, infos[i].type))
        continue;

      if (section != NULL)
        {
          if (!add_variable (self, part, datasec, section, symbols, statics, &infos[i], error))
            return FALSE;
        }
      else
        {
          struct btf_var_secinfo info = { data->ids[infos[i].type], 0, infos[i].size };

          g_array_append_val (datasec->infos, info);
        }
    }

  if (datasec->infos->len > G_MAXUINT16)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "%s: with it, section %s has %u variables, more than type information can "
                      "tell of",
                      data->input->name, name, datasec->infos->len);
      return FALSE;
    }

  return TRUE;
}

static int
compare_infos (gconstpointer a, gconstpointer b)
{
  const struct btf_var_secinfo *first = a, *second = b;

  if (first->offset != second->offset)
    return first->offset < second->offset ? -1 : 1;

  return first->type < second->type ? -1 : first->type > second->type;
}

static guint32
map_id (guint32 id, gpointer user_data)
{
  const EbpfLinkerPart *part = user_data;

  return part->ids[id];
}

/* The references of what is left out go to what stands for it. */
static void
redirect (Merge *self, guint32 part)
{
  EbpfBtf *btf = self->run->parts[part].input->btf;
  guint32 *ids = self->run->parts[part].ids;

  for (guint32 id = 1; id < ebpf_btf_get_n_types (btf); id++)
    {
      const struct btf_type *type = ebpf_btf_peek (btf, id);
      const Representative *one;

      if (ids[id] != 0 || !is_shared (type))
        continue;

      one = representative (self, ebpf_btf_name_of (btf, type));
      if (one->id != 0)
        ids[id] = self->run->parts[one->part].ids[one->id];
    }
}

static void
write_types (Merge *self, EbpfBtfWriter *writer)
{
  for (guint32 i = 0; i < self->run->n_parts; i++)
    {
      EbpfLinkerPart *part = &self->run->parts[i];
      EbpfBtf *btf = part->input->btf;

      for (guint32 id = 1; btf != NULL && id < ebpf_btf_get_n_types (btf); id++)
        {
          const struct btf_type *type = ebpf_btf_peek (btf, id);

          if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_DATASEC || part->ids[id] == 0 ||
              !is_kept (self, i, id))
            continue;

          ebpf_btf_writer_copy (writer, btf, type, map_id, part);
        }
    }

  for (guint i = 0; i < self->datasecs->len; i++)
    {
      const Datasec *datasec = g_ptr_array_index (self->datasecs, i);

      if (datasec->infos->len == 0)
        continue;

      g_array_sort (datasec->infos, compare_infos);
      ebpf_btf_writer_add (writer, datasec->name, EBPF_BTF_KIND_DATASEC, datasec->infos->len, FALSE,
                           datasec->size);
      ebpf_btf_writer_append (writer, (const guint32 *) (gpointer) datasec->infos->data,
                              datasec->infos->len * 3);
    }
}

static EbpfBtf *
merge_types (Merge *self, EbpfByteOrder byte_order, GError **error)
{
  g_autoptr (EbpfBtfWriter) writer = ebpf_btf_writer_new (NULL);
  EbpfLinkerRun *run = self->run;
  EbpfBtf *btf;
  GError *local_error = NULL;

  for (guint32 i = 0; i < run->n_parts; i++)
    if (run->parts[i].input->btf != NULL)
      {
        if (!ebpf_btf_check_known (run->parts[i].input->btf, &local_error))
          {
            ebpf_error_propagate_prefixed (error, local_error,
                                           "%s: ", ebpf_linker_run_name (run, i));
            return NULL;
          }
        run->parts[i].ids = g_new0 (guint32, ebpf_btf_get_n_types (run->parts[i].input->btf));
        assign_ids (self, i);
      }

  for (guint32 i = 0; i < run->n_parts; i++)
    {
      EbpfBtf *input = run->parts[i].input->btf;

      if (input == NULL)
        continue;

      redirect (self, i);
      for (guint32 id = 1; id < ebpf_btf_get_n_types (input); id++)
        if (ebpf_btf_kind_of (ebpf_btf_peek (input, id)) == EBPF_BTF_KIND_DATASEC &&
            !merge_datasec (self, i, id, error))
          return NULL;
    }

  write_types (self, writer);

  btf = ebpf_btf_writer_to_btf (writer, byte_order, &local_error);
  if (btf == NULL)
    ebpf_error_propagate_prefixed (error, local_error,
                                   "%s: its type information cannot be linked with that of the "
                                   "other files: ",
                                   ebpf_linker_run_name (run, 0));

  return btf;
}

/* Records: instructions of a section are counted on, types and strings renumbered, and what is of
 * overridden code is left out. */
static gboolean
is_gone (const EbpfLinkerPlace *place, const EbpfElfSection *section, guint32 insn)
{
  guint64 offset = (guint64) insn * sizeof (EbpfInsn);

  return offset >= section->size || ebpf_linker_place_is_dead (place, offset);
}

static void
merge_records (EbpfLinkerRun *self,
               const EbpfLinkerPart *part,
               const EbpfElfSection *section,
               const EbpfExtSection *ext,
               const guint32 *new_ids,
               EbpfBtfWriter *writer)
{
  const EbpfLinkerPlace *place = &part->places[section->index];
  EbpfLinkerOutput *output = ebpf_linker_run_nth_output (self, place->output);
  guint32 first = (guint32) (place->offset / sizeof (EbpfInsn));
  EbpfBtf *btf = part->input->btf;

#define STRING(offset) ebpf_btf_writer_add_string (writer, ebpf_btf_peek_name (btf, offset))

  for (guint i = 0; i < ext->func_infos->len; i++)
    {
      EbpfFuncInfo info = g_array_index (ext->func_infos, EbpfFuncInfo, i);

      if (is_gone (place, section, info.insn))
        continue;

      info.insn += first;
      info.type_id = new_ids[part->ids[info.type_id]];
      g_array_append_val (output->func_infos, info);
    }

  for (guint i = 0; i < ext->line_infos->len; i++)
    {
      EbpfLineInfo info = g_array_index (ext->line_infos, EbpfLineInfo, i);

      if (is_gone (place, section, info.insn))
        continue;

      info.insn += first;
      info.file_name_off = STRING (info.file_name_off);
      info.line_off = STRING (info.line_off);
      g_array_append_val (output->line_infos, info);
    }

  for (guint i = 0; i < ext->core_relos->len; i++)
    {
      EbpfCoreRelo info = g_array_index (ext->core_relos, EbpfCoreRelo, i);

      if (is_gone (place, section, info.insn))
        continue;

      info.insn += first;
      info.type_id = new_ids[part->ids[info.type_id]];
      info.access_str_off = STRING (info.access_str_off);
      g_array_append_val (output->core_relos, info);
    }

#undef STRING
}

static void
append32 (EbpfLinkerRun *self, GByteArray *bytes, guint32 word)
{
  if (self->swapped)
    word = GUINT32_SWAP_LE_BE (word);
  g_byte_array_append (bytes, (const guint8 *) &word, sizeof word);
}

static GArray *
nth_records (const EbpfLinkerOutput *output, guint table)
{
  GArray *records[] = { output->func_infos, output->line_infos, output->core_relos };

  return records[table];
}

/* One table: the size of a record, and for each section its name, how many, and the records. Every
 * record is of words, and the first one is the instruction, which is written in bytes. */
static void
append_table (EbpfLinkerRun *self, GByteArray *bytes, guint table, EbpfBtfWriter *writer)
{
  gboolean started = FALSE;

  for (guint32 i = 0; i < self->outputs->len; i++)
    {
      const EbpfLinkerOutput *output = ebpf_linker_run_nth_output (self, i);
      const GArray *records = nth_records (output, table);
      guint size = g_array_get_element_size ((GArray *) records);

      if (records->len == 0)
        continue;

      if (!started)
        append32 (self, bytes, size);
      started = TRUE;

      append32 (self, bytes, ebpf_btf_writer_add_string (writer, output->name));
      append32 (self, bytes, records->len);
      for (guint r = 0; r < records->len; r++)
        {
          const guint32 *words = (const guint32 *) (gpointer) (records->data + (gsize) r * size);

          append32 (self, bytes, words[0] * (guint32) sizeof (EbpfInsn));
          for (guint w = 1; w < size / sizeof *words; w++)
            append32 (self, bytes, words[w]);
        }
    }
}

static GBytes *
encode_ext (EbpfLinkerRun *self, EbpfBtfWriter *writer)
{
  g_autoptr (GByteArray) header = g_byte_array_new ();
  g_autoptr (GByteArray) tables = g_byte_array_new ();
  guint16 magic = self->swapped ? GUINT16_SWAP_LE_BE (BTF_MAGIC) : BTF_MAGIC;
  const guint8 version_and_flags[] = { BTF_VERSION, 0 };

  g_byte_array_append (header, (const guint8 *) &magic, sizeof magic);
  g_byte_array_append (header, version_and_flags, sizeof version_and_flags);
  append32 (self, header, EXT_HEADER_LENGTH);
  for (guint table = 0; table < 3; table++)
    {
      guint32 start = tables->len;

      append_table (self, tables, table, writer);
      append32 (self, header, start);
      append32 (self, header, tables->len - start);
    }

  if (tables->len == 0)
    return NULL;

  g_byte_array_append (header, tables->data, tables->len);

  return g_byte_array_free_to_bytes (g_steal_pointer (&header));
}

static void
collect_records (EbpfLinkerRun *self, const guint32 *new_ids, EbpfBtfWriter *writer)
{
  for (guint32 i = 0; i < self->n_parts; i++)
    {
      const EbpfLinkerPart *part = &self->parts[i];

      for (guint32 j = 1; part->input->ext != NULL && j < part->input->elf->n_sections; j++)
        {
          const EbpfElfSection *section = &part->input->elf->sections[j];
          const EbpfExtSection *ext = g_hash_table_lookup (part->input->ext, section->name);

          if (ext != NULL && part->places[j].output != EBPF_LINKER_NONE &&
              (section->flags & SHF_EXECINSTR) != 0)
            merge_records (self, part, section, ext, new_ids, writer);
        }
    }
}

static guint32
same_id (guint32 id, gpointer user_data)
{
  return id;
}

gboolean
ebpf_linker_merge_btf (EbpfLinkerRun *self, GError **error)
{
  g_auto (Merge) merge = { .run = self, .next_id = 1 };
  EbpfByteOrder byte_order =
      self->big_endian ? EBPF_BYTE_ORDER_BIG_ENDIAN : EBPF_BYTE_ORDER_LITTLE_ENDIAN;
  g_autoptr (EbpfBtfWriter) writer = NULL;
  g_autoptr (EbpfBtf) all = NULL;
  g_autoptr (EbpfBtf) dedup = NULL;
  g_autofree guint32 *new_ids = NULL;
  gboolean any = FALSE;

  merge.representatives = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  merge.datasec_ids = g_hash_table_new (g_str_hash, g_str_equal);
  merge.datasecs = g_ptr_array_new_with_free_func (datasec_free);

  for (guint32 i = 0; i < self->n_parts; i++)
    any = any || self->parts[i].input->btf != NULL;
  if (!any)
    return TRUE;

  all = merge_types (&merge, byte_order, error);
  if (all == NULL)
    return FALSE;

  dedup = ebpf_btf_dedup_with_ids (all, &new_ids, error);
  if (dedup == NULL)
    return FALSE;

  /* Once more, for the strings of the records. */
  writer = ebpf_btf_writer_new (NULL);
  for (guint32 id = 1; id < ebpf_btf_get_n_types (dedup); id++)
    ebpf_btf_writer_copy (writer, dedup, ebpf_btf_peek (dedup, id), same_id, NULL);

  collect_records (self, new_ids, writer);
  self->btf_ext = encode_ext (self, writer);
  self->btf = ebpf_btf_writer_to_bytes (writer, byte_order);

  return TRUE;
}
