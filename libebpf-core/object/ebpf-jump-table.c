/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-jump-table-private.h"

#include "base/ebpf-error-private.h"
#include "sys/ebpf-sys-private.h"

/* struct bpf_insn_array_value of include/uapi/linux/bpf.h (Linux 6.19). */
typedef struct
{
  guint32 original;
  guint32 translated; /* the kernel's to fill in, as what follows */
  guint32 jitted;
  guint32 padding;
} Value;

#define FIRST_KERNEL EBPF_SYS_KERNEL_VERSION (6, 19, 0)

EbpfMap *
ebpf_jump_table_create (const EbpfJumpTable *table, const char *name, GError **error)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new (
      ".jumptables", EBPF_MAP_TYPE_INSN_ARRAY, sizeof (guint32), sizeof (Value), table->n_targets);
  g_autoptr (EbpfMap) map = NULL;
  GError *local_error = NULL;

  map = ebpf_map_new (spec, &local_error);
  if (map == NULL && ebpf_error_get_errno (local_error) == EINVAL &&
      ebpf_sys_get_kernel_version_code () < FIRST_KERNEL)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, EINVAL,
                      "its jump table %s needs Linux 6.19 or later, for maps of instructions; for "
                      "older kernels, compile with -fno-jump-tables",
                      name);
      g_error_free (local_error);
      return NULL;
    }

  for (guint32 i = 0; map != NULL && i < table->n_targets; i++)
    {
      const Value value = { .original = table->targets[i] };

      if (!ebpf_map_update_raw (map, &i, &value, 0, &local_error))
        g_clear_object (&map);
    }

  if (map != NULL && !ebpf_map_freeze (map, &local_error))
    g_clear_object (&map);
  if (map == NULL)
    ebpf_error_propagate_prefixed (error, local_error, "jump table %s: ", name);

  return g_steal_pointer (&map);
}
