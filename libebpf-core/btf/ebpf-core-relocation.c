/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-core-spec-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-parse-private.h"

#include <string.h>

/* A type of a target that a local type may be. */
typedef struct
{
  EbpfBtf *btf;
  guint32 id;
  const char *where; /* "vmlinux", a module's name */
} Candidate;

/* All relocations of one local type in one program. */
typedef struct
{
  GArray *candidates; /* of Candidate; owned by the cache */
  guint32 *scores;    /* one a candidate */
  GPtrArray *entries; /* of Entry, each once */
  guint chosen;
} Group;

/* One distinct relocation, worked out for each candidate; or once, where there is none. */
typedef struct
{
  guint32 type_id;
  guint32 access_str_off;
  guint32 kind;
  guint32 generation; /* of the program that counted it last */
  EbpfCoreFixup fixups[];
} Entry;

struct _EbpfCoreCache
{
  EbpfBtf *local;
  GPtrArray *targets; /* of EbpfBtf; NULL: the running kernel's */
  GPtrArray *more;    /* of EbpfBtf: behind those and the modules; or NULL */
  gboolean has_targets;
  EbpfBtf *vmlinux;   /* the first target; NULL where there are only others */
  GPtrArray *modules; /* of EbpfKernelModule */

  GHashTable *candidates; /* local id -> GArray of Candidate */
  GHashTable *entries;    /* Entry -> itself */
  GHashTable *flavours;   /* EbpfBtf -> (essential name -> GPtrArray of names with a flavour) */
  guint32 generation;
};

static const char *const kind_words[EBPF_CORE_N_KINDS] = {
  [EBPF_CORE_FIELD_BYTE_OFFSET] = "byte offset of",
  [EBPF_CORE_FIELD_BYTE_SIZE] = "size of",
  [EBPF_CORE_FIELD_EXISTS] = "existence of",
  [EBPF_CORE_FIELD_SIGNED] = "sign of",
  [EBPF_CORE_FIELD_LSHIFT] = "left shift of",
  [EBPF_CORE_FIELD_RSHIFT] = "right shift of",
  [EBPF_CORE_TYPE_ID_LOCAL] = "local type id of",
  [EBPF_CORE_TYPE_ID_TARGET] = "target type id of",
  [EBPF_CORE_TYPE_EXISTS] = "existence of",
  [EBPF_CORE_TYPE_SIZE] = "size of",
  [EBPF_CORE_ENUM_VALUE_EXISTS] = "existence of",
  [EBPF_CORE_ENUM_VALUE] = "value of",
  [EBPF_CORE_TYPE_MATCHES] = "match of",
};

static const char *
kind_keyword (guint kind)
{
  switch (kind)
    {
    case EBPF_BTF_KIND_STRUCT:
      return "struct ";
    case EBPF_BTF_KIND_UNION:
      return "union ";
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      return "enum ";
    default:
      return "";
    }
}

static void
append_type (GString *string, EbpfBtf *btf, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (btf, id);
  const char *name;

  if (type == NULL)
    {
      g_string_append_printf (string, "type [%u]", id);
      return;
    }

  name = ebpf_btf_name_of (btf, type);
  g_string_append (string, kind_keyword (ebpf_btf_kind_of (type)));
  g_string_append (string, *name != '\0' ? name : "(anonymous)");
}

char *
ebpf_core_relo_describe (EbpfBtf *local, const EbpfCoreRelo *relo)
{
  GString *string = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  const char *access = ebpf_btf_peek_name (local, relo->access_str_off);
  EbpfCoreSpec spec;

  if (relo->kind < EBPF_CORE_N_KINDS)
    g_string_append_printf (string, "%s ", kind_words[relo->kind]);
  else
    g_string_append_printf (string, "relocation of kind %u of ", relo->kind);
  append_type (string, local, relo->type_id);

  if (relo->kind >= EBPF_CORE_N_KINDS ||
      !ebpf_core_spec_parse (&spec, local, relo->type_id, access, relo->kind, &error))
    {
      g_string_append_printf (string, " (%.80s)", access);
      return g_string_free (string, FALSE);
    }

  for (guint i = 0; i < spec.n_steps; i++)
    {
      const EbpfCoreStep *step = &spec.steps[i];

      if (step->name != NULL)
        g_string_append_printf (string, "%s%s", ebpf_core_kind_is_enum (relo->kind) ? "::" : ".",
                                step->name);
      else if (i > 0 || step->index > 0)
        g_string_append_printf (string, "[%u]", step->index);
    }

  return g_string_free (string, FALSE);
}

