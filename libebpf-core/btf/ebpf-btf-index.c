/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

#include <string.h>
#include <sys/mman.h>

/* Types are found by name through hash tables in two flat arrays each. Of a kernel's 126,000 types
 * 71,000 have names, and 56,000 of these are functions, which few ask for: those have a table of
 * their own. Both together take 400 KiB. */

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

static inline guint32
group_of (EbpfBtf *self, const EbpfBtfIndex *index, guint32 name_offset)
{
  const char *name = ebpf_btf_peek_name (self, name_offset);

  /* A split blob's name may be among the base's strings. */
  const char *end = name_offset >= self->strings_start ? self->strings + self->strings_length
                                                       : name + strlen (name) + 1;

  return hash_name (name, end) >> index->shift;
}

/* Much memory for a moment comes from the kernel and goes back there: on the heap it would stay. Both
 * functions are given the same size. */
#define MAPPED_SIZE (32 * 1024)

static gpointer
take_scratch (gsize size)
{
  gpointer scratch;

  if (size < MAPPED_SIZE)
    return g_malloc (size);

  scratch =
      mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (scratch == MAP_FAILED)
    g_error ("no memory for %" G_GSIZE_FORMAT " bytes", size);

  return scratch;
}

static void
give_back_scratch (gpointer scratch, gsize size)
{
  if (size < MAPPED_SIZE)
    g_free (scratch);
  else
    munmap (scratch, size);
}

static EbpfBtfIndex *
make_index (EbpfBtf *self, gboolean functions)
{
  guint32 n_named = functions ? self->n_named_functions : self->n_named_types;
  EbpfBtfIndex *index = g_new0 (EbpfBtfIndex, 1);
  const gsize scratch_size = 2 * ((gsize) n_named + 1) * sizeof (guint32);
  guint32 *named = take_scratch (scratch_size);
  guint32 *groups = named + n_named + 1;
  guint32 n_groups, i, n, total;
  gint bits;

  /* Two names a group: comparing one more costs less than touching a larger table. */
  bits = CLAMP ((gint) g_bit_storage (n_named / 2) - 1, 1, 28);
  n_groups = 1u << bits;
  index->shift = 32 - bits;
  index->ends = g_new0 (guint32, n_groups);
  index->ids = g_new (guint32, MAX (n_named, 1));

  /* No branch, as none could be predicted; the last place takes what is not wanted at the end. */
  for (i = 0, n = 0; i < self->n_types; i++)
    {
      const struct btf_type *type = ebpf_btf_type_at (self, i);

      named[n] = i;
      n += (type->name_off != 0) & ((ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FUNC) == functions);
    }

  /* Counting sort: sizes, then starts, then ids put at the starts, which thereby become ends. */
  for (i = 0; i < n_named; i++)
    {
      groups[i] = group_of (self, index, ebpf_btf_type_at (self, named[i])->name_off);
      index->ends[groups[i]]++;
    }

  for (i = 0, total = 0; i < n_groups; i++)
    {
      guint32 count = index->ends[i];

      index->ends[i] = total;
      total += count;
    }

  for (i = 0; i < n_named; i++)
    index->ids[index->ends[groups[i]]++] = self->first_id + named[i];

  give_back_scratch (named, scratch_size);
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

typedef struct
{
  const guint32 *ids;
  guint32 n_ids;
} Group;

static Group
find_group (EbpfBtf *self, const char *name, gboolean functions)
{
  EbpfBtfIndex **slot = functions ? &self->function_index : &self->type_index;
  guint32 i, start;
  Group group;

  if (g_once_init_enter (slot))
    g_once_init_leave (slot, make_index (self, functions));

  i = hash_name (name, name + strlen (name) + 1) >> (*slot)->shift;
  start = i == 0 ? 0 : (*slot)->ends[i - 1];
  group.ids = (*slot)->ids + start;
  group.n_ids = (*slot)->ends[i] - start;
  return group;
}

static guint32
lookup (EbpfBtf *self, const char *name, guint kind, gboolean functions)
{
  Group group = find_group (self, name, functions);
  guint32 i;

  for (i = 0; i < group.n_ids; i++)
    {
      const struct btf_type *type = ebpf_btf_peek (self, group.ids[i]);

      if ((kind == EBPF_BTF_KIND_VOID || ebpf_btf_kind_of (type) == kind) &&
          strcmp (ebpf_btf_name_of (self, type), name) == 0)
        return group.ids[i];
    }

  return 0;
}

guint32
ebpf_btf_lookup (EbpfBtf *self, const char *name, guint kind)
{
  guint32 id = 0;

  if (name == NULL || name[0] == '\0')
    return 0;

  if (self->base != NULL)
    id = ebpf_btf_lookup (self->base, name, kind);
  if (id == 0 && kind != EBPF_BTF_KIND_FUNC)
    id = lookup (self, name, kind, FALSE);
  if (id == 0 && (kind == EBPF_BTF_KIND_FUNC || kind == EBPF_BTF_KIND_VOID))
    id = lookup (self, name, kind, TRUE);

  return id;
}

static gboolean
foreach_named (EbpfBtf *self,
               EbpfBtf *of,
               const char *name,
               gboolean functions,
               EbpfBtfIdFunc func,
               gpointer user_data)
{
  Group group;
  guint32 i;

  if (of->base != NULL && !foreach_named (self, of->base, name, functions, func, user_data))
    return FALSE;

  group = find_group (of, name, functions);
  for (i = 0; i < group.n_ids; i++)
    if (strcmp (ebpf_btf_name_of (of, ebpf_btf_peek (of, group.ids[i])), name) == 0 &&
        !func (self, group.ids[i], user_data))
      return FALSE;

  return TRUE;
}

void
ebpf_btf_foreach_named (EbpfBtf *self, const char *name, EbpfBtfIdFunc func, gpointer user_data)
{
  if (name != NULL && name[0] != '\0' && foreach_named (self, self, name, FALSE, func, user_data))
    foreach_named (self, self, name, TRUE, func, user_data);
}

void
ebpf_btf_foreach_type_named (EbpfBtf *self,
                             const char *name,
                             EbpfBtfIdFunc func,
                             gpointer user_data)
{
  if (name != NULL && name[0] != '\0')
    foreach_named (self, self, name, FALSE, func, user_data);
}
