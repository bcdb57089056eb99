/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-struct-private.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/**
 * ebpf_map_freeze:
 * @self: a map
 * @error: return location for an error
 *
 * Makes the map constant for user space, for good (Linux 5.2). Programs can still change it,
 * unless it was made with [flags@MapFlags.RDONLY_PROG]. A map that is frozen already stays so.
 *
 * Returns: whether the map is frozen
 */
gboolean
ebpf_map_freeze (EbpfMap *self, GError **error)
{
  g_autofree char *what = NULL;
  const char *hint = NULL;
  EbpfSysMapElem attr;
  guint64 frozen = 0;
  EbpfError code;
  int fd, errsv;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  fd = ebpf_map_check_open (self, error);
  if (fd < 0)
    return FALSE;
  if (ebpf_map_is_frozen (self))
    return TRUE;

  memset (&attr, 0, sizeof attr);
  attr.map_fd = (guint32) fd;
  if (ebpf_sys_bpf (EBPF_SYS_MAP_FREEZE, &attr, sizeof attr) == 0)
    {
      ebpf_map_set_frozen (self);
      return TRUE;
    }

  errsv = errno;
  if (errsv == EBUSY && ebpf_map_read_fdinfo (fd, "frozen", &frozen) && frozen != 0)
    {
      ebpf_map_set_frozen (self);
      return TRUE;
    }

  code = ebpf_sys_error_code (errsv);
  if (errsv == EINVAL && ebpf_sys_get_kernel_version_code () < EBPF_SYS_KERNEL_VERSION (5, 2, 0))
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = "freezing maps came with Linux 5.2";
    }
  else if (errsv == EBUSY)
    hint = "somebody has its memory mapped for writing";
  else if (errsv == ENOTSUP || errsv == 524)
    hint = "maps of this type cannot be frozen";
  what = ebpf_map_describe (self);
  ebpf_sys_set_error_with_hint (error, code, errsv, hint, "freezing %s", what);

  return FALSE;
}

/* The kernel does not give pages of such an arena that no program has allocated. */
#define SEGV_ON_FAULT (1u << 17)

/* The kernel lets arrays and arenas be mapped. An arena is memory alone: it has no values, and its
 * entries are pages. */
gboolean
ebpf_map_is_arena (EbpfMap *self)
{
  return (self->map_flags & EBPF_MAP_FLAGS_MMAPABLE) != 0 && self->value_size == 0 &&
         self->key_size == 0 && self->max_entries > 0;
}

guint32
ebpf_map_peek_data_offset (EbpfMap *self)
{
  return self->data_offset;
}

void
ebpf_map_place_data (EbpfMap *self, EbpfMapSpec *spec)
{
  const guint64 page_size = (guint64) sysconf (_SC_PAGESIZE);
  guint64 size = self->max_entries * page_size, needed = 0;

  if (!ebpf_map_is_arena (self) || ebpf_map_spec_get_n_contents (spec) == 0)
    return;

  if (ebpf_map_spec_get_content_value (spec, 0) != NULL)
    needed = g_bytes_get_size (ebpf_map_spec_get_content_value (spec, 0));
  needed = (needed + page_size - 1) / page_size * page_size;

  if (needed > 0 && needed <= size && size - needed <= G_MAXUINT32 &&
      ebpf_sys_has_feature (EBPF_FEATURE_FULL_RANGE_OFFSET))
    self->data_offset = (guint32) (size - needed);
}

gboolean
ebpf_map_fill_arena (EbpfMap *self, GBytes *contents, GError **error)
{
  gpointer memory;
  gsize size;

  memory = ebpf_map_peek_memory (self, &size, NULL, error);
  if (memory == NULL)
    return FALSE;

  if (contents != NULL && g_bytes_get_size (contents) > size)
    {
      g_autofree char *what = ebpf_map_describe (self);

      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "%s has %" G_GSIZE_FORMAT " bytes (max_entries is its number of pages), and "
                      "its variables have %" G_GSIZE_FORMAT,
                      what, size, g_bytes_get_size (contents));
      return FALSE;
    }

  /* Each page that is written to comes into being. */
  if (contents != NULL && g_bytes_get_size (contents) > 0)
    memcpy ((guint8 *) memory + self->data_offset, g_bytes_get_data (contents, NULL),
            g_bytes_get_size (contents));

  return TRUE;
}

