/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-core-spec-private.h"

#include <string.h>

/* When two types of two BTFs count as the same. Three notions, from loose to strict: a field may
 * stand for a field, a type exists, a type matches. */

gsize
ebpf_core_essential_length (const char *name)
{
  gsize length = strlen (name);

  /* The last "___" with something else on both sides. */
  for (gsize i = length; i-- > 0;)
    if (length - i >= 5 && name[i] != '_' && strncmp (name + i + 1, "___", 3) == 0 &&
        name[i + 4] != '_')
      return i + 1;

  return length;
}

gboolean
ebpf_core_essential_equal (const char *a, const char *b)
{
  gsize length = ebpf_core_essential_length (a);

  return length == ebpf_core_essential_length (b) && strncmp (a, b, length) == 0;
}

static gboolean
kind_is_enum (guint kind)
{
  return kind == EBPF_BTF_KIND_ENUM || kind == EBPF_BTF_KIND_ENUM64;
}

static gboolean
kind_is_composite (guint kind)
{
  return kind == EBPF_BTF_KIND_STRUCT || kind == EBPF_BTF_KIND_UNION;
}

gboolean
ebpf_core_kinds_match (guint a, guint b)
{
  return a == b || (kind_is_enum (a) && kind_is_enum (b));
}

static guint32
int_encoding (const struct btf_type *type)
{
  return BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type));
}

/* Compilers of long ago put bitfields into the integer itself; nothing can be said about those. */
static gboolean
int_is_plain (const struct btf_type *type)
{
  return BTF_INT_OFFSET (*(const guint32 *) ebpf_btf_tail_of (type)) == 0;
}

gboolean
ebpf_core_fields_compatible (EbpfBtf *local, guint32 local_id, EbpfBtf *target, guint32 target_id)
{
  const struct btf_type *local_type = ebpf_btf_peek (local, ebpf_btf_strip (local, local_id));
  const struct btf_type *target_type = ebpf_btf_peek (target, ebpf_btf_strip (target, target_id));
  guint local_kind, target_kind;

  if (local_type == NULL || target_type == NULL)
    return FALSE;

  local_kind = ebpf_btf_kind_of (local_type);
  target_kind = ebpf_btf_kind_of (target_type);

  if (kind_is_composite (local_kind) && kind_is_composite (target_kind))
    return TRUE;
  if (!ebpf_core_kinds_match (local_kind, target_kind))
    return FALSE;

  switch (local_kind)
    {
    case EBPF_BTF_KIND_PTR:
    case EBPF_BTF_KIND_FLOAT:
    /* An element is compared when it is accessed. */
    case EBPF_BTF_KIND_ARRAY:
      return TRUE;

    case EBPF_BTF_KIND_INT:
      return int_is_plain (local_type) && int_is_plain (target_type);

    case EBPF_BTF_KIND_FWD:
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      {
        const char *local_name = ebpf_btf_name_of (local, local_type);
        const char *target_name = ebpf_btf_name_of (target, target_type);

        return *local_name == '\0' || *target_name == '\0' ||
               ebpf_core_essential_equal (local_name, target_name);
      }

    default:
      return FALSE;
    }
}

/* Pairs of types that were compared, so that types which refer to each other in many ways do not
 * take for ever. Made when first needed: most comparisons end at once. */
typedef struct
{
  EbpfBtf *local;
  EbpfBtf *target;
  GHashTable *pairs; /* gint64 -> GINT_TO_POINTER (result) */
} Comparison;

static gint64
pair_key (guint32 local_id, guint32 target_id, gboolean behind_pointer)
{
  /* A type takes 12 bytes of a blob of less than 4 GiB: an id has 29 bits. */
  return ((gint64) local_id << 32) | ((gint64) target_id << 1) | (behind_pointer ? 1 : 0);
}

static gboolean
comparison_recall (Comparison *self, gint64 key, gboolean *result)
{
  gpointer value;

  if (self->pairs == NULL || !g_hash_table_lookup_extended (self->pairs, &key, NULL, &value))
    return FALSE;

  *result = GPOINTER_TO_INT (value);
  return TRUE;
}

static void
comparison_keep (Comparison *self, gint64 key, gboolean result)
{
  if (self->pairs == NULL)
    self->pairs = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  g_hash_table_insert (self->pairs, g_memdup2 (&key, sizeof key), GINT_TO_POINTER (result));
}

