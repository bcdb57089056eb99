/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values that hang on something else: a socket, a file, a thread, a control group. For user space that is
 * a file descriptor, `h`. Written can be as well:
 *
 *   task-storage   the number of a process (any integer)
 *   inode-storage  a path (`s`)
 *   cgrp-storage   the path of a control group (`s`)
 *   sk-storage     the number of a descriptor (any integer)
 *
 * The kernel makes these maps only with types: where a spec has none, some of the right sizes are
 * made up. There is no way to go through the entries from user space. The older cgroup-storage has
 * plain keys, and entries that come and go with attached programs. */

#include <ebpf-plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfStorageDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfStorageDriverClass;

EBPF_DEFINE_PLUGIN (EbpfStorageDriver,
                    ebpf_storage_driver,
                    "storage",
                    "Storage that belongs to sockets, files, tasks and control groups",
                    EBPF_MAP_TYPE_SK_STORAGE,
                    EBPF_MAP_TYPE_INODE_STORAGE,
                    EBPF_MAP_TYPE_TASK_STORAGE,
                    EBPF_MAP_TYPE_CGRP_STORAGE,
                    EBPF_MAP_TYPE_CGROUP_STORAGE)

/* BTF of an int, as key, and of a value: an integer where there is one of the size, else bytes. The
 * format is that of the kernel's Documentation/bpf/btf.rst. */
#define BTF_MAGIC 0xeb9f
#define KIND_INT (1u << 24)
#define KIND_ARRAY (3u << 24)
#define INT_SIGNED (1u << 24)

typedef struct
{
  guint16 magic;
  guint8 version;
  guint8 flags;
  guint32 header_size;
  guint32 type_offset;
  guint32 type_size;
  guint32 string_offset;
  guint32 string_size;
} BtfHeader;

static EbpfBtf *
new_types (guint32 value_size, guint *value_id, GError **error)
{
  static const char strings[] = "\0int\0value";
  const gboolean is_integer =
      value_size == 1 || value_size == 2 || value_size == 4 || value_size == 8;
  const guint32 types[] = {
    /* 1: int, 2: the value or a byte of it, 3: the bytes */
    1,
    KIND_INT,
    4,
    INT_SIGNED | 32,
    5,
    KIND_INT,
    is_integer ? value_size : 1,
    is_integer ? value_size * 8 : 8,
    0,
    KIND_ARRAY,
    0,
    2,
    1,
    value_size,
  };
  BtfHeader header = { .magic = BTF_MAGIC, .version = 1, .header_size = sizeof header };
  g_autoptr (GByteArray) array = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  header.type_size = sizeof types;
  header.string_offset = sizeof types;
  header.string_size = sizeof strings;
  g_byte_array_append (array, (const guint8 *) &header, sizeof header);
  g_byte_array_append (array, (const guint8 *) types, sizeof types);
  g_byte_array_append (array, (const guint8 *) strings, sizeof strings);
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&array));

  *value_id = is_integer ? 2 : 3;

  return ebpf_btf_new_from_bytes (bytes, NULL, error);
}

static gboolean
add_types (EbpfMapSpec *spec, GError **error)
{
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) key = NULL;
  g_autoptr (EbpfBtfType) value = NULL;
  guint value_id;

  if (ebpf_map_spec_get_key_type (spec) != NULL && ebpf_map_spec_get_value_type (spec) != NULL)
    return TRUE;

  btf = new_types (ebpf_map_spec_get_value_size (spec), &value_id, error);
  if (btf == NULL)
    return FALSE;

  key = ebpf_btf_get_type_by_id (btf, 1);
  value = ebpf_btf_get_type_by_id (btf, value_id);
  ebpf_map_spec_set_key_type (spec, key);
  ebpf_map_spec_set_value_type (spec, value);

  return TRUE;
}

static gboolean
ebpf_storage_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  EbpfMapType type = ebpf_map_spec_get_map_type (spec);
  const char *name = ebpf_map_spec_get_name (spec);
  guint key_size = ebpf_map_spec_get_key_size (spec);

  if (ebpf_map_spec_get_value_size (spec) == 0)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the values of a %s must have a size", name,
                             ebpf_map_type_to_string (type));
      return FALSE;
    }

  /* There are as many entries as there are things to hang them on. */
  ebpf_map_spec_set_max_entries (spec, 0);
  if (type == EBPF_MAP_TYPE_CGROUP_STORAGE)
    return TRUE;

  if (key_size != 0 && key_size != sizeof (gint32))
    {
      ebpf_plugin_set_error (
          error, EBPF_ERROR_WRONG_SIZE, 0,
          "map %s: the keys of a %s are file descriptors of 4 bytes, not %u bytes", name,
          ebpf_map_type_to_string (type), key_size);
      return FALSE;
    }

  ebpf_map_spec_set_key_size (spec, sizeof (gint32));
  ebpf_map_spec_set_map_flags (spec,
                               ebpf_map_spec_get_map_flags (spec) | EBPF_MAP_FLAGS_NO_PREALLOC);

  return add_types (spec, error);
}

