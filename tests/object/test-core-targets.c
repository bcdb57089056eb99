/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What programs are relocated against, and what is asked of a kernel that has less than this one. Each
 * test is in a process and a mount namespace of its own. */

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ebpf.h>
#include <glib/gstdio.h>

#include "ebpf-test.h"

static EbpfCollection *
open_object (const char *object)
{
  g_autofree char *path = ebpf_test_object (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);

  g_assert_no_error (error);
  return ebpf_collection_new (spec);
}

static void
load (EbpfCollection *collection, EbpfLoadOptions *options)
{
  g_autoptr (GError) error = NULL;

  ebpf_collection_load (collection, options, NULL, &error);
  g_assert_no_error (error);
}

static guint
run (EbpfCollection *collection, const char *name)
{
  g_autoptr (GBytes) packet = g_bytes_new_take (g_malloc0 (64), 64);
  g_autoptr (GError) error = NULL;
  guint returned = 0;

  ebpf_program_test_run (ebpf_collection_get_program (collection, name), packet, 1, &returned, NULL,
                         NULL, &error);
  g_assert_no_error (error);

  return returned;
}

/* A struct that this kernel has not, as a module would bring it. */
static EbpfBtf *
build_elsewhere (EbpfBtf *base)
{
  g_autoptr (EbpfBtfBuilder) builder =
      base != NULL ? ebpf_btf_builder_new_split (base) : ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  guint number;
  EbpfBtf *btf;

  number = ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  ebpf_btf_builder_add_struct (builder, "ebpf_elsewhere", 32, &error);
  ebpf_btf_builder_add_member (builder, "first", number, 0, 0, &error);
  ebpf_btf_builder_add_member (builder, "second", number, 24 * 8, 0, &error);
  g_assert_no_error (error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);

  return btf;
}

static void
hide (const char *folder)
{
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    g_assert_no_errno (mount ("tmpfs", folder, "tmpfs", 0, NULL));
}

static void
hide_kernel (void)
{
  static const char *const folders[] = { "/sys/kernel/btf", "/boot", "/lib/modules",
                                         "/usr/lib/debug" };

  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    hide (folders[i]);
}

/* A kernel without type information: only what adapts to it is refused. */
static void
without_kernel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (&error);
  g_autoptr (EbpfBtf) elsewhere = build_elsewhere (NULL);
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollection) plain = open_object ("minimal.bpf.o");
  g_autoptr (EbpfCollection) refused = open_object ("core.bpf.o");
  g_autoptr (EbpfCollection) unused = open_object ("core.bpf.o");
  g_autoptr (EbpfCollection) given = open_object ("core.bpf.o");
  g_autoptr (EbpfCollection) other = open_object ("core-elsewhere.bpf.o");
  EbpfCollectionSpec *spec;
  g_autoptr (GPtrArray) programs = NULL;

  g_assert_no_error (error);
  ebpf_btf_drop_kernel ();
  hide_kernel ();

  load (plain, NULL);

  g_assert_false (ebpf_collection_load (refused, NULL, NULL, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "*look*CO-RE*CONFIG_DEBUG_INFO_BTF*");
  g_clear_error (&error);

  /* Its other programs could be loaded. */
  spec = ebpf_collection_get_spec (unused);
  programs = ebpf_collection_spec_list_programs (spec);
  for (guint i = 0; i < programs->len; i++)
    ebpf_program_spec_set_autoload (g_ptr_array_index (programs, i), FALSE);
  load (unused, NULL);

  /* With one that is given, all is well; also with only what comes behind it. What the running kernel
   * knows by number, as a tracepoint, is not to be had from another. */
  ebpf_load_options_set_kernel_btf (options, kernel);
  ebpf_program_spec_set_autoload (
      ebpf_collection_spec_get_program (ebpf_collection_get_spec (given), "executed"), FALSE);
  load (given, options);
  ebpf_load_options_set_kernel_btf (options, NULL);
  ebpf_load_options_add_relocation_target (options, elsewhere);
  load (other, options);
  g_assert_cmpuint (run (other, "where"), ==, 24);
}

/* A kernel whose type information is somewhere else, and which lists no modules. */
static void
without_modules (void)
{
  g_autoptr (EbpfCollection) collection = open_object ("core.bpf.o");
  g_autoptr (EbpfCollection) missing = open_object ("core-elsewhere.bpf.o");
  g_autofree char *contents = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) modules = NULL;
  struct utsname name;
  gsize length;

  g_file_get_contents ("/sys/kernel/btf/vmlinux", &contents, &length, &error);
  g_assert_no_error (error);
  hide_kernel ();
  hide ("/sys/kernel");
  g_assert_false (g_file_test ("/sys/kernel/btf", G_FILE_TEST_EXISTS));
  uname (&name);
  path = g_strdup_printf ("/boot/vmlinux-%s", name.release);
  g_file_set_contents (path, contents, length, &error);
  g_assert_no_error (error);

  load (collection, NULL);
  load (missing, NULL);
  g_assert_cmpuint (run (missing, "where"), ==, 77);
  modules = ebpf_btf_list_kernel_modules (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (modules), ==, 0);
}

/* Every module that the kernel lists, though only a file stands for one here; of something else by
 * that name, none is looked at. */
static void
with_modules (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (&error);
  g_autoptr (EbpfBtf) module = NULL;
  g_autoptr (EbpfBtf) another = build_elsewhere (NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) kernel_bytes = NULL;
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollection) first = open_object ("core-elsewhere.bpf.o");
  g_autoptr (EbpfCollection) second = open_object ("core-elsewhere.bpf.o");
  g_autoptr (EbpfCollection) third = open_object ("core-elsewhere.bpf.o");

  g_assert_no_error (error);
  module = build_elsewhere (kernel);
  bytes = ebpf_btf_get_bytes (module);
  kernel_bytes = ebpf_btf_get_bytes (kernel);
  ebpf_btf_drop_kernel ();

  hide_kernel ();
  g_file_set_contents ("/sys/kernel/btf/vmlinux", g_bytes_get_data (kernel_bytes, NULL),
                       (gssize) g_bytes_get_size (kernel_bytes), &error);
  g_assert_no_error (error);
  g_file_set_contents ("/sys/kernel/btf/a_module", g_bytes_get_data (bytes, NULL),
                       (gssize) g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  g_file_set_contents ("/sys/kernel/btf/damaged", "no type information", -1, &error);
  g_assert_no_error (error);

  load (first, NULL);
  g_assert_cmpuint (run (first, "where"), ==, 24);

  /* A target that comes behind them does not take them away. */
  ebpf_load_options_add_relocation_target (options, kernel);
  load (second, options);
  g_assert_cmpuint (run (second, "where"), ==, 24);

  /* Instead of the kernel is instead of its modules, too. */
  ebpf_load_options_set_kernel_btf (options, kernel);
  load (third, options);
  g_assert_cmpuint (run (third, "where"), ==, 77);
}

static void
run_in_subprocess (gconstpointer data)
{
  void (*func) (void) = (void (*) (void)) data;

  if (g_test_subprocess ())
    {
      func ();
      return;
    }

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 10) ||
      !ebpf_test_require_mounts ())
    return;

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add_data ("/core-targets/without-kernel", (gconstpointer) without_kernel,
                      run_in_subprocess);
  ebpf_test_add_data ("/core-targets/without-modules", (gconstpointer) without_modules,
                      run_in_subprocess);
  ebpf_test_add_data ("/core-targets/with-modules", (gconstpointer) with_modules,
                      run_in_subprocess);

  return g_test_run ();
}
