/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Such a map has no keys: updating without one pushes, looking up peeks, looking up and deleting
 * pops. Into a full one EBPF_UPDATE_FLAGS_EXIST pushes at the cost of the oldest. */

#include <ebpf-plugin.h>

#include <errno.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfQueueStackDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfQueueStackDriverClass;

EBPF_DEFINE_PLUGIN (EbpfQueueStackDriver,
                    ebpf_queue_stack_driver,
                    "queue-stack",
                    "Queues and stacks",
                    EBPF_MAP_TYPE_QUEUE,
                    EBPF_MAP_TYPE_STACK)

static gboolean
ebpf_queue_stack_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  if (ebpf_map_spec_get_key_size (spec) != 0)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: a %s has no keys, so key_size must be 0, not %u",
                             ebpf_map_spec_get_name (spec),
                             ebpf_map_type_to_string (ebpf_map_spec_get_map_type (spec)),
                             ebpf_map_spec_get_key_size (spec));
      return FALSE;
    }

  ebpf_map_spec_set_key_type (spec, NULL);

  return TRUE;
}

static char *
ebpf_queue_stack_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  if (errsv == EINVAL && ebpf_map_spec_get_max_entries (spec) == 0)
    return g_strdup ("max_entries is 0");
  if (errsv == EINVAL && ebpf_map_spec_get_value_size (spec) == 0)
    return g_strdup ("its values must have a size");
  if (errsv == EINVAL && (ebpf_map_spec_get_map_flags (spec) & EBPF_MAP_FLAGS_NO_PREALLOC) != 0)
    return g_strdup ("its memory is always allocated beforehand: BPF_F_NO_PREALLOC is not for it");

  return NULL;
}

static void
ebpf_queue_stack_driver_class_init (EbpfQueueStackDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_queue_stack_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_queue_stack_driver_explain_create_error;
}

static void
ebpf_queue_stack_driver_init (EbpfQueueStackDriver *self)
{
}
