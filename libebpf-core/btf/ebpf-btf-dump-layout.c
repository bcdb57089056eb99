/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What C makes of a struct when it is compiled for BPF, and what has to be written beside its members
 * so that it comes out as the type information says. Source of the rules: the x86-64 psABI, section
 * 3.1.2, which clang follows for BPF; tests/tools/test-vmlinux.py asks clang about a whole kernel. */

#include "btf/ebpf-btf-dump-private.h"

static gboolean
is_power_of_two (guint64 value)
{
  return value != 0 && (value & (value - 1)) == 0;
}

gboolean
ebpf_btf_dump_measure (EbpfBtfDump *self, guint32 id, guint64 *size, guint32 *align)
{
  guint64 factor = 1;
  guint depth;

  for (depth = 0; depth < EBPF_BTF_MAX_DEPTH; depth++)
    {
      const struct btf_type *type = ebpf_btf_peek (self->btf, id);

      if (type == NULL)
        return FALSE;

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_INT:
          *size = type->size;
          *align = is_power_of_two (type->size) && type->size <= 16 ? type->size : 1;
          break;

        case EBPF_BTF_KIND_FLOAT:
          *size = type->size;
          *align = type->size == 4 || type->size == 8 ? type->size : 1;
          break;

        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
          if (!is_power_of_two (type->size) || type->size > 8)
            return FALSE;
          *size = *align = type->size;
          break;

        case EBPF_BTF_KIND_PTR:
          *size = *align = 8;
          break;

        case EBPF_BTF_KIND_STRUCT:
        case EBPF_BTF_KIND_UNION:
          *size = type->size;
          *align = self->layouts[id].align;
          break;

        case EBPF_BTF_KIND_FWD:
          {
            guint32 resolved = ebpf_btf_dump_resolve_forward (self->btf, id);

            if (ebpf_btf_kind_of (ebpf_btf_peek (self->btf, resolved)) == EBPF_BTF_KIND_FWD)
              return FALSE;
            id = resolved;
            continue;
          }

        case EBPF_BTF_KIND_ARRAY:
          {
            const struct btf_array *array = ebpf_btf_tail_of (type);

            factor *= array->nelems;
            if (factor > G_MAXUINT32)
              return FALSE;
            id = array->type;
            continue;
          }

        case EBPF_BTF_KIND_TYPEDEF:
        case EBPF_BTF_KIND_CONST:
        case EBPF_BTF_KIND_VOLATILE:
        case EBPF_BTF_KIND_RESTRICT:
        case EBPF_BTF_KIND_TYPE_TAG:
          id = type->type;
          continue;

        default:
          return FALSE;
        }

      *size *= factor;
      return TRUE;
    }

  return FALSE;
}

/* Whether C has bitfields of this type and width. */
static gboolean
can_be_bitfield (EbpfBtfDump *self, guint32 id, guint32 bits)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, ebpf_btf_strip (self->btf, id));
  guint encoding;

  if (type == NULL || !is_power_of_two (type->size) || bits > (guint64) type->size * 8)
    return FALSE;

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      return type->size <= 8;

    case EBPF_BTF_KIND_INT:
      encoding = BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type));
      if ((encoding & BTF_INT_BOOL) != 0 && type->size == 1)
        return bits == 1;
      return type->size <= 8;

    default:
      return FALSE;
    }
}

/* The alignment by which a union becomes larger than what is in it, or 0. */
static guint32
find_union_alignment (guint64 natural, guint64 size)
{
  guint64 align = size & -size;

  if (align > 4096)
    align = 4096;

  return natural != 0 && (natural + align - 1) / align * align == size ? align : 0;
}

void
ebpf_btf_dump_compute_layout (EbpfBtfDump *self, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, id);
  const struct btf_member *members = ebpf_btf_tail_of (type);
  gboolean is_union = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION;
  EbpfBtfDumpLayout *layout = &self->layouts[id];
  guint64 position = 0, end = 0, natural;
  guint32 align = 1;
  guint i;

  if (layout->is_known)
    return;
  layout->is_known = TRUE;
  layout->align = 1;

  for (i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      guint32 bit_offset, bit_size, member_align;
      guint64 size;

      ebpf_btf_member_bits (self->btf, type, i, &bit_offset, &bit_size);

      /* Nothing but padding, which is worked out anew. */
      if (bit_size != 0 && ebpf_btf_peek_name (self->btf, members[i].name_off)[0] == '\0')
        continue;

      if (!ebpf_btf_dump_measure (self, members[i].type, &size, &member_align) ||
          bit_offset < position || (is_union && bit_offset != 0) ||
          (bit_size == 0 ? bit_offset % 8 != 0
                         : !can_be_bitfield (self, members[i].type, bit_size)))
        {
          layout->is_opaque = TRUE;
          return;
        }

      if (bit_size == 0)
        {
          end = MAX (end, bit_offset + size * 8);
          layout->is_packed |= bit_offset % (member_align * 8) != 0;
        }
      else
        {
          end = MAX (end, (guint64) bit_offset + bit_size);
          layout->is_packed |= bit_offset % (size * 8) + bit_size > size * 8;
        }
      if (!is_union)
        position = end;
      align = MAX (align, member_align);
    }

  if (end > (guint64) type->size * 8)
    {
      layout->is_opaque = TRUE;
      return;
    }

  layout->is_packed |= type->size % align != 0;
  if (layout->is_packed)
    align = 1;

  natural = ((end + 7) / 8 + align - 1) / align * align;
  if (is_union && natural < type->size)
    {
      guint32 larger = find_union_alignment (natural, type->size);

      layout->is_aligned = larger != 0;
      layout->is_padded = larger == 0;
      align = MAX (align, larger);
    }

  layout->align = align;
}
