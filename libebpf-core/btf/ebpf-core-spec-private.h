/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-core-relocation-private.h"

G_BEGIN_DECLS

/* Source of the numbers: enum bpf_core_relo_kind of include/uapi/linux/bpf.h. */
typedef enum
{
  EBPF_CORE_FIELD_BYTE_OFFSET = 0,
  EBPF_CORE_FIELD_BYTE_SIZE = 1,
  EBPF_CORE_FIELD_EXISTS = 2,
  EBPF_CORE_FIELD_SIGNED = 3,
  EBPF_CORE_FIELD_LSHIFT = 4,
  EBPF_CORE_FIELD_RSHIFT = 5,
  EBPF_CORE_TYPE_ID_LOCAL = 6,
  EBPF_CORE_TYPE_ID_TARGET = 7,
  EBPF_CORE_TYPE_EXISTS = 8,
  EBPF_CORE_TYPE_SIZE = 9,
  EBPF_CORE_ENUM_VALUE_EXISTS = 10,
  EBPF_CORE_ENUM_VALUE = 11,
  EBPF_CORE_TYPE_MATCHES = 12,
  EBPF_CORE_N_KINDS
} EbpfCoreKind;

/* Numbers in an access string, and how deep types are followed. Nothing real comes near. */
#define EBPF_CORE_MAX_STEPS 64
#define EBPF_CORE_MAX_DEPTH 32

static inline gboolean
ebpf_core_kind_is_field (EbpfCoreKind kind)
{
  return kind <= EBPF_CORE_FIELD_RSHIFT;
}

static inline gboolean
ebpf_core_kind_is_enum (EbpfCoreKind kind)
{
  return kind == EBPF_CORE_ENUM_VALUE || kind == EBPF_CORE_ENUM_VALUE_EXISTS;
}

static inline gboolean
ebpf_core_kind_is_question (EbpfCoreKind kind)
{
  return kind == EBPF_CORE_FIELD_EXISTS || kind == EBPF_CORE_TYPE_EXISTS ||
         kind == EBPF_CORE_ENUM_VALUE_EXISTS || kind == EBPF_CORE_TYPE_MATCHES;
}

/* One step of an access: the member or element @index of the type @container. A step through an
 * anonymous member is none, it only moves the offset. */
typedef struct
{
  guint32 container; /* without typedefs and qualifiers; the first one's is the root */
  guint32 index;
  const char *name; /* of the member or enumerator; NULL where it is an element */
} EbpfCoreStep;

/* Where an access leads, in one BTF. */
typedef struct
{
  EbpfBtf *btf;
  guint32 root;
  EbpfCoreStep steps[EBPF_CORE_MAX_STEPS];
  guint n_steps;

  /* fields only: what it ends at */
  guint32 field; /* its type as declared */
  guint64 bit_offset;
  guint32 bit_size; /* of a bitfield; 0 where it is none */
} EbpfCoreSpec;

/* What becomes of one instruction. */
typedef struct
{
  guint64 local;  /* what it must hold now, where @validate */
  guint64 target; /* what it holds then */

  /* bytes that a memory access reads or writes; 0 where that is not to be touched */
  guint32 local_size;
  guint32 target_size;

  gboolean validate : 1;
  gboolean poison : 1;
  gboolean bad_resize : 1;   /* a memory access cannot be made to fit by its size alone */
  gboolean sign_unknown : 1; /* 32 bits of which no BTF says whether they have a sign */
  gboolean is_question : 1;  /* 0 says that there is no such thing */
} EbpfCoreFixup;

/* Length of a name without its flavour, the "___suffix". */
gsize ebpf_core_essential_length (const char *name);
gboolean ebpf_core_essential_equal (const char *a, const char *b);

/* Names of a BTF that have a flavour: essential name -> GPtrArray of them. A new reference to what is
 * made once. */
GHashTable *ebpf_core_find_flavours (EbpfBtf *btf);

/* The type that relocations against @id look for the name of. */
guint32 ebpf_core_skip_qualifiers (EbpfBtf *btf, guint32 id);

/* Whether a local type of kind @a is looked for among target types of kind @b. */
gboolean ebpf_core_kinds_match (guint a, guint b);

/* Whether a field of one type may stand for a field of the other. */
gboolean
ebpf_core_fields_compatible (EbpfBtf *local, guint32 local_id, EbpfBtf *target, guint32 target_id);

/* The strict comparison of bpf_core_type_matches (). */
gboolean
ebpf_core_types_match (EbpfBtf *local, guint32 local_id, EbpfBtf *target, guint32 target_id);

gboolean ebpf_core_spec_parse (EbpfCoreSpec *self,
                               EbpfBtf *btf,
                               guint32 root,
                               const char *access,
                               EbpfCoreKind kind,
                               GError **error);

/* Follows @local's names in another BTF. FALSE where that has no such thing. */
gboolean ebpf_core_spec_match (const EbpfCoreSpec *local,
                               EbpfBtf *target,
                               guint32 target_root,
                               EbpfCoreKind kind,
                               EbpfCoreSpec *spec);

/* @target: NULL where there is nothing that matches. */
gboolean ebpf_core_fixup_init (EbpfCoreFixup *self,
                               EbpfCoreKind kind,
                               const EbpfCoreSpec *local,
                               const EbpfCoreSpec *target,
                               GError **error);

gboolean ebpf_core_fixup_equal (const EbpfCoreFixup *a, const EbpfCoreFixup *b);

gboolean ebpf_core_fixup_apply (const EbpfCoreFixup *self,
                                EbpfInsn *insns,
                                gsize n_insns,
                                guint32 index,
                                GError **error);

G_END_DECLS
