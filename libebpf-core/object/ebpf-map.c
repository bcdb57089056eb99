/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-struct-private.h"

#include "base/ebpf-enum-types.h"
#include "btf/ebpf-btf-type.h"

#include <errno.h>

/**
 * EbpfMap:
 *
 * A map in the kernel: where eBPF programs and applications keep and exchange data.
 *
 * A map is made by loading an [class@Collection], from a [class@MapSpec] by [ctor@Map.new], or
 * opened from where it is: a file descriptor, an id, a pin.
 *
 * Keys and values come in three forms:
 *
 * - [struct@GLib.Variant], laid out as the map's types say ([property@Map:key-type],
 *   [property@Map:value-type]): a struct is `a{sv}`, an array `a…`, an integer one of its size.
 *   Without types they are `ay`; a plain integer that fits is taken, too. An application that knows
 *   better says what they are: [method@Map.set_key_variant_type],
 *   [method@Map.set_value_variant_type].
 * - [struct@GLib.Bytes], as the kernel has them. A per-CPU map has all CPUs' values in a row,
 *   without padding.
 * - For C alone: pointers to buffers of [property@Map:key-size] and
 *   [method@Map.get_value_buffer_size] bytes. Such a call is one system call and nothing else.
 *
 * A map that has no keys (a queue, a stack, a bloom filter) takes %NULL as key.
 *
 * What is special about a map's type is up to its driver, see [class@MapDriver].
 *
 * Operations on entries may be called from any thread; those that change the object itself (close,
 * pin, set a type) from one at a time. A map may be closed while other threads, with references of
 * their own, are in the middle of operations on it: those fail, with %EBPF_ERROR_CLOSED.
 */

typedef enum
{
  PROP_NAME = 1,
  PROP_MAP_TYPE,
  PROP_MAP_TYPE_NUMBER,
  PROP_KEY_SIZE,
  PROP_VALUE_SIZE,
  PROP_MAX_ENTRIES,
  PROP_MAP_FLAGS,
  PROP_MAP_EXTRA,
  PROP_ID,
  PROP_OPEN,
  PROP_FROZEN,
  PROP_PIN_PATH,
  PROP_KEY_TYPE,
  PROP_VALUE_TYPE,
  PROP_DRIVER,
  N_PROPS
} MapProperty;

static GParamSpec *properties[N_PROPS];
static guint closed_signal;

G_DEFINE_FINAL_TYPE (EbpfMap, ebpf_map, G_TYPE_OBJECT)

static void
ebpf_map_finalize (GObject *object)
{
  EbpfMap *self = EBPF_MAP (object);

  ebpf_map_unmap_memory (self);
  ebpf_sys_clear_fd (&self->fd);
  ebpf_sys_clear_fd (&self->retired_fd);
  g_free (self->name);
  g_free (self->pin_path);
  g_clear_pointer (&self->key_type, ebpf_btf_type_unref);
  g_clear_pointer (&self->value_type, ebpf_btf_type_unref);
  g_clear_object (&self->driver);
  g_clear_pointer (&self->struct_ops, ebpf_struct_ops_value_unref);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (ebpf_map_parent_class)->finalize (object);
}

