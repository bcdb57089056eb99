/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf.h"

#include "base/ebpf-enum-types.h"
#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-parse-private.h"
#include "btf/ebpf-btf-writer-private.h"

/**
 * EbpfBtf:
 *
 * Type information: the types of an object file, of the running kernel, or of one of its modules.
 *
 * What is kept is the kernel's own encoding, in place; nothing is made of a type before it is asked
 * for. Types have numbers, of which 0 is `void`. Type information may be split from a base: its
 * numbers then go on where the base's end, and a number below [method@Btf.get_first_id] is one of
 * the base's.
 *
 * An object of this class never changes, and may be used from any thread.
 */
G_DEFINE_FINAL_TYPE (EbpfBtf, ebpf_btf, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_BASE,
  PROP_BYTE_ORDER,
  PROP_N_TYPES,
  PROP_FIRST_ID,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
ebpf_btf_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfBtf *self = EBPF_BTF (object);

  switch (prop_id)
    {
    case PROP_BASE:
      g_value_set_object (value, self->base);
      break;
    case PROP_BYTE_ORDER:
      g_value_set_enum (value, self->byte_order);
      break;
    case PROP_N_TYPES:
      g_value_set_uint (value, ebpf_btf_get_n_types (self));
      break;
    case PROP_FIRST_ID:
      g_value_set_uint (value, self->first_id);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_btf_finalize (GObject *object)
{
  EbpfBtf *self = EBPF_BTF (object);

  ebpf_btf_index_free (self->type_index);
  ebpf_btf_index_free (self->function_index);
  g_clear_pointer (&self->flavours, g_hash_table_unref);
  g_free (self->block_offsets);
  g_free (self->words);
  g_free (self->offsets);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_object (&self->base);

  G_OBJECT_CLASS (ebpf_btf_parent_class)->finalize (object);
}

static void
ebpf_btf_class_init (EbpfBtfClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = ebpf_btf_get_property;
  object_class->finalize = ebpf_btf_finalize;

  /**
   * EbpfBtf:base: (getter get_base)
   *
   * The type information that this one is split from.
   */
  properties[PROP_BASE] = g_param_spec_object ("base", NULL, NULL, EBPF_TYPE_BTF,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfBtf:byte-order: (getter get_byte_order)
   *
   * The byte order of the bytes that were parsed.
   */
  properties[PROP_BYTE_ORDER] =
      g_param_spec_enum ("byte-order", NULL, NULL, EBPF_TYPE_BYTE_ORDER,
                         EBPF_BYTE_ORDER_LITTLE_ENDIAN, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfBtf:n-types: (getter get_n_types)
   *
   * Number of types, with `void` and the base's: one more than the highest number.
   */
  properties[PROP_N_TYPES] = g_param_spec_uint ("n-types", NULL, NULL, 0, G_MAXUINT, 1,
                                                G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfBtf:first-id: (getter get_first_id)
   *
   * The lowest number that is not the base's.
   */
  properties[PROP_FIRST_ID] = g_param_spec_uint ("first-id", NULL, NULL, 0, G_MAXUINT, 1,
                                                 G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_btf_init (EbpfBtf *self)
{
  /* No types and one string: what an object made by g_object_new () stays. */
  self->strings = "";
  self->strings_length = 1;
  self->first_id = 1;
  self->byte_order =
      G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_LITTLE_ENDIAN : EBPF_BYTE_ORDER_BIG_ENDIAN;
}

EbpfBtf *
ebpf_btf_new_internal (GBytes *bytes, EbpfBtf *base, EbpfBtfTrust trust, GError **error)
{
  g_autoptr (EbpfBtf) self = g_object_new (EBPF_TYPE_BTF, NULL);

  g_set_object (&self->base, base);
  if (!ebpf_btf_parse (self, bytes, trust, error))
    return NULL;

  return g_steal_pointer (&self);
}

EbpfBtf *
ebpf_btf_new_split_checked (GBytes *bytes, EbpfBtf *base, GError **error)
{
  g_autoptr (EbpfBtf) self = ebpf_btf_new_internal (bytes, base, EBPF_BTF_UNTRUSTED, error);

  if (self != NULL && base != NULL && self->byte_order != base->byte_order)
    {
      ebpf_error_set (error, EBPF_ERROR_BYTE_ORDER, 0,
                      "the type information is not of the byte order of its base");
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * ebpf_btf_new_from_bytes:
 * @bytes: type information as in the `.BTF` section of an object file, in either byte order
 * @base: (nullable): the type information that it is split from
 * @error: return location for an error
 *
 * Parses type information.
 *
 * All of it is checked: whatever the bytes, the result is safe to use, or an error of
 * %EBPF_ERROR_BTF that names the type and its offset.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set
 */
EbpfBtf *
ebpf_btf_new_from_bytes (GBytes *bytes, EbpfBtf *base, GError **error)
{
  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (base == NULL || EBPF_IS_BTF (base), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_btf_new_split_checked (bytes, base, error);
}

/**
 * ebpf_btf_get_base:
 * @self: type information
 *
 * Gets what this type information is split from.
 *
 * Returns: (transfer none) (nullable): the base, or %NULL where this stands alone
 */
EbpfBtf *
ebpf_btf_get_base (EbpfBtf *self)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);

  return self->base;
}

/**
 * ebpf_btf_get_byte_order:
 * @self: type information
 *
 * Gets the byte order of the bytes that were parsed. It does not matter for anything that is asked
 * of the object, but says on what machines the code that came with it runs.
 *
 * Returns: the byte order
 */
EbpfByteOrder
ebpf_btf_get_byte_order (EbpfBtf *self)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), EBPF_BYTE_ORDER_LITTLE_ENDIAN);

  return self->byte_order;
}

/**
 * ebpf_btf_get_n_types:
 * @self: type information
 *
 * Gets the number of types, counting `void` and the types of the base.
 *
 * Returns: one more than the highest number of a type
 */
guint
ebpf_btf_get_n_types (EbpfBtf *self)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), 0);

  return ebpf_btf_end_id (self);
}

/**
 * ebpf_btf_get_first_id:
 * @self: type information
 *
 * Gets the lowest number of a type that is not the base's.
 *
 * Returns: 1, or the base's number of types
 */
guint
ebpf_btf_get_first_id (EbpfBtf *self)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), 0);

  return self->first_id;
}

