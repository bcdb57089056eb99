/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-uprobe-multi-link.h"

#include <errno.h>
#include <unistd.h>

#include "link/ebpf-binary-private.h"
#include "link/ebpf-link-private.h"

/**
 * EbpfUprobeMultiLink:
 *
 * A program on many functions of a program or shared library at once (sections `uprobe.multi`,
 * `uretprobe.multi`, `uprobe.session`). One system call attaches it to all of them.
 *
 * The program has to be loaded for it: with the attach type `trace-uprobe-multi`, or
 * `trace-uprobe-session` for one that runs at the entry and, where it then returns 0, at the return.
 */

struct _EbpfUprobeMultiLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfUprobeMultiLink, ebpf_uprobe_multi_link, EBPF_TYPE_LINK)

/* BPF_F_UPROBE_MULTI_RETURN */
#define FLAG_RETURN (1u << 0)

static void
ebpf_uprobe_multi_link_class_init (EbpfUprobeMultiLinkClass *klass)
{
}

static void
ebpf_uprobe_multi_link_init (EbpfUprobeMultiLink *self)
{
}

typedef struct
{
  EbpfProgram *program;
  const char *binary; /* as it was given */
  const char *what;   /* "malloc*" or "3 functions" */
  const guint64 *offsets;
  const guint64 *counter_offsets; /* or NULL */
  const guint64 *cookies;         /* or NULL */
  gsize n;
  int pid;
  gboolean at_return;
} Places;

static gboolean
is_session (EbpfProgram *program)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);

  return spec != NULL && ebpf_program_spec_has_attach_type (spec) &&
         ebpf_program_spec_get_attach_type (spec) == EBPF_ATTACH_TYPE_TRACE_UPROBE_SESSION;
}

static char *
describe_target (EbpfProgram *program, const char *binary, const char *what, gboolean at_return)
{
  return g_strdup_printf ("%s %s:%s",
                          is_session (program) ? "uprobe.session"
                          : at_return          ? "uretprobe.multi"
                                               : "uprobe.multi",
                          binary, what);
}

static void
set_attach_error (const Places *places, const char *target, int errsv, GError **error)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (places->program);
  const gboolean session = is_session (places->program);
  const char *version = session ? "6.13" : "6.6";
  g_autofree char *hint = NULL;
  EbpfError code = EBPF_ERROR_FAILED;

  if ((errsv == EINVAL || errsv == E2BIG || errsv == EOPNOTSUPP) &&
      ebpf_sys_get_kernel_version_code () < ebpf_sys_parse_kernel_version (version))
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = g_strdup_printf ("that needs Linux %s", version);
    }
  else if (errsv == EINVAL && !session && spec != NULL &&
           ebpf_program_spec_get_attach_type (spec) != EBPF_ATTACH_TYPE_TRACE_UPROBE_MULTI)
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint =
          g_strdup ("the program was not loaded for it: put it into a section uprobe.multi, or set "
                    "EbpfProgramSpec:attach-type to trace-uprobe-multi");
    }
  else if (errsv == EINVAL)
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint =
          g_strdup (session && places->at_return
                        ? "a session runs at entry and return, and cannot be for the return alone"
                        : "a place is not in the file or holds no instruction, or is there twice");
    }
  else if (errsv == ESRCH)
    {
      code = EBPF_ERROR_NOT_FOUND;
      hint = g_strdup ("there is no such process");
    }
  else if (errsv == EBADF)
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = g_strdup ("the path does not lead to a regular file");
    }
  else if (errsv == E2BIG)
    {
      code = EBPF_ERROR_LIMIT;
      hint = g_strdup ("the kernel takes up to 1048576 places");
    }
  else if (errsv == 524 || errsv == EOPNOTSUPP)
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = g_strdup ("an instruction at one of the places cannot be probed; it may be a trap");
    }

  ebpf_link_set_attach_error (error, code, errsv, places->program, target, hint);
}

