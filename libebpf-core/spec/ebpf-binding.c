/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-binding-private.h"

#include "base/ebpf-error-private.h"

typedef struct
{
  GParamSpec *pspec;
  char *symbol;
} Binding;

static GQuark
symbol_quark (void)
{
  return g_quark_from_static_string ("ebpf-symbol");
}

/**
 * ebpf_param_spec_set_symbol:
 * @pspec: a property's description
 * @symbol: the name of a map, program or variable in an object file
 *
 * Says which symbol [method@Collection.assign] puts into a property, where its name is not that of
 * the symbol. To be called once, where the property is installed.
 */
void
ebpf_param_spec_set_symbol (GParamSpec *pspec, const char *symbol)
{
  g_return_if_fail (G_IS_PARAM_SPEC (pspec));
  g_return_if_fail (symbol != NULL);

  g_param_spec_set_qdata_full (pspec, symbol_quark (), g_strdup (symbol), g_free);
}

/**
 * ebpf_param_spec_dup_symbol:
 * @pspec: a property's description
 *
 * Gets the symbol that belongs into a property: the one that was set, or the property's name with
 * underscores for hyphens.
 *
 * Returns: (transfer full): the symbol's name
 */
char *
ebpf_param_spec_dup_symbol (GParamSpec *pspec)
{
  const char *symbol;

  g_return_val_if_fail (G_IS_PARAM_SPEC (pspec), NULL);

  symbol = g_param_spec_get_qdata (pspec, symbol_quark ());
  if (symbol != NULL)
    return g_strdup (symbol);

  return g_strdelimit (g_strdup (g_param_spec_get_name (pspec)), "-", '_');
}

static void
binding_clear (gpointer data)
{
  Binding *binding = data;

  g_free (binding->symbol);
}

static GArray *
list_bindings (GObject *target, const GType *types, gsize n_types)
{
  GArray *bindings = g_array_new (FALSE, FALSE, sizeof (Binding));
  g_autofree GParamSpec **pspecs = NULL;
  guint n_pspecs;

  g_array_set_clear_func (bindings, binding_clear);
  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (target), &n_pspecs);

  for (guint i = 0; i < n_pspecs; i++)
    {
      /* What can only be set at construction is too late to be filled. */
      if (!(pspecs[i]->flags & G_PARAM_WRITABLE) || (pspecs[i]->flags & G_PARAM_CONSTRUCT_ONLY))
        continue;

      for (gsize j = 0; j < n_types; j++)
        if (pspecs[i]->value_type == types[j])
          {
            Binding binding = { pspecs[i], ebpf_param_spec_dup_symbol (pspecs[i]) };

            g_array_append_val (bindings, binding);
          }
    }

  return bindings;
}

/* The objects for @bindings, in their order; NULL where one is missing or asked for twice. */
static GPtrArray *
find_objects (GObject *target,
              GArray *bindings,
              EbpfBindingLookup lookup,
              gpointer user_data,
              GError **error)
{
  g_autoptr (GPtrArray) objects = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GString) missing = g_string_new (NULL);

  for (guint i = 0; i < bindings->len; i++)
    {
      const Binding *binding = &g_array_index (bindings, Binding, i);
      GObject *object = lookup (binding->pspec->value_type, binding->symbol, user_data);
      char *key =
          g_strdup_printf ("%s %s", g_type_name (binding->pspec->value_type), binding->symbol);

      if (!g_hash_table_add (seen, key))
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "%s: two properties ask for \"%s\", the second is \"%s\"",
                          G_OBJECT_TYPE_NAME (target), binding->symbol, binding->pspec->name);
          return NULL;
        }

      if (object == NULL)
        g_string_append_printf (missing, "%s\"%s\" (%s)", missing->len > 0 ? ", " : "",
                                binding->symbol, g_type_name (binding->pspec->value_type));
      g_ptr_array_add (objects, object);
    }

  if (missing->len > 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0, "%s asks for what is not there: %s",
                      G_OBJECT_TYPE_NAME (target), missing->str);
      return NULL;
    }

  return g_steal_pointer (&objects);
}

gboolean
ebpf_binding_check (GObject *target,
                    const GType *types,
                    gsize n_types,
                    EbpfBindingLookup lookup,
                    gpointer user_data,
                    GError **error)
{
  g_autoptr (GArray) bindings = list_bindings (target, types, n_types);
  g_autoptr (GPtrArray) objects = find_objects (target, bindings, lookup, user_data, error);

  return objects != NULL;
}

gboolean
ebpf_binding_assign (GObject *target,
                     const GType *types,
                     gsize n_types,
                     EbpfBindingLookup lookup,
                     gpointer user_data,
                     GError **error)
{
  g_autoptr (GArray) bindings = list_bindings (target, types, n_types);
  g_autoptr (GPtrArray) objects = find_objects (target, bindings, lookup, user_data, error);

  if (objects == NULL)
    return FALSE;

  for (guint i = 0; i < bindings->len; i++)
    g_object_set (target, g_array_index (bindings, Binding, i).pspec->name,
                  g_ptr_array_index (objects, i), NULL);

  return TRUE;
}

void
ebpf_binding_foreach (GObject *target,
                      const GType *types,
                      gsize n_types,
                      EbpfBindingFunc func,
                      gpointer user_data)
{
  g_autoptr (GArray) bindings = list_bindings (target, types, n_types);

  for (guint i = 0; i < bindings->len; i++)
    func (g_array_index (bindings, Binding, i).pspec->value_type,
          g_array_index (bindings, Binding, i).symbol, user_data);
}
