/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-netfilter-link.h"

#include <errno.h>

#include "base/ebpf-enum-types.h"
#include "link/ebpf-link-private.h"

/**
 * EbpfNetfilterLink:
 *
 * A program that decides on packets beside the rules of iptables and nftables (section `netfilter`),
 * in the network namespace that the process was in when it was attached.
 */

struct _EbpfNetfilterLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfNetfilterLink, ebpf_netfilter_link, EBPF_TYPE_LINK)

static void
ebpf_netfilter_link_class_init (EbpfNetfilterLinkClass *klass)
{
}

static void
ebpf_netfilter_link_init (EbpfNetfilterLink *self)
{
}

/**
 * ebpf_netfilter_link_new:
 * @program: a program of type `netfilter`
 * @family: %EBPF_NETFILTER_FAMILY_IPV4 or %EBPF_NETFILTER_FAMILY_IPV6
 * @hook: where on its way a packet is looked at
 * @priority: lower ones come first; every program and table of a hook has its own, and the least
 *   and the greatest number are not allowed
 * @flags: how
 * @error: return location for an error
 *
 * Attaches a program to a netfilter hook. Needs Linux 6.4.
 *
 * Returns: (transfer full): the attachment
 */
EbpfNetfilterLink *
ebpf_netfilter_link_new (EbpfProgram *program,
                         EbpfNetfilterFamily family,
                         EbpfNetfilterHook hook,
                         int priority,
                         EbpfNetfilterFlags flags,
                         GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_NETFILTER };
  g_autofree char *family_nick = NULL;
  g_autofree char *hook_nick = NULL;
  g_autofree char *target = NULL;
  EbpfSysLinkCreate create = { 0 };
  EbpfError code = EBPF_ERROR_FAILED;
  const char *hint = NULL;
  int program_fd, fd, errsv;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  family_nick = ebpf_link_dup_nick (EBPF_TYPE_NETFILTER_FAMILY, family);
  hook_nick = ebpf_link_dup_nick (EBPF_TYPE_NETFILTER_HOOK, hook);
  target = g_strdup_printf ("netfilter %s %s, priority %d", family_nick, hook_nick, priority);
  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  create.prog_fd = (guint32) program_fd;
  create.attach_type = EBPF_ATTACH_TYPE_NETFILTER;
  create.netfilter.pf = family;
  create.netfilter.hooknum = hook;
  create.netfilter.priority = priority;
  create.netfilter.flags = flags;
  fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_NETFILTER_LINK, program, fd, TRUE, "%s", target));
  errsv = errno;

  switch (errsv)
    {
    case EBUSY:
      code = EBPF_ERROR_BUSY;
      hint = "another program or table has this priority; take another";
      break;
    case ERANGE:
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = "the least and the greatest priority are not for programs";
      break;
    case EAFNOSUPPORT:
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint =
          (flags & EBPF_NETFILTER_FLAGS_IP_DEFRAG)
              ? "that family is not for programs, which go to ipv4 and ipv6, or the kernel has no "
                "module to put its fragments together"
              : "programs go to the families ipv4 and ipv6";
      break;
    case EPROTO:
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = "there is no such hook";
      break;
    case EOPNOTSUPP:
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = (flags & EBPF_NETFILTER_FLAGS_IP_DEFRAG)
                 ? "putting fragments together needs a priority above -400, and Linux 6.6"
                 : "the kernel does not know these flags";
      break;
    case EINVAL:
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = (flags & EBPF_NETFILTER_FLAGS_IP_DEFRAG)
                 ? "putting fragments together needs a priority above -400"
                 : "family, hook or flags are none of the kernel's";
      break;
    default:
      break;
    }

  ebpf_link_set_attach_error (error, code, errsv, program, target, hint);
  return NULL;
}
