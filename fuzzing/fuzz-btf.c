/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libFuzzer: anything as type information. What is accepted is walked, read, written, printed, laid
 * out, written as C, each type put once, and rewritten for a kernel. `./dev fuzz` builds it. */

#include "base/ebpf-error.h"
#include "btf/ebpf-btf-dedup.h"
#include "btf/ebpf-btf-distill.h"
#include "btf/ebpf-btf-parse-private.h"
#include "btf/ebpf-ext-info-private.h"
#include "btf/ebpf-layout.h"
#include "sys/ebpf-sys-private.h"

#include <string.h>

/* Types looked at of one input, so that each is quick. */
#define MAX_TYPES 64
#define MAX_VALUE 4096
#define MAX_SPLIT 2048

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
try_values (EbpfBtf *btf, guint32 id, const guint8 *data, gsize size)
{
  gint64 type_size = ebpf_btf_size_of (btf, id);
  g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (btf, id);
  g_autofree char *declaration = ebpf_btf_type_to_declaration (type, "x");
  g_autofree char *string = ebpf_btf_type_get_variant_type_string (type);
  g_autofree char *definition = ebpf_btf_type_to_c_definition (type, NULL);
  g_autoptr (EbpfLayout) layout = ebpf_layout_new (type, NULL);
  g_autofree guint8 *value = NULL;
  g_autofree guint8 *back = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) read = NULL;
  g_autoptr (GVariant) again = NULL;
  g_autoptr (GError) error = NULL;
  gint64 i;

  if (type_size < 0 || type_size > MAX_VALUE)
    return;

  /* Blocks of just this size, so that a read or write past it is seen. */
  value = g_malloc (type_size);
  back = g_malloc (type_size);
  for (i = 0; i < type_size; i++)
    value[i] = data[i % size];

  bytes = g_bytes_new (value, type_size);
  line = ebpf_btf_type_format (type, bytes, NULL);
  read = ebpf_btf_type_to_variant_raw (type, value, type_size, &error);
  if (read == NULL)
    return;

  if (!ebpf_btf_type_from_variant_raw (type, read, back, type_size, &error))
    {
      if (g_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT))
        return;
      g_error ("cannot be written back: %s", error->message);
    }
  again = ebpf_btf_type_to_variant_raw (type, back, type_size, NULL);
  g_assert_nonnull (again);
}

static void
check_error (const GError *error)
{
  g_assert (error != NULL && error->domain == EBPF_ERROR && error->message[0] != '\0');
}

static void
try_whole (EbpfBtf *btf)
{
  g_autoptr (EbpfBtf) once = NULL;
  g_autoptr (EbpfBtf) again = NULL;
  g_autoptr (GBytes) encoded = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  text = ebpf_btf_dump_c (btf, NULL, 0,
                          EBPF_BTF_DUMP_FLAGS_GUARD | EBPF_BTF_DUMP_FLAGS_PRESERVE_ACCESS |
                              EBPF_BTF_DUMP_FLAGS_KFUNCS,
                          &error);
  if (text == NULL)
    check_error (error);
  g_clear_error (&error);

  once = ebpf_btf_dedup (btf, &error);
  if (once == NULL)
    check_error (error);
  else
    g_assert (ebpf_btf_get_n_types (once) <= ebpf_btf_get_n_types (btf));
  g_clear_error (&error);

  encoded = ebpf_btf_encode (btf, EBPF_BYTE_ORDER_BIG_ENDIAN);
  again = ebpf_btf_new_from_bytes (encoded, NULL, &error);
  g_assert_no_error (error);
  g_assert (ebpf_btf_get_n_types (again) == ebpf_btf_get_n_types (btf));
}

/* The same types again, split from themselves: most of what they refer to is the base's then. */
static void
try_split (EbpfBtf *btf, GBytes *bytes)
{
  g_autoptr (EbpfBtf) split = NULL;
  g_autoptr (EbpfBtf) distilled = NULL;
  g_autoptr (EbpfBtf) moved = NULL;
  g_autoptr (EbpfBtf) turned = NULL;
  g_autofree guint *order = NULL;
  g_autoptr (GError) error = NULL;
  guint first, n;

  split = ebpf_btf_new_from_bytes (bytes, btf, &error);
  if (split == NULL)
    {
      check_error (error);
      return;
    }

  distilled = ebpf_btf_distill (split, &error);
  if (distilled != NULL)
    {
      g_assert (ebpf_btf_get_n_types (ebpf_btf_get_base (distilled)) <= ebpf_btf_get_n_types (btf));
      moved = ebpf_btf_relocate (distilled, btf, &error);
    }
  if (moved == NULL)
    check_error (error);
  g_clear_error (&error);

  first = ebpf_btf_get_first_id (split);
  n = ebpf_btf_get_n_types (split) - first;
  order = g_new (guint, n + 1);
  for (guint i = 0; i < n; i++)
    order[i] = first + n - 1 - i;
  turned = ebpf_btf_permute (split, order, n, &error);
  if (turned == NULL)
    check_error (error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GBytes) clean = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtf) kernel = NULL;
  g_autoptr (GHashTable) sections = NULL;
  g_autoptr (GError) error = NULL;
  gboolean features[EBPF_N_FEATURES];
  guint32 id, end;
  guint i;

  btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  if (btf == NULL)
    {
      g_assert (error != NULL && error->domain == EBPF_ERROR);
      return 0;
    }

  end = MIN (ebpf_btf_get_n_types (btf), MAX_TYPES);
  for (id = 1; id < end; id++)
    {
      const struct btf_type *type = ebpf_btf_peek (btf, id);

      ebpf_btf_strip (btf, id);
      ebpf_btf_align_of (btf, id);
      ebpf_btf_lookup (btf, ebpf_btf_name_of (btf, type), 0);
      try_values (btf, id, data, size);
    }

  try_whole (btf);
  if (ebpf_btf_get_n_types (btf) < MAX_SPLIT)
    try_split (btf, bytes);

  for (i = 0; i < EBPF_N_FEATURES; i++)
    features[i] = (data[size - 1] >> (i % 8)) & 1;
  clean = ebpf_btf_sanitize (btf, features);
  kernel = ebpf_btf_new_from_bytes (clean, NULL, &error);
  g_assert_no_error (error);

  /* Its own bytes will do for the records too, once in a while. */
  sections = ebpf_ext_info_parse (bytes, btf, data[0] != 0x9f, NULL);

  return 0;
}
