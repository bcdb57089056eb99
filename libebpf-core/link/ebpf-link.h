/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-program.h"

G_BEGIN_DECLS

#define EBPF_TYPE_LINK (ebpf_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (EbpfLink, ebpf_link, EBPF, LINK, GObject)

/**
 * EbpfLinkClass:
 * @parent_class: the parent class
 * @detach: takes the program off its hook
 * @update: puts another program in its place
 * @pin: gives the attachment a name in bpffs
 * @unpin: takes the name away
 * @query_info: what the kernel says of the attachment
 *
 * The class of attachments. One kind of hook is one subclass.
 */
struct _EbpfLinkClass
{
  GObjectClass parent_class;

  gboolean (*detach) (EbpfLink *self, GError **error);
  gboolean (*update) (EbpfLink *self, EbpfProgram *program, GError **error);
  gboolean (*pin) (EbpfLink *self, const char *path, GError **error);
  gboolean (*unpin) (EbpfLink *self, GError **error);
  GVariant *(*query_info) (EbpfLink *self, GError **error);

  /*< private >*/
  gpointer padding[8];
};

EBPF_AVAILABLE_IN_ALL
EbpfLink *ebpf_link_from_fd (int fd, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfLink *ebpf_link_from_id (guint id, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfLink *ebpf_link_from_pin (const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfLink *ebpf_link_from_pin_at (int folder_fd, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
EbpfProgram *ebpf_link_get_program (EbpfLink *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_link_get_target (EbpfLink *self);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_link_get_pin_path (EbpfLink *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_link_is_open (EbpfLink *self);

EBPF_AVAILABLE_IN_ALL
int ebpf_link_peek_fd (EbpfLink *self);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_link_detach (EbpfLink *self, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_link_update (EbpfLink *self, EbpfProgram *program, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_link_pin (EbpfLink *self, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_link_pin_at (EbpfLink *self, int folder_fd, const char *path, GError **error);

EBPF_AVAILABLE_IN_ALL
gboolean ebpf_link_unpin (EbpfLink *self, GError **error);

EBPF_AVAILABLE_IN_ALL
GVariant *ebpf_link_query_info (EbpfLink *self, GError **error);

EBPF_AVAILABLE_IN_ALL
void ebpf_link_close (EbpfLink *self);

G_END_DECLS
