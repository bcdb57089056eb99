/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-kprobe-multi-link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "link/ebpf-link-private.h"
#include "sys/ebpf-tracefs-private.h"

/**
 * EbpfKprobeMultiLink:
 *
 * A program on many functions of the kernel at once (sections `kprobe.multi`, `kretprobe.multi`,
 * `kprobe.session`). One system call attaches it to all of them.
 *
 * The program has to be loaded for it: with the attach type `trace-kprobe-multi`, or
 * `trace-kprobe-session` for one that runs at the entry and, where it then returns 0, at the return.
 */

struct _EbpfKprobeMultiLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfKprobeMultiLink, ebpf_kprobe_multi_link, EBPF_TYPE_LINK)

/* BPF_F_KPROBE_MULTI_RETURN */
#define FLAG_RETURN (1u << 0)

static void
ebpf_kprobe_multi_link_class_init (EbpfKprobeMultiLinkClass *klass)
{
}

static void
ebpf_kprobe_multi_link_init (EbpfKprobeMultiLink *self)
{
}

typedef struct
{
  EbpfProgram *program;
  const char *const *symbols; /* or */
  const guint64 *addresses;
  const guint64 *cookies; /* or NULL */
  gsize n;
  gboolean at_return;
} Functions;

static gboolean
is_session (EbpfProgram *program)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);

  return spec != NULL && ebpf_program_spec_has_attach_type (spec) &&
         ebpf_program_spec_get_attach_type (spec) == EBPF_ATTACH_TYPE_TRACE_KPROBE_SESSION;
}

static char *
describe_target (EbpfProgram *program, const char *what, gboolean at_return)
{
  return g_strdup_printf ("%s %s",
                          is_session (program) ? "kprobe.session"
                          : at_return          ? "kretprobe.multi"
                                               : "kprobe.multi",
                          what);
}

static void
set_attach_error (const Functions *functions, const char *target, int errsv, GError **error)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (functions->program);
  const gboolean session = is_session (functions->program);
  const char *version = session ? "6.10" : "5.18";
  g_autofree char *hint = NULL;
  EbpfError code = EBPF_ERROR_FAILED;

  if ((errsv == EINVAL || errsv == E2BIG || errsv == EOPNOTSUPP) &&
      ebpf_sys_get_kernel_version_code () < ebpf_sys_parse_kernel_version (version))
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = g_strdup_printf ("that needs Linux %s", version);
    }
  else if (errsv == EOPNOTSUPP || errsv == 524)
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = g_strdup ("the kernel was built without CONFIG_FPROBE, or without CONFIG_KPROBES");
    }
  else if (errsv == EINVAL && !session && spec != NULL &&
           ebpf_program_spec_get_attach_type (spec) != EBPF_ATTACH_TYPE_TRACE_KPROBE_MULTI)
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint =
          g_strdup ("the program was not loaded for it: put it into a section kprobe.multi, or set "
                    "EbpfProgramSpec:attach-type to trace-kprobe-multi");
    }
  else if (errsv == EINVAL)
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint =
          g_strdup (session && functions->at_return
                        ? "a session runs at entry and return, and cannot be for the return alone"
                        : "one of the functions cannot be traced, or is there twice, or the "
                          "kernel was built without CONFIG_FPROBE");
    }
  else if (errsv == ESRCH || errsv == ENOENT)
    {
      code = EBPF_ERROR_NOT_FOUND;
      hint = g_strdup ("this kernel has no such function, or none that can be traced; see "
                       "available_filter_functions in tracefs");
    }
  else if (errsv == E2BIG)
    {
      code = EBPF_ERROR_LIMIT;
      hint = g_strdup ("the kernel takes up to 1048576 functions");
    }

  ebpf_link_set_attach_error (error, code, errsv, functions->program, target, hint);
}

