/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-collection-spec-private.h"

#include <string.h>

#include "base/ebpf-enum-types.h"
#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf.h"
#include "spec/ebpf-binding-private.h"
#include "spec/ebpf-map-spec-private.h"
#include "spec/ebpf-program-spec-private.h"

/**
 * EbpfCollectionSpec:
 *
 * The blueprint of a collection: maps, programs and variables, as an object file describes them, or
 * put together by hand.
 *
 * Reading an object file makes no system call for BPF and needs no privilege. A spec does not
 * change by being loaded, so that any number of collections can be made from it. It is not locked:
 * change it before it is used from several threads.
 */
struct _EbpfCollectionSpec
{
  GObject parent_instance;

  char *name;
  char *source;
  EbpfByteOrder byte_order;
  char *license;
  EbpfBtf *btf;
  GPtrArray *maps;
  GPtrArray *programs;
  GPtrArray *variables;

  /* NULL as long as there are no more than EASILY_SEARCHED. */
  GHashTable *maps_by_name;
  GHashTable *programs_by_name;
  GHashTable *variables_by_name;

  GArray *kconfig_externs; /* of EbpfKconfigExtern */
  guint kernel_version;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_SOURCE,
  PROP_BYTE_ORDER,
  PROP_LICENSE,
  PROP_BTF,
  PROP_KERNEL_VERSION,
  N_PROPS
} CollectionSpecProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfCollectionSpec, ebpf_collection_spec, G_TYPE_OBJECT)

/* By far most objects have few of everything: there a table of names costs more than it saves. It is made by who
 * adds, so that those who only look need no lock. */
#define EASILY_SEARCHED 8