static EbpfUprobeMultiLink *
attach (const Places *places, const char *path, const char *target, GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_KPROBE };
  const gboolean session = is_session (places->program);
  EbpfSysLinkCreate create = { 0 };
  int program_fd, fd;

  program_fd =
      ebpf_link_get_program_fd (places->program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  create.prog_fd = (guint32) program_fd;
  create.attach_type =
      session ? EBPF_ATTACH_TYPE_TRACE_UPROBE_SESSION : EBPF_ATTACH_TYPE_TRACE_UPROBE_MULTI;
  create.uprobe_multi.path = EBPF_PTR_TO_U64 (path);
  create.uprobe_multi.offsets = EBPF_PTR_TO_U64 (places->offsets);
  create.uprobe_multi.ref_ctr_offsets = EBPF_PTR_TO_U64 (places->counter_offsets);
  create.uprobe_multi.cookies = EBPF_PTR_TO_U64 (places->cookies);
  create.uprobe_multi.cnt = (guint32) places->n;
  create.uprobe_multi.flags = places->at_return ? FLAG_RETURN : 0;
  create.uprobe_multi.pid = places->pid > 0    ? (guint32) places->pid
                            : places->pid == 0 ? (guint32) getpid ()
                                               : 0;
  fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_UPROBE_MULTI_LINK, places->program, fd, TRUE, "%s", target));

  set_attach_error (places, target, errno, error);
  return NULL;
}

static EbpfUprobeMultiLink *
find_and_attach (Places *places, const char *const *symbols, const char *pattern, GError **error)
{
  g_autofree char *target = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (guint64));
  GError *reason = NULL;
  gboolean found;

  target = describe_target (places->program, places->binary, places->what, places->at_return);
  path = ebpf_binary_find (places->binary, places->pid, &reason);
  found = path != NULL;
  if (found && pattern != NULL)
    found = ebpf_binary_find_pattern (path, pattern, offsets, &reason);
  for (guint i = 0; found && symbols != NULL && symbols[i] != NULL; i++)
    {
      guint64 offset;

      found = ebpf_binary_find_symbol (path, symbols[i], &offset, &reason);
      g_array_append_val (offsets, offset);
    }

  if (!found)
    {
      ebpf_error_propagate_prefixed (error, reason, "attaching program \"%s\" to %s: ",
                                     ebpf_program_get_name (places->program), target);
      return NULL;
    }

  if (places->offsets == NULL)
    {
      places->offsets = (const guint64 *) (gpointer) offsets->data;
      places->n = offsets->len;
    }
  return attach (places, path, target, error);
}

static gboolean
check_count (const Places *places, const char *list, gconstpointer data, gsize n, GError **error)
{
  if (data == NULL || n == 0 || n == places->n)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                  "attaching program \"%s\" to %" G_GSIZE_FORMAT " places of %s: there are "
                  "%" G_GSIZE_FORMAT " %s, and one is needed for each place",
                  ebpf_program_get_name (places->program), places->n, places->binary, n, list);
  return FALSE;
}

static gboolean
check_any (const Places *places, GError **error)
{
  if (places->n > 0 && places->n <= G_MAXUINT32)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                  "attaching program \"%s\" to functions of %s: there is none in the list",
                  ebpf_program_get_name (places->program), places->binary);
  return FALSE;
}

/**
 * ebpf_uprobe_multi_link_new:
 * @program: a program of a section `uprobe.multi`, `uretprobe.multi` or `uprobe.session`
 * @binary: (type filename): a path; or the name of a program in `PATH` (`bash`); or the file name
 *   of a shared library (`libc.so.6`)
 * @symbols: (array zero-terminated=1): functions of the binary, `name` or `name@VERSION`
 * @cookies: (nullable) (array length=n_cookies): what `bpf_get_attach_cookie ()` gives the program
 *   for each of @symbols, or %NULL
 * @n_cookies: how many @cookies there are: none, or as many as @symbols
 * @pid: the process whose calls count; -1 for every process, 0 for this one
 * @at_return: whether the program runs when the functions return
 * @error: return location for an error
 *
 * Attaches a program to functions of a program or shared library. Needs Linux 6.6; a session 6.13.
 *
 * Returns: (transfer full): the attachment
 */
