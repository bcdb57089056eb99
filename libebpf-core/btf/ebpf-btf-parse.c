/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Source of the format: Documentation/bpf/btf.rst and include/uapi/linux/btf.h of Linux 6.18; the
 * layout, of Linux 7.1. */

#include "btf/ebpf-btf-parse-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* The header of Linux 7.1, which says where the layout is. */
#define LONG_HEADER_SIZE 32

static const EbpfBtfKindLayout tail_sizes[EBPF_BTF_N_KINDS] = {
  [EBPF_BTF_KIND_INT] = { 4, 0 },      [EBPF_BTF_KIND_ARRAY] = { 12, 0 },
  [EBPF_BTF_KIND_STRUCT] = { 0, 12 },  [EBPF_BTF_KIND_UNION] = { 0, 12 },
  [EBPF_BTF_KIND_ENUM] = { 0, 8 },     [EBPF_BTF_KIND_FUNC_PROTO] = { 0, 8 },
  [EBPF_BTF_KIND_VAR] = { 4, 0 },      [EBPF_BTF_KIND_DATASEC] = { 0, 12 },
  [EBPF_BTF_KIND_DECL_TAG] = { 4, 0 }, [EBPF_BTF_KIND_ENUM64] = { 0, 12 },
};

static const guint refers_to_type = (1u << EBPF_BTF_KIND_PTR) | (1u << EBPF_BTF_KIND_TYPEDEF) |
                                    (1u << EBPF_BTF_KIND_VOLATILE) | (1u << EBPF_BTF_KIND_CONST) |
                                    (1u << EBPF_BTF_KIND_RESTRICT) | (1u << EBPF_BTF_KIND_FUNC) |
                                    (1u << EBPF_BTF_KIND_FUNC_PROTO) | (1u << EBPF_BTF_KIND_VAR) |
                                    (1u << EBPF_BTF_KIND_DECL_TAG) | (1u << EBPF_BTF_KIND_TYPE_TAG);

const EbpfBtfLayoutTable ebpf_btf_known_layout = { tail_sizes, EBPF_BTF_N_KINDS };

gint64
ebpf_btf_tail_size (const EbpfBtfLayoutTable *layout, guint kind, guint vlen)
{
  const EbpfBtfKindLayout *sizes = tail_sizes;

  if (kind == EBPF_BTF_KIND_VOID)
    return -1;
  if (kind >= EBPF_BTF_N_KINDS)
    {
      if (layout == NULL || kind >= layout->n_kinds)
        return -1;

      /* Every type starts at a multiple of 4. */
      sizes = layout->kinds;
      if (sizes[kind].info_size % 4 != 0 || sizes[kind].element_size % 4 != 0)
        return -1;
    }

  return sizes[kind].info_size + (gint64) sizes[kind].element_size * vlen;
}

guint32
ebpf_btf_offset_of (EbpfBtf *self, guint32 id)
{
  if (id < self->first_id)
    return self->base != NULL && id != 0 ? ebpf_btf_offset_of (self->base, id) : 0;
  if (id - self->first_id >= self->n_types)
    return 0;

  return ebpf_btf_offset_at (self, id - self->first_id);
}

static inline void
swap32 (guint32 *word)
{
  *word = GUINT32_SWAP_LE_BE (*word);
}

void
ebpf_btf_swap_type (struct btf_type *type, gint64 tail)
{
  guint32 *word;
  gint64 words;

  for (word = (guint32 *) type; word < (guint32 *) (type + 1); word++)
    swap32 (word);

  /* Whatever follows, of any kind, is words; of one that is not known, that is all that can be
   * assumed. */
  for (words = tail / 4; words > 0; words--, word++)
    swap32 (word);
}

/* header */

static guint32
load32 (const guint8 *data, gsize offset, gboolean swapped)
{
  guint32 word;

  memcpy (&word, data + offset, sizeof word);
  return swapped ? GUINT32_SWAP_LE_BE (word) : word;
}

typedef struct
{
  gboolean swapped;
  gsize types_offset;
  guint32 types_length;
  gsize strings_offset;
  guint32 strings_length;
  guint32 length;
  gsize layout_offset;
  guint32 layout_length;
} Header;

