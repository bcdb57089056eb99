/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-binary-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "sys/ebpf-sys-private.h"

/* The folder of Debian's multi-arch libraries. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define TRIPLET "x86_64-linux-gnu"
#elif defined(__x86_64__)
#define TRIPLET "x86_64-linux-gnux32"
#elif defined(__i386__)
#define TRIPLET "i386-linux-gnu"
#elif defined(__aarch64__)
#define TRIPLET "aarch64-linux-gnu"
#elif defined(__arm__) && defined(__ARM_PCS_VFP)
#define TRIPLET "arm-linux-gnueabihf"
#elif defined(__arm__)
#define TRIPLET "arm-linux-gnueabi"
#elif defined(__s390x__)
#define TRIPLET "s390x-linux-gnu"
#elif defined(__riscv) && __riscv_xlen == 64
#define TRIPLET "riscv64-linux-gnu"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define TRIPLET "powerpc64le-linux-gnu"
#elif defined(__loongarch__)
#define TRIPLET "loongarch64-linux-gnu"
#elif defined(__mips__) && defined(__LP64__)
#define TRIPLET "mips64el-linux-gnuabi64"
#else
#define TRIPLET "."
#endif

static gboolean
is_library (const char *name)
{
  return g_str_has_suffix (name, ".so") || strstr (name, ".so.") != NULL;
}

/* What the process has mapped under that file name, by a path that leads there from here. */
static char *
find_mapped (const char *name, int pid)
{
  g_autofree char *maps_path = g_strdup_printf ("/proc/%d/maps", pid);
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (maps_path, &maps, NULL, NULL))
    return NULL;

  lines = g_strsplit (maps, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *path = strchr (lines[i], '/');
      g_autofree char *base = NULL;

      if (path == NULL)
        continue;

      base = g_path_get_basename (path);
      if (strcmp (base, name) == 0)
        {
          char *rooted = g_strdup_printf ("/proc/%d/root%s", pid, path);

          if (access (rooted, R_OK) == 0)
            return rooted;
          g_free (rooted);
        }
    }

  return NULL;
}

static char *
find_in (const char *folders, const char *name)
{
  g_auto (GStrv) list = g_strsplit (folders, ":", -1);

  for (guint i = 0; list[i] != NULL; i++)
    {
      g_autofree char *path = NULL;

      if (list[i][0] == '\0')
        continue;

      path = g_build_filename (list[i], name, NULL);
      if (access (path, R_OK) == 0 && !g_file_test (path, G_FILE_TEST_IS_DIR))
        return g_steal_pointer (&path);
    }

  return NULL;
}

char *
ebpf_binary_find (const char *name, int pid, GError **error)
{
  const char *variable = is_library (name) ? "LD_LIBRARY_PATH" : "PATH";
  const char *fallback = is_library (name)
                             ? "/lib/" TRIPLET ":/usr/lib/" TRIPLET
                               ":/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib/" TRIPLET
                               ":/usr/local/lib"
                             : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const char *folders = g_getenv (variable);
  char *path = NULL;

  if (strchr (name, '/') != NULL)
    {
      if (access (name, R_OK) == 0)
        return g_strdup (name);

      ebpf_sys_set_error (error, errno, "binary %s", name);
      return NULL;
    }

  if (pid > 0 && is_library (name))
    path = find_mapped (name, pid);
  if (path == NULL && folders != NULL)
    path = find_in (folders, name);
  if (path == NULL)
    path = find_in (fallback, name);
  if (path != NULL)
    return path;

  ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, ENOENT,
                  "binary %s: found neither in %s nor in %s; give its path", name, variable,
                  fallback);
  return NULL;
}

gboolean
ebpf_binary_parse_location (const char *text, char **symbol, guint64 *offset, GError **error)
{
  const char *plus = strrchr (text, '+');
  const char *number = plus != NULL ? plus + 1 : text;
  int base = g_str_has_prefix (number, "0x") || g_str_has_prefix (number, "0X") ? 16 : 10;

  *symbol = NULL;
  *offset = 0;

  if (plus == NULL && !g_ascii_isdigit (text[0]))
    {
      if (text[0] == '\0')
        goto fail;
      *symbol = g_strdup (text);
      return TRUE;
    }

  if (plus == text || !g_ascii_string_to_unsigned (base == 16 ? number + 2 : number, base, 0,
                                                   G_MAXINT64, offset, NULL))
    goto fail;

  if (plus != NULL)
    *symbol = g_strndup (text, (gsize) (plus - text));
  return TRUE;

fail:
  ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                  "\"%s\" is not a place in a binary; that is SYMBOL, SYMBOL+OFFSET or OFFSET",
                  text);
  return FALSE;
}