static void
ebpf_map_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfMap *self = EBPF_MAP (object);

  switch ((MapProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_MAP_TYPE:
      g_value_set_enum (value, (int) self->map_type);
      break;
    case PROP_MAP_TYPE_NUMBER:
      g_value_set_uint (value, self->map_type);
      break;
    case PROP_KEY_SIZE:
      g_value_set_uint (value, self->key_size);
      break;
    case PROP_VALUE_SIZE:
      g_value_set_uint (value, self->value_size);
      break;
    case PROP_MAX_ENTRIES:
      g_value_set_uint (value, self->max_entries);
      break;
    case PROP_MAP_FLAGS:
      g_value_set_uint (value, self->map_flags);
      break;
    case PROP_MAP_EXTRA:
      g_value_set_uint64 (value, self->map_extra);
      break;
    case PROP_ID:
      g_value_set_uint (value, self->id);
      break;
    case PROP_OPEN:
      g_value_set_boolean (value, ebpf_map_is_open (self));
      break;
    case PROP_FROZEN:
      g_value_set_boolean (value, ebpf_map_is_frozen (self));
      break;
    case PROP_PIN_PATH:
      g_value_set_string (value, self->pin_path);
      break;
    case PROP_KEY_TYPE:
      g_value_set_boxed (value, ebpf_map_get_key_type (self));
      break;
    case PROP_VALUE_TYPE:
      g_value_set_boxed (value, ebpf_map_get_value_type (self));
      break;
    case PROP_DRIVER:
      g_value_set_object (value, self->driver);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  EbpfMap *self = EBPF_MAP (object);

  switch ((MapProperty) prop_id)
    {
    case PROP_KEY_TYPE:
      ebpf_map_set_key_type (self, g_value_get_boxed (value));
      break;
    case PROP_VALUE_TYPE:
      ebpf_map_set_value_type (self, g_value_get_boxed (value));
      break;
    case PROP_NAME:
    case PROP_MAP_TYPE:
    case PROP_MAP_TYPE_NUMBER:
    case PROP_KEY_SIZE:
    case PROP_VALUE_SIZE:
    case PROP_MAX_ENTRIES:
    case PROP_MAP_FLAGS:
    case PROP_MAP_EXTRA:
    case PROP_ID:
    case PROP_OPEN:
    case PROP_FROZEN:
    case PROP_PIN_PATH:
    case PROP_DRIVER:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_class_init (EbpfMapClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags write = G_PARAM_WRITABLE | read;

  object_class->finalize = ebpf_map_finalize;
  object_class->get_property = ebpf_map_get_property;
  object_class->set_property = ebpf_map_set_property;

  /**
   * EbpfMap:name: (getter get_name)
   *
   * The name. The kernel keeps 15 characters; a map made from a spec has the spec's whole name.
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, "", read);

  /**
   * EbpfMap:map-type: (getter get_map_type)
   *
   * The type of map.
   */
  properties[PROP_MAP_TYPE] =
      g_param_spec_enum ("map-type", NULL, NULL, EBPF_TYPE_MAP_TYPE, EBPF_MAP_TYPE_UNSPEC, read);

  /**
   * EbpfMap:map-type-number: (getter get_map_type_number)
   *
   * The same as [property@Map:map-type], as a number, for a type that the enumeration does not list.
   */
  properties[PROP_MAP_TYPE_NUMBER] =
      g_param_spec_uint ("map-type-number", NULL, NULL, 0, G_MAXUINT, 0, read);

  /**
   * EbpfMap:key-size: (getter get_key_size)
   *
   * The length of a key, in bytes; 0 where the map has no keys.
   */
  properties[PROP_KEY_SIZE] = g_param_spec_uint ("key-size", NULL, NULL, 0, G_MAXUINT, 0, read);

  /**
   * EbpfMap:value-size: (getter get_value_size)
   *
   * The length of a value, in bytes; of one CPU's where there is one for each.
   */
  properties[PROP_VALUE_SIZE] = g_param_spec_uint ("value-size", NULL, NULL, 0, G_MAXUINT, 0, read);

  /**
   * EbpfMap:max-entries: (getter get_max_entries)
   *
   * How many entries fit, or whatever the type of map takes this number for.
   */
  properties[PROP_MAX_ENTRIES] =
      g_param_spec_uint ("max-entries", NULL, NULL, 0, G_MAXUINT, 0, read);

  /**
   * EbpfMap:map-flags: (getter get_map_flags)
   *
   * Flags of creation, see [flags@MapFlags].
   */
  properties[PROP_MAP_FLAGS] = g_param_spec_uint ("map-flags", NULL, NULL, 0, G_MAXUINT, 0, read);

  /**
   * EbpfMap:map-extra: (getter get_map_extra)
   *
   * A parameter that some types of map take (Linux 5.16).
   */
  properties[PROP_MAP_EXTRA] =
      g_param_spec_uint64 ("map-extra", NULL, NULL, 0, G_MAXUINT64, 0, read);

  /**
   * EbpfMap:id: (getter get_id)
   *
   * The kernel's id of the map, the same for everybody who uses it.
   */
  properties[PROP_ID] = g_param_spec_uint ("id", NULL, NULL, 0, G_MAXUINT, 0, read);

  /**
   * EbpfMap:open: (getter is_open)
   *
   * Whether the map can be used: it was not closed.
   */
  properties[PROP_OPEN] = g_param_spec_boolean ("open", NULL, NULL, FALSE, read);

  /**
   * EbpfMap:frozen: (getter is_frozen)
   *
   * Whether user space can no longer change the map.
   */
  properties[PROP_FROZEN] = g_param_spec_boolean ("frozen", NULL, NULL, FALSE, read);

  /**
   * EbpfMap:pin-path: (getter get_pin_path)
   *
   * The file by which this object pinned the map, or was opened.
   */
  properties[PROP_PIN_PATH] = g_param_spec_string ("pin-path", NULL, NULL, NULL, read);

  /**
   * EbpfMap:key-type: (getter get_key_type) (setter set_key_type)
   *
   * The type of a key, where it is known.
   */
  properties[PROP_KEY_TYPE] =
      g_param_spec_boxed ("key-type", NULL, NULL, EBPF_TYPE_BTF_TYPE, write);

  /**
   * EbpfMap:value-type: (getter get_value_type) (setter set_value_type)
   *
   * The type of a value, or of a record where the map is a stream, where it is known.
   */
  properties[PROP_VALUE_TYPE] =
      g_param_spec_boxed ("value-type", NULL, NULL, EBPF_TYPE_BTF_TYPE, write);

  /**
   * EbpfMap:driver: (getter get_driver)
   *
   * What knows how to drive this type of map.
   */
  properties[PROP_DRIVER] = g_param_spec_object ("driver", NULL, NULL, EBPF_TYPE_MAP_DRIVER, read);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * EbpfMap::closed:
   * @self: the map
   *
   * The map was closed, or its file descriptor taken. Emitted once, in the thread that did it.
   */
  closed_signal = g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 0);
}

static void
ebpf_map_init (EbpfMap *self)
{
  self->fd = -1;
  self->retired_fd = -1;
  self->name = g_strdup ("");
  g_mutex_init (&self->lock);
}

char *
ebpf_map_describe (EbpfMap *self)
{
  if (self->name[0] != '\0')
    return g_strdup_printf ("map '%s'", self->name);

  return g_strdup_printf ("map of id %u", self->id);
}

void
ebpf_map_add_user (EbpfMap *self, gpointer thread)
{
  /* Each is a full barrier, as taking the fd away is: either the thread sees -1, or who closes the map sees
   * the thread. */
  if (!g_atomic_pointer_compare_and_exchange (&self->user, NULL, thread))
    g_atomic_int_set (&self->shared, TRUE);
}

void
ebpf_map_release_user (EbpfMap *self)
{
  gpointer thread = (gpointer) pthread_self ();

  g_atomic_pointer_compare_and_exchange (&self->user, thread, NULL);
}

/* Whether another thread may be about to make a system call with the fd that was just taken away. */
static gboolean
may_be_in_use (EbpfMap *self)
{
  gpointer user = g_atomic_pointer_get (&self->user);

  return (user != NULL && user != (gpointer) pthread_self ()) || g_atomic_int_get (&self->shared);
}

/**
 * ebpf_map_to_string:
 * @self: a map
 *
 * Describes the map in a word, for logs.
 *
 * Returns: (transfer full): such as "hash(counts)#5", with the file descriptor; "hash#5" for one
 * without a name
 */
char *
ebpf_map_to_string (EbpfMap *self)
{
  const char *word;
  g_autofree char *number = NULL;
  g_autofree char *name = NULL;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  word = ebpf_map_type_to_string ((EbpfMapType) self->map_type);
  if (word == NULL)
    word = number = g_strdup_printf ("type %u", self->map_type);
  name = self->name[0] != '\0' ? g_strdup_printf ("(%s)", self->name) : g_strdup ("");

  return g_strdup_printf ("%s%s#%d", word, name, g_atomic_int_get (&self->fd));
}

int
ebpf_map_check_open (EbpfMap *self, GError **error)
{
  int fd = ebpf_map_use_fd (self);

  if (G_UNLIKELY (fd < 0) && error != NULL)
    {
      g_autofree char *what = ebpf_map_describe (self);

      ebpf_error_set (error, EBPF_ERROR_CLOSED, EBADF, "%s is closed", what);
    }

  return fd;
}

/**
 * ebpf_map_dup:
 * @self: a map
 * @error: return location for an error
 *
 * Makes another object for the same map, which is closed on its own. It is not pinned.
 *
 * Returns: (transfer full): the copy, or %NULL with @error set
 */
EbpfMap *
ebpf_map_dup (EbpfMap *self, GError **error)
{
  EbpfMap *copy;
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = ebpf_map_dup_fd (self, error);
  if (fd < 0)
    return NULL;

  copy = g_object_new (EBPF_TYPE_MAP, NULL);
  copy->fd = fd;
  g_free (copy->name);
  copy->name = g_strdup (self->name);
  copy->map_type = self->map_type;
  copy->key_size = self->key_size;
  copy->value_size = self->value_size;
  copy->max_entries = self->max_entries;
  copy->map_flags = self->map_flags;
  copy->map_extra = self->map_extra;
  copy->id = self->id;
  copy->frozen = g_atomic_int_get (&self->frozen);
  copy->driver = g_object_ref (self->driver);

  g_mutex_lock (&self->lock);
  copy->key_type = self->key_type != NULL ? ebpf_btf_type_ref (self->key_type) : NULL;
  copy->value_type = self->value_type != NULL ? ebpf_btf_type_ref (self->value_type) : NULL;
  copy->key_variant_type = self->key_variant_type;
  copy->value_variant_type = self->value_variant_type;
  copy->btf_id = self->btf_id;
  copy->btf_key_type_id = self->btf_key_type_id;
  copy->btf_value_type_id = self->btf_value_type_id;
  copy->struct_ops_type_id = self->struct_ops_type_id;
  copy->struct_ops = self->struct_ops != NULL ? ebpf_struct_ops_value_ref (self->struct_ops) : NULL;
  g_mutex_unlock (&self->lock);

  return copy;
}

static int
steal_fd (EbpfMap *self)
{
  int fd = g_atomic_int_get (&self->fd);

  while (fd >= 0 && !g_atomic_int_compare_and_exchange (&self->fd, fd, -1))
    fd = g_atomic_int_get (&self->fd);

  if (fd < 0)
    return -1;

  g_mutex_lock (&self->lock);
  ebpf_map_unmap_memory (self);
  g_clear_pointer (&self->struct_ops, ebpf_struct_ops_value_unref);
  g_mutex_unlock (&self->lock);

  return fd;
}

static void
emit_closed (EbpfMap *self)
{
  g_object_ref (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OPEN]);
  g_signal_emit (self, closed_signal, 0);
  g_object_unref (self);
}

/**
 * ebpf_map_close:
 * @self: a map
 *
 * Gives up the map. The kernel drops it when nobody else uses it: no program, no pin, no other file
 * descriptor. A second call does nothing.
 *
 * Where several threads have used the map, the number of the descriptor stays taken, by an empty file, until the
 * object's last reference is gone: one of them might be about to use it.
 */
void
ebpf_map_close (EbpfMap *self)
{
  int fd;

  g_return_if_fail (EBPF_IS_MAP (self));

  fd = steal_fd (self);
  if (fd < 0)
    return;

  /* The number must not become that of another file, or another map, before other threads are done with
   * it. Who has the only reference is alone. */
  if (may_be_in_use (self) && g_atomic_int_get (&G_OBJECT (self)->ref_count) > 1 &&
      ebpf_sys_retire_fd (fd))
    self->retired_fd = fd;
  else
    ebpf_sys_clear_fd (&fd);
  emit_closed (self);
}

/**
 * ebpf_map_is_open: (get-property open)
 * @self: a map
 *
 * Gets whether the map can be used.
 *
 * Returns: %FALSE once it was closed
 */
gboolean
ebpf_map_is_open (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);

  return g_atomic_int_get (&self->fd) >= 0;
}

