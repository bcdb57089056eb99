/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-btf-private.h"
#include "object/ebpf-map-private.h"

G_BEGIN_DECLS

/* A struct of operations as this kernel has it, and what a map of it holds. */
typedef struct
{
  EbpfBtf *btf;
  GPtrArray *modules; /* keeps btf_fd open, and btf alive */
  int btf_fd;         /* of the module's BTF, or 0 for vmlinux */
  guint32 struct_id;
  guint32 value_id;
  guint32 value_size;
  guint32 offset; /* of the struct in the value */
} EbpfStructOpsType;

/* @name may have a flavour ("ops___v2"), which counts for nothing. */
gboolean ebpf_struct_ops_type_find (EbpfStructOpsType *self, const char *name, GError **error);
void ebpf_struct_ops_type_clear (EbpfStructOpsType *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EbpfStructOpsType, ebpf_struct_ops_type_clear)

/* Number of the member, or -1. */
gint ebpf_struct_ops_type_find_member (const EbpfStructOpsType *self, const char *name);

/* The name of the struct that the spec's value is; NULL with @error. */
const char *ebpf_struct_ops_get_name (EbpfMapSpec *spec, GError **error);

/* Whether this kernel calls the program in that map; one that it does not know, it need not load. */
gboolean ebpf_struct_ops_calls (EbpfMapSpec *map, const char *program);

/* "struct:member" of the member that an entry of the map's contents is for, in this object's terms;
 * NULL where it is no program's, or of none. */
char *ebpf_struct_ops_dup_operation (EbpfMapSpec *map, guint index);

/* What goes into the map once it is attached: the value in the kernel's layout, and programs. */
typedef struct _EbpfStructOpsValue EbpfStructOpsValue;

EbpfStructOpsValue *ebpf_struct_ops_value_new (EbpfMapSpec *spec,
                                               EbpfMapResolveFunc resolve,
                                               gpointer user_data,
                                               GError **error);
EbpfStructOpsValue *ebpf_struct_ops_value_ref (EbpfStructOpsValue *self);
void ebpf_struct_ops_value_unref (EbpfStructOpsValue *self);

/* The bytes with the descriptors of the programs in their places; valid as long as these are open. */
GBytes *ebpf_struct_ops_value_to_bytes (EbpfStructOpsValue *self, GError **error);

G_END_DECLS