static EbpfKprobeMultiLink *
attach (const Functions *functions, const char *target, GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_KPROBE };
  EbpfSysLinkCreate create = { 0 };
  int program_fd, fd;

  program_fd =
      ebpf_link_get_program_fd (functions->program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  create.prog_fd = (guint32) program_fd;
  create.attach_type = is_session (functions->program) ? EBPF_ATTACH_TYPE_TRACE_KPROBE_SESSION
                                                       : EBPF_ATTACH_TYPE_TRACE_KPROBE_MULTI;
  create.kprobe_multi.syms = EBPF_PTR_TO_U64 (functions->symbols);
  create.kprobe_multi.addrs = EBPF_PTR_TO_U64 (functions->addresses);
  create.kprobe_multi.cookies = EBPF_PTR_TO_U64 (functions->cookies);
  create.kprobe_multi.cnt = (guint32) functions->n;
  create.kprobe_multi.flags = functions->at_return ? FLAG_RETURN : 0;
  fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_KPROBE_MULTI_LINK, functions->program, fd, TRUE, "%s", target));

  set_attach_error (functions, target, errno, error);
  return NULL;
}

static gboolean
check_lists (const Functions *functions, gsize n_cookies, GError **error)
{
  if (functions->n == 0 || functions->n > G_MAXUINT32)
    {
      ebpf_error_set (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "attaching program \"%s\" to functions of the kernel: there is none in the list",
          ebpf_program_get_name (functions->program));
      return FALSE;
    }
  if (n_cookies > 0 && n_cookies != functions->n)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "attaching program \"%s\" to %" G_GSIZE_FORMAT
                      " functions of the kernel: there are %" G_GSIZE_FORMAT
                      " cookies, and one is needed for each function",
                      ebpf_program_get_name (functions->program), functions->n, n_cookies);
      return FALSE;
    }

  return TRUE;
}

/* The functions that can be traced and whose names fit, each once: the kernel takes the first of a
 * name. Those of modules may be gone in a moment, and are left out. */
static GPtrArray *
list_functions (const char *pattern, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GHashTable) seen = NULL;
  g_autoptr (GPatternSpec) spec = NULL;
  g_autofree char *line = NULL;
  int folder, fd;
  gsize size = 0;
  FILE *file;

  folder = ebpf_sys_open_tracefs (error);
  if (folder < 0)
    return NULL;
  fd = openat (folder, "available_filter_functions", O_RDONLY | O_CLOEXEC);
  file = fd >= 0 ? fdopen (fd, "r") : NULL;
  if (file == NULL)
    {
      const int errsv = errno;

      ebpf_sys_clear_fd (&fd);
      ebpf_sys_clear_fd (&folder);
      ebpf_sys_set_error (
          error, errsv,
          "opening available_filter_functions of tracefs, which lists the functions "
          "that can be traced");
      return NULL;
    }

  names = g_ptr_array_new_with_free_func (g_free);
  seen = g_hash_table_new (g_str_hash, g_str_equal);
  spec = g_pattern_spec_new (pattern);
  while (getline (&line, &size, file) > 0)
    {
      line[strcspn (line, "\n")] = '\0';
      if (strchr (line, ' ') != NULL || strchr (line, '\t') != NULL ||
          g_str_has_prefix (line, "__ftrace_invalid_address__"))
        continue;

      if (g_pattern_spec_match_string (spec, line) && !g_hash_table_contains (seen, line))
        {
          char *name = g_strdup (line);

          g_ptr_array_add (names, name);
          g_hash_table_add (seen, name);
        }
    }
  fclose (file);
  ebpf_sys_clear_fd (&folder);

  if (names->len > 0)
    {
      g_ptr_array_add (names, NULL);
      return g_steal_pointer (&names);
    }

  ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                  "this kernel has no function that fits \"%s\" and can be traced", pattern);
  return NULL;
}

/**
 * ebpf_kprobe_multi_link_new:
 * @program: a program of a section `kprobe.multi`, `kretprobe.multi` or `kprobe.session`
 * @symbols: (array zero-terminated=1): functions of the kernel
 * @cookies: (nullable) (array length=n_cookies): what `bpf_get_attach_cookie ()` gives the program
 *   for each of @symbols, or %NULL
 * @n_cookies: how many @cookies there are: none, or as many as @symbols
 * @at_return: whether the program runs when the functions return
 * @error: return location for an error
 *
 * Attaches a program to functions of the kernel. Needs Linux 5.18; a session 6.10.
 *
 * Returns: (transfer full): the attachment
 */
