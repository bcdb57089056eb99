/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-load-plan-private.h"

#include <string.h>

#include "base/ebpf-error-private.h"
#include "object/ebpf-load-options-private.h"
#include "object/ebpf-struct-ops-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-map-spec-private.h"

static EbpfMap *
find_map (const char *name, gboolean *left_out, gpointer user_data)
{
  EbpfCollectionLoad *load = user_data;
  EbpfMap *map = g_hash_table_lookup (load->maps, name);

  if (map == NULL)
    *left_out = ebpf_collection_spec_get_map (load->spec, name) != NULL;

  return map;
}

/* The names that somebody gave for what is not there. */
static gboolean
check_names (EbpfCollectionLoad *load, GError **error)
{
  GPtrArray *selection = ebpf_load_options_peek_selection (load->options);
  GPtrArray *map_selection = ebpf_load_options_peek_map_selection (load->options);
  g_autoptr (GString) programs = g_string_new (NULL);
  g_autoptr (GString) selected_maps = g_string_new (NULL);
  g_autoptr (GString) maps = g_string_new (NULL);
  g_autoptr (GString) message = g_string_new (NULL);
  GHashTableIter iter;
  gpointer name;

  for (guint i = 0; i < selection->len; i++)
    {
      name = g_ptr_array_index (selection, i);
      if (ebpf_collection_spec_get_program (load->spec, name) == NULL)
        g_string_append_printf (programs, "%s\"%s\"", programs->len > 0 ? ", " : "", (char *) name);
    }

  for (guint i = 0; i < map_selection->len; i++)
    {
      name = g_ptr_array_index (map_selection, i);
      if (ebpf_collection_spec_get_map (load->spec, name) == NULL)
        g_string_append_printf (selected_maps, "%s\"%s\"", selected_maps->len > 0 ? ", " : "",
                                (char *) name);
    }

  g_hash_table_iter_init (&iter, ebpf_load_options_peek_replacements (load->options));
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (ebpf_collection_spec_get_map (load->spec, name) == NULL)
      g_string_append_printf (maps, "%s\"%s\"", maps->len > 0 ? ", " : "", (char *) name);

  if (programs->len == 0 && selected_maps->len == 0 && maps->len == 0)
    return TRUE;

  if (programs->len > 0)
    g_string_append_printf (message, "programs to be loaded that it does not have: %s",
                            programs->str);
  if (selected_maps->len > 0)
    g_string_append_printf (message, "%smaps to be created that it does not have: %s",
                            message->len > 0 ? "; " : "", selected_maps->str);
  if (maps->len > 0)
    g_string_append_printf (message, "%smaps to be replaced that it does not have: %s",
                            message->len > 0 ? "; " : "", maps->str);
  ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0, "%s", message->str);
  return FALSE;
}

static void
add_references_of_program (EbpfCollectionLoad *load, EbpfProgramSpec *program, GQueue *queue)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (program);

  for (guint i = 0; i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);
      EbpfMapSpec *map;

      if (reloc->kind != EBPF_RELOC_MAP && reloc->kind != EBPF_RELOC_MAP_VALUE)
        continue;
      map = ebpf_collection_spec_get_map (load->spec, reloc->symbol);
      if (map != NULL)
        g_queue_push_tail (queue, map);
    }
}

static void
add_references_of_map (EbpfCollectionLoad *load, EbpfMapSpec *map, GQueue *queue)
{
  for (guint i = 0; i < ebpf_map_spec_get_n_contents (map); i++)
    {
      const char *name = ebpf_map_spec_get_content_reference (map, i);
      gpointer referred = NULL;

      if (name != NULL)
        referred = ebpf_collection_spec_get_map (load->spec, name);
      if (name != NULL && referred == NULL)
        referred = ebpf_collection_spec_get_program (load->spec, name);
      if (referred != NULL)
        g_queue_push_tail (queue, referred);
    }
}

/* All that is selected, what that needs, and what that needs. */
static GHashTable *
close_over (EbpfCollectionLoad *load)
{
  GPtrArray *selection = ebpf_load_options_peek_selection (load->options);
  GPtrArray *map_selection = ebpf_load_options_peek_map_selection (load->options);
  GHashTable *wanted = g_hash_table_new (NULL, NULL);
  GQueue queue = G_QUEUE_INIT;
  gpointer object;

  for (guint i = 0; i < selection->len; i++)
    g_queue_push_tail (
        &queue, ebpf_collection_spec_get_program (load->spec, g_ptr_array_index (selection, i)));
  for (guint i = 0; i < map_selection->len; i++)
    g_queue_push_tail (
        &queue, ebpf_collection_spec_get_map (load->spec, g_ptr_array_index (map_selection, i)));

  while ((object = g_queue_pop_head (&queue)) != NULL)
    {
      if (!g_hash_table_add (wanted, object))
        continue;
      if (EBPF_IS_PROGRAM_SPEC (object))
        add_references_of_program (load, object, &queue);
      else
        add_references_of_map (load, object, &queue);
    }

  return wanted;
}

