/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* What the kernel accepts is in its kernel/bpf/btf.c, the *_check_meta functions; what can be said
 * of a type by itself is checked when it is added, what depends on others when all are there. */

/* With the zero; since Linux 6.1, 128 before. */
#define MAX_NAME_SIZE 512

#define MAX_BIT_OFFSET 0xffffff
#define MAX_BIT_SIZE 128

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

typedef enum
{
  NAME_NONEMPTY,   /* anything: "unsigned int", the value of a tag */
  NAME_IDENTIFIER, /* one of C, with dots, which compilers put into names of their own */
  NAME_OPTIONAL,   /* the same, or none */
  NAME_SECTION,    /* anything that can be printed */
} NameRule;

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

static gboolean
check_name (const char *what, const char *name, NameRule rule, GError **error)
{
  if (name == NULL || name[0] == '\0')
    {
      if (rule == NAME_OPTIONAL)
        return TRUE;
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "a %s needs a name", what);
      return FALSE;
    }

  if (((rule == NAME_IDENTIFIER || rule == NAME_OPTIONAL) && !is_identifier (name)) ||
      (rule == NAME_SECTION && !is_section_name (name)))
    {
      g_autofree char *shown = g_strescape (name, NULL);

      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "“%.80s” cannot be the name of a %s: the kernel wants %s", shown, what,
                      rule == NAME_SECTION ? "characters that can be printed"
                                           : "letters, digits, underscores and dots");
      return FALSE;
    }

  if (rule != NAME_NONEMPTY && strlen (name) >= MAX_NAME_SIZE)
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

static guint
add (EbpfBtfBuilder *self,
     const char *what,
     const char *name,
     NameRule rule,
     guint kind,
     gboolean kflag,
     guint32 size_or_type,
     GError **error)
{
  if (!check_name (what, name, rule, error) || !ebpf_btf_builder_has_room (self, 1, error))
    return 0;

  return ebpf_btf_writer_add (self->writer, name, kind, 0, kflag, size_or_type);
}

/* numbers */

static gboolean
check_size (const char *what, guint size, guint allowed, GError **error)
{
  g_autoptr (GString) list = NULL;

  if (size < 32 && (allowed >> size) & 1)
    return TRUE;

  list = g_string_new (NULL);
  for (guint i = 0; i < 32; i++)
    if ((allowed >> i) & 1)
      g_string_append_printf (list, "%s%u", list->len > 0 ? ", " : "", i);
  ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                  "no %s has %u bytes, it can have one of %s", what, size, list->str);
  return FALSE;
}

/**
 * ebpf_btf_builder_add_int:
 * @self: a builder
 * @name: name of an integer type
 * @size: size in bytes: 1, 2, 4, 8 or 16
 * @encoding: what it stands for
 * @error: return location for an error
 *
 * Adds an integer.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_int (EbpfBtfBuilder *self,
                          const char *name,
                          guint size,
                          EbpfBtfIntEncoding encoding,
                          GError **error)
{
  guint32 word = (guint32) encoding << 24 | size * 8;
  guint id;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (!check_size ("integer", size, 1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 | 1u << 16, error))
    return 0;
  if (encoding != EBPF_BTF_INT_ENCODING_UNSIGNED && encoding != EBPF_BTF_INT_ENCODING_SIGNED &&
      encoding != EBPF_BTF_INT_ENCODING_CHAR && encoding != EBPF_BTF_INT_ENCODING_BOOL)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "integers have no encoding %u; signed, char and bool exclude each other",
                      (guint) encoding);
      return 0;
    }

  id = add (self, "integer", name, NAME_NONEMPTY, EBPF_BTF_KIND_INT, FALSE, size, error);
  if (id != 0)
    ebpf_btf_writer_append (self->writer, &word, 1);
  return id;
}

/**
 * ebpf_btf_builder_add_float:
 * @self: a builder
 * @name: name of a type of floating point numbers
 * @size: size in bytes: 2, 4, 8, 12 or 16
 * @error: return location for an error
 *
 * Adds a floating point number. Kernels take it from Linux 5.13 on.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_float (EbpfBtfBuilder *self, const char *name, guint size, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (!check_size ("floating point number", size, 1u << 2 | 1u << 4 | 1u << 8 | 1u << 12 | 1u << 16,
                   error))
    return 0;

  return add (self, "floating point number", name, NAME_NONEMPTY, EBPF_BTF_KIND_FLOAT, FALSE, size,
              error);
}

/* what refers to another type */

