/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-minimizer-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-writer-private.h"
#include "btf/ebpf-core-spec-private.h"

#include <string.h>

/* Every type that a relocation may mean by its name is kept, at least by name, kind and size: so
 * the choice among them stays the same. Of these, and of what they consist of, as much is kept as
 * the comparison looks at that the kind of relocation asks for. What is left out can only make
 * something not be found that is not looked for. */

/* How much of a type is wanted. Each is done once for a type. */
typedef enum
{
  DEPTH_FIELD,         /* as a field: size, sign, element; not what is in it or pointed to */
  DEPTH_COMPATIBLE,    /* what ebpf_core_types_compatible () looks at */
  DEPTH_MATCH,         /* what ebpf_core_types_match () looks at */
  DEPTH_MATCH_POINTEE, /* the same, behind a pointer */
} Depth;

typedef struct
{
  guint32 id;
  Depth depth;
} Task;

struct _EbpfBtfMinimizer
{
  EbpfBtf *kernel;
  GHashTable *flavours;
  GHashTable *seen;  /* of relocations, by local BTF: "type:kind:access" */
  guint8 *done;      /* by id: 1 << Depth of those done; not 0: it is kept */
  GHashTable *parts; /* id -> GByteArray, not 0 for each member or value that is kept */
  GArray *tasks;     /* of Task */
};

EbpfBtfMinimizer *
ebpf_btf_minimizer_new (EbpfBtf *kernel)
{
  EbpfBtfMinimizer *self = g_new0 (EbpfBtfMinimizer, 1);

  self->kernel = g_object_ref (kernel);
  self->flavours = ebpf_core_find_flavours (kernel);
  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->done = g_new0 (guint8, ebpf_btf_end_id (kernel));
  self->parts = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_byte_array_unref);
  self->tasks = g_array_new (FALSE, FALSE, sizeof (Task));

  return self;
}

void
ebpf_btf_minimizer_free (EbpfBtfMinimizer *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->tasks);
  g_hash_table_unref (self->parts);
  g_hash_table_unref (self->seen);
  g_hash_table_unref (self->flavours);
  g_free (self->done);
  g_object_unref (self->kernel);
  g_free (self);
}

static void
push (EbpfBtfMinimizer *self, guint32 id, Depth depth)
{
  const Task task = { id, depth };

  /* One of a kind that is not known becomes void: nothing matches either. */
  if (id == 0 || (self->done[id] >> depth) & 1 ||
      !ebpf_btf_knows_kind (ebpf_btf_peek (self->kernel, id)))
    return;

  self->done[id] |= 1u << depth;
  g_array_append_val (self->tasks, task);
}

static guint8 *
get_parts (EbpfBtfMinimizer *self, guint32 id)
{
  GByteArray *parts = g_hash_table_lookup (self->parts, GUINT_TO_POINTER (id));

  if (parts == NULL)
    {
      guint n = ebpf_btf_vlen_of (ebpf_btf_peek (self->kernel, id));

      parts = g_byte_array_sized_new (n);
      g_byte_array_set_size (parts, n);
      if (n > 0)
        memset (parts->data, 0, n);
      g_hash_table_insert (self->parts, GUINT_TO_POINTER (id), parts);
    }

  return parts->data;
}

static void
keep_all_parts (EbpfBtfMinimizer *self, guint32 id)
{
  guint n = ebpf_btf_vlen_of (ebpf_btf_peek (self->kernel, id));

  if (n > 0)
    memset (get_parts (self, id), TRUE, n);
}

static void
keep_member (EbpfBtfMinimizer *self, guint32 id, guint index)
{
  const struct btf_type *type = ebpf_btf_peek (self->kernel, id);
  const struct btf_member *members = ebpf_btf_tail_of (type);
  guint last = ebpf_btf_vlen_of (type) - 1;
  const struct btf_type *field;

  push (self, id, DEPTH_FIELD);
  push (self, members[index].type, DEPTH_FIELD);
  get_parts (self, id)[index] = TRUE;

  /* An array without elements must not become the last member, for that one has no end. */
  field = ebpf_btf_peek (self->kernel, ebpf_btf_strip (self->kernel, members[index].type));
  if (index != last && field != NULL && ebpf_btf_kind_of (field) == EBPF_BTF_KIND_ARRAY &&
      ((const struct btf_array *) ebpf_btf_tail_of (field))->nelems == 0)
    keep_member (self, id, last);
}

static gboolean
is_composite (const struct btf_type *type)
{
  return type != NULL && (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_STRUCT ||
                          ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION);
}

/* The same way as members are looked for: in order, through those without a name. Gives the
 * member's type. */
