/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-link-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/ebpf-enum-types.h"
#include "link/ebpf-raw-tracepoint-link.h"
#include "link/ebpf-struct-ops-link.h"
#include "link/ebpf-tracing-link.h"
#include "object/ebpf-program-private.h"
#include "sys/ebpf-pin-private.h"

/**
 * EbpfLink:
 *
 * An attachment: a program on a hook.
 *
 * Each kind of hook has its own subclass, with a constructor that attaches and gives the link, or
 * an error. [method@Program.attach] picks the right one by the program's section.
 *
 * A link keeps its program on the hook as long as it is open. [method@Link.close] lets go: the
 * kernel then takes the program off, unless the link was pinned (or somebody else has it open).
 * [method@Link.detach] takes the program off in any case. Dropping the last reference closes,
 * without any signal. The program may be closed before its links.
 *
 * Where the kernel gives no bpf_link for the hook (socket filters; perf events before Linux 5.15;
 * operations of a section `.struct_ops`),
 * updating, pinning and [method@Link.query_info] report %EBPF_ERROR_NOT_SUPPORTED.
 */

typedef struct
{
  EbpfProgram *program;
  char *target;
  char *pin_path;
  int fd;
  gboolean open;
  gboolean is_kernel_link;
} EbpfLinkPrivate;

enum
{
  PROP_0,
  PROP_PROGRAM,
  PROP_TARGET,
  PROP_OPEN,
  PROP_PIN_PATH,
  N_PROPS
};

enum
{
  SIGNAL_DETACHED,
  SIGNAL_CLOSED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (EbpfLink, ebpf_link, G_TYPE_OBJECT)

static EbpfLinkPrivate *
get_private (EbpfLink *self)
{
  return ebpf_link_get_instance_private (self);
}

static const char *
describe (EbpfLink *self)
{
  EbpfLinkPrivate *priv = get_private (self);

  return priv->target != NULL ? priv->target : G_OBJECT_TYPE_NAME (self);
}

static gboolean
check_open (EbpfLink *self, const char *what, GError **error)
{
  if (get_private (self)->open)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "%s %s: the link was closed", what, describe (self));
  return FALSE;
}

static gboolean
check_kernel_link (EbpfLink *self, const char *what, GError **error)
{
  if (get_private (self)->is_kernel_link)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "%s %s: attached without a bpf_link, which that needs", what, describe (self));
  return FALSE;
}

/* A function written in a script can return FALSE without an error. */
static void
ensure_error (EbpfLink *self, const char *what, GError **error)
{
  if (error != NULL && *error == NULL)
    ebpf_error_set (error, EBPF_ERROR_FAILED, 0, "%s %s: %s gave no reason", what, describe (self),
                    G_OBJECT_TYPE_NAME (self));
}

/* Whatever the class did with it. */
static void
update_pin_path (EbpfLink *self, const char *old_path, const char *path)
{
  EbpfLinkPrivate *priv = get_private (self);

  if (g_strcmp0 (priv->pin_path, path) != 0)
    {
      g_free (priv->pin_path);
      priv->pin_path = g_strdup (path);
    }

  if (g_strcmp0 (old_path, path) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PIN_PATH]);
}

static gboolean
ebpf_link_real_detach (EbpfLink *self, GError **error)
{
  EbpfLinkPrivate *priv = get_private (self);
  EbpfSysLinkDetach attr = { 0 };
  int errsv;

  if (!priv->is_kernel_link)
    return TRUE;

  attr.link_fd = (guint32) priv->fd;
  if (ebpf_sys_bpf (EBPF_SYS_LINK_DETACH, &attr, sizeof attr) == 0)
    return TRUE;
  errsv = errno;

  /* Kinds that cannot be detached by force, or a kernel before 5.9: closing must do, and only does
   * when no name holds the link. ENODEV, ENOLINK: the hook went away by itself. */
  if (errsv == EOPNOTSUPP || errsv == EINVAL || errsv == ENODEV || errsv == ENOLINK)
    return priv->pin_path == NULL || ebpf_link_unpin (self, error);

  ebpf_sys_set_error (error, errsv, "detaching from %s", describe (self));
  return FALSE;
}

