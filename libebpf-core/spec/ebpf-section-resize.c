/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-collection-spec-private.h"

#include <string.h>

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-private.h"
#include "spec/ebpf-map-spec-private.h"
#include "spec/ebpf-program-spec-private.h"
#include "spec/ebpf-variable-spec-private.h"

static GBytes *
grow_bytes (GBytes *bytes, gsize size)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);
  guint8 *grown = g_malloc0 (size);

  if (length > 0)
    memcpy (grown, data, length);

  return g_bytes_new_take (grown, size);
}

static void
grow_variable (EbpfCollectionSpec *self, const char *section, EbpfBtf *btf, guint32 variable_id)
{
  const struct btf_type *var = ebpf_btf_peek (btf, variable_id);
  EbpfVariableSpec *variable =
      ebpf_collection_spec_get_variable (self, ebpf_btf_name_of (btf, var));
  g_autoptr (EbpfBtfType) type = NULL;
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GBytes) grown = NULL;

  /* Hidden and static ones are in the bytes alone. */
  if (variable == NULL || strcmp (ebpf_variable_spec_get_section (variable), section) != 0)
    return;

  value = ebpf_variable_spec_get_bytes (variable);
  grown = grow_bytes (value, (gsize) ebpf_btf_size_of (btf, var->type));
  type = ebpf_btf_get_type_by_id (btf, var->type);
  ebpf_variable_spec_replace (variable, grown, type);
}

static void
replace_btf (EbpfCollectionSpec *self, EbpfBtf *btf)
{
  GPtrArray *programs = ebpf_collection_spec_peek_programs (self);
  EbpfBtf *old = ebpf_collection_spec_get_btf (self);

  for (guint i = 0; i < programs->len; i++)
    if (ebpf_program_spec_get_btf (g_ptr_array_index (programs, i)) == old)
      ebpf_program_spec_set_btf (g_ptr_array_index (programs, i), btf);

  ebpf_collection_spec_set_btf (self, btf);
}

/**
 * ebpf_collection_spec_resize_section:
 * @self: a collection spec
 * @section: the name of a section of variables: ".data", ".rodata.mine" …
 * @size: its new size in bytes, not smaller than it is
 * @error: return location for an error
 *
 * Makes a section of variables longer, before it is loaded; what is new is zeros.
 *
 * Where its last variable is an array and so many more elements fit exactly, the array becomes that
 * long: its spec, its type, and the type information that the kernel is given. So a program can have
 * `int table[1]` as the last of its variables, and the application says how long it is. Where the last
 * variable is no such array, the map is created without a type, as the kernel compares the two.
 *
 * Returns: whether it was made longer
 */
gboolean
ebpf_collection_spec_resize_section (EbpfCollectionSpec *self,
                                     const char *section,
                                     guint size,
                                     GError **error)
{
  g_autoptr (EbpfBtfType) type = NULL;
  g_autoptr (GBytes) contents = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GError) unfit = NULL;
  EbpfBtfType *old_type;
  guint32 variable_id = 0;
  EbpfMapSpec *map;
  guint old;

  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), FALSE);
  g_return_val_if_fail (section != NULL, FALSE);

  map = ebpf_collection_spec_get_map (self, section);
  if (map == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0, "there is no section \"%s\"", section);
      return FALSE;
    }
  if (!ebpf_map_spec_is_data_section (map) || ebpf_map_spec_get_n_contents (map) != 1 ||
      g_str_equal (section, ".kconfig"))
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "\"%s\" is no section of variables, which alone can be made longer", section);
      return FALSE;
    }

  old = ebpf_map_spec_get_value_size (map);
  if (size < old)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "section \"%s\" has %u bytes, and cannot be made of %u", section, old, size);
      return FALSE;
    }
  if (size == old)
    return TRUE;

  old_type = ebpf_map_spec_get_value_type (map);
  if (old_type != NULL && ebpf_collection_spec_get_btf (self) != NULL)
    {
      guint32 id = ebpf_btf_type_get_id (old_type);

      btf = ebpf_btf_resize_section (ebpf_collection_spec_get_btf (self), id, size, &variable_id,
                                     &unfit);
      if (btf != NULL)
        type = ebpf_btf_get_type_by_id (btf, id);
      else
        g_debug ("section \"%s\" becomes one without a type: %s", section, unfit->message);
    }

  contents = grow_bytes (ebpf_map_spec_get_content_value (map, 0), size);
  ebpf_map_spec_replace_section (map, contents);
  ebpf_map_spec_set_value_size (map, size);
  ebpf_map_spec_set_value_type (map, type);
  if (btf != NULL)
    {
      replace_btf (self, btf);
      grow_variable (self, section, btf, variable_id);
    }

  return TRUE;
}
