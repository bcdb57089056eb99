/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-collection-struct-private.h"

#include "base/ebpf-error-private.h"
#include "spec/ebpf-binding-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "sys/ebpf-sys-private.h"

/**
 * ebpf_collection_get_spec:
 * @self: a collection
 *
 * Gets what it is loaded from: its own copy of the spec that it was made from. What is changed in
 * it before the load counts.
 *
 * Returns: (transfer none): the spec
 */
EbpfCollectionSpec *
ebpf_collection_get_spec (EbpfCollection *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);

  return self->spec;
}

/**
 * ebpf_collection_get_state:
 * @self: a collection
 *
 * Gets where it stands.
 *
 * Returns: the state
 */
EbpfCollectionState
ebpf_collection_get_state (EbpfCollection *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), EBPF_COLLECTION_STATE_CLOSED);

  return self->state;
}

/**
 * ebpf_collection_get_progress:
 * @self: a collection
 *
 * Gets how much of the load is done.
 *
 * Returns: from 0 to 1
 */
double
ebpf_collection_get_progress (EbpfCollection *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), 0);

  return self->progress;
}

/**
 * ebpf_collection_get_verifier_log:
 * @self: a collection
 *
 * Gets what the kernel's verifier wrote about the program that it rejected.
 *
 * Returns: (nullable) (transfer none): the log, or %NULL
 */
const char *
ebpf_collection_get_verifier_log (EbpfCollection *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);

  return self->verifier_log;
}

/**
 * ebpf_collection_get_map:
 * @self: a collection
 * @name: a name
 *
 * Gets a map by its name in the source.
 *
 * Returns: (nullable) (transfer none): the map, or %NULL where there is none of this name, it is
 * not loaded, or it was taken
 */
EbpfMap *
ebpf_collection_get_map (EbpfCollection *self, const char *name)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_hash_table_lookup (self->maps, name);
}

/**
 * ebpf_collection_get_program:
 * @self: a collection
 * @name: a name
 *
 * Gets a program by the name of its function.
 *
 * Returns: (nullable) (transfer none): the program, or %NULL where there is none of this name, it
 * is not loaded, or it was taken
 */
EbpfProgram *
ebpf_collection_get_program (EbpfCollection *self, const char *name)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_hash_table_lookup (self->programs, name);
}

/**
 * ebpf_collection_get_variable:
 * @self: a collection
 * @name: a name
 *
 * Gets a global variable by its name in the source.
 *
 * Returns: (nullable) (transfer none): the variable, or %NULL where there is none of this name or
 * its section is not loaded
 */
EbpfVariable *
ebpf_collection_get_variable (EbpfCollection *self, const char *name)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_hash_table_lookup (self->variables, name);
}

/* In the order of the object file, which a hash table does not keep. */
static GPtrArray *
list_objects (GHashTable *table, GPtrArray *specs, const char *(*get_name) (gpointer))
{
  GPtrArray *objects = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < specs->len; i++)
    {
      GObject *object = g_hash_table_lookup (table, get_name (g_ptr_array_index (specs, i)));

      if (object != NULL)
        g_ptr_array_add (objects, g_object_ref (object));
    }

  return objects;
}

static const char *
get_map_name (gpointer spec)
{
  return ebpf_map_spec_get_name (spec);
}

static const char *
get_program_name (gpointer spec)
{
  return ebpf_program_spec_get_name (spec);
}

static const char *
get_variable_name (gpointer spec)
{
  return ebpf_variable_spec_get_name (spec);
}

/**
 * ebpf_collection_list_maps:
 * @self: a collection
 *
 * Lists its maps, in the order of the object file.
 *
 * Returns: (transfer container) (element-type EbpfMap): the maps
 */
GPtrArray *
ebpf_collection_list_maps (EbpfCollection *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);

  return list_objects (self->maps, ebpf_collection_spec_peek_maps (self->spec), get_map_name);
}

/**
 * ebpf_collection_list_programs:
 * @self: a collection
 *
 * Lists its programs, in the order of the object file.
 *
 * Returns: (transfer container) (element-type EbpfProgram): the programs
 */
GPtrArray *
ebpf_collection_list_programs (EbpfCollection *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);

  return list_objects (self->programs, ebpf_collection_spec_peek_programs (self->spec),
                       get_program_name);
}

/**
 * ebpf_collection_list_variables:
 * @self: a collection
 *
 * Lists its global variables, in the order of the object file.
 *
 * Returns: (transfer container) (element-type EbpfVariable): the variables
 */
GPtrArray *
ebpf_collection_list_variables (EbpfCollection *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);

  return list_objects (self->variables, ebpf_collection_spec_peek_variables (self->spec),
                       get_variable_name);
}

static gpointer
take_object (GHashTable *table, const char *name)
{
  g_autofree char *key = NULL;
  gpointer object = NULL;

  g_hash_table_steal_extended (table, name, (gpointer *) &key, &object);
  return object;
}

/**
 * ebpf_collection_take_map:
 * @self: a collection
 * @name: a name
 *
 * Takes a map out of the collection, which does not close it any more.
 *
 * Returns: (nullable) (transfer full): the map, or %NULL where there is none of this name
 */
EbpfMap *
ebpf_collection_take_map (EbpfCollection *self, const char *name)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return take_object (self->maps, name);
}

/**
 * ebpf_collection_take_program:
 * @self: a collection
 * @name: a name
 *
 * Takes a program out of the collection, which does not close it any more.
 *
 * Returns: (nullable) (transfer full): the program, or %NULL where there is none of this name
 */