static gboolean
ebpf_link_real_update (EbpfLink *self, EbpfProgram *program, GError **error)
{
  EbpfLinkPrivate *priv = get_private (self);
  EbpfSysLinkUpdate attr = { 0 };
  EbpfSysLinkInfo info;
  g_autofree char *name = NULL;
  int program_fd, errsv;

  if (!check_kernel_link (self, "updating", error))
    return FALSE;

  program_fd = ebpf_link_get_program_fd (program, describe (self), NULL, 0, error);
  if (program_fd < 0)
    return FALSE;

  /* Kinds without an update answer EINVAL, as a program that does not fit does. */
  if (ebpf_link_read_info (priv->fd, &info, &name) && !ebpf_link_info_can_update (&info))
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "updating %s: the kernel cannot change the program of this kind of link",
                      describe (self));
      return FALSE;
    }

  attr.link_fd = (guint32) priv->fd;
  attr.new_prog_fd = (guint32) program_fd;
  if (ebpf_sys_bpf (EBPF_SYS_LINK_UPDATE, &attr, sizeof attr) == 0)
    return TRUE;
  errsv = errno;

  if (errsv == EINVAL)
    ebpf_sys_set_error_with_hint (error, EBPF_ERROR_INCOMPATIBLE, errsv,
                                  "it is not of the same type and attach type as the one attached",
                                  "updating %s to program \"%s\"", describe (self),
                                  ebpf_program_get_name (program));
  else if (errsv == ENOLINK || errsv == ENODEV)
    ebpf_sys_set_error_with_hint (error, EBPF_ERROR_NOT_FOUND, errsv, "the hook is gone",
                                  "updating %s", describe (self));
  else
    ebpf_sys_set_error (error, errsv, "updating %s to program \"%s\"", describe (self),
                        ebpf_program_get_name (program));
  return FALSE;
}

static gboolean
ebpf_link_real_pin (EbpfLink *self, const char *path, GError **error)
{
  EbpfLinkPrivate *priv = get_private (self);

  return check_kernel_link (self, "pinning", error) &&
         ebpf_sys_pin (priv->fd, describe (self), &priv->pin_path, path, error);
}

static gboolean
ebpf_link_real_unpin (EbpfLink *self, GError **error)
{
  return ebpf_sys_unpin (describe (self), &get_private (self)->pin_path, error);
}

static GVariant *
ebpf_link_real_query_info (EbpfLink *self, GError **error)
{
  EbpfLinkPrivate *priv = get_private (self);
  EbpfSysLinkInfo info;
  g_autofree char *name = NULL;

  if (!check_kernel_link (self, "asking about", error))
    return NULL;

  if (!ebpf_link_read_info (priv->fd, &info, &name))
    {
      ebpf_sys_set_error (error, errno, "asking about %s", describe (self));
      return NULL;
    }

  return ebpf_link_info_to_variant (&info, name);
}

static void
release (EbpfLink *self)
{
  EbpfLinkPrivate *priv = get_private (self);

  priv->open = FALSE;
  ebpf_sys_clear_fd (&priv->fd);
}

static void
ebpf_link_dispose (GObject *object)
{
  EbpfLink *self = EBPF_LINK (object);
  EbpfLinkPrivate *priv = get_private (self);

  /* The backstop. No signal: a collector of garbage may be what calls, and it runs no callbacks. */
  if (priv->open)
    {
      if (!priv->is_kernel_link)
        EBPF_LINK_GET_CLASS (self)->detach (self, NULL);
      release (self);
    }

  g_clear_object (&priv->program);
  G_OBJECT_CLASS (ebpf_link_parent_class)->dispose (object);
}

static void
ebpf_link_finalize (GObject *object)
{
  EbpfLinkPrivate *priv = get_private (EBPF_LINK (object));

  g_free (priv->target);
  g_free (priv->pin_path);
  G_OBJECT_CLASS (ebpf_link_parent_class)->finalize (object);
}

