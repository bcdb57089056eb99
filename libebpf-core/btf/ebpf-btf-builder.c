/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* What the kernel accepts is in its kernel/bpf/btf.c, the *_check_meta functions; what can be said
 * of a type by itself is checked when it is added, what depends on others when all are there. */

/* With the zero; since Linux 6.1, 128 before. */
#define MAX_NAME_SIZE 512

/**
 * EbpfBtfBuilder:
 *
 * Builds type information by hand.
 *
 * Types get numbers in the order in which they are added, from 1, or from where the base's end. A
 * type may refer to one that is added later: whether it is there is looked at when all of it is
 * built. Structs, enumerations, prototypes and sections are begun by one call and filled by further
 * ones, before the next type is added.
 *
 * ```c
 * guint u32 = ebpf_btf_builder_add_int (builder, "unsigned int", 4,
 *                                       EBPF_BTF_INT_ENCODING_UNSIGNED, &error);
 * guint event = ebpf_btf_builder_add_struct (builder, "event", 8, &error);
 * ebpf_btf_builder_add_member (builder, "pid", u32, 0, 0, &error);
 * ebpf_btf_builder_add_member (builder, "uid", u32, 32, 0, &error);
 * ```
 *
 * What is refused is what the kernel would refuse: names that are none in C, sizes that no such
 * type has, more parts than can be counted.
 */
G_DEFINE_FINAL_TYPE (EbpfBtfBuilder, ebpf_btf_builder, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_BASE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
ebpf_btf_builder_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfBtfBuilder *self = EBPF_BTF_BUILDER (object);

  switch (prop_id)
    {
    case PROP_BASE:
      g_value_set_object (value, self->writer->base);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_btf_builder_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  EbpfBtfBuilder *self = EBPF_BTF_BUILDER (object);

  switch (prop_id)
    {
    case PROP_BASE:
      self->writer = ebpf_btf_writer_new (g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_btf_builder_finalize (GObject *object)
{
  EbpfBtfBuilder *self = EBPF_BTF_BUILDER (object);

  ebpf_btf_writer_free (self->writer);
  g_hash_table_unref (self->copies);

  G_OBJECT_CLASS (ebpf_btf_builder_parent_class)->finalize (object);
}

static void
ebpf_btf_builder_class_init (EbpfBtfBuilderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = ebpf_btf_builder_get_property;
  object_class->set_property = ebpf_btf_builder_set_property;
  object_class->finalize = ebpf_btf_builder_finalize;

  /**
   * EbpfBtfBuilder:base: (getter get_base)
   *
   * The type information on top of which this is built.
   */
  properties[PROP_BASE] =
      g_param_spec_object ("base", NULL, NULL, EBPF_TYPE_BTF,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_btf_builder_init (EbpfBtfBuilder *self)
{
  self->copies =
      g_hash_table_new_full (NULL, NULL, g_object_unref, (GDestroyNotify) g_hash_table_unref);
}

/**
 * ebpf_btf_builder_new:
 *
 * Starts with nothing but `void`.
 *
 * Returns: (transfer full): a builder
 */
EbpfBtfBuilder *
ebpf_btf_builder_new (void)
{
  return g_object_new (EBPF_TYPE_BTF_BUILDER, NULL);
}

/**
 * ebpf_btf_builder_new_split:
 * @base: type information
 *
 * Starts on top of other type information, the way that of kernel modules is on top of the
 * kernel's: its types can be referred to by their numbers, and its strings are not stored again.
 *
 * Returns: (transfer full): a builder
 */
EbpfBtfBuilder *
ebpf_btf_builder_new_split (EbpfBtf *base)
{
  g_return_val_if_fail (EBPF_IS_BTF (base), NULL);

  return g_object_new (EBPF_TYPE_BTF_BUILDER, "base", base, NULL);
}

/**
 * ebpf_btf_builder_get_base:
 * @self: a builder
 *
 * Gets the type information on top of which this is built.
 *
 * Returns: (transfer none) (nullable): the base, or %NULL where there is none
 */
EbpfBtf *
ebpf_btf_builder_get_base (EbpfBtfBuilder *self)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), NULL);

  return self->writer->base;
}

/**
 * ebpf_btf_builder_get_n_types:
 * @self: a builder
 *
 * Gets the number of types so far, counting `void` and the base's.
 *
 * Returns: the number that the next type will have
 */
guint
ebpf_btf_builder_get_n_types (EbpfBtfBuilder *self)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);

  return self->writer->first_id + self->writer->n_types;
}

EbpfBtfMark
ebpf_btf_builder_mark (EbpfBtfBuilder *self)
{
  return (EbpfBtfMark){ self->writer->n_types, self->writer->types->len, self->writer->last };
}

void
ebpf_btf_builder_rewind (EbpfBtfBuilder *self, EbpfBtfMark mark)
{
  self->writer->n_types = mark.n_types;
  g_byte_array_set_size (self->writer->types, mark.types_length);
  self->writer->last = mark.last;
}

gboolean
ebpf_btf_builder_has_room (EbpfBtfBuilder *self, guint64 n_types, GError **error)
{
  if (n_types > EBPF_BTF_MAX_ID + 1 ||
      ebpf_btf_builder_get_n_types (self) > EBPF_BTF_MAX_ID + 1 - n_types)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "type information has at most %u types, the kernel takes no more",
                      EBPF_BTF_MAX_ID);
      return FALSE;
    }
  if (self->writer->strings_start + self->writer->strings->len > EBPF_BTF_MAX_STRING)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "type information has at most %u bytes of names, the kernel takes no more",
                      EBPF_BTF_MAX_STRING);
      return FALSE;
    }

  return TRUE;
}