static gboolean
parse_layout (Header *header, const guint8 *data, gsize size, GError **error)
{
  guint64 start, end;

  if (header->length < LONG_HEADER_SIZE)
    return TRUE;

  start = (guint64) header->length + load32 (data, 24, header->swapped);
  header->layout_length = load32 (data, 28, header->swapped);
  if (header->layout_length == 0)
    return TRUE;

  end = start + header->layout_length;
  header->layout_offset = start;
  if (end > size || start % 4 != 0 || header->layout_length % sizeof (EbpfBtfKindLayout) != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "layout of kinds at offset %" G_GUINT64_FORMAT
                      ", %u bytes long, does not fit type information of %" G_GSIZE_FORMAT " bytes",
                      start, header->layout_length, size);
      return FALSE;
    }

  if ((start < header->types_offset + header->types_length && header->types_offset < end) ||
      (start < header->strings_offset + header->strings_length && header->strings_offset < end))
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "layout of kinds at offset %" G_GUINT64_FORMAT
                      " overlaps the section of types or the one of strings",
                      start);
      return FALSE;
    }

  return TRUE;
}

static gboolean
parse_header (Header *header, EbpfBtf *base, const guint8 *data, gsize size, GError **error)
{
  guint16 magic;
  guint32 header_length, type_off, str_off;
  guint64 types_end, strings_end;

  if (size < sizeof (struct btf_header))
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "type information of %" G_GSIZE_FORMAT " bytes ends inside its header", size);
      return FALSE;
    }

  memcpy (&magic, data, sizeof magic);
  if (magic == BTF_MAGIC)
    {
      header->swapped = FALSE;
    }
  else if (magic == GUINT16_SWAP_LE_BE (BTF_MAGIC))
    {
      header->swapped = TRUE;
    }
  else
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "not type information: it starts with 0x%04x instead of 0x%04x", magic,
                      BTF_MAGIC);
      return FALSE;
    }

  if (data[2] != BTF_VERSION || data[3] != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "type information of version %u with flags 0x%x, which is not known", data[2],
                      data[3]);
      return FALSE;
    }

  header_length = load32 (data, 4, header->swapped);
  type_off = load32 (data, 8, header->swapped);
  header->types_length = load32 (data, 12, header->swapped);
  str_off = load32 (data, 16, header->swapped);
  header->strings_length = load32 (data, 20, header->swapped);

  /* A longer header is one of a later version, whose additions are not needed to read the rest. */
  if (header_length < sizeof (struct btf_header) || header_length > size)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "type information of %" G_GSIZE_FORMAT " bytes claims a header of %u bytes",
                      size, header_length);
      return FALSE;
    }

  types_end = (guint64) header_length + type_off + header->types_length;
  strings_end = (guint64) header_length + str_off + header->strings_length;
  header->types_offset = (gsize) header_length + type_off;
  header->strings_offset = (gsize) header_length + str_off;

  if (types_end > size || header->types_offset % 4 != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "section of types at offset %" G_GSIZE_FORMAT
                      ", %u bytes long, does not fit type information of %" G_GSIZE_FORMAT " bytes",
                      header->types_offset, header->types_length, size);
      return FALSE;
    }

  if (strings_end > size)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "section of strings at offset %" G_GSIZE_FORMAT
                      ", %u bytes long, does not fit type information of %" G_GSIZE_FORMAT " bytes",
                      header->strings_offset, header->strings_length, size);
      return FALSE;
    }

  if (header->types_length > 0 && header->strings_length > 0 &&
      header->types_offset < strings_end && header->strings_offset < types_end)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "section of types at offset %" G_GSIZE_FORMAT
                      " and section of strings at offset %" G_GSIZE_FORMAT " overlap",
                      header->types_offset, header->strings_offset);
      return FALSE;
    }

  /* The base's strings come first, so only a blob without one needs the empty string. */
  if ((base == NULL && header->strings_length == 0) ||
      (header->strings_length > 0 &&
       (data[strings_end - 1] != '\0' || (base == NULL && data[header->strings_offset] != '\0'))))
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "section of strings at offset %" G_GSIZE_FORMAT
                      ", %u bytes long, does not start and end with a zero",
                      header->strings_offset, header->strings_length);
      return FALSE;
    }

  header->length = header_length;
  return parse_layout (header, data, size, error);
}

/* types */

/* The highest name offset and type id that something refers to. */
typedef struct
{
  guint32 name;
  guint32 id;
} Extremes;

