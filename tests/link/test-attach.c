/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The younger hooks, each attached and seen to run: iterators, tcx, netfilter, network namespaces,
 * and probes of many functions at once. */

#include "link-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TASK_NAME "attach-test"

enum
{
  ATTACH_INGRESS,
  ATTACH_EGRESS,
  ATTACH_ANY_TC,
  ATTACH_NETFILTER,
  ATTACH_LOOKUP,
  ATTACH_ENTRY,
  ATTACH_RETURN,
  ATTACH_SESSION,
  ATTACH_KERNEL,
};

/* What is probed. */
__attribute__ ((noinline, used, externally_visible)) int attach_test_first (int number);
__attribute__ ((noinline, used, externally_visible)) int attach_test_second (int number);

int
attach_test_first (int number)
{
  __asm__ volatile("" : "+r"(number));
  return number + 1;
}

int
attach_test_second (int number)
{
  __asm__ volatile("" : "+r"(number));
  return number + 2;
}

static const char *const first_and_second[] = { "attach_test_first", "attach_test_second", NULL };

/* The programs alone; NULL and a skip where this kernel does not have their hook. */
static EbpfCollection *
load (const char *const *programs, guint major, guint minor)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (major, minor))
    return NULL;

  spec = link_test_open ("attach.bpf.o", getpid ());
  return link_test_load (spec, programs);
}

static EbpfCollection *
load_one (const char *program, guint major, guint minor)
{
  const char *const programs[] = { program, NULL };

  return load (programs, major, minor);
}

static EbpfProgram *
get (EbpfCollection *collection, const char *name)
{
  EbpfProgram *program = ebpf_collection_get_program (collection, name);

  g_assert_nonnull (program);
  return program;
}

static guint64
get_variable (EbpfCollection *collection, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value =
      ebpf_variable_get_value (ebpf_collection_get_variable (collection, name), &error);

  g_assert_no_error (error);
  return g_variant_get_uint64 (value);
}

static void
set_variable (EbpfCollection *collection, const char *name, guint64 number)
{
  g_autoptr (GError) error = NULL;

  ebpf_variable_set_value (ebpf_collection_get_variable (collection, name),
                           g_variant_new_uint64 (number), &error);
  g_assert_no_error (error);
}

/* A datagram to this process, over "lo". */
static void
send_datagram (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t length = sizeof address;
  int server = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int client = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  char byte;

  g_assert_no_errno (bind (server, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (getsockname (server, (struct sockaddr *) &address, &length));
  g_assert_cmpint (sendto (client, "x", 1, 0, (struct sockaddr *) &address, sizeof address), ==, 1);
  g_assert_cmpint (recv (server, &byte, 1, 0), ==, 1);
  close (client);
  close (server);
}

static EbpfLink *
reopen (EbpfLink *link)
{
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  EbpfLink *opened;
  guint id;

  info = ebpf_link_query_info (link, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "id", "u", &id));
  opened = ebpf_link_from_id (id, &error);
  g_assert_no_error (error);
  g_assert_true (G_OBJECT_TYPE (opened) == G_OBJECT_TYPE (link));
  return opened;
}

/* By name: the numbers are those of the machine, and this may be a container. */
static gboolean
has_us (char **lines)
{
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_suffix (lines[i], " " TASK_NAME))
      return TRUE;

  return FALSE;
}

