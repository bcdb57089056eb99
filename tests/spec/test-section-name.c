/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>

#include "ebpf-test.h"

#define NONE (-1)
#define SLEEPABLE EBPF_PROGRAM_FLAGS_SLEEPABLE
#define FRAGS EBPF_PROGRAM_FLAGS_XDP_HAS_FRAGS

/* The expected numbers are the kernel's, written out: the table under test uses the names. */
static const struct
{
  const char *section;
  guint program_type;
  gint attach_type;
  guint flags;
  const char *attach_to;
} known[] = {
  { "socket", 1, NONE, 0, NULL },
  { "socket1", 1, NONE, 0, NULL },
  { "socket/garbage", 1, NONE, 0, NULL },
  { "?socket", 1, NONE, 0, NULL },
  { "kprobe", 2, NONE, 0, NULL },
  { "kprobe/", 2, NONE, 0, NULL },
  { "kprobe/do_sys_open", 2, NONE, 0, "do_sys_open" },
  { "kretprobe/do_sys_open+0x10", 2, NONE, 0, "do_sys_open+0x10" },
  { "?kprobe/vfs_read", 2, NONE, 0, "vfs_read" },
  { "kprobe.multi/tcp_*", 2, 42, 0, "tcp_*" },
  { "kretprobe.multi", 2, 42, 0, NULL },
  { "kprobe.session/x", 2, 56, 0, "x" },
  { "ksyscall/openat", 2, NONE, 0, "openat" },
  { "kretsyscall/openat", 2, NONE, 0, "openat" },
  { "uprobe", 2, NONE, 0, NULL },
  { "uprobe//proc/self/exe:main", 2, NONE, 0, "/proc/self/exe:main" },
  { "uprobe.s/libc.so.6:malloc", 2, NONE, SLEEPABLE, "libc.so.6:malloc" },
  { "uretprobe", 2, NONE, 0, NULL },
  { "uretprobe.s/a:b", 2, NONE, SLEEPABLE, "a:b" },
  { "uprobe.multi/a:b*", 2, 48, 0, "a:b*" },
  { "uprobe.multi.s/a:b*", 2, 48, SLEEPABLE, "a:b*" },
  { "uretprobe.multi", 2, 48, 0, NULL },
  { "uretprobe.multi.s", 2, 48, SLEEPABLE, NULL },
  { "uprobe.session/a:b", 2, 57, 0, "a:b" },
  { "uprobe.session.s/a:b", 2, 57, SLEEPABLE, "a:b" },
  { "usdt/libc.so.6:libc:setjmp", 2, NONE, 0, "libc.so.6:libc:setjmp" },
  { "usdt.s", 2, NONE, SLEEPABLE, NULL },
  { "tc", 3, NONE, 0, NULL },
  { "tc/from-container", 3, NONE, 0, NULL },
  { "classifier", 3, NONE, 0, NULL },
  { "classifier/one", 3, NONE, 0, NULL },
  { "tc/ingress", 3, 46, 0, NULL },
  { "tc/egress", 3, 47, 0, NULL },
  { "tcx/ingress", 3, 46, 0, NULL },
  { "tcx/egress", 3, 47, 0, NULL },
  { "netkit/primary", 3, 54, 0, NULL },
  { "netkit/peer", 3, 55, 0, NULL },
  { "action", 4, NONE, 0, NULL },
  { "tracepoint/sched/sched_process_exec", 5, NONE, 0, "sched/sched_process_exec" },
  { "tp/syscalls/sys_enter_openat", 5, NONE, 0, "syscalls/sys_enter_openat" },
  { "tp", 5, NONE, 0, NULL },
  { "tp.s/syscalls/sys_enter_openat", 5, NONE, SLEEPABLE, "syscalls/sys_enter_openat" },
  { "xdp", 6, 37, 0, NULL },
  { "xdp_drop", 6, 37, 0, NULL },
  { "xdp_devma", 6, 37, 0, NULL },
  { "xdp.frags", 6, 37, FRAGS, NULL },
  { "xdp/devmap", 6, 33, 0, NULL },
  { "xdp.frags/devmap", 6, 33, FRAGS, NULL },
  { "xdp/cpumap", 6, 35, 0, NULL },
  { "xdp.frags/cpumap", 6, 35, FRAGS, NULL },
  { "xdp_devmap/one", 6, 33, 0, NULL },
  { "xdp_cpumap/one", 6, 35, 0, NULL },
  { "perf_event", 7, NONE, 0, NULL },
  { "cgroup_skb/ingress", 8, 0, 0, NULL },
  { "cgroup_skb/egress", 8, 1, 0, NULL },
  { "cgroup/skb", 8, NONE, 0, NULL },
  { "cgroup/sock", 9, 2, 0, NULL },
  { "cgroup/sock_create", 9, 2, 0, NULL },
  { "cgroup/sock_release", 9, 34, 0, NULL },
  { "cgroup/post_bind4", 9, 12, 0, NULL },
  { "cgroup/post_bind6", 9, 13, 0, NULL },
  { "lwt_in", 10, NONE, 0, NULL },
  { "lwt_out", 11, NONE, 0, NULL },
  { "lwt_xmit", 12, NONE, 0, NULL },
  { "sockops", 13, 3, 0, NULL },
  { "sk_skb", 14, NONE, 0, NULL },
  { "sk_skb/stream_parser", 14, 4, 0, NULL },
  { "sk_skb/stream_verdict", 14, 5, 0, NULL },
  { "sk_skb/stream_verdict/name", 14, 5, 0, NULL },
  { "sk_skb/verdict", 14, 38, 0, NULL },
  { "cgroup/dev", 15, 6, 0, NULL },
  { "sk_msg", 16, 7, 0, NULL },
  { "raw_tracepoint/sys_enter", 17, NONE, 0, "sys_enter" },
  { "raw_tp/sys_enter", 17, NONE, 0, "sys_enter" },
  { "raw_tp", 17, NONE, 0, NULL },
  { "raw_tp.s/sys_enter", 17, NONE, SLEEPABLE, "sys_enter" },
  { "cgroup/bind4", 18, 8, 0, NULL },
  { "cgroup/bind6", 18, 9, 0, NULL },
  { "cgroup/connect4", 18, 10, 0, NULL },
  { "cgroup/connect6", 18, 11, 0, NULL },
  { "cgroup/connect_unix", 18, 49, 0, NULL },
  { "cgroup/sendmsg4", 18, 14, 0, NULL },
  { "cgroup/sendmsg6", 18, 15, 0, NULL },
  { "cgroup/sendmsg_unix", 18, 50, 0, NULL },
  { "cgroup/recvmsg4", 18, 19, 0, NULL },
  { "cgroup/recvmsg6", 18, 20, 0, NULL },
  { "cgroup/recvmsg_unix", 18, 51, 0, NULL },
  { "cgroup/getpeername4", 18, 29, 0, NULL },
  { "cgroup/getpeername6", 18, 30, 0, NULL },
  { "cgroup/getpeername_unix", 18, 52, 0, NULL },
  { "cgroup/getsockname4", 18, 31, 0, NULL },
  { "cgroup/getsockname6", 18, 32, 0, NULL },
  { "cgroup/getsockname_unix", 18, 53, 0, NULL },
  { "lwt_seg6local", 19, NONE, 0, NULL },
  { "lirc_mode2", 20, 16, 0, NULL },
  { "sk_reuseport", 21, 39, 0, NULL },
  { "sk_reuseport/migrate", 21, 40, 0, NULL },
  { "flow_dissector", 22, 17, 0, NULL },
  { "cgroup/sysctl", 23, 18, 0, NULL },
  { "raw_tracepoint.w/x", 24, NONE, 0, "x" },
  { "raw_tp.w/x", 24, NONE, 0, "x" },
  { "cgroup/getsockopt", 25, 21, 0, NULL },
  { "cgroup/setsockopt", 25, 22, 0, NULL },
  { "tp_btf/sched_switch", 26, 23, 0, "sched_switch" },
  { "fentry/vfs_read", 26, 24, 0, "vfs_read" },
  { "fentry.s/vfs_read", 26, 24, SLEEPABLE, "vfs_read" },
  { "fexit/vfs_read", 26, 25, 0, "vfs_read" },
  { "fexit.s/vfs_read", 26, 25, SLEEPABLE, "vfs_read" },
  { "fsession/vfs_read", 26, 58, 0, "vfs_read" },
  { "fentry.multi/tcp_*", 26, 59, 0, "tcp_*" },
  { "fentry.multi.s", 26, 59, SLEEPABLE, NULL },
  { "fexit.multi/tcp_*", 26, 60, 0, "tcp_*" },
  { "fexit.multi.s/x", 26, 60, SLEEPABLE, "x" },
  { "fsession.multi", 26, 61, 0, NULL },
  { "fsession.multi.s/x", 26, 61, SLEEPABLE, "x" },
  { "fmod_ret/x", 26, 26, 0, "x" },
  { "fmod_ret.s/x", 26, 26, SLEEPABLE, "x" },
  { "iter/task", 26, 28, 0, "task" },
  { "iter.s/bpf_map", 26, 28, SLEEPABLE, "bpf_map" },
  { "struct_ops/anything", 27, NONE, 0, NULL },
  { "struct_ops.s/anything", 27, NONE, SLEEPABLE, NULL },
  { "freplace/xdp_pass", 28, NONE, 0, "xdp_pass" },
  { "lsm/file_open", 29, 27, 0, "file_open" },
  { "lsm.s/file_open", 29, 27, SLEEPABLE, "file_open" },
  { "lsm_cgroup/socket_bind", 29, 43, 0, "socket_bind" },
  { "sk_lookup", 30, 36, 0, NULL },
  { "sk_lookup/one", 30, 36, 0, NULL },
  { "syscall", 31, NONE, SLEEPABLE, NULL },
  { "netfilter", 32, 45, 0, NULL },
};

