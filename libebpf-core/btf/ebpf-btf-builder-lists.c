/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder-private.h"

#include "base/ebpf-error-private.h"

#define MAX_BIT_OFFSET 0xffffff
#define MAX_BIT_SIZE 128

/* lists */

/* The type that was added last, where it is one of these kinds and has room for one more part. */
static struct btf_type *
peek_list (EbpfBtfBuilder *self, guint kinds, const char *part, const char *wanted, GError **error)
{
  struct btf_type *type = NULL;

  if (self->writer->types->len > 0)
    type = ebpf_btf_writer_peek_last (self->writer);

  if (type == NULL || !((kinds >> ebpf_btf_kind_of (type)) & 1))
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "a %s belongs to the type that was added last, which is no %s", part, wanted);
      return NULL;
    }
  if (ebpf_btf_vlen_of (type) >= EBPF_BTF_MAX_VLEN)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "a %s has at most %u of these: a %s", wanted,
                      EBPF_BTF_MAX_VLEN, part);
      return NULL;
    }

  return type;
}

/* The type moves when it grows. */
static void
append_part (EbpfBtfBuilder *self, const guint32 *words, guint n_words)
{
  ebpf_btf_writer_peek_last (self->writer)->info++;
  ebpf_btf_writer_append (self->writer, words, n_words);
}

/**
 * ebpf_btf_builder_add_struct:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @size: its size in bytes
 * @error: return location for an error
 *
 * Adds a struct, without members; see [method@BtfBuilder.add_member].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_struct (EbpfBtfBuilder *self, const char *name, guint size, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return ebpf_btf_builder_add (self, "struct", name, EBPF_BTF_NAME_OPTIONAL, EBPF_BTF_KIND_STRUCT,
                               FALSE, size, error);
}

/**
 * ebpf_btf_builder_add_union:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @size: its size in bytes
 * @error: return location for an error
 *
 * Adds a union, without members; see [method@BtfBuilder.add_member].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_union (EbpfBtfBuilder *self, const char *name, guint size, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return ebpf_btf_builder_add (self, "union", name, EBPF_BTF_NAME_OPTIONAL, EBPF_BTF_KIND_UNION,
                               FALSE, size, error);
}

/* Sizes of bitfields are in the top bits of the offsets, once there is one: what has been added has
 * to fit what is left. */
static gboolean
make_room_for_bits (struct btf_type *type, GError **error)
{
  const struct btf_member *members = ebpf_btf_tail_of (type);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    if (members[i].offset > MAX_BIT_OFFSET)
      {
        ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                        "a struct with bitfields has no member past its bit %u, but member %u "
                        "starts at %u",
                        MAX_BIT_OFFSET, i, members[i].offset);
        return FALSE;
      }

  type->info |= 1u << 31;
  return TRUE;
}

/**
 * ebpf_btf_builder_add_member:
 * @self: a builder
 * @name: (nullable): name of the member; %NULL for a struct or union whose members are to be seen
 *   as those of this one
 * @type_id: number of its type
 * @bit_offset: where it starts, in bits; 0 in a union
 * @bit_size: how many bits it has where it is a bitfield, and otherwise 0
 * @error: return location for an error
 *
 * Adds a member to the struct or union that was added last. Members come in the order of their
 * offsets.
 *
 * Returns: whether it could be added
 */
gboolean
ebpf_btf_builder_add_member (EbpfBtfBuilder *self,
                             const char *name,
                             guint type_id,
                             guint bit_offset,
                             guint bit_size,
                             GError **error)
{
  guint32 words[3] = { 0, type_id, bit_offset };
  struct btf_type *type;
  guint vlen;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  type = peek_list (self, 1u << EBPF_BTF_KIND_STRUCT | 1u << EBPF_BTF_KIND_UNION, "member",
                    "struct or union", error);
  if (type == NULL ||
      !ebpf_btf_builder_check_name ("member", name, EBPF_BTF_NAME_OPTIONAL, error) ||
      !ebpf_btf_builder_has_room (self, 0, error))
    return FALSE;

  vlen = ebpf_btf_vlen_of (type);
  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION && bit_offset != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "members of a union start at bit 0, not %u", bit_offset);
      return FALSE;
    }
  if (((guint64) bit_offset + bit_size + 7) / 8 > type->size)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "a member at bit %u does not fit a type of %u bytes", bit_offset, type->size);
      return FALSE;
    }
  if (bit_size > MAX_BIT_SIZE)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "a bitfield has at most %u bits, not %u",
                      MAX_BIT_SIZE, bit_size);
      return FALSE;
    }
  if (vlen > 0)
    {
      guint32 previous = ((const struct btf_member *) ebpf_btf_tail_of (type))[vlen - 1].offset;

      if (ebpf_btf_kflag_of (type))
        previous = BTF_MEMBER_BIT_OFFSET (previous);
      if (bit_offset < previous)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "members come in the order of their offsets: bit %u after bit %u",
                          bit_offset, previous);
          return FALSE;
        }
    }
  if (bit_size > 0 && !ebpf_btf_kflag_of (type) && !make_room_for_bits (type, error))
    return FALSE;
  if (ebpf_btf_kflag_of (type))
    {
      if (bit_offset > MAX_BIT_OFFSET)
        {
          ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                          "a struct with bitfields has no member past its bit %u, not at %u",
                          MAX_BIT_OFFSET, bit_offset);
          return FALSE;
        }
      words[2] |= bit_size << 24;
    }

  words[0] = ebpf_btf_writer_add_string (self->writer, name);
  append_part (self, words, 3);
  return TRUE;
}