typedef struct
{
  guint64 address;
  guint rank; /* 0: none yet */
  gboolean ambiguous;
  gboolean imported;
  gboolean is_resolver;
} Match;

/* What version names a symbol of .dynsym has: their index in .gnu.version. */
typedef struct
{
  Elf_Data *versions;
  Elf_Data *definitions;
  gsize definitions_link; /* its string table */
  guint n_definitions;
} Versions;

static const char *
get_version_name (Elf *elf, const Versions *versions, guint index)
{
  gsize offset = 0;

  if (versions->definitions == NULL)
    return NULL;

  /* The chain's length is in the section header; offsets must go forward, so that it ends. */
  for (guint i = 0; i < versions->n_definitions; i++)
    {
      GElf_Verdef definition;
      GElf_Verdaux auxiliary;

      if (offset > G_MAXINT ||
          gelf_getverdef (versions->definitions, (int) offset, &definition) == NULL)
        return NULL;

      if ((definition.vd_ndx & 0x7fff) == index)
        {
          if (offset + definition.vd_aux > G_MAXINT ||
              gelf_getverdaux (versions->definitions, (int) (offset + definition.vd_aux),
                               &auxiliary) == NULL)
            return NULL;
          return elf_strptr (elf, versions->definitions_link, auxiliary.vda_name);
        }

      if (definition.vd_next == 0)
        return NULL;
      offset += definition.vd_next;
    }

  return NULL;
}

static void
find_versions (Elf *elf, Versions *versions)
{
  Elf_Scn *section = NULL;

  memset (versions, 0, sizeof *versions);
  while ((section = elf_nextscn (elf, section)) != NULL)
    {
      GElf_Shdr header;

      if (gelf_getshdr (section, &header) == NULL)
        continue;

      if (header.sh_type == SHT_GNU_versym)
        {
          versions->versions = elf_getdata (section, NULL);
        }
      else if (header.sh_type == SHT_GNU_verdef)
        {
          versions->definitions = elf_getdata (section, NULL);
          versions->definitions_link = header.sh_link;
          versions->n_definitions = header.sh_info;
        }
    }
}

/* How well a name of the table fits: 0 not at all, 1 an old version of it, 2 it. In .symtab a
 * version is a part of the name: name@OLD, name@@DEFAULT. In .dynsym it is beside. */
static guint
match_name (Elf *elf,
            const char *name,
            const char *wanted,
            const char *wanted_version,
            gsize wanted_length,
            const Versions *versions,
            gsize index)
{
  const char *version = NULL;
  gboolean is_old = FALSE;
  GElf_Versym versym;

  if (strncmp (name, wanted, wanted_length) != 0)
    return 0;

  if (name[wanted_length] == '@')
    {
      is_old = name[wanted_length + 1] != '@';
      version = name + wanted_length + (is_old ? 1 : 2);
    }
  else if (name[wanted_length] != '\0')
    {
      return 0;
    }
  else if (versions != NULL && versions->versions != NULL && index <= G_MAXINT &&
           gelf_getversym (versions->versions, (int) index, &versym) != NULL)
    {
      is_old = (versym & 0x8000) != 0;
      if (wanted_version != NULL)
        version = get_version_name (elf, versions, versym & 0x7fff);
    }

  if (wanted_version != NULL)
    return version != NULL && strcmp (version, wanted_version) == 0 ? 2 : 0;

  return is_old ? 1 : 2;
}

static guint
rank_binding (const GElf_Sym *symbol)
{
  switch (GELF_ST_BIND (symbol->st_info))
    {
    case STB_GLOBAL:
    case STB_GNU_UNIQUE:
      return 3;
    case STB_WEAK:
      return 2;
    default:
      return 1;
    }
}

