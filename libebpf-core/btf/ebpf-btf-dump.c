/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-dump-private.h"

#include "base/ebpf-error-private.h"

/* Types in an order in which C takes them. What is used by value comes before, complete; what is
 * used behind a pointer is at least declared before. A struct without a name is written where it is
 * used, which needs all that is in it to be complete, pointer or not. */

enum
{
  UNSEEN,
  OPEN,
  DONE
};

typedef struct
{
  guint32 id;
  EbpfBtfDumpNeed need;
  guint next;
} Visit;

static inline gboolean
is_anonymous (EbpfBtf *btf, const struct btf_type *type)
{
  return ebpf_btf_name_of (btf, type)[0] == '\0';
}

static inline gboolean
is_record (const struct btf_type *type)
{
  return ebpf_btf_kind_of (type) == EBPF_BTF_KIND_STRUCT ||
         ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION;
}

/* What a type needs, one after the other; FALSE after the last. */
static gboolean
get_need (EbpfBtfDump *self, const Visit *visit, guint32 *id, EbpfBtfDumpNeed *need)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, visit->id);
  gconstpointer tail = ebpf_btf_tail_of (type);
  guint32 resolved;

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_PTR:
    case EBPF_BTF_KIND_FUNC:
      *id = type->type;
      *need = EBPF_BTF_DUMP_DECLARED;
      return visit->next < 1;

    case EBPF_BTF_KIND_CONST:
    case EBPF_BTF_KIND_VOLATILE:
    case EBPF_BTF_KIND_RESTRICT:
    case EBPF_BTF_KIND_TYPE_TAG:
      *id = type->type;
      *need = visit->need;
      return visit->next < 1;

    case EBPF_BTF_KIND_TYPEDEF:
      *id = type->type;
      *need = visit->need;
      if (visit->need == EBPF_BTF_DUMP_DECLARED)
        return visit->next < 1;
      if (visit->next == 1)
        {
          *id = visit->id;
          *need = EBPF_BTF_DUMP_DECLARED;
        }
      return visit->next < 2;

    case EBPF_BTF_KIND_ARRAY:
      /* C wants elements to be complete even behind a pointer. */
      *id = ((const struct btf_array *) tail)->type;
      *need = EBPF_BTF_DUMP_COMPLETE;
      return visit->next < 1;

    case EBPF_BTF_KIND_FUNC_PROTO:
      *need = EBPF_BTF_DUMP_DECLARED;
      *id = visit->next == 0 ? type->type : 0;
      if (visit->next > 0 && visit->next <= ebpf_btf_vlen_of (type))
        *id = ((const struct btf_param *) tail)[visit->next - 1].type;
      return visit->next <= ebpf_btf_vlen_of (type);

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      if (visit->next >= ebpf_btf_vlen_of (type) ||
          (visit->need == EBPF_BTF_DUMP_DECLARED && !is_anonymous (self->btf, type)))
        return FALSE;
      *id = ((const struct btf_member *) tail)[visit->next].type;
      *need = EBPF_BTF_DUMP_COMPLETE;
      return TRUE;

    case EBPF_BTF_KIND_FWD:
      resolved = ebpf_btf_dump_resolve_forward (self->btf, visit->id);
      *id = resolved;
      *need = visit->need;
      return resolved != visit->id && visit->next < 1;

    default:
      return FALSE;
    }
}

static void
finish (EbpfBtfDump *self, const Visit *visit)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, visit->id);
  guint8 *declared = self->states[EBPF_BTF_DUMP_DECLARED];

  self->states[visit->need][visit->id] = DONE;

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      if (visit->need == EBPF_BTF_DUMP_COMPLETE || is_anonymous (self->btf, type))
        ebpf_btf_dump_compute_layout (self, visit->id);
      if (is_anonymous (self->btf, type))
        break;

      if (visit->need == EBPF_BTF_DUMP_COMPLETE)
        {
          declared[visit->id] = DONE;
          ebpf_btf_dump_print_definition (self, visit->id);
        }
      else
        {
          ebpf_btf_dump_print_declaration (self, visit->id);
        }
      break;

    case EBPF_BTF_KIND_FWD:
      if (ebpf_btf_dump_resolve_forward (self->btf, visit->id) == visit->id)
        {
          self->states[!visit->need][visit->id] = DONE;
          ebpf_btf_dump_print_declaration (self, visit->id);
        }
      break;

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      self->states[!visit->need][visit->id] = DONE;
      if (!is_anonymous (self->btf, type))
        ebpf_btf_dump_print_definition (self, visit->id);
      break;

    case EBPF_BTF_KIND_INT:
    case EBPF_BTF_KIND_FLOAT:
      self->states[!visit->need][visit->id] = DONE;
      if (ebpf_btf_dump_builtin_name (self->btf, type) == NULL)
        ebpf_btf_dump_print_definition (self, visit->id);
      break;

    case EBPF_BTF_KIND_TYPEDEF:
      if (visit->need == EBPF_BTF_DUMP_DECLARED)
        ebpf_btf_dump_print_definition (self, visit->id);
      break;

    default:
      break;
    }
}

