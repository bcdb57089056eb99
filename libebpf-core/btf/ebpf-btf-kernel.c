/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

#include "btf/ebpf-btf-distill.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SYSFS_FOLDER "/sys/kernel/btf"

static GMutex kernel_lock;
static EbpfBtf *kernel_btf;
static GPtrArray *kernel_modules;

/* files */

typedef struct
{
  gpointer address;
  gsize size;
} Mapping;

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;

  munmap (mapping->address, mapping->size);
  g_free (mapping);
}

/* A file of sysfs: it does not change while it is there. Mapped (Linux 6.16 lets /sys/kernel/btf/
 * vmlinux be), or read. */
static GBytes *
load_sysfs (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  gpointer address;
  char *contents;
  gsize length;

  if (fd < 0)
    {
      ebpf_sys_set_error (error, errno, "opening the kernel's type information %s", path);
      return NULL;
    }

  if (fstat (fd, &st) == 0 && st.st_size > 0)
    {
      address = mmap (NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
      if (address != MAP_FAILED)
        {
          Mapping *mapping = g_new (Mapping, 1);

          close (fd);
          mapping->address = address;
          mapping->size = st.st_size;
          return g_bytes_new_with_free_func (address, st.st_size, mapping_free, mapping);
        }
    }
  close (fd);

  if (!g_file_get_contents (path, &contents, &length, error))
    return NULL;

  return g_bytes_new_take (contents, length);
}

/* A section of an ELF file. NULL without @error where the file is not ELF, or has none. */
static GBytes *
load_section (const char *path, GBytes *bytes, const char *wanted, GError **error)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  Elf *elf;
  Elf_Scn *section = NULL;
  GBytes *found = NULL;
  size_t names;

  if (size < SELFMAG || memcmp (data, ELFMAG, SELFMAG) != 0)
    return NULL;

  elf_version (EV_CURRENT);

  /* libelf only reads through this pointer, as nothing is written. */
  elf = elf_memory ((char *) data, size);
  if (elf == NULL || elf_getshdrstrndx (elf, &names) != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "%s: a damaged ELF file: %s", path,
                      elf_errmsg (-1));
      elf_end (elf);
      return NULL;
    }

  while (found == NULL && (section = elf_nextscn (elf, section)) != NULL)
    {
      GElf_Shdr header;
      const char *name;

      if (gelf_getshdr (section, &header) == NULL ||
          (name = elf_strptr (elf, names, header.sh_name)) == NULL || strcmp (name, wanted) != 0 ||
          header.sh_type == SHT_NOBITS)
        continue;

      if (header.sh_offset > size || header.sh_size > size - header.sh_offset)
        {
          ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0,
                          "%s: section %s at offset %" G_GUINT64_FORMAT
                          " goes beyond the end of the file",
                          path, wanted, (guint64) header.sh_offset);
          elf_end (elf);
          return NULL;
        }
      /* Cut out of the file rather than keeping all of what may be half a gigabyte. */
      found = g_bytes_new (data + header.sh_offset, header.sh_size);
    }

  elf_end (elf);
  return found;
}

static gboolean
is_elf (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  return size >= SELFMAG && memcmp (data, ELFMAG, SELFMAG) == 0;
}

/* A module that was distilled has a base of its own. It is put on @base, where there is one. */
static EbpfBtf *
new_with_own_base (GBytes *bytes, GBytes *own, EbpfBtf *base, GError **error)
{
  g_autoptr (EbpfBtf) distilled = ebpf_btf_new_split_checked (own, NULL, error);
  g_autoptr (EbpfBtf) btf = NULL;

  if (distilled == NULL)
    {
      g_prefix_error (error, "section .BTF.base: ");
      return NULL;
    }

  btf = ebpf_btf_new_split_checked (bytes, distilled, error);
  if (btf == NULL || base == NULL)
    return g_steal_pointer (&btf);

  return ebpf_btf_relocate (btf, base, error);
}

