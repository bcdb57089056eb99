/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-loaded.h"

#include "btf/ebpf-btf-parse-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>

/* Type information that is in the kernel: what was loaded with programs, the kernel's own (which has
 * an id from Linux 5.11 on), and that of its modules. */

#define MAX_SIZE (256 * 1024 * 1024)

/**
 * ebpf_btf_load:
 * @self: type information that is not split from another
 * @error: return location for an error
 *
 * Loads type information into the kernel by itself; loading a collection does this for its own.
 * What this kernel does not know is replaced first, by something that leaves the numbers of types as
 * they are. This takes `CAP_BPF` and Linux 4.18.
 *
 * Returns: a file descriptor that the caller closes, or -1 with @error set: the kernel's log of what
 *   it refused is `ebpf_error_get_log ()`
 */
int
ebpf_btf_load (EbpfBtf *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), -1);
  g_return_val_if_fail (error == NULL || *error == NULL, -1);

  return ebpf_btf_load_into_kernel (self, error);
}

/**
 * ebpf_btf_list_ids:
 * @n_ids: (out): return location for how many there are
 * @error: return location for an error
 *
 * Lists the ids of all type information that is in the kernel. This takes `CAP_SYS_ADMIN` and Linux
 * 5.6.
 *
 * Returns: (transfer full) (nullable) (array length=n_ids): the ids; %NULL with @error set, or where
 *   there is none
 */
guint *
ebpf_btf_list_ids (gsize *n_ids, GError **error)
{
  GArray *ids;
  EbpfSysId attr = { 0 };

  g_return_val_if_fail (n_ids != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  *n_ids = 0;
  ids = g_array_new (FALSE, FALSE, sizeof (guint));
  while (ebpf_sys_bpf (EBPF_SYS_BTF_GET_NEXT_ID, &attr, sizeof attr) == 0)
    {
      guint id = attr.next_id;

      g_array_append_val (ids, id);
      attr.id = attr.next_id;
    }

  if (errno != ENOENT)
    {
      ebpf_sys_set_error (error, errno, "listing the type information in the kernel");
      g_array_unref (ids);
      return NULL;
    }

  *n_ids = ids->len;
  return (guint *) (gpointer) g_array_free (ids, ids->len == 0);
}

/* Reads what @fd stands for. It does not change once it is there. */
static EbpfBtf *
read_fd (int fd, EbpfBtf *base, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtf) kernel = NULL;
  g_autofree guint8 *data = NULL;
  char name[64] = "";
  EbpfBtfInfo info = { .name = EBPF_PTR_TO_U64 (name), .name_len = sizeof name };
  EbpfSysInfo request = { .bpf_fd = fd, .info_len = sizeof info, .info = EBPF_PTR_TO_U64 (&info) };
  guint32 size;
  int answer;

  answer = ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &request, sizeof request);
  /* Names came with those of modules, in 5.11: a kernel before does not take a place for one. */
  if (answer != 0 && errno == E2BIG)
    {
      memset (&info, 0, sizeof info);
      request.info_len = sizeof info;
      answer = ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &request, sizeof request);
    }
  if (answer != 0)
    {
      ebpf_sys_set_error (error, errno, "asking about type information in the kernel");
      return NULL;
    }
  if (info.btf_size > MAX_SIZE)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "type information of %u bytes", info.btf_size);
      return NULL;
    }

  size = info.btf_size;
  data = g_malloc (MAX (size, 1));
  memset (&info, 0, sizeof info);
  info.btf = EBPF_PTR_TO_U64 (data);
  info.btf_size = size;
  request.info_len = sizeof info;
  if (ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &request, sizeof request) != 0)
    {
      ebpf_sys_set_error (error, errno, "reading type information out of the kernel");
      return NULL;
    }

  /* A module's is split from the kernel's. */
  if (base == NULL && info.kernel_btf && strcmp (name, "vmlinux") != 0)
    {
      kernel = ebpf_btf_get_kernel (error);
      if (kernel == NULL)
        return NULL;
      base = kernel;
    }

  bytes = g_bytes_new_take (g_steal_pointer (&data), size);
  return ebpf_btf_new_internal (bytes, base, EBPF_BTF_UNTRUSTED, error);
}

/**
 * ebpf_btf_new_from_id:
 * @id: the kernel's id of type information
 * @base: (nullable): the type information that it is split from; %NULL for none, and for the
 *   kernel's where it is a module's
 * @error: return location for an error
 *
 * Reads type information that is in the kernel. This takes `CAP_SYS_ADMIN`.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND
 *   where there is none of this id
 */
EbpfBtf *
ebpf_btf_new_from_id (guint id, EbpfBtf *base, GError **error)
{
  EbpfBtf *btf;
  int fd;

  g_return_val_if_fail (base == NULL || EBPF_IS_BTF (base), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fd = ebpf_sys_get_fd_by_id (EBPF_SYS_BTF_GET_FD_BY_ID, id);
  if (fd < 0)
    {
      ebpf_sys_set_error (error, errno, "opening the type information with id %u", id);
      return NULL;
    }

  btf = read_fd (fd, base, error);
  ebpf_sys_clear_fd (&fd);
  return btf;
}

/**
 * ebpf_btf_list_kernel_modules:
 * @error: return location for an error
 *
 * Lists the modules of the running kernel that have type information (Linux 5.11). They are looked
 * for once; see [func@Btf.drop_kernel].
 *
 * Returns: (transfer full) (array zero-terminated=1): their names in alphabetical order, or %NULL
 *   with @error set
 */
char **
ebpf_btf_list_kernel_modules (GError **error)
{
  g_autoptr (GPtrArray) modules = NULL;
  char **names;

  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  modules = ebpf_btf_get_kernel_modules (error);
  if (modules == NULL)
    return NULL;

  names = g_new0 (char *, modules->len + 1);
  for (guint i = 0; i < modules->len; i++)
    names[i] = g_strdup (((EbpfKernelModule *) g_ptr_array_index (modules, i))->name);
  return names;
}

/**
 * ebpf_btf_get_kernel_module:
 * @name: name of a kernel module
 * @error: return location for an error
 *
 * Gets the type information of a module of the running kernel (Linux 5.11), which is split from
 * that of [func@Btf.get_kernel]. It is opened once and shared by all who ask.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set: %EBPF_ERROR_NOT_FOUND
 *   where there is no such module, or it has none
 */
EbpfBtf *
ebpf_btf_get_kernel_module (const char *name, GError **error)
{
  g_autoptr (GPtrArray) modules = NULL;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (name[0] == '\0' || strpbrk (name, "/.") != NULL)
    {
      ebpf_error_set (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "“%s” is no name of a kernel module: neither path nor extension belongs to it", name);
      return NULL;
    }

  modules = ebpf_btf_get_kernel_modules (error);
  if (modules == NULL)
    return NULL;

  for (guint i = 0; i < modules->len; i++)
    {
      EbpfKernelModule *module = g_ptr_array_index (modules, i);

      if (strcmp (module->name, name) == 0)
        return g_object_ref (module->btf);
    }

  ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                  "no module %s is loaded, or it has no type information in /sys/kernel/btf", name);
  return NULL;
}
