/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-core-spec-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* Access strings. Source: the comment on struct bpf_core_relo in include/uapi/linux/bpf.h: the
 * first number is an index into an array of the root type, as in pointer arithmetic; each further
 * one a member, or an element, of what came before. */

/* Farther than this from its root nothing can be. */
#define MAX_BIT_OFFSET ((guint64) G_MAXUINT32 * 8)

static gboolean
kind_is_data (guint kind)
{
  switch (kind)
    {
    case EBPF_BTF_KIND_INT:
    case EBPF_BTF_KIND_PTR:
    case EBPF_BTF_KIND_ARRAY:
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
    case EBPF_BTF_KIND_FWD:
    case EBPF_BTF_KIND_FLOAT:
      return TRUE;
    default:
      return FALSE;
    }
}

/* Numbers of at most 31 bits with colons between them. */
static gboolean
parse_access (const char *access, guint32 *numbers, guint *n_numbers, GError **error)
{
  const char *p = access;
  guint n = 0;

  do
    {
      guint64 number = 0;

      if (!g_ascii_isdigit (*p))
        goto invalid;
      for (; g_ascii_isdigit (*p); p++)
        {
          number = number * 10 + (guint) (*p - '0');
          if (number > G_MAXINT32)
            goto invalid;
        }
      if (n == EBPF_CORE_MAX_STEPS)
        goto invalid;
      numbers[n++] = (guint32) number;
    }
  while (*p++ == ':');

  if (p[-1] == '\0')
    {
      *n_numbers = n;
      return TRUE;
    }

invalid:
  ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                  "access string \"%.80s\" is not a list of at most %d numbers with colons between "
                  "them",
                  access, EBPF_CORE_MAX_STEPS);
  return FALSE;
}

/* Moves on by @index elements of the type. */
static gboolean
advance (EbpfCoreSpec *self, guint32 type_id, guint32 index)
{
  gint64 size;
  guint64 offset;

  if (index == 0)
    return TRUE;

  size = ebpf_btf_size_of (self->btf, type_id);
  if (size < 0 || !g_uint64_checked_mul (&offset, (guint64) size * 8, index) ||
      !g_uint64_checked_add (&offset, offset, self->bit_offset) || offset > MAX_BIT_OFFSET)
    return FALSE;

  self->bit_offset = offset;
  return TRUE;
}

static void
add_step (EbpfCoreSpec *self, guint32 container, guint32 index, const char *name)
{
  EbpfCoreStep *step;

  g_assert (self->n_steps < EBPF_CORE_MAX_STEPS);

  step = &self->steps[self->n_steps++];
  step->container = container;
  step->index = index;
  step->name = name;
}

/* Whether the array that the last step led to has no end: no length, and nothing behind it. */
static gboolean
array_is_flexible (EbpfCoreSpec *self, const struct btf_array *array)
{
  const EbpfCoreStep *step = &self->steps[self->n_steps - 1];
  const struct btf_type *container;

  if (array->nelems != 0 || step->name == NULL)
    return FALSE;

  container = ebpf_btf_peek (self->btf, step->container);
  return step->index + 1 == ebpf_btf_vlen_of (container);
}

static gboolean
enter_member (EbpfCoreSpec *self, const struct btf_type *container, guint32 index)
{
  const struct btf_member *members = ebpf_btf_tail_of (container);
  guint32 bit_offset, bit_size;

  ebpf_btf_member_bits (self->btf, container, index, &bit_offset, &bit_size);
  if (self->bit_offset + bit_offset > MAX_BIT_OFFSET)
    return FALSE;

  self->bit_offset += bit_offset;
  self->bit_size = bit_size;
  self->field = members[index].type;
  return TRUE;
}

static gboolean
enter_element (EbpfCoreSpec *self,
               guint32 array_id,
               const struct btf_array *array,
               guint32 index,
               gboolean *in_range)
{
  *in_range = index < array->nelems || array_is_flexible (self, array);
  if (!*in_range || !advance (self, array->type, index))
    return FALSE;

  add_step (self, array_id, index, NULL);
  self->field = array->type;
  self->bit_size = 0;
  return TRUE;
}

