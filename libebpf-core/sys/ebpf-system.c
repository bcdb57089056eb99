/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-system.h"

#include "sys/ebpf-sys-private.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

/* No machine has as many; a limit for what is believed of a damaged file. */
#define MAX_CPUS (1 << 20)

GArray *
ebpf_sys_parse_cpu_list (const char *text, GError **error)
{
  g_autoptr (GArray) cpus = g_array_new (FALSE, FALSE, sizeof (guint));
  const char *cursor = text;

  while (*cursor != '\0' && *cursor != '\n')
    {
      guint64 first, last;
      char *end;

      if (!g_ascii_isdigit (*cursor))
        goto malformed;
      first = last = g_ascii_strtoull (cursor, &end, 10);
      cursor = end;
      if (*cursor == '-')
        {
          if (!g_ascii_isdigit (*++cursor))
            goto malformed;
          last = g_ascii_strtoull (cursor, &end, 10);
          cursor = end;
        }
      if (last < first || last >= MAX_CPUS)
        goto malformed;
      if (cpus->len > 0 && first <= g_array_index (cpus, guint, cpus->len - 1))
        goto malformed;

      for (guint cpu = (guint) first; cpu <= last; cpu++)
        g_array_append_val (cpus, cpu);

      if (*cursor == ',' && g_ascii_isdigit (cursor[1]))
        cursor++;
      else if (*cursor != '\0' && *cursor != '\n')
        goto malformed;
    }

  if (cpus->len == 0)
    goto malformed;

  return g_steal_pointer (&cpus);

malformed:
  ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0,
                  "\"%s\" is not a list of CPUs like \"0-3,5\" (offset %d)", text,
                  (int) (cursor - text));
  return NULL;
}

static GArray *
read_cpus (const char *file)
{
  g_autofree char *path = g_strdup_printf ("/sys/devices/system/cpu/%s", file);
  g_autofree char *text = ebpf_sys_read_file (path);
  g_autoptr (GError) error = NULL;
  GArray *cpus;

  if (text == NULL)
    return NULL;

  cpus = ebpf_sys_parse_cpu_list (text, &error);
  if (cpus == NULL)
    g_debug ("%s: %s", path, error->message);

  return cpus;
}

/**
 * ebpf_get_n_possible_cpus:
 *
 * Gets how many CPUs this machine can ever have: so many values a per-CPU map holds for each key.
 *
 * Returns: the number of possible CPUs, 1 or more
 */
guint
ebpf_get_n_possible_cpus (void)
{
  static gsize n_possible;

  if (g_once_init_enter (&n_possible))
    {
      g_autoptr (GArray) cpus = read_cpus ("possible");
      long n = cpus != NULL ? (long) cpus->len : sysconf (_SC_NPROCESSORS_CONF);

      g_once_init_leave (&n_possible, (gsize) MAX (n, 1));
    }

  return (guint) n_possible;
}

/**
 * ebpf_list_online_cpus:
 * @n_cpus: (out): how many there are
 *
 * Lists the numbers of the CPUs that are running now, in ascending order.
 *
 * Returns: (transfer full) (array length=n_cpus): the CPUs; free with g_free()
 */
guint *
ebpf_list_online_cpus (gsize *n_cpus)
{
  g_autoptr (GArray) cpus = NULL;

  g_return_val_if_fail (n_cpus != NULL, NULL);

  cpus = read_cpus ("online");
  if (cpus == NULL)
    {
      guint n = (guint) MAX (sysconf (_SC_NPROCESSORS_ONLN), 1);

      cpus = g_array_new (FALSE, FALSE, sizeof (guint));
      for (guint cpu = 0; cpu < n; cpu++)
        g_array_append_val (cpus, cpu);
    }

  return g_array_steal (cpus, n_cpus);
}

