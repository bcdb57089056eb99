/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf-plugin.h>

typedef struct
{
  EbpfMapDriver parent_instance;
} TestGoodDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} TestGoodDriverClass;

EBPF_DEFINE_PLUGIN (TestGoodDriver, test_good_driver, "good", "For the tests", 4001, 4002)

static char *
test_good_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  return g_strdup_printf ("good says %d", errsv);
}

static void
test_good_driver_class_init (TestGoodDriverClass *klass)
{
  EBPF_MAP_DRIVER_CLASS (klass)->explain_create_error = test_good_driver_explain_create_error;
}

static void
test_good_driver_init (TestGoodDriver *self)
{
}
