/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* g_test_init () with what every test here needs. First call of main (). */
void ebpf_test_init (int *argc, char ***argv);

/* g_test_add_func () that fails a test which leaves a file descriptor open, or closes one that it
 * did not open. */
void ebpf_test_add (const char *path, GTestFunc func);
void ebpf_test_add_data (const char *path, gconstpointer data, GTestDataFunc func);

/* Whether bpf(2) can be used. Where not, the running test was skipped with the reason: return. */
gboolean ebpf_test_require_bpf (void);

/* Whether the kernel is at least this version; skips like the above. */
gboolean ebpf_test_require_kernel (guint major, guint minor);

/* Whether a subprocess can mount over files in a namespace of its own; skips the test where not, as
 * without root or in a chroot. */
gboolean ebpf_test_require_mounts (void);

/* A bpffs of this process alone, under /sys/fs/bpf in a private mount namespace; NULL and a skip
 * where that cannot be had. Call while the process has one thread (right after init is best). */
const char *ebpf_test_bpffs (void);

/* Path of an object built from tests/bpf, "name.bpf.o". */
char *ebpf_test_object (const char *name);

/* The bytes of such an object, to be damaged. */
GBytes *ebpf_test_object_bytes (const char *name);

/* The same with the one CO-RE relocation to a type that is of kind @from changed to kind @to, where
 * the compiler did not know that kind. */
GBytes *ebpf_test_change_relocation (GBytes *object, guint type_id, guint from, guint to);

/* Number of open file descriptors. */
guint ebpf_test_count_fds (void);

/* Runs the main context until *flag, or fails the test after ten seconds. */
void ebpf_test_wait_for (gboolean *flag);

#define ebpf_test_assert_error_matches(err, dom, c, pattern)                                       \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_error (err, dom, c);                                                                  \
    if (!g_pattern_match_simple (pattern, (err)->message))                                         \
      g_error ("message \"%s\" does not match \"%s\"", (err)->message, pattern);                   \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