/**
 * ebpf_btf_builder_add_forward:
 * @self: a builder
 * @name: its name
 * @kind: %EBPF_BTF_KIND_STRUCT or %EBPF_BTF_KIND_UNION
 * @error: return location for an error
 *
 * Adds a struct or union of which nothing but its name is known.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_forward (EbpfBtfBuilder *self,
                              const char *name,
                              EbpfBtfKind kind,
                              GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (kind != EBPF_BTF_KIND_STRUCT && kind != EBPF_BTF_KIND_UNION)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "only a struct or union can be declared without being defined");
      return 0;
    }

  return ebpf_btf_builder_add (self, "declaration", name, EBPF_BTF_NAME_IDENTIFIER,
                               EBPF_BTF_KIND_FWD, kind == EBPF_BTF_KIND_UNION, 0, error);
}

/**
 * ebpf_btf_builder_add_enum:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @size: its size in bytes: 1, 2, 4 or 8
 * @is_signed: whether its values have a sign
 * @error: return location for an error
 *
 * Adds an enumeration whose values have up to 32 bits, without values; see
 * [method@BtfBuilder.add_enumerator].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_enum (EbpfBtfBuilder *self,
                           const char *name,
                           guint size,
                           gboolean is_signed,
                           GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (!ebpf_btf_builder_check_size ("enumeration", size, 1u << 1 | 1u << 2 | 1u << 4 | 1u << 8,
                                    error))
    return 0;

  return ebpf_btf_builder_add (self, "enumeration", name, EBPF_BTF_NAME_OPTIONAL,
                               EBPF_BTF_KIND_ENUM, is_signed, size, error);
}

/**
 * ebpf_btf_builder_add_enum64:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @size: its size in bytes: 1, 2, 4 or 8
 * @is_signed: whether its values have a sign
 * @error: return location for an error
 *
 * Adds an enumeration whose values have up to 64 bits, without values; see
 * [method@BtfBuilder.add_enumerator]. Kernels take it from Linux 6.0 on.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_enum64 (EbpfBtfBuilder *self,
                             const char *name,
                             guint size,
                             gboolean is_signed,
                             GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (!ebpf_btf_builder_check_size ("enumeration", size, 1u << 1 | 1u << 2 | 1u << 4 | 1u << 8,
                                    error))
    return 0;

  return ebpf_btf_builder_add (self, "enumeration", name, EBPF_BTF_NAME_OPTIONAL,
                               EBPF_BTF_KIND_ENUM64, is_signed, size, error);
}

/**
 * ebpf_btf_builder_add_enumerator:
 * @self: a builder
 * @name: its name
 * @value: its value; that of an enumeration without a sign is the same 64 bits
 * @error: return location for an error
 *
 * Adds a value to the enumeration that was added last.
 *
 * Returns: whether it could be added
 */
gboolean
ebpf_btf_builder_add_enumerator (EbpfBtfBuilder *self,
                                 const char *name,
                                 gint64 value,
                                 GError **error)
{
  guint32 words[3] = { 0, (guint32) value, (guint32) ((guint64) value >> 32) };
  struct btf_type *type;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  type = peek_list (self, 1u << EBPF_BTF_KIND_ENUM | 1u << EBPF_BTF_KIND_ENUM64, "value",
                    "enumeration", error);
  if (type == NULL ||
      !ebpf_btf_builder_check_name ("value", name, EBPF_BTF_NAME_IDENTIFIER, error) ||
      !ebpf_btf_builder_has_room (self, 0, error))
    return FALSE;

  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM &&
      (ebpf_btf_kflag_of (type) ? value < G_MININT32 || value > G_MAXINT32
                                : value < 0 || value > G_MAXUINT32))
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "%s: %" G_GINT64_FORMAT " is no value of an enumeration of 32 bits with%s "
                      "sign; see ebpf_btf_builder_add_enum64 ()",
                      name, value, ebpf_btf_kflag_of (type) ? "" : "out");
      return FALSE;
    }

  words[0] = ebpf_btf_writer_add_string (self->writer, name);
  append_part (
      self, words,
      ebpf_btf_kind_of (ebpf_btf_writer_peek_last (self->writer)) == EBPF_BTF_KIND_ENUM64 ? 3 : 2);
  return TRUE;
}

