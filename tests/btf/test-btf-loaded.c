/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder.h"
#include "btf/ebpf-btf-loaded.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"

#include <unistd.h>

/* What is loaded can be found and read back. */
static void
test_round_trip (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autofree guint *ids = NULL;
  gsize n_ids;
  gboolean found = FALSE;
  int fd;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 6))
    return;

  ebpf_btf_builder_add_int (builder, "a_name_of_this_test", 4, EBPF_BTF_INT_ENCODING_SIGNED,
                            &error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  fd = ebpf_btf_load (btf, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);

  ids = ebpf_btf_list_ids (&n_ids, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_ids, >, 0);
  for (gsize i = n_ids; i-- > 0 && !found;)
    {
      g_autoptr (EbpfBtf) loaded = ebpf_btf_new_from_id (ids[i], NULL, NULL);

      /* Another process's may be gone by now. */
      found = loaded != NULL &&
              ebpf_btf_find (loaded, "a_name_of_this_test", EBPF_BTF_KIND_INT, NULL) == 1;
    }
  g_assert_true (found);

  close (fd);
  ebpf_btf_drop_kernel ();
}

/* The kernel wants a type, even where strings are all that is needed. */
static void
test_strings_alone (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  int fd;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 2))
    return;

  ebpf_btf_builder_add_string (builder, "return 0;", NULL, &error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  fd = ebpf_btf_load (btf, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

static void
test_refusals (void)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtfBuilder) split_builder = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) base = ebpf_btf_builder_build (builder, &error);
  g_autoptr (EbpfBtf) split = NULL;
  g_autoptr (EbpfBtf) bad = NULL;
  guint id;

  split_builder = ebpf_btf_builder_new_split (base);
  split = ebpf_btf_builder_build (split_builder, &error);
  g_assert_cmpint (ebpf_btf_load (split, &error), ==, -1);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  if (!ebpf_test_require_bpf ())
    return;

  g_assert_null (ebpf_btf_new_from_id (G_MAXUINT32 - 1, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* An array whose index is no integer: right by itself, and refused with a log. */
  id = ebpf_btf_builder_add_struct (builder, "s", 4, &error);
  ebpf_btf_builder_add_array (builder, id, id, 3, &error);
  bad = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_btf_load (bad, &error), ==, -1);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  g_assert_nonnull (ebpf_error_get_log (error));
  g_test_message ("%s", error->message);
}

static void
test_modules (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (&error);
  g_auto (GStrv) names = NULL;
  const char *const bad[] = { "", "../vmlinux", "ext4.ko", "a/b" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) refusal = NULL;

      g_assert_null (ebpf_btf_get_kernel_module (bad[i], &refusal));
      g_assert_error (refusal, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
    }

  if (kernel == NULL)
    {
      g_test_skip (error->message);
      return;
    }

  names = ebpf_btf_list_kernel_modules (&error);
  g_assert_no_error (error);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (EbpfBtf) module = ebpf_btf_get_kernel_module (names[i], &error);

      g_assert_no_error (error);
      g_assert_true (ebpf_btf_get_base (module) == kernel);
      g_assert_cmpstr (names[i], !=, "vmlinux");
      if (i > 0)
        g_assert_cmpstr (names[i - 1], <, names[i]);
    }

  g_assert_null (ebpf_btf_get_kernel_module ("no_such_module", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  ebpf_btf_drop_kernel ();
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/loaded/round-trip", test_round_trip);
  ebpf_test_add ("/btf/loaded/strings-alone", test_strings_alone);
  ebpf_test_add ("/btf/loaded/refusals", test_refusals);
  ebpf_test_add ("/btf/loaded/modules", test_modules);

  return g_test_run ();
}