static gboolean
keep_named_member (EbpfBtfMinimizer *self,
                   guint32 id,
                   const char *name,
                   GHashTable *searched,
                   guint depth,
                   guint32 *field)
{
  const struct btf_type *type = ebpf_btf_peek (self->kernel, id);
  const struct btf_member *members;

  if (!is_composite (type) || depth == 0)
    return FALSE;

  members = ebpf_btf_tail_of (type);
  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      const char *candidate = ebpf_btf_peek_name (self->kernel, members[i].name_off);
      guint32 inner;

      if (strcmp (candidate, name) == 0)
        {
          *field = members[i].type;
          keep_member (self, id, i);
          return TRUE;
        }
      if (*candidate != '\0')
        continue;

      inner = ebpf_btf_strip (self->kernel, members[i].type);
      if (g_hash_table_add (searched, GUINT_TO_POINTER (inner)) &&
          keep_named_member (self, inner, name, searched, depth - 1, field))
        {
          keep_member (self, id, i);
          return TRUE;
        }
    }

  return FALSE;
}

static void
keep_path (EbpfBtfMinimizer *self, guint32 root, const EbpfCoreSpec *path)
{
  guint32 field = root;

  for (guint i = 1; i < path->n_steps; i++)
    {
      const EbpfCoreStep *step = &path->steps[i];
      guint32 id = ebpf_btf_strip (self->kernel, field);

      if (step->name != NULL)
        {
          g_autoptr (GHashTable) searched = g_hash_table_new (NULL, NULL);

          if (!keep_named_member (self, id, step->name, searched, EBPF_CORE_MAX_DEPTH, &field))
            return;
        }
      else
        {
          const struct btf_array *array = ebpf_btf_tail_of (ebpf_btf_peek (self->kernel, id));

          field = array->type;
        }
    }
}

/* One type, to one depth; leaves what it refers to for later. */
static void
follow (EbpfBtfMinimizer *self, const Task *task)
{
  const struct btf_type *type = ebpf_btf_peek (self->kernel, task->id);
  gconstpointer tail = ebpf_btf_tail_of (type);
  Depth depth = task->depth;
  gboolean matches = depth == DEPTH_MATCH || depth == DEPTH_MATCH_POINTEE;

  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_TYPEDEF:
    case EBPF_BTF_KIND_CONST:
    case EBPF_BTF_KIND_VOLATILE:
    case EBPF_BTF_KIND_RESTRICT:
    case EBPF_BTF_KIND_TYPE_TAG:
      push (self, type->type, depth);
      break;

    case EBPF_BTF_KIND_ARRAY:
      {
        const struct btf_array *array = tail;

        push (self, array->type, depth);
        push (self, array->index_type, depth);
        break;
      }

    case EBPF_BTF_KIND_PTR:
      if (depth != DEPTH_FIELD)
        push (self, type->type, matches ? DEPTH_MATCH_POINTEE : depth);
      break;

    case EBPF_BTF_KIND_FUNC_PROTO:
      {
        const struct btf_param *params = tail;

        if (depth == DEPTH_FIELD)
          break;
        push (self, type->type, depth);
        for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
          push (self, params[i].type, depth);
        break;
      }

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      {
        const struct btf_member *members = tail;

        if (depth != DEPTH_MATCH)
          break;
        keep_all_parts (self, task->id);
        for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
          push (self, members[i].type, depth);
        break;
      }

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      if (matches)
        keep_all_parts (self, task->id);
      break;

    default:
      break;
    }
}

static void
keep_candidate (EbpfBtfMinimizer *self, guint32 id, EbpfCoreKind kind, const EbpfCoreSpec *local)
{
  EbpfCoreSpec path;

  push (self, id, DEPTH_FIELD);

  if (kind == EBPF_CORE_TYPE_MATCHES)
    {
      push (self, id, DEPTH_MATCH);
    }
  else if (ebpf_core_kind_is_field (kind))
    {
      if (ebpf_core_spec_match (local, self->kernel, id, kind, &path))
        keep_path (self, id, &path);
    }
  else if (ebpf_core_kind_is_enum (kind))
    {
      if (ebpf_core_spec_match (local, self->kernel, id, kind, &path))
        get_parts (self, path.steps[0].container)[path.steps[0].index] = TRUE;
    }
  else
    {
      push (self, id, DEPTH_COMPATIBLE);
    }

  for (guint i = 0; i < self->tasks->len; i++)
    {
      const Task task = g_array_index (self->tasks, Task, i);

      follow (self, &task);
    }
  g_array_set_size (self->tasks, 0);
}

typedef struct
{
  EbpfBtfMinimizer *minimizer;
  EbpfCoreKind kind;
  guint root_kind;
  const EbpfCoreSpec *local;
} Candidates;

static gboolean
consider_candidate (EbpfBtf *kernel, guint32 id, gpointer user_data)
{
  Candidates *candidates = user_data;

  if (ebpf_core_kinds_match (candidates->root_kind, ebpf_btf_kind_of (ebpf_btf_peek (kernel, id))))
    keep_candidate (candidates->minimizer, id, candidates->kind, candidates->local);

  return TRUE;
}

