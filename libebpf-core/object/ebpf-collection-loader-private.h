/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-load-options.h"
#include "object/ebpf-map.h"
#include "object/ebpf-program.h"
#include "spec/ebpf-collection-spec.h"

G_BEGIN_DECLS

/* A map that a load pinned, and where. */
typedef struct
{
  EbpfMap *map;
  char *path;
} EbpfNewPin;

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

  GHashTable *maps;      /* name -> EbpfMap */
  GHashTable *programs;  /* name -> EbpfProgram */
  GHashTable *variables; /* name -> EbpfVariable */
  GArray *new_pins;      /* of EbpfNewPin */
};

EbpfCollectionLoad *ebpf_collection_load_new (EbpfCollectionSpec *spec,
                                              EbpfLoadOptions *options,
                                              GCancellable *cancellable,
                                              gint *aborted);
gboolean ebpf_collection_load_run (EbpfCollectionLoad *self, GError **error);

/* Closes what was made and takes new pins away. */
void ebpf_collection_load_undo (EbpfCollectionLoad *self);
void ebpf_collection_load_free (EbpfCollectionLoad *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfCollectionLoad, ebpf_collection_load_free)

G_END_DECLS
