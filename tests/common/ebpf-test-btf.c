/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpf-test-btf.h"

#include <linux/btf.h>
#include <string.h>

struct _TestBtf
{
  gboolean big_endian;
  guint32 first_id;
  guint32 strings_start;
  guint32 n_types;
  GByteArray *types;
  GByteArray *strings;
  gsize last; /* where the last type starts */
};

#define KIND_ENUM64 19

TestBtf *
test_btf_new_split (gboolean big_endian, guint32 first_id, guint32 strings_start)
{
  TestBtf *self = g_new0 (TestBtf, 1);

  self->big_endian = big_endian;
  self->first_id = first_id;
  self->strings_start = strings_start;
  self->types = g_byte_array_new ();
  self->strings = g_byte_array_new ();

  return self;
}

TestBtf *
test_btf_new (gboolean big_endian)
{
  TestBtf *self = test_btf_new_split (big_endian, 1, 0);

  g_byte_array_append (self->strings, (const guint8 *) "", 1);
  return self;
}

void
test_btf_free (TestBtf *self)
{
  g_byte_array_unref (self->types);
  g_byte_array_unref (self->strings);
  g_free (self);
}

static guint32
in_order (TestBtf *self, guint32 word)
{
  return self->big_endian ? GUINT32_TO_BE (word) : GUINT32_TO_LE (word);
}

static void
append_word (TestBtf *self, GByteArray *array, guint32 word)
{
  word = in_order (self, word);
  g_byte_array_append (array, (const guint8 *) &word, sizeof word);
}

static guint32
get_word (TestBtf *self, gsize offset)
{
  guint32 word;

  memcpy (&word, self->types->data + offset, sizeof word);
  return in_order (self, word);
}

static void
set_word (TestBtf *self, gsize offset, guint32 word)
{
  word = in_order (self, word);
  memcpy (self->types->data + offset, &word, sizeof word);
}

GBytes *
test_btf_to_bytes_with_header (TestBtf *self, guint32 header_length)
{
  GByteArray *blob = g_byte_array_new ();
  guint16 magic = self->big_endian ? GUINT16_TO_BE (BTF_MAGIC) : GUINT16_TO_LE (BTF_MAGIC);
  const guint8 version_and_flags[2] = { BTF_VERSION, 0 };

  g_byte_array_append (blob, (const guint8 *) &magic, sizeof magic);
  g_byte_array_append (blob, version_and_flags, sizeof version_and_flags);
  append_word (self, blob, header_length);
  append_word (self, blob, 0);
  append_word (self, blob, self->types->len);
  append_word (self, blob, self->types->len);
  append_word (self, blob, self->strings->len);
  while (blob->len < header_length)
    g_byte_array_append (blob, (const guint8 *) "", 1);
  g_byte_array_append (blob, self->types->data, self->types->len);
  g_byte_array_append (blob, self->strings->data, self->strings->len);

  return g_byte_array_free_to_bytes (blob);
}

GBytes *
test_btf_to_bytes (TestBtf *self)
{
  return test_btf_to_bytes_with_header (self, sizeof (struct btf_header));
}

guint32
test_btf_n_types (TestBtf *self)
{
  return self->first_id + self->n_types;
}

guint32
test_btf_strings_length (TestBtf *self)
{
  return self->strings->len;
}

guint32
test_btf_string (TestBtf *self, const char *string)
{
  gsize offset;

  if (string == NULL || string[0] == '\0')
    return 0;

  for (offset = 0; offset < self->strings->len;)
    {
      const char *known = (const char *) self->strings->data + offset;

      if (strcmp (known, string) == 0)
        return self->strings_start + offset;
      offset += strlen (known) + 1;
    }

  g_byte_array_append (self->strings, (const guint8 *) string, strlen (string) + 1);
  return self->strings_start + offset;
}

guint32
test_btf_raw (TestBtf *self,
              guint32 name_offset,
              guint32 info,
              guint32 size_or_type,
              const guint32 *words,
              gsize n_words)
{
  gsize i;

  self->last = self->types->len;
  append_word (self, self->types, name_offset);
  append_word (self, self->types, info);
  append_word (self, self->types, size_or_type);
  for (i = 0; i < n_words; i++)
    append_word (self, self->types, words[i]);

  return self->first_id + self->n_types++;
}

static guint32
add (TestBtf *self, guint kind, gboolean kind_flag, const char *name, guint32 size_or_type)
{
  return test_btf_raw (self, test_btf_string (self, name), (guint32) kind_flag << 31 | kind << 24,
                       size_or_type, NULL, 0);
}

static void
add_part (TestBtf *self, guint32 first, guint32 second)
{
  set_word (self, self->last + 4, get_word (self, self->last + 4) + 1);
  append_word (self, self->types, first);
  append_word (self, self->types, second);
}

