/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-struct-private.h"

#include "object/ebpf-load-options.h"
#include "sys/ebpf-pin-private.h"

#include <errno.h>

EbpfMap *
ebpf_map_new_from_pin_fd (int fd, const char *path, gboolean keep_path, GError **error)
{
  g_autofree char *what = g_strdup_printf ("\"%s\"", path);
  GError *local_error = NULL;
  EbpfMap *self;

  if (!ebpf_sys_check_kind (fd, EBPF_SYS_KIND_MAP, what, error))
    {
      ebpf_sys_clear_fd (&fd);
      return NULL;
    }

  self = ebpf_map_wrap_fd (fd, NULL, FALSE, &local_error);
  if (self == NULL)
    {
      ebpf_error_propagate_prefixed (error, local_error, "%s: ", what);
      return NULL;
    }

  if (keep_path)
    self->pin_path = g_strdup (path);

  return self;
}

/**
 * ebpf_map_new_from_pin:
 * @path: (type filename): a file in a bpffs
 * @error: return location for an error
 *
 * Opens a pinned map. Where the file may only be read, so may the map.
 *
 * Returns: (transfer full): the map, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND where there is
 * no such file, %EBPF_ERROR_WRONG_TYPE where something else is pinned there
 */
EbpfMap *
ebpf_map_new_from_pin (const char *path, GError **error)
{
  return ebpf_map_new_from_pin_full (-1, path, EBPF_ACCESS_FLAGS_NONE, error);
}

/**
 * ebpf_map_new_from_pin_full:
 * @folder_fd: a file descriptor of the folder that @path starts at where it is relative (Linux 6.5),
 * or -1
 * @path: (type filename): a file in a bpffs
 * @flags: whether to open it for reading or for writing only; then every other operation on the map
 * is refused by the kernel
 * @error: return location for an error
 *
 * Opens a pinned map.
 *
 * The folder can be one of a bpffs that is mounted nowhere, or not where this process sees it. The
 * map does not remember a path that started there: [property@Map:pin-path] is %NULL.
 *
 * Returns: (transfer full): the map, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND where there is
 * no such file, %EBPF_ERROR_WRONG_TYPE where something else is pinned there
 */
EbpfMap *
ebpf_map_new_from_pin_full (int folder_fd, const char *path, EbpfAccessFlags flags, GError **error)
{
  int fd;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = ebpf_sys_open_pin ("map", folder_fd, path, flags, error);
  if (fd < 0)
    return NULL;

  return ebpf_map_new_from_pin_fd (fd, path, folder_fd < 0, error);
}

char *
ebpf_map_build_pin_path (EbpfMapSpec *spec, const char *folder, GError **error)
{
  g_autofree char *name = g_strdup (ebpf_map_spec_get_name (spec));

  if (ebpf_map_spec_get_pinning (spec) != EBPF_PINNING_BY_NAME)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "map '%s': it asks to be pinned in a way (%u) that is not known here", name,
                      (guint) ebpf_map_spec_get_pinning (spec));
      return NULL;
    }
  if (*name == '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "a map asks to be pinned by its name, and has none");
      return NULL;
    }

  /* Names in a bpffs have no dots. */
  g_strdelimit (name, "./", '_');
  return g_build_filename (folder, name, NULL);
}

EbpfMap *
ebpf_map_open_pinned (EbpfMapSpec *spec, const char *path, EbpfAccessFlags flags, GError **error)
{
  g_autoptr (EbpfMap) map = ebpf_map_new_from_pin_full (-1, path, flags, error);

  if (map == NULL)
    return NULL;
  if (!ebpf_map_check_compatible (map, spec, error))
    {
      g_prefix_error (error, "map \"%s\", pinned at \"%s\": ", ebpf_map_spec_get_name (spec), path);
      return NULL;
    }

  ebpf_map_adopt_spec (map, spec);
  return g_steal_pointer (&map);
}

/**
 * ebpf_map_new_full:
 * @spec: a map spec
 * @options: (nullable): where maps are pinned, and what pins are opened for; or %NULL
 * @error: return location for an error
 *
 * Makes a map as [ctor@Map.new] does; and where the spec asks to be pinned by its name
 * ([property@MapSpec:pinning]), opens the one that is pinned under it in
 * [property@LoadOptions:pin-path], or pins the new one there.
 *
 * Returns: (transfer full): the map, or %NULL with @error set: %EBPF_ERROR_INCOMPATIBLE where the map
 * that is pinned does not fit the spec
 */