EbpfKprobeMultiLink *
ebpf_kprobe_multi_link_new (EbpfProgram *program,
                            const char *const *symbols,
                            const guint64 *cookies,
                            gsize n_cookies,
                            gboolean at_return,
                            GError **error)
{
  Functions functions = { program, symbols, NULL, NULL, 0, at_return };
  g_autofree char *what = NULL;
  g_autofree char *target = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (symbols != NULL, NULL);
  g_return_val_if_fail (cookies != NULL || n_cookies == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  functions.n = g_strv_length ((GStrv) symbols);
  functions.cookies = n_cookies > 0 ? cookies : NULL;
  if (!check_lists (&functions, n_cookies, error))
    return NULL;

  what = functions.n == 1
             ? g_strdup (symbols[0])
             : g_strdup_printf ("%s and %" G_GSIZE_FORMAT " more", symbols[0], functions.n - 1);
  target = describe_target (program, what, at_return);
  return attach (&functions, target, error);
}

/**
 * ebpf_kprobe_multi_link_new_for_addresses:
 * @program: a program of a section `kprobe.multi`, `kretprobe.multi` or `kprobe.session`
 * @addresses: (array length=n_addresses): where functions of the kernel start
 * @n_addresses: how many there are
 * @cookies: (nullable) (array length=n_cookies): what `bpf_get_attach_cookie ()` gives the program
 *   for each address, or %NULL
 * @n_cookies: how many @cookies there are: none, or as many as @addresses
 * @at_return: whether the program runs when the functions return
 * @error: return location for an error
 *
 * Attaches a program to functions of the kernel by their addresses. Needs Linux 5.18; a session
 * 6.10.
 *
 * Returns: (transfer full): the attachment
 */
EbpfKprobeMultiLink *
ebpf_kprobe_multi_link_new_for_addresses (EbpfProgram *program,
                                          const guint64 *addresses,
                                          gsize n_addresses,
                                          const guint64 *cookies,
                                          gsize n_cookies,
                                          gboolean at_return,
                                          GError **error)
{
  Functions functions = { program, NULL, addresses, NULL, n_addresses, at_return };
  g_autofree char *what = NULL;
  g_autofree char *target = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (addresses != NULL || n_addresses == 0, NULL);
  g_return_val_if_fail (cookies != NULL || n_cookies == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  functions.cookies = n_cookies > 0 ? cookies : NULL;
  if (!check_lists (&functions, n_cookies, error))
    return NULL;

  what = g_strdup_printf ("%" G_GSIZE_FORMAT " addresses", n_addresses);
  target = describe_target (program, what, at_return);
  return attach (&functions, target, error);
}

/**
 * ebpf_kprobe_multi_link_new_for_pattern:
 * @program: a program of a section `kprobe.multi`, `kretprobe.multi` or `kprobe.session`
 * @pattern: a pattern for names of functions, where `*` stands for any text and `?` for any
 *   character
 * @at_return: whether the program runs when the functions return
 * @error: return location for an error
 *
 * Attaches a program to all functions of the kernel that can be traced and whose names fit a pattern;
 * those of modules are left out. Needs Linux 5.18 (a session 6.10) and tracefs.
 *
 * Returns: (transfer full): the attachment
 */
EbpfKprobeMultiLink *
ebpf_kprobe_multi_link_new_for_pattern (EbpfProgram *program,
                                        const char *pattern,
                                        gboolean at_return,
                                        GError **error)
{
  Functions functions = { program, NULL, NULL, NULL, 0, at_return };
  g_autoptr (GPtrArray) names = NULL;
  g_autofree char *target = NULL;
  GError *reason = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (pattern != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = describe_target (program, pattern, at_return);

  /* A name needs no list. */
  if (strpbrk (pattern, "*?") == NULL)
    {
      const char *symbols[] = { pattern, NULL };

      functions.symbols = symbols;
      functions.n = 1;
      return attach (&functions, target, error);
    }

  names = list_functions (pattern, &reason);
  if (names == NULL)
    {
      ebpf_error_propagate_prefixed (error, reason, "attaching program \"%s\" to %s: ",
                                     ebpf_program_get_name (program), target);
      return NULL;
    }

  functions.symbols = (const char *const *) names->pdata;
  functions.n = names->len - 1;
  return attach (&functions, target, error);
}
