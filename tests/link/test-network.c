/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hooks that packets run into, in a network namespace of the test's own. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link-test.h"

static GVariant *
options_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *options = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return options;
}

/* A socket that sends to itself. */
static int
open_echo (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (fd);
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (getsockname (fd, (struct sockaddr *) &address, &length));
  g_assert_no_errno (connect (fd, (struct sockaddr *) &address, sizeof address));

  return fd;
}

static void
echo (int fd, guint n)
{
  char buffer[16];

  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpint (send (fd, "hello", 5, 0), ==, 5);
      g_assert_cmpint (recv (fd, buffer, sizeof buffer, 0), ==, 5);
    }
}

static void
test_xdp (void)
{
  static const char *const programs[] = { "on_frame", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) first = NULL;
  g_autoptr (EbpfCollection) second = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  EbpfProgram *program;
  const char *type_name;
  guint32 ifindex;
  int fd;

  if (!ebpf_test_require_bpf () || !link_test_private_network ())
    return;

  fd = open_echo ();
  spec = link_test_open ("hooks.bpf.o", 0);
  first = link_test_load (spec, programs);
  second = link_test_load (spec, programs);
  program = ebpf_collection_get_program (first, "on_frame");
  g_assert_false (ebpf_program_can_attach (program));

  link = ebpf_program_attach (program, options_of ("{'interface': <'lo'>, 'xdp-flags': <'skb'>}"),
                              &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_XDP_LINK (link));
  g_assert_cmpstr (ebpf_link_get_target (link), ==, "xdp on lo");

  info = ebpf_link_query_info (link, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "type-name", "&s", &type_name));
  g_assert_cmpstr (type_name, ==, "xdp");
  g_assert_true (g_variant_lookup (info, "ifindex", "u", &ifindex));
  g_assert_cmpuint (ifindex, ==, if_nametoindex ("lo"));

  echo (fd, 3);
  g_assert_cmpuint (link_test_count (first, HOOK_XDP), ==, 3);

  /* An interface has one program; another takes its place by an update. */
  g_assert_null (ebpf_program_attach (ebpf_collection_get_program (second, "on_frame"),
                                      options_of ("{'ifindex': <1>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BUSY, "*on_frame*xdp on lo*EBUSY*");
  g_clear_error (&error);

  g_assert_true (ebpf_link_update (link, ebpf_collection_get_program (second, "on_frame"), &error));
  g_assert_no_error (error);
  g_assert_true (ebpf_link_get_program (link) == ebpf_collection_get_program (second, "on_frame"));
  echo (fd, 4);
  g_assert_cmpuint (link_test_count (first, HOOK_XDP), ==, 3);
  g_assert_cmpuint (link_test_count (second, HOOK_XDP), ==, 4);

  g_assert_true (ebpf_link_detach (link, &error));
  g_assert_no_error (error);
  echo (fd, 2);
  g_assert_cmpuint (link_test_count (second, HOOK_XDP), ==, 4);

  close (fd);
}

static void
test_xdp_errors (void)
{
  static const struct
  {
    const char *options;
    EbpfError code;
    const char *message;
  } cases[] = {
    { "{}", EBPF_ERROR_INVALID_ARGUMENT,
      "*on_frame*\"xdp\"*\"interface\" is needed*there are: *lo*" },
    { "{'interface': <'nope0'>}", EBPF_ERROR_NOT_FOUND, "*xdp on nope0*there are: *lo*" },
    { "{'ifindex': <4711>}", EBPF_ERROR_NOT_FOUND, "*interface 4711*there are: *lo*" },
    { "{'ifindex': <0>}", EBPF_ERROR_NOT_FOUND, "*interface 0*" },
    { "{'ifindex': <-1>}", EBPF_ERROR_WRONG_TYPE, "*\"ifindex\" is a number*" },
    { "{'interface': <'lo'>, 'xdp-flags': <'fast'>}", EBPF_ERROR_WRONG_TYPE,
      "*\"xdp-flags\" is \"skb\", \"drv\" or \"hw\"*" },
    { "{'interface': <'lo'>, 'xdp-flags': <'drv'>}", EBPF_ERROR_NOT_SUPPORTED,
      "*xdp on lo*EOPNOTSUPP*skb*" },
    { "{'interface': <'lo'>, 'cgroup': <'/'>}", EBPF_ERROR_INVALID_ARGUMENT,
      "*no option \"cgroup\"*\"ifindex\", \"interface\", \"xdp-flags\"" },
  };
  static const char *const programs[] = { "on_frame", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !link_test_private_network ())
    return;

  spec = link_test_open ("hooks.bpf.o", 0);
  collection = link_test_load (spec, programs);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_null (ebpf_program_attach (ebpf_collection_get_program (collection, "on_frame"),
                                          options_of (cases[i].options), &error));
      g_assert_nonnull (error);
      ebpf_test_assert_error_matches (error, EBPF_ERROR, (gint) cases[i].code, cases[i].message);
      g_clear_error (&error);
    }
}

/* Native mode, on a pair of devices. */
static void
test_xdp_native (void)
{
  static const char *const programs[] = { "on_frame", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GTimer) timer = NULL;

  if (!ebpf_test_require_bpf () || !link_test_private_network ())
    return;

  if (system ("ip link add ebpf0 type veth peer name ebpf1 2>/dev/null && "
              "ip link set ebpf0 up && ip link set ebpf1 up") != 0)
    {
      g_test_skip ("a veth cannot be made here (iproute2)");
      return;
    }

  spec = link_test_open ("hooks.bpf.o", 0);
  collection = link_test_load (spec, programs);
  link =
      ebpf_program_attach (ebpf_collection_get_program (collection, "on_frame"),
                           options_of ("{'interface': <'ebpf1'>, 'xdp-flags': <'drv'>}"), &error);
  g_assert_no_error (error);

  /* A multicast that leaves by one end comes in at the other. */
  {
    struct ip_mreqn request = { .imr_ifindex = (int) if_nametoindex ("ebpf0") };
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (4711) };
    int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl (0xe0000001);
    g_assert_no_errno (system ("ip addr add 192.0.2.1/24 dev ebpf0"));
    g_assert_no_errno (setsockopt (fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request));

    timer = g_timer_new ();
    while (link_test_count (collection, HOOK_XDP) == 0 && g_timer_elapsed (timer, NULL) < 10)
      {
        g_assert_cmpint (sendto (fd, "hello", 5, 0, (struct sockaddr *) &to, sizeof to), ==, 5);
        g_usleep (1000);
      }
    close (fd);
  }
  g_assert_cmpuint (link_test_count (collection, HOOK_XDP), >, 0);

  /* The device goes away under the link. */
  g_assert_cmpint (system ("ip link del ebpf0"), ==, 0);
  g_assert_true (ebpf_link_detach (link, &error));
  g_assert_no_error (error);
}

