/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-builder-private.h"

#include "base/ebpf-error-private.h"

/* numbers */

gboolean
ebpf_btf_builder_check_size (const char *what, guint size, guint allowed, GError **error)
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

  if (!ebpf_btf_builder_check_size ("integer", size,
                                    1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 | 1u << 16, error))
    return 0;
  if (encoding != EBPF_BTF_INT_ENCODING_UNSIGNED && encoding != EBPF_BTF_INT_ENCODING_SIGNED &&
      encoding != EBPF_BTF_INT_ENCODING_CHAR && encoding != EBPF_BTF_INT_ENCODING_BOOL)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "integers have no encoding %u; signed, char and bool exclude each other",
                      (guint) encoding);
      return 0;
    }

  id = ebpf_btf_builder_add (self, "integer", name, EBPF_BTF_NAME_NONEMPTY, EBPF_BTF_KIND_INT,
                             FALSE, size, error);
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

  if (!ebpf_btf_builder_check_size ("floating point number", size,
                                    1u << 2 | 1u << 4 | 1u << 8 | 1u << 12 | 1u << 16, error))
    return 0;

  return ebpf_btf_builder_add (self, "floating point number", name, EBPF_BTF_NAME_NONEMPTY,
                               EBPF_BTF_KIND_FLOAT, FALSE, size, error);
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

  return ebpf_btf_builder_add (self, "pointer", NULL, EBPF_BTF_NAME_OPTIONAL, EBPF_BTF_KIND_PTR,
                               FALSE, type_id, error);
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

  return ebpf_btf_builder_add (self, "typedef", name, EBPF_BTF_NAME_IDENTIFIER,
                               EBPF_BTF_KIND_TYPEDEF, FALSE, type_id, error);
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

  return ebpf_btf_builder_add (self, "const", NULL, EBPF_BTF_NAME_OPTIONAL, EBPF_BTF_KIND_CONST,
                               FALSE, type_id, error);
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

  return ebpf_btf_builder_add (self, "volatile", NULL, EBPF_BTF_NAME_OPTIONAL,
                               EBPF_BTF_KIND_VOLATILE, FALSE, type_id, error);
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

  return ebpf_btf_builder_add (self, "restrict", NULL, EBPF_BTF_NAME_OPTIONAL,
                               EBPF_BTF_KIND_RESTRICT, FALSE, type_id, error);
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

  return ebpf_btf_builder_add (self, "type tag", value, EBPF_BTF_NAME_NONEMPTY,
                               EBPF_BTF_KIND_TYPE_TAG, FALSE, type_id, error);
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

  return ebpf_btf_builder_add (self, "type attribute", value, EBPF_BTF_NAME_NONEMPTY,
                               EBPF_BTF_KIND_TYPE_TAG, TRUE, type_id, error);
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

  id = ebpf_btf_builder_add (self, "array", NULL, EBPF_BTF_NAME_OPTIONAL, EBPF_BTF_KIND_ARRAY,
                             FALSE, 0, error);
  if (id != 0)
    ebpf_btf_writer_append (self->writer, words, 3);
  return id;
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

  id = ebpf_btf_builder_add (self, "function", name, EBPF_BTF_NAME_IDENTIFIER, EBPF_BTF_KIND_FUNC,
                             FALSE, prototype_id, error);
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

  id = ebpf_btf_builder_add (self, "variable", name, EBPF_BTF_NAME_IDENTIFIER, EBPF_BTF_KIND_VAR,
                             FALSE, type_id, error);
  if (id != 0)
    ebpf_btf_writer_append (self->writer, &word, 1);
  return id;
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

  id = ebpf_btf_builder_add (self, "declaration tag", value, EBPF_BTF_NAME_NONEMPTY,
                             EBPF_BTF_KIND_DECL_TAG, is_attribute, type_id, error);
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
