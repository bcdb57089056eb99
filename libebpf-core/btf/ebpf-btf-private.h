/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <linux/btf.h>

#include "btf/ebpf-btf.h"
#include "btf/ebpf-btf-type.h"

G_BEGIN_DECLS

/* The parsed form is the kernel's own: the bytes in the host's byte order (a foreign-endian blob is
 * swapped once), one offset a type, strings left where they are. Everything below is validated by
 * the parser: ids and name offsets are in range, kinds known, and lists inside the blob. */

/* NULL for id 0 (void) and for an id out of range; looks into the base for its ids. */
const struct btf_type *ebpf_btf_peek (EbpfBtf *self, guint32 id);

/* Never NULL; "" for anonymous. Points into the blob (or the base's). */
const char *ebpf_btf_peek_name (EbpfBtf *self, guint32 name_offset);

/* Whether a string may be at this offset. */
gboolean ebpf_btf_has_string (EbpfBtf *self, guint32 offset);

static inline const char *
ebpf_btf_name_of (EbpfBtf *self, const struct btf_type *type)
{
  return ebpf_btf_peek_name (self, type->name_off);
}

/* All the bits there are: those that kernels before this or that version want to be zero, later
 * ones may use for longer lists and more kinds. */
static inline guint
ebpf_btf_kind_of (const struct btf_type *type)
{
  return (type->info >> 24) & 0x7f;
}

static inline guint
ebpf_btf_vlen_of (const struct btf_type *type)
{
  return type->info & 0xffffff;
}

static inline gboolean
ebpf_btf_kflag_of (const struct btf_type *type)
{
  return BTF_INFO_KFLAG (type->info);
}

/* What follows the type: struct btf_member[], btf_enum[], btf_array, btf_param[], btf_var … */
static inline gconstpointer
ebpf_btf_tail_of (const struct btf_type *type)
{
  return type + 1;
}

/* Bit offset and, for a bitfield, size (0 where it is none) of a member, in either encoding. */
void ebpf_btf_member_bits (EbpfBtf *self,
                           const struct btf_type *type,
                           guint index,
                           guint32 *bit_offset,
                           guint32 *bit_size);

/* A value of an enumeration of either width, as a number of 64 bits. */
gint64 ebpf_btf_enum_value (const struct btf_type *type, guint index);

/* Follows typedefs, qualifiers and type tags; 0 where that ends in void. Bounded, so cycles end. */
guint32 ebpf_btf_strip (EbpfBtf *self, guint32 id);

/* Size in bytes of what a type describes, or -1 (functions, void, cycles, overflow). */
gint64 ebpf_btf_size_of (EbpfBtf *self, guint32 id);

/* Alignment in bytes as C lays it out. */
guint ebpf_btf_align_of (EbpfBtf *self, guint32 id);

/* Id by name and kind (void: any), or 0. The base comes first. Indexes names at the first call. */
guint32 ebpf_btf_lookup (EbpfBtf *self, const char *name, guint kind);

/* Calls @func for each type with this name (base first) until it returns FALSE. The second leaves
 * functions out, the third leaves out all else: functions are many, and have an index of their own
 * that is better not made where none is looked for. */
typedef gboolean (*EbpfBtfIdFunc) (EbpfBtf *btf, guint32 id, gpointer user_data);
void
ebpf_btf_foreach_named (EbpfBtf *self, const char *name, EbpfBtfIdFunc func, gpointer user_data);
void ebpf_btf_foreach_type_named (EbpfBtf *self,
                                  const char *name,
                                  EbpfBtfIdFunc func,
                                  gpointer user_data);

/* Values. @data must hold ebpf_btf_size_of (). Floating reference; NULL with @error. */
GVariant *ebpf_btf_value_to_variant (EbpfBtf *self,
                                     guint32 id,
                                     gconstpointer data,
                                     gsize size,
                                     GError **error);
gboolean ebpf_btf_value_from_variant (EbpfBtf *self,
                                      guint32 id,
                                      GVariant *variant,
                                      gpointer data,
                                      gsize size,
                                      GError **error);

/* What clang leaves for the loader: sizes of data sections, and where in them the variables are. */
typedef struct
{
  /* What stands for a section, and its size; NULL where it is to stay as it is. */
  gconstpointer (*find_section) (const char *name, guint32 *size, gpointer user_data);

  /* The offset of a variable in that, by its symbol: of a static one, where @is_static; else of a global one, or
   * where there is none, of a static one. */
  gboolean (*find_variable) (gconstpointer section,
                             const char *name,
                             gboolean is_static,
                             guint32 *offset,
                             gpointer user_data);
  gpointer user_data;

  /* Set of names, or NULL: functions that are global to the compiler but hidden, to be made static so that the
   * verifier looks at them with their callers and not on their own. */
  GHashTable *hidden_functions;
} EbpfBtfFixup;

/* Fills them in. @self was just made, of bytes that are nobody else's, and is of no use where this fails. */
gboolean ebpf_btf_fixup (EbpfBtf *self, const EbpfBtfFixup *fixup, GError **error);

/* The same types, but for the section @id, which has @size bytes, and for its last variable, which
 * has to be an array: it fills the section up. A new type is behind all others; ids and offsets of
 * strings stay the same. @variable_id: that variable. NULL where the last one is no array of elements
 * that fit. */
EbpfBtf *ebpf_btf_resize_section (EbpfBtf *self,
                                  guint32 id,
                                  guint32 size,
                                  guint32 *variable_id,
                                  GError **error);

/* Loads it into the kernel, with what this kernel does not know replaced first (see
 * ebpf-btf-sanitize.c). Returns an fd, or -1 with @error, which then has the kernel's log. Type ids
 * stay the same. */
int ebpf_btf_load_into_kernel (EbpfBtf *self, GError **error);

/* Kernel BTF for relocation: vmlinux first, then each loaded module's (split on it). The module fd
 * stays open as long as the EbpfKernelModule lives; it is -1 where it may not be had. */
typedef struct
{
  char *name;
  EbpfBtf *btf;
  int fd;
} EbpfKernelModule;
/* Of EbpfKernelModule, sorted by name; a new reference to what is cached. */
GPtrArray *ebpf_btf_get_kernel_modules (GError **error);

G_END_DECLS