/**
 * ebpf_btf_builder_add_pointer:
 * @self: a builder
 * @type_id: number of what it points to, 0 for `void`
 * @error: return location for an error
 *
 * Adds a pointer.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_pointer (EbpfBtfBuilder *self, guint type_id, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "pointer", NULL, NAME_OPTIONAL, EBPF_BTF_KIND_PTR, FALSE, type_id, error);
}

/**
 * ebpf_btf_builder_add_typedef:
 * @self: a builder
 * @name: its name
 * @type_id: number of what it is a name for
 * @error: return location for an error
 *
 * Adds a name for a type.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_typedef (EbpfBtfBuilder *self, const char *name, guint type_id, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "typedef", name, NAME_IDENTIFIER, EBPF_BTF_KIND_TYPEDEF, FALSE, type_id, error);
}

/**
 * ebpf_btf_builder_add_const:
 * @self: a builder
 * @type_id: number of the type that is qualified, 0 for `void`
 * @error: return location for an error
 *
 * Adds a type qualified with `const`.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_const (EbpfBtfBuilder *self, guint type_id, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "const", NULL, NAME_OPTIONAL, EBPF_BTF_KIND_CONST, FALSE, type_id, error);
}

/**
 * ebpf_btf_builder_add_volatile:
 * @self: a builder
 * @type_id: number of the type that is qualified, 0 for `void`
 * @error: return location for an error
 *
 * Adds a type qualified with `volatile`.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_volatile (EbpfBtfBuilder *self, guint type_id, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "volatile", NULL, NAME_OPTIONAL, EBPF_BTF_KIND_VOLATILE, FALSE, type_id, error);
}

/**
 * ebpf_btf_builder_add_restrict:
 * @self: a builder
 * @type_id: number of the type that is qualified, 0 for `void`
 * @error: return location for an error
 *
 * Adds a type qualified with `restrict`.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_restrict (EbpfBtfBuilder *self, guint type_id, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "restrict", NULL, NAME_OPTIONAL, EBPF_BTF_KIND_RESTRICT, FALSE, type_id, error);
}

/**
 * ebpf_btf_builder_add_type_tag:
 * @self: a builder
 * @value: what the tag says
 * @type_id: number of the type that is tagged
 * @error: return location for an error
 *
 * Adds a type with a `btf_type_tag`. Kernels take it from Linux 5.17 on.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_type_tag (EbpfBtfBuilder *self,
                               const char *value,
                               guint type_id,
                               GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "type tag", value, NAME_NONEMPTY, EBPF_BTF_KIND_TYPE_TAG, FALSE, type_id,
              error);
}

/**
 * ebpf_btf_builder_add_type_attribute:
 * @self: a builder
 * @value: the attribute
 * @type_id: number of the type that is given the attribute
 * @error: return location for an error
 *
 * Adds a type with an attribute of C, such as `address_space(1)`. Kernels take it from Linux 6.15
 * on.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_type_attribute (EbpfBtfBuilder *self,
                                     const char *value,
                                     guint type_id,
                                     GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "type attribute", value, NAME_NONEMPTY, EBPF_BTF_KIND_TYPE_TAG, TRUE, type_id,
              error);
}

/**
 * ebpf_btf_builder_add_array:
 * @self: a builder
 * @element_id: number of its elements' type
 * @index_id: number of the type of an index, an integer
 * @n_elements: number of elements, 0 for one that has no end
 * @error: return location for an error
 *
 * Adds an array.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_array (EbpfBtfBuilder *self,
                            guint element_id,
                            guint index_id,
                            guint n_elements,
                            GError **error)
{
  const guint32 words[3] = { element_id, index_id, n_elements };
  guint id;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  id = add (self, "array", NULL, NAME_OPTIONAL, EBPF_BTF_KIND_ARRAY, FALSE, 0, error);
  if (id != 0)
    ebpf_btf_writer_append (self->writer, words, 3);
  return id;
}

/* lists */

