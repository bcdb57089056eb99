/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What all links have in common: life, signals, pins; and attaching whole collections. */

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "link-test.h"

static void
call (guint n)
{
  for (guint i = 0; i < n; i++)
    syscall (SYS_getppid);
}

/* Whether the program on sys_enter runs. */
static gboolean
is_attached (EbpfCollection *collection)
{
  guint64 count = link_test_count (collection, HOOK_RAW_TRACEPOINT);

  call (10);
  return link_test_count (collection, HOOK_RAW_TRACEPOINT) >= count + 10;
}

static EbpfCollection *
load_on_sys_enter (void)
{
  static const char *const programs[] = { "on_sys_enter", NULL };
  g_autoptr (EbpfCollectionSpec) spec = link_test_open ("hooks.bpf.o", getpid ());

  return link_test_load (spec, programs);
}

static void
on_program_signal (EbpfProgram *program, EbpfLink *link, GString *log)
{
  g_string_append (log, ebpf_link_is_open (link) ? "p" : "P");
}

static void
on_link_signal (EbpfLink *link, GString *log)
{
  g_string_append (log, ebpf_link_is_open (link) ? "l" : "L");
}

static void
on_notify (EbpfLink *link, GParamSpec *pspec, GString *log)
{
  g_string_append_printf (log, "(%s)", pspec->name);
}

