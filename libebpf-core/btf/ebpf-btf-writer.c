/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-writer-private.h"

#include <string.h>

static void
add_base_strings (EbpfBtfWriter *self, EbpfBtf *base)
{
  if (base->base != NULL)
    add_base_strings (self, base->base);

  for (guint32 offset = 0; offset < base->strings_length;)
    {
      const char *string = base->strings + offset;

      /* The base lives as long as the writer: its strings can stay where they are. */
      if (!g_hash_table_contains (self->offsets, string))
        g_hash_table_insert (self->offsets, (gpointer) string,
                             GUINT_TO_POINTER (base->strings_start + offset));
      offset += strlen (string) + 1;
    }
}

EbpfBtfWriter *
ebpf_btf_writer_new (EbpfBtf *base)
{
  EbpfBtfWriter *self = g_new0 (EbpfBtfWriter, 1);

  self->types = g_byte_array_new ();
  self->strings = g_byte_array_new ();
  self->chunk = g_string_chunk_new (4096);
  self->offsets = g_hash_table_new (g_str_hash, g_str_equal);
  self->first_id = 1;

  if (base != NULL)
    {
      self->base = g_object_ref (base);
      self->first_id = ebpf_btf_end_id (base);
      self->strings_start = ebpf_btf_end_string (base);
      add_base_strings (self, base);
    }
  else
    {
      g_byte_array_append (self->strings, (const guint8 *) "", 1);
    }

  return self;
}

void
ebpf_btf_writer_free (EbpfBtfWriter *self)
{
  if (self == NULL)
    return;

  g_byte_array_unref (self->types);
  g_byte_array_unref (self->strings);
  g_hash_table_unref (self->offsets);
  g_string_chunk_free (self->chunk);
  g_clear_object (&self->base);
  g_free (self);
}

guint32
ebpf_btf_writer_add_string (EbpfBtfWriter *self, const char *string)
{
  gpointer known;
  guint32 offset;

  if (string == NULL || string[0] == '\0')
    return 0;
  if (g_hash_table_lookup_extended (self->offsets, string, NULL, &known))
    return GPOINTER_TO_UINT (known);

  offset = self->strings_start + self->strings->len;
  g_byte_array_append (self->strings, (const guint8 *) string, strlen (string) + 1);
  g_hash_table_insert (self->offsets, g_string_chunk_insert (self->chunk, string),
                       GUINT_TO_POINTER (offset));
  return offset;
}

guint32
ebpf_btf_writer_add (EbpfBtfWriter *self,
                     const char *name,
                     guint kind,
                     guint vlen,
                     gboolean kflag,
                     guint32 size_or_type)
{
  struct btf_type type = {
    .name_off = ebpf_btf_writer_add_string (self, name),
    .info = (guint32) (kflag != 0) << 31 | kind << 24 | vlen,
    .size = size_or_type,
  };

  self->last = self->types->len;
  g_byte_array_append (self->types, (const guint8 *) &type, sizeof type);
  return self->first_id + self->n_types++;
}

void
ebpf_btf_writer_append (EbpfBtfWriter *self, const guint32 *words, guint n_words)
{
  g_byte_array_append (self->types, (const guint8 *) words, n_words * sizeof *words);
}

struct btf_type *
ebpf_btf_writer_peek_last (EbpfBtfWriter *self)
{
  return (gpointer) (self->types->data + self->last);
}

void
ebpf_btf_foreach_id (struct btf_type *type, EbpfBtfWordFunc func, gpointer user_data)
{
  guint32 *words = (guint32 *) (type + 1);
  guint vlen = ebpf_btf_vlen_of (type);

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_PTR:
    case EBPF_BTF_KIND_TYPEDEF:
    case EBPF_BTF_KIND_VOLATILE:
    case EBPF_BTF_KIND_CONST:
    case EBPF_BTF_KIND_RESTRICT:
    case EBPF_BTF_KIND_FUNC:
    case EBPF_BTF_KIND_VAR:
    case EBPF_BTF_KIND_DECL_TAG:
    case EBPF_BTF_KIND_TYPE_TAG:
      func (&type->type, user_data);
      break;

    /* struct btf_array: element, index, number */
    case EBPF_BTF_KIND_ARRAY:
      func (&words[0], user_data);
      func (&words[1], user_data);
      break;

    /* struct btf_member: name, type, offset */
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      for (guint i = 0; i < vlen; i++)
        func (&words[3 * i + 1], user_data);
      break;

    /* struct btf_param: name, type */
    case EBPF_BTF_KIND_FUNC_PROTO:
      func (&type->type, user_data);
      for (guint i = 0; i < vlen; i++)
        func (&words[2 * i + 1], user_data);
      break;

    /* struct btf_var_secinfo: type, offset, size */
    case EBPF_BTF_KIND_DATASEC:
      for (guint i = 0; i < vlen; i++)
        func (&words[3 * i], user_data);
      break;

    default:
      break;
    }
}