/* The type that was added last, where it is one of these kinds and has room for one more part. */
static struct btf_type *
peek_list (EbpfBtfBuilder *self, guint kinds, const char *part, const char *wanted, GError **error)
{
  struct btf_type *type = NULL;

  if (self->writer->types->len > 0)
    type = ebpf_btf_writer_peek_last (self->writer);

  if (type == NULL || !((kinds >> ebpf_btf_kind_of (type)) & 1))
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "a %s belongs to the type that was added last, which is no %s", part, wanted);
      return NULL;
    }
  if (ebpf_btf_vlen_of (type) >= EBPF_BTF_MAX_VLEN)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "a %s has at most %u of these: a %s", wanted,
                      EBPF_BTF_MAX_VLEN, part);
      return NULL;
    }

  return type;
}

/* The type moves when it grows. */
static void
append_part (EbpfBtfBuilder *self, const guint32 *words, guint n_words)
{
  ebpf_btf_writer_peek_last (self->writer)->info++;
  ebpf_btf_writer_append (self->writer, words, n_words);
}

/**
 * ebpf_btf_builder_add_struct:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @size: its size in bytes
 * @error: return location for an error
 *
 * Adds a struct, without members; see [method@BtfBuilder.add_member].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_struct (EbpfBtfBuilder *self, const char *name, guint size, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "struct", name, NAME_OPTIONAL, EBPF_BTF_KIND_STRUCT, FALSE, size, error);
}

/**
 * ebpf_btf_builder_add_union:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @size: its size in bytes
 * @error: return location for an error
 *
 * Adds a union, without members; see [method@BtfBuilder.add_member].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_union (EbpfBtfBuilder *self, const char *name, guint size, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "union", name, NAME_OPTIONAL, EBPF_BTF_KIND_UNION, FALSE, size, error);
}

/* Sizes of bitfields are in the top bits of the offsets, once there is one: what has been added has
 * to fit what is left. */
static gboolean
make_room_for_bits (struct btf_type *type, GError **error)
{
  const struct btf_member *members = ebpf_btf_tail_of (type);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    if (members[i].offset > MAX_BIT_OFFSET)
      {
        ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                        "a struct with bitfields has no member past its bit %u, but member %u "
                        "starts at %u",
                        MAX_BIT_OFFSET, i, members[i].offset);
        return FALSE;
      }

  type->info |= 1u << 31;
  return TRUE;
}

/**
 * ebpf_btf_builder_add_member:
 * @self: a builder
 * @name: (nullable): name of the member; %NULL for a struct or union whose members are to be seen
 *   as those of this one
 * @type_id: number of its type
 * @bit_offset: where it starts, in bits; 0 in a union
 * @bit_size: how many bits it has where it is a bitfield, and otherwise 0
 * @error: return location for an error
 *
 * Adds a member to the struct or union that was added last. Members come in the order of their
 * offsets.
 *
 * Returns: whether it could be added
 */
gboolean
ebpf_btf_builder_add_member (EbpfBtfBuilder *self,
                             const char *name,
                             guint type_id,
                             guint bit_offset,
                             guint bit_size,
                             GError **error)
{
  guint32 words[3] = { 0, type_id, bit_offset };
  struct btf_type *type;
  guint vlen;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  type = peek_list (self, 1u << EBPF_BTF_KIND_STRUCT | 1u << EBPF_BTF_KIND_UNION, "member",
                    "struct or union", error);
  if (type == NULL || !check_name ("member", name, NAME_OPTIONAL, error) ||
      !ebpf_btf_builder_has_room (self, 0, error))
    return FALSE;

  vlen = ebpf_btf_vlen_of (type);
  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION && bit_offset != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "members of a union start at bit 0, not %u", bit_offset);
      return FALSE;
    }
  if (((guint64) bit_offset + bit_size + 7) / 8 > type->size)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "a member at bit %u does not fit a type of %u bytes", bit_offset, type->size);
      return FALSE;
    }
  if (bit_size > MAX_BIT_SIZE)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "a bitfield has at most %u bits, not %u",
                      MAX_BIT_SIZE, bit_size);
      return FALSE;
    }
  if (vlen > 0)
    {
      guint32 previous = ((const struct btf_member *) ebpf_btf_tail_of (type))[vlen - 1].offset;

      if (ebpf_btf_kflag_of (type))
        previous = BTF_MEMBER_BIT_OFFSET (previous);
      if (bit_offset < previous)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "members come in the order of their offsets: bit %u after bit %u",
                          bit_offset, previous);
          return FALSE;
        }
    }
  if (bit_size > 0 && !ebpf_btf_kflag_of (type) && !make_room_for_bits (type, error))
    return FALSE;
  if (ebpf_btf_kflag_of (type))
    {
      if (bit_offset > MAX_BIT_OFFSET)
        {
          ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                          "a struct with bitfields has no member past its bit %u, not at %u",
                          MAX_BIT_OFFSET, bit_offset);
          return FALSE;
        }
      words[2] |= bit_size << 24;
    }

  words[0] = ebpf_btf_writer_add_string (self->writer, name);
  append_part (self, words, 3);
  return TRUE;
}

