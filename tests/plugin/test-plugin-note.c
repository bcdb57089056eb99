/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a module says of itself in its file, and files that are damaged in each way. */

#include "plugin/ebpf-plugin-note-private.h"

#include <elf.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ebpf-error.h"
#include "ebpf-test.h"

/* A file in memory that holds libtest-good.so; the tests change it. */
typedef struct
{
  int fd;
  char path[64];
  char *contents;
  gsize length;
} Fixture;

static void
reset (Fixture *fixture)
{
  g_assert_no_errno (ftruncate (fixture->fd, 0));
  g_assert_cmpint (pwrite (fixture->fd, fixture->contents, fixture->length, 0), ==,
                   fixture->length);
}

static void
fixture_init (Fixture *fixture)
{
  g_autofree char *good =
      g_test_build_filename (G_TEST_BUILT, "plugin", "modules", "libtest-good.so", NULL);
  g_autoptr (GError) error = NULL;

  g_file_get_contents (good, &fixture->contents, &fixture->length, &error);
  g_assert_no_error (error);
  fixture->fd = memfd_create ("plugin", MFD_CLOEXEC);
  g_assert_no_errno (fixture->fd);
  g_snprintf (fixture->path, sizeof fixture->path, "/proc/self/fd/%d", fixture->fd);
  reset (fixture);
}