static guint
entry_hash (gconstpointer data)
{
  const Entry *entry = data;

  return ((entry->type_id * 0x9e3779b1u) ^ entry->access_str_off) * 0x9e3779b1u ^ entry->kind;
}

static gboolean
entry_equal (gconstpointer a, gconstpointer b)
{
  const Entry *first = a, *second = b;

  return first->type_id == second->type_id && first->access_str_off == second->access_str_off &&
         first->kind == second->kind;
}

static void
group_free (gpointer data)
{
  Group *self = data;

  g_free (self->scores);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

EbpfCoreCache *
ebpf_core_cache_new (EbpfBtf *local, GPtrArray *targets)
{
  EbpfCoreCache *self = g_new0 (EbpfCoreCache, 1);

  self->local = g_object_ref (local);
  if (targets != NULL)
    self->targets = g_ptr_array_ref (targets);
  self->candidates = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_array_unref);
  self->entries = g_hash_table_new_full (entry_hash, entry_equal, g_free, NULL);
  self->flavours = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_hash_table_unref);

  return self;
}

void
ebpf_core_cache_add_target (EbpfCoreCache *self, EbpfBtf *btf)
{
  if (self->more == NULL)
    self->more = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->more, g_object_ref (btf));
}

void
ebpf_core_cache_free (EbpfCoreCache *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->flavours);
  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->candidates);
  g_clear_pointer (&self->modules, g_ptr_array_unref);
  g_clear_pointer (&self->targets, g_ptr_array_unref);
  g_clear_pointer (&self->more, g_ptr_array_unref);
  g_clear_object (&self->vmlinux);
  g_object_unref (self->local);
  g_free (self);
}

/* The kernel has next to no names with a flavour: going through its strings for them takes less
 * than a second index of its types by essential name would. */
static GHashTable *
make_flavours (EbpfBtf *btf)
{
  GHashTable *flavours =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  const char *strings = btf->strings;
  const char *end = strings + btf->strings_length;
  const char *p = strings;

  while (p != NULL && p < end && (p = memmem (p, (gsize) (end - p), "___", 3)) != NULL)
    {
      const char *start = p;
      gsize length, essential;

      while (start > strings && start[-1] != '\0')
        start--;

      length = strlen (start);
      essential = ebpf_core_essential_length (start);
      if (essential < length)
        {
          g_autofree char *key = g_strndup (start, essential);
          GPtrArray *names = g_hash_table_lookup (flavours, key);

          if (names == NULL)
            {
              names = g_ptr_array_new ();
              g_hash_table_insert (flavours, g_steal_pointer (&key), names);
            }
          g_ptr_array_add (names, (gpointer) start);
        }

      p = start + length + 1;
    }

  return flavours;
}

GHashTable *
ebpf_core_find_flavours (EbpfBtf *btf)
{
  if (g_once_init_enter (&btf->flavours))
    g_once_init_leave (&btf->flavours, make_flavours (btf));

  return g_hash_table_ref (btf->flavours);
}

typedef struct
{
  GArray *candidates;
  guint kind;
  const char *where;
} Collect;

static gboolean
collect_candidate (EbpfBtf *btf, guint32 id, gpointer user_data)
{
  Collect *collect = user_data;

  /* What belongs to the base is found there. */
  if (id >= ebpf_btf_get_first_id (btf) &&
      ebpf_core_kinds_match (collect->kind, ebpf_btf_kind_of (ebpf_btf_peek (btf, id))))
    {
      Candidate candidate = { .btf = btf, .id = id, .where = collect->where };

      g_array_append_val (collect->candidates, candidate);
    }

  return TRUE;
}

static void
find_in_target (EbpfCoreCache *self, EbpfBtf *target, const char *essential_name, Collect *collect)
{
  GHashTable *flavours;
  GPtrArray *names;

  ebpf_btf_foreach_type_named (target, essential_name, collect_candidate, collect);

  flavours = g_hash_table_lookup (self->flavours, target);
  if (flavours == NULL)
    {
      flavours = ebpf_core_find_flavours (target);
      g_hash_table_insert (self->flavours, target, flavours);
    }

  names = g_hash_table_lookup (flavours, essential_name);
  for (guint i = 0; names != NULL && i < names->len; i++)
    ebpf_btf_foreach_type_named (target, g_ptr_array_index (names, i), collect_candidate, collect);
}

