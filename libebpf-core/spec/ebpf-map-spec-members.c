/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-map-spec-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-private.h"

#include <string.h>

/* The members of the one value of a struct_ops map, by name, before it is loaded. Data is in the
 * bytes of the value; functions are references, whose key is the offset of the member. */

typedef struct
{
  EbpfBtf *btf;
  guint32 struct_id;
  const char *name;
  guint32 type_id; /* without typedefs and qualifiers */
  guint32 offset;
  guint32 size;
  gboolean is_function;
} Member;

static void set_member_error (EbpfMapSpec *self,
                              const char *member,
                              GError **error,
                              EbpfError code,
                              const char *format,
                              ...) G_GNUC_PRINTF (5, 6);

static void
set_member_error (EbpfMapSpec *self,
                  const char *member,
                  GError **error,
                  EbpfError code,
                  const char *format,
                  ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_error_set (error, code, 0, "map '%s', member %s: %s", ebpf_map_spec_get_name (self), member,
                  what);
}

static gboolean
is_function_pointer (EbpfBtf *btf, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (btf, id);

  if (type == NULL || ebpf_btf_kind_of (type) != BTF_KIND_PTR)
    return FALSE;

  type = ebpf_btf_peek (btf, ebpf_btf_strip (btf, type->type));
  return type != NULL && ebpf_btf_kind_of (type) == BTF_KIND_FUNC_PROTO;
}

static char *
list_members (EbpfBtf *btf, const struct btf_type *type)
{
  const struct btf_member *members = ebpf_btf_tail_of (type);
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "",
                            ebpf_btf_peek_name (btf, members[i].name_off));

  return g_string_free (list, FALSE);
}

static gboolean
find_member (EbpfMapSpec *self, const char *name, Member *member, GError **error)
{
  EbpfBtfType *value = ebpf_map_spec_get_value_type (self);
  const struct btf_type *type;
  const struct btf_member *members;
  g_autofree char *list = NULL;

  if (ebpf_map_spec_get_map_type (self) != EBPF_MAP_TYPE_STRUCT_OPS || value == NULL ||
      ebpf_btf_type_get_kind (value) != EBPF_BTF_KIND_STRUCT)
    {
      set_member_error (self, name, error, EBPF_ERROR_WRONG_TYPE,
                        "only a map of type struct_ops whose value-type is a struct has members");
      return FALSE;
    }

  member->btf = ebpf_btf_type_get_btf (value);
  member->struct_id = ebpf_btf_type_get_id (value);
  type = ebpf_btf_peek (member->btf, member->struct_id);
  members = ebpf_btf_tail_of (type);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      guint32 bit_offset, bit_size;
      gint64 size;

      member->name = ebpf_btf_peek_name (member->btf, members[i].name_off);
      if (strcmp (member->name, name) != 0)
        continue;

      ebpf_btf_member_bits (member->btf, type, i, &bit_offset, &bit_size);
      member->type_id = ebpf_btf_strip (member->btf, members[i].type);
      size = ebpf_btf_size_of (member->btf, member->type_id);
      if (bit_size != 0 || size < 0 || bit_offset / 8 + (guint64) size > type->size)
        {
          set_member_error (self, name, error, EBPF_ERROR_NOT_SUPPORTED,
                            bit_size != 0 ? "it is a bitfield, which the kernel's struct may have "
                                            "elsewhere; bitfields of struct_ops cannot be set"
                                          : "it is not inside the struct");
          return FALSE;
        }

      member->offset = bit_offset / 8;
      member->size = (guint32) size;
      member->is_function = is_function_pointer (member->btf, member->type_id);
      return TRUE;
    }

  list = list_members (member->btf, type);
  set_member_error (self, name, error, EBPF_ERROR_NOT_FOUND, "struct %s has no such member but: %s",
                    ebpf_btf_name_of (member->btf, type), list);
  return FALSE;
}

/* The entry with the bytes of the value, or -1. */
static gint
find_value (EbpfMapSpec *self)
{
  for (guint i = 0; i < ebpf_map_spec_get_n_contents (self); i++)
    if (ebpf_map_spec_get_content_value (self, i) != NULL)
      return (gint) i;

  return -1;
}

/* The entry with the program of this member, or -1. */
static gint
find_reference (EbpfMapSpec *self, const Member *member)
{
  for (guint i = 0; i < ebpf_map_spec_get_n_contents (self); i++)
    {
      GBytes *key = ebpf_map_spec_get_content_key (self, i);
      guint32 offset;

      if (ebpf_map_spec_get_content_reference (self, i) == NULL ||
          g_bytes_get_size (key) != sizeof offset)
        continue;

      memcpy (&offset, g_bytes_get_data (key, NULL), sizeof offset);
      if (offset == member->offset)
        return (gint) i;
    }

  return -1;
}

/* A copy of the bytes of the value, with @size those of the struct. */
static guint8 *
dup_value (EbpfMapSpec *self, gsize *size)
{
  EbpfBtfType *type = ebpf_map_spec_get_value_type (self);
  gint index = find_value (self);
  guint8 *data;

  *size = (gsize) ebpf_btf_type_get_size (type);
  data = g_malloc0 (MAX (*size, 1));
  if (index >= 0)
    {
      gsize length;
      const guint8 *bytes =
          g_bytes_get_data (ebpf_map_spec_get_content_value (self, (guint) index), &length);

      memcpy (data, bytes, MIN (length, *size));
    }

  return data;
}