static void
fixture_clear (Fixture *fixture)
{
  close (fixture->fd);
  g_free (fixture->contents);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
put (Fixture *fixture, gsize offset, gconstpointer data, gsize size)
{
  g_assert_cmpint (pwrite (fixture->fd, data, size, (off_t) offset), ==, size);
}

/* Where the note begins in the file. */
static gsize
note_offset (const Fixture *fixture)
{
  const char *name = memmem (fixture->contents, fixture->length, EBPF_PLUGIN_NOTE_NAME "\0\0", 12);

  g_assert_nonnull (name);

  return (gsize) (name - fixture->contents) - G_STRUCT_OFFSET (EbpfPluginNote, name);
}

/* Index of the program header that the note is in. */
static guint
note_segment (const Fixture *fixture)
{
  const ElfW (Ehdr) *header = (gpointer) fixture->contents;
  const ElfW (Phdr) *segments = (gpointer) (fixture->contents + header->e_phoff);
  gsize offset = note_offset (fixture);

  for (guint i = 0; i < header->e_phnum; i++)
    if (segments[i].p_type == PT_NOTE && offset >= segments[i].p_offset &&
        offset - segments[i].p_offset < segments[i].p_filesz)
      return i;

  g_assert_not_reached ();
}

static void
assert_good (const char *path)
{
  g_autoptr (GError) error = NULL;
  EbpfPluginNote note;

  g_assert_true (ebpf_plugin_note_read (path, &note, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (note.abi, ==, EBPF_PLUGIN_ABI);
  g_assert_cmpuint (note.info_size, ==, sizeof (EbpfPluginInfo));
  g_assert_cmpuint (note.class_size, ==, sizeof (EbpfMapDriverClass));
  g_assert_cmpint (note.priority, ==, 0);
  g_assert_cmpuint (note.n_map_types, ==, 2);
  g_assert_cmpuint (note.map_types[0], ==, 4001);
  g_assert_cmpuint (note.map_types[1], ==, 4002);
  g_assert_cmpstr (note.nick, ==, "good");
  g_assert_cmpstr (note.description, ==, "For the tests");
}

static void
assert_bad (const char *path, const char *pattern)
{
  g_autoptr (GError) error = NULL;
  EbpfPluginNote note;

  g_assert_false (ebpf_plugin_note_read (path, &note, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PLUGIN, pattern);
  g_assert_nonnull (strstr (error->message, path));
}

static void
test_good (void)
{
  g_auto (Fixture) fixture = { 0 };
  ElfW (Ehdr) header;

  fixture_init (&fixture);
  assert_good (fixture.path);

  /* Without section headers, as the hardest of strip tools leaves it. */
  memcpy (&header, fixture.contents, sizeof header);
  header.e_shoff = 0;
  header.e_shnum = 0;
  header.e_shstrndx = 0;
  put (&fixture, 0, &header, sizeof header);
  assert_good (fixture.path);
}

/* Tools that edit libraries put the program headers, or what is in a segment, at the end. */
static void
test_moved (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autofree char *gap = g_malloc0 (9000);
  ElfW (Phdr) * segments;
  ElfW (Ehdr) header;
  guint segment;
  gsize end;

  fixture_init (&fixture);
  segment = note_segment (&fixture);
  memcpy (&header, fixture.contents, sizeof header);
  segments = (gpointer) (fixture.contents + header.e_phoff);

  end = fixture.length;
  put (&fixture, end, fixture.contents + segments[segment].p_offset, segments[segment].p_filesz);
  put (&fixture, segments[segment].p_offset, gap, segments[segment].p_filesz);
  segments[segment].p_offset = end;
  put (&fixture, header.e_phoff, segments, sizeof *segments * header.e_phnum);
  assert_good (fixture.path);

  end += segments[segment].p_filesz + 9000;
  put (&fixture, end, segments, sizeof *segments * header.e_phnum);
  put (&fixture, header.e_phoff, gap, sizeof *segments * header.e_phnum);
  header.e_phoff = end;
  put (&fixture, 0, &header, sizeof header);
  assert_good (fixture.path);
}

static void
test_no_file (void)
{
  g_autofree char *no_info =
      g_test_build_filename (G_TEST_BUILT, "plugin", "modules", "libtest-no-info.so", NULL);
  g_autofree char *folder = g_dir_make_tmp ("ebpf-note-XXXXXX", NULL);
  g_autofree char *pipe_path = g_build_filename (folder, "pipe", NULL);
  g_auto (Fixture) fixture = { 0 };

  assert_bad (pipe_path, "*cannot be read: No such file*");
  assert_bad (folder, "*cannot be read: Is a directory*");
  g_assert_no_errno (mkfifo (pipe_path, 0600));
  assert_bad (pipe_path, "*cannot be read*");
  g_remove (pipe_path);
  g_rmdir (folder);

  assert_bad ("/proc/self/exe", "*/proc/self/exe*");
  assert_bad ("/dev/null", "*not an ELF file*");
  assert_bad (no_info, "*not a plug-in*ebpf-core*EBPF_DEFINE_PLUGIN*");

  fixture_init (&fixture);
  put (&fixture, 0, "#!/bin/sh", 9);
  assert_bad (fixture.path, "*not an ELF file*");
}

static void
test_headers (void)
{
  static const struct
  {
    gsize offset, size;
    guint64 value;
    const char *pattern;
  } cases[] = {
#define FIELD(type, field) G_STRUCT_OFFSET (type, field), sizeof (((type *) NULL)->field)
    { EI_CLASS, 1, ELFCLASSNONE, "*not a shared library for this machine*" },
    { EI_DATA, 1, 7, "*not a shared library for this machine*" },
    { FIELD (ElfW (Ehdr), e_type), ET_REL, "*not a shared library for this machine*" },
    { FIELD (ElfW (Ehdr), e_phentsize), 0, "*program headers of 0 bytes*" },
    { FIELD (ElfW (Ehdr), e_phnum), G_MAXUINT16, "*65535 program headers*" },
    { FIELD (ElfW (Ehdr), e_phnum), 0, "*not a plug-in*" },
    { FIELD (ElfW (Ehdr), e_phoff), G_MAXUINT64, "*program headers*are not in the file*" },
    { FIELD (ElfW (Ehdr), e_phoff), G_MAXINT64, "*program headers*are not in the file*" },
    { FIELD (ElfW (Ehdr), e_phoff), 1 << 28, "*program headers*are not in the file*" },
#undef FIELD
  };
  g_auto (Fixture) fixture = { 0 };

  fixture_init (&fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      reset (&fixture);
      put (&fixture, cases[i].offset, &cases[i].value, cases[i].size);
      assert_bad (fixture.path, cases[i].pattern);
    }
}

static void
test_segments (void)
{
  static const guint64 offsets[] = { G_MAXUINT64, G_MAXINT64, 1 << 28 };
  static const guint64 sizes[] = { 0, 1, 11, 23, 24, 600, G_MAXUINT64, G_MAXUINT32 };
  g_auto (Fixture) fixture = { 0 };
  const ElfW (Ehdr) * header;
  ElfW (Phdr) segment;
  gsize at;

  fixture_init (&fixture);
  header = (gpointer) fixture.contents;
  at = header->e_phoff + note_segment (&fixture) * sizeof segment;
  memcpy (&segment, fixture.contents + at, sizeof segment);

  for (gsize i = 0; i < G_N_ELEMENTS (offsets); i++)
    {
      ElfW (Phdr) changed = segment;

      changed.p_offset = offsets[i];
      put (&fixture, at, &changed, sizeof changed);
      assert_bad (fixture.path, "*notes*are not in the file*");
    }
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      ElfW (Phdr) changed = segment;

      /* From the note on, be there others before it or not. */
      changed.p_offset = note_offset (&fixture);
      changed.p_filesz = sizes[i];
      put (&fixture, at, &changed, sizeof changed);
      assert_bad (fixture.path,
                  sizes[i] == 24 || sizes[i] == 600 ? "*is damaged*" : "*not a plug-in*");
    }
}

static void
test_fields (void)
{
  static const struct
  {
    gsize offset;
    guint32 value;
    const char *pattern;
  } cases[] = {
    { G_STRUCT_OFFSET (EbpfPluginNote, name_size), 0, "*not a plug-in*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, name_size), G_MAXUINT32, "*not a plug-in*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, name), 0, "*not a plug-in*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, type), 1, "*not a plug-in*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, desc_size), 0, "*damaged: it says it has 0 bytes*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, desc_size), 595, "*damaged: it says it has 595 bytes*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, desc_size), G_MAXUINT32, "*damaged: it says it has 42949*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, n_map_types), 0, "*number of its map types*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, n_map_types), 65, "*number of its map types*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, n_map_types), G_MAXUINT32, "*number of its map types*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, n_map_types), 3, "*one of its map types is 0*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, map_types), 0, "*one of its map types is 0*" },
    { G_STRUCT_OFFSET (EbpfPluginNote, nick), 0, "*its nick is empty*" },
  };
  g_auto (Fixture) fixture = { 0 };
  g_autofree char *text = g_strnfill (256, 'x');
  gsize at;

  fixture_init (&fixture);
  at = note_offset (&fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      reset (&fixture);
      put (&fixture, at + cases[i].offset, &cases[i].value, sizeof cases[i].value);
      assert_bad (fixture.path, cases[i].pattern);
    }

  reset (&fixture);
  put (&fixture, at + G_STRUCT_OFFSET (EbpfPluginNote, nick), text, 64);
  assert_bad (fixture.path, "*nick*no end*");
  reset (&fixture);
  put (&fixture, at + G_STRUCT_OFFSET (EbpfPluginNote, description), text, 256);
  assert_bad (fixture.path, "*text has no end*");
}

