/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-load-options-private.h"

#include <string.h>

#include "base/ebpf-enum-types.h"
#include "btf/ebpf-btf.h"
#include "object/ebpf-map.h"

#define DEFAULT_PIN_PATH "/sys/fs/bpf"

/**
 * EbpfLoadOptions:
 *
 * How a collection or a program is loaded into the kernel.
 *
 * All of it is optional. One object can serve any number of loads; a load that runs in the
 * background works on a copy.
 */
struct _EbpfLoadOptions
{
  GObject parent_instance;

  char *pin_path;
  EbpfAccessFlags pin_access_flags;
  guint log_level;
  guint log_size;
  gboolean log_disabled;
  char *kconfig;
  EbpfBtf *kernel_btf;
  GPtrArray *relocation_targets;
  GHashTable *replacements;
  GPtrArray *selection;
  GPtrArray *map_selection;
  gboolean selective;
};

G_DEFINE_FINAL_TYPE (EbpfLoadOptions, ebpf_load_options, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_PIN_PATH,
  PROP_PIN_ACCESS_FLAGS,
  PROP_LOG_LEVEL,
  PROP_LOG_SIZE,
  PROP_LOG_DISABLED,
  PROP_KCONFIG,
  PROP_KERNEL_BTF,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
ebpf_load_options_finalize (GObject *object)
{
  EbpfLoadOptions *self = EBPF_LOAD_OPTIONS (object);

  g_free (self->pin_path);
  g_free (self->kconfig);
  g_clear_object (&self->kernel_btf);
  g_ptr_array_unref (self->relocation_targets);
  g_hash_table_unref (self->replacements);
  g_ptr_array_unref (self->selection);
  g_ptr_array_unref (self->map_selection);

  G_OBJECT_CLASS (ebpf_load_options_parent_class)->finalize (object);
}

static void
ebpf_load_options_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfLoadOptions *self = EBPF_LOAD_OPTIONS (object);

  switch (prop_id)
    {
    case PROP_PIN_PATH:
      g_value_set_string (value, self->pin_path);
      break;
    case PROP_PIN_ACCESS_FLAGS:
      g_value_set_flags (value, self->pin_access_flags);
      break;
    case PROP_LOG_LEVEL:
      g_value_set_uint (value, self->log_level);
      break;
    case PROP_LOG_SIZE:
      g_value_set_uint (value, self->log_size);
      break;
    case PROP_LOG_DISABLED:
      g_value_set_boolean (value, self->log_disabled);
      break;
    case PROP_KCONFIG:
      g_value_set_string (value, self->kconfig);
      break;
    case PROP_KERNEL_BTF:
      g_value_set_object (value, self->kernel_btf);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_load_options_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  EbpfLoadOptions *self = EBPF_LOAD_OPTIONS (object);

  switch (prop_id)
    {
    case PROP_PIN_PATH:
      ebpf_load_options_set_pin_path (self, g_value_get_string (value));
      break;
    case PROP_PIN_ACCESS_FLAGS:
      ebpf_load_options_set_pin_access_flags (self, g_value_get_flags (value));
      break;
    case PROP_LOG_LEVEL:
      ebpf_load_options_set_log_level (self, g_value_get_uint (value));
      break;
    case PROP_LOG_SIZE:
      ebpf_load_options_set_log_size (self, g_value_get_uint (value));
      break;
    case PROP_LOG_DISABLED:
      ebpf_load_options_set_log_disabled (self, g_value_get_boolean (value));
      break;
    case PROP_KCONFIG:
      ebpf_load_options_set_kconfig (self, g_value_get_string (value));
      break;
    case PROP_KERNEL_BTF:
      ebpf_load_options_set_kernel_btf (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_load_options_class_init (EbpfLoadOptionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ebpf_load_options_finalize;
  object_class->get_property = ebpf_load_options_get_property;
  object_class->set_property = ebpf_load_options_set_property;

  /**
   * EbpfLoadOptions:pin-path:
   *
   * The folder, in a mounted bpffs, of the maps that ask to be pinned by name.
   */
  properties[PROP_PIN_PATH] =
      g_param_spec_string ("pin-path", NULL, NULL, DEFAULT_PIN_PATH,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoadOptions:pin-access-flags:
   *
   * What the maps that are pinned there already are opened for: to read only, for instance, where
   * the application is to look at what others write. Programs are not bound by it.
   */
  properties[PROP_PIN_ACCESS_FLAGS] = g_param_spec_flags (
      "pin-access-flags", NULL, NULL, EBPF_TYPE_ACCESS_FLAGS, EBPF_ACCESS_FLAGS_NONE,
      G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoadOptions:log-level:
   *
   * The verifier's log level for programs: 0 asks for a log only once a program was rejected; 1
   * logs branches, 2 (Linux 5.2) each instruction, 4 adds statistics.
   */
  properties[PROP_LOG_LEVEL] =
      g_param_spec_uint ("log-level", NULL, NULL, 0, G_MAXUINT, 0,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoadOptions:log-size:
   *
   * Bytes that are first set aside for a verifier log, or 0 for the library's choice. The log grows
   * where it does not fit.
   */
  properties[PROP_LOG_SIZE] =
      g_param_spec_uint ("log-size", NULL, NULL, 0, G_MAXUINT, 0,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoadOptions:log-disabled:
   *
   * Whether the verifier is never asked for a log, not even about a program that it rejected: the
   * error then says only what the errno does. Saves the second try, and the memory, where programs
   * are expected to be rejected.
   */
  properties[PROP_LOG_DISABLED] =
      g_param_spec_boolean ("log-disabled", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoadOptions:kconfig:
   *
   * Lines of `CONFIG_NAME=value`, as the kernel's own configuration has them, that go before those
   * of the running kernel for variables that are declared `__kconfig`.
   */
  properties[PROP_KCONFIG] =
      g_param_spec_string ("kconfig", NULL, NULL, NULL,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoadOptions:kernel-btf:
   *
   * The kernel's type information that programs are adapted to (CO-RE), where the running
   * kernel has none of its own. Hooks are looked up in the running kernel's all the same.
   */
  properties[PROP_KERNEL_BTF] =
      g_param_spec_object ("kernel-btf", NULL, NULL, EBPF_TYPE_BTF,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_load_options_init (EbpfLoadOptions *self)
{
  self->pin_path = g_strdup (DEFAULT_PIN_PATH);
  self->replacements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->selection = g_ptr_array_new_with_free_func (g_free);
  self->map_selection = g_ptr_array_new_with_free_func (g_free);
  self->relocation_targets = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * ebpf_load_options_new:
 *
 * Creates options with their default values.
 *
 * Returns: (transfer full): new options
 */
EbpfLoadOptions *
ebpf_load_options_new (void)
{
  return g_object_new (EBPF_TYPE_LOAD_OPTIONS, NULL);
}

EbpfLoadOptions *
ebpf_load_options_copy (EbpfLoadOptions *self)
{
  EbpfLoadOptions *copy = ebpf_load_options_new ();
  GHashTableIter iter;
  gpointer name, map;

  if (self == NULL)
    return copy;

  g_free (copy->pin_path);
  copy->pin_path = g_strdup (self->pin_path);
  copy->pin_access_flags = self->pin_access_flags;
  copy->log_level = self->log_level;
  copy->log_size = self->log_size;
  copy->log_disabled = self->log_disabled;
  copy->kconfig = g_strdup (self->kconfig);
  copy->selective = self->selective;
  g_set_object (&copy->kernel_btf, self->kernel_btf);

  g_hash_table_iter_init (&iter, self->replacements);
  while (g_hash_table_iter_next (&iter, &name, &map))
    g_hash_table_insert (copy->replacements, g_strdup (name), g_object_ref (map));
  for (guint i = 0; i < self->selection->len; i++)
    g_ptr_array_add (copy->selection, g_strdup (g_ptr_array_index (self->selection, i)));
  for (guint i = 0; i < self->map_selection->len; i++)
    g_ptr_array_add (copy->map_selection, g_strdup (g_ptr_array_index (self->map_selection, i)));
  for (guint i = 0; i < self->relocation_targets->len; i++)
    g_ptr_array_add (copy->relocation_targets,
                     g_object_ref (g_ptr_array_index (self->relocation_targets, i)));

  return copy;
}

/**
 * ebpf_load_options_get_pin_path:
 * @self: options
 *
 * Gets where maps that ask for it are pinned; see [property@LoadOptions:pin-path].
 *
 * Returns: (transfer none): a folder's path
 */
const char *
ebpf_load_options_get_pin_path (EbpfLoadOptions *self)
{
  g_return_val_if_fail (EBPF_IS_LOAD_OPTIONS (self), NULL);

  return self->pin_path;
}

/**
 * ebpf_load_options_set_pin_path:
 * @self: options
 * @pin_path: (nullable): a folder's path, or %NULL for `/sys/fs/bpf`
 *
 * Sets where maps that ask for it are pinned; see [property@LoadOptions:pin-path].
 */
void
ebpf_load_options_set_pin_path (EbpfLoadOptions *self, const char *pin_path)
{
  g_autofree char *old = NULL;

  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));

  if (pin_path == NULL)
    pin_path = DEFAULT_PIN_PATH;
  if (strcmp (self->pin_path, pin_path) == 0)
    return;

  old = g_steal_pointer (&self->pin_path);
  self->pin_path = g_strdup (pin_path);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PIN_PATH]);
}

/**
 * ebpf_load_options_get_pin_access_flags:
 * @self: load options
 *
 * Gets what maps that are pinned already are opened for; see
 * [property@LoadOptions:pin-access-flags].
 *
 * Returns: the flags
 */
EbpfAccessFlags
ebpf_load_options_get_pin_access_flags (EbpfLoadOptions *self)
{
  g_return_val_if_fail (EBPF_IS_LOAD_OPTIONS (self), EBPF_ACCESS_FLAGS_NONE);

  return self->pin_access_flags;
}

/**
 * ebpf_load_options_set_pin_access_flags:
 * @self: load options
 * @flags: the flags
 *
 * Sets what maps that are pinned already are opened for; see
 * [property@LoadOptions:pin-access-flags].
 */
void
ebpf_load_options_set_pin_access_flags (EbpfLoadOptions *self, EbpfAccessFlags flags)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));

  if (self->pin_access_flags == flags)
    return;

  self->pin_access_flags = flags;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PIN_ACCESS_FLAGS]);
}

/**
 * ebpf_load_options_get_log_level:
 * @self: options
 *
 * Gets the verifier's log level; see [property@LoadOptions:log-level].
 *
 * Returns: the level
 */
guint
ebpf_load_options_get_log_level (EbpfLoadOptions *self)
{
  g_return_val_if_fail (EBPF_IS_LOAD_OPTIONS (self), 0);

  return self->log_level;
}

/**
 * ebpf_load_options_set_log_level:
 * @self: options
 * @log_level: the level
 *
 * Sets the verifier's log level; see [property@LoadOptions:log-level].
 */
void
ebpf_load_options_set_log_level (EbpfLoadOptions *self, guint log_level)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));

  if (self->log_level == log_level)
    return;

  self->log_level = log_level;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOG_LEVEL]);
}