static void
test_known (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      EbpfProgramType program_type;
      EbpfAttachType attach_type;
      gboolean has_attach_type;
      guint flags;
      g_autofree char *attach_to = NULL;

      g_test_message ("%s", known[i].section);
      g_assert_true (ebpf_section_name_parse (known[i].section, &program_type, &attach_type,
                                              &has_attach_type, &flags, &attach_to));
      g_assert_cmpuint (program_type, ==, known[i].program_type);
      g_assert_cmpint (has_attach_type, ==, known[i].attach_type != NONE);
      if (has_attach_type)
        g_assert_cmpint (attach_type, ==, known[i].attach_type);
      g_assert_cmpuint (flags, ==, known[i].flags);
      g_assert_cmpstr (attach_to, ==, known[i].attach_to);
    }
}

/* Each program type that the kernel has can be said by a section name. */
static void
test_all_types (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    g_hash_table_add (seen, GUINT_TO_POINTER (known[i].program_type));

  for (guint type = EBPF_PROGRAM_TYPE_SOCKET_FILTER; type <= EBPF_PROGRAM_TYPE_NETFILTER; type++)
    g_assert_true (g_hash_table_contains (seen, GUINT_TO_POINTER (type)));
}

/* Every number that the kernel has got has a word of its own; others are kept as they are. */
static void
test_numbers (void)
{
  g_autoptr (GHashTable) words = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (EbpfProgramSpec) program = ebpf_program_spec_new ("p", (EbpfProgramType) 1000);
  g_autoptr (EbpfMapSpec) map = ebpf_map_spec_new ("m", (EbpfMapType) 1000, 4, 4, 1);

  for (gint i = 0; i <= EBPF_ATTACH_TYPE_TRACE_FSESSION_MULTI; i++)
    {
      const char *word = ebpf_attach_type_to_string ((EbpfAttachType) i);

      g_test_message ("attach type %d: %s", i, word);
      g_assert_nonnull (word);
      g_assert_true (g_hash_table_add (words, (gpointer) word));
    }
  g_hash_table_remove_all (words);
  for (gint i = 1; i <= EBPF_PROGRAM_TYPE_NETFILTER; i++)
    g_assert_true (
        g_hash_table_add (words, (gpointer) ebpf_program_type_to_string ((EbpfProgramType) i)));
  g_hash_table_remove_all (words);
  for (gint i = 1; i <= EBPF_MAP_TYPE_INSN_ARRAY; i++)
    g_assert_true (g_hash_table_add (words, (gpointer) ebpf_map_type_to_string ((EbpfMapType) i)));

  g_assert_cmpstr (ebpf_attach_type_to_string (EBPF_ATTACH_TYPE_TRACE_RAW_TP), ==, "trace-raw-tp");
  g_assert_cmpstr (ebpf_program_type_to_string (EBPF_PROGRAM_TYPE_SCHED_CLS), ==, "sched-cls");
  g_assert_cmpstr (ebpf_map_type_to_string (EBPF_MAP_TYPE_PERCPU_HASH), ==, "percpu-hash");

  ebpf_program_spec_set_attach_type (program, (EbpfAttachType) 1001);
  g_assert_cmpint (ebpf_program_spec_get_program_type (program), ==, 1000);
  g_assert_cmpint (ebpf_program_spec_get_attach_type (program), ==, 1001);
  g_assert_cmpint (ebpf_map_spec_get_map_type (map), ==, 1000);
  g_assert_null (ebpf_program_type_to_string ((EbpfProgramType) 1000));
  g_assert_null (ebpf_attach_type_to_string ((EbpfAttachType) 1001));
  g_assert_null (ebpf_map_type_to_string ((EbpfMapType) 1000));
}

