/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-socket-filter-link.h"

#include <errno.h>
#include <sys/socket.h>

#include "link/ebpf-link-private.h"

/**
 * EbpfSocketFilterLink:
 *
 * A program on a socket, that sees what the socket receives and says how much of it is kept.
 *
 * The kernel has no link for it: the filter is an option of the socket, and goes when the socket
 * does. The link holds a duplicate of the socket's file descriptor.
 */

struct _EbpfSocketFilterLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfSocketFilterLink, ebpf_socket_filter_link, EBPF_TYPE_LINK)

static gboolean
ebpf_socket_filter_link_detach (EbpfLink *link, GError **error)
{
  int unused = 0;

  /* ENOENT: there is none any more. */
  if (setsockopt (ebpf_link_peek_fd (link), SOL_SOCKET, SO_DETACH_BPF, &unused, sizeof unused) ==
          0 ||
      errno == ENOENT)
    return TRUE;

  ebpf_sys_set_error_with_hint (error, ebpf_sys_error_code (errno), errno,
                                errno == EPERM ? "the filter was locked by SO_LOCK_FILTER" : NULL,
                                "detaching from %s", ebpf_link_get_target (link));
  return FALSE;
}

static void
ebpf_socket_filter_link_class_init (EbpfSocketFilterLinkClass *klass)
{
  EBPF_LINK_CLASS (klass)->detach = ebpf_socket_filter_link_detach;
}

static void
ebpf_socket_filter_link_init (EbpfSocketFilterLink *self)
{
}

/**
 * ebpf_socket_filter_link_new:
 * @program: a program of type `socket-filter`
 * @socket_fd: the file descriptor of a socket; it stays the caller's
 * @error: return location for an error
 *
 * Attaches a program to a socket as its filter, in the place of one that was there. Needs
 * Linux 3.19, and no privilege.
 *
 * Returns: (transfer full): the attachment
 */
EbpfSocketFilterLink *
ebpf_socket_filter_link_new (EbpfProgram *program, int socket_fd, GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_SOCKET_FILTER };
  g_autofree char *target = NULL;
  int program_fd, fd, errsv;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  target = g_strdup_printf ("socket of file descriptor %d", socket_fd);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  fd = ebpf_sys_dup_fd (socket_fd, error);
  if (fd < 0)
    return NULL;

  if (setsockopt (fd, SOL_SOCKET, SO_ATTACH_BPF, &program_fd, sizeof program_fd) == 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_SOCKET_FILTER_LINK, program, fd, FALSE, "%s", target));
  errsv = errno;
  ebpf_sys_clear_fd (&fd);

  if (errsv == ENOTSOCK)
    ebpf_link_set_attach_error (error, EBPF_ERROR_INVALID_ARGUMENT, errsv, program, target,
                                "that is not a socket");
  else if (errsv == EPERM)
    ebpf_link_set_attach_error (error, EBPF_ERROR_PERMISSION, errsv, program, target,
                                "the socket's filter was locked by SO_LOCK_FILTER");
  else
    ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errsv, program, target, NULL);
  return NULL;
}
