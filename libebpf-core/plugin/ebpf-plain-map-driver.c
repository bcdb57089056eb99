/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/ebpf-plain-map-driver-private.h"

#include "plugin/ebpf-map-driver-private.h"

struct _EbpfPlainMapDriver
{
  EbpfMapDriver parent_instance;
};

G_DEFINE_FINAL_TYPE (EbpfPlainMapDriver, ebpf_plain_map_driver, EBPF_TYPE_MAP_DRIVER)

static void
ebpf_plain_map_driver_class_init (EbpfPlainMapDriverClass *klass)
{
}

static void
ebpf_plain_map_driver_init (EbpfPlainMapDriver *self)
{
  ebpf_map_driver_describe (EBPF_MAP_DRIVER (self), "plain");
}

EbpfMapDriver *
ebpf_plain_map_driver_new (void)
{
  return g_object_new (EBPF_TYPE_PLAIN_MAP_DRIVER, NULL);
}
