/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/ebpf-error-private.h"
#include "object/ebpf-program-loader-private.h"
#include "object/ebpf-program-private.h"

#include <string.h>

static EbpfMap *
find_no_map (const char *name, gboolean *left_out, gpointer user_data)
{
  return NULL;
}

/* The code of @spec for this kernel, but for what refers to maps, which a tag does not count. */
static GBytes *
prepare_code (EbpfProgramSpec *spec, GError **error)
{
  g_autoptr (EbpfCollectionSpec) collection = ebpf_collection_spec_new ();
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_auto (EbpfLoadContext) context = { .btf_fd = -1 };

  if (ebpf_program_spec_get_btf (spec) != NULL)
    ebpf_collection_spec_set_btf (collection, ebpf_program_spec_get_btf (spec));
  ebpf_load_context_init (&context, collection, options, find_no_map, NULL);

  return ebpf_program_prepare (spec, &context, FALSE, error);
}

/**
 * ebpf_program_check_compatible:
 * @self: a program
 * @spec: what it may have been loaded from
 * @error: return location for an error
 *
 * Checks whether a program in the kernel is the one that @spec describes: of the same type, and with
 * the tag that the code of @spec has on this kernel. Which maps they use is not compared, nor is
 * where in them.
 *
 * Useful for a program that was opened from a pin, which may be of another version of the
 * application. A program that uses variables of a kernel module can differ from load to load.
 *
 * Returns: %TRUE where it is; else the error is %EBPF_ERROR_INCOMPATIBLE, or says why it could not
 * be found out
 */
gboolean
ebpf_program_check_compatible (EbpfProgram *self, EbpfProgramSpec *spec, GError **error)
{
  /* Of Linux 6.18, and of those before. */
  static const GChecksumType types[] = { G_CHECKSUM_SHA256, G_CHECKSUM_SHA1 };
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GBytes) code = NULL;
  const char *tag = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (spec), FALSE);

  info = ebpf_program_query_info (self, error);
  if (info == NULL)
    return FALSE;
  if (!g_variant_lookup (info, "tag", "&s", &tag))
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "the kernel does not tell the tag of program \"%s\"",
                      ebpf_program_get_name (self));
      return FALSE;
    }

  if (ebpf_program_get_program_type (self) != ebpf_program_spec_get_program_type (spec))
    {
      ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                      "program \"%s\" is of type %s, not %s as \"%s\" is",
                      ebpf_program_get_name (self),
                      ebpf_program_type_to_string (ebpf_program_get_program_type (self)),
                      ebpf_program_type_to_string (ebpf_program_spec_get_program_type (spec)),
                      ebpf_program_spec_get_name (spec));
      return FALSE;
    }

  code = prepare_code (spec, error);
  if (code == NULL)
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *expected = ebpf_code_compute_tag (ebpf_program_spec_peek_code (spec),
                                                         g_bytes_get_data (code, NULL), types[i]);

      if (g_strcmp0 (expected, tag) == 0)
        return TRUE;
    }

  ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                  "program \"%s\", of tag %s, is not \"%s\": its code is another",
                  ebpf_program_get_name (self), tag, ebpf_program_spec_get_name (spec));
  return FALSE;
}