static gboolean
parse_field (EbpfCoreSpec *self, const guint32 *numbers, guint n_numbers, GError **error)
{
  const struct btf_type *type;
  gboolean anonymous = FALSE;

  add_step (self, self->root, numbers[0], NULL);
  self->field = self->root;
  if (!advance (self, self->root, numbers[0]))
    goto too_far;

  for (guint i = 1; i < n_numbers; i++)
    {
      guint32 id = ebpf_btf_strip (self->btf, self->field);
      guint32 index = numbers[i];
      guint kind;

      type = ebpf_btf_peek (self->btf, id);
      kind = type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID;
      anonymous = FALSE;

      if (kind == EBPF_BTF_KIND_STRUCT || kind == EBPF_BTF_KIND_UNION)
        {
          const struct btf_member *members = ebpf_btf_tail_of (type);
          const char *name;

          if (index >= ebpf_btf_vlen_of (type))
            {
              ebpf_error_set (
                  error, EBPF_ERROR_RELOCATION, 0,
                  "number %u of the access is member %u of type [%u] \"%s\", which has %u", i + 1,
                  index, id, ebpf_btf_name_of (self->btf, type), ebpf_btf_vlen_of (type));
              return FALSE;
            }
          if (!enter_member (self, type, index))
            goto too_far;

          name = ebpf_btf_peek_name (self->btf, members[index].name_off);
          anonymous = *name == '\0';
          if (!anonymous)
            add_step (self, id, index, name);
        }
      else if (kind == EBPF_BTF_KIND_ARRAY)
        {
          const struct btf_array *array = ebpf_btf_tail_of (type);
          gboolean in_range;

          if (!enter_element (self, id, array, index, &in_range))
            {
              if (in_range)
                goto too_far;
              ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                              "number %u of the access is element %u of array [%u], which has %u",
                              i + 1, index, id, array->nelems);
              return FALSE;
            }
        }
      else
        {
          ebpf_error_set (
              error, EBPF_ERROR_RELOCATION, 0,
              "number %u of the access leads into type [%u], which is neither a struct nor "
              "a union nor an array",
              i + 1, id);
          return FALSE;
        }
    }

  type = ebpf_btf_peek (self->btf, ebpf_btf_strip (self->btf, self->field));
  if (anonymous || type == NULL || !kind_is_data (ebpf_btf_kind_of (type)))
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      "the access ends at %s, which is not a field",
                      anonymous ? "a member without a name" : "a function or nothing");
      return FALSE;
    }

  return TRUE;

too_far:
  ebpf_error_set (
      error, EBPF_ERROR_RELOCATION, 0,
      "the access leads more than 4 GiB away from its root, or over a type without a size");
  return FALSE;
}

/* Name and value of an enumerator. Where the type does not say that it has a sign, 32 bits are
 * taken to have none. */
static const char *
get_enumerator (EbpfBtf *btf, const struct btf_type *type, guint index, guint64 *value)
{
  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64)
    {
      /* struct btf_enum64: name, low, high. Not in the headers of Linux 5.10. */
      const guint32 *record = (const guint32 *) ebpf_btf_tail_of (type) + 3 * (gsize) index;

      if (value != NULL)
        *value = (guint64) record[2] << 32 | record[1];
      return ebpf_btf_peek_name (btf, record[0]);
    }
  else
    {
      const struct btf_enum *record = (const struct btf_enum *) ebpf_btf_tail_of (type) + index;

      if (value != NULL)
        *value = ebpf_btf_kflag_of (type) ? (guint64) (gint64) record->val : (guint32) record->val;
      return ebpf_btf_peek_name (btf, record->name_off);
    }
}

static const struct btf_type *
peek_enum (EbpfBtf *btf, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (btf, ebpf_btf_strip (btf, id));

  if (type == NULL || !ebpf_core_kinds_match (ebpf_btf_kind_of (type), EBPF_BTF_KIND_ENUM))
    return NULL;

  return type;
}

gboolean
ebpf_core_spec_parse (EbpfCoreSpec *self,
                      EbpfBtf *btf,
                      guint32 root,
                      const char *access,
                      EbpfCoreKind kind,
                      GError **error)
{
  guint32 numbers[EBPF_CORE_MAX_STEPS];
  guint n_numbers;

  self->btf = btf;
  self->root = root;
  self->n_steps = 0;
  self->field = 0;
  self->bit_offset = 0;
  self->bit_size = 0;

  if (ebpf_btf_peek (btf, root) == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0, "there is no type [%u]", root);
      return FALSE;
    }

  if (!parse_access (access, numbers, &n_numbers, error))
    return FALSE;

  if (ebpf_core_kind_is_field (kind))
    return parse_field (self, numbers, n_numbers, error);

  if (ebpf_core_kind_is_enum (kind))
    {
      const struct btf_type *type = peek_enum (btf, root);

      if (type == NULL || n_numbers != 1 || numbers[0] >= ebpf_btf_vlen_of (type))
        {
          ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                          "access string \"%.80s\" is not the number of a value of an enumeration",
                          access);
          return FALSE;
        }
      add_step (self, ebpf_btf_strip (btf, root), numbers[0],
                get_enumerator (btf, type, numbers[0], NULL));
      return TRUE;
    }

  if (n_numbers != 1 || numbers[0] != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      "access string \"%.80s\" should be \"0\", for it means a type as a whole",
                      access);
      return FALSE;
    }

  return TRUE;
}