static void
ebpf_link_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EbpfLinkPrivate *priv = get_private (EBPF_LINK (object));

  switch (id)
    {
    case PROP_PROGRAM:
      g_value_set_object (value, priv->program);
      break;
    case PROP_TARGET:
      g_value_set_string (value, priv->target);
      break;
    case PROP_OPEN:
      g_value_set_boolean (value, priv->open);
      break;
    case PROP_PIN_PATH:
      g_value_set_string (value, priv->pin_path);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
ebpf_link_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EbpfLinkPrivate *priv = get_private (EBPF_LINK (object));

  switch (id)
    {
    case PROP_PROGRAM:
      priv->program = g_value_dup_object (value);
      break;
    case PROP_TARGET:
      priv->target = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
ebpf_link_class_init (EbpfLinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ebpf_link_dispose;
  object_class->finalize = ebpf_link_finalize;
  object_class->get_property = ebpf_link_get_property;
  object_class->set_property = ebpf_link_set_property;

  klass->detach = ebpf_link_real_detach;
  klass->update = ebpf_link_real_update;
  klass->pin = ebpf_link_real_pin;
  klass->unpin = ebpf_link_real_unpin;
  klass->query_info = ebpf_link_real_query_info;

  /**
   * EbpfLink:program:
   *
   * The program that is attached. %NULL where a link that was opened by its pin or id may not ask
   * for it, and for [class@StructOpsLink], which has several.
   */
  properties[PROP_PROGRAM] =
      g_param_spec_object ("program", NULL, NULL, EBPF_TYPE_PROGRAM,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLink:target:
   *
   * What the program is attached to, in words for people: `tracepoint sched/sched_process_exec`.
   */
  properties[PROP_TARGET] =
      g_param_spec_string ("target", NULL, NULL, NULL,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLink:open:
   *
   * Whether the link was neither closed nor detached.
   */
  properties[PROP_OPEN] =
      g_param_spec_boolean ("open", NULL, NULL, FALSE,
                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * EbpfLink:pin-path:
   *
   * Where the link is pinned.
   */
  properties[PROP_PIN_PATH] =
      g_param_spec_string ("pin-path", NULL, NULL, NULL,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * EbpfLink::detached:
   * @self: the link
   *
   * The program was taken off its hook, by [method@Link.detach] or by [method@Link.close] of a link
   * that is not pinned.
   */
  signals[SIGNAL_DETACHED] = g_signal_new ("detached", EBPF_TYPE_LINK, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 0);

  /**
   * EbpfLink::closed:
   * @self: the link
   *
   * The link was closed or detached, and can no longer be used.
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", EBPF_TYPE_LINK, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 0);
}

static void
ebpf_link_init (EbpfLink *self)
{
  get_private (self)->fd = -1;
}

gpointer
ebpf_link_create (GType type,
                  EbpfProgram *program,
                  int fd,
                  gboolean is_kernel_link,
                  const char *target_format,
                  ...)
{
  g_autofree char *target = NULL;
  EbpfLinkPrivate *priv;
  EbpfLink *self;
  va_list args;

  va_start (args, target_format);
  target = g_strdup_vprintf (target_format, args);
  va_end (args);

  self = g_object_new (type, "program", program, "target", target, NULL);
  priv = get_private (self);
  priv->fd = fd;
  priv->is_kernel_link = is_kernel_link;
  priv->open = TRUE;

  return self;
}

gpointer
ebpf_link_announce (gpointer self)
{
  EbpfLinkPrivate *priv = get_private (self);

  if (priv->program != NULL)
    ebpf_program_emit_attached (priv->program, self);

  return self;
}

gboolean
ebpf_link_is_kernel_link (EbpfLink *self)
{
  return get_private (self)->is_kernel_link;
}

int
ebpf_link_get_program_fd (EbpfProgram *program,
                          const char *target,
                          const EbpfProgramType *types,
                          guint n_types,
                          GError **error)
{
  EbpfProgramType type = ebpf_program_get_program_type (program);
  int fd = ebpf_program_peek_fd (program);

  if (fd < 0)
    {
      ebpf_link_set_attach_error (error, EBPF_ERROR_CLOSED, 0, program, target,
                                  "the program was closed");
      return -1;
    }

  if (n_types == 0)
    return fd;

  for (guint i = 0; i < n_types; i++)
    if (types[i] == type)
      return fd;

  {
    g_autofree char *nick = ebpf_link_dup_nick (EBPF_TYPE_PROGRAM_TYPE, (guint) type);
    g_autofree char *hint = g_strdup_printf ("a program of type %s does not go there", nick);

    ebpf_link_set_attach_error (error, EBPF_ERROR_WRONG_TYPE, 0, program, target, hint);
  }
  return -1;
}

void
ebpf_link_set_attach_error (GError **error,
                            EbpfError code,
                            int errsv,
                            EbpfProgram *program,
                            const char *target,
                            const char *hint)
{
  const char *name = ebpf_program_get_name (program);

  if (errsv == 0)
    ebpf_error_set (error, code, 0, "attaching program \"%s\" to %s: %s", name, target, hint);
  else if (hint == NULL)
    ebpf_sys_set_error (error, errsv, "attaching program \"%s\" to %s", name, target);
  else
    ebpf_sys_set_error_with_hint (error, code, errsv, hint, "attaching program \"%s\" to %s", name,
                                  target);
}

/* Whether @fd is a bpf_link: asking any other object for its information as if it were one would
 * give nonsense. */
static EbpfLink *
new_take_fd (int fd, const char *what, const char *pin_path, GError **error)
{
  g_autoptr (EbpfProgram) program = NULL;
  g_autofree char *name = NULL;
  g_autofree char *target = NULL;
  EbpfSysLinkInfo info;
  EbpfLink *self;
  GType type;

  if (!ebpf_sys_check_kind (fd, EBPF_SYS_KIND_LINK, what, error))
    {
      /* Not ours to close, where it is not open. */
      if (ebpf_sys_get_kind (fd, NULL) != EBPF_SYS_KIND_CLOSED)
        close (fd);
      return NULL;
    }

  /* 0 stands for none where links are named by descriptor. */
  fd = ebpf_sys_raise_fd (fd);
  if (fd < 0)
    {
      ebpf_sys_set_error (error, errno, "%s: moving its file descriptor out of the way", what);
      return NULL;
    }

  if (!ebpf_link_read_info (fd, &info, &name))
    {
      ebpf_sys_set_error (error, errno, "%s: asking about it", what);
      close (fd);
      return NULL;
    }

  /* By id is a privilege; a link that was handed over is of use without its program. */
  if (info.prog_id != 0)
    program = ebpf_program_new_from_id (info.prog_id, NULL);

  target = ebpf_link_info_describe (&info, name);
  type = ebpf_link_info_get_gtype (&info);
  /* The kernel makes no difference between these two. */
  if (type == EBPF_TYPE_RAW_TRACEPOINT_LINK && program != NULL &&
      ebpf_program_get_program_type (program) == EBPF_PROGRAM_TYPE_TRACING)
    type = EBPF_TYPE_TRACING_LINK;

  self = ebpf_link_create (type, program, fd, TRUE, "%s", target);
  get_private (self)->pin_path = g_strdup (pin_path);
  if (type == EBPF_TYPE_STRUCT_OPS_LINK && info.map.map_id != 0)
    {
      g_autoptr (EbpfMap) map = ebpf_map_new_from_id (info.map.map_id, NULL);

      ebpf_struct_ops_link_set_map (EBPF_STRUCT_OPS_LINK (self), map);
    }

  return self;
}

/**
 * ebpf_link_from_fd:
 * @fd: the file descriptor of a link, taken over in any case
 * @error: return location for an error
 *
 * Makes a link object out of a file descriptor, for example one received from another process.
 * Needs Linux 5.8.
 *
 * Returns: (transfer full): a link of the class for its kind
 */
EbpfLink *
ebpf_link_from_fd (int fd, GError **error)
{
  g_autofree char *what = g_strdup_printf ("link of file descriptor %d", fd);

  g_return_val_if_fail (fd >= 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return new_take_fd (fd, what, NULL, error);
}

/**
 * ebpf_link_from_id:
 * @id: the kernel's number of a link
 * @error: return location for an error
 *
 * Opens a link by its number. Needs CAP_SYS_ADMIN, and Linux 5.8.
 *
 * Returns: (transfer full): a link of the class for its kind
 */
EbpfLink *
ebpf_link_from_id (guint id, GError **error)
{
  g_autofree char *what = g_strdup_printf ("link %u", id);
  int fd;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = ebpf_sys_get_fd_by_id (EBPF_SYS_LINK_GET_FD_BY_ID, id);
  if (fd < 0)
    {
      ebpf_sys_set_error (error, errno, "opening %s", what);
      return NULL;
    }

  return new_take_fd (fd, what, NULL, error);
}

/**
 * ebpf_link_from_pin:
 * @path: (type filename): where the link is pinned in a bpffs
 * @error: return location for an error
 *
 * Opens a link by its pin. Closing it leaves the program attached; see [method@Link.unpin] and
 * [method@Link.detach]. Needs Linux 5.8.
 *
 * Returns: (transfer full): a link of the class for its kind
 */
EbpfLink *
ebpf_link_from_pin (const char *path, GError **error)
{
  return ebpf_link_from_pin_at (-1, path, error);
}

/**
 * ebpf_link_from_pin_at:
 * @folder_fd: a file descriptor of the folder that @path starts at where it is relative (Linux 6.5),
 * or -1
 * @path: (type filename): where the link is pinned in a bpffs
 * @error: return location for an error
 *
 * Opens a link by its pin. The link does not remember a path that started at a descriptor:
 * [property@Link:pin-path] is %NULL then.
 *
 * Returns: (transfer full): a link of the class for its kind
 */
EbpfLink *
ebpf_link_from_pin_at (int folder_fd, const char *path, GError **error)
{
  int fd;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = ebpf_sys_open_pin ("link", folder_fd, path, EBPF_ACCESS_FLAGS_NONE, error);

  return fd >= 0 ? ebpf_link_new_from_pin_fd (fd, path, folder_fd < 0, error) : NULL;
}

EbpfLink *
ebpf_link_new_from_pin_fd (int fd, const char *path, gboolean keep_path, GError **error)
{
  g_autofree char *what = g_strdup_printf ("link pinned at %s", path);

  return new_take_fd (fd, what, keep_path ? path : NULL, error);
}

/**
 * ebpf_link_get_program: (get-property program)
 * @self: a link
 *
 * Gets the program that is attached.
 *
 * Returns: (nullable) (transfer none): the program; %NULL where a link that was opened by its pin
 *   or id may not ask for it, and for [class@StructOpsLink]
 */
EbpfProgram *
ebpf_link_get_program (EbpfLink *self)
{
  g_return_val_if_fail (EBPF_IS_LINK (self), NULL);

  return get_private (self)->program;
}

/**
 * ebpf_link_get_target: (get-property target)
 * @self: a link
 *
 * Gets what the program is attached to, in words for people.
 *
 * Returns: (nullable) (transfer none): the target
 */
const char *
ebpf_link_get_target (EbpfLink *self)
{
  g_return_val_if_fail (EBPF_IS_LINK (self), NULL);

  return get_private (self)->target;
}

/**
 * ebpf_link_get_pin_path: (get-property pin-path)
 * @self: a link
 *
 * Gets where the link is pinned.
 *
 * Returns: (nullable) (transfer none) (type filename): the path, or %NULL where it is not
 */
const char *
ebpf_link_get_pin_path (EbpfLink *self)
{
  g_return_val_if_fail (EBPF_IS_LINK (self), NULL);

  return get_private (self)->pin_path;
}

/**
 * ebpf_link_is_open: (get-property open)
 * @self: a link
 *
 * Gets whether the link was neither closed nor detached.
 *
 * Returns: whether it is open
 */
gboolean
ebpf_link_is_open (EbpfLink *self)
{
  g_return_val_if_fail (EBPF_IS_LINK (self), FALSE);

  return get_private (self)->open;
}

/**
 * ebpf_link_peek_fd:
 * @self: a link
 *
 * Gets the file descriptor that keeps the program attached: that of a bpf_link, or where the kernel
 * has none for the hook, of a perf event or socket. It stays the link's.
 *
 * Returns: the file descriptor, or -1 where the link was closed or has none
 */
int
ebpf_link_peek_fd (EbpfLink *self)
{
  g_return_val_if_fail (EBPF_IS_LINK (self), -1);

  return get_private (self)->fd;
}

static void
finish (EbpfLink *self, gboolean detached)
{
  EbpfLinkPrivate *priv = get_private (self);
  g_autoptr (EbpfProgram) program = priv->program ? g_object_ref (priv->program) : NULL;

  g_object_ref (self);
  release (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OPEN]);

  if (detached)
    {
      g_signal_emit (self, signals[SIGNAL_DETACHED], 0);
      if (program != NULL)
        ebpf_program_emit_detached (program, self);
    }
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0);
  g_object_unref (self);
}

/**
 * ebpf_link_detach: (virtual detach)
 * @self: a link
 * @error: return location for an error
 *
 * Takes the program off its hook and closes the link, even where it is pinned or open elsewhere as
 * far as the kernel allows that; where it does not, a pin that this link knows of is removed.
 *
 * Does nothing where the link was closed or detached before.
 *
 * Returns: %TRUE if the program is no longer attached
 */
gboolean
ebpf_link_detach (EbpfLink *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_LINK (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!get_private (self)->open)
    return TRUE;

  if (!EBPF_LINK_GET_CLASS (self)->detach (self, error))
    {
      ensure_error (self, "detaching from", error);
      return FALSE;
    }

  finish (self, TRUE);
  return TRUE;
}

/**
 * ebpf_link_update: (virtual update)
 * @self: a link
 * @program: the program to attach instead
 * @error: return location for an error
 *
 * Puts another program of the same type in the place of the one attached, so that no event is
 * missed in between. The kernel can do that for XDP and cgroup links and some others; the rest
 * report %EBPF_ERROR_NOT_SUPPORTED. Needs Linux 5.7.
 *
 * Returns: %TRUE if @program is attached now
 */
gboolean
ebpf_link_update (EbpfLink *self, EbpfProgram *program, GError **error)
{
  EbpfLinkPrivate *priv;
  g_autoptr (EbpfProgram) old_program = NULL;

  g_return_val_if_fail (EBPF_IS_LINK (self), FALSE);
  g_return_val_if_fail (EBPF_IS_PROGRAM (program), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!check_open (self, "updating", error))
    return FALSE;

  if (!EBPF_LINK_GET_CLASS (self)->update (self, program, error))
    {
      ensure_error (self, "updating", error);
      return FALSE;
    }

  priv = get_private (self);
  old_program = g_steal_pointer (&priv->program);
  priv->program = g_object_ref (program);
  if (old_program == program)
    return TRUE;

  g_object_ref (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRAM]);
  if (old_program != NULL)
    ebpf_program_emit_detached (old_program, self);
  ebpf_program_emit_attached (program, self);
  g_object_unref (self);

  return TRUE;
}

/**
 * ebpf_link_pin: (virtual pin)
 * @self: a link
 * @path: (type filename): a new path in a bpffs
 * @error: return location for an error
 *
 * Gives the attachment a name in a bpffs, so that it lasts when the link is closed or the process
 * ends. A link has one pin at a time: pinning it elsewhere moves the name. Needs Linux 5.7.
 *
 * Returns: %TRUE if the link is pinned
 */
gboolean
ebpf_link_pin (EbpfLink *self, const char *path, GError **error)
{
  g_autofree char *old_path = NULL;

  g_return_val_if_fail (EBPF_IS_LINK (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!check_open (self, "pinning", error))
    return FALSE;

  old_path = g_strdup (get_private (self)->pin_path);
  if (!EBPF_LINK_GET_CLASS (self)->pin (self, path, error))
    {
      ensure_error (self, "pinning", error);
      return FALSE;
    }

  update_pin_path (self, old_path, path);
  return TRUE;
}

/**
 * ebpf_link_pin_at:
 * @self: a link
 * @folder_fd: a file descriptor of a folder in a bpffs
 * @path: (type filename): a file that does not exist yet; it starts at the folder where it is
 * relative
 * @error: return location for an error
 *
 * Gives the attachment one more name, in a bpffs that this process reaches by a file descriptor
 * (Linux 6.5). [property@Link:pin-path] stays as it was; the name is removed as any file is.
 *
 * Returns: %TRUE if the link is pinned
 */
gboolean
ebpf_link_pin_at (EbpfLink *self, int folder_fd, const char *path, GError **error)
{
  g_return_val_if_fail (EBPF_IS_LINK (self), FALSE);
  g_return_val_if_fail (folder_fd >= 0, FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return check_open (self, "pinning", error) && check_kernel_link (self, "pinning", error) &&
         ebpf_sys_pin_at (get_private (self)->fd, describe (self), folder_fd, path, error);
}

/**
 * ebpf_link_unpin: (virtual unpin)
 * @self: a link
 * @error: return location for an error
 *
 * Takes away the name in bpffs. The program stays attached as long as the link is open. Does
 * nothing where the link is not pinned; works on a closed link too.
 *
 * Returns: %TRUE if the link is not pinned any more
 */
gboolean
ebpf_link_unpin (EbpfLink *self, GError **error)
{
  g_autofree char *old_path = NULL;

  g_return_val_if_fail (EBPF_IS_LINK (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  old_path = g_strdup (get_private (self)->pin_path);
  if (!EBPF_LINK_GET_CLASS (self)->unpin (self, error))
    {
      ensure_error (self, "unpinning", error);
      return FALSE;
    }

  update_pin_path (self, old_path, NULL);
  return TRUE;
}

/**
 * ebpf_link_query_info: (virtual query_info)
 * @self: a link
 * @error: return location for an error
 *
 * Asks the kernel about the attachment (Linux 5.8).
 *
 * The keys: `id`, `type` (both `u`), `type-name`, `program-id` (`u`), and what is special about the
 * kind, such as `attach-type` (`s`), `ifindex` (`u`), `cgroup-id` (`t`), `name` (`s`, of a
 * tracepoint, function or file), `offset` (`u`), `cookie` (`t`).
 *
 * Returns: (transfer full): an `a{sv}`
 */
GVariant *
ebpf_link_query_info (EbpfLink *self, GError **error)
{
  GVariant *info;

  g_return_val_if_fail (EBPF_IS_LINK (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check_open (self, "asking about", error))
    return NULL;

  info = EBPF_LINK_GET_CLASS (self)->query_info (self, error);
  if (info == NULL)
    {
      ensure_error (self, "asking about", error);
      return NULL;
    }

  return g_variant_take_ref (info);
}

/**
 * ebpf_link_close:
 * @self: a link
 *
 * Lets go of the attachment. Where it is not pinned, that takes the program off its hook. Does
 * nothing the second time.
 */
void
ebpf_link_close (EbpfLink *self)
{
  EbpfLinkPrivate *priv;

  g_return_if_fail (EBPF_IS_LINK (self));

  priv = get_private (self);
  if (!priv->open)
    return;

  if (!priv->is_kernel_link)
    {
      g_autoptr (GError) error = NULL;

      if (!EBPF_LINK_GET_CLASS (self)->detach (self, &error))
        g_debug ("closing: %s", error != NULL ? error->message : describe (self));
    }

  finish (self, priv->pin_path == NULL);
}
