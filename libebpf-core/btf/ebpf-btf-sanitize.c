/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

#include "sys/ebpf-sys-private.h"

#include <string.h>

/* Writes type information anew so that this kernel takes it: each type keeps its number, and
 * becomes one of another kind where the kernel does not know its own. What the kernel checks is in
 * its kernel/bpf/btf.c, the *_check_meta functions; since which version it knows what, in
 * sys/ebpf-features.c.
 *
 * What an object has that no kernel takes:
 * - externs. Their linkage is no longer what it was; a function loses its place in its section; a
 *   variable of `.ksyms` need not have a type with a size, and gets an int.
 * - sections without variables, or without a size, as the compiler leaves them to a linker that BPF does not have.
 * - parameters without a name, of functions.
 * - how long the types of each kind are: who reads it knows, or it is of no use to him.
 * - names that are none in C, which other languages and newer sections have. */

/* The longest that every kernel takes (KSYM_NAME_LEN before Linux 6.1, with the zero). */
#define MAX_NAME_LENGTH 127

typedef struct
{
  EbpfBtf *btf;
  GByteArray *types;
  GByteArray *strings;   /* what is added to the blob's own */
  GHashTable *new_names; /* offset -> offset, for names that were replaced */
  guint8 *named_protos;  /* by id: prototypes of functions */
  guint32 argument_name; /* offset, or 0 */
  guint32 function_name; /* likewise */
  guint32 int_id;        /* an int of 4 bytes, behind the last type; 0 where none is needed */
  gboolean features[EBPF_N_FEATURES];
} Writer;

static void
write_words (Writer *writer, const guint32 *words, guint n)
{
  g_byte_array_append (writer->types, (const guint8 *) words, n * sizeof *words);
}

static void
write_type (Writer *writer, guint32 name, guint kind, guint vlen, gboolean kflag, guint32 value)
{
  guint32 words[3] = { name, (guint32) (kflag != 0) << 31 | kind << 24 | vlen, value };

  write_words (writer, words, 3);
}

static void
write_int (Writer *writer, guint32 name, guint32 size, guint32 encoding)
{
  guint32 word = encoding << 24 | size * 8;

  write_type (writer, name, EBPF_BTF_KIND_INT, 0, FALSE, size);
  write_words (writer, &word, 1);
}

static guint32
add_string (Writer *writer, const char *string)
{
  guint32 offset = writer->btf->strings_length + writer->strings->len;

  g_byte_array_append (writer->strings, (const guint8 *) string, strlen (string) + 1);
  return offset;
}

static inline gboolean
is_name_char (char c, gboolean first, gboolean is_section)
{
  return g_ascii_isalpha (c) || c == '_' || (!first && g_ascii_isdigit (c)) ||
         (is_section && c == '.');
}

/* The offset of a name that the kernel takes. Sections may have dots (".rodata.str"). */
static guint32
safe_name (Writer *writer, guint32 offset, gboolean is_section)
{
  const char *name = ebpf_btf_peek_name (writer->btf, offset);
  g_autofree char *safe = NULL;
  gpointer known;
  gsize i;

  for (i = 0; name[i] != '\0' && i <= MAX_NAME_LENGTH; i++)
    if (!is_name_char (name[i], i == 0, is_section))
      break;
  if (name[i] == '\0')
    return offset;

  if (g_hash_table_lookup_extended (writer->new_names, GUINT_TO_POINTER (offset), NULL, &known))
    return GPOINTER_TO_UINT (known);

  safe = g_strndup (name, MAX_NAME_LENGTH);
  for (i = 0; safe[i] != '\0'; i++)
    if (!is_name_char (safe[i], i == 0, is_section))
      safe[i] = '_';

  known = GUINT_TO_POINTER (add_string (writer, safe));
  g_hash_table_insert (writer->new_names, GUINT_TO_POINTER (offset), known);
  return GPOINTER_TO_UINT (known);
}

static gboolean
is_ksyms (Writer *writer, const struct btf_type *section)
{
  return strcmp (ebpf_btf_name_of (writer->btf, section), ".ksyms") == 0;
}

static guint32
ensure_int (Writer *writer)
{
  if (writer->int_id == 0)
    writer->int_id = ebpf_btf_end_id (writer->btf);

  return writer->int_id;
}

/* Size that a variable has once it is written. */
static guint32
size_of_var (Writer *writer, const struct btf_type *var)
{
  gint64 size = ebpf_btf_size_of (writer->btf, var->type);

  return size > 0 ? size : 4;
}

