/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-distill.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-writer-private.h"

#include <string.h>

/* A module's type information refers to the kernel's by numbers, which are others in the next
 * build of the kernel. Distilled, it comes with a base of its own that has no more than what finds
 * the same types in another kernel: numbers of C as they are; of structs, unions and enumerations
 * the name, and the size where the module has them in structs of its own; the name alone where it
 * only points to them. What has no name, and pointers, typedefs and the like, moves into the
 * module's. That is what section .BTF.base of modules (Linux 6.11) is.
 *
 * Source of the format: Documentation/bpf/btf.rst of Linux 6.18, section 4.3. */

/* How a type of the base is needed. */
typedef enum
{
  NOT_NEEDED,
  NEEDED_BY_NAME,
  NEEDED_BY_SIZE, /* as a part of something: what it is in depends on it */
} Need;

typedef struct
{
  guint32 id;
  Need need;
} Visit;

typedef struct
{
  EbpfBtf *btf;
  EbpfBtf *base;
  guint8 *needs; /* by id, the base's too */
  GArray *stack; /* of Visit */
  guint32 *ids;  /* by id, the base's too: what it becomes */
} Distill;

static gboolean
is_composite (const struct btf_type *type)
{
  return ebpf_btf_kind_of (type) == EBPF_BTF_KIND_STRUCT ||
         ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION;
}

static gboolean
is_enum (const struct btf_type *type)
{
  return ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM ||
         ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64;
}

/* Whether a type of the base can be found again by its name; others move. */
static gboolean
stays_in_base (EbpfBtf *base, const struct btf_type *type)
{
  if (ebpf_btf_name_of (base, type)[0] == '\0')
    return FALSE;

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_INT:
    case EBPF_BTF_KIND_FLOAT:
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
    case EBPF_BTF_KIND_FWD:
      return TRUE;
    default:
      return FALSE;
    }
}

static void
need (Distill *self, guint32 id, Need need)
{
  const Visit visit = { id, need };

  if (id == 0 || self->needs[id] >= need)
    return;

  self->needs[id] = need;
  g_array_append_val (self->stack, visit);
}

/* What a type refers to; @own: how it is needed itself. */
static void
need_references (Distill *self, const struct btf_type *type, Need own)
{
  gconstpointer tail = ebpf_btf_tail_of (type);
  guint vlen = ebpf_btf_vlen_of (type);

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      for (guint i = 0; i < vlen; i++)
        need (self, ((const struct btf_member *) tail)[i].type, NEEDED_BY_SIZE);
      break;

    case EBPF_BTF_KIND_ARRAY:
      need (self, ((const struct btf_array *) tail)->type, own);
      need (self, ((const struct btf_array *) tail)->index_type, NEEDED_BY_NAME);
      break;

    case EBPF_BTF_KIND_TYPEDEF:
    case EBPF_BTF_KIND_CONST:
    case EBPF_BTF_KIND_VOLATILE:
    case EBPF_BTF_KIND_RESTRICT:
    case EBPF_BTF_KIND_TYPE_TAG:
      need (self, type->type, own);
      break;

    case EBPF_BTF_KIND_VAR:
      need (self, type->type, NEEDED_BY_SIZE);
      break;

    case EBPF_BTF_KIND_PTR:
    case EBPF_BTF_KIND_FUNC:
    case EBPF_BTF_KIND_DECL_TAG:
      need (self, type->type, NEEDED_BY_NAME);
      break;

    case EBPF_BTF_KIND_FUNC_PROTO:
      need (self, type->type, NEEDED_BY_NAME);
      for (guint i = 0; i < vlen; i++)
        need (self, ((const struct btf_param *) tail)[i].type, NEEDED_BY_NAME);
      break;

    case EBPF_BTF_KIND_DATASEC:
      for (guint i = 0; i < vlen; i++)
        need (self, ((const struct btf_var_secinfo *) tail)[i].type, NEEDED_BY_NAME);
      break;

    default:
      break;
    }
}

static gboolean
find_needed (Distill *self, GError **error)
{
  for (guint32 id = self->btf->first_id; id < ebpf_btf_end_id (self->btf); id++)
    need (self, id, NEEDED_BY_NAME);

  while (self->stack->len > 0)
    {
      const Visit visit = g_array_index (self->stack, Visit, self->stack->len - 1);
      const struct btf_type *type = ebpf_btf_peek (self->btf, visit.id);

      g_array_set_size (self->stack, self->stack->len - 1);
      if (!ebpf_btf_knows_kind (type))
        {
          ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                          "type %u is of kind %u, which is not known", visit.id,
                          ebpf_btf_kind_of (type));
          return FALSE;
        }
      if (visit.id >= self->btf->first_id || !stays_in_base (self->base, type))
        need_references (self, type, visit.need);
    }

  return TRUE;
}

