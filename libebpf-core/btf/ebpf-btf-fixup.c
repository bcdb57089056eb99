/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"
#include "btf/ebpf-btf-writer-private.h"

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
             const EbpfBtfFixup *fixup,
             gconstpointer where,
             guint32 size,
             GError **error)
{
  struct btf_var_secinfo *vars = (gpointer) (section + 1);
  guint n_vars = ebpf_btf_vlen_of (section), i;

  section->size = size;

  for (i = 0; i < n_vars; i++)
    {
      const struct btf_type *var = ebpf_btf_peek (self, vars[i].type);
      const char *name = ebpf_btf_name_of (self, var);
      gboolean is_static;
      guint32 offset;

      if (ebpf_btf_kind_of (var) != EBPF_BTF_KIND_VAR)
        continue;

      /* Nobody could ask for it, and the kernel takes none. */
      if (*name == '\0')
        {
          ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                          "variable %u of section %s, type %u, has no name", i,
                          ebpf_btf_name_of (self, section), vars[i].type);
          return FALSE;
        }

      /* An object that was linked of several may have some static ones of one name: those are looked up
       * only where the type information does not say itself that they are somewhere else than at the
       * start. */
      is_static = linkage_of (var) == BTF_VAR_STATIC;
      if ((is_static && vars[i].offset != 0) ||
          !fixup->find_variable (where, name, is_static, &offset, fixup->user_data))
        {
          /* Without a symbol: right as it is, where the compiler has put it somewhere. */
          if (size >= vars[i].size && vars[i].offset <= size - vars[i].size &&
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

      if (vars[i].size > size || offset > size - vars[i].size)
        {
          ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                          "variable %s, type %u, of %u bytes at offset %u does not fit section %s "
                          "of %u bytes",
                          name, vars[i].type, vars[i].size, offset,
                          ebpf_btf_name_of (self, section), size);
          return FALSE;
        }

      vars[i].offset = offset;
    }

  /* The kernel wants them in this order; the compiler's is another. */
  for (i = 1; i < n_vars; i++)
    if (vars[i].offset < vars[i - 1].offset)
      {
        qsort (vars, n_vars, sizeof *vars, compare_vars);
        break;
      }

  return TRUE;
}

gboolean
ebpf_btf_fixup (EbpfBtf *self, const EbpfBtfFixup *fixup, GError **error)
{
  for (guint32 i = 0; i < self->n_types; i++)
    {
      struct btf_type *type = (struct btf_type *) ebpf_btf_type_at (self, i);
      gconstpointer where;
      guint32 size;

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_FUNC:
          /* A function's linkage stands where other kinds have a number of members. */
          if (ebpf_btf_vlen_of (type) == BTF_FUNC_GLOBAL && fixup->hidden_functions != NULL &&
              g_hash_table_contains (fixup->hidden_functions, ebpf_btf_name_of (self, type)))
            type->info = (type->info & 0xff000000) | BTF_FUNC_STATIC;
          break;

        case EBPF_BTF_KIND_DATASEC:
          where = fixup->find_section (ebpf_btf_name_of (self, type), &size, fixup->user_data);
          if (where != NULL && !fix_section (self, type, fixup, where, size, error))
            return FALSE;
          break;

        default:
          break;
        }
    }

  return TRUE;
}

/* The one that ends last. */
static struct btf_var_secinfo *
find_last (struct btf_type *section)
{
  struct btf_var_secinfo *vars = (gpointer) (section + 1);
  struct btf_var_secinfo *last = NULL;

  for (guint i = 0; i < ebpf_btf_vlen_of (section); i++)
    if (last == NULL || vars[i].offset > last->offset)
      last = &vars[i];

  return last;
}

EbpfBtf *
ebpf_btf_resize_section (EbpfBtf *self,
                         guint32 id,
                         guint32 size,
                         guint32 *variable_id,
                         GError **error)
{
  const struct btf_type *original = ebpf_btf_peek (self, id);
  g_autoptr (GByteArray) types = g_byte_array_new ();
  g_autoptr (GBytes) blob = NULL;
  struct btf_var_secinfo *last;
  struct btf_type *section;
  const struct btf_type *var, *type = NULL;
  struct
  {
    struct btf_type type;
    struct btf_array array;
  } resized = { 0 };
  gsize length = 0;
  gint64 element = 0;
  EbpfBtf *result;

  if (self->n_types > 0)
    {
      guint32 offset = ebpf_btf_offset_at (self, self->n_types - 1);
      const struct btf_type *end = (gconstpointer) (self->types + offset);

      length = offset + sizeof *end + (gsize) ebpf_btf_tail_size_of (self, end);
    }
  g_byte_array_append (types, self->types, (guint) length);

  section = (gpointer) (types->data + ((const guint8 *) original - self->types));
  last = find_last (section);
  var = last != NULL ? ebpf_btf_peek (self, last->type) : NULL;
  if (var != NULL && ebpf_btf_kind_of (var) == EBPF_BTF_KIND_VAR)
    type = ebpf_btf_peek (self, ebpf_btf_strip (self, var->type));
  if (type != NULL && ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ARRAY)
    {
      resized.array = *(const struct btf_array *) ebpf_btf_tail_of (type);
      element = ebpf_btf_size_of (self, resized.array.type);
    }

  if (element <= 0 || size < last->offset || (size - last->offset) % element != 0 ||
      size == last->offset)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "the last variable of section %s is no array of elements that fill %u bytes",
                      ebpf_btf_name_of (self, original), size);
      return NULL;
    }

  resized.type = *type;
  resized.array.nelems = (guint32) ((size - last->offset) / element);
  *variable_id = last->type;
  last->size = size - last->offset;
  section->size = size;
  ((struct btf_type *) (gpointer) (types->data + ((const guint8 *) var - self->types)))->type =
      ebpf_btf_end_id (self);
  g_byte_array_append (types, (const guint8 *) &resized, sizeof resized);

  blob = ebpf_btf_encode_blob (types->data, types->len, self->strings, self->strings_length,
                               &self->layout, EBPF_BYTE_ORDER_HOST);
  result = ebpf_btf_new_internal (blob, self->base, EBPF_BTF_UNTRUSTED, error);
  if (result != NULL)
    result->byte_order = self->byte_order;

  return result;
}