/**
 * ebpf_btf_find:
 * @self: type information
 * @name: name of a type, without `struct` and the like
 * @kind: kind of the type; %EBPF_BTF_KIND_VOID for any
 * @error: return location for an error
 *
 * Finds a type by its name. Where there are several of that kind, that is the first, the base's
 * before others; see [method@Btf.find_all] and [method@Btf.find_unique].
 *
 * Returns: the type's number, or 0 with @error set to %EBPF_ERROR_NOT_FOUND
 */
guint
ebpf_btf_find (EbpfBtf *self, const char *name, EbpfBtfKind kind, GError **error)
{
  guint32 id;

  g_return_val_if_fail (EBPF_IS_BTF (self), 0);
  g_return_val_if_fail (name != NULL, 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  id = ebpf_btf_lookup (self, name, kind);
  if (id == 0)
    {
      GEnumClass *kinds = g_type_class_ref (EBPF_TYPE_BTF_KIND);
      GEnumValue *value = g_enum_get_value (kinds, kind);

      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0, "no %s \"%s\" in the type information",
                      kind == EBPF_BTF_KIND_VOID || value == NULL ? "type" : value->value_nick,
                      name);
      g_type_class_unref (kinds);
    }

  return id;
}

typedef struct
{
  EbpfBtfKind kind;
  guint32 first;
  guint32 second;
} Only;

static gboolean
find_second (EbpfBtf *self, guint32 id, gpointer user_data)
{
  Only *only = user_data;

  if (only->kind != EBPF_BTF_KIND_VOID && ebpf_btf_kind_of (ebpf_btf_peek (self, id)) != only->kind)
    return TRUE;

  if (only->first == 0)
    only->first = id;
  else
    only->second = id;
  return only->second == 0;
}