/* Either it cannot be read, or it is as ebpf-plugin-note-private.h promises. */
static void
try_read (const char *path)
{
  g_autoptr (GError) error = NULL;
  EbpfPluginNote note;

  if (!ebpf_plugin_note_read (path, &note, &error))
    {
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_PLUGIN);
      return;
    }

  g_assert_no_error (error);
  g_assert_cmpuint (note.n_map_types, >, 0);
  g_assert_cmpuint (note.n_map_types, <=, EBPF_PLUGIN_MAX_MAP_TYPES);
  for (guint i = 0; i < note.n_map_types; i++)
    g_assert_cmpuint (note.map_types[i], !=, 0);
  g_assert_cmpuint (strnlen (note.nick, sizeof note.nick), <, sizeof note.nick);
  g_assert_cmpuint (strnlen (note.description, sizeof note.description), <,
                    sizeof note.description);
}

static void
test_cut (void)
{
  g_auto (Fixture) fixture = { 0 };
  gsize end;

  fixture_init (&fixture);
  end = note_offset (&fixture) + sizeof (EbpfPluginNote);
  for (gsize length = end; length-- > 0;)
    {
      g_autoptr (GError) error = NULL;
      EbpfPluginNote note;

      g_assert_no_errno (ftruncate (fixture.fd, (off_t) length));
      g_assert_false (ebpf_plugin_note_read (fixture.path, &note, &error));
      g_assert_error (error, EBPF_ERROR, EBPF_ERROR_PLUGIN);
    }
}

static void
test_random (void)
{
  g_auto (Fixture) fixture = { 0 };
  gsize end;

  fixture_init (&fixture);
  end = note_offset (&fixture) + sizeof (EbpfPluginNote);
  for (guint i = 0; i < 30000; i++)
    {
      guint n = (guint) g_test_rand_int_range (1, 5);

      for (guint j = 0; j < n; j++)
        {
          /* Half of the time in the headers. */
          gsize at = (gsize) g_test_rand_int_range (0, g_test_rand_bit () ? 1024 : (gint32) end);
          guint8 byte = g_test_rand_bit () ? (guint8) g_test_rand_int () : 255;

          put (&fixture, at, &byte, 1);
        }
      try_read (fixture.path);
      put (&fixture, 0, fixture.contents, MAX (end, 1024));
    }
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/plugin/note/good", test_good);
  ebpf_test_add ("/plugin/note/moved", test_moved);
  ebpf_test_add ("/plugin/note/no-file", test_no_file);
  ebpf_test_add ("/plugin/note/headers", test_headers);
  ebpf_test_add ("/plugin/note/segments", test_segments);
  ebpf_test_add ("/plugin/note/fields", test_fields);
  ebpf_test_add ("/plugin/note/cut", test_cut);
  ebpf_test_add ("/plugin/note/random", test_random);

  return g_test_run ();
}