static void
write_var (Writer *writer, const struct btf_type *var)
{
  guint32 linkage = *(const guint32 *) ebpf_btf_tail_of (var);
  guint32 name = safe_name (writer, var->name_off, FALSE);

  if (!writer->features[EBPF_FEATURE_BTF_DATASEC])
    {
      write_int (writer, name, 1, 0);
      return;
    }

  if (linkage == BTF_VAR_GLOBAL_EXTERN)
    linkage = BTF_VAR_GLOBAL_ALLOCATED;

  write_type (writer, name, EBPF_BTF_KIND_VAR, 0, FALSE,
              ebpf_btf_size_of (writer->btf, var->type) > 0 ? var->type : ensure_int (writer));
  write_words (writer, &linkage, 1);
}

static guint
count_variables (Writer *writer, const struct btf_type *section)
{
  const struct btf_var_secinfo *vars = ebpf_btf_tail_of (section);
  guint n = 0, i;

  for (i = 0; i < ebpf_btf_vlen_of (section); i++)
    n += ebpf_btf_kind_of (ebpf_btf_peek (writer->btf, vars[i].type)) == EBPF_BTF_KIND_VAR;

  return n;
}

static void
write_section (Writer *writer, const struct btf_type *section)
{
  const struct btf_var_secinfo *vars = ebpf_btf_tail_of (section);
  guint n_vars = ebpf_btf_vlen_of (section), n_written = 0, i;
  guint32 name = safe_name (writer, section->name_off, TRUE);
  guint64 offset = 0;
  gsize start = writer->types->len;

  /* One of functions alone, or of nothing, is none to older kernels (5.10). */
  if (!writer->features[EBPF_FEATURE_BTF_DATASEC] || count_variables (writer, section) == 0)
    {
      write_int (writer, 0, 1, 0);
      return;
    }

  if (section->size != 0 && count_variables (writer, section) == n_vars &&
      !is_ksyms (writer, section))
    {
      write_type (writer, name, EBPF_BTF_KIND_DATASEC, n_vars, FALSE, section->size);
      write_words (writer, (const guint32 *) vars, n_vars * 3);
      return;
    }

  /* Nobody has laid it out: one variable after the other. */
  write_type (writer, name, EBPF_BTF_KIND_DATASEC, 0, FALSE, 0);
  for (i = 0; i < n_vars; i++)
    {
      const struct btf_type *var = ebpf_btf_peek (writer->btf, vars[i].type);
      guint32 words[3] = { vars[i].type, offset, 0 };

      if (ebpf_btf_kind_of (var) != EBPF_BTF_KIND_VAR)
        continue;

      words[2] = size_of_var (writer, var);
      if (offset + words[2] > G_MAXINT32)
        break;
      offset += words[2];
      write_words (writer, words, 3);
      n_written++;
    }

  {
    guint32 words[2] = { EBPF_BTF_KIND_DATASEC << 24 | n_written, MAX (offset, 1) };

    memcpy (writer->types->data + start + 4, words, sizeof words);
  }
}

static void
write_func (Writer *writer, const struct btf_type *func)
{
  guint linkage = ebpf_btf_vlen_of (func);
  guint32 name = safe_name (writer, func->name_off, FALSE);

  if (!writer->features[EBPF_FEATURE_BTF_FUNC])
    {
      write_int (writer, name, 1, 0);
      return;
    }

  if (linkage == BTF_FUNC_EXTERN)
    linkage = BTF_FUNC_GLOBAL;
  if (!writer->features[EBPF_FEATURE_BTF_FUNC_GLOBAL])
    linkage = BTF_FUNC_STATIC;

  /* gcc drops the names of the copies that it makes of functions ("sub.constprop.0"). */
  if (*ebpf_btf_peek_name (writer->btf, func->name_off) == '\0')
    {
      if (writer->function_name == 0)
        writer->function_name = add_string (writer, "function");
      name = writer->function_name;
    }

  write_type (writer, name, EBPF_BTF_KIND_FUNC, linkage, FALSE, func->type);
}

