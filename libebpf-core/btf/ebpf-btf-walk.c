/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

/* The parser refuses cycles in blobs from outside and trusts the kernel's; the bounds here make
 * everything that follows types end either way. */

#define POINTER_SIZE 8

/* Structs looked into for one alignment. */
#define ALIGN_BUDGET 4096

const struct btf_type *
ebpf_btf_peek (EbpfBtf *self, guint32 id)
{
  if (id < self->first_id)
    return self->base != NULL ? ebpf_btf_peek (self->base, id) : NULL;
  if (id - self->first_id >= self->n_types)
    return NULL;

  return ebpf_btf_type_at (self, id - self->first_id);
}

const char *
ebpf_btf_peek_name (EbpfBtf *self, guint32 name_offset)
{
  if (name_offset < self->strings_start)
    return ebpf_btf_peek_name (self->base, name_offset);
  if (name_offset - self->strings_start >= self->strings_length)
    return "";

  return self->strings + (name_offset - self->strings_start);
}

gboolean
ebpf_btf_has_string (EbpfBtf *self, guint32 offset)
{
  return offset < ebpf_btf_end_string (self);
}

/* Whether a type is another name for its target. */
static inline gboolean
is_alias (const struct btf_type *type)
{
  const guint aliases = (1u << EBPF_BTF_KIND_TYPEDEF) | (1u << EBPF_BTF_KIND_CONST) |
                        (1u << EBPF_BTF_KIND_VOLATILE) | (1u << EBPF_BTF_KIND_RESTRICT) |
                        (1u << EBPF_BTF_KIND_TYPE_TAG);

  return ebpf_btf_knows_kind (type) && ((aliases >> ebpf_btf_kind_of (type)) & 1);
}

gint64
ebpf_btf_enum_value (const struct btf_type *type, guint index)
{
  const guint32 *words = ebpf_btf_tail_of (type);

  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64)
    return (gint64) ((guint64) words[3 * index + 2] << 32 | words[3 * index + 1]);
  if (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_ENUM)
    return 0;

  if (ebpf_btf_kflag_of (type))
    return (gint32) words[2 * index + 1];
  return words[2 * index + 1];
}

guint32
ebpf_btf_strip (EbpfBtf *self, guint32 id)
{
  guint depth;

  for (depth = 0; depth < EBPF_BTF_MAX_DEPTH; depth++)
    {
      const struct btf_type *type = ebpf_btf_peek (self, id);

      if (type == NULL)
        return 0;
      if (!is_alias (type))
        return id;

      id = type->type;
    }

  return 0;
}

void
ebpf_btf_member_bits (EbpfBtf *self,
                      const struct btf_type *type,
                      guint index,
                      guint32 *bit_offset,
                      guint32 *bit_size)
{
  const struct btf_member *member = (const struct btf_member *) ebpf_btf_tail_of (type) + index;
  const struct btf_type *target;
  guint32 info, bits;

  if (ebpf_btf_kflag_of (type))
    {
      *bit_offset = BTF_MEMBER_BIT_OFFSET (member->offset);
      *bit_size = BTF_MEMBER_BITFIELD_SIZE (member->offset);
      return;
    }

  *bit_offset = member->offset;
  *bit_size = 0;

  /* The old encoding: an integer whose own offset or width says that it is a bitfield. */
  target = ebpf_btf_peek (self, ebpf_btf_strip (self, member->type));
  if (target == NULL || ebpf_btf_kind_of (target) != EBPF_BTF_KIND_INT)
    return;

  info = *(const guint32 *) ebpf_btf_tail_of (target);
  bits = BTF_INT_BITS (info);
  if (BTF_INT_OFFSET (info) != 0 || bits != (guint64) target->size * 8)
    {
      *bit_offset = member->offset + BTF_INT_OFFSET (info);
      *bit_size = bits;
    }
}

gint64
ebpf_btf_size_of (EbpfBtf *self, guint32 id)
{
  gint64 factor = 1;
  guint depth;

  for (depth = 0; depth < EBPF_BTF_MAX_DEPTH; depth++)
    {
      const struct btf_type *type = ebpf_btf_peek (self, id);
      gint64 size;

      if (type == NULL)
        return -1;

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_INT:
        case EBPF_BTF_KIND_STRUCT:
        case EBPF_BTF_KIND_UNION:
        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
        case EBPF_BTF_KIND_FLOAT:
        case EBPF_BTF_KIND_DATASEC:
          size = type->size;
          break;

        case EBPF_BTF_KIND_PTR:
          size = POINTER_SIZE;
          break;

        case EBPF_BTF_KIND_ARRAY:
          {
            const struct btf_array *array = ebpf_btf_tail_of (type);

            /* Kept small enough for a product with any further number of elements or size. */
            factor *= array->nelems;
            if (factor > G_MAXINT32)
              return -1;
            id = array->type;
            continue;
          }

        case EBPF_BTF_KIND_TYPEDEF:
        case EBPF_BTF_KIND_CONST:
        case EBPF_BTF_KIND_VOLATILE:
        case EBPF_BTF_KIND_RESTRICT:
        case EBPF_BTF_KIND_TYPE_TAG:
        case EBPF_BTF_KIND_VAR:
          id = type->type;
          continue;

        default:
          return -1;
        }

      size *= factor;
      return size <= G_MAXINT32 ? size : -1;
    }

  return -1;
}

static guint
align_of (EbpfBtf *self, guint32 id, guint depth, guint *budget)
{
  for (; depth < EBPF_BTF_MAX_DEPTH; depth++)
    {
      const struct btf_type *type = ebpf_btf_peek (self, id);
      const struct btf_member *members;
      guint align = 1, i;

      if (type == NULL)
        return 1;

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_INT:
        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
        case EBPF_BTF_KIND_FLOAT:
          /* BPF aligns everything to 8 bytes at most, but for 128-bit integers. */
          while (align < type->size && align < 16)
            align *= 2;
          return align;

        case EBPF_BTF_KIND_PTR:
          return POINTER_SIZE;

        case EBPF_BTF_KIND_ARRAY:
          id = ((const struct btf_array *) ebpf_btf_tail_of (type))->type;
          continue;

        case EBPF_BTF_KIND_STRUCT:
        case EBPF_BTF_KIND_UNION:
          members = ebpf_btf_tail_of (type);
          for (i = 0; i < ebpf_btf_vlen_of (type) && *budget > 0; i++)
            {
              guint32 bit_offset, bit_size;
              guint member;

              --*budget;
              ebpf_btf_member_bits (self, type, i, &bit_offset, &bit_size);
              member = align_of (self, members[i].type, depth + 1, budget);

              /* Packed: C would not put it there otherwise. */
              if (bit_size == 0 && bit_offset % (member * 8) != 0)
                return 1;
              align = MAX (align, member);
            }
          return type->size % align == 0 ? align : 1;

        case EBPF_BTF_KIND_TYPEDEF:
        case EBPF_BTF_KIND_CONST:
        case EBPF_BTF_KIND_VOLATILE:
        case EBPF_BTF_KIND_RESTRICT:
        case EBPF_BTF_KIND_TYPE_TAG:
        case EBPF_BTF_KIND_VAR:
          id = type->type;
          continue;

        default:
          return 1;
        }
    }

  return 1;
}

guint
ebpf_btf_align_of (EbpfBtf *self, guint32 id)
{
  guint budget = ALIGN_BUDGET;

  return align_of (self, id, 0, &budget);
}