static char *
ebpf_storage_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  guint allowed = EBPF_MAP_FLAGS_NO_PREALLOC | EBPF_MAP_FLAGS_CLONE;
  guint key_size = ebpf_map_spec_get_key_size (spec);

  if (errsv == EINVAL && ebpf_map_spec_get_map_type (spec) == EBPF_MAP_TYPE_CGROUP_STORAGE)
    return key_size != 8 && key_size != 16
               ? g_strdup_printf ("its keys are the id of a control group (8 bytes) or struct "
                                  "bpf_cgroup_storage_key (16 bytes), not %u bytes",
                                  key_size)
               : NULL;
  if (errsv == EINVAL && (ebpf_map_spec_get_map_flags (spec) & ~allowed) != 0)
    return g_strdup_printf ("the only flags it takes are BPF_F_NO_PREALLOC and BPF_F_CLONE, not "
                            "0x%x",
                            ebpf_map_spec_get_map_flags (spec) & ~allowed);
  if (errsv == E2BIG)
    return g_strdup_printf ("values of %u bytes are more than the kernel hangs on anything",
                            ebpf_map_spec_get_value_size (spec));

  return NULL;
}

static GVariant *
ebpf_storage_driver_key_to_variant (EbpfMapDriver *driver,
                                    EbpfMap *map,
                                    GBytes *key,
                                    GError **error)
{
  gint32 fd;

  if (ebpf_map_get_map_type (map) == EBPF_MAP_TYPE_CGROUP_STORAGE ||
      g_bytes_get_size (key) != sizeof fd)
    return EBPF_MAP_DRIVER_CLASS (ebpf_storage_driver_parent_class)
        ->key_to_variant (driver, map, key, error);

  memcpy (&fd, g_bytes_get_data (key, NULL), sizeof fd);

  return g_variant_ref_sink (g_variant_new_handle (fd));
}

static int
open_path (EbpfMap *map, const char *path, int flags, GError **error)
{
  int fd = open (path, flags | O_CLOEXEC);

  if (fd < 0)
    ebpf_plugin_set_system_error (error, errno, "map %s: opening \"%s\"", ebpf_map_get_name (map),
                                  path);

  return fd;
}

static int
open_process (EbpfMap *map, int pid, GError **error)
{
#ifdef SYS_pidfd_open
  int fd = (int) syscall (SYS_pidfd_open, pid, 0);
#else
  int fd = -1;

  errno = ENOSYS;
#endif

  if (fd < 0 && errno == ESRCH)
    ebpf_plugin_set_error (error, EBPF_ERROR_NOT_FOUND, ESRCH,
                           "map %s: there is no process %d (ESRCH)", ebpf_map_get_name (map), pid);
  else if (fd < 0)
    ebpf_plugin_set_system_error (error, errno, "map %s: opening process %d",
                                  ebpf_map_get_name (map), pid);

  return fd;
}

static GBytes *
ebpf_storage_driver_key_from_variant (EbpfMapDriver *driver,
                                      EbpfMap *map,
                                      GVariant *key,
                                      GError **error)
{
  static const char *const forms[] = { "a descriptor (h)", "the number of a process",
                                       "a path (s)" };
  EbpfMapType type = ebpf_map_get_map_type (map);
  g_autoptr (GVariant) inner = ebpf_plugin_unbox (key);
  g_autofree char *text = NULL;
  const char *form;
  guint64 number;
  int fd;

  if (type == EBPF_MAP_TYPE_CGROUP_STORAGE)
    return EBPF_MAP_DRIVER_CLASS (ebpf_storage_driver_parent_class)
        ->key_from_variant (driver, map, key, error);

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_HANDLE))
    return ebpf_plugin_new_fd_bytes (g_variant_get_handle (inner), sizeof (gint32), NULL);

  if (ebpf_plugin_get_number (inner, G_MAXINT32, &number))
    {
      if (type != EBPF_MAP_TYPE_TASK_STORAGE)
        return ebpf_plugin_new_fd_bytes ((int) number, sizeof (gint32), NULL);
      fd = open_process (map, (int) number, error);
      return fd >= 0 ? ebpf_plugin_new_fd_bytes_take (fd, sizeof (gint32)) : NULL;
    }

  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_STRING) &&
      (type == EBPF_MAP_TYPE_INODE_STORAGE || type == EBPF_MAP_TYPE_CGRP_STORAGE))
    {
      /* Without being able to read it, and without what opening does to a device or pipe, where the
       * kernel takes such a descriptor. */
      fd = open_path (map, g_variant_get_string (inner, NULL),
                      type == EBPF_MAP_TYPE_CGRP_STORAGE ? O_RDONLY | O_DIRECTORY : O_PATH, error);
      return fd >= 0 ? ebpf_plugin_new_fd_bytes_take (fd, sizeof (gint32)) : NULL;
    }

  form = type == EBPF_MAP_TYPE_TASK_STORAGE ? forms[1]
         : type == EBPF_MAP_TYPE_SK_STORAGE ? "its number"
                                            : forms[2];
  text = g_variant_print (inner, TRUE);
  ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_TYPE, 0, "map %s: a key is %s or %s, not %.100s",
                         ebpf_map_get_name (map), forms[0], form, text);
  return NULL;
}

static void
ebpf_storage_driver_class_init (EbpfStorageDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_storage_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_storage_driver_explain_create_error;
  driver_class->key_to_variant = ebpf_storage_driver_key_to_variant;
  driver_class->key_from_variant = ebpf_storage_driver_key_from_variant;
}

static void
ebpf_storage_driver_init (EbpfStorageDriver *self)
{
}
