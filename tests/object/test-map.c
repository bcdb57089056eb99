/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ebpf-test.h"

static EbpfMap *
create (EbpfMapType type, guint key_size, guint value_size, guint max_entries, guint flags)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("a_test_map", type, key_size, value_size, max_entries);
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  ebpf_map_spec_set_map_flags (spec, flags);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_nonnull (map);

  return map;
}

static GBytes *
bytes_u32 (guint32 value)
{
  return g_bytes_new (&value, sizeof value);
}

static GBytes *
bytes_u64 (guint64 value)
{
  return g_bytes_new (&value, sizeof value);
}

static void
test_properties (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autofree char *name = NULL;
  g_autoptr (EbpfMapDriver) driver = NULL;
  guint key_size, value_size, max_entries, map_flags, id;
  EbpfMapType type;
  gboolean open, frozen;
  char *pin_path;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 8, 16, EBPF_MAP_FLAGS_NO_PREALLOC);
  g_object_get (map, "name", &name, "map-type", &type, "key-size", &key_size, "value-size",
                &value_size, "max-entries", &max_entries, "map-flags", &map_flags, "id", &id,
                "open", &open, "frozen", &frozen, "pin-path", &pin_path, "driver", &driver, NULL);
  g_assert_cmpstr (name, ==, "a_test_map");
  g_assert_cmpint (type, ==, EBPF_MAP_TYPE_HASH);
  g_assert_cmpuint (key_size, ==, 4);
  g_assert_cmpuint (value_size, ==, 8);
  g_assert_cmpuint (max_entries, ==, 16);
  g_assert_cmpuint (map_flags, ==, EBPF_MAP_FLAGS_NO_PREALLOC);
  g_assert_cmpuint (id, >, 0);
  g_assert_true (open);
  g_assert_false (frozen);
  g_assert_null (pin_path);
  g_assert_true (EBPF_IS_MAP_DRIVER (driver));
  g_assert_cmpuint (ebpf_map_get_value_buffer_size (map), ==, 8);
  g_assert_cmpuint (ebpf_map_get_map_extra (map), ==, 0);
}

