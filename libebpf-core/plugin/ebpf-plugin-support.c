/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/ebpf-plugin-support.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "sys/ebpf-kernel-symbols-private.h"
#include "sys/ebpf-perf-event-private.h"
#include "sys/ebpf-sys-private.h"

/**
 * ebpf_plugin_set_error: (skip)
 * @error: return location for an error
 * @code: the error's code
 * @errsv: the errno with which the kernel answered, or 0
 * @format: printf format of the message
 * @...: its arguments
 *
 * Sets an error of the library's domain, for plug-ins.
 */
void
ebpf_plugin_set_error (GError **error, EbpfError code, int errsv, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_error_set (error, code, errsv, "%s", message);
}

/**
 * ebpf_plugin_set_system_error: (skip)
 * @error: return location for an error
 * @errsv: the errno with which the kernel answered
 * @format: printf format of what was being done to which object
 * @...: its arguments
 *
 * Sets an error from a failed system call, for plug-ins: the code follows from the errno, and what
 * the kernel answered is added to the message.
 */
void
ebpf_plugin_set_system_error (GError **error, int errsv, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_sys_set_error (error, errsv, "%s", message);
}

/**
 * ebpf_plugin_open_bpf_output: (skip)
 * @cpu: a CPU
 * @wakeup_events: number of records after which the descriptor polls readable, or 0
 * @wakeup_bytes: number of bytes after which it does, or 0; one of the two must be 0. Where both
 * are, every record wakes
 * @error: return location for an error; one with the errno ENODEV where the CPU is not online
 *
 * Opens the perf event that takes what BPF programs write to a perf event array on a CPU. It is
 * enabled; its ring still has to be mapped.
 *
 * Returns: the file descriptor, or -1 with @error set
 */
int
ebpf_plugin_open_bpf_output (guint cpu, guint wakeup_events, guint wakeup_bytes, GError **error)
{
  struct perf_event_attr attr = { 0 };
  int fd;

  g_return_val_if_fail (wakeup_events == 0 || wakeup_bytes == 0, -1);

  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_BPF_OUTPUT;
  attr.sample_type = PERF_SAMPLE_RAW;
  attr.sample_period = 1;
  if (wakeup_bytes > 0)
    {
      attr.watermark = 1;
      attr.wakeup_watermark = wakeup_bytes;
    }
  else
    {
      attr.wakeup_events = MAX (wakeup_events, 1);
    }

  fd = ebpf_perf_event_open (&attr, -1, (int) cpu, -1);
  if (fd < 0)
    {
      ebpf_perf_event_set_error (error, errno, "opening the perf event of CPU %u", cpu);
      return -1;
    }

  if (ebpf_perf_event_enable (fd) < 0)
    {
      ebpf_perf_event_set_error (error, errno, "enabling the perf event of CPU %u", cpu);
      ebpf_sys_clear_fd (&fd);
      return -1;
    }

  return fd;
}

/**
 * ebpf_plugin_unbox: (skip)
 * @variant: a variant
 *
 * Takes a value out of the variants of type `v` around it: a script cannot always tell them apart.
 *
 * Returns: (transfer full): what is inside
 */
GVariant *
ebpf_plugin_unbox (GVariant *variant)
{
  GVariant *inner = g_variant_ref (variant);

  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT))
    {
      GVariant *child = g_variant_get_variant (inner);

      g_variant_unref (inner);
      inner = child;
    }

  return inner;
}

/**
 * ebpf_plugin_get_number: (skip)
 * @variant: a variant
 * @limit: the largest number that fits
 * @number: (out): the number
 *
 * Reads a number, 0 or greater, of any of the types that an application may write: those of integers,
 * and `d` where it is whole, since a script has but one type of number. A descriptor (`h`) is none.
 *
 * Returns: whether @variant is such a number, and at most @limit
 */
