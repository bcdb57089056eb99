/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpf-test.h"

#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  GTestFunc func;
  GTestDataFunc data_func;
  gconstpointer data;
} TestCase;

/* "fd -> target" of every descriptor, so that a failure can say which one it was. */
static GHashTable *
snapshot_fds (void)
{
  GHashTable *fds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  DIR *dir = opendir ("/proc/self/fd");
  struct dirent *entry;

  g_assert_nonnull (dir);
  while ((entry = readdir (dir)) != NULL)
    {
      g_autofree char *path = NULL;
      g_autofree char *target = NULL;

      if (entry->d_name[0] == '.' || atoi (entry->d_name) == dirfd (dir))
        continue;

      path = g_strdup_printf ("/proc/self/fd/%s", entry->d_name);
      target = g_file_read_link (path, NULL);
      g_hash_table_insert (fds, g_strdup (entry->d_name), g_strdup (target ? target : "?"));
    }
  closedir (dir);

  return fds;
}

guint
ebpf_test_count_fds (void)
{
  g_autoptr (GHashTable) fds = snapshot_fds ();

  return g_hash_table_size (fds);
}

static void
warm_up (void)
{
  /* What GLib opens once and keeps: the worker thread's eventfd, the default context's wake-up. */
  g_main_context_iteration (NULL, FALSE);
  g_object_unref (g_cancellable_new ());
}

/* What the library keeps of the kernel's modules, whose type information is open; on a kernel that
 * has modules. */
extern void ebpf_btf_drop_kernel (void) __attribute__ ((weak));

static void
drop_kept (GHashTable **fds)
{
  GHashTableIter iter;
  gpointer target;

  g_hash_table_iter_init (&iter, *fds);
  while (g_hash_table_iter_next (&iter, NULL, &target))
    if (strstr (target, "anon_inode:btf") != NULL && ebpf_btf_drop_kernel != NULL)
      {
        ebpf_btf_drop_kernel ();
        g_hash_table_unref (*fds);
        *fds = snapshot_fds ();
        return;
      }
}

static void
run_case (gconstpointer data)
{
  const TestCase *test_case = data;
  g_autoptr (GHashTable) before = NULL;
  g_autoptr (GHashTable) after = NULL;
  GHashTableIter iter;
  gpointer fd, target;

  warm_up ();
  before = snapshot_fds ();
  drop_kept (&before);

  if (test_case->func != NULL)
    test_case->func ();
  else
    test_case->data_func (test_case->data);

  /* What the test left to the main context to clean up. */
  while (g_main_context_iteration (NULL, FALSE))
    ;

  after = snapshot_fds ();
  drop_kept (&after);

  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &fd, &target))
    if (!g_hash_table_contains (before, fd) && strstr (target, "[eventfd]") == NULL)
      {
        g_test_message ("left open: fd %s -> %s", (char *) fd, (char *) target);
        g_test_fail ();
      }

  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &fd, &target))
    if (!g_hash_table_contains (after, fd))
      {
        g_test_message ("closed though not its own: fd %s -> %s", (char *) fd, (char *) target);
        g_test_fail ();
      }
}

void
ebpf_test_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
}

/* Kept to the end: a case that is not run, as in a subprocess, would be taken for a leak. */
static TestCase *
new_case (void)
{
  static GPtrArray *cases;

  if (cases == NULL)
    cases = g_ptr_array_new ();
  g_ptr_array_add (cases, g_new0 (TestCase, 1));

  return g_ptr_array_index (cases, cases->len - 1);
}

void
ebpf_test_add (const char *path, GTestFunc func)
{
  TestCase *test_case = new_case ();

  test_case->func = func;
  g_test_add_data_func (path, test_case, run_case);
}

void
ebpf_test_add_data (const char *path, gconstpointer data, GTestDataFunc func)
{
  TestCase *test_case = new_case ();

  test_case->data_func = func;
  test_case->data = data;
  g_test_add_data_func (path, test_case, run_case);
}