/**
 * ebpf_map_peek_fd:
 * @self: a map
 *
 * Gets the file descriptor, which stays the map's.
 *
 * Returns: the file descriptor, or -1 where the map is closed
 */
int
ebpf_map_peek_fd (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), -1);

  return g_atomic_int_get (&self->fd);
}

/**
 * ebpf_map_dup_fd:
 * @self: a map
 * @error: return location for an error
 *
 * Makes a copy of the file descriptor, for instance to send it to another process. It has
 * `FD_CLOEXEC` set.
 *
 * Returns: a file descriptor that the caller closes, or -1 with @error set
 */
int
ebpf_map_dup_fd (EbpfMap *self, GError **error)
{
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (self), -1);
  g_return_val_if_fail (error == NULL || *error == NULL, -1);

  fd = ebpf_map_check_open (self, error);
  if (fd < 0)
    return -1;

  return ebpf_sys_dup_fd (fd, error);
}

/**
 * ebpf_map_take_fd:
 * @self: a map
 *
 * Takes the file descriptor out of the map, which is closed then.
 *
 * Returns: a file descriptor that the caller closes, or -1 where the map is closed
 */
int
ebpf_map_take_fd (EbpfMap *self)
{
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (self), -1);

  fd = steal_fd (self);
  if (fd >= 0)
    emit_closed (self);

  return fd;
}