/* A process in a group of its own, that echoes as often as it is told. */
typedef struct
{
  char *path;
  int pid;
  int socket;
} Group;

static gboolean
group_start (Group *self)
{
  g_autofree char *mountinfo = NULL;
  g_autofree char *procs = NULL;
  g_auto (GStrv) lines = NULL;
  int pair[2];
  char byte;

  self->path = NULL;
  g_assert_true (g_file_get_contents ("/proc/self/mountinfo", &mountinfo, NULL, NULL));
  lines = g_strsplit (mountinfo, "\n", -1);
  for (guint i = 0; lines[i] != NULL && self->path == NULL; i++)
    if (strstr (lines[i], " - cgroup2 ") != NULL)
      {
        g_auto (GStrv) fields = g_strsplit (lines[i], " ", 6);

        self->path = g_strdup_printf ("%s/ebpf-test-%d", fields[4], getpid ());
      }

  if (self->path == NULL || mkdir (self->path, 0755) != 0)
    {
      g_clear_pointer (&self->path, g_free);
      g_test_skip ("a folder of cgroup v2 cannot be made here");
      return FALSE;
    }

  procs = g_build_filename (self->path, "cgroup.procs", NULL);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  self->pid = fork ();
  g_assert_no_errno (self->pid);
  if (self->pid == 0)
    {
      int fd, moved;

      close (pair[0]);
      moved = open (procs, O_WRONLY);
      if (moved < 0 || write (moved, "0", 1) != 1)
        _exit (1);
      close (moved);

      fd = open_echo ();
      while (write (pair[1], "x", 1) == 1 && read (pair[1], &byte, 1) == 1)
        echo (fd, (guint) byte);
      _exit (0);
    }

  close (pair[1]);
  self->socket = pair[0];
  g_assert_cmpint (read (self->socket, &byte, 1), ==, 1);

  return TRUE;
}

