/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-memory-private.h"

#include "btf/ebpf-btf-type.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/**
 * EbpfMemory:
 *
 * Memory of a map that programs and this process share: of an array made with the flag
 * `BPF_F_MMAPABLE`, or of an arena. See [method@Map.get_memory].
 *
 * Reading and writing take no system call. What programs write at the same time is seen in part,
 * unless it is one integer and read by [method@Memory.load]. The memory can be used for as long as
 * this object is there, also when the map was closed; it stands in the way of freezing the map.
 *
 * Every access is checked against [property@Memory:size].
 */
struct _EbpfMemory
{
  GObject parent_instance;

  char *what;
  guint8 *data;
  gsize size;
  gsize mapped_size;
  gboolean writable;
  gboolean holes;
};

typedef enum
{
  PROP_SIZE = 1,
  PROP_READ_ONLY,
  N_PROPS
} MemoryProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfMemory, ebpf_memory, G_TYPE_OBJECT)

static void
ebpf_memory_finalize (GObject *object)
{
  EbpfMemory *self = EBPF_MEMORY (object);

  if (self->data != NULL)
    munmap (self->data, self->mapped_size);
  g_free (self->what);

  G_OBJECT_CLASS (ebpf_memory_parent_class)->finalize (object);
}

static void
ebpf_memory_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfMemory *self = EBPF_MEMORY (object);

  switch ((MemoryProperty) prop_id)
    {
    case PROP_SIZE:
      g_value_set_uint64 (value, self->size);
      break;
    case PROP_READ_ONLY:
      g_value_set_boolean (value, !self->writable);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_memory_class_init (EbpfMemoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_memory_finalize;
  object_class->get_property = ebpf_memory_get_property;

  /**
   * EbpfMemory:size: (getter get_size)
   *
   * How many bytes there are.
   */
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * EbpfMemory:read-only: (getter get_read_only)
   *
   * Whether it can only be read: the map was frozen, or opened for reading.
   */
  properties[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, TRUE, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_memory_init (EbpfMemory *self)
{
  self->what = g_strdup ("");
}

EbpfMemory *
ebpf_memory_new (const char *what,
                 gpointer data,
                 gsize size,
                 gsize mapped_size,
                 gboolean writable,
                 gboolean holes)
{
  EbpfMemory *self = g_object_new (EBPF_TYPE_MEMORY, NULL);

  g_free (self->what);
  self->what = g_strdup (what);
  self->data = data;
  self->size = size;
  self->mapped_size = mapped_size;
  self->writable = writable;
  self->holes = holes;

  return self;
}

gpointer
ebpf_memory_peek_data (EbpfMemory *self)
{
  return self->data;
}

/**
 * ebpf_memory_get_size: (get-property size)
 * @self: a memory
 *
 * Gets how many bytes there are. Values of an array start at multiples of 8.
 *
 * Returns: bytes
 */
guint64
ebpf_memory_get_size (EbpfMemory *self)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), 0);

  return self->size;
}

/**
 * ebpf_memory_get_read_only: (get-property read-only)
 * @self: a memory
 *
 * Gets whether it can only be read.
 *
 * Returns: %FALSE where it can be written, too
 */
gboolean
ebpf_memory_get_read_only (EbpfMemory *self)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), TRUE);

  return !self->writable;
}

static gboolean
check (EbpfMemory *self, guint64 offset, guint64 size, gboolean writing, GError **error)
{
  if (offset > self->size || size > self->size - offset)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "memory of %s: %" G_GUINT64_FORMAT " bytes at offset %" G_GUINT64_FORMAT
                      " are outside of its %" G_GSIZE_FORMAT " bytes",
                      self->what, size, offset, self->size);
      return FALSE;
    }

  if (writing && !self->writable)
    {
      ebpf_error_set (error, EBPF_ERROR_READ_ONLY, 0, "memory of %s can only be read", self->what);
      return FALSE;
    }

  return TRUE;
}

