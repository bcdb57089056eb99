/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-private.h"

G_BEGIN_DECLS

/* Records of .BTF.ext, in the host's byte order, with instruction offsets counted in instructions
 * from the start of the piece of code they belong to. Source: Documentation/bpf/btf.rst and
 * include/uapi/linux/bpf.h (struct bpf_func_info, bpf_line_info, bpf_core_relo). */
typedef struct
{
  guint32 insn;
  guint32 type_id;
} EbpfFuncInfo;

typedef struct
{
  guint32 insn;
  guint32 file_name_off;
  guint32 line_off;
  guint32 line_col;
} EbpfLineInfo;

typedef struct
{
  guint32 insn;
  guint32 type_id;
  guint32 access_str_off;
  guint32 kind;
} EbpfCoreRelo;

typedef struct
{
  GArray *func_infos; /* of EbpfFuncInfo, sorted by insn; never NULL */
  GArray *line_infos; /* of EbpfLineInfo */
  GArray *core_relos; /* of EbpfCoreRelo */
} EbpfExtSection;

/* Parses a .BTF.ext. Returns section name -> EbpfExtSection. @swapped: of the other byte order. */
GHashTable *ebpf_ext_info_parse (GBytes *bytes, EbpfBtf *btf, gboolean swapped, GError **error);

G_END_DECLS
