/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-struct-private.h"

#include "btf/ebpf-btf-loaded.h"
#include "btf/ebpf-btf.h"
#include "btf/ebpf-btf-type.h"
#include "plugin/ebpf-plugin-registry.h"
#include "sys/ebpf-pin-private.h"

#include <errno.h>
#include <string.h>

/* No map's type information is as large; what the kernel says is believed up to here. */
#define MAX_BTF_SIZE (64u << 20)

static gboolean
find_field (const char *text, const char *field, guint64 *value)
{
  gsize length = strlen (field);

  for (const char *line = text; line != NULL; line = strchr (line, '\n'))
    {
      if (*line == '\n')
        line++;
      if (strncmp (line, field, length) == 0 && line[length] == ':')
        {
          *value = g_ascii_strtoull (line + length + 1, NULL, 0);
          return TRUE;
        }
    }

  return FALSE;
}

static char *
read_fdinfo (int fd)
{
  char path[64];

  g_snprintf (path, sizeof path, "/proc/self/fdinfo/%d", fd);

  return ebpf_sys_read_file (path);
}

gboolean
ebpf_map_read_fdinfo (int fd, const char *field, guint64 *value)
{
  g_autofree char *text = read_fdinfo (fd);

  return text != NULL && find_field (text, field, value);
}

static void
fill_32 (const char *text, const char *field, guint32 *value)
{
  guint64 found;

  if (*value == 0 && find_field (text, field, &found))
    *value = (guint32) found;
}

/* Where the kernel does not tell (unprivileged on 5.10) /proc does, but for the name; and it alone
 * knows @frozen, which may be NULL. */
static gboolean
query (int fd, struct bpf_map_info *info, gboolean *frozen, GError **error)
{
  g_autofree char *text = NULL;
  guint64 number;
  int errsv = 0;

  if (ebpf_sys_get_info (fd, info, sizeof *info) < 0)
    {
      errsv = errno;
      memset (info, 0, sizeof *info);
    }

  if (errsv != 0 || frozen != NULL)
    text = read_fdinfo (fd);
  if (text != NULL)
    {
      fill_32 (text, "map_type", &info->type);
      fill_32 (text, "key_size", &info->key_size);
      fill_32 (text, "value_size", &info->value_size);
      fill_32 (text, "max_entries", &info->max_entries);
      fill_32 (text, "map_flags", &info->map_flags);
      fill_32 (text, "map_id", &info->id);
      if (info->map_extra == 0 && find_field (text, "map_extra", &number))
        info->map_extra = number;
    }

  if (frozen != NULL)
    *frozen = text != NULL && find_field (text, "frozen", &number) && number != 0;

  if (info->type == 0 && errsv != 0)
    {
      ebpf_sys_set_error (error, errsv, "asking about the map of file descriptor %d", fd);
      return FALSE;
    }

  return TRUE;
}