/* By the kernel, which answers where a page is missing, rather than with a signal. */
static gboolean
copy_by_kernel (EbpfMemory *self,
                gpointer ours,
                guint64 offset,
                gsize size,
                gboolean writing,
                GError **error)
{
  struct iovec local = { ours, size };
  struct iovec remote = { self->data + offset, size };
  gssize n;

  if (size == 0)
    return TRUE;

  n = writing ? process_vm_writev (getpid (), &local, 1, &remote, 1, 0)
              : process_vm_readv (getpid (), &local, 1, &remote, 1, 0);
  if (n == (gssize) size)
    return TRUE;

  if (n >= 0)
    errno = EFAULT;
  if (errno == EFAULT)
    ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, EFAULT,
                    "memory of %s: no program has allocated all of the pages at offset "
                    "%" G_GUINT64_FORMAT " (EFAULT)",
                    self->what, offset);
  else
    ebpf_sys_set_error (error, errno, "reaching the memory of %s", self->what);
  return FALSE;
}

static gboolean
read_into (EbpfMemory *self, guint64 offset, gpointer data, gsize size, GError **error)
{
  if (!check (self, offset, size, FALSE, error))
    return FALSE;
  if (self->holes)
    return copy_by_kernel (self, data, offset, size, FALSE, error);

  if (size > 0)
    memcpy (data, self->data + offset, size);
  return TRUE;
}

static gboolean
write_from (EbpfMemory *self, guint64 offset, gconstpointer data, gsize size, GError **error)
{
  if (!check (self, offset, size, TRUE, error))
    return FALSE;
  if (self->holes)
    return copy_by_kernel (self, (gpointer) data, offset, size, TRUE, error);

  if (size > 0)
    memcpy (self->data + offset, data, size);
  return TRUE;
}

/**
 * ebpf_memory_read:
 * @self: a memory
 * @offset: where to start, in bytes
 * @size: how many bytes
 * @error: return location for an error
 *
 * Copies bytes out.
 *
 * Returns: (transfer full): the bytes, or %NULL with @error set
 */
GBytes *
ebpf_memory_read (EbpfMemory *self, guint64 offset, gsize size, GError **error)
{
  g_autofree guint8 *data = NULL;

  g_return_val_if_fail (EBPF_IS_MEMORY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  /* Before anything is allocated. */
  if (!check (self, offset, size, FALSE, error))
    return NULL;

  data = g_try_malloc (MAX (size, 1));
  if (data == NULL)
    {
      ebpf_sys_set_error (error, ENOMEM, "copying %" G_GSIZE_FORMAT " bytes of the memory of %s",
                          size, self->what);
      return NULL;
    }
  if (!read_into (self, offset, data, size, error))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&data), size);
}

/**
 * ebpf_memory_write:
 * @self: a memory
 * @offset: where to start, in bytes
 * @bytes: what to write
 * @error: return location for an error
 *
 * Copies bytes in: all of them, or none.
 *
 * Returns: whether they were written
 */