EbpfUprobeMultiLink *
ebpf_uprobe_multi_link_new (EbpfProgram *program,
                            const char *binary,
                            const char *const *symbols,
                            const guint64 *cookies,
                            gsize n_cookies,
                            int pid,
                            gboolean at_return,
                            GError **error)
{
  Places places = { program, binary, NULL, NULL, NULL, NULL, 0, pid, at_return };
  g_autofree char *what = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (binary != NULL, NULL);
  g_return_val_if_fail (symbols != NULL, NULL);
  g_return_val_if_fail (pid >= -1, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  places.n = g_strv_length ((GStrv) symbols);
  places.cookies = n_cookies > 0 ? cookies : NULL;
  if (!check_any (&places, error) || !check_count (&places, "cookies", cookies, n_cookies, error))
    return NULL;

  places.what = what =
      places.n == 1 ? g_strdup (symbols[0])
                    : g_strdup_printf ("%s and %" G_GSIZE_FORMAT " more", symbols[0], places.n - 1);
  return find_and_attach (&places, symbols, NULL, error);
}

/**
 * ebpf_uprobe_multi_link_new_for_offsets:
 * @program: a program of a section `uprobe.multi`, `uretprobe.multi` or `uprobe.session`
 * @binary: (type filename): a path; or the name of a program in `PATH` (`bash`); or the file name
 *   of a shared library (`libc.so.6`)
 * @offsets: (array length=n_offsets): places, in bytes from the start of the file
 * @n_offsets: how many there are
 * @counter_offsets: (nullable) (array length=n_counter_offsets): for each place, where in the file
 *   the kernel is to count up while somebody looks, as USDT has it; or %NULL
 * @n_counter_offsets: how many there are: none, or as many as @offsets
 * @cookies: (nullable) (array length=n_cookies): what `bpf_get_attach_cookie ()` gives the program
 *   for each place, or %NULL
 * @n_cookies: how many @cookies there are: none, or as many as @offsets
 * @pid: the process whose calls count; -1 for every process, 0 for this one
 * @at_return: whether the program runs when the functions return
 * @error: return location for an error
 *
 * Attaches a program to places in a program or shared library. Needs Linux 6.6; a session 6.13.
 *
 * Returns: (transfer full): the attachment
 */
EbpfUprobeMultiLink *
ebpf_uprobe_multi_link_new_for_offsets (EbpfProgram *program,
                                        const char *binary,
                                        const guint64 *offsets,
                                        gsize n_offsets,
                                        const guint64 *counter_offsets,
                                        gsize n_counter_offsets,
                                        const guint64 *cookies,
                                        gsize n_cookies,
                                        int pid,
                                        gboolean at_return,
                                        GError **error)
{
  Places places = { program, binary, NULL, offsets, NULL, NULL, n_offsets, pid, at_return };
  g_autofree char *what = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (binary != NULL, NULL);
  g_return_val_if_fail (offsets != NULL || n_offsets == 0, NULL);
  g_return_val_if_fail (pid >= -1, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  places.counter_offsets = n_counter_offsets > 0 ? counter_offsets : NULL;
  places.cookies = n_cookies > 0 ? cookies : NULL;
  if (!check_any (&places, error) ||
      !check_count (&places, "counters", counter_offsets, n_counter_offsets, error) ||
      !check_count (&places, "cookies", cookies, n_cookies, error))
    return NULL;

  places.what = what = g_strdup_printf ("%" G_GSIZE_FORMAT " places", n_offsets);
  return find_and_attach (&places, NULL, NULL, error);
}

/**
 * ebpf_uprobe_multi_link_new_for_pattern:
 * @program: a program of a section `uprobe.multi`, `uretprobe.multi` or `uprobe.session`
 * @binary: (type filename): a path; or the name of a program in `PATH` (`bash`); or the file name
 *   of a shared library (`libc.so.6`)
 * @pattern: a pattern for names of functions, where `*` stands for any text and `?` for any
 *   character
 * @pid: the process whose calls count; -1 for every process, 0 for this one
 * @at_return: whether the program runs when the functions return
 * @error: return location for an error
 *
 * Attaches a program to all functions of a program or shared library whose names fit a pattern. A
 * function with several names is probed once. Needs Linux 6.6; a session 6.13.
 *
 * Returns: (transfer full): the attachment
 */
EbpfUprobeMultiLink *
ebpf_uprobe_multi_link_new_for_pattern (EbpfProgram *program,
                                        const char *binary,
                                        const char *pattern,
                                        int pid,
                                        gboolean at_return,
                                        GError **error)
{
  Places places = { program, binary, pattern, NULL, NULL, NULL, 0, pid, at_return };

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (binary != NULL, NULL);
  g_return_val_if_fail (pattern != NULL, NULL);
  g_return_val_if_fail (pid >= -1, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return find_and_attach (&places, NULL, pattern, error);
}