/**
 * ebpf_btf_builder_add_forward:
 * @self: a builder
 * @name: its name
 * @kind: %EBPF_BTF_KIND_STRUCT or %EBPF_BTF_KIND_UNION
 * @error: return location for an error
 *
 * Adds a struct or union of which nothing but its name is known.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_forward (EbpfBtfBuilder *self,
                              const char *name,
                              EbpfBtfKind kind,
                              GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (kind != EBPF_BTF_KIND_STRUCT && kind != EBPF_BTF_KIND_UNION)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "only a struct or union can be declared without being defined");
      return 0;
    }

  return add (self, "declaration", name, NAME_IDENTIFIER, EBPF_BTF_KIND_FWD,
              kind == EBPF_BTF_KIND_UNION, 0, error);
}

/**
 * ebpf_btf_builder_add_enum:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @size: its size in bytes: 1, 2, 4 or 8
 * @is_signed: whether its values have a sign
 * @error: return location for an error
 *
 * Adds an enumeration whose values have up to 32 bits, without values; see
 * [method@BtfBuilder.add_enumerator].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_enum (EbpfBtfBuilder *self,
                           const char *name,
                           guint size,
                           gboolean is_signed,
                           GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (!check_size ("enumeration", size, 1u << 1 | 1u << 2 | 1u << 4 | 1u << 8, error))
    return 0;

  return add (self, "enumeration", name, NAME_OPTIONAL, EBPF_BTF_KIND_ENUM, is_signed, size, error);
}

/**
 * ebpf_btf_builder_add_enum64:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @size: its size in bytes: 1, 2, 4 or 8
 * @is_signed: whether its values have a sign
 * @error: return location for an error
 *
 * Adds an enumeration whose values have up to 64 bits, without values; see
 * [method@BtfBuilder.add_enumerator]. Kernels take it from Linux 6.0 on.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_enum64 (EbpfBtfBuilder *self,
                             const char *name,
                             guint size,
                             gboolean is_signed,
                             GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (!check_size ("enumeration", size, 1u << 1 | 1u << 2 | 1u << 4 | 1u << 8, error))
    return 0;

  return add (self, "enumeration", name, NAME_OPTIONAL, EBPF_BTF_KIND_ENUM64, is_signed, size,
              error);
}

/**
 * ebpf_btf_builder_add_enumerator:
 * @self: a builder
 * @name: its name
 * @value: its value; that of an enumeration without a sign is the same 64 bits
 * @error: return location for an error
 *
 * Adds a value to the enumeration that was added last.
 *
 * Returns: whether it could be added
 */
gboolean
ebpf_btf_builder_add_enumerator (EbpfBtfBuilder *self,
                                 const char *name,
                                 gint64 value,
                                 GError **error)
{
  guint32 words[3] = { 0, (guint32) value, (guint32) ((guint64) value >> 32) };
  struct btf_type *type;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  type = peek_list (self, 1u << EBPF_BTF_KIND_ENUM | 1u << EBPF_BTF_KIND_ENUM64, "value",
                    "enumeration", error);
  if (type == NULL || !check_name ("value", name, NAME_IDENTIFIER, error) ||
      !ebpf_btf_builder_has_room (self, 0, error))
    return FALSE;

  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM &&
      (ebpf_btf_kflag_of (type) ? value < G_MININT32 || value > G_MAXINT32
                                : value < 0 || value > G_MAXUINT32))
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "%s: %" G_GINT64_FORMAT " is no value of an enumeration of 32 bits with%s "
                      "sign; see ebpf_btf_builder_add_enum64 ()",
                      name, value, ebpf_btf_kflag_of (type) ? "" : "out");
      return FALSE;
    }

  words[0] = ebpf_btf_writer_add_string (self->writer, name);
  append_part (
      self, words,
      ebpf_btf_kind_of (ebpf_btf_writer_peek_last (self->writer)) == EBPF_BTF_KIND_ENUM64 ? 3 : 2);
  return TRUE;
}

