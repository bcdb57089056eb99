/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-tracing-link.h"

#include <errno.h>

#include "base/ebpf-enum-types.h"
#include "link/ebpf-link-private.h"
#include "object/ebpf-program-private.h"

/**
 * EbpfTracingLink:
 *
 * A program on the kernel function, tracepoint or security hook that it was loaded for: `fentry`,
 * `fexit`, `fmod_ret`, `tp_btf`, `lsm`; or on a function of another program: `freplace`, which takes
 * its place, `fentry` and `fexit`.
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

/* "function filter of program \"firewall\"" */
static char *
describe_function (EbpfProgram *target, const char *function)
{
  return g_strdup_printf ("function %s of program \"%s\"",
                          function != NULL ? function : "(unnamed)",
                          ebpf_program_get_name (target));
}

static char *
describe_target (EbpfProgram *program)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);
  EbpfProgram *target = spec != NULL ? ebpf_program_spec_get_attach_target (spec) : NULL;
  g_autofree char *nick = NULL;
  const char *attach_to = spec != NULL ? ebpf_program_spec_get_attach_to (spec) : NULL;

  if (target != NULL)
    return describe_function (target, attach_to);
  if (spec == NULL || !ebpf_program_spec_has_attach_type (spec))
    return g_strdup ("the hook it was loaded for");

  nick = ebpf_link_dup_nick (EBPF_TYPE_ATTACH_TYPE, ebpf_program_spec_get_attach_type (spec));

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

static int
open_function_link (int program_fd, EbpfProgram *target, guint32 function_id, guint64 cookie)
{
  EbpfSysLinkCreate create = { 0 };

  create.prog_fd = (guint32) program_fd;
  create.target_fd = (guint32) ebpf_program_peek_fd (target);
  create.tracing.target_btf_id = function_id;
  create.tracing.cookie = cookie;
  return ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
}

/* A program that replaces a function forgets which when it is taken off it. */
static int
reopen_link (EbpfProgram *program, int program_fd, guint64 cookie)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);
  EbpfProgram *target = spec != NULL ? ebpf_program_spec_get_attach_target (spec) : NULL;
  const int errsv = errno;
  guint32 id;

  if (ebpf_program_get_program_type (program) == EBPF_PROGRAM_TYPE_EXT && target != NULL)
    {
      id = ebpf_program_find_function (target, ebpf_program_spec_get_attach_to (spec), NULL);
      if (id != 0)
        return open_function_link (program_fd, target, id, cookie);
    }

  errno = errsv;
  return -1;
}

static void
set_link_error (GError **error, int errsv, EbpfProgram *program, const char *target, guint64 cookie)
{
  if (errsv == EBUSY)
    ebpf_link_set_attach_error (
        error, EBPF_ERROR_BUSY, errsv, program, target,
        ebpf_program_get_program_type (program) == EBPF_PROGRAM_TYPE_EXT
            ? "it is replaced or traced already"
            : "the program is attached already, or the function is traced by "
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
}

/**
 * ebpf_tracing_link_new:
 * @program: a program of type `tracing`, `lsm` or `ext`
 * @cookie: what `bpf_get_attach_cookie ()` gives the program (Linux 5.19), or 0
 * @error: return location for an error
 *
 * Attaches a program to the hook that it was loaded for. Needs Linux 5.5; `freplace` 5.6, `lsm` and
 * `fmod_ret` 5.7.
 *
 * Returns: (transfer full): the attachment
 */
EbpfTracingLink *
ebpf_tracing_link_new (EbpfProgram *program, guint64 cookie, GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_TRACING, EBPF_PROGRAM_TYPE_LSM,
                                           EBPF_PROGRAM_TYPE_EXT };
  g_autofree char *target = NULL;
  int program_fd, fd;

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
  if (fd < 0 && (errno == EINVAL || errno == ENOENT))
    fd = reopen_link (program, program_fd, cookie);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_TRACING_LINK, program, fd, TRUE, "%s", target));

  set_link_error (error, errno, program, target, cookie);
  return NULL;
}

/**
 * ebpf_tracing_link_new_for_function:
 * @program: a program of type `ext`
 * @target: the program one of whose functions it replaces
 * @function: the name of the function
 * @cookie: what `bpf_get_attach_cookie ()` gives the program (Linux 5.19), or 0
 * @error: return location for an error
 *
 * Attaches a program to another function than the one that it was loaded for (Linux 5.10): one of
 * the same prototype, in the same or another program of the same type. It can be on several at once.
 *
 * @target needs type information; where it was opened rather than loaded here, finding its function
 * takes `CAP_SYS_ADMIN`.
 *
 * Returns: (transfer full): the attachment
 */
EbpfTracingLink *
ebpf_tracing_link_new_for_function (EbpfProgram *program,
                                    EbpfProgram *target,
                                    const char *function,
                                    guint64 cookie,
                                    GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_EXT };
  g_autofree char *what = NULL;
  GError *local_error = NULL;
  int program_fd, fd, errsv;
  guint32 id;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (EBPF_IS_PROGRAM (target), NULL);
  g_return_val_if_fail (function != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  what = describe_function (target, function);
  program_fd = ebpf_link_get_program_fd (program, what, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  id = ebpf_program_find_function (target, function, &local_error);
  if (id == 0)
    {
      ebpf_error_propagate_prefixed (error, local_error, "attaching program \"%s\" to %s: ",
                                     ebpf_program_get_name (program), what);
      return NULL;
    }

  fd = open_function_link (program_fd, target, id, cookie);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_TRACING_LINK, program, fd, TRUE, "%s", what));
  errsv = errno;

  if (errsv == EINVAL && ebpf_sys_get_kernel_version_code () < EBPF_SYS_KERNEL_VERSION (5, 10, 0))
    ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_SUPPORTED, errsv, program, what,
                                "attaching to another function than it was loaded for needs Linux "
                                "5.10");
  else if (errsv == EINVAL && cookie == 0)
    ebpf_link_set_attach_error (
        error, EBPF_ERROR_INCOMPATIBLE, errsv, program, what,
        "the function has to have the prototype of the one that the program "
        "was loaded for, in a program of the same type, and not be static");
  else
    set_link_error (error, errsv, program, what, cookie);
  return NULL;
}
