/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-anchor-private.h"

#include "base/ebpf-error-private.h"
#include "link/ebpf-link-private.h"

/**
 * EbpfAnchor: (ref-func ebpf_anchor_ref) (unref-func ebpf_anchor_unref)
 *
 * A place among the programs on a hook that runs several, one after the other: tcx and netkit.
 *
 * Without one, a program comes last.
 */

/* Source: include/uapi/linux/bpf.h of Linux 6.18. */
#define FLAG_BEFORE (1u << 3)
#define FLAG_AFTER (1u << 4)
#define FLAG_ID (1u << 5)
#define FLAG_LINK (1u << 13)

struct _EbpfAnchor
{
  guint32 flags;
  guint32 id;
  GObject *object; /* an EbpfLink or EbpfProgram, or NULL */
};

G_DEFINE_BOXED_TYPE (EbpfAnchor, ebpf_anchor, ebpf_anchor_ref, ebpf_anchor_unref)

static EbpfAnchor *
anchor_new (guint32 flags, guint32 id, gpointer object)
{
  EbpfAnchor *self = g_atomic_rc_box_new0 (EbpfAnchor);

  self->flags = flags;
  self->id = id;
  self->object = object != NULL ? g_object_ref (object) : NULL;

  return self;
}

static void
anchor_clear (gpointer data)
{
  EbpfAnchor *self = data;

  g_clear_object (&self->object);
}

/**
 * ebpf_anchor_ref:
 * @self: an anchor
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 */
EbpfAnchor *
ebpf_anchor_ref (EbpfAnchor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

/**
 * ebpf_anchor_unref:
 * @self: (transfer full): an anchor
 *
 * Drops a reference.
 */
void
ebpf_anchor_unref (EbpfAnchor *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, anchor_clear);
}

/**
 * ebpf_anchor_new_head:
 *
 * Makes the anchor for the first place.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_head (void)
{
  return anchor_new (FLAG_BEFORE, 0, NULL);
}

/**
 * ebpf_anchor_new_tail:
 *
 * Makes the anchor for the last place.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_tail (void)
{
  return anchor_new (FLAG_AFTER, 0, NULL);
}

/**
 * ebpf_anchor_new_before_link:
 * @link: a link of the same hook, which has to be open when the anchor is used
 *
 * Makes the anchor for the place before a link.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_before_link (EbpfLink *link)
{
  g_return_val_if_fail (EBPF_IS_LINK (link), NULL);

  return anchor_new (FLAG_BEFORE | FLAG_LINK, 0, link);
}

/**
 * ebpf_anchor_new_before_link_id:
 * @id: the kernel's number of a link of the same hook
 *
 * Makes the anchor for the place before a link.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_before_link_id (guint id)
{
  return anchor_new (FLAG_BEFORE | FLAG_LINK | FLAG_ID, id, NULL);
}

/**
 * ebpf_anchor_new_before_program:
 * @program: a program of the same hook, which has to be open when the anchor is used
 *
 * Makes the anchor for the place before a program.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_before_program (EbpfProgram *program)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);

  return anchor_new (FLAG_BEFORE, 0, program);
}

/**
 * ebpf_anchor_new_before_program_id:
 * @id: the kernel's number of a program of the same hook
 *
 * Makes the anchor for the place before a program.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_before_program_id (guint id)
{
  return anchor_new (FLAG_BEFORE | FLAG_ID, id, NULL);
}

/**
 * ebpf_anchor_new_after_link:
 * @link: a link of the same hook, which has to be open when the anchor is used
 *
 * Makes the anchor for the place after a link.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_after_link (EbpfLink *link)
{
  g_return_val_if_fail (EBPF_IS_LINK (link), NULL);

  return anchor_new (FLAG_AFTER | FLAG_LINK, 0, link);
}

/**
 * ebpf_anchor_new_after_link_id:
 * @id: the kernel's number of a link of the same hook
 *
 * Makes the anchor for the place after a link.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_after_link_id (guint id)
{
  return anchor_new (FLAG_AFTER | FLAG_LINK | FLAG_ID, id, NULL);
}

/**
 * ebpf_anchor_new_after_program:
 * @program: a program of the same hook, which has to be open when the anchor is used
 *
 * Makes the anchor for the place after a program.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_after_program (EbpfProgram *program)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (program), NULL);

  return anchor_new (FLAG_AFTER, 0, program);
}

/**
 * ebpf_anchor_new_after_program_id:
 * @id: the kernel's number of a program of the same hook
 *
 * Makes the anchor for the place after a program.
 *
 * Returns: (transfer full): the anchor
 */
EbpfAnchor *
ebpf_anchor_new_after_program_id (guint id)
{
  return anchor_new (FLAG_AFTER | FLAG_ID, id, NULL);
}

gboolean
ebpf_anchor_apply (const EbpfAnchor *self, guint32 *flags, guint32 *relative, GError **error)
{
  int fd;

  if (self == NULL)
    return TRUE;

  *flags |= self->flags;
  *relative = self->id;
  if (self->object == NULL)
    return TRUE;

  if (EBPF_IS_LINK (self->object))
    {
      EbpfLink *link = EBPF_LINK (self->object);

      fd = ebpf_link_is_kernel_link (link) ? ebpf_link_peek_fd (link) : -1;
      if (fd < 0)
        {
          ebpf_error_set (
              error, ebpf_link_is_open (link) ? EBPF_ERROR_INVALID_ARGUMENT : EBPF_ERROR_CLOSED, 0,
              "its place is told by the link \"%s\", which %s", ebpf_link_get_target (link),
              ebpf_link_is_open (link) ? "is none of the kernel's" : "was closed");
          return FALSE;
        }
    }
  else
    {
      fd = ebpf_program_peek_fd (EBPF_PROGRAM (self->object));
      if (fd < 0)
        {
          ebpf_error_set (error, EBPF_ERROR_CLOSED, 0,
                          "its place is told by the program \"%s\", which was closed",
                          ebpf_program_get_name (EBPF_PROGRAM (self->object)));
          return FALSE;
        }
    }

  *relative = (guint32) fd;
  return TRUE;
}
