/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-program-private.h"

#include <errno.h>
#include <string.h>

#include "sys/ebpf-sys-private.h"

#define KERNEL_ENOTSUPP 524

/* What a program may put in front of a packet (XDP_PACKET_HEADROOM), and behind it: kernels before
 * 5.0 do not look at how much room there is for what comes out. */
#define HEADROOM 256
#define TAILROOM 512

#define MAX_INTERRUPTIONS 64

/* A run is cut short where a signal arrives between two repetitions. */
static int
test_run (EbpfProgram *self, EbpfSysTestRun *attr)
{
  EbpfSysTestRun first = *attr;
  int ret = -1;

  for (guint i = 0; i < MAX_INTERRUPTIONS; i++)
    {
      *attr = first;
      attr->prog_fd = (guint32) ebpf_program_peek_fd (self);
      ret = ebpf_sys_bpf (EBPF_SYS_PROG_TEST_RUN, attr, sizeof *attr);
      if (ret >= 0 || errno != EINTR)
        break;
    }

  return ret;
}

static gboolean
set_run_error (EbpfProgram *self, int errsv, gsize data_size, GError **error)
{
  EbpfProgramType program_type = ebpf_program_get_program_type (self);
  const char *type_name = ebpf_program_type_to_string (program_type);
  g_autofree char *hint = NULL;
  EbpfError code = ebpf_sys_error_code (errsv);

  if (errsv == KERNEL_ENOTSUPP || errsv == EOPNOTSUPP)
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = g_strdup_printf ("this kernel cannot run programs of type %s by itself",
                              type_name != NULL ? type_name : "?");
    }
  else if (errsv == EINVAL)
    {
      switch (program_type)
        {
        case EBPF_PROGRAM_TYPE_SOCKET_FILTER:
        case EBPF_PROGRAM_TYPE_SCHED_CLS:
        case EBPF_PROGRAM_TYPE_SCHED_ACT:
        case EBPF_PROGRAM_TYPE_CGROUP_SKB:
        case EBPF_PROGRAM_TYPE_LWT_IN:
        case EBPF_PROGRAM_TYPE_LWT_OUT:
        case EBPF_PROGRAM_TYPE_LWT_XMIT:
        case EBPF_PROGRAM_TYPE_XDP:
        case EBPF_PROGRAM_TYPE_SK_SKB:
          hint = g_strdup_printf ("a packet is at least 14 bytes long (15 for some kernels), not "
                                  "%" G_GSIZE_FORMAT,
                                  data_size);
          break;
        default:
          hint = g_strdup_printf ("programs of type %s may not take this input, or this kernel may "
                                  "not run them by itself",
                                  type_name != NULL ? type_name : "?");
          break;
        }
    }

  ebpf_sys_set_error_with_hint (error, code, errsv, hint, "running program \"%s\"",
                                ebpf_program_get_name (self));
  return FALSE;
}

/**
 * ebpf_program_test_run:
 * @self: a program
 * @data: (nullable): the packet it is run on, or %NULL for a program that takes none
 * @repeat: how often it is run; 0 is 1
 * @return_value: (out) (optional): what it returned the last time
 * @data_out: (out) (optional) (transfer full) (nullable): the packet as it left it; %NULL where
 * @data is
 * @duration: (out) (optional): nanoseconds that a run took on average
 * @error: return location for an error
 *
 * Runs the program in the kernel, on the caller's input instead of on its hook's (Linux 4.12; which
 * types can be run differs between kernels).
 *
 * Returns: whether it was run
 */
gboolean
ebpf_program_test_run (EbpfProgram *self,
                       GBytes *data,
                       guint repeat,
                       guint *return_value,
                       GBytes **data_out,
                       guint *duration,
                       GError **error)
{
  g_autofree guint8 *buffer = NULL;
  EbpfSysTestRun attr;
  gconstpointer bytes = NULL;
  gsize size = 0, room = 0;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);

  if (data_out != NULL)
    *data_out = NULL;
  if (!ebpf_program_check_open (self, "running", error))
    return FALSE;

  if (data != NULL)
    bytes = g_bytes_get_data (data, &size);
  if (size > G_MAXINT32)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "running program \"%s\": a packet cannot have %" G_GSIZE_FORMAT " bytes",
                      ebpf_program_get_name (self), size);
      return FALSE;
    }

  memset (&attr, 0, sizeof attr);
  attr.repeat = repeat;
  if (size > 0)
    {
      attr.data_in = EBPF_PTR_TO_U64 (bytes);
      attr.data_size_in = (guint32) size;
    }
  if (size > 0 && data_out != NULL)
    {
      room = size + HEADROOM + TAILROOM;
      buffer = g_malloc (room);
      attr.data_out = EBPF_PTR_TO_U64 (buffer);
      attr.data_size_out = (guint32) room;
    }

  if (test_run (self, &attr) < 0)
    return set_run_error (self, errno, size, error);

  if (return_value != NULL)
    *return_value = attr.retval;
  if (duration != NULL)
    *duration = attr.duration;
  if (buffer != NULL)
    *data_out = g_bytes_new (buffer, MIN (attr.data_size_out, room));

  return TRUE;
}

