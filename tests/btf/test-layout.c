/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a layout says of arrays, which a decoder has to tell from single numbers. */

#include "common/ebpf-test.h"

#include <ebpf.h>

static void
test_arrays (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_autoptr (EbpfLayout) layout = NULL;
  g_autoptr (GError) error = NULL;
  static const struct
  {
    const char *name;
    guint offset;
    guint count;
    gboolean is_array;
  } expected[] = {
    { "plain", 0, 1, FALSE },        { "one", 4, 1, TRUE },   { "name", 8, 1, FALSE },
    { "points[0].x", 12, 1, FALSE }, { "rest", 16, 0, TRUE }, { "no_points", 16, 0, TRUE },
  };
  guint u32, text, one, none, point, points, no_points, record;

  u32 = ebpf_btf_builder_add_int (builder, "u32", 4, EBPF_BTF_INT_ENCODING_UNSIGNED, &error);
  text = ebpf_btf_builder_add_int (builder, "char", 1, EBPF_BTF_INT_ENCODING_CHAR, &error);
  text = ebpf_btf_builder_add_array (builder, text, u32, 1, &error);
  one = ebpf_btf_builder_add_array (builder, u32, u32, 1, &error);
  none = ebpf_btf_builder_add_array (builder, u32, u32, 0, &error);
  point = ebpf_btf_builder_add_struct (builder, "point", 4, &error);
  ebpf_btf_builder_add_member (builder, "x", u32, 0, 0, &error);
  points = ebpf_btf_builder_add_array (builder, point, u32, 1, &error);
  no_points = ebpf_btf_builder_add_array (builder, point, u32, 0, &error);
  record = ebpf_btf_builder_add_struct (builder, "record", 16, &error);
  ebpf_btf_builder_add_member (builder, "plain", u32, 0, 0, &error);
  ebpf_btf_builder_add_member (builder, "one", one, 32, 0, &error);
  ebpf_btf_builder_add_member (builder, "name", text, 64, 0, &error);
  ebpf_btf_builder_add_member (builder, "points", points, 96, 0, &error);
  ebpf_btf_builder_add_member (builder, "rest", none, 128, 0, &error);
  ebpf_btf_builder_add_member (builder, "no_points", no_points, 128, 0, &error);
  g_assert_no_error (error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);

  type = ebpf_btf_get_type_by_id (btf, record);
  layout = ebpf_layout_new (type, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_layout_get_n_fields (layout), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_assert_cmpstr (ebpf_layout_get_field_name (layout, i), ==, expected[i].name);
      g_assert_cmpuint (ebpf_layout_get_field_offset (layout, i), ==, expected[i].offset);
      g_assert_cmpuint (ebpf_layout_get_field_count (layout, i), ==, expected[i].count);
      g_assert_cmpint (ebpf_layout_get_field_is_array (layout, i), ==, expected[i].is_array);
    }
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/layout/arrays", test_arrays);

  return g_test_run ();
}
