/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-shape-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* Bytes to GVariant. Whatever the bytes, what is read holds all of them that are not padding, so
 * that writing it gives the same bytes: where the type that one would expect cannot hold a value,
 * another one does. An array of characters that is no text comes as bytes ("ay" for "s"), a boolean that
 * is neither 0 nor 1 as an integer, a float that is not the same as a double (a signalling NaN) as
 * its bytes. The elements of an array are all of one type: where one needs that, all have it. */

typedef struct
{
  EbpfBtf *btf;
  guint64 budget;
} Reader;

static gboolean
take_budget (Reader *reader, GError **error)
{
  if (reader->budget > 0)
    {
      reader->budget--;
      return TRUE;
    }

  ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "the value has too many parts");
  return FALSE;
}

static GVariant *read_value (Reader *reader,
                             const EbpfBtfShape *shape,
                             const guint8 *data,
                             gboolean exact,
                             guint depth,
                             GError **error);

static GVariant *
new_integer (gsize size, gboolean is_signed, guint64 value)
{
  switch (size)
    {
    case 1:
      return is_signed ? g_variant_new_int16 (value) : g_variant_new_byte (value);
    case 2:
      return is_signed ? g_variant_new_int16 (value) : g_variant_new_uint16 (value);
    case 4:
      return is_signed ? g_variant_new_int32 (value) : g_variant_new_uint32 (value);
    default:
      return is_signed ? g_variant_new_int64 (value) : g_variant_new_uint64 (value);
    }
}

static const char *
integer_type (gsize size, gboolean is_signed)
{
  switch (size)
    {
    case 1:
      return is_signed ? "n" : "y";
    case 2:
      return is_signed ? "n" : "q";
    case 4:
      return is_signed ? "i" : "u";
    default:
      return is_signed ? "x" : "t";
    }
}

static GVariant *
new_bytes (gconstpointer data, gsize size)
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data, size, 1);
}

static GVariant *
read_float (const guint8 *data, gsize size, gboolean exact)
{
  gdouble value;
  gfloat single, back;

  if (exact)
    return new_bytes (data, size);

  if (size == sizeof value)
    {
      memcpy (&value, data, sizeof value);
      return g_variant_new_double (value);
    }

  memcpy (&single, data, sizeof single);
  value = single;
  back = (gfloat) value;
  return memcmp (&back, data, sizeof back) == 0 ? g_variant_new_double (value)
                                                : new_bytes (data, size);
}

static GVariant *
read_boolean (const EbpfBtfShape *shape, guint64 value, gboolean exact)
{
  return !exact && value <= 1 ? g_variant_new_boolean (value == 1)
                              : new_integer (shape->size, shape->is_signed, value);
}

