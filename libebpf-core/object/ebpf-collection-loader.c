/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-collection-loader-private.h"

#include <errno.h>
#include <string.h>

#include "object/ebpf-load-options-private.h"
#include "object/ebpf-map-private.h"
#include "object/ebpf-program-loader-private.h"
#include "object/ebpf-program-private.h"
#include "object/ebpf-struct-ops-private.h"
#include "object/ebpf-variable-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-map-spec-private.h"
#include "sys/ebpf-sys-private.h"

#define KCONFIG_SECTION ".kconfig"

/* What one load makes, decided before anything is made. */
typedef struct _EbpfLoadPlan
{
  EbpfCollectionLoad *load;
  EbpfLoadContext context;
  GPtrArray *maps;      /* of EbpfMapSpec, in the order of the object file */
  GPtrArray *programs;  /* of EbpfProgramSpec */
  GHashTable *deferred; /* set of EbpfMapSpec: to be filled when what they refer to is there */
  guint n_done;
} Plan;

static void
plan_free (Plan *self)
{
  ebpf_load_context_clear (&self->context);
  g_clear_pointer (&self->maps, g_ptr_array_unref);
  g_clear_pointer (&self->programs, g_ptr_array_unref);
  g_clear_pointer (&self->deferred, g_hash_table_unref);
  g_free (self);
}

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
is_called_if_listed (Plan *self, EbpfProgramSpec *program, gboolean otherwise)
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
is_planned (Plan *self, EbpfProgramSpec *program)
{
  EbpfProgramType type = ebpf_program_spec_get_program_type (program);
  gboolean autoload = ebpf_program_spec_get_autoload (program);

  /* A function of a section that says nothing is for other programs to call. */
  if (type == EBPF_PROGRAM_TYPE_UNSPEC)
    return FALSE;

  return type == EBPF_PROGRAM_TYPE_STRUCT_OPS ? is_called_if_listed (self, program, autoload)
                                              : autoload;
}

static void
make_plan (Plan *self)
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

/* A step is done; FALSE where the load is not to go on. */
static gboolean
finish_step (Plan *self, gpointer object, GError **error)
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

static gboolean
is_all_zero (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return size == 0 || (data[0] == 0 && memcmp (data, data + 1, size - 1) == 0);
}

/* The section's bytes as the programs find them when they start. */
static gboolean
fill_section (Plan *self, EbpfMapSpec *spec, EbpfMap *map, GError **error)
{
  EbpfCollectionLoad *load = self->load;
  g_autoptr (GBytes) bytes = NULL;
  const guint32 key = 0;

  if (strcmp (ebpf_map_spec_get_name (spec), KCONFIG_SECTION) == 0 &&
      ebpf_collection_spec_peek_kconfig_externs (load->spec)->len > 0)
    bytes = ebpf_externs_kconfig_bytes (ebpf_load_context_peek_externs (&self->context), error);
  else
    bytes = ebpf_collection_spec_merge_data (load->spec, spec, error);
  if (bytes == NULL)
    return FALSE;

  if (g_bytes_get_size (bytes) != ebpf_map_get_value_size (map))
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "section \"%s\": its %" G_GSIZE_FORMAT " bytes do not fit the %u of its map",
                      ebpf_map_spec_get_name (spec), g_bytes_get_size (bytes),
                      ebpf_map_get_value_size (map));
      return FALSE;
    }

  /* That is how a new array starts out. */
  if (is_all_zero (bytes))
    return TRUE;

  return ebpf_map_update_raw (map, &key, g_bytes_get_data (bytes, NULL), 0, error);
}

static gboolean
has_references (EbpfMapSpec *spec)
{
  for (guint i = 0; i < ebpf_map_spec_get_n_contents (spec); i++)
    if (ebpf_map_spec_get_content_reference (spec, i) != NULL)
      return TRUE;

  return FALSE;
}

/* A new map, filled as far as that can be done now, and frozen where it is constant: the verifier
 * then knows its bytes. */