/**
 * ebpf_map_get_name: (get-property name)
 * @self: a map
 *
 * Gets the name.
 *
 * Returns: (transfer none): the name; empty where the map has none
 */
const char *
ebpf_map_get_name (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  return self->name;
}

/**
 * ebpf_map_get_map_type: (get-property map-type)
 * @self: a map
 *
 * Gets the type of map. It may be a number that the enumeration does not list.
 *
 * Returns: the type
 */
EbpfMapType
ebpf_map_get_map_type (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), EBPF_MAP_TYPE_UNSPEC);

  return (EbpfMapType) self->map_type;
}

/**
 * ebpf_map_get_map_type_number: (get-property map-type-number)
 * @self: a map
 *
 * Gets the type of map as a number, whether or not the enumeration lists it.
 *
 * Returns: the kernel's number
 */
guint
ebpf_map_get_map_type_number (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), 0);

  return self->map_type;
}

/**
 * ebpf_map_get_key_size: (get-property key-size)
 * @self: a map
 *
 * Gets the length of a key.
 *
 * Returns: bytes; 0 where the map has no keys
 */
guint
ebpf_map_get_key_size (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), 0);

  return self->key_size;
}

/**
 * ebpf_map_get_value_size: (get-property value-size)
 * @self: a map
 *
 * Gets the length of a value; of one CPU's value where there is one for each.
 *
 * Returns: bytes
 */
