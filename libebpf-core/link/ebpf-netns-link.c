/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-netns-link.h"

#include <errno.h>
#include <fcntl.h>

#include "link/ebpf-link-private.h"

/**
 * EbpfNetnsLink:
 *
 * A program on a network namespace: one that chooses the socket for a connection (`sk_lookup`), or
 * that takes packets apart (`flow_dissector`).
 */

struct _EbpfNetnsLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfNetnsLink, ebpf_netns_link, EBPF_TYPE_LINK)

static void
ebpf_netns_link_class_init (EbpfNetnsLinkClass *klass)
{
}

static void
ebpf_netns_link_init (EbpfNetnsLink *self)
{
}

static EbpfNetnsLink *
attach (EbpfProgram *program, int netns_fd, const char *netns, GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_SK_LOOKUP,
                                           EBPF_PROGRAM_TYPE_FLOW_DISSECTOR };
  const gboolean lookup = ebpf_program_get_program_type (program) == EBPF_PROGRAM_TYPE_SK_LOOKUP;
  g_autofree char *target = NULL;
  EbpfSysLinkCreate create = { 0 };
  const char *hint = NULL;
  EbpfError code = EBPF_ERROR_FAILED;
  int program_fd, fd, errsv;

  target = g_strdup_printf ("%s of network namespace %s", lookup ? "sk_lookup" : "flow_dissector",
                            netns);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  create.prog_fd = (guint32) program_fd;
  create.target_fd = (guint32) netns_fd;
  create.attach_type = lookup ? EBPF_ATTACH_TYPE_SK_LOOKUP : EBPF_ATTACH_TYPE_FLOW_DISSECTOR;
  fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_NETNS_LINK, program, fd, TRUE, "%s", target));
  errsv = errno;

  if (errsv == EEXIST || errsv == E2BIG)
    {
      code = EBPF_ERROR_BUSY;
      hint = lookup ? "there are as many programs on it as the kernel takes"
                    : "it has a program already, or one of the first network namespace is for all";
    }
  else if (errsv == EINVAL &&
           ebpf_sys_get_kernel_version_code () < EBPF_SYS_KERNEL_VERSION (5, 9, 0))
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = lookup ? "that needs Linux 5.9" : "that needs Linux 5.8";
    }
  else if (errsv == EINVAL || errsv == EBADF)
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = "what was given is no network namespace";
    }

  ebpf_link_set_attach_error (error, code, errsv, program, target, hint);
  return NULL;
}

/**
 * ebpf_netns_link_new:
 * @program: a program of type `sk-lookup` or `flow-dissector`
 * @path: (nullable) (type filename): a network namespace, such as `/run/netns/NAME` or
 *   `/proc/PID/ns/net`; or %NULL for that of this process
 * @error: return location for an error
 *
 * Attaches a program to a network namespace. Needs Linux 5.9; for `flow-dissector` 5.8.
 *
 * Returns: (transfer full): the attachment
 */
EbpfNetnsLink *
ebpf_netns_link_new (EbpfProgram *program, const char *path, GError **error)
{
  EbpfNetnsLink *self;
  int fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (path == NULL)
    path = "/proc/self/ns/net";
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    {
      g_autofree char *target = g_strdup_printf ("network namespace %s", path);
      const int errsv = errno;

      ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errsv, program, target, NULL);
      return NULL;
    }

  self = attach (program, fd, path, error);
  ebpf_sys_clear_fd (&fd);
  return self;
}

/**
 * ebpf_netns_link_new_for_fd:
 * @program: a program of type `sk-lookup` or `flow-dissector`
 * @netns_fd: an open network namespace, which stays the caller's
 * @error: return location for an error
 *
 * Attaches a program to a network namespace. Needs Linux 5.9; for `flow-dissector` 5.8.
 *
 * Returns: (transfer full): the attachment
 */
EbpfNetnsLink *
ebpf_netns_link_new_for_fd (EbpfProgram *program, int netns_fd, GError **error)
{
  g_autofree char *netns = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (netns_fd >= 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  netns = g_strdup_printf ("of file descriptor %d", netns_fd);
  return attach (program, netns_fd, netns, error);
}