gboolean
ebpf_memory_write (EbpfMemory *self, guint64 offset, GBytes *bytes, GError **error)
{
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (EBPF_IS_MEMORY (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  data = g_bytes_get_data (bytes, &size);

  return write_from (self, offset, data, size, error);
}

/**
 * ebpf_memory_read_variant:
 * @self: a memory
 * @offset: where the value starts, in bytes
 * @type: its type
 * @error: return location for an error
 *
 * Reads a value.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_memory_read_variant (EbpfMemory *self, guint64 offset, EbpfBtfType *type, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (EBPF_IS_MEMORY (self), NULL);
  g_return_val_if_fail (type != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  bytes = ebpf_memory_read (self, offset, (gsize) MAX (ebpf_btf_type_get_size (type), 0), error);

  return bytes != NULL ? ebpf_btf_type_to_variant (type, bytes, error) : NULL;
}

/**
 * ebpf_memory_write_variant:
 * @self: a memory
 * @offset: where the value starts, in bytes
 * @type: its type
 * @value: the value
 * @error: return location for an error
 *
 * Writes a value.
 *
 * Returns: whether it was written
 */
gboolean
ebpf_memory_write_variant (EbpfMemory *self,
                           guint64 offset,
                           EbpfBtfType *type,
                           GVariant *value,
                           GError **error)
{
  g_autoptr (GVariant) held = value;
  g_autoptr (GBytes) bytes = NULL;

  if (held != NULL)
    g_variant_ref_sink (held);
  g_return_val_if_fail (EBPF_IS_MEMORY (self), FALSE);
  g_return_val_if_fail (type != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  bytes = ebpf_btf_type_from_variant (type, value, error);

  return bytes != NULL && ebpf_memory_write (self, offset, bytes, error);
}

/* Atomics */

typedef enum
{
  OP_LOAD,
  OP_STORE,
  OP_ADD,
  OP_EXCHANGE,
  OP_COMPARE_EXCHANGE
} Op;

/* *previous: what was there. */
#define OPERATE(type)                                                                              \
  G_STMT_START                                                                                     \
  {                                                                                                \
    type *place = (type *) (gpointer) (self->data + offset);                                       \
    type wanted = (type) expected;                                                                 \
                                                                                                   \
    switch (op)                                                                                    \
      {                                                                                            \
      case OP_LOAD:                                                                                \
        *previous = __atomic_load_n (place, __ATOMIC_SEQ_CST);                                     \
        break;                                                                                     \
      case OP_STORE:                                                                               \
        __atomic_store_n (place, (type) value, __ATOMIC_SEQ_CST);                                  \
        break;                                                                                     \
      case OP_ADD:                                                                                 \
        *previous = __atomic_fetch_add (place, (type) value, __ATOMIC_SEQ_CST);                    \
        break;                                                                                     \
      case OP_EXCHANGE:                                                                            \
        *previous = __atomic_exchange_n (place, (type) value, __ATOMIC_SEQ_CST);                   \
        break;                                                                                     \
      case OP_COMPARE_EXCHANGE:                                                                    \
      default:                                                                                     \
        __atomic_compare_exchange_n (place, &wanted, (type) value, FALSE, __ATOMIC_SEQ_CST,        \
                                     __ATOMIC_SEQ_CST);                                            \
        *previous = wanted;                                                                        \
        break;                                                                                     \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

static gboolean
operate (EbpfMemory *self,
         Op op,
         guint64 offset,
         guint size,
         guint64 expected,
         guint64 value,
         guint64 *previous,
         GError **error)
{
  guint64 ignored;
  guint8 probe;

  if (previous == NULL)
    previous = &ignored;

  if ((size != 1 && size != 2 && size != 4 && size != 8) || offset % size != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "memory of %s: atomic are integers of 1, 2, 4 and 8 bytes at multiples of "
                      "their size, not %u bytes at offset %" G_GUINT64_FORMAT,
                      self->what, size, offset);
      return FALSE;
    }
  if (!check (self, offset, size, op != OP_LOAD, error))
    return FALSE;
  if (self->holes && !copy_by_kernel (self, &probe, offset, 1, FALSE, error))
    return FALSE;

  switch (size)
    {
    case 1:
      OPERATE (guint8);
      break;
    case 2:
      OPERATE (guint16);
      break;
    case 4:
      OPERATE (guint32);
      break;
    default:
      OPERATE (guint64);
      break;
    }

  return TRUE;
}

/**
 * ebpf_memory_load:
 * @self: a memory
 * @offset: where the integer is, a multiple of @size
 * @size: its bytes: 1, 2, 4 or 8
 * @value: (out): what is there
 * @error: return location for an error
 *
 * Reads an integer at once.
 *
 * Returns: whether it was read
 */
gboolean
ebpf_memory_load (EbpfMemory *self, guint64 offset, guint size, guint64 *value, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  *value = 0;
  return operate (self, OP_LOAD, offset, size, 0, 0, value, error);
}

/**
 * ebpf_memory_store:
 * @self: a memory
 * @offset: where the integer is, a multiple of @size
 * @size: its bytes: 1, 2, 4 or 8
 * @value: what to write; what does not fit is cut off
 * @error: return location for an error
 *
 * Writes an integer at once.
 *
 * Returns: whether it was written
 */
gboolean
ebpf_memory_store (EbpfMemory *self, guint64 offset, guint size, guint64 value, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return operate (self, OP_STORE, offset, size, 0, value, NULL, error);
}

/**
 * ebpf_memory_add:
 * @self: a memory
 * @offset: where the integer is, a multiple of @size
 * @size: its bytes: 1, 2, 4 or 8
 * @value: what to add; the sum wraps around
 * @previous: (out) (optional): what was there
 * @error: return location for an error
 *
 * Adds to an integer at once.
 *
 * Returns: whether it was done
 */
gboolean
ebpf_memory_add (EbpfMemory *self,
                 guint64 offset,
                 guint size,
                 guint64 value,
                 guint64 *previous,
                 GError **error)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (previous != NULL)
    *previous = 0;
  return operate (self, OP_ADD, offset, size, 0, value, previous, error);
}

/**
 * ebpf_memory_exchange:
 * @self: a memory
 * @offset: where the integer is, a multiple of @size
 * @size: its bytes: 1, 2, 4 or 8
 * @value: what to write
 * @previous: (out) (optional): what was there
 * @error: return location for an error
 *
 * Replaces an integer at once, for instance to read a counter and start it anew.
 *
 * Returns: whether it was done
 */
gboolean
ebpf_memory_exchange (EbpfMemory *self,
                      guint64 offset,
                      guint size,
                      guint64 value,
                      guint64 *previous,
                      GError **error)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (previous != NULL)
    *previous = 0;
  return operate (self, OP_EXCHANGE, offset, size, 0, value, previous, error);
}

/**
 * ebpf_memory_compare_exchange:
 * @self: a memory
 * @offset: where the integer is, a multiple of @size
 * @size: its bytes: 1, 2, 4 or 8
 * @expected: what has to be there
 * @value: what to write then
 * @previous: (out) (optional): what was there: @expected where it was written
 * @error: return location for an error
 *
 * Replaces an integer at once, if it is what one thinks.
 *
 * Returns: whether it was tried
 */
gboolean
ebpf_memory_compare_exchange (EbpfMemory *self,
                              guint64 offset,
                              guint size,
                              guint64 expected,
                              guint64 value,
                              guint64 *previous,
                              GError **error)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (previous != NULL)
    *previous = 0;
  return operate (self, OP_COMPARE_EXCHANGE, offset, size, expected, value, previous, error);
}

/**
 * ebpf_memory_peek: (skip)
 * @self: a memory
 * @offset: where to start, in bytes
 * @size: how many bytes have to be there
 * @error: return location for an error
 *
 * Gets a pointer to the memory itself, for C. It must not be written where the memory is
 * [property@Memory:read-only], and in an arena made with `BPF_F_SEGV_ON_FAULT` only pages that a
 * program has allocated may be touched.
 *
 * Returns: (transfer none): the address, or %NULL with @error set
 */
gpointer
ebpf_memory_peek (EbpfMemory *self, guint64 offset, gsize size, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return check (self, offset, size, FALSE, error) ? self->data + offset : NULL;
}

/**
 * ebpf_memory_peek_object: (skip)
 * @self: a memory
 * @offset: where the object starts, in bytes
 * @size: its bytes
 * @alignment: what its address has to be a multiple of, a power of two
 * @writing: whether it is to be written
 * @error: return location for an error
 *
 * Gets a pointer to an object in the memory, for C, after checking that it can be one: see
 * EBPF_MEMORY_PEEK().
 *
 * Returns: (transfer none): the address, or %NULL with @error set: %EBPF_ERROR_READ_ONLY where the
 * memory can only be read
 */
gpointer
ebpf_memory_peek_object (EbpfMemory *self,
                         guint64 offset,
                         gsize size,
                         gsize alignment,
                         gboolean writing,
                         GError **error)
{
  g_return_val_if_fail (EBPF_IS_MEMORY (self), NULL);
  g_return_val_if_fail (alignment != 0 && (alignment & (alignment - 1)) == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check (self, offset, size, writing, error))
    return NULL;
  if (((guintptr) self->data + (guintptr) offset) % alignment != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "memory of %s: what is aligned to %" G_GSIZE_FORMAT
                      " bytes is not at offset %" G_GUINT64_FORMAT,
                      self->what, alignment, offset);
      return NULL;
    }

  return self->data + offset;
}
