/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-cgroup-link.h"

#include <errno.h>
#include <fcntl.h>

#include "base/ebpf-enum-types.h"
#include "link/ebpf-link-private.h"
#include "sys/ebpf-tracefs-private.h"

/**
 * EbpfCgroupLink:
 *
 * A program on a control group, that sees the packets, sockets or settings of its processes and of
 * those of the groups below it.
 */

struct _EbpfCgroupLink
{
  EbpfLink parent_instance;

  /* Where there are no links (before Linux 5.7): what the kernel needs to know to detach. */
  int program_fd;
  EbpfAttachType attach_type;
};

G_DEFINE_FINAL_TYPE (EbpfCgroupLink, ebpf_cgroup_link, EBPF_TYPE_LINK)

static const EbpfProgramType cgroup_types[] = {
  EBPF_PROGRAM_TYPE_CGROUP_SKB,       EBPF_PROGRAM_TYPE_CGROUP_SOCK,
  EBPF_PROGRAM_TYPE_SOCK_OPS,         EBPF_PROGRAM_TYPE_CGROUP_DEVICE,
  EBPF_PROGRAM_TYPE_CGROUP_SOCK_ADDR, EBPF_PROGRAM_TYPE_CGROUP_SYSCTL,
  EBPF_PROGRAM_TYPE_CGROUP_SOCKOPT,   EBPF_PROGRAM_TYPE_LSM,
};

static gboolean
ebpf_cgroup_link_detach (EbpfLink *link, GError **error)
{
  EbpfCgroupLink *self = EBPF_CGROUP_LINK (link);
  EbpfSysProgAttach attr = { 0 };

  if (ebpf_link_is_kernel_link (link))
    return EBPF_LINK_CLASS (ebpf_cgroup_link_parent_class)->detach (link, error);

  attr.target_fd = (guint32) ebpf_link_peek_fd (link);
  attr.attach_bpf_fd = (guint32) self->program_fd;
  attr.attach_type = self->attach_type;
  /* ENOENT: somebody else did it. */
  if (ebpf_sys_bpf (EBPF_SYS_PROG_DETACH, &attr, sizeof attr) < 0 && errno != ENOENT)
    {
      ebpf_sys_set_error (error, errno, "detaching from %s", ebpf_link_get_target (link));
      return FALSE;
    }

  ebpf_sys_clear_fd (&self->program_fd);
  return TRUE;
}

static void
ebpf_cgroup_link_finalize (GObject *object)
{
  ebpf_sys_clear_fd (&EBPF_CGROUP_LINK (object)->program_fd);
  G_OBJECT_CLASS (ebpf_cgroup_link_parent_class)->finalize (object);
}

static void
ebpf_cgroup_link_class_init (EbpfCgroupLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ebpf_cgroup_link_finalize;
  EBPF_LINK_CLASS (klass)->detach = ebpf_cgroup_link_detach;
}

static void
ebpf_cgroup_link_init (EbpfCgroupLink *self)
{
  self->program_fd = -1;
}

static void
set_cgroup_error (GError **error,
                  EbpfError code,
                  int errsv,
                  EbpfProgram *program,
                  const char *target,
                  const char *what)
{
  g_autoptr (GPtrArray) mounts = ebpf_sys_list_mounts ("cgroup2");
  g_autofree char *hint =
      mounts->len > 0
          ? g_strdup_printf ("%s; cgroup v2 is mounted at %s", what,
                             (char *) g_ptr_array_index (mounts, 0))
          : g_strdup_printf ("%s; cgroup v2 is not mounted: mount -t cgroup2 none DIR", what);

  ebpf_link_set_attach_error (error, code, errsv, program, target, hint);
}

