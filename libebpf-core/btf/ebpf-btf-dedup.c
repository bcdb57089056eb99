/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-dedup-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-writer-private.h"

#include <string.h>

/* Which types are the same is a question about a graph with cycles. It is answered from the other
 * end: at first all types that say the same of themselves are in one class, whatever they refer to;
 * then classes are split where members refer to types of different classes, until none splits any
 * more. What is left together cannot be told apart. That is how automata are minimised
 * (J. Hopcroft, "An n log n algorithm for minimizing states in a finite automaton", 1971): as the
 * largest part of a class that splits keeps its number, a type changes its class no more often than
 * there are halves, and only what refers to one that did has to be looked at again.
 *
 * A declaration ("struct foo;") goes with the definitions of its name as long as these are all in
 * one class; once they turn out to be different, it stands for itself, as it could mean any of
 * them. The same goes for an enumeration without values.
 *
 * Variables and sections are never the same as others: they are places in memory. */

/* What is known by one name, of the structs, the unions, or the enumerations of a size. Both are
 * chained by Dedup.next_of_name; 0 where there is none. */
typedef struct
{
  guint32 definitions;
  guint32 declarations;
  guint32 round;     /* in which it was looked at last */
  gboolean conflict; /* definitions are not the same */
} Name;

typedef struct
{
  EbpfBtf *btf;
  guint32 n;        /* ids, with void */
  guint32 first_id; /* below are the base's */

  GHashTable *strings; /* string -> number, for offsets are not unique yet */
  guint32 *names;      /* by id: number of the name */

  GArray *by_name;       /* of Name; the first one is none */
  guint32 *name_of;      /* by id: index in by_name; 0 for types that cannot be declared */
  guint32 *next_of_name; /* by id */

  /* Classes. Declarations have one, but are not among its members. */
  guint32 n_classes;
  guint32 *classes; /* by id */
  guint32 *sizes;   /* by class */
  guint32 *members; /* by class: the first one */
  guint32 *next;    /* by id */
  guint32 *previous;

  /* What refers to a type: referrers[ends[id - 1]] up to ends[id]. */
  guint32 *ends;
  guint32 *referrers;

  GArray *dirty; /* of Signed */
  guint8 *is_dirty;
  GArray *changes; /* of Change */
  GArray *changed; /* of guint32 */
  guint32 round;
} Dedup;

/* A type that is to be compared with the rest of its class. */
typedef struct
{
  guint32 class;
  guint32 hash; /* of the classes that it refers to */
  guint32 id;
} Signed;

typedef struct
{
  guint32 id;
  guint32 class;
} Change;

static inline const struct btf_type *
peek (Dedup *self, guint32 id)
{
  return ebpf_btf_peek (self->btf, id);
}

static gboolean
declares (const struct btf_type *type)
{
  guint kind = ebpf_btf_kind_of (type);

  return kind == EBPF_BTF_KIND_FWD ||
         ((kind == EBPF_BTF_KIND_ENUM || kind == EBPF_BTF_KIND_ENUM64) &&
          ebpf_btf_vlen_of (type) == 0 && type->name_off != 0);
}

/* The base is as it is: what it declares stays declared. */
static gboolean
is_declaration (Dedup *self, guint32 id)
{
  return id >= self->first_id && declares (peek (self, id));
}

static gboolean
is_definition (const struct btf_type *type)
{
  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      return type->name_off != 0;
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      return type->name_off != 0 && ebpf_btf_vlen_of (type) > 0;
    default:
      return FALSE;
    }
}