typedef struct
{
  guint kind;
  guint n;
} Count;

static gboolean
count_kind (EbpfBtf *btf, guint32 id, gpointer user_data)
{
  Count *count = user_data;

  count->n += ebpf_btf_kind_of (ebpf_btf_peek (btf, id)) == count->kind;
  return count->n < 2;
}

/* A name that several structs have does not find one of them; the size may. */
static gboolean
is_ambiguous (EbpfBtf *base, const struct btf_type *type)
{
  Count count = { ebpf_btf_kind_of (type), 0 };

  ebpf_btf_foreach_type_named (base, ebpf_btf_name_of (base, type), count_kind, &count);
  return count.n > 1;
}

static guint32
no_id (guint32 id, gpointer user_data)
{
  return 0;
}

static EbpfBtf *
write_base (Distill *self, GError **error)
{
  g_autoptr (EbpfBtfWriter) writer = ebpf_btf_writer_new (NULL);
  EbpfBtf *base = self->base;

  for (guint32 id = 1; id < self->btf->first_id; id++)
    {
      const struct btf_type *type = ebpf_btf_peek (base, id);
      const char *name = ebpf_btf_name_of (base, type);
      guint kind = ebpf_btf_kind_of (type);

      if (self->needs[id] == NOT_NEEDED || !stays_in_base (base, type))
        continue;

      if (is_enum (type))
        self->ids[id] =
            ebpf_btf_writer_add (writer, name, kind, 0, ebpf_btf_kflag_of (type), type->size);
      else if (!is_composite (type))
        self->ids[id] = ebpf_btf_writer_copy (writer, base, type, no_id, NULL);
      else if (self->needs[id] == NEEDED_BY_SIZE || is_ambiguous (base, type))
        self->ids[id] = ebpf_btf_writer_add (writer, name, kind, 0, FALSE, type->size);
      else
        self->ids[id] = ebpf_btf_writer_add (writer, name, EBPF_BTF_KIND_FWD, 0,
                                             kind == EBPF_BTF_KIND_UNION, 0);
    }

  return ebpf_btf_writer_to_btf (writer, self->btf->byte_order, error);
}

static guint32
map_id (guint32 id, gpointer user_data)
{
  return ((const guint32 *) user_data)[id];
}

static EbpfBtf *
write_split (Distill *self, EbpfBtf *distilled, GError **error)
{
  g_autoptr (EbpfBtfWriter) writer = ebpf_btf_writer_new (distilled);
  guint32 first = self->btf->first_id, end = ebpf_btf_end_id (self->btf), next;

  writer->has_layout = self->btf->layout.n_kinds > 0;

  next = ebpf_btf_end_id (distilled);
  for (guint32 id = first; id < end; id++)
    self->ids[id] = next++;
  for (guint32 id = 1; id < first; id++)
    if (self->needs[id] != NOT_NEEDED && self->ids[id] == 0)
      self->ids[id] = next++;

  for (guint32 id = first; id < end; id++)
    ebpf_btf_writer_copy (writer, self->btf, ebpf_btf_peek (self->btf, id), map_id, self->ids);
  for (guint32 id = 1; id < first; id++)
    if (self->ids[id] >= ebpf_btf_end_id (distilled))
      ebpf_btf_writer_copy (writer, self->base, ebpf_btf_peek (self->base, id), map_id, self->ids);

  return ebpf_btf_writer_to_btf (writer, self->btf->byte_order, error);
}

/**
 * ebpf_btf_distill:
 * @self: type information that is split from a base, such as a kernel module's
 * @error: return location for an error
 *
 * Makes type information that no longer depends on one build of its base, as of the kernel.
 *
 * The result is split from a small base of its own, which is [method@Btf.get_base] of it: what is
 * needed to find the types that are used in any other base, by name, and by size where a change of
 * it would matter. [method@Btf.relocate] does so. Types of @self keep their order; those of the base
 * that cannot be found by name follow them.
 *
 * In a module's ELF file, the result is section `.BTF` and its base section `.BTF.base`.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set
 */
EbpfBtf *
ebpf_btf_distill (EbpfBtf *self, GError **error)
{
  g_autofree guint8 *needs = NULL;
  g_autofree guint32 *ids = NULL;
  g_autoptr (GArray) stack = NULL;
  g_autoptr (EbpfBtf) distilled = NULL;
  Distill distill;

  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (self->base == NULL || self->base->base != NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      self->base == NULL
                          ? "type information that is not split from a base needs none distilled"
                          : "a base that is itself split from another cannot be distilled");
      return NULL;
    }
  if (!ebpf_btf_check_known (self, error))
    return NULL;

  needs = g_new0 (guint8, ebpf_btf_end_id (self));
  ids = g_new0 (guint32, ebpf_btf_end_id (self));
  stack = g_array_new (FALSE, FALSE, sizeof (Visit));
  distill = (Distill){ self, self->base, needs, stack, ids };

  if (!find_needed (&distill, error))
    return NULL;
  distilled = write_base (&distill, error);

  return distilled != NULL ? write_split (&distill, distilled, error) : NULL;
}

