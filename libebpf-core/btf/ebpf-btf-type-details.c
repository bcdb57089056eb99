/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-type.h"

#include "btf/ebpf-btf-private.h"

/* What only types of one kind or another have. */

static const struct btf_type *
peek (EbpfBtfType *self, guint kind)
{
  const struct btf_type *type =
      ebpf_btf_peek (ebpf_btf_type_get_btf (self), ebpf_btf_type_get_id (self));

  return type != NULL && ebpf_btf_kind_of (type) == kind ? type : NULL;
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
 * ebpf_btf_type_get_int_encoding:
 * @self: an integer
 *
 * Gets what an integer stands for.
 *
 * Returns: the encoding; one that is not listed is the kernel's number;
 *   %EBPF_BTF_INT_ENCODING_UNSIGNED for a type of another kind
 */
EbpfBtfIntEncoding
ebpf_btf_type_get_int_encoding (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, EBPF_BTF_INT_ENCODING_UNSIGNED);

  type = peek (self, EBPF_BTF_KIND_INT);
  return type != NULL
             ? (EbpfBtfIntEncoding) BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type))
             : EBPF_BTF_INT_ENCODING_UNSIGNED;
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

  if (peek (self, EBPF_BTF_KIND_INT) != NULL)
    return (ebpf_btf_type_get_int_encoding (self) & EBPF_BTF_INT_ENCODING_SIGNED) != 0;

  type = peek (self, EBPF_BTF_KIND_ENUM);
  if (type == NULL)
    type = peek (self, EBPF_BTF_KIND_ENUM64);
  return type != NULL && ebpf_btf_kflag_of (type);
}

/**
 * ebpf_btf_type_get_linkage:
 * @self: a function or variable
 *
 * Gets where a function or variable can be seen.
 *
 * Returns: the linkage; one that is not listed is the kernel's number; %EBPF_BTF_LINKAGE_STATIC for
 *   a type of another kind
 */
EbpfBtfLinkage
ebpf_btf_type_get_linkage (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, EBPF_BTF_LINKAGE_STATIC);

  /* Where other kinds count their parts. */
  type = peek (self, EBPF_BTF_KIND_FUNC);
  if (type != NULL)
    return (EbpfBtfLinkage) ebpf_btf_vlen_of (type);

  type = peek (self, EBPF_BTF_KIND_VAR);
  return type != NULL ? (EbpfBtfLinkage) * (const guint32 *) ebpf_btf_tail_of (type)
                      : EBPF_BTF_LINKAGE_STATIC;
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

  type = peek (self, EBPF_BTF_KIND_FWD);
  if (type == NULL)
    return EBPF_BTF_KIND_VOID;
  return ebpf_btf_kflag_of (type) ? EBPF_BTF_KIND_UNION : EBPF_BTF_KIND_STRUCT;
}

/**
 * ebpf_btf_type_get_component:
 * @self: a tag on a declaration
 *
 * Gets what of a declaration a tag is on; the declaration is its
 * [method@BtfType.get_target_id].
 *
 * Returns: the member's or parameter's number, counted from 0; -1 for the whole, and for a type of
 *   another kind
 */
int
ebpf_btf_type_get_component (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, -1);

  type = peek (self, EBPF_BTF_KIND_DECL_TAG);
  return type != NULL ? *(const gint32 *) ebpf_btf_tail_of (type) : -1;
}

/**
 * ebpf_btf_type_is_attribute:
 * @self: a tag, on a type or on a declaration
 *
 * Says whether a tag stands for an attribute of C (Linux 6.15) and not for a `btf_type_tag` or
 * `btf_decl_tag`.
 *
 * Returns: whether it is an attribute; %FALSE for a type of another kind
 */
gboolean
ebpf_btf_type_is_attribute (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, FALSE);

  type = peek (self, EBPF_BTF_KIND_TYPE_TAG);
  if (type == NULL)
    type = peek (self, EBPF_BTF_KIND_DECL_TAG);
  return type != NULL && ebpf_btf_kflag_of (type);
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