static gboolean
check_byte_order (EbpfCoreCache *self, EbpfBtf *target, GError **error)
{
  if (ebpf_btf_get_byte_order (target) == ebpf_btf_get_byte_order (self->local))
    return TRUE;

  ebpf_error_set (
      error, EBPF_ERROR_BYTE_ORDER, 0,
      "the object is of %s byte order, the type information to relocate it against is not",
      ebpf_btf_get_byte_order (self->local) == EBPF_BYTE_ORDER_BIG_ENDIAN ? "big" : "little");
  return FALSE;
}

/* Opens what candidates are looked for in. */
static gboolean
ensure_targets (EbpfCoreCache *self, GError **error)
{
  if (self->has_targets)
    return TRUE;

  for (guint i = 0; self->more != NULL && i < self->more->len; i++)
    if (!check_byte_order (self, g_ptr_array_index (self->more, i), error))
      return FALSE;

  if (self->targets != NULL && self->targets->len == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "there is no type information to relocate against");
      return FALSE;
    }

  if (self->targets == NULL)
    {
      g_autoptr (GError) local_error = NULL;
      g_autoptr (EbpfBtf) vmlinux = ebpf_btf_get_kernel (&local_error);

      if (vmlinux == NULL && self->more == NULL)
        {
          g_propagate_prefixed_error (
              error, g_steal_pointer (&local_error),
              "it adapts to the kernel's types (CO-RE), which cannot be had: ");
          return FALSE;
        }
      if (vmlinux == NULL)
        g_debug ("relocating against what was given alone: %s", local_error->message);
      else if (!check_byte_order (self, vmlinux, error))
        return FALSE;
      self->vmlinux = g_steal_pointer (&vmlinux);
      self->has_targets = TRUE;
      return TRUE;
    }

  for (guint i = 0; i < self->targets->len; i++)
    if (!check_byte_order (self, g_ptr_array_index (self->targets, i), error))
      return FALSE;

  self->vmlinux = g_object_ref (g_ptr_array_index (self->targets, 0));
  self->has_targets = TRUE;
  return TRUE;
}

/* Modules cannot be listed without CAP_SYS_ADMIN; then they have nothing to offer. */
static void
ensure_modules (EbpfCoreCache *self)
{
  g_autoptr (GError) error = NULL;

  if (self->modules != NULL)
    return;

  self->modules = ebpf_btf_get_kernel_modules (&error);
  if (self->modules == NULL)
    {
      g_debug ("the types of kernel modules are left out: %s", error->message);
      self->modules = g_ptr_array_new ();
    }
}

static GArray *
get_candidates (EbpfCoreCache *self, guint32 type_id, GError **error)
{
  GArray *candidates = g_hash_table_lookup (self->candidates, GUINT_TO_POINTER (type_id));
  const struct btf_type *type;
  g_autofree char *name = NULL;
  const char *full_name;
  Collect collect;

  if (candidates != NULL)
    return candidates;

  type = ebpf_btf_peek (self->local, type_id);
  full_name = ebpf_btf_name_of (self->local, type);
  if (*full_name == '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "type [%u] has no name to look for in the kernel", type_id);
      return NULL;
    }

  if (!ensure_targets (self, error))
    return NULL;

  name = g_strndup (full_name, ebpf_core_essential_length (full_name));
  candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  collect.candidates = candidates;
  collect.kind = ebpf_btf_kind_of (type);
  collect.where = "vmlinux";
  if (self->vmlinux != NULL)
    find_in_target (self, self->vmlinux, name, &collect);

  if (candidates->len == 0 && self->targets != NULL)
    {
      collect.where = "another target";
      for (guint i = 1; i < self->targets->len; i++)
        find_in_target (self, g_ptr_array_index (self->targets, i), name, &collect);
    }
  else if (candidates->len == 0 && self->vmlinux != NULL)
    {
      ensure_modules (self);
      for (guint i = 0; i < self->modules->len; i++)
        {
          EbpfKernelModule *module = g_ptr_array_index (self->modules, i);

          collect.where = module->name;
          find_in_target (self, module->btf, name, &collect);
        }
    }

  collect.where = "another target";
  for (guint i = 0; candidates->len == 0 && self->more != NULL && i < self->more->len; i++)
    find_in_target (self, g_ptr_array_index (self->more, i), name, &collect);

  g_hash_table_insert (self->candidates, GUINT_TO_POINTER (type_id), candidates);
  return candidates;
}

