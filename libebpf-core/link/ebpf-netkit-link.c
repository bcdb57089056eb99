/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-netkit-link.h"

#include "link/ebpf-device-link-private.h"

/**
 * EbpfNetkitLink:
 *
 * A program on a netkit device, or on its peer (sections `netkit/primary`, `netkit/peer`).
 */

struct _EbpfNetkitLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfNetkitLink, ebpf_netkit_link, EBPF_TYPE_LINK)

static void
ebpf_netkit_link_class_init (EbpfNetkitLinkClass *klass)
{
}

static void
ebpf_netkit_link_init (EbpfNetkitLink *self)
{
}

/**
 * ebpf_netkit_link_new:
 * @program: a program of type `sched-cls`
 * @interface: name of a network interface
 * @attach_type: %EBPF_ATTACH_TYPE_NETKIT_PRIMARY or %EBPF_ATTACH_TYPE_NETKIT_PEER
 * @anchor: (nullable): where among the programs that are there; %NULL for the last place
 * @expected_revision: the number of the list of programs that the caller saw, which the kernel counts
 *   up with each change, or 0; %EBPF_ERROR_BUSY where it has changed
 * @error: return location for an error
 *
 * Attaches a program to a network interface. Needs Linux 6.7.
 *
 * Returns: (transfer full): the attachment
 */
EbpfNetkitLink *
ebpf_netkit_link_new (EbpfProgram *program,
                      const char *interface,
                      EbpfAttachType attach_type,
                      EbpfAnchor *anchor,
                      guint64 expected_revision,
                      GError **error)
{
  EbpfDeviceHook hook = { EBPF_TYPE_NETKIT_LINK, "netkit", "6.7",
                          attach_type,           anchor,   expected_revision };

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (interface != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_device_link_attach (&hook, program, interface, 0, error);
}

/**
 * ebpf_netkit_link_new_for_ifindex:
 * @program: a program of type `sched-cls`
 * @ifindex: number of a network interface
 * @attach_type: %EBPF_ATTACH_TYPE_NETKIT_PRIMARY or %EBPF_ATTACH_TYPE_NETKIT_PEER
 * @anchor: (nullable): where among the programs that are there; %NULL for the last place
 * @expected_revision: the number of the list of programs that the caller saw, which the kernel counts
 *   up with each change, or 0; %EBPF_ERROR_BUSY where it has changed
 * @error: return location for an error
 *
 * Attaches a program to a network interface by its number. Needs Linux 6.7.
 *
 * Returns: (transfer full): the attachment
 */
EbpfNetkitLink *
ebpf_netkit_link_new_for_ifindex (EbpfProgram *program,
                                  guint ifindex,
                                  EbpfAttachType attach_type,
                                  EbpfAnchor *anchor,
                                  guint64 expected_revision,
                                  GError **error)
{
  EbpfDeviceHook hook = { EBPF_TYPE_NETKIT_LINK, "netkit", "6.7",
                          attach_type,           anchor,   expected_revision };

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_device_link_attach (&hook, program, NULL, ifindex, error);
}