/* A program that a struct_ops map calls is loaded where one is that makes use of it: not with a map
 * that is optional and left out, and not for a member that this kernel's struct does not have. */
static gboolean
is_called_if_listed (EbpfLoadPlan *self, EbpfProgramSpec *program, gboolean otherwise)
{
  const char *name = ebpf_program_spec_get_name (program);
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->load->spec);
  gboolean listed = FALSE;

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (maps, i);

      if (ebpf_map_spec_get_map_type (map) != EBPF_MAP_TYPE_STRUCT_OPS)
        continue;

      for (guint j = 0; j < ebpf_map_spec_get_n_contents (map); j++)
        {
          if (g_strcmp0 (ebpf_map_spec_get_content_reference (map, j), name) != 0)
            continue;

          listed = TRUE;
          if (g_ptr_array_find (self->maps, map, NULL) && ebpf_struct_ops_calls (map, name))
            return TRUE;
        }
    }

  return listed ? FALSE : otherwise;
}

static gboolean
is_planned (EbpfLoadPlan *self, EbpfProgramSpec *program)
{
  EbpfProgramType type = ebpf_program_spec_get_program_type (program);
  gboolean autoload = ebpf_program_spec_get_autoload (program);
  const char *section = ebpf_program_spec_get_section (program);

  /* A function of a section that says nothing is for other programs to call. */
  if (type == EBPF_PROGRAM_TYPE_UNSPEC)
    return FALSE;
  if (type != EBPF_PROGRAM_TYPE_STRUCT_OPS)
    return autoload;

  /* In an optional section, being called is what it takes; else, that the application does not want
   * it counts for more, and the kernel does without. */
  if (!autoload && (section == NULL || section[0] != '?'))
    return FALSE;

  /* Out of an object file, it was some map's when that was read, and is nobody's now. */
  if (section != NULL && ebpf_program_spec_get_attach_to (program) != NULL)
    autoload = FALSE;

  return is_called_if_listed (self, program, autoload);
}

static void
make_plan (EbpfLoadPlan *self)
{
  EbpfCollectionLoad *load = self->load;
  GPtrArray *selected_maps = ebpf_load_options_peek_map_selection (load->options);
  GPtrArray *maps = ebpf_collection_spec_peek_maps (load->spec);
  GPtrArray *programs = ebpf_collection_spec_peek_programs (load->spec);
  g_autoptr (GHashTable) wanted = NULL;

  self->maps = g_ptr_array_new ();
  self->programs = g_ptr_array_new ();
  self->deferred = g_hash_table_new (NULL, NULL);
  if (ebpf_load_options_is_selective (load->options))
    wanted = close_over (load);

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (maps, i);
      gboolean selected = g_ptr_array_find_with_equal_func (
          selected_maps, ebpf_map_spec_get_name (map), g_str_equal, NULL);

      if (selected || (ebpf_map_spec_get_autocreate (map) &&
                       (wanted == NULL || g_hash_table_contains (wanted, map))))
        g_ptr_array_add (self->maps, map);
    }

  for (guint i = 0; i < programs->len; i++)
    {
      EbpfProgramSpec *program = g_ptr_array_index (programs, i);

      if (wanted != NULL ? g_hash_table_contains (wanted, program) : is_planned (self, program))
        g_ptr_array_add (self->programs, program);
    }
}

