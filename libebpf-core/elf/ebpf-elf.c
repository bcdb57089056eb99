/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf/ebpf-elf.h"

#include "elf/ebpf-elf-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel's own limits are far below; what is larger is not an object file. */
#define MAX_FILE_SIZE (G_GUINT64_CONSTANT (1) << 30)

#define DEFINE_ADD(thing, Type, get_name)                                                          \
  gboolean ebpf_elf_add_##thing (EbpfElf *self, Type *thing, const EbpfElfSection *section,        \
                                 gint64 offset, GError **error)                                    \
  {                                                                                                \
    /* That there is one already is all that can be wrong. */                                      \
    if (ebpf_collection_spec_add_##thing (self->spec, thing, NULL))                                \
      return TRUE;                                                                                 \
                                                                                                   \
    ebpf_elf_set_error (self, error, EBPF_ERROR_EXISTS, section, offset,                           \
                        "there is a " #thing " named %s already", get_name (thing));               \
    return FALSE;                                                                                  \
  }

DEFINE_ADD (map, EbpfMapSpec, ebpf_map_spec_get_name)
DEFINE_ADD (program, EbpfProgramSpec, ebpf_program_spec_get_name)
DEFINE_ADD (variable, EbpfVariableSpec, ebpf_variable_spec_get_name)
#undef DEFINE_ADD

static EbpfCollectionSpec *
parse (GBytes *bytes, const char *source, EbpfOpenFlags flags, GError **error)
{
  g_autoptr (EbpfElf) self = ebpf_elf_open (bytes, source, error);

  if (self == NULL)
    return NULL;

  self->flags = flags;

  self->spec = ebpf_collection_spec_new ();
  self->map_symbols = g_hash_table_new (NULL, NULL);
  ebpf_collection_spec_set_source (self->spec, source);
  ebpf_collection_spec_set_byte_order (self->spec, self->image[EI_DATA] == ELFDATA2MSB
                                                       ? EBPF_BYTE_ORDER_BIG_ENDIAN
                                                       : EBPF_BYTE_ORDER_LITTLE_ENDIAN);
  ebpf_collection_spec_set_kernel_version (self->spec, self->version);
  if (self->license != NULL)
    ebpf_collection_spec_set_license (self->spec, self->license);

  if (!ebpf_elf_load_btf (self, error))
    return NULL;

  if (self->btf != NULL)
    ebpf_collection_spec_set_btf (self->spec, self->btf);

  /* Maps may hold programs and code refers to maps; sections of data count only where code, or a
   * symbol, says that they are used. */
  if (!ebpf_elf_find_functions (self, error) || !ebpf_elf_load_maps (self, error) ||
      !ebpf_elf_load_legacy_maps (self, error) || !ebpf_elf_load_struct_ops (self, error) ||
      !ebpf_elf_load_arena (self, error) || !ebpf_elf_load_code (self, error) ||
      !ebpf_elf_load_data (self, error) || !ebpf_elf_load_kconfig (self, error) ||
      !ebpf_elf_link_programs (self, error))
    return NULL;

  return g_steal_pointer (&self->spec);
}

static EbpfError
error_code_from_errno (int errsv)
{
  switch (errsv)
    {
    case ENOENT:
    case ENOTDIR:
      return EBPF_ERROR_NOT_FOUND;
    case EACCES:
    case EPERM:
      return EBPF_ERROR_PERMISSION;
    default:
      return EBPF_ERROR_IO;
    }
}

/* Reads, and does not map: a compiler that writes the file anew must not make this process crash.
 */
GBytes *
ebpf_elf_read_file (const char *path, GError **error)
{
  g_autofree guint8 *contents = NULL;
  gsize size = 1 << 16, used = 0, end = G_MAXSIZE;
  struct stat status;
  int errsv;
  int fd;

  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    {
      errsv = errno;
      ebpf_error_set (error, error_code_from_errno (errsv), errsv, "cannot open %s: %s", path,
                      g_strerror (errsv));
      return NULL;
    }

  /* What says how long it is needs not be asked for more. */
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && status.st_size >= 0 &&
      (guint64) status.st_size < MAX_FILE_SIZE && status.st_size > 0)
    size = end = (gsize) status.st_size;
  contents = g_malloc (size);

  for (;;)
    {
      gssize n;

      if (used == size)
        {
          if (used >= MAX_FILE_SIZE)
            {
              ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                              "%s has more than 1 GiB; it is not an object file", path);
              close (fd);
              return NULL;
            }

          size *= 2;
          contents = g_realloc (contents, size);
        }

      n = read (fd, contents + used, size - used);
      if (n < 0 && errno == EINTR)
        continue;

      if (n < 0)
        {
          errsv = errno;
          ebpf_error_set (error, error_code_from_errno (errsv), errsv, "cannot read %s: %s", path,
                          g_strerror (errsv));
          close (fd);
          return NULL;
        }

      used += (gsize) n;
      if (n == 0 || used == end)
        break;
    }

  close (fd);

  return g_bytes_new_take (g_steal_pointer (&contents), used);
}