static gboolean
require (EbpfBtfDump *self, GArray *stack, guint32 id, EbpfBtfDumpNeed need)
{
  Visit visit = { id, need, 0 };

  if (id == 0 || id >= ebpf_btf_end_id (self->btf) || self->states[need][id] == DONE)
    return TRUE;

  if (self->states[need][id] == OPEN)
    {
      const char *name = ebpf_btf_name_of (self->btf, ebpf_btf_peek (self->btf, id));

      ebpf_error_set (&self->error, EBPF_ERROR_BTF, 0,
                      "type %u%s%s at offset %u cannot be written as C: it needs itself", id,
                      name[0] != '\0' ? " " : "", name, ebpf_btf_offset_of (self->btf, id));
      return FALSE;
    }

  self->states[need][id] = OPEN;
  g_array_append_val (stack, visit);
  return TRUE;
}

/* A stack of its own rather than the process's: types can be linked as deep as they are many. */
static gboolean
print_with_needs (EbpfBtfDump *self, guint32 id, EbpfBtfDumpNeed need)
{
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (Visit));

  if (!require (self, stack, id, need))
    return FALSE;

  while (stack->len > 0 && self->error == NULL)
    {
      Visit *top = &g_array_index (stack, Visit, stack->len - 1);
      EbpfBtfDumpNeed next_need;
      guint32 next_id;

      if (get_need (self, top, &next_id, &next_need))
        {
          top->next++;
          require (self, stack, next_id, next_need);
        }
      else
        {
          finish (self, top);
          g_array_set_size (stack, stack->len - 1);
        }
    }

  return self->error == NULL;
}

static void
free_array (gpointer data)
{
  g_array_unref (data);
}

static void
dump_init (EbpfBtfDump *self, EbpfBtf *btf)
{
  guint32 n = ebpf_btf_end_id (btf), id;
  gsize size = 0;
  EbpfBtf *part;

  for (part = btf; part != NULL; part = part->base)
    size += part->bytes != NULL ? g_bytes_get_size (part->bytes) : 0;

  self->btf = btf;
  self->out = g_string_new (NULL);
  self->error = NULL;
  self->max_length = (1 << 20) + 64 * size;
  self->parts_left = 65536 + 16 * (guint64) n;
  self->states[EBPF_BTF_DUMP_DECLARED] = g_new0 (guint8, n);
  self->states[EBPF_BTF_DUMP_COMPLETE] = g_new0 (guint8, n);
  self->layouts = g_new0 (EbpfBtfDumpLayout, n);
  self->tags = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->identifiers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->names = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->decl_tags = g_hash_table_new_full (NULL, NULL, NULL, free_array);

  for (id = 1; id < n; id++)
    {
      const struct btf_type *type = ebpf_btf_peek (btf, id);
      GArray *tags;

      if (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_DECL_TAG)
        continue;

      tags = g_hash_table_lookup (self->decl_tags, GUINT_TO_POINTER (type->type));
      if (tags == NULL)
        {
          tags = g_array_new (FALSE, FALSE, sizeof (guint32));
          g_hash_table_insert (self->decl_tags, GUINT_TO_POINTER (type->type), tags);
        }
      g_array_append_val (tags, id);
    }
}

static void
dump_clear (EbpfBtfDump *self)
{
  if (self->out != NULL)
    g_string_free (self->out, TRUE);
  g_clear_error (&self->error);
  g_free (self->states[EBPF_BTF_DUMP_DECLARED]);
  g_free (self->states[EBPF_BTF_DUMP_COMPLETE]);
  g_free (self->layouts);
  g_hash_table_unref (self->tags);
  g_hash_table_unref (self->identifiers);
  g_hash_table_unref (self->names);
  g_hash_table_unref (self->decl_tags);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EbpfBtfDump, dump_clear)