/* What has been searched in vain need not be searched again: composites without names can hold each
 * other many times over. */
static gboolean
match_member (EbpfCoreSpec *self,
              guint32 container_id,
              const char *name,
              GHashTable **searched,
              guint depth)
{
  const struct btf_type *container = ebpf_btf_peek (self->btf, container_id);
  const struct btf_member *members;
  guint n_members, kind;

  if (container == NULL || depth == 0)
    return FALSE;

  kind = ebpf_btf_kind_of (container);
  if (kind != EBPF_BTF_KIND_STRUCT && kind != EBPF_BTF_KIND_UNION)
    return FALSE;

  members = ebpf_btf_tail_of (container);
  n_members = ebpf_btf_vlen_of (container);

  for (guint i = 0; i < n_members; i++)
    {
      const char *candidate = ebpf_btf_peek_name (self->btf, members[i].name_off);

      if (strcmp (candidate, name) == 0)
        {
          if (!enter_member (self, container, i))
            return FALSE;
          add_step (self, container_id, i, candidate);
          return TRUE;
        }

      if (*candidate == '\0')
        {
          guint32 inner = ebpf_btf_strip (self->btf, members[i].type);
          guint64 bit_offset = self->bit_offset;

          if (*searched == NULL)
            *searched = g_hash_table_new (NULL, NULL);
          if (!g_hash_table_add (*searched, GUINT_TO_POINTER (inner)))
            continue;

          if (!enter_member (self, container, i))
            return FALSE;
          if (match_member (self, inner, name, searched, depth - 1))
            return TRUE;
          self->bit_offset = bit_offset;
        }
    }

  return FALSE;
}

/* The type at which a local step arrives. */
static guint32
step_result (const EbpfCoreSpec *spec, const EbpfCoreStep *step)
{
  const struct btf_type *container = ebpf_btf_peek (spec->btf, step->container);

  if (step->name != NULL)
    return ((const struct btf_member *) ebpf_btf_tail_of (container))[step->index].type;

  return ((const struct btf_array *) ebpf_btf_tail_of (container))->type;
}

static gboolean
match_field (EbpfCoreSpec *self, const EbpfCoreSpec *local)
{
  add_step (self, self->root, local->steps[0].index, NULL);
  self->field = self->root;
  if (!advance (self, self->root, local->steps[0].index))
    return FALSE;

  for (guint i = 1; i < local->n_steps; i++)
    {
      const EbpfCoreStep *step = &local->steps[i];
      guint32 id = ebpf_btf_strip (self->btf, self->field);

      if (step->name != NULL)
        {
          g_autoptr (GHashTable) searched = NULL;

          if (!match_member (self, id, step->name, &searched, EBPF_CORE_MAX_DEPTH))
            return FALSE;
        }
      else
        {
          const struct btf_type *type = ebpf_btf_peek (self->btf, id);
          gboolean in_range;

          if (type == NULL || ebpf_btf_kind_of (type) != EBPF_BTF_KIND_ARRAY ||
              !enter_element (self, id, ebpf_btf_tail_of (type), step->index, &in_range))
            return FALSE;
        }

      if (!ebpf_core_fields_compatible (local->btf, step_result (local, step), self->btf,
                                        self->field))
        return FALSE;
    }

  return TRUE;
}

static gboolean
match_enumerator (EbpfCoreSpec *self, const EbpfCoreSpec *local)
{
  const struct btf_type *type = peek_enum (self->btf, self->root);

  if (type == NULL)
    return FALSE;

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      const char *name = get_enumerator (self->btf, type, i, NULL);

      if (ebpf_core_essential_equal (name, local->steps[0].name))
        {
          add_step (self, ebpf_btf_strip (self->btf, self->root), i, name);
          return TRUE;
        }
    }

  return FALSE;
}

gboolean
ebpf_core_spec_match (const EbpfCoreSpec *local,
                      EbpfBtf *target,
                      guint32 target_root,
                      EbpfCoreKind kind,
                      EbpfCoreSpec *spec)
{
  spec->btf = target;
  spec->root = target_root;
  spec->n_steps = 0;
  spec->field = 0;
  spec->bit_offset = 0;
  spec->bit_size = 0;

  if (ebpf_core_kind_is_field (kind))
    return match_field (spec, local);
  if (ebpf_core_kind_is_enum (kind))
    return match_enumerator (spec, local);
  if (kind == EBPF_CORE_TYPE_MATCHES)
    return ebpf_core_types_match (local->btf, local->root, target, target_root);

  return ebpf_core_types_compatible (local->btf, local->root, target, target_root);
}

