/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-layout.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-shape-private.h"

/* Fields that a layout has at most: an array of structs beyond that stays bytes. */
#define MAX_FIELDS 4096

/* Elements of an array of structs, or of arrays, up to which each has fields of its own. */
#define MAX_EXPANDED 64

typedef struct
{
  char *name;
  EbpfLayoutFormat format;
  guint offset;
  guint size;
  guint count;
  gboolean is_array;
  guint bit_offset;
  guint bit_size;
} Field;

/**
 * EbpfLayout:
 *
 * Where everything is in the values of a type: a flat list of fields, from which a program decodes
 * many values quickly without asking about types again.
 *
 * A member of a member is a field called `outer.inner`, one of an element of an array
 * `points[3].x`. A member of a struct without a name counts as the outer struct's.
 *
 * A type that is no struct has one field, whose name is empty.
 */
struct _EbpfLayout
{
  gatomicrefcount ref_count;
  gsize size;
  GArray *fields; /* of Field */
};

G_DEFINE_BOXED_TYPE (EbpfLayout, ebpf_layout, ebpf_layout_ref, ebpf_layout_unref)

static void
field_clear (gpointer data)
{
  Field *field = data;

  g_free (field->name);
}

static EbpfLayoutFormat
format_of (const EbpfBtfShape *shape)
{
  switch (shape->kind)
    {
    case EBPF_BTF_SHAPE_INTEGER:
      return shape->is_signed ? EBPF_LAYOUT_FORMAT_SIGNED : EBPF_LAYOUT_FORMAT_UNSIGNED;
    case EBPF_BTF_SHAPE_BOOLEAN:
      return EBPF_LAYOUT_FORMAT_BOOLEAN;
    case EBPF_BTF_SHAPE_FLOAT:
      return EBPF_LAYOUT_FORMAT_FLOAT;
    case EBPF_BTF_SHAPE_CHARS:
      return EBPF_LAYOUT_FORMAT_STRING;
    default:
      return EBPF_LAYOUT_FORMAT_BYTES;
    }
}

static void
append (EbpfLayout *self,
        const char *name,
        EbpfLayoutFormat format,
        gsize offset,
        gsize size,
        gsize count)
{
  Field field = {
    .name = g_strdup (name),
    .format = format,
    .offset = offset,
    .size = size,
    .count = count,
  };

  g_array_append_val (self->fields, field);
}

static void
append_array (EbpfLayout *self,
              const char *name,
              EbpfLayoutFormat format,
              gsize offset,
              gsize size,
              gsize count)
{
  append (self, name, format, offset, size, count);
  g_array_index (self->fields, Field, self->fields->len - 1).is_array = TRUE;
}

static gboolean flatten (EbpfLayout *self,
                         EbpfBtf *btf,
                         const EbpfBtfShape *shape,
                         const char *name,
                         gsize offset,
                         guint depth,
                         guint *budget,
                         GError **error);