#define DEFINE_NAMED(thing, Type)                                                                  \
  static Type *find_##thing (EbpfCollectionSpec *self, const char *name)                           \
  {                                                                                                \
    if (self->thing##s_by_name != NULL)                                                            \
      return g_hash_table_lookup (self->thing##s_by_name, name);                                   \
                                                                                                   \
    for (guint i = 0; i < self->thing##s->len; i++)                                                \
      if (strcmp (ebpf_##thing##_spec_peek_name (g_ptr_array_index (self->thing##s, i)), name) ==  \
          0)                                                                                       \
        return g_ptr_array_index (self->thing##s, i);                                              \
                                                                                                   \
    return NULL;                                                                                   \
  }                                                                                                \
                                                                                                   \
  /* Takes it; there is none of its name. */                                                       \
  static void append_##thing (EbpfCollectionSpec *self, Type *thing)                               \
  {                                                                                                \
    guint first = self->thing##s->len;                                                             \
                                                                                                   \
    g_ptr_array_add (self->thing##s, thing);                                                       \
    if (first < EASILY_SEARCHED)                                                                   \
      return;                                                                                      \
                                                                                                   \
    if (self->thing##s_by_name == NULL)                                                            \
      {                                                                                            \
        self->thing##s_by_name = g_hash_table_new (g_str_hash, g_str_equal);                       \
        first = 0;                                                                                 \
      }                                                                                            \
    for (guint i = first; i < self->thing##s->len; i++)                                            \
      {                                                                                            \
        Type *one = g_ptr_array_index (self->thing##s, i);                                         \
                                                                                                   \
        g_hash_table_insert (self->thing##s_by_name, (char *) ebpf_##thing##_spec_get_name (one),  \
                             one);                                                                 \
      }                                                                                            \
  }

DEFINE_NAMED (map, EbpfMapSpec)
DEFINE_NAMED (program, EbpfProgramSpec)
DEFINE_NAMED (variable, EbpfVariableSpec)
#undef DEFINE_NAMED

static void
kconfig_extern_clear (gpointer data)
{
  EbpfKconfigExtern *kconfig_extern = data;

  g_free (kconfig_extern->name);
}

static void
ebpf_collection_spec_finalize (GObject *object)
{
  EbpfCollectionSpec *self = EBPF_COLLECTION_SPEC (object);

  g_free (self->name);
  g_free (self->source);
  g_free (self->license);
  g_clear_object (&self->btf);
  g_clear_pointer (&self->maps_by_name, g_hash_table_unref);
  g_clear_pointer (&self->programs_by_name, g_hash_table_unref);
  g_clear_pointer (&self->variables_by_name, g_hash_table_unref);
  g_ptr_array_unref (self->maps);
  g_ptr_array_unref (self->programs);
  g_ptr_array_unref (self->variables);
  g_array_unref (self->kconfig_externs);

  G_OBJECT_CLASS (ebpf_collection_spec_parent_class)->finalize (object);
}

static void
ebpf_collection_spec_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfCollectionSpec *self = EBPF_COLLECTION_SPEC (object);

  switch ((CollectionSpecProperty) prop_id)
    {
    case PROP_NAME:
      g_value_take_string (value, ebpf_collection_spec_dup_name (self));
      break;
    case PROP_SOURCE:
      g_value_set_string (value, self->source);
      break;
    case PROP_BYTE_ORDER:
      g_value_set_enum (value, (int) self->byte_order);
      break;
    case PROP_LICENSE:
      g_value_set_string (value, self->license);
      break;
    case PROP_BTF:
      g_value_set_object (value, self->btf);
      break;
    case PROP_KERNEL_VERSION:
      g_value_set_uint (value, self->kernel_version);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_collection_spec_set_property (GObject *object,
                                   guint prop_id,
                                   const GValue *value,
                                   GParamSpec *pspec)
{
  EbpfCollectionSpec *self = EBPF_COLLECTION_SPEC (object);

  switch ((CollectionSpecProperty) prop_id)
    {
    case PROP_NAME:
      ebpf_collection_spec_set_name (self, g_value_get_string (value));
      break;
    case PROP_SOURCE:
      ebpf_collection_spec_set_source (self, g_value_get_string (value));
      break;
    case PROP_KERNEL_VERSION:
      ebpf_collection_spec_set_kernel_version (self, g_value_get_uint (value));
      break;
    case PROP_BYTE_ORDER:
    case PROP_LICENSE:
    case PROP_BTF:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_collection_spec_class_init (EbpfCollectionSpecClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_collection_spec_finalize;
  object_class->get_property = ebpf_collection_spec_get_property;
  object_class->set_property = ebpf_collection_spec_set_property;

  /**
   * EbpfCollectionSpec:name: (getter dup_name) (setter set_name)
   *
   * The name of the collection; where none was set, that of the file without its folder and without
   * ".bpf.o" or ".o".
   */
  properties[PROP_NAME] =
      g_param_spec_string ("name", NULL, NULL, NULL,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfCollectionSpec:source: (getter get_source) (setter set_source)
   *
   * Where the collection came from, as errors name it: the path of a file.
   */
  properties[PROP_SOURCE] =
      g_param_spec_string ("source", NULL, NULL, NULL,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfCollectionSpec:byte-order: (getter get_byte_order)
   *
   * The byte order of the object file. Either can be read; only the host's own can be loaded.
   */
  properties[PROP_BYTE_ORDER] = g_param_spec_enum ("byte-order", NULL, NULL, EBPF_TYPE_BYTE_ORDER,
                                                   EBPF_BYTE_ORDER_LITTLE_ENDIAN, flags);

  /**
   * EbpfCollectionSpec:license: (getter get_license)
   *
   * The license of the programs.
   */
  properties[PROP_LICENSE] = g_param_spec_string ("license", NULL, NULL, NULL, flags);

  /**
   * EbpfCollectionSpec:btf: (getter get_btf)
   *
   * The type information of the object file, where it has any.
   */
  properties[PROP_BTF] = g_param_spec_object ("btf", NULL, NULL, EBPF_TYPE_BTF, flags);

  /**
   * EbpfCollectionSpec:kernel-version: (getter get_kernel_version) (setter set_kernel_version)
   *
   * The version of Linux that the object file says it is made for, as `KERNEL_VERSION ()` of
   * linux/version.h makes it; 0 for none. Kernels before Linux 5.0 load programs of probes for their
   * own version only; 0 and 0xfffffffe are made that of the running kernel.
   */
  properties[PROP_KERNEL_VERSION] =
      g_param_spec_uint ("kernel-version", NULL, NULL, 0, G_MAXUINT, 0,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_collection_spec_init (EbpfCollectionSpec *self)
{
  self->byte_order =
      G_BYTE_ORDER == G_BIG_ENDIAN ? EBPF_BYTE_ORDER_BIG_ENDIAN : EBPF_BYTE_ORDER_LITTLE_ENDIAN;
  self->maps = g_ptr_array_new_with_free_func (g_object_unref);
  self->programs = g_ptr_array_new_with_free_func (g_object_unref);
  self->variables = g_ptr_array_new_with_free_func (g_object_unref);
  self->kconfig_externs = g_array_new (FALSE, FALSE, sizeof (EbpfKconfigExtern));
  g_array_set_clear_func (self->kconfig_externs, kconfig_extern_clear);
}

/**
 * ebpf_collection_spec_new:
 *
 * Makes an empty blueprint, to be filled by hand.
 *
 * Returns: (transfer full): a new spec
 */
EbpfCollectionSpec *
ebpf_collection_spec_new (void)
{
  return g_object_new (EBPF_TYPE_COLLECTION_SPEC, NULL);
}

/**
 * ebpf_collection_spec_copy:
 * @self: a collection spec
 *
 * Makes an independent copy. What never changes (code, type information) is shared.
 *
 * Returns: (transfer full): the copy
 */
EbpfCollectionSpec *
ebpf_collection_spec_copy (EbpfCollectionSpec *self)
{
  EbpfCollectionSpec *copy;

  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);

  copy = ebpf_collection_spec_new ();
  copy->name = g_strdup (self->name);
  copy->source = g_strdup (self->source);
  copy->kernel_version = self->kernel_version;
  copy->byte_order = self->byte_order;
  copy->license = g_strdup (self->license);
  g_set_object (&copy->btf, self->btf);

  for (guint i = 0; i < self->maps->len; i++)
    append_map (copy, ebpf_map_spec_copy (g_ptr_array_index (self->maps, i)));
  for (guint i = 0; i < self->programs->len; i++)
    append_program (copy, ebpf_program_spec_copy (g_ptr_array_index (self->programs, i)));
  for (guint i = 0; i < self->variables->len; i++)
    append_variable (copy, ebpf_variable_spec_copy (g_ptr_array_index (self->variables, i)));

  for (guint i = 0; i < self->kconfig_externs->len; i++)
    {
      EbpfKconfigExtern item = g_array_index (self->kconfig_externs, EbpfKconfigExtern, i);

      item.name = g_strdup (item.name);
      g_array_append_val (copy->kconfig_externs, item);
    }

  return copy;
}

/**
 * ebpf_collection_spec_dup_name: (get-property name)
 * @self: a collection spec
 *
 * Gets the name of the collection: the one that was set, or else that of the file without its folder
 * and without ".bpf.o" or ".o".
 *
 * Returns: (transfer full) (nullable): the name, or %NULL for a spec made by hand that got none
 */
char *
ebpf_collection_spec_dup_name (EbpfCollectionSpec *self)
{
  static const char *const suffixes[] = { ".o", ".bpf" };
  char *name;

  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);

  if (self->name != NULL)
    return g_strdup (self->name);
  if (self->source == NULL)
    return NULL;

  name = g_path_get_basename (self->source);
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]) && strlen (name) > strlen (suffixes[i]))
      name[strlen (name) - strlen (suffixes[i])] = '\0';

  return name;
}

/**
 * ebpf_collection_spec_set_name: (set-property name)
 * @self: a collection spec
 * @name: (nullable): a name, or %NULL for that of the file
 *
 * Names the collection. The names of maps and programs do not depend on it.
 */
void
ebpf_collection_spec_set_name (EbpfCollectionSpec *self, const char *name)
{
  g_return_if_fail (EBPF_IS_COLLECTION_SPEC (self));

  if (g_strcmp0 (self->name, name) == 0)
    return;

  g_free (self->name);
  self->name = g_strdup (name);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

/**
 * ebpf_collection_spec_get_kernel_version: (get-property kernel-version)
 * @self: a collection spec
 *
 * Gets the version of Linux that the object file says it is made for.
 *
 * Returns: the version as `KERNEL_VERSION ()` makes it, or 0
 */
guint
ebpf_collection_spec_get_kernel_version (EbpfCollectionSpec *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), 0);

  return self->kernel_version;
}

/**
 * ebpf_collection_spec_set_kernel_version: (set-property kernel-version)
 * @self: a collection spec
 * @kernel_version: a version as `KERNEL_VERSION ()` makes it, or 0 for that of the running kernel
 *
 * Says what version of Linux the programs are for: those that are in the collection now.
 * [property@ProgramSpec:kernel-version] is the same for one.
 */
void
ebpf_collection_spec_set_kernel_version (EbpfCollectionSpec *self, guint kernel_version)
{
  g_return_if_fail (EBPF_IS_COLLECTION_SPEC (self));

  for (guint i = 0; i < self->programs->len; i++)
    ebpf_program_spec_set_kernel_version (g_ptr_array_index (self->programs, i), kernel_version);

  if (self->kernel_version == kernel_version)
    return;

  self->kernel_version = kernel_version;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KERNEL_VERSION]);
}

/**
 * ebpf_collection_spec_get_source: (get-property source)
 * @self: a collection spec
 *
 * Gets where the collection came from.
 *
 * Returns: (transfer none) (nullable): a path, or %NULL for a spec made by hand
 */
const char *
ebpf_collection_spec_get_source (EbpfCollectionSpec *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);

  return self->source;
}

/**
 * ebpf_collection_spec_get_byte_order: (get-property byte-order)
 * @self: a collection spec
 *
 * Gets the byte order of the object file.
 *
 * Returns: the byte order
 */
EbpfByteOrder
ebpf_collection_spec_get_byte_order (EbpfCollectionSpec *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), EBPF_BYTE_ORDER_LITTLE_ENDIAN);

  return self->byte_order;
}

/**
 * ebpf_collection_spec_get_license: (get-property license)
 * @self: a collection spec
 *
 * Gets the license of the programs.
 *
 * Returns: (transfer none) (nullable): the license, or %NULL where the object gives none
 */
const char *
ebpf_collection_spec_get_license (EbpfCollectionSpec *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);

  return self->license;
}

/**
 * ebpf_collection_spec_get_btf: (get-property btf)
 * @self: a collection spec
 *
 * Gets the type information of the object file.
 *
 * Returns: (transfer none) (nullable): the BTF, or %NULL where there is none
 */
EbpfBtf *
ebpf_collection_spec_get_btf (EbpfCollectionSpec *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);

  return self->btf;
}

/**
 * ebpf_collection_spec_set_source: (set-property source)
 * @self: a collection spec
 * @source: (nullable): what errors are to call it
 *
 * Says where the collection came from, for one that was not read from a file.
 */
void
ebpf_collection_spec_set_source (EbpfCollectionSpec *self, const char *source)
{
  g_return_if_fail (EBPF_IS_COLLECTION_SPEC (self));

  if (g_strcmp0 (self->source, source) == 0)
    return;

  g_free (self->source);
  self->source = g_strdup (source);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SOURCE]);
}

void
ebpf_collection_spec_set_byte_order (EbpfCollectionSpec *self, EbpfByteOrder byte_order)
{
  self->byte_order = byte_order;
}

void
ebpf_collection_spec_set_license (EbpfCollectionSpec *self, const char *license)
{
  g_free (self->license);
  self->license = g_strdup (license);
}

void
ebpf_collection_spec_set_btf (EbpfCollectionSpec *self, EbpfBtf *btf)
{
  g_set_object (&self->btf, btf);
}

static gboolean
check_new (EbpfCollectionSpec *self,
           gpointer existing,
           const char *what,
           const char *name,
           GError **error)
{
  if (existing == NULL)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_EXISTS, 0, "%s%sthere are two %ss named \"%s\"",
                  self->source != NULL ? self->source : "", self->source != NULL ? ": " : "", what,
                  name);
  return FALSE;
}