/* the other way */

typedef struct
{
  EbpfBtf *distilled;
  const struct btf_type *wanted;
  guint32 found;
  guint32 second;  /* another one that would do as well */
  guint32 forward; /* a declaration */
} Search;

static gboolean
same_encoding (const struct btf_type *wanted, const struct btf_type *type)
{
  return wanted->size == type->size && (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_INT ||
                                        *(const guint32 *) ebpf_btf_tail_of (wanted) ==
                                            *(const guint32 *) ebpf_btf_tail_of (type));
}

static gboolean
consider (EbpfBtf *base, guint32 id, gpointer user_data)
{
  Search *search = user_data;
  const struct btf_type *type = ebpf_btf_peek (base, id), *wanted = search->wanted;
  guint kind = ebpf_btf_kind_of (type);
  gboolean is_union;

  switch (ebpf_btf_kind_of (wanted))
    {
    case EBPF_BTF_KIND_INT:
    case EBPF_BTF_KIND_FLOAT:
      /* There may be several, one as good as the other. Whether a char has a sign is for the compiler
       * to say, and in 6.2 the kernel told it otherwise. */
      if (kind != ebpf_btf_kind_of (wanted) || type->size != wanted->size)
        return TRUE;
      if (search->found == 0 || same_encoding (wanted, type))
        search->found = id;
      return !same_encoding (wanted, type);

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      if (!is_enum (type) || type->size != wanted->size)
        return TRUE;
      break;

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      if (kind != ebpf_btf_kind_of (wanted) || type->size != wanted->size)
        return TRUE;
      break;

    default:
      is_union = ebpf_btf_kflag_of (wanted);
      if (kind == EBPF_BTF_KIND_FWD && ebpf_btf_kflag_of (type) == is_union)
        {
          search->forward = id;
          return TRUE;
        }
      if (kind != (is_union ? EBPF_BTF_KIND_UNION : EBPF_BTF_KIND_STRUCT))
        return TRUE;
      break;
    }

  if (search->found == 0)
    search->found = id;
  else
    search->second = id;
  return TRUE;
}

static char *
describe (EbpfBtf *btf, const struct btf_type *type)
{
  const char *name = ebpf_btf_name_of (btf, type);

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_STRUCT:
      return g_strdup_printf ("struct %s of %u bytes", name, type->size);
    case EBPF_BTF_KIND_UNION:
      return g_strdup_printf ("union %s of %u bytes", name, type->size);
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      return g_strdup_printf ("enum %s of %u bytes", name, type->size);
    case EBPF_BTF_KIND_FWD:
      return g_strdup_printf ("%s %s", ebpf_btf_kflag_of (type) ? "union" : "struct", name);
    default:
      return g_strdup_printf ("%s of %u bytes", name, type->size);
    }
}

/* Finds one type of a distilled base. 0 where there is none: then @missing says what. */
static guint32
find_type (EbpfBtf *distilled, guint32 id, EbpfBtf *base, GPtrArray *missing, GError **error)
{
  Search search = { .distilled = distilled, .wanted = ebpf_btf_peek (distilled, id) };
  const char *name = ebpf_btf_name_of (distilled, search.wanted);

  if (!stays_in_base (distilled, search.wanted) ||
      ((is_composite (search.wanted) || is_enum (search.wanted)) &&
       ebpf_btf_vlen_of (search.wanted) > 0))
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "the base is not a distilled one: type %u %s has more to it than a name and "
                      "a size",
                      id, name);
      return 0;
    }

  ebpf_btf_foreach_type_named (base, name, consider, &search);

  /* Declared and not defined, or defined in several ways: the declaration means any. */
  if (search.forward != 0 && (search.found == 0 || search.second != 0))
    return search.forward;
  if (search.second != 0)
    {
      g_autofree char *what = describe (distilled, search.wanted);

      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "%s may be type %u or type %u of the base: several have that name", what,
                      search.found, search.second);
      return 0;
    }
  if (search.found == 0)
    g_ptr_array_add (missing, describe (distilled, search.wanted));

  return search.found;
}

#define MAX_NAMED_MISSING 8

