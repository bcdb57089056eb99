/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-map-spec-private.h"

#include "base/ebpf-enum-types.h"
#include "btf/ebpf-btf-type.h"

/**
 * EbpfMapSpec:
 *
 * The blueprint of a map.
 *
 * A spec comes out of an object file, as a part of an [class@CollectionSpec], or is made by hand.
 * Every fact can be changed until it is used; a map that was made from it does not follow later
 * changes.
 */
struct _EbpfMapSpec
{
  GObject parent_instance;

  char *name;
  EbpfMapType map_type;
  guint key_size;
  guint value_size;
  guint max_entries;
  guint map_flags;
  guint64 map_extra;
  guint numa_node;
  guint ifindex;
  char *exclusive_program; /* or NULL */
  GBytes *exclusive_hash;  /* or NULL */
  EbpfPinning pinning;
  EbpfBtfType *key_type;
  EbpfBtfType *value_type;
  EbpfMapSpec *inner_map;
  GPtrArray *contents;
  GBytes *extra; /* or NULL */
  char **tags;
  gboolean autocreate;
  gboolean autoattach;
  gboolean data_section;
  gboolean constant;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_MAP_TYPE,
  PROP_MAP_TYPE_NUMBER,
  PROP_KEY_SIZE,
  PROP_VALUE_SIZE,
  PROP_MAX_ENTRIES,
  PROP_MAP_FLAGS,
  PROP_MAP_EXTRA,
  PROP_NUMA_NODE,
  PROP_IFINDEX,
  PROP_EXCLUSIVE_PROGRAM,
  PROP_EXCLUSIVE_HASH,
  PROP_PINNING,
  PROP_KEY_TYPE,
  PROP_VALUE_TYPE,
  PROP_INNER_MAP,
  PROP_AUTOCREATE,
  PROP_AUTOATTACH,
  PROP_EXTRA,
  N_PROPS
} MapSpecProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfMapSpec, ebpf_map_spec, G_TYPE_OBJECT)

static void
ebpf_map_spec_finalize (GObject *object)
{
  EbpfMapSpec *self = EBPF_MAP_SPEC (object);

  g_free (self->name);
  g_clear_pointer (&self->key_type, ebpf_btf_type_unref);
  g_clear_pointer (&self->value_type, ebpf_btf_type_unref);
  g_clear_object (&self->inner_map);
  g_ptr_array_unref (self->contents);
  g_clear_pointer (&self->extra, g_bytes_unref);
  g_clear_pointer (&self->exclusive_hash, g_bytes_unref);
  g_free (self->exclusive_program);
  g_strfreev (self->tags);

  G_OBJECT_CLASS (ebpf_map_spec_parent_class)->finalize (object);
}