/* Enumerations without a name that nothing else uses: constants. */
static guint8 *
find_used_enums (EbpfBtf *btf)
{
  guint32 n = ebpf_btf_end_id (btf), id;
  guint8 *used = g_new0 (guint8, n);
  guint i;

  for (id = 1; id < n; id++)
    {
      const struct btf_type *type = ebpf_btf_peek (btf, id);
      gconstpointer tail = ebpf_btf_tail_of (type);
      guint vlen = ebpf_btf_vlen_of (type);

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_PTR:
        case EBPF_BTF_KIND_TYPEDEF:
        case EBPF_BTF_KIND_CONST:
        case EBPF_BTF_KIND_VOLATILE:
        case EBPF_BTF_KIND_RESTRICT:
        case EBPF_BTF_KIND_TYPE_TAG:
          if (type->type < n)
            used[type->type] = TRUE;
          break;

        case EBPF_BTF_KIND_ARRAY:
          if (((const struct btf_array *) tail)->type < n)
            used[((const struct btf_array *) tail)->type] = TRUE;
          break;

        case EBPF_BTF_KIND_STRUCT:
        case EBPF_BTF_KIND_UNION:
          for (i = 0; i < vlen; i++)
            if (((const struct btf_member *) tail)[i].type < n)
              used[((const struct btf_member *) tail)[i].type] = TRUE;
          break;

        default:
          break;
        }
    }

  return used;
}

static gboolean
print_all (EbpfBtfDump *self)
{
  g_autofree guint8 *used = find_used_enums (self->btf);
  guint32 id;

  for (id = self->btf->first_id; id < ebpf_btf_end_id (self->btf); id++)
    {
      const struct btf_type *type = ebpf_btf_peek (self->btf, id);

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
          if (is_anonymous (self->btf, type))
            {
              if (!used[id])
                ebpf_btf_dump_print_definition (self, id);
              break;
            }
          G_GNUC_FALLTHROUGH;

        case EBPF_BTF_KIND_STRUCT:
        case EBPF_BTF_KIND_UNION:
        case EBPF_BTF_KIND_FWD:
        case EBPF_BTF_KIND_TYPEDEF:
          if (!is_anonymous (self->btf, type) &&
              !print_with_needs (self, id, EBPF_BTF_DUMP_COMPLETE))
            return FALSE;
          break;

        default:
          break;
        }
    }

  return self->error == NULL;
}

/* Of functions and variables, the types that they need. */
static gboolean
print_some (EbpfBtfDump *self, const guint *ids, gsize n_ids)
{
  gsize i;

  for (i = 0; i < n_ids; i++)
    {
      const struct btf_type *type = ebpf_btf_peek (self->btf, ids[i]);
      const struct btf_var_secinfo *vars;
      guint j;

      if (type == NULL)
        {
          ebpf_error_set (&self->error, EBPF_ERROR_NOT_FOUND, 0,
                          "there is no type %u in the type information", ids[i]);
          return FALSE;
        }

      if (!ebpf_btf_knows_kind (type))
        {
          ebpf_error_set (&self->error, EBPF_ERROR_NOT_SUPPORTED, 0,
                          "type %u is of kind %u, which is not known", ids[i],
                          ebpf_btf_kind_of (type));
          return FALSE;
        }

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_VAR:
        case EBPF_BTF_KIND_DECL_TAG:
          if (!print_with_needs (self, type->type, EBPF_BTF_DUMP_COMPLETE))
            return FALSE;
          break;

        case EBPF_BTF_KIND_DATASEC:
          vars = ebpf_btf_tail_of (type);
          for (j = 0; j < ebpf_btf_vlen_of (type); j++)
            {
              const struct btf_type *var = ebpf_btf_peek (self->btf, vars[j].type);

              if (var != NULL && !print_with_needs (self, var->type, EBPF_BTF_DUMP_COMPLETE))
                return FALSE;
            }
          break;

        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
          if (is_anonymous (self->btf, type))
            {
              ebpf_btf_dump_print_definition (self, ids[i]);
              break;
            }
          G_GNUC_FALLTHROUGH;

        default:
          if (!print_with_needs (self, ids[i], EBPF_BTF_DUMP_COMPLETE))
            return FALSE;
          break;
        }
    }

  return self->error == NULL;
}