/**
 * ebpf_btf_find_unique:
 * @self: type information
 * @name: name of a type, without `struct` and the like
 * @kind: kind of the type; %EBPF_BTF_KIND_VOID for any
 * @error: return location for an error
 *
 * Finds the only type of a name and kind.
 *
 * Returns: the type's number, or 0 with @error set: %EBPF_ERROR_NOT_FOUND where there is none,
 *   %EBPF_ERROR_INCOMPATIBLE where there are several
 */
guint
ebpf_btf_find_unique (EbpfBtf *self, const char *name, EbpfBtfKind kind, GError **error)
{
  Only only = { .kind = kind };

  g_return_val_if_fail (EBPF_IS_BTF (self), 0);
  g_return_val_if_fail (name != NULL, 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  ebpf_btf_foreach_named (self, name, find_second, &only);
  if (only.second != 0)
    {
      g_autoptr (GEnumClass) kinds = g_type_class_ref (EBPF_TYPE_BTF_KIND);
      GEnumValue *value = g_enum_get_value (kinds, kind);

      ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                      "%s \"%s\" is there several times: types %u and %u, for example",
                      kind == EBPF_BTF_KIND_VOID || value == NULL ? "type" : value->value_nick,
                      name, MIN (only.first, only.second), MAX (only.first, only.second));
      return 0;
    }

  return only.first != 0 ? only.first : ebpf_btf_find (self, name, kind, error);
}

static gboolean
append_id (EbpfBtf *self, guint32 id, gpointer user_data)
{
  guint value = id;

  g_array_append_val ((GArray *) user_data, value);
  return TRUE;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  guint first = *(const guint *) a, second = *(const guint *) b;

  return (first > second) - (first < second);
}

/**
 * ebpf_btf_find_all:
 * @self: type information
 * @name: name of a type, without `struct` and the like
 * @n_ids: (out): return location for how many there are
 *
 * Finds all types of a name, of whatever kind, the base's first.
 *
 * Returns: (transfer full) (nullable) (array length=n_ids): the types' numbers, or %NULL where
 * there is none
 */
guint *
ebpf_btf_find_all (EbpfBtf *self, const char *name, gsize *n_ids)
{
  GArray *ids;

  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (n_ids != NULL, NULL);

  ids = g_array_new (FALSE, FALSE, sizeof (guint));
  ebpf_btf_foreach_named (self, name, append_id, ids);
  g_array_sort (ids, compare_ids);

  *n_ids = ids->len;
  return (guint *) (gpointer) g_array_free (ids, ids->len == 0);
}

/**
 * ebpf_btf_get_bytes:
 * @self: type information
 *
 * Gets the type information as it is encoded, in this machine's byte order and without the base's.
 *
 * Returns: (transfer full): the bytes
 */
GBytes *
ebpf_btf_get_bytes (EbpfBtf *self)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);

  return self->bytes != NULL ? g_bytes_ref (self->bytes) : g_bytes_new_static ("", 0);
}

/**
 * ebpf_btf_encode:
 * @self: type information
 * @byte_order: byte order of the machine that it is for
 *
 * Encodes the type information, without the base's, as in the `.BTF` section of an object file.
 *
 * Returns: (transfer full): the bytes
 */
GBytes *
ebpf_btf_encode (EbpfBtf *self, EbpfByteOrder byte_order)
{
  guint32 length = 0;

  g_return_val_if_fail (EBPF_IS_BTF (self), NULL);

  if (self->n_types > 0)
    {
      guint32 last = ebpf_btf_offset_at (self, self->n_types - 1);
      const struct btf_type *type = (gconstpointer) (self->types + last);

      length = last + sizeof *type + ebpf_btf_tail_size_of (self, type);
    }

  return ebpf_btf_encode_blob (self->types, length, self->strings, self->strings_length,
                               &self->layout, byte_order);
}

/**
 * ebpf_btf_has_layout:
 * @self: type information
 *
 * Asks whether the type information says of each kind of types how long these are, as that of Linux
 * 7.1 and later may. Types of kinds that are not known to this library are passed over then, rather
 * than that all of it is refused.
 *
 * Returns: whether it does
 */
gboolean
ebpf_btf_has_layout (EbpfBtf *self)
{
  g_return_val_if_fail (EBPF_IS_BTF (self), FALSE);

  return self->layout.n_kinds > 0;
}
