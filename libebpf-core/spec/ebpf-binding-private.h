/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "spec/ebpf-binding.h"

G_BEGIN_DECLS

/* Finds the object of this type and symbol name; NULL where there is none. Transfer none. */
typedef GObject *(*EbpfBindingLookup) (GType type, const char *symbol, gpointer user_data);

/* Fills the writable properties of @target whose type is one of @types. Nothing is set unless
 * everything is found; the error lists all that is missing. */
gboolean ebpf_binding_assign (GObject *target,
                              const GType *types,
                              gsize n_types,
                              EbpfBindingLookup lookup,
                              gpointer user_data,
                              GError **error);

/* Whether it would find all of it. Sets nothing. */
gboolean ebpf_binding_check (GObject *target,
                             const GType *types,
                             gsize n_types,
                             EbpfBindingLookup lookup,
                             gpointer user_data,
                             GError **error);

/* Calls @func for each property that would be filled; for loading only what a target asks for. */
typedef void (*EbpfBindingFunc) (GType type, const char *symbol, gpointer user_data);
void ebpf_binding_foreach (GObject *target,
                           const GType *types,
                           gsize n_types,
                           EbpfBindingFunc func,
                           gpointer user_data);

G_END_DECLS
