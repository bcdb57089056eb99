/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-pin-walker.h"

#include "link/ebpf-link-private.h"
#include "object/ebpf-map-private.h"
#include "object/ebpf-program-private.h"
#include "sys/ebpf-pin-private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/**
 * EbpfPinWalker:
 *
 * Goes through everything that is pinned below a folder of a bpffs, whatever it is.
 *
 * ```c
 * while (ebpf_pin_walker_next (walker, &error))
 *   {
 *     GObject *object = ebpf_pin_walker_get_object (walker);
 *
 *     if (EBPF_IS_MAP (object))
 *       …
 *   }
 * ```
 *
 * The order is that of the names, folder by folder, and a pin is opened when its turn comes. The
 * walker drops an object when it moves on: what nobody else holds is closed then. A pin that goes
 * away meanwhile is passed over; symbolic links to folders are not followed.
 */
struct _EbpfPinWalker
{
  GObject parent_instance;

  GPtrArray *paths; /* to come; the next is the last */
  char *path;
  GObject *object;
};

typedef enum
{
  PROP_PATH = 1,
  PROP_OBJECT,
  N_PROPS
} PinWalkerProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfPinWalker, ebpf_pin_walker, G_TYPE_OBJECT)

static GObject *
open_pin (const char *path, EbpfAccessFlags flags, GError **error)
{
  g_autofree char *target = NULL;
  int fd = ebpf_sys_open_pin ("object", -1, path, flags, error);

  if (fd < 0)
    return NULL;

  switch (ebpf_sys_get_kind (fd, &target))
    {
    case EBPF_SYS_KIND_MAP:
      return (GObject *) ebpf_map_new_from_pin_fd (fd, path, TRUE, error);
    case EBPF_SYS_KIND_PROGRAM:
      return (GObject *) ebpf_program_new_from_pin_fd (fd, path, TRUE, error);
    case EBPF_SYS_KIND_LINK:
      return (GObject *) ebpf_link_new_from_pin_fd (fd, path, TRUE, error);
    case EBPF_SYS_KIND_OTHER:
    case EBPF_SYS_KIND_CLOSED:
    case EBPF_SYS_KIND_UNKNOWN:
    default:
      break;
    }

  ebpf_sys_clear_fd (&fd);
  ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0,
                  "\"%s\" is %s%s%s, neither a map nor a program nor a link", path,
                  target != NULL ? "\"" : "", target != NULL ? target : "something",
                  target != NULL ? "\"" : " that only /proc could tell");
  return NULL;
}

/**
 * ebpf_open_pin:
 * @path: (type filename): a file in a bpffs
 * @flags: what for; see [ctor@Map.new_from_pin_full]
 * @error: return location for an error
 *
 * Opens whatever is pinned at a path.
 *
 * Returns: (transfer full): an [class@Map], [class@Program] or [class@Link], or %NULL with @error
 * set: %EBPF_ERROR_NOT_FOUND where there is no such file
 */
GObject *
ebpf_open_pin (const char *path, EbpfAccessFlags flags, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return open_pin (path, flags, error);
}

static void
ebpf_pin_walker_finalize (GObject *object)
{
  EbpfPinWalker *self = EBPF_PIN_WALKER (object);

  g_ptr_array_unref (self->paths);
  g_free (self->path);
  g_clear_object (&self->object);

  G_OBJECT_CLASS (ebpf_pin_walker_parent_class)->finalize (object);
}

static void
ebpf_pin_walker_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfPinWalker *self = EBPF_PIN_WALKER (object);

  switch ((PinWalkerProperty) prop_id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_OBJECT:
      g_value_set_object (value, self->object);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_pin_walker_class_init (EbpfPinWalkerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_pin_walker_finalize;
  object_class->get_property = ebpf_pin_walker_get_property;

  /**
   * EbpfPinWalker:path: (getter get_path)
   *
   * The file of the pin at hand.
   */
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);

  /**
   * EbpfPinWalker:object: (getter get_object)
   *
   * What is pinned there: an [class@Map], [class@Program] or [class@Link].
   */
  properties[PROP_OBJECT] = g_param_spec_object ("object", NULL, NULL, G_TYPE_OBJECT, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_pin_walker_init (EbpfPinWalker *self)
{
  self->paths = g_ptr_array_new_with_free_func (g_free);
}

static int
compare_names_backwards (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) b, *(char *const *) a);
}