static void
test_signals (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (EbpfProgram) link_program = NULL;
  g_autofree char *target = NULL;
  EbpfProgram *program;
  gboolean open;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load_on_sys_enter ();
  program = ebpf_collection_get_program (collection, "on_sys_enter");
  g_signal_connect (program, "attached", G_CALLBACK (on_program_signal), log);
  g_signal_connect (program, "detached", G_CALLBACK (on_program_signal), log);

  link = ebpf_program_attach (program, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (log->str, ==, "p");

  g_object_get (link, "program", &link_program, "target", &target, "open", &open, NULL);
  g_assert_true (link_program == program);
  g_assert_cmpstr (target, ==, "raw tracepoint sys_enter");
  g_assert_true (open);

  g_string_truncate (log, 0);
  g_signal_connect (link, "detached", G_CALLBACK (on_link_signal), log);
  g_signal_connect (link, "closed", G_CALLBACK (on_link_signal), log);
  g_signal_connect (link, "notify", G_CALLBACK (on_notify), log);
  ebpf_link_close (link);
  g_assert_cmpstr (log->str, ==, "(open)LPL");
  ebpf_link_close (link);
  g_assert_true (ebpf_link_detach (link, &error));
  g_assert_cmpstr (log->str, ==, "(open)LPL");
}

/* The program may be closed, and the collection too, before the link. */
static void
test_program_closed_first (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  guint32 key = HOOK_RAW_TRACEPOINT;
  guint64 before, after;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load_on_sys_enter ();
  link =
      ebpf_program_attach (ebpf_collection_get_program (collection, "on_sys_enter"), NULL, &error);
  g_assert_no_error (error);

  map = ebpf_collection_take_map (collection, "counts");
  ebpf_program_close (ebpf_collection_get_program (collection, "on_sys_enter"));
  ebpf_collection_close (collection);

  ebpf_map_lookup_raw (map, &key, &before, 0, &error);
  g_assert_no_error (error);
  call (10);
  ebpf_map_lookup_raw (map, &key, &after, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (after, >=, before + 10);

  g_assert_true (ebpf_link_detach (link, &error));
  g_assert_no_error (error);
  ebpf_map_lookup_raw (map, &key, &before, 0, &error);
  g_assert_no_error (error);
  call (10);
  ebpf_map_lookup_raw (map, &key, &after, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (after, ==, before);
}

/* Older kernels take off what was pinned some time after the last pin is gone. */
static void
assert_comes_off (EbpfCollection *collection)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (is_attached (collection))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (10000);
    }
}

static void
test_pin (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (EbpfLink) by_id = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *map_path = NULL;
  g_autoptr (GString) log = g_string_new (NULL);
  const char *bpffs;
  guint32 id;

  if (!ebpf_test_require_bpf ())
    return;
  bpffs = ebpf_test_bpffs ();
  if (bpffs == NULL)
    return;

  path = g_build_filename (bpffs, "link", NULL);
  map_path = g_build_filename (bpffs, "map", NULL);
  collection = load_on_sys_enter ();
  link =
      ebpf_program_attach (ebpf_collection_get_program (collection, "on_sys_enter"), NULL, &error);
  g_assert_no_error (error);

  g_assert_true (ebpf_link_unpin (link, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_link_pin (link, "/tmp/not-a-bpffs", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "pinning raw tracepoint*bpffs*");
  g_clear_error (&error);

  g_signal_connect (link, "notify::pin-path", G_CALLBACK (on_notify), log);
  g_assert_true (ebpf_link_pin (link, path, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_link_pin (link, path, &error));
  g_assert_cmpstr (log->str, ==, "(pin-path)");
  g_assert_cmpstr (ebpf_link_get_pin_path (link), ==, path);

  info = ebpf_link_query_info (link, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "id", "u", &id));

  /* The pin keeps it attached: closing is not detaching. */
  g_signal_connect (link, "detached", G_CALLBACK (on_link_signal), log);
  g_string_truncate (log, 0);
  ebpf_link_close (link);
  g_assert_cmpstr (log->str, ==, "");
  g_assert_true (is_attached (collection));
  g_clear_object (&link);

  link = ebpf_link_from_pin (path, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_RAW_TRACEPOINT_LINK (link));
  g_assert_cmpstr (ebpf_link_get_target (link), ==, "raw tracepoint sys_enter");
  g_assert_cmpstr (ebpf_link_get_pin_path (link), ==, path);
  g_assert_cmpuint (ebpf_program_get_id (ebpf_link_get_program (link)), ==,
                    ebpf_program_get_id (ebpf_collection_get_program (collection, "on_sys_enter")));
  by_id = ebpf_link_from_id (id, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_RAW_TRACEPOINT_LINK (by_id));
  ebpf_link_close (by_id);

  g_assert_true (ebpf_link_unpin (link, &error));
  g_assert_no_error (error);
  g_assert_null (ebpf_link_get_pin_path (link));
  g_assert_true (is_attached (collection));
  ebpf_link_close (link);
  assert_comes_off (collection);
  g_clear_object (&link);

  /* Detaching takes it off for good, pin or not. */
  link =
      ebpf_program_attach (ebpf_collection_get_program (collection, "on_sys_enter"), NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_link_pin (link, path, &error));
  g_assert_true (ebpf_link_detach (link, &error));
  g_assert_no_error (error);
  assert_comes_off (collection);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_clear_object (&link);

  /* Not there; not a link. */
  g_assert_null (ebpf_link_from_pin (path, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (ebpf_map_pin (ebpf_collection_get_map (collection, "counts"), map_path, &error));
  g_assert_null (ebpf_link_from_pin (map_path, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*not a link*");
  g_clear_error (&error);
  g_assert_true (ebpf_map_unpin (ebpf_collection_get_map (collection, "counts"), &error));
  g_assert_no_error (error);
  g_assert_null (ebpf_link_from_id (G_MAXUINT - 1, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
}

/* Links opened by id have the class of their kind. */
static void
test_classes (void)
{
  static const char *const programs[] = { "on_exec", "on_exec_btf", "on_return", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 6))
    return;

  spec = link_test_open ("hooks.bpf.o", getpid ());
  ebpf_program_spec_set_attach_to (ebpf_collection_spec_get_program (spec, "on_return"),
                                   "/proc/self/exe:main");
  collection = link_test_load (spec, programs);
  for (guint i = 0; programs[i] != NULL; i++)
    {
      g_autoptr (EbpfLink) link = NULL;
      g_autoptr (EbpfLink) again = NULL;
      g_autoptr (GVariant) info = NULL;
      guint32 id;

      link =
          ebpf_program_attach (ebpf_collection_get_program (collection, programs[i]), NULL, &error);
      g_assert_no_error (error);
      info = ebpf_link_query_info (link, &error);
      g_assert_no_error (error);
      g_assert_true (g_variant_lookup (info, "id", "u", &id));

      again = ebpf_link_from_id (id, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (G_OBJECT_TYPE_NAME (again), ==, G_OBJECT_TYPE_NAME (link));
      if (i == 0)
        g_assert_cmpstr (ebpf_link_get_target (again), ==, "tracepoint sched_process_exec");
      if (i == 2)
        g_assert_true (g_str_has_prefix (ebpf_link_get_target (again), "uretprobe /"));
    }
}

static void
test_attach_all (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", getpid ());
  collection = ebpf_collection_new (spec);
  g_assert_null (ebpf_collection_attach_all (collection, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_clear_object (&collection);

  /* Three of the nine say all in their section. */
  collection = link_test_load (spec, NULL);
  links = ebpf_collection_attach_all (collection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (links->len, ==, 3);
  g_assert_true (is_attached (collection));
  g_clear_pointer (&links, g_ptr_array_unref);
  g_assert_false (is_attached (collection));

  ebpf_collection_close (collection);
  g_assert_null (ebpf_collection_attach_all (collection, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  g_clear_error (&error);
  g_clear_object (&collection);

  ebpf_program_spec_set_autoattach (ebpf_collection_spec_get_program (spec, "on_exec"), FALSE);
  collection = link_test_load (spec, NULL);
  links = ebpf_collection_attach_all (collection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (links->len, ==, 2);
}

static void
test_attach_all_or_nothing (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) log = g_string_new (NULL);
  guint n_fds;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", getpid ());
  ebpf_program_spec_set_attach_to (ebpf_collection_spec_get_program (spec, "on_function"),
                                   "/proc/self/exe:no_such_function");
  collection = link_test_load (spec, NULL);
  n_fds = ebpf_test_count_fds ();
  g_signal_connect (ebpf_collection_get_program (collection, "on_sys_enter"), "attached",
                    G_CALLBACK (on_program_signal), log);
  g_signal_connect (ebpf_collection_get_program (collection, "on_sys_enter"), "detached",
                    G_CALLBACK (on_program_signal), log);

  g_assert_null (ebpf_collection_attach_all (collection, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*on_function*no_such_function*");
  g_assert_false (is_attached (collection));
  g_assert_cmpuint (ebpf_test_count_fds (), ==, n_fds);
  /* One that was attached before the failure was detached again. */
  g_assert_true (strcmp (log->str, "") == 0 || strcmp (log->str, "pP") == 0);
}

/* Programs that were not loaded by this process have no section. */
static void
test_without_section (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfProgram) program = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  collection = load_on_sys_enter ();
  program = ebpf_program_new_from_id (
      ebpf_program_get_id (ebpf_collection_get_program (collection, "on_sys_enter")), &error);
  g_assert_no_error (error);

  g_assert_false (ebpf_program_can_attach (program));
  g_assert_null (ebpf_program_attach (program, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*\"tracepoint\" is needed*");
  g_clear_error (&error);

  link =
      ebpf_program_attach (program, g_variant_new_parsed ("{'tracepoint': <'sys_enter'>}"), &error);
  g_assert_no_error (error);
  g_assert_true (is_attached (collection));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/link/link/pin", test_pin);
  ebpf_test_add ("/link/link/signals", test_signals);
  ebpf_test_add ("/link/link/program-closed-first", test_program_closed_first);
  ebpf_test_add ("/link/link/classes", test_classes);
  ebpf_test_add ("/link/link/attach-all", test_attach_all);
  ebpf_test_add ("/link/link/attach-all-or-nothing", test_attach_all_or_nothing);
  ebpf_test_add ("/link/link/without-section", test_without_section);

  return g_test_run ();
}