static void
group_echo (Group *self, guint n)
{
  char byte = (char) n;

  g_assert_cmpint (write (self->socket, &byte, 1), ==, 1);
  g_assert_cmpint (read (self->socket, &byte, 1), ==, 1);
}

static void
group_stop (Group *self)
{
  int status;

  close (self->socket);
  g_assert_cmpint (waitpid (self->pid, &status, 0), ==, self->pid);
  g_assert_cmpint (status, ==, 0);
  /* Gone from the group a moment after it was waited for. */
  for (guint i = 0; i < 1000 && rmdir (self->path) != 0 && errno == EBUSY; i++)
    g_usleep (1000);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  g_free (self->path);
}

static GVariant *
cgroup_options (const char *path)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "cgroup", g_variant_new_string (path));

  return g_variant_builder_end (&builder);
}

static void
test_cgroup (void)
{
  static const char *const programs[] = { "on_ingress", "on_egress", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) ingress = NULL;
  g_autoptr (EbpfLink) egress = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  const char *attach_type;
  guint64 cgroup_id;
  Group group;

  if (!ebpf_test_require_bpf () || !link_test_private_network () || !group_start (&group))
    return;

  spec = link_test_open ("hooks.bpf.o", 0);
  collection = link_test_load (spec, programs);
  g_assert_false (ebpf_program_can_attach (ebpf_collection_get_program (collection, "on_ingress")));

  ingress = ebpf_program_attach (ebpf_collection_get_program (collection, "on_ingress"),
                                 cgroup_options (group.path), &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_CGROUP_LINK (ingress));
  egress = ebpf_program_attach (ebpf_collection_get_program (collection, "on_egress"),
                                cgroup_options (group.path), &error);
  g_assert_no_error (error);

  info = ebpf_link_query_info (egress, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "attach-type", "&s", &attach_type));
  g_assert_cmpstr (attach_type, ==, "cgroup-inet-egress");
  g_assert_true (g_variant_lookup (info, "cgroup-id", "t", &cgroup_id));
  g_assert_cmpuint (cgroup_id, >, 0);

  group_echo (&group, 5);
  g_assert_cmpuint (link_test_count (collection, HOOK_CGROUP_INGRESS), ==, 5);
  g_assert_cmpuint (link_test_count (collection, HOOK_CGROUP_EGRESS), ==, 5);

  /* Processes elsewhere are not seen. */
  {
    int fd = open_echo ();

    echo (fd, 3);
    close (fd);
  }
  g_assert_cmpuint (link_test_count (collection, HOOK_CGROUP_EGRESS), ==, 5);

  ebpf_link_close (ingress);
  group_echo (&group, 2);
  g_assert_cmpuint (link_test_count (collection, HOOK_CGROUP_INGRESS), ==, 5);
  g_assert_cmpuint (link_test_count (collection, HOOK_CGROUP_EGRESS), ==, 7);

  g_assert_true (ebpf_link_detach (egress, &error));
  g_assert_no_error (error);
  group_echo (&group, 2);
  g_assert_cmpuint (link_test_count (collection, HOOK_CGROUP_EGRESS), ==, 7);

  group_stop (&group);
}