static void
search_table (Elf *elf,
              Elf_Scn *section,
              const GElf_Shdr *header,
              const char *symbol,
              const Versions *versions,
              Match *match)
{
  const char *at = strchr (symbol, '@');
  gsize length = at != NULL ? (gsize) (at - symbol) : strlen (symbol);
  const char *version = at != NULL ? at + 1 + (at[1] == '@') : NULL;
  Elf_Data *data = elf_getdata (section, NULL);
  gsize n;

  if (data == NULL || header->sh_entsize == 0)
    return;

  n = data->d_size / header->sh_entsize;
  for (gsize i = 0; i < n && i <= G_MAXINT; i++)
    {
      GElf_Sym entry;
      const char *name;
      guint fit, rank;

      if (gelf_getsym (data, (int) i, &entry) == NULL)
        return;
      if (GELF_ST_TYPE (entry.st_info) != STT_FUNC && GELF_ST_TYPE (entry.st_info) != STT_GNU_IFUNC)
        continue;

      name = elf_strptr (elf, header->sh_link, entry.st_name);
      if (name == NULL)
        continue;

      fit = match_name (elf, name, symbol, version, length, versions, i);
      if (fit == 0)
        continue;

      if (entry.st_shndx == SHN_UNDEF || entry.st_value == 0)
        {
          match->imported = TRUE;
          continue;
        }

      rank = fit * 4 + rank_binding (&entry);
      if (rank > match->rank)
        {
          match->rank = rank;
          match->address = entry.st_value;
          match->ambiguous = FALSE;
          match->is_resolver = GELF_ST_TYPE (entry.st_info) == STT_GNU_IFUNC;
        }
      else if (rank == match->rank && entry.st_value != match->address)
        {
          match->ambiguous = TRUE;
        }
    }
}

/* A probe's place is counted in the file, a symbol's in memory. */
static gboolean
address_to_offset (Elf *elf, guint64 address, guint64 *offset)
{
  size_t n;

  if (elf_getphdrnum (elf, &n) != 0)
    return FALSE;

  for (size_t i = 0; i < n && i <= G_MAXINT; i++)
    {
      GElf_Phdr segment;

      if (gelf_getphdr (elf, (int) i, &segment) != NULL && segment.p_type == PT_LOAD &&
          (segment.p_flags & PF_X) != 0 && address >= segment.p_vaddr &&
          address - segment.p_vaddr < segment.p_filesz)
        {
          *offset = address - segment.p_vaddr + segment.p_offset;
          return TRUE;
        }
    }

  return FALSE;
}

static gboolean
check_binary (Elf *elf, const char *path, GError **error)
{
  GElf_Ehdr header;

  if (elf_kind (elf) != ELF_K_ELF || gelf_getehdr (elf, &header) == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_ELF, 0, "binary %s: not an ELF file", path);
      return FALSE;
    }
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "binary %s: neither a program nor a shared library (ELF type %u)", path,
                      header.e_type);
      return FALSE;
    }

  return TRUE;
}

static gboolean
find_symbol (Elf *elf, const char *path, const char *symbol, guint64 *offset, GError **error)
{
  Match match = { 0 };
  Versions versions;
  Elf_Scn *section = NULL;

  if (!check_binary (elf, path, error))
    return FALSE;

  find_versions (elf, &versions);
  while ((section = elf_nextscn (elf, section)) != NULL)
    {
      GElf_Shdr table;

      if (gelf_getshdr (section, &table) == NULL)
        continue;
      if (table.sh_type == SHT_SYMTAB)
        search_table (elf, section, &table, symbol, NULL, &match);
      else if (table.sh_type == SHT_DYNSYM)
        search_table (elf, section, &table, symbol, &versions, &match);
    }

  if (match.rank == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                      match.imported ? "binary %s: function \"%s\" is only imported there; probe "
                                       "the library that defines it, or give an offset"
                                     : "binary %s: no function \"%s\" in its symbol tables; if it "
                                       "was stripped, give an offset",
                      path, symbol);
      return FALSE;
    }
  if (match.ambiguous)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "binary %s: several functions are called \"%s\"; give the offset of one",
                      path, symbol);
      return FALSE;
    }
  if (match.is_resolver)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "binary %s: \"%s\" is chosen by a resolver when the program starts "
                      "(STT_GNU_IFUNC); probe the function that is chosen",
                      path, symbol);
      return FALSE;
    }
  if (!address_to_offset (elf, match.address, offset))
    {
      ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0,
                      "binary %s: function \"%s\" lies at 0x%" G_GINT64_MODIFIER
                      "x, where the file has no code",
                      path, symbol, match.address);
      return FALSE;
    }

  return TRUE;
}

