/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Operations in use: TCP congestion controls, each of which carries a connection. Their names are
 * the whole machine's; the connections are in a network namespace of this process. */

#include "link-test.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALGORITHMS "/proc/sys/net/ipv4/tcp_available_congestion_control"
#define N_BYTES (1024 * 1024)

/* What a test that crashed left registered is not in the way of the next. */
typedef struct
{
  const char *map;
  const char *prefix;
  char name[16];
} Algorithm;

static Algorithm algorithms[] = {
  { "plain", "cc_p", "" },    { "linked", "cc_l", "" },     { "successor", "cc_l", "" },
  { "optional", "cc_o", "" }, { "incomplete", "cc_i", "" }, { "script", "cc_s", "" },
};

enum
{
  PLAIN,
  LINKED,
  SUCCESSOR,
  OPTIONAL,
  INCOMPLETE,
  OTHER,
};

static gboolean
is_registered (const char *name)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  g_assert_true (g_file_get_contents (ALGORITHMS, &text, NULL, NULL));
  words = g_strsplit_set (text, " \n", -1);
  return g_strv_contains ((const char *const *) words, name);
}

static void
assert_nothing_left (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    g_assert_false (is_registered (algorithms[i].name));
}

static EbpfCollectionSpec *
open_spec (void)
{
  EbpfCollectionSpec *spec = link_test_open ("congestion.bpf.o", 0);

  for (guint i = 0; i < OTHER; i++)
    {
      EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, algorithms[i].map);
      g_autoptr (GError) error = NULL;

      ebpf_map_spec_set_member_value (map, "name", g_variant_new_string (algorithms[i].name),
                                      &error);
      g_assert_no_error (error);
    }

  return spec;
}

/* @maps: names that end with NULL, or NULL for all that are not optional. */
static EbpfCollection *
load (EbpfCollectionSpec *spec, const char *const *maps)
{
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GError) error = NULL;
  EbpfCollection *collection = ebpf_collection_new (spec);

  for (guint i = 0; maps != NULL && maps[i] != NULL; i++)
    ebpf_load_options_select_map (options, maps[i]);
  ebpf_collection_load (collection, options, NULL, &error);
  g_assert_no_error (error);

  return collection;
}

static guint64
get_count (EbpfCollection *collection, const char *name)
{
  EbpfVariable *variable = ebpf_collection_get_variable (collection, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  g_assert_nonnull (variable);
  value = ebpf_variable_get_value (variable, &error);
  g_assert_no_error (error);
  return g_variant_get_uint64 (value);
}

static int
new_socket (const char *algorithm)
{
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (
      setsockopt (fd, IPPROTO_TCP, TCP_CONGESTION, algorithm, (socklen_t) strlen (algorithm)));
  return fd;
}

static gpointer
send_bytes (gpointer data)
{
  g_autofree guint8 *bytes = g_malloc (N_BYTES);
  gsize sent = 0;

  for (gsize i = 0; i < N_BYTES; i++)
    bytes[i] = (guint8) (i * 31 + i / 256);
  while (sent < N_BYTES)
    {
      gssize n = write (GPOINTER_TO_INT (data), bytes + sent, N_BYTES - sent);

      g_assert_cmpint (n, >, 0);
      sent += (gsize) n;
    }
  g_assert_no_errno (shutdown (GPOINTER_TO_INT (data), SHUT_WR));

  return NULL;
}

/* A connection over "lo" whose sender has this algorithm; all that is sent must come. */
static void
carry_connection (const char *algorithm)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t length = sizeof address;
  g_autofree guint8 *buffer = g_malloc (65536);
  char name[16] = "";
  socklen_t name_length = sizeof name;
  gsize received = 0;
  int listener, client, server;
  GThread *thread;

  listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (listener, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (listener, 1));
  g_assert_no_errno (getsockname (listener, (struct sockaddr *) &address, &length));

  client = new_socket (algorithm);
  g_assert_no_errno (connect (client, (struct sockaddr *) &address, sizeof address));
  server = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  g_assert_cmpint (server, >=, 0);
  g_assert_no_errno (getsockopt (client, IPPROTO_TCP, TCP_CONGESTION, name, &name_length));
  g_assert_cmpstr (name, ==, algorithm);

  thread = g_thread_new ("sender", send_bytes, GINT_TO_POINTER (client));
  while (TRUE)
    {
      gssize n = read (server, buffer, 65536);

      g_assert_cmpint (n, >=, 0);
      if (n == 0)
        break;
      for (gssize i = 0; i < n; i++, received++)
        g_assert_cmphex (buffer[i], ==, (guint8) (received * 31 + received / 256));
    }
  g_assert_cmpuint (received, ==, N_BYTES);
  g_thread_join (thread);

  close (client);
  close (server);
  close (listener);
}