guint
ebpf_map_get_value_size (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), 0);

  return self->value_size;
}

/**
 * ebpf_map_get_max_entries: (get-property max-entries)
 * @self: a map
 *
 * Gets how many entries fit, or whatever the type of map takes this number for.
 *
 * Returns: the number
 */
guint
ebpf_map_get_max_entries (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), 0);

  return self->max_entries;
}

/**
 * ebpf_map_get_map_flags: (get-property map-flags)
 * @self: a map
 *
 * Gets the flags of creation, see [flags@MapFlags].
 *
 * Returns: the flags
 */
guint
ebpf_map_get_map_flags (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), 0);

  return self->map_flags;
}

/**
 * ebpf_map_get_map_extra: (get-property map-extra)
 * @self: a map
 *
 * Gets the parameter that some types of map take.
 *
 * Returns: the number, 0 before Linux 5.16
 */
guint64
ebpf_map_get_map_extra (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), 0);

  return self->map_extra;
}

/**
 * ebpf_map_get_id: (get-property id)
 * @self: a map
 *
 * Gets the kernel's id of the map.
 *
 * Returns: the id, or 0 where it cannot be found out
 */
guint
ebpf_map_get_id (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), 0);

  return self->id;
}

/**
 * ebpf_map_is_frozen: (get-property frozen)
 * @self: a map
 *
 * Gets whether user space can no longer change the map, as far as this object knows: another
 * process may have frozen it since it was opened.
 *
 * Returns: whether it is frozen
 */