/* The type of a value where nothing is unexpected; what an array without elements has. */
static void
append_type (EbpfBtf *btf, const EbpfBtfShape *shape, GString *type, guint depth)
{
  EbpfBtfShape element;

  switch (shape->kind)
    {
    case EBPF_BTF_SHAPE_INTEGER:
      g_string_append (type, integer_type (shape->size, shape->is_signed));
      break;
    case EBPF_BTF_SHAPE_BOOLEAN:
      g_string_append (type, "b");
      break;
    case EBPF_BTF_SHAPE_FLOAT:
      g_string_append (type, "d");
      break;
    case EBPF_BTF_SHAPE_CHARS:
      g_string_append (type, "s");
      break;
    case EBPF_BTF_SHAPE_BYTES:
      g_string_append (type, "ay");
      break;
    case EBPF_BTF_SHAPE_ARRAY:
      g_string_append (type, "a");
      if (depth >= EBPF_BTF_MAX_VALUE_DEPTH ||
          !ebpf_btf_shape_init (&element, btf, shape->element_id, NULL))
        g_string_append (type, "v");
      else
        append_type (btf, &element, type, depth + 1);
      break;
    case EBPF_BTF_SHAPE_STRUCT:
      g_string_append (type, "a{sv}");
      break;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
read_elements (Reader *reader,
               const EbpfBtfShape *element,
               gsize n,
               const guint8 *data,
               gboolean exact,
               guint depth,
               GPtrArray *elements,
               GError **error)
{
  gsize i;

  for (i = 0; i < n; i++)
    {
      GVariant *value =
          read_value (reader, element, data + i * element->size, exact, depth + 1, error);

      if (value == NULL)
        return FALSE;
      g_ptr_array_add (elements, g_variant_ref_sink (value));
    }

  return TRUE;
}

static gboolean
have_one_type (GPtrArray *elements)
{
  guint i;

  for (i = 1; i < elements->len; i++)
    if (!g_variant_type_equal (g_variant_get_type (elements->pdata[i - 1]),
                               g_variant_get_type (elements->pdata[i])))
      return FALSE;

  return TRUE;
}

static GVariant *
read_array (Reader *reader,
            const EbpfBtfShape *shape,
            const guint8 *data,
            gboolean exact,
            guint depth,
            GError **error)
{
  g_autoptr (GPtrArray) elements = NULL;
  EbpfBtfShape element;

  if (!ebpf_btf_shape_init (&element, reader->btf, shape->element_id, error))
    return NULL;

  /* Nothing is nothing, however often. */
  if (shape->n_elements == 0 || element.size == 0)
    {
      g_autoptr (GString) type = g_string_new ("");

      append_type (reader->btf, &element, type, depth);
      return g_variant_new_array (G_VARIANT_TYPE (type->str), NULL, 0);
    }

  /* As they are: the same in a GVariant. Bytes with a sign have no type of their own there. */
  if ((element.kind == EBPF_BTF_SHAPE_INTEGER && element.size > 1) ||
      (element.kind == EBPF_BTF_SHAPE_FLOAT && element.size == 8 && !exact))
    {
      const char *type = element.kind == EBPF_BTF_SHAPE_FLOAT
                             ? "d"
                             : integer_type (element.size, element.is_signed);

      return g_variant_new_fixed_array (G_VARIANT_TYPE (type), data, shape->n_elements,
                                        element.size);
    }

  elements = g_ptr_array_new_full (MIN (shape->n_elements, 1024), (GDestroyNotify) g_variant_unref);
  if (!read_elements (reader, &element, shape->n_elements, data, exact, depth, elements, error))
    return NULL;

  if (!have_one_type (elements))
    {
      g_ptr_array_set_size (elements, 0);
      if (!read_elements (reader, &element, shape->n_elements, data, TRUE, depth, elements, error))
        return NULL;
    }

  return g_variant_new_array (NULL, (GVariant **) elements->pdata, elements->len);
}

/* --- structs -------------------------------------------------------------------------------------- */

/* Names that a dictionary has already. No compiler makes two members of one name; a file can. */
typedef struct
{
  const char *few[16];
  guint n;
  GHashTable *many;
} Names;

static gboolean
names_add (Names *names, const char *name)
{
  guint i;

  if (names->many != NULL)
    return g_hash_table_add (names->many, (gpointer) name);

  for (i = 0; i < names->n; i++)
    if (strcmp (names->few[i], name) == 0)
      return FALSE;

  if (names->n < G_N_ELEMENTS (names->few))
    {
      names->few[names->n++] = name;
      return TRUE;
    }

  names->many = g_hash_table_new (g_str_hash, g_str_equal);
  for (i = 0; i < names->n; i++)
    g_hash_table_add (names->many, (gpointer) names->few[i]);
  return g_hash_table_add (names->many, (gpointer) name);
}

static gboolean
read_members (Reader *reader,
              const EbpfBtfShape *shape,
              const guint8 *data,
              GVariantBuilder *builder,
              Names *names,
              guint depth,
              GError **error)
{
  guint i;

  for (i = 0; i < ebpf_btf_vlen_of (shape->type); i++)
    {
      EbpfBtfField field;
      GVariant *value;

      if (!take_budget (reader, error))
        return FALSE;
      if (ebpf_btf_kind_of (shape->type) == EBPF_BTF_KIND_DATASEC &&
          !ebpf_btf_section_has_value (reader->btf, shape->type, i))
        continue;
      if (!ebpf_btf_field_init (&field, reader->btf, shape, i, error))
        return FALSE;

      if (ebpf_btf_field_is_inlined (&field))
        {
          if (depth >= EBPF_BTF_MAX_VALUE_DEPTH)
            {
              ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "nested too deeply");
              return FALSE;
            }
          if (!read_members (reader, &field.shape, data + field.bit_offset / 8, builder, names,
                             depth + 1, error))
            return FALSE;
          continue;
        }
      if (field.name[0] == '\0' || !names_add (names, field.name))
        continue;

      if (field.bit_size != 0)
        {
          guint64 number = ebpf_btf_field_read (&field, data);

          value = field.shape.kind == EBPF_BTF_SHAPE_BOOLEAN
                      ? read_boolean (&field.shape, number, FALSE)
                      : new_integer (field.shape.size, field.shape.is_signed, number);
        }
      else
        {
          value = read_value (reader, &field.shape, data + field.bit_offset / 8, FALSE, depth + 1,
                              error);
        }

      if (value == NULL)
        {
          g_prefix_error (error, "%s: ", field.name);
          return FALSE;
        }
      g_variant_builder_add_value (builder,
                                   g_variant_new_dict_entry (g_variant_new_string (field.name),
                                                             g_variant_new_variant (value)));
    }

  return TRUE;
}

static GVariant *
read_struct (Reader *reader,
             const EbpfBtfShape *shape,
             const guint8 *data,
             guint depth,
             GError **error)
{
  GVariantBuilder builder;
  Names names = { .n = 0 };
  gboolean done;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  done = read_members (reader, shape, data, &builder, &names, depth, error);
  g_clear_pointer (&names.many, g_hash_table_unref);
  if (!done)
    {
      g_variant_builder_clear (&builder);
      return NULL;
    }

  return g_variant_builder_end (&builder);
}

static GVariant *
read_value (Reader *reader,
            const EbpfBtfShape *shape,
            const guint8 *data,
            gboolean exact,
            guint depth,
            GError **error)
{
  gssize length;

  if (depth > EBPF_BTF_MAX_VALUE_DEPTH)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "nested deeper than %d levels",
                      EBPF_BTF_MAX_VALUE_DEPTH);
      return NULL;
    }
  if (!take_budget (reader, error))
    return NULL;

  switch (shape->kind)
    {
    case EBPF_BTF_SHAPE_INTEGER:
      return new_integer (shape->size, shape->is_signed,
                          ebpf_btf_read_integer (data, shape->size, shape->is_signed));

    case EBPF_BTF_SHAPE_BOOLEAN:
      return read_boolean (shape, ebpf_btf_read_integer (data, shape->size, shape->is_signed),
                           exact);

    case EBPF_BTF_SHAPE_FLOAT:
      return read_float (data, shape->size, exact);

    case EBPF_BTF_SHAPE_CHARS:
      length = exact ? -1 : ebpf_btf_text_length (data, shape->n_elements);
      if (length < 0)
        return new_bytes (data, shape->n_elements);
      return g_variant_new_take_string (g_strndup ((const char *) data, length));

    case EBPF_BTF_SHAPE_BYTES:
      return new_bytes (data, shape->n_elements);

    case EBPF_BTF_SHAPE_ARRAY:
      return read_array (reader, shape, data, exact, depth, error);

    case EBPF_BTF_SHAPE_STRUCT:
      return read_struct (reader, shape, data, depth, error);

    default:
      g_return_val_if_reached (NULL);
    }
}