static void
ebpf_map_spec_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfMapSpec *self = EBPF_MAP_SPEC (object);

  switch ((MapSpecProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_MAP_TYPE:
      g_value_set_enum (value, (int) self->map_type);
      break;
    case PROP_MAP_TYPE_NUMBER:
      g_value_set_uint (value, (guint) self->map_type);
      break;
    case PROP_KEY_SIZE:
      g_value_set_uint (value, self->key_size);
      break;
    case PROP_VALUE_SIZE:
      g_value_set_uint (value, self->value_size);
      break;
    case PROP_MAX_ENTRIES:
      g_value_set_uint (value, self->max_entries);
      break;
    case PROP_MAP_FLAGS:
      g_value_set_uint (value, self->map_flags);
      break;
    case PROP_MAP_EXTRA:
      g_value_set_uint64 (value, self->map_extra);
      break;
    case PROP_NUMA_NODE:
      g_value_set_uint (value, self->numa_node);
      break;
    case PROP_IFINDEX:
      g_value_set_uint (value, self->ifindex);
      break;
    case PROP_EXCLUSIVE_PROGRAM:
      g_value_set_string (value, self->exclusive_program);
      break;
    case PROP_EXCLUSIVE_HASH:
      g_value_set_boxed (value, self->exclusive_hash);
      break;
    case PROP_PINNING:
      g_value_set_enum (value, (int) self->pinning);
      break;
    case PROP_KEY_TYPE:
      g_value_set_boxed (value, self->key_type);
      break;
    case PROP_VALUE_TYPE:
      g_value_set_boxed (value, self->value_type);
      break;
    case PROP_INNER_MAP:
      g_value_set_object (value, self->inner_map);
      break;
    case PROP_EXTRA:
      g_value_set_boxed (value, self->extra);
      break;
    case PROP_AUTOCREATE:
      g_value_set_boolean (value, self->autocreate);
      break;
    case PROP_AUTOATTACH:
      g_value_set_boolean (value, self->autoattach);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_spec_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  EbpfMapSpec *self = EBPF_MAP_SPEC (object);

  switch ((MapSpecProperty) prop_id)
    {
    case PROP_NAME:
      self->name = g_value_dup_string (value);
      if (self->name == NULL)
        self->name = g_strdup ("");
      break;
    case PROP_MAP_TYPE:
      ebpf_map_spec_set_map_type (self, g_value_get_enum (value));
      break;
    case PROP_MAP_TYPE_NUMBER:
      ebpf_map_spec_set_map_type (self, (EbpfMapType) g_value_get_uint (value));
      break;
    case PROP_KEY_SIZE:
      ebpf_map_spec_set_key_size (self, g_value_get_uint (value));
      break;
    case PROP_VALUE_SIZE:
      ebpf_map_spec_set_value_size (self, g_value_get_uint (value));
      break;
    case PROP_MAX_ENTRIES:
      ebpf_map_spec_set_max_entries (self, g_value_get_uint (value));
      break;
    case PROP_MAP_FLAGS:
      ebpf_map_spec_set_map_flags (self, g_value_get_uint (value));
      break;
    case PROP_MAP_EXTRA:
      ebpf_map_spec_set_map_extra (self, g_value_get_uint64 (value));
      break;
    case PROP_NUMA_NODE:
      ebpf_map_spec_set_numa_node (self, g_value_get_uint (value));
      break;
    case PROP_IFINDEX:
      ebpf_map_spec_set_ifindex (self, g_value_get_uint (value));
      break;
    case PROP_EXCLUSIVE_PROGRAM:
      ebpf_map_spec_set_exclusive_program (self, g_value_get_string (value));
      break;
    case PROP_EXCLUSIVE_HASH:
      ebpf_map_spec_set_exclusive_hash (self, g_value_get_boxed (value));
      break;
    case PROP_PINNING:
      ebpf_map_spec_set_pinning (self, g_value_get_enum (value));
      break;
    case PROP_KEY_TYPE:
      ebpf_map_spec_set_key_type (self, g_value_get_boxed (value));
      break;
    case PROP_VALUE_TYPE:
      ebpf_map_spec_set_value_type (self, g_value_get_boxed (value));
      break;
    case PROP_INNER_MAP:
      ebpf_map_spec_set_inner_map (self, g_value_get_object (value));
      break;
    case PROP_EXTRA:
      ebpf_map_spec_set_extra (self, g_value_get_boxed (value));
      break;
    case PROP_AUTOCREATE:
      ebpf_map_spec_set_autocreate (self, g_value_get_boolean (value));
      break;
    case PROP_AUTOATTACH:
      ebpf_map_spec_set_autoattach (self, g_value_get_boolean (value));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_spec_class_init (EbpfMapSpecClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_map_spec_finalize;
  object_class->get_property = ebpf_map_spec_get_property;
  object_class->set_property = ebpf_map_spec_set_property;

  /**
   * EbpfMapSpec:name: (getter get_name)
   *
   * The name by which a collection and its programs know the map. The kernel sees the first 15
   * characters of it.
   */
  properties[PROP_NAME] = g_param_spec_string (
      "name", NULL, NULL, "", G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfMapSpec:map-type: (getter get_map_type) (setter set_map_type)
   *
   * The type of map. A number that the enumeration does not list is set by
   * [property@MapSpec:map-type-number].
   */
  properties[PROP_MAP_TYPE] =
      g_param_spec_enum ("map-type", NULL, NULL, EBPF_TYPE_MAP_TYPE, EBPF_MAP_TYPE_UNSPEC, flags);

  /**
   * EbpfMapSpec:map-type-number: (getter get_map_type_number) (setter set_map_type_number)
   *
   * The same as [property@MapSpec:map-type], as a number: scripts cannot set an enumeration to a
   * number that it does not list.
   */
  properties[PROP_MAP_TYPE_NUMBER] =
      g_param_spec_uint ("map-type-number", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfMapSpec:key-size: (getter get_key_size) (setter set_key_size)
   *
   * The length of a key, in bytes.
   */
  properties[PROP_KEY_SIZE] = g_param_spec_uint ("key-size", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfMapSpec:value-size: (getter get_value_size) (setter set_value_size)
   *
   * The length of a value, in bytes; of one CPU's value where there is one for each.
   */
  properties[PROP_VALUE_SIZE] =
      g_param_spec_uint ("value-size", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfMapSpec:max-entries: (getter get_max_entries) (setter set_max_entries)
   *
   * How many entries fit, or whatever the type of map takes this number for.
   */
  properties[PROP_MAX_ENTRIES] =
      g_param_spec_uint ("max-entries", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfMapSpec:map-flags: (getter get_map_flags) (setter set_map_flags)
   *
   * Flags of creation, see [flags@MapFlags].
   */
  properties[PROP_MAP_FLAGS] = g_param_spec_uint ("map-flags", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfMapSpec:map-extra: (getter get_map_extra) (setter set_map_extra)
   *
   * A parameter that some types of map take (Linux 5.16).
   */
  properties[PROP_MAP_EXTRA] =
      g_param_spec_uint64 ("map-extra", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * EbpfMapSpec:numa-node: (getter get_numa_node) (setter set_numa_node)
   *
   * The node whose memory holds the map, where [flags@MapFlags.NUMA_NODE] is set.
   */
  properties[PROP_NUMA_NODE] = g_param_spec_uint ("numa-node", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfMapSpec:ifindex: (getter get_ifindex) (setter set_ifindex)
   *
   * The network device that an offloaded map lives on, or 0.
   */
  properties[PROP_IFINDEX] = g_param_spec_uint ("ifindex", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfMapSpec:exclusive-program: (getter get_exclusive_program) (setter set_exclusive_program)
   *
   * The name of the only program that may use the map (Linux 6.18), in the collection that the map is
   * of; or %NULL for any.
   */
  properties[PROP_EXCLUSIVE_PROGRAM] =
      g_param_spec_string ("exclusive-program", NULL, NULL, NULL, flags);

  /**
   * EbpfMapSpec:exclusive-hash: (getter get_exclusive_hash) (setter set_exclusive_hash)
   *
   * The SHA-256 of the code of the only program that may use the map (Linux 6.18), 32 bytes; or %NULL
   * for any, or the one that [property@MapSpec:exclusive-program] names.
   */
  properties[PROP_EXCLUSIVE_HASH] =
      g_param_spec_boxed ("exclusive-hash", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * EbpfMapSpec:pinning: (getter get_pinning) (setter set_pinning)
   *
   * Whether the map is to be pinned when a collection is loaded.
   */
  properties[PROP_PINNING] =
      g_param_spec_enum ("pinning", NULL, NULL, EBPF_TYPE_PINNING, EBPF_PINNING_NONE, flags);

  /**
   * EbpfMapSpec:key-type: (getter get_key_type) (setter set_key_type)
   *
   * The type of a key, where it is known.
   */
  properties[PROP_KEY_TYPE] =
      g_param_spec_boxed ("key-type", NULL, NULL, EBPF_TYPE_BTF_TYPE, flags);

  /**
   * EbpfMapSpec:value-type: (getter get_value_type) (setter set_value_type)
   *
   * The type of a value, or of a record where the map is a stream, where it is known.
   */
  properties[PROP_VALUE_TYPE] =
      g_param_spec_boxed ("value-type", NULL, NULL, EBPF_TYPE_BTF_TYPE, flags);

  /**
   * EbpfMapSpec:inner-map: (getter get_inner_map) (setter set_inner_map)
   *
   * What the maps that this map holds look like.
   */
  properties[PROP_INNER_MAP] =
      g_param_spec_object ("inner-map", NULL, NULL, EBPF_TYPE_MAP_SPEC, flags);

  /**
   * EbpfMapSpec:autocreate: (getter get_autocreate) (setter set_autocreate)
   *
   * Whether loading a collection creates the map.
   */
  properties[PROP_AUTOCREATE] = g_param_spec_boolean ("autocreate", NULL, NULL, TRUE, flags);

  /**
   * EbpfMapSpec:autoattach: (getter get_autoattach) (setter set_autoattach)
   *
   * Whether attaching a collection gives the operations of a struct_ops map to the kernel. Other maps
   * cannot be attached.
   */
  properties[PROP_AUTOATTACH] = g_param_spec_boolean ("autoattach", NULL, NULL, TRUE, flags);

  /**
   * EbpfMapSpec:extra: (getter get_extra) (setter set_extra)
   *
   * What stands behind the known fields of a definition in a section "maps", as iproute2 and others
   * have it, in the byte order of the object file. A map is not created while there is a byte in it
   * that is not zero: whoever knows what it means sets it to %NULL once that is done.
   */
  properties[PROP_EXTRA] = g_param_spec_boxed ("extra", NULL, NULL, G_TYPE_BYTES, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_map_spec_init (EbpfMapSpec *self)
{
  self->contents = ebpf_map_contents_new ();
  self->autocreate = TRUE;
  self->autoattach = TRUE;
}

/**
 * ebpf_map_spec_new:
 * @name: the map's name
 * @map_type: the type of map
 * @key_size: bytes of a key
 * @value_size: bytes of a value
 * @max_entries: how many entries
 *
 * Makes a blueprint by hand.
 *
 * Returns: (transfer full): a new spec
 */
EbpfMapSpec *
ebpf_map_spec_new (const char *name,
                   EbpfMapType map_type,
                   guint key_size,
                   guint value_size,
                   guint max_entries)
{
  EbpfMapSpec *self;

  g_return_val_if_fail (name != NULL, NULL);

  self = g_object_new (EBPF_TYPE_MAP_SPEC, "name", name, NULL);
  self->map_type = map_type;
  self->key_size = key_size;
  self->value_size = value_size;
  self->max_entries = max_entries;

  return self;
}

/**
 * ebpf_map_spec_copy:
 * @self: a map spec
 *
 * Makes an independent copy. Types and initial contents, which never change, are shared.
 *
 * Returns: (transfer full): the copy
 */
EbpfMapSpec *
ebpf_map_spec_copy (EbpfMapSpec *self)
{
  EbpfMapSpec *copy;

  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  copy = g_object_new (EBPF_TYPE_MAP_SPEC, "name", self->name, NULL);
  copy->map_type = self->map_type;
  copy->key_size = self->key_size;
  copy->value_size = self->value_size;
  copy->max_entries = self->max_entries;
  copy->map_flags = self->map_flags;
  copy->map_extra = self->map_extra;
  copy->numa_node = self->numa_node;
  copy->ifindex = self->ifindex;
  copy->exclusive_program = g_strdup (self->exclusive_program);
  copy->exclusive_hash = self->exclusive_hash != NULL ? g_bytes_ref (self->exclusive_hash) : NULL;
  copy->pinning = self->pinning;
  copy->key_type = self->key_type != NULL ? ebpf_btf_type_ref (self->key_type) : NULL;
  copy->value_type = self->value_type != NULL ? ebpf_btf_type_ref (self->value_type) : NULL;
  copy->autocreate = self->autocreate;
  copy->autoattach = self->autoattach;
  copy->extra = self->extra != NULL ? g_bytes_ref (self->extra) : NULL;
  copy->data_section = self->data_section;
  copy->constant = self->constant;
  copy->tags = g_strdupv (self->tags);

  g_ptr_array_unref (copy->contents);
  copy->contents = ebpf_map_contents_copy (self->contents);

  if (self->inner_map != NULL)
    copy->inner_map = ebpf_map_spec_copy (self->inner_map);

  return copy;
}

const char *
ebpf_map_spec_peek_name (EbpfMapSpec *self)
{
  return self->name;
}

/**
 * ebpf_map_spec_get_name: (get-property name)
 * @self: a map spec
 *
 * Gets the map's name.
 *
 * Returns: (transfer none): the name
 */
const char *
ebpf_map_spec_get_name (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  return self->name;
}

/**
 * ebpf_map_spec_get_map_type: (get-property map-type)
 * @self: a map spec
 *
 * Gets the type of map.
 *
 * Returns: the type
 */
EbpfMapType
ebpf_map_spec_get_map_type (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), EBPF_MAP_TYPE_UNSPEC);

  return self->map_type;
}

/**
 * ebpf_map_spec_set_map_type: (set-property map-type)
 * @self: a map spec
 * @map_type: the type
 *
 * Sets the type of map.
 */
void
ebpf_map_spec_set_map_type (EbpfMapSpec *self, EbpfMapType map_type)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->map_type == map_type)
    return;

  self->map_type = map_type;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAP_TYPE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAP_TYPE_NUMBER]);
}

/**
 * ebpf_map_spec_get_map_type_number: (get-property map-type-number)
 * @self: a map spec
 *
 * Gets the type of map as a number.
 *
 * Returns: the kernel's number
 */
guint
ebpf_map_spec_get_map_type_number (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return (guint) self->map_type;
}

/**
 * ebpf_map_spec_set_map_type_number: (set-property map-type-number)
 * @self: a map spec
 * @map_type: the kernel's number, which the enumeration need not list
 *
 * Sets the type of map by its number: that of a kernel which is later than this library, for
 * instance.
 */
void
ebpf_map_spec_set_map_type_number (EbpfMapSpec *self, guint map_type)
{
  ebpf_map_spec_set_map_type (self, (EbpfMapType) map_type);
}

/**
 * ebpf_map_spec_get_key_size: (get-property key-size)
 * @self: a map spec
 *
 * Gets the length of a key.
 *
 * Returns: bytes
 */
guint
ebpf_map_spec_get_key_size (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return self->key_size;
}

/**
 * ebpf_map_spec_set_key_size: (set-property key-size)
 * @self: a map spec
 * @key_size: bytes
 *
 * Sets the length of a key.
 */
void
ebpf_map_spec_set_key_size (EbpfMapSpec *self, guint key_size)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->key_size == key_size)
    return;

  self->key_size = key_size;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEY_SIZE]);
}

/**
 * ebpf_map_spec_get_value_size: (get-property value-size)
 * @self: a map spec
 *
 * Gets the length of a value.
 *
 * Returns: bytes
 */
guint
ebpf_map_spec_get_value_size (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return self->value_size;
}

/**
 * ebpf_map_spec_set_value_size: (set-property value-size)
 * @self: a map spec
 * @value_size: bytes
 *
 * Sets the length of a value.
 */
void
ebpf_map_spec_set_value_size (EbpfMapSpec *self, guint value_size)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->value_size == value_size)
    return;

  self->value_size = value_size;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUE_SIZE]);
}

/**
 * ebpf_map_spec_get_max_entries: (get-property max-entries)
 * @self: a map spec
 *
 * Gets how many entries fit.
 *
 * Returns: the number
 */
guint
ebpf_map_spec_get_max_entries (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return self->max_entries;
}

/**
 * ebpf_map_spec_set_max_entries: (set-property max-entries)
 * @self: a map spec
 * @max_entries: the number
 *
 * Sets how many entries fit.
 */
void
ebpf_map_spec_set_max_entries (EbpfMapSpec *self, guint max_entries)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->max_entries == max_entries)
    return;

  self->max_entries = max_entries;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_ENTRIES]);
}