static gpointer
copy_item (gconstpointer item, gpointer user_data)
{
  return g_object_ref ((gpointer) item);
}

static GPtrArray *
copy_list (GPtrArray *list)
{
  GPtrArray *copy = g_ptr_array_copy (list, copy_item, NULL);

  g_ptr_array_set_free_func (copy, g_object_unref);
  return copy;
}

/**
 * ebpf_collection_spec_add_map:
 * @self: a collection spec
 * @map: the spec of a map
 * @error: return location for an error
 *
 * Adds a map. Fails with %EBPF_ERROR_EXISTS where there is one of this name.
 *
 * Returns: whether it was added
 */
gboolean
ebpf_collection_spec_add_map (EbpfCollectionSpec *self, EbpfMapSpec *map, GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), FALSE);
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (map), FALSE);

  if (!check_new (self, find_map (self, ebpf_map_spec_get_name (map)), "map",
                  ebpf_map_spec_get_name (map), error))
    return FALSE;

  append_map (self, g_object_ref (map));
  return TRUE;
}

/**
 * ebpf_collection_spec_get_map:
 * @self: a collection spec
 * @name: the name of a map
 *
 * Gets the spec of a map by its name.
 *
 * Returns: (transfer none) (nullable): the spec, or %NULL where there is none of this name
 */