static inline void
consider (guint32 *extreme, guint32 value)
{
  if (value > *extreme)
    *extreme = value;
}

static inline void
collect (Extremes *extremes, const struct btf_type *type)
{
  guint kind = ebpf_btf_kind_of (type), vlen = ebpf_btf_vlen_of (type), i;
  gconstpointer tail = ebpf_btf_tail_of (type);

  consider (&extremes->name, type->name_off);
  if (kind < EBPF_BTF_N_KINDS && (refers_to_type & (1u << kind)))
    consider (&extremes->id, type->type);

  switch (kind)
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      {
        const struct btf_member *members = tail;

        for (i = 0; i < vlen; i++)
          {
            consider (&extremes->name, members[i].name_off);
            consider (&extremes->id, members[i].type);
          }
        break;
      }

    case EBPF_BTF_KIND_FUNC_PROTO:
      {
        const struct btf_param *params = tail;

        for (i = 0; i < vlen; i++)
          {
            consider (&extremes->name, params[i].name_off);
            consider (&extremes->id, params[i].type);
          }
        break;
      }

    case EBPF_BTF_KIND_ENUM:
      {
        const struct btf_enum *values = tail;

        for (i = 0; i < vlen; i++)
          consider (&extremes->name, values[i].name_off);
        break;
      }

    case EBPF_BTF_KIND_ENUM64:
      {
        const guint32 *words = tail;

        for (i = 0; i < vlen; i++)
          consider (&extremes->name, words[3 * i]);
        break;
      }

    case EBPF_BTF_KIND_ARRAY:
      {
        const struct btf_array *array = tail;

        consider (&extremes->id, array->type);
        consider (&extremes->id, array->index_type);
        break;
      }

    case EBPF_BTF_KIND_DATASEC:
      {
        const struct btf_var_secinfo *vars = tail;

        for (i = 0; i < vlen; i++)
          consider (&extremes->id, vars[i].type);
        break;
      }

    default:
      break;
    }
}

/* Says which type is the one that refers to something out of range. */
static void
blame (EbpfBtf *self, GError **error)
{
  guint32 i;

  for (i = 0; i < self->n_types; i++)
    {
      const struct btf_type *type = ebpf_btf_type_at (self, i);
      Extremes extremes = { 0, 0 };

      collect (&extremes, type);
      if (extremes.name >= ebpf_btf_end_string (self))
        {
          ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                          "type %u at offset %u has a name at offset %u, but the strings end at %u",
                          self->first_id + i, ebpf_btf_offset_at (self, i), extremes.name,
                          ebpf_btf_end_string (self));
          return;
        }
      if (extremes.id >= ebpf_btf_end_id (self))
        {
          ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                          "type %u at offset %u refers to type %u, but the last one is %u",
                          self->first_id + i, ebpf_btf_offset_at (self, i), extremes.id,
                          ebpf_btf_end_id (self) - 1);
          return;
        }
    }

  g_assert_not_reached ();
}

static gboolean
refuse_type (EbpfBtf *self, guint32 position, guint32 length, GError **error)
{
  guint32 id = self->first_id + self->n_types;
  struct btf_type type;

  if (length - position < sizeof type)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "type %u at offset %u is cut off: the section of types ends at %u", id,
                      position, length);
      return FALSE;
    }

  memcpy (&type, self->types + position, sizeof type);
  if (self->byte_order != EBPF_BYTE_ORDER_HOST)
    swap32 (&type.info);

  if (ebpf_btf_tail_size_of (self, &type) < 0)
    ebpf_error_set (
        error, EBPF_ERROR_BTF, 0, "type %u at offset %u is of kind %u, which is not known%s", id,
        position, ebpf_btf_kind_of (&type), self->layout.n_kinds > 0 ? ", nor how long it is" : "");
  else
    ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                    "type %u at offset %u has %u parts, which go beyond the end of the section of "
                    "types at %u",
                    id, position, ebpf_btf_vlen_of (&type), length);

  return FALSE;
}

/* Some types are so long that the distances in their block do not fit into two bytes. */
static void
widen_offsets (EbpfBtf *self, guint32 length, guint32 n)
{
  self->offsets = g_new (guint32, length / sizeof (struct btf_type) + 1);
  for (guint32 i = 0; i < n; i++)
    self->offsets[i] = self->block_offsets[i / EBPF_BTF_BLOCK] + 4 * (guint32) self->words[i];

  g_clear_pointer (&self->block_offsets, g_free);
  g_clear_pointer (&self->words, g_free);
}