static inline guint32
mix (guint32 hash, guint32 word)
{
  guint64 product = (guint64) (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return (guint32) (product >> 32) ^ (guint32) product;
}

static guint32
number_of_string (Dedup *self, guint32 offset)
{
  const char *string = ebpf_btf_peek_name (self->btf, offset);
  gpointer known = g_hash_table_lookup (self->strings, string);

  if (string[0] == '\0')
    return 0;
  if (known == NULL)
    {
      known = GUINT_TO_POINTER (g_hash_table_size (self->strings) + 1);
      g_hash_table_insert (self->strings, (gpointer) string, known);
    }

  return GPOINTER_TO_UINT (known);
}

/* What a type says itself, in words: without what it refers to. */
typedef struct
{
  guint kind;
  guint vlen;
  guint each;      /* words of one part */
  gint name;       /* the word of a part that is a name, or -1 */
  gint id;         /* the word of a part that is an id, or -1 */
  guint n_fixed;   /* words that are not of a part, for those without parts */
  guint fixed_ids; /* how many of these, from the first, are ids */
  gboolean refers; /* its third word is an id */
} Shape;

static Shape
get_shape (const struct btf_type *type)
{
  Shape shape = { .kind = ebpf_btf_kind_of (type), .name = -1, .id = -1 };

  /* One of the base's. */
  if (!ebpf_btf_knows_kind (type))
    return shape;

  switch (shape.kind)
    {
    case EBPF_BTF_KIND_INT:
      shape.n_fixed = 1;
      break;
    case EBPF_BTF_KIND_ARRAY:
      shape.n_fixed = 3;
      shape.fixed_ids = 2;
      break;
    case EBPF_BTF_KIND_DECL_TAG:
    case EBPF_BTF_KIND_VAR:
      shape.n_fixed = 1;
      shape.refers = TRUE;
      break;
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      shape.vlen = ebpf_btf_vlen_of (type);
      shape.each = 3;
      shape.name = 0;
      shape.id = 1;
      break;
    case EBPF_BTF_KIND_ENUM:
      shape.vlen = ebpf_btf_vlen_of (type);
      shape.each = 2;
      shape.name = 0;
      break;
    case EBPF_BTF_KIND_ENUM64:
      shape.vlen = ebpf_btf_vlen_of (type);
      shape.each = 3;
      shape.name = 0;
      break;
    case EBPF_BTF_KIND_FUNC_PROTO:
      shape.vlen = ebpf_btf_vlen_of (type);
      shape.each = 2;
      shape.name = 0;
      shape.id = 1;
      shape.refers = TRUE;
      break;
    case EBPF_BTF_KIND_DATASEC:
      shape.vlen = ebpf_btf_vlen_of (type);
      shape.each = 3;
      shape.id = 0;
      break;
    case EBPF_BTF_KIND_FLOAT:
    case EBPF_BTF_KIND_FWD:
      break;
    default:
      shape.refers = TRUE;
      break;
    }

  return shape;
}

static guint32
hash_content (Dedup *self, guint32 id)
{
  const struct btf_type *type = peek (self, id);
  const guint32 *words = ebpf_btf_tail_of (type);
  Shape shape = get_shape (type);
  guint32 hash = mix (mix (self->names[id], type->info), shape.refers ? 0 : type->size);

  for (guint i = shape.fixed_ids; i < shape.n_fixed; i++)
    hash = mix (hash, words[i]);
  for (guint i = 0; i < shape.vlen * shape.each; i++)
    {
      gint column = (gint) (i % shape.each);

      if (column == shape.name)
        hash = mix (hash, number_of_string (self, words[i]));
      else if (column != shape.id)
        hash = mix (hash, words[i]);
    }

  return hash;
}

static gboolean
same_content (Dedup *self, guint32 a, guint32 b)
{
  const struct btf_type *first = peek (self, a), *second = peek (self, b);
  const guint32 *words = ebpf_btf_tail_of (first), *other = ebpf_btf_tail_of (second);
  Shape shape = get_shape (first);

  if (self->names[a] != self->names[b] || first->info != second->info ||
      (!shape.refers && first->size != second->size))
    return FALSE;

  for (guint i = shape.fixed_ids; i < shape.n_fixed; i++)
    if (words[i] != other[i])
      return FALSE;
  for (guint i = 0; i < shape.vlen * shape.each; i++)
    {
      gint column = (gint) (i % shape.each);

      if (column == shape.id || words[i] == other[i])
        continue;
      if (column != shape.name ||
          number_of_string (self, words[i]) != number_of_string (self, other[i]))
        return FALSE;
    }

  return TRUE;
}

/* Calls a macro with each id that a type refers to, in order. */
#define FOREACH_REFERENCE(type, shape, words, DO)                                                  \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if ((shape).refers)                                                                            \
      DO ((type)->type);                                                                           \
    for (guint reference = 0; reference < (shape).fixed_ids; reference++)                          \
      DO ((words)[reference]);                                                                     \
    if ((shape).id >= 0)                                                                           \
      for (guint reference = 0; reference < (shape).vlen; reference++)                             \
        DO ((words)[reference * (shape).each + (guint) (shape).id]);                               \
  }                                                                                                \
  G_STMT_END

