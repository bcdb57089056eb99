/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-load-options.h"
#include "object/ebpf-map.h"
#include "object/ebpf-program.h"
#include "object/ebpf-variable.h"
#include "spec/ebpf-binding-private.h"
#include "spec/ebpf-collection-spec.h"

G_BEGIN_DECLS

/* A map that a load pinned, and where. */
typedef struct
{
  EbpfMap *map;
  char *path;
} EbpfNewPin;

/* What the properties of an object that a collection is assigned to can be. */
#define EBPF_COLLECTION_BINDING_TYPES                                                              \
  {                                                                                                \
    EBPF_TYPE_MAP, EBPF_TYPE_PROGRAM, EBPF_TYPE_VARIABLE, EBPF_TYPE_MAP_SPEC,                      \
        EBPF_TYPE_PROGRAM_SPEC, EBPF_TYPE_VARIABLE_SPEC                                            \
  }

/* Calls @func for each of those properties. */
void ebpf_collection_foreach_binding (GObject *target, EbpfBindingFunc func, gpointer user_data);

/* One load of a collection, on whatever thread runs it. Nothing here emits a signal that somebody
 * could have connected to: the objects are nobody else's before they are handed to @created, which
 * is told of each once it is complete. */
typedef struct _EbpfCollectionLoad EbpfCollectionLoad;
struct _EbpfCollectionLoad
{
  EbpfCollectionSpec *spec;
  EbpfLoadOptions *options;
  GCancellable *cancellable; /* or NULL */
  gint *aborted;             /* atomic */

  /* @object: an EbpfMap or an EbpfProgram, or NULL. */
  void (*step) (EbpfCollectionLoad *self, GObject *object, double progress);
  gpointer user_data;

  GObject *target;            /* or NULL; see ebpf_collection_load_set_target () */
  struct _EbpfLoadPlan *plan; /* while there is more to be done */
  gboolean prepared;          /* all but the programs is there */
  GHashTable *maps;           /* name -> EbpfMap */
  GHashTable *programs;       /* name -> EbpfProgram */
  GHashTable *variables;      /* name -> EbpfVariable */
  GHashTable *prepared_code;  /* name -> GBytes; of a preparation */
  GArray *new_pins;           /* of EbpfNewPin */
  int btf_fd;                 /* of the object's BTF in the kernel, or -1 */
};

EbpfCollectionLoad *ebpf_collection_load_new (EbpfCollectionSpec *spec,
                                              EbpfLoadOptions *options,
                                              GCancellable *cancellable,
                                              gint *aborted);

/* Makes the load one of what the properties of @target ask for. To be called at most once, before
 * the load is run; the options become the load's own. FALSE where that cannot be. */
gboolean
ebpf_collection_load_set_target (EbpfCollectionLoad *self, GObject *target, GError **error);

/* All that is done before the first program goes to the kernel. ebpf_collection_load_run () does
 * the rest, and this first where it was not. */
gboolean ebpf_collection_load_prepare (EbpfCollectionLoad *self, GError **error);
gboolean ebpf_collection_load_run (EbpfCollectionLoad *self, GError **error);

/* Closes what was made and takes new pins away. */
void ebpf_collection_load_undo (EbpfCollectionLoad *self);
void ebpf_collection_load_free (EbpfCollectionLoad *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfCollectionLoad, ebpf_collection_load_free)

G_END_DECLS
