/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-collection-loader-private.h"

#include <string.h>

#include "base/ebpf-error-private.h"
#include "object/ebpf-load-options-private.h"
#include "object/ebpf-load-plan-private.h"
#include "object/ebpf-map-private.h"
#include "object/ebpf-program-private.h"
#include "object/ebpf-variable-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "sys/ebpf-sys-private.h"

static gboolean
load_programs (EbpfLoadPlan *self, GError **error)
{
  for (guint i = 0; i < self->programs->len; i++)
    {
      g_autoptr (EbpfProgramSpec) spec = NULL;
      EbpfProgram *program;
      char *log;
      int fd;

      spec = ebpf_load_plan_fit_program (self, g_ptr_array_index (self->programs, i), error);
      if (spec == NULL)
        return FALSE;
      fd = ebpf_program_load (spec, &self->context, &log, error);
      if (fd < 0)
        return FALSE;

      program = ebpf_program_new_loaded (fd, spec, log);
      g_hash_table_insert (self->load->programs, g_strdup (ebpf_program_spec_get_name (spec)),
                           program);
      if (!ebpf_load_plan_finish_step (self, program, error))
        return FALSE;
    }

  return TRUE;
}

static void
make_variables (EbpfCollectionLoad *load)
{
  GPtrArray *specs = ebpf_collection_spec_peek_variables (load->spec);

  for (guint i = 0; i < specs->len; i++)
    {
      EbpfVariableSpec *spec = g_ptr_array_index (specs, i);
      EbpfMap *map = g_hash_table_lookup (load->maps, ebpf_variable_spec_get_section (spec));

      if (map != NULL)
        g_hash_table_insert (load->variables, g_strdup (ebpf_variable_spec_get_name (spec)),
                             ebpf_variable_new (spec, map));
    }
}

static void
new_pin_clear (gpointer data)
{
  EbpfNewPin *pin = data;

  g_object_unref (pin->map);
  g_free (pin->path);
}

EbpfCollectionLoad *
ebpf_collection_load_new (EbpfCollectionSpec *spec,
                          EbpfLoadOptions *options,
                          GCancellable *cancellable,
                          gint *aborted)
{
  EbpfCollectionLoad *self = g_new0 (EbpfCollectionLoad, 1);

  self->btf_fd = -1;
  self->spec = g_object_ref (spec);
  self->options = options != NULL ? g_object_ref (options) : ebpf_load_options_new ();
  g_set_object (&self->cancellable, cancellable);
  self->aborted = aborted;
  self->maps = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->programs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->variables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->prepared_code =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  self->new_pins = g_array_new (FALSE, FALSE, sizeof (EbpfNewPin));
  g_array_set_clear_func (self->new_pins, new_pin_clear);

  return self;
}

static GObject *
lookup_blueprint (GType type, const char *symbol, gpointer user_data)
{
  EbpfCollectionSpec *spec = user_data;
  EbpfVariableSpec *variable;

  if (type == EBPF_TYPE_MAP || type == EBPF_TYPE_MAP_SPEC)
    return (GObject *) ebpf_collection_spec_get_map (spec, symbol);
  if (type == EBPF_TYPE_PROGRAM || type == EBPF_TYPE_PROGRAM_SPEC)
    return (GObject *) ebpf_collection_spec_get_program (spec, symbol);

  variable = ebpf_collection_spec_get_variable (spec, symbol);
  if (type == EBPF_TYPE_VARIABLE && variable != NULL &&
      ebpf_collection_spec_get_map (spec, ebpf_variable_spec_get_section (variable)) == NULL)
    return NULL;

  return (GObject *) variable;
}

static void
select_symbol (GType type, const char *symbol, gpointer user_data)
{
  EbpfCollectionLoad *self = user_data;

  if (type == EBPF_TYPE_MAP)
    ebpf_load_options_select_map (self->options, symbol);
  else if (type == EBPF_TYPE_PROGRAM)
    ebpf_load_options_select_program (self->options, symbol);
  else if (type == EBPF_TYPE_VARIABLE)
    ebpf_load_options_select_map (
        self->options,
        ebpf_variable_spec_get_section (ebpf_collection_spec_get_variable (self->spec, symbol)));
}

void
ebpf_collection_foreach_binding (GObject *target, EbpfBindingFunc func, gpointer user_data)
{
  const GType types[] = EBPF_COLLECTION_BINDING_TYPES;

  ebpf_binding_foreach (target, types, G_N_ELEMENTS (types), func, user_data);
}

