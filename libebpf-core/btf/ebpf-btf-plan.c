/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-plan-private.h"

#include "btf/ebpf-btf-shape-private.h"

#include <string.h>

/* The serialised form of a{sv}, as the GVariant specification has it: entries at multiples of 8, each
 * a name with its zero, at the next multiple of 8 the value, a zero and the value's type, and in the end the
 * size of the name; behind all entries where each of them ends. These numbers are little-endian and
 * as wide as the size of what they are in needs. */

#define ALIGN_8(n) (((n) + 7) & ~(gsize) 7)

/* A larger one is better off with less memory than with less time. */
#define MAX_FIELDS 64
#define MAX_SIZE (64u << 10)

typedef struct
{
  EbpfBtfField field;
  gsize name_size; /* with its zero */
  guint32 offset;
  char type[3]; /* of a number or an array of numbers */
} PlanField;

struct _EbpfBtfPlan
{
  gsize size;       /* of the struct */
  gsize max_result; /* what is written at most */
  guint n_fields;
  PlanField fields[];
};

static char
integer_type (gsize size, gboolean is_signed)
{
  switch (size)
    {
    case 1:
      return is_signed ? 'n' : 'y';
    case 2:
      return is_signed ? 'n' : 'q';
    case 4:
      return is_signed ? 'i' : 'u';
    default:
      return is_signed ? 'x' : 't';
    }
}

/* FALSE where it is not simple. @max_size: of its value. */
static gboolean
add_field (EbpfBtfPlan *plan, EbpfBtf *btf, const EbpfBtfField *field)
{
  PlanField *place = &plan->fields[plan->n_fields];
  gsize max_value;
  EbpfBtfShape element;

  memset (place->type, 0, sizeof place->type);
  switch (field->shape.kind)
    {
    case EBPF_BTF_SHAPE_INTEGER:
    case EBPF_BTF_SHAPE_BOOLEAN:
      place->type[0] = integer_type (field->shape.size, field->shape.is_signed);
      max_value = 8;
      break;
    case EBPF_BTF_SHAPE_CHARS:
    case EBPF_BTF_SHAPE_BYTES:
      max_value = field->shape.size + 1;
      break;
    case EBPF_BTF_SHAPE_ARRAY:
      if (field->shape.n_elements == 0 ||
          !ebpf_btf_shape_init (&element, btf, field->shape.element_id, NULL) ||
          element.kind != EBPF_BTF_SHAPE_INTEGER || element.size == 1)
        return FALSE;
      place->type[0] = 'a';
      place->type[1] = integer_type (element.size, element.is_signed);
      max_value = field->shape.size;
      break;
    case EBPF_BTF_SHAPE_FLOAT:
    case EBPF_BTF_SHAPE_STRUCT:
    default:
      return FALSE;
    }

  for (guint i = 0; i < plan->n_fields; i++)
    if (strcmp (plan->fields[i].field.name, field->name) == 0)
      return FALSE;

  place->field = *field;
  place->name_size = strlen (field->name) + 1;
  place->offset = field->bit_offset / 8;
  plan->n_fields++;
  /* The type, padding, and two numbers. */
  plan->max_result += ALIGN_8 (place->name_size) + ALIGN_8 (max_value) + 32;

  return TRUE;
}

EbpfBtfPlan *
ebpf_btf_plan_new (EbpfBtf *btf, guint32 id)
{
  g_autofree EbpfBtfPlan *plan = NULL;
  EbpfBtfShape shape;
  guint n_members;

  if (!ebpf_btf_shape_init (&shape, btf, id, NULL) || shape.kind != EBPF_BTF_SHAPE_STRUCT ||
      ebpf_btf_kind_of (shape.type) != EBPF_BTF_KIND_STRUCT || shape.size > MAX_SIZE)
    return NULL;

  n_members = ebpf_btf_vlen_of (shape.type);
  if (n_members == 0 || n_members > MAX_FIELDS)
    return NULL;

  plan = g_malloc0 (sizeof *plan + n_members * sizeof (PlanField));
  plan->size = shape.size;
  for (guint i = 0; i < n_members; i++)
    {
      EbpfBtfField field;

      if (!ebpf_btf_field_init (&field, btf, &shape, i, NULL) || ebpf_btf_field_is_inlined (&field))
        return NULL;
      if (field.name[0] != '\0' && !add_field (plan, btf, &field))
        return NULL;
    }

  return plan->n_fields > 0 ? g_steal_pointer (&plan) : NULL;
}