EbpfMapSpec *
ebpf_collection_spec_get_map (EbpfCollectionSpec *self, const char *name)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return find_map (self, name);
}

/**
 * ebpf_collection_spec_list_maps:
 * @self: a collection spec
 *
 * Lists the maps in the order of the object file.
 *
 * Returns: (transfer container) (element-type EbpfMapSpec): the specs
 */
GPtrArray *
ebpf_collection_spec_list_maps (EbpfCollectionSpec *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);

  return copy_list (self->maps);
}

GPtrArray *
ebpf_collection_spec_peek_maps (EbpfCollectionSpec *self)
{
  return self->maps;
}

/**
 * ebpf_collection_spec_add_program:
 * @self: a collection spec
 * @program: the spec of a program
 * @error: return location for an error
 *
 * Adds a program. Fails with %EBPF_ERROR_EXISTS where there is one of this name.
 *
 * Returns: whether it was added
 */
gboolean
ebpf_collection_spec_add_program (EbpfCollectionSpec *self,
                                  EbpfProgramSpec *program,
                                  GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), FALSE);
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (program), FALSE);

  if (!check_new (self, find_program (self, ebpf_program_spec_get_name (program)), "program",
                  ebpf_program_spec_get_name (program), error))
    return FALSE;

  append_program (self, g_object_ref (program));
  return TRUE;
}

