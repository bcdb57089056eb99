/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-attach-hooks-private.h"

#include <string.h>

#include "base/ebpf-error-private.h"
#include "link/ebpf-iter-link.h"
#include "link/ebpf-kprobe-multi-link.h"
#include "link/ebpf-netfilter-link.h"
#include "link/ebpf-netkit-link.h"
#include "link/ebpf-netns-link.h"
#include "link/ebpf-tcx-link.h"
#include "link/ebpf-uprobe-multi-link.h"
#include "sys/ebpf-sys-private.h"

#define BIT(name) EBPF_ATTACH_OPTION_BIT (name)

gboolean
ebpf_attach_iter_is_complete (const char *attach_to)
{
  static const char *const about_a_map[] = { "bpf_map_elem", "bpf_sk_storage_map", "sockmap",
                                             NULL };

  return attach_to != NULL && attach_to[0] != '\0' && !g_strv_contains (about_a_map, attach_to);
}

EbpfLink *
ebpf_attach_iter (EbpfProgram *program,
                  const char *word,
                  const char *attach_to,
                  const EbpfAttachOptions *options,
                  GError **error)
{
  const guint given = options->given & (BIT (MAP) | BIT (CGROUP) | BIT (PID));
  g_autoptr (EbpfMap) map = NULL;
  int fd;

  if ((given & (given - 1)) != 0)
    {
      ebpf_attach_set_missing (
          error, program, "iterator",
          "it is about one thing: a \"map\", a \"cgroup\" or the process \"pid\"");
      return NULL;
    }
  if (given & BIT (CGROUP))
    return (EbpfLink *) ebpf_iter_link_new_for_cgroup (program, options->cgroup,
                                                       EBPF_CGROUP_ITER_ORDER_UNSPEC, error);
  if (given & BIT (PID))
    {
      if (options->pid <= 0)
        {
          ebpf_attach_set_missing (error, program, "iterator",
                                   "the option \"pid\" is the number of a process");
          return NULL;
        }
      return (EbpfLink *) ebpf_iter_link_new_for_task (program, 0, options->pid, error);
    }
  if (given == 0)
    return (EbpfLink *) ebpf_iter_link_new (program, error);

  fd = ebpf_sys_dup_fd (options->map, error);
  map = fd >= 0 ? ebpf_map_new_from_fd (fd, error) : NULL;
  if (map == NULL)
    {
      g_prefix_error (
          error, "attaching program \"%s\": its option \"map\": ", ebpf_program_get_name (program));
      return NULL;
    }

  return (EbpfLink *) ebpf_iter_link_new_for_map (program, map, error);
}

EbpfLink *
ebpf_attach_kprobe_multi (EbpfProgram *program,
                          const char *word,
                          const char *attach_to,
                          const EbpfAttachOptions *options,
                          GError **error)
{
  const char *pattern = options->symbol != NULL ? options->symbol : attach_to;

  if (pattern == NULL || *pattern == '\0')
    {
      ebpf_attach_set_missing (
          error, program, "kprobe.multi",
          "the option \"symbol\" is needed, the name of functions of the kernel, where * "
          "and ? stand for others");
      return NULL;
    }

  return (EbpfLink *) ebpf_kprobe_multi_link_new_for_pattern (
      program, pattern, options->retprobe || g_strcmp0 (word, "kretprobe.multi") == 0, error);
}

EbpfLink *
ebpf_attach_uprobe_multi (EbpfProgram *program,
                          const char *word,
                          const char *attach_to,
                          const EbpfAttachOptions *options,
                          GError **error)
{
  const char *colon = attach_to != NULL ? strrchr (attach_to, ':') : NULL;
  const char *pattern = options->symbol;
  g_autofree char *binary = g_strdup (options->binary);

  /* "/path:pattern", or the path alone; the options come first. */
  if (binary == NULL && attach_to != NULL && *attach_to != '\0')
    binary =
        colon != NULL ? g_strndup (attach_to, (gsize) (colon - attach_to)) : g_strdup (attach_to);
  if (pattern == NULL && colon != NULL && colon[1] != '\0')
    pattern = colon + 1;

  if (binary == NULL || pattern == NULL)
    {
      ebpf_attach_set_missing (
          error, program, "uprobe.multi",
          binary == NULL
              ? "the option \"binary\" is needed, the path of a program or library"
              : "the option \"symbol\" is needed, the name of functions, where * and ? stand "
                "for others");
      return NULL;
    }

  return (EbpfLink *) ebpf_uprobe_multi_link_new_for_pattern (
      program, binary, pattern, options->pid,
      options->retprobe || g_strcmp0 (word, "uretprobe.multi") == 0, error);
}

EbpfLink *
ebpf_attach_device (EbpfProgram *program,
                    const char *word,
                    const char *attach_to,
                    const EbpfAttachOptions *options,
                    GError **error)
{
  EbpfAttachType attach_type;

  if (!ebpf_attach_options_get_attach_type (
          options, program, "tcx",
          "the option \"attach-type\" is needed, \"tcx-ingress\" or \"tcx-egress\", since its "
          "section does not tell",
          &attach_type, error))
    return NULL;

  switch (attach_type)
    {
    case EBPF_ATTACH_TYPE_NETKIT_PRIMARY:
    case EBPF_ATTACH_TYPE_NETKIT_PEER:
      if (options->interface != NULL)
        return (EbpfLink *) ebpf_netkit_link_new (program, options->interface, attach_type, NULL, 0,
                                                  error);
      return (EbpfLink *) ebpf_netkit_link_new_for_ifindex (program, options->ifindex, attach_type,
                                                            NULL, 0, error);
    default:
      if (options->interface != NULL)
        return (EbpfLink *) ebpf_tcx_link_new (program, options->interface, attach_type, NULL, 0,
                                               error);
      return (EbpfLink *) ebpf_tcx_link_new_for_ifindex (program, options->ifindex, attach_type,
                                                         NULL, 0, error);
    }
}

EbpfLink *
ebpf_attach_netns (EbpfProgram *program,
                   const char *word,
                   const char *attach_to,
                   const EbpfAttachOptions *options,
                   GError **error)
{
  return (EbpfLink *) ebpf_netns_link_new (program, options->netns, error);
}

EbpfLink *
ebpf_attach_netfilter (EbpfProgram *program,
                       const char *word,
                       const char *attach_to,
                       const EbpfAttachOptions *options,
                       GError **error)
{
  EbpfNetfilterFamily family = (options->given & BIT (FAMILY))
                                   ? (EbpfNetfilterFamily) options->family
                                   : EBPF_NETFILTER_FAMILY_IPV4;

  return (EbpfLink *) ebpf_netfilter_link_new (
      program, family, (EbpfNetfilterHook) options->hook, options->priority,
      options->defrag ? EBPF_NETFILTER_FLAGS_IP_DEFRAG : EBPF_NETFILTER_FLAGS_NONE, error);
}