static guint32
hash_classes (Dedup *self, guint32 id)
{
  const struct btf_type *type = peek (self, id);
  const guint32 *words = ebpf_btf_tail_of (type);
  Shape shape = get_shape (type);
  guint32 hash = 0;

#define ADD_TO_HASH(target) hash = mix (hash, self->classes[target])
  FOREACH_REFERENCE (type, shape, words, ADD_TO_HASH);
#undef ADD_TO_HASH

  return hash;
}

/* Orders two types of one class, which thus have the same shape, by the classes that they refer
 * to. */
static int
compare_classes (Dedup *self, guint32 a, guint32 b)
{
  const struct btf_type *type = peek (self, a);
  const guint32 *words = ebpf_btf_tail_of (type), *other = ebpf_btf_tail_of (peek (self, b));
  Shape shape = get_shape (type);

/* type->type is the word before the tail. */
#define COMPARE(target)                                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const guint32 *place = &(target);                                                              \
    guint32 first_class = self->classes[*place],                                                   \
            second_class = self->classes[other[place - words]];                                    \
                                                                                                   \
    if (first_class != second_class)                                                               \
      return first_class < second_class ? -1 : 1;                                                  \
  }                                                                                                \
  G_STMT_END
  FOREACH_REFERENCE (type, shape, words, COMPARE);
#undef COMPARE

  return 0;
}

static gboolean
is_place (guint kind)
{
  return kind == EBPF_BTF_KIND_VAR || kind == EBPF_BTF_KIND_DATASEC || kind >= EBPF_BTF_N_KINDS;
}

/* classes */

static void
enter_class (Dedup *self, guint32 id, guint32 class)
{
  guint32 first = self->members[class];

  self->classes[id] = class;
  self->next[id] = first;
  self->previous[id] = 0;
  if (first != 0)
    self->previous[first] = id;
  self->members[class] = id;
  self->sizes[class]++;
}

static void
leave_class (Dedup *self, guint32 id)
{
  guint32 class = self->classes[id];

  if (self->previous[id] != 0)
    self->next[self->previous[id]] = self->next[id];
  else
    self->members[class] = self->next[id];
  if (self->next[id] != 0)
    self->previous[self->next[id]] = self->previous[id];
  self->sizes[class]--;
}

/* Puts types together that say the same of themselves. */
static void
classify_by_content (Dedup *self)
{
  g_autofree guint32 *slots = NULL; /* hash table of ids */
  guint32 n_slots = 2;

  while (n_slots < (guint64) self->n * 2)
    n_slots *= 2;
  slots = g_new0 (guint32, n_slots);

  self->n_classes = 1;
  for (guint32 id = 1; id < self->n; id++)
    {
      guint32 slot;

      if (is_declaration (self, id))
        continue;
      if (is_place (ebpf_btf_kind_of (peek (self, id))))
        {
          enter_class (self, id, self->n_classes++);
          continue;
        }

      slot = hash_content (self, id) & (n_slots - 1);
      while (slots[slot] != 0 && !same_content (self, slots[slot], id))
        slot = (slot + 1) & (n_slots - 1);
      if (slots[slot] == 0)
        {
          slots[slot] = id;
          enter_class (self, id, self->n_classes++);
        }
      else
        {
          enter_class (self, id, self->classes[slots[slot]]);
        }
    }
}

/* names */

