/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-link.h"

G_BEGIN_DECLS

#define EBPF_TYPE_PERF_EVENT_LINK (ebpf_perf_event_link_get_type ())

EBPF_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (EbpfPerfEventLink, ebpf_perf_event_link, EBPF, PERF_EVENT_LINK, EbpfLink)

/**
 * EbpfPerfEventLinkClass:
 * @parent_class: the parent class
 *
 * The class of attachments to perf events.
 */
struct _EbpfPerfEventLinkClass
{
  EbpfLinkClass parent_class;

  /*< private >*/
  gpointer padding[4];
};

EBPF_AVAILABLE_IN_ALL
EbpfPerfEventLink *
ebpf_perf_event_link_new (EbpfProgram *program, int event_fd, guint64 cookie, GError **error);

G_END_DECLS