static gboolean
print_kfuncs (EbpfBtfDump *self)
{
  guint32 id;

  g_string_append (self->out, "#ifndef BPF_NO_KFUNC_PROTOTYPES\n"
                              "#if defined __has_attribute && __has_attribute(bpf_fastcall)\n"
                              "#define __ebpf_fastcall __attribute__((bpf_fastcall))\n"
                              "#else\n"
                              "#define __ebpf_fastcall\n"
                              "#endif\n\n");
  for (id = self->btf->first_id; id < ebpf_btf_end_id (self->btf); id++)
    if (ebpf_btf_kind_of (ebpf_btf_peek (self->btf, id)) == EBPF_BTF_KIND_FUNC &&
        ebpf_btf_dump_has_tag (self, id, "bpf_kfunc"))
      {
        if (!print_with_needs (self, id, EBPF_BTF_DUMP_DECLARED))
          return FALSE;
        ebpf_btf_dump_print_function (self, id);
      }
  g_string_append (self->out, "\n#undef __ebpf_fastcall\n#endif\n\n");

  return self->error == NULL;
}

/**
 * ebpf_btf_dump_c:
 * @self: type information
 * @ids: (nullable) (array length=n_ids): numbers of types, or %NULL for all
 * @n_ids: how many there are
 * @flags: what to write besides
 * @error: return location for an error
 *
 * Writes types as C that compiles: each after all that it needs, and such that, compiled for BPF,
 * each struct has the size and the offsets that it has here.
 *
 * Of the kernel's own type information that makes what is known as vmlinux.h. With @ids only these
 * types are written and what they need; of a variable or a function, what that needs. Of type
 * information that is split from another, without @ids, its own types are written and what they need of
 * the other's.
 *
 * Two types of one name get different names, "foo" and "foo___2", which are the same to CO-RE. A
 * name that C does not take is changed.
 *
 * Returns: (transfer full): the text, or %NULL with @error set
 */
char *
ebpf_btf_dump_c (EbpfBtf *self,
                 const guint *ids,
                 gsize n_ids,
                 EbpfBtfDumpFlags flags,
                 GError **error)
{
  g_auto (EbpfBtfDump) dump = { NULL };
  gboolean done;

  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);
  g_return_val_if_fail (ids != NULL || n_ids == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  dump_init (&dump, self);

  if (flags & EBPF_BTF_DUMP_FLAGS_GUARD)
    g_string_append (dump.out, "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n");
  if (flags & EBPF_BTF_DUMP_FLAGS_PRESERVE_ACCESS)
    g_string_append (dump.out,
                     "#if defined __clang__ && !defined BPF_NO_PRESERVE_ACCESS_INDEX\n"
                     "#pragma clang attribute push(__attribute__((preserve_access_index)), "
                     "apply_to = record)\n"
                     "#endif\n\n");

  done = ids != NULL ? print_some (&dump, ids, n_ids) : print_all (&dump);
  if (done && (flags & EBPF_BTF_DUMP_FLAGS_KFUNCS) != 0 && ids == NULL)
    done = print_kfuncs (&dump);
  if (!done)
    {
      g_propagate_error (error, g_steal_pointer (&dump.error));
      return NULL;
    }

  if (flags & EBPF_BTF_DUMP_FLAGS_PRESERVE_ACCESS)
    g_string_append (dump.out, "#if defined __clang__ && !defined BPF_NO_PRESERVE_ACCESS_INDEX\n"
                               "#pragma clang attribute pop\n"
                               "#endif\n\n");
  if (flags & EBPF_BTF_DUMP_FLAGS_GUARD)
    g_string_append (dump.out, "#endif /* __VMLINUX_H__ */\n");

  return g_string_free (g_steal_pointer (&dump.out), FALSE);
}

/**
 * ebpf_btf_type_to_c_definition:
 * @self: a type
 * @error: return location for an error
 *
 * Writes the type as C, after all that it needs, as [method@Btf.dump_c] does.
 *
 * Returns: (transfer full): the text, or %NULL with @error set
 */
char *
ebpf_btf_type_to_c_definition (EbpfBtfType *self, GError **error)
{
  guint id;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  id = ebpf_btf_type_get_id (self);
  if (id == 0)
    return g_strdup ("");

  return ebpf_btf_dump_c (ebpf_btf_type_get_btf (self), &id, 1, EBPF_BTF_DUMP_FLAGS_NONE, error);
}
