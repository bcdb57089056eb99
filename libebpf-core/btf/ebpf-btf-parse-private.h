/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-private.h"

G_BEGIN_DECLS

/* Names to ids: ids grouped by the hash of their name. Two arrays of what is really there instead
 * of a table with room to spare, and no worse for a blob in which every type has the same name. */
typedef struct
{
  guint shift;   /* hash >> shift is the group */
  guint32 *ends; /* end of each group in ids; it starts at the end of the one before */
  guint32 *ids;  /* ascending within a group */
} EbpfBtfIndex;

/* How long types of each kind are: what a blob says of it itself (Linux 7.1), by number of the
 * kind. With it, kinds that are not known here can be passed over. Source: struct btf_layout in
 * include/uapi/linux/btf.h. */
typedef struct
{
  guint8 info_size;    /* of what follows the type once */
  guint8 element_size; /* of what follows the type as often as it says */
  guint16 flags;
} EbpfBtfKindLayout;

typedef struct
{
  const EbpfBtfKindLayout *kinds;
  guint32 n_kinds;
} EbpfBtfLayoutTable;

/* One past the last kind that is known here. */
#define EBPF_BTF_N_KINDS (EBPF_BTF_KIND_ENUM64 + 1)

static inline gboolean
ebpf_btf_knows_kind (const struct btf_type *type)
{
  return ebpf_btf_kind_of (type) < EBPF_BTF_N_KINDS;
}

struct _EbpfBtf
{
  GObject parent_instance;

  EbpfBtf *base;
  GBytes *bytes; /* in the host's byte order */
  EbpfByteOrder byte_order;

  const guint8 *types;
  const char *strings;
  guint32 strings_length;
  guint32 strings_start; /* offsets below belong to the base */

  guint32 first_id;
  guint32 n_types; /* its own, without the base's and void */

  /* Where each type is in types, by id - first_id: see ebpf_btf_offset_at (). Two bytes a type do, and of
   * a kernel there are 126,000. @offsets is there instead where some types are too long for that. */
  guint32 *block_offsets;
  guint16 *words;
  guint32 *offsets;

  EbpfBtfLayoutTable layout; /* into bytes; nothing where the blob has none */
  guint32 unknown;           /* the first type of a kind that is not known, or 0 */

  /* Made when first needed: one of functions, which are most of what a kernel has, and one of all
   * else. */
  guint32 n_named_types;
  guint32 n_named_functions;
  EbpfBtfIndex *type_index;
  EbpfBtfIndex *function_index;
  GHashTable *flavours; /* see ebpf_core_find_flavours () */
};

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define EBPF_BYTE_ORDER_HOST EBPF_BYTE_ORDER_LITTLE_ENDIAN
#define EBPF_BYTE_ORDER_FOREIGN EBPF_BYTE_ORDER_BIG_ENDIAN
#else
#define EBPF_BYTE_ORDER_HOST EBPF_BYTE_ORDER_BIG_ENDIAN
#define EBPF_BYTE_ORDER_FOREIGN EBPF_BYTE_ORDER_LITTLE_ENDIAN
#endif

/* How much of a blob to check. What walks types is safe after either; EBPF_BTF_TRUSTED leaves out
 * what the kernel has checked about its own. */
typedef enum
{
  EBPF_BTF_UNTRUSTED,
  EBPF_BTF_TRUSTED,
} EbpfBtfTrust;

/* From outside: of the byte order of @base. */
EbpfBtf *ebpf_btf_new_split_checked (GBytes *bytes, EbpfBtf *base, GError **error);

EbpfBtf *ebpf_btf_new_internal (GBytes *bytes, EbpfBtf *base, EbpfBtfTrust trust, GError **error);

/* Fills in @self, which is new but for its base. */
gboolean ebpf_btf_parse (EbpfBtf *self, GBytes *bytes, EbpfBtfTrust trust, GError **error);

/* The layout of all kinds that are known. */
extern const EbpfBtfLayoutTable ebpf_btf_known_layout;

/* Bytes that follow a struct btf_type, or -1 for a kind that neither is known nor in @layout. */
gint64 ebpf_btf_tail_size (const EbpfBtfLayoutTable *layout, guint kind, guint vlen);

static inline gint64
ebpf_btf_tail_size_of (EbpfBtf *self, const struct btf_type *type)
{
  return ebpf_btf_tail_size (&self->layout, ebpf_btf_kind_of (type), ebpf_btf_vlen_of (type));
}

/* Swaps a type and the @tail bytes that follow it. */
void ebpf_btf_swap_type (struct btf_type *type, gint64 tail);

/* FALSE with @error where @self has types of its own of kinds that are not known: nobody can tell what
 * in them is a number of a type or a place of a string, so they cannot be written elsewhere. */
gboolean ebpf_btf_check_known (EbpfBtf *self, GError **error);

/* A block starts at a multiple of 4 bytes, and so do the types behind it. */
#define EBPF_BTF_BLOCK 32

/* @i: id - first_id. */
static inline guint32
ebpf_btf_offset_at (const EbpfBtf *self, guint32 i)
{
  if (G_UNLIKELY (self->offsets != NULL))
    return self->offsets[i];

  return self->block_offsets[i / EBPF_BTF_BLOCK] + 4 * (guint32) self->words[i];
}

static inline const struct btf_type *
ebpf_btf_type_at (const EbpfBtf *self, guint32 i)
{
  return (gconstpointer) (self->types + ebpf_btf_offset_at (self, i));
}

/* One past the last id and the last string offset. */
static inline guint32
ebpf_btf_end_id (EbpfBtf *self)
{
  return self->first_id + self->n_types;
}

static inline guint32
ebpf_btf_end_string (EbpfBtf *self)
{
  return self->strings_start + self->strings_length;
}

/* Offset of a type in the section of types, for messages. */
guint32 ebpf_btf_offset_of (EbpfBtf *self, guint32 id);

/* struct bpf_btf_info of Linux 5.11 and later. */
typedef struct
{
  guint64 btf __attribute__ ((aligned (8)));
  guint32 btf_size;
  guint32 id;
  guint64 name __attribute__ ((aligned (8)));
  guint32 name_len;
  guint32 kernel_btf;
} EbpfBtfInfo;

void ebpf_btf_index_free (EbpfBtfIndex *index);

/* @features: EBPF_N_FEATURES of them, by EbpfFeature. */
GBytes *ebpf_btf_sanitize (EbpfBtf *self, const gboolean *features);

/* Wherever types are followed: deeper than any compiler goes, and than the kernel accepts (32). */
#define EBPF_BTF_MAX_DEPTH 64

G_END_DECLS
