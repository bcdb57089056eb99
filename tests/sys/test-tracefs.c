/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-probe-pmu-private.h"
#include "sys/ebpf-sys-private.h"
#include "sys/ebpf-tracefs-private.h"

#include <errno.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "ebpf-test.h"

static void
test_mountinfo (void)
{
  static const char text[] =
      "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "31 27 0:11 / /sys/kernel/tracing rw,nosuid shared:14 master:2 - tracefs tracefs rw\n"
      "32 27 0:11 /events /srv/part rw - tracefs tracefs rw\n"
      "33 27 0:11 / /srv/with\\040space\\134and\\011tab rw - tracefs tracefs rw\n"
      "34 27 0:12 / /srv/tracefs rw - tmpfs tracefs rw\n"
      "35 27 0:11 / /cut\n"
      "36 27 0:11 / /cut2 rw -\n"
      "\n"
      "37 27 0:11 / /last rw - tracefs none rw";
  g_autoptr (GPtrArray) paths = ebpf_sys_parse_mountinfo (text, "tracefs");
  g_autoptr (GPtrArray) none = ebpf_sys_parse_mountinfo ("", "tracefs");
  g_autoptr (GPtrArray) proc = ebpf_sys_list_mounts ("proc");

  g_assert_cmpuint (paths->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (paths, 0), ==, "/sys/kernel/tracing");
  g_assert_cmpstr (g_ptr_array_index (paths, 1), ==, "/srv/with space\\and\ttab");
  g_assert_cmpstr (g_ptr_array_index (paths, 2), ==, "/last");
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpstr (g_ptr_array_index (proc, 0), ==, "/proc");
}

static void
test_tracepoint_id (void)
{
  g_autoptr (GError) error = NULL;
  guint64 exec = 0, fork = 0;

  if (geteuid () != 0)
    {
      g_test_skip ("tracefs is for root");
      return;
    }

  g_assert_true (ebpf_sys_get_tracepoint_id ("sched", "sched_process_exec", &exec, &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_sys_get_tracepoint_id ("sched", "sched_process_fork", &fork, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (exec, >, 0);
  g_assert_cmpuint (fork, >, 0);
  g_assert_cmpuint (exec, !=, fork);

  g_assert_false (ebpf_sys_get_tracepoint_id ("sched", "no_such_event", &exec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*sched/no_such_event*ENOENT*no such event*");
  g_clear_error (&error);

  g_assert_false (ebpf_sys_get_tracepoint_id ("no_such_category", "x", &exec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*no_such_category/x*no such category*");
}

static void
test_tracepoint_names (void)
{
  static const char *const names[][2] = {
    { "..", "id" },
    { "sched", ".." },
    { "sched/x", "y" },
    { "sched", "a/../b" },
    { "", "x" },
    { "sched", "" },
    { "sched", "a b" },
    { "sched", "1x" },
    { ".", "." },
    { "sched", "x\xff"
               "y" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      guint64 id;

      g_assert_false (ebpf_sys_get_tracepoint_id (names[i][0], names[i][1], &id, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                      "tracepoint \"*\"*");
    }
}

/* With a visible mount that one is used; without, a private one. */
static void
test_mounted (void)
{
  g_autoptr (GPtrArray) before = ebpf_sys_list_mounts ("tracefs");
  g_autoptr (GPtrArray) mounted = NULL;
  g_autofree char *folder = NULL;
  g_autoptr (GError) error = NULL;
  int fd;

  folder = g_dir_make_tmp ("ebpf-tracefs-XXXXXX", &error);
  g_assert_no_error (error);
  if (unshare (CLONE_NEWNS) != 0 || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount ("tracefs", folder, "tracefs", 0, NULL) != 0)
    {
      g_test_skip ("tracefs cannot be mounted here");
      rmdir (folder);
      return;
    }

  mounted = ebpf_sys_list_mounts ("tracefs");
  g_assert_cmpuint (mounted->len, ==, before->len + 1);

  fd = ebpf_sys_open_tracefs (&error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (faccessat (fd, "events", F_OK, 0), ==, 0);
  close (fd);

  g_assert_no_errno (umount2 (folder, MNT_DETACH));
  g_assert_no_errno (rmdir (folder));
}

static void
test_probe_pmu (void)
{
  g_autoptr (GError) error = NULL;
  EbpfSysProbePmu pmu;

  if (g_file_test ("/sys/bus/event_source/devices/uprobe", G_FILE_TEST_EXISTS))
    {
      g_assert_true (ebpf_sys_get_probe_pmu ("uprobe", &pmu, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (pmu.type, >, 0);
      g_assert_cmpint (pmu.retprobe_bit, ==, 0);
    }

  g_assert_false (ebpf_sys_get_probe_pmu ("nosuchprobe", &pmu, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*no nosuchprobes*");
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/sys/tracefs/mountinfo", test_mountinfo);
  ebpf_test_add ("/sys/tracefs/tracepoint-id", test_tracepoint_id);
  ebpf_test_add ("/sys/tracefs/tracepoint-names", test_tracepoint_names);
  ebpf_test_add ("/sys/tracefs/mounted", test_mounted);
  ebpf_test_add ("/sys/tracefs/probe-pmu", test_probe_pmu);

  return g_test_run ();
}
