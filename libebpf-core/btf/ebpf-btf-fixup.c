/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

static int
compare_vars (gconstpointer a, gconstpointer b)
{
  const struct btf_var_secinfo *first = a, *second = b;

  return (first->offset > second->offset) - (first->offset < second->offset);
}

static guint
linkage_of (const struct btf_type *var)
{
  return ((const struct btf_var *) ebpf_btf_tail_of (var))->linkage;
}

static gboolean
fix_section (EbpfBtf *self,
             struct btf_type *section,
             const EbpfBtfSectionFixup *fixup,
             gboolean *changed,
             GError **error)
{
  struct btf_var_secinfo *vars = (gpointer) (section + 1);
  guint n_vars = ebpf_btf_vlen_of (section), i;

  if (section->size != fixup->size)
    {
      section->size = fixup->size;
      *changed = TRUE;
    }

  for (i = 0; i < n_vars; i++)
    {
      const struct btf_type *var = ebpf_btf_peek (self, vars[i].type);
      const char *name = ebpf_btf_name_of (self, var);
      GHashTable *offsets = fixup->offsets;
      gpointer value;
      guint32 offset;

      if (ebpf_btf_kind_of (var) != EBPF_BTF_KIND_VAR)
        continue;

      if (fixup->static_offsets != NULL && linkage_of (var) == BTF_VAR_STATIC)
        offsets = vars[i].offset == 0 ? fixup->static_offsets : NULL;
      else if (fixup->static_offsets != NULL && !g_hash_table_contains (offsets, name))
        offsets = fixup->static_offsets;

      if (offsets == NULL || !g_hash_table_lookup_extended (offsets, name, NULL, &value))
        {
          /* Without a symbol: right as it is, where the compiler has put it somewhere. */
          if (fixup->size >= vars[i].size && vars[i].offset <= fixup->size - vars[i].size &&
              (vars[i].offset != 0 || n_vars == 1))
            continue;

          if (linkage_of (var) == BTF_VAR_GLOBAL_EXTERN)
            {
              ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                              "%s of section %s is defined in another file; the two have to be "
                              "linked (ebpfctl link)",
                              name, ebpf_btf_name_of (self, section));
              return FALSE;
            }

          ebpf_error_set (
              error, EBPF_ERROR_BTF, 0,
              "variable %s, type %u, of section %s has no symbol that says where it is%s", name,
              vars[i].type, ebpf_btf_name_of (self, section),
              /* gcc says of all that are not static that they are in this file. */
              linkage_of (var) == BTF_VAR_STATIC
                  ? ""
                  : "; if another file has it, the two have to be linked (ebpfctl link)");
          return FALSE;
        }

      offset = GPOINTER_TO_UINT (value);
      if (vars[i].size > fixup->size || offset > fixup->size - vars[i].size)
        {
          ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                          "variable %s, type %u, of %u bytes at offset %u does not fit section %s "
                          "of %u bytes",
                          name, vars[i].type, vars[i].size, offset,
                          ebpf_btf_name_of (self, section), fixup->size);
          return FALSE;
        }

      if (vars[i].offset != offset)
        {
          vars[i].offset = offset;
          *changed = TRUE;
        }
    }

  /* The kernel wants them in this order; the compiler's is another. */
  for (i = 1; i < n_vars; i++)
    if (vars[i].offset < vars[i - 1].offset)
      {
        qsort (vars, n_vars, sizeof *vars, compare_vars);
        *changed = TRUE;
        break;
      }

  return TRUE;
}

static void
make_static (struct btf_type *function, gboolean *changed)
{
  /* A function's linkage stands where other kinds have a number of members. */
  if (ebpf_btf_vlen_of (function) != BTF_FUNC_GLOBAL)
    return;

  function->info = (function->info & 0xff000000) | BTF_FUNC_STATIC;
  *changed = TRUE;
}

EbpfBtf *
ebpf_btf_fixup_data_sections (EbpfBtf *self, GHashTable *sections, GError **error)
{
  return ebpf_btf_fixup (self, sections, NULL, error);
}

EbpfBtf *
ebpf_btf_fixup (EbpfBtf *self, GHashTable *sections, GHashTable *hidden_functions, GError **error)
{
  g_autofree guint8 *copy = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const guint8 *data;
  gboolean changed = FALSE;
  gsize size = 0;
  EbpfBtf *fixed;
  guint32 i;

  if (self->bytes == NULL)
    return g_object_ref (self);

  data = g_bytes_get_data (self->bytes, &size);
  for (i = 0; i < self->n_types; i++)
    {
      const struct btf_type *type = ebpf_btf_peek (self, self->first_id + i);
      const EbpfBtfSectionFixup *fixup;

      if (hidden_functions != NULL && ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FUNC &&
          g_hash_table_contains (hidden_functions, ebpf_btf_name_of (self, type)))
        {
          if (copy == NULL)
            copy = g_memdup2 (data, size);
          make_static ((gpointer) (copy + ((const guint8 *) type - data)), &changed);
          continue;
        }

      if (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_DATASEC)
        continue;

      fixup = g_hash_table_lookup (sections, ebpf_btf_name_of (self, type));
      if (fixup == NULL)
        continue;

      if (copy == NULL)
        copy = g_memdup2 (data, size);
      if (!fix_section (self, (gpointer) (copy + ((const guint8 *) type - data)), fixup, &changed,
                        error))
        return NULL;
    }

  if (!changed)
    return g_object_ref (self);

  bytes = g_bytes_new_take (g_steal_pointer (&copy), size);
  fixed = ebpf_btf_new_internal (bytes, self->base, EBPF_BTF_TRUSTED, error);
  if (fixed != NULL)
    fixed->byte_order = self->byte_order;

  return fixed;
}