gboolean
ebpf_collection_load_set_target (EbpfCollectionLoad *self, GObject *target, GError **error)
{
  const GType types[] = EBPF_COLLECTION_BINDING_TYPES;
  const char *source = ebpf_collection_spec_get_source (self->spec);
  GError *local_error = NULL;
  EbpfLoadOptions *own;

  if (!ebpf_binding_check (target, types, G_N_ELEMENTS (types), lookup_blueprint, self->spec,
                           &local_error))
    {
      if (source != NULL)
        ebpf_error_propagate_prefixed (error, local_error, "%s: ", source);
      else
        g_propagate_error (error, local_error);
      return FALSE;
    }

  own = ebpf_load_options_copy (self->options);
  g_object_unref (self->options);
  self->options = own;
  ebpf_load_options_be_selective (own);
  g_set_object (&self->target, target);
  ebpf_collection_foreach_binding (target, select_symbol, self);

  return TRUE;
}

static gboolean
prepare_programs (EbpfLoadPlan *self, GError **error)
{
  for (guint i = 0; i < self->programs->len; i++)
    {
      EbpfProgramSpec *spec = g_ptr_array_index (self->programs, i);
      GBytes *code = ebpf_program_prepare (spec, &self->context, TRUE, error);

      if (code == NULL)
        return FALSE;
      g_hash_table_insert (self->load->prepared_code, g_strdup (ebpf_program_spec_get_name (spec)),
                           code);
    }

  return TRUE;
}

static gboolean
plan_and_make_maps (EbpfCollectionLoad *self, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;

  self->plan = ebpf_load_plan_new (self, error);
  return self->plan != NULL && ebpf_load_plan_make_maps (self->plan, error);
}

static void
propagate_failure (EbpfCollectionLoad *self, GError **error, GError *failure)
{
  const char *source = ebpf_collection_spec_get_source (self->spec);

  /* Descriptors of what is in it go with it. */
  g_clear_pointer (&self->plan, ebpf_load_plan_free);

  if (source != NULL && failure->domain == EBPF_ERROR)
    ebpf_error_propagate_prefixed (error, failure, "%s: ", source);
  else
    g_propagate_error (error, failure);
}

gboolean
ebpf_collection_load_prepare (EbpfCollectionLoad *self, GError **error)
{
  GError *local_error = NULL;

  if (!plan_and_make_maps (self, &local_error) || !prepare_programs (self->plan, &local_error))
    {
      propagate_failure (self, error, local_error);
      return FALSE;
    }

  self->prepared = TRUE;
  return TRUE;
}

gboolean
ebpf_collection_load_run (EbpfCollectionLoad *self, GError **error)
{
  GError *local_error = NULL;

  if ((self->prepared || plan_and_make_maps (self, &local_error)) &&
      load_programs (self->plan, &local_error) &&
      ebpf_load_plan_fill_deferred (self->plan, &local_error))
    {
      make_variables (self);
      ebpf_load_plan_finish_step (self->plan, NULL, &local_error);
    }

  if (local_error != NULL)
    {
      propagate_failure (self, error, local_error);
      return FALSE;
    }

  ebpf_sys_clear_fd (&self->btf_fd);
  self->btf_fd = self->plan->context.btf_fd;
  self->plan->context.btf_fd = -1;
  g_clear_pointer (&self->plan, ebpf_load_plan_free);
  return TRUE;
}

void
ebpf_collection_load_undo (EbpfCollectionLoad *self)
{
  GHashTableIter iter;
  gpointer object;

  for (guint i = 0; i < self->new_pins->len; i++)
    {
      const EbpfNewPin *pin = &g_array_index (self->new_pins, EbpfNewPin, i);
      g_autoptr (GError) error = NULL;

      if (g_strcmp0 (ebpf_map_get_pin_path (pin->map), pin->path) == 0 &&
          !ebpf_map_unpin (pin->map, &error))
        g_debug ("a pin stays behind: %s", error->message);
    }
  g_array_set_size (self->new_pins, 0);

  g_hash_table_remove_all (self->variables);
  g_hash_table_iter_init (&iter, self->programs);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    ebpf_program_close (object);
  g_hash_table_remove_all (self->programs);

  g_hash_table_iter_init (&iter, self->maps);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    ebpf_map_close (object);
  g_hash_table_remove_all (self->maps);
}

void
ebpf_collection_load_free (EbpfCollectionLoad *self)
{
  ebpf_sys_clear_fd (&self->btf_fd);
  g_clear_pointer (&self->plan, ebpf_load_plan_free);
  g_clear_object (&self->target);
  g_object_unref (self->spec);
  g_object_unref (self->options);
  g_clear_object (&self->cancellable);
  g_hash_table_unref (self->maps);
  g_hash_table_unref (self->programs);
  g_hash_table_unref (self->variables);
  g_hash_table_unref (self->prepared_code);
  g_array_unref (self->new_pins);
  g_free (self);
}