gboolean
ebpf_plugin_get_number (GVariant *variant, guint64 limit, guint64 *number)
{
  g_autoptr (GVariant) inner = ebpf_plugin_unbox (variant);
  gint64 value;
  double wide;

  switch (*g_variant_get_type_string (inner))
    {
    case 'y':
      value = g_variant_get_byte (inner);
      break;
    case 'n':
      value = g_variant_get_int16 (inner);
      break;
    case 'q':
      value = g_variant_get_uint16 (inner);
      break;
    case 'i':
      value = g_variant_get_int32 (inner);
      break;
    case 'u':
      value = g_variant_get_uint32 (inner);
      break;
    case 'x':
      value = g_variant_get_int64 (inner);
      break;
    case 't':
      *number = g_variant_get_uint64 (inner);
      return *number <= limit;
    case 'd':
      /* Above 2^53 a double no longer tells whole numbers apart. */
      wide = g_variant_get_double (inner);
      if (wide < 0 || wide > (double) (G_GUINT64_CONSTANT (1) << 53) ||
          wide != (double) (gint64) wide)
        return FALSE;
      value = (gint64) wide;
      break;
    default:
      return FALSE;
    }

  if (value < 0 || (guint64) value > limit)
    return FALSE;

  *number = (guint64) value;
  return TRUE;
}

typedef struct
{
  guint8 data[8];
  int owned_fd;
  GObject *holder;
} FdBytes;

static void
fd_bytes_free (gpointer data)
{
  FdBytes *bytes = data;

  ebpf_sys_clear_fd (&bytes->owned_fd);
  g_clear_object (&bytes->holder);
  g_free (bytes);
}

static GBytes *
new_fd_bytes (int fd, gsize size, gboolean take, GObject *holder)
{
  FdBytes *bytes = g_new0 (FdBytes, 1);
  guint64 wide = (guint64) (guint32) fd;
  guint32 narrow = (guint32) fd;

  if (size == sizeof wide)
    memcpy (bytes->data, &wide, sizeof wide);
  else
    memcpy (bytes->data, &narrow, sizeof narrow);
  bytes->owned_fd = take ? fd : -1;
  bytes->holder = holder != NULL ? g_object_ref (holder) : NULL;

  return g_bytes_new_with_free_func (bytes->data, size, fd_bytes_free, bytes);
}

/**
 * ebpf_plugin_new_fd_bytes: (skip)
 * @fd: a file descriptor
 * @size: 4 or 8
 * @holder: (nullable): the object that keeps @fd open
 *
 * Makes the bytes of a key or value that is a file descriptor. @holder lives as long as they do.
 *
 * Returns: (transfer full): the bytes
 */
GBytes *
ebpf_plugin_new_fd_bytes (int fd, gsize size, GObject *holder)
{
  g_return_val_if_fail (size == 4 || size == 8, NULL);

  return new_fd_bytes (fd, size, FALSE, holder);
}

/**
 * ebpf_plugin_new_fd_bytes_take: (skip)
 * @fd: a file descriptor
 * @size: 4 or 8
 *
 * Makes the bytes of a key or value that is a file descriptor, which is closed with them.
 *
 * Returns: (transfer full): the bytes
 */
GBytes *
ebpf_plugin_new_fd_bytes_take (int fd, gsize size)
{
  g_return_val_if_fail (size == 4 || size == 8, NULL);

  return new_fd_bytes (fd, size, TRUE, NULL);
}

/**
 * ebpf_plugin_find_kernel_symbol: (skip)
 * @address: an address in the kernel
 * @offset: (out) (optional): how far into the symbol it is
 * @module: (out) (optional) (nullable): the module that has it, or %NULL for the kernel itself
 *
 * Finds the function of the kernel, a module or a BPF program that an address lies in.
 *
 * Returns: (transfer full) (nullable): its name; %NULL where there is none, or where the kernel
 * hides addresses from this process
 */
char *
ebpf_plugin_find_kernel_symbol (guint64 address, guint64 *offset, char **module)
{
  return ebpf_kernel_symbols_find (address, offset, module);
}