gboolean
ebpf_test_require_bpf (void)
{
  union bpf_attr attr;
  int fd;

  memset (&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = 4;
  attr.max_entries = 1;

  fd = (int) syscall (SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr);
  if (fd < 0)
    {
      g_autofree char *reason = g_strdup_printf ("bpf(2) cannot be used: %s", g_strerror (errno));

      g_test_skip (reason);
      return FALSE;
    }

  close (fd);
  return TRUE;
}

gboolean
ebpf_test_require_kernel (guint major, guint minor)
{
  struct utsname name;
  guint have_major = 0, have_minor = 0;
  g_autofree char *reason = NULL;

  g_assert_no_errno (uname (&name));
  if (sscanf (name.release, "%u.%u", &have_major, &have_minor) == 2 &&
      (have_major > major || (have_major == major && have_minor >= minor)))
    return TRUE;

  reason = g_strdup_printf ("needs Linux %u.%u, this is %s", major, minor, name.release);
  g_test_skip (reason);
  return FALSE;
}

gboolean
ebpf_test_require_mounts (void)
{
  int status = -1;
  pid_t child = fork ();

  if (child == 0)
    _exit (unshare (CLONE_NEWNS) != 0 || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0);

  g_assert_no_errno (child);
  g_assert_no_errno (waitpid (child, &status, 0));
  if (status == 0)
    return TRUE;

  g_test_skip ("nothing can be mounted over here: needs root, and no chroot");
  return FALSE;
}

const char *
ebpf_test_bpffs (void)
{
  static const char *path = "/sys/fs/bpf";
  static gboolean tried, mounted;

  if (!tried)
    {
      tried = TRUE;
      mounted = unshare (CLONE_NEWNS) == 0 &&
                mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                mount ("bpf", path, "bpf", 0, NULL) == 0;
    }

  if (!mounted)
    {
      g_test_skip ("a private bpffs cannot be mounted here");
      return NULL;
    }

  return path;
}

char *
ebpf_test_object (const char *name)
{
  const char *folder = g_getenv ("EBPF_TEST_OBJECTS");

  if (folder == NULL)
    g_error ("EBPF_TEST_OBJECTS is not set; run the test by `meson test` or ./dev test");

  return g_build_filename (folder, name, NULL);
}

GBytes *
ebpf_test_object_bytes (const char *name)
{
  g_autofree char *path = ebpf_test_object (name);
  g_autoptr (GError) error = NULL;
  char *contents;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, &error))
    g_error ("%s", error->message);

  return g_bytes_new_take (contents, length);
}

static gboolean
on_timeout (gpointer user_data)
{
  gboolean *expired = user_data;

  *expired = TRUE;
  return G_SOURCE_REMOVE;
}

void
ebpf_test_wait_for (gboolean *flag)
{
  gboolean expired = FALSE;
  guint source = g_timeout_add_seconds (10, on_timeout, &expired);

  while (!*flag && !expired)
    g_main_context_iteration (NULL, TRUE);

  if (expired)
    {
      g_test_message ("timed out");
      g_test_fail ();
    }
  else
    {
      g_source_remove (source);
    }
}

GBytes *
ebpf_test_change_relocation (GBytes *object, guint type_id, guint from, guint to)
{
  gsize size, found = 0;
  const guint8 *data = g_bytes_get_data (object, &size);
  guint8 *copy = g_memdup2 (data, size);

  /* struct bpf_core_relo: offset of the instruction, type, offset of the access string, kind */
  for (gsize i = 0; i + 16 <= size; i += 4)
    {
      guint32 record[4];

      memcpy (record, data + i, sizeof record);
      if (record[0] % 8 != 0 || record[0] > G_MAXUINT16 || record[1] != type_id || record[2] == 0 ||
          record[2] > G_MAXUINT16 || (record[3] != from && record[3] != to))
        continue;

      g_assert_cmpuint (found, ==, 0);
      found = i;
      record[3] = to;
      memcpy (copy + i, record, sizeof record);
    }
  g_assert_cmpuint (found, !=, 0);

  return g_bytes_new_take (copy, size);
}
