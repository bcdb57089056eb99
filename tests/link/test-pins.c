/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names in a bpffs: opened whatever is there, gone through, and reached by a folder's descriptor. */

#include <ebpf.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ebpf-test.h"

static const char *bpffs;

static EbpfMap *
new_map (const char *name)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new (name, EBPF_MAP_TYPE_ARRAY, 4, 8, 4);
  g_autoptr (GError) error = NULL;
  EbpfMap *map = ebpf_map_new (spec, &error);

  g_assert_no_error (error);
  return map;
}

static EbpfProgram *
new_program (void)
{
  g_autoptr (EbpfAssembler) assembler = ebpf_assembler_new ();
  g_autoptr (EbpfProgramSpec) spec =
      ebpf_program_spec_new ("nothing", EBPF_PROGRAM_TYPE_RAW_TRACEPOINT);
  g_autoptr (GError) error = NULL;
  EbpfProgram *program;

  ebpf_assembler_emit_move (assembler, 0, 0);
  ebpf_assembler_emit_exit (assembler);
  ebpf_program_spec_set_instructions (spec, assembler, &error);
  g_assert_no_error (error);
  ebpf_program_spec_set_license (spec, "GPL");
  program = ebpf_program_new (spec, NULL, &error);
  g_assert_no_error (error);

  return program;
}

static EbpfLink *
new_link (EbpfProgram *program)
{
  g_autoptr (GError) error = NULL;
  EbpfLink *link = EBPF_LINK (ebpf_raw_tracepoint_link_new (program, "sys_enter", 0, &error));

  g_assert_no_error (error);
  return link;
}

static char *
in_bpffs (const char *name)
{
  return g_build_filename (bpffs, name, NULL);
}

static gboolean
prepare (void)
{
  return bpffs != NULL && ebpf_test_require_bpf ();
}