/**
 * ebpf_map_spec_get_map_flags: (get-property map-flags)
 * @self: a map spec
 *
 * Gets the flags of creation.
 *
 * Returns: [flags@MapFlags] as a number
 */
guint
ebpf_map_spec_get_map_flags (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return self->map_flags;
}

/**
 * ebpf_map_spec_set_map_flags: (set-property map-flags)
 * @self: a map spec
 * @map_flags: [flags@MapFlags] as a number
 *
 * Sets the flags of creation.
 */
void
ebpf_map_spec_set_map_flags (EbpfMapSpec *self, guint map_flags)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->map_flags == map_flags)
    return;

  self->map_flags = map_flags;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAP_FLAGS]);
}

/**
 * ebpf_map_spec_get_map_extra: (get-property map-extra)
 * @self: a map spec
 *
 * Gets the extra parameter of the map.
 *
 * Returns: the parameter
 */
guint64
ebpf_map_spec_get_map_extra (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return self->map_extra;
}

/**
 * ebpf_map_spec_set_map_extra: (set-property map-extra)
 * @self: a map spec
 * @map_extra: the parameter
 *
 * Sets the extra parameter of the map.
 */
void
ebpf_map_spec_set_map_extra (EbpfMapSpec *self, guint64 map_extra)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->map_extra == map_extra)
    return;

  self->map_extra = map_extra;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAP_EXTRA]);
}