guint32
test_btf_int (TestBtf *self, const char *name, guint32 size, guint32 encoding)
{
  guint32 id = add (self, BTF_KIND_INT, FALSE, name, size);

  append_word (self, self->types, encoding << 24 | size * 8);
  return id;
}

guint32
test_btf_float (TestBtf *self, const char *name, guint32 size)
{
  return add (self, BTF_KIND_FLOAT, FALSE, name, size);
}

guint32
test_btf_ptr (TestBtf *self, guint32 target)
{
  return add (self, BTF_KIND_PTR, FALSE, NULL, target);
}

guint32
test_btf_array (TestBtf *self, guint32 element, guint32 index_type, guint32 n_elements)
{
  guint32 id = add (self, BTF_KIND_ARRAY, FALSE, NULL, 0);

  append_word (self, self->types, element);
  append_word (self, self->types, index_type);
  append_word (self, self->types, n_elements);
  return id;
}

guint32
test_btf_typedef (TestBtf *self, const char *name, guint32 target)
{
  return add (self, BTF_KIND_TYPEDEF, FALSE, name, target);
}

guint32
test_btf_const (TestBtf *self, guint32 target)
{
  return add (self, BTF_KIND_CONST, FALSE, NULL, target);
}

guint32
test_btf_volatile (TestBtf *self, guint32 target)
{
  return add (self, BTF_KIND_VOLATILE, FALSE, NULL, target);
}

guint32
test_btf_restrict (TestBtf *self, guint32 target)
{
  return add (self, BTF_KIND_RESTRICT, FALSE, NULL, target);
}

guint32
test_btf_type_tag (TestBtf *self, const char *tag, guint32 target)
{
  return add (self, BTF_KIND_TYPE_TAG, FALSE, tag, target);
}

guint32
test_btf_fwd (TestBtf *self, const char *name, gboolean is_union)
{
  return add (self, BTF_KIND_FWD, is_union, name, 0);
}

guint32
test_btf_func (TestBtf *self, const char *name, guint32 proto, guint32 linkage)
{
  guint32 id = add (self, BTF_KIND_FUNC, FALSE, name, proto);

  set_word (self, self->last + 4, get_word (self, self->last + 4) | linkage);
  return id;
}

guint32
test_btf_var (TestBtf *self, const char *name, guint32 type, guint32 linkage)
{
  guint32 id = add (self, BTF_KIND_VAR, FALSE, name, type);

  append_word (self, self->types, linkage);
  return id;
}

guint32
test_btf_decl_tag (TestBtf *self, const char *tag, guint32 target, gint32 component)
{
  guint32 id = add (self, BTF_KIND_DECL_TAG, FALSE, tag, target);

  append_word (self, self->types, (guint32) component);
  return id;
}

guint32
test_btf_struct (TestBtf *self, const char *name, guint32 size)
{
  return add (self, BTF_KIND_STRUCT, FALSE, name, size);
}

guint32
test_btf_union (TestBtf *self, const char *name, guint32 size)
{
  return add (self, BTF_KIND_UNION, FALSE, name, size);
}

void
test_btf_member (TestBtf *self, const char *name, guint32 type, guint32 bit_offset)
{
  add_part (self, test_btf_string (self, name), type);
  append_word (self, self->types, bit_offset);
}

void
test_btf_bitfield (TestBtf *self,
                   const char *name,
                   guint32 type,
                   guint32 bit_offset,
                   guint32 bit_size)
{
  test_btf_member (self, name, type, bit_size << 24 | bit_offset);
  set_word (self, self->last + 4, get_word (self, self->last + 4) | 1u << 31);
}

guint32
test_btf_enum (TestBtf *self, const char *name, guint32 size, gboolean is_signed)
{
  return add (self, BTF_KIND_ENUM, is_signed, name, size);
}

guint32
test_btf_enum64 (TestBtf *self, const char *name, guint32 size, gboolean is_signed)
{
  return add (self, KIND_ENUM64, is_signed, name, size);
}

void
test_btf_value (TestBtf *self, const char *name, gint64 value)
{
  guint kind = get_word (self, self->last + 4) >> 24 & 0x1f;

  add_part (self, test_btf_string (self, name), (guint32) value);
  if (kind == KIND_ENUM64)
    append_word (self, self->types, (guint32) ((guint64) value >> 32));
}

guint32
test_btf_func_proto (TestBtf *self, guint32 return_type)
{
  return add (self, BTF_KIND_FUNC_PROTO, FALSE, NULL, return_type);
}

void
test_btf_param (TestBtf *self, const char *name, guint32 type)
{
  add_part (self, test_btf_string (self, name), type);
}

guint32
test_btf_datasec (TestBtf *self, const char *name, guint32 size)
{
  return add (self, BTF_KIND_DATASEC, FALSE, name, size);
}

void
test_btf_section_var (TestBtf *self, guint32 var, guint32 offset, guint32 size)
{
  add_part (self, var, offset);
  append_word (self, self->types, size);
}
