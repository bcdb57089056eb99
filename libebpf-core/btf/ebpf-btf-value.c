/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-plan-private.h"
#include "btf/ebpf-btf-private.h"

#include "base/ebpf-error-private.h"

/* The public forms of reading and writing values. */

static void
prefix_with_type (EbpfBtfType *self, GError **error)
{
  g_autofree char *declaration = NULL;

  if (error == NULL)
    return;

  declaration = ebpf_btf_type_to_declaration (self, NULL);
  g_prefix_error (error, "%s: ", declaration);
}

/**
 * ebpf_btf_type_to_variant:
 * @self: a type
 * @bytes: a value; what is longer than the type is not looked at
 * @error: return location for an error
 *
 * Reads a value.
 *
 * - An integer has the GVariant type of its size and sign (`y`, `n` for both signed ones of 8 and of 16
 *   bits, `q`, `i`, `u`, `x`, `t`), and so does an enumeration; a pointer is a `t`.
 * - An integer of 128 bits is 16 bytes (`ay`), in the order of memory.
 * - A boolean is a `b`, a floating point number a `d`.
 * - A struct is an `a{sv}` by the names of its members. What a member without a name has in it counts
 *   as the struct's. A union is an `a{sv}` of all its members, each read from the same bytes.
 * - An array is an array; one of `char` is `s` where it is text in UTF-8 followed by nothing but zeros,
 *   and `ay` where not; one of unsigned bytes is `ay`.
 * - A bitfield is an integer of its declared type.
 * - A section is an `a{sv}` of its variables.
 *
 * A value that is read can be written back, and gives the same bytes but for padding.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_btf_type_to_variant (EbpfBtfType *self, GBytes *bytes, GError **error)
{
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  data = g_bytes_get_data (bytes, &size);
  return ebpf_btf_type_to_variant_raw (self, data, size, error);
}

/**
 * ebpf_btf_type_from_variant:
 * @self: a type
 * @variant: a value
 * @error: return location for an error
 *
 * Writes a value: the reverse of [method@BtfType.to_variant].
 *
 * More is taken than is read: any type of integer whose number fits, for one of 128 bits also its
 * digits as text (`s`, of tens or with `0x`), the name of an enumeration's value,
 * a tuple for a struct (of a union its first member), text or bytes for an array of bytes, fewer
 * elements than an array has, the very bytes of a struct. What is left out is zero. Of a union's members
 * that contradict each other the last one counts.
 *
 * Returns: (transfer full): the bytes, or %NULL with @error set
 */
GBytes *
ebpf_btf_type_from_variant (EbpfBtfType *self, GVariant *variant, GError **error)
{
  g_autofree guint8 *data = NULL;
  gint64 size;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (variant != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  size = ebpf_btf_type_get_size (self);
  if (size >= 0)
    {
      data = g_try_malloc0 (MAX (size, 1));
      if (data == NULL)
        {
          ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                          "no memory for a value of %" G_GINT64_FORMAT " bytes", size);
          return NULL;
        }
    }

  if (!ebpf_btf_type_from_variant_raw (self, variant, data, MAX (size, 0), error))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&data), size);
}

/**
 * ebpf_btf_type_to_variant_raw: (skip)
 * @self: a type
 * @data: a value
 * @size: length of @data in bytes, at least that of the type
 * @error: return location for an error
 *
 * Reads a value from memory, as [method@BtfType.to_variant] does.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_btf_type_to_variant_raw (EbpfBtfType *self, gconstpointer data, gsize size, GError **error)
{
  const EbpfBtfPlan *plan;
  GVariant *variant;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (data != NULL || size == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  plan = ebpf_btf_type_peek_plan (self);
  variant = plan != NULL ? ebpf_btf_plan_read (plan, data, size) : NULL;
  if (variant != NULL)
    return g_variant_ref_sink (variant);

  variant = ebpf_btf_value_to_variant (ebpf_btf_type_get_btf (self), ebpf_btf_type_get_id (self),
                                       data, size, error);
  if (variant == NULL)
    {
      prefix_with_type (self, error);
      return NULL;
    }

  return g_variant_ref_sink (variant);
}

/**
 * ebpf_btf_type_from_variant_raw: (skip)
 * @self: a type
 * @variant: a value
 * @data: (out caller-allocates): where to write it
 * @size: length of @data in bytes, at least that of the type; all of it is written to
 * @error: return location for an error
 *
 * Writes a value to memory, as [method@BtfType.from_variant] does.
 *
 * Returns: %TRUE, or %FALSE with @error set; what @data then holds is undefined
 */
gboolean
ebpf_btf_type_from_variant_raw (EbpfBtfType *self,
                                GVariant *variant,
                                gpointer data,
                                gsize size,
                                GError **error)
{
  g_autoptr (GVariant) value = NULL;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (variant != NULL, FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  value = g_variant_ref_sink (variant);
  if (!ebpf_btf_value_from_variant (ebpf_btf_type_get_btf (self), ebpf_btf_type_get_id (self),
                                    value, data, size, error))
    {
      prefix_with_type (self, error);
      return FALSE;
    }

  return TRUE;
}