EbpfProgramSpec *
ebpf_load_plan_fit_program (EbpfLoadPlan *self, EbpfProgramSpec *program, GError **error)
{
  const char *name = ebpf_program_spec_get_name (program);
  g_autofree char *operation = NULL;
  EbpfMapSpec *first = NULL;
  EbpfProgramSpec *copy;

  if (ebpf_program_spec_get_program_type (program) != EBPF_PROGRAM_TYPE_STRUCT_OPS)
    return g_object_ref (program);

  for (guint i = 0; i < self->maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (self->maps, i);

      if (ebpf_map_spec_get_map_type (map) != EBPF_MAP_TYPE_STRUCT_OPS)
        continue;

      for (guint j = 0; j < ebpf_map_spec_get_n_contents (map); j++)
        {
          g_autofree char *other = NULL;

          if (g_strcmp0 (ebpf_map_spec_get_content_reference (map, j), name) != 0)
            continue;

          other = ebpf_struct_ops_dup_operation (map, j);
          if (operation != NULL && other != NULL && !g_str_equal (operation, other))
            {
              ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                              "program \"%s\" is %s in map '%s' and %s in map '%s', and the kernel "
                              "verifies a program for one operation; load them as two programs, or "
                              "clear one by ebpf_map_spec_set_member_program ()",
                              name, operation, ebpf_map_spec_get_name (first), other,
                              ebpf_map_spec_get_name (map));
              return NULL;
            }
          if (operation == NULL)
            {
              operation = g_steal_pointer (&other);
              first = map;
            }
        }
    }

  if (operation == NULL || g_strcmp0 (ebpf_program_spec_get_attach_to (program), operation) == 0)
    return g_object_ref (program);

  copy = ebpf_program_spec_copy (program);
  ebpf_program_spec_set_attach_to (copy, operation);
  return copy;
}

static void
note_map (GType type, const char *symbol, gpointer user_data)
{
  if (type == EBPF_TYPE_MAP)
    g_hash_table_add (user_data, g_strdup (symbol));
}

/* What a struct_ops map calls is bound to it by its registration. */
static gboolean
holds_programs (EbpfCollectionLoad *load, EbpfMapSpec *map)
{
  if (ebpf_map_spec_get_map_type (map) == EBPF_MAP_TYPE_STRUCT_OPS)
    return FALSE;

  for (guint i = 0; i < ebpf_map_spec_get_n_contents (map); i++)
    {
      const char *name = ebpf_map_spec_get_content_reference (map, i);

      if (name != NULL && ebpf_collection_spec_get_program (load->spec, name) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* The kernel empties an array of programs when the last descriptor or pin of it goes, whether or
 * not a program uses it: one that was filled for nobody would make tail calls fail, silently. */
static gboolean
check_program_arrays (EbpfLoadPlan *self, GError **error)
{
  EbpfCollectionLoad *load = self->load;
  GHashTable *replacements = ebpf_load_options_peek_replacements (load->options);
  g_autoptr (GHashTable) kept = NULL;

  if (load->target == NULL)
    return TRUE;

  kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ebpf_collection_foreach_binding (load->target, note_map, kept);

  for (guint i = 0; i < self->maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (self->maps, i);
      const char *name = ebpf_map_spec_get_name (map);

      if (holds_programs (load, map) && ebpf_map_spec_get_pinning (map) == EBPF_PINNING_NONE &&
          !g_hash_table_contains (replacements, name) && !g_hash_table_contains (kept, name))
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "map \"%s\" holds programs, and the kernel empties it once nobody has it "
                          "open; %s needs a property for it",
                          name, G_OBJECT_TYPE_NAME (load->target));
          return FALSE;
        }
    }

  return TRUE;
}

EbpfLoadPlan *
ebpf_load_plan_new (EbpfCollectionLoad *load, GError **error)
{
  EbpfLoadPlan *self;

  if (!check_names (load, error))
    return NULL;

  self = g_new0 (EbpfLoadPlan, 1);
  self->load = load;
  ebpf_load_context_init (&self->context, load->spec, load->options, find_map, load);
  make_plan (self);
  if (!check_program_arrays (self, error))
    g_clear_pointer (&self, ebpf_load_plan_free);

  return self;
}

void
ebpf_load_plan_free (EbpfLoadPlan *self)
{
  ebpf_load_context_clear (&self->context);
  g_clear_pointer (&self->maps, g_ptr_array_unref);
  g_clear_pointer (&self->programs, g_ptr_array_unref);
  g_clear_pointer (&self->deferred, g_hash_table_unref);
  g_free (self);
}

gboolean
ebpf_load_plan_finish_step (EbpfLoadPlan *self, gpointer object, GError **error)
{
  EbpfCollectionLoad *load = self->load;
  guint n_steps = self->maps->len + self->programs->len + 1;

  self->n_done++;
  if (load->step != NULL)
    load->step (load, object, (double) self->n_done / n_steps);

  if (g_atomic_int_get (load->aborted))
    {
      ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "it was closed while it was being loaded");
      return FALSE;
    }

  return !g_cancellable_set_error_if_cancelled (load->cancellable, error);
}