gboolean
ebpf_btf_minimizer_add (EbpfBtfMinimizer *self,
                        EbpfBtf *local,
                        const EbpfCoreRelo *relo,
                        GError **error)
{
  const char *access = ebpf_btf_peek_name (local, relo->access_str_off);
  g_autofree char *key = NULL;
  g_autofree char *essential = NULL;
  g_autoptr (GError) local_error = NULL;
  Candidates candidates = { .minimizer = self, .kind = relo->kind };
  EbpfCoreSpec spec;
  GPtrArray *names;
  const char *name;
  guint32 root;

  if (relo->kind == EBPF_CORE_TYPE_ID_LOCAL)
    return TRUE;
  key = g_strdup_printf ("%p:%u:%u:%s", (gpointer) local, relo->type_id, relo->kind, access);
  if (!g_hash_table_add (self->seen, g_steal_pointer (&key)))
    return TRUE;

  root = ebpf_core_skip_qualifiers (local, relo->type_id);
  if (relo->kind >= EBPF_CORE_N_KINDS)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0, "relocations of kind %u are not known",
                      relo->kind);
      return FALSE;
    }
  if (!ebpf_core_spec_parse (&spec, local, root, access, relo->kind, &local_error))
    {
      g_autofree char *what = ebpf_core_relo_describe (local, relo);

      ebpf_error_propagate_prefixed (error, g_steal_pointer (&local_error),
                                     "relocation to the %s: ", what);
      return FALSE;
    }

  name = ebpf_btf_name_of (local, ebpf_btf_peek (local, root));
  essential = g_strndup (name, ebpf_core_essential_length (name));
  candidates.root_kind = ebpf_btf_kind_of (ebpf_btf_peek (local, root));
  candidates.local = &spec;

  ebpf_btf_foreach_type_named (self->kernel, essential, consider_candidate, &candidates);
  names = g_hash_table_lookup (self->flavours, essential);
  for (guint i = 0; names != NULL && i < names->len; i++)
    ebpf_btf_foreach_type_named (self->kernel, g_ptr_array_index (names, i), consider_candidate,
                                 &candidates);

  return TRUE;
}

/* the result */

static guint32
map_id (guint32 id, gpointer user_data)
{
  return ((const guint32 *) user_data)[id];
}

/* Copies a list with the parts that are kept. */
static void
write_list (EbpfBtfMinimizer *self,
            EbpfBtfWriter *writer,
            guint32 id,
            const struct btf_type *type,
            const guint32 *ids)
{
  guint kind = ebpf_btf_kind_of (type);
  guint n_words = kind == EBPF_BTF_KIND_ENUM ? 2 : 3;
  GByteArray *parts = g_hash_table_lookup (self->parts, GUINT_TO_POINTER (id));
  const guint32 *tail = ebpf_btf_tail_of (type);

  ebpf_btf_writer_add (writer, ebpf_btf_name_of (self->kernel, type), kind, 0,
                       ebpf_btf_kflag_of (type), type->size);
  for (guint i = 0; parts != NULL && i < parts->len; i++)
    {
      guint32 words[3];

      if (!parts->data[i])
        continue;

      memcpy (words, &tail[i * n_words], n_words * sizeof *words);
      words[0] = ebpf_btf_writer_add_string (writer, ebpf_btf_peek_name (self->kernel, words[0]));
      if (is_composite (type))
        words[1] = ids[words[1]];
      ebpf_btf_writer_peek_last (writer)->info++;
      ebpf_btf_writer_append (writer, words, n_words);
    }
}

EbpfBtf *
ebpf_btf_minimizer_finish (EbpfBtfMinimizer *self, GError **error)
{
  g_autoptr (EbpfBtfWriter) writer = ebpf_btf_writer_new (NULL);
  guint32 n = ebpf_btf_end_id (self->kernel), next_id = 1;
  g_autofree guint32 *ids = g_new0 (guint32, n);

  /* In the order that they had, as candidates are taken in that. What is not kept is void. */
  for (guint32 id = 1; id < n; id++)
    if (self->done[id] != 0)
      ids[id] = next_id++;

  for (guint32 id = 1; id < n; id++)
    {
      const struct btf_type *type = ebpf_btf_peek (self->kernel, id);

      if (self->done[id] == 0)
        continue;

      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_STRUCT:
        case EBPF_BTF_KIND_UNION:
        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
          write_list (self, writer, id, type, ids);
          break;
        default:
          ebpf_btf_writer_copy (writer, self->kernel, type, map_id, ids);
          break;
        }
    }

  return ebpf_btf_writer_to_btf (writer, self->kernel->byte_order, error);
}
