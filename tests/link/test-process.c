/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hooks that a process runs into: tracepoints, probes, perf events. */

#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "link-test.h"

int ebpf_test_probed_function (int x);

__attribute__ ((noinline, noclone)) int
ebpf_test_probed_function (int x)
{
  __asm__ volatile("" : "+r"(x));
  return x + 1;
}

static GVariant *
options_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *options = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return options;
}

static gboolean
is_older_than (guint major, guint minor)
{
  struct utsname name;
  guint is_major = 0, is_minor = 0;

  g_assert_cmpint (uname (&name), ==, 0);
  g_assert_cmpint (sscanf (name.release, "%u.%u", &is_major, &is_minor), ==, 2);
  return is_major < major || (is_major == major && is_minor < minor);
}

static void
check_type_name (EbpfLink *link, const char *type_name)
{
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  const char *text;
  guint32 id, program_id;

  info = ebpf_link_query_info (link, &error);
  if (g_str_equal (type_name, "perf-event") && is_older_than (5, 15))
    {
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                      "*attached without a bpf_link*");
      return;
    }
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "type-name", "&s", &text));
  g_assert_cmpstr (text, ==, type_name);
  g_assert_true (g_variant_lookup (info, "id", "u", &id));
  g_assert_cmpuint (id, >, 0);
  g_assert_true (g_variant_lookup (info, "program-id", "u", &program_id));
  g_assert_cmpuint (program_id, ==, ebpf_program_get_id (ebpf_link_get_program (link)));
}