gboolean
ebpf_map_is_frozen (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);

  return g_atomic_int_get (&self->frozen) != 0;
}

void
ebpf_map_set_frozen (EbpfMap *self)
{
  if (g_atomic_int_compare_and_exchange (&self->frozen, 0, 1))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FROZEN]);
}

/**
 * ebpf_map_get_pin_path: (get-property pin-path)
 * @self: a map
 *
 * Gets the file by which this object pinned the map, or was opened.
 *
 * Returns: (nullable) (transfer none) (type filename): the path, or %NULL
 */
const char *
ebpf_map_get_pin_path (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  return self->pin_path;
}

void
ebpf_map_set_pin_path (EbpfMap *self, const char *path)
{
  char *copy;

  if (g_strcmp0 (self->pin_path, path) == 0)
    return;

  copy = g_strdup (path);
  g_free (self->pin_path);
  self->pin_path = copy;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PIN_PATH]);
}

/**
 * ebpf_map_get_key_type: (get-property key-type)
 * @self: a map
 *
 * Gets the type of a key. For a map that was opened from the kernel it is read from there, which
 * takes privileges.
 *
 * Returns: (nullable) (transfer none): the type, or %NULL where it is not known
 */
EbpfBtfType *
ebpf_map_get_key_type (EbpfMap *self)
{
  EbpfBtfType *type;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  g_mutex_lock (&self->lock);
  ebpf_map_fetch_types (self);
  type = self->key_type;
  g_mutex_unlock (&self->lock);

  return type;
}

static gboolean
replace_type (EbpfMap *self, EbpfBtfType **place, guint32 *kernel_id, EbpfBtfType *type)
{
  EbpfBtfType *previous;

  g_mutex_lock (&self->lock);
  /* What the application says goes before what the kernel knows. */
  *kernel_id = 0;
  previous = *place;
  *place = type != NULL ? ebpf_btf_type_ref (type) : NULL;
  g_mutex_unlock (&self->lock);

  g_atomic_int_set (&self->key_letter, 0);
  g_clear_pointer (&previous, ebpf_btf_type_unref);

  return previous != type;
}

char
ebpf_map_get_key_letter (EbpfMap *self)
{
  int letter = g_atomic_int_get (&self->key_letter);
  g_autofree char *string = NULL;
  EbpfBtfType *type;

  if (G_LIKELY (letter != 0))
    return (char) letter;

  type = ebpf_map_get_key_type (self);
  if (ebpf_map_peek_key_variant_type (self) != NULL)
    string = g_variant_type_dup_string (ebpf_map_peek_key_variant_type (self));
  else if (type != NULL && ebpf_btf_type_get_size (type) == self->key_size)
    string = ebpf_btf_type_get_variant_type_string (type);
  letter = string != NULL && string[1] == '\0' ? string[0] : '?';

  switch (letter)
    {
    case 'y':
      letter = self->key_size == 1 ? letter : '?';
      break;
    case 'n':
    case 'q':
      letter = self->key_size == 2 ? letter : '?';
      break;
    case 'i':
    case 'u':
      letter = self->key_size == 4 ? letter : '?';
      break;
    case 'x':
    case 't':
      letter = self->key_size == 8 ? letter : '?';
      break;
    default:
      letter = '?';
      break;
    }
  g_atomic_int_set (&self->key_letter, letter);

  return (char) letter;
}

