/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <elf.h>
#include <string.h>

#include <glib.h>

G_BEGIN_DECLS

/* The structures of 64-bit ELF files, in the byte order of the host. @data need not be aligned, and must hold a
 * whole one. Source of the format: elf(5). */

#define EBPF_ELF_SWAP16(field) ((field) = GUINT16_SWAP_LE_BE (field))
#define EBPF_ELF_SWAP32(field) ((field) = GUINT32_SWAP_LE_BE (field))
#define EBPF_ELF_SWAP64(field) ((field) = GUINT64_SWAP_LE_BE (field))

static inline void
ebpf_elf_raw_header (Elf64_Ehdr *self, const guint8 *data, gboolean swapped)
{
  memcpy (self, data, sizeof *self);
  if (!swapped)
    return;

  EBPF_ELF_SWAP16 (self->e_type);
  EBPF_ELF_SWAP16 (self->e_machine);
  EBPF_ELF_SWAP32 (self->e_version);
  EBPF_ELF_SWAP64 (self->e_entry);
  EBPF_ELF_SWAP64 (self->e_phoff);
  EBPF_ELF_SWAP64 (self->e_shoff);
  EBPF_ELF_SWAP32 (self->e_flags);
  EBPF_ELF_SWAP16 (self->e_ehsize);
  EBPF_ELF_SWAP16 (self->e_phentsize);
  EBPF_ELF_SWAP16 (self->e_phnum);
  EBPF_ELF_SWAP16 (self->e_shentsize);
  EBPF_ELF_SWAP16 (self->e_shnum);
  EBPF_ELF_SWAP16 (self->e_shstrndx);
}

static inline void
ebpf_elf_raw_section (Elf64_Shdr *self, const guint8 *data, gboolean swapped)
{
  memcpy (self, data, sizeof *self);
  if (!swapped)
    return;

  EBPF_ELF_SWAP32 (self->sh_name);
  EBPF_ELF_SWAP32 (self->sh_type);
  EBPF_ELF_SWAP64 (self->sh_flags);
  EBPF_ELF_SWAP64 (self->sh_addr);
  EBPF_ELF_SWAP64 (self->sh_offset);
  EBPF_ELF_SWAP64 (self->sh_size);
  EBPF_ELF_SWAP32 (self->sh_link);
  EBPF_ELF_SWAP32 (self->sh_info);
  EBPF_ELF_SWAP64 (self->sh_addralign);
  EBPF_ELF_SWAP64 (self->sh_entsize);
}

static inline void
ebpf_elf_raw_symbol (Elf64_Sym *self, const guint8 *data, gboolean swapped)
{
  memcpy (self, data, sizeof *self);
  if (!swapped)
    return;

  EBPF_ELF_SWAP32 (self->st_name);
  EBPF_ELF_SWAP16 (self->st_shndx);
  EBPF_ELF_SWAP64 (self->st_value);
  EBPF_ELF_SWAP64 (self->st_size);
}

static inline void
ebpf_elf_raw_relocation (Elf64_Rel *self, const guint8 *data, gboolean swapped)
{
  memcpy (self, data, sizeof *self);
  if (!swapped)
    return;

  EBPF_ELF_SWAP64 (self->r_offset);
  EBPF_ELF_SWAP64 (self->r_info);
}

G_END_DECLS