/**
 * ebpf_load_options_get_log_size:
 * @self: options
 *
 * Gets how large a verifier log is at first; see [property@LoadOptions:log-size].
 *
 * Returns: bytes, or 0 for the library's choice
 */
guint
ebpf_load_options_get_log_size (EbpfLoadOptions *self)
{
  g_return_val_if_fail (EBPF_IS_LOAD_OPTIONS (self), 0);

  return self->log_size;
}

/**
 * ebpf_load_options_set_log_size:
 * @self: options
 * @log_size: bytes, or 0 for the library's choice
 *
 * Sets how large a verifier log is at first; see [property@LoadOptions:log-size].
 */
void
ebpf_load_options_set_log_size (EbpfLoadOptions *self, guint log_size)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));

  if (self->log_size == log_size)
    return;

  self->log_size = log_size;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOG_SIZE]);
}

/**
 * ebpf_load_options_get_log_disabled:
 * @self: options
 *
 * Gets whether there is never a verifier log; see [property@LoadOptions:log-disabled].
 *
 * Returns: %TRUE where the verifier is never asked for a log
 */
gboolean
ebpf_load_options_get_log_disabled (EbpfLoadOptions *self)
{
  g_return_val_if_fail (EBPF_IS_LOAD_OPTIONS (self), FALSE);

  return self->log_disabled;
}