static void
collect_names (Dedup *self)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  const Name none = { 0 };

  g_array_append_val (self->by_name, none);

  /* Backwards, so that chains are in order. */
  for (guint32 id = self->n - 1; id > 0; id--)
    {
      const struct btf_type *type = peek (self, id);
      guint kind = ebpf_btf_kind_of (type), size = 0;
      guint32 *chain;
      gint64 key;
      guint index;

      if (!declares (type) && !is_definition (type))
        continue;

      if (kind == EBPF_BTF_KIND_FWD)
        kind = ebpf_btf_kflag_of (type) ? EBPF_BTF_KIND_UNION : EBPF_BTF_KIND_STRUCT;
      else if (kind == EBPF_BTF_KIND_ENUM || kind == EBPF_BTF_KIND_ENUM64)
        {
          kind = EBPF_BTF_KIND_ENUM;
          size = MIN (type->size, 255);
        }

      key = (gint64) self->names[id] << 16 | kind << 8 | size;
      index = GPOINTER_TO_UINT (g_hash_table_lookup (known, &key));
      if (index == 0)
        {
          index = self->by_name->len;
          g_array_append_val (self->by_name, none);
          g_hash_table_insert (known, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (index));
        }

      self->name_of[id] = index;
      chain = declares (type) ? &g_array_index (self->by_name, Name, index).declarations
                              : &g_array_index (self->by_name, Name, index).definitions;
      self->next_of_name[id] = *chain;
      *chain = id;
    }
}

static void
set_declarations (Dedup *self, const Name *name, guint32 class)
{
  for (guint32 id = name->declarations; id != 0; id = self->next_of_name[id])
    if (is_declaration (self, id) && self->classes[id] != class)
      {
        self->classes[id] = class;
        g_array_append_val (self->changed, id);
      }
}

/* Lets the declarations of a name follow its definitions. */
static void
update_name (Dedup *self, Name *name)
{
  if (name->conflict || name->round == self->round || name->declarations == 0)
    return;
  name->round = self->round;

  for (guint32 id = name->definitions; id != 0; id = self->next_of_name[id])
    if (self->classes[id] != self->classes[name->definitions])
      name->conflict = TRUE;

  if (name->definitions != 0 && !name->conflict)
    {
      set_declarations (self, name, self->classes[name->definitions]);
      return;
    }

  /* On their own; with those of the base, which come first. */
  name->conflict = TRUE;
  set_declarations (self, name,
                    is_declaration (self, name->declarations) ? self->n_classes++
                                                              : self->classes[name->declarations]);
}

/* splitting */

static void
collect_referrers (Dedup *self)
{
  guint64 n = 0;

  self->ends = g_new0 (guint32, self->n + 1);
  for (guint pass = 0; pass < 2; pass++)
    {
      for (guint32 id = 1; id < self->n; id++)
        {
          const struct btf_type *type = peek (self, id);
          const guint32 *words = ebpf_btf_tail_of (type);
          Shape shape = get_shape (type);

#define COUNT(target) self->ends[target]++
#define STORE(target) self->referrers[self->ends[target]++] = id
          if (pass == 0)
            FOREACH_REFERENCE (type, shape, words, COUNT);
          else
            FOREACH_REFERENCE (type, shape, words, STORE);
#undef COUNT
#undef STORE
        }

      /* Numbers become starts, which the second pass makes into ends. */
      for (guint32 id = 0; pass == 0 && id < self->n; id++)
        {
          guint32 count = self->ends[id];

          self->ends[id] = (guint32) n;
          n += count;
        }
      if (pass == 0)
        self->referrers = g_new (guint32, MAX (n, 1));
    }
}

static void
make_dirty (Dedup *self, guint32 id)
{
  const Signed entry = { .id = id };

  if (self->is_dirty[id] || is_declaration (self, id) || self->sizes[self->classes[id]] < 2)
    return;

  self->is_dirty[id] = TRUE;
  g_array_append_val (self->dirty, entry);
}

static int
compare_signed (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Signed *first = a, *second = b;

  if (first->class != second->class)
    return first->class < second->class ? -1 : 1;
  if (first->hash != second->hash)
    return first->hash < second->hash ? -1 : 1;

  return compare_classes (user_data, first->id, second->id);
}