static gboolean
can_run (guint minor)
{
  return ebpf_test_require_bpf () && ebpf_test_require_kernel (minor == 6 ? 5 : 6, minor) &&
         link_test_private_network ();
}

/* Registered by an update of the map, taken away by its deletion. */
static void
test_plain (void)
{
  static const char *const maps[] = { "plain", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (EbpfLink) again = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) operations = NULL;
  g_autoptr (GError) error = NULL;
  const char *name;

  if (!can_run (6))
    return;

  spec = open_spec ();
  collection = load (spec, maps);
  g_assert_false (is_registered (algorithms[PLAIN].name));

  /* What the collection has is closed, and the operations stay in use. */
  map = ebpf_map_dup (ebpf_collection_get_map (collection, "plain"), &error);
  g_assert_no_error (error);
  link = ebpf_map_attach (map, &error);
  g_assert_no_error (error);
  g_assert_true (EBPF_IS_STRUCT_OPS_LINK (link));
  g_assert_true (ebpf_struct_ops_link_get_map (EBPF_STRUCT_OPS_LINK (link)) == map);
  g_assert_null (ebpf_link_get_program (link));
  g_assert_cmpstr (ebpf_link_get_target (link), ==, "tcp_congestion_ops of map 'plain'");
  g_assert_true (is_registered (algorithms[PLAIN].name));

  carry_connection (algorithms[PLAIN].name);
  g_assert_cmpuint (get_count (collection, "first_inits"), ==, 1);
  g_assert_cmpuint (get_count (collection, "second_inits"), ==, 0);
  g_assert_cmpuint (get_count (collection, "releases"), ==, 1);
  g_assert_cmpuint (get_count (collection, "avoids"), >, 0);

  /* The kernel's own struct, as it is now. */
  value = ebpf_map_lookup (map, g_variant_new_uint32 (0), &error);
  g_assert_no_error (error);
  operations = g_variant_lookup_value (value, "data", G_VARIANT_TYPE_VARDICT);
  g_assert_nonnull (operations);
  g_assert_true (g_variant_lookup (operations, "name", "&s", &name));
  g_assert_cmpstr (name, ==, algorithms[PLAIN].name);

  g_assert_null (ebpf_map_attach (map, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_BUSY, "*plain*in use already*");
  g_clear_error (&error);
  g_assert_false (ebpf_struct_ops_link_update_map (EBPF_STRUCT_OPS_LINK (link), map, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "*without a bpf_link*.struct_ops.link*");
  g_clear_error (&error);

  ebpf_map_close (map);
  ebpf_collection_close (collection);
  g_assert_true (is_registered (algorithms[PLAIN].name));
  g_assert_true (ebpf_link_detach (link, &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_link_is_open (link));
  assert_nothing_left ();
}

/* Dropping the link is enough; and the kernel takes such a map once. */
static void
test_once (void)
{
  static const char *const maps[] = { "plain", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfCollection) other = NULL;
  g_autoptr (GError) error = NULL;
  EbpfLink *link;
  EbpfMap *map;

  if (!can_run (6))
    return;

  spec = open_spec ();
  collection = load (spec, maps);
  other = load (spec, maps);
  map = ebpf_collection_get_map (collection, "plain");
  link = ebpf_map_attach (map, &error);
  g_assert_no_error (error);

  /* The name is taken. */
  g_assert_null (ebpf_map_attach (ebpf_collection_get_map (other, "plain"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS,
                                  "*plain*EEXIST*of this name*");
  g_clear_error (&error);

  g_object_unref (link);
  assert_nothing_left ();
  g_assert_null (ebpf_map_attach (map, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED, "*plain*no second time*");
  g_clear_error (&error);

  link = ebpf_map_attach (ebpf_collection_get_map (other, "plain"), &error);
  g_assert_no_error (error);
  ebpf_link_close (link);
  g_object_unref (link);
  assert_nothing_left ();

  map = ebpf_collection_get_map (collection, ".bss");
  g_assert_null (ebpf_map_attach (map, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*.bss*struct_ops*");
  ebpf_collection_close (collection);
  ebpf_collection_close (other);
}

static void
count_call (gpointer counter)
{
  (*(guint *) counter)++;
}

/* By a link: replaced while a connection could have it, pinned, found again, detached. */
static void
test_linked (void)
{
  static const char *const maps[] = { "linked", "successor", "incomplete", NULL };
  const char *bpffs;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (EbpfLink) opened = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  EbpfMap *linked, *successor;
  EbpfStructOpsLink *self;
  guint n_notified = 0, map_id = 0;
  const char *kind;

  if (!can_run (4))
    return;

  spec = open_spec ();
  collection = load (spec, maps);
  linked = ebpf_collection_get_map (collection, "linked");
  successor = ebpf_collection_get_map (collection, "successor");
  g_assert_null (ebpf_collection_get_program (collection, "optional_init"));

  link = ebpf_map_attach (linked, &error);
  g_assert_no_error (error);
  self = EBPF_STRUCT_OPS_LINK (link);
  g_assert_true (is_registered (algorithms[LINKED].name));
  carry_connection (algorithms[LINKED].name);
  g_assert_cmpuint (get_count (collection, "first_inits"), ==, 1);
  g_assert_cmpuint (get_count (collection, "second_inits"), ==, 0);

  info = ebpf_link_query_info (link, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (info, "type-name", "&s", &kind));
  g_assert_cmpstr (kind, ==, "struct-ops");
  g_assert_true (g_variant_lookup (info, "map-id", "u", &map_id));
  g_assert_cmpuint (map_id, ==, ebpf_map_get_id (linked));

  /* A second one of the name, a program, a map that is none, one that the kernel refuses. */
  g_assert_null (ebpf_map_attach (successor, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_EXISTS, "*successor*EEXIST*");
  g_clear_error (&error);
  g_assert_false (
      ebpf_link_update (link, ebpf_collection_get_program (collection, "ssthresh"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*update_map*");
  g_clear_error (&error);
  g_assert_false (
      ebpf_struct_ops_link_update_map (self, ebpf_collection_get_map (collection, ".bss"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*.bss*");
  g_clear_error (&error);
  g_assert_false (ebpf_struct_ops_link_update_map (
      self, ebpf_collection_get_map (collection, "incomplete"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*incomplete*may be missing*");
  g_clear_error (&error);
  g_assert_null (
      ebpf_program_attach (ebpf_collection_get_program (collection, "ssthresh"), NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*ebpf_map_attach*");
  g_clear_error (&error);

  g_signal_connect_swapped (link, "notify::map", G_CALLBACK (count_call), &n_notified);
  g_assert_true (ebpf_struct_ops_link_update_map (self, successor, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_true (ebpf_struct_ops_link_get_map (self) == successor);
  carry_connection (algorithms[LINKED].name);
  g_assert_cmpuint (get_count (collection, "first_inits"), ==, 1);
  g_assert_cmpuint (get_count (collection, "second_inits"), ==, 1);

  bpffs = ebpf_test_bpffs ();
  if (bpffs != NULL)
    {
      path = g_build_filename (bpffs, "operations", NULL);
      g_assert_true (ebpf_link_pin (link, path, &error));
      g_assert_no_error (error);
      ebpf_link_close (link);
      g_assert_true (is_registered (algorithms[LINKED].name));

      opened = ebpf_link_from_pin (path, &error);
      g_assert_no_error (error);
      g_assert_true (EBPF_IS_STRUCT_OPS_LINK (opened));
      g_assert_cmpuint (
          ebpf_map_get_id (ebpf_struct_ops_link_get_map (EBPF_STRUCT_OPS_LINK (opened))), ==,
          ebpf_map_get_id (successor));

      /* The first again: the kernel has it since before. */
      g_assert_true (
          ebpf_struct_ops_link_update_map (EBPF_STRUCT_OPS_LINK (opened), linked, &error));
      g_assert_no_error (error);
      carry_connection (algorithms[LINKED].name);
      g_assert_cmpuint (get_count (collection, "first_inits"), ==, 2);
      g_assert_true (ebpf_link_detach (opened, &error));
      g_assert_no_error (error);
      g_assert_true (ebpf_link_unpin (opened, &error));
      unlink (path);
    }
  else
    {
      g_assert_true (ebpf_link_detach (link, &error));
    }

  assert_nothing_left ();
  g_assert_false (ebpf_struct_ops_link_update_map (self, linked, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED, "*link was closed*");
  ebpf_collection_close (collection);
}

/* All there is but what is optional, with a name that was given before; and not what is not wanted. */
static void
test_attach_all (void)
{
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfCollection) clash = NULL;
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (GVariant) name = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMapSpec *linked;

  if (!can_run (4))
    return;

  spec = open_spec ();
  linked = ebpf_collection_spec_get_map (spec, "linked");
  g_assert_true (ebpf_map_spec_get_autoattach (linked));

  /* "linked" and "successor" have one name: all or nothing. */
  clash = load (spec, NULL);
  g_assert_null (ebpf_collection_get_map (clash, "optional"));
  g_assert_null (ebpf_collection_attach_all (clash, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&error);
  assert_nothing_left ();
  ebpf_collection_close (clash);

  ebpf_map_spec_set_autoattach (ebpf_collection_spec_get_map (spec, "successor"), FALSE);
  g_assert_true (ebpf_map_spec_set_member_value (
      linked, "name", g_variant_new_string (algorithms[OTHER].name), &error));
  g_assert_no_error (error);
  name = ebpf_map_spec_get_member_value (linked, "name", &error);
  g_assert_cmpstr (g_variant_get_string (name, NULL), ==, algorithms[OTHER].name);

  collection = load (spec, NULL);
  links = ebpf_collection_attach_all (collection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (links->len, ==, 2);
  g_assert_true (is_registered (algorithms[PLAIN].name));
  g_assert_true (is_registered (algorithms[OTHER].name));
  g_assert_false (is_registered (algorithms[LINKED].name));
  carry_connection (algorithms[OTHER].name);
  g_clear_pointer (&links, g_ptr_array_unref);
  assert_nothing_left ();
  ebpf_collection_close (collection);
}

/* An optional map comes when it is asked for; functions are exchanged and left out. */
static void
test_members (void)
{
  static const char *const maps[] = { "optional", NULL };
  static const char *const plain_maps[] = { "plain", "optional", NULL };
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfCollection) conflict = NULL;
  g_autoptr (EbpfLink) link = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMapSpec *optional;

  if (!can_run (4))
    return;

  spec = open_spec ();
  optional = ebpf_collection_spec_get_map (spec, "optional");
  g_assert_cmpstr (ebpf_map_spec_get_member_program (optional, "init"), ==, "optional_init");
  g_assert_null (ebpf_map_spec_get_member_program (optional, "release"));
  g_assert_null (ebpf_map_spec_get_member_program (optional, "name"));

  /* A program for another function than the one that it was written for. */
  g_assert_true (ebpf_map_spec_set_member_program (optional, "init", "second_init", &error));
  g_assert_true (ebpf_map_spec_set_member_program (optional, "release", "first_init", &error));
  g_assert_no_error (error);
  collection = load (spec, maps);
  g_assert_null (ebpf_collection_get_program (collection, "optional_init"));
  g_assert_cmpstr (ebpf_program_spec_get_attach_to (ebpf_program_get_spec (
                       ebpf_collection_get_program (collection, "first_init"))),
                   ==, "tcp_congestion_ops:release");

  link = ebpf_map_attach (ebpf_collection_get_map (collection, "optional"), &error);
  g_assert_no_error (error);
  carry_connection (algorithms[OPTIONAL].name);
  g_assert_cmpuint (get_count (collection, "second_inits"), ==, 1);
  g_assert_cmpuint (get_count (collection, "first_inits"), ==, 1);
  g_assert_cmpuint (get_count (collection, "releases"), ==, 0);
  ebpf_link_close (link);
  g_clear_object (&link);
  ebpf_collection_close (collection);
  g_clear_object (&collection);

  /* "first_init" cannot be both. */
  {
    g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();

    for (guint i = 0; plain_maps[i] != NULL; i++)
      ebpf_load_options_select_map (options, plain_maps[i]);
    conflict = ebpf_collection_new (spec);
    g_assert_false (ebpf_collection_load (conflict, options, NULL, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE,
                                    "*first_init*init in map*plain*release in map 'optional'*");
    g_clear_error (&error);
  }

  /* Left out: not called, and not loaded; and so is what the application does not want. */
  g_assert_true (ebpf_map_spec_set_member_program (optional, "init", NULL, &error));
  ebpf_map_spec_set_autocreate (optional, TRUE);
  ebpf_map_spec_set_autocreate (ebpf_collection_spec_get_map (spec, "plain"), FALSE);
  ebpf_map_spec_set_autocreate (ebpf_collection_spec_get_map (spec, "linked"), FALSE);
  ebpf_map_spec_set_autocreate (ebpf_collection_spec_get_map (spec, "successor"), FALSE);
  ebpf_program_spec_set_autoload (ebpf_collection_spec_get_program (spec, "first_init"), FALSE);
  collection = load (spec, NULL);
  g_assert_null (ebpf_collection_get_program (collection, "optional_init"));
  g_assert_null (ebpf_collection_get_program (collection, "second_init"));
  g_assert_null (ebpf_collection_get_program (collection, "first_init"));
  link = ebpf_map_attach (ebpf_collection_get_map (collection, "optional"), &error);
  g_assert_no_error (error);
  carry_connection (algorithms[OPTIONAL].name);
  g_assert_cmpuint (get_count (collection, "avoids"), >, 0);
  g_assert_cmpuint (get_count (collection, "first_inits"), ==, 0);
  ebpf_link_close (link);
  ebpf_collection_close (collection);
  assert_nothing_left ();
}

static void
test_member_errors (void)
{
  g_autoptr (EbpfCollectionSpec) spec = link_test_open ("congestion.bpf.o", 0);
  EbpfMapSpec *map = ebpf_collection_spec_get_map (spec, "plain");
  g_autoptr (EbpfMapSpec) hash = ebpf_map_spec_new ("hash", EBPF_MAP_TYPE_HASH, 4, 4, 1);
  g_autoptr (EbpfMapSpec) copy = ebpf_map_spec_copy (map);
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_map_spec_set_member_value (map, "nick", g_variant_new_string ("x"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*plain*nick*name, ssthresh, cong_avoid*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_spec_set_member_value (map, "name", g_variant_new_uint32 (1), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*plain*name*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_spec_set_member_value (map, "init", g_variant_new_string ("x"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*set_member_program*");
  g_clear_error (&error);
  g_assert_null (ebpf_map_spec_get_member_value (map, "init", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_clear_error (&error);
  g_assert_false (ebpf_map_spec_set_member_program (map, "name", "ssthresh", &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*set_member_value*");
  g_clear_error (&error);
  g_assert_false (
      ebpf_map_spec_set_member_value (hash, "name", g_variant_new_string ("x"), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE, "*hash*struct_ops*");
  g_clear_error (&error);

  /* A copy shares nothing that can be changed. */
  g_assert_true (
      ebpf_map_spec_set_member_value (copy, "name", g_variant_new_string ("other"), &error));
  g_assert_true (ebpf_map_spec_set_member_program (copy, "init", NULL, &error));
  {
    g_autoptr (GVariant) name = ebpf_map_spec_get_member_value (map, "name", &error);

    g_assert_cmpstr (g_variant_get_string (name, NULL), ==, "ebpf_cc_plain");
    g_assert_cmpstr (ebpf_map_spec_get_member_program (map, "init"), ==, "first_init");
  }

  /* Whether there is such a program is known when it is loaded. */
  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 4))
    return;
  g_assert_true (ebpf_map_spec_set_member_program (map, "init", "nobody", &error));
  collection = ebpf_collection_new (spec);
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND, "*nobody*");
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);
  ebpf_test_bpffs ();

  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    g_snprintf (algorithms[i].name, sizeof algorithms[i].name, "%s%u", algorithms[i].prefix,
                (guint) getpid ());

  ebpf_test_add ("/link/struct-ops/plain", test_plain);
  ebpf_test_add ("/link/struct-ops/once", test_once);
  ebpf_test_add ("/link/struct-ops/linked", test_linked);
  ebpf_test_add ("/link/struct-ops/attach-all", test_attach_all);
  ebpf_test_add ("/link/struct-ops/members", test_members);
  ebpf_test_add ("/link/struct-ops/member-errors", test_member_errors);

  return g_test_run ();
}