static void
write_proto (Writer *writer, guint32 id, const struct btf_type *proto)
{
  const struct btf_param *params = ebpf_btf_tail_of (proto);
  guint n_params = ebpf_btf_vlen_of (proto), i;

  if (!writer->features[EBPF_FEATURE_BTF_FUNC])
    {
      write_int (writer, 0, 1, 0);
      return;
    }

  write_type (writer, 0, EBPF_BTF_KIND_FUNC_PROTO, n_params, FALSE, proto->type);
  for (i = 0; i < n_params; i++)
    {
      guint32 words[2] = { safe_name (writer, params[i].name_off, FALSE), params[i].type };

      /* The last one without a name and a type is "...". */
      if (words[0] == 0 && words[1] != 0 && id >= writer->btf->first_id &&
          writer->named_protos[id - writer->btf->first_id])
        {
          if (writer->argument_name == 0)
            writer->argument_name = add_string (writer, "arg");
          words[0] = writer->argument_name;
        }
      write_words (writer, words, 2);
    }
}

/* gcc calls a char signed, too; the kernel wants one word or none. */
static void
write_integer (Writer *writer, const struct btf_type *type)
{
  guint32 word = *(const guint32 *) ebpf_btf_tail_of (type);
  guint32 encoding = BTF_INT_ENCODING (word);

  if ((encoding & (encoding - 1)) != 0)
    word = (word & 0x00ffffff) | (encoding & BTF_INT_SIGNED) << 24;

  write_words (writer, (const guint32 *) type, 3);
  write_words (writer, &word, 1);
}

static void
write_enum (Writer *writer, const struct btf_type *type)
{
  guint vlen = ebpf_btf_vlen_of (type), i;
  const guint32 *words = ebpf_btf_tail_of (type);
  gboolean is_wide = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64;
  guint n_words = is_wide ? 3 : 2;

  if (is_wide && !writer->features[EBPF_FEATURE_BTF_ENUM64])
    {
      write_int (writer, type->name_off, type->size, ebpf_btf_kflag_of (type) ? BTF_INT_SIGNED : 0);
      return;
    }

  /* The flag of signedness came with the wide ones. */
  write_type (writer, safe_name (writer, type->name_off, FALSE), ebpf_btf_kind_of (type), vlen,
              ebpf_btf_kflag_of (type) && writer->features[EBPF_FEATURE_BTF_ENUM64], type->size);
  for (i = 0; i < vlen; i++, words += n_words)
    {
      guint32 name = safe_name (writer, words[0], FALSE);

      write_words (writer, &name, 1);
      write_words (writer, words + 1, n_words - 1);
    }
}

static void
write_struct (Writer *writer, const struct btf_type *type)
{
  guint vlen = ebpf_btf_vlen_of (type), i;
  const guint32 *words = ebpf_btf_tail_of (type);

  write_type (writer, safe_name (writer, type->name_off, FALSE), ebpf_btf_kind_of (type), vlen,
              ebpf_btf_kflag_of (type), type->size);
  for (i = 0; i < vlen; i++, words += 3)
    {
      guint32 name = safe_name (writer, words[0], FALSE);

      write_words (writer, &name, 1);
      write_words (writer, words + 1, 2);
    }
}

/* In a map's definition, a number is written as the length of an array (`__uint ()`), which may be one
 * that no array in memory could have. Nobody but the loader reads it, and it has. */
static void
write_array (Writer *writer, const struct btf_type *type)
{
  const struct btf_array *array = ebpf_btf_tail_of (type);
  gint64 size = ebpf_btf_size_of (writer->btf, array->type);
  struct btf_array copy = *array;

  if (size > 0 && array->nelems > G_MAXUINT32 / size)
    copy.nelems = 0;

  /* gcc says of arrays without a length that their index has no type. */
  if (array->index_type == 0)
    copy.index_type = ensure_int (writer);

  write_words (writer, (const guint32 *) type, 3);
  write_words (writer, (const guint32 *) &copy, 3);
}

/* Not on what is no longer what it was. */
static gboolean
keeps_tag (Writer *writer, const struct btf_type *tag)
{
  if (!writer->features[EBPF_FEATURE_BTF_DECL_TAG])
    return FALSE;

  switch (ebpf_btf_kind_of (ebpf_btf_peek (writer->btf, tag->type)))
    {
    case EBPF_BTF_KIND_FUNC:
      return writer->features[EBPF_FEATURE_BTF_FUNC];
    case EBPF_BTF_KIND_VAR:
      return writer->features[EBPF_FEATURE_BTF_DATASEC];
    default:
      return TRUE;
    }
}

