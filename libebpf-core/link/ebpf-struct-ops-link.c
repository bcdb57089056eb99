/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-struct-ops-link.h"

#include <errno.h>

#include "btf/ebpf-btf-type.h"
#include "link/ebpf-link-private.h"
#include "object/ebpf-map-private.h"

/**
 * EbpfStructOpsLink:
 *
 * Operations that the kernel calls: the programs of a struct_ops map, such as a TCP congestion
 * control, in use.
 *
 * Those of a section `.struct_ops.link` are held by a link of the kernel's (Linux 6.4): they can be
 * replaced by others while they are in use, pinned, and described. Those of a section `.struct_ops`
 * (Linux 5.6) have no such link, and would stay in use when the process ends; this object takes them
 * out of use when it is closed, or dropped. Whoever has them already, such as a connection with the
 * congestion control, keeps them.
 *
 * [property@Link:program] is %NULL: there are several.
 */

struct _EbpfStructOpsLink
{
  EbpfLink parent_instance;

  EbpfMap *map;
};

enum
{
  PROP_0,
  PROP_MAP,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfStructOpsLink, ebpf_struct_ops_link, EBPF_TYPE_LINK)

static const char *
describe (EbpfLink *link)
{
  const char *target = ebpf_link_get_target (link);

  return target != NULL ? target : "operations";
}

static gboolean
ebpf_struct_ops_link_detach (EbpfLink *link, GError **error)
{
  if (ebpf_link_is_kernel_link (link))
    return EBPF_LINK_CLASS (ebpf_struct_ops_link_parent_class)->detach (link, error);

  return ebpf_map_unregister_struct_ops (ebpf_link_peek_fd (link), describe (link), error);
}

static gboolean
ebpf_struct_ops_link_update (EbpfLink *link, EbpfProgram *program, GError **error)
{
  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "updating %s: operations are replaced as a whole, by "
                  "ebpf_struct_ops_link_update_map ()",
                  describe (link));
  return FALSE;
}

static void
ebpf_struct_ops_link_dispose (GObject *object)
{
  EbpfStructOpsLink *self = EBPF_STRUCT_OPS_LINK (object);

  /* The parent takes the operations out of use. */
  G_OBJECT_CLASS (ebpf_struct_ops_link_parent_class)->dispose (object);
  g_clear_object (&self->map);
}

static void
ebpf_struct_ops_link_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EbpfStructOpsLink *self = EBPF_STRUCT_OPS_LINK (object);

  switch (id)
    {
    case PROP_MAP:
      g_value_set_object (value, self->map);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
ebpf_struct_ops_link_class_init (EbpfStructOpsLinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  EbpfLinkClass *link_class = EBPF_LINK_CLASS (klass);

  object_class->dispose = ebpf_struct_ops_link_dispose;
  object_class->get_property = ebpf_struct_ops_link_get_property;
  link_class->detach = ebpf_struct_ops_link_detach;
  link_class->update = ebpf_struct_ops_link_update;

  /**
   * EbpfStructOpsLink:map: (getter get_map)
   *
   * The map whose operations are in use. %NULL where a link that was opened by its pin or id may not
   * ask for it.
   */
  properties[PROP_MAP] =
      g_param_spec_object ("map", NULL, NULL, EBPF_TYPE_MAP,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_struct_ops_link_init (EbpfStructOpsLink *self)
{
}

void
ebpf_struct_ops_link_set_map (EbpfStructOpsLink *self, EbpfMap *map)
{
  if (g_set_object (&self->map, map))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAP]);
}

/* "tcp_congestion_ops of map 'plain'" */
static char *
describe_map (EbpfMap *map)
{
  static const char prefix[] = "bpf_struct_ops_";
  EbpfBtfType *type = ebpf_map_get_value_type (map);
  const char *name = type != NULL ? ebpf_btf_type_get_name (type) : "";

  if (g_str_has_prefix (name, prefix))
    name += strlen (prefix);

  return g_strdup_printf ("%s of map '%s'", *name != '\0' ? name : "operations",
                          ebpf_map_get_name (map));
}

static void
set_link_error (GError **error, int errsv, const char *target)
{
  const char *hint = NULL;
  EbpfError code = EBPF_ERROR_FAILED;

  switch (errsv)
    {
    case EEXIST:
      code = EBPF_ERROR_EXISTS;
      hint = "operations of this name are in use already; give them another name by "
             "ebpf_map_spec_set_member_value ()";
      break;
    case EBUSY:
      code = EBPF_ERROR_BUSY;
      hint = "others of this kind are in use, and the kernel takes one at a time";
      break;
    case EINVAL:
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = "operations are attached by a link since Linux 6.4; before, put them into a section "
             ".struct_ops";
      break;
    default:
      break;
    }

  if (hint != NULL)
    ebpf_sys_set_error_with_hint (error, code, errsv, hint, "attaching %s", target);
  else
    ebpf_sys_set_error (error, errsv, "attaching %s", target);
}

/**
 * ebpf_struct_ops_link_new:
 * @map: a map of type `struct-ops`
 * @error: return location for an error
 *
 * Gives the operations of a map to the kernel, which calls them from now on.
 *
 * Operations of a section `.struct_ops` (Linux 5.6) can be attached once; those of
 * `.struct_ops.link` (Linux 6.4) again and again. The programs and the map may be closed afterwards.
 *
 * Returns: (transfer full): the attachment
 */
EbpfStructOpsLink *
ebpf_struct_ops_link_new (EbpfMap *map, GError **error)
{
  g_autofree char *target = NULL;
  EbpfStructOpsLink *self;
  gboolean by_link;
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (map), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  by_link = (ebpf_map_get_map_flags (map) & EBPF_MAP_FLAGS_LINK) != 0;

  /* Without a link, this is what holds the map: its operations are taken away by it. */
  fd = by_link ? -1 : ebpf_map_dup_fd (map, error);
  if (!by_link && fd < 0)
    return NULL;
  if (!ebpf_map_register_struct_ops (map, error))
    {
      ebpf_sys_clear_fd (&fd);
      return NULL;
    }

  target = describe_map (map);
  if (by_link)
    {
      EbpfSysLinkCreate create = { 0 };

      create.prog_fd = (guint32) ebpf_map_peek_fd (map);
      create.attach_type = EBPF_ATTACH_TYPE_STRUCT_OPS;
      fd = ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &create, sizeof create);
      if (fd < 0)
        {
          set_link_error (error, errno, target);
          return NULL;
        }
    }

  self = ebpf_link_create (EBPF_TYPE_STRUCT_OPS_LINK, NULL, fd, by_link, "%s", target);
  self->map = g_object_ref (map);

  return ebpf_link_announce (self);
}