/**
 * ebpf_map_spec_get_numa_node: (get-property numa-node)
 * @self: a map spec
 *
 * Gets the NUMA node.
 *
 * Returns: the node
 */
guint
ebpf_map_spec_get_numa_node (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return self->numa_node;
}

/**
 * ebpf_map_spec_set_numa_node: (set-property numa-node)
 * @self: a map spec
 * @numa_node: the node
 *
 * Sets the NUMA node.
 */
void
ebpf_map_spec_set_numa_node (EbpfMapSpec *self, guint numa_node)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->numa_node == numa_node)
    return;

  self->numa_node = numa_node;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NUMA_NODE]);
}

/**
 * ebpf_map_spec_get_ifindex: (get-property ifindex)
 * @self: a map spec
 *
 * Gets the network device of an offloaded map.
 *
 * Returns: the index of the interface, or 0
 */
guint
ebpf_map_spec_get_ifindex (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return self->ifindex;
}

/**
 * ebpf_map_spec_set_ifindex: (set-property ifindex)
 * @self: a map spec
 * @ifindex: the index of the interface, or 0
 *
 * Sets the network device of an offloaded map.
 */
void
ebpf_map_spec_set_ifindex (EbpfMapSpec *self, guint ifindex)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->ifindex == ifindex)
    return;

  self->ifindex = ifindex;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_IFINDEX]);
}

