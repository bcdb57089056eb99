/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-perf-event-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ebpf-test.h"

typedef struct
{
  int errsv;
  guint n_failures;
  guint n_calls;
} Fault;

static int
fail (EbpfSysCommand command, gpointer user_data)
{
  Fault *fault = user_data;

  return fault->n_calls++ < fault->n_failures ? fault->errsv : 0;
}

static int
create_array (void)
{
  EbpfSysMapCreate attr;

  memset (&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = 8;
  attr.max_entries = 1;
  ebpf_sys_copy_name (attr.map_name, "test map/1.x");

  return ebpf_sys_bpf (EBPF_SYS_MAP_CREATE, &attr, sizeof attr);
}

static void
test_fd (void)
{
  struct bpf_map_info info;
  int saved, fd, copy;

  if (!ebpf_test_require_bpf ())
    return;

  /* With standard input closed the kernel would answer with fd 0. */
  saved = fcntl (0, F_DUPFD_CLOEXEC, 3);
  g_assert_cmpint (saved, >=, 3);
  close (0);
  fd = create_array ();
  g_assert_cmpint (dup2 (saved, 0), ==, 0);
  close (saved);

  g_assert_cmpint (fd, >=, 3);
  g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);

  g_assert_cmpint (ebpf_sys_get_info (fd, &info, sizeof info), ==, 0);
  g_assert_cmpuint (info.value_size, ==, 8);
  g_assert_cmpstr (info.name, ==, "testmap1.x");

  copy = ebpf_sys_get_fd_by_id (EBPF_SYS_MAP_GET_FD_BY_ID, info.id);
  g_assert_cmpint (copy, >=, 3);
  ebpf_sys_clear_fd (&copy);
  g_assert_cmpint (copy, ==, -1);

  copy = ebpf_sys_dup_fd (fd, NULL);
  g_assert_cmpint (copy, >=, 3);
  g_assert_cmpint (fcntl (copy, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  ebpf_sys_clear_fd (&copy);

  ebpf_sys_clear_fd (&fd);
  errno = ENOMSG;
  ebpf_sys_clear_fd (&fd);
  g_assert_cmpint (errno, ==, ENOMSG);
}

static void
test_dup_error (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ebpf_sys_dup_fd (-1, &error), ==, -1);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "duplicating file descriptor -1: *(EBADF)");
  g_assert_cmpint (ebpf_error_get_errno (error), ==, EBADF);
}

static void
test_retry (void)
{
  static const struct bpf_insn insns[] = {
    { .code = BPF_ALU64 | BPF_MOV | BPF_K },
    { .code = BPF_JMP | BPF_EXIT },
  };
  EbpfSysProgLoad load;
  EbpfSysTestRun run;
  Fault fault = { EINTR, 3, 0 };
  int fd;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_sys_set_fault_func (fail, &fault);
  fd = create_array ();
  g_assert_cmpint (fd, >=, 3);
  g_assert_cmpuint (fault.n_calls, ==, 4);
  ebpf_sys_clear_fd (&fd);

  /* Loads are tried again on EAGAIN, others are not. */
  fault = (Fault){ EAGAIN, 1, 0 };
  g_assert_cmpint (create_array (), ==, -1);
  g_assert_cmpint (errno, ==, EAGAIN);
  g_assert_cmpuint (fault.n_calls, ==, 1);

  memset (&load, 0, sizeof load);
  load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  load.insns = EBPF_PTR_TO_U64 (insns);
  load.insn_cnt = 2;
  load.license = EBPF_PTR_TO_U64 ("GPL");
  fault = (Fault){ EAGAIN, 2, 0 };
  fd = ebpf_sys_bpf (EBPF_SYS_PROG_LOAD, &load, sizeof load);
  g_assert_cmpint (fd, >=, 3);
  g_assert_cmpuint (fault.n_calls, ==, 3);
  ebpf_sys_clear_fd (&fd);

  fault = (Fault){ EAGAIN, G_MAXUINT, 0 };
  g_assert_cmpint (ebpf_sys_bpf (EBPF_SYS_PROG_LOAD, &load, sizeof load), ==, -1);
  g_assert_cmpint (errno, ==, EAGAIN);
  g_assert_cmpuint (fault.n_calls, >, 2);
  g_assert_cmpuint (fault.n_calls, <, 100);

  /* A test run that was interrupted may have run. */
  memset (&run, 0, sizeof run);
  fault = (Fault){ EINTR, 1, 0 };
  g_assert_cmpint (ebpf_sys_bpf (EBPF_SYS_PROG_TEST_RUN, &run, sizeof run), ==, -1);
  g_assert_cmpint (errno, ==, EINTR);
  g_assert_cmpuint (fault.n_calls, ==, 1);

  ebpf_sys_set_fault_func (NULL, NULL);
}