static EbpfMemory *
map_memory (EbpfMap *self, int fd, GError **error)
{
  const gsize page_size = (gsize) sysconf (_SC_PAGESIZE);
  g_autofree char *what = ebpf_map_describe (self);
  guint64 size = ebpf_map_driver_get_memory_size (self->driver, self);
  gboolean writable = !ebpf_map_is_frozen (self);
  /* An arena that was given an address can be nowhere else: programs have it in their pointers. */
  gpointer address = ebpf_map_is_arena (self) ? (gpointer) (guintptr) self->map_extra : NULL;
  int flags = address != NULL ? MAP_SHARED | MAP_FIXED_NOREPLACE : MAP_SHARED;
  gpointer memory = MAP_FAILED;
  gsize mapped_size;

  if (size == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "%s cannot be mapped into memory: it is no array made with the flag "
                      "BPF_F_MMAPABLE",
                      what);
      return NULL;
    }

  if (size > G_MAXSIZE - page_size)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "%s: %" G_GUINT64_FORMAT " bytes are more than fits into an address space",
                      what, size);
      return NULL;
    }
  mapped_size = ((gsize) size + page_size - 1) & ~(page_size - 1);

  if (writable)
    memory = mmap (address, mapped_size, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (memory == MAP_FAILED && (!writable || errno == EPERM || errno == EACCES))
    {
      writable = FALSE;
      memory = mmap (address, mapped_size, PROT_READ, flags, fd, 0);
    }
  if (memory == MAP_FAILED)
    {
      ebpf_sys_set_error (error, errno, "mapping %s (%" G_GUINT64_FORMAT " bytes) into memory",
                          what, size);
      return NULL;
    }

  return ebpf_memory_new (what, memory, (gsize) size, mapped_size, writable,
                          (self->map_flags & SEGV_ON_FAULT) != 0);
}

gpointer
ebpf_map_peek_memory (EbpfMap *self, gsize *size, gboolean *writable, GError **error)
{
  gpointer memory = NULL;
  int fd;

  g_mutex_lock (&self->lock);

  fd = ebpf_map_check_open (self, error);
  if (fd >= 0 && self->memory == NULL)
    self->memory = map_memory (self, fd, error);
  if (fd >= 0 && self->memory != NULL)
    {
      memory = ebpf_memory_peek_data (self->memory);
      if (size != NULL)
        *size = (gsize) ebpf_memory_get_size (self->memory);
      if (writable != NULL)
        *writable = !ebpf_memory_get_read_only (self->memory);
    }

  g_mutex_unlock (&self->lock);

  return memory;
}

void
ebpf_map_unmap_memory (EbpfMap *self)
{
  g_clear_object (&self->memory);
}

/**
 * ebpf_map_get_memory:
 * @self: a map: an array made with [flags@MapFlags.MMAPABLE] (Linux 5.5), or an arena (Linux 6.9)
 * @error: return location for an error
 *
 * Maps the map into memory; a second call gives the same. Where the kernel does not let it be
 * written, it can only be read.
 *
 * An arena is mapped where its [property@Map:map-extra] says, so that pointers in it are good.
 *
 * Returns: (transfer full): the memory, or %NULL with @error set: %EBPF_ERROR_NOT_SUPPORTED where
 * such a map cannot be mapped
 */
EbpfMemory *
ebpf_map_get_memory (EbpfMap *self, GError **error)
{
  EbpfMemory *memory = NULL;
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_mutex_lock (&self->lock);

  fd = ebpf_map_check_open (self, error);
  if (fd >= 0 && self->memory == NULL)
    self->memory = map_memory (self, fd, error);
  if (fd >= 0 && self->memory != NULL)
    memory = g_object_ref (self->memory);

  g_mutex_unlock (&self->lock);

  return memory;
}
