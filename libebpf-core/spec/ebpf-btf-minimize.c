/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-btf-minimize.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-minimizer-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-program-spec-private.h"

static gboolean
add_spec (EbpfBtfMinimizer *minimizer, EbpfBtf *kernel, EbpfCollectionSpec *spec, GError **error)
{
  EbpfBtf *local = ebpf_collection_spec_get_btf (spec);
  GPtrArray *programs = ebpf_collection_spec_peek_programs (spec);
  const char *source = ebpf_collection_spec_get_source (spec);

  if (local == NULL)
    return TRUE;
  if (ebpf_btf_get_byte_order (local) != ebpf_btf_get_byte_order (kernel))
    {
      ebpf_error_set (error, EBPF_ERROR_BYTE_ORDER, 0,
                      "%s: the object is not of the byte order of the kernel's type information",
                      source);
      return FALSE;
    }

  for (guint i = 0; i < programs->len; i++)
    {
      EbpfProgramSpec *program = g_ptr_array_index (programs, i);
      const EbpfCode *code = ebpf_program_spec_peek_code (program);

      for (guint j = 0; code != NULL && j < code->core_relos->len; j++)
        {
          g_autoptr (GError) local_error = NULL;

          if (!ebpf_btf_minimizer_add (minimizer, local,
                                       &g_array_index (code->core_relos, EbpfCoreRelo, j),
                                       &local_error))
            {
              ebpf_error_propagate_prefixed (error, g_steal_pointer (&local_error),
                                             "%s: program %s: ", source,
                                             ebpf_program_spec_get_name (program));
              return FALSE;
            }
        }
    }

  return TRUE;
}

/**
 * ebpf_btf_minimize:
 * @self: a kernel's type information
 * @specs: (element-type EbpfCollectionSpec): blueprints of objects
 * @error: return location for an error
 *
 * Makes type information that has as much of a kernel's as it takes to adapt some objects to that
 * kernel (CO-RE): a few kilobytes instead of megabytes, which can be shipped with a program for
 * kernels that do not bring their own. Set as [property@LoadOptions:kernel-btf], it makes the same
 * instructions as all of it would.
 *
 * There is one exception: numbers of types (`bpf_core_type_id_kernel ()`) are those of the small
 * one. They are of use only where the kernel knows its types, and then this is not needed. For the
 * same reason there is nothing in it of kernel functions and variables that objects refer to, nor
 * of functions that programs are attached to by their types.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set
 */
EbpfBtf *
ebpf_btf_minimize (EbpfBtf *self, GPtrArray *specs, GError **error)
{
  g_autoptr (EbpfBtfMinimizer) minimizer = NULL;

  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);
  g_return_val_if_fail (specs != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (ebpf_btf_get_base (self) != NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "type information of a kernel is wanted, not of a module, which is split "
                      "from it");
      return NULL;
    }

  minimizer = ebpf_btf_minimizer_new (self);
  for (guint i = 0; i < specs->len; i++)
    if (!add_spec (minimizer, self, g_ptr_array_index (specs, i), error))
      return NULL;

  return ebpf_btf_minimizer_finish (minimizer, error);
}