/**
 * ebpf_btf_relocate:
 * @self: type information that is split from a distilled base, see [method@Btf.distill]
 * @base: the type information to put it on, such as the running kernel's
 * @error: return location for an error
 *
 * Puts type information on another base: each type of the distilled base becomes the one of that
 * name, and of that size where that matters. Types of @self keep their order; that those which have
 * moved into it, such as typedefs, are there twice now, [method@Btf.dedup] can change.
 *
 * Returns: (transfer full): type information that is split from @base; or %NULL with @error set:
 *   %EBPF_ERROR_NOT_FOUND where types are missing or have another size, which it names, and
 *   %EBPF_ERROR_BTF where a name is that of several
 */
EbpfBtf *
ebpf_btf_relocate (EbpfBtf *self, EbpfBtf *base, GError **error)
{
  g_autoptr (EbpfBtfWriter) writer = NULL;
  g_autoptr (GPtrArray) missing = g_ptr_array_new_with_free_func (g_free);
  g_autofree guint32 *ids = NULL;
  EbpfBtf *distilled;

  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);
  g_return_val_if_fail (EBPF_IS_BTF (base), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  distilled = self->base;
  if (distilled == NULL || distilled->base != NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "type information that is not split from a distilled base cannot be put on "
                      "another");
      return NULL;
    }
  if (self->byte_order != base->byte_order)
    {
      ebpf_error_set (error, EBPF_ERROR_BYTE_ORDER, 0,
                      "type information and the base that it is to be put on have different byte "
                      "orders");
      return NULL;
    }
  if (!ebpf_btf_check_known (self, error))
    return NULL;

  ids = g_new0 (guint32, ebpf_btf_end_id (self));
  for (guint32 id = 1; id < self->first_id; id++)
    {
      GError *local_error = NULL;

      ids[id] = find_type (distilled, id, base, missing, &local_error);
      if (local_error != NULL)
        {
          g_propagate_error (error, local_error);
          return NULL;
        }
    }

  if (missing->len > 0)
    {
      guint more = missing->len > MAX_NAMED_MISSING ? missing->len - MAX_NAMED_MISSING : 0;
      g_autofree char *list = NULL;

      g_ptr_array_set_size (missing, missing->len - more);
      g_ptr_array_add (missing, NULL);
      list = g_strjoinv (", ", (char **) missing->pdata);
      if (more > 0)
        ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0, "the base has no %s, and %u more", list,
                        more);
      else
        ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0, "the base has no %s", list);
      return NULL;
    }

  for (guint32 i = 0; i < self->n_types; i++)
    ids[self->first_id + i] = ebpf_btf_end_id (base) + i;

  writer = ebpf_btf_writer_new (base);
  writer->has_layout = self->layout.n_kinds > 0;
  for (guint32 i = 0; i < self->n_types; i++)
    ebpf_btf_writer_copy (writer, self, ebpf_btf_peek (self, self->first_id + i), map_id, ids);

  return ebpf_btf_writer_to_btf (writer, self->byte_order, error);
}

/**
 * ebpf_btf_permute:
 * @self: type information
 * @order: (array length=n_order): the numbers of all of its own types, in the order that they are to
 *   have
 * @n_order: how many there are
 * @error: return location for an error
 *
 * Puts types in another order, such as that of their names. What refers to them follows; what is
 * elsewhere, such as records of `.BTF.ext`, does not.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set where a type is not, or
 *   is twice, in @order
 */
EbpfBtf *
ebpf_btf_permute (EbpfBtf *self, const guint *order, gsize n_order, GError **error)
{
  g_autoptr (EbpfBtfWriter) writer = NULL;
  g_autofree guint32 *ids = NULL;

  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);
  g_return_val_if_fail (order != NULL || n_order == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (n_order != self->n_types)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "an order of %" G_GSIZE_FORMAT " types, but there are %u", n_order,
                      self->n_types);
      return NULL;
    }
  if (!ebpf_btf_check_known (self, error))
    return NULL;

  ids = g_new0 (guint32, ebpf_btf_end_id (self));
  for (guint32 id = 1; id < self->first_id; id++)
    ids[id] = id;
  for (gsize i = 0; i < n_order; i++)
    {
      if (order[i] < self->first_id || order[i] >= ebpf_btf_end_id (self) || ids[order[i]] != 0)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "number %u in the order, type %u, is %s", (guint) i, order[i],
                          order[i] >= self->first_id && order[i] < ebpf_btf_end_id (self)
                              ? "there twice"
                              : "no type of this type information's own");
          return NULL;
        }
      ids[order[i]] = self->first_id + i;
    }

  writer = ebpf_btf_writer_new (self->base);
  writer->has_layout = self->layout.n_kinds > 0;
  for (gsize i = 0; i < n_order; i++)
    ebpf_btf_writer_copy (writer, self, ebpf_btf_peek (self, order[i]), map_id, ids);

  return ebpf_btf_writer_to_btf (writer, self->byte_order, error);
}
