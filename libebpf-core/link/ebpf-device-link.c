/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-device-link-private.h"

#include <errno.h>
#include <net/if.h>

#include "base/ebpf-enum-types.h"
#include "link/ebpf-anchor-private.h"
#include "link/ebpf-link-private.h"

static void
set_attach_error (const EbpfDeviceHook *hook,
                  EbpfProgram *program,
                  const char *target,
                  int errsv,
                  GError **error)
{
  g_autofree char *hint = NULL;
  EbpfError code = EBPF_ERROR_FAILED;

  switch (errsv)
    {
    case ESTALE:
      code = EBPF_ERROR_BUSY;
      hint = g_strdup ("the programs of this hook have changed since the revision that was given");
      break;
    case EEXIST:
      code = EBPF_ERROR_EXISTS;
      hint = g_strdup ("this program is on the hook already");
      break;
    case ENOENT:
      code = EBPF_ERROR_NOT_FOUND;
      hint = g_strdup ("what the anchor names is not on this hook");
      break;
    case ERANGE:
      code = EBPF_ERROR_LIMIT;
      hint = g_strdup ("there are as many programs on this hook as the kernel takes");
      break;
    case ENODEV:
      code = EBPF_ERROR_NOT_FOUND;
      hint = g_strdup ("there is no such interface in this network namespace");
      break;
    case EINVAL:
    case E2BIG:
    case EOPNOTSUPP:
      if (ebpf_sys_get_kernel_version_code () < ebpf_sys_parse_kernel_version (hook->version))
        {
          code = EBPF_ERROR_NOT_SUPPORTED;
          hint = g_strdup_printf ("%s links need Linux %s", hook->what, hook->version);
        }
      else
        {
          code = EBPF_ERROR_INVALID_ARGUMENT;
          hint = g_strdup_printf ("the interface is none for %s, or the attach type is not one of "
                                  "its hooks, or the kernel was built without it",
                                  hook->what);
        }
      break;
    default:
      break;
    }

  ebpf_link_set_attach_error (error, code, errsv, program, target, hint);
}

gpointer
ebpf_device_link_attach (const EbpfDeviceHook *hook,
                         EbpfProgram *program,
                         const char *interface,
                         guint ifindex,
                         GError **error)
{
  static const EbpfProgramType types[] = { EBPF_PROGRAM_TYPE_SCHED_CLS };
  g_autofree char *nick = ebpf_link_dup_nick (EBPF_TYPE_ATTACH_TYPE, hook->attach_type);
  g_autofree char *target = NULL;
  EbpfSysLinkCreate create = { 0 };
  GError *local_error = NULL;
  char name[IF_NAMESIZE];
  gboolean found;
  int program_fd, fd;

  if (interface != NULL)
    {
      ifindex = if_nametoindex (interface);
      found = ifindex != 0;
      target = g_strdup_printf ("%s on %s", nick, interface);
    }
  else
    {
      found = ifindex != 0 && ifindex <= G_MAXINT && if_indextoname (ifindex, name) != NULL;
      target = found ? g_strdup_printf ("%s on %s", nick, name)
                     : g_strdup_printf ("%s on interface %u", nick, ifindex);
    }

  program_fd = ebpf_link_get_program_fd (program, target, types, G_N_ELEMENTS (types), error);
  if (program_fd < 0)
    return NULL;
  if (!found)
    {
      g_autofree char *list = ebpf_xdp_link_list_interfaces ();
      g_autofree char *hint = g_strdup_printf ("no such network interface; there are: %s", list);

      ebpf_link_set_attach_error (error, EBPF_ERROR_NOT_FOUND, 0, program, target, hint);
      return NULL;
    }

  create.prog_fd = (guint32) program_fd;
  create.target_fd = ifindex;
  create.attach_type = hook->attach_type;
  create.mprog.expected_revision = hook->expected_revision;
  if (!ebpf_anchor_apply (hook->anchor, &create.flags, &create.mprog.relative_fd, &local_error))
    {
      ebpf_error_propagate_prefixed (error, local_error, "attaching program \"%s\" to %s: ",
                                     ebpf_program_get_name (program), target);
      return NULL;
    }

  fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
  if (fd >= 0)
    return ebpf_link_announce (ebpf_link_create (hook->type, program, fd, TRUE, "%s", target));

  set_attach_error (hook, program, target, errno, error);
  return NULL;
}
