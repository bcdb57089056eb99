/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-core-spec-private.h"

#include "ebpf-test-btf.h"

G_BEGIN_DECLS

/* An object was compiled against one idea of the types, the "kernel" has another: these build
 * both, for every test of CO-RE. */
void core_build_local (TestBtf *b);
void core_build_target (TestBtf *b);

/* What the access strings of the object are. */
extern const char *const core_access_strings[];
extern const guint core_n_access_strings;

EbpfBtf *core_parse (TestBtf *builder, EbpfBtf *base);

/* A list of targets that starts with @first, which is taken over. */
GPtrArray *core_targets (EbpfBtf *first);
guint32 core_find_string (EbpfBtf *btf, const char *string);

/* mov r1, 0 */
extern const EbpfInsn core_mov;

void core_assert_poisoned (const EbpfInsn *insn);

#define T_STRUCT EBPF_BTF_KIND_STRUCT
#define T_ENUM EBPF_BTF_KIND_ENUM
#define T_ENUM64 EBPF_BTF_KIND_ENUM64
#define T_TYPEDEF EBPF_BTF_KIND_TYPEDEF
#define T_INT EBPF_BTF_KIND_INT
#define T_FWD EBPF_BTF_KIND_FWD

enum
{
  OFFSET = EBPF_CORE_FIELD_BYTE_OFFSET,
  SIZE = EBPF_CORE_FIELD_BYTE_SIZE,
  EXISTS = EBPF_CORE_FIELD_EXISTS,
  SIGNED = EBPF_CORE_FIELD_SIGNED,
  LSHIFT = EBPF_CORE_FIELD_LSHIFT,
  RSHIFT = EBPF_CORE_FIELD_RSHIFT,
  LOCAL_ID = EBPF_CORE_TYPE_ID_LOCAL,
  TARGET_ID = EBPF_CORE_TYPE_ID_TARGET,
  TYPE_EXISTS = EBPF_CORE_TYPE_EXISTS,
  TYPE_SIZE = EBPF_CORE_TYPE_SIZE,
  ENUM_EXISTS = EBPF_CORE_ENUM_VALUE_EXISTS,
  ENUM_VALUE = EBPF_CORE_ENUM_VALUE,
  MATCHES = EBPF_CORE_TYPE_MATCHES,
};

G_END_DECLS
