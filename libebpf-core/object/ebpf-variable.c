/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-variable-private.h"

#include <string.h>

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-type.h"
#include "object/ebpf-map-private.h"

/**
 * EbpfVariable:
 *
 * A global variable of the BPF code in a loaded collection.
 *
 * Programs and the application see the same memory: reading and writing it are no system calls
 * (since Linux 5.5; before, they are). Aligned variables of 1, 2, 4 and 8 bytes are read and
 * written in one piece. A variable lives in the map of its section and can be used as long as that
 * is open.
 */
struct _EbpfVariable
{
  GObject parent_instance;

  EbpfVariableSpec *spec;
  EbpfMap *map;
  guint offset;
  guint size;
};

G_DEFINE_FINAL_TYPE (EbpfVariable, ebpf_variable, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_NAME,
  PROP_MAP,
  PROP_SIZE,
  PROP_READ_ONLY,
  PROP_BTF_TYPE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
ebpf_variable_finalize (GObject *object)
{
  EbpfVariable *self = EBPF_VARIABLE (object);

  g_clear_object (&self->spec);
  g_clear_object (&self->map);

  G_OBJECT_CLASS (ebpf_variable_parent_class)->finalize (object);
}

static void
ebpf_variable_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfVariable *self = EBPF_VARIABLE (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, ebpf_variable_get_name (self));
      break;
    case PROP_MAP:
      g_value_set_object (value, self->map);
      break;
    case PROP_SIZE:
      g_value_set_uint (value, self->size);
      break;
    case PROP_READ_ONLY:
      g_value_set_boolean (value, ebpf_variable_get_read_only (self));
      break;
    case PROP_BTF_TYPE:
      g_value_set_boxed (value, ebpf_variable_get_btf_type (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_variable_class_init (EbpfVariableClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ebpf_variable_finalize;
  object_class->get_property = ebpf_variable_get_property;

  /**
   * EbpfVariable:name:
   *
   * Its name in the source.
   */
  properties[PROP_NAME] =
      g_param_spec_string ("name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfVariable:map:
   *
   * The map of the section that it is in.
   */
  properties[PROP_MAP] = g_param_spec_object ("map", NULL, NULL, EBPF_TYPE_MAP,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfVariable:size:
   *
   * Its size in bytes.
   */
  properties[PROP_SIZE] = g_param_spec_uint ("size", NULL, NULL, 0, G_MAXUINT, 0,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfVariable:read-only:
   *
   * Whether it is a constant: one that can be set in its spec only, before the load.
   */
  properties[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, FALSE,
                                                     G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfVariable:btf-type:
   *
   * Its type, or %NULL where the object file does not say.
   */
  properties[PROP_BTF_TYPE] = g_param_spec_boxed ("btf-type", NULL, NULL, EBPF_TYPE_BTF_TYPE,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_variable_init (EbpfVariable *self)
{
}

EbpfVariable *
ebpf_variable_new (EbpfVariableSpec *spec, EbpfMap *map)
{
  EbpfVariable *self = g_object_new (EBPF_TYPE_VARIABLE, NULL);

  self->spec = g_object_ref (spec);
  self->map = g_object_ref (map);
  self->offset = ebpf_variable_spec_get_offset (spec) + ebpf_map_peek_data_offset (map);
  self->size = ebpf_variable_spec_get_size (spec);

  return self;
}

/**
 * ebpf_variable_get_name:
 * @self: a variable
 *
 * Gets its name in the source.
 *
 * Returns: (transfer none): the name
 */
const char *
ebpf_variable_get_name (EbpfVariable *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE (self), NULL);

  return ebpf_variable_spec_get_name (self->spec);
}

/**
 * ebpf_variable_get_map:
 * @self: a variable
 *
 * Gets the map of the section that it is in.
 *
 * Returns: (transfer none): the map
 */
EbpfMap *
ebpf_variable_get_map (EbpfVariable *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE (self), NULL);

  return self->map;
}

/**
 * ebpf_variable_get_size:
 * @self: a variable
 *
 * Gets its size.
 *
 * Returns: bytes
 */
guint
ebpf_variable_get_size (EbpfVariable *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE (self), 0);

  return self->size;
}

/**
 * ebpf_variable_get_read_only:
 * @self: a variable
 *
 * Says whether it is a constant.
 *
 * Returns: whether it cannot be set any more
 */
gboolean
ebpf_variable_get_read_only (EbpfVariable *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE (self), TRUE);

  return ebpf_variable_spec_get_constant (self->spec) || ebpf_map_is_frozen (self->map);
}

/**
 * ebpf_variable_get_btf_type:
 * @self: a variable
 *
 * Gets its type.
 *
 * Returns: (nullable) (transfer none): the type, or %NULL where the object file does not say
 */
EbpfBtfType *
ebpf_variable_get_btf_type (EbpfVariable *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE (self), NULL);

  return ebpf_variable_spec_get_btf_type (self->spec);
}

/* What a program may be writing meanwhile is not read in halves, nor the other way round: the side
 * that is shared, @memory, decides. */
static void
load_in_one_piece (gpointer dest, gconstpointer memory, gsize size)
{
  union
  {
    guint64 u64;
    guint32 u32;
    guint16 u16;
  } value;

  if (size == 8 && (guintptr) memory % 8 == 0)
    value.u64 = __atomic_load_n ((const guint64 *) memory, __ATOMIC_RELAXED);
  else if (size == 4 && (guintptr) memory % 4 == 0)
    value.u32 = __atomic_load_n ((const guint32 *) memory, __ATOMIC_RELAXED);
  else if (size == 2 && (guintptr) memory % 2 == 0)
    value.u16 = __atomic_load_n ((const guint16 *) memory, __ATOMIC_RELAXED);
  else
    {
      memcpy (dest, memory, size);
      return;
    }

  memcpy (dest, &value, size);
}

static void
store_in_one_piece (gpointer memory, gconstpointer src, gsize size)
{
  union
  {
    guint64 u64;
    guint32 u32;
    guint16 u16;
  } value = { 0 };

  if (size <= sizeof value)
    memcpy (&value, src, size);

  if (size == 8 && (guintptr) memory % 8 == 0)
    __atomic_store_n ((guint64 *) memory, value.u64, __ATOMIC_RELAXED);
  else if (size == 4 && (guintptr) memory % 4 == 0)
    __atomic_store_n ((guint32 *) memory, value.u32, __ATOMIC_RELAXED);
  else if (size == 2 && (guintptr) memory % 2 == 0)
    __atomic_store_n ((guint16 *) memory, value.u16, __ATOMIC_RELAXED);
  else
    memcpy (memory, src, size);
}

static gboolean
check_size (EbpfVariable *self, gsize size, const char *doing, GError **error)
{
  if (size == self->size)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                  "%s variable \"%s\": it has %u bytes, not %" G_GSIZE_FORMAT, doing,
                  ebpf_variable_get_name (self), self->size, size);
  return FALSE;
}

static gboolean
check_inside (EbpfVariable *self, gsize size, const char *doing, GError **error)
{
  if (self->offset <= size && self->size <= size - self->offset)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                  "%s variable \"%s\": it reaches out of its map, which has %" G_GSIZE_FORMAT
                  " bytes",
                  doing, ebpf_variable_get_name (self), size);
  return FALSE;
}

/* Its bytes in the map's memory; NULL without @error where that cannot be mapped. */
static guint8 *
peek_memory (EbpfVariable *self, const char *doing, GError **error)
{
  guint8 *memory;
  gsize size;

  if (!ebpf_map_is_open (self->map))
    {
      ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "%s variable \"%s\": its map was closed", doing,
                      ebpf_variable_get_name (self));
      return NULL;
    }

  if (!ebpf_map_is_arena (self->map) &&
      !check_inside (self, ebpf_map_get_value_size (self->map), doing, error))
    return NULL;

  if ((ebpf_map_get_map_flags (self->map) & EBPF_MAP_FLAGS_MMAPABLE) == 0)
    return NULL;

  memory = ebpf_map_peek_memory (self->map, &size, NULL, error);
  if (memory == NULL)
    {
      g_prefix_error (error, "%s variable \"%s\": ", doing, ebpf_variable_get_name (self));
      return NULL;
    }

  if (!check_inside (self, size, doing, error))
    return NULL;

  return memory + self->offset;
}

/**
 * ebpf_variable_read_raw: (skip)
 * @self: a variable
 * @data: (out caller-allocates): where its bytes are put
 * @size: number of bytes there, which has to be the variable's
 * @error: return location for an error
 *
 * Reads the variable, in the host's byte order.
 *
 * Returns: whether it was read
 */
gboolean
ebpf_variable_read_raw (EbpfVariable *self, gpointer data, gsize size, GError **error)
{
  g_autofree guint8 *section = NULL;
  GError *local_error = NULL;
  const guint32 key = 0;
  const guint8 *memory;

  g_return_val_if_fail (EBPF_IS_VARIABLE (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);

  if (!check_size (self, size, "reading", error))
    return FALSE;
  if (size == 0)
    return TRUE;

  memory = peek_memory (self, "reading", &local_error);
  if (memory != NULL)
    {
      load_in_one_piece (data, memory, size);
      return TRUE;
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, local_error);
      return FALSE;
    }

  section = g_malloc (ebpf_map_get_value_buffer_size (self->map));
  if (!ebpf_map_lookup_raw (self->map, &key, section, 0, error))
    {
      g_prefix_error (error, "reading variable \"%s\": ", ebpf_variable_get_name (self));
      return FALSE;
    }

  memcpy (data, section + self->offset, size);
  return TRUE;
}

/**
 * ebpf_variable_write_raw: (skip)
 * @self: a variable
 * @data: its new bytes, in the host's byte order
 * @size: their number, which has to be the variable's
 * @error: return location for an error
 *
 * Writes the variable.
 *
 * Before Linux 5.5 its whole section is read and written back: what a program changes in between
 * is lost.
 *
 * Returns: whether it was written
 */
gboolean
ebpf_variable_write_raw (EbpfVariable *self, gconstpointer data, gsize size, GError **error)
{
  g_autofree guint8 *section = NULL;
  GError *local_error = NULL;
  const guint32 key = 0;
  guint8 *memory;

  g_return_val_if_fail (EBPF_IS_VARIABLE (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);

  if (!check_size (self, size, "writing", error))
    return FALSE;
  if (ebpf_variable_get_read_only (self))
    {
      ebpf_error_set (error, EBPF_ERROR_READ_ONLY, 0,
                      "writing variable \"%s\": it is a constant, which can be set in its spec "
                      "before the load only",
                      ebpf_variable_get_name (self));
      return FALSE;
    }
  if (size == 0)
    return TRUE;

  memory = peek_memory (self, "writing", &local_error);
  if (memory != NULL)
    {
      gboolean writable = FALSE;

      if (ebpf_map_peek_memory (self->map, NULL, &writable, NULL) != NULL && writable)
        {
          store_in_one_piece (memory, data, size);
          return TRUE;
        }
      ebpf_error_set (error, EBPF_ERROR_READ_ONLY, 0,
                      "writing variable \"%s\": the memory of its map cannot be written",
                      ebpf_variable_get_name (self));
      return FALSE;
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, local_error);
      return FALSE;
    }

  section = g_malloc (ebpf_map_get_value_buffer_size (self->map));
  if (ebpf_map_lookup_raw (self->map, &key, section, 0, error))
    {
      memcpy (section + self->offset, data, size);
      if (ebpf_map_update_raw (self->map, &key, section, 0, error))
        return TRUE;
    }

  g_prefix_error (error, "writing variable \"%s\": ", ebpf_variable_get_name (self));
  return FALSE;
}

/**
 * ebpf_variable_get_tags:
 * @self: a variable
 *
 * Gets the tags that the variable was given in the source: `__attribute__ ((btf_decl_tag ("…")))`.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the tags, or %NULL where there are
 *   none
 */
const char *const *
ebpf_variable_get_tags (EbpfVariable *self)
{
  g_return_val_if_fail (EBPF_IS_VARIABLE (self), NULL);

  return ebpf_variable_spec_get_tags (self->spec);
}

/**
 * ebpf_variable_get_bytes:
 * @self: a variable
 * @error: return location for an error
 *
 * Reads the variable as bytes, in the host's byte order.
 *
 * Returns: (transfer full): its bytes now
 */
GBytes *
ebpf_variable_get_bytes (EbpfVariable *self, GError **error)
{
  g_autofree guint8 *data = NULL;

  g_return_val_if_fail (EBPF_IS_VARIABLE (self), NULL);

  data = g_malloc (MAX (self->size, 1));
  if (!ebpf_variable_read_raw (self, data, self->size, error))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&data), self->size);
}