static void
check_access (gconstpointer data)
{
  const EbpfMapType type = (EbpfMapType) GPOINTER_TO_UINT (data);
  gboolean array = type == EBPF_MAP_TYPE_ARRAY;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = bytes_u32 (3);
  g_autoptr (GBytes) value = bytes_u64 (0x1122334455667788);
  g_autoptr (GBytes) read = NULL;
  g_autoptr (GVariant) variant = NULL;
  guint32 raw_key = 3;
  guint64 raw_value = 0;
  gsize length;
  gconstpointer data_of;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (type, 4, 8, 16, 0);

  /* Bytes in … */
  g_assert_true (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);

  /* … and out in all forms */
  read = ebpf_map_lookup_bytes (map, key, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (read, value));

  g_assert_true (ebpf_map_lookup_raw (map, &raw_key, &raw_value, 0, &error));
  g_assert_cmphex (raw_value, ==, 0x1122334455667788);

  /* Without types: bytes, and any integer that fits is taken. */
  variant = ebpf_map_lookup (map, g_variant_new_uint32 (3), &error);
  g_assert_no_error (error);
  g_assert_false (g_variant_is_floating (variant));
  g_assert_cmpstr (g_variant_get_type_string (variant), ==, "ay");
  data_of = g_variant_get_fixed_array (variant, &length, 1);
  g_assert_cmpmem (data_of, length, &raw_value, sizeof raw_value);

  /* What was read can be written back. */
  g_assert_true (
      ebpf_map_update (map, g_variant_new_byte (4), variant, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  raw_key = 4;
  raw_value = 0;
  g_assert_true (ebpf_map_lookup_raw (map, &raw_key, &raw_value, 0, &error));
  g_assert_cmphex (raw_value, ==, 0x1122334455667788);

  g_assert_true (ebpf_map_update (map, g_variant_new_int64 (5), g_variant_new_int32 (-2),
                                  EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  raw_key = 5;
  g_assert_true (ebpf_map_lookup_raw (map, &raw_key, &raw_value, 0, &error));
  g_assert_cmpint ((gint64) raw_value, ==, -2);

  raw_value = 9;
  g_assert_true (ebpf_map_update_raw (map, &raw_key, &raw_value, BPF_EXIST, &error));

  if (array)
    {
      /* Entries of arrays cannot be taken away. */
      g_assert_false (ebpf_map_delete_key_bytes (map, key, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                      "map 'a_test_map': deleting key 03 00 00 00: *(EINVAL); *");
      return;
    }

  g_assert_true (ebpf_map_delete_key_bytes (map, key, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_delete_key (map, g_variant_new_uint32 (4), &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_delete_key_raw (map, &raw_key, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_map_delete_key_raw (map, &raw_key, NULL));
  g_assert_null (ebpf_map_next_key_bytes (map, NULL, NULL));
}

static void
test_take_out (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = bytes_u32 (1);
  g_autoptr (GBytes) value = bytes_u64 (7);
  g_autoptr (GBytes) read = NULL;
  g_autoptr (GVariant) variant = NULL;
  guint32 raw_key = 1;
  guint64 raw_value = 0;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 14))
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 8, 16, 0);
  g_assert_true (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_NOEXIST, &error));
  read = ebpf_map_lookup_and_delete_bytes (map, key, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (read, value));

  /* NOEXIST again: it is really gone. */
  g_assert_true (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_NOEXIST, &error));
  variant = ebpf_map_lookup_and_delete (map, g_variant_new_uint32 (1), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (variant), ==, "ay");

  g_assert_true (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_NOEXIST, &error));
  g_assert_true (ebpf_map_lookup_and_delete_raw (map, &raw_key, &raw_value, 0, &error));
  g_assert_cmpuint (raw_value, ==, 7);
  g_assert_false (ebpf_map_lookup_and_delete_raw (map, &raw_key, &raw_value, 0, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

static void
test_queue (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GBytes) key = bytes_u32 (1);
  g_autoptr (GBytes) value = bytes_u64 (1);
  g_autoptr (GBytes) read = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_QUEUE, 0, 8, 2, 0);
  g_assert_true (ebpf_map_update_bytes (map, NULL, value, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  g_assert_true (
      ebpf_map_update (map, NULL, g_variant_new_uint64 (2), EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  g_assert_false (
      ebpf_map_update (map, NULL, g_variant_new_uint64 (3), EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT,
                                  "map 'a_test_map': updating: *(E2BIG)*");
  g_clear_error (&error);

  read = ebpf_map_lookup_and_delete_bytes (map, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (read, value));
  variant = ebpf_map_lookup_and_delete (map, g_variant_new_tuple (NULL, 0), &error);
  g_assert_no_error (error);
  g_clear_pointer (&variant, g_variant_unref);
  variant = ebpf_map_lookup_and_delete (map, NULL, &error);
  g_assert_null (variant);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_null (ebpf_map_lookup_bytes (map, key, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*has no keys*");
  g_clear_error (&error);

  iterator = ebpf_map_iterate (map);
  g_assert_false (ebpf_map_iterator_next (iterator, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*no keys*");
}

static void
test_wrong_arguments (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = bytes_u32 (1);
  g_autoptr (GBytes) long_key = bytes_u64 (1);

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 8, 1, 0);

  g_assert_null (ebpf_map_lookup_bytes (map, long_key, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE,
                                  "map 'a_test_map': a key has 4 bytes, not 8");
  g_clear_error (&error);

  g_assert_null (ebpf_map_lookup_bytes (map, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE,
                                  "*a key of 4 bytes is needed, none was given");
  g_clear_error (&error);

  g_assert_null (ebpf_map_lookup (map, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
  g_clear_error (&error);

  g_assert_false (ebpf_map_update_bytes (map, key, key, EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE,
                                  "map 'a_test_map': a value has 8 bytes, not 4");
  g_clear_error (&error);

  g_assert_null (ebpf_map_lookup (map, g_variant_new_string ("x"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE,
                                  "map 'a_test_map': a key is 4 bytes*\"ay\"*not \"s\"");
  g_clear_error (&error);

  /* Does not fit into 4 bytes, from above and from below. */
  g_assert_null (ebpf_map_lookup (map, g_variant_new_uint64 (1ull << 32), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_clear_error (&error);
  g_assert_null (ebpf_map_lookup (map, g_variant_new_int64 (-(1ll << 31) - 1), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_clear_error (&error);

  g_assert_null (ebpf_map_lookup (map, g_variant_new_bytestring ("12345678"), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE);
  g_clear_error (&error);

  g_assert_null (ebpf_map_lookup_object (map, g_variant_new_uint32 (1), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_false (ebpf_map_update_object (map, g_variant_new_uint32 (1), G_OBJECT (map),
                                          EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "*type hash, which holds neither*");
}

static void
test_entry_errors (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = bytes_u32 (1);
  g_autoptr (GBytes) other_key = bytes_u32 (2);
  g_autoptr (GBytes) value = bytes_u64 (1);

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 8, 1, 0);

  g_assert_null (ebpf_map_lookup_bytes (map, key, &error));
  ebpf_test_assert_error_matches (
      error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
      "map 'a_test_map': looking up key 01 00 00 00: no such entry (ENOENT)");
  g_assert_cmpint (ebpf_error_get_errno (error), ==, ENOENT);
  g_clear_error (&error);

  g_assert_false (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_EXIST, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_true (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_map_update_bytes (map, key, value, EBPF_UPDATE_FLAGS_NOEXIST, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS, "*(EEXIST)");
  g_clear_error (&error);

  g_assert_false (ebpf_map_update_bytes (map, other_key, value, EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT,
                                  "*(E2BIG); the map has 1 entries at most");
  g_clear_error (&error);

  g_assert_null (ebpf_map_next_key_bytes (map, key, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

static void
count_signal (GObject *object, guint *count)
{
  (*count)++;
}

static void
count_notify (GObject *object, GParamSpec *pspec, guint *count)
{
  (*count)++;
}

static void
test_close (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) copy = NULL;
  g_autoptr (EbpfMap) third = NULL;
  g_autoptr (EbpfMap) never = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (GError) error = NULL;
  guint32 key = 0;
  guint64 value = 0;
  guint n_closed = 0, n_notified = 0;
  int fd;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
  g_signal_connect (map, "closed", G_CALLBACK (count_signal), &n_closed);
  g_signal_connect (map, "notify::open", G_CALLBACK (count_notify), &n_notified);

  copy = ebpf_map_dup (map, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_get_id (copy), ==, ebpf_map_get_id (map));
  g_assert_cmpint (ebpf_map_peek_fd (copy), !=, ebpf_map_peek_fd (map));

  ebpf_map_close (map);
  ebpf_map_close (map);
  g_assert_cmpuint (n_closed, ==, 1);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_false (ebpf_map_is_open (map));
  g_assert_cmpint (ebpf_map_peek_fd (map), ==, -1);
  g_assert_cmpint (ebpf_map_take_fd (map), ==, -1);

  g_assert_false (ebpf_map_lookup_raw (map, &key, &value, 0, NULL));
  g_assert_false (ebpf_map_lookup_raw (map, &key, &value, 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED,
                                  "map 'a_test_map' is closed");
  g_clear_error (&error);
  g_assert_null (ebpf_map_lookup (map, g_variant_new_uint32 (0), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (ebpf_map_dup_fd (map, &error), ==, -1);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (ebpf_map_dup (map, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (ebpf_map_query_info (map, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (ebpf_map_freeze (map, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (ebpf_map_pin (map, "/sys/fs/bpf/x", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  iterator = ebpf_map_iterate (map);
  g_assert_false (ebpf_map_iterator_next (iterator, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (ebpf_map_iterator_next (iterator, &error));
  g_assert_no_error (error);

  /* The copy lives on. */
  g_assert_true (ebpf_map_lookup_raw (copy, &key, &value, 0, &error));
  fd = ebpf_map_take_fd (copy);
  g_assert_cmpint (fd, >=, 3);
  g_assert_false (ebpf_map_is_open (copy));
  third = ebpf_map_new_from_fd (fd, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ebpf_map_peek_fd (third), ==, fd);

  /* An object that was never a map is a closed one. */
  never = g_object_new (EBPF_TYPE_MAP, NULL);
  g_assert_false (ebpf_map_is_open (never));
  g_assert_null (ebpf_map_lookup (never, g_variant_new_uint32 (0), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_cmpuint (ebpf_map_get_value_buffer_size (never), ==, 0);
}

static void
test_from_fd (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (GError) error = NULL;
  int fd;

  g_assert_null (ebpf_map_new_from_fd (-1, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_null (ebpf_map_new_from_fd (4000, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*4000 is not an open*");
  g_clear_error (&error);

  /* Closed where it is not a map: the test's own check of descriptors sees that. */
  fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_assert_null (ebpf_map_new_from_fd (fd, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE,
                                  "*\"/dev/null\", not a map");
  g_clear_error (&error);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1);

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 8, 10, 0);
  fd = ebpf_map_dup_fd (map, &error);
  g_assert_no_error (error);
  other = ebpf_map_new_from_fd (fd, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_get_id (other), ==, ebpf_map_get_id (map));
  g_assert_cmpstr (ebpf_map_get_name (other), ==, "a_test_map");
  g_assert_cmpuint (ebpf_map_get_max_entries (other), ==, 10);
  g_clear_object (&other);

  other = ebpf_map_new_from_id (ebpf_map_get_id (map), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_get_value_size (other), ==, 8);
  g_clear_object (&other);

  other = ebpf_map_new_from_id_full (ebpf_map_get_id (map), EBPF_ACCESS_FLAGS_RDONLY, &error);
  g_assert_no_error (error);
  g_assert_false (ebpf_map_delete_key (other, g_variant_new_uint32 (1), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY);
  g_clear_error (&error);
  g_clear_object (&other);
  g_assert_null (
      ebpf_map_new_from_id_full (ebpf_map_get_id (map), (EbpfAccessFlags) (1u << 30), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_null (ebpf_map_new_from_id (G_MAXINT, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "opening the map of id 2147483647: *(ENOENT)");
}

/* 0 stands for no descriptor in many of the kernel's structs: so it is moved. */
static void
test_fd_0 (void)
{
  g_autoptr (EbpfMap) map = NULL;
  pid_t child;
  int status;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_HASH, 4, 8, 16, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      EbpfMap *mine;

      if (dup2 (ebpf_map_peek_fd (map), 0) != 0)
        _exit (1);
      mine = ebpf_map_new_from_fd (0, NULL);
      if (mine == NULL)
        _exit (2);
      if (ebpf_map_peek_fd (mine) < 3 || fcntl (0, F_GETFD) != -1)
        _exit (3);
      if ((fcntl (ebpf_map_peek_fd (mine), F_GETFD) & FD_CLOEXEC) == 0)
        _exit (4);
      if (!ebpf_map_update (mine, g_variant_new_uint32 (1), g_variant_new_uint32 (2), 0, NULL))
        _exit (5);
      _exit (0);
    }

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
test_string (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("", EBPF_MAP_TYPE_ARRAY, 4, 8, 1);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) unnamed = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *closed = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_LRU_HASH, 4, 8, 16, 0);
  text = ebpf_map_to_string (map);
  expected = g_strdup_printf ("lru-hash(a_test_map)#%d", ebpf_map_peek_fd (map));
  g_assert_cmpstr (text, ==, expected);
  ebpf_map_close (map);
  closed = ebpf_map_to_string (map);
  g_assert_cmpstr (closed, ==, "lru-hash(a_test_map)#-1");

  unnamed = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_free (text);
  g_free (expected);
  text = ebpf_map_to_string (unnamed);
  expected = g_strdup_printf ("array#%d", ebpf_map_peek_fd (unnamed));
  g_assert_cmpstr (text, ==, expected);
}

static void
test_program_fd (void)
{
  static const struct bpf_insn insns[] = {
    { .code = BPF_ALU64 | BPF_MOV | BPF_K },
    { .code = BPF_JMP | BPF_EXIT },
  };
  g_autoptr (GError) error = NULL;
  union bpf_attr attr;
  int fd;

  if (!ebpf_test_require_bpf ())
    return;

  memset (&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attr.insns = (guint64) (guintptr) insns;
  attr.insn_cnt = 2;
  attr.license = (guint64) (guintptr) "GPL";
  fd = (int) syscall (SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
  g_assert_cmpint (fd, >=, 0);

  /* The kernel would answer the question about it, with what means something else. */
  g_assert_null (ebpf_map_new_from_fd (fd, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*bpf-prog*not a map");
}

static void
test_freeze (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) info = NULL;
  guint32 key = 0;
  guint64 value = 1;
  guint n_notified = 0;
  gboolean frozen;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
  other = ebpf_map_dup (map, &error);
  g_signal_connect (map, "notify::frozen", G_CALLBACK (count_notify), &n_notified);
  g_assert_true (ebpf_map_freeze (map, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_freeze (map, &error));
  g_assert_true (ebpf_map_is_frozen (map));
  g_assert_cmpuint (n_notified, ==, 1);

  g_assert_true (ebpf_map_lookup_raw (map, &key, &value, 0, &error));
  g_assert_false (ebpf_map_update_raw (map, &key, &value, 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY,
                                  "map 'a_test_map': updating key 00 00 00 00: *(EPERM); the map "
                                  "is frozen");
  g_clear_error (&error);

  /* Another object that did not know: neither does it need to. */
  g_assert_false (ebpf_map_is_frozen (other));
  g_assert_false (ebpf_map_update_raw (other, &key, &value, 0, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY);
  g_clear_error (&error);
  info = ebpf_map_query_info (other, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "frozen", "b", &frozen));
  g_assert_true (frozen);
  g_assert_true (ebpf_map_is_frozen (other));
}

static void
test_read_only (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  guint32 key = 0;
  guint64 value = 1;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_ARRAY, 4, 8, 1, EBPF_MAP_FLAGS_RDONLY);
  g_assert_true (ebpf_map_lookup_raw (map, &key, &value, 0, &error));
  g_assert_false (ebpf_map_update_raw (map, &key, &value, 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY,
                                  "*opened for reading only");
  g_clear_object (&map);
  g_clear_error (&error);

  map = create (EBPF_MAP_TYPE_ARRAY, 4, 8, 1, EBPF_MAP_FLAGS_WRONLY);
  g_assert_true (ebpf_map_update_raw (map, &key, &value, 0, &error));
  g_assert_false (ebpf_map_lookup_raw (map, &key, &value, 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION,
                                  "*opened for writing only");
}

static void
test_info (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) info = NULL;
  const char *name;
  guint32 number;
  guint64 memlock;

  if (!ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_LRU_HASH, 4, 8, 100, 0);
  info = ebpf_map_query_info (map, &error);
  g_assert_no_error (error);
  g_assert_false (g_variant_is_floating (info));
  g_assert_true (g_variant_lookup (info, "name", "&s", &name));
  g_assert_cmpstr (name, ==, "a_test_map");
  g_assert_true (g_variant_lookup (info, "type", "u", &number));
  g_assert_cmpuint (number, ==, EBPF_MAP_TYPE_LRU_HASH);
  g_assert_true (g_variant_lookup (info, "type-name", "&s", &name));
  g_assert_cmpstr (name, ==, "lru-hash");
  g_assert_true (g_variant_lookup (info, "max-entries", "u", &number));
  g_assert_cmpuint (number, ==, 100);
  g_assert_true (g_variant_lookup (info, "id", "u", &number));
  g_assert_cmpuint (number, ==, ebpf_map_get_id (map));
  g_assert_true (g_variant_lookup (info, "memlock", "t", &memlock));
  g_assert_cmpuint (memlock, >, 0);
}

static void
test_pin (void)
{
  const char *bpffs = ebpf_test_bpffs ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *new_path = NULL;
  guint32 key = 0;
  guint64 value = 5;
  guint n_notified = 0;

  if (bpffs == NULL || !ebpf_test_require_bpf ())
    return;

  path = g_build_filename (bpffs, "a_map", NULL);
  new_path = g_build_filename (bpffs, "another", NULL);
  map = create (EBPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
  g_signal_connect (map, "notify::pin-path", G_CALLBACK (count_notify), &n_notified);

  g_assert_true (ebpf_map_pin (map, path, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_pin (map, path, &error));
  g_assert_cmpstr (ebpf_map_get_pin_path (map), ==, path);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_true (ebpf_map_update_raw (map, &key, &value, 0, &error));

  other = ebpf_map_new_from_pin (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_get_pin_path (other), ==, path);
  value = 0;
  g_assert_true (ebpf_map_lookup_raw (other, &key, &value, 0, &error));
  g_assert_cmpuint (value, ==, 5);
  g_clear_object (&other);

  /* A second map does not go over the first. */
  other = create (EBPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
  g_assert_false (ebpf_map_pin (other, path, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS,
                                  "pinning map 'a_test_map' at *a_map*(EEXIST)*");
  g_assert_null (ebpf_map_get_pin_path (other));
  g_clear_error (&error);

  /* Moved; taken away by somebody else; pinned anew */
  g_assert_true (ebpf_map_pin (map, new_path, &error));
  g_assert_no_error (error);
  g_assert_cmpint (access (path, F_OK), ==, -1);
  g_assert_no_errno (unlink (new_path));
  g_assert_true (ebpf_map_pin (map, path, &error));
  g_assert_no_error (error);
  g_assert_no_errno (access (path, F_OK));

  g_assert_true (ebpf_map_unpin (map, &error));
  g_assert_no_error (error);
  g_assert_cmpint (access (path, F_OK), ==, -1);
  g_assert_null (ebpf_map_get_pin_path (map));
  g_assert_true (ebpf_map_unpin (map, &error));

  g_assert_null (ebpf_map_new_from_pin (path, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "opening the pinned map *a_map*(ENOENT)");
}

static void
test_pin_errors (void)
{
  const char *bpffs = ebpf_test_bpffs ();
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *dotted = NULL;
  g_autofree char *deep = NULL;

  if (bpffs == NULL || !ebpf_test_require_bpf ())
    return;

  map = create (EBPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
  dotted = g_build_filename (bpffs, "a.map", NULL);
  deep = g_build_filename (bpffs, "no", "such", "folder", NULL);

  g_assert_false (ebpf_map_pin (map, "", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_false (ebpf_map_pin (map, "/tmp/ebpf-no-bpffs", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*\"/tmp\" is not in a bpffs*mount*");
  g_clear_error (&error);

  g_assert_false (ebpf_map_pin (map, dotted, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*dot*");
  g_clear_error (&error);

  g_assert_false (ebpf_map_pin (map, deep, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_null (ebpf_map_get_pin_path (map));

  g_assert_null (ebpf_map_new_from_pin ("/etc/passwd", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION, "*bpffs*");
}

/* Every map of an object file can be made on its own. */
static void
test_object (void)
{
  g_autofree char *path = ebpf_test_object ("maps.bpf.o");
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GPtrArray) specs = NULL;
  g_autoptr (GError) error = NULL;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  if (!ebpf_test_require_bpf ())
    return;

  specs = ebpf_collection_spec_list_maps (spec);
  g_assert_cmpuint (specs->len, >, 15);
  for (guint i = 0; i < specs->len; i++)
    {
      EbpfMapSpec *map_spec = g_ptr_array_index (specs, i);
      g_autoptr (EbpfMap) map = ebpf_map_new (map_spec, &error);

      /* An older kernel knows fewer types, and says so. */
      if (g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED))
        {
          g_assert_nonnull (strstr (error->message, "came with Linux"));
          g_test_message ("%s", error->message);
          g_clear_error (&error);
          continue;
        }

      g_assert_no_error (error);
      g_assert_cmpstr (ebpf_map_get_name (map), ==, ebpf_map_spec_get_name (map_spec));
      g_assert_cmpint (ebpf_map_get_map_type (map), ==, ebpf_map_spec_get_map_type (map_spec));
    }
}

static void
test_unprivileged (void)
{
  /* Whoever is handed a map can use it (Linux 5.19), and is told what is missing for the rest. */
  g_autoptr (EbpfMap) map = NULL;
  pid_t child;
  int status;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 19))
    return;
  if (geteuid () != 0)
    {
      g_test_skip ("needs root to give it up");
      return;
    }

  map = create (EBPF_MAP_TYPE_HASH, 4, 8, 16, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("x", EBPF_MAP_TYPE_HASH, 4, 8, 1);
      g_autoptr (EbpfMap) mine = NULL;
      g_autoptr (EbpfMapIterator) iterator = NULL;
      g_autoptr (GError) error = NULL;

      if (setresuid (65534, 65534, 65534) < 0)
        _exit (1);
      mine = ebpf_map_new_from_fd (ebpf_map_dup_fd (map, NULL), NULL);
      if (mine == NULL)
        _exit (2);
      if (!ebpf_map_update (mine, g_variant_new_uint32 (1), g_variant_new_uint32 (2), 0, NULL))
        _exit (3);
      iterator = ebpf_map_iterate (mine);
      if (!ebpf_map_iterator_next (iterator, NULL) || ebpf_map_iterator_next (iterator, NULL))
        _exit (4);
      if (ebpf_map_get_value_type (mine) != NULL)
        _exit (5);
      /* Many at once: no question is asked beforehand that the kernel would refuse. */
      {
        const guint32 keys[] = { 1, 2, 3 };
        const guint64 values[] = { 10, 20, 30 };
        g_autoptr (EbpfMapCursor) cursor = ebpf_map_cursor_new (mine);
        g_autoptr (EbpfMapSnapshot) batch = NULL;
        guint n_done = 0;

        if (!ebpf_map_update_batch_raw (mine, keys, values, 3, 0, &n_done, NULL) || n_done != 3)
          _exit (7);
        batch = ebpf_map_lookup_batch (mine, cursor, 100, EBPF_LOOKUP_FLAGS_NONE, NULL);
        if (batch == NULL || ebpf_map_snapshot_get_n_entries (batch) != 3 ||
            !ebpf_map_cursor_is_at_end (cursor))
          _exit (8);
        if (!ebpf_map_delete_batch_raw (mine, keys, 2, &n_done, NULL) || n_done != 2)
          _exit (9);
        ebpf_map_cursor_rewind (cursor);
        g_clear_object (&batch);
        batch = ebpf_map_lookup_and_delete_batch (mine, cursor, 100, EBPF_LOOKUP_FLAGS_NONE, NULL);
        if (batch == NULL || ebpf_map_snapshot_get_n_entries (batch) != 1)
          _exit (10);
      }
      if (ebpf_map_new (spec, &error) != NULL ||
          !g_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION) ||
          strstr (error->message, "root") == NULL)
        _exit (6);
      _exit (0);
    }

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);
  /* Makes its mount namespace while there is one thread. */
  ebpf_test_bpffs ();

  ebpf_test_add ("/object/map/properties", test_properties);
  ebpf_test_add_data ("/object/map/access/hash", GUINT_TO_POINTER (EBPF_MAP_TYPE_HASH),
                      check_access);
  ebpf_test_add_data ("/object/map/access/array", GUINT_TO_POINTER (EBPF_MAP_TYPE_ARRAY),
                      check_access);
  ebpf_test_add_data ("/object/map/access/lru-hash", GUINT_TO_POINTER (EBPF_MAP_TYPE_LRU_HASH),
                      check_access);
  ebpf_test_add ("/object/map/take-out", test_take_out);
  ebpf_test_add ("/object/map/queue", test_queue);
  ebpf_test_add ("/object/map/wrong-arguments", test_wrong_arguments);
  ebpf_test_add ("/object/map/entry-errors", test_entry_errors);
  ebpf_test_add ("/object/map/close", test_close);
  ebpf_test_add ("/object/map/from-fd", test_from_fd);
  ebpf_test_add ("/object/map/fd-0", test_fd_0);
  ebpf_test_add ("/object/map/string", test_string);
  ebpf_test_add ("/object/map/program-fd", test_program_fd);
  ebpf_test_add ("/object/map/freeze", test_freeze);
  ebpf_test_add ("/object/map/read-only", test_read_only);
  ebpf_test_add ("/object/map/info", test_info);
  ebpf_test_add ("/object/map/pin", test_pin);
  ebpf_test_add ("/object/map/pin-errors", test_pin_errors);
  ebpf_test_add ("/object/map/object", test_object);
  ebpf_test_add ("/object/map/unprivileged", test_unprivileged);

  return g_test_run ();
}