static void
check_exec_hook (const char *program_name, guint slot, GType type, const char *target)
{
  const char *const programs[] = { program_name, NULL };
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
  program = ebpf_collection_get_program (collection, program_name);
  g_assert_true (ebpf_program_can_attach (program));

  link_test_execer_exec (&execer);
  g_assert_cmpuint (link_test_count (collection, slot), ==, 0);

  link = ebpf_program_attach (program, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (G_TYPE_CHECK_INSTANCE_TYPE (link, type));
  g_assert_cmpstr (ebpf_link_get_target (link), ==, target);
  g_assert_true (ebpf_link_get_program (link) == program);
  g_assert_true (ebpf_link_is_open (link));
  g_assert_cmpint (ebpf_link_peek_fd (link), >=, 3);

  link_test_execer_exec (&execer);
  g_assert_cmpuint (link_test_count (collection, slot), ==, 1);
  link_test_execer_exec (&execer);
  g_assert_cmpuint (link_test_count (collection, slot), ==, 2);

  /* Such links are for one program. */
  g_assert_false (ebpf_link_update (link, program, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  g_assert_true (ebpf_link_detach (link, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_link_is_open (link));
  g_assert_cmpint (ebpf_link_peek_fd (link), ==, -1);
  link_test_execer_exec (&execer);
  g_assert_cmpuint (link_test_count (collection, slot), ==, 2);

  /* Once more does nothing; what needs an open link says so. */
  g_assert_true (ebpf_link_detach (link, &error));
  ebpf_link_close (link);
  g_assert_null (ebpf_link_query_info (link, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);

  link_test_execer_stop (&execer);
}

static void
test_tracepoint (void)
{
  check_exec_hook ("on_exec", HOOK_TRACEPOINT, EBPF_TYPE_TRACEPOINT_LINK,
                   "tracepoint sched/sched_process_exec");
}

static void
test_tp_btf (void)
{
  check_exec_hook ("on_exec_btf", HOOK_TP_BTF, EBPF_TYPE_TRACING_LINK,
                   "trace-raw-tp sched_process_exec");
}

static void
test_raw_tracepoint (void)
{
  static const char *const programs[] = { "on_sys_enter", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  guint64 count;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", getpid ());
  collection = link_test_load (spec, programs);
  link =
      ebpf_program_attach (ebpf_collection_get_program (collection, "on_sys_enter"), NULL, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_RAW_TRACEPOINT_LINK (link));
  check_type_name (link, "raw-tracepoint");

  count = link_test_count (collection, HOOK_RAW_TRACEPOINT);
  for (guint i = 0; i < 100; i++)
    syscall (SYS_getppid);
  g_assert_cmpuint (link_test_count (collection, HOOK_RAW_TRACEPOINT), >=, count + 100);

  ebpf_link_close (link);
  count = link_test_count (collection, HOOK_RAW_TRACEPOINT);
  for (guint i = 0; i < 100; i++)
    syscall (SYS_getppid);
  g_assert_cmpuint (link_test_count (collection, HOOK_RAW_TRACEPOINT), ==, count);
}

static void
call (guint n)
{
  volatile int sum = 0;

  for (guint i = 0; i < n; i++)
    sum += ebpf_test_probed_function ((int) i);
}

static void
test_uprobe (void)
{
  static const char *const programs[] = { "on_function", "on_return", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) entry = NULL;
  g_autoptr (EbpfLink) exit = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", getpid ());
  /* As the section "uprobe//proc/self/exe:ebpf_test_probed_function" would say. */
  ebpf_program_spec_set_attach_to (ebpf_collection_spec_get_program (spec, "on_function"),
                                   "/proc/self/exe:ebpf_test_probed_function");
  collection = link_test_load (spec, programs);

  g_assert_true (ebpf_program_can_attach (ebpf_collection_get_program (collection, "on_function")));
  g_assert_false (ebpf_program_can_attach (ebpf_collection_get_program (collection, "on_return")));

  entry =
      ebpf_program_attach (ebpf_collection_get_program (collection, "on_function"), NULL, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_UPROBE_LINK (entry));
  check_type_name (entry, "perf-event");
  exit = ebpf_program_attach (
      ebpf_collection_get_program (collection, "on_return"),
      options_of ("{'binary': <'/proc/self/exe'>, 'symbol': <'ebpf_test_probed_function'>}"),
      &error);
  g_assert_no_error (error);

  call (25);
  g_assert_cmpuint (link_test_count (collection, HOOK_UPROBE), ==, 25);
  g_assert_cmpuint (link_test_count (collection, HOOK_URETPROBE), ==, 25);

  ebpf_link_close (entry);
  call (5);
  g_assert_cmpuint (link_test_count (collection, HOOK_UPROBE), ==, 25);
  g_assert_cmpuint (link_test_count (collection, HOOK_URETPROBE), ==, 30);

  ebpf_link_close (exit);
  call (5);
  g_assert_cmpuint (link_test_count (collection, HOOK_URETPROBE), ==, 30);
}

static void
test_uprobe_library (void)
{
  static const char *const programs[] = { "on_function", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  EbpfProgram *program;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", getpid ());
  collection = link_test_load (spec, programs);
  program = ebpf_collection_get_program (collection, "on_function");

  /* Of this process alone. */
  link = ebpf_program_attach (
      program, options_of ("{'binary': <'libc.so.6'>, 'symbol': <'getppid'>, 'pid': <0>}"), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 7; i++)
    getppid ();
  g_assert_cmpuint (link_test_count (collection, HOOK_UPROBE), ==, 7);
  g_clear_object (&link);

  /* Dropping the last reference detached it. */
  getppid ();
  g_assert_cmpuint (link_test_count (collection, HOOK_UPROBE), ==, 7);

  /* Of another process. */
  link = ebpf_program_attach (
      program, options_of ("{'binary': <'libc.so.6'>, 'symbol': <'getppid'>, 'pid': <1>}"), &error);
  g_assert_no_error (error);
  getppid ();
  g_assert_cmpuint (link_test_count (collection, HOOK_UPROBE), ==, 7);
  g_clear_object (&link);

  /* Of all. */
  link = ebpf_program_attach (
      program, options_of ("{'binary': <'libc.so.6'>, 'symbol': <'getppid'>}"), &error);
  g_assert_no_error (error);
  getppid ();
  g_assert_cmpuint (link_test_count (collection, HOOK_UPROBE), ==, 8);
}

static void
test_uprobe_cookie (void)
{
  static const char *const programs[] = { "with_cookie", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 15))
    return;

  spec = link_test_open ("links.bpf.o", 0);
  collection = link_test_load (spec, programs);
  link = ebpf_program_attach (ebpf_collection_get_program (collection, "with_cookie"),
                              options_of ("{'binary': <'/proc/self/exe'>, 'symbol': "
                                          "<'ebpf_test_probed_function'>, 'cookie': <uint64 "
                                          "0x123456789abcd>}"),
                              &error);
  g_assert_no_error (error);
  call (2);
  g_assert_cmphex (link_test_count (collection, 3), ==, 2 * G_GUINT64_CONSTANT (0x123456789abcd));
}

static void
test_uprobe_errors (void)
{
  static const struct
  {
    const char *options;
    EbpfError code;
    const char *message;
  } cases[] = {
    { "{}", EBPF_ERROR_INVALID_ARGUMENT, "*on_function*\"binary\" is needed*" },
    { "{'binary': <'/proc/self/exe'>}", EBPF_ERROR_INVALID_ARGUMENT,
      "*on_function*\"symbol\" is needed*" },
    { "{'binary': <'/no/such'>, 'symbol': <'x'>}", EBPF_ERROR_NOT_FOUND,
      "attaching program \"on_function\" to uprobe /no/such:x: *ENOENT*" },
    { "{'binary': <'/proc/self/exe'>, 'symbol': <'no_such_function'>}", EBPF_ERROR_NOT_FOUND,
      "*no function \"no_such_function\"*" },
    { "{'binary': <'/proc/self/exe'>, 'symbol': <'main+'>}", EBPF_ERROR_INVALID_ARGUMENT,
      "*\"main+\" is not a place*" },
    { "{'binary': <'/proc/self/exe'>, 'offset': <uint64 0xffffffffff>}",
      EBPF_ERROR_INVALID_ARGUMENT, "*uprobe /proc/self/exe:0xffffffffff*EINVAL*" },
    { "{'binary': <'/proc/self/exe'>, 'symbol': <'main'>, 'pid': <0x7ffffff0>}",
      EBPF_ERROR_NOT_FOUND, "*ESRCH*no such process*" },
    { "{'binary': <'/proc/self/exe'>, 'symbol': <'main'>, 'pid': <-2>}", EBPF_ERROR_WRONG_TYPE,
      "*\"pid\"*-1 or more*" },
    { "{'binary': <true>, 'symbol': <'main'>}", EBPF_ERROR_WRONG_TYPE, "*\"binary\" is a string*" },
    { "{'interface': <'lo'>}", EBPF_ERROR_INVALID_ARGUMENT,
      "*no option \"interface\"*\"binary\", \"cookie\", \"offset\", \"pid\", \"retprobe\", "
      "\"symbol\"" },
  };
  static const char *const programs[] = { "on_function", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", getpid ());
  collection = link_test_load (spec, programs);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ebpf_program_attach (ebpf_collection_get_program (collection, "on_function"),
                                          options_of (cases[i].options), &error));
      g_assert_nonnull (error);
      ebpf_test_assert_error_matches (error, EBPF_ERROR, (gint) cases[i].code, cases[i].message);
    }
}

static void
check_kprobe (const char *program_name, guint slot, long (*trigger) (void), const char *target)
{
  const char *const programs[] = { program_name, NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("links.bpf.o", 0);
  collection = link_test_load (spec, programs);
  link = ebpf_program_attach (ebpf_collection_get_program (collection, program_name), NULL, &error);

  if (!g_file_test ("/sys/bus/event_source/devices/kprobe", G_FILE_TEST_EXISTS))
    {
      g_assert_null (link);
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                      "attaching program*CONFIG_KPROBES*");
      g_assert_nonnull (strstr (error->message, target));
      return;
    }

  g_assert_no_error (error);
  g_assert_true (EBPF_IS_KPROBE_LINK (link));
  trigger ();
  g_assert_cmpuint (link_test_count (collection, slot), >=, 1);
}

static long
sleep_a_little (void)
{
  g_usleep (10);
  return 0;
}

static long
get_group (void)
{
  return syscall (SYS_getpgid, 0);
}

static void
test_kprobe (void)
{
  check_kprobe ("on_sleep", 1, sleep_a_little, "kprobe do_nanosleep");
}

static void
test_ksyscall (void)
{
  check_kprobe ("on_call", 2, get_group, "kretprobe sys_getpgid");
}

static void
test_perf_event (void)
{
  static const char *const programs[] = { "on_sample", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  struct perf_event_attr attr = { .size = sizeof attr,
                                  .type = PERF_TYPE_SOFTWARE,
                                  .config = PERF_COUNT_SW_CPU_CLOCK,
                                  .sample_period = 100000,
                                  .disabled = 1 };
  g_autoptr (GTimer) timer = NULL;
  guint64 count;
  int fd;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("links.bpf.o", 0);
  collection = link_test_load (spec, programs);
  g_assert_false (ebpf_program_can_attach (ebpf_collection_get_program (collection, "on_sample")));
  g_assert_null (
      ebpf_program_attach (ebpf_collection_get_program (collection, "on_sample"), NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*\"perf-event\" is needed*");
  g_clear_error (&error);

  fd = (int) syscall (SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  g_assert_no_errno (fd);
  {
    g_autofree char *text = g_strdup_printf ("{'perf-event': <handle %d>}", fd);

    link = ebpf_program_attach (ebpf_collection_get_program (collection, "on_sample"),
                                options_of (text), &error);
  }
  g_assert_no_error (error);
  close (fd);

  timer = g_timer_new ();
  while (link_test_count (collection, 0) == 0 && g_timer_elapsed (timer, NULL) < 10)
    call (1000);
  g_assert_cmpuint (link_test_count (collection, 0), >, 0);

  ebpf_link_close (link);
  count = link_test_count (collection, 0);
  g_timer_start (timer);
  while (g_timer_elapsed (timer, NULL) < 0.02)
    call (1000);
  g_assert_cmpuint (link_test_count (collection, 0), ==, count);
}

static void
test_tracepoint_options (void)
{
  static const char *const programs[] = { "on_exec", "on_sys_enter", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  EbpfProgram *program;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", getpid ());
  collection = link_test_load (spec, programs);
  program = ebpf_collection_get_program (collection, "on_exec");

  g_assert_null (ebpf_program_attach (
      program, options_of ("{'tracepoint': <'sched/no_such_event'>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*on_exec*sched/no_such_event*");
  g_clear_error (&error);

  g_assert_null (ebpf_program_attach (program, options_of ("{'tracepoint': <'sched'>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*CATEGORY/NAME*");
  g_clear_error (&error);

  g_assert_null (ebpf_program_attach (program, g_variant_new_string ("x"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*a{sv}, not s*");
  g_clear_error (&error);

  link = ebpf_program_attach (program, options_of ("{'tracepoint': <'sched/sched_process_fork'>}"),
                              &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_link_get_target (link), ==, "tracepoint sched/sched_process_fork");
  g_clear_object (&link);

  g_assert_null (ebpf_program_attach (ebpf_collection_get_program (collection, "on_sys_enter"),
                                      options_of ("{'tracepoint': <'no_such_tracepoint'>}"),
                                      &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*raw tracepoint no_such_tracepoint*ENOENT*");
  g_clear_error (&error);

  /* A kind of program does not go on another's hook. */
  g_assert_null (ebpf_raw_tracepoint_link_new (program, "sys_enter", 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*type tracepoint*");
  g_clear_error (&error);

  ebpf_program_close (program);
  g_assert_null (ebpf_program_attach (program, NULL, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/link/process/tracepoint", test_tracepoint);
  ebpf_test_add ("/link/process/tracepoint-options", test_tracepoint_options);
  ebpf_test_add ("/link/process/tp-btf", test_tp_btf);
  ebpf_test_add ("/link/process/raw-tracepoint", test_raw_tracepoint);
  ebpf_test_add ("/link/process/uprobe", test_uprobe);
  ebpf_test_add ("/link/process/uprobe-library", test_uprobe_library);
  ebpf_test_add ("/link/process/uprobe-cookie", test_uprobe_cookie);
  ebpf_test_add ("/link/process/uprobe-errors", test_uprobe_errors);
  ebpf_test_add ("/link/process/kprobe", test_kprobe);
  ebpf_test_add ("/link/process/ksyscall", test_ksyscall);
  ebpf_test_add ("/link/process/perf-event", test_perf_event);

  return g_test_run ();
}