EbpfMap *
ebpf_map_new_full (EbpfMapSpec *spec, EbpfLoadOptions *options, GError **error)
{
  g_autoptr (EbpfLoadOptions) own_options = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autofree char *path = NULL;
  GError *local_error = NULL;
  EbpfAccessFlags flags;

  g_return_val_if_fail (EBPF_IS_MAP_SPEC (spec), NULL);
  g_return_val_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (ebpf_map_spec_get_pinning (spec) == EBPF_PINNING_NONE)
    return ebpf_map_new (spec, error);

  if (options == NULL)
    options = own_options = ebpf_load_options_new ();
  flags = ebpf_load_options_get_pin_access_flags (options);
  path = ebpf_map_build_pin_path (spec, ebpf_load_options_get_pin_path (options), error);
  if (path == NULL)
    return NULL;

  map = ebpf_map_open_pinned (spec, path, flags, &local_error);
  if (map != NULL)
    return g_steal_pointer (&map);
  if (!g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, local_error);
      return NULL;
    }
  g_clear_error (&local_error);

  map = ebpf_map_new (spec, error);
  if (map == NULL)
    return NULL;
  if (ebpf_map_pin (map, path, &local_error))
    return g_steal_pointer (&map);
  if (!g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_EXISTS))
    {
      g_propagate_error (error, local_error);
      return NULL;
    }

  /* Somebody else was faster: theirs it is. */
  g_error_free (local_error);
  return ebpf_map_open_pinned (spec, path, flags, error);
}

/**
 * ebpf_map_pin:
 * @self: a map
 * @path: (type filename): a file in a bpffs, which must not exist yet
 * @error: return location for an error
 *
 * Pins the map: it then outlives the process, and others open it by the file.
 *
 * A map that this object pinned already is moved to the new path; pinning it again as the same file
 * does nothing.
 *
 * Returns: whether it was pinned; where not, @error is %EBPF_ERROR_EXISTS for a file that is there
 * already
 */
gboolean
ebpf_map_pin (EbpfMap *self, const char *path, GError **error)
{
  g_autofree char *what = NULL;
  g_autofree char *pin_path = NULL;
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  fd = ebpf_map_check_open (self, error);
  if (fd < 0)
    return FALSE;

  what = ebpf_map_describe (self);
  pin_path = g_strdup (self->pin_path);
  if (!ebpf_sys_pin (fd, what, &pin_path, path, error))
    return FALSE;

  ebpf_map_set_pin_path (self, pin_path);
  return TRUE;
}

/**
 * ebpf_map_pin_at:
 * @self: a map
 * @folder_fd: a file descriptor of a folder in a bpffs
 * @path: (type filename): a file that does not exist yet; it starts at the folder where it is
 * relative
 * @error: return location for an error
 *
 * Gives the map one more name, in a bpffs that this process reaches by a file descriptor (Linux 6.5):
 * a container's, or one that is mounted nowhere.
 *
 * [property@Map:pin-path] stays as it was, and [method@Map.unpin] leaves that name alone: it is
 * removed as any file is.
 *
 * Returns: whether it was pinned
 */
gboolean
ebpf_map_pin_at (EbpfMap *self, int folder_fd, const char *path, GError **error)
{
  g_autofree char *what = NULL;
  int fd;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (folder_fd >= 0, FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  fd = ebpf_map_check_open (self, error);
  if (fd < 0)
    return FALSE;

  what = ebpf_map_describe (self);
  return ebpf_sys_pin_at (fd, what, folder_fd, path, error);
}

/**
 * ebpf_map_unpin:
 * @self: a map
 * @error: return location for an error
 *
 * Takes the pin away. Where the map is not pinned, or the file is gone, there is nothing to do.
 *
 * Returns: whether it is not pinned any more
 */
gboolean
ebpf_map_unpin (EbpfMap *self, GError **error)
{
  g_autofree char *what = NULL;
  g_autofree char *pin_path = NULL;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (self->pin_path == NULL)
    return TRUE;

  what = ebpf_map_describe (self);
  pin_path = g_strdup (self->pin_path);
  if (!ebpf_sys_unpin (what, &pin_path, error))
    return FALSE;

  ebpf_map_set_pin_path (self, NULL);
  return TRUE;
}