void
ebpf_btf_plan_free (EbpfBtfPlan *plan)
{
  g_free (plan);
}

static gsize
write_number (guint8 *place, gsize width, gsize number)
{
  for (gsize i = 0; i < width; i++)
    place[i] = (guint8) (number >> (8 * i));

  return width;
}

/* How wide the numbers in a container have to be that has @n of them behind @body bytes. */
static gsize
get_width (gsize body, gsize n)
{
  if (body + n <= G_MAXUINT8)
    return 1;
  if (body + 2 * n <= G_MAXUINT16)
    return 2;

  return 4;
}

static gsize
write_integer (guint8 *place, gsize size, gboolean is_signed, guint64 number)
{
  /* There is no signed byte. */
  if (size == 1 && is_signed)
    size = 2;
  ebpf_btf_write_integer (place, size, number);

  return size;
}

/* Writes the value and gives its size. @type: what it is. */
static gsize
write_value (const PlanField *self, const guint8 *data, guint8 *place, const char **type)
{
  const EbpfBtfShape *shape = &self->field.shape;
  guint64 number;
  gssize length;

  *type = self->type;
  switch (shape->kind)
    {
    case EBPF_BTF_SHAPE_INTEGER:
      number = ebpf_btf_field_read (&self->field, data);
      return write_integer (place, shape->size, shape->is_signed, number);

    case EBPF_BTF_SHAPE_BOOLEAN:
      number = ebpf_btf_field_read (&self->field, data);
      if (number > 1)
        return write_integer (place, shape->size, shape->is_signed, number);
      *type = "b";
      *place = (guint8) number;
      return 1;

    case EBPF_BTF_SHAPE_CHARS:
      length = ebpf_btf_text_length (data + self->offset, shape->n_elements);
      if (length >= 0)
        {
          *type = "s";
          memcpy (place, data + self->offset, (gsize) length);
          place[length] = '\0';
          return (gsize) length + 1;
        }
      *type = "ay";
      memcpy (place, data + self->offset, shape->size);
      return shape->size;

    case EBPF_BTF_SHAPE_BYTES:
      *type = "ay";
      memcpy (place, data + self->offset, shape->size);
      return shape->size;

    case EBPF_BTF_SHAPE_ARRAY:
    case EBPF_BTF_SHAPE_FLOAT:
    case EBPF_BTF_SHAPE_STRUCT:
    default:
      memcpy (place, data + self->offset, shape->size);
      return shape->size;
    }
}

static gsize
pad (guint8 *buffer, gsize position)
{
  while (position % 8 != 0)
    buffer[position++] = 0;

  return position;
}

GVariant *
ebpf_btf_plan_read (const EbpfBtfPlan *plan, const guint8 *data, gsize size)
{
  gsize ends[MAX_FIELDS], position = 0, width;
  guint8 *buffer;

  if (size < plan->size)
    return NULL;

  buffer = g_malloc (plan->max_result);
  for (guint i = 0; i < plan->n_fields; i++)
    {
      const PlanField *field = &plan->fields[i];
      const char *type;
      gsize start;

      start = position = pad (buffer, position);
      memcpy (buffer + position, field->field.name, field->name_size);
      position = pad (buffer, position + field->name_size);
      position += write_value (field, data, buffer + position, &type);
      buffer[position++] = '\0';
      for (; *type != '\0'; type++)
        buffer[position++] = (guint8) *type;
      position +=
          write_number (buffer + position, get_width (position - start, 1), field->name_size);
      ends[i] = position;
    }

  width = get_width (position, plan->n_fields);
  for (guint i = 0; i < plan->n_fields; i++)
    position += write_number (buffer + position, width, ends[i]);

  return g_variant_new_from_data (G_VARIANT_TYPE_VARDICT, buffer, position, TRUE, g_free, buffer);
}