/**
 * ebpf_btf_builder_add_prototype:
 * @self: a builder
 * @return_id: number of the type that is returned, 0 for `void`
 * @error: return location for an error
 *
 * Adds the prototype of a function, without parameters; see [method@BtfBuilder.add_parameter].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_prototype (EbpfBtfBuilder *self, guint return_id, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "prototype", NULL, NAME_OPTIONAL, EBPF_BTF_KIND_FUNC_PROTO, FALSE, return_id,
              error);
}

/**
 * ebpf_btf_builder_add_parameter:
 * @self: a builder
 * @name: (nullable): its name, or %NULL
 * @type_id: number of its type; 0 without a name is the `...` of a variable list
 * @error: return location for an error
 *
 * Adds a parameter to the prototype that was added last.
 *
 * Returns: whether it could be added
 */
gboolean
ebpf_btf_builder_add_parameter (EbpfBtfBuilder *self,
                                const char *name,
                                guint type_id,
                                GError **error)
{
  guint32 words[2] = { 0, type_id };
  const struct btf_type *type;
  guint vlen;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  type = peek_list (self, 1u << EBPF_BTF_KIND_FUNC_PROTO, "parameter", "prototype", error);
  if (type == NULL || !check_name ("parameter", name, NAME_OPTIONAL, error) ||
      !ebpf_btf_builder_has_room (self, 0, error))
    return FALSE;

  vlen = ebpf_btf_vlen_of (type);
  if (type_id == 0 && name != NULL && name[0] != '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "parameter %s cannot be void", name);
      return FALSE;
    }
  if (vlen > 0 && ((const struct btf_param *) ebpf_btf_tail_of (type))[vlen - 1].type == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "there is no parameter behind the variable list of a prototype");
      return FALSE;
    }

  words[0] = ebpf_btf_writer_add_string (self->writer, name);
  append_part (self, words, 2);
  return TRUE;
}

/* what has a place in a program */

static gboolean
check_linkage (EbpfBtfLinkage linkage, GError **error)
{
  if (linkage <= EBPF_BTF_LINKAGE_EXTERN)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "there is no linkage %u", (guint) linkage);
  return FALSE;
}

/**
 * ebpf_btf_builder_add_function:
 * @self: a builder
 * @name: its name
 * @prototype_id: number of its prototype
 * @linkage: where it can be seen
 * @error: return location for an error
 *
 * Adds a function.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_function (EbpfBtfBuilder *self,
                               const char *name,
                               guint prototype_id,
                               EbpfBtfLinkage linkage,
                               GError **error)
{
  guint id;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (!check_linkage (linkage, error))
    return 0;

  id =
      add (self, "function", name, NAME_IDENTIFIER, EBPF_BTF_KIND_FUNC, FALSE, prototype_id, error);
  /* Where other kinds count their parts. */
  if (id != 0)
    ebpf_btf_writer_peek_last (self->writer)->info |= linkage;
  return id;
}