/* Notes where each type starts, swapping it first where it is of the other byte order. This is what
 * opening the kernel's type information takes its time for: there is as little in the loop as can
 * be, and no branch that depends on the kind. */
static gboolean
parse_types (EbpfBtf *self, guint32 length, gboolean swapped, GError **error)
{
  guint8 *types = (guint8 *) self->types; /* written only where swapped: then it is our own copy */
  guint32 position = 0, block = 0, n = 0, n_types = 0, n_functions = 0;
  const guint32 most = length / sizeof (struct btf_type) + 1;

  /* As many as there could be; what is not used is never touched and given back below. */
  self->words = g_new (guint16, most);
  self->block_offsets = g_new (guint32, most / EBPF_BTF_BLOCK + 1);

  while (position < length)
    {
      struct btf_type *type = (gpointer) (types + position);
      guint32 info, kind, room = length - position;
      guint64 size;

      self->n_types = n;
      if (G_UNLIKELY (room < sizeof *type))
        return refuse_type (self, position, length, error);

      info = swapped ? GUINT32_SWAP_LE_BE (type->info) : type->info;
      kind = (info >> 24) & 0x7f;
      if (G_UNLIKELY (kind - 1 >= EBPF_BTF_N_KINDS - 1))
        {
          gint64 tail = ebpf_btf_tail_size (&self->layout, kind, info & 0xffffff);

          if (tail < 0)
            return refuse_type (self, position, length, error);
          if (self->unknown == 0)
            self->unknown = self->first_id + n;
          size = sizeof *type + tail;
        }
      else
        {
          size = sizeof *type + tail_sizes[kind].info_size +
                 (guint64) tail_sizes[kind].element_size * (info & 0xffffff);
        }
      if (G_UNLIKELY (size > room))
        return refuse_type (self, position, length, error);

      if (swapped)
        ebpf_btf_swap_type (type, size - sizeof *type);

      n_functions += kind == EBPF_BTF_KIND_FUNC && type->name_off != 0;
      n_types += kind != EBPF_BTF_KIND_FUNC && type->name_off != 0;

      if (G_LIKELY (self->offsets == NULL))
        {
          if (n % EBPF_BTF_BLOCK == 0)
            {
              block = position;
              self->block_offsets[n / EBPF_BTF_BLOCK] = block;
            }
          if (G_UNLIKELY ((position - block) / 4 > G_MAXUINT16))
            widen_offsets (self, length, n);
          else
            self->words[n] = (guint16) ((position - block) / 4);
        }
      if (G_UNLIKELY (self->offsets != NULL))
        self->offsets[n] = position;

      n++;
      position += size;
    }

  self->n_types = n;
  self->n_named_types = n_types;
  self->n_named_functions = n_functions;
  if (self->offsets != NULL)
    {
      self->offsets = g_renew (guint32, self->offsets, MAX (n, 1));
    }
  else
    {
      self->words = g_renew (guint16, self->words, MAX (n, 1));
      self->block_offsets = g_renew (guint32, self->block_offsets, n / EBPF_BTF_BLOCK + 1);
    }

  return TRUE;
}

static gboolean
check_references (EbpfBtf *self, GError **error)
{
  Extremes extremes = { 0, 0 };
  guint32 i;

  for (i = 0; i < self->n_types; i++)
    collect (&extremes, ebpf_btf_type_at (self, i));

  if (extremes.name >= ebpf_btf_end_string (self) || extremes.id >= ebpf_btf_end_id (self))
    {
      blame (self, error);
      return FALSE;
    }

  return TRUE;
}

/* what an untrusted blob is checked for besides */

/* The type that is a part of @id by value, as number @index of them. FALSE where there is none
 * left. */