/**
 * ebpf_program_run:
 * @self: a program
 * @context: (nullable): its context: what its one argument points to
 * @return_value: (out) (optional): what it returned
 * @context_out: (out) (optional) (transfer full) (nullable): the context as it left it; %NULL for
 * types of program that cannot write to it
 * @error: return location for an error
 *
 * Runs the program once in the kernel, with a context instead of a packet: programs of type syscall
 * (Linux 5.14), which are there for nothing else, and raw tracepoints (Linux 5.10), whose context
 * is their arguments, eight bytes each.
 *
 * Returns: whether it was run
 */
gboolean
ebpf_program_run (EbpfProgram *self,
                  GBytes *context,
                  guint *return_value,
                  GBytes **context_out,
                  GError **error)
{
  EbpfProgramType program_type;
  g_autofree guint8 *in = NULL;
  g_autofree guint8 *out = NULL;
  EbpfSysTestRun attr;
  gconstpointer bytes = NULL;
  gsize size = 0;
  gboolean writes_back;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);

  if (context_out != NULL)
    *context_out = NULL;
  if (!ebpf_program_check_open (self, "running", error))
    return FALSE;

  if (context != NULL)
    bytes = g_bytes_get_data (context, &size);
  if (size > G_MAXUINT16)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "running program \"%s\": a context cannot have %" G_GSIZE_FORMAT " bytes",
                      ebpf_program_get_name (self), size);
      return FALSE;
    }

  /* The kernel writes a syscall program's context back into the one it was given, and has no other
   * way; a raw tracepoint's is not written back at all. */
  program_type = ebpf_program_get_program_type (self);
  writes_back = program_type == EBPF_PROGRAM_TYPE_SYSCALL;

  memset (&attr, 0, sizeof attr);
  if (size > 0)
    {
      in = g_memdup2 (bytes, size);
      attr.ctx_in = EBPF_PTR_TO_U64 (in);
      attr.ctx_size_in = (guint32) size;
    }
  if (size > 0 && context_out != NULL && !writes_back &&
      program_type != EBPF_PROGRAM_TYPE_RAW_TRACEPOINT &&
      program_type != EBPF_PROGRAM_TYPE_RAW_TRACEPOINT_WRITABLE)
    {
      out = g_malloc0 (size);
      attr.ctx_out = EBPF_PTR_TO_U64 (out);
      attr.ctx_size_out = (guint32) size;
    }

  if (test_run (self, &attr) < 0)
    return set_run_error (self, errno, 0, error);

  if (return_value != NULL)
    *return_value = attr.retval;
  if (context_out != NULL && out != NULL)
    *context_out = g_bytes_new (out, MIN (attr.ctx_size_out, size));
  else if (context_out != NULL && writes_back && in != NULL)
    *context_out = g_bytes_new_take (g_steal_pointer (&in), size);

  return TRUE;
}

/**
 * ebpf_program_benchmark:
 * @self: a program
 * @data: (nullable): the packet it is run on, or %NULL for a program that takes none
 * @repeat: how often it is run; at least 1
 * @duration: (out): nanoseconds that a run took on average
 * @error: return location for an error
 *
 * Measures how long the program takes (Linux 4.12).
 *
 * Returns: whether it was run
 */
gboolean
ebpf_program_benchmark (EbpfProgram *self,
                        GBytes *data,
                        guint repeat,
                        guint *duration,
                        GError **error)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);
  g_return_val_if_fail (repeat > 0, FALSE);
  g_return_val_if_fail (duration != NULL, FALSE);

  return ebpf_program_test_run (self, data, repeat, NULL, NULL, duration, error);
}