/**
 * ebpf_map_set_key_type: (set-property key-type)
 * @self: a map
 * @key_type: (nullable): a type of the size of a key, or %NULL to see keys as bytes
 *
 * Sets the type by which keys are decoded and encoded.
 */
void
ebpf_map_set_key_type (EbpfMap *self, EbpfBtfType *key_type)
{
  g_return_if_fail (EBPF_IS_MAP (self));

  if (replace_type (self, &self->key_type, &self->btf_key_type_id, key_type))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEY_TYPE]);
}

/**
 * ebpf_map_get_value_type: (get-property value-type)
 * @self: a map
 *
 * Gets the type of a value, or of a record where the map is a stream. For a map that was opened
 * from the kernel it is read from there, which takes privileges.
 *
 * Returns: (nullable) (transfer none): the type, or %NULL where it is not known
 */
EbpfBtfType *
ebpf_map_get_value_type (EbpfMap *self)
{
  EbpfBtfType *type;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  g_mutex_lock (&self->lock);
  ebpf_map_fetch_types (self);
  type = self->value_type;
  g_mutex_unlock (&self->lock);

  return type;
}

/**
 * ebpf_map_set_value_type: (set-property value-type)
 * @self: a map
 * @value_type: (nullable): a type of the size of a value, or of a record where the map is a stream;
 * or %NULL to see values as bytes
 *
 * Sets the type by which values are decoded and encoded.
 */
void
ebpf_map_set_value_type (EbpfMap *self, EbpfBtfType *value_type)
{
  g_return_if_fail (EBPF_IS_MAP (self));

  if (replace_type (self, &self->value_type, &self->btf_value_type_id, value_type))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUE_TYPE]);
}

/**
 * ebpf_map_get_driver: (get-property driver)
 * @self: a map
 *
 * Gets what knows how to drive this type of map.
 *
 * Returns: (transfer none) (nullable): the driver; %NULL for an object that was never a map
 */
EbpfMapDriver *
ebpf_map_get_driver (EbpfMap *self)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);

  return self->driver;
}

/**
 * ebpf_map_get_value_buffer_size:
 * @self: a map
 *
 * Gets how many bytes the kernel reads and writes for one value: more than
 * [property@Map:value-size] where it holds a value for each CPU.
 *
 * Returns: bytes
 */
gsize
ebpf_map_get_value_buffer_size (EbpfMap *self)
{
  gsize size;

  g_return_val_if_fail (EBPF_IS_MAP (self), 0);

  size = (gsize) g_atomic_pointer_get (&self->value_buffer_size);
  if (size == 0)
    {
      if (self->driver == NULL)
        return 0;

      size = ebpf_map_driver_get_value_buffer_size (self->driver, self) + 1;
      g_atomic_pointer_set (&self->value_buffer_size, size);
    }

  return size - 1;
}

void
ebpf_map_adopt_spec (EbpfMap *self, EbpfMapSpec *spec)
{
  const char *name = ebpf_map_spec_get_name (spec);

  if (name[0] != '\0' && g_strcmp0 (name, self->name) != 0)
    {
      char *copy = g_strdup (name);

      g_free (self->name);
      self->name = copy;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
    }

  if (ebpf_map_spec_get_key_type (spec) != NULL)
    ebpf_map_set_key_type (self, ebpf_map_spec_get_key_type (spec));
  /* What a struct_ops map holds is a struct of the kernel's, whatever that of the object is. */
  if (ebpf_map_spec_get_value_type (spec) != NULL && self->struct_ops_type_id == 0)
    ebpf_map_set_value_type (self, ebpf_map_spec_get_value_type (spec));
  ebpf_map_place_data (self, spec);
}