/**
 * ebpf_map_spec_get_exclusive_program: (get-property exclusive-program)
 * @self: a map spec
 *
 * Gets the name of the only program that may use the map.
 *
 * Returns: (nullable) (transfer none): the name, or %NULL
 */
const char *
ebpf_map_spec_get_exclusive_program (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  return self->exclusive_program;
}

/**
 * ebpf_map_spec_set_exclusive_program: (set-property exclusive-program)
 * @self: a map spec
 * @exclusive_program: (nullable): the name of a program of the same collection, or %NULL for any
 *
 * Lets one program alone use the map (Linux 6.18): the kernel refuses every other that refers to it.
 * The load finds out what that program's code is going to be.
 */
void
ebpf_map_spec_set_exclusive_program (EbpfMapSpec *self, const char *exclusive_program)
{
  char *copy;

  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (g_strcmp0 (self->exclusive_program, exclusive_program) == 0)
    return;

  copy = g_strdup (exclusive_program);
  g_free (self->exclusive_program);
  self->exclusive_program = copy;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXCLUSIVE_PROGRAM]);
}

/**
 * ebpf_map_spec_get_exclusive_hash: (get-property exclusive-hash)
 * @self: a map spec
 *
 * Gets the SHA-256 of the code of the only program that may use the map.
 *
 * Returns: (nullable) (transfer none): 32 bytes, or %NULL
 */