static void
test_iter (void)
{
  g_autoptr (EbpfCollection) collection = load_one ("every_task", 5, 8);
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (EbpfLink) opened = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GCancellable) cancelled = NULL;
  g_auto (GStrv) lines = NULL;
  g_auto (GStrv) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) info = NULL;
  const char *name;
  EbpfIterLink *link;
  char byte;

  if (collection == NULL)
    return;

  links = ebpf_collection_attach_all (collection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (links->len, ==, 1);
  link = g_ptr_array_index (links, 0);
  g_assert_true (EBPF_IS_ITER_LINK (link));
  g_assert_cmpstr (ebpf_link_get_target (EBPF_LINK (link)), ==, "iter task");

  lines = ebpf_iter_link_read_lines (link, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (lines), >=, 2);
  g_assert_true (has_us (lines));

  /* Each run is one of its own, also by a link that was opened. */
  opened = reopen (EBPF_LINK (link));
  g_assert_cmpstr (ebpf_link_get_target (opened), ==, "iter task");
  info = ebpf_link_query_info (opened, &error);
  g_assert_true (g_variant_lookup (info, "name", "&s", &name));
  g_assert_cmpstr (name, ==, "task");
  stream = ebpf_iter_link_open_stream (EBPF_ITER_LINK (opened), &error);
  g_assert_no_error (error);
  again = ebpf_iter_link_read_lines (EBPF_ITER_LINK (opened), NULL, &error);
  g_assert_no_error (error);
  g_assert_true (has_us (again));
  ebpf_link_close (opened);
  g_assert_cmpint (g_input_stream_read (stream, &byte, 1, NULL, &error), ==, 1);
  g_assert_true (g_input_stream_close (stream, NULL, &error));

  cancelled = g_cancellable_new ();
  g_cancellable_cancel (cancelled);
  g_assert_null (ebpf_iter_link_read_bytes (link, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  ebpf_link_close (EBPF_LINK (link));
  g_assert_null (ebpf_iter_link_read_bytes (link, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED, "*iter task*");
  ebpf_collection_close (collection);
}

static void
test_iter_map (void)
{
  g_autoptr (EbpfCollection) collection = load_one ("every_entry", 5, 9);
  g_autoptr (EbpfIterLink) link = NULL;
  g_autoptr (EbpfLink) by_option = NULL;
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) same = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfMapSpec) spec = NULL;
  g_autoptr (EbpfMap) map = NULL;
  const guint32 key = 3;
  const guint64 value = 4711;
  const guint64 *values;
  gsize size;

  if (collection == NULL)
    return;

  spec = ebpf_map_spec_new ("numbers", EBPF_MAP_TYPE_ARRAY, sizeof key, sizeof value, 5);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_map_update_raw (map, &key, &value, EBPF_UPDATE_FLAGS_ANY, &error));

  /* It has to be told which map, so that it does not attach by itself. */
  links = ebpf_collection_attach_all (collection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (links->len, ==, 0);
  g_assert_null (ebpf_iter_link_new (get (collection, "every_entry"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*every_entry*iter bpf_map_elem*a map*");
  g_clear_error (&error);

  link = ebpf_iter_link_new_for_map (get (collection, "every_entry"), map, &error);
  g_assert_no_error (error);
  bytes = ebpf_iter_link_read_bytes (link, NULL, &error);
  g_assert_no_error (error);
  values = g_bytes_get_data (bytes, &size);
  g_assert_cmpuint (size, ==, ebpf_map_get_max_entries (map) * sizeof value);
  g_assert_cmpuint (values[key], ==, value);
  g_assert_cmpuint (values[0], ==, 0);

  by_option =
      ebpf_program_attach (get (collection, "every_entry"),
                           g_variant_new_parsed ("{'map': <%h>}", ebpf_map_peek_fd (map)), &error);
  g_assert_no_error (error);
  same = ebpf_iter_link_read_bytes (EBPF_ITER_LINK (by_option), NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (bytes, same));

  ebpf_link_close (EBPF_LINK (link));
  ebpf_link_close (by_option);
  ebpf_map_close (map);
  g_assert_null (ebpf_iter_link_new_for_map (get (collection, "every_entry"), map, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  ebpf_collection_close (collection);
}

static void
test_iter_targets (void)
{
  const char *const programs[] = { "every_task", "every_cgroup", NULL };
  g_autoptr (EbpfCollection) collection = load (programs, 6, 1);
  g_autoptr (EbpfIterLink) task = NULL;
  g_autoptr (EbpfIterLink) one = NULL;
  g_autoptr (EbpfIterLink) below = NULL;
  g_autoptr (EbpfLink) by_option = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) all = NULL;
  g_autoptr (GError) error = NULL;
  const char *root = g_file_test ("/sys/fs/cgroup/cgroup.controllers", G_FILE_TEST_EXISTS)
                         ? "/sys/fs/cgroup"
                         : "/sys/fs/cgroup/unified";

  if (collection == NULL)
    return;

  task = ebpf_iter_link_new_for_task (get (collection, "every_task"), 0, getpid (), &error);
  g_assert_no_error (error);
  lines = ebpf_iter_link_read_lines (task, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (has_us (lines));
  for (guint i = 0; lines[i] != NULL; i++)
    g_assert_cmpint (atoi (lines[i]), ==, atoi (lines[0]));
  ebpf_link_close (EBPF_LINK (task));

  by_option = ebpf_program_attach (get (collection, "every_task"),
                                   g_variant_new_parsed ("{'pid': <%i>}", getpid ()), &error);
  g_assert_no_error (error);
  ebpf_link_close (by_option);
  g_assert_null (ebpf_program_attach (
      get (collection, "every_task"),
      g_variant_new_parsed ("{'pid': <%i>, 'cgroup': <'/'>}", getpid ()), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*one thing*");
  g_clear_error (&error);

  if (g_file_test (root, G_FILE_TEST_IS_DIR))
    {
      one = ebpf_iter_link_new_for_cgroup (get (collection, "every_cgroup"), root,
                                           EBPF_CGROUP_ITER_ORDER_SELF_ONLY, &error);
      g_assert_no_error (error);
      bytes = ebpf_iter_link_read_bytes (one, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 1);
      ebpf_link_close (EBPF_LINK (one));

      below = ebpf_iter_link_new_for_cgroup (get (collection, "every_cgroup"), root,
                                             EBPF_CGROUP_ITER_ORDER_DESCENDANTS_PRE, &error);
      g_assert_no_error (error);
      all = ebpf_iter_link_read_bytes (below, NULL, &error);
      g_assert_cmpuint (g_bytes_get_size (all), >=, 1);
      ebpf_link_close (EBPF_LINK (below));
    }

  g_assert_null (ebpf_iter_link_new_for_cgroup (get (collection, "every_cgroup"), "/nonexistent",
                                                EBPF_CGROUP_ITER_ORDER_SELF_ONLY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*/nonexistent*");
  ebpf_collection_close (collection);
}

static void
test_tcx (void)
{
  const char *const programs[] = { "on_ingress", "on_egress", "on_any", NULL };
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) ingress = NULL;
  g_autoptr (EbpfLink) egress = NULL;
  g_autoptr (EbpfLink) opened = NULL;
  g_autoptr (EbpfTcxLink) any = NULL;
  g_autoptr (EbpfTcxLink) after = NULL;
  g_autoptr (EbpfAnchor) head = ebpf_anchor_new_head ();
  g_autoptr (EbpfAnchor) before = NULL;
  g_autoptr (EbpfAnchor) behind = NULL;
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  const char *attach_type;
  guint ifindex;

  if (!link_test_private_network ())
    return;
  collection = load (programs, 6, 6);
  if (collection == NULL)
    return;

  links = ebpf_collection_attach_all (collection, &error);
  g_assert_cmpuint (links->len, ==, 0);
  g_assert_null (ebpf_program_attach (get (collection, "on_ingress"), NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*on_ingress*interface*lo*");
  g_clear_error (&error);
  g_assert_null (ebpf_program_attach (get (collection, "on_any"),
                                      g_variant_new_parsed ("{'interface': <'lo'>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*attach-type*");
  g_clear_error (&error);
  g_assert_null (ebpf_program_attach (get (collection, "on_ingress"),
                                      g_variant_new_parsed ("{'interface': <'none0'>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*none0*lo*");
  g_clear_error (&error);

  ingress = ebpf_program_attach (get (collection, "on_ingress"),
                                 g_variant_new_parsed ("{'interface': <'lo'>}"), &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_TCX_LINK (ingress));
  g_assert_cmpstr (ebpf_link_get_target (ingress), ==, "tcx-ingress on lo");
  egress = ebpf_program_attach (get (collection, "on_egress"),
                                g_variant_new_parsed ("{'ifindex': <%u>}", if_nametoindex ("lo")),
                                &error);
  g_assert_no_error (error);
  opened = reopen (ingress);
  info = ebpf_link_query_info (opened, &error);
  g_assert_true (g_variant_lookup (info, "attach-type", "&s", &attach_type));
  g_assert_cmpstr (attach_type, ==, "tcx-ingress");
  g_assert_true (g_variant_lookup (info, "ifindex", "u", &ifindex));
  g_assert_cmpuint (ifindex, ==, if_nametoindex ("lo"));
  ebpf_link_close (opened);

  send_datagram ();
  g_assert_cmpuint (link_test_count (collection, ATTACH_INGRESS), ==, 1);
  g_assert_cmpuint (link_test_count (collection, ATTACH_EGRESS), ==, 1);

  /* Before the other, then behind it. */
  set_variable (collection, "order", 0);
  any = ebpf_tcx_link_new (get (collection, "on_any"), "lo", EBPF_ATTACH_TYPE_TCX_INGRESS, head, 0,
                           &error);
  g_assert_no_error (error);
  send_datagram ();
  g_assert_cmpuint (get_variable (collection, "order"), ==, 21);
  g_assert_null (ebpf_tcx_link_new (get (collection, "on_any"), "lo", EBPF_ATTACH_TYPE_TCX_INGRESS,
                                    NULL, 0, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&error);
  ebpf_link_close (EBPF_LINK (any));

  behind = ebpf_anchor_new_after_link (ingress);
  after = ebpf_tcx_link_new (get (collection, "on_any"), "lo", EBPF_ATTACH_TYPE_TCX_INGRESS, behind,
                             0, &error);
  g_assert_no_error (error);
  set_variable (collection, "order", 0);
  send_datagram ();
  g_assert_cmpuint (get_variable (collection, "order"), ==, 12);
  ebpf_link_close (EBPF_LINK (after));

  /* What is not there, and what has changed. */
  before = ebpf_anchor_new_before_program_id (ebpf_program_get_id (get (collection, "on_egress")));
  g_assert_null (ebpf_tcx_link_new (get (collection, "on_any"), "lo", EBPF_ATTACH_TYPE_TCX_INGRESS,
                                    before, 0, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (ebpf_tcx_link_new (get (collection, "on_any"), "lo", EBPF_ATTACH_TYPE_TCX_INGRESS,
                                    NULL, 123456, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BUSY, "*revision*");
  g_clear_error (&error);

  g_assert_true (ebpf_link_update (egress, get (collection, "on_any"), &error));
  g_assert_no_error (error);
  send_datagram ();
  g_assert_cmpuint (link_test_count (collection, ATTACH_EGRESS), ==, 3);
  g_assert_true (ebpf_link_detach (egress, &error));
  g_assert_true (ebpf_link_detach (ingress, &error));
  g_assert_null (ebpf_tcx_link_new (get (collection, "on_any"), "lo", EBPF_ATTACH_TYPE_TCX_INGRESS,
                                    behind, 0, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED,
                                  "*tcx-ingress on lo*closed*");
  ebpf_collection_close (collection);
}

static void
test_netfilter (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (EbpfLink) opened = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  guint hook = 0, family = 0;
  gint32 priority = 0;

  if (!link_test_private_network ())
    return;
  collection = load_one ("on_filter", 6, 4);
  if (collection == NULL)
    return;

  g_assert_null (ebpf_program_attach (get (collection, "on_filter"), NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*local-in*");
  g_clear_error (&error);
  g_assert_null (ebpf_program_attach (get (collection, "on_filter"),
                                      g_variant_new_parsed ("{'hook': <'nowhere'>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*local-in*nowhere*");
  g_clear_error (&error);

  link = ebpf_program_attach (get (collection, "on_filter"),
                              g_variant_new_parsed ("{'hook': <'local-in'>, 'priority': <-128>}"),
                              &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_NETFILTER_LINK (link));
  send_datagram ();
  g_assert_cmpuint (link_test_count (collection, ATTACH_NETFILTER), ==, 1);

  info = ebpf_link_query_info (link, &error);
  g_assert_true (g_variant_lookup (info, "hook", "u", &hook));
  g_assert_true (g_variant_lookup (info, "protocol-family", "u", &family));
  g_assert_true (g_variant_lookup (info, "priority", "i", &priority));
  g_assert_cmpuint (hook, ==, EBPF_NETFILTER_HOOK_LOCAL_IN);
  g_assert_cmpuint (family, ==, EBPF_NETFILTER_FAMILY_IPV4);
  g_assert_cmpint (priority, ==, -128);

  g_assert_null (ebpf_netfilter_link_new (get (collection, "on_filter"), EBPF_NETFILTER_FAMILY_IPV4,
                                          EBPF_NETFILTER_HOOK_LOCAL_IN, -128,
                                          EBPF_NETFILTER_FLAGS_NONE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_null (ebpf_netfilter_link_new (get (collection, "on_filter"), EBPF_NETFILTER_FAMILY_ARP,
                                          EBPF_NETFILTER_HOOK_LOCAL_IN, 1,
                                          EBPF_NETFILTER_FLAGS_NONE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (ebpf_netfilter_link_new (get (collection, "on_filter"), EBPF_NETFILTER_FAMILY_IPV4,
                                          EBPF_NETFILTER_HOOK_LOCAL_IN, G_MININT,
                                          EBPF_NETFILTER_FLAGS_NONE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (ebpf_link_update (link, get (collection, "on_filter"), &error));
  g_clear_error (&error);

  opened = reopen (link);
  ebpf_link_close (opened);
  ebpf_link_close (link);
  send_datagram ();
  g_assert_cmpuint (link_test_count (collection, ATTACH_NETFILTER), ==, 1);
  ebpf_collection_close (collection);
}

static void
test_netns (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (EbpfLink) opened = NULL;
  g_autoptr (GError) error = NULL;

  if (!link_test_private_network ())
    return;
  collection = load_one ("on_lookup", 5, 9);
  if (collection == NULL)
    return;

  link = ebpf_program_attach (get (collection, "on_lookup"), NULL, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_NETNS_LINK (link));
  send_datagram ();
  g_assert_cmpuint (link_test_count (collection, ATTACH_LOOKUP), ==, 1);
  opened = reopen (link);
  ebpf_link_close (opened);
  ebpf_link_close (link);
  send_datagram ();
  g_assert_cmpuint (link_test_count (collection, ATTACH_LOOKUP), ==, 1);

  g_assert_null (ebpf_program_attach (
      get (collection, "on_lookup"), g_variant_new_parsed ("{'netns': <'/nonexistent'>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*/nonexistent*");
  g_clear_error (&error);
  g_assert_null (ebpf_program_attach (get (collection, "on_lookup"),
                                      g_variant_new_parsed ("{'netns': <'/dev/null'>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*no network namespace*");
  ebpf_collection_close (collection);
}

static void
call_both (guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpint (attach_test_first ((int) i), ==, (int) i + 1);
      g_assert_cmpint (attach_test_second ((int) i), ==, (int) i + 2);
    }
}

static void
test_uprobe_multi (void)
{
  const char *const programs[] = { "on_entry", "on_return", "on_pattern", NULL };
  const guint64 cookies[] = { 111, 222 };
  const char *const missing[] = { "attach_test_first", "attach_test_nothing", NULL };
  const char *const none[] = { NULL };
  g_autoptr (EbpfCollection) collection = load (programs, 6, 6);
  g_autoptr (EbpfUprobeMultiLink) entry = NULL;
  g_autoptr (EbpfLink) at_return = NULL;
  g_autoptr (EbpfLink) opened = NULL;
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  if (collection == NULL)
    return;

  entry = ebpf_uprobe_multi_link_new (get (collection, "on_entry"), "/proc/self/exe",
                                      first_and_second, cookies, 2, 0, FALSE, &error);
  g_assert_no_error (error);
  at_return = ebpf_program_attach (
      get (collection, "on_return"),
      g_variant_new_parsed ("{'binary': <'/proc/self/exe'>, 'symbol': <'attach_test_?econd'>}"),
      &error);
  g_assert_no_error (error);
  call_both (3);
  g_assert_cmpuint (link_test_count (collection, ATTACH_ENTRY), ==, 6);
  g_assert_cmpuint (link_test_count (collection, ATTACH_RETURN), ==, 3);
  g_assert_cmpuint (get_variable (collection, "last_cookie"), ==, 222);

  opened = reopen (EBPF_LINK (entry));
  info = ebpf_link_query_info (opened, &error);
  if (g_variant_lookup (info, "count", "u", &n))
    g_assert_cmpuint (n, ==, 2);
  ebpf_link_close (opened);
  ebpf_link_close (EBPF_LINK (entry));
  ebpf_link_close (at_return);
  call_both (1);
  g_assert_cmpuint (link_test_count (collection, ATTACH_ENTRY), ==, 6);

  /* One section says all that is needed, the others do not. */
  links = ebpf_collection_attach_all (collection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (links->len, ==, 1);
  call_both (1);
  g_assert_cmpuint (link_test_count (collection, ATTACH_ENTRY), ==, 8);
  g_clear_pointer (&links, g_ptr_array_unref);

  g_assert_null (ebpf_uprobe_multi_link_new (get (collection, "on_entry"), "/proc/self/exe",
                                             first_and_second, cookies, 1, -1, FALSE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*1 cookies*");
  g_clear_error (&error);
  g_assert_null (ebpf_uprobe_multi_link_new (get (collection, "on_entry"), "/proc/self/exe", none,
                                             NULL, 0, -1, FALSE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*none*");
  g_clear_error (&error);
  g_assert_null (ebpf_uprobe_multi_link_new (get (collection, "on_entry"), "/proc/self/exe",
                                             missing, NULL, 0, -1, FALSE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*attach_test_nothing*");
  g_clear_error (&error);
  g_assert_null (ebpf_uprobe_multi_link_new_for_pattern (
      get (collection, "on_entry"), "/proc/self/exe", "nothing_at_all*", -1, FALSE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*nothing_at_all*");
  g_clear_error (&error);
  g_assert_null (ebpf_uprobe_multi_link_new (get (collection, "on_entry"), "/proc/self/exe",
                                             first_and_second, NULL, 0, G_MAXINT, FALSE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (ebpf_program_attach (get (collection, "on_entry"), NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*binary*");
  ebpf_collection_close (collection);
}

static void
test_uprobe_session (void)
{
  g_autoptr (EbpfCollection) collection = load_one ("on_session", 6, 13);
  g_autoptr (EbpfUprobeMultiLink) link = NULL;
  g_autoptr (GError) error = NULL;

  if (collection == NULL)
    return;

  link = ebpf_uprobe_multi_link_new_for_pattern (get (collection, "on_session"), "/proc/self/exe",
                                                 "attach_test_*", 0, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ebpf_link_get_target (EBPF_LINK (link)), ==,
                   "uprobe.session /proc/self/exe:attach_test_*");
  call_both (2);
  g_assert_cmpuint (link_test_count (collection, ATTACH_SESSION), ==, 8);
  ebpf_link_close (EBPF_LINK (link));
  ebpf_collection_close (collection);
}

static void
test_kprobe_multi (void)
{
  const char *const programs[] = { "on_kernel", "on_kernel_return", NULL };
  const char *const missing[] = { "no_such_function_here", NULL };
  const guint64 cookies[] = { 1, 2 };
  g_autoptr (EbpfCollection) collection = load (programs, 5, 18);
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (EbpfLink) opened = NULL;
  g_autoptr (EbpfLink) at_return = NULL;
  g_autoptr (GError) error = NULL;

  if (collection == NULL)
    return;

  g_assert_null (ebpf_kprobe_multi_link_new (get (collection, "on_kernel"), missing, cookies, 2,
                                             FALSE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*2 cookies*");
  g_clear_error (&error);
  g_assert_null (ebpf_kprobe_multi_link_new (get (collection, "on_kernel"), missing + 1, NULL, 0,
                                             FALSE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*none*");
  g_clear_error (&error);
  g_assert_null (
      ebpf_kprobe_multi_link_new (get (collection, "on_kernel"), missing, NULL, 0, FALSE, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_null (ebpf_program_attach (get (collection, "on_kernel_return"), NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT, "*symbol*");
  g_clear_error (&error);

  link = ebpf_program_attach (get (collection, "on_kernel"), NULL, &error);
  if (link == NULL)
    {
      /* Built without what it takes, in one way or the other. */
      g_test_skip (error->message);
      ebpf_collection_close (collection);
      return;
    }

  getpgid (0);
  g_assert_cmpuint (link_test_count (collection, ATTACH_KERNEL), >=, 1);
  opened = reopen (link);
  ebpf_link_close (opened);
  at_return = ebpf_program_attach (get (collection, "on_kernel_return"),
                                   g_variant_new_parsed ("{'symbol': <'*_sys_getpgid'>}"), &error);
  g_assert_no_error (error);
  ebpf_link_close (link);
  {
    guint64 before = link_test_count (collection, ATTACH_KERNEL);

    getpgid (0);
    g_assert_cmpuint (link_test_count (collection, ATTACH_KERNEL), ==, before + 1);
  }
  ebpf_link_close (at_return);

  g_assert_null (ebpf_kprobe_multi_link_new_for_pattern (get (collection, "on_kernel"),
                                                         "no_such_function_*", FALSE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*no_such_function_*");
  ebpf_collection_close (collection);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);
  prctl (PR_SET_NAME, TASK_NAME);

  ebpf_test_add ("/link/attach/iter", test_iter);
  ebpf_test_add ("/link/attach/iter/map", test_iter_map);
  ebpf_test_add ("/link/attach/iter/targets", test_iter_targets);
  ebpf_test_add ("/link/attach/tcx", test_tcx);
  ebpf_test_add ("/link/attach/netfilter", test_netfilter);
  ebpf_test_add ("/link/attach/netns", test_netns);
  ebpf_test_add ("/link/attach/uprobe-multi", test_uprobe_multi);
  ebpf_test_add ("/link/attach/uprobe-session", test_uprobe_session);
  ebpf_test_add ("/link/attach/kprobe-multi", test_kprobe_multi);

  return g_test_run ();
}
