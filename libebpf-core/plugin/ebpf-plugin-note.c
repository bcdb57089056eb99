/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Notes of shared libraries: System V ABI, "Note Section". They are found by the program headers,
 * which are there also where the section headers were taken off. */

#include "plugin/ebpf-plugin-note-private.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "base/ebpf-error-private.h"

/* Linkers put the headers and the notes there: one read does, unless the file was rewritten. */
#define HEAD_SIZE 2048

/* More than any library has. */
#define MAX_PROGRAM_HEADERS 256
#define MAX_NOTES_SIZE (64 * 1024)

#define DESC_OFFSET G_STRUCT_OFFSET (EbpfPluginNote, abi)
#define DESC_SIZE (sizeof (EbpfPluginNote) - DESC_OFFSET)

#define NATIVE_CLASS (sizeof (ElfW (Addr)) == 8 ? ELFCLASS64 : ELFCLASS32)
#define NATIVE_DATA (G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

typedef struct
{
  const char *path;
  int fd;
  gsize head_size; /* of the bytes in head */
  guint8 head[HEAD_SIZE];
} File;

static gssize
read_at (const File *file, guint64 offset, gpointer buffer, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      gssize n = pread (file->fd, (guint8 *) buffer + done, size - done, (off_t) (offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      done += (gsize) n;
    }

  return (gssize) done;
}

/* The bytes at @offset; @size is bounded by the caller. */
static gboolean
get_bytes (const File *file,
           const char *what,
           guint64 offset,
           gpointer buffer,
           gsize size,
           GError **error)
{
  gssize n;

  if (size <= file->head_size && offset <= file->head_size - size)
    {
      memcpy (buffer, file->head + offset, size);
      return TRUE;
    }

  n = offset <= G_MAXINT64 - size ? read_at (file, offset, buffer, size) : 0;
  if (n == (gssize) size)
    return TRUE;

  if (n < 0)
    ebpf_error_set (error, EBPF_ERROR_PLUGIN, errno, "plug-in %s cannot be read: %s", file->path,
                    g_strerror (errno));
  else
    ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                    "plug-in %s is damaged: its %s (%" G_GSIZE_FORMAT
                    " bytes at offset 0x%" G_GINT64_MODIFIER "x) are not in the file",
                    file->path, what, size, offset);
  return FALSE;
}

static gboolean
check_note (const EbpfPluginNote *note, const char *path, guint64 offset, GError **error)
{
  const char *problem = NULL;

  if (note->n_map_types == 0 || note->n_map_types > EBPF_PLUGIN_MAX_MAP_TYPES)
    problem = "the number of its map types is not possible";
  else if (memchr (note->nick, '\0', sizeof note->nick) == NULL || *note->nick == '\0')
    problem = "its nick is empty or has no end";
  else if (memchr (note->description, '\0', sizeof note->description) == NULL)
    problem = "its text has no end";
  else
    for (guint i = 0; i < note->n_map_types; i++)
      if (note->map_types[i] == 0)
        problem = "one of its map types is 0";

  if (problem == NULL)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                  "plug-in %s: its description, note \"" EBPF_PLUGIN_NOTE_NAME
                  "\" at offset 0x%" G_GINT64_MODIFIER "x, is damaged: %s",
                  path, offset, problem);
  return FALSE;
}

/* Looks for the note in @size bytes of notes that begin at @offset of the file. Returns FALSE with
 * no error where it is not there. */