/* Qualifiers have no name; what they qualify has. A typedef has one of its own. */
guint32
ebpf_core_skip_qualifiers (EbpfBtf *btf, guint32 id)
{
  for (guint depth = 0; depth < EBPF_CORE_MAX_DEPTH; depth++)
    {
      const struct btf_type *type = ebpf_btf_peek (btf, id);

      if (type == NULL)
        break;
      switch (ebpf_btf_kind_of (type))
        {
        case EBPF_BTF_KIND_CONST:
        case EBPF_BTF_KIND_VOLATILE:
        case EBPF_BTF_KIND_RESTRICT:
        case EBPF_BTF_KIND_TYPE_TAG:
          id = type->type;
          continue;
        default:
          return id;
        }
    }

  return id;
}

static Entry *
get_entry (EbpfCoreCache *self, const EbpfCoreRelo *relo, GError **error)
{
  Entry key = {
    .type_id = relo->type_id,
    .access_str_off = relo->access_str_off,
    .kind = relo->kind,
  };
  g_autofree Entry *entry = g_hash_table_lookup (self->entries, &key);
  GArray *candidates = NULL;
  EbpfCoreSpec local, target;
  guint32 root;
  guint n;

  if (entry != NULL)
    return g_steal_pointer (&entry);

  if (relo->kind >= EBPF_CORE_N_KINDS)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0, "relocations of this kind are not known");
      return NULL;
    }

  root = relo->kind == EBPF_CORE_TYPE_ID_LOCAL
             ? relo->type_id
             : ebpf_core_skip_qualifiers (self->local, relo->type_id);
  if (!ebpf_core_spec_parse (&local, self->local, root,
                             ebpf_btf_peek_name (self->local, relo->access_str_off), relo->kind,
                             error))
    return NULL;

  if (relo->kind != EBPF_CORE_TYPE_ID_LOCAL)
    {
      candidates = get_candidates (self, root, error);
      if (candidates == NULL)
        return NULL;
    }

  n = candidates != NULL ? candidates->len : 0;
  entry = g_malloc0 (sizeof *entry + MAX (n, 1) * sizeof (EbpfCoreFixup));
  entry->type_id = key.type_id;
  entry->access_str_off = key.access_str_off;
  entry->kind = key.kind;

  if (n == 0 && !ebpf_core_fixup_init (&entry->fixups[0], relo->kind, &local, NULL, error))
    return NULL;

  for (guint i = 0; i < n; i++)
    {
      const Candidate *candidate = &g_array_index (candidates, Candidate, i);
      gboolean matches =
          ebpf_core_spec_match (&local, candidate->btf, candidate->id, relo->kind, &target);

      if (!ebpf_core_fixup_init (&entry->fixups[i], relo->kind, &local, matches ? &target : NULL,
                                 error))
        return NULL;
    }

  g_hash_table_add (self->entries, entry);
  return g_steal_pointer (&entry);
}

static gboolean
fixup_is_bad (const EbpfCoreFixup *fixup)
{
  return fixup->poison || (fixup->is_question && fixup->target == 0);
}

static void
set_ambiguous (EbpfCoreCache *self, Group *group, const Entry *entry, guint32 best, GError **error)
{
  const EbpfCoreRelo relo = {
    .type_id = entry->type_id,
    .access_str_off = entry->access_str_off,
    .kind = entry->kind,
  };
  g_autofree char *what = ebpf_core_relo_describe (self->local, &relo);
  g_autoptr (GString) list = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < group->candidates->len; i++)
    {
      const Candidate *candidate = &g_array_index (group->candidates, Candidate, i);

      if (group->scores[i] != best)
        continue;
      if (++n > 8)
        {
          g_string_append (list, ", …");
          break;
        }

      g_string_append (list, n > 1 ? ", " : "");
      append_type (list, candidate->btf, candidate->id);
      g_string_append_printf (list, " [%u] of %s", candidate->id, candidate->where);
      if (entry->fixups[i].poison)
        g_string_append (list, " (none)");
      else
        g_string_append_printf (list, " (%" G_GINT64_FORMAT ")", (gint64) entry->fixups[i].target);
    }

  ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                  "the %s is ambiguous, these types fit as well as each other: %s", what,
                  list->str);
}