GBytes *
ebpf_map_spec_get_exclusive_hash (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  return self->exclusive_hash;
}

/**
 * ebpf_map_spec_set_exclusive_hash: (set-property exclusive-hash)
 * @self: a map spec
 * @exclusive_hash: (nullable): 32 bytes, or %NULL for any program
 *
 * Lets one program alone use the map (Linux 6.18), by the SHA-256 of its code as the kernel is given
 * it, without what refers to maps.
 */
void
ebpf_map_spec_set_exclusive_hash (EbpfMapSpec *self, GBytes *exclusive_hash)
{
  GBytes *old;

  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->exclusive_hash == exclusive_hash)
    return;

  old = self->exclusive_hash;
  self->exclusive_hash = exclusive_hash != NULL ? g_bytes_ref (exclusive_hash) : NULL;
  g_clear_pointer (&old, g_bytes_unref);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXCLUSIVE_HASH]);
}

/**
 * ebpf_map_spec_get_pinning: (get-property pinning)
 * @self: a map spec
 *
 * Gets whether the map is to be pinned.
 *
 * Returns: the way of pinning
 */
EbpfPinning
ebpf_map_spec_get_pinning (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), EBPF_PINNING_NONE);

  return self->pinning;
}

/**
 * ebpf_map_spec_set_pinning: (set-property pinning)
 * @self: a map spec
 * @pinning: the way of pinning
 *
 * Sets whether the map is to be pinned.
 */