static EbpfBtf *
new_from_path (const char *path, EbpfBtf *base, GError **error)
{
  g_autoptr (GBytes) file = NULL;
  g_autoptr (GBytes) section = NULL;
  g_autoptr (GBytes) own_base = NULL;
  g_autoptr (GError) local_error = NULL;
  EbpfBtf *btf;
  char *contents;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, &local_error))
    {
      gboolean missing = g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
                         g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);

      ebpf_error_set (error, missing ? EBPF_ERROR_NOT_FOUND : EBPF_ERROR_IO, 0, "%s",
                      local_error->message);
      return NULL;
    }

  file = g_bytes_new_take (contents, length);
  section = load_section (path, file, ".BTF", &local_error);
  if (section != NULL)
    own_base = load_section (path, file, ".BTF.base", &local_error);
  else if (local_error == NULL && is_elf (file))
    ebpf_error_set (&local_error, EBPF_ERROR_NOT_FOUND, 0,
                    "%s: no section .BTF; was it compiled without -g?", path);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }

  if (section != NULL)
    g_clear_pointer (&file, g_bytes_unref);

  btf = own_base != NULL
            ? new_with_own_base (section, own_base, base, &local_error)
            : ebpf_btf_new_split_checked (section != NULL ? section : file, base, &local_error);
  if (btf == NULL)
    ebpf_error_propagate_prefixed (error, g_steal_pointer (&local_error), "%s: ", path);

  return btf;
}

/**
 * ebpf_btf_new_from_path:
 * @path: (type filename): an ELF file with a `.BTF` section, or a file that is type information
 * @base: (nullable): the type information that it is split from
 * @error: return location for an error
 *
 * Reads type information from a file, such as an object file or those in /sys/kernel/btf.
 *
 * A module's ELF file that has a distilled base of its own, section `.BTF.base`, is put on @base as
 * by [method@Btf.relocate]; without @base, the result is split from the distilled one.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set
 */
EbpfBtf *
ebpf_btf_new_from_path (const char *path, EbpfBtf *base, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (base == NULL || EBPF_IS_BTF (base), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return new_from_path (path, base, error);
}

/* the kernel */

/* Where a kernel image with debug information lies, by distribution; %s is the release. */
static const char *const vmlinux_paths[] = {
  "/boot/vmlinux-%s",
  "/lib/modules/%s/vmlinux-%s",
  "/lib/modules/%s/build/vmlinux",
  "/usr/lib/modules/%s/kernel/vmlinux",
  "/usr/lib/debug/boot/vmlinux-%s",
  "/usr/lib/debug/boot/vmlinux-%s.debug",
  "/usr/lib/debug/lib/modules/%s/vmlinux",
};

static EbpfBtf *
open_kernel (GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) local_error = NULL;
  struct utsname name;
  guint i;

  bytes = load_sysfs (SYSFS_FOLDER "/vmlinux", &local_error);
  if (bytes != NULL)
    {
      EbpfBtf *btf = ebpf_btf_new_internal (bytes, NULL, EBPF_BTF_TRUSTED, &local_error);

      if (btf == NULL)
        ebpf_error_propagate_prefixed (error, g_steal_pointer (&local_error),
                                       SYSFS_FOLDER "/vmlinux: ");
      return btf;
    }
  if (ebpf_error_get_errno (local_error) != ENOENT)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }

  uname (&name);
  for (i = 0; i < G_N_ELEMENTS (vmlinux_paths); i++)
    {
      g_auto (GStrv) parts = g_strsplit (vmlinux_paths[i], "%s", -1);
      g_autofree char *path = g_strjoinv (name.release, parts);
      EbpfBtf *btf;

      g_clear_error (&local_error);
      btf = new_from_path (path, NULL, &local_error);
      if (btf != NULL)
        return btf;
      if (!g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }

  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "the kernel %s has no type information: there is neither " SYSFS_FOLDER
                  "/vmlinux nor a kernel image with debug information in /boot, /lib/modules or "
                  "/usr/lib/debug; it needs CONFIG_DEBUG_INFO_BTF",
                  name.release);
  return NULL;
}

static EbpfBtf *
get_kernel_locked (GError **error)
{
  if (kernel_btf == NULL)
    kernel_btf = open_kernel (error);

  return kernel_btf;
}

/**
 * ebpf_btf_get_kernel:
 * @error: return location for an error
 *
 * Gets the type information of the running kernel. It is opened once and shared by all who ask.
 *
 * It comes from /sys/kernel/btf/vmlinux (Linux 5.4), which from Linux 6.16 on takes no memory of
 * the process's own, or else from a kernel image with debug information.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set
 */
EbpfBtf *
ebpf_btf_get_kernel (GError **error)
{
  EbpfBtf *btf;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_mutex_lock (&kernel_lock);
  btf = get_kernel_locked (error);
  if (btf != NULL)
    g_object_ref (btf);
  g_mutex_unlock (&kernel_lock);

  return btf;
}