/**
 * ebpf_struct_ops_link_get_map: (get-property map)
 * @self: a link
 *
 * Gets the map whose operations are in use.
 *
 * Returns: (nullable) (transfer none): the map; %NULL where a link that was opened by its pin or id
 *   may not ask for it
 */
EbpfMap *
ebpf_struct_ops_link_get_map (EbpfStructOpsLink *self)
{
  g_return_val_if_fail (EBPF_IS_STRUCT_OPS_LINK (self), NULL);

  return self->map;
}

/**
 * ebpf_struct_ops_link_update_map:
 * @self: a link
 * @map: a map with operations of the same kind, of a section `.struct_ops.link`
 * @error: return location for an error
 *
 * Puts the operations of another map in the place of those in use, so that there is no moment
 * without. What the kernel wants to stay the same depends on the kind: a TCP congestion control
 * keeps its name. Connections that have the old one keep it.
 *
 * Needs Linux 6.4, and operations that are attached by a link.
 *
 * Returns: %TRUE if the operations of @map are in use now
 */
gboolean
ebpf_struct_ops_link_update_map (EbpfStructOpsLink *self, EbpfMap *map, GError **error)
{
  EbpfLink *link = EBPF_LINK (self);
  EbpfSysLinkUpdate attr = { 0 };
  const char *hint = NULL;
  EbpfError code = EBPF_ERROR_INCOMPATIBLE;
  int errsv;

  g_return_val_if_fail (EBPF_IS_STRUCT_OPS_LINK (self), FALSE);
  g_return_val_if_fail (EBPF_IS_MAP (map), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_link_is_open (link))
    {
      ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "updating %s: the link was closed",
                      describe (link));
      return FALSE;
    }
  if (!ebpf_link_is_kernel_link (link))
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "updating %s: they were attached without a bpf_link, which that needs; put "
                      "them into a section .struct_ops.link",
                      describe (link));
      return FALSE;
    }
  /* To register it without a link would put it into use beside the other. */
  if (ebpf_map_get_map_type (map) == EBPF_MAP_TYPE_STRUCT_OPS &&
      (ebpf_map_get_map_flags (map) & EBPF_MAP_FLAGS_LINK) == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                      "updating %s to map '%s': that is not of a section .struct_ops.link",
                      describe (link), ebpf_map_get_name (map));
      return FALSE;
    }
  if (!ebpf_map_register_struct_ops (map, error))
    return FALSE;

  attr.link_fd = (guint32) ebpf_link_peek_fd (link);
  attr.new_prog_fd = (guint32) ebpf_map_peek_fd (map);
  if (ebpf_sys_bpf (EBPF_SYS_LINK_UPDATE, &attr, sizeof attr) == 0)
    {
      ebpf_struct_ops_link_set_map (self, map);
      return TRUE;
    }
  errsv = errno;

  switch (errsv)
    {
    case EINVAL:
    case EPERM:
      hint = "its operations are of another kind, or differ in what the kernel wants to stay the "
             "same, such as the name of a congestion control";
      break;
    case EOPNOTSUPP:
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = "the kernel does not replace operations of this kind while they are in use";
      break;
    case ENOLINK:
      code = EBPF_ERROR_NOT_FOUND;
      hint = "they are no longer in use: the link was detached";
      break;
    default:
      break;
    }

  if (hint != NULL)
    ebpf_sys_set_error_with_hint (error, code, errsv, hint, "updating %s to map '%s'",
                                  describe (link), ebpf_map_get_name (map));
  else
    ebpf_sys_set_error (error, errsv, "updating %s to map '%s'", describe (link),
                        ebpf_map_get_name (map));
  return FALSE;
}
