/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-collection-loader-private.h"
#include "object/ebpf-program-loader-private.h"

G_BEGIN_DECLS

/* What one load makes, decided before anything is made. */
typedef struct _EbpfLoadPlan
{
  EbpfCollectionLoad *load;
  EbpfLoadContext context;
  GPtrArray *maps;      /* of EbpfMapSpec, in the order of the object file */
  GPtrArray *programs;  /* of EbpfProgramSpec */
  GHashTable *deferred; /* set of EbpfMapSpec: to be filled when what they refer to is there */
  guint n_done;
} EbpfLoadPlan;

/* NULL where the options ask for what is not there, or for what cannot be. @load has to live as long
 * as the plan does. */
EbpfLoadPlan *ebpf_load_plan_new (EbpfCollectionLoad *load, GError **error);
void ebpf_load_plan_free (EbpfLoadPlan *self);

/* Creates, opens or takes over the maps, and gives them what contents they can have by now. */
gboolean ebpf_load_plan_make_maps (EbpfLoadPlan *self, GError **error);

/* Fills maps of maps and of programs, once all that goes into them is there. */
gboolean ebpf_load_plan_fill_deferred (EbpfLoadPlan *self, GError **error);

/* A new reference to @program, or to a copy that knows which operation of the struct_ops maps of this
 * load it is: the maps may have been changed since the object file was read. */
EbpfProgramSpec *
ebpf_load_plan_fit_program (EbpfLoadPlan *self, EbpfProgramSpec *program, GError **error);

/* A step is done; FALSE where the load is not to go on. @object: an EbpfMap or an EbpfProgram, or
 * NULL. */
gboolean ebpf_load_plan_finish_step (EbpfLoadPlan *self, gpointer object, GError **error);

G_END_DECLS
