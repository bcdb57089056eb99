/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-variable-spec-private.h"

#include "spec/ebpf-collection-spec-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-private.h"

/**
 * EbpfVariableSpec:
 *
 * The blueprint of a global variable: its name, place and initial value.
 *
 * The value belongs to the spec until a load writes it into its section, so a constant is set here
 * before the collection is loaded. Values are in the host's byte order.
 */
struct _EbpfVariableSpec
{
  GObject parent_instance;

  char *name;
  char *section;
  guint offset;
  GBytes *value;
  EbpfBtfType *btf_type;
  char **tags;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_SECTION,
  PROP_OFFSET,
  PROP_SIZE,
  PROP_CONSTANT,
  PROP_BTF_TYPE,
  N_PROPS
} VariableSpecProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfVariableSpec, ebpf_variable_spec, G_TYPE_OBJECT)

static void
ebpf_variable_spec_finalize (GObject *object)
{
  EbpfVariableSpec *self = EBPF_VARIABLE_SPEC (object);

  g_free (self->name);
  g_free (self->section);
  g_clear_pointer (&self->value, g_bytes_unref);
  g_clear_pointer (&self->btf_type, ebpf_btf_type_unref);
  g_strfreev (self->tags);

  G_OBJECT_CLASS (ebpf_variable_spec_parent_class)->finalize (object);
}

static void
ebpf_variable_spec_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfVariableSpec *self = EBPF_VARIABLE_SPEC (object);

  switch ((VariableSpecProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_SECTION:
      g_value_set_string (value, self->section);
      break;
    case PROP_OFFSET:
      g_value_set_uint (value, self->offset);
      break;
    case PROP_SIZE:
      g_value_set_uint (value, ebpf_variable_spec_get_size (self));
      break;
    case PROP_CONSTANT:
      g_value_set_boolean (value, ebpf_variable_spec_get_constant (self));
      break;
    case PROP_BTF_TYPE:
      g_value_set_boxed (value, self->btf_type);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_variable_spec_class_init (EbpfVariableSpecClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_variable_spec_finalize;
  object_class->get_property = ebpf_variable_spec_get_property;

  /**
   * EbpfVariableSpec:name: (getter get_name)
   *
   * The variable's name in C.
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * EbpfVariableSpec:section: (getter get_section)
   *
   * The section that holds the variable, which is the name of its map: ".data", ".rodata", ".bss" …
   */
  properties[PROP_SECTION] = g_param_spec_string ("section", NULL, NULL, NULL, flags);

  /**
   * EbpfVariableSpec:offset: (getter get_offset)
   *
   * Where the variable starts in its section, in bytes.
   */
  properties[PROP_OFFSET] = g_param_spec_uint ("offset", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfVariableSpec:size: (getter get_size)
   *
   * The size of the variable, in bytes.
   */
  properties[PROP_SIZE] = g_param_spec_uint ("size", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfVariableSpec:constant: (getter get_constant)
   *
   * Whether the variable cannot change any more once it is loaded.
   */
  properties[PROP_CONSTANT] = g_param_spec_boolean ("constant", NULL, NULL, FALSE, flags);

  /**
   * EbpfVariableSpec:btf-type: (getter get_btf_type)
   *
   * The type of the variable, where it is known.
   */
  properties[PROP_BTF_TYPE] =
      g_param_spec_boxed ("btf-type", NULL, NULL, EBPF_TYPE_BTF_TYPE, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_variable_spec_init (EbpfVariableSpec *self)
{
}

/**
 * ebpf_variable_spec_new:
 * @name: the variable's name
 * @section: the section that holds it
 * @offset: where it starts in the section, in bytes
 * @value: its initial value; its length is the variable's
 * @btf_type: (nullable): its type
 *
 * Makes a blueprint by hand.
 *
 * Returns: (transfer full): a new spec
 */
EbpfVariableSpec *
ebpf_variable_spec_new (const char *name,
                        const char *section,
                        guint offset,
                        GBytes *value,
                        EbpfBtfType *btf_type)
{
  EbpfVariableSpec *self;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (section != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);

  self = g_object_new (EBPF_TYPE_VARIABLE_SPEC, NULL);
  self->name = g_strdup (name);
  self->section = g_strdup (section);
  self->offset = offset;
  self->value = g_bytes_ref (value);
  self->btf_type = btf_type != NULL ? ebpf_btf_type_ref (btf_type) : NULL;

  return self;
}

/**
 * ebpf_variable_spec_copy:
 * @self: a variable spec
 *
 * Makes an independent copy.
 *
 * Returns: (transfer full): the copy
 */
EbpfVariableSpec *
ebpf_variable_spec_copy (EbpfVariableSpec *self)
{
  EbpfVariableSpec *copy;

  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), NULL);

  copy =
      ebpf_variable_spec_new (self->name, self->section, self->offset, self->value, self->btf_type);
  copy->tags = g_strdupv (self->tags);

  return copy;
}

const char *
ebpf_variable_spec_peek_name (EbpfVariableSpec *self)
{
  return self->name;
}

/**
 * ebpf_variable_spec_get_name: (get-property name)
 * @self: a variable spec
 *
 * Gets the variable's name.
 *
 * Returns: (transfer none): the name
 */
const char *
ebpf_variable_spec_get_name (EbpfVariableSpec *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), NULL);

  return self->name;
}

/**
 * ebpf_variable_spec_get_section: (get-property section)
 * @self: a variable spec
 *
 * Gets the section that holds the variable.
 *
 * Returns: (transfer none): the section's name, which is that of its map
 */
const char *
ebpf_variable_spec_get_section (EbpfVariableSpec *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), NULL);

  return self->section;
}