EbpfMap *
ebpf_map_wrap_fd (int fd, EbpfMapDriver *driver, gboolean fresh, GError **error)
{
  g_autoptr (EbpfMap) self = g_object_new (EBPF_TYPE_MAP, NULL);
  struct bpf_map_info info;
  gboolean frozen = FALSE;

  self->fd = ebpf_sys_raise_fd (fd);
  if (self->fd < 0)
    {
      ebpf_sys_set_error (error, errno, "moving file descriptor %d out of the way", fd);
      return NULL;
    }

  if (!query (self->fd, &info, fresh ? NULL : &frozen, error))
    return NULL;

  g_free (self->name);
  self->name = g_strndup (info.name, sizeof info.name);
  self->map_type = info.type;
  self->key_size = info.key_size;
  self->value_size = info.value_size;
  self->max_entries = info.max_entries;
  self->map_flags = info.map_flags;
  self->map_extra = info.map_extra;
  self->id = info.id;
  self->frozen = frozen;
  self->btf_id = info.btf_id;
  self->btf_key_type_id = info.btf_key_type_id;
  self->btf_value_type_id = info.btf_value_type_id;
  self->struct_ops_type_id = info.btf_vmlinux_value_type_id;

  if (driver != NULL)
    self->driver = g_object_ref (driver);
  else
    self->driver = ebpf_plugin_registry_find_driver (ebpf_plugin_registry_get_default (),
                                                     (EbpfMapType) info.type, error);
  if (self->driver == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

static GBytes *
read_btf (guint32 id, int *errsv)
{
  g_autofree guint8 *data = NULL;
  struct bpf_btf_info info;
  guint32 size = 0;
  int fd = ebpf_sys_get_fd_by_id (EBPF_SYS_BTF_GET_FD_BY_ID, id);
  EbpfSysInfo attr;
  gboolean done = FALSE;

  if (fd < 0)
    {
      *errsv = errno;
      return NULL;
    }

  if (ebpf_sys_get_info (fd, &info, sizeof info) == 0 && info.btf_size > 0 &&
      info.btf_size <= MAX_BTF_SIZE)
    {
      size = info.btf_size;
      data = g_malloc (size);
      memset (&info, 0, sizeof info);
      info.btf = EBPF_PTR_TO_U64 (data);
      info.btf_size = size;
      memset (&attr, 0, sizeof attr);
      attr.bpf_fd = (guint32) fd;
      attr.info_len = sizeof info;
      attr.info = EBPF_PTR_TO_U64 (&info);
      done = ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) == 0 &&
             info.btf_size == size;
    }

  *errsv = errno;
  ebpf_sys_clear_fd (&fd);

  return done ? g_bytes_new_take (g_steal_pointer (&data), size) : NULL;
}

/* A struct_ops map's value is of a type of the kernel's, or of a module, which it does not tell. */
static void
fetch_struct_ops_type (EbpfMap *self)
{
  g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (NULL);
  g_autoptr (EbpfBtfType) type = NULL;

  if (kernel != NULL)
    type = ebpf_btf_get_type_by_id (kernel, self->struct_ops_type_id);
  if (type != NULL && g_str_has_prefix (ebpf_btf_type_get_name (type), "bpf_struct_ops_") &&
      ebpf_btf_type_get_size (type) == self->value_size)
    self->value_type = g_steal_pointer (&type);
}

void
ebpf_map_fetch_types (EbpfMap *self)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GError) error = NULL;
  guint32 id = self->btf_id;
  int errsv = 0;

  if (self->struct_ops_type_id != 0)
    {
      if (self->value_type == NULL)
        fetch_struct_ops_type (self);
      return;
    }

  /* Once: what cannot be had now will not be had later. */
  self->btf_id = 0;
  if (id == 0 || (self->btf_key_type_id == 0 && self->btf_value_type_id == 0))
    return;

  bytes = read_btf (id, &errsv);
  if (bytes != NULL)
    btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  if (btf == NULL)
    {
      g_debug ("types of map '%s' (BTF %u): %s", self->name, id,
               error != NULL ? error->message : ebpf_sys_strerror (errsv));
      return;
    }

  if (self->key_type == NULL && self->btf_key_type_id != 0)
    self->key_type = ebpf_btf_get_type_by_id (btf, self->btf_key_type_id);
  if (self->value_type == NULL && self->btf_value_type_id != 0)
    self->value_type = ebpf_btf_get_type_by_id (btf, self->btf_value_type_id);
}

/**
 * ebpf_map_new_from_fd:
 * @fd: a file descriptor, which the map takes; it is closed where this fails
 * @error: return location for an error
 *
 * Makes a map from a file descriptor, for instance one that was received over a socket. It takes
 * no privileges where the kernel asks for none (Linux 5.19).
 *
 * Returns: (transfer full): the map, or %NULL with @error set
 */
EbpfMap *
ebpf_map_new_from_fd (int fd, GError **error)
{
  g_autofree char *what = NULL;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (fd < 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, EBADF, "%d is not a file descriptor", fd);
      return NULL;
    }

  what = g_strdup_printf ("file descriptor %d", fd);
  if (!ebpf_sys_check_kind (fd, EBPF_SYS_KIND_MAP, what, error))
    {
      ebpf_sys_clear_fd (&fd);
      return NULL;
    }

  return ebpf_map_wrap_fd (fd, NULL, FALSE, error);
}

/**
 * ebpf_map_new_from_id:
 * @id: the kernel's id of a map
 * @error: return location for an error
 *
 * Opens a map by its id. This takes `CAP_SYS_ADMIN`.
 *
 * Returns: (transfer full): the map, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND where there is
 * no such map
 */
EbpfMap *
ebpf_map_new_from_id (guint id, GError **error)
{
  return ebpf_map_new_from_id_full (id, EBPF_ACCESS_FLAGS_NONE, error);
}

/**
 * ebpf_map_new_from_id_full:
 * @id: the kernel's id of a map
 * @flags: whether to open it for reading or for writing only; then every other operation on the map
 * is refused by the kernel
 * @error: return location for an error
 *
 * Opens a map by its id. This takes `CAP_SYS_ADMIN`.
 *
 * Returns: (transfer full): the map, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND where there is
 * no such map
 */
