/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-builder.h"
#include "btf/ebpf-btf-writer-private.h"

G_BEGIN_DECLS

struct _EbpfBtfBuilder
{
  GObject parent_instance;

  EbpfBtfWriter *writer;
  GHashTable *copies; /* EbpfBtf -> (id -> id of the copy) */
};

/* The kernel's limits (include/uapi/linux/btf.h). */
#define EBPF_BTF_MAX_ID 0xfffff
#define EBPF_BTF_MAX_STRING 0xffffff
#define EBPF_BTF_MAX_VLEN 0xffff

/* Whether @n_types more still have ids. */
gboolean ebpf_btf_builder_has_room (EbpfBtfBuilder *self, guint64 n_types, GError **error);

typedef enum
{
  EBPF_BTF_NAME_NONEMPTY,   /* anything: "unsigned int", the value of a tag */
  EBPF_BTF_NAME_IDENTIFIER, /* one of C, with dots, which compilers put into names of their own */
  EBPF_BTF_NAME_OPTIONAL,   /* the same, or none */
  EBPF_BTF_NAME_SECTION,    /* anything that can be printed */
} EbpfBtfNameRule;
gboolean ebpf_btf_builder_check_name (const char *what,
                                      const char *name,
                                      EbpfBtfNameRule rule,
                                      GError **error);

/* @allowed: a bit for each size that such a type can have. */
gboolean ebpf_btf_builder_check_size (const char *what, guint size, guint allowed, GError **error);

/* Begins a type without parts, once its name is checked. Returns its number, or 0 with @error. */
guint ebpf_btf_builder_add (EbpfBtfBuilder *self,
                            const char *what,
                            const char *name,
                            EbpfBtfNameRule rule,
                            guint kind,
                            gboolean kflag,
                            guint32 size_or_type,
                            GError **error);

/* Starts over what was written since; nothing of it may have been handed out. */
typedef struct
{
  guint32 n_types;
  guint32 types_length;
  guint32 last;
} EbpfBtfMark;
EbpfBtfMark ebpf_btf_builder_mark (EbpfBtfBuilder *self);
void ebpf_btf_builder_rewind (EbpfBtfBuilder *self, EbpfBtfMark mark);

G_END_DECLS
