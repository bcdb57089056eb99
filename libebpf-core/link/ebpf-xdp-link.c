/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-xdp-link.h"

#include <errno.h>
#include <net/if.h>

#include "link/ebpf-link-private.h"

/**
 * EbpfXdpLink:
 *
 * A program on a network interface, that sees each frame before the network stack does.
 */

struct _EbpfXdpLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfXdpLink, ebpf_xdp_link, EBPF_TYPE_LINK)

static void
ebpf_xdp_link_class_init (EbpfXdpLinkClass *klass)
{
}

static void
ebpf_xdp_link_init (EbpfXdpLink *self)
{
}

static EbpfXdpLink *
attach (EbpfProgram *program,
        guint ifindex,
        const char *interface,
        EbpfXdpFlags flags,
        GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_XDP };
  g_autofree char *target = g_strdup_printf ("xdp on %s", interface);
  EbpfSysLinkCreate attr = { 0 };
  EbpfError code = EBPF_ERROR_FAILED;
  const char *hint = NULL;
  int program_fd, fd, errsv;

  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;

  attr.prog_fd = (guint32) program_fd;
  attr.target_fd = ifindex;
  attr.attach_type = EBPF_ATTACH_TYPE_XDP;
  attr.flags = flags;
  fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &attr, sizeof attr);
  if (fd >= 0)
    return ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_XDP_LINK, program, fd, TRUE, "%s", target));
  errsv = errno;

  if (errsv == EBUSY || errsv == EEXIST)
    {
      code = EBPF_ERROR_BUSY;
      hint = "the interface has an XDP program already (see `ip link`); detach that first";
    }
  else if (errsv == EOPNOTSUPP)
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = flags & (EBPF_XDP_FLAGS_DRV | EBPF_XDP_FLAGS_HW)
                 ? "the interface's driver cannot do that; the mode skb works with any"
                 : "the interface's driver cannot do that";
    }
  else if (errsv == ENODEV)
    {
      code = EBPF_ERROR_NOT_FOUND;
      hint = "there is no such interface in this network namespace";
    }
  else if (errsv == EINVAL &&
           ebpf_sys_get_kernel_version_code () < EBPF_SYS_KERNEL_VERSION (5, 9, 0))
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = "XDP links need Linux 5.9";
    }
  else if (errsv == EINVAL)
    {
      code = EBPF_ERROR_INVALID_ARGUMENT;
      hint = "the flags ask for more than one mode, the program was loaded for a device or for a "
             "map of devices, or the interface's MTU is too large for it (a section `xdp.frags` "
             "allows for that)";
    }

  ebpf_link_set_attach_error (error, code, errsv, program, target, hint);
  return NULL;
}

char *
ebpf_xdp_link_list_interfaces (void)
{
  struct if_nameindex *interfaces = if_nameindex ();
  GString *list = g_string_new (NULL);

  for (guint i = 0; interfaces != NULL && interfaces[i].if_index != 0; i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", interfaces[i].if_name);
  if (interfaces != NULL)
    if_freenameindex (interfaces);

  return g_string_free (list, FALSE);
}

/**
 * ebpf_xdp_link_new:
 * @program: a program of type `xdp`
 * @interface: name of a network interface
 * @flags: the mode; none lets the kernel choose the driver's, or else the generic one
 * @error: return location for an error
 *
 * Attaches a program to a network interface. Needs Linux 5.9.
 *
 * Returns: (transfer full): the attachment
 */
EbpfXdpLink *
ebpf_xdp_link_new (EbpfProgram *program, const char *interface, EbpfXdpFlags flags, GError **error)
{
  guint ifindex;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (interface != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  ifindex = if_nametoindex (interface);
  if (ifindex == 0)
    {
      g_autofree char *list = ebpf_xdp_link_list_interfaces ();
      g_autofree char *target = g_strdup_printf ("xdp on %s", interface);
      g_autofree char *hint = g_strdup_printf ("no such network interface; there are: %s", list);

      ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_FOUND, 0, program, target, hint);
      return NULL;
    }

  return attach (program, ifindex, interface, flags, error);
}

/**
 * ebpf_xdp_link_new_for_ifindex:
 * @program: a program of type `xdp`
 * @ifindex: number of a network interface
 * @flags: the mode; none lets the kernel choose the driver's, or else the generic one
 * @error: return location for an error
 *
 * Attaches a program to a network interface by its number. Needs Linux 5.9.
 *
 * Returns: (transfer full): the attachment
 */
EbpfXdpLink *
ebpf_xdp_link_new_for_ifindex (EbpfProgram *program,
                               guint ifindex,
                               EbpfXdpFlags flags,
                               GError **error)
{
  g_autofree char *number = NULL;
  char name[IF_NAMESIZE];

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  number = g_strdup_printf ("interface %u", ifindex);
  if (ifindex == 0 || ifindex > G_MAXINT || if_indextoname (ifindex, name) == NULL)
    {
      g_autofree char *list = ebpf_xdp_link_list_interfaces ();
      g_autofree char *target = g_strdup_printf ("xdp on %s", number);
      g_autofree char *hint = g_strdup_printf ("no such network interface; there are: %s", list);

      ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_FOUND, 0, program, target, hint);
      return NULL;
    }

  return attach (program, ifindex, name, flags, error);
}