/* One class's dirty members, sorted: those that are alike stay together, and with the rest of the
 * class where they are like it. */
static void
split_class (Dedup *self, const Signed *dirty, guint n_dirty)
{
  guint32 class = dirty[0].class, n_rest = self->sizes[class] - n_dirty, rest = 0;
  guint largest = 0, start, end;
  guint32 size_of_largest = 0;

  if (n_rest > 0)
    for (rest = self->members[class]; self->is_dirty[rest]; rest = self->next[rest])
      ;

  /* Which keeps the class: those that are like the rest, with it, or the rest, or the largest. */
  for (start = 0; start < n_dirty; start = end)
    {
      guint32 size;

      for (end = start + 1; end < n_dirty && compare_signed (&dirty[start], &dirty[end], self) == 0;
           end++)
        ;
      size = end - start;
      if (rest != 0 && compare_classes (self, dirty[start].id, rest) == 0)
        {
          size += n_rest;
          n_rest = 0;
        }
      if (size > size_of_largest)
        {
          size_of_largest = size;
          largest = start;
        }
    }

  /* The rest is on its own, and the larger: all of the dirty ones go. Where it is the smaller, it
   * has to go itself. */
  if (n_rest >= size_of_largest)
    {
      largest = n_dirty;
    }
  else if (n_rest > 0)
    {
      guint32 new_class = self->n_classes++;

      for (guint32 id = self->members[class]; id != 0; id = self->next[id])
        if (!self->is_dirty[id])
          {
            const Change change = { id, new_class };

            g_array_append_val (self->changes, change);
          }
    }

  for (start = 0; start < n_dirty; start = end)
    {
      guint32 new_class = class;

      if (start != largest)
        {
          gboolean with_rest =
              rest != 0 && n_rest == 0 && compare_classes (self, dirty[start].id, rest) == 0;

          new_class = self->n_classes++;
          if (with_rest)
            for (guint32 id = self->members[class]; id != 0; id = self->next[id])
              if (!self->is_dirty[id])
                {
                  const Change change = { id, new_class };

                  g_array_append_val (self->changes, change);
                }
        }

      for (end = start; end < n_dirty &&
                        (end == start || compare_signed (&dirty[start], &dirty[end], self) == 0);
           end++)
        if (new_class != class)
          {
            const Change change = { dirty[end].id, new_class };

            g_array_append_val (self->changes, change);
          }
    }
}

static void
split_classes (Dedup *self)
{
  guint start, end;

  for (guint i = 0; i < self->dirty->len; i++)
    {
      Signed *entry = &g_array_index (self->dirty, Signed, i);

      entry->class = self->classes[entry->id];
      entry->hash = hash_classes (self, entry->id);
    }
  g_array_sort_with_data (self->dirty, compare_signed, self);

  g_array_set_size (self->changes, 0);
  for (start = 0; start < self->dirty->len; start = end)
    {
      const Signed *first = &g_array_index (self->dirty, Signed, start);

      for (end = start + 1;
           end < self->dirty->len && g_array_index (self->dirty, Signed, end).class == first->class;
           end++)
        ;
      split_class (self, first, end - start);
    }

  for (guint i = 0; i < self->dirty->len; i++)
    self->is_dirty[g_array_index (self->dirty, Signed, i).id] = FALSE;
  g_array_set_size (self->dirty, 0);

  g_array_set_size (self->changed, 0);
  for (guint i = 0; i < self->changes->len; i++)
    {
      const Change *change = &g_array_index (self->changes, Change, i);

      leave_class (self, change->id);
      enter_class (self, change->id, change->class);
      g_array_append_val (self->changed, change->id);
    }
}