static void
test_errno (void)
{
  static const struct
  {
    int errsv;
    const char *name;
    EbpfError code;
  } cases[] = {
    { EPERM, "EPERM", EBPF_ERROR_PERMISSION },
    { EACCES, "EACCES", EBPF_ERROR_PERMISSION },
    { ENOENT, "ENOENT", EBPF_ERROR_NOT_FOUND },
    { EEXIST, "EEXIST", EBPF_ERROR_EXISTS },
    { EINVAL, "EINVAL", EBPF_ERROR_INVALID_ARGUMENT },
    { ENAMETOOLONG, "ENAMETOOLONG", EBPF_ERROR_INVALID_ARGUMENT },
    { E2BIG, "E2BIG", EBPF_ERROR_LIMIT },
    { EMFILE, "EMFILE", EBPF_ERROR_LIMIT },
    { EBUSY, "EBUSY", EBPF_ERROR_BUSY },
    { ENOSYS, "ENOSYS", EBPF_ERROR_NOT_SUPPORTED },
    { EOPNOTSUPP, "EOPNOTSUPP", EBPF_ERROR_NOT_SUPPORTED },
    { 524, "ENOTSUPP", EBPF_ERROR_NOT_SUPPORTED },
    { EROFS, "EROFS", EBPF_ERROR_READ_ONLY },
    { 4711, "errno 4711", EBPF_ERROR_FAILED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *pattern =
          g_strdup_printf ("doing %" G_GSIZE_FORMAT ": * (%s)*", i, cases[i].name);

      g_assert_cmpstr (ebpf_sys_errno_name (cases[i].errsv), ==, cases[i].name);
      ebpf_sys_set_error (&error, cases[i].errsv, "doing %" G_GSIZE_FORMAT, i);
      ebpf_test_assert_error_matches (error, EBPF_ERROR, (gint) cases[i].code, pattern);
      g_assert_cmpint (ebpf_error_get_errno (error), ==, cases[i].errsv);
    }

  /* Nobody to tell: fine. */
  ebpf_sys_set_error (NULL, EPERM, "doing");
}

static void
test_errno_hint (void)
{
  g_autoptr (GError) error = NULL;

  ebpf_sys_set_error (&error, EMFILE, "opening");
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT, "*RLIMIT_NOFILE*");
  g_clear_error (&error);

  ebpf_sys_set_error_with_hint (&error, EBPF_ERROR_READ_ONLY, EPERM, "it is frozen", "map '%s'",
                                "m");
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_READ_ONLY,
                                  "map 'm': *(EPERM); it is frozen");
}

static void
test_copy_name (void)
{
  char name[EBPF_SYS_NAME_SIZE];

  ebpf_sys_copy_name (name, "abc_DEF-09 ü");
  g_assert_cmpstr (name, ==, "abc_DEF09");
  ebpf_sys_copy_name (name, "0123456789abcdefgh");
  g_assert_cmpstr (name, ==, "0123456789abcde");
  ebpf_sys_copy_name (name, NULL);
  for (guint i = 0; i < sizeof name; i++)
    g_assert_cmpint (name[i], ==, 0);
}

static void
test_perf_event (void)
{
  struct perf_event_attr attr = { 0 };
  g_autoptr (GError) error = NULL;
  guint64 id;
  int fd;

  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.disabled = 1;
  fd = ebpf_perf_event_open (&attr, 0, -1, -1);
  if (fd < 0)
    {
      g_test_skip ("perf_event_open(2) cannot be used");
      return;
    }

  g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  g_assert_no_errno (ebpf_perf_event_enable (fd));
  g_assert_no_errno (ebpf_perf_event_get_id (fd, &id));
  g_assert_no_errno (ebpf_perf_event_disable (fd));
  g_assert_cmpint (ebpf_perf_event_set_bpf (fd, -1), ==, -1);
  ebpf_perf_event_set_error (&error, EPERM, "perf event %s", "x");
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PERMISSION,
                                  "perf event x: *(EPERM); *");
  ebpf_sys_clear_fd (&fd);
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/sys/sys/fd", test_fd);
  ebpf_test_add ("/sys/sys/dup-error", test_dup_error);
  ebpf_test_add ("/sys/sys/retry", test_retry);
  ebpf_test_add ("/sys/sys/errno", test_errno);
  ebpf_test_add ("/sys/sys/errno-hint", test_errno_hint);
  ebpf_test_add ("/sys/sys/copy-name", test_copy_name);
  ebpf_test_add ("/sys/sys/perf-event", test_perf_event);

  return g_test_run ();
}
