/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-struct-private.h"

#include "base/ebpf-error-private.h"

#include <errno.h>
#include <string.h>

/* A struct_ops map has one entry, of key 0. Putting it in registers the operations, or with
 * BPF_F_LINK makes them ready for a link to do so. Source: kernel/bpf/bpf_struct_ops.c. */

/* enum bpf_struct_ops_state, the second word of the value */
enum
{
  STATE_INIT = 0,
  STATE_IN_USE = 1,
  STATE_TO_BE_FREED = 2,
  STATE_READY = 3,
};

static gboolean
read_state (EbpfMap *self, int fd, guint32 *state, GError **error)
{
  g_autofree guint8 *value = g_malloc0 (MAX (self->value_size, 8));
  const guint32 key = 0;
  EbpfSysMapElem attr = { 0 };

  attr.map_fd = (guint32) fd;
  attr.key = EBPF_PTR_TO_U64 (&key);
  attr.value = EBPF_PTR_TO_U64 (value);
  if (ebpf_sys_bpf (EBPF_SYS_MAP_LOOKUP_ELEM, &attr, sizeof attr) != 0)
    {
      g_autofree char *what = ebpf_map_describe (self);

      ebpf_sys_set_error (error, errno, "%s: asking whether its operations are in use", what);
      return FALSE;
    }

  memcpy (state, value + sizeof (guint32), sizeof *state);
  return TRUE;
}

static void
set_put_error (EbpfMap *self, int errsv, GError **error)
{
  g_autofree char *what = ebpf_map_describe (self);
  const char *hint = NULL;
  EbpfError code = EBPF_ERROR_FAILED;

  switch (errsv)
    {
    case EEXIST:
      code = EBPF_ERROR_EXISTS;
      hint =
          "operations of this name are registered already, perhaps by a process that ended without "
          "taking them away; give them another name by ebpf_map_spec_set_member_value (), or "
          "delete the element of the map that has them";
      break;
    case EBUSY:
      code = EBPF_ERROR_BUSY;
      hint = "they are in use already";
      break;
    case EINVAL:
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = "a function that the kernel cannot do without may be missing, or a field may have a "
             "value that it does not allow";
      break;
    default:
      hint = NULL;
      break;
    }

  if (hint != NULL)
    ebpf_sys_set_error_with_hint (error, code, errsv, hint,
                                  "%s: giving its operations to the kernel", what);
  else
    ebpf_sys_set_error (error, errsv, "%s: giving its operations to the kernel", what);
}

static gboolean
put (EbpfMap *self, int fd, GError **error)
{
  EbpfStructOpsValue *value;
  g_autofree char *what = ebpf_map_describe (self);
  g_autoptr (GBytes) bytes = NULL;
  GError *local_error = NULL;
  const guint32 key = 0;
  EbpfSysMapElem attr = { 0 };

  g_mutex_lock (&self->lock);
  value = self->struct_ops != NULL ? ebpf_struct_ops_value_ref (self->struct_ops) : NULL;
  g_mutex_unlock (&self->lock);
  if (value == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "%s: nothing is known here to put into it; attach it in the process that "
                      "loaded it, or update its entry 0 first",
                      what);
      return FALSE;
    }

  bytes = ebpf_struct_ops_value_to_bytes (value, &local_error);
  if (bytes != NULL)
    {
      attr.map_fd = (guint32) fd;
      attr.key = EBPF_PTR_TO_U64 (&key);
      attr.value = EBPF_PTR_TO_U64 (g_bytes_get_data (bytes, NULL));
      if (ebpf_sys_bpf (EBPF_SYS_MAP_UPDATE_ELEM, &attr, sizeof attr) != 0)
        set_put_error (self, errno, &local_error);
    }
  else
    {
      g_prefix_error (&local_error, "%s: ", what);
    }

  ebpf_struct_ops_value_unref (value);
  if (local_error == NULL)
    return TRUE;

  g_propagate_error (error, local_error);
  return FALSE;
}

gboolean
ebpf_map_register_struct_ops (EbpfMap *self, GError **error)
{
  g_autofree char *what = NULL;
  int fd = ebpf_map_check_open (self, error);
  guint32 state;

  if (fd < 0)
    return FALSE;

  what = ebpf_map_describe (self);
  if (self->map_type != BPF_MAP_TYPE_STRUCT_OPS)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0,
                      "%s cannot be attached: only a map of type struct_ops has operations for the "
                      "kernel to call",
                      what);
      return FALSE;
    }

  if (!read_state (self, fd, &state, error))
    return FALSE;

  if (state == STATE_INIT)
    return put (self, fd, error);
  if (self->map_flags & EBPF_MAP_FLAGS_LINK)
    return TRUE;

  if (state == STATE_TO_BE_FREED)
    ebpf_error_set (
        error, EBPF_ERROR_CLOSED, 0,
        "%s: its operations were in use once, and the kernel takes them no second time; "
        "load them again, or put them into a section .struct_ops.link",
        what);
  else
    ebpf_error_set (error, EBPF_ERROR_BUSY, 0, "%s: its operations are in use already", what);
  return FALSE;
}

gboolean
ebpf_map_unregister_struct_ops (int fd, const char *what, GError **error)
{
  const guint32 key = 0;
  EbpfSysMapElem attr = { 0 };

  attr.map_fd = (guint32) fd;
  attr.key = EBPF_PTR_TO_U64 (&key);
  if (ebpf_sys_bpf (EBPF_SYS_MAP_DELETE_ELEM, &attr, sizeof attr) == 0 || errno == ENOENT ||
      errno == EINPROGRESS)
    return TRUE;

  ebpf_sys_set_error (error, errno, "taking %s out of use", what);
  return FALSE;
}
