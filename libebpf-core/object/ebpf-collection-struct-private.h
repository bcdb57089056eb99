/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-collection-loader-private.h"
#include "object/ebpf-collection.h"

G_BEGIN_DECLS

/* What the files of EbpfCollection share; nobody else includes this. */

struct _EbpfCollection
{
  GObject parent_instance;

  EbpfCollectionSpec *spec;
  EbpfCollectionState state;
  double progress;
  char *verifier_log;
  GError *failure;

  GHashTable *maps;             /* name -> EbpfMap */
  GHashTable *programs;         /* name -> EbpfProgram */
  GHashTable *variables;        /* name -> EbpfVariable */
  GHashTable *given_away;       /* set of EbpfMap that closing leaves open */
  GHashTable *prepared_code;    /* name -> GBytes, or NULL */
  EbpfCollectionLoad *prepared; /* where it was prepared, and is not loaded yet */
  GArray *new_pins;             /* of EbpfNewPin */
  int btf_fd;                   /* of the object's BTF in the kernel, or -1 */

  GMainContext *context;
  GThread *thread;
  gint aborted; /* atomic: closed while it is being loaded */
};

/* A collection of what was loaded otherwise. @maps, @programs: as the tables above. */
EbpfCollection *
ebpf_collection_new_loaded (EbpfCollectionSpec *spec, GHashTable *maps, GHashTable *programs);

GHashTable *ebpf_collection_new_table (void);
/* Frees what is still the collection's; the objects' own finalisers close them. */
void ebpf_collection_clear_tables (EbpfCollection *self);
void ebpf_collection_set_state (EbpfCollection *self, EbpfCollectionState state);
void ebpf_collection_set_verifier_log (EbpfCollection *self, const char *log);
/* In the thread of the collection. @object: an EbpfMap, an EbpfProgram or NULL. */
void ebpf_collection_tell_step (EbpfCollection *self, GObject *object, double progress);

G_END_DECLS
