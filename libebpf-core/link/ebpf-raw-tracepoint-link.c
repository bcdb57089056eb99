/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-raw-tracepoint-link.h"

#include <errno.h>

#include "link/ebpf-link-private.h"

/**
 * EbpfRawTracepointLink:
 *
 * A program on a raw tracepoint: one that gets the tracepoint's arguments as they are.
 */

struct _EbpfRawTracepointLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfRawTracepointLink, ebpf_raw_tracepoint_link, EBPF_TYPE_LINK)

static void
ebpf_raw_tracepoint_link_class_init (EbpfRawTracepointLinkClass *klass)
{
}

static void
ebpf_raw_tracepoint_link_init (EbpfRawTracepointLink *self)
{
}

/**
 * ebpf_raw_tracepoint_link_new:
 * @program: a program of type `raw-tracepoint` or `raw-tracepoint-writable`
 * @name: name of the tracepoint without its category, such as `sched_process_exec`
 * @cookie: what `bpf_get_attach_cookie ()` gives the program (Linux 6.10), or 0
 * @error: return location for an error
 *
 * Attaches a program to a raw tracepoint. Needs Linux 4.17.
 *
 * Returns: (transfer full): the attachment
 */
EbpfRawTracepointLink *
ebpf_raw_tracepoint_link_new (EbpfProgram *program,
                              const char *name,
                              guint64 cookie,
                              GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_RAW_TRACEPOINT,
                                           EBPF_PROGRAM_TYPE_RAW_TRACEPOINT_WRITABLE };
  g_autofree char *target = NULL;
  EbpfSysRawTracepoint attr = { 0 };
  int program_fd, fd, errsv;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = g_strdup_printf ("raw tracepoint %s", name);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  attr.name = EBPF_PTR_TO_U64 (name);
  attr.prog_fd = (guint32) program_fd;
  attr.cookie = cookie;
  fd = ebpf_sys_bpf (EBPF_SYS_RAW_TRACEPOINT_OPEN, &attr, sizeof attr);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_RAW_TRACEPOINT_LINK, program, fd, TRUE, "%s", target));
  errsv = errno;

  if (errsv == ENOENT)
    ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_FOUND, errsv, program, target,
                                "this kernel has no tracepoint of that name (it is written without "
                                "its category, and may be in a module that is not loaded)");
  else if (cookie != 0 && (errsv == EINVAL || errsv == E2BIG))
    ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_SUPPORTED, errsv, program, target,
                                "cookies of raw tracepoints need Linux 6.10");
  else if (errsv == EINVAL)
    ebpf_link_set_attach_error (error, EBPF_ERROR_INVALID_ARGUMENT, errsv, program, target,
                                "the program may read beyond the tracepoint's arguments");
  else
    ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errsv, program, target, NULL);
  return NULL;
}