/**
 * ebpf_btf_drop_kernel:
 *
 * Lets go of the kernel's type information that is kept for all: its memory is freed as soon as
 * nobody else uses it. The next [func@Btf.get_kernel] opens it again, which is also how an
 * application sees kernel modules that were loaded later.
 */
void
ebpf_btf_drop_kernel (void)
{
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GPtrArray) modules = NULL;

  g_mutex_lock (&kernel_lock);
  btf = g_steal_pointer (&kernel_btf);
  modules = g_steal_pointer (&kernel_modules);
  g_mutex_unlock (&kernel_lock);
}

/* modules */

static void
module_free (gpointer data)
{
  EbpfKernelModule *module = data;

  g_free (module->name);
  g_object_unref (module->btf);
  ebpf_sys_clear_fd (&module->fd);
  g_free (module);
}

static int
compare_modules (gconstpointer a, gconstpointer b)
{
  const EbpfKernelModule *const *first = a, *const *second = b;

  return strcmp ((*first)->name, (*second)->name);
}

/* Gives the modules their descriptors. Without the privilege to go through the ids (CAP_SYS_ADMIN)
 * they stay without: their types can be used, and that is most of what they are for. */
static void
open_module_fds (GPtrArray *modules)
{
  EbpfSysId attr = { 0 };
  guint missing = modules->len;

  while (missing > 0 && ebpf_sys_bpf (EBPF_SYS_BTF_GET_NEXT_ID, &attr, sizeof attr) == 0)
    {
      char name[64] = "";
      EbpfBtfInfo info;
      guint i;
      int fd;

      attr.id = attr.next_id;
      fd = ebpf_sys_get_fd_by_id (EBPF_SYS_BTF_GET_FD_BY_ID, attr.id);
      if (fd < 0)
        continue;

      memset (&info, 0, sizeof info);
      info.name = EBPF_PTR_TO_U64 (name);
      info.name_len = sizeof name;
      {
        EbpfSysInfo request = { 0 };

        request.bpf_fd = fd;
        request.info_len = sizeof info;
        request.info = EBPF_PTR_TO_U64 (&info);
        if (ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &request, sizeof request) != 0)
          info.kernel_btf = 0;
      }

      for (i = 0; i < modules->len && info.kernel_btf; i++)
        {
          EbpfKernelModule *module = g_ptr_array_index (modules, i);

          if (module->fd < 0 && strcmp (module->name, name) == 0)
            {
              module->fd = fd;
              fd = -1;
              missing--;
              break;
            }
        }

      ebpf_sys_clear_fd (&fd);
    }
}

static GPtrArray *
open_modules (EbpfBtf *vmlinux)
{
  GPtrArray *modules = g_ptr_array_new_with_free_func (module_free);
  g_autoptr (GDir) folder = g_dir_open (SYSFS_FOLDER, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (SYSFS_FOLDER, name, NULL);
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;
      EbpfBtf *btf = NULL;
      EbpfKernelModule *module;

      if (strcmp (name, "vmlinux") == 0)
        continue;

      /* A module may be gone by now, or be split on something else: then it is not looked into. */
      bytes = load_sysfs (path, &error);
      if (bytes != NULL)
        btf = ebpf_btf_new_internal (bytes, vmlinux, EBPF_BTF_TRUSTED, &error);
      if (btf == NULL)
        {
          g_debug ("module %s is left out: %s", name, error->message);
          continue;
        }

      module = g_new0 (EbpfKernelModule, 1);
      module->name = g_strdup (name);
      module->btf = btf;
      module->fd = -1;
      g_ptr_array_add (modules, module);
    }

  g_ptr_array_sort (modules, compare_modules);
  open_module_fds (modules);

  return modules;
}

GPtrArray *
ebpf_btf_get_kernel_modules (GError **error)
{
  GPtrArray *modules = NULL;
  EbpfBtf *vmlinux;

  g_mutex_lock (&kernel_lock);
  vmlinux = get_kernel_locked (error);
  if (vmlinux != NULL)
    {
      if (kernel_modules == NULL)
        kernel_modules = open_modules (vmlinux);
      modules = g_ptr_array_ref (kernel_modules);
    }
  g_mutex_unlock (&kernel_lock);

  return modules;
}
