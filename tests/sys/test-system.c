/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-sys-private.h"
#include "sys/ebpf-system.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "ebpf-test.h"

static void
test_cpu_list (void)
{
  static const struct
  {
    const char *text;
    guint n;
    guint last;
  } good[] = {
    { "0", 1, 0 }, { "0-3\n", 4, 3 }, { "0-3,5", 5, 5 }, { "0,2-3,7-8", 5, 8 }, { "1-2", 2, 2 },
  };
  static const char *bad[] = { "",    "\n",          "-1",    "0-",
                               "3-1", "0,",          "0,,1",  "0-3,2",
                               "0x1", "0-999999999", "0 - 1", "0-18446744073709551615" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) cpus = ebpf_sys_parse_cpu_list (good[i].text, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (cpus->len, ==, good[i].n);
      g_assert_cmpuint (g_array_index (cpus, guint, cpus->len - 1), ==, good[i].last);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) cpus = ebpf_sys_parse_cpu_list (bad[i], &error);

      g_assert_null (cpus);
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_MALFORMED);
    }
}

static void
test_cpus (void)
{
  g_autofree guint *online = NULL;
  gsize n_online;

  g_assert_cmpuint (ebpf_get_n_possible_cpus (), >=, 1);
  g_assert_cmpint ((long) ebpf_get_n_possible_cpus (), >=, sysconf (_SC_NPROCESSORS_ONLN));

  online = ebpf_list_online_cpus (&n_online);
  g_assert_cmpint ((long) n_online, ==, sysconf (_SC_NPROCESSORS_ONLN));
  for (gsize i = 1; i < n_online; i++)
    g_assert_cmpuint (online[i], >, online[i - 1]);
}

static void
test_version (void)
{
  g_autofree char *version = ebpf_dup_kernel_version ();
  struct utsname name;

  g_assert_cmpuint (ebpf_sys_parse_kernel_version ("6.1.0-38-amd64"), ==, 0x060100);
  g_assert_cmpuint (ebpf_sys_parse_kernel_version ("5.10.300"), ==, 0x050aff);
  g_assert_cmpuint (ebpf_sys_parse_kernel_version ("5.8"), ==, 0x050800);
  g_assert_cmpuint (ebpf_sys_parse_kernel_version ("x"), ==, 0);

  /* Major and minor are what all agree on. */
  g_assert_no_errno (uname (&name));
  g_assert_cmpuint (ebpf_sys_get_kernel_version_code () >> 8, ==,
                    ebpf_sys_parse_kernel_version (name.release) >> 8);
  g_assert_cmpuint (ebpf_sys_parse_kernel_version (version), ==,
                    ebpf_sys_get_kernel_version_code ());
}

int
main (int argc, char *argv[])
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/sys/system/cpu-list", test_cpu_list);
  ebpf_test_add ("/sys/system/cpus", test_cpus);
  ebpf_test_add ("/sys/system/version", test_version);

  return g_test_run ();
}