/**
 * ebpf_collection_spec_get_program:
 * @self: a collection spec
 * @name: the name of a program
 *
 * Gets the spec of a program by its name.
 *
 * Returns: (transfer none) (nullable): the spec, or %NULL where there is none of this name
 */
EbpfProgramSpec *
ebpf_collection_spec_get_program (EbpfCollectionSpec *self, const char *name)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return find_program (self, name);
}

/**
 * ebpf_collection_spec_list_programs:
 * @self: a collection spec
 *
 * Lists the programs in the order of the object file.
 *
 * Returns: (transfer container) (element-type EbpfProgramSpec): the specs
 */
GPtrArray *
ebpf_collection_spec_list_programs (EbpfCollectionSpec *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);

  return copy_list (self->programs);
}

GPtrArray *
ebpf_collection_spec_peek_programs (EbpfCollectionSpec *self)
{
  return self->programs;
}

/**
 * ebpf_collection_spec_add_variable:
 * @self: a collection spec
 * @variable: the spec of a variable
 * @error: return location for an error
 *
 * Adds a variable. Fails with %EBPF_ERROR_EXISTS where there is one of this name.
 *
 * Returns: whether it was added
 */
gboolean
ebpf_collection_spec_add_variable (EbpfCollectionSpec *self,
                                   EbpfVariableSpec *variable,
                                   GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), FALSE);
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (variable), FALSE);

  if (!check_new (self, find_variable (self, ebpf_variable_spec_get_name (variable)), "variable",
                  ebpf_variable_spec_get_name (variable), error))
    return FALSE;

  append_variable (self, g_object_ref (variable));
  return TRUE;
}