/* What a relocation of a field is about, in one BTF. */
typedef struct
{
  guint64 value;
  guint32 size; /* of a memory access; 0 for bitfields */
} FieldValue;

/* A bitfield is read by loading an integer of its type's size, aligned to that, or of a larger one
 * where it lies across two. */
static gboolean
get_load (const EbpfCoreSpec *spec, guint64 *byte_offset, guint32 *byte_size, guint32 *bit_size)
{
  gint64 size = ebpf_btf_size_of (spec->btf, spec->field);

  if (size < 0 || size > G_MAXUINT32)
    return FALSE;

  if (spec->bit_size == 0)
    {
      *byte_offset = spec->bit_offset / 8;
      *byte_size = (guint32) size;
      *bit_size = size <= 8 ? (guint32) size * 8 : 0;
      return spec->bit_offset % 8 == 0;
    }

  if (size != 1 && size != 2 && size != 4 && size != 8)
    return FALSE;

  *bit_size = spec->bit_size;
  for (;; size *= 2)
    {
      *byte_offset = spec->bit_offset / 8 / (guint64) size * (guint64) size;
      if (spec->bit_offset + spec->bit_size <= (*byte_offset + (guint64) size) * 8)
        break;
      if (size >= 8)
        return FALSE;
    }
  *byte_size = (guint32) size;
  return TRUE;
}

/* Whether the field, or the elements of the array that it is, have a sign; -1 where that cannot be
 * said. */
static int
get_signedness (const EbpfCoreSpec *spec)
{
  guint32 id = ebpf_btf_strip (spec->btf, spec->field);

  for (guint depth = 0; depth < EBPF_CORE_MAX_DEPTH; depth++)
    {
      const struct btf_type *type = ebpf_btf_peek (spec->btf, id);

      if (type == NULL)
        return -1;

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_INT:
          return (BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type)) & BTF_INT_SIGNED) !=
                 0;
        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
          return ebpf_btf_kflag_of (type);
        case EBPF_BTF_KIND_ARRAY:
          id = ebpf_btf_strip (spec->btf, ((const struct btf_array *) (type + 1))->type);
          break;
        default:
          return -1;
        }
    }

  return -1;
}

/* FALSE where the field has no such property. */
static gboolean
get_field_value (const EbpfCoreSpec *spec, EbpfCoreKind kind, FieldValue *result)
{
  guint64 byte_offset;
  guint32 byte_size, bit_size;
  int is_signed;

  result->size = 0;

  if (kind == EBPF_CORE_FIELD_SIGNED)
    {
      is_signed = get_signedness (spec);
      result->value = is_signed > 0;
      return is_signed >= 0;
    }

  if (!get_load (spec, &byte_offset, &byte_size, &bit_size))
    return FALSE;

  switch (kind)
    {
    case EBPF_CORE_FIELD_BYTE_OFFSET:
      result->value = byte_offset;
      if (spec->bit_size == 0)
        result->size = byte_size;
      return TRUE;

    case EBPF_CORE_FIELD_BYTE_SIZE:
      result->value = byte_size;
      return TRUE;

    /* How a field that was loaded into 64 bits is moved to their top, and from there back down. */
    case EBPF_CORE_FIELD_LSHIFT:
      if (bit_size == 0)
        return FALSE;
      if (ebpf_btf_get_byte_order (spec->btf) == EBPF_BYTE_ORDER_BIG_ENDIAN)
        result->value = 64 - 8 * byte_size + (spec->bit_offset - byte_offset * 8);
      else
        result->value = 64 - (spec->bit_offset + bit_size - byte_offset * 8);
      return TRUE;

    case EBPF_CORE_FIELD_RSHIFT:
      result->value = 64 - bit_size;
      return bit_size != 0;

    default:
      g_assert_not_reached ();
    }
}

/* A narrower or wider load, of which the rest is zero, gives the same number for what has no sign.
 */
static gboolean
can_resize (const EbpfCoreSpec *local, const EbpfCoreSpec *target)
{
  const struct btf_type *local_type, *target_type;
  guint kind;

  if (local->bit_size != 0 || target->bit_size != 0)
    return FALSE;

  local_type = ebpf_btf_peek (local->btf, ebpf_btf_strip (local->btf, local->field));
  target_type = ebpf_btf_peek (target->btf, ebpf_btf_strip (target->btf, target->field));
  kind = ebpf_btf_kind_of (local_type);

  if (kind != ebpf_btf_kind_of (target_type))
    return FALSE;

  return kind == EBPF_BTF_KIND_PTR ||
         (kind == EBPF_BTF_KIND_INT && get_signedness (local) == 0 && get_signedness (target) == 0);
}