/* names */

static gboolean
is_identifier (const char *name)
{
  for (gsize i = 0; name[i] != '\0'; i++)
    if (name[i] != '_' && name[i] != '.' &&
        !(i == 0 ? g_ascii_isalpha (name[i]) : g_ascii_isalnum (name[i])))
      return FALSE;

  return TRUE;
}

static gboolean
is_section_name (const char *name)
{
  for (gsize i = 0; name[i] != '\0'; i++)
    if (!g_ascii_isprint (name[i]))
      return FALSE;

  return TRUE;
}

gboolean
ebpf_btf_builder_check_name (const char *what,
                             const char *name,
                             EbpfBtfNameRule rule,
                             GError **error)
{
  if (name == NULL || name[0] == '\0')
    {
      if (rule == EBPF_BTF_NAME_OPTIONAL)
        return TRUE;
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "a %s needs a name", what);
      return FALSE;
    }

  if (((rule == EBPF_BTF_NAME_IDENTIFIER || rule == EBPF_BTF_NAME_OPTIONAL) &&
       !is_identifier (name)) ||
      (rule == EBPF_BTF_NAME_SECTION && !is_section_name (name)))
    {
      g_autofree char *shown = g_strescape (name, NULL);

      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "“%.80s” cannot be the name of a %s: the kernel wants %s", shown, what,
                      rule == EBPF_BTF_NAME_SECTION ? "characters that can be printed"
                                                    : "letters, digits, underscores and dots");
      return FALSE;
    }

  if (rule != EBPF_BTF_NAME_NONEMPTY && strlen (name) >= MAX_NAME_SIZE)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "the name “%.20s…” of a %s is longer than %u characters", name, what,
                      MAX_NAME_SIZE - 1);
      return FALSE;
    }

  return TRUE;
}

/**
 * ebpf_btf_builder_add_string:
 * @self: a builder
 * @string: (nullable): a string
 * @offset: (out) (optional): return location for where it is among the strings
 * @error: return location for an error
 *
 * Stores a string that no type has, such as a source line that a record of `.BTF.ext` refers to.
 * One that is there already is not stored again.
 *
 * Returns: whether there was room
 */
gboolean
ebpf_btf_builder_add_string (EbpfBtfBuilder *self,
                             const char *string,
                             guint *offset,
                             GError **error)
{
  guint32 at;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ebpf_btf_builder_has_room (self, 0, error))
    return FALSE;

  at = ebpf_btf_writer_add_string (self->writer, string);
  if (offset != NULL)
    *offset = at;
  return TRUE;
}

guint
ebpf_btf_builder_add (EbpfBtfBuilder *self,
                      const char *what,
                      const char *name,
                      EbpfBtfNameRule rule,
                      guint kind,
                      gboolean kflag,
                      guint32 size_or_type,
                      GError **error)
{
  if (!ebpf_btf_builder_check_name (what, name, rule, error) ||
      !ebpf_btf_builder_has_room (self, 1, error))
    return 0;

  return ebpf_btf_writer_add (self->writer, name, kind, 0, kflag, size_or_type);
}

/**
 * ebpf_btf_builder_set_layout:
 * @self: a builder
 * @has_layout: whether to write it
 *
 * Sets whether what is built says of each kind of types how long these are, so that readers which do
 * not know all of the kinds can pass over them. Kernels take it from Linux 7.1 on;
 * [method@Btf.load] leaves it out for others. By default it is not written.
 */
void
ebpf_btf_builder_set_layout (EbpfBtfBuilder *self, gboolean has_layout)
{
  g_return_if_fail (EBPF_IS_BTF_BUILDER (self));

  self->writer->has_layout = has_layout;
}

/**
 * ebpf_btf_builder_build:
 * @self: a builder
 * @error: return location for an error
 *
 * Makes type information of what has been added so far. The builder does not change, and can go on.
 *
 * Returns: (transfer full): the type information, or %NULL with @error set where a type refers to
 *   one that is not there, contains itself, or is of the wrong kind for what refers to it
 */
EbpfBtf *
ebpf_btf_builder_build (EbpfBtfBuilder *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return ebpf_btf_writer_to_btf (
      self->writer,
      self->writer->base != NULL ? self->writer->base->byte_order : EBPF_BYTE_ORDER_HOST, error);
}

/**
 * ebpf_btf_builder_encode:
 * @self: a builder
 * @byte_order: byte order of the machine that it is for
 * @error: return location for an error
 *
 * Makes the bytes of a `.BTF` section of what has been added so far, without the base's. The
 * builder does not change, and can go on.
 *
 * Returns: (transfer full): the bytes, or %NULL with @error set as by [method@BtfBuilder.build]
 */
GBytes *
ebpf_btf_builder_encode (EbpfBtfBuilder *self, EbpfByteOrder byte_order, GError **error)
{
  g_autoptr (EbpfBtf) btf = NULL;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  btf = ebpf_btf_builder_build (self, error);
  if (btf == NULL)
    return NULL;

  return ebpf_btf_writer_to_bytes (self->writer, byte_order);
}
