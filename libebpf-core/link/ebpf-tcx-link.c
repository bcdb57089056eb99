/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-tcx-link.h"

#include "link/ebpf-device-link-private.h"

/**
 * EbpfTcxLink:
 *
 * A program of traffic control on what a network interface receives or sends (sections `tcx/ingress`,
 * `tcx/egress`, `tc/ingress`, `tc/egress`, `tc`), without the queueing disciplines of `tc`. Several
 * programs run one after the other.
 */

struct _EbpfTcxLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfTcxLink, ebpf_tcx_link, EBPF_TYPE_LINK)

static void
ebpf_tcx_link_class_init (EbpfTcxLinkClass *klass)
{
}

static void
ebpf_tcx_link_init (EbpfTcxLink *self)
{
}

/**
 * ebpf_tcx_link_new:
 * @program: a program of type `sched-cls`
 * @interface: name of a network interface
 * @attach_type: %EBPF_ATTACH_TYPE_TCX_INGRESS or %EBPF_ATTACH_TYPE_TCX_EGRESS
 * @anchor: (nullable): where among the programs that are there; %NULL for the last place
 * @expected_revision: the number of the list of programs that the caller saw, which the kernel counts
 *   up with each change, or 0; %EBPF_ERROR_BUSY where it has changed
 * @error: return location for an error
 *
 * Attaches a program to a network interface. Needs Linux 6.6.
 *
 * Returns: (transfer full): the attachment
 */
EbpfTcxLink *
ebpf_tcx_link_new (EbpfProgram *program,
                   const char *interface,
                   EbpfAttachType attach_type,
                   EbpfAnchor *anchor,
                   guint64 expected_revision,
                   GError **error)
{
  EbpfDeviceHook hook = {
    EBPF_TYPE_TCX_LINK, "tcx", "6.6", attach_type, anchor, expected_revision
  };

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (interface != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_device_link_attach (&hook, program, interface, 0, error);
}

/**
 * ebpf_tcx_link_new_for_ifindex:
 * @program: a program of type `sched-cls`
 * @ifindex: number of a network interface
 * @attach_type: %EBPF_ATTACH_TYPE_TCX_INGRESS or %EBPF_ATTACH_TYPE_TCX_EGRESS
 * @anchor: (nullable): where among the programs that are there; %NULL for the last place
 * @expected_revision: the number of the list of programs that the caller saw, which the kernel counts
 *   up with each change, or 0; %EBPF_ERROR_BUSY where it has changed
 * @error: return location for an error
 *
 * Attaches a program to a network interface by its number. Needs Linux 6.6.
 *
 * Returns: (transfer full): the attachment
 */
EbpfTcxLink *
ebpf_tcx_link_new_for_ifindex (EbpfProgram *program,
                               guint ifindex,
                               EbpfAttachType attach_type,
                               EbpfAnchor *anchor,
                               guint64 expected_revision,
                               GError **error)
{
  EbpfDeviceHook hook = {
    EBPF_TYPE_TCX_LINK, "tcx", "6.6", attach_type, anchor, expected_revision
  };

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_device_link_attach (&hook, program, NULL, ifindex, error);
}