GVariant *
ebpf_btf_value_to_variant (EbpfBtf *self,
                           guint32 id,
                           gconstpointer data,
                           gsize size,
                           GError **error)
{
  EbpfBtfShape shape;
  Reader reader = { self, ebpf_btf_value_budget (size) };

  if (!ebpf_btf_shape_init (&shape, self, id, error))
    return NULL;
  if (size < shape.size)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%" G_GSIZE_FORMAT " bytes are too few for a value of %" G_GSIZE_FORMAT, size,
                      shape.size);
      return NULL;
    }

  /* There are types of no size, and no bytes need no address. */
  return read_value (&reader, &shape, data != NULL ? data : "", FALSE, 0, error);
}

/**
 * ebpf_btf_type_get_variant_type_string:
 * @self: a type
 *
 * Gets the type of the GVariant that a value of this type is read as.
 *
 * That is not always one: an array of characters is text (`s`) or, where its bytes are none, bytes
 * (`ay`). A boolean and a float have each an exception too, which real data does not meet: the
 * string is theirs.
 *
 * Returns: (transfer full) (nullable): the type string, or %NULL where it depends on the value or
 *   the type has no values
 */
char *
ebpf_btf_type_get_variant_type_string (EbpfBtfType *self)
{
  g_autoptr (GString) type = g_string_new ("");
  EbpfBtfShape shape;

  g_return_val_if_fail (self != NULL, NULL);

  if (!ebpf_btf_shape_init (&shape, ebpf_btf_type_get_btf (self), ebpf_btf_type_get_id (self),
                            NULL))
    return NULL;

  append_type (ebpf_btf_type_get_btf (self), &shape, type, 0);
  if (strchr (type->str, 's') != NULL && !g_str_has_suffix (type->str, "a{sv}"))
    return NULL;

  return g_string_free (g_steal_pointer (&type), FALSE);
}
