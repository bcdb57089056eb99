/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

#include <string.h>

/* Types are found by name through a hash table in two flat arrays. For a kernel's 126,000 types, of
 * which 71,000 have names, that is 400 KiB, made in about a millisecond. */

#define LOW_BITS G_GUINT64_CONSTANT (0x0101010101010101)
#define HIGH_BITS G_GUINT64_CONSTANT (0x8080808080808080)

static inline guint32
mix (guint64 hash, guint64 word)
{
  hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return (guint32) (hash >> 32);
}

/* Eight bytes at a time; @end is where the strings end, past which nothing may be read. */
static inline guint32
hash_name (const char *name, const char *end)
{
  guint64 hash = 0;

  for (;;)
    {
      guint64 word, zeros;

      if (G_LIKELY (end - name >= 8))
        {
          memcpy (&word, name, sizeof word);
          word = GUINT64_FROM_LE (word);
        }
      else
        {
          gsize i;

          word = 0;
          for (i = 0; name + i < end && name[i] != '\0'; i++)
            word |= (guint64) (guint8) name[i] << (8 * i);
        }

      zeros = (word - LOW_BITS) & ~word & HIGH_BITS;
      if (zeros != 0)
        {
          /* Only what comes before the first zero byte counts. */
          word &= (zeros & -zeros) - 1;
          return mix (hash, word);
        }

      hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash ^= hash >> 29;
      name += 8;
    }
}

static inline const struct btf_type *
type_at (EbpfBtf *self, guint32 i)
{
  return (gconstpointer) (self->types + self->offsets[i]);
}

static inline guint32
group_of (EbpfBtf *self, const EbpfBtfIndex *index, guint32 name_offset)
{
  const char *name = ebpf_btf_peek_name (self, name_offset);

  /* A split blob's name may be among the base's strings. */
  const char *end = name_offset >= self->strings_start ? self->strings + self->strings_length
                                                       : name + strlen (name) + 1;

  return hash_name (name, end) >> index->shift;
}

EbpfBtfIndex *
ebpf_btf_index_new (EbpfBtf *self)
{
  EbpfBtfIndex *index = g_new0 (EbpfBtfIndex, 1);
  guint32 n_named = 0, n_groups, i, total;
  gint bits;

  for (i = 0; i < self->n_types; i++)
    n_named += type_at (self, i)->name_off != 0;

  /* Two or more names a group: comparing one more costs less than touching a larger table. */
  bits = CLAMP ((gint) g_bit_storage (n_named / 2) - 1, 1, 28);
  n_groups = 1u << bits;
  index->shift = 32 - bits;

  index->ends = g_new0 (guint32, n_groups);
  index->ids = g_new (guint32, MAX (n_named, 1));

  /* Counting sort: sizes, then starts, then ids put at the starts, which thereby become ends. */
  for (i = 0; i < self->n_types; i++)
    if (type_at (self, i)->name_off != 0)
      index->ends[group_of (self, index, type_at (self, i)->name_off)]++;

  for (i = 0, total = 0; i < n_groups; i++)
    {
      guint32 count = index->ends[i];

      index->ends[i] = total;
      total += count;
    }

  for (i = 0; i < self->n_types; i++)
    if (type_at (self, i)->name_off != 0)
      index->ids[index->ends[group_of (self, index, type_at (self, i)->name_off)]++] =
          self->first_id + i;

  return index;
}

void
ebpf_btf_index_free (EbpfBtfIndex *index)
{
  if (index == NULL)
    return;

  g_free (index->ends);
  g_free (index->ids);
  g_free (index);
}

static EbpfBtfIndex *
get_index (EbpfBtf *self)
{
  if (g_once_init_enter (&self->index))
    g_once_init_leave (&self->index, ebpf_btf_index_new (self));

  return self->index;
}

typedef struct
{
  const guint32 *ids;
  guint32 n_ids;
} Group;

static Group
find_group (EbpfBtf *self, const char *name)
{
  const EbpfBtfIndex *index = get_index (self);
  guint32 i = hash_name (name, name + strlen (name) + 1) >> index->shift;
  guint32 start = i == 0 ? 0 : index->ends[i - 1];
  Group group = { index->ids + start, index->ends[i] - start };

  return group;
}

guint32
ebpf_btf_lookup (EbpfBtf *self, const char *name, guint kind)
{
  Group group;
  guint32 i;

  if (name == NULL || name[0] == '\0')
    return 0;

  if (self->base != NULL)
    {
      guint32 id = ebpf_btf_lookup (self->base, name, kind);

      if (id != 0)
        return id;
    }

  group = find_group (self, name);
  for (i = 0; i < group.n_ids; i++)
    {
      const struct btf_type *type = ebpf_btf_peek (self, group.ids[i]);

      if ((kind == EBPF_BTF_KIND_VOID || ebpf_btf_kind_of (type) == kind) &&
          strcmp (ebpf_btf_name_of (self, type), name) == 0)
        return group.ids[i];
    }

  return 0;
}

static gboolean
foreach_named (EbpfBtf *self, EbpfBtf *of, const char *name, EbpfBtfIdFunc func, gpointer user_data)
{
  Group group;
  guint32 i;

  if (of->base != NULL && !foreach_named (self, of->base, name, func, user_data))
    return FALSE;

  group = find_group (of, name);
  for (i = 0; i < group.n_ids; i++)
    if (strcmp (ebpf_btf_name_of (of, ebpf_btf_peek (of, group.ids[i])), name) == 0 &&
        !func (self, group.ids[i], user_data))
      return FALSE;

  return TRUE;
}

void
ebpf_btf_foreach_named (EbpfBtf *self, const char *name, EbpfBtfIdFunc func, gpointer user_data)
{
  if (name != NULL && name[0] != '\0')
    foreach_named (self, self, name, func, user_data);
}
