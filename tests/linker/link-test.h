/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf.h>

#include "ebpf-test.h"

/* Links objects of tests/bpf, up to a NULL. */
static inline GBytes *
link_objects (GError **error, ...)
{
  g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
  const char *name;
  va_list args;

  va_start (args, error);
  while ((name = va_arg (args, const char *)) != NULL)
    {
      g_autofree char *path = ebpf_test_object (name);

      if (!ebpf_linker_add_file (linker, path, error))
        {
          va_end (args);
          return NULL;
        }
    }
  va_end (args);

  return ebpf_linker_finish (linker, error);
}
