/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What only types of one kind have. */

#include "btf/ebpf-btf-private.h"

static const struct btf_type *
peek_kind (EbpfBtfType *self, EbpfBtfKind kind)
{
  const struct btf_type *type =
      ebpf_btf_peek (ebpf_btf_type_get_btf (self), ebpf_btf_type_get_id (self));

  return type != NULL && ebpf_btf_kind_of (type) == kind ? type : NULL;
}

/**
 * ebpf_btf_type_get_int_encoding:
 * @self: an integer
 *
 * Gets what an integer stands for.
 *
 * Returns: the encoding; %EBPF_BTF_INT_ENCODING_UNSIGNED for types of other kinds
 */
EbpfBtfIntEncoding
ebpf_btf_type_get_int_encoding (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, EBPF_BTF_INT_ENCODING_UNSIGNED);

  type = peek_kind (self, EBPF_BTF_KIND_INT);
  return type != NULL ? BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type))
                      : EBPF_BTF_INT_ENCODING_UNSIGNED;
}

/**
 * ebpf_btf_type_get_int_bits:
 * @self: an integer
 *
 * Gets how many bits of its bytes an integer has. Older compilers make a type for each width of a
 * bitfield.
 *
 * Returns: the number of bits; 0 for types of other kinds
 */
guint
ebpf_btf_type_get_int_bits (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, 0);

  type = peek_kind (self, EBPF_BTF_KIND_INT);
  return type != NULL ? BTF_INT_BITS (*(const guint32 *) ebpf_btf_tail_of (type)) : 0;
}

/**
 * ebpf_btf_type_get_int_bit_offset:
 * @self: an integer
 *
 * Gets where in its bytes the bits of an integer begin.
 *
 * Returns: the offset in bits, mostly 0; 0 for types of other kinds
 */
guint
ebpf_btf_type_get_int_bit_offset (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, 0);

  type = peek_kind (self, EBPF_BTF_KIND_INT);
  return type != NULL ? BTF_INT_OFFSET (*(const guint32 *) ebpf_btf_tail_of (type)) : 0;
}

/**
 * ebpf_btf_type_get_linkage:
 * @self: a function or variable
 *
 * Gets where a function or variable can be seen.
 *
 * Returns: the linkage; %EBPF_BTF_LINKAGE_STATIC for types of other kinds
 */
EbpfBtfLinkage
ebpf_btf_type_get_linkage (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, EBPF_BTF_LINKAGE_STATIC);

  type = peek_kind (self, EBPF_BTF_KIND_FUNC);
  if (type != NULL)
    return ebpf_btf_vlen_of (type);

  type = peek_kind (self, EBPF_BTF_KIND_VAR);
  return type != NULL ? *(const guint32 *) ebpf_btf_tail_of (type) : EBPF_BTF_LINKAGE_STATIC;
}

/**
 * ebpf_btf_type_get_component:
 * @self: a declaration tag
 *
 * Gets which part of its target a tag is about.
 *
 * Returns: index of a member or parameter, or -1 for the whole and for types of other kinds
 */
int
ebpf_btf_type_get_component (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, -1);

  type = peek_kind (self, EBPF_BTF_KIND_DECL_TAG);
  return type != NULL ? *(const gint32 *) ebpf_btf_tail_of (type) : -1;
}

/**
 * ebpf_btf_type_get_kind_flag:
 * @self: a type
 *
 * Gets the bit that says different things for different kinds: of a forward declaration that it is a
 * union's, of an enumeration that it has a sign, of a struct or union that its members can be
 * bitfields, of a tag that it is an attribute.
 *
 * Returns: whether the bit is set
 */
gboolean
ebpf_btf_type_get_kind_flag (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, FALSE);

  type = ebpf_btf_peek (ebpf_btf_type_get_btf (self), ebpf_btf_type_get_id (self));
  return type != NULL && ebpf_btf_kflag_of (type);
}

/**
 * ebpf_btf_type_get_member_size:
 * @self: a section
 * @index: index of a variable
 *
 * Gets how many bytes of a section a variable has.
 *
 * Returns: the size in bytes; 0 for types of other kinds
 */