static gboolean
types_compatible (Comparison *self, guint32 local_id, guint32 target_id, guint depth)
{
  for (; depth > 0; depth--)
    {
      const struct btf_type *local_type, *target_type;

      local_id = ebpf_btf_strip (self->local, local_id);
      target_id = ebpf_btf_strip (self->target, target_id);
      local_type = ebpf_btf_peek (self->local, local_id);
      target_type = ebpf_btf_peek (self->target, target_id);

      if (local_type == NULL || target_type == NULL)
        return local_type == target_type;
      if (!ebpf_core_kinds_match (ebpf_btf_kind_of (local_type), ebpf_btf_kind_of (target_type)))
        return FALSE;

      switch (ebpf_btf_kind_of (local_type))
        {
        case EBPF_BTF_KIND_STRUCT:
        case EBPF_BTF_KIND_UNION:
        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
        case EBPF_BTF_KIND_FWD:
        case EBPF_BTF_KIND_FLOAT:
          return TRUE;

        case EBPF_BTF_KIND_INT:
          return int_is_plain (local_type) && int_is_plain (target_type);

        case EBPF_BTF_KIND_PTR:
        case EBPF_BTF_KIND_FUNC:
          local_id = local_type->type;
          target_id = target_type->type;
          break;

        case EBPF_BTF_KIND_ARRAY:
          {
            const struct btf_array *local_array = ebpf_btf_tail_of (local_type);
            const struct btf_array *target_array = ebpf_btf_tail_of (target_type);

            if (!types_compatible (self, local_array->index_type, target_array->index_type,
                                   depth - 1))
              return FALSE;

            local_id = local_array->type;
            target_id = target_array->type;
            break;
          }

        case EBPF_BTF_KIND_FUNC_PROTO:
          {
            const struct btf_param *local_params = ebpf_btf_tail_of (local_type);
            const struct btf_param *target_params = ebpf_btf_tail_of (target_type);
            guint n_params = ebpf_btf_vlen_of (local_type);
            gint64 key = pair_key (local_id, target_id, FALSE);
            gboolean known;

            if (n_params != ebpf_btf_vlen_of (target_type))
              return FALSE;
            /* One pair that differs decides: a pair met again is fine, or being looked at. */
            if (comparison_recall (self, key, &known))
              return TRUE;
            comparison_keep (self, key, TRUE);

            for (guint i = 0; i < n_params; i++)
              if (!types_compatible (self, local_params[i].type, target_params[i].type, depth - 1))
                return FALSE;

            local_id = local_type->type;
            target_id = target_type->type;
            break;
          }

        default:
          return FALSE;
        }
    }

  return FALSE;
}

gboolean
ebpf_core_types_compatible (EbpfBtf *local, guint32 local_id, EbpfBtf *target, guint32 target_id)
{
  Comparison comparison = { .local = local, .target = target };
  gboolean result = types_compatible (&comparison, local_id, target_id, EBPF_CORE_MAX_DEPTH);

  g_clear_pointer (&comparison.pairs, g_hash_table_unref);
  return result;
}

/* Name of the enumerator: struct btf_enum and btf_enum64 both start with it. */
static const char *
enumerator_name (EbpfBtf *btf, const struct btf_type *type, guint index)
{
  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64)
    {
      const guint32 *records = ebpf_btf_tail_of (type);

      return ebpf_btf_peek_name (btf, records[3 * index]);
    }
  else
    {
      const struct btf_enum *records = ebpf_btf_tail_of (type);

      return ebpf_btf_peek_name (btf, records[index].name_off);
    }
}

static gboolean
enums_match (Comparison *self,
             const struct btf_type *local_type,
             const struct btf_type *target_type)
{
  guint n_local = ebpf_btf_vlen_of (local_type);
  guint n_target = ebpf_btf_vlen_of (target_type);

  if (local_type->size != target_type->size || n_local > n_target)
    return FALSE;

  for (guint i = 0; i < n_local; i++)
    {
      const char *name = enumerator_name (self->local, local_type, i);
      guint j;

      for (j = 0; j < n_target; j++)
        if (ebpf_core_essential_equal (name, enumerator_name (self->target, target_type, j)))
          break;
      if (j == n_target)
        return FALSE;
    }

  return TRUE;
}

static gboolean types_match (Comparison *self,
                             guint32 local_id,
                             guint32 target_id,
                             gboolean behind_pointer,
                             guint depth);

static gboolean
composites_match (Comparison *self,
                  const struct btf_type *local_type,
                  const struct btf_type *target_type,
                  guint depth)
{
  const struct btf_member *local_members = ebpf_btf_tail_of (local_type);
  const struct btf_member *target_members = ebpf_btf_tail_of (target_type);
  guint n_local = ebpf_btf_vlen_of (local_type);
  guint n_target = ebpf_btf_vlen_of (target_type);

  if (n_local > n_target)
    return FALSE;

  for (guint i = 0; i < n_local; i++)
    {
      const char *name = ebpf_btf_peek_name (self->local, local_members[i].name_off);
      guint j;

      /* There can be several members without a name. */
      for (j = 0; j < n_target; j++)
        if (ebpf_core_essential_equal (
                name, ebpf_btf_peek_name (self->target, target_members[j].name_off)) &&
            types_match (self, local_members[i].type, target_members[j].type, FALSE, depth - 1))
          break;
      if (j == n_target)
        return FALSE;
    }

  return TRUE;
}

static gboolean
prototypes_match (Comparison *self,
                  const struct btf_type *local_type,
                  const struct btf_type *target_type,
                  gboolean behind_pointer,
                  guint depth)
{
  const struct btf_param *local_params = ebpf_btf_tail_of (local_type);
  const struct btf_param *target_params = ebpf_btf_tail_of (target_type);
  guint n_params = ebpf_btf_vlen_of (local_type);

  if (n_params != ebpf_btf_vlen_of (target_type))
    return FALSE;

  for (guint i = 0; i < n_params; i++)
    if (!types_match (self, local_params[i].type, target_params[i].type, behind_pointer, depth - 1))
      return FALSE;

  return types_match (self, local_type->type, target_type->type, behind_pointer, depth - 1);
}

