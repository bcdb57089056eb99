/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attaching as on a kernel without links: BPF_LINK_CREATE is made to fail. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link-test.h"
#include "sys/ebpf-sys-private.h"
#include "sys/ebpf-tracefs-private.h"

static int
no_links (EbpfSysCommand command, gpointer user_data)
{
  return command == EBPF_SYS_LINK_CREATE ? EINVAL : 0;
}

static void
check_without_link (EbpfLink *link)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ebpf_link_query_info (link, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (ebpf_link_pin (link, "/sys/fs/bpf/x", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (ebpf_link_update (link, ebpf_link_get_program (link), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
}

static void
test_tracepoint (void)
{
  static const char *const programs[] = { "on_exec", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  LinkTestExecer execer;
  EbpfProgram *program;

  if (!ebpf_test_require_bpf ())
    return;

  link_test_execer_start (&execer);
  spec = link_test_open ("hooks.bpf.o", execer.pid);
  collection = link_test_load (spec, programs);
  program = ebpf_collection_get_program (collection, "on_exec");

  link = ebpf_program_attach (program, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_TRACEPOINT_LINK (link));
  check_without_link (link);
  link_test_execer_exec (&execer);
  g_assert_cmpuint (link_test_count (collection, HOOK_TRACEPOINT), ==, 1);

  g_assert_true (ebpf_link_detach (link, &error));
  g_assert_no_error (error);
  link_test_execer_exec (&execer);
  g_assert_cmpuint (link_test_count (collection, HOOK_TRACEPOINT), ==, 1);
  g_clear_object (&link);

  /* Dropped instead of closed. */
  link = ebpf_program_attach (program, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&link);
  link_test_execer_exec (&execer);
  g_assert_cmpuint (link_test_count (collection, HOOK_TRACEPOINT), ==, 1);

  g_assert_null (
      ebpf_program_attach (program, g_variant_new_parsed ("{'cookie': <uint64 1>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "*tracepoint sched/sched_process_exec*5.15*");

  link_test_execer_stop (&execer);
}

/* How many programs are on the group's egress. */
static guint
count_attached (const char *path)
{
  union bpf_attr attr;
  guint32 ids[8];
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  g_assert_no_errno (fd);
  memset (&attr, 0, sizeof attr);
  attr.query.target_fd = (guint32) fd;
  attr.query.attach_type = EBPF_ATTACH_TYPE_CGROUP_INET_EGRESS;
  attr.query.prog_ids = EBPF_PTR_TO_U64 (ids);
  attr.query.prog_cnt = G_N_ELEMENTS (ids);
  g_assert_no_errno (ebpf_sys_bpf (EBPF_SYS_PROG_QUERY, &attr, sizeof attr));
  close (fd);

  return attr.query.prog_cnt;
}

static void
test_cgroup (void)
{
  static const char *const programs[] = { "on_egress", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) first = NULL;
  g_autoptr (EbpfLink) second = NULL;
  g_autoptr (GPtrArray) mounts = ebpf_sys_list_mounts ("cgroup2");
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  EbpfProgram *program;

  if (!ebpf_test_require_bpf ())
    return;
  if (mounts->len > 0)
    path =
        g_strdup_printf ("%s/ebpf-fallback-%d", (char *) g_ptr_array_index (mounts, 0), getpid ());
  if (path == NULL || mkdir (path, 0755) != 0)
    {
      g_test_skip ("a folder of cgroup v2 cannot be made here");
      return;
    }

  spec = link_test_open ("hooks.bpf.o", 0);
  collection = link_test_load (spec, programs);
  program = ebpf_collection_get_program (collection, "on_egress");

  first =
      EBPF_LINK (ebpf_cgroup_link_new (program, path, EBPF_ATTACH_TYPE_CGROUP_INET_EGRESS, &error));
  g_assert_no_error (error);
  check_without_link (first);
  g_assert_cmpuint (count_attached (path), ==, 1);

  /* Detaching needs the program: it may be closed before. */
  ebpf_program_close (program);
  g_assert_true (ebpf_link_detach (first, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_attached (path), ==, 0);

  g_clear_object (&collection);
  collection = link_test_load (spec, programs);
  program = ebpf_collection_get_program (collection, "on_egress");
  second =
      EBPF_LINK (ebpf_cgroup_link_new (program, path, EBPF_ATTACH_TYPE_CGROUP_INET_EGRESS, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_attached (path), ==, 1);
  g_clear_object (&second);
  g_assert_cmpuint (count_attached (path), ==, 0);

  g_assert_no_errno (rmdir (path));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);
  ebpf_sys_set_fault_func (no_links, NULL);

  ebpf_test_add ("/link/fallback/tracepoint", test_tracepoint);
  ebpf_test_add ("/link/fallback/cgroup", test_cgroup);

  return g_test_run ();
}