static void
test_cgroup_errors (void)
{
  static const char *const programs[] = { "on_ingress", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;
  EbpfProgram *program;

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", 0);
  collection = link_test_load (spec, programs);
  program = ebpf_collection_get_program (collection, "on_ingress");

  g_assert_null (ebpf_program_attach (program, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*\"cgroup\" is needed*mounted*");
  g_clear_error (&error);

  g_assert_null (ebpf_program_attach (program, cgroup_options ("/no/such/folder"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*/no/such/folder*ENOENT*mounted*");
  g_clear_error (&error);

  g_assert_null (ebpf_program_attach (program, cgroup_options ("/proc"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*/proc*EBADF*not one of cgroup v2*");
  g_clear_error (&error);

  g_assert_null (ebpf_program_attach (
      program, options_of ("{'cgroup': <'/'>, 'attach-type': <'no-such-type'>}"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE,
                                  "*\"attach-type\" is an attach type's name*");
}

static void
test_socket (void)
{
  static const char *const programs[] = { "on_packet", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  EbpfProgram *program;
  char buffer[16];
  int pair[2];

  if (!ebpf_test_require_bpf ())
    return;

  spec = link_test_open ("hooks.bpf.o", 0);
  collection = link_test_load (spec, programs);
  program = ebpf_collection_get_program (collection, "on_packet");

  g_assert_null (ebpf_program_attach (program, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*\"socket\" is needed*");
  g_clear_error (&error);

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
  text = g_strdup_printf ("{'socket': <handle %d>}", pair[1]);
  link = ebpf_program_attach (program, options_of (text), &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_SOCKET_FILTER_LINK (link));

  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (send (pair[0], "hello", 5, 0), ==, 5);
      g_assert_cmpint (recv (pair[1], buffer, sizeof buffer, 0), ==, 5);
    }
  g_assert_cmpuint (link_test_count (collection, HOOK_SOCKET), ==, 3);

  /* What takes a bpf_link. */
  g_assert_null (ebpf_link_query_info (link, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (ebpf_link_update (link, program, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (ebpf_link_pin (link, "/sys/fs/bpf/x", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  ebpf_link_close (link);
  g_assert_cmpint (send (pair[0], "hello", 5, 0), ==, 5);
  g_assert_cmpint (recv (pair[1], buffer, sizeof buffer, 0), ==, 5);
  g_assert_cmpuint (link_test_count (collection, HOOK_SOCKET), ==, 3);
  g_clear_object (&link);

  /* The last reference takes the filter off too. */
  link = EBPF_LINK (ebpf_socket_filter_link_new (program, pair[1], &error));
  g_assert_no_error (error);
  g_clear_object (&link);
  g_assert_cmpint (send (pair[0], "hello", 5, 0), ==, 5);
  g_assert_cmpuint (link_test_count (collection, HOOK_SOCKET), ==, 3);

  close (pair[0]);
  close (pair[1]);

  g_assert_no_errno (pipe2 (pair, O_CLOEXEC));
  g_assert_null (ebpf_socket_filter_link_new (program, pair[0], &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*ENOTSOCK*not a socket*");
  close (pair[0]);
  close (pair[1]);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/link/network/socket", test_socket);
  ebpf_test_add ("/link/network/xdp", test_xdp);
  ebpf_test_add ("/link/network/xdp-errors", test_xdp_errors);
  ebpf_test_add ("/link/network/xdp-native", test_xdp_native);
  ebpf_test_add ("/link/network/cgroup", test_cgroup);
  ebpf_test_add ("/link/network/cgroup-errors", test_cgroup_errors);

  return g_test_run ();
}
