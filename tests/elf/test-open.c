/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "ebpf-test.h"

static void
test_path (void)
{
  g_autofree char *path = ebpf_test_object ("minimal.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_collection_spec_get_source (spec), ==, path);
  g_assert_cmpstr (ebpf_collection_spec_get_license (spec), ==, "Dual MIT/GPL");
  g_assert_cmpint (ebpf_collection_spec_get_byte_order (spec), ==, EBPF_BYTE_ORDER_LITTLE_ENDIAN);
  g_assert_nonnull (ebpf_collection_spec_get_btf (spec));
  g_assert_nonnull (ebpf_collection_spec_get_program (spec, "accept_all"));
}

static void
test_bytes (void)
{
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("minimal.be.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_collection_spec_get_source (spec), ==, "bytes");
  g_assert_cmpint (ebpf_collection_spec_get_byte_order (spec), ==, EBPF_BYTE_ORDER_BIG_ENDIAN);
}

/* Bytes that start anywhere. */
static void
test_unaligned (void)
{
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("variables.bpf.o");
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  guint8 *shifted = g_malloc (size + 1);
  g_autoptr (GBytes) whole = g_bytes_new_take (shifted, size + 1);
  g_autoptr (GBytes) slice = g_bytes_new_from_bytes (whole, 1, size);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  memcpy (shifted + 1, data, size);
  spec = ebpf_collection_spec_new_from_bytes (slice, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ebpf_collection_spec_get_variable (spec, "ro_limit"));
}

/* The spec is its own: neither the bytes nor the file are needed any longer. */
static void
test_outlives_bytes (void)
{
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("variables.bpf.o");
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  guint8 *copy = g_memdup2 (data, size);
  GBytes *borrowed = g_bytes_new_static (copy, size);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_bytes (borrowed, &error);
  g_assert_no_error (error);
  g_bytes_unref (borrowed);
  memset (copy, 0xee, size);
  g_free (copy);

  value = ebpf_variable_spec_get_bytes (ebpf_collection_spec_get_variable (spec, "ro_custom"));
  g_assert_cmpmem (g_bytes_get_data (value, NULL), g_bytes_get_size (value), "\x69\x7a\0\0", 4);
  g_assert_cmpint (
      ebpf_btf_find (ebpf_collection_spec_get_btf (spec), "point", EBPF_BTF_KIND_STRUCT, &error), >,
      0);
}

static void
test_missing (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_path ("/nonexistent/object.o", &error);
  g_assert_null (spec);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*/nonexistent/object.o*");
  g_assert_cmpint (ebpf_error_get_errno (error), ==, ENOENT);
}

static void
test_folder (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_path ("/", &error);
  g_assert_null (spec);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_IO);
  g_assert_cmpint (ebpf_error_get_errno (error), ==, EISDIR);
}

static void
test_empty_file (void)
{
  g_autofree char *path = NULL;
  g_autofree char *pattern = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("empty-XXXXXX.o", &path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_null (spec);
  pattern = g_strdup_printf ("%s: the file is empty", path);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_ELF, pattern);
  g_unlink (path);
}

static void
test_file (void)
{
  g_autofree char *path = ebpf_test_object ("hooks.bpf.o");
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) missing = g_file_new_for_path ("/nonexistent/object.o");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_file (file, cancellable, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_collection_spec_get_source (spec), ==, path);
  g_clear_object (&spec);

  spec = ebpf_collection_spec_new_from_file (missing, NULL, &error);
  g_assert_null (spec);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*/nonexistent/object.o*");
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  spec = ebpf_collection_spec_new_from_file (file, cancellable, &error);
  g_assert_null (spec);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

typedef struct
{
  GAsyncResult *result;
  gboolean done;
} Waiter;

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Waiter *waiter = user_data;

  g_assert_null (source);
  waiter->result = g_object_ref (result);
  waiter->done = TRUE;
}

static void
test_async (void)
{
  g_autofree char *path = ebpf_test_object ("maps.bpf.o");
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("maps.bpf.o");
  g_autoptr (GBytes) rubbish = g_bytes_new_static ("rubbish", 7);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  Waiter waiter = { NULL, FALSE };

  ebpf_collection_spec_new_from_file_async (file, NULL, on_done, &waiter);
  g_assert_false (waiter.done);
  ebpf_test_wait_for (&waiter.done);
  spec = ebpf_collection_spec_new_from_file_finish (waiter.result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ebpf_collection_spec_get_map (spec, "hash"));
  g_clear_object (&spec);
  g_clear_object (&waiter.result);

  waiter.done = FALSE;
  ebpf_collection_spec_new_from_bytes_async (bytes, NULL, on_done, &waiter);
  ebpf_test_wait_for (&waiter.done);
  spec = ebpf_collection_spec_new_from_bytes_finish (waiter.result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ebpf_collection_spec_get_map (spec, "hash"));
  g_clear_object (&spec);
  g_clear_object (&waiter.result);

  waiter.done = FALSE;
  ebpf_collection_spec_new_from_bytes_async (rubbish, NULL, on_done, &waiter);
  ebpf_test_wait_for (&waiter.done);
  spec = ebpf_collection_spec_new_from_bytes_finish (waiter.result, &error);
  g_assert_null (spec);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_ELF);
  g_clear_object (&waiter.result);
}

static void
test_async_cancelled (void)
{
  g_autofree char *path = ebpf_test_object ("maps.bpf.o");
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  Waiter waiter = { NULL, FALSE };

  g_cancellable_cancel (cancellable);
  ebpf_collection_spec_new_from_file_async (file, cancellable, on_done, &waiter);
  ebpf_test_wait_for (&waiter.done);
  spec = ebpf_collection_spec_new_from_file_finish (waiter.result, &error);
  g_assert_null (spec);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&waiter.result);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/elf/open/path", test_path);
  ebpf_test_add ("/elf/open/bytes", test_bytes);
  ebpf_test_add ("/elf/open/unaligned", test_unaligned);
  ebpf_test_add ("/elf/open/outlives-bytes", test_outlives_bytes);
  ebpf_test_add ("/elf/open/missing", test_missing);
  ebpf_test_add ("/elf/open/folder", test_folder);
  ebpf_test_add ("/elf/open/empty-file", test_empty_file);
  ebpf_test_add ("/elf/open/file", test_file);
  ebpf_test_add ("/elf/open/async", test_async);
  ebpf_test_add ("/elf/open/async-cancelled", test_async_cancelled);

  return g_test_run ();
}