EbpfProgram *
ebpf_collection_take_program (EbpfCollection *self, const char *name)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return take_object (self->programs, name);
}

static GObject *
lookup_symbol (GType type, const char *symbol, gpointer user_data)
{
  EbpfCollection *self = user_data;

  if (type == EBPF_TYPE_MAP)
    return g_hash_table_lookup (self->maps, symbol);
  if (type == EBPF_TYPE_PROGRAM)
    return g_hash_table_lookup (self->programs, symbol);
  if (type == EBPF_TYPE_VARIABLE)
    return g_hash_table_lookup (self->variables, symbol);
  if (type == EBPF_TYPE_MAP_SPEC)
    return (GObject *) ebpf_collection_spec_get_map (self->spec, symbol);
  if (type == EBPF_TYPE_PROGRAM_SPEC)
    return (GObject *) ebpf_collection_spec_get_program (self->spec, symbol);

  return (GObject *) ebpf_collection_spec_get_variable (self->spec, symbol);
}

static void
give_away (GType type, const char *symbol, gpointer user_data)
{
  EbpfCollection *self = user_data;

  if (type == EBPF_TYPE_MAP)
    {
      g_hash_table_remove (self->maps, symbol);
    }
  else if (type == EBPF_TYPE_PROGRAM)
    {
      g_hash_table_remove (self->programs, symbol);
    }
  else if (type == EBPF_TYPE_VARIABLE)
    {
      /* It is of no use without its section, which it keeps. */
      EbpfVariable *variable = g_hash_table_lookup (self->variables, symbol);

      g_hash_table_add (self->given_away, ebpf_variable_get_map (variable));
    }
}

/**
 * ebpf_collection_assign:
 * @self: a collection that is loaded
 * @target: an object whose properties are to be filled
 * @error: return location for an error
 *
 * Fills the writable properties of @target whose type is [class@Map], [class@Program] or
 * [class@Variable], or the spec of one, with those of the same name; "my-map" is the symbol
 * `my_map`. See [func@param_spec_set_symbol] for other names.
 *
 * Nothing is loaded by this. What was assigned belongs to @target from then on: closing the
 * collection leaves it open. Nothing is assigned unless everything that the target asks for is
 * there.
 *
 * Returns: whether the properties were set
 */
gboolean
ebpf_collection_assign (EbpfCollection *self, GObject *target, GError **error)
{
  const GType types[] = EBPF_COLLECTION_BINDING_TYPES;
  const char *source;

  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (target), FALSE);

  if (!ebpf_binding_assign (target, types, G_N_ELEMENTS (types), lookup_symbol, self, error))
    {
      source = ebpf_collection_spec_get_source (self->spec);
      if (source != NULL && error != NULL)
        ebpf_error_propagate_prefixed (error, g_steal_pointer (error), "%s: ", source);
      return FALSE;
    }

  ebpf_collection_foreach_binding (target, give_away, self);
  return TRUE;
}

/**
 * ebpf_collection_dup_prepared_code:
 * @self: a collection
 * @name: the name of a program
 *
 * Gets the instructions of a program as [method@Collection.prepare] left them: as the kernel is
 * given them, with CO-RE, symbols of the kernel and file descriptors of maps filled in.
 * [func@Instruction.list_from_bytes] decodes them.
 *
 * Returns: (nullable) (transfer full): the code, or %NULL where the collection was not prepared, or
 * this program is not among those that are to be loaded
 */
GBytes *
ebpf_collection_dup_prepared_code (EbpfCollection *self, const char *name)
{
  GBytes *code;

  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  code = self->prepared_code != NULL ? g_hash_table_lookup (self->prepared_code, name) : NULL;
  return code != NULL ? g_bytes_ref (code) : NULL;
}

/**
 * ebpf_collection_dup_btf_fd:
 * @self: a collection that is loaded
 * @error: return location for an error
 *
 * Gets the object file's type information as the kernel was given it: for bpf(2) calls of one's own,
 * and for its id. [method@CollectionSpec.get_btf] is the same in this process.
 *
 * Fails with %EBPF_ERROR_NOT_FOUND where the kernel was given none: the object file has none, nothing
 * that was loaded needed it, the kernel did not take it, or the collection is not loaded, or was loaded
 * for a target.
 *
 * Returns: a file descriptor of the caller's, or -1
 */
int
ebpf_collection_dup_btf_fd (EbpfCollection *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), -1);

  if (self->btf_fd < 0)
    {
      const char *source = ebpf_collection_spec_get_source (self->spec);

      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0, "%s has no type information in the kernel",
                      source != NULL ? source : "the collection");
      return -1;
    }

  return ebpf_sys_dup_fd (self->btf_fd, error);
}

/**
 * ebpf_collection_remove_pins:
 * @self: a collection
 * @error: return location for an error
 *
 * Takes away the pins that loading this collection made, of maps that ask to be pinned by their
 * name. Those that were there before stay, and so do those that were moved since.
 *
 * It can be called after the collection was closed, too.
 *
 * Returns: whether all of them were taken away
 */
gboolean
ebpf_collection_remove_pins (EbpfCollection *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);

  while (self->new_pins != NULL && self->new_pins->len > 0)
    {
      const EbpfNewPin *pin = &g_array_index (self->new_pins, EbpfNewPin, 0);

      if (g_strcmp0 (ebpf_map_get_pin_path (pin->map), pin->path) == 0 &&
          !ebpf_map_unpin (pin->map, error))
        return FALSE;

      g_array_remove_index (self->new_pins, 0);
    }

  return TRUE;
}