/**
 * ebpf_btf_builder_add_prototype:
 * @self: a builder
 * @return_id: number of the type that is returned, 0 for `void`
 * @error: return location for an error
 *
 * Adds the prototype of a function, without parameters; see [method@BtfBuilder.add_parameter].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_prototype (EbpfBtfBuilder *self, guint return_id, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return ebpf_btf_builder_add (self, "prototype", NULL, EBPF_BTF_NAME_OPTIONAL,
                               EBPF_BTF_KIND_FUNC_PROTO, FALSE, return_id, error);
}

/**
 * ebpf_btf_builder_add_parameter:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @type_id: number of its type; 0 without a name is the `...` of a variable list
 * @error: return location for an error
 *
 * Adds a parameter to the prototype that was added last.
 *
 * Returns: whether it could be added
 */
gboolean
ebpf_btf_builder_add_parameter (EbpfBtfBuilder *self,
                                const char *name,
                                guint type_id,
                                GError **error)
{
  guint32 words[2] = { 0, type_id };
  const struct btf_type *type;
  guint vlen;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  type = peek_list (self, 1u << EBPF_BTF_KIND_FUNC_PROTO, "parameter", "prototype", error);
  if (type == NULL ||
      !ebpf_btf_builder_check_name ("parameter", name, EBPF_BTF_NAME_OPTIONAL, error) ||
      !ebpf_btf_builder_has_room (self, 0, error))
    return FALSE;

  vlen = ebpf_btf_vlen_of (type);
  if (type_id == 0 && name != NULL && name[0] != '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "parameter %s cannot be void", name);
      return FALSE;
    }
  if (vlen > 0 && ((const struct btf_param *) ebpf_btf_tail_of (type))[vlen - 1].type == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "there is no parameter behind the variable list of a prototype");
      return FALSE;
    }

  words[0] = ebpf_btf_writer_add_string (self->writer, name);
  append_part (self, words, 2);
  return TRUE;
}

/**
 * ebpf_btf_builder_add_section:
 * @self: a builder
 * @name: its name, such as ".data"
 * @size: its size in bytes
 * @error: return location for an error
 *
 * Adds a section of variables, without any; see [method@BtfBuilder.add_section_entry].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_section (EbpfBtfBuilder *self, const char *name, guint size, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return ebpf_btf_builder_add (self, "section", name, EBPF_BTF_NAME_SECTION, EBPF_BTF_KIND_DATASEC,
                               FALSE, size, error);
}

/**
 * ebpf_btf_builder_add_section_entry:
 * @self: a builder
 * @type_id: number of a variable, or of a function that is defined elsewhere
 * @offset: where it is, in bytes
 * @size: its size in bytes
 * @error: return location for an error
 *
 * Adds a variable to the section that was added last. Those come in the order of their offsets and
 * do not overlap.
 *
 * Returns: whether it could be added
 */
gboolean
ebpf_btf_builder_add_section_entry (EbpfBtfBuilder *self,
                                    guint type_id,
                                    guint offset,
                                    guint size,
                                    GError **error)
{
  const guint32 words[3] = { type_id, offset, size };
  const struct btf_type *type;
  guint vlen;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  type = peek_list (self, 1u << EBPF_BTF_KIND_DATASEC, "variable", "section", error);
  if (type == NULL)
    return FALSE;

  /* A size of 0 is one that is not known yet. */
  if (type->size != 0 && (guint64) offset + size > type->size)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "%u bytes at offset %u do not fit a section of %u bytes", size, offset,
                      type->size);
      return FALSE;
    }

  vlen = ebpf_btf_vlen_of (type);
  if (vlen > 0 && type->size != 0)
    {
      const struct btf_var_secinfo *last =
          (const struct btf_var_secinfo *) ebpf_btf_tail_of (type) + vlen - 1;

      if (offset < (guint64) last->offset + last->size)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "a variable at offset %u overlaps the one before, or comes after it",
                          offset);
          return FALSE;
        }
    }

  append_part (self, words, 3);
  return TRUE;
}
