/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libFuzzer: any instructions, relocations, and types on both sides. What comes out must be
 * instructions or an error, and the same when it is done again.
 *
 * The input is, in little-endian words: the size of the object's type information, the number of
 * instructions, the number of relocations; then the relocations, the instructions, the object's type
 * information and the target's. Without the last the object is its own target. */

#include "base/ebpf-error.h"
#include "btf/ebpf-core-relocation-private.h"
#include "btf/ebpf-core-spec-private.h"

#include <string.h>

#define MAX_INSNS 64
#define MAX_RELOS 32

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gboolean
take (const guint8 **data, gsize *size, gpointer to, gsize length)
{
  if (*size < length)
    return FALSE;

  if (length > 0)
    memcpy (to, *data, length);
  *data += length;
  *size -= length;
  return TRUE;
}

static EbpfBtf *
parse (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  return ebpf_btf_new_from_bytes (bytes, NULL, NULL);
}

static gboolean
relocate (EbpfCoreCache *cache,
          const EbpfInsn *insns,
          gsize n_insns,
          const EbpfCoreRelo *relos,
          gsize n_relos,
          EbpfInsn **result)
{
  g_autoptr (GError) error = NULL;

  /* A block of just this size, so that a write past it is seen. */
  *result = g_memdup2 (insns, n_insns * sizeof *insns);
  if (ebpf_core_relocate (cache, *result, n_insns, relos, n_relos, &error))
    return TRUE;

  g_assert (error != NULL && error->domain == EBPF_ERROR && error->message[0] != '\0');
  return FALSE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  guint32 words[3];
  EbpfInsn insns[MAX_INSNS];
  EbpfCoreRelo relos[MAX_RELOS];
  g_autofree EbpfInsn *first = NULL;
  g_autofree EbpfInsn *second = NULL;
  g_autoptr (EbpfBtf) local = NULL;
  g_autoptr (EbpfBtf) target = NULL;
  g_autoptr (GPtrArray) targets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (EbpfCoreCache) cache = NULL;
  gsize n_insns, n_relos, i;
  gboolean done;

  if (!take (&data, &size, words, sizeof words))
    return 0;
  n_insns = words[1] % (MAX_INSNS + 1);
  n_relos = words[2] % (MAX_RELOS + 1);
  if (!take (&data, &size, relos, n_relos * sizeof *relos) ||
      !take (&data, &size, insns, n_insns * sizeof *insns) || words[0] > size)
    return 0;

  local = parse (data, words[0]);
  if (local == NULL)
    return 0;
  target = parse (data + words[0], size - words[0]);
  g_ptr_array_add (targets, target != NULL ? g_object_ref (target) : g_object_ref (local));

  cache = ebpf_core_cache_new (local, targets);
  done = relocate (cache, insns, n_insns, relos, n_relos, &first);
  g_assert (relocate (cache, insns, n_insns, relos, n_relos, &second) == done);
  g_assert (!done || memcmp (first, second, n_insns * sizeof *insns) == 0);

  for (i = 0; i < n_relos; i++)
    {
      g_autofree char *text = ebpf_core_relo_describe (local, &relos[i]);

      g_assert (text != NULL);
    }
  for (i = 1; i < MIN (ebpf_btf_get_n_types (local), 16); i++)
    {
      EbpfBtf *other = targets->pdata[0];
      guint n = ebpf_btf_get_n_types (other);

      ebpf_core_types_compatible (local, i, other, i % n);
      ebpf_core_types_match (local, i, other, i % n);
      ebpf_core_fields_compatible (local, i, other, i % n);
    }

  return 0;
}