guint
ebpf_btf_type_get_member_size (EbpfBtfType *self, guint index)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (index < ebpf_btf_type_get_n_members (self), 0);

  type = peek_kind (self, EBPF_BTF_KIND_DATASEC);
  return type != NULL ? ((const struct btf_var_secinfo *) ebpf_btf_tail_of (type))[index].size : 0;
}

/**
 * ebpf_btf_type_get_index_id:
 * @self: an array
 *
 * Gets the type of an array's index.
 *
 * Returns: number of the type; 0 for types of other kinds
 */
guint
ebpf_btf_type_get_index_id (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, 0);

  type = peek_kind (self, EBPF_BTF_KIND_ARRAY);
  return type != NULL ? ((const struct btf_array *) ebpf_btf_tail_of (type))->index_type : 0;
}

/**
 * ebpf_btf_type_get_alignment:
 * @self: a type
 *
 * Gets the alignment of a value of the type as C lays it out.
 *
 * Returns: the alignment in bytes, a power of two; 1 for a packed struct, and for what has no values
 */
guint
ebpf_btf_type_get_alignment (EbpfBtfType *self)
{
  g_return_val_if_fail (self != NULL, 1);

  return ebpf_btf_align_of (ebpf_btf_type_get_btf (self), ebpf_btf_type_get_id (self));
}

/**
 * ebpf_btf_type_is_signed:
 * @self: an integer or enumeration
 *
 * Says whether values have a sign.
 *
 * Returns: whether they have; %FALSE for a type of another kind
 */
gboolean
ebpf_btf_type_is_signed (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, FALSE);

  if (peek_kind (self, EBPF_BTF_KIND_INT) != NULL)
    return (ebpf_btf_type_get_int_encoding (self) & EBPF_BTF_INT_ENCODING_SIGNED) != 0;

  type = peek_kind (self, EBPF_BTF_KIND_ENUM);
  if (type == NULL)
    type = peek_kind (self, EBPF_BTF_KIND_ENUM64);
  return type != NULL && ebpf_btf_kflag_of (type);
}

/**
 * ebpf_btf_type_get_declared_kind:
 * @self: a forward declaration
 *
 * Gets what is declared.
 *
 * Returns: %EBPF_BTF_KIND_STRUCT or %EBPF_BTF_KIND_UNION; %EBPF_BTF_KIND_VOID for a type of another
 *   kind
 */
EbpfBtfKind
ebpf_btf_type_get_declared_kind (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, EBPF_BTF_KIND_VOID);

  type = peek_kind (self, EBPF_BTF_KIND_FWD);
  if (type == NULL)
    return EBPF_BTF_KIND_VOID;
  return ebpf_btf_kflag_of (type) ? EBPF_BTF_KIND_UNION : EBPF_BTF_KIND_STRUCT;
}

/**
 * ebpf_btf_type_list_tags:
 * @self: a struct, union, typedef, variable or function
 * @component: number of a member or parameter, counted from 0; -1 for the whole
 *
 * Lists what the tags on a declaration say. This goes through all types.
 *
 * Returns: (transfer full) (array zero-terminated=1): the tags
 */
char **
ebpf_btf_type_list_tags (EbpfBtfType *self, int component)
{
  g_autoptr (GPtrArray) tags = NULL;
  EbpfBtf *btf;
  guint id;

  g_return_val_if_fail (self != NULL, NULL);

  tags = g_ptr_array_new ();
  btf = ebpf_btf_type_get_btf (self);
  id = ebpf_btf_type_get_id (self);
  for (guint i = 1; i < ebpf_btf_get_n_types (btf); i++)
    {
      const struct btf_type *type = ebpf_btf_peek (btf, i);

      if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_DECL_TAG && type->type == id &&
          *(const gint32 *) ebpf_btf_tail_of (type) == component)
        g_ptr_array_add (tags, g_strdup (ebpf_btf_name_of (btf, type)));
    }
  g_ptr_array_add (tags, NULL);

  return (char **) g_ptr_array_free (g_steal_pointer (&tags), FALSE);
}