EbpfMap *
ebpf_map_new_from_id_full (guint id, EbpfAccessFlags flags, GError **error)
{
  EbpfSysId attr;
  int fd;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  memset (&attr, 0, sizeof attr);
  attr.id = id;
  attr.open_flags = flags;
  fd = ebpf_sys_bpf (EBPF_SYS_MAP_GET_FD_BY_ID, &attr, sizeof attr);
  if (fd < 0)
    {
      int errsv = errno;

      ebpf_sys_set_error_with_hint (error, ebpf_sys_error_code (errsv), errsv,
                                    errsv == EPERM ? "opening by id takes root, or CAP_SYS_ADMIN"
                                                   : NULL,
                                    "opening the map of id %u", id);
      return NULL;
    }

  return ebpf_map_wrap_fd (fd, NULL, FALSE, error);
}

/**
 * ebpf_map_open_btf:
 * @self: a map
 * @error: return location for an error
 *
 * Reads the type information that the kernel keeps for the map (Linux 4.18); reading it takes
 * privileges. [property@Map:key-type] and [property@Map:value-type] are of it, unless somebody else
 * brought them.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set:
 * %EBPF_ERROR_NOT_SUPPORTED where the map was made without
 */
EbpfBtf *
ebpf_map_open_btf (EbpfMap *self, GError **error)
{
  g_autofree char *what = NULL;
  struct bpf_map_info info;
  EbpfBtf *btf = NULL;
  GError *local_error = NULL;
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = ebpf_map_check_open (self, error);
  if (fd < 0 || !query (fd, &info, NULL, error))
    return NULL;

  what = ebpf_map_describe (self);
  if (info.btf_id == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0, "%s was made without type information",
                      what);
      return NULL;
    }

  btf = ebpf_btf_new_from_id (info.btf_id, NULL, &local_error);
  if (btf == NULL)
    ebpf_error_propagate_prefixed (error, local_error, "%s: ", what);

  return btf;
}

/**
 * ebpf_map_query_info:
 * @self: a map
 * @error: return location for an error
 *
 * Asks the kernel about the map: `type` (`u`), `type-name` (`s`, where there is a word for it),
 * `name` (`s`, of 15 characters), `id`, `key-size`, `value-size`, `max-entries`, `map-flags` (all
 * `u`), `map-extra` (`t`) and `frozen` (`b`); and, where the kernel tells them, `ifindex`, `btf-id`,
 * `btf-key-type-id`, `btf-value-type-id`, `owner-program-type` (all `u`), `owner-jited` (`b`) and
 * `memlock` (`t`: bytes it takes, about).
 *
 * Returns: (transfer full): a dictionary `a{sv}`, or %NULL with @error set
 */
GVariant *
ebpf_map_query_info (EbpfMap *self, GError **error)
{
  struct bpf_map_info info;
  g_autofree char *text = NULL;
  g_autofree char *name = NULL;
  g_autofree char *valid_name = NULL;
  GVariantDict dict;
  gboolean frozen;
  guint64 number;
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = ebpf_map_check_open (self, error);
  if (fd < 0 || !query (fd, &info, &frozen, error))
    return NULL;

  if (frozen)
    ebpf_map_set_frozen (self);
  name = g_strndup (info.name, sizeof info.name);
  valid_name = g_utf8_make_valid (name, -1);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "name", "s", valid_name);
  g_variant_dict_insert (&dict, "type", "u", info.type);
  if (ebpf_map_type_to_string ((EbpfMapType) info.type) != NULL)
    g_variant_dict_insert (&dict, "type-name", "s",
                           ebpf_map_type_to_string ((EbpfMapType) info.type));
  g_variant_dict_insert (&dict, "key-size", "u", info.key_size);
  g_variant_dict_insert (&dict, "value-size", "u", info.value_size);
  g_variant_dict_insert (&dict, "max-entries", "u", info.max_entries);
  g_variant_dict_insert (&dict, "map-flags", "u", info.map_flags);
  g_variant_dict_insert (&dict, "map-extra", "t", (guint64) info.map_extra);
  g_variant_dict_insert (&dict, "id", "u", info.id);
  g_variant_dict_insert (&dict, "frozen", "b", frozen);
  if (info.ifindex != 0)
    g_variant_dict_insert (&dict, "ifindex", "u", info.ifindex);
  if (info.btf_id != 0)
    {
      g_variant_dict_insert (&dict, "btf-id", "u", info.btf_id);
      g_variant_dict_insert (&dict, "btf-key-type-id", "u", info.btf_key_type_id);
      g_variant_dict_insert (&dict, "btf-value-type-id", "u", info.btf_value_type_id);
    }

  text = read_fdinfo (fd);
  if (text != NULL && find_field (text, "memlock", &number))
    g_variant_dict_insert (&dict, "memlock", "t", number);
  if (text != NULL && find_field (text, "owner_prog_type", &number))
    g_variant_dict_insert (&dict, "owner-program-type", "u", (guint32) number);
  if (text != NULL && find_field (text, "owner_jited", &number))
    g_variant_dict_insert (&dict, "owner-jited", "b", number != 0);

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}
