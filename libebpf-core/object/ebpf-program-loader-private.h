/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "btf/ebpf-core-relocation-private.h"
#include "object/ebpf-externs-private.h"
#include "object/ebpf-load-options.h"
#include "object/ebpf-map.h"
#include "spec/ebpf-program-spec-private.h"

G_BEGIN_DECLS

/* Finds the live map that code refers to by @name; transfer none. NULL and @left_out: there is one,
 * but the caller did not want it created. */
typedef EbpfMap *(*EbpfLoadFindMap) (const char *name, gboolean *left_out, gpointer user_data);

/* What the programs of one load have in common. Everything in it is made when it is first needed,
 * and once. */
typedef struct
{
  EbpfCollectionSpec *spec;
  EbpfLoadOptions *options;
  EbpfLoadFindMap find_map;
  gpointer find_map_data;

  gboolean btf_tried;
  int btf_fd;        /* of the object's BTF in the kernel, or -1 */
  GError *btf_error; /* why not */
  EbpfCoreCache *core_cache;
  EbpfExterns *externs;
} EbpfLoadContext;

/* @spec and @options have to live as long as @self does. */
void ebpf_load_context_init (EbpfLoadContext *self,
                             EbpfCollectionSpec *spec,
                             EbpfLoadOptions *options,
                             EbpfLoadFindMap find_map,
                             gpointer find_map_data);
void ebpf_load_context_clear (EbpfLoadContext *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EbpfLoadContext, ebpf_load_context_clear)

/* The object's BTF in the kernel: an fd of the context's, or -1 where there is none or the kernel
 * refused it, which is not an error by itself. */
int ebpf_load_context_peek_btf_fd (EbpfLoadContext *self);
EbpfExterns *ebpf_load_context_peek_externs (EbpfLoadContext *self);

/* Loads a program and returns its fd, or -1. @log: what the verifier wrote about a program that it
 * took, where the options asked for that; else NULL. */
int ebpf_program_load (EbpfProgramSpec *spec, EbpfLoadContext *context, char **log, GError **error);

/* The instructions that the kernel would be given, in this process: with the fds of the maps.
 * @with_maps: where not, what refers to maps is left as it is. */
GBytes *ebpf_program_prepare (EbpfProgramSpec *spec,
                              EbpfLoadContext *context,
                              gboolean with_maps,
                              GError **error);

/* Whether the kernel would take the records of functions, and those of lines, as they are. */
gboolean ebpf_program_can_send_func_infos (const EbpfCode *code);
gboolean ebpf_program_can_send_line_infos (const EbpfCode *code);

/* How a load that the kernel refused is told. @errsv: its first answer. @log: of the second, or
 * NULL. @hint: what else is known, or NULL. */
void ebpf_program_explain_rejection (EbpfProgramSpec *spec,
                                     int errsv,
                                     const char *log,
                                     const char *hint,
                                     GError **error);

/* The Linux version that brought a type of program, or what it attaches to: "5.5"; NULL where that
 * is not known. */
const char *ebpf_program_min_kernel_version (EbpfProgramType program_type,
                                             gboolean has_attach_type,
                                             EbpfAttachType attach_type);

G_END_DECLS