/**
 * ebpf_collection_spec_new_from_path: (constructor)
 * @path: (type filename): path of an object file
 * @error: return location for an error
 *
 * Reads an object file: an ELF file as `clang --target=bpf` makes it, of either byte order.
 *
 * Nothing is asked of the kernel, and no privilege is needed. Whatever the file's bytes are, the
 * result is a spec, or an error that names the file, and the section, symbol and offset concerned:
 * %EBPF_ERROR_NOT_ELF, %EBPF_ERROR_WRONG_MACHINE, %EBPF_ERROR_MALFORMED, %EBPF_ERROR_BTF,
 * %EBPF_ERROR_RELOCATION, %EBPF_ERROR_EXISTS for a name that is there twice, %EBPF_ERROR_LIMIT for
 * what would take an unreasonable amount of memory, or %EBPF_ERROR_NOT_SUPPORTED.
 *
 * Returns: (transfer full): the spec of what is in the file, or %NULL with @error set
 */
EbpfCollectionSpec *
ebpf_collection_spec_new_from_path (const char *path, GError **error)
{
  return ebpf_collection_spec_new_from_path_full (path, EBPF_OPEN_FLAGS_NONE, error);
}

/**
 * ebpf_collection_spec_new_from_path_full: (constructor)
 * @path: (type filename): path of an object file
 * @flags: how it is read
 * @error: return location for an error
 *
 * Reads an object file as [ctor@CollectionSpec.new_from_path] does, with options.
 *
 * Returns: (transfer full): the spec of what is in the file, or %NULL with @error set
 */
EbpfCollectionSpec *
ebpf_collection_spec_new_from_path_full (const char *path, EbpfOpenFlags flags, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *display_name = NULL;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  bytes = ebpf_elf_read_file (path, error);
  if (bytes == NULL)
    return NULL;

  /* Which takes a while to find out how the names of files are encoded: ASCII is ASCII. */
  display_name = g_str_is_ascii (path) ? g_strdup (path) : g_filename_display_name (path);

  return parse (bytes, display_name, flags, error);
}

/**
 * ebpf_collection_spec_new_from_bytes: (constructor)
 * @bytes: the contents of an object file
 * @error: return location for an error
 *
 * Reads an object file that is in memory. See [ctor@CollectionSpec.new_from_path]; errors call the
 * file "bytes".
 *
 * Returns: (transfer full): the spec of what is in the file, or %NULL with @error set
 */
EbpfCollectionSpec *
ebpf_collection_spec_new_from_bytes (GBytes *bytes, GError **error)
{
  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return parse (bytes, "bytes", EBPF_OPEN_FLAGS_NONE, error);
}

/**
 * ebpf_collection_spec_new_from_bytes_full: (constructor)
 * @bytes: the contents of an object file
 * @source: (nullable): what errors call the file; %NULL for "bytes"
 * @flags: how it is read
 * @error: return location for an error
 *
 * Reads an object file that is in memory as [ctor@CollectionSpec.new_from_bytes] does, with options.
 *
 * Returns: (transfer full): the spec of what is in the file, or %NULL with @error set
 */
EbpfCollectionSpec *
ebpf_collection_spec_new_from_bytes_full (GBytes *bytes,
                                          const char *source,
                                          EbpfOpenFlags flags,
                                          GError **error)
{
  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return parse (bytes, source != NULL ? source : "bytes", flags, error);
}

