/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-plan-private.h"
#include "btf/ebpf-btf-private.h"

#include "base/ebpf-error-private.h"

/**
 * EbpfBtfType:
 *
 * One type of an [class@Btf]: a number, and what can be asked about it.
 *
 * It never changes, and keeps its type information alive.
 */
struct _EbpfBtfType
{
  gatomicrefcount ref_count;
  EbpfBtf *btf;
  guint32 id;
  gint n_reads;      /* atomic */
  EbpfBtfPlan *plan; /* atomic; made when values are read again and again */
};

G_DEFINE_BOXED_TYPE (EbpfBtfType, ebpf_btf_type, ebpf_btf_type_ref, ebpf_btf_type_unref)

static EbpfBtfType *
type_new (EbpfBtf *btf, guint32 id)
{
  EbpfBtfType *self = g_new0 (EbpfBtfType, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->btf = g_object_ref (btf);
  self->id = id;

  return self;
}

/**
 * ebpf_btf_get_type_by_id:
 * @self: type information
 * @id: number of a type; 0 is `void`
 *
 * Gets a type by its number.
 *
 * Returns: (transfer full) (nullable): the type, or %NULL where there is none of this number
 */
EbpfBtfType *
ebpf_btf_get_type_by_id (EbpfBtf *self, guint id)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);

  if (id != 0 && ebpf_btf_peek (self, id) == NULL)
    return NULL;

  return type_new (self, id);
}

/**
 * ebpf_btf_find_type:
 * @self: type information
 * @name: name of a type, without `struct` and the like
 * @kind: kind of the type; %EBPF_BTF_KIND_VOID for any
 * @error: return location for an error
 *
 * Finds a type by its name, as [method@Btf.find] does.
 *
 * Returns: (transfer full): the type, or %NULL with @error set to %EBPF_ERROR_NOT_FOUND
 */
EbpfBtfType *
ebpf_btf_find_type (EbpfBtf *self, const char *name, EbpfBtfKind kind, GError **error)
{
  guint id;

  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  id = ebpf_btf_find (self, name, kind, error);
  return id != 0 ? type_new (self, id) : NULL;
}

/**
 * ebpf_btf_type_ref:
 * @self: a type
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 */
EbpfBtfType *
ebpf_btf_type_ref (EbpfBtfType *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * ebpf_btf_type_unref:
 * @self: (transfer full): a type
 *
 * Gives a reference back.
 */
void
ebpf_btf_type_unref (EbpfBtfType *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->plan, ebpf_btf_plan_free);
  g_object_unref (self->btf);
  g_free (self);
}

/* Worth its making from the second value on. */
const EbpfBtfPlan *
ebpf_btf_type_peek_plan (EbpfBtfType *self)
{
  EbpfBtfPlan *plan = g_atomic_pointer_get (&self->plan);

  if (G_LIKELY (plan != NULL))
    return plan;

  /* Those that have none have been asked once. */
  if (g_atomic_int_get (&self->n_reads) >= 2 || g_atomic_int_add (&self->n_reads, 1) != 1)
    return NULL;

  plan = ebpf_btf_plan_new (self->btf, self->id);
  g_atomic_pointer_set (&self->plan, plan);

  return plan;
}

/**
 * ebpf_btf_type_get_btf:
 * @self: a type
 *
 * Gets the type information that the type is of.
 *
 * Returns: (transfer none): the type information
 */
EbpfBtf *
ebpf_btf_type_get_btf (EbpfBtfType *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->btf;
}

/**
 * ebpf_btf_type_get_id:
 * @self: a type
 *
 * Gets the number of the type.
 *
 * Returns: the number; 0 for `void`
 */
guint
ebpf_btf_type_get_id (EbpfBtfType *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->id;
}

/**
 * ebpf_btf_type_get_kind:
 * @self: a type
 *
 * Gets the kind of the type.
 *
 * Returns: the kind
 */
EbpfBtfKind
ebpf_btf_type_get_kind (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, EBPF_BTF_KIND_VOID);

  type = ebpf_btf_peek (self->btf, self->id);
  return type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID;
}

/**
 * ebpf_btf_type_get_name:
 * @self: a type
 *
 * Gets the name of the type, without `struct` and the like.
 *
 * Returns: (transfer none): the name; empty for a type without one
 */