/* The candidate with which the fewest relocations are impossible, for all of them. */
static gboolean
choose_candidate (EbpfCoreCache *self, Group *group, GError **error)
{
  guint32 best = G_MAXUINT32;

  for (guint i = 0; i < group->candidates->len; i++)
    if (group->scores[i] < best)
      {
        best = group->scores[i];
        group->chosen = i;
      }

  for (guint i = group->chosen + 1; i < group->candidates->len; i++)
    {
      if (group->scores[i] != best)
        continue;

      for (guint j = 0; j < group->entries->len; j++)
        {
          const Entry *entry = g_ptr_array_index (group->entries, j);

          if (!ebpf_core_fixup_equal (&entry->fixups[group->chosen], &entry->fixups[i]))
            {
              set_ambiguous (self, group, entry, best, error);
              return FALSE;
            }
        }
    }

  return TRUE;
}

static void
group_add (Group *self, Entry *entry)
{
  for (guint i = 0; i < self->candidates->len; i++)
    self->scores[i] += fixup_is_bad (&entry->fixups[i]);

  g_ptr_array_add (self->entries, entry);
}

static Group *
get_group (EbpfCoreCache *self, GHashTable *groups, guint32 type_id)
{
  guint32 root = ebpf_core_skip_qualifiers (self->local, type_id);
  Group *group = g_hash_table_lookup (groups, GUINT_TO_POINTER (root));

  if (group == NULL)
    {
      group = g_new0 (Group, 1);
      group->candidates = g_hash_table_lookup (self->candidates, GUINT_TO_POINTER (root));
      group->scores = g_new0 (guint32, group->candidates->len);
      group->entries = g_ptr_array_new ();
      g_hash_table_insert (groups, GUINT_TO_POINTER (root), group);
    }

  return group;
}

static void
prefix_error (EbpfCoreCache *self, GError **error, GError *cause, const EbpfCoreRelo *relo)
{
  g_autofree char *what = ebpf_core_relo_describe (self->local, relo);

  ebpf_error_propagate_prefixed (error, cause, "instruction %u, relocation to the %s: ", relo->insn,
                                 what);
}

gboolean
ebpf_core_relocate (EbpfCoreCache *self,
                    EbpfInsn *insns,
                    gsize n_insns,
                    const EbpfCoreRelo *relos,
                    gsize n_relos,
                    GError **error)
{
  g_autoptr (GHashTable) groups = g_hash_table_new_full (NULL, NULL, NULL, group_free);
  g_autofree Entry **entries = g_new (Entry *, MAX (n_relos, 1));
  g_autoptr (GError) local_error = NULL;
  GHashTableIter iter;
  gpointer value;

  self->generation++;

  for (gsize i = 0; i < n_relos; i++)
    {
      entries[i] = get_entry (self, &relos[i], &local_error);
      if (entries[i] == NULL)
        {
          prefix_error (self, error, g_steal_pointer (&local_error), &relos[i]);
          return FALSE;
        }

      if (relos[i].kind != EBPF_CORE_TYPE_ID_LOCAL && entries[i]->generation != self->generation)
        {
          entries[i]->generation = self->generation;
          group_add (get_group (self, groups, relos[i].type_id), entries[i]);
        }
    }

  g_hash_table_iter_init (&iter, groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!choose_candidate (self, value, error))
      return FALSE;

  for (gsize i = 0; i < n_relos; i++)
    {
      guint chosen = relos[i].kind == EBPF_CORE_TYPE_ID_LOCAL
                         ? 0
                         : get_group (self, groups, relos[i].type_id)->chosen;

      if (!ebpf_core_fixup_apply (&entries[i]->fixups[chosen], insns, n_insns, relos[i].insn,
                                  &local_error))
        {
          prefix_error (self, error, g_steal_pointer (&local_error), &relos[i]);
          return FALSE;
        }
    }

  return TRUE;
}