/* GIO's words for what went wrong with a file, in this library's domain. */
static void
propagate_io_error (GError **error, GFile *file, GError *io_error)
{
  g_autofree char *name = NULL;
  EbpfError code = EBPF_ERROR_IO;

  if (g_error_matches (io_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, io_error);
      return;
    }

  if (g_error_matches (io_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (io_error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
    code = EBPF_ERROR_NOT_FOUND;
  else if (g_error_matches (io_error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    code = EBPF_ERROR_PERMISSION;

  name = g_file_get_parse_name (file);
  ebpf_error_set (error, code, 0, "cannot read %s: %s", name, io_error->message);
  g_error_free (io_error);
}

/**
 * ebpf_collection_spec_new_from_file: (constructor)
 * @file: an object file, which may be a resource or anywhere else that GIO reaches
 * @cancellable: (nullable): for stopping it from another thread
 * @error: return location for an error
 *
 * Reads an object file. See [ctor@CollectionSpec.new_from_path].
 *
 * Returns: (transfer full): the spec of what is in the file, or %NULL with @error set
 */
EbpfCollectionSpec *
ebpf_collection_spec_new_from_file (GFile *file, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *name = NULL;
  GError *local_error = NULL;

  g_return_val_if_fail (G_IS_FILE (file), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  bytes = g_file_load_bytes (file, cancellable, NULL, &local_error);
  if (bytes == NULL)
    {
      propagate_io_error (error, file, local_error);
      return NULL;
    }

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  name = g_file_get_parse_name (file);

  return parse (bytes, name, EBPF_OPEN_FLAGS_NONE, error);
}

static void
new_from_file_thread (GTask *task,
                      gpointer source_object,
                      gpointer task_data,
                      GCancellable *cancellable)
{
  GError *error = NULL;
  EbpfCollectionSpec *spec = ebpf_collection_spec_new_from_file (task_data, cancellable, &error);

  if (spec != NULL)
    g_task_return_pointer (task, spec, g_object_unref);
  else
    g_task_return_error (task, error);
}

/**
 * ebpf_collection_spec_new_from_file_async:
 * @file: an object file
 * @cancellable: (nullable): for stopping it
 * @callback: (nullable) (scope async) (closure user_data): called when it is done
 * @user_data: data for @callback
 *
 * Reads an object file in a thread, off the main loop. See [ctor@CollectionSpec.new_from_file].
 */
void
ebpf_collection_spec_new_from_file_async (GFile *file,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, ebpf_collection_spec_new_from_file_async);
  g_task_set_task_data (task, g_object_ref (file), g_object_unref);
  g_task_run_in_thread (task, new_from_file_thread);
}

/**
 * ebpf_collection_spec_new_from_file_finish: (constructor)
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends what [func@CollectionSpec.new_from_file_async] started.
 *
 * Returns: (transfer full): the spec of what is in the file, or %NULL with @error set
 */
EbpfCollectionSpec *
ebpf_collection_spec_new_from_file_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, ebpf_collection_spec_new_from_file_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
new_from_bytes_thread (GTask *task,
                       gpointer source_object,
                       gpointer task_data,
                       GCancellable *cancellable)
{
  GError *error = NULL;
  EbpfCollectionSpec *spec = parse (task_data, "bytes", EBPF_OPEN_FLAGS_NONE, &error);

  if (spec != NULL)
    g_task_return_pointer (task, spec, g_object_unref);
  else
    g_task_return_error (task, error);
}

/**
 * ebpf_collection_spec_new_from_bytes_async:
 * @bytes: the contents of an object file
 * @cancellable: (nullable): for stopping it
 * @callback: (nullable) (scope async) (closure user_data): called when it is done
 * @user_data: data for @callback
 *
 * Reads an object file that is in memory in a thread, off the main loop. See
 * [ctor@CollectionSpec.new_from_bytes].
 */
void
ebpf_collection_spec_new_from_bytes_async (GBytes *bytes,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (bytes != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, ebpf_collection_spec_new_from_bytes_async);
  g_task_set_task_data (task, g_bytes_ref (bytes), (GDestroyNotify) g_bytes_unref);
  g_task_run_in_thread (task, new_from_bytes_thread);
}

/**
 * ebpf_collection_spec_new_from_bytes_finish: (constructor)
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends what [func@CollectionSpec.new_from_bytes_async] started.
 *
 * Returns: (transfer full): the spec of what is in the file, or %NULL with @error set
 */
EbpfCollectionSpec *
ebpf_collection_spec_new_from_bytes_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (
      g_async_result_is_tagged (result, ebpf_collection_spec_new_from_bytes_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