/**
 * ebpf_load_options_set_log_disabled:
 * @self: options
 * @log_disabled: %TRUE to never ask the verifier for a log
 *
 * Sets whether there is never a verifier log; see [property@LoadOptions:log-disabled].
 */
void
ebpf_load_options_set_log_disabled (EbpfLoadOptions *self, gboolean log_disabled)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));

  log_disabled = !!log_disabled;
  if (self->log_disabled == log_disabled)
    return;

  self->log_disabled = log_disabled;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOG_DISABLED]);
}

/**
 * ebpf_load_options_get_kconfig:
 * @self: options
 *
 * Gets the configuration that goes before the running kernel's; see
 * [property@LoadOptions:kconfig].
 *
 * Returns: (nullable) (transfer none): lines of `CONFIG_NAME=value`, or %NULL
 */
const char *
ebpf_load_options_get_kconfig (EbpfLoadOptions *self)
{
  g_return_val_if_fail (EBPF_IS_LOAD_OPTIONS (self), NULL);

  return self->kconfig;
}

/**
 * ebpf_load_options_set_kconfig:
 * @self: options
 * @kconfig: (nullable): lines of `CONFIG_NAME=value`, or %NULL
 *
 * Sets the configuration that goes before the running kernel's; see
 * [property@LoadOptions:kconfig].
 */
void
ebpf_load_options_set_kconfig (EbpfLoadOptions *self, const char *kconfig)
{
  g_autofree char *old = NULL;

  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));

  if (g_strcmp0 (self->kconfig, kconfig) == 0)
    return;

  old = g_steal_pointer (&self->kconfig);
  self->kconfig = g_strdup (kconfig);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KCONFIG]);
}

