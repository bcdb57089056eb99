/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-generic-link.h"

/**
 * EbpfGenericLink:
 *
 * An attachment of a kind that has no class of its own, opened by its pin, id or file descriptor.
 */

struct _EbpfGenericLink
{
  EbpfLink parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfGenericLink, ebpf_generic_link, EBPF_TYPE_LINK)

static void
ebpf_generic_link_class_init (EbpfGenericLinkClass *klass)
{
}

static void
ebpf_generic_link_init (EbpfGenericLink *self)
{
}