void
ebpf_btf_foreach_string (struct btf_type *type, EbpfBtfWordFunc func, gpointer user_data)
{
  guint32 *words = (guint32 *) (type + 1);
  guint vlen = ebpf_btf_vlen_of (type), each;

  func (&type->name_off, user_data);

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
    case EBPF_BTF_KIND_ENUM64:
      each = 3;
      break;
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_FUNC_PROTO:
      each = 2;
      break;
    default:
      return;
    }

  for (guint i = 0; i < vlen; i++)
    func (&words[each * i], user_data);
}

typedef struct
{
  EbpfBtfWriter *writer;
  EbpfBtf *from;
  EbpfBtfMapFunc func;
  gpointer user_data;
} Copy;

static void
copy_string (guint32 *word, gpointer user_data)
{
  Copy *copy = user_data;

  *word = ebpf_btf_writer_add_string (copy->writer, ebpf_btf_peek_name (copy->from, *word));
}

static void
copy_id (guint32 *word, gpointer user_data)
{
  Copy *copy = user_data;

  if (*word != 0)
    *word = copy->func (*word, copy->user_data);
}

guint32
ebpf_btf_writer_copy (EbpfBtfWriter *self,
                      EbpfBtf *from,
                      const struct btf_type *type,
                      EbpfBtfMapFunc func,
                      gpointer user_data)
{
  Copy copy = { self, from, func, user_data };
  gint64 tail = ebpf_btf_tail_size (NULL, ebpf_btf_kind_of (type), ebpf_btf_vlen_of (type));
  struct btf_type *written;

  g_assert (tail >= 0);

  self->last = self->types->len;
  g_byte_array_append (self->types, (const guint8 *) type, sizeof *type + tail);

  written = ebpf_btf_writer_peek_last (self);
  ebpf_btf_foreach_string (written, copy_string, &copy);
  ebpf_btf_foreach_id (written, copy_id, &copy);

  return self->first_id + self->n_types++;
}

/* struct btf_header of Linux 7.1. */
typedef struct
{
  struct btf_header header;
  guint32 layout_off;
  guint32 layout_len;
} LongHeader;

GBytes *
ebpf_btf_encode_blob (const guint8 *types,
                      guint32 types_length,
                      const char *strings,
                      guint32 strings_length,
                      const EbpfBtfLayoutTable *layout,
                      EbpfByteOrder byte_order)
{
  guint32 layout_length = layout->n_kinds * sizeof *layout->kinds;
  LongHeader header = {
    .header = {
      .magic = BTF_MAGIC,
      .version = BTF_VERSION,
      .hdr_len = layout_length > 0 ? sizeof header : sizeof header.header,
      .type_len = types_length,
      .str_off = types_length + layout_length,
      .str_len = strings_length,
    },
    .layout_off = types_length,
    .layout_len = layout_length,
  };
  guint32 header_length = header.header.hdr_len;
  gsize size = (gsize) header_length + types_length + layout_length + strings_length;
  guint8 *blob = g_malloc (size);
  guint8 *copy = blob + header_length;
  EbpfBtfKindLayout *kinds = (gpointer) (copy + types_length);

  memcpy (blob, &header, header_length);
  if (types_length > 0)
    memcpy (copy, types, types_length);
  if (layout_length > 0)
    memcpy (kinds, layout->kinds, layout_length);
  if (strings_length > 0)
    memcpy (copy + types_length + layout_length, strings, strings_length);

  if (byte_order != EBPF_BYTE_ORDER_HOST)
    {
      for (guint32 offset = 0; offset < types_length;)
        {
          struct btf_type *type = (gpointer) (copy + offset);
          gint64 tail =
              ebpf_btf_tail_size (layout, ebpf_btf_kind_of (type), ebpf_btf_vlen_of (type));

          offset += sizeof *type + tail;
          ebpf_btf_swap_type (type, tail);
        }
      for (guint32 i = 0; i < layout->n_kinds; i++)
        kinds[i].flags = GUINT16_SWAP_LE_BE (kinds[i].flags);

      ((struct btf_header *) (gpointer) blob)->magic = GUINT16_SWAP_LE_BE (BTF_MAGIC);
      for (guint32 offset = 4; offset < header_length; offset += 4)
        {
          guint32 *word = (gpointer) (blob + offset);

          *word = GUINT32_SWAP_LE_BE (*word);
        }
    }

  return g_bytes_new_take (blob, size);
}

GBytes *
ebpf_btf_writer_to_bytes (EbpfBtfWriter *self, EbpfByteOrder byte_order)
{
  const EbpfBtfLayoutTable none = { 0 };

  return ebpf_btf_encode_blob (self->types->data, self->types->len,
                               (const char *) self->strings->data, self->strings->len,
                               self->has_layout ? &ebpf_btf_known_layout : &none, byte_order);
}

EbpfBtf *
ebpf_btf_writer_to_btf (EbpfBtfWriter *self, EbpfByteOrder byte_order, GError **error)
{
  g_autoptr (GBytes) bytes = ebpf_btf_writer_to_bytes (self, EBPF_BYTE_ORDER_HOST);
  EbpfBtf *btf = ebpf_btf_new_internal (bytes, self->base, EBPF_BTF_UNTRUSTED, error);

  if (btf != NULL)
    btf->byte_order = byte_order;

  return btf;
}