guint32
ebpf_sys_parse_kernel_version (const char *release)
{
  guint major = 0, minor = 0, micro = 0;

  if (sscanf (release, "%u.%u.%u", &major, &minor, &micro) < 2)
    return 0;

  return EBPF_SYS_KERNEL_VERSION (MIN (major, 255u), MIN (minor, 255u), MIN (micro, 255u));
}

/* The kernel puts its LINUX_VERSION_CODE into a note of the vDSO: name "Linux", type 0. This is
 * what kprobe programs of old kernels are checked against, and distributions change uname. */
static guint32
read_vdso_version (void)
{
  const guint8 *base = (const guint8 *) (guintptr) getauxval (AT_SYSINFO_EHDR);
  const ElfW (Ehdr) *ehdr = (const void *) base;

  if (base == NULL || memcmp (ehdr->e_ident, ELFMAG, SELFMAG) != 0)
    return 0;

  for (guint i = 0; i < ehdr->e_phnum; i++)
    {
      const ElfW (Phdr) *phdr = (const void *) (base + ehdr->e_phoff + i * ehdr->e_phentsize);
      gsize offset = 0;

      if (phdr->p_type != PT_NOTE)
        continue;

      while (offset + sizeof (ElfW (Nhdr)) <= phdr->p_memsz)
        {
          const guint8 *note = base + phdr->p_offset + offset;
          const ElfW (Nhdr) *nhdr = (const void *) note;
          gsize name_size = ((gsize) nhdr->n_namesz + 3) & ~(gsize) 3;
          gsize desc_size = ((gsize) nhdr->n_descsz + 3) & ~(gsize) 3;

          if (name_size + desc_size > phdr->p_memsz - offset - sizeof *nhdr)
            break;
          if (nhdr->n_type == 0 && nhdr->n_namesz == 6 && nhdr->n_descsz == 4 &&
              memcmp (note + sizeof *nhdr, "Linux", 6) == 0)
            {
              guint32 version;

              memcpy (&version, note + sizeof *nhdr + name_size, sizeof version);
              return version;
            }

          offset += sizeof *nhdr + name_size + desc_size;
        }
    }

  return 0;
}

static gint test_version;

void
ebpf_sys_set_kernel_version_code (guint32 version)
{
  g_atomic_int_set (&test_version, (gint) version);
}

guint32
ebpf_sys_get_kernel_version_code (void)
{
  static gsize code;

  if (G_UNLIKELY (g_atomic_int_get (&test_version) != 0))
    return (guint32) g_atomic_int_get (&test_version);

  if (g_once_init_enter (&code))
    {
      guint32 version = read_vdso_version ();
      struct utsname name;

      if (version == 0 && uname (&name) == 0)
        version = ebpf_sys_parse_kernel_version (name.release);

      g_once_init_leave (&code, version != 0 ? version : 1);
    }

  return (guint32) code;
}

/**
 * ebpf_dup_kernel_version:
 *
 * Gets the version of the running kernel as it was built, such as "6.12.43"; distributions may name
 * another one in `uname -r`.
 *
 * Returns: (transfer full): the version
 */
char *
ebpf_dup_kernel_version (void)
{
  guint32 code = ebpf_sys_get_kernel_version_code ();

  return g_strdup_printf ("%u.%u.%u", code >> 16, (code >> 8) & 0xff, code & 0xff);
}

const char *
ebpf_sys_map_type_min_version (guint32 map_type)
{
  /* By number; include/uapi/linux/bpf.h and the releases that it changed in. */
  static const char *const versions[] = {
    NULL,   "3.19", "3.19", "4.2",  "4.3",  "4.6",  "4.6",  "4.6",  "4.8",  "4.10", "4.10", "4.11",
    "4.12", "4.12", "4.14", "4.14", "4.15", "4.18", "4.18", "4.19", "4.19", "4.20", "4.20", "4.20",
    "5.2",  "5.4",  "5.6",  "5.8",  "5.10", "5.11", "5.16", "6.1",  "6.2",  "6.9",  "6.19",
  };

  return map_type < G_N_ELEMENTS (versions) ? versions[map_type] : NULL;
}