static void
test_open (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GObject) object = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *map_path = NULL;
  g_autofree char *program_path = NULL;
  g_autofree char *link_path = NULL;
  g_autofree char *pin_path = NULL;

  if (!prepare ())
    return;

  map_path = in_bpffs ("a_map");
  program_path = in_bpffs ("a_program");
  link_path = in_bpffs ("a_link");
  map = new_map ("pinned");
  program = new_program ();
  link = new_link (program);
  g_assert_true (ebpf_map_pin (map, map_path, &error));
  g_assert_true (ebpf_program_pin (program, program_path, &error));
  g_assert_true (ebpf_link_pin (link, link_path, &error));
  g_assert_no_error (error);

  object = ebpf_open_pin (map_path, EBPF_ACCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_MAP (object));
  g_assert_cmpuint (ebpf_map_get_id (EBPF_MAP (object)), ==, ebpf_map_get_id (map));
  g_object_get (object, "pin-path", &pin_path, NULL);
  g_assert_cmpstr (pin_path, ==, map_path);
  g_clear_pointer (&pin_path, g_free);
  g_clear_object (&object);

  object = ebpf_open_pin (program_path, EBPF_ACCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_PROGRAM (object));
  g_assert_cmpuint (ebpf_program_get_id (EBPF_PROGRAM (object)), ==, ebpf_program_get_id (program));
  g_object_get (object, "pin-path", &pin_path, NULL);
  g_assert_cmpstr (pin_path, ==, program_path);
  g_clear_object (&object);

  object = ebpf_open_pin (link_path, EBPF_ACCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_RAW_TRACEPOINT_LINK (object));
  g_assert_cmpstr (ebpf_link_get_pin_path (EBPF_LINK (object)), ==, link_path);
  g_clear_object (&object);

  /* A link is not opened for reading, and says so; who asks for one kind gets no other. */
  g_assert_null (ebpf_open_pin (link_path, EBPF_ACCESS_FLAGS_RDONLY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "opening the pinned object *a_link*(EINVAL); only maps*");
  g_clear_error (&error);
  g_assert_null (ebpf_map_new_from_pin (program_path, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE,
                                  "*a_program\" is \"*bpf-prog\", not a map");
  g_clear_error (&error);
  g_assert_null (ebpf_program_new_from_pin (map_path, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*not a program");
  g_clear_error (&error);
  g_assert_null (ebpf_link_from_pin (map_path, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*not a link");
  g_clear_error (&error);

  g_assert_true (ebpf_map_unpin (map, &error));
  g_assert_true (ebpf_program_unpin (program, &error));
  g_assert_true (ebpf_link_unpin (link, &error));
  ebpf_link_close (link);

  g_assert_null (ebpf_open_pin (map_path, EBPF_ACCESS_FLAGS_NONE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*a_map*(ENOENT)");
  g_clear_error (&error);
  g_assert_null (ebpf_open_pin ("/etc/passwd", EBPF_ACCESS_FLAGS_NONE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION, "*bpffs*");
}

/* Of each pin the path, and a letter for what it is. */
static char *
walk (const char *root)
{
  g_autoptr (EbpfPinWalker) walker = NULL;
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  walker = ebpf_pin_walker_new (root, &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_pin_walker_get_path (walker));
  while (ebpf_pin_walker_next (walker, &error))
    {
      GObject *object = ebpf_pin_walker_get_object (walker);

      g_string_append_printf (seen, "%s:%s ", ebpf_pin_walker_get_path (walker) + strlen (root) + 1,
                              EBPF_IS_MAP (object)       ? "map"
                              : EBPF_IS_PROGRAM (object) ? "program"
                              : EBPF_IS_LINK (object)    ? "link"
                                                         : "?");
    }
  g_assert_no_error (error);
  g_assert_null (ebpf_pin_walker_get_path (walker));
  g_assert_null (ebpf_pin_walker_get_object (walker));
  g_assert_false (ebpf_pin_walker_next (walker, &error));

  return g_string_free (g_steal_pointer (&seen), FALSE);
}

static void
test_walk (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) second = NULL;
  g_autoptr (EbpfMap) taken = NULL;
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (EbpfPinWalker) walker = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *root = NULL;
  g_autofree char *seen = NULL;
  char *paths[6];
  guint n_fds;

  if (!prepare ())
    return;

  root = in_bpffs ("walk");
  paths[0] = g_build_filename (root, "b", NULL);
  paths[1] = g_build_filename (root, "a_folder", NULL);
  paths[2] = g_build_filename (root, "a_folder", "z", NULL);
  paths[3] = g_build_filename (root, "a_folder", "empty", NULL);
  paths[4] = g_build_filename (root, "c", NULL);
  paths[5] = g_build_filename (root, "loop", NULL);
  g_assert_no_errno (mkdir (root, 0700));
  seen = walk (root);
  g_assert_cmpstr (seen, ==, "");
  g_clear_pointer (&seen, g_free);

  g_assert_no_errno (mkdir (paths[1], 0700));
  g_assert_no_errno (mkdir (paths[3], 0700));
  g_assert_no_errno (symlink ("..", paths[5]));
  map = new_map ("first");
  second = new_map ("second");
  program = new_program ();
  link = new_link (program);
  g_assert_true (ebpf_map_pin (map, paths[2], &error));
  g_assert_true (ebpf_program_pin (program, paths[0], &error));
  g_assert_true (ebpf_link_pin (link, paths[4], &error));
  g_assert_no_error (error);

  seen = walk (root);
  g_assert_cmpstr (seen, ==, "a_folder/z:map b:program c:link ");

  /* What nobody took is closed when the walker moves on; what somebody holds stays. */
  walker = ebpf_pin_walker_new (root, &error);
  n_fds = ebpf_test_count_fds ();
  g_assert_true (ebpf_pin_walker_next (walker, &error));
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds + 1);
  taken = EBPF_MAP (g_object_ref (ebpf_pin_walker_get_object (walker)));
  g_assert_true (ebpf_pin_walker_next (walker, &error));
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds + 2);
  /* Gone before its turn. */
  g_assert_true (ebpf_link_unpin (link, &error));
  g_assert_false (ebpf_pin_walker_next (walker, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds + 1);
  g_assert_true (ebpf_map_is_open (taken));
  g_assert_cmpuint (ebpf_map_get_id (taken), ==, ebpf_map_get_id (map));
  ebpf_link_close (link);

  g_clear_object (&walker);
  g_assert_null (ebpf_pin_walker_new ("/tmp", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*\"/tmp\": it is not in a bpffs");
  g_clear_error (&error);
  g_assert_null (ebpf_pin_walker_new (paths[4], &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_true (ebpf_program_unpin (program, &error));
  g_assert_true (ebpf_map_unpin (map, &error));
  g_assert_no_errno (unlink (paths[5]));
  g_assert_no_errno (rmdir (paths[3]));
  g_assert_no_errno (rmdir (paths[1]));
  g_assert_no_errno (rmdir (root));
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_free (paths[i]);
}

static void
test_folder_fd (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) opened = NULL;
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfProgram) opened_program = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (EbpfLink) opened_link = NULL;
  g_autoptr (GError) error = NULL;
  int folder, elsewhere;

  if (!prepare ())
    return;

  folder = open (bpffs, O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (folder, >=, 0);
  map = new_map ("by_fd");

  if (!ebpf_map_pin_at (map, folder, "by_fd", &error) &&
      g_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED))
    {
      g_assert_nonnull (strstr (error->message, "came with Linux 6.5"));
      g_test_skip (error->message);
      close (folder);
      return;
    }
  g_assert_no_error (error);
  g_assert_null (ebpf_map_get_pin_path (map));
  opened = ebpf_map_new_from_pin_full (folder, "by_fd", EBPF_ACCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_get_id (opened), ==, ebpf_map_get_id (map));
  g_assert_null (ebpf_map_get_pin_path (opened));

  program = new_program ();
  g_assert_true (ebpf_program_pin_at (program, folder, "prog_by_fd", &error));
  g_assert_no_error (error);
  opened_program = ebpf_program_new_from_pin_at (folder, "prog_by_fd", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_program_get_id (opened_program), ==, ebpf_program_get_id (program));
  g_assert_null (ebpf_program_get_pin_path (opened_program));

  link = new_link (program);
  g_assert_true (ebpf_link_pin_at (link, folder, "link_by_fd", &error));
  g_assert_no_error (error);
  opened_link = ebpf_link_from_pin_at (folder, "link_by_fd", &error);
  g_assert_no_error (error);
  g_assert_null (ebpf_link_get_pin_path (opened_link));

  /* Nothing is replaced; names have no dots; the folder has to be in a bpffs. */
  g_assert_false (ebpf_map_pin_at (map, folder, "prog_by_fd", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (ebpf_map_pin_at (map, folder, "a.b", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*dots*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_pin_at (map, folder, "", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (ebpf_map_new_from_pin_full (folder, "nothing", EBPF_ACCESS_FLAGS_NONE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);
  elsewhere = open ("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_assert_false (ebpf_map_pin_at (map, elsewhere, "x", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*bpffs*");
  close (elsewhere);

  g_assert_no_errno (unlinkat (folder, "by_fd", 0));
  g_assert_no_errno (unlinkat (folder, "prog_by_fd", 0));
  g_assert_no_errno (unlinkat (folder, "link_by_fd", 0));
  ebpf_link_close (link);
  ebpf_link_close (opened_link);
  close (folder);
}

static void
test_open_flags (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) reader = NULL;
  g_autoptr (EbpfMap) writer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  guint32 key = 1;
  guint64 value = 7;

  if (!prepare ())
    return;

  path = in_bpffs ("rights");
  map = new_map ("rights");
  g_assert_true (ebpf_map_update_raw (map, &key, &value, 0, &error));
  g_assert_true (ebpf_map_pin (map, path, &error));

  /* The kernel enforces it for every operation. */
  reader = ebpf_map_new_from_pin_full (-1, path, EBPF_ACCESS_FLAGS_RDONLY, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_map_get_pin_path (reader), ==, path);
  g_assert_true (ebpf_map_lookup_raw (reader, &key, &value, 0, &error));
  g_assert_false (ebpf_map_update_raw (reader, &key, &value, 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY, "*for reading only");
  g_assert_cmpint (ebpf_error_get_errno (error), ==, EPERM);
  g_clear_error (&error);

  writer = ebpf_map_new_from_pin_full (-1, path, EBPF_ACCESS_FLAGS_WRONLY, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_update_raw (writer, &key, &value, 0, &error));
  g_assert_false (ebpf_map_lookup_raw (writer, &key, &value, 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION, "*for writing only");
  g_clear_error (&error);

  g_assert_null (ebpf_map_new_from_pin_full (
      -1, path, EBPF_ACCESS_FLAGS_RDONLY | EBPF_ACCESS_FLAGS_WRONLY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*(EINVAL); *not for both");
  g_clear_error (&error);
  g_assert_null (ebpf_map_new_from_pin_full (-1, path, (EbpfAccessFlags) (1u << 30), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_true (ebpf_map_unpin (map, &error));
  g_assert_no_error (error);
}

static void
test_by_name (void)
{
  static const EbpfMapType types[] = { EBPF_MAP_TYPE_ARRAY, EBPF_MAP_TYPE_HASH,
                                       EBPF_MAP_TYPE_DEVMAP, EBPF_MAP_TYPE_DEVMAP_HASH };
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GError) error = NULL;

  if (!prepare ())
    return;

  ebpf_load_options_set_pin_path (options, bpffs);
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("my.map", types[i], 4, 4, 4);
      g_autoptr (EbpfMap) first = NULL;
      g_autoptr (EbpfMap) second = NULL;
      g_autofree char *path = in_bpffs ("my_map");

      ebpf_map_spec_set_pinning (spec, EBPF_PINNING_BY_NAME);
      ebpf_load_options_set_pin_access_flags (options, EBPF_ACCESS_FLAGS_NONE);
      first = ebpf_map_new_full (spec, options, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (ebpf_map_get_pin_path (first), ==, path);
      second = ebpf_map_new_full (spec, options, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (ebpf_map_get_id (first), ==, ebpf_map_get_id (second));
      g_assert_cmpstr (ebpf_map_get_name (second), ==, "my.map");
      g_clear_object (&second);

      /* What the one that is there is opened for. */
      ebpf_load_options_set_pin_access_flags (options, EBPF_ACCESS_FLAGS_RDONLY);
      second = ebpf_map_new_full (spec, options, &error);
      g_assert_no_error (error);
      g_assert_false (ebpf_map_delete_key (second, g_variant_new_uint32 (0), &error));
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY);
      g_clear_error (&error);
      ebpf_load_options_set_pin_access_flags (options, (EbpfAccessFlags) (1u << 30));
      g_assert_null (ebpf_map_new_full (spec, options, &error));
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
      g_assert_cmpint (ebpf_error_get_errno (error), ==, EINVAL);
      g_clear_error (&error);
      ebpf_load_options_set_pin_access_flags (options, EBPF_ACCESS_FLAGS_NONE);

      /* It has to fit, and stays where it does not. */
      ebpf_map_spec_set_max_entries (spec, 5);
      g_assert_null (ebpf_map_new_full (spec, options, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                      "map \"my.map\", pinned at *my_map*max-entries is 4, not 5*");
      g_clear_error (&error);
      g_assert_true (ebpf_map_unpin (first, &error));
      g_assert_no_error (error);
    }

  {
    g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("", EBPF_MAP_TYPE_ARRAY, 4, 4, 4);
    g_autoptr (EbpfMap) map = NULL;

    ebpf_map_spec_set_pinning (spec, EBPF_PINNING_BY_NAME);
    g_assert_null (ebpf_map_new_full (spec, options, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*has none");
    g_clear_error (&error);
    ebpf_map_spec_set_pinning (spec, (EbpfPinning) 7);
    g_assert_null (ebpf_map_new_full (spec, options, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*(7)*");
    g_clear_error (&error);
    ebpf_map_spec_set_pinning (spec, EBPF_PINNING_NONE);
    map = ebpf_map_new_full (spec, NULL, &error);
    g_assert_no_error (error);
    g_assert_null (ebpf_map_get_pin_path (map));
  }

  /* A folder that is in no bpffs: nothing is made. */
  {
    g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("x", EBPF_MAP_TYPE_ARRAY, 4, 4, 4);

    ebpf_map_spec_set_pinning (spec, EBPF_PINNING_BY_NAME);
    ebpf_load_options_set_pin_path (options, "/tmp");
    g_assert_null (ebpf_map_new_full (spec, options, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*bpffs*");
  }
}

/* Moving a name never goes over another, and follows what others did to it. */
static void
test_move (void)
{
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autoptr (EbpfMap) opened = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *here = NULL;
  g_autofree char *there = NULL;
  g_autofree char *elsewhere = NULL;

  if (!prepare ())
    return;

  here = in_bpffs ("here");
  there = in_bpffs ("there");
  elsewhere = g_strdup ("/tmp/ebpf-test-no-bpffs");
  map = new_map ("moved");
  other = new_map ("other");
  g_assert_true (ebpf_map_pin (map, here, &error));
  g_assert_true (ebpf_map_pin (other, there, &error));
  g_assert_no_error (error);

  /* The other's stays the other's, and ours where it was. */
  g_assert_false (ebpf_map_pin (map, there, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_cmpstr (ebpf_map_get_pin_path (map), ==, here);
  opened = ebpf_map_new_from_pin (there, &error);
  g_assert_cmpuint (ebpf_map_get_id (opened), ==, ebpf_map_get_id (other));
  g_clear_object (&opened);
  opened = ebpf_map_new_from_pin (here, &error);
  g_assert_cmpuint (ebpf_map_get_id (opened), ==, ebpf_map_get_id (map));

  /* Out of the bpffs it does not go. */
  g_assert_false (ebpf_map_pin (map, elsewhere, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*bpffs*");
  g_clear_error (&error);
  g_assert_cmpstr (ebpf_map_get_pin_path (map), ==, here);
  g_assert_no_errno (access (here, F_OK));

  /* What was opened by its pin takes it away. */
  g_assert_true (ebpf_map_unpin (opened, &error));
  g_assert_no_error (error);
  g_assert_cmpint (access (here, F_OK), ==, -1);
  /* Gone already; and a copy has no pin. */
  g_assert_true (ebpf_map_unpin (map, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_map_unpin (other, &error));
  g_clear_object (&opened);
  g_assert_true (ebpf_map_pin (map, here, &error));
  opened = ebpf_map_dup (map, &error);
  g_assert_null (ebpf_map_get_pin_path (opened));
  g_assert_true (ebpf_map_unpin (map, &error));

  /* A pin that cannot be taken away stays known. */
  g_assert_true (ebpf_map_pin (map, here, &error));
  g_assert_no_errno (unlink (here));
  g_assert_no_errno (mkdir (here, 0700));
  g_assert_false (ebpf_map_unpin (map, &error));
  g_assert_nonnull (error);
  g_assert_cmpstr (ebpf_map_get_pin_path (map), ==, here);
  g_assert_no_errno (rmdir (here));
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);
  /* Makes its mount namespace while there is one thread. */
  bpffs = ebpf_test_bpffs ();

  ebpf_test_add ("/link/pins/open", test_open);
  ebpf_test_add ("/link/pins/walk", test_walk);
  ebpf_test_add ("/link/pins/folder-fd", test_folder_fd);
  ebpf_test_add ("/link/pins/open-flags", test_open_flags);
  ebpf_test_add ("/link/pins/by-name", test_by_name);
  ebpf_test_add ("/link/pins/move", test_move);

  return g_test_run ();
}