/**
 * ebpf_map_spec_set_member_value:
 * @self: the spec of a struct_ops map
 * @member: the name of a member of the struct that is its value
 * @value: what it is to be, of the type that [method@BtfType.to_variant] gives for the member
 * @error: return location for an error
 *
 * Changes one field of the operations before they are loaded, say the `name` of a congestion
 * control. For a member that is a function, see [method@MapSpec.set_member_program].
 *
 * Fails with %EBPF_ERROR_NOT_FOUND where the struct has no such member, with
 * %EBPF_ERROR_WRONG_TYPE where @value does not fit it.
 *
 * Returns: whether it was set
 */
gboolean
ebpf_map_spec_set_member_value (EbpfMapSpec *self,
                                const char *member,
                                GVariant *value,
                                GError **error)
{
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree guint8 *data = NULL;
  GError *local_error = NULL;
  Member found;
  gsize size;
  gint index;

  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), FALSE);
  g_return_val_if_fail (member != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  variant = g_variant_ref_sink (value);
  if (!find_member (self, member, &found, error))
    return FALSE;
  if (found.is_function)
    {
      set_member_error (self, member, error, EBPF_ERROR_WRONG_TYPE,
                        "it is a function: what it is set to is a program, see "
                        "ebpf_map_spec_set_member_program ()");
      return FALSE;
    }

  data = dup_value (self, &size);
  if (!ebpf_btf_value_from_variant (found.btf, found.type_id, variant, data + found.offset,
                                    found.size, &local_error))
    {
      ebpf_error_propagate_prefixed (
          error, local_error, "map '%s', member %s: ", ebpf_map_spec_get_name (self), member);
      return FALSE;
    }

  bytes = g_bytes_new_take (g_steal_pointer (&data), size);
  index = find_value (self);
  if (index >= 0)
    {
      ebpf_map_spec_replace_content (self, (guint) index, bytes);
    }
  else
    {
      const guint32 zero = 0;
      g_autoptr (GBytes) key = g_bytes_new (&zero, sizeof zero);

      ebpf_map_spec_add_content (self, key, bytes);
    }

  return TRUE;
}

/**
 * ebpf_map_spec_get_member_value:
 * @self: the spec of a struct_ops map
 * @member: the name of a member of the struct that is its value
 * @error: return location for an error
 *
 * Gets what a field of the operations is set to.
 *
 * Returns: (transfer full): the value; %NULL with @error set where there is no such member, or where it
 *   is a function
 */
GVariant *
ebpf_map_spec_get_member_value (EbpfMapSpec *self, const char *member, GError **error)
{
  g_autofree guint8 *data = NULL;
  GVariant *value;
  Member found;
  gsize size;

  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);
  g_return_val_if_fail (member != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!find_member (self, member, &found, error))
    return NULL;
  if (found.is_function)
    {
      set_member_error (self, member, error, EBPF_ERROR_WRONG_TYPE,
                        "it is a function: what it is set to is told by "
                        "ebpf_map_spec_get_member_program ()");
      return NULL;
    }

  data = dup_value (self, &size);
  value =
      ebpf_btf_value_to_variant (found.btf, found.type_id, data + found.offset, found.size, error);
  return value != NULL ? g_variant_ref_sink (value) : NULL;
}

/**
 * ebpf_map_spec_set_member_program:
 * @self: the spec of a struct_ops map
 * @member: the name of a member of the struct that is its value, a function
 * @program: (nullable): the name of a program of the same collection, of a section `struct_ops`; or
 *   %NULL to leave it to the kernel
 * @error: return location for an error
 *
 * Says which program one of the operations is, before they are loaded. A program whose member is
 * cleared is not loaded, unless another one has it.
 *
 * Whether there is such a program is found out when the collection is loaded.
 *
 * Returns: whether it was set
 */
gboolean
ebpf_map_spec_set_member_program (EbpfMapSpec *self,
                                  const char *member,
                                  const char *program,
                                  GError **error)
{
  Member found;
  gint index;

  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), FALSE);
  g_return_val_if_fail (member != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!find_member (self, member, &found, error))
    return FALSE;
  if (!found.is_function)
    {
      set_member_error (self, member, error, EBPF_ERROR_WRONG_TYPE,
                        "it is no function, see ebpf_map_spec_set_member_value ()");
      return FALSE;
    }

  index = find_reference (self, &found);
  if (index >= 0)
    ebpf_map_spec_remove_content (self, (guint) index);
  if (program != NULL)
    {
      g_autoptr (GBytes) key = g_bytes_new (&found.offset, sizeof found.offset);

      ebpf_map_spec_add_reference (self, key, program);
    }

  return TRUE;
}

/**
 * ebpf_map_spec_get_member_program:
 * @self: the spec of a struct_ops map
 * @member: the name of a member of the struct that is its value
 *
 * Gets which program one of the operations is.
 *
 * Returns: (nullable) (transfer none): the program's name; %NULL where the member is left to the
 *   kernel, is no function, or is not there
 */
const char *
ebpf_map_spec_get_member_program (EbpfMapSpec *self, const char *member)
{
  Member found;
  gint index;

  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);
  g_return_val_if_fail (member != NULL, NULL);

  if (!find_member (self, member, &found, NULL) || !found.is_function)
    return NULL;

  index = find_reference (self, &found);
  return index >= 0 ? ebpf_map_spec_get_content_reference (self, (guint) index) : NULL;
}
