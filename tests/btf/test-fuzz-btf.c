/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fuzzing/fuzz-btf.c without a fuzzer: the type information of the test objects, damaged at random but
 * always in the same way, so that what the fuzzer stands for is tried by every test run. */

#include "btf/ebpf-btf-private.h"

#include "ebpf-test.h"

#define N_ROUNDS 150

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
test_objects (void)
{
  const char *folder = g_getenv ("EBPF_TEST_OBJECTS");
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (EbpfBtf) btf = NULL;
      g_autoptr (GBytes) bytes = NULL;
      const guint8 *good;
      gsize size;
      guint round;

      btf = g_str_has_suffix (name, ".o") ? ebpf_btf_new_from_path (path, NULL, NULL) : NULL;
      if (btf == NULL)
        continue;

      bytes = ebpf_btf_get_bytes (btf);
      good = g_bytes_get_data (bytes, &size);
      LLVMFuzzerTestOneInput (good, size);
      for (round = 0; round < N_ROUNDS; round++)
        {
          g_autofree guint8 *bad = g_memdup2 (good, size);
          guint damage = g_rand_int_range (rand, 1, 8);

          while (damage-- > 0)
            bad[g_rand_int_range (rand, 0, size)] = g_rand_boolean (rand)
                                                        ? g_rand_int_range (rand, 0, 24)
                                                        : g_rand_int_range (rand, 0, 256);
          LLVMFuzzerTestOneInput (bad, size);
        }
      n++;
    }
  g_assert_cmpuint (n, >, 0);
}

static void
test_small (void)
{
  guint8 one = 0x9f;

  LLVMFuzzerTestOneInput (&one, 0);
  LLVMFuzzerTestOneInput (&one, 1);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/fuzz-btf/objects", test_objects);
  ebpf_test_add ("/fuzz-btf/small", test_small);

  return g_test_run ();
}
