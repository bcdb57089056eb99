/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-program-private.h"

#include <errno.h>
#include <string.h>

#include "base/ebpf-enum-types.h"
#include "object/ebpf-load-options-private.h"
#include "object/ebpf-program-loader-private.h"
#include "sys/ebpf-pin-private.h"
#include "sys/ebpf-sys-private.h"

/**
 * EbpfProgram:
 *
 * A program in the kernel.
 *
 * It is a file descriptor: the kernel keeps the program as long as somebody has one, or it is
 * pinned, or attached. Programs come out of a [class@Collection], or are opened by their id or by
 * where they are pinned; [method@Program.attach] puts one on its hook.
 */
struct _EbpfProgram
{
  GObject parent_instance;

  int fd;
  EbpfProgramType program_type;
  char *name;
  guint id; /* 0 until asked for */
  EbpfProgramSpec *spec;
  char *pin_path;
  char *verifier_log;
};

G_DEFINE_FINAL_TYPE (EbpfProgram, ebpf_program, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_NAME,
  PROP_PROGRAM_TYPE,
  PROP_ID,
  PROP_OPEN,
  PROP_PIN_PATH,
  PROP_VERIFIER_LOG,
  PROP_SPEC,
  N_PROPS
};

enum
{
  ATTACHED,
  DETACHED,
  CLOSED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void
ebpf_program_finalize (GObject *object)
{
  EbpfProgram *self = EBPF_PROGRAM (object);

  ebpf_sys_clear_fd (&self->fd);
  g_free (self->name);
  g_clear_object (&self->spec);
  g_free (self->pin_path);
  g_free (self->verifier_log);

  G_OBJECT_CLASS (ebpf_program_parent_class)->finalize (object);
}

static void
ebpf_program_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfProgram *self = EBPF_PROGRAM (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_PROGRAM_TYPE:
      g_value_set_enum (value, self->program_type);
      break;
    case PROP_ID:
      g_value_set_uint (value, ebpf_program_get_id (self));
      break;
    case PROP_OPEN:
      g_value_set_boolean (value, self->fd >= 0);
      break;
    case PROP_PIN_PATH:
      g_value_set_string (value, self->pin_path);
      break;
    case PROP_VERIFIER_LOG:
      g_value_set_string (value, self->verifier_log);
      break;
    case PROP_SPEC:
      g_value_set_object (value, self->spec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_program_class_init (EbpfProgramClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ebpf_program_finalize;
  object_class->get_property = ebpf_program_get_property;

  /**
   * EbpfProgram:name:
   *
   * Its name: that of its function, or for a program that was opened, the kernel's (at most 15
   * characters).
   */
  properties[PROP_NAME] =
      g_param_spec_string ("name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfProgram:program-type:
   *
   * The type of program.
   */
  properties[PROP_PROGRAM_TYPE] =
      g_param_spec_enum ("program-type", NULL, NULL, EBPF_TYPE_PROGRAM_TYPE,
                         EBPF_PROGRAM_TYPE_UNSPEC, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfProgram:id:
   *
   * The kernel's number for it, or 0 where it cannot be had (before Linux 4.13). Another process
   * can open the program by it.
   */
  properties[PROP_ID] = g_param_spec_uint ("id", NULL, NULL, 0, G_MAXUINT, 0,
                                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfProgram:open:
   *
   * Whether it can be used: %FALSE once it was closed.
   */
  properties[PROP_OPEN] =
      g_param_spec_boolean ("open", NULL, NULL, FALSE,
                            G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfProgram:pin-path:
   *
   * Where it was pinned or opened from, or %NULL.
   */
  properties[PROP_PIN_PATH] =
      g_param_spec_string ("pin-path", NULL, NULL, NULL,
                           G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfProgram:verifier-log:
   *
   * What the verifier wrote when it took the program; %NULL unless
   * [property@LoadOptions:log-level] asked for it.
   */
  properties[PROP_VERIFIER_LOG] = g_param_spec_string ("verifier-log", NULL, NULL, NULL,
                                                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfProgram:spec:
   *
   * What it was loaded from, or %NULL for a program that was opened.
   */
  properties[PROP_SPEC] = g_param_spec_object ("spec", NULL, NULL, EBPF_TYPE_PROGRAM_SPEC,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * EbpfProgram::attached:
   * @self: the program
   * @link: the [class@Link] that holds it to its hook
   *
   * Emitted when it was attached.
   */
  signals[ATTACHED] = g_signal_new ("attached", EBPF_TYPE_PROGRAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, G_TYPE_OBJECT);

  /**
   * EbpfProgram::detached:
   * @self: the program
   * @link: the [class@Link] that held it to its hook
   *
   * Emitted when it was detached.
   */
  signals[DETACHED] = g_signal_new ("detached", EBPF_TYPE_PROGRAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, G_TYPE_OBJECT);

  /**
   * EbpfProgram::closed:
   * @self: the program
   *
   * Emitted once, when it is closed.
   */
  signals[CLOSED] = g_signal_new ("closed", EBPF_TYPE_PROGRAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

static void
ebpf_program_init (EbpfProgram *self)
{
  self->fd = -1;
}

EbpfProgram *
ebpf_program_new_loaded (int fd, EbpfProgramSpec *spec, char *log)
{
  EbpfProgram *self = g_object_new (EBPF_TYPE_PROGRAM, NULL);

  self->fd = fd;
  self->spec = g_object_ref (spec);
  self->name = g_strdup (ebpf_program_spec_get_name (spec));
  self->program_type = ebpf_program_spec_get_program_type (spec);
  self->verifier_log = log;

  return self;
}

static EbpfMap *
find_replacement (const char *name, gboolean *left_out, gpointer user_data)
{
  return g_hash_table_lookup (ebpf_load_options_peek_replacements (user_data), name);
}

/**
 * ebpf_program_new:
 * @spec: what to load
 * @options: (nullable): how to load it
 * @error: return location for an error
 *
 * Loads one program, without the rest of its object file.
 *
 * The maps that its code refers to are taken from @options; see
 * [method@LoadOptions.replace_map]. Where there are many of them, loading a [class@Collection] is
 * simpler.
 *
 * Returns: (transfer full): the program
 */
EbpfProgram *
ebpf_program_new (EbpfProgramSpec *spec, EbpfLoadOptions *options, GError **error)
{
  g_autoptr (EbpfCollectionSpec) collection = NULL;
  g_autoptr (EbpfLoadOptions) own_options = NULL;
  g_autoptr (EbpfProgramSpec) copy = NULL;
  g_auto (EbpfLoadContext) context = { .btf_fd = -1 };
  char *log;
  int fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (spec), NULL);
  g_return_val_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options), NULL);

  if (options == NULL)
    options = own_options = ebpf_load_options_new ();

  collection = ebpf_collection_spec_new ();
  if (ebpf_program_spec_get_btf (spec) != NULL)
    ebpf_collection_spec_set_btf (collection, ebpf_program_spec_get_btf (spec));

  copy = ebpf_program_spec_copy (spec);
  ebpf_load_context_init (&context, collection, options, find_replacement, options);
  fd = ebpf_program_load (copy, &context, &log, error);
  if (fd < 0)
    return NULL;

  return ebpf_program_new_loaded (fd, copy, log);
}

/* Takes @fd, whatever becomes of it. */
static EbpfProgram *
open_fd (int fd, const char *what, GError **error)
{
  g_autoptr (EbpfProgram) self = g_object_new (EBPF_TYPE_PROGRAM, NULL);
  struct bpf_prog_info info;

  self->fd = fd;
  if (!ebpf_sys_check_kind (fd, EBPF_SYS_KIND_PROGRAM, what, error))
    {
      /* Not ours to close, where it is not open. */
      if (ebpf_sys_get_kind (fd, NULL) == EBPF_SYS_KIND_CLOSED)
        self->fd = -1;
      return NULL;
    }

  /* 0 stands for none where programs are named by descriptor. */
  self->fd = fd = ebpf_sys_raise_fd (fd);
  if (fd < 0)
    {
      ebpf_sys_set_error (error, errno, "%s: moving its file descriptor out of the way", what);
      return NULL;
    }

  if (ebpf_sys_get_info (fd, &info, sizeof info) < 0)
    {
      ebpf_sys_set_error (error, errno, "asking what %s is", what);
      return NULL;
    }

  self->program_type = (EbpfProgramType) info.type;
  self->id = info.id;
  self->name = g_strndup (info.name, sizeof info.name);

  return g_steal_pointer (&self);
}

/**
 * ebpf_program_new_from_fd:
 * @fd: a file descriptor of a program; taken over in any case
 * @error: return location for an error
 *
 * Wraps a file descriptor that was received from somebody else (Linux 4.13).
 *
 * Returns: (transfer full): the program
 */
EbpfProgram *
ebpf_program_new_from_fd (int fd, GError **error)
{
  g_autofree char *what = NULL;

  g_return_val_if_fail (fd >= 0, NULL);

  what = g_strdup_printf ("file descriptor %d", fd);
  return open_fd (fd, what, error);
}

/**
 * ebpf_program_new_from_id:
 * @id: the kernel's number for a program
 * @error: return location for an error
 *
 * Opens a program that is in the kernel (Linux 4.13; needs `CAP_SYS_ADMIN`).
 *
 * Returns: (transfer full): the program
 */
EbpfProgram *
ebpf_program_new_from_id (guint id, GError **error)
{
  g_autofree char *what = g_strdup_printf ("program with id %u", id);
  int fd;

  fd = ebpf_sys_get_fd_by_id (EBPF_SYS_PROG_GET_FD_BY_ID, id);
  if (fd < 0)
    {
      ebpf_sys_set_error (error, errno, "opening the %s", what);
      return NULL;
    }

  return open_fd (fd, what, error);
}

/**
 * ebpf_program_new_from_pin:
 * @path: (type filename): where the program is pinned
 * @error: return location for an error
 *
 * Opens a program that is pinned in a bpffs (Linux 4.4).
 *
 * Returns: (transfer full): the program
 */
EbpfProgram *
ebpf_program_new_from_pin (const char *path, GError **error)
{
  return ebpf_program_new_from_pin_at (-1, path, error);
}

/**
 * ebpf_program_new_from_pin_at:
 * @folder_fd: a file descriptor of the folder that @path starts at where it is relative (Linux 6.5),
 * or -1
 * @path: (type filename): where the program is pinned
 * @error: return location for an error
 *
 * Opens a program that is pinned in a bpffs. The program does not remember a path that started at a
 * descriptor: [property@Program:pin-path] is %NULL then.
 *
 * Returns: (transfer full): the program
 */
EbpfProgram *
ebpf_program_new_from_pin_at (int folder_fd, const char *path, GError **error)
{
  int fd;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = ebpf_sys_open_pin ("program", folder_fd, path, EBPF_ACCESS_FLAGS_NONE, error);

  return fd >= 0 ? ebpf_program_new_from_pin_fd (fd, path, folder_fd < 0, error) : NULL;
}

EbpfProgram *
ebpf_program_new_from_pin_fd (int fd, const char *path, gboolean keep_path, GError **error)
{
  g_autofree char *what = g_strdup_printf ("\"%s\"", path);
  EbpfProgram *self;

  self = open_fd (fd, what, error);
  if (self == NULL)
    return NULL;

  if (keep_path)
    self->pin_path = g_strdup (path);
  /* Kernels before 4.15 know no names. */
  if (*self->name == '\0')
    {
      g_free (self->name);
      self->name = g_path_get_basename (path);
    }

  return self;
}

gboolean
ebpf_program_check_open (EbpfProgram *self, const char *doing, GError **error)
{
  if (self->fd >= 0)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "%s program \"%s\": it was closed", doing,
                  self->name);
  return FALSE;
}

/**
 * ebpf_program_dup:
 * @self: a program
 * @error: return location for an error
 *
 * Makes another handle of the same program, which is closed on its own. It does not count as
 * pinned.
 *
 * Returns: (transfer full): the other handle
 */
EbpfProgram *
ebpf_program_dup (EbpfProgram *self, GError **error)
{
  EbpfProgram *copy;
  int fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), NULL);

  fd = ebpf_program_dup_fd (self, error);
  if (fd < 0)
    return NULL;

  copy = g_object_new (EBPF_TYPE_PROGRAM, NULL);
  copy->fd = fd;
  copy->program_type = self->program_type;
  copy->name = g_strdup (self->name);
  copy->id = self->id;
  g_set_object (&copy->spec, self->spec);
  copy->verifier_log = g_strdup (self->verifier_log);

  return copy;
}

static void
emit_closed (EbpfProgram *self)
{
  g_object_ref (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OPEN]);
  g_signal_emit (self, signals[CLOSED], 0);
  g_object_unref (self);
}

/**
 * ebpf_program_close:
 * @self: a program
 *
 * Gives the program back. What is attached or pinned stays in the kernel. Closing again does
 * nothing.
 */
void
ebpf_program_close (EbpfProgram *self)
{
  g_return_if_fail (EBPF_IS_PROGRAM (self));

  if (self->fd < 0)
    return;

  ebpf_sys_clear_fd (&self->fd);
  emit_closed (self);
}

/**
 * ebpf_program_is_open:
 * @self: a program
 *
 * Says whether the program can be used.
 *
 * Returns: %FALSE once it was closed
 */
gboolean
ebpf_program_is_open (EbpfProgram *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);

  return self->fd >= 0;
}

/**
 * ebpf_program_peek_fd:
 * @self: a program
 *
 * Gets the file descriptor, which stays the program's.
 *
 * Returns: a file descriptor, or -1 once it was closed
 */
int
ebpf_program_peek_fd (EbpfProgram *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), -1);

  return self->fd;
}

/**
 * ebpf_program_dup_fd:
 * @self: a program
 * @error: return location for an error
 *
 * Gets a file descriptor of the caller's own.
 *
 * Returns: a file descriptor, or -1 with @error set
 */
int
ebpf_program_dup_fd (EbpfProgram *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), -1);

