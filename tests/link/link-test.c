/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-test.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

EbpfCollectionSpec *
link_test_open (const char *object, int target_pid)
{
  g_autofree char *path = ebpf_test_object (object);
  g_autoptr (GError) error = NULL;
  EbpfCollectionSpec *spec;

  spec = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);

  if (target_pid > 0)
    {
      EbpfVariableSpec *variable = ebpf_collection_spec_get_variable (spec, "target_pid");
      guint32 value = (guint32) target_pid;
      g_autoptr (GBytes) bytes = g_bytes_new (&value, sizeof value);

      ebpf_variable_spec_set_bytes (variable, bytes, &error);
      g_assert_no_error (error);
    }

  return spec;
}

EbpfCollection *
link_test_load (EbpfCollectionSpec *spec, const char *const *programs)
{
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GError) error = NULL;
  EbpfCollection *collection = ebpf_collection_new (spec);

  for (guint i = 0; programs != NULL && programs[i] != NULL; i++)
    ebpf_load_options_select_program (options, programs[i]);

  ebpf_collection_load (collection, options, NULL, &error);
  g_assert_no_error (error);

  return collection;
}

guint64
link_test_count (EbpfCollection *collection, guint slot)
{
  EbpfMap *map = ebpf_collection_get_map (collection, "counts");
  g_autoptr (GError) error = NULL;
  guint32 key = slot;
  guint64 value = 0;

  g_assert_nonnull (map);
  ebpf_map_lookup_raw (map, &key, &value, 0, &error);
  g_assert_no_error (error);

  return value;
}

gboolean
link_test_private_network (void)
{
  static gboolean tried, ready;

  if (!tried)
    {
      struct ifreq request;
      int fd;

      tried = TRUE;
      if (unshare (CLONE_NEWNET) == 0)
        {
          memset (&request, 0, sizeof request);
          strcpy (request.ifr_name, "lo");
          request.ifr_flags = IFF_UP;
          fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
          ready = fd >= 0 && ioctl (fd, SIOCSIFFLAGS, &request) == 0;
          close (fd);
        }
    }

  if (!ready)
    g_test_skip ("a private network namespace cannot be had here");
  return ready;
}

static void
await (LinkTestExecer *self)
{
  char byte;

  g_assert_cmpint (read (self->from_child, &byte, 1), ==, 1);
}

void
link_test_execer_start (LinkTestExecer *self)
{
  int to_child[2], from_child[2];

  g_assert_no_errno (pipe2 (to_child, O_CLOEXEC));
  g_assert_no_errno (pipe2 (from_child, O_CLOEXEC));

  self->pid = fork ();
  g_assert_cmpint (self->pid, >=, 0);
  if (self->pid == 0)
    {
      dup2 (to_child[0], 0);
      dup2 (from_child[1], 1);
      execl ("/bin/sh", "sh", "-c", "echo; read x && exec /bin/sh -c \"$0\" \"$0\"",
             "echo; read x && exec /bin/sh -c \"$0\" \"$0\"", NULL);
      _exit (127);
    }

  close (to_child[0]);
  close (from_child[1]);
  self->to_child = to_child[1];
  self->from_child = from_child[0];
  await (self);
}

void
link_test_execer_exec (LinkTestExecer *self)
{
  g_assert_cmpint (write (self->to_child, "\n", 1), ==, 1);
  await (self);
}

void
link_test_execer_stop (LinkTestExecer *self)
{
  int status;

  close (self->to_child);
  close (self->from_child);
  g_assert_cmpint (waitpid (self->pid, &status, 0), ==, self->pid);
}
