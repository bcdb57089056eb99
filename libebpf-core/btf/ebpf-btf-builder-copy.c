/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder-private.h"

#include "base/ebpf-error-private.h"

/* Copies of one type information's types, those that have been asked for and what they refer to. */
typedef struct
{
  EbpfBtfBuilder *builder;
  EbpfBtf *from;
  GHashTable *ids; /* id -> id of the copy */
  GArray *order;   /* of guint32: what is to be copied, in this order */
  guint32 next_id;
} Copy;

/* Whether the builder has this type by the same number. */
static gboolean
is_shared (Copy *copy, guint32 id)
{
  for (EbpfBtf *base = copy->builder->writer->base; base != NULL; base = base->base)
    if (base == copy->from || (copy->from->base == base && id < copy->from->first_id))
      return TRUE;

  return FALSE;
}

static void
plan (guint32 *word, gpointer user_data)
{
  Copy *copy = user_data;
  guint32 id = *word;

  if (id == 0 || g_hash_table_contains (copy->ids, GUINT_TO_POINTER (id)) || is_shared (copy, id))
    return;

  g_hash_table_insert (copy->ids, GUINT_TO_POINTER (id), GUINT_TO_POINTER (copy->next_id++));
  g_array_append_val (copy->order, id);
}

static guint32
map_id (guint32 id, gpointer user_data)
{
  Copy *copy = user_data;
  gpointer known = g_hash_table_lookup (copy->ids, GUINT_TO_POINTER (id));

  return known != NULL ? GPOINTER_TO_UINT (known) : id;
}

static void
forget (Copy *copy)
{
  for (guint i = 0; i < copy->order->len; i++)
    g_hash_table_remove (copy->ids, GUINT_TO_POINTER (g_array_index (copy->order, guint32, i)));
}

static GHashTable *
get_copies (EbpfBtfBuilder *self, EbpfBtf *btf)
{
  GHashTable *ids = g_hash_table_lookup (self->copies, btf);

  if (ids == NULL)
    {
      ids = g_hash_table_new (NULL, NULL);
      g_hash_table_insert (self->copies, g_object_ref (btf), ids);
    }

  return ids;
}

/**
 * ebpf_btf_builder_copy_type:
 * @self: a builder
 * @type: a type of other type information
 * @error: return location for an error
 *
 * Adds a copy of a type and of all types that it refers to, however far away. What has been copied
 * from the same type information before is not copied again, and a type of the builder's base
 * stands for itself. A section comes behind all that it refers to. Tags on declarations are types of their own that nothing refers to: they are
 * copied where they are asked for.
 *
 * Returns: the copy's number, or 0 with @error set
 */
guint
ebpf_btf_builder_copy_type (EbpfBtfBuilder *self, EbpfBtfType *type, GError **error)
{
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint32));
  struct btf_type *section;
  EbpfBtf *from;
  guint32 id;
  Copy copy;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (type != NULL, 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  from = ebpf_btf_type_get_btf (type);
  id = ebpf_btf_type_get_id (type);
  if (id == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "void is number 0 everywhere and cannot be copied");
      return 0;
    }

  copy = (Copy){ self, from, get_copies (self, from), order, ebpf_btf_builder_get_n_types (self) };

  /* Nothing refers to a section. Before Linux 6.3 the kernel does not take one that stands before
   * the types of its variables. */
  section = (struct btf_type *) ebpf_btf_peek (from, id);
  if (ebpf_btf_kind_of (section) == EBPF_BTF_KIND_DATASEC)
    ebpf_btf_foreach_id (section, plan, &copy);
  else
    plan (&id, &copy);

  for (guint i = 0; i < order->len; i++)
    {
      /* Only looked at: what is written to is the copy. */
      struct btf_type *next =
          (struct btf_type *) ebpf_btf_peek (from, g_array_index (order, guint32, i));

      if (!ebpf_btf_knows_kind (next))
        {
          ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                          "type %u is of kind %u, which is not known: it cannot be copied",
                          g_array_index (order, guint32, i), ebpf_btf_kind_of (next));
          forget (&copy);
          return 0;
        }
      ebpf_btf_foreach_id (next, plan, &copy);
    }
  plan (&id, &copy);

  if (!ebpf_btf_builder_has_room (self, order->len, error))
    {
      forget (&copy);
      return 0;
    }

  for (guint i = 0; i < order->len; i++)
    ebpf_btf_writer_copy (self->writer, from,
                          ebpf_btf_peek (from, g_array_index (order, guint32, i)), map_id, &copy);

  return map_id (id, &copy);
}

typedef struct
{
  guint32 first_id; /* of what is read */
  guint32 offset;
} Shift;

static guint32
shift_id (guint32 id, gpointer user_data)
{
  const Shift *shift = user_data;

  return id < shift->first_id ? id : id + shift->offset;
}

/**
 * ebpf_btf_builder_copy_all:
 * @self: a builder
 * @btf: type information
 * @error: return location for an error
 *
 * Adds a copy of every type of other type information, in the same order. It must not be split from
 * another, but for one that is split from the builder's base.
 *
 * Returns: the number of the first of them, which the others follow, or 0 with @error set and
 *   nothing added
 */
guint
ebpf_btf_builder_copy_all (EbpfBtfBuilder *self, EbpfBtf *btf, GError **error)
{
  EbpfBtfMark mark;
  Shift shift;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (EBPF_IS_BTF (btf), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (btf->base != NULL && btf->base != self->writer->base)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "type information that is split from another cannot be copied without it");
      return 0;
    }
  if (!ebpf_btf_check_known (btf, error) || !ebpf_btf_builder_has_room (self, btf->n_types, error))
    return 0;

  mark = ebpf_btf_builder_mark (self);
  shift.first_id = btf->first_id;
  shift.offset = ebpf_btf_builder_get_n_types (self) - btf->first_id;
  for (guint32 i = 0; i < btf->n_types; i++)
    ebpf_btf_writer_copy (self->writer, btf, ebpf_btf_peek (btf, btf->first_id + i), shift_id,
                          &shift);

  /* Its names may have been too many. */
  if (!ebpf_btf_builder_has_room (self, 0, error))
    {
      ebpf_btf_builder_rewind (self, mark);
      return 0;
    }

  return btf->first_id + shift.offset;
}