/* A pointer to struct foo matches one to a struct foo that is only declared, and the other way
 * round; what they consist of is not looked at, for that would never end. */
static gboolean
pointees_match (const struct btf_type *local_type, const struct btf_type *target_type)
{
  guint local_kind = ebpf_btf_kind_of (local_type);
  guint target_kind = ebpf_btf_kind_of (target_type);
  gboolean local_is_union = local_kind == EBPF_BTF_KIND_FWD ? ebpf_btf_kflag_of (local_type)
                                                            : local_kind == EBPF_BTF_KIND_UNION;
  gboolean target_is_union = target_kind == EBPF_BTF_KIND_FWD ? ebpf_btf_kflag_of (target_type)
                                                              : target_kind == EBPF_BTF_KIND_UNION;

  if (target_kind != EBPF_BTF_KIND_FWD && !kind_is_composite (target_kind))
    return FALSE;

  return local_is_union == target_is_union;
}

static gboolean
types_match_uncached (Comparison *self,
                      guint32 local_id,
                      guint32 target_id,
                      gboolean behind_pointer,
                      guint depth)
{
  const struct btf_type *local_type = ebpf_btf_peek (self->local, local_id);
  const struct btf_type *target_type = ebpf_btf_peek (self->target, target_id);
  guint local_kind, target_kind;

  if (local_type == NULL || target_type == NULL)
    return local_type == target_type;

  local_kind = ebpf_btf_kind_of (local_type);
  target_kind = ebpf_btf_kind_of (target_type);

  if (local_kind != EBPF_BTF_KIND_ARRAY && local_kind != EBPF_BTF_KIND_PTR &&
      !ebpf_core_essential_equal (ebpf_btf_name_of (self->local, local_type),
                                  ebpf_btf_name_of (self->target, target_type)))
    return FALSE;

  switch (local_kind)
    {
    case EBPF_BTF_KIND_FWD:
      if (behind_pointer)
        return pointees_match (local_type, target_type);
      return target_kind == EBPF_BTF_KIND_FWD &&
             ebpf_btf_kflag_of (local_type) == ebpf_btf_kflag_of (target_type);

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      if (behind_pointer)
        return pointees_match (local_type, target_type);
      return local_kind == target_kind && composites_match (self, local_type, target_type, depth);

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      return kind_is_enum (target_kind) && enums_match (self, local_type, target_type);

    case EBPF_BTF_KIND_INT:
      return target_kind == EBPF_BTF_KIND_INT && local_type->size == target_type->size &&
             (int_encoding (local_type) & BTF_INT_SIGNED) ==
                 (int_encoding (target_type) & BTF_INT_SIGNED);

    case EBPF_BTF_KIND_FLOAT:
      return target_kind == EBPF_BTF_KIND_FLOAT && local_type->size == target_type->size;

    case EBPF_BTF_KIND_PTR:
      return target_kind == EBPF_BTF_KIND_PTR &&
             types_match (self, local_type->type, target_type->type, TRUE, depth - 1);

    case EBPF_BTF_KIND_ARRAY:
      {
        const struct btf_array *local_array = ebpf_btf_tail_of (local_type);
        const struct btf_array *target_array = ebpf_btf_tail_of (target_type);

        return target_kind == EBPF_BTF_KIND_ARRAY && local_array->nelems == target_array->nelems &&
               types_match (self, local_array->type, target_array->type, behind_pointer, depth - 1);
      }

    case EBPF_BTF_KIND_FUNC_PROTO:
      return target_kind == EBPF_BTF_KIND_FUNC_PROTO &&
             prototypes_match (self, local_type, target_type, behind_pointer, depth);

    default:
      return FALSE;
    }
}

static gboolean
types_match (Comparison *self,
             guint32 local_id,
             guint32 target_id,
             gboolean behind_pointer,
             guint depth)
{
  gboolean result;
  gint64 key;

  if (depth == 0)
    return FALSE;

  local_id = ebpf_btf_strip (self->local, local_id);
  target_id = ebpf_btf_strip (self->target, target_id);
  key = pair_key (local_id, target_id, behind_pointer);

  /* A pair that is met while it is being compared decides nothing: assume that it matches. */
  if (comparison_recall (self, key, &result))
    return result;

  comparison_keep (self, key, TRUE);
  result = types_match_uncached (self, local_id, target_id, behind_pointer, depth);
  if (!result)
    comparison_keep (self, key, FALSE);

  return result;
}

gboolean
ebpf_core_types_match (EbpfBtf *local, guint32 local_id, EbpfBtf *target, guint32 target_id)
{
  Comparison comparison = { .local = local, .target = target };
  gboolean result = types_match (&comparison, local_id, target_id, FALSE, EBPF_CORE_MAX_DEPTH);

  g_clear_pointer (&comparison.pairs, g_hash_table_unref);
  return result;
}