static void
write_any (Writer *writer, guint32 id, const struct btf_type *type)
{
  guint kind = ebpf_btf_kind_of (type), vlen = ebpf_btf_vlen_of (type);

  switch (kind)
    {
    case EBPF_BTF_KIND_VAR:
      write_var (writer, type);
      return;

    case EBPF_BTF_KIND_DATASEC:
      write_section (writer, type);
      return;

    case EBPF_BTF_KIND_FUNC:
      write_func (writer, type);
      return;

    case EBPF_BTF_KIND_FUNC_PROTO:
      write_proto (writer, id, type);
      return;

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      write_enum (writer, type);
      return;

    case EBPF_BTF_KIND_INT:
      write_integer (writer, type);
      return;

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      write_struct (writer, type);
      return;

    case EBPF_BTF_KIND_ARRAY:
      write_array (writer, type);
      return;

    case EBPF_BTF_KIND_FWD:
      /* gcc leaves a number here, which means nothing. */
      write_type (writer, safe_name (writer, type->name_off, FALSE), kind, vlen,
                  ebpf_btf_kflag_of (type), 0);
      return;

    case EBPF_BTF_KIND_TYPEDEF:
      write_type (writer, safe_name (writer, type->name_off, FALSE), kind, vlen,
                  ebpf_btf_kflag_of (type), type->type);
      return;

    case EBPF_BTF_KIND_FLOAT:
      if (writer->features[EBPF_FEATURE_BTF_FLOAT])
        break;
      write_type (writer, 0, EBPF_BTF_KIND_STRUCT, 0, FALSE, type->size);
      return;

    case EBPF_BTF_KIND_DECL_TAG:
      if (keeps_tag (writer, type))
        break;
      write_int (writer, 0, 1, 0);
      return;

    case EBPF_BTF_KIND_TYPE_TAG:
      if (writer->features[EBPF_FEATURE_BTF_TYPE_TAG])
        break;
      write_type (writer, 0, EBPF_BTF_KIND_CONST, 0, FALSE, type->type);
      return;

    default:
      break;
    }

  /* The kernel does not know it either, or this would not have been asked for. */
  if (!ebpf_btf_knows_kind (type))
    {
      write_int (writer, 0, 1, 0);
      return;
    }

  write_words (writer, (const guint32 *) type, 3 + ebpf_btf_tail_size (NULL, kind, vlen) / 4);
}

static GBytes *
join (Writer *writer)
{
  EbpfBtf *btf = writer->btf;
  struct btf_header header = { 0 };
  GByteArray *blob = g_byte_array_sized_new (sizeof header + writer->types->len +
                                             btf->strings_length + writer->strings->len);

  header.magic = BTF_MAGIC;
  header.version = BTF_VERSION;
  header.hdr_len = sizeof header;
  header.type_len = writer->types->len;
  header.str_off = writer->types->len;
  header.str_len = btf->strings_length + writer->strings->len;
  g_byte_array_append (blob, (const guint8 *) &header, sizeof header);
  g_byte_array_append (blob, writer->types->data, writer->types->len);
  g_byte_array_append (blob, (const guint8 *) btf->strings, btf->strings_length);
  g_byte_array_append (blob, writer->strings->data, writer->strings->len);

  return g_byte_array_free_to_bytes (blob);
}

GBytes *
ebpf_btf_sanitize (EbpfBtf *self, const gboolean *features)
{
  g_autoptr (GByteArray) types = g_byte_array_new ();
  g_autoptr (GByteArray) strings = g_byte_array_new ();
  g_autoptr (GHashTable) new_names = g_hash_table_new (NULL, NULL);
  g_autofree guint8 *named_protos = g_new0 (guint8, self->n_types + 1);
  Writer writer = {
    .btf = self,
    .types = types,
    .strings = strings,
    .new_names = new_names,
    .named_protos = named_protos,
  };
  guint32 i;

  memcpy (writer.features, features, sizeof writer.features);

  for (i = 0; i < self->n_types; i++)
    {
      const struct btf_type *type = ebpf_btf_peek (self, self->first_id + i);

      if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FUNC && type->type >= self->first_id)
        named_protos[type->type - self->first_id] = 1;
    }

  for (i = 0; i < self->n_types; i++)
    write_any (&writer, self->first_id + i, ebpf_btf_peek (self, self->first_id + i));

  /* The kernel wants a type, even where it is only asked to keep the strings of line records. */
  if (writer.int_id != 0 || self->n_types == 0)
    write_int (&writer, 0, 4, BTF_INT_SIGNED);

  return join (&writer);
}