static EbpfMap *
create_map (Plan *self, EbpfMapSpec *spec, EbpfMapSpec *effective, GError **error)
{
  g_autoptr (EbpfMap) map = NULL;
  int btf_fd = -1;

  if (ebpf_map_spec_get_key_type (spec) != NULL || ebpf_map_spec_get_value_type (spec) != NULL)
    btf_fd = ebpf_load_context_peek_btf_fd (&self->context);

  map = ebpf_map_create (effective, btf_fd, error);
  if (map == NULL)
    {
      if (self->context.btf_error != NULL && error != NULL)
        ebpf_error_propagate_prefixed (
            error, g_steal_pointer (error),
            "without its type information (%s): ", self->context.btf_error->message);
      return NULL;
    }

  if (ebpf_map_spec_is_data_section (spec))
    {
      if (!fill_section (self, spec, map, error) ||
          (ebpf_map_spec_is_constant (spec) && !ebpf_map_freeze (map, error)))
        return NULL;
    }
  else if (ebpf_map_is_arena (map) && ebpf_map_spec_get_n_contents (spec) > 0)
    {
      g_autoptr (GBytes) bytes = ebpf_collection_spec_merge_data (self->load->spec, spec, error);

      if (bytes == NULL || !ebpf_map_fill_arena (map, bytes, error))
        return NULL;
    }
  else if (has_references (spec))
    {
      g_hash_table_add (self->deferred, spec);
    }
  else if (!ebpf_map_populate (map, spec, NULL, NULL, error))
    {
      return NULL;
    }

  return g_steal_pointer (&map);
}

/* Names in a bpffs have no dots. */
static char *
build_pin_path (EbpfLoadOptions *options, EbpfMapSpec *spec)
{
  g_autofree char *name = g_strdelimit (g_strdup (ebpf_map_spec_get_name (spec)), "./", '_');

  return g_build_filename (ebpf_load_options_get_pin_path (options), name, NULL);
}

static EbpfMap *
open_pinned_map (EbpfMapSpec *effective, const char *path, GError **error)
{
  g_autoptr (EbpfMap) map = ebpf_map_new_from_pin (path, error);

  if (map == NULL)
    return NULL;
  if (!ebpf_map_check_compatible (map, effective, error))
    {
      g_prefix_error (error, "map \"%s\", pinned at \"%s\": ", ebpf_map_spec_get_name (effective),
                      path);
      return NULL;
    }

  ebpf_map_adopt_spec (map, effective);
  return g_steal_pointer (&map);
}

static void
record_pin (EbpfCollectionLoad *load, EbpfMap *map, const char *path)
{
  EbpfNewPin pin = { g_object_ref (map), g_strdup (path) };

  g_array_append_val (load->new_pins, pin);
}

/* The map that others pinned under its name, or a new one pinned there. */
static EbpfMap *
obtain_pinned_map (Plan *self, EbpfMapSpec *spec, EbpfMapSpec *effective, GError **error)
{
  g_autofree char *path = build_pin_path (self->load->options, spec);
  g_autoptr (EbpfMap) map = NULL;
  GError *local_error = NULL;

  map = open_pinned_map (effective, path, &local_error);
  if (map != NULL)
    return g_steal_pointer (&map);
  if (!g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, local_error);
      return NULL;
    }
  g_clear_error (&local_error);

  map = create_map (self, spec, effective, error);
  if (map == NULL)
    return NULL;
  if (ebpf_map_pin (map, path, &local_error))
    {
      record_pin (self->load, map, path);
      return g_steal_pointer (&map);
    }
  if (!g_error_matches (local_error, EBPF_ERROR, EBPF_ERROR_EXISTS))
    {
      g_propagate_error (error, local_error);
      return NULL;
    }

  /* Somebody else was faster: theirs it is. */
  g_clear_error (&local_error);
  g_hash_table_remove (self->deferred, spec);
  return open_pinned_map (effective, path, error);
}

static EbpfMap *
obtain_map (Plan *self, EbpfMapSpec *spec, GError **error)
{
  GHashTable *replacements = ebpf_load_options_peek_replacements (self->load->options);
  EbpfMap *replacement = g_hash_table_lookup (replacements, ebpf_map_spec_get_name (spec));
  g_autoptr (EbpfMapSpec) effective = NULL;
  g_autoptr (EbpfMap) map = NULL;

  /* What an application reads and writes without system calls. */
  if (ebpf_map_spec_is_data_section (spec) && ebpf_sys_has_feature (EBPF_FEATURE_ARRAY_MMAP))
    {
      effective = ebpf_map_spec_copy (spec);
      ebpf_map_spec_set_map_flags (effective,
                                   ebpf_map_spec_get_map_flags (spec) | EBPF_MAP_FLAGS_MMAPABLE);
    }
  else
    {
      effective = g_object_ref (spec);
    }

  if (replacement == NULL)
    return ebpf_map_spec_get_pinning (spec) == EBPF_PINNING_BY_NAME
               ? obtain_pinned_map (self, spec, effective, error)
               : create_map (self, spec, effective, error);

  if (!ebpf_map_check_compatible (replacement, effective, error))
    {
      g_prefix_error (error,
                      "map \"%s\", the one given in its place: ", ebpf_map_spec_get_name (spec));
      return NULL;
    }

  map = ebpf_map_dup (replacement, error);
  if (map != NULL)
    ebpf_map_adopt_spec (map, effective);
  return g_steal_pointer (&map);
}