/**
 * ebpf_load_options_get_kernel_btf:
 * @self: options
 *
 * Gets the type information that programs are adapted to; see [property@LoadOptions:kernel-btf].
 *
 * Returns: (nullable) (transfer none): type information, or %NULL for the running kernel's
 */
EbpfBtf *
ebpf_load_options_get_kernel_btf (EbpfLoadOptions *self)
{
  g_return_val_if_fail (EBPF_IS_LOAD_OPTIONS (self), NULL);

  return self->kernel_btf;
}

/**
 * ebpf_load_options_set_kernel_btf:
 * @self: options
 * @kernel_btf: (nullable): type information, or %NULL for the running kernel's
 *
 * Sets the type information that programs are adapted to; see [property@LoadOptions:kernel-btf].
 */
void
ebpf_load_options_set_kernel_btf (EbpfLoadOptions *self, EbpfBtf *kernel_btf)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));
  g_return_if_fail (kernel_btf == NULL || EBPF_IS_BTF (kernel_btf));

  if (g_set_object (&self->kernel_btf, kernel_btf))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KERNEL_BTF]);
}

/**
 * ebpf_load_options_add_relocation_target:
 * @self: options
 * @btf: type information
 *
 * Adds type information in which CO-RE relocations look for a type that
 * [property@LoadOptions:kernel-btf], or else neither the running kernel nor one of its modules, has:
 * that of a module which is not loaded, for example. With it, programs can be loaded on a kernel
 * without type information, too.
 */
void
ebpf_load_options_add_relocation_target (EbpfLoadOptions *self, EbpfBtf *btf)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));
  g_return_if_fail (EBPF_IS_BTF (btf));

  g_ptr_array_add (self->relocation_targets, g_object_ref (btf));
}

/**
 * ebpf_load_options_replace_map:
 * @self: options
 * @name: the name of a map in the object file
 * @map: (nullable): the map to use, or %NULL to forget an earlier call
 *
 * Makes a load use @map where it would create the map @name.
 *
 * The collection has its own handle of it: either can be closed without harm to the other. The
 * map must fit what the object file says; its contents are left as they are. A program that is
 * loaded alone ([ctor@Program.new]) finds the maps that its code refers to here.
 */
void
ebpf_load_options_replace_map (EbpfLoadOptions *self, const char *name, EbpfMap *map)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (map == NULL || EBPF_IS_MAP (map));

  if (map == NULL)
    g_hash_table_remove (self->replacements, name);
  else
    g_hash_table_insert (self->replacements, g_strdup (name), g_object_ref (map));
}

static void
add_name (GPtrArray *names, const char *name)
{
  if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
    g_ptr_array_add (names, g_strdup (name));
}

/**
 * ebpf_load_options_select_program:
 * @self: options
 * @name: the name of a program in the object file
 *
 * Adds a program to those that are to be loaded.
 *
 * Once a program or a map is selected, other programs are left out, and so are the maps that none
 * of the selected needs. A selected program is loaded even where its section says that it is not
 * loaded by itself.
 */
void
ebpf_load_options_select_program (EbpfLoadOptions *self, const char *name)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));
  g_return_if_fail (name != NULL);

  add_name (self->selection, name);
  self->selective = TRUE;
}

/**
 * ebpf_load_options_select_map:
 * @self: options
 * @name: the name of a map in the object file
 *
 * Adds a map to those that are to be created, with what its first contents refer to.
 *
 * Once a program or a map is selected, whatever none of the selected needs is left out. A selected
 * map is created even where [property@MapSpec:autocreate] is off.
 */
void
ebpf_load_options_select_map (EbpfLoadOptions *self, const char *name)
{
  g_return_if_fail (EBPF_IS_LOAD_OPTIONS (self));
  g_return_if_fail (name != NULL);

  add_name (self->map_selection, name);
  self->selective = TRUE;
}

void
ebpf_load_options_be_selective (EbpfLoadOptions *self)
{
  self->selective = TRUE;
}

gboolean
ebpf_load_options_is_selective (EbpfLoadOptions *self)
{
  return self->selective;
}

GPtrArray *
ebpf_load_options_peek_map_selection (EbpfLoadOptions *self)
{
  return self->map_selection;
}

GPtrArray *
ebpf_load_options_peek_relocation_targets (EbpfLoadOptions *self)
{
  return self->relocation_targets;
}

GHashTable *
ebpf_load_options_peek_replacements (EbpfLoadOptions *self)
{
  return self->replacements;
}

GPtrArray *
ebpf_load_options_peek_selection (EbpfLoadOptions *self)
{
  return self->selection;
}