static void
test_unknown (void)
{
  static const char *const names[] = {
    "",         "?",        "nobody_knows_this", "soc",    "kprobes",
    "kprobe_x", "tp_btfx",  "cgroup/",           "lsmfoo", "XDP",
    ".text",    "??socket", "fentry.x/foo"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      EbpfProgramType program_type = 99;
      EbpfAttachType attach_type = 99;
      gboolean has_attach_type = TRUE;
      guint flags = 99;
      char *attach_to = (char *) "unset";
      gboolean found = ebpf_section_name_parse (names[i], &program_type, &attach_type,
                                                &has_attach_type, &flags, &attach_to);

      g_test_message ("\"%s\"", names[i]);
      g_assert_false (found);
      g_assert_cmpuint (program_type, ==, EBPF_PROGRAM_TYPE_UNSPEC);
      g_assert_false (has_attach_type);
      g_assert_cmpuint (flags, ==, 0);
      g_assert_null (attach_to);
    }
}

static void
test_optional_results (void)
{
  g_assert_true (ebpf_section_name_parse ("kprobe/x", NULL, NULL, NULL, NULL, NULL));
  g_assert_false (ebpf_section_name_parse ("nothing", NULL, NULL, NULL, NULL, NULL));
}

static void
assert_own (const char *section, gboolean found, const char *target)
{
  EbpfProgramType program_type;
  EbpfAttachType attach_type;
  gboolean has_attach_type;
  guint flags;
  g_autofree char *attach_to = NULL;

  g_test_message ("%s", section);
  g_assert_true (ebpf_section_name_parse (section, &program_type, &attach_type, &has_attach_type,
                                          &flags, &attach_to) == found);
  if (!found)
    return;

  g_assert_cmpint (program_type, ==, EBPF_PROGRAM_TYPE_XDP);
  g_assert_cmpstr (attach_to, ==, target);
  g_assert_true (has_attach_type);
  g_assert_cmpint (attach_type, ==, EBPF_ATTACH_TYPE_XDP_DEVMAP);
  g_assert_cmpuint (flags, ==, EBPF_PROGRAM_FLAGS_XDP_HAS_FRAGS);
}