void
ebpf_map_spec_set_pinning (EbpfMapSpec *self, EbpfPinning pinning)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->pinning == pinning)
    return;

  self->pinning = pinning;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PINNING]);
}

/**
 * ebpf_map_spec_get_autocreate: (get-property autocreate)
 * @self: a map spec
 *
 * Gets whether loading a collection creates the map.
 *
 * Returns: %TRUE where it does
 */
gboolean
ebpf_map_spec_get_autocreate (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), FALSE);

  return self->autocreate;
}

/**
 * ebpf_map_spec_set_autocreate: (set-property autocreate)
 * @self: a map spec
 * @autocreate: %TRUE where it does
 *
 * Sets whether loading a collection creates the map.
 */
void
ebpf_map_spec_set_autocreate (EbpfMapSpec *self, gboolean autocreate)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  autocreate = !!autocreate;

  if (self->autocreate == autocreate)
    return;

  self->autocreate = autocreate;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AUTOCREATE]);
}

/**
 * ebpf_map_spec_get_autoattach: (get-property autoattach)
 * @self: a map spec
 *
 * Gets whether [method@Collection.attach_all] attaches the map, where it is one of struct_ops.
 *
 * Returns: %TRUE where it does
 */
gboolean
ebpf_map_spec_get_autoattach (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), FALSE);

  return self->autoattach;
}

/**
 * ebpf_map_spec_set_autoattach: (set-property autoattach)
 * @self: a map spec
 * @autoattach: %TRUE where it does
 *
 * Sets whether [method@Collection.attach_all] attaches the map, where it is one of struct_ops.
 */
void
ebpf_map_spec_set_autoattach (EbpfMapSpec *self, gboolean autoattach)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  autoattach = !!autoattach;

  if (self->autoattach == autoattach)
    return;

  self->autoattach = autoattach;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AUTOATTACH]);
}

/**
 * ebpf_map_spec_get_key_type: (get-property key-type)
 * @self: a map spec
 *
 * Gets the type of a key.
 *
 * Returns: (transfer none) (nullable): the type, or %NULL where it is not known
 */
EbpfBtfType *
ebpf_map_spec_get_key_type (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  return self->key_type;
}

/**
 * ebpf_map_spec_set_key_type: (set-property key-type)
 * @self: a map spec
 * @key_type: (nullable): the type
 *
 * Sets the type of a key. The size is set on its own.
 */
void
ebpf_map_spec_set_key_type (EbpfMapSpec *self, EbpfBtfType *key_type)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->key_type == key_type)
    return;

  g_clear_pointer (&self->key_type, ebpf_btf_type_unref);
  if (key_type != NULL)
    self->key_type = ebpf_btf_type_ref (key_type);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEY_TYPE]);
}

/**
 * ebpf_map_spec_get_value_type: (get-property value-type)
 * @self: a map spec
 *
 * Gets the type of a value or record.
 *
 * Returns: (transfer none) (nullable): the type, or %NULL where it is not known
 */
EbpfBtfType *
ebpf_map_spec_get_value_type (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  return self->value_type;
}

/**
 * ebpf_map_spec_set_value_type: (set-property value-type)
 * @self: a map spec
 * @value_type: (nullable): the type
 *
 * Sets the type of a value or record. The size is set on its own.
 */
void
ebpf_map_spec_set_value_type (EbpfMapSpec *self, EbpfBtfType *value_type)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->value_type == value_type)
    return;

  g_clear_pointer (&self->value_type, ebpf_btf_type_unref);
  if (value_type != NULL)
    self->value_type = ebpf_btf_type_ref (value_type);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUE_TYPE]);
}

/**
 * ebpf_map_spec_get_inner_map: (get-property inner-map)
 * @self: a map spec
 *
 * Gets what the maps that this map holds look like.
 *
 * Returns: (transfer none) (nullable): the spec of an inner map
 */