  if (!ebpf_program_check_open (self, "duplicating", error))
    return -1;

  return ebpf_sys_dup_fd (self->fd, error);
}

/**
 * ebpf_program_take_fd:
 * @self: a program
 *
 * Takes the file descriptor out of the program, which is closed by that.
 *
 * Returns: a file descriptor that is the caller's to close, or -1 where it was closed already
 */
int
ebpf_program_take_fd (EbpfProgram *self)
{
  int fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), -1);

  fd = self->fd;
  self->fd = -1;
  if (fd >= 0)
    emit_closed (self);

  return fd;
}

/**
 * ebpf_program_get_name:
 * @self: a program
 *
 * Gets its name; see [property@Program:name].
 *
 * Returns: (transfer none): the name
 */
const char *
ebpf_program_get_name (EbpfProgram *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), NULL);

  return self->name;
}

/**
 * ebpf_program_get_program_type:
 * @self: a program
 *
 * Gets what type of program it is.
 *
 * Returns: the type
 */
EbpfProgramType
ebpf_program_get_program_type (EbpfProgram *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), EBPF_PROGRAM_TYPE_UNSPEC);

  return self->program_type;
}

/**
 * ebpf_program_get_id:
 * @self: a program
 *
 * Gets the kernel's number for it.
 *
 * Returns: the id, or 0 where it cannot be had
 */