/**
 * ebpf_collection_spec_get_variable:
 * @self: a collection spec
 * @name: the name of a variable
 *
 * Gets the spec of a variable by its name.
 *
 * Returns: (transfer none) (nullable): the spec, or %NULL where there is none of this name
 */
EbpfVariableSpec *
ebpf_collection_spec_get_variable (EbpfCollectionSpec *self, const char *name)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return find_variable (self, name);
}

/**
 * ebpf_collection_spec_list_variables:
 * @self: a collection spec
 *
 * Lists the variables in the order of the object file.
 *
 * Returns: (transfer container) (element-type EbpfVariableSpec): the specs
 */
GPtrArray *
ebpf_collection_spec_list_variables (EbpfCollectionSpec *self)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), NULL);

  return copy_list (self->variables);
}

GPtrArray *
ebpf_collection_spec_peek_variables (EbpfCollectionSpec *self)
{
  return self->variables;
}

/**
 * ebpf_collection_spec_set_constants:
 * @self: a collection spec
 * @constants: a dictionary `a{sv}` from the names of variables to values
 * @error: return location for an error
 *
 * Sets initial values of variables, constants above all, before a load.
 *
 * Nothing is set unless all of it can be; names that do not exist are listed together in one error.
 *
 * Returns: whether the values were set
 */
gboolean
ebpf_collection_spec_set_constants (EbpfCollectionSpec *self, GVariant *constants, GError **error)
{
  g_autoptr (GVariant) sunk = NULL;
  g_autoptr (GString) missing = NULL;
  g_autoptr (GPtrArray) copies = NULL;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), FALSE);
  g_return_val_if_fail (constants != NULL, FALSE);

  sunk = g_variant_ref_sink (constants);
  if (!g_variant_is_of_type (sunk, G_VARIANT_TYPE_VARDICT))
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0, "constants are given as a{sv}, not as %s",
                      g_variant_get_type_string (sunk));
      return FALSE;
    }

  missing = g_string_new (NULL);
  g_variant_iter_init (&iter, sunk);
  while (g_variant_iter_next (&iter, "{&s@v}", &name, &value))
    {
      g_variant_unref (value);
      if (find_variable (self, name) == NULL)
        g_string_append_printf (missing, "%s\"%s\"", missing->len > 0 ? ", " : "", name);
    }

  if (missing->len > 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0, "%s%sno variable named %s",
                      self->source != NULL ? self->source : "", self->source != NULL ? ": " : "",
                      missing->str);
      return FALSE;
    }

  /* Tried on copies first: a value of the wrong type must not leave half of them set. */
  copies = g_ptr_array_new_with_free_func (g_object_unref);
  g_variant_iter_init (&iter, sunk);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;
      EbpfVariableSpec *copy = ebpf_variable_spec_copy (find_variable (self, name));

      g_ptr_array_add (copies, copy);
      if (!ebpf_variable_spec_set_value (copy, owned, error))
        return FALSE;
    }

  for (guint i = 0; i < copies->len; i++)
    {
      EbpfVariableSpec *copy = g_ptr_array_index (copies, i);
      g_autoptr (GBytes) bytes = ebpf_variable_spec_get_bytes (copy);

      ebpf_variable_spec_set_bytes (find_variable (self, ebpf_variable_spec_get_name (copy)), bytes,
                                    NULL);
    }

  return TRUE;
}