static gboolean
make_maps (Plan *self, GError **error)
{
  for (guint i = 0; i < self->maps->len; i++)
    {
      EbpfMapSpec *spec = g_ptr_array_index (self->maps, i);
      const char *name = ebpf_map_spec_get_name (spec);
      EbpfMap *map = obtain_map (self, spec, error);

      if (map == NULL)
        return FALSE;

      g_hash_table_insert (self->load->maps, g_strdup (name), map);
      if (!finish_step (self, map, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
load_programs (Plan *self, GError **error)
{
  for (guint i = 0; i < self->programs->len; i++)
    {
      EbpfProgramSpec *spec = g_ptr_array_index (self->programs, i);
      EbpfProgram *program;
      char *log;
      int fd;

      fd = ebpf_program_load (spec, &self->context, &log, error);
      if (fd < 0)
        return FALSE;

      program = ebpf_program_new_loaded (fd, spec, log);
      g_hash_table_insert (self->load->programs, g_strdup (ebpf_program_spec_get_name (spec)),
                           program);
      if (!finish_step (self, program, error))
        return FALSE;
    }

  return TRUE;
}

static GObject *
resolve_reference (const char *name, gpointer user_data, GError **error)
{
  EbpfCollectionLoad *load = user_data;
  GObject *object = g_hash_table_lookup (load->maps, name);

  if (object == NULL)
    object = g_hash_table_lookup (load->programs, name);
  if (object != NULL)
    return g_object_ref (object);

  /* What was left out on purpose leaves its entry empty. */
  if (ebpf_collection_spec_get_map (load->spec, name) == NULL &&
      ebpf_collection_spec_get_program (load->spec, name) == NULL)
    ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                    "it refers to \"%s\", which is no map and no program", name);
  else
    g_debug ("an entry stays empty: \"%s\" is not loaded", name);

  return NULL;
}

/* Maps of maps and of programs can be filled once all that goes into them is there. */
static gboolean
fill_deferred (Plan *self, GError **error)
{
  for (guint i = 0; i < self->maps->len; i++)
    {
      EbpfMapSpec *spec = g_ptr_array_index (self->maps, i);
      EbpfMap *map = g_hash_table_lookup (self->load->maps, ebpf_map_spec_get_name (spec));

      if (g_hash_table_contains (self->deferred, spec) &&
          !ebpf_map_populate (map, spec, resolve_reference, self->load, error))
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

static void
note_map (GType type, const char *symbol, gpointer user_data)
{
  if (type == EBPF_TYPE_MAP)
    g_hash_table_add (user_data, g_strdup (symbol));
}

/* The kernel empties an array of programs when the last descriptor or pin of it goes, whether or
 * not a program uses it: one that was filled for nobody would make tail calls fail, silently. */
static gboolean
check_program_arrays (Plan *self, GError **error)
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

      if (ebpf_map_spec_get_map_type (map) == EBPF_MAP_TYPE_PROG_ARRAY &&
          ebpf_map_spec_get_n_contents (map) > 0 &&
          ebpf_map_spec_get_pinning (map) == EBPF_PINNING_NONE &&
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
prepare_programs (Plan *self, GError **error)
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
  Plan *plan;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error) || !check_names (self, error))
    return FALSE;

  plan = self->plan = g_new0 (Plan, 1);
  plan->load = self;
  ebpf_load_context_init (&plan->context, self->spec, self->options, find_map, self);
  make_plan (plan);

  return check_program_arrays (plan, error) && make_maps (plan, error);
}

static void
propagate_failure (EbpfCollectionLoad *self, GError **error, GError *failure)
{
  const char *source = ebpf_collection_spec_get_source (self->spec);

  /* Descriptors of what is in it go with it. */
  g_clear_pointer (&self->plan, plan_free);

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
      load_programs (self->plan, &local_error) && fill_deferred (self->plan, &local_error))
    {
      make_variables (self);
      finish_step (self->plan, NULL, &local_error);
    }

  if (local_error != NULL)
    {
      propagate_failure (self, error, local_error);
      return FALSE;
    }

  g_clear_pointer (&self->plan, plan_free);
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
  g_clear_pointer (&self->plan, plan_free);
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