static void
find_classes (Dedup *self)
{
  collect_names (self);
  classify_by_content (self);
  collect_referrers (self);

  self->round = 1;
  for (guint i = 1; i < self->by_name->len; i++)
    update_name (self, &g_array_index (self->by_name, Name, i));
  for (guint32 id = 1; id < self->n; id++)
    make_dirty (self, id);

  while (self->dirty->len > 0)
    {
      guint n;

      self->round++;
      split_classes (self);

      n = self->changed->len;
      for (guint i = 0; i < n; i++)
        update_name (self,
                     &g_array_index (self->by_name, Name,
                                     self->name_of[g_array_index (self->changed, guint32, i)]));

      for (guint i = 0; i < self->changed->len; i++)
        {
          guint32 id = g_array_index (self->changed, guint32, i);

          for (guint32 j = self->ends[id - 1]; j < self->ends[id]; j++)
            make_dirty (self, self->referrers[j]);
        }
    }
}

static void
dedup_clear (Dedup *self)
{
  if (self->btf == NULL)
    return;

  g_free (self->names);
  g_free (self->name_of);
  g_free (self->next_of_name);
  g_free (self->classes);
  g_free (self->sizes);
  g_free (self->members);
  g_free (self->next);
  g_free (self->previous);
  g_free (self->ends);
  g_free (self->referrers);
  g_free (self->is_dirty);
  g_hash_table_unref (self->strings);
  g_array_unref (self->by_name);
  g_array_unref (self->dirty);
  g_array_unref (self->changes);
  g_array_unref (self->changed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Dedup, dedup_clear)

static void
dedup_init (Dedup *self, EbpfBtf *btf)
{
  self->btf = btf;
  self->n = ebpf_btf_end_id (btf);
  self->first_id = btf->first_id;
  self->strings = g_hash_table_new (g_str_hash, g_str_equal);
  self->names = g_new0 (guint32, self->n);
  self->by_name = g_array_new (FALSE, FALSE, sizeof (Name));
  self->name_of = g_new0 (guint32, self->n);
  self->next_of_name = g_new0 (guint32, self->n);
  self->classes = g_new0 (guint32, self->n);

  /* One for each type, one for void, and a name's declarations may get one each. */
  self->sizes = g_new0 (guint32, 2 * (gsize) self->n + 1);
  self->members = g_new0 (guint32, 2 * (gsize) self->n + 1);
  self->next = g_new0 (guint32, self->n);
  self->previous = g_new0 (guint32, self->n);
  self->is_dirty = g_new0 (guint8, self->n);
  self->dirty = g_array_new (FALSE, FALSE, sizeof (Signed));
  self->changes = g_array_new (FALSE, FALSE, sizeof (Change));
  self->changed = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint32 id = 1; id < self->n; id++)
    self->names[id] = number_of_string (self, peek (self, id)->name_off);
}

typedef struct
{
  const guint32 *classes;
  const guint32 *ids; /* by class: what it is in the result */
} Renumbering;

static guint32
renumber (guint32 id, gpointer user_data)
{
  const Renumbering *renumbering = user_data;

  return renumbering->ids[renumbering->classes[id]];
}

EbpfBtf *
ebpf_btf_dedup_with_ids (EbpfBtf *btf, guint32 **new_ids, GError **error)
{
  g_auto (Dedup) self = { 0 };
  g_autoptr (EbpfBtfWriter) writer = ebpf_btf_writer_new (btf->base);
  g_autofree guint32 *kept = NULL; /* by class: the type that stands for it */
  g_autofree guint32 *ids = NULL;
  Renumbering renumbering;
  guint32 next_id;

  if (!ebpf_btf_check_known (btf, error))
    return NULL;

  writer->has_layout = btf->layout.n_kinds > 0;
  dedup_init (&self, btf);
  find_classes (&self);

  /* The first stands for all, a definition before a declaration, the base's before others. */
  kept = g_new0 (guint32, self.n_classes);
  ids = g_new0 (guint32, self.n_classes);
  for (guint32 id = 1; id < self.n; id++)
    {
      guint32 *place = &kept[self.classes[id]];

      if (*place == 0 || (is_declaration (&self, *place) && !is_declaration (&self, id)))
        *place = id;
    }

  next_id = self.first_id;
  for (guint32 id = 1; id < self.n; id++)
    if (kept[self.classes[id]] == id)
      ids[self.classes[id]] = id < self.first_id ? id : next_id++;

  renumbering.classes = self.classes;
  renumbering.ids = ids;
  for (guint32 id = self.first_id; id < self.n; id++)
    if (kept[self.classes[id]] == id)
      ebpf_btf_writer_copy (writer, btf, peek (&self, id), renumber, &renumbering);

  if (new_ids != NULL)
    {
      *new_ids = g_new0 (guint32, MAX (self.n, 1));
      for (guint32 id = 1; id < self.n; id++)
        (*new_ids)[id] = renumber (id, &renumbering);
    }

  return ebpf_btf_writer_to_btf (writer, btf->byte_order, error);
}

