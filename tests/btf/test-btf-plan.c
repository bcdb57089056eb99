/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values read by a plan are those that are read part by part, byte for byte, for the kernel's own
 * structs and for bytes of all kinds. */

#include "base/ebpf-error.h"
#include "btf/ebpf-btf-plan-private.h"
#include "btf/ebpf-btf-private.h"
#include "btf/ebpf-btf-type.h"
#include "btf/ebpf-btf.h"

#include <string.h>

#include "ebpf-test.h"

static void
fill (guint8 *data, gsize size, guint round)
{
  for (gsize i = 0; i < size; i++)
    switch (round)
      {
      case 0:
        data[i] = 0;
        break;
      case 1:
        data[i] = 0xff;
        break;
      case 2:
        /* Text with an end, where there is a place for it. */
        data[i] = i % 8 == 7 ? 0 : (guint8) ('a' + i % 26);
        break;
      case 3:
        data[i] = i % 3 == 0;
        break;
      default:
        data[i] = (guint8) g_test_rand_int ();
        break;
      }
}

static void
compare (EbpfBtf *btf, guint id, const EbpfBtfPlan *plan, gsize size)
{
  g_autofree guint8 *data = g_malloc (MAX (size, 1));

  for (guint round = 0; round < 6; round++)
    {
      g_autoptr (GVariant) expected = NULL;
      g_autoptr (GVariant) read = NULL;
      g_autoptr (GVariant) doubted = NULL;
      g_autoptr (GError) error = NULL;

      fill (data, size, round);
      expected = ebpf_btf_value_to_variant (btf, id, data, size, &error);
      g_assert_no_error (error);
      g_variant_ref_sink (expected);
      read = g_variant_ref_sink (ebpf_btf_plan_read (plan, data, size));

      g_assert_cmpvariant (expected, read);
      g_assert_cmpuint (g_variant_get_size (expected), ==, g_variant_get_size (read));
      g_assert_cmpmem (g_variant_get_data (expected), g_variant_get_size (expected),
                       g_variant_get_data (read), g_variant_get_size (read));

      /* Somebody who does not trust it finds nothing wrong. */
      doubted = g_variant_ref_sink (
          g_variant_new_from_data (G_VARIANT_TYPE_VARDICT, g_variant_get_data (read),
                                   g_variant_get_size (read), FALSE, NULL, NULL));
      g_assert_true (g_variant_is_normal_form (doubted));
    }

  g_assert_null (ebpf_btf_plan_read (plan, data, size - 1));
}

static guint
compare_all (EbpfBtf *btf, guint step)
{
  guint n_plans = 0;

  for (guint id = 1; id < ebpf_btf_get_n_types (btf); id += step)
    {
      EbpfBtfPlan *plan = ebpf_btf_plan_new (btf, id);
      g_autoptr (EbpfBtfType) type = NULL;

      if (plan == NULL)
        continue;

      type = ebpf_btf_get_type_by_id (btf, id);
      compare (btf, id, plan, (gsize) ebpf_btf_type_get_size (type));
      ebpf_btf_plan_free (plan);
      n_plans++;
    }

  return n_plans;
}

static void
test_kernel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_get_kernel (&error);

  if (btf == NULL)
    {
      g_test_skip (error->message);
      return;
    }

  g_assert_cmpuint (compare_all (btf, 7), >, 100);
  g_clear_object (&btf);
  ebpf_btf_drop_kernel ();
}

static void
test_objects (void)
{
  static const char *const names[] = { "maps.bpf.o", "shapes.bpf.o", "stream.bpf.o",
                                       "variables.bpf.o" };
  guint n_plans = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = ebpf_test_object (names[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_path (path, NULL, &error);

      g_assert_no_error (error);
      n_plans += compare_all (btf, 1);
    }

  g_assert_cmpuint (n_plans, >, 5);
}

/* The public functions use it from the second value on. */
static void
test_type (void)
{
  g_autofree char *path = ebpf_test_object ("stream.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_path (path, NULL, &error);
  guint n_types = 0;

  g_assert_no_error (error);
  for (guint id = 1; id < ebpf_btf_get_n_types (btf); id++)
    {
      g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (btf, id);
      gint64 size = ebpf_btf_type_get_size (type);
      g_autofree guint8 *data = NULL;
      g_autoptr (GVariant) first = NULL;

      if (ebpf_btf_type_get_kind (type) != EBPF_BTF_KIND_STRUCT || size <= 0)
        continue;

      data = g_malloc (size);
      fill (data, size, 4);
      first = ebpf_btf_type_to_variant_raw (type, data, size, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < 3; i++)
        {
          g_autoptr (GVariant) again = ebpf_btf_type_to_variant_raw (type, data, size, &error);

          g_assert_no_error (error);
          g_assert_cmpvariant (first, again);
        }
      g_assert_null (ebpf_btf_type_to_variant_raw (type, data, size - 1, &error));
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
      g_clear_error (&error);
      n_types++;
    }

  g_assert_cmpuint (n_types, >, 0);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/plan/objects", test_objects);
  ebpf_test_add ("/btf/plan/kernel", test_kernel);
  ebpf_test_add ("/btf/plan/type", test_type);

  return g_test_run ();
}
