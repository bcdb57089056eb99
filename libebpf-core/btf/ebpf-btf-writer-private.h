/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-parse-private.h"

G_BEGIN_DECLS

/* Type information being put together: types in the host's byte order one behind the other, and
 * strings, each of them once. On top of a base, ids and strings go on where the base's end, and a
 * string that the base has is not written again. Nothing is checked here. */
typedef struct
{
  EbpfBtf *base;
  guint32 first_id;
  guint32 n_types; /* its own */
  GByteArray *types;
  guint32 last; /* where the last type starts */

  guint32 strings_start;
  GByteArray *strings;
  GStringChunk *chunk;
  GHashTable *offsets; /* string -> offset; the base's too */

  gboolean has_layout; /* is to say how long the types of each kind are */
} EbpfBtfWriter;

EbpfBtfWriter *ebpf_btf_writer_new (EbpfBtf *base);
void ebpf_btf_writer_free (EbpfBtfWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfBtfWriter, ebpf_btf_writer_free)

/* Offset of a string; NULL is "". */
guint32 ebpf_btf_writer_add_string (EbpfBtfWriter *self, const char *string);

/* A type without what follows it. Returns its id. */
guint32 ebpf_btf_writer_add (EbpfBtfWriter *self,
                             const char *name,
                             guint kind,
                             guint vlen,
                             gboolean kflag,
                             guint32 size_or_type);

/* Words behind the last type. */
void ebpf_btf_writer_append (EbpfBtfWriter *self, const guint32 *words, guint n_words);

/* Good until something is added. */
struct btf_type *ebpf_btf_writer_peek_last (EbpfBtfWriter *self);

/* The id in what is written of a type of what is read. */
typedef guint32 (*EbpfBtfMapFunc) (guint32 id, gpointer user_data);

/* Copies a type of a known kind as it is, but for its names, and for the ids that @func gives anew. Returns its
 * id. */
guint32 ebpf_btf_writer_copy (EbpfBtfWriter *self,
                              EbpfBtf *from,
                              const struct btf_type *type,
                              EbpfBtfMapFunc func,
                              gpointer user_data);

/* Neither changes the writer. */
GBytes *ebpf_btf_writer_to_bytes (EbpfBtfWriter *self, EbpfByteOrder byte_order);
EbpfBtf *ebpf_btf_writer_to_btf (EbpfBtfWriter *self, EbpfByteOrder byte_order, GError **error);

/* Calls @func for each word of a type that is an id, or an offset of a string. */
typedef void (*EbpfBtfWordFunc) (guint32 *word, gpointer user_data);
void ebpf_btf_foreach_id (struct btf_type *type, EbpfBtfWordFunc func, gpointer user_data);
void ebpf_btf_foreach_string (struct btf_type *type, EbpfBtfWordFunc func, gpointer user_data);

/* A blob of types and strings, of either byte order; @types are in the host's. @layout may be
 * empty. */
GBytes *ebpf_btf_encode_blob (const guint8 *types,
                              guint32 types_length,
                              const char *strings,
                              guint32 strings_length,
                              const EbpfBtfLayoutTable *layout,
                              EbpfByteOrder byte_order);

G_END_DECLS