/**
 * ebpf_btf_dedup:
 * @self: type information
 * @error: return location for an error
 *
 * Makes type information in which each type is there once.
 *
 * Types are the same that have the same name and the same content, down to what they refer to,
 * through any cycle. Declarations of structs, unions and enumerations become the definition of that
 * name, where all definitions are the same. Types of one name that are not the same stay apart, and
 * so does what refers to them. Variables and sections are left alone. Of what is split from a base,
 * types that the base has become the base's.
 *
 * The order of what stays is kept; strings that nothing refers to, such as those of the records of
 * `.BTF.ext`, are dropped.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set
 */
EbpfBtf *
ebpf_btf_dedup (EbpfBtf *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_btf_dedup_with_ids (self, NULL, error);
}

typedef struct
{
  guint32 first_id;
  guint32 offset;
} Shift;

static guint32
shift_id (guint32 id, gpointer user_data)
{
  const Shift *shift = user_data;

  return id < shift->first_id ? id : id + shift->offset;
}

/**
 * ebpf_btf_merge:
 * @btfs: (element-type EbpfBtf): type information, of one byte order; all without a base, or all
 *   split from the same one
 * @error: return location for an error
 *
 * Makes one of several, as of all objects of a program, with each type there once; see
 * [method@Btf.dedup].
 *
 * Returns: (transfer full): the type information, or %NULL with @error set
 */
EbpfBtf *
ebpf_btf_merge (GPtrArray *btfs, GError **error)
{
  g_autoptr (EbpfBtfWriter) writer = NULL;
  g_autoptr (EbpfBtf) all = NULL;
  EbpfBtf *first;
  guint64 size = 0;
  gboolean has_layout = FALSE;

  g_return_val_if_fail (btfs != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (btfs->len == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "there is no type information to be merged");
      return NULL;
    }

  first = g_ptr_array_index (btfs, 0);
  for (guint i = 0; i < btfs->len; i++)
    {
      EbpfBtf *btf = g_ptr_array_index (btfs, i);

      if (btf->base != first->base)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "number %u of the type information to be merged is not split from what "
                          "the first one is",
                          i + 1);
          return NULL;
        }
      if (btf->byte_order != first->byte_order)
        {
          ebpf_error_set (error, EBPF_ERROR_BYTE_ORDER, 0,
                          "number %u of the type information to be merged is not of the first "
                          "one's byte order",
                          i + 1);
          return NULL;
        }
      if (!ebpf_btf_check_known (btf, error))
        return NULL;
      has_layout = has_layout || btf->layout.n_kinds > 0;
      size += btf->bytes != NULL ? g_bytes_get_size (btf->bytes) : 0;
    }
  if (size > G_MAXINT32)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "the type information to be merged has %" G_GUINT64_FORMAT
                      " bytes, more than 2 GiB",
                      size);
      return NULL;
    }

  writer = ebpf_btf_writer_new (first->base);
  writer->has_layout = has_layout;
  for (guint i = 0; i < btfs->len; i++)
    {
      EbpfBtf *btf = g_ptr_array_index (btfs, i);
      Shift shift = { btf->first_id, writer->n_types };

      for (guint32 j = 0; j < btf->n_types; j++)
        ebpf_btf_writer_copy (writer, btf, ebpf_btf_peek (btf, btf->first_id + j), shift_id,
                              &shift);
    }

  all = ebpf_btf_writer_to_btf (writer, first->byte_order, error);
  return all != NULL ? ebpf_btf_dedup_with_ids (all, NULL, error) : NULL;
}