static gboolean
get_part (EbpfBtf *self, guint32 id, guint index, guint32 *part)
{
  const struct btf_type *type = ebpf_btf_type_at (self, id - self->first_id);
  gconstpointer tail = ebpf_btf_tail_of (type);

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_TYPEDEF:
    case EBPF_BTF_KIND_CONST:
    case EBPF_BTF_KIND_VOLATILE:
    case EBPF_BTF_KIND_RESTRICT:
    case EBPF_BTF_KIND_TYPE_TAG:
    case EBPF_BTF_KIND_VAR:
      *part = type->type;
      return index < 1;

    case EBPF_BTF_KIND_ARRAY:
      *part = ((const struct btf_array *) tail)->type;
      return index < 1;

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      if (index >= ebpf_btf_vlen_of (type))
        return FALSE;
      *part = ((const struct btf_member *) tail)[index].type;
      return TRUE;

    case EBPF_BTF_KIND_DATASEC:
      if (index >= ebpf_btf_vlen_of (type))
        return FALSE;
      *part = ((const struct btf_var_secinfo *) tail)[index].type;
      return TRUE;

    default:
      return FALSE;
    }
}

typedef struct
{
  guint32 id;
  guint next;
} Visit;

enum
{
  UNSEEN,
  OPEN,
  DONE
};

static gboolean
check_cycles (EbpfBtf *self, GError **error)
{
  g_autofree guint8 *states = g_new0 (guint8, MAX (self->n_types, 1));
  g_autofree Visit *stack = NULL;
  guint32 i, size = 0;

  for (i = 0; i < self->n_types; i++)
    {
      guint32 depth = 0;

      if (states[i] != UNSEEN)
        continue;

      /* One more on the stack at a time, and each type at most once. */
      if (size == 0)
        stack = g_new (Visit, size = 64);
      states[i] = OPEN;
      stack[depth++] = (Visit){ self->first_id + i, 0 };
      while (depth > 0)
        {
          Visit *top = &stack[depth - 1];
          Visit child = { 0, 0 };
          guint8 *state;

          if (!get_part (self, top->id, top->next++, &child.id))
            {
              states[top->id - self->first_id] = DONE;
              depth--;
              continue;
            }
          if (child.id < self->first_id)
            continue;

          state = &states[child.id - self->first_id];
          if (*state == OPEN)
            {
              const char *name = ebpf_btf_name_of (self, ebpf_btf_peek (self, child.id));

              ebpf_error_set (
                  error, EBPF_ERROR_BTF, 0, "type %u%s%s at offset %u contains itself: a cycle",
                  child.id, name[0] != '\0' ? " " : "", name, ebpf_btf_offset_of (self, child.id));
              return FALSE;
            }
          if (*state == UNSEEN)
            {
              *state = OPEN;
              if (depth == size)
                stack = g_renew (Visit, stack, size *= 2);
              stack[depth++] = child;
            }
        }
    }

  return TRUE;
}

gboolean
ebpf_btf_check_known (EbpfBtf *self, GError **error)
{
  if (self->unknown == 0)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "type %u at offset %u is of kind %u, which is not known: whatever it refers to "
                  "cannot get other numbers",
                  self->unknown, ebpf_btf_offset_of (self, self->unknown),
                  ebpf_btf_kind_of (ebpf_btf_peek (self, self->unknown)));
  return FALSE;
}

/* The kinds that can have tags, and how many parts of a type can. */
static gboolean
get_taggable (EbpfBtf *self, const struct btf_type *target, guint32 *n_parts)
{
  const struct btf_type *prototype;

  *n_parts = 0;
  switch (target != NULL ? ebpf_btf_kind_of (target) : EBPF_BTF_KIND_VOID)
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      *n_parts = ebpf_btf_vlen_of (target);
      return TRUE;

    case EBPF_BTF_KIND_FUNC:
      prototype = ebpf_btf_peek (self, target->type);
      if (prototype != NULL && ebpf_btf_kind_of (prototype) == EBPF_BTF_KIND_FUNC_PROTO)
        *n_parts = ebpf_btf_vlen_of (prototype);
      return TRUE;

    case EBPF_BTF_KIND_VAR:
    case EBPF_BTF_KIND_TYPEDEF:
      return TRUE;

    default:
      return FALSE;
    }
}