static void
test_register (void)
{
  static const char *const patterns[] = { "my_exact", "my_optional+", "my_target/", "kprobe+" };
  guint ids[G_N_ELEMENTS (patterns)], later;
  EbpfProgramType program_type;
  gboolean has_attach_type;

  assert_own ("my_exact", FALSE, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (patterns); i++)
    ids[i] =
        ebpf_section_name_register (patterns[i], EBPF_PROGRAM_TYPE_XDP, EBPF_ATTACH_TYPE_XDP_DEVMAP,
                                    TRUE, EBPF_PROGRAM_FLAGS_XDP_HAS_FRAGS);

  assert_own ("my_exact", TRUE, NULL);
  assert_own ("?my_exact", TRUE, NULL);
  assert_own ("my_exact/x", FALSE, NULL);
  assert_own ("my_optional", TRUE, NULL);
  assert_own ("my_optional/a/b", TRUE, "a/b");
  assert_own ("my_optionalx", FALSE, NULL);
  assert_own ("my_target", FALSE, NULL);
  assert_own ("my_target/", FALSE, NULL);
  assert_own ("my_target/x", TRUE, "x");
  /* It goes before what the library knows. */
  assert_own ("kprobe/vfs_read", TRUE, "vfs_read");

  /* And the latest before all others. */
  later = ebpf_section_name_register ("kprobe+", EBPF_PROGRAM_TYPE_SYSCALL,
                                      EBPF_ATTACH_TYPE_XDP_DEVMAP, FALSE, 0);
  g_assert_true (
      ebpf_section_name_parse ("kprobe/x", &program_type, NULL, &has_attach_type, NULL, NULL));
  g_assert_cmpint (program_type, ==, EBPF_PROGRAM_TYPE_SYSCALL);
  g_assert_false (has_attach_type);
  g_assert_true (ebpf_section_name_unregister (later));

  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    g_assert_true (ebpf_section_name_unregister (ids[i]));
  g_assert_false (ebpf_section_name_unregister (ids[0]));
  g_assert_false (ebpf_section_name_unregister (0));
  assert_own ("my_exact", FALSE, NULL);
  g_assert_true (ebpf_section_name_parse ("kprobe/x", &program_type, NULL, NULL, NULL, NULL));
  g_assert_cmpint (program_type, ==, EBPF_PROGRAM_TYPE_KPROBE);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/spec/section-name/known", test_known);
  ebpf_test_add ("/spec/section-name/all-types", test_all_types);
  ebpf_test_add ("/spec/section-name/numbers", test_numbers);
  ebpf_test_add ("/spec/section-name/unknown", test_unknown);
  ebpf_test_add ("/spec/section-name/optional-results", test_optional_results);

  ebpf_test_add ("/spec/section-name/register", test_register);

  return g_test_run ();
}