/**
 * ebpf_variable_spec_get_offset: (get-property offset)
 * @self: a variable spec
 *
 * Gets where the variable starts in its section.
 *
 * Returns: the offset, in bytes
 */
guint
ebpf_variable_spec_get_offset (EbpfVariableSpec *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), 0);

  return self->offset;
}

/**
 * ebpf_variable_spec_get_size: (get-property size)
 * @self: a variable spec
 *
 * Gets the size of the variable.
 *
 * Returns: the size, in bytes
 */
guint
ebpf_variable_spec_get_size (EbpfVariableSpec *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), 0);

  return self->value != NULL ? (guint) g_bytes_get_size (self->value) : 0;
}

/**
 * ebpf_variable_spec_get_constant: (get-property constant)
 * @self: a variable spec
 *
 * Whether the variable is one of those that are frozen by a load.
 *
 * Returns: %TRUE for a constant
 */
gboolean
ebpf_variable_spec_get_constant (EbpfVariableSpec *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), FALSE);

  return self->section != NULL && g_str_has_prefix (self->section, ".rodata");
}

/**
 * ebpf_variable_spec_get_btf_type: (get-property btf-type)
 * @self: a variable spec
 *
 * Gets the type of the variable.
 *
 * Returns: (transfer none) (nullable): the type, or %NULL where it is not known
 */
EbpfBtfType *
ebpf_variable_spec_get_btf_type (EbpfVariableSpec *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), NULL);

  return self->btf_type;
}

/**
 * ebpf_variable_spec_get_tags:
 * @self: a variable spec
 *
 * Gets the tags that the variable was given in the source: `__attribute__ ((btf_decl_tag ("…")))`.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the tags, or %NULL where there are
 *   none
 */
const char *const *
ebpf_variable_spec_get_tags (EbpfVariableSpec *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), NULL);

  return (const char *const *) self->tags;
}

void
ebpf_variable_spec_set_tags (EbpfVariableSpec *self, const char *const *tags)
{
  g_strfreev (self->tags);
  self->tags = g_strdupv ((char **) tags);
}