typedef struct
{
  const char *symbol;  /* one, or */
  const char *pattern; /* many */
  guint64 *offset;
  GArray *offsets; /* of guint64 */
} Wanted;

static void
add_matches (Elf *elf,
             Elf_Scn *section,
             const GElf_Shdr *header,
             const char *pattern,
             GHashTable *seen,
             GArray *offsets)
{
  g_autoptr (GPatternSpec) spec = g_pattern_spec_new (pattern);
  Elf_Data *data = elf_getdata (section, NULL);
  gsize n = data != NULL && header->sh_entsize > 0 ? data->d_size / header->sh_entsize : 0;

  for (gsize i = 0; i < n && i <= G_MAXINT; i++)
    {
      g_autofree char *plain = NULL;
      const char *name;
      GElf_Sym entry;
      guint64 offset;

      if (gelf_getsym (data, (int) i, &entry) == NULL)
        return;
      if (GELF_ST_TYPE (entry.st_info) != STT_FUNC || entry.st_shndx == SHN_UNDEF ||
          entry.st_value == 0)
        continue;

      name = elf_strptr (elf, header->sh_link, entry.st_name);
      if (name == NULL)
        continue;
      plain = g_strndup (name, strcspn (name, "@"));

      /* One function may have several names, and is probed once. */
      if (g_pattern_spec_match_string (spec, plain) &&
          address_to_offset (elf, entry.st_value, &offset) &&
          g_hash_table_add (seen, g_memdup2 (&offset, sizeof offset)))
        g_array_append_val (offsets, offset);
    }
}

/* In the table of all symbols, or where there is none or nothing in it, in that of the exported. */
static gboolean
find_pattern (Elf *elf, const char *path, const Wanted *wanted, GError **error)
{
  static const guint32 tables[] = { SHT_SYMTAB, SHT_DYNSYM };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  if (!check_binary (elf, path, error))
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (tables) && wanted->offsets->len == 0; i++)
    {
      Elf_Scn *section = NULL;

      while ((section = elf_nextscn (elf, section)) != NULL)
        {
          GElf_Shdr header;

          if (gelf_getshdr (section, &header) != NULL && header.sh_type == tables[i])
            add_matches (elf, section, &header, wanted->pattern, seen, wanted->offsets);
        }
    }

  if (wanted->offsets->len > 0)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                  "binary %s: no function that fits \"%s\" in its symbol tables; if it was "
                  "stripped, give offsets",
                  path, wanted->pattern);
  return FALSE;
}

static gboolean
search_binary (const char *path, const Wanted *wanted, GError **error)
{
  gboolean found = FALSE;
  Elf *elf;
  int fd;

  if (elf_version (EV_CURRENT) == EV_NONE)
    {
      ebpf_error_set (error, EBPF_ERROR_FAILED, 0, "libelf: %s", elf_errmsg (-1));
      return FALSE;
    }

  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    {
      ebpf_sys_set_error (error, errno, "opening binary %s", path);
      return FALSE;
    }

  elf = elf_begin (fd, ELF_C_READ_MMAP, NULL);
  if (elf != NULL)
    {
      found = wanted->pattern != NULL
                  ? find_pattern (elf, path, wanted, error)
                  : find_symbol (elf, path, wanted->symbol, wanted->offset, error);
      elf_end (elf);
    }
  else
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_ELF, 0, "binary %s: %s", path, elf_errmsg (-1));
    }

  close (fd);
  return found;
}

gboolean
ebpf_binary_find_symbol (const char *path, const char *symbol, guint64 *offset, GError **error)
{
  Wanted wanted = { .symbol = symbol, .offset = offset };

  return search_binary (path, &wanted, error);
}

gboolean
ebpf_binary_find_pattern (const char *path, const char *pattern, GArray *offsets, GError **error)
{
  Wanted wanted = { .pattern = pattern, .offsets = offsets };

  return search_binary (path, &wanted, error);
}