EbpfMapSpec *
ebpf_map_spec_get_inner_map (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  return self->inner_map;
}

/**
 * ebpf_map_spec_set_inner_map: (set-property inner-map)
 * @self: a map spec
 * @inner_map: (nullable): the spec of an inner map
 *
 * Sets what the maps that this map holds look like.
 */
void
ebpf_map_spec_set_inner_map (EbpfMapSpec *self, EbpfMapSpec *inner_map)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));
  g_return_if_fail (inner_map == NULL || EBPF_IS_MAP_SPEC (inner_map));
  g_return_if_fail (inner_map != self);

  if (g_set_object (&self->inner_map, inner_map))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INNER_MAP]);
}

/**
 * ebpf_map_spec_get_extra: (get-property extra)
 * @self: a map spec
 *
 * Gets what stands behind the known fields of an old definition; see [property@MapSpec:extra].
 *
 * Returns: (transfer none) (nullable): the bytes, or %NULL where there are none
 */
GBytes *
ebpf_map_spec_get_extra (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  return self->extra;
}

/**
 * ebpf_map_spec_set_extra: (set-property extra)
 * @self: a map spec
 * @extra: (nullable): the bytes, or %NULL for none
 *
 * Sets what stands behind the known fields of an old definition: %NULL once the application did
 * what it asks for. See [property@MapSpec:extra].
 */
void
ebpf_map_spec_set_extra (EbpfMapSpec *self, GBytes *extra)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  if (self->extra == extra)
    return;

  if (extra != NULL)
    g_bytes_ref (extra);
  g_clear_pointer (&self->extra, g_bytes_unref);
  self->extra = extra;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXTRA]);
}

/**
 * ebpf_map_spec_is_data_section:
 * @self: a map spec
 *
 * Whether the map holds the global variables of a section such as ".data".
 *
 * Returns: %TRUE where it does
 */
gboolean
ebpf_map_spec_is_data_section (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), FALSE);

  return self->data_section;
}

void
ebpf_map_spec_set_data_section (EbpfMapSpec *self, gboolean constant)
{
  self->data_section = TRUE;
  self->constant = constant;
}

void
ebpf_map_spec_replace_section (EbpfMapSpec *self, GBytes *contents)
{
  g_autoptr (GBytes) key = g_bytes_ref (ebpf_map_spec_get_content_key (self, 0));

  ebpf_map_spec_clear_contents (self);
  ebpf_map_spec_add_content (self, key, contents);
}

gboolean
ebpf_map_spec_is_constant (EbpfMapSpec *self)
{
  return self->constant;
}

/**
 * ebpf_map_spec_get_tags:
 * @self: a map spec
 *
 * Gets the `btf_decl_tag` annotations that the object file has on the map.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the tags, or %NULL where there are
 * none
 */
const char *const *
ebpf_map_spec_get_tags (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  return (const char *const *) self->tags;
}

void
ebpf_map_spec_set_tags (EbpfMapSpec *self, const char *const *tags)
{
  g_strfreev (self->tags);
  self->tags = g_strdupv ((char **) tags);
}

/**
 * ebpf_map_spec_to_string:
 * @self: a map spec
 *
 * Describes the spec in a line, as errors do.
 *
 * Returns: (transfer full): such as "hash map (key 4, value 8, max_entries 1024, flags 0x1)"
 */
char *
ebpf_map_spec_to_string (EbpfMapSpec *self)
{
  const char *type_name;
  g_autofree char *type_number = NULL;

  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);

  type_name = ebpf_map_type_to_string (self->map_type);
  if (type_name == NULL)
    type_name = type_number = g_strdup_printf ("type %u", (guint) self->map_type);

  return g_strdup_printf ("%s map (key %u, value %u, max_entries %u, flags 0x%x)", type_name,
                          self->key_size, self->value_size, self->max_entries, self->map_flags);
}

GPtrArray *
ebpf_map_spec_peek_contents (EbpfMapSpec *self)
{
  return self->contents;
}

gboolean
ebpf_map_spec_is_memory (EbpfMapSpec *self)
{
  return (self->map_flags & EBPF_MAP_FLAGS_MMAPABLE) != 0 && self->key_size == 0 &&
         self->value_size == 0;
}