guint
ebpf_program_get_id (EbpfProgram *self)
{
  struct bpf_prog_info info;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), 0);

  /* A load does not ask: not everybody wants to know, and it is a system call. */
  if (self->id == 0 && self->fd >= 0 && ebpf_sys_get_info (self->fd, &info, sizeof info) == 0)
    self->id = info.id;

  return self->id;
}

/**
 * ebpf_program_get_spec:
 * @self: a program
 *
 * Gets what it was loaded from. Changing that has no effect on the program.
 *
 * Returns: (nullable) (transfer none): the spec, or %NULL for a program that was opened
 */
EbpfProgramSpec *
ebpf_program_get_spec (EbpfProgram *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), NULL);

  return self->spec;
}

/**
 * ebpf_program_get_pin_path:
 * @self: a program
 *
 * Gets where it was pinned, or opened from.
 *
 * Returns: (nullable) (transfer none): a path, or %NULL
 */
const char *
ebpf_program_get_pin_path (EbpfProgram *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), NULL);

  return self->pin_path;
}

/**
 * ebpf_program_get_verifier_log:
 * @self: a program
 *
 * Gets what the verifier wrote when it took the program.
 *
 * Returns: (nullable) (transfer none): the log, or %NULL unless [property@LoadOptions:log-level]
 * asked for one
 */