void
ebpf_variable_spec_replace (EbpfVariableSpec *self, GBytes *value, EbpfBtfType *btf_type)
{
  if (btf_type != NULL)
    ebpf_btf_type_ref (btf_type);
  g_clear_pointer (&self->btf_type, ebpf_btf_type_unref);
  self->btf_type = btf_type;

  g_bytes_ref (value);
  g_bytes_unref (self->value);
  self->value = value;
}

/**
 * ebpf_variable_spec_get_bytes:
 * @self: a variable spec
 *
 * Gets the initial value.
 *
 * Returns: (transfer full): the value
 */
GBytes *
ebpf_variable_spec_get_bytes (EbpfVariableSpec *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), NULL);

  return g_bytes_ref (self->value);
}

/**
 * ebpf_variable_spec_set_bytes:
 * @self: a variable spec
 * @bytes: the value
 * @error: return location for an error
 *
 * Sets the initial value. Fails with %EBPF_ERROR_WRONG_SIZE where it is not exactly as long as the
 * variable.
 *
 * Returns: whether it was set
 */
gboolean
ebpf_variable_spec_set_bytes (EbpfVariableSpec *self, GBytes *bytes, GError **error)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);

  if (g_bytes_get_size (bytes) != ebpf_variable_spec_get_size (self))
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "variable \"%s\" of %s has %u bytes, not %" G_GSIZE_FORMAT, self->name,
                      self->section, ebpf_variable_spec_get_size (self), g_bytes_get_size (bytes));
      return FALSE;
    }

  g_bytes_ref (bytes);
  g_bytes_unref (self->value);
  self->value = bytes;
  return TRUE;
}

static gboolean
require_type (EbpfVariableSpec *self, GError **error)
{
  if (self->btf_type != NULL)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                  "variable \"%s\" of %s has no type: the object was built without BTF (clang -g)",
                  self->name, self->section);
  return FALSE;
}

/**
 * ebpf_variable_spec_get_value:
 * @self: a variable spec
 * @error: return location for an error
 *
 * Gets the initial value, decoded by its type.
 *
 * Returns: (transfer full): the value
 */
GVariant *
ebpf_variable_spec_get_value (EbpfVariableSpec *self, GError **error)
{
  GVariant *variant;

  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), NULL);

  if (!require_type (self, error))
    return NULL;

  variant = ebpf_btf_value_to_variant (
      ebpf_btf_type_get_btf (self->btf_type), ebpf_btf_type_get_id (self->btf_type),
      g_bytes_get_data (self->value, NULL), g_bytes_get_size (self->value), error);
  return variant != NULL ? g_variant_take_ref (variant) : NULL;
}

/**
 * ebpf_variable_spec_set_value:
 * @self: a variable spec
 * @value: the value
 * @error: return location for an error
 *
 * Sets the initial value, encoded by its type. A variable whose type is not known takes bytes
 * (`ay`), of exactly its size.
 *
 * Returns: whether it was set
 */
gboolean
ebpf_variable_spec_set_value (EbpfVariableSpec *self, GVariant *value, GError **error)
{
  g_autoptr (GVariant) sunk = NULL;
  g_autofree guint8 *data = NULL;
  gsize size;

  g_return_val_if_fail (EBPF_IS_VARIABLE_SPEC (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  sunk = g_variant_ref_sink (value);
  if (self->btf_type == NULL && g_variant_is_of_type (sunk, G_VARIANT_TYPE_BYTESTRING))
    {
      g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (sunk);

      return ebpf_variable_spec_set_bytes (self, bytes, error);
    }
  if (!require_type (self, error))
    return FALSE;

  size = g_bytes_get_size (self->value);
  data = g_malloc0 (size);
  if (!ebpf_btf_value_from_variant (ebpf_btf_type_get_btf (self->btf_type),
                                    ebpf_btf_type_get_id (self->btf_type), sunk, data, size, error))
    {
      g_prefix_error (error, "variable \"%s\": ", self->name);
      return FALSE;
    }

  g_bytes_unref (self->value);
  self->value = g_bytes_new_take (g_steal_pointer (&data), size);
  return TRUE;
}
