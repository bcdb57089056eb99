/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-iter-link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "link/ebpf-iter-stream-private.h"
#include "link/ebpf-link-private.h"

/**
 * EbpfIterLink:
 *
 * A program that the kernel calls for each of many things (sections `iter/task`, `iter/bpf_map`,
 * `iter/tcp` …) whenever somebody reads.
 *
 * Each [method@IterLink.open_stream] is a run of its own: reading it runs the program, and gives what
 * the program writes by `bpf_seq_write ()` and `bpf_seq_printf ()`. A pinned link can be read as a file.
 */

struct _EbpfIterLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfIterLink, ebpf_iter_link, EBPF_TYPE_LINK)

static void
ebpf_iter_link_class_init (EbpfIterLinkClass *klass)
{
}

static void
ebpf_iter_link_init (EbpfIterLink *self)
{
}

/* union bpf_iter_link_info. Source: include/uapi/linux/bpf.h of Linux 6.18. */
typedef union
{
  guint32 map_fd;
  struct
  {
    guint32 order;
    guint32 cgroup_fd;
    guint64 cgroup_id;
  } cgroup;
  struct
  {
    guint32 tid;
    guint32 pid;
    guint32 pid_fd;
  } task;
} IterInfo;

/* @size: of the part of @info that counts, which an older kernel may not know; or 0. @what: what the
 * iterator is about, "" for all there is. @version: the Linux that brought that. */
static EbpfIterLink *
attach (EbpfProgram *program,
        const IterInfo *info,
        guint32 size,
        const char *what,
        const char *version,
        GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_TRACING };
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);
  const char *name = spec != NULL ? ebpf_program_spec_get_attach_to (spec) : NULL;
  g_autofree char *target = NULL;
  g_autofree char *hint = NULL;
  EbpfSysLinkCreate create = { 0 };
  EbpfError code = EBPF_ERROR_INVALID_ARGUMENT;
  int program_fd, fd, errsv;

  target = g_strdup_printf ("iter %s%s%s", name != NULL ? name : "(unnamed)",
                            *what != '\0' ? " of " : "", what);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  create.prog_fd = (guint32) program_fd;
  create.attach_type = EBPF_ATTACH_TYPE_TRACE_ITER;
  create.iter.iter_info = size > 0 ? EBPF_PTR_TO_U64 (info) : 0;
  create.iter.iter_info_len = size;
  fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_ITER_LINK, program, fd, TRUE, "%s", target));
  errsv = errno;

  if (errsv == E2BIG || (errsv == EINVAL && ebpf_sys_get_kernel_version_code () <
                                                ebpf_sys_parse_kernel_version (version)))
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = g_strdup_printf ("that needs Linux %s", version);
    }
  else if (errsv == EINVAL && spec != NULL &&
           ebpf_program_spec_get_attach_type (spec) != EBPF_ATTACH_TYPE_TRACE_ITER)
    {
      hint = g_strdup ("the program was not loaded as an iterator, by a section iter/NAME");
    }
  else if (errsv == EINVAL || errsv == EBADF)
    {
      hint =
          size == 0
              ? g_strdup ("this iterator has to be told what it is about: a map "
                          "(bpf_map_elem, bpf_sk_storage_map, sockmap)")
              : g_strdup ("this iterator is not about such a thing, or the program accesses more "
                          "of a key or value than the map has");
    }
  else if (errsv == EACCES)
    {
      hint =
          g_strdup ("the program accesses more of a key or value than the map has, or writes what "
                    "it may only read");
    }
  else if (errsv == ESRCH)
    {
      code = EBPF_ERROR_NOT_FOUND;
      hint = g_strdup ("there is no such task");
    }

  ebpf_link_set_attach_error (error, hint != NULL ? code : EBPF_ERROR_FAILED, errsv, program,
                              target, hint);
  return NULL;
}

/**
 * ebpf_iter_link_new:
 * @program: a program of a section `iter/NAME`
 * @error: return location for an error
 *
 * Makes an iterator over all there is. Needs Linux 5.8.
 *
 * Returns: (transfer full): the attachment
 */
EbpfIterLink *
ebpf_iter_link_new (EbpfProgram *program, GError **error)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return attach (program, NULL, 0, "", "5.8", error);
}

/**
 * ebpf_iter_link_new_for_map:
 * @program: a program of a section `iter/bpf_map_elem`, `iter/bpf_sk_storage_map` or `iter/sockmap`
 * @map: the map to go through
 * @error: return location for an error
 *
 * Makes an iterator over the entries of a map, which it keeps. Needs Linux 5.9.
 *
 * Returns: (transfer full): the attachment
 */