/**
 * ebpf_variable_set_bytes:
 * @self: a variable
 * @bytes: its new bytes, in the host's byte order
 * @error: return location for an error
 *
 * Writes the variable from bytes, as many as it has.
 *
 * Returns: whether it was written
 */
gboolean
ebpf_variable_set_bytes (EbpfVariable *self, GBytes *bytes, GError **error)
{
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (EBPF_IS_VARIABLE (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);

  data = g_bytes_get_data (bytes, &size);
  return ebpf_variable_write_raw (self, data, size, error);
}

static EbpfBtfType *
peek_type (EbpfVariable *self, const char *doing, GError **error)
{
  EbpfBtfType *type = ebpf_variable_get_btf_type (self);

  if (type == NULL)
    ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                    "%s variable \"%s\": the object file does not say its type; use its bytes",
                    doing, ebpf_variable_get_name (self));

  return type;
}

/**
 * ebpf_variable_get_value:
 * @self: a variable
 * @error: return location for an error
 *
 * Reads the variable as its type has it.
 *
 * Returns: (transfer full): its value now
 */
GVariant *
ebpf_variable_get_value (EbpfVariable *self, GError **error)
{
  g_autofree guint8 *data = NULL;
  EbpfBtfType *type;
  GVariant *value;

  g_return_val_if_fail (EBPF_IS_VARIABLE (self), NULL);

  type = peek_type (self, "reading", error);
  if (type == NULL)
    return NULL;

  data = g_malloc (MAX (self->size, 1));
  if (!ebpf_variable_read_raw (self, data, self->size, error))
    return NULL;

  value = ebpf_btf_type_to_variant_raw (type, data, self->size, error);
  if (value == NULL)
    {
      g_prefix_error (error, "reading variable \"%s\": ", ebpf_variable_get_name (self));
      return NULL;
    }

  return g_variant_take_ref (value);
}

/**
 * ebpf_variable_set_value:
 * @self: a variable
 * @value: its new value; a floating reference is taken
 * @error: return location for an error
 *
 * Writes the variable from a value that fits its type.
 *
 * Returns: whether it was written
 */
gboolean
ebpf_variable_set_value (EbpfVariable *self, GVariant *value, GError **error)
{
  g_autoptr (GVariant) owned = NULL;
  g_autofree guint8 *data = NULL;
  EbpfBtfType *type;

  g_return_val_if_fail (EBPF_IS_VARIABLE (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  owned = g_variant_ref_sink (value);
  type = peek_type (self, "writing", error);
  if (type == NULL)
    return FALSE;

  /* A struct given in part keeps what is not said of it. */
  data = g_malloc (MAX (self->size, 1));
  if (!ebpf_variable_read_raw (self, data, self->size, error))
    return FALSE;

  if (!ebpf_btf_type_from_variant_raw (type, owned, data, self->size, error))
    {
      g_prefix_error (error, "writing variable \"%s\": ", ebpf_variable_get_name (self));
      return FALSE;
    }

  return ebpf_variable_write_raw (self, data, self->size, error);
}