/* Before there were links, an attachment lasted until it was taken off. */
static EbpfCgroupLink *
attach_without_link (EbpfProgram *program,
                     int *cgroup_fd,
                     EbpfAttachType attach_type,
                     const char *target,
                     GError **error)
{
  EbpfSysProgAttach attr = { 0 };
  EbpfCgroupLink *self;
  int program_fd;

  program_fd = ebpf_program_dup_fd (program, error);
  if (program_fd < 0)
    return NULL;

  attr.target_fd = (guint32) *cgroup_fd;
  attr.attach_bpf_fd = (guint32) program_fd;
  attr.attach_type = attach_type;
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  if (ebpf_sys_bpf (EBPF_SYS_PROG_ATTACH, &attr, sizeof attr) < 0)
    {
      ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errno, program, target, NULL);
      ebpf_sys_clear_fd (&program_fd);
      return NULL;
    }

  self = ebpf_link_create (EBPF_TYPE_CGROUP_LINK, program, *cgroup_fd, FALSE, "%s", target);
  *cgroup_fd = -1;
  self->program_fd = program_fd;
  self->attach_type = attach_type;

  return ebpf_link_announce (self);
}

/**
 * ebpf_cgroup_link_new:
 * @program: a program of one of the cgroup types, of type `sock-ops`, or of type `lsm` for
 *   `lsm_cgroup`
 * @path: (type filename): a folder of cgroup v2
 * @attach_type: the hook of the group, as the program was loaded for
 * @error: return location for an error
 *
 * Attaches a program to a control group, beside those that are there. Needs Linux 4.15; without
 * a link, before 5.7, an attachment lasts when the process is killed.
 *
 * Returns: (transfer full): the attachment
 */
EbpfCgroupLink *
ebpf_cgroup_link_new (EbpfProgram *program,
                      const char *path,
                      EbpfAttachType attach_type,
                      GError **error)
{
  g_autofree char *target = NULL;
  g_autofree char *nick = NULL;
  EbpfSysLinkCreate attr = { 0 };
  EbpfCgroupLink *self = NULL;
  g_autofree char *missing = NULL;
  int program_fd, cgroup_fd, fd, errsv;

  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);
  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  nick = ebpf_link_dup_nick (EBPF_TYPE_ATTACH_TYPE, attach_type);
  target = g_strdup_printf ("%s of %s", nick, path);
  program_fd =
      ebpf_link_get_program_fd (program, target, cgroup_types, G_N_ELEMENTS (cgroup_types), error);
  if (program_fd < 0)
    return NULL;

  cgroup_fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup_fd < 0)
    {
      errsv = errno;
      if (errsv == ENOENT || errsv == ENOTDIR)
        set_cgroup_error (error, EBPF_ERROR_NOT_FOUND, errsv, program, target,
                          "that is no folder of cgroups");
      else
        ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errsv, program, target, NULL);
      return NULL;
    }

  attr.prog_fd = (guint32) program_fd;
  attr.target_fd = (guint32) cgroup_fd;
  attr.attach_type = attach_type;
  fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &attr, sizeof attr);
  errsv = errno;

  if (fd >= 0)
    self = ebpf_link_announce (
        ebpf_link_create (EBPF_TYPE_CGROUP_LINK, program, fd, TRUE, "%s", target));
  else if (errsv == EINVAL && !ebpf_sys_has_feature (EBPF_FEATURE_BPF_LINK))
    self = attach_without_link (program, &cgroup_fd, attach_type, target, error);
  else if (errsv == EBADF)
    set_cgroup_error (error, EBPF_ERROR_INVALID_ARGUMENT, errsv, program, target,
                      "that folder is not one of cgroup v2");
  else if (errsv == EINVAL)
    ebpf_link_set_attach_error (error, EBPF_ERROR_INVALID_ARGUMENT, errsv, program, target,
                                "the program was not loaded for that attach type");
  else if (errsv == EPERM && (missing = ebpf_sys_explain_privileges ()) == NULL)
    ebpf_link_set_attach_error (error, EBPF_ERROR_PERMISSION, errsv, program, target,
                                "a program attached to a group above, or to this one, does not "
                                "allow others beside it");
  else
    ebpf_link_set_attach_error (error, EBPF_ERROR_FAILED, errsv, program, target, NULL);

  ebpf_sys_clear_fd (&cgroup_fd);
  return self;
}
