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

  GMainContext *context;
  GThread *thread;
  gint aborted; /* atomic: closed while it is being loaded */
};

G_END_DECLS