const char *
ebpf_program_get_verifier_log (EbpfProgram *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM (self), NULL);

  return self->verifier_log;
}

/**
 * ebpf_program_pin:
 * @self: a program
 * @path: (type filename): where, in a mounted bpffs
 * @error: return location for an error
 *
 * Gives the program a name in a bpffs, by which it can be opened and which keeps it in the kernel
 * (Linux 4.4). A program that is pinned already is moved there; what is at @path is not replaced.
 *
 * Returns: whether it is pinned there
 */
gboolean
ebpf_program_pin (EbpfProgram *self, const char *path, GError **error)
{
  g_autofree char *what = NULL;
  g_autofree char *old = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  if (!ebpf_program_check_open (self, "pinning", error))
    return FALSE;

  what = g_strdup_printf ("program \"%s\"", self->name);
  old = g_strdup (self->pin_path);
  if (!ebpf_sys_pin (self->fd, what, &self->pin_path, path, error))
    return FALSE;

  if (g_strcmp0 (old, self->pin_path) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PIN_PATH]);
  return TRUE;
}

/**
 * ebpf_program_pin_at:
 * @self: a program
 * @folder_fd: a file descriptor of a folder in a bpffs
 * @path: (type filename): a file that does not exist yet; it starts at the folder where it is
 * relative
 * @error: return location for an error
 *
 * Gives the program one more name, in a bpffs that this process reaches by a file descriptor (Linux
 * 6.5). [property@Program:pin-path] stays as it was; the name is removed as any file is.
 *
 * Returns: whether it was pinned
 */
gboolean
ebpf_program_pin_at (EbpfProgram *self, int folder_fd, const char *path, GError **error)
{
  g_autofree char *what = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);
  g_return_val_if_fail (folder_fd >= 0, FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_program_check_open (self, "pinning", error))
    return FALSE;

  what = g_strdup_printf ("program \"%s\"", self->name);
  return ebpf_sys_pin_at (self->fd, what, folder_fd, path, error);
}

/**
 * ebpf_program_unpin:
 * @self: a program
 * @error: return location for an error
 *
 * Takes away the name that the program was given, or opened by.
 *
 * Returns: whether it was taken away
 */
gboolean
ebpf_program_unpin (EbpfProgram *self, GError **error)
{
  g_autofree char *what = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);

  what = g_strdup_printf ("program \"%s\"", self->name);
  if (!ebpf_sys_unpin (what, &self->pin_path, error))
    return FALSE;

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PIN_PATH]);
  return TRUE;
}

void
ebpf_program_emit_attached (EbpfProgram *self, EbpfLink *link)
{
  g_signal_emit (self, signals[ATTACHED], 0, link);
}

void
ebpf_program_emit_detached (EbpfProgram *self, EbpfLink *link)
{
  g_signal_emit (self, signals[DETACHED], 0, link);
}
