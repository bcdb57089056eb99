/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"
#include "object/ebpf-map.h"
#include "sys/ebpf-sys-private.h"

G_BEGIN_DECLS

/* A new link of this type, open. @fd is taken over: a bpf_link's, or with @is_kernel_link FALSE
 * anything whose closing takes the program off its hook, or -1. */
gpointer ebpf_link_create (GType type,
                           EbpfProgram *program,
                           int fd,
                           gboolean is_kernel_link,
                           const char *target_format,
                           ...) G_GNUC_PRINTF (5, 6);

/* The link of a pin's file descriptor, which is taken in any case. */
EbpfLink *ebpf_link_new_from_pin_fd (int fd, const char *path, gboolean keep_path, GError **error);

/* The last step of an attach: tells the program. Gives @self back. */
gpointer ebpf_link_announce (gpointer self);

/* Whether the fd is a bpf_link's, so that the kernel can update, pin and describe it. */
gboolean ebpf_link_is_kernel_link (EbpfLink *self);

/* The program's fd for an attach; -1 with @error where it was closed, or is of another type than
 * the n_types given. */
int ebpf_link_get_program_fd (EbpfProgram *program,
                              const char *target,
                              const EbpfProgramType *types,
                              guint n_types,
                              GError **error);

/* "attaching program \"x\" to TARGET: ANSWER (ENAME); HINT". Without a hint, code and hint follow
 * from errno; without an errno, the hint is all there is. */
void ebpf_link_set_attach_error (GError **error,
                                 EbpfError code,
                                 int errsv,
                                 EbpfProgram *program,
                                 const char *target,
                                 const char *hint);

/* Fills @info, and the string that it points to (free it), which may be NULL. FALSE with errno. */
gboolean ebpf_link_read_info (int fd, EbpfSysLinkInfo *info, char **name);

/* The class for what @info describes. */
GType ebpf_link_info_get_gtype (const EbpfSysLinkInfo *info);

/* "tracepoint sched/sched_process_exec" */
char *ebpf_link_info_describe (const EbpfSysLinkInfo *info, const char *name);

GVariant *ebpf_link_info_to_variant (const EbpfSysLinkInfo *info, const char *name);

/* Whether the kernel can put another program in the place of the one attached. */
gboolean ebpf_link_info_can_update (const EbpfSysLinkInfo *info);

/* "lo, eth0" */
char *ebpf_xdp_link_list_interfaces (void);

struct _EbpfStructOpsLink;
void ebpf_struct_ops_link_set_map (struct _EbpfStructOpsLink *self, EbpfMap *map);

/* The word of a number of this enumeration; the number for one without. */
char *ebpf_link_dup_nick (GType type, guint value);

G_END_DECLS
