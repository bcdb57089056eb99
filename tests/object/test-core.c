/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-core-spec-private.h"

#include "base/ebpf-error.h"
#include "ebpf-test.h"
#include "elf/ebpf-elf.h"
#include "link/ebpf-attach.h"
#include "link/ebpf-link.h"
#include "object/ebpf-collection.h"
#include "object/ebpf-load-options.h"
#include "object/ebpf-program.h"
#include "object/ebpf-variable.h"
#include "spec/ebpf-btf-minimize.h"

#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static EbpfCollection *
open_object (const char *name)
{
  g_autofree char *path = ebpf_test_object (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return ebpf_collection_new (spec);
}

/* The object with every kind of relocation; clang 14 compiles what should be a match into a question
 * for existence. */
static EbpfCollection *
open_every_kind (void)
{
  static const char *const names[] = { "list_head___matching", "list_head___unlike" };
  g_autofree char *path = ebpf_test_object ("core.bpf.o");
  g_autoptr (GBytes) bytes = ebpf_test_object_bytes ("core.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_path (path, NULL, &error);
  g_autoptr (EbpfCollectionSpec) spec = NULL;

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      guint id = ebpf_btf_find (btf, names[i], EBPF_BTF_KIND_STRUCT, &error);
      GBytes *changed;

      g_assert_no_error (error);
      changed =
          ebpf_test_change_relocation (bytes, id, EBPF_CORE_TYPE_EXISTS, EBPF_CORE_TYPE_MATCHES);
      g_bytes_unref (bytes);
      bytes = changed;
    }

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  return ebpf_collection_new (spec);
}

static gint64
find_enumerator (EbpfBtf *btf, const char *enum_name, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtfType) type = ebpf_btf_find_type (btf, enum_name, EBPF_BTF_KIND_ENUM, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < ebpf_btf_type_get_n_members (type); i++)
    if (g_strcmp0 (ebpf_btf_type_get_member_name (type, i), name) == 0)
      return ebpf_btf_type_get_member_value (type, i);

  g_assert_not_reached ();
}

static guint64
read_variable (EbpfCollection *collection, const char *name)
{
  EbpfVariable *variable = ebpf_collection_get_variable (collection, name);
  g_autoptr (GError) error = NULL;
  guint64 v64 = 0;
  guint32 v32;

  g_assert_nonnull (variable);
  if (ebpf_variable_get_size (variable) == sizeof v64)
    {
      ebpf_variable_read_raw (variable, &v64, sizeof v64, &error);
      g_assert_no_error (error);
      return v64;
    }

  ebpf_variable_read_raw (variable, &v32, sizeof v32, &error);
  g_assert_no_error (error);
  return v32;
}

static guint
find_member (EbpfBtfType *type, const char *name)
{
  for (guint i = 0; i < ebpf_btf_type_get_n_members (type); i++)
    if (g_strcmp0 (ebpf_btf_type_get_member_name (type, i), name) == 0)
      return i;

  g_assert_not_reached ();
}

static void
run (EbpfCollection *collection)
{
  EbpfProgram *program = ebpf_collection_get_program (collection, "look");
  const guint64 arguments[2] = { 0, 0 };
  g_autoptr (GBytes) context = g_bytes_new (arguments, sizeof arguments);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (program);
  g_assert_true (ebpf_program_run (program, context, NULL, NULL, &error));
  g_assert_no_error (error);
}

/* What a program reads out of this process, and what its relocations say, against the kernel's type
 * information and what is known of the process. */