const char *
ebpf_btf_type_get_name (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, "");

  type = ebpf_btf_peek (self->btf, self->id);
  return type != NULL ? ebpf_btf_name_of (self->btf, type) : "void";
}

/**
 * ebpf_btf_type_get_size:
 * @self: a type
 *
 * Gets how large a value of the type is.
 *
 * Returns: the size in bytes, or -1 for a type that has no values, such as `void` or a function
 */
gint64
ebpf_btf_type_get_size (EbpfBtfType *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return ebpf_btf_size_of (self->btf, self->id);
}

static guint32
target_of (const struct btf_type *type)
{
  switch (type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID)
    {
    case EBPF_BTF_KIND_PTR:
    case EBPF_BTF_KIND_TYPEDEF:
    case EBPF_BTF_KIND_VOLATILE:
    case EBPF_BTF_KIND_CONST:
    case EBPF_BTF_KIND_RESTRICT:
    case EBPF_BTF_KIND_FUNC:
    case EBPF_BTF_KIND_FUNC_PROTO:
    case EBPF_BTF_KIND_VAR:
    case EBPF_BTF_KIND_DECL_TAG:
    case EBPF_BTF_KIND_TYPE_TAG:
      return type->type;

    case EBPF_BTF_KIND_ARRAY:
      return ((const struct btf_array *) ebpf_btf_tail_of (type))->type;

    default:
      return 0;
    }
}

/**
 * ebpf_btf_type_get_target_id:
 * @self: a type
 *
 * Gets the type that this one is made of: what a pointer points to, the elements of an array, what
 * a typedef, a qualifier, a variable or a tag is about, the prototype of a function, what a
 * prototype returns.
 *
 * Returns: number of the type; 0 for `void` and for a type that is not made of one
 */
guint
ebpf_btf_type_get_target_id (EbpfBtfType *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return target_of (ebpf_btf_peek (self->btf, self->id));
}

/**
 * ebpf_btf_type_resolve:
 * @self: a type
 *
 * Gets what is behind the names: follows typedefs, qualifiers and type tags.
 *
 * Returns: (transfer full): the type, which may be @self
 */
EbpfBtfType *
ebpf_btf_type_resolve (EbpfBtfType *self)
{
  guint32 id;

  g_return_val_if_fail (self != NULL, NULL);

  id = ebpf_btf_strip (self->btf, self->id);
  return id == self->id ? ebpf_btf_type_ref (self) : type_new (self->btf, id);
}

/* --- members
 * -------------------------------------------------------------------------------------- */

static const struct btf_type *
peek_with_member (EbpfBtfType *self, guint index)
{
  return index < ebpf_btf_type_get_n_members (self) ? ebpf_btf_peek (self->btf, self->id) : NULL;
}

/**
 * ebpf_btf_type_get_n_members:
 * @self: a type
 *
 * Gets the number of parts of the type: members of a struct or union, values of an enumeration,
 * parameters of a prototype, variables of a section.
 *
 * Returns: the number; 0 for all other types
 */
guint
ebpf_btf_type_get_n_members (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, 0);

  type = ebpf_btf_peek (self->btf, self->id);
  switch (type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID)
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
    case EBPF_BTF_KIND_FUNC_PROTO:
    case EBPF_BTF_KIND_DATASEC:
      return ebpf_btf_vlen_of (type);

    default:
      return 0;
    }
}

/**
 * ebpf_btf_type_get_member_name:
 * @self: a type
 * @index: index of a member
 *
 * Gets the name of a member, value, parameter or variable.
 *
 * Returns: (transfer none): the name; empty where it has none
 */
const char *
ebpf_btf_type_get_member_name (EbpfBtfType *self, guint index)
{
  const struct btf_type *type, *var;
  gconstpointer tail;

  g_return_val_if_fail (self != NULL, "");

  type = peek_with_member (self, index);
  g_return_val_if_fail (type != NULL, "");

  tail = ebpf_btf_tail_of (type);
  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_ENUM:
      return ebpf_btf_peek_name (self->btf, ((const struct btf_enum *) tail)[index].name_off);

    case EBPF_BTF_KIND_FUNC_PROTO:
      return ebpf_btf_peek_name (self->btf, ((const struct btf_param *) tail)[index].name_off);

    case EBPF_BTF_KIND_DATASEC:
      var = ebpf_btf_peek (self->btf, ((const struct btf_var_secinfo *) tail)[index].type);
      return var != NULL ? ebpf_btf_name_of (self->btf, var) : "";

    default:
      /* A member and a value of 64 bits are three words each, the first of which is the name. */
      return ebpf_btf_peek_name (self->btf, ((const guint32 *) tail)[3 * index]);
    }
}