static gboolean
flatten_array (EbpfLayout *self,
               EbpfBtf *btf,
               const EbpfBtfShape *shape,
               const char *name,
               gsize offset,
               guint depth,
               guint *budget,
               GError **error)
{
  EbpfBtfShape element;
  gsize i;

  if (!ebpf_btf_shape_init (&element, btf, shape->element_id, error))
    return FALSE;

  if (element.kind == EBPF_BTF_SHAPE_INTEGER || element.kind == EBPF_BTF_SHAPE_BOOLEAN ||
      element.kind == EBPF_BTF_SHAPE_FLOAT)
    {
      append_array (self, name, format_of (&element), offset, element.size, shape->n_elements);
      return TRUE;
    }

  /* One without end, in a value that has nothing of it. */
  if (shape->n_elements == 0)
    {
      append_array (self, name, EBPF_LAYOUT_FORMAT_BYTES, offset, element.size, 0);
      return TRUE;
    }

  if (shape->n_elements > MAX_EXPANDED || self->fields->len >= MAX_FIELDS ||
      depth >= EBPF_BTF_MAX_VALUE_DEPTH || element.size == 0)
    {
      append (self, name, EBPF_LAYOUT_FORMAT_BYTES, offset, shape->size, 1);
      return TRUE;
    }

  for (i = 0; i < shape->n_elements; i++)
    {
      g_autofree char *inner = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", name, i);

      if (!flatten (self, btf, &element, inner, offset + i * element.size, depth + 1, budget,
                    error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
flatten_struct (EbpfLayout *self,
                EbpfBtf *btf,
                const EbpfBtfShape *shape,
                const char *name,
                gsize offset,
                guint depth,
                guint *budget,
                GError **error)
{
  guint i;

  if (self->fields->len >= MAX_FIELDS || depth >= EBPF_BTF_MAX_VALUE_DEPTH || *budget == 0)
    {
      append (self, name, EBPF_LAYOUT_FORMAT_BYTES, offset, shape->size, 1);
      return TRUE;
    }
  --*budget;

  for (i = 0; i < ebpf_btf_vlen_of (shape->type); i++)
    {
      g_autofree char *full = NULL;
      EbpfBtfField field;

      if (self->fields->len >= 16 * MAX_FIELDS)
        {
          ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "a layout of more than %d fields",
                          16 * MAX_FIELDS);
          return FALSE;
        }
      if (ebpf_btf_kind_of (shape->type) == EBPF_BTF_KIND_DATASEC &&
          !ebpf_btf_section_has_value (btf, shape->type, i))
        continue;
      if (!ebpf_btf_field_init (&field, btf, shape, i, error))
        return FALSE;

      if (ebpf_btf_field_is_inlined (&field))
        {
          if (!flatten_struct (self, btf, &field.shape, name, offset + field.bit_offset / 8,
                               depth + 1, budget, error))
            return FALSE;
          continue;
        }
      if (field.name[0] == '\0')
        continue;

      full = name[0] != '\0' ? g_strconcat (name, ".", field.name, NULL) : g_strdup (field.name);
      if (field.bit_size == 0)
        {
          if (!flatten (self, btf, &field.shape, full, offset + field.bit_offset / 8, depth + 1,
                        budget, error))
            return FALSE;
          continue;
        }

      /* The bytes that its bits are in, and where in these they begin. */
      append (self, full, format_of (&field.shape), offset + field.bit_offset / 8,
              (field.bit_offset % 8 + field.bit_size + 7) / 8, 1);
      {
        Field *last = &g_array_index (self->fields, Field, self->fields->len - 1);

        last->bit_offset = field.bit_offset % 8;
        last->bit_size = field.bit_size;
      }
    }

  return TRUE;
}

static gboolean
flatten (EbpfLayout *self,
         EbpfBtf *btf,
         const EbpfBtfShape *shape,
         const char *name,
         gsize offset,
         guint depth,
         guint *budget,
         GError **error)
{
  switch (shape->kind)
    {
    case EBPF_BTF_SHAPE_STRUCT:
      return flatten_struct (self, btf, shape, name, offset, depth, budget, error);

    case EBPF_BTF_SHAPE_ARRAY:
      return flatten_array (self, btf, shape, name, offset, depth, budget, error);

    default:
      append (self, name, format_of (shape), offset, shape->size, 1);
      return TRUE;
    }
}

/**
 * ebpf_layout_new:
 * @type: a type
 * @error: return location for an error
 *
 * Lays a type out.
 *
 * Returns: (transfer full): the layout, or %NULL with @error set
 */
EbpfLayout *
ebpf_layout_new (EbpfBtfType *type, GError **error)
{
  g_autoptr (EbpfLayout) self = NULL;
  EbpfBtfShape shape;
  guint budget = MAX_FIELDS;
  EbpfBtf *btf;

  g_return_val_if_fail (type != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  btf = ebpf_btf_type_get_btf (type);
  if (!ebpf_btf_shape_init (&shape, btf, ebpf_btf_type_get_id (type), error))
    return NULL;

  self = g_new0 (EbpfLayout, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->size = shape.size;
  self->fields = g_array_new (FALSE, FALSE, sizeof (Field));
  g_array_set_clear_func (self->fields, field_clear);

  if (!flatten (self, btf, &shape, "", 0, 0, &budget, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * ebpf_layout_ref:
 * @self: a layout
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 */
EbpfLayout *
ebpf_layout_ref (EbpfLayout *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * ebpf_layout_unref:
 * @self: (transfer full): a layout
 *
 * Gives a reference back.
 */
void
ebpf_layout_unref (EbpfLayout *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_array_unref (self->fields);
  g_free (self);
}

static const Field *
get_field (EbpfLayout *self, guint index)
{
  static const Field none;

  g_return_val_if_fail (self != NULL, &none);
  g_return_val_if_fail (index < self->fields->len, &none);

  return &g_array_index (self->fields, Field, index);
}

/**
 * ebpf_layout_get_size:
 * @self: a layout
 *
 * Gets the size of a value.
 *
 * Returns: the size in bytes
 */
gsize
ebpf_layout_get_size (EbpfLayout *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->size;
}

/**
 * ebpf_layout_get_n_fields:
 * @self: a layout
 *
 * Gets the number of fields.
 *
 * Returns: the number
 */
guint
ebpf_layout_get_n_fields (EbpfLayout *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->fields->len;
}

/**
 * ebpf_layout_get_field_name:
 * @self: a layout
 * @index: index of a field
 *
 * Gets the name of a field, with those of the members that it is in.
 *
 * Returns: (transfer none) (nullable): the name; empty for a type that is no struct
 */
const char *
ebpf_layout_get_field_name (EbpfLayout *self, guint index)
{
  return get_field (self, index)->name;
}

/**
 * ebpf_layout_get_field_format:
 * @self: a layout
 * @index: index of a field
 *
 * Gets how the bytes of a field are read.
 *
 * Returns: the format
 */
EbpfLayoutFormat
ebpf_layout_get_field_format (EbpfLayout *self, guint index)
{
  return get_field (self, index)->format;
}

/**
 * ebpf_layout_get_field_offset:
 * @self: a layout
 * @index: index of a field
 *
 * Gets where a field begins.
 *
 * Returns: the offset from the beginning of the value, in bytes
 */
guint
ebpf_layout_get_field_offset (EbpfLayout *self, guint index)
{
  return get_field (self, index)->offset;
}

/**
 * ebpf_layout_get_field_size:
 * @self: a layout
 * @index: index of a field
 *
 * Gets the size of a field: of one element, where it is an array of numbers. Of a bitfield it is how
 * many bytes its bits are in: up to 9.
 *
 * Returns: the size in bytes
 */
guint
ebpf_layout_get_field_size (EbpfLayout *self, guint index)
{
  return get_field (self, index)->size;
}

/**
 * ebpf_layout_get_field_count:
 * @self: a layout
 * @index: index of a field
 *
 * Gets the number of elements of a field that is an array, one after the other.
 *
 * Returns: the number; 1 for a field that is no array, and for an array of one element, which
 *   [method@Layout.get_field_is_array] tells apart
 */
guint
ebpf_layout_get_field_count (EbpfLayout *self, guint index)
{
  return get_field (self, index)->count;
}

/**
 * ebpf_layout_get_field_is_array:
 * @self: a layout
 * @index: index of a field
 *
 * Asks whether a field is an array of numbers, or one of anything that has no elements. An array of
 * characters or of bytes is one field of another format, and one of structs has fields for each of
 * its elements.
 *
 * Returns: whether its value is a list of [method@Layout.get_field_count] elements, even of one
 */
gboolean
ebpf_layout_get_field_is_array (EbpfLayout *self, guint index)
{
  return get_field (self, index)->is_array;
}

/**
 * ebpf_layout_get_field_bit_offset:
 * @self: a layout
 * @index: index of a field
 *
 * Gets where a bitfield begins in its first byte: counted from the least significant bit on machines
 * that are little-endian, from the most significant bit on others.
 *
 * Returns: the offset in bits, 0 to 7; 0 for a field that is no bitfield
 */
guint
ebpf_layout_get_field_bit_offset (EbpfLayout *self, guint index)
{
  return get_field (self, index)->bit_offset;
}

/**
 * ebpf_layout_get_field_bit_size:
 * @self: a layout
 * @index: index of a field
 *
 * Gets the width of a bitfield.
 *
 * Returns: the width in bits; 0 for a field that is no bitfield
 */
guint
ebpf_layout_get_field_bit_size (EbpfLayout *self, guint index)
{
  return get_field (self, index)->bit_size;
}
