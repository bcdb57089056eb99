/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-load-plan-private.h"

#include <string.h>

#include "base/ebpf-error-private.h"
#include "object/ebpf-load-options-private.h"
#include "object/ebpf-map-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-map-spec-private.h"
#include "sys/ebpf-sys-private.h"

#define KCONFIG_SECTION ".kconfig"

static gboolean
is_all_zero (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return size == 0 || (data[0] == 0 && memcmp (data, data + 1, size - 1) == 0);
}

/* The section's bytes as the programs find them when they start. */
static gboolean
fill_section (EbpfLoadPlan *self, EbpfMapSpec *spec, EbpfMap *map, GError **error)
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
create_map (EbpfLoadPlan *self, EbpfMapSpec *spec, EbpfMapSpec *effective, GError **error)
{
  g_autoptr (EbpfMap) map = NULL;
  EbpfBtfType *type = ebpf_map_spec_get_value_type (spec);
  int btf_fd = EBPF_MAP_NO_TYPES;

  if (type == NULL)
    type = ebpf_map_spec_get_key_type (spec);
  if (type != NULL &&
      ebpf_btf_type_get_btf (type) != ebpf_collection_spec_get_btf (self->context.spec))
    btf_fd = EBPF_MAP_OWN_TYPES;
  else if (type != NULL)
    btf_fd = ebpf_load_context_peek_btf_fd (&self->context);
  if (btf_fd < 0 && btf_fd != EBPF_MAP_OWN_TYPES)
    btf_fd = EBPF_MAP_NO_TYPES;

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

static void
record_pin (EbpfCollectionLoad *load, EbpfMap *map, const char *path)
{
  EbpfNewPin pin = { g_object_ref (map), g_strdup (path) };

  g_array_append_val (load->new_pins, pin);
}

/* The map that others pinned under its name, or a new one pinned there. */
static EbpfMap *
obtain_pinned_map (EbpfLoadPlan *self, EbpfMapSpec *spec, EbpfMapSpec *effective, GError **error)
{
  EbpfAccessFlags flags = ebpf_load_options_get_pin_access_flags (self->load->options);
  g_autofree char *path = NULL;
  g_autoptr (EbpfMap) map = NULL;
  GError *local_error = NULL;

  path =
      ebpf_map_build_pin_path (spec, ebpf_load_options_get_pin_path (self->load->options), error);
  if (path == NULL)
    return NULL;

  map = ebpf_map_open_pinned (effective, path, flags, &local_error);
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
  return ebpf_map_open_pinned (effective, path, flags, error);
}

/* The code of the program is what it is going to be, but for what refers to maps. */
static gboolean
resolve_exclusive_program (EbpfLoadPlan *self, EbpfMapSpec *spec, GError **error)
{
  const char *name = ebpf_map_spec_get_exclusive_program (spec);
  g_autoptr (GBytes) code = NULL;
  g_autoptr (GBytes) digest = NULL;
  EbpfProgramSpec *program;

  if (name == NULL || ebpf_map_spec_get_exclusive_hash (spec) != NULL)
    return TRUE;

  program = ebpf_collection_spec_get_program (self->load->spec, name);
  if (program == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                      "map \"%s\" is for the program \"%s\" alone, which is not there",
                      ebpf_map_spec_get_name (spec), name);
      return FALSE;
    }

  code = ebpf_program_prepare (program, &self->context, FALSE, error);
  if (code == NULL)
    {
      g_prefix_error (error,
                      "map \"%s\" is for one program alone: ", ebpf_map_spec_get_name (spec));
      return FALSE;
    }

  digest = ebpf_code_compute_digest (ebpf_program_spec_peek_code (program),
                                     g_bytes_get_data (code, NULL));
  ebpf_map_spec_set_exclusive_hash (spec, digest);
  return TRUE;
}

static EbpfMap *
obtain_map (EbpfLoadPlan *self, EbpfMapSpec *spec, GError **error)
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
      effective = ebpf_map_spec_get_exclusive_program (spec) != NULL ? ebpf_map_spec_copy (spec)
                                                                     : g_object_ref (spec);
    }
  if (!resolve_exclusive_program (self, effective, error))
    return NULL;

  if (replacement == NULL)
    return ebpf_map_spec_get_pinning (spec) != EBPF_PINNING_NONE
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

gboolean
ebpf_load_plan_make_maps (EbpfLoadPlan *self, GError **error)
{
  for (guint i = 0; i < self->maps->len; i++)
    {
      EbpfMapSpec *spec = g_ptr_array_index (self->maps, i);
      const char *name = ebpf_map_spec_get_name (spec);
      EbpfMap *map = obtain_map (self, spec, error);

      if (map == NULL)
        return FALSE;

      g_hash_table_insert (self->load->maps, g_strdup (name), map);
      if (!ebpf_load_plan_finish_step (self, map, error))
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

gboolean
ebpf_load_plan_fill_deferred (EbpfLoadPlan *self, GError **error)
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