static void
test_load (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfBtf) kernel = NULL;
  g_autoptr (EbpfBtfType) task = NULL;
  g_autoptr (EbpfBtfType) local = NULL;
  g_autoptr (GError) error = NULL;
  struct sched_param parameters = { 0 };
  char comm[16], expected_comm[16] = "";
  EbpfBtf *object_btf;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  kernel = ebpf_btf_get_kernel (&error);
  g_assert_no_error (error);
  task = ebpf_btf_find_type (kernel, "task_struct", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);

  collection = open_every_kind ();
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);

  run (collection);
  g_assert_cmpuint (read_variable (collection, "tgid"), ==, getpid ());
  g_assert_cmpuint (read_variable (collection, "leader_tgid"), ==, getpid ());
  prctl (PR_GET_NAME, expected_comm);
  ebpf_variable_read_raw (ebpf_collection_get_variable (collection, "comm"), comm, sizeof comm,
                          &error);
  g_assert_no_error (error);
  g_assert_cmpstr (comm, ==, expected_comm);

  g_assert_cmpuint (read_variable (collection, "offset_of_tgid") * 8, ==,
                    ebpf_btf_type_get_member_bit_offset (task, find_member (task, "tgid")));
  g_assert_cmpuint (read_variable (collection, "size_of_comm"), ==, 16);
  g_assert_cmpuint (read_variable (collection, "has_comm"), ==, 1);
  g_assert_cmpuint (read_variable (collection, "has_not_there"), ==, 0);
  g_assert_cmpuint (read_variable (collection, "has_wrong_next"), ==, 0);
  g_assert_cmpuint (read_variable (collection, "tgid_is_signed"), ==, 1);
  g_assert_cmpuint (read_variable (collection, "has_task"), ==, 1);
  g_assert_cmpuint (read_variable (collection, "has_no_such_struct"), ==, 0);
  g_assert_cmpuint (read_variable (collection, "size_of_task"), ==,
                    (guint64) ebpf_btf_type_get_size (task));
  g_assert_cmpuint (read_variable (collection, "target_id"), ==, ebpf_btf_type_get_id (task));
  g_assert_cmpuint (read_variable (collection, "map_type_array"), ==, 2);
  g_assert_cmpuint (read_variable (collection, "has_map_type_array"), ==, 1);
  g_assert_cmpuint (read_variable (collection, "has_map_type_nowhere"), ==, 0);
  g_assert_cmpuint (read_variable (collection, "cpuhp_online"), ==,
                    (guint64) find_enumerator (kernel, "cpuhp_state", "CPUHP_ONLINE"));
  g_assert_cmpuint (read_variable (collection, "has_next"), ==, 1);
  g_assert_cmpuint (read_variable (collection, "matches"), ==, 1);
  g_assert_cmpuint (read_variable (collection, "matches_unlike"), ==, 0);

  object_btf = ebpf_collection_spec_get_btf (ebpf_collection_get_spec (collection));
  local = ebpf_btf_find_type (object_btf, "task_struct___here", EBPF_BTF_KIND_STRUCT, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (read_variable (collection, "local_id"), ==, ebpf_btf_type_get_id (local));

  /* A bitfield of the process that it can change itself. */
  g_assert_cmpuint (read_variable (collection, "reset_on_fork"), ==, 0);
  if (sched_getscheduler (0) == SCHED_OTHER &&
      sched_setscheduler (0, SCHED_OTHER | SCHED_RESET_ON_FORK, &parameters) == 0)
    {
      run (collection);
      g_assert_cmpuint (read_variable (collection, "reset_on_fork"), ==, 1);
    }

  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

/* Offsets in the instructions themselves: what a program sees of a process that is started. */
static void
test_direct (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLink) attachment = NULL;
  g_autoptr (GError) error = NULL;
  const char *const argv[] = { "/bin/true", NULL };
  char comm = 0;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  collection = open_object ("core.bpf.o");
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);

  attachment =
      ebpf_program_attach (ebpf_collection_get_program (collection, "executed"), NULL, &error);
  g_assert_no_error (error);
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  ebpf_link_detach (attachment, &error);
  g_assert_no_error (error);

  g_assert_cmpuint (read_variable (collection, "executed_tgid"), >, 1);
  g_assert_cmpuint (read_variable (collection, "executed_migrated"), <=, 1);
  ebpf_variable_read_raw (ebpf_collection_get_variable (collection, "executed_comm"), &comm, 1,
                          &error);
  g_assert_no_error (error);
  g_assert_true (comm == 0 || g_ascii_isprint (comm));

  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

/* With the little of the kernel's types that the object needs, as where the kernel brings none. */
static void
test_minimized (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (GPtrArray) specs = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) kernel = NULL;
  g_autoptr (EbpfBtf) small = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  kernel = ebpf_btf_get_kernel (&error);
  g_assert_no_error (error);
  collection = open_every_kind ();
  g_ptr_array_add (specs, ebpf_collection_get_spec (collection));
  small = ebpf_btf_minimize (kernel, specs, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (small), <, 30);

  ebpf_load_options_set_kernel_btf (options, small);
  ebpf_collection_load (collection, options, NULL, &error);
  g_assert_no_error (error);

  run (collection);
  g_assert_cmpuint (read_variable (collection, "tgid"), ==, getpid ());
  g_assert_cmpuint (read_variable (collection, "leader_tgid"), ==, getpid ());
  g_assert_cmpuint (read_variable (collection, "has_not_there"), ==, 0);
  g_assert_cmpuint (read_variable (collection, "matches"), ==, 1);
  g_assert_cmpuint (read_variable (collection, "matches_unlike"), ==, 0);

  ebpf_collection_close (collection);
  ebpf_btf_drop_kernel ();
}

/* Code that is reached and reads what no kernel has: the verifier refuses it, and the error says
 * which field. */
static void
test_missing (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10))
    return;

  collection = open_object ("core-missing.bpf.o");
  g_assert_false (ebpf_collection_load (collection, NULL, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_true (error->domain == EBPF_ERROR);
  g_assert_nonnull (strstr (error->message, "task_struct___missing"));
  ebpf_btf_drop_kernel ();
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/core/load", test_load);
  ebpf_test_add ("/object/core/direct", test_direct);
  ebpf_test_add ("/object/core/minimized", test_minimized);
  ebpf_test_add ("/object/core/missing", test_missing);

  return g_test_run ();
}
