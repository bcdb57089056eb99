/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-tracing-link.h"

#include <errno.h>

#include "base/ebpf-enum-types.h"
#include "link/ebpf-link-private.h"

/**
 * EbpfTracingLink:
 *
 * A program on the kernel function, tracepoint or security hook that it was loaded for: `fentry`,
 * `fexit`, `fmod_ret`, `tp_btf`, `lsm`.
 */

struct _EbpfTracingLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfTracingLink, ebpf_tracing_link, EBPF_TYPE_LINK)

static void
ebpf_tracing_link_class_init (EbpfTracingLinkClass *klass)
{
}

static void
ebpf_tracing_link_init (EbpfTracingLink *self)
{
}

static char *
describe_target (EbpfProgram *program)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);
  g_autofree char *nick = NULL;
  const char *attach_to;

  if (spec == NULL || !ebpf_program_spec_has_attach_type (spec))
    return g_strdup ("the hook it was loaded for");

  nick = ebpf_link_dup_nick (EBPF_TYPE_ATTACH_TYPE, ebpf_program_spec_get_attach_type (spec));
  attach_to = ebpf_program_spec_get_attach_to (spec);

  return g_strdup_printf ("%s %s", nick, attach_to != NULL ? attach_to : "(unnamed)");
}

/* The target is a part of the program, so that a raw tracepoint without a name is how it is asked
 * for since 5.5. Only LINK_CREATE takes a cookie, since 5.19. */
static int
open_link (EbpfProgram *program, int program_fd, guint64 cookie)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);
  EbpfSysRawTracepoint raw = { 0 };
  EbpfSysLinkCreate create = { 0 };

  if (cookie == 0)
    {
      raw.prog_fd = (guint32) program_fd;
      return ebpf_sys_bpf (EBPF_SYS_RAW_TRACEPOINT_OPEN, &raw, sizeof raw);
    }

  create.prog_fd = (guint32) program_fd;
  create.attach_type = spec != NULL ? ebpf_program_spec_get_attach_type (spec) : 0;
  create.tracing.cookie = cookie;
  return ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
}

/**
 * ebpf_tracing_link_new:
 * @program: a program of type `tracing`, `lsm` or `ext`
 * @cookie: what `bpf_get_attach_cookie ()` gives the program (Linux 5.19), or 0
 * @error: return location for an error
 *
 * Attaches a program to the hook that it was loaded for. Needs Linux 5.5; `lsm` and `fmod_ret`
 * 5.7.
 *
 * Returns: (transfer full): the attachment
 */
EbpfTracingLink *
ebpf_tracing_link_new (EbpfProgram *program, guint64 cookie, GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_TRACING, EBPF_PROGRAM_TYPE_LSM,
                                           EBPF_PROGRAM_TYPE_EXT };
  g_autofree char *target = NULL;
  int program_fd, fd, errsv;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = describe_target (program);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  if (cookie != 0 && ebpf_program_get_spec (program) == NULL)
    {
      ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_SUPPORTED, 0, program, target,
                                  "a cookie needs the program's attach type, and a program that "
                                  "was not loaded by this process does not tell it");
      return NULL;
    }

  fd = open_link (program, program_fd, cookie);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_TRACING_LINK, program, fd, TRUE, "%s", target));
  errsv = errno;

  if (errsv == EBUSY)
    ebpf_link_set_attach_error (error, EBPF_ERROR_BUSY, errsv, program, target,
                                "the program is attached already, or the function is traced by "
                                "other means");
  else if (cookie != 0 && (errsv == EINVAL || errsv == E2BIG))
    ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_SUPPORTED, errsv, program, target,
                                "cookies of tracing programs need Linux 5.19");
  else if (errsv == 524 || errsv == EOPNOTSUPP)
    ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_SUPPORTED, errsv, program, target,
                                "this kernel or machine has no BPF trampolines; they need "
                                "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS");
  else
    ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errsv, program, target, NULL);
  return NULL;
}