static gboolean
check_tag (EbpfBtf *self, guint32 index, GError **error)
{
  const struct btf_type *type = ebpf_btf_type_at (self, index);
  const gint32 component = *(const gint32 *) ebpf_btf_tail_of (type);
  guint32 n_parts;

  if (!get_taggable (self, ebpf_btf_peek (self, type->type), &n_parts))
    {
      ebpf_error_set (
          error, EBPF_ERROR_BTF, 0,
          "tag %s, type %u at offset %u, is on type %u, which is neither struct, union, "
          "typedef, variable nor function",
          ebpf_btf_name_of (self, type), self->first_id + index, ebpf_btf_offset_at (self, index),
          type->type);
      return FALSE;
    }
  if (component < -1 || (component >= 0 && (guint32) component >= n_parts))
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "tag %s, type %u at offset %u, is on part %d of type %u, which has %u",
                      ebpf_btf_name_of (self, type), self->first_id + index,
                      ebpf_btf_offset_at (self, index), component, type->type, n_parts);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_kinds (EbpfBtf *self, GError **error)
{
  guint32 i;
  guint j;

  for (i = 0; i < self->n_types; i++)
    {
      const struct btf_type *type = ebpf_btf_type_at (self, i);
      const struct btf_var_secinfo *vars = ebpf_btf_tail_of (type);
      const struct btf_type *target;

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_FUNC:
          target = ebpf_btf_peek (self, type->type);
          if (target == NULL || ebpf_btf_kind_of (target) != EBPF_BTF_KIND_FUNC_PROTO)
            {
              ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                              "function %s, type %u at offset %u, has type %u, which is no "
                              "prototype",
                              ebpf_btf_name_of (self, type), self->first_id + i,
                              ebpf_btf_offset_at (self, i), type->type);
              return FALSE;
            }
          break;

        case EBPF_BTF_KIND_DECL_TAG:
          if (!check_tag (self, i, error))
            return FALSE;
          break;

        case EBPF_BTF_KIND_DATASEC:
          for (j = 0; j < ebpf_btf_vlen_of (type); j++)
            {
              target = ebpf_btf_peek (self, vars[j].type);
              if (target == NULL || (ebpf_btf_kind_of (target) != EBPF_BTF_KIND_VAR &&
                                     ebpf_btf_kind_of (target) != EBPF_BTF_KIND_FUNC))
                {
                  ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                                  "section %s, type %u at offset %u, lists type %u, which is "
                                  "neither variable nor function",
                                  ebpf_btf_name_of (self, type), self->first_id + i,
                                  ebpf_btf_offset_at (self, i), vars[j].type);
                  return FALSE;
                }
            }
          break;

        default:
          break;
        }
    }

  return TRUE;
}

gboolean
ebpf_btf_parse (EbpfBtf *self, GBytes *bytes, EbpfBtfTrust trust, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  Header header = { 0 };

  if (!parse_header (&header, self->base, data, size, error))
    return FALSE;

  self->byte_order = header.swapped ? EBPF_BYTE_ORDER_FOREIGN : EBPF_BYTE_ORDER_HOST;

  g_clear_pointer (&self->bytes, g_bytes_unref);
  if (header.swapped || (guintptr) data % 4 != 0)
    {
      guint8 *copy = g_memdup2 (data, size);

      if (header.swapped)
        {
          struct btf_header *head = (gpointer) copy;
          EbpfBtfKindLayout *kinds = (gpointer) (copy + header.layout_offset);

          head->magic = BTF_MAGIC;
          for (guint i = 4; i + 4 <= header.length; i += 4)
            swap32 ((gpointer) (copy + i));
          for (guint i = 0; i < header.layout_length / sizeof *kinds; i++)
            kinds[i].flags = GUINT16_SWAP_LE_BE (kinds[i].flags);
        }
      data = copy;
      self->bytes = g_bytes_new_take (copy, size);
    }
  else
    {
      self->bytes = g_bytes_ref (bytes);
    }

  self->types = data + header.types_offset;
  self->strings = (const char *) data + header.strings_offset;
  self->strings_length = header.strings_length;
  if (header.layout_length > 0)
    {
      self->layout.kinds = (gconstpointer) (data + header.layout_offset);
      self->layout.n_kinds = header.layout_length / sizeof *self->layout.kinds;
    }

  if (self->base != NULL)
    {
      self->first_id = ebpf_btf_end_id (self->base);
      self->strings_start = ebpf_btf_end_string (self->base);
      if (G_MAXUINT32 - self->first_id < header.types_length / sizeof (struct btf_type) ||
          G_MAXUINT32 - self->strings_start < header.strings_length)
        {
          ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                          "base and split type information together are too large");
          return FALSE;
        }
    }

  if (!parse_types (self, header.types_length, header.swapped, error))
    return FALSE;

  return trust == EBPF_BTF_TRUSTED || (check_references (self, error) &&
                                       check_kinds (self, error) && check_cycles (self, error));
}