static gboolean
fixup_init_field (EbpfCoreFixup *self,
                  EbpfCoreKind kind,
                  const EbpfCoreSpec *local,
                  const EbpfCoreSpec *target,
                  GError **error)
{
  FieldValue local_value, target_value;

  if (!get_field_value (local, kind, &local_value))
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      kind == EBPF_CORE_FIELD_SIGNED
                          ? "the field is neither an integer nor an enumeration and has no sign"
                          : "the field has no size that can be loaded");
      return FALSE;
    }

  self->local = local_value.value;
  self->local_size = local_value.size;

  if (target == NULL || !get_field_value (target, kind, &target_value))
    {
      self->poison = TRUE;
      return TRUE;
    }

  self->target = target_value.value;
  self->target_size = target_value.size;

  if (kind == EBPF_CORE_FIELD_BYTE_OFFSET)
    self->bad_resize = self->local_size != self->target_size && !can_resize (local, target);

  /* For bitfields compilers do not agree on which bytes are to be loaded; the sign and the size
   * that it has are beyond dispute. */
  self->validate =
      local->bit_size == 0 || kind == EBPF_CORE_FIELD_SIGNED || kind == EBPF_CORE_FIELD_RSHIFT;
  return TRUE;
}

static void
get_enum_value (const EbpfCoreSpec *spec, guint64 *value, gboolean *sign_unknown)
{
  const struct btf_type *type = peek_enum (spec->btf, spec->root);

  get_enumerator (spec->btf, type, spec->steps[0].index, value);
  *sign_unknown = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM && !ebpf_btf_kflag_of (type);
}

gboolean
ebpf_core_fixup_init (EbpfCoreFixup *self,
                      EbpfCoreKind kind,
                      const EbpfCoreSpec *local,
                      const EbpfCoreSpec *target,
                      GError **error)
{
  gboolean local_unknown, target_unknown;
  gint64 size;

  memset (self, 0, sizeof *self);

  if (ebpf_core_kind_is_question (kind))
    {
      self->is_question = TRUE;
      self->validate = TRUE;
      self->local = 1;
      self->target = target != NULL;
      return TRUE;
    }

  if (ebpf_core_kind_is_field (kind))
    return fixup_init_field (self, kind, local, target, error);

  /* What bpf_core_type_size () and bpf_core_type_id_kernel () promise for a type that is not there:
   * they are questions, too. */
  self->is_question =
      target == NULL && (kind == EBPF_CORE_TYPE_SIZE || kind == EBPF_CORE_TYPE_ID_TARGET);

  switch (kind)
    {
    /* Neither is what the compiler saw once objects were linked into one. */
    case EBPF_CORE_TYPE_ID_LOCAL:
      self->local = self->target = local->root;
      return TRUE;

    case EBPF_CORE_TYPE_ID_TARGET:
      self->local = local->root;
      /* An id says nothing about which module it belongs to. */
      if (target != NULL && ebpf_btf_get_base (target->btf) != NULL)
        self->poison = TRUE;
      else if (target != NULL)
        self->target = target->root;
      return TRUE;

    case EBPF_CORE_TYPE_SIZE:
      size = ebpf_btf_size_of (local->btf, local->root);
      if (size < 0)
        {
          ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0, "the type has no size");
          return FALSE;
        }
      self->validate = TRUE;
      self->local = (guint64) size;

      size = target != NULL ? ebpf_btf_size_of (target->btf, target->root) : 0;
      if (size < 0)
        self->poison = TRUE;
      else
        self->target = (guint64) size;
      return TRUE;

    case EBPF_CORE_ENUM_VALUE:
      self->validate = TRUE;
      get_enum_value (local, &self->local, &local_unknown);
      if (target == NULL)
        {
          self->poison = TRUE;
          return TRUE;
        }
      get_enum_value (target, &self->target, &target_unknown);
      self->sign_unknown = local_unknown && target_unknown;
      return TRUE;

    default:
      g_assert_not_reached ();
    }
}

gboolean
ebpf_core_fixup_equal (const EbpfCoreFixup *a, const EbpfCoreFixup *b)
{
  if (a->poison || b->poison)
    return a->poison == b->poison;

  return a->target == b->target && a->target_size == b->target_size &&
         a->bad_resize == b->bad_resize;
}