EbpfIterLink *
ebpf_iter_link_new_for_map (EbpfProgram *program, EbpfMap *map, GError **error)
{
  g_autofree char *what = NULL;
  IterInfo info = { 0 };
  int fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (EBPF_IS_MAP (map), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  what = g_strdup_printf ("map '%s'", ebpf_map_get_name (map));
  fd = ebpf_map_peek_fd (map);
  if (fd < 0)
    {
      ebpf_link_set_attach_error (error, EBPF_ERROR_CLOSED, 0, program, what, "the map was closed");
      return NULL;
    }

  info.map_fd = (guint32) fd;
  return attach (program, &info, sizeof info.map_fd, what, "5.9", error);
}

/**
 * ebpf_iter_link_new_for_cgroup:
 * @program: a program of a section `iter/cgroup`
 * @path: (type filename): a folder of cgroup v2
 * @order: which groups, and in which order
 * @error: return location for an error
 *
 * Makes an iterator over control groups. Needs Linux 6.1.
 *
 * Returns: (transfer full): the attachment
 */
EbpfIterLink *
ebpf_iter_link_new_for_cgroup (EbpfProgram *program,
                               const char *path,
                               EbpfCgroupIterOrder order,
                               GError **error)
{
  EbpfIterLink *self;
  IterInfo info = { 0 };
  int fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    {
      g_autofree char *target = g_strdup_printf ("iter cgroup of %s", path);
      const int errsv = errno;

      ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errsv, program, target, NULL);
      return NULL;
    }

  info.cgroup.order = order;
  info.cgroup.cgroup_fd = (guint32) fd;
  self = attach (program, &info, sizeof info.cgroup, path, "6.1", error);
  ebpf_sys_clear_fd (&fd);

  return self;
}

/**
 * ebpf_iter_link_new_for_task:
 * @program: a program of a section `iter/task`, `iter/task_file` or `iter/task_vma`
 * @tid: a thread, or 0
 * @pid: a process, whose threads are all gone through, or 0; one of the two has to be given
 * @error: return location for an error
 *
 * Makes an iterator over what belongs to one thread or process. Needs Linux 6.1.
 *
 * Returns: (transfer full): the attachment
 */
EbpfIterLink *
ebpf_iter_link_new_for_task (EbpfProgram *program, int tid, int pid, GError **error)
{
  g_autofree char *what = NULL;
  IterInfo info = { 0 };

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (tid >= 0 && pid >= 0, NULL);
  g_return_val_if_fail ((tid != 0) != (pid != 0), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  what = tid != 0 ? g_strdup_printf ("thread %d", tid) : g_strdup_printf ("process %d", pid);
  info.task.tid = (guint32) tid;
  info.task.pid = (guint32) pid;
  return attach (program, &info, sizeof info.task, what, "6.1", error);
}

/**
 * ebpf_iter_link_open_stream:
 * @self: a link
 * @error: return location for an error
 *
 * Begins a run of the iterator. Reading the stream runs the program, and gives what it writes. The
 * stream does not need the link any more; it can also be read asynchronously.
 *
 * Returns: (transfer full): what the program writes
 */
GInputStream *
ebpf_iter_link_open_stream (EbpfIterLink *self, GError **error)
{
  EbpfLink *link = EBPF_LINK (self);
  struct
  {
    guint32 link_fd;
    guint32 flags;
  } attr = { 0 };
  const char *target;
  int fd;

  g_return_val_if_fail (EBPF_IS_ITER_LINK (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = ebpf_link_get_target (link) != NULL ? ebpf_link_get_target (link) : "an iterator";
  if (!ebpf_link_is_open (link))
    {
      ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "running %s: the link was closed", target);
      return NULL;
    }

  attr.link_fd = (guint32) ebpf_link_peek_fd (link);
  fd = ebpf_sys_bpf (EBPF_SYS_ITER_CREATE, &attr, sizeof attr);
  if (fd < 0)
    {
      ebpf_sys_set_error (error, errno, "running %s", target);
      return NULL;
    }

  return ebpf_iter_stream_new (fd, target);
}

/**
 * ebpf_iter_link_read_bytes:
 * @self: a link
 * @cancellable: (nullable): ends it before it is done
 * @error: return location for an error
 *
 * Runs the iterator once, from the beginning to the end.
 *
 * Returns: (transfer full): all that the program wrote
 */
GBytes *
ebpf_iter_link_read_bytes (EbpfIterLink *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GByteArray) bytes = NULL;
  g_autofree guint8 *buffer = NULL;
  const gsize size = 32768;
  gssize n;

  g_return_val_if_fail (EBPF_IS_ITER_LINK (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  stream = ebpf_iter_link_open_stream (self, error);
  if (stream == NULL)
    return NULL;

  bytes = g_byte_array_new ();
  buffer = g_malloc (size);
  while ((n = g_input_stream_read (stream, buffer, size, cancellable, error)) > 0)
    g_byte_array_append (bytes, buffer, (guint) n);
  g_input_stream_close (stream, NULL, NULL);

  return n == 0 ? g_byte_array_free_to_bytes (g_steal_pointer (&bytes)) : NULL;
}

/**
 * ebpf_iter_link_read_lines:
 * @self: a link
 * @cancellable: (nullable): ends it before it is done
 * @error: return location for an error
 *
 * Runs the iterator once, from the beginning to the end, for one that writes text. What is not valid
 * UTF-8 is replaced.
 *
 * Returns: (transfer full) (array zero-terminated=1): the lines, without their ends
 */
char **
ebpf_iter_link_read_lines (EbpfIterLink *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (EBPF_IS_ITER_LINK (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  bytes = ebpf_iter_link_read_bytes (self, cancellable, error);
  if (bytes == NULL)
    return NULL;

  data = g_bytes_get_data (bytes, &size);
  text = g_utf8_make_valid (size > 0 ? data : "", (gssize) size);
  if (g_str_has_suffix (text, "\n"))
    text[strlen (text) - 1] = '\0';
  if (*text == '\0')
    return g_new0 (char *, 1);

  return g_strsplit (text, "\n", -1);
}
