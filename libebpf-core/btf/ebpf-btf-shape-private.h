/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-private.h"

G_BEGIN_DECLS

/* How a value of a type is read and written, whatever names and qualifiers are in front of it. */
typedef enum
{
  EBPF_BTF_SHAPE_INTEGER, /* of 1, 2, 4 or 8 bytes; an enumeration or a pointer too */
  EBPF_BTF_SHAPE_BOOLEAN, /* of 1, 2, 4 or 8 bytes */
  EBPF_BTF_SHAPE_FLOAT,   /* of 4 or 8 bytes */
  EBPF_BTF_SHAPE_CHARS,   /* array of characters */
  EBPF_BTF_SHAPE_BYTES, /* array of u8; a scalar of any other size, such as an integer of 128 bits */
  EBPF_BTF_SHAPE_ARRAY,
  EBPF_BTF_SHAPE_STRUCT, /* struct, union or section */
} EbpfBtfShapeKind;

typedef struct
{
  EbpfBtfShapeKind kind;
  const struct btf_type *type; /* without names and qualifiers */
  guint32 id;
  gsize size;
  gboolean is_signed;

  /* array, chars, bytes */
  guint32 element_id;
  gsize element_size;
  gsize n_elements;
} EbpfBtfShape;

/* FALSE where the type has no values: then @error says why. */
gboolean ebpf_btf_shape_init (EbpfBtfShape *self, EbpfBtf *btf, guint32 id, GError **error);

static inline gboolean
ebpf_btf_shape_is_enum (const EbpfBtfShape *self)
{
  return ebpf_btf_kind_of (self->type) == EBPF_BTF_KIND_ENUM ||
         ebpf_btf_kind_of (self->type) == EBPF_BTF_KIND_ENUM64;
}

static inline gboolean
ebpf_btf_shape_is_pointer (const EbpfBtfShape *self)
{
  return ebpf_btf_kind_of (self->type) == EBPF_BTF_KIND_PTR;
}

/* An integer of more bits than a machine word has (`__int128`), or of an odd number of bytes: bytes, in
 * the order of memory. */
static inline gboolean
ebpf_btf_shape_is_long_integer (const EbpfBtfShape *self)
{
  return self->kind == EBPF_BTF_SHAPE_BYTES && ebpf_btf_kind_of (self->type) == EBPF_BTF_KIND_INT &&
         self->size > 0 && self->size <= 16;
}

static inline gboolean
ebpf_btf_shape_is_union (const EbpfBtfShape *self)
{
  return ebpf_btf_kind_of (self->type) == EBPF_BTF_KIND_UNION;
}

/* A member of a struct or union, or a variable of a section. */
typedef struct
{
  const char *name; /* "" for padding, and for a member whose own members count as the struct's */
  EbpfBtfShape shape;
  guint32 bit_offset;
  guint32 bit_size; /* 0 where it is no bitfield */
} EbpfBtfField;

/* UTF-8; "" where there is no name or one that is no text. */
const char *ebpf_btf_field_name (EbpfBtf *btf, const struct btf_type *type, guint index);

/* Checked to lie within the struct. */
gboolean ebpf_btf_field_init (EbpfBtfField *self,
                              EbpfBtf *btf,
                              const EbpfBtfShape *shape,
                              guint index,
                              GError **error);

/* Whether an entry of a section is a variable of a known size; others are no part of its value. */
gboolean ebpf_btf_section_has_value (EbpfBtf *btf, const struct btf_type *section, guint index);

/* A struct or union without a name inside another one. */
static inline gboolean
ebpf_btf_field_is_inlined (const EbpfBtfField *self)
{
  return self->name[0] == '\0' && self->shape.kind == EBPF_BTF_SHAPE_STRUCT;
}

/* Up to 64 bits in the order of a bitfield of this machine. */
guint64 ebpf_btf_read_bits (const guint8 *data, guint32 bit_offset, guint32 bit_size);
void ebpf_btf_write_bits (guint8 *data, guint32 bit_offset, guint32 bit_size, guint64 value);

/* An integer of 1, 2, 4 or 8 bytes, extended to 64 bits by its sign. */
guint64 ebpf_btf_read_integer (const guint8 *data, gsize size, gboolean is_signed);
void ebpf_btf_write_integer (guint8 *data, gsize size, guint64 value);

/* The same of one of up to 128 bits: its magnitude, in words from the lowest on. Returns whether it is
 * negative. Writing is FALSE where it does not fit. */
typedef struct
{
  guint32 words[4];
} EbpfBtfNumber;
gboolean
ebpf_btf_read_number (const EbpfBtfShape *shape, const guint8 *data, EbpfBtfNumber *number);
gboolean ebpf_btf_write_number (const EbpfBtfShape *shape,
                                guint8 *data,
                                const EbpfBtfNumber *number,
                                gboolean negative);

/* As text, in tens; of digits, or with 0x. */
char *ebpf_btf_number_to_string (const EbpfBtfNumber *number, gboolean negative);
gboolean ebpf_btf_number_from_string (const char *text, EbpfBtfNumber *number, gboolean *negative);

/* A scalar field, bitfield or not. @data: of the struct. */
guint64 ebpf_btf_field_read (const EbpfBtfField *self, const guint8 *data);

/* Length of the text in an array of characters, or -1 where it is none: not UTF-8, or with something
 * behind the first zero. */
gssize ebpf_btf_text_length (const guint8 *data, gsize size);

/* Name of an enumeration's value, or NULL. */
const char *ebpf_btf_enum_name (EbpfBtf *btf, const struct btf_type *type, gint64 value);

/* Values deeper than this are refused; a GVariant cannot nest much deeper either. */
#define EBPF_BTF_MAX_VALUE_DEPTH 32

/* Parts of a value that are looked at before it is refused: members of a union are read from the same
 * bytes, so that nested unions have many more parts than bytes. */
static inline guint64
ebpf_btf_value_budget (gsize size)
{
  return 65536 + 16 * (guint64) size;
}

G_END_DECLS