static GObject *
lookup_symbol (GType type, const char *symbol, gpointer user_data)
{
  EbpfCollectionSpec *self = user_data;

  if (type == EBPF_TYPE_MAP_SPEC)
    return (GObject *) find_map (self, symbol);
  if (type == EBPF_TYPE_PROGRAM_SPEC)
    return (GObject *) find_program (self, symbol);
  return (GObject *) find_variable (self, symbol);
}

/**
 * ebpf_collection_spec_assign:
 * @self: a collection spec
 * @target: an object whose properties are to be filled
 * @error: return location for an error
 *
 * Fills the writable properties of @target whose type is [class@MapSpec], [class@ProgramSpec] or
 * [class@VariableSpec] with the specs of the same name; "my-map" is the symbol `my_map`. See
 * [func@param_spec_set_symbol] for other names.
 *
 * Nothing is set unless everything that the target asks for is there. Nothing is loaded.
 *
 * Returns: whether the properties were set
 */
gboolean
ebpf_collection_spec_assign (EbpfCollectionSpec *self, GObject *target, GError **error)
{
  const GType types[] = { EBPF_TYPE_MAP_SPEC, EBPF_TYPE_PROGRAM_SPEC, EBPF_TYPE_VARIABLE_SPEC };

  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (self), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (target), FALSE);

  return ebpf_binding_assign (target, types, G_N_ELEMENTS (types), lookup_symbol, self, error);
}

void
ebpf_collection_spec_add_kconfig_extern (EbpfCollectionSpec *self,
                                         const char *name,
                                         guint32 btf_id,
                                         guint32 offset,
                                         guint32 size,
                                         gboolean weak)
{
  EbpfKconfigExtern item = {
    .name = g_strdup (name),
    .btf_id = btf_id,
    .offset = offset,
    .size = size,
    .weak = weak,
  };

  g_array_append_val (self->kconfig_externs, item);
}

GArray *
ebpf_collection_spec_peek_kconfig_externs (EbpfCollectionSpec *self)
{
  return self->kconfig_externs;
}

GBytes *
ebpf_collection_spec_merge_data (EbpfCollectionSpec *self, EbpfMapSpec *map, GError **error)
{
  const char *section = ebpf_map_spec_get_name (map);
  g_autofree guint8 *data = NULL;
  gconstpointer contents;
  GBytes *value = NULL;
  gsize size;

  if (ebpf_map_spec_get_n_contents (map) == 1)
    value = ebpf_map_spec_get_content_value (map, 0);
  if (value == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "section \"%s\": its map has to have exactly one entry, its bytes", section);
      return NULL;
    }

  contents = g_bytes_get_data (value, &size);
  data = g_memdup2 (contents, size);

  for (guint i = 0; i < self->variables->len; i++)
    {
      EbpfVariableSpec *variable = g_ptr_array_index (self->variables, i);
      g_autoptr (GBytes) bytes = NULL;
      guint offset, length;

      if (strcmp (ebpf_variable_spec_get_section (variable), section) != 0)
        continue;

      offset = ebpf_variable_spec_get_offset (variable);
      length = ebpf_variable_spec_get_size (variable);
      if (offset > size || length > size - offset)
        {
          ebpf_error_set (
              error, EBPF_ERROR_WRONG_SIZE, 0,
              "variable \"%s\" (offset %u, %u bytes) reaches out of section \"%s\", which "
              "has %" G_GSIZE_FORMAT " bytes",
              ebpf_variable_spec_get_name (variable), offset, length, section, size);
          return NULL;
        }

      bytes = ebpf_variable_spec_get_bytes (variable);
      if (length > 0)
        memcpy (data + offset, g_bytes_get_data (bytes, NULL), length);
    }

  return g_bytes_new_take (g_steal_pointer (&data), size);
}