/* FALSE with @error, or without where the folder is gone. */
static gboolean
push_folder (EbpfPinWalker *self, const char *path, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) folder = NULL;
  g_autoptr (GError) local_error = NULL;
  const char *name;

  folder = g_dir_open (path, 0, &local_error);
  if (folder == NULL)
    {
      int errsv = errno;

      if (!g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        ebpf_sys_set_error (error, errsv, "reading the folder \"%s\"", path);
      return FALSE;
    }

  while ((name = g_dir_read_name (folder)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names_backwards);
  for (guint i = 0; i < names->len; i++)
    g_ptr_array_add (self->paths, g_build_filename (path, g_ptr_array_index (names, i), NULL));

  return TRUE;
}

/**
 * ebpf_pin_walker_new:
 * @root: (type filename): a folder of a bpffs
 * @error: return location for an error
 *
 * Makes a walker that stands before the first pin.
 *
 * Returns: (transfer full): the walker, or %NULL with @error set: %EBPF_ERROR_INVALID_ARGUMENT where
 * the folder is not in a bpffs
 */
EbpfPinWalker *
ebpf_pin_walker_new (const char *root, GError **error)
{
  g_autoptr (EbpfPinWalker) self = NULL;
  GError *local_error = NULL;
  struct stat info;

  g_return_val_if_fail (root != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (stat (root, &info) < 0)
    {
      ebpf_sys_set_error (error, errno, "walking through the pins below \"%s\"", root);
      return NULL;
    }
  if (!ebpf_sys_is_bpffs (root))
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "walking through the pins below \"%s\": it is not in a bpffs", root);
      return NULL;
    }

  self = g_object_new (EBPF_TYPE_PIN_WALKER, NULL);
  if (!push_folder (self, root, &local_error))
    {
      if (local_error != NULL)
        g_propagate_error (error, local_error);
      else
        ebpf_sys_set_error (error, ENOENT, "walking through the pins below \"%s\"", root);
      return NULL;
    }

  return g_steal_pointer (&self);
}

static void
drop (EbpfPinWalker *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_object (&self->object);
}

static void
notify (EbpfPinWalker *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PATH]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OBJECT]);
}

/**
 * ebpf_pin_walker_next:
 * @self: a walker
 * @error: return location for an error
 *
 * Goes to the next pin; at first to the first. An error ends the walk.
 *
 * Returns: %TRUE where there is one; %FALSE at the end, or with @error set
 */
gboolean
ebpf_pin_walker_next (EbpfPinWalker *self, GError **error)
{
  GError *local_error = NULL;

  g_return_val_if_fail (EBPF_IS_PIN_WALKER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  drop (self);

  while (self->paths->len > 0 && local_error == NULL)
    {
      g_autofree char *path = g_ptr_array_steal_index (self->paths, self->paths->len - 1);
      struct stat info;

      if (lstat (path, &info) < 0)
        continue;
      if (S_ISDIR (info.st_mode))
        {
          push_folder (self, path, &local_error);
          continue;
        }
      if (S_ISLNK (info.st_mode) && (stat (path, &info) < 0 || S_ISDIR (info.st_mode)))
        continue;

      self->object = open_pin (path, EBPF_ACCESS_FLAGS_NONE, &local_error);
      if (self->object != NULL)
        {
          self->path = g_steal_pointer (&path);
          notify (self);
          return TRUE;
        }
      if (g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
        g_clear_error (&local_error);
    }

  g_ptr_array_set_size (self->paths, 0);
  if (local_error != NULL)
    g_propagate_error (error, local_error);
  notify (self);

  return FALSE;
}

/**
 * ebpf_pin_walker_get_path: (get-property path)
 * @self: a walker
 *
 * Gets the file of the pin at hand.
 *
 * Returns: (nullable) (transfer none) (type filename): the path; %NULL before the first and at the
 * end
 */
const char *
ebpf_pin_walker_get_path (EbpfPinWalker *self)
{
  g_return_val_if_fail (EBPF_IS_PIN_WALKER (self), NULL);

  return self->path;
}

/**
 * ebpf_pin_walker_get_object: (get-property object)
 * @self: a walker
 *
 * Gets what is pinned there. Who wants to keep it takes a reference.
 *
 * Returns: (nullable) (transfer none): an [class@Map], [class@Program] or [class@Link]; %NULL before
 * the first and at the end
 */
GObject *
ebpf_pin_walker_get_object (EbpfPinWalker *self)
{
  g_return_val_if_fail (EBPF_IS_PIN_WALKER (self), NULL);

  return self->object;
}
