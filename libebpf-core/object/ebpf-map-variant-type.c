/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys and values of a map without type information, as the application says that they are. GVariants
 * of a fixed size lie in memory as the C struct of the same members does, padding included: see the
 * GVariant specification, 2.5.4 (alignment) and 2.5.3 (fixed-sized types). */

#include "object/ebpf-map-struct-private.h"

#include <string.h>

/* Bytes of a type of fixed size, and what it is aligned to; 0 for others. */
static gsize
get_fixed_size (const GVariantType *type, gsize *alignment)
{
  gsize size = 0;

  *alignment = 1;
  switch (*g_variant_type_peek_string (type))
    {
    case 'y':
    case 'b':
      return 1;
    case 'n':
    case 'q':
      return *alignment = 2;
    case 'i':
    case 'u':
    case 'h':
      return *alignment = 4;
    case 'x':
    case 't':
    case 'd':
      return *alignment = 8;
    case '(':
    case '{':
      break;
    default:
      return 0;
    }

  for (const GVariantType *item = g_variant_type_first (type); item != NULL;
       item = g_variant_type_next (item))
    {
      gsize item_alignment;
      gsize item_size = get_fixed_size (item, &item_alignment);

      if (item_size == 0)
        return 0;
      size = ((size + item_alignment - 1) & ~(item_alignment - 1)) + item_size;
      *alignment = MAX (*alignment, item_alignment);
    }

  return (size + *alignment - 1) & ~(*alignment - 1);
}

/* Whether @size bytes are one of it, or for an array any number of its elements. */
static gboolean
fits (const GVariantType *type, gsize size)
{
  gboolean is_array = g_variant_type_is_array (type);
  gsize alignment, unit;

  unit = get_fixed_size (is_array ? g_variant_type_element (type) : type, &alignment);

  return unit != 0 && (is_array ? size % unit == 0 : size == unit);
}

static gboolean
set_type (EbpfMap *self,
          const GVariantType **place,
          const char *what,
          gsize size,
          const GVariantType *type,
          GError **error)
{
  const GVariantType *interned = NULL;

  if (type != NULL)
    {
      g_autofree char *string = g_variant_type_dup_string (type);

      if (size == 0 || !fits (type, size))
        {
          g_autofree char *name = ebpf_map_describe (self);

          ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0,
                          "%s: a %s of %" G_GSIZE_FORMAT
                          " bytes is not \"%s\": that has another size, or none that is fixed",
                          name, what, size, string);
          return FALSE;
        }

      interned = G_VARIANT_TYPE (g_intern_string (string));
    }

  g_atomic_pointer_set (place, interned);
  g_atomic_int_set (&self->key_letter, 0);

  return TRUE;
}

const GVariantType *
ebpf_map_peek_key_variant_type (EbpfMap *self)
{
  return g_atomic_pointer_get (&self->key_variant_type);
}

const GVariantType *
ebpf_map_peek_value_variant_type (EbpfMap *self)
{
  return g_atomic_pointer_get (&self->value_variant_type);
}

/**
 * ebpf_map_set_key_variant_type:
 * @self: a map
 * @type: (nullable): a type of fixed size, such as `u` or `(uq)`, or an array of one, such as `aq`; or
 * %NULL to follow [property@Map:key-type]
 * @error: return location for an error
 *
 * Says what keys are as GVariants, for a map without type information or in place of it. Numbers and
 * tuples of them lie in memory as the members of a C struct do: `(yu)` is a byte, three bytes of
 * padding and a number of 4 bytes.
 *
 * Returns: whether keys can be of that type; %EBPF_ERROR_WRONG_TYPE where its size is not that of keys
 */
gboolean
ebpf_map_set_key_variant_type (EbpfMap *self, const GVariantType *type, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return set_type (self, &self->key_variant_type, "key", self->key_size, type, error);
}

/**
 * ebpf_map_get_key_variant_type:
 * @self: a map
 *
 * Gets what [method@Map.set_key_variant_type] said that keys are.
 *
 * Returns: (nullable) (transfer none): the type, or %NULL
 */
const GVariantType *
ebpf_map_get_key_variant_type (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  return ebpf_map_peek_key_variant_type (self);
}

/**
 * ebpf_map_set_value_variant_type:
 * @self: a map
 * @type: (nullable): a type of fixed size, such as `t` or `(tt)`, or an array of one, such as `at`; or
 * %NULL to follow [property@Map:value-type]
 * @error: return location for an error
 *
 * Says what values are as GVariants, as [method@Map.set_key_variant_type] does of keys; in a map with
 * a value for each CPU, what one of them is.
 *
 * Returns: whether values can be of that type; %EBPF_ERROR_WRONG_TYPE where its size is not that of
 * values
 */
gboolean
ebpf_map_set_value_variant_type (EbpfMap *self, const GVariantType *type, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return set_type (self, &self->value_variant_type, "value", self->value_size, type, error);
}

/**
 * ebpf_map_get_value_variant_type:
 * @self: a map
 *
 * Gets what [method@Map.set_value_variant_type] said that values are.
 *
 * Returns: (nullable) (transfer none): the type, or %NULL
 */
const GVariantType *
ebpf_map_get_value_variant_type (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  return ebpf_map_peek_value_variant_type (self);
}