/**
 * ebpf_btf_type_get_member_type:
 * @self: a type
 * @index: index of a member
 *
 * Gets the type of a member, parameter or variable.
 *
 * Returns: (transfer full) (nullable): the type, or %NULL for the values of an enumeration
 */
EbpfBtfType *
ebpf_btf_type_get_member_type (EbpfBtfType *self, guint index)
{
  const struct btf_type *type;
  gconstpointer tail;

  g_return_val_if_fail (self != NULL, NULL);

  type = peek_with_member (self, index);
  g_return_val_if_fail (type != NULL, NULL);

  tail = ebpf_btf_tail_of (type);
  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      return type_new (self->btf, ((const struct btf_member *) tail)[index].type);

    case EBPF_BTF_KIND_FUNC_PROTO:
      return type_new (self->btf, ((const struct btf_param *) tail)[index].type);

    case EBPF_BTF_KIND_DATASEC:
      return type_new (self->btf, ((const struct btf_var_secinfo *) tail)[index].type);

    default:
      return NULL;
    }
}

/**
 * ebpf_btf_type_get_member_bit_offset:
 * @self: a struct, union or section
 * @index: index of a member
 *
 * Gets where a member begins.
 *
 * Returns: the offset from the beginning of the struct, in bits; 0 for types of other kinds
 */
guint
ebpf_btf_type_get_member_bit_offset (EbpfBtfType *self, guint index)
{
  const struct btf_type *type;
  guint32 bit_offset, bit_size;

  g_return_val_if_fail (self != NULL, 0);

  type = peek_with_member (self, index);
  g_return_val_if_fail (type != NULL, 0);

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      ebpf_btf_member_bits (self->btf, type, index, &bit_offset, &bit_size);
      return bit_offset;

    case EBPF_BTF_KIND_DATASEC:
      return ((const struct btf_var_secinfo *) ebpf_btf_tail_of (type))[index].offset * 8;

    default:
      return 0;
    }
}

/**
 * ebpf_btf_type_get_member_bit_size:
 * @self: a struct or union
 * @index: index of a member
 *
 * Gets the width of a bitfield.
 *
 * Returns: the width in bits; 0 for a member that is no bitfield
 */
guint
ebpf_btf_type_get_member_bit_size (EbpfBtfType *self, guint index)
{
  const struct btf_type *type;
  guint32 bit_offset, bit_size = 0;

  g_return_val_if_fail (self != NULL, 0);

  type = peek_with_member (self, index);
  g_return_val_if_fail (type != NULL, 0);

  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_STRUCT ||
      ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION)
    ebpf_btf_member_bits (self->btf, type, index, &bit_offset, &bit_size);

  return bit_size;
}

/**
 * ebpf_btf_type_get_member_value:
 * @self: an enumeration
 * @index: index of a value
 *
 * Gets one of the numbers of an enumeration.
 *
 * Returns: the number; one above %G_MAXINT64 comes as the negative number of the same bits
 */
gint64
ebpf_btf_type_get_member_value (EbpfBtfType *self, guint index)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, 0);

  type = peek_with_member (self, index);
  g_return_val_if_fail (type != NULL, 0);

  return ebpf_btf_enum_value (type, index);
}

/**
 * ebpf_btf_type_get_n_elements:
 * @self: an array
 *
 * Gets the number of elements of an array.
 *
 * Returns: the number; 0 for other types, and for an array whose length is left open
 */
guint
ebpf_btf_type_get_n_elements (EbpfBtfType *self)
{
  const struct btf_type *type;

  g_return_val_if_fail (self != NULL, 0);

  type = ebpf_btf_peek (self->btf, self->id);
  if (type == NULL || ebpf_btf_kind_of (type) != EBPF_BTF_KIND_ARRAY)
    return 0;

  return ((const struct btf_array *) ebpf_btf_tail_of (type))->nelems;
}