static gboolean
find_note (const char *path,
           const guint8 *notes,
           gsize size,
           gsize align,
           guint64 offset,
           EbpfPluginNote *note,
           GError **error)
{
  gsize at = 0;

  while (size - at >= DESC_OFFSET)
    {
      Elf32_Nhdr header; /* the same in both classes */
      guint64 desc_at, end;

      memcpy (&header, notes + at, sizeof header);
      desc_at = sizeof header + (guint64) header.n_namesz;
      desc_at = (desc_at + align - 1) / align * align;
      end = desc_at + header.n_descsz;

      if (header.n_type == EBPF_PLUGIN_MAGIC && header.n_namesz == sizeof EBPF_PLUGIN_NOTE_NAME &&
          memcmp (notes + at + sizeof header, EBPF_PLUGIN_NOTE_NAME, header.n_namesz) == 0)
        {
          if (header.n_descsz < DESC_SIZE || end > size - at)
            {
              ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                              "plug-in %s: its description, note \"" EBPF_PLUGIN_NOTE_NAME
                              "\" at offset 0x%" G_GINT64_MODIFIER
                              "x, is damaged: it says it has %u bytes; %u are needed and %u there",
                              path, offset + at, header.n_descsz, (guint) DESC_SIZE,
                              (guint) (size - at - DESC_OFFSET));
              return FALSE;
            }

          memcpy (note, notes + at, DESC_OFFSET);
          memcpy ((guint8 *) note + DESC_OFFSET, notes + at + desc_at, DESC_SIZE);
          return check_note (note, path, offset + at, error);
        }

      end = (end + align - 1) / align * align;
      if (end > size - at)
        break;
      at += end;
    }

  return FALSE;
}

static gboolean
read_header (const File *file, ElfW (Ehdr) * header, GError **error)
{
  if (file->head_size < sizeof *header || memcmp (file->head, ELFMAG, SELFMAG) != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0, "plug-in %s is not an ELF file", file->path);
      return FALSE;
    }

  memcpy (header, file->head, sizeof *header);
  if (header->e_ident[EI_CLASS] != NATIVE_CLASS || header->e_ident[EI_DATA] != NATIVE_DATA ||
      header->e_type != ET_DYN)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "plug-in %s is not a shared library for this machine (class %u, byte order "
                      "%u, type %u)",
                      file->path, header->e_ident[EI_CLASS], header->e_ident[EI_DATA],
                      header->e_type);
      return FALSE;
    }

  if (header->e_phentsize != sizeof (ElfW (Phdr)) || header->e_phnum > MAX_PROGRAM_HEADERS)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "plug-in %s is damaged: it has %u program headers of %u bytes", file->path,
                      header->e_phnum, header->e_phentsize);
      return FALSE;
    }

  return TRUE;
}

static gboolean
read_note (const File *file, EbpfPluginNote *note, GError **error)
{
  ElfW (Ehdr) header;

  if (!read_header (file, &header, error))
    return FALSE;

  for (guint i = 0; i < header.e_phnum; i++)
    {
      g_autofree guint8 *notes = NULL;
      GError *problem = NULL;
      ElfW (Phdr) segment;

      if (!get_bytes (file, "program headers", header.e_phoff + i * sizeof segment, &segment,
                      sizeof segment, error))
        return FALSE;
      if (segment.p_type != PT_NOTE || segment.p_filesz < DESC_OFFSET ||
          segment.p_filesz > MAX_NOTES_SIZE)
        continue;

      notes = g_malloc (segment.p_filesz);
      if (!get_bytes (file, "notes", segment.p_offset, notes, segment.p_filesz, error))
        return FALSE;
      if (find_note (file->path, notes, segment.p_filesz, segment.p_align == 8 ? 8 : 4,
                     segment.p_offset, note, &problem))
        return TRUE;
      if (problem != NULL)
        {
          g_propagate_error (error, problem);
          return FALSE;
        }
    }

  ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                  "%s is not a plug-in of this library: it does not describe itself in a note "
                  "\"" EBPF_PLUGIN_NOTE_NAME
                  "\" (see EBPF_DEFINE_PLUGIN); rebuild it if it was built for "
                  "an earlier version",
                  file->path);
  return FALSE;
}

gboolean
ebpf_plugin_note_read (const char *path, EbpfPluginNote *note, GError **error)
{
  gssize n = -1;
  gboolean success;
  File file;

  file.path = path;
  /* Not to wait for a pipe that has the name of a module. */
  file.fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file.fd >= 0)
    n = read_at (&file, 0, file.head, sizeof file.head);

  if (n < 0)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, errno, "plug-in %s cannot be read: %s", path,
                      g_strerror (errno));
      success = FALSE;
    }
  else
    {
      file.head_size = (gsize) n;
      success = read_note (&file, note, error);
    }

  if (file.fd >= 0)
    close (file.fd);

  return success;
}