/**
 * ebpf_btf_builder_add_variable:
 * @self: a builder
 * @name: its name
 * @type_id: number of its type
 * @linkage: where it can be seen
 * @error: return location for an error
 *
 * Adds a global variable.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_variable (EbpfBtfBuilder *self,
                               const char *name,
                               guint type_id,
                               EbpfBtfLinkage linkage,
                               GError **error)
{
  const guint32 word = linkage;
  guint id;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  if (!check_linkage (linkage, error))
    return 0;

  id = add (self, "variable", name, NAME_IDENTIFIER, EBPF_BTF_KIND_VAR, FALSE, type_id, error);
  if (id != 0)
    ebpf_btf_writer_append (self->writer, &word, 1);
  return id;
}

/**
 * ebpf_btf_builder_add_section:
 * @self: a builder
 * @name: its name, such as ".data"
 * @size: its size in bytes
 * @error: return location for an error
 *
 * Adds a section of variables, without any; see [method@BtfBuilder.add_section_entry].
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_section (EbpfBtfBuilder *self, const char *name, guint size, GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add (self, "section", name, NAME_SECTION, EBPF_BTF_KIND_DATASEC, FALSE, size, error);
}

/**
 * ebpf_btf_builder_add_section_entry:
 * @self: a builder
 * @type_id: number of a variable, or of a function that is defined elsewhere
 * @offset: where it is, in bytes
 * @size: its size in bytes
 * @error: return location for an error
 *
 * Adds a variable to the section that was added last. Those come in the order of their offsets and
 * do not overlap.
 *
 * Returns: whether it could be added
 */
gboolean
ebpf_btf_builder_add_section_entry (EbpfBtfBuilder *self,
                                    guint type_id,
                                    guint offset,
                                    guint size,
                                    GError **error)
{
  const guint32 words[3] = { type_id, offset, size };
  const struct btf_type *type;
  guint vlen;

  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  type = peek_list (self, 1u << EBPF_BTF_KIND_DATASEC, "variable", "section", error);
  if (type == NULL)
    return FALSE;

  /* A size of 0 is one that is not known yet. */
  if (type->size != 0 && (guint64) offset + size > type->size)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "%u bytes at offset %u do not fit a section of %u bytes", size, offset,
                      type->size);
      return FALSE;
    }

  vlen = ebpf_btf_vlen_of (type);
  if (vlen > 0 && type->size != 0)
    {
      const struct btf_var_secinfo *last =
          (const struct btf_var_secinfo *) ebpf_btf_tail_of (type) + vlen - 1;

      if (offset < (guint64) last->offset + last->size)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "a variable at offset %u overlaps the one before, or comes after it",
                          offset);
          return FALSE;
        }
    }

  append_part (self, words, 3);
  return TRUE;
}

static guint
add_declaration_tag (EbpfBtfBuilder *self,
                     const char *value,
                     guint type_id,
                     int component,
                     gboolean is_attribute,
                     GError **error)
{
  const guint32 word = (guint32) component;
  guint id;

  if (component < -1)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "a tag is on member or parameter 0 or up, or with -1 on the whole, not %d",
                      component);
      return 0;
    }

  id = add (self, "declaration tag", value, NAME_NONEMPTY, EBPF_BTF_KIND_DECL_TAG, is_attribute,
            type_id, error);
  if (id != 0)
    ebpf_btf_writer_append (self->writer, &word, 1);
  return id;
}

/**
 * ebpf_btf_builder_add_declaration_tag:
 * @self: a builder
 * @value: what the tag says
 * @type_id: number of what is declared
 * @component: the member or parameter that it is on, counted from 0; -1 for all of it
 * @error: return location for an error
 *
 * Adds a `btf_decl_tag` to a struct, union, typedef, variable or function. Kernels take it
 * from Linux 5.16 on.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_declaration_tag (EbpfBtfBuilder *self,
                                      const char *value,
                                      guint type_id,
                                      int component,
                                      GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add_declaration_tag (self, value, type_id, component, FALSE, error);
}

/**
 * ebpf_btf_builder_add_declaration_attribute:
 * @self: a builder
 * @value: the attribute
 * @type_id: number of what is declared
 * @component: the member or parameter that it is on, counted from 0; -1 for all of it
 * @error: return location for an error
 *
 * Adds an attribute of C to a struct, union, typedef, variable or function. Kernels take it
 * from Linux 6.15 on.
 *
 * Returns: its number, or 0 with @error set
 */
guint
ebpf_btf_builder_add_declaration_attribute (EbpfBtfBuilder *self,
                                            const char *value,
                                            guint type_id,
                                            int component,
                                            GError **error)
{
  g_return_val_if_fail (EBPF_IS_BTF_BUILDER (self), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  return add_declaration_tag (self, value, type_id, component, TRUE, error);
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
