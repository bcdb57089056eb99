/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "link/ebpf-anchor.h"

G_BEGIN_DECLS

/* A hook of a network interface that takes several programs, and what is wanted of it. */
typedef struct
{
  GType type;
  const char *what;    /* "tcx" */
  const char *version; /* of Linux */
  EbpfAttachType attach_type;
  EbpfAnchor *anchor; /* or NULL */
  guint64 expected_revision;
} EbpfDeviceHook;

/* @interface: its name, or NULL for @ifindex. */
gpointer ebpf_device_link_attach (const EbpfDeviceHook *hook,
                                  EbpfProgram *program,
                                  const char *interface,
                                  guint ifindex,
                                  GError **error);

G_END_DECLS
