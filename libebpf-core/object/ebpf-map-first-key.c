/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-struct-private.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Keys of this many bytes are all tried, longer ones at random. */
#define MAX_TRIED_SIZE 1
#define N_RANDOM 64u

static int
call (EbpfMap *self, EbpfSysCommand command, gconstpointer key, gpointer value)
{
  EbpfSysMapElem attr;

  memset (&attr, 0, sizeof attr);
  attr.map_fd = (guint32) g_atomic_int_get (&self->fd);
  attr.key = EBPF_PTR_TO_U64 (key);
  attr.value = EBPF_PTR_TO_U64 (value);

  return ebpf_sys_bpf (command, &attr, sizeof attr) == 0 ? 0 : errno;
}

/* @nowhere: a page that cannot be written: so the answer for a key that is there is EFAULT, and no
 * buffer for its value is needed. */
static gboolean
is_missing (EbpfMap *self, gconstpointer key, gpointer nowhere)
{
  return call (self, EBPF_SYS_MAP_LOOKUP_ELEM, key, nowhere) == ENOENT;
}

static gboolean
find_missing_key (EbpfMap *self, guint8 *key, gpointer nowhere)
{
  static const guint8 patterns[] = { 0x00, 0xff, 0x55 };

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      memset (key, patterns[i], self->key_size);
      if (is_missing (self, key, nowhere))
        return TRUE;
    }

  for (guint i = 0; i < (self->key_size <= MAX_TRIED_SIZE ? 256 : N_RANDOM); i++)
    {
      for (guint j = 0; j < self->key_size; j++)
        key[j] = (guint8) (self->key_size <= MAX_TRIED_SIZE ? i : g_random_int ());
      if (is_missing (self, key, nowhere))
        return TRUE;
    }

  return FALSE;
}

int
ebpf_map_find_first_key (EbpfMap *self, gpointer first)
{
  const gsize page_size = (gsize) sysconf (_SC_PAGESIZE);
  g_autofree guint8 *key = NULL;
  gpointer nowhere;
  int errsv;

  if (self->key_size == 0)
    return EFAULT;

  nowhere = mmap (NULL, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (nowhere == MAP_FAILED)
    return errno;

  key = g_malloc (self->key_size);
  errsv = find_missing_key (self, key, nowhere) ? call (self, EBPF_SYS_MAP_GET_NEXT_KEY, key, first)
                                                : EUSERS;
  munmap (nowhere, page_size);

  return errsv;
}
